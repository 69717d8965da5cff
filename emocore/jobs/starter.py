"""The starter study: the first thing a newcomer runs."""

import time

from emocore.config import STARTER, StudyConfig

STARTER_METHODS = ["lora", "ia3", "qlora"]


def starter_study() -> StudyConfig:
    """LoRA, IA3 and QLoRA on the bundled MiniLM and the built-in messages. The set is small, so it is
    passed over more often than the defaults would."""
    return StudyConfig(
        name=time.strftime("starter %Y-%m-%d %H.%M.%S"),
        methods=STARTER_METHODS,
        seeds=[42],
        settings={"data": STARTER, "base": "minilm-l6", "epochs": 10},
    )
