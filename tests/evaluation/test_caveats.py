"""What makes the evidence thin is told, and nothing else: seeds, rare emotions, thresholds, skill and open pairs."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import compare
from emocore.evaluation.headline import describe
from emocore.evaluation.results import RunResult
from tests.support.audited_runs import finish
from tests.support.comparisons import Pairs, build
from tests.support.studies import draw_logits, draw_truth

ROUGH = " for a verdict or an interval; macro-F1 includes them, so its interval is rough."
LEAD = (0.030, 0.011, 0.049, "better")


def run(texts: int, absent: int | None = None) -> RunResult:
    truths = [draw_truth(size, 3, seed) for seed, size in enumerate((texts, 150))]
    if absent is not None:
        truths[0][:, absent] = 0
    logits = [draw_logits(truth, 2.5, 7) for truth in truths]
    return finish(None, truths[0], logits[0], test=(truths[1], logits[1]))


def doubts_about_thresholds(result: RunResult, policy: str) -> list[str]:
    return [caveat for caveat in find_caveats(compare([result], "test", policy)) if "threshold" in caveat]


def test_few_validation_texts_make_tuned_thresholds_rough() -> None:
    told = "The thresholds were tuned on only 49 validation texts, so they are rough."
    assert doubts_about_thresholds(run(49), "tuned") == [told]
    assert doubts_about_thresholds(run(50), "tuned") == doubts_about_thresholds(run(49), "fixed") == []


def test_an_emotion_that_no_validation_text_has_is_named() -> None:
    told = "No validation text has joy, so its tuned threshold is hardly more than a guess."
    assert doubts_about_thresholds(run(60, absent=1), "tuned") == [told]
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


def test_a_single_series_with_one_seed_is_doubted_as_well() -> None:
    told = "There is only one seed of LoRA, so intervals count only chance in the texts, not in the training."
    assert doubts({}, {"LoRA": 0.5}, seeds={"LoRA": 1}) == [told]


def doubts(pairs: Pairs, values: Mapping[str, float] | None = None, **parts: Any) -> list[str]:
    return describe(build(values or {"LoRA": 0.5, "IA3": 0.47}, pairs, **parts)).caveats


def test_a_clear_verdict_has_no_doubts() -> None:
    assert doubts({("LoRA", "IA3"): LEAD}) == []


def test_single_seeds_are_doubted() -> None:
    [caveat] = doubts({("LoRA", "IA3"): LEAD}, seeds={"LoRA": 1, "IA3": 1})
    assert caveat.startswith("Every method has only one seed, so the chance in training is not known here")
    assert "the spread between seeds is assumed, 0.7 points." in caveat
    values = {"LoRA": 0.5, "IA3": 0.47, "X": 0.4}
    [caveat] = doubts({("LoRA", "IA3"): LEAD}, values, seeds={"IA3": 1, "X": 1}, elsewhere=["X"])
    assert caveat.startswith("There is only one seed of IA3, so")
    assert "the spread between seeds is taken from the other methods, at least 0.7 points." in caveat


def test_rare_emotions_are_doubted() -> None:
    caveats = doubts({("LoRA", "IA3"): LEAD}, thin=["trust", "surprise", "love"])
    assert caveats == ["Too few texts have trust, surprise and love" + ROUGH]


def test_macro_f1_of_few_rare_emotions_is_not_called_rough() -> None:
    """One of three, which is not more than a third."""
    emotions = {name: {"LoRA": 0.5, "IA3": 0.47} for name in ("joy", "anger")}
    caveats = doubts({("LoRA", "IA3"): LEAD}, emotions=emotions, thin=["trust"])
    assert caveats == ["Too few texts have trust for a verdict or an interval; macro-F1 includes them."]


@pytest.mark.parametrize(
    ("low", "high", "reach"), [(-0.031, 0.033, "3.3"), (-0.035, 0.009, "3.5"), (-0.02, 0.019, None)]
)
def test_what_is_widely_open_is_not_equal(low: float, high: float, reach: str | None) -> None:
    caveats = doubts({("LoRA", "IA3"): (0.001, low, high, "open")})
    told = f"Open does not mean equal: a difference of up to {reach} points also fits these texts."
    assert caveats == ([told] if reach else [])


def test_what_may_be_no_better_than_always_on_is_named() -> None:
    """Where the interval reaches down to it, or the value itself where there is no interval."""
    pairs = {("LoRA", "IA3"): LEAD}
    assert doubts(pairs, floor=0.44) == []
    assert doubts(pairs, floor=0.455) == snapshot(
        ["IA3 is not shown to be better than predicting every emotion for every text, at fixed thresholds."]
    )
    values = {"LoRA": 0.5, "IA3": 0.47, "X": 0.45}
    assert doubts(pairs, values, floor=0.49, elsewhere=["X"]) == snapshot(
        [
            "X is worse than predicting every emotion for every text, at fixed thresholds.",
            "LoRA and IA3 are not shown to be better than predicting every emotion for every text, at fixed "
            "thresholds.",
        ]
    )
    assert doubts(pairs, values, floor=0.449, elsewhere=["X"]) == []


def test_notes_of_the_comparison_come_last() -> None:
    assert doubts({("LoRA", "IA3"): LEAD}, thin=["trust"], notes=["A note."])[1:] == ["A note."]


def test_what_the_checks_found_in_the_data_is_told_once() -> None:
    found = [f"a.csv, test split: {number} texts repeat an earlier one" for number in range(2, 7)]
    truth = draw_truth(150, 3, 0)
    runs = [
        finish(
            {"data_warnings": found[start:], "data_sha256": {"data": "a"}},
            truth,
            draw_logits(truth, 2.0, start),
            seed=start,
        )
        for start in (0, 2)
    ]
    told = [caveat for caveat in find_caveats(compare(runs, "validation")) if "data" in caveat]
    assert told == [
        *(f"About the data: {text}." for text in found[:3]),
        "The checks of the data found 2 more; the page of a run lists them.",
    ]
