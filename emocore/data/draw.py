"""Draws the splits that a user does not give: parts of the training file, by the version of the split of the run."""

import numpy as np
import pandas as pd

from emocore.data.earlier_split import BY_ORDER, pick_rows_by_order
from emocore.data.stratify import number_units, order_rows, pick_rows
from emocore.data.table import EmotionTable
from emocore.errors import DataError
from emocore.run.config import RunConfig
from emocore.text import counted

MINIMUM_ROWS = 20  # in each split; with fewer, not even the commonest emotion can be measured


def draw_missing(train: EmotionTable, frames: dict[str, pd.DataFrame], config: RunConfig) -> None:
    """Take the missing ones of test and validation out of the training part; each keeps the share of every label.

    `train` is the table that the frames are of. Raises DataError if it is too small or cannot be divided like this.
    """
    rest = 1.0
    if config.split_version > BY_ORDER:
        frames["train"] = order_rows(frames["train"], train.labels, config.split_seed)
    if len(frames) == 1:
        rest -= config.test_share
        frames["train"], frames["test"] = _hold_out(train, frames["train"], config.test_share, config)
    share = config.validation_share / rest
    frames["train"], frames["validation"] = _hold_out(train, frames["train"], share, config)


def can_surely_draw(frame: pd.DataFrame, config: RunConfig) -> bool:
    """Whether each missing split has enough rows, and no text so many copies that the shares might be missed. Of groups
    and of few rows, this is not known before the splits are drawn."""
    least = len(frame) * min(config.validation_share, config.test_share)
    if "group_name" in frame or least < 10 * MINIMUM_ROWS:
        return False
    return bool(np.bincount(number_units(frame)).max() <= least / 4)


def _hold_out(
    table: EmotionTable, frame: pd.DataFrame, share: float, config: RunConfig
) -> tuple[pd.DataFrame, pd.DataFrame]:
    if len(frame) * share < MINIMUM_ROWS / 2:
        raise DataError(
            f"{table.name}: {len(table.frame)} rows are too few to split off {share:.0%} for evaluation; "
            f"it needs about {round(MINIMUM_ROWS / share)}, or separate validation and test files"
        )
    pick = pick_rows_by_order if config.split_version == BY_ORDER else pick_rows
    is_held = pick(frame, table.labels, share, config.split_seed)
    is_exact = config.split_version == BY_ORDER and "group_name" not in frame
    if not is_exact and abs(is_held.mean() - share) > share / 2:
        raise DataError(f"{table.name}: {_explain_miss(frame, share, is_held.mean(), config.split_version)}")
    return frame[~is_held], frame[is_held]


def _explain_miss(frame: pd.DataFrame, share: float, reached: float, version: int) -> str:
    """Why about this share of the texts cannot be split off, and what to do."""
    units = int(number_units(frame).max()) + 1
    if "group_name" not in frame:
        return (
            f"copies of a text stay in one split, and of the {counted(units, 'different text')}, those that are "
            f"nearest to the {share:.0%} for evaluation have {reached:.0%} of the rows; remove copies, or separate "
            "validation and test files"
        )
    groups = frame["group_name"].nunique()
    is_joined = units < groups and version > BY_ORDER
    joined = f"; texts that several groups have join them into {units:,}" if is_joined else ""
    return (
        f"of its {counted(groups, 'group')}, whole ones with about {share:.0%} of the texts are to be split off for "
        f"evaluation, but the nearest have {reached:.0%}{joined}; {'remove such texts, ' if joined else ''}name a "
        "column with more and smaller groups in the setting group_column, or separate validation and test files"
    )
