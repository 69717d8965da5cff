"""Names of runs on the pages."""

from emocore.jobs.overview import RunOverview
from emocore.models.methods.catalogue import method_title
from emocore.run.config import NO_BASE, RunConfig
from emocore.run.folder import RunFolder
from emocore.run.settings import describe_repetition


def config_title(config: RunConfig | RunOverview) -> str:
    """LoRA on minilm-l6, seed 42; LoRA on minilm-l6, seed 43, replicate 2."""
    return f"{_config_name(config)}, {describe_repetition(config.seed, config.replicate, config.learns_half)}"


def run_name(run: RunFolder) -> str:
    """LoRA on minilm-l6."""
    return _config_name(run.config)


def run_title(run: RunFolder) -> str:
    """LoRA on minilm-l6, seed 42."""
    return config_title(run.config)


def run_choice(run: RunFolder) -> str:
    """The same with the study's name, or the run's id without a study, for lists to choose from."""
    study = run.config.study
    return f"{run_title(run)} · {study or run.id}"


def _config_name(config: RunConfig | RunOverview) -> str:
    base = f" on {config.base.rstrip('/').rsplit('/', 1)[-1]}" if config.base != NO_BASE else ""
    return f"{method_title(config.method)}{base}"
