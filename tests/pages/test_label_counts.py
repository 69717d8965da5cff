"""Any number of labels, from the file through real runs to the comparison, its exports and the pages of its runs.

TF-IDF learns all sizes, LoRA the smallest and the largest. Charts of each size are tested with the charts, and the
views of the Compare page in test_compare_views.py.
"""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from emocore.charts.probabilities import MOST_BARS
from emocore.cli.main import main
from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.headline import describe
from emocore.evaluation.results import load_result
from emocore.export.gather import gather
from emocore.export.latex import latex_emotion_table
from emocore.export.report import html_report
from emocore.inference.classify import ClassifierPool, classify
from emocore.run.folder import RunFolder
from tests.support.label_counts import LABELS_BY_COUNT, write_labelled
from tests.support.live_runs import carry_out, queue_run
from tests.support.pages import open_page, words

COUNTS = list(LABELS_BY_COUNT)
LONGEST_SENTENCE = 400  # characters: a few names, but never 100

Runs = dict[int, dict[str, RunFolder]]


@pytest.fixture(scope="module")
def runs_by_count(tmp_path_factory: pytest.TempPathFactory, tiny_bert: Path) -> Runs:
    """TF-IDF for each number of labels, and LoRA for the smallest and the largest."""
    root, data = tmp_path_factory.mktemp("runs"), tmp_path_factory.mktemp("data")
    made: Runs = {}
    for count in COUNTS:
        file, shared = write_labelled(data / f"{count}.csv", count), {"study": f"labels {count}", "test_share": 0.3}
        made[count] = {"tfidf": queue_run(root, file, method="tfidf", **shared)}
        if count in (COUNTS[0], COUNTS[-1]):
            made[count]["lora"] = queue_run(root, file, method="lora", base=str(tiny_bert), **shared)
    assert carry_out(*(run for own in made.values() for run in own.values()), log=data / "log") == 0, (
        data / "log"
    ).read_text(encoding="utf-8")
    return made


@pytest.fixture
def there(runs_by_count: Runs, monkeypatch: pytest.MonkeyPatch) -> Runs:
    """The same, in the runs folder that the pages show."""
    monkeypatch.setenv("EMOCORE_RUNS", str(runs_by_count[COUNTS[0]]["tfidf"].path.parent))
    return runs_by_count


def compare_runs(runs: dict[str, RunFolder]) -> Comparison:
    return compare([load_result(run) for run in runs.values()], "test")


@pytest.mark.parametrize("count", COUNTS)
def test_runs_learn_the_labels_of_the_file_and_are_compared_in_words_tables_and_figures(
    count: int, runs_by_count: Runs
) -> None:
    labels = LABELS_BY_COUNT[count]
    comparison = compare_runs(runs_by_count[count])
    assert {tuple(result.labels) for result in comparison.local} == {labels}
    assert set(comparison.emotions["emotion"]) == set(labels)
    assert len(comparison.verdicts.by_emotion) == (count if "lora" in runs_by_count[count] else 0)
    best = comparison.ranking().iloc[0]
    assert best["value"] > 0.02 and best["low"] <= best["value"] <= best["high"]

    told = describe(comparison)
    for sentence in (told.sentence, *told.numbers, *told.caveats):
        assert len(sentence) < LONGEST_SENTENCE
        assert sum(label in sentence for label in labels) <= 6

    content = gather(comparison, audit(comparison.results, "test", {}), "labels", lambda policy: comparison)
    assert list(content.tables["Thresholds tuned by emotion"].index) == list(labels)
    report = html_report(content)
    assert all(f"<th>{label}</th>" in report for label in labels)
    latex = latex_emotion_table(comparison)
    assert all(f"  {label} & " in latex for label in labels)


@pytest.mark.parametrize("count", COUNTS)
def test_a_text_is_classified_with_a_probability_of_each_label(count: int, runs_by_count: Runs) -> None:
    runs = list(runs_by_count[count].values())
    answers = classify(ClassifierPool(), runs, ["today feel0", "today feel1"])
    for run in runs:
        own = answers[(answers["run"] == run.id) & (answers["text_index"] == 0)]
        assert tuple(own["emotion"]) == LABELS_BY_COUNT[count]
        assert own["probability"].between(0, 1).all()


@pytest.mark.parametrize("count", COUNTS)
def test_the_terminal_names_some_emotions_and_lists_all(
    count: int, there: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    run = there[count]["tfidf"]
    assert main(["classify", run.id, "--text", " ".join(f"feel{number}" for number in range(count))]) == 0
    first, *rows = capsys.readouterr().out.splitlines()
    assert len(first) < LONGEST_SENTENCE
    assert {row.split("  ")[0] for row in rows} >= set(LABELS_BY_COUNT[count])
    assert main(["show", run.id]) == 0
    shown = [row.split("  ")[0] for row in capsys.readouterr().out.splitlines()]
    assert [row for row in shown if row in LABELS_BY_COUNT[count]] == 2 * list(LABELS_BY_COUNT[count])


def labels_of(page: AppTest) -> list[list[str]]:
    """Of each chart of the Playground, the labels that its bars tell."""
    bars = [json.loads(chart.proto.spec)["data"][0] for chart in page.get("plotly_chart")]
    return [[hover.removeprefix("<b>").split("</b>")[0] for hover in own["hovertext"]] for own in bars]


@pytest.mark.parametrize("count", COUNTS)
def test_the_playground_shows_every_label_or_the_most_probable_ones(count: int, there: Runs) -> None:
    labels = LABELS_BY_COUNT[count]
    page = open_page("playground", runs=[there[count]["tfidf"].id])
    (shown,) = labels_of(page)
    assert len(shown) == min(count, MOST_BARS) and set(shown) <= set(labels)
    assert [toggle.label for toggle in page.toggle] == ([f"All {count} emotions"] if count > MOST_BARS else [])
    for toggle in page.toggle:
        toggle.set_value(True).run()
        assert not page.exception
        assert labels_of(page) == [list(labels)]
    assert len(words(page)) < 2000, "not every emotion is named"


@pytest.mark.parametrize("count", [COUNTS[0], COUNTS[-1]])
def test_adapters_of_a_neural_method_answer_in_the_playground_too(count: int, there: Runs) -> None:
    runs = there[count]
    page = open_page("playground", runs=[runs["lora"].id, runs["tfidf"].id])
    first, second = labels_of(page)
    assert first == second, "side by side"
    assert len(first) == min(count, MOST_BARS)


@pytest.mark.parametrize("count", COUNTS)
def test_the_page_of_a_run_lists_all_labels_the_commonest_first(count: int, there: Runs) -> None:
    page = open_page("run", run=there[count]["tfidf"].id)
    for table in page.dataframe[:2]:
        assert set(table.value.index) == set(LABELS_BY_COUNT[count])
        assert table.value["support"].is_monotonic_decreasing
