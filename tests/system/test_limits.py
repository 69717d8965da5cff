"""How many runs may share a device: the user's numbers, in the settings folder."""

from pathlib import Path

import pytest

from emocore.errors import ConfigError
from emocore.system.installation import confirm_server, confirmed_servers
from emocore.system.limits import FILE, MOST_RUNS, DeviceLimits, read_limits, set_limit


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))
    return tmp_path / "settings"


def test_reading_creates_nothing_and_one_run_has_the_cpu(settings: Path) -> None:
    assert read_limits() == DeviceLimits(cpu=1, gpu=4)
    assert not settings.exists()


def test_what_was_set_is_read_and_other_settings_stay(settings: Path) -> None:
    confirm_server("http://w")
    set_limit("cpu", 2)
    set_limit("gpu", MOST_RUNS)
    assert read_limits() == DeviceLimits(cpu=2, gpu=MOST_RUNS)
    assert [read_limits().of(name) for name in ("cpu", "cuda:0")] == [2, MOST_RUNS]
    assert confirmed_servers() == {"http://w"}
    assert (settings / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("runs", [0, -1, MOST_RUNS + 1])
def test_a_number_out_of_bounds_is_not_stored(settings: Path, runs: int) -> None:
    with pytest.raises(ConfigError, match=f"{runs} is not from 1 to {MOST_RUNS}"):
        set_limit("cpu", runs)
    assert not settings.exists()


@pytest.mark.parametrize("content", ["", "[]", '{"cpu": 0}', '{"cpu": "2"}', '{"cpu": 2.0}', '{"tpu": 2}', "{"])
def test_a_damaged_file_is_named_and_not_overwritten(settings: Path, content: str) -> None:
    settings.mkdir()
    (settings / FILE).write_text(content, encoding="utf-8")
    for use in (read_limits, lambda: set_limit("cpu", 2)):
        with pytest.raises(ConfigError, match=r"limits\.json is damaged; delete it"):
            use()
    assert (settings / FILE).read_text(encoding="utf-8") == content


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "file" / "settings"))
    assert read_limits() == DeviceLimits()
    with pytest.raises(ConfigError, match="EMOCORE_SETTINGS"):
        set_limit("cpu", 2)
