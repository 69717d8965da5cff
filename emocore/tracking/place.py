"""`wandb.json`: where a run is on W&B, read so that a damaged file is nobody's end.

Its `mode` is "online" or "offline"; `reason` says why it is not online or not complete, where there is a reason;
`entity`, `project`, `id`, `url` and `base_url` are its address, all of it known when it is online; `complete` is
whether W&B has everything, and missing in runs of version 0.1.
"""

import re
from typing import Any

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.system.keys import find_server

MODES = ("online", "offline")
MOST_CHARACTERS = 2000
# A run's page, which a reader may be shown as a link: no account in it, and no sign that would end the link.
PAGE = re.compile(r"(https?://[^/@\s]+)(/[\w.~/%?=&+:,-]*)?", re.ASCII)
CONSEQUENCE = "so it is not known where the run is on W&B; Sync mends it once the run has ended"
ADDRESS = ("entity", "project", "id", "base_url")


def read_place(run: RunFolder) -> dict[str, Any] | None:
    """None where the run has not written it. Raises RunError, worded for a reader who sees which run it is about,
    if nothing can be relied on in it."""
    try:
        place = run.read_json("wandb.json")
    except RunError as error:
        what = error.message.removeprefix(f"run {run.id}: ")  # without the hint, which is for other files
        raise RunError(f"{what}, {CONSEQUENCE}") from None
    if place is not None and not _is_whole(place):
        raise RunError(f"wandb.json is damaged, {CONSEQUENCE}")
    return place


def known_place(run: RunFolder) -> dict[str, Any]:
    """As `read_place`; empty where there is nothing to rely on."""
    try:
        return read_place(run) or {}
    except RunError:
        return {}


def _is_whole(place: dict[str, Any]) -> bool:
    """Whether all is there that its readers take for granted. Offline, an address may be known in part."""
    if place.get("mode") not in MODES or not {*ADDRESS, "reason", "url"} <= place.keys():
        return False
    if not all(place[key] is None or _is_short_text(place[key]) for key in (*ADDRESS, "reason", "url")):
        return False
    if not (_is_server(place["base_url"]) and _is_page(place["url"])):
        return False
    return place["mode"] == "offline" or all(place[key] for key in ADDRESS)


def _is_short_text(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= MOST_CHARACTERS


def _is_server(address: str | None) -> bool:
    return not address or find_server(address) is not None


def _is_page(address: str | None) -> bool:
    if not address:
        return True
    found = PAGE.fullmatch(address)
    return found is not None and find_server(found[1]) is not None
