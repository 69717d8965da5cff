"""The part of Compare's view of texts on labels that all runs contradict."""

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.run.listing import runs_root
from tests.support.pages import open_compare, words
from tests.support.studies import finish_study


def find_table(page: AppTest) -> pd.DataFrame:
    """The only table that says what is stored."""
    [table] = [frame.value for frame in page.dataframe if "stored" in frame.value]
    return table


def list_buttons(page: AppTest) -> list[str]:
    return [button.proto.label for button in page.get("download_button")]


def test_suspects_are_counted_listed_and_explained() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), texts=300)
    page = open_compare(view="texts")
    told = words(page)
    assert "Labels that all runs contradict" in told and "the label may be wrong, or the text is hard" in told
    table = find_table(page)
    assert f"All 2 runs contradict {len(table):,} of " in told and "only a person who judges the blind list" in told
    assert [part.label for part in page.expander][-1] == f"{len(table)} suspected labels"
    assert set(table["stored"]) == {"yes", "no"}
    assert {"List to correct", "Blind list"} < set(list_buttons(page))


def test_the_emotion_of_the_page_filters_the_table() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), texts=300)
    every = find_table(open_compare(view="texts"))
    page = open_compare(view="texts", emotion="joy")
    assert find_table(page)["row_id"].tolist() == every[every["label"] == "joy"]["row_id"].tolist()
    assert page.expander[-1].label.endswith("of joy")


def test_lists_are_named_by_what_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), texts=300)
    offered: dict[str, str] = {}
    monkeypatch.setattr(
        st, "download_button", lambda label, data, **given: offered.update({given["file_name"]: data()})
    )
    page = open_compare(view="texts")
    assert list(offered) == ["label-errors.csv", "label-errors-blind.csv", "label-errors-blind-key.csv"]
    assert offered["label-errors-blind.csv"].startswith("cell,text,label,corrected\n1,text ")
    page.toggle(key="compare_errors_for_spreadsheets").set_value(True).run()
    assert "label-errors-blind.for-spreadsheets.csv" in offered


def test_without_a_suspect_there_is_no_list() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), texts=20)
    page = open_compare(view="texts")
    assert not page.exception and "0 suspected labels" in [part.label for part in page.expander]
    assert "fewer than 10 texts have it" in words(page)
    assert not list_buttons(page)
