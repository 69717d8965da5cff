"""Finished runs as they are read back: their predictions, and why some have none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables import change_status, finish_run

from emocore.config import RunConfig
from emocore.errors import RunError
from emocore.evaluation.results import load_result, shared_splits
from emocore.folder import RunFolder, create_run
from emocore.states import RunStatus

LABELS = ("anger", "joy", "trust")
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
LOGITS = np.where(TRUTH == 1, 3.0, -2.0)


def finish(root: Path, **parts: Any) -> RunFolder:
    return finish_run(root, RunConfig(), TRUTH, LOGITS, LABELS, **parts)


def test_a_result_gives_back_truth_and_logits_as_stored(tmp_path: Path) -> None:
    result = load_result(finish(tmp_path, test=(1 - TRUTH[:2], -LOGITS[:2])))
    assert result.labels == list(LABELS)
    assert (result.truth("validation") == TRUTH).all() and (result.logits("validation") == LOGITS).all()
    assert (result.truth("test") == 1 - TRUTH[:2]).all() and (result.logits("test") == -LOGITS[:2]).all()
    assert result.texts("validation")[:2] == ["text 0", "text 1"] and result.row_ids("validation") == list("0123")
    assert not set(result.row_ids("test")) & set(result.row_ids("validation"))
    assert (result.rows("validation"), result.rows("test")) == (4, 2)
    assert result.supports("validation").tolist() == [2, 3, 1]
    assert result.method_title == "LoRA"


def test_a_split_that_was_not_scored_is_empty(tmp_path: Path) -> None:
    assert load_result(finish(tmp_path)).truth("test").shape == (0, 3)


@pytest.mark.parametrize("status", [status for status in RunStatus if status != RunStatus.FINISHED])
def test_only_a_finished_run_has_a_result(tmp_path: Path, status: RunStatus) -> None:
    run = finish(tmp_path)
    change_status(run, status, reason="a reason")
    with pytest.raises(RunError, match="only finished runs") as caught:
        load_result(run)
    assert run.id in str(caught.value)


def test_why_a_run_failed_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    run = create_run(tmp_path, RunConfig())
    change_status(run, RunStatus.FAILED, reason="out of memory")
    with pytest.raises(RunError, match=r"is failed \(out of memory\)"):
        load_result(run)


def test_shared_splits_are_those_that_every_run_has(tmp_path: Path) -> None:
    without, with_test = load_result(finish(tmp_path)), load_result(finish(tmp_path, test=(TRUTH, LOGITS)))
    assert shared_splits([with_test]) == ["validation", "test"]
    assert shared_splits([with_test, without]) == ["validation"]
