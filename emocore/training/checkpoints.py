"""Checkpoints that are either complete or absent: written to a temporary folder, flushed to disk, then renamed.

Each lists its files with their SHA-256, so that a checkpoint that the disk has damaged is skipped. It holds what
`transformers.Trainer` needs for an exact resume, and `progress.json` with the rest. Optimizer and generator states are
read by `torch.load(weights_only=True)`, which runs no code.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from pydantic import AllowInfNan, ConfigDict, Field, StringConstraints

from emocore.errors import RunError
from emocore.run.records import Amount, Count, Strict, read_record, write_record
from emocore.system.faults import reach
from emocore.system.files import check_contained, open_regular, read_json_object, sync, write_atomically

PREFIX, DRAFT = "checkpoint-", ".draft-"
STEP = re.compile(rf"{PREFIX}\d{{1,18}}", re.ASCII)
MOST_THREADS = 4096
MOST_POOLED = 4096
PROGRESS_FILE = "progress.json"
MANIFEST_FILE = "sha256.json"
# The files of a complete checkpoint, other than the weights. `trainer_state.json` holds the step and the epoch.
FILES = (
    "optimizer.pt",
    "scheduler.pt",
    "rng_state.pth",
    "trainer_state.json",
    PROGRESS_FILE,
)
WEIGHTS = ("adapter_model.safetensors", "model.safetensors")  # of an adapter, or of the whole model
UNSAFE_FILE = "training_args.bin"  # a pickle that Trainer writes and nothing here reads


class BestEpoch(Strict):
    """The best epoch of a training so far and its validation metric; after `epochs_since` more, none is better."""

    model_config = ConfigDict(extra="forbid")

    step: Count
    epoch: Amount
    value: Annotated[float, AllowInfNan()]
    epochs_since: Count = 0


class Progress(Strict):
    """State that Trainer does not keep. `loss_sum` is the loss of the steps after `logged_step`, which is not logged
    yet; seconds and bytes are as in Cost. `threads` is the number of CPU threads, since another number rounds sums
    differently. `pooled_batches` says how batches are drawn; runs that began before it was stored drew 8.
    `embeddings_sha256` is the digest of the embeddings that a head is trained on; None for other methods, and for heads
    that began while dropout was active in their base. `best` is None during the first epoch and without keep=best."""

    model_config = ConfigDict(extra="forbid")

    step: Count
    loss_sum: Annotated[float, AllowInfNan()]
    logged_step: Count
    train_seconds: Amount
    peak_memory_bytes: Count
    threads: int = Field(ge=1, le=MOST_THREADS)
    pooled_batches: int = Field(8, ge=1, le=MOST_POOLED)
    embeddings_sha256: Annotated[str, StringConstraints(max_length=64)] | None = None
    best: BestEpoch | None = None


def last_checkpoint(folder: Path) -> Path | None:
    """The newest complete checkpoint in `folder`; None if there is none."""
    return next((path for path in reversed(_by_step(folder)) if is_complete(path)), None)


def last_step(folder: Path) -> int:
    """The step of the newest complete checkpoint; 0 if there is none."""
    checkpoint = last_checkpoint(folder)
    return _step(checkpoint) if checkpoint else 0


def is_complete(checkpoint: Path) -> bool:
    """Whether all files exist and are unchanged, and none is behind a link that leads elsewhere."""
    try:
        digests = read_json_object(checkpoint / MANIFEST_FILE)
        if digests is None or not digests.keys() >= set(FILES) or digests.keys().isdisjoint(WEIGHTS):
            return False
        for path in [*checkpoint.iterdir(), *(checkpoint / name for name in digests)]:
            check_contained(path, checkpoint.parent)
        return all(_digest(checkpoint / name) == digest for name, digest in digests.items())
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return False


def read_progress(checkpoint: Path) -> Progress:
    """The progress of a complete checkpoint, two folders below the run's. Raises RunError if it is damaged."""
    run, remedy = checkpoint.parents[1], f"delete {checkpoint}, then resume"
    progress = read_record(run, str((checkpoint / PROGRESS_FILE).relative_to(run)), Progress, remedy)
    if progress is None:
        raise RunError(f"{checkpoint / PROGRESS_FILE} is missing; {remedy}")
    return progress


def check_embeddings(began: str | None, now: str | None) -> None:
    """Check that a resumed head goes on with the embeddings that it began with, by their digests. Raises RunError."""
    if began == now:
        return
    if began is None:
        raise RunError(
            "this run began with a version of Emocore that trained a head while dropout was active in its base, which "
            "this version does not do; clone the run to start over"
        )
    raise RunError(
        "the embeddings that this run began with are no longer in the cache, and computed again they differ in their "
        "last digits; clone the run to start over"
    )


@contextmanager
def writing_checkpoint(folder: Path, progress: Progress, kept: int) -> Iterator[Path]:
    """Yields a folder to save into, then puts the checkpoint in place and keeps only the newest `kept`. If saving
    fails, nothing of it remains. Raises OSError if `folder` leads out of the run's folder, because files elsewhere
    would be pruned.

    Trainer puts its files into `checkpoint-STEP` of the yielded folder.
    """
    check_contained(folder, folder.parent)
    draft = folder / f"{DRAFT}{progress.step}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
        yield draft
        filled = draft / f"{PREFIX}{progress.step}"
        (filled / UNSAFE_FILE).unlink(missing_ok=True)
        write_record(filled / PROGRESS_FILE, progress)
        write_atomically(filled / MANIFEST_FILE, json.dumps({file.name: _digest(file) for file in filled.iterdir()}))
        for file in filled.iterdir():
            sync(file)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)  # on a full disk, the final state needs its space
        raise
    reach("checkpoint.draft")
    final = folder / filled.name
    shutil.rmtree(final, ignore_errors=True)  # an incomplete one of the same step
    filled.rename(final)
    sync(folder)
    reach("checkpoint.complete")
    for later in [path for path in _by_step(folder) if _step(path) > progress.step]:
        shutil.rmtree(later, ignore_errors=True)  # damaged, or this run would have continued from there
    prune(folder, kept)
    reach("checkpoint.pruned")


def prune(folder: Path, kept: int) -> None:
    """Remove drafts and all but the newest `kept` checkpoints."""
    for path in [*folder.glob(f"{DRAFT}*"), *_by_step(folder)[:-kept]]:
        shutil.rmtree(path, ignore_errors=True)


def _digest(file: Path) -> str:
    """SHA-256 of a file. Raises OSError if it is not a regular file."""
    with open_regular(file, most_bytes=None) as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _by_step(folder: Path) -> list[Path]:
    found = [path for path in folder.glob(f"{PREFIX}*") if STEP.fullmatch(path.name)]
    return sorted(found, key=_step)


def _step(checkpoint: Path) -> int:
    return int(checkpoint.name.removeprefix(PREFIX))
