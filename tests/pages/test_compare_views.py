"""Every view of the Compare page works on finished runs of every kind, and says what it cannot show."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from emocore.export.content import ComparisonContent
from emocore.run.folder import RunFolder
from emocore.run.listing import runs_root
from tests.support.label_counts import LABELS_BY_COUNT
from tests.support.pages import VIEWS, open_compare, words
from tests.support.records import edit
from tests.support.studies import as_team_runs, fail_run, finish_study

HEADLINE = {
    "emotions": "F1 by emotion",
    "verdicts": "Overall macro-F1",
    "thresholds": "Tuned thresholds move macro-F1",
    "calibration": "Reliability",
    "costs": "The best under my budget",
    "texts": "Texts that one gets right and the other wrong",
    "sweeps": "vary neither training rows nor learning rate",
    "datasets": "Launch the same methods on another dataset",
    "audit": "Is this comparison fair?",
    "original_study": "Compared with the original study",
    "export": "Uses booktabs",
}
CHARTS = {"emotions": 4, "verdicts": 3, "thresholds": 2, "calibration": 2, "costs": 2, "texts": 3, "export": 2}
NEEDS_PREDICTIONS = ("emotions", "thresholds", "calibration", "texts")
MARKUP = ("an*g*er", "$joy$", "tr|ust", ":material/home:", "[love](x)", "`fear`", "_sad_")


def assert_stands(page: AppTest) -> None:
    assert not page.exception, [error.message for error in page.exception]
    assert not page.error, words(page)


def switch_view(page: AppTest, view: str) -> None:
    page.segmented_control(key="compare_view").set_value(view).run()
    assert_stands(page)


def finish_groups(root: Path) -> None:
    """Two data sets under the name of one study."""
    finish_study(root)
    finish_study(root, ("lora", "ia3"), data_seed=1)


def finish_sweep(root: Path) -> None:
    for rows in (250, 500, 1000):
        finish_study(root, seeds=(42,), rows=rows)


def finish_with_failures(root: Path) -> None:
    finish_study(root, seeds=(42,))
    fail_run(root, "head", "out of memory: CUDA had 8 GB; lower the batch size", failure="out of memory")
    fail_run(root, "tfidf", "row 3 of *data.csv* is damaged")


def test_a_single_series_is_called_neither_fair_nor_unfair() -> None:
    finish_study(runs_root(), ("lora",))
    page = open_compare(view="audit")
    assert_stands(page)
    assert "One series: nothing to compare." in words(page)
    assert "fair comparison" not in words(page).lower()


def test_series_on_the_same_texts_are_named_without_being_read_as_markdown() -> None:
    finish_groups(runs_root())
    assert "Shown are the runs on the same texts\\: LoRA \\(" in words(open_compare(view="calibration"), raw=True)


WORLDS: dict[str, Callable[[Path], object]] = {
    "one run": lambda root: finish_study(root, ("lora",), (42,)),
    "two groups of texts": finish_groups,
    "2 emotions": lambda root: finish_study(root, ("lora", "ia3"), (42,), labels=LABELS_BY_COUNT[2]),
    "7 emotions": lambda root: finish_study(root, labels=LABELS_BY_COUNT[7]),
    "28 emotions": lambda root: finish_study(root, labels=LABELS_BY_COUNT[28]),
    "100 emotions": lambda root: finish_study(root, ("lora", "ia3"), (42,), labels=LABELS_BY_COUNT[100]),
    "failed and out of memory": finish_with_failures,
    "an emotion without positives": lambda root: finish_study(root, absent="love"),
    "a sweep over rows": finish_sweep,
    "only a validation split": lambda root: finish_study(root, seeds=(42,), has_test=False),
}


def test_every_view_has_an_address() -> None:
    finish_study(runs_root())
    for view in VIEWS:
        page = open_compare(view=view)
        assert_stands(page)
        told = words(page)
        assert "Whether LoRA or QLoRA is better is open" in told and "both beat IA3" in told, view
        assert "Open does not mean equal" in told, "the caveats"
        assert "A fair comparison" in told, "the audit"
        assert HEADLINE[view] in told
        assert len(page.get("plotly_chart")) == CHARTS.get(view, 1), view
        assert page.query_params["view"] in (view, [view])


def test_an_old_link_leads_to_its_view() -> None:
    finish_study(runs_root())
    for former, view in (("fairness", "audit"), ("curves", "sweeps"), ("study", "original_study")):
        page = open_compare(view=former)
        assert HEADLINE[view] in words(page)
        assert page.query_params["view"] in (view, [view])


@pytest.mark.parametrize("world", WORLDS)
def test_views_stand_whatever_was_compared(world: str) -> None:
    WORLDS[world](runs_root())
    page = open_compare(study="s")
    for view in VIEWS:
        switch_view(page, view)
        assert page.get("plotly_chart")


def test_of_many_emotions_those_that_are_mixed_up_most_are_shown_with_the_chosen_one() -> None:
    rarest = LABELS_BY_COUNT[100][-1]
    finish_study(runs_root(), ("lora",), (42,), labels=LABELS_BY_COUNT[100])
    page = open_compare(view="texts", emotion=rarest)
    assert "Shown are 30 of the 100 emotions" in words(page)
    axis = json.loads(page.get("plotly_chart")[-1].proto.spec)["layout"]["xaxis"]
    assert len(axis["ticktext"]) == 30 and rarest in axis["ticktext"]


def test_runs_without_a_result_are_told_with_the_reason() -> None:
    finish_with_failures(runs_root())
    page = open_compare(view="costs")
    failed = page.dataframe[-1].value.set_index("method")
    assert dict(failed["kind"]) == {"head": "out of memory", "tfidf": "failed"}
    assert failed.at["tfidf", "reason"] == "row 3 of *data.csv* is damaged"


def test_times_of_runs_that_shared_their_device_are_marked() -> None:
    for run in finish_study(runs_root(), ("lora", "ia3"), (42,))[1:]:
        edit(run, "result.json", shared_device=True)
    page = open_compare(view="costs")
    assert_stands(page)
    [table] = [item.value for item in page.dataframe if "training" in item.value]
    training = table.set_index("series")["training"]
    assert training.to_dict() == {"LoRA": "1 min 0 s", "IA3": "2 min 0 s*"}
    assert words(page).count("* All runs of IA3 shared their device") == 2, "at the chart of times and at the table"
    page.segmented_control(key="compare_cost").set_value("adapter_bytes").run()
    assert words(page).count("* All runs of IA3 shared their device") == 1


def test_an_emotion_that_no_text_has_gets_no_curve_but_a_word() -> None:
    finish_study(runs_root(), seeds=(42,), absent="love")
    page = open_compare(emotion="love")
    assert_stands(page)
    assert "No text of this split has love." in words(page)
    assert len(page.get("plotly_chart")) == CHARTS["emotions"] - 1


def test_an_export_is_named_like_what_was_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = finish_study(runs_root(), ("lora", "ia3"), (42,))
    kept: list[str] = []

    def write_bundle(path: Path, content: ComparisonContent, for_spreadsheets: bool) -> list[str]:
        path.touch()
        kept.append(content.title)
        return []

    monkeypatch.setattr("pages.compare.export.write_bundle", write_bundle)
    for chosen in ({"study": "s"}, {"runs": [run.id for run in runs]}):
        page = open_compare(view="export", **chosen)
        page.button(key="export_make").click().run()
        assert not page.exception
    assert kept == ["s", "Chosen runs"]


def test_a_table_for_spreadsheets_says_so_in_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,))
    names: list[str] = []
    download = st.download_button
    monkeypatch.setattr(
        st, "download_button", lambda label, *args, **kw: names.append(kw["file_name"]) or download(label, *args, **kw)
    )
    page = open_compare(view="export", study="s")
    page.toggle(key="export_for_spreadsheets").set_value(True).run()
    assert not page.exception
    assert [name for name in names if name.endswith(".csv")] == ["scores.csv", "scores.for-spreadsheets.csv"]


def test_an_emotion_that_only_some_runs_know_is_shown_for_those() -> None:
    known = finish_study(runs_root(), labels=LABELS_BY_COUNT[7], data_seed=1, study="a")
    others = finish_study(runs_root(), ("lora", "ia3"), (42,), data_seed=2, study="b")
    page = open_compare(runs=[run.id for run in (*known, *others)])
    assert "Only runs with the same texts are tested in pairs" in words(page)
    for emotion in ("neutral", "trust"):
        page.selectbox(key="compare_emotion").set_value(emotion)
        for view in ("emotions", "verdicts", "calibration", "texts"):
            switch_view(page, view)
            assert page.selectbox(key="compare_emotion").value == emotion


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[RunFolder]:
    """Three chosen runs of a W&B project, and none of this machine."""
    runs = finish_study(tmp_path / "elsewhere", seeds=(42,))
    monkeypatch.setattr("pages.compare.choose.choose_team_runs", lambda local_ids: as_team_runs(runs))
    return runs


@pytest.mark.usefixtures("elsewhere")
def test_a_comparison_of_only_wandb_runs_shows_scores_and_says_what_needs_predictions() -> None:
    for view in VIEWS:
        page = open_compare(view=view)
        assert_stands(page)
        told = words(page)
        assert "the highest of 3; no two of them could be tested against each other" in told
        assert ("This needs predictions" in told) == (view in NEEDS_PREDICTIONS), view
        untested = "Verdicts need two methods that were scored on the same texts here" in told
        assert untested == (view == "verdicts"), view


@pytest.mark.usefixtures("elsewhere")
def test_a_comparison_of_only_wandb_runs_has_no_tuned_thresholds() -> None:
    page = open_compare(thresholds="tuned")
    assert "none of these runs has predictions for other thresholds than at launch; choose 'fixed'" in words(page)
    page.segmented_control(key="compare_thresholds").set_value("fixed").run()
    assert_stands(page)


CHOICES = ("split", "thresholds", "emotion", "cost", "first", "second", "metric", "of", "kind", "table", "figure")
UNKNOWN = dict.fromkeys(CHOICES, "no such <thing>") | {
    "minutes": "soon", "peak_memory_gigabytes": "-3", "adapter_megabytes": "nan", "latency_milliseconds": "inf",
}  # fmt: skip


def test_unknown_choices_in_the_address_are_the_usual_ones() -> None:
    finish_study(runs_root(), seeds=(42,))
    for view in (*VIEWS, "no such view"):
        page = open_compare(view=view, **UNKNOWN)
        assert_stands(page)
        usual = open_compare(view=view)
        assert values(page) == values(usual), view
        repaired = {name: page.query_params.get(name) for name in usual.query_params}
        assert repaired == dict(usual.query_params), view


def values(page: AppTest) -> dict[str | None, Any]:
    kinds: list[Any] = [page.selectbox, page.segmented_control, page.number_input]
    return {widget.key: widget.value for kind in kinds for widget in kind}


def test_a_link_to_what_is_not_here_says_so() -> None:
    [run] = finish_study(runs_root(), ("lora",), (42,))
    page = open_compare(study="her *own* study")
    assert_stands(page)
    assert "No finished study here: her *own* study." in words(page)
    assert "No finished study" not in words(page.run()), "it is said once"
    page = open_compare(runs=[run.id, "deleted-run"])
    assert_stands(page)
    assert "No finished run here: deleted-run." in words(page)
    assert page.multiselect(key="compare_runs").value == [run.id]


def test_names_with_markup_are_shown_as_they_are() -> None:
    study = "_s_ (1) - x"
    finish_study(runs_root(), ("lora", "ia3"), (42,), labels=MARKUP, study=study, absent="$joy$")
    for view in VIEWS:
        for emotion in ("$joy$", ":material/home:"):
            page = open_compare(view=view, study=study, emotion=emotion)
            assert_stands(page)
            assert page.selectbox(key="compare_study").value == study
            raw = words(page, raw=True)
            assert not [name for name in MARKUP if name in raw], f"{view}: escaped, or not said in Markdown"


def test_every_view_shows_what_methods_score_together() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,))
    for view in VIEWS:
        page = open_compare(view=view, together=["LoRA", "IA3"])
        assert_stands(page)
        assert "LoRA + IA3 together" in words(page), view
