"""Whatever is in a run's folder, every view lists the other runs, names this one, and never blocks."""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.cli.main import main
from emocore.errors import RunError
from emocore.evaluation.results import load_result
from emocore.run.folder import RunFolder
from pages.shared.run_view import look_at
from tests.support import pages
from tests.support.damaged_folders import KINDS, SECRET, UNREADABLE, UNSEEN, Kind, lay_out
from tests.support.pages import words
from tests.support.whole_runs import STATES, shelve

LONGEST_SECONDS = 5.0
PACK = 120  # damaged runs in addition to the healthy one
PACKS = range(0, len(KINDS), PACK)
Look = Callable[..., tuple[int, str, str]]
# Where one of these is no readable file, no view may be silent about it.
LISTED_FILES = ("config.json", "state.json", "result.json", "metrics.jsonl")
COMPARED_FILES = ("config.json", "state.json", "result.json", "provenance.json", "predictions.parquet")
NO_FILE = ("folder", "fifo", "link to zeros", "link out", "200 MB", "200 MB of rows")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunFolder]:
    return shelve(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(autouse=True)
def quiet_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a scheduler the runs stay as the test left them. A single page has no others to link to."""
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


@dataclass(frozen=True)
class Pack:
    """A runs folder with a healthy run and one damaged in each of `kinds`, by run id."""

    root: Path
    kinds: dict[str, Kind]


def fill(root: Path, shelf: dict[str, RunFolder], kinds: list[Kind]) -> Pack:
    root.mkdir(exist_ok=True)
    shutil.copytree(shelf["finished"].path, root / "healthy")
    placed = {f"run-{number:03}": kind for number, kind in enumerate(kinds)}
    for run_id, kind in placed.items():
        lay_out(kind, shelf, root, run_id)
    return Pack(root, placed)


@pytest.fixture(scope="module")
def packs(shelf: dict[str, RunFolder], tmp_path_factory: pytest.TempPathFactory) -> list[Pack]:
    """All kinds, to be looked at only."""
    folder = tmp_path_factory.mktemp("packs")
    return [fill(folder / str(number), shelf, KINDS[first : first + PACK]) for number, first in enumerate(PACKS)]


@pytest.fixture(params=range(len(PACKS)))
def pack(request: pytest.FixtureRequest, packs: list[Pack], monkeypatch: pytest.MonkeyPatch) -> Pack:
    monkeypatch.setenv("EMOCORE_RUNS", str(packs[request.param].root))
    return packs[request.param]


@contextlib.contextmanager
def named(kind: Kind) -> Iterator[None]:
    """Add the kind of damage to errors within this context."""
    try:
        yield
    except BaseException as error:
        error.add_note(kind.name)
        raise


def must_be_told(kind: Kind) -> bool:
    return kind.file in LISTED_FILES and kind.name.removeprefix(f"{kind.file} ") in NO_FILE


def test_there_are_enough_kinds_and_none_twice() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) >= 250
    assert {kind.state for kind in KINDS} == set(STATES)


def test_every_list_of_the_command_line_has_all_runs(pack: Pack, look: Look) -> None:
    for arguments in (["runs"], ["runs", "--json"]):
        status, out, err = look(*arguments)
        assert status == 0 and "healthy" in out
        for run_id, kind in pack.kinds.items():
            assert run_id in out + err or kind.name == UNSEEN, (arguments, kind.name)
            assert run_id in err or not must_be_told(kind), (arguments, kind.name)
    assert look("queue")[0] == 0
    assert look("compare", "healthy")[0] == 0


def test_a_damaged_run_is_shown_or_refused_with_its_name(
    pack: Pack, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Or every look would read all of the runs.
    monkeypatch.setattr("emocore.cli.runs.tend_queue", lambda root: None)
    for number, (run_id, kind) in enumerate(pack.kinds.items()):
        with named(kind):
            status, out, err = look("show", run_id, *(["--json"] if number % 3 == 0 else []))
            assert run_id in (err if status else out)
            assert kind.file in out + err or not must_be_told(kind)


def test_a_comparison_refuses_the_damaged_and_stands_the_others(pack: Pack, look: Look) -> None:
    accepted = []
    for run_id, kind in pack.kinds.items():
        if kind.state == "finished" and kind.file in COMPARED_FILES:
            with named(kind), at_most(LONGEST_SECONDS):
                try:
                    _ = load_result(RunFolder(pack.root / run_id)).predictions
                    accepted.append(run_id)
                except RunError as error:
                    assert run_id in str(error)
    for place in range(0, len(accepted), 6):
        status, _, err = look("compare", "healthy", *accepted[place : place + 6], "--split", "validation")
        assert status == 0, err


def test_the_run_page_gets_all_that_can_be_read(pack: Pack) -> None:
    for run_id, kind in pack.kinds.items():
        with named(kind), at_most(LONGEST_SECONDS):
            try:
                view = look_at(RunFolder(pack.root / run_id))
            except RunError as error:
                assert run_id in str(error)
            else:
                assert view.problems or not must_be_told(kind)


def open_page(name: str, **parameters: str) -> AppTest:
    with at_most(2 * LONGEST_SECONDS):
        return pages.open_page(name, **parameters)


def test_every_page_that_lists_runs_stands_all_of_them(pack: Pack) -> None:
    start, listing = open_page("start"), open_page("runs")
    listing.session_state["runs_numbers"] = True  # of a long list, the table is made for those who open it
    listing.run()
    told = words(listing) + " ".join(listing.dataframe[0].value.get("reason", []))
    assert listing.dataframe[0].value["macro-F1"].notna().any()
    for run_id, kind in pack.kinds.items():
        if must_be_told(kind):
            assert run_id in told, kind.name
            assert run_id in words(start) or kind.file not in ("config.json", "state.json"), kind.name


def test_the_compare_page_leaves_out_the_damaged_and_says_so(runs: Path, shelf: dict[str, RunFolder]) -> None:
    telling = ("fifo", "nested lists", "10^400")
    kinds = [kind for kind in KINDS if kind.state == "finished" and kind.file in COMPARED_FILES[1:]]
    pack = fill(runs, shelf, [kind for kind in kinds if kind.name.endswith(telling)])
    page = open_page("compare", study="s")
    assert "LoRA" in set(page.dataframe[0].value["series"]) and "Left out" in words(page)
    for run_id, kind in pack.kinds.items():
        assert run_id in words(page), kind.name


TOLD = (
    "result.json validation = None", "result.json validation = [[1]]", "result.json cost = None",
    "result.json never closed", "wandb.json list", "wandb.json other object",
)  # fmt: skip
# One for each way in which a page once failed.
TELLING = (
    *TOLD,
    "metrics.jsonl folder", "metrics.jsonl fifo", "metrics.jsonl 200 MB of rows", "metrics.jsonl step = -1",
    "metrics.jsonl step = 10^400", "metrics.jsonl validation/f1_macro = 10^400", "result.json nested lists",
    "result.json cost.samples_per_second = None", "result.json cost.train_seconds = inf", "wandb.json nested objects",
    "wandb.json url = markdown", "state.json earlier_seconds = nan", "state.json ended_at = inf", "run.log fifo",
    "config.json nested lists", "config.json base = markup", "config.json study = 1 MB", "run.lock folder",
    "checkpoints odd number", "stop.request fifo", "metrics.jsonl other object", "metrics.jsonl step = 'x'",
)  # fmt: skip


@pytest.mark.parametrize("name", TELLING)
def test_a_damaged_run_breaks_its_page_no_more(runs: Path, shelf: dict[str, RunFolder], name: str) -> None:
    [kind] = [kind for kind in KINDS if kind.name == name]
    fill(runs, shelf, [kind])
    page = open_page("run", run="run-000")
    assert page.title and "run-000" in words(page) and SECRET not in words(page)
    assert f"{kind.file} is damaged" in words(page) or name not in TOLD
    if kind.file in ("result.json", "wandb.json", "metrics.jsonl"):
        assert [code.value for code in page.code] == [pages.LAST_WORDS], "the rest of the page stays"
        assert kind.state != "finished" or "Delete" in pages.labels(page)


def test_files_that_may_not_be_read_are_told_by_name(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of another user may be unreadable. Root can read everything, so it reads as the user nobody here."""
    kinds = [kind for kind in KINDS if kind.name.endswith(UNREADABLE)]
    is_root = os.geteuid() == 0
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        root.chmod(0o755)
        monkeypatch.setenv("EMOCORE_RUNS", str(root))
        monkeypatch.setattr("emocore.system.secrets.SECRETS_FILE", root / "no secrets.toml")
        placed = fill(root, shelve(root / ".shelf"), kinds).kinds
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
