"""A launch writes the plan of its study once, later ones become additions, and a launch that fails leaves no trace."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emocore.errors import ConfigError, RunError
from emocore.jobs import launch as launching
from emocore.jobs.delete import delete_run
from emocore.jobs.launch import launch, plan_runs, plan_study
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs
from emocore.run.state import RunStatus
from emocore.run.study import StudyConfig
from emocore.run.study_record import STUDIES, StudyRecord, read_study_record, study_file
from tests.support.tables import change_status
from tests.support.threads import at_once


@pytest.fixture(autouse=True)
def no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.jobs.launch.tend_queue", lambda root: None)


@pytest.fixture
def launch_study(small_csv: Path, root: Path) -> Callable[..., list[RunFolder]]:
    def start(allow_repeats: bool = False, **changes: Any) -> list[RunFolder]:
        values = {"name": "s", "methods": ["tfidf"], "seeds": [1, 2], "settings": {"data": str(small_csv)}}
        return launch(plan_study(StudyConfig(**values | changes)), root, allow_repeats)

    return start


@pytest.fixture
def launch_alone(small_csv: Path, root: Path) -> Callable[..., list[RunFolder]]:
    def start(**settings: Any) -> list[RunFolder]:
        config = RunConfig(**{"method": "tfidf", "data": str(small_csv), "study": "s"} | settings)
        return launch(plan_runs([config]), root, allow_repeats=True)

    return start


Launch = Callable[..., list[RunFolder]]


def record_of(root: Path, study: str = "s") -> StudyRecord:
    record = read_study_record(root, study)
    assert record
    return record


def test_the_first_launch_writes_the_plan(root: Path, tiny_bert: Path, small_csv: Path, launch_study: Launch) -> None:
    shared = {"data": str(small_csv), "base": str(tiny_bert), "rows": 40, "threshold": "0.4"}
    runs = launch_study(
        methods=["lora", "tfidf", "lora"], seeds=[2, 1, 2], replicates=2, margin_points=2.5, settings=shared,
        vary={"learning_rate": ["1e-3", 0.01]},
    )  # fmt: skip
    record = record_of(root)
    assert record.model_dump(exclude={"launched_at"}) == {
        "name": "s", "primary_metric": "f1_macro", "thresholds": "fixed", "margin_points": 2.5,
        "methods": ("lora", "tfidf"),
        "seeds": (2, 1), "replicates": 2, "vary": {"learning_rate": (0.001, 0.01)}, "unvaried": ("tfidf",),
        "additions": (),
    }  # fmt: skip
    assert record.launched_at <= runs[0].state.created_at
    assert len(runs) == record.series * 2 * 2 and record.pairs == 3
    assert all(record.plans(run.config) for run in runs)


@pytest.mark.parametrize(
    ("thresholds", "planned"),
    [({}, "tuned"), ({"lora": 0.3}, "tuned"), ({"lora": 0.3, "tfidf": 0.4}, "fixed")],
)
def test_a_study_has_fixed_thresholds_if_all_its_methods_have_one(
    root: Path, tiny_bert: Path, small_csv: Path, launch_study: Launch, thresholds: dict[str, float], planned: str
) -> None:
    own = {method: {"threshold": value} for method, value in thresholds.items()}
    shared = {"data": str(small_csv), "base": str(tiny_bert)}
    launch_study(methods=["lora", "tfidf"], settings=shared, method_settings=own)
    assert record_of(root).thresholds == planned


def test_a_name_is_recorded_as_the_runs_have_it(root: Path, launch_study: Launch) -> None:
    [run, _] = launch_study(name=" my study ")
    assert run.config.study == "my study" == record_of(root, "my study").name


def test_later_launches_are_additions_and_leave_the_plan_as_it_is(
    root: Path, launch_study: Launch, launch_alone: Launch
) -> None:
    runs = launch_study()
    first = record_of(root)
    grown = launch_study(seeds=[3], settings=runs[0].config.model_dump(include={"data"}), vary={"rows": [30, 60]})
    single = launch_alone(seed=45, replicate=4, rows=50)
    clone = launch(plan_runs([runs[0].config]), root, allow_repeats=True)
    from_the_form = launch_study(allow_repeats=True, seeds=[1])
    record = record_of(root)
    assert record.model_copy(update={"additions": ()}) == first
    assert [(a.methods, a.seeds, a.replicates, a.vary) for a in record.additions] == [
        (("tfidf",), (3,), (1,), {"rows": (30, 60)}),
        (("tfidf",), (45,), (4,), {}),
        (("tfidf",), (1,), (1,), {}),
        (("tfidf",), (1,), (1,), {}),
    ]
    times = [first.launched_at, *(addition.launched_at for addition in record.additions)]
    assert times == sorted(times)
    assert [record.plans(run.config) for run in (*grown, *single, *clone, *from_the_form)] == [False] * 3 + [True] * 2


def test_the_margin_stays(root: Path, launch_study: Launch, launch_alone: Launch) -> None:
    launch_study(margin_points=2.0)
    before = record_of(root)
    for allow_repeats in (False, True):
        with pytest.raises(
            ConfigError, match="study 's' was launched with 2, which stays; set margin_points to 2"
        ) as no:
            launch_study(allow_repeats, seeds=[3])
        assert no.value.field == "margin_points"
    assert record_of(root) == before and len(list_runs(root)) == 2
    launch_study(seeds=[3], margin_points=2.0)
    launch_alone()


def test_a_refused_launch_is_no_addition(root: Path, launch_study: Launch) -> None:
    launch_study()
    with pytest.raises(ConfigError, match="already has"):
        launch_study(seeds=[2, 3])
    assert record_of(root).additions == ()


def test_a_run_of_its_own_plans_nothing(root: Path, launch_study: Launch, launch_alone: Launch) -> None:
    [run] = launch_alone()
    launch(plan_runs([run.config]), root, allow_repeats=True)
    launch_study(allow_repeats=True)
    assert not (root / STUDIES).exists()


def test_a_clone_that_begins_a_study_in_the_form_plans_it(root: Path, launch_study: Launch) -> None:
    launch_study(allow_repeats=True, name="new", margin_points=3.0)
    assert record_of(root, "new").margin_points == 3.0


def test_a_study_without_a_record_gets_the_plan_of_its_next_launch(
    root: Path, launch_study: Launch, launch_alone: Launch
) -> None:
    [earlier] = launch_alone(seed=9)
    launch_study()
    assert record_of(root).seeds == (1, 2) and not record_of(root).plans(earlier.config)


class Stumbling:
    """In place of `create_run`: the second run fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.calls = 0

    def __call__(self, root: Path, config: RunConfig) -> RunFolder:
        self.calls += 1
        if self.calls == 2:
            raise self.error
        return create_run(root, config)


@pytest.mark.parametrize("error", [RunError("no space"), ConfigError("no identity")])
def test_a_launch_that_fails_leaves_no_record(
    root: Path, launch_study: Launch, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(launching, "create_run", Stumbling(error))
    with pytest.raises(type(error)):
        launch_study()
    assert not (root / STUDIES).exists()


def test_a_launch_that_fails_leaves_no_addition(
    root: Path, launch_study: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    launch_study()
    before = study_file(root, "s").read_bytes()
    monkeypatch.setattr(launching, "create_run", Stumbling(RunError("no space")))
    with pytest.raises(RunError, match="no space"):
        launch_study(seeds=[3, 4])
    assert study_file(root, "s").read_bytes() == before and len(list_runs(root)) == 2


def test_the_runs_of_a_launch_that_was_killed_were_planned(
    root: Path, launch_study: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(launching, "create_run", Stumbling(KeyboardInterrupt()))
        launch_study()
    [run] = list_runs(root)
    assert record_of(root).plans(run.config)
    launch_study(seeds=[2])  # the rest
    assert record_of(root).seeds == (1, 2) and all(record_of(root).plans(run.config) for run in list_runs(root))


@pytest.mark.parametrize("content", ["left over", None])
def test_a_record_without_runs_is_none(root: Path, launch_study: Launch, launch_alone: Launch, content: str) -> None:
    for run in launch_study(margin_points=2.0):
        run.path.rename(root.parent / run.id)
    if content:
        study_file(root, "s").write_text(content, encoding="utf-8")
    [run] = launch_alone()
    assert read_study_record(root, "s") is None
    launch_study()
    assert record_of(root).margin_points == 1.0 and record_of(root).additions == ()


def test_nothing_is_launched_into_a_study_whose_record_cannot_be_read(
    root: Path, launch_study: Launch, launch_alone: Launch
) -> None:
    launch_study()
    study_file(root, "s").write_text("{", encoding="utf-8")
    for start in (lambda: launch_study(seeds=[3]), lambda: launch_alone(seed=3)):
        with pytest.raises(RunError, match=r"study 's': studies/s-.* is damaged .*; repair it, or remove"):
            start()
    assert len(list_runs(root)) == 2 and study_file(root, "s").read_text(encoding="utf-8") == "{"
    launch_study(name="t")
    launch_alone(study=None)


def test_of_launches_at_once_one_plans_and_the_others_add(root: Path, launch_study: Launch) -> None:
    answers = at_once(*[lambda seed=seed: launch_study(seeds=[seed]) for seed in range(4)])
    assert [len(runs) for runs in answers] == [1] * 4
    record = record_of(root)
    assert sorted([record.seeds, *(addition.seeds for addition in record.additions)]) == [(0,), (1,), (2,), (3,)]


def test_the_last_run_of_a_study_takes_its_record_with_it(root: Path, launch_study: Launch) -> None:
    first, second, other = *launch_study(), launch_study(name="t", seeds=[1])[0]
    for run in (first, second, other):
        change_status(run, RunStatus.STOPPED)
    delete_run(first)
    assert record_of(root).seeds == (1, 2)
    delete_run(second)
    assert read_study_record(root, "s") is None and record_of(root, "t")
    (other.path / "config.json").write_text("{", encoding="utf-8")
    delete_run(other)
    assert list_runs(root) == [], "a damaged run can be deleted, though its study is not known"
