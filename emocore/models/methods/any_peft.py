"""Any other type of adapter that PEFT has, by PEFT's own name and parameters: `peft:randlora`.

The catalogue's methods have settings, bounds and defaults that were chosen for emotions; here PEFT's own apply, and
nothing was tuned. Covered are types that add to linear layers. Not covered are those that need more than a base and
numbers: prompts, mixtures of adapters, and types whose parameters are files.
"""

import dataclasses
import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, get_type_hints

from pydantic import TypeAdapter, ValidationError

from emocore.errors import ConfigError
from emocore.models.bases import Base
from emocore.models.methods.method import ADAPTER_SETTINGS, NEURAL_BY_POOLING, Method, MethodFamily, linear_options
from emocore.run.config import RunConfig
from emocore.system.libraries import prepare_libraries

if TYPE_CHECKING:
    from peft import PeftConfig

PREFIX = "peft:"
IN_CATALOGUE = (
    "LORA",
    "ADALORA",
    "IA3",
    "LOHA",
    "LOKR",
    "VERA",
    "FOURIERFT",
    "OFT",
    "LN_TUNING",
    "VBLORA",
)  # PEFT's names
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}", re.ASCII)
OTHER = MethodFamily("other", "Other types of PEFT", "Whatever else the installed PEFT has, as it has it.", "#8a8f98")
SEED = re.compile("seed|prng")  # in the names of parameters that seed what a type draws and does not train
# Parameters that are settings of a run, or that Emocore sets.
OWN = frozenset(
    {
        "task_type", "peft_type", "auto_mapping", "peft_version", "base_model_name_or_path", "revision",
        "inference_mode", "target_modules", "modules_to_save", "bias",
    }
)  # fmt: skip


def make_method(name: str) -> Method:
    """The method of a name that begins with PREFIX. Whether PEFT has that type is asked only when it is launched, since
    PEFT takes seconds to load. Raises ConfigError for a name that no type can have."""
    kind = name.removeprefix(PREFIX)
    if not NAME.fullmatch(kind):
        raise ConfigError(
            f"no method '{name}'; after {PREFIX} comes the name of a type of PEFT in small letters, such as "
            f"{PREFIX}randlora",
            field="method",
        )
    return Method(
        name=name,
        title=name,
        summary=f"PEFT's type {kind.upper()}, with the parameters that are given as peft.PARAMETER.",
        paper="see the documentation of PEFT",
        family=OTHER,
        engine="neural",
        settings=ADAPTER_SETTINGS | {"peft"},
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=make_config,
    )


def make_config(config: RunConfig, base: Base) -> "PeftConfig":
    """PEFT's config, with the parameters of the setting `peft` and the run's seed. Raises ConfigError that names the
    type, the parameter or the value that PEFT does not have."""
    kind = config.method.removeprefix(PREFIX).upper()
    types = find_types()
    if kind not in types:
        raise ConfigError(
            f"method: PEFT has no further type {kind} that adds to linear layers; it has "
            f"{', '.join(sorted(types)).lower()}, and `emocore methods` lists those with settings of their own",
            field="method",
        )
    fields = _fields(types[kind])
    options = {name: config.seed for name, field in fields.items() if SEED.search(name) and "int" in str(field.type)}
    for text in config.peft or []:
        name, value = _read_parameter(text, fields, types[kind])
        options[name] = value
    try:
        return types[kind](**linear_options(config, base), **options)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"peft: PEFT's type {kind} refuses its parameters: {error}", field="peft") from error


def find_types() -> "dict[str, type[PeftConfig]]":
    """The config classes of the types that are covered, by PEFT's names of the types."""
    prepare_libraries()
    from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PromptLearningConfig

    return {
        str(kind.value): cls
        for kind, cls in PEFT_TYPE_TO_CONFIG_MAPPING.items()
        if kind.value not in IN_CATALOGUE
        and not issubclass(cls, PromptLearningConfig)
        and {"target_modules", "modules_to_save"} <= _fields(cls).keys()
    }


def _fields(cls: type) -> dict[str, dataclasses.Field[Any]]:
    return {field.name: field for field in dataclasses.fields(cls) if field.init}


def _read_parameter(text: str, fields: Mapping[str, dataclasses.Field[Any]], cls: type) -> tuple[str, Any]:
    """("r", 8) from "r=8". Raises ConfigError for a parameter that the type does not have, and for a value that is not
    plain or not of the parameter's type."""
    name, _, written = (part.strip() for part in text.partition("="))
    if name not in fields or name in OWN:
        free = ", ".join(sorted(fields.keys() - OWN))
        raise ConfigError(f"peft: there is no parameter '{name}' to set; there are {free}", field="peft")
    try:
        value = json.loads(written)
    except ValueError:
        value = {"True": True, "False": False, "None": None}.get(written, written)
    if isinstance(value, dict) or (isinstance(value, str) and not re.fullmatch(r"[\w-]{1,60}", value, re.ASCII)):
        raise ConfigError(f"peft: {name} is {written[:60]!r}, but only numbers, words and lists are read", field="peft")
    try:
        return name, TypeAdapter(get_type_hints(cls)[name]).validate_python(value)
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise ConfigError(
            f"peft: {name} is {written[:60]!r}; {problem[0].lower()}{problem[1:]}", field="peft"
        ) from None
