"""How many runs may share a device, as the Runs page shows and sets it."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emocore.system.limits import FILE, DeviceLimits, read_limits, set_limit
from tests.support.nvidia_smi import install_gpu
from tests.support.pages import draw, open_page, queue, words


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCORE_SETTINGS", str(tmp_path / "settings"))
    queue()
    return tmp_path / "settings"


def numbers(page: AppTest) -> dict[str, float]:
    return {field.label: field.value for field in page.number_input}


def test_the_limit_is_shown_and_a_change_is_stored_at_once(settings: Path) -> None:
    page = open_page("runs")
    assert numbers(page) == {"Most runs at once on the CPU": 1}
    draw(page.number_input(key="limits_cpu").set_value(2).run())
    assert read_limits() == DeviceLimits(cpu=2) and numbers(page) == {"Most runs at once on the CPU": 2}
    set_limit("cpu", 3)  # by the command line
    assert numbers(draw(page)) == {"Most runs at once on the CPU": 3}


def test_a_machine_with_a_gpu_has_a_limit_for_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_gpu(tmp_path, monkeypatch, used_bytes=0)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    page = open_page("runs")
    assert numbers(page) == {"Most runs at once on a GPU": 4, "Most runs at once on the CPU": 1}
    draw(page.number_input(key="limits_gpu").set_value(1).run())
    assert read_limits() == DeviceLimits(gpu=1)


def test_a_limit_that_cannot_be_stored_stays_and_is_told(settings: Path) -> None:
    page = open_page("runs")
    settings.parent.joinpath("file").touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMOCORE_SETTINGS", str(settings.parent / "file" / "x"))
        page.number_input(key="limits_cpu").set_value(2).run()
    assert "the settings folder" in words(page) and "cannot be written" in words(page)
    assert numbers(page) == {"Most runs at once on the CPU": 1}


def test_damaged_limits_are_named_and_the_page_stands(settings: Path) -> None:
    (settings / FILE).write_text("[]", encoding="utf-8")
    page = open_page("runs")
    assert "limits.json is damaged" in words(page) and numbers(page) == {}
