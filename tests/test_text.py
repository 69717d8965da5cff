"""Numbers as words."""

import pytest

from emocore.text import format_bytes, format_count, format_seconds, join_names


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "-"),
        (0, "0.0 s"),
        (0.4, "0.4 s"),
        (45, "45 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (192, "3 min 12 s"),
        (3599.4, "59 min 59 s"),
        (3599.7, "1 h 0 min"),
        (7500, "2 h 5 min"),
        (360_000, "100 h 0 min"),
    ],
)
def test_seconds_read_as_a_person_would_say_them(seconds: float | None, words: str) -> None:
    assert format_seconds(seconds) == words


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (None, "-"),
        (0, "0 B"),
        (999, "999 B"),
        (1_000, "1.0 kB"),
        (12_340, "12.3 kB"),
        (340_000_000, "340 MB"),
        (2_100_000_000, "2.1 GB"),
        (2_000_000_000_000, "2,000 GB"),
    ],
)
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
