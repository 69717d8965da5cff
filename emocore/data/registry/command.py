"""The commands that register a dataset again from its source files, for whoever repeats a run elsewhere."""

import shlex
from typing import Any

from emocore.data.reading.record import DELIMITER_TITLES, SEPARATOR_TITLES, Reading
from emocore.data.registry.manifest import Manifest

PROGRAM = ("python", "-m", "emocore")
NAMES_FILE = "label-names.txt"
TITLES: dict[str, dict[Any, str]] = {"delimiter": {**DELIMITER_TITLES}, "separator": {**SEPARATOR_TITLES}}


def add_commands(manifest: Manifest) -> list[str]:
    """Lines for a shell in the folder of the source files. They give the same dataset, by its hash, if the files are
    the same."""
    files = {source.part: source.name for source in manifest.sources}
    words = [*PROGRAM, "data", "add", manifest.name, files.pop("train")]
    words += [word for part, name in files.items() for word in (f"--{part}", name)]
    words += _wish_options(manifest.wishes)
    if manifest.removed_rows:
        words.append("--remove-doubtful")
    if manifest.licence:
        words += ["--licence", manifest.licence]
    lines = [shlex.join(words)]
    if names := manifest.wishes.label_names:
        lines.insert(0, shlex.join(["printf", r"%s\n", *names]) + f" > {NAMES_FILE}")
    return lines


def _wish_options(wishes: Reading) -> list[str]:
    given = {name: value for name in Reading.model_fields if (value := getattr(wishes, name)) is not None}
    return [word for name, value in given.items() for word in _to_option(name, value)]


def _to_option(name: str, value: Any) -> list[str]:
    option = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{option}" if value else f"--no-{option}"]
    if name == "label_names":
        return [f"--{option}", NAMES_FILE]
    if name == "labels":
        return [f"--{option}", ",".join(value)]
    return [f"--{option}", str(TITLES.get(name, {}).get(value, value))]
