"""A trained adapter -> logits for texts, using only the adapter's folder and the base.

The folder of a model whose own weights were trained holds all of them.

After saving, a run computes its stored predictions with this module, so the playground later answers exactly as
measured. Adapters on the same base share its weights in memory.
"""

import copy
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from peft import PeftConfig, PeftModel, get_peft_model_state_dict
from peft.utils import ModulesToSaveWrapper
from safetensors import safe_open

from emocore.data.encode import encode_texts
from emocore.errors import AdapterError
from emocore.models.adapter import AdapterInfo, Precision, check_finite, read_info
from emocore.models.answers import DTYPES, compute_logits
from emocore.models.build import LoadedBase, load_base, load_weights, open_base
from emocore.models.discovery import PEFT_PREFIX
from emocore.models.fused.model import fuse
from emocore.models.linear import LinearClassifier
from emocore.models.methods.any_peft import IN_CATALOGUE
from emocore.models.peft_config import CONFIG_FILE, check_adapter_config
from emocore.run.config import NO_BASE
from emocore.system.devices import computes_bf16
from emocore.text import first_line

ADAPTER_WEIGHTS, MODEL_WEIGHTS = "adapter_model.safetensors", "model.safetensors"
OTHER_PRECISION = (
    "this adapter was trained and scored in bf16, which this machine lacks; it answers in fp32, so probabilities "
    "differ from the scored ones, mostly by less than 4 points"
)


class Classifier(Protocol):
    """The interface of a trained adapter of any method."""

    info: AdapterInfo
    note: str | None
    """What a user has to know about its answers."""

    def logits(self, texts: list[str]) -> np.ndarray:
        """Log-odds as float32 (texts, labels); their sigmoid is the probability."""
        ...


@dataclass
class BaseStore:
    """Loaded bases, each loaded only once. Threads may share the store."""

    device: str = field(default_factory=lambda: "cuda" if torch.cuda.is_available() else "cpu")
    _bases: dict[tuple[Any, ...], LoadedBase] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def precision_of(self, info: AdapterInfo) -> Precision:
        """What an adapter answers in here: the precision that it was scored in, or fp32 where bf16 is emulated."""
        return "bf16" if info.precision == "bf16" and computes_bf16(self.device) else "fp32"

    def get(self, info: AdapterInfo) -> LoadedBase:
        precision = self.precision_of(info)
        key = (info.base, info.base_revision, info.quantized, precision, tuple(info.labels), info.pooling)
        with self._lock:
            if key not in self._bases:
                self._bases[key] = load_base(
                    info.base,
                    tuple(info.labels),
                    self.device,
                    DTYPES[precision],
                    info.quantized,
                    info.pooling,
                    info.base_revision,
                )
            return self._bases[key]


class NeuralClassifier:
    """A PEFT adapter on a shared base, or a base whose own weights were trained."""

    def __init__(
        self, folder: Path, info: AdapterInfo, model: torch.nn.Module, tokenizer: Any, precision: Precision
    ) -> None:
        self.info = info
        self.note = None if precision == info.precision else OTHER_PRECISION
        self._precision = precision
        self._model = model
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._place = str(folder)

    @classmethod
    def load(cls, folder: Path, info: AdapterInfo, loaded: LoadedBase, precision: Precision) -> "NeuralClassifier":
        """Put the adapter of a folder on its base, which is loaded in this precision. Raises AdapterError if it is
        damaged or does not fit."""
        with _explaining_misfit(folder, info):
            _check_weights(folder / ADAPTER_WEIGHTS)
            config = PeftConfig.from_pretrained(str(folder))
            config.base_model_name_or_path = None  # the base is loaded; PEFT would fetch the one that the folder names
            model = PeftModel.from_pretrained(
                _share_weights(loaded.model, _stored_names(folder / ADAPTER_WEIGHTS))
                if str(config.peft_type.value) in IN_CATALOGUE
                else copy.deepcopy(loaded.model),  # nobody knows whether the type leaves the base as it is
                str(folder),
                config=config,
                use_safetensors=True,
            )
            # PEFT leaves missing weights random and ignores surplus ones, with at most a warning.
            wrong = sorted(set(get_peft_model_state_dict(model)) ^ _stored_names(folder / ADAPTER_WEIGHTS))
            untrained = [name for name in loaded.new_modules if not _is_stored(name, model)]
            fuse(model, loaded.base.family, shares_base=True)
        _refuse_mismatch(folder, info, wrong)
        if untrained:
            raise AdapterError(
                f"{folder}: base '{info.base}' has no weights for {', '.join(untrained)}, and this adapter of an "
                "earlier version does not bring those that it was trained with; train the run again"
            )
        return cls(folder, info, model.eval(), loaded.tokenizer, precision)

    @classmethod
    def load_whole(cls, folder: Path, info: AdapterInfo, device: str, precision: Precision) -> "NeuralClassifier":
        """Load a model whose own weights were trained; they stay in fp32, as they were trained. Raises AdapterError if
        it is damaged, BaseModelError if its base is not known any more."""
        opened = open_base(info.base, tuple(info.labels), info.pooling, trained=folder)
        with _explaining_misfit(folder, info):
            _check_weights(folder / MODEL_WEIGHTS)
            loaded = load_weights(opened, device, torch.float32, quantized=False)
            fuse(loaded.model, loaded.base.family, shares_base=True)
        _refuse_mismatch(folder, info, loaded.unmatched)
        return cls(folder, info, loaded.model.eval(), loaded.tokenizer, precision)

    def logits(self, texts: list[str]) -> np.ndarray:
        return self.logits_of_tokens(encode_texts(texts, self._tokenizer, self.info.max_length))

    def logits_of_tokens(self, encoded: dict[str, list[Any]]) -> np.ndarray:
        """The same for texts as `encode_texts` returns them."""
        with self._lock:
            answers = compute_logits(self._model, encoded, self._precision)
        check_finite(answers, f"{self._place}: its answers")
        return answers


def load_classifier(folder: Path, bases: BaseStore) -> Classifier:
    """The classifier in an adapter folder. Raises AdapterError or BaseModelError."""
    info = read_info(folder)
    if info.base == NO_BASE:
        return LinearClassifier.load(folder, info)
    if (folder / MODEL_WEIGHTS).is_file():
        return NeuralClassifier.load_whole(folder, info, bases.device, bases.precision_of(info))
    if not (folder / CONFIG_FILE).is_file():
        raise AdapterError(f"{folder}: {CONFIG_FILE} is missing, so the adapter is not complete; train it again")
    check_adapter_config(folder)
    return NeuralClassifier.load(folder, info, bases.get(info), bases.precision_of(info))


@contextmanager
def _explaining_misfit(folder: Path, info: AdapterInfo) -> Iterator[None]:
    """A damaged file can raise any error in safetensors, json, PEFT or Transformers, which becomes an AdapterError."""
    try:
        yield
    except AdapterError:
        raise
    except Exception as error:
        raise _does_not_fit(folder, info, first_line(error)) from error


def _refuse_mismatch(folder: Path, info: AdapterInfo, weights: Sequence[str]) -> None:
    """Raises AdapterError if there are names of weights that are missing or left over."""
    if weights:
        raise _does_not_fit(folder, info, f"{len(weights)} weights are missing or left over, such as {weights[0]}")


def _does_not_fit(folder: Path, info: AdapterInfo, reason: str) -> AdapterError:
    return AdapterError(f"{folder}: the adapter is damaged or does not fit base '{info.base}': {reason}")


def _check_weights(weights: Path) -> None:
    """Raises AdapterError if a weight in the file is not finite."""
    with safe_open(weights, "pt") as file:
        for name in file.keys():  # noqa: SIM118 - not a dict
            check_finite(file.get_tensor(name).float().numpy(), f"{weights.parent}: {weights.name}, {name[:200]}")


def _is_stored(name: str, model: PeftModel) -> bool:
    """Whether a module of the base is one that the adapter brings."""
    return isinstance(model.get_submodule(f"{PEFT_PREFIX}{name}"), ModulesToSaveWrapper)


def _stored_names(weights: Path) -> set[str]:
    with safe_open(weights, "pt") as file:
        return set(file.keys())


def _share_weights(model: torch.nn.Module, stored: set[str]) -> torch.nn.Module:
    """A copy of the modules with the same tensors, because PEFT mostly replaces modules. Into the tensors of the base
    that are among `stored` it would write the adapter's own values, so the copy has its own ones, in fp32."""
    shared = {id(tensor): tensor for tensor in (*model.parameters(), *model.buffers())}
    for name, parameter in model.named_parameters():
        if f"{PEFT_PREFIX}{name}" in stored:
            own = parameter.detach().to(torch.float32, copy=True)
            shared[id(parameter)] = torch.nn.Parameter(own, requires_grad=False)
    return copy.deepcopy(model, shared)
