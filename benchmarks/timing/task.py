"""What is to be trained and scored in a benchmark, the same for all sides, from the options of its command.

The texts are those of Emocore's own splits. They are written to files, so that the number of evaluation texts can be
limited, and all sides read the same ones.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from emocore.data.split import load_splits
from emocore.errors import ConfigError
from emocore.jobs.launch import plan_runs
from emocore.models.bases import find_base
from emocore.models.bundled import bundled_folder
from emocore.models.lengths import BUNDLED
from emocore.run.config import STARTER, RunConfig, build
from emocore.training.process import choose_precision

METHODS = ("lora", "ia3", "qlora")


@dataclass(frozen=True)
class Task:
    """`configs` are the complete settings of one run per method, on the CPU. `texts` is a parquet file with the columns
    split, text and one 0/1 column per label: the texts that are trained and scored. `counts` are the texts by split,
    and `precision` is what Emocore trains in here."""

    configs: dict[str, RunConfig]
    texts: Path
    labels: tuple[str, ...]
    counts: dict[str, int]
    precision: str

    @property
    def samples(self) -> int:
        """Training texts over all epochs, equal for all methods."""
        [epochs] = {config.epochs or 1 for config in self.configs.values()}
        return self.counts["train"] * epochs

    def __str__(self) -> str:
        [base] = {config.base for config in self.configs.values()}
        counts = ", ".join(f"{count:,} {split}" for split, count in self.counts.items())
        return f"{', '.join(self.configs)} on {base} in {self.precision}; {counts} texts, {self.samples:,} to train"


def add_options(parser: argparse.ArgumentParser, rows: int, epochs: int, rounds: int) -> None:
    """The options that `make_task` reads, with these defaults, and those of every benchmark of speed."""
    parser.add_argument("--base", choices=BUNDLED, default="smollm2-135m")
    parser.add_argument("--rows", type=int, default=rows, help="training texts, or all if there are fewer")
    parser.add_argument("--epochs", type=int, default=epochs)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--data", default=STARTER, help="a file of labelled texts")
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
    """Write the texts to `folder`. Raises ConfigError, DataError or BaseModelError if they cannot be trained on."""
    sources = {name: getattr(options, name) for name in ("data", "validation_data", "test_data")}
    splits = load_splits(build(RunConfig, sources))
    if "test" not in splits.frames:
        raise ConfigError(f"{options.data}: there is no test split; name a file in --test-data, too")
    limits = {"validation": options.validation_rows, "test": options.test_rows}
    files = {}
    for name, frame in splits.frames.items():
        limit = limits.get(name)
        kept = frame if limit is None or limit >= len(frame) else frame.sample(limit, random_state=options.seed)
        files[name] = folder / f"{name}.parquet"
        kept[["text", *splits.labels]].to_parquet(files[name], index=False)
    shared = {
        "base": options.base,
        "seed": options.seed,
        "data": str(files["train"]),
        "validation_data": str(files["validation"]),
        "test_data": str(files["test"]),
        "rows": min(options.rows, len(splits.frames["train"])),
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "device": "cpu",
        "wandb_mode": "offline",  # what "auto" means without a key
    }
    plan = plan_runs([build(RunConfig, shared | {"method": method}) for method in methods])
    bundled_folder(find_base(options.base))  # its conversion, which happens once, belongs to no side
    chosen = {name: frame[["text", *splits.labels]] for name, frame in plan.splits.frames.items()}
    texts = folder / "texts.parquet"
    pd.concat(chosen, names=["split"]).reset_index(level="split").to_parquet(texts, index=False)
    return Task(
        configs=dict(zip(methods, plan.configs, strict=True)),
        texts=texts,
        labels=splits.labels,
        counts={name: len(frame) for name, frame in chosen.items()},
        precision=choose_precision(plan.configs[0], "cpu"),
    )
