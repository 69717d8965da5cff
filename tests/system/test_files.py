"""Files that are replaced in one step, and where the cache is."""

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from emocore.system.files import (
    cache_root,
    check_contained,
    file_version,
    folder_bytes,
    open_regular,
    open_to_append,
    parse_json_object,
    read_bytes,
    read_json_object,
    remove_folder,
    write_atomically,
)
from tests.support.small_disks import fill, read_only, small_disk
from tests.support.threads import meanwhile


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", megabytes=0.25) as folder:
        yield folder


def test_a_file_is_replaced_without_leftovers(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    write_atomically(file, "new é")
    assert file.read_text(encoding="utf-8") == "new é"
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]


def test_a_full_disk_leaves_the_old_content_and_nothing_next_to_it(disk: Path) -> None:
    file = disk / "state.json"
    write_atomically(file, "old")
    fill(disk)
    names = {path.name for path in disk.iterdir()}
    with pytest.raises(OSError, match="No space left"):
        write_atomically(file, "new" * 100_000)
    assert file.read_text() == "old"
    assert {path.name for path in disk.iterdir()} == names


def test_a_disk_that_fills_up_half_way_gets_its_space_back(disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"):
        write_atomically(disk / "state.json", "x" * 10_000_000)
    assert list(disk.iterdir()) == []
    write_atomically(disk / "state.json", "x" * 100_000)


def test_a_disk_that_may_only_be_read_keeps_the_old_content(disk: Path) -> None:
    file = disk / "state.json"
    write_atomically(file, "old")
    with read_only(disk), pytest.raises(OSError, match="Read-only"):
        write_atomically(file, "new")
    assert [(path, path.read_text()) for path in disk.iterdir()] == [(file, "old")]


def test_a_text_that_has_no_bytes_is_not_half_written(tmp_path: Path) -> None:
    """A label may have come from broken JSON, as half a character."""
    file = tmp_path / "state.json"
    write_atomically(file, "old")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(file, "x" * 100_000 + "\ud800")
    assert [(path, path.read_text()) for path in tmp_path.iterdir()] == [(file, "old")]


def test_a_folder_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_atomically(tmp_path / "gone" / "state.json", "new")
    assert list(tmp_path.iterdir()) == []


def test_every_replacement_is_a_new_version(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    versions = [file_version(file)]
    for _ in range(20):
        write_atomically(file, "the same")
        versions.append(file_version(file))
    assert all(before != after for before, after in pairwise(versions))


@pytest.mark.parametrize(("content", "expected"), [(b'{"a": 1}', {"a": 1}), (b"[]", None), (b"\xed\xa0\x80", None)])
def test_only_an_object_is_read_as_one(tmp_path: Path, content: bytes, expected: object) -> None:
    (tmp_path / "result.json").write_bytes(content)
    assert read_json_object(tmp_path / "result.json") == expected


def test_a_folder_is_measured_with_all_below_it_in_what_it_takes(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "large").write_bytes(os.urandom(100_000))
    (tmp_path / "small").write_bytes(b"x")
    with (tmp_path / "hollow").open("wb") as file:  # takes no room, whatever its length says
        file.truncate(10_000_000)
    (tmp_path / "link").symlink_to(tmp_path / "deep" / "large")
    assert 100_000 < folder_bytes(tmp_path) < 130_000
    assert folder_bytes(tmp_path / "gone") == 0


def test_files_that_vanish_while_a_folder_is_measured_count_as_nothing(tmp_path: Path) -> None:
    def come_and_go() -> None:
        for change in (Path.touch, Path.unlink):
            for number in range(20):
                change(tmp_path / f"{number}")

    with meanwhile(come_and_go):
        assert {folder_bytes(tmp_path) for _ in range(2000)} == {0}


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    file = tmp_path / "content"
    versions = {letter * 100_000 for letter in "ab"}
    write_atomically(file, "a" * 100_000)
    seen: set[str] = set()
    with meanwhile(lambda: seen.add(file.read_text())):
        for letter in "ab" * 20:
            write_atomically(file, letter * 100_000)
    assert seen <= versions


def test_converted_bases_are_kept_where_the_environment_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMOCORE_CACHE", str(tmp_path / "cache"))
    assert cache_root() == tmp_path / "cache"
    assert cache_root().is_dir()


@pytest.fixture(params=["folder", "fifo", "device", "link to a device", "kernel's log", "large"])
def no_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What may lie in a file's place, some of which would hold a reader for ever."""
    path = tmp_path / "config.json"
    if request.param == "folder":
        path.mkdir()
    elif request.param == "fifo":
        os.mkfifo(path)
    elif request.param == "link to a device":
        path.symlink_to("/dev/zero")
    elif request.param == "large":
        with path.open("wb") as file:
            file.truncate(200 * 10**6)
    return {"device": Path("/dev/zero"), "kernel's log": Path("/dev/kmsg")}.get(request.param, path)


@pytest.mark.timeout(10)
def test_only_a_regular_file_of_a_size_is_read(no_file: Path) -> None:
    if not no_file.exists():
        pytest.skip(f"no {no_file} here")
    for read in (read_bytes, read_json_object, open_regular):
        with pytest.raises(
            OSError, match=r"it is a folder|it is not a regular file|it has 200 MB, more than the 64 MB"
        ):
            read(no_file)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["folder", "fifo", "link"])
def test_nothing_but_a_file_of_the_folder_is_written_to(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (tmp_path / "precious").write_text("mine")
    log = folder / "run.log"
    {"folder": log.mkdir, "fifo": lambda: os.mkfifo(log), "link": lambda: log.symlink_to("../precious")}[kind]()
    with pytest.raises(OSError):
        open_to_append(log, folder)
    assert (tmp_path / "precious").read_text() == "mine"


def test_links_are_followed_within_their_folder_and_behind_a_linked_one(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere" / "run"
    folder.mkdir(parents=True)
    (folder / "state.json").write_text("{}")
    (folder / "again.json").symlink_to("state.json")
    (folder / "out.json").symlink_to("/etc/passwd")
    (folder / "loop.json").symlink_to("loop.json")
    linked = tmp_path / "run"
    linked.symlink_to(folder)
    for name in ("state.json", "again.json", "not there.json"):
        check_contained(linked / name, linked)
    with pytest.raises(OSError, match="leads out of its folder"):
        check_contained(linked / "out.json", linked)
    with pytest.raises(OSError, match="symbolic links"):
        read_json_object(linked / "loop.json")


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, "[]", "5", "null", "", '{"a": ', '{"a": "\\ud800"}', "{"]
)
def test_what_is_no_object_is_none(text: str) -> None:
    assert parse_json_object(text) is None


def test_characters_in_two_halves_are_read() -> None:
    assert parse_json_object('{"a": "\\ud83d\\ude21"}') == {"a": "\N{POUTING FACE}"}


def test_of_a_linked_folder_only_the_link_is_removed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    remove_folder(tmp_path / "link")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "folder"]
    remove_folder(tmp_path / "folder")
    assert list(tmp_path.iterdir()) == []


def test_a_file_only_for_its_user_is_never_another_s_for_a_moment(tmp_path: Path) -> None:
    write_atomically(tmp_path / "secret", "x", 0o600)
    write_atomically(tmp_path / "secret", "y", 0o600)
    assert (tmp_path / "secret").stat().st_mode & 0o777 == 0o600
