"""The study that this tool grew from: its published numbers, and what they mean in the usual metrics.

Its accuracies are 1023/5871, 394/5871 and 64/5871, so validation had 5,871 rows. The F1 values of LoRA and IA3
fit one reading: all 11 label columns flattened into one 0/1 vector of 64,581 cells. That is no guess: published to 16
digits, they give whole numbers of right cells and of true positives. QLoRA's, to six digits, fit neither that nor any
number of rows from 200 to 9,000 that has its accuracy. As multi-label F1 they would be ordinary: micro 0.394, where
always-on scores 0.352.
"""

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emocore.evaluation.audit import audit_subjects
from emocore.evaluation.no_skill import no_skill_scores_from_supports
from emocore.evaluation.run_descriptions import Subject

VALIDATION_ROWS = 5871
EMOTIONS = 11
CELLS = VALIDATION_ROWS * EMOTIONS
# The study does not name its data; this is the share of 1 in the 75,218 cells of SemEval-2018 E-c English (training).
POSITIVE_SHARE = 0.2134


@dataclass(frozen=True)
class StudyRun:
    """One row of the study's table. `steps` is None if it gives none; `tolerance` follows from its digits."""

    series: str
    method: str
    base: str
    f1_macro: float
    f1_micro: float
    exact_match: float
    steps: int | None = None
    tolerance: float = 1e-12


GEMMA, QWEN = "google/gemma-1.1-2b-it", "Alibaba-NLP/gte-Qwen1.5-7B-instruct"
STUDY_RUNS = (
    StudyRun("LoRA", "lora", GEMMA, 0.7472527987876625, 0.8407736021430452, 0.17424629535002556),
    StudyRun("IA3", "ia3", GEMMA, 0.6425829295537843, 0.7856645143308404, 0.06710952137625617),
    # Six decimals, rounded or truncated.
    StudyRun("QLoRA", "qlora", QWEN, 0.306213, 0.394021, 0.010901, steps=40, tolerance=1e-6),
)
STUDY_NOTE = (
    "The study's F1 is not multi-label F1. All 11 emotion columns were laid end to end as one 0/1 vector, where "
    "*nothing* is a class of its own: LoRA's scores are exactly 54,298 of 64,581 cells right with 7,507 true "
    "positives, IA3's 50,739 with 4,939. Their **multi-label micro-F1 is therefore 0.594 and 0.416**. "
    "If 21.3 % of the cells are positive, as in SemEval, LoRA has precision 0.652 and recall 0.545, IA3 0.497 and "
    "0.358, and silence scores micro 0.787 and macro 0.440: IA3's micro of 0.786 is no better. "
    "QLoRA's scores fit no whole number of cells, so they are probably another metric; it also ran on another base, "
    "for 40 steps. Compare the study only with *flattened* columns."
)


@dataclass(frozen=True)
class Reconstruction:
    """Multi-label scores reconstructed from two flattened ones; all NaN if `note` says why that is impossible."""

    true_positives: float
    f1_micro: float
    precision_micro: float
    recall_micro: float
    note: str = ""


def reconstruct(
    flattened_macro: float, flattened_micro: float, positive_share: float, cells: int, tolerance: float = 1e-12
) -> Reconstruction:
    """Multi-label micro-F1, precision and recall from the two flattened F1 values (`score_flattened`).

    `cells` are texts x labels, `positive_share` the share of them that is truly 1, `tolerance` by how much the
    scores may be off. Of the `cells` N let t be the true positives, n the true negatives, e the wrong cells:

        micro = (t + n) / N, so t + n = N micro and e = N - t - n
        2 macro = 2t / (2t + e) + 2n / (2n + e)

    Multiplied out with r = t + n, the second gives t n = e (macro (N + r) - r) / (4 (1 - macro)), so that t and n are
    the two roots of x^2 - r x + t n = 0. Real and not negative they are where micro / (1 + micro) <= macro <= micro.

    The scores alone do not say which root is t: they are the same if 0 and 1 change places. The share of positives
    decides it, p = N positive_share: p - t of them were missed, which must lie between 0 and e. Both roots can do so
    only where t + n <= 2p, a micro of at most twice the share: such a poor predictor is left open. With t known,
    micro-F1 2t / (2t + e) depends on no share at all; recall t / p and precision t / (t + e - (p - t)) do, and are as
    exact as it.

    t and n count cells: no whole numbers with these scores within the tolerance, no solution.
    """
    right = round(flattened_micro * cells)
    wrong, positives = cells - right, positive_share * cells
    if abs(right / cells - flattened_micro) > tolerance:
        return _unknown(f"micro {flattened_micro} is not a whole number of {cells:,} cells")
    if not right / (cells + right) - tolerance <= flattened_macro <= flattened_micro + tolerance:
        return _unknown(f"macro {flattened_macro} is out of reach with micro {flattened_micro}")
    if wrong:
        product = wrong * (flattened_macro * (cells + right) - right) / (4 * (1 - flattened_macro))
        root = math.sqrt(max(0.0, right**2 / 4 - product))
        found = {round(right / 2 - root), round(right / 2 + root)}
    else:
        found = {round(positives)}
    found = {t for t in found if abs(_flattened_macro(t, right - t, wrong) - flattened_macro) <= tolerance}
    if not found:
        return _unknown(f"macro {flattened_macro} is not a whole number of {cells:,} cells")
    fitting = [t for t in found if -0.5 <= positives - t <= wrong + 0.5]
    if len(fitting) != 1:
        reason = "do not say which class is 1" if fitting else "contradict each other"
        return _unknown(f"the scores and {100 * positive_share:.1f} % positives {reason}")
    [t] = fitting
    return Reconstruction(
        true_positives=t,
        f1_micro=_ratio(2 * t, 2 * t + wrong),
        precision_micro=_ratio(t, t + wrong - (positives - t)),
        recall_micro=_ratio(t, positives),
    )


def study_table() -> pd.DataFrame:
    """The study, one row per method, in both conventions.

    Published columns: series, method, base, flattened_f1_macro, flattened_f1_micro, exact_match. Derived columns:
    exact_matches (texts), reconstructed_f1_micro, reconstructed_precision_micro, reconstructed_recall_micro (NaN
    if `note` says why) and note.
    """
    told = pd.DataFrame(list(STUDY_RUNS)).drop(columns=["steps", "tolerance"])
    table = told.rename(columns={"f1_macro": "flattened_f1_macro", "f1_micro": "flattened_f1_micro"})
    table["exact_matches"] = (told["exact_match"] * VALIDATION_ROWS).round().astype(int)
    found = pd.DataFrame([_reconstruct_run(run) for run in STUDY_RUNS])
    scores = found[["f1_micro", "precision_micro", "recall_micro"]].add_prefix("reconstructed_")
    return table.join(scores).assign(note=found["note"])


def study_no_skill_table() -> pd.DataFrame:
    """Scores of predictors without skill on the study's validation rows, assuming that its data is SemEval's.

    Columns series, flattened_f1_macro, flattened_f1_micro and f1_micro (multi-label)."""
    supports = np.full(EMOTIONS, POSITIVE_SHARE * VALIDATION_ROWS)
    return pd.DataFrame(
        {
            "series": name,
            "flattened_f1_macro": scores["flattened"]["f1_macro"],
            "flattened_f1_micro": scores["flattened"]["f1_micro"],
            "f1_micro": scores["multilabel"]["f1_micro"],
        }
        for name, scores in no_skill_scores_from_supports(supports, VALIDATION_ROWS).items()
    )


def study_audit() -> pd.DataFrame:
    """The study's comparison under Emocore's audit; columns as `audit`."""
    return audit_subjects(
        [
            Subject(
                run.series,
                run.series,
                {
                    "base": run.base,
                    "optimizer steps": f"{run.steps:,}" if run.steps else "not stated",
                    "metric": "not known" if _reconstruct_run(run).note else "flattened F1",
                },
            )
            for run in STUDY_RUNS
        ]
    )


def _reconstruct_run(run: StudyRun) -> Reconstruction:
    return reconstruct(run.f1_macro, run.f1_micro, POSITIVE_SHARE, CELLS, run.tolerance)


def _unknown(note: str) -> Reconstruction:
    return Reconstruction(math.nan, math.nan, math.nan, math.nan, note)


def _flattened_macro(t: int, n: int, wrong: int) -> float:
    return (_ratio(2 * t, 2 * t + wrong) + _ratio(2 * n, 2 * n + wrong)) / 2


def _ratio(part: float, whole: float) -> float:
    """part / whole, or 0 if `whole` is 0, as scikit-learn with zero_division=0."""
    return part / whole if part else 0.0
