"""`python -m emocore`: the command line."""

import sys

from emocore.cli.main import main

sys.exit(main())
