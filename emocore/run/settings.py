"""Questions about the settings of a run, answered from the fields of RunConfig."""

from typing import Any, get_args

from emocore.run.config import RunConfig
from emocore.run.use import Role, Use

_FIELDS = RunConfig.model_fields
_USES: dict[str, Use] = {
    name: item for name, field in _FIELDS.items() for item in field.metadata if isinstance(item, Use)
}


def use(name: str) -> Use:
    """How Emocore uses a setting."""
    return _USES[name]


def with_role(*roles: Role) -> tuple[str, ...]:
    """The settings with one of these roles, in the order of the fields."""
    return tuple(name for name in _FIELDS if use(name).role in roles)


DATA_FILES = tuple(name for name in _FIELDS if use(name).file)
DRAWS = tuple(name for name in _FIELDS if use(name).draws)
SHARED = frozenset(with_role("data", "identity"))  # a fair study never sets these for one method only
VARIED = tuple(name for name in _FIELDS if use(name).varied)
AUDITED = with_role("data", "training", "method")
# For these settings None is a choice; for all others it means that the method does not read them.
CHOICES_OF_NONE = {
    "group_column": "none",
    "label_columns": "every numeric one",
    "rows": "all",
    "text_column": "found by itself",
    "threshold": "tuned by emotion",
    "peft": "PEFT's defaults",
    "target_modules": "the base's defaults",
}
# Runs that differ only in these have learned the same task in the same way.
NOT_TOLD = frozenset({*with_role("identity", "machine", "logging"), *DATA_FILES})


def title(name: str) -> str:
    """The name of a setting in a sentence."""
    return name.replace("_", " ")


def describe_value(value: Any) -> str:
    """The value of a setting in words: on; 0.5; anger, joy."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return ", ".join(value) if isinstance(value, list) else str(value)


def describe_repetition(seed: int, replicate: int, learns_half: bool) -> str:
    """Which repetition of a study's method a run is: seed 42; seed 43, replicate 2; replicate 2 on half of the
    rows."""
    told = f"seed {seed}" + (f", replicate {replicate}" if replicate > 1 else "")
    return told + (" on half of the rows" if learns_half else "")


def audit_name(name: str) -> str:
    """The name that the audit uses for a setting."""
    return use(name).audited_as or title(name)


def describe(name: str) -> str:
    """The description of a setting, for tooltips, the help of the command line and the documentation."""
    return _FIELDS[name].description or ""


def is_number(name: str) -> bool:
    """Whether a setting takes a number (or None)."""
    annotation = _FIELDS[name].annotation
    return bool({int, float} & {annotation, *get_args(annotation)})


def bounds(name: str) -> dict[str, float]:
    """The numeric bounds of a setting: any of ge, gt, le, lt."""
    return {
        kind: value
        for item in _FIELDS[name].metadata
        for kind in ("ge", "gt", "le", "lt")
        if (value := getattr(item, kind, None)) is not None
    }
