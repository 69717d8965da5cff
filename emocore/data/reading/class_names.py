"""Names of classes that Hugging Face's library `datasets` stores with a table: in the schema of a parquet file, and in
the card of a dataset. A column of classes holds their numbers, one or a list for each text.
"""

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from emocore.data.reading.names import LABEL_COLUMN_NAMES
from emocore.data.reading.record import Reading
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
    classes = {column.strip(): names for column, feature in features.items() if (names := _find_names(feature))}
    column = wishes.label_column or _choose(list(classes), [name.strip() for name in features])
    names = classes.get(column or "", ())
    if not set(wishes.labels or ()) <= set(names):  # they are other columns, or were numbers in another file
        return wishes
    return wishes.model_copy(update={"label_column": column, "label_names": names}) if names else wishes


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
