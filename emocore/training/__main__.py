"""`python -m emocore.training RUN_FOLDER LOCK`: every run starts with this, in a new interpreter or forked from a warm
parent; LOCK is the descriptor of its lock."""

import os
import signal
import sys
from pathlib import Path

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import reach
from emocore.system.libraries import prepare_libraries
from emocore.system.processes import ProcessIdentity

folder = Path(sys.argv[1])
prepare_libraries()
for lock in sys.argv[2:]:
    os.set_inheritable(int(lock), False)  # a child process must not hold it longer than this one
# Background processes of a shell ignore SIGINT, and children inherit that. While there is nothing to save, a stop
# simply ends the process.
signal.signal(signal.SIGINT, signal.SIG_DFL)
reach("run.entered")
# Set before the slow imports, so that a run can be stopped while it starts.
RunFolder(folder).change_state(RunStatus.STARTING, process=ProcessIdentity.of(os.getpid()))
reach("run.known")

from emocore.training.process import execute  # noqa: E402

sys.exit(execute(folder))
