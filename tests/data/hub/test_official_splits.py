"""Splits of the Hub win over a column called split, which nobody can rename there."""

import pytest

from emocore.data.hub.drafts import read_hub_draft
from emocore.data.hub.importing import fetch_from_hub, read_from_hub
from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import Draft
from emocore.errors import DataError
from tests.support.hub_datasets import STRING, to_stored_parquet, with_class_numbers
from tests.support.hub_server import HubServer
from tests.support.tables import LABELS, make_table

ID = "owner/name"
NOTE = "{}.parquet: its column 'split' is not used, since the dataset has its own splits"


def mix(rows: int, *splits: str) -> list[str]:
    return [splits[row % len(splits)] for row in range(rows)]


def draft_of(wishes: Reading) -> Draft:
    fetched = fetch_from_hub(ID, None, None, lambda now: None)
    return read_hub_draft(fetched, wishes, False, lambda step, words: None)


@pytest.mark.parametrize("splits", [("train", "test"), ("train", "test", "held out")], ids=["whole", "with others"])
def test_a_column_of_splits_is_ignored_and_told(hub: HubServer, splits: tuple[str, ...]) -> None:
    train, test = (make_table(rows, seed) for rows, seed in ((200, 0), (60, 1)))
    files = {
        "train.parquet": to_stored_parquet(train.assign(split=mix(200, *splits))),
        "test.parquet": to_stored_parquet(test.assign(split="test")),
    }
    hub.add(ID, files)
    found = read_from_hub(ID)
    assert found.frame["split_name"].value_counts().to_dict() == {"train": 200, "test": 60}
    assert found.tables["train"].labels == LABELS
    assert {NOTE.format("train"), NOTE.format("test")} <= set(found.notes)
    assert found.wishes == Reading() and found.tables["train"].reading.split_column is None
    draft = draft_of(Reading())
    assert draft.found and draft.found.notes == found.notes
    wrong = draft_of(Reading(text_column="none"))
    assert wrong.error and wrong.reading.split_column is None
    hub.add(ID, {"train.parquet": to_stored_parquet(train.assign(split=mix(200, "train", "test")))})
    alone = read_from_hub(ID)
    assert alone.frame["split_name"].value_counts().to_dict() == {"train": 100, "test": 100}
    assert NOTE.format("train") not in alone.notes


def test_numbers_of_splits_are_no_label(hub: HubServer) -> None:
    table = with_class_numbers(make_table())
    classes = {"names": ["train", "test"], "_type": "ClassLabel"}
    card = "---\ndataset_info:\n  features:\n  - name: split\n    dtype:\n      class_label:\n        names:\n"
    card += "          '0': train\n          '1': test\n  - name: Tweet\n    dtype: string\n---\n"
    for features in (None, {"Tweet": STRING, "split": classes}):
        own = make_table().assign(split=[row % 2 for row in range(len(table))])
        content = to_stored_parquet(own, features)
        hub.add(ID, {"README.md": card.encode(), "train.parquet": content, "test.parquet": content})
        assert read_from_hub(ID).tables["train"].labels == LABELS


def test_a_wanted_column_is_refused_with_what_can_be_done(hub: HubServer) -> None:
    table = make_table().assign(part=mix(200, "train", "test"))
    hub.add(ID, {f"{split}.parquet": to_stored_parquet(table) for split in ("train", "test")})
    with pytest.raises(DataError) as caught:
        read_from_hub(ID, wishes=Reading(split_column="part"))
    assert str(caught.value) == (
        "train.parquet: the column 'part' is to say the splits, but the test split has a file of its own; leave "
        "split_column out"
    )
