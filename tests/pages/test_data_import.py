"""The import: files of many forms, controls for what was guessed, refusals, and what is registered."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from emocore.data.registry.store import datasets_root, list_datasets
from emocore.data.source import QUOTED_SUFFIXES
from pages.data import jobs
from tests.support.data_page import add_dataset, control, fields, open_import, shown, table_with, upload
from tests.support.forms import to_xlsx
from tests.support.pages import draw, open_page, words
from tests.support.tables import LABELS, make_table, write_csv

pytestmark = pytest.mark.usefixtures("launch_folders")
ROW_PARTS = {"file_format", "encoding", "delimiter", "header", "quotes"}
COLUMN_PARTS = {"text_column", "id_column", "group_column", "split_column", "label_form", "labels"}


def as_csv(rows: int = 200, **changes: Any) -> bytes:
    return make_table(rows).assign(**changes).to_csv(index=False).encode()


def register(page: Any) -> Any:
    page.button(key="data_register").click()
    draw(page)
    return list_datasets(datasets_root())[-1].manifest


def test_nothing_is_read_before_a_file_is_chosen() -> None:
    page = open_page("data", add="upload")
    assert "Choose a file first" in words(page) and fields(page) == set()
    assert page.file_uploader(key="data_upload_train").allowed_type == list(QUOTED_SUFFIXES)


def test_a_plain_csv_is_guessed_and_registered_under_its_name() -> None:
    page = open_import("my tweets (1).csv", as_csv())
    assert fields(page) == ROW_PARTS | COLUMN_PARTS | {"label_cells"}
    assert shown(page, "delimiter") == "comma (guessed)" and shown(page, "text_column") == "Tweet (guessed)"
    assert "set by you" not in str([box.label for box in page.selectbox])
    assert "200 texts, split by each run" in words(page)
    assert page.text_input[0].value == "my-tweets-1"
    page.text_input[1].set_value("CC-BY")
    manifest = register(page)
    assert (manifest.name, manifest.version, manifest.licence) == ("my-tweets-1", 1, "CC-BY")
    assert manifest.sources[0].path is None and manifest.labels == LABELS
    assert manifest.reference in page.query_params["dataset"] and "is registered" in words(page)


def test_the_form_of_goemotions_with_its_names_and_official_files() -> None:
    def rows(seed: int, count: int) -> bytes:
        table = make_table(count, seed)
        labels = [",".join(str(n) for n, name in enumerate(LABELS) if row[name]) for _, row in table.iterrows()]
        return "\n".join(
            "\t".join(parts) for parts in zip("well this is a " + table["Tweet"], labels, table["ID"], strict=True)
        ).encode()

    page = open_import("train.tsv", rows(0, 200))
    assert shown(page, "header") == "a text (guessed)" and shown(page, "separator") == "comma (guessed)"
    assert "the labels are numbers" in words(page)
    upload(page, "names", "names.txt", "\n".join(LABELS).encode())
    upload(page, "test", "test.tsv", rows(1, 60))
    assert "260 texts: 200 train, 60 test" in words(page) and "anger, joy, fear and trust" in words(page)
    assert {"label_column", "separator"} <= fields(page) and "label_cells" not in fields(page)
    manifest = register(page)
    assert manifest.rows == {"train": 200, "test": 60} and manifest.positives["joy"] > 0
    assert manifest.wishes.label_names == LABELS


def test_windows_1252_with_semicolons_and_a_wrong_guess_that_is_set_right() -> None:
    table = make_table()
    table["Tweet"] += " déçu – naïve"
    page = open_import("seven.csv", table.to_csv(index=False, sep=";").encode("cp1252"))
    assert shown(page, "encoding") == "windows-1252 (guessed)" and shown(page, "delimiter") == "semicolon (guessed)"
    control(page, "encoding").set_value("iso-8859-15")
    draw(page)
    assert control(page, "encoding").label.endswith("set by you]")
    assert register(page).wishes.encoding == "iso-8859-15"


def test_json_lines_with_lists_have_no_parts_of_rows_and_may_have_groups() -> None:
    table = make_table()
    lines = [
        json.dumps({"message": row["Tweet"], "labels": [name for name in LABELS if row[name]], "by": f"a{n % 50}"})
        for n, (_, row) in enumerate(table.iterrows())
    ]
    page = open_import("lists.jsonl", "\n".join(lines).encode())
    assert fields(page) & {"delimiter", "header", "quotes"} == set() and shown(page, "separator") == "list (guessed)"
    assert shown(page, "group_column") == "– none –"
    control(page, "group_column").set_value("by")
    manifest = register(draw(page))
    assert manifest.wishes.group_column == "by"


def test_parquet_has_no_encoding(tmp_path: Path) -> None:
    make_table().to_parquet(tmp_path / "a.parquet")
    page = open_import("a.parquet", (tmp_path / "a.parquet").read_bytes())
    assert "encoding" not in fields(page) and shown(page, "file_format") == "parquet (guessed)"
    assert register(page).sources[0].reading.file_format == "parquet"


def test_another_sheet_can_be_chosen_and_its_columns_are_guessed_again() -> None:
    tables = [make_table(200).rename(columns={"Tweet": "text"}), make_table(120, seed=1).rename(columns={"ID": "key"})]
    page = open_import("two.xlsx", to_xlsx(*([list(table), *table.to_numpy().tolist()] for table in tables)))
    assert fields(page) == COLUMN_PARTS | {"file_format", "sheet", "header", "label_cells"}
    assert shown(page, "sheet") == "Sheet1 (guessed)" and "200 texts" in words(page)
    assert [name for name in control(page, "sheet").options if "Sheet" in name] == [
        "Sheet1 (guessed)",
        "Sheet1",
        "Sheet2",
    ]
    control(page, "text_column").set_value("text")
    control(draw(page), "sheet").set_value("Sheet2")
    draw(page)
    assert shown(page, "text_column") == "Tweet (guessed)" and "120 texts" in words(page)
    manifest = register(page)
    assert manifest.wishes.sheet == manifest.sources[0].reading.sheet == "Sheet2"
    one = open_import("one.xlsx", to_xlsx([list(tables[0]), *tables[0].to_numpy().tolist()]))
    assert "sheet" not in fields(one), "there is nothing to choose"


def test_the_cut_of_intensities_changes_what_is_on() -> None:
    table = make_table()
    table[list(LABELS)] = table[list(LABELS)].mul([1 + n % 3 for n in range(len(table))], axis=0)
    page = open_import("graded.csv", table.to_csv(index=False).encode())
    assert "a label is on from 1" in words(page)
    control(page, "cut").set_value(2.0)
    assert "a label is on from 2" in words(draw(page))
    assert control(page, "cut").label.endswith("set by you]")
    manifest = register(page)
    assert manifest.positives["joy"] == (table["joy"] >= 2).sum()


def test_doubtful_training_rows_are_left_out_if_asked_for() -> None:
    page = open_import("a.csv", as_csv())
    assert not page.checkbox, "nothing is doubtful"
    upload(page, "test", "test.csv", make_table(200).head(60).to_csv(index=False).encode())
    assert "260 texts: 200 train, 60 test" in words(page)
    page.checkbox[0].check()
    draw(page)
    assert "200 texts: 140 train, 60 test" in words(page) and "60 training rows left out as doubtful" in words(page)
    manifest = register(page)
    assert manifest.removed_rows == 60 and manifest.rows == {"train": 140, "test": 60}


def test_labels_can_be_left_out_and_everything_guessed_again() -> None:
    page = open_import("a.csv", as_csv())
    control(page, "labels").set_value(["joy", "fear"])
    assert "2 labels: joy and fear" in words(draw(page))
    [again] = [button for button in page.button if button.label == "Guess everything again"]
    again.click()
    assert "4 labels" in words(draw(page)) and control(page, "labels").value == []


def test_a_change_of_the_form_drops_what_depended_on_it() -> None:
    page = open_import("a.csv", as_csv())
    control(page, "text_column").set_value("Tweet")
    draw(page)
    control(page, "header").set_value(False)
    draw(page)
    assert shown(page, "text_column").endswith("(guessed)") and "no column" not in words(page)


def test_an_error_names_its_row_and_nothing_can_be_registered() -> None:
    page = open_import("bad.csv", as_csv(joy=["maybe", *["0"] * 199]))
    assert "bad.csv, row 2, column 'joy': 'maybe' where a label is 0 or 1" in words(page)
    assert "Traceback" not in words(page) and not [b for b in page.button if b.key == "data_register"]
    assert len(table_with(page, "Tweet")) == 8, "the cells are shown all the same"
    page = open_import("a.csv", b"PK\x03\x04 not a table")
    assert "this is a ZIP or an Excel file" in words(page)
    assert list_datasets(datasets_root()) == []


def test_parts_that_contradict_each_other_are_told() -> None:
    page = open_import("a.csv", as_csv())
    control(page, "label_cells").set_value("0/1")
    upload(draw(page), "names", "names.txt", "\n".join(LABELS).encode())
    assert "labels with a column each have no label_names" in words(page)
    assert not [b for b in page.button if b.key == "data_register"]


def test_nothing_is_registered_while_a_setting_contradicts_the_label_names() -> None:
    numbered = pd.DataFrame({"text": make_table()["Tweet"], "label": [n % 4 for n in range(200)]})
    page = open_import("a.csv", numbered.to_csv(index=False).encode())
    upload(page, "names", "names.txt", "\n".join(LABELS).encode())
    control(page, "label_form").set_value("columns")
    draw(page)
    assert page.button(key="data_register").disabled
    assert "Remove the file of label names" in words(page) and "Set one of them back" not in words(page)
    wishes = page.session_state[str(control(page, "label_form").key).replace("label_form", "wishes")]
    wishes["separator"] = ","
    assert "Set one of them back to the guess" in words(draw(page)) and page.button(key="data_register").disabled
    [again] = [button for button in page.button if button.label == "Guess everything again"]
    again.click()
    assert not draw(page).button(key="data_register").disabled


def test_a_name_that_cannot_be_used_is_told_and_one_that_exists_becomes_a_version(tmp_path: Path) -> None:
    add_dataset(tmp_path, "tweets", 300)
    page = open_import("tweets.csv", as_csv())
    assert "tweets has 1 version; this becomes another" in words(page)
    page.text_input[0].set_value("a b")
    assert "'a b' cannot be the name of a dataset" in words(draw(page))
    assert page.button(key="data_register_refused").disabled
    page.text_input[0].set_value("tweets")
    assert register(draw(page)).version == 2
    page = open_import("tweets.csv", as_csv())
    register(page)
    assert "Nothing new: tweets, version 2 has the same content" in words(page)


def test_a_path_is_read_within_the_allowed_folders_only(tmp_path: Path) -> None:
    page = open_page("data", add="path")
    page.text_input(key="data_path_train").set_value("/etc/shadow")
    assert "this page reads data files only below your home" in words(draw(page)) and fields(page) == set()
    path = write_csv(tmp_path / "mine.csv", make_table(), ";")
    page.text_input(key="data_path_train").set_value(path)
    manifest = register(draw(page))
    assert manifest.sources[0].path == path


def test_a_large_file_is_read_in_a_thread_while_the_page_shows_how_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "LARGE_BYTES", 100)
    page = open_page("data", add="upload")
    page.file_uploader(key="data_upload_train").set_value(("a.csv", as_csv(), "text/csv"))
    page.run()
    for _ in range(100):
        if [button for button in page.button if button.key == "data_register"]:
            break
        draw(page)
    assert register(page).name == "a"
