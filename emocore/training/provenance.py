"""Everything other than the config that a result depends on: versions, code, data, device."""

import hashlib
import logging
import os
import platform
import subprocess
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from emocore import __version__
from emocore.data.split import Splits
from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.run.provenance import Code, Provenance
from emocore.run.records import AGAIN, write_record
from emocore.system.files import open_regular
from emocore.training.checkpoints import last_checkpoint

logger = logging.getLogger(__name__)

PACKAGES = ("torch", "transformers", "peft", "bitsandbytes", "accelerate", "datasets", "scikit-learn", "numpy", "wandb")
SAMPLE_BYTES = 2**20


def describe_provenance(splits: Splits, device: str, precision: str) -> Provenance:
    """The provenance of a run that starts now, without its base, which `note_base` adds once it is loaded."""
    return Provenance(
        emocore=__version__,
        code=describe_code(),
        python=platform.python_version(),
        platform=platform.platform(),
        packages={name: _version(name) for name in PACKAGES},
        data_sha256=splits.data_sha256,
        split_sha256=splits.split_sha256,
        evaluation_sha256=splits.evaluation_sha256,
        available_rows=splits.available_rows,
        rows={name: len(frame) for name, frame in splits.frames.items()},
        corrected_labels=splits.corrected_labels,
        data_warnings=list(splits.warnings),
        labels=list(splits.labels),
        device=device,
        precision=precision,
    )


def check_same_origin(earlier: Provenance, now: Provenance) -> None:
    """Check that a resumed run continues with the data and device that it started with.

    Raises RunError that names the difference: one model must not be trained on two data sets or two devices.
    """
    remedy = "put it back and resume again, or clone the run to start over"
    if (earlier.split_sha256, earlier.labels) != (now.split_sha256, now.labels):
        raise RunError(f"the data is not what this run started with; {remedy}")
    for name in ("device", "precision"):
        began, goes_on = getattr(earlier, name), getattr(now, name)
        if began != goes_on:
            raise RunError(f"this run started with {name} {str(began)[:40]} and would resume with {goes_on}; {remedy}")


def note_base(run: RunFolder, revision: str | None, source: Path) -> None:
    """Store the Hub commit of the base or the digest of its folder, once it is loaded. Raises RunError if a resumed run
    started with another one or has no `provenance.json`."""
    provenance, digest = _provenance_of(run), digest_folder(source) if source.is_dir() else None
    if last_checkpoint(run.checkpoints):
        if (earlier := provenance.base_revision) and earlier != revision:
            raise RunError(f"the base has changed on the Hub since this run started ({earlier[:8]}); clone the run")
        if provenance.base_files_sha256 not in (None, digest):
            raise RunError(f"the base in {source} has changed since this run started; put it back, or clone the run")
    now = {"base_revision": revision, "base_files_sha256": digest}
    write_record(run.path / "provenance.json", provenance.model_copy(update=now))


def note_warnings(run: RunFolder, warnings: Iterable[str]) -> None:
    """Log and store what is doubtful in the data for this base. Raises RunError without `provenance.json`."""
    told = list(warnings)
    for warning in told:
        logger.info("Note: %s", warning)
    provenance = _provenance_of(run)
    every = list(dict.fromkeys([*provenance.data_warnings, *told]))
    write_record(run.path / "provenance.json", provenance.model_copy(update={"data_warnings": every}))


def note_threads(run: RunFolder, threads: int) -> None:
    """Store the number of CPU threads. Raises RunError without `provenance.json`."""
    write_record(run.path / "provenance.json", _provenance_of(run).model_copy(update={"threads": threads}))


def _provenance_of(run: RunFolder) -> Provenance:
    provenance = run.provenance
    if provenance is None:
        raise RunError(f"run {run.id}: provenance.json is missing; {AGAIN}")
    return provenance


def digest_folder(base: Path) -> str:
    """SHA-256 over the names and sizes of a base's files and their first and last MiB, which is enough to recognise
    other weights and quick even for many gigabytes."""
    digest = hashlib.sha256()
    for path in sorted([*base.glob("*.safetensors"), *base.glob("*.json")]):
        with open_regular(path, most_bytes=None) as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{path.name} {size}\n".encode())
            digest.update(file.read(SAMPLE_BYTES))
            file.seek(max(SAMPLE_BYTES, size - SAMPLE_BYTES))
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def describe_code() -> Code:
    """The git revision of this checkout and whether files differ from it; None without git."""
    try:
        revision = _git("rev-parse", "HEAD")
        return Code(revision=revision, dirty=bool(_git("status", "--porcelain", "--untracked-files=no")))
    except (OSError, subprocess.SubprocessError):
        return Code()


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
