"""The records of runs and studies: JSON files of one object with a format number, validated as a whole when read.

A record may be damaged or come from somebody else, so it is only read through its model.
"""

import json
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from emocore.errors import RunError
from emocore.run.migration import FORMAT, migrate
from emocore.system.files import check_contained, read_json_object, write_atomically

AGAIN = "run it again or delete the run"
MOST_READ = 2**16  # records of runs that a process keeps; a folder with more of them is read again each time
MOST = 2**53  # largest count or measurement; above it a float cannot represent every integer

Model = TypeVar("Model", bound=BaseModel)
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=MOST)]
Amount = Annotated[float, Field(ge=0, le=MOST)]


class Strict(BaseModel):
    """Base of a record or a part of one: values have exactly the declared types and are finite."""

    model_config = ConfigDict(strict=True, frozen=True, allow_inf_nan=False)


def read_record(
    folder: Path, name: str, model: type[Model], remedy: str = AGAIN, owner: str | None = None
) -> Model | None:
    """The record in the file `name` of a run's folder; None if there is no such file. A record that is not a run's
    names its `owner`.

    Raises RunError, which names run, file and field, if it cannot be read, is damaged or has another format.
    """
    path, place = folder / name, f"{owner or f'run {folder.name}'}: {name}"
    try:
        check_contained(path, folder)
        content = read_json_object(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        hint = remedy if owner else "fix that, or delete the run"
        raise RunError(f"{place} cannot be read: {error.strerror}", hint=hint) from None
    if content is None:
        raise RunError(f"{place} is damaged (it should hold one JSON object)", hint=remedy)
    values = migrate(content, name)
    number = values.pop("format")
    if type(number) is not int:
        raise RunError(f"{place} is damaged (format: should be a whole number)", hint=remedy)
    if number != FORMAT:
        raise RunError(
            f"{place} has format {number}, which this version of Emocore does not know", hint="update Emocore"
        )
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise RunError(f"{place} is damaged ({describe_problem(error)})", hint=remedy) from None


def write_record(path: Path, record: BaseModel) -> None:
    """Replace the file in one step. Raises OSError as `write_atomically` does."""
    content = {"format": FORMAT, **record.model_dump(mode="json")}
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False))


def describe_problem(error: ValidationError) -> str:
    """The first wrong field of a record and what is wrong with it: "cost.train_seconds: field required"."""
    problem = error.errors(include_url=False, include_context=False, include_input=False)[0]
    words = problem["msg"].removeprefix("Value error, ").removeprefix("Input ")
    field = ".".join(map(str, problem["loc"]))[:100]
    return f"{field}: {words[:1].lower()}{words[1:]}".removeprefix(": ")
