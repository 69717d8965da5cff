"""A length that tokenizers do not accept is refused before they see it."""

import pytest

from emocore.data.encode import encode_texts
from emocore.errors import DataError


@pytest.mark.parametrize("length", [-1, 0, 10**30])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    with pytest.raises(DataError, match=f"max_length is {length}; a text can be cut at 1 to 1,000,000 tokens"):
        encode_texts(["text"], None, length)
