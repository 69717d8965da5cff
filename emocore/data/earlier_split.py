"""Version 1 of the split, kept as it was: runs and studies that began with it continue with the same texts.

Without groups it follows from the order of the rows in the file. Copies of a text may be on both sides.
"""

import hashlib

import numpy as np
import pandas as pd

BY_ORDER = 1  # the number of this version
PASSES = 5  # more hardly bring a split nearer to its shares


def pick_rows_by_order(frame: pd.DataFrame, labels: tuple[str, ...], share: float, seed: int) -> np.ndarray:
    """(rows,) whether a row is held back: stratified over all labels (Sechidis et al. 2011, by
    `iterative-stratification`) or, if the rows have groups, in whole groups."""
    if "group_name" in frame:
        return _pick_groups(frame, labels, share, seed)
    from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

    splitter = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=share, random_state=seed)
    _, held = next(splitter.split(frame, frame[list(labels)].to_numpy()))
    is_held = np.zeros(len(frame), dtype=bool)
    is_held[held] = True
    return is_held


def _pick_groups(frame: pd.DataFrame, labels: tuple[str, ...], share: float, seed: int) -> np.ndarray:
    """(rows,) whether a row is held back: whole groups, with about this share of the texts and of every label.

    Groups are visited in an order that follows from their names and the seed, not from the file. Each is added to the
    part held back, or taken from it, if this brings its counts nearer to the wanted ones: the sum of (count -
    wanted)^2 / wanted, over the number of texts and of texts with each label, is to fall. After PASSES visits, or once
    nothing changes, the part is complete.
    """
    names = np.array(sorted(set(frame["group_name"]), key=lambda name: _shuffle(name, seed)), dtype=object)
    by_group = frame.groupby("group_name")
    counts = np.column_stack([by_group.size()[names], by_group[list(labels)].sum().loc[names]]).astype(float)
    counts = counts[:, counts.any(axis=0)]  # the rest of a split may lack a rare label
    wanted = share * counts.sum(axis=0)
    held, is_held = np.zeros(len(wanted)), np.zeros(len(names), dtype=bool)

    def miss(reached: np.ndarray) -> float:
        return float(((reached - wanted) ** 2 / wanted).sum())

    for _ in range(PASSES):
        before = is_held.copy()
        for place, own in enumerate(counts):
            changed = held - own if is_held[place] else held + own
            if miss(changed) < miss(held):
                held, is_held[place] = changed, not is_held[place]
        if (is_held == before).all():
            break
    return np.asarray(frame["group_name"].isin(names[is_held]))


def _shuffle(name: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed} {name}".encode()).digest()
