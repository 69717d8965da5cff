"""What is to be trained and scored in a benchmark, the same for all sides, from the options of its command.

The texts are those of Emocore's own splits, or made up for a base with random weights. They are written to files, so
that the number of evaluation texts can be limited, and all sides read the same ones.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.timing.architectures import ARCHITECTURES, draw_labels, draw_texts, list_words
from benchmarks.timing.processes import carry_out, script_environment
from emocore.data.split import Splits, load_splits
from emocore.errors import ConfigError
from emocore.jobs.launch import plan_runs
from emocore.jobs.slots import list_allowed
from emocore.models.bases import find_base
from emocore.models.bundled import base_source
from emocore.models.lengths import BUNDLED, count_tokens
from emocore.run.config import STARTER, RunConfig, build
from emocore.system.devices import Device, own_devices
from emocore.training.process import choose_device, choose_precision

METHODS = ("lora", "ia3", "qlora")
COUNTED_WITH = "smollm2-135m"  # the bundled decoder, whose tokens are most like those of the study's bases


@dataclass(frozen=True)
class Task:
    """`configs` are the complete settings of one run per method, all on `device`. `texts` is a parquet file with the
    columns split, text and one 0/1 column per label: the texts that are trained and scored. `counts` are the texts by
    split, and `precision` is what Emocore trains in here. `random_weights` is the architecture of a base whose weights,
    texts and labels are random, so that its scores mean nothing, or None."""

    configs: dict[str, RunConfig]
    texts: Path
    labels: tuple[str, ...]
    counts: dict[str, int]
    device: Device
    precision: str
    random_weights: str | None

    @property
    def samples(self) -> int:
        """Training texts over all epochs, equal for all methods."""
        [epochs] = {config.epochs or 1 for config in self.configs.values()}
        return self.counts["train"] * epochs

    @property
    def is_on_gpu(self) -> bool:
        return self.device.name != "cpu"

    def __str__(self) -> str:
        [(base, batch_size)] = {(config.base, config.batch_size) for config in self.configs.values()}
        shown = f"{self.random_weights} with random weights" if self.random_weights else base
        counts = ", ".join(f"{count:,} {split}" for split, count in self.counts.items())
        return (
            f"{', '.join(self.configs)} on {shown} in {self.precision} on {self.device.title}; "
            f"{counts} texts, {self.samples:,} to train in batches of {batch_size}"
        )


def add_options(parser: argparse.ArgumentParser, rows: int, epochs: int, rounds: int) -> None:
    """The options that `make_task` reads, with these defaults, and those of every benchmark of speed."""
    base = parser.add_mutually_exclusive_group()
    base.add_argument("--base", choices=BUNDLED, default="smollm2-135m")
    base.add_argument(
        "--random-weights",
        choices=ARCHITECTURES,
        help="one of the study's bases with random weights, on random texts and labels; its folder, of up to 15 GB, "
        "lies where TMPDIR says and is removed at the end",
    )
    parser.add_argument("--toy", action="store_true", help="small sizes for --random-weights, to try it on a CPU")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--precision", choices=["auto", "bf16", "fp32"], default="auto", help="of tuned and emocore")
    parser.add_argument("--rows", type=int, default=rows, help="training texts, or all if there are fewer")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--data", default=STARTER, help="a file of labelled texts; random ones have their lengths")
    parser.add_argument("--validation-data")
    parser.add_argument("--test-data")
    parser.add_argument("--validation-rows", type=int, help="validation texts; all by default")
    parser.add_argument("--test-rows", type=int, help="test texts; all by default")
    parser.add_argument("--rounds", type=int, default=rounds)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to this file, too")


def choice_of(known: Sequence[str]) -> Callable[[str], list[str]]:
    """Parses an option that takes some of the `known` names, separated by commas."""

    def parse(text: str) -> list[str]:
        names = list(dict.fromkeys(text.split(",")))
        if unknown := [name for name in names if name not in known]:
            raise argparse.ArgumentTypeError(f"'{unknown[0]}' is none of {', '.join(known)}")
        return names

    return parse


def make_task(options: argparse.Namespace, methods: list[str], folder: Path) -> Task:
    """Write the texts to `folder`, and the base if its weights are random. Raises ConfigError, DataError or
    BaseModelError if they cannot be trained on, or if there is no such device."""
    if options.toy and not options.random_weights:
        raise ConfigError("--toy: only a base with random weights has small sizes; name one in --random-weights, too")
    device = find_device(options.device)
    sources = {name: getattr(options, name) for name in ("data", "validation_data", "test_data")}
    splits = load_splits(build(RunConfig, sources))
    if "test" not in splits.frames:
        raise ConfigError(f"{options.data}: there is no test split; name a file in --test-data, too")
    frames, base = choose_texts(options, splits), options.base
    if options.random_weights:
        frames, base = make_random_texts(options, splits, frames), str(make_random_base(options, device, folder))
    files = {name: folder / f"{name}.parquet" for name in frames}
    for name, frame in frames.items():
        frame.to_parquet(files[name], index=False)
    shared = {
        "base": base,
        "seed": options.seed,
        "data": str(files["train"]),
        "validation_data": str(files["validation"]),
        "test_data": str(files["test"]),
        "rows": min(options.rows, len(frames["train"])),
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "device": options.device,
        "precision": options.precision,
        "wandb_mode": "offline",  # what "auto" means without a key
    }
    plan = plan_runs([build(RunConfig, shared | {"method": method}) for method in methods])
    base_source(find_base(base))  # the conversion of a bundled base, which happens once, belongs to no side
    chosen = {name: frame[["text", *splits.labels]] for name, frame in plan.splits.frames.items()}
    texts = folder / "texts.parquet"
    pd.concat(chosen, names=["split"]).reset_index(level="split").to_parquet(texts, index=False)
    return Task(
        configs=dict(zip(methods, plan.configs, strict=True)),
        texts=texts,
        labels=splits.labels,
        counts={name: len(frame) for name, frame in chosen.items()},
        device=device,
        precision=choose_precision(plan.configs[0], options.device),
        random_weights=options.random_weights,
    )


def find_device(asked: str) -> Device:
    """The CPU, or the first GPU for "cuda". Raises ConfigError if there is none or torch cannot use it."""
    config = build(RunConfig, {"device": asked})
    device = next(iter(list_allowed(config, own_devices())), None)
    if device is None:
        names = ", ".join(device.title for device in own_devices())
        raise ConfigError(f"--device {asked}: no GPU can be used here, only {names}; leave --device out to measure it")
    choose_device(config, device.name)
    return device


def choose_texts(options: argparse.Namespace, splits: Splits) -> dict[str, pd.DataFrame]:
    """Texts and labels by split: all for training, of which `rows` are drawn later, and as many as asked for others."""
    limits = {"validation": options.validation_rows, "test": options.test_rows}
    chosen = {}
    for name, frame in splits.frames.items():
        limit = limits.get(name)
        kept = frame if limit is None or limit >= len(frame) else frame.sample(limit, random_state=options.seed)
        chosen[name] = kept[["text", *splits.labels]]
    return chosen


def make_random_texts(
    options: argparse.Namespace, splits: Splits, frames: dict[str, pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Random texts and labels in place of `frames`: as many, or more for training if `rows` asks for more. Lengths in
    tokens and frequencies of labels are those of the training split."""
    generator = np.random.default_rng(options.seed)
    source, words = splits.frames["train"], list_words(options.random_weights, options.toy)
    lengths = count_tokens(COUNTED_WITH, source["text"].tolist())
    made = {}
    for name, frame in frames.items():
        rows = max(len(frame), options.rows) if name == "train" else len(frame)
        made[name] = draw_labels(source[list(splits.labels)], rows, generator)
        made[name].insert(0, "text", draw_texts(words, lengths, rows, generator))
    return made


def make_random_base(options: argparse.Namespace, device: Device, folder: Path) -> Path:
    """Write the base in another process: this one loads no torch, see `Ended`."""
    base = folder / options.random_weights
    command = [sys.executable, "-m", "benchmarks.timing.random_base", options.random_weights, str(base)]
    carry_out(command + ["--toy"] * options.toy, folder / "base.log", script_environment(device))
    return base
