"""A finished run's adapter answers as it was measured: in another process, from another place, without Emocore."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from emocore.cli.main import main
from emocore.data.table import read_texts
from emocore.errors import RunError
from emocore.evaluation.results import load_result
from emocore.inference.classify import ClassifierPool, classify, widen
from emocore.metrics import sigmoid
from emocore.models.adapter import read_info
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from tests.conftest import SMALL_LABELS
from tests.support.forks import ForkedPython
from tests.support.live_runs import python, queue_run
from tests.support.small_disks import FILLER, fill, small_disk

RELOADED = ("lora", "ia3", "qlora", "head", "bert_lora", "bert_bf16", "bert_qlora", "tfidf")
WITH_CARD = ("lora", "ia3", "qlora", "head", "bert_lora", "bert_qlora")
TOLERANCE = 1e-4

# Two orders of the texts, since the answer to a text must not depend on its batch.
RELOAD = """
import json, sys
from pathlib import Path
import numpy as np
from emocore.models.classifier import BaseStore, load_classifier
for name, texts in json.loads(Path("texts.json").read_text()).items():
    classifier = load_classifier(Path(name).resolve(), BaseStore())
    np.save(f"{name}.npy", [classifier.logits(texts), classifier.logits(texts[::-1])[::-1]])
"""

# Each card's code runs unchanged except for its example, in a folder with only the adapter.
RUN_CARDS = """
import json, os, re, sys
from pathlib import Path
import numpy as np
here = Path.cwd()
for name, texts in json.loads(Path("texts.json").read_text()).items():
    os.chdir(here / name)
    [code] = re.findall(r"```python\\n(.*?)```", Path("adapter/README.md").read_text(), re.DOTALL)
    lines = code.splitlines(keepends=True)
    [first] = [i for i, line in enumerate(lines) if line.startswith("inputs = ")]
    names = {}
    exec("".join(lines[:first]), names)
    answers = []
    for text in texts:
        names["TEXT"] = text
        exec("".join(lines[first:]).replace('["so happy today"]', "[TEXT]"), names)
        answers.append(names["logits"].detach().numpy()[0])
    np.save(here / f"{name}.npy", answers)
    assert "emocore" not in sys.modules
"""


def stored_validation(run: RunFolder) -> tuple[list[str], np.ndarray]:
    """Texts and logits of the validation split as the run left them."""
    rows = load_result(run).predictions.query("split == 'validation'")
    return rows["text"].tolist(), rows[[f"logit.{label}" for label in SMALL_LABELS]].to_numpy()


@pytest.fixture(scope="module")
def reloaded(finished_runs: dict[str, RunFolder], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders with the logits that two other processes compute from copies of the adapters alone: "adapters" by
    Emocore, "cards" by the code of the model cards, in a new interpreter."""
    root = finished_runs["lora"].path.parent
    folders = {kind: tmp_path_factory.mktemp(kind) for kind in ("adapters", "cards")}
    texts = {name: stored_validation(finished_runs[name])[0] for name in RELOADED}
    for name in RELOADED:
        shutil.copytree(finished_runs[name].adapter, folders["adapters"] / name)
    for name in WITH_CARD:
        shutil.copytree(finished_runs[name].adapter, folders["cards"] / name / "adapter")
    (folders["adapters"] / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    few = {name: texts[name][:6] for name in WITH_CARD}
    (folders["cards"] / "texts.json").write_text(json.dumps(few), encoding="utf-8")
    # Nothing leads back to the runs, which other tests need meanwhile.
    copied = [path for folder in folders.values() for path in folder.rglob("*") if path.is_file()]
    assert [path for path in copied if bytes(root) in path.read_bytes()] == []
    log = folders["adapters"] / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-c", RELOAD]
        reloading = ForkedPython(command, cwd=folders["adapters"], stdout=file, stderr=file)
    python("-c", RUN_CARDS, folder=folders["cards"])
    assert reloading.wait(200) == 0, log.read_text(encoding="utf-8")
    return folders


@pytest.mark.parametrize("name", RELOADED)
def test_another_process_answers_as_the_run_stored(
    finished_runs: dict[str, RunFolder], reloaded: dict[str, Path], name: str
) -> None:
    _, stored = stored_validation(finished_runs[name])
    assert stored.std(axis=0).min() > 0.01  # answers that do not differ by text would prove nothing
    for answer in np.load(reloaded["adapters"] / f"{name}.npy"):
        np.testing.assert_array_equal(sigmoid(answer) >= 0.5, sigmoid(stored) >= 0.5)
        np.testing.assert_allclose(answer, stored, atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("name", WITH_CARD)
def test_the_code_of_the_model_card_answers_as_the_run_stored(
    finished_runs: dict[str, RunFolder], reloaded: dict[str, Path], name: str
) -> None:
    _, stored = stored_validation(finished_runs[name])
    np.testing.assert_allclose(np.load(reloaded["cards"] / f"{name}.npy"), stored[:6], atol=TOLERANCE, rtol=0)


@pytest.mark.parametrize("name", WITH_CARD)
def test_the_model_card_tells_what_the_adapter_is(finished_runs: dict[str, RunFolder], name: str) -> None:
    run = finished_runs[name]
    card = (run.adapter / "README.md").read_text(encoding="utf-8")
    header = re.match(r"---\n(.*?)\n---\n", card, re.DOTALL)
    assert header and f'base_model: "{run.config.base}"' in header[1]
    assert run.id in card
    assert ", ".join(SMALL_LABELS) in card


def test_adapters_side_by_side_share_their_base(finished_runs: dict[str, RunFolder]) -> None:
    pool = ClassifierPool()
    runs = [finished_runs[name] for name in ("lora", "ia3", "qlora", "tfidf")]
    texts = ["so happy today", "I am afraid of tomorrow"]
    table = classify(pool, runs, texts)
    assert list(table.columns) == ["run", "text_index", "text", "emotion", "probability", "threshold", "predicted"]
    assert len(table) == len(runs) * len(texts) * len(SMALL_LABELS)
    assert table["probability"].between(0, 1).all()
    assert (table["predicted"] == (table["probability"] >= table["threshold"])).all()
    assert len(pool.bases._bases) == 2  # in full and in four bits
    for run in runs:
        own = table[table["run"] == run.id]
        assert own["emotion"].tolist() == [label for label in SMALL_LABELS for _ in texts]
        pd.testing.assert_frame_equal(
            own.reset_index(drop=True), classify(ClassifierPool(), [run], texts), check_exact=False, atol=1e-6
        )


def test_the_pool_keeps_what_it_loaded(finished_runs: dict[str, RunFolder]) -> None:
    pool = ClassifierPool()
    assert pool.get(finished_runs["lora"]) is pool.get(finished_runs["lora"])


def test_stored_texts_get_their_stored_probabilities(finished_runs: dict[str, RunFolder]) -> None:
    run = finished_runs["bert_lora"]
    texts, stored = stored_validation(run)
    table = classify(ClassifierPool(), [run], texts)
    wide = table.pivot(index="text_index", columns="emotion", values="probability")[SMALL_LABELS]
    np.testing.assert_allclose(wide.to_numpy(), sigmoid(stored), atol=1e-5)


def test_the_wide_table_has_a_row_a_text_and_a_column_an_emotion(finished_runs: dict[str, RunFolder]) -> None:
    run, texts = finished_runs["lora"], ["so happy today", 'ein Käfer, \'ne "Freude" 🐞', "so happy today"]
    answers = classify(ClassifierPool(), [run], texts)
    table = widen(answers, [run])
    assert list(table.columns) == ["text", *SMALL_LABELS, "predicted"]
    assert table["text"].tolist() == texts
    thresholds = read_info(run.adapter).thresholds
    for index, row in table.iterrows():
        own = answers[answers["text_index"] == index].set_index("emotion")["probability"]
        assert row["predicted"].split() == [label for label in SMALL_LABELS if own[label] >= thresholds[label]]


def test_the_wide_table_of_two_runs_names_the_run_in_each_column(finished_runs: dict[str, RunFolder]) -> None:
    runs = [finished_runs["lora"], finished_runs["tfidf"]]
    table = widen(classify(ClassifierPool(), runs, ["so happy today"]), runs)
    expected = [f"{run.id} {name}" for run in runs for name in (*SMALL_LABELS, "predicted")]
    assert list(table.columns) == ["text", *expected]


def test_a_run_that_has_not_finished_says_in_which_state_it_is(
    tmp_path: Path, small_csv: Path, tiny_bert: Path
) -> None:
    run = queue_run(tmp_path / "runs", small_csv, base=str(tiny_bert))
    with pytest.raises(RunError, match="queued"):
        ClassifierPool().get(run)
    run.change_state(RunStatus.FAILED, reason="the disk is full")
    with pytest.raises(RunError, match="the disk is full"):
        ClassifierPool().get(run)


@pytest.mark.filterwarnings("error")
def test_a_wide_table_of_very_many_emotions_is_made_without_a_warning(finished_runs: dict[str, RunFolder]) -> None:
    run = finished_runs["tfidf"]
    names = [f"e{number}" for number in range(200)]
    answers = pd.DataFrame({"run": run.id, "text_index": 0, "text": "x", "emotion": names, "probability": 0.5})
    assert widen(answers.assign(predicted=False), [run]).shape == (1, 202)


def test_where_bf16_is_missing_the_answer_is_near_the_scored_one_and_says_so(
    finished_runs: dict[str, RunFolder], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = finished_runs["bert_bf16"]
    texts, stored = stored_validation(run)
    monkeypatch.setenv("EMOCORE_RUNS", str(run.path.parent))
    monkeypatch.setattr("emocore.models.classifier.computes_bf16", lambda device: False)
    table = classify(ClassifierPool(), [run], texts)
    wide = table.pivot(index="text_index", columns="emotion", values="probability")[SMALL_LABELS]
    assert 0 < np.abs(wide.to_numpy() - sigmoid(stored)).max() < 0.05
    assert main(["classify", run.id, "--text", texts[0]]) == 0
    assert f"note: {run.id}: this adapter was trained and scored in bf16, which" in capsys.readouterr().err


TEXTS = ["@ada so happy today", "=cmd|'/C calc'!A0", "-1 for this", "'=quoted"]


@pytest.fixture
def texts_csv(finished_runs: dict[str, RunFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EMOCORE_RUNS", str(finished_runs["tfidf"].path.parent))
    pd.DataFrame({"text": TEXTS}).to_csv(tmp_path / "in.csv", index=False)
    return tmp_path / "in.csv"


def test_answers_are_written_byte_for_byte_and_on_request_once_more_for_spreadsheets(
    finished_runs: dict[str, RunFolder], texts_csv: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, copy = texts_csv.with_name("out.csv"), texts_csv.with_name("out.for-spreadsheets.csv")
    command = ["classify", finished_runs["tfidf"].id, "--file", str(texts_csv), "--out", str(out)]
    assert main(command) == 0
    assert pd.read_csv(out)["text"].tolist() == TEXTS and not copy.exists()
    assert main([*command, "--for-spreadsheets"]) == 0
    assert f"4 texts classified, written to {out} and {copy}" in capsys.readouterr().out
    assert pd.read_csv(copy)["text"].tolist() == [f"'{text}" for text in TEXTS]
    assert read_texts(str(out)) == read_texts(str(copy)) == TEXTS
    assert main([*command[:-1], str(copy)]) == 2, "a name that would have the texts changed when they are read"


def test_a_full_disk_leaves_the_old_answers_or_none(
    finished_runs: dict[str, RunFolder], texts_csv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with small_disk(tmp_path / "disk", megabytes=0.1) as disk:
        (disk / "old.csv").write_text("old", encoding="utf-8")
        fill(disk)
        for name in ("old.csv", "new.csv"):
            out = str(disk / name)
            assert main(["classify", finished_runs["tfidf"].id, "--file", str(texts_csv), "--out", out]) == 2
            assert f"--out {out}: cannot be written (No space left on device)" in capsys.readouterr().err
        assert sorted(path.name for path in disk.iterdir()) == [FILLER, "old.csv"]
        assert (disk / "old.csv").read_text(encoding="utf-8") == "old"
