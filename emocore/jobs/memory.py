"""The forecast of memory beside a plan: its largest run, what is free, and what to change if that is too little.

The forecast is that of `emocore.models.memory`. Not covered: runs that share a device, and what other programs take
later. A run on a base whose sizes are not at hand has no forecast, nor has a method without a base.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from emocore.data.split import Splits
from emocore.errors import BaseModelError
from emocore.models.adapter import Precision
from emocore.models.architecture import locate_folder, read_architecture
from emocore.models.bases import find_base
from emocore.models.lengths import BUNDLED, count_tokens, padding_multiple
from emocore.models.memory import Memory, forecast_memory
from emocore.models.methods.catalogue import find_method, method_title
from emocore.models.resolve import derive, resolve
from emocore.run.config import RunConfig
from emocore.system.devices import Device, default_device, own_devices
from emocore.system.gpu_memory import foreign_bytes
from emocore.system.memory import free_bytes
from emocore.text import format_bytes

COUNTED_TEXTS = 64  # the longest by characters, among which is one with the most tokens, or nearly
CHARACTERS_A_TOKEN = 2.4  # of the longest tweets in tokens of SmolLM2; longer texts of words have more
ADDED_TOKENS = 2  # around a text
MOST_CHARACTERS = 10  # of a token; of a longer text, the rest is cut off anyway


@dataclass(frozen=True)
class Forecast:
    """The run of a plan that takes the most memory. `free` are the free bytes of its device, None if unknown, and
    `remedies` changes of it, in words, with their own peaks in bytes."""

    config: RunConfig
    memory: Memory
    free: int | None
    device: str
    remedies: Sequence[tuple[str, int]] = ()

    @property
    def is_too_large(self) -> bool:
        return self.free is not None and self.memory.peak > self.free

    def describe(self) -> str:
        """One sentence for a page."""
        parts = ", ".join(f"{format_bytes(size)} {name}" for name, size in self.memory.parts.items() if size)
        known = "" if self.free is None else f"; {format_bytes(self.free)} are free"
        return f"Peak memory on the {self.device}: about {format_bytes(self.memory.peak)} ({parts}){known}."

    def warn(self) -> str:
        """What to change, as a note on a run that takes more than is free."""
        ways = "; ".join(f"{words} (about {format_bytes(peak)})" for words, peak in self.remedies)
        return (
            f"{method_title(self.config.method)} on {self.config.base} will take about "
            f"{format_bytes(self.memory.peak)} of memory at its peak, and {format_bytes(self.free)} are free on the "
            f"{self.device}, so it may be killed; "
            + (f"try {ways}" if ways else "close other programs, or choose a smaller base")
        )


def forecast_plan(configs: Iterable[RunConfig], splits: Splits) -> Forecast | None:
    """The forecast for the largest of runs that are resolved and share their data; None if there is none for any."""
    texts = splits.frames["train"]["text"]
    found = [
        (config, memory)
        for config in {_key(config): config for config in configs}.values()
        if (memory := _forecast(config, texts, len(splits.labels)))
    ]
    if not found:
        return None
    config, memory = max(found, key=lambda item: item[1].peak)
    device = _device_of(config)
    free = _free_on(device)
    title = "CPU" if device.name == "cpu" else "GPU"
    forecast = Forecast(config, memory, free, title)
    if not forecast.is_too_large:
        return forecast
    peaks = [(words, _forecast(changed, texts, len(splits.labels))) for words, changed in _list_changes(config)]
    smaller = [(words, other.peak) for words, other in peaks if other and other.peak < memory.peak]
    return Forecast(config, memory, free, title, smaller)


def _key(config: RunConfig) -> str:
    """Equal for runs that take the same memory."""
    return config.model_dump_json(exclude={"seed", "replicate", "rows", "epochs", "learning_rate"})


def _forecast(config: RunConfig, texts: "pd.Series[str]", labels: int) -> Memory | None:
    if not find_method(config.method).needs_base:
        return None
    device = _device_of(config)
    kind = "cpu" if device.name == "cpu" else "cuda"
    precision: Precision = config.precision if config.precision != "auto" else "bf16" if device.bf16 else "fp32"
    try:
        base = find_base(config.base)
        sizes, folder = read_architecture(base), locate_folder(base)
        tokens = longest_tokens(config.base, texts, config.max_length)
    except BaseModelError:  # nothing is known of it before it is fetched; the plan itself says what is wrong with it
        return None
    multiple = padding_multiple(sizes.weights, config.max_length) or 1
    tokens = math.ceil(tokens / multiple) * multiple
    files = folder.glob("*.safetensors") if folder else ()
    return forecast_memory(
        config, base, sizes, tokens, kind, precision, labels, sum(file.stat().st_size for file in files)
    )


def longest_tokens(base: str, texts: "pd.Series[str]", max_length: int) -> int:
    """The tokens of the longest text after it was cut: counted for a bundled base, otherwise guessed from characters.
    Raises BaseModelError if the tokenizer of a bundled base cannot be read."""
    characters = texts.str.len().to_numpy()
    if base not in BUNDLED:
        return min(round(int(characters.max()) / CHARACTERS_A_TOKEN) + ADDED_TOKENS, max_length)
    longest = texts.iloc[np.argsort(characters)[-COUNTED_TEXTS:]].str.slice(stop=MOST_CHARACTERS * max_length)
    return min(int(count_tokens(base, longest.tolist()).max()), max_length)


def _list_changes(config: RunConfig) -> list[tuple[str, RunConfig]]:
    """Changes that take less memory, in words, and the run that each one makes."""
    method, changes = find_method(config.method), []
    if config.batch_size > 1:
        size, steps = config.batch_size // 2, 2 * config.gradient_accumulation_steps
        words = f"batch_size {size} with gradient_accumulation_steps {steps}, which learns the same"
        changes.append((words, config.model_copy(update={"batch_size": size})))
    if not config.gradient_checkpointing:
        changed = config.model_copy(update={"gradient_checkpointing": True})
        changes.append(("gradient_checkpointing, which takes a third more time", changed))
    if method.trains_base or method.name in ("lora", "rslora", "lora-plus", "pissa"):
        changes.append(("QLoRA, which keeps the base in 4 bits", resolve(derive(config, {"method": "qlora"}))[0]))
    return changes


def _device_of(config: RunConfig) -> Device:
    devices = own_devices()
    if config.device == "cpu":
        return devices[-1]
    named = [device for device in devices if device.name == config.device]
    return named[0] if named else default_device()


def _free_on(device: Device) -> int | None:
    if device.name == "cpu":
        return free_bytes()
    taken = foreign_bytes(device, ())
    return None if device.memory_bytes is None or taken is None else device.memory_bytes - taken
