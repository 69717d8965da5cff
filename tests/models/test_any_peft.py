"""Types of adapter that only PEFT knows: their names and parameters. `test_every_method.py` trains some."""

import re

import pytest

from emocore.errors import ConfigError
from emocore.models.bases import find_base
from emocore.models.methods.any_peft import IN_CATALOGUE, make_config
from emocore.models.methods.catalogue import find_method, reads
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.parse import parse_method_settings, parse_settings


def make(method: str, *parameters: str, **settings: object) -> object:
    config, _ = resolve(RunConfig(method=method, peft=list(parameters) or None, **settings))
    return make_config(config, find_base(config.base))


def test_parameters_have_pefts_names_and_types() -> None:
    config = make("peft:randlora", "r=7", "randlora_dropout=0.25", "sparse=true", target_modules=["query"])
    assert (config.r, config.randlora_dropout, config.sparse) == (7, 0.25, True)
    assert config.target_modules == {"query"}


@pytest.mark.parametrize(
    ("method", "field"),
    [
        ("peft:randlora", "projection_prng_key"),
        ("peft:waveft", "random_loc_seed"),
        ("peft:tinylora", "projection_seed"),
    ],
)
def test_the_seed_of_the_run_draws_what_is_not_trained(method: str, field: str) -> None:
    assert getattr(make(method, seed=5), field) == 5
    assert getattr(make(method, f"{field}=9", seed=5), field) == 9


@pytest.mark.parametrize(
    ("method", "parameters", "field", "told"),
    [
        ("peft:nothing", [], "method", "PEFT has no further type NOTHING.* it has .*randlora.*`emocore methods`"),
        ("peft:prompt_tuning", [], "method", "no further type PROMPT_TUNING"),
        ("peft:lora", [], "method", "no further type LORA"),
        ("peft:randlora", ["ranks=3"], "peft", "no parameter 'ranks' to set; there are .*randlora_alpha"),
        ("peft:randlora", ["modules_to_save=score"], "peft", "no parameter 'modules_to_save' to set"),
        ("peft:randlora", ["r=many"], "peft", "r is 'many'; input should be a valid integer"),
        ("peft:randlora", ["layers_pattern=../../x"], "peft", "only numbers, words and lists"),
        ("peft:randlora", ['r={"a": 1}'], "peft", "only numbers, words and lists"),
        ("peft:c3a", ["init_weights=sideways"], "peft", "init_weights is 'sideways'; input should be a valid bool"),
    ],
)
def test_what_peft_does_not_have_is_named(method: str, parameters: list[str], field: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        make(method, *parameters)
    assert caught.value.field == field


@pytest.mark.parametrize("name", ["peft:", "peft:a b", "peft:../x", "peft:Lora", "peft:" + "x" * 60])
def test_a_name_that_no_type_can_have_is_refused_without_peft(name: str) -> None:
    with pytest.raises(ConfigError, match="such as peft:randlora"):
        find_method(name)


def test_it_reads_the_settings_of_an_adapter_and_its_parameters() -> None:
    assert all(reads("peft:randlora", setting) for setting in ("peft", "learning_rate", "target_modules", "epochs"))
    assert not reads("peft:randlora", "lora_rank")
    assert not reads("lora", "peft")


def test_the_command_line_takes_each_parameter_by_itself() -> None:
    assert parse_settings(["peft.r=8", "epochs=2", "peft.sparse=true"]) == {
        "peft": ["r=8", "sparse=true"],
        "epochs": "2",
    }
    found = parse_method_settings(["peft:hira.peft.r=8", "peft:hira.peft.hira_dropout=0.1"], ["lora", "peft:hira"])
    assert found == {"peft:hira": {"peft": ["r=8", "hira_dropout=0.1"]}}


def test_the_catalogue_has_what_is_named_as_its_own() -> None:
    from peft import PeftType

    assert set(IN_CATALOGUE) <= {kind.value for kind in PeftType}
    assert all(re.fullmatch("[A-Z0-9_]+", kind) for kind in IN_CATALOGUE)
