"""The files of a new dataset: uploaded, at a path on this machine's disk, or fetched from the Hugging Face Hub."""

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import streamlit as st

from emocore.data.allowed import find_allowed
from emocore.data.hub.drafts import read_hub_draft
from emocore.data.hub.importing import HubFiles
from emocore.data.reading.label_names import take_label_names
from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import Draft, read_draft
from emocore.data.registry.manifest import Part
from emocore.data.source import DATA_SUFFIXES, QUOTED_SUFFIXES, DataFile, read_source
from emocore.errors import DataError
from emocore.run.listing import runs_root
from emocore.system.files import FileVersion, file_version
from pages.data.hub import choose_from_hub
from pages.shared.address import choose_segment
from pages.shared.background import Report
from pages.shared.plain import plain

Use = Part | Literal["names"]
WAYS = {"upload": "Upload", "path": "Path on this machine", "hub": "Hugging Face Hub"}
TITLES: dict[Use, str] = {
    "train": "Texts with labels",
    "validation": "Official validation file",
    "test": "Official test file",
    "names": "Label names",
}
HELP: dict[Use, str] = {
    "train": "CSV, TSV, Excel, JSON, JSON Lines or parquet. How it is read is guessed and shown before it is stored.",
    "validation": "Without it, each run takes a share of the texts.",
    "test": "Without it, each run takes a share of the texts.",
    "names": "For labels that are numbers: a text file with one name per line, the first for 0.",
}


@dataclass
class ChosenFiles:
    """`contents` tells versions of the files apart, as part of a cache key. `fetched` are those of the Hub."""

    files: dict[Part, DataFile] = field(default_factory=dict)
    paths: dict[Part, Path] = field(default_factory=dict)
    contents: list[tuple[str, str, str]] = field(default_factory=list)
    fetched: HubFiles | None = None
    label_names: tuple[str, ...] | None = None
    has_problem: bool = False

    @property
    def key(self) -> str:
        """Under it, the inputs keep what was typed: the training file and, on the Hub, its place."""
        content = next(told for told in self.contents if told[0] == "train")
        told = " ".join(content) if self.fetched else content[2]
        return f"data_{hashlib.sha256(told.encode()).hexdigest()[:12]}"

    def read(self, wishes: Reading, removes_doubtful: bool, report: Report) -> Draft:
        if self.fetched:
            return read_hub_draft(self.fetched, wishes, removes_doubtful, report)
        return read_draft(self.files, wishes, self.paths, removes_doubtful, report)


def choose_files() -> ChosenFiles:
    """Show the inputs, with what is wrong with a file below its input, or what to do first."""
    way = choose_segment(st, "From", WAYS, name="add", key="data_add", label_visibility="collapsed")
    chosen = ChosenFiles()
    if way == "hub":
        _take_fetched(chosen)
        return chosen
    _take("train", way, chosen)
    with st.expander("More files: official splits, label names", key="data_more_files"):
        for use in ("validation", "test", "names"):
            _take(use, way, chosen)
    if "train" not in chosen.files and not chosen.has_problem:
        st.info("Choose a file first. Nothing is stored before you register it.", icon=":material/info:")
    return chosen


def _take_fetched(chosen: ChosenFiles) -> None:
    """The Hub tells splits and names, but a file may give the numbers of labels other names."""
    fetched = choose_from_hub()
    if fetched is None:
        return
    chosen.fetched, chosen.files = fetched, fetched.files
    for part, shards in fetched.shards.items():
        sha256 = hashlib.sha256(" ".join(str(shard.sha256) for shard in shards).encode()).hexdigest()
        chosen.contents.append((part, fetched.origin.model_dump_json(), sha256))
    with st.expander("Another file: label names", key="data_more_files_hub"):
        _take("names", "upload", chosen)


def _take(use: Use, way: str, chosen: ChosenFiles) -> None:
    try:
        found = _take_upload(use) if way == "upload" else _take_path(use)
        if not found:
            return
        file, sha256, path = found
        chosen.contents.append((use, file.name, sha256))
        if use == "names":
            chosen.label_names = take_label_names(file)
            return
    except DataError as error:
        st.error(plain(error), icon=":material/error:")
        chosen.has_problem = True
        return
    chosen.files[use] = file
    if path:
        chosen.paths[use] = path


def _take_upload(use: Use) -> tuple[DataFile, str, None] | None:
    suffixes = DATA_SUFFIXES if use == "names" else QUOTED_SUFFIXES
    upload = st.file_uploader(
        TITLES[use], type=[suffix[1:] for suffix in suffixes], key=f"data_upload_{use}", help=HELP[use]
    )
    if upload is None:
        return None
    content = upload.getvalue()
    return DataFile(Path(upload.name).name, content), _hash(upload.file_id, content), None


def _take_path(use: Use) -> tuple[DataFile, str, Path] | None:
    typed = st.text_input(
        TITLES[use], key=f"data_path_{use}", placeholder=f"/home/me/{use}.csv",
        help=f"{HELP[use]} It must be below your home or the working directory and end in "
        f"{', '.join(DATA_SUFFIXES)}; EMOCORE_DATA_FOLDERS names further folders. Other files can be uploaded.",
    ).strip()  # fmt: skip
    if not typed:
        return None
    path = find_allowed(typed, runs_root())
    version = file_version(path)
    file = _read(str(path), version)
    return file, _hash((str(path), version), file.content), path


@st.cache_resource(max_entries=8, show_spinner="Reading the file")
def _read(path: str, version: FileVersion) -> DataFile:
    return read_source(path)


@st.cache_data(max_entries=100, show_spinner=False)
def _hash(file: Any, _content: bytes) -> str:
    return hashlib.sha256(_content).hexdigest()
