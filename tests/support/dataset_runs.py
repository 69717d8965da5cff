"""A registered dataset of which some labels are wrong, and finished runs on it that say what its texts say."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from emocore.data.reading.record import Reading
from emocore.data.registry.importing import read_files, register
from emocore.data.registry.store import Dataset, datasets_root
from emocore.data.split import Splits, load_splits
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import runs_root
from emocore.training.process import tabulate_predictions
from emocore.training.provenance import describe_provenance
from tests.support.tables import finish_run, make_table, write_csv

# Rows of the test file whose label is the opposite of what the text says.
WRONG = {"joy": range(10, 18), "anger": range(18, 22)}
WRONG_IDS = [f"m2-{row}" for rows in WRONG.values() for row in rows]
METHODS = ("lora", "ia3")


def add_wrong_dataset(folder: Path, name: str = "tweets", test_rows: int = 300) -> Dataset:
    """Training, validation and test texts; some labels of the last are WRONG."""
    paths: dict[Any, str] = {}
    for seed, (part, rows) in enumerate({"train": 100, "validation": 60, "test": test_rows}.items()):
        table = make_table(rows, seed)
        if part == "test":
            for label, wrong in WRONG.items():
                table.loc[list(wrong), label] = 1 - table.loc[list(wrong), label]
        paths[part] = write_csv(folder / f"{name}-{part}.csv", table)
    return register(datasets_root(), name, read_files(paths, Reading()))[0]


def finish_runs(source: str, methods: tuple[str, ...] = METHODS, **settings: Any) -> list[RunFolder]:
    """A finished run of each method on these data, with the texts, labels and hashes of its real splits. What it is
    sure of is what a text says, with a little noise."""
    runs = []
    for number, method in enumerate(methods):
        config = resolve(RunConfig(method=method, data=source, threshold=0.5, **{"study": "s"} | settings))[0]
        splits = load_splits(config)
        truths = {name: splits.frames[name][list(splits.labels)].to_numpy() for name in ("validation", "test")}
        logits = {name: _read_texts(splits, name, number) for name in truths}
        origin = describe_provenance(splits, "cpu", "fp32").model_dump(exclude={"labels", "packages", "code"})
        scored = [(truths[name], logits[name]) for name in truths]
        run = finish_run(runs_root(), config, *scored[0], splits.labels, provenance=origin, test=scored[1])
        parts = [tabulate_predictions(name, splits.frames[name], logits[name]) for name in truths]
        pd.concat(parts).to_parquet(run.predictions, index=False)
        runs.append(run)
    return runs


def _read_texts(splits: Splits, name: str, seed: int) -> np.ndarray:
    said = np.stack([splits.frames[name]["text"].str.contains(f"so much {label}") for label in splits.labels], axis=1)
    return 5.0 * (said - 0.5) + np.random.default_rng(seed).normal(0, 0.1, said.shape)
