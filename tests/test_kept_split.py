"""Whatever goes on with a run or a study of an earlier split keeps that split; everything else has the new one."""

from pathlib import Path

import pytest

import emocore
from emocore.cli.main import main
from emocore.errors import ConfigError
from emocore.jobs.launch import launch, plan_runs
from emocore.jobs.studies import keep_split
from emocore.models.resolve import take_over
from emocore.run.config import SPLIT_VERSION, RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, list_runs, runs_root
from tests.support.earlier_runs import NOTE, queue_earlier_run
from tests.support.tables import make_table, write_csv


@pytest.fixture
def data(tmp_path: Path) -> str:
    return write_csv(tmp_path / "data.csv", make_table(200))


@pytest.fixture
def earlier(data: str, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """The only run of the study "s"; nothing is started."""
    monkeypatch.setattr("emocore.jobs.queue.ensure_scheduler", lambda root: None)
    return queue_earlier_run(data)


def versions() -> list[int]:
    """Those of the runs, in the order of their launch."""
    return [run.config.split_version for run in list_runs(runs_root())]


def test_a_run_without_the_setting_has_version_1(earlier: RunFolder) -> None:
    assert earlier.config.split_version == 1
    assert take_over(earlier.config) == (earlier.config, [])
    assert RunConfig().split_version == SPLIT_VERSION == 2


def test_only_runs_of_the_study_and_only_what_is_not_given_are_filled_in(earlier: RunFolder) -> None:
    root = runs_root()
    assert keep_split(root, "s", {"rows": 50}) == {"rows": 50, "split_version": 1}
    assert keep_split(root, "s", {"split_version": "2"}) == {"split_version": "2"}
    assert keep_split(root, "another", {"rows": 50}) == keep_split(root, None, {"rows": 50}) == {"rows": 50}


def test_a_study_keeps_the_version_of_its_first_run(earlier: RunFolder, data: str) -> None:
    create_run(runs_root(), RunConfig(method="tfidf", data=data, study="s"))
    assert keep_split(runs_root(), "s", {}) == {"split_version": 1}


def test_the_command_line_keeps_it_and_says_so(
    earlier: RunFolder, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    study = ["study", "--data", data, "--methods", "tfidf", "--seeds", "7", "--name"]
    launch = ["launch", "--data", data, "--method", "tfidf", "--seed", "8"]
    for command in ([*study, "s"], [*launch, "--study", "s"], ["clone", earlier.id, "--seed", "9"]):
        assert main(command) == 0
        assert NOTE in capsys.readouterr().err
    for command in ([*study, "new"], launch):
        assert main(command) == 0
        assert NOTE not in capsys.readouterr().err
    assert versions() == [1, 1, 1, 1, 2, 2]
    assert main([*launch, "--study", "s", "--split-version", "2"]) == 2
    assert "study 's' has texts drawn by version 1 of the split" in capsys.readouterr().err


def test_a_study_is_not_launched_twice_with_another_split(
    earlier: RunFolder, data: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["study", "--data", data, "--methods", "tfidf", "--name", "s"]
    assert main(command) == 2
    assert "study 's' already has TF-IDF seed 42 with the same settings" in capsys.readouterr().err


def test_a_notebook_keeps_it(earlier: RunFolder, data: str) -> None:
    emocore.study(methods=["tfidf"], seeds=[7], name="s", data=data)
    emocore.launch(method="tfidf", seed=8, study="s", data=data)
    emocore.study(methods=["tfidf"], seeds=[7], name="new", data=data)
    assert versions() == [1, 1, 1, 2]


def test_a_run_on_official_splits_needs_no_note(earlier: RunFolder) -> None:
    assert plan_runs([RunConfig(method="tfidf", split_version=1)]).notes == []


def test_a_name_with_spaces_is_that_of_the_study(earlier: RunFolder) -> None:
    assert keep_split(runs_root(), f" {earlier.config.study} ", {}) == {"split_version": 1}


def test_runs_of_another_split_do_not_come_into_a_study(earlier: RunFolder, data: str) -> None:
    plan = plan_runs([RunConfig(method="tfidf", base="none", data=data, study="s")])
    with pytest.raises(ConfigError, match=r"study 's' has texts drawn by version 1 of the split, and these runs by"):
        launch(plan, runs_root(), allow_repeats=True)
    assert versions() == [1]
    launch(plan_runs([RunConfig(method="tfidf", base="none", data=data, study="new")]), runs_root())
    assert versions() == [1, 2]
