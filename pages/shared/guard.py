"""Files of a run that may be damaged, or gone at the next look: what cannot be read is told, and the rest is shown."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from emocore.errors import EmocoreError
from emocore.run.listing import list_damaged_runs
from emocore.text import first_line
from pages.shared.plain import plain

T = TypeVar("T")

# What reading raises where a file vanished or holds something else than Emocore writes.
UNREADABLE = (
    EmocoreError, OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError,
)  # fmt: skip


class Guard:
    """Reads, and keeps one sentence in `problems` for whatever could not be read."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def read(self, what: str, look: Callable[[], T]) -> T | None:
        """What `look` returns; None where it cannot be read. `what` names it in the sentence."""
        try:
            return look()
        except UNREADABLE as error:
            told = str(error) if isinstance(error, EmocoreError) else f"{what} {_explain(error)}"
            if told not in self.problems:
                self.problems.append(told)
            return None


def _explain(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"cannot be read ({error.strerror or first_line(error)})"
    return "is damaged: it holds something else than Emocore writes"


def warn_of_damaged_runs(root: Path) -> None:
    """Of those that can be neither listed nor used; the others are told of where they are listed."""
    for problem in list_damaged_runs(root):
        st.warning(plain(problem), icon=":material/folder_off:")
