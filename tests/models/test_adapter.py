"""The adapter folder: what it must contain, and a clear message if it does not."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from emocore.errors import EmocoreError
from emocore.models.adapter import INFO_FILE, adapter_bytes, read_info, write_info
from emocore.models.classifier import BaseStore, load_classifier
from tests.support.adapters import make_info, refuse
from tests.support.records import edit_json

WEIGHTS, PEFT_FILE = "adapter_model.safetensors", "adapter_config.json"


def drop_weights(file: Path, word: str) -> None:
    """Leave out the tensors whose names contain the word."""
    save_file({name: tensor for name, tensor in load_file(file).items() if word not in name}, file)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    info = make_info(thresholds={"anger": 0.5, "joy": 0.4})
    (tmp_path / WEIGHTS).write_bytes(b"12345")
    write_info(tmp_path, info)
    assert read_info(tmp_path) == info
    assert adapter_bytes(tmp_path) == 5


def test_no_folder_at_all(tmp_path: Path) -> None:
    refuse(tmp_path / "nowhere", "no such adapter folder; the run has not finished")


DAMAGES: dict[str, tuple[str, Callable[[Path], object]]] = {
    "no info": (rf"{INFO_FILE} is missing.*train it again", lambda adapter: (adapter / INFO_FILE).unlink()),
    "no weights": (r"its \.safetensors file is missing", lambda adapter: (adapter / WEIGHTS).unlink()),
    "no settings of PEFT": (r"adapter_config\.json", lambda adapter: (adapter / PEFT_FILE).unlink()),
    "info of another version": (INFO_FILE, lambda adapter: edit_json(adapter / INFO_FILE, something_new=1)),
    "other thresholds": ("threshold", lambda adapter: edit_json(adapter / INFO_FILE, thresholds={"anger": 0.5})),
    "labels that are not those of the head": (
        ".",
        lambda adapter: edit_json(adapter / INFO_FILE, labels=["joy"], thresholds={"joy": 0.5}),
    ),
    "weights cut off": (".", lambda adapter: os.truncate(adapter / WEIGHTS, (adapter / WEIGHTS).stat().st_size - 100)),
    "no head, so that it would answer at random": (".", lambda adapter: drop_weights(adapter / WEIGHTS, "score")),
    "a layer less": (".", lambda adapter: drop_weights(adapter / WEIGHTS, "layers.1.self_attn.q_proj")),
}


# PEFT warns and goes on; it is for us to refuse.
@pytest.mark.filterwarnings("ignore:Found missing adapter keys:UserWarning")
@pytest.mark.parametrize("damage", DAMAGES)
def test_an_adapter_that_is_not_whole_is_refused(adapter: Path, damage: str) -> None:
    words, apply = DAMAGES[damage]
    apply(adapter)
    refuse(adapter, words)


UNREADABLE = {
    INFO_FILE: [b"", b"{", b"[]", b"\xff\xfe", b'{"run_id": "x"}'],
    WEIGHTS: [b"", b"not weights at all", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "],
    PEFT_FILE: [b"{", b"{}", b'{"peft_type": "SOMETHING"}'],
}


@pytest.mark.parametrize(("name", "content"), [(name, content) for name in UNREADABLE for content in UNREADABLE[name]])
def test_a_file_that_is_not_readable_is_refused(adapter: Path, name: str, content: bytes) -> None:
    (adapter / name).write_bytes(content)
    refuse(adapter, rf"{INFO_FILE}: not readable as adapter info" if name == INFO_FILE else ".")


@pytest.mark.parametrize("base", ["tiny_gemma", "tiny_bert"], ids=["another width", "another kind"])
def test_an_adapter_of_another_base_does_not_fit(adapter: Path, base: str, request: pytest.FixtureRequest) -> None:
    edit_json(adapter / INFO_FILE, base=str(request.getfixturevalue(base)))
    refuse(adapter, "does not fit")


def test_an_adapter_of_a_deeper_base_does_not_fit(adapter: Path, tiny_llama: Path, tmp_path: Path) -> None:
    """Every tensor fits in its shape, but some have no place in a base with a layer less."""
    shallow = Path(shutil.copytree(tiny_llama, tmp_path / "shallow"))
    edit_json(shallow / "config.json", num_hidden_layers=1)
    drop_weights(shallow / "model.safetensors", "layers.1.")
    edit_json(adapter / INFO_FILE, base=str(shallow))
    refuse(adapter)


def test_a_base_that_is_gone_is_named(adapter: Path) -> None:
    edit_json(adapter / INFO_FILE, base="/nowhere/at/all")
    with pytest.raises(EmocoreError, match="/nowhere/at/all"):
        load_classifier(adapter, BaseStore())
