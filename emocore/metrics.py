"""Metrics of multi-label predictions, by scikit-learn.

There are two conventions, which are never mixed: **multi-label** is the field's, and **flattened** is the original
study's, which concatenates all label columns into one 0/1 vector, so that "absent" counts as a class of its own.

Here as elsewhere, scikit-learn is imported where it is used: that takes a second, and most commands do without it.
"""

import warnings
from typing import Any

import numpy as np
from scipy.special import expit

AVERAGES = ("macro", "micro", "weighted")
METRIC_TITLES = {
    "f1_macro": "macro-F1",
    "f1_micro": "micro-F1",
    "f1_weighted": "weighted F1",
    "jaccard": "Jaccard",
    "exact_match": "exact match",
    "flattened_f1_macro": "flattened macro-F1",
    "flattened_f1_micro": "flattened micro-F1",
}
METRIC_DESCRIPTIONS = {
    "f1_macro": "Mean of the emotions' F1: every emotion counts the same, however rare.",
    "f1_micro": "F1 over all label cells together: frequent emotions count more.",
    "f1_weighted": "Mean of the emotions' F1, weighted by how many texts have the emotion.",
    "jaccard": "Mean over texts of shared / all emotions, predicted and true; the SemEval task's accuracy.",
    "exact_match": "Share of texts whose whole set of emotions is right.",
    "precision_micro": "The share of predicted emotions that are right.",
    "recall_micro": "The share of true emotions that are found.",
    "flattened_f1_macro": "The study's convention: mean of the F1 of 'present' and of 'absent' over all cells.",
    "flattened_f1_micro": "The study's convention: share of label cells that are right.",
}


def sigmoid(logits: np.ndarray) -> np.ndarray:
    """Probabilities from log-odds, computed in float64 so that no precision is lost near 0 and 1."""
    return np.asarray(expit(logits.astype(np.float64)))


def score_logits(
    truth: np.ndarray, logits: np.ndarray, labels: list[str], thresholds: np.ndarray | float
) -> dict[str, Any]:
    """The part of `result.json` for one split, in the shape of `emocore.run.result.SplitScores`.

    `truth` is 0/1 and `logits` float, both (texts, labels); `thresholds` is one probability, one per label, or one
    per text and label.
    """
    probabilities = sigmoid(logits)
    predicted = (probabilities >= thresholds).astype(np.int8)
    return {
        "multilabel": score_multilabel(truth, predicted)
        | {"per_emotion": score_emotions(truth, predicted, probabilities, labels)},
        "flattened": score_flattened(truth, predicted),
    }


def score_multilabel(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Averages over labels or texts. An emotion never predicted and never true has F1 0; a text with
    neither true nor predicted emotions has Jaccard 1, as in the SemEval-2018 task."""
    from sklearn.metrics import accuracy_score, f1_score, jaccard_score, precision_score, recall_score

    return {
        **{f"f1_{kind}": float(f1_score(truth, predicted, average=kind, zero_division=0)) for kind in AVERAGES},
        "precision_micro": float(precision_score(truth, predicted, average="micro", zero_division=0)),
        "recall_micro": float(recall_score(truth, predicted, average="micro", zero_division=0)),
        "jaccard": float(jaccard_score(truth, predicted, average="samples", zero_division=1)),
        "exact_match": float(accuracy_score(truth, predicted)),
    }


def score_emotions(
    truth: np.ndarray, predicted: np.ndarray, probabilities: np.ndarray, labels: list[str]
) -> dict[str, dict[str, float | int | None]]:
    """Scores by emotion; `average_precision` is None if no text of the split has the emotion."""
    from sklearn.exceptions import UndefinedMetricWarning
    from sklearn.metrics import average_precision_score, precision_recall_fscore_support

    precision, recall, f1, support = precision_recall_fscore_support(truth, predicted, average=None, zero_division=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        return {
            label: {
                "precision": float(precision[column]),
                "recall": float(recall[column]),
                "f1": float(f1[column]),
                # The sum may exceed 1 by a rounding error, which no score may do.
                "average_precision": min(1.0, average_precision_score(truth[:, column], probabilities[:, column]))
                if support[column]
                else None,
                "support": int(support[column]),
                "predicted": int(predicted[:, column].sum()),
            }
            for column, label in enumerate(labels)
        }


def score_flattened(truth: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """The study's convention: its micro-F1 is the share of right cells, its macro-F1 the mean of two classes."""
    from sklearn.metrics import f1_score

    flat_truth, flat_predicted = truth.ravel(), predicted.ravel()
    return {
        "f1_macro": float(f1_score(flat_truth, flat_predicted, average="macro", labels=[0, 1], zero_division=0)),
        "f1_micro": float(f1_score(flat_truth, flat_predicted, average="micro", labels=[0, 1], zero_division=0)),
    }
