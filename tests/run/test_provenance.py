"""Valid and invalid content of `provenance.json`."""

from typing import Any

import pytest
from pydantic import ValidationError

from emocore.data.split import Splits
from emocore.run.provenance import Provenance
from emocore.run.records import describe_problem
from emocore.training.provenance import describe_provenance

BIG = 10**400


def test_what_a_run_writes_is_whole() -> None:
    splits = Splits({}, ("anger", "joy"), {"data": "a" * 64}, "b" * 64, "c" * 64, 500)
    written = describe_provenance(splits, "cpu", "fp32")
    assert Provenance.model_validate(written.model_dump()) == written


def test_only_the_labels_are_needed() -> None:
    assert Provenance.model_validate({"labels": ["joy"]}).labels == ["joy"]
    with pytest.raises(ValidationError, match="labels"):
        Provenance.model_validate({})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((field, value) for field in ("rows", "packages", "data_sha256") for value in (3, "x", [], {"data": []})),
        *((field, value) for field in ("platform", "split_sha256", "device", "precision") for value in (3, [], {})),
        *(("rows", {"train": value}) for value in (-1, BIG, float("nan"), float("inf"), "10", True, None)),
        *(("labels", value) for value in (None, 3, "joy", [], [1], [""], ["joy", "joy"], ["<a href=x>"])),
        ("code", 3),
        ("code", {"revision": 3}),
        ("packages", {"torch": 2.0}),
        ("platform", "x" * 10**6),
        ("labels", [str(number) for number in range(100_000)]),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_another_type_or_size_is_named_by_its_field(field: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Provenance.model_validate({"labels": ["joy"], field: value})
    problem = describe_problem(caught.value)
    assert problem.startswith(field) and len(problem) < 300
