"""`python -m emocore.training RUN_FOLDER LOCK`: the scheduler starts a run with this; LOCK is the descriptor of its
lock."""

import os
import sys
from pathlib import Path

from emocore.system.libraries import prepare_libraries
from emocore.training.start import carry_out

prepare_libraries()
for lock in sys.argv[2:]:
    os.set_inheritable(int(lock), False)  # a child process must not hold it longer than this one
sys.exit(carry_out(Path(sys.argv[1])))
