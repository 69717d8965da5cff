"""The view of Compare that ranks series over datasets: its table, its notes, and what it says without two datasets."""

from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from emocore.run.folder import RunFolder
from emocore.run.listing import runs_root
from tests.support.pages import open_compare, words
from tests.support.studies import finish_study

SEVERAL = "~~"


def finish_dataset(
    number: int, study: str | None, methods: tuple[str, ...] = ("lora", "ia3"), **settings: Any
) -> list[RunFolder]:
    origin = {"data_sha256": {"data": f"{number}" * 64}, "evaluation_sha256": f"{number}" * 64}
    chosen = {"data": f"/data/set {number}/train.csv"} | settings
    return finish_study(runs_root(), methods, (42,), study=study, data_seed=number, provenance=origin, **chosen)


def open_studies(*studies: str) -> AppTest:
    return open_compare(view="datasets", study=SEVERAL, studies=list(studies))


def table_of(page: AppTest) -> pd.DataFrame:
    return page.dataframe[-1].value.set_index("series")


def test_studies_on_two_datasets_are_ranked_with_a_column_each() -> None:
    finish_dataset(1, "tweets", ("lora", "ia3", "head"))
    finish_dataset(2, "forum", ("lora", "ia3", "tfidf"))
    page = open_studies("tweets", "forum")
    table = table_of(page)
    assert table.columns.tolist() == ["mean rank", "macro-F1 on tweets", "macro-F1 on forum"]
    assert table["mean rank"].to_dict() == {"LoRA": 1, "IA3": 2}
    alone = open_compare(study="forum").dataframe[0].value.set_index("series")["macro-F1"]
    assert alone["LoRA"].startswith(f"{table.at['LoRA', 'macro-F1 on forum']:.3f} [")
    told = words(page)
    assert "Over 2 datasets, LoRA has the best mean rank (1.00), before IA3 (2.00)." in told
    assert "tweets: Head left out" in told and "forum: TF-IDF left out" in told
    assert "The report and the bundle do not hold this ranking" in told
    assert len(page.get("plotly_chart")) == 2


def test_runs_chosen_by_hand_are_ranked_on_datasets_named_by_their_files() -> None:
    runs = [run for number in (1, 2) for run in finish_dataset(number, None)]
    page = open_compare(view="datasets", runs=[run.id for run in runs])
    assert [name for name in table_of(page) if name != "mean rank"] == [
        f"macro-F1 on set {number}/train.csv" for number in (1, 2)
    ]


def test_the_ranking_follows_the_thresholds_and_the_split() -> None:
    for number in (1, 2):
        finish_dataset(number, f"study {number}")
    page = open_studies("study 1", "study 2")
    shown = [table_of(page)]
    for key, value in (("compare_thresholds", "tuned"), ("compare_split", "validation")):
        page.segmented_control(key=key).set_value(value).run()
        assert not page.exception
        shown.append(table_of(page))
    assert len({table.to_csv() for table in shown}) == 3


def test_one_dataset_is_told_how_to_get_there() -> None:
    finish_dataset(1, "s")
    told = words(open_compare(view="datasets"))
    assert "Launch the same methods on another dataset, then choose" in told
    assert "[Launch](pages/launch/page.py?)" in told
    finish_dataset(1, "again", ("qlora", "head"))
    assert "Launch the same methods on another dataset" in words(open_studies("s", "again")), "the same data"


def test_a_dataset_with_several_sets_of_texts_is_left_out_with_a_note() -> None:
    finish_dataset(1, "s")
    finish_study(
        runs_root(), ("lora", "ia3"), (42,), study="s", data_seed=5, data="/data/set 1/train.csv", split_seed=3,
        provenance={"data_sha256": {"data": "1" * 64}, "evaluation_sha256": "5" * 64},
    )  # fmt: skip
    finish_dataset(2, "t")
    told = words(open_studies("s", "t"))
    assert "s left out: its runs were scored on 2 sets of texts" in told
    assert "A ranking takes two or more datasets." in told


def test_datasets_that_share_no_series_are_told_so() -> None:
    finish_dataset(1, "s", ("lora", "ia3"))
    finish_dataset(2, "t", ("qlora", "head"))
    told = words(open_studies("s", "t"))
    assert "s and t share no series with the same settings apart from data" in told


@pytest.mark.parametrize("name", ["_s_ (1)", "mean rank", "series"])
def test_names_of_studies_are_shown_as_they_are(name: str) -> None:
    finish_dataset(1, name)
    finish_dataset(2, "t", ("lora", "ia3", "head"))
    page = open_studies("t", name)
    assert not page.exception and not page.error
    assert f"macro-F1 on {name}" in table_of(page)
    if name == "_s_ (1)":
        finish_dataset(1, name, ("qlora",))
        assert f"{name}: QLoRA" in words(open_studies("t", name))
        assert name not in words(open_studies("t", name), raw=True)


def test_files_with_markup_in_their_names_are_shown_as_they_are() -> None:
    runs = [run for number in (1, 2) for run in finish_dataset(number, None, data=f"/d/<b>*{number}* :red[x].csv")]
    runs += finish_dataset(1, None, ("head",), data="/d/<b>*1* :red[x].csv")
    page = open_compare(view="datasets", runs=[run.id for run in runs])
    assert "macro-F1 on ‹b›*1* :red[x].csv" in table_of(page)
    assert "‹b›*1* :red[x].csv: Head left out" in words(page)
    assert "*1*" not in words(page, raw=True)
    assert "<b>*1*" not in page.get("plotly_chart")[1].proto.spec
