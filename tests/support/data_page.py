"""Datasets for the Data page in a test, and the import of a file there."""

from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pandas as pd
import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest

from emocore.data.reading.record import Reading
from emocore.data.registry.importing import read_files, register
from emocore.data.registry.store import Dataset, datasets_root
from tests.support.pages import draw, open_page
from tests.support.tables import make_table, write_csv


def add_dataset(folder: Path, name: str, rows: int = 200, licence: str | None = None, **others: int) -> Dataset:
    """A dataset of a file in `folder`; `others` are the rows of files for further parts."""
    paths = {
        part: write_csv(folder / f"{name}-{part}.csv", make_table(count, seed))
        for seed, (part, count) in enumerate({"train": rows, **others}.items())
    }
    return register(datasets_root(), name, read_files(paths, Reading()), licence)[0]  # type: ignore[arg-type]


def open_import(name: str, content: bytes) -> AppTest:
    """The import with this file as its upload."""
    return upload(open_page("data", add="upload"), "train", name, content)


def upload(page: AppTest, use: str, name: str, content: bytes) -> AppTest:
    page.file_uploader(key=f"data_upload_{use}").set_value((name, content, "text/plain"))
    return draw(page)


def table_with(page: AppTest, column: str) -> pd.DataFrame:
    """The only table of the page that has the column."""
    [found] = [frame.value for frame in page.dataframe if column in frame.value]
    return found


def control(page: AppTest, field: str) -> Any:
    """The input of a part of the reading."""
    inputs = [*page.selectbox, *page.number_input, *page.multiselect]
    [found] = [one for one in inputs if str(one.key).endswith(f"_{field}") and "data_" in str(one.key)]
    return found


def fields(page: AppTest) -> set[str]:
    """The parts of the reading that have an input."""
    keys = [str(one.key) for one in (*page.selectbox, *page.number_input, *page.multiselect)]
    return {key.split("_", 2)[2] for key in keys if key.startswith("data_") and key.count("_") >= 2}


def shown(page: AppTest, field: str) -> str:
    """What stands in the box of a part."""
    box = control(page, field)
    return box.format_func(box.value)


def click_twice(page: AppTest, key: str, monkeypatch: pytest.MonkeyPatch, place: str) -> AppTest:
    """The page after a double click: the second comes when the function at `place` has done its work."""
    act = resolve_name(place)
    clicks: list[WidgetStates] = []

    def act_and_click(*values: Any, **named: Any) -> Any:
        done = act(*values, **named)
        if not clicks:
            context = get_script_run_ctx()
            assert context and context.script_requests
            clicked = WidgetStates(widgets=context.session_state.get_widget_states())
            clicks.append(clicked)
            context.script_requests.request_rerun(RerunData(query_string=context.query_string, widget_states=clicked))
        return done

    monkeypatch.setattr(place, act_and_click)
    page.button(key=key).click()
    draw(page)
    assert clicks
    return page
