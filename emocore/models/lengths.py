"""How many tokens texts have for a base: only its tokenizer is loaded, and no model."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from emocore.errors import BaseModelError
from emocore.models.bases import BASES
from emocore.models.bundled import bundled_folder
from emocore.text import first_line

if TYPE_CHECKING:
    from tokenizers import Tokenizer

BUNDLED = tuple(base.name for base in BASES.values() if base.source == "bundled")
TOKENIZER_FILE = "tokenizer.json"
MOST_COUNTED = 20_000  # texts; a share of so many is known to within a point
TEXTS_AT_ONCE = 1_000
SMALL_BASE = 50_000_000  # parameters
FEWER_LENGTHS = 8  # tokens; the length of a small base's batch is a multiple of it


def padding_multiple(parameters: int, max_length: int) -> int | None:
    """The multiple of tokens to which training batches of a base are padded; None if they have the length of their
    longest text. The longest text that the base reads may not become longer.

    oneDNN compiles and keeps kernels for each length that it meets. On a small base they take more memory than the
    weights do, and such padding takes no measurable time. On a larger base it would take a tenth of the time."""
    return FEWER_LENGTHS if parameters < SMALL_BASE and max_length % FEWER_LENGTHS == 0 else None


def count_tokens(base: str, texts: Sequence[str]) -> np.ndarray:
    """(texts,) int: the tokens of each text, with those that the base adds, uncut. `base` is one of BUNDLED. Raises
    BaseModelError if the base is not installed or its tokenizer cannot be read."""
    tokenizer = _load_tokenizer(bundled_folder(BASES[base]) / TOKENIZER_FILE, base)
    counts = [
        len(encoding)
        for start in range(0, len(texts), TEXTS_AT_ONCE)
        for encoding in tokenizer.encode_batch_fast(list(texts[start : start + TEXTS_AT_ONCE]))
    ]
    return np.array(counts, dtype=np.int64)


@lru_cache(maxsize=4)
def _load_tokenizer(file: Path, base: str) -> "Tokenizer":
    from tokenizers import Tokenizer

    try:
        tokenizer = Tokenizer.from_file(str(file))
    except Exception as error:  # the library raises nothing more specific
        raise BaseModelError(
            f"base '{base}': its {TOKENIZER_FILE} cannot be read ({first_line(error)}); "
            "`emocore bases --install` fetches it again"
        ) from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer
