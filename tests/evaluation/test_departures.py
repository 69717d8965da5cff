"""What departs from the plan of a study is named, with what it does to the error rate of the verdicts."""

from pathlib import Path

import pandas as pd
import pytest

from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.departures import describe_family, find_departures, list_differences
from emocore.evaluation.headline import describe
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.results import load_result
from emocore.run.folder import RunFolder
from emocore.run.study_record import StudyRecord, study_file, write_study_record
from tests.support.studies import finish_study, make_plan


def plan(root: Path, **changes: object) -> StudyRecord:
    """Write the plan of the study of `planned`."""
    record = make_plan(**{"methods": ("lora", "ia3"), **changes})
    write_study_record(root, record)
    return record


@pytest.fixture
def planned(tmp_path: Path) -> list[RunFolder]:
    """LoRA and IA3 with the seeds 1 and 2."""
    return finish_study(tmp_path, ("lora", "ia3"), seeds=(1, 2), texts=300, labels=("anger", "joy"))


def compare_runs(runs: list[RunFolder], policy: ThresholdPolicy | None = None) -> Comparison:
    return compare([load_result(run) for run in runs], "test", policy)


def departures(comparison: Comparison) -> dict[str, str]:
    return dict(find_departures(comparison)[["what", "values"]].itertuples(index=False, name=None))


def test_a_study_as_it_was_planned_has_no_departure(planned: list[RunFolder], tmp_path: Path) -> None:
    record = plan(tmp_path)
    comparison = compare_runs(planned)
    assert comparison.plan and (comparison.plan.record, comparison.plan.unfinished) == (record, 0)
    assert find_departures(comparison).empty
    fair = pd.DataFrame(columns=["what", "values", "severity", "effect", "by_design"])
    assert list_differences(comparison, fair).empty
    assert not [caveat for caveat in describe(comparison).caveats if "plan" in caveat]


def test_runs_that_are_not_in_the_plan_are_named(planned: list[RunFolder], tmp_path: Path) -> None:
    plan(tmp_path)
    later = finish_study(tmp_path, ("lora",), seeds=(3,), texts=300, labels=("anger", "joy"))
    comparison = compare_runs([*planned, *later])
    [row] = find_departures(comparison).to_dict("records")
    assert (row["what"], row["values"]) == ("runs that are not in the plan", "1 of 5 runs: LoRA seed 3")
    assert "each further look may add as many false verdicts as the first has, 5 %" in row["effect"]
    assert describe(comparison).caveats[0].startswith("Not as planned: runs that are not in the plan (1 of 5 runs")


def test_several_settings_of_a_planned_method_are_named_and_corrected_for(
    planned: list[RunFolder], tmp_path: Path
) -> None:
    """All of their runs are planned ones, by method and seed."""
    plan(tmp_path)
    again = finish_study(tmp_path, ("lora",), seeds=(1, 2), texts=300, labels=("anger", "joy"), lora_rank=4)
    comparison = compare_runs([*planned, *again])
    assert list(departures(comparison)) == ["several settings where one was planned"]
    assert describe_family(comparison) == "the 1 pair of the study's plan and 2 further ones shown"


def test_a_joint_series_is_corrected_for_beside_the_plan(planned: list[RunFolder], tmp_path: Path) -> None:
    plan(tmp_path, methods=("lora", "ia3", "head"))
    comparison = compare([load_result(run) for run in planned], "test", together=[["lora", "ia3"]])
    assert comparison.family_pairs == [3 + 2]
    assert describe_family(comparison) == "the 3 pairs of the study's plan and 2 further ones shown"


def test_a_look_before_all_runs_have_finished_is_preliminary(planned: list[RunFolder], tmp_path: Path) -> None:
    plan(tmp_path, seeds=(1, 2, 3))
    told = {"planned runs that have not finished": "4 of 6 have finished"}
    assert departures(compare_runs(planned)) == told
    assert departures(compare_runs(planned[:3])) == told


def test_a_choice_among_finished_runs_is_named(planned: list[RunFolder], tmp_path: Path) -> None:
    plan(tmp_path)
    assert departures(compare_runs(planned[:3])) == {"planned runs that are not shown": "IA3 has 1 of 2"}


def test_methods_that_are_not_shown_are_no_departure_but_corrected_for(
    planned: list[RunFolder], tmp_path: Path
) -> None:
    """The plan has two more methods, so 6 pairs."""
    plan(tmp_path, methods=("lora", "ia3", "head", "tfidf"))
    finish_study(tmp_path, ("head", "tfidf"), seeds=(1, 2), texts=300, labels=("anger", "joy"))
    comparison = compare_runs(planned)
    assert find_departures(comparison).empty
    [row] = comparison.verdicts.overall.to_dict("records")
    assert row["p_adjusted"] == pytest.approx(min(1, 6 * row["p_value"]))


def test_the_margin_of_the_plan_is_the_margin_of_the_verdicts(planned: list[RunFolder], tmp_path: Path) -> None:
    plan(tmp_path, margin_points=2.5)
    assert compare_runs(planned).verdicts.margin_text == "2.5 points"


def test_other_thresholds_than_planned_are_another_look(planned: list[RunFolder], tmp_path: Path) -> None:
    """Without a plan, every run has the thresholds that it was launched for."""
    told = {"thresholds": "launched for fixed, shown at tuned by emotion"}
    assert departures(compare_runs(planned, "tuned")) == told
    plan(tmp_path)
    assert departures(compare_runs(planned, "tuned")) == told
    plan(tmp_path, thresholds="tuned")
    assert compare_runs(planned).policy == "tuned" and departures(compare_runs(planned)) == {}


def test_runs_without_a_plan_are_corrected_for_what_is_shown_and_say_so(
    planned: list[RunFolder], tmp_path: Path
) -> None:
    comparison = compare_runs(planned)
    assert comparison.plan is None and comparison.verdicts.margin == 0.01
    assert describe(comparison).caveats[0] == (
        "No plan of these runs as one study is known, so verdicts are corrected only for the 1 pair shown here."
    )
    plan(tmp_path)
    other = finish_study(tmp_path, ("head",), seeds=(1, 2), texts=300, labels=("anger", "joy"), study="other")
    mixed = compare_runs([*planned, *other])
    assert mixed.plan is None and "corrected only for the 3 pairs shown here" in describe(mixed).caveats[0]


def test_a_damaged_plan_is_told_and_hides_no_result(planned: list[RunFolder], tmp_path: Path) -> None:
    plan(tmp_path)
    study_file(tmp_path, "s").write_text("{")
    comparison = compare_runs(planned)
    assert comparison.plan is None and len(comparison.verdicts.overall) == 1
    [note] = comparison.notes
    assert note.startswith("The plan is not known: study 's': studies/s-") and str(tmp_path) not in note
