"""The commands `data add`, `correct`, `list`, `show` and `remove`: registered datasets."""

import shlex
from typing import Any

from emocore.cli.data import print_labels, print_reading, read_wishes
from emocore.cli.output import confirm, print_json, print_line, print_note, print_rows, print_table
from emocore.data.corrections import read_corrections
from emocore.data.hub.address import is_address, read_address
from emocore.data.hub.fetch import Progress, Transfer
from emocore.data.hub.importing import read_from_hub
from emocore.data.load import read_dataset
from emocore.data.reading.record import Reading, describe_reading
from emocore.data.registry.command import PROGRAM, register_commands
from emocore.data.registry.correcting import correct_dataset
from emocore.data.registry.importing import STARTER_COPY, Import, read_files, register
from emocore.data.registry.manifest import Part
from emocore.data.registry.sources import describe_changes, find_users
from emocore.data.registry.store import (
    Dataset,
    check_name,
    count_rows,
    datasets_root,
    find_dataset,
    list_damaged_datasets,
    list_datasets,
    remove_dataset,
)
from emocore.data.source import STARTER_FILE, read_source
from emocore.data.table import read_table
from emocore.errors import ConfigError, DataError, RunError
from emocore.run.config import STARTER
from emocore.run.listing import runs_root
from emocore.text import counted, format_bytes, join_names


def add_data(
    name: str,
    train: str,
    validation: str | None,
    test: str | None,
    revision: str | None,
    licence: str | None,
    remove_doubtful: bool,
    **options: Any,
) -> None:
    """Print how the files are read and what was found, and register them. Raises DataError if they cannot be used,
    ConfigError if the options contradict each other."""
    check_name(name)
    named: dict[Part, str | None] = {"train": train, "validation": validation, "test": test}
    found = _read(named, revision, read_wishes(options), remove_doubtful)
    for part, table in found.tables.items():
        print_line(f"{part}: {table.name}")
        print_reading(table.reading)
        print_labels(table)
        print_line()
    for note in found.notes:
        print_line(f"note: {note}")
    for warning in found.describe_findings():
        print_line(f"warning: {warning}")
    if found.removed_rows:
        print_line(f"{counted(found.removed_rows, 'training row')} left out, as you asked")
    dataset, is_new = register(datasets_root(), name, found, licence)
    reference = dataset.manifest.reference
    if is_new:
        print_line(f"registered: {dataset.title} ({reference}); `python -m emocore launch --data {name}` trains on it")
    else:
        print_line(f"nothing new: {dataset.title} ({reference}) has the same content")


def correct_data(name: str, corrections: str, key: str | None) -> None:
    """Store a version of a dataset with the labels that a person corrected in a list of suspected ones."""
    if name == STARTER:
        copy = shlex.join([*PROGRAM, "data", "add", STARTER_COPY, str(STARTER_FILE)])
        raise DataError(
            f"the starter set is built in, so it has no versions; register a copy with `{copy}` and correct that"
        )
    before = _find(name)
    changes = read_corrections(read_source(corrections), read_source(key) if key else None)
    dataset, is_new = correct_dataset(datasets_root(), before, changes)
    told = f"{dataset.title} ({dataset.manifest.reference})"
    if is_new:
        count = counted(sum(map(len, changes.values())), "label")
        print_line(f"registered: {told} with {count} corrected in {before.manifest.reference}")
    else:
        print_line(f"nothing new: {told} has the same content")


def list_data(as_json: bool) -> None:
    root = datasets_root()
    for problem in list_damaged_datasets(root):
        print_note(f"note: {problem}")
    starter = read_table(STARTER)
    rows = [{"name": STARTER, "version": "", "texts": len(starter.frame), "labels": len(starter.labels),
             "splits": _describe_rows(count_rows(starter.frame)), "hash": starter.sha256[:12]}]  # fmt: skip
    rows += [
        {"name": manifest.name, "version": manifest.version, "texts": sum(manifest.rows.values()),
         "labels": len(manifest.labels), "splits": _describe_rows(manifest.rows), "hash": manifest.sha256[:12]}
        for manifest in (dataset.manifest for dataset in list_datasets(root))
    ]  # fmt: skip
    print_rows(rows, as_json)


def show_data(name: str, as_json: bool) -> None:
    """Print what the manifest says, labels and their counts, and which runs name the dataset."""
    dataset = _find(name)
    manifest = dataset.manifest
    users = find_users(dataset, runs_root())
    if as_json:
        print_json(manifest.model_dump(mode="json") | {"source_changes": describe_changes(dataset), "runs": users})
        return
    print_line(f"{dataset.title} ({manifest.reference}) in {dataset.folder}")
    print_line(f"texts: {_describe_rows(manifest.rows)}")
    if hub := manifest.hub:
        print_line(f"from the Hugging Face Hub: {hub.repository}, config {hub.config}, commit {hub.revision}")
    for source in manifest.sources:
        print_line(f"\n{source.part}: {source.path or source.name}, SHA-256 {source.sha256}")
        print_table([["part", "read as"], *map(list, describe_reading(source.reading))])
    print_line(f"\nlicence: {manifest.licence or 'not noted'}\n")
    print_labels(read_dataset(dataset))
    if manifest.parent:
        told = f"{counted(manifest.corrected_labels, 'label')} corrected after models had been seen"
        print_line(f"warning: {told}; the version before is {manifest.parent}")
    for warning in manifest.describe_findings():
        print_line(f"warning: {warning}")
    if manifest.removed_rows:
        print_line(f"{counted(manifest.removed_rows, 'training row')} left out as doubtful")
    for note in (*manifest.notes, *describe_changes(dataset)):
        print_line(f"note: {note}")
    print_line(f"runs: {join_names(users) or 'none'}")
    try:
        commands = register_commands(manifest)
    except DataError as error:
        print_line(f"note: to register it elsewhere, copy its folder ({error.message})")
    else:
        print_line("\nTo register the same files elsewhere:")
        for line in commands:
            print_line(line)


def remove_data(name: str, yes: bool) -> None:
    """Remove one version, or all of a name; runs that need it are named first. Raises RunError without consent."""
    found = _find(name)
    every = [found] if "@" in name else [d for d in list_datasets(datasets_root()) if d.manifest.name == name]
    for dataset in every:
        if users := find_users(dataset, runs_root()):
            print_note(
                f"note: {counted(len(users), 'run')} of {dataset.title} cannot be resumed or cloned without it: "
                f"{join_names(users)}"
            )
    titles = join_names([dataset.title for dataset in every])
    if not yes and not confirm(f"Remove {titles} with all texts?"):
        raise RunError("nothing was removed; answer y, or use --yes where nobody can answer")
    for dataset in every:
        remove_dataset(dataset)
        print_line(f"{dataset.manifest.reference} removed")


def _read(named: dict[Part, str | None], revision: str | None, wishes: Reading, removes_doubtful: bool) -> Import:
    """Files from disk, or a dataset of the Hub, which brings its own splits and has revisions."""
    paths = {part: path for part, path in named.items() if path}
    if not is_address(paths["train"]):
        if revision:
            raise ConfigError("--revision: only a dataset of the Hugging Face Hub has revisions; leave it out")
        return read_files(paths, wishes, removes_doubtful)
    if others := [f"--{part}" for part in paths if part != "train"]:
        raise ConfigError(f"{join_names(others)}: a dataset of the Hugging Face Hub has its own splits; leave it out")
    address = read_address(paths["train"])
    return read_from_hub(address.id, address.config, revision, wishes, _tell_tenths(), removes_doubtful)


def _tell_tenths() -> Progress:
    """Prints a note for each further tenth of the bytes that are here."""
    tenths = 0

    def tell(now: Transfer) -> None:
        nonlocal tenths
        if now.total_bytes and 10 * now.bytes // now.total_bytes > tenths:
            tenths = 10 * now.bytes // now.total_bytes
            print_note(f"fetched {format_bytes(now.bytes)} of {format_bytes(now.total_bytes)}")

    return tell


def _find(name: str) -> Dataset:
    dataset = find_dataset(name)
    if dataset is None:
        raise DataError(f"no dataset {name[:80]!r}; `python -m emocore data list` lists them")
    return dataset


def _describe_rows(rows: dict[str, int]) -> str:
    if "all" in rows:
        return f"{rows['all']:,}, split by each run"
    return ", ".join(f"{count:,} {split}" for split, count in rows.items())
