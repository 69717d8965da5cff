"""How many settings each method had to choose from, on this machine: the trials of searches, and learning rates that
were tried by hand."""

import contextlib
from collections import Counter
from pathlib import Path

from emocore.errors import ConfigError, RunError
from emocore.evaluation.run_descriptions import Rates, TrialPlace, collect_rates
from emocore.run.config import RunConfig
from emocore.run.listing import look_at_runs
from emocore.run.search_record import is_trial, sources_of_trials
from emocore.run.state import RunStatus


def count_tries(root: Path) -> dict[TrialPlace, int]:
    """By method, base and data: every trial of a search for these data that ran, even if it was pruned or failed, and
    every other pair of learning rates (of adapter and head) of a finished run.

    Not only runs that are compared count, because a method with more tries has an advantage. Damaged runs are left out.
    """
    sources = sources_of_trials(root)
    ordinary: list[RunConfig] = []
    trials: list[RunConfig] = []
    for run, state in look_at_runs(root).runs:
        with contextlib.suppress(ConfigError, RunError):
            config = run.config
            if is_trial(run, sources):
                if state.attempts:
                    trials.append(config.model_copy(update={"data": sources[config.data]}))
            elif state.status == RunStatus.FINISHED:
                ordinary.append(config)
    searched: dict[TrialPlace, set[Rates]] = collect_rates(trials)
    by_hand = {place: rates - searched.get(place, set()) for place, rates in collect_rates(ordinary).items()}
    return dict(
        Counter((config.method, config.base, config.data) for config in trials)
        + Counter({place: len(rates) for place, rates in by_hand.items()})
    )
