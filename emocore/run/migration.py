"""Records of earlier versions, brought to the format of this one when they are read; their files stay as they are."""

from typing import Any

FORMAT = 1


def migrate(record: dict[str, Any]) -> dict[str, Any]:
    """The record with the number of its format. Before there were numbers, a record had the fields of format 1."""
    return record if "format" in record else {"format": FORMAT, **record}
