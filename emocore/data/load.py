"""The table that a `data` setting names: a registered dataset, a file, or the starter set."""

from pathlib import Path

from emocore.data.registry.content import hash_content, read_content
from emocore.data.registry.manifest import CONTENT
from emocore.data.registry.store import Dataset, find_dataset
from emocore.data.source import quote_columns, resolve_source
from emocore.data.table import EmotionTable, read_table
from emocore.errors import DataError


def load_table(
    source: str,
    text_column: str | None = None,
    label_columns: list[str] | None = None,
    group_column: str | None = None,
) -> EmotionTable:
    """Read and check the texts. Raises DataError with the file, row and column, or with the dataset."""
    dataset = find_dataset(source)
    if dataset is None:
        return read_table(source, text_column, label_columns, group_column)
    for setting, column in (("text_column", text_column), ("group_column", group_column)):
        if column:
            raise DataError(
                f"{setting}: the dataset {dataset.manifest.reference} says itself which column that is; leave "
                f"{setting} out, or register the files again with another"
            )
    return read_dataset(dataset, label_columns)


def read_dataset(dataset: Dataset, label_columns: list[str] | None = None) -> EmotionTable:
    """The rows of a registered dataset, with all labels or only these. Raises DataError if its file is not the one that
    was registered."""
    manifest = dataset.manifest
    frame = read_content(dataset.folder / CONTENT, manifest.labels, f"dataset {manifest.reference}")
    if hash_content(frame, manifest.labels) != manifest.sha256:
        raise DataError(f"dataset {manifest.reference}: its texts were changed by hand; add the dataset again")
    labels = tuple(label_columns or manifest.labels)
    if missing := [label for label in labels if label not in manifest.labels]:
        known = quote_columns(f"{manifest.name}.csv", manifest.labels)
        raise DataError(f"dataset {manifest.reference}: no label {missing[0]!r}; it has {known}")
    left_out = [label for label in manifest.labels if label not in labels]
    return EmotionTable(
        frame=frame.drop(columns=left_out),
        labels=labels,
        name=manifest.reference,
        sha256=manifest.sha256,
        reading=manifest.sources[0].reading,
        ignored_labels=tuple(left_out),
        corrected_labels=manifest.corrected_labels,
    )


def resolve_data(source: str) -> Path:
    """The file or the dataset's folder that a `data` setting names. Raises DataError that says what is there
    instead."""
    dataset = find_dataset(source)
    return dataset.folder if dataset else resolve_source(source)
