"""Emocore: fine-tune, compare and try parameter-efficient methods for emotion detection.

Importing this package loads neither torch nor transformers.
"""

import os

__version__ = "0.1.0"

# OpenMP's threads wait by spinning, for milliseconds. Beside another busy process a training on a few cores
# then hardly moves; never spinning costs half as much again on a quiet machine. This count costs a quiet one
# nothing and keeps a busy one moving. Read when torch is loaded; an own OMP_WAIT_POLICY holds.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "20000")
