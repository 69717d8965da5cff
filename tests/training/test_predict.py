"""Answers of a saved adapter: each text alone, and whether stored embeddings give the same."""

import numpy as np
import pytest

from emocore.errors import RunError
from emocore.models.adapter import Precision
from emocore.models.classifier import BaseStore, load_classifier
from emocore.run.folder import RunFolder
from emocore.training.predict import CHOSEN, STORED, AnswerSource, answer_one_by_one, check_agreement

LOGITS = np.array([[-3.0, 0.0, 2.0], [12.0, -0.5, 0.25]], dtype=np.float32)


@pytest.mark.parametrize(("precision", "rounding"), [("fp32", 5e-5), ("bf16", 0.05)])
def test_rounding_is_no_difference(precision: Precision, rounding: float) -> None:
    check_agreement("run", LOGITS, LOGITS + rounding, precision, STORED)


@pytest.mark.parametrize(("precision", "difference"), [("fp32", 1e-3), ("bf16", 0.5)])
@pytest.mark.parametrize("source", [STORED, CHOSEN])
def test_a_difference_in_one_logit_is_told(precision: Precision, difference: float, source: AnswerSource) -> None:
    other = LOGITS.copy()
    other[1, 1] += difference
    with pytest.raises(RunError, match=rf"run r: the answers .* differ by {difference:.2g} .*clone the run"):
        check_agreement("r", other, LOGITS, precision, source)


def test_answers_that_are_not_numbers_never_agree() -> None:
    with pytest.raises(RunError, match="differ by nan"):
        check_agreement("run", LOGITS * np.nan, LOGITS, "fp32", STORED)


@pytest.mark.parametrize("name", ["head", "tfidf"])
def test_texts_are_answered_one_by_one(finished_runs: dict[str, RunFolder], name: str) -> None:
    classifier, texts = load_classifier(finished_runs[name].adapter, BaseStore("cpu")), ["so happy", "ok", "why me?"]
    answers, seconds = answer_one_by_one(classifier, texts)
    np.testing.assert_allclose(answers, classifier.logits(texts), atol=1e-4)
    assert 0 < seconds < 10
