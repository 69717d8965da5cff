"""Labels that cannot be learned or scored, labels that are copies of others, and texts without any label."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from emocore.data.checks.findings import Finding, find_rows

FEW_POSITIVES = 2  # in a split; with so few, one text more or less decides F1
# Texts without any of the labels are part of most files. Where they are more than half, the labels were often read from
# the wrong column, or most of those that the texts have were left out.
MOST_UNLABELLED = 0.5


def check_labels(frames: Mapping[str, pd.DataFrame], labels: tuple[str, ...]) -> list[Finding]:
    """Labels that no row, every row or hardly any row of a split has, labels that are equal in all rows of all splits,
    and splits in which most rows have no label."""
    findings = []
    for name, frame in frames.items():
        values = frame[list(labels)].to_numpy()
        findings += _check_counts(name, frame, labels, values)
    findings += _check_equal(frames, labels)
    for name, frame in frames.items():
        is_unlabelled = frame[list(labels)].to_numpy().sum(axis=1) == 0
        if is_unlabelled.sum() > MOST_UNLABELLED * len(frame):
            findings += find_rows("unlabelled_texts", (name,), frame, is_unlabelled)
    return findings


def _check_counts(split: str, frame: pd.DataFrame, labels: tuple[str, ...], values: np.ndarray) -> list[Finding]:
    positives, rows = values.sum(axis=0, dtype=int), len(frame)
    chosen = dict(zip(labels, positives.tolist(), strict=True))
    findings = []
    if absent := tuple(label for label, count in chosen.items() if count == 0):
        findings.append(Finding(kind="label_absent", splits=(split,), labels=absent, count=0, total=rows))
    if constant := tuple(label for label, count in chosen.items() if 0 < count == rows):
        findings.append(Finding(kind="label_constant", splits=(split,), labels=constant, count=rows, total=rows))
    is_rare = (positives > 0) & (positives <= FEW_POSITIVES) & (positives < rows)
    rare = {label: chosen[label] for label, is_one in zip(labels, is_rare, strict=True) if is_one}
    findings += find_rows(
        "label_rare", (split,), frame, values[:, is_rare].sum(axis=1) > 0,
        labels=tuple(rare), positives=tuple(rare.values()),
    )  # fmt: skip
    return findings


def _check_equal(frames: Mapping[str, pd.DataFrame], labels: tuple[str, ...]) -> list[Finding]:
    """One finding for each set of equal labels. Those with hardly any row may be equal by chance."""
    rows = sum(map(len, frames.values()))
    alike: dict[bytes, list[str]] = {}
    for label in labels:
        values = np.concatenate([frame[label].to_numpy(dtype=bool) for frame in frames.values()])
        if FEW_POSITIVES < values.sum() < rows:
            alike.setdefault(np.packbits(values).tobytes(), []).append(label)
    return [
        Finding(kind="labels_equal", splits=tuple(frames), labels=tuple(equal), count=rows, total=rows)
        for equal in alike.values()
        if len(equal) > 1
    ]
