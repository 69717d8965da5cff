"""Checkpoints that are complete or not there: written aside, flushed to disk, then renamed.

Each lists its files with their SHA-256, so that one which the disk has damaged since is passed over. One holds what
`transformers.Trainer` needs for an exact resume, and `progress.json` with what it does not keep. Optimizer and
generator states are read by `torch.load(weights_only=True)`, which runs no code.
"""

import hashlib
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
MANIFEST_FILE = "sha256.json"
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
    return next((path for path in reversed(_by_step(folder)) if is_complete(path)), None)


def last_step(folder: Path) -> int:
    """The step of the newest complete checkpoint; 0 if there is none."""
    checkpoint = last_checkpoint(folder)
    return _step(checkpoint) if checkpoint else 0


def is_complete(checkpoint: Path) -> bool:
    """Whether all files are there, each as it was written."""
    manifest = checkpoint / MANIFEST_FILE
    digests = read_json_object(manifest) if manifest.is_file() else None
    if digests is None or not digests.keys() >= set(FILES):
        return False
    return all(_digest(checkpoint / name) == digest for name, digest in digests.items())


def read_progress(checkpoint: Path) -> Progress:
    """The progress of a complete checkpoint."""
    return Progress(**(read_json_object(checkpoint / PROGRESS_FILE) or {}))


@contextmanager
def writing_checkpoint(folder: Path, progress: Progress, kept: int) -> Iterator[Path]:
    """A folder to save into. Afterwards the checkpoint is in its place, and only the newest `kept` remain; if the
    saving fails, nothing of it does.

    Trainer puts its files into `checkpoint-STEP` of the folder that this yields.
    """
    draft = folder / f"{DRAFT}{progress.step}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
        yield draft
        filled = draft / f"{PREFIX}{progress.step}"
        (filled / UNSAFE_FILE).unlink(missing_ok=True)
        write_atomically(filled / PROGRESS_FILE, json.dumps(asdict(progress)))
        write_atomically(filled / MANIFEST_FILE, json.dumps({file.name: _digest(file) for file in filled.iterdir()}))
        for file in filled.iterdir():
            sync(file)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)  # on a full disk its room is what the last word needs
        raise
    reach("checkpoint.draft")
    final = folder / filled.name
    shutil.rmtree(final, ignore_errors=True)  # an incomplete one of the same step
    filled.rename(final)
    sync(folder)
    reach("checkpoint.complete")
    for later in [path for path in _by_step(folder) if _step(path) > progress.step]:
        shutil.rmtree(later, ignore_errors=True)  # damaged, or this run would have gone on from there
    prune(folder, kept)
    reach("checkpoint.pruned")


def prune(folder: Path, kept: int) -> None:
    """Remove drafts and all but the newest `kept` checkpoints."""
    for path in [*folder.glob(f"{DRAFT}*"), *_by_step(folder)[:-kept]]:
        shutil.rmtree(path, ignore_errors=True)


def _digest(file: Path) -> str | None:
    """None for a file that is not there."""
    if not file.is_file():
        return None
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _by_step(folder: Path) -> list[Path]:
    found = [path for path in folder.glob(f"{PREFIX}*") if path.name.removeprefix(PREFIX).isdigit()]
    return sorted(found, key=_step)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix(PREFIX))
