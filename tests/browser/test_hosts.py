"""The app answers only to its own host and its own pages, and an open page sends nothing elsewhere.

The tests use raw handshakes, as a browser would make them for a foreign web site, and a browser that records requests.
"""

import http.client
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from tests.support.app_browser import BROWSER_MARKS, App, open_page
from tests.support.handshakes import assert_closed
from tests.support.studies import finish_study

pytestmark = BROWSER_MARKS


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    root = tmp_path_factory.mktemp("runs")
    finish_study(root)
    app = App(root)
    app.start()
    yield app
    app.kill()


def test_only_its_own_host_and_origin_are_let_in(served: App) -> None:
    assert_closed(served)


def first_words(app: App, origin: str | None) -> str:
    """The text that a session shows a client until its first script ends."""
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
        assert "Run the starter study" in words and "only to its own pages" not in words
    for origin in ("http://127.0.0.1:9", f"http://localhost:{served.port}", f"https://127.0.0.1:{served.port + 1}"):
        words = first_words(served, origin)
        assert "only to its own pages" in words
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
        "data",
        "data?dataset=starter&view=texts",
        "data?add=upload",
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
    for address in ("run?run=", "compare?study=", "launch?clone=", "launch?data=", "data?dataset="):
        page = open_page(browser, f"{served.url}/{address}{quote(name)}")
        expect(page.get_by_test_id("stAlert").filter(has_text=name)).to_be_visible()
        links = page.locator("[data-testid=stMain] a[href]").evaluate_all("links => links.map(link => link.href)")
        assert [link for link in links if not link.startswith(served.url)] == [], address
        page.close()
