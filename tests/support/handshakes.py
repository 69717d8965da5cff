"""Websocket handshakes as a browser would make them for a foreign web site."""

import socket

from tests.support.app_browser import App

OWN = "127.0.0.1:{port}"
FOREIGN_HOSTS = [
    "evil.example", "evil.example:{port}", "EVIL.example:{port}", "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}", "evil.example@127.0.0.1:{port}", "127.0.0.1:{port}@evil.example",
    "192.0.2.7:{port}", "127.0.0.2:{port}", "0.0.0.0:{port}", "[::1]:{port}", "2130706433:{port}", "", None,
]  # fmt: skip
FOREIGN_ORIGINS = [
    "http://evil.example", "http://evil.example:{port}", "http://127.0.0.1.evil.example:{port}",
    "http://localhost.evil.example", "http://evil.example@192.0.2.7:{port}", "http://192.0.2.7:{port}", "null", "",
]  # fmt: skip


def assert_closed(app: App) -> None:
    """The app accepts only its own host and pages."""
    for own in (OWN, "localhost:{port}", "LocalHost:{port}", "localhost", "127.0.0.1"):
        assert shake_hands(app, own, f"http://{own}") == 101, own
    told = {host: shake_hands(app, host, host and f"http://{host}") for host in FOREIGN_HOSTS}
    assert set(told.values()) <= {400, 403}, told
    assert {shake_hands(app, host, f"http://{OWN}") for host in FOREIGN_HOSTS} <= {400, 403}
    told = {origin: shake_hands(app, OWN, origin) for origin in FOREIGN_ORIGINS}
    assert set(told.values()) == {403}, told


def shake_hands(app: App, host: str | None, origin: str | None) -> int:
    """The status of the answer to a websocket's handshake; 101 lets it in."""
    lines = ["GET /_stcore/stream HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    lines += [f"Host: {host.format(port=app.port)}"] if host is not None else []
    lines += [f"Origin: {origin.format(port=app.port)}"] if origin is not None else []
    with socket.create_connection(("127.0.0.1", app.port), timeout=30) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(link.recv(200).split()[1])
