"""Suspected labels: by the definition, against labels that were flipped on purpose, and what is left out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from emocore.errors import DataError
from emocore.evaluation.comparison import compare
from emocore.evaluation.label_errors import (
    FEWEST_POSITIVES,
    LabelErrors,
    describe_label_errors,
    find_label_errors,
    find_label_errors_of_data,
    suspect_labels,
)
from emocore.evaluation.predictions import Predictions
from emocore.evaluation.results import RunResult, add_team_runs, load_result
from emocore.run.listing import runs_root
from emocore.thresholds import cross_calibrate
from tests.support.simulated import World, predictions_of
from tests.support.studies import as_team_runs, finish_study

FLIPPED = 0.05
LOGITS = {"strong": 3.0, "weak": 0.0}


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 20)


def draw(gain: float, runs: int = 3, texts: int = 1500, seed: int = 5) -> Predictions:
    random, world = np.random.default_rng(seed), World(texts=texts)
    return world.draw(random, [(*world.draw_seeds(random, 1), gain) for _ in range(runs)])


def flip(predictions: Predictions, share: float = FLIPPED) -> tuple[Predictions, np.ndarray]:
    """The same answers where this share of the stored labels is wrong, and which are: bool (texts, labels)."""
    flips = np.random.default_rng(1).random(predictions.truth.shape) < share
    return replace(predictions, truth=predictions.truth ^ flips), flips


def take(predictions: Predictions, runs: Sequence[int]) -> Predictions:
    chosen = list(runs)
    return replace(
        predictions,
        runs=tuple(predictions.runs[place] for place in chosen),
        series=tuple(predictions.series[place] for place in chosen),
        methods=("lora",) * len(chosen),
        draws=("",) * len(chosen),
        probabilities=predictions.probabilities[chosen],
        predicted=predictions.predicted[chosen],
        thresholds=predictions.thresholds[chosen],
    )


def hits(errors: LabelErrors, flips: np.ndarray) -> np.ndarray:
    """(suspects,) whether each was flipped, the most suspected first."""
    rows = errors.suspects["row_id"].astype(int)
    columns = errors.suspects["label"].str.removeprefix("emotion ").astype(int)
    return np.asarray(flips[rows, columns])


def test_flipped_labels_are_many_times_as_frequent_in_the_list_as_elsewhere() -> None:
    """Three runs with a macro-F1 of 0.5 to 0.6, which make many mistakes of their own."""
    stored, flips = flip(draw(gain=0.0))
    found = hits(suspect_labels({"test": stored}), flips)
    assert flips.mean() == pytest.approx(0.05, abs=0.003)
    assert found.mean() > 10 * FLIPPED
    assert found[:100].mean() > 0.9 and found[:100].mean() > found[-100:].mean() + 0.3
    assert found.sum() > flips.sum() / 4


def test_a_classifier_that_learned_from_wrong_labels_finds_them_in_other_texts() -> None:
    """Two logistic regressions, each on a part of the features; 5 % of the labels that they learn from are wrong."""
    random = np.random.default_rng(2)
    texts, labels, features = 1200, 4, 30
    values = random.normal(size=(2 * texts, features))
    true = values @ random.normal(size=(features, labels)) / 3 + random.normal(size=(2 * texts, labels)) > [0, 1, 2, 3]
    flips = random.random(true.shape) < FLIPPED
    stored, held_out = true ^ flips, slice(texts, None)
    scores = []
    for own in (slice(0, 24), slice(6, 30)):
        models = [LogisticRegression().fit(values[:texts, own], stored[:texts, label]) for label in range(labels)]
        scores.append(np.stack([model.decision_function(values[held_out, own]) for model in models], axis=1))
    predictions = predictions_of(stored[held_out], np.stack(scores), ("one", "other"))
    found = hits(suspect_labels({"test": replace(predictions, probabilities=expit(np.stack(scores)))}), flips[texts:])
    assert found.mean() > 5 * FLIPPED and found[:50].mean() > 12 * FLIPPED


def test_runs_that_guess_suspect_nothing() -> None:
    """Their probabilities are those of real runs, but of other texts."""
    stored, _ = flip(draw(gain=1.0))
    shuffled = np.random.default_rng(3).permuted(stored.probabilities, axis=1)
    for runs in range(1, 4):
        errors = suspect_labels({"test": take(replace(stored, probabilities=shuffled), range(runs))})
        assert len(errors.suspects) <= 0.001 * stored.truth.size


def test_a_label_that_one_run_guesses_is_left_out_and_the_run_is_named() -> None:
    stored, _ = flip(draw(gain=1.0))
    probabilities = stored.probabilities.copy()
    probabilities[1, :, 2] = np.random.default_rng(4).permutation(probabilities[1, :, 2])
    errors = suspect_labels({"test": replace(stored, probabilities=probabilities)})
    reasons = errors.labels.set_index("label")["left_out"]
    assert reasons[reasons != ""].to_dict() == {"emotion 2": "method 1 hardly better than chance"}
    assert "emotion 2" not in set(errors.suspects["label"]) and len(errors.suspects)


def test_the_suspects_are_those_of_the_definition() -> None:
    stored, _ = flip(draw(gain=0.5, runs=2, texts=300))
    errors = suspect_labels({"test": stored})
    present = [cross_calibrate(stored.truth, logit(own)) for own in stored.probabilities]
    expected = {}
    for column in np.flatnonzero(errors.labels["left_out"] == ""):
        is_stored = stored.truth[:, column]
        highs = [own[is_stored, column].mean() for own in present]
        lows = [(1 - own[~is_stored, column]).mean() for own in present]
        for row in range(len(is_stored)):
            chances = [own[row, column] for own in present]
            others = [1 - chance for chance in chances] if is_stored[row] else chances
            needed = lows if is_stored[row] else highs
            if all(other >= need and other > 0.5 for other, need in zip(others, needed, strict=True)):
                expected[str(row), f"emotion {column}"] = (int(is_stored[row]), np.mean(others), min(others))
    suspects = errors.suspects
    assert len(expected) > 20
    assert {
        (row["row_id"], row["label"]): (row["stored"], row["mean_probability"], row["least_probability"])
        for row in suspects.to_dict("records")
    } == {place: (value, pytest.approx(mean), pytest.approx(least)) for place, (value, mean, least) in expected.items()}
    assert (suspects["suggested"] == 1 - suspects["stored"]).all() and set(suspects["runs"]) == {2}
    assert suspects["mean_probability"].is_monotonic_decreasing
    assert suspects["rank"].tolist() == [*range(1, len(suspects) + 1)]


def test_another_run_only_takes_suspects_away() -> None:
    stored, _ = flip(draw(gain=1.0))
    places = [
        set(suspect_labels({"test": take(stored, range(runs))}).suspects[["row_id", "label"]].itertuples(index=False))
        for runs in (1, 2, 3)
    ]
    assert places[0] > places[1] > places[2]


def test_the_estimated_number_is_right_for_runs_that_make_hardly_a_mistake_and_too_high_for_others() -> None:
    estimates = {}
    for name, gain in LOGITS.items():
        stored, flips = flip(draw(gain))
        estimates[name] = suspect_labels({"test": stored}).labels["expected"].sum() / flips.sum()
    assert estimates["strong"] == pytest.approx(1, abs=0.2)
    assert estimates["weak"] > 2


def test_labels_that_few_texts_have_or_lack_are_left_out() -> None:
    stored = draw(gain=3.0, runs=2)
    truth = stored.truth.copy()
    truth[:, 0], truth[:, 1] = np.arange(len(truth)) < FEWEST_POSITIVES - 1, np.arange(len(truth)) >= 5
    errors = suspect_labels({"test": replace(stored, truth=truth)})
    assert errors.labels["left_out"].tolist()[:3] == ["fewer than 10 texts have it", "fewer than 10 texts lack it", ""]
    assert not errors.is_suspected["test"][:, :2].any()
    assert describe_label_errors(errors)[-2:] == snapshot(
        [
            "Left out of the test split: emotion 0 (fewer than 10 texts have it).",
            "Left out of the test split: emotion 1 (fewer than 10 texts lack it).",
        ]
    )


def test_a_split_with_hardly_a_text_is_left_out() -> None:
    stored = draw(gain=1.0, runs=1, texts=4)
    errors = suspect_labels({"validation": stored})
    assert errors.suspects.empty
    [said] = describe_label_errors(errors)
    assert said.startswith("Left out of the validation split: emotion 0, emotion 1,")


def test_what_was_found_is_said_with_its_limits() -> None:
    stored, _ = flip(draw(gain=1.0))
    assert describe_label_errors(suspect_labels({"test": stored})) == snapshot(
        [
            "All 3 runs contradict 374 of 16,500 stored labels.",
            "Confident learning estimates 1,065 errors. That is far too many where runs make many mistakes; only a "
            "person who judges the blind list can tell how many there are.",
        ]
    )
    assert describe_label_errors(suspect_labels({"test": take(stored, [0])})) == snapshot(
        [
            "The only run contradicts 698 of 16,500 stored labels.",
            "A single run takes its own mistakes for errors of the labels; a second one would sort many out.",
            "Confident learning estimates 1,618 errors. That is far too many where runs make many mistakes; only a "
            "person who judges the blind list can tell how many there are.",
        ]
    )


def results_of(*methods: str, seed: int = 42, **given: Any) -> list[RunResult]:
    runs = finish_study(runs_root(), methods, seeds=(seed,), texts=300, **given)
    return [load_result(run) for run in runs]


def test_both_splits_are_looked_at_and_means_of_runs_have_no_say() -> None:
    results = results_of("lora", "ia3")
    errors = find_label_errors(compare(results, "test", "fixed"))
    assert set(errors.labels["split"]) == set(errors.suspects["split"]) == {"validation", "test"}
    assert errors.fewest_runs == 2
    texts = {split: result.texts(split) for result in results for split in ("validation", "test")}
    assert all(row["text"] in texts[row["split"]] for row in errors.suspects.to_dict("records"))
    joint = find_label_errors(compare(results, "validation", "tuned", [["lora", "ia3"]]))
    assert joint.suspects.equals(errors.suspects)


def test_runs_on_other_texts_and_on_halves_have_no_say() -> None:
    results = results_of("lora", "ia3")
    errors = find_label_errors(compare(results, "test", "fixed"))
    halves = results_of("lora", "ia3", seed=7, replicate=2)
    others = results_of("qlora", data_seed=1)
    assert all(result.config.learns_half for result in halves)
    assert find_label_errors(compare([*results, *halves, *others], "test", "fixed")).suspects.equals(errors.suspects)


def test_runs_of_a_dataset_have_the_say_that_they_have_in_a_comparison() -> None:
    results = results_of("lora", "ia3")
    repeated, halves, others = (
        results_of("lora"),
        results_of("ia3", seed=7, replicate=2),
        results_of("tfidf", data_seed=1),
    )
    every = [*others, *results, *repeated, *halves]
    errors = find_label_errors_of_data(every)
    assert errors.suspects.equals(find_label_errors(compare(every, "test", "fixed")).suspects)
    assert set(errors.predictions["test"].runs) == {results[1].id, repeated[0].id}
    with pytest.raises(DataError, match="found by runs on all training rows"):
        find_label_errors_of_data(halves)


def test_runs_without_predictions_are_refused() -> None:
    team = add_team_runs([], as_team_runs(finish_study(runs_root(), ("lora", "ia3"))))
    with pytest.raises(DataError, match="runs from W&B do not have"):
        find_label_errors(compare(team, "test", "fixed"))
