"""Values that have broken programs before."""

from random import Random
from typing import Any

EVIL = "https://evil.example"
ESCAPE = "\x1b[31mred\x1b]0;title\x07"
MARKUP = (
    "<script>alert(1)</script>",
    f"<a href='{EVIL}'>click</a>",
    "<a href='https:evil.example'>click",
    "<img src=x onerror=alert(1)>",
    "</script><svg onload=alert(1)>",
    f"[click]({EVIL})",
    f"![x]({EVIL}/x.png)",
    EVIL,
    "$\\frac{1}{0}$",
    ":red[x] :material/home:",
    "javascript:alert(1)",
    "www.evil.example",
    "**bold** `code` # title\n\n- item",
)
FORMULAS = ("=cmd|'/C calc'!A0", "@SUM(1)", "+1+1", "-2+3", "\t=1", '=HYPERLINK("http://evil.example")')
SIGNS = (
    "", " ", "\n", "\r", "\t", "\u200b\u200b", "\ufeff", "\u2028", "\u202egnp.exe", "é" * 20, "\U0001f4a5" * 30,
    "A" * 3000, "-", "--", "=", "a=b", ",", '"', "'", "\\", "{0.__class__}", "%s%n%x", "null", "None", "true",
    "; rm -rf .", "$(touch x)", "`touch x`", ESCAPE, "\x9b31m", "\x7f\x08\x08",
)  # fmt: skip
PATHS = (
    "../../..", "..", ".", "./x/../../y", "/", "//", "~nosuchuser/x", "x" * 300, "file:///etc/hostname", "a/b" * 900,
)  # fmt: skip
NUMBERS = (
    "0", "-0", "-1", "1", "1.5", "1e400", "-1e400", "1e-400", "1" + "0" * 400, "9" * 5000, "NaN", "-nan", "Infinity",
    "-inf", "1" + "0" * 26, "2147483648", "18446744073709551616", "0x10", "1_000", "１２", "²", "٣", "1,5", "1e3",
    "0.5", "[]", "{}", "[" * 2000, "None", "[1, 2]",
)  # fmt: skip
TEXTS = (*SIGNS, *MARKUP, *FORMULAS, *PATHS, *NUMBERS)
JSON_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2, 0.5, -0.5, 10**30, 10**400, -(10**400), 1e308, float("nan"), float("inf"),
    float("-inf"), "", "x", "\0", "\ud800", ESCAPE, MARKUP[1], MARKUP[5], "9" * 30, [], {}, [[]], [1, "x", None],
    {"a": {"b": []}}, [0] * 200, "A" * 5000, ["x"], {"": ""}, "../../..", "/etc/hostname", "NaN", 2**63, 2**53 + 1,
    "\u202e", "cuda:99",
)  # fmt: skip


def pick_text(random: Random) -> str:
    """One of the values, or two of them joined."""
    if random.random() < 0.15:
        return random.choice(TEXTS) + random.choice(TEXTS)
    return random.choice(TEXTS)


def as_argument(text: str) -> str:
    """The value as a command-line argument: without NUL, and with invalid UTF-8 as Python decodes it there."""
    text = text.replace("\0", "").replace("\ud800", "\udcff")
    return text if len(text.encode("utf-8", "surrogateescape")) < 100_000 else text[:30_000]
