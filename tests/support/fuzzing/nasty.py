"""Values that have broken programs before, and what can be done with them to a JSON document, a file or a path."""

import copy
import json
import os
import socket
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

EVIL = "https://evil.example"
ESCAPE = "\x1b[31mred\x1b]0;title\x07"
MARKUP = (
    "<script>alert(1)</script>",
    f"<a href='{EVIL}'>click</a>",
    "<a href='https:evil.example'>click",
    "<img src=x onerror=alert(1)>",
    "</script><svg onload=alert(1)>",
    f"[click]({EVIL})",
    f"![x]({EVIL}/x.png)",
    EVIL,
    "$\\frac{1}{0}$",
    ":red[x] :material/home:",
    "javascript:alert(1)",
    "www.evil.example",
    "**bold** `code` # title\n\n- item",
)
FORMULAS = ("=cmd|'/C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "\t=1", '=HYPERLINK("http://evil.example")')
SIGNS = (
    "", " ", "\n", "\r", "\t", "\u200b\u200b", "\ufeff", "\u2028", "\u202egnp.exe", "é" * 20, "\U0001f4a5" * 30,
    "A" * 3000, "-", "--", "=", "a=b", ",", '"', "'", "\\", "{0.__class__}", "%s%n%x", "null", "None", "true",
    "; rm -rf .",
    "$(touch x)", "`touch x`", ESCAPE, "\x9b31m", "\x7f\x08\x08",
)  # fmt: skip
PATHS = (
    "../../..",
    "..",
    ".",
    "./x/../../y",
    "/",
    "//",
    "~nosuchuser/x",
    "x" * 300,
    "file:///etc/hostname",
    "a/b" * 900,
)
NUMBERS = (
    "0", "-0", "-1", "1", "1.5", "1e400", "-1e400", "1e-400", "1" + "0" * 400, "9" * 5000, "NaN", "-nan", "Infinity",
    "-inf",
    "1" + "0" * 26, "2147483648", "18446744073709551616", "0x10", "1_000", "１２", "²", "٣", "1,5", "1e3", "0.5", "[]",
    "{}",
    "[" * 2000, "None", "[1, 2]",
)  # fmt: skip
TEXTS = (*SIGNS, *MARKUP, *FORMULAS, *PATHS, *NUMBERS)
NOT_IN_ARGUMENTS = ("\0", "\ud800")
DEEP = "[" * 100_000 + "]" * 100_000
DEEP_OBJECT = '{"a":' * 100_000 + "1" + "}" * 100_000
JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.5, 10**30, 10**400, -(10**400), 1e308, float("nan"), float("inf"),
    float("-inf"),
    "", "x", "\0", "\ud800", ESCAPE, MARKUP[1], MARKUP[5], "9" * 30, [], {}, [[]], [1, "x", None], {"a": {"b": []}},
    [0] * 200,
    "A" * 5000, ["x"], {"": ""}, "../../..", "/etc/hostname", "NaN", 2**63, 2**53 + 1, "\u202e", "cuda:99",
)  # fmt: skip


def pick_text(random: Random) -> str:
    """One of the values, or two of them joined."""
    if random.random() < 0.15:
        return random.choice(TEXTS) + random.choice(TEXTS)
    return random.choice(TEXTS)


def as_argument(text: str) -> str:
    """What can stand in a command line: no NUL, and bytes that are no UTF-8 as Python sees them there."""
    text = text.replace("\0", "").replace("\ud800", "\udcff")
    return text if len(text.encode("utf-8", "surrogateescape")) < 100_000 else text[:30_000]


def places_in(document: Any, place: tuple = ()) -> list[tuple]:
    """Where values stand in a JSON document, as keys and positions from its root."""
    found = [place]
    inner = (
        document.items() if isinstance(document, dict) else enumerate(document) if isinstance(document, list) else ()
    )
    for key, value in inner:
        found += places_in(value, (*place, key))
    return found


def replace_at(document: Any, place: tuple, value: Any) -> Any:
    """A copy with another value there; `...` removes it."""
    if not place:
        return None if value is ... else value
    changed = copy.deepcopy(document)
    parent = changed
    for key in place[:-1]:
        parent = parent[key]
    if value is ...:
        del parent[place[-1]]
    else:
        parent[place[-1]] = value
    return changed


def change_json(path: Path, random: Random) -> str:
    """Put something else at one or two places of a JSON file. Returns what was done."""
    document = json.loads(path.read_text(encoding="utf-8"))
    told = []
    for _ in range(random.choice((1, 1, 2))):
        places = places_in(document)
        place = random.choice(places[1:] or places)
        value = ... if random.random() < 0.15 else random.choice(JSON_VALUES)
        if place and random.random() < 0.05 and isinstance(place[-1], str):
            place, value = (*place[:-1], random.choice(TEXTS)), random.choice(JSON_VALUES)  # a key that is not known
        document = replace_at(document, place, value)
        told.append(f"{path.name} {'.'.join(map(str, place))[:60]} = {repr(value)[:40]}")
    path.write_text(json.dumps(document), encoding="utf-8")
    return "; ".join(told)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for inner in path.iterdir():
            remove(inner)
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def make_sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def make_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # a socket's address may have 108 bytes only
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path.name)
    finally:
        os.chdir(here)


# What can stand where a file is expected; the second argument is a file outside with somebody's secrets.
STAND_INS: dict[str, Callable[[Path, Path], object]] = {
    "nothing": lambda path, secret: None,
    "a folder": lambda path, secret: path.mkdir(),
    "a full folder": lambda path, secret: (path.mkdir(), (path / "x").write_text("x")),
    "a FIFO": lambda path, secret: os.mkfifo(path),
    "a link to itself": lambda path, secret: path.symlink_to(path.name),
    "a link to nothing": lambda path, secret: path.symlink_to("nothing"),
    "a link to a secret": lambda path, secret: path.symlink_to(secret),
    "a link to /dev/zero": lambda path, secret: path.symlink_to("/dev/zero"),
    "a link to /proc/kmsg": lambda path, secret: path.symlink_to("/proc/kmsg"),
    "a socket": lambda path, secret: make_socket(path),
    "200 MB": lambda path, secret: make_sparse(path, 200_000_000),
    "60 GB": lambda path, secret: make_sparse(path, 60 << 30),
    "an empty file": lambda path, secret: path.write_bytes(b""),
    "zeros": lambda path, secret: path.write_bytes(bytes(4096)),
    "bytes that are no UTF-8": lambda path, secret: path.write_bytes(b'{"a": "\xff\xfe"}'),
    "UTF-16": lambda path, secret: path.write_bytes('{"a": 1}'.encode("utf-16")),
    "100,000 brackets": lambda path, secret: path.write_text(DEEP),
    "100,000 objects": lambda path, secret: path.write_text(DEEP_OBJECT),
    "null": lambda path, secret: path.write_text("null"),
    "a list": lambda path, secret: path.write_text("[]"),
    "an empty object": lambda path, secret: path.write_text("{}"),
    "NaN": lambda path, secret: path.write_text("NaN"),
    "half a character": lambda path, secret: path.write_text('{"status": "\\ud800"}'),
    "terminal escapes": lambda path, secret: path.write_text(f"{ESCAPE}\n" * 5),
    "markup": lambda path, secret: path.write_text("\n".join(MARKUP)),
}


def put_instead(path: Path, random: Random, secret: Path) -> str:
    """Something else in the file's place. Returns what."""
    name = random.choice(list(STAND_INS))
    remove(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    STAND_INS[name](path, secret)
    return f"{path.name} is {name}"


def damage_bytes(path: Path, random: Random) -> str:
    """Cut a file or change bytes of it. Returns what was done."""
    content = bytearray(path.read_bytes())
    if random.random() < 0.4 or not content:
        path.write_bytes(content[: random.randrange(len(content) + 1)])
        return f"{path.name} is cut"
    for _ in range(random.choice((1, 4, 40))):
        content[random.randrange(len(content))] = random.randrange(256)
    path.write_bytes(content)
    return f"{path.name} has other bytes"
