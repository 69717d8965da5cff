"""Settings of this installation other than its runs: its identity, the W&B servers that the user named, and limits.

All are in the settings folder: EMOCORE_SETTINGS, or `emocore` in the user's configuration folder. They are never in a
runs folder, which may come from somebody else. Reading creates nothing; the first launch creates them.

    identity        a random secret: runs launched here carry a mark that only this installation can make
    servers.json    addresses of W&B servers that the user named when launching a run
    limits.json     how many runs may share a device (see emocore/system/limits.py)
"""

import contextlib
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from emocore.errors import ConfigError
from emocore.system.files import FileVersion, file_version, read_bytes, read_json_object, write_atomically
from emocore.system.locks import open_lock, take_lock

PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
IDENTITY_BYTES = 32


def settings_folder() -> Path:
    """The settings folder of this user, which need not exist yet. Raises ConfigError if the user has no home."""
    configured = os.environ.get("EMOCORE_SETTINGS")
    try:
        if configured:
            return Path(configured).expanduser()
        return Path(os.environ.get("XDG_CONFIG_HOME") or "~/.config").expanduser() / "emocore"
    except RuntimeError as error:
        raise ConfigError(f"no settings folder is known ({error}); name one in EMOCORE_SETTINGS") from None


def make_mark(subject: str, *contents: bytes) -> str:
    """A mark that shows later that this installation approved `contents` for `subject`.

    It is an HMAC-SHA-256 with the identity as its key. Raises ConfigError if the identity cannot be read or created.
    """
    return _compute_mark(_read_identity() or _make_identity(), subject, contents)


def is_own_mark(mark: str | None, subject: str, *contents: bytes) -> bool:
    """Whether `make_mark` of this installation made the mark; False if its identity cannot be read."""
    try:
        identity = _read_identity()
    except ConfigError:
        return False
    if identity is None or mark is None:
        return False
    return hmac.compare_digest(_compute_mark(identity, subject, contents).encode(), mark.encode())


def confirm_server(address: str) -> None:
    """Store that the user named this server. Raises ConfigError if that cannot be written."""
    if address in confirmed_servers():
        return
    with changing_settings():
        write_setting("servers.json", {"wandb": sorted({*confirmed_servers(), address})})


def confirmed_servers() -> frozenset[str]:
    """The confirmed servers; none if the file is missing or damaged, so that no key is sent."""
    try:
        listed = (read_json_object(settings_folder() / "servers.json") or {}).get("wandb")
    except (OSError, ConfigError):
        return frozenset()
    return frozenset(item for item in listed if isinstance(item, str)) if isinstance(listed, list) else frozenset()


@contextlib.contextmanager
def changing_settings() -> Iterator[None]:
    """Let no other process change the settings meanwhile, so that one can be read and rewritten. Makes the folder.

    Raises ConfigError if the folder cannot be written.
    """
    try:
        _make_folder()
        with open_lock(settings_folder(), _unwritable, is_folder=True) as lock:
            take_lock(lock)
            yield
    except OSError as error:
        raise _unwritable(error) from None


def write_setting(name: str, content: Mapping[str, Any]) -> None:
    """Replace a file of the settings folder in one step; the caller is `changing_settings`. Raises OSError."""
    write_atomically(settings_folder() / name, json.dumps(content, indent=2), PRIVATE_FILE)


def _compute_mark(identity: bytes, subject: str, contents: tuple[bytes, ...]) -> str:
    digests = b"".join(hashlib.sha256(content).digest() for content in (subject.encode(), *contents))
    return hmac.new(identity, digests, hashlib.sha256).hexdigest()


def _read_identity() -> bytes | None:
    """The identity, None if there is none yet. Raises ConfigError if the file is invalid."""
    path = settings_folder() / "identity"
    return _read_version(path, file_version(path))


@lru_cache(maxsize=16)
def _read_version(path: Path, version: FileVersion) -> bytes | None:
    try:
        identity = read_bytes(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror}); make it readable for yourself") from None
    if len(identity) != IDENTITY_BYTES:
        raise ConfigError(f"{path} is damaged; delete it, and Emocore makes another one")
    return identity


def _make_identity() -> bytes:
    """Create the identity. If several processes do so at once, the first one wins and the others use its identity."""
    path = settings_folder() / "identity"
    draft = path.with_name(f".identity.{secrets.token_hex(4)}.tmp")
    identity = secrets.token_bytes(IDENTITY_BYTES)
    try:
        _make_folder()
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(identity)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return _read_identity() or identity
    except OSError as error:
        raise _unwritable(error) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return identity


def _make_folder() -> None:
    settings_folder().mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)


def _unwritable(error: OSError) -> ConfigError:
    return ConfigError(
        f"the settings folder {settings_folder()} cannot be written ({error.strerror}); make it writable, or name "
        "another one in EMOCORE_SETTINGS"
    )
