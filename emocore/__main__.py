"""`python -m emocore`: the command line."""

import sys

from emocore.cli import main

sys.exit(main())
