"""Why W&B did not do what it was asked, in plain words.

The client's own errors do not tell a wrong key from a dead server or a rate limit, so the server itself is
asked one small question. The key travels in the Authorization header alone, and to that server alone.
"""

import base64
import http.client
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

from emocore.system.keys import PUBLIC_WANDB, explain_refusal, may_have_key
from emocore.text import first_line
from emocore.tracking.client import call_within, is_helper_dead

PROBE_TIMEOUT_SECONDS = 2.0
SLOW_WORDS = ("deadline exceeded", "timed out", "did not respond in time")


@dataclass(frozen=True)
class Trouble:
    """`reason` is part of a sentence; `retry_after` the pause in seconds that the server itself asked for.

    `is_of_server` says that whatever is asked there meets it, and not this question alone.
    """

    reason: str
    retry_after: float | None = None
    is_of_server: bool = True


def server_address(configured: str | None) -> str:
    """The server that the client would use: of the run, of WANDB_BASE_URL, or the public one."""
    return (configured or os.environ.get("WANDB_BASE_URL") or PUBLIC_WANDB).rstrip("/")


def diagnose(error: BaseException, base_url: str, seconds: float = PROBE_TIMEOUT_SECONDS) -> Trouble:
    """What is behind `error`, by one question to the server that may take `seconds`."""
    key = os.environ.get("WANDB_API_KEY")
    if not key:
        return Trouble("WANDB_API_KEY is not set")
    if not may_have_key(base_url, "WANDB_API_KEY"):
        return Trouble(explain_refusal(base_url))
    try:
        # The limit of a socket holds for each of its waits, and not at all while a name server is asked.
        return call_within(seconds, lambda: _ask(_question(key, base_url), base_url, seconds, error))
    except TimeoutError:
        return Trouble(f"W&B at {base_url} does not answer in time")
    except (OSError, ValueError, http.client.HTTPException):
        # Refused, unknown name, reset half-way, an answer that is no HTTP, or no address at all.
        return Trouble(f"W&B could not be reached at {base_url}; check the network and the address")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves a redirect as the error that it is then: to follow it would hand the key to whatever host it names."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _ask(question: urllib.request.Request, base_url: str, seconds: float, error: BaseException) -> Trouble:
    """Raises OSError, ValueError or HTTPException where there is no answer."""
    try:
        with urllib.request.build_opener(_NoRedirect).open(question, timeout=seconds) as response:
            return _explain_answer(response.read(100_000), error)
    except urllib.error.HTTPError as refusal:
        with refusal:
            location = refusal.headers.get("Location")
            if location and refusal.code < 400:
                return Trouble(_explain_redirect(base_url, location))
            return _explain_status(refusal.code, refusal.headers.get("RateLimit-Reset"), base_url)
    except urllib.error.URLError as failure:
        if isinstance(failure.reason, TimeoutError):  # nobody took the connection up in time
            raise failure.reason from None
        raise


def _question(key: str, base_url: str) -> urllib.request.Request:
    authorization = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
    return urllib.request.Request(
        f"{base_url}/graphql",
        json.dumps({"query": "query Viewer { viewer { id } }"}).encode(),
        {"Authorization": authorization, "Content-Type": "application/json"},
    )


def _explain_answer(answer: bytes, error: BaseException) -> Trouble:
    """The server is well and may know the key; then the trouble is what was asked of it."""
    try:
        viewer = json.loads(answer)["data"]["viewer"]
    except (ValueError, KeyError, TypeError):
        return Trouble("what answers at the address is not a W&B server; check wandb_base_url")
    if not viewer:
        return Trouble("W&B does not accept the key; check WANDB_API_KEY")
    words = first_line(error)
    if any(slow in words.lower() for slow in SLOW_WORDS):
        return Trouble("W&B did not answer in time", is_of_server=False)
    if is_helper_dead(error):
        return Trouble(f"the W&B client broke down ({words})", is_of_server=False)
    return Trouble(f"W&B refused it: {words}; check wandb_entity and wandb_project", is_of_server=False)


def _explain_redirect(base_url: str, location: str) -> str:
    host = urlsplit(urljoin(base_url, location)).netloc.rpartition("@")[2]
    return f"{base_url} answers with a redirect to {host[:100]}; is it a W&B server? check wandb_base_url"


def _explain_status(status: int, reset: str | None, base_url: str) -> Trouble:
    if status == 401:
        return Trouble("W&B does not accept the key; check WANDB_API_KEY")
    if status == 403:
        return Trouble("W&B does not let this key in (HTTP 403); check WANDB_API_KEY, wandb_entity and wandb_project")
    if status == 404:
        return Trouble(f"there is no W&B server at {base_url} (HTTP 404); check wandb_base_url")
    if status == 429:
        seconds = float(reset) if reset and reset.replace(".", "", 1).isdigit() else None
        pause = f" and asks for a pause of {seconds:.0f} s" if seconds else ""
        return Trouble(f"W&B had too many requests (rate limit){pause}", seconds)
    return Trouble(f"W&B has a fault of its own (HTTP {status}) at {base_url}")
