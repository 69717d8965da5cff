"""Where a run is on W&B, read so that a damaged `wandb.json` is nobody's end."""

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.run.wandb_place import WandbPlace

CONSEQUENCE = "so it is not known where the run is on W&B; Sync mends it once the run has ended"


def read_place(run: RunFolder) -> WandbPlace | None:
    """None where the run has not written it. Raises RunError, worded for a reader who sees which run it is about,
    if nothing can be relied on in it."""
    try:
        return run.wandb_place
    except RunError as error:
        what = error.message.removeprefix(f"run {run.id}: ")  # without the hint, which is for other files
        raise RunError(f"{what}, {CONSEQUENCE}") from None


def known_place(run: RunFolder) -> WandbPlace | None:
    """As `read_place`; None, too, where there is nothing to rely on."""
    try:
        return run.wandb_place
    except RunError:
        return None
