"""Runs of W&B next to local ones: they are marked in the same tables, without anything that needs predictions."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.errors import DataError
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.headline import describe
from emocore.evaluation.no_skill import no_skill_scores, no_skill_scores_from_supports
from emocore.evaluation.results import Result, RunResult, TeamResult, add_team_runs, load_result
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.provenance import Provenance
from emocore.run.result import RunScores
from emocore.tracking.summary import flatten_run, unflatten_provenance, unflatten_result
from emocore.tracking.team import TeamRun
from tests.support.audited_runs import LABELS, ONE_MISS, PERFECT, TRUTH
from tests.support.tables import COST, finish_run

ROWS = {"rows": {"train": 10, "validation": 4}}


def local(root: Path, origin: Any = None, logits: np.ndarray = PERFECT, **settings: Any) -> RunResult:
    config, _ = resolve(RunConfig(**{"base": "smollm2-135m", "threshold": 0.5} | settings))
    return load_result(finish_run(root, config, TRUTH, logits, LABELS, COST, ROWS | (origin or {})))


def elsewhere(root: Path, origin: Any = None, **settings: Any) -> TeamRun:
    """A run as W&B gives it back, which is not here."""
    return read_back(local(root, origin, **settings))


def read_back(result: RunResult) -> TeamRun:
    summary = flatten_run(result.run)
    scores = RunScores.model_validate(unflatten_result(summary))
    provenance = Provenance.model_validate(unflatten_provenance(summary))
    return TeamRun(result.id, "http://x", result.config, scores, provenance)


@pytest.fixture
def mixed(tmp_path: Path) -> list[Result]:
    ia3 = elsewhere(tmp_path, method="ia3", wandb_project="other", data="/there.csv")
    return add_team_runs([local(tmp_path)], [elsewhere(tmp_path), ia3])


def seeds(comparison: Comparison) -> dict[str, int]:
    ranking = comparison.ranking()
    return dict(zip(ranking["series"], ranking["seeds"], strict=True))


def test_series_of_w_and_b_are_marked_and_never_mixed_with_local_ones(mixed: list[Result]) -> None:
    comparison = compare(mixed, "validation")
    ranking = comparison.ranking().set_index("series")
    assert ranking["source"].to_dict() == {"LoRA": "here", "LoRA · W&B": "W&B", "IA3 · W&B": "W&B"}
    assert seeds(comparison) == {"LoRA": 1, "LoRA · W&B": 1, "IA3 · W&B": 1}
    assert list(comparison.series.values()) == ["LoRA", "LoRA · W&B", "IA3 · W&B"]


def test_scores_are_those_of_local_runs(mixed: list[Result]) -> None:
    comparison = compare(mixed, "validation")
    known = ["emotion", "f1", "precision", "recall", "average_precision", "support", "no_skill_f1"]
    for table, columns in ((comparison.emotions, known), (comparison.scores, ["metric", "value", "base", "seeds"])):
        parts = [table.loc[table["series"] == name, columns] for name in ("LoRA", "LoRA · W&B")]
        sorted_parts = [part.sort_values(columns[0], ignore_index=True) for part in parts]
        pd.testing.assert_frame_equal(*sorted_parts)


def test_they_are_points_without_intervals_and_without_verdicts(mixed: list[Result]) -> None:
    comparison = compare(mixed, "validation")
    for table in (comparison.scores, comparison.emotions):
        is_team = table["source"] == "W&B"
        assert is_team.any() and table.loc[is_team, ["low", "high"]].isna().all(axis=None)
    assert comparison.scores.loc[comparison.scores["source"] == "here", ["low", "high"]].notna().all(axis=None)
    notes = comparison.emotions.groupby("source")["note"].unique()
    assert notes["W&B"].tolist() == snapshot(["from W&B: scores without predictions"])
    assert comparison.verdicts.rows.empty and comparison.tested == []
    assert [group.runs for group in comparison.groups] == [(mixed[0].id,)]


def test_they_are_averaged_over_seeds(tmp_path: Path) -> None:
    """The path of their data does not matter. A run on other rows is a separate series."""
    places = ("/alice/x.csv", "/bob/x.csv")
    cases = enumerate(zip(places, (PERFECT, ONE_MISS), strict=True))
    team = [elsewhere(tmp_path, logits=logits, seed=seed, data=place) for seed, (place, logits) in cases]
    comparison = compare(add_team_runs([], team), "validation")
    assert seeds(comparison) == {"LoRA · W&B": 2}
    assert comparison.ranking()["value"].tolist() == pytest.approx([(1 + (2 / 3 + 1 + 1) / 3) / 2])
    assert comparison.emotions.set_index("emotion").loc["anger", "f1"] == pytest.approx((1 + 2 / 3) / 2)
    other_rows = [elsewhere(tmp_path, {"split_sha256": "b" * 64}, seed=3)]
    told = seeds(compare(add_team_runs([], team + other_rows), "validation"))
    assert told == {"LoRA · W&B (split bbbbbb)": 1, "LoRA · W&B (split aaaaaa)": 2}


def test_a_run_that_is_here_and_on_w_and_b_is_there_once(tmp_path: Path) -> None:
    here = local(tmp_path)
    [result] = add_team_runs([here], [read_back(here)])
    assert result is here


def test_at_tuned_thresholds_they_are_left_out_and_that_is_said(mixed: list[Result]) -> None:
    comparison = compare(mixed, "validation", "tuned")
    assert seeds(comparison) == {"LoRA": 1}
    assert set(comparison.emotions["source"]) == {"here"}
    [note] = comparison.notes
    assert note.startswith("Runs of W&B with scores at other thresholds are left out")
    with pytest.raises(DataError, match="none of these runs has predictions"):
        compare(mixed[1:], "validation", "tuned")


def test_in_words_they_are_named_but_not_tested(mixed: list[Result]) -> None:
    headline = describe(compare(mixed[1:], "validation"))
    expected = "LoRA · W&B: macro-F1 1.000, the highest of 2; no two of them could be tested against each other."
    assert headline.sentence == expected


def test_the_floor_is_that_of_a_local_run_where_there_is_one(mixed: list[Result]) -> None:
    team_first = [*mixed[1:], mixed[0]]
    floors = [compare(results, "validation").no_skill for results in (team_first, mixed[:1])]
    pd.testing.assert_frame_equal(*floors)


def test_without_a_local_run_the_floor_has_what_counts_give(mixed: list[Result]) -> None:
    exact = compare(mixed[:1], "validation").no_skill.set_index("series")
    counted = compare(mixed[1:], "validation").no_skill.set_index("series")
    assert counted.notna().sum().sum() == 16
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
    unknown = TeamResult(team.id, team.config, team.scores, team.provenance.model_copy(update={"rows": {}}), "http://x")
    comparison = compare([unknown], "validation")
    assert comparison.no_skill.empty and comparison.floor("f1_macro") == {}
    assert np.isnan(comparison.always_on)
    assert comparison.emotions["no_skill_f1"].isna().all()
    assert not any("predicting every emotion" in caveat for caveat in describe(comparison).caveats)
