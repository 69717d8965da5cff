"""One dataset: every view of it has a link, texts can be searched, and what a user wrote is no markup."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from emocore.data.changes import LabelChange, hash_text
from emocore.data.reading.record import Reading, describe_reading
from emocore.data.registry.correcting import correct_dataset
from emocore.data.registry.importing import read_files, register
from emocore.data.registry.store import datasets_root
from emocore.models.lengths import count_tokens
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, runs_root
from pages.data.dataset import VIEWS
from pages.data.words import count_remarks
from tests.support.data_page import add_dataset, table_with
from tests.support.pages import draw, open_page, words
from tests.support.tables import make_table, write_csv

pytestmark = pytest.mark.usefixtures("launch_folders")


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_a_link_for_the_starter_set_and_a_dataset(view: str, tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets", 200, test=60)
    for reference, title in (("starter", "Starter set"), (dataset.manifest.reference, "tweets, version 1")):
        page = open_page("data", dataset=reference, view=view)
        assert page.segmented_control(key="data_view").value == view
        assert [heading.value for heading in page.subheader] == [title]
        assert not page.error and not page.warning


def test_back_leads_through_the_views() -> None:
    page = open_page("data", dataset="starter")
    for view in ("texts", "source"):
        page.segmented_control(key="data_view").set_value(view)
        assert view in draw(page).query_params["view"]
    page.query_params["view"] = "texts"
    assert draw(page).segmented_control(key="data_view").value == "texts"
    del page.query_params["view"]
    assert draw(page).segmented_control(key="data_view").value == "labels"


def test_labels_are_counted_by_split(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets", 200, test=60)
    page = open_page("data", dataset=dataset.manifest.reference)
    table = table_with(page, "train share").set_index("label")
    train = make_table(200)
    assert table.loc["joy", "train texts"] == train["joy"].sum()
    assert table.loc["joy", "train share"] == pytest.approx(train["joy"].mean())
    assert "260 texts: 200 train, 60 test" in words(page)


def test_labels_that_come_together_are_counted(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    page = open_page("data", dataset=dataset.manifest.reference, view="together")
    table, train = table_with(page, "anger").set_index("label"), make_table(200)
    assert table.loc["anger", "joy"] == (train["anger"] & train["joy"]).sum()


def test_texts_are_searched_by_words_label_and_split_and_the_link_says_so(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets", 200, test=60)
    page = open_page("data", dataset=dataset.manifest.reference, view="texts")
    assert len(table_with(page, "text")) == 50 and "260 texts of 260" in words(page)
    page.number_input(key="data_page").set_value(6)
    assert len(table_with(draw(page), "text")) == 10
    page.selectbox(key="data_label").select("joy")
    page.selectbox(key="data_split").select("test")
    page.text_input(key="data_words").set_value("SO MUCH ANGER")
    table = table_with(draw(page), "text")
    expected = make_table(60, seed=1).query("joy == 1 and anger == 1")
    assert table["text"].tolist() == [text.strip() for text in expected["Tweet"]]
    assert set(table["split"]) == {"test"} and all("joy" in labels for labels in table["labels"])
    assert "SO MUCH ANGER" in page.query_params["words"] and "joy" in page.query_params["label"]
    again = open_page("data", **dict(page.query_params))
    assert table_with(again, "text").equals(table)
    page.text_input(key="data_words").set_value("nowhere")
    assert "0 texts of 260" in words(draw(page)) and not page.exception


def test_lengths_are_those_of_the_base_and_tell_what_is_cut(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    page = open_page("data", dataset=dataset.manifest.reference, view="lengths")
    assert "0.0% of the texts (0 of 200) have more than 128 tokens" in words(page).replace("**", "")
    page.number_input(key="data_max_length").set_value(10)
    longer = int((count_tokens("minilm-l6", make_table(200)["Tweet"].tolist()) > 10).sum())
    assert 0 < longer < 200 and f"({longer} of 200) have more than 10 tokens" in words(draw(page))


def test_the_source_says_what_was_guessed_and_what_was_told(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "a.csv", make_table(), ";")
    add_dataset(tmp_path, "tweets", 250)
    dataset, _ = register(datasets_root(), "tweets", read_files({"train": path}, Reading(delimiter=";")))
    run = create_run(runs_root(), RunConfig(method="tfidf", data=str(dataset.folder)))
    page = open_page("data", dataset="tweets", view="source")
    table = table_with(page, "told by").set_index("part")
    assert table.loc["delimiter"].tolist() == ["semicolon", "you"]
    assert table.loc["encoding"].tolist() == ["utf-8", "guessed"]
    said = words(page)
    assert path in said and f"run={run.id}" in said and "version 1, added" in said


def test_what_the_checks_found_is_counted_and_told(tmp_path: Path) -> None:
    table = make_table()
    table["rare"] = 0
    table.loc[:1, "rare"] = 1
    path = write_csv(tmp_path / "a.csv", pd.concat([table, table.head(3).assign(ID=["x", "y", "z"])]).assign(by="me"))
    dataset, _ = register(datasets_root(), "rare", read_files({"train": path}, Reading()))
    manifest = dataset.manifest
    page = open_page("data", dataset="rare")
    [remarks] = [one for one in page.expander if "warning" in one.label]
    assert manifest.findings and manifest.notes
    assert remarks.label == count_remarks(manifest.describe_findings(), manifest.notes)
    assert all(told in words(page) for told in (*manifest.notes, *manifest.describe_findings()))
    assert remarks.label in words(open_page("data"))


def test_corrected_labels_are_warned_of_and_the_version_before_is_named(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    row = make_table().iloc[0]
    text_hash, stored = hash_text(row["Tweet"]), int(row["joy"])
    change = LabelChange(row_id=row["ID"], text_hash=text_hash, label="joy", old=stored, new=1 - stored)
    corrected, _ = correct_dataset(datasets_root(), dataset, {"train": [change]})
    page = open_page("data", dataset=corrected.manifest.reference, view="source")
    assert "1 label corrected after models had been seen" in words(page)
    assert f"corrected from {dataset.manifest.reference}" in words(page)


def test_markup_in_names_and_texts_stays_as_it_is(tmp_path: Path) -> None:
    nasty = ["**joy**", ":red[fear]", "[a](http://evil.example)", "$x$"]
    table = make_table().set_axis(["ID", "Tweet", *nasty], axis=1)
    table["Tweet"] = [f"<b>bold</b> <img src=x> **md** {number}" for number in range(len(table))]
    path = write_csv(tmp_path / "a.csv", table)
    dataset, _ = register(datasets_root(), "nasty", read_files({"train": path}, Reading()), "<script>")
    for view in VIEWS:
        page = open_page("data", dataset=dataset.manifest.reference, view=view)
        raw = words(page, raw=True)
        assert not any(name in raw for name in (*nasty, "<script>", "<b>bold"))
    page = open_page("data", dataset="nasty", view="texts", label=nasty[1])
    assert table_with(page, "text")["text"].str.startswith("<b>bold</b>").all()


def test_a_dataset_that_is_gone_or_damaged_is_said_to_be(tmp_path: Path) -> None:
    said = words(open_page("data", dataset="<b>gone"))
    assert "There is no dataset <b>gone here" in said and "All datasets" in said
    dataset = add_dataset(tmp_path, "tweets")
    (dataset.folder / "texts.parquet").write_bytes(b"PAR1")
    assert "its file texts.parquet cannot be read" in words(open_page("data", dataset="tweets"))


def test_the_source_tells_each_part_of_a_reading(tmp_path: Path) -> None:
    table = make_table(200).assign(split=["train", "train", "train", "test"] * 50)
    table.to_excel(tmp_path / "a.xlsx", index=False)
    found = read_files({"train": str(tmp_path / "a.xlsx")}, Reading())
    dataset, _ = register(datasets_root(), "sheet", found)
    page = open_page("data", dataset=dataset.manifest.reference, view="source")
    parts = table_with(page, "told by").set_index("part")["read as"]
    assert (parts["sheet"], parts["splits"]) == ("Sheet1", "split")
    told = [title for title, _ in describe_reading(found.tables["train"].reading)]
    assert list(parts.index) == told


def test_an_address_names_no_dataset_elsewhere_on_the_disk(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    elsewhere = tmp_path / "private" / dataset.folder.name
    shutil.copytree(dataset.folder, elsewhere)
    for reference in (str(elsewhere), f"../../private/{dataset.folder.name}", str(elsewhere.parent)):
        page = open_page("data", dataset=reference)
        assert not page.segmented_control
        assert "There is no dataset" in words(page)
