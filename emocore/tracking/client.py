"""The W&B client, set up for Emocore: quick, quiet, and with a time limit on every call that may block.

Nothing here sends the key to a server that `emocore.system.keys` does not allow. The client itself does not pass the
key on to another address, not even when it is redirected; the tests check that.
"""

import contextlib
import logging
import os
import queue
import sys
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
# Errors of the client, other than ConnectionError, when its helper process has ended.
HELPER_ERRORS = ("HandleAbandonedError", "MailboxClosedError", "ServicePollForTokenError")
TEAR_DOWN_SECONDS = 2.0
# After a failed connection, fail at once for this long, so that waiting callers do not each wait for the same failure.
# It is not longer than the first pause of a caller.
FAILURE_SECONDS = 2.0

_apis: dict[tuple[str, str], Any] = {}
_failures: dict[tuple[str, str], tuple[float, Exception]] = {}  # time and error of the last failure
_api_lock = threading.Lock()
_import_lock = threading.Lock()  # two threads that import the same modules at once may each get half of one

Answer = TypeVar("Answer")


def load_client() -> Any:
    """The wandb package, made quick, quiet, and such that it sends only to the server.

    Raises what importing it raises. Python would keep the submodules that were imported before the failure, and with
    them no later import could succeed, so they are removed: the next call starts anew.
    """
    os.environ.setdefault("WANDB__FILE_STREAM_TRANSMIT_INTERVAL", "1")
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    os.environ.setdefault("WANDB_SILENT", "true")
    # With a dead server, asking who the user is would take 10 s, even with a shorter time limit of init.
    os.environ.setdefault("WANDB__DISABLE_VIEWER", "true")
    # Each process has its own helper, since one inherited from the app would end with the app.
    os.environ.pop("WANDB_SERVICE", None)
    # Emocore reports the messages that matter itself.
    logging.getLogger("wandb").setLevel(logging.CRITICAL)
    with _import_lock:
        try:
            import wandb
        except BaseException:
            for name in [name for name in sys.modules if name.startswith("wandb.")]:
                del sys.modules[name]
            raise
    return wandb


@dataclass(frozen=True)
class ClientSetup:
    """Where a run goes on W&B, where the client's files go, and how long starting and finishing may take."""

    mode: str
    entity: str | None
    base_url: str
    folder: Path
    init_seconds: float
    finish_seconds: float


def start_run(run_id: str, config: RunConfig, setup: ClientSetup) -> Any:
    """Start or continue the client's run with this id.

    Raises ConfigError if the key may not go to the server, and any error of the client, within about `init_seconds`.
    `finish` of the run raises TimeoutError.
    """
    if setup.mode == "online":
        _require_key(setup.base_url)
    wandb = load_client()
    from wandb.sdk.lib.import_hooks import unregister_all_post_import_hooks

    settings: dict[str, Any] = {
        # Always set, since the client's default changes between versions. An offline run contacts no server, so it must
        # not fail because of an invalid address.
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
        mode=setup.mode,
        settings=wandb.Settings(**settings),
    )
    # Otherwise the client would report each later import to its helper, and the import would fail without a helper.
    unregister_all_post_import_hooks()
    return run


def open_api(base_url: str, timeout_seconds: float) -> Any:
    """A `wandb.Api`. Raises ConfigError without a key for this server, wandb.errors.Error without an answer."""
    _require_key(base_url)
    wandb = load_client()
    return wandb.Api(overrides={"base_url": base_url}, timeout=timeout_seconds)


def shared_api(base_url: str) -> Any:
    """The shared `wandb.Api` of this process for a server and key, for background requests.

    Raises as `open_api` does, and raises the same error again for FAILURE_SECONDS before it tries again.
    """
    place = base_url, _require_key(base_url)
    with _api_lock:
        if place not in _apis:
            failed_at, failure = _failures.get(place, (0.0, None))
            if failure and time.monotonic() - failed_at < FAILURE_SECONDS:
                raise failure.with_traceback(None)  # another thread's traceback is useless, and would grow
            try:
                _apis[place] = open_api(base_url, API_TIMEOUT_SECONDS)
            except Exception as error:
                if is_helper_dead(error):
                    tear_down()  # the next call gets a new helper, so this failure does not count
                else:
                    _failures[place] = time.monotonic(), error
                raise
        return _apis[place]


def give_up_if_dead(api: Any, error: Exception) -> None:
    """If the client's helper process died during a call of `api`, the next `shared_api` starts another one."""
    with _api_lock:
        if is_helper_dead(error) and any(known is api for known in _apis.values()):
            _apis.clear()
            tear_down()


def tear_down() -> None:
    """Close the client of this process, even a broken one, within TEAR_DOWN_SECONDS.

    Otherwise a broken client would keep the id of a run that it failed to start, and end the process with a traceback.
    """

    def close() -> None:
        with contextlib.suppress(SystemExit):  # the client passes on the exit of its helper
            load_client().teardown()

    with contextlib.suppress(Exception):  # it may be broken already
        call_within(TEAR_DOWN_SECONDS, close)


def is_helper_dead(error: BaseException | None) -> bool:
    """Whether `error` means that the client's helper process, which does all network traffic, has ended."""
    while error is not None:
        if isinstance(error, ConnectionError) or type(error).__name__ in HELPER_ERRORS:
            return True
        error = error.__cause__ or error.__context__
    return False


def _require_key(base_url: str) -> str:
    """WANDB_API_KEY, for a server that may have it. Without a key the client would ask in the terminal and wait.

    Raises ConfigError if there is no key or the server may not have it.
    """
    key = os.environ.get("WANDB_API_KEY")
    if not key:
        raise ConfigError("WANDB_API_KEY is not set; put your W&B key into the environment")
    if not may_have_key(base_url, "WANDB_API_KEY"):
        raise ConfigError(explain_refusal(base_url))
    return key


def call_within(seconds: float, ask: Callable[[], Answer]) -> Answer:
    """Returns what `ask` returns, or raises what it raises. Raises TimeoutError when the time is up; the call then
    continues in a thread that ends with the process."""
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
