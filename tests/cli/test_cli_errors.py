"""Every user error gives one clear line and exit status 2, and leaves nothing behind.

The tests of other packages cover wrong settings and files; here is one case of each kind.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.command_line import run_process
from tests.support.refusals import assert_one_line, contents
from tests.support.tables import make_table, write_csv, write_text


@pytest.fixture
def good(tmp_path: Path) -> str:
    return write_csv(tmp_path / "good.csv", make_table(120))


@pytest.fixture
def bad(tmp_path: Path) -> str:
    return write_csv(tmp_path / "bad.csv", make_table(120).replace({"joy": {1: 2}}))


@pytest.mark.parametrize("options", [["--data"], ["--validation-data"], ["--test-data"]], ids=str)
def test_a_file_that_cannot_be_used_is_refused_by_its_name_and_place(
    refuse: Callable[..., str], good: str, bad: str, tmp_path: Path, options: list[str]
) -> None:
    command = ["--data", good, *options]
    for launch in (["launch", "--method", "tfidf"], ["study", "--methods", "tfidf", "--seeds", "1,2,3"]):
        assert "bad.csv, row 3, column 'joy': '2'" in refuse(*launch, *command, bad)
    missing = str(tmp_path / "nowhere.csv")
    assert f"{missing}: no such file" in refuse("launch", "--method", "tfidf", *command, missing)


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["--base", "nonsense"], ["base 'nonsense'", "minilm-l6", "Hub id"]),
        (["--set", "optimizer=sgd"], ["optimizer: no such setting", "learning_rate"]),
        (["--epochs", "-3"], ["epochs: ", "greater than or equal to 1", "'-3'"]),
        (["--device", "cuda:97"], ["device: 'cuda:97' is not on this machine", "cpu"]),
        (["--label-columns", "anger,shame"], ["good.csv", "no label column 'shame'", "'anger'"]),
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
    ("arguments", "part"),
    [
        (["compare"], "name the runs to compare"),
        (["compare", "a-run", "--study", "s"], "name the runs to compare"),
        (["compare", "a-run", "--for-spreadsheets"], "--for-spreadsheets needs --bundle"),
        (["classify", "a-run"], "by either --text or --file"),
        (["classify", "a-run", "--text", "x", "--file", "x.csv"], "by either --text or --file"),
        (["classify", "a-run", "--text", "x", "--out", "x.csv"], "--out needs --file"),
        (["classify", "a-run", "--file", "x.csv", "--for-spreadsheets"], "--for-spreadsheets needs --out"),
        (["resume"], "name the runs to resume"),
        (["launch", "--rows", "100", "--set", "rows=50"], "rows is given twice; leave one of the two out"),
        (["clone", "a-run", "--seed", "1", "--set", "seed=2"], "seed is given twice"),
        (["study", "--base", "minilm-l6", "--set", "base=smollm2-135m"], "base is given twice"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_that_do_not_go_together_are_refused(
    refuse: Callable[..., str], arguments: list[str], part: str
) -> None:
    assert part in refuse(*arguments)


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ([], "Missing command; `python -m emocore --help`"),
        (["train"], "'train'"),
        (["launch", "--epoch", "3"], "(Did you mean one of: '--epochs', '--keep'?) `python -m emocore launch"),
        (["launch", "--batch-siz", "3"], "Did you mean '--batch-size'? `python -m emocore launch"),
        (["launch", "--epochs"], "'--epochs' requires an argument; `python -m emocore launch"),
        (["study", "--seed", "1"], "No such option '--seed'"),
        (["show"], "Missing argument 'RUN'"),
        (["compare", "a-run", "--split", "train"], "'train' is not one of 'validation', 'test'"),
        (["study", "--preset", "magic"], "'magic' is not one of 'starter'"),
        (["app", "--port", "x"], "'x' is not a valid integer"),
    ],
    ids=lambda value: (" ".join(value) or "nothing") if isinstance(value, list) else "",
)
def test_a_command_line_that_cannot_be_parsed_says_where_to_read_more(
    refuse: Callable[..., str], arguments: list[str], part: str
) -> None:
    message = refuse(*arguments)
    assert part in message
    assert "--help` shows more" in message


def test_a_real_process_ends_with_one_line_and_status_2(runs: Path) -> None:
    child = run_process("launch", "--method", "tfidf", "--data", "nowhere.csv")
    assert "nowhere.csv" in assert_one_line(child.returncode, child.stdout, child.stderr)
    assert contents(runs) == []
