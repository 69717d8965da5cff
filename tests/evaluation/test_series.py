"""Series: which runs are averaged over seeds, and how series are named."""

from typing import Any

import pytest

from emocore.evaluation.curves import curve_table
from emocore.evaluation.results import Result, TeamResult
from emocore.evaluation.series import group_series, name_series
from emocore.run.config import RunConfig
from emocore.run.settings import NOT_TOLD
from emocore.tracking.history import History
from tests.support.audited_runs import build_result, finish

OTHER_TEXTS = {"split_sha256": "b" * 64}


def names(*settings: dict[str, Any]) -> list[str]:
    """Of runs with these settings; `origin` is what they say of their circumstances."""
    return list(name_series([finish(**{"method": "lora"} | own) for own in settings]).values())


def test_seeds_of_one_method_are_one_series() -> None:
    runs = [{"method": method, "seed": seed} for method in ("lora", "qlora") for seed in (1, 2)]
    assert names(*runs) == ["LoRA", "LoRA", "QLoRA", "QLoRA"]


def test_groups_keep_the_given_order() -> None:
    runs = [finish(method=method, seed=seed) for seed in (2, 1) for method in ("qlora", "lora")]
    groups = group_series(runs)
    assert list(groups) == ["QLoRA", "LoRA"]
    assert [run.config.seed for run in groups["LoRA"]] == [2, 1]
    assert groups["QLoRA"] == [runs[0], runs[2]]


@pytest.mark.parametrize("setting", sorted(NOT_TOLD - {"method"}))
def test_what_only_names_a_run_sets_no_series_apart(setting: str) -> None:
    """The same rows may be in other files; their hash shows that they are the same."""
    values = {"seed": 7, "device": "cpu", "wandb_mode": "offline", "checkpoint_minutes": 9.0, "checkpoints_kept": 3}
    values |= {"wandb_base_url": "https://wandb.example.org", "replicate": 2}
    assert names({}, {setting: values.get(setting, "other")}) == ["LoRA", "LoRA"]


def test_settings_that_differ_are_named_in_the_order_of_the_config() -> None:
    told = names({"rows": 250, "epochs": 3}, {"rows": None, "epochs": 3}, {"rows": None, "epochs": 5})
    assert told == ["LoRA (rows 250, epochs 3)", "LoRA (rows all, epochs 3)", "LoRA (rows all, epochs 5)"]


def test_only_the_method_whose_runs_differ_is_told_apart() -> None:
    told = names({"threshold": 0.5}, {"threshold": 0.4}, {"method": "ia3"})
    assert told == ["LoRA (threshold 0.5)", "LoRA (threshold 0.4)", "IA3"]


def test_seeds_of_runs_that_were_told_apart_are_averaged_all_the_same() -> None:
    told = names(*({"rows": rows, "seed": seed} for rows in (250, 500) for seed in (1, 2)))
    assert told == ["LoRA (rows 250)"] * 2 + ["LoRA (rows 500)"] * 2


def test_several_bases_are_told_apart_by_name_but_a_method_without_one_is_not() -> None:
    told = names({}, {"base": "google/gemma-1.1-2b-it"}, {"method": "tfidf"})
    assert told == ["LoRA · smollm2-135m", "LoRA · gemma-1.1-2b-it", "TF-IDF"]


def test_bases_of_one_name_in_two_places_are_two_series() -> None:
    runs = [build_result(RunConfig(base=f"{owner}/base")) for owner in ("here", "there")]
    assert list(name_series(runs).values()) == [
        "LoRA · base (base here/base)",
        "LoRA · base (base there/base)",
    ]


def test_seeds_are_averaged_where_other_runs_had_other_texts() -> None:
    """Only the hash of the texts differs, so its beginning is in the name."""
    told = names({"seed": 1}, {"seed": 2}, {"seed": 1, "origin": OTHER_TEXTS}, {"seed": 2, "origin": OTHER_TEXTS})
    assert told == ["LoRA (split aaaaaa)"] * 2 + ["LoRA (split bbbbbb)"] * 2


def test_settings_and_texts_are_named_together_where_it_takes_both() -> None:
    told = names({"epochs": 3}, {"epochs": 5}, {"epochs": 3, "origin": OTHER_TEXTS})
    assert told == ["LoRA (epochs 3, split aaaaaa)", "LoRA (epochs 5, split aaaaaa)", "LoRA (epochs 3, split bbbbbb)"]


def draw_of(number: int, **settings: Any) -> dict[str, Any]:
    """A run that learned from another draw and was scored on the same texts."""
    return {"origin": {"split_sha256": f"{number}" * 64, "evaluation_sha256": "e" * 64}, **settings}


def test_draws_of_the_training_rows_are_averaged_where_the_evaluation_texts_are_the_same() -> None:
    assert names(*(draw_of(number, replicate=number, seed=number) for number in (1, 2, 3))) == ["LoRA"] * 3
    assert names(draw_of(1, split_seed=1), draw_of(2, split_seed=2)) == ["LoRA", "LoRA"]
    assert names(draw_of(1, rows=250), draw_of(2, rows=500)) == ["LoRA (rows 250)", "LoRA (rows 500)"]


def test_other_evaluation_texts_set_series_apart_by_the_setting_that_chose_them() -> None:
    other = {"split_sha256": "b" * 64, "evaluation_sha256": "f" * 64}
    told = names(draw_of(1, split_seed=1), {"origin": other, "split_seed": 2})
    assert told == ["LoRA (split seed 1)", "LoRA (split seed 2)"]


def test_records_of_an_earlier_version_are_compared_by_all_texts() -> None:
    """They do not know the hash of the evaluation texts alone."""
    same = {"split_sha256": "1" * 64}
    assert names(draw_of(1), {"origin": same}, {"origin": same, "method": "ia3"}) == ["LoRA", "LoRA", "IA3"]
    first, second = "LoRA (split 111111)", "LoRA (split 222222)"
    assert names(draw_of(1), draw_of(2), {"origin": same}) == [first, second, first]


def test_a_run_launched_for_tuned_thresholds_is_in_one_series_with_those_of_the_usual_one() -> None:
    assert names({"threshold": None}, {"threshold": 0.5}) == ["LoRA", "LoRA"]


def test_runs_of_w_and_b_are_never_in_one_series_with_local_ones() -> None:
    local = finish(seed=1)
    team = TeamResult("elsewhere", local.config, local.scores, local.provenance, "http://x")
    assert name_series([local, team]) == {local.id: "LoRA", "elsewhere": "LoRA · W&B"}


LINK = "<a href='https:evil.example'>click"


def test_no_name_of_a_method_or_base_is_html_in_a_chart() -> None:
    # No such base is launched; what is drawn must be safe all the same.
    configs = [RunConfig(), RunConfig().model_copy(update={"base": LINK}), RunConfig(method=LINK)]
    results: list[Result] = [build_result(config) for config in configs]
    results.append(TeamResult("team", configs[1], results[0].scores, results[0].provenance, "http://w"))
    told = name_series(results)
    assert all("click" in name for name in list(told.values())[1:])
    assert not {"<", ">"} & set("".join(told.values()))
    curves = curve_table([("<b>1-<b>", config, History([], "")) for config in [*configs, *configs]])
    assert not {"<", ">"} & set("".join(curves["series"]))
