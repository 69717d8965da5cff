"""What scores cost: means over seeds, the Pareto front, budgets, and runs that ended without a result."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.evaluation import costs
from emocore.evaluation.results import RunResult
from emocore.evaluation.verdicts import Verdicts
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run
from emocore.run.state import STOPPED_REASON, RunStatus
from emocore.system.processes import End, Failure, ProcessIdentity, count_oom_kills, current_boot_id, explain_end
from emocore.training.failure import explain_failure
from tests.support.audited_runs import finish
from tests.support.chart_tables import score_rows
from tests.support.comparisons import build
from tests.support.tables import COST, change_status

TABLE = pd.DataFrame(
    {
        "series": ["LoRA", "QLoRA", "IA3", "TF-IDF"],
        "f1_macro": [0.52, 0.51, 0.48, 0.40],
        "train_seconds": [180.0, 284.0, 103.0, 1.0],
        "peak_memory_bytes": [4.0e9, 4.5e9, 2.8e9, 0.3e9],
        "adapter_bytes": [20e6, 20e6, 1e6, 4e6],
        "latency_seconds": [0.020, 0.045, np.nan, 0.001],
    }
)


def front(spent: list[float], f1: list[float]) -> list[bool]:
    names = [f"series {place}" for place in range(len(spent))]
    table = pd.DataFrame({"series": names, "train_seconds": spent, "f1_macro": f1}, index=range(10, 10 + len(spent)))
    is_on_front = costs.pareto_front(table, "train_seconds", Verdicts.join([]))
    assert is_on_front.index.tolist() == table.index.tolist()
    return is_on_front.tolist()


def names_within(**budget: float | None) -> list[str]:
    return costs.best_under_budget(TABLE, **budget)["series"].tolist()


def test_costs_are_means_over_seeds_next_to_the_macro_f1() -> None:
    seconds = {("lora", 1): (10.0, 0.02), ("lora", 2): (20.0, 0.04), ("ia3", 1): (5.0, 0.01)}
    results = [
        finish(method=method, seed=seed, cost={"train_seconds": train, "latency_seconds": latency})
        for (method, seed), (train, latency) in seconds.items()
    ]
    scores = score_rows(2)
    scores.loc[scores["metric"] != "f1_macro", ["value", "low", "high"]] += 0.2
    table = costs.cost_table(results, scores)
    about = ["series", "method", "source", "seeds", "f1_macro", "f1_macro_low", "f1_macro_high"]
    assert table.columns.tolist() == [*about, *costs.COSTS, costs.SHARED_TIMES]
    known = [["LoRA", "lora", "here", 3, 0.5, 0.47, 0.52], ["IA3", "ia3", "here", 3, 0.55, 0.52, 0.57]]
    assert table[about].round(9).to_numpy().tolist() == known
    assert table["train_seconds"].tolist() == [15, 5]
    assert table["latency_seconds"].tolist() == pytest.approx([0.03, 0.01])
    assert table["adapter_bytes"].tolist() == [COST["adapter_bytes"]] * 2


def test_what_an_old_run_did_not_measure_is_not_a_number() -> None:
    """Of two seeds one measured it: that is what is known."""
    results = [finish(seed=1), finish(seed=2, cost={"latency_seconds": 0.04}), finish(method="ia3")]
    latency = costs.cost_table(results, score_rows(2)).set_index("series")["latency_seconds"]
    assert latency.to_dict() == pytest.approx({"LoRA": 0.04, "IA3": np.nan}, nan_ok=True)


def share(result: RunResult) -> RunResult:
    """The same run, had it shared its device."""
    return replace(result, scores=result.scores.model_copy(update={"shared_device": True}))


def test_times_of_runs_that_shared_their_device_count_only_where_there_are_no_others() -> None:
    results = [
        finish(seed=1, cost={"train_seconds": 10.0, "peak_memory_bytes": 3000}),
        share(finish(seed=2, cost={"train_seconds": 30.0, "peak_memory_bytes": 5000})),
        share(finish(method="ia3", cost={"train_seconds": 40.0, "peak_memory_bytes": 1000})),
    ]
    table = costs.cost_table(results, score_rows(2)).set_index("series")
    assert table["train_seconds"].to_dict() == {"LoRA": 10, "IA3": 40}
    assert table["peak_memory_bytes"].to_dict() == {"LoRA": 4000, "IA3": 1000}, "which others do not change"
    assert table[costs.SHARED_TIMES].to_dict() == {"LoRA": False, "IA3": True}
    assert costs.describe_shared_times(results, table.reset_index()) == snapshot(
        [
            "* All runs of IA3 shared their device with other runs for a part of the time, so they took longer "
            "than alone: their times cannot be compared. Memory and sizes are not affected.",
            "Times of LoRA are those of the runs that had their device to themselves; others shared it.",
        ]
    )


def test_without_runs_that_shared_a_device_nothing_is_said() -> None:
    results = [finish(), finish(method="ia3")]
    assert costs.describe_shared_times(results, costs.cost_table(results, score_rows(2))) == []


@pytest.mark.parametrize(
    ("spent", "f1", "expected"),
    [
        ([1, 2, 3], [0.4, 0.5, 0.45], [True, True, False]),
        ([1, 2, 3], [0.3, 0.4, 0.5], [True, True, True]),
        ([1], [0.3], [True]),
        # Equal in one and worse in the other is beaten, and equal in both is not.
        ([1, 1], [0.4, 0.5], [False, True]),
        ([1, 2], [0.5, 0.5], [True, False]),
        ([1, 1], [0.5, 0.5], [True, True]),
        # What is not known beats nothing.
        ([np.nan, 2, 3], [0.9, 0.4, 0.5], [False, True, True]),
        ([1, 2], [np.nan, 0.5], [False, True]),
    ],
)
def test_the_front_has_what_nothing_beats_in_both(spent: list[float], f1: list[float], expected: list[bool]) -> None:
    assert front(spent, f1) == expected


def test_the_front_is_that_of_its_definition() -> None:
    random = np.random.default_rng(0)
    points = random.integers(0, 8, (60, 2)).astype(float)
    by_definition = [
        not any(c <= cost and f >= value and (c < cost or f > value) for c, f in points) for cost, value in points
    ]
    assert front(*points.T.tolist()) == by_definition


def test_a_cheaper_series_that_is_shown_to_be_as_good_within_a_point_takes_the_place() -> None:
    """QLoRA is surely less than a point above LoRA; LoRA may be more than a point above IA3."""
    pairs = {("QLoRA", "LoRA"): (0.002, -0.004, 0.008, "equal"), ("LoRA", "IA3"): (0.006, -0.001, 0.013, "open")}
    scores = {"QLoRA": 0.508, "LoRA": 0.506, "IA3": 0.5}
    table = pd.DataFrame({"series": list(scores), "f1_macro": list(scores.values()), "train_seconds": [3.0, 2.0, 1.0]})
    assert costs.pareto_front(table, "train_seconds", build(scores, pairs).verdicts).tolist() == [False, True, True]
    dearer = table.assign(train_seconds=[1.0, 2.0, 3.0])
    assert costs.pareto_front(dearer, "train_seconds", build(scores, pairs).verdicts).tolist() == [True, False, False]


def test_what_left_the_front_takes_no_place() -> None:
    """B is as good as A within a point, and C as B; but A may be more than a point above C, which it stands beside."""
    pairs = {
        ("A", "B"): (0.004, 0.001, 0.007, "better"),
        ("B", "C"): (0.004, 0.001, 0.007, "better"),
        ("A", "C"): (0.008, 0.003, 0.013, "better"),
    }
    scores = {"A": 0.508, "B": 0.504, "C": 0.5}
    table = pd.DataFrame({"series": list(scores), "f1_macro": list(scores.values()), "train_seconds": [3.0, 2.0, 1.0]})
    assert costs.pareto_front(table, "train_seconds", build(scores, pairs).verdicts).tolist() == [True, False, True]


def test_a_budget_allows_what_keeps_within_every_limit_best_first() -> None:
    assert names_within() == ["LoRA", "QLoRA", "IA3", "TF-IDF"]
    assert names_within(minutes=None, adapter_megabytes=None) == names_within()
    assert names_within(minutes=3) == ["LoRA", "IA3", "TF-IDF"]  # LoRA takes just these 180 s
    assert names_within(peak_memory_gigabytes=3) == ["IA3", "TF-IDF"]
    assert names_within(adapter_megabytes=19.9) == ["IA3", "TF-IDF"]
    assert names_within(minutes=2, adapter_megabytes=2) == ["IA3"]
    assert names_within(minutes=0) == []
    # A latency that is not known is within no limit of it.
    assert names_within(latency_milliseconds=20) == ["LoRA", "TF-IDF"]
    assert names_within(latency_milliseconds=1000) == ["LoRA", "QLoRA", "TF-IDF"]


def test_a_limit_that_nobody_knows_is_refused() -> None:
    with pytest.raises(KeyError, match="hours"):
        costs.best_under_budget(TABLE, hours=1)


LEAD = (0.1, 0.05, 0.15, "better")
EQUAL, OPEN = (0.001, -0.005, 0.007, "equal"), (0.01, -0.01, 0.03, "open")


def test_the_sentence_names_the_best_and_what_may_be_as_good_under_the_budget() -> None:
    verdicts = build({}, {("LoRA", "QLoRA"): EQUAL, ("LoRA", "IA3"): OPEN, ("LoRA", "TF-IDF"): LEAD}).verdicts
    assert costs.describe_budget(TABLE, verdicts) == snapshot(
        "Without a limit, LoRA has the highest macro-F1 (0.520); QLoRA equals it within 1 point; whether it is better "
        "than IA3 is open."
    )
    assert costs.describe_budget(TABLE, verdicts, minutes=3, peak_memory_gigabytes=4.2) == snapshot(
        "With at most 3 min of training and 4.2 GB of peak memory, LoRA has the highest macro-F1 (0.520); whether it "
        "is better than IA3 is open."
    )
    assert costs.describe_budget(TABLE, verdicts, adapter_megabytes=1.5) == snapshot(
        "With at most 1.5 MB of adapter, IA3 has the highest macro-F1 (0.480)."
    )


def test_the_sentence_says_where_a_cost_is_not_known_or_nothing_is_cheap_enough() -> None:
    verdicts = build({}, {("LoRA", "QLoRA"): EQUAL, ("LoRA", "TF-IDF"): LEAD}).verdicts
    assert costs.describe_budget(TABLE, verdicts, latency_milliseconds=50) == snapshot(
        "With at most 50 ms per text, LoRA has the highest macro-F1 (0.520); QLoRA equals it within 1 point; "
        "not every cost of IA3 is known."
    )
    # Whatever IA3's latency is, it trains for too long.
    assert costs.describe_budget(TABLE, verdicts, minutes=1, latency_milliseconds=5) == snapshot(
        "With at most 1 min of training and 5 ms per text, TF-IDF has the highest macro-F1 (0.400)."
    )
    assert costs.describe_budget(TABLE, verdicts, minutes=0.01) == snapshot(
        "No series is within 0.01 min of training; raise a limit."
    )


def end(
    root: Path, status: RunStatus, reason: str | None = None, failure: Failure | None = None, method: str = "lora"
) -> RunFolder:
    run = create_run(root, RunConfig(method=method, seed=7))
    change_status(run, status, reason=reason, failure=failure)
    return run


def test_runs_without_a_result_are_listed_with_their_kind_and_reason(tmp_path: Path) -> None:
    earlier = ProcessIdentity(pid=2, start_ticks=0, boot_id=current_boot_id(), oom_kills=count_oom_kills() - 1)
    reasons = {
        "allocation refused": (RunStatus.FAILED, explain_failure(MemoryError()), "out of memory"),
        "killed by the kernel": (RunStatus.INTERRUPTED, explain_end(earlier, None), "out of memory"),
        "bad data": (RunStatus.FAILED, End("out of memory is no more than a word here"), "failed"),
        "stopped": (RunStatus.STOPPED, End(STOPPED_REASON), "stopped"),
        "killed": (RunStatus.INTERRUPTED, explain_end(None, None), "interrupted"),
        "no reason": (RunStatus.FAILED, (None, None), "failed"),
    }
    runs = [end(tmp_path, status, *reason, "qlora") for status, reason, _ in reasons.values()]
    table = costs.failed_table(runs)
    assert tuple(table.columns) == costs.FAILED_COLUMNS
    assert table["run"].tolist() == [run.id for run in runs]
    assert (table["method"] == "qlora").all() and (table["seed"] == 7).all()
    assert table["status"].tolist() == [str(status) for status, _, _ in reasons.values()]
    assert dict(zip(reasons, table["kind"], strict=True)) == {name: kind for name, (_, _, kind) in reasons.items()}
    assert table["reason"].tolist() == [reason or "" for _, (reason, _), _ in reasons.values()]


def test_a_run_whose_process_died_is_interrupted_though_its_file_says_running(tmp_path: Path) -> None:
    assert costs.failed_table([end(tmp_path, RunStatus.RUNNING)])["kind"].tolist() == ["interrupted"]


def test_waiting_finished_deleted_and_damaged_runs_are_not_listed(tmp_path: Path) -> None:
    deleted, damaged = end(tmp_path, RunStatus.FAILED), end(tmp_path, RunStatus.FAILED)
    shutil.rmtree(deleted.path)
    (damaged.path / "config.json").write_text("{")
    others = [end(tmp_path, RunStatus.QUEUED), end(tmp_path, RunStatus.FINISHED)]
    table = costs.failed_table([deleted, damaged, *others])
    assert table.empty and tuple(table.columns) == costs.FAILED_COLUMNS
