"""Fixtures: a comparison to export, of finished runs with difficult names."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from emocore.charts.style import finish, method_color
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.results import RunResult
from emocore.export.content import ComparisonContent
from emocore.run.folder import RunFolder
from emocore.run.provenance import Code, Provenance
from tests.support.audited_runs import ORIGIN
from tests.support.records import read_raw
from tests.support.studies import finish_study

SCRIPT = "<script>window.hacked = 1</script>"
LABELS = ("joy", f"anger {SCRIPT}", "fear & 100% <b>dread</b>", "trust")
LONG_NAME = "QLoRA · gte-Qwen1.5-7B-instruct (rows 250, learning rate 0.0005)"
PROVENANCE = ORIGIN | {
    "packages": {"torch": "2.13.0", "peft": "0.21.2"},
    "rows": {"train": 500, "validation": 150},
    "split_sha256": "a" * 64,
}


def _trust(run: RunFolder) -> RunResult:
    """As `load_result`, which lets no label with markup in: what is written must be safe all the same."""
    origin = read_raw(run, "provenance.json")
    provenance = Provenance.model_construct(**origin | {"code": Code(**origin["code"])})
    return RunResult(run.id, run.config, run.scores, provenance, run)


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> list[RunResult]:
    """LoRA and QLoRA are the best and IA3 is worse. The data file is in a folder whose name is private."""
    data = tmp_path_factory.mktemp("home-of-ada") / "train.csv"
    runs = finish_study(
        tmp_path_factory.mktemp("runs"), ("lora", "qlora", "ia3"), (1, 2), 150, LABELS, "PEFT 1", has_test=False,
        provenance=PROVENANCE, data=str(data),
    )  # fmt: skip
    return [_trust(run) for run in runs]


@pytest.fixture(scope="session")
def comparison(study: list[RunResult]) -> Comparison:
    return compare(study, "validation")


@pytest.fixture(scope="session")
def content(comparison: Comparison, study: list[RunResult]) -> ComparisonContent:
    path = study[0].config.data
    return ComparisonContent(
        comparison,
        title=f"PEFT 1 {SCRIPT}",
        sentence=f"LoRA beats IA3 {SCRIPT}.",
        numbers=["IA3: 3.0 points below LoRA"],
        remarks=["Thresholds matter."],
        caveats=[f"One seed of {path} {SCRIPT}."],
        audit=pd.DataFrame(
            {"what": ["data"], "values": [f"{path} (LoRA)"], "severity": ["confounds"], "effect": [SCRIPT]}
        ),
        tables={
            "Costs": pd.DataFrame({"series": ["LoRA", "IA3"], "train_seconds": [192.0, np.nan]}),
            "Texts": pd.DataFrame({"text": [f"so sad {SCRIPT}"], "emotion": [LABELS[1]]}),
        },
        figures={"F1 by emotion": draw_bars(comparison), "f1 by emotion!": draw_bars(comparison)},
    )


def draw_bars(comparison: Comparison) -> go.Figure:
    figure = go.Figure()
    for series, rows in comparison.emotions.groupby("series", sort=False):
        color = method_color(rows["method"].iloc[0])
        figure.add_bar(name=str(series), x=rows["emotion"], y=rows["f1"], marker={"color": color})
    return finish(figure, height=300, y_title="F1")


@pytest.fixture
def figure() -> go.Figure:
    """A figure as the app draws it: transparent, with a legend above and a long name next to the axis."""
    made = go.Figure()
    for method, name in (("lora", "LoRA"), ("qlora", LONG_NAME)):
        color = method_color(method)
        made.add_bar(name=name, y=["joy", LONG_NAME], x=[0.5, 0.6], orientation="h", marker={"color": color})
    return finish(made, height=300, x_title="F1")
