"""What `provenance.json` holds, which a run writes of itself, checked before anybody reads it.

It may come from a folder that somebody else made, or from a W&B project. All but the labels may be missing: earlier
versions wrote less, and W&B has a part of it.
"""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

MOST_LABELS = 1000

Word = Annotated[str, StringConstraints(max_length=1000)]
# Charts would read a < as the beginning of HTML; emocore.data.table lets no such label in.
Label = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^<>]*$")]
Count = Annotated[float, Field(ge=0, le=2**53, allow_inf_nan=False)]


class _Code(BaseModel):
    model_config = ConfigDict(strict=True)

    revision: Word | None = None
    dirty: bool | None = None


class _Origin(BaseModel):
    model_config = ConfigDict(strict=True)

    emocore: Word | None = None
    code: _Code | None = None
    python: Word | None = None
    platform: Word | None = None
    packages: dict[Word, Word | None] | None = None
    data_sha256: dict[Word, Word | None] = {}
    split_sha256: Word | None = None
    rows: dict[Word, Count] = {}
    labels: list[Label] = Field(min_length=1, max_length=MOST_LABELS)
    device: Word | None = None
    precision: Word | None = None
    base_revision: Word | None = None
    base_files_sha256: Word | None = None


def find_problem(provenance: dict[str, Any]) -> str | None:
    """Part of a sentence: which field of a `provenance.json` is not as Emocore writes it; None where all are."""
    try:
        labels = _Origin.model_validate(provenance).labels
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        return f"{'.'.join(map(str, first['loc']))[:100]}: {first['msg']}"
    return "labels: one of them is there twice" if len(set(labels)) < len(labels) else None
