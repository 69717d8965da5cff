"""Every command that README, CONTRIBUTING, the Makefile and the benchmarks' docstrings name is carried out here.

They are read from these files and run with small data and counts. This is part of `make test`; `.ci/run` calls
the targets that take minutes or the network.
"""

import re
import runpy
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import emocore.jobs.queue
from emocore import api
from emocore.cli.main import main
from emocore.jobs.queue import waiting_runs
from emocore.run.listing import list_runs
from tests.support.app_browser import App
from tests.support.live_runs import end_processes
from tests.support.repository import REPOSITORY
from tests.support.studies import finish_study
from tests.support.tables import make_table, write_csv
from tests.support.wandb_children import API_KEY
from tests.support.wandb_server import WandbServer

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
BENCHMARKS = REPOSITORY / "benchmarks"
# How a target is called here; WHERE says where the others are carried out.
SMALL = {
    "coverage": ["COUNT=2", "ONLY=3 replicates", "OUT=/dev/null"],
    "docs": [],
}
WHERE = {
    "app": "test_make_app_serves_the_app",
    "setup": "a test would not run without it",
    "test": "this",
    "test-long": "`.ci/run`",
    "check": "`make test` begins with it",
    "coverage-report": "it is this suite, measured",
    "bench": "tests/benchmarks has its short form",
    "bench-app": "tests/benchmarks has its short form",
    "chaos": "`.ci/run`",
    "clicks": "`.ci/run`",
    "fuzz": "`.ci/run`",
    "installed": "`.ci/run`",
    "lock": "`.ci/run`",
}


def commands(text: str, begin: str) -> list[str]:
    """Lines of `text` that are commands beginning so; a backslash continues a line, a comment ends it."""
    joined = text.replace("\\\n", " ")
    return [line.split(" # ")[0].strip() for line in joined.splitlines() if line.strip().startswith(begin)]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    with WandbServer() as server:
        monkeypatch.setenv("WANDB_BASE_URL", server.base_url)
        yield server


@pytest.mark.timeout(300)
def test_the_commands_of_the_readme(
    server: WandbServer,
    tiny_llama: Path,
    runs: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))  # a command changes them
    for number, name in enumerate(("train.csv", "dev.csv", "test.csv", "in.csv")):
        write_csv(tmp_path / name, make_table(40 if number else 1000, seed=number))
    study = finish_study(runs, study="a study")
    study += finish_study(runs, study="another study", data_seed=1)
    written = commands(README, "python -m emocore ")
    assert len(written) >= 20
    done = waiting = study[0]
    try:
        for command in written:
            name, option, *_ = [*command.split()[3:], ""]
            if name == "sync":
                monkeypatch.setenv("WANDB_API_KEY", API_KEY)
            if option == "--front":
                waiting = waiting_runs(runs)[-1]
            run = waiting if name in ("queue", "stop", "resume") else done
            values = {"RUN": run.id, "NAME": "a study", "OTHER": "another study", "smollm2-135m": str(tiny_llama)}
            arguments = [values.get(word, word) for word in shlex.split(command)[3:]]
            assert main(arguments) == 0, (arguments, capsys.readouterr().err)
            if name == "launch":
                [done] = [run for run in list_runs(runs) if run not in study]
                end_processes(runs)
                # What is launched from now on would train the bundled bases for minutes.
                monkeypatch.setattr(emocore.jobs.queue, "ensure_scheduler", lambda root: None)
    finally:
        end_processes(runs)
    assert done != study[0] and not done.path.exists(), "it was trained, looked at, classified with, sent and deleted"
    assert {"all.zip", "report.html", "errors.csv", "blind-key.csv", "out.csv", "out.for-spreadsheets.csv"} <= {
        path.name for path in tmp_path.iterdir()
    }
    assert server.runs


def test_the_readme_s_python_is_the_example_that_the_tests_run() -> None:
    block = README.split("```python\n")[1].split("```")[0]
    examples = re.findall(r"^\s*>>> (.*)$", api.__doc__ or "", flags=re.MULTILINE)
    assert [line for line in block.splitlines() if line] == examples


def test_every_target_of_the_makefile_is_described_and_carried_out() -> None:
    targets = set(MAKEFILE.split(".PHONY:")[1].splitlines()[0].split())
    assert targets == set(SMALL) | set(WHERE)
    assert targets == set(re.findall(r"^# make (\S+)", MAKEFILE, flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)", README + CONTRIBUTING))
    assert {"chaos", "coverage", "docs", "fuzz"} <= named <= targets


def recipe(target: str, *variables: str) -> str:
    """The last line of what `make` would do, for this interpreter."""
    done = subprocess.run(
        ["make", "--dry-run", "--silent", target, *variables],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip().splitlines()[-1].replace(".venv/bin/python", shlex.quote(sys.executable))


def carry_out(command: str, folder: Path = REPOSITORY) -> str:
    done = subprocess.run(command, shell=True, cwd=folder, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def carry_out_here(command: str, patch: pytest.MonkeyPatch) -> None:
    """`python -m MODULE ARGUMENTS` in this process, which has loaded the libraries and can fork others that have."""
    python, option, module, *arguments = shlex.split(command)
    assert (python, option) == (sys.executable, "-m")
    patch.setattr(sys, "argv", [module, *arguments])
    for imported in (module, f"{module}.__main__"):  # by another test of this process; it is to begin anew
        patch.delitem(sys.modules, imported, raising=False)
    runpy.run_module(module, run_name="__main__")


@pytest.mark.timeout(300)
@pytest.mark.parametrize("target", SMALL)
def test_a_target_of_the_makefile(target: str) -> None:
    command = recipe(target, *SMALL[target])
    if target == "docs":
        command, _, written = command.partition(" > ")
        assert carry_out(command) == (REPOSITORY / written).read_text(encoding="utf-8")
    else:
        assert carry_out(command)


def test_make_app_serves_the_app(tmp_path: Path) -> None:
    command = recipe("app")
    app = App(tmp_path / "runs", command=shlex.split(command))
    app.start()
    app.kill()


@pytest.mark.parametrize("module", ["app", "chaos", "clicks", "coverage", "fuzz", "study", "training"])
def test_a_benchmark_names_its_command_and_understands_it(
    module: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    [file] = (path for name in (f"{module}.py", f"{module}/__main__.py") if (path := BENCHMARKS / name).exists())
    text = file.read_text(encoding="utf-8")
    commands = set(re.findall(rf"python -m benchmarks\.{module}[^`\n\[]*", text.split('"""')[1]))
    options = [option for command in commands for option in command.split()[3:]]
    begin = f"{shlex.quote(sys.executable)} -m benchmarks.{module}"
    with pytest.raises(SystemExit, match=r"^0$"):
        carry_out_here(f"{begin} --help", monkeypatch)
    told = capsys.readouterr().out
    assert commands and all(option in told for option in options if option.startswith("--"))
