"""The command `show`: what it says of a run whose epoch was chosen."""

import json

import numpy as np
import pytest

from emocore.cli.main import main
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.listing import runs_root
from tests.support.records import edit
from tests.support.tables import KEPT, LABELS, finish_run


def test_a_run_that_chose_its_epoch_says_which_and_marks_the_scores_of_those_texts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    truth = np.eye(len(LABELS), dtype=int)
    config, _ = resolve(RunConfig(keep="best", threshold=0.5))
    run = finish_run(runs_root(), config, truth, truth * 2.0 - 1, LABELS, test=(truth, truth * 2.0 - 1))

    def show(*options: str) -> str:
        assert main(["show", run.id, *options]) == 0
        return capsys.readouterr().out

    assert "chosen on these texts" not in show()
    assert "kept" not in json.loads(show("--json"))["result"]
    edit(run, "result.json", kept=KEPT)
    told = show()
    assert "Epoch 2 of 6 was kept, which is the best by validation macro-F1: 0.750. Patience ended" in told
    assert "validation: the epoch was chosen on these texts, so the scores are optimistic\n" in told
    assert "\ntest:\n" in told
    assert json.loads(show("--json"))["result"]["kept"] == KEPT
