"""Result and provenance as W&B keeps them, and back."""

from pathlib import Path

import numpy as np

from emocore.run.config import RunConfig
from emocore.run.result import Cost, RunScores
from emocore.tracking.summary import flatten, flatten_run, unflatten_provenance, unflatten_result
from tests.support.records import edit
from tests.support.tables import KEPT, finish_run

TRUTH = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0], [0, 0, 0]])
LABELS = ("anger", "joy/delight", "awe")  # nobody is in awe


def test_nested_values_get_a_path_for_a_name() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": [2]}}, "e": None}) == {"a/b": 1, "a/c/d": [2], "e": None}


def test_a_result_survives_the_way_there_and_back(tmp_path: Path) -> None:
    origin = {"rows": {"train": 9, "validation": 4}, "packages": {"torch": "2"}, "platform": "not sent"}
    run = finish_run(tmp_path, RunConfig(), TRUTH, TRUTH * 2.0 - 1, LABELS, provenance=origin)
    summary = flatten_run(run)
    assert None not in summary.values(), "W&B would drop it"
    assert not [name for name in summary if name.startswith("kept")], "the last epoch was kept"
    summary |= {"train/loss": 0.5, "validation/f1_macro": 0.4, "validation/loss": 1, "step": 9}  # the last logged row
    assert RunScores.model_validate(unflatten_result(summary)) == run.scores
    provenance = unflatten_provenance(summary)
    assert (provenance["rows"], provenance["packages"]) == (origin["rows"], origin["packages"])
    assert provenance["labels"] == list(LABELS)
    assert "platform" not in provenance


def test_the_kept_epoch_survives_the_way_there_and_back(tmp_path: Path) -> None:
    run = finish_run(tmp_path, RunConfig(keep="best"), TRUTH, TRUTH * 2.0 - 1, LABELS)
    edit(run, "result.json", kept=KEPT)
    summary = flatten_run(run)
    assert summary["kept/epoch"] == 2.0
    summary["kept/epoch"] = 2  # as W&B may return it
    assert run.scores and run.scores.kept and RunScores.model_validate(unflatten_result(summary)) == run.scores


def test_a_run_without_a_result_has_neither_split() -> None:
    result = unflatten_result({"train/loss": 0.5, "validation/f1_macro": 0.4})
    assert result == {"validation": None, "test": None, "cost": dict.fromkeys(Cost.model_fields)}
