"""Explains in plain words why a request to W&B failed.

The client's errors do not distinguish a wrong key, a dead server and a rate limit, so the server itself gets one small
request. The key is sent only in the Authorization header, and only to that server.
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
class WandbFailure:
    """`reason` is part of a sentence; `retry_after` is the pause in seconds that the server asked for.

    `is_of_server` says whether all requests to the server fail, not only this one.
    """

    reason: str
    retry_after: float | None = None
    is_of_server: bool = True


def server_address(configured: str | None) -> str:
    """The server that the client would use: that of the run, that of WANDB_BASE_URL, or the public one."""
    return (configured or os.environ.get("WANDB_BASE_URL") or PUBLIC_WANDB).rstrip("/")


def diagnose(error: BaseException, base_url: str, seconds: float = PROBE_TIMEOUT_SECONDS) -> WandbFailure:
    """The cause of `error`, found by one request to the server that may take `seconds`."""
    key = os.environ.get("WANDB_API_KEY")
    if not key:
        return WandbFailure("WANDB_API_KEY is not set")
    if not may_have_key(base_url, "WANDB_API_KEY"):
        return WandbFailure(explain_refusal(base_url))
    try:
        # A socket's time limit holds for each single wait, and not at all for name resolution.
        return call_within(seconds, lambda: _ask(_question(key, base_url), base_url, seconds, error))
    except TimeoutError:
        return WandbFailure(f"W&B at {base_url} does not answer in time")
    except (OSError, ValueError, http.client.HTTPException):
        # Connection refused or reset, unknown host, an answer that is not HTTP, or an invalid address.
        return WandbFailure(f"W&B could not be reached at {base_url}; check the network and the address")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as an error, since following it would send the key to whatever host it names."""

    def redirect_request(self, *args: Any) -> None:
        return None


def _ask(question: urllib.request.Request, base_url: str, seconds: float, error: BaseException) -> WandbFailure:
    """Raises OSError, ValueError or HTTPException if there is no answer."""
    try:
        with urllib.request.build_opener(_NoRedirect).open(question, timeout=seconds) as response:
            return _explain_answer(response.read(100_000), error)
    except urllib.error.HTTPError as refusal:
        with refusal:
            location = refusal.headers.get("Location")
            if location and refusal.code < 400:
                return WandbFailure(_explain_redirect(base_url, location))
            return _explain_status(refusal.code, refusal.headers.get("RateLimit-Reset"), base_url)
    except urllib.error.URLError as failure:
        if isinstance(failure.reason, TimeoutError):  # the connection was not accepted in time
            raise failure.reason from None
        raise


def _question(key: str, base_url: str) -> urllib.request.Request:
    authorization = "Basic " + base64.b64encode(f"api:{key}".encode()).decode()
    return urllib.request.Request(
        f"{base_url}/graphql",
        json.dumps({"query": "query Viewer { viewer { id } }"}).encode(),
        {"Authorization": authorization, "Content-Type": "application/json"},
    )


def _explain_answer(answer: bytes, error: BaseException) -> WandbFailure:
    """Explain a valid HTTP answer. If the server also accepts the key, the failed request itself was the problem."""
    try:
        viewer = json.loads(answer)["data"]["viewer"]
    except (ValueError, KeyError, TypeError):
        return WandbFailure("the server at the address is not a W&B server; check wandb_base_url")
    if not viewer:
        return WandbFailure("W&B does not accept the key; check WANDB_API_KEY")
    words = first_line(error)
    if any(slow in words.lower() for slow in SLOW_WORDS):
        return WandbFailure("W&B did not answer in time", is_of_server=False)
    if is_helper_dead(error):
        return WandbFailure(f"the W&B client broke down ({words})", is_of_server=False)
    return WandbFailure(f"W&B refused the request: {words}; check wandb_entity and wandb_project", is_of_server=False)


def _explain_redirect(base_url: str, location: str) -> str:
    host = urlsplit(urljoin(base_url, location)).netloc.rpartition("@")[2]
    return f"{base_url} redirects to {host[:100]}, so it may not be a W&B server; check wandb_base_url"


def _explain_status(status: int, reset: str | None, base_url: str) -> WandbFailure:
    if status == 401:
        return WandbFailure("W&B does not accept the key; check WANDB_API_KEY")
    if status == 403:
        return WandbFailure(
            "W&B denies access to this key (HTTP 403); check WANDB_API_KEY, wandb_entity and wandb_project"
        )
    if status == 404:
        return WandbFailure(f"there is no W&B server at {base_url} (HTTP 404); check wandb_base_url")
    if status == 429:
        seconds = float(reset) if reset and reset.replace(".", "", 1).isdigit() else None
        pause = f" and asks for a pause of {seconds:.0f} s" if seconds else ""
        return WandbFailure(f"W&B received too many requests (rate limit){pause}", seconds)
    return WandbFailure(f"the W&B server at {base_url} has an internal error (HTTP {status})")
