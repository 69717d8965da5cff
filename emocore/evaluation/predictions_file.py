"""Reads and checks `predictions.parquet`, the answers of a run for each text that it was scored on."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.system.files import check_contained, open_regular
from emocore.text import first_line

NAMES = ("split", "row_id", "text")
GROUP_NAME = "group_name"  # only in runs with a group column
MOST_CELLS = 10**8  # ten million texts, or a thousand emotions; more would not fit into memory
MOST_FILE_BYTES = 4 * 10**9


def read_predictions(run: RunFolder, labels: Sequence[str], splits: Sequence[str]) -> pd.DataFrame:
    """One row per text: split, row_id, text, group_name if the run had a group column, and for each label `true.`
    (int8) and `logit.` (float32).

    Raises RunError unless the file is complete: each of `splits` has texts, with the truth and a finite logit for each
    label.
    """
    try:
        return _check(_read(run, labels), labels, splits)
    except (OSError, ValueError, LookupError, TypeError, pa.ArrowException, RecursionError) as error:
        problem = (isinstance(error, OSError) and error.strerror) or first_line(error)
        raise RunError(
            f"run {run.id}: predictions.parquet is missing or damaged ({problem}); run it again or delete the run"
        ) from None


def _read(run: RunFolder, labels: Sequence[str]) -> pd.DataFrame:
    """Read the file. Its declared size is checked first, since a small file can unpack to any size."""
    numbers = [f"{kind}.{label}" for label in labels for kind in ("true", "logit")]
    check_contained(run.predictions, run.path)
    with open_regular(run.predictions, MOST_FILE_BYTES) as content:
        file = pq.ParquetFile(content)
        there = set(file.schema_arrow.names)
        words = [*NAMES, GROUP_NAME] if GROUP_NAME in there else [*NAMES]
        columns = [*words, *numbers]
        if missing := [name for name in columns if name not in there]:
            raise LookupError(f"it has no column {missing[0]}")
        rows = file.metadata.num_rows
        if rows * len(columns) > MOST_CELLS:
            raise ValueError(f"it claims to have {rows:,} texts, which is more than can be read")
        table = file.read(columns).select(columns)
    if not all(pa.types.is_string(kind) or pa.types.is_large_string(kind) for kind in table.schema.types[: len(words)]):
        raise TypeError("splits, row ids, texts and groups should be words")
    if any(table.column(name).null_count for name in words):
        raise ValueError("a text, a row id, a group or a split is empty")
    table.validate(full=True)
    return table.to_pandas(ignore_metadata=True)


def _check(predictions: pd.DataFrame, labels: Sequence[str], splits: Sequence[str]) -> pd.DataFrame:
    """The predictions with the number types that training writes. Raises ValueError for anything else."""
    truth, logits = ([f"{kind}.{label}" for label in labels] for kind in ("true", "logit"))
    if empty := [split for split in splits if not (predictions["split"] == split).any()]:
        raise ValueError(f"it has no text of the {empty[0]} split")
    if not predictions[truth].isin([0, 1]).all(axis=None):
        raise ValueError("a true label is neither 0 nor 1")
    values = predictions[logits].to_numpy(dtype=float)
    if not (np.abs(values) <= np.finfo(np.float32).max).all():
        raise ValueError("a logit is not a finite number")
    return predictions.astype(dict.fromkeys(truth, np.int8) | dict.fromkeys(logits, np.float32))
