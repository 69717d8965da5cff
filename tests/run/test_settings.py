"""A setting is one field: every part of Emocore that knows settings knows each of them, as its field says."""

from functools import cache
from typing import Any, get_args

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.cli.main import main
from emocore.cli.output import settings_markdown
from emocore.evaluation.audit import audit
from emocore.evaluation.results import Result
from emocore.evaluation.series import name_series
from emocore.export.repeat import repeat_command
from emocore.models.methods.catalogue import METHODS, reads
from emocore.models.resolve import KEEP_SETTINGS
from emocore.run.config import RunConfig
from emocore.run.settings import (
    AUDITED,
    DATA_FILES,
    DRAWS,
    NOT_TOLD,
    SHARED,
    VARIED,
    audit_name,
    bounds,
    describe,
    title,
    use,
)
from emocore.run.use import FormPlace
from tests.support.audited_runs import finish
from tests.support.repository import REPOSITORY

SETTINGS = list(RunConfig.model_fields)
# On the top of the form these have inputs of their own; a further setting of that place needs a line in the page.
TOP_INPUTS = {
    "method": "launch_methods", "base": "launch_base", "seed": "launch_seeds", "study": "launch_study",
    "data": "launch_source", "rows": "launch_rows", "epochs": "launch_epochs", "batch_size": "launch_batch_size",
    "learning_rate": "launch_rate_lora", "replicate": "launch_replicates",
}  # fmt: skip
# Known by what a run found where it says so, as these results do, and not by what it was told.
TOLD_BY_CONTENT = {*DATA_FILES, "label_columns", "rows", "precision"}
WORDS = {
    "method": "ia3", "base": "minilm-l6", "device": "cpu", "wandb_base_url": "https://wandb.example.org",
    "positive_weight": "balanced",
}  # fmt: skip


def other_value(name: str) -> Any:
    """A value that the setting does not have in `finish()`."""
    field, value = RunConfig.model_fields[name], getattr(finish().config, name)
    choices = [choice for choice in get_args(field.annotation) if isinstance(choice, str)]
    if choices:
        return next(choice for choice in choices if choice != value)
    if isinstance(field.default, bool):
        return not value
    if limits := bounds(name):
        lowest, highest = limits.get("ge", limits.get("gt", 0.0)), limits.get("le", limits.get("lt", 1e9))
        is_whole = int in (field.annotation, *get_args(field.annotation))
        tried = (
            [lowest + 3, lowest + 7, lowest]
            if is_whole
            else [lowest + (min(highest, 1) - lowest) * x for x in (0.3, 0.4)]
        )
        return next(number for number in tried if number != value and number <= highest)
    return ["other"] if list[str] in get_args(field.annotation) else WORDS.get(name, "other")


def differing(name: str) -> list[Result]:
    """Two results that differ only in this setting, of a method that reads it."""
    needed = {"keep": "best"} if name in KEEP_SETTINGS and name != "keep" else {}
    readers = (method for method in (*METHODS, "peft:randlora") if reads(method, name))
    method = {} if name == "method" else {"method": next(readers)}
    return [finish(**needed | method), finish(**needed | method | {name: other_value(name)})]


@cache
def open_form() -> AppTest:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(st, "page_link", lambda *_, **__: None)
        page = AppTest.from_file(str(REPOSITORY / "pages" / "launch" / "page.py"), default_timeout=60).run()
    assert not page.exception
    return page


def inputs_by_heading() -> dict[str, list[str]]:
    """Heading under "More settings" -> the labels of the inputs below it, in their order."""
    [more] = [folded for folded in open_form().expander if folded.label == "More settings"]
    found: dict[str, list[str]] = {}
    place = ""
    for element in more:
        if element.type == "markdown":
            place = str(element.value).strip("*")
        elif place and (label := getattr(element, "label", None)):
            found.setdefault(place, []).append(label)
    return found


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_described_in_a_sentence(name: str) -> None:
    assert describe(name).endswith((".", "`."))
    assert len(describe(name)) >= 10


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_on_the_form_where_its_field_says(name: str) -> None:
    form, place = open_form(), use(name).form
    key = TOP_INPUTS[name] if place == "top" else f"launch_{name}"
    elements = [element for element in form.main if getattr(element, "key", None) == key]
    assert len(elements) == (0 if place is None else 1), f"{key} is there {len(elements)} times"
    if place not in ("top", None):
        assert title(name) in inputs_by_heading()[place]
        assert elements[0].help == describe(name)


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_an_option_of_launch(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["launch", "--help"]) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"--{name.replace('_', '-')} " in told
    assert describe(name)[:30] in told


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_audited_as_its_role_says(name: str) -> None:
    told = audit(differing(name))["what"].tolist()
    if name in AUDITED and name not in TOLD_BY_CONTENT:
        assert [what for what in told if what.startswith(audit_name(name))], told
    else:
        assert told == []


@pytest.mark.parametrize("name", SETTINGS)
def test_it_sets_series_apart_as_its_role_says(name: str) -> None:
    first, second = name_series(differing(name)).values()
    assert (first == second) == (name in (NOT_TOLD | {*DRAWS}) - {"method"})


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_in_the_command_that_repeats_a_run_unless_it_is_logging(name: str) -> None:
    first, second = (repeat_command([result]) for result in differing(name))
    assert (first == second) == (use(name).role == "logging")
    if use(name).role != "logging":
        value = other_value(name)
        assert str(value[0] if isinstance(value, list) else value) in second


@pytest.mark.parametrize("name", SETTINGS)
def test_it_is_in_the_documentation(name: str) -> None:
    rows = (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8").splitlines()
    [row] = [row for row in rows if row.startswith(f"| `{name}` |")]
    assert describe(name).replace("|", "\\|") in row


def test_the_documentation_is_what_the_command_prints() -> None:
    assert (REPOSITORY / "docs" / "settings.md").read_text(encoding="utf-8") == settings_markdown()


def test_only_numbers_that_change_the_training_are_varied() -> None:
    assert set(VARIED) <= {name for name in SETTINGS if bounds(name)} - (SHARED - {"rows"})


def test_every_heading_of_the_form_is_one_that_a_field_may_name() -> None:
    assert set(inputs_by_heading()) == set(get_args(FormPlace)) - {"top"}
