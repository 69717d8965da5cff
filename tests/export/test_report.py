"""The report holds what a reader needs, and whatever users' files say stays text."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from emocore.evaluation.comparison import Comparison, compare
from emocore.evaluation.results import TeamResult, load_result
from emocore.evaluation.verdicts import UNDECIDED
from emocore.export.content import ComparisonContent
from emocore.export.report import MOST_ROWS, html_report
from tests.support.studies import finish_study


class Reader(HTMLParser):
    """The text of each heading's section, the elements, and the addresses that a page could load from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sections: dict[str, str] = {}
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self._heading, self._is_heading, self._is_script = "", False, False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")]
        self._is_script = tag in ("script", "style")
        if tag in ("h1", "h2", "h3"):
            self._heading, self._is_heading = "", True

    def handle_endtag(self, tag: str) -> None:
        self._is_script = False
        if tag in ("h1", "h2", "h3"):
            self._is_heading = False
            self.sections[self._heading] = ""

    def handle_data(self, data: str) -> None:
        if self._is_heading:
            self._heading += data
        elif not self._is_script and self._heading:
            self.sections[self._heading] += f" {' '.join(data.split())}"


@pytest.fixture(scope="module")
def page(content: ComparisonContent) -> str:
    return html_report(content)


@pytest.fixture(scope="module")
def reader(page: str) -> Reader:
    return Reader(page)


def test_nothing_that_users_wrote_is_an_element_or_loads_anything(page: str, reader: Reader) -> None:
    assert reader.addresses == []
    assert reader.tags.count("script") == 4  # plotly.js, the paper's width, and two figures
    assert "b" not in reader.tags
    assert "<script>window.hacked" not in page
    assert page.count("&lt;script&gt;window.hacked = 1&lt;/script&gt;") >= 7


def test_the_report_tells_all_that_the_comparison_knows(content: ComparisonContent, reader: Reader) -> None:
    sections = reader.sections
    assert list(sections) == [
        content.title, "Scores", "Figures", "F1 by emotion", "Verdicts", "Macro-F1", "By emotion", "Costs", "Texts",
        "How this was computed", "Is the comparison fair?", "The study behind this tool", "Repeat it", "Runs",
        "Settings", "Environment",
    ]  # fmt: skip
    verdict = sections[content.title]
    assert all(sentence.strip() in verdict for sentence in (content.sentence, *content.numbers, *content.remarks))
    assert "Validation split (150 texts), thresholds fixed, 2 seeds each." in verdict
    assert "no skill: always-on" in sections["Scores"]
    assert "§ Open: neither shown to be worse" in sections["Scores"]
    assert "so sad <script>window.hacked = 1</script>" in sections["Texts"]
    assert "3 min 12 s" in sections["Costs"]
    assert "10,000 resamples" in sections["How this was computed"]
    assert "confounds" in sections["Is the comparison fair?"]
    assert "multi-label F1" in sections["The study behind this tool"]
    assert "--methods lora,qlora,ia3 --seeds 1,2 --base minilm-l6 --data train.csv" in sections["Repeat it"]
    assert all(result.id in sections["Runs"] for result in content.comparison.results)
    assert "LoRA, QLoRA" in sections["Settings"]
    assert "torch 2.13.0 all" in sections["Environment"]


def test_scores_stand_with_their_intervals(comparison: Comparison, reader: Reader) -> None:
    for row in comparison.ranking().itertuples():
        assert f"{row.value:.3f}" in reader.sections["Scores"]
        assert f"{row.low:.3f}–{row.high:.3f}" in reader.sections["Scores"]


def test_only_clear_differences_by_emotion_are_listed_and_the_others_counted(
    comparison: Comparison, reader: Reader
) -> None:
    by_emotion = comparison.verdicts.by_emotion
    undecided = int(by_emotion["verdict"].isin(UNDECIDED).sum())
    section = reader.sections["By emotion"]
    assert 0 < undecided < len(by_emotion)
    assert f"{undecided} other pairs of series and emotions lean or are open." in section
    assert len(re.findall(r"\b(better|worse|equal)\b", section)) == len(by_emotion) - undecided


def test_no_folder_of_this_machine_is_told(content: ComparisonContent, page: str) -> None:
    path = Path(content.comparison.results[0].config.data)
    assert "One seed of train.csv" in page
    assert str(path.parent) not in page
    assert "home-of-ada" not in page


def test_a_comparison_without_figures_needs_no_plotly(content: ComparisonContent) -> None:
    page = html_report(replace(content, figures={}))
    assert "<script" not in page
    assert len(page) < 100_000


def test_a_long_table_is_cut_and_the_page_says_by_how_much(content: ComparisonContent) -> None:
    table = pd.DataFrame({"recall": range(MOST_ROWS + 1234)})
    page = html_report(replace(content, figures={}, tables={"Curve": table, "Nothing": table[:0]}))
    sections = Reader(page).sections
    assert "1,234 more rows; the bundle has the whole table." in sections["Curve"]
    assert "Nothing to list." in sections["Nothing"]


def test_one_run_and_runs_of_w_and_b_are_reported_without_what_they_do_not_have(
    content: ComparisonContent, tmp_path: Path
) -> None:
    alone, other = map(load_result, finish_study(tmp_path, ("lora", "ia3"), (1,), has_test=False))
    team = TeamResult("1", other.config, other.scores, other.provenance, "https://wandb.example/1")
    for results, words in (([alone], ""), ([team], "were trained elsewhere"), ([alone, team], "‡ Not tested")):
        page = html_report(replace(content, comparison=compare(results, "validation"), figures={}, tables={}))
        assert page.startswith("<!doctype html>")
        sections = Reader(page).sections
        assert "Verdicts" not in sections
        assert words in page
        assert "Validation split (120 texts)" in page
        assert "0." in sections["Scores"]
