"""Sizes of a base, counted from its config alone, are those of the model."""

import json
from pathlib import Path

import pytest

from emocore.errors import BaseModelError
from emocore.models.architecture import Architecture, describe_architecture, read_architecture
from emocore.models.bases import find_base

LLAMA = Architecture(
    is_decoder=True, layers=2, hidden=8, queries=8, keys=4, heads=4, inner=16, vocabulary=100,
)  # fmt: skip
BERT = Architecture(
    is_decoder=False, layers=2, hidden=8, queries=8, keys=8, heads=4, inner=16, vocabulary=100, positions=20, types=2,
)  # fmt: skip


def test_weights_are_those_counted_by_hand() -> None:
    # q and o 8 x 8, k and v 8 x 4, three matrices 8 x 16; two norms of 8 in a block and one behind it
    assert LLAMA.linear_weights == 2 * (2 * 64 + 2 * 32 + 3 * 128)
    assert LLAMA.weights == LLAMA.linear_weights + 100 * 8 + 8 * (2 * 2 + 1)
    # four matrices 8 x 8, two 8 x 16; biases of each; two norms in a block, one behind the embeddings, with biases
    assert BERT.linear_weights == 2 * (4 * 64 + 2 * 128)
    assert BERT.weights == BERT.linear_weights + 122 * 8 + 2 * (5 * 8 + 16) + 2 * 8 * (2 * 2 + 1)


@pytest.mark.parametrize("kind", ["bert", "llama", "gemma"])
def test_weights_are_those_of_the_model(kind: str, request: pytest.FixtureRequest) -> None:
    from emocore.models.build import load_base

    folder: Path = request.getfixturevalue(f"tiny_{kind}")
    torch = pytest.importorskip("torch")
    loaded = load_base(str(folder), ("anger", "joy"), "cpu", torch.float32, quantized=False)
    head = sum(weight.numel() for weight in getattr(loaded.model, loaded.base.family.head).parameters())
    assert read_architecture(find_base(str(folder))).weights == loaded.model.num_parameters() - head


def test_layers_are_found_by_the_ends_of_their_names() -> None:
    assert [linear.name for linear in LLAMA.find_linear(["k_proj", "down_proj"])] == ["k_proj", "down_proj"]
    assert [linear.outputs for linear in BERT.find_linear(["output.dense"])] == [8, 8]  # as PEFT finds both
    assert BERT.find_linear(["proj"]) == []


def test_a_base_of_another_type_or_without_a_size_is_refused(tiny_llama: Path) -> None:
    base = find_base(str(tiny_llama))
    config = json.loads((tiny_llama / "config.json").read_text(encoding="utf-8"))
    with pytest.raises(BaseModelError, match="type 'gpt2', whose sizes are not known"):
        describe_architecture(base, config | {"model_type": "gpt2"})
    del config["intermediate_size"]
    with pytest.raises(BaseModelError, match="a size is missing"):
        describe_architecture(base, config)
