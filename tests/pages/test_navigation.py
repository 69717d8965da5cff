"""No page is left from inside a part that is drawn by itself: its timer would come after the switch, with the address
of the page before, and have the new page drawn empty. Links leave it, for which the browser ends the timers first.

Read from the source: what a fragment or a dialog names, and what is called so, in whichever file of the pages, and what
that names in turn.
"""

import ast
from collections import defaultdict

import pytest

from tests.support.repository import REPOSITORY

SOURCES = {
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in [REPOSITORY / "app.py", *sorted((REPOSITORY / "pages").rglob("*.py"))]
}
SWITCH = "switch_page"
FRAGMENTS = {"fragment", "dialog"}


def functions_of(*sources: str) -> dict[str, list[ast.FunctionDef]]:
    """By their names, which several may have."""
    found = defaultdict(list)
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                found[node.name].append(node)
    return found


def fragments_of(*sources: str) -> list[ast.FunctionDef]:
    functions = [function for found in functions_of(*sources).values() for function in found]
    return [one for one in functions if any(names_in(decorator) & FRAGMENTS for decorator in one.decorator_list)]


def names_in(node: ast.AST) -> set[str]:
    parts = list(ast.walk(node))
    attributes = {part.attr for part in parts if isinstance(part, ast.Attribute)}
    return attributes | {part.id for part in parts if isinstance(part, ast.Name)}


def leaving_fragments(*sources: str) -> list[str]:
    """Names of the fragments from which `switch_page` may be reached."""
    functions = functions_of(*sources)

    def leaves(fragment: ast.FunctionDef) -> bool:
        waiting, seen = [fragment], {fragment.name}
        while waiting:
            names = names_in(waiting.pop())
            if SWITCH in names:
                return True
            waiting += [function for name in names - seen for function in functions.get(name, [])]
            seen |= names
        return False

    return [fragment.name for fragment in fragments_of(*sources) if leaves(fragment)]


def test_no_fragment_leads_to_another_page() -> None:
    assert len(fragments_of(*SOURCES.values())) >= 4, "they are found"
    assert leaving_fragments(*SOURCES.values()) == []


def test_a_page_is_switched_after_a_launch_and_nowhere_else() -> None:
    calls = [module for module, source in SOURCES.items() for _ in range(source.count(f"st.{SWITCH}("))]
    assert calls == ["pages.shared.launching"]


BODIES = (
    "st.switch_page('a')", "show()", "tables.show()", "st.button('a', on_click=show)",
    "st.button('a', on_click=partial(show, 1))", "inner()",
)  # fmt: skip


@pytest.mark.parametrize("body", BODIES)
def test_the_check_sees_a_switch_wherever_it_stands(body: str) -> None:
    page = f"""
def inner():
    show()
@st.fragment(run_every=2)
def look():
    {body}
def elsewhere():
    st.switch_page("a")
"""
    tables = "def show():\n    st.switch_page('a')\n"
    assert leaving_fragments(page, tables) == ["look"]
    assert leaving_fragments(page.replace(f"    {body}\ndef", "    other()\ndef"), tables) == []
