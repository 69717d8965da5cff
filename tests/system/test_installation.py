"""The identity of this installation, and the servers that its user named."""

import stat
from functools import partial
from pathlib import Path

import pytest

from emocore.errors import ConfigError
from emocore.system.installation import confirm_server, confirmed_servers, is_own_mark, make_mark, settings_folder
from tests.support.small_disks import read_only, small_disk
from tests.support.threads import at_once


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "configuration" / "emocore"
    monkeypatch.setenv("EMOCORE_SETTINGS", str(folder))
    return folder


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_mark_holds_only_for_its_subject_and_contents() -> None:
    mark = make_mark("run-1", b"settings", b"environment")
    assert is_own_mark(mark, "run-1", b"settings", b"environment")
    assert not is_own_mark(mark, "run-2", b"settings", b"environment")
    assert not is_own_mark(mark, "run-1", b"settings", b"another environment")
    assert not is_own_mark(mark, "run-1", b"settingsenvironment")
    assert not is_own_mark(None, "run-1", b"settings", b"environment")
    assert not is_own_mark("é", "run-1", b"settings", b"environment")


def test_another_installation_knows_nothing_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = make_mark("run-1", b"settings")
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "other"))
    assert not is_own_mark(mark, "run-1", b"settings")
    assert make_mark("run-1", b"settings") != mark


def test_looking_creates_nothing(settings: Path) -> None:
    assert not is_own_mark("0" * 64, "run-1", b"")
    assert confirmed_servers() == frozenset()
    assert not settings.parent.exists()


def test_what_is_kept_is_only_for_its_user(settings: Path) -> None:
    make_mark("run-1")
    confirm_server("https://wandb.example.org")
    confirm_server("http://127.0.0.1:8080")
    assert confirmed_servers() == {"https://wandb.example.org", "http://127.0.0.1:8080"}
    assert mode(settings) == 0o700
    assert {path.name: mode(path) for path in settings.iterdir()} == {"identity": 0o600, "servers.json": 0o600}


def test_those_who_come_first_at_once_get_one_identity(settings: Path) -> None:
    [mark] = set(at_once(*[lambda: make_mark("run-1")] * 12))
    assert isinstance(mark, str)
    assert [path.name for path in settings.iterdir()] == ["identity"]


def test_of_addresses_that_are_confirmed_at_once_none_is_lost() -> None:
    addresses = {f"http://127.0.0.1:{port}" for port in range(8000, 8012)}
    at_once(*(partial(confirm_server, address) for address in addresses))
    assert confirmed_servers() == addresses


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33], ids=["empty", "short", "long"])
def test_a_damaged_identity_is_said_and_nothing_counts_as_own(settings: Path, content: bytes) -> None:
    settings.mkdir(parents=True)
    (settings / "identity").write_bytes(content)
    with pytest.raises(ConfigError, match="identity is damaged; delete it"):
        make_mark("run-1")
    assert not is_own_mark("0" * 64, "run-1")


@pytest.mark.parametrize("content", ["[", "[]", '{"wandb": 5}', '{"wandb": [5]}', "[" * 100_000])
def test_damaged_addresses_confirm_nobody(settings: Path, content: str) -> None:
    settings.mkdir(parents=True)
    (settings / "servers.json").write_text(content)
    assert confirmed_servers() == frozenset()


def test_a_settings_folder_that_cannot_be_written_is_one_clear_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "file" / "emocore"))
    for write in (lambda: make_mark("run-1"), lambda: confirm_server("https://wandb.example.org")):
        with pytest.raises(ConfigError, match="or name another one in EMOCORE_SETTINGS") as caught:
            write()
        assert str(tmp_path / "file" / "emocore") in str(caught.value) and "\n" not in str(caught.value)


def test_a_read_only_disk_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        monkeypatch.setenv("EMOCORE_SETTINGS", str(disk / "emocore"))
        with read_only(disk), pytest.raises(ConfigError, match="Read-only file system"):
            make_mark("run-1")


def test_without_a_setting_it_is_the_users_configuration_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EMOCORE_SETTINGS")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert settings_folder() == tmp_path / "xdg" / "emocore"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_folder() == tmp_path / ".config" / "emocore"
