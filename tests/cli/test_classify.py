"""`emocore classify` in a process of its own prints the answer, and nothing of the libraries that it loads."""

import os

from emocore.run.folder import RunFolder
from tests.support.command_line import run_process


def test_only_the_answer_is_printed(finished_runs: dict[str, RunFolder]) -> None:
    run = finished_runs["lora"]
    environment = os.environ | {"EMOCORE_RUNS": str(run.path.parent)}
    done = run_process("classify", run.id, "--text", "so happy today", env=environment)
    assert done.returncode == 0
    assert done.stdout.startswith(f"{run.id}: ")
    assert done.stderr == ""
