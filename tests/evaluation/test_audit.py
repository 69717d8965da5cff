"""The fairness audit names, grades and explains every unfair difference, and no fair one."""

from itertools import product
from typing import Any

import numpy as np
import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.errors import RunError
from emocore.evaluation.audit import COLUMNS, audit, audit_subjects, describe_audit, has_confound
from emocore.evaluation.results import Result, RunResult, TeamResult
from emocore.evaluation.run_descriptions import Subject, collect_rates
from emocore.run.config import RunConfig
from emocore.run.provenance import Provenance
from tests.support.audited_runs import LABELS, TRUTH, VERSIONS, build_result, finish

METHODS = ("lora", "ia3", "qlora", "head", "tfidf")


def move_away(result: RunResult) -> TeamResult:
    """The same run as read from W&B: without its predictions and its code."""
    provenance = Provenance(**result.provenance.model_dump(exclude={"code", "python", "platform"}))
    return TeamResult(result.id + "-there", result.config, result.scores, provenance, "http://x")


def tell(results: list[Any], **options: Any) -> dict[str, dict[str, str]]:
    """What -> its row."""
    return audit(results, **options).set_index("what").to_dict("index")


def test_a_study_that_varies_only_the_method_is_fair() -> None:
    """TF-IDF has neither base nor epochs; that follows from the method and is not a separate difference."""
    table = audit([finish(method=m, seed=s) for m, s in product(METHODS, (1, 2))])
    assert table.empty
    assert table.columns.tolist() == [*COLUMNS, "by_design"]
    assert not has_confound(table)
    assert describe_audit(table) == snapshot("A fair comparison: the runs differ only in method and seed.")


def test_one_run_differs_from_nothing() -> None:
    assert audit([finish()]).empty


@pytest.mark.parametrize(
    ("setting", "values", "what", "told", "severity"),
    [
        ("base", ("smollm2-135m", "minilm-l6"), "base", ("smollm2-135m", "minilm-l6"), "confounds"),
        ("epochs", (3, 5), "epochs", ("3", "5"), "confounds"),
        ("max_steps", (None, 40), "optimizer steps", ("189", "40"), "confounds"),
        ("batch_size", (16, 32), "batch size", ("16", "32"), "may matter"),
        ("gradient_accumulation_steps", (1, 2), "batch size", ("16", "32"), "may matter"),
        ("max_length", (128, 64), "max length", ("128", "64"), "may matter"),
        ("threshold", (0.5, 0.4), "threshold", ("0.5", "0.4"), "may matter"),
        ("weight_decay", (0.01, 0.0), "weight decay", ("0.01", "0.0"), "may matter"),
        ("warmup_share", (0.1, 0.0), "warmup share", ("0.1", "0.0"), "may matter"),
        ("max_grad_norm", (1.0, 2.0), "max grad norm", ("1.0", "2.0"), "may matter"),
        ("loss", ("bce", "focal"), "loss", ("bce", "focal"), "confounds"),
        ("positive_weight", ("none", "joy:2"), "positive weight", ("none", "joy:2"), "confounds"),
        ("gradient_checkpointing", (False, True), "gradient checkpointing", ("off", "on"), "may matter"),
        # The split was the same in spite of them.
        ("split_seed", (42, 43), "split seed", ("42", "43"), "cosmetic"),
        ("validation_share", (0.15, 0.2), "validation share", ("0.15", "0.2"), "cosmetic"),
        ("text_column", (None, "Tweet"), "text column", ("found by itself", "Tweet"), "cosmetic"),
        ("group_column", (None, "author"), "group column", ("none", "author"), "cosmetic"),
    ],
)
def test_what_differs_other_than_the_method_is_named_with_both_values(
    setting: str, values: tuple[Any, Any], what: str, told: tuple[str, str], severity: str
) -> None:
    found = tell([finish(method=m, **{setting: v}) for m, v in zip(("lora", "qlora"), values, strict=True)])
    assert found[what]["values"] == f"{told[0]} (LoRA) against {told[1]} (QLoRA)"
    assert found[what]["severity"] == severity
    assert found[what]["effect"].endswith(".")


def test_the_confounded_comparison_of_the_original_study_is_found_out() -> None:
    runs = [
        finish(method="lora", base="google/gemma-1.1-2b-it"),
        finish(method="qlora", base="Alibaba-NLP/gte-Qwen1.5-7B-instruct", max_steps=40),
    ]
    table = audit(runs)
    assert table["what"].tolist() == ["base", "optimizer steps"]
    assert has_confound(table)
    assert describe_audit(table) == snapshot(
        "These runs differ in more than method and seed: they also differ in base and optimizer steps, "
        "so a difference in F1 has more than one possible cause."
    )


@pytest.mark.parametrize(
    ("rows", "settings", "steps"),
    [
        (1000, {}, "189"),  # 63 batches per epoch, the last one short
        (1000, {"gradient_accumulation_steps": 2}, "96"),  # 31.5 steps per epoch, counted as 32
        (16, {"epochs": 5}, "5"),
        (1000, {"max_steps": 5000}, "5,000"),  # beyond its epochs
    ],
)
def test_optimizer_steps_are_counted_as_the_trainer_does(rows: int, settings: dict[str, Any], steps: str) -> None:
    origin = {"rows": {"train": rows}}
    found = tell([finish(origin, **settings), finish(origin, method="ia3", max_steps=1)])
    assert found["optimizer steps"]["values"] == f"{steps} (LoRA) against 1 (IA3)"


def test_a_cap_that_changes_nothing_is_no_difference() -> None:
    assert audit([finish(), finish(method="ia3", max_steps=189)]).empty


def test_without_a_count_of_rows_settings_are_told_as_set() -> None:
    found = tell([finish({"rows": {}}), finish({"rows": {}}, method="ia3", rows=1000, max_steps=9)])
    assert found["training rows"]["values"] == snapshot("all (LoRA) against 1,000 (IA3)")
    assert found["optimizer steps"]["values"] == snapshot("all of its epochs (LoRA) against 9 (IA3)")


def test_bases_that_differ_only_at_the_end_of_a_long_path_are_two() -> None:
    stem = "/models/" + "x" * 80
    configs = [RunConfig(base=f"{stem}/{name}") for name in ("first", "second")]
    [row] = audit([build_result(config) for config in configs]).to_dict("records")
    assert row["what"] == "base" and row["by_design"]
    assert row["values"] == f"{stem}/first (LoRA · first) against {stem}/second (LoRA · second)"


@pytest.mark.parametrize(
    ("origin", "what", "severity"),
    [
        ({"split_sha256": "b" * 64}, "rows or split", "confounds"),
        ({"data_sha256": {"data": "e" * 64}, "split_sha256": "b" * 64}, "data", "confounds"),
        ({"data_sha256": {"data": "e" * 64}}, "data", "cosmetic"),  # a file that differs in what is not read
        ({"rows": {"train": 999}, "split_sha256": "b" * 64}, "training rows", "confounds"),
        ({"device": "cuda"}, "device", "may matter"),
        ({"precision": "bf16"}, "precision", "may matter"),
        ({"packages": VERSIONS | {"torch": "2.6.0"}}, "versions", "may matter"),
        ({"packages": VERSIONS | {"wandb": "0.19.0"}}, "other versions", "cosmetic"),
        ({"python": "3.12.1"}, "other versions", "cosmetic"),
        ({"code": {"revision": "f" * 40, "dirty": True}}, "code revision", "may matter"),
        ({"base_revision": "f" * 40}, None, None),  # known for only one run
        ({"platform": "Linux-7"}, "system", "cosmetic"),
    ],
)
def test_what_the_runs_really_used_is_compared_too(
    origin: dict[str, Any], what: str | None, severity: str | None
) -> None:
    found = audit([finish(), finish(origin, method="ia3")])
    assert list(zip(found["what"], found["severity"], strict=True)) == ([(what, severity)] if what else [])
    assert found["values"].str.len().max() < 90 or not what  # hashes are shortened


def test_threads_count_on_the_cpu() -> None:
    for device, expected in (("cpu", ["CPU threads"]), ("cuda", [])):
        runs = [finish({"device": device, "threads": number}, seed=number) for number in (1, 2)]
        assert audit(runs)["what"].tolist() == expected


def test_only_versions_that_differ_are_named() -> None:
    packages = {"torch": "2.6.0", "peft": "0.14.0", "wandb": None}
    found = tell([finish(), finish({"packages": packages}, method="ia3")])
    assert found["versions"]["values"] == snapshot("torch 2.5.0 (LoRA) against torch 2.6.0 (IA3)")
    assert found["other versions"]["values"] == snapshot("wandb 0.18.0 (LoRA) against wandb not there (IA3)")


def test_another_split_counts_for_a_method_without_a_base_too() -> None:
    other = finish({"split_sha256": "b" * 64, "device": "other", "precision": "x"}, method="tfidf")
    assert list(tell([finish(), other])) == ["rows or split"]


def test_runs_that_were_scored_on_other_texts_are_not_paired() -> None:
    found = tell([finish(), finish(method="ia3", truth=TRUTH[::-1])])
    assert list(found) == ["evaluation texts"]
    assert "no paired test is made" in found["evaluation texts"]["effect"]
    assert found["evaluation texts"]["values"].count("4 texts") == 2


def test_other_labels_are_one_difference_and_not_three() -> None:
    found = tell([finish(), finish(method="ia3", truth=TRUTH[:, :2], labels=LABELS[:2])])
    assert list(found) == ["labels"]
    assert found["labels"]["values"] == snapshot("anger, joy, trust (LoRA) against anger, joy (IA3)")


def test_a_seed_that_ran_elsewhere_is_told_from_its_series() -> None:
    runs = [finish({"device": device}, seed=seed) for seed, device in enumerate(("cpu", "cpu", "cuda"))]
    assert tell(runs)["device"]["values"] == snapshot("cpu (2 of 3 runs of LoRA) against cuda (1 of 3 runs of LoRA)")


def test_runs_of_w_and_b_are_marked_and_compared_like_others() -> None:
    there = move_away(finish({"split_sha256": "b" * 64}, epochs=9, data="/there.csv"))
    found = tell([finish(), there])
    assert list(found) == ["rows or split", "epochs", "optimizer steps", "source"]
    assert found["source"]["values"] == snapshot("here (LoRA) against W&B (LoRA · W&B)")


def test_runs_of_w_and_b_on_texts_with_other_counts_saw_other_texts() -> None:
    here, same = finish(), move_away(finish(method="ia3"))
    other = move_away(finish(method="ia3", truth=TRUTH[1:]))
    assert list(tell([here, same])) == ["source"]
    assert list(tell([same, here])) == ["source"]
    assert "evaluation texts" in tell([here, other])


def test_damaged_predictions_are_said_and_not_taken_for_others() -> None:
    damaged = finish(method="ia3")
    del vars(damaged)["predictions"]
    with pytest.raises(RunError, match=r"predictions\.parquet is missing or damaged"):
        audit([finish(), damaged])


def test_the_gravest_difference_stands_first() -> None:
    origin = {"device": "cuda", "platform": "x", "packages": VERSIONS | {"peft": "1"}}
    table = audit([finish(), finish(origin, method="ia3", epochs=9, threshold=0.4)])
    assert table["severity"].tolist() == ["confounds"] * 2 + ["may matter"] * 3 + ["cosmetic"]


def test_what_may_matter_and_what_is_cosmetic_is_said_as_such() -> None:
    device = audit([finish(), finish({"device": "cuda", "platform": "x"}, method="ia3")])
    assert not has_confound(device)
    assert describe_audit(device).startswith("A fair comparison in what matters most; the runs also differ in device")
    system = audit([finish(), finish({"platform": "x"}, method="ia3")])
    assert "system, which does not affect the verdict" in describe_audit(system)


def test_subjects_without_covariates_do_not_differ() -> None:
    pd.testing.assert_frame_equal(audit_subjects([]), audit_subjects([Subject("a", "a", {}), Subject("b", "b", {})]))


def test_learning_rates_are_counted_by_method_base_and_data() -> None:
    grid = product((1e-4, 1e-3), (1, 2), (50, 99))
    settings = [{"learning_rate": rate, "seed": seed, "rows": rows} for rate, seed, rows in grid]
    settings += [{"learning_rate": 1e-4, "base": "minilm-l6"}, {"learning_rate": 1e-4, "data": "x.csv"}]
    settings += [{"method": "head", "head_learning_rate": rate} for rate in (1e-3, 1e-2, 1e-1)]
    configs = [finish(**own).config for own in [*settings, {"method": "tfidf"}]]
    assert {place: len(rates) for place, rates in collect_rates(configs).items()} == {
        ("lora", "smollm2-135m", "starter"): 2,
        ("lora", "minilm-l6", "starter"): 1,
        ("lora", "smollm2-135m", "x.csv"): 1,
        ("head", "smollm2-135m", "starter"): 3,
    }


def test_who_had_more_tries_has_an_advantage() -> None:
    runs: list[Result] = [finish(), finish(method="ia3"), finish(method="tfidf")]
    trials = {("ia3", "smollm2-135m", "starter"): 5, ("lora", "other", "starter"): 9}
    row = tell(runs, trials=trials)["settings tried"]
    assert row["values"] == snapshot("1 (LoRA) against 5 (IA3)")
    assert row["severity"] == "may matter"
    assert row["effect"] == snapshot(
        "IA3 had 5 settings to choose from, LoRA 1: the best of several tries looks better than it is."
    )
    assert audit(runs, trials=dict.fromkeys(trials, 1)).empty


def test_of_many_other_labels_some_are_named_and_a_hash_tells_them_apart() -> None:
    truth, labels = np.tile(TRUTH, 7), tuple(f"feeling {number:02}" for number in range(21))
    found = tell([finish(truth=truth, labels=labels), finish(method="ia3", truth=truth, labels=(*labels[:-1], "joy"))])
    assert list(found) == ["labels"]
    assert found["labels"]["values"] == snapshot(
        "21 labels 7bc4b903: feeling 00, feeling 01, feeling 02 and 18 more (LoRA) against "
        "21 labels d4c515a5: feeling 00, feeling 01, feeling 02 and 18 more (IA3)"
    )


def test_a_method_without_a_learning_rate_has_the_tries_of_its_search() -> None:
    runs: list[Result] = [finish(), finish(method="tfidf")]
    trials = {("lora", "smollm2-135m", "starter"): 4, ("tfidf", "none", "starter"): 8}
    assert tell(runs, trials=trials)["settings tried"]["values"] == "4 (LoRA) against 8 (TF-IDF)"
    assert audit(runs, trials=dict.fromkeys(trials, 4)).empty
