"""Methods whose update of a weight has another structure than a product of two thin matrices."""

import math
from typing import TYPE_CHECKING

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
    from peft import FourierFTConfig, LoHaConfig, LoKrConfig, OFTConfig, VBLoRAConfig, VeraConfig

STRUCTURED = MethodFamily(
    "structured",
    "Structured",
    "The change of each weight matrix, a sum or a rotation, is made of few numbers in another way.",
    "#56b4e9",
)
LONGEST_VECTOR = 256
PRODUCT_SETTINGS = ADAPTER_SETTINGS | {"lora_rank", "lora_alpha"}


def loha_config(config: RunConfig, base: Base) -> "LoHaConfig":
    """The element-wise product of two low-rank products, on the layers that LoRA adapts."""
    from peft import LoHaConfig

    return LoHaConfig(
        r=config.lora_rank,
        alpha=config.lora_alpha,
        **linear_options(config, base),
    )


def lokr_config(config: RunConfig, base: Base) -> "LoKrConfig":
    """The Kronecker product of a small matrix and a low-rank product, on the layers that LoRA adapts."""
    from peft import LoKrConfig

    return LoKrConfig(
        r=config.lora_rank,
        alpha=config.lora_alpha,
        **linear_options(config, base),
    )


def vera_config(config: RunConfig, base: Base) -> "VeraConfig":
    """Random matrices that all layers share and that stay as the run's seed draws them; two vectors are learned."""
    from peft import VeraConfig

    return VeraConfig(
        r=config.lora_rank,
        projection_prng_key=config.seed,
        **linear_options(config, base),
    )


def vblora_config(config: RunConfig, base: Base) -> "VBLoRAConfig":
    """LoRA whose matrices are put together from a bank of vectors that all layers share. The length of the vectors is
    the largest up to the paper's 256 that divides the widths of all layers."""
    from peft import VBLoRAConfig

    common = math.gcd(*base.family.widths)
    length = max(number for number in range(1, LONGEST_VECTOR + 1) if common % number == 0)
    return VBLoRAConfig(r=config.lora_rank, vector_length=length, **linear_options(config, base))


def fourierft_config(config: RunConfig, base: Base) -> "FourierFTConfig":
    """Coefficients of the update's Fourier transform, at places that the run's seed draws."""
    from peft import FourierFTConfig

    return FourierFTConfig(
        n_frequency=config.fourier_coefficients,
        random_loc_seed=config.seed,
        **linear_options(config, base),
    )


def oft_config(config: RunConfig, base: Base) -> "OFTConfig":
    """Rotations of blocks of a layer's inputs."""
    from peft import OFTConfig

    return OFTConfig(
        oft_block_size=config.oft_block_size,
        **linear_options(config, base),
    )


STRUCTURED_METHODS = (
    Method(
        name="loha",
        title="LoHa",
        summary="The element-wise product of two low-rank updates, which has a higher rank.",
        paper="Hyeon-Woo et al. 2022, arXiv:2108.06098",
        family=STRUCTURED,
        engine="neural",
        settings=PRODUCT_SETTINGS,
        defaults={"lora_rank": 8, "lora_alpha": 16},  # as many numbers as LoRA at rank 16
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=loha_config,
    ),
    Method(
        name="lokr",
        title="LoKr",
        summary="The Kronecker product of a small matrix and a low-rank one: a small adapter of full rank.",
        paper="Yeh et al. 2024, arXiv:2309.14859",
        family=STRUCTURED,
        engine="neural",
        settings=PRODUCT_SETTINGS,
        defaults={"lora_rank": 16, "lora_alpha": 32},
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=lokr_config,
    ),
    Method(
        name="vera",
        title="VeRA",
        summary="Two learned vectors per layer between random matrices that all layers share.",
        paper="Kopiczko et al. 2024, arXiv:2310.11454",
        family=STRUCTURED,
        engine="neural",
        settings=ADAPTER_SETTINGS | {"lora_rank"},
        defaults={"lora_rank": 256},
        pooling_defaults=change_rate(10),  # few numbers need larger steps, as in the paper
        adapter_config=vera_config,
    ),
    Method(
        name="vblora",
        title="VB-LoRA",
        summary="LoRA whose matrices are mixed from a bank of vectors that all layers share.",
        paper="Li et al. 2024, arXiv:2405.15179",
        family=STRUCTURED,
        engine="neural",
        settings=ADAPTER_SETTINGS | {"lora_rank"},
        defaults={"lora_rank": 4},
        pooling_defaults=change_rate(10),  # as the paper has it for what chooses the vectors
        adapter_config=vblora_config,
    ),
    Method(
        name="fourierft",
        title="FourierFT",
        summary="A few learned coefficients of the update's Fourier transform, at random places.",
        paper="Gao et al. 2024, arXiv:2405.03003",
        family=STRUCTURED,
        engine="neural",
        settings=ADAPTER_SETTINGS | {"fourier_coefficients"},
        defaults={"fourier_coefficients": 1000},
        pooling_defaults=change_rate(10),
        adapter_config=fourierft_config,
    ),
    Method(
        name="oft",
        title="OFT",
        summary="Learned rotations of blocks of each layer's inputs.",
        paper="Qiu et al. 2023, arXiv:2306.07280",
        family=STRUCTURED,
        engine="neural",
        settings=ADAPTER_SETTINGS | {"oft_block_size"},
        defaults={"oft_block_size": 32},
        pooling_defaults=NEURAL_BY_POOLING,
        adapter_config=oft_config,
    ),
)
