"""The catalogues of bases and methods, and how a config becomes a model."""

import logging
import os

# It speaks of optional kernels when it is imported, which is before anything of ours could run.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
# Nothing here is compiled, but bitsandbytes would load all of torch's compiler when it is imported: a second or more.
os.environ.setdefault("TORCHDYNAMO_DISABLE", "1")
# Of a base without safetensors, Transformers would ask another server to convert it; such a base is refused here.
os.environ.setdefault("DISABLE_SAFETENSORS_CONVERSION", "1")
