"""Splits one or several tables into train, validation and test, in the same way for every run of a study."""

import hashlib
from dataclasses import dataclass, field

import pandas as pd

from emocore.data.checks.findings import Finding
from emocore.data.checks.sentences import describe_finding
from emocore.data.checks.splits import check_splits
from emocore.data.draw import MINIMUM_ROWS, can_surely_draw, draw_missing
from emocore.data.earlier_split import BY_ORDER
from emocore.data.load import load_table
from emocore.data.notes import name_files, note_tables, warn_of_corrections
from emocore.data.source import quote_column
from emocore.data.split_hash import hash_rows, hash_texts_and_labels
from emocore.data.table import SPLIT_NAME, EmotionTable
from emocore.errors import DataError
from emocore.run.config import RunConfig


@dataclass(frozen=True)
class Splits:
    """`frames` maps train, validation and, if there is one, test to a table's frame.

    `data_sha256` maps each source file's setting to its hash; `split_sha256` is the hash of the texts and labels in
    each split, so equal hashes mean equal splits, whatever their groups; `evaluation_sha256` is that of all but the
    training split. `drawn_by` is the version that drew the validation or test split; None if no split was drawn.
    `available_rows` counts the rows from which the training rows were drawn.
    `findings` are what is doubtful in the splits, `corrected_labels` counts the labels that were corrected after models
    had been seen, which `corrections` says in sentences; `table_notes` tell how the files were used, and `file_names`
    maps a split to the name of its file.
    """

    frames: dict[str, pd.DataFrame]
    labels: tuple[str, ...]
    data_sha256: dict[str, str]
    split_sha256: str
    evaluation_sha256: str
    available_rows: int
    drawn_by: int | None = None
    findings: tuple[Finding, ...] = ()
    corrections: tuple[str, ...] = ()
    corrected_labels: int = 0
    table_notes: tuple[str, ...] = ()
    file_names: dict[str, str] = field(default_factory=dict)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user should know about the data, in sentences."""
        return *self.table_notes, *self.warnings

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes scores on these data doubtful, in sentences."""
        return *self.corrections, *map(self.describe, self.findings)

    def describe(self, finding: Finding) -> str:
        """The finding in a sentence that names its file."""
        return describe_finding(finding, self.file_names)


def load_splits(config: RunConfig) -> Splits:
    """Read, check and split the data of a run. Raises DataError.

    Official files are used unchanged, and so are the splits that a column `split` names. Missing splits are drawn from
    the training file by the version of the split that the run has: a new run by `emocore.data.stratify`, whatever the
    order of the rows, one that began earlier by `emocore.data.earlier_split`. With a validation file and no test file,
    there is no test split. `rows` then limits only the training part, and so does a replicate that learns from half of
    it; single rows are drawn even with groups, since a study of 500 rows is to have 500.
    """
    train = load_table(config.data, config.text_column, config.label_columns, config.group_column)
    tables = {"data": train}
    for setting in ("validation_data", "test_data"):
        if source := getattr(config, setting):
            tables[setting] = load_table(source, config.text_column, list(train.labels), config.group_column)
    return split_tables(tables, config)


def split_tables(tables: dict[str, EmotionTable], config: RunConfig) -> Splits:
    """The same for tables that have been read, by the setting that names their file: `data` and, if they are there,
    `validation_data` and `test_data`. Raises DataError."""
    train = tables["data"]
    _check_both_values(train)
    frames = _find_official(tables)
    drawn_by = None if "validation" in frames else config.split_version
    if drawn_by is not None:
        draw_missing(train, frames, config)
    available_rows = len(frames["train"])
    frames["train"] = _take_rows(frames["train"], train.labels, config)
    _check_sizes(frames, train)
    ordered: dict[str, pd.DataFrame] = {
        name: frames[name] for name in ("train", "validation", "test") if name in frames
    }
    evaluated = {name: frame for name, frame in ordered.items() if name != "train"}
    return Splits(
        frames=ordered,
        labels=train.labels,
        data_sha256={setting: table.sha256 for setting, table in tables.items()},
        split_sha256=_hash_split(ordered, train.labels, drawn_by),
        evaluation_sha256=_hash_split(evaluated, train.labels, drawn_by),
        drawn_by=drawn_by,
        available_rows=available_rows,
        findings=check_splits(ordered, train.labels),
        corrections=tuple(warn_of_corrections(tables)),
        corrected_labels=sum(table.corrected_labels for table in tables.values()),
        table_notes=tuple(note_tables(tables)),
        file_names=name_files(tables),
    )


def check_can_split(table: EmotionTable, config: RunConfig) -> None:
    """Raises DataError if no run with this config could use the table. Splits are drawn only where that might fail, as
    drawing those of a million rows takes seconds and copies them."""
    _check_both_values(table)
    frames = _find_official({"data": table})
    if "validation" not in frames and not can_surely_draw(table.frame, config):
        draw_missing(table, frames, config)
    _check_sizes(frames, table)


def _find_official(tables: dict[str, EmotionTable]) -> dict[str, pd.DataFrame]:
    """The training rows, and the splits that have a file or that the training file's own column names."""
    train = tables["data"]
    frames = {"train": train.frame} | {
        field.removesuffix("_data"): table.frame for field, table in tables.items() if table is not train
    }
    split_by_column = [table for table in tables.values() if SPLIT_NAME in table.frame]
    if split_by_column and len(frames) > 1:
        name, column = split_by_column[0].name, split_by_column[0].reading.split_column
        if column is None:
            raise DataError(
                f"{name}: this dataset has its own texts for training and evaluation; name it alone in the setting "
                "data, without validation_data and test_data"
            )
        raise DataError(
            f"{name}: its column {column} already says which rows are for training and evaluation; give this file "
            "alone, without the settings validation_data and test_data, or rename the column"
        )
    if split_by_column:
        frames = {str(name): rows for name, rows in train.frame.groupby(SPLIT_NAME)}
    return {name: frame.drop(columns=SPLIT_NAME, errors="ignore") for name, frame in frames.items()}


def _take_rows(train: pd.DataFrame, labels: tuple[str, ...], config: RunConfig) -> pd.DataFrame:
    """The first `rows` in an order that depends on the rows' content, the replicate and the split seed, but not on
    their order in the file: 500 rows are a subset of 1,000."""
    count = config.rows or (len(train) // 2 if config.learns_half else len(train))
    if count == len(train):
        return train
    if count > len(train):
        raise DataError(f"rows={count:,} but the training part has {len(train):,}; ask for fewer or leave it out")
    content = train[["text", *labels]]
    copies = content.groupby(list(content)).cumcount()
    rows = zip(copies, *(content[column].tolist() for column in content), strict=True)
    start = f"{config.split_seed} {config.replicate} "
    digests = [hashlib.sha256(f"{start}{row}".encode()).digest() for row in rows]
    return train.iloc[sorted(range(len(train)), key=digests.__getitem__)[:count]]


def _check_both_values(table: EmotionTable) -> None:
    for label in table.labels:
        positives = int(table.frame[label].sum())
        if positives in (0, len(table.frame)):
            value = 1 if positives else 0
            raise DataError(
                f"{table.name}, column {quote_column(table.name, label, table.labels)}: every one of the "
                f"{len(table.frame):,} rows is {value}, so there is nothing to learn; remove the column or list the "
                "others in the setting label_columns"
            )


def _check_sizes(frames: dict[str, pd.DataFrame], table: EmotionTable) -> None:
    for name, frame in frames.items():
        minimum = MINIMUM_ROWS if name == "train" else MINIMUM_ROWS // 2
        if len(frame) < minimum:
            raise DataError(f"{table.name}: {len(frame)} rows for the {name} split; it needs at least {minimum}")


def _hash_split(frames: dict[str, pd.DataFrame], labels: tuple[str, ...], drawn_by: int | None) -> str:
    return hash_rows(frames) if drawn_by in (None, BY_ORDER) else hash_texts_and_labels(frames, labels)
