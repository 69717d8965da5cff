"""LoRA and its variants: the update of a weight is a product of two thin matrices."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from emocore.models.bases import Base
from emocore.models.methods.method import (
    ADAPTER_SETTINGS,
    NEURAL_BY_POOLING,
    Method,
    MethodFamily,
    change_rate,
    linear_options,
)
from emocore.run.config import RunConfig

if TYPE_CHECKING:
    from peft import AdaLoraConfig, LoraConfig

LOW_RANK = MethodFamily(
    "low-rank", "Low-rank", "The update of each weight matrix is the product of two thin ones.", "#0072b2"
)
QUANTIZED = MethodFamily(
    "quantised",
    "Quantised",
    "Low-rank updates over a base that is stored in fewer bits.",
    "#009e73",
)
FIRST_RANKS = 1.5
LORA_SETTINGS = ADAPTER_SETTINGS | {"lora_rank", "lora_alpha", "lora_dropout"}
LORA_DEFAULTS: Mapping[str, Any] = {"lora_rank": 16, "lora_alpha": 32, "lora_dropout": 0.0}


def lora_config(config: RunConfig, base: Base, **variant: Any) -> "LoraConfig":
    """LoRA (Hu et al. 2021) on all linear layers, and a fully trained head. `variant` are further options of PEFT."""
    from peft import LoraConfig

    return LoraConfig(
        r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        **linear_options(config, base),
        **variant,
    )


def rslora_config(config: RunConfig, base: Base) -> "LoraConfig":
    """LoRA whose scale is alpha / sqrt(rank)."""
    return lora_config(config, base, use_rslora=True)


def dora_config(config: RunConfig, base: Base) -> "LoraConfig":
    """LoRA for the directions of the columns of a weight, and a vector for their lengths."""
    return lora_config(config, base, use_dora=True)


def pissa_config(config: RunConfig, base: Base) -> "LoraConfig":
    """LoRA that begins with the largest singular values of each weight, which it takes out of the base."""
    return lora_config(config, base, init_lora_weights="pissa")


def adalora_config(config: RunConfig, base: Base) -> "AdaLoraConfig":
    """LoRA with a diagonal matrix between its two. It begins with half as many ranks again, as in the paper, and the
    training removes the least important ones. It also sets the schedule, which depends on the number of steps."""
    from peft import AdaLoraConfig

    assert config.lora_rank
    return AdaLoraConfig(
        init_r=math.ceil(FIRST_RANKS * config.lora_rank),
        target_r=config.lora_rank,
        lora_alpha=config.lora_alpha,
        lora_dropout=config.lora_dropout,
        total_step=1,
        **linear_options(config, base),
    )


LORA = Method(
    name="lora",
    title="LoRA",
    summary="Low-rank updates added to every linear layer of the frozen base.",
    paper="Hu et al. 2021, arXiv:2106.09685",
    family=LOW_RANK,
    engine="neural",
    settings=LORA_SETTINGS,
    defaults=LORA_DEFAULTS,
    pooling_defaults=NEURAL_BY_POOLING,
    adapter_config=lora_config,
)
LOW_RANK_METHODS = (
    LORA,
    Method(
        name="rslora",
        title="rsLoRA",
        summary="LoRA whose scale falls with the square root of the rank, so that a high rank learns as fast.",
        paper="Kalajdzievski 2023, arXiv:2312.03732",
        family=LOW_RANK,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults={**LORA_DEFAULTS, "lora_alpha": 8},  # LoRA's scale at rank 16
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=rslora_config,
    ),
    Method(
        name="lora-plus",
        title="LoRA+",
        summary="LoRA with a higher learning rate for the matrix that starts at zero.",
        paper="Hayou et al. 2024, arXiv:2402.12354",
        family=LOW_RANK,
        engine="neural",
        settings=LORA_SETTINGS | {"lora_plus_ratio"},
        defaults={**LORA_DEFAULTS, "lora_plus_ratio": 16},
        pooling_defaults=change_rate(0.25),  # with a ratio of 16, the geometric mean of both rates is LoRA's
        adapter_config=lora_config,
    ),
    Method(
        name="dora",
        title="DoRA",
        summary="LoRA for the directions of each weight's columns, and a vector for their lengths.",
        paper="Liu et al. 2024, arXiv:2402.09353",
        family=LOW_RANK,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults=LORA_DEFAULTS,
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=dora_config,
    ),
    Method(
        name="adalora",
        title="AdaLoRA",
        summary="LoRA that begins with too many ranks and leaves them to the layers where they matter.",
        paper="Zhang et al. 2023, arXiv:2303.10512",
        family=LOW_RANK,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults=LORA_DEFAULTS,
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=adalora_config,
        allocates_ranks=True,
    ),
    Method(
        name="pissa",
        title="PiSSA",
        summary="LoRA that starts from each weight's largest singular values instead of noise and zeros.",
        paper="Meng et al. 2024, arXiv:2404.02948",
        family=LOW_RANK,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults={**LORA_DEFAULTS, "lora_alpha": 16},  # the paper's scale of 1
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=pissa_config,
        moves_base=True,
    ),
)
QUANTIZED_METHODS = (
    Method(
        name="qlora",
        title="QLoRA",
        summary="LoRA over a base stored in 4 bits (NF4, double quantisation): a quarter of the memory.",
        paper="Dettmers et al. 2023, arXiv:2305.14314",
        family=QUANTIZED,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults=LORA_DEFAULTS,
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=lora_config,
        quantized="nf4",
    ),
    Method(
        name="qdora",
        title="QDoRA",
        summary="DoRA over a base stored in 4 bits.",
        paper="Liu et al. 2024, arXiv:2402.09353",
        family=QUANTIZED,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults=LORA_DEFAULTS,
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=dora_config,
        quantized="nf4",
    ),
    Method(
        name="lora-8bit",
        title="8-bit LoRA",
        summary="LoRA over a base stored in 8 bits, with inputs rounded to 8 bits: half of the memory.",
        paper="Dettmers et al. 2022, arXiv:2208.07339",
        family=QUANTIZED,
        engine="neural",
        settings=LORA_SETTINGS,
        defaults=LORA_DEFAULTS,
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=lora_config,
        quantized="int8",
    ),
)
