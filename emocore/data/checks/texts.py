"""Texts that are there more than once: in a split, with other labels, or in two splits.

Texts are compared by hashes of 64 bits, so that at no time more than a part of them is in memory a second time. That
two different ones of a million texts have the same hash has a probability below 1 in 10 million (n^2 / 2^65).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from emocore.data.checks.findings import Finding, find_rows

TEXTS_AT_ONCE = 50_000
# Format characters and variation selectors are drawn as nothing; what separates words is one space in the form.
UNSEEN = r"[\p{Cf}\x{fe00}-\x{fe0f}]+"
SEPARATORS = r"(?:(?:https?://|www\.)\S*|@[\pL\pN_]+|[\pP\pZ\p{Cc}$+<=>^`|~\s])+"


@dataclass(frozen=True)
class Hashes:
    """Of each row: its text, the normalised form of its text, and its labels; (rows,) uint64."""

    texts: np.ndarray
    forms: np.ndarray
    labels: np.ndarray


def hash_texts(texts: pd.Series) -> np.ndarray:
    """(rows,) uint64, equal for equal texts."""
    return _hash_parts(texts, lambda part: part)


def hash_forms(texts: pd.Series) -> np.ndarray:
    """(rows,) uint64, equal for texts whose `normalise` is equal."""
    return _hash_parts(texts, normalise)


def hash_labels(frame: pd.DataFrame, labels: tuple[str, ...]) -> np.ndarray:
    """(rows,) uint64, equal for rows with the same labels."""
    return pd.util.hash_pandas_object(frame[list(labels)], index=False).to_numpy()


def normalise(texts: pa.Array) -> pa.Array:
    """The forms in which texts that are nearly the same are equal: without regard to upper and lower case, links,
    @mentions, punctuation, the signs of #hashes (their words count), runs of white space and invisible characters.

    Other words, another order or number of them, other spellings, accents, numbers and emoji make another form, and so
    do HTML entities. A text of which nothing would be left, such as ":)", is its own form.
    """
    forms = pc.replace_substring_regex(pc.utf8_lower(texts), UNSEEN, "")
    forms = pc.utf8_trim_whitespace(pc.replace_substring_regex(forms, SEPARATORS, " "))
    return pc.if_else(pc.equal(forms, ""), texts, forms)


def is_repeated(texts: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(rows,) whether an earlier row has the same hashes of text and labels."""
    return pd.DataFrame({"text": texts, "labels": labels}).duplicated().to_numpy()


def is_shared(own: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(rows,) whether a hash is among the others."""
    return pd.Series(own).isin(pd.unique(other)).to_numpy()


def is_contradicted(own: Hashes, other: Hashes) -> np.ndarray:
    """(rows,) whether the same text is among the others and has different labels somewhere in the two."""
    pairs = pd.DataFrame(
        {
            "text": np.concatenate([own.texts, other.texts]),
            "labels": np.concatenate([own.labels, other.labels]),
        }
    ).drop_duplicates()["text"]
    return is_shared(own.texts, pairs[pairs.duplicated()].to_numpy()) & is_shared(own.texts, other.texts)


def check_texts(frames: Mapping[str, pd.DataFrame], labels: tuple[str, ...]) -> list[Finding]:
    """Texts that two splits share, exactly or nearly; those with contradicting labels, in two splits or in one; and
    those that a split repeats with the same labels."""
    hashes = {
        name: Hashes(hash_texts(frame["text"]), hash_forms(frame["text"]), hash_labels(frame, labels))
        for name, frame in frames.items()
    }
    pairs = list(combinations(frames, 2))
    findings = []
    for first, second in pairs:
        own, other = hashes[first], hashes[second]
        findings += find_rows(
            "shared_texts", (first, second), frames[first], is_shared(own.forms, other.forms),
            matching=int(is_shared(other.forms, own.forms).sum()), total=len(frames[second]),
        )  # fmt: skip
    for first, second in pairs:
        is_concerned = is_contradicted(hashes[first], hashes[second])
        findings += find_rows(
            "contradicting_labels", (first, second), frames[first], is_concerned, total=len(frames[second])
        )
    for name, own in hashes.items():
        findings += find_rows("contradicting_labels", (name,), frames[name], is_contradicted(own, own))
        findings += find_rows("repeated_texts", (name,), frames[name], is_repeated(own.texts, own.labels))
    return findings


def _hash_parts(texts: pd.Series, change: Callable[[pa.Array], pa.Array]) -> np.ndarray:
    hashes = np.empty(len(texts), dtype=np.uint64)
    for start in range(0, len(texts), TEXTS_AT_ONCE):
        part = slice(start, start + TEXTS_AT_ONCE)
        changed = change(pa.array(texts.iloc[part], type=pa.large_string()))
        hashes[part] = pd.util.hash_array(changed.to_numpy(zero_copy_only=False), categorize=False)
    return hashes
