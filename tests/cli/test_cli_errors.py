"""Whatever a user gets wrong ends in one clear line and exit status 2, and leaves nothing behind.

Most cases call the command line's `main`; a few are real processes, with a real shell's environment.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.refusals import assert_one_line, contents
from tests.support.repository import REPOSITORY
from tests.support.tables import make_table, write_csv, write_text

GOOD = make_table(120).to_csv(index=False)
FEW = "ID,Tweet,anger,joy\na,first,1,0\nb,second,0,1\nc,third,1,1\n"

MALFORMED: dict[str, tuple[str | bytes, list[str]]] = {
    "empty": ("", ["the file is empty"]),
    "header only": (GOOD.splitlines()[0] + "\n", ["only a header line"]),
    "no label columns": (make_table(120)[["ID", "Tweet"]].to_csv(index=False), ["no label columns"]),
    "label of 2": (make_table(120).replace({"joy": {1: 2}}).to_csv(index=False), ["row 3", "'joy'", "'2'", "0 or 1"]),
    "no text column": (make_table(120).drop(columns="Tweet").to_csv(index=False), ["no text column", "text_column"]),
    "blank text": (GOOD.replace(make_table(120)["Tweet"][4], " "), ["row 6", "'Tweet'", "the text is empty"]),
    "broken UTF-8": (GOOD.encode() + b"x,caf\xe9,0,0,0,0\n", ["line 122", "not UTF-8"]),
    "one class": (make_table(120).assign(fear=0).to_csv(index=False), ["'fear'", "120 rows is 0"]),
    "3 rows": (FEW, ["3 rows are too few"]),
    "ragged row": (GOOD.replace("\nm0-4,", "\nm0-4,more,"), ["row 6", "7 cells", "6"]),
    "column twice": (GOOD.replace(",fear,", ",joy,", 1), ["'joy' is there twice"]),
    "open quote": (GOOD + '"m,x,0,0,0,0\n', ["not a readable CSV"]),
    "semicolons": (GOOD.replace(",", ";"), ["no label columns"]),
}


@pytest.fixture
def good(tmp_path: Path) -> str:
    return write_text(tmp_path / "good.csv", GOOD)


def run_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "emocore", *arguments],
        cwd=REPOSITORY,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_file_is_refused_with_its_name_and_place(
    refuse: Callable[..., str], tmp_path: Path, case: str
) -> None:
    content, parts = MALFORMED[case]
    message = refuse("launch", "--method", "tfidf", "--data", write_text(tmp_path / "mine.csv", content))
    for part in ["mine.csv", *parts]:
        assert part in message


@pytest.mark.parametrize("option", ["--validation-data", "--test-data"])
@pytest.mark.parametrize("case", ["empty", "label of 2", "no text column", "broken UTF-8", "ragged row"])
def test_a_malformed_official_file_is_refused_alike(
    refuse: Callable[..., str], good: str, tmp_path: Path, option: str, case: str
) -> None:
    content, parts = MALFORMED[case]
    file = write_text(tmp_path / "official.csv", content)
    message = refuse("launch", "--method", "tfidf", "--data", good, option, file)
    for part in ["official.csv", *parts]:
        assert part in message


def test_a_study_over_a_malformed_file_queues_none_of_its_runs(refuse: Callable[..., str], tmp_path: Path) -> None:
    file = write_text(tmp_path / "mine.csv", MALFORMED["label of 2"][0])
    assert "row 3" in refuse("study", "--methods", "tfidf", "--seeds", "1,2,3", "--data", file)


@pytest.mark.parametrize("option", ["--data", "--validation-data", "--test-data"])
def test_a_missing_file_is_refused_by_its_path(
    refuse: Callable[..., str], good: str, tmp_path: Path, option: str
) -> None:
    missing = str(tmp_path / "nowhere.csv")
    message = refuse("launch", "--method", "tfidf", "--data", good, option, missing)
    assert f"{missing}: no such file" in message


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--method", "adapterfusion"], ["no method 'adapterfusion'", "lora, ia3, qlora, head, tfidf"]),
        (["--set", "method=adapterfusion"], ["no method 'adapterfusion'"]),
        (["--base", "nonsense"], ["base 'nonsense'", "minilm-l6", "Hub id"]),
        (["--set", "optimizer=sgd"], ["optimizer: no such setting", "learning_rate"]),
        (["--set", "optimizer"], ["'optimizer' is not a setting", "NAME=VALUE"]),
        (["--learning-rate", "5"], ["learning_rate: ", "less than or equal to 1", "'5'"]),
        (["--set", "lora_dropout=1"], ["lora_dropout: ", "less than 1", "'1'"]),
        (["--epochs", "0"], ["epochs: ", "greater than or equal to 1", "'0'"]),
        (["--epochs", "-3"], ["epochs: ", "'-3'"]),
        (["--epochs", "many"], ["epochs: ", "'many'"]),
        (["--rows", "5"], ["rows: ", "greater than or equal to 20", "'5'"]),
        (["--seed", "1.5"], ["seed: ", "'1.5'"]),
        (["--study", "a/b"], ["study: ", "'a/b'"]),
        (["--device", "tpu"], ["device: ", "'tpu'"]),
        (["--device", "cuda:97"], ["device: 'cuda:97' is not on this machine", "cpu"]),
        (["--set", "precision=int8"], ["precision: ", "'bf16'", "'int8'"]),
        (["--set", "wandb_mode=online"], ["wandb_mode: ", "WANDB_API_KEY"]),
        (["--set", "validation_share=0.4", "--set", "test_share=0.45"], ["validation_share and test_share"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) and str(value[0]).startswith("--") else "",
)
def test_a_wrong_setting_is_refused_by_its_name(
    refuse: Callable[..., str], good: str, arguments: list[str], parts: list[str]
) -> None:
    message = refuse("launch", "--data", good, *arguments)
    for part in parts:
        assert part in message


@pytest.mark.parametrize("option", ["--data", "--validation-data"])
@pytest.mark.parametrize("file", ["/etc/shadow", "/proc/self/maps", "/dev/zero", "secrets.toml"])
def test_no_message_shows_what_stands_in_a_file_of_keys(
    refuse: Callable[..., str], good: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "secrets.toml", 'HF_TOKEN = "hf_s3cr3t"\nWANDB_API_KEY = "s3cr3t"\n')
    data = [] if option == "--data" else ["--data", good]
    message = refuse("launch", "--method", "tfidf", "--set", "text_column=Tweet", *data, option, file)
    assert "s3cr3t" not in message and "root" not in message and "HF_TOKEN" not in message


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--rows", "5000"], ["rows=5,000 but the training part has"]),
        (["--set", "text_column=words"], ["good.csv", "no column 'words'", "'Tweet'"]),
        (["--set", "label_columns=anger,shame"], ["good.csv", "no label column 'shame'", "'anger'"]),
    ],
    ids=["rows", "text", "labels"],
)
def test_a_setting_that_the_data_cannot_meet_is_refused(
    refuse: Callable[..., str], good: str, arguments: list[str], parts: list[str]
) -> None:
    message = refuse("launch", "--method", "tfidf", "--data", good, *arguments)
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--methods", "tfidf,nonsense"], ["no method 'nonsense'"]),
        (["--methods", ","], ["methods: "]),
        (["--methods", "tfidf", "--seeds", "1,x"], ["seeds", "'x'"]),
        (["--methods", "tfidf", "--seeds", "1,-2"], ["seed", "-2"]),
        (["--methods", "tfidf", "--set", "lora.epochs=3"], ["'lora' is not among the study's methods tfidf"]),
        (["--methods", "tfidf", "--set", "tfidf.optimizer=sgd"], ["optimizer: no such setting"]),
        (["--methods", "tfidf", "--set", "tfidf.inverse_regularization=0"], ["inverse_regularization: ", "'0'"]),
        (["--methods", "tfidf", "--set", "seed=7"], ["seed: ", "not from a setting"]),
        (["--methods", "tfidf", "--set", "tfidf.rows=50"], ["tfidf.rows: ", "all runs of a study share this"]),
        (["--methods", "tfidf", "--name", "a/b"], ["'a/b'"]),
        (["--methods", "tfidf", "--name", "x" * 81], ["name: "]),
    ],
    ids=lambda value: " ".join(value)[:50] if isinstance(value, list) and str(value[0]).startswith("--") else "",
)
def test_a_wrong_study_is_refused_whole(
    refuse: Callable[..., str], good: str, arguments: list[str], parts: list[str]
) -> None:
    message = refuse("study", "--data", good, *arguments)
    for part in parts:
        assert part in message


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["compare"], "name the runs to compare"),
        (["compare", "a-run", "--study", "s"], "name the runs to compare"),
        (["classify", "a-run", "--text", "x", "--out", "x.csv"], "--out goes with --file"),
        (["classify", "a-run", "--file", "x.csv", "--for-spreadsheets"], "--for-spreadsheets goes with --out"),
        (["compare", "a-run", "--for-spreadsheets"], "--for-spreadsheets goes with --bundle"),
        (["launch", "--rows", "100", "--set", "rows=50"], "rows is given twice, by --rows and by --set"),
        (["launch", "--set", "rows=100", "--set", "rows=100"], "rows is given twice"),
        (["launch", "--seed", "1", "--set", "seed=2"], "seed is given twice, by --seed and by --set"),
        (["study", "--base", "minilm-l6", "--set", "base=smollm2-135m"], "base is given twice, by --base and by --set"),
        (["study", "--set", "epochs=1", "--set", "epochs=2"], "epochs is given twice"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    refuse: Callable[..., str], arguments: list[str], part: str
) -> None:
    assert part in refuse(*arguments)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "COMMAND"),
        (["train"], "'train'"),
        (["launch", "--optimizer", "sgd"], "--optimizer"),
        (["launch", "--epochs"], "--epochs: expected one argument"),
        (["show"], "run"),
        (["compare", "a-run", "--split", "train"], "'train'"),
        (["classify", "a-run"], "--text --file"),
        (["classify", "a-run", "--text", "x", "--file", "x.csv"], "not allowed with"),
    ],
    ids=lambda value: (" ".join(value) or "nothing") if isinstance(value, list) else "",
)
def test_a_command_line_that_cannot_be_parsed_says_where_to_read_more(
    refuse: Callable[..., str], arguments: list[str], part: str
) -> None:
    message = refuse(*arguments)
    assert part in message
    assert "--help` tells more" in message


@pytest.mark.parametrize(
    "arguments",
    [
        ["launch", "--method", "adapterfusion"],
        ["launch", "--method", "tfidf", "--data", "nowhere.csv"],
        ["compare", "--study", "never started"],
    ],
    ids=lambda arguments: arguments[0] + arguments[1],
)
def test_a_real_process_ends_with_one_line_and_status_2(runs: Path, arguments: list[str]) -> None:
    child = run_process(*arguments)
    message = assert_one_line(child.returncode, child.stdout, child.stderr)
    assert arguments[-1] in message
    assert contents(runs) == []


def test_a_real_process_names_row_and_column_of_a_malformed_file(runs: Path, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "mine.csv", make_table(120).replace({"joy": {1: 2}}))
    child = run_process("launch", "--method", "tfidf", "--data", file)
    message = assert_one_line(child.returncode, child.stdout, child.stderr)
    assert "mine.csv, row 3, column 'joy': '2'" in message
    assert contents(runs) == []
