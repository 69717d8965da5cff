"""Why a request to W&B failed: every cause in words that say what to do."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from inline_snapshot import snapshot

from emocore.system.keys import confirm_wandb_server
from emocore.tracking.diagnosis import diagnose, server_address
from tests.support.wandb_children import API_KEY
from tests.support.wandb_server import WandbServer

ERROR = ValueError("entity nobody not found")

pytestmark = pytest.mark.usefixtures("key")


@pytest.mark.parametrize(
    ("fault", "words", "pause"),
    [
        (lambda server: server.fail(401), "W&B does not accept the key; check WANDB_API_KEY", None),
        (lambda server: server.fail(403), "denies access to this key", None),
        (lambda server: server.fail(404), "no W&B server at http://127.0.0.1", None),
        (lambda server: server.fail(500), "internal error (HTTP 500)", None),
        (lambda server: server.limit(60), "too many requests (rate limit) and asks for a pause of 60 s", 60),
        (lambda server: server.stall(5), "does not answer in time", None),
        (lambda server: server.stop(), "could not be reached at http://127.0.0.1", None),
        (lambda server: None, "W&B refused the request: entity nobody not found; check wandb_entity", None),
    ],
    ids=["key", "forbidden", "not found", "broken", "rate limit", "silent", "dead", "well"],
)
def test_every_cause_has_its_words(
    server: WandbServer, fault: Callable[[WandbServer], None], words: str, pause: float | None
) -> None:
    fault(server)
    began = time.monotonic()
    trouble = diagnose(ERROR, server.base_url, seconds=1.0)
    server.recover()
    assert words in trouble.reason
    assert trouble.retry_after == pause
    assert time.monotonic() - began < 2
    assert API_KEY not in trouble.reason


def test_a_well_server_that_was_too_slow_before_is_called_slow(server: WandbServer) -> None:
    assert diagnose(TimeoutError("Timed out finishing run."), server.base_url).reason == snapshot(
        "W&B did not answer in time"
    )


def test_without_a_key_nobody_is_asked(server: WandbServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WANDB_API_KEY")
    assert diagnose(ERROR, server.base_url).reason == "WANDB_API_KEY is not set"
    assert server.requests == []


@pytest.mark.parametrize("address", ["http://", "no address", "http://user:hunter2@127.0.0.1:1"])
def test_an_address_that_is_none_is_called_so_and_not_repeated(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WANDB_BASE_URL", address)
    reason = diagnose(ERROR, address).reason
    assert reason.startswith("the address of the W&B server is not a plain http or https address")
    assert "hunter2" not in reason


def test_a_server_that_the_key_is_not_for_is_not_asked() -> None:
    with WandbServer() as other:
        assert "is not a W&B server that your key is for" in diagnose(ERROR, other.base_url).reason
        assert other.requests == []


def test_something_else_at_the_address_is_called_so(server: WandbServer) -> None:
    server.answer(b"<html>welcome</html>")
    assert "at the address is not a W&B server" in diagnose(ERROR, server.base_url).reason


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_told_and_the_key_does_not_follow_it(server: WandbServer, status: int) -> None:
    with WandbServer() as other:
        server.redirect(other.base_url, status)
        reason = diagnose(ERROR, server.base_url).reason
        assert other.requests == []
    host = other.base_url.removeprefix("http://")
    assert reason == f"{server.base_url} redirects to {host}, so it may not be a W&B server; check wandb_base_url"


@contextlib.contextmanager
def talking(talk: Callable[[socket.socket], object]) -> Iterator[str]:
    """The confirmed address of a listener that answers its first client like this."""

    def answer() -> None:
        connection, _ = listener.accept()
        with connection, contextlib.suppress(ConnectionError):
            talk(connection)

    with ThreadPoolExecutor(1) as pool, socket.create_server(("127.0.0.1", 0)) as listener:
        pool.submit(answer)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        confirm_wandb_server(address)
        yield address


def test_an_answer_in_another_language_is_no_server() -> None:
    with talking(
        lambda connection: connection.recv(10_000) and connection.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")
    ) as address:
        assert "could not be reached" in diagnose(ERROR, address).reason


def test_an_answer_that_never_ends_is_not_waited_for() -> None:
    """Each of its bytes comes in time; as with a slow name server, no time limit of a socket helps."""
    is_over = threading.Event()

    def drip(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.0 200 OK\r\nLong: ")
        while not is_over.wait(0.1):
            connection.sendall(b".")

    with talking(drip) as address:
        began = time.monotonic()
        reason = diagnose(ERROR, address, seconds=0.5).reason
        seconds = time.monotonic() - began
        is_over.set()
    assert "does not answer in time" in reason
    assert seconds < 1.5


def test_the_server_is_that_of_the_run_of_the_environment_or_the_public_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert server_address(None) == "https://api.wandb.ai"
    monkeypatch.setenv("WANDB_BASE_URL", "http://here:1/")
    assert server_address(None) == "http://here:1"
    assert server_address("http://there:2") == "http://there:2"
