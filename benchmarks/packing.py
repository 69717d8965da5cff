"""Compares one run at a time on the CPU with several at once: the seconds from the launch to the end of the last run.

    python -m benchmarks.packing [--base minilm-l6] [--rows 300] [--epochs 2] [--runs 4] [--limits 1,2] [--rounds 2]

trains LoRA with as many seeds as there are runs, by `emocore study ... --wait` in a fresh runs folder, which starts a
scheduler of its own; W&B is offline. `--limits` are the numbers of runs at once, each in turn in every round, in an
order that alternates.
"""

import argparse
import os
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks.study import SHARED_SETTINGS
from benchmarks.timing.processes import carry_out, script_environment
from benchmarks.timing.report import print_progress, write_figures
from benchmarks.timing.task import Task, add_options, make_task
from emocore.cli.output import print_table
from emocore.errors import EmocoreError
from emocore.run.listing import look_at_runs
from emocore.system.limits import set_limit
from tests.support.live_runs import end_processes

METHOD = "lora"


def run_study(task: Task, runs: int, limit: int, folder: Path) -> dict[str, float]:
    """Seconds until all runs have ended, and the mean seconds of training of a run."""
    set_limit("cpu", limit)
    config, root = task.configs[METHOD], folder / "runs"
    settings = [f"--{name.replace('_', '-')}={getattr(config, name)}" for name in SHARED_SETTINGS]
    seeds = ",".join(str(config.seed + number) for number in range(runs))
    command = [sys.executable, "-m", "emocore", "study", "--name", "packing", "--methods", METHOD, "--seeds", seeds]
    try:
        ended = carry_out(
            [*command, *settings, "--wait"],
            folder / "log",
            script_environment(task.device) | {"EMOCORE_RUNS": str(root)},
        )
        costs = [scores.cost.train_seconds or 0.0 for run in look_at_runs(root).finished if (scores := run.scores)]
    finally:
        end_processes(root)
    return {"all": ended.seconds, "training of each": statistics.mean(costs)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, rows=300, epochs=2, rounds=2)
    parser.set_defaults(base="minilm-l6")
    parser.add_argument("--runs", type=int, default=4)
    parser.add_argument("--limits", type=lambda text: [int(part) for part in text.split(",")], default=[1, 2])
    options = parser.parse_args()
    rounds: list[dict[int, dict[str, float]]] = []
    with tempfile.TemporaryDirectory(prefix="emocore-packing-") as name:
        os.environ["EMOCORE_SETTINGS"] = f"{name}/settings"
        try:
            task = make_task(options, [METHOD], Path(name))
        except EmocoreError as error:
            parser.error(str(error))
        print(task, flush=True)
        for number in range(options.rounds):
            rounds.append({})
            for limit in options.limits if number % 2 == 0 else reversed(options.limits):
                folder = Path(name) / f"round {number + 1}, {limit} at once"
                folder.mkdir()
                rounds[-1][limit] = run_study(task, options.runs, limit, folder)
                print_progress(f"{folder.name}: {rounds[-1][limit]['all']:.1f} s")
    steps = ("all", "training of each")
    rows = [
        [str(limit), *(f"{statistics.median(found[limit][step] for found in rounds):.1f}" for step in steps)]
        for limit in options.limits
    ]
    print_table([["runs at once", *(f"seconds, {step}" for step in steps)], *rows])
    write_figures(options.json, {"texts": task.counts, "runs": options.runs, "rounds": rounds})


if __name__ == "__main__":
    main()
