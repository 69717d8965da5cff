"""Verdicts are found by pair, seen from either side, and grouped by the texts that they rest on."""

import pytest

from tests.support.comparisons import build

LEADS = {
    ("LoRA", "QLoRA"): (0.011, 0.002, 0.019, "leans better"),
    ("LoRA", "QLoRA", "joy"): (0.02, 0.01, 0.03, "better"),
    ("IA3", "LoRA"): (-0.030, -0.049, -0.011, "worse"),
    ("Head", "TF-IDF"): (0.010, 0.005, 0.015, "better"),
}


def test_a_pair_is_found_from_either_side() -> None:
    verdicts = build({}, LEADS).verdicts
    for series, difference, ends, verdict in (
        (["IA3", "LoRA"], -0.030, [-0.049, -0.011], "worse"),
        (["LoRA", "IA3"], 0.030, [0.011, 0.049], "better"),
    ):
        [row] = verdicts.among(series).overall.to_dict("records")
        assert [row["first"], row["second"]] == series and verdicts.find(*series) == verdict == row["verdict"]
        assert [row["difference"], row["low"], row["high"]] == [difference, *ends]
    assert row["first_method"] == "ia3" and row["second_method"] == "lora", "those of the table, turned round"
    assert verdicts.find("QLoRA", "LoRA", "joy") == "worse" and verdicts.find("QLoRA", "LoRA") == "leans worse"
    [leaning] = verdicts.among(["QLoRA", "LoRA"]).overall.to_dict("records")
    assert leaning["probability"] == pytest.approx(0.1) and leaning["high_90"] == -0.002
    assert verdicts.find("IA3", "QLoRA") is None and verdicts.among(["IA3", "QLoRA"]).rows.empty


def test_a_group_are_those_that_were_tested_against_each_other() -> None:
    verdicts = build({}, LEADS).verdicts
    assert verdicts.group(["TF-IDF", "LoRA", "Head", "IA3"]) == [["TF-IDF", "Head"], ["LoRA", "IA3"]]


def test_pairs_of_a_series_stand_as_they_are_and_among_several_in_the_given_order() -> None:
    verdicts = build({}, LEADS).verdicts
    assert verdicts.of("LoRA").overall[["first", "second"]].to_numpy().tolist() == [["LoRA", "QLoRA"], ["IA3", "LoRA"]]
    ordered = verdicts.among(["QLoRA", "LoRA", "IA3"])
    assert ordered.overall[["first", "second"]].to_numpy().tolist() == [["QLoRA", "LoRA"], ["LoRA", "IA3"]]
    assert ordered.to_table("all")["emotion"].tolist() == ["all", "joy", "all"]
