"""A study: methods x seeds that share every other setting, but for one that may be varied."""

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator, model_validator

from emocore.errors import ConfigError
from emocore.run.config import RunConfig, build
from emocore.run.setting_texts import MOST_VALUES, STUDY_NAME
from emocore.run.settings import SHARED, VARIED


class StudyConfig(BaseModel):
    """One fair comparison of methods."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=80, pattern=STUDY_NAME, description="Name of the study.")
    methods: list[str] = Field(min_length=1, max_length=MOST_VALUES, description="Methods to compare.")
    seeds: list[int] = Field(
        [42],
        min_length=1,
        max_length=MOST_VALUES,
        description="One run a method and seed; several show the chance in a result.",
    )
    settings: dict[str, Any] = Field(default_factory=dict, description="Settings that all runs share.")
    method_settings: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="Settings of one method alone, such as its learning rate."
    )
    # One at a time: F1 is drawn against it, and with two nobody could say which of them did it.
    vary: dict[str, list[Any]] = Field(
        default_factory=dict,
        description="One numeric setting with the values to try, such as rows: one run a method, value and seed.",
    )

    @field_validator("vary")
    @classmethod
    def _check_vary(cls, vary: dict[str, list[Any]], info: ValidationInfo) -> dict[str, list[Any]]:
        """The values come back as numbers, whatever they were typed as."""
        if len(vary) > 1:
            raise ValueError(f"one setting at a time, not {', '.join(vary)}")
        given = [info.data.get("settings", {}), *info.data.get("method_settings", {}).values()]
        for name in vary:
            if name not in VARIED:
                raise ValueError(f"{name} cannot be varied; these can: {', '.join(VARIED)}")
            if any(name in settings for settings in given):
                raise ValueError(f"{name} is also given as a setting of its own; leave one of the two out")
        return {name: _check_values(name, values) for name, values in vary.items()}

    @model_validator(mode="after")
    def _check_what_is_shared(self) -> Self:
        for name in self.settings:
            if name in ("method", "seed", "study"):
                raise ValueError(f"{name}: a study takes this from its methods, seeds and name, not from a setting")
        for method, own in self.method_settings.items():
            for name in own:
                if name in SHARED:
                    raise ValueError(f"{method}.{name}: all runs of a study share this; set it for the whole study")
        return self

    def run_configs(self) -> list[RunConfig]:
        """One unresolved RunConfig a method, varied value and seed, in the given order, seeds innermost; also for
        methods that do not read what is varied, which `plan_study` knows."""
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
                    "study": self.name,
                },
            )
            for method in dict.fromkeys(self.methods)
            for variant in variants
            for seed in dict.fromkeys(self.seeds)
        ]


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
