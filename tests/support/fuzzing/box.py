"""The folder of one case: a home, a working directory, runs, settings and secrets of its own; and what is done in
it."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.fuzzing.traps import Bystanders, Listener

# Such as a training or a scheduler makes on its way.
NOT_COUNTED = {".scheduler.lock", ".scheduler.log", "run.lock", "__pycache__", ".queue.paused"}


@dataclass(frozen=True)
class Templates:
    """Real runs and a real base, made once with the code of `checkout`, to be copied: see campaign.py. `runs` are
    folders by name: finished "tfidf", "tfidf_again" and "lora", and "queued", which this installation launched."""

    checkout: Path
    runs: dict[str, Path]
    base: Path
    data: Path
    settings: Path


@dataclass
class Step:
    """One command, or one view of a page (see pages_in_fork.py), with special expectations."""

    argv: Sequence[str] = ()
    page: dict[str, Any] | None = None
    env: dict[str, str | None] = field(default_factory=dict)
    terminal: bool = False
    must_refuse: bool = False
    must_accept: bool = False
    must_say: str = ""  # where it is accepted
    waits_for: str = ""  # a queued run that must be finished soon after

    def __str__(self) -> str:
        extra = "".join(f"{name}={value!r} " for name, value in self.env.items())
        what = f"page {self.page}" if self.page else "emocore " + " ".join(map(repr, self.argv))
        return (extra + what + (" on a terminal" if self.terminal else ""))[:700]


class Box:
    """`number` is in every secret, so that a leaked secret shows its case."""

    def __init__(
        self, path: Path, number: int, templates: Templates, attacker: Listener, own: Listener, bystanders: Bystanders
    ) -> None:
        self.path, self.templates = path, templates
        self.attacker, self.bystanders = attacker, bystanders
        self.home, self.desk, self.runs = path / "home", path / "home" / "desk", path / "home" / "runs"
        self.tmp, self.outside = path / "tmp", path / "outside"
        self.evidence = path / "evidence"  # code that must not run would write here
        self.mark = f"EMOCORE_FUZZ={path}"
        self.wandb_key = f"cAnArYw{number:08d}".ljust(40, "0")
        self.hub_token = f"hf_cAnArYh{number:08d}"
        self.secret = f"cAnArYs{number:08d}"
        for folder in (self.desk, self.runs, self.tmp, self.outside, self.evidence):
            folder.mkdir(parents=True)
        shutil.copytree(templates.settings, self.home / "settings")
        self._plant_secrets()
        self.pause()
        self._own = own

    @property
    def canaries(self) -> tuple[str, str, str]:
        return self.wandb_key, self.hub_token, self.secret

    @property
    def secret_files(self) -> list[Path]:
        return [
            self.desk / ".streamlit" / "secrets.toml",
            self.home / ".bashrc",
            self.home / ".ssh" / "id_ed25519",
            self.outside / "shadow",
            self.outside / "customers.csv",
        ]

    def _plant_secrets(self) -> None:
        toml, bashrc, key, shadow, customers = self.secret_files
        for file in (toml, key):
            file.parent.mkdir()
        toml.write_text(f'HF_TOKEN = "hf_{self.secret}"\nWANDB_API_KEY = "{self.secret}"\n')
        bashrc.write_text(f"export API_TOKEN='{self.secret}'\nalias x='echo {self.secret}'\n")
        lines = "\n".join(f"{self.secret}{'x' * 48}" for _ in range(4))
        key.write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{lines}\n-----END OPENSSH PRIVATE KEY-----\n")
        shadow.write_text(
            "".join(f"{name}:$6${self.secret}${'y' * 60}:20228:0:99999:7:::\n" for name in ("root", "me"))
        )
        rows = "\n".join(f"{self.secret} says {number},{number % 2},{number % 3 == 0:d}" for number in range(60))
        customers.write_text(f"text,joy,anger\n{rows}\n")

    def environment(self, changes: dict[str, str | None]) -> dict[str, str]:
        """The environment of every process of the case; None removes a variable."""
        values = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.tmp),
            "LANG": "C.UTF-8",
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "EMOCORE_RUNS": str(self.runs),
            "EMOCORE_CACHE": str(self.home / "cache"),
            "EMOCORE_SETTINGS": str(self.home / "settings"),
            "WANDB_API_KEY": self.wandb_key,
            "HF_TOKEN": self.hub_token,
            "WANDB_BASE_URL": self._own.url,
            "HF_ENDPOINT": self._own.url,
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": str(self.templates.checkout),
            "PYTHONDONTWRITEBYTECODE": "1",
            **changes,
        }
        name, _, value = self.mark.partition("=")
        return {key: item for key, item in values.items() if item is not None} | {name: value}

    def add_run(self, name: str, new_name: str | None = None) -> Path:
        """A copy of a template's run in the runs folder."""
        source = self.templates.runs[name]
        return Path(shutil.copytree(source, self.runs / (new_name or source.name), symlinks=True))

    def pause(self) -> None:
        """Pause the queue, so that a launch costs no training."""
        (self.runs / ".queue.paused").touch()

    def listing(self) -> set[str]:
        """The content of the folders that a refused command must not change."""
        found = set()
        for root in (self.runs, self.tmp, self.desk):
            for folder, folders, files in os.walk(root):
                found |= {str(Path(folder) / name) for name in (*folders, *files) if name not in NOT_COUNTED}
        return found
