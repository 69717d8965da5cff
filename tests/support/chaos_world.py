"""A runs folder in which processes are killed, and the checks on it; see benchmarks/chaos.py."""

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from emocore.errors import RunError
from emocore.jobs.scheduler import LOG_FILE, has_work, pause_file
from emocore.run.folder import RunFolder
from emocore.run.listing import ABANDONED_SECONDS, DELETED, DRAFT, list_runs, look_at_runs
from emocore.run.state import RunStatus
from emocore.system.faults import LAST_WORD, POINTS
from tests.support.forks import ForkedPython
from tests.support.live_runs import carry_out, describe, processes_of_root, queue_run, wait_for
from tests.support.outcomes import assert_same, outcome_of
from tests.support.repository import REPOSITORY

APP = """
import sys
from tests.support.forks import fork_what_is_started
fork_what_is_started()
from pathlib import Path
from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.jobs.delete import delete_run
from emocore.jobs.queue import resume_run, tend_queue
from emocore.jobs.stop import request_stop
action, root, argument = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
try:
    if action == "launch":
        run = create_run(root, RunFolder(Path(argument)).config)
        with (root / ".accepted").open("a") as file:
            print(run.id, file=file)
    elif action != "tend":
        {"stop": request_stop, "resume": resume_run, "delete": delete_run}[action](RunFolder(root / argument))
except RunError:  # it ended, or was taken up, in this very moment
    pass
tend_queue(root)
"""
APP_LOG_FILE, ACCEPTED_FILE = ".app.log", ".accepted"
# Points that a run without a neural model does not pass.
NEURAL = {point for point in POINTS if point.startswith(("step.", "checkpoint.", "adapter.", "warm."))} | {
    "run.forked",
    "run.built",
    "run.trained",
}
STOPPING = {"stop.requested", "scheduler.signalled", "run.stopping", "run.stopped"}
KINDS: dict[str, dict[str, Any]] = {
    "tfidf": {"method": "tfidf"},
    "lora": {"method": "lora", "epochs": 6, "lora_dropout": 0.1, "checkpoint_minutes": 0.002},
}


class Untouched:
    """A run of each kind without kills: the folders that say how to launch it, and its result."""

    def __init__(self, folder: Path, base: Path, data: Path) -> None:
        # With another number of threads sums are rounded otherwise, and nothing would be the same bit for bit.
        assert os.environ["OMP_NUM_THREADS"] == "1"
        runs = {kind: queue_run(folder, data, base=str(base), **settings) for kind, settings in KINDS.items()}
        assert carry_out(*runs.values()) == 0, describe(runs["lora"])
        self.paths = {kind: run.path for kind, run in runs.items()}
        self.outcomes = {kind: outcome_of(run) for kind, run in runs.items()}


class World:
    """One runs folder, the actions on it, and the results of runs without kills."""

    def __init__(self, folder: Path, untouched: Untouched, seed: int) -> None:
        self.root = folder / "runs"
        self.root.mkdir(parents=True)
        self.seed = seed
        self.random = random.Random(seed)
        self.kills: Counter[str] = Counter()
        self.accepted: set[str] = set()
        self.condemned: set[str] = set()  # runs with a request to delete them
        self.finished: dict[str, str] = {}
        self._untouched = untouched

    def app(self, action: str, argument: str, fault: str = "") -> "subprocess.Popen[bytes]":
        """An app that carries out one action. Processes that it starts inherit the fault."""
        if action == "delete":
            self.condemned.add(argument)
        environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "EMOCORE_FAULT": fault}
        command = [sys.executable, "-c", APP, action, str(self.root), argument]
        with (self.root / APP_LOG_FILE).open("ab") as log:
            return ForkedPython(command, cwd=REPOSITORY, env=environment, stderr=log)

    def do(self, action: str, argument: str, fault: str = "") -> None:
        self.app(action, argument, fault).wait(60)

    def launch(self, kind: str, fault: str = "") -> None:
        self.do("launch", str(self._untouched.paths[kind]), fault)

    def begin(self, kind: str, fault: str) -> None:
        """Start a run of this kind, or resume an interrupted one if there is one."""
        waiting = [run for run in self.runs(resumable=True) if run.config.method == kind]
        if waiting:
            self.do("resume", waiting[0].id, fault)
        else:
            self.launch(kind, fault)

    def runs(self, *statuses: RunStatus, resumable: bool = False) -> list[RunFolder]:
        found = []
        for run in list_runs(self.root):
            try:
                status = run.state.status
            except RunError:
                continue
            if status in statuses or (resumable and status.is_resumable) or not (statuses or resumable):
                found.append(run)
        return found

    def processes(self, module: str) -> list[Any]:
        return processes_of_root(self.root, module)

    def is_busy(self) -> bool:
        return any(run.state.status.is_active for run in self.runs())

    def kill(self, module: str) -> bool:
        """SIGKILL to the processes of this kind; False if there are none."""
        victims = self.processes(module)
        for process in victims:
            process.kill()
        wait_for(lambda: not any(victim.is_running() and victim.status() != "zombie" for victim in victims), 10)
        return bool(victims)

    def strike_at_random(self) -> None:
        """Wait a moment, then kill a random process."""
        victim = self.random.choice(["emocore.training", "emocore.jobs.scheduler", "app"])
        if victim == "app":
            kinds = [("launch", str(self._untouched.paths[self.random.choice(list(KINDS))]))]
            kinds += [("resume", run.id) for run in self.runs(resumable=True)]
            kinds += [("stop", run.id) for run in self.runs(RunStatus.QUEUED, RunStatus.RUNNING)]
            kinds += [("delete", run.id) for run in self.runs(RunStatus.FINISHED, RunStatus.STOPPED)][:1]
            app = self.app(*self.random.choice(kinds))
            time.sleep(self.random.uniform(0.05, 0.4))  # it lives for about as long
            if app.poll() is None:
                self.kills["app"] += 1
            app.kill()
            app.wait()
        else:
            if not self.is_busy():
                self.begin(self.random.choice(list(KINDS)), "")
            time.sleep(self.random.uniform(0, 6 if victim == "emocore.training" else 1))
            self.kills[victim] += self.kill(victim)
        self.do("tend", "")
        self.check()

    def strike(self, point: str, passing: int = 1) -> None:
        """Make the first process that passes this point die there, and let another process clean up."""
        self._make_quiet()
        fault = f"{point}:{passing}"
        self._provoke(point, fault)
        deadline = time.monotonic() + 120
        while not self._has_struck():
            assert time.monotonic() < deadline, f"nobody died at {fault}\n{self._describe()}"
            if not has_work(self.root):  # a run was resumed too near its end, or ended before it could be stopped
                self._provoke(point, fault)
            time.sleep(0.1)
        self.kills[point] += 1
        self._make_quiet()
        self.do("tend", "")
        self.check()

    def _provoke(self, point: str, fault: str) -> None:
        """Do what leads a process to the point."""
        is_late = not fault.endswith(":1") and not point.startswith("file.")
        kind = "lora" if point in NEURAL or is_late else "tfidf"
        if point.startswith("launch."):
            self.launch(kind, fault)
        elif point == "resume.queued":
            self.do("resume", self._stopped_run().id, fault)
        elif point == "delete.hidden":
            self.do("delete", self._stopped_run().id, fault)
        elif point in STOPPING:
            self._stop_a_run(point, fault)
        elif point in ("scheduler.settling", "scheduler.settled"):
            self.begin(kind, fault)
            # Unless an earlier one is already being settled.
            wait_for(lambda: self._has_struck() or self.kill("emocore.training"), 20, "a process to kill")
        elif point.startswith("file."):
            self._start_under(kind, fault)
        elif point == "scheduler.requeued":
            self.begin(kind, "scheduler.starting")
            wait_for(lambda: not self.processes("emocore.jobs.scheduler"), 20, "the scheduler to die")
            self.do("stop", "nobody", fault)
        else:
            self.begin(kind, fault)

    def _start_under(self, kind: str, fault: str) -> None:
        """The first file is the scheduler's, later ones the run's: the app that writes is another."""
        pause_file(self.root).touch()
        self.begin(kind, "")
        self._make_quiet()  # a dead run may have called up a scheduler without the fault
        pause_file(self.root).unlink()
        self.do("stop", "nobody", fault)

    def _stop_a_run(self, point: str, fault: str) -> None:
        self.begin("lora", "" if point == "stop.requested" else fault)
        [run] = wait_for(lambda: self.runs(RunStatus.RUNNING), 60, "a run to stop")
        self.do("stop", run.id, fault)

    def _has_struck(self) -> bool:
        """Whether a process has reported that it died at the point."""
        return any(count > self._heard.get(log, 0) for log, count in self._last_words().items())

    def _last_words(self) -> dict[Path, int]:
        logs = [self.root / LOG_FILE, self.root / APP_LOG_FILE, *(run.log for run in self.runs())]
        return {log: log.read_text(errors="replace").count(LAST_WORD) for log in logs if log.is_file()}

    def _describe(self) -> str:
        return "\n".join([*(str(process) for process in processes_of_root(self.root)), *map(describe, self.runs())])

    def _make_quiet(self) -> None:
        """End all processes of this folder. These kills are not counted, because the processes may be idle."""
        quiet_looks = 0
        while quiet_looks < 2:  # a process that is just beginning may be overlooked once
            self.kill("emocore.jobs.scheduler")
            self.kill("emocore.training")
            quiet_looks = 0 if processes_of_root(self.root) else quiet_looks + 1
            time.sleep(0.1)
        self._heard = self._last_words()

    def _stopped_run(self) -> RunFolder:
        """A run that has ended without finishing."""
        if not self.runs(resumable=True):
            self.launch("tfidf")
            [run] = wait_for(lambda: self.runs(RunStatus.STARTING, RunStatus.RUNNING), 20)
            self.do("stop", run.id)
            wait_for(lambda: self.runs(resumable=True), 30)
            self._make_quiet()
        return self.runs(resumable=True)[0]

    def check(self) -> None:
        """The checks after each kill."""
        assert look_at_runs(self.root).damaged == []
        present = {run.id for run in list_runs(self.root)}
        if (told := self.root / ACCEPTED_FILE).is_file():  # to apps, maybe before anybody else saw the run
            self.accepted |= set(told.read_text().splitlines())
        lost = self.accepted - present - self.condemned
        assert not lost, f"lost: {lost}"
        self.accepted |= present
        trainings = self.processes("emocore.training")
        pids = {process.pid for process in trainings}
        # A child that has not yet become another program still bears its parent's command line.
        alone = [process.cmdline() for process in trainings if process.ppid() not in pids]
        assert len(alone) <= 1, f"two runs on one device: {alone}"
        for run in self.runs(RunStatus.FINISHED):
            content = (run.path / "state.json").read_text()
            assert self.finished.setdefault(run.id, content) == content, f"{run.id} ran again after its end"

    def settle(self) -> None:
        """Let all runs end: interrupted ones are resumed until each is finished."""
        deadline = time.monotonic() + 60 + 25 * len(self.runs())
        while left := [run for run in self.runs() if run.state.status != RunStatus.FINISHED]:
            assert time.monotonic() < deadline, [(run.id, run.state) for run in left]
            for run in self.runs(resumable=True):
                assert run.state.status != RunStatus.FAILED, (run.state.reason, run.tail_log(30))
                assert run.state.reason and "\n" not in run.state.reason
                self.do("resume", run.id)
            self.do("tend", "")
            self.check()
            time.sleep(0.5)
        self.check()
        for run in self.runs():
            assert_same(outcome_of(run), self._untouched.outcomes[run.config.method])
            log = run.log.read_text(encoding="utf-8")
            assert log.count("Finished: ") <= 1, f"{run.id} finished twice"
            assert not run.checkpoints.exists()
        self._sweep()

    def _sweep(self) -> None:
        """Check that a scheduler removes old drafts that crashes left behind."""
        wait_for(lambda: not processes_of_root(self.root), 30, "the processes to end")
        for path in self.root.glob(f"{DRAFT}*"):
            os.utime(path, (time.time() - 2 * ABANDONED_SECONDS,) * 2)
        self.launch("tfidf")
        wait_for(lambda: not self.is_busy() and not has_work(self.root), 60)
        left = [path.name for path in self.root.iterdir() if path.name.startswith((DRAFT, DELETED))]
        assert left == []
