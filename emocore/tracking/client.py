"""The W&B client, set up as Emocore uses it: quick, quiet, with a time limit on all that may wait.

Nothing here sends the key to a server that `emocore.system.keys` does not allow. The client itself does not pass the
key on to another address, not even when it is redirected; the tests check that.
"""

import contextlib
import logging
import os
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from emocore.errors import ConfigError
from emocore.run.config import RunConfig
from emocore.system.keys import PUBLIC_WANDB, explain_refusal, may_have_key

API_TIMEOUT_SECONDS = 6.0
# What the client raises, beside any ConnectionError, when its helper process ended.
HELPER_ERRORS = ("HandleAbandonedError", "MailboxClosedError", "ServicePollForTokenError")
TEAR_DOWN_SECONDS = 2.0
# A server that could not be opened is not tried again for so long, no longer than its askers pause at first: those who
# waited meanwhile would each wait as long for the same failure.
FAILURE_SECONDS = 2.0

_apis: dict[tuple[str, str], Any] = {}
_failures: dict[tuple[str, str], tuple[float, Exception]] = {}  # when the last one was, and which
_api_lock = threading.Lock()

Answer = TypeVar("Answer")


def prepare_client() -> None:
    """Before the first use of wandb in a process: quick, quiet, and nothing sent to anyone but the user's server."""
    os.environ.setdefault("WANDB__FILE_STREAM_TRANSMIT_INTERVAL", "1")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    # Asking who the user is first would wait 10 s for a dead server, whatever the time limit of init.
    os.environ.setdefault("WANDB__DISABLE_VIEWER", "true")
    # Each process has a helper of its own: one inherited from the app would end with the app.
    os.environ.pop("WANDB_SERVICE", None)
    # What matters of its messages is said in our own words.
    logging.getLogger("wandb").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class ClientSetup:
    """Where a run goes on W&B, where the client's own files go, and how long it may take at either end."""

    mode: str
    entity: str | None
    base_url: str
    folder: Path
    init_seconds: float
    finish_seconds: float


def start_run(run_id: str, config: RunConfig, setup: ClientSetup) -> Any:
    """The client's run of this id, new or gone on with.

    Raises ConfigError where the key may not go, and whatever the client raises, within `init_seconds` and a moment.
    Its `finish` raises TimeoutError.
    """
    if setup.mode == "online":
        _require_key(setup.base_url)
    prepare_client()
    import wandb
    from wandb.sdk.lib.import_hooks import unregister_all_post_import_hooks

    settings: dict[str, Any] = {
        # Always said, since the client's own default changes with its version. An offline run asks nobody, and need
        # not fail for an address that is none.
        "base_url": setup.base_url if setup.mode == "online" else PUBLIC_WANDB,
        "init_timeout": setup.init_seconds,
        "finish_timeout": setup.finish_seconds,
        "finish_timeout_raises": True,
        "console": "off",
        "disable_git": True,
        "save_code": False,
        "silent": True,
        "x_disable_stats": True,
    }
    run = wandb.init(
        id=run_id,
        resume="allow",
        name=run_id,
        project=config.wandb_project,
        entity=setup.entity,
        group=config.study,
        config=config.model_dump(),
        dir=str(setup.folder),
        mode=setup.mode,  # type: ignore[arg-type]
        settings=wandb.Settings(**settings),
    )
    # It would tell its helper process of each library that is imported later, and fail that import without one.
    unregister_all_post_import_hooks()
    return run


def open_api(base_url: str, timeout_seconds: float) -> Any:
    """A `wandb.Api`. Raises ConfigError without a key for this server, wandb.errors.Error without an answer."""
    _require_key(base_url)
    prepare_client()
    import wandb

    return wandb.Api(overrides={"base_url": base_url}, timeout=timeout_seconds)


def shared_api(base_url: str) -> Any:
    """The one `wandb.Api` of this process for a server and key, for whatever is asked in the background.

    Raises as `open_api` does, and for FAILURE_SECONDS the same again; the next call then tries again.
    """
    place = base_url, _require_key(base_url)
    with _api_lock:
        if place not in _apis:
            _raise_fresh_failure(place)
            _apis[place] = _open_or_note(place)
        return _apis[place]


def _raise_fresh_failure(place: tuple[str, str]) -> None:
    failed_at, error = _failures.get(place, (0.0, None))
    if error and time.monotonic() - failed_at < FAILURE_SECONDS:
        raise error.with_traceback(None)  # that of another thread is of no use, and would grow


def _open_or_note(place: tuple[str, str]) -> Any:
    try:
        return open_api(place[0], API_TIMEOUT_SECONDS)
    except Exception as error:
        if is_helper_dead(error):
            tear_down()  # and the next call has another helper, so this is not its failure
        else:
            _failures[place] = time.monotonic(), error
        raise


def give_up_if_dead(api: Any, error: Exception) -> None:
    """If the client's helper process died under `api`, let the next `shared_api` start another one."""
    with _api_lock:
        if is_helper_dead(error) and any(known is api for known in _apis.values()):
            _apis.clear()
            tear_down()


def tear_down() -> None:
    """Close the client of this process, well or broken, in TEAR_DOWN_SECONDS at most.

    Left as it is, a broken one would claim the run that it failed to start, and end the process with a traceback.
    """

    def close() -> None:
        import wandb

        with contextlib.suppress(SystemExit):  # it would pass on how its helper ended
            wandb.teardown()

    with contextlib.suppress(Exception):  # it may be broken already
        call_within(TEAR_DOWN_SECONDS, close)


def is_helper_dead(error: BaseException | None) -> bool:
    """Whether the client's helper process, which alone talks to the network, ended under what raised `error`."""
    while error is not None:
        if isinstance(error, ConnectionError) or type(error).__name__ in HELPER_ERRORS:
            return True
        error = error.__cause__ or error.__context__
    return False


def _require_key(base_url: str) -> str:
    """WANDB_API_KEY, for a server that may have it. Without one the client would ask for it in the terminal, and wait.

    Raises ConfigError.
    """
    key = os.environ.get("WANDB_API_KEY")
    if not key:
        raise ConfigError("WANDB_API_KEY is not set; put your W&B key into the environment")
    if not may_have_key(base_url, "WANDB_API_KEY"):
        raise ConfigError(explain_refusal(base_url))
    return key


def call_within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """The answer of `ask`, or what it raises. Raises TimeoutError when the time is up, whatever it waits for:
    it is then left behind in a thread that dies with the process."""
    outcome: queue.Queue[tuple[Any, Exception | None]] = queue.Queue()

    def work() -> None:
        try:
            outcome.put((ask(), None))
        except Exception as error:  # raised again below, in the caller's thread
            outcome.put((None, error))

    threading.Thread(target=work, daemon=True).start()
    try:
        answer, error = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError("timed out") from None
    if error:
        raise error
    return answer
