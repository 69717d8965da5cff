"""The texts of a search: a split of the training part of its study.

Trials read these two files alone, so no trial can read, or be chosen by, what the study is scored on: neither its
validation texts nor its test texts are in them. There is no third file, so trials have no test split.
"""

from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet

from emocore.data.draw import MINIMUM_ROWS
from emocore.data.split import Splits
from emocore.data.stratify import order_rows, pick_rows
from emocore.errors import DataError, RunError
from emocore.run.config import RunConfig, build
from emocore.run.search_record import FIRST_TRIAL_SEED, TEXTS, TRIAL_REPLICATE, VALIDATION_TEXTS, SearchRecord
from emocore.system.files import write_atomically

TEXT_COLUMN, GROUP_COLUMN = "text", "group_name"


def divide(splits: Splits, config: RunConfig) -> dict[str, pd.DataFrame]:
    """The frames of the two files by name: the share of the training part that `validation_share` says is held back as
    version 2 of the split does, copies and groups on one side. `splits` have all training rows. Raises DataError if
    these are too few."""
    train = order_rows(splits.frames["train"], splits.labels, config.split_seed)
    is_held = pick_rows(train, splits.labels, config.validation_share, config.split_seed)
    learned, held = train[~is_held], train[is_held]
    if len(held) < MINIMUM_ROWS // 2 or len(learned) < MINIMUM_ROWS:
        raise DataError(
            f"a search divides the {len(train):,} training texts into {len(learned):,} to learn from and {len(held):,} "
            f"to choose by, but needs {MINIMUM_ROWS} and {MINIMUM_ROWS // 2}; use more texts, or another "
            "validation_share"
        )
    for label in splits.labels:
        if learned[label].nunique() < 2:
            raise DataError(
                f"the {len(learned):,} texts that the trials of a search learn from all have the same value of "
                f"{label!r}; use more texts, or leave this label out of label_columns"
            )
    return {TEXTS: learned, VALIDATION_TEXTS: held}


def write_texts(folder: Path, frames: dict[str, pd.DataFrame]) -> None:
    """Write both files into the folder of the search. Raises RunError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            content = BytesIO()
            frame.rename(columns={"row_id": "ID"}).to_parquet(content, index=False)
            write_atomically(folder / name, content.getvalue())
    except OSError as error:
        raise RunError(
            f"the texts of a search cannot be written ({error.strerror}: {folder}); free space, or make it writable"
        ) from None


def trial_config(
    folder: Path, record: SearchRecord, given: RunConfig, number: int, proposed: Mapping[str, Any]
) -> RunConfig:
    """The run of a trial: the settings that are `given` for its method and those that are proposed, on the texts of the
    search. Trials with the same number have the same seed in all methods, and all learn from the same rows."""
    has_groups = GROUP_COLUMN in pyarrow.parquet.read_schema(folder / TEXTS).names
    texts = {
        "data": str(folder / TEXTS),
        "validation_data": str(folder / VALIDATION_TEXTS),
        "test_data": None,
        "text_column": TEXT_COLUMN,
        "label_columns": None,
        "group_column": GROUP_COLUMN if has_groups else None,
        "rows": record.train_rows,
    }
    identity = {"study": record.trials_study, "seed": FIRST_TRIAL_SEED + number, "replicate": TRIAL_REPLICATE}
    return build(RunConfig, {**given.model_dump(), **proposed, **texts, **identity})
