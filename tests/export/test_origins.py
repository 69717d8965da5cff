"""The origin of a comparison is described without private paths, and differences between runs are named."""

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd

from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.results import Result, RunResult, TeamResult, load_result
from emocore.export import origins
from emocore.export.content import ComparisonContent
from emocore.export.origins import file_names, shared_address, shared_config
from emocore.run.provenance import Code, Provenance
from tests.support.studies import finish_study


def with_settings(result: RunResult, sha256: dict[str, str] | None = None, **settings: object) -> Result:
    provenance = result.provenance.model_copy(update={"data_sha256": sha256 or {}})
    return replace(result, config=result.config.model_copy(update=settings), provenance=provenance)


def test_a_file_is_called_by_its_name(study: list[RunResult]) -> None:
    assert file_names(study) == {study[0].config.data: "train.csv"}
    assert file_names([with_settings(study[0], data="starter")]) == {}


def test_files_of_one_name_keep_as_many_folders_as_tell_them_apart(study: list[RunResult]) -> None:
    paths = {"data": "/home/ada/e-c/en/train/x.csv", "validation_data": "/home/ada/e-c/en/dev/x.csv"}
    assert file_names([with_settings(study[0], **paths)]) == {
        paths["data"]: "train/x.csv",
        paths["validation_data"]: "dev/x.csv",
    }


def test_the_same_content_has_one_name_wherever_it_lies(study: list[RunResult]) -> None:
    here = with_settings(study[0], {"data": "f" * 64}, data="/home/ada/train.csv")
    there = with_settings(study[1], {"data": "f" * 64}, data="/data/copy.csv")
    assert file_names([here, there]) == {"/home/ada/train.csv": "train.csv", "/data/copy.csv": "train.csv"}


def test_a_local_base_is_called_by_its_name_and_a_known_one_stays(study: list[RunResult]) -> None:
    local = with_settings(study[0], base="/home/ada/models/tiny-bert", data="starter")
    assert file_names([local, study[1]])["/home/ada/models/tiny-bert"] == "./tiny-bert"
    assert shared_config(local, file_names([local]))["base"] == "./tiny-bert"
    assert shared_config(study[1], file_names(study))["base"] == "minilm-l6"


def test_no_password_of_a_server_is_told(study: list[RunResult]) -> None:
    result = with_settings(study[0], wandb_base_url="https://ada:secret@wandb.example:8080/api")
    assert shared_config(result, {})["wandb_base_url"] == "https://wandb.example:8080/api"
    team = TeamResult("id", result.config, result.scores, result.provenance, "https://ada:secret@w.example/e/p?key=1")
    assert shared_address(team) == {"url": "https://w.example/e/p"}


def test_of_a_run_s_place_on_w_and_b_the_address_is_told(tmp_path: Path) -> None:
    [result] = map(load_result, finish_study(tmp_path, ("lora",), (1,), has_test=False))
    assert shared_address(result) == {}
    place = {
        "mode": "online", "entity": "team", "project": "p", "id": "1", "base_url": "https://w.example",
        "url": "https://w.example/team/p", "reason": "no right to write /home/ada", "complete": True,
    }  # fmt: skip
    (result.run.path / "wandb.json").write_text(json.dumps(place))
    expected = {key: value for key, value in place.items() if key not in ("reason", "complete")}
    assert shared_address(result) == expected
    (result.run.path / "wandb.json").write_text(json.dumps(place | {"base_url": "https://ada:secret@w.example"}))
    assert shared_address(result) == {}, "no server's address"
    (result.run.path / "wandb.json").write_text("{")
    assert shared_address(result) == {}


def test_settings_say_which_series_have_them(study: list[RunResult], comparison: Comparison) -> None:
    table = origins.settings_table(comparison, file_names(study)).set_index(["setting", "value"])["series"].to_dict()
    assert table["base", "minilm-l6"] == "all"
    assert table["data", "train.csv"] == "all"
    assert table["lora rank", "16"] == "LoRA, QLoRA"
    assert table["learning rate", "0.01"] == "IA3"
    assert not {"seed", "method", "study", "wandb project", "rows"} & {setting for setting, _ in table}


def test_an_environment_that_changed_within_a_series_is_told_by_its_share(study: list[RunResult]) -> None:
    other = {"packages": {"torch": "2.12.0"}, "code": Code(revision="abc", dirty=True)}
    results = [*study[:-1], replace(study[-1], provenance=study[-1].provenance.model_copy(update=other))]
    table = origins.environment_table(compare(results, "validation")).set_index(["what", "value"])["series"].to_dict()
    assert table["python", "3.11.7"] == "all"
    assert table["torch", "2.13.0"] == "LoRA, QLoRA, IA3 (1 of 2)"
    assert table["torch", "2.12.0"] == "IA3 (1 of 2)"
    assert table["code", "abc with local changes"] == "IA3 (1 of 2)"


def test_hashes_tell_files_and_split_of_every_run(study: list[RunResult]) -> None:
    told = origins.hashes(study, file_names(study))
    assert set(told) == {result.id for result in study}
    assert told[study[0].id]["files"] == {"data": "train.csv"}
    assert told[study[0].id]["data_sha256"] == {"data": "d" * 64}
    assert told[study[0].id]["split_sha256"] == "a" * 64


def test_paths_are_replaced_in_all_words_and_tables(content: ComparisonContent) -> None:
    names = {"/home/ada/x": "x", "/home/ada/x/y.csv": "y.csv"}
    told = origins.without_paths(
        replace(
            content,
            sentence="in /home/ada/x/y.csv",
            numbers=[],
            remarks=[],
            caveats=["/home/ada/x"],
            audit=pd.DataFrame({"values": ["/home/ada/x/y.csv and /home/ada/x"], "count": [1]}),
            tables={"t": pd.DataFrame({"a": ["/home/ada/x", None], "b": [0.5, 1.5]})},
        ),
        names,
    )
    assert (told.sentence, told.caveats) == ("in y.csv", ["x"])
    assert told.audit.to_dict("list") == {"values": ["y.csv and x"], "count": [1]}
    assert told.tables["t"]["a"].iloc[0] == "x"
    assert told.tables["t"]["b"].tolist() == [0.5, 1.5]


def test_what_is_not_known_of_a_run_is_no_trouble(study: list[RunResult]) -> None:
    result = replace(study[0], provenance=Provenance(labels=["a"]))
    assert file_names([result])
    assert origins.hashes([result], {})[result.id]["rows"] == {}
