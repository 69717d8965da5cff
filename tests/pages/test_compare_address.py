"""A comparison has an address with every choice, which shows the same to everyone. Opening it again is quick."""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.runtime.state.query_params import QueryParams
from streamlit.testing.v1 import AppTest

from emocore.charts.emotions import emotion_bars
from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import compare
from emocore.evaluation.results import load_result
from emocore.run.config import RunConfig
from emocore.run.listing import runs_root
from tests.support.pages import open_compare, words
from tests.support.records import edit
from tests.support.studies import finish_study
from tests.support.tables import finish_run

ALL_EMOTIONS, SEVERAL, HAND_PICKED = "<all>", "~~", "~"
TRUTH = np.tile([[1, 0], [1, 1], [0, 1], [1, 0]], (5, 1))


def segment(key: str, value: str) -> Callable[[AppTest], Any]:
    return lambda page: page.segmented_control(key=key).set_value(value)


def box(key: str, value: str) -> Callable[[AppTest], Any]:
    return lambda page: page.selectbox(key=key).set_value(value)


def number(key: str, value: float) -> Callable[[AppTest], Any]:
    return lambda page: page.number_input(key=key).set_value(value)


# View -> what is chosen in it, and what the address then says.
CHOICES: dict[str, list[tuple[Callable[[AppTest], Any], str, str]]] = {
    "emotions": [
        (box("compare_study", "older"), "study", "older"),
        (segment("compare_split", "validation"), "split", "validation"),
        (segment("compare_thresholds", "tuned"), "thresholds", "tuned"),
        (box("compare_emotion", "joy"), "emotion", "joy"),
    ],
    "verdicts": [(box("compare_pairs_first", "TF-IDF"), "first", "TF-IDF")],
    "thresholds": [(segment("compare_metric", "jaccard"), "metric", "jaccard")],
    "costs": [
        (segment("compare_cost", "adapter_bytes"), "cost", "adapter_bytes"),
        (number("compare_budget_minutes", 2.5), "minutes", "2.5"),
        (number("compare_budget_peak_memory_gigabytes", 4.0), "peak_memory_gigabytes", "4"),
        (number("compare_budget_adapter_megabytes", 0.0123456789), "adapter_megabytes", "0.0123456789"),
        (number("compare_budget_latency_milliseconds", 12345678.0), "latency_milliseconds", "12345678"),
    ],
    "texts": [
        (box("compare_first", "Head"), "first", "Head"),
        (box("compare_second", "QLoRA"), "second", "QLoRA"),
        (box("compare_mixed", "QLoRA"), "of", "QLoRA"),
        (segment("compare_kind", "with"), "kind", "with"),
    ],
    "export": [
        (box("export_table", "Verdicts"), "table", "Verdicts"),
        (box("export_figure", "F1 by emotion"), "figure", "F1 by emotion"),
        (segment("export_format", "png"), "format", "png"),
    ],
}  # fmt: skip


def test_a_choice_stands_in_the_address_and_comes_back_from_it() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), study="older")
    finish_study(runs_root(), ("lora", "qlora", "ia3", "head", "tfidf"), (42,))
    finish_study(runs_root(), ("lora", "ia3"), (42,), rows=500)
    for view, choices in CHOICES.items():
        page = open_compare(view=view)
        for choose, name, expected in choices:
            choose(page).run()
            assert not page.exception, (view, name)
            assert address(page)[name] == [expected], view
        again = open_compare(**address(page))
        assert address(again) == address(page), view
        assert shown(again) == shown(page), view
        assert shown(again) != shown(open_compare(view=view)), view


def test_only_what_is_new_is_written_into_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every time that it is written is a step of the browser's history, for Back to undo."""
    steps: list[str] = []
    write = QueryParams._send_query_param_msg
    monkeypatch.setattr(QueryParams, "_send_query_param_msg", lambda params: steps.append("step") or write(params))
    finish_study(runs_root(), ("lora", "ia3"), (42,))
    page = open_compare()
    assert address(page) == {"study": ["s"]} and len(steps) == 1
    segment("compare_view", "costs")(page).run()
    number("compare_budget_minutes", 2.5)(page).run()
    assert len(steps) == 3
    for _ in range(2):
        page.run()
    assert len(steps) == 3
    open_compare(**address(page), split="test", thresholds="fixed")
    assert len(steps) == 3


def test_runs_picked_by_hand_are_in_the_address() -> None:
    runs = finish_study(runs_root(), ("lora", "ia3", "qlora"), (42,))
    page = open_compare(study=HAND_PICKED)
    assert "Choose at least one run" in words(page)
    for run in runs[:2]:
        page.multiselect(key="compare_runs").select(run.id).run()
    assert address(page)["runs"] == [run.id for run in runs[:2]]
    again = open_compare(**{name: values for name, values in address(page).items() if name != "study"})
    assert shown(again) == shown(page)
    assert "LoRA beats IA3" in words(again)


def test_several_studies_are_chosen_and_in_the_address() -> None:
    for number, study in enumerate(("older", "s")):
        finish_study(runs_root(), ("lora", "ia3"), (42,), study=study, data_seed=number)
    page = open_compare(study=SEVERAL)
    assert "Choose at least one run or study." in words(page)
    for study in ("s", "older"):
        page.multiselect(key="compare_studies").select(study).run()
    assert address(page)["studies"] == ["s", "older"]
    assert "On other texts, LoRA" in words(page)
    again = open_compare(**address(page))
    assert shown(again) == shown(page)
    page = open_compare(study=SEVERAL, studies=["s", "gone"])
    assert "No finished study here: gone." in words(page)
    assert page.multiselect(key="compare_studies").value == ["s"]


def test_what_methods_score_together_is_in_the_address() -> None:
    finish_study(runs_root(), ("lora", "ia3", "qlora"), (42,))
    page = open_compare(view="costs")
    page.multiselect(key="compare_together").select("QLoRA").run()
    assert "Choose a second series for Together." in words(page)
    page.multiselect(key="compare_together").select("LoRA").run()
    assert not page.exception
    assert address(page)["together"] == ["QLoRA", "LoRA"]
    assert "LoRA + QLoRA together" in set(page.dataframe[0].value["series"])
    assert "Costs of series together are sums" in words(page)
    again = open_compare(**address(page))
    assert shown(again) == shown(page)
    page.multiselect(key="compare_together").set_value([]).run()
    assert "together" not in address(page) and shown(page) == shown(open_compare(view="costs"))


def test_a_study_called_like_the_choice_by_hand_is_a_study() -> None:
    finish_study(runs_root(), ("lora", "ia3"), (42,), study="chosen runs")
    page = open_compare(study="chosen runs")
    assert "LoRA beats IA3" in words(page)
    chooser = page.selectbox(key="compare_study")
    assert chooser.options == ["chosen runs", "chosen runs, by hand"]
    chooser.set_value(HAND_PICKED).run()
    assert "Choose at least one run" in words(page)


def test_an_emotion_called_all_is_an_emotion() -> None:
    logits = np.where(TRUTH == 1, 2.0, -2.0)
    for method in ("lora", "ia3"):
        finish_run(runs_root(), RunConfig(method=method, study="s"), TRUTH, logits, ("all", "joy"))
    page = open_compare(emotion="all")
    assert "Precision and recall: all" in words(page) and "This is the commonest emotion" not in words(page)
    box("compare_emotion", ALL_EMOTIONS)(page).run()
    assert "This is the commonest emotion" in words(page)
    assert page.selectbox(key="compare_emotion").options == [ALL_EMOTIONS, "all", "joy"]


def test_the_choices_of_a_view_are_kept_while_another_one_is_looked_at() -> None:
    finish_study(runs_root(), ("lora", "ia3", "qlora"), (42,))
    page = open_compare(view="texts", second="QLoRA", first="IA3")
    before = shown(page)
    for view in ("costs", "texts"):
        segment("compare_view", view)(page).run()
    assert shown(page) == before


def test_a_second_look_computes_nothing_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound is generous: it takes 0.05 s on an idle machine."""
    computed: list[str] = []

    def count(name: str, compute: Callable[..., Any]) -> None:
        monkeypatch.setattr(f"pages.{name}", lambda *args: computed.append(name) or compute(*args))

    count("compare.load.compare", compare)
    count("compare.load.audit", audit)
    count("shared.results.load_result", load_result)
    count("compare.emotions.emotion_bars", emotion_bars)
    runs = finish_study(runs_root(), ("lora", "ia3", "qlora", "head", "tfidf"), (1, 2, 3), texts=500)
    page = open_compare()
    seconds = []
    for emotion in ("joy", ALL_EMOTIONS, "joy"):
        began = time.monotonic()
        box("compare_emotion", emotion)(page).run()
        seconds.append(time.monotonic() - began)
        assert not page.exception
    assert min(seconds) < 1.5
    expected = {
        "compare.load.compare": 1, "compare.load.audit": 1, "compare.emotions.emotion_bars": 1,
        "shared.results.load_result": len(runs),
    }  # fmt: skip
    assert Counter(computed) == expected
    edit(runs[0], "result.json")
    page.run()
    assert Counter(computed)["compare.load.compare"] == 2, "a file has changed"


def address(page: AppTest) -> dict[str, list[str]]:
    values = {name: page.query_params[name] for name in page.query_params}
    return {name: [value] if isinstance(value, str) else list(value) for name, value in values.items()}


def shown(page: AppTest) -> list[Any]:
    """Every choice, word, table and figure."""
    widgets: list[Any] = [page.selectbox, page.segmented_control, page.number_input, page.multiselect]
    return [
        {widget.key: widget.value for kind in widgets for widget in kind},
        words(page),
        [table.value.to_csv() for table in page.dataframe],
        [chart.proto.spec for chart in page.get("plotly_chart")],
    ]
