"""The catalogues of bases and methods, and how they complete a config before anything is loaded."""

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

from emocore.cli import output
from emocore.errors import BaseModelError, ConfigError
from emocore.jobs.launch import plan_runs
from emocore.models.available import check_available
from emocore.models.bases import BASES, Base, describe_config, find_base
from emocore.models.families import FAMILIES, Family
from emocore.models.methods.catalogue import METHODS, find_method
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.settings import with_role
from tests.support.repository import REPOSITORY


def as_json(content: Any) -> str:
    """A string is taken as it stands, so that it can be broken."""
    return content if isinstance(content, str) else json.dumps(content)


def write_base(folder: Path, config: Any, weights: bool = True, pooling: Any = None) -> str:
    """A folder with what `find_base` looks at."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(as_json(config))
    (folder / ("model.safetensors" if weights else "pytorch_model.bin")).write_bytes(b"")
    if pooling is not None:
        (folder / "1_Pooling").mkdir()
        (folder / "1_Pooling" / "config.json").write_text(as_json(pooling))
    return str(folder)


def test_a_hub_base_that_cannot_be_fetched_points_to_the_bundled_ones() -> None:
    with pytest.raises(BaseModelError, match=r"some-owner/some_model\.v2.*minilm-l6"):
        find_base("some-owner/some_model.v2")


@pytest.mark.parametrize(
    "name",
    ["nonsense", "a/b/c", "https://huggingface.co/a/b", "/no/such/folder", "a b/c", "~nosuchuser/model", "a" * 300],
)
def test_an_unknown_base_is_refused_with_the_known_ones(name: str) -> None:
    with pytest.raises(BaseModelError, match=r"minilm-l6.*local folder.*owner/name") as caught:
        find_base(name)
    assert f"'{name[:100]}'" in str(caught.value)


@pytest.mark.parametrize(
    ("model_type", "mean", "pooling"),
    [
        ("gemma", None, "last"),
        ("qwen2", None, "last"),
        ("llama", None, "last"),
        ("llama", True, "last"),
        ("bert", None, "stock"),
        ("bert", False, "stock"),
        ("bert", True, "mean"),
        ("mpnet", True, "mean"),
        ("mpnet", None, "stock"),
        ("roberta", True, "stock"),
        ("gpt2", None, "last"),
        ("gpt2", True, "last"),
        ("bart", None, "stock"),
        ("modernbert", None, "stock"),
    ],
)
def test_a_local_folder_is_described_by_its_own_configs(
    tmp_path: Path, model_type: str, mean: bool | None, pooling: str
) -> None:
    own = None if mean is None else {"pooling_mode_mean_tokens": mean}
    sizes = {"max_position_embeddings": 77, "pad_token_id": None}
    folder = write_base(tmp_path / "model", {"model_type": model_type, **sizes}, pooling=own)
    base = find_base(folder)
    assert (base.source, base.location) == ("folder", folder)
    assert base.pooling == pooling
    assert base.family == FAMILIES.get(model_type, Family("last" if pooling == "last" else "stock"))


@pytest.mark.parametrize(
    ("config", "length"),
    [
        ({"model_type": "roberta", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "mpnet", "max_position_embeddings": 514, "pad_token_id": 1}, 512),
        ({"model_type": "gpt2", "n_positions": 1024}, 1024),
        ({"model_type": "t5", "n_positions": 512}, None),
        ({"model_type": "bloom"}, None),
    ],
)
def test_the_context_is_what_a_text_may_have_in_tokens(tmp_path: Path, config: Any, length: int | None) -> None:
    assert find_base(write_base(tmp_path / "model", config)).context_length == length


@pytest.mark.parametrize(
    ("config", "weights", "part"),
    [
        ({"model_type": "vit"}, True, "type 'vit', which is none of which Transformers has a text classifier.*gemma"),
        ({"model_type": "new", "auto_map": {"AutoConfig": "x.X"}}, True, "type 'new'.*never runs such code"),
        ({"model_type": ["bert"]}, True, "which is none of which Transformers has a text classifier"),
        ({}, True, "config.json names no model_type"),
        ("{not json", True, "config.json is damaged; it should hold one JSON object"),
        ([], True, "config.json is damaged"),
        ("", True, "config.json is damaged"),
        ({"model_type": "bert"}, False, r"no .safetensors file in it \(only pickles.*convert it"),
    ],
)
def test_a_folder_that_is_no_usable_model_is_refused_with_the_reason(
    tmp_path: Path, config: Any, weights: bool, part: str
) -> None:
    folder = write_base(tmp_path / "model", config, weights)
    with pytest.raises(BaseModelError, match=part) as caught:
        find_base(folder)
    assert folder in str(caught.value)


@pytest.mark.parametrize("pooling", ["{", []])
def test_a_folder_with_a_damaged_pooling_config_is_refused(tmp_path: Path, pooling: Any) -> None:
    folder = write_base(tmp_path / "model", {"model_type": "bert"}, pooling=pooling)
    with pytest.raises(BaseModelError, match=r"1_Pooling: config\.json is damaged"):
        find_base(folder)


def test_a_folder_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseModelError, match=r"no config\.json"):
        find_base(str(tmp_path))


def test_a_described_base_ignores_a_context_that_is_no_number() -> None:
    base = BASES["Alibaba-NLP/gte-Qwen1.5-7B-instruct"]
    assert describe_config(base, {"model_type": "qwen2", "max_position_embeddings": None}).context_length is None


@pytest.fixture
def no_hub_access(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "empty cache"))


@pytest.mark.usefixtures("no_hub_access")
def test_a_gated_base_without_a_token_says_where_to_get_access() -> None:
    with pytest.raises(BaseModelError, match=r"https://huggingface\.co/google/gemma-1\.1-2b-it.*HF_TOKEN"):
        check_available(BASES["google/gemma-1.1-2b-it"])


@pytest.mark.usefixtures("no_hub_access")
def test_a_gated_base_is_tried_with_a_token_and_an_open_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    check_available(BASES["Alibaba-NLP/gte-Qwen1.5-7B-instruct"])
    monkeypatch.setenv("HF_TOKEN", "hf_x")
    check_available(BASES["google/gemma-1.1-2b-it"])


@pytest.mark.usefixtures("no_hub_access")
def test_a_gated_base_is_refused_before_anything_is_queued() -> None:
    with pytest.raises(BaseModelError, match="gated"):
        plan_runs([RunConfig(base="google/gemma-1.1-2b-it")])


def test_a_bundled_base_that_is_not_installed_names_the_command() -> None:
    with pytest.raises(BaseModelError, match="base 'lost' is not installed; `emocore bases --install`"):
        check_available(Base("lost", "bundled", "emocore_no_such_package", FAMILIES["bert"], "mean"))


def test_the_methods_are_those_of_the_study_their_kin_and_two_floors() -> None:
    assert {"lora", "ia3", "qlora", "dora", "loha", "oft", "head", "tfidf"} <= set(METHODS)
    assert [name for name, method in METHODS.items() if method.quantized] == ["qlora", "qdora", "lora-8bit"]
    assert [name for name, method in METHODS.items() if not method.needs_base] == ["tfidf"]
    assert [name for name, method in METHODS.items() if method.moves_base] == ["pissa"]
    assert all(re.fullmatch("[a-z0-9-]+", name) for name in METHODS), "other signs do not stand in an address"


@pytest.mark.parametrize("name", METHODS)
def test_an_entry_is_complete(name: str) -> None:
    method = METHODS[name]
    assert method.name == name
    assert method.title
    assert method.summary.endswith(".")
    assert re.fullmatch(r"#[0-9a-f]{6}", method.color)
    assert method.settings <= set(RunConfig.model_fields)
    assert set(method.defaults) <= method.settings
    assert (method.adapter_config is None) == (method.trains_base or not method.needs_base)
    engines = REPOSITORY / "emocore" / "training"
    assert (engines / f"{method.engine}.py").is_file()


def test_every_family_has_a_colour_of_its_own_and_its_methods_stand_together() -> None:
    families = [family for family, _ in itertools.groupby(method.family for method in METHODS.values())]
    assert len({family.color for family in families}) == len({family.title for family in families}) == len(families)
    assert len(families) <= 8, "more could not be told apart"


@pytest.mark.parametrize("name", METHODS)
def test_an_entry_names_its_paper(name: str) -> None:
    assert re.search(r"(19|20)\d\d, (arXiv:\d{4}\.\d{5}|[A-Z]+)$", METHODS[name].paper)


def test_an_unknown_method_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="no method 'prefix'; the methods are lora, rslora, ") as caught:
        find_method("prefix")
    assert caught.value.field == "method"


@pytest.mark.parametrize("base", ["minilm-l6", "smollm2-135m"])
def test_ia3_learns_ten_to_twenty_times_as_fast_as_lora(base: str) -> None:
    rates = [resolve(RunConfig(method=method, base=base))[0].learning_rate for method in ("ia3", "lora")]
    assert rates[0] == 1e-2
    assert rates[1] is not None
    assert 10 <= rates[0] / rates[1] <= 20


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("base", ["minilm-l6", "smollm2-135m"])
def test_a_resolved_config_has_every_setting_that_its_method_reads(name: str, base: str) -> None:
    config, notes = resolve(RunConfig(method=name, base=base))
    method = METHODS[name]
    may_be_open = {"max_steps", "target_modules"}  # open means: as many steps as epochs make; the base's own layers
    for setting in with_role("method"):
        value = getattr(config, setting)
        if setting not in method.settings:
            assert value is None
        elif setting not in may_be_open:
            assert value is not None
    assert notes == []
    assert config.base == (base if method.needs_base else "none")


@pytest.mark.parametrize("name", METHODS)
def test_resolving_twice_changes_nothing_more(name: str) -> None:
    once, _ = resolve(RunConfig(method=name))
    assert resolve(once) == (once, [])


def test_defaults_follow_the_pooling_of_the_base() -> None:
    mean, _ = resolve(RunConfig(method="lora", base="minilm-l6"))
    last, _ = resolve(RunConfig(method="lora", base="smollm2-135m"))
    assert (mean.epochs, mean.learning_rate, mean.head_learning_rate) == (4, 1e-3, 1e-2)
    assert (last.epochs, last.learning_rate, last.head_learning_rate) == (3, 5e-4, 1e-3)


def test_a_given_value_wins_over_the_default() -> None:
    config, notes = resolve(RunConfig(method="lora", learning_rate=3e-5, epochs=9, lora_rank=2))
    assert (config.learning_rate, config.epochs, config.lora_rank, config.lora_alpha) == (3e-5, 9, 2, 32)
    assert notes == []


@pytest.mark.parametrize(
    ("method", "setting", "value"),
    [
        ("ia3", "lora_rank", 8),
        ("head", "learning_rate", 1e-3),
        ("tfidf", "epochs", 3),
        ("lora", "inverse_regularization", 2),
    ],
)
def test_a_setting_that_has_no_effect_is_left_out_and_said(method: str, setting: str, value: Any) -> None:
    config, notes = resolve(RunConfig(method=method, **{setting: value}))
    assert getattr(config, setting) is None
    assert notes == [f"{setting} has no effect on {METHODS[method].title}; it was left out"]


def test_texts_longer_than_the_base_reads_are_refused_by_field() -> None:
    with pytest.raises(ConfigError, match="max_length: 1024 is more than the 512 tokens") as caught:
        resolve(RunConfig(base="minilm-l6", max_length=1024))
    assert caught.value.field == "max_length"
    assert resolve(RunConfig(base="minilm-l6", max_length=512))[0].max_length == 512


def test_a_method_without_a_base_does_not_mind_an_unknown_one() -> None:
    assert resolve(RunConfig(method="tfidf", base="nonsense"))[0].base == "none"


def test_the_command_line_lists_every_entry_of_both_catalogues() -> None:
    assert [row["name"] for row in output.base_rows()] == list(BASES)
    assert [row["name"] for row in output.method_rows()] == list(METHODS)
    json.dumps([output.base_rows(), output.method_rows()])
