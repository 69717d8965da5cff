"""The short form of benchmarks/study.py, with one method; `make bench` runs the long one."""

from pathlib import Path

import psutil
import pytest

from tests.support.speed import TEXTS, measure


@pytest.mark.long
def test_a_study_is_measured_up_to_its_comparison(tmp_path: Path) -> None:
    lines, figures = measure("study", tmp_path, "--methods=qlora")
    assert figures["texts"] == TEXTS
    [measured] = figures["rounds"]
    assert {side: list(steps) for side, steps in measured.items()} == {
        "scripts": ["script, qlora"],
        "emocore": ["emocore study", "emocore compare"],
    }
    sums = {side: sum(steps.values()) for side, steps in measured.items()}
    for side, seconds in sums.items():
        assert [f"{side},", "all", f"{seconds:.1f}"] in lines
    assert figures["ratios"] == [pytest.approx(sums["emocore"] / sums["scripts"])]
    folder = figures["configs"]["qlora"]["data"].rpartition("/")[0]
    assert not Path(folder).exists()
    left = [
        process for process in psutil.process_iter(["cmdline"]) if folder in " ".join(process.info["cmdline"] or [])
    ]
    assert left == []
