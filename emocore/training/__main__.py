"""`python -m emocore.training RUN_FOLDER`: how the scheduler starts a run."""

import os
import sys
from pathlib import Path

from emocore.folder import RunFolder, RunStatus

folder = Path(sys.argv[1])
# Before the slow imports, so that even a run that is only starting can be stopped.
RunFolder(folder).change_state(RunStatus.STARTING, pid=os.getpid())

from emocore.training.process import execute  # noqa: E402

sys.exit(execute(folder))
