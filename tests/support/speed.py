"""The benchmarks of speed in their short form."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.support.repository import REPOSITORY

TEXTS = {"train": 20, "validation": 10, "test": 10}  # the fewest that Emocore takes
OPTIONS = ("--rows=20", "--epochs=1", "--validation-rows=10", "--test-rows=10", "--rounds=1")


def measure(
    module: str, folder: Path, *options: str, base: str = "--base=minilm-l6"
) -> tuple[list[list[str]], dict[str, Any]]:
    """What `python -m benchmarks.MODULE` prints, as the words of each line, and its figures. Most of the time, the
    processes load their libraries."""
    file = folder / "figures.json"
    command = [sys.executable, "-m", f"benchmarks.{module}", base, *OPTIONS, "--json", str(file), *options]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return [line.split() for line in done.stdout.splitlines()], json.loads(file.read_text(encoding="utf-8"))
