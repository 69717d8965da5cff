"""Silences messages of libraries that a user cannot act on."""

import warnings

from transformers.utils import logging as transformers_logging


def quiet_libraries() -> None:
    """Turn off reports on the new head, progress bars in log files, and deprecation notes between libraries."""
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    # Emocore itself reports missing and surplus weights as errors; PEFT's other warnings are for developers.
    warnings.filterwarnings("ignore", category=UserWarning, module=r"peft\.")
    # PEFT looks for AdaLoRA's pattern of ranks where only LoRA has one, before it applies it rightly.
    warnings.filterwarnings("ignore", message="The following rank_pattern keys", category=RuntimeWarning)
    warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing.*", category=FutureWarning)
