"""`python -m emocore`: the command line, the same as the installed command `emocore`."""

import sys

from emocore.cli.main import main

sys.exit(main())
