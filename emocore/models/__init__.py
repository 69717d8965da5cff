"""The catalogues of bases and methods, and how a config becomes a model."""

import logging

# It speaks of optional kernels when it is imported, which is before anything of ours could run.
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
