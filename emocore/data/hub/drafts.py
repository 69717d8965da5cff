"""A dataset of the Hub that may become a registered one, as far as its files can be read."""

from collections.abc import Callable
from dataclasses import replace

from emocore.data.hub.importing import HubFiles, complete_wishes, with_origin
from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import Draft, read_draft


def read_hub_draft(
    fetched: HubFiles, wishes: Reading, removes_doubtful: bool, report: Callable[[int, str], None]
) -> Draft:
    """Read fetched files as `read_from_hub` does, or find out what is wrong; for `report` see `read_draft`."""
    draft = read_draft(fetched.files, complete_wishes(wishes, fetched), {}, removes_doubtful, report)
    return replace(draft, found=with_origin(draft.found, fetched, wishes)) if draft.found else draft
