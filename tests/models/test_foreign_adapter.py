"""An adapter from somebody else: if its settings are out of bounds, it is refused at once in one line."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from emocore.errors import AdapterError
from emocore.models.adapter import INFO_FILE, UNSAFE_SUFFIXES
from emocore.models.classifier import BaseStore, load_classifier
from emocore.models.peft_config import check_adapter_config
from emocore.run.folder import RunFolder
from tests.conftest import SMALL_LABELS
from tests.support.adapters import refuse
from tests.support.damaged_folders import IN_PLACE, IN_PLACE_OF_FILES, Damage, put_bytes
from tests.support.records import edit_json

WEIGHTS, PEFT_FILE = "adapter_model.safetensors", "adapter_config.json"
# Both would be tried on a layer's name for longer than anybody waits.
SLOW = r"^(([a-z_])+.)+[A-Z]([a-z_])+$"
SLOWER = "(.*.*.*.*.*.*.*.*)*x"


@pytest.fixture(scope="module")
def bases() -> BaseStore:
    """Kept over those tests in which no base is needed for long."""
    return BaseStore()


def spoil(file: Path, name: str, value: float) -> None:
    """One number of the first tensor whose name contains `name`."""
    tensors = load_file(file)
    key = next(key for key in tensors if name in key)
    tensors[key].ravel()[0] = value
    save_file(tensors, file)


@pytest.mark.parametrize("threshold", [float("nan"), float("inf"), -1, 0, 1, 2, "half", None])
def test_a_threshold_that_is_no_probability_is_refused(adapter: Path, bases: BaseStore, threshold: Any) -> None:
    edit_json(adapter / INFO_FILE, thresholds=dict.fromkeys(SMALL_LABELS, 0.5) | {"joy": threshold})
    refuse(adapter, rf"{INFO_FILE}: .*thresholds\.joy", bases)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"labels": ["joy"] * 11, "thresholds": {"joy": 0.5}}, "labels has the same emotion twice"),
        ({"labels": [], "thresholds": {}}, "labels"),
        ({"labels": [""], "thresholds": {"": 0.5}}, "labels"),
        ({"labels": ["a" * 2000], "thresholds": {"a" * 2000: 0.5}}, "labels"),
        ({"labels": [str(i) for i in range(20_000)], "thresholds": {}}, "labels"),
        ({"max_length": 0}, "max_length"),
        ({"max_length": -1}, "max_length"),
        ({"max_length": 10**30}, "max_length"),
        ({"max_length": 8193}, "max_length"),
        ({"base": "a" * 10_000}, "base"),
        ({"base": ""}, "base"),
        ({"run_id": "a" * 10_000}, "run_id"),
        ({"base_revision": "a" * 10_000}, "base_revision"),
        ({"method": []}, "method"),
    ],
)
def test_a_field_out_of_bounds_is_named(adapter: Path, bases: BaseStore, changes: dict[str, Any], field: str) -> None:
    edit_json(adapter / INFO_FILE, **changes)
    refuse(adapter, rf"{INFO_FILE}: .*{field}", bases)


def put_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 10**10)


NO_FILE = {name: IN_PLACE[name] for name in ("fifo", "link to zeros", "link out", "link loop")}
NO_FILE_OF_ITS_KIND: dict[str, Damage] = NO_FILE | {
    "folder": IN_PLACE_OF_FILES["folder"],
    "huge": put_huge,
    "nested": put_bytes(b"[" * 100_000),
}


@pytest.mark.parametrize("damage", NO_FILE_OF_ITS_KIND)
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("adapter", INFO_FILE),
        ("adapter", PEFT_FILE),
        ("adapter", WEIGHTS),
        ("tfidf_adapter", "tfidf.json"),
        ("tfidf_adapter", "tfidf.safetensors"),
    ],
)
def test_what_is_no_file_of_an_adapter_is_never_opened(
    request: pytest.FixtureRequest, bases: BaseStore, kind: str, name: str, damage: str
) -> None:
    folder = request.getfixturevalue(kind)
    (folder / name).unlink()
    NO_FILE_OF_ITS_KIND[damage](folder / name)
    refuse(folder, ".", bases)


@pytest.mark.parametrize("damage", NO_FILE)
def test_nor_is_one_that_no_adapter_has(adapter: Path, bases: BaseStore, damage: str) -> None:
    NO_FILE[damage](adapter / "other.json")
    refuse(adapter, r"other\.json", bases)


def test_an_adapter_folder_elsewhere_is_refused_and_a_linked_run_is_not(adapter: Path, tmp_path: Path) -> None:
    (tmp_path / "linked run").symlink_to(tmp_path / "run")
    assert load_classifier(tmp_path / "linked run" / "adapter", BaseStore())
    (tmp_path / "another").mkdir()
    (tmp_path / "another" / "adapter").symlink_to(adapter)
    refuse(tmp_path / "another" / "adapter", "link that leads out of its folder")


@pytest.mark.parametrize("suffix", [*UNSAFE_SUFFIXES, ".BIN", ".Pkl", ".CKPT"])
def test_a_pickle_is_refused_in_any_case_even_next_to_good_weights(
    adapter: Path, bases: BaseStore, suffix: str
) -> None:
    (adapter / f"more{suffix}").write_bytes(b"cos\nsystem\n")
    refuse(adapter, f"'more{suffix}' is a pickle", bases)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["lora_A", "score"])
def test_weights_that_are_no_numbers_are_refused(adapter: Path, bases: BaseStore, name: str, value: float) -> None:
    spoil(adapter / WEIGHTS, name, value)
    refuse(adapter, rf"{WEIGHTS}, .*{name}.* NaN or infinite.*lower learning rate", bases)


def test_finite_weights_whose_answers_are_not_are_refused(adapter: Path) -> None:
    """Never "no emotion", which NaN below every threshold would look like."""
    tensors = load_file(adapter / WEIGHTS)
    save_file({name: np.full_like(tensor, 3e38) for name, tensor in tensors.items()}, adapter / WEIGHTS)
    refuse(adapter, "answers: some numbers are NaN or infinite")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("name", ["weights", "intercept", "idf.0", "idf.1"])
def test_tfidf_numbers_that_are_none_are_refused(
    tfidf_adapter: Path, bases: BaseStore, name: str, value: float
) -> None:
    spoil(tfidf_adapter / "tfidf.safetensors", name, value)
    refuse(tfidf_adapter, rf"tfidf\.safetensors, {name}: .* NaN or infinite", bases)


def test_tfidf_answers_that_are_too_large_are_refused(tfidf_adapter: Path, bases: BaseStore) -> None:
    spoil(tfidf_adapter / "tfidf.safetensors", "intercept", 1e300)
    with pytest.raises(AdapterError, match="answers: some numbers are NaN or infinite"):
        load_classifier(tfidf_adapter, bases).logits(["so happy today"])


def first_vocabulary(change: Callable[[dict[str, Any]], object]) -> Callable[[Any], Any]:
    def edit(content: Any) -> Any:
        change(content[0])
        return content

    return edit


VOCABULARIES: dict[str, Callable[[Any], Any]] = {
    "number": lambda content: 5,
    "one": lambda content: content[:1],
    "three": lambda content: [*content, {}],
    "none": lambda content: [],
    "object": lambda content: {},
    "lists": lambda content: [list(content[0]), content[1]],
    "empty": lambda content: [{}, content[1]],
    "a word less": first_vocabulary(lambda words: words.popitem()),
    "twice the same column": first_vocabulary(lambda words: words.update(dict.fromkeys(words, 0))),
    "far column": first_vocabulary(lambda words: words.update({next(iter(words)): 10**12})),
    "negative column": first_vocabulary(lambda words: words.update({next(iter(words)): -1})),
    "no whole number": first_vocabulary(lambda words: words.update({next(iter(words)): 0.5})),
    "a truth": first_vocabulary(lambda words: words.update({next(iter(words)): True})),
    "text": first_vocabulary(lambda words: words.update({next(iter(words)): "0"})),
    "nested": first_vocabulary(lambda words: words.update({next(iter(words)): [0]})),
}


@pytest.mark.parametrize("kind", VOCABULARIES)
def test_a_vocabulary_that_is_none_is_refused(tfidf_adapter: Path, bases: BaseStore, kind: str) -> None:
    file = tfidf_adapter / "tfidf.json"
    file.write_text(json.dumps(VOCABULARIES[kind](json.loads(file.read_text(encoding="utf-8")))), encoding="utf-8")
    refuse(tfidf_adapter, r"tfidf\.json", bases)


@pytest.mark.parametrize(
    "changes",
    [
        {"target_modules": SLOW},
        {"target_modules": SLOWER},
        {"target_modules": ["q_proj", SLOWER]},
        {"target_modules": ["q_proj"] * 100_000},
        {"target_modules": 5},
        {"target_modules": ["a" * 1000]},
        {"modules_to_save": [SLOWER]},
        {"exclude_modules": SLOWER},
        {"rank_pattern": {SLOWER: 4}},
        {"alpha_pattern": {SLOWER: 4}},
        {"layers_pattern": SLOWER, "layers_to_transform": [0]},
        {"layers_to_transform": [0]},
        {"peft_type": "XLORA"},
        {"peft_type": "PROMPT_TUNING", "num_virtual_tokens": 10**9},
        {"peft_type": ["LORA"]},
        {"task_type": "CAUSAL_LM"},
        {"task_type": None},
        {"auto_mapping": {"base_model_class": "x", "parent_library": "os"}},
        {"megatron_config": {"a": 1}, "megatron_core": "evil"},
        {"megatron_core": "evil"},
        {"layer_replication": [[0, 10**6]]},
        {"trainable_token_indices": [0]},
        {"target_parameters": ["x"]},
        {"init_lora_weights": "pissa"},
        {"loftq_config": {"loftq_bits": 4}},
        {"corda_config": {"cache_file": "evil.pkl"}},
        {"r": 0},
        {"r": -1},
        {"r": 10**9},
        {"r": "8"},
        {"r": True},
        {"lora_alpha": float("nan")},
        {"lora_alpha": float("inf")},
        {"lora_alpha": 10**400},
        {"lora_dropout": 2},
        {"bias": "lora_only"},
        {"use_dora": "yes"},
        {"use_rslora": 1.5},
        {"oft_block_size": 10**9},
        {"n_frequency": -1},
        {"random_loc_seed": 2**70},
        {"something_new": "x"},
        {"base_model_name_or_path": "a" * 100_000},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_setting_of_peft_that_no_method_writes_is_refused(
    adapter: Path, bases: BaseStore, changes: dict[str, Any]
) -> None:
    edit_json(adapter / PEFT_FILE, **changes)
    refuse(adapter, PEFT_FILE.replace(".", r"\."), bases)


@pytest.mark.parametrize("name", ["lora", "ia3", "qlora", "head", "bert_lora", "bert_bf16", "bert_qlora"])
def test_what_our_own_methods_write_is_accepted(finished_runs: dict[str, RunFolder], name: str) -> None:
    check_adapter_config(finished_runs[name].adapter)


def test_what_an_older_peft_left_out_is_accepted(adapter: Path) -> None:
    kept = ("peft_type", "task_type", "r", "lora_alpha", "lora_dropout", "target_modules", "modules_to_save", "bias")
    before = load_classifier(adapter, BaseStore()).logits(["so happy today"])
    content = json.loads((adapter / PEFT_FILE).read_text(encoding="utf-8"))
    (adapter / PEFT_FILE).write_text(json.dumps({name: content[name] for name in kept}), encoding="utf-8")
    np.testing.assert_array_equal(load_classifier(adapter, BaseStore()).logits(["so happy today"]), before)
