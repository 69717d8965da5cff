"""The results of a run that must not depend on how often it was killed."""

from typing import Any

import pandas as pd

from emocore.run.folder import RunFolder
from emocore.tracking.metrics_file import read_metrics

Outcome = tuple[dict[str, bytes], pd.DataFrame, list[dict[str, Any]]]


def outcome_of(run: RunFolder) -> Outcome:
    """Everything that must not depend on how often a run was killed."""
    weights = {path.name: path.read_bytes() for path in run.adapter.glob("*.safetensors")}
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in read_metrics(run.metrics)]
    return weights, pd.read_parquet(run.predictions), rows


def assert_same(one: Outcome, other: Outcome) -> None:
    assert one[0] == other[0], "another adapter"
    pd.testing.assert_frame_equal(one[1], other[1], check_exact=True)
    assert one[2] == other[2], "another curve"
