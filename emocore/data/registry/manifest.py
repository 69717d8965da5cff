"""`manifest.json` of a registered dataset: where it comes from, how it was read, and what it holds."""

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from emocore.data.changes import LabelChange
from emocore.data.checks.findings import WHOLE_FILE, Finding
from emocore.data.checks.sentences import describe_finding
from emocore.data.reading.record import Reading
from emocore.run.provenance import MOST_LABELS, Label, Word
from emocore.run.records import Amount, Count, Strict

Part = Literal["train", "validation", "test"]  # the use of a source file

MANIFEST, CONTENT = "manifest.json", "texts.parquet"
HASH_LENGTH = 12  # of the hash in the folder's name
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
REFERENCE = re.compile(rf"{NAME.pattern}@[0-9a-f]{{{HASH_LENGTH}}}")
LONGEST_NOTE = 1000
COMMIT = r"[0-9a-f]{40}"

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Name = Annotated[str, StringConstraints(pattern=rf"^{NAME.pattern}$")]
Labels = Annotated[tuple[Label, ...], Field(strict=False, min_length=2, max_length=MOST_LABELS)]


class SourceFile(Strict):
    """A file that the dataset was made from. `path` is None if it came from a browser or from the Hugging Face Hub,
    where `name` is its path. `modified_ns` is the time of its last change in nanoseconds, with which a later change is
    noticed without reading the file."""

    part: Part
    name: Word
    path: Word | None = None
    bytes: Count
    modified_ns: int | None = None
    sha256: Sha256
    reading: Reading


class HubOrigin(Strict):
    """The config of a dataset on the Hugging Face Hub whose files are the sources; `revision` is a commit, which never
    changes."""

    repository: Word
    config: Word
    revision: Annotated[str, StringConstraints(pattern=rf"^{COMMIT}$")]


class Manifest(Strict):
    """`manifest.json`.

    `sha256` is of the content: labels and rows in their order. `created_at` is in seconds since 1970. `wishes` is what
    the user said about how the files are to be read; the rest was guessed, and `notes` tell how they were used. `rows`
    counts the rows by split, or under "all" if a run splits them; `positives` counts the texts by label. `findings` are
    what is doubtful in the rows; `removed_rows` were left out of training because of such. `changes` by split are the
    labels that a person corrected in the version `parent` after models had been seen; `corrected_labels` counts these
    and those of the versions before.
    """

    name: Name
    version: Annotated[int, Field(ge=1)]
    sha256: Sha256
    created_at: Amount
    sources: Annotated[tuple[SourceFile, ...], Field(strict=False)]
    wishes: Reading = Reading()
    hub: HubOrigin | None = None
    labels: Labels
    rows: dict[Word, Count]
    positives: dict[Word, Count]
    licence: Annotated[str, StringConstraints(max_length=LONGEST_NOTE)] | None = None
    notes: Annotated[tuple[str, ...], Field(strict=False)] = ()
    findings: Annotated[tuple[Finding, ...], Field(strict=False)] = ()
    removed_rows: Count = 0
    parent: Word | None = None
    changes: dict[Word, Annotated[tuple[LabelChange, ...], Field(strict=False)]] = Field(default_factory=dict)
    corrected_labels: Count = 0

    @property
    def reference(self) -> str:
        """The name of this version: NAME@HASH."""
        return self.refer(self.name, self.sha256)

    @staticmethod
    def refer(name: str, sha256: str) -> str:
        """NAME@HASH of a content."""
        return f"{name}@{sha256[:HASH_LENGTH]}"

    def describe_findings(self) -> list[str]:
        """The findings in sentences that name files and rows."""
        return describe_findings(self.findings, self.sources)


def describe_findings(findings: Iterable[Finding], sources: Sequence[SourceFile]) -> list[str]:
    """Each finding in a sentence that names rows by their number in its file, or in its files one after the other."""
    by_part: dict[str, list[str]] = {}
    for source in sources:
        by_part.setdefault(source.part, []).append(source.name)
    names = {part: name_joined(own) for part, own in by_part.items()}
    whole = dict.fromkeys((WHOLE_FILE, "train", "validation", "test"), names.get("train", "the dataset"))
    return [describe_finding(finding, whole | names) for finding in findings]


def name_joined(names: Sequence[str]) -> str:
    """The name of files whose rows are read one after the other: data/train-0.parquet to train-1.parquet."""
    return names[0] if len(names) == 1 else f"{names[0]} to {PurePath(names[-1]).name}"


def shorten_source(source: str) -> str:
    """A `data` setting as a user would type it: NAME@HASH instead of the path of a dataset's folder."""
    name = PurePath(source).name
    return name if REFERENCE.fullmatch(name) else source
