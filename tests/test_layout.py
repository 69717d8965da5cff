"""The house keeps its plan: imports run in one direction, the core starts without torch, files stay short."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repository import REPOSITORY

CORE = sorted((REPOSITORY / "emocore").rglob("*.py"))
PAGES = sorted((REPOSITORY / "pages").rglob("*.py"))

# What lies further along: data -> models -> training -> evaluation -> charts -> export.
FORBIDDEN = {
    "data": {"models", "training", "jobs", "evaluation", "inference", "charts", "export"},
    "models": {"training", "jobs", "evaluation", "inference", "charts", "export"},
    "training": {"jobs", "evaluation", "inference", "charts", "export"},
    "tracking": {"training", "jobs", "evaluation", "inference", "charts", "export"},
    # It starts a run by the name of its module, in a process of its own.
    "jobs": {"training", "inference", "charts", "export"},
    "evaluation": {"inference", "charts", "export"},
    "inference": {"charts", "export"},
    "charts": {"training", "jobs", "inference", "export"},
    "export": {"training", "jobs", "inference"},
}
HEAVY = {"torch", "transformers", "peft", "bitsandbytes", "accelerate", "datasets"}
MAY_IMPORT_HEAVY = ("models/build.py", "models/classifier.py", "models/pooling.py", "models/quiet.py", "training/")
LIGHT_MODULES = (
    "emocore.cli.main",
    "emocore.jobs.scheduler",
    "emocore.evaluation.comparison",
    "emocore.charts.emotions",
    "emocore.charts.curves",
    "emocore.charts.probabilities",
    "emocore.export.bundle",
    "emocore.export.latex",
    "emocore.tracking.tracker",
    "emocore.models.resolve",
)


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")


def find_imports(source: str, module: str, in_functions: bool) -> Iterator[str]:
    """Full names of what a module imports when it runs; what serves the type checker alone is left out."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if is_type_checking(node):
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            start = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)
        elif in_functions or not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def imports_of(path: Path, in_functions: bool = True) -> set[str]:
    return set(find_imports(path.read_text(encoding="utf-8"), module_of(path), in_functions))


def packages_imported(path: Path, in_functions: bool = True) -> set[str]:
    return {name.split(".")[0] for name in imports_of(path, in_functions)}


def parts_imported(path: Path) -> set[str]:
    """Names of the direct parts of `emocore` that a file imports, in functions too."""
    return {name.split(".")[1] for name in imports_of(path) if name.startswith("emocore.")}


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_imports_nothing_that_lies_further_along(part: str) -> None:
    files = [path for path in CORE if path.relative_to(REPOSITORY).parts[1] == part]
    assert files
    wrong = {name_of(path): parts_imported(path) & FORBIDDEN[part] for path in files}
    assert {name: parts for name, parts in wrong.items() if parts} == {}


def test_the_core_knows_neither_streamlit_nor_the_pages() -> None:
    assert [name_of(path) for path in CORE if packages_imported(path) & {"streamlit", "pages", "app"}] == []


def test_jobs_know_nothing_of_models_in_memory() -> None:
    jobs = [path for path in CORE if path.parent.name == "jobs"]
    assert [name_of(path) for path in jobs if packages_imported(path) & HEAVY] == []


def test_heavy_libraries_are_imported_at_the_top_of_few_modules_only() -> None:
    wrong = [
        name_of(path)
        for path in CORE
        if packages_imported(path, in_functions=False) & HEAVY
        and not name_of(path).removeprefix("emocore/").startswith(MAY_IMPORT_HEAVY)
    ]
    assert wrong == []


def test_no_page_imports_a_heavy_library() -> None:
    files = [REPOSITORY / "app.py", *PAGES]
    assert [name_of(path) for path in files if path.is_file() and packages_imported(path) & HEAVY] == []


def test_what_the_app_needs_at_start_loads_neither_torch_nor_transformers() -> None:
    slow = HEAVY | {"wandb", "streamlit", "kaleido"}
    code = f"import sys, {', '.join(LIGHT_MODULES)}; print(sorted({slow} & set(sys.modules)))"
    child = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert (child.stdout.strip(), child.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("files", "limit"), [(CORE, 300), (PAGES, 150), ([REPOSITORY / "app.py"], 100)], ids=["core", "pages", "app"]
)
def test_no_file_is_too_long(files: list[Path], limit: int) -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files if path.is_file()}
    assert {name: length for name, length in lengths.items() if length > limit} == {}


def test_every_core_module_says_what_it_is_for() -> None:
    assert [name_of(path) for path in CORE if not ast.get_docstring(ast.parse(path.read_text("utf-8")))] == []


def test_the_checks_above_see_imports_wherever_they_stand() -> None:
    source = """
from typing import TYPE_CHECKING
from ..models.build import build_model
from . import split
from emocore import charts
if TYPE_CHECKING:
    import peft
try:
    import numpy
except ImportError:
    pass
class A:
    import wandb
def f():
    import torch.nn
"""
    at_top = {"typing.TYPE_CHECKING", "emocore.data.split", "emocore.charts", "numpy", "wandb"}
    at_top |= {"emocore.models.build.build_model"}
    assert set(find_imports(source, "emocore.data.example", in_functions=False)) == at_top
    assert set(find_imports(source, "emocore.data.example", in_functions=True)) == at_top | {"torch.nn"}
