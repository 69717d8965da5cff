"""A comparison as a whole: averages over seeds, pairs of runs, and notes on missing parts."""

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from emocore.errors import DataError
from emocore.evaluation.bootstrap import score
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.no_skill import no_skill_scores
from emocore.evaluation.score_tables import METRICS
from emocore.metrics import score_logits
from emocore.thresholds import tune
from tests.support.audited_runs import LABELS, ONE_MISS, PERFECT, TRUTH, finish, give_groups
from tests.support.simulated import predictions_of
from tests.support.studies import draw_logits, draw_truth


def random_case(seed: int, labels: int = 3, skill: float = 1.5) -> tuple[np.ndarray, np.ndarray]:
    """Truth and logits that are right more often than not; truth is the same for each seed."""
    truth = draw_truth(120, labels, seed=9)
    return truth, draw_logits(truth, skill, seed)


def column(comparison: Comparison, metric: str = "f1_macro", name: str = "value") -> dict[str, Any]:
    """Series -> what it has of one metric."""
    rows = comparison.scores[comparison.scores["metric"] == metric]
    return dict(zip(rows["series"], rows[name], strict=True))


def test_scores_are_means_over_seeds_with_what_is_known_of_the_series() -> None:
    runs = [finish(logits=logits, seed=seed) for seed, logits in enumerate((PERFECT, ONE_MISS))]
    comparison = compare([*runs, finish(logits=ONE_MISS, method="tfidf")], "validation")
    table = comparison.scores
    assert table.columns.tolist() == ["series", "method", "base", "source", "seeds", "metric", "value", "low", "high"]
    assert table["metric"].tolist() == [*METRICS, *METRICS]
    known = table[["series", "method", "base", "source", "seeds"]].drop_duplicates().to_numpy().tolist()
    assert known == [["LoRA", "lora", "smollm2-135m", "here", 2], ["TF-IDF", "tfidf", "none", "here", 1]]
    missed = {"f1_macro": (2 / 3 + 1 + 1) / 3, "exact_match": 3 / 4, "flattened_f1_micro": 11 / 12}
    for metric, value in missed.items():
        assert column(comparison, metric) == pytest.approx({"LoRA": (1 + value) / 2, "TF-IDF": value})
    assert comparison.ranking()["series"].tolist() == comparison.tested == ["LoRA", "TF-IDF"]
    assert (table["low"] <= table["value"]).all() and (table["value"] <= table["high"] + 1e-12).all()


def test_emotions_are_means_over_seeds_too() -> None:
    runs = [finish(logits=logits, seed=seed) for seed, logits in enumerate((PERFECT, ONE_MISS))]
    table = compare(runs, "validation").emotions.set_index("emotion")
    assert table.columns.tolist() == [
        "series", "method", "base", "source", "seeds", "f1", "low", "high", "precision", "recall", "support",
        "no_skill_f1", "note", "average_precision",
    ]  # fmt: skip
    assert table.loc["anger", ["f1", "precision", "recall"]].tolist() == pytest.approx([(1 + 2 / 3) / 2, 1, 3 / 4])
    shares = {"joy": 3 / 4, "anger": 2 / 4, "trust": 1 / 4}
    assert table["no_skill_f1"].to_dict() == pytest.approx({name: 2 * p / (1 + p) for name, p in shares.items()})
    assert set(table["seeds"]) == {2}


def test_scores_as_launched_are_those_that_the_run_stored() -> None:
    truth, logits = random_case(0, labels=11)
    labels = tuple(f"emotion {number}" for number in range(11))
    result = finish(None, truth, logits, labels=labels, threshold=0.4)
    comparison, stored = compare([result], "validation"), result.scores.validation.model_dump()
    for metric in METRICS:
        values = stored["flattened" if metric.startswith("flattened_") else "multilabel"]
        assert column(comparison, metric)["LoRA"] == pytest.approx(values[metric.removeprefix("flattened_")], abs=1e-12)
    for row in comparison.emotions.to_dict("records"):
        known = stored["multilabel"]["per_emotion"][row["emotion"]]
        for name in ("f1", "precision", "recall", "support", "average_precision"):
            assert row[name] == pytest.approx(known[name], abs=1e-12)


def test_emotions_stand_by_support_with_the_series_of_each_together() -> None:
    """Where two emotions are as common, in the order of the labels."""
    truth = TRUTH.copy()
    truth[3, 2] = 1  # trust is as common as anger
    runs = [finish(None, truth, method=method) for method in ("lora", "ia3")]
    table = compare(runs, "validation").emotions
    supports = {"joy": 3, "anger": 2, "trust": 2}
    expected = [[emotion, series, number] for emotion, number in supports.items() for series in ("LoRA", "IA3")]
    assert table[["emotion", "series", "support"]].to_numpy().tolist() == expected


def test_average_precision_is_the_stored_one() -> None:
    runs = [finish(seed=seed) for seed in (1, 2)]
    for run, values in zip(runs, ((0.2, 0.5, None), (0.4, None, None)), strict=True):
        emotions = run.scores.validation.multilabel.per_emotion
        for label, value in zip(LABELS, values, strict=True):
            emotions[label] = emotions[label].model_copy(update={"average_precision": value})
    table = compare(runs, "validation").emotions.set_index("emotion")["average_precision"]
    assert table.to_dict() == pytest.approx({"anger": 0.3, "joy": 0.5, "trust": np.nan}, nan_ok=True)


@pytest.mark.parametrize("labels", [7, 28])
def test_other_numbers_of_emotions_are_compared_alike(labels: int) -> None:
    """One of them is in no text, and some in too few."""
    names = tuple(f"emotion {number}" for number in range(labels))
    runs = []
    for method, skill in (("lora", 3.0), ("ia3", 1.0)):
        truth, logits = random_case(skill > 2, labels=labels, skill=skill)
        truth[:, -1], logits[:, -1] = 0, -3
        runs.append(finish(None, truth, logits, labels=names, method=method))
    comparison = compare(runs, "validation")
    assert len(comparison.verdicts.by_emotion) == labels and comparison.verdicts.find("LoRA", "IA3") == "better"
    macro = comparison.ranking()
    assert macro[["low", "high"]].notna().all(axis=None) and (macro["high"] < 1).all()
    is_thin = comparison.emotions["support"] < 10
    assert 2 <= is_thin.sum() < labels
    for end in ("low", "high"):
        assert (comparison.emotions[end].isna() == is_thin).all()
    assert (comparison.emotions["note"] == np.where(is_thin, "too few texts for an interval", "")).all()


def test_a_repeated_run_is_no_second_seed() -> None:
    first, other, again = (finish(seed=seed) for seed in (1, 2, 1))
    comparison = compare([first, other, again], "validation")
    assert comparison.results == [other, again]
    assert column(comparison, name="seeds") == {"LoRA": 2}
    assert comparison.notes == [f"Run {first.id} is left out: {again.id} has the same settings and seed."]


def test_runs_that_were_scored_on_other_texts_are_shown_but_not_paired() -> None:
    pair = [finish(method=method) for method in ("lora", "ia3")]
    lonely = finish({"split_sha256": "b" * 64}, 1 - TRUTH, method="qlora")
    comparison = compare([lonely, *pair], "validation")
    assert [group.runs for group in comparison.groups] == [(lonely.id,), tuple(run.id for run in pair)]
    assert comparison.largest_group is comparison.groups[1]
    assert {*column(comparison)} == {"LoRA", "IA3", "QLoRA"}
    [pair] = comparison.verdicts.overall.itertuples()
    assert {pair.first, pair.second} == {"LoRA", "IA3"} == {*comparison.tested}
    [note] = comparison.notes
    assert note.startswith("Not all runs were scored on the same texts. Only runs with the same texts are tested in")
    assert comparison.no_skill.empty, "each group of texts has a line of its own"


def test_groups_widen_intervals_and_count_instead_of_texts() -> None:
    """Each author has four copies of the same text, so there are 30 different ones."""
    truth, logits = (np.repeat(values[:30], 4, axis=0) for values in random_case(1))
    names = [f"author {row // 4}" for row in range(120)]
    single, grouped = finish(None, truth, logits), give_groups(finish(None, truth, logits), names)
    copies, authors = (compare([run], "validation") for run in (single, grouped))
    width = [
        column(told, "jaccard", "high")["LoRA"] - column(told, "jaccard", "low")["LoRA"] for told in (copies, authors)
    ]
    assert width[1] / width[0] == pytest.approx(2 * 2.045 / 1.96, rel=0.03)  # Student's with 29 degrees of freedom
    counts = (truth[::4].sum(axis=0), truth.sum(axis=0))
    few = [label for label, own, all_texts in zip(LABELS, *counts, strict=True) if own < 10 <= all_texts]
    assert few
    thin = authors.emotions.set_index("emotion")
    assert (thin.loc[few, "note"] == "too few groups for an interval").all() and thin.loc[few, "low"].isna().all()
    assert copies.emotions.set_index("emotion").loc[few, "low"].notna().all()
    assert authors.notes == copies.notes == []


def test_few_groups_and_different_group_columns_are_noted() -> None:
    runs = [
        give_groups(finish(method=method, group_column=group), names)
        for method, group, names in (("lora", "author", "abcd"), ("ia3", "thread", "xxyz"))
    ]
    comparison = compare([*runs, finish(method="qlora")], "validation")
    assert len(comparison.groups) == 1
    assert comparison.notes == [
        "The runs have different group columns (author and thread): texts that any of them puts together are "
        "resampled together.",
        "The texts are of only 3 groups, so intervals and verdicts are rough.",
    ]


def test_runs_with_and_without_groups_on_the_same_texts_are_one_series() -> None:
    runs = [give_groups(finish(seed=1, group_column="author"), "aabb"), finish(seed=2)]
    assert column(compare(runs, "validation"), name="seeds") == {"LoRA": 2}


def test_a_single_series_has_scores_and_no_verdicts() -> None:
    comparison = compare([finish()], "validation")
    assert comparison.verdicts.rows.empty and comparison.tested == []
    assert column(comparison) == {"LoRA": 1}
    assert comparison.local == comparison.results


def test_each_split_has_its_own_scores() -> None:
    result = finish(test=(TRUTH[:3], ONE_MISS[:3]))
    assert column(compare([result], "validation")) == {"LoRA": 1}
    assert column(compare([result], "test"))["LoRA"] == pytest.approx((2 / 3 + 1 + 1) / 3)


def test_a_split_that_one_run_lacks_is_refused() -> None:
    runs = [finish(test=(TRUTH, PERFECT)), finish(method="ia3")]
    with pytest.raises(DataError, match="not every run has a test split; they share validation"):
        compare(runs, "test")


def test_tuned_thresholds_are_chosen_on_validation_and_used_on_the_test_split() -> None:
    (truth, logits), (_, tested) = random_case(0), random_case(1)
    result = finish(None, truth, logits, test=(truth, tested))
    comparison = compare([result], "test", "tuned")
    thresholds = tune(truth, logits.astype(np.float32))
    expected = score_logits(truth, tested.astype(np.float32), list(LABELS), thresholds)
    assert comparison.policy == "tuned"
    assert column(comparison)["LoRA"] == pytest.approx(expected["multilabel"]["f1_macro"], abs=1e-12)
    assert column(comparison)["LoRA"] != column(compare([result], "test"))["LoRA"]


def test_thresholds_are_those_of_the_launch_unless_others_are_asked_for() -> None:
    fixed, tuned = finish(), finish(method="ia3", threshold=None)
    assert compare([fixed], None).policy == "fixed"
    assert compare([tuned], None).policy == compare([fixed, tuned], None).policy == "tuned"


def test_several_seeds_of_one_draw_of_training_texts_count_once() -> None:
    truth, _ = random_case(0)
    skills = {(1, 1): 2.0, (1, 2): 2.0, (1, 3): 2.0, (2, 4): 3.0}
    runs = [
        finish(
            {"split_sha256": f"{draw}" * 64, "evaluation_sha256": "e" * 64},
            truth, draw_logits(truth, skill, seed), seed=seed,
        )
        for (draw, seed), skill in skills.items()
    ]  # fmt: skip
    scores = [result.scores.validation.multilabel.f1_macro for result in runs]
    assert column(compare(runs, "validation"))["LoRA"] == pytest.approx((np.mean(scores[:3]) + scores[3]) / 2)


def test_the_floor_has_every_metric_of_the_scores() -> None:
    comparison = compare([finish()], "validation")
    table = comparison.no_skill.set_index("series")
    assert table.index.tolist() == ["silence", "frequency", "always-on"] and table.columns.tolist() == list(METRICS)
    known = no_skill_scores(TRUTH)
    for name, predicted in (("silence", np.zeros(TRUTH.shape)), ("always-on", np.ones(TRUTH.shape))):
        predictions = predictions_of(TRUTH.astype(bool), (predicted - 0.5)[None], ("floor",))
        expected = {metric: values[0] for metric, values in score(predictions).metrics.items()}
        assert table.loc[name].to_dict() == pytest.approx(expected, abs=1e-12)
    assert comparison.always_on == known["always-on"]["multilabel"]["f1_macro"]
    shares = TRUTH.mean(axis=0)
    by_chance = pytest.approx((shares**2 + (1 - shares) ** 2).mean())
    assert comparison.floor("flattened_f1_micro") == {"silence": 6 / 12, "frequency": by_chance, "always-on": 6 / 12}


def test_the_same_runs_are_always_given_the_same_figures() -> None:
    cases = [random_case(seed) for seed in range(3)]
    runs = [finish(None, *case, method=m) for case, m in zip(cases, ("lora", "ia3", "head"), strict=True)]
    first, again = compare(runs, "validation"), compare(runs, "validation")
    for name in ("scores", "emotions"):
        pd.testing.assert_frame_equal(getattr(first, name), getattr(again, name))
    pd.testing.assert_frame_equal(first.verdicts.rows, again.verdicts.rows)
    json.dumps(first.verdicts.to_table().to_dict("records"))  # plain values: the command line prints them
