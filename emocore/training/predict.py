"""The answers of a saved adapter on the held-out texts, so that scores describe what will be used later."""

import logging
import time
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from emocore.data.split import Splits
from emocore.errors import RunError
from emocore.models.adapter import Precision, read_info
from emocore.models.methods.catalogue import find_method
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.system.memory import release_memory
from emocore.training.trained import CHECKED_TEXTS, Trained

if TYPE_CHECKING:
    from emocore.models.classifier import Classifier

# The largest difference between logits of one text that is only rounding, absolute and relative: bf16 has 8 bits, and
# rounds differently for a text alone and beside others.
MOST_ROUNDING: dict[Precision, float] = {"fp32": 1e-4, "bf16": 0.1}


class AnswerSource(NamedTuple):
    """Answers that are not those of the reloaded adapter, and what is wrong and to do if they differ from them."""

    answers: str
    remedy: str


STORED = AnswerSource(
    "the answers from stored embeddings",
    "the base has changed meanwhile or the cache is wrong; delete the folder 'embeddings' in EMOCORE_CACHE (otherwise "
    "~/.cache/emocore), then clone the run",
)
CHOSEN = AnswerSource(
    "the answers by which the epoch was chosen", "the base or the machine has changed meanwhile; clone the run"
)

logger = logging.getLogger(__name__)


def predict(
    run: RunFolder, config: RunConfig, splits: Splits, trained: Trained, device: str
) -> tuple[dict[str, np.ndarray], float]:
    """Logits of the held-out splits by the saved adapter, (texts, labels) float32 by split; also the seconds for a
    single text, by the adapter on its whole base. If the epoch was chosen, those of the validation split are the ones
    by which it was.

    Raises RunError if those, or answers from stored embeddings, are not the answers of the adapter on its base.
    """
    classifier = _reload_neural(run, device) if find_method(config.method).needs_base else _reload_linear(run)
    logits: dict[str, np.ndarray] = {}
    if trained.chosen:
        logits["validation"] = trained.chosen.validation_logits
    for name in ("validation", "test"):
        if name in splits.frames and name not in logits:
            logger.info("Evaluating the saved adapter on the %s split", name)
            logits[name] = trained.answer(name) if trained.answer else classifier.logits(_texts(splits, name))
    alone, latency_seconds = answer_one_by_one(classifier, _texts(splits, "validation")[:CHECKED_TEXTS])
    if trained.expected is not None and not _agree(trained.expected, alone, classifier.info.precision):
        raise RunError(
            f"run {run.id}: the saved adapter does not answer as the trained model did (logits differ by up to "
            f"{np.abs(trained.expected - alone).max():.2g}), so PEFT does not store all of {config.method}; choose "
            "another method"
        )
    if trained.answer or trained.chosen:
        source = STORED if trained.answer else CHOSEN
        check_agreement(run.id, logits["validation"][: len(alone)], alone, classifier.info.precision, source)
    return logits, latency_seconds


def answer_one_by_one(classifier: "Classifier", texts: list[str]) -> tuple[np.ndarray, float]:
    """The logits of texts, each read alone, and the median seconds that one took. The first is read once before, to
    warm up."""
    classifier.logits(texts[:1])
    answers, seconds = [], []
    for text in texts:
        began = time.perf_counter()
        answers.append(classifier.logits([text]))
        seconds.append(time.perf_counter() - began)
    return np.concatenate(answers), float(np.median(seconds))


def check_agreement(
    run_id: str, found: np.ndarray, expected: np.ndarray, precision: Precision, source: AnswerSource
) -> None:
    """Check that logits from `source` are those of the reloaded adapter on its base, (texts, labels) each, but for
    rounding. Raises RunError."""
    if not _agree(found, expected, precision):
        raise RunError(
            f"run {run_id}: {source.answers} differ by {np.abs(found - expected).max():.2g} from those of the saved "
            f"adapter on its base, so {source.remedy}"
        )


def _agree(found: np.ndarray, expected: np.ndarray, precision: Precision) -> bool:
    most = MOST_ROUNDING[precision]
    return np.allclose(found, expected, rtol=most, atol=most)


def _texts(splits: Splits, name: str) -> list[str]:
    texts: list[str] = splits.frames[name]["text"].tolist()
    return texts


def _reload_neural(run: RunFolder, device: str) -> "Classifier":
    import torch

    from emocore.models.classifier import BaseStore, load_classifier

    release_memory()  # of the trained model, before the base is loaded again
    if device == "cuda":
        torch.cuda.empty_cache()
    return load_classifier(run.adapter, BaseStore(device))


def _reload_linear(run: RunFolder) -> "Classifier":
    """Reload a TF-IDF adapter without torch, whose import would take several times as long as the rest of the run."""
    from emocore.models.linear import LinearClassifier

    return LinearClassifier.load(run.adapter, read_info(run.adapter))
