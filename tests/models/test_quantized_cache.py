"""A base is quantised once; what is read from the cache is the same to the last bit."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from emocore.models.build import load_base
from emocore.models.quantized_cache import FILE, QuantizedCache

LABELS = ("joy", "fear", "anger")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "quantized"


@pytest.fixture
def quantised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the heads with which bases were quantised and stored."""
    stored: list[str] = []
    add = QuantizedCache.add

    def count(self: QuantizedCache, model: torch.nn.Module, head: str) -> None:
        stored.append(head)
        add(self, model, head)

    monkeypatch.setattr(QuantizedCache, "add", count)
    yield stored


def load(base: Path, dtype: torch.dtype = torch.bfloat16, labels: tuple[str, ...] = LABELS) -> torch.nn.Module:
    torch.manual_seed(7)
    return load_base(str(base), labels, "cpu", dtype, quantized=True).model


def assert_equal(first: torch.nn.Module, second: torch.nn.Module) -> None:
    ours, theirs = first.state_dict(), second.state_dict()
    assert ours.keys() == theirs.keys()
    for name, weight in ours.items():
        assert weight.dtype == theirs[name].dtype and torch.equal(weight, theirs[name]), name


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=str)
def test_a_base_is_quantised_once_and_has_the_same_bits_and_head(
    tiny_bert: Path, tiny_llama: Path, cache: Path, quantised: list[str], dtype: torch.dtype
) -> None:
    for base in (tiny_bert, tiny_llama):
        first = load(base, dtype)
        assert_equal(first, load(base, dtype))
        ids = torch.tensor([[5, 6, 7]])
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            answers = [model.eval()(input_ids=ids).logits for model in (first, load(base, dtype))]
        assert torch.equal(*answers)
    assert quantised == ["classifier", "score"]
    assert len(list(cache.glob(f"*/*/{FILE}"))) == 2


def test_a_head_for_other_labels_needs_no_other_weights(tiny_llama: Path, cache: Path, quantised: list[str]) -> None:
    load(tiny_llama)
    assert load(tiny_llama, labels=("a", "b")).score.out_features == 2
    assert len(quantised) == 1


def test_weights_rounded_otherwise_and_a_changed_base_are_quantised_anew(
    tiny_bert: Path, tmp_path: Path, cache: Path, quantised: list[str]
) -> None:
    base = Path(shutil.copytree(tiny_bert, tmp_path / "base"))
    load(base)
    load(base, torch.float32)
    assert len(quantised) == 2
    (base / "model.safetensors").touch()
    load(base)
    assert len(quantised) == 3


@pytest.mark.parametrize("damage", ["cut", "changed"])
def test_a_damaged_file_is_made_again(tiny_bert: Path, cache: Path, quantised: list[str], damage: str) -> None:
    first = load(tiny_bert)
    [file] = cache.glob(f"*/*/{FILE}")
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content[:-100] if damage == "cut" else content)
    assert_equal(first, load(tiny_bert))
    assert len(quantised) == 2
    assert_equal(first, load(tiny_bert))
    assert len(quantised) == 2


def test_where_nothing_can_be_stored_the_base_is_quantised_each_time(
    tiny_bert: Path, cache: Path, quantised: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    cache.parent.mkdir()
    cache.write_text("a file in the way", encoding="utf-8")
    caplog.set_level("INFO")
    assert_equal(load(tiny_bert), load(tiny_bert))
    assert len(quantised) == 2
    assert "could not be stored" in caplog.text
