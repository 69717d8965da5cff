"""Runs of W&B beside local ones: the same tables, marked, and nothing that would need their predictions."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tables import COST, finish_run

from emocore.config import RunConfig
from emocore.evaluation.comparison import (
    emotion_table,
    find_differences,
    name_series,
    no_skill_table,
    summary_table,
)
from emocore.evaluation.noskill import no_skill_scores, no_skill_scores_from_supports
from emocore.evaluation.results import Result, RunResult, TeamResult, add_team_runs, load_result
from emocore.models.resolve import resolve
from emocore.tracking.summary import flatten_run, unflatten_provenance, unflatten_result
from emocore.tracking.team import TeamRun

LABELS = ("anger", "joy", "trust")
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
PERFECT = np.where(TRUTH == 1, 3.0, -3.0)
ROWS = {"rows": {"train": 10, "validation": 4}}


def local(root: Path, origin: Any = None, **settings: Any) -> RunResult:
    config, _ = resolve(RunConfig(**{"base": "smollm2-135m"} | settings))
    return load_result(finish_run(root, config, TRUTH, PERFECT, LABELS, COST, ROWS | (origin or {})))


def elsewhere(root: Path, origin: Any = None, **settings: Any) -> TeamRun:
    """A run as W&B gives it back, which is not here."""
    result = local(root, origin, **settings)
    summary = flatten_run(result.run)
    return TeamRun(result.id, "http://x", result.config, unflatten_result(summary), unflatten_provenance(summary))


@pytest.fixture
def mixed(tmp_path: Path) -> list[Result]:
    return add_team_runs(
        [local(tmp_path, method="lora")],
        [
            elsewhere(tmp_path, method="lora"),
            elsewhere(tmp_path, method="ia3", wandb_project="other", data="/there.csv"),
        ],
    )


def test_series_of_w_and_b_are_marked_and_never_mixed_with_local_ones(mixed: list[Result]) -> None:
    assert list(name_series(mixed).values()) == ["LoRA", "LoRA · W&B", "IA3 · W&B"]
    table = summary_table(mixed, "validation").set_index("series")
    assert table["source"].to_dict() == {"LoRA": "here", "LoRA · W&B": "W&B", "IA3 · W&B": "W&B"}
    assert table["seeds"].tolist() == [1, 1, 1]


def test_the_tables_are_those_of_local_runs(mixed: list[Result]) -> None:
    emotions = emotion_table(mixed, "validation")
    columns = ["emotion", "f1", "precision", "recall", "average_precision", "support", "no_skill_f1"]
    parts = [emotions.loc[emotions["series"] == name, columns] for name in ("LoRA", "LoRA · W&B")]
    pd.testing.assert_frame_equal(*(part.reset_index(drop=True) for part in parts))
    summary = summary_table(mixed, "validation").set_index("series").drop(columns=["source"])
    assert summary.loc["LoRA"].equals(summary.loc["LoRA · W&B"])


def test_seeds_are_averaged_though_the_data_lay_elsewhere(tmp_path: Path) -> None:
    places = ("/alice/x.csv", "/bob/x.csv")
    team = [elsewhere(tmp_path, seed=seed, data=place) for seed, place in enumerate(places)]
    assert summary_table(add_team_runs([], team), "validation")["seeds"].tolist() == [2]
    other_rows = [elsewhere(tmp_path, {"split_sha256": "b" * 64}, seed=3)]
    assert summary_table(add_team_runs([], team + other_rows), "validation")["seeds"].tolist() == [1, 1, 1]


def test_a_run_that_is_here_and_on_w_and_b_is_there_once(tmp_path: Path) -> None:
    here = local(tmp_path)
    summary = flatten_run(here.run)
    there = TeamRun(here.id, "http://x", here.config, unflatten_result(summary), unflatten_provenance(summary))
    [result] = add_team_runs([here], [there])
    assert result is here


def test_differences_are_found_between_here_and_there(tmp_path: Path) -> None:
    results = add_team_runs([local(tmp_path)], [elsewhere(tmp_path, {"split_sha256": "b" * 64}, epochs=9)])
    assert [text.partition(":")[0] for text in find_differences(results)] == ["epochs", "rows or split"]


def test_the_floor_is_that_of_a_local_run_where_there_is_one(mixed: list[Result]) -> None:
    team_first = [*mixed[1:], mixed[0]]
    pd.testing.assert_frame_equal(no_skill_table(team_first, "validation"), no_skill_table(mixed[:1], "validation"))


def test_without_a_local_run_the_floor_has_what_counts_give(mixed: list[Result]) -> None:
    exact = no_skill_table(mixed[:1], "validation").set_index("series")
    counted = no_skill_table(mixed[1:], "validation").set_index("series")
    assert counted.notna().sum().sum() == 11
    for name in counted.index:
        known = counted.loc[name].dropna()
        assert known.to_dict() == pytest.approx(exact.loc[name, known.index].to_dict())


def test_counts_give_the_scores_of_the_texts() -> None:
    truth = (np.random.default_rng(0).random((60, 5)) < (0.5, 0.3, 0.2, 0.05, 0)).astype(int)
    from_texts, from_counts = no_skill_scores(truth), no_skill_scores_from_supports(truth.sum(axis=0), 60)
    for name, groups in from_counts.items():
        for group, scores in groups.items():
            assert scores == pytest.approx({metric: from_texts[name][group][metric] for metric in scores})


def test_a_size_that_is_not_known_leaves_the_floor_out(mixed: list[Result]) -> None:
    team = mixed[1]
    unknown = TeamResult(team.id, team.config, team.result, team.provenance | {"rows": {}}, "http://x")
    assert no_skill_table([unknown], "validation").empty
    assert emotion_table([unknown], "validation")["no_skill_f1"].isna().all()
