"""Names of classes that Hugging Face's library `datasets` stores with a table: in the schema of a parquet file, and in
the card of a dataset. A column of classes holds their numbers, one or a list for each text.

Covered: the column of the labels, and that of the splits, whose names only a file's own schema tells. Other columns
keep their numbers.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import pyarrow as pa

from emocore.data.reading.names import LABEL_COLUMN_NAMES
from emocore.data.reading.record import Reading
from emocore.data.reading.split_column import SPLIT_COLUMN, SPLIT_NAMES
from emocore.emotions import is_emotion_name

SCHEMA_KEY = b"huggingface"
LISTS = ("List", "LargeList", "Sequence")  # types of a feature whose own feature is that of each item

Features = Mapping[str, Any]  # by column, in the form of the library's JSON


def read_features(schema: pa.Schema) -> Features:
    """What the schema of a parquet file says of its columns; nothing if another program wrote the file."""
    try:
        features = json.loads((schema.metadata or {})[SCHEMA_KEY])["info"]["features"]
    except (KeyError, TypeError, ValueError, RecursionError):
        return {}
    return features if isinstance(features, dict) else {}


def name_classes(wishes: Reading, features: Features) -> Reading:
    """The wishes with the column of classes and their names, unless they or the columns say that labels are something
    else. Of several such columns, the wanted one or the first with a usual name is taken."""
    if wishes.label_names or wishes.label_form == "columns" or wishes.label_cells or wishes.cut is not None:
        return wishes
    splits = _find_split_column(wishes, features)
    classes = {column: names for column, names in _list_classes(features).items() if column != splits}
    column = wishes.label_column or _choose(list(classes), [name.strip() for name in features])
    names = classes.get(column or "", ())
    if not set(wishes.labels or ()) <= set(names):  # they are other columns, or were numbers in another file
        return wishes
    return wishes.model_copy(update={"label_column": column, "label_names": names}) if names else wishes


def name_splits(frame: pd.DataFrame, wishes: Reading, features: Features) -> pd.DataFrame:
    """The cells with the names of splits for their numbers, if the column that says the splits holds classes. A number
    without a name stays, to be refused with its row."""
    column = _find_split_column(wishes, features)
    if column is None or column not in frame:
        return frame
    names = {str(number): name for number, name in enumerate(_list_classes(features)[column])}
    return frame.assign(**{column: frame[column].map(lambda cell: names.get(cell, cell))})


def _find_split_column(wishes: Reading, features: Features) -> str | None:
    """The wanted column if it holds classes; otherwise the only one named split, if its classes are training and
    another split."""
    classes = _list_classes(features)
    if wishes.split_column:
        return wishes.split_column if wishes.split_column in classes else None
    named = [column for column in map(str.strip, features) if column.lower() == SPLIT_COLUMN]
    if len(named) != 1 or named[0] == wishes.label_column:
        return None
    splits = {SPLIT_NAMES.get(name.strip().lower()) for name in classes.get(named[0], ())} - {None}
    return named[0] if "train" in splits and len(splits) > 1 else None


def _list_classes(features: Features) -> dict[str, tuple[str, ...]]:
    """The names of the classes by column."""
    return {column.strip(): names for column, feature in features.items() if (names := _find_names(feature))}


def _find_names(feature: object) -> tuple[str, ...]:
    """The names of a class or of a list of classes; none for everything else."""
    if isinstance(feature, list) and len(feature) == 1:  # as older versions write a list
        return _find_names(feature[0])
    if not isinstance(feature, dict):
        return ()
    if feature.get("_type") in LISTS:
        return _find_names(feature.get("feature"))
    names = feature.get("names")
    if feature.get("_type") != "ClassLabel" or not isinstance(names, list):
        return ()
    return tuple(names) if names and all(isinstance(name, str) and name for name in names) else ()


def _choose(classes: list[str], columns: list[str]) -> str | None:
    if sum(is_emotion_name(column) for column in columns) >= 2:
        return None  # each label has a column
    named = [column for column in classes if column.lower() in LABEL_COLUMN_NAMES]
    return named[0] if named else classes[0] if len(classes) == 1 else None
