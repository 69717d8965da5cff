"""Explains in one line why a run failed and what to do; the log has the details."""

import errno
import sys

from emocore.errors import EmocoreError
from emocore.system.processes import OUT_OF_MEMORY_REMEDY, End

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNWRITABLE = (errno.EROFS, errno.EACCES, errno.EPERM)
# Messages of libraries that do not pass on the system's error.
FULL_WORDS = ("No space left on device", "PytorchStreamWriter failed writing", "unexpected pos")
UNWRITABLE_WORDS = ("Read-only file system", "Permission denied")
MEMORY_WORDS = (
    "can't allocate memory",
    "not enough memory",
    "Cannot allocate memory",
    "CUDA error: out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)


def explain_failure(error: Exception) -> End:
    """The reason for `state.json`."""
    if isinstance(error, EmocoreError):
        return End(str(error))
    first = (str(error).strip() or "no message").splitlines()[0]
    if _is_out_of_memory(error):
        return End(f"out of memory: {OUT_OF_MEMORY_REMEDY}", "out of memory")
    number = error.errno if isinstance(error, OSError) else None
    if number in FULL or any(word in str(error) for word in FULL_WORDS):
        return End("the disk is full: free space, then resume the run; it continues from its last checkpoint")
    if number in UNWRITABLE or any(word in str(error) for word in UNWRITABLE_WORDS):
        return End(f"a file may not be written ({first}): make its folder writable, then resume the run")
    return End(f"{type(error).__name__}: {first} (the log has the details)")


def _is_out_of_memory(error: Exception) -> bool:
    told = isinstance(error, RuntimeError | OSError) and any(word in str(error) for word in MEMORY_WORDS)
    torch = sys.modules.get("torch")  # not imported here: without memory, the import would fail too
    return told or isinstance(error, MemoryError) or (torch is not None and isinstance(error, torch.OutOfMemoryError))
