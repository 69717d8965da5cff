"""Texts are cut where the run says, the cut ones are known, and an impossible length is refused."""

from pathlib import Path

import pytest
from transformers import AutoTokenizer

from emocore.data.checks.lengths import check_lengths
from emocore.data.encode import count_tokens, encode_splits, encode_texts
from emocore.data.split import load_splits
from emocore.errors import DataError
from emocore.run.config import RunConfig


@pytest.mark.parametrize("length", [-1, 0, 10**30])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    with pytest.raises(DataError, match=f"max_length is {length}; a text can be cut at 1 to 1,000,000 tokens"):
        encode_texts(["text"], None, length)


def test_tokens_are_counted_without_the_cut(tiny_bert: Path, small_csv: Path) -> None:
    splits = load_splits(RunConfig(data=str(small_csv)))
    tokenizer = AutoTokenizer.from_pretrained(tiny_bert)
    whole = {
        name: [len(ids) for ids in tokenizer(frame["text"].tolist())["input_ids"]]
        for name, frame in splits.frames.items()
    }
    cut = max(whole["train"]) - 1
    counts = count_tokens(splits, encode_splits(splits, tokenizer, cut), tokenizer, cut)
    assert {name: own.tolist() for name, own in counts.items()} == whole
    [finding] = [one for one in check_lengths(splits.frames, counts, cut) if one.splits == ("train",)]
    assert finding.count == sum(length > cut for length in whole["train"]) >= 1
    told = splits.describe(finding)
    assert told.startswith("small.csv, training split: ")
    assert f"more than {cut} tokens, and the rest is not read" in told
