"""What pages of live runs show is read and drawn once for all sessions, and a change is seen at once all the same."""

import pytest

from emocore.charts import curves as charts
from emocore.run.folder import RunFolder
from emocore.run.state import RunStatus
from emocore.tracking.metrics_file import MetricsFile
from pages.shared import curves, run_view
from pages.shared.curves import draw_curves
from pages.shared.run_view import RunView, look_at
from tests.support.pages import queue


def log(run: RunFolder, step: int) -> None:
    file = MetricsFile.begin(run.metrics)
    file.append({"step": step, "total_steps": 100, "epoch": step / 50, "seconds": 2.0 * step, "train/loss": 1 / step})
    file.close()


@pytest.fixture
def at_noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands still."""
    monkeypatch.setattr("time.time", lambda: 1.8e9)
    monkeypatch.setattr("time.monotonic", lambda: 1e6)


@pytest.mark.usefixtures("at_noon")
def test_a_live_run_is_read_once_for_all_until_a_file_of_it_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    run, reads = queue(), []
    read = run_view._read_view
    monkeypatch.setattr(run_view, "_read_view", lambda *of: reads.append(of) or read(*of))
    with run.lock():
        run.change_state(RunStatus.RUNNING)
        log(run, 1)
        first = [look_at(run) for _ in range(20)]
        assert len(reads) == 1 and all(view is first[0] for view in first)
        log(run, 2)
        assert step_of(look_at(run)) == 2 and len(reads) == 2
        run.change_state(RunStatus.STOPPED, reason="enough")
        assert look_at(run).state.reason == "enough"


def step_of(view: RunView) -> int:
    assert view.history
    return view.history.rows[-1]["step"]


@pytest.mark.usefixtures("at_noon")
def test_a_run_whose_process_died_is_not_shown_as_live() -> None:
    run = queue()
    with run.lock():
        run.change_state(RunStatus.RUNNING)
        assert look_at(run).state.status == RunStatus.RUNNING
    assert look_at(run).state.status == RunStatus.INTERRUPTED


def test_curves_are_drawn_once_for_all_and_few_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    run, drawn, clock = queue(), [], [0.0]
    monkeypatch.setattr(
        curves, "metric_curves", lambda *of, **more: drawn.append(of) or charts.metric_curves(*of, **more)
    )
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    with run.lock():
        run.change_state(RunStatus.RUNNING)
        for step in range(1, 40):
            log(run, step)
            view = look_at(run)
            assert view.config and view.history
            for _ in range(5):
                _, losses = draw_curves([(run, view.config, view.history)], is_live=True)
            clock[0] += curves.LIVE_SECONDS
            assert len(drawn) == 2 * step, "both charts, once"
            assert max(losses.data[-1].x) == step / 50
    draw_curves([(run, view.config, view.history)], is_live=False)
    log(run, 50)
    view = look_at(run)
    _, losses = draw_curves([(run, view.config, view.history)], is_live=False)
    assert max(losses.data[-1].x) == 1.0, "those of an ended run are always the latest"
