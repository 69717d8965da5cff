"""A study's settings: what it expands to, what it varies, and what it refuses."""

from typing import Any

import pytest

from emocore.errors import ConfigError
from emocore.run.config import RunConfig, build
from emocore.run.settings import SHARED, VARIED
from emocore.run.study import StudyConfig


def test_a_study_is_methods_times_seeds_in_the_given_order() -> None:
    study = StudyConfig(name="s", methods=["qlora", "lora", "qlora"], seeds=[2, 1, 2])
    configs = study.run_configs()
    assert [(c.method, c.seed) for c in configs] == [("qlora", 2), ("qlora", 1), ("lora", 2), ("lora", 1)]
    assert {c.study for c in configs} == {"s"}


def test_a_study_shares_its_settings_and_gives_a_method_its_own() -> None:
    study = StudyConfig(
        name="s",
        methods=["lora", "ia3"],
        settings={"epochs": 2, "learning_rate": 1e-3},
        method_settings={"ia3": {"learning_rate": 1e-2}},
    )
    lora, ia3 = study.run_configs()
    assert (lora.epochs, lora.learning_rate) == (2, 1e-3)
    assert (ia3.epochs, ia3.learning_rate) == (2, 1e-2)
    differing = {name for name in RunConfig.model_fields if getattr(lora, name) != getattr(ia3, name)}
    assert differing == {"method", "learning_rate"}


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"methods": []}, "methods"),
        ({"seeds": []}, "seeds"),
        ({"seeds": ["x"]}, "seeds.0"),
        ({"name": ""}, "name"),
        ({"colour": 1}, "colour"),
        ({"seeds": list(range(1001))}, "seeds"),
        ({"name": "a\x1bb"}, "name"),
        ({"vary": {"rows": list(range(20, 1100))}}, "vary"),
        ({"margin_points": 0}, "margin_points"),
        ({"margin_points": 20.5}, "margin_points"),
        ({"margin_points": "nan"}, "margin_points"),
    ],
)
def test_a_wrong_study_is_refused_with_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(StudyConfig, {"name": "s", "methods": ["lora"]} | values)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["method", "seed", "replicate", "study"])
def test_what_a_study_sets_itself_is_not_one_of_its_settings(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: a study takes this from its methods, seeds, replicates and name"):
        build(StudyConfig, {"name": "s", "methods": ["lora"], "settings": {name: "7"}})


@pytest.mark.parametrize("name", sorted(SHARED))
def test_what_makes_a_study_fair_is_not_set_for_only_one_method(name: str) -> None:
    study = {"name": "s", "methods": ["tfidf", "lora"], "method_settings": {"lora": {"epochs": 3, name: "7"}}}
    with pytest.raises(ConfigError, match=rf"^lora\.{name}: all runs of a study share this"):
        build(StudyConfig, study)


def test_shared_settings_are_settings() -> None:
    assert set(RunConfig.model_fields) >= SHARED >= {"data", "rows", "split_seed"}


@pytest.mark.parametrize("own", [{"settings": {"epochs": 0}}, {"method_settings": {"lora": {"epochs": 0}}}])
def test_a_wrong_setting_inside_a_study_is_refused_by_its_name(own: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        StudyConfig(name="s", methods=["lora"], **own).run_configs()
    assert caught.value.field == "epochs"


def vary(**values: Any) -> StudyConfig:
    study = {"name": "s", "methods": ["lora", "ia3"], "seeds": [1, 2]}
    return build(StudyConfig, study | values)


def test_a_varied_setting_gives_each_method_a_run_a_value_and_seed() -> None:
    configs = vary(vary={"rows": ["125", 250]}, settings={"epochs": 2}).run_configs()
    assert [(c.method, c.rows, c.seed) for c in configs] == [
        (method, rows, seed) for method in ("lora", "ia3") for rows in (125, 250) for seed in (1, 2)
    ]
    assert {c.epochs for c in configs} == {2}


def test_each_replicate_has_seeds_of_its_own() -> None:
    configs = vary(replicates=3, settings={"rows": 250}).run_configs()
    assert [(c.method, c.replicate, c.seed) for c in configs] == [
        (method, replicate, seed)
        for method in ("lora", "ia3")
        for replicate, seeds in ((1, (1, 2)), (2, (3, 4)), (3, (5, 6)))
        for seed in seeds
    ]
    alone = vary(seeds=[42], replicates=3, vary={"rows": [125, 250]}).run_configs()
    assert [(c.rows, c.replicate, c.seed) for c in alone[:6]] == [
        (rows, replicate, 41 + replicate) for rows in (125, 250) for replicate in (1, 2, 3)
    ]


def test_varied_values_are_numbers_however_they_were_typed() -> None:
    study = vary(vary={"learning_rate": ["1e-4", 3e-4, 0.01]})
    assert study.vary == {"learning_rate": [1e-4, 3e-4, 1e-2]}
    assert build(StudyConfig, study.model_dump()) == study


def test_only_numbers_that_change_the_training_can_be_varied() -> None:
    assert {"rows", "learning_rate", "lora_rank", "batch_size", "epochs"} <= set(VARIED)
    assert not {"base", "data", "seed", "split_seed", "study", "threshold", "device", "test_share"} & set(VARIED)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"vary": {"optimizer": [1, 2]}}, "vary: optimizer cannot be varied; these can: rows, "),
        ({"vary": {"method": ["lora", "ia3"]}}, "vary: method cannot be varied"),
        ({"vary": {"rows": []}}, "vary: rows needs at least two values, all of them numbers"),
        ({"vary": {"rows": [125]}}, "vary: rows needs at least two values"),
        ({"vary": {"rows": [125, None]}}, "vary: rows needs at least two values, all of them numbers"),
        ({"vary": {"rows": [125, "125"]}}, "vary: rows has the same value twice"),
        ({"vary": {"rows": [10, 125]}}, "vary: rows: Input should be greater than or equal to 20, not 10"),
        ({"vary": {"rows": [125, 250], "epochs": [1, 2]}}, "vary: only one setting can be varied, not rows, epochs"),
        ({"vary": {"rows": [125, 250]}, "settings": {"rows": 500}}, "vary: rows is also set to one value"),
        (
            {"vary": {"learning_rate": [1e-3, 1e-2]}, "method_settings": {"ia3": {"learning_rate": 5e-3}}},
            "vary: learning_rate is also set to one value",
        ),
    ],
)
def test_what_cannot_be_varied_is_refused_in_a_sentence(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        vary(**values)
    assert str(caught.value).startswith(message)
    assert caught.value.field == "vary"
    assert "{" not in str(caught.value), "no dump of what was given"
