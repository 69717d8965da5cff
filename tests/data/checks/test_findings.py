"""A finding can be stored, and holds no more rows than it may."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from emocore.data.checks.findings import MOST_ROWS_STORED, Finding, find_rows
from emocore.run.records import read_record, write_record
from tests.support.frames import make_frame, make_texts


def test_a_finding_is_the_same_after_it_was_stored(tmp_path: Path) -> None:
    frame = make_frame(make_texts(5))
    [found] = find_rows("label_rare", ("train",), frame, frame["joy"].to_numpy() > 0, labels=("joy",), positives=(2,))
    write_record(tmp_path / "finding.json", found)
    assert read_record(tmp_path, "finding.json", Finding) == found
    assert "text 1" not in (tmp_path / "finding.json").read_text(encoding="utf-8")


def test_of_many_rows_the_first_are_stored_and_all_are_counted() -> None:
    frame = make_frame(make_texts(MOST_ROWS_STORED + 50))
    [found] = find_rows("repeated_texts", ("train",), frame, np.ones(len(frame), dtype=bool))
    assert (found.count, len(found.rows), len(found.row_numbers)) == (1_050, 1_000, 1_000)
    assert (found.rows[-1], found.row_numbers[-1]) == ("id-1001", 1001)


def test_no_rows_are_no_finding() -> None:
    assert find_rows("repeated_texts", ("train",), make_frame(["a"]), np.array([False])) == []


@pytest.mark.parametrize("change", [{"kind": "odd"}, {"count": -1}, {"row_numbers": ["2"]}, {"rows": ["x"] * 1_001}])
def test_a_damaged_finding_is_refused(change: dict[str, object]) -> None:
    stored = {"kind": "repeated_texts", "splits": ["train"], "count": 1, "total": 5, "rows": ["x"], "row_numbers": [2]}
    assert Finding.model_validate(json.loads(json.dumps(stored))).row_numbers == (2,)
    with pytest.raises(ValidationError):
        Finding.model_validate(stored | change)
