"""The record of a study: what its first launch planned, and what was added to it later.

Whoever sees results can go on until they please: train one more seed, or call other differences small. So what a
comparison depends on is written down before there are results, and stays. There is one file per study in the folder
`studies` of the runs folder.
"""

import contextlib
import hashlib
import itertools
import re
import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, field_validator, model_validator

from emocore.errors import RunError
from emocore.run.config import MOST_REPLICATES, RunConfig
from emocore.run.records import Strict, read_record, write_record
from emocore.run.setting_texts import MOST_VALUES, STUDY_NAME, check_text
from emocore.run.settings import VARIED
from emocore.run.state import LATEST
from emocore.run.study import MOST_MARGIN_POINTS, seeds_of_replicate
from emocore.system.files import check_contained

STUDIES = "studies"  # below the runs folder
SLUG_LENGTH, HASH_LENGTH = 40, 16  # of a file's name

Time = Annotated[float, Field(ge=0, le=LATEST)]
Method = Annotated[str, Field(min_length=1), AfterValidator(lambda name: check_text("method", name))]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Replicate = Annotated[int, Field(ge=1, le=MOST_REPLICATES)]
# JSON has no tuples, so a list is taken for one; what is in it is as strict as everything else.
Methods = Annotated[tuple[Method, ...], Field(strict=False, min_length=1, max_length=MOST_VALUES)]
Seeds = Annotated[tuple[Seed, ...], Field(strict=False, min_length=1)]
Values = Annotated[tuple[int | float, ...], Field(strict=False, min_length=1, max_length=MOST_VALUES)]
Vary = Annotated[dict[str, Values], Field(max_length=1)]


class Addition(Strict):
    """A later launch under the name of the study, by what its runs have: their methods and seeds, the numbers of their
    replicates, and the varied setting with its values if it was a study of its own. `launched_at` is in Unix
    seconds."""

    launched_at: Time
    methods: Methods
    seeds: Seeds
    replicates: Annotated[tuple[Replicate, ...], Field(strict=False, min_length=1)]
    vary: Vary = Field(default_factory=dict)


class StudyRecord(Strict):
    """The plan of a study, which never changes, and the additions to it.

    Attributes:
        launched_at: Time of the first launch in Unix seconds.
        thresholds: Whether the runs are scored at fixed thresholds, as if all have one, or at tuned ones.
        margin_points: See `StudyConfig.margin_points`.
        seeds: Those of the first replicate; `seeds_of_replicate` gives those of the others.
        replicates: How many there are.
        vary: The varied setting with its values; may be empty.
        unvaried: Methods that do not read the varied setting, and so have only one series.
        additions: Later launches, the earliest first.
    """

    name: str = Field(min_length=1, max_length=80, pattern=STUDY_NAME)
    launched_at: Time
    primary_metric: Literal["f1_macro"] = "f1_macro"
    thresholds: Literal["tuned", "fixed"]
    margin_points: float = Field(gt=0, le=MOST_MARGIN_POINTS)
    methods: Methods
    seeds: Annotated[Seeds, Field(max_length=MOST_VALUES)]
    replicates: Replicate
    vary: Vary = Field(default_factory=dict)
    unvaried: Annotated[tuple[Method, ...], Field(strict=False)] = ()
    additions: Annotated[tuple[Addition, ...], Field(strict=False)] = ()

    @field_validator("vary")
    @classmethod
    def _check_vary(cls, vary: dict[str, Any]) -> dict[str, Any]:
        for name in vary:
            if name not in VARIED:
                raise ValueError(f"{name[:100]} cannot be varied")
        return vary

    @model_validator(mode="after")
    def _check_unvaried(self) -> Self:
        if set(self.unvaried) - set(self.methods):
            raise ValueError("unvaried: should be methods of the study")
        return self

    @property
    def series(self) -> int:
        """How many different series are planned: methods times values, where a method that does not read the varied
        setting counts once."""
        values = next((len(values) for values in self.vary.values()), 1)
        return (len(self.methods) - len(self.unvaried)) * values + len(self.unvaried)

    @property
    def runs(self) -> int:
        """How many runs are planned."""
        return self.series * self.replicates * len(self.seeds)

    @property
    def pairs(self) -> int:
        """How many pairs of series are planned: the tests of the primary metric."""
        return self.series * (self.series - 1) // 2

    def place_of(self, config: RunConfig) -> tuple[object, ...]:
        """Which of the planned series a planned run belongs to: its method and, if it reads it, the varied value."""
        read = {} if config.method in self.unvaried else self.vary
        return (config.method, *(getattr(config, name) for name in read))

    def plans(self, config: RunConfig) -> bool:
        """Whether a run belongs to the plan by its study, method, replicate, seed and varied value. Its other settings
        do not count, so a planned run that was launched again belongs to it, too."""
        if config.study != self.name or config.method not in self.methods or config.replicate > self.replicates:
            return False
        read = {} if config.method in self.unvaried else self.vary
        return config.seed in seeds_of_replicate(self.seeds, config.replicate) and all(
            getattr(config, name) in values for name, values in read.items()
        )


def study_file(root: Path, study: str) -> Path:
    """The file of a study's record."""
    return root / STUDIES / f"{file_name(study)}.json"


def file_name(study: str) -> str:
    """A name for files of a study, without a suffix. It has a hash, since a study may be called what no file can be."""
    slug = re.sub(r"[^A-Za-z0-9]+", "-", study).strip("-").lower()[:SLUG_LENGTH]
    return f"{slug or 'study'}-{hashlib.sha256(study.encode()).hexdigest()[:HASH_LENGTH]}"


def name_by_time(root: Path) -> str:
    """A name for a study that has none, by date and time; two studies of the same second get different ones."""
    name = time.strftime("study %Y-%m-%d %H.%M.%S")
    others = (f"{name} {number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], others) if not study_file(root, free).exists())


def read_study_record(root: Path, study: str) -> StudyRecord | None:
    """The record of a study; None if it has none, as a study of version 0.1 or one that came without its record.

    Raises RunError, which names study, file and field and says what to do, if the record cannot be read. The results do
    not depend on it, so a comparison must not fail then: catch the error, show its sentence as a note, and go on as
    for a study without a record. Only a launch into the study is refused, because its addition would be lost.
    """
    path = study_file(root, study)
    remedy = f"repair it, or remove {path}, and the study is compared as one without a plan"
    record = read_record(root, f"{STUDIES}/{path.name}", StudyRecord, remedy, owner=f"study '{study}'")
    if record and record.name != study:
        raise RunError(f"study '{study}': {STUDIES}/{path.name} is of study '{record.name}'", hint=remedy)
    return record


def write_study_record(root: Path, record: StudyRecord) -> None:
    """Write the record of a new study, or the new record of one; the caller holds the lock on launches.

    Raises RunError and keeps the old file if it cannot be written.
    """
    path = study_file(root, record.name)
    try:
        path.parent.mkdir(exist_ok=True)
        check_contained(path, root)
        write_record(path, record)
    except OSError as error:
        raise RunError(
            f"study '{record.name}': its plan cannot be written ({error.strerror}: {path}); free space, or make the "
            "folder writable"
        ) from None


def add_to_study(root: Path, record: StudyRecord, addition: Addition) -> None:
    """Write the record with one more addition. Raises RunError as `write_study_record`."""
    write_study_record(root, record.model_copy(update={"additions": (*record.additions, addition)}))


def remove_study_record(root: Path, study: str) -> None:
    """Remove the record of a study and then the folder if it is empty. What cannot be removed stays: the next launch of
    this name takes a record without runs for none."""
    path = study_file(root, study)
    with contextlib.suppress(OSError):
        check_contained(path, root)
        path.unlink(missing_ok=True)
        path.parent.rmdir()
