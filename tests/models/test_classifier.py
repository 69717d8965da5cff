"""Trained adapters classify texts on a shared base, independently of each other and of the batch."""

import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from emocore.data.source import STARTER_FILE
from emocore.models.classifier import BaseStore, Classifier, load_classifier
from emocore.run.folder import RunFolder

SHARING = {
    "llama": ("lora", "ia3", "head", "lora_other_seed"),
    "four bits": ("qlora", "qlora"),
    "bf16": ("bert_bf16", "bert_bf16"),
}
NEURAL = ("lora", "ia3", "qlora", "head", "bert_lora", "bert_bf16", "bert_qlora")


@pytest.fixture(scope="module")
def texts() -> list[str]:
    messages = pd.read_csv(STARTER_FILE)["Tweet"].tolist()
    return [*messages[200:230], " ".join(messages[:12]), "ok", "😡😡"]


def base_weights(classifier: Classifier) -> dict[str, torch.Tensor]:
    """The frozen weights that a classifier answers with, by name."""
    model = classifier._model  # type: ignore[attr-defined]
    mine = ("lora_", "ia3_", "modules_to_save", "original_module")
    return {name: p for name, p in model.named_parameters() if not any(word in name for word in mine)}


@pytest.mark.parametrize("names", SHARING.values(), ids=SHARING)
def test_adapters_over_one_base_share_its_weights(finished_runs: dict[str, RunFolder], names: tuple[str, ...]) -> None:
    bases = BaseStore()
    weights = [base_weights(load_classifier(finished_runs[name].adapter, bases)) for name in names]
    addresses = [{p.data_ptr() for p in own.values()} for own in weights]
    assert len(addresses[0]) > 10
    assert all(others == addresses[0] for others in addresses[1:])


def test_the_base_is_loaded_again_only_where_it_differs(finished_runs: dict[str, RunFolder]) -> None:
    bases = BaseStore()
    for name in NEURAL:
        load_classifier(finished_runs[name].adapter, bases)
    assert len(bases._bases) == 5  # two bases, in fp32, in four bits, and one in bf16


def test_an_answer_stays_when_other_adapters_come(finished_runs: dict[str, RunFolder], texts: list[str]) -> None:
    bases = BaseStore()
    classifiers: dict[str, Classifier] = {}
    answers: dict[str, np.ndarray] = {}
    for name in NEURAL:
        classifiers[name] = load_classifier(finished_runs[name].adapter, bases)
        answers[name] = classifiers[name].logits(texts)
        for earlier, answer in answers.items():
            np.testing.assert_array_equal(classifiers[earlier].logits(texts), answer, err_msg=f"{earlier} after {name}")
    assert not np.allclose(answers["lora"], answers["ia3"], atol=0.05)
    assert not np.allclose(answers["lora"], answers["head"], atol=0.05)


@pytest.mark.parametrize("name", [*NEURAL, "tfidf"])
def test_an_answer_does_not_depend_on_its_company(
    finished_runs: dict[str, RunFolder], texts: list[str], name: str
) -> None:
    classifier = load_classifier(finished_runs[name].adapter, BaseStore())
    together = classifier.logits(texts)
    alone = np.concatenate([classifier.logits([text]) for text in texts])
    backwards = classifier.logits(texts[::-1])[::-1]
    assert together.dtype == np.float32
    assert together.shape == (len(texts), 5)
    np.testing.assert_allclose(alone, together, atol=1e-4)
    np.testing.assert_allclose(backwards, together, atol=1e-4)


@pytest.mark.parametrize("name", NEURAL)
def test_the_head_of_the_adapter_answers_not_a_new_one(
    finished_runs: dict[str, RunFolder], texts: list[str], name: str
) -> None:
    """Every load of a base draws a new head; none of them may be heard."""
    torch.manual_seed(1)
    first = load_classifier(finished_runs[name].adapter, BaseStore()).logits(texts)
    torch.manual_seed(2)
    np.testing.assert_array_equal(load_classifier(finished_runs[name].adapter, BaseStore()).logits(texts), first)


@pytest.mark.parametrize("names", [("lora", "ia3"), ("qlora", "qlora")], ids=["full", "four bits"])
def test_threads_may_ask_at_once(
    finished_runs: dict[str, RunFolder], texts: list[str], names: tuple[str, str], tmp_path: Path
) -> None:
    """As the playground does for two visitors: two classifiers over one base, in threads of their own."""
    folders = [Path(shutil.copytree(finished_runs[name].adapter, tmp_path / str(i))) for i, name in enumerate(names)]
    expected = [load_classifier(folder, BaseStore()).logits(texts) for folder in folders]
    start = threading.Barrier(2)

    def ask(folder: Path, bases: BaseStore) -> np.ndarray:
        start.wait()
        return load_classifier(folder, bases).logits(texts)

    for _ in range(5):
        bases = BaseStore()
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(ask, folders, [bases] * 2))
        assert len(bases._bases) == 1
        np.testing.assert_allclose(answers, expected, atol=1e-4)
