"""The record of a study: its plan is read as it was written, whatever the study is called, and damage is named."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from emocore.data.uploads import list_uploads
from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.listing import create_run, has_study, list_runs, look_at_runs
from emocore.run.study import StudyConfig
from emocore.run.study_record import (
    STUDIES,
    Addition,
    add_to_study,
    name_by_time,
    read_study_record,
    remove_study_record,
    study_file,
    write_study_record,
)
from tests.support.studies import make_plan as plan

LATER = Addition(launched_at=9.5, methods=("lora",), seeds=(7, 8), replicates=(4,), vary={"rows": (100,)})


VARIED = {"vary": {"learning_rate": (1e-3, 0.01, 1.0)}, "unvaried": ("tfidf",)}
NAMES = ["s", "S", " s", "a b", "a-b", "a+b", "a.b", "..", "étude", "研究" * 40, "-" * 80, "CON", "studies"]


@pytest.mark.parametrize("name", NAMES)
def test_a_record_is_read_as_it_was_written_whatever_the_study_is_called(tmp_path: Path, name: str) -> None:
    record = plan(name=name, thresholds="tuned", margin_points=2.5, replicates=3, **VARIED)
    assert read_study_record(tmp_path, name) is None
    write_study_record(tmp_path, record)
    assert read_study_record(tmp_path, name) == record
    assert study_file(tmp_path, name).parent == tmp_path / STUDIES


def test_no_two_studies_share_a_file() -> None:
    files = {str(study_file(Path("runs"), name)).lower() for name in NAMES}
    assert len(files) == len(NAMES)


def test_an_addition_changes_nothing_of_the_plan(tmp_path: Path) -> None:
    write_study_record(tmp_path, plan(**VARIED))
    add_to_study(tmp_path, plan(**VARIED), LATER)
    record = read_study_record(tmp_path, "s")
    assert record and record.additions == (LATER,)
    add_to_study(tmp_path, record, LATER)
    assert read_study_record(tmp_path, "s") == plan(**VARIED, additions=(LATER, LATER))


@pytest.mark.parametrize(
    ("changes", "series", "pairs"),
    [
        ({"methods": ("lora",)}, 1, 0),
        ({}, 2, 1),
        ({"methods": ("lora", "ia3", "qlora"), "seeds": (1, 2, 3), "replicates": 5}, 3, 3),
        (VARIED, 4, 6),
        ({"vary": {"rows": (125, 250)}}, 4, 6),
    ],
)
def test_the_plan_counts_its_series_and_their_pairs(changes: dict[str, Any], series: int, pairs: int) -> None:
    assert (plan(**changes).series, plan(**changes).pairs) == (series, pairs)
    assert plan(**changes | {"seeds": (1, 2), "replicates": 3}).runs == 6 * series


def test_two_studies_of_the_same_second_get_different_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "strftime", lambda form: "study now")
    for expected in ("study now", "study now 2", "study now 3"):
        assert name_by_time(tmp_path) == expected
        write_study_record(tmp_path, plan(name=expected))


def test_the_runs_of_the_plan_are_told_from_later_ones() -> None:
    study = StudyConfig(
        name="s", methods=["lora", "ia3"], seeds=[5, 3], replicates=2, vary={"rows": [50, 100]}, settings={"epochs": 2}
    )
    record = plan(methods=("lora", "ia3"), seeds=(5, 3), replicates=2, vary={"rows": (50, 100)})
    configs = study.run_configs()
    assert all(record.plans(config) for config in configs)
    for changes in (
        {"method": "tfidf"},
        {"seed": 4},
        {"seed": 6},  # a seed of the second replicate
        {"replicate": 2},
        {"replicate": 3},
        {"rows": 200},
        {"rows": None},
        {"study": "another"},
        {"study": None},
    ):
        assert not record.plans(configs[0].model_copy(update=changes)), changes
    assert record.plans(configs[0].model_copy(update={"replicate": 2, "seed": 8}))


def test_a_method_that_ignores_the_varied_setting_is_planned_without_its_values() -> None:
    lora, tfidf = (RunConfig(method=method, study="s", seed=1) for method in ("lora", "tfidf"))
    assert plan(**VARIED).plans(tfidf) and not plan(**VARIED).plans(lora)
    assert plan(**VARIED).plans(lora.model_copy(update={"learning_rate": 0.01}))


def spoil(root: Path, change: Callable[[dict[str, Any]], object]) -> str:
    """The refusal of a record once it was changed."""
    write_study_record(root, plan(**VARIED, additions=(LATER,)))
    path = study_file(root, "s")
    content = json.loads(path.read_text(encoding="utf-8"))
    change(content)
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(RunError) as caught:
        read_study_record(root, "s")
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(str(root), "ROOT")


def test_a_damaged_record_is_named_with_its_field_and_what_to_do(tmp_path: Path) -> None:
    assert spoil(tmp_path, lambda record: record.update(margin_points=0)) == snapshot(
        "study 's': studies/s-043a718774c572bd.json is damaged (margin_points: should be greater than 0); repair it, "
        "or remove ROOT/studies/s-043a718774c572bd.json, and the study is compared as one without a plan"
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("launched_at", -1),
        ("launched_at", "yesterday"),
        ("primary_metric", "accuracy"),
        ("thresholds", "best"),
        ("margin_points", float("nan")),
        ("margin_points", 21),
        ("methods", []),
        ("methods", ["lo\u202era"]),
        ("methods", "lora"),
        ("seeds", [1.5]),
        ("seeds", [True]),
        ("replicates", 0),
        ("vary", {"optimizer": [1, 2]}),
        ("vary", {"rows": [50], "epochs": [1]}),
        ("vary", {"rows": ["50"]}),
        ("unvaried", ["head"]),
        ("additions", [{"launched_at": 1}]),
    ],
)
def test_what_no_plan_can_hold_is_damage(tmp_path: Path, field: str, value: object) -> None:
    refusal = spoil(tmp_path, lambda record: record.update({field: value}))
    assert f"is damaged ({field}" in refusal and "remove ROOT/studies/s-" in refusal


def test_a_field_that_is_missing_is_damage(tmp_path: Path) -> None:
    for field in ("name", "launched_at", "thresholds", "margin_points", "methods", "seeds", "replicates"):
        assert f"({field}: field required)" in spoil(tmp_path, lambda record, name=field: record.pop(name))


def test_the_record_of_another_study_is_not_taken_for_this_one_s(tmp_path: Path) -> None:
    assert "s-043a718774c572bd.json is of study 'other'; repair it" in spoil(
        tmp_path, lambda record: record.update(name="other")
    )


def test_a_record_of_a_later_version_is_told(tmp_path: Path) -> None:
    assert "has format 7" in spoil(tmp_path, lambda record: record.update(format=7))


@pytest.mark.parametrize("what", ["a link to a file", "a linked folder", "a folder", "a FIFO", "a file for the folder"])
def test_no_other_thing_is_read_or_replaced_and_nothing_outside_is_touched(tmp_path: Path, what: str) -> None:
    root, outside = tmp_path / "runs", tmp_path / "outside"
    for folder in (root, outside):
        folder.mkdir()
    write_study_record(outside, plan())
    theirs = study_file(outside, "s")
    content = theirs.read_bytes()
    if what == "a linked folder":
        (root / STUDIES).symlink_to(theirs.parent)
    elif what == "a file for the folder":
        (root / STUDIES).touch()
    else:
        (root / STUDIES).mkdir()
        path = study_file(root, "s")
        make = {"a link to a file": lambda: path.symlink_to(theirs), "a folder": path.mkdir}
        make.get(what, lambda: os.mkfifo(path))()
    with pytest.raises(RunError, match=r"study 's': studies/s-.*cannot be read: .*; repair it, or remove"):
        read_study_record(root, "s")
    remove_study_record(root, "s")
    if what != "a FIFO":  # which is removed like a file
        with pytest.raises(RunError, match=r"study 's': its plan cannot be written \(.*; free space"):
            write_study_record(root, plan())
    assert theirs.read_bytes() == content and list(outside.rglob("*")) == [theirs.parent, theirs]


def test_the_last_record_takes_the_folder_with_it(tmp_path: Path) -> None:
    for name in ("s", "t"):
        write_study_record(tmp_path, plan(name=name))
    remove_study_record(tmp_path, "s")
    assert read_study_record(tmp_path, "s") is None and read_study_record(tmp_path, "t")
    remove_study_record(tmp_path, "t")
    remove_study_record(tmp_path, "t")
    assert list(tmp_path.iterdir()) == []


def test_records_are_neither_runs_nor_uploads(tmp_path: Path) -> None:
    run = create_run(tmp_path, RunConfig(method="tfidf", study="s"))
    write_study_record(tmp_path, plan())
    assert list_runs(tmp_path) == [run]
    assert look_at_runs(tmp_path).damaged == list_uploads(tmp_path) == []


def test_a_study_is_there_as_long_as_a_readable_run_of_it_is(tmp_path: Path) -> None:
    assert not has_study(tmp_path / "nowhere", "s")
    create_run(tmp_path, RunConfig(method="tfidf"))
    damaged = create_run(tmp_path, RunConfig(method="tfidf", study="t"))
    (damaged.path / "config.json").write_text("{", encoding="utf-8")
    assert not has_study(tmp_path, "s") and not has_study(tmp_path, "t")
    create_run(tmp_path, RunConfig(method="tfidf", study="s"))
    assert has_study(tmp_path, "s")
