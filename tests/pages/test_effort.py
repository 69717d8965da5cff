"""A page knows before it reads a file whether that takes long, also of files that are packed well."""

from io import BytesIO

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from emocore.data.reading.record import Reading
from emocore.data.registry.importing import read_parts, register
from emocore.data.registry.manifest import CONTENT
from emocore.data.registry.store import datasets_root
from emocore.data.source import DataFile
from pages.data import jobs
from pages.launch import reading
from pages.shared.effort import count_effort
from tests.support.forms import to_xlsx
from tests.support.hub_datasets import to_stored_parquet
from tests.support.launch_page import open_launch
from tests.support.pages import open_page, words
from tests.support.tables import make_table

ROWS = 5_000  # of the same few texts, which a parquet file packs into a few kilobytes


@pytest.fixture(scope="module")
def packed() -> bytes:
    table = make_table(200).drop(columns="ID").rename(columns={"Tweet": "text"})
    return to_stored_parquet(pd.concat([table] * (ROWS // 200), ignore_index=True))


def test_rows_count_however_well_they_are_packed(packed: bytes) -> None:
    assert len(packed) < 30_000 and count_effort(BytesIO(packed)) > 100_000
    assert count_effort(BytesIO(b"text,joy\na,1\n")) == 13
    assert count_effort(BytesIO(b"PAR1 is a text")) == 14 and count_effort(BytesIO(b"")) == 0
    sheet = to_xlsx([["text", "joy"], ["a", 1]])
    assert count_effort(BytesIO(sheet)) > 2 * len(sheet)


@pytest.mark.usefixtures("launch_folders")
def test_packed_rows_are_read_in_a_thread(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (jobs, reading):
        monkeypatch.setattr(module, "LARGE_BYTES", 100_000)
    page = open_page("data", add="upload")
    page.file_uploader(key="data_upload_train").set_value(("a.parquet", packed, "x"))
    page.run()
    assert not has_been_read(page)
    found = read_parts({"train": DataFile("a.parquet", packed)}, Reading(), {})
    dataset, _ = register(datasets_root(), "packed", found)
    assert (dataset.folder / CONTENT).stat().st_size < 100_000
    assert "Reading the data and dividing them into splits" in words(open_launch(str(dataset.folder)))


def has_been_read(page: AppTest) -> bool:
    return any(button.key == "data_register" for button in page.button)
