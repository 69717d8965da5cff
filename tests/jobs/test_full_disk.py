"""A full disk: nothing is accepted partially, nothing is lost, and everything continues once there is space."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emocore.errors import RunError
from emocore.jobs.delete import delete_run
from emocore.jobs.launch import launch, plan_runs, plan_study
from emocore.jobs.overview import describe_run
from emocore.jobs.queue import pause_queue, resume_run
from emocore.jobs.scheduler import LOG_FILE, Scheduler
from emocore.jobs.studies import LOCK_FILE
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, look_at_runs
from emocore.run.state import RunState, RunStatus
from emocore.run.study import StudyConfig
from emocore.tracking.metrics_file import MetricsFile, read_metrics
from emocore.training.checkpoints import last_checkpoint
from tests.support.live_runs import describe, end_processes, queue_run, start_scheduler, wait_for, wait_for_status
from tests.support.small_disks import FILLER, fill, free, small_disk
from tests.support.tables import change_status


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=0.5) as folder:
        yield folder
        end_processes(folder)


def test_a_launch_is_refused_in_one_line_and_leaves_nothing(disk: Path, small_csv: Path) -> None:
    plan = plan_runs([RunConfig(method="tfidf", data=str(small_csv))])
    fill(disk)
    with pytest.raises(
        RunError, match=r"no run could be written to .* \(No space left on device\); free space"
    ) as refusal:
        launch(plan, disk, allow_repeats=True)
    assert "\n" not in str(refusal.value)
    assert [path.name for path in disk.iterdir()] == [FILLER]


def test_a_study_that_does_not_fit_is_refused_whole(disk: Path, small_csv: Path) -> None:
    plan = plan_study(
        StudyConfig(name="s", methods=["tfidf"], seeds=list(range(200)), settings={"data": str(small_csv)})
    )
    with pytest.raises(RunError, match="No space left"):
        launch(plan, disk)
    assert [path.name for path in disk.iterdir()] == [LOCK_FILE]


def test_a_run_can_be_deleted_to_make_space(disk: Path) -> None:
    run = create_run(disk, RunConfig(method="tfidf"))
    change_status(run, RunStatus.FINISHED)
    run.log.write_bytes(b"x" * 100_000)
    fill(disk)
    delete_run(run)
    assert [path.name for path in disk.iterdir()] == [FILLER]
    create_run(disk, RunConfig(method="tfidf"))


def test_a_scheduler_that_can_write_nothing_lives_on_and_settles_the_dead_later(disk: Path) -> None:
    """Its messages are lost, too, because its log is on the same disk."""
    runs = [create_run(disk, RunConfig(method="tfidf")) for _ in range(2)]
    change_status(runs[0], RunStatus.RUNNING, started_at=1.0)
    pause_queue(disk)
    fill(disk)
    scheduler = start_scheduler(disk, idle_seconds=0.5)
    with pytest.raises(AssertionError, match="waited"):
        wait_for(lambda: scheduler.poll() is not None, 2.0)
    assert runs[0].stored_state.status == RunStatus.RUNNING
    assert runs[0].state.status == RunStatus.INTERRUPTED
    free(disk)
    wait_for_status(runs[0], RunStatus.INTERRUPTED, seconds=10)
    assert scheduler.wait(10) == 0
    assert "Traceback" not in (disk / LOG_FILE).read_text(encoding="utf-8")


def test_a_run_that_cannot_be_started_for_want_of_space_waits_for_it(disk: Path) -> None:
    run = create_run(disk, RunConfig(method="tfidf", data="gone.csv"))
    fill(disk)
    scheduler = Scheduler(disk)
    for _ in range(3):
        assert scheduler.tick(), "there is still something to do"
    assert run.stored_state.status == RunStatus.QUEUED
    free(disk)
    scheduler.tick()
    assert run.stored_state.status != RunStatus.QUEUED
    wait_for(lambda: run.stored_state.status.is_final)
    wait_for(lambda: not scheduler.tick())


def test_metrics_that_cannot_be_written_do_not_hide_why_when_the_file_is_closed(disk: Path) -> None:
    metrics = MetricsFile.begin(disk / "metrics.jsonl")
    first, second = ({"step": step, "total_steps": 9, "epoch": 0.5, "seconds": 1.0} for step in (1, 2))
    metrics.append(first)
    fill(disk)
    with pytest.raises(OSError, match="No space left"):
        metrics.append(second | {"text": "x" * 5_000})
    metrics.close()
    assert read_metrics(disk / "metrics.jsonl") == [first]
    free(disk)
    again = MetricsFile.begin(disk / "metrics.jsonl")
    again.append(second)
    again.close()
    assert read_metrics(disk / "metrics.jsonl") == [first, second]


@dataclass
class Story:
    """A training whose disk filled up, and that was resumed when there was space again."""

    run: RunFolder
    config: RunConfig
    state_when_full: RunState
    steps_when_full: list[int]
    checkpoint_when_full: Path | None
    damaged_when_full: list[str]
    scheduler_lived: bool
    reason_afterwards: str | None
    scheduler_log: str


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("full") / "disk"
    with small_disk(folder, megabytes=24) as root:
        run = queue_run(root, small_csv, base=str(tiny_bert), epochs=12, checkpoint_minutes=1e-6)
        config = run.config
        try:
            scheduler = start_scheduler(root, idle_seconds=20)
            wait_for_status(run, RunStatus.RUNNING)
            wait_for(lambda: last_checkpoint(run.checkpoints), what=describe(run))
            while run.is_locked:  # again and again: what it deletes would be space for what it writes
                fill(root)
            state, steps = run.state, [row["step"] for row in read_metrics(run.metrics)]
            checkpoint, damaged = last_checkpoint(run.checkpoints), look_at_runs(root).damaged
            assert list_runs(root) == [run] and describe_run(run).status == state.status
            time.sleep(1)  # for the scheduler to try, and fail, to write how it ended
            lived = scheduler.poll() is None
            free(root)
            wait_for(lambda: run.stored_state.status.is_final, 20, describe(run))
            reason = run.stored_state.reason
            resume_run(run)
            wait_for_status(run, RunStatus.FINISHED)
            log = (root / LOG_FILE).read_text(encoding="utf-8")
            yield Story(run, config, state, steps, checkpoint, damaged, lived, reason, log)
        finally:
            end_processes(root)


def test_a_training_whose_disk_fills_up_ends_and_says_why(story: Story) -> None:
    state = story.state_when_full
    assert state.status in (RunStatus.FAILED, RunStatus.INTERRUPTED)
    assert state.reason and "\n" not in state.reason and "resume" in state.reason
    assert story.reason_afterwards
    assert story.reason_afterwards.startswith(("the disk is full: free space", "its folder could not be written (disk"))


def test_all_that_was_written_before_can_be_read_on_the_full_disk(story: Story) -> None:
    assert story.damaged_when_full == []
    assert story.run.config == story.config
    assert story.steps_when_full[0] == 1
    assert story.checkpoint_when_full


def test_the_scheduler_outlives_the_full_disk_without_a_traceback(story: Story) -> None:
    assert story.scheduler_lived
    assert "Traceback" not in story.scheduler_log


def test_with_space_again_the_training_goes_on_from_its_last_checkpoint(story: Story) -> None:
    assert story.checkpoint_when_full
    step = story.checkpoint_when_full.name.removeprefix("checkpoint-")
    assert f"Resuming from step {step} of 72" in story.run.log.read_text(encoding="utf-8")
    assert story.run.state.status == RunStatus.FINISHED
    assert story.run.state.attempts == 2
    losses = [row["step"] for row in read_metrics(story.run.metrics) if "train/loss" in row]
    assert losses == list(range(1, 73))
    assert not story.run.checkpoints.exists()
