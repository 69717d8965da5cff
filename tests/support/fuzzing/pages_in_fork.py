"""A page of the app as Streamlit draws it, in a forked process; prints all that is shown as JSON.

A script that raises ends the process with its traceback, as a command would. What only a browser does with a page is
not covered here (see tests/browser/).
"""

import json
import os
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import emocore

REPOSITORY = Path(emocore.__file__).parents[1]  # it may be another checkout than this one
MARKDOWN = ("markdown", "caption", "warning", "error", "info", "success", "title", "header", "subheader")


def look(page: dict[str, Any]) -> int:
    """`name` of the page, `query` of its address, `inputs` (kind of widget, key, value) to make, one after the other,
    and `stay_seconds` for what it does in the background."""
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    sys.path.insert(0, str(REPOSITORY))  # as `streamlit run` does
    for name in ("page_link", "switch_page"):  # a single page has no others to lead to
        setattr(st, name, lambda *_, **__: None)
    # The app begins with the page Start; the others are entered by themselves.
    script = "app.py" if page["name"] == "start" else f"pages/{page['name']}/page.py"
    shown = AppTest.from_file(str(REPOSITORY / script), default_timeout=600)
    for name, value in page["query"].items():
        shown.query_params[name] = value
    shown.run()
    for kind, key, value in page.get("inputs", []):
        if not shown.exception:
            getattr(shown, kind)(key=key).set_value(value).run()
    if page.get("stay_seconds"):
        time.sleep(page["stay_seconds"])
        shown.run()
    if shown.exception:
        for element in shown.exception:
            print(element.message, "\n".join(element.stack_trace), file=sys.stderr)
        leave(1)
    refusals = texts(shown, ("warning", "error"))
    seen = {"markdown": texts(shown, MARKDOWN), "refusals": refusals, "charts": charts(shown), "all": everything(shown)}
    print(json.dumps(seen))
    leave(0)
    return 0


def texts(shown: Any, kinds: tuple[str, ...]) -> list[str]:
    return [str(element.value) for kind in kinds for element in shown.get(kind)]


def everything(shown: Any) -> list[str]:
    """Each element as its message to the browser, tables with their cells."""
    found = []
    for element in walk(shown._tree):
        found.append(str(getattr(element, "proto", "")))
        try:
            found.append(str(getattr(element, "value", "")))
        except (AttributeError, RuntimeError, TypeError, ValueError):
            continue
    return found


def charts(shown: Any) -> list[str]:
    """What the charts write; their `customdata` only where a chart shows it."""
    found = []
    for element in walk(shown._tree):
        if spec := getattr(getattr(element, "proto", None), "spec", ""):
            found.append(json.dumps(json.loads(spec, object_hook=None if "%{customdata" in spec else drop_customdata)))
    return found


def drop_customdata(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name != "customdata"}


def walk(block: Any) -> Any:
    for child in block.children.values():
        yield child
        if hasattr(child, "children"):
            yield from walk(child)


def leave(status: int) -> None:
    """Without waiting for the threads of the page."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def report(*error: Any) -> None:
    traceback.print_exception(*error)
    leave(1)


sys.excepthook = report
