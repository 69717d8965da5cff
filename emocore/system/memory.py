"""Gives memory that is free again back to the system, which C's allocator otherwise keeps for itself.

Done with glibc, the C library of most Linux systems. Others are left to their own ways.
"""

import ctypes
import gc


def release_memory() -> None:
    """Free Python's reference cycles, and give back every page that nothing uses: after a model was loaded or freed,
    that is up to the size of the model."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
