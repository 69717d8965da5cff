"""The Run and Runs pages apart from curves: a run's place in the queue, why it ended, and where Back leads."""

import re

import pytest

from emocore.jobs.queue import waiting_runs
from emocore.run.listing import runs_root
from emocore.run.state import RunStatus
from tests.support.pages import draw, finish, labels, load_page, open_page, queue, stop, words
from tests.support.records import write_raw
from tests.support.tables import make_place


def test_a_waiting_run_says_its_place_and_the_first_cannot_be_moved() -> None:
    first, second, _ = queue("lora"), queue("ia3"), queue("qlora")
    page = open_page("run", run=first.id)
    assert "Next to start" in words(page)
    assert page.button(key="run_front").disabled
    page = open_page("run", run=second.id)
    assert "Number 2 of 3 waiting" in words(page)
    page.button(key="run_front").click().run()
    assert waiting_runs(runs_root())[0] == second
    assert "Next to start" in words(page) and page.button(key="run_front").disabled


def test_an_address_of_another_page_leads_back_to_the_run_that_was_looked_at() -> None:
    run = finish()
    page = open_page("run", run=run.id)
    page.query_params.clear()
    page.query_params["clone"] = run.id
    page.run()
    assert "finished" in words(page) and f"launch/page.py?clone={run.id}" in words(page)
    assert {name: page.query_params[name] for name in page.query_params} in ({"run": run.id}, {"run": [run.id]})


@pytest.mark.parametrize(("parameters", "expected"), [({"run": "r"}, "first"), ({}, "all runs")])
def test_an_address_of_another_page_leads_back_to_the_study_that_was_looked_at(
    parameters: dict[str, str], expected: str
) -> None:
    finish(study="first"), finish(study="second")
    page = load_page("runs", **parameters)
    page.session_state["runs_study_shown"] = "first"
    assert draw(page).selectbox(key="runs_study").value == expected
    assert not set(page.query_params) - {"study"}


@pytest.mark.parametrize(("run", "told"), [("", "No run is chosen"), ("gone", "no run 'gone'")])
def test_a_page_without_its_run_says_so_in_words_of_a_page(run: str, told: str) -> None:
    page = open_page("run", run=run) if run else open_page("run")
    assert told in words(page)
    assert "python" not in words(page)


def test_the_list_of_runs_says_why_runs_ended_below_its_table() -> None:
    stop(queue())
    finish("ia3")
    assert "■ stopped" in (told := words(open_page("runs"))) and "seed 42: stopped by the user" in told


@pytest.mark.parametrize("was_sent", [True, False])
def test_a_deletion_says_what_stays_and_can_be_cancelled(was_sent: bool) -> None:
    run = finish()
    if was_sent:
        write_raw(run, "wandb.json", make_place())
    page = open_page("run", run=run.id)
    page.button(key="run_delete").click().run()
    assert ("The copy on W&B stays" in words(page)) == was_sent
    page.button(key="run_delete_cancel").click().run()
    assert "Delete for good" not in labels(page)
    assert run.path.exists()


def test_every_row_leads_to_its_run_and_a_long_list_is_shown_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [queue() for _ in range(5)]
    monkeypatch.setattr("pages.shared.tables.MOST_ROWS", 2)
    page = open_page("runs", study="s")
    seen = []
    for first in (0, 2, 4):
        page.selectbox(key="runs_first").select(first).run()
        seen.append([run.id for run in runs if f"run/page.py?run={run.id}" in words(page)])
    assert seen == [[run.id for run in part] for part in (runs[:2], runs[2:4], runs[4:])]
    assert not page.dataframe, "of a long list, it is made when somebody opens it"
    page.session_state["runs_numbers"] = True
    page.run()
    assert len(page.dataframe[0].value) == 5, "the table of all numbers has every run"
    with runs[0].lock():  # as the process that trains it does
        runs[0].change_state(RunStatus.RUNNING)
        for name in ("runs", "start"):
            rows = re.findall(r"run/page\.py\?run=(\S+)\)", words(open_page(name)))
            assert rows[:2] == [runs[0].id, runs[4].id], "what works now, then the latest"
