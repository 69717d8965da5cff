"""A page reads data files below home, working directory and named folders, never hidden ones; uploads stay readable."""

import os
from pathlib import Path

import pytest

from emocore.data.allowed import allow_sources, find_allowed
from emocore.errors import DataError
from emocore.run.config import STARTER
from tests.support.tables import write_text
from tests.support.uploads import keep_upload

TABLE = "text,anger,joy\nx,1,0\ny,0,1\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home, and a working directory next to it."""
    home, here = tmp_path / "home", tmp_path / "here"
    for folder in (home / "data", home / ".streamlit", here / ".git", tmp_path / "else"):
        folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("EMOCORE_DATA_FOLDERS", raising=False)
    monkeypatch.chdir(here)
    return home


@pytest.mark.parametrize(
    "place",
    [
        "home/data/a.csv",
        "home/a.TSV",
        "home/data/..name.txt/../a.csv",
        "here/a.txt",
        "home/data/../../here/a.csv",
    ],
)
def test_data_files_below_home_and_working_directory_are_read(home: Path, place: str) -> None:
    path = home.parent / place
    write_text(Path(os.path.normpath(path)), TABLE)
    if ".." in place:
        (home / "data" / "..name.txt").mkdir(exist_ok=True)
    assert find_allowed(str(path), home) == path.resolve()
    assert find_allowed(os.path.relpath(path), home) == path.resolve()


def test_a_tilde_is_the_home(home: Path) -> None:
    write_text(home / "a.csv", TABLE)
    assert find_allowed("~/a.csv", home) == home / "a.csv"


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ("else/a.csv", "EMOCORE_DATA_FOLDERS"),
        ("home2/a.csv", "EMOCORE_DATA_FOLDERS"),
        ("home/data/../../else/a.csv", "EMOCORE_DATA_FOLDERS"),
        ("home/link.csv", "EMOCORE_DATA_FOLDERS"),
        ("home/folder/a.csv", "EMOCORE_DATA_FOLDERS"),
        ("home/.streamlit/a.csv", "hidden folders"),
        ("home/.a.csv", "hidden folders"),
        ("here/.git/a.csv", "hidden folders"),
        ("home/hidden.csv", "hidden folders"),
        ("home/.streamlit/secrets.toml", "end in .csv, .tsv, .txt"),
        ("home/data/a.json", "end in .csv, .tsv, .txt"),
        ("home/data/csv", "end in .csv, .tsv, .txt"),
        ("home/toml.csv", "end in .csv, .tsv, .txt"),
        ("home", "end in .csv, .tsv, .txt"),
    ],
)
@pytest.mark.parametrize("exists", [True, False])
def test_every_other_file_is_refused_alike_whether_it_exists_or_not(
    home: Path, place: str, part: str, exists: bool
) -> None:
    (home / "link.csv").symlink_to(home.parent / "else" / "a.csv")
    (home / "folder").symlink_to(home.parent / "else")
    (home / "hidden.csv").symlink_to(home / ".streamlit" / "a.csv")
    (home / "toml.csv").symlink_to(home / ".streamlit" / "secrets.toml")
    path = home.parent / place
    if exists and not path.is_dir():
        path.parent.mkdir(exist_ok=True)
        write_text(path, TABLE)
    with pytest.raises(DataError) as caught:
        find_allowed(str(path), home.parent / "runs")
    assert part in str(caught.value) and "command line reads files from anywhere" in str(caught.value)


def test_further_folders_are_named_in_the_environment(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(home.parent / "else" / "a.csv", TABLE)
    write_text(home / ".streamlit" / "a.csv", TABLE)
    monkeypatch.setenv(
        "EMOCORE_DATA_FOLDERS", os.pathsep.join(["", str(home.parent / "else"), "~/.streamlit", "~no/x"])
    )
    for path in (home.parent / "else" / "a.csv", home / ".streamlit" / "a.csv"):
        assert find_allowed(str(path), home) == path


def test_the_whole_disk_is_nobodys_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_text(home.parent / "else" / "a.csv", TABLE)
    monkeypatch.setenv("HOME", "/")
    monkeypatch.chdir("/")
    with pytest.raises(DataError, match="EMOCORE_DATA_FOLDERS"):
        find_allowed(path, home)


def test_uploads_are_read_wherever_the_runs_are(home: Path) -> None:
    runs = home.parent / "else" / ".runs"
    runs.mkdir()
    path = keep_upload(runs, "my data.csv", TABLE.encode())
    assert find_allowed(str(path), runs) == path
    with pytest.raises(DataError):
        find_allowed(str(path), home)


def test_a_link_in_the_place_of_the_uploads_allows_nothing(home: Path) -> None:
    runs = home.parent / "runs"
    runs.mkdir()
    (runs / "uploads").symlink_to(home.parent / "else")
    with pytest.raises(DataError):
        find_allowed(write_text(runs / "uploads" / "a.csv", TABLE), runs)


def test_a_file_that_may_be_read_but_is_not_there_is_said_to_be_missing(home: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        find_allowed(str(home / "gone.csv"), home)
    (home / "folder.csv").mkdir()
    with pytest.raises(DataError, match="this is a folder"):
        find_allowed(str(home / "folder.csv"), home)


@pytest.mark.parametrize("name", ["data", "validation_data", "test_data"])
def test_every_data_setting_is_checked_and_comes_back_as_the_path_that_was(home: Path, name: str) -> None:
    write_text(home / "a.csv", TABLE)
    settings = {"epochs": 3, "data": STARTER, name: "~/a.csv"}
    assert allow_sources(settings, home) == settings | {name: str(home / "a.csv")}
    with pytest.raises(DataError):
        allow_sources({name: "/etc/shadow"}, home)
