"""The points where a test can kill a process, to show that nothing is lost there.

EMOCORE_FAULT names a point, such as `checkpoint.draft`, or its third passing as `checkpoint.draft:3`. The process then
ends as in a power cut, without any clean-up; its last line of output says so. Without the variable nothing happens.
"""

import os
from collections import Counter

EXIT_STATUS = 86
LAST_WORD = "Ended on purpose: EMOCORE_FAULT is"

POINTS = {
    "file.draft": "a file's new content is written, the old one still in place",
    "file.replaced": "the new content is in place",
    "launch.draft": "a run's draft folder is made, still empty",
    "launch.filled": "the draft holds config and state",
    "launch.queued": "the run is in the queue, no scheduler started for it",
    "scheduler.ready": "the scheduler has its lock, nothing done",
    "scheduler.taken": "it holds a queued run's lock",
    "scheduler.starting": "the run says starting, without a process",
    "scheduler.started": "the run's process lives",
    "scheduler.settling": "a dead run is locked, its state not corrected",
    "scheduler.settled": "its state is corrected",
    "scheduler.signalled": "a run was told to stop",
    "scheduler.requeued": "a run that never began waits again",
    "warm.loaded": "a process has loaded the libraries for runs, the scheduler not told",
    "warm.ordered": "it is told to fork a run, nothing forked",
    "warm.forked": "the run is forked from it",
    "run.forked": "the forked process lives, the scheduler not told",
    "run.entered": "the run's process lives, its identity not stored",
    "run.known": "its identity is stored",
    "run.running": "its state says running",
    "run.data": "the data is read",
    "run.tracked": "metrics file and W&B are open",
    "run.built": "the model is built",
    "metrics.written": "a row of the metrics is written, not flushed to disk",
    "metrics.row": "it is on disk",
    "step.done": "an optimizer step is done",
    "checkpoint.draft": "a checkpoint's files are written to a draft folder",
    "checkpoint.complete": "the checkpoint is in place, older ones not pruned",
    "checkpoint.pruned": "older ones are pruned",
    "run.trained": "the training is over, the adapter not saved",
    "adapter.weights": "the adapter's weights are saved, its description not",
    "adapter.complete": "the adapter folder is complete",
    "run.evaluating": "its state says evaluating",
    "run.predicted": "the predictions are stored, the result not",
    "run.result": "the result is stored",
    "run.pruned": "the checkpoints are gone",
    "run.closed": "metrics and W&B are closed, the state not yet finished",
    "run.finished": "its state says finished, the process still lives",
    "run.stopping": "it has received the stop signal, its state not changed",
    "run.stopped": "its state says stopped, the process still lives",
    "stop.requested": "the request to stop is in the folder, no scheduler started for it",
    "resume.queued": "the run is in the queue again, no scheduler started for it",
    "delete.hidden": "the folder has left the list, all files still there",
}

_passings: Counter[str] = Counter()


def reach(point: str) -> None:
    """End the process here if EMOCORE_FAULT names this point."""
    wanted = os.environ.get("EMOCORE_FAULT")
    if not wanted:
        return
    assert point in POINTS, point
    _passings[point] += 1
    name, _, passing = wanted.partition(":")
    if name == point and _passings[point] == int(passing or 1):
        os.write(2, f"{LAST_WORD} {wanted}\n".encode())
        os._exit(EXIT_STATUS)
