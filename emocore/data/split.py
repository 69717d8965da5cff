"""Splits one or several tables into train, validation and test, in the same way for every run of a study."""

import hashlib
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from emocore.data.checks.findings import Finding
from emocore.data.checks.sentences import describe_finding
from emocore.data.checks.splits import check_splits
from emocore.data.groups import pick_groups
from emocore.data.load import load_table
from emocore.data.notes import name_files, note_tables, warn_of_corrections
from emocore.data.source import quote_column
from emocore.data.table import SPLIT_COLUMN, SPLIT_NAME, EmotionTable
from emocore.errors import DataError
from emocore.run.config import RunConfig
from emocore.text import counted

MINIMUM_ROWS = 20  # in each split; with fewer, not even the commonest emotion can be measured


@dataclass(frozen=True)
class Splits:
    """`frames` maps train, validation and, if there is one, test to a table's frame.

    `data_sha256` maps each source file's setting to its hash; `split_sha256` is the hash of the texts and labels in
    each split, so equal hashes mean equal splits, whatever their groups; `evaluation_sha256` is that of all but the
    training split.
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

    Official files are used unchanged, and so are the splits that a column `split` names. Missing splits are taken from
    the training file, stratified over all labels (Sechidis et al. 2011, by `iterative-stratification`) or, with a group
    column, in whole groups (see `pick_groups`). With a validation file and no test file, there is no test split. `rows`
    then limits only the training part, and so does a replicate that learns from half of it; single rows are drawn even
    with groups, since a study of 500 rows is to have 500.
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
    frames = _split(tables, config)
    available_rows = len(frames["train"])
    frames["train"] = _take_rows(frames["train"], train.labels, config)
    _check_sizes(frames, train)
    ordered: dict[str, pd.DataFrame] = {
        name: frames[name] for name in ("train", "validation", "test") if name in frames
    }
    return Splits(
        frames=ordered,
        labels=train.labels,
        data_sha256={setting: table.sha256 for setting, table in tables.items()},
        split_sha256=_hash_split(ordered),
        evaluation_sha256=_hash_split({name: frame for name, frame in ordered.items() if name != "train"}),
        available_rows=available_rows,
        findings=check_splits(ordered, train.labels),
        corrections=tuple(warn_of_corrections(tables)),
        corrected_labels=sum(table.corrected_labels for table in tables.values()),
        table_notes=tuple(note_tables(tables)),
        file_names=name_files(tables),
    )


def _split(tables: dict[str, EmotionTable], config: RunConfig) -> dict[str, pd.DataFrame]:
    """Frames by split; each held-out part keeps the share of every label."""
    train = tables["data"]
    _check_both_values(train)
    frames = _find_official(tables)
    rest = 1.0
    if len(frames) == 1:
        rest -= config.test_share
        frames["train"], frames["test"] = _hold_out(train, frames["train"], config.test_share, config)
    if "validation" not in frames:
        share = config.validation_share / rest
        frames["train"], frames["validation"] = _hold_out(train, frames["train"], share, config)
    return frames


def _find_official(tables: dict[str, EmotionTable]) -> dict[str, pd.DataFrame]:
    """The training rows, and the splits that have a file or that the training file's own column names."""
    train = tables["data"]
    frames = {"train": train.frame} | {
        field.removesuffix("_data"): table.frame for field, table in tables.items() if table is not train
    }
    split_by_column = [table.name for table in tables.values() if SPLIT_NAME in table.frame]
    if split_by_column and len(frames) > 1:
        raise DataError(
            f"{split_by_column[0]}: its column {SPLIT_COLUMN} already says which rows are for training and evaluation; "
            "give this file alone, without the settings validation_data and test_data, or rename the column"
        )
    if split_by_column:
        frames = {str(name): rows for name, rows in train.frame.groupby(SPLIT_NAME)}
    return {name: frame.drop(columns=SPLIT_NAME, errors="ignore") for name, frame in frames.items()}


def _hold_out(
    table: EmotionTable, frame: pd.DataFrame, share: float, config: RunConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if len(frame) * share < MINIMUM_ROWS / 2:
        raise DataError(
            f"{table.name}: {len(table.frame)} rows are too few to split off {share:.0%} for evaluation; "
            f"it needs about {round(MINIMUM_ROWS / share)}, or separate validation and test files"
        )
    if config.group_column:
        return _hold_out_groups(table, frame, share, config)
    from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

    splitter = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=share, random_state=config.split_seed)
    kept, held = next(splitter.split(frame, frame[list(table.labels)].to_numpy()))
    return frame.iloc[np.sort(kept)], frame.iloc[np.sort(held)]


def _hold_out_groups(
    table: EmotionTable, frame: pd.DataFrame, share: float, config: RunConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    is_held = pick_groups(frame, table.labels, share, config.split_seed)
    if abs(is_held.mean() - share) > share / 2:
        raise DataError(
            f"{table.name}: of its {counted(frame['group_name'].nunique(), 'group')}, whole ones with about "
            f"{share:.0%} of the texts are to be split off for evaluation, but the nearest have {is_held.mean():.0%}; "
            "name a column with more and smaller groups in the setting group_column, or separate validation and test "
            "files"
        )
    return frame[~is_held], frame[is_held]


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
    rows = zip(copies, *(content[column] for column in content), strict=True)
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


def _hash_split(frames: dict[str, pd.DataFrame]) -> str:
    digest = hashlib.sha256()
    for name, frame in frames.items():
        texts = frame.drop(columns="group_name", errors="ignore")
        digest.update(f"{name}\n{texts.to_csv(index=False)}".encode())
    return digest.hexdigest()
