"""A study: runs of several methods, seeds and replicates that share every other setting, except one that may vary."""

from collections.abc import Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from emocore.errors import ConfigError
from emocore.run.config import MOST_REPLICATES, RunConfig, build
from emocore.run.setting_texts import MOST_VALUES, STUDY_NAME
from emocore.run.settings import SHARED, VARIED, with_role

FEWEST_HALVES = 2  # of the training rows: with one, there is no difference between draws to see
MOST_MARGIN_POINTS = 20.0  # of macro-F1; a wider margin would call a good method and a bad one equal


class StudyConfig(BaseModel):
    """One fair comparison of methods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, pattern=STUDY_NAME, description="Name of the study.")
    methods: list[str] = Field(min_length=1, max_length=MOST_VALUES, description="Methods to compare.")
    seeds: list[int] = Field(
        [42],
        min_length=1,
        max_length=MOST_VALUES,
        description="One run per method, replicate and seed. Several seeds show how much chance is in the training.",
    )
    replicates: int = Field(
        1,
        ge=1,
        le=MOST_REPLICATES,
        description="How often every method is trained, each time with other seeds and on other training rows, the "
        "same for all methods. This shows how much chance is in the choice of the training texts. With `rows`, each "
        "replicate draws so many. With all rows, the first learns from all of them and gives the scores; each other "
        "one learns from another half, and shows only how far other texts would move the scores.",
    )
    margin_points: float = Field(
        1.0,
        gt=0,
        le=MOST_MARGIN_POINTS,
        allow_inf_nan=False,
        description="How many points of macro-F1 matter to you: two methods that surely differ by less are called "
        "equal. It is fixed at launch, before there are results.",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings that all runs share.")
    method_settings: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Settings of single methods, such as a learning rate."
    )
    # Only one, because with two varied settings it would be unclear which of them changed F1.
    vary: dict[str, list[Any]] = Field(
        default_factory=dict,
        description="One numeric setting with the values to try, such as rows; one run per method, value and seed.",
    )

    @field_validator("vary")
    @classmethod
    def _check_vary(cls, vary: dict[str, list[Any]], info: ValidationInfo) -> dict[str, list[Any]]:
        """Returns the values as numbers, even if they were typed as text."""
        if len(vary) > 1:
            raise ValueError(f"only one setting can be varied, not {', '.join(vary)}")
        given = [info.data.get("settings", {}), *info.data.get("method_settings", {}).values()]
        for name in vary:
            if name not in VARIED:
                raise ValueError(f"{name} cannot be varied; these can: {', '.join(VARIED)}")
            if any(name in settings for settings in given):
                raise ValueError(f"{name} is also set to one value; leave one of the two out")
        return {name: _check_values(name, values) for name, values in vary.items()}

    @model_validator(mode="after")
    def _check_what_is_shared(self) -> Self:
        for name in self.settings:
            if name in with_role("identity"):
                raise ValueError(
                    f"{name}: a study takes this from its methods, seeds, replicates and name, not from a setting"
                )
        for method, own in self.method_settings.items():
            for name in own:
                if name in SHARED:
                    raise ValueError(f"{method}.{name}: all runs of a study share this; set it for the whole study")
        return self

    def run_configs(self) -> list[RunConfig]:
        """One unresolved RunConfig per method, varied value, replicate and seed, in the given order, seeds innermost.

        Methods that ignore the varied setting are included; `plan_study` removes their copies.
        """
        variants = [{name: value} for name, values in self.vary.items() for value in values] or [{}]
        return [
            build(
                RunConfig,
                {
                    **self.settings,
                    **self.method_settings.get(method, {}),
                    **variant,
                    "method": method,
                    "seed": seed,
                    "replicate": replicate,
                    "study": self.name,
                },
            )
            for method in dict.fromkeys(self.methods)
            for variant in variants
            for replicate in range(1, self.replicates + 1)
            for seed in seeds_of_replicate(self.seeds, replicate)
        ]


def seeds_of_replicate(seeds: Sequence[int], replicate: int) -> list[int]:
    """The seeds of a replicate, counted from 1, so that no two replicates share one: 42, then 43, then 44."""
    span = max(seeds) - min(seeds) + 1
    return [seed + (replicate - 1) * span for seed in dict.fromkeys(seeds)]


def _check_values(name: str, values: list[Any]) -> list[Any]:
    try:
        checked = [getattr(build(RunConfig, {name: value}), name) for value in values]
    except ConfigError as error:
        raise ValueError(str(error)) from None
    if len(checked) > MOST_VALUES:
        raise ValueError(f"{name} has {len(checked):,} values; at most {MOST_VALUES:,} are tried in one study")
    if len(checked) < 2 or None in checked:
        raise ValueError(f"{name} needs at least two values, all of them numbers")
    if len(set(checked)) < len(checked):
        raise ValueError(f"{name} has the same value twice")
    return checked
