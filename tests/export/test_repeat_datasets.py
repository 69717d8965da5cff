"""Runs on registered datasets are repeated where these are not registered: from the files, or from the folder."""

import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from emocore.cli.main import main
from emocore.data.registry.store import find_dataset
from emocore.export.repeat import repeat_command
from emocore.jobs.launch import plan_runs, plan_study
from emocore.run.config import RunConfig
from emocore.run.study import StudyConfig
from tests.support.audited_runs import build_result
from tests.support.tables import make_table, write_csv, write_text

ROWS = "".join(f"so {['sad', 'glad'][row % 2]} {row}|{row % 3};{row % 2}\n" for row in range(200))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "my train.txt", ROWS.encode("utf-16"))
    write_text(tmp_path / "names", "it's sad\n100% joy\nlove\n")
    write_csv(tmp_path / "dev.csv", make_table(60))
    return tmp_path


def study_of(data: str) -> tuple[str, list[RunConfig]]:
    study = StudyConfig(name="s", methods=["lora", "tfidf"], settings={"data": data})
    configs = plan_study(study).configs
    return repeat_command([build_result(config) for config in configs]), configs


def add(*words: str) -> None:
    assert main(["data", "add", *words]) == 0


def test_the_files_are_registered_again_as_they_were(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add("mine", "my train.txt", "--label-names", "names", "--delimiter", "bar", "--no-header", "--licence", "ask me")
    lines, configs = study_of("mine")
    *registering, study = lines.splitlines()
    assert str(folder) not in lines
    dataset = find_dataset("mine")
    assert dataset
    assert f"--data {dataset.manifest.reference} " in f"{study} "

    monkeypatch.setenv("EMOCORE_DATA", str(folder / "another machine"))
    assert find_dataset("mine") is None
    (folder / "names").unlink()  # the names are part of the command
    for line in registering:
        if line.startswith("printf"):
            subprocess.run(line, shell=True, check=True, cwd=folder)
        else:
            assert main(shlex.split(line)[3:]) == 0
    again = find_dataset("mine")
    assert again
    assert again.manifest.sha256 == dataset.manifest.sha256
    assert again.manifest.wishes == dataset.manifest.wishes
    assert [Path(config.data).name for config in configs] == [again.manifest.reference] * len(configs)


def test_the_folder_of_a_dataset_serves_as_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add("mine", "dev.csv", "--validation", "dev.csv")
    lines, configs = study_of("mine")
    assert "data add mine dev.csv --validation dev.csv\n" in lines
    shutil.copytree(configs[0].data, folder / Path(configs[0].data).name)
    monkeypatch.setenv("EMOCORE_DATA", str(folder / "another machine"))
    words = shlex.split(lines.splitlines()[-1])
    [config] = plan_runs([RunConfig(method="tfidf", base="none", data=words[words.index("--data") + 1])]).configs
    assert config.data == str(folder / Path(configs[0].data).name)


def test_a_dataset_that_is_gone_is_named(folder: Path) -> None:
    add("mine", "dev.csv", "--validation", "dev.csv")
    _, configs = study_of("mine")
    shutil.rmtree(configs[0].data)
    lines = repeat_command([build_result(config) for config in configs]).splitlines()
    assert lines[0] == (
        f"# The dataset {Path(configs[0].data).name} is not where the runs found it; copy its folder here."
    )
