"""Emocore: fine-tune, compare and try parameter-efficient methods for emotion detection.

Importing this package loads neither torch nor transformers.
"""

import os

__version__ = "0.1.0"

# OpenMP's threads wait by spinning, for milliseconds. Beside any other busy process (a browser will do) a
# training on a few cores then takes many times as long; never spinning costs half as much again on a quiet
# machine. This count lies between the two. Read when torch is loaded; an own OMP_WAIT_POLICY is respected.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
