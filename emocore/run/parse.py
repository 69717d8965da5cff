"""Text typed on the command line or in a form -> names and values for a config, which checks them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from emocore.errors import ConfigError
from emocore.run.config import RunConfig

OF_PEFT = "peft."  # before a parameter of a method peft:TYPE


def parse_setting(text: str) -> tuple[str, Any]:
    """('learning_rate', 0.0005) from "learning_rate=5e-4". Raises ConfigError on an unknown name.

    Lists are comma-separated; an empty value means None. "peft.r=8" is one entry of the list `peft`.
    """
    name, equals, value = text.partition("=")
    name = name.strip()
    if equals and name.startswith(OF_PEFT):
        return "peft", [f"{name.removeprefix(OF_PEFT)}={value.strip()}"]
    if not equals:
        raise ConfigError(f"'{text}' is not a setting; write NAME=VALUE, for example learning_rate=5e-4")
    if name not in RunConfig.model_fields:
        raise ConfigError(f"{name}: no such setting; the settings are {', '.join(RunConfig.model_fields)}", field=name)
    if not value.strip():
        return name, None
    kinds = {RunConfig.model_fields[name].annotation, *get_args(RunConfig.model_fields[name].annotation)}
    if list[str] in kinds:
        return name, [part.strip() for part in value.split(",") if part.strip()]
    return name, value.strip()


def parse_settings(texts: Iterable[str]) -> dict[str, Any]:
    """{"epochs": "3"} from lines like "epochs=3". Raises ConfigError as `parse_setting`, or if given twice."""
    found: dict[str, Any] = {}
    for text in texts:
        name, value = parse_setting(text)
        if name == "peft" and isinstance(value, list):
            value = [*found.pop(name, []), *value]
        if name in found:
            raise ConfigError(f"{name} is given twice; leave one of the two out", field=name)
        found[name] = value
    return found


def parse_list(text: str) -> list[str]:
    """["1", "2"] from "1, 2,"."""
    return [part.strip() for part in text.split(",") if part.strip()]


def parse_series(text: str) -> list[str]:
    """["lora", "IA3 (rows 250, epochs 3)"] from "lora, IA3 (rows 250, epochs 3)": names of series have commas only in
    parentheses."""
    return [part.strip() for part in re.split(r",(?![^(]*\))", text) if part.strip()]


def parse_vary(text: str) -> dict[str, list[str]]:
    """{"rows": ["125", "250"]} from "rows=125,250"."""
    name, _, values = text.partition("=")
    return {name.strip(): parse_list(values)}


def parse_method_settings(lines: Iterable[str], methods: Sequence[str]) -> dict[str, dict[str, Any]]:
    """{"qlora": {"max_steps": "40"}} from lines like "qlora.max_steps=40".

    Raises ConfigError for any other line, for a setting given twice, and for a method that is not in `methods`.
    """
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        method, point, setting = line.strip().partition(".")
        if not point:
            raise ConfigError(f"'{line}' is no setting of a method; write METHOD.NAME=VALUE", field="method_settings")
        if method not in methods:
            raise ConfigError(
                f"{line}: '{method}' is not among the study's methods {', '.join(methods)}", field="method_settings"
            )
        name, value = parse_setting(setting)
        if name == "peft" and isinstance(value, list):
            value = [*found.get(method, {}).pop(name, []), *value]
        if name in found.setdefault(method, {}):
            raise ConfigError(f"{method}.{name} is given twice; leave one of the two out", field="method_settings")
        found[method][name] = value
    return found
