"""Where series differ: texts that one gets right and another wrong, errors of only one, agreement, mixed-up emotions.

A series with several seeds answers by majority vote of its runs. In a draw, it says yes if the mean probability reaches
the mean threshold. A cell is one text and one emotion.
"""

from dataclasses import replace

import numpy as np
import pandas as pd

from emocore.emotions import display_order
from emocore.evaluation.bootstrap import score
from emocore.evaluation.predictions import Predictions


def differing_texts(predictions: Predictions, first: str, second: str, emotion: str | None = None) -> pd.DataFrame:
    """Cells of one emotion, or of all, that one of two series gets right and the other wrong.

    Columns: row_id, text, emotion, truth (bool), right (name of the series that is right), first_probability and
    second_probability (means over seeds), margin (their distance); the widest margin comes first.

    Raises KeyError for an unknown series, ValueError for an unknown emotion.
    """
    predicted, probabilities = _vote(predictions)
    names = list(predictions.members)
    places = {name: place for place, name in enumerate(names)}
    pair = [places[first], places[second]]
    differs = predicted[pair[0]] != predicted[pair[1]]
    if emotion is not None:
        differs &= np.arange(len(predictions.labels)) == predictions.labels.index(emotion)
    rows, columns = np.nonzero(differs)
    truth = predictions.truth[rows, columns]
    first_probability, second_probability = (probabilities[place, rows, columns] for place in pair)
    table = {
        "row_id": np.array(predictions.row_ids, dtype=object)[rows],
        "text": np.array(predictions.texts, dtype=object)[rows],
        "emotion": np.array(predictions.labels, dtype=object)[columns],
        "truth": truth,
        "right": np.where(predicted[pair[0], rows, columns] == truth, first, second).astype(object),
        "first_probability": first_probability,
        "second_probability": second_probability,
        "margin": np.abs(first_probability - second_probability),
    }
    return pd.DataFrame(table).sort_values("margin", ascending=False, kind="stable", ignore_index=True)


def unique_errors(predictions: Predictions) -> pd.DataFrame:
    """By emotion, how many texts only this series gets wrong, and how many only it gets right.

    One row per series and emotion, the commonest emotion first: series, method, emotion, errors (all of this series),
    only_wrong, only_right, only_wrong_share and only_right_share (of all texts), support. Empty if there is only one
    series.
    """
    predicted, _ = _vote(predictions)
    wrong = predicted != predictions.truth
    how_many, series = wrong.sum(axis=0), len(wrong)
    errors = wrong.sum(axis=1)
    only_wrong = (wrong & (how_many == 1)).sum(axis=1)
    only_right = (~wrong & (how_many == series - 1)).sum(axis=1)
    order, texts = _commonest_first(predictions), len(predictions.truth)
    table = pd.DataFrame(
        {
            **_name_rows(predictions, len(order)),
            "emotion": np.tile(np.array(predictions.labels, dtype=object)[order], series),
            "errors": errors[:, order].ravel(),
            "only_wrong": only_wrong[:, order].ravel(),
            "only_right": only_right[:, order].ravel(),
            "only_wrong_share": only_wrong[:, order].ravel() / texts,
            "only_right_share": only_right[:, order].ravel() / texts,
            "support": np.tile(predictions.support[order], series),
        }
    )
    return table if series > 1 else table.iloc[:0]


def oracle_scores(predictions: Predictions) -> pd.DataFrame:
    """Scores of an oracle that picks, for each cell, a series that is right if there is one.

    The oracle is wrong where all series are. With W = cells that all get wrong, by emotion
    F1 = 2 (support - |W, true|) / (2 (support - |W, true|) + |W, true| + |W, false|). It is an upper bound that no real
    system reaches, since it uses the truth; it rises with every series, even one that guesses. It shows whether series
    err on the same texts (little gain) or on different ones.

    One row for f1_macro, f1_micro and each emotion (metric "f1"), the commonest first: metric, emotion ("" for the
    first two), series (the best single one), best (its score), oracle, gain (oracle minus best), support. Both are
    scores of votes: with several seeds not the mean of the runs' scores, which other tables show.
    """
    predicted, _ = _vote(predictions)
    names = list(predictions.members)
    all_wrong = (predicted != predictions.truth).all(axis=0)
    # `score` uses only truth and predicted; the oracle comes last.
    scores = score(replace(predictions, predicted=np.stack([*predicted, predictions.truth ^ all_wrong])))
    order = _commonest_first(predictions)
    overall = [scores.metrics["f1_macro"], scores.metrics["f1_micro"]]
    values = np.column_stack([*overall, scores.emotions[:, order]])
    best = values[:-1].argmax(axis=0)
    table = {
        "metric": ["f1_macro", "f1_micro", *["f1"] * len(order)],
        "emotion": ["", "", *(predictions.labels[column] for column in order)],
        "series": [names[place] for place in best],
        "best": values[best, np.arange(values.shape[1])],
        "oracle": values[-1],
        "gain": values[-1] - values[:-1].max(axis=0),
        "support": [predictions.support.sum()] * 2 + predictions.support[order].tolist(),
    }
    return pd.DataFrame(table)


def agreement_table(predictions: Predictions) -> pd.DataFrame:
    """Agreement of series (series x series): Cohen's (1960) kappa, as a mean over pairs of runs and emotions.

    It is 1 for equal answers and 0 for agreement by chance. The share of equal cells would be high for any two models
    that predict little, and kappa over all cells together would reward knowing which emotions are common. An emotion
    that both runs always or both never predict has no kappa and is left out.

    The diagonal compares different seeds of one series. Two series that agree as much as each does with its own seeds
    differ by no more than a new training would. NaN if there is no pair, as with one seed.
    """
    runs, texts, _ = predictions.predicted.shape
    columns = predictions.predicted.transpose(2, 0, 1).astype(float)
    both = columns @ columns.transpose(0, 2, 1)
    one = np.diagonal(both, axis1=1, axis2=2)
    first, second = one[:, :, None], one[:, None, :]
    unequal = first + second - 2 * both
    expected = (first * (texts - second) + second * (texts - first)) / texts
    by_emotion = 1 - np.divide(unequal, expected, out=np.full(both.shape, np.nan), where=expected > 0)
    kappa = np.ma.masked_invalid(by_emotion).mean(axis=0).filled(np.nan)
    kappa[np.eye(runs, dtype=bool)] = np.nan
    series, names = predictions.series, list(predictions.members)
    pairs = pd.DataFrame({"one": np.repeat(series, runs), "other": series * runs, "kappa": kappa.ravel()})
    means = pairs.groupby(["one", "other"])["kappa"].mean().unstack()
    return means.reindex(index=names, columns=names).rename_axis(index=None, columns=None)


def co_occurrence_errors(predictions: Predictions) -> pd.DataFrame:
    """Which other emotion is predicted along with a true one, or instead of it, on texts without the other emotion.

    One row per series, ordered pair of emotions and kind: series, method, true_emotion, other_emotion, kind, count
    (texts, mean over seeds), share (of the texts with the true emotion and without the other). "with": both are
    predicted; "instead": only the other is. The commonest emotions come first; pairs without such a text are left out.
    """
    truth, predicted = predictions.truth.astype(float), predictions.predicted.astype(float)
    false_alarms = (1 - truth) * predicted
    both = (truth * predicted).transpose(0, 2, 1) @ false_alarms
    instead = (truth * (1 - predicted)).transpose(0, 2, 1) @ false_alarms
    by_run = np.stack([both, instead], axis=-1)
    means = np.stack([by_run[places].mean(axis=0) for places in predictions.members.values()])
    texts = truth.T @ (1 - truth)  # none on the diagonal
    order, labels = _commonest_first(predictions), np.array(predictions.labels, dtype=object)
    true, other = (place.ravel() for place in np.meshgrid(order, order, indexing="ij"))
    used = texts[true, other] > 0
    true, other = true[used], other[used]
    count, series = means[:, true, other], len(means)
    table = {
        **_name_rows(predictions, 2 * len(true)),
        "true_emotion": np.tile(np.repeat(labels[true], 2), series),
        "other_emotion": np.tile(np.repeat(labels[other], 2), series),
        "kind": np.tile(np.array(["with", "instead"], dtype=object), series * len(true)),
        "count": count.ravel(),
        "share": (count / texts[true, other][:, None]).ravel(),
    }
    return pd.DataFrame(table)


def keep_most_mixed_up(errors: pd.DataFrame, most: int, emotion: str | None = None) -> pd.DataFrame:
    """The rows of `co_occurrence_errors` on pairs of the `most` emotions that are in most of its errors, one of which
    is `emotion` if it is named."""
    both_sides = pd.concat([errors.set_index(side)["count"] for side in ("true_emotion", "other_emotion")])
    ranked = both_sides.groupby(level=0, sort=False).sum().sort_values(ascending=False, kind="stable").index
    kept = list(dict.fromkeys([*([emotion] if emotion in ranked else []), *ranked]))[:most]
    return errors[errors["true_emotion"].isin(kept) & errors["other_emotion"].isin(kept)]


def _vote(predictions: Predictions) -> tuple[np.ndarray, np.ndarray]:
    """The vote of each series (bool) and its mean probability, both (series, texts, labels)."""
    predicted, probabilities = [], []
    for places in predictions.members.values():
        probability = predictions.probabilities[places].mean(axis=0)
        votes, runs = predictions.predicted[places].sum(axis=0), len(places)
        reaches = probability >= predictions.thresholds[places].mean(axis=0)
        predicted.append(np.where(2 * votes == runs, reaches, 2 * votes > runs))
        probabilities.append(probability)
    return np.stack(predicted), np.stack(probabilities)


def _commonest_first(predictions: Predictions) -> np.ndarray:
    """(labels,): the indices of the labels, sorted by support; ties in the order of the label set."""
    order = display_order(predictions.labels)
    return np.lexsort((np.array([order.index(label) for label in predictions.labels]), -predictions.support))


def _name_rows(predictions: Predictions, rows: int) -> dict[str, np.ndarray]:
    """Columns series and method, with `rows` rows per series."""
    columns = {"series": list(predictions.members), "method": list(predictions.method_of.values())}
    return {name: np.repeat(np.array(values, dtype=object), rows) for name, values in columns.items()}
