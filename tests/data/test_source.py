"""A `data` setting that does not name a regular file of a sane size is refused at once; messages quote only names."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from emocore.data.source import MOST_DATA_BYTES, quote_cell, quote_column, quote_columns
from emocore.data.table import read_table, read_texts
from emocore.errors import DataError
from tests.support.damaged_folders import IN_PLACE, Damage
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


def bind_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the address of a socket is short
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def put_huge(path: Path) -> None:
    path.touch()
    os.truncate(path, 60 * 10**9)


NO_DATA: dict[str, tuple[Damage, str]] = {
    "fifo": (os.mkfifo, "this is a pipe"),
    "socket": (bind_socket, "this is a socket"),
    "60 GB": (put_huge, f"60,000 MB, more than the {MOST_DATA_BYTES / 1e6:.0f} MB"),
    "loop": (IN_PLACE["link loop"], "not a usable path"),
    "folder": (Path.mkdir, "this is a folder"),
    "missing": (IN_PLACE["missing"], r"x: no such file"),
}
NO_PATHS = {
    os.devnull: "this is a device",
    "/proc/self/maps": "a file of the kernel",
    "/proc/kmsg": "a file of the kernel",
    "/no\0where.csv": "not a usable path",
    "~nosuchuser/table.csv": "not a usable path",
    "a" * 300: "not a usable path",
}


@pytest.mark.parametrize("name", NO_DATA)
@pytest.mark.parametrize("read_source", [read_table, read_texts])
@pytest.mark.timeout(10)
def test_what_is_no_data_file_is_called_what_it_is_at_once(
    tmp_path: Path, name: str, read_source: Callable[[str], object]
) -> None:
    put, words = NO_DATA[name]
    put(tmp_path / "x")
    with pytest.raises(DataError, match=words):
        read_source(str(tmp_path / "x"))


@pytest.mark.parametrize("path", NO_PATHS)
@pytest.mark.parametrize("read_source", [read_table, read_texts])
@pytest.mark.timeout(10)
def test_nor_is_a_path_that_leads_to_none_waited_for(path: str, read_source: Callable[[str], object]) -> None:
    with pytest.raises(DataError, match=NO_PATHS[path]):
        read_source(path)


@pytest.mark.parametrize("name", SECRETS)
@pytest.mark.parametrize(
    "options", [{}, {"text_column": "nope"}, {"label_columns": ["joy", "nope"]}, {"group_column": "nope"}], ids=str
)
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


PLAIN = ["", "yes", "-1", "0.5", "0123456789ab"]


@pytest.mark.parametrize("cell", [*PLAIN, "0123456789abc", "a b", "a=b", "\x1b[0m", "=1+1"])
def test_a_short_and_plain_cell_of_a_data_file_is_quoted_and_any_other_measured(cell: str) -> None:
    measured = f"a text of {len(cell)} characters"
    assert quote_cell("a.csv", cell) == (repr(cell) if cell in PLAIN else measured)
    assert quote_cell("a", cell) == measured
