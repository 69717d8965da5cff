"""A run that was interrupted before there was a version 2 of the split goes on with the texts that it began with.

The run is as that code left it when it was killed at step 13 of 18, but for its log and the name of the system. Its
data have copies of texts, which version 2 would divide otherwise.
"""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from emocore.data.split import load_splits
from emocore.jobs.queue import resume_run
from emocore.run.config import SPLIT_VERSION
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.training.checkpoints import last_step
from tests.support.live_runs import carry_out, describe
from tests.support.records import edit, read_raw
from tests.support.repository import REPOSITORY

FIXTURE = REPOSITORY / "tests" / "fixtures" / "run_split_1"


@pytest.fixture
def interrupted(runs: Path, tiny_bert: Path) -> RunFolder:
    """A copy of the run, where data and base are this machine's."""
    shutil.copytree(FIXTURE, runs)
    run = RunFolder(next(runs.glob("*-lora-*")))
    edit(run, "config.json", data=str(runs / "texts.csv"), base=str(tiny_bert))
    edit(run, "provenance.json", base_files_sha256=None)  # saved by another version of transformers, its files differ
    return run


def test_it_goes_on_from_its_checkpoint_with_the_split_that_it_began_with(interrupted: RunFolder) -> None:
    run, began = interrupted, interrupted.provenance
    assert began and "split_version" not in read_raw(run, "config.json")
    assert (run.state.status, last_step(run.checkpoints)) == (RunStatus.INTERRUPTED, 12)
    stored = (run.path / "config.json").read_bytes()
    resume_run(run)
    assert carry_out(run) == 0, describe(run)
    assert run.state.status == RunStatus.FINISHED
    assert "Resuming from step 12 of 18" in run.tail_log(30)
    ended = run.provenance
    assert ended and (ended.split_sha256, ended.evaluation_sha256) == (began.split_sha256, began.evaluation_sha256)
    assert (run.path / "config.json").read_bytes() == stored
    splits = load_splits(run.config)
    predictions = pd.read_parquet(run.predictions)
    assert splits.drawn_by == run.config.split_version == 1
    for name in ("validation", "test"):
        texts = predictions[predictions["split"] == name]
        assert texts["row_id"].tolist() == splits.frames[name]["row_id"].tolist()
        assert not set(texts["row_id"]) & set(splits.frames["train"]["row_id"])


def test_with_the_new_split_it_would_learn_from_its_own_test_texts(interrupted: RunFolder) -> None:
    """So it is refused if somebody writes that version into its settings."""
    config = interrupted.config
    old, new = (
        load_splits(config.model_copy(update={"split_version": version})).frames for version in (1, SPLIT_VERSION)
    )
    assert set(old["test"]["row_id"]) & set(new["train"]["row_id"])
    content = json.loads((interrupted.path / "config.json").read_text(encoding="utf-8"))
    edit(interrupted, "config.json", **content | {"split_version": SPLIT_VERSION})
    resume_run(interrupted)
    assert carry_out(interrupted) == 1
    assert "the data is not what this run started with" in (interrupted.state.reason or "")
