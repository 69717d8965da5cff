"""All checks that need nothing but the texts and labels of the splits."""

from collections.abc import Mapping

import pandas as pd

from emocore.data.checks.characters import check_characters
from emocore.data.checks.findings import Finding
from emocore.data.checks.groups import check_groups
from emocore.data.checks.labels import check_labels
from emocore.data.checks.texts import check_texts


def check_splits(frames: Mapping[str, pd.DataFrame], labels: tuple[str, ...]) -> tuple[Finding, ...]:
    """What is doubtful in the splits, with what puts scores in doubt first.

    Args:
        frames: By the name of the split, with training first, as the rows that two splits share are named in the first
            of them. Columns are row_id, text, group_name (optional) and one of 0 and 1 per label; the index has the
            numbers of the rows in their file. The only split of a file that is not split is called WHOLE_FILE.
        labels: Names of the label columns.
    """
    return (
        *check_texts(frames, labels),
        *check_groups(frames),
        *check_labels(frames, labels),
        *check_characters(frames),
    )
