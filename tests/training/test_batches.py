"""Every row is drawn once per epoch, next to rows of like length, and padded no further than its base gains by."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer, BatchEncoding

from emocore.models import lengths as base_lengths
from emocore.models.lengths import FEWER_LENGTHS
from emocore.training.batches import POOLED_BATCHES, LengthGroupedSampler, make_collator


def orders(sampler: LengthGroupedSampler, epochs: int) -> list[list[int]]:
    found = []
    for epoch in range(epochs):
        sampler.set_epoch(epoch)
        found.append(list(sampler))
    return found


@pytest.mark.parametrize(("rows", "batch_size"), [(1, 4), (3, 4), (4, 4), (97, 1), (97, 4), (1000, 16), (1000, 7)])
def test_every_row_is_drawn_once_an_epoch(rows: int, batch_size: int) -> None:
    lengths = np.random.default_rng(0).integers(3, 60, rows).tolist()
    sampler = LengthGroupedSampler(lengths, batch_size, seed=1)
    assert len(sampler) == rows
    for order in orders(sampler, epochs=3):
        assert sorted(order) == list(range(rows))


def test_the_order_comes_only_from_seed_and_epoch() -> None:
    lengths = np.random.default_rng(0).integers(3, 60, 200).tolist()
    first = orders(LengthGroupedSampler(lengths, 8, seed=1), epochs=4)
    torch.manual_seed(99)
    assert orders(LengthGroupedSampler(lengths, 8, seed=1), epochs=4) == first
    resumed = LengthGroupedSampler(lengths, 8, seed=1)
    resumed.set_epoch(3)
    assert list(resumed) == first[3]
    assert all(one != other for one, other in itertools.combinations(first, 2))
    others = orders(LengthGroupedSampler(lengths, 8, seed=2), epochs=4)
    assert all(one != other for one, other in itertools.product(first, others))


def test_batches_are_drawn_from_a_pool_as_large_as_the_run_began_with() -> None:
    lengths = np.random.default_rng(0).integers(3, 60, 2000).tolist()
    samplers = [LengthGroupedSampler(lengths, 16, seed=1, pooled_batches=pooled) for pooled in (8, POOLED_BATCHES)]
    assert list(samplers[0]) != list(samplers[1]) == list(LengthGroupedSampler(lengths, 16, seed=1))
    padded = [
        sum(16 * max(lengths[row] for row in order[i : i + 16]) for i in range(0, 2000, 16))
        for order in map(list, samplers)
    ]
    assert sum(lengths) < padded[1] < 0.95 * padded[0]


def test_batches_hold_texts_of_like_length_in_random_order() -> None:
    lengths = np.random.default_rng(0).integers(3, 100, 1000).tolist()
    order = list(LengthGroupedSampler(lengths, 10, seed=1))
    batches = [[lengths[row] for row in order[i : i + 10]] for i in range(0, 1000, 10)]
    padded = sum(max(batch) * len(batch) for batch in batches)
    assert padded < 1.2 * sum(lengths)  # a random order needs 1.8 times
    longest = [max(batch) for batch in batches]
    assert abs(np.corrcoef(longest, range(100))[0, 1]) < 0.3


def padded_length(base: Path, text: str, max_length: int) -> tuple[int, int]:
    """Tokens of a text, and of the batch that it makes with a shorter one."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForSequenceClassification.from_pretrained(base)
    rows = [tokenizer(row, truncation=True, max_length=max_length) for row in (text, "no")]
    batch: BatchEncoding = make_collator(model, tokenizer, max_length)(rows)
    return len(rows[0]["input_ids"]), batch["input_ids"].shape[1]


@pytest.mark.parametrize("words", range(1, 20))
def test_batches_of_a_small_base_have_few_lengths(tiny_bert: Path, words: int) -> None:
    longest, padded = padded_length(tiny_bert, "happy " * words, max_length=64)
    assert padded % FEWER_LENGTHS == 0
    assert longest <= padded < longest + FEWER_LENGTHS


def test_no_text_becomes_longer_than_the_longest_that_is_read(tiny_bert: Path) -> None:
    assert padded_length(tiny_bert, "happy " * 40, max_length=21) == (21, 21)


def test_batches_of_a_larger_base_are_as_long_as_their_longest_text(
    tiny_bert: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base_lengths, "SMALL_BASE", 1)
    longest, padded = padded_length(tiny_bert, "happy " * 9, max_length=64)
    assert padded == longest
