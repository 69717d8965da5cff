"""Reliability, calibration error and precision-recall curves: by hand, and against scikit-learn and scipy."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import average_precision_score, brier_score_loss, precision_recall_curve

from emocore.evaluation.calibration import (
    BINS,
    PRECISION_RECALL_COLUMNS,
    RECALL_GRID,
    calibration_table,
    precision_recall_table,
    reliability_table,
)
from emocore.evaluation.intervals import wilson_interval
from emocore.evaluation.predictions import Predictions
from tests.support.simulated import predictions_of

# Two texts with two emotions; each probability is in another of ten bins.
TRUTH = np.array([[0, 1], [0, 1]], dtype=bool)
PROBABILITIES = np.array([[[0.1, 0.3], [0.5, 0.9]]])


def predict(truth: np.ndarray, probabilities: np.ndarray, series: tuple[str, ...] = ("LoRA",)) -> Predictions:
    return replace(predictions_of(truth, probabilities - 0.5, series), probabilities=probabilities)


@pytest.fixture(scope="module")
def large() -> Predictions:
    """Two series with two seeds and one; many probabilities are the same, and many lie where bins meet."""
    random = np.random.default_rng(0)
    chances = random.random((400, 28)) * np.linspace(1, 0.05, 28)
    truth = random.random(chances.shape) < chances
    probabilities = np.clip(chances + random.normal(0, 0.2, (3, *chances.shape)), 0, 1).round(2)
    return predict(truth, probabilities, ("LoRA", "IA3", "LoRA"))


def test_bins_hold_what_was_said_and_what_was_true() -> None:
    """Where two bins meet, 0.2 belongs to the lower: 0.12, 0.18 and 0.2, of which the second is true."""
    table = reliability_table(predict(TRUTH, np.array([[[0.12, 0.18], [0.2, 0.9]]])))
    assert table["series"].tolist() == ["LoRA", "LoRA"] and table["method"].tolist() == ["lora", "lora"]
    columns = ["bin_low", "bin_high", "confidence", "observed", "count"]
    assert table[columns].to_numpy() == pytest.approx(np.array([[0.1, 0.2, 0.5 / 3, 1 / 3, 3], [0.8, 0.9, 0.9, 1, 1]]))


def test_errors_of_calibration_are_those_worked_by_hand() -> None:
    [row] = calibration_table(predict(TRUTH, PROBABILITIES)).to_dict("records")
    assert (row["series"], row["method"]) == ("LoRA", "lora")
    assert row["ece"] == pytest.approx((0.1 + 0.7 + 0.5 + 0.1) / 4)
    assert row["brier"] == pytest.approx((0.01 + 0.49 + 0.25 + 0.01) / 4)


def test_copies_of_a_text_in_one_group_tell_as_much_as_one(large: Predictions) -> None:
    """Each text four times: the intervals are about those of single texts, and without groups half as wide."""
    four = {name: np.repeat(getattr(large, name), 4, axis=axis) for name, axis in (("truth", 0), ("probabilities", 1))}
    copied = replace(large, **four)
    grouped = replace(copied, groups=np.repeat(np.arange(400), 4))
    single, copies, groups = (reliability_table(told, "emotion 0") for told in (large, copied, grouped))
    assert groups["observed"].to_numpy() == pytest.approx(single["observed"].to_numpy())
    widths = [(table["high"] - table["low"]).mean() for table in (single, copies, groups)]
    assert widths[1] / widths[0] < 0.6
    assert widths[2] / widths[0] == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("texts", [100, 886])
def test_the_floor_is_the_error_of_probabilities_that_are_right(texts: int) -> None:
    random = np.random.default_rng(0)
    probabilities = random.beta(0.6, 2.0, (1, texts, 2))
    tables = [
        calibration_table(predict(random.random((texts, 2)) < probabilities[0], probabilities)) for _ in range(200)
    ]
    errors = np.array([table["ece"][0] for table in tables])
    assert tables[0]["ece_floor"][0] == pytest.approx(errors.mean(), rel=0.05)


@pytest.mark.parametrize("emotion", [None, "emotion 5"])
def test_curve_and_errors_agree_with_scikit_learn(large: Predictions, emotion: str | None) -> None:
    columns = slice(None) if emotion is None else [5]
    truth = large.truth[:, columns].ravel()
    curve = reliability_table(large, emotion=emotion).set_index("series")
    errors = calibration_table(large, emotion).set_index("series")
    for name, places in large.members.items():
        runs = [large.probabilities[place][:, columns].ravel() for place in places]
        observed, confidence = calibration_curve(np.tile(truth, len(runs)), np.concatenate(runs), n_bins=BINS)
        assert curve.loc[name, "observed"].to_numpy() == pytest.approx(observed, abs=1e-12)
        assert curve.loc[name, "confidence"].to_numpy() == pytest.approx(confidence, abs=1e-12)
        brier = np.mean([brier_score_loss(truth, run) for run in runs])
        assert errors.loc[name, "brier"] == pytest.approx(brier, abs=1e-12)
        assert errors.loc[name, "ece"] == pytest.approx(np.mean([naeini(truth, run) for run in runs]), abs=1e-12)


def naeini(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """The formula of 2015 from scikit-learn's curve, bin by bin."""
    observed, confidence = calibration_curve(truth, probabilities, n_bins=BINS)
    _, count = np.unique(np.searchsorted(np.linspace(0, 1, BINS + 1)[1:-1], probabilities), return_counts=True)
    return float((count / count.sum() * np.abs(confidence - observed)).sum())


def test_every_cell_is_in_one_bin_and_counted_a_run(large: Predictions) -> None:
    counts = reliability_table(large).groupby("series")["count"].sum()
    assert counts.to_dict() == pytest.approx({"LoRA": 400 * 28, "IA3": 400 * 28})


def test_more_seeds_on_the_same_texts_make_no_interval_narrower(large: Predictions) -> None:
    run = large.probabilities[:1]
    once = reliability_table(predict(large.truth, run))
    thrice = reliability_table(predict(large.truth, np.repeat(run, 3, axis=0), ("LoRA",) * 3))
    columns = ["observed", "low", "high", "count"]
    assert thrice[columns].to_numpy() == pytest.approx(once[columns].to_numpy())


def test_the_interval_is_wilson_s() -> None:
    for hits, count in ((0, 7), (1, 10), (30, 40), (12, 12)):
        known = binomtest(hits, count).proportion_ci(0.95, method="wilson")
        ends = wilson_interval(np.array([hits / count]), np.array([count]))
        assert np.concatenate(ends) == pytest.approx([known.low, known.high], abs=1e-12)


def test_one_emotion_is_as_if_there_were_no_other(large: Predictions) -> None:
    alone = predict(large.truth[:, [3]], large.probabilities[:, :, [3]], large.series)
    assert reliability_table(large, emotion="emotion 3").equals(reliability_table(alone))
    assert calibration_table(large, emotion="emotion 3").equals(calibration_table(alone))
    for table in (reliability_table, calibration_table, precision_recall_table):
        with pytest.raises(ValueError):
            table(large, emotion="boredom")


def curve_of(truth: list[int], *scores: list[float]) -> dict[float, float]:
    """Recall -> precision of one series, one seed per list of scores."""
    probabilities = np.array(scores)[:, :, None]
    predictions = predict(np.array(truth, dtype=bool)[:, None], probabilities, ("LoRA",) * len(scores))
    table = precision_recall_table(predictions, "emotion 0")
    assert tuple(table.columns) == PRECISION_RECALL_COLUMNS
    assert table["recall"].tolist() == RECALL_GRID.tolist()
    return dict(zip(table["recall"], table["precision"], strict=True))


def test_precision_may_rise_with_recall_and_begins_with_the_first_text_found() -> None:
    """The highest score is a false alarm: never is the precision 1, and the best later one is not carried back."""
    curve = curve_of([0, 1, 1], [0.9, 0.8, 0.7])
    assert (curve[0.0], curve[0.5], curve[0.51]) == pytest.approx((1 / 2, 1 / 2, 2 / 3))


def test_seeds_are_averaged_at_each_recall() -> None:
    curve = curve_of([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1], [0.8, 0.9, 0.7, 0.1])
    assert (curve[0.3], curve[1.0]) == pytest.approx(((1 + 1 / 2) / 2, 2 / 3))


def test_the_curve_is_scikit_learn_s_and_its_area_the_average_precision() -> None:
    """With 100 texts that have the emotion, the grid is every recall there is; scores are equal in places."""
    random = np.random.default_rng(1)
    truth = np.repeat([True, False], [100, 300])[:, None]
    probabilities = np.round(np.clip(random.normal(0.4 + 0.2 * truth, 0.2, (2, 400, 1)), 0, 1), 2)
    table = precision_recall_table(predict(truth, probabilities, ("LoRA", "IA3")), "emotion 0")
    for place, name in enumerate(("LoRA", "IA3")):
        rows = table[table["series"] == name]
        scores = probabilities[place, :, 0]
        precision, recall, _ = precision_recall_curve(truth[:, 0], scores)
        stepped = [precision[np.flatnonzero(recall >= value)[-1]] for value in RECALL_GRID[1:]]
        assert rows["precision"].tolist()[1:] == pytest.approx(stepped, abs=1e-12)
        known = average_precision_score(truth[:, 0], scores)
        assert rows["precision"].iloc[1:].mean() == pytest.approx(known, abs=1e-12)
        assert rows["average_precision"].unique() == pytest.approx([known], abs=1e-12)
        assert rows["no_skill"].unique().tolist() == [0.25]


def test_an_emotion_that_no_text_has_gives_no_curve() -> None:
    table = precision_recall_table(predict(TRUTH, PROBABILITIES), "emotion 0")
    assert table.empty and tuple(table.columns) == PRECISION_RECALL_COLUMNS
