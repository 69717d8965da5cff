"""Finished runs side by side: means over seeds, the order of emotions, and unfair comparisons told apart."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tables import COST, change_status, finish_run

from emocore.cli import main
from emocore.config import RunConfig
from emocore.errors import RunError
from emocore.evaluation.comparison import (
    COSTS,
    MULTILABEL_METRICS,
    emotion_table,
    find_differences,
    name_series,
    no_skill_table,
    summary_table,
)
from emocore.evaluation.results import RunResult, load_result, shared_splits
from emocore.folder import RunFolder, create_run
from emocore.models.resolve import resolve
from emocore.states import RunStatus

LABELS = ("anger", "joy", "trust")
# Supports 2, 3 and 1: joy is the commonest, trust the rarest.
TRUTH = np.array([[1, 1, 0], [1, 1, 0], [0, 1, 1], [0, 0, 0]], dtype=np.int8)
PERFECT = np.where(TRUTH == 1, 3.0, -3.0)
SILENT = np.full(TRUTH.shape, -3.0)
ONE_MISS = np.where(np.arange(12).reshape(4, 3) == 0, -3.0, PERFECT)  # the first text's anger


def finish(
    root: Path, logits: np.ndarray = PERFECT, cost: Any = COST, origin: Any = None, **settings: Any
) -> RunFolder:
    config, _ = resolve(RunConfig(**{"base": "smollm2-135m", "study": "s"} | settings))
    return finish_run(root, config, TRUTH, logits, LABELS, cost, origin)


def load(*runs: RunFolder) -> list[RunResult]:
    return [load_result(run) for run in runs]


def test_a_result_gives_back_truth_and_logits_as_stored(tmp_path: Path) -> None:
    result = load_result(finish(tmp_path, ONE_MISS))
    assert result.labels == list(LABELS)
    assert (result.truth("validation") == TRUTH).all()
    assert (result.logits("validation") == ONE_MISS).all()
    assert result.truth("test").shape == (0, 3)
    assert result.method_title == "LoRA"


@pytest.mark.parametrize("status", [status for status in RunStatus if status != RunStatus.FINISHED])
def test_only_a_finished_run_has_a_result(tmp_path: Path, status: RunStatus) -> None:
    run = finish(tmp_path)
    change_status(run, status, reason="a reason")
    with pytest.raises(RunError, match="only finished runs") as caught:
        load_result(run)
    assert run.id in str(caught.value)


def test_why_a_run_failed_is_said_where_it_is_asked_for(tmp_path: Path) -> None:
    run = create_run(tmp_path, RunConfig())
    change_status(run, RunStatus.FAILED, reason="out of memory")
    with pytest.raises(RunError, match=r"is failed \(out of memory\)"):
        load_result(run)


def test_shared_splits_are_those_that_every_run_has(tmp_path: Path) -> None:
    without, with_test = finish(tmp_path), finish(tmp_path)
    result = with_test.read_json("result.json")
    assert result is not None
    with_test.write_json("result.json", result | {"test": result["validation"]})
    assert shared_splits(load(with_test)) == ["validation", "test"]
    assert shared_splits(load(with_test, without)) == ["validation"]


def test_emotions_stand_by_support_with_each_series_in_the_given_order(tmp_path: Path) -> None:
    table = emotion_table(load(finish(tmp_path, method="lora"), finish(tmp_path, method="ia3")), "validation")
    assert table[["emotion", "series", "support"]].to_numpy().tolist() == [
        ["joy", "LoRA", 3],
        ["joy", "IA3", 3],
        ["anger", "LoRA", 2],
        ["anger", "IA3", 2],
        ["trust", "LoRA", 1],
        ["trust", "IA3", 1],
    ]


def test_scores_by_emotion_are_means_over_seeds(tmp_path: Path) -> None:
    runs = [finish(tmp_path, logits, seed=seed) for seed, logits in enumerate((PERFECT, ONE_MISS))]
    table = emotion_table(load(*runs), "validation").set_index("emotion")
    assert len(table) == 3
    assert set(table["seeds"]) == {2}
    assert table.loc["anger", "f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert table.loc["anger", "recall"] == pytest.approx((1 + 1 / 2) / 2)
    assert table.loc["joy", "f1"] == 1


def test_the_no_skill_line_is_that_of_the_emotion_s_share(tmp_path: Path) -> None:
    table = emotion_table(load(finish(tmp_path)), "validation").set_index("emotion")
    shares = {"anger": 2 / 4, "joy": 3 / 4, "trust": 1 / 4}
    assert table["no_skill_f1"].to_dict() == pytest.approx({k: 2 * p / (1 + p) for k, p in shares.items()})


def test_the_summary_has_scores_and_costs_with_the_best_series_first(tmp_path: Path) -> None:
    runs = [
        finish(tmp_path, SILENT, method="ia3"),
        finish(tmp_path, PERFECT, cost=COST | {"train_seconds": 20.0}, seed=1),
        finish(tmp_path, ONE_MISS, cost=COST | {"train_seconds": 40.0}, seed=2),
    ]
    table = summary_table(load(*runs), "validation")
    assert table["series"].tolist() == ["LoRA", "IA3"]
    assert table["seeds"].tolist() == [2, 1]
    assert table["train_seconds"].tolist() == [30, 10]
    assert table["f1_macro"].tolist() == pytest.approx([(1 + (2 / 3 + 1 + 1) / 3) / 2, 0])
    assert table["flattened_f1_micro"].tolist() == pytest.approx([(1 + 11 / 12) / 2, 6 / 12])
    assert {*MULTILABEL_METRICS, *COSTS, "flattened_f1_macro", "method", "base"} <= set(table.columns)


def test_the_no_skill_rows_have_the_scores_of_the_summary(tmp_path: Path) -> None:
    results = load(finish(tmp_path, SILENT))
    table = no_skill_table(results, "validation").set_index("series")
    own = summary_table(results, "validation").iloc[0]
    assert table.index.tolist() == ["silence", "always-on"]
    for metric in (*MULTILABEL_METRICS, "flattened_f1_macro", "flattened_f1_micro"):
        assert table.loc["silence", metric] == own[metric]


def test_seeds_of_one_method_are_one_series(tmp_path: Path) -> None:
    runs = [finish(tmp_path, method=method, seed=seed) for method in ("lora", "qlora") for seed in (1, 2)]
    assert list(name_series(load(*runs)).values()) == ["LoRA", "LoRA", "QLoRA", "QLoRA"]


def test_several_bases_are_told_apart_by_name_but_a_method_without_one_is_not(tmp_path: Path) -> None:
    runs = [
        finish(tmp_path),
        finish(tmp_path, base="google/gemma-1.1-2b-it"),
        finish(tmp_path, method="tfidf"),
    ]
    assert list(name_series(load(*runs)).values()) == ["LoRA · smollm2-135m", "LoRA · gemma-1.1-2b-it", "TF-IDF"]


def test_runs_that_differ_in_more_than_their_seed_are_not_averaged(tmp_path: Path) -> None:
    runs = [finish(tmp_path, learning_rate=rate) for rate in (1e-4, 1e-3)]
    names = name_series(load(*runs))
    assert names == {run.id: f"LoRA ({run.id.rsplit('-', 1)[-1]})" for run in runs}
    assert summary_table(load(*runs), "validation")["seeds"].tolist() == [1, 1]


def test_a_study_that_varies_the_method_alone_is_fair(tmp_path: Path) -> None:
    """TF-IDF has neither base nor epochs; that follows from the method and is no difference of its own."""
    methods = ("lora", "ia3", "qlora", "head", "tfidf")
    assert find_differences(load(*(finish(tmp_path, method=m, seed=s) for m in methods for s in (1, 2)))) == []


def test_one_run_differs_from_nothing(tmp_path: Path) -> None:
    assert find_differences(load(finish(tmp_path))) == []


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("epochs", (3, 5)),
        ("max_steps", (None, 40)),
        ("batch_size", (16, 32)),
        ("max_length", (128, 64)),
        ("rows", (None, 1000)),
        ("threshold", (0.5, 0.4)),
        ("weight_decay", (0.01, 0.0)),
        ("split_seed", (42, 43)),
        ("base", ("smollm2-135m", "minilm-l6")),
    ],
)
def test_what_differs_beside_the_method_is_named_with_both_values(
    tmp_path: Path, setting: str, values: tuple[Any, Any]
) -> None:
    runs = [finish(tmp_path, method=m, **{setting: v}) for m, v in zip(("lora", "qlora"), values, strict=True)]
    differences = find_differences(load(*runs))
    named = [difference for difference in differences if difference.startswith(f"{setting}: ")]
    assert named == [f"{setting}: {values[0]} (LoRA) against {values[1]} (QLoRA)"]


def test_the_confounded_comparison_of_the_original_study_is_found_out(tmp_path: Path) -> None:
    runs = [
        finish(tmp_path, method="lora", base="google/gemma-1.1-2b-it"),
        finish(tmp_path, method="qlora", base="Alibaba-NLP/gte-Qwen1.5-7B-instruct", max_steps=40),
    ]
    fields = {difference.partition(":")[0] for difference in find_differences(load(*runs))}
    assert {"base", "max_steps"} <= fields


def test_bases_that_differ_at_the_end_of_a_long_path_alone_are_two(tmp_path: Path) -> None:
    stem = "/models/" + "x" * 80
    configs = [RunConfig(base=f"{stem}/{name}") for name in ("first", "second")]
    results = load(*(finish_run(tmp_path, config, TRUTH, PERFECT, LABELS) for config in configs))
    assert find_differences(results) == [f"base: {stem}/first (LoRA) against {stem}/second (LoRA)"]


@pytest.mark.parametrize(
    ("origin", "title"),
    [
        ({"split_sha256": "b" * 64}, "rows or split"),
        ({"device": "cuda"}, "device"),
        ({"precision": "bf16"}, "precision"),
    ],
)
def test_what_the_runs_really_used_is_compared_too(tmp_path: Path, origin: dict[str, str], title: str) -> None:
    differences = find_differences(load(finish(tmp_path), finish(tmp_path, method="ia3", origin=origin)))
    assert len(differences) == 1
    assert differences[0].startswith(title)
    assert len(differences[0]) < 90  # hashes are shortened


def test_another_split_counts_for_a_method_without_a_base_too(tmp_path: Path) -> None:
    runs = [finish(tmp_path), finish(tmp_path, method="tfidf", origin={"split_sha256": "b" * 64, "device": "other"})]
    assert [text.partition(":")[0] for text in find_differences(load(*runs))] == ["rows or split"]


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    monkeypatch.setenv("EMOCORE_RUNS", str(tmp_path))
    return [finish(tmp_path, PERFECT, method="lora"), finish(tmp_path, ONE_MISS, method="ia3")]


def test_the_command_line_compares_a_study_as_json(study: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", "--study", "s", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert set(answer["runs"]) == {run.id for run in study}
    assert [row["series"] for row in answer["summary"]] == ["LoRA", "IA3"]
    anger = {row["series"]: row["f1"] for row in answer["per_emotion"] if row["emotion"] == "anger"}
    assert anger == pytest.approx({"LoRA": 1, "IA3": 2 / 3})
    assert {row["series"] for row in answer["no_skill"]} == {"silence", "always-on"}
    assert answer["differences"] == []


def test_the_command_line_leaves_out_unfinished_runs_and_says_so(
    study: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = create_run(tmp_path, RunConfig(study="s"))
    assert main(["compare", "--study", "s", "--json"]) == 0
    output = capsys.readouterr()
    assert output.err == f"note: {waiting.id} is queued and left out\n"
    assert len(json.loads(output.out)["runs"]) == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [("predictions.parquet", None), ("predictions.parquet", "PAR1"), ("result.json", "{"), ("provenance.json", "[]")],
)
def test_the_command_line_refuses_a_damaged_run_in_one_line(
    study: list[RunFolder], capsys: pytest.CaptureFixture[str], name: str, content: str | None
) -> None:
    file = study[0].path / name
    if content is None:
        file.unlink()
    else:
        file.write_text(content)
    assert main(["compare", "--study", "s"]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(f"emocore: run {study[0].id}: {name} is ")
    assert output.err.count("\n") == 1


def test_a_run_named_twice_is_compared_once(study: list[RunFolder], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", study[0].id, study[0].id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["summary"][0]["seeds"] == 1


def test_the_printed_comparison_warns_of_differences(
    study: list[RunFolder], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = finish(tmp_path, method="qlora", epochs=9)
    assert main(["compare", study[0].id, other.id]) == 0
    output = capsys.readouterr().out
    assert "warning: these runs differ in more than their method: epochs: 3 (LoRA) against 9 (QLoRA)" in output
    assert "silence" in output
    assert output.index("joy") < output.index("anger") < output.index("trust")
