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
    """(labels,) the best F1 of a predictor that ignores the text: always-on, 2p / (1 + p) at share p."""
    share = truth.mean(axis=0)
    return np.asarray(2 * share / (1 + share))
