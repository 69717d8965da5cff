"""Estimates how long runs will take, from past runs of this machine or from a quick measurement.

An estimate is right to a factor of about two and always shown with "about".
"""

import time
from functools import cache
from pathlib import Path

import numpy as np

from emocore.jobs.measured import read_measured
from emocore.models.bases import find_base
from emocore.models.methods.catalogue import find_method
from emocore.run.config import RunConfig
from emocore.run.listing import look_at_runs
from emocore.system.devices import default_device

TOKENS_A_TEXT = 30  # of a tweet, padded in a batch of similar ones
STARTUP_SECONDS = 14.0  # importing, loading the base, W&B, reloading the adapter
# Share of the measured speed that a training reaches; in small bases, matrix products take less of the time.
EFFICIENCY = 0.9
FALLBACK_PARAMETERS = 1e9
MOST_LOOKED_AT = 200  # finished runs; a first page that reads thousands of results would take seconds

Kind = tuple[str, str, str]  # method, base, "cpu" or "cuda"


@cache
def matrix_flops_per_second() -> float:
    """Speed of float32 matrix products on this machine's CPU, the best of a few; takes about 0.2 s once."""
    left = np.random.default_rng(0).standard_normal((768, 768), dtype=np.float32)
    best = 1e9
    for _ in range(8):
        began = time.perf_counter()
        left @ left
        best = min(best, time.perf_counter() - began)
    return 2 * 768**3 / best


def estimate_seconds(configs: list[RunConfig], train_rows: int, root: Path) -> float | None:
    """Seconds for all runs one after another. `configs` are resolved; `train_rows` holds for those that do not set
    `rows`. None if a run will use a GPU and no similar run has finished on it, since there is no basis for an
    estimate."""
    known = _measured_speeds(root)
    read_by: set[str] = set()
    guesses = []
    for config in configs:
        guess = _estimate_run(config, train_rows, known)
        if find_method(config.method).engine == "head":  # its base reads the texts once for all of them
            guess = STARTUP_SECONDS if config.base in read_by else guess
            read_by.add(config.base)
        guesses.append(guess)
    return None if None in guesses else sum(guess for guess in guesses if guess is not None)


def _estimate_run(config: RunConfig, train_rows: int, known: dict[Kind, float]) -> float | None:
    method = find_method(config.method)
    if not method.needs_base:
        return STARTUP_SECONDS / 2
    rows = config.rows or (train_rows // 2 if config.learns_half else train_rows)
    samples = rows * (config.epochs or 1)
    if config.max_steps:
        samples = config.max_steps * config.batch_size * config.gradient_accumulation_steps
    on_cpu = config.device == "cpu" or default_device().name == "cpu"
    speed = known.get((config.method, config.base, "cpu" if on_cpu else "cuda"))
    if speed is None and not on_cpu:
        return None
    if speed is None and method.engine == "head":  # one pass, without a backward one, which takes twice as long
        samples, speed = rows, 3 * _guess_samples_per_second(config.base)
    speed = speed or _guess_samples_per_second(config.base)
    return STARTUP_SECONDS + 1.15 * samples / speed  # the evaluations add about 15 %


def _guess_samples_per_second(base: str) -> float:
    """Six operations per parameter and token (Kaplan et al. 2020), without embeddings."""
    parameters = 0.6 * (find_base(base).parameters or FALLBACK_PARAMETERS)
    return EFFICIENCY * matrix_flops_per_second() / (6 * parameters * TOKENS_A_TEXT)


def _measured_speeds(root: Path) -> dict[Kind, float]:
    """Samples per second of the latest finished run by method, base and kind of device, among the latest runs. A run
    that shared its device was slower."""
    latest = look_at_runs(root).finished[-MOST_LOOKED_AT:]
    return {
        (measured.config.method, measured.config.base, measured.device): measured.cost.samples_per_second
        for measured in read_measured(latest)
        if measured.cost.samples_per_second and not measured.shared_device
    }
