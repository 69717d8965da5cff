"""Start, watch and clean up real run and scheduler processes."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.locks import open_lock, take_lock
from tests.support.forks import ForkedPython
from tests.support.repository import REPOSITORY

_started: list[tuple[Path, "subprocess.Popen[bytes]"]] = []

# Settings by name. "lora_again" comes last, after the others have drawn from every generator.
FINISHED_RUNS: dict[str, dict[str, Any]] = {
    "lora": {"method": "lora", "base": "llama"},
    "ia3": {"method": "ia3", "base": "llama"},
    "qlora": {"method": "qlora", "base": "llama"},
    "head": {"method": "head", "base": "llama"},
    "bert_lora": {"method": "lora", "base": "bert"},
    "bert_bf16": {"method": "lora", "base": "bert", "precision": "bf16"},
    "bert_qlora": {"method": "qlora", "base": "bert"},
    "tfidf": {"method": "tfidf", "base": "bert"},
    "lora_other_seed": {"method": "lora", "base": "llama", "seed": 8},
    "lora_again": {"method": "lora", "base": "llama"},
}

# Code for a scheduler whose runs only have to live. Their processes have sessions of their own, which Linux gives equal
# shares of the processor whatever their nice values are (see sched_autogroup in sched(7)).
PAUSE_BETWEEN_STEPS = """
import time
from torch.optim.optimizer import register_optimizer_step_post_hook
register_optimizer_step_post_hook(lambda *_: time.sleep(0.3))
"""

EXECUTE_ALL = """
import sys
from pathlib import Path
from emocore.training.process import execute
sys.exit(max(execute(Path(folder)) for folder in sys.argv[1:]))
"""


def quick_settings(data: Path, **changes: Any) -> dict[str, Any]:
    """Two short epochs on the CPU, with rates that move a tiny model visibly."""
    return {
        "data": str(data),
        "epochs": 2,
        "seed": 7,
        "device": "cpu",
        "precision": "fp32",
        "learning_rate": 0.01,
        "head_learning_rate": 0.02,
        **changes,
    }


def queue_run(root: Path, data: Path, **changes: Any) -> RunFolder:
    """A queued run that no scheduler knows of yet."""
    root.mkdir(parents=True, exist_ok=True)
    config, _ = resolve(RunConfig(**quick_settings(data, **changes)))
    return create_run(root, config)


def stand_in(run: RunFolder, code: str) -> list[str]:
    """A command that carries out `code` in place of the run's own process, under a command line that names the run."""
    return [sys.executable, "-c", code, "emocore.training", str(run.path)]


def carry_out(*runs: RunFolder, fault: str = "", prepare: str = "pass", log: Path | None = None) -> int:
    """One attempt at each run, all in one process that may die at `fault`; its exit status. The output goes to `log`,
    or to the first run's. The code of `prepare` is carried out before."""
    command = [sys.executable, "-c", f"import os\n{prepare}\n{EXECUTE_ALL}", *(str(run.path) for run in runs)]
    environment = os.environ | {"EMOCORE_FAULT": fault}
    with (log or runs[0].log).open("ab") as file:
        return ForkedPython(command, cwd=REPOSITORY, env=environment, stdout=file, stderr=file).wait()


def carry_out_finished_runs(root: Path, bert: Path, llama: Path, data: Path) -> dict[str, RunFolder]:
    """All FINISHED_RUNS, one after the other in one process; if `root` has them already, those."""
    root.mkdir(exist_ok=True)
    names, log = root / ".names.json", root / "log"
    with open_lock(root.with_suffix(".lock"), lambda error: error) as descriptor:
        take_lock(descriptor)
        if not names.exists():
            bases = {"bert": str(bert), "llama": str(llama)}
            runs = {
                name: queue_run(root, data, **settings | {"base": bases[settings["base"]]})
                for name, settings in FINISHED_RUNS.items()
            }
            assert carry_out(*runs.values(), log=log) == 0, log.read_text(encoding="utf-8")
            log.unlink()
            names.write_text(json.dumps({name: run.id for name, run in runs.items()}))
    return {name: RunFolder(root / id) for name, id in json.loads(names.read_text()).items()}


def python(*arguments: str, folder: Path = REPOSITORY, **environment: str) -> str:
    """What a fresh interpreter prints; it must end with status 0."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), **environment},
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def start_scheduler(
    root: Path, idle_seconds: float = 1.0, prepare: str = "pass", forks: bool = True
) -> "subprocess.Popen[bytes]":
    """A scheduler as `ensure_scheduler` starts it, but with less patience; `prepare` is run before it. It forks its
    runs (see forks.py) unless they are to start in new interpreters."""
    call = f"serve(Path({str(root)!r}), {idle_seconds})"
    start = "from tests.support.forks import fork_what_is_started; fork_what_is_started()" if forks else "pass"
    code = f"{start}; from pathlib import Path; from emocore.jobs.scheduler import serve\n{prepare}\n{call}"
    with (root / ".scheduler.log").open("ab") as log:
        scheduler = ForkedPython([sys.executable, "-c", code], cwd=REPOSITORY, stdout=log, stderr=log)
    _started.append((root, scheduler))
    return scheduler


@dataclass(frozen=True)
class Training:
    """A run that trains for very long under a scheduler of its own."""

    run: RunFolder
    scheduler: "subprocess.Popen[bytes]"
    pid: int

    @property
    def root(self) -> Path:
        return self.run.path.parent


@contextlib.contextmanager
def trainings(
    names: Iterable[str], factory: pytest.TempPathFactory, data: Path, base: Path
) -> Iterator[dict[str, Training]]:
    """Trainings by name, started together, since most of their time goes into imports. They pause between steps."""
    roots = {name: factory.mktemp(f"training-{name}") for name in names}
    try:
        runs = {name: queue_run(root, data, base=str(base), epochs=1000) for name, root in roots.items()}
        schedulers = {name: start_scheduler(root, prepare=PAUSE_BETWEEN_STEPS) for name, root in roots.items()}
        yield {name: Training(run, schedulers[name], wait_for_training(run)) for name, run in runs.items()}
    finally:
        for root in roots.values():
            end_processes(root)


def wait_for(condition: Callable[[], Any], seconds: float = 60.0, what: str = "") -> Any:
    """The first true value of `condition`; fails with `what` when the time is up."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what or 'a condition'}"
        time.sleep(0.05)
    return value


def wait_for_status(run: RunFolder, *statuses: RunStatus, seconds: float = 60.0) -> RunStatus:
    def reached() -> bool:
        status = run.stored_state.status
        assert status in statuses or not status.is_final, describe(run)
        return status in statuses

    wait_for(reached, seconds, f"{run.id} to be {', '.join(statuses)}; {describe(run)}")
    return run.stored_state.status


def wait_for_training(run: RunFolder) -> int:
    """Until the first step is logged; returns the pid."""
    wait_for_status(run, RunStatus.RUNNING)
    wait_for(lambda: run.metrics.is_file() and run.metrics.stat().st_size, what=f"a logged step; {describe(run)}")
    process = run.stored_state.process
    assert process
    return process.pid


def describe(run: RunFolder) -> str:
    state = run.stored_state
    scheduler_log = run.path.parent / ".scheduler.log"
    words = scheduler_log.read_text() if scheduler_log.is_file() else ""
    return f"{run.id} is {state.status} ({state.reason})\n{run.tail_log(30)}\n{words[-2000:]}"


def processes_of_group(group: int) -> list[psutil.Process]:
    """Those of a process group that still run; zombies do not."""
    found = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return found


def processes_of_root(root: Path, module: str = "") -> list[psutil.Process]:
    """Schedulers and runs that work in a runs folder, by their command lines; of one `module`, or all."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if process.pid != os.getpid() and module in ["", *line] and any(str(root) in part for part in line):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end_processes(root: Path) -> None:
    """Kill what a test left alive in its runs folder: schedulers first, so that they start nothing more."""
    for process in sorted(processes_of_root(root), key=lambda process: process.pid):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    for folder, scheduler in _started:
        if folder == root:
            scheduler.wait(10)
