"""The datasets among chosen runs: which runs belong together, what they are called, and what is left out."""

from typing import Any

import numpy as np
import pytest
from inline_snapshot import snapshot

from emocore.evaluation.chosen_datasets import ChosenDatasets, find_datasets
from emocore.evaluation.comparison import compare
from emocore.evaluation.datasets import rank_series
from emocore.evaluation.results import Result, RunResult, TeamResult
from tests.support.audited_runs import finish
from tests.support.studies import draw_truth


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 20)


def run(method: str, data: str, study: str | None = None, texts: int = 0, file: str | None = None) -> RunResult:
    """A run on the data file of this name; other numbers are other `texts`, and `file` is the file's hash."""
    truth = draw_truth(100, 3, seed=texts)
    logits = np.where(truth == 1, 3.0, -3.0) + (0.1 if method == "lora" else 0)
    origin = {"data_sha256": {"data": file or f"hash of {data}"}, "evaluation_sha256": f"{texts}" * 64}
    return finish(origin, truth, logits, method=method, data=data, study=study)


def find(*results: Result, **choices: Any) -> ChosenDatasets:
    return find_datasets(compare(results, "validation", **choices))


def names(*results: Result) -> list[str]:
    return list(find(*results).runs)


def test_a_dataset_with_a_study_of_its_own_has_its_name_and_its_runs_in_order() -> None:
    runs = [run("ia3", "b.csv", "second", 2), run("lora", "a.csv", "first", 1), run("lora", "b.csv", "second", 2)]
    found = find(*runs)
    assert {name: [own.id for own in members] for name, members in found.runs.items()} == {
        "second": [runs[0].id, runs[2].id],
        "first": [runs[1].id],
    }
    assert found.notes == []


def test_without_a_study_for_each_they_have_the_names_of_their_files() -> None:
    assert names(run("lora", "/d/a.csv", None, 1), run("lora", "/d/b.csv", "s", 2)) == ["a.csv", "b.csv"]
    assert names(run("lora", "/d/a.csv", "s", 1), run("lora", "/d/b.csv", "s", 2)) == ["a.csv", "b.csv"]
    both = [run("lora", "a.csv", "s", 1), run("ia3", "a.csv", "t", 1), run("lora", "b.csv", "u", 2)]
    assert names(*both) == ["a.csv", "b.csv"], "one of them has two studies"


def test_files_of_one_name_are_told_apart_by_their_folders_or_else_by_numbers() -> None:
    apart = [run("lora", f"/d/{folder}/x/train.csv", texts=texts) for texts, folder in enumerate(("a", "b"))]
    assert names(*apart, run("lora", "/d/dev.csv", texts=2)) == ["a/x/train.csv", "b/x/train.csv", "/d/dev.csv"]
    again = [run("lora", "/d/train.csv", texts=texts, file=f"version {texts}") for texts in range(2)]
    assert names(*again) == ["1 · train.csv", "2 · train.csv"], "the file has changed since"


def test_names_have_nothing_that_a_chart_reads_as_html() -> None:
    assert names(run("lora", "/d/<b>a.csv", texts=1), run("lora", "/d/‹b›a.csv", texts=2)) == [
        "1 · ‹b›a.csv",
        "2 · ‹b›a.csv",
    ]


def test_runs_that_share_a_file_or_their_texts_are_of_one_dataset_even_through_others() -> None:
    copied = [run("lora", "a.csv", texts=1), run("ia3", "copy.csv", texts=1), run("lora", "c.csv", texts=3)]
    assert [len(own) for own in find(*copied).runs.values()] == [2, 1]
    joined = find(
        run("lora", "a.csv", texts=1, file="a"), run("lora", "b.csv", texts=2, file="b"), run("lora", "c.csv", texts=3),
        run("ia3", "b.csv", texts=1, file="b"),
    )  # fmt: skip
    assert list(joined.runs) == ["c.csv"]
    assert joined.notes == snapshot(
        [
            "a.csv left out: its runs were scored on 2 sets of texts, so it is not one dataset; choose "
            "only runs that were scored on the same texts."
        ]
    )


def test_what_was_found_can_be_ranked() -> None:
    runs = [run(method, f"{number}.csv", texts=number) for number in range(2) for method in ("lora", "ia3")]
    found = find(*runs)
    ranking = rank_series({name: compare(own, "validation") for name, own in found.runs.items()})
    assert ranking.f1_macro.columns.tolist() == ["0.csv", "1.csv"]
    assert ranking.f1_macro.index.tolist() == ["LoRA", "IA3"]


def test_runs_without_predictions_and_series_together_are_left_out_with_a_note() -> None:
    one, other = run("lora", "a.csv", texts=1), run("ia3", "a.csv", texts=1)
    team = TeamResult("elsewhere", one.config, one.scores, one.provenance, "http://w")
    found = find(one, other, team, together=[["lora", "ia3"]])
    assert {name: len(own) for name, own in found.runs.items()} == {"a.csv": 2}
    assert found.notes == snapshot(
        [
            "LoRA + IA3 together left out: it was made on one dataset only; the command compare makes it on each.",
            "Runs of W&B left out: their predictions are not known, so neither are their texts.",
        ]
    )


def test_without_a_local_run_there_is_no_dataset() -> None:
    one = run("lora", "a.csv")
    assert find(TeamResult("elsewhere", one.config, one.scores, one.provenance, "http://w")).runs == {}
