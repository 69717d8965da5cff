"""What finished runs measured is read again only when their files change."""

from pathlib import Path

import numpy as np
import pytest

from emocore.jobs.measured import read_measured
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from tests.support.records import edit
from tests.support.tables import finish_run

TRUTH = np.array([[1, 0], [0, 1], [1, 1], [0, 0]])


def test_a_changed_file_is_read_and_a_damaged_one_leaves_the_run_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (
        finish_run(tmp_path, resolve(RunConfig(seed=seed))[0], TRUTH, TRUTH * 2.0 - 1, ("anger", "joy"))
        for seed in (1, 2)
    )
    before = read_measured([first, second])
    assert [measured.config for measured in before] == [first.config, second.config]
    assert not any(measured.shared_device for measured in before)
    with monkeypatch.context() as patch:
        patch.setattr("emocore.run.folder.read_record", None)
        assert read_measured([first, second]) == before
    edit(second, "result.json", shared_device=True)
    assert [measured.shared_device for measured in read_measured([first, second])] == [False, True]
    edit(first, "result.json", cost={"samples_per_second": "many"})
    assert [measured.config.seed for measured in read_measured([first, second])] == [2]
