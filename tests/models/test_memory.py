"""The arithmetic of the memory forecast: against numbers counted by hand, and against what torch keeps."""

from pathlib import Path

import pytest

from emocore.models.architecture import read_architecture
from emocore.models.bases import Base, find_base
from emocore.models.memory import (
    OVERHEAD,
    PROCESS_BYTES,
    WORKING_BYTES,
    Memory,
    count_trained,
    forecast_memory,
    kept_per_token,
)
from emocore.models.methods.catalogue import find_method
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.models.test_architecture import LLAMA

LABELS = ("anger", "joy", "love")
BASE = find_base("smollm2-135m")


def forecast(base: Base = BASE, device: str = "cpu", **settings: object) -> Memory:
    config = resolve(RunConfig(**settings))[0]  # type: ignore[arg-type]
    return forecast_memory(config, base, LLAMA, 10, device, "bf16", 3, 1_000)


def test_lora_is_as_counted_by_hand() -> None:
    memory = forecast(lora_rank=2, batch_size=4)
    # A and B of each layer have rank times inputs + outputs numbers, and the head three times 8.
    numbers = 2 * 2 * (2 * (8 + 8) + 2 * (8 + 4) + 3 * (8 + 16)) + 3 * 8
    assert memory.trained == 16 * numbers
    assert memory.weights == 2 * LLAMA.weights
    # Norms and inputs of A 4 x 8, queries and result 2 x 8, keys and values 2 x 4, unit 3 x 16, x A' 7 x 2, scores
    token = 2 * (4 * 8 + 2 * 8 + 2 * 4 + 3 * 16 + 7 * 2 + 4 * 10)
    assert memory.activations == round(OVERHEAD * 4 * 10 * 2 * token) + WORKING_BYTES
    assert memory.loading == 1_000 + 2 * LLAMA.weights
    assert memory.peak == PROCESS_BYTES + memory.weights + memory.trained + memory.activations


def test_full_fine_tuning_takes_16_bytes_of_each_weight() -> None:
    memory = forecast(method="full")
    assert (memory.weights, memory.trained) == (0, 16 * (LLAMA.weights + 3 * 8))


def test_what_takes_less() -> None:
    usual = forecast(batch_size=64)
    assert forecast(batch_size=32).peak < usual.peak
    assert forecast(batch_size=64, gradient_checkpointing=True).activations < usual.activations
    in_four, in_eight = (forecast(method=method).weights for method in ("qlora", "lora-8bit"))
    assert in_eight - in_four == pytest.approx(0.484 * LLAMA.linear_weights, abs=1)
    on_gpu = forecast(batch_size=64, device="cuda")
    assert (on_gpu.process, on_gpu.loading < usual.loading, on_gpu.activations < usual.activations) == (0, True, True)


def test_a_base_that_is_large_on_disk_peaks_while_it_is_read() -> None:
    config = resolve(RunConfig())[0]
    memory = forecast_memory(config, BASE, LLAMA, 10, "cpu", "bf16", 3, 10**9)
    assert memory.peak == PROCESS_BYTES + 10**9 + 2 * LLAMA.weights


METHODS = ("lora", "dora", "adalora", "ia3", "qlora", "ln-tuning", "full", "loha")


@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_trained_numbers_and_kept_activations_are_those_of_torch(kind: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(f"tiny_{kind}")
    base, sizes = find_base(str(folder)), read_architecture(find_base(str(folder)))
    for method in METHODS:
        config = resolve(RunConfig(method=method, base=str(folder), lora_rank=8))[0]
        trained, kept = observe(config)
        assert count_trained(config, base, sizes, len(LABELS)) == trained, method
        expected = kept_per_token(find_method(method), config, sizes, 4, 32, "cpu")
        assert kept / sizes.layers == pytest.approx(expected, rel=0.1), method


def observe(config: RunConfig) -> tuple[int, float]:
    """The trained numbers of a model in fp32, and the bytes that autograd keeps of each token of texts of 32."""
    import torch

    from emocore.models.build import build_model

    model, _ = build_model(config, LABELS, "cpu", "fp32")
    model.train()
    own = {weight.untyped_storage().data_ptr() for weight in [*model.parameters(), *model.buffers()]}
    sums = []
    for texts in (2, 4):  # the difference is without what does not grow with the batch
        kept: dict[int, torch.Tensor] = {}

        def keep(tensor: torch.Tensor, kept: dict[int, torch.Tensor] = kept) -> torch.Tensor:
            if tensor.untyped_storage().data_ptr() not in own:
                kept[tensor.untyped_storage().data_ptr()] = tensor
            return tensor

        tokens = torch.randint(5, 500, (texts, 32))
        with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
            model(input_ids=tokens, attention_mask=torch.ones_like(tokens))
        sums.append(sum(tensor.untyped_storage().nbytes() for tensor in kept.values()))
    return sum(p.numel() for p in model.parameters() if p.requires_grad), (sums[1] - sums[0]) / (2 * 32)
