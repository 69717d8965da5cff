"""A runs folder with any number of finished runs, and one that looks live."""

import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks.timing.processes import carry_out
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from emocore.system.processes import ProcessIdentity

OWN = ("config.json", "state.json", "result.json", "metrics.jsonl", "provenance.json", "wandb.json")
RUNS_PER_STUDY = 10
SECONDS_APART = 60.0  # between the launches of two runs
LIVE_STEPS = 100_000


def train_original(root: Path) -> RunFolder:
    """A finished run of the fastest method on the starter set, trained as a user does."""
    command = [sys.executable, "-m", "emocore", "launch", "--method", "tfidf", "--device", "cpu", "--wait"]
    root.mkdir()
    carry_out(command, root.with_suffix(".log"), os.environ | {"EMOCORE_RUNS": str(root)})
    [run] = list_runs(root)
    return run


def copy_runs(original: RunFolder, root: Path, count: int) -> list[RunFolder]:
    """Copies of a finished run, each with its own seed and launch, in studies of RUNS_PER_STUDY, the latest one last.
    Every file that the lists of runs read is a file of its own; the others, such as the adapter, are hard links."""
    root.mkdir(parents=True, exist_ok=True)
    began = original.stored_state.created_at - SECONDS_APART * count
    return [_copy(original, root, number, began + SECONDS_APART * number) for number in range(count)]


def _copy(original: RunFolder, root: Path, number: int, created_at: float) -> RunFolder:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(created_at))
    run = RunFolder(root / f"{stamp}-tfidf-none-{number:08x}")
    shutil.copytree(original.path, run.path, copy_function=_copy_or_link)
    study = f"study {number // RUNS_PER_STUDY + 1}"
    change_record(run.path / "config.json", seed=number % RUNS_PER_STUDY, study=study)
    change_record(run.path / "state.json", created_at=created_at, started_at=created_at, ended_at=created_at + 20)
    return run


def _copy_or_link(source: str, target: str) -> None:
    if Path(source).name in OWN:
        shutil.copyfile(source, target)
    else:
        os.link(source, target)


def change_record(file: Path, **changes: Any) -> None:
    content = json.loads(file.read_text(encoding="utf-8")) | changes
    file.write_text(json.dumps(content, indent=2), encoding="utf-8")


@contextmanager
def live_run(original: RunFolder, root: Path) -> Iterator[RunFolder]:
    """A run that writes a row of metrics every half second without training, so that only others use the processor. It
    is live for the app and the scheduler, as it is locked."""
    [run] = copy_runs(original, root / f".live-{os.getpid()}", 1)
    for name in ("result.json", "metrics.jsonl", "predictions.parquet"):
        (run.path / name).unlink()
    process = ProcessIdentity.of(os.getpid())
    state = {"created_at": time.time(), "started_at": time.time(), "ended_at": None, "process": process.model_dump()}
    change_record(run.path / "state.json", status=RunStatus.RUNNING, **state)
    change_record(run.path / "config.json", study="live")
    live, is_over = RunFolder(root / f"live-{os.getpid()}"), Event()
    with run.lock():
        run.path.rename(live.path)
        writer = Thread(target=_write_metrics, args=(live.metrics, is_over))
        writer.start()
        try:
            yield live
        finally:
            is_over.set()
            writer.join()
    shutil.rmtree(live.path)
    run.path.parent.rmdir()


def _write_metrics(file: Path, is_over: Event) -> None:
    step = 0
    while not is_over.wait(0.5):
        step += 10
        row = {"step": step, "total_steps": LIVE_STEPS, "epoch": step / 1000, "seconds": step / 20}
        row |= {"train/loss": 1 / (1 + step / 1000), "train/learning_rate": 1e-3}
        if step % 100 == 0:
            row |= {"validation/f1_macro": step / LIVE_STEPS, "validation/f1_micro": step / LIVE_STEPS}
        with file.open("a", encoding="utf-8") as rows:
            rows.write(json.dumps(row) + "\n")
