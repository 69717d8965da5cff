"""A large file takes little memory, and what is read of it is what it always was."""

import csv
import hashlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from emocore.data.reading.record import Reading
from emocore.data.source import DataFile
from emocore.data.table import check_table, open_sheet
from tests.support.forms import to_lines, to_xlsx
from tests.support.repository import REPOSITORY

ROWS, LABELS = 100_000, 28
# Reads the file as an import does and prints by how much its memory grew, in bytes. The kernel keeps the peak.
READ = """
import sys
from pathlib import Path
from emocore.data.reading.record import Reading
from emocore.data.source import read_source
from emocore.data.table import open_sheet, take_table

def read_memory(part):
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in lines if line.startswith(part)).split()[1])

before = read_memory("VmRSS")
Path("/proc/self/clear_refs").write_text("5")
table = take_table(open_sheet(read_source(sys.argv[1]), Reading()))
print(len(table.frame), read_memory("VmHWM") - before)
"""


def test_a_large_file_takes_a_few_times_its_size(tmp_path: Path) -> None:
    path = tmp_path / "large.csv"
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,text," + ",".join(f"e{label}" for label in range(LABELS)) + "\n")
        for row in range(ROWS):
            labels = f"{(row * 7919) % 2**LABELS:0{LABELS}b}"
            stream.write(f"r{row},these are the words of the text with number {row * 7919} 😂,{','.join(labels)}\n")
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=120
    )
    rows, growth = map(int, done.stdout.split())
    assert rows == ROWS and growth < 8 * path.stat().st_size


WORDS = ["so 😂 happy", " naïve \u00a0", 'he said "no"', "a, b; c|d", "two\nlines"]
WORDS += ["\u3000嬉しい", "=cmd|x", "'quoted", "NA", "0"]
SPLITS = ["train", "Dev", " test "]
HASHES = {
    True: "f3db49eb6dfbbf4d6bbd4cca5b8695d56a11c38309e166bb90dda31e9a10eafe",
    False: "de0f9a8f7d2801bc00fc83a0c5bc079f2264a907c0c83a58a46eaf7850fb8206",
}


@pytest.mark.parametrize("has_ids", HASHES)
def test_rows_ids_texts_groups_splits_and_labels_are_what_they_always_were(has_ids: bool) -> None:
    """The hashes of splits, by which runs are compared, are made of them."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*["id"] * has_ids, "Tweet", "joy", "fear", "split", "author"])
    for row in range(200):
        text = f"{WORDS[row % 10]} {row} {WORDS[row % 7]}"
        cells = [text, row % 2, ["0", "1", "1.0", " 0 "][row % 4], SPLITS[row % 3], f" author {row % 9}"]
        writer.writerow([*[f" m{row}"] * has_ids, *cells])
    table = check_table(DataFile("data.csv", stream.getvalue().encode()), group_column="author")
    assert hashlib.sha256(table.frame.to_csv().encode()).hexdigest() == HASHES[has_ids]


SMALL: list[dict[str, Any]] = [{"text": f"words {row}", "joy": row % 2, "fear": 1 - row % 2} for row in range(30)]
FORMS: dict[str, bytes] = {
    "a.csv": b"text,joy,fear\n" + b"".join(b"words,%d,%d\n" % (row % 2, 1 - row % 2) for row in range(30)),
    "a.jsonl": to_lines(SMALL).encode(),
    "a.xlsx": to_xlsx([list(SMALL[0]), *(list(row.values()) for row in SMALL)]),
}


@pytest.mark.parametrize("name", FORMS)
def test_rows_are_counted_while_they_are_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("emocore.data.collector.PART_CELLS", 30)
    seen: list[int] = []
    open_sheet(DataFile(name, FORMS[name]), Reading(), seen.append)
    assert seen == [10, 20, 30]
