"""How a dataset on the Hub is named: hub:OWNER/DATASET or hub:OWNER/DATASET/CONFIG."""

import re
from dataclasses import dataclass

from emocore.errors import DataError

PREFIX = "hub:"
FORM = f"{PREFIX}OWNER/DATASET or {PREFIX}OWNER/DATASET/CONFIG"
PART = re.compile(r"\w[\w.-]{0,95}", re.ASCII)


@dataclass(frozen=True)
class HubAddress:
    """`id` is OWNER/DATASET, or the name alone of an old dataset without an owner. Without a config, the dataset's
    default or only one is meant."""

    id: str
    config: str | None


def is_address(source: str) -> bool:
    return source.startswith(PREFIX)


def read_address(source: str) -> HubAddress:
    """Raises DataError if the words after hub: are no name of a dataset."""
    *parts, last = source.removeprefix(PREFIX).split("/", 2)
    names = [*parts, last] if len(parts) < 2 else parts
    if not all(PART.fullmatch(name) for name in names) or not last.strip():
        raise DataError(f"{source[:200]}: not the name of a dataset on the Hugging Face Hub; write {FORM}")
    return HubAddress("/".join(names), last if len(parts) == 2 else None)
