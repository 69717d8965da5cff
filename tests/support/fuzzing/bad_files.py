"""Bad data files: damaged tables, paths that are not files, and official files that do not fit.

Each is used for a launch, for `classify`, or on the Launch page; nothing is trained.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from random import Random

from tests.support.fuzzing.box import Box, Step
from tests.support.fuzzing.harms import put_instead
from tests.support.fuzzing.nasty import TEXTS, as_argument, pick_text

LABELS = ("anger", "joy", "fear", "trust")
Rows = list[list[str]]


def make(random: Random, box: Box) -> list[Step]:
    chosen = random.choices(list(MAKERS), list(MAKERS.values()))[0]
    return [chosen(random, box)]


def good_table(random: Random, rows: int = 60, labels: tuple[str, ...] = LABELS, start: int = 0) -> Rows:
    """A valid file: ID, Tweet and one 0/1 column per emotion."""
    cells = [["ID", "Tweet", *labels]]
    for row in range(rows):
        values = [f"{(row + place) % (place + 2) == 0:d}" for place in range(len(labels))]
        cells.append([f"m{start + row}", f"message {start + row} {random.random():.6f}", *values])
    return cells


def write(path: Path, rows: Rows, delimiter: str = ",") -> Path:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    path.write_bytes(text.getvalue().encode("utf-8", "surrogatepass"))
    return path


# One change of a table each; those in NEVER_RIGHT leave no table that could be meant.
def change_cell(rows: Rows, random: Random) -> None:
    row = random.randrange(len(rows))
    rows[row][random.randrange(len(rows[row]))] = random.choice((pick_text(random), "\0", "\ud800", "yes", "2", "1.0"))


def name_column(rows: Rows, random: Random) -> None:
    names = (pick_text(random), "row_id", "text", "split", "JOY", "joy", "\0")
    rows[0][random.randrange(len(rows[0]))] = random.choice(names)


def cut_rows(rows: Rows, random: Random) -> None:
    del rows[random.randint(0, 9) :]


def spoil_row(rows: Rows, random: Random) -> None:
    row = random.choice(rows)
    row[:] = random.choice(([], row[:-1], [*row, "1"], [""] * len(row), ["x"], row * 2))


def double_column(rows: Rows, random: Random) -> None:
    column = random.randrange(len(rows[0]))
    for row in rows:
        row.append(row[column % len(row)] if row else "")


def drop_column(rows: Rows, random: Random) -> None:
    column = random.randrange(len(rows[0]))
    for row in rows:
        del row[column : column + 1]


def set_column(rows: Rows, random: Random) -> None:
    column, value = random.randrange(len(rows[0])), random.choice(("0", "1", "", "x", "NaN", "\u200b"))
    for row in rows[1:]:
        row[column : column + 1] = [value]


def set_all_labels(rows: Rows, random: Random) -> None:
    value = random.choice(("2", "-1", "yes", "", "NaN", "0.5", "1e400", "true", "１", "²"))
    for row in rows[1:]:
        row[2:] = [value] * (len(row) - 2)


CHANGES = (
    change_cell, change_cell, name_column, name_column, cut_rows, spoil_row, double_column, drop_column, set_column,
)  # fmt: skip


def changed_table(random: Random, box: Box) -> Step:
    rows = good_table(random)
    for _ in range(random.choice((1, 1, 2, 3))):
        if len(rows) > 1 and all(rows):
            random.choice(CHANGES)(rows, random)
    return use(random, box, write(box.desk / "table.csv", rows, random.choice(",,,\t;|")))


def hopeless_table(random: Random, box: Box) -> Step:
    """A table without a usable row, which must be refused."""
    rows = good_table(random)
    set_all_labels(rows, random)
    return Step(launch(write(box.desk / "table.csv", rows)), must_refuse=True)


def almost_labels(random: Random, box: Box) -> Step:
    """A label column, with a known or unknown name, that has one invalid cell: an error, never dropped."""
    rows = good_table(random)
    column = random.randrange(2, len(rows[0]))
    rows[0][column] = random.choice((rows[0][column], "melancholy", "Zorn", "label 7"))
    rows[random.randrange(1, len(rows))][column] = random.choice(("yes", "", "NaN", "2", "x", "n/a", "１"))
    return Step(launch(write(box.desk / "table.csv", rows)), must_refuse=True)


def raw_file(random: Random, box: Box) -> Step:
    """A file with bytes that are not a table."""
    path = box.desk / "raw.csv"
    text = write(path, good_table(random)).read_text()
    contents: list[Callable[[], bytes]] = [
        lambda: b",,,,,\n" * random.randint(1, 50),
        lambda: b"\t\t\n,,,\n" * 5,
        lambda: b'"",""\n"",""\n',
        lambda: text.encode("utf-16"),
        lambda: b"\xef\xbb\xbf" * 3 + text.encode(),
        lambda: text.encode("latin-1") + b"\xe4\xf6,x\n",
        lambda: text.replace("\n", random.choice(("\r", "\r\r\n", "\x0b", "\u2028"))).encode(),
        lambda: text.replace("message", '"message').encode(),
        lambda: text.replace("message", "mes\0sage").encode(),
        lambda: ("text,joy,anger\n" + "x" * 300_000 + ",0,1\n").encode(),
        lambda: b"[" * 100_000 + b"]" * 100_000,
        lambda: bytes(random.randrange(256) for _ in range(2000)),
        lambda: b"PK\x03\x04" + bytes(500),
        lambda: b"\n" * 1000,
        lambda: "\n".join(TEXTS).encode(),
        lambda: text[: random.randrange(len(text))].encode(),
        lambda: wide_table(random.choice((3000, 10_000))),
    ]
    path.write_bytes(random.choice(contents)())
    return use(random, box, path)


def wide_table(columns: int) -> bytes:
    names = ",".join(f"e{number}" for number in range(columns))
    rows = "".join(f"message {row},{','.join('01'[(row + n) % 3 == 0] for n in range(columns))}\n" for row in range(40))
    return f"text,{names}\n{rows}".encode()


def no_file(random: Random, box: Box) -> Step:
    """Something else where a file is expected, or a path that leads nowhere good."""
    path = box.desk / random.choice(("data.csv", "data.tsv", "data"))
    if random.random() < 0.5:
        put_instead(path, random, random.choice(box.secret_files))
        return use(random, box, path)
    places = [
        *map(str, box.secret_files), "~/.bashrc", ".streamlit/secrets.toml", "/etc/shadow", "/etc/passwd",
        "/proc/self/maps", "/proc/self/environ", "/proc/kmsg", "/dev/zero", "/dev/null", "/dev/stdin",
        "/proc/self/fd/0", "/proc/1/root/etc/shadow", "/sys/kernel/notes", f"{box.attacker.url}/x.csv", str(box.runs),
        pick_text(random), f"{path}\0.csv", "../../../../proc/kmsg",
    ]  # fmt: skip
    return use(random, box, Path(random.choice(places)))


def secret_on_page(random: Random, box: Box) -> Step:
    """A secret's path in the Launch page, with a text column that its first line is not."""
    path = random.choice(box.secret_files)
    if random.random() < 0.4:
        link = box.desk / "linked.csv"
        link.symlink_to(path)
        path = link
    return page(str(path), random.choice(("nope", "text")))


def official_files(random: Random, box: Box) -> Step:
    """Validation and test files that do not fit the training file, or say nothing of an emotion."""
    train = write(box.desk / "train.csv", good_table(random))
    option = random.choice(("--validation-data", "--test-data"))
    rows = good_table(random, 30, start=1000)
    kind = random.choice(("silent", "silent", "changed", "the same", "other labels", "no file"))
    lacking = ""
    if kind == "silent":
        column = random.randrange(2, len(rows[0]))
        lacking = rows[0][column]
        for row in rows[1:]:
            row[column] = "0"
    elif kind == "changed":
        random.choice(CHANGES)(rows, random)
    elif kind == "other labels":
        rows[0][2:] = random.sample(["anger", "JOY", "love", "pride", "fear"], 4)
    official = train if kind == "the same" else write(box.desk / "official.csv", rows)
    if kind == "no file":
        official.unlink()
    return Step([*launch(train), option, str(official)], must_say=lacking)


def column_settings(random: Random, box: Box) -> Step:
    path = write(box.desk / "table.csv", good_table(random))
    names = [random.choice(("Tweet", "anger", "joy", "ID", "nope", pick_text(random))) for _ in range(3)]
    setting = random.choice((f"text_column={names[0]}", f"label_columns={','.join(names)}", f"group_column={names[0]}"))
    return Step([*launch(path), "--set", as_argument(setting)])


def launch(path: Path) -> list[str]:
    return ["launch", "--method", "tfidf", f"--data={as_argument(str(path))}"]


def use(random: Random, box: Box, path: Path) -> Step:
    """Use the file in one of the ways in which Emocore takes files."""
    way = random.choice(("launch", "launch", "launch", "classify", "out", "page"))
    if way == "page":
        return page(str(path), random.choice(("", "", "nope", "text")))
    if way == "launch":
        return Step(launch(path))
    box.add_run("tfidf", "first")
    out = ["--out", str(box.desk / "out.csv")] if way == "out" else []
    return Step(["classify", "first", f"--file={as_argument(str(path))}", *out])


def page(path: str, text_column: str) -> Step:
    inputs = [("segmented_control", "launch_source", "File on disk"), ("multiselect", "launch_methods", ["tfidf"])]
    if text_column:
        inputs.append(("text_input", "launch_text_column", text_column))
    return Step(page={"name": "launch", "query": {}, "inputs": [*inputs, ("text_input", "launch_path", path)]})


MAKERS: dict[Callable[[Random, Box], Step], int] = {
    changed_table: 12, hopeless_table: 1, almost_labels: 3, raw_file: 6, no_file: 8, secret_on_page: 3,
    official_files: 4, column_settings: 3,
}  # fmt: skip
