"""Scores of predictors without skill, which a useful model must beat.

Silence predicts nothing; always-on predicts every emotion for every text; frequency predicts each emotion at random, as
often as it occurs. Its scores are those of expected counts, which equal its mean scores unless there are few texts.
"""

from typing import Any

import numpy as np


def no_skill_scores(truth: np.ndarray) -> dict[str, dict[str, Any]]:
    """{"silence" | "frequency" | "always-on": {"multilabel": ..., "flattened": ...}}; truth is 0/1 (texts, labels)."""
    scores = no_skill_scores_from_supports(truth.sum(axis=0), len(truth))
    without_emotion, with_all = float((~truth.any(axis=1)).mean()), float(truth.all(axis=1).mean())
    scores["silence"]["multilabel"] |= {"jaccard": without_emotion, "exact_match": without_emotion}
    scores["frequency"]["multilabel"] |= _score_frequency_by_text(truth)
    scores["always-on"]["multilabel"] |= {"exact_match": with_all}
    return scores


def f1_of_always_on(share: np.ndarray) -> np.ndarray:
    """The best F1 of a predictor that ignores the text: 2p / (1 + p) for an emotion that a share p of the texts has."""
    return np.asarray(2 * share / (1 + share))


def no_skill_scores_from_supports(supports: np.ndarray, rows: int) -> dict[str, dict[str, Any]]:
    """The scores that can be computed exactly without the texts: `supports` (labels,) of a split with `rows` texts.

    Metrics that depend on which emotions occur together are left out; a table shows a gap for them.
    """
    cells = rows * len(supports)
    share = supports / rows
    present = supports.sum() / cells
    always_f1 = f1_of_always_on(share)
    weights = supports / max(1, supports.sum())
    return {
        "silence": {
            "multilabel": {"f1_macro": 0.0, "f1_micro": 0.0, "f1_weighted": 0.0},
            "flattened": {"f1_macro": float((1 - present) / (2 - present)), "f1_micro": float(1 - present)},
        },
        "frequency": _score_frequency(share),
        "always-on": {
            "multilabel": {
                "f1_macro": float(always_f1.mean()),
                "f1_micro": float(2 * present / (1 + present)),
                "f1_weighted": float((weights * always_f1).sum()),
                "jaccard": float(present),
            },
            "flattened": {"f1_macro": float(present / (1 + present)), "f1_micro": float(present)},
        },
    }


def _score_frequency(share: np.ndarray) -> dict[str, dict[str, float]]:
    """For an emotion that a share p of texts has, chance gives precision, recall and F1 of p."""
    present, hits = share.sum(), (share**2).sum()
    micro = float(hits / present) if present else 0.0
    absent = (1 - share).sum()
    f1_of_absent = ((1 - share) ** 2).sum() / absent if absent else 0.0
    return {
        "multilabel": {"f1_macro": float(share.mean()), "f1_micro": micro, "f1_weighted": micro},
        "flattened": {
            "f1_macro": float((micro + f1_of_absent) / 2),
            "f1_micro": float((share**2 + (1 - share) ** 2).mean()),
        },
    }


def _score_frequency_by_text(truth: np.ndarray) -> dict[str, float]:
    """Exact expectations of metrics that depend on which emotions occur together in a text.

    Jaccard is hits / (emotions + false positives), and these two counts are independent. The number of false positives
    is Poisson-binomial; its distribution is built one label at a time.
    """
    share = truth.mean(axis=0)
    texts, labels = truth.shape
    alarms = np.zeros((texts, labels + 1))
    alarms[:, 0] = 1
    for coin in (share * (1 - truth)).T[:, :, None]:
        alarms = alarms * (1 - coin) + np.roll(alarms, 1, axis=1) * coin  # the last entry is 0 until the last label
    emotions = truth.sum(axis=1)
    union = emotions[:, None] + np.arange(labels + 1)
    inverse = np.divide(alarms, union, out=np.zeros_like(alarms), where=union > 0).sum(axis=1)
    jaccard = np.where(emotions > 0, (share * truth).sum(axis=1) * inverse, alarms[:, 0])
    exact = np.where(truth == 1, share, 1 - share).prod(axis=1)
    return {"jaccard": float(jaccard.mean()), "exact_match": float(exact.mean())}
