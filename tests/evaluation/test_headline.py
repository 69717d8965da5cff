"""The sentence at the top of a comparison in each form, with the numbers of its tables, and the caveats below it."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.comparison import compare
from emocore.evaluation.headline import describe
from tests.support.audited_runs import finish
from tests.support.comparisons import Pairs, build
from tests.support.studies import draw_logits, draw_truth

ROUGH = " for a verdict or an interval; macro-F1 includes them, so its interval is rough."
EQUAL = (0.001, -0.006, 0.008, "equal")
OPEN = (0.001, -0.012, 0.014, "open")
LEANS = (0.011, 0.002, 0.019, "leans better")
LEAD = (0.030, 0.011, 0.049, "better")
LOSS = (-0.030, -0.049, -0.011, "worse")


def tell(values: Mapping[str, float], pairs: Pairs) -> str:
    return describe(build(values, pairs)).sentence


def count(values: Mapping[str, float], pairs: Pairs) -> list[str]:
    return describe(build(values, pairs)).numbers


THREE = {"IA3": 0.47, "LoRA": 0.50, "QLoRA": 0.499}
FRONT = {("LoRA", "QLoRA"): EQUAL, ("IA3", "LoRA"): LOSS}


def test_two_are_equal_and_both_beat_a_third() -> None:
    """The line has words only. The two emotions with the largest difference are named under it; what is open does not
    count, however large."""
    pairs = FRONT | {
        ("IA3", "QLoRA"): (-0.029, -0.05, -0.01, "worse"),
        **{(("IA3", name, "joy")): (-0.02, -0.03, -0.01, "worse") for name in ("LoRA", "QLoRA")},
        **{(("IA3", name, "trust")): (-0.06, -0.10, -0.02, "worse") for name in ("LoRA", "QLoRA")},
        **{(("IA3", name, "pessimism")): (-0.08, -0.12, -0.04, "worse") for name in ("LoRA", "QLoRA")},
        **{(("IA3", name, "surprise")): (-0.20, -0.50, 0.10, "open") for name in ("LoRA", "QLoRA")},
    }
    assert tell(THREE, pairs) == snapshot("LoRA and QLoRA are equal within 1 point; both beat IA3.")
    assert count(THREE, pairs) == snapshot(
        [
            "LoRA: macro-F1 0.500 (95 % interval 0.480 to 0.520)",
            "QLoRA: 0.1 points below LoRA (90 % interval -0.6 to 0.8; P(LoRA is better) 0.900)",
            "IA3: 2.9 to 3.0 points below LoRA and QLoRA (corrected 95 % interval 1.0 to 5.0, for QLoRA; "
            "P(QLoRA is better) 0.900), mostly in pessimism and trust",
        ]
    )


def test_emotions_are_told_if_they_hold_for_all_winners_or_against_one() -> None:
    pairs = {("LoRA", "IA3"): LEAD, ("QLoRA", "IA3"): (0.022, 0.004, 0.04, "better"), ("LoRA", "QLoRA"): EQUAL}
    pairs |= {("LoRA", "IA3", "joy"): (0.09, 0.05, 0.13, "better"), ("QLoRA", "IA3", "joy"): OPEN}
    pairs |= {(name, "IA3", "trust"): (0.05, 0.01, 0.09, "better") for name in ("LoRA", "QLoRA")}
    pairs |= {("QLoRA", "IA3", "fear"): (-0.05, -0.09, -0.01, "worse")}
    told = count(THREE, pairs)[-1]
    assert told.startswith(
        "IA3: 2.2 to 3.0 points below LoRA and QLoRA (corrected 95 % interval 0.4 to 4.0, for QLoRA;"
    )
    assert told.endswith("), mostly in trust, though better in fear")


def test_groups_of_texts_have_a_sentence_each() -> None:
    values = {"LoRA": 0.5, "IA3": 0.47, "Head": 0.6, "TF-IDF": 0.57}
    told = tell(values, {("LoRA", "IA3"): LEAD, ("Head", "TF-IDF"): LEAD})
    assert told == snapshot("On the texts that they share, Head beats TF-IDF. On other texts, LoRA beats IA3.")


def test_only_one_of_those_in_front_beats_a_third() -> None:
    pairs = FRONT | {("IA3", "QLoRA"): (-0.029, -0.06, 0.002, "open")}
    assert tell(THREE, pairs) == "LoRA and QLoRA are equal within 1 point; only LoRA beats IA3."
    pairs = pairs | {("LoRA", "QLoRA"): OPEN}
    assert tell(THREE, pairs) == "Whether LoRA or QLoRA is better is open; only LoRA beats IA3."


def test_one_beats_the_others() -> None:
    pairs = {("LoRA", "IA3"): LEAD, ("LoRA", "IA3", "joy"): (0.1, 0.05, 0.15, "better")}
    assert tell({"LoRA": 0.5, "IA3": 0.47}, pairs) == "LoRA beats IA3."
    assert count({"LoRA": 0.5, "IA3": 0.47}, pairs) == snapshot(
        [
            "LoRA: macro-F1 0.500 (95 % interval 0.480 to 0.520)",
            "IA3: 3.0 points below LoRA (corrected 95 % interval 1.1 to 4.9; P(LoRA is better) 0.900), mostly in joy",
        ]
    )
    pairs |= {("LoRA", "Head only"): (0.10, 0.08, 0.12, "better"), ("IA3", "Head only"): (0.07, 0.05, 0.09, "better")}
    assert tell({"LoRA": 0.5, "IA3": 0.47, "Head only": 0.40}, pairs) == "LoRA beats IA3 and Head only."


def test_a_lead_that_is_surely_smaller_than_the_margin_is_told_as_such() -> None:
    small = {("LoRA", "IA3"): (0.005, 0.001, 0.009, "better")}
    assert tell({"LoRA": 0.5, "IA3": 0.495}, small) == "LoRA beats IA3, by less than 1 point."


def test_what_leans_is_open_in_the_line_and_told_under_it() -> None:
    pairs = {("LoRA", "IA3"): LEANS}
    assert tell({"LoRA": 0.5, "IA3": 0.489}, pairs) == "Whether LoRA or IA3 is better is open."
    assert count({"LoRA": 0.5, "IA3": 0.489}, pairs)[1] == snapshot(
        "IA3: 1.1 points below LoRA (95 % interval 0.2 to 1.9; P(LoRA is better) 0.900; this leans, but is no verdict)"
    )


def test_three_equals_beat_a_fourth() -> None:
    """Three are only called equal together if every pair is."""
    values = {"LoRA": 0.50, "QLoRA": 0.499, "IA3": 0.495, "TF-IDF": 0.40}
    pairs = {("LoRA", "QLoRA"): EQUAL, ("LoRA", "IA3"): EQUAL, ("QLoRA", "IA3"): EQUAL}
    lost = {(name, "TF-IDF"): (0.1, 0.08, 0.12, "better") for name in ("LoRA", "QLoRA", "IA3")}
    end = "; all 3 beat TF-IDF."
    assert tell(values, pairs | lost) == "LoRA, QLoRA and IA3 are equal within 1 point" + end
    apart = pairs | lost | {("QLoRA", "IA3"): OPEN}
    assert tell(values, apart) == "LoRA equals QLoRA and IA3 within 1 point" + end
    undecided = pairs | lost | {("LoRA", "IA3"): OPEN}
    expected = "LoRA and QLoRA are equal within 1 point; whether LoRA is better than IA3 is open"
    assert tell(values, undecided) == expected + end


def test_many_series_are_summed_up() -> None:
    names = ["LoRA", "QLoRA", "IA3", "Head", "DoRA", "TF-IDF", "VeRA"]
    values = {name: 0.5 - place / 100 for place, name in enumerate(names)}
    every_pair = dict.fromkeys(combinations(names, 2), OPEN)
    lost = {("LoRA", name): (values["LoRA"] - values[name], 0.01, 0.1, "better") for name in names[5:]}
    assert tell(values, every_pair | lost) == snapshot(
        "Which of LoRA, QLoRA, IA3 and 2 more is best is open; LoRA beats the other 2."
    )
    assert count(values, every_pair | lost) == snapshot(
        [
            "LoRA: macro-F1 0.500 (95 % interval 0.480 to 0.520)",
            "Open against 4 series, which are 0.1 points lower",
            "It beats 2 series, which are 5.0 to 6.0 points lower",
        ]
    )
    won = {("LoRA", name): (0.02, 0.01, 0.03, "better") for name in names[1:]}
    assert tell(values, every_pair | won) == "LoRA beats all 6."
    assert tell(values, every_pair) == "Which of LoRA, QLoRA, IA3 and 4 more is best is open."


def test_two_that_the_best_does_not_beat_may_differ() -> None:
    """The best varies much between its seeds; the other two do not, and their difference is clear."""
    values = {"LoRA": 0.50, "QLoRA": 0.49, "IA3": 0.47}
    pairs = {("LoRA", "QLoRA"): (0.01, -0.04, 0.06, "open"), ("LoRA", "IA3"): (0.03, -0.02, 0.08, "open")}
    pairs |= {("QLoRA", "IA3"): (0.02, 0.01, 0.03, "better"), ("QLoRA", "IA3", "joy"): (0.1, 0.05, 0.15, "better")}
    assert tell(values, pairs) == snapshot("Whether LoRA is better than QLoRA or IA3 is open; QLoRA beats IA3.")


def test_the_best_mean_over_unequal_draws_does_not_hide_who_is_better_on_those_that_both_have() -> None:
    """QLoRA has easier draws besides those that it shares with LoRA, which beats it there."""
    values = {"QLoRA": 0.52, "LoRA": 0.50, "Head": 0.40}
    pairs = {("LoRA", "QLoRA"): (0.03, 0.01, 0.05, "better"), ("QLoRA", "Head"): (0.1, 0.08, 0.12, "better")}
    pairs |= {("LoRA", "Head"): (0.13, 0.1, 0.16, "better")}
    assert tell(values, pairs) == "LoRA beats QLoRA and Head."
    assert tell({"QLoRA": 0.52, "LoRA": 0.50}, {("LoRA", "QLoRA"): LEAD}) == "LoRA beats QLoRA."


def test_one_series_has_its_value_and_nothing_to_be_tested_against() -> None:
    assert tell({"LoRA": 0.5083}, {}) == snapshot("LoRA: macro-F1 0.508 (95 % CI 0.488 to 0.528).")
    told = tell({"LoRA": 0.5, "IA3": 0.52}, {})
    expected = "IA3: macro-F1 0.520 (95 % CI 0.500 to 0.540), the highest of 2; "
    assert told == expected + "no two of them could be tested against each other."


def test_what_was_not_tested_is_named_but_not_in_the_verdict() -> None:
    told = describe(build({"LoRA": 0.5, "IA3": 0.47, "X": 0.9}, {("LoRA", "IA3"): LEAD}, elsewhere=["X"]))
    assert told.sentence == "LoRA beats IA3."
    assert told.caveats == snapshot(
        ["These scores are higher but cannot be tested, since their predictions are not here: X (0.900)."]
    )


def test_too_few_texts_for_any_interval_are_told_in_words() -> None:
    """Even macro-F1 has none, where all emotions together are in fewer than ten texts. Three seeds each."""
    thin = (0.03, np.nan, np.nan, "open", "only 6 texts have it, which is too few")
    headline = describe(build({"LoRA": 0.5, "IA3": 0.47}, {("LoRA", "IA3"): thin}, thin=["joy"]))
    assert headline.sentence == snapshot(
        "LoRA has the highest macro-F1, but 9 texts are too few for a verdict on LoRA and IA3."
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
    low, high = (f"{100 * row[name]:.1f}" for name in ("low", "high"))
    assert headline.sentence.startswith("LoRA beats IA3.")
    told = f"IA3: {100 * row['difference']:.1f} points below LoRA ({row['interval']} interval {low} to {high};"
    assert headline.numbers[1].startswith(told)
    values = comparison.ranking()["value"]
    assert row["difference"] == pytest.approx(values[0] - values[1])
    plan, caveat = headline.caveats
    assert plan.startswith("No plan of these runs as one study is known")
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


@pytest.mark.parametrize("skills", [(1.0, 2.0, 3.0), (2.0, 2.0, 2.0)])
def test_how_far_a_draw_moves_a_score_is_told_where_it_does(skills: tuple[float, ...]) -> None:
    truth = draw_truth(300, 3, seed=9)
    runs = [
        finish(
            {"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64},
            truth, draw_logits(truth, skill, 1), method=method, seed=draw,
        )
        for method in ("lora", "ia3")
        for draw, skill in enumerate(skills)
    ]  # fmt: skip
    told = describe(compare(runs, "validation")).numbers[-1]
    assert told.startswith("Another draw of the training texts moves a score by about ") == (len(set(skills)) > 1)
