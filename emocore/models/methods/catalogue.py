"""All methods; the pages, the command line and the tests read them from here.

To add a method, add an entry to the tuple of its family, in the module of this package that has it. Imports neither
torch nor transformers.
"""

from collections.abc import Mapping

from emocore.errors import ConfigError
from emocore.models.methods.any_peft import PREFIX, make_method
from emocore.models.methods.floors import FLOORS
from emocore.models.methods.low_rank import LOW_RANK_METHODS, QUANTIZED_METHODS
from emocore.models.methods.method import Method
from emocore.models.methods.rescaling import RESCALING_METHODS
from emocore.models.methods.structured import STRUCTURED_METHODS
from emocore.models.methods.whole import WHOLE_METHODS
from emocore.run.settings import use
from emocore.text import strip_markup

METHODS: Mapping[str, Method] = {
    method.name: method
    for method in (
        *LOW_RANK_METHODS,
        *RESCALING_METHODS,
        *QUANTIZED_METHODS,
        *STRUCTURED_METHODS,
        *WHOLE_METHODS,
        *FLOORS,
    )
}


def reads(method: str, setting: str, has_base: bool = True) -> bool:
    """Whether a method reads a setting. A method that is not in the catalogue may read all; `has_base` says whether it
    has a base."""
    known, what = make_method(method) if method.startswith(PREFIX) else METHODS.get(method), use(setting)
    if what.role == "method":
        return known is None or setting in known.settings
    if what.role == "training" and what.needs_base:
        return known.needs_base if known else has_base
    return True


def method_title(name: str) -> str:
    """The title of a method, or its name if it is not in the catalogue."""
    return METHODS[name].title if name in METHODS else strip_markup(name)


def find_method(name: str) -> Method:
    """The method `name`. Raises ConfigError that lists the known methods."""
    if name.startswith(PREFIX):
        return make_method(name)
    if name not in METHODS:
        raise ConfigError(
            f"no method '{name}'; the methods are {', '.join(METHODS)}, and {PREFIX}TYPE for any other of PEFT",
            field="method",
        )
    return METHODS[name]
