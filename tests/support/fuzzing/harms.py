"""Ways to put bad values into a JSON document, a file or a path."""

import contextlib
import copy
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from tests.support.damaged_folders import IN_PLACE_OF_ANY, Damage, put_bytes, put_link, put_sparse, replace_with
from tests.support.fuzzing.nasty import ESCAPE, JSON_VALUES, MARKUP, TEXTS


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, content: object) -> None:
    """Write JSON in ASCII, because lone surrogates cannot be written in any other way."""
    path.write_text(json.dumps(content), encoding="utf-8")


def places_in(document: Any) -> Iterator[tuple[Any, Any]]:
    """The places of values in a JSON document: their container, and their key or index in it."""
    if isinstance(document, dict | list):
        for key, value in document.items() if isinstance(document, dict) else enumerate(document):
            yield document, key
            yield from places_in(value)


def change_json(path: Path, random: Random) -> None:
    """Put something else at one or two places of a JSON file, or nothing."""
    root = [read_json(path)]
    for _ in range(random.choice((1, 1, 2))):
        places = list(places_in(root))
        parent, key = random.choice(places[1:] or places)
        if random.random() < 0.15 and parent is not root:
            del parent[key]
            continue
        if random.random() < 0.05 and isinstance(key, str):
            key = random.choice(TEXTS)  # a key that is not known
        parent[key] = copy.deepcopy(random.choice(JSON_VALUES))
    write_json(path, root[0])


def make_socket(path: Path) -> None:
    with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)  # a socket's address may have 108 bytes only


# What can stand where a file is expected, other than a link to a secret.
LINK_TO_SECRET = "link out"
STAND_INS: dict[str, Damage] = {
    **IN_PLACE_OF_ANY,
    "empty folder": Path.mkdir,
    "link to /proc/kmsg": put_link("/proc/kmsg"),
    "socket": make_socket,
    "60 GB": put_sparse(60 << 30),
    "UTF-16": put_bytes('{"a": 1}'.encode("utf-16")),
    "empty object": put_bytes(b"{}"),
    "NaN": put_bytes(b"NaN"),
    "half a character": put_bytes(b'{"status": "\\ud800"}'),
    "terminal escapes": put_bytes(f"{ESCAPE}\n".encode() * 5),
    "markup": put_bytes("\n".join(MARKUP).encode()),
}


def put_instead(path: Path, random: Random, secret: Path) -> None:
    """Put something else in the file's place; `secret` is a file with secrets outside the folder."""
    name = random.choice(list(STAND_INS))
    path.parent.mkdir(parents=True, exist_ok=True)
    put = put_link(str(secret)) if name == LINK_TO_SECRET else STAND_INS[name]
    replace_with(put)(path)


def damage_bytes(path: Path, random: Random) -> None:
    """Cut a file or change bytes of it."""
    content = bytearray(path.read_bytes())
    if random.random() < 0.4 or not content:
        del content[random.randrange(len(content) + 1) :]
    else:
        for _ in range(random.choice((1, 4, 40))):
            content[random.randrange(len(content))] = random.randrange(256)
    path.write_bytes(content)
