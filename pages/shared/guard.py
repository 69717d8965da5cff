"""Reading files of a run that may be damaged or deleted: unreadable files are reported, and the rest is shown."""

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from emocore.errors import EmocoreError
from emocore.run.listing import RunsFound
from emocore.text import first_line
from pages.shared.plain import plain

T = TypeVar("T")

# What reading raises if a file was deleted or holds something that Emocore does not write.
UNREADABLE = (
    EmocoreError, OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip


class Guard:
    """Reads files, and adds one sentence to `problems` for each that cannot be read."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, what: str, look: Callable[..., T], *of: object) -> T | None:
        """Returns the result of `look`, or None if that cannot be read. `what` names it in the sentence."""
        try:
            return look(*of)
        except UNREADABLE as error:
            told = str(error) if isinstance(error, EmocoreError) else f"{what} {_explain(error)}"
            if told not in self.problems:
                self.problems.append(told)
            return None


def _explain(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or first_line(error)})"
    return "is damaged: it holds something that Emocore does not write"


def warn_of_damaged_runs(found: RunsFound) -> None:
    """Warn of runs that cannot even be listed; problems of the others are shown where they are listed."""
    for problem in found.damaged:
        st.warning(plain(problem), icon=":material/folder_off:")
