"""Stored labels that all runs contradict, found by confident learning, for a person to look at.

Confident learning (Northcutt, Jiang and Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels",
JAIR 70) compares stored labels with held-out probabilities. Here each label is a problem of its own with the classes 0
and 1. The threshold t_j of class j is the mean probability of j among the texts that are stored as j. A text counts as
j if its probability of j is at least t_j; where both thresholds are reached, as the more probable class. The confident
joint C[i][j] is how many texts stored as i count as j. Three things are not as in the paper:

- There are several runs: a text counts as j only if it does so in every run.
- Probabilities are calibrated first, by a Platt step that is fitted on other texts (`cross_calibrate`). The thresholds
  make up for a run that is too sure of a class, but not for one that is surer of some labels than of others, and the
  list ranks all labels together.
- A label is suspected only if every run also finds the other value more probable than the stored one. By the paper's
  rule, a rare label with t_1 = 0.1 would be suspected to be missing wherever its probability is 0.12.

With the last two, a TF-IDF run on SemEval-2018 E-c of which 5 % of the labels were flipped lists 4,178 labels, of which
29 % were flipped, and so 54 % of the flipped ones; by the paper's rule and without calibration, it lists 9,025 with
14 %, 57 % of the flipped ones.

Suspects are ranked by the probability of the other value, mean over the runs. For two classes that is the order of the
self-confidence (the probability of the stored value) as well as of the normalised margin (between the two).

The limits: probabilities are held out, since no run learns from the validation and the test split, and the thresholds
of predictions do not matter here. But what a run does not understand looks to it like an error of the label. So the
list holds hard texts, too, most of all with one run or with weak ones. It is a list to read, not one to correct unread.
The same makes the number of errors that the confident joint estimates too high. Labels that fewer than FEWEST_POSITIVES
texts have, or lack, are left out, and so are those that one of the runs tells hardly better than chance.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import logit

from emocore.errors import DataError
from emocore.evaluation.chosen import leave_out_repeats
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.intervals import FEWEST_POSITIVES
from emocore.evaluation.predictions import Predictions, load_predictions
from emocore.evaluation.results import RunResult, shared_splits
from emocore.evaluation.series import name_series
from emocore.text import join_names
from emocore.thresholds import cross_calibrate

# The mean probabilities of texts with and without a label are to differ by so many standard errors; a run that guesses
# reaches that for one label in 740.
LEAST_SIGMAS = 3.0


@dataclass(frozen=True)
class LabelErrors:
    """Suspected labels, and what they were found in.

    Attributes:
        suspects: One row per suspected label of a text, the most suspected first: rank, split, row_id, text, label,
            stored (0 or 1), suggested (1 or 0), mean_probability and least_probability (calibrated, of the suggested
            value; mean over the runs, and that of the least confident run), runs (how many contradict it: all).
        labels: One row per split and label: split, label, texts, positives, suspected, expected (number of errors by
            the estimated joint, NaN if left out), left_out (why it was not looked at, "" if it was).
        predictions: By split, what the labels were compared with.
        is_suspected: By split, bool (texts, labels).
    """

    suspects: pd.DataFrame
    labels: pd.DataFrame
    predictions: Mapping[str, Predictions]
    is_suspected: Mapping[str, np.ndarray]

    @property
    def used(self) -> pd.DataFrame:
        """The rows of `labels` that were looked at."""
        return self.labels[self.labels["left_out"] == ""]

    @property
    def fewest_runs(self) -> int:
        """How many runs a suspected label is contradicted by at least."""
        return min(len(predictions.runs) for predictions in self.predictions.values())


@dataclass(frozen=True)
class Confidence:
    """What the runs say of one split. Arrays: other float (runs, texts, labels), the calibrated probability of the
    value that is not stored; counts bool (2, texts, labels), whether a text counts as class 0 and as class 1 in every
    run; has_skill bool (runs, labels), whether a run tells a label better than chance."""

    other: np.ndarray
    counts: np.ndarray
    has_skill: np.ndarray


def find_label_errors(comparison: Comparison) -> LabelErrors:
    """Suspected labels of all evaluation splits of the largest group of runs on the same texts. Means of runs
    (together) and runs on halves of the training rows have no say.

    Raises DataError if no run has predictions, RunError if predictions are missing or damaged.
    """
    group = comparison.largest_group
    if group is None:
        raise DataError("label errors are found from predictions, which runs from W&B do not have; choose runs of here")
    return _find_in_group([result for result in comparison.local if result.id in group.runs], comparison.series)


def find_label_errors_of_data(results: Sequence[RunResult]) -> LabelErrors:
    """The same for runs that are not compared: they need no scores, whose intervals take long. Of runs with the same
    settings and seed, the latest has a say.

    Raises DataError if there is no run but on halves of the training rows, RunError if predictions are damaged.
    """
    kept, _ = leave_out_repeats(results)
    whole = [result for result in kept if isinstance(result, RunResult) and not result.config.learns_half]
    if not whole:
        raise DataError("label errors are found by runs on all training rows; choose at least one")
    series, split = name_series(whole), shared_splits(whole)[-1]
    largest = max(load_predictions(whole, series, split, "fixed"), key=_count_runs)
    return _find_in_group([result for result in whole if result.id in largest.runs], series)


def suspect_labels(by_split: Mapping[str, Predictions]) -> LabelErrors:
    """Suspected labels of the texts of each split; all runs of a split have a say."""
    suspects, labels, is_suspected = [], [], {}
    for split, predictions in by_split.items():
        confidence = _measure(predictions)
        reasons = _leave_out(predictions, confidence.has_skill)
        contradicted = np.where(predictions.truth, *confidence.counts) & (confidence.other > 0.5).all(axis=0)
        is_suspected[split] = contradicted & np.array([not reason for reason in reasons])
        suspects.append(_list(split, predictions, is_suspected[split], confidence.other))
        expected = _estimate_errors(predictions.truth, confidence.counts)
        labels.append(_tabulate(split, predictions, is_suspected[split], expected, reasons))
    ranked = pd.concat(suspects).sort_values(
        ["mean_probability", "least_probability"], ascending=False, kind="stable", ignore_index=True
    )
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return LabelErrors(ranked, pd.concat(labels, ignore_index=True), by_split, is_suspected)


def describe_label_errors(errors: LabelErrors) -> list[str]:
    """Sentences for the user: how many labels are suspected, how sure that is, and what was left out."""
    used, runs = errors.used, errors.fewest_runs
    said = []
    if len(used):
        who = "The only run contradicts" if runs == 1 else f"All {runs} runs contradict"
        said.append(f"{who} {len(errors.suspects):,} of {int(used['texts'].sum()):,} stored labels.")
    if len(used) and runs == 1:
        said.append("A single run takes its own mistakes for errors of the labels; a second one would sort many out.")
    if len(errors.suspects):
        said.append(
            f"Confident learning estimates {used['expected'].sum():,.0f} errors. That is far too many where runs make "
            "many mistakes; only a person who judges the blind list can tell how many there are."
        )
    left_out = errors.labels[errors.labels["left_out"] != ""]
    for (split, reason), rows in left_out.groupby(["split", "left_out"], sort=False):
        said.append(f"Left out of the {split} split: {join_names(rows['label'])} ({reason}).")
    return said


def _find_in_group(results: Sequence[RunResult], series: dict[str, str]) -> LabelErrors:
    return suspect_labels(
        {
            split: max(load_predictions(results, series, split, "fixed"), key=_count_runs)
            for split in shared_splits(results)
        }
    )


def _count_runs(predictions: Predictions) -> int:
    return len(predictions.runs)


def _measure(predictions: Predictions) -> Confidence:
    truth = predictions.truth
    present = np.stack([cross_calibrate(truth, logit(own)) for own in predictions.probabilities])
    # Of the texts stored as each class, the mean probability of class 1 and its squared standard error (runs, labels).
    mean_0, error_0 = _average(present, ~truth)
    mean_1, error_1 = _average(present, truth)
    reaches_0, reaches_1 = present <= mean_0[:, None], present >= mean_1[:, None]
    counts_0 = reaches_0 & (~reaches_1 | (present < 0.5))
    counts_1 = reaches_1 & (~reaches_0 | (present > 0.5))
    return Confidence(
        other=np.where(truth, 1 - present, present),
        counts=np.stack([counts_0.all(axis=0), counts_1.all(axis=0)]),
        has_skill=mean_1 - mean_0 > LEAST_SIGMAS * np.sqrt(error_0 + error_1),
    )


def _average(present: np.ndarray, of: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(runs, labels) means over the texts `of` (texts, labels), and their squared standard errors; 0 without a text."""
    count = np.maximum(of.sum(axis=0), 1)
    mean = (present * of).sum(axis=1) / count
    return mean, (((present - mean[:, None]) * of) ** 2).sum(axis=1) / count**2


def _leave_out(predictions: Predictions, has_skill: np.ndarray) -> list[str]:
    """For each label why it is not used, "" if it is."""
    reasons, texts = [], len(predictions.truth)
    for positives, own in zip(predictions.support, has_skill.T, strict=True):
        guessing = dict.fromkeys(name for name, tells in zip(predictions.series, own, strict=True) if not tells)
        if min(positives, texts - positives) < FEWEST_POSITIVES:
            reasons.append(
                f"fewer than {FEWEST_POSITIVES} texts {'have' if positives < FEWEST_POSITIVES else 'lack'} it"
            )
        elif guessing:
            reasons.append(f"{join_names(guessing)} hardly better than chance")
        else:
            reasons.append("")
    return reasons


def _estimate_errors(truth: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(labels,) how many labels are wrong by the confident joint, whose rows are scaled to the texts stored as each
    class, as in the paper."""
    stored = np.stack([~truth, truth])
    joint = (stored[:, None] & counts[None]).sum(axis=2)  # (stored, counted as, labels)
    rows = joint.sum(axis=1)
    wrong = np.stack([joint[0, 1], joint[1, 0]])
    shares = np.divide(wrong, rows, out=np.zeros(rows.shape), where=rows > 0)
    return np.asarray((shares * stored.sum(axis=1)).sum(axis=0))


def _list(split: str, predictions: Predictions, is_suspected: np.ndarray, other: np.ndarray) -> pd.DataFrame:
    rows, columns = np.nonzero(is_suspected)
    stored = predictions.truth[rows, columns].astype(int)
    own = other[:, rows, columns]
    return pd.DataFrame(
        {
            "split": split,
            "row_id": np.array(predictions.row_ids, dtype=object)[rows],
            "text": np.array(predictions.texts, dtype=object)[rows],
            "label": np.array(predictions.labels, dtype=object)[columns],
            "stored": stored,
            "suggested": 1 - stored,
            "mean_probability": own.mean(axis=0),
            "least_probability": own.min(axis=0),
            "runs": len(predictions.runs),
        }
    )


def _tabulate(
    split: str, predictions: Predictions, is_suspected: np.ndarray, expected: np.ndarray, reasons: list[str]
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "split": split,
            "label": predictions.labels,
            "texts": len(predictions.truth),
            "positives": predictions.support,
            "suspected": is_suspected.sum(axis=0),
            "expected": np.where([not reason for reason in reasons], expected, np.nan),
            "left_out": reasons,
        }
    )
