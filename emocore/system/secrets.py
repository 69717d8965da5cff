"""Loads HF_TOKEN and WANDB_API_KEY from `.streamlit/secrets.toml` into the environment."""

import os
import tomllib
from pathlib import Path

from emocore.errors import ConfigError

SECRET_NAMES = ("HF_TOKEN", "WANDB_API_KEY")
SECRETS_FILE = Path(".streamlit", "secrets.toml")  # in the working directory


def load_secrets() -> None:
    """Set the keys that the environment does not have. Raises ConfigError if the file is not valid TOML."""
    if not SECRETS_FILE.is_file():
        return
    try:
        secrets = tomllib.loads(SECRETS_FILE.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f'{SECRETS_FILE}: not valid TOML ({error}); write NAME = "value"') from None
    except OSError as error:
        raise ConfigError(f"{SECRETS_FILE}: cannot be read ({error.strerror})") from None
    for name in SECRET_NAMES:
        if name in secrets:
            os.environ.setdefault(name, str(secrets[name]))
