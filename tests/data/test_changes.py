"""Changes of single labels: what a record may hold, and which tables they can be made in."""

import pandas as pd
import pytest
from pydantic import ValidationError

from emocore.data.changes import LabelChange, apply_changes, hash_text
from emocore.errors import DataError

FRAME = pd.DataFrame(
    {"row_id": ["a", "b", "c"], "text": ["one", "two", "three"], "anger": [1, 0, 1], "joy": [0, 0, 1]}, index=[2, 3, 5]
).astype({"anger": "int8", "joy": "int8"})


TEXTS = dict(zip(FRAME["row_id"], FRAME["text"], strict=True))


def change(row_id: str, label: str, old: int, new: int, text: str | None = None) -> LabelChange:
    """Of the text that has this row id, or of another one."""
    text_hash = hash_text(text or TEXTS.get(row_id, ""))
    return LabelChange(row_id=row_id, text_hash=text_hash, label=label, old=old, new=new)


def test_labels_are_changed_in_a_copy_and_nothing_else_is() -> None:
    before = FRAME.copy()
    changed = apply_changes(FRAME, [change("c", "anger", 1, 0), change("a", "joy", 0, 1)], "tweets.csv")
    assert changed[["anger", "joy"]].to_numpy().tolist() == [[1, 1], [0, 0], [0, 1]]
    pd.testing.assert_frame_equal(FRAME, before)
    pd.testing.assert_frame_equal(changed.drop(columns=["anger", "joy"]), FRAME.drop(columns=["anger", "joy"]))
    assert changed.dtypes.equals(FRAME.dtypes)
    pd.testing.assert_frame_equal(apply_changes(FRAME, [], "tweets.csv"), FRAME)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (change("d", "joy", 0, 1), "row id 'd', column 'joy': no text has this row id"),
        (change("a", "fear", 0, 1), "row id 'a', column 'fear': the table has no such label"),
        (change("a", "text", 0, 1), "column 'text': the table has no such label"),
        (change("a", "joy", 1, 0), "row id 'a', column 'joy': the label is 0 and not 1 as before the change"),
        (change("c", "anger", 1, 0), "row id 'c', column 'anger': an earlier change is of the same label"),
        (change("a", "joy", 0, 1, "two"), "row id 'a', column 'joy': the text of this row is another one than in the"),
    ],
    ids=["row", "label", "no label", "old value", "twice", "text"],
)
def test_a_change_that_does_not_fit_is_refused_with_its_place(wrong: LabelChange, told: str) -> None:
    with pytest.raises(DataError) as caught:
        apply_changes(FRAME, [change("c", "anger", 1, 0), wrong], "tweets.csv")
    message = str(caught.value)
    assert message.startswith("tweets.csv, change 2, row id ")
    assert told in message and ("or leave the change out" in message or "leave one of the two out" in message)


def test_a_row_id_of_several_texts_names_none_of_them() -> None:
    with pytest.raises(DataError, match="2 texts have this row id"):
        apply_changes(pd.concat([FRAME, FRAME.iloc[:1]]), [change("a", "joy", 0, 1)], "tweets.csv")


def test_what_may_be_a_text_is_not_quoted() -> None:
    with pytest.raises(DataError) as caught:
        apply_changes(FRAME, [change("a secret, told to nobody", "joy", 0, 1)], "tweets.csv")
    assert "secret" not in str(caught.value) and "a text of 24 characters" in str(caught.value)


@pytest.mark.parametrize(
    "values",
    [
        {"row_id": ""}, {"row_id": 7}, {"text_hash": "one"}, {"label": ""}, {"old": 2}, {"new": -1}, {"old": True},
        {"old": "0"}, {"new": 0}, {"new": 1.0}, {"new": None},
    ],
)  # fmt: skip
def test_a_record_holds_two_different_values_of_a_label(values: dict[str, object]) -> None:
    good = {"row_id": "a", "text_hash": hash_text("one"), "label": "joy", "old": 0, "new": 1}
    assert LabelChange.model_validate(good) == change("a", "joy", 0, 1)
    with pytest.raises(ValidationError):
        LabelChange.model_validate(good | values)


def test_white_space_does_not_make_another_text() -> None:
    assert hash_text(" so\n happy ") == hash_text("so happy") != hash_text("so sad")
