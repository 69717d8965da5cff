"""Uploads of earlier versions are listed with the runs that use them, and removed if no run does."""

import json
import os
import time
from pathlib import Path

import pytest

from emocore.data.uploads import UPLOADS, list_uploads, remove_unused_uploads
from tests.support.damaged_folders import IN_PLACE, IN_PLACE_OF_FILES, replace_with
from tests.support.uploads import keep_upload

TABLE = b"text,anger,joy\nx,1,0\ny,0,1\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def age(path: Path, hours: float = 2) -> Path:
    then = time.time() - 3600 * hours
    os.utime(path, (then, then))
    return path


def use(root: Path, run: str, path: Path, config: str | None = None) -> None:
    (root / run).mkdir()
    (root / run / "config.json").write_text(config or json.dumps({"data": str(path)}), encoding="utf-8")


def test_uploads_are_listed_with_the_runs_that_use_them_and_the_others_removed(root: Path) -> None:
    used, unused, young = (keep_upload(root, f"{name}.csv", TABLE) for name in ("used", "unused", "young"))
    assert len({used, unused, young}) == 3
    for path in (used, unused):
        age(path)
    other = keep_upload(root, "other.csv", TABLE + b"z,1,1\n")
    use(root, "run-1", age(other))
    use(root, ".draft-run-2", age(other))
    (root / UPLOADS / "mine.csv").write_text("not an upload", encoding="utf-8")
    uploads = {upload.path: upload for upload in list_uploads(root)}
    assert set(uploads) == {used, unused, young, other}
    assert sorted(uploads[other].runs) == [".draft-run-2", "run-1"] and uploads[other].bytes == len(TABLE) + 6
    assert uploads[used].runs == ()
    removed = [upload.path for upload in remove_unused_uploads(root)]
    assert set(removed) == {used, unused}
    assert {path.name for path in (root / UPLOADS).iterdir()} == {young.name, other.name, "mine.csv"}
    assert remove_unused_uploads(root) == []


def test_what_a_store_that_was_cut_off_has_left_is_removed_too(root: Path) -> None:
    path = keep_upload(root, "a.csv", TABLE)
    draft = age(path.rename(path.with_name(f".{path.name}.123.tmp")))
    assert [upload.path for upload in remove_unused_uploads(root)] == [draft]


@pytest.mark.parametrize("damage", ["nonsense", "cut", "folder", "fifo", "other type"])
@pytest.mark.timeout(10)
def test_a_damaged_run_keeps_what_its_settings_name_and_stops_nothing_else(root: Path, damage: str) -> None:
    path, unused = age(keep_upload(root, "a.csv", TABLE)), age(keep_upload(root, "b.csv", TABLE + b"z,1,1\n"))
    whole = json.dumps({"data": str(path)})
    contents = {"nonsense": f"[{{{path}", "cut": whole[:-1], "other type": f"[{whole}]"}
    use(root, "run", path, contents.get(damage))
    if damage in ("folder", "fifo"):
        replace_with((IN_PLACE | IN_PLACE_OF_FILES)[damage])(root / "run" / "config.json")
    removed = [upload.path for upload in remove_unused_uploads(root)]
    assert unused in removed
    assert path.is_file() == (damage not in ("folder", "fifo"))


def test_where_settings_may_not_be_read_nothing_is_taken_for_unused(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = age(keep_upload(root, "a.csv", TABLE))
    use(root, "of-somebody-else", path)

    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied") if path.exists() else FileNotFoundError

    monkeypatch.setattr("emocore.data.uploads.read_bytes", refuse)
    [upload] = list_uploads(root)
    assert upload.runs == ("of-somebody-else",)
    assert remove_unused_uploads(root) == []


def test_without_uploads_there_is_nothing_to_list(root: Path) -> None:
    assert list_uploads(root) == []
    (root / UPLOADS).write_text("in the way", encoding="utf-8")
    assert list_uploads(root) == []
