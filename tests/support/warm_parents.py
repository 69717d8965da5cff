"""Finds warm parents, and prepares schedulers for them to be different."""

import contextlib
from pathlib import Path

import psutil


def warm_parents(scheduler: int) -> list[psutil.Process]:
    """The live ones of a scheduler with this PID."""
    found = []
    for child in psutil.Process(scheduler).children():
        with contextlib.suppress(psutil.ZombieProcess, psutil.NoSuchProcess):
            if "emocore.jobs.warm_parent" in child.cmdline():
                found.append(child)
    return found


def import_also(folder: Path, code: str) -> str:
    """The code that has a scheduler's warm parents import a module with `code`, too."""
    (folder / "imported_also.py").write_text(code, encoding="utf-8")
    also = "forks.import_for_forks = lambda modules: import_all([*modules, 'imported_also'])"
    before = f"import sys; sys.path.insert(0, {str(folder)!r}); from emocore.system import forks"
    return f"{before}; import_all = forks.import_for_forks; {also}"
