"""`wandb.json`: where a run is on W&B, read so that a damaged file is nobody's end.

    mode      "online" or "offline"; `reason` says why it is not online or not complete, where there is a reason
    entity, project, id, url, base_url   its address; online all are known
    complete  whether W&B has everything; missing in runs of version 0.1
"""

from typing import Any

from emocore.errors import RunError
from emocore.folder import RunFolder

MODES = ("online", "offline")
ADDRESS = ("entity", "project", "id", "base_url")


def read_place(run: RunFolder) -> dict[str, Any] | None:
    """None where the run has not written it. Raises RunError if nothing can be relied on in it."""
    try:
        place = run.read_json("wandb.json")
    except OSError as error:
        raise RunError(f"run {run.id}: wandb.json cannot be read ({error.strerror})") from None
    except RunError:
        raise damaged(run) from None
    if place is not None and not _is_whole(place):
        raise damaged(run)
    return place


def known_place(run: RunFolder) -> dict[str, Any]:
    """As `read_place`; empty where there is nothing to rely on."""
    try:
        return read_place(run) or {}
    except RunError:
        return {}


def damaged(run: RunFolder) -> RunError:
    return RunError(f"run {run.id}: wandb.json is damaged; a sync of the ended run writes it anew")


def _is_whole(place: dict[str, Any]) -> bool:
    """Whether all is there that its readers take for granted. Offline, an address may be known in part."""
    if place.get("mode") not in MODES or not {*ADDRESS, "reason", "url"} <= place.keys():
        return False
    if not all(place[key] is None or isinstance(place[key], str) for key in (*ADDRESS, "reason", "url")):
        return False
    return place["mode"] == "offline" or all(place[key] for key in ADDRESS)
