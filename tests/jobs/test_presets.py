"""Each preset says what its title promises, takes what its launcher gives, and refuses what contradicts it."""

from pathlib import Path
from typing import Any

import pytest

from emocore.errors import BaseModelError, ConfigError, DataError
from emocore.jobs.launch import plan_study
from emocore.jobs.presets import PRESETS, preset_study, rows_study, starter_study
from emocore.run.config import RunConfig
from tests.support.tables import make_table, write_csv

GEMMA, GTE_QWEN = "google/gemma-1.1-2b-it", "Alibaba-NLP/gte-Qwen1.5-7B-instruct"


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    """Official files with 1,100 rows for training."""
    return {
        "data": write_csv(tmp_path / "train.csv", make_table(1100)),
        "validation_data": write_csv(tmp_path / "dev.csv", make_table(60, seed=1)),
    }


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_described_and_names_settings_that_exist(name: str, data: dict[str, str]) -> None:
    preset = PRESETS[name]
    assert preset.name == name and preset.title and preset.description.endswith(".")
    assert preset.own <= set(RunConfig.model_fields)
    study = preset.make(**{} if name == "starter" else data)
    own = {*study.settings, *study.vary, *(s for given in study.method_settings.values() for s in given)}
    assert own <= preset.own | set(data) | {"data", "base"}
    assert study.methods == ["lora", "ia3", "qlora", *(["head"] if name == "starter" else [])]
    assert RunConfig(study=study.name)


def test_the_starter_study_needs_nothing() -> None:
    configs = plan_study(starter_study()).configs
    assert [(c.method, c.base, c.data, c.epochs, c.seed) for c in configs] == [
        ("lora", "minilm-l6", "starter", 3, 42),
        ("ia3", "minilm-l6", "starter", 3, 42),
        ("qlora", "minilm-l6", "starter", 3, 42),
        ("head", "minilm-l6", "starter", 3, 42),
    ]


def test_the_study_as_it_was_has_its_bases_projects_rows_and_steps(data: dict[str, str]) -> None:
    configs = preset_study("as-it-was", data).run_configs()
    assert [(c.method, c.base, c.wandb_project, c.max_steps) for c in configs] == [
        ("lora", GEMMA, "gemma-lora", None),
        ("ia3", GEMMA, "gemma-ia3", None),
        ("qlora", GTE_QWEN, "gte-qwen-qlora", 40),
    ]
    assert {(c.rows, c.seed, c.data) for c in configs} == {(1000, 42, data["data"])}


def test_the_study_as_it_was_says_what_it_needs_where_it_is_not_to_be_had(data: dict[str, str]) -> None:
    with pytest.raises(BaseModelError, match=rf"{GEMMA}.*accept its licence at https://.*set HF_TOKEN"):
        plan_study(preset_study("as-it-was", data))


def test_with_a_token_but_no_gpu_the_study_as_it_was_is_warned_of(
    data: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_none")
    notes = plan_study(preset_study("as-it-was", data | {"device": "cpu"})).notes
    assert [note.split()[0] for note in notes if "will train on the CPU" in note] == [GEMMA, GTE_QWEN]


def test_a_fair_study_differs_only_in_method_and_seed(data: dict[str, str]) -> None:
    configs = preset_study("fair", data).run_configs()
    assert [(c.method, c.seed) for c in configs] == [(m, s) for m in ("lora", "ia3", "qlora") for s in (1, 2, 3)]
    assert len({c.model_dump_json(exclude={"method", "seed"}) for c in configs}) == 1
    assert (configs[0].base, configs[0].rows) == ("minilm-l6", 1000)
    assert preset_study("fair", data | {"base": "smollm2-135m"}).run_configs()[0].base == "smollm2-135m"


def test_what_the_study_as_it_was_needs_is_said_before_its_launch() -> None:
    told = PRESETS["as-it-was"].description
    assert [need for need in ("1,000 training rows", "the Hub", "HF_TOKEN", "a GPU") if need not in told] == []


def test_all_rows_are_taken_where_there_are_fewer_than_the_study_had() -> None:
    assert [c.rows for c in preset_study("fair", {}).run_configs()] == [None] * 9
    assert {c.rows for c in preset_study("learning-rate", {}).run_configs()} == {None}


def test_rows_double_as_far_as_the_data_reaches(data: dict[str, str]) -> None:
    assert preset_study("rows", data).vary == {"rows": [125, 250, 500, 1000]}
    assert preset_study("rows", {}).vary == {"rows": [125, 250, 500]}, "the starter set has 777"


@pytest.mark.parametrize(
    ("available", "rows"), [(50, [25, 50]), (499, [25, 50, 100, 200, 400]), (500, [125, 250, 500])]
)
def test_few_rows_get_a_curve_too(tmp_path: Path, available: int, rows: list[int]) -> None:
    train, dev = make_table(available), make_table(60, seed=1)
    study = rows_study(data=write_csv(tmp_path / "t.csv", train), validation_data=write_csv(tmp_path / "d.csv", dev))
    assert study.vary == {"rows": rows}


def test_rows_too_few_for_a_curve_are_refused(tmp_path: Path) -> None:
    files = {"data": make_table(49), "validation_data": make_table(60, seed=1)}
    with pytest.raises(DataError, match="49 training rows are too few for a curve; it needs at least 50"):
        rows_study(**{name: write_csv(tmp_path / f"{name}.csv", table) for name, table in files.items()})


def test_rates_span_those_of_all_methods(data: dict[str, str]) -> None:
    plan = plan_study(preset_study("learning-rate", data))
    assert [c.learning_rate for c in plan.configs if c.method == "ia3"] == [1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2]
    assert len(plan.configs) == 18
    defaults = [c.learning_rate for c in plan_study(preset_study("fair", data)).configs]
    assert min(defaults) > 1e-4 and max(defaults) < 3e-2


def test_what_a_preset_leaves_open_is_taken_from_the_launcher(data: dict[str, str]) -> None:
    own = {"ia3": {"learning_rate": "5e-3"}, "qlora": {"epochs": 1}}
    study = preset_study("as-it-was", data | {"batch_size": "8"}, own, name="mine")
    lora, ia3, qlora = study.run_configs()
    assert (lora.batch_size, ia3.learning_rate, qlora.epochs, qlora.max_steps) == (8, 5e-3, 1, 40)
    assert {c.study for c in (lora, ia3, qlora)} == {"mine"}


@pytest.mark.parametrize(
    ("preset", "settings", "own", "name"),
    [
        ("starter", {"data": "x.csv"}, {}, "data"),
        ("as-it-was", {"base": "minilm-l6"}, {}, "base"),
        ("as-it-was", {}, {"qlora": {"max_steps": 80}}, "max_steps"),
        ("fair", {"rows": 500}, {}, "rows"),
        ("rows", {"rows": 500}, {}, "rows"),
        ("learning-rate", {}, {"ia3": {"learning_rate": 5e-3}}, "learning_rate"),
    ],
)
def test_what_contradicts_a_preset_is_refused(
    preset: str, settings: dict[str, Any], own: dict[str, Any], name: str
) -> None:
    with pytest.raises(ConfigError, match=f"{name}: preset {preset} sets it itself; leave it out") as caught:
        preset_study(preset, settings, own)
    assert caught.value.field == name
