"""Presets of the Launch page fill the form with what they stand for."""

from pathlib import Path

import pytest

from emocore.jobs.presets import PRESETS, preset_study
from emocore.models.resolve import resolve
from tests.support.launch_page import click_launch, identity, open_launch
from tests.support.pages import words
from tests.support.tables import make_table, write_csv

GEMMA, GTE_QWEN = "google/gemma-1.1-2b-it", "Alibaba-NLP/gte-Qwen1.5-7B-instruct"

GEMMA, GTE_QWEN = "google/gemma-1.1-2b-it", "Alibaba-NLP/gte-Qwen1.5-7B-instruct"
pytestmark = pytest.mark.usefixtures("launch_folders")


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "as-it-was"])
def test_what_a_preset_fills_in_is_what_it_stands_for(name: str) -> None:
    page = open_launch(preset=name)
    study = preset_study(name, {})
    expected = [resolve(config)[0] for config in study.run_configs()]
    assert PRESETS[name].description in words(page)
    assert [identity(run.config) for run in click_launch(page)] == [identity(config) for config in expected]


def test_the_study_as_it_was_is_shown_whole_and_refused_with_what_it_needs(tmp_path: Path) -> None:
    page = open_launch(write_csv(tmp_path / "mine.csv", make_table(1600)))
    page.selectbox(key="launch_preset").select("as-it-was").run()
    assert page.query_params["preset"] == "as-it-was"
    assert page.selectbox(key="launch_base").value == GEMMA
    assert page.number_input(key="launch_rows").value == 1000
    assert page.text_area(key="launch_own").value.splitlines() == [
        "lora.wandb_project=gemma-lora",
        "ia3.wandb_project=gemma-ia3",
        f"qlora.base={GTE_QWEN}",
        "qlora.max_steps=40",
        "qlora.wandb_project=gte-qwen-qlora",
    ]
    assert page.text_input(key="launch_path").value.endswith("mine.csv"), "the data stays"
    assert "accept its licence at https://" in words(page) and "set HF_TOKEN" in words(page)
    assert page.button(key="launch_refused").disabled
    assert page.dataframe[0].value["max steps"].tolist() == ["–", "–", "40"], "what it would be is shown all the same"


def test_what_one_preset_brought_does_not_stay_in_the_next() -> None:
    page = open_launch(preset="as-it-was")
    page.selectbox(key="launch_preset").select("learning-rate").run()
    assert page.selectbox(key="launch_base").value == "minilm-l6"
    assert page.text_area(key="launch_own").value == ""
    assert page.selectbox(key="launch_vary").value == "learning_rate"
    page.selectbox(key="launch_preset").select("starter").run()
    assert page.selectbox(key="launch_vary").value == "nothing"
    assert page.number_input(key="launch_epochs").value == 3
    assert page.multiselect(key="launch_methods").value[-1] == "head"


def test_a_base_of_the_users_choice_goes_into_the_preset() -> None:
    page = open_launch()
    page.selectbox(key="launch_base").select("smollm2-135m").run()
    page.selectbox(key="launch_preset").select("fair").run()
    runs = click_launch(page)
    assert [run.config.base for run in runs] == ["smollm2-135m"] * 9


def test_a_preset_can_be_changed_and_chosen_again() -> None:
    page = open_launch(preset="rows")
    assert page.text_input(key="launch_vary_values").value == "125, 250, 500"
    page.text_input(key="launch_vary_values").set_value("30, 60").run()
    page.text_input(key="launch_seeds").set_value("5").run()
    assert page.text_input(key="launch_vary_values").value == "30, 60"
    page.selectbox(key="launch_preset").select("own").run()
    assert "preset" not in page.query_params
    assert [(run.config.rows, run.config.seed) for run in click_launch(page)] == [(30, 5), (60, 5)] * 3
    page.selectbox(key="launch_preset").select("rows").run()
    assert page.text_input(key="launch_vary_values").value == "125, 250, 500"


def test_a_preset_that_the_data_does_not_serve_says_why_and_leaves_the_form(tmp_path: Path) -> None:
    page = open_launch(str(tmp_path / "gone.csv"))
    page.text_input(key="launch_seeds").set_value("5").run()
    page.selectbox(key="launch_preset").select("rows").run()
    assert any("gone.csv: no such file" in warning.value.replace("\\", "") for warning in page.warning)
    assert page.text_input(key="launch_seeds").value == "5"
    page.text_input(key="launch_path").set_value(write_csv(tmp_path / "mine.csv", make_table(400))).run()
    page.run()
    assert page.selectbox(key="launch_vary").value == "rows", "filled as soon as it can be"


def test_an_unknown_preset_in_the_address_is_told() -> None:
    page = open_launch(preset="magic")
    assert "There is no preset magic" in words(page)
    assert page.selectbox(key="launch_preset").value == "own"
