"""What a result depends on beside its config: versions, code, data, device."""

import hashlib
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from emocore import __version__
from emocore.data.split import Splits
from emocore.errors import RunError
from emocore.run.folder import RunFolder
from emocore.system.files import open_regular
from emocore.training.checkpoints import last_checkpoint

PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "bitsandbytes",
    "accelerate",
    "datasets",
    "scikit-learn",
    "numpy",
    "wandb",
)
SAMPLE_BYTES = 2**20


def describe_provenance(splits: Splits, device: str, precision: str) -> dict[str, Any]:
    """`provenance.json`, but for what the base is, which is known once it is loaded."""
    return {
        "emocore": __version__,
        "code": describe_code(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in PACKAGES},
        "data_sha256": splits.data_sha256,
        "split_sha256": splits.split_sha256,
        "rows": {name: len(frame) for name, frame in splits.frames.items()},
        "labels": list(splits.labels),
        "device": device,
        "precision": precision,
        "base_revision": None,
        "base_files_sha256": None,
    }


def check_same_origin(earlier: dict[str, Any], now: dict[str, Any]) -> None:
    """A resumed run must go on with what it began with; arguments as `provenance.json`, of which the earlier one may
    be damaged.

    Raises RunError naming what is another: one model must not have seen two data sets or two devices.
    """
    remedy = "put it back and resume again, or clone the run to begin anew"
    if any(earlier.get(name) != now[name] for name in ("split_sha256", "labels")):
        raise RunError(f"the data is not what this run began with; {remedy}")
    for name in ("device", "precision"):
        if earlier.get(name) != now[name]:
            raise RunError(
                f"this run began with {name} {str(earlier.get(name))[:40]} and would go on with {now[name]}; {remedy}"
            )


def note_base(run: RunFolder, revision: str | None, source: Path) -> None:
    """Keep the Hub commit of the base, or what its folder held, once it is loaded. Raises RunError if a resumed run
    began with another."""
    provenance = run.read_json("provenance.json") or {}
    now = {"base_revision": revision, "base_files_sha256": digest_folder(source) if source.is_dir() else None}
    if last_checkpoint(run.checkpoints):
        if (earlier := provenance.get("base_revision")) and earlier != revision:
            raise RunError(f"the base has changed on the Hub since this run began ({str(earlier)[:8]}); clone the run")
        if (provenance.get("base_files_sha256") or now["base_files_sha256"]) != now["base_files_sha256"]:
            raise RunError(f"the base in {source} has changed since this run began; put it back, or clone the run")
    run.write_json("provenance.json", provenance | now)


def digest_folder(base: Path) -> str:
    """SHA-256 over the names and sizes of a base's files, and over their first and last MiB: enough to tell another
    training from this one, in no time for many gigabytes."""
    digest = hashlib.sha256()
    for path in sorted([*base.glob("*.safetensors"), *base.glob("*.json")]):
        with open_regular(path, most_bytes=None) as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{path.name} {size}\n".encode())
            digest.update(file.read(SAMPLE_BYTES))
            file.seek(max(SAMPLE_BYTES, size - SAMPLE_BYTES))
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def describe_code() -> dict[str, Any]:
    """The git revision of this checkout and whether files differ from it; None where git is not there."""
    try:
        revision = _git("rev-parse", "HEAD")
        return {"revision": revision, "dirty": bool(_git("status", "--porcelain", "--untracked-files=no"))}
    except (OSError, subprocess.SubprocessError):
        return {"revision": None, "dirty": None}


def _git(*arguments: str) -> str:
    command = ["git", "-C", str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
