"""A run that began with version 1 of the split has the same splits as then."""

from typing import Any

import pytest

from emocore.data.split import load_splits
from emocore.run.config import RunConfig
from tests.support.repository import REPOSITORY

TABLE = REPOSITORY / "tests" / "fixtures" / "run_split_1" / "texts.csv"
GROUPS = {"group_column": "author"}
# `split_sha256` and `evaluation_sha256` of the code before version 2 began with these.
OF_VERSION_1: list[tuple[dict[str, Any], str, str]] = [
    ({}, "a34626d629e16605", "b09b53eebc7af7bc"),
    ({"split_seed": 7}, "78b02847e865f436", "d9123319493b05b4"),
    (GROUPS, "1c0b93cd293e8c1a", "dd138d90f5fde6e8"),
    (GROUPS | {"split_seed": 7}, "1514c7099bffe226", "e1100e69478bfc84"),
    ({"rows": 40, "replicate": 2}, "51dc2be52832b555", "b09b53eebc7af7bc"),
]


@pytest.mark.parametrize(("settings", "whole", "evaluated"), OF_VERSION_1)
def test_version_1_is_as_it_was(settings: dict[str, Any], whole: str, evaluated: str) -> None:
    splits = load_splits(RunConfig(data=str(TABLE), split_version=1, **settings))
    assert (splits.split_sha256[:16], splits.evaluation_sha256[:16]) == (whole, evaluated)
    assert splits.drawn_by == 1
