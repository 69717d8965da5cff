"""A `data` setting names a regular file of a sane size, or it is refused at once; messages quote names alone."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from emocore.data.source import MOST_DATA_BYTES, quote_cell, quote_column, quote_columns
from emocore.data.table import read_table, read_texts
from emocore.errors import DataError
from tests.support.tables import write_text

SECRET = "s3cr3t-value"
SECRETS = {
    "secrets.toml": f'HF_TOKEN = "hf_{SECRET}"\nWANDB_API_KEY = "{SECRET}"\n',
    ".bashrc": f"# {SECRET}, and, more\nexport KEY={SECRET}, and, 1\n",
    "shadow": f"root:*:{SECRET}:0\nada:$6${SECRET}:1\n",
    "notes": f"{SECRET},anger,joy\nx,{SECRET},1\n",
    "token.csv": f'"my ""{SECRET}""",anger,joy\nx,y,1\nz,0,1\n',
    "pairs.txt": f"text,anger,joy\nx,1,0\ny,0,token={SECRET}\n",
    "long.txt": f"text,anger,joy\nx,1,0\ny,0,{SECRET * 3}\n",
}


def make_device(_: Path) -> str:
    return os.devnull


def make_fifo(path: Path) -> str:
    os.mkfifo(path)
    return str(path)


def make_socket(path: Path) -> str:
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)
    return str(path)


def make_large(path: Path) -> str:
    with path.open("wb") as file:
        file.truncate(60 * 10**9)
    return str(path)


def make_link(path: Path) -> str:
    path.symlink_to(path)
    return str(path)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (make_device, "this is a device"),
        (make_fifo, "this is a pipe"),
        (make_socket, "this is a socket"),
        (make_large, f"60,000 MB, more than the {MOST_DATA_BYTES / 1e6:.0f} MB"),
        (make_link, "not a usable path"),
        (lambda _: "/proc/self/maps", "a file of the kernel"),
        (lambda _: "/proc/kmsg", "a file of the kernel"),
        (lambda path: str(path.parent), "this is a folder"),
        (lambda _: "/no\0where.csv", "not a usable path"),
    ],
    ids=["device", "fifo", "socket", "60 GB", "loop", "maps", "kmsg", "folder", "nul"],
)
@pytest.mark.parametrize("read_source", [read_table, read_texts])
@pytest.mark.timeout(10)
def test_what_is_no_data_file_is_called_what_it_is_at_once(
    tmp_path: Path, make: Callable[[Path], str], part: str, read_source: Callable[[str], object]
) -> None:
    with pytest.raises(DataError, match=part):
        read_source(make(tmp_path / "x"))


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize("options", [{}, {"text_column": "nope"}, {"label_columns": ["joy", "nope"]}], ids=str)
def test_no_message_shows_what_a_file_holds(tmp_path: Path, name: str, options: dict[str, object]) -> None:
    with pytest.raises(DataError) as caught:
        read_table(write_text(tmp_path / name, SECRETS[name]), **options)  # type: ignore[arg-type]
    assert SECRET not in str(caught.value)
    assert str(caught.value).startswith(f"{name}")


def test_a_link_called_like_a_data_file_makes_a_secret_no_data(tmp_path: Path) -> None:
    write_text(tmp_path / "secrets", f"{SECRET},b\n1,2\n")
    (tmp_path / "data.csv").symlink_to(tmp_path / "secrets")
    with pytest.raises(DataError) as caught:
        read_table(str(tmp_path / "data.csv"), "nope")
    assert "it has 2 columns" in str(caught.value) and SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["joy", "Tweet text", "what was said (2nd)", "très-content", "R&D / sales", "don't"])
def test_what_looks_like_the_name_of_a_column_is_quoted(name: str) -> None:
    assert quote_column("a.csv", name, [name]) == repr(name)
    assert quote_columns("a.CSV", ["ID", name]) == f"'ID', {name!r}"


@pytest.mark.parametrize("name", ['KEY="x"', "a=b", "root:*:1", "x" * 41, "a\tb", "<b>", "\x1b[31m", "\u202ejoy", "$x"])
def test_what_does_not_is_counted(name: str) -> None:
    assert quote_column("a.csv", name, ["ID", name]) == "number 2"
    assert quote_columns("a.csv", ["ID", name]).startswith("2 columns (not named here")
    assert quote_columns("secrets.toml", ["ID"]).startswith("1 column (not named here")


def test_of_very_many_columns_the_first_are_named() -> None:
    assert quote_columns("a.csv", [f"c{number}" for number in range(1000)]).endswith("'c39' and 960 more")


@pytest.mark.parametrize("cell", ["", "yes", "-1", "0.5", "0123456789ab"])
def test_a_short_and_plain_cell_is_quoted(cell: str) -> None:
    assert quote_cell("a.csv", cell) == repr(cell)
    assert quote_cell("a", cell) == f"a text of {len(cell)} characters"


@pytest.mark.parametrize("cell", ["0123456789abc", "a b", "a=b", "\x1b[0m", "=1+1"])
def test_any_other_cell_is_measured(cell: str) -> None:
    assert quote_cell("a.csv", cell) == f"a text of {len(cell)} characters"
