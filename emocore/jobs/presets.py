"""Ready-made studies: the starter, the study that this tool grew from, a fair one, and two curves.

A preset takes shared settings from its caller (data, base, device ...) and adds its own.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emocore.data.split import load_splits
from emocore.errors import ConfigError, DataError
from emocore.run.config import STARTER, RunConfig, build
from emocore.run.settings import DATA_FILES
from emocore.run.study import StudyConfig

STUDY_METHODS = ("lora", "ia3", "qlora")
STARTER_METHODS = (*STUDY_METHODS, "head")
STUDY_ROWS = 1000
FAIR_SEEDS = [1, 2, 3]
# Half decades from below LoRA's default to above IA3's.
LEARNING_RATES = [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
FIRST_ROWS, FIRST_OF_FEW_ROWS = 125, 25
FEW_ROWS = 500  # with fewer, a curve from FIRST_ROWS on would have at most two points


@dataclass(frozen=True)
class Preset:
    """`make(**shared)` builds the study from RunConfig settings; `own` are settings that the preset sets itself."""

    name: str
    title: str
    description: str
    make: Callable[..., StudyConfig]
    own: frozenset[str]


def starter_study(**shared: Any) -> StudyConfig:
    """The first study of a new user: the methods, and a frozen base as the floor that they should beat. It has fewer
    epochs than by default, for a first verdict in a few minutes."""
    settings = shared | {"data": STARTER, "base": "minilm-l6", "epochs": 3}
    return _study("starter", settings, methods=STARTER_METHODS)


def study_as_it_was(**shared: Any) -> StudyConfig:
    """The study that this tool grew from, with its confounds. Rates, batch size, seed and threshold, which it omits,
    are ours."""
    return _study(
        "study as it was",
        shared | {"base": "google/gemma-1.1-2b-it", "rows": STUDY_ROWS, "threshold": 0.5},
        method_settings={
            "lora": {"wandb_project": "gemma-lora"},
            "ia3": {"wandb_project": "gemma-ia3"},
            "qlora": {
                "base": "Alibaba-NLP/gte-Qwen1.5-7B-instruct",
                "max_steps": 40,
                "wandb_project": "gte-qwen-qlora",
            },
        },
    )


def study_as_it_should_have_been(**shared: Any) -> StudyConfig:
    """Only the method differs, and three seeds show how much is chance. Raises ConfigError or DataError."""
    return _study("study as it should have been", shared | _study_rows(shared), seeds=FAIR_SEEDS)


def rows_study(**shared: Any) -> StudyConfig:
    """Nested subsets of the training rows, doubling in size up to all rows. Raises ConfigError or DataError."""
    available = _count_train_rows(shared)
    first = FIRST_ROWS if available >= FEW_ROWS else FIRST_OF_FEW_ROWS
    if available < 2 * first:
        raise DataError(f"{available} training rows are too few for a curve; it needs at least {2 * first}")
    doublings = range((available // first).bit_length())
    return _study("F1 against rows", shared, vary={"rows": [first * 2**doubling for doubling in doublings]})


def learning_rate_study(**shared: Any) -> StudyConfig:
    """The same rates for each method, so that each finds its best one. Raises ConfigError or DataError."""
    vary = {"learning_rate": LEARNING_RATES}
    return _study("F1 against learning rate", shared | _study_rows(shared), vary=vary)


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="starter",
            title="Starter study",
            description="LoRA, IA3, QLoRA and, as the floor, a head on the frozen base, all on the bundled MiniLM and "
            "the built-in messages, in a few minutes.",
            make=starter_study,
            own=frozenset({*DATA_FILES, "text_column", "label_columns", "group_column", "base", "epochs"}),
        ),
        Preset(
            name="as-it-was",
            title="The original study",
            description="LoRA and IA3 on Gemma 2B, QLoRA on gte-Qwen 7B for 40 steps, 1,000 rows, one seed: not a fair "
            "comparison. It needs data with 1,000 training rows (the starter set has fewer), access to the Hub with "
            "the HF_TOKEN of an account that has accepted Gemma's licence and, in practice, a GPU. Without them, "
            "launch the fair version.",
            make=study_as_it_was,
            own=frozenset({"base", "rows", "threshold", "max_steps", "wandb_project"}),
        ),
        Preset(
            name="fair",
            title="The original study, made fair",
            description="LoRA, IA3 and QLoRA on one base, 1,000 rows (or all if there are fewer), three seeds.",
            make=study_as_it_should_have_been,
            own=frozenset({"rows"}),
        ),
        Preset(
            name="rows",
            title="F1 against training rows",
            description="LoRA, IA3 and QLoRA on nested subsets of the training rows, each half of the next: 125, 250, "
            "500 and so on, or from 25 rows if there are few.",
            make=rows_study,
            own=frozenset({"rows"}),
        ),
        Preset(
            name="learning-rate",
            title="F1 against learning rate",
            description="LoRA, IA3 and QLoRA with six learning rates from 1e-4 to 3e-2, on 1,000 rows (or all if there "
            "are fewer).",
            make=learning_rate_study,
            own=frozenset({"rows", "learning_rate"}),
        ),
    )
}


def preset_study(
    preset: str,
    settings: Mapping[str, Any],
    method_settings: Mapping[str, Mapping[str, Any]] | None = None,
    name: str | None = None,
    margin_points: float | None = None,
) -> StudyConfig:
    """The study of PRESETS[preset] with further shared settings, settings of single methods, and an optional name and
    margin.

    Raises ConfigError for a setting that the preset sets itself, DataError if the data does not suit the preset.
    """
    chosen, own = PRESETS[preset], method_settings or {}
    for setting in [*settings, *(setting for given in own.values() for setting in given)]:
        if setting in chosen.own:
            raise ConfigError(
                f"{setting}: preset {preset} sets it itself; leave it out, or launch without the preset", field=setting
            )
    study = chosen.make(**settings)
    methods = {method: {**study.method_settings.get(method, {}), **own.get(method, {})} for method in study.methods}
    changes = {
        "name": name or study.name,
        "margin_points": study.margin_points if margin_points is None else margin_points,
        "method_settings": {method: given for method, given in methods.items() if given},
    }
    return build(StudyConfig, study.model_dump() | changes)


def _study(name: str, settings: dict[str, Any], **values: Any) -> StudyConfig:
    own = {"name": time.strftime(f"{name} %Y-%m-%d %H.%M.%S"), "methods": STUDY_METHODS, "settings": settings}
    return build(StudyConfig, own | values)


def _study_rows(shared: Mapping[str, Any]) -> dict[str, int]:
    return {"rows": STUDY_ROWS} if _count_train_rows(shared) > STUDY_ROWS else {}


def _count_train_rows(shared: Mapping[str, Any]) -> int:
    return len(load_splits(build(RunConfig, dict(shared))).frames["train"])
