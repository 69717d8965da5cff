"""Whatever lies in a run's folder, every view lists the others, names this one, and waits for nothing."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from compare_page import words
from damaged_folders import KINDS, SECRET, STATES, UNREADABLE, UNSEEN, Kind, lay_out, shelve
from streamlit.testing.v1 import AppTest

from emocore.cli import main
from emocore.errors import RunError
from emocore.evaluation.results import load_result
from emocore.folder import RunFolder
from pages.shared.run_view import look_at

REPOSITORY = Path(__file__).parent.parent
LONGEST_SECONDS = 5.0
PACK = 120  # damaged runs beside the healthy one
PACKS = range(0, len(KINDS), PACK)
Look = Callable[..., tuple[int, str, str]]
# Where one of these is no readable file, no view may be silent about it.
LISTED_FILES = ("config.json", "state.json", "result.json", "metrics.jsonl")
NO_FILE = ("folder", "fifo", "link to zeros", "link out", "200 MB", "200 MB of rows")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    return shelve(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(autouse=True)
def quiet_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """No scheduler: the runs stay as the test left them. A page alone has no others to link to."""
    st.cache_data.clear()
    st.cache_resource.clear()
    monkeypatch.setattr("emocore.jobs.queue.ensure_scheduler", lambda root: None)
    monkeypatch.setattr(st, "page_link", lambda *_, **__: None)


@contextlib.contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Ends what waits for ever, as a reader of a FIFO does."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"longer than {seconds} s")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@pytest.fixture
def look(capsys: pytest.CaptureFixture[str]) -> Look:
    """Run a command: its status and what it printed, in time, without a traceback or what a terminal would obey."""

    def run(*arguments: str) -> tuple[int, str, str]:
        with at_most(LONGEST_SECONDS):
            status = main(arguments)
        captured = capsys.readouterr()
        said = captured.out + captured.err
        assert not {"\x1b", "\x9b", "\x07"} & set(said)
        assert SECRET not in said
        assert status in (0, 2)
        assert not status or captured.err.splitlines()[-1].startswith("emocore: ")
        return status, captured.out, captured.err

    return run


def fill(root: Path, shelf: dict[str, RunFolder], kinds: list[Kind]) -> dict[str, Kind]:
    """A healthy run and one of each kind; the kinds by run id."""
    root.mkdir(exist_ok=True)
    shutil.copytree(shelf["finished"].path, root / "healthy")
    placed = {f"run-{number:03}": kind for number, kind in enumerate(kinds)}
    for run_id, kind in placed.items():
        lay_out(kind, shelf, root, run_id)
    return placed


def must_be_told(kind: Kind) -> bool:
    return kind.file in LISTED_FILES and kind.name.removeprefix(f"{kind.file} ") in NO_FILE


def test_there_are_enough_kinds_and_none_twice() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 250
    assert {kind.state for kind in KINDS} == set(STATES)


@pytest.mark.parametrize("first", PACKS)
def test_every_list_of_the_command_line_has_all_runs(
    runs: Path, shelf: dict[str, RunFolder], look: Look, first: int
) -> None:
    kinds = fill(runs, shelf, KINDS[first : first + PACK])
    for arguments in (["runs"], ["runs", "--json"]):
        status, out, err = look(*arguments)
        assert status == 0 and "healthy" in out
        for run_id, kind in kinds.items():
            assert run_id in out + err or kind.name in UNSEEN, (arguments, kind.name)
            assert run_id in err or not must_be_told(kind), (arguments, kind.name)
    assert look("queue")[0] == 0
    assert look("compare", "healthy")[0] == 0


@pytest.mark.parametrize("first", PACKS)
def test_a_damaged_run_is_shown_or_refused_with_its_name(
    runs: Path, shelf: dict[str, RunFolder], look: Look, first: int
) -> None:
    for number, (run_id, kind) in enumerate(fill(runs, shelf, KINDS[first : first + PACK]).items()):
        try:
            status, out, err = look("show", run_id, *(["--json"] if number % 3 == 0 else []))
        except BaseException as error:
            error.add_note(kind.name)
            raise
        assert run_id in (err if status else out), kind.name
        if must_be_told(kind):
            assert kind.file in out + err, kind.name


@pytest.mark.parametrize("first", PACKS)
def test_a_comparison_refuses_the_damaged_and_stands_the_others(
    runs: Path, shelf: dict[str, RunFolder], look: Look, first: int
) -> None:
    kinds = [kind for kind in KINDS[first : first + PACK] if kind.state == "finished"]
    accepted = []
    for run_id, kind in fill(runs, shelf, kinds).items():
        with at_most(LONGEST_SECONDS):
            try:
                result = load_result(RunFolder(runs / run_id))
                _ = result.predictions
                accepted.append(run_id)
            except RunError as error:
                assert run_id in str(error), kind.name
            except BaseException as error:
                error.add_note(kind.name)
                raise
    for place in range(0, len(accepted), 12):
        status, out, err = look("compare", "healthy", *accepted[place : place + 12])
        assert status == 0, err


@pytest.mark.parametrize("first", PACKS)
def test_the_run_page_gets_all_that_can_be_read(runs: Path, shelf: dict[str, RunFolder], first: int) -> None:
    for run_id, kind in fill(runs, shelf, KINDS[first : first + PACK]).items():
        with at_most(LONGEST_SECONDS):
            try:
                view = look_at(RunFolder(runs / run_id))
            except RunError as error:
                assert run_id in str(error), kind.name
            except BaseException as error:
                error.add_note(kind.name)
                raise
            else:
                assert view.problems or not must_be_told(kind), kind.name


def open_page(name: str, **parameters: str) -> AppTest:
    page = AppTest.from_file(str(REPOSITORY / "pages" / f"{name}.py"), default_timeout=30)
    for key, value in parameters.items():
        page.query_params[key] = value
    page.run()
    assert not page.exception, page.exception
    return page


@pytest.mark.parametrize("first", PACKS)
def test_every_page_that_lists_runs_stands_all_of_them(runs: Path, shelf: dict[str, RunFolder], first: int) -> None:
    kinds = fill(runs, shelf, KINDS[first : first + PACK])
    pages: dict[str, Any] = {name: open_page(name) for name in ("start", "runs")}
    pages["compare"] = open_page("compare", study="s")
    told = {name: words(page) for name, page in pages.items()}
    reasons = " ".join(pages["runs"].dataframe[0].value.get("reason", []))
    assert "LoRA" in set(pages["compare"].dataframe[0].value["method"])
    for run_id, kind in kinds.items():
        if must_be_told(kind):
            assert run_id in told["runs"] + reasons, kind.name
        if must_be_told(kind) and kind.file in ("config.json", "state.json"):
            assert all(run_id in text for text in told.values()), kind.name


# One for each way in which a page once failed.
TELLING = (
    "metrics.jsonl folder", "metrics.jsonl fifo", "metrics.jsonl 200 MB of rows", "metrics.jsonl step = -1",
    "metrics.jsonl step = 10^400", "metrics.jsonl validation/f1_macro = 10^400", "result.json nested lists",
    "result.json cost.samples_per_second = None", "result.json cost.train_seconds = inf", "wandb.json nested objects",
    "wandb.json url = markdown", "state.json earlier_seconds = nan", "state.json ended_at = inf", "run.log fifo",
    "config.json nested lists", "config.json base = markup", "config.json study = 1 MB", "run.lock folder",
    "checkpoints odd number", "stop.request fifo",
)  # fmt: skip


@pytest.mark.parametrize("name", TELLING)
def test_a_damaged_run_breaks_its_page_no_more(runs: Path, shelf: dict[str, RunFolder], name: str) -> None:
    fill(runs, shelf, [kind for kind in KINDS if kind.name == name])
    with at_most(2 * LONGEST_SECONDS):
        page = open_page("run", run="run-000")
    assert page.title and "run-000" in words(page) and SECRET not in words(page)


def test_files_that_may_not_be_read_are_told_by_name(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where somebody else has made them. Nothing is unreadable to root, who looks as nobody here."""
    kinds = [kind for kind in KINDS if kind.name.endswith(UNREADABLE)]
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        monkeypatch.setenv("EMOCORE_RUNS", str(root))
        placed = fill(root, shelve(root / ".shelf"), kinds)
        if is_root:
            os.seteuid(65534)
        try:
            _, out, err = look("runs")
            views = {run_id: look("show", run_id) for run_id in placed}
        finally:
            if is_root:
                os.seteuid(0)
    assert "healthy" in out
    for run_id, kind in placed.items():
        assert run_id in out + err, kind.name
        if kind.file in LISTED_FILES:
            assert run_id in err, kind.name
        status, shown, refused = views[run_id]
        assert run_id in (refused if status else shown), kind.name
