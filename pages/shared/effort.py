"""How much work it is to read a file, from what its first or last bytes tell, so that a page need not wait for it."""

from typing import BinaryIO

import pyarrow as pa
from pyarrow.parquet import read_metadata

from emocore.data.reading.formats import ZIP

PARQUET = b"PAR1"
EXCEL_EFFORT = 7  # so many times as long takes a byte of an Excel file, which is packed and read cell by cell
CELL_EFFORT = 6  # bytes of a CSV file that take about as long as a cell of a parquet file, however well that is packed


def count_effort(file: BinaryIO) -> int:
    """Bytes of a CSV file that take about as long to read."""
    start, size = file.read(len(PARQUET)), file.seek(0, 2)
    if start.startswith(ZIP):
        return EXCEL_EFFORT * size
    return max(size, _count_parquet(file)) if start == PARQUET else size


def _count_parquet(file: BinaryIO) -> int:
    """0 for a damaged file, which the reading then says."""
    try:
        metadata = read_metadata(file)
    except (pa.ArrowException, OSError):
        return 0
    unpacked = sum(metadata.row_group(place).total_byte_size for place in range(metadata.num_row_groups))
    return max(unpacked, CELL_EFFORT * metadata.num_rows * metadata.num_columns)
