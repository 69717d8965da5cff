"""Splits as the reader of tables makes them, for the checks of labelled texts."""

from collections.abc import Sequence

import pandas as pd

LABELS = ("anger", "joy")


def make_frame(texts: Sequence[str], labels: Sequence[str] = (), groups: Sequence[str] = ()) -> pd.DataFrame:
    """Rows from number 2 on, as in a file with a header. `labels` has digits for anger and joy of each text, such as
    "10"; by default, every second text has joy and the others have anger."""
    rows = pd.RangeIndex(2, len(texts) + 2)
    digits = labels or [("10", "01")[row % 2] for row in range(len(texts))]
    columns = {"row_id": [f"id-{row}" for row in rows], "text": list(texts)}
    frame = pd.DataFrame(columns | ({"group_name": list(groups)} if groups else {}), index=rows)
    for place, label in enumerate(LABELS):
        frame[label] = pd.array([int(own[place]) for own in digits], dtype="int8").to_numpy()
    return frame


def make_texts(count: int, name: str = "text") -> list[str]:
    return [f"{name} {number}" for number in range(count)]
