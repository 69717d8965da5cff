"""Full fine-tuning, which the other methods stand in for: no adapter, and all weights of the base are trained."""

from collections.abc import Mapping
from typing import Any

from emocore.models.families import Pooling
from emocore.models.methods.method import NEURAL_BY_POOLING, NEURAL_SETTINGS, Method, MethodFamily

WHOLE = MethodFamily(
    "full", "Full fine-tuning", "All weights of the base are trained: the reference for all others.", "#d55e00"
)
# Weights that are pretrained need smaller steps than new ones. Devlin et al. (2019) found 2e-5 to 5e-5 good for BERT.
RATES: Mapping[Pooling, float] = {"mean": 5e-5, "last": 2e-5, "stock": 3e-5}
WHOLE_BY_POOLING: Mapping[Pooling, Mapping[str, Any]] = {
    pooling: {**NEURAL_BY_POOLING[pooling], "learning_rate": rate} for pooling, rate in RATES.items()
}

WHOLE_METHODS = (
    Method(
        name="full",
        title="Full fine-tuning",
        summary="All weights of the base are trained, in fp32: about 16 bytes of memory per parameter.",
        paper="Devlin et al. 2019, arXiv:1810.04805",
        family=WHOLE,
        engine="neural",
        settings=NEURAL_SETTINGS | {"learning_rate"},
        pooling_defaults=WHOLE_BY_POOLING,
        trains_base=True,
    ),
)
