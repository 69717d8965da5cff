"""Emocore: fine-tune, compare and try parameter-efficient methods for emotion detection.

Importing this package loads neither torch nor transformers.
"""

__version__ = "0.1.0"
