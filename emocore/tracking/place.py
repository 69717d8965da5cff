"""Reads `wandb.json`, which says where a run is on W&B and may be damaged."""

from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.run.wandb_place import WandbPlace

CONSEQUENCE = "so it is not known where the run is on W&B; Sync repairs it once the run has ended"


def read_place(run: RunFolder) -> WandbPlace | None:
    """Where the run is on W&B; None if the run has not written `wandb.json`. Raises RunError if the file is damaged,
    with a message that does not name the run."""
    try:
        return run.wandb_place
    except RunError as error:
        what = error.message.removeprefix(f"run {run.id}: ")  # without the hint, which is for other files
        raise RunError(f"{what}, {CONSEQUENCE}") from None


def known_place(run: RunFolder) -> WandbPlace | None:
    """As `read_place`, but None if the file is damaged."""
    try:
        return run.wandb_place
    except RunError:
        return None
