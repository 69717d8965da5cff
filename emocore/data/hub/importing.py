"""A dataset on the Hugging Face Hub -> its files on this machine -> what can be registered, checked as files are."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import get_args

from emocore.data.hub.fetch import Fetcher, Progress, fetch
from emocore.data.hub.layout import CARD, Choice, choose_converted, choose_own, is_conversion
from emocore.data.hub.repository import RemoteFile, Repository, open_conversion, open_repository
from emocore.data.reading.class_names import Features, name_classes
from emocore.data.reading.record import Reading
from emocore.data.reading.split_column import NO_SPLIT_COLUMN, SPLIT_NAMES, list_split_columns
from emocore.data.registry.importing import Import, read_parts
from emocore.data.registry.manifest import HubOrigin, Part, SourceFile
from emocore.data.source import DataFile
from emocore.errors import DataError
from emocore.text import join_names

PARTS: tuple[Part, ...] = get_args(Part)
NO_WISHES = Reading()


@dataclass(frozen=True)
class HubFiles:
    """The fetched files of a config at one commit. `files` have all rows of a part in one; `shards` are the files on
    the Hub that they were made from, each with its SHA-256. `features` are those in the card, `notes` tell which files
    were taken, and `licence` is that in the card."""

    origin: HubOrigin
    files: dict[Part, DataFile]
    shards: dict[Part, tuple[RemoteFile, ...]]
    features: Features
    licence: str | None
    notes: tuple[str, ...]


def read_from_hub(
    dataset_id: str,
    config: str | None = None,
    revision: str | None = None,
    wishes: Reading = NO_WISHES,
    progress: Progress = lambda transfer: None,
    removes_doubtful: bool = False,
) -> Import:
    """Read the train, validation and test split of a dataset, and split off what it lacks as for files.

    `wishes` say what is not left to the guess; names of classes come from the dataset. For `removes_doubtful` see
    `read_parts`. Raises DataError if the dataset cannot be used, and as `fetch_from_hub` does.
    """
    fetched = fetch_from_hub(dataset_id, config, revision, progress)
    found = read_parts(fetched.files, complete_wishes(wishes, fetched), {}, removes_doubtful)
    return with_origin(found, fetched, wishes)


def fetch_from_hub(dataset_id: str, config: str | None, revision: str | None, progress: Progress) -> HubFiles:
    """Fetch the files of the train, validation and test split.

    `config` may be None if there is only one or a default one. `revision` is a branch, tag or commit, by default the
    newest commit. Raises HubConfigError if another config has to be named, DataError if the dataset cannot be found or
    fetched.
    """
    repository = open_repository(dataset_id, revision)
    source, choice = _choose(repository, config, revision)
    parts, unused = _name_parts(repository, choice)
    fetcher = Fetcher(source, list(parts.values()), progress)
    files = {part: fetcher.fetch_split(shards) for part, shards in parts.items()}
    notes = [f"{repository.id}: splits that are not used: {join_names(unused)}"] if unused else []
    if is_conversion(source) and not revision:
        notes.append(f"{repository.id}: read from the files that the Hub converted to parquet")
    return HubFiles(
        origin=HubOrigin(repository=source.id, config=choice.config, revision=source.commit),
        files=files,
        shards={
            part: tuple(replace(shard, sha256=fetcher.hashes[shard.path]) for shard in shards)
            for part, shards in parts.items()
        },
        features=choice.features,
        licence=repository.licence,
        notes=tuple(notes),
    )


def complete_wishes(wishes: Reading, fetched: HubFiles) -> Reading:
    """The wishes with the names of classes that the card tells. In a dataset with several splits, no column is looked
    for that says them."""
    named = name_classes(wishes, fetched.features)
    if len(fetched.files) > 1 and wishes.split_column is None:
        return named.model_copy(update={"split_column": NO_SPLIT_COLUMN})
    return named


def with_origin(found: Import, fetched: HubFiles, wishes: Reading) -> Import:
    """What was read from fetched files, with its place on the Hub. `wishes` are those of the user alone, as the names
    of classes are found again."""
    sources = tuple(
        SourceFile(
            part=part,
            name=shard.path,
            bytes=shard.bytes,
            sha256=str(shard.sha256),
            reading=found.tables[part].reading,
        )
        for part, shards in fetched.shards.items()
        for shard in shards
    )
    return replace(
        found,
        wishes=wishes,
        sources=sources,
        hub=fetched.origin,
        licence=fetched.licence,
        notes=(*fetched.notes, *_note_split_columns(found), *found.notes),
    )


def _note_split_columns(found: Import) -> list[str]:
    return [
        f"{table.name}: its column {column!r} is not used, since the dataset has its own splits"
        for table in found.tables.values()
        for column in list_split_columns(table.ignored_columns)
        if len(found.tables) > 1
    ]


def _choose(repository: Repository, config: str | None, revision: str | None) -> tuple[Repository, Choice]:
    """The files of the config, with the repository at the commit that has them: that of the dataset itself or of the
    Hub's conversion."""
    if is_conversion(repository):
        return repository, choose_converted(repository, config)
    if repository.parquet_paths and not repository.has_script:
        card = fetch(repository, CARD) if CARD in repository.files else None
        if choice := choose_own(repository, card, config):
            return repository, choice
    converted = _open_conversion(repository, revision)
    return converted, choose_converted(converted, config)


def _open_conversion(repository: Repository, revision: str | None) -> Repository:
    reason = (
        "its rows are made by a script, which is not run" if repository.has_script else "its data files are not parquet"
    )
    if revision:
        raise DataError(
            f"{repository.id}, revision {revision[:80]}: {reason}; leave the revision out to read what the Hub "
            "converted to parquet"
        )
    converted = open_conversion(repository)
    if converted is None or not is_conversion(converted):
        raise DataError(
            f"{repository.id}: {reason}, and the Hub has not converted it to parquet; write it as a file of texts and "
            "labels, and add that"
        )
    return converted


def _name_parts(repository: Repository, choice: Choice) -> tuple[dict[Part, Sequence[RemoteFile]], list[str]]:
    """The files of the splits that are used, and the names of the others. The only split of a dataset is for training,
    unless its name says something else."""
    splits = {split: SPLIT_NAMES.get(split.lower()) for split in choice.splits}
    if len(splits) == 1:
        splits = {split: part or "train" for split, part in splits.items()}
    parts: dict[Part, Sequence[RemoteFile]] = {}
    for part in PARTS:
        named = [split for split in splits if splits[split] == part]
        if len(named) > 1:
            raise DataError(
                f"{repository.id}, config {choice.config}: {join_names(named)} are splits for the same use, "
                f"{part}; download the files, and add the right one of these as the {part} file"
            )
        if named:
            parts[part] = choice.splits[named[0]]
    if "train" not in parts:
        raise DataError(
            f"{repository.id}, config {choice.config}: no split for training among {join_names(splits)}; choose "
            "another config, or download the files, and name the one to train on"
        )
    return parts, [split for split, part in splits.items() if part is None]
