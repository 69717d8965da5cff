"""A trained adapter -> logits for texts, from the adapter's folder alone.

The run itself computes its stored predictions through this module after saving, so what the playground
answers later is what was measured. Adapters over one base share its weights in memory.
"""

import copy
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from peft import PeftConfig, PeftModel, get_peft_model_state_dict
from safetensors import safe_open

from emocore.data.encode import encode_texts
from emocore.errors import AdapterError
from emocore.models.adapter import AdapterInfo, check_finite, read_info
from emocore.models.build import LoadedBase, load_base
from emocore.models.linear import LinearClassifier
from emocore.models.peft_config import CONFIG_FILE, check_adapter_config
from emocore.run.config import NO_BASE
from emocore.text import first_line

WEIGHTS_FILE = "adapter_model.safetensors"
EVALUATION_TOKENS = 4096  # padded tokens a batch: bounds memory whatever the texts' lengths


class Classifier(Protocol):
    """What every trained adapter can do, whatever its method."""

    info: AdapterInfo

    def logits(self, texts: list[str]) -> np.ndarray:
        """float32 (texts, labels): log-odds, so that sigmoid gives the probabilities."""
        ...


@dataclass
class BaseStore:
    """Loaded bases by what makes them different, each loaded once. Safe to share between threads."""

    device: str = field(default_factory=lambda: "cuda" if torch.cuda.is_available() else "cpu")
    _bases: dict[tuple[Any, ...], LoadedBase] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, info: AdapterInfo) -> LoadedBase:
        key = (info.base, info.base_revision, info.quantized, info.precision, tuple(info.labels))
        with self._lock:
            if key not in self._bases:
                dtype = torch.bfloat16 if info.precision == "bf16" else torch.float32
                self._bases[key] = load_base(
                    info.base, tuple(info.labels), self.device, dtype, info.quantized, info.base_revision
                )
            return self._bases[key]


class NeuralClassifier:
    """A PEFT adapter over a shared base."""

    def __init__(self, folder: Path, info: AdapterInfo, loaded: LoadedBase) -> None:
        self.info = info
        self._tokenizer = loaded.tokenizer
        self._lock = threading.Lock()
        self._place = str(folder)
        try:
            _check_weights(folder)
            config = PeftConfig.from_pretrained(str(folder))
            config.base_model_name_or_path = None  # the base is here; PEFT would ask the Hub for what the folder names
            self._model = PeftModel.from_pretrained(
                _share_weights(loaded.model), str(folder), config=config, use_safetensors=True
            )
            wrong = _mismatched_weights(self._model, folder)
        except AdapterError:
            raise
        except Exception as error:  # a damaged file can fail anywhere in safetensors, json or PEFT
            raise AdapterError(
                f"{folder}: the adapter is damaged or does not fit base '{info.base}': {first_line(error)}"
            ) from error
        if wrong:
            raise AdapterError(
                f"{folder}: the adapter does not fit base '{info.base}': {len(wrong)} weights are missing or left "
                f"over, such as {wrong[0]}"
            )
        self._model.eval()

    def logits(self, texts: list[str]) -> np.ndarray:
        encoded = encode_texts(texts, self._tokenizer, self.info.max_length)
        answers = np.empty((len(texts), len(self.info.labels)), dtype=np.float32)
        with self._lock, torch.inference_mode():
            for rows in _batches(encoded["length"]):
                batch = self._tokenizer.pad(
                    {key: [encoded[key][row] for row in rows] for key in ("input_ids", "attention_mask")},
                    return_tensors="pt",
                ).to(self._model.device)
                answers[rows] = self._model(**batch).logits.float().cpu().numpy()
        check_finite(answers, f"{self._place}: its answers")
        return answers


def load_classifier(folder: Path, bases: BaseStore) -> Classifier:
    """The classifier in an adapter folder. Raises AdapterError or BaseModelError."""
    info = read_info(folder)
    if info.base == NO_BASE:
        return LinearClassifier.load(folder, info)
    if not (folder / CONFIG_FILE).is_file():
        raise AdapterError(f"{folder}: {CONFIG_FILE} is missing, so the adapter is not complete; train it again")
    check_adapter_config(folder)
    return NeuralClassifier(folder, info, bases.get(info))


def _check_weights(folder: Path) -> None:
    """Raises AdapterError if a weight of the adapter or its head is no finite number."""
    with safe_open(folder / WEIGHTS_FILE, "pt") as file:
        for name in file.keys():  # noqa: SIM118 - not a dict
            check_finite(file.get_tensor(name).float().numpy(), f"{folder}: {WEIGHTS_FILE}, {name[:200]}")


def _mismatched_weights(model: PeftModel, folder: Path) -> list[str]:
    """What the adapter should hold and does not, or holds and should not. PEFT leaves the first at random and
    ignores the second, with a warning at most."""
    with safe_open(folder / WEIGHTS_FILE, "pt") as file:
        stored = set(file.keys())
    return sorted(set(get_peft_model_state_dict(model)) ^ stored)


def _share_weights(model: torch.nn.Module) -> torch.nn.Module:
    """A copy of the modules over the same tensors: PEFT rewires modules, never the base's weights."""
    tensors = [*model.parameters(), *model.buffers()]
    return copy.deepcopy(model, {id(tensor): tensor for tensor in tensors})


def _batches(lengths: list[int]) -> list[list[int]]:
    """Row numbers in batches of similar length, each within EVALUATION_TOKENS once padded."""
    batches: list[list[int]] = []
    for row in sorted(range(len(lengths)), key=lambda row: -lengths[row]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= EVALUATION_TOKENS:
            batches[-1].append(row)
        else:
            batches.append([row])
    return batches
