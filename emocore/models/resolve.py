"""A requested config -> the config that will run, with every default filled in."""

from typing import Any

from emocore.errors import ConfigError
from emocore.models.bases import choose_pooling, find_base
from emocore.models.methods.catalogue import find_method
from emocore.run.config import NO_BASE, RunConfig, build
from emocore.run.settings import with_role
from emocore.system.keys import explain_refusal, may_have_key

METHOD_SETTINGS = with_role("method")
KEEP_SETTINGS = ("keep", "keep_metric", "patience")


def resolve(config: RunConfig) -> tuple[RunConfig, list[str]]:
    """The complete config, and notes on settings that were left out because the method does not read them.

    Raises ConfigError for an unknown method or settings that contradict each other, BaseModelError for an unknown base.
    """
    _check_keep(config)
    method = find_method(config.method)
    base = find_base(config.base) if method.needs_base else None
    values = config.model_dump() | {"base": base.name if base else NO_BASE}
    if base and choose_pooling(base, config.pooling) == base:  # so that runs of both wordings are one series
        values["pooling"] = "auto"
    notes = []
    for setting in sorted(METHOD_SETTINGS):
        if setting in method.settings:
            if values[setting] is None:
                values[setting] = method.default(setting, base.pooling if base else "stock")
        elif values[setting] is not None:
            notes.append(f"{setting} has no effect on {method.title}; it was left out")
            values[setting] = None
    if not method.needs_base and config.keep != "last":
        notes.append(f"keep has no effect on {method.title}, which has no epochs; it was left out")
        values |= {setting: RunConfig.model_fields[setting].default for setting in KEEP_SETTINGS}
    if base and base.context_length and config.max_length > base.context_length:
        raise ConfigError(
            f"max_length: {config.max_length} is more than the {base.context_length} tokens that {base.name} reads",
            field="max_length",
        )
    return build(RunConfig, values), notes


def _check_keep(config: RunConfig) -> None:
    for setting in KEEP_SETTINGS[1:]:
        if config.keep == "last" and getattr(config, setting) != RunConfig.model_fields[setting].default:
            raise ConfigError(f"{setting}: it has no effect with keep=last; set keep to best, or leave it out", setting)


def take_over(config: RunConfig) -> tuple[RunConfig, list[str]]:
    """The settings of a run for its clone, and notes on what is left out. A run folder may come from somebody else, and
    launching a run with a W&B server sends the user's key there."""
    address = config.wandb_base_url
    if address is None or may_have_key(address, "WANDB_API_KEY"):
        return config, []
    note = f"wandb_base_url was left out: {explain_refusal(address)}, or set wandb_base_url again"
    return config.model_copy(update={"wandb_base_url": None}), [note]


def derive(config: RunConfig, changes: dict[str, Any]) -> RunConfig:
    """A clone of a complete config with these changes. If its method or base changes, defaults of the old one become
    those of the new one: IA3 with LoRA's learning rate would be compared unfairly. Raises as `resolve`."""
    values = config.model_dump()
    if "method" in changes or "base" in changes:
        defaults = resolve(config.model_copy(update=dict.fromkeys(METHOD_SETTINGS)))[0]
        values |= {name: None for name in METHOD_SETTINGS if values[name] == getattr(defaults, name)}
    return build(RunConfig, values | changes)
