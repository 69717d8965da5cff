"""What a predictor without any skill scores: the line below which a result means nothing.

Silence predicts nothing; always-on predicts every emotion for every text.
"""

from typing import Any

import numpy as np

from emocore.metrics import score_flattened, score_multilabel


def no_skill_scores(truth: np.ndarray) -> dict[str, dict[str, Any]]:
    """{"silence" | "always-on": {"multilabel": ..., "flattened": ...}}; truth is 0/1 (texts, labels)."""
    predictions = {"silence": np.zeros_like(truth), "always-on": np.ones_like(truth)}
    return {
        name: {
            "multilabel": score_multilabel(truth, predicted),
            "flattened": score_flattened(truth, predicted),
        }
        for name, predicted in predictions.items()
    }


def no_skill_f1(truth: np.ndarray) -> np.ndarray:
    """(labels,) the best F1 of a predictor that ignores the text: always-on."""
    return f1_of_always_on(truth.mean(axis=0))


def f1_of_always_on(share: np.ndarray) -> np.ndarray:
    """2p / (1 + p) for an emotion that a share p of the texts has."""
    return np.asarray(2 * share / (1 + share))


def no_skill_scores_from_supports(supports: np.ndarray, rows: int) -> dict[str, dict[str, Any]]:
    """The same without the texts, as far as it is exact: `supports` (labels,) of a split with `rows` texts.

    What depends on which emotions a text has together is left out, for which a table shows a gap.
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
