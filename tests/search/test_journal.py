"""What is proposed does not depend on kills, and half a line of a killed process does no harm."""

from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from emocore.errors import RunError
from emocore.run.config import RunConfig
from emocore.search.journal import JOURNAL, ask, count_begun, open_journal, open_study
from emocore.search.space import find_space, suggest

SPACE, DEFAULTS = find_space(RunConfig())


def propose(folder: Path, count: int, reopens: bool) -> list[dict[str, Any]]:
    """What is proposed if a trial is the better, the nearer its learning rate is to 0.004; beyond the ten first trials,
    which are random."""
    folder.mkdir()
    study, found = open_study(open_journal(folder), "lora"), []
    for _ in range(count):
        trial = ask(study, sampler_seed=7)
        found.append(suggest(trial, SPACE))
        study.tell(trial, -abs(found[-1]["learning_rate"] - 0.004))
        study = open_study(open_journal(folder), "lora") if reopens else study
    return found


def test_a_search_that_was_interrupted_proposes_the_same(tmp_path: Path) -> None:
    whole = propose(tmp_path / "whole", 14, reopens=False)
    assert propose(tmp_path / "pieces", 14, reopens=True) == whole
    assert len({values["learning_rate"] for values in whole}) == 14


def test_a_trial_that_was_begun_is_gone_on_with(tmp_path: Path) -> None:
    trial = ask(open_study(open_journal(tmp_path), "lora"), 7)
    rate = trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True)  # killed before the other settings
    study = open_study(open_journal(tmp_path), "lora")
    again = ask(study, 7)
    assert again.number == trial.number and count_begun(study) == 1
    assert suggest(again, SPACE)["learning_rate"] == rate
    assert set(again.params) == set(SPACE)


def test_waiting_defaults_do_not_count_as_begun(tmp_path: Path) -> None:
    study = open_study(open_journal(tmp_path), "lora")
    study.enqueue_trial(DEFAULTS)
    assert count_begun(study) == 0
    assert suggest(ask(study, 7), SPACE) == DEFAULTS
    assert [trial.state for trial in study.get_trials()] == [TrialState.RUNNING]


def test_half_a_line_is_removed(tmp_path: Path) -> None:
    ask(open_study(open_journal(tmp_path), "lora"), 7)
    whole = (tmp_path / JOURNAL).read_bytes()
    (tmp_path / JOURNAL).write_bytes(whole + b'{"op_code":4,"wor')
    study = open_study(open_journal(tmp_path), "lora")
    assert (tmp_path / JOURNAL).read_bytes() == whole
    study.tell(ask(study, 7), 0.5)
    assert open_study(open_journal(tmp_path), "lora").best_value == 0.5


@pytest.mark.parametrize("line", [b"{}\n{}\n", b"nonsense\n\n", b'["a"]\n{}\n'])
def test_a_damaged_journal_is_reported(tmp_path: Path, line: bytes) -> None:
    (tmp_path / JOURNAL).write_bytes(line)
    with pytest.raises(RunError, match="is damaged"):
        open_journal(tmp_path)
