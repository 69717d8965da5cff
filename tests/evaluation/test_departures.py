"""What departs from the plan of a study is named, with what it does to the error rate of the verdicts."""

import pandas as pd
import pytest

from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.departures import find_departures, list_differences
from emocore.evaluation.headline import describe
from emocore.evaluation.results import RunResult
from emocore.run.study_record import Addition, StudyRecord, study_file, write_study_record
from tests.support.audited_runs import finish
from tests.support.studies import draw_logits, draw_truth, make_plan

TRUTH = draw_truth(300, 3, seed=9)


def run_of(method: str, seed: int, study: str | None = "s") -> RunResult:
    skill = 4.0 if method == "lora" else 3.0
    return finish(None, TRUTH, draw_logits(TRUTH, skill, seed), method=method, seed=seed, study=study)


def plan(runs: list[RunResult], **changes: object) -> StudyRecord:
    """Write the plan of a study of LoRA and IA3 with seeds 1 and 2 next to the runs."""
    record = make_plan(**{"name": "s", "methods": ("lora", "ia3"), "seeds": (1, 2), "replicates": 1, **changes})
    write_study_record(runs[0].run.path.parent, record)
    return record


@pytest.fixture
def planned() -> list[RunResult]:
    return [run_of(method, seed) for method in ("lora", "ia3") for seed in (1, 2)]


def departures(comparison: Comparison) -> dict[str, str]:
    return dict(find_departures(comparison)[["what", "values"]].itertuples(index=False, name=None))


def test_a_study_as_it_was_planned_has_no_departure(planned: list[RunResult]) -> None:
    record = plan(planned)
    comparison = compare(planned, "validation")
    assert comparison.plan == record
    assert find_departures(comparison).empty
    assert list_differences(
        comparison, pd.DataFrame(columns=["what", "values", "severity", "effect", "by_design"])
    ).empty
    assert not [caveat for caveat in describe(comparison).caveats if "plan" in caveat]


def test_runs_that_were_added_later_are_named_with_their_looks(planned: list[RunResult]) -> None:
    addition = Addition(launched_at=2.0, methods=("lora",), seeds=(3,), replicates=(1,))
    plan(planned, additions=(addition, addition))
    comparison = compare([*planned, run_of("lora", 3)], "validation")
    [row] = find_departures(comparison).to_dict("records")
    assert (row["what"], row["values"]) == ("runs added after the launch", "1 of 5 runs: LoRA seed 3")
    assert "3 looks have up to 15 % of false verdicts instead of 5 %" in row["effect"]
    assert describe(comparison).caveats[0].startswith("Not as planned: runs added after the launch (1 of 5 runs: LoRA")


def test_a_look_before_all_runs_have_finished_is_preliminary(planned: list[RunResult]) -> None:
    plan(planned)
    assert departures(compare(planned[:3], "validation")) == {"planned runs that are not here": "IA3 has 1 of 2"}


def test_methods_that_are_not_shown_are_no_departure_but_corrected_for(planned: list[RunResult]) -> None:
    """The plan has two more methods, so 6 pairs."""
    plan(planned, methods=("lora", "ia3", "head", "tfidf"))
    comparison = compare(planned, "validation")
    assert find_departures(comparison).empty
    [row] = comparison.verdicts.overall.to_dict("records")
    assert row["p_adjusted"] == pytest.approx(min(1, 6 * row["p_value"]))


def test_the_margin_of_the_plan_is_the_margin_of_the_verdicts(planned: list[RunResult]) -> None:
    plan(planned, margin_points=2.5)
    assert compare(planned, "validation").verdicts.margin_text == "2.5 points"


def test_other_thresholds_than_at_the_launch_are_another_look(planned: list[RunResult]) -> None:
    """With a plan and without, since every run has the thresholds that it was launched for."""
    told = {"thresholds": "launched for fixed, shown at tuned by emotion"}
    plan(planned)
    assert departures(compare(planned, "validation", "tuned")) == told
    others = [run_of(method, 1, "old") for method in ("lora", "ia3")]
    assert departures(compare(others, "validation", "tuned")) == told


def test_runs_without_a_plan_are_corrected_for_what_is_shown_and_say_so(planned: list[RunResult]) -> None:
    comparison = compare([run_of(method, seed, "old") for method in ("lora", "ia3") for seed in (1, 2)], "validation")
    assert comparison.plan is None and comparison.verdicts.margin == 0.01
    assert describe(comparison).caveats[0] == (
        "No plan of these runs as one study is known, so verdicts are corrected only for the 1 pair shown here."
    )
    plan(planned)
    mixed = compare([*planned, run_of("head", 1, study="other"), run_of("head", 2, study="other")], "validation")
    assert mixed.plan is None and "corrected only for the 3 pairs shown here" in describe(mixed).caveats[0]


def test_a_damaged_plan_is_told_and_hides_no_result(planned: list[RunResult]) -> None:
    plan(planned)
    study_file(planned[0].run.path.parent, "s").write_text("{")
    comparison = compare(planned, "validation")
    assert comparison.plan is None and len(comparison.verdicts.overall) == 1
    [note] = comparison.notes
    assert note.startswith("The plan is not known: study 's': studies/s-")
