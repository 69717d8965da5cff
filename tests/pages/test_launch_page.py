"""The Launch page: what it shows is what runs, files are refused unread, and a clone starts from its run."""

import json
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.data.registry.store import remove_dataset
from emocore.data.source import read_source
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, runs_root
from emocore.run.state import RunStatus
from emocore.run.study_record import read_study_record, study_file
from tests.support.data_page import add_dataset
from tests.support.label_counts import LABELS_BY_COUNT, write_labelled
from tests.support.launch_page import click_launch, identity, open_launch
from tests.support.pages import draw, open_page, words
from tests.support.tables import change_status, make_table, write_csv

GEMMA, GTE_QWEN = "google/gemma-1.1-2b-it", "Alibaba-NLP/gte-Qwen1.5-7B-instruct"
pytestmark = pytest.mark.usefixtures("launch_folders")


def test_the_runs_are_listed_before_their_launch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    page = open_launch(write_csv(tmp_path / "mine.csv", make_table(1600)))
    page.selectbox(key="launch_preset").select("as-it-was").run()
    table = page.dataframe[0].value
    assert table["method"].tolist() == ["LoRA", "IA3", "QLoRA"]
    assert table["base"].tolist() == ["gemma-1.1-2b-it", "gemma-1.1-2b-it", "gte-Qwen1.5-7B-instruct"]
    assert table["max steps"].tolist() == ["–", "–", "40"]
    assert table["wandb project"].tolist() == ["gemma-lora", "gemma-ia3", "gte-qwen-qlora"]
    assert "will train on the CPU" in words(page)
    configs = [run.config for run in click_launch(page)]
    assert [(c.base, c.max_steps, c.rows) for c in configs] == [
        (GEMMA, None, 1000), (GEMMA, None, 1000), (GTE_QWEN, 40, 1000)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("count", "told"), [(2, "2 of the 6 labels of Ekman"), (28, "the labels of GoEmotions"), (100, "")]
)
def test_the_preview_says_whose_labels_they_are_and_shows_them_all(tmp_path: Path, count: int, told: str) -> None:
    page = open_launch(str(write_labelled(tmp_path / "mine.csv", count)))
    assert (f"These are {told}" in words(page)) if told else ("These are" not in words(page))
    (chart,) = page.get("plotly_chart")
    names = json.loads(chart.proto.spec)["layout"]["yaxis"]["ticktext"]
    assert sorted(names) == sorted(LABELS_BY_COUNT[count])


SECRET = "hf_s3cr3t"


@pytest.fixture
def secrets(tmp_path: Path) -> dict[str, str]:
    """Files that a page must not show: one of keys, one in a hidden folder, one out of the allowed folders, a link."""
    (tmp_path / ".streamlit").mkdir()
    keys, hidden, link = tmp_path / ".streamlit" / "secrets.toml", tmp_path / ".streamlit" / "a.csv", tmp_path / "b.csv"
    for path in (keys, hidden):
        path.write_text(f'HF_TOKEN = "{SECRET}"\n{SECRET},1\n', encoding="utf-8")
    link.symlink_to(keys)
    return {"keys": str(keys), "hidden": str(hidden), "link": str(link), "system": "/etc/shadow"}


def everything(page: AppTest) -> str:
    return words(page) + "".join(str(frame.value) for frame in page.dataframe) + "".join(c.value for c in page.code)


@pytest.mark.parametrize("place", ["launch_path", "launch_validation_data", "launch_test_data"])
def test_a_file_that_a_page_may_not_read_is_refused_unread(
    secrets: dict[str, str], place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr("emocore.data.table.read_source", lambda source: opened.append(source) or read_source(source))
    page = open_launch()
    page.segmented_control(key="launch_source").set_value("File on disk" if place == "launch_path" else "Dataset")
    page.run()
    page.text_input(key="launch_text_column").set_value("nope")
    for path in secrets.values():
        page.text_input(key=place).set_value(path)
        draw(page)
        assert "this page reads" in words(page) and SECRET not in everything(page)
        assert page.button(key="launch_refused").disabled
    page.selectbox(key="launch_preset").select("rows").run()
    assert "this page reads" in "\n".join(warning.value for warning in page.warning)
    assert SECRET not in everything(page)
    assert set(opened) <= {"starter"}


def test_a_clone_of_a_run_on_such_a_file_fills_the_form_and_is_refused(secrets: dict[str, str]) -> None:
    run = create_run(runs_root(), resolve(RunConfig(method="tfidf", data=secrets["keys"]))[0])
    page = open_launch(clone=run.id)
    assert page.text_input(key="launch_path").value == secrets["keys"]
    assert "this page reads only files that end in .csv, .tsv, .txt" in words(page) and SECRET not in everything(page)
    assert page.button(key="launch_refused").disabled


def test_a_registered_dataset_is_chosen_by_its_link_and_trained_on(tmp_path: Path) -> None:
    first, latest = (add_dataset(tmp_path, "tweets", rows) for rows in (200, 300))
    page = open_launch(data=first.manifest.reference)
    box = page.selectbox(key="launch_dataset")
    assert box.value == first.manifest.reference
    assert [box.format_func(option) for option in (latest.manifest.reference, "starter")] == [
        "tweets, version 2 · 300 texts, 4 labels", "Starter set, built in"
    ]  # fmt: skip
    page.multiselect(key="launch_methods").set_value(["tfidf"])
    page.text_input(key="launch_study").set_value("mine").run()
    [run] = click_launch(page)
    assert run.config.data == str(first.folder)
    box = page.selectbox(key="launch_dataset").select(latest.manifest.reference).run()
    assert latest.manifest.reference in page.query_params["data"]


def test_a_clone_names_the_dataset_of_its_run_even_where_that_is_gone(tmp_path: Path) -> None:
    dataset = add_dataset(tmp_path, "tweets")
    reference = dataset.manifest.reference
    settings = {"data": str(dataset.folder), "test_data": str(dataset.folder)}
    run = create_run(runs_root(), resolve(RunConfig(method="tfidf", **settings))[0])
    page = open_launch(clone=run.id)
    assert page.selectbox(key="launch_dataset").value == reference
    assert page.text_input(key="launch_test_data").value == reference
    shown = open_page("run", run=run.id).dataframe[-1].value.set_index("setting")["value"]
    assert shown["data"] == shown["test_data"] == reference
    remove_dataset(dataset)
    page = open_launch(clone=run.id)
    assert page.text_input(key="launch_path").value == reference
    assert f"{reference}: no such dataset" in words(page) and page.button(key="launch_refused").disabled


def test_a_link_to_a_dataset_that_is_gone_leads_to_the_starter_set_with_a_warning() -> None:
    page = open_launch(data="<b>gone")
    assert "There is no dataset <b>gone here" in words(page)
    assert page.selectbox(key="launch_dataset").value == "starter"


def test_the_margin_of_the_form_is_fixed_for_the_study_and_comes_back_in_a_clone() -> None:
    page = open_launch()
    page.multiselect(key="launch_methods").set_value(["tfidf"])
    page.text_input(key="launch_study").set_value("mine")
    page.number_input(key="launch_margin_points").set_value(0.0).run()
    assert "margin_points: Input should be greater than 0" in words(page)
    page.number_input(key="launch_margin_points").set_value(2.5).run()
    [run] = click_launch(page)
    record = read_study_record(runs_root(), "mine")
    assert record and (record.margin_points, record.methods, record.additions) == (2.5, ("tfidf",), ())
    clone = open_launch(clone=run.id)
    assert clone.number_input(key="launch_margin_points").value == 2.5
    clone.text_input(key="launch_seeds").set_value("43").run()
    assert len(click_launch(clone)) == 2
    record = read_study_record(runs_root(), "mine")
    assert record and [addition.seeds for addition in record.additions] == [(43,)]
    study_file(runs_root(), "mine").write_text("{", encoding="utf-8")
    clone = open_launch(clone=run.id)
    assert clone.number_input(key="launch_margin_points").value == 1.0, "the form opens all the same"
    click_launch(clone)
    assert "mine-" in words(clone) and ".json is damaged" in words(clone).replace("\\", "")


def test_a_wrong_variation_is_told_next_to_it() -> None:
    page = open_launch()
    page.selectbox(key="launch_vary").select("rows").run()
    assert "vary: rows needs at least two values" in words(page)
    page.text_input(key="launch_vary_values").set_value("25, 5000").run()
    assert "rows=5,000 but the training part has" in words(page)
    page.text_input(key="launch_vary_values").set_value("25, 50").run()
    assert page.dataframe[0].value["rows"].tolist() == ["25", "50"] * 3
    page.number_input(key="launch_rate_ia3").set_value(0.005).run()
    page.text_area(key="launch_own").set_value("ia3.learning_rate=5e-3").run()
    assert "ia3.learning_rate is given twice" in words(page)


@pytest.mark.parametrize(("setting", "inputs"), [("batch_size", 1), ("learning_rate", 3), ("lora_rank", 1)])
def test_what_is_varied_has_no_single_value_any_more(setting: str, inputs: int) -> None:
    page = open_launch()
    page.selectbox(key="launch_vary").select(setting).run()
    page.text_input(key="launch_vary_values").set_value("1, 0.5" if setting == "learning_rate" else "8, 4").run()
    varied = [text for text in page.text_input if text.placeholder == "varied"]
    assert len(varied) == inputs and all(text.disabled for text in varied)
    values = [getattr(run.config, setting) for run in click_launch(page) if run.config.method == "lora"]
    assert values == ([1, 0.5] if setting == "learning_rate" else [8, 4])


def test_a_study_is_not_launched_into_itself_from_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    page = open_launch()
    page.multiselect(key="launch_methods").set_value(["tfidf"])
    page.text_input(key="launch_study").set_value("mine").run()
    assert len(click_launch(page)) == 1
    assert len(click_launch(page)) == 1
    assert "already has" not in words(page), "the second click of a double click"
    monkeypatch.setattr("pages.shared.launching.DOUBLE_CLICK_SECONDS", 0.0)
    assert len(click_launch(page)) == 1
    assert "study 'mine' already has TF-IDF seed 42" in words(page) and "choose another name" in words(page)
    page.text_input(key="launch_seeds").set_value("43").run()
    assert len(click_launch(page)) == 2


def test_a_clone_starts_from_its_run_whatever_the_form_held() -> None:
    config = resolve(RunConfig(method="ia3", seed=7, rows=100, study="mine", learning_rate=0.02))[0]
    run = create_run(runs_root(), config)
    change_status(run, RunStatus.FINISHED)
    page = open_launch(preset="rows")
    page.query_params.pop("preset")
    page.query_params["clone"] = run.id
    page.session_state["launch_preset"] = "own"
    page.run()
    assert f"the settings of run {run.id}" in words(page)
    assert page.selectbox(key="launch_vary").value == "nothing"
    assert page.text_input(key="launch_seeds").value == "7"
    assert [run.config for run in click_launch(page)] == [config] * 2, "a clone needs no change"
    page.text_input(key="launch_seeds").set_value("8").run()
    clone = click_launch(page)[-1].config
    assert identity(clone) == identity(config) | {"seed": 8}


def test_a_clone_of_a_run_with_another_type_of_peft_keeps_its_parameters() -> None:
    config = resolve(RunConfig(method="peft:randlora", peft=["r=7"], max_length=40))[0]
    page = open_launch(clone=create_run(runs_root(), config).id)
    assert page.multiselect(key="launch_methods").value == ["peft:randlora"]
    page.text_input(key="launch_seeds").set_value("8").run()
    clone = click_launch(page)[-1].config
    assert identity(clone) == identity(config) | {"seed": 8}
    assert clone.peft == ["r=7"]


def test_a_clone_of_no_run_is_a_form_like_any_other() -> None:
    page = open_launch(clone="gone")
    page.multiselect(key="launch_methods").set_value(["tfidf"])
    page.text_input(key="launch_study").set_value("mine").run()
    assert len(click_launch(page)) == len(click_launch(page)) == 1


def test_a_second_click_that_arrives_under_the_address_of_the_runs_page_leads_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Seen in two of 24 double clicks on a busy machine: the form of a clone came back without its run."""
    switches: list[Any] = []
    monkeypatch.setattr(st, "switch_page", lambda *_, query_params: switches.append(query_params))
    page = open_launch()
    page.text_input(key="launch_study").set_value("first").run()
    click_launch(page)
    assert switches == [{"study": "first"}]
    page.run()
    assert len(switches) == 1, "without the address, it is the user who came back"
    page.query_params["study"] = "first"
    page.run()
    assert len(switches) == 2
    monkeypatch.setattr("pages.shared.launching.DOUBLE_CLICK_SECONDS", 0.0)
    page.run()
    assert len(switches) == 2


def test_the_memory_is_forecast_and_a_warning_says_what_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Peak memory on the CPU: about " in words(open_launch())
    monkeypatch.setattr("emocore.jobs.memory.free_bytes", lambda: 10**8)
    page = open_launch()
    [warning] = [told for element in page.warning if "at its peak" in (told := element.value.replace("\\", ""))]
    assert "100 MB are free on the CPU" in warning
    assert "gradient_accumulation_steps 2" in warning
    assert "Peak memory" not in words(page)
