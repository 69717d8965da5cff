"""Traps for each case: servers that must get no key, and processes that must not be signalled."""

import base64
import binascii
import contextlib
import os
import signal
import subprocess
import threading
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

MOST_BYTES = 1 << 20
LIFE = "7200"  # seconds: longer than any campaign


class Listener:
    """An HTTP server on the loopback that answers 404 to everything and keeps what it was sent."""

    def __init__(self) -> None:
        heard: list[bytes] = []
        self.heard = heard

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(min(length, MOST_BYTES))
                heard.append(f"{self.command} {self.path}\n{self.headers}\n".encode() + decode(self.headers) + body)
                self.send_response(404)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def decode(headers: Message) -> bytes:
    """Name and password of basic authorisation in clear text."""
    with contextlib.suppress(binascii.Error):
        return base64.b64decode(headers.get("Authorization", "").removeprefix("Basic "), validate=True)
    return b""


class Bystanders:
    """Foreign processes: one that leads its own group, and one in a group that has lost its leader."""

    def __init__(self) -> None:
        self._leader = subprocess.Popen(["sleep", LIFE], start_new_session=True)
        command = ["sh", "-c", f"sleep {LIFE} >/dev/null & echo $!"]
        shell = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._orphan = int(shell.communicate()[0])
        self.leader_pid, self.lost_leader_pid = self._leader.pid, shell.pid

    @property
    def are_alive(self) -> bool:
        return self._leader.poll() is None and is_alive(self._orphan)

    def end(self) -> None:
        self._leader.kill()
        self._leader.wait()
        if is_alive(self._orphan):
            os.kill(self._orphan, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except (FileNotFoundError, ProcessLookupError):
        return False


def processes_of(mark: str) -> list[int]:
    """All that were started with this in their environment; most of a case's processes have left its group."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit() and int(place.name) != os.getpid():
            try:
                if mark.encode() in (place / "environ").read_bytes().split(b"\0"):
                    found.append(int(place.name))
            except OSError:
                continue
    return found


def end_processes_of(mark: str) -> None:
    """Until none is left: one may just have started another."""
    while found := [pid for pid in processes_of(mark) if is_alive(pid)]:
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
