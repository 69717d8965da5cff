"""Figures outside the app: self-contained pages, and the message if no browser can draw pictures."""

import logging
import re
from html import unescape
from pathlib import Path

import plotly.graph_objects as go
import pytest
from choreographer.channels import JSONError

from emocore.errors import EmocoreError
from emocore.export import figures
from emocore.export.figures import PLOTLY_FILE, Picture, find_browser, to_fragment, to_html, to_images, to_slug

TITLE = "F1 <b>by</b> emotion & more"
HACK = "</script><script>window.hacked = 1</script>"


def test_a_page_with_its_own_plotly_holds_all_that_it_needs_and_may_load_nothing(figure: go.Figure) -> None:
    page = to_html(figure, HACK)
    assert "default-src 'none'" in unescape(page)
    assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=", page)
    assert page.count("<script") == page.count("</script>") == 2
    assert "<title>&lt;/script&gt;" in page
    assert len(page) > 4_000_000


def test_a_page_next_to_plotly_is_small(figure: go.Figure) -> None:
    page = to_html(figure, "x", plotlyjs="beside")
    assert f'src="{PLOTLY_FILE}"' in page
    assert len(page) < 50_000


def test_a_fragment_has_the_title_as_alternative_text_and_does_not_change_the_figure(figure: go.Figure) -> None:
    before = figure.to_json()
    fragment = to_fragment(figure, TITLE, "figure-1")
    assert 'aria-label="F1 &lt;b&gt;by&lt;/b&gt; emotion &amp; more"' in fragment
    assert 'id="figure-1"' in fragment
    assert "height:300px" in fragment
    assert figure.to_json() == before


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("F1 by emotion", "f1-by-emotion"),
        ("../../etc/passwd", "etc-passwd"),
        ("Überraschung?", "überraschung"),
        ("!", "untitled"),
    ],
)
def test_a_title_names_a_file_in_no_other_folder(title: str, slug: str) -> None:
    assert to_slug(title) == slug


def test_without_a_browser_it_is_said_what_to_install(figure: go.Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BROWSER_PATH", raising=False)
    monkeypatch.setattr("choreographer.browsers.chromium.Chromium.find_browser", lambda **_: None)
    with pytest.raises(EmocoreError, match="apt install chromium"):
        to_images([Picture(figure, "x", "svg")])


def test_a_browser_that_is_named_but_not_there_is_told_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "chrome"))
    with pytest.raises(EmocoreError, match=r"BROWSER_PATH=.*chrome: no such file"):
        find_browser()


@pytest.mark.parametrize("body", ["exit 3", "exec sleep 60"], ids=["ends at once", "never answers"])
def test_a_browser_that_does_not_work_is_named_and_ended(
    figure: go.Figure, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, body: str
) -> None:
    browser = tmp_path / "chrome"
    browser.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\n{body}\n")
    browser.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(browser))
    for name, seconds in (("START_SECONDS", 1.0), ("PICTURE_SECONDS", 0.5), ("CLOSE_SECONDS", 0.5)):
        monkeypatch.setattr(figures, name, seconds)
    with pytest.raises(EmocoreError, match=rf"could not be drawn with {browser} \(.+\); make sure that it starts"):
        to_images([Picture(figure, "x", "svg")])
    pid = int((tmp_path / "pid").read_text())
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or ") Z " in status.read_text()


@pytest.mark.parametrize(("error", "is_told"), [(JSONError("torn"), False), (RuntimeError("other"), True)])
def test_only_a_torn_message_of_the_browser_is_not_worth_a_traceback(
    caplog: pytest.LogCaptureFixture, error: Exception, is_told: bool
) -> None:
    logger = logging.getLogger("emocore.test")
    logger.addFilter(figures._is_worth_telling)
    try:
        raise error
    except RuntimeError:
        logger.exception("while reading")
    assert ("while reading" in caplog.text) == is_told
    logger.warning("a plain word")
    assert "a plain word" in caplog.text
