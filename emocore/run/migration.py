"""Converts records of earlier versions to the current format when they are read. The files are not changed."""

from typing import Any

FORMAT = 1


def migrate(record: dict[str, Any]) -> dict[str, Any]:
    """The record with a format number. Records from before there were numbers have the fields of format 1."""
    return record if "format" in record else {"format": FORMAT, **record}
