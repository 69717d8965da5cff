"""The sentence at the top of a comparison in each form, with the numbers of its tables, and the caveats below it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.comparison import compare
from emocore.evaluation.headline import describe
from tests.support.audited_runs import finish
from tests.support.comparisons import Pairs, build
from tests.support.studies import draw_logits, draw_truth

ROUGH = " for a verdict or an interval; macro-F1 includes them, so its interval is rough."
TIE = (0.001, -0.012, 0.014, "tie")
LEAD = (0.030, 0.011, 0.049, "better")


def tell(values: Mapping[str, float], pairs: Pairs) -> str:
    return describe(build(values, pairs)).sentence


THREE = {"IA3": 0.47, "LoRA": 0.50, "QLoRA": 0.499}
FRONT = {("LoRA", "QLoRA"): TIE, ("IA3", "LoRA"): (-0.030, -0.049, -0.011, "worse")}


def test_two_tie_and_both_beat_a_third() -> None:
    """The two emotions with the largest difference are named; a tie does not count, however large."""
    emotions = {
        ("IA3", "LoRA", "joy"): (-0.02, -0.03, -0.01, "worse"),
        ("IA3", "LoRA", "trust"): (-0.06, -0.10, -0.02, "worse"),
        ("IA3", "LoRA", "pessimism"): (-0.08, -0.12, -0.04, "worse"),
        ("IA3", "LoRA", "surprise"): (-0.20, -0.50, 0.10, "tie"),
    }
    told = tell(THREE, FRONT | {("IA3", "QLoRA"): (-0.030, -0.05, -0.01, "worse")} | emotions)
    assert told == snapshot(
        "LoRA and QLoRA tie (macro-F1 +0.1, CI -1.2 to +1.4); "
        "both beat IA3 by 3.0 (CI 1.1 to 4.9), mostly in pessimism and trust."
    )


def test_of_several_winners_the_smallest_lead_is_told_and_what_holds_for_all() -> None:
    pairs = {("LoRA", "IA3"): LEAD, ("QLoRA", "IA3"): (0.022, 0.004, 0.04, "better"), ("LoRA", "QLoRA"): TIE}
    pairs |= {("LoRA", "IA3", "joy"): (0.09, 0.05, 0.13, "better"), ("QLoRA", "IA3", "joy"): (0.02, -0.02, 0.06, "tie")}
    pairs |= {(name, "IA3", "trust"): (0.05, 0.01, 0.09, "better") for name in ("LoRA", "QLoRA")}
    pairs |= {("QLoRA", "IA3", "fear"): (-0.05, -0.09, -0.01, "worse")}
    told = tell(THREE, pairs)
    assert told.endswith("; both beat IA3 by 2.2 or more (CI 0.4 to 4.0), mostly in trust, though worse in fear.")


def test_groups_of_texts_have_a_sentence_each() -> None:
    values = {"LoRA": 0.5, "IA3": 0.47, "Head": 0.6, "TF-IDF": 0.57}
    told = tell(values, {("LoRA", "IA3"): LEAD, ("Head", "TF-IDF"): LEAD})
    assert told == snapshot(
        "On the texts that they share, Head beats TF-IDF by 3.0 (CI 1.1 to 4.9). "
        "On other texts, LoRA beats IA3 by 3.0 (CI 1.1 to 4.9)."
    )


def test_a_single_series_with_one_seed_is_doubted_as_well() -> None:
    told = "There is only one seed of LoRA, so intervals count only chance in the texts, not in the training."
    assert doubts({}, {"LoRA": 0.5}, seeds={"LoRA": 1}) == [told]


def test_only_one_of_those_in_front_beats_a_third() -> None:
    told = tell(THREE, FRONT | {("IA3", "QLoRA"): (-0.029, -0.06, 0.002, "tie")})
    assert told == snapshot(
        "LoRA and QLoRA tie (macro-F1 +0.1, CI -1.2 to +1.4); only LoRA beats IA3 by 3.0 (CI 1.1 to 4.9)."
    )


def test_one_beats_the_others() -> None:
    pairs = {("LoRA", "IA3"): LEAD, ("LoRA", "IA3", "joy"): (0.1, 0.05, 0.15, "better")}
    assert tell({"LoRA": 0.5, "IA3": 0.47}, pairs) == snapshot("LoRA beats IA3 by 3.0 (CI 1.1 to 4.9), mostly in joy.")
    pairs |= {("LoRA", "Head only"): (0.10, 0.08, 0.12, "better"), ("IA3", "Head only"): (0.07, 0.05, 0.09, "better")}
    told = tell({"LoRA": 0.5, "IA3": 0.47, "Head only": 0.40}, pairs)
    assert told == snapshot(
        "LoRA beats IA3 by 3.0 (CI 1.1 to 4.9), mostly in joy, and Head only by 10.0 (CI 8.0 to 12.0)."
    )


def test_three_tie_and_all_beat_a_fourth() -> None:
    values = {"LoRA": 0.50, "QLoRA": 0.499, "IA3": 0.495, "TF-IDF": 0.40}
    pairs = {("LoRA", "QLoRA"): TIE, ("LoRA", "IA3"): (0.005, -0.008, 0.018, "tie"), ("QLoRA", "IA3"): TIE}
    pairs |= {(name, "TF-IDF"): (0.1, 0.08, 0.12, "better") for name in ("LoRA", "QLoRA", "IA3")}
    assert tell(values, pairs) == snapshot(
        "LoRA, QLoRA and IA3 tie (macro-F1 of LoRA: +0.1, CI -1.2 to +1.4 against QLoRA; +0.5, CI -0.8 to +1.8 against "
        "IA3); all 3 beat TF-IDF by 10.0 (CI 8.0 to 12.0)."
    )


def test_many_series_are_summed_up() -> None:
    names = ["LoRA", "QLoRA", "IA3", "Head", "DoRA", "TF-IDF", "VeRA"]
    values = {name: 0.5 - place / 100 for place, name in enumerate(names)}
    ties = {("LoRA", name): (values["LoRA"] - values[name], -0.01, 0.05, "tie") for name in names[1:5]}
    lost = {("LoRA", name): (values["LoRA"] - values[name], 0.01, 0.1, "better") for name in names[5:]}
    head = "LoRA has the highest macro-F1 of 7: 0.500; "
    assert tell(values, ties | lost) == head + (
        "QLoRA, IA3, Head and 1 more tie with it; it beats the other 2 by 5.0 to 6.0 points."
    )
    won = {("LoRA", name): (0.02, 0.01, 0.03, "better") for name in names[1:]}
    assert tell(values, won) == head + "it beats all 6 by 2.0 points."
    even = {("LoRA", name): (0.02, -0.01, 0.05, "tie") for name in names[1:]}
    assert tell(values, even) == head + "QLoRA, IA3, Head and 3 more tie with it."


def test_a_difference_that_only_the_correction_makes_a_tie_is_told() -> None:
    [told] = doubts({("LoRA", "IA3"): (0.011, 0.002, 0.019, "tie")})
    assert told == snapshot(
        "As a single pair, LoRA would beat IA3, since the interval excludes 0; among several pairs such a difference "
        "may be chance."
    )


def test_two_that_tie_with_the_best_need_not_tie_with_each_other() -> None:
    """The best varies much between its seeds; the other two do not, and their difference is clear."""
    values = {"LoRA": 0.50, "QLoRA": 0.49, "IA3": 0.47}
    pairs = {("LoRA", "QLoRA"): (0.01, -0.04, 0.06, "tie"), ("LoRA", "IA3"): (0.03, -0.02, 0.08, "tie")}
    pairs |= {("QLoRA", "IA3"): (0.02, 0.01, 0.03, "better"), ("QLoRA", "IA3", "joy"): (0.1, 0.05, 0.15, "better")}
    assert tell(values, pairs) == snapshot(
        "LoRA ties with QLoRA and IA3 (macro-F1 +1.0, CI -4.0 to +6.0 against QLoRA; +3.0, CI -2.0 to +8.0 against "
        "IA3); QLoRA beats IA3 by 2.0 (CI 1.0 to 3.0), mostly in joy."
    )


def test_one_series_has_its_value_and_nothing_to_be_tested_against() -> None:
    assert tell({"LoRA": 0.5083}, {}) == snapshot("LoRA: macro-F1 0.508 (95 % CI 0.488 to 0.528).")
    told = tell({"LoRA": 0.5, "IA3": 0.52}, {})
    expected = "IA3: macro-F1 0.520 (95 % CI 0.500 to 0.540), the highest of 2; "
    assert told == expected + "no two of them could be tested against each other."


def test_what_was_not_tested_is_named_but_not_in_the_verdict() -> None:
    told = describe(build({"LoRA": 0.5, "IA3": 0.47, "X": 0.9}, {("LoRA", "IA3"): LEAD}, elsewhere=["X"]))
    assert told.sentence == snapshot("LoRA beats IA3 by 3.0 (CI 1.1 to 4.9).")
    assert told.caveats == snapshot(
        ["These scores are higher but cannot be tested, since their predictions are not here: X (0.900)."]
    )


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
def test_a_wide_tie_is_no_equality(low: float, high: float, reach: str | None) -> None:
    caveats = doubts({("LoRA", "IA3"): (0.001, low, high, "tie")})
    told = f"A tie is not equality: a difference of up to {reach} points also fits these texts."
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


def test_too_few_texts_for_any_interval_are_told_in_words() -> None:
    """Even macro-F1 has none, where all emotions together are in fewer than ten texts. Three seeds each."""
    thin = (0.03, np.nan, np.nan, "tie", "only 6 texts have it, which is too few")
    headline = describe(build({"LoRA": 0.5, "IA3": 0.47}, {("LoRA", "IA3"): thin}, thin=["joy"]))
    assert headline.sentence == snapshot(
        "LoRA has the highest macro-F1 (0.500), but 9 texts are too few for a verdict on LoRA and IA3."
    )
    assert headline.caveats == ["Too few texts have joy" + ROUGH]


def test_the_sentence_has_the_numbers_of_the_tables() -> None:
    truth = draw_truth(300, 3, seed=9)
    skills = {"ia3": 1.0, "lora": 4.0}
    runs = [
        finish(None, truth, draw_logits(truth, skill, seed), method=method, seed=seed)
        for method, skill in skills.items()
        for seed in (1, 2, 3)
    ]
    comparison = compare(runs, "validation")
    headline, row = describe(comparison), comparison.verdicts.among(["LoRA", "IA3"]).overall.iloc[0]
    numbers = [f"{100 * row[name]:.1f}" for name in ("difference", "low", "high")]
    assert headline.sentence.startswith("LoRA beats IA3 by {} (CI {} to {}), mostly in ".format(*numbers))
    values = comparison.ranking()["value"]
    assert row["difference"] == pytest.approx(values[0] - values[1])
    [caveat] = headline.caveats
    assert caveat.startswith("Scores are on the validation split; publish scores on a test split")


def test_series_that_cannot_be_compared_for_their_draws_are_told_apart() -> None:
    truth = draw_truth(300, 3, seed=9)
    draws = {"lora": (1, 2), "ia3": (1, 2), "head": (1,), "tfidf": (1,)}
    runs = [
        finish(
            {"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64},
            truth, draw_logits(truth, 2.0, 10 * place + draw), method=method, seed=draw,
        )
        for place, (method, own) in enumerate(draws.items())
        for draw in own
    ]  # fmt: skip
    sentence = describe(compare(runs, "validation")).sentence
    assert ". Apart, " in sentence and "texts" not in sentence


@pytest.mark.parametrize(
    ("draws", "told"),
    [
        ((1, 1), " Trained on these 1,000 texts."),
        ((1, 2), " Trained on 2 draws of 1,000 texts."),
    ],
    ids=["one draw", "two draws"],
)
def test_the_sentence_says_on_which_training_texts_it_rests(draws: tuple[int, int], told: str) -> None:
    truth = draw_truth(300, 3, seed=9)
    runs = [
        finish(
            {"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64},
            truth, draw_logits(truth, 2.0, seed), method=method, seed=seed,
        )
        for method in ("lora", "ia3")
        for seed, draw in enumerate(draws)
    ]  # fmt: skip
    assert describe(compare(runs, "validation")).sentence.endswith(told)
    assert "Trained on" not in describe(compare(runs[:-1], "validation")).sentence or draws == (1, 1)
