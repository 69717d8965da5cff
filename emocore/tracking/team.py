"""Runs that Emocore trained elsewhere, read from a W&B project.

Their settings are in the W&B run's config, and their results and provenance in its summary; their predictions are not
on W&B. `TeamProject.runs()` answers at once and refreshes in the background; `fetch_team_runs` waits. Not covered: runs
that have not finished, and curves.
"""

import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from emocore.errors import ConfigError, RunError
from emocore.run.config import RunConfig, build
from emocore.run.migration import earlier_settings
from emocore.run.provenance import Provenance
from emocore.run.result import RunScores
from emocore.system.keys import PUBLIC_WANDB, Server, explain_refusal, find_server, may_have_key
from emocore.text import counted
from emocore.tracking.client import call_within, give_up_if_dead, shared_api
from emocore.tracking.diagnosis import diagnose, server_address
from emocore.tracking.summary import unflatten_provenance, unflatten_result

REFRESH_SECONDS = 60.0
RETRY_SECONDS = 15.0
MOST_RUNS = 200
FORGE = "forge.coreweave.com"  # the public server's pages are also at this host, below /wandb
PUBLIC_PAGES = {Server("https", host, 443) for host in ("wandb.ai", "www.wandb.ai", FORGE)}

NOT_EMOCORE = "not by Emocore"
OTHER_VERSION = "settings of another version of Emocore"
MARKUP = "an emotion with a < or > in its name"  # charts would read it as HTML; see emocore.data.table
NO_RESULT = "no complete result in the summary"


@dataclass(frozen=True)
class ProjectAddress:
    """The address of a project. `base_url` is that of the server's API."""

    entity: str
    project: str
    base_url: str

    def __str__(self) -> str:
        return f"{self.entity}/{self.project}"


@dataclass(frozen=True)
class TeamRun:
    """A finished run on W&B."""

    id: str
    url: str
    config: RunConfig
    scores: RunScores
    provenance: Provenance


@dataclass(frozen=True)
class TeamListing:
    """The runs of a project, the newest first, and one sentence per reason why others were left out."""

    runs: list[TeamRun] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def parse_address(text: str) -> ProjectAddress:
    """Parse "entity/project" or the address of the project's page. Raises ConfigError that says what is expected."""
    try:
        url = urlsplit(text.strip())
    except ValueError:  # half of an IPv6 address
        url = urlsplit("")
    parts = [unquote(part) for part in url.path.split("/") if part]
    if url.hostname == FORGE and parts[:1] == ["wandb"]:
        parts = parts[1:]
    is_url = url.scheme in ("http", "https") and bool(url.netloc)
    if len(parts) < 2 or (not is_url and (url.scheme or len(parts) > 2)) or not all(map(_is_name, parts[:2])):
        raise ConfigError(
            f"'{text.strip()[:100]}' is not a W&B project; write entity/project, or paste the address of the "
            "project's page, such as https://wandb.ai/entity/project"
        )
    base_url = _find_api(f"{url.scheme}://{url.netloc}") if is_url else server_address(None)
    return ProjectAddress(parts[0], parts[1], base_url)


def _find_api(page: str) -> str:
    """The API's address on the server of a page. Raises ConfigError if the key may not go to that server."""
    server, own = find_server(page), server_address(None)
    if server in PUBLIC_PAGES:
        return PUBLIC_WANDB
    if not may_have_key(page, "WANDB_API_KEY"):  # a link may name any server
        raise ConfigError(explain_refusal(page))
    return own if server == find_server(own) else str(server)


def fetch_team_runs(address: str, timeout_seconds: float) -> TeamListing:
    """The project's runs, for the command line. Raises ConfigError for a wrong address, RunError if reading fails."""
    place = parse_address(address)
    try:
        return call_within(timeout_seconds, lambda: _list_runs(place))
    except Exception as error:  # the client's errors have no common base class
        raise RunError(f"the runs of {place} could not be read: {_explain(error, place)}") from None


class TeamProject:
    """The runs of one project, refreshed when they are read. Nothing here waits for the network."""

    def __init__(self, address: ProjectAddress) -> None:
        self._address = address
        self._listing: TeamListing | None = None
        self._thread: threading.Thread | None = None
        self._next_try = 0.0
        self.error: str | None = None

    @property
    def loading(self) -> bool:
        """Whether neither an answer nor an error has come from W&B yet."""
        return self._listing is None and self.error is None

    @property
    def left_out(self) -> list[str]:
        return self._listing.left_out if self._listing else []

    def runs(self) -> list[TeamRun]:
        """The runs known so far, the newest first. Starts a refresh if one is due."""
        is_asking = self._thread is not None and self._thread.is_alive()
        if not is_asking and time.monotonic() >= self._next_try:
            self._thread = threading.Thread(target=self._refresh, daemon=True)
            self._thread.start()
        return self._listing.runs if self._listing else []

    def _refresh(self) -> None:
        try:
            self._listing = _list_runs(self._address)
            self.error, pause = None, REFRESH_SECONDS
        except Exception as error:  # of any kind: an error that ends the thread would not be shown
            self.error, pause = _explain(error, self._address), RETRY_SECONDS
        self._next_try = time.monotonic() + pause


def _list_runs(address: ProjectAddress) -> TeamListing:
    """List the runs of a project. Raises any error of the client."""
    api = shared_api(address.base_url)
    api.flush()  # otherwise it would answer from its cache
    try:
        return _read_runs(api.runs(str(address), filters={"state": "finished"}, order="-created_at", lazy=False))
    except Exception as error:
        give_up_if_dead(api, error)
        raise


def _read_runs(found: Any) -> TeamListing:
    runs, reasons = [], Counter[str]()
    for number, entry in enumerate(found):
        if number == MOST_RUNS:
            reasons[f"older than the newest {MOST_RUNS}"] = len(found) - MOST_RUNS
            break
        run = _read_run(entry)
        if isinstance(run, TeamRun):
            runs.append(run)
        else:
            reasons[run] += 1
    left_out = [f"{counted(count, 'run')} left out: {reason}" for reason, count in reasons.items()]
    return TeamListing(runs, left_out)


def _read_run(entry: Any) -> TeamRun | str:
    """The run, or the reason why it cannot be compared."""
    values = {name: value for name, value in dict(entry.config).items() if not name.startswith("_")}
    if not {"method", "base", "seed"} <= set(values):
        return NOT_EMOCORE
    try:
        config = build(RunConfig, earlier_settings(values) | values)
    except ConfigError:
        return OTHER_VERSION
    summary = dict(entry.summary_metrics)
    result, origin = unflatten_result(summary), unflatten_provenance(summary)
    scored = [split["multilabel"] for split in (result["validation"], result["test"]) if split]
    if any({"<", ">"} & set(str(names)) for names in (origin.get("labels"), *(list(s["per_emotion"]) for s in scored))):
        return MARKUP
    result["cost"] |= {name: None for name, value in result["cost"].items() if not isinstance(value, int | float)}
    origin["rows"] = {name: value for name, value in origin["rows"].items() if isinstance(value, int | float)}
    try:
        provenance = Provenance.model_validate(origin)
        for scores in scored:
            scores["per_emotion"] = _order_emotions(scores["per_emotion"], provenance.labels)
        return TeamRun(entry.id, entry.url, config, RunScores.model_validate(result), provenance)
    except (ValidationError, KeyError):
        return NO_RESULT


def _order_emotions(found: dict[str, Any], labels: list[str]) -> dict[str, Any]:
    """`found` in the order of the labels, because the client changes the order of a summary's keys. Raises KeyError if
    the emotions differ."""
    if other := set(found) - set(labels):
        raise KeyError(other)
    return {label: found[label] for label in labels}


def _is_name(part: str) -> bool:
    return re.fullmatch(r"[\w .-]{1,128}", part) is not None


def _explain(error: Exception, address: ProjectAddress) -> str:
    if "Could not find project" in str(error):
        return f"there is no project {address} that this key can read; check the name and the key"
    return diagnose(error, address.base_url).reason
