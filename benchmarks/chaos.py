"""Kill processes at every point and at random moments; nothing may be lost, run twice or end with a wrong state.

`python -m benchmarks.chaos --count 500 --seed 1` (or `make chaos`) makes that many kills and prints what happened. A
kill is a process that dies at a point of `emocore.system.faults`, or a SIGKILL to a run, a scheduler or an app. An app
here is a process that calls what the pages call: launch, stop, resume, delete.

Checked after each kill: every accepted run exists and is readable, and one device never has two processes. Checked at
the end: every run ended exactly once, with the adapter, predictions and curve of a run without kills.
"""

import argparse
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd

from emocore.data.source import STARTER_FILE
from emocore.system.faults import POINTS
from tests.support.chaos_world import Untouched, World
from tests.support.live_runs import end_processes

WORLDS = 2  # two at a time, so that one waits while the other computes


def prepare(folder: Path) -> tuple[Path, Path]:
    """A tiny base and a small data file, without pytest's fixtures."""
    from tests.support import tiny_models

    data = folder / "small.csv"
    pd.read_csv(STARTER_FILE).head(120).to_csv(data, index=False)
    return tiny_models.save_tiny_llama(folder / "tiny-llama"), data


def strike(world: World, kills: int) -> None:
    """Make this many kills, half of them at a point; then everything has to end."""
    try:
        while world.kills.total() < kills:
            if world.random.random() < 0.5:
                world.strike_at_random()
            else:
                point = world.random.choice(list(POINTS))
                is_frequent = point.startswith(("step", "metrics.", "file."))
                world.strike(point, world.random.randint(1, 5) if is_frequent else 1)
            print(f"world {world.seed}: {world.kills.total()} kills, {len(world.accepted)} runs", flush=True)
        world.settle()
    finally:
        end_processes(world.root)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500, help="kills")
    parser.add_argument("--seed", type=int, default=1, help="seed of the order and the moments")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"
    with tempfile.TemporaryDirectory(prefix="emocore-chaos-") as name, ThreadPoolExecutor(WORLDS) as pool:
        os.environ["EMOCORE_SETTINGS"] = f"{name}/settings"
        untouched = Untouched(Path(name) / "untouched", *prepare(Path(name)))
        seeds = [options.seed * WORLDS + number for number in range(WORLDS)]
        worlds = [World(Path(name) / f"world-{seed}", untouched, seed) for seed in seeds]
        for done in [pool.submit(strike, world, options.count // WORLDS) for world in worlds]:
            done.result()
    kills = sum((world.kills for world in worlds[1:]), worlds[0].kills)
    print(f"{kills.total()} kills (seed {options.seed}): {dict(kills.most_common())}")
    accepted = sum(len(world.accepted) for world in worlds)
    deleted = sum(len(world.condemned - set(world.finished)) for world in worlds)
    finished = sum(len(world.finished) for world in worlds)
    print(f"{accepted} runs accepted: {finished} finished once, {deleted} deleted before; none lost, none run twice")


if __name__ == "__main__":
    main()
