"""The commands that register a dataset again from its source files and corrections, for whoever repeats a run
elsewhere."""

import shlex
from typing import Any

from emocore.data.hub.address import PREFIX
from emocore.data.reading.record import DELIMITER_TITLES, SEPARATOR_TITLES, Reading
from emocore.data.registry.correcting import find_parent
from emocore.data.registry.manifest import Manifest

PROGRAM = ("python", "-m", "emocore")
NAMES_FILE = "label-names.txt"
TITLES: dict[str, dict[Any, str]] = {"delimiter": {**DELIMITER_TITLES}, "separator": {**SEPARATOR_TITLES}}


def register_commands(manifest: Manifest) -> list[str]:
    """Lines for a shell in the folder of the source files. They give the same dataset, by its hash, if the files are
    the same. A corrected version also needs the file `corrections_file` with its `list_changes`.

    Raises DataError if a version that a corrected one was made from is gone.
    """
    if manifest.parent is None:
        return _add_commands(manifest)
    parent = find_parent(manifest)
    words = [*PROGRAM, "data", "correct", parent.reference, corrections_file(manifest)]
    note = f"# A bundle of runs on {manifest.reference} holds its corrections."
    return [*register_commands(parent), note, shlex.join(words)]


def corrections_file(manifest: Manifest) -> str:
    """The name of the file with the changes that made this version of its parent."""
    return f"{manifest.reference}-corrections.csv"


def _add_commands(manifest: Manifest) -> list[str]:
    words = [*PROGRAM, "data", "add", manifest.name, *_name_sources(manifest)]
    words += _wish_options(manifest.wishes)
    if manifest.removed_rows:
        words.append("--remove-doubtful")
    if manifest.licence:
        words += ["--licence", manifest.licence]
    lines = [shlex.join(words)]
    if _has_namesakes(manifest):
        lines.insert(0, "# Files of the same name: put each into a folder train, validation or test.")
    if any("," in label for label in manifest.wishes.labels or ()):
        lines.insert(0, "# A label has a comma in its name: choose the labels on the Data page instead.")
    if names := manifest.wishes.label_names:
        lines.insert(0, shlex.join(["printf", r"%s\n", *names]) + f" > {NAMES_FILE}")
    return lines


def _name_sources(manifest: Manifest) -> list[str]:
    if hub := manifest.hub:
        return [f"{PREFIX}{hub.repository}/{hub.config}", "--revision", hub.revision]
    files = {source.part: source.name for source in manifest.sources}
    if _has_namesakes(manifest):
        files = {part: f"{part}/{name}" for part, name in files.items()}
    return [files.pop("train"), *(word for part, name in files.items() for word in (f"--{part}", name))]


def _has_namesakes(manifest: Manifest) -> bool:
    """Whether two source files have the same name and other content."""
    contents = {(source.name, source.sha256) for source in manifest.sources}
    return not manifest.hub and len({name for name, _ in contents}) < len(contents)


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
