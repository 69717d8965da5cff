"""A Hugging Face Hub on 127.0.0.1, for tests that run the real huggingface_hub without a network.

    with HubServer() as server:
        server.use(monkeypatch, tmp_path)
        commit = server.add("owner/name", {"README.md": b"...", "data/train-00000-of-00001.parquet": b"..."})

Covered: what is said of a dataset at a branch or commit, with the list of its files, and fetching a file; datasets that
are private, gated or renamed. Not covered: models, the list of a folder, uploads, other transfer methods than HTTP.
"""

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
from huggingface_hub import DatasetCard, constants

TOKEN = "hf_madeUpForTests"
Access = Literal["everybody", "gated", "private"]


class Reply(NamedTuple):
    status: int
    body: bytes
    headers: Mapping[str, str] = {}


@dataclass(frozen=True)
class Stored:
    """A dataset at one commit."""

    commit: str
    files: Mapping[str, bytes]
    access: Access


def refuse(status: int, code: str, message: str = "") -> Reply:
    body = json.dumps({"error": message}).encode()
    return Reply(status, body, {"X-Error-Code": code, "X-Error-Message": message} if code else {})


class HubServer(ThreadingHTTPServer):
    """Serves from construction to the end of the `with` block. `reply` is sent instead of any answer if it is set."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.stored: dict[tuple[str, str], Stored] = {}
        self.renamed: dict[str, str] = {}
        self.requests: list[tuple[str, str, str | None]] = []  # method, path, Authorization
        self.reply: Reply | None = None
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def __exit__(self, *exc_info: object) -> None:
        self.shutdown()
        self.server_close()

    def add(
        self, dataset_id: str, files: Mapping[str, bytes], branch: str = "main", access: Access = "everybody"
    ) -> str:
        """Make these files the newest commit of a branch, and return the commit."""
        commit = hashlib.sha1(repr((dataset_id, branch, sorted(files.items()))).encode()).hexdigest()
        stored = Stored(commit, files, access)
        self.stored |= {(dataset_id, branch): stored, (dataset_id, commit): stored}
        return commit

    def use(self, patch: pytest.MonkeyPatch, cache: Path) -> None:
        """Make this the Hub of the process, with an empty cache and without a token."""
        patch.setenv("HF_ENDPOINT", self.address)
        patch.setattr(constants, "ENDPOINT", self.address)
        patch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", self.address + "/{repo_id}/resolve/{revision}/{filename}"
        )
        patch.setattr(constants, "HF_HUB_OFFLINE", False)
        patch.setattr(constants, "HF_HUB_CACHE", str(cache / "hub"))
        patch.setattr(constants, "HF_TOKEN_PATH", str(cache / "no token"))

    def fetched(self, suffix: str = ".parquet") -> list[str]:
        """The names of the files with this suffix that were sent, in their order."""
        return [
            path.split("/", 5)[-1] for method, path, _ in self.requests if method == "GET" and path.endswith(suffix)
        ]

    def answer(self, method: str, path: str, authorization: str | None) -> Reply:
        self.requests.append((method, path, authorization))
        if self.reply:
            return self.reply
        kind, _, rest = path.lstrip("/").partition("datasets/")
        dataset_id, _, place = rest.partition("/resolve/" if not kind else "/revision/")
        if new := self.renamed.get(dataset_id):
            return Reply(307, b"", {"Location": self.address + path.replace(dataset_id, new, 1)})
        revision, _, name = place.partition("/") if not kind else (place or "main", "", "")
        known = {revision: stored for (own, revision), stored in self.stored.items() if own == dataset_id}
        may_read = authorization == f"Bearer {TOKEN}"
        if authorization and not may_read:
            return refuse(401, "", "Invalid credentials in Authorization header")
        if not known or (known["main"].access == "private" and not may_read):
            return refuse(404 if may_read else 401, "RepoNotFound", "Repository not found")
        stored = known.get(revision)
        if stored is None:
            return refuse(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        if kind:
            return Reply(200, json.dumps(_describe(dataset_id, stored)).encode())
        if stored.access == "gated" and not may_read:
            return refuse(401, "GatedRepo", "Access to dataset is restricted")
        content = stored.files.get(name)
        if content is None:
            return refuse(404, "EntryNotFound", "Entry not found")
        sha256 = hashlib.sha256(content).hexdigest()
        return Reply(200, content, {"X-Repo-Commit": stored.commit, "ETag": f'"{sha256}"'})


def _describe(dataset_id: str, stored: Stored) -> dict[str, Any]:
    files = [
        {
            "rfilename": name,
            "size": len(content),
            "blobId": hashlib.sha1(content).hexdigest(),
            **({"lfs": _describe_lfs(content)} if name.endswith(".parquet") else {}),
        }
        for name, content in stored.files.items()
    ]
    card = DatasetCard(stored.files["README.md"].decode()).data.to_dict() if "README.md" in stored.files else None
    access = {"private": stored.access == "private", "gated": "auto" if stored.access == "gated" else False}
    return {"id": dataset_id, "sha": stored.commit, "siblings": files, "cardData": card, "tags": [], **access}


def _describe_lfs(content: bytes) -> dict[str, Any]:
    return {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}


class _Handler(BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        reply = self.server.answer(self.command, unquote(urlsplit(self.path).path), self.headers.get("Authorization"))
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(reply.body)

    do_HEAD = do_GET  # noqa: N815 - the name that http.server looks for

    def log_message(self, *arguments: object) -> None:
        pass
