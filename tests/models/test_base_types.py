"""Models of many types as bases, from what is published of them: trained, saved, reloaded, asked, and read by PEFT.

Covered: one method of each kind of target, in fp32 on a CPU. `test_discovery.py` has what is found in a model, and
`test_every_method.py` all methods on two types, as whole runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from emocore.errors import AdapterError, ConfigError
from emocore.models.adapter import describe_adapter, write_info
from emocore.models.build import build_model
from emocore.models.classifier import BaseStore, load_classifier
from emocore.models.discovery import is_in_new
from emocore.models.moved_base import save_for_usual_base
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.base_types import TYPES, save_base
from tests.support.records import edit_json

METHODS = ("lora", "ia3", "head", "bitfit", "ln-tuning", "full")
WITHOUT_BIASES = {"gemma", "gemma2", "gemma3_text", "qwen3", "llama", "mistral", "phi3", "olmo2", "modernbert", "t5"}
LABELS = ("anger", "joy", "sadness")
TEXTS = ["so happy", "I am not sad today and I love it !", "rain again and again", "what a day"]
STEPS = 3


@dataclass(frozen=True)
class Trained:
    adapter: Path
    base: Path
    answers: np.ndarray  # (texts, labels) of the model in memory, each text alone
    changed: dict[str, bool]  # whether the steps changed a trained weight, by its name
    new_modules: tuple[str, ...]


@pytest.fixture(scope="module", params=TYPES)
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    return request.param, save_base(tmp_path_factory.mktemp("bases") / request.param, request.param)


@pytest.fixture(scope="module")
def train(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Trained]:
    def train(folder: Path, **settings: Any) -> Trained:
        config, _ = resolve(RunConfig(base=str(folder), max_length=32, **settings))
        torch.manual_seed(4)
        model, loaded = build_model(config, LABELS, "cpu", "fp32")
        model.train()
        learned = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        before = {name: weight.detach().clone() for name, weight in learned.items()}
        optimizer = torch.optim.AdamW(learned.values(), lr=0.02)
        batch = loaded.tokenizer(TEXTS, padding=True, return_tensors="pt")
        labels = torch.tensor([[0.0, 1, 0], [1, 0, 0], [0, 0, 1], [0, 1, 1]])
        for _ in range(STEPS):
            model(**batch, labels=labels).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
        changed = {name: not torch.equal(weight, before[name]) for name, weight in learned.items()}
        adapter = tmp_path_factory.mktemp("adapters") / "adapter"
        save_for_usual_base(model, {}, adapter)
        loaded.tokenizer.save_pretrained(str(adapter))
        write_info(adapter, describe_adapter("run", config, LABELS))
        model.eval()
        with torch.inference_mode():
            answers = [model(**loaded.tokenizer([text], return_tensors="pt")).logits for text in TEXTS]
        return Trained(adapter, folder, torch.cat(answers).numpy(), changed, loaded.new_modules)

    return train


@pytest.mark.parametrize("method", METHODS)
def test_a_model_of_any_type_is_trained_saved_reloaded_and_read_by_plain_libraries(
    base: tuple[str, Path], train: Callable[..., Trained], method: str
) -> None:
    model_type, folder = base
    if method == "bitfit" and model_type in WITHOUT_BIASES:
        with pytest.raises(ConfigError, match="BitFit finds nothing to train in base"):
            train(folder, method=method)
        return
    trained = train(folder, method=method)
    assert all(trained.changed.values()) or method == "full", "a token that no text has may stay as it is"
    of_head = {name for name in trained.changed if is_in_new(name, trained.new_modules)}
    assert of_head and (set(trained.changed) == of_head) == (method == "head")
    assert np.ptp(trained.answers, axis=0).max() > 0.01, "all texts are the same to it"
    classifier = load_classifier(trained.adapter, BaseStore("cpu"))
    np.testing.assert_allclose(classifier.logits(TEXTS), trained.answers, atol=1e-4)
    np.testing.assert_allclose(ask_plain_libraries(trained), trained.answers, atol=1e-4)


def ask_plain_libraries(trained: Trained) -> np.ndarray:
    """The answers to all texts in one padded batch."""
    tokenizer = AutoTokenizer.from_pretrained(trained.adapter)
    is_whole = (trained.adapter / "config.json").is_file()
    plain = AutoModelForSequenceClassification.from_pretrained(
        trained.adapter if is_whole else trained.base,
        num_labels=len(LABELS),
        dtype=torch.float32,
        attn_implementation="eager",
    )
    plain.config.pad_token_id = tokenizer.pad_token_id
    model = plain.eval() if is_whole else PeftModel.from_pretrained(plain, trained.adapter).eval()
    with torch.inference_mode():
        return model(**tokenizer(TEXTS, padding=True, return_tensors="pt")).logits.numpy()


def test_a_whole_model_for_other_labels_than_its_description_is_refused(
    tmp_path: Path, train: Callable[..., Trained]
) -> None:
    trained = train(save_base(tmp_path / "base", "distilbert"), method="full")
    edit_json(trained.adapter / "emocore.json", labels=["joy"], thresholds={"joy": 0.5})
    with pytest.raises(AdapterError, match="weights are missing or left over, such as classifier"):
        load_classifier(trained.adapter, BaseStore("cpu"))
