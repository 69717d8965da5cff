"""Characters that nobody sees are found and named by their code points, but not those that a script needs."""

import pytest

from emocore.data.checks.characters import check_characters
from emocore.data.checks.sentences import describe_finding
from tests.support.frames import make_frame


def test_control_characters_are_found_by_split() -> None:
    found = check_characters({"train": make_frame(["fine", "don\x92t", "a\x00b\x92"]), "test": make_frame(["fine"])})
    assert [(own.kind, own.splits, own.count, own.characters) for own in found] == [
        ("control_characters", ("train",), 2, ("U+0092", "U+0000"))
    ]
    assert describe_finding(found[0], {"train": "a.csv"}) == (
        "a.csv, training split: 2 texts (rows 3 and 4) have control characters (U+0092 and U+0000), as if read in a "
        "wrong encoding; save the file in UTF-8, or take them out"
    )


def test_invisible_characters_are_found() -> None:
    [found] = check_characters({"all": make_frame(["ha\u200bppy", "fine", "\ufeffso"])})
    assert (found.kind, found.row_numbers, found.characters) == ("invisible_characters", (2, 4), ("U+200B", "U+FEFF"))
    assert describe_finding(found, {"all": "a.csv"}) == (
        "a.csv: 2 texts (rows 2 and 4) have invisible characters (U+200B and U+FEFF), which a base may take for parts "
        "of words; take them out"
    )


@pytest.mark.parametrize("text", ["a\tb\r\nc", "👨\u200d👩 ❤\ufe0f", "می\u200cخواهم", "\u200fשלום", "a\u00a0b", "é"])
def test_characters_with_a_use_are_no_finding(text: str) -> None:
    assert check_characters({"train": make_frame([text])}) == []
