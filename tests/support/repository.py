"""The path of the repository, for tests that start its commands or read its files."""

import os
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
REAL_DATA = Path(os.environ.get("EMOCORE_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
