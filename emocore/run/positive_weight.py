"""The setting `positive_weight`: one of three words, or a number for single emotions such as "anger:2,joy:1.5".

It stays text in a config, so that files, commands, forms and W&B hold the same. `emocore.data.positive_weights` makes
numbers of it. Labels may contain commas and colons: a number and the comma after it end an entry.
"""

import math
import re
from collections.abc import Mapping
from typing import Any

from emocore.run.setting_texts import check_text

WORDS = ("none", "balanced", "sqrt")
HIGHEST_GIVEN = 10_000.0
_ENTRY = re.compile(r"(?P<emotion>.+?)\s*:\s*(?P<weight>[^:,]*?)\s*(?:,|$)")
EXAMPLE = "anger:2,joy:1.5"


def tidy(value: Any) -> Any:
    """The value in the form in which it is stored: sorted by emotion, so that equal weights are equal texts. A mapping
    of emotions to numbers becomes text, and what is neither is returned unchanged. Raises ValueError for words and
    numbers that mean nothing."""
    if isinstance(value, Mapping):
        value = ",".join(f"{emotion}:{weight}" for emotion, weight in value.items())
    if not isinstance(value, str) or value.strip() in WORDS:
        return value
    weights = read_given(check_text("positive_weight", value))
    return ",".join(f"{emotion}:{weight:.10g}" for emotion, weight in sorted(weights.items()))


def read_given(value: str) -> dict[str, float]:
    """Emotion -> the weight that it was given; empty for one of the WORDS. Raises ValueError."""
    weights: dict[str, float] = {}
    rest = "" if value in WORDS else value.strip().removesuffix(",")
    if value not in WORDS and not rest:
        raise ValueError(_explain_form(value))
    while rest:
        entry = _ENTRY.match(rest)
        if not entry:
            raise ValueError(_explain_form(value))
        emotion = entry["emotion"].strip()
        if emotion in weights:
            raise ValueError(f"{emotion} is given twice; leave one of the two out")
        weights[emotion] = _read_weight(emotion, entry["weight"])
        rest = rest[entry.end() :].strip()
    return weights


def _read_weight(emotion: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 < weight <= HIGHEST_GIVEN:
        raise ValueError(
            f"the weight of {emotion} should be a number above 0 and at most {HIGHEST_GIVEN:,.0f}, not '{text:.50}'"
        )
    return weight


def _explain_form(value: str) -> str:
    return f"it should be {', '.join(WORDS)} or a number for each emotion such as {EXAMPLE}, not '{value:.50}'"
