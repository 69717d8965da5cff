"""The Compare page with runs of a W&B project, in Streamlit's own test harness against a real client and server."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.tracking.sync import sync_run
from tests.support.live_runs import wait_for
from tests.support.pages import draw, open_compare, words
from tests.support.tables import finish_run
from tests.support.wandb_children import API_KEY
from tests.support.wandb_server import WandbServer

TRUTH = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])


def finish(root: Path, method: str, server: WandbServer) -> RunFolder:
    root.mkdir(exist_ok=True)
    config = RunConfig(method=method, study="s", wandb_base_url=server.base_url, wandb_project="emotions")
    rows = {"rows": {"train": 9, "validation": 4}}
    return finish_run(root, config, TRUTH, TRUTH * 2.0 - 1, ("anger", "joy"), provenance=rows)


def use_server(patch: pytest.MonkeyPatch, server: WandbServer) -> None:
    patch.setenv("WANDB_API_KEY", API_KEY)
    patch.setenv("WANDB_BASE_URL", server.base_url)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[WandbServer, RunFolder]]:
    """A local run, which is on W&B as well, with one that was trained elsewhere."""
    root = tmp_path_factory.mktemp("world")
    with WandbServer() as server, pytest.MonkeyPatch.context() as patch:
        use_server(patch, server)
        run = finish(root / "here", "lora", server)
        sync_run(run)
        sync_run(finish(root / "elsewhere", "ia3", server))
        yield server, run


@pytest.fixture
def server(world: tuple[WandbServer, RunFolder], monkeypatch: pytest.MonkeyPatch) -> Iterator[WandbServer]:
    server, run = world
    use_server(monkeypatch, server)
    monkeypatch.setenv("EMOCORE_RUNS", str(run.path.parent))
    yield server
    server.recover()


def test_a_run_from_elsewhere_is_chosen_and_compared(world: tuple[WandbServer, RunFolder], server: WandbServer) -> None:
    page = open_compare(study="s", project=f"{server.base_url}/team/emotions")
    wait_for(lambda: page.run().multiselect, 20, "the project's runs")
    [chooser] = page.multiselect
    [option] = chooser.options
    assert option.startswith("IA3 on minilm-l6"), "the local run is not offered again"
    [elsewhere] = [key[2] for key in server.runs if key[2] != world[1].id]
    page.multiselect[0].select(elsewhere).run()
    assert not page.exception
    assert page.query_params["team"] in (elsewhere, [elsewhere])
    assert set(page.dataframe[0].value["source"].dropna()) == {"here", "W&B"}
    assert "IA3 · W&B" in set(page.dataframe[0].value["series"])
    assert "Points are runs that were trained elsewhere" in words(page)


@pytest.mark.parametrize(
    ("project", "fault", "told"),
    [
        ("emotions", None, "'emotions' is not a W&B project; write entity/project"),
        ("{url}/team/nothing", None, "there is no project team/nothing that this key can read"),
        ("{url}/team/others", 401, "does not accept the key; check WANDB_API_KEY"),
    ],
)
def test_what_is_wrong_is_said_and_the_local_runs_stay(
    server: WandbServer, project: str, fault: int | None, told: str
) -> None:
    if fault:
        server.fail(fault)
    page = open_compare(study="s", project=project.format(url=server.base_url))
    wait_for(lambda: told in words(draw(page)), 20, told)
    assert "LoRA: macro-F1 1.000" in words(page)
