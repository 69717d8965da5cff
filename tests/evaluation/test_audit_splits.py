"""Runs of several versions of the split are told apart by name, and are not tested against each other."""

from typing import Any

from emocore.evaluation.audit import audit, describe_audit
from emocore.evaluation.comparison import compare
from emocore.evaluation.results import RunResult
from emocore.evaluation.series import name_series
from tests.support.audited_runs import finish

OF_VERSION = {
    1: {"split_sha256": "1" * 64, "evaluation_sha256": "e" * 64},
    2: {"split_sha256": "2" * 64, "evaluation_sha256": "f" * 64},
}


def finish_version(version: int, **settings: Any) -> RunResult:
    """A run of this version, with texts of its own."""
    result = finish(OF_VERSION[version], split_version=version, **settings)
    vars(result)["predictions"] = result.predictions.assign(
        text=[f"{version} {text}" for text in result.predictions["text"]]
    )
    return result


def test_the_audit_names_the_versions_and_what_follows() -> None:
    table = audit([finish_version(1), finish_version(2, method="ia3")]).set_index("what")
    row = table.loc["split version"]
    assert (row["severity"], row["values"]) == ("confounds", "1 (LoRA) against 2 (IA3)")
    assert "what one run was scored on, another one may have learned from" in row["effect"]
    assert "split version" in describe_audit(table.reset_index())


def test_one_method_in_two_versions_is_two_series_and_no_pair() -> None:
    results = [
        finish_version(1, seed=1),
        finish_version(1, seed=2),
        finish_version(2, seed=1),
        finish_version(2, seed=2),
    ]
    names = name_series(results)
    assert set(names.values()) == {"LoRA (split version 1)", "LoRA (split version 2)"}
    comparison = compare(results, "validation")
    assert len(comparison.groups) == 2 and comparison.verdicts.overall.empty
    assert any("Not all runs were scored on the same texts" in note for note in comparison.notes)


def test_on_official_splits_the_version_has_no_effect() -> None:
    results = [finish(OF_VERSION[1], split_version=1), finish(OF_VERSION[1], split_version=2, method="ia3")]
    [row] = audit(results).to_dict("records")
    assert (row["what"], row["severity"]) == ("split version", "cosmetic")
    assert len(compare(results, "validation").verdicts.overall) == 1


def test_runs_on_one_text_order_are_paired_whatever_the_ids_of_their_rows() -> None:
    """A file without IDs has the numbers of its rows instead, which another order of the same rows changes."""
    one, other = finish(OF_VERSION[2]), finish(OF_VERSION[2], method="ia3")
    vars(other)["predictions"] = other.predictions.assign(row_id=[f"row {n}" for n in range(len(other.predictions))])
    comparison = compare([one, other], "validation")
    assert len(comparison.groups) == 1 and len(comparison.verdicts.overall) == 1
    assert audit([one, other]).empty
