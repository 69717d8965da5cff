"""How a run's process begins, in a new interpreter or forked from one that has done the imports."""

import os
import signal
from pathlib import Path

from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.system.faults import reach
from emocore.system.processes import ProcessIdentity


def carry_out(folder: Path) -> int:
    """Store this process's identity, then carry out the run. Returns the exit status."""
    # Background processes of a shell ignore SIGINT, and children inherit that. While there is nothing to save, a stop
    # simply ends the process.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    reach("run.entered")
    # Set before the imports, which are slow in a new interpreter, so that a run can be stopped while it starts.
    RunFolder(folder).change_state(RunStatus.STARTING, process=ProcessIdentity.of(os.getpid()))
    reach("run.known")

    from emocore.training.process import execute

    return execute(folder)
