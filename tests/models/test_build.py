"""Every neural method on every supported family, built for real at toy width."""

import os
import shutil
from pathlib import Path

import pytest
import torch
from bitsandbytes.nn import Linear4bit
from huggingface_hub import constants
from peft import PeftModel
from transformers import AutoModel

from emocore.errors import BaseModelError, ConfigError
from emocore.models.bases import Base
from emocore.models.build import LoadedBase, build_model, explain_load_error, load_base
from emocore.models.families import Quantization
from emocore.models.methods.catalogue import METHODS
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.live_runs import quick_settings

LABELS = ("anger", "joy", "sadness")
TINY_BASES = ("tiny_bert", "tiny_llama", "tiny_gemma", "tiny_qwen2")
CLASSES = {
    "tiny_bert": "BertForSequenceClassification",
    "tiny_llama": "LlamaForSequenceClassification",
    "tiny_gemma": "GemmaForSequenceClassification",
    "tiny_qwen2": "Qwen2ForSequenceClassification",
}
ADAPTERS = [name for name, method in METHODS.items() if method.engine == "neural" and method.adapter_config]
MARKS = {  # in the names of what PEFT adds, if that is not lora_
    "ia3": "ia3_", "ln-tuning": "ln_tuning_", "loha": "hada_", "lokr": "lokr_", "vera": "vera_",
    "vblora": "vblora_", "fourierft": "fourierft_", "oft": "oft_", "bitfit": "bias",
}  # fmt: skip
WITHOUT_BIASES = ("tiny_llama", "tiny_gemma")
SHORT, LONG = "so happy", "nobody told me, and now I stand here in the rain, waiting for a bus that is not coming"


@pytest.fixture(params=TINY_BASES)
def tiny_base(request: pytest.FixtureRequest) -> tuple[str, Path]:
    return request.param, request.getfixturevalue(request.param)


def make(base: Path, method: str, bf16: bool = False, **settings: object) -> tuple[PeftModel, LoadedBase]:
    config = RunConfig(**quick_settings(Path("unused.csv"), method=method, base=str(base), **settings))
    return build_model(resolve(config)[0], LABELS, "cpu", "bf16" if bf16 else "fp32")


def is_head(name: str) -> bool:
    return "score" in name or "classifier" in name


def encode(loaded: LoadedBase, texts: list[str]) -> dict[str, torch.Tensor]:
    return dict(loaded.tokenizer(texts, padding=True, return_tensors="pt"))


@pytest.fixture(params=ADAPTERS)
def method(request: pytest.FixtureRequest, tiny_base: tuple[str, Path]) -> str:
    if request.param == "bitfit" and tiny_base[0] in WITHOUT_BIASES:
        pytest.skip("its layers have no biases, as another test says")
    return str(request.param)


def test_only_adapter_and_head_learn(tiny_base: tuple[str, Path], method: str) -> None:
    name, folder = tiny_base
    model, loaded = make(folder, method)
    trainable = {name for name, parameter in model.named_parameters() if parameter.requires_grad}
    head = {name for name in trainable if "modules_to_save" in name}
    assert type(loaded.model).__name__ == CLASSES[name]
    assert head and all(is_head(name) for name in head)
    assert trainable - head
    assert all(MARKS.get(method, "lora_") in name for name in trainable - head)


@pytest.mark.parametrize("bf16", [False, True])
def test_full_fine_tuning_trains_all_weights_in_fp32(tiny_base: tuple[str, Path], bf16: bool) -> None:
    model, loaded = make(tiny_base[1], "full", bf16)
    assert model is loaded.model and type(model).__name__ == CLASSES[tiny_base[0]]
    assert all(parameter.requires_grad and parameter.dtype == torch.float32 for parameter in model.parameters())
    model(**encode(loaded, [SHORT, LONG])).logits.sum().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


@pytest.mark.parametrize("method", ["lora", "qlora"])
def test_lora_is_on_every_linear_layer_but_the_head(tiny_base: tuple[str, Path], method: str) -> None:
    model, _ = make(tiny_base[1], method)
    linear = {
        name.removesuffix(".base_layer")
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | Linear4bit) and "lora_" not in name and not is_head(name)
    }
    adapted = {name.partition(".lora_A")[0] for name, _ in model.named_parameters() if ".lora_A" in name}
    assert adapted == linear
    assert len(linear) == 2 * (6 if tiny_base[0] == "tiny_bert" else 7)


def test_ia3_rescales_keys_values_and_the_inputs_of_feed_forward_layers(tiny_base: tuple[str, Path]) -> None:
    model, _ = make(tiny_base[1], "ia3")
    vectors = {
        name.partition(".ia3_l")[0].rpartition("model.")[2]: tuple(parameter.shape)
        for name, parameter in model.named_parameters()
        if "ia3_l" in name
    }
    feed_forward = [shape for name, shape in vectors.items() if name.endswith(("down_proj", "output.dense"))]
    # Of an encoder, as PEFT's own defaults have it, the input of the attention's output layer is rescaled as well.
    assert len(vectors) == (8 if tiny_base[0] == "tiny_bert" else 6)
    assert len(feed_forward) == len(vectors) - 4
    assert all(shape[0] == 1 for shape in feed_forward)


def test_qlora_stores_the_base_in_four_bits_and_the_head_in_full(tiny_base: tuple[str, Path]) -> None:
    model, loaded = make(tiny_base[1], "qlora")
    weights = dict(model.named_parameters())
    quantized = [name for name, module in model.named_modules() if isinstance(module, Linear4bit)]
    assert len(quantized) == 2 * (6 if tiny_base[0] == "tiny_bert" else 7)
    assert all(weights[f"{name}.weight"].dtype == torch.uint8 for name in quantized)
    assert not any(is_head(name) for name in quantized)
    nf4 = loaded.model.config.quantization_config
    assert (nf4.bnb_4bit_quant_type, nf4.bnb_4bit_use_double_quant) == ("nf4", True)


def test_bf16_holds_the_frozen_base_and_never_what_learns(tiny_base: tuple[str, Path], method: str) -> None:
    model, _ = make(tiny_base[1], method, bf16=True)
    assert {p.dtype for p in model.parameters() if p.requires_grad} == {torch.float32}
    frozen = {p.dtype for p in model.parameters() if not p.requires_grad}
    assert {"nf4": torch.uint8, "int8": torch.int8, False: torch.bfloat16}[METHODS[method].quantized] in frozen


def test_it_trains_in_bf16(tiny_base: tuple[str, Path], method: str) -> None:
    model, loaded = make(tiny_base[1], method, bf16=True)
    with torch.autocast("cpu", torch.bfloat16):
        logits = model(**encode(loaded, [SHORT, LONG])).logits
    logits.float().square().sum().backward()
    learned = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    assert [name for name, gradient in learned.items() if gradient is None or not gradient.isfinite().all()] == []


def test_the_head_knows_its_labels_and_both_sides_know_the_padding(tiny_base: tuple[str, Path]) -> None:
    loaded = load_base(str(tiny_base[1]), LABELS, "cpu", torch.float32, quantized=False)
    config = loaded.model.config
    assert config.id2label == dict(enumerate(LABELS))
    assert config.label2id == {label: index for index, label in enumerate(LABELS)}
    assert config.problem_type == "multi_label_classification"
    assert loaded.tokenizer.pad_token_id is not None
    assert config.pad_token_id == loaded.tokenizer.pad_token_id


@pytest.mark.parametrize("quantized", [False, "nf4", "int8"])
def test_padding_does_not_change_an_answer(tiny_base: tuple[str, Path], quantized: Quantization) -> None:
    loaded = load_base(str(tiny_base[1]), LABELS, "cpu", torch.float32, quantized)
    model = loaded.model.eval()
    with torch.inference_mode():
        alone = [model(**encode(loaded, [text])).logits[0] for text in (SHORT, LONG)]
        together = model(**encode(loaded, [SHORT, LONG])).logits
    torch.testing.assert_close(together, torch.stack(alone), atol=1e-5, rtol=1e-5)
    assert not torch.allclose(together[0], together[1], atol=1e-2)


def test_a_mean_pooled_base_means_over_its_tokens(tiny_bert: Path) -> None:
    loaded = load_base(str(tiny_bert), LABELS, "cpu", torch.float32, quantized=False)
    inputs = encode(loaded, [SHORT])
    with torch.inference_mode():
        states = AutoModel.from_pretrained(tiny_bert, attn_implementation="eager")(**inputs).last_hidden_state
        torch.testing.assert_close(loaded.model(**inputs).logits, loaded.model.classifier(states.mean(1)))


def test_gradient_checkpointing_leaves_the_gradients_as_they_are(tiny_base: tuple[str, Path], method: str) -> None:
    gradients = []
    for checkpointing in (False, True):
        torch.manual_seed(3)
        model, loaded = make(tiny_base[1], method, gradient_checkpointing=checkpointing)
        model.train()
        for module in model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0
        model(**encode(loaded, [SHORT, LONG])).logits.square().sum().backward()
        learned = {name: p for name, p in model.named_parameters() if p.requires_grad}
        assert all(p.grad is not None for p in learned.values())
        gradients.append({name: p.grad for name, p in learned.items()})
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, msg=name)


@pytest.mark.parametrize("method", ["lora", "ia3", "qlora"])
@pytest.mark.parametrize("targets", [["no_such_layer"], ["q_proj", "no_such_layer"]])
def test_a_layer_that_does_not_exist_is_named(tiny_llama: Path, method: str, targets: list[str]) -> None:
    with pytest.raises(ConfigError, match="no_such_layer") as caught:
        make(tiny_llama, method, target_modules=targets)
    assert caught.value.field == "target_modules"


@pytest.mark.parametrize("base", WITHOUT_BIASES)
def test_a_method_with_nothing_to_train_on_a_base_is_refused(base: str, request: pytest.FixtureRequest) -> None:
    with pytest.raises(ConfigError, match=r"BitFit finds nothing to train.*biases.*another method") as caught:
        make(request.getfixturevalue(base), "bitfit")
    assert caught.value.field == "method"


def test_a_method_without_a_neural_base_is_refused(tiny_llama: Path) -> None:
    config = RunConfig(method="tfidf", base=str(tiny_llama))
    with pytest.raises(ConfigError, match="tfidf"):
        build_model(config, LABELS, "cpu", "fp32")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "no tokenizer"])
def test_a_base_folder_with_a_broken_or_missing_file_is_refused(tiny_llama: Path, tmp_path: Path, name: str) -> None:
    folder = Path(shutil.copytree(tiny_llama, tmp_path / "copy"))
    if name == "no tokenizer":
        for file in folder.glob("tokenizer*"):
            file.unlink()
    else:
        os.truncate(folder / name, 100)
    with pytest.raises(BaseModelError, match="copy"):
        load_base(str(folder), LABELS, "cpu", torch.float32, quantized=False)


def test_a_gated_base_without_a_token_says_where_to_accept_its_licence() -> None:
    with pytest.raises(BaseModelError, match=r"https://huggingface\.co/google/gemma-1\.1-2b-it.*HF_TOKEN"):
        load_base("google/gemma-1.1-2b-it", LABELS, "cpu", torch.float32, quantized=False)


def test_the_token_that_is_withheld_is_spoken_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_madeUpForTests")
    monkeypatch.setattr(constants, "ENDPOINT", "http://name:password@127.0.0.1:1")
    words = explain_load_error(Base("a/b", "hub", "a/b"), OSError("401"))
    assert "HF_TOKEN was not sent" in words
    assert "hf_madeUpForTests" not in words and "password" not in words


def test_a_base_on_the_hub_that_has_only_pickles_is_refused_with_the_reason() -> None:
    """In the words in which Transformers says that no file is there."""
    missing = OSError("a/b does not appear to have a file named model.safetensors or model.safetensors.index.json and")
    words = explain_load_error(Base("a/b", "hub", "a/b"), missing)
    assert "has no .safetensors files" in words and "loads no pickles" in words
