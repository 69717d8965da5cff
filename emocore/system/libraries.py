"""What the environment must say before torch and the libraries on it are loaded: they read it once."""

import logging
import os


def prepare_libraries() -> None:
    """Set what the user's environment does not have yet; processes that are started later inherit it."""
    # OpenMP's threads wait by spinning, for milliseconds. On a few cores that another process keeps busy, a training
    # then hardly moves; never spinning costs half as much again on a quiet machine. This count costs nothing on a
    # quiet machine and keeps a busy one moving. A user's own OMP_WAIT_POLICY holds.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    # Nothing here is compiled, but bitsandbytes would load all of torch's compiler: a second or more.
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
    # Transformers would ask another server to convert a base without safetensors; such a base is refused here.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    # It speaks of optional kernels while it is imported.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
