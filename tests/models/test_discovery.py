"""What is found in a model: layers for adapters, normalisations, head, and what its checkpoint lacks."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import AutoConfig, AutoModelForSequenceClassification, PreTrainedModel
from transformers.pytorch_utils import Conv1D

from emocore.errors import BaseModelError, ConfigError
from emocore.models.bases import Base
from emocore.models.build import LoadedBase, add_adapter, load_base
from emocore.models.discovery import complete_family, name_exactly
from emocore.models.families import Family
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.base_types import TYPES, save_base

LABELS = ("anger", "joy", "sadness")
NEW = {  # other than the head, in what is published of them
    "bert": {"bert.pooler"}, "albert": {"albert.pooler"}, "distilbert": {"pre_classifier"}, "deberta-v2": {"pooler"},
}  # fmt: skip
HEADS = {"bart": "classification_head", "t5": "classification_head"}
IA3 = {  # keys and values, and the second feed-forward layers
    "distilbert": ({"k_lin", "v_lin"}, {"lin2"}),
    "electra": ({"key", "value"}, {"0.output.dense", "1.output.dense"}),
    "albert": ({"key", "value"}, {"ffn_output"}),
    "mpnet": ({"k", "v"}, {"output.dense"}),
    "deberta-v2": ({"key_proj", "value_proj"}, {"0.output.dense", "1.output.dense"}),
    "modernbert": ({"Wqkv"}, {"mlp.Wo"}),
    "gemma3_text": ({"k_proj", "v_proj"}, {"down_proj"}),
    "phi3": ({"qkv_proj"}, {"down_proj"}),
    "olmo2": ({"k_proj", "v_proj"}, {"down_proj"}),
    "gpt2": ({"c_attn"}, {"mlp.c_proj"}),
    "gpt_neox": ({"query_key_value"}, {"dense_4h_to_h"}),
    "opt": ({"k_proj", "v_proj"}, {"fc2"}),
    "bart": ({"k_proj", "v_proj"}, {"fc2"}),
    "t5": ({"k", "v"}, {"wo"}),
}


def build_skeleton(model_type: str, **changes: object) -> PreTrainedModel:
    """The classifier of a tiny model, without weights."""
    sizes = TYPES.get(model_type, TYPES["bert"])
    config = AutoConfig.for_model(model_type, vocab_size=100, pad_token_id=0, num_labels=3, **(sizes | changes))
    with torch.device("meta"):
        return AutoModelForSequenceClassification.from_config(config)


def find(model: PreTrainedModel) -> Family:
    return complete_family(Base("a/b", "hub", "a/b"), model)


def load(folder: Path) -> LoadedBase:
    return load_base(str(folder), LABELS, "cpu", torch.float32, quantized=False)


def fit(name: str, ends: tuple[str, ...]) -> bool:
    return any(name == end or name.endswith(f".{end}") for end in ends)


@pytest.mark.parametrize("model_type", TYPES)
def test_targets_are_the_linear_layers_of_the_blocks_and_nothing_else(model_type: str) -> None:
    model = build_skeleton(model_type)
    family = find(model)
    for name, module in model.named_modules():
        is_in_block = any(part.isdigit() for part in name.split("."))
        assert fit(name, family.lora_targets) == (isinstance(module, nn.Linear | Conv1D) and is_in_block), name
    assert family.head == HEADS.get(model_type, "score" if hasattr(model, "score") else "classifier")


@pytest.mark.parametrize("model_type", TYPES)
def test_norms_are_those_of_the_base_model(model_type: str) -> None:
    model = build_skeleton(model_type)
    found = {name for name, _ in model.named_modules() if fit(name, find(model).norms)}
    expected = {
        name
        for name, module in model.named_modules()
        if type(module).__name__.endswith("Norm") and name.startswith(f"{model.base_model_prefix}.")
    }
    assert found == expected and len(found) >= 3


@pytest.mark.parametrize("model_type", IA3)
def test_ia3_finds_keys_values_and_second_feed_forward_layers(model_type: str) -> None:
    family = find(build_skeleton(model_type))
    keys, feed_forward = IA3[model_type]
    assert set(family.ia3_feedforward) == feed_forward
    assert set(family.ia3_targets) == keys | feed_forward


def test_what_an_entry_states_is_not_searched_for() -> None:
    stated = Family(ia3_targets=("key",), head="own")
    found = complete_family(Base("a/b", "hub", "a/b", stated), build_skeleton("bert"))
    assert (found.ia3_targets, found.head) == (("key",), "own")
    assert found.lora_targets


def test_a_type_whose_head_is_in_its_base_model_is_refused() -> None:
    model = build_skeleton("bert")
    del model.classifier
    with pytest.raises(BaseModelError, match="'a/b' is of type 'bert', whose classifier has no head"):
        find(model)


def test_names_are_as_short_as_they_can_be() -> None:
    names = ["a.0.x", "a.1.x", "b.x", "a.0.y", "a.1.y", "a.0.z.y"]
    assert name_exactly(["a.0.x", "a.1.x"], names) == ("0.x", "1.x")
    assert name_exactly(["a.0.y", "a.1.y", "a.0.z.y"], names) == ("y",)
    assert name_exactly(["b.x"], names) == ("b.x",)


@pytest.fixture(scope="module", params=TYPES)
def loaded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, LoadedBase]:
    return request.param, load(save_base(tmp_path_factory.mktemp("bases") / request.param, request.param))


def test_all_that_starts_at_random_is_found(loaded: tuple[str, LoadedBase]) -> None:
    model_type, base = loaded
    assert set(base.new_modules) == NEW.get(model_type, set()) | {base.base.family.head}


def test_a_pretrained_part_of_a_head_stays_frozen(tmp_path: Path) -> None:
    """ModernBERT's language model has the dense layer that its classifier reads as well."""
    base = load(save_base(tmp_path / "base", "modernbert"))
    model = add_adapter(resolve(RunConfig(base=base.source, max_length=32, method="lora"))[0], base)
    assert not any(p.requires_grad for name, p in model.named_parameters() if ".head." in name)


def test_a_head_for_other_labels_is_replaced(tmp_path: Path) -> None:
    folder = save_base(tmp_path / "base", "distilbert")
    AutoModelForSequenceClassification.from_pretrained(folder, num_labels=5).save_pretrained(folder)
    base = load(folder)
    assert base.new_modules == ("classifier",), "what else it has of a head was trained"
    assert base.model.classifier.out_features == 3


@pytest.mark.parametrize("lost", ["encoder.layer.1.output.dense.weight", "embeddings.word_embeddings.weight"])
def test_a_base_that_lacks_weights_of_its_own_is_refused(tmp_path: Path, lost: str) -> None:
    folder = save_base(tmp_path / "base", "electra")
    weights = load_file(folder / "model.safetensors")
    save_file(
        {n: w for n, w in weights.items() if not n.endswith(lost)}, folder / "model.safetensors", {"format": "pt"}
    )
    with pytest.raises(BaseModelError, match=f"base '{folder}': its files lack 1 weights.*electra.*{lost}"):
        load(folder)


def test_weights_of_other_sizes_than_the_config_says_are_refused(tmp_path: Path) -> None:
    folder = save_base(tmp_path / "base", "bert")
    config = AutoConfig.from_pretrained(folder)
    config.vocab_size += 7
    config.save_pretrained(folder)
    with pytest.raises(BaseModelError, match=r"word_embeddings.*damaged, or of another model"):
        load(folder)


def test_a_target_that_also_fits_the_head_is_narrowed(tmp_path: Path) -> None:
    base = load(save_base(tmp_path / "base", "roberta"))
    config, _ = resolve(RunConfig(base=base.source, max_length=32, method="lora", target_modules=["dense"]))
    names = [name for name, _ in add_adapter(config, base).named_parameters() if "lora_" in name]
    assert len(names) == 2 * 2 * 3 and not any("classifier" in name for name in names)


def test_a_target_that_is_trained_whole_anyway_is_refused(tmp_path: Path) -> None:
    base = load(save_base(tmp_path / "base", "distilbert"))
    config, _ = resolve(
        RunConfig(base=base.source, max_length=32, method="lora", target_modules=["q_lin", "pre_classifier"])
    )
    with pytest.raises(ConfigError, match="'pre_classifier' is new in this base and trained whole; leave it out"):
        add_adapter(config, base)


def test_a_method_that_knows_no_layer_of_a_base_names_the_setting(tmp_path: Path) -> None:
    """FNet mixes tokens by a Fourier transform, so it has neither keys nor values."""
    base = load(save_base(tmp_path / "base", "fnet"))
    config, _ = resolve(RunConfig(base=base.source, max_length=32, method="ia3"))
    with pytest.raises(ConfigError, match=r"IA3 knows no layers of base .*; name some, or choose another") as caught:
        add_adapter(config, base)
    assert caught.value.field == "target_modules"
