"""Log a run to Weights & Biases: online with a key, offline without, and never blocking the training.

W&B may cost an attempt at most 15 s in total, by the time limits below. A resumed run continues the same W&B run. The
key comes only from WANDB_API_KEY and is written nowhere. Not covered: sending missing parts later, which
`emocore.tracking.sync` does.
"""

import logging
import os
import time
from collections.abc import Callable
from typing import Any

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.records import write_record
from emocore.run.wandb_place import WandbPlace
from emocore.system.files import check_contained
from emocore.system.keys import explain_refusal, may_have_key
from emocore.text import first_line
from emocore.tracking import remote
from emocore.tracking.client import ClientSetup, call_within, start_run, tear_down
from emocore.tracking.diagnosis import PROBE_TIMEOUT_SECONDS, diagnose, server_address
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.place import read_place
from emocore.tracking.summary import flatten_provenance

# Together under 15 s: the first limit is for starting. If that fails, finding the reason and going offline take further
# time. The rest is for finishing: the upload, and the check that everything has arrived.
INIT_TIMEOUT_SECONDS = 6.0
FINISH_TIMEOUT_SECONDS = 4.0
CONFIRM_TIMEOUT_SECONDS = 2.0
CLOSING_SECONDS = 5.0

logger = logging.getLogger(__name__)


class WandbLog:
    """One W&B run. `wandb.json` in the run's folder says where it is, whether it is online and, if not, why.

    Its `complete` is true once the server has everything, including the run's end. If the client breaks down, the log
    says so once and the training continues without it.
    """

    def __init__(self, run: RunFolder, config: RunConfig, place: WandbPlace, address: str, is_resumed: bool) -> None:
        self._folder = run
        self._config = config
        self._place = place
        self._address = address
        self._is_resumed = is_resumed
        self._run: Any = None

    @classmethod
    def open(cls, run: RunFolder, config: RunConfig) -> "WandbLog":
        """Start or continue the W&B run, online if wanted and possible, otherwise offline."""
        is_resumed, earlier = (run.path / "wandb.json").is_file(), _read_earlier(run)
        place = WandbPlace(
            mode="offline",
            reason=None,
            entity=(earlier and earlier.entity) or config.wandb_entity,
            project=config.wandb_project,
            id=run.id,
            url=earlier.url if earlier else None,
            base_url=earlier.base_url if earlier else None,
            complete=False,
        )
        # A W&B run stays where it started, even if the environment has changed.
        address = server_address(place.base_url or config.wandb_base_url)
        log = cls(run, config, place, address, is_resumed)
        reason = None
        if wandb_mode(config) == "online":
            reason = log._why_offline() or log._start_online()
        if log._run is None:
            log._start_offline(reason)
        log._note()
        return log

    def log(self, row: remote.Row) -> None:
        self._try(lambda: self._run.log({**row, remote.STEP_KEY: row["step"]}))

    def summarize(self, values: dict[str, Any]) -> None:
        """Send final values, together with the run's provenance."""
        self._try(lambda: self._run.summary.update(values | flatten_provenance(self._folder)))

    def finish(self, exit_code: int) -> None:
        """Tell W&B that the run has ended, and store in `wandb.json` whether everything has arrived there."""
        if self._run is None:
            return
        if self._place.mode == "online":
            self._finish_online(exit_code)
        else:
            self._try(lambda: self._run.finish(exit_code=exit_code))
        tear_down()  # otherwise the client would do so at exit, and wait for its helper without a limit

    def _finish_online(self, exit_code: int) -> None:
        deadline = time.monotonic() + CLOSING_SECONDS
        try:
            last_step = self._run.step - 1
            self._run.finish(exit_code=exit_code)
            is_complete = self._is_on_server(last_step)
        except Exception as error:  # as in `_try`, including the client's timeout
            seconds = min(PROBE_TIMEOUT_SECONDS, max(0.5, deadline - time.monotonic()))
            self._note_failure(diagnose(error, self._address, seconds).reason)
            return
        if is_complete:
            self._note(complete=True)
        else:
            self._note_failure("W&B has not received everything")

    def _why_offline(self) -> str | None:
        """Why the run is offline without a request to the server; None if the server is to be tried."""
        if not os.environ.get("WANDB_API_KEY"):
            return "WANDB_API_KEY is not set"
        return None if may_have_key(self._address, "WANDB_API_KEY") else explain_refusal(self._address)

    def _start_online(self) -> str | None:
        """Start online. Returns why that failed, or None."""
        try:
            self._run = self._start_client("online")
        except Exception as error:  # as in `_try`
            reason = diagnose(error, self._address).reason
            tear_down()  # the failed attempt still claims the id
            return reason
        there = {"entity": self._run.entity, "url": self._run.url, "base_url": self._run.settings.base_url}
        self._place = self._place.model_copy(update={"mode": "online"} | there)
        logger.info("W&B: online at %s", self._run.url)
        return None

    def _start_offline(self, reason: str | None) -> None:
        self._place = self._place.model_copy(update={"reason": reason})
        logger.info("W&B: offline%s; everything is in the run's folder", f" because {reason}" if reason else "")
        for name in ("WANDB_API_KEY", "WANDB_BASE_URL"):  # not needed any more; an invalid address would fail here too
            os.environ.pop(name, None)
        try:
            self._run = self._start_client("offline")
        except Exception as error:  # as in `_try`; `sync` needs only the local files
            logger.warning("W&B: no offline copy in W&B's own format (%s)", first_line(error))

    def _start_client(self, mode: str) -> Any:
        for name in (".wandb", "wandb"):  # where the client writes, if it exists
            check_contained(self._folder.path / name, self._folder.path)
        setup = ClientSetup(
            mode, self._place.entity, self._address, self._folder.path, INIT_TIMEOUT_SECONDS, FINISH_TIMEOUT_SECONDS
        )
        return start_run(self._folder.id, self._config, setup)

    def _is_on_server(self, last_step: int) -> bool:
        """Ask the server whether it has everything, because the client also ends without an error when it was refused.

        Rows of an earlier attempt may be missing anywhere, so all are checked; otherwise the last one is enough.
        """
        local = read_metrics(self._folder.metrics) if self._is_resumed else []
        seconds = CONFIRM_TIMEOUT_SECONDS
        return call_within(
            seconds, lambda: remote.holds_everything(self._address, self._place.path, last_step, local, seconds)
        )

    def _try(self, action: Callable[[], object]) -> None:
        if self._run is None:
            return
        try:
            action()
        except Exception as error:  # no error of a logger may end a training
            self._run = None
            self._note_failure(f"the W&B client broke down ({first_line(error)})")
            tear_down()

    def _note_failure(self, reason: str) -> None:
        self._note(reason=self._place.reason or reason)  # the first failure causes the others
        logger.warning("W&B: %s; everything is in the run's folder, and `sync` can send it", reason)

    def _note(self, **changes: Any) -> None:
        self._place = self._place.model_copy(update=changes)
        write_record(self._folder.path / "wandb.json", self._place)


def wandb_mode(config: RunConfig) -> str:
    """ "online" or "offline": what `wandb_mode` means on this machine."""
    if config.wandb_mode != "auto":
        return config.wandb_mode
    return "online" if os.environ.get("WANDB_API_KEY") else "offline"


def _read_earlier(run: RunFolder) -> WandbPlace | None:
    """Where an earlier attempt of this run is on W&B; None for the first attempt, or if that is unknown."""
    try:
        return read_place(run)
    except RunError as error:
        logger.warning("%s", error)
        return None
