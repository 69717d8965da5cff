"""Ranges are relative to the defaults of a method, and within the bounds of the settings."""

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from emocore.errors import ConfigError
from emocore.models.methods.catalogue import METHODS, find_method
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.search.space import RATE_FACTORS, SIZES, find_space

SEARCHED = {*RATE_FACTORS, "epochs", *SIZES}


@pytest.mark.parametrize("base", ["minilm-l6", "smollm2-135m"])
@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_searched_around_its_defaults(method: str, base: str) -> None:
    space, defaults = find_space(RunConfig(method=method, base=base))
    assert set(space) == find_method(method).settings & SEARCHED
    for name, distribution in space.items():
        assert distribution._contains(distribution.to_internal_repr(defaults[name]))
        if isinstance(distribution, CategoricalDistribution):
            ends = [min(distribution.choices), max(distribution.choices)]
        else:
            assert isinstance(distribution, FloatDistribution | IntDistribution)
            ends = [distribution.low, distribution.high]
        assert ends[0] < defaults[name] < ends[1]
        for end in ends:
            resolve(RunConfig(method=method, base=base, **{name: end}))


def test_rates_have_a_log_scale() -> None:
    space, defaults = find_space(RunConfig())
    for name in ("learning_rate", "head_learning_rate"):
        distribution = space[name]
        assert isinstance(distribution, FloatDistribution) and distribution.log
        assert distribution.low == pytest.approx(defaults[name] / 10)
        assert distribution.high == pytest.approx(defaults[name] * 10)


def test_what_is_given_is_not_searched() -> None:
    assert set(find_space(RunConfig(learning_rate=1e-3, max_steps=20))[0]) == {"head_learning_rate", "lora_rank"}
    with pytest.raises(ConfigError, match="nothing is left to search for TF-IDF"):
        find_space(RunConfig(method="tfidf", inverse_regularization=1.0))
