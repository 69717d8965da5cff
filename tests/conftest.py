"""Fixtures for every test: an environment without accounts, tiny models, a small data file, finished runs.

No test reaches the network, the user's runs or the user's keys. The cache (EMOCORE_CACHE) is a new one, but for the
user's converted base, because a conversion takes 20 s and always gives the same result.
"""

import gc
import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from emocore.data.source import STARTER_FILE
from emocore.models import bundled
from emocore.run.folder import RunFolder
from emocore.system.libraries import prepare_libraries

if TYPE_CHECKING:
    from tests.support.hub_server import HubServer

# Before anything imports torch, numpy or huggingface_hub, which read these once. One thread per process: tiny models
# and small tables gain nothing from more, and the threads of two tests at a time would wait for each other.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
prepare_libraries()

# Files that keep a process busy for more than a minute. They come first, or the others would wait for them at the end.
LONG_FILES = (
    "test_main_job.py",
    "test_chaos.py",
    "test_resume.py",
    "test_every_method.py",
    "test_documented_commands.py",
)
SMALL_LABELS = ["anger", "fear", "joy", "love", "sadness"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONG_FILES)


def pytest_collection_finish() -> None:
    """Leave the libraries' objects, which are there to stay, out of all later searches for garbage."""
    gc.collect()
    gc.freeze()


def clear_accounts(patch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("WANDB") or name == "HF_TOKEN":
            patch.delenv(name)


@pytest.fixture(scope="session", autouse=True)
def isolated_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For fixtures that live longer than a test, and the processes they start."""
    with pytest.MonkeyPatch.context() as patch:
        clear_accounts(patch)
        patch.delenv("EMOCORE_DATA", raising=False)
        patch.setenv("EMOCORE_RUNS", str(tmp_path_factory.mktemp("session-runs")))
        patch.setenv("EMOCORE_SETTINGS", str(tmp_path_factory.mktemp("session-settings") / "emocore"))
        share_converted_base(tmp_path_factory.mktemp("session-cache"), patch)
        yield


def share_converted_base(cache: Path, patch: pytest.MonkeyPatch) -> None:
    """A cache for these tests alone, with a link to the user's converted base. Until there is one, the user's cache is
    used, so that all processes convert it only once."""
    converted = bundled.converted_folder()
    if converted.is_dir():
        (cache / converted.name).symlink_to(converted)
        patch.setenv("EMOCORE_CACHE", str(cache))


@pytest.fixture(scope="session", autouse=True)
def components_scanned_once() -> Iterator[None]:
    """Streamlit's test harness searches all installed packages for components each time it draws a page."""
    from streamlit.components.v2 import manifest_scanner

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(autouse=True)
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A runs folder of its own for each test; the installation is one for all of a session."""
    clear_accounts(monkeypatch)
    monkeypatch.setattr("emocore.system.secrets.SECRETS_FILE", tmp_path / "no secrets.toml")
    monkeypatch.setenv("EMOCORE_RUNS", str(tmp_path / "runs"))


@pytest.fixture(scope="session")
def small_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 messages of the starter set with SMALL_LABELS, in the study's form."""
    path = tmp_path_factory.mktemp("data") / "small.csv"
    pd.read_csv(STARTER_FILE).head(120)[["ID", "Tweet", *SMALL_LABELS]].to_csv(path, index=False)
    return path


def save_tiny(kind: str, factory: pytest.TempPathFactory) -> Path:
    from tests.support import tiny_models

    save = getattr(tiny_models, f"save_tiny_{kind}")
    return Path(save(factory.mktemp("bases") / f"tiny-{kind}"))


@pytest.fixture(scope="session")
def tiny_bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A mean-pooled encoder."""
    return save_tiny("bert", tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A decoder without a padding token."""
    return save_tiny("llama", tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_gemma(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's first base at toy width."""
    return save_tiny("gemma", tmp_path_factory)


@pytest.fixture(scope="session")
def tiny_qwen2(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study's second base at toy width."""
    return save_tiny("qwen2", tmp_path_factory)


@pytest.fixture(scope="session")
def finished_runs(
    tmp_path_factory: pytest.TempPathFactory,
    worker_id: str,
    isolated_session: None,
    tiny_bert: Path,
    tiny_llama: Path,
    small_csv: Path,
) -> dict[str, RunFolder]:
    """Finished runs by name, to read and copy but not to change: see FINISHED_RUNS in live_runs.py. They are trained
    by the first of the processes that share the tests."""
    from tests.support.live_runs import carry_out_finished_runs

    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    return carry_out_finished_runs(shared / "finished", tiny_bert, tiny_llama, small_csv)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator["HubServer"]:
    """A Hugging Face Hub on this machine, which is that of the process."""
    from tests.support.hub_server import HubServer

    with HubServer() as server:
        server.use(monkeypatch, tmp_path)
        yield server


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The runs folder; neither it nor anything in it exists yet."""
    folder = tmp_path / "the runs"
    monkeypatch.setenv("EMOCORE_RUNS", str(folder))
    return folder


@pytest.fixture
def refuse(runs: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command that must be refused; returns its message."""

    from emocore.cli.main import main
    from tests.support.refusals import assert_one_line, contents

    def run(*arguments: str) -> str:
        before = contents(runs)
        message = assert_one_line(main(arguments), *capsys.readouterr())
        assert contents(runs) == before
        return message

    return run
