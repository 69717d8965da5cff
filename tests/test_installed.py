"""`pip install .` installs one package that contains the app, which is as protected as in a checkout.

Its dependencies are those of this environment; `make installed` installs everything into an empty one.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.app_browser import MAKE_APP, App
from tests.support.handshakes import assert_closed
from tests.support.live_runs import end_processes
from tests.support.repository import REPOSITORY

KEY = "a key of somebody else"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that it was installed into."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-compile"]
    subprocess.run([*command, "--target", str(folder), str(REPOSITORY)], check=True)
    return folder


@pytest.fixture
def elsewhere(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, from which only the installed package is found."""
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.delenv("EMOCORE_RUNS")
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def python(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_one_package_and_its_commands(site: Path) -> None:
    found = {path.name for path in site.iterdir() if not path.name.endswith(".dist-info")}
    assert found == {"emocore", "bin"}
    assert (site / "bin" / "emocore").is_file()
    assert (site / "emocore" / "web" / ".streamlit" / "config.toml").is_file()


def test_runs_lie_in_the_working_directory(elsewhere: Path, small_csv: Path) -> None:
    python(elsewhere, "-m", "emocore", "queue", "--pause")
    printed = python(elsewhere, "-m", "emocore", "launch", "--method", "tfidf", "--data", str(small_csv))
    run_id = printed.split()[-1]
    assert (elsewhere / "runs" / run_id / "config.json").is_file()
    end_processes(elsewhere / "runs")


def test_secrets_are_read_from_the_working_directory_only(site: Path, elsewhere: Path) -> None:
    code = "import os, emocore.system.secrets as own; own.load_secrets(); print(os.environ.get('HF_TOKEN'))"
    beside = site / "emocore" / "web" / ".streamlit" / "secrets.toml"
    own = elsewhere / ".streamlit" / "secrets.toml"
    for file, seen in ((beside, "None"), (own, KEY)):
        file.parent.mkdir(exist_ok=True)
        file.write_text(f'HF_TOKEN = "{KEY}"')
        assert python(elsewhere, "-c", code).strip() == seen
        file.unlink()


@pytest.fixture
def app(elsewhere: Path) -> Iterator[App]:
    app = App(elsewhere / "runs", MAKE_APP, folder=elsewhere)
    app.start()
    yield app
    app.kill()
    end_processes(app.runs)


def test_the_app_is_served_from_any_folder_to_its_own_host_only(app: App) -> None:
    assert_closed(app)


def test_nothing_of_the_checkout_is_used(elsewhere: Path) -> None:
    printed = python(elsewhere, "-c", "import emocore.api; print(emocore.__file__)")
    assert printed.startswith(os.environ["PYTHONPATH"])
