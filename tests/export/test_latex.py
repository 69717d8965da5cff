"""LaTeX that compiles whatever the names are: read back by a small reader of what LaTeX would print."""

import random
import re

import pytest

from emocore.evaluation.comparison import Comparison
from emocore.export.latex import escape, latex_emotion_table, latex_table
from tests.support.comparisons import build
from tests.support.label_counts import LABELS_BY_COUNT

NASTY = r"\input{/etc/passwd} 100% of $x_1^2$ & #1 ~{a}~ <b>[c]* `d' -- e---f | g" + '"'
NAMES = ["backslash", "asciitilde", "asciicircum", "less", "greater", "bar", "quotedbl", "asciigrave", "periodcentered"]
COMMANDS = dict(zip([*(f"text{name}" for name in NAMES), "dagger", "ddagger", "S"], '\\~^<>|"`·†‡§', strict=True))


def printed(latex: str) -> str:
    """What LaTeX prints for escaped text. Fails on anything that has a meaning of its own."""
    text, place = [], 0
    while place < len(latex):
        rest = latex[place:]
        if found := re.match(r"\\([a-zA-Z]+)(\{\})?", rest):
            text.append(COMMANDS[found[1]])
        elif found := re.match(r"\\(?=[&%$#_{}])(.)|\{([\[\]*]?)\}", rest):
            text.append(found[1] or found[2])
        elif found := re.match(r"\$(\\d?dagger|-)\$", rest):
            text.append("−" if found[1] == "-" else COMMANDS[found[1][1:]])
        else:
            found = re.match(r"[^\\&%$#_{}~^\[\]*<>|`\"]", rest)
            assert found, f"not escaped: {rest[:20]}"
            text.append(found[0])
        place += found.end()
    return "".join(text)


def test_any_name_is_printed_as_it_is() -> None:
    assert printed(escape(NASTY)) == NASTY
    random.seed(0)
    letters = "ab \\{}&%$#_~^<>|\"`'[]*-·−†‡éß"
    for _ in range(500):
        name = "".join(random.choices(letters, k=12))
        assert printed(escape(name)) == " ".join(name.split())


def test_two_hyphens_stay_two_and_several_lines_become_one() -> None:
    assert escape("a--b---c") == "a-{}-b-{}-{}-c"
    assert escape("macro-F1") == "macro-F1"
    assert escape(" a\n\n\tb\x00c\r\n") == "a b c"


def rows_of(table: str) -> list[list[str]]:
    """Cells of all rows of all tabulars."""
    rows = [line.strip() for line in table.splitlines() if line.endswith(r"\\")]
    return [re.split(r"(?<!\\)&", row.removesuffix(r"\\")) for row in rows]


def check_structure(table: str) -> None:
    bare = re.sub(r"\\[\\{}]", "", table)
    assert bare.count("{") == bare.count("}")
    environments = ("longtable",) if "longtable}{" in table else ("table", "tabular")
    for environment in environments:
        assert table.count(f"\\begin{{{environment}}}") == table.count(f"\\end{{{environment}}}") > 0
    inner = environments[-1]
    for tabular in re.findall(rf"\\begin{{{inner}}}{{(\w+)}}(.*?)\\end{{{inner}}}", table, flags=re.DOTALL):
        columns, body = tabular
        body = re.sub(r"\\caption.*", "", body)
        assert {len(cells) for cells in rows_of(body)} == {len(columns)}
        assert body.index(r"\toprule") < body.index(r"\midrule") < body.index(r"\bottomrule")


def test_scores_have_intervals_marks_and_the_lines_of_no_skill() -> None:
    pairs = {("LoRA", NASTY): (0.1, 0.0, 0.2, "open"), ("LoRA", "IA3"): (0.1, 0.0, 0.2, "better")}
    table = latex_table(build({"IA3": 0.4, "LoRA": 0.6, NASTY: 0.55, "*W&B": 0.5}, pairs, policy="tuned"))
    check_structure(table)
    head, lora, nasty, wandb, ia3, _, always = ([cell.strip() for cell in row] for row in rows_of(table))
    assert head == ["Series", "Seeds", "macro-F1", "micro-F1", "Jaccard"]
    assert lora[:3] == ["LoRA", "3", r"\textbf{0.600} {\scriptsize [0.580, 0.620]}"]
    assert nasty == [escape(NASTY), "3", r"0.550$^{\S}$ {\scriptsize [0.530, 0.570]}", nasty[3], nasty[4]]
    assert wandb[0] == r"{*}W\&B"
    assert wandb[2].startswith(r"0.500$^{\ddagger}$")
    assert ia3[2] == r"0.400 {\scriptsize [0.380, 0.420]}"
    assert always == ["always-on (no skill)", "", "0.200", "0.200", "0.200"]
    [caption] = re.findall(r"\\caption\{(.*)\}", table)
    told = printed(caption)
    for words in ("Test split", "tuned by emotion", "3 seeds each", "95 % confidence", "§ Open", "‡ Not tested"):
        assert words in told


@pytest.mark.parametrize(("series", "tabulars"), [(3, 1), (4, 1), (5, 2)])
def test_emotions_by_series_in_as_many_tables_as_fit(series: int, tabulars: int) -> None:
    values = {f"series {number}": 0.9 - number / 10 for number in range(series)}
    table = latex_emotion_table(build(values, {}, emotions={NASTY: values, "joy": values}))
    check_structure(table)
    assert table.count(r"\begin{tabular}") == tabulars
    assert len(rows_of(table)) == 3 * tabulars
    assert [cell.strip() for cell in rows_of(table)[1]][:2] == [escape(NASTY), "1,234"]
    assert rows_of(table)[0][-1].strip() == "No skill"


@pytest.mark.parametrize(
    ("emotions", "series", "is_long"), [(11, 4, False), (28, 4, False), (28, 5, True), (100, 5, True)]
)
def test_a_table_longer_than_a_page_goes_over_pages_with_its_head_on_each(
    emotions: int, series: int, is_long: bool
) -> None:
    values = {f"series {number}": 0.9 - number / 10 for number in range(series)}
    labels = LABELS_BY_COUNT[emotions]
    table = latex_emotion_table(build(values, {}, emotions=dict.fromkeys(labels, values)))
    check_structure(table)
    assert (r"\usepackage{booktabs,longtable}" in table, r"\begin{table}" in table) == (is_long, not is_long)
    assert table.count(r"\label{tab:emotions}") == 1
    if is_long:
        parts = table.split(r"\end{longtable}")[:-1]
        assert len(parts) == -(-series // 4)
        for part in parts:
            shown = [row[0].strip() for row in rows_of(part) if r"\caption" not in row[0]]
            assert shown == ["Emotion", "Emotion", *labels]
            head = part.index(r"\endfirsthead"), part.index(r"\endhead"), part.index(labels[0])
            assert list(head) == sorted(head)
        assert parts[1].startswith("\n\\addtocounter{table}{-1}"), "the same number as the first part"


def test_emotions_in_too_few_texts_have_no_interval_and_the_caption_says_so(comparison: Comparison) -> None:
    table = latex_emotion_table(comparison)
    check_structure(table)
    [trust] = [row for row in rows_of(table) if row[0].strip() == "trust"]
    assert all("[" not in cell for cell in trust)
    assert "Emotions without an interval have too few texts" in table
