"""Lists of suspected labels that were filled in: what they change, and what is refused with its place."""

import pytest

from emocore.data.changes import LabelChange, hash_text
from emocore.data.corrections import read_corrections
from emocore.data.source import DataFile
from emocore.errors import DataError

OPEN = """rank,split,row_id,text,label,stored,suggested,corrected
1,test,t-1,so happy,joy,0,1,1
2,validation,t-1,so what,joy,1,0,0
3,test,t-2,"well, well",anger,1,0,1
4,test,t-3,no idea,anger,1,0,
5,test,t-3,no idea,joy,1,0, 0
"""
BLIND = """cell,text,label,corrected
1,so happy,joy,1
2,no idea,anger,
3,so what,joy,1
"""
KEY = """cell,split,row_id,text,label,stored,suspected,suggested
1,test,t-1,so happy,joy,0,1,1
2,test,t-3,no idea,anger,1,1,0
3,validation,t-1,so what,joy,1,0,
"""


def change(row_id: str, label: str, old: int, new: int, text: str) -> LabelChange:
    return LabelChange(row_id=row_id, text_hash=hash_text(text), label=label, old=old, new=new)


def read(content: str | bytes, name: str = "errors.csv", key: str | None = None) -> dict[str, tuple[LabelChange, ...]]:
    file = DataFile(name, content if isinstance(content, bytes) else content.encode())
    return read_corrections(file, None if key is None else DataFile("errors-key.csv", key.encode()))


def test_only_what_was_judged_to_be_otherwise_is_changed() -> None:
    known = {
        "test": (change("t-1", "joy", 0, 1, "so happy"), change("t-3", "joy", 1, 0, "no idea")),
        "validation": (change("t-1", "joy", 1, 0, "so what"),),
    }
    assert read(OPEN) == known
    assert read(OPEN.replace(",", ";").replace('"well; well"', "well")) == known, "as many spreadsheets save it"
    other = change("t-1", "joy", 0, 1, "très")
    assert read(OPEN.replace("so happy", "très").encode("cp1252"))["test"][0] == other
    assert read(OPEN.replace(",1,1\n", ",1,1.0\n")) == known


def test_a_list_that_nobody_filled_in_changes_nothing() -> None:
    unfilled = "\n".join(line.rpartition(",")[0] + "," for line in OPEN.splitlines()[1:])
    assert read(f"{OPEN.splitlines()[0]}\n{unfilled}\n") == {}


def test_of_a_blind_list_the_key_tells_what_is_stored() -> None:
    assert read(BLIND, key=KEY) == {"test": (change("t-1", "joy", 0, 1, "so happy"),)}
    turned = "\n".join([BLIND.splitlines()[0], *reversed(BLIND.splitlines()[1:])])
    assert read(turned.replace("so happy", "so  happy"), key=KEY) == read(BLIND, key=KEY), "in another order"


def test_a_copy_for_spreadsheets_names_the_same_texts() -> None:
    defused = OPEN.replace("t-2", "'-2").replace("1,0,1\n", "1,0,0\n")
    assert change("-2", "anger", 1, 0, "well, well") in read(defused, "errors.for-spreadsheets.csv")["test"]
    assert change("'-2", "anger", 1, 0, "well, well") in read(defused)["test"]


REFUSED = {
    "a word": (OPEN.replace("1,0,\n", "1,0,maybe\n"), "errors.csv, row 5, column 'corrected': 'maybe' where a label"),
    "two": (OPEN.replace("0,1,1\n", "0,1,2\n"), "row 2, column 'corrected': '2' where a label is 0 or 1, or empty"),
    "stored": (OPEN.replace("joy,0,1,1", "joy,x,1,1"), "row 2, column 'stored': 'x' where a stored label is 0 or 1"),
    "nothing stored": (OPEN.replace("joy,0,1,1", "joy,,1,1"), "row 2, column 'stored': '' where a stored label is"),
    "split": (OPEN.replace("validation", "dev"), "row 3, column 'split': 'dev' where a split is train, validation or"),
    "row id": (OPEN.replace("1,test,t-1", "1,test,"), "row 2, column 'row_id': the cell is empty"),
    "label": (OPEN.replace("happy,joy", "happy,"), "row 2, column 'label': the cell is empty"),
    "twice": (OPEN + "6,test,t-1,so happy,joy,0,1,0\n", "row 7, column 'label': 'joy', which an earlier row"),
    "column": (OPEN.replace(",corrected", ",right"), "but not 'corrected'"),
    "text": (OPEN.replace(",text,", ",words,"), "but not 'text'"),
    "blind without key": (BLIND, "a blind list is read together with its key"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_cell_is_refused_with_row_and_column(case: str) -> None:
    content, told = REFUSED[case]
    with pytest.raises(DataError) as caught:
        read(content)
    assert told in str(caught.value)


WRONG_KEYS = {
    "another label": (BLIND, KEY.replace("happy,joy", "happy,anger"), "row 2, column 'label': 'joy', which is"),
    "another text": (BLIND, KEY.replace("so happy", "so sad"), "row 2, column 'text': a text of 8 characters"),
    "no such cell": (BLIND.replace("1,so", "9,so"), KEY, "row 2, column 'cell': '9', which errors-key.csv does not"),
    "twice in the list": (BLIND + "1,so happy,joy,1\n", KEY, "errors.csv, row 5, column 'cell': '1', which an earlier"),
    "twice in the key": (BLIND, KEY.replace("2,test", "1,test"), "errors-key.csv, row 3, column 'cell': '1', which"),
    "no key": (BLIND, OPEN, "errors-key.csv: it has 'rank', 'split', 'row_id'"),
    "an open list": (OPEN, KEY, "but not 'cell'"),
    "nothing stored": (BLIND, KEY.replace("joy,0,", "joy,,"), "errors-key.csv, row 2, column 'stored': ''"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG_KEYS)
def test_a_key_of_another_list_is_refused(case: str) -> None:
    content, key, told = WRONG_KEYS[case]
    with pytest.raises(DataError) as caught:
        read(content, key=key)
    assert told in str(caught.value)
