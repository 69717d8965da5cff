"""Overviews of a run in each of its states."""

from pathlib import Path

import numpy as np
import pytest

from emocore.errors import RunError
from emocore.jobs.overview import describe_run, describe_runs
from emocore.metrics import score_logits
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.tracking.metrics_file import MetricsFile
from tests.support.records import write_raw
from tests.support.tables import COST, change_status


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    (tmp_path / "runs").mkdir()
    return create_run(tmp_path / "runs", RunConfig(study="a study"))


def log(run: RunFolder, step: int, **values: float) -> None:
    file = MetricsFile.begin(run.metrics)
    file.append({"step": step, "total_steps": 100, "epoch": step / 50, "seconds": 2.0 * step, **values})
    file.close()


def test_a_queued_run_has_no_progress_and_no_scores(run: RunFolder) -> None:
    overview = describe_run(run)
    assert (overview.status, overview.progress, overview.f1_macro) == ("queued", 0.0, None)
    assert overview.elapsed_seconds is None and overview.remaining_seconds is None


def test_a_running_one_tells_how_far_and_how_long(run: RunFolder) -> None:
    with run.lock():
        run.change_state(RunStatus.RUNNING, started_at=0.0)
        log(run, 25, **{"validation/f1_macro": 0.4, "validation/f1_micro": 0.6})
        log(run, 50)
        overview = describe_run(run)
    assert overview.status == "running"
    assert overview.progress == pytest.approx(0.475)
    assert overview.remaining_seconds == pytest.approx(100.0)
    assert (overview.f1_macro, overview.f1_micro) == (0.4, 0.6)


def test_an_evaluation_comes_after_the_training_even_if_patience_ended_that(run: RunFolder) -> None:
    with run.lock():
        run.change_state(RunStatus.EVALUATING, started_at=0.0)
        log(run, 50)
        assert (describe_run(run).progress, describe_run(run).remaining_seconds) == (0.95, None)


def test_a_running_one_without_its_process_is_interrupted(run: RunFolder) -> None:
    with run.lock():
        run.change_state(RunStatus.RUNNING, started_at=0.0)
    overview = describe_run(run)
    assert overview.status == "interrupted"
    assert overview.reason and "without storing a reason" in overview.reason


def test_a_finished_one_shows_its_final_scores(finished_runs: dict[str, RunFolder]) -> None:
    run = finished_runs["ia3"]
    overview = describe_run(run)
    assert run.scores
    assert (overview.status, overview.progress) == ("finished", 1.0)
    assert overview.f1_macro == run.scores.validation.multilabel.f1_macro


def test_a_result_of_another_shape_is_told_and_the_rest_stays(run: RunFolder) -> None:
    write_raw(run, "result.json", {"validation": None})
    change_status(run, RunStatus.FINISHED)
    overview = describe_run(run)
    assert (overview.status, overview.f1_macro) == ("finished", None)
    assert overview.reason and "result.json is damaged" in overview.reason


def test_rows_without_what_every_row_has_count_as_none(run: RunFolder) -> None:
    with run.lock():
        run.change_state(RunStatus.RUNNING, started_at=0.0)
        run.metrics.write_text('{"step": 3, "validation/f1_macro": 0.9}\n[1]\n', encoding="utf-8")
        overview = describe_run(run)
    assert (overview.progress, overview.remaining_seconds, overview.f1_macro) == (0.0, None, None)


def test_an_ended_run_is_read_again_only_when_one_of_its_files_is_another(
    run: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    log(run, 50, **{"validation/f1_macro": 0.4, "validation/f1_micro": 0.6})
    change_status(run, RunStatus.STOPPED)
    first = describe_run(run)
    with monkeypatch.context() as patch:
        patch.setattr("emocore.jobs.overview._read_overview", None)
        assert describe_run(run) is first
    truth = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])
    scores = score_logits(truth, truth * 2.0 - 1, ["anger", "joy"], 0.5)
    write_raw(run, "result.json", {"validation": scores, "test": None, "cost": COST})
    assert describe_run(run).f1_macro == 1.0
    change_status(run, RunStatus.QUEUED)
    assert describe_run(run).status == "queued"


def test_a_run_that_was_deleted_meanwhile_is_left_out(run: RunFolder) -> None:
    change_status(run, RunStatus.STOPPED)
    state = run.stored_state
    assert len(describe_runs([(run, state)])) == 1
    run.path.rename(run.path.with_name("elsewhere"))
    assert describe_runs([(run, state)]) == []
    with pytest.raises(RunError, match="not there any more"):
        describe_run(run)
