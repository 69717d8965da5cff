"""How a run is called on the pages."""

from emocore.folder import RunFolder
from emocore.models.methods import method_title


def run_name(run: RunFolder) -> str:
    """LoRA on minilm-l6."""
    config = run.config
    base = f" on {config.base.rstrip('/').rsplit('/', 1)[-1]}" if config.base != "none" else ""
    return f"{method_title(config.method)}{base}"


def run_title(run: RunFolder) -> str:
    """LoRA on minilm-l6, seed 42."""
    return f"{run_name(run)}, seed {run.config.seed}"


def run_choice(run: RunFolder) -> str:
    """The same with its study, for lists to choose from."""
    study = run.config.study
    return f"{run_title(run)} · {study or run.id}"
