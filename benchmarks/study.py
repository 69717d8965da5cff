"""Compares a study of three methods by Emocore, from its launch to the comparison, with three scripts in a row.

    python -m benchmarks.study [--base smollm2-135m] [--rows 1000] [--epochs 3] [--rounds 1]

measures wall time on the CPU, or with `--device cuda` on the first GPU. `emocore` is `emocore study ... --wait` in a
fresh runs folder, which starts a scheduler of its own, and then `emocore compare`, each from the start of its process
to its end, W&B offline. `scripts` are three tuned Hugging Face Trainer scripts, one per method, one after the other:
see `benchmarks.training`. They train on the same texts with the same settings and store their predictions, but compare
nothing.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.timing.processes import carry_out, script_environment
from benchmarks.timing.report import describe_ratios, print_progress, write_figures
from benchmarks.timing.sides import run_tuned
from benchmarks.timing.task import METHODS, Task, add_options, choice_of, make_task
from emocore.cli.output import print_line, print_table
from emocore.errors import EmocoreError
from tests.support.live_runs import end_processes

STUDY = "benchmark"
SHARED_SETTINGS = (
    "base",
    "data",
    "validation_data",
    "test_data",
    "rows",
    "epochs",
    "batch_size",
    "device",
    "precision",
    "wandb_mode",
)

Round = dict[str, dict[str, float]]  # side -> step -> seconds


def run_scripts(task: Task, folder: Path) -> dict[str, float]:
    """Seconds of each method's script."""
    return {f"script, {method}": run_tuned(task, method, folder / method).process_seconds for method in task.configs}


def run_study(task: Task, folder: Path) -> dict[str, float]:
    """Seconds of the study until all its runs have ended, and of the comparison."""
    runs, log = folder / "runs", folder / "study.log"
    environment = script_environment(task.device) | {"EMOCORE_RUNS": str(runs)}
    config = next(iter(task.configs.values()))  # the methods share what is read here
    settings = [f"--{name.replace('_', '-')}={getattr(config, name)}" for name in SHARED_SETTINGS]
    emocore = [sys.executable, "-m", "emocore"]
    study = [*emocore, "study", "--name", STUDY, "--methods", ",".join(task.configs), "--seeds", str(config.seed)]
    try:
        trained = carry_out([*study, *settings, "--wait"], log, environment)
        compared = carry_out([*emocore, "compare", "--study", STUDY], log, environment)
    finally:
        end_processes(runs)
    return {"emocore study": trained.seconds, "emocore compare": compared.seconds}


def run_round(task: Task, folder: Path, study_first: bool) -> Round:
    """Both sides, one after the other, in an order that alternates between rounds."""
    folder.mkdir()
    print_progress(f"{folder.name} begins")
    found = {}
    for side in ("emocore", "scripts") if study_first else ("scripts", "emocore"):
        found[side] = run_study(task, folder) if side == "emocore" else run_scripts(task, folder)
        print_progress(f"{folder.name}, {side}: {sum(found[side].values()):.1f} s")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, rows=1000, epochs=3, rounds=1)
    parser.add_argument("--methods", type=choice_of(METHODS), default=list(METHODS), metavar=",".join(METHODS))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="emocore-study-") as name:
        os.environ["EMOCORE_SETTINGS"] = f"{name}/settings"
        try:
            task = make_task(options, options.methods, Path(name))
        except EmocoreError as error:
            parser.error(str(error))
        print(task, flush=True)
        rounds = [
            run_round(task, Path(name) / f"round {number + 1}", study_first=number % 2 == 1)
            for number in range(options.rounds)
        ]
    rows = []
    for side in ("scripts", "emocore"):
        steps = [*rounds[0][side]]
        rows += [[step, f"{statistics.median(found[side][step] for found in rounds):.1f}"] for step in steps]
        rows.append([f"{side}, all", f"{statistics.median(sum(found[side].values()) for found in rounds):.1f}"])
    print_table([["step", "seconds"], *rows])
    ratios = [sum(found["emocore"].values()) / sum(found["scripts"].values()) for found in rounds]
    print_line(f"emocore/scripts, seconds: {describe_ratios(ratios)}")
    configs = {method: config.model_dump() for method, config in task.configs.items()}
    figures = {"configs": configs, "texts": task.counts, "precision": task.precision, "rounds": rounds}
    write_figures(options.json, figures | {"ratios": ratios})


if __name__ == "__main__":
    main()
