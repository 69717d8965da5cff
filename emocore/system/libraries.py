"""Environment variables that torch and related libraries read once, when they are loaded."""

import logging
import os


def prepare_libraries() -> None:
    """Set the variables that the user has not set; processes that are started later inherit them."""
    # Waiting OpenMP threads spin for milliseconds. With few cores and another busy process, a training then hardly
    # advances; without spinning it takes 50 % longer on an idle machine. This count costs nothing on an idle machine
    # and works on a busy one. It does not apply if the user has set OMP_WAIT_POLICY.
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "20000")
    # Emocore compiles nothing, but bitsandbytes would load torch's compiler, which takes a second or more.
    os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
    # Transformers would ask another server to convert a base without safetensors, which Emocore refuses.
    os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
    # It prints notes on optional kernels when it is imported.
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
