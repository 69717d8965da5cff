"""The study's bases with random weights: their sizes, their tokens, and a training of each at toy width."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from transformers import AutoTokenizer

from benchmarks.timing.architectures import ARCHITECTURES, describe_architecture, draw_labels, draw_texts, list_words
from benchmarks.timing.random_base import weight_shapes, write_tokenizer
from benchmarks.timing.task import find_device
from emocore.errors import ConfigError
from emocore.models.bases import BASES, describe_config
from emocore.system import devices
from emocore.system.devices import Gpu, GpuAnswer
from tests.support.speed import TEXTS, measure

NAMES = {"gemma-1.1-2b": "google/gemma-1.1-2b-it", "gte-qwen1.5-7b": "Alibaba-NLP/gte-Qwen1.5-7B-instruct"}


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_architecture_is_that_of_the_study_s_base(name: str, tmp_path: Path) -> None:
    base, config = BASES[NAMES[name]], describe_architecture(name, toy=False)
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert sum(shape.numel() for shape in weight_shapes(tmp_path).values()) == base.parameters
    described = describe_config(base, config)
    assert (described.family, described.context_length) == (base.family, base.context_length)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_random_texts_have_the_lengths_that_they_should(name: str, tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(describe_architecture(name, toy=True)))
    words = list_words(name, toy=True)
    write_tokenizer(tmp_path, name, words)
    tokenizer = AutoTokenizer.from_pretrained(tmp_path, trust_remote_code=False)
    assert len(tokenizer) == describe_architecture(name, toy=True)["vocab_size"]
    lengths = np.array([2, 9, 30])
    encoded = tokenizer(draw_texts(words, lengths, 400, np.random.default_rng(1)))["input_ids"]
    begins = int(name == "gemma-1.1-2b")  # with a token of its own, as Gemma's own tokenizer does
    assert {len(ids) - begins for ids in encoded} == set(lengths)
    seen = {number for ids in encoded for number in ids}
    assert len(seen) > 0.9 * len(words), "they are spread over the vocabulary"
    assert max(seen) == len(tokenizer) - 1


def test_random_labels_are_as_frequent_as_the_real_ones() -> None:
    labels = pd.DataFrame({"joy": [1] * 30 + [0] * 70, "fear": [0] * 95 + [1] * 5}, index=range(100, 200))
    drawn = draw_labels(labels, 5000, np.random.default_rng(1))
    assert drawn.index.equals(pd.RangeIndex(5000))
    assert drawn.mean().to_dict() == pytest.approx({"joy": 0.3, "fear": 0.05}, abs=0.02)


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "method", "sides"),
    [("gemma-1.1-2b", "lora", ["emocore"]), ("gte-qwen1.5-7b", "qlora", ["tuned", "emocore"])],
)
def test_a_base_with_random_weights_is_trained(name: str, method: str, sides: list[str], tmp_path: Path) -> None:
    options = ("--toy", f"--method={method}", "--precision=fp32", "--batch-size=4", f"--sides={','.join(sides)}")
    lines, figures = measure("training", tmp_path, *options, base=f"--random-weights={name}")
    assert figures["texts"] == TEXTS
    assert figures["random_weights"] == name
    assert (figures["config"]["method"], figures["config"]["precision"]) == (method, "fp32")
    assert not Path(figures["config"]["base"]).exists(), "it is removed at the end"
    [measured] = figures["rounds"]
    assert measured["work"]["rates"].keys() == {"fp32"}
    for side in sides:
        assert measured[side]["precision"] == "fp32"
        assert measured[side]["train_seconds"] > 0
        [row] = [line for line in lines if line[0] == side]
        assert row.count("-") == 2, "the scores of random weights are not shown"


def test_the_cpu_is_a_device_and_a_missing_gpu_is_named() -> None:
    assert find_device("cpu").name == "cpu"
    with pytest.raises(ConfigError, match=r"^--device cuda: no GPU can be used here, only CPU, .*leave --device out"):
        find_device("cuda")


def test_a_gpu_that_this_pytorch_cannot_use_is_refused_before_anything_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    monkeypatch.setattr(devices, "_answer", GpuAnswer((Gpu("0", "GPU-00", "H100", 9.0),)))
    monkeypatch.setattr(devices, "_asked_at", 0.0)
    with pytest.raises(ConfigError, match=r"cannot use the GPU cuda:0: install its CUDA build"):
        find_device("cuda")
