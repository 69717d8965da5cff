"""Checks before a run is queued whether its base can be loaded. Imports neither torch nor transformers."""

import os
from pathlib import Path

from emocore.errors import BaseModelError
from emocore.models.base_files import check_folder
from emocore.models.bases import Base
from emocore.models.bundled import check_convertible


def check_available(base: Base) -> None:
    """Raises BaseModelError if the base certainly cannot be loaded: it is not installed, cannot be converted, is in a
    folder with unsafe files, or is gated and there is no token."""
    if base.source == "bundled":
        check_convertible(base)
    if base.source == "folder":
        check_folder(Path(base.location))
    if base.gated and not os.environ.get("HF_TOKEN") and not _is_cached(base):
        raise BaseModelError(explain_gate(base))


def explain_gate(base: Base) -> str:
    """How to get a base whose licence must be accepted first."""
    return (
        f"base '{base.name}' is gated: accept its licence at https://huggingface.co/{base.location}, "
        "then set HF_TOKEN to a token of that account and try again"
    )


def _is_cached(base: Base) -> bool:
    from huggingface_hub import try_to_load_from_cache

    return isinstance(try_to_load_from_cache(base.location, "config.json"), str)
