"""A config -> a model ready to train, with its tokenizer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel, get_peft_model, prepare_model_for_kbit_training
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedConfig,
    PreTrainedModel,
)

from emocore.errors import BaseModelError, ConfigError
from emocore.models.adapter import Precision
from emocore.models.answers import DTYPES
from emocore.models.available import explain_gate
from emocore.models.base_files import check_folder, check_hub_model
from emocore.models.bases import BASES, Base, find_base
from emocore.models.bundled import base_source
from emocore.models.fused.model import fuse
from emocore.models.methods.catalogue import find_method
from emocore.models.pooling import MeanPooledBert
from emocore.models.quiet import quiet_libraries
from emocore.run.config import RunConfig
from emocore.system.hub import explain_withheld_token, hub_token
from emocore.text import first_line


@dataclass(frozen=True)
class OpenedBase:
    """A base without its weights: the config of its classifier, which holds the labels, and its tokenizer. `source` is
    its Hub id or folder."""

    base: Base
    config: PreTrainedConfig
    tokenizer: Any
    source: str
    revision: str | None

    @property
    def model_class(self) -> Any:
        """The class of the base with a head."""
        return MeanPooledBert if self.base.pooling == "mean" else AutoModelForSequenceClassification


@dataclass(frozen=True)
class LoadedBase:
    """A frozen base with a new head and without an adapter; `source` is its Hub id or folder."""

    base: Base
    model: PreTrainedModel
    tokenizer: Any
    source: str
    revision: str | None


def build_model(
    config: RunConfig, labels: tuple[str, ...], device: str, precision: Precision
) -> tuple[PeftModel | PreTrainedModel, LoadedBase]:
    """The base of `config` with a new adapter of its method, or as it is if its own weights are trained, on `device`.

    A frozen base is in bf16 if the training is (half the memory, no cast at every step); all that is trained is in
    fp32. Raises BaseModelError or ConfigError.
    """
    method = find_method(config.method)
    dtype = torch.float32 if method.trains_base else DTYPES[precision]
    loaded = load_base(config.base, labels, device, dtype, method.quantized)
    if method.trains_base:
        fuse(loaded.model, loaded.base.family)
    model = loaded.model if method.trains_base else add_adapter(config, loaded)
    if config.gradient_checkpointing:
        loaded.model.activation_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    return model, loaded


def add_adapter(config: RunConfig, loaded: LoadedBase) -> PeftModel:
    """The base with a new adapter of the config's method; adapter and head are fp32. Raises ConfigError."""
    method = find_method(config.method)
    if method.adapter_config is None:
        raise ConfigError(f"method '{method.name}' does not train a neural base", field="method")
    _check_targets(loaded.model, config.target_modules or [])
    try:
        model = get_peft_model(loaded.model, method.adapter_config(config, loaded.base))
    except ValueError as error:
        raise ConfigError(f"target_modules: {first_line(error)}", field="target_modules") from error
    for name, parameter in model.named_parameters():
        if ".original_module." in name:  # the head that the trained one replaces
            parameter.requires_grad_(False)
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if method.engine == "neural" and all(map(loaded.base.family.is_of_head, trained)):
        raise ConfigError(
            f"method: {method.title} finds nothing to train in base '{loaded.base.name}'. {method.summary} Choose "
            "another method or base",
            field="method",
        )
    for parameter in trained.values():  # bf16 would lose the small updates of an optimizer step
        parameter.data = parameter.data.float()
    fuse(model, loaded.base.family)
    return model


def open_base(
    name: str, labels: tuple[str, ...], revision: str | None = None, trained: Path | None = None
) -> OpenedBase:
    """The small files of a base whose new head answers for `labels`. Raises BaseModelError.

    `revision` is the Hub commit that an adapter was trained on; None means the newest. `trained` is the folder of a
    model whose own weights were trained from that base; its files are opened instead."""
    quiet_libraries()
    base = find_base(name)
    source = str(trained or base_source(base))
    with _explaining(base):
        if base.source == "hub" and not trained:
            check_hub_model(source, revision)
        else:
            check_folder(Path(source))
        # By default Transformers asks in the terminal whether to run code that comes with a base.
        origin: dict[str, Any] = {"revision": revision, "token": hub_token()}
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **origin)
        _set_padding(tokenizer)
        config = AutoConfig.from_pretrained(
            source,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
            problem_type="multi_label_classification",
            trust_remote_code=False,
            **origin,
        )
    return OpenedBase(base, config, tokenizer, source, getattr(config, "_commit_hash", None))


def load_base(
    name: str, labels: tuple[str, ...], device: str, dtype: torch.dtype, quantized: bool, revision: str | None = None
) -> LoadedBase:
    """The base with a new classification head for `labels`, all weights in `dtype` (or NF4). `revision` is as in
    `open_base`; raises as that does."""
    return load_weights(open_base(name, labels, revision), device, dtype, quantized)


def load_weights(opened: OpenedBase, device: str, dtype: torch.dtype, quantized: bool) -> LoadedBase:
    """The same for a base that is open."""
    with _explaining(opened.base):
        model = opened.model_class.from_pretrained(
            opened.source,
            config=opened.config,
            revision=opened.revision,
            token=hub_token(),
            trust_remote_code=False,
            dtype=dtype,
            # For short texts on a CPU, plain attention is faster than the fused kernel.
            attn_implementation="eager" if device == "cpu" else "sdpa",
            use_safetensors=True,
            quantization_config=_nf4(opened.base, dtype) if quantized else None,
            device_map={"": device} if quantized else None,
        )
    model.config.pad_token_id = opened.tokenizer.pad_token_id
    model.config.use_cache = False  # each text is read once
    head = getattr(model, opened.base.family.head)
    head.float()  # bf16 would round its logits, and the small steps of its training
    if quantized:
        prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)  # what is not in 4 bits is in fp32
        _compute_as_asked(model)
    else:
        model.to(device)
    return LoadedBase(opened.base, model, opened.tokenizer, opened.source, opened.revision)


@contextmanager
def _explaining(base: Base) -> Iterator[None]:
    """A damaged or missing file can raise any error in three libraries, which becomes a BaseModelError."""
    try:
        yield
    except (BaseModelError, torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        raise BaseModelError(explain_load_error(base, error)) from error


def _check_targets(model: PreTrainedModel, targets: list[str]) -> None:
    """Raises ConfigError for a target that matches no layer. PEFT ignores it if another target matches."""
    names = [name for name, _ in model.named_modules()]
    for target in targets:
        if not any(name == target or name.endswith(f".{target}") for name in names):
            raise ConfigError(f"target_modules: the base has no layer '{target}'", field="target_modules")


def explain_load_error(base: Base, error: Exception) -> str:
    """A sentence that says why a base could not be loaded and what to do."""
    if base.source != "hub":
        return f"base '{base.name}' could not be loaded: {first_line(error)}"
    reason = first_line(error)
    if base.gated and not os.environ.get("HF_TOKEN"):
        return explain_gate(base)
    if os.environ.get("HF_TOKEN") and hub_token() is False:
        reason += f"; {explain_withheld_token()}"
    return (
        f"base '{base.name}' could not be fetched from the Hugging Face Hub ({reason}); check the name and "
        "the network, or use a bundled base: " + ", ".join(b.name for b in BASES.values() if b.source == "bundled")
    )


def _nf4(base: Base, dtype: torch.dtype) -> BitsAndBytesConfig:
    """NF4 with double quantisation (Dettmers et al. 2023); the new head is not quantised."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=[base.family.head, "pooler"],
    )


def _compute_as_asked(model: PreTrainedModel) -> None:
    """Turn off a kernel of bitsandbytes that is used without gradients on a CPU with AVX512-BF16. It rounds to bf16
    whatever `bnb_4bit_compute_dtype` says, and is many times slower on batches."""
    import bitsandbytes

    for module in model.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False


def _set_padding(tokenizer: Any) -> None:
    """Give the tokenizer a padding token. Decoders often have none, and then pool the wrong token."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
