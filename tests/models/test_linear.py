"""A TF-IDF classifier answers text by text, answers the same after a reload, and stores no pickle."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emocore.errors import AdapterError
from emocore.models.adapter import UNSAFE_SUFFIXES, adapter_bytes, read_info, write_info
from emocore.models.linear import VOCABULARY_FILE, WEIGHTS_FILE, LinearClassifier
from emocore.run.config import RunConfig
from emocore.training.tfidf import fit
from tests.support.adapters import make_info
from tests.support.tables import LABELS, make_table

TEXTS = ["so much anger", "joy and fear", "nothing at all", "", "ünïcode 😂", "message message"]


@pytest.fixture(scope="module")
def trained() -> LinearClassifier:
    return fit(
        make_table(200, seed=0).rename(columns={"ID": "row_id", "Tweet": "text"}), RunConfig(), make_info(LABELS)
    )


@pytest.fixture
def folder(trained: LinearClassifier, tmp_path: Path) -> Path:
    trained.save(tmp_path / "adapter")
    write_info(tmp_path / "adapter", trained.info)
    return tmp_path / "adapter"


def test_logits_are_one_row_a_text_and_one_column_a_label(trained: LinearClassifier) -> None:
    logits = trained.logits(TEXTS)
    assert (logits.shape, logits.dtype) == ((len(TEXTS), len(LABELS)), np.float32)
    assert np.isfinite(logits).all()


def test_a_text_gets_the_same_answer_by_itself_and_among_others(trained: LinearClassifier) -> None:
    together = trained.logits(TEXTS)
    alone = np.concatenate([trained.logits([text]) for text in TEXTS])
    np.testing.assert_array_equal(together, alone)


def test_a_reloaded_classifier_answers_the_same(trained: LinearClassifier, folder: Path) -> None:
    reloaded = LinearClassifier.load(folder, read_info(folder))
    assert reloaded.info == trained.info
    np.testing.assert_array_equal(reloaded.logits(TEXTS), trained.logits(TEXTS))


def test_the_folder_holds_plain_data_only(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} == {VOCABULARY_FILE, WEIGHTS_FILE, "emocore.json"}
    assert not [path for path in folder.iterdir() if path.suffix in UNSAFE_SUFFIXES]
    assert adapter_bytes(folder) == (folder / WEIGHTS_FILE).stat().st_size
    words, runs = json.loads((folder / VOCABULARY_FILE).read_text(encoding="utf-8"))
    assert "so much" in words
    assert all(2 <= len(run) <= 5 for run in runs)


def edit_weights(folder: Path, change: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]) -> None:
    save_file(change(load_file(folder / WEIGHTS_FILE)), folder / WEIGHTS_FILE)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no vocabulary": lambda folder: (folder / VOCABULARY_FILE).unlink(),
    "no weights": lambda folder: (folder / WEIGHTS_FILE).unlink(),
    "weights cut": lambda folder: os.truncate(folder / WEIGHTS_FILE, 1000),
    "broken vocabulary": lambda folder: (folder / VOCABULARY_FILE).write_text("[{", encoding="utf-8"),
    "other words": lambda folder: (folder / VOCABULARY_FILE).write_text('[{"a": 0}, {"b": 0}]', encoding="utf-8"),
    "empty vocabulary": lambda folder: os.truncate(folder / VOCABULARY_FILE, 0),
    "short weights": lambda folder: edit_weights(folder, lambda old: old | {"weights": old["weights"][:-5].copy()}),
    "no intercept": lambda folder: edit_weights(folder, lambda old: {n: old[n] for n in old if n != "intercept"}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_folder_is_refused_by_name(folder: Path, damage: str) -> None:
    DAMAGES[damage](folder)
    with pytest.raises(AdapterError) as caught:
        LinearClassifier.load(folder, make_info(LABELS))
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("labels", [LABELS[:-1], (*LABELS, "pride")])
def test_weights_of_other_labels_are_refused(folder: Path, labels: tuple[str, ...]) -> None:
    with pytest.raises(AdapterError, match=r"where .* belong"):
        LinearClassifier.load(folder, make_info(labels))
