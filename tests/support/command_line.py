"""The command line in its own process."""

import subprocess
import sys
from typing import Any

from tests.support.repository import REPOSITORY


def run_process(*arguments: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """`options` are those of `subprocess.run`."""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    command = [sys.executable, "-m", "emocore", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, text=True, timeout=120, **options)
