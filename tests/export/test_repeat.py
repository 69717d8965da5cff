"""The command that repeats a comparison launches, word for word, the configs that it was made of."""

import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emocore.cli import commands
from emocore.cli.main import main
from emocore.errors import ConfigError
from emocore.export.repeat import repeat_command
from emocore.jobs.launch import Plan, plan_runs, plan_study
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.study import StudyConfig
from emocore.run.study_record import study_file, write_study_record
from tests.support.audited_runs import build_result
from tests.support.studies import make_plan
from tests.support.tables import make_table, write_csv

FULL = {
    "base": "smollm2-135m", "text_column": "Tweet", "label_columns": ["anger", "joy"], "rows": 60,
    "validation_share": 0.2, "split_seed": 7, "split_version": 1, "max_length": 64, "batch_size": 8,
    "gradient_checkpointing": True,
    "weight_decay": 0.0, "device": "cpu", "precision": "fp32", "checkpoint_minutes": 2.5,
    "target_modules": ["q_proj", "v_proj"],
}  # fmt: skip
LOGGING = {"wandb_project": "secret project", "wandb_entity": "ada", "wandb_mode": "offline"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the data files and a local base lie: there the command is given."""
    for name, seed in (("train.csv", 0), ("my dev file.csv", 1), ("-odd.csv", 2)):
        write_csv(tmp_path / name, make_table(200, seed))
    write_csv(tmp_path / "threads.csv", make_table(200).assign(author=[f"author {row % 50}" for row in range(200)]))
    base = tmp_path / "tiny bert"
    base.mkdir()
    (base / "config.json").write_text('{"model_type": "bert", "max_position_embeddings": 64}')
    (base / "model.safetensors").touch()
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def relaunch(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[RunConfig]]:
    """The configs that command lines would launch, as the command line's own parser and planner read them."""
    plans: list[Plan] = []

    def catch(plan: Plan, root: Path, allow_repeats: bool) -> list[Any]:
        plans.append(plan)
        return []

    monkeypatch.setattr(commands, "launch", catch)

    def read(lines: str) -> list[RunConfig]:
        plans.clear()
        for line in lines.splitlines():
            program, *words = shlex.split(line)
            assert [program, *words[:2]] == ["python", "-m", "emocore"]
            assert main(words[2:]) == 0
        return [config for plan in plans for config in plan.configs]

    return read


def repeat(configs: list[RunConfig]) -> str:
    return repeat_command([build_result(config) for config in configs])


def edited(configs: list[RunConfig], **changes: Any) -> list[RunConfig]:
    return [config.model_copy(update=changes) for config in configs]


def without_logging(configs: list[RunConfig]) -> list[RunConfig]:
    return edited(configs, **dict.fromkeys((*LOGGING, "wandb_base_url")))


def study(**changes: Any) -> StudyConfig:
    fields = {"name": "PEFT (v1.2) + more", "methods": ["lora", "ia3"], "seeds": [3, 1], "settings": {}}
    return StudyConfig(**fields | changes)


STUDIES = {
    "defaults": study(),
    "all methods": study(methods=["qlora", "tfidf", "lora", "head", "ia3"], settings={"base": "smollm2-135m"}),
    "many settings": study(settings=FULL),
    "weights of one method": study(
        methods=["lora", "tfidf"],
        settings={"loss": "asymmetric"},
        method_settings={"tfidf": {"positive_weight": "joy:1.5,anger:2", "loss": "bce"}},
    ),
    "only tfidf": study(methods=["tfidf"], method_settings={"tfidf": {"inverse_regularization": 0.5}}),
    "a setting of one method": study(method_settings={"ia3": {"learning_rate": 0.005}, "lora": {"batch_size": 4}}),
    "what tfidf does not read": study(methods=["tfidf", "lora"], settings={"epochs": 9, "batch_size": 4}),
    "the same rate for all": study(settings={"learning_rate": 0.001}),
    "other bases": study(methods=["lora", "tfidf", "ia3"], method_settings={"ia3": {"base": "smollm2-135m"}}),
    "files": study(settings={"data": "train.csv", "validation_data": "my dev file.csv", "rows": 50}),
    "groups": study(settings={"data": "threads.csv", "group_column": "author"}),
    "a file that looks like an option": study(settings={"data": "train.csv", "test_data": "-odd.csv"}),
    "a local base": study(settings={"base": "tiny bert", "max_length": 64}),
    "rows varied": study(methods=["lora", "tfidf"], vary={"rows": [50, 100]}),
    "learning rate varied": study(methods=["lora", "tfidf", "ia3"], vary={"learning_rate": ["3e-4", 0.01]}),
    "batch size varied": study(methods=["lora", "tfidf"], vary={"batch_size": [8, 32]}),
    "logged elsewhere": study(settings=LOGGING),
    "replicates": study(replicates=3, settings={"rows": 40}),
    "replicates of all rows": study(replicates=3),
    "replicates of varied rows": study(seeds=[5], replicates=2, vary={"rows": [30, 60]}),
}


@pytest.mark.parametrize("name", STUDIES)
def test_a_study_is_repeated_by_one_line(name: str, folder: Path, relaunch: Callable[[str], list[RunConfig]]) -> None:
    configs = plan_study(STUDIES[name]).configs
    command = repeat(configs)
    assert command.startswith("python -m emocore study --name 'PEFT (v1.2) + more' --methods ")
    assert not any(words in command for words in ("\n", str(folder), "wandb"))
    assert without_logging(relaunch(command)) == without_logging(configs)


def test_only_what_was_chosen_is_named(folder: Path) -> None:
    chosen = study(
        settings={"data": "train.csv", "batch_size": 8}, method_settings={"ia3": {"learning_rate": 0.005}}, seeds=[1, 2]
    )
    assert repeat(plan_study(chosen).configs) == (
        "python -m emocore study --name 'PEFT (v1.2) + more' --methods lora,ia3 --seeds 1,2 --base minilm-l6 "
        "--data train.csv --batch-size 8 --set ia3.learning_rate=0.005"
    )


@pytest.mark.parametrize("margin", [1.0, 2.5])
def test_a_study_is_repeated_with_the_margin_of_its_launch(
    folder: Path, relaunch: Callable[[str], list[RunConfig]], margin: float
) -> None:
    planned = study(settings={"data": "train.csv"})
    write_study_record(folder, make_plan(name=planned.name, margin_points=margin))
    configs = plan_study(planned).configs
    results = [replace(build_result(config), run=RunFolder(folder / "a run")) for config in configs]
    command = repeat_command(results)
    assert command == repeat(configs).replace(
        " --base", f" --margin-points {margin} --base" if margin > 1 else " --base"
    )
    assert relaunch(command) == configs
    study_file(folder, planned.name).write_text("{", encoding="utf-8")
    assert repeat_command(results) == repeat(configs)


NO_STUDIES: dict[str, Callable[[list[RunConfig]], list[RunConfig]]] = {
    "without a run": lambda configs: configs[:-1],
    "with another seed": lambda configs: configs[:-1] + edited(configs[-1:], seed=99),
    "of another study": lambda configs: configs[:-1] + edited(configs[-1:], study="another"),
    "of no study": lambda configs: edited(configs, study=None),
    "with other rows": lambda configs: edited(configs[:2], rows=50) + edited(configs[2:], rows=30),
    "with a draw of one run": lambda configs: configs[:-1] + edited(configs[-1:], replicate=2),
    "without the first draw": lambda configs: edited(configs, replicate=2),
    "with two settings varied": lambda configs: edited(configs, rows=30, batch_size=4) + edited(configs, rows=50),
}


@pytest.mark.parametrize("name", NO_STUDIES)
def test_what_is_no_study_is_repeated_run_by_run(
    name: str, folder: Path, relaunch: Callable[[str], list[RunConfig]]
) -> None:
    configs = NO_STUDIES[name](plan_study(study(settings=FULL | {"data": "train.csv"})).configs)
    command = repeat(configs)
    assert command.count("python -m emocore launch ") == len(configs)
    assert relaunch(command) == configs


def test_one_half_without_the_others_is_repeated_run_by_run(
    folder: Path, relaunch: Callable[[str], list[RunConfig]]
) -> None:
    configs = [config for config in plan_study(study(replicates=3)).configs if config.replicate < 3]
    command = repeat(configs)
    assert command.count("python -m emocore launch ") == len(configs)
    assert relaunch(command) == configs


def test_a_single_run_is_launched(folder: Path, relaunch: Callable[[str], list[RunConfig]]) -> None:
    configs = plan_runs([RunConfig(method="tfidf", data="train.csv", rows=80)]).configs
    command = repeat(configs)
    assert command == "python -m emocore launch --method tfidf --seed 42 --data train.csv --rows 80"
    assert relaunch(command) == configs


def test_a_column_with_a_comma_cannot_be_said_and_that_is_said(folder: Path) -> None:
    config = RunConfig(label_columns=["fear, dread", "joy"])
    first, second = repeat([config]).splitlines()
    assert first.startswith("# A label column has a comma in its name")
    assert second.startswith("python -m emocore launch")


def test_a_method_that_has_left_the_catalogue_is_told_with_all_its_settings(folder: Path) -> None:
    config = RunConfig(method="lora", base="minilm-l6").model_copy(update={"method": "old-lora", "lora_rank": 8})
    command = repeat([config])
    assert (
        command == "python -m emocore launch --method old-lora --seed 42 --base minilm-l6 --data starter --lora-rank 8"
    )
    with pytest.raises(ConfigError, match="no method 'old-lora'"):
        plan_runs([config])
