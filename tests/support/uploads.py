"""Files in the place of uploads, as earlier versions stored them."""

import hashlib
from pathlib import Path

from emocore.data.uploads import HASH_LENGTH, UPLOADS


def keep_upload(root: Path, name: str, content: bytes) -> Path:
    folder = root / UPLOADS
    folder.mkdir(exist_ok=True)
    path = folder / f"{hashlib.sha256(content).hexdigest()[:HASH_LENGTH]}-{name}"
    path.write_bytes(content)
    return path
