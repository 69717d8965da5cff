"""The content of `provenance.json`: everything other than the config that a result depends on.

All fields except the labels may be missing, because W&B stores only some of them.
"""

from typing import Annotated

from pydantic import Field, StringConstraints, field_validator

from emocore.run.records import Count, Strict

MOST_LABELS = 1000

Word = Annotated[str, StringConstraints(max_length=1000)]
# Charts would read a < as the beginning of HTML; emocore.data.table refuses such labels.
Label = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^<>]*$")]


class Code(Strict):
    """The git revision of the checkout, and whether files differ from it; None without git."""

    revision: Word | None = None
    dirty: bool | None = None


class Provenance(Strict):
    """`provenance.json`. `data_sha256` is by setting and `rows` by split; a package that is not installed has None.

    `split_sha256` is of the rows of all splits, `evaluation_sha256` of all but the training split; the training rows
    were drawn from `available_rows`. A person corrected `corrected_labels` of the labels after models had been seen;
    `data_warnings` say what is doubtful in the data. `threads` are the CPU threads of a neural training.
    """

    emocore: Word | None = None
    code: Code = Code()
    python: Word | None = None
    platform: Word | None = None
    packages: dict[Word, Word | None] = Field(default_factory=dict)
    data_sha256: dict[Word, Word] = Field(default_factory=dict)
    split_sha256: Word | None = None
    evaluation_sha256: Word | None = None
    available_rows: Count | None = None
    rows: dict[Word, Count] = Field(default_factory=dict)
    corrected_labels: Count = 0
    data_warnings: list[str] = Field(default_factory=list)
    labels: list[Label] = Field(min_length=1, max_length=MOST_LABELS)
    device: Word | None = None
    precision: Word | None = None
    threads: Count | None = None
    base_revision: Word | None = None
    base_files_sha256: Word | None = None

    @field_validator("labels")
    @classmethod
    def _check_labels(cls, labels: list[str]) -> list[str]:
        if len(set(labels)) < len(labels):
            raise ValueError("should not have the same label twice")
        return labels
