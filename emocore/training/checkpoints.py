"""Checkpoints that are complete or not there: written aside, flushed to disk, then renamed.

One holds what `transformers.Trainer` needs for an exact resume, and `progress.json` with what it does not
keep. Optimizer and generator states are read by `torch.load(weights_only=True)`, which runs no code.
"""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from emocore.faults import reach
from emocore.files import read_json_object, sync, write_atomically

PREFIX, DRAFT = "checkpoint-", ".draft-"
PROGRESS_FILE = "progress.json"
# All of them, or it is no checkpoint. `trainer_state.json` holds the step and the epoch.
FILES = (
    "adapter_model.safetensors",
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "trainer_state.json",
    PROGRESS_FILE,
)
UNSAFE_FILE = "training_args.bin"  # a pickle that Trainer writes and nothing here reads


@dataclass(frozen=True)
class Progress:
    """Beside Trainer's own state. `loss_sum` is the loss of the steps after `logged_step`, not logged yet;
    seconds and bytes are as in TrainingCost. `threads` is what the CPU computed with: another number rounds
    sums otherwise."""

    step: int
    loss_sum: float
    logged_step: int
    train_seconds: float
    peak_memory_bytes: int
    threads: int


def last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint in `folder`; None if there is none."""
    complete = [path for path in _by_step(folder) if is_complete(path)]
    return complete[-1] if complete else None


def is_complete(checkpoint: Path) -> bool:
    """Whether all files are there and not empty, and the progress can be read."""
    sizes = [(checkpoint / name).stat().st_size if (checkpoint / name).is_file() else 0 for name in FILES]
    return all(sizes) and read_json_object(checkpoint / PROGRESS_FILE) is not None


def read_progress(checkpoint: Path) -> Progress:
    """The progress of a complete checkpoint."""
    return Progress(**(read_json_object(checkpoint / PROGRESS_FILE) or {}))


@contextmanager
def writing_checkpoint(folder: Path, progress: Progress, kept: int) -> Iterator[Path]:
    """A folder to save into. Afterwards the checkpoint is in its place, and only the newest `kept` remain.

    Trainer puts its files into `checkpoint-STEP` of the folder that this yields.
    """
    draft = folder / f"{DRAFT}{progress.step}"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    yield draft
    filled = draft / f"{PREFIX}{progress.step}"
    (filled / UNSAFE_FILE).unlink(missing_ok=True)
    write_atomically(filled / PROGRESS_FILE, json.dumps(asdict(progress)))
    for file in filled.iterdir():
        sync(file)
    reach("checkpoint.draft")
    final = folder / filled.name
    shutil.rmtree(final, ignore_errors=True)  # an incomplete one of the same step
    filled.rename(final)
    sync(folder)
    reach("checkpoint.complete")
    prune(folder, kept)
    reach("checkpoint.pruned")


def prune(folder: Path, kept: int) -> None:
    """Remove drafts and all but the newest `kept` checkpoints."""
    for path in [*folder.glob(f"{DRAFT}*"), *_by_step(folder)[:-kept]]:
        shutil.rmtree(path, ignore_errors=True)


def _by_step(folder: Path) -> list[Path]:
    found = [path for path in folder.glob(f"{PREFIX}*") if path.name.removeprefix(PREFIX).isdigit()]
    return sorted(found, key=lambda path: int(path.name.removeprefix(PREFIX)))
