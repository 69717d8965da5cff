"""Damaged run folders: each file of a run x each damage that a crash, another program or a stranger may leave.

`KINDS` lists them; `lay_out` puts a damaged copy of a whole run into a runs folder. Nothing here is random, so that a
kind that breaks something can be named.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from emocore.run.folder import RunFolder
from tests.support.whole_runs import STATES

Damage = Callable[[Path], object]

SECRET = "a secret that lies outside"  # what a link out of the folder leads to
HUGE_BYTES = 200 * 10**6
NESTED = 100_000
JSON_FILES = ("config.json", "environment.json", "state.json", "provenance.json", "result.json", "wandb.json")
OTHER_FILES = ("metrics.jsonl", "run.log", "predictions.parquet", "run.lock", "stop.request")
FOLDERS = ("adapter", "checkpoints")
WRITTEN_LATE = ("provenance.json", "result.json", "predictions.parquet", "adapter")  # not there before the end
UNSEEN = "state.json missing"  # a folder without a state is no run
UNREADABLE = "unreadable"  # harmless to root


@dataclass(frozen=True)
class Kind:
    """What `apply` does to a run's folder, given the state that the run is in."""

    name: str
    file: str
    state: str
    apply: Damage


# --- what can lie in the place of a file


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def put_link(target: str) -> Damage:
    return lambda path: path.symlink_to(target)


def put_link_out(path: Path) -> None:
    """To something that is there, and of the right kind."""
    outside = path.parents[1] / f".outside-{path.parent.name}-{path.name}"
    if path.name in FOLDERS:
        outside.mkdir(exist_ok=True)
    else:
        outside.write_text(SECRET, encoding="utf-8")
    path.symlink_to(outside)


def put_sparse(size: int) -> Damage:
    def put(path: Path) -> None:
        path.touch()
        os.truncate(path, size)

    return put


def put_bytes(content: bytes) -> Damage:
    return lambda path: path.write_bytes(content)


IN_PLACE: Mapping[str, Damage] = {
    "missing": lambda path: None,
    "empty": lambda path: path.mkdir() if path.name in FOLDERS else path.touch(),
    "fifo": os.mkfifo,
    "link loop": lambda path: path.symlink_to(path.name),
    "dangling link": put_link("nowhere"),
    "link out": put_link_out,
    "link to zeros": put_link("/dev/zero"),
}
IN_PLACE_OF_FILES: Mapping[str, Damage] = {
    "folder": lambda path: (path / "folder").mkdir(parents=True),
    "200 MB": put_sparse(HUGE_BYTES),
    "garbage": put_bytes(bytes(range(256)) * 16),
    "NUL": put_bytes(bytes(300)),
    "invalid UTF-8": put_bytes(b'{"step": "\xff\xfe\xc3"}\n'),
}
IN_PLACE_OF_JSON: Mapping[str, Damage] = {
    "nested lists": put_bytes(b"[" * NESTED + b"]" * NESTED + b"\n"),
    "nested objects": put_bytes(b'{"a":' * NESTED + b"1" + b"}" * NESTED + b"\n"),
    "never closed": put_bytes(b"[" * NESTED + b"\n"),
    "list": put_bytes(b"[1, 2]\n"),
    "number": put_bytes(b"7\n"),
    "string": put_bytes(b'"finished"\n'),
    "null": put_bytes(b"null\n"),
    "other object": put_bytes(b'{"a": 1}\n'),
    "long digits": put_bytes(b"9" * 5000 + b"\n"),
}
IN_PLACE_OF_ANY: Mapping[str, Damage] = {**IN_PLACE, **IN_PLACE_OF_FILES, **IN_PLACE_OF_JSON}


def replace_with(damage: Damage) -> Damage:
    def apply(path: Path) -> None:
        remove(path)
        damage(path)

    return apply


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def make_unreadable(path: Path) -> None:
    path.chmod(0)


# --- what can stand in the place of a value

BIG = 10**400
NUMBERS: Sequence[Any] = (None, "x", [], {}, True, -1, 0, 10**30, BIG, float("nan"), float("inf"), float("-inf"))
WORDS: Sequence[Any] = (
    None, 5, [], {}, "", "\ud800", "a\0b", "x" * 10**6, "\x1b]0;title\x07\x1b[31mred\x9b2J",
    "<a href='https://evil.example'>click</a>", "[x](https://evil.example) $x$ :red[x]",
)  # fmt: skip
GROUPS: Sequence[Any] = (None, 5, "x", [], {}, [[1]], {"x": {"y": [1]}}, {"x": BIG})

FIELDS: Mapping[str, Mapping[str, Sequence[Any]]] = {
    "config.json": {
        **dict.fromkeys(("seed", "threshold", "rows", "epochs", "max_steps", "learning_rate"), NUMBERS),
        **dict.fromkeys(("method", "base", "study", "data", "device", "wandb_base_url"), WORDS),
        "label_columns": GROUPS,
    },
    "environment.json": dict.fromkeys(("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "HF_ENDPOINT", "PATH"), WORDS),
    "state.json": {
        **dict.fromkeys(("created_at", "started_at", "ended_at", "earlier_seconds"), NUMBERS),
        **dict.fromkeys(("attempts", "queue_position", "process.pid", "process.start_ticks"), NUMBERS),
        **dict.fromkeys(("status", "reason", "device", "process.boot_id", "mark"), WORDS),
        "process": GROUPS,
    },
    "provenance.json": {
        **dict.fromkeys(("rows", "code", "packages", "data_sha256", "labels"), GROUPS),
        **dict.fromkeys(("platform", "split_sha256", "device", "precision", "emocore", "base_revision"), WORDS),
        "rows.train": NUMBERS,
        "code.revision": WORDS,
    },
    "result.json": {
        **dict.fromkeys(("validation", "test", "cost", "validation.multilabel.per_emotion"), GROUPS),
        **dict.fromkeys(("cost.samples_per_second", "cost.train_seconds", "validation.multilabel.f1_macro"), NUMBERS),
        "validation.multilabel.per_emotion.joy.support": NUMBERS,
        "validation.multilabel.per_emotion.joy.average_precision": NUMBERS,
    },
    "wandb.json": {
        **dict.fromkeys(("mode", "reason", "entity", "id", "url", "base_url"), WORDS),
        "complete": GROUPS,
    },
    "metrics.jsonl": {
        **dict.fromkeys(("step", "total_steps", "epoch", "seconds"), NUMBERS),
        **dict.fromkeys(("train/loss", "validation/f1_macro"), NUMBERS),
    },
}  # fmt: skip


def set_field(field: str, value: Any) -> Damage:
    def apply(path: Path) -> None:
        lines = path.read_text(encoding="utf-8").splitlines() if path.suffix == ".jsonl" else [path.read_text()]
        content = place = json.loads(lines[-1])
        *groups, name = field.split(".")
        for group in groups:
            place = place[group]
        place[name] = value
        path.write_text("".join(f"{line}\n" for line in [*lines[:-1], json.dumps(content)]), encoding="utf-8")

    return apply


def name_value(value: Any) -> str:
    if isinstance(value, str) and len(value) > 20:
        return {"<": "markup", "[": "markdown", "\x1b": "escapes", "x": "1 MB"}[value[0]]
    return "10^400" if value == BIG else ascii(value)


# --- particular ones


def fill_metrics(path: Path) -> None:
    """200 MB of real rows."""
    row = path.read_bytes().splitlines(keepends=True)[-1]
    chunk = row * (10**6 // len(row))
    with path.open("wb") as file:
        for _ in range(HUGE_BYTES // len(chunk) + 1):
            file.write(chunk)


def nest_value(path: Path) -> None:
    row = '{"step": 1, "total_steps": 2, "epoch": 1, "seconds": 1, "train/loss": '
    path.write_text(f"{row}{'[' * NESTED}{']' * NESTED}}}\n", encoding="utf-8")


def invent_metrics(path: Path) -> None:
    """Each row has names of its own."""
    fixed = {"step": 1, "total_steps": 2, "epoch": 1, "seconds": 1}
    rows = [fixed | {f"train/{row}-{place}": 1 for place in range(100)} for row in range(100)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def spoil_parquet(**changes: Any) -> Damage:
    return lambda path: pd.read_parquet(path).assign(**changes).to_parquet(path, index=False)


def nest_deep_enough(path: Path) -> None:
    """It can be read, but hardly written."""
    content = json.loads(path.read_text(encoding="utf-8")) | {"more": json.loads("[" * 500 + "]" * 500)}
    path.write_text(json.dumps(content), encoding="utf-8")


def make_checkpoint(name: str, manifest: Damage) -> Damage:
    def apply(path: Path) -> None:
        (path / name).mkdir(parents=True)
        manifest(path / name / "sha256.json")

    return apply


LEAVING = json.dumps({"../../../../../../dev/zero": "0", "a\0b": 1}).encode()
PARTICULAR: Sequence[tuple[str, str, str, Damage]] = (
    ("metrics.jsonl", "200 MB of rows", "running", fill_metrics),
    ("metrics.jsonl", "nested value", "running", nest_value),
    ("metrics.jsonl", "many names", "running", invent_metrics),
    ("predictions.parquet", "no texts", "finished", spoil_parquet(text=None)),
    ("predictions.parquet", "numbers as texts", "finished", spoil_parquet(text=5)),
    ("predictions.parquet", "numbers as splits", "finished", spoil_parquet(split=5)),
    ("predictions.parquet", "huge logits", "finished", spoil_parquet(**{"logit.joy": 1e300})),
    ("predictions.parquet", "words as truth", "finished", spoil_parquet(**{"true.joy": "1"})),
    ("predictions.parquet", "escapes in texts", "finished", spoil_parquet(text="\x1b[31m<script>alert(1)</script>")),
    ("result.json", "nested 500 deep", "finished", nest_deep_enough),
    ("checkpoints", "odd number", "running", make_checkpoint("checkpoint-²", put_bytes(b"{}"))),
    ("checkpoints", "names that lead out", "running", make_checkpoint("checkpoint-5", put_bytes(LEAVING))),
    ("checkpoints", "fifo as manifest", "running", make_checkpoint("checkpoint-5", os.mkfifo)),
    ("checkpoints", "nested manifest", "running", make_checkpoint("checkpoint-5", put_bytes(b"[" * NESTED))),
    ("adapter", "linked weights", "finished", lambda path: (path / "weights.safetensors").symlink_to("/dev/zero")),
)


def list_kinds() -> Iterator[Kind]:
    for file in (*JSON_FILES, *OTHER_FILES, *FOLDERS):
        states: tuple[str, ...] = ("running",) if file == "run.lock" else ("finished", "queued")
        if file in WRITTEN_LATE:
            states = ("finished",)
        damages = {name: replace_with(damage) for name, damage in IN_PLACE.items()} | {UNREADABLE: make_unreadable}
        if file in FOLDERS:
            damages["file"] = replace_with(put_bytes(b"no folder"))
        else:
            damages |= {name: replace_with(damage) for name, damage in IN_PLACE_OF_FILES.items()}
        if file in (*JSON_FILES, "metrics.jsonl"):
            damages |= {name: replace_with(damage) for name, damage in IN_PLACE_OF_JSON.items()}
        if file in (*JSON_FILES, "metrics.jsonl", "predictions.parquet"):
            damages["truncated"] = truncate
        for number, (name, damage) in enumerate(damages.items()):
            yield Kind(f"{file} {name}", file, states[number % len(states)], _at(file, damage))
    for file, fields in FIELDS.items():
        states = ("finished",) if file in WRITTEN_LATE else STATES
        for number, (field, values) in enumerate(fields.items()):
            for place, value in enumerate(values):
                state = states[(number + place) % len(states)]
                damage = set_field(field, value)
                yield Kind(f"{file} {field} = {name_value(value)}", file, state, _at(file, damage))
    for file, name, state, damage in PARTICULAR:
        yield Kind(f"{file} {name}", file, state, _at(file, damage))


def _at(file: str, damage: Damage) -> Damage:
    return lambda folder: damage(folder / file)


KINDS: list[Kind] = list(list_kinds())


def lay_out(kind: Kind, shelf: Mapping[str, RunFolder], root: Path, run_id: str) -> RunFolder:
    """A damaged copy in `root`, called `run_id`."""
    folder = root / run_id
    shutil.copytree(shelf[kind.state].path, folder)
    kind.apply(folder)
    return RunFolder(folder)
