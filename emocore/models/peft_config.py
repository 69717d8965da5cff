"""Checks `adapter_config.json` before PEFT reads it: only what Emocore's own methods write is accepted.

PEFT reads names of layers as regular expressions, some of which would take years, and has options that load further
files. So names must be plain, numbers within bounds, and every other setting must have PEFT's default. The settings of
a type that no method of the catalogue uses may be any plain words and numbers that are not too large.
"""

import dataclasses
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from emocore.errors import AdapterError
from emocore.models.methods.any_peft import IN_CATALOGUE, find_types
from emocore.run.settings import bounds
from emocore.system.files import read_json_object

CONFIG_FILE = "adapter_config.json"
MOST_NAMES = 1000
HIGHEST_NUMBER, HIGHEST_SEED = 100_000, 2**31  # of types that no method of the catalogue uses
LAYER_NAME = re.compile(r"[\w.-]{1,200}", re.ASCII)


def check_adapter_config(folder: Path) -> None:
    """Raises AdapterError that names the first setting that is not accepted."""
    try:
        settings = read_json_object(folder / CONFIG_FILE)
    except OSError as error:
        raise AdapterError(f"{folder}: {CONFIG_FILE} cannot be read ({error.strerror}); train the run again") from None
    if settings is None:
        raise AdapterError(f"{folder}: {CONFIG_FILE} is damaged; it should hold one JSON object")
    kind = settings.get("peft_type")
    defaults = _find_defaults(kind)
    for name, value in settings.items():
        default = defaults.get(name)
        if name == "r" and default == 0 and kind in IN_CATALOGUE:  # of OFT, whose blocks have a size instead
            accepted = value == 0
        elif name in CHECKS:
            accepted = CHECKS[name](value)
        elif kind in IN_CATALOGUE:
            accepted = value == default or value in (None, False, [], {})
        else:
            accepted = value == default or _is_plain(value, HIGHEST_SEED if "seed" in name else HIGHEST_NUMBER)
        if not accepted:
            raise AdapterError(
                f"{folder}: {CONFIG_FILE}: {name} is {str(value)[:60]!r}, which no method of Emocore writes; train the "
                "run again"
            )
    if "task_type" not in settings or not defaults:
        raise AdapterError(
            f"{folder}: {CONFIG_FILE} is not that of a classifier that Emocore trains; train the run again"
        )


def _find_defaults(kind: object) -> dict[str, Any]:
    """PEFT's defaults by setting; empty for a kind of adapter that no method of Emocore makes."""
    from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftType

    types = {kind: PEFT_TYPE_TO_CONFIG_MAPPING[PeftType(kind)] for kind in IN_CATALOGUE} | find_types()
    if not isinstance(kind, str) or kind not in types:
        return {}
    fields = dataclasses.fields(types[kind])
    return {field.name: None if field.default is dataclasses.MISSING else field.default for field in fields}


def _is_name(value: object) -> bool:
    return isinstance(value, str) and LAYER_NAME.fullmatch(value) is not None


def _are_names(value: object) -> bool:
    """Whether the value is a plain name or a list of plain names."""
    if isinstance(value, list):
        return len(value) <= MOST_NAMES and all(_is_name(item) for item in value)
    return value is None or _is_name(value)


def _is_plain(value: object, highest: float) -> bool:
    """Whether a value is a plain name, a number up to `highest`, or a list of such."""
    if isinstance(value, list):
        return len(value) <= MOST_NAMES and all(_is_plain(item, highest) for item in value)
    if isinstance(value, int | float):
        return -highest <= value <= highest
    return value in (None, {}) or _is_name(value)


def _are_ranks(value: object) -> bool:
    """Whether the value says which ranks of which layers are kept."""
    most = 2 * bounds("lora_rank")["le"]
    return value is None or (
        isinstance(value, dict)
        and len(value) <= MOST_NAMES
        and all(_is_name(name) for name in value)
        and all(isinstance(kept, list) and len(kept) <= most for kept in value.values())
        and all(isinstance(is_kept, bool) for kept in value.values() for is_kept in kept)
    )


def _is_within(setting: str, times: int = 1, least: int | None = None) -> Callable[[object], bool]:
    """A check whether a value is within the bounds of RunConfig's setting, the upper one `times` as high, and the lower
    one `least` if that is given."""
    limits = bounds(setting)
    lowest = limits["ge"] if least is None else least
    highest = times * limits.get("le", limits.get("lt", math.inf))

    def check(value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest

    return check


def _is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 5000)


CHECKS: Mapping[str, Callable[[Any], bool]] = {
    "peft_type": lambda value: isinstance(value, str),
    "task_type": lambda value: value == "SEQ_CLS",
    "r": _is_within("lora_rank", times=2),  # PiSSA is saved with twice its rank and alpha
    "lora_alpha": _is_within("lora_alpha", times=2),
    "init_r": _is_within("lora_rank", times=2),
    "target_r": _is_within("lora_rank"),
    "rank_pattern": _are_ranks,
    **dict.fromkeys(("tinit", "tfinal", "deltaT", "total_step"), _is_within("max_steps", least=0)),
    "alpha": _is_within("lora_alpha"),
    "bias": lambda value: value in ("none", "all"),  # those that an adapter stores are its own (see `classifier`)
    "fan_in_fan_out": lambda value: isinstance(value, bool),  # of Conv1D layers, as GPT-2 has them
    "use_dora": lambda value: isinstance(value, bool),
    "use_rslora": lambda value: isinstance(value, bool),
    "projection_prng_key": _is_within("seed"),
    "random_loc_seed": _is_within("seed"),
    "n_frequency": _is_within("fourier_coefficients"),
    "oft_block_size": _is_within("oft_block_size"),
    "vector_length": _is_within("lora_alpha"),
    "lora_dropout": _is_within("lora_dropout"),
    "target_modules": _are_names,
    "feedforward_modules": _are_names,
    "modules_to_save": _are_names,
    "inference_mode": lambda value: isinstance(value, bool),
    "base_model_name_or_path": _is_text,
    "revision": _is_text,
    "peft_version": _is_text,
}
