"""What an adapter has to beat: a head on the base as it is, and no base at all."""

from typing import TYPE_CHECKING

from emocore.models.bases import Base
from emocore.models.methods.method import NEURAL_BY_POOLING, NEURAL_SETTINGS, Method, MethodFamily
from emocore.run.config import RunConfig

if TYPE_CHECKING:
    from peft import LoraConfig

FROZEN = MethodFamily("frozen", "Frozen base", "The base stays as it is; only a layer on top is trained.", "#cc79a7")
COUNTS = MethodFamily("counts", "Without a base", "Words and characters are counted; no base is read.", "#8a8f98")


def head_config(config: RunConfig, base: Base) -> "LoraConfig":
    """No adapter, only the head; it has a PEFT config so that it is saved and loaded like the others."""
    from peft import LoraConfig
    from peft.utils.constants import DUMMY_TARGET_MODULES

    return LoraConfig(task_type="SEQ_CLS", target_modules=DUMMY_TARGET_MODULES)


FLOORS = (
    Method(
        name="head",
        title="Head",
        summary="The base is frozen; only a linear layer on top is trained.",
        paper="Alain and Bengio 2016, arXiv:1610.01644",
        family=FROZEN,
        engine="head",
        settings=NEURAL_SETTINGS,
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=head_config,
    ),
    Method(
        name="tfidf",
        title="TF-IDF",
        summary="Word and character counts with logistic regression, one against the rest: the floor to beat.",
        paper="Wang and Manning 2012, ACL",
        family=COUNTS,
        engine="tfidf",
        settings=frozenset({"inverse_regularization"}),
        defaults={"inverse_regularization": 1.0},
        needs_base=False,
    ),
)
