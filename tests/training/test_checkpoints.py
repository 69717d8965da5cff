"""Checkpoints on disk: a run resumes from the newest complete one, even if later ones are damaged."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from emocore.errors import RunError
from emocore.jobs.queue import resume_run
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import EXIT_STATUS
from emocore.training.checkpoints import (
    FILES,
    MANIFEST_FILE,
    UNSAFE_FILE,
    WEIGHTS,
    Progress,
    is_complete,
    last_checkpoint,
    read_progress,
    writing_checkpoint,
)
from tests.support.damaged_folders import IN_PLACE_OF_FILES, Damage, replace_with, truncate
from tests.support.live_runs import carry_out, describe, queue_run
from tests.support.outcomes import assert_same, outcome_of
from tests.support.records import edit_json
from tests.support.small_disks import small_disk

LAST_STEP, KEPT = 9, 3


def flip_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


DAMAGE: dict[str, Damage] = {
    "cut": truncate,
    "emptied": lambda file: os.truncate(file, 0),
    "gone": Path.unlink,
    "changed": flip_bit,
}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_bert: Path) -> RunFolder:
    """Died while it wrote its tenth checkpoint, one after each step; to copy, not to change."""
    run = queue_run(
        tmp_path_factory.mktemp("killed"),
        small_csv,
        base=str(tiny_bert),
        checkpoint_minutes=1e-6,
        checkpoints_kept=KEPT,
    )
    assert carry_out(run, fault=f"checkpoint.draft:{LAST_STEP + 1}") == EXIT_STATUS, describe(run)
    return run


@pytest.fixture
def checkpoints(killed: RunFolder, tmp_path: Path) -> Path:
    return shutil.copytree(killed.checkpoints, tmp_path / "checkpoints")


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def newest_step(folder: Path) -> int | None:
    newest = last_checkpoint(folder)
    return int(newest.name.removeprefix("checkpoint-")) if newest else None


def test_the_newest_few_are_kept_next_to_the_draft_that_was_being_written(killed: RunFolder) -> None:
    steps = range(LAST_STEP - KEPT + 1, LAST_STEP + 1)
    assert names(killed.checkpoints) == {f"checkpoint-{step}" for step in steps} | {f".draft-{LAST_STEP + 1}"}


def test_a_checkpoint_without_its_progress_is_named(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run" / "checkpoints" / "checkpoint-1"
    checkpoint.mkdir(parents=True)
    with pytest.raises(RunError, match=rf"is missing; delete {checkpoint}, then resume"):
        read_progress(checkpoint)


def test_a_draft_is_no_checkpoint_though_all_is_in_it(killed: RunFolder) -> None:
    assert is_complete(killed.checkpoints / f".draft-{LAST_STEP + 1}" / f"checkpoint-{LAST_STEP + 1}")
    assert newest_step(killed.checkpoints) == LAST_STEP
    assert read_progress(killed.checkpoints / f"checkpoint-{LAST_STEP}").step == LAST_STEP


def test_a_checkpoint_holds_no_pickle_of_settings(killed: RunFolder) -> None:
    assert [path for path in killed.checkpoints.rglob("*") if path.name == UNSAFE_FILE] == []
    assert all(names(path) >= {*FILES, WEIGHTS[0]} for path in killed.checkpoints.glob("checkpoint-*"))


def move_out(file: Path) -> None:
    """Move the content out of the run."""
    outside = file.parents[2] / "elsewhere"
    file.rename(outside)
    file.symlink_to(outside)


NO_FILE = {
    "elsewhere": move_out,
    "fifo": replace_with(os.mkfifo),
    "folder": replace_with(IN_PLACE_OF_FILES["folder"]),
}
DAMAGES = [(name, damage) for name in (*FILES, WEIGHTS[0]) for damage in DAMAGE]
DAMAGES += [(name, damage) for name in (FILES[0], MANIFEST_FILE) for damage in NO_FILE]


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_a_checkpoint_with_a_damaged_file_is_passed_over(checkpoints: Path, name: str, damage: str) -> None:
    (DAMAGE | NO_FILE)[damage](checkpoints / f"checkpoint-{LAST_STEP}" / name)
    assert newest_step(checkpoints) == LAST_STEP - 1


@pytest.mark.parametrize("name", ["../../elsewhere", "/etc/passwd", "a\0b", "x" * 300])
def test_a_list_of_files_elsewhere_is_no_checkpoint(checkpoints: Path, name: str) -> None:
    edit_json(checkpoints / f"checkpoint-{LAST_STEP}" / MANIFEST_FILE, **{name: "0"})
    assert newest_step(checkpoints) == LAST_STEP - 1


def test_folders_that_only_look_like_checkpoints_are_passed_over(checkpoints: Path) -> None:
    for name in ("checkpoint-²", "checkpoint-٣", "checkpoint-" + "9" * 200, "checkpoint--1"):
        (checkpoints / name).mkdir()
    assert newest_step(checkpoints) == LAST_STEP


@pytest.mark.parametrize("changes", [{"threads": 10**9}, {"threads": 0}, {"threads": "2"}, {"step": "1"}, {"more": 1}])
def test_progress_that_no_run_makes_is_refused(checkpoints: Path, changes: dict[str, object]) -> None:
    checkpoint = checkpoints / f"checkpoint-{LAST_STEP}"
    edit_json(checkpoint / "progress.json", **changes)
    with pytest.raises(RunError, match=r"progress\.json is damaged"):
        read_progress(checkpoint)


def test_nothing_is_pruned_in_a_folder_outside_the_run(tmp_path: Path) -> None:
    other, run = tmp_path / "other", tmp_path / "run"
    for folder in (other, run):
        folder.mkdir()
    for step in (1, 2):
        write_checkpoint(other, step)
    (run / "checkpoints").symlink_to(other)
    with pytest.raises(OSError, match="link that leads out"):
        write_checkpoint(run / "checkpoints", 3, kept=1)
    assert names(other) == {"checkpoint-1", "checkpoint-2"}


def test_where_none_is_whole_there_is_none(checkpoints: Path) -> None:
    for number, path in enumerate(sorted(checkpoints.glob("checkpoint-*"))):
        truncate(path / FILES[number])
    assert last_checkpoint(checkpoints) is None
    assert last_checkpoint(checkpoints / "gone") is None


def test_steps_are_compared_as_numbers(checkpoints: Path) -> None:
    shutil.copytree(checkpoints / f"checkpoint-{LAST_STEP}", checkpoints / "checkpoint-10")
    assert newest_step(checkpoints) == 10


def write_checkpoint(folder: Path, step: int, size: int = 10, kept: int = 2) -> None:
    """As Trainer does, with files of `size` bytes."""
    progress = Progress(step=step, loss_sum=0.5, logged_step=step, train_seconds=1.0, peak_memory_bytes=1, threads=1)
    with writing_checkpoint(folder, progress, kept) as draft:
        filled = draft / f"checkpoint-{step}"
        filled.mkdir()
        for name in (*FILES, WEIGHTS[0], UNSAFE_FILE):
            (filled / name).write_bytes(b"x" * size)


def test_a_disk_too_full_for_another_one_keeps_those_before_and_gets_its_room_back(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", megabytes=0.5) as folder:
        write_checkpoint(folder, 1)
        with pytest.raises(OSError, match="No space left"):
            write_checkpoint(folder, 2, size=200_000)
        assert names(folder) == {"checkpoint-1"}
        write_checkpoint(folder, 2, size=20_000)
        assert is_complete(folder / "checkpoint-1") and is_complete(folder / "checkpoint-2")


def test_what_a_crash_left_is_swept_by_the_next_checkpoint(tmp_path: Path) -> None:
    for number in (1, 2):
        write_checkpoint(tmp_path, number)
    truncate(tmp_path / "checkpoint-2" / FILES[0])
    for draft in (".draft-2", ".draft-3"):
        (tmp_path / draft / "checkpoint-x").mkdir(parents=True)
    write_checkpoint(tmp_path, 2)
    assert names(tmp_path) == {"checkpoint-1", "checkpoint-2"}
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-2"


def test_one_that_lies_ahead_goes_when_the_run_has_passed_it_by(tmp_path: Path) -> None:
    """A damaged newest one would otherwise outlive the good ones that come after."""
    for step in (20, 30):
        write_checkpoint(tmp_path, step)
    truncate(tmp_path / "checkpoint-30" / FILES[0])
    write_checkpoint(tmp_path, 25, kept=1)
    assert names(tmp_path) == {"checkpoint-25"}
    assert last_checkpoint(tmp_path) == tmp_path / "checkpoint-25"


@dataclass(frozen=True)
class Resumed:
    """What became of copies of the killed run, after the newest checkpoint of all but "whole" was damaged."""

    runs: dict[str, RunFolder]
    log: str


@pytest.fixture(scope="module")
def resumed(killed: RunFolder, tmp_path_factory: pytest.TempPathFactory) -> Resumed:
    root = tmp_path_factory.mktemp("resumed")
    runs = {name: RunFolder(root / name) for name in ("whole", *DAMAGE)}
    for (name, run), file in zip(runs.items(), FILES, strict=False):
        shutil.copytree(killed.path, run.path)
        run.log.unlink(missing_ok=True)
        if name in DAMAGE:
            DAMAGE[name](run.checkpoints / f"checkpoint-{LAST_STEP}" / file)
        resume_run(run)
    first = runs["whole"]
    assert carry_out(*runs.values()) == 0, describe(first)
    return Resumed(runs, first.log.read_text(encoding="utf-8"))


def test_a_run_goes_on_from_the_checkpoint_before_a_damaged_one(resumed: Resumed) -> None:
    begun = [line.split("Resuming from ")[1] for line in resumed.log.splitlines() if "Resuming from " in line]
    assert begun == [f"step {LAST_STEP} of 12", *[f"step {LAST_STEP - 1} of 12"] * len(DAMAGE)]
    assert {run.state.status for run in resumed.runs.values()} == {RunStatus.FINISHED}


def test_it_ends_where_it_would_have_ended_from_the_newest(resumed: Resumed) -> None:
    whole = outcome_of(resumed.runs["whole"])
    assert [row["step"] for row in whole[2] if "train/loss" in row] == list(range(1, 13))
    for run in resumed.runs.values():
        assert_same(outcome_of(run), whole)


def test_a_finished_run_keeps_neither_checkpoint_nor_draft(resumed: Resumed) -> None:
    assert [name for name, run in resumed.runs.items() if run.checkpoints.exists()] == []
