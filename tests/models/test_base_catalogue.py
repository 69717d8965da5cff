"""What the catalogue says of each base, which no test can ask the Hub for."""

import pytest
import torch
from transformers import AutoConfig, AutoModel

from emocore.models.bases import BASES, Base, describe_config

STUDY_BASES = ("google/gemma-1.1-2b-it", "Alibaba-NLP/gte-Qwen1.5-7B-instruct")


def test_the_catalogue_has_the_bundled_bases_and_those_of_the_study() -> None:
    """Decoders read their last token, the sentence encoders their mean."""
    assert all(name == base.name for name, base in BASES.items())
    assert list(BASES)[:2] == ["minilm-l6", "smollm2-135m"], "what needs no download comes first"
    assert [name for name, base in BASES.items() if base.source == "bundled"] == list(BASES)[:2]
    assert {name for name, base in BASES.items() if base.pooling == "mean"} == {
        "minilm-l6",
        "sentence-transformers/all-mpnet-base-v2",
    }
    assert all(BASES[name].pooling == "last" for name in (*STUDY_BASES, "smollm2-135m"))


@pytest.mark.parametrize("base", BASES.values(), ids=lambda base: base.name)
def test_a_base_of_the_catalogue_states_size_context_and_licence(base: Base) -> None:
    assert base.parameters
    assert base.context_length
    assert base.licence != "not stated"
    assert base.note.endswith(".")
    assert base.source != "hub" or base.location == base.name
    assert set(base.family.ia3_feedforward) <= set(base.family.ia3_targets)
    assert base.family.pooling in ("stock", base.pooling), "a decoder reads its last token"


ROBERTA = {"max_position_embeddings": 514, "type_vocab_size": 1}
SIZES = {  # what the model's own config.json says, where that is not the default of Transformers
    "google-bert/bert-base-uncased": ("bert", {}),
    "distilbert/distilbert-base-uncased": ("distilbert", {}),
    "FacebookAI/roberta-base": ("roberta", {**ROBERTA, "vocab_size": 50265}),
    "FacebookAI/xlm-roberta-base": ("xlm-roberta", {**ROBERTA, "vocab_size": 250002}),
    "sentence-transformers/all-mpnet-base-v2": ("mpnet", {"max_position_embeddings": 514, "vocab_size": 30527}),
    "answerdotai/ModernBERT-base": ("modernbert", {}),
    "HuggingFaceTB/SmolLM2-360M": (
        "llama",
        {
            "hidden_size": 960, "intermediate_size": 2560, "num_hidden_layers": 32, "num_attention_heads": 15,
            "num_key_value_heads": 5, "vocab_size": 49152, "max_position_embeddings": 8192,
        },
    ),
    "Qwen/Qwen3-0.6B": (
        "qwen3",
        {
            "hidden_size": 1024, "intermediate_size": 3072, "num_hidden_layers": 28, "num_attention_heads": 16,
            "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936, "max_position_embeddings": 40960,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SIZES)
def test_parameters_and_context_are_those_of_the_model_that_a_config_describes(name: str) -> None:
    model_type, sizes = SIZES[name]
    config = AutoConfig.for_model(model_type, **sizes)
    with torch.device("meta"):
        model = AutoModel.from_config(config)
    assert BASES[name].parameters == sum(parameter.numel() for parameter in model.parameters())
    described = describe_config(BASES[name], config.to_dict())
    assert (described.context_length, described.family) == (BASES[name].context_length, BASES[name].family)
    assert described.pooling == BASES[name].pooling


def test_parameters_of_the_study_s_bases_are_the_true_ones() -> None:
    assert [BASES[name].parameters for name in STUDY_BASES] == [2_506_172_416, 7_098_994_688]
    assert [BASES[name].gated for name in STUDY_BASES] == [True, False]
