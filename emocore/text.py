"""Numbers, names and errors as words, the same on every page and in the terminal."""

import re
from collections.abc import Iterable
from math import isnan
from typing import TypeGuard

UNTOLD = 1e18  # numbers of this size or more are shown as unknown, like NaN
# Characters that a terminal obeys instead of showing them, except tab and newline, and lone surrogates, which cannot be
# encoded.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def format_seconds(seconds: float | None) -> str:
    """3 min 12 s; 45 s; 2 h 5 min; 0.4 s; - if there is no number."""
    if not _is_told(seconds):
        return "-"
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes == 0:
        return f"{rest} s"
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def format_bytes(size: float | None) -> str:
    """2.1 GB; 340 MB; 12 kB, in powers of ten; - if there is no number."""
    if not _is_told(size):
        return "-"
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size >= factor:
            return f"{size / factor:.1f} {unit}" if size < 100 * factor else f"{size / factor:,.0f} {unit}"
    return f"{size:.0f} B"


def format_count(count: float | None) -> str:
    """135 M; 22.7 M; 4,235; - if there is no number."""
    if not _is_told(count):
        return "-"
    if count >= 1e9:
        return f"{count / 1e9:.2f} B"
    if count >= 1e6:
        return f"{count / 1e6:.1f} M"
    return f"{count:,.0f}"


def counted(number: int, thing: str) -> str:
    """1 run; 2,000 runs."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def format_probability(probability: float) -> str:
    """0.034; < 0.001; > 0.999."""
    if probability < 0.001:
        return "< 0.001"
    return "> 0.999" if probability > 0.999 else f"{probability:.3f}"


def format_score(value: float, low: float, high: float) -> str:
    """0.508 [0.485, 0.531]; only the score if its interval is not known."""
    return f"{value:.3f}" if isnan(low) else f"{value:.3f} [{low:.3f}, {high:.3f}]"


def format_minutes(seconds: float | None) -> str:
    """An estimated duration in words: 'about 4 minutes', 'less than a minute'."""
    if not _is_told(seconds):
        return "a time not known yet"
    if seconds < 50:
        return "less than a minute"
    if seconds < 5400:
        return f"about {counted(round(seconds / 60), 'minute')}"
    return f"about {seconds / 3600:.1f} hours"


def show_controls(text: str) -> str:
    """The text made safe for a terminal: control characters are written out, such as \\x1b."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def strip_markup(name: str) -> str:
    """A name made safe for charts, which read <a> as HTML."""
    return name.replace("<", "‹").replace(">", "›")


def join_names(names: Iterable[str], word: str = "and") -> str:
    """A; A and B; A, B and C; with another word, A, B or C."""
    *others, last = [*names] or [""]
    return f"{', '.join(others)} {word} {last}" if others else last


def name_some(names: Iterable[str], word: str = "and", most: int = 3) -> str:
    """At most so many names: A, B, C and 4 more; with another word, A, B, C or 4 more."""
    every = list(names)
    return join_names([*every[:most], *([f"{len(every) - most:,} more"] if len(every) > most else [])], word)


def cut_middle(name: str, most: int) -> str:
    """The name; if it has more than `most` characters, its beginning and end with … between them."""
    if len(name) <= most:
        return name
    end = most // 3
    return f"{name[: most - end - 1].rstrip()}…{name[len(name) - end :].lstrip()}"


def first_line(error: BaseException) -> str:
    """The first line of an error's message, at most 200 characters; its type if it has no message."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _is_told(number: float | None) -> TypeGuard[float]:
    """Whether the number can be shown; NaN and infinity cannot."""
    return number is not None and abs(number) < UNTOLD
