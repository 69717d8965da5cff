"""Files -> a registered dataset: read each part in the same form, check them as a run would, store them together."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from emocore.data.checks.findings import Finding
from emocore.data.checks.removal import REMOVABLE, remove_from_training
from emocore.data.notes import check_file, frames_by_split, note_tables
from emocore.data.reading.formats import find_sheets
from emocore.data.reading.record import Reading
from emocore.data.registry.manifest import HubOrigin, Part, SourceFile, describe_findings
from emocore.data.registry.store import Dataset, add_dataset
from emocore.data.source import STARTER_FILE, DataFile, quote_column, read_source, resolve_source
from emocore.data.split import check_can_split
from emocore.data.table import SPLIT_NAME, EmotionTable, Sheet, open_sheet, take_table
from emocore.errors import DataError
from emocore.run.config import RunConfig
from emocore.system.files import file_version

# What all files of a dataset have in common; whatever else the user does not say is guessed for each file.
SHARED_PARTS = (
    "text_column", "group_column", "label_form", "label_cells", "cut", "label_column", "separator", "label_names",
    "labels",
)  # fmt: skip
STARTER_COPY, STARTER_LICENCE = "starter-copy", "Apache-2.0"
FIELDS: dict[Part, str] = {"train": "data", "validation": "validation_data", "test": "test_data"}


@dataclass(frozen=True)
class Import:
    """Files that were read and can be registered.


    `wishes` is what the user said about their form, `tables` are as they were read, and `frame` has the rows of all of
    them, with the column `split_name` if there are several or a file has one. `findings` are what is doubtful in it,
    once `removed_rows` were taken from the training part because of that. `notes` tell how the files were used; `hub`
    and `licence` are those of a dataset on the Hub.
    """

    wishes: Reading
    tables: dict[Part, EmotionTable]
    sources: tuple[SourceFile, ...]
    frame: pd.DataFrame
    findings: tuple[Finding, ...]
    removed_rows: int
    notes: tuple[str, ...]
    hub: HubOrigin | None = None
    licence: str | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        return self.tables["train"].labels

    def describe_findings(self) -> list[str]:
        """The findings in sentences that name files and rows."""
        return describe_findings(self.findings, self.sources)


def read_files(paths: Mapping[Part, str], wishes: Reading, removes_doubtful: bool = False) -> Import:
    """Read files from disk, as `read_parts` does. Raises DataError."""
    files = {part: read_source(source) for part, source in paths.items()}
    return read_parts(files, wishes, {part: resolve_source(source) for part, source in paths.items()}, removes_doubtful)


def read_parts(
    files: Mapping[Part, DataFile], wishes: Reading, paths: Mapping[Part, Path], removes_doubtful: bool = False
) -> Import:
    """Read files whose content is there; `paths` says where those lie that are on this disk.

    With `removes_doubtful`, training rows are left out whose text or group is also in another part, or whose text and
    labels are already there. Raises DataError if a file cannot be read, or no run could split the rows.
    """
    tables = take_parts(open_sheet(files["train"], fit_wishes("train", files, wishes)), files, wishes)
    return check_parts(tables, files, wishes, paths, removes_doubtful)


def fit_wishes(part: Part, files: Mapping[Part, DataFile], wishes: Reading) -> Reading:
    """The wishes for the file of a part. A sheet that another file has is not demanded of a file with only one table.
    Raises DataError if a file is damaged."""
    if wishes.sheet is None:
        return wishes
    sheets = {own: find_sheets(file, wishes) for own, file in files.items()}
    is_elsewhere = any(wishes.sheet in names for names in sheets.values())
    if is_elsewhere and wishes.sheet not in sheets[part] and len(sheets[part]) < 2:
        return wishes.model_copy(update={"sheet": None})
    return wishes


def take_parts(sheet: Sheet, files: Mapping[Part, DataFile], wishes: Reading) -> dict[Part, EmotionTable]:
    """The tables in the files, of which `sheet` has the cells of the training file. Raises DataError."""
    others = [part for part in files if part != "train"]
    if wishes.split_column and others:
        name, columns = sheet.file.name, sheet.cells.columns
        raise DataError(
            f"{name}: the column {quote_column(name, wishes.split_column, columns)} is to say the splits, but the "
            f"{others[0]} split has a file of its own; leave split_column out"
        )
    tables: dict[Part, EmotionTable] = {"train": take_table(sheet)}
    first = tables["train"].reading
    shared = wishes.model_copy(update={name: getattr(first, name) for name in SHARED_PARTS})
    for part in others:
        tables[part] = take_table(open_sheet(files[part], fit_wishes(part, files, shared)))
    return tables


def check_parts(
    tables: dict[Part, EmotionTable],
    files: Mapping[Part, DataFile],
    wishes: Reading,
    paths: Mapping[Part, Path],
    removes_doubtful: bool = False,
) -> Import:
    """What can be registered of tables that were read from the files. Raises DataError as `read_parts` does."""
    joined = _join(tables)
    frames, findings = frames_by_split(joined), check_file(joined)
    removed = _remove_doubtful(frames, findings) if removes_doubtful else frames
    if removed is not frames:
        joined = replace(joined, frame=pd.concat(removed.values()))
        findings = check_file(joined)
    check_can_split(joined, RunConfig())
    return Import(
        wishes=wishes,
        tables=tables,
        sources=tuple(_describe(part, files[part], table, paths.get(part)) for part, table in tables.items()),
        frame=joined.frame,
        findings=findings,
        removed_rows=sum(map(len, frames.values())) - len(joined.frame),
        notes=(*_note_sheets(tables, wishes), *note_tables({FIELDS[part]: table for part, table in tables.items()})),
    )


def register(root: Path, name: str, found: Import, licence: str | None = None) -> tuple[Dataset, bool]:
    """Store what was read, and return the dataset with whether it is new. Without a note on the licence, that of the
    dataset on the Hub is kept. Raises DataError."""
    return add_dataset(
        root,
        name,
        found.frame,
        found.labels,
        found.sources,
        wishes=found.wishes,
        hub=found.hub,
        licence=licence or found.licence,
        notes=found.notes,
        findings=found.findings,
        removed_rows=found.removed_rows,
    )


def register_starter_copy(root: Path) -> tuple[Dataset, bool]:
    """Store the texts of the starter set, with their row ids, as a dataset, which can have corrected versions; returns
    it with whether it is new. Raises DataError if the folder cannot be written."""
    return register(root, STARTER_COPY, read_files({"train": str(STARTER_FILE)}, Reading()), STARTER_LICENCE)


def _join(tables: Mapping[Part, EmotionTable]) -> EmotionTable:
    """One table of all parts; with several, the column `split_name` says which is which."""
    train = tables["train"]
    if len(tables) == 1:
        return train
    for table in tables.values():
        if SPLIT_NAME in table.frame:
            raise DataError(
                f"{table.name}: its column {table.reading.split_column} already says which rows are for training and "
                "evaluation; give this file alone, or rename the column"
            )
    return replace(train, frame=pd.concat([table.frame.assign(**{SPLIT_NAME: part}) for part, table in tables.items()]))


def _note_sheets(tables: Mapping[Part, EmotionTable], wishes: Reading) -> list[str]:
    return [
        f"{table.name}: it has no sheet {wishes.sheet!r}, so the only table in it was read"
        for table in tables.values()
        if wishes.sheet not in (None, table.reading.sheet)
    ]


def _remove_doubtful(frames: dict[str, pd.DataFrame], findings: tuple[Finding, ...]) -> dict[str, pd.DataFrame]:
    for finding in findings:
        if finding.kind in REMOVABLE and finding.splits[0] == "train":
            frames = remove_from_training(frames, finding)
    return frames


def _describe(part: Part, file: DataFile, table: EmotionTable, path: Path | None) -> SourceFile:
    return SourceFile(
        part=part,
        name=file.name,
        path=str(path) if path else None,
        bytes=len(file.content),
        modified_ns=file_version(path)[0] if path else None,
        sha256=table.sha256,
        reading=table.reading,
    )
