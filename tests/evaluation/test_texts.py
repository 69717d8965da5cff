"""Where series differ: by hand, against the definitions cell by cell, and against scikit-learn."""

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score, f1_score

from emocore.evaluation.predictions import Predictions
from emocore.evaluation.texts import (
    agreement_table,
    co_occurrence_errors,
    differing_texts,
    keep_most_mixed_up,
    oracle_scores,
    unique_errors,
)
from tests.support.simulated import predictions_of

# Four texts, anger (2 of them) and joy (3). LoRA misses the second text's anger, IA3 the first one's and the third
# one's joy; both say that the last text is angry.
LABELS = ("anger", "joy")
TRUTH = np.array([[1, 1], [1, 1], [0, 1], [0, 0]], dtype=bool)
LORA = [[0.9, 0.8], [0.2, 0.7], [0.1, 0.6], [0.8, 0.1]]
IA3 = [[0.4, 0.9], [0.9, 0.8], [0.3, 0.3], [0.6, 0.2]]


def predict(
    truth: object, probabilities: object, series: tuple[str, ...], thresholds: float | np.ndarray = 0.5
) -> Predictions:
    values = np.array(probabilities, dtype=float)
    each = np.broadcast_to(thresholds, (len(values), values.shape[-1]))
    made = predictions_of(np.array(truth, dtype=bool), values - each[:, None], series)
    return replace(
        made,
        methods=tuple(name.lower() for name in series),
        labels=LABELS if values.shape[-1] == 2 else made.labels,
        texts=tuple(f"text {row}" for row in made.row_ids),
        probabilities=values,
        predicted=values >= each[:, None],
        thresholds=each,
    )


@pytest.fixture
def two() -> Predictions:
    return predict(TRUTH, [LORA, IA3], ("LoRA", "IA3"))


@pytest.fixture(scope="module", params=[7, 28])
def large(request: pytest.FixtureRequest) -> Predictions:
    """Three series with one, two and three seeds; the last emotion is in no text, the one before rare."""
    random = np.random.default_rng(request.param)
    shares = np.linspace(0.5, 0, request.param)
    truth = random.random((150, request.param)) < shares
    probabilities = np.clip(0.3 + 0.3 * truth + random.normal(0, 0.25, (6, *truth.shape)), 0, 1)
    return predict(truth, probabilities, ("LoRA", "IA3", "QLoRA", "IA3", "QLoRA", "QLoRA"))


def votes(predictions: Predictions) -> dict[str, np.ndarray]:
    """Series -> what most of its seeds say, cell by cell; where they are split, the mean probability decides."""
    said = {}
    for name, places in predictions.members.items():
        ayes = predictions.predicted[places].mean(axis=0)
        is_above = predictions.probabilities[places].mean(axis=0) >= predictions.thresholds[places].mean(axis=0)
        said[name] = np.where(ayes == 0.5, is_above, ayes > 0.5)
    return said


def test_texts_that_one_gets_right_come_with_both_probabilities_widest_apart_first(two: Predictions) -> None:
    table = differing_texts(two, "LoRA", "IA3")
    said = table[["row_id", "text", "emotion", "truth", "right"]].to_numpy().tolist()
    assert said == [
        ["1", "text 1", "anger", True, "IA3"],
        ["0", "text 0", "anger", True, "LoRA"],
        ["2", "text 2", "joy", True, "LoRA"],
    ]
    numbers = table[["first_probability", "second_probability", "margin"]].to_numpy()
    assert numbers == pytest.approx(np.array([[0.2, 0.9, 0.7], [0.9, 0.4, 0.5], [0.6, 0.3, 0.3]]))


def test_one_emotion_and_the_other_order_of_series_give_the_same_texts(two: Predictions) -> None:
    joy = differing_texts(two, "IA3", "LoRA", emotion="joy")
    assert joy[["text", "right"]].to_numpy().tolist() == [["text 2", "LoRA"]]
    assert joy[["first_probability", "second_probability"]].to_numpy().tolist() == [[0.3, 0.6]]


def test_an_emotion_that_is_not_there_is_told_apart_too() -> None:
    """Who cries wolf is wrong: the truth is no."""
    predictions = predict([[0, 0]], [[[0.7, 0.1]], [[0.2, 0.1]]], ("LoRA", "IA3"))
    [row] = differing_texts(predictions, "LoRA", "IA3").to_dict("records")
    assert (row["truth"], row["right"]) == (False, "IA3")


def test_series_that_answer_alike_differ_in_no_text(two: Predictions) -> None:
    table = differing_texts(two, "LoRA", "LoRA")
    assert table.empty and "margin" in table.columns


def test_names_that_are_not_there_are_refused(two: Predictions) -> None:
    with pytest.raises(KeyError, match="QLoRA"):
        differing_texts(two, "LoRA", "QLoRA")
    with pytest.raises(ValueError):
        differing_texts(two, "LoRA", "IA3", emotion="boredom")


def test_the_majority_of_seeds_decides_though_the_mean_probability_says_otherwise() -> None:
    seeds = [[[0.6, 0.0]], [[0.6, 0.0]], [[0.0, 0.0]]]
    predictions = predict([[1, 0]], [*seeds, [[0.1, 0.0]]], ("LoRA",) * 3 + ("IA3",))
    [row] = differing_texts(predictions, "LoRA", "IA3").to_dict("records")
    assert (row["right"], row["first_probability"]) == ("LoRA", pytest.approx(0.4))


@pytest.mark.parametrize(("second_seed", "right"), [(0.29, ["LoRA"]), (0.21, [])])
def test_of_two_seeds_that_disagree_the_mean_probability_decides(second_seed: float, right: list[str]) -> None:
    """One says yes at 0.55 of 0.5, the other no below 0.3: their mean is 0.42 or 0.38, that of the thresholds 0.4."""
    probabilities = [[[0.55, 0.0]], [[second_seed, 0.0]], [[0.1, 0.0]]]
    thresholds = np.array([[0.5, 0.5], [0.3, 0.5], [0.5, 0.5]])
    predictions = predict([[1, 0]], probabilities, ("LoRA", "LoRA", "IA3"), thresholds)
    assert differing_texts(predictions, "LoRA", "IA3")["right"].tolist() == right


def test_errors_of_one_series_only_are_counted_by_emotion(two: Predictions) -> None:
    table = unique_errors(two)
    columns = ["series", "method", "emotion", "errors", "only_wrong", "only_right", "support"]
    assert table[columns].to_numpy().tolist() == [
        ["LoRA", "lora", "joy", 0, 0, 1, 3],
        ["LoRA", "lora", "anger", 2, 1, 1, 2],
        ["IA3", "ia3", "joy", 1, 1, 0, 3],
        ["IA3", "ia3", "anger", 2, 1, 1, 2],
    ]
    assert table.loc[2, ["only_wrong_share", "only_right_share"]].tolist() == [0.25, 0]


def test_a_single_series_has_no_unique_errors(two: Predictions) -> None:
    table = unique_errors(predict(TRUTH, [LORA, IA3], ("LoRA", "LoRA")))
    assert table.empty and table.columns.tolist() == unique_errors(two).columns.tolist()


def test_unique_errors_are_those_of_the_definition(large: Predictions) -> None:
    said = votes(large)
    table = unique_errors(large).set_index(["series", "emotion"])
    assert all(part.is_monotonic_decreasing for _, part in table["support"].groupby(level="series"))
    for name, (column, emotion) in product(said, enumerate(large.labels)):
        is_wrong = {other: said[other][:, column] != large.truth[:, column] for other in said}
        others = [is_wrong[other] for other in said if other != name]
        row = table.loc[(name, emotion)]
        assert row["errors"] == is_wrong[name].sum()
        assert row["only_wrong"] == (is_wrong[name] & ~np.any(others, axis=0)).sum()
        assert row["only_right"] == (~is_wrong[name] & np.all(others, axis=0)).sum()


def test_the_oracle_is_wrong_only_where_all_are(two: Predictions) -> None:
    """Each has anger F1 1/2 (1 hit, 1 miss, 1 false alarm); together the last text's false alarm is left."""
    table = oracle_scores(two)
    best, oracle = [3 / 4, 8 / 10, 1, 1 / 2], [9 / 10, 10 / 11, 1, 4 / 5]
    assert pytest.approx(np.array([best, oracle])) == table[["best", "oracle"]].to_numpy().T
    assert table["gain"].tolist() == pytest.approx((table["oracle"] - table["best"]).tolist())
    assert table[["metric", "emotion", "series", "support"]].to_numpy().tolist() == [
        ["f1_macro", "", "LoRA", 5], ["f1_micro", "", "LoRA", 5], ["f1", "joy", "LoRA", 3], ["f1", "anger", "LoRA", 2],
    ]  # fmt: skip  # of equals the first


def test_the_oracle_agrees_with_scikit_learn(large: Predictions) -> None:
    said = votes(large)
    is_wrong = np.all([predicted != large.truth for predicted in said.values()], axis=0)
    union = np.where(is_wrong, ~large.truth, large.truth)
    table = oracle_scores(large).set_index(["metric", "emotion"])
    for metric in ("macro", "micro"):
        row = table.loc[(f"f1_{metric}", "")]
        single = {n: f1_score(large.truth, p, average=metric, zero_division=0) for n, p in said.items()}
        assert row["oracle"] == pytest.approx(f1_score(large.truth, union, average=metric, zero_division=0), abs=1e-12)
        assert row["best"] == pytest.approx(max(single.values()), abs=1e-12)
        assert single[row["series"]] == max(single.values())
    by_emotion = f1_score(large.truth, union, average=None, zero_division=0)
    for emotion, known in zip(large.labels, by_emotion, strict=True):
        assert table.loc[("f1", emotion), "oracle"] == pytest.approx(known, abs=1e-12)
    assert (table["gain"] >= 0).all()


def test_of_one_series_the_oracle_is_that_series() -> None:
    table = oracle_scores(predict(TRUTH, [LORA], ("LoRA",)))
    assert table["gain"].tolist() == [0] * 4


def test_agreement_is_scikit_learn_s_kappa_over_pairs_of_runs(large: Predictions) -> None:
    """The seeds of one series are compared with each other, and no run with itself."""
    kappa = agreement_table(large)
    assert kappa.index.tolist() == kappa.columns.tolist() == [*large.members]
    for first, second in product(large.members, repeat=2):
        pairs = [(a, b) for a, b in product(large.members[first], large.members[second]) if a != b]
        kappas = [
            np.mean([cohen_kappa_score(*large.predicted[[a, b], :, column]) for column in range(len(large.labels))])
            for a, b in pairs
        ]
        if pairs:
            assert kappa.loc[first, second] == pytest.approx(np.mean(kappas), abs=1e-12)
        else:
            assert first == second == "LoRA" and np.isnan(kappa.loc[first, second])


def test_emotions_that_both_never_or_both_always_predict_have_no_kappa() -> None:
    """Both predict no anger at all, which gives no kappa; joy decides, and without it the result is NaN."""
    never, always = [[0.1, 0.9], [0.1, 0.1]], [[0.9, 0.9], [0.9, 0.1]]
    truth = [[1, 0], [0, 1]]
    assert agreement_table(predict(truth, [never, never], ("LoRA", "IA3"))).iloc[0, 1] == 1
    # One says it never and the other always: no more than chance, though not undefined.
    assert agreement_table(predict(truth, [never, always], ("LoRA", "IA3"))).iloc[0, 1] == 1 / 2
    silent = np.full((2, 2, 2), 0.1)
    assert np.isnan(agreement_table(predict(truth, silent, ("LoRA", "IA3"))).iloc[0, 1])


def test_emotions_are_predicted_with_or_instead_of_true_ones() -> None:
    """Three texts have anger and not joy: one gets both, one only joy, one is right. None has joy without anger."""
    truth = [[1, 0], [1, 0], [1, 0], [1, 1], [0, 0]]
    said = [[1, 1], [0, 1], [1, 0], [0, 1], [1, 1]]
    table = co_occurrence_errors(predict(truth, [said], ("LoRA",)))
    assert table["kind"].tolist() == ["with", "instead"]
    known = ["series", "method", "true_emotion", "other_emotion", "count"]
    assert table[known].to_numpy().tolist() == [["LoRA", "lora", "anger", "joy", 1]] * 2
    assert table["share"].tolist() == pytest.approx([1 / 3] * 2)


def test_of_many_emotions_those_in_most_errors_are_kept_with_the_chosen_one() -> None:
    rows = [("a", "b", 1), ("a", "c", 7), ("c", "b", 4), ("d", "a", 0), ("e", "f", 9)]
    errors = pd.DataFrame(rows, columns=["true_emotion", "other_emotion", "count"])
    kept = keep_most_mixed_up(errors, 4)
    assert kept[["true_emotion", "other_emotion"]].to_numpy().tolist() == [["a", "c"], ["e", "f"]]
    assert keep_most_mixed_up(errors, 4, "b")["count"].tolist() == [4, 9]
    assert keep_most_mixed_up(errors, 4, "not there").equals(kept)
    assert len(keep_most_mixed_up(errors, 6)) == len(errors)


def test_co_occurrence_errors_are_means_over_seeds_of_the_definition(large: Predictions) -> None:
    table = co_occurrence_errors(large)
    order = [large.labels[column] for column in np.argsort(-large.support, kind="stable")]
    assert list(dict.fromkeys(table["true_emotion"])) == order[:-1]  # nothing has the last one
    counts = table.set_index(["series", "true_emotion", "other_emotion", "kind"])[["count", "share"]].to_dict("index")
    expected = {}
    for name, places in large.members.items():
        for (a, true), (b, other) in product(enumerate(large.labels), repeat=2):
            eligible = large.truth[:, a] & ~large.truth[:, b]
            if a == b or not eligible.any():
                continue
            for kind in ("with", "instead"):
                is_said = (large.predicted[places, :, a] == (kind == "with")) & large.predicted[places, :, b]
                count = (eligible & is_said).sum(axis=1).mean()
                expected[name, true, other, kind] = {"count": count, "share": count / eligible.sum()}
    assert counts.keys() == expected.keys()
    assert pd.DataFrame(counts).to_numpy() == pytest.approx(pd.DataFrame(expected)[list(counts)].to_numpy())
