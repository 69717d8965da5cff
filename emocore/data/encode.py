"""Texts and labels -> tokenised `datasets.DatasetDict`."""

from typing import TYPE_CHECKING, Any

import numpy as np

from emocore.data.split import Splits
from emocore.errors import DataError

if TYPE_CHECKING:
    from datasets import DatasetDict

MOST_TOKENS = 1_000_000


def encode_splits(splits: Splits, tokenizer: Any, max_length: int) -> "DatasetDict":
    """Columns `row_id` (str), `input_ids`, `attention_mask` (lists of int, not padded), `length` (tokens)
    and `labels` (float32, one per label, as the multi-label loss needs them)."""
    from datasets import Dataset, DatasetDict

    return DatasetDict(
        {
            name: Dataset.from_dict(
                {
                    "row_id": frame["row_id"].tolist(),
                    **encode_texts(frame["text"].tolist(), tokenizer, max_length),
                    "labels": frame[list(splits.labels)].to_numpy(dtype=np.float32),
                }
            )
            for name, frame in splits.frames.items()
        }
    )


def count_tokens(splits: Splits, encoded: "DatasetDict", tokenizer: Any, max_length: int) -> dict[str, np.ndarray]:
    """(texts,) by split: the tokens of each text without the cut. Only texts that reach the cut are read again."""
    counts = {name: np.array(part["length"]) for name, part in encoded.items()}
    for name, own in counts.items():
        places = np.flatnonzero(own >= max_length)
        texts = splits.frames[name]["text"].iloc[places].tolist()
        whole = tokenizer(texts, truncation=False, verbose=False)["input_ids"] if texts else []
        own[places] = [len(ids) for ids in whole]
    return counts


def encode_texts(texts: list[str], tokenizer: Any, max_length: int) -> dict[str, list[Any]]:
    """`input_ids`, `attention_mask` and `length` of each text, cut at `max_length` tokens. Raises DataError for a
    length that tokenizers do not accept."""
    if not 1 <= max_length <= MOST_TOKENS:
        raise DataError(f"max_length is {max_length}; a text can be cut at 1 to {MOST_TOKENS:,} tokens")
    encoded = tokenizer(texts, truncation=True, max_length=max_length, padding=False)
    return {
        "input_ids": encoded["input_ids"],
        "attention_mask": encoded["attention_mask"],
        "length": [len(ids) for ids in encoded["input_ids"]],
    }
