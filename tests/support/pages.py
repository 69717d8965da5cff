"""Pages of the app in Streamlit's test harness, and runs for them to show."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, runs_root
from emocore.run.state import RunStatus
from pages.shared.plain import NOTHING
from tests.support.records import write_rows
from tests.support.repository import REPOSITORY
from tests.support.tables import LABELS, change_status, finish_run

VIEWS = (
    "emotions", "verdicts", "thresholds", "calibration", "costs", "texts", "sweeps", "datasets", "audit",
    "original_study", "export",
)  # fmt: skip
LAST_WORDS = "the last words"
TRUTH = np.tile([[1, 0, 1, 0], [0, 1, 0, 1], [1, 1, 0, 0]], (4, 1))


def load_page(name: str, **parameters: str | Sequence[str]) -> AppTest:
    """The page in a new session, before its script ran; `parameters` are those of its address."""
    page = AppTest.from_file(str(REPOSITORY / "pages" / name / "page.py"), default_timeout=30)
    for key, value in parameters.items():
        page.query_params[key] = value
    return page


def open_page(name: str, **parameters: str | Sequence[str]) -> AppTest:
    """The page as it is first drawn, without an exception."""
    return draw(load_page(name, **parameters))


def open_compare(**parameters: str | Sequence[str]) -> AppTest:
    return open_page("compare", **parameters)


def draw(page: AppTest) -> AppTest:
    """Draw the page again, which must raise nothing."""
    page.run()
    assert not page.exception, [error.message for error in page.exception]
    return page


def words(page: AppTest, raw: bool = False) -> str:
    """All text of the page; `raw` includes the backslashes that escape Markdown."""
    kinds: list[Any] = [page.error, page.warning, page.info, page.success, page.caption, page.markdown, page.subheader]
    said = "\n".join(str(element.value) for kind in kinds for element in kind)
    return said if raw else said.replace("\\", "").replace(NOTHING, "")


def labels(page: AppTest) -> list[str]:
    return [button.label for button in page.button]


def write_link(page: str, *, label: str, query_params: dict[str, str] | None = None, **_: Any) -> None:
    """Replaces `st.page_link`, because a page that is drawn without the app has no other pages to link to."""
    st.markdown(f"[{label}]({page}?{urlencode(query_params or {}, doseq=True)})")


def queue(method: str = "lora", study: str | None = "s", **settings: Any) -> RunFolder:
    return create_run(runs_root(), resolve(RunConfig(method=method, study=study, **settings))[0])


def stop(run: RunFolder) -> RunFolder:
    change_status(run, RunStatus.STOPPED, reason="stopped by the user")
    return run


def finish(method: str = "lora", study: str | None = "s") -> RunFolder:
    """A finished run with a curve and a log."""
    config, _ = resolve(RunConfig(method=method, study=study, threshold=0.5))
    run = finish_run(runs_root(), config, TRUTH, TRUTH * 2.0 - 1, LABELS)
    row = {"step": 3, "total_steps": 3, "epoch": 1.0, "seconds": 2.0}
    write_rows(run.metrics, [row | {"train/loss": 0.5, "validation/f1_macro": 0.4, "validation/f1_micro": 0.6}])
    run.log.write_text(f"{LAST_WORDS}\n", encoding="utf-8")
    return run
