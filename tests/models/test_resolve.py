"""The config that a clone gets; what `resolve` fills in is tested where runs are planned."""

import pytest

from emocore.errors import ConfigError
from emocore.models.methods.catalogue import METHODS
from emocore.models.resolve import derive, resolve
from emocore.run.config import RunConfig


@pytest.fixture
def original() -> RunConfig:
    return resolve(RunConfig(method="lora", base="minilm-l6", lora_rank=4))[0]


def test_a_clone_changes_what_it_is_told_to(original: RunConfig) -> None:
    assert derive(original, {}) == original
    assert derive(original, {"seed": 7}) == original.model_copy(update={"seed": 7})


def test_a_clone_by_another_method_gets_its_defaults_and_keeps_what_was_chosen(original: RunConfig) -> None:
    assert resolve(derive(original, {"method": "qlora"}))[0].lora_rank == 4
    ia3 = resolve(derive(original, {"method": "ia3"}))[0]
    assert ia3.learning_rate == METHODS["ia3"].default("learning_rate", "mean") != original.learning_rate


def test_a_setting_that_is_given_goes_before_every_default(original: RunConfig) -> None:
    assert derive(original, {"method": "ia3", "learning_rate": 0.001}).learning_rate == 0.001


@pytest.mark.parametrize(("setting", "value"), [("patience", 2), ("keep_metric", "loss")])
def test_how_to_choose_an_epoch_is_refused_where_none_is_chosen(setting: str, value: object) -> None:
    with pytest.raises(ConfigError, match=f"{setting}: it has no effect with keep=last; set keep to best") as refused:
        resolve(RunConfig(**{setting: value}))
    assert refused.value.field == setting
    chosen, notes = resolve(RunConfig(**{"keep": "best", setting: value}))
    assert (chosen.keep, getattr(chosen, setting), notes) == ("best", value, [])


def test_a_method_without_epochs_leaves_the_choice_of_one_out() -> None:
    told = "keep has no effect on TF-IDF, which has no epochs; it was left out"
    config, notes = resolve(RunConfig(method="tfidf", keep="best", keep_metric="loss", patience=3))
    assert (config, notes) == (resolve(RunConfig(method="tfidf"))[0], [told])
