"""The index next to the run folders: it saves reading, and whatever happens to it or to a run, the folders count."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from emocore.jobs.overview import RunOverview, describe_runs
from emocore.run import index as index_module
from emocore.run import listing, state
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.index import INDEX_FILE, LEAST_NEW, open_index
from emocore.run.listing import create_run, look_at_runs
from emocore.run.state import RunStatus
from tests.support.tables import change_status

RUNS = LEAST_NEW  # each has several contents, so the first look at them writes the index


def forget() -> None:
    """What a new process does not have in memory."""
    index_module._opened.clear()
    listing._ended_runs.clear()
    state._read_version.cache_clear()
    for cached in ("emocore.run.folder._read_config", "emocore.jobs.overview._describe_ended"):
        module, _, name = cached.rpartition(".")
        getattr(__import__(module, fromlist=[name]), name).cache_clear()


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ended runs, and one that waits."""
    root = tmp_path_factory.mktemp("indexed") / "runs"
    root.mkdir()
    first = create_run(root, RunConfig(method="tfidf", base="none", study="s"))
    change_status(first, RunStatus.STOPPED)
    for number in range(1, RUNS):
        shutil.copytree(first.path, root / f"{first.id}-{number}")
    create_run(root, RunConfig(method="tfidf", base="none"))
    return root


@pytest.fixture
def root(original: Path, tmp_path: Path) -> Path:
    """Copies of them with an index."""
    root = shutil.copytree(original, tmp_path / "runs")
    (root / INDEX_FILE).unlink(missing_ok=True)  # which is that of the originals
    forget()
    describe(root)
    assert (root / INDEX_FILE).is_file()
    forget()
    return root


def describe(root: Path) -> list[RunOverview]:
    return describe_runs(look_at_runs(root).runs)


def test_a_new_process_reads_the_index_instead_of_ended_runs(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = describe(root)
    read: list[Path] = []
    forget()
    monkeypatch.setattr("emocore.run.state.read_record", lambda folder, *_, **__: read.append(folder))
    monkeypatch.setattr("emocore.jobs.overview._read_overview", lambda run: read.append(run.path))
    found = look_at_runs(root)
    assert len(found.runs) == RUNS and len(found.damaged) == 1, "only the run that waits is read from its files"
    assert len(read) == 1
    assert describe_runs(found.runs) == [overview for overview in expected if overview.status == "stopped"]


def test_only_ended_runs_are_in_the_index(root: Path) -> None:
    [waiting] = look_at_runs(root).waiting
    assert waiting.id not in (root / INDEX_FILE).read_text(encoding="utf-8").replace(f"{waiting.id}-", "")


def change(run: RunFolder) -> None:
    text = (run.path / "config.json").read_text(encoding="utf-8")
    (run.path / "config.json").write_text(text.replace('"s"', '"another"'), encoding="utf-8")


def resume(run: RunFolder) -> None:
    change_status(run, RunStatus.FAILED, reason="no power")


def damage(run: RunFolder) -> None:
    (run.path / "state.json").write_text("{", encoding="utf-8")


def delete(run: RunFolder) -> None:
    shutil.rmtree(run.path)


@pytest.mark.parametrize("is_new_process", [False, True])
@pytest.mark.parametrize(
    ("act", "see"),
    [
        (change, lambda seen: seen.study == "another"),
        (resume, lambda seen: (seen.status, seen.reason) == ("failed", "no power")),
        (damage, None),
        (delete, None),
    ],
)
def test_what_happens_to_an_ended_run_is_seen_at_once(
    root: Path,
    act: Callable[[RunFolder], None],
    see: Callable[[RunOverview], bool] | None,
    is_new_process: bool,
) -> None:
    run = look_at_runs(root).runs[3][0]
    assert len(describe(root)) == RUNS + 1
    act(run)
    if is_new_process:
        forget()
    found = look_at_runs(root)
    seen = [overview for overview in describe_runs(found.runs) if overview.id == run.id]
    assert [see(overview) for overview in seen] == [True] if see else seen == []
    assert len(found.damaged) == (1 if act is damage else 0)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b"\xff\x00" * 1000),
        lambda file: file.write_bytes(file.read_bytes()[:-200]),
        lambda file: file.write_text(file.read_text(encoding="utf-8").replace('"stopped"', '"lost"'), encoding="utf-8"),
        lambda file: file.write_text(file.read_text(encoding="utf-8").replace('"tfidf"', "[1]"), encoding="utf-8"),
        lambda file: (file.unlink(), file.mkdir()),
    ],
    ids=["missing", "no text", "cut off", "unknown states", "other types", "a folder"],
)
def test_a_spoilt_index_changes_nothing_that_is_seen(root: Path, spoil: Callable[[Path], object]) -> None:
    expected = describe(root)
    spoil(root / INDEX_FILE)
    forget()
    assert describe(root) == expected
    assert look_at_runs(root).damaged == []


def test_a_missing_index_is_made_again(root: Path) -> None:
    content = (root / INDEX_FILE).read_text()
    (root / INDEX_FILE).unlink()
    forget()
    describe(root)
    assert set((root / INDEX_FILE).read_text().split("\n")) == set(content.split("\n"))


def test_a_copied_runs_folder_does_not_believe_its_index(root: Path, tmp_path: Path) -> None:
    index = root / INDEX_FILE
    index.write_text(index.read_text(encoding="utf-8").replace('"study":"s"', '"study":"forged"'), encoding="utf-8")
    copy = shutil.copytree(root, tmp_path / "copy")
    forget()
    assert {overview.study for overview in describe(copy)} == {"s", None}


def test_memory_and_file_do_not_grow_with_changes(root: Path) -> None:
    run = look_at_runs(root).runs[0][0]
    describe(root)
    kept, size = len(open_index(root)._kept), (root / INDEX_FILE).stat().st_size
    for number in range(LEAST_NEW):
        change_status(run, RunStatus.FAILED, reason=f"attempt {number}")
        describe(root)
    assert len(open_index(root)._kept) == kept
    assert (root / INDEX_FILE).stat().st_size < 3 * size
    for gone in sorted(root.glob("*-1?")):
        shutil.rmtree(gone)
    look_at_runs(root)
    assert len(listing._ended_runs[str(root)]) == len(look_at_runs(root).runs) - 1


def test_many_runs_are_listed_quickly(root: Path) -> None:
    look_at_runs(root)
    began = time.process_time()
    for _ in range(10):
        look_at_runs(root)
    assert (time.process_time() - began) / 10 / RUNS < 0.001, "an unchanged run costs microseconds"
