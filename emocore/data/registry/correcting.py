"""Corrected labels -> another version of a registered dataset, which names its parent and lists the changes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from emocore.data.changes import LabelChange, apply_changes, hash_text
from emocore.data.corrections import TEXT_HASH
from emocore.data.load import read_dataset
from emocore.data.notes import check_file
from emocore.data.registry.content import hash_content
from emocore.data.registry.manifest import Manifest
from emocore.data.registry.store import Dataset, add_dataset, find_dataset
from emocore.data.table import SPLIT_NAME, EmotionTable
from emocore.errors import DataError


def correct_dataset(
    root: Path, dataset: Dataset, corrections: Mapping[str, Sequence[LabelChange]]
) -> tuple[Dataset, bool]:
    """Store a version with these changes, by the split in which a run found them; returns it with whether it is new.

    Raises DataError as `apply_corrections` does, or if the version cannot be written.
    """
    manifest = dataset.manifest
    corrected = apply_corrections(dataset, corrections)
    return add_dataset(
        root,
        manifest.name,
        corrected.frame,
        manifest.labels,
        manifest.sources,
        wishes=manifest.wishes,
        hub=manifest.hub,
        licence=manifest.licence,
        notes=manifest.notes,
        findings=check_file(corrected),
        removed_rows=manifest.removed_rows,
        parent=manifest.reference,
        changes={split: tuple(own) for split, own in corrections.items()},
        corrected_labels=manifest.corrected_labels + sum(map(len, corrections.values())),
    )


def apply_corrections(dataset: Dataset, corrections: Mapping[str, Sequence[LabelChange]]) -> EmotionTable:
    """The table that these changes make of a dataset, which stays as it is.

    Raises DataError if there is no change, or if one does not fit the dataset.
    """
    manifest = dataset.manifest
    if not any(corrections.values()):
        raise DataError(
            f"dataset {manifest.reference}: the list changes nothing; fill in its column 'corrected' where a label "
            "should be another"
        )
    table = read_dataset(dataset)
    corrected = replace(table, frame=_apply(table.frame, corrections, manifest.reference))
    _refuse_return(manifest, hash_content(corrected.frame, manifest.labels))
    return corrected


def find_parent(manifest: Manifest) -> Manifest:
    """The version that a corrected one was made from. Raises DataError if it is gone."""
    parent = find_dataset(str(manifest.parent))
    if parent is None:
        raise DataError(f"dataset {manifest.reference}: its parent {manifest.parent} is not registered any more")
    return parent.manifest


def list_changes(changes: Mapping[str, Sequence[LabelChange]]) -> pd.DataFrame:
    """Changes by split, as in a list that a person has filled in, with hashes instead of the texts: split, row_id,
    text_hash, label, stored and corrected (0 or 1)."""
    rows = [
        (split, change.row_id, change.text_hash, change.label, change.old, change.new)
        for split, own in changes.items()
        for change in own
    ]
    return pd.DataFrame(rows, columns=["split", "row_id", TEXT_HASH, "label", "stored", "corrected"])


def find_changed_texts(listed: pd.DataFrame, frame: pd.DataFrame) -> list[str]:
    """The text of each row of `list_changes`, from the frame of the dataset before or after them."""
    rows = frame[frame["row_id"].isin(listed["row_id"])]
    texts = {
        (row_id, hash_text(text)): text for row_id, text in rows[["row_id", "text"]].itertuples(index=False, name=None)
    }
    return [texts[place] for place in listed[["row_id", TEXT_HASH]].itertuples(index=False, name=None)]


def _refuse_return(manifest: Manifest, sha256: str) -> None:
    """Raises DataError if the content is that of a version before: its own parent would be made from it."""
    earlier = manifest
    while earlier.parent:
        if earlier.parent == Manifest.refer(manifest.name, sha256):
            raise DataError(
                f"dataset {manifest.reference}: these changes lead back to {earlier.parent}, from which it was made; "
                "train on that version"
            )
        try:
            earlier = find_parent(earlier)
        except DataError:  # the versions before are gone, too
            return


def _apply(frame: pd.DataFrame, corrections: Mapping[str, Sequence[LabelChange]], name: str) -> pd.DataFrame:
    """Row ids are unique in each split if the dataset has splits, and in all of it if runs split it."""
    if SPLIT_NAME not in frame:
        return apply_changes(frame, [change for own in corrections.values() for change in own], name)
    corrections = dict(corrections)
    if "validation" not in set(frame[SPLIT_NAME]):  # each run draws that from the training rows
        corrections["train"] = (*corrections.get("train", ()), *corrections.pop("validation", ()))
    parts = []
    for split, rows in frame.groupby(SPLIT_NAME, sort=False):
        parts.append(apply_changes(rows, corrections.get(str(split), ()), name))
    if missing := {split for split, own in corrections.items() if own} - set(frame[SPLIT_NAME]):
        raise DataError(
            f"dataset {name}: the list changes the {min(missing)} split, which the dataset does not have; correct the "
            "column 'split' of the list"
        )
    return pd.concat(parts).loc[frame.index]
