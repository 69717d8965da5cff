"""The layers that a run names for its adapter, on a base of which some modules are trained whole anyway."""

from collections.abc import Collection, Sequence

from torch import nn

from emocore.errors import ConfigError
from emocore.models.discovery import is_within_any, name_exactly


def narrow_targets(model: nn.Module, new_modules: Collection[str], targets: Sequence[str]) -> list[str]:
    """Ends of names for PEFT that fit the same layers of a base as `targets`, but none of its new modules, on which an
    adapter would be one too many. Raises ConfigError for a target without any other layer, which PEFT ignores if
    another target has one."""
    names = [name for name, _ in model.named_modules()]
    found: dict[str, None] = {}
    for target in targets:
        fitting = [name for name in names if name == target or name.endswith(f".{target}")]
        if not fitting:
            raise ConfigError(f"target_modules: the base has no layer '{target}'", field="target_modules")
        frozen = [name for name in fitting if not is_within_any(name, new_modules)]
        if not frozen:
            raise ConfigError(
                f"target_modules: '{target}' is new in this base and trained whole; leave it out",
                field="target_modules",
            )
        found |= dict.fromkeys([target] if frozen == fitting else name_exactly(frozen, names))
    return list(found)
