"""Settings, environment, data and plan of a comparison's runs, without anything that is private to this machine.

Settings name files and local bases by absolute paths. Elsewhere these mean nothing and reveal the user's name, so a
file is called by its own name, with as many of its folders as are needed to tell it from others.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pandas as pd

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.results import Result, RunResult, TeamResult
from emocore.export.content import ComparisonContent
from emocore.run.config import STARTER
from emocore.run.settings import DATA_FILES, describe_value, title, use
from emocore.tracking.place import known_place

ADDRESS = ("mode", "entity", "project", "id", "url", "base_url")


def file_names(results: Sequence[Result]) -> dict[str, str]:
    """Each path in the settings -> the file's name outside this machine.

    Files with the same content have the same name, wherever they are. A local base is called ./NAME.
    """
    contents: dict[str, str] = {}
    for result in results:
        hashes = result.provenance.data_sha256
        for setting in DATA_FILES:
            path = getattr(result.config, setting)
            if path and path != STARTER:
                contents.setdefault(path, hashes.get(setting, path))
    firsts: dict[str, str] = {}
    for path, content in contents.items():
        firsts.setdefault(content, path)
    names = _shorten(list(firsts.values()))
    bases = _shorten(sorted({r.config.base for r in results if Path(r.config.base).is_absolute()}))
    return {path: names[firsts[content]] for path, content in contents.items()} | {
        path: f"./{name}" for path, name in bases.items()
    }


def without_paths(content: ComparisonContent, names: Mapping[str, str]) -> ComparisonContent:
    """The same content with names of files instead of their paths."""

    order = sorted(names, key=len, reverse=True)  # a path may be the beginning of another one

    def rename_files(cell: Any) -> Any:
        return reduce(lambda text, path: text.replace(path, names[path]), order, cell) if type(cell) is str else cell

    return replace(
        content,
        sentence=rename_files(content.sentence),
        numbers=[rename_files(line) for line in content.numbers],
        remarks=[rename_files(sentence) for sentence in content.remarks],
        caveats=[rename_files(sentence) for sentence in content.caveats],
        audit=content.audit.map(rename_files),
        tables={title: table.map(rename_files) for title, table in content.tables.items()},
    )


def shared_config(result: Result, names: Mapping[str, str]) -> dict[str, Any]:
    """The settings of a run that others may read; `names` are those of `file_names`."""
    config = result.config.model_dump()
    for setting in (*DATA_FILES, "base"):
        config[setting] = names.get(config[setting], config[setting])
    if config["wandb_base_url"]:
        config["wandb_base_url"] = _without_account(config["wandb_base_url"])
    return config


def shared_address(result: Result) -> dict[str, Any]:
    """Where a run is on W&B, if known."""
    if isinstance(result, TeamResult):
        return {"url": _without_account(result.url)}
    if not isinstance(result, RunResult):
        return {}
    place = known_place(result.run)
    address = place.model_dump(include=set(ADDRESS)) if place else {}
    return address | {key: _without_account(address[key]) for key in ("url", "base_url") if address.get(key)}


def hashes(results: Sequence[Result], names: Mapping[str, str]) -> dict[str, Any]:
    """Run id -> its hashes and files, which show whether somebody has the same data, split and base."""
    return {
        result.id: {
            "files": {
                setting: names.get(path, path)
                for setting in DATA_FILES
                if (path := getattr(result.config, setting)) is not None
            },
            **result.provenance.model_dump(include={"data_sha256", "split_sha256", "rows", "base_revision"}),
        }
        for result in results
    }


def settings_table(comparison: Comparison, names: Mapping[str, str]) -> pd.DataFrame:
    """One row per setting and value: setting, value, series ("all", or those that have it). Method, seed and study are
    left out, and so are settings that a method does not read."""
    told = {
        result.id: {
            title(setting): describe_value(value)
            for setting, value in shared_config(result, names).items()
            if use(setting).role not in ("identity", "logging") and value is not None
        }
        for result in comparison.results
    }
    return _group(told, comparison.series, "setting")


def environment_table(comparison: Comparison) -> pd.DataFrame:
    """The same for the environment of the runs: what, value, series."""
    return _group({result.id: environment(result) for result in comparison.results}, comparison.series, "what")


def environment(result: Result) -> dict[str, str]:
    """The environment of a run by name: versions, code, device."""
    provenance = result.provenance
    revision = provenance.code.revision or "not known"
    known = {
        "python": provenance.python,
        "emocore": provenance.emocore,
        "code": f"{revision} with local changes" if provenance.code.dirty else revision,
        **provenance.packages,
        "platform": provenance.platform,
        "device": provenance.device,
        "precision": provenance.precision,
        "base revision": provenance.base_revision,
    }
    return {name: str(value) for name, value in known.items() if value is not None}


def _group(told: Mapping[str, Mapping[str, str]], series: Mapping[str, str], head: str) -> pd.DataFrame:
    """`told` is by run id, then by name; `series` names the series of each run."""
    rows = []
    for what in dict.fromkeys(name for own in told.values() for name in own):
        values = {run_id: own[what] for run_id, own in told.items() if what in own}
        for value in dict.fromkeys(values.values()):
            owners = Counter(series[run_id] for run_id, own in values.items() if own == value)
            sizes = Counter(series.values())
            named = [name if n == sizes[name] else f"{name} ({n} of {sizes[name]})" for name, n in owners.items()]
            rows.append((what, value, "all" if owners == sizes else ", ".join(named)))
    return pd.DataFrame(rows, columns=[head, "value", "series"])


def _shorten(paths: Sequence[str]) -> dict[str, str]:
    """The last parts of each path, as many as are needed to tell all paths apart."""
    parts = {path: [part for part in Path(path).parts if part != "/"] for path in paths}
    for count in range(1, max(map(len, parts.values()), default=0) + 1):
        names = {path: "/".join(own[-count:]) for path, own in parts.items()}
        if len(set(names.values())) == len(names):
            return names
    return {path: "/".join(own) for path, own in parts.items()}


def _without_account(url: str) -> str:
    """An address without user name and password."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment=""))
