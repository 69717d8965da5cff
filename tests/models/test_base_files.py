"""A base from somebody else: unsafe files are refused before a library opens them, and valid bases work."""

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from emocore.errors import BaseModelError
from emocore.models.available import check_available
from emocore.models.bases import find_base
from emocore.models.build import load_base
from tests.support.base_types import save_base
from tests.support.damaged_folders import IN_PLACE
from tests.support.records import edit_json

LABELS = ("anger", "joy")
INDEX = "model.safetensors.index.json"


@pytest.fixture
def base(tiny_llama: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_llama, tmp_path / "base"))


def load(folder: Path) -> object:
    return load_base(str(folder), LABELS, "cpu", torch.float32, quantized=False)


def refuse(folder: Path, words: str) -> None:
    """Both before a run is queued and when a model is loaded, at once, in one line that names the folder."""
    began = time.monotonic()
    for attempt in (lambda: check_available(find_base(str(folder))), lambda: load(folder)):
        with pytest.raises(BaseModelError, match=words) as caught:
            attempt()
        assert str(folder) in str(caught.value)
        assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 5


def shard(folder: Path, name: str) -> None:
    """Write an index that names this file for the weights."""
    weight_map = {"model.embed_tokens.weight": name}
    (folder / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": weight_map}), encoding="utf-8")


@pytest.mark.parametrize(
    "name", ["weights.bin", "../other.safetensors", "/etc/x.safetensors", "a/b.safetensors", 7, None]
)
@pytest.mark.parametrize("with_whole_weights", [True, False])
def test_an_index_that_names_other_than_safetensors_next_to_it_is_refused(
    base: Path, name: Any, with_whole_weights: bool
) -> None:
    shard(base, name)
    if not with_whole_weights:
        (base / "model.safetensors").rename(base / "model-00001.safetensors")
    refuse(base, rf"{INDEX} names .* only \.safetensors")


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"weight_map": []}', "[" * 100_000])
def test_an_index_that_is_damaged_is_refused(base: Path, content: str) -> None:
    (base / INDEX).write_text(content, encoding="utf-8")
    refuse(base, INDEX)


def test_a_base_in_shards_is_loaded(base: Path) -> None:
    whole = load(base).model.state_dict()  # type: ignore[attr-defined]
    weights = load_file(base / "model.safetensors")
    (base / "model.safetensors").unlink()
    names = {name: f"model-{number % 2}.safetensors" for number, name in enumerate(weights)}
    for file in set(names.values()):
        save_file({name: weights[name] for name in names if names[name] == file}, base / file, {"format": "pt"})
    (base / INDEX).write_text(json.dumps({"metadata": {}, "weight_map": names}), encoding="utf-8")
    check_available(find_base(str(base)))
    for name, tensor in load(base).model.state_dict().items():  # type: ignore[attr-defined]
        if not name.startswith("score"):
            assert torch.equal(tensor, whole[name])


@pytest.mark.parametrize(
    ("field", "size"),
    [
        ("num_hidden_layers", 10**7),
        ("num_hidden_layers", -1),
        ("num_hidden_layers", 0),
        ("num_hidden_layers", 2.5),
        ("num_hidden_layers", "2"),
        ("num_hidden_layers", True),
        ("hidden_size", 10**9),
        ("intermediate_size", 10**400),
        ("num_attention_heads", -4),
        ("vocab_size", 10**12),
        ("max_position_embeddings", -1),
        ("num_labels", 10**9),
    ],
)
def test_a_size_that_no_model_has_is_refused(base: Path, field: str, size: Any) -> None:
    edit_json(base / "config.json", **{field: size})
    refuse(base, rf"{field} is .* whole number from 1 to")


@pytest.mark.parametrize(
    ("model_type", "field"),
    [("gpt2", "n_layer"), ("gpt2", "n_positions"), ("distilbert", "dim"), ("bart", "encoder_layers"), ("t5", "d_ff")],
)
def test_such_a_size_is_refused_under_any_name(tmp_path: Path, model_type: str, field: str) -> None:
    folder = save_base(tmp_path / "base", model_type)
    edit_json(folder / "config.json", **{field: 10**10})
    refuse(folder, rf"{field} is .* whole number from 1 to")


@pytest.mark.parametrize(("model_type", "field"), [("gpt2", "n_layer"), ("albert", "intermediate_size")])
def test_a_model_of_another_wording_that_its_weights_cannot_hold_is_refused(
    tmp_path: Path, model_type: str, field: str
) -> None:
    folder = save_base(tmp_path / "base", model_type)
    edit_json(folder / "config.json", **{field: 1000 if field == "n_layer" else 10**6})
    refuse(folder, r"config\.json describes a model of .* parameters or more")


def test_layers_that_share_weights_are_counted_once(tmp_path: Path) -> None:
    """As those of ALBERT do, of which a large one has 12 layers of 16,384 numbers in 223 million parameters."""
    folder = save_base(tmp_path / "base", "albert", num_hidden_layers=48)
    check_available(find_base(str(folder)))


@pytest.mark.parametrize("sizes", [{"num_hidden_layers": 1000}, {"vocab_size": 10**7}, {"intermediate_size": 10**6}])
def test_a_model_that_its_weights_cannot_hold_is_refused(base: Path, sizes: dict[str, int]) -> None:
    edit_json(base / "config.json", **sizes)
    refuse(base, r"config\.json describes a model of .* parameters or more")


def test_weights_of_another_name_are_refused(base: Path) -> None:
    edit_json(base / "config.json", transformers_weights="adapter_model.bin")
    refuse(base, "transformers_weights")


def test_an_adapter_within_a_base_is_refused(base: Path) -> None:
    """Transformers would load it unasked, from wherever it says."""
    (base / "adapter_config.json").write_text('{"peft_type": "LORA"}', encoding="utf-8")
    refuse(base, r"adapter_config\.json belongs to an adapter")


@pytest.mark.parametrize("damage", ["fifo", "link to zeros", "dangling link"])
@pytest.mark.parametrize(
    "name",
    ["config.json", "tokenizer.json", "model.safetensors", "generation_config.json", INDEX, "chat_template.jinja"],
)
def test_what_is_no_regular_file_is_never_waited_for(base: Path, name: str, damage: str) -> None:
    (base / name).unlink(missing_ok=True)
    IN_PLACE[damage](base / name)
    refuse(base, name.replace(".", r"\."))


def test_a_fifo_among_the_templates_is_never_waited_for(base: Path) -> None:
    (base / "additional_chat_templates").mkdir()
    os.mkfifo(base / "additional_chat_templates" / "x.jinja")
    with pytest.raises(BaseModelError, match=r"x\.jinja is neither"):
        load(base)


@pytest.mark.parametrize("name", ["config.json", "tokenizer_config.json"])
@pytest.mark.parametrize("content", ["[" * 100_000, "null", "[]"])
def test_json_that_is_no_config_is_refused(base: Path, name: str, content: str) -> None:
    (base / name).write_text(content, encoding="utf-8")
    with pytest.raises(BaseModelError, match=str(base)):
        load(base)


def test_a_file_next_to_the_weights_that_is_far_too_large_is_refused(base: Path) -> None:
    os.truncate(base / "tokenizer.json", 10**11)
    refuse(base, r"tokenizer\.json has 100,000 MB")


def test_links_to_regular_files_elsewhere_are_good(base: Path, tmp_path: Path) -> None:
    """Hugging Face's cache has such links, from its snapshots to the folder `blobs` next to them."""
    blobs = tmp_path / "blobs"
    blobs.mkdir()
    for number, file in enumerate(sorted(base.iterdir())):
        file.rename(blobs / str(number))
        file.symlink_to(Path("..") / "blobs" / str(number))
    check_available(find_base(str(base)))
    load(base)
