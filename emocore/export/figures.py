"""Figures outside the app: web pages that need no network, and pictures for print.

Kaleido draws pictures in a Chrome or Chromium of this machine, which is started once for all of them. Nothing is
downloaded: MathJax, which Kaleido would load from the network, is off.
"""

import asyncio
import logging
import os
import re
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import plotly.graph_objects as go
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from plotly.io import to_html as plotly_to_html
from plotly.offline import get_plotlyjs

from emocore.errors import EmocoreError

TEXT_COLOR = "#1f2328"
DEFAULT_HEIGHT = 450
TITLE_HEIGHT = 40  # pixels above a picture's plot
SMALL_MARGIN = 8
PICTURE_WIDTH = 900
PNG_SCALE = 2  # pixels per unit: sharp on paper and on high-resolution displays
HIGHEST_PNG = 16_000  # pixels; Chromium does not draw much higher ones, so that their scale is smaller
START_SECONDS, PICTURE_SECONDS, CLOSE_SECONDS = 60.0, 30.0, 10.0

PLOTLY_FILE = "plotly.min.js"
# No exported page can load anything, whatever its content requests.
CONTENT_POLICY = "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:"
POLICY_ALONE = CONTENT_POLICY.format(scripts="'unsafe-inline'")
POLICY_BESIDE = CONTENT_POLICY.format(scripts="'unsafe-inline' 'self' file:")

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Picture:
    """A figure to draw with PICTURE_WIDTH and its own height, with its title above."""

    figure: go.Figure
    title: str
    format: Literal["svg", "png"]


def to_html(figure: go.Figure, title: str, plotlyjs: Literal["inline", "beside"] = "inline") -> str:
    """A web page with the figure, as interactive as in the app.

    By default it is complete; with `beside`, it needs plotly.js as PLOTLY_FILE in its folder and is 4.8 MB smaller.
    """
    return TEMPLATES.get_template("figure.html.jinja").render(
        title=title,
        policy=POLICY_ALONE if plotlyjs == "inline" else POLICY_BESIDE,
        plotlyjs=plotly_script() if plotlyjs == "inline" else None,
        plotly_file=PLOTLY_FILE,
        figure=to_fragment(figure, title, "figure"),
    )


def to_fragment(figure: go.Figure, title: str, identifier: str) -> Markup:
    """The part of a page that draws the figure, after the page's one `plotly_script`.

    `identifier` is unique in the page. The title is the figure's alternative text, not drawn.
    """
    html = plotly_to_html(
        _on_white(figure),
        config={"displaylogo": False, "toImageButtonOptions": {"filename": to_slug(title), "scale": PNG_SCALE}},
        include_plotlyjs=False,
        full_html=False,
        div_id=identifier,
        default_height=f"{DEFAULT_HEIGHT}px",
    )
    return Markup('<div role="img" aria-label="{}">{}</div>').format(title, Markup(html))


def plotly_script() -> Markup:
    """plotly.js, for a page's <script>."""
    return Markup(get_plotlyjs())


def to_images(pictures: Sequence[Picture]) -> list[bytes]:
    """The pictures' files, dark on white with the title at the top; PNGs have PNG_SCALE pixels per unit, or fewer if
    they would be higher than HIGHEST_PNG.

    The same figure gives the same SVG. Takes about a second to start and half a second per picture. Raises EmocoreError
    if there is no browser or it cannot draw.
    """
    browser = find_browser()
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number}.{picture.format}" for number, picture in enumerate(pictures)]
        jobs = [_job(picture, path) for picture, path in zip(pictures, paths, strict=True)]
        try:
            # In another thread, because the caller's may have an event loop already.
            with ThreadPoolExecutor(1) as thread:
                thread.submit(asyncio.run, _draw(jobs, browser)).result()
        except Exception as error:  # a browser can raise any error
            reason = str(error.args[0]).rstrip(".") if error.args else type(error).__name__
            raise EmocoreError(
                f"the pictures could not be drawn with {browser} ({reason}); "
                "make sure that it starts, or name another Chrome or Chromium in BROWSER_PATH"
            ) from error
        files = [path.read_bytes() for path in paths]
    return [
        _with_fixed_ids(file, picture.title) if picture.format == "svg" else file
        for file, picture in zip(files, pictures, strict=True)
    ]


def find_browser() -> str:
    """The path of a Chrome or Chromium: BROWSER_PATH, or an installed one.

    Raises EmocoreError if there is none.
    """
    from choreographer.browsers.chromium import Chromium

    browser = os.environ.get("BROWSER_PATH") or Chromium.find_browser(skip_local=False)
    if not browser:
        raise EmocoreError(
            "no Chrome or Chromium was found on this machine, and pictures need one; "
            "install it (Debian and Ubuntu: apt install chromium), or name it in BROWSER_PATH"
        )
    if not Path(browser).is_file():
        raise EmocoreError(f"BROWSER_PATH={browser}: no such file; name a Chrome or Chromium there, or unset it")
    return browser


def to_slug(title: str) -> str:
    """A file name without suffix: "F1 by emotion" -> f1-by-emotion."""
    return re.sub(r"[^\w]+", "-", title.lower()).strip("-_")[:60] or "untitled"


def _on_white(figure: go.Figure) -> go.Figure:
    """A copy that does not depend on the colours of the app's page."""
    copy = go.Figure(figure)
    copy.update_layout(
        template="plotly_white", paper_bgcolor="white", plot_bgcolor="white", font_color=TEXT_COLOR, title=None
    )
    copy.update_xaxes(automargin=True)
    copy.update_yaxes(automargin=True)
    return copy


def _job(picture: Picture, path: Path) -> dict[str, Any]:
    """Kaleido's job for a picture."""
    figure = _on_white(picture.figure)
    layout = figure.layout
    height = (layout.height or DEFAULT_HEIGHT) + TITLE_HEIGHT
    # Automargin puts the title above a legend and the names of a top axis if the margin is smaller than both. It
    # ignores annotations, so their margin is added below the title.
    margin = layout.margin.t or 0
    has_legend = layout.showlegend is not False and sum(trace.showlegend is not False for trace in figure.data) > 1
    if margin > SMALL_MARGIN and not has_legend:
        margin += TITLE_HEIGHT
    figure.update_layout(
        title={
            "text": escape(picture.title, quote=False),
            "font": {"size": 17},
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "pad": {"t": 12, "l": 12},
            "automargin": True,
        },
        margin_t=margin,
        width=PICTURE_WIDTH,
        height=height,
    )
    for place, trace in enumerate(figure.data):
        trace.uid = str(place)  # otherwise a random one
    scale = min(PNG_SCALE, HIGHEST_PNG / height) if picture.format == "png" else 1
    options = {"format": picture.format, "width": PICTURE_WIDTH, "height": height, "scale": scale}
    return {"fig": figure, "path": path, "opts": options}


async def _draw(jobs: Sequence[dict[str, Any]], browser: str) -> None:
    """Chromium's sandbox is off, as by default in Kaleido: otherwise it would not start as root and in containers, and
    it shows only these figures."""
    from kaleido import Kaleido  # type: ignore[import-untyped]

    logging.getLogger("choreographer.channels.pipe").addFilter(_is_worth_telling)
    kaleido = Kaleido(path=browser, mathjax=False, timeout=PICTURE_SECONDS)
    try:
        async with asyncio.timeout(START_SECONDS + PICTURE_SECONDS * len(jobs)):
            await kaleido.open()
            await kaleido.write_fig_from_object(jobs, cancel_on_error=True)
    finally:
        # Kaleido waits for the browser's answer, and kills a silent browser only if that wait is interrupted.
        async with asyncio.timeout(CLOSE_SECONDS):
            await kaleido.close()


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Whether to log a record: not the traceback of an incomplete message, which an ending browser may send. If an
    answer is really missing, the wait for it ends in an error."""
    from choreographer.channels import JSONError

    return not (record.exc_info and isinstance(record.exc_info[1], JSONError))


def _with_fixed_ids(svg: bytes, title: str) -> bytes:
    """Replace the six random digits that plotly.js puts into all ids of an SVG. The new digits depend on the title, so
    that one page can have several figures."""
    found = re.search(rb'id="defs-([0-9a-f]{6})"', svg)
    return svg.replace(found[1], b"%06x" % (zlib.crc32(title.encode()) & 0xFFFFFF)) if found else svg
