"""`python -m emocore`: the command line, as `emocore` is where it is installed."""

import sys

from emocore.cli.main import main

sys.exit(main())
