"""The app answers to its own host and its own pages alone, and a page that is looked at sends nothing elsewhere.

Raw handshakes, as a browser that was led here by a web site would make them, and a browser that tells what it asks for.
"""

import http.client
import socket
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.support.app_browser import BROWSER_MARKS, App, open_page
from tests.support.studies import finish_study

pytestmark = BROWSER_MARKS
OWN = "127.0.0.1:{port}"
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:{port}",
    "EVIL.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}",
    "evil.example@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "192.0.2.7:{port}",
    "127.0.0.2:{port}",
    "0.0.0.0:{port}",
    "[::1]:{port}",
    "2130706433:{port}",
    "",
    None,
]
FOREIGN_ORIGINS = [
    "http://evil.example",
    "http://evil.example:{port}",
    "http://127.0.0.1.evil.example:{port}",
    "http://localhost.evil.example",
    "http://evil.example@192.0.2.7:{port}",
    "http://192.0.2.7:{port}",
    "null",
    "",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    root = tmp_path_factory.mktemp("runs")
    finish_study(root)
    app = App(root)
    app.start()
    yield app
    app.kill()


def shake_hands(app: App, host: str | None, origin: str | None) -> int:
    """The status of the answer to a websocket's handshake; 101 lets it in."""
    lines = ["GET /_stcore/stream HTTP/1.1", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="]
    lines += [f"Host: {host.format(port=app.port)}"] if host is not None else []
    lines += [f"Origin: {origin.format(port=app.port)}"] if origin is not None else []
    with socket.create_connection(("127.0.0.1", app.port), timeout=30) as link:
        link.sendall("\r\n".join([*lines, "", ""]).encode())
        return int(link.recv(200).split()[1])


def test_only_its_own_host_is_let_in(served: App) -> None:
    for own in (OWN, "localhost:{port}", "LocalHost:{port}", "localhost", "127.0.0.1"):
        assert shake_hands(served, own, f"http://{own}") == 101, own
    told = {host: shake_hands(served, host, host and f"http://{host}") for host in FOREIGN_HOSTS}
    assert set(told.values()) <= {400, 403}, told
    assert {shake_hands(served, host, f"http://{OWN}") for host in FOREIGN_HOSTS} <= {400, 403}


def test_no_foreign_origin_is_let_in(served: App) -> None:
    told = {origin: shake_hands(served, OWN, origin) for origin in FOREIGN_ORIGINS}
    assert set(told.values()) == {403}, told


def first_words(app: App, origin: str | None) -> str:
    """What a session shows to who connects, up to the end of its first script."""
    seen = []
    address = f"ws://127.0.0.1:{app.port}/_stcore/stream"
    with connect(address, origin=origin, max_size=None, compression=None, proxy=None) as session:
        session.send(BackMsg(rerun_script={"query_string": ""}).SerializeToString())
        while True:
            message = ForwardMsg.FromString(session.recv(timeout=60))
            seen.append(str(message))
            if message.WhichOneof("type") == "script_finished":
                return "\n".join(seen)


def test_a_page_of_another_port_of_this_machine_gets_nothing_to_see(served: App) -> None:
    for origin in (served.url, None):
        words = first_words(served, origin)
        assert "Run the starter study" in words and "own pages alone" not in words
    for origin in ("http://127.0.0.1:9", f"http://localhost:{served.port}", f"https://127.0.0.1:{served.port + 1}"):
        words = first_words(served, origin)
        assert "own pages alone" in words
        assert "Run the starter study" not in words and "Device" not in words


def test_uploads_need_a_token_that_no_foreign_page_can_read(served: App) -> None:
    for headers in ({}, {"Origin": "http://evil.example"}, {"X-Xsrftoken": "x", "Cookie": "_streamlit_xsrf=y"}):
        link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        link.request("PUT", "/_stcore/upload_file/a/b", body=b"x", headers=headers)
        assert link.getresponse().status in (400, 403), headers
        link.close()
    for path in ("/", "/_stcore/host-config", "/_stcore/health"):
        link = http.client.HTTPConnection("127.0.0.1", served.port, timeout=30)
        link.request("GET", path, headers={"Host": "evil.example", "Origin": "http://evil.example"})
        assert link.getresponse().getheader("Access-Control-Allow-Origin") is None, "no other page can read it"
        link.close()


def every_page(app: App) -> list[str]:
    run = next(path.name for path in app.runs.iterdir() if (path / "state.json").is_file())
    return [
        "",
        "launch",
        "runs",
        "runs?study=s",
        "compare?study=s",
        "compare?view=texts",
        "playground",
        f"run?run={run}",
    ]


def test_no_page_asks_for_anything_that_is_not_on_this_machine(served: App, browser: Browser) -> None:
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.on("serviceworker", lambda worker: asked.append(worker.url))
    page = context.new_page()
    page.on("websocket", lambda link: asked.append(link.url))
    for address in every_page(served):
        page.goto(f"{served.url}/{address}")
        expect(page.locator("[data-testid=stMain] h1")).to_be_visible()
        expect(page.get_by_test_id("stSkeleton")).to_have_count(0)
    own = (f"{served.url}/", f"ws://127.0.0.1:{served.port}/", "data:", f"blob:{served.url}/")
    assert [url for url in asked if not url.startswith(own)] == []
    assert any(url.endswith(".woff2") and "Material" in url for url in asked), "the icons' font is the bundled one"
    icon = page.locator("link[rel~=icon]").first.get_attribute("href") or ""
    assert "/media/" in icon and icon.endswith(".png")


def test_no_link_in_an_address_becomes_a_link_on_the_page(served: App, browser: Browser) -> None:
    name = "https://evil.example/a www.evil.example mailto:a@evil.example [x](http://evil.example)"
    for address in ("run?run=", "compare?study=", "launch?clone="):
        page = open_page(browser, f"{served.url}/{address}{quote(name)}")
        expect(page.get_by_test_id("stAlert").filter(has_text=name)).to_be_visible()
        links = page.locator("[data-testid=stMain] a[href]").evaluate_all("links => links.map(link => link.href)")
        assert [link for link in links if not link.startswith(served.url)] == [], address
        page.close()
