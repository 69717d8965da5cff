"""No page is left from inside a part that is drawn by itself: its timer would come after the switch, with the address
of the page before, and have the new page drawn empty. Links leave it, for which the browser ends the timers first.

Read from the source: what a fragment or a dialog names, and what that names in turn, in whichever file of the pages.
"""

import ast

import pytest

from tests.support.repository import REPOSITORY

SOURCES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in [REPOSITORY / "app.py", *sorted((REPOSITORY / "pages").rglob("*.py"))]
}
SWITCH = "switch_page"
FRAGMENTS = ("fragment", "dialog")


def is_fragment(function: ast.FunctionDef) -> bool:
    return any(name in ast.unparse(decorator) for decorator in function.decorator_list for name in FRAGMENTS)


def functions_of(source: str, module: str) -> dict[tuple[str, str], ast.FunctionDef]:
    nodes = ast.walk(ast.parse(source))
    return {(module, node.name): node for node in nodes if isinstance(node, ast.FunctionDef)}


def imports_of(source: str) -> dict[str, tuple[str, str]]:
    """Own name: where it comes from. A module that is imported whole stands for all that is in it."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    return found


def leaving_fragments(sources: dict[str, str]) -> set[tuple[str, str]]:
    """Fragments, as (module, name), from which `switch_page` can be reached."""
    functions = {}
    for module, source in sources.items():
        functions |= functions_of(source, module)
    imports = {module: imports_of(source) for module, source in sources.items()}

    def named_by(module: str, node: ast.AST) -> set[tuple[str, str]]:
        names = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
        parts = {(part.value.id, part.attr) for part in ast.walk(node) if is_attribute_of_name(part)}
        inside = {imports[module].get(name, (module, name)) for name in names}
        of_modules = {(".".join(imports[module][owner]), name) for owner, name in parts if owner in imports[module]}
        methods = {place for place in functions for _, name in parts if place[1] == name}
        return (inside | of_modules | methods) & functions.keys()

    def leaves(place: tuple[str, str]) -> bool:
        waiting, seen = [place], {place}
        while waiting:
            module, _ = here = waiting.pop()
            if SWITCH in ast.unparse(functions[here]):
                return True
            new = named_by(module, functions[here]) - seen
            seen |= new
            waiting.extend(new)
        return False

    return {place for place, function in functions.items() if is_fragment(function) and leaves(place)}


def is_attribute_of_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)


def test_no_fragment_leads_to_another_page() -> None:
    fragments = [
        f for module, source in SOURCES.items() for f in functions_of(source, module).values() if is_fragment(f)
    ]
    assert len(fragments) >= 4, "they are found"
    assert leaving_fragments(SOURCES) == set()


def test_a_page_is_switched_after_a_launch_and_nowhere_else() -> None:
    calls = [module for module, source in SOURCES.items() for _ in range(source.count(f"st.{SWITCH}("))]
    assert calls == ["pages.shared.launching"]


@pytest.mark.parametrize(
    "body",
    [
        "st.switch_page('a')",
        "show()",
        "tables.show()",
        "st.button('a', on_click=show)",
        "st.button('a', on_click=partial(show, 1))",
        "inner()",
    ],
)
def test_the_check_sees_a_switch_wherever_it_stands(body: str) -> None:
    page = f"""
import streamlit as st
from pages.shared import tables
from pages.shared.tables import show
def inner():
    show()
@st.fragment(run_every=2)
def look():
    {body}
def elsewhere():
    st.switch_page("a")
"""
    sources = {"pages.a": page, "pages.shared.tables": "def show():\n    st.switch_page('a')\n"}
    assert leaving_fragments(sources) == {("pages.a", "look")}
    assert leaving_fragments({**sources, "pages.a": page.replace(f"    {body}\ndef", "    other()\ndef")}) == set()
