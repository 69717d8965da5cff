"""How much memory a training takes at its peak, by arithmetic from the sizes of its base; nothing is loaded or run.

    peak = process + weights + trained + activations, or process + loading if that is more

The terms are those of Rajbhandari et al. 2020 (ZeRO, arXiv:1910.02054), section 3, and Korthikanti et al. 2022
(arXiv:2205.05198), section 4. What a block keeps for its backward pass differs from there, since Emocore joins frozen
layers and writes their gradients out (`emocore.models.fused`); the numbers below are what autograd was seen to keep on
the bundled bases. The constants below were measured on runs that benchmarks/RESULTS.md names.

Covered: encoders built like BERT and decoders built like Llama, with the catalogue's methods, on a CPU. On a GPU the
same terms hold without those of the process, but nothing was measured there. Not covered: methods `peft:TYPE`, which
count as others of PEFT; several runs at once; and oneDNN's kernels for many different lengths of batches, which add
to a long training on more texts.
"""

import math
from dataclasses import dataclass, fields

from emocore.models.adapter import Precision
from emocore.models.architecture import Architecture
from emocore.models.bases import Base
from emocore.models.methods.catalogue import find_method
from emocore.models.methods.low_rank import FIRST_RANKS
from emocore.models.methods.method import Method
from emocore.run.config import RunConfig

FP32, BF16 = 4, 2  # bytes
# 4 bits and the scales of blocks of 64, quantised twice (Dettmers et al. 2023, section 3); 8 bits were not measured.
QUANTIZED_BYTES = {"nf4": 0.516, "int8": 1.0}
# Of a number that is trained: itself, its gradient, and AdamW's two means, each in fp32 (ZeRO, section 3.1).
TRAINED_BYTES = 4 * FP32

# Python with torch, transformers, peft and datasets, the resident set after their import on Linux.
PROCESS_BYTES = 505_000_000
# What a training on a CPU adds whatever its size: kernels of oneDNN for each length of a batch, Trainer, the texts.
WORKING_BYTES = 175_000_000
# Memory of the activations over what they hold on a CPU: gradients on their way, and C's allocator, which cannot fill
# every gap. In layers of PEFT, which are not joined, more is on its way.
OVERHEAD, OVERHEAD_OF_PEFT = 1.35, 1.5
# With gradient checkpointing, a process on a CPU keeps much of what it freed: 0.40 of what activations take without it
# on MiniLM, 0.97 on SmolLM2. Chen et al. 2016 (arXiv:1604.06174) would have one state for each block, as on a GPU.
CHECKPOINTED_ON_CPU = 0.65
OVERHEAD_ON_GPU = 1.1  # assumed, not measured

FUSED_LOW_RANK = ("lora", "rslora", "lora-plus", "pissa", "qlora", "lora-8bit")
PACKED_BYTES_LIMIT = 2**30  # of all packed weights of a model; copies of larger ones would take too much memory


@dataclass(frozen=True)
class Memory:
    """Bytes at the peak of a training. `trained` are the trained numbers with gradients and optimizer; `loading` is
    the most that reading the base takes, which is over before the training."""

    process: int
    weights: int
    trained: int
    activations: int
    loading: int

    @property
    def peak(self) -> int:
        return self.process + max(self.loading, self.weights + self.trained + self.activations)

    @property
    def parts(self) -> dict[str, int]:
        """The terms of the peak by name."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name != "loading"}


def forecast_memory(
    config: RunConfig,
    base: Base,
    sizes: Architecture,
    tokens: int,
    device: str,
    precision: Precision,
    labels: int,
    file_bytes: int,
) -> Memory:
    """The forecast for a complete config. `tokens` are those of the longest text, `device` is "cpu" or "cuda", and
    `file_bytes` the size of the base's weights on disk."""
    method = find_method(config.method)
    number = BF16 if precision == "bf16" else FP32
    frozen = _frozen_bytes(method, config, sizes, number, device)
    trained = count_trained(config, base, sizes, labels)
    # A head is trained on stored embeddings, without the base in memory.
    activations = 0 if method.engine == "head" else _batch_bytes(method, config, sizes, number, tokens, device)
    on_cpu = device == "cpu"
    return Memory(
        process=PROCESS_BYTES * on_cpu,
        weights=frozen,
        trained=TRAINED_BYTES * trained,
        activations=activations + WORKING_BYTES * on_cpu,
        # The file is mapped while the weights are read from it; before a head is trained, the base also reads texts.
        loading=file_bytes * on_cpu
        + sizes.weights * (FP32 if method.trains_base else number)
        + WORKING_BYTES * (on_cpu and method.engine == "head"),
    )


def count_trained(config: RunConfig, base: Base, sizes: Architecture, labels: int) -> int:
    """The numbers that are trained: those of the adapter, or of the whole base, and of the head."""
    method = find_method(config.method)
    head = (sizes.hidden + (not sizes.is_decoder)) * labels
    if method.trains_base:
        return sizes.weights + head
    if method.engine == "head":
        return head
    if method.name == "ia3":
        of_input = base.family.ia3_feedforward
        targets = sizes.find_linear(config.target_modules or base.family.ia3_targets)
        rescaled = {linear.name for linear in sizes.find_linear(of_input)}
        return head + sizes.layers * sum(x.inputs if x.name in rescaled else x.outputs for x in targets)
    if method.name == "ln-tuning":
        return head + (sizes.norm_weights if sizes.is_decoder else 2 * sizes.norm_weights)
    if method.name == "bitfit":
        return head + sizes.biases
    adapted = sizes.find_linear(config.target_modules or base.family.lora_targets)
    outputs = sum(linear.outputs for linear in adapted)
    if not config.lora_rank or method.name in ("vera", "vblora"):  # vectors, or fewer numbers than that
        return head + sizes.layers * outputs
    rank = math.ceil(FIRST_RANKS * config.lora_rank) if method.allocates_ranks else config.lora_rank
    each = rank * sum(linear.inputs + linear.outputs for linear in adapted)
    each *= 2 if method.name == "loha" else 1  # two products (Hyeon-Woo et al. 2021, arXiv:2108.06098)
    each += outputs * _is_dora(method) + rank * len(adapted) * method.allocates_ranks
    return head + sizes.layers * each


def _frozen_bytes(method: Method, config: RunConfig, sizes: Architecture, number: int, device: str) -> int:
    """The weights that are not trained. All but the linear layers of a quantised base is in fp32."""
    if method.trains_base or method.engine == "head":
        return 0
    if method.quantized:
        return round(QUANTIZED_BYTES[method.quantized] * sizes.linear_weights) + FP32 * sizes.other_weights
    linear = number * sizes.linear_weights
    is_packed = device == "cpu" and number == FP32 and linear <= PACKED_BYTES_LIMIT and _is_fused(method, config)
    return linear * (1 + is_packed) + number * sizes.other_weights


def _batch_bytes(method: Method, config: RunConfig, sizes: Architecture, number: int, tokens: int, device: str) -> int:
    """What a batch takes for its backward pass, all of it padded to the longest text."""
    of_layer = kept_per_token(method, config, sizes, number, tokens, device)
    layers, of_weights = sizes.layers, _kept_of_weights(method, config, sizes, number)
    overhead = OVERHEAD if method.trains_base or _is_fused(method, config) else OVERHEAD_OF_PEFT
    kept = layers * of_layer
    if device != "cpu":
        overhead = OVERHEAD_ON_GPU
        if config.gradient_checkpointing:  # one state for each block, and one block at a time in full
            kept, of_weights = layers * number * sizes.hidden + of_layer, of_weights / layers
    elif config.gradient_checkpointing:
        overhead *= CHECKPOINTED_ON_CPU
    return round(overhead * config.batch_size * tokens * kept + of_weights)


def kept_per_token(
    method: Method, config: RunConfig, sizes: Architecture, number: int, tokens: int, device: str
) -> float:
    """Bytes that one block keeps of each token. `number` are the bytes of a number: 2 in bf16."""
    scores = _count_scores(method, config, sizes, number) * sizes.heads * tokens
    if device == "cuda":
        scores = 0  # attention is computed in tiles (Dao et al. 2022, arXiv:2205.14135)
    count = _count_decoder if sizes.is_decoder else _count_encoder
    in_fp32 = FP32 - number
    kept = number * (count(method, config, sizes, number) + scores)
    if method.quantized:  # normalisations are in fp32
        kept += in_fp32 * 2 * sizes.hidden
    if method.trains_base:  # and so are, without a frozen base, the states between blocks
        kept += in_fp32 * 4 * sizes.hidden
    return kept


def _count_scores(method: Method, config: RunConfig, sizes: Architecture, number: int) -> int:
    """How often attention's weights are kept, in numbers: themselves, what dropout drew and what it left of them; a
    softmax of its own is in fp32, and its result is cast to bf16."""
    if _is_fused(method, config):
        return 1 if sizes.is_decoder else 2
    return 1 if sizes.is_decoder and number == FP32 else 3


def _count_decoder(method: Method, config: RunConfig, sizes: Architecture, number: int) -> float:
    """Numbers that a block like Llama's keeps of each token, but for attention scores."""
    hidden, queries, keys, inner = sizes.hidden, sizes.queries, sizes.keys, sizes.inner
    ranks = len(sizes.linear) * (config.lora_rank or 0)
    if method.trains_base:
        return 6 * hidden + 7 * queries + 4 * inner
    if method.name in ("ln-tuning", "bitfit"):
        return 6 * hidden + queries + 2 * keys + 2 * inner
    if method.name == "ia3":  # norms; q, k, v before and after the vectors; both halves of the unit, and its result
        return 2 * hidden + 2 * (queries + 2 * keys) + 3 * inner
    if _is_fused(method, config):  # norms and the inputs of A; q, k, v and the result; as above
        return 4 * hidden + 2 * queries + 2 * keys + 3 * inner + ranks
    return 4 * hidden + 4 * queries + 4 * inner + _count_others(method, sizes, ranks, 3 * (number == BF16))


def _count_encoder(method: Method, config: RunConfig, sizes: Architecture, number: int) -> float:
    """The same for a block like BERT's."""
    hidden, inner = sizes.hidden, sizes.inner
    ranks = len(sizes.linear) * (config.lora_rank or 0)
    if method.name in ("ln-tuning", "bitfit"):  # q, k, v, what two dropouts kept, inputs of two norms and of GELU
        return 7 * hidden + inner
    if method.name == "ia3":
        return 11 * hidden + 2 * inner
    if method.trains_base:
        return 10 * hidden + 2 * inner
    if _is_fused(method, config):  # as above, with the inputs of all A, of which q, k and v share one
        return 10 * hidden + 2 * inner + ranks
    return 10 * hidden + 2 * inner + _count_others(method, sizes, ranks, 2 * (number == BF16))


def _count_others(method: Method, sizes: Architecture, ranks: int, casts: int) -> float:
    """What PEFT's own layers keep besides: x A'; DoRA's outputs, twice; and in bf16 the `casts` states that are cast to
    fp32 and back, and the outputs that are scaled."""
    is_low_rank = method.name in ("adalora", *FUSED_LOW_RANK)
    times = 2 if _is_dora(method) else is_low_rank and casts > 0
    outputs = times * sum(linear.outputs for linear in sizes.linear)
    return ranks * (is_low_rank or _is_dora(method)) + outputs + casts * sizes.hidden


def _kept_of_weights(method: Method, config: RunConfig, sizes: Architecture, number: int) -> float:
    """What is kept of weights whatever the batch: copies of fp32 weights in bf16, or weights that PEFT changed."""
    if method.trains_base:
        return number * sizes.linear_weights if number == BF16 else 0
    is_plain = _is_fused(method, config) or method.name in ("adalora", "ln-tuning", "bitfit", *FUSED_LOW_RANK)
    return 0 if is_plain else number * sizes.linear_weights


def _is_dora(method: Method) -> bool:
    return method.name in ("dora", "qdora")


def _is_fused(method: Method, config: RunConfig) -> bool:
    """Whether frozen layers and attention are computed by `emocore.models.fused`."""
    if method.name in FUSED_LOW_RANK:
        return not config.lora_dropout
    return method.name in ("ia3", "ln-tuning")
