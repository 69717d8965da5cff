"""Comparisons to take away: one of finished runs with nasty names, and one written by hand."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from emocore.charts.style import finish, method_color
from emocore.evaluation.comparison import METRICS, Comparison, compare
from emocore.evaluation.results import RunResult
from emocore.evaluation.verdicts import COLUMNS
from emocore.export.content import ComparisonContent
from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.provenance import Code, Provenance
from tests.support.records import read_raw
from tests.support.tables import finish_run

SCRIPT = "<script>window.hacked = 1</script>"
LABELS = ("joy", f"anger {SCRIPT}", "fear & 100% <b>dread</b>", "trust")
LONG_NAME = "QLoRA · gte-Qwen1.5-7B-instruct (rows 250, learning rate 0.0005)"
PROVENANCE = {
    "emocore": "0.1.0",
    "python": "3.11.7",
    "platform": "Linux-6.1-x86_64",
    "packages": {"torch": "2.13.0", "peft": "0.21.2"},
    "code": {"revision": "0123abc", "dirty": False},
    "data_sha256": {"data": "d" * 64},
    "rows": {"train": 500, "validation": 150},
    "base_revision": None,
}


@pytest.fixture(scope="session")
def finish_study() -> Callable[..., list[RunResult]]:
    """Finished runs of methods x seeds below a folder, with any settings; LoRA is the best and IA3 worse."""

    def finish_all(
        root: Path,
        methods: tuple[str, ...] = ("lora", "qlora", "ia3"),
        seeds: tuple[int, ...] = (1, 2),
        **settings: Any,
    ) -> list[RunResult]:
        root.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(0)
        truth = (random.random((150, len(LABELS))) < (0.5, 0.4, 0.3, 0.03)).astype(np.int8)
        hard = random.normal(0, 1, truth.shape)
        gains = {"lora": 1.5, "qlora": 1.5, "ia3": 0.6}
        results = []
        for method in methods:
            for seed in seeds:
                own = random.normal(0, 0.3, truth.shape)
                logits = gains.get(method, 0.3) * (2 * truth - 1) + hard + own
                config, _ = resolve(RunConfig(**{"study": "PEFT 1"} | settings | {"method": method, "seed": seed}))
                results.append(_trust(finish_run(root, config, truth, logits, LABELS, provenance=PROVENANCE)))
        return results

    return finish_all


def _trust(run: RunFolder) -> RunResult:
    """As `load_result`, which lets no label with markup in: what is written must be safe all the same."""
    origin = read_raw(run, "provenance.json")
    provenance = Provenance.model_construct(**origin | {"code": Code(**origin["code"])})
    return RunResult(run.id, run.config, run.scores, provenance, run)


@pytest.fixture(scope="session")
def study(finish_study: Callable[..., list[RunResult]], tmp_path_factory: pytest.TempPathFactory) -> list[RunResult]:
    """Its data file lies in a folder that nobody else shall read of."""
    data = tmp_path_factory.mktemp("home-of-ada") / "train.csv"
    return finish_study(tmp_path_factory.mktemp("runs"), data=str(data))


@pytest.fixture(scope="session")
def comparison(study: list[RunResult]) -> Comparison:
    return compare(study, "validation")


@pytest.fixture(scope="session")
def content(comparison: Comparison, study: list[RunResult]) -> ComparisonContent:
    path = study[0].config.data
    return ComparisonContent(
        comparison,
        title=f"PEFT 1 {SCRIPT}",
        headline=[f"LoRA beats IA3 {SCRIPT}.", "Thresholds matter."],
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
    """As the app draws them: see-through, with a legend above and a long name beside the axis."""
    made = go.Figure()
    for method, name in (("lora", "LoRA"), ("qlora", LONG_NAME)):
        color = method_color(method)
        made.add_bar(name=name, y=["joy", LONG_NAME], x=[0.5, 0.6], orientation="h", marker={"color": color})
    return finish(made, height=300, x_title="F1")


@pytest.fixture(scope="session")
def by_hand() -> Callable[..., Comparison]:
    """A comparison without runs: scores and F1 of one emotion by series, and verdicts of pairs."""

    def make(
        scores: dict[str, float],
        emotions: dict[str, dict[str, float]],
        verdicts: Sequence[tuple[str, str, str, str]] = (),
    ) -> Comparison:
        rows = [
            {"series": name, "metric": metric, "value": value, "low": value - 0.1, "high": value + 0.1, "seeds": 2}
            for name, value in scores.items()
            for metric in METRICS
        ]
        by_emotion = [
            {"series": name, "emotion": emotion, "f1": f1, "low": f1 - 0.1, "high": f1 + 0.1, "support": 1234,
             "no_skill_f1": 0.25}
            for emotion, values in emotions.items()
            for name, f1 in values.items()
        ]  # fmt: skip
        pairs = [
            dict.fromkeys(COLUMNS) | {"first": a, "second": b, "emotion": emotion, "difference": 0.1, "low": 0.0,
                                      "high": 0.2, "verdict": verdict}
            for a, b, emotion, verdict in verdicts
        ]  # fmt: skip
        return Comparison(
            results=[],
            split="test",
            policy="common",
            series={},
            groups=[],
            scores=pd.DataFrame(rows),
            emotions=pd.DataFrame(by_emotion),
            verdicts=pd.DataFrame(pairs, columns=COLUMNS),
            no_skill=pd.DataFrame([{"series": "always-on", **dict.fromkeys(METRICS, 0.3)}]),
            notes=[],
        )

    return make
