"""`emocore data add`, `list`, `show`, `remove`, and runs on what they register."""

import json
from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.data.registry.store import datasets_root, list_datasets
from tests.support.hub_datasets import go_emotions, sem_eval
from tests.support.hub_server import HubServer
from tests.support.live_runs import python
from tests.support.refusals import assert_one_line
from tests.support.tables import make_table, write_csv


@pytest.fixture
def train(tmp_path: Path) -> str:
    return write_csv(tmp_path / "train.csv", make_table())


def say(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["data", *arguments]) == 0
    return capsys.readouterr().out


def refuse(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    status = main(["data", *arguments])
    printed = capsys.readouterr()
    return assert_one_line(status, printed.out, printed.err.splitlines()[-1] + "\n")


def test_a_dataset_is_added_listed_shown_used_and_removed(
    train: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    test = write_csv(tmp_path / "test.csv", make_table(60, seed=1))
    told = say(capsys, "add", "mine", train, "--test", test, "--licence", "for research")
    assert "texts            Tweet" in told
    assert "warning" not in told
    assert "registered: mine, version 1 (mine@" in told
    assert "nothing new: mine, version 1" in say(capsys, "add", "mine", train, "--test", test)

    listed = {row["name"]: row for row in json.loads(say(capsys, "list", "--json"))}
    assert listed["mine"]["splits"] == "200 train, 60 test"
    assert listed["starter"]["texts"] == 1426

    assert main(["launch", "--method", "tfidf", "--data", "mine", "--wait"]) == 0
    run = capsys.readouterr().out.strip()
    shown = say(capsys, "show", "mine")
    assert "licence: for research" in shown
    assert f"runs: {run}" in shown

    assert "nothing was removed" in refuse(capsys, "remove", "mine")
    assert main(["data", "remove", "mine", "--yes"]) == 0
    assert f"1 run of mine, version 1 cannot be resumed or cloned without it: {run}" in capsys.readouterr().err
    assert not list_datasets(datasets_root())
    assert "no dataset 'mine'" in refuse(capsys, "show", "mine")


def test_nothing_is_registered_of_a_file_with_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = make_table().astype({"joy": object})
    table.loc[7, "joy"] = "maybe"
    told = refuse(capsys, "add", "mine", write_csv(tmp_path / "a.csv", table))
    assert "a.csv, row 9, column 'joy': 'maybe' where a label is 0 or 1" in told
    assert "cannot be the name of a dataset" in refuse(
        capsys, "add", "starter", write_csv(tmp_path / "b.csv", make_table())
    )
    assert list_datasets(datasets_root()) == []


def test_what_is_doubtful_is_told_kept_and_left_out_on_request(
    train: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = make_table(60, seed=1)
    table.loc[0, "Tweet"] = f"{make_table()['Tweet'][0].upper()}!"
    test = write_csv(tmp_path / "test.csv", table)
    told = say(capsys, "add", "mine", train, "--test", test)
    assert "warning: train.csv, training split: 1 text (row 2) is the same or nearly the same as 1 of the 60" in told
    assert "training split: 1 text (row 2) is the same" in say(capsys, "show", "mine")
    told = say(capsys, "add", "mine", train, "--test", test, "--remove-doubtful")
    assert "warning" not in told
    assert "1 training row left out, as you asked" in told
    shown = say(capsys, "show", "mine")
    assert "texts: 199 train, 60 test" in shown
    assert "1 training row left out as doubtful" in shown
    assert "--test test.csv --remove-doubtful" in shown


def test_one_version_can_be_removed(train: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    say(capsys, "add", "mine", train)
    say(capsys, "add", "mine", write_csv(tmp_path / "other.csv", make_table(seed=2)))
    first, second = list_datasets(datasets_root())
    say(capsys, "remove", first.manifest.reference, "--yes")
    assert list_datasets(datasets_root()) == [second]


def test_a_dataset_of_the_hub_is_added_and_shown(hub: HubServer, capsys: pytest.CaptureFixture[str]) -> None:
    commit = hub.add("owner/go_emotions", go_emotions())
    assert main(["data", "add", "go", "hub:owner/go_emotions/simplified"]) == 0
    printed = capsys.readouterr()
    assert "validation: simplified/validation-00000-of-00001.parquet" in printed.out
    assert "\ntrust  " in printed.out
    assert "registered: go, version 1 (go@" in printed.out
    assert printed.err.startswith("fetched ")
    shown = say(capsys, "show", "go")
    assert f"from the Hugging Face Hub: owner/go_emotions, config simplified, commit {commit}" in shown
    assert "licence: apache-2.0" in shown
    assert f"data add go hub:owner/go_emotions/simplified --revision {commit} --licence apache-2.0" in shown
    assert json.loads(say(capsys, "show", "go", "--json"))["hub"]["revision"] == commit
    assert "nothing new: go, version 1" in say(capsys, "add", "go", "hub:owner/go_emotions", "--revision", commit)
    say(capsys, "add", "noted", "hub:owner/go_emotions", "--licence", "for research")
    assert list_datasets(datasets_root())[1].manifest.licence == "for research"


def test_options_that_do_not_fit_the_source_are_refused(
    hub: HubServer, train: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--validation and --test: a dataset of the Hugging Face Hub has its own splits" in refuse(
        capsys, "add", "mine", "hub:a/b", "--test", train, "--validation", train
    )
    assert "--revision: only a dataset of the Hugging Face Hub has revisions" in refuse(
        capsys, "add", "mine", train, "--revision", "main"
    )
    assert "register this first" in refuse(capsys, "check", "hub:a/b")
    assert "a file of the form 'parquet' has no delimiter to name" in refuse_after_fetching(hub, capsys)
    assert hub.fetched(".py") == []


def refuse_after_fetching(hub: HubServer, capsys: pytest.CaptureFixture[str]) -> str:
    own, converted = sem_eval()
    hub.add("owner/sem_eval_2018_task_1", own)
    hub.add("owner/sem_eval_2018_task_1", converted, branch="refs/convert/parquet")
    return refuse(capsys, "add", "mine", "hub:owner/sem_eval_2018_task_1/subtask5.arabic", "--delimiter", "comma")


def test_a_process_of_its_own_asks_the_hub_of_hf_endpoint(hub: HubServer, tmp_path: Path) -> None:
    hub.add("owner/go_emotions", go_emotions())
    places = {"HF_ENDPOINT": hub.address, "HF_HOME": str(tmp_path / "hf"), "HF_HUB_OFFLINE": "0"}
    printed = python("-m", "emocore", "data", "add", "go", "hub:owner/go_emotions", **places)
    assert "registered: go, version 1" in printed
    assert list_datasets(datasets_root())[0].manifest.rows == {"train": 200, "validation": 60, "test": 60}
