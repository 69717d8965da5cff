"""The rows of a registered dataset: their hash, and the parquet file that holds them."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from emocore.errors import DataError

# The columns other than labels, in the order in which they are stored and hashed; the last two may be missing.
TEXT_COLUMNS = ("row_id", "text", "group_name", "split_name")
CHUNK_ROWS = 50_000  # hashed and written at once, so that no second copy of all texts is made


def hash_content(frame: pd.DataFrame, labels: Sequence[str]) -> str:
    """SHA-256 of labels and rows in their order, whatever library wrote them. No text holds a NUL character, which
    therefore separates cells."""
    digest = hashlib.sha256(json.dumps([len(frame), *labels]).encode())
    for column in _text_columns(frame):
        digest.update(f"\0{column}\0".encode())
        for start in range(0, len(frame), CHUNK_ROWS):
            cells = frame[column].iloc[start : start + CHUNK_ROWS].fillna("")
            digest.update("\0".join([*cells, ""]).encode())
    for label in labels:
        digest.update(frame[label].to_numpy(dtype=np.int8).tobytes())
    return digest.hexdigest()


def write_content(path: Path, frame: pd.DataFrame, labels: Sequence[str]) -> None:
    """Raises OSError."""
    columns = [*_text_columns(frame), *labels]
    schema = pa.schema([(name, pa.int8() if name in labels else pa.string()) for name in columns])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, max(len(frame), 1), CHUNK_ROWS):
            part = frame[columns].iloc[start : start + CHUNK_ROWS]
            writer.write_table(pa.Table.from_pandas(part, schema=schema, preserve_index=False))


def read_content(path: Path, labels: Sequence[str], owner: str) -> pd.DataFrame:
    """The rows with the index 1, 2, ... Raises DataError if the file is not as `write_content` writes it."""
    try:
        table = parquet.read_table(path)
    except FileNotFoundError:
        raise DataError(f"{owner}: its file {path.name} is missing; add the dataset again") from None
    except (pa.ArrowException, OSError, ValueError):
        raise DataError(f"{owner}: its file {path.name} cannot be read; add the dataset again") from None
    types = {field.name: field.type for field in table.schema}
    texts = [name for name in TEXT_COLUMNS if name in types]
    wanted = {name: pa.string() for name in texts} | {label: pa.int8() for label in labels}
    if types != wanted or len(wanted) < len(table.schema) or not {"row_id", "text"} <= set(texts):
        raise DataError(f"{owner}: its file {path.name} has other columns than its manifest; add the dataset again")
    frame: pd.DataFrame = table.to_pandas()
    return frame.set_index(pd.RangeIndex(1, len(frame) + 1, name="row"))


def _text_columns(frame: pd.DataFrame) -> list[str]:
    return [column for column in TEXT_COLUMNS if column in frame]
