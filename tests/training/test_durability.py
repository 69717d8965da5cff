"""What a power cut may take: nothing that the result vouches for."""

from pathlib import Path

from emocore.run.state import RunStatus
from tests.support.live_runs import describe, python, queue_run

# Notes every file and folder in the order in which the kernel has put it on the disk.
TRACE = """
import os, sys
from pathlib import Path
from emocore.training.process import execute
trace, flush = open(sys.argv[2], "w"), os.fsync
def traced_flush(descriptor):
    flush(descriptor)
    print(os.readlink(f"/proc/self/fd/{descriptor}"), file=trace, flush=True)
os.fsync = traced_flush
sys.exit(execute(Path(sys.argv[1])))
"""


def test_adapter_and_predictions_are_on_disk_before_the_result(tmp_path: Path, small_csv: Path) -> None:
    """A run with a result is never computed again, so what a power cut left empty would stay so."""
    run = queue_run(tmp_path / "runs", small_csv, method="tfidf")
    python("-c", TRACE, str(run.path), str(tmp_path / "trace"))
    assert run.state.status == RunStatus.FINISHED, describe(run)
    flushed = [Path(line) for line in (tmp_path / "trace").read_text(encoding="utf-8").splitlines()]
    result = next(number for number, path in enumerate(flushed) if path.name.startswith(".result.json."))
    assert {run.predictions, *run.adapter.iterdir(), run.adapter} <= set(flushed[:result])
