"""Compares the forecast of memory with the measured peak of trainings on the CPU, each in a fresh process.

    python -m benchmarks.memory [--data starter] [--cases lora:minilm-l6:16:64,full:smollm2-135m:8:128:5] [--rows 96]

A case is method:base:batch:max_length, with a fifth part where several texts are joined to one, which makes long texts
of short ones, and a sixth for a precision or `checkpointing`. The default cases are those of benchmarks/RESULTS.md; the
quick form has the first of them. Each run learns from all its rows once, so that it meets its longest batch. The
forecast knows nothing of any run. Other work on the machine changes the seconds of a run, and not its memory.
"""

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path
from sys import executable
from typing import Any

from benchmarks.timing.processes import carry_out, script_environment
from benchmarks.timing.report import print_progress, write_figures
from emocore.cli.output import print_table
from emocore.data.split import load_splits
from emocore.errors import EmocoreError
from emocore.jobs.launch import plan_runs
from emocore.run.config import STARTER, RunConfig, build
from emocore.run.listing import create_run
from emocore.run.state import RunStatus
from emocore.system.devices import own_devices

CASES = (
    "lora:minilm-l6:16:128", "lora:minilm-l6:32:128:5", "lora:minilm-l6:8:64:5", "lora:minilm-l6:16:128:5:fp32",
    "lora:minilm-l6:32:128:5:checkpointing", "ia3:minilm-l6:8:128", "ia3:minilm-l6:32:128:5",
    "qlora:minilm-l6:16:128:5", "adalora:minilm-l6:16:128:5", "dora:minilm-l6:32:128:5",
    "bitfit:minilm-l6:16:128:5:fp32", "head:minilm-l6:16:128:5", "full:minilm-l6:8:64:5", "full:minilm-l6:32:64",
    "full:minilm-l6:16:128:5", "full:minilm-l6:64:128:5", "lora:smollm2-135m:8:64", "lora:smollm2-135m:32:64",
    "lora:smollm2-135m:16:128:5", "lora:smollm2-135m:16:64:5:checkpointing", "ia3:smollm2-135m:8:64",
    "ia3:smollm2-135m:32:64:5", "qlora:smollm2-135m:16:64:5", "adalora:smollm2-135m:8:64:5",
    "dora:smollm2-135m:8:64:5", "head:smollm2-135m:16:64", "full:smollm2-135m:8:64:5",
)  # fmt: skip
TEXTS = 200  # of which a run takes its rows, and its validation and test texts


@dataclass(frozen=True)
class Measured:
    """Bytes at the peak of one training."""

    case: str
    forecast: int
    measured: int

    @property
    def error(self) -> float:
        """Of the forecast, as a share of what was measured."""
        return self.forecast / self.measured - 1

    @property
    def row(self) -> list[str]:
        """A line of the table, in megabytes."""
        return [self.case, f"{self.forecast / 1e6:,.0f}", f"{self.measured / 1e6:,.0f}", f"{self.error:+.1%}"]


def read_case(case: str, rows: int) -> tuple[dict[str, Any], int]:
    """The settings of a case, and how many texts are joined to one."""
    method, base, batch, length, joined, how = (*case.split(":"), "", "")[:6]
    settings = {"method": method, "base": base, "batch_size": int(batch), "max_length": int(length), "rows": rows}
    settings |= {"epochs": 1, "device": "cpu", "wandb_mode": "offline"}
    if how:
        settings |= {"gradient_checkpointing": True} if how == "checkpointing" else {"precision": how}
    return settings, int(joined or 1)


def write_texts(data: str, joined: int, file: Path) -> None:
    """The first TEXTS training texts of the data with their labels, each with the next ones joined to it."""
    frame = load_splits(build(RunConfig, {"data": data})).frames["train"]
    texts, labels = frame["text"].tolist(), frame.drop(columns=frame.columns.intersection(["row_id", "group_name"]))
    count = min(TEXTS, len(texts))
    longer = [" ".join(texts[(place * joined + step) % len(texts)] for step in range(joined)) for place in range(count)]
    labels.head(count).assign(text=longer).to_csv(file, index=False)


def measure(case: str, data: str, rows: int, folder: Path) -> Measured:
    """Forecast one run and carry it out in a new runs folder. Raises EmocoreError if it cannot be planned, and
    RuntimeError if it fails."""
    settings, joined = read_case(case, rows)
    (folder / "runs").mkdir(parents=True)
    write_texts(data, joined, folder / "texts.csv")
    plan = plan_runs([build(RunConfig, settings | {"data": str(folder / "texts.csv")})])
    assert plan.memory, "every base of a case is at hand"
    run = create_run(folder / "runs", plan.configs[0])
    environment = script_environment(own_devices()[-1]) | {"OMP_NUM_THREADS": "1"}
    with run.lock() as lock:
        run.change_state(RunStatus.STARTING, device="cpu", attempts=1)
        carry_out([executable, "-m", "emocore.training", str(run.path), str(lock)], run.log, environment, lock)
    assert run.scores and run.scores.cost.peak_memory_bytes, "a run that ended well has its peak"
    return Measured(case, plan.memory.memory.peak, run.scores.cost.peak_memory_bytes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=STARTER)
    parser.add_argument("--cases", type=lambda text: text.split(","), default=list(CASES))
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--quick", action="store_true", help="only the first case")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="emocore-memory-") as name:
        for number, case in enumerate(options.cases[:1] if options.quick else options.cases):
            try:
                found.append(measure(case, options.data, options.rows, Path(name) / str(number)))
            except EmocoreError as error:
                parser.error(str(error))
            print_progress(", ".join(found[-1].row))
    print_table([["case", "forecast, MB", "measured, MB", "error"], *(one.row for one in found)])
    print(f"largest error: {max(abs(one.error) for one in found):.1%}")
    write_figures(options.json, {"cases": [vars(one) | {"error": one.error} for one in found]})


if __name__ == "__main__":
    main()
