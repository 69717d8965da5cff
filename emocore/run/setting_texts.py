"""Checks of text settings, which are used in files, in commands, on pages and in the names of charts.

Each check raises ValueError; its message follows the setting's name and a colon.
"""

import re
from typing import Any

from emocore.system.keys import find_server

STUDY_NAME = r"^[\w .+()-]+$"
LONGEST_PATH, LONGEST_NAME = 4096, 200
MOST_VALUES = 1000  # in one setting, or of a varied setting
PATHS = ("base", "data", "validation_data", "test_data")
LONG = (*PATHS, "positive_weight")  # which may name every emotion
# Control characters, characters that change the writing direction, and lone surrogates, which no file can hold.
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
PLAIN_ADDRESS = re.compile(r"[\w.:/-]{0,100}")  # an address that cannot contain a password


def check_text(setting: str, value: Any) -> Any:
    """Returns the value of a setting unchanged. Only texts and lists of texts are checked."""
    if not isinstance(value, str | list):
        return value
    longest = LONGEST_PATH if setting in LONG else LONGEST_NAME
    if isinstance(value, list) and len(value) > MOST_VALUES:
        raise ValueError(f"{len(value):,} names are more than the {MOST_VALUES:,} that are read; leave some out")
    for text in value if isinstance(value, list) else [value]:
        if not isinstance(text, str):
            continue
        if len(text) > longest:
            raise ValueError(f"{len(text):,} characters are more than the {longest:,} that are read; shorten it")
        if UNSEEN.search(text):
            raise ValueError("it contains a control character or an invalid character; type it again")
        if setting == "base":
            _check_base(text)
        if setting == "wandb_base_url":
            _check_address(text)
    return value


def _check_base(base: str) -> None:
    """Refuse markup, which charts would read in the names of series."""
    if "<" in base or ">" in base:
        raise ValueError("it must not contain < or >; rename the folder, or name another base")


def _check_address(address: str) -> None:
    """Refuse a password, which others could read in the run's files. The message does not repeat it either."""
    if "@" in address:
        raise ValueError("it must not contain a user name or password; W&B takes its key from WANDB_API_KEY")
    if not find_server(address):
        shown = f", not {address!r}" if PLAIN_ADDRESS.fullmatch(address) else ""
        raise ValueError(f"it should be an address like https://wandb.example:8080{shown}")
