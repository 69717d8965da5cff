"""Typed text becomes names and values; text that cannot be read is refused with the correct form."""

from typing import Any

import pytest

from emocore.errors import ConfigError
from emocore.run.config import RunConfig, build
from emocore.run.parse import parse_list, parse_method_settings, parse_series, parse_setting, parse_settings, parse_vary


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("learning_rate=5e-4", ("learning_rate", "5e-4")),
        (" epochs = 3 ", ("epochs", "3")),
        ("rows=", ("rows", None)),
        ("target_modules=q_proj, v_proj,", ("target_modules", ["q_proj", "v_proj"])),
        ("wandb_base_url=http://a/?b=c", ("wandb_base_url", "http://a/?b=c")),
    ],
)
def test_a_setting_is_parsed_from_the_command_line(text: str, parsed: tuple[str, Any]) -> None:
    assert parse_setting(text) == parsed


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("learning_rate=5e-4", "learning_rate", 0.0005),
        ("epochs=3", "epochs", 3),
        ("rows=", "rows", None),
        ("gradient_checkpointing=true", "gradient_checkpointing", True),
        ("label_columns=anger,joy", "label_columns", ["anger", "joy"]),
        ("study=5", "study", "5"),
    ],
)
def test_a_parsed_setting_builds_a_config_of_the_right_type(text: str, name: str, value: Any) -> None:
    built = getattr(build(RunConfig, dict([parse_setting(text)])), name)
    assert (built, type(built)) == (value, type(value))


@pytest.mark.parametrize("text", ["epochs", "", "nonsense=1", "=1"])
def test_a_setting_that_cannot_be_parsed_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        parse_setting(text)


def test_several_settings_are_one_each() -> None:
    assert parse_settings(["epochs=3", "rows="]) == {"epochs": "3", "rows": None}
    with pytest.raises(ConfigError, match="epochs is given twice; leave one of the two out") as caught:
        parse_settings(["epochs=3", "rows=50", " epochs=3"])
    assert caught.value.field == "epochs"


def test_a_list_is_separated_by_commas() -> None:
    assert parse_list(" 1,2 , ,3,") == ["1", "2", "3"]
    assert parse_list(" ,") == []


def test_a_varied_setting_is_a_name_with_its_values() -> None:
    assert parse_vary("rows=125, 250") == {"rows": ["125", "250"]}
    assert parse_vary("rows") == {"rows": []}, "which a study refuses"


def test_settings_of_single_methods_are_gathered_by_method() -> None:
    lines = ["qlora.max_steps=40", " ia3.learning_rate = 5e-3 ", "qlora.base=a/b.c"]
    expected = {"qlora": {"max_steps": "40", "base": "a/b.c"}, "ia3": {"learning_rate": "5e-3"}}
    assert parse_method_settings(lines, ["ia3", "qlora"]) == expected
    assert parse_method_settings([], ["lora"]) == {}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["max_steps"], "'max_steps' is no setting of a method; write METHOD.NAME=VALUE"),
        (["lora.epochs=3"], "lora.epochs=3: 'lora' is not among the study's methods ia3, qlora"),
        (["ia3.epochs=3", "ia3.epochs=4"], "ia3.epochs is given twice"),
        (["ia3.optimizer=sgd"], "optimizer: no such setting"),
        (["ia3.epochs"], "'epochs' is not a setting; write NAME=VALUE"),
    ],
)
def test_a_setting_of_a_method_that_cannot_be_read_is_refused(lines: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_method_settings(lines, ["ia3", "qlora"])
    assert str(caught.value).startswith(message)


def test_names_of_series_may_have_commas_in_parentheses() -> None:
    assert parse_series("lora, IA3 (rows 250, epochs 3),head,") == ["lora", "IA3 (rows 250, epochs 3)", "head"]
    assert parse_series("") == []
