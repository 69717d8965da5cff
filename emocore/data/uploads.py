"""Files that came through the browser, kept beside the runs that use them."""

import hashlib
import re
from pathlib import Path


def store_upload(root: Path, name: str, content: bytes) -> Path:
    """Keep an uploaded file under `root/uploads`, by its hash: the same file is stored once.

    `name` is shown to people only; whatever could lead out of the folder is taken from it.
    """
    folder = root / "uploads"
    folder.mkdir(exist_ok=True)
    safe_name = re.sub(r"[^\w.-]", "_", Path(name).name)[-60:]
    path = folder / f"{hashlib.sha256(content).hexdigest()[:12]}-{safe_name}"
    if not path.exists():
        draft = path.with_name(f".{path.name}.draft")
        draft.write_bytes(content)
        draft.replace(path)
    return path
