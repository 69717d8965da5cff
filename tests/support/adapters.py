"""The description of an adapter, and the refusal of a damaged one."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from emocore.errors import AdapterError
from emocore.models.adapter import AdapterInfo

if TYPE_CHECKING:
    from emocore.models.classifier import BaseStore


def make_info(labels: Sequence[str] = ("anger", "joy"), **changes: Any) -> AdapterInfo:
    fields = {
        "run_id": "20240101-000000-tfidf-none-0000",
        "method": "tfidf",
        "base": "none",
        "base_revision": None,
        "labels": list(labels),
        "thresholds": dict.fromkeys(labels, 0.5),
        "max_length": 128,
        "precision": "fp32",
        "quantized": False,
    }
    return AdapterInfo(**fields | changes)


def refuse(folder: Path, words: str = ".", bases: "BaseStore | None" = None) -> None:
    """Loading or answering must raise at once an AdapterError of one line that names the folder and has the words."""
    from emocore.models.classifier import BaseStore, load_classifier  # with PyTorch, which not every test needs

    began = time.monotonic()
    with pytest.raises(AdapterError, match=words) as caught:
        load_classifier(folder, bases or BaseStore()).logits(["so happy today"])
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 1000
    assert time.monotonic() - began < 10
