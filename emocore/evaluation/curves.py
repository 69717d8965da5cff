"""Histories of several runs -> one table for the curve charts."""

import pandas as pd

from emocore.models.methods.catalogue import method_title
from emocore.run.config import RunConfig
from emocore.text import strip_markup
from emocore.tracking.history import History


def curve_table(histories: list[tuple[str, RunConfig, History]]) -> pd.DataFrame:
    """One row per run and logged step: series, method, epoch, step and one column per metric. `histories` has (run id,
    config, history).

    A series is named after its method and, if that is not unique, its seed or the end of its id.
    """
    names = [method_title(config.method) for _, config, _ in histories]
    seeds = [f"{name}, seed {config.seed}" for name, (_, config, _) in zip(names, histories, strict=True)]
    rows = []
    for position, (run_id, config, history) in enumerate(histories):
        series = names[position]
        if names.count(series) > 1:
            series = seeds[position]
        if seeds.count(series) > 1:
            series += f" ({strip_markup(run_id.rsplit('-', 1)[-1])})"
        rows += [{"series": series, "method": config.method, **row} for row in history.rows]
        if not history.rows:
            rows.append({"series": series, "method": config.method, "epoch": None})
    return pd.DataFrame(rows)
