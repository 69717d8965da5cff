"""The Launch page in a test: the form, and a click on its button."""

from typing import Any

from streamlit.testing.v1 import AppTest

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs, runs_root
from tests.support.pages import draw, open_page, words


def open_launch(path: str | None = None, **parameters: str) -> AppTest:
    """The form, where there is a `path` with that file for its data."""
    page = open_page("launch", **parameters)
    if path:
        page.segmented_control(key="launch_source").set_value("File on disk").run()
        page.text_input(key="launch_path").set_value(path).run()
    return page


def click_launch(page: AppTest) -> list[RunFolder]:
    [button] = [button for button in page.button if button.label.startswith("Launch")]
    assert not button.disabled, words(page)
    button.click()
    draw(page)
    return list_runs(runs_root())


def identity(config: RunConfig) -> dict[str, Any]:
    """The settings of a run apart from the name of its study, which is by time."""
    return config.model_dump(exclude={"study"})
