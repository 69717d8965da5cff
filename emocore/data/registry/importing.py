"""Files -> a registered dataset: read each part in the same form, check them as a run would, store them together."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emocore.data.reading.record import Reading
from emocore.data.registry.manifest import Part, SourceFile
from emocore.data.registry.store import Dataset, add_dataset, check_name
from emocore.data.source import DataFile, read_source, resolve_source
from emocore.data.split import Splits, split_tables
from emocore.data.table import SPLIT_NAME, EmotionTable, open_sheet, take_table
from emocore.run.config import RunConfig

# What all files of a dataset have in common; whatever else the user does not say is guessed for each file.
SHARED_PARTS = (
    "text_column", "group_column", "label_form", "label_cells", "cut", "label_column", "separator", "label_names",
    "labels",
)  # fmt: skip
FIELDS: dict[Part, str] = {"train": "data", "validation": "validation_data", "test": "test_data"}


@dataclass(frozen=True)
class Import:
    """Files that were read and can be registered. `wishes` is what the user said about their form; `splits` are those
    that a run with default settings would use."""

    wishes: Reading
    tables: dict[Part, EmotionTable]
    sources: tuple[SourceFile, ...]
    splits: Splits


def read_files(paths: Mapping[Part, str], wishes: Reading) -> Import:
    """Read files from disk. Raises DataError if one cannot be read, or if they cannot be split as a run needs it."""
    opened = {part: (read_source(source), resolve_source(source)) for part, source in paths.items()}
    return read_parts({part: file for part, (file, _) in opened.items()}, wishes, {p: o[1] for p, o in opened.items()})


def read_parts(files: Mapping[Part, DataFile], wishes: Reading, paths: Mapping[Part, Path]) -> Import:
    """Read files whose content is there. `paths` says where those lie that are on this disk. Raises DataError."""
    tables: dict[Part, EmotionTable] = {"train": take_table(open_sheet(files["train"], wishes))}
    first = tables["train"].reading
    shared = wishes.model_copy(update={name: getattr(first, name) for name in SHARED_PARTS})
    tables |= {part: take_table(open_sheet(file, shared)) for part, file in files.items() if part != "train"}
    sources = tuple(_describe(part, files[part], table, paths.get(part)) for part, table in tables.items())
    splits = split_tables({FIELDS[part]: table for part, table in tables.items()}, RunConfig())
    return Import(wishes, tables, sources, splits)


def register(root: Path, name: str, found: Import, licence: str | None = None) -> tuple[Dataset, bool]:
    """Store what was read, and return the dataset with whether it is new. Raises DataError."""
    check_name(name)
    return add_dataset(
        root,
        name,
        join_tables(found.tables),
        found.tables["train"].labels,
        found.sources,
        wishes=found.wishes,
        licence=licence,
        notes=found.splits.notes,
    )


def join_tables(tables: Mapping[Part, EmotionTable]) -> pd.DataFrame:
    """One table of all parts; with several, the column `split_name` says which is which."""
    if len(tables) == 1:
        return tables["train"].frame
    frames = [table.frame.assign(**{SPLIT_NAME: part}) for part, table in tables.items()]
    return pd.concat(frames, ignore_index=True)


def _describe(part: Part, file: DataFile, table: EmotionTable, path: Path | None) -> SourceFile:
    return SourceFile(
        part=part,
        name=file.name,
        path=str(path) if path else None,
        bytes=len(file.content),
        modified_ns=path.stat().st_mtime_ns if path else None,
        sha256=table.sha256,
        reading=table.reading,
    )
