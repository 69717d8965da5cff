"""Emocore: fine-tune, compare and try parameter-efficient methods for emotion detection.

`emocore.api` describes the functions for notebooks and scripts. Importing this package loads neither torch nor
transformers.
"""

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocore.api import Comparison, Run, TrainedClassifier, compare, launch, load, study

__version__ = "0.2.0"
__all__ = ["Comparison", "Run", "TrainedClassifier", "compare", "launch", "load", "study"]

# OpenMP's threads wait by spinning, for milliseconds. Beside another busy process a training on a few cores
# then hardly moves; never spinning costs half as much again on a quiet machine. This count costs a quiet one
# nothing and keeps a busy one moving. Read when torch is loaded; an own OMP_WAIT_POLICY holds.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")


def __getattr__(name: str) -> Any:
    """The names of `__all__`, loaded when they are first asked for: the scheduler starts without them."""
    if name in __all__:
        from emocore import api

        return getattr(api, name)
    raise AttributeError(f"module 'emocore' has no attribute '{name}'")
