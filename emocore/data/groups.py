"""Groups of texts that belong together, such as those of an author or a thread, and stay in one split.

Texts of one group resemble each other. A model that learned from some of them would be scored too well on the others,
so no group is divided.
"""

import hashlib

import numpy as np
import pandas as pd

# With fewer, the spread between groups is hardly known.
FEWEST_GROUPS = 20
# More passes hardly bring a split nearer to its shares.
PASSES = 5


def pick_groups(frame: pd.DataFrame, labels: tuple[str, ...], share: float, seed: int) -> np.ndarray:
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
