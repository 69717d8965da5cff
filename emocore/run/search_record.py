"""The record of a search: what each of its methods is given to find good settings with, fixed before the first trial.

A search has a folder of its own in the folder `searches` of the runs folder: the record, the texts that its trials may
read, and the journal of what was proposed. Its trials are ordinary runs, which are recognised by these texts.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from emocore.errors import RunError
from emocore.run.config import MOST_REPLICATES, RunConfig
from emocore.run.folder import RunFolder
from emocore.run.records import Strict, read_record, write_record
from emocore.run.setting_texts import MOST_VALUES, STUDY_NAME
from emocore.run.study_record import Methods, file_name
from emocore.system.files import check_contained

SEARCHES = "searches"  # below the runs folder
RECORD, TEXTS, VALIDATION_TEXTS = "search.json", "train.parquet", "validation.parquet"
MOST_TRIALS = 1000
# Runs of a study have smaller seeds and replicates if it is to tell how good what a search found is.
FIRST_TRIAL_SEED = 2**30
TRIAL_REPLICATE = MOST_REPLICATES

Settings = Annotated[dict[str, Any], Field(max_length=MOST_VALUES)]


class SearchRecord(Strict):
    """One search: the same budget for each method, on the same texts.

    Attributes:
        settings: Those that all trials and the final study share; `data` is the file or dataset of that study.
        method_settings: Settings of single methods, which are then not searched.
        data_sha256: The hash of each data file by its setting, as in `Splits`.
        train_rows: How many rows of the training part the trials may learn from; the others score them.
    """

    name: str = Field(min_length=1, max_length=70, pattern=STUDY_NAME, description="Name of the search and its study.")
    methods: Methods
    trials: int | None = Field(None, ge=1, le=MOST_TRIALS, description="How many settings are tried for each method.")
    minutes: float | None = Field(
        None,
        gt=0,
        le=1_000_000,
        description="In place of --trials: a method gets new trials until its trials have run for so many minutes, so "
        "that quick methods try more settings. The last trial may take it beyond that.",
    )
    sampler_seed: int = Field(42, ge=0, lt=2**31, description="Seeds what is proposed.")
    settings: Settings = Field(default_factory=dict)
    method_settings: dict[str, Settings] = Field(default_factory=dict)
    data_sha256: dict[str, str]
    train_rows: int = Field(ge=1)

    @model_validator(mode="after")
    def _check_budget(self) -> Self:
        if (self.trials is None) == (self.minutes is None):
            raise ValueError("trials: say how many each method gets, or how many minutes; one of the two")
        return self

    @property
    def trials_study(self) -> str:
        """The name under which the trials are in the list of runs."""
        return f"{self.name} (trials)"


def search_folder(root: Path, name: str) -> Path:
    """The folder of a search."""
    return root / SEARCHES / file_name(name)


def read_search_record(folder: Path) -> SearchRecord | None:
    """The record in the folder of a search; None if there is none. Raises RunError if it cannot be read."""
    remedy = f"repair it, or remove {folder} and search again"
    return read_record(folder, RECORD, SearchRecord, remedy, owner=f"search {folder.name}")


def write_search_record(folder: Path, record: SearchRecord) -> None:
    """Write the record of a new search. Raises RunError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_contained(folder, folder.parents[1])
        write_record(folder / RECORD, record)
    except OSError as error:
        raise RunError(
            f"search '{record.name}' cannot be written ({error.strerror}: {folder}); free space, or make it writable"
        ) from None


def sources_of_trials(root: Path) -> dict[str, str]:
    """By the file of texts that the trials of a search read, as in `RunConfig.data`: the data that the search is for.
    A search whose record cannot be read is left out; `emocore search` says what is wrong with it."""
    sources = {}
    for path in sorted((root / SEARCHES).glob(f"*/{RECORD}")):
        with contextlib.suppress(RunError):
            if record := read_search_record(path.parent):
                sources[str(path.parent / TEXTS)] = str(record.settings.get("data", RunConfig().data))
    return sources


def is_trial(run: RunFolder, sources: Mapping[str, str]) -> bool:
    """Whether a run is a trial of one of the searches in `sources`."""
    return run.config.data in sources and run.config.seed >= FIRST_TRIAL_SEED
