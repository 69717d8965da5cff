"""Reading finished runs: their predictions, and why some have none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emocore.errors import RunError
from emocore.evaluation.results import load_result, of_one_table, shared_splits
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from tests.support.audited_runs import LABELS, TRUTH
from tests.support.records import read_raw, write_raw
from tests.support.tables import COST, change_status, finish_run

LOGITS = np.where(TRUTH == 1, 3.0, -2.0)


def finish(root: Path, **parts: Any) -> RunFolder:
    return finish_run(root, RunConfig(), TRUTH, LOGITS, LABELS, **parts)


def test_a_result_gives_back_truth_and_logits_as_stored(tmp_path: Path) -> None:
    result = load_result(finish(tmp_path, test=(1 - TRUTH[:2], -LOGITS[:2])))
    assert result.labels == list(LABELS)
    assert (result.truth("validation") == TRUTH).all() and (result.logits("validation") == LOGITS).all()
    assert (result.truth("test") == 1 - TRUTH[:2]).all() and (result.logits("test") == -LOGITS[:2]).all()
    assert result.texts("validation")[:2] == ["text 0", "text 1"] and result.row_ids("validation") == list("0123")
    assert not set(result.row_ids("test")) & set(result.row_ids("validation"))
    assert (result.rows("validation"), result.rows("test")) == (4, 2)
    assert result.supports("validation").tolist() == [2, 3, 1]
    assert result.method_title == "LoRA"


def test_a_split_that_was_not_scored_is_empty(tmp_path: Path) -> None:
    assert load_result(finish(tmp_path)).truth("test").shape == (0, 3)


def test_runs_of_one_table_took_all_their_texts_from_it(tmp_path: Path) -> None:
    hashes = [{"data": "a"}, {"data": "a", "test_data": "b"}, {"data": "b"}, {"data": "b", "test_data": "a"}, {}]
    results = [load_result(finish(tmp_path, provenance={"data_sha256": own})) for own in hashes]
    assert of_one_table(results, "a") == [results[0]]


@pytest.mark.parametrize("status", [status for status in RunStatus if status != RunStatus.FINISHED])
def test_only_a_finished_run_has_a_result(tmp_path: Path, status: RunStatus) -> None:
    run = finish(tmp_path)
    change_status(run, status, reason="a reason")
    with pytest.raises(RunError, match="only finished runs") as caught:
        load_result(run)
    assert run.id in str(caught.value)


def change_json(run: RunFolder, name: str, change: Callable[[dict[str, Any]], object]) -> None:
    content = read_raw(run, name)
    change(content)
    write_raw(run, name, content)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("result.json", lambda result: result.pop("cost")),
        ("result.json", lambda result: result["cost"].pop("train_seconds")),
        ("result.json", lambda result: result["cost"].update(latency_seconds="long")),
        ("result.json", lambda result: result.pop("test")),
        ("result.json", lambda result: result.update(validation=None)),
        ("result.json", lambda result: result.update(test={"multilabel": {}})),
        ("result.json", lambda result: result["validation"].pop("flattened")),
        ("result.json", lambda result: result["validation"]["multilabel"].pop("jaccard")),
        ("result.json", lambda result: result["validation"]["multilabel"].update(f1_macro=np.nan)),
        ("result.json", lambda result: result["validation"]["multilabel"].pop("per_emotion")),
        ("result.json", lambda result: result["validation"]["multilabel"].update(per_emotion=[1])),
        ("result.json", lambda result: result["validation"]["multilabel"]["per_emotion"]["joy"].pop("support")),
        ("result.json", lambda result: result["validation"]["multilabel"]["per_emotion"].pop("joy")),
        ("provenance.json", lambda provenance: provenance.pop("labels")),
        ("provenance.json", lambda provenance: provenance.update(labels=[1, 2, 3])),
    ],
)
def test_a_damaged_result_is_refused_with_its_run_and_file(
    tmp_path: Path, name: str, change: Callable[[dict[str, Any]], object]
) -> None:
    run = finish(tmp_path)
    change_json(run, name, change)
    with pytest.raises(RunError, match=rf"^run {run.id}: {name} is damaged.*; run it again or delete the run$"):
        load_result(run)


@pytest.mark.parametrize("name", ["result.json", "provenance.json"])
def test_a_finished_run_without_a_file_is_refused_with_its_name(tmp_path: Path, name: str) -> None:
    run = finish(tmp_path)
    (run.path / name).unlink()
    with pytest.raises(RunError, match=rf"^run {run.id}: {name} is missing.*; run it again or delete the run$"):
        load_result(run)


def test_an_average_precision_or_a_cost_may_be_unknown(tmp_path: Path) -> None:
    run = finish(tmp_path, cost={**COST, "peak_memory_bytes": None})
    result = read_raw(run, "result.json")
    result["validation"]["multilabel"]["per_emotion"]["joy"]["average_precision"] = None
    write_raw(run, "result.json", result)
    assert load_result(run).scores.cost.peak_memory_bytes is None


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda table: table.drop(columns="logit.anger"), "it has no column logit.anger"),
        (lambda table: table.drop(columns="true.joy"), "it has no column true.joy"),
        (lambda table: table.drop(columns="split"), "it has no column split"),
        (lambda table: table.rename(columns={"text": "words"}), "it has no column text"),
        (lambda table: table[table["split"] == "validation"], "it has no text of the test split"),
        (lambda table: table[:0], "it has no text of the validation split"),
        (lambda table: table.assign(**{"logit.joy": np.nan}), "a logit is not a finite number"),
        (lambda table: table.assign(**{"logit.joy": [*table["logit.joy"][1:], np.inf]}), "a logit is not a finite"),
        (lambda table: table.assign(**{"logit.joy": "high"}), "could not convert string to float"),
        (lambda table: table.assign(**{"true.joy": 2}), "a true label is neither 0 nor 1"),
    ],
)
def test_damaged_predictions_are_refused_with_what_is_wrong(
    tmp_path: Path, change: Callable[[pd.DataFrame], pd.DataFrame], told: str
) -> None:
    run = finish(tmp_path, test=(TRUTH, LOGITS))
    change(pd.read_parquet(run.predictions)).to_parquet(run.predictions, index=False)
    with pytest.raises(RunError) as caught:
        load_result(run).logits("validation")
    assert str(caught.value).startswith(f"run {run.id}: predictions.parquet is missing or damaged ({told}")
    assert str(caught.value).endswith("; run it again or delete the run")


def test_groups_are_read_where_there_are_some(tmp_path: Path) -> None:
    run = finish(tmp_path)
    assert load_result(run).groups("validation") is None  # as in every run of an earlier version
    table = pd.read_parquet(run.predictions)
    table.assign(group_name=list("abac")).to_parquet(run.predictions, index=False)
    assert load_result(run).groups("validation") == list("abac")
    for names, told in (([1, 2, 1, 3], "should be words"), (["a", None, "a", "b"], "a text, a row id, a group or a")):
        table.assign(group_name=names).to_parquet(run.predictions, index=False)
        with pytest.raises(RunError, match=rf"predictions\.parquet is missing or damaged .*{told}"):
            load_result(run).groups("validation")


@pytest.mark.parametrize("kept", [0, 4, 0.3, 0.9, 0.999])
def test_predictions_cut_off_are_refused(tmp_path: Path, kept: float) -> None:
    run = finish(tmp_path)
    content = run.predictions.read_bytes()
    run.predictions.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    with pytest.raises(RunError, match=rf"run {run.id}: predictions\.parquet is missing or damaged"):
        load_result(run).truth("validation")


def test_why_a_run_failed_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    run = create_run(tmp_path, RunConfig())
    change_status(run, RunStatus.FAILED, reason="out of memory")
    with pytest.raises(RunError, match=r"is failed \(out of memory\)"):
        load_result(run)


def test_shared_splits_are_those_that_every_run_has(tmp_path: Path) -> None:
    without, with_test = load_result(finish(tmp_path)), load_result(finish(tmp_path, test=(TRUTH, LOGITS)))
    assert shared_splits([with_test]) == ["validation", "test"]
    assert shared_splits([with_test, without]) == ["validation"]


def test_predictions_that_would_unfold_beyond_measure_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finish(tmp_path)
    monkeypatch.setattr("emocore.evaluation.predictions_file.MOST_CELLS", 35)
    with pytest.raises(RunError, match=r"damaged \(it claims to have 4 texts, which is more than can be read\)"):
        load_result(run).truth("validation")
