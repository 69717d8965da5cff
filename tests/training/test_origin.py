"""A resumed run continues only with the data, base and device that it started with."""

import shutil
import signal
import sys
from pathlib import Path

import pandas as pd
import pytest

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.provenance import Provenance
from emocore.run.records import write_record
from emocore.run.state import RunStatus
from emocore.training.checkpoints import last_checkpoint
from emocore.training.provenance import check_same_origin, note_base, note_warnings
from tests.support.forks import ForkedPython
from tests.support.live_runs import EXECUTE_ALL, carry_out, describe, queue_run, wait_for
from tests.support.repository import REPOSITORY

BEGAN = Provenance(split_sha256="a", labels=["joy"], device="cpu", precision="fp32")


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory, small_csv: Path, tiny_llama: Path) -> RunFolder:
    """A run on a data file of its own, killed after its first epoch."""
    root = tmp_path_factory.mktemp("origin")
    data = shutil.copy(small_csv, root / "own.csv")
    run = queue_run(root / "runs", Path(data), base=str(tiny_llama), epochs=3)
    carry_out(run, fault="step.done:8")
    assert last_checkpoint(run.checkpoints), describe(run)
    return run


def test_other_data_is_refused_and_the_same_data_is_good_again(killed: RunFolder) -> None:
    data = Path(killed.config.data)
    original = data.read_bytes()
    pd.read_csv(data).iloc[:-10].to_csv(data, index=False)
    assert carry_out(killed) == 1
    assert killed.state.status == RunStatus.FAILED
    assert "the data is not what this run started with" in (killed.state.reason or "")
    assert last_checkpoint(killed.checkpoints), "nothing of it is lost"
    data.write_bytes(original)
    assert carry_out(killed) == 0, describe(killed)
    assert killed.state.status == RunStatus.FINISHED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"labels": ["joy", "fear"]}, "the data is not"),
        ({"device": "cuda"}, "started with device cpu and would resume with cuda"),
        ({"precision": "bf16"}, "started with precision fp32"),
    ],
)
def test_another_beginning_is_named(changes: dict[str, object], words: str) -> None:
    check_same_origin(BEGAN, BEGAN.model_copy())
    with pytest.raises(RunError, match=words):
        check_same_origin(BEGAN, BEGAN.model_copy(update=changes))


NOWHERE = Path("no such folder")


def test_another_base_is_no_trouble_where_nothing_was_trained(killed: RunFolder) -> None:
    copy = RunFolder(Path(shutil.copytree(killed.path, killed.path.with_name("copy"))))
    note_base(copy, "first-revision", NOWHERE)
    note_base(copy, "second-revision", NOWHERE)
    assert copy.provenance and copy.provenance.base_revision == "second-revision"
    (copy.path / "provenance.json").unlink()
    with pytest.raises(RunError, match=r"provenance\.json is missing"):
        note_base(copy, "second-revision", NOWHERE)


def test_warnings_of_a_base_are_added_once_to_those_of_the_data(killed: RunFolder) -> None:
    copy = RunFolder(Path(shutil.copytree(killed.path, killed.path.with_name("warned"))))
    before = copy.provenance
    assert before
    for _ in range(2):  # a resumed run finds them again
        note_warnings(copy, ["2 texts are too long"])
    assert copy.provenance == before.model_copy(
        update={"data_warnings": [*before.data_warnings, "2 texts are too long"]}
    )
    (copy.path / "provenance.json").unlink()
    with pytest.raises(RunError, match=r"provenance\.json is missing"):
        note_warnings(copy, [])


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    monkeypatch.setattr("emocore.training.provenance.last_checkpoint", lambda folder: folder)
    run = create_run(tmp_path, RunConfig(method="lora"))
    write_record(run.path / "provenance.json", BEGAN)
    return run


def test_another_revision_of_the_base_is_refused(trained: RunFolder) -> None:
    note_base(trained, "first-revision", NOWHERE)
    with pytest.raises(RunError, match=r"changed on the Hub .*first-re"):
        note_base(trained, "second-revision", NOWHERE)


def test_a_base_folder_with_other_weights_is_refused_a_copy_is_not(
    trained: RunFolder, tiny_llama: Path, tmp_path: Path
) -> None:
    note_base(trained, None, tiny_llama)
    copy = Path(shutil.copytree(tiny_llama, tmp_path / "copy"))
    note_base(trained, None, copy)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")
    with pytest.raises(RunError, match=f"the base in {copy} has changed since this run started; put it back"):
        note_base(trained, None, copy)


def test_a_signal_that_nobody_asked_for_is_no_stop_by_the_user(
    tmp_path: Path, small_csv: Path, tiny_llama: Path
) -> None:
    """A shutdown of the machine sends SIGTERM to everything."""
    run = queue_run(tmp_path / "runs", small_csv, base=str(tiny_llama), epochs=500)
    with run.log.open("ab") as log:
        process = ForkedPython(
            [sys.executable, "-c", EXECUTE_ALL, str(run.path)],
            cwd=REPOSITORY,
            stdout=log,
            stderr=log,
        )
    try:
        wait_for(lambda: run.metrics.is_file() and run.metrics.stat().st_size, what=describe(run))
        process.send_signal(signal.SIGTERM)
        process.wait(20)
    finally:
        process.kill()
        process.wait()
    state = run.stored_state
    assert state.status == RunStatus.INTERRUPTED, describe(run)
    assert state.reason and "a signal from outside" in state.reason and "resume" in state.reason
