"""The short form of benchmarks/training.py without the tuned script, which that of benchmarks/study.py runs.

`make bench` runs the long form.
"""

from pathlib import Path

import pytest
from torch.utils.data import DataLoader

from benchmarks.timing.work import count_padded_tokens, linear_shapes
from emocore.models.bases import BASES
from emocore.training.batches import LengthGroupedSampler
from tests.support.speed import TEXTS, measure

LONGEST = 128


@pytest.mark.long
def test_both_sides_train_on_the_same_texts_and_are_measured(tmp_path: Path) -> None:
    lines, figures = measure("training", tmp_path, "--sides=usual,emocore")
    assert figures["texts"] == TEXTS
    [measured] = figures["rounds"]
    work = measured.pop("work")
    assert list(measured) == ["usual", "emocore"]
    assert measured["usual"]["tokens"] == TEXTS["train"] * LONGEST
    assert measured["emocore"]["tokens"] == work["emocore_tokens"] < measured["usual"]["tokens"] / 2
    for side, outcome in measured.items():
        assert 0 < outcome["train_seconds"] < outcome["stored_seconds"] < outcome["process_seconds"] + 0.1
        assert outcome["peak_memory_bytes"] > 10**8
        [row] = [line for line in lines if line[0] == side]
        assert float(row[1]) == pytest.approx(TEXTS["train"] / outcome["train_seconds"], abs=0.06)
        rate = work["flop_per_token"] * outcome["tokens"] / outcome["train_seconds"]
        assert float(row[2]) == pytest.approx(rate / 1e9, abs=0.06)
        assert float(row[3].rstrip("%")) == pytest.approx(100 * rate / work["rates"][outcome["precision"]], abs=0.6)
    [ratio] = figures["ratios"]["emocore/usual"]["samples/s"]
    assert ratio == pytest.approx(measured["usual"]["train_seconds"] / measured["emocore"]["train_seconds"])
    assert ["emocore/usual", f"{ratio:.2f}"] in [line[:2] for line in lines]


def test_padded_tokens_are_those_of_the_batches() -> None:
    lengths, batch_size, seed = [3, 9, 4, 4, 12, 5, 7], 2, 5
    sampler = LengthGroupedSampler(lengths, batch_size, seed)
    total = 0
    for epoch in (0, 1):
        sampler.set_epoch(epoch)
        for batch in DataLoader(range(len(lengths)), batch_size, sampler=sampler, collate_fn=list):
            total += len(batch) * max(lengths[row] for row in batch)
    assert count_padded_tokens(lengths, batch_size, seed, epochs=2) == total


@pytest.mark.parametrize(
    ("base", "layers", "hidden", "narrow", "wide"),
    [("minilm-l6", 6, 384, 384, 1536), ("smollm2-135m", 30, 576, 192, 1536)],
)
def test_the_linear_layers_are_those_of_the_blocks(base: str, layers: int, hidden: int, narrow: int, wide: int) -> None:
    """`narrow` is the width of keys and values."""
    shapes = linear_shapes(BASES[base])
    attention = 2 * hidden * hidden + 2 * narrow * hidden
    feedforward = (3 if base == "smollm2-135m" else 2) * wide * hidden
    assert sum(rows * columns * count for (rows, columns), count in shapes.items()) == layers * (
        attention + feedforward
    )
