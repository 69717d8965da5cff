"""Checks the files of a base before a library opens them, because a base may come from somebody else.

All files of a folder must be regular files or links to them, as in Hugging Face's cache. The model that `config.json`
describes must fit the size of the weights, and weights must be .safetensors files. The contents of weights and
tokenizer are left to their libraries, which run no code of a base.
"""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from emocore.errors import BaseModelError
from emocore.system.files import read_json_object
from emocore.system.hub import fetch_file

CONFIG_FILE = "config.json"
INDEX_FILE = "model.safetensors.index.json"
ADAPTER_FILE = "adapter_config.json"
SHARD = re.compile(r"\w[\w.-]*\.safetensors", re.ASCII)
# Limit for every file except weights; the largest tokenizers have tens of megabytes.
MOST_OTHER_BYTES = 500 * 10**6
# Several times the sizes of the largest models.
LARGEST = {
    "num_hidden_layers": 1_000,
    "hidden_size": 100_000,
    "intermediate_size": 1_000_000,
    "num_attention_heads": 10_000,
    "num_key_value_heads": 10_000,
    "head_dim": 100_000,
    "vocab_size": 10_000_000,
    "max_position_embeddings": 1_000_000_000,
    "type_vocab_size": 100_000,
    "num_labels": 100_000,
}
# The same sizes as some types of models call them.
OTHER_NAMES = {
    "num_hidden_layers": ("n_layer", "n_layers", "num_layers", "encoder_layers", "decoder_layers"),
    "hidden_size": ("n_embd", "dim", "d_model"),
    "intermediate_size": ("n_inner", "hidden_dim", "d_ff", "ffn_dim", "encoder_ffn_dim", "decoder_ffn_dim"),
    "num_attention_heads": ("n_head", "n_heads", "num_heads"),
    "max_position_embeddings": ("n_positions",),
}
MAY_BE_NONE = ("type_vocab_size",)  # DeBERTa has 0
FEWEST_BITS = 4  # per parameter, in any format that is loaded


def read_object(file: Path) -> dict[str, Any]:
    """The JSON object in a base's file. Raises BaseModelError."""
    try:
        content = read_json_object(file)
    except OSError as error:
        raise _refuse(file, f"cannot be read ({error.strerror or error})") from None
    if content is None:
        raise _refuse(file, "is damaged; it should hold one JSON object")
    return content


def check_config(name: str, config: Mapping[str, Any]) -> None:
    """Raises BaseModelError if a base's config has a size that no model can have."""
    for usual, largest in LARGEST.items():
        fewest = 0 if usual in MAY_BE_NONE else 1
        for field in (usual, *OTHER_NAMES.get(usual, ())):
            size = config.get(field)
            if size is not None and (type(size) is not int or not fewest <= size <= largest):
                raise BaseModelError(
                    f"base '{name}', {CONFIG_FILE}: {field} is {str(size)[:30]}, but it must be a whole number from "
                    f"{fewest} to {largest:,}; repair the file, or choose another base"
                )
    if "transformers_weights" in config:
        raise BaseModelError(
            f"base '{name}', {CONFIG_FILE}: transformers_weights names other weights than model.safetensors; remove it"
        )


def check_folder(folder: Path) -> None:
    """Raises BaseModelError if a file of a base's folder must not be opened, or refers to such a file."""
    weights_bytes = _check_files(folder)
    if (folder / ADAPTER_FILE).exists():
        raise _refuse(folder / ADAPTER_FILE, "belongs to an adapter; remove it, or name the folder of a base")
    if (folder / INDEX_FILE).exists():
        _check_index(folder / INDEX_FILE)
    config = read_object(folder / CONFIG_FILE)
    check_config(str(folder), config)
    needed = _fewest_parameters(config)
    if needed * FEWEST_BITS // 8 > weights_bytes:
        raise _refuse(
            folder / CONFIG_FILE,
            f"describes a model of {needed:,} parameters or more, and the weights have {weights_bytes:,} bytes",
        )


def check_hub_model(name: str, revision: str | None) -> None:
    """The same for the small files of a model on the Hub. Raises BaseModelError, OSError or ValueError."""
    if config_file := fetch_file(name, CONFIG_FILE, revision):
        check_config(name, read_object(config_file))
    if index_file := fetch_file(name, INDEX_FILE, revision):
        _check_index(index_file)
    if fetch_file(name, ADAPTER_FILE, revision):
        raise BaseModelError(f"base '{name}' has an {ADAPTER_FILE}, so it is an adapter; choose the base it is for")


def _check_files(folder: Path) -> int:
    """Check the files; returns the size of all weights in bytes."""
    weights_bytes = 0
    for place, folders, files in os.walk(folder):
        for path in (Path(place) / name for name in [*folders, *files]):
            try:
                found = path.stat()
            except OSError as error:
                raise _refuse(path, f"cannot be read ({error.strerror})") from None
            if stat.S_ISDIR(found.st_mode) and not path.is_symlink():
                continue
            if not stat.S_ISREG(found.st_mode):
                raise _refuse(path, "is neither a regular file nor a folder; remove it")
            if path.suffix == ".safetensors":
                weights_bytes += found.st_size
            elif path.suffix != ".gguf" and path.parent == folder and found.st_size > MOST_OTHER_BYTES:
                raise _refuse(path, f"has {found.st_size / 1e6:,.0f} MB, more than any file other than weights")
    return weights_bytes


def _check_index(file: Path) -> None:
    shards = read_object(file).get("weight_map")
    if not isinstance(shards, dict) or not shards:
        raise _refuse(file, "has no weight_map, which says which file holds each weight")
    for shard in shards.values():
        if not isinstance(shard, str) or not SHARD.fullmatch(shard):
            raise _refuse(file, f"names {str(shard)[:60]!r}, but only .safetensors files in the same folder are loaded")


def _fewest_parameters(config: Mapping[str, Any]) -> int:
    """A lower bound for the parameters of a model of these sizes: its embeddings, and two matrices per layer, which are
    square where the config does not say more. ALBERT has the weights of a layer once for each group."""
    hidden, layers = _find_size(config, "hidden_size"), _find_size(config, "num_hidden_layers")
    embedded = min(hidden, config.get("embedding_size") or hidden)
    layers = min(layers, config.get("num_hidden_groups") or layers)
    of_layers = 2 * layers * hidden * (_find_size(config, "intermediate_size") or hidden)
    return int(embedded * (config.get("vocab_size") or 0) + of_layers)


def _find_size(config: Mapping[str, Any], name: str) -> int:
    """The size under its usual or another name, or 0 if the config does not state it."""
    return next((config[field] for field in (name, *OTHER_NAMES.get(name, ())) if config.get(field)), 0)


def _refuse(file: Path, reason: str) -> BaseModelError:
    return BaseModelError(f"base folder {file.parent}: {file.name} {reason}")
