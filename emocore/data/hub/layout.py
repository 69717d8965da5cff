"""Which files of a repository belong to which split of a config. Three layouts are known.

Own files: a folder for each config, with the files of each split, and a card (`README.md`) whose `configs` name them,
as the library `datasets` writes it; its `dataset_info` has the features. Of this form are go_emotions, with files such
as `simplified/train-00000-of-00001.parquet`, and BRIGHTER, with `eng/dev-00000-of-00001.parquet` for its split dev.

Own files without `configs` in the card: one config `default`, whose splits follow from the names of files and folders,
such as `data/train-00000-of-00001.parquet`.

A conversion: the Hub converts public datasets of other forms, even those of a script, to the branch
`refs/convert/parquet`, with `CONFIG/SPLIT/0000.parquet` and so on, without a card; the features are in the files. Of
this form is sem_eval_2018_task_1, with `subtask5.english/train/0000.parquet`. In `CONFIG/partial-SPLIT/` is only the
first part of a large split, which is refused.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from emocore.data.hub.address import PREFIX
from emocore.data.hub.repository import CONVERSION, DATA_SUFFIXES, RemoteFile, Repository
from emocore.data.reading.class_names import Features
from emocore.errors import DataError, HubConfigError
from emocore.text import first_line, join_names

CARD, OLD_CARD = "README.md", "dataset_infos.json"
CONVERTED = re.compile(r"([^/]+)/([^/]+)/\d{4}\.parquet")
PARTIAL = "partial-"
NOT_PLAIN = re.compile(r"[^\w.=@+, -]")
LONGEST_NAME = 200  # of a file or folder
MOST_FILES = 5_000
MOST_NAMED = 40  # configs in one message


@dataclass(frozen=True)
class Choice:
    """The files of one config by its splits, with the features that the card tells, if it does."""

    config: str
    splits: Mapping[str, Sequence[RemoteFile]]
    features: Features


def is_conversion(repository: Repository) -> bool:
    """Whether these files are those that the Hub converted."""
    files = repository.parquet_paths
    return bool(files) and CARD not in repository.files and all(CONVERTED.fullmatch(path) for path in files)


def choose_converted(repository: Repository, config: str | None) -> Choice:
    """Raises HubConfigError if there is no such config, or if one of several has to be named; DataError if the
    conversion is not whole."""
    configs: dict[str, dict[str, list[str]]] = {}
    for path in sorted(repository.parquet_paths):
        if found := CONVERTED.fullmatch(path):
            configs.setdefault(found[1], {}).setdefault(found[2], []).append(path)
    name = _pick(repository, config, list(configs), None)
    if partial := [split for split in configs[name] if split.startswith(PARTIAL)]:
        raise DataError(
            f"{repository.id}, config {name}: the Hub converted only a part of {join_names(partial)} to parquet; "
            "convert the dataset yourself, and add its files"
        )
    return Choice(name, _find_files(repository, name, configs[name]), {})


def choose_own(repository: Repository, card: bytes | None, config: str | None) -> Choice | None:
    """None if the config's files are not parquet; `card` is the content of the dataset's card. Raises HubConfigError as
    `choose_converted`, or DataError if the card is wrong.

    The library finds configs and splits in a folder of empty files that are called like those of the repository, so
    that it sends no requests and treats them as it treats any folder.
    """
    try:
        with TemporaryDirectory() as temporary:
            folder = Path(temporary).resolve() / "dataset"
            stand_ins = _lay_out(folder, repository, card)
            return _choose_in(folder, repository, config, stand_ins)
    except OSError as error:
        raise DataError(
            f"{repository.id}: the folder for temporary files cannot be written ({error.strerror}); free space, or "
            "name another in TMPDIR"
        ) from None


def _lay_out(folder: Path, repository: Repository, card: bytes | None) -> dict[str, str]:
    """The paths that are not plain by the plain ones in their places. Raises OSError, or DataError if there are too
    many files or the card names others."""
    data = [path for path in repository.files if path.endswith(DATA_SUFFIXES) and path != OLD_CARD]
    if len(data) + len(repository.odd_paths) > MOST_FILES:
        raise DataError(
            f"{repository.id}: {len(data) + len(repository.odd_paths):,} data files; at most {MOST_FILES:,} are looked "
            "through, so download those that you need, and add them as files"
        )
    stand_ins: dict[str, str] = {}
    for path in repository.odd_paths:
        stand_ins[_make_plain(path, {*data, *stand_ins})] = path
    folder.mkdir()
    for path in (*data, *stand_ins):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).touch()
    if card:
        (folder / CARD).write_bytes(card)
    return stand_ins


def _make_plain(path: str, taken: Collection[str]) -> str:
    """A path in which the library finds the same config and split. An x neither begins nor ends a word, as a sign such
    as - would, and does not hide a file."""
    half = LONGEST_NAME // 2
    names = [NOT_PLAIN.sub("x", name) for name in path.split("/")]
    plain = "/".join(name if len(name) <= LONGEST_NAME else name[:half] + name[-half:] for name in names)
    while plain in taken:
        stem, dot, suffix = plain.rpartition(".")
        plain = f"{stem}x{dot}{suffix}"
    return plain


def _choose_in(folder: Path, repository: Repository, config: str | None, stand_ins: Mapping[str, str]) -> Choice | None:
    import datasets

    try:
        _check_patterns(folder, repository)
        names = datasets.get_dataset_config_names(str(folder))
        name = _pick(repository, config, names, datasets.get_dataset_default_config_name(str(folder)))
        builder = datasets.load_dataset_builder(str(folder), name, cache_dir=str(folder.with_name("cache")))
        if builder.name != "parquet":
            return None
        found = {
            str(split): [Path(path).relative_to(folder).as_posix() for path in paths]
            for split, paths in builder.config.data_files.items()
        }
        paths = {split: [stand_ins.get(path, path) for path in own] for split, own in found.items()}
        files = _find_files(repository, name, paths)
    except DataError:
        raise
    except Exception as error:  # the card is somebody else's, and can raise any error in the library
        reason = first_line(error).replace(str(folder), repository.id)
        raise DataError(
            f"{repository.id}: its card and the names of its files do not tell its configs ({reason}); download its "
            "parquet files, and add them as files"
        ) from None
    return Choice(name, files, builder.info.features.to_dict() if builder.info.features else {})


def _find_files(
    repository: Repository, config: str, splits: Mapping[str, Sequence[str]]
) -> dict[str, list[RemoteFile]]:
    """Raises DataError if one of the files is not read."""
    for path in (path for paths in splits.values() for path in paths if path not in repository.files):
        raise DataError(
            f"{repository.id}, config {config}: {path[:80]!r} belongs to it, but a file with such a name is not read, "
            f"and without it rows would be missing; name the revision {CONVERSION}, in which the Hub may have "
            "converted it, or download the files, and add them as files"
        )
    return {split: [repository.files[path] for path in paths] for split, paths in splits.items()}


def _pick(repository: Repository, wanted: str | None, configs: Sequence[str], default: str | None) -> str:
    name = wanted or default or (configs[0] if len(configs) == 1 else None)
    if name in configs:
        return str(name)
    named = join_names(configs[:MOST_NAMED]) + (" and more" if len(configs) > MOST_NAMED else "")
    if wanted:
        raise HubConfigError(
            f"{repository.id}: no config {wanted[:80]!r}", f"it has {named}", repository.id, tuple(configs)
        )
    raise HubConfigError(
        f"{repository.id}: it has {len(configs)} configs, so choose one",
        f"for example {PREFIX}{repository.id}/{configs[0]} for the first of {named}",
        repository.id,
        tuple(configs),
    )


def _check_patterns(folder: Path, repository: Repository) -> None:
    """Raises DataError if the card names files elsewhere: on this disk, or on another server."""
    from huggingface_hub import DatasetCard

    card = folder / CARD
    for words in _find_words(DatasetCard.load(card).data.get("configs")) if card.exists() else ():
        if "://" in words or "::" in words or words.startswith(("/", "~")) or ".." in words.split("/"):
            raise DataError(
                f"{repository.id}: its card names data files outside of the dataset, which are not read; download what "
                "you need, and add it as a file"
            )


def _find_words(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [words for part in parts for words in _find_words(part)]
