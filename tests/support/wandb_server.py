"""A Weights & Biases server on 127.0.0.1, for tests that run the real wandb client without an account.

    with WandbServer() as server:
        ...  # a client with WANDB_BASE_URL=server.base_url and any key of 40 characters
        assert server.runs["team", "project", "run-id"].history[-1]["loss"] < 1
        assert server.unknown == []

Covered: logging (config, summary, history, console, files), finishing, resuming, `wandb sync`, and reading with
`wandb.Api`: one run, the runs of a project, `scan_history` of all metrics, state.
A request without a key gets a 401; any key of 40 characters is good.

Not covered: artifacts, sweeps, reports, downloads, edits through `wandb.Api`, samples of a history, requests to
stop, lists of runs filtered by more than their state or in another order than by creation, and crashes (a run stays
"running" until its client says that it ended).
What is not covered is answered with an error that names it, and noted in `unknown`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from tests.support.wandb_store import USER, Json, RunKey, StoredRun, project_fields

__all__ = ["Request", "StoredRun", "WandbServer"]
DEFAULT_ENTITY = "team"
RUN_QUERIES = r"Run(State|HistoryKeys|ParquetHistory)?|HistoryPage"


class Request(NamedTuple):
    method: str
    path: str
    body: str
    headers: dict[str, str]


class Reply(NamedTuple):
    status: int
    body: Any  # as JSON, or bytes as they are
    headers: tuple[tuple[str, str], ...] = ()


def error_reply(status: int, message: str) -> Reply:
    return Reply(status, {"errors": [{"message": message}]})


def holds_key(request: Request) -> bool:
    """Basic authorization of the user "api" with a key of 40 characters as its password."""
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    with contextlib.suppress(ValueError):
        return scheme == "Basic" and re.fullmatch(rb"api:\S{40}", base64.b64decode(encoded)) is not None
    return False


def run_key(variables: Json) -> RunKey:
    """The run that an operation is about: it comes as a storage id, or by one of three names for its id."""
    if storage_id := variables.get("id"):
        entity, project, run_id = storage_id.split("/")
        return entity, project, run_id
    run_id = variables.get("name") or variables.get("run") or variables.get("runName", "")
    return variables.get("entity") or DEFAULT_ENTITY, variables.get("project", ""), run_id


class WandbServer(ThreadingHTTPServer):
    """Serves from construction to `stop()`. A fault holds for every request until `recover()`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.base_url = f"http://127.0.0.1:{self.server_port}"
        self.runs: dict[RunKey, StoredRun] = {}
        self.requests: list[Request] = []
        self.unknown: list[str] = []
        self._fault: Callable[[Request], Reply | None] = lambda request: None
        self._stall_seconds = 0.0
        self._held_port: socket.socket | None = None
        self._stall_over = threading.Event()
        self._lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        if self._held_port:
            self._held_port.close()

    def fail(self, status: int = 500) -> None:
        self._fault = lambda request: error_reply(status, "the test asked for this error")

    def answer(self, body: Any, path: str = "/") -> None:
        """200 with this body, bytes or what JSON can say, to whatever is asked below `path`."""
        self._fault = lambda request: Reply(200, body) if request.path.startswith(path) else None

    def redirect(self, base_url: str, status: int) -> None:
        """Redirect every request to another server."""
        self._fault = lambda request: Reply(status, {}, (("Location", base_url + request.path),))

    def limit(self, retry_after_seconds: int) -> None:
        wait = str(retry_after_seconds)
        headers = (("Retry-After", wait), ("RateLimit-Remaining", "0"), ("RateLimit-Reset", wait))
        self._fault = lambda request: error_reply(429, "too many requests")._replace(headers=headers)

    def stall(self, seconds: float) -> None:
        self._stall_over.clear()
        self._stall_seconds = seconds

    def recover(self) -> None:
        self._fault, self._stall_seconds = (lambda request: None), 0.0
        self._stall_over.set()

    def stop(self) -> None:
        """Refuse connections from now on, and release the stalled ones."""
        self._stall_over.set()
        self.shutdown()
        self.server_close()

    def die(self) -> None:
        """Stop, but keep the port, or the next server might get it and answer in place of this one."""
        self.stop()
        self._held_port = socket.socket()
        self._held_port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._held_port.bind(self.server_address)

    def reply(self, request: Request, raw_body: bytes) -> Reply:
        self.requests.append(request)
        self._stall_over.wait(self._stall_seconds)
        if fault := self._fault(request):
            return fault
        with self._lock:
            return self._route(request, raw_body)

    def _route(self, request: Request, raw_body: bytes) -> Reply:
        service, *address = [unquote(part) for part in request.path.strip("/").split("/")]
        run = self.runs.get((address[0], address[1], address[2])) if len(address) > 2 else None
        if service == "upload" and run:  # carries no key: its address is the permission
            run.files["/".join(address[3:])] = raw_body
            return Reply(200, {})
        if not holds_key(request):
            return error_reply(401, "no API key")
        if service == "files" and run:
            run.receive(json.loads(request.body))
            return Reply(200, {})
        if service != "graphql":
            self.unknown.append(f"{request.method} {request.path}")
            return error_reply(404, "no such address or no such run")
        try:
            question = json.loads(request.body)
            return Reply(200, {"data": self._resolve(question["query"], question.get("variables") or {})})
        except Exception as error:  # answered, because the client retries for minutes when it gets no answer
            self.unknown.append(repr(error))
            return error_reply(200, f"the test server cannot answer: {error!r}")

    def _resolve(self, query: str, variables: Json) -> Json:
        operation = (re.findall(r"\b(?:query|mutation)\s+(\w+)", query) or [query])[0]
        key = entity, project, _ = run_key(variables)
        run = self.runs.get(key)
        fields = run.select_fields(query, variables) if run else None
        match operation:
            case "Viewer" | "GetDefaultEntity":
                return {"viewer": USER}
            case "ServerFeaturesQuery":
                return {"serverInfo": {"features": []}}
            case "OrganizationCoreWeaveOrganizationID":
                return {"entity": None}
            case "RunResumeStatus":
                return {"model": project_fields(entity, project) | {"bucket": fields}}
            case "UpsertBucket":
                stored = self.runs.setdefault(key, StoredRun(key))
                stored.upsert(variables)
                bucket = stored.select_fields(query, variables)
                return {"upsertBucket": {"bucket": bucket, "inserted": run is None}}
            case "CreateRunFiles" if run:
                folder = f"{self.base_url}/upload/{quote('/'.join(key))}/"
                files = [{"name": name, "uploadUrl": folder + quote(name)} for name in variables["files"]]
                return {"createRunFiles": {"runID": "/".join(key), "uploadHeaders": [], "files": files}}
            case "Runs" if variables["order"] in ("+created_at", "-created_at"):
                return {"project": self._list_runs(entity, project, query, variables)}
            case _ if re.fullmatch(RUN_QUERIES, operation):
                return {"project": {"run": fields}}
        raise LookupError(f"no answer to the operation {operation} with {variables}")

    def _list_runs(self, entity: str, project: str, query: str, variables: Json) -> Json | None:
        """All runs of a project, or those in one state."""
        filters = json.loads(variables["filters"])
        if filters.keys() - {"state"}:
            raise LookupError(f"no answer to the filters {filters}")
        runs = [stored for stored in self.runs.values() if stored.key[:2] == (entity, project)]
        if not runs:
            return None
        listed = [stored for stored in runs if filters.get("state", stored.state) == stored.state]
        if variables["order"].startswith("-"):
            listed.reverse()
        edges = [{"node": stored.select_fields(query, variables)} for stored in listed]
        return {
            "runCount": len(listed),
            "runs": {"edges": edges, "pageInfo": {"endCursor": None, "hasNextPage": False}},
        }


class _Handler(BaseHTTPRequestHandler):
    """Reads a request and writes the reply. HTTP/1.0 on purpose: a kept connection would outlive `stop()`."""

    server: WandbServer

    def do_POST(self) -> None:
        raw_body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = Request(self.command, self.path, raw_body.decode(errors="replace"), dict(self.headers))
        reply = self.server.reply(request, raw_body)
        self.send_response(reply.status)
        for name, value in reply.headers:
            self.send_header(name, value)
        with contextlib.suppress(ConnectionError):  # the client may have given up during a stall
            self.end_headers()
            self.wfile.write(reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode())

    do_GET = do_PUT = do_POST  # noqa: N815 - names set by the base class

    def log_message(self, *args: object) -> None:
        """Keep quiet: `requests` is the log."""
