"""Version 2 of the split: hold back a share of the rows in which every label keeps its share.

Copies of a text stay on one side, and so does a group. What has to stay together in this way is a unit. Units with the
same counts of texts and labels are of one kind and replace each other. Of a common kind the wanted share is held back,
rounded down. Then one more unit of each common kind, and any units of rare kinds, are held back where this brings all
counts nearer to the wanted ones. So if every row is a unit, which is usual, not only single labels keep their shares
but also their combinations.

Everything follows from the content of the rows and the seed, by SHA-256 and whole numbers only: the order of the file,
the machine and the versions of Python and its libraries make no difference. Not covered: more than two sides at once;
the caller splits twice.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd

from emocore.data.balance import Balance
from emocore.data.checks.texts import hash_forms

ONE = 2**30  # stands for a share of 1 among whole numbers; times a number of rows it fits 64 bits


def order_rows(frame: pd.DataFrame, labels: Sequence[str], seed: int) -> pd.DataFrame:
    """The rows in a random order that follows from their texts, labels and groups and the seed alone; rows that have
    all of these in common replace each other."""
    bits = np.packbits(frame[list(labels)].to_numpy(dtype=bool), axis=1)
    groups = _digest(frame["group_name"], f"{seed} ") if "group_name" in frame else ()
    return frame.iloc[np.lexsort([*groups, *bits.T, *_digest(frame["text"], f"{seed} ")])]


def number_units(frame: pd.DataFrame) -> np.ndarray:
    """(rows,) the number of each row's unit, in the order of their first rows.

    Copies are what the checks call nearly the same, such as an advert that was sent to many names, since a model that
    has learned from one of them knows the others.
    """
    texts = pd.factorize(hash_forms(frame["text"]))[0]
    if "group_name" not in frame:
        return texts
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    groups = pd.factorize(frame["group_name"])[0] + len(frame)
    links = coo_array((np.ones(len(frame)), (texts, groups)), shape=(2 * len(frame), 2 * len(frame)))
    return pd.factorize(connected_components(links, directed=False)[1][texts])[0]


def pick_rows(frame: pd.DataFrame, labels: Sequence[str], share: float, seed: int) -> np.ndarray:
    """(rows,) whether a row is held back: whole units, with about this share of the texts and of every label.

    `frame` is as `order_rows` gives it, so that the first text of a unit does not depend on the file. Units come in a
    random order that follows from it and the seed; of those that replace each other, the first are held back. The
    counts are near to the wanted ones if the sum of (count - wanted)^2 / wanted is low, over the number of texts and of
    texts with each label.
    """
    units = number_units(frame)
    firsts = frame["text"].iloc[np.unique(units, return_index=True)[1]]
    order = np.lexsort(_digest(firsts, f"{seed} unit "))
    columns = [np.bincount(units, weights=frame[label]) for label in labels]  # exact, as all whole numbers below 2**53
    counts = np.column_stack([np.bincount(units), *columns]).astype(np.int64)[order]
    kinds = _number_kinds(counts)
    places = pd.Series(kinds).groupby(kinds).cumcount().to_numpy()
    certain, is_common = _count_certain(counts[:, 0], kinds, share)
    is_held = places < certain
    candidates = np.flatnonzero((places == certain) | ~is_common)
    balance = Balance(counts[candidates], counts[is_held].sum(axis=0), counts.sum(axis=0), share)
    is_held[candidates] = balance.choose()
    return is_held[np.argsort(order)][units]


def _count_certain(texts: np.ndarray, kinds: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each unit's kind, how many units are held back in any case, and whether the kind is common.

    Common kinds get more than the share if rare ones have units too large to be held back, such as a text with very
    many copies, and less if these can only be held back in too large pieces.
    """
    numbers, parts = np.bincount(kinds), round(share * ONE)
    is_common = (numbers * parts >= ONE)[kinds]
    lacking = int(texts[~is_common].sum()) * parts // ONE
    wanted_of_common = round(share * int(texts.sum())) - lacking
    sizes, counts = np.unique(texts[~is_common], return_counts=True)
    for size, number in zip(sizes[::-1].tolist(), counts[::-1].tolist(), strict=True):
        lacking -= size * min(number, max(0, round(lacking / size)))
    texts_of_common = max(int(texts[is_common].sum()), 1)
    parts_of_common = min(max(wanted_of_common + lacking, 0) * ONE // texts_of_common, ONE)
    return np.where(is_common, (numbers * parts_of_common // ONE)[kinds], 0), is_common


def _digest(texts: pd.Series, start: str) -> tuple[np.ndarray, np.ndarray]:
    """Two keys for np.lexsort, the last one first: 128 bits of the SHA-256 of each text after `start`."""
    digests = b"".join([hashlib.sha256(f"{start}{text}".encode()).digest()[:16] for text in texts.tolist()])
    high, low = np.frombuffer(digests, ">u8").astype(np.uint64).reshape(-1, 2).T
    return low, high


def _number_kinds(counts: np.ndarray) -> np.ndarray:
    """(units, columns) -> (units,): the same number for units with the same counts."""
    kinds = np.zeros(len(counts), dtype=np.int64)
    for column in counts.T:
        kinds = pd.factorize(kinds * (column.max() + 1) + column)[0]
    return kinds
