"""What a text among the settings may hold: it ends in files, in commands, on pages and in the names of charts.

Each check raises ValueError with the end of a sentence that begins with the setting's name.
"""

import re
from typing import Any

from emocore.system.keys import find_server

STUDY_NAME = r"^[\w .+()-]+$"
LONGEST_PATH, LONGEST_NAME = 4096, 200
MOST_VALUES = 1000  # of a setting, or of what a study varies
PATHS = ("base", "data", "validation_data", "test_data")
# Control characters, those that turn the direction of writing, and halves of characters, which no file can hold.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
PLAIN_ADDRESS = re.compile(r"[\w.:/-]{0,100}")  # in which there is no password


def check_text(setting: str, value: Any) -> Any:
    """The value of a setting, unchanged; what is no text and no list of texts passes."""
    longest = LONGEST_PATH if setting in PATHS else LONGEST_NAME
    if isinstance(value, list) and len(value) > MOST_VALUES:
        raise ValueError(f"{len(value):,} names are more than the {MOST_VALUES:,} that are read; leave some out")
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            continue
        if len(text) > longest:
            raise ValueError(f"{len(text):,} characters are more than the {longest:,} that are read; shorten it")
        if UNSEEN.search(text):
            raise ValueError("it holds a control character, or half of a character; type it again")
        if setting == "base":
            _check_base(text)
        if setting == "wandb_base_url":
            _check_address(text)
    return value


def _check_base(base: str) -> None:
    """Charts, in whose names it ends, read markup."""
    if "<" in base or ">" in base:
        raise ValueError("a < or > cannot stand in it; rename the folder, or name another base")


def _check_address(address: str) -> None:
    """It is kept in files, so a password in it would be read by others; it is not repeated in the message either."""
    if "@" in address:
        raise ValueError("a user name or password cannot stand in it; W&B takes its key from WANDB_API_KEY")
    if not find_server(address):
        shown = f", not {address!r}" if PLAIN_ADDRESS.fullmatch(address) else ""
        raise ValueError(f"it is an address like https://wandb.example:8080{shown}")
