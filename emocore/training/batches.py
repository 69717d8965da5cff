"""Which texts make a batch, and how far they are padded.

A batch holds texts of similar length, drawn only from seed and epoch, so that a resumed run draws the same.
"""

from collections.abc import Iterator
from typing import Any

import torch
import transformers
from torch.utils.data import Sampler

from emocore.models.lengths import padding_multiple

POOLED_BATCHES = 32  # drawn together and sorted by length: random batches in which 4 % of the tokens of tweets pad


class LengthGroupedSampler(Sampler[int]):
    """Every row once per epoch, next to rows of similar length, shuffled only by (seed, epoch)."""

    def __init__(self, lengths: list[int], batch_size: int, seed: int, pooled_batches: int = POOLED_BATCHES) -> None:
        self._lengths = lengths
        self._batch_size = batch_size
        self._pooled_rows = batch_size * pooled_batches
        self._seed = seed
        self._epoch = 0

    def __len__(self) -> int:
        return len(self._lengths)

    def set_epoch(self, epoch: int) -> None:
        self._epoch = epoch

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed * 100_003 + self._epoch)
        order = torch.randperm(len(self), generator=generator).tolist()
        batches = []
        for start in range(0, len(order), self._pooled_rows):
            rows = sorted(order[start : start + self._pooled_rows], key=lambda row: -self._lengths[row])
            batches += [rows[i : i + self._batch_size] for i in range(0, len(rows), self._batch_size)]
        # The short batch comes last, because batches are cut from this sequence by count.
        full = [batch for batch in batches if len(batch) == self._batch_size]
        short = [batch for batch in batches if len(batch) < self._batch_size]
        for index in torch.randperm(len(full), generator=generator).tolist():
            yield from full[index]
        for batch in short:
            yield from batch


def make_collator(
    base: transformers.PreTrainedModel, tokenizer: Any, max_length: int
) -> transformers.DataCollatorWithPadding:
    """Batches are padded to their longest text and, on a small base, on to a multiple of some tokens."""
    multiple = padding_multiple(base.num_parameters(), max_length)
    return transformers.DataCollatorWithPadding(tokenizer, pad_to_multiple_of=multiple)
