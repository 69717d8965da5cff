"""Keep libraries from telling a user what they cannot act on."""

import warnings

from transformers.utils import logging as transformers_logging


def quiet_libraries() -> None:
    """No load reports that call the new head a problem, no bars in a log file, no notes on what one
    library has deprecated in another."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # Weights that are missing or left over are an error of ours; what else PEFT finds odd concerns its developers.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"peft\.")
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
