"""One search that was killed in the middle and went on, with the study of what it found."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.jobs.queue import pause_queue
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.search_record import SearchRecord, read_search_record, search_folder
from emocore.search.journal import JOURNAL
from tests.support.live_runs import end_processes, start_scheduler, wait_for
from tests.support.repository import REPOSITORY

NAME, TRIALS = "s", 3
METHODS = ("lora", "tfidf")


@dataclass(frozen=True)
class Searched:
    """The search, and its trials and the runs of its study as they are in the runs folder."""

    root: Path
    record: SearchRecord
    trials: list[RunFolder]
    winners: list[RunFolder]

    @property
    def folder(self) -> Path:
        return search_folder(self.root, self.record.name)


@pytest.fixture(scope="session")
def searched(
    tmp_path_factory: pytest.TempPathFactory, isolated_session: None, tiny_bert: Path, small_csv: Path
) -> Iterator[Searched]:
    root = tmp_path_factory.mktemp("searched")
    arguments = [
        "search", "--name", NAME, "--methods", ",".join(METHODS), "--trials", str(TRIALS), "--data", str(small_csv),
        "--base", str(tiny_bert), "--rows", "40", "--set", "lora.epochs=2", "--device", "cpu", "--precision", "fp32",
    ]  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOCORE_RUNS", str(root))
        start_scheduler(root, idle_seconds=60)
        try:
            kill_in_the_middle(root, arguments)
            assert main(["search", "--name", NAME]) == 0
            trials = list_runs(root)
            pause_queue(root)  # the study's runs are looked at, but need not train
            assert main(["search", "--name", NAME, "--then-launch", "--replicates", "2", "--seeds", "1,2"]) == 0
            winners = [run for run in list_runs(root) if run not in trials]
            record = read_search_record(search_folder(root, NAME))
            assert record
            yield Searched(root, record, trials, winners)
        finally:
            end_processes(root)


def kill_in_the_middle(root: Path, arguments: list[str]) -> None:
    """Carry out the search in a process that is killed when a second trial has begun, in the middle of a line."""
    journal = search_folder(root, NAME) / JOURNAL
    process = subprocess.Popen([sys.executable, "-m", "emocore", *arguments], cwd=REPOSITORY, env=dict(os.environ))
    try:
        wait_for(lambda: len(list_runs(root)) > len(METHODS) or process.poll() is not None, what="a second trial")
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    with journal.open("ab") as file:
        file.write(b'{"op_code":4,"worker')
