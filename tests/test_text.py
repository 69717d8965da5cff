"""Numbers as words."""

import pytest
from inline_snapshot import snapshot

from emocore.text import (
    counted,
    cut_middle,
    format_bytes,
    format_count,
    format_minutes,
    format_score,
    format_seconds,
    join_names,
    name_some,
    show_controls,
    strip_markup,
)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"), (0, "0.0 s"), (0.4, "0.4 s"), (45, "45 s"), (59.4, "59 s"), (59.6, "1 min 0 s"),
        (192, "3 min 12 s"), (3599.4, "59 min 59 s"), (3599.7, "1 h 0 min"), (7500, "2 h 5 min"),
        (360_000, "100 h 0 min"),
    ],
)  # fmt: skip
def test_seconds_read_as_a_person_would_say_them(seconds: float | None, words: str) -> None:
    assert format_seconds(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "-"), (0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (12_340, "12.3 kB"), (340_000_000, "340 MB"),
        (2_100_000_000, "2.1 GB"), (2_000_000_000_000, "2,000 GB"),
    ],
)  # fmt: skip
def test_bytes_are_in_powers_of_ten(size: float | None, words: str) -> None:
    assert format_bytes(size) == words


@pytest.mark.parametrize(
    ("count", "words"),
    [(None, "-"), (0, "0"), (4_235, "4,235"), (22_713_216, "22.7 M"), (134_515_008, "134.5 M"), (2.506e9, "2.51 B")],
)
def test_counts_have_separators_or_a_unit(count: float | None, words: str) -> None:
    assert format_count(count) == words


@pytest.mark.parametrize(("names", "told"), [("A", "A"), ("AB", "A and B"), ("ABCD", "A, B, C and D")])
def test_names_are_joined_as_in_speech(names: str, told: str) -> None:
    assert join_names(list(names)) == told


@pytest.mark.parametrize(
    ("names", "told"), [("", ""), ("A", "A"), ("ABC", "A, B and C"), ("ABCD", "A, B, C and 1 more")]
)
def test_of_many_names_some_are_told_and_the_rest_is_counted(names: str, told: str) -> None:
    assert name_some(names) == told
    assert name_some("ABCDEF", "or", most=1) == "A or 5 more"
    assert name_some(map(str, range(2000)), most=1) == "0 and 1,999 more"


def test_a_long_name_keeps_its_beginning_and_its_end() -> None:
    assert cut_middle("disappointment", 14) == "disappointment"
    assert cut_middle("disappointment", 10) == "disapp…ent"
    assert cut_middle("quiet joy, with tears", 13) == "quiet jo…ears"


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), 1e300, 10**400, -(10**400)], ids=ascii)
def test_what_is_no_number_has_no_words(number: float) -> None:
    assert {format_seconds(number), format_bytes(number), format_count(number)} == {"-"}
    assert format_minutes(number) == snapshot("a time not known yet")


def test_a_negative_number_has_words() -> None:
    assert (format_seconds(-3), format_bytes(-3), format_count(-3)) == ("-3.0 s", "-3 B", "-3")


def test_a_terminal_is_shown_what_it_would_obey() -> None:
    assert show_controls("\x1b[31mred\x9b2J\x07\r") == r"\x1b[31mred\x9b2J\x07\x0d"
    assert show_controls("Grüße, 你好\n\tالعربية") == "Grüße, 你好\n\tالعربية"
    assert show_controls("bad\udcff") == r"bad\xdcff"


def test_a_name_has_no_markup() -> None:
    assert strip_markup("<a href='https://evil.example'>R&D</a>") == "‹a href='https://evil.example'›R&D‹/a›"


def test_things_are_counted_in_words() -> None:
    assert [counted(number, "such row") for number in (0, 1, 2000)] == ["0 such rows", "1 such row", "2,000 such rows"]


def test_a_score_has_its_interval_where_that_is_known() -> None:
    assert format_score(0.5083, 0.4849, 0.531) == "0.508 [0.485, 0.531]"
    assert format_score(0.5083, float("nan"), float("nan")) == "0.508"
