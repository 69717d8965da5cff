"""Curves connect runs that differ in only one setting; each point has the score of its series."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emocore.evaluation.results import Result, RunResult, TeamResult
from emocore.evaluation.series import group_series
from emocore.evaluation.sweeps import COLUMNS, find_swept_settings, sweep_table
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.provenance import Provenance


def result(number: int, train_rows: int = 2000, team: bool = False, **settings: Any) -> Result:
    """A finished run as far as a curve reads it."""
    config = RunConfig(**settings)
    provenance = Provenance(rows={"train": config.rows or train_rows}, labels=["joy"], split_sha256="a")
    own = (f"run-{number:04d}", config, None, provenance)
    return TeamResult(*own, url="https://wandb.example") if team else RunResult(*own, run=RunFolder(Path(own[0])))


def results(*settings: dict[str, Any]) -> list[Result]:
    return [result(number, **given) for number, given in enumerate(settings)]


def scores(runs: list[Result]) -> pd.DataFrame:
    """Each series scores a hundredth of its rank, with an interval of 0.1 either side."""
    groups = group_series(runs)
    values = np.arange(1, len(groups) + 1) / 100
    macro = pd.DataFrame({"series": list(groups), "value": values, "low": values - 0.1, "high": values + 0.1})
    macro["seeds"] = [len(members) for members in groups.values()]
    return pd.concat([macro.assign(metric="f1_micro", value=0.9), macro.assign(metric="f1_macro")], ignore_index=True)


def points(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(table[["method", "value", "f1_macro", "seeds"]].itertuples(index=False, name=None))


def test_rows_make_a_curve_for_every_method_also_for_those_without_a_base() -> None:
    runs = results(
        *({"method": "lora", "rows": rows, "seed": seed} for rows in (500, 125) for seed in (1, 2)),
        *({"method": "tfidf", "rows": rows, "base": "none"} for rows in (125, 500)),
    )
    assert find_swept_settings(runs) == ["rows"]
    table = sweep_table(scores(runs), runs, "rows", no_skill=0.3)
    assert list(table.columns) == COLUMNS
    assert points(table) == [
        ("lora", 125.0, 0.02, 2),
        ("lora", 500.0, 0.01, 2),
        ("tfidf", 125.0, 0.03, 1),
        ("tfidf", 500.0, 0.04, 1),
    ]
    assert set(table["method_title"]) == {"LoRA", "TF-IDF"} and set(table["setting"]) == {"rows"}
    assert (table["no_skill"] == 0.3).all()
    np.testing.assert_allclose(table["high"] - table["f1_macro"], 0.1)
    np.testing.assert_allclose(table["f1_macro"] - table["low"], 0.1)


def test_no_number_of_rows_is_all_of_them() -> None:
    runs = results({"rows": 250}, {"rows": None, "train_rows": 4786})
    table = sweep_table(scores(runs), runs, "rows", 0.3)
    assert points(table) == [("lora", 250.0, 0.01, 1), ("lora", 4786.0, 0.02, 1)]
    same = results({"rows": 250}, {"rows": None, "train_rows": 250})
    assert find_swept_settings(same) == []
    assert len(sweep_table(scores(same), same, "rows", 0.3)) == 1


def test_a_method_without_a_learning_rate_has_no_point_on_its_curve() -> None:
    runs = results(
        {"learning_rate": 1e-3}, {"learning_rate": 1e-2}, {"method": "ia3", "learning_rate": 1e-2}, {"method": "head"}
    )
    assert find_swept_settings(runs) == ["learning_rate"]
    table = sweep_table(scores(runs), runs, "learning_rate", 0.3)
    assert points(table) == [("lora", 1e-3, 0.01, 1), ("lora", 1e-2, 0.02, 1), ("ia3", 1e-2, 0.03, 1)]


def test_methods_with_rates_of_their_own_are_no_sweep() -> None:
    runs = results(
        {"learning_rate": 1e-3}, {"method": "ia3", "learning_rate": 1e-2}, {"learning_rate": 1e-3, "seed": 2}
    )
    assert find_swept_settings(runs) == []


@pytest.mark.parametrize(
    "other",
    [{"learning_rate": 5e-3}, {"epochs": 9}, {"base": "smollm2-135m"}, {"data": "other.csv"}, {"lora_rank": 4}],
    ids=lambda other: next(iter(other)),
)
def test_what_differs_in_more_than_the_setting_is_on_no_curve(other: dict[str, Any]) -> None:
    pair = results({"rows": 125}, {"rows": 500, **other})
    assert find_swept_settings(pair) == []
    three = results({"rows": 125, **other}, {"rows": 250}, {"rows": 500})
    table = sweep_table(scores(three), three, "rows", 0.3)
    assert table["value"].tolist() == [250.0, 500.0], "the larger family"


@pytest.mark.parametrize("same", [{"wandb_project": "p"}, {"study": "another"}, {"device": "cpu"}])
def test_what_only_names_a_run_breaks_no_curve(same: dict[str, Any]) -> None:
    assert find_swept_settings(results({"rows": 125}, {"rows": 500, **same})) == ["rows"]


def test_runs_of_wandb_have_a_curve_but_none_together_with_local_ones() -> None:
    far = [result(1, team=True, rows=125, data="/a.csv"), result(2, team=True, rows=250, data="/b.csv")]
    assert find_swept_settings(far) == ["rows"]
    assert find_swept_settings([result(0, rows=500), far[0]]) == []
    missing = TeamResult("run-3", RunConfig(), None, Provenance(labels=["joy"]), url="https://wandb.example")
    assert find_swept_settings([*far, missing]) == ["rows"], "how many rows it had is not known"


def test_a_series_without_a_score_is_left_out() -> None:
    runs = results({"rows": 125}, {"rows": 500})
    assert len(sweep_table(scores(runs).iloc[[0, 2]], runs, "rows", 0.3)) == 1
    assert sweep_table(scores(runs).iloc[:0], runs, "rows", 0.3).empty


def test_two_settings_can_be_swept_each_along_runs_equal_in_the_other() -> None:
    runs = results(
        *({"rows": rows, "learning_rate": 1e-3} for rows in (125, 250, 500)), {"rows": 500, "learning_rate": 1e-2}
    )
    assert find_swept_settings(runs) == ["rows", "learning_rate"]
    assert sweep_table(scores(runs), runs, "rows", 0.3)["value"].tolist() == [125.0, 250.0, 500.0]
    assert sweep_table(scores(runs), runs, "learning_rate", 0.3)["value"].tolist() == [1e-3, 1e-2]
