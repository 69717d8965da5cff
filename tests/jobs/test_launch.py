"""What can be refused is refused before there is a folder; what is accepted is complete."""

import json
from pathlib import Path
from typing import Any

import pytest
from live_runs import processes_of_root, quick_settings, wait_for

from emocore.config import RunConfig, StudyConfig
from emocore.errors import BaseModelError, ConfigError, DataError, EmocoreError
from emocore.folder import list_runs
from emocore.jobs.launch import launch, plan_runs, plan_study
from emocore.models.methods import METHODS
from emocore.states import RunStatus


@pytest.fixture
def settings(small_csv: Path, tiny_bert: Path) -> dict[str, Any]:
    return quick_settings(small_csv, base=str(tiny_bert))


def without_seed(settings: dict[str, Any]) -> dict[str, Any]:
    """As a study wants them, which has its seeds in a field of its own."""
    return {name: value for name, value in settings.items() if name != "seed"}


def test_every_method_gets_its_own_defaults_and_nothing_it_does_not_read(small_csv: Path, tiny_bert: Path) -> None:
    for name, method in METHODS.items():
        [config] = plan_runs([RunConfig(method=name, base=str(tiny_bert), data=str(small_csv))]).configs
        filled = {s for s in frozenset().union(*(m.settings for m in METHODS.values())) if getattr(config, s)}
        assert filled <= method.settings, name
        assert filled >= method.settings - {"max_steps", "target_modules", "lora_dropout"}, name


def test_ia3_learns_ten_times_faster_than_lora(small_csv: Path, tiny_bert: Path) -> None:
    plan = plan_runs([RunConfig(method=m, base=str(tiny_bert), data=str(small_csv)) for m in ("lora", "ia3")])
    lora, ia3 = (config.learning_rate or 0 for config in plan.configs)
    assert ia3 == pytest.approx(10 * lora)


def test_a_setting_without_effect_is_noted_and_left_out(settings: dict[str, Any]) -> None:
    plan = plan_runs([RunConfig(**settings | {"method": "tfidf"})])
    assert any("learning_rate has no effect on TF-IDF" in note for note in plan.notes)
    assert plan.configs[0].learning_rate is None


def test_a_study_is_methods_by_seeds_in_order(settings: dict[str, Any]) -> None:
    study = StudyConfig(
        name="first study",
        methods=["ia3", "lora", "ia3"],
        seeds=[3, 1],
        settings=without_seed(settings),
        method_settings={"ia3": {"learning_rate": 0.05}},
    )
    configs = plan_study(study).configs
    assert [(c.method, c.seed) for c in configs] == [("ia3", 3), ("ia3", 1), ("lora", 3), ("lora", 1)]
    assert {c.study for c in configs} == {"first study"}
    assert [c.learning_rate for c in configs] == [0.05, 0.05, 0.01, 0.01]


def test_paths_become_absolute_for_a_process_that_works_elsewhere(
    small_csv: Path, tiny_bert: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.csv").symlink_to(small_csv)
    (tmp_path / "model").symlink_to(tiny_bert)
    monkeypatch.chdir(tmp_path)
    settings = quick_settings(Path("mine.csv"), base="model", validation_data="mine.csv", test_data="mine.csv")
    [config] = plan_runs([RunConfig(**settings)]).configs
    for name in ("data", "validation_data", "test_data", "base"):
        assert Path(getattr(config, name)).is_absolute(), name
        assert Path(getattr(config, name)).exists(), name


def test_the_starter_set_is_not_taken_for_a_folder_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "starter").mkdir()
    monkeypatch.chdir(tmp_path)
    [config] = plan_runs([RunConfig(method="tfidf")]).configs
    assert config.data == "starter"


REFUSED: dict[str, tuple[dict[str, Any], type[EmocoreError], str]] = {
    "no such method": ({"method": "magic"}, ConfigError, "magic.*lora.*tfidf"),
    "no such base": ({"base": "no such base"}, BaseModelError, "minilm-l6"),
    "a gated base without a token": ({"base": "google/gemma-1.1-2b-it"}, BaseModelError, "HF_TOKEN"),
    "no such file": ({"data": "nowhere.csv"}, DataError, r"nowhere\.csv"),
    "no such column": ({"text_column": "words"}, DataError, "words"),
    "too many rows": ({"rows": 5000}, DataError, "5,000"),
    "no GPU here": ({"device": "cuda"}, ConfigError, "cuda.*cpu"),
    "online without a key": ({"wandb_mode": "online"}, ConfigError, "WANDB_API_KEY"),
    "texts too long for the base": ({"max_length": 4000}, ConfigError, "128 tokens"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_and_leaves_nothing(settings: dict[str, Any], root: Path, name: str) -> None:
    changes, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        launch(plan_runs([RunConfig(**settings), RunConfig(**settings | changes)][1:]), root)
    assert list(root.iterdir()) == []


def test_one_bad_run_refuses_the_whole_study(settings: dict[str, Any], root: Path) -> None:
    study = StudyConfig(name="s", methods=["lora", "magic"], settings=without_seed(settings))
    with pytest.raises(ConfigError, match="magic"):
        launch(plan_study(study), root)
    assert list(root.iterdir()) == []


def test_no_runs_are_nothing_to_launch() -> None:
    with pytest.raises(ConfigError, match="at least one"):
        plan_runs([])


# The scheduler is to outlive whoever started it, so nobody here waits for it.
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_launched_runs_are_queued_complete_and_a_scheduler_looks_after_them(
    settings: dict[str, Any], root: Path
) -> None:
    study = StudyConfig(name="s", methods=["lora", "head", "tfidf"], settings=without_seed(settings))
    plan = plan_study(study)
    runs = launch(plan, root)
    assert [run.config for run in runs] == plan.configs
    assert set(list_runs(root)) == set(runs)
    assert len({run.id for run in runs}) == 3
    stored = json.loads((runs[0].path / "config.json").read_text(encoding="utf-8"))
    assert set(stored) == set(RunConfig.model_fields)
    wait_for(lambda: runs[0].stored_state.status != RunStatus.QUEUED, 20)
    assert [run.stored_state.status for run in runs[1:]] == [RunStatus.QUEUED] * 2
    assert len(processes_of_root(root)) >= 1
