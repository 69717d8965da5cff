"""The adapter folder: what it must hold, and a clear word about one that does not."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emocore.errors import AdapterError, EmocoreError
from emocore.models.adapter import INFO_FILE, UNSAFE_SUFFIXES, AdapterInfo, adapter_bytes, read_info, write_info
from emocore.models.classifier import BaseStore, load_classifier
from emocore.run.folder import RunFolder

WEIGHTS = "adapter_model.safetensors"


@pytest.fixture
def adapter(finished_runs: dict[str, RunFolder], tmp_path: Path) -> Path:
    """A copy of a good LoRA adapter, to be broken."""
    return Path(shutil.copytree(finished_runs["lora"].adapter, tmp_path / "adapter"))


@pytest.fixture
def tfidf_adapter(finished_runs: dict[str, RunFolder], tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_runs["tfidf"].adapter, tmp_path / "tfidf-adapter"))


def refuse(folder: Path, words: str | None = None) -> None:
    """Loading must end in an AdapterError of one line that names the folder and has the words in it."""
    with pytest.raises(AdapterError, match=words) as caught:
        load_classifier(folder, BaseStore())
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def edit_json(file: Path, **changes: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


def edit_weights(file: Path, drop: str = "", cut: str = "") -> None:
    """Leave out the tensors, or the last rows of the tensors, whose names contain the word."""
    tensors = {name: tensor for name, tensor in load_file(file).items() if not drop or drop not in name}
    save_file({n: np.ascontiguousarray(t[:-1]) if cut and cut in n else t for n, t in tensors.items()}, file)


def test_what_was_written_is_read(tmp_path: Path) -> None:
    info = AdapterInfo(
        run_id="run",
        method="lora",
        base="minilm-l6",
        base_revision=None,
        labels=["anger", "joy"],
        thresholds={"anger": 0.5, "joy": 0.4},
        max_length=64,
        precision="fp32",
        quantized=False,
    )
    (tmp_path / WEIGHTS).write_bytes(b"12345")
    write_info(tmp_path, info)
    assert read_info(tmp_path) == info
    assert adapter_bytes(tmp_path) == 5


def test_no_folder_at_all(tmp_path: Path) -> None:
    refuse(tmp_path / "nowhere", "no such adapter folder")


def test_an_adapter_without_its_info_is_not_complete(adapter: Path) -> None:
    (adapter / INFO_FILE).unlink()
    refuse(adapter, rf"{INFO_FILE} is missing.*train it again")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"run_id": "x"}'])
def test_info_that_is_not_readable(adapter: Path, content: bytes) -> None:
    (adapter / INFO_FILE).write_bytes(content)
    refuse(adapter, INFO_FILE)


def test_info_of_another_version(adapter: Path) -> None:
    edit_json(adapter / INFO_FILE, something_new=1)
    refuse(adapter, INFO_FILE)


def test_no_weights(adapter: Path) -> None:
    (adapter / WEIGHTS).unlink()
    refuse(adapter, "safetensors")


@pytest.mark.parametrize("suffix", UNSAFE_SUFFIXES)
def test_a_pickle_is_refused_even_beside_good_weights(adapter: Path, suffix: str) -> None:
    (adapter / f"adapter_model{suffix}").write_bytes(b"cos\nsystem\n")
    refuse(adapter, f"adapter_model{suffix}.*pickle")


@pytest.mark.parametrize("content", [b"", b"not weights at all", b"\x08\x00\x00\x00\x00\x00\x00\x00{}      "])
def test_weights_that_are_not_safetensors(adapter: Path, content: bytes) -> None:
    (adapter / WEIGHTS).write_bytes(content)
    refuse(adapter)


def test_weights_that_were_cut_off(adapter: Path) -> None:
    (adapter / WEIGHTS).write_bytes((adapter / WEIGHTS).read_bytes()[:-100])
    refuse(adapter)


def test_a_missing_adapter_config_is_named(adapter: Path) -> None:
    (adapter / "adapter_config.json").unlink()
    refuse(adapter, r"adapter_config\.json")


@pytest.mark.parametrize("content", ["{", "{}", '{"peft_type": "SOMETHING"}'])
def test_a_broken_adapter_config(adapter: Path, content: str) -> None:
    (adapter / "adapter_config.json").write_text(content, encoding="utf-8")
    refuse(adapter)


def test_an_adapter_of_another_width_does_not_fit(adapter: Path, tiny_gemma: Path) -> None:
    edit_json(adapter / INFO_FILE, base=str(tiny_gemma))
    refuse(adapter, "does not fit")


def test_an_adapter_of_another_kind_of_base_does_not_fit(adapter: Path, tiny_bert: Path) -> None:
    edit_json(adapter / INFO_FILE, base=str(tiny_bert))
    refuse(adapter, "does not fit")


def test_labels_that_are_not_those_of_the_head(adapter: Path) -> None:
    edit_json(adapter / INFO_FILE, labels=["anger", "joy"], thresholds={"anger": 0.5, "joy": 0.5})
    refuse(adapter)


def test_labels_and_thresholds_that_are_not_of_the_same_names(adapter: Path) -> None:
    edit_json(adapter / INFO_FILE, thresholds={"anger": 0.5})
    refuse(adapter, "threshold")


def test_an_adapter_without_its_head_would_answer_at_random(adapter: Path) -> None:
    edit_weights(adapter / WEIGHTS, drop="score")
    refuse(adapter)


# PEFT warns and goes on; it is for us to refuse.
@pytest.mark.filterwarnings("ignore:Found missing adapter keys:UserWarning")
def test_an_adapter_that_lacks_a_layer_would_answer_otherwise(adapter: Path) -> None:
    edit_weights(adapter / WEIGHTS, drop="layers.1.self_attn.q_proj")
    refuse(adapter)


def test_an_adapter_of_a_deeper_base_does_not_fit(adapter: Path, tiny_llama: Path, tmp_path: Path) -> None:
    """Every tensor fits in its shape, but some have no place in a base with a layer less."""
    shallow = Path(shutil.copytree(tiny_llama, tmp_path / "shallow"))
    edit_json(shallow / "config.json", num_hidden_layers=1)
    edit_weights(shallow / "model.safetensors", drop="layers.1.")
    edit_json(adapter / INFO_FILE, base=str(shallow))
    refuse(adapter)


def test_a_base_that_is_gone_is_named(adapter: Path) -> None:
    edit_json(adapter / INFO_FILE, base="/nowhere/at/all")
    with pytest.raises(EmocoreError, match="/nowhere/at/all"):
        load_classifier(adapter, BaseStore())


@pytest.mark.parametrize("content", [b"", b"[]", b'[{"a": 0}, {"b": 0}]', b"{}"])
def test_a_broken_tfidf_vocabulary(tfidf_adapter: Path, content: bytes) -> None:
    (tfidf_adapter / "tfidf.json").write_bytes(content)
    refuse(tfidf_adapter)


def test_tfidf_weights_that_do_not_fit_the_vocabulary(tfidf_adapter: Path) -> None:
    edit_weights(tfidf_adapter / "tfidf.safetensors", cut="weights")
    refuse(tfidf_adapter)


def test_tfidf_weights_that_do_not_fit_the_labels(tfidf_adapter: Path) -> None:
    edit_json(tfidf_adapter / INFO_FILE, labels=["anger", "joy"], thresholds={"anger": 0.5, "joy": 0.5})
    refuse(tfidf_adapter)
