"""Send a run to W&B that ended offline, or whose end W&B lacks: once, from its local files.

`sync_run` is for everyone; `python -m emocore.tracking.sync RUN_FOLDER` is the process that it works in, since
the W&B client keeps a state for each process. Only what the server lacks is sent, so a sync that was cut off is
simply repeated. Not covered: runs that still work, and the `.wandb` files of the client's own offline format.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emocore.errors import ConfigError, RunError
from emocore.folder import RunFolder
from emocore.states import RunStatus
from emocore.tracking import remote
from emocore.tracking.client import API_TIMEOUT_SECONDS, ClientSetup, open_api, start_run
from emocore.tracking.diagnosis import diagnose, server_address
from emocore.tracking.metrics_file import read_metrics
from emocore.tracking.summary import flatten_run

LEAVING_SECONDS = 3.0
SYNC_TIMEOUT_SECONDS = 26.0
INIT_TIMEOUT_SECONDS = 8.0
FINISH_TIMEOUT_SECONDS = 12.0
CONFIRM_TIMEOUT_SECONDS = 3.0


@dataclass(frozen=True)
class SyncReport:
    """What a sync did: steps whose values were sent, and whether there was nothing left to send at all."""

    run_id: str
    url: str
    rows_sent: int
    was_there: bool

    def __str__(self) -> str:
        if self.was_there:
            return f"already on W&B, nothing was sent: {self.url}"
        return f"sent to W&B, {self.rows_sent:,} steps with settings and results: {self.url}"


def can_sync(run: RunFolder) -> bool:
    """Whether the run has ended and W&B lacks something of it, as far as its folder knows."""
    place = run.read_json("wandb.json") or {}
    return run.state.status.is_final and not place.get("complete")


def sync_run(run: RunFolder) -> SyncReport:
    """Bring W&B up to the local files; at most 30 s. It may be repeated: nothing is sent twice.

    Raises ConfigError without a key, RunError for a run that has not ended and whenever W&B does not take
    it, with the reason; `wandb.json` is then as it was.
    """
    if not os.environ.get("WANDB_API_KEY"):
        raise ConfigError("WANDB_API_KEY is not set; put your W&B key into the environment, then sync again")
    _let_process_leave(run)
    with run.lock() as descriptor:
        _require_end(run)
        answer = _ask_process(run, descriptor)
        place = {"mode": "online", "reason": None, "project": run.config.wandb_project, "id": run.id}
        run.write_json("wandb.json", place | answer["place"] | {"complete": True})
    return SyncReport(run.id, answer["place"]["url"], answer["rows_sent"], answer["was_there"])


def _let_process_leave(run: RunFolder) -> None:
    """A run that has just ended is held for another moment by its process."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while run.stored_state.status.is_final and run.is_locked and time.monotonic() < deadline:
        time.sleep(0.05)


def _require_end(run: RunFolder) -> None:
    """The caller holds the lock. A run whose process died without a word is first written down as such."""
    state = run.state_of_holder
    if not state.status.is_final:
        raise RunError(f"run {run.id} is {state.status}; it can be sent to W&B when it has ended")
    if run.stored_state.status.is_active:
        run.change_state(state.status, reason=state.reason, ended_at=state.ended_at)


def _ask_process(run: RunFolder, lock_descriptor: int) -> dict[str, Any]:
    """The process inherits the lock, so that nobody touches the run while it works, whatever happens here."""
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
            f"run {run.id}: W&B was too slow to take it in {SYNC_TIMEOUT_SECONDS:.0f} s; "
            "sync it again later, it goes on where it stopped"
        ) from None
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if not lines:
        cause = (done.stderr.strip().splitlines() or ["it was killed"])[-1][:200]
        raise RunError(f"run {run.id} was not sent to W&B: the process that sends it died ({cause}); sync it again")
    answer: dict[str, Any] = json.loads(lines[-1])
    if "trouble" in answer:
        raise RunError(f"run {run.id} was not sent to W&B: {answer['trouble']}; then sync it again")
    return answer


def send(run: RunFolder) -> dict[str, Any]:
    """The work itself, for a process of its own: {"place": ..., "rows_sent": ..., "was_there": ...}.

    Raises whatever the client raises.
    """
    place = run.read_json("wandb.json") or {}
    base_url = place.get("base_url") or server_address(run.config.wandb_base_url)
    api = open_api(base_url, API_TIMEOUT_SECONDS)
    entity = place.get("entity") or run.config.wandb_entity or api.default_entity
    path = f"{entity}/{run.config.wandb_project}/{run.id}"
    rows = read_metrics(run.metrics)
    summary = remote.last_values(rows) | flatten_run(run)
    found = _find(api, path)
    missing = remote.find_missing(rows, remote.fetch_rows(found) if found else [])
    is_finished = run.state_of_holder.status == RunStatus.FINISHED
    if found and not missing and _has_end(found, is_finished) and _holds(found.summary_metrics, summary):
        return _answer(entity, found.url, base_url, rows_sent=0, was_there=True)
    with tempfile.TemporaryDirectory() as folder:
        setup = ClientSetup("online", entity, base_url, Path(folder), INIT_TIMEOUT_SECONDS, FINISH_TIMEOUT_SECONDS)
        client = start_run(run.id, run.config, setup)
        for row in missing:
            client.log({**row, remote.STEP_KEY: row["step"]})
        client.summary.update(summary)
        last_step = client.step - 1
        client.finish(exit_code=0 if is_finished else 1)
    if not remote.holds_everything(base_url, path, last_step, rows, CONFIRM_TIMEOUT_SECONDS):
        raise TimeoutError("timed out")
    return _answer(entity, client.url, base_url, rows_sent=len(missing), was_there=False)


def _find(api: Any, path: str) -> Any:
    """W&B's run, None where it has none of this name."""
    import wandb

    try:
        return api.run(path)
    except wandb.errors.CommError as error:
        if "Could not find run" in str(error):
            return None
        raise


def _has_end(found: Any, is_finished: bool) -> bool:
    return found.state == "finished" if is_finished else remote.has_ended(found)


def _holds(there: Any, values: dict[str, Any]) -> bool:
    known = dict(there)
    return all(key in known and remote.is_same(value, known[key]) for key, value in values.items())


def _answer(entity: str, url: str, base_url: str, rows_sent: int, was_there: bool) -> dict[str, Any]:
    place = {"entity": entity, "url": url, "base_url": base_url}
    return {"place": place, "rows_sent": rows_sent, "was_there": was_there}


def main(path: Path) -> None:
    """The process of `sync_run`: prints its answer, or the trouble in plain words, as a line of JSON."""
    run = RunFolder(path)
    try:
        answer = send(run)
    except Exception as error:  # the client's errors have no common base; what is behind them, the server tells
        place = run.read_json("wandb.json") or {}
        base_url = place.get("base_url") or server_address(run.config.wandb_base_url)
        answer = {"trouble": diagnose(error, base_url).reason}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
