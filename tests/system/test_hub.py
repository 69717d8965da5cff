"""HF_TOKEN goes to the Hub that the user named and to no other server, seen by real servers on this machine."""

import ast
import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from huggingface_hub import constants, hf_hub_download

from emocore.system.hub import fetch_file, hub_token
from tests.support.live_runs import python
from tests.support.repository import REPOSITORY

TOKEN = "hf_madeUpForTests"
COMMIT = "c" * 40
CONFIG = '{"model_type": "bert"}'
LOADS = ("from_pretrained", "from_config", "pipeline")
DOWNLOADS = ("hf_hub_download", "snapshot_download", "cached_file", "dataset_info")

FETCH = """
from emocore.system.hub import fetch_file
print(fetch_file("owner/model", "config.json").read_text())
"""


class Server:
    """Answers every path as the Hub answers for a small file, or leads elsewhere; keeps what it was sent."""

    def __init__(self, redirect_to: str = "", refresh_at: str = "") -> None:
        self.authorizations: list[str | None] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not self.path.startswith("/api/"):  # where huggingface_hub asks for news of its own, without a token
                    outer.authorizations.append(self.headers.get("Authorization"))
                body = CONFIG.encode()
                self.send_response(307 if redirect_to else 200)
                if redirect_to:
                    self.send_header("Location", redirect_to + self.path)
                if refresh_at:
                    self.send_header("X-Xet-Hash", "a" * 64)
                    self.send_header("X-Xet-Refresh-Route", refresh_at + "/token")
                self.send_header("X-Repo-Commit", COMMIT)
                self.send_header("ETag", '"etag"')
                self.send_header("X-Linked-Size", str(len(body)))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write(body)

            do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self.address = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    with contextlib.ExitStack() as stack:
        yield lambda **places: stack.enter_context(contextlib.closing(Server(**places)))


def test_a_run_s_process_sends_the_token_to_the_user_s_own_hub(tmp_path: Path, serve: Callable[..., Server]) -> None:
    own = serve()
    places = {"HF_ENDPOINT": own.address, "HF_HOME": str(tmp_path / "hf")}
    assert python("-c", FETCH, HF_TOKEN=TOKEN, HF_HUB_OFFLINE="0", **places).strip() == CONFIG
    assert own.authorizations and set(own.authorizations) == {f"Bearer {TOKEN}"}


@pytest.fixture
def fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Fetch a file of a model from `hub`, with the token in the environment and `named` in HF_ENDPOINT."""
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def fetch(hub: Server, named: Server) -> None:
        monkeypatch.setenv("HF_ENDPOINT", named.address)
        monkeypatch.setattr(constants, "ENDPOINT", hub.address)
        template = hub.address + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        file = fetch_file("owner/model", "config.json")
        assert file and file.read_text(encoding="utf-8") == CONFIG

    return fetch


def test_the_hub_of_hf_endpoint_gets_the_token(serve: Callable[..., Server], fetch: Callable[..., None]) -> None:
    own = serve()
    fetch(own, named=own)
    assert hub_token() is None
    assert own.authorizations and set(own.authorizations) == {f"Bearer {TOKEN}"}


def test_another_hub_gets_none(serve: Callable[..., Server], fetch: Callable[..., None]) -> None:
    own, other = serve(), serve()
    fetch(other, named=own)
    assert hub_token() is False
    assert not own.authorizations
    assert other.authorizations and set(other.authorizations) == {None}


def test_a_call_that_asks_for_a_token_sends_another_hub_none(
    serve: Callable[..., Server], fetch: Callable[..., None]
) -> None:
    """Libraries make calls of their own, which do not ask us."""
    own, other = serve(), serve()
    fetch(own, named=own)
    hf_hub_download("owner/model", "more.json", endpoint=other.address, token=True)
    assert other.authorizations and set(other.authorizations) == {None}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_redirect_carries_no_token(serve: Callable[..., Server], fetch: Callable[..., None], host: str) -> None:
    other = serve()
    own = serve(redirect_to=f"http://{host}:{other.port}")
    fetch(own, named=own)
    assert set(own.authorizations) == {f"Bearer {TOKEN}"}
    assert other.authorizations and set(other.authorizations) == {None}


def test_an_address_that_an_answer_names_gets_none(serve: Callable[..., Server], fetch: Callable[..., None]) -> None:
    other = serve()
    own = serve(refresh_at=other.address)
    fetch(own, named=own)
    assert set(own.authorizations) == {f"Bearer {TOKEN}"}
    assert set(other.authorizations) <= {None}


def calls_of(source: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Each call of a function or method by its name, with its keyword arguments as written."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), {word.arg or "**": ast.unparse(word.value) for word in node.keywords}


def test_every_call_to_the_hub_says_which_token_it_takes_and_that_no_code_is_trusted() -> None:
    loads, tokens = [], set()
    for folder in ("emocore", "pages", "benchmarks"):
        for path in (REPOSITORY / folder).rglob("*.py"):
            for name, words in calls_of(path.read_text(encoding="utf-8")):
                method = name.split(".")[-1]
                if method in LOADS and not name.startswith("Peft"):
                    loads.append((path.name, name, words.get("trust_remote_code")))
                if method in DOWNLOADS:
                    tokens.add(words.get("token"))
    assert len(loads) >= 7 and {trust for _, _, trust in loads} == {"False"}, loads
    assert tokens == {"hub_token()"}
