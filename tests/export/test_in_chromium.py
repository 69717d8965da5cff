"""Pictures, pages and the report as a real browser draws them."""

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree

import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page

from emocore.export.content import ComparisonContent
from emocore.export.figures import (
    HIGHEST_PNG,
    PLOTLY_FILE,
    PNG_SCALE,
    TITLE_HEIGHT,
    Picture,
    plotly_script,
    to_html,
    to_images,
)
from emocore.export.report import PAPER_WIDTH, html_report
from tests.support.app_browser import BROWSER_MARKS, start_browser

pytestmark = BROWSER_MARKS
TITLE = "F1 <b>by</b> emotion & more"
HACK = "</script><script>window.hacked = 1</script>"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with start_browser() as browser:
        yield browser


def open_file(browser: Browser, path: Path, width: int) -> tuple[Page, list[str], list[str]]:
    """The page, what it asked for, and its errors."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked: list[str] = []
    troubles: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_selector(".main-svg .bars .point")
    return page, asked, troubles


def test_pictures_are_dark_on_white_with_title_and_whole_names_and_always_the_same(figure: go.Figure) -> None:
    high = go.Figure(figure).update_layout(height=17_000)
    svg, again, png, high_png = to_images(
        [*(Picture(figure, TITLE, form) for form in ("svg", "svg", "png")), Picture(high, TITLE, "png")]
    )
    assert struct.unpack(">II", high_png[16:24])[1] == pytest.approx(HIGHEST_PNG, abs=1)
    assert svg == again
    root = ElementTree.fromstring(svg)
    assert (root.get("width"), root.get("height")) == ("900", str(300 + TITLE_HEIGHT))
    texts = ["".join(node.itertext()) for node in root.iter(f"{SVG}text")]
    assert TITLE in texts
    long_name = figure.data[1].name
    assert texts.count(long_name) == 2  # next to the axis and in the legend
    for color in (b"rgb(255, 255, 255)", b"rgb(31, 35, 40)", b"rgb(0, 114, 178)"):  # page, text, LoRA
        assert color in svg
    assert b"http" not in svg.replace(b"http://www.w3.org/", b"")
    assert struct.unpack(">II", png[16:24]) == (PNG_SCALE * 900, PNG_SCALE * (300 + TITLE_HEIGHT))


@pytest.mark.parametrize(("plotlyjs", "files"), [("inline", 1), ("beside", 2)])
def test_a_page_draws_its_figure_and_asks_for_nothing_else(
    figure: go.Figure, browser: Browser, tmp_path: Path, plotlyjs: Literal["inline", "beside"], files: int
) -> None:
    figure.add_bar(name=HACK, y=[HACK], x=[0.4], orientation="h")
    (tmp_path / "page.html").write_text(to_html(figure, HACK, plotlyjs))
    (tmp_path / PLOTLY_FILE).write_text(plotly_script())
    page, asked, troubles = open_file(browser, tmp_path / "page.html", 800)
    assert (troubles, len(asked), {url.partition(":")[0] for url in asked}) == ([], files, {"file"})
    assert page.evaluate("window.hacked") is None
    assert page.title() == HACK


@pytest.mark.parametrize("width", [800, 1280])
def test_the_report_fits_runs_nothing_foreign_and_is_narrower_on_paper(
    content: ComparisonContent, browser: Browser, tmp_path: Path, width: int
) -> None:
    (tmp_path / "report.html").write_text(html_report(content))
    page, asked, troubles = open_file(browser, tmp_path / "report.html", width)
    assert (troubles, len(asked)) == ([], 1)
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.get_by_role("heading", level=1).inner_text() == content.title
    assert page.locator("[role=img]").count() == len(content.figures)
    page.evaluate(
        "addEventListener('beforeprint', () => { window.printed = document.querySelector('.main-svg').clientWidth })"
    )
    assert page.pdf(format="A4", prefer_css_page_size=True).startswith(b"%PDF")
    assert page.evaluate("window.printed") == PAPER_WIDTH
    page.wait_for_function(f"document.querySelector('.main-svg').clientWidth != {PAPER_WIDTH}")
