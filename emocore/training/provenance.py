"""What a result depends on beside its config: versions, code, data, device."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from emocore import __version__
from emocore.data.split import Splits

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


def describe_provenance(splits: Splits, device: str, precision: str) -> dict[str, Any]:
    """`provenance.json`, but for the base's revision, which is known once it is loaded."""
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
    }


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
