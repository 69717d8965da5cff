"""Writes a base of a published architecture with random weights, which Emocore loads like any other folder.

    python -m benchmarks.timing.random_base NAME FOLDER [--toy]

FOLDER gets the architecture's `config.json`, its weights in bf16 in one file per layer, so that memory holds one layer
at a time, and a tokenizer with as many tokens as the base has. With `--toy`, all sizes are small.
"""

import argparse
import json
import re
from collections.abc import Mapping
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedTokenizerFast

from benchmarks.timing.architectures import ARCHITECTURES, PAIRS, SPECIAL_TOKENS, describe_architecture, list_words
from emocore.models.base_files import CONFIG_FILE, INDEX_FILE
from emocore.models.bases import find_base

SEED = 0


def weight_shapes(folder: Path) -> dict[str, torch.Size]:
    """The weights of the model of `folder/config.json` by name, without a classification head, which is always new."""
    config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
    with torch.device("meta"):
        model = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
    return {name: weight.shape for name, weight in model.state_dict().items() if not name.startswith("score.")}


def draw_weight(name: str, shape: torch.Size, spread: float, generator: torch.Generator) -> torch.Tensor:
    """Ones for a norm, otherwise normal numbers, as a model has before it is trained."""
    weight = torch.empty(shape, dtype=torch.bfloat16)
    return weight.fill_(1) if name.endswith("norm.weight") else weight.normal_(0, spread, generator=generator)


def write_weights(folder: Path, shapes: Mapping[str, torch.Size], spread: float) -> None:
    """One file per layer and one for all other weights, with their index."""
    generator = torch.Generator().manual_seed(SEED)
    files: dict[str, list[str]] = {}
    for name in shapes:
        layer = re.search(r"\.layers\.(\d+)\.", name)
        files.setdefault(f"layer-{layer[1]}.safetensors" if layer else "other.safetensors", []).append(name)
    for file, names in files.items():
        weights = {name: draw_weight(name, shapes[name], spread, generator) for name in names}
        save_file(weights, folder / file, metadata={"format": "pt"})
    index = {
        "metadata": {"total_size": 2 * sum(shape.numel() for shape in shapes.values())},
        "weight_map": {name: file for file, names in files.items() for name in names},
    }
    (folder / INDEX_FILE).write_text(json.dumps(index), encoding="utf-8")


def write_tokenizer(folder: Path, name: str, words: list[str]) -> None:
    """Byte-level BPE, which is what Transformers makes of any tokenizer of Qwen: see `list_words`."""
    special = SPECIAL_TOKENS[name]
    space = "\u0120"  # in this kind of BPE
    letters = ascii_lowercase + ascii_uppercase
    merges = [(pair[0], pair[1]) for pair in PAIRS]
    merges += [(space, pair) for pair in PAIRS]
    merges += [(space + word[:2], word[2:]) for word in words]
    tokens = [*special.values(), space, *letters, *(first + second for first, second in merges)]
    numbers = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=numbers, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    if start := special.get("bos_token"):
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{start} $A", special_tokens=[(start, numbers[start])]
        )
    names: dict[str, Any] = {"pad_token": special["eos_token"]} | special
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=ARCHITECTURES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--toy", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir()
    architecture = describe_architecture(options.name, options.toy)
    (options.folder / CONFIG_FILE).write_text(json.dumps(architecture, indent=2), encoding="utf-8")
    write_weights(options.folder, weight_shapes(options.folder), architecture["initializer_range"])
    write_tokenizer(options.folder, options.name, list_words(options.name, options.toy))
    find_base(str(options.folder))  # which raises if Emocore would not take the folder


if __name__ == "__main__":
    main()
