"""Converts records of earlier versions to the current format when they are read. The files are not changed.

A setting that a stored config lacks had only one value when the run began, which may not be the default of today.
"""

from typing import Any

FORMAT = 1
CONFIG = "config.json"
EARLIER_SETTINGS = {"split_version": 1}


def migrate(record: dict[str, Any], name: str) -> dict[str, Any]:
    """The record in the file `name` with a format number and, if it is a config, with all settings. Records from before
    there were numbers have the fields of format 1."""
    return {"format": FORMAT, **(EARLIER_SETTINGS if name == CONFIG else {}), **record}
