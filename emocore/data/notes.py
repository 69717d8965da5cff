"""What a user should know about data that was read: how the files were used, and what the checks found in them."""

from collections.abc import Mapping

import pandas as pd

from emocore.data.checks.findings import WHOLE_FILE, Finding
from emocore.data.checks.splits import check_splits
from emocore.data.reading.record import note_reading
from emocore.data.source import quote_columns
from emocore.data.table import SPLIT_NAME, EmotionTable
from emocore.run.config import STARTER
from emocore.text import counted


def check_file(table: EmotionTable) -> tuple[Finding, ...]:
    """The findings in a file: by the split that its column names, or in the whole file."""
    return check_splits(frames_by_split(table), table.labels)


def frames_by_split(table: EmotionTable) -> dict[str, pd.DataFrame]:
    """Training first; the whole file, as WHOLE_FILE, if it has no splits."""
    if SPLIT_NAME not in table.frame:
        return {WHOLE_FILE: table.frame}
    by_split = dict(iter(table.frame.groupby(SPLIT_NAME)))
    return {name: by_split[name] for name in ("train", "validation", "test") if name in by_split}


def warn_of_corrections(tables: Mapping[str, EmotionTable]) -> list[str]:
    """A sentence for each table with labels that were corrected after models had been seen; `tables` are by setting."""
    return [
        f"{table.name}: {counted(table.corrected_labels, 'label')} corrected after models had been seen, which favours "
        "what these models said; compare only runs on the same version"
        for table in tables.values()
        if table.corrected_labels
    ]


def name_files(tables: Mapping[str, EmotionTable]) -> dict[str, str]:
    """The name of the file that each split comes from; `tables` are by setting."""
    own = {field.removesuffix("_data"): table.name for field, table in tables.items() if field != "data"}
    return dict.fromkeys(("train", "validation", "test"), tables["data"].name) | own


def note_tables(tables: Mapping[str, EmotionTable]) -> list[str]:
    """What of each file is not used, and what should be confirmed of how it was read; `tables` are by setting."""
    notes = [
        f"{table.name}: columns that are not used: {quote_columns(table.name, table.ignored_columns)}"
        for table in tables.values()
        if table.ignored_columns
    ]
    notes += [
        f"{table.name}: labels that are not used, since they were not asked for: "
        f"{quote_columns(table.name, table.ignored_labels)}"
        for table in tables.values()
        if table.ignored_labels
    ]
    notes += [f"{table.name}: {note}" for table in tables.values() for note in note_reading(table.reading)]
    if (split := tables["data"].reading.split_column) and tables["data"].name != STARTER:
        notes.append(f"{tables['data'].name}: split as its column {split} says")
    return notes
