"""Groups that training shares with a split that is scored are found, and so are few groups."""

from emocore.data.checks.findings import WHOLE_FILE, Finding
from emocore.data.checks.groups import FEWEST_GROUPS, check_groups
from emocore.data.checks.sentences import describe_finding
from tests.support.frames import make_frame, make_texts


def by_author(*authors: str) -> list[str]:
    return [f"author {author}" for author in authors]


def test_shared_groups_are_found_with_the_training_rows_to_remove() -> None:
    train = make_frame(make_texts(4), groups=by_author("1", "2", "1", "3"))
    dev = make_frame(make_texts(FEWEST_GROUPS + 1), groups=by_author("1", "1", *map(str, range(10, 9 + FEWEST_GROUPS))))
    [found] = check_groups({"train": train, "validation": dev})
    assert found == Finding(
        kind="shared_groups", splits=("train", "validation"), count=2, total=21, matching=2, groups=1,
        rows=("id-2", "id-4"), row_numbers=(2, 4),
    )  # fmt: skip
    assert describe_finding(found, {"train": "a.csv"}) == (
        "a.csv, training split: 1 group is also in the validation split (2 of its 21 texts), so its scores may be too "
        "high for texts of other groups; remove 2 texts (rows 2 and 4) of this group from the training split"
    )


def test_few_groups_are_found_where_texts_are_scored() -> None:
    names = by_author(*map(str, range(13)))
    frames = {
        split: make_frame(make_texts(13), groups=[f"{split} {own}" for own in names]) for split in ("train", "test")
    }
    [found] = check_groups(frames)
    assert (found.kind, found.splits, found.groups) == ("few_groups", ("test",), 13)
    assert describe_finding(found, {"test": "gold.csv"}) == (
        "gold.csv, test split: there are only 13 groups, so intervals are rough; take more texts, or name a column "
        "with smaller groups in the setting group_column"
    )
    assert check_groups({WHOLE_FILE: frames["test"]}) == []


def test_splits_without_groups_have_no_finding() -> None:
    assert check_groups({"train": make_frame(make_texts(3)), "validation": make_frame(make_texts(3))}) == []
