"""Cases one after the other: made, carried out and judged; and the runs and the base that they are made of."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.support.fuzzing import bad_adapters, bad_addresses, bad_files, bad_folders, bad_settings
from tests.support.fuzzing.box import Box, Step, Templates
from tests.support.fuzzing.traps import Bystanders, Listener, end_processes_of, processes_of
from tests.support.fuzzing.verdict import Outcome, Problem, judge, judge_case

MAKERS: dict[str, Callable[[Random, Box], list[Step]]] = {
    "files": bad_files.make,
    "settings": bad_settings.make,
    "folders": bad_folders.make,
    "adapters": bad_adapters.make,
    "addresses": bad_addresses.make,
}
HANG_SECONDS, SYNC_SECONDS = 20.0, 40.0  # a sync may take 30 s by what it promises
STARTS_WITHIN, ENDS_WITHIN = 25.0, 90.0  # of the queue, on a busy machine
FRESH_SHARE = 0.03
MAKE_BASE = "from tests.support import tiny_models; from pathlib import Path; " \
    "tiny_models.save_tiny_llama(Path({folder!r}))"  # fmt: skip


@dataclass
class Case:
    """What became of a case, whose steps were all accepted or not, and whether a fresh process did the same."""

    kind: str
    is_refused: bool = False
    is_repeated: bool = False
    problems: list[Problem] = field(default_factory=list)
    seconds: float = 0.0


class Forks:
    """The process of forks.py."""

    def __init__(self, checkout: Path) -> None:
        orders, self._orders = os.pipe()
        self._answers, answers = os.pipe()
        own = ("WANDB", "HF_", "EMOCORE")
        environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        environment |= {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"}
        environment |= {"PYTHONPATH": str(checkout), "TOKENIZERS_PARALLELISM": "false"}
        command = [sys.executable, "-P", str(Path(__file__).parent / "forks.py"), str(orders), str(answers)]
        self._process = subprocess.Popen(command, cwd=checkout, env=environment, pass_fds=(orders, answers))
        os.close(orders)
        os.close(answers)
        self._lines = os.fdopen(self._answers, "r")
        self._is_ready = False  # two can do their imports at the same time

    def carry_out(
        self, box: Box, seconds: float = HANG_SECONDS, env: dict[str, str | None] | None = None, **what: Any
    ) -> Outcome:
        out, err = box.path / "out", box.path / "err"
        for file in (out, err):
            file.unlink(missing_ok=True)
        order: dict[str, Any] = {"out": str(out), "err": str(err), "cwd": str(box.desk), "seconds": seconds, **what}
        order["env"] = box.environment(env or {})
        if not self._is_ready:
            self._is_ready = self._lines.readline() == "ready\n"
            assert self._is_ready, "the process that forks did not start"
        os.write(self._orders, json.dumps(order).encode() + b"\n")
        answer = json.loads(self._lines.readline())
        return Outcome(answer["status"], _read(out), _read(err), answer["seconds"], answer["killed"])

    def close(self) -> None:
        os.close(self._orders)
        self._process.wait()
        self._lines.close()


def _read(file: Path) -> str:
    return file.read_bytes()[: 5 << 20].decode("utf-8", "replace") if file.exists() else ""


class Campaign:
    """One worker. The same seed and number make the same case in every worker."""

    def __init__(self, folder: Path, checkout: Path, seed: int) -> None:
        self.folder, self.checkout, self.seed = folder, checkout, seed
        folder.mkdir(parents=True, exist_ok=True)
        self.forks = Forks(checkout)
        self.attacker, self.own, self.bystanders = Listener(), Listener(), Bystanders()
        self.cases: dict[int, Case] = {}
        self.templates: Templates

    def close(self) -> None:
        self.forks.close()
        self.attacker.close()
        self.own.close()
        self.bystanders.end()

    def replace_bystanders(self) -> None:
        self.bystanders.end()
        self.bystanders = Bystanders()

    def make_box(self, path: Path, number: int, templates: Templates) -> Box:
        self.attacker.heard.clear()
        return Box(path, number, templates, self.attacker, self.own, self.bystanders)

    def prepare(self) -> Templates:
        """A tiny base, and real runs, launched and carried out; other workers may use them, too."""
        place = self.folder / "templates"
        data, base, settings = place / "data.csv", place / "tiny-llama", place / "settings"
        settings.mkdir(parents=True)
        table = bad_files.good_table(Random(0), 120)
        for row in table[1:]:  # texts that share words, or TF-IDF has nothing to learn
            row[1] += " so happy" if row[2] == "1" else " rather sad today"
        bad_files.write(data, table)
        box = self.make_box(place / "box", 0, Templates(self.checkout, {}, base, data, settings))
        self._must(box, code=MAKE_BASE.format(folder=str(base)))
        runs = {}
        common = ["--data", str(data), "--epochs", "1", "--set", "wandb_mode=offline", "--device", "cpu"]
        for name, own in {
            "tfidf": ["--method", "tfidf", "--seed", "1", "--study", "s"],
            "tfidf_again": ["--method", "tfidf", "--seed", "2", "--study", "s"],
            "lora": ["--method", "lora", "--base", str(base), "--study", "s"],
            "queued": ["--method", "tfidf", "--seed", "3"],
        }.items():
            self._must(box, argv=["launch", *common, *own])
            runs[name] = box.runs / _read(box.path / "out").split()[-1]
            if name != "queued":
                self._must(box, execute=str(runs[name]), env={"WANDB_API_KEY": None})
                state = runs[name] / "state.json"
                assert json.loads(state.read_text())["status"] == "finished", state.read_text()
        shutil.copytree(box.home / "settings", settings, dirs_exist_ok=True)
        self.templates = Templates(self.checkout, runs, base, data, settings)
        return self.templates

    def _must(self, box: Box, **what: Any) -> None:
        outcome = self.forks.carry_out(box, seconds=120, **what)
        assert outcome.status == 0, (what, outcome.output, outcome.errors)

    def run(self, number: int, kind: str) -> list[Problem]:
        """One case, which is then in `cases`; its problems, each once."""
        began = time.monotonic()
        path = self.folder / f"case-{number}"
        box = self.make_box(path, number, self.templates)
        case = self.cases[number] = Case(kind)
        try:
            problems = self._run(number, case, box)
        finally:
            end_processes_of(box.mark)
        if not self.bystanders.are_alive:
            self.replace_bystanders()
        case.problems = list(dict.fromkeys(Problem(told.kind, told.text.replace(str(path), "@")) for told in problems))
        shutil.rmtree(path, ignore_errors=True)
        case.seconds = time.monotonic() - began
        return case.problems

    def _run(self, number: int, case: Case, box: Box) -> list[Problem]:
        steps = self._make(number, case.kind, box)
        problems = []
        for step in steps:
            before = box.listing()
            outcome = self._carry_out(step, box)
            if outcome.was_killed:  # the machine may have been busy
                before = box.listing()
                outcome = self._carry_out(step, box)
            problems += judge(step, outcome, before, box)
            is_page_with_refusals = step.page is not None and '"refusals": []' not in outcome.output
            case.is_refused |= outcome.is_refusal or is_page_with_refusals
            if step.waits_for:
                problems += self._wait_for(step.waits_for, box)
        problems += judge_case(box)
        can_be_repeated = steps[0].argv and not (problems or steps[0].terminal or steps[0].waits_for)
        if can_be_repeated and Random(f"fresh {self.seed} {number}").random() < FRESH_SHARE:
            case.is_repeated = True
            problems += self._compare_with_fresh(number, case.kind)
        return problems

    def _make(self, number: int, kind: str, box: Box) -> list[Step]:
        return MAKERS[kind](Random(f"{kind} {self.seed} {number}"), box)

    def _carry_out(self, step: Step, box: Box) -> Outcome:
        what: dict[str, Any] = {"page": step.page} if step.page else {"argv": list(step.argv)}
        seconds = SYNC_SECONDS if "sync" in step.argv[:1] else HANG_SECONDS
        return self.forks.carry_out(box, seconds, step.env, terminal=step.terminal, **what)

    def _compare_with_fresh(self, number: int, kind: str) -> list[Problem]:
        """Repeat the first step in a forked and in a really fresh process."""
        ends = []
        for is_fresh in (False, True):
            box = self.make_box(self.folder / f"case-{number}" / "again" / str(is_fresh), number, self.templates)
            step = self._make(number, kind, box)[0]
            if is_fresh:
                done = subprocess.run(
                    [sys.executable, "-m", "emocore", *step.argv], cwd=box.desk, env=box.environment(step.env),
                    timeout=60, stdin=subprocess.DEVNULL, capture_output=True,
                )  # fmt: skip
                status, errors = done.returncode, done.stderr.decode("utf-8", "replace")
            else:
                outcome = self._carry_out(step, box)
                status, errors = outcome.status, outcome.errors
            ends.append((status, errors.replace(str(box.path), "@").strip()))
            end_processes_of(box.mark)
        return [] if ends[0] == ends[1] else [Problem("wrong", f"{step}: forked {ends[0]}, fresh {ends[1]}")]

    def _wait_for(self, run_id: str, box: Box) -> list[Problem]:
        """The healthy run must be finished; a queue that does nothing for a while is stuck."""
        (box.runs / ".queue.paused").unlink(missing_ok=True)
        state, began = box.runs / run_id / "state.json", time.monotonic()
        busy_until = began
        while (status := json.loads(state.read_text())["status"]) != "finished":
            now = time.monotonic()
            if any(is_training(pid) for pid in processes_of(box.mark)):
                busy_until = now
            if now - busy_until > STARTS_WITHIN or now - began > ENDS_WITHIN or status in ("failed", "interrupted"):
                log = _read(box.runs / ".scheduler.log").strip().splitlines()
                return [Problem("queue", f"a healthy run is {status} after {now - began:.0f} s; scheduler: {log[-1:]}")]
            time.sleep(0.1)
        return []


def is_training(pid: int) -> bool:
    try:
        return b"emocore.training" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
