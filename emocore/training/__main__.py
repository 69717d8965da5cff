"""`python -m emocore.training RUN_FOLDER LOCK`: how the scheduler starts a run; LOCK is the file descriptor that holds
its lock."""

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
    os.set_inheritable(int(lock), False)  # a program that this process starts must not hold it longer than this does
# A shell that starts something in the background has it ignore SIGINT, and that is inherited. As long as there is
# nothing to save, a stop is simply the end.
signal.signal(signal.SIGINT, signal.SIG_DFL)
reach("run.entered")
# Before the slow imports, so that even a run that is only starting can be stopped.
RunFolder(folder).change_state(RunStatus.STARTING, process=ProcessIdentity.of(os.getpid()))
reach("run.known")

from emocore.training.process import execute, leave_out_unused  # noqa: E402

leave_out_unused(RunFolder(folder))

sys.exit(execute(folder))
