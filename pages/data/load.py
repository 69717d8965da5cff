"""Datasets for the pages, read once until one of their files changes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

import streamlit as st

from emocore.data.load import read_dataset
from emocore.data.overview import LabelCounts, count_labels
from emocore.data.registry.manifest import CONTENT, MANIFEST
from emocore.data.registry.store import Dataset, datasets_root, find_dataset
from emocore.data.table import EmotionTable, read_table
from emocore.errors import DataError
from emocore.run.config import STARTER
from emocore.system.files import file_version

T = TypeVar("T")
Version = tuple[object, ...]
STARTER_TITLE = "Starter set"


@dataclass(frozen=True)
class Subject:
    """A dataset that a page shows; `reference` names it in addresses and settings. `dataset` is None for the starter
    set, which is not registered."""

    reference: str
    title: str
    dataset: Dataset | None

    @property
    def version(self) -> Version:
        """A cache key that changes with the files of the dataset."""
        if self.dataset is None:
            return (STARTER,)
        return (self.reference, *(file_version(self.dataset.folder / name) for name in (MANIFEST, CONTENT)))

    def table(self) -> EmotionTable:
        """Raises DataError if the texts cannot be read or were changed by hand."""
        return _read(self.version, self)

    def counts(self) -> LabelCounts:
        return self.keep("counts", lambda: count_labels(self.table()))

    def keep(self, name: str, make: Callable[[], T], *choices: object) -> T:
        """The result of `make`, cached for this dataset and these `choices`. Callers must not change it."""
        return cast(T, _keep((name, self.version, *choices), make))


STARTER_SUBJECT = Subject(STARTER, STARTER_TITLE, None)


def as_subject(dataset: Dataset) -> Subject:
    return Subject(dataset.manifest.reference, dataset.title, dataset)


def find_subject(reference: str) -> Subject:
    """A dataset of the datasets folder by its name; an address may name no folder elsewhere. Raises DataError if there
    is no such dataset, or if it is damaged."""
    if reference == STARTER:
        return STARTER_SUBJECT
    dataset = find_dataset(reference) if Path(reference).name == reference else None
    if dataset is None or dataset.folder.parent != datasets_root():
        raise DataError(f"There is no dataset {reference[:200]} here; choose one from the list.")
    return as_subject(dataset)


@st.cache_resource(max_entries=6, show_spinner="Reading the texts")
def _read(version: Version, _subject: Subject) -> EmotionTable:
    return read_dataset(_subject.dataset) if _subject.dataset else read_table(STARTER)


@st.cache_resource(max_entries=100, show_spinner=False)
def _keep(key: Version, _make: Callable[[], object]) -> object:
    return _make()
