"""Characters inside texts that nobody sees but that a base's tokenizer may take for a part of a word.

Not covered are characters that have a use: tab and line breaks, spaces of any width, joiners and variation selectors
(emoji and several scripts need them), direction marks, and fillers of Hangul.
"""

import re
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from emocore.data.checks.findings import MOST_ROWS_STORED, Finding, FindingKind, find_rows

# Both in the syntax that Python's `re` and Arrow's RE2 share.
CHARACTERS: dict[FindingKind, str] = {
    "control_characters": "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]",
    "invisible_characters": "[\u00ad\u200b\u2028-\u202e\u2060-\u206f\ufeff]",
}
MOST_KEPT = 10  # code points in a finding


def check_characters(frames: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """Texts with control or invisible characters, by split, with the first code points that were found."""
    findings = []
    for name, frame in frames.items():
        texts = pa.chunked_array(pa.array(frame["text"], type=pa.large_string()))
        for kind, pattern in CHARACTERS.items():
            is_found = pc.match_substring_regex(texts, pattern).to_numpy()
            examples = frame["text"].iloc[np.flatnonzero(is_found)[:MOST_ROWS_STORED]]
            found = dict.fromkeys(character for text in examples for character in re.findall(pattern, text))
            points = [f"U+{ord(character):04X}" for character in found][:MOST_KEPT]
            findings += find_rows(kind, (name,), frame, is_found, characters=tuple(points))
    return findings
