"""A list of suspected labels, filled in and uploaded, becomes a new version; nothing is stored before that is asked."""

from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from emocore.cli.main import main
from emocore.data.load import read_dataset
from emocore.data.registry.importing import STARTER_COPY
from emocore.data.registry.store import Dataset, datasets_root, list_datasets, remove_dataset
from emocore.data.spreadsheet import to_csv
from emocore.data.table import read_table
from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import compare
from emocore.evaluation.label_errors import LabelErrors, find_label_errors_of_data
from emocore.evaluation.results import load_result
from emocore.export.label_errors import blind_list, open_list
from emocore.run.config import STARTER
from tests.support.data_page import table_with
from tests.support.dataset_runs import WRONG_IDS, add_wrong_dataset, finish_runs
from tests.support.pages import draw, open_page, words

pytestmark = pytest.mark.usefixtures("launch_folders")
REGISTER = "data_register_corrected"


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    return add_wrong_dataset(tmp_path)


def find_errors(dataset: Dataset) -> LabelErrors:
    return find_label_errors_of_data([load_result(run) for run in finish_runs(str(dataset.folder))])


def fill_in(listed: pd.DataFrame, suggested: pd.Series, count: int = len(WRONG_IDS)) -> pd.DataFrame:
    """The list as a person gives it back who agreed with the first suggestions and has not judged the others."""
    return listed.assign(corrected=["" if row >= count else str(value) for row, value in enumerate(suggested)])


def upload(reference: str, listed: pd.DataFrame | bytes, key: pd.DataFrame | None = None) -> AppTest:
    """The view after the list was uploaded, with its key if it is blind."""
    page = open_page("data", dataset=reference, view="suspects")
    content = listed if isinstance(listed, bytes) else to_csv(listed).encode()
    page.file_uploader(key=f"data_corrected_{reference}").set_value(("errors.csv", content, "text/csv"))
    if key is not None:
        given = ("key.csv", to_csv(key).encode(), "text/csv")
        page.file_uploader(key=f"data_corrected_key_{reference}").set_value(given)
    return draw(page)


def click(page: AppTest, key: str = REGISTER) -> AppTest:
    page.button(key=key).click()
    return draw(page)


def can_register(page: AppTest) -> bool:
    return any(button.key == REGISTER for button in page.button)


def test_from_suspects_to_a_version_that_compare_does_not_mix_with_its_parent(dataset: Dataset) -> None:
    reference, errors = dataset.manifest.reference, find_errors(dataset)
    listed = open_list(errors)
    page = upload(reference, fill_in(listed, listed["suggested"]))
    assert "12 labels would change: 12 in the test split." in words(page).replace("**", "")
    shown = table_with(page, "corrected")
    assert shown["row_id"].tolist() == errors.suspects.head(12)["row_id"].tolist()
    assert shown["text"].tolist() == errors.suspects.head(12)["text"].tolist()
    assert list_datasets(datasets_root()) == [dataset], "nothing is stored before that is asked"

    click(page)
    _, corrected = list_datasets(datasets_root())
    assert corrected.manifest.reference in page.query_params["dataset"] and "view" not in page.query_params
    assert "tweets, version 2 is registered, with 12 labels corrected." in words(page)
    assert corrected.manifest.parent == reference and len(corrected.manifest.changes["test"]) == 12
    before, after = (read_dataset(one).frame.set_index("row_id")[["joy", "anger"]] for one in (dataset, corrected))
    assert list(after.index[(before != after).any(axis=1)]) == WRONG_IDS

    page = open_page("data", dataset=corrected.manifest.reference)
    assert "12 labels corrected in tweets, version 1" in [part.label for part in page.expander]
    assert table_with(page, "corrected")["row_id"].tolist() == shown["row_id"].tolist()
    assert f"dataset={reference.replace('@', '%40')}" in words(page)
    assert "No run uses this version yet" in words(open_page("data", dataset="tweets", view="suspects"))

    parents = [load_result(run) for run in finish_runs(str(dataset.folder))]
    results = [*parents, *(load_result(run) for run in finish_runs(str(corrected.folder)))]
    comparison = compare(results, "test")
    assert len(comparison.groups) == 2 and len(set(comparison.series.values())) == 4
    assert not set(comparison.groups[0].series) & set(comparison.groups[1].series)
    assert "(12 labels corrected after models were seen)" in " ".join(audit(results, "test")["values"])


def test_a_blind_list_is_read_with_its_key(dataset: Dataset) -> None:
    listed, key = blind_list(find_errors(dataset))
    filled = fill_in(listed, key["suggested"].fillna(key["stored"]), len(listed))
    page = upload(dataset.manifest.reference, filled)
    assert "a blind list is read together with its key" in words(page) and not can_register(page)
    page = upload(dataset.manifest.reference, filled, key)
    assert f"{int(key['suspected'].sum())} labels would change" in words(page) and can_register(page)


def test_what_cannot_be_corrected_is_said_and_cannot_be_registered(dataset: Dataset) -> None:
    listed = open_list(find_errors(dataset))
    filled = fill_in(listed, listed["suggested"], 1)
    for content, reason in (
        (b"a,b\n1,2\n3,4\n", "errors.csv: it has 'a', 'b', but not 'split'"),
        (listed, "the list changes nothing; fill in its column 'corrected'"),
        (filled.assign(corrected="2"), "errors.csv, row 2, column 'corrected': '2' where a label is 0 or 1"),
        (filled.assign(row_id="elsewhere"), "no text has this row id; choose the table that was corrected"),
        (filled.assign(text="another"), "the text of this row is another one than in the list"),
        (filled.assign(label="pride"), "the table has no such label"),
        (filled.assign(stored=filled["suggested"], corrected=filled["stored"]), "as before the change"),
    ):
        page = upload(dataset.manifest.reference, content)
        assert reason in words(page) and not can_register(page) and "Traceback" not in words(page)
    assert list_datasets(datasets_root()) == [dataset]


def test_the_same_list_again_is_nothing_new(dataset: Dataset) -> None:
    listed = open_list(find_errors(dataset))
    filled = fill_in(listed, listed["suggested"])
    for said in ("tweets, version 2 is registered", "Nothing new: tweets, version 2 has the same content."):
        page = upload(dataset.manifest.reference, filled)
        assert said in words(click(page))
    assert len(list_datasets(datasets_root())) == 2


def test_a_corrected_version_stays_readable_without_its_parent(dataset: Dataset) -> None:
    listed = open_list(find_errors(dataset))
    click(upload(dataset.manifest.reference, fill_in(listed, listed["suggested"])))
    remove_dataset(dataset)
    page = open_page("data", dataset="tweets")
    [origin] = [part.label.replace("\\", "") for part in page.expander if "corrected in" in part.label]
    assert origin.endswith("which is not registered any more") and len(table_with(page, "corrected")) == 12


def test_the_starter_set_is_corrected_in_a_registered_copy(capsys: pytest.CaptureFixture[str]) -> None:
    page = open_page("data", dataset=STARTER, view="suspects")
    assert "The starter set is built in, so it has no versions" in words(page) and not page.get("file_uploader")
    click(page, "data_copy_starter")
    [copy] = list_datasets(datasets_root())
    assert "suspects" in page.query_params["view"] and f"{STARTER_COPY}, version 1 is registered" in words(page)
    assert copy.manifest.licence == "Apache-2.0"
    row = read_table(STARTER).frame.iloc[0]
    place = {"split": row["split_name"], "row_id": row["row_id"], "text": row["text"], "label": "joy"}
    listed = pd.DataFrame([place | {"stored": row["joy"], "corrected": 1 - row["joy"]}])
    assert "1 label would change" in words(upload(copy.manifest.reference, listed))
    assert main(["data", "correct", STARTER, "errors.csv"]) == 2
    assert f"register a copy with `python -m emocore data add {STARTER_COPY} " in capsys.readouterr().err
