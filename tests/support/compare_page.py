"""The Compare page in Streamlit's test harness."""

from collections.abc import Sequence
from typing import Any

from streamlit.testing.v1 import AppTest

from pages.shared.plain import NOTHING
from tests.support.repository import REPOSITORY

PAGE = REPOSITORY / "pages" / "compare" / "page.py"
VIEWS = (
    "emotions", "verdicts", "thresholds", "calibration", "costs", "texts", "sweeps", "audit", "original_study",
    "export",
)  # fmt: skip


def open_compare(**parameters: str | Sequence[str]) -> AppTest:
    """The page in a new session; `parameters` are those of its address."""
    page = AppTest.from_file(str(PAGE), default_timeout=30)
    for name, value in parameters.items():
        page.query_params[name] = value
    return page.run()


def switch_view(page: AppTest, view: str) -> None:
    page.segmented_control(key="compare_view").set_value(view).run()


def words(page: AppTest, raw: bool = False) -> str:
    """All that the page says; `raw` with the backslashes that keep signs from being Markdown."""
    kinds: list[Any] = [page.error, page.warning, page.info, page.success, page.caption, page.markdown, page.subheader]
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    return said if raw else said.replace("\\", "").replace(NOTHING, "")
