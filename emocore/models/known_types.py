"""Which model types Transformers can classify texts with, read from its source code, because importing its lists loads
torch, which takes seconds that a page does not have. Imports neither torch nor transformers."""

import ast
import importlib.util
from functools import lru_cache
from pathlib import Path

LISTS_FILE = Path("models", "auto", "modeling_auto.py")
CLASSIFIERS = "MODEL_FOR_SEQUENCE_CLASSIFICATION_MAPPING_NAMES"
CAUSAL = "MODEL_FOR_CAUSAL_LM_MAPPING_NAMES"
MASKED = "MODEL_FOR_MASKED_LM_MAPPING_NAMES"


def is_text_classifier(model_type: str) -> bool:
    """Whether Transformers has a text classifier of this type."""
    return model_type in _read_lists()[CLASSIFIERS]


def is_decoder(model_type: str) -> bool:
    """Whether models of this type only predict the next token; their classifiers read the last one."""
    lists = _read_lists()
    return model_type in lists[CAUSAL] - lists[MASKED]


@lru_cache(maxsize=1)
def _read_lists() -> dict[str, frozenset[str]]:
    """The model types in each of the three lists."""
    spec = importlib.util.find_spec("transformers")
    assert spec is not None and spec.submodule_search_locations, "a requirement of Emocore"
    source = Path(spec.submodule_search_locations[0]) / LISTS_FILE
    found = {}
    for statement in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            name = statement.targets[0].id
            if name in (CLASSIFIERS, CAUSAL, MASKED):
                assert isinstance(statement.value, ast.Call), "an OrderedDict of pairs"
                found[name] = frozenset(kind for kind, _ in ast.literal_eval(statement.value.args[0]))
    return found
