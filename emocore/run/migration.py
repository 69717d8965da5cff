"""Converts records of earlier versions to the current format when they are read. The files are not changed.

A setting that a stored config lacks had only one value for each method when the run began, which may not be the
default of today.
"""

from collections.abc import Mapping
from typing import Any

FORMAT = 1
CONFIG = "config.json"


def earlier_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """The values that settings had before configs told them. TF-IDF weighed the two values of a label as `balanced`
    does, but with another sum of both, which is as if `inverse_regularization` had been lower."""
    is_balanced = config.get("method") == "tfidf"
    return {"split_version": 1, "loss": "bce", "positive_weight": "balanced" if is_balanced else "none"}


def migrate(record: dict[str, Any], name: str) -> dict[str, Any]:
    """The record in the file `name` with a format number and, if it is a config, with all settings. Records from before
    there were numbers have the fields of format 1."""
    return {"format": FORMAT, **(earlier_settings(record) if name == CONFIG else {}), **record}
