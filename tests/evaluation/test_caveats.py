"""Doubts about tuned thresholds: few validation texts, and emotions that none of them has."""

import numpy as np

from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import compare
from emocore.evaluation.results import RunResult
from tests.support.audited_runs import finish
from tests.support.studies import draw_logits, draw_truth


def run(texts: int, absent: int | None = None) -> RunResult:
    truths = [draw_truth(size, 3, seed) for seed, size in enumerate((texts, 150))]
    if absent is not None:
        truths[0][:, absent] = 0
    logits = [draw_logits(truth, 2.5, 7) for truth in truths]
    return finish(None, truths[0], logits[0], test=(truths[1], logits[1]))


def doubts(result: RunResult, policy: str) -> list[str]:
    return [caveat for caveat in find_caveats(compare([result], "test", policy)) if "threshold" in caveat]


def test_few_validation_texts_make_tuned_thresholds_rough() -> None:
    told = "The thresholds were tuned on only 49 validation texts, so they are rough."
    assert doubts(run(49), "tuned") == [told]
    assert doubts(run(50), "tuned") == doubts(run(49), "fixed") == []


def test_an_emotion_that_no_validation_text_has_is_named() -> None:
    told = "No validation text has joy, so its tuned threshold is hardly more than a guess."
    assert doubts(run(60, absent=1), "tuned") == [told]
    assert np.isfinite(compare([run(60, absent=1)], "test", "tuned").scores["value"]).all()
