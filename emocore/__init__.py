"""Emocore: fine-tune, compare and try parameter-efficient methods for emotion detection.

Importing this package loads neither torch nor transformers.
"""

import os

__version__ = "0.1.0"

# OpenMP's threads wait by spinning. Beside any other busy process (a browser will do) a training on a few
# cores then takes ten times as long; sleeping instead costs nothing measurable. Read when torch is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
