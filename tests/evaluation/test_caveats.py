"""Doubts about tuned thresholds: few validation texts, and emotions that none of them has."""

import numpy as np

from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import compare
from emocore.evaluation.headline import describe
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


def draw_of(method: str, draw: int, seed: int) -> RunResult:
    truth = draw_truth(150, 3, 0)
    origin = {"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64}
    return finish(origin, truth, draw_logits(truth, 2.0, 10 * draw + seed), method=method, seed=seed)


def test_a_series_with_one_draw_beside_those_with_several_is_named_and_nothing_is_said_of_it() -> None:
    runs = [draw_of(method, draw, 1) for method in ("lora", "qlora") for draw in (1, 2, 3)]
    comparison = compare([*runs, draw_of("ia3", 1, 1)], "validation")
    assert (
        "IA3 learned from one draw of the training texts and LoRA and QLoRA from several, so they are not compared"
        in (" ".join(find_caveats(comparison)))
    )
    assert "IA3" not in describe(comparison).sentence and "nan" not in describe(comparison).sentence


def test_several_draws_with_the_same_seed_are_no_single_seed() -> None:
    comparison = compare([draw_of(method, draw, 42) for method in ("lora", "ia3") for draw in (1, 2, 3)], "validation")
    assert not [caveat for caveat in find_caveats(comparison) if "seed" in caveat]
    assert set(comparison.scores["seeds"]) == {3}
