"""The layout of the code: the core starts without torch, files are short, and everything is in its place.

A contract of import-linter in `pyproject.toml` says which package may import which; `make check` enforces it.
"""

import ast
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

from tests.support.repository import REPOSITORY

CORE = sorted((REPOSITORY / "emocore").rglob("*.py"))
PAGES = sorted((REPOSITORY / "pages").rglob("*.py"))
MOST_LOOSE_FILES = 6  # in the root of `emocore`, apart from `__init__` and `__main__`
HEAVY = {"torch", "transformers", "peft", "bitsandbytes", "accelerate", "datasets"}
MAY_IMPORT_HEAVY = (
    "models/answers.py", "models/build.py", "models/classifier.py", "models/discovery.py",
    "models/embeddings.py", "models/fused/", "models/moved_base.py", "models/pooling.py", "models/quiet.py",
    "models/targets.py", "training/",
)  # fmt: skip
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


def imports_at_top(source: str) -> Iterator[str]:
    """Names of the packages that a module imports when it is imported itself, not when its functions run."""
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            waiting.extend(ast.iter_child_nodes(node))


def test_heavy_libraries_are_imported_at_the_top_of_few_modules_only() -> None:
    heavy = {name_of(path) for path in CORE if HEAVY & set(imports_at_top(path.read_text(encoding="utf-8")))}
    assert {name for name in heavy if not name.removeprefix("emocore/").startswith(MAY_IMPORT_HEAVY)} == set()


def test_the_check_sees_imports_wherever_they_stand() -> None:
    source = "try:\n    import numpy\nexcept ImportError:\n    pass\nclass A:\n    import wandb.sdk\n"
    hidden = "if TYPE_CHECKING:\n    import peft\ndef f():\n    import torch.nn\n"
    assert set(imports_at_top(source + hidden)) == {"numpy", "wandb"}


def test_what_the_app_needs_at_start_loads_neither_torch_nor_transformers() -> None:
    slow = HEAVY | {"wandb", "streamlit", "kaleido", "sklearn", "scipy.stats"}
    code = f"import sys, {', '.join(LIGHT_MODULES)}; print(sorted({slow} & set(sys.modules)))"
    child = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert (child.stdout.strip(), child.stderr) == ("[]", "")


@pytest.mark.parametrize(
    ("files", "limit"), [(CORE, 300), (PAGES, 150), ([REPOSITORY / "app.py"], 100)], ids=["core", "pages", "app"]
)
def test_no_file_is_too_long(files: list[Path], limit: int) -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    assert {name: length for name, length in lengths.items() if length > limit} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [
        name_of(path) for path in [*CORE, *PAGES] if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ] == []


def test_the_root_of_the_core_holds_rooms_and_few_files() -> None:
    loose = {path.name for path in (REPOSITORY / "emocore").glob("*.py")} - {"__init__.py", "__main__.py"}
    assert len(loose) <= MOST_LOOSE_FILES, sorted(loose)


def test_the_root_of_the_pages_holds_only_packages() -> None:
    """Streamlit takes any other file there for a page of its old kind of app."""
    assert [path.name for path in (REPOSITORY / "pages").iterdir() if path.is_file()] == ["__init__.py"]


def test_what_is_shared_is_used_by_two_pages_or_more() -> None:
    graph = grimp.build_graph("pages", cache_dir=None)
    users = defaultdict(set)
    for page in graph.find_children("pages") - {"pages.shared"}:
        for module in graph.find_upstream_modules(page, as_package=True):
            users[module].add(page)
    for module in sorted(graph.find_children("pages.shared")):
        is_of_the_app = f"from {module} import" in (REPOSITORY / "app.py").read_text(encoding="utf-8")
        assert len(users[module]) + is_of_the_app > 1, f"{module} is used only by {sorted(users[module])}"
