"""Runs that were made before records carried the number of their format: a TF-IDF and a LoRA run on a tiny BERT.

They were carried out by version 0.1 and are as it left them, but for the paths of their data and base.
"""

import json
import shutil
from pathlib import Path

import pytest

from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import compare
from emocore.evaluation.results import load_result
from emocore.inference.classify import ClassifierPool, classify
from emocore.jobs.overview import describe_runs
from emocore.models.adapter import read_info
from emocore.run.config import SPLIT_VERSION, RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, look_at_runs
from emocore.run.migration import FORMAT, migrate
from emocore.run.state import RunStatus
from emocore.thresholds import tune
from tests.support.records import edit, read_raw, write_raw
from tests.support.repository import REPOSITORY
from tests.support.tables import change_status

RECORDS = ("config.json", "environment.json", "provenance.json", "result.json", "state.json", "wandb.json")
# What a config has been given since, with the values that runs of a method had before.
SETTINGS_SINCE = {
    "tfidf": {"split_version": 1, "loss": "bce", "positive_weight": "balanced"},
    "lora": {"split_version": 1, "loss": "bce", "positive_weight": "none"},
}


@pytest.fixture
def earlier(runs: Path, tiny_bert: Path) -> list[RunFolder]:
    """Copies of both, in the order of their launch, where the base of the second is this machine's."""
    shutil.copytree(REPOSITORY / "tests" / "fixtures" / "runs_0_1", runs)
    lora = RunFolder(next(runs.glob("*-lora-*")))
    edit(lora, "config.json", base=str(tiny_bert))
    edit(lora, "adapter/emocore.json", base=str(tiny_bert))
    return look_at_runs(runs).finished


def test_every_record_is_read_and_left_as_it_is(earlier: list[RunFolder]) -> None:
    assert [run.config.method for run in earlier] == ["tfidf", "lora"]
    assert {run.config.keep for run in earlier} == {"last"}
    assert look_at_runs(earlier[0].path.parent).damaged == []
    for run in earlier:
        files = {name: (run.path / name).read_bytes() for name in RECORDS}
        assert not any("format" in json.loads(content) for content in files.values())
        read = {
            "config.json": run.config,
            "environment.json": run.environment,
            "provenance.json": run.provenance,
            "result.json": run.scores,
            "state.json": run.state,
            "wandb.json": run.wandb_place,
        }
        stored = {name: json.loads(content) for name, content in files.items()}
        stored["config.json"] |= SETTINGS_SINCE[run.config.method]
        assert {
            name: record.model_dump(mode="json", exclude_unset=True) for name, record in read.items() if record
        } == stored
        assert files == {name: (run.path / name).read_bytes() for name in RECORDS}


def test_they_are_listed_compared_and_used(earlier: list[RunFolder]) -> None:
    overviews = describe_runs([(run, run.stored_state) for run in earlier])
    assert [(overview.status, overview.problems) for overview in overviews] == [("finished", ())] * 2
    assert all(overview.f1_macro is not None for overview in overviews)
    comparison = compare([load_result(run) for run in earlier], "test")
    assert set(comparison.scores["series"]) == {"TF-IDF", "LoRA"} and len(comparison.verdicts.overall) == 1
    answers = classify(ClassifierPool(), earlier, ["so happy and full of joy"])
    assert set(answers["run"]) == {run.id for run in earlier}
    assert answers["probability"].between(0, 1).all()


def test_the_audit_names_that_only_tfidf_was_balanced(earlier: list[RunFolder]) -> None:
    told = audit([load_result(run) for run in earlier]).set_index("what").loc["positive weight"]
    assert (told["values"], told["severity"]) == ("balanced (TF-IDF) against none (LoRA)", "confounds")


def test_their_thresholds_are_tuned_anew_by_the_rule_of_comparisons(earlier: list[RunFolder]) -> None:
    answers = classify(ClassifierPool(), earlier, ["so happy and full of joy"])
    for run in earlier:
        result = load_result(run)
        used = answers[answers["run"] == run.id]["threshold"].tolist()
        assert used == pytest.approx(tune(result.truth("validation"), result.logits("validation")))
        assert used != pytest.approx(list(read_info(run.adapter).thresholds.values()), rel=0.05)
    tuned = compare([load_result(run) for run in earlier], "test", "tuned")
    assert tuned.policy == "tuned" and compare(tuned.results, "test").policy == "fixed"


def test_a_record_is_written_with_its_format(earlier: list[RunFolder]) -> None:
    change_status(earlier[0], RunStatus.FINISHED)
    assert read_raw(earlier[0], "state.json")["format"] == FORMAT


def test_a_run_that_was_queued_before_is_still_this_installation_s(tmp_path: Path) -> None:
    """Its mark is over the bytes of its files."""
    run = create_run(tmp_path, RunConfig(method="tfidf"))
    for name in ("config.json", "environment.json", "state.json"):
        content = read_raw(run, name)
        del content["format"]
        write_raw(run, name, content)
    edit(run, "state.json", mark=run.make_mark(run.id))
    assert run.state.status == RunStatus.QUEUED and run.is_own
    assert run.config.method == "tfidf" and run.environment


def test_a_record_with_a_format_is_not_changed() -> None:
    for record in ({"format": FORMAT, "a": 1}, {"format": 7}, {"format": None}):
        assert migrate(record, "state.json") == record


@pytest.mark.parametrize("method", SETTINGS_SINCE)
def test_a_config_of_any_format_tells_how_its_texts_were_split_and_weighed(method: str) -> None:
    config = {"method": method}
    expected = {"format": FORMAT, **config, **SETTINGS_SINCE[method]}
    assert migrate(config, "config.json") == migrate({"format": FORMAT, **config}, "config.json") == expected


def test_what_a_config_tells_is_kept(tmp_path: Path) -> None:
    told = {"format": FORMAT, "method": "tfidf", "split_version": 7, "loss": "focal", "positive_weight": "sqrt"}
    assert migrate(told, "config.json") == told
    run = create_run(tmp_path, RunConfig(method="tfidf"))
    assert read_raw(run, "config.json")["split_version"] == run.config.split_version == SPLIT_VERSION
