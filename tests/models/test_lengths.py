"""Tokens are counted as a run's tokenizer cuts them, without a model."""

import subprocess
import sys

import pytest

from emocore.errors import BaseModelError
from emocore.models import lengths
from emocore.models.bases import BASES
from emocore.models.bundled import bundled_folder
from emocore.models.lengths import BUNDLED, count_tokens

TEXTS = ["so happy today", "I can't believe it 😀", "word " * 700, "ünïcode, 中文"]


@pytest.mark.parametrize("base", BUNDLED)
def test_counts_are_those_of_the_tokenizer_that_trains(base: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(str(bundled_folder(BASES[base])))
    expected = [len(ids) for ids in tokenizer(TEXTS)["input_ids"]]
    assert count_tokens(base, TEXTS).tolist() == expected
    assert expected[2] > 600, "it is not cut"


def test_more_texts_than_are_encoded_at_once_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = count_tokens("minilm-l6", TEXTS)
    monkeypatch.setattr(lengths, "TEXTS_AT_ONCE", 3)
    assert count_tokens("minilm-l6", TEXTS).tolist() == whole.tolist()
    assert count_tokens("minilm-l6", []).tolist() == []


def test_a_tokenizer_that_cannot_be_read_is_told_in_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lengths, "TOKENIZER_FILE", "config.json")
    with pytest.raises(BaseModelError, match=r"base 'minilm-l6': its config\.json cannot be read .*--install"):
        count_tokens("minilm-l6", TEXTS)


def test_counting_loads_neither_torch_nor_transformers() -> None:
    code = (
        "import sys; from emocore.models.lengths import count_tokens; count_tokens('minilm-l6', ['a']);"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
