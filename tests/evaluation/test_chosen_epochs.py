"""Scores on the texts on which an epoch was chosen are marked as optimistic, and a difference in `keep` is audited."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from emocore.evaluation.audit import audit
from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import compare
from emocore.evaluation.datasets import rank_series
from emocore.evaluation.results import RunResult
from emocore.export.latex import latex_emotion_table, latex_table
from emocore.run.result import KeptEpoch
from tests.support.audited_runs import finish
from tests.support.studies import draw_logits, draw_truth
from tests.support.tables import KEPT

TOLD = "the epoch was chosen on these texts, so the scores are optimistic."


@pytest.fixture(autouse=True)
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.evaluation.comparison.RESAMPLES", 20)


def finish_run(method: str, keep: str = "best", dataset: int = 1, **settings: Any) -> RunResult:
    truths = [draw_truth(size, 3, dataset + seed) for seed, size in enumerate((100, 120))]
    logits = [draw_logits(truth, 2.5, len(method)) for truth in truths]
    origin = {"data_sha256": {"data": f"{dataset}" * 64}}
    result = finish(origin, truths[0], logits[0], test=(truths[1], logits[1]), method=method, keep=keep, **settings)
    kept = KeptEpoch.model_validate(KEPT) if result.config.keep == "best" else None
    told = replace(result, scores=result.scores.model_copy(update={"kept": kept}))
    vars(told)["predictions"] = result.predictions
    return told


def marks(results: list[RunResult], split: str, together: tuple[tuple[str, ...], ...] = ()) -> list[str]:
    return [caveat for caveat in find_caveats(compare(results, split, together=together)) if "the epoch" in caveat]


def test_series_whose_epoch_was_chosen_on_the_scored_texts_are_named() -> None:
    results = [finish_run("lora"), finish_run("ia3"), finish_run("qlora", keep="last"), finish_run("tfidf")]
    assert marks(results, "validation") == [f"Of LoRA and IA3, {TOLD}"]
    assert marks(results, "test") == []
    assert marks(results[2:], "validation") == []


def test_tables_for_a_paper_say_so_too() -> None:
    results = [finish_run("lora"), finish_run("ia3", keep="last")]
    for table in (latex_table, latex_emotion_table):
        assert f"Of LoRA, {TOLD}" in table(compare(results, "validation"))
        assert TOLD not in table(compare(results, "test"))


def test_what_is_made_of_such_a_series_is_named_as_well() -> None:
    results = [finish_run("lora"), finish_run("ia3", keep="last"), finish_run("qlora", keep="last")]
    told = marks(results, "validation", (("lora", "ia3"), ("ia3", "qlora")))
    assert told == [f"Of LoRA and LoRA + IA3 together, {TOLD}"]


def test_a_ranking_over_datasets_says_so_once() -> None:
    def rank(keep: str) -> list[str]:
        runs = {n: [finish_run(method, keep, n, data=f"{n}.csv") for method in ("lora", "ia3")] for n in (1, 2)}
        return rank_series({f"set {n}": compare(own, "validation") for n, own in runs.items()}).notes

    assert rank("best") == [f"Of LoRA and IA3, {TOLD}"]
    assert rank("last") == []


def test_a_difference_between_series_is_audited() -> None:
    table = audit([finish(keep="best"), finish(method="ia3"), finish(method="tfidf")])
    [row] = table.to_dict("records")
    assert (row["what"], row["severity"]) == ("keep", "may matter")
    assert row["values"] == "best (LoRA) against last (IA3)"
    assert "optimistic" in row["effect"]
    assert np.all(audit([finish(keep="best"), finish(method="ia3", keep="best")])["what"] != "keep")
