"""Emocore: fine-tune, compare and try parameter-efficient methods for emotion detection.

`emocore.api` describes the functions for notebooks and scripts. Importing this package loads neither torch nor
transformers.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emocore.api import Comparison, Run, TrainedClassifier, compare, launch, load, study

__version__ = "0.2.0"
__all__ = ["Comparison", "Run", "TrainedClassifier", "compare", "launch", "load", "study"]


def __getattr__(name: str) -> Any:
    """Load the names of `__all__` on first use, so that the scheduler starts without them."""
    if name in __all__:
        from emocore import api

        return getattr(api, name)
    raise AttributeError(f"module 'emocore' has no attribute '{name}'")
