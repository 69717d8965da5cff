"""A launch is refused before there is a folder, or accepted completely."""

from pathlib import Path
from typing import Any

import pytest
from inline_snapshot import snapshot

from emocore.data.split import load_splits
from emocore.errors import BaseModelError, ConfigError, DataError, EmocoreError
from emocore.jobs.launch import Plan, launch, plan_runs, plan_study
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.state import RunStatus
from emocore.run.study import StudyConfig
from tests.support.live_runs import processes_of_root, quick_settings, wait_for
from tests.support.records import read_raw
from tests.support.tables import change_status, make_table, write_csv
from tests.support.threads import at_once
from tests.support.warm_parents import warm_parents


@pytest.fixture
def settings(small_csv: Path, tiny_bert: Path) -> dict[str, Any]:
    return quick_settings(small_csv, base=str(tiny_bert))


def without_seed(settings: dict[str, Any]) -> dict[str, Any]:
    """As a study wants them, which has its seeds in a field of its own."""
    return {name: value for name, value in settings.items() if name != "seed"}


def test_a_setting_without_effect_is_noted_and_left_out(settings: dict[str, Any]) -> None:
    plan = plan_runs([RunConfig(**settings | {"method": "tfidf"})])
    assert any("learning_rate has no effect on TF-IDF" in note for note in plan.notes)
    assert plan.configs[0].learning_rate is None


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
    "weights of another emotion": ({"positive_weight": "joy:2,envy:3"}, ConfigError, "no emotion 'envy'.*anger, "),
    "texts too long for the base": ({"max_length": 4000}, ConfigError, "128 tokens"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_refused_and_leaves_nothing(settings: dict[str, Any], root: Path, name: str) -> None:
    changes, kind, words = REFUSED[name]
    with pytest.raises(kind, match=words):
        launch(plan_runs([RunConfig(**settings), RunConfig(**settings | changes)]), root)
    assert list(root.iterdir()) == []


def plan_varied(settings: dict[str, Any], *methods: str, **vary: list[float]) -> Plan:
    shared = {name: value for name, value in without_seed(settings).items() if name not in vary}
    return plan_study(StudyConfig(name="s", methods=list(methods), seeds=[1, 2], settings=shared, vary=vary))


def test_a_method_gets_one_run_a_seed_of_what_it_does_not_read(settings: dict[str, Any]) -> None:
    plan = plan_varied(settings, "lora", "head", "tfidf", learning_rate=[0.001, 0.01])
    runs = [(config.method, config.learning_rate, config.seed) for config in plan.configs]
    lora = [("lora", rate, seed) for rate in (0.001, 0.01) for seed in (1, 2)]
    assert runs == [*lora, ("head", None, 1), ("head", None, 2), ("tfidf", None, 1), ("tfidf", None, 2)]
    assert plan.notes[:2] == snapshot(
        [
            "Head does not read learning_rate: one run per seed",
            "TF-IDF does not read learning_rate: one run per seed",
        ]
    )


def test_replicates_that_would_all_learn_from_all_rows_are_refused(settings: dict[str, Any]) -> None:
    available = plan_runs([RunConfig(**settings)]).splits.available_rows
    shared = without_seed(settings)
    study = StudyConfig(name="s", methods=["tfidf"], seeds=[1], replicates=2, settings=shared | {"rows": available - 1})
    assert len({config.replicate for config in plan_study(study).configs}) == 2
    for changes in (
        {"settings": shared | {"rows": available}},
        {"settings": shared, "vary": {"rows": [30, available]}},
    ):
        with pytest.raises(ConfigError, match=f"replicates: the training part has {available} rows") as caught:
            plan_study(study.model_copy(update=changes))
        assert caught.value.field == "replicates"


def test_replicates_of_all_rows_are_one_run_on_all_and_others_on_halves(settings: dict[str, Any]) -> None:
    study = StudyConfig(name="s", methods=["tfidf"], seeds=[1], replicates=3, settings=without_seed(settings))
    plan = plan_study(study)
    assert len(plan.splits.frames["train"]) == plan.splits.available_rows
    assert [len(load_splits(config).frames["train"]) for config in plan.configs] == [
        plan.splits.available_rows, plan.splits.available_rows // 2, plan.splits.available_rows // 2,
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="takes 2 or more to see how they differ; set replicates to 3") as caught:
        plan_study(study.model_copy(update={"replicates": 2}))
    assert caught.value.field == "replicates"


def test_tfidf_is_varied_in_its_rows_but_not_in_its_batches(settings: dict[str, Any]) -> None:
    assert [c.rows for c in plan_varied(settings, "tfidf", rows=[30, 60]).configs] == [30, 30, 60, 60]
    configs = plan_varied(settings, "ia3", "tfidf", batch_size=[4, 8]).configs
    assert [(c.method, c.batch_size) for c in configs] == [("ia3", b) for b in (4, 4, 8, 8)] + [("tfidf", 16)] * 2
    with pytest.raises(ConfigError, match="none of the methods reads batch_size") as caught:
        plan_varied(settings, "tfidf", batch_size=[4, 8])
    assert caught.value.field == "vary"


def test_every_number_of_rows_is_checked_and_the_fewest_are_told_of(settings: dict[str, Any], root: Path) -> None:
    """Whatever the order: 120 messages have 84 for training."""
    for rows in ([30, 5000], [5000, 30]):
        with pytest.raises(DataError, match=r"rows=5,000 but the training part has 84"):
            launch(plan_varied(settings, "lora", rows=rows), root)
    assert list(root.iterdir()) == []
    plan = plan_varied(settings, "lora", rows=[60, 30])
    assert len(plan.splits.frames["train"]) == 60


def test_what_the_smallest_subset_lacks_is_told(tmp_path: Path) -> None:
    table = make_table(400)
    table["trust"] = 0
    table.loc[[5, 300], "trust"] = 1
    data = write_csv(tmp_path / "rare.csv", table)
    plan = plan_varied({"data": data}, "tfidf", rows=[20, 200])
    words = "with 20 rows: rare.csv, training split: no text has "
    assert any(note.startswith(words) and "trust" in note for note in plan.notes)


def test_what_a_subset_shares_with_all_rows_is_told_once(tmp_path: Path) -> None:
    table, test = make_table(400), make_table(100, seed=1)
    test["Tweet"] = table["Tweet"][:100]
    files = {name: write_csv(tmp_path / f"{name}.csv", rows) for name, rows in (("data", table), ("test_data", test))}
    notes = plan_varied(files, "tfidf", rows=[100, 200]).notes
    assert len([note for note in notes if "nearly the same" in note and "training split" in note.split(":")[0]]) == 1


def test_a_base_too_large_for_this_machine_is_told_of() -> None:
    [note] = plan_runs([RunConfig(base="Alibaba-NLP/gte-Qwen1.5-7B-instruct", device="cpu")]).notes
    assert note.startswith("Alibaba-NLP/gte-Qwen1.5-7B-instruct has 7.10 B parameters and will train on the CPU")
    assert "a machine with a GPU" in note


@pytest.fixture
def first(settings: dict[str, Any], root: Path, monkeypatch: pytest.MonkeyPatch) -> list[RunFolder]:
    """The runs of a study, which are never started."""
    monkeypatch.setattr("emocore.jobs.launch.tend_queue", lambda root: None)
    return launch(plan_study(the_study(settings)), root)


def the_study(settings: dict[str, Any], **changes: Any) -> StudyConfig:
    values = {"name": "s", "methods": ["lora", "ia3"], "seeds": [1, 2], "settings": without_seed(settings)}
    return StudyConfig(**values | changes)


def test_a_study_is_not_launched_into_itself(settings: dict[str, Any], root: Path, first: list[RunFolder]) -> None:
    change_status(first[3], RunStatus.FINISHED)
    for changes, words in (
        ({}, "LoRA seed 1, LoRA seed 2, IA3 seed 1, IA3 seed 2 .* is queued"),
        ({"methods": ["ia3"], "seeds": [3, 2]}, rf"IA3 seed 2 with .*run {first[3].id} is finished"),
    ):
        with pytest.raises(ConfigError, match=f"study 's' already has {words}.*choose another name") as caught:
            launch(plan_study(the_study(settings, **changes)), root)
        assert caught.value.field == "study"
    assert set(list_runs(root)) == set(first)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "another"},
        {"seeds": [3]},
        {"methods": ["tfidf"]},
        {"vary": {"rows": [30, 60]}},
        {"method_settings": {"lora": {"max_steps": 3}, "ia3": {"max_steps": 3}}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_study_may_grow(
    settings: dict[str, Any], root: Path, first: list[RunFolder], changes: dict[str, Any]
) -> None:
    plan = plan_study(the_study(settings, **changes))
    more = launch(plan, root)
    assert len(list_runs(root)) == len(first) + len(more)


def test_what_failed_or_was_stopped_is_launched_again(
    settings: dict[str, Any], root: Path, first: list[RunFolder]
) -> None:
    for run, status in zip(first, (RunStatus.FAILED, RunStatus.STOPPED, RunStatus.INTERRUPTED), strict=False):
        change_status(run, status)
    change_status(first[3], RunStatus.RUNNING)  # it says so, but no process holds it
    plan = plan_study(the_study(settings))
    again = launch(plan, root)
    assert [run.config for run in again] == [run.config for run in first]


def test_a_run_of_no_study_is_no_copy(settings: dict[str, Any], root: Path, first: list[RunFolder]) -> None:
    alone = plan_runs([RunConfig(**settings)])
    assert launch(alone, root)[0] != launch(alone, root)[0]


def test_of_two_that_launch_a_study_at_once_one_is_refused(settings: dict[str, Any], root: Path) -> None:
    plan = plan_study(the_study(settings))
    answers = at_once(*[lambda: launch(plan, root)] * 2)
    [refusal] = [answer for answer in answers if isinstance(answer, ConfigError)]
    assert "study 's' already has" in str(refusal)
    assert len(list_runs(root)) == len(plan.configs)


def test_a_single_run_is_launched_again_in_its_study(root: Path, first: list[RunFolder]) -> None:
    [clone] = launch(plan_runs([first[0].config]), root, allow_repeats=True)
    assert clone.config == first[0].config and clone != first[0]


def test_no_runs_are_nothing_to_launch() -> None:
    with pytest.raises(ConfigError, match="at least one"):
        plan_runs([])


def test_launched_runs_are_queued_complete_and_a_scheduler_looks_after_them(
    settings: dict[str, Any], root: Path
) -> None:
    study = StudyConfig(name="s", methods=["lora", "head", "tfidf"], settings=without_seed(settings))
    plan = plan_study(study)
    runs = launch(plan, root)
    assert [run.config for run in runs] == plan.configs
    assert set(list_runs(root)) == set(runs)
    assert len({run.id for run in runs}) == 3
    assert set(read_raw(runs[0], "config.json")) == {"format", *RunConfig.model_fields}
    wait_for(lambda: [child for process in processes_of_root(root) for child in warm_parents(process.pid)], 20)
    assert [run.stored_state.status for run in runs[1:]] == [RunStatus.QUEUED] * 2
    assert len(processes_of_root(root)) >= 1
