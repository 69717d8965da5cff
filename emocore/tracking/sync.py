"""Send a run that ended offline, or of which W&B has only a part, from its local files.

Call `sync_run`; it works in a process `python -m emocore.tracking.sync RUN_FOLDER`, since the W&B client keeps state
per process. Only what the server lacks is sent, so an interrupted sync is simply repeated. Not covered: runs that have
not ended, and the `.wandb` files of the client's offline format.
"""

import errno
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emocore.errors import ConfigError, EmocoreError, RunError
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.records import write_record
from emocore.run.state import RunStatus
from emocore.run.wandb_place import WandbPlace
from emocore.text import first_line
from emocore.tracking import remote
from emocore.tracking.client import API_TIMEOUT_SECONDS, ClientSetup, open_api, start_run
from emocore.tracking.diagnosis import diagnose, server_address
from emocore.tracking.metrics_file import read_last_metrics, read_metrics
from emocore.tracking.place import known_place
from emocore.tracking.summary import flatten_run

SYNC_TIMEOUT_SECONDS = 26.0
INIT_TIMEOUT_SECONDS = 8.0
FINISH_TIMEOUT_SECONDS = 12.0
CONFIRM_TIMEOUT_SECONDS = 3.0

DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO)  # never caused by a network


@dataclass(frozen=True)
class SyncReport:
    """The result of a sync: how many steps were sent, and whether W&B had everything already."""

    run_id: str
    url: str
    rows_sent: int
    was_there: bool

    def __str__(self) -> str:
        if self.was_there:
            return f"already on W&B, nothing was sent: {self.url}"
        return f"sent to W&B, {self.rows_sent:,} steps with settings and results: {self.url}"


def can_sync(run: RunFolder) -> bool:
    """Whether the run has ended and, according to its folder, W&B lacks a part of it.

    A run that never started has nothing to send.
    """
    place = known_place(run)
    if not run.state.status.is_final or (place and place.complete):
        return False
    return (run.path / "wandb.json").is_file() or read_last_metrics(run.metrics) is not None


def sync_run(run: RunFolder) -> SyncReport:
    """Send to W&B what it lacks of the run, in at most 30 s. May be repeated, since nothing is sent twice.

    Raises ConfigError without a key. Raises RunError with the reason if the run has not ended, or if sending fails
    because of W&B or this machine; `wandb.json` is then unchanged.
    """
    if not os.environ.get("WANDB_API_KEY"):
        raise ConfigError("WANDB_API_KEY is not set; put your W&B key into the environment, then sync again")
    with run.lock() as descriptor:
        _require_end(run)
        answer = _ask_process(run, descriptor)
        _note_arrival(run, answer["place"])
    return SyncReport(run.id, answer["place"]["url"], answer["rows_sent"], answer["was_there"])


def _require_end(run: RunFolder) -> None:
    """Raises RunError if the run has not ended. The caller holds the lock. If the run's process died, its state is
    corrected first."""
    state = run.state_of_holder
    if not state.status.is_final:
        raise RunError(f"run {run.id} is {state.status}; it can be sent to W&B when it has ended")
    if run.stored_state.status.is_active:
        run.change_state(state.status, reason=state.reason, ended_at=state.ended_at)


def _note_arrival(run: RunFolder, there: dict[str, Any]) -> None:
    place = WandbPlace.model_construct(
        mode="online", reason=None, project=run.config.wandb_project, id=run.id, complete=True, **there
    )
    try:
        write_record(run.path / "wandb.json", place)
    except OSError as error:
        raise RunError(
            f"run {run.id} is on W&B at {there['url']}, but {run.unchangeable(error)}, then sync it again"
        ) from None


def _ask_process(run: RunFolder, lock_descriptor: int) -> dict[str, Any]:
    """Start the process that sends. It inherits the lock, so that the run stays locked even if this process ends."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "emocore.tracking.sync", str(run.path)],
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
            timeout=SYNC_TIMEOUT_SECONDS,
            pass_fds=[lock_descriptor],
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise RunError(
            f"run {run.id}: W&B did not receive everything within {SYNC_TIMEOUT_SECONDS:.0f} s; "
            "sync it again later, which continues where it stopped"
        ) from None
    except OSError as error:
        raise RunError(
            f"run {run.id} was not sent to W&B: the process that sends it could not be started ({error.strerror}); "
            "check the memory and the disk of this machine, then sync it again"
        ) from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        cause = (done.stderr.strip().splitlines() or ["it was killed"])[-1][:200]
        raise RunError(f"run {run.id} was not sent to W&B: the process that sends it died ({cause}); sync it again")
    answer: dict[str, Any] = json.loads(lines[-1])
    if "refusal" in answer:
        raise RunError(answer["refusal"])
    if "failure" in answer:
        raise RunError(f"run {run.id} was not sent to W&B: {answer['failure']}; then sync it again")
    return answer


@dataclass(frozen=True)
class Payload:
    """Everything that W&B should hold of a run, and where; `entity` is None for the key's default."""

    run_id: str
    config: RunConfig
    entity: str | None
    base_url: str
    rows: list[remote.Row]
    summary: dict[str, Any]
    is_finished: bool


def read_payload(run: RunFolder) -> Payload:
    """Read the run's local files. Raises RunError for a damaged file, OSError for one that cannot be read."""
    place, config, rows = known_place(run), run.config, read_metrics(run.metrics)
    return Payload(
        run.id,
        config,
        (place and place.entity) or config.wandb_entity,
        (place and place.base_url) or server_address(config.wandb_base_url),
        rows,
        remote.last_values(rows) | flatten_run(run),
        run.state_of_holder.status == RunStatus.FINISHED,
    )


def send(payload: Payload, folder: Path) -> dict[str, Any]:
    """Send the payload, in its own process; returns {"place": ..., "rows_sent": ..., "was_there": ...}.

    The client stores its files in `folder`. Raises any error of the client.
    """
    api = open_api(payload.base_url, API_TIMEOUT_SECONDS)
    entity = payload.entity or api.default_entity
    path = f"{entity}/{payload.config.wandb_project}/{payload.run_id}"
    found = _find(api, path)
    missing = remote.find_missing(payload.rows, remote.fetch_rows(found) if found else [])
    place = {"entity": entity, "base_url": payload.base_url}
    if found and not missing and _has_end(found, payload):
        return {"place": place | {"url": found.url}, "rows_sent": 0, "was_there": True}
    setup = ClientSetup("online", entity, payload.base_url, folder, INIT_TIMEOUT_SECONDS, FINISH_TIMEOUT_SECONDS)
    client = start_run(payload.run_id, payload.config, setup)
    for row in missing:
        client.log({**row, remote.STEP_KEY: row["step"]})
    client.summary.update(payload.summary)
    last_step = client.step - 1
    client.finish(exit_code=0 if payload.is_finished else 1)
    if not remote.holds_everything(payload.base_url, path, last_step, payload.rows, CONFIRM_TIMEOUT_SECONDS):
        raise TimeoutError("timed out")
    return {"place": place | {"url": client.url}, "rows_sent": len(missing), "was_there": False}


def _find(api: Any, path: str) -> Any:
    """The run on W&B, None if it does not exist there."""
    import wandb

    try:
        return api.run(path)
    except wandb.errors.CommError as error:
        if "Could not find run" in str(error):
            return None
        raise


def _has_end(found: Any, payload: Payload) -> bool:
    """Whether W&B knows how the run ended and has its whole summary."""
    is_told = found.state == "finished" if payload.is_finished else remote.has_ended(found)
    if not is_told:
        return False
    known = dict(found.summary_metrics)
    return all(name in known and remote.is_same(v, known[name]) for name, v in payload.summary.items())


def _try_to_send(run: RunFolder) -> dict[str, Any]:
    """What `send` returns, or {"refusal": a sentence}, or {"failure": part of a sentence}."""
    try:
        payload = read_payload(run)
        folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
    except EmocoreError as error:
        return {"refusal": str(error)}
    except OSError as error:
        return {"failure": _explain_disk(error)}
    with folder:
        try:
            return send(payload, Path(folder.name))
        except ConfigError as error:  # there is no key, or it may not go to the server
            return {"failure": str(error)}
        except Exception as error:  # the client's errors have no common base class
            if isinstance(error, OSError) and error.errno in DISK_ERRORS:
                return {"failure": _explain_disk(error)}
            return {"failure": diagnose(error, payload.base_url).reason}


def _explain_disk(error: OSError) -> str:
    words = error.strerror or first_line(error)
    return f"its files cannot be read, or there is no space for temporary ones ({words}); check this machine's disk"


def main(path: Path) -> None:
    """The process of `sync_run`: prints its answer, or why it failed, as a line of JSON."""
    print(json.dumps(_try_to_send(RunFolder(path))), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
