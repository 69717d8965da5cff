"""The short version of benchmarks/chaos.py: a death at every point, and a few at random moments.

`make chaos` is the long one.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from emocore.system.faults import POINTS
from tests.support.chaos_world import NEURAL, Untouched, World
from tests.support.live_runs import end_processes

pytestmark = pytest.mark.long
RANDOM_KILLS = 4
# The first file of an attempt is the scheduler's; the run writes its identity, its state, its provenance ...
FILE_PASSINGS = (1, 2, 4)
# In this order one run of a neural model can die at all its points, one after the other.
MODEL_POINTS = [point for point in POINTS if point in NEURAL]
OTHER_POINTS = [point for point in POINTS if point not in NEURAL]


def strike_all(world: World, points: list[str]) -> None:
    for point in points:
        for passing in FILE_PASSINGS if point.startswith("file.") else (1,):
            world.strike(point, passing)
    for _ in range(RANDOM_KILLS):
        world.strike_at_random()
    world.settle()


@pytest.fixture(scope="module")
def worlds(
    tmp_path_factory: pytest.TempPathFactory, tiny_llama: Path, small_csv: Path
) -> Iterator[dict[str, tuple[World, list[str]]]]:
    """Two worlds that are struck at the same time."""
    points = {"models": MODEL_POINTS, "others": OTHER_POINTS}
    untouched = Untouched(tmp_path_factory.mktemp("untouched"), tiny_llama, small_csv)
    worlds = {
        name: (World(tmp_path_factory.mktemp(name), untouched, seed), points[name]) for seed, name in enumerate(points)
    }
    try:
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(strike_all, *pair) for pair in worlds.values()]:
                done.result()
        yield worlds
    finally:
        for world, _ in worlds.values():
            end_processes(world.root)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["models", "others"])
def test_nothing_is_lost_and_nothing_runs_twice(worlds: dict[str, tuple[World, list[str]]], name: str) -> None:
    """What is checked on the way stands in `World.check` and `World.settle`."""
    world, points = worlds[name]
    assert {point for point in world.kills if "." in point} >= set(points)
    assert world.accepted - world.condemned <= set(world.finished)
