"""A config -> a model ready to train, with its tokenizer."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

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
from transformers.utils import SAFE_WEIGHTS_NAME

from emocore.errors import BaseModelError, ConfigError
from emocore.models.adapter import Precision
from emocore.models.answers import DTYPES
from emocore.models.available import explain_gate
from emocore.models.base_files import check_folder, check_hub_model
from emocore.models.bases import BASES, Base, choose_pooling, find_base
from emocore.models.bundled import base_source
from emocore.models.discovery import (
    complete_family,
    find_new_modules,
    is_in_new,
    name_for_peft,
)
from emocore.models.families import Pooling, Quantization
from emocore.models.fused.model import fuse
from emocore.models.methods.catalogue import find_method
from emocore.models.pooling import set_pooling
from emocore.models.quiet import quiet_libraries
from emocore.models.targets import narrow_targets
from emocore.run.config import RunConfig
from emocore.system.hub import explain_withheld_token, hub_token
from emocore.text import first_line


@dataclass(frozen=True)
class OpenedBase:
    """A base without its weights: the config of its classifier, which holds the labels, and its tokenizer. `source` is
    its Hub id or folder; `skeleton` is the model on the device "meta". The base's family has no gaps."""

    base: Base
    config: PreTrainedConfig
    skeleton: PreTrainedModel
    tokenizer: Any
    source: str
    revision: str | None


@dataclass(frozen=True)
class LoadedBase:
    """A frozen base with a new head and without an adapter; `source` is its Hub id or folder. `new_modules` started at
    random and are trained whole: the head and, of some types, further modules that the checkpoint lacks. `unmatched`
    are the names of weights that only the model or only the checkpoint has."""

    base: Base
    model: PreTrainedModel
    new_modules: tuple[str, ...]
    tokenizer: Any
    source: str
    revision: str | None
    unmatched: tuple[str, ...] = ()


def build_model(
    config: RunConfig, labels: tuple[str, ...], device: str, precision: Precision
) -> tuple[PeftModel | PreTrainedModel, LoadedBase]:
    """The base of `config` with a new adapter of its method, or as it is if its own weights are trained, on `device`.

    A frozen base is in bf16 if the training is (half the memory, no cast at every step); all that is trained is in
    fp32. Raises BaseModelError or ConfigError.
    """
    method = find_method(config.method)
    dtype = torch.float32 if method.trains_base else DTYPES[precision]
    loaded = load_base(config.base, labels, device, dtype, method.quantized, config.pooling)
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
    if config.target_modules:
        targets = narrow_targets(loaded.model, loaded.new_modules, config.target_modules)
        config = config.model_copy(update={"target_modules": targets})
    options = method.adapter_config(config, loaded.base)
    if getattr(options, "target_modules", None) in ([], set()):
        raise ConfigError(
            f"target_modules: {method.title} knows no layers of base '{loaded.base.name}' by itself; name some, or "
            "choose another method or base",
            field="target_modules",
        )
    options.modules_to_save = name_for_peft(loaded.new_modules, loaded.model)
    try:
        model = get_peft_model(loaded.model, options)
    except ValueError as error:
        raise ConfigError(f"target_modules: {first_line(error)}", field="target_modules") from error
    for name, parameter in model.named_parameters():
        if ".original_module." in name:  # the head that the trained one replaces
            parameter.requires_grad_(False)
    trained = {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    if method.engine == "neural" and all(is_in_new(name, loaded.new_modules) for name in trained):
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
    name: str,
    labels: tuple[str, ...],
    pooling: Pooling | Literal["auto"] = "auto",
    revision: str | None = None,
    trained: Path | None = None,
) -> OpenedBase:
    """The small files of a base whose new head answers for `labels`. Raises BaseModelError.

    `revision` is the Hub commit that an adapter was trained on; None means the newest. `trained` is the folder of a
    model whose own weights were trained from that base; its files are opened instead."""
    quiet_libraries()
    base = choose_pooling(find_base(name), pooling)
    source = str(trained or base_source(base))
    with _explaining(base):
        if base.source == "hub" and not trained:
            check_hub_model(source, revision)
        else:
            check_folder(Path(source))
        # By default Transformers asks in the terminal whether to run code that comes with a base.
        origin: dict[str, Any] = {"revision": revision, "token": hub_token()}
        tokenizer = AutoTokenizer.from_pretrained(source, trust_remote_code=False, **origin)
        config = AutoConfig.from_pretrained(
            source,
            num_labels=len(labels),
            id2label=dict(enumerate(labels)),
            label2id={label: index for index, label in enumerate(labels)},
            problem_type="multi_label_classification",
            trust_remote_code=False,
            **origin,
        )
        _set_padding(base, tokenizer, config.model_type)
        if base.pools_otherwise and hasattr(config, "classifier_dropout"):
            config.classifier_dropout = 0.0  # that of a stock class is meant for its own pooling
        with torch.device("meta"):
            skeleton = AutoModelForSequenceClassification.from_config(config, trust_remote_code=False)
        base = replace(base, family=complete_family(base, skeleton))
    return OpenedBase(base, config, skeleton, tokenizer, source, getattr(config, "_commit_hash", None))


def load_base(
    name: str,
    labels: tuple[str, ...],
    device: str,
    dtype: torch.dtype,
    quantized: Quantization,
    pooling: Pooling | Literal["auto"] = "auto",
    revision: str | None = None,
) -> LoadedBase:
    """The base with a new classification head for `labels`, all weights in `dtype` or fewer bits. `revision` is as in
    `open_base`; raises as that does."""
    return load_weights(open_base(name, labels, pooling, revision), device, dtype, quantized)


def load_weights(opened: OpenedBase, device: str, dtype: torch.dtype, quantized: Quantization) -> LoadedBase:
    """The same for a base that is open."""
    has_sdpa = opened.skeleton._supports_sdpa
    with _explaining(opened.base):
        model, info = AutoModelForSequenceClassification.from_pretrained(
            opened.source,
            config=opened.config,
            revision=opened.revision,
            token=hub_token(),
            trust_remote_code=False,
            dtype=dtype,
            # For short texts on a CPU, plain attention is faster than the fused kernel.
            attn_implementation="sdpa" if device != "cpu" and has_sdpa else "eager",
            use_safetensors=True,
            quantization_config=_QUANTIZERS[quantized](opened.base, dtype) if quantized else None,
            device_map={"": device} if quantized else None,
            ignore_mismatched_sizes=True,  # of a head for other labels; find_new_modules refuses other ones
            output_loading_info=True,
        )
        missing = {*info["missing_keys"], *(name for name, *_ in info["mismatched_keys"])}
        new_modules = find_new_modules(opened.base, opened.skeleton, missing)
    if opened.base.pools_otherwise:
        set_pooling(model, opened.base.pooling)
        new_modules = tuple(name for name in new_modules if any(True for _ in model.get_submodule(name).parameters()))
    model.config.get_text_config().pad_token_id = opened.tokenizer.pad_token_id
    model.config.use_cache = False  # each text is read once
    for name in new_modules:
        model.get_submodule(name).float()  # bf16 would round its logits, and the small steps of its training
    if quantized:
        prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)  # all that is not is in fp32
        _compute_as_asked(model, dtype)
    else:
        model.to(device)
    unmatched = tuple(sorted({name for name in missing if name in model.state_dict()} | set(info["unexpected_keys"])))
    return LoadedBase(opened.base, model, new_modules, opened.tokenizer, opened.source, opened.revision, unmatched)


@contextmanager
def _explaining(base: Base) -> Iterator[None]:
    """A damaged or missing file can raise any error in three libraries, which becomes a BaseModelError."""
    try:
        yield
    except (BaseModelError, torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        raise BaseModelError(explain_load_error(base, error)) from error


def explain_load_error(base: Base, error: Exception) -> str:
    """A sentence that says why a base could not be loaded and what to do."""
    if base.source != "hub":
        return f"base '{base.name}' could not be loaded: {first_line(error)}"
    reason = first_line(error)
    if base.gated and not os.environ.get("HF_TOKEN"):
        return explain_gate(base)
    if SAFE_WEIGHTS_NAME in reason:
        return (
            f"base '{base.name}' has no .safetensors files on the Hugging Face Hub ({reason}); Emocore loads no "
            "pickles, which can run code, so choose another base, or convert it and name its folder"
        )
    if os.environ.get("HF_TOKEN") and hub_token() is False:
        reason += f"; {explain_withheld_token()}"
    return (
        f"base '{base.name}' could not be fetched from the Hugging Face Hub ({reason}); check the name and "
        "the network, or use a bundled base: " + ", ".join(b.name for b in BASES.values() if b.source == "bundled")
    )


def _nf4(base: Base, dtype: torch.dtype) -> BitsAndBytesConfig:
    """NF4 with double quantisation (Dettmers et al. 2023) of the layers that adapters go on."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
        llm_int8_skip_modules=list(base.family.full_layers),
    )


def _int8(base: Base, dtype: torch.dtype) -> BitsAndBytesConfig:
    """LLM.int8() (Dettmers et al. 2022) of the same layers. A threshold of 0 keeps no column in 16 bits, since those
    depend on what else is in a batch."""
    return BitsAndBytesConfig(
        load_in_8bit=True, llm_int8_threshold=0.0, llm_int8_skip_modules=list(base.family.full_layers)
    )


_QUANTIZERS = {"nf4": _nf4, "int8": _int8}


def _compute_as_asked(model: PreTrainedModel, dtype: torch.dtype) -> None:
    """Turn off a kernel of bitsandbytes that is used without gradients on a CPU with AVX512-BF16. It rounds to bf16
    whatever `bnb_4bit_compute_dtype` says, and is many times slower on batches. Layers in 8 bits are told the type."""
    import bitsandbytes

    for module in model.modules():
        if isinstance(module, bitsandbytes.nn.Linear4bit):
            module.support_avx512bf16_for_cpu = False
        elif isinstance(module, bitsandbytes.nn.Linear8bitLt):
            module.compute_dtype = dtype


def _set_padding(base: Base, tokenizer: Any, model_type: str) -> None:
    """Give the tokenizer a padding token. Decoders often have none, and then pool the wrong token: their stock classes
    read the last token that is not the model's padding token, which is set to the tokenizer's. Padding is on the right,
    where it moves no token, except for XLNet, whose classifier reads the last place. Raises BaseModelError if there is
    no token to pad with."""
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token
    if tokenizer.pad_token is None:
        raise BaseModelError(
            f"base '{base.name}': its tokenizer has neither a padding nor an end token; set pad_token in its "
            "tokenizer_config.json"
        )
    tokenizer.padding_side = "left" if model_type == "xlnet" else "right"
