"""What the head reads of a base: each pooling on types whose stock classes read different tokens."""

from pathlib import Path

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModel, AutoModelForSequenceClassification

from emocore.models.adapter import describe_adapter, write_info
from emocore.models.bases import find_base
from emocore.models.build import LoadedBase, add_adapter, load_base
from emocore.models.card import write_card
from emocore.models.classifier import BaseStore, load_classifier
from emocore.models.families import Pooling
from emocore.models.pooling import pool
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.base_types import save_base

TYPES = ("bert", "roberta", "distilbert", "deberta-v2", "modernbert", "gpt2", "llama", "t5")
POOLINGS: tuple[Pooling, ...] = ("cls", "mean", "last")
LABELS = ("anger", "joy", "sadness")
TEXTS = ["so happy", "I am not sad today and I love it !", "rain again and again", "what a day"]


@pytest.fixture(scope="module", params=TYPES)
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_base(tmp_path_factory.mktemp("bases") / request.param, request.param)


def load(folder: Path, pooling: Pooling) -> LoadedBase:
    torch.manual_seed(5)
    return load_base(str(folder), LABELS, "cpu", torch.float32, quantized=False, pooling=pooling)


def answer(loaded: LoadedBase, texts: list[str]) -> torch.Tensor:
    with torch.inference_mode():
        return loaded.model.eval()(**loaded.tokenizer(texts, padding=True, return_tensors="pt")).logits


STATES = torch.arange(12.0).reshape(2, 3, 2)


@pytest.mark.parametrize(
    ("pooling", "mask", "expected"),
    [
        ("cls", [[1, 1, 0], [0, 1, 1]], [[0, 1], [8, 9]]),
        ("last", [[1, 1, 0], [0, 1, 1]], [[2, 3], [10, 11]]),
        ("mean", [[1, 1, 0], [0, 1, 1]], [[1, 2], [9, 10]]),
        ("mean", None, [[2, 3], [8, 9]]),
        ("last", None, [[4, 5], [10, 11]]),
    ],
)
def test_padding_on_either_side_is_left_out(
    pooling: Pooling, mask: list[list[int]] | None, expected: list[list[float]]
) -> None:
    found = pool(STATES, None if mask is None else torch.tensor(mask), pooling)
    assert found.tolist() == expected


@pytest.mark.parametrize("pooling", POOLINGS)
def test_company_and_padding_do_not_change_an_answer(folder: Path, pooling: Pooling) -> None:
    loaded = load(folder, pooling)
    alone = torch.cat([answer(loaded, [text]) for text in TEXTS])
    torch.testing.assert_close(answer(loaded, TEXTS), alone, atol=1e-5, rtol=1e-4)
    assert np.ptp(alone.numpy(), axis=0).max() > 0.01


def test_each_pooling_is_another_answer(folder: Path) -> None:
    """But of decoders, "last" is what the stock class does."""
    answers = {pooling: answer(load(folder, pooling), TEXTS) for pooling in ("stock", *POOLINGS)}
    same = {
        (one, other)
        for one in answers
        for other in answers
        if one < other and torch.allclose(answers[one], answers[other], atol=1e-5)
    }
    if find_base(str(folder)).pooling == "last":
        assert same == {("last", "stock")}
    elif folder.name in ("deberta-v2", "distilbert", "modernbert", "roberta"):
        assert same == {("cls", "stock")}
    elif folder.name == "t5":  # whose stock class reads the end of the text
        assert same == {("last", "stock")}
    else:
        assert same == set(), "BERT's own pooler has a layer of its own"


def test_the_mean_is_that_of_the_token_states(tmp_path: Path) -> None:
    folder = save_base(tmp_path / "bert", "bert")
    loaded = load(folder, "mean")
    states = AutoModel.from_pretrained(folder)(**loaded.tokenizer(TEXTS[:1], return_tensors="pt")).last_hidden_state
    expected = loaded.model.classifier(states.mean(1))
    torch.testing.assert_close(answer(loaded, TEXTS[:1]), expected.detach(), atol=1e-5, rtol=1e-5)
    assert loaded.new_modules == ("classifier",), "nothing reads the pooler"


@pytest.mark.parametrize("pooling", POOLINGS)
def test_an_adapter_remembers_its_pooling_and_its_card_tells_plain_peft(
    folder: Path, tmp_path: Path, pooling: Pooling
) -> None:
    config, _ = resolve(RunConfig(base=str(folder), method="lora", pooling=pooling, max_length=32))
    loaded = load(folder, pooling)
    model = add_adapter(config, loaded).eval()
    adapter = tmp_path / "adapter"
    model.save_pretrained(str(adapter))
    info = describe_adapter("run", config, LABELS)
    write_info(adapter, info)
    loaded.tokenizer.save_pretrained(str(adapter))
    expected = answer(loaded, TEXTS)
    np.testing.assert_allclose(load_classifier(adapter, BaseStore("cpu")).logits(TEXTS), expected, atol=1e-4)
    plain = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(LABELS))
    plain.config.pad_token_id = loaded.tokenizer.pad_token_id
    if loaded.base.pools_otherwise:
        write_card(adapter, info, loaded.base, str(folder))
        card = (adapter / "README.md").read_text(encoding="utf-8")
        code = card[card.index("def pool(") : card.index("model = PeftModel")]
        exec(code, {"torch": torch, "base": plain})
    with torch.inference_mode():
        found = PeftModel.from_pretrained(plain, adapter).eval()(
            **loaded.tokenizer(TEXTS, padding=True, return_tensors="pt")
        )
    np.testing.assert_allclose(found.logits, expected, atol=1e-4)


@pytest.mark.parametrize(
    ("base", "asked", "stored"),
    [
        ("minilm-l6", "mean", "auto"),
        ("minilm-l6", "stock", "stock"),
        ("minilm-l6", "cls", "cls"),
        ("smollm2-135m", "last", "auto"),
        ("smollm2-135m", "stock", "auto"),
        ("smollm2-135m", "mean", "mean"),
    ],
)
def test_to_ask_for_what_a_base_does_anyway_changes_nothing(base: str, asked: Pooling, stored: str) -> None:
    assert resolve(RunConfig(base=base, pooling=asked))[0].pooling == stored


def test_defaults_do_not_depend_on_the_pooling_so_that_poolings_can_be_compared() -> None:
    configs = [resolve(RunConfig(base="minilm-l6", pooling=pooling))[0] for pooling in ("auto", "cls")]
    assert configs[0].learning_rate == configs[1].learning_rate
    assert configs[0].epochs == configs[1].epochs
