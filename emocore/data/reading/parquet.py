"""Parquet: checked by its metadata before anything is unpacked, then read in small batches."""

from collections.abc import Iterator

import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from emocore.data.cells import check_columns, check_size, make_frame, to_cell
from emocore.data.reading.record import Reading
from emocore.data.source import MOST_DATA_BYTES, DataFile
from emocore.errors import DataError
from emocore.text import format_bytes

BATCH_ROWS = 512  # so few that even with large cells not much is in memory before it is counted


def read_parquet(file: DataFile, wishes: Reading) -> tuple[pd.DataFrame, Reading]:
    """Every column as strings, lists as JSON; rows are numbered from 1. Raises DataError."""
    try:
        opened = parquet.ParquetFile(pa.BufferReader(file.content))
        header = [name.strip() for name in opened.schema_arrow.names]
        _check_metadata(file, opened, header)
        rows = [row for batch in _batches(file, opened) for row in _to_rows(batch)]
    except (pa.ArrowException, OSError, RecursionError, OverflowError, UnicodeError):  # their messages may quote cells
        raise DataError(
            f"{file.name}: not a readable parquet file; it may be cut off, so write it again, or as CSV"
        ) from None
    except ValueError as error:  # of `to_cell`; Arrow's own are ArrowExceptions
        raise DataError(f"{file.name}: {error}") from None
    if not rows:
        raise DataError(f"{file.name}: no rows; it needs one for each text")
    return make_frame(header, range(1, len(rows) + 1), rows), wishes


def _check_metadata(file: DataFile, opened: parquet.ParquetFile, header: list[str]) -> None:
    """Raises DataError if the file says that it is larger than what is read."""
    metadata = opened.metadata
    if not header:
        raise DataError(f"{file.name}: no columns; it needs a text and labels")
    check_columns(file, header)
    check_size(file.name, metadata.num_rows * len(header))
    _check_bytes(file, sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups)))


def _check_bytes(file: DataFile, unpacked: int) -> None:
    if unpacked > MOST_DATA_BYTES:
        raise DataError(
            f"{file.name}: unpacks to more than the {format_bytes(MOST_DATA_BYTES)} that are read; leave out columns "
            "or rows that are not used"
        )


def _batches(file: DataFile, opened: parquet.ParquetFile) -> Iterator[pa.RecordBatch]:
    """Counted again, because the metadata may be wrong, and counts a repeated text once."""
    total = 0
    for batch in opened.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
        total += batch.nbytes
        _check_bytes(file, total)
        yield batch


def _to_rows(batch: pa.RecordBatch) -> Iterator[list[str]]:
    columns = [[to_cell(value) for value in column.to_pylist()] for column in batch.columns]
    yield from map(list, zip(*columns, strict=True))
