"""The bundle has everything except private content, says what is missing, and is the same each time."""

import io
import json
import os
import re
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from inline_snapshot import snapshot

from emocore.errors import EmocoreError
from emocore.evaluation.comparison import compare
from emocore.evaluation.results import RunResult, TeamResult, load_result
from emocore.export import bundle
from emocore.export.bundle import write_bundle
from emocore.export.content import ComparisonContent
from emocore.export.figures import Picture
from emocore.run.study_record import StudyRecord, study_file, write_study_record
from tests.support.studies import finish_study, make_plan


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def folder(content: ComparisonContent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bundles of one comparison, a.zip and b.zip; no browser is started."""

    def draw(wanted: list[Picture]) -> list[bytes]:
        assert len(wanted) == 4
        return [f"{picture.title} as {picture.format}".encode() for picture in wanted]

    folder = tmp_path_factory.mktemp("bundles")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bundle, "to_images", draw)
        for name in ("a.zip", "b.zip"):
            assert write_bundle(folder / name, content) == snapshot(
                ["The table 'Texts' contains texts and is left out."]
            )
    return folder


@pytest.fixture(scope="module")
def files(folder: Path) -> dict[str, bytes]:
    return read(folder / "a.zip")


def test_everything_is_there_the_readme_first(content: ComparisonContent, files: dict[str, bytes]) -> None:
    first, *others = files
    assert first == "README.txt"
    assert others == sorted(others)
    runs = [result.id for result in content.comparison.results]
    assert set(others) == {
        "environment.txt", "hashes.json", "report.html", "latex/scores.tex", "latex/emotions.tex",
        "figures/plotly.min.js",
        *(f"figures/{name}.{kind}" for name in ("f1-by-emotion", "f1-by-emotion-2") for kind in ("html", "svg", "png")),
        *(f"tables/{name}.csv" for name in ("scores", "emotions", "verdicts", "no-skill", "audit", "costs")),
        *(f"runs/{run}/{name}.json" for run in runs for name in ("config", "result", "provenance")),
    }  # fmt: skip
    assert files["figures/f1-by-emotion-2.svg"] == b"f1 by emotion! as svg"


def test_the_readme_says_what_it_is_and_how_to_repeat_it(content: ComparisonContent, files: dict[str, bytes]) -> None:
    readme = files["README.txt"].decode()
    assert readme.startswith(content.title + "\n")
    for words in (
        "LoRA beats IA3", "Thresholds matter.", "SVG and PNG", "no texts and no predictions", "'Texts' contains texts",
        "python -m emocore study --name 'PEFT 1' --methods lora,qlora,ia3 --seeds 1,2",
        " --base minilm-l6 --data train.csv",
    ):  # fmt: skip
        assert words in readme


def test_nothing_private_is_in_any_file(content: ComparisonContent, files: dict[str, bytes]) -> None:
    for name in files.keys() - {"figures/plotly.min.js"}:
        for secret in (b"home-of-ada", b"so sad", b"text 17"):  # the texts of finished runs are called like the last
            assert secret not in files[name], name
    result = content.comparison.results[0]
    config = json.loads(files[f"runs/{result.id}/config.json"])
    assert config == result.config.model_dump() | {"data": "train.csv"}


def test_the_numbers_come_back_as_they_were(content: ComparisonContent, files: dict[str, bytes]) -> None:
    scores = pd.read_csv(io.BytesIO(files["tables/scores.csv"]))
    pd.testing.assert_frame_equal(scores, content.comparison.scores, check_dtype=False)
    result = content.comparison.results[0]
    assert json.loads(files[f"runs/{result.id}/result.json"]) == result.scores.model_dump()
    assert json.loads(files[f"runs/{result.id}/provenance.json"]) == result.provenance.model_dump()
    assert json.loads(files["hashes.json"])[result.id]["split_sha256"] == "a" * 64
    assert re.search(rb"(?m)^torch 2\.13\.0$", files["environment.txt"])


def test_copies_for_spreadsheets_start_no_formula_and_are_told_of(content: ComparisonContent, tmp_path: Path) -> None:
    table = pd.DataFrame({"emotion": ["=joy", "@anger"], "f1": [-0.5, 0.25]})
    content = replace(content, tables={"Formulas": table}, figures={})
    for name in ("plain", "spreadsheets"):
        write_bundle(tmp_path / name, content, for_spreadsheets=name == "spreadsheets")
    plain, files = read(tmp_path / "plain"), read(tmp_path / "spreadsheets")
    copies = {name for name in files if name.endswith(".for-spreadsheets.csv")}
    assert copies == {name.replace(".csv", ".for-spreadsheets.csv") for name in plain if name.endswith(".csv")}
    assert files["tables/formulas.csv"] == plain["tables/formulas.csv"] == table.to_csv(index=False).encode()
    assert files["tables/formulas.for-spreadsheets.csv"] == b"emotion,f1\n'=joy,-0.5\n'@anger,0.25\n"
    assert b"*.for-spreadsheets.csv" in files["README.txt"] and b"spreadsheets" not in plain["README.txt"]


def test_the_same_comparison_makes_the_same_bytes(folder: Path) -> None:
    assert (folder / "a.zip").read_bytes() == (folder / "b.zip").read_bytes()


def test_without_a_browser_notes_and_readme_say_that_pictures_are_missing(
    content: ComparisonContent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    [_, note] = write_bundle(tmp_path / "b.zip", content)
    assert "without pictures: BROWSER_PATH=" in note
    files = read(tmp_path / "b.zip")
    assert not [name for name in files if name.endswith((".svg", ".png"))]
    assert "figures/f1-by-emotion.html" in files
    readme = " ".join(files["README.txt"].decode().split())
    assert "without pictures: BROWSER_PATH=" in readme
    assert "SVG and PNG" not in readme


def test_a_comparison_without_figures_needs_no_browser(content: ComparisonContent, tmp_path: Path) -> None:
    assert write_bundle(tmp_path / "b.zip", replace(content, figures={}, tables={})) == []
    assert not [name for name in read(tmp_path / "b.zip") if name.startswith("figures/")]


def test_an_older_bundle_stays_whole_where_the_new_one_cannot_be_written(
    content: ComparisonContent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    bare = replace(content, figures={}, tables={})
    (tmp_path / "b.zip").write_bytes(b"old")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(EmocoreError, match=r"cannot be written \(No space left on device: .*b\.zip\); free space"):
        write_bundle(tmp_path / "b.zip", bare)
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
    assert (tmp_path / "b.zip").read_bytes() == b"old"
    with pytest.raises(EmocoreError, match="in a folder that exists"):
        write_bundle(tmp_path / "nowhere" / "b.zip", bare)


def test_runs_of_w_and_b_bring_their_address_and_no_folder_of_their_choice(
    content: ComparisonContent, tmp_path: Path
) -> None:
    [alone] = map(load_result, finish_study(tmp_path / "runs", ("lora",), (1,), has_test=False))
    team = TeamResult("../../evil id", alone.config, alone.scores, alone.provenance, "https://wandb.example/1")
    mixed = replace(content, comparison=compare([alone, team], "validation"), figures={}, tables={})
    write_bundle(tmp_path / "b.zip", mixed)
    files = read(tmp_path / "b.zip")
    assert json.loads(files["runs/evil-id/wandb.json"]) == {"url": "https://wandb.example/1"}
    assert f"runs/{alone.id}/wandb.json" not in files


def test_the_plan_of_the_study_is_in_it_if_all_runs_are_of_one(content: ComparisonContent, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    runs = [load_result(run) for run in finish_study(root, ("lora", "ia3"), (1,), has_test=False)]
    others = [load_result(run) for run in finish_study(root, ("head",), (1,), study="other", has_test=False)]
    record = make_plan(methods=("lora", "ia3"), margin_points=2.5)
    write_study_record(root, record)

    def bundle_of(results: list[RunResult]) -> tuple[list[str], dict[str, bytes]]:
        bare = replace(content, comparison=compare(results, "validation"), figures={}, tables={})
        return write_bundle(tmp_path / "b.zip", bare), read(tmp_path / "b.zip")

    notes, files = bundle_of(runs)
    assert notes == [] and StudyRecord.model_validate_json(files["study.json"]) == record
    assert b"study.json " in files["README.txt"] and b"--margin-points 2.5 " in files["README.txt"]
    for results in (runs + others, others):
        notes, files = bundle_of(results)
        assert notes == [] and "study.json" not in files and b"study.json" not in files["README.txt"]
    study_file(root, "s").write_text("{", encoding="utf-8")
    notes, files = bundle_of(runs)
    assert notes == []
    assert "study.json" not in files and str(tmp_path).encode() not in files["README.txt"]
