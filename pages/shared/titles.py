"""How a run is called on the pages."""

from emocore.folder import RunFolder
from emocore.models.methods import METHODS


def method_title(name: str) -> str:
    """The method's title; its plain name if it has left the catalogue."""
    return METHODS[name].title if name in METHODS else name


def run_title(run: RunFolder) -> str:
    """LoRA on minilm-l6, seed 42."""
    config = run.config
    base = f" on {config.base.rstrip('/').rsplit('/', 1)[-1]}" if config.base != "none" else ""
    return f"{method_title(config.method)}{base}, seed {config.seed}"


def run_choice(run: RunFolder) -> str:
    """The same with its study, for lists to choose from."""
    study = run.config.study
    return f"{run_title(run)} · {study or run.id}"
