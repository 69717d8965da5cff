"""The 4-bit weights of a base on disk, so that it is quantised once and not by every run and every adapter.

They are in the folder `quantized` of the cache: a folder for each base and way of quantising, in it one that has the
SHA-256 of its only file as its name, so a damaged or truncated file is known and made again. The head is not among
them, since every run draws its own. Files are safetensors. All together have at most MOST_BYTES; those that were not
used for longest are removed first. The folder can be deleted at any time.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save_file
from transformers import PreTrainedModel

from emocore.system.cache import note_use, remove_oldest
from emocore.system.files import cache_root, open_regular, sync

FOLDER, FILE = "quantized", "model.safetensors"
MOST_BYTES = 20 * 10**9

logger = logging.getLogger(__name__)


class QuantizedCache:
    """The weights that `identity` describes: base, quantisation, machine and versions."""

    def __init__(self, identity: Mapping[str, object]) -> None:
        name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        self._folder = cache_root() / FOLDER / name[:32]

    def find(self) -> Path | None:
        """A folder that Transformers can load the weights from, or None."""
        for folder in self._folder.glob("[!.]*"):
            try:
                with open_regular(folder / FILE, most_bytes=None) as file:
                    is_whole = hashlib.file_digest(file, "sha256").hexdigest() == folder.name
            except OSError:  # removed meanwhile, or may not be read
                continue
            if is_whole:
                note_use(folder / FILE)
                return folder
            logger.info("Note: %s is damaged; the base is quantised again", folder / FILE)
            shutil.rmtree(folder, ignore_errors=True)
        return None

    def add(self, model: PreTrainedModel, head: str) -> None:
        """Keep the weights of a quantised model but for those of the head. What cannot be written, as on a full disk,
        is quantised again the next time."""
        draft = self._folder / f".{os.getpid()}.tmp"
        weights = {
            name: weight.contiguous() for name, weight in model.state_dict().items() if not name.startswith(f"{head}.")
        }
        try:
            for left in self._folder.glob(".*.tmp"):  # of a process that was killed
                shutil.rmtree(left, ignore_errors=True)
            draft.mkdir(parents=True)
            save_file(weights, draft / FILE, metadata={"format": "pt"})
            sync(draft / FILE)
            with (draft / FILE).open("rb") as file:
                name = hashlib.file_digest(file, "sha256").hexdigest()
            draft.rename(self._folder / name)
            remove_oldest(self._folder.parent, f"*/*/{FILE}", MOST_BYTES)
        except OSError as error:
            logger.info(
                "Note: the quantised base could not be stored in %s (%s); it is quantised again the next time",
                self._folder, error.strerror or error,
            )  # fmt: skip
        finally:
            shutil.rmtree(draft, ignore_errors=True)
