"""Settings: bounds, messages that name the field, and what a study expands to."""

from typing import Any

import pytest
from pydantic import ValidationError

from emocore.errors import ConfigError
from emocore.run.config import RunConfig, build
from emocore.run.settings import bounds
from emocore.run.study import StudyConfig

SETTINGS = list(RunConfig.model_fields)
BOUNDED = [(name, kind, value) for name in SETTINGS for kind, value in bounds(name).items()]


def accepts(**values: Any) -> bool:
    try:
        RunConfig(**values)
    except ValidationError:
        return False
    return True


def test_every_study_setting_is_described() -> None:
    assert all(field.description for field in StudyConfig.model_fields.values())


def test_the_defaults_are_a_valid_run_on_the_starter_set() -> None:
    config = RunConfig()
    assert (config.method, config.base, config.data) == ("lora", "minilm-l6", "starter")
    assert config == RunConfig(**config.model_dump())


@pytest.mark.parametrize(("name", "kind", "value"), BOUNDED)
def test_the_stated_bounds_are_those_enforced(name: str, kind: str, value: float) -> None:
    """`bounds` feeds the form's fields, so it has to agree with what a config accepts."""
    step = 1 if isinstance(value, int) and "int" in str(RunConfig.model_fields[name].annotation) else 1e-6
    outside = value - step if kind in ("ge", "gt") else value + step
    assert not accepts(**{name: outside})
    if kind in ("ge", "le"):
        assert accepts(**{name: value})
    else:
        assert not accepts(**{name: value})


def test_numeric_settings_have_bounds() -> None:
    assert bounds("epochs") == {"ge": 1, "le": 1000}
    assert bounds("threshold") == {"gt": 0, "lt": 1}
    assert bounds("base") == {}


WRONG: dict[str, tuple[Any, ...]] = {
    "epochs": (0, 1.5, "three"),
    "learning_rate": (2, float("nan")),
    "rows": (19, 10**10),
    "seed": (-1, 2**31),
    "threshold": (1,),
    "device": ("gpu", "cuda:"),
    "precision": ("fp16",),
    "wandb_mode": ("disabled",),
    "wandb_base_url": ("wandb.example",),
    "max_grad_norm": (float("inf"),),
    "inverse_regularization": (float("inf"),),
    "max_steps": (10**26,),
    "study": ("a/b", "two\nlines", "", "x" * 81),
    "gradient_checkpointing": ("perhaps",),
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_wrong_value_is_refused_with_its_field_and_the_value(field: str, value: Any) -> None:
    with pytest.raises(ConfigError) as caught:
        build(RunConfig, {field: value})
    assert caught.value.field == field
    assert str(caught.value).startswith(f"{field}: ")
    assert repr(value) in str(caught.value)
    assert "\n" not in str(caught.value)


USUAL = {
    "study": ("starter study", "LoRA + IA3 (2nd try)", "study 2024-05-01 10.00.00", "étude_1"),
    "device": ("auto", "cpu", "cuda", "cuda:0", "cuda:11"),
    "wandb_base_url": ("http://127.0.0.1:8080", "https://wandb.example", "https://wandb.example:443/path"),
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in USUAL.items() for value in values])
def test_usual_values_are_accepted(name: str, value: str) -> None:
    assert getattr(RunConfig(**{name: value}), name) == value


HIDDEN = {"escape": "a\x1b[31mb", "nul": "a\0b", "direction": "a\u202eb", "half": "a\udcffb", "long": "x" * 5000}
TEXTS = [name for name in SETTINGS if "str" in str(RunConfig.model_fields[name].annotation)]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("text", HIDDEN.values(), ids=HIDDEN)
def test_no_text_holds_what_cannot_be_seen_or_has_no_end(name: str, text: str) -> None:
    value = [text] if "list" in str(RunConfig.model_fields[name].annotation) else text
    with pytest.raises(ConfigError) as caught:
        build(RunConfig, {name: value})
    assert str(caught.value.field).startswith(name)
    assert "\x1b" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("base", ["<a href='https:evil.example'>click", "a>b", "owner/<b>"])
def test_a_base_holds_no_markup_since_charts_are_called_by_it(base: str) -> None:
    with pytest.raises(ConfigError, match="base: it must not contain < or >"):
        build(RunConfig, {"base": base})


@pytest.mark.parametrize(
    "address",
    [
        "http://ada:S3CR3T@host", "https://S3CR3T@host:80/x", "ada:S3CR3T@host", "https://host/?key=S3CR3T",
        "https://host#S3CR3T", "ftp://host", "http://", "http://host:99999", "javascript:alert(1)", "",
    ],
)  # fmt: skip
def test_an_address_that_has_a_password_or_is_none_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(ConfigError) as caught:
        build(RunConfig, {"wandb_base_url": address})
    assert caught.value.field == "wandb_base_url" and "S3CR3T" not in str(caught.value)


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="learning_rat: no such setting; the settings are method, base") as caught:
        build(RunConfig, {"learning_rat": 1e-3})
    assert caught.value.field == "learning_rat"


def test_shares_that_leave_too_little_for_training_are_refused_by_both_names() -> None:
    with pytest.raises(ConfigError, match="validation_share and test_share") as caught:
        build(RunConfig, {"validation_share": 0.4, "test_share": 0.4})
    assert caught.value.field is None
    assert accepts(validation_share=0.4, test_share=0.39)


def test_spaces_around_a_value_are_cut() -> None:
    config = RunConfig(base=" minilm-l6 ", study=" a ")
    assert (config.base, config.study) == ("minilm-l6", "a")


def test_a_config_cannot_be_changed_after_its_check() -> None:
    with pytest.raises(ValidationError):
        RunConfig().epochs = 0
