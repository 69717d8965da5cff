"""`metrics.jsonl`: complete rows, whatever happens to the process that writes them."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from emocore.errors import RunError
from emocore.tracking.metrics_file import MetricsFile, read_last_metrics, read_metrics
from tests.support.damaged_folders import IN_PLACE, IN_PLACE_OF_FILES, SECRET
from tests.support.records import write_rows
from tests.support.repository import REPOSITORY

WRITE_UNTIL_KILLED = """
import sys
from pathlib import Path
from emocore.tracking.metrics_file import MetricsFile
file = MetricsFile.begin(Path(sys.argv[1]))
step = 0
while True:
    step += 1
    file.append({"step": step, "total_steps": 9, "epoch": 0, "seconds": 0, "train/loss": 1 / step})
    if step == 20:
        print("ready", flush=True)
"""


def row(step: int) -> dict[str, float]:
    return {"step": step, "total_steps": 100, "epoch": step / 10, "seconds": 0.5 * step, "train/loss": 1 / (step + 1)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "run").mkdir()
    return tmp_path / "run" / "metrics.jsonl"


def test_a_row_is_on_disk_when_append_returns(path: Path) -> None:
    file = MetricsFile.begin(path)
    for step in range(3):
        file.append(row(step))
        assert read_metrics(path) == [row(i) for i in range(step + 1)]
        assert read_last_metrics(path) == row(step)
    file.close()


def test_rows_of_a_second_writer_follow_those_of_the_first(path: Path) -> None:
    for step in range(2):
        write_rows(path, [row(step)])
    assert read_metrics(path) == [row(0), row(1)]


def test_a_file_that_is_missing_or_empty_has_no_rows(path: Path) -> None:
    assert (read_metrics(path), read_last_metrics(path)) == ([], None)
    path.touch()
    assert (read_metrics(path), read_last_metrics(path)) == ([], None)


TORN = {
    "begun": "{",
    "cut": '{"step": 2, "train/lo',
    "another": '{"step": 2}',
    "cut text": '{"text": "é',
    "nested too deeply": "[" * 100_000 + "]" * 100_000,
}


@pytest.mark.parametrize("torn", TORN.values(), ids=TORN)
@pytest.mark.parametrize("end", ["", "\n"])
def test_a_torn_last_line_is_skipped(path: Path, torn: str, end: str) -> None:
    path.write_text(torn + end, encoding="utf-8")
    assert (read_metrics(path), read_last_metrics(path)) == ([], None)
    path.write_text("".join(json.dumps(row(step)) + "\n" for step in range(2)) + torn + end, encoding="utf-8")
    assert (read_metrics(path), read_last_metrics(path)) == ([row(0), row(1)], row(1))


@pytest.mark.parametrize("torn", ['{"st', json.dumps(row(1)) + '\n{"st', json.dumps(row(1)) + '\n{"note": "é'])
def test_rows_of_a_second_writer_are_whole_after_a_torn_line(path: Path, torn: str) -> None:
    path.write_text(torn, encoding="utf-8")
    complete = read_metrics(path)
    write_rows(path, [row(2)])
    assert read_metrics(path) == [*complete, row(2)]
    assert read_last_metrics(path) == row(2)


@pytest.mark.parametrize(
    "other",
    [
        {"step": 2, "train/loss": 0.1},
        row(2) | {"total_steps": None},
        row(2) | {"seconds": "long"},
        row(2) | {"train/loss": [1]},
        row(2) | {"step": -1},
        row(2) | {"step": 2.5},
        row(2) | {"step": True},
        row(2) | {"total_steps": 10**30},
        row(2) | {"seconds": float("nan")},
        row(2) | {"epoch": 10**400},
        row(2) | {"train/loss": 10**400},
        [1, 2],
        3,
    ],
)
def test_a_row_of_another_shape_counts_as_torn(path: Path, other: object) -> None:
    path.write_text("".join(json.dumps(line) + "\n" for line in (row(1), other)), encoding="utf-8")
    assert read_metrics(path) == [row(1)]
    assert read_last_metrics(path) == row(1)


def test_the_last_row_with_a_metric_is_found_however_far_back(path: Path) -> None:
    scored = row(5) | {"validation/f1_macro": 0.5}
    lines = [row(step) if step != 5 else scored for step in range(900)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    assert path.stat().st_size > 50_000
    assert read_last_metrics(path, "validation/f1_macro") == scored
    assert read_last_metrics(path, "validation/f1_micro") is None


def test_the_last_row_of_a_long_file_is_found(path: Path) -> None:
    write_rows(path, [row(step) | {f"validation/metric {i}": i / 7 for i in range(20)} for step in range(200)])
    assert path.stat().st_size > 50_000
    assert read_last_metrics(path) == read_metrics(path)[-1]
    assert len(read_metrics(path)) == 200


def test_separators_inside_a_value_do_not_split_its_row(path: Path) -> None:
    content = row(1) | {"note": "one\u2028two\x0bthree\nfour"}
    write_rows(path, [content])
    assert read_metrics(path) == [content]
    assert read_last_metrics(path) == content


def test_a_loss_that_is_not_a_number_is_kept_as_such(path: Path) -> None:
    write_rows(path, [row(1) | {"train/loss": float("nan")}])
    loss = read_metrics(path)[0]["train/loss"]
    assert loss != loss


def test_a_killed_writer_leaves_complete_rows_in_order(path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITE_UNTIL_KILLED, path], stdout=subprocess.PIPE, cwd=REPOSITORY)
    assert child.stdout is not None
    child.stdout.readline()
    os.kill(child.pid, signal.SIGKILL)
    child.communicate()
    steps = [read["step"] for read in read_metrics(path)]
    assert len(steps) >= 20
    assert steps == list(range(1, len(steps) + 1))
    last = read_last_metrics(path)
    assert last is not None
    assert last["step"] == steps[-1]


@pytest.mark.timeout(10)
@pytest.mark.parametrize("what", ["folder", "fifo", "link loop", "link out", "link to zeros", "200 MB"])
def test_what_is_no_file_of_metrics_is_told_at_once_and_not_changed(path: Path, what: str) -> None:
    (IN_PLACE | IN_PLACE_OF_FILES)[what](path)
    for look in (read_metrics, read_last_metrics, MetricsFile.begin):
        with pytest.raises(
            RunError, match=r"^run run: metrics\.jsonl cannot be read \(.+\), so its curves are not known$"
        ):
            look(path)
    if what == "link out":
        assert path.read_text(encoding="utf-8") == SECRET
