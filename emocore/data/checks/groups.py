"""Groups of texts, such as those of an author, that are in training and in a split that is scored, or that are few."""

from collections.abc import Mapping

import pandas as pd

from emocore.data.checks.findings import WHOLE_FILE, Finding, find_rows

# With fewer, the spread between groups is hardly known.
FEWEST_GROUPS = 20


def check_groups(frames: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """For each split that is scored: the training rows of groups that it shares, and whether it has few groups. Splits
    without the column `group_name` have none."""
    findings = []
    for name, frame in frames.items():
        if name in ("train", WHOLE_FILE) or "group_name" not in frame:
            continue
        groups = set(frame["group_name"])
        if "train" in frames:
            train = frames["train"]
            shared = groups & set(train["group_name"])
            findings += find_rows(
                "shared_groups", ("train", name), train, train["group_name"].isin(shared).to_numpy(),
                matching=int(frame["group_name"].isin(shared).sum()), total=len(frame), groups=len(shared),
            )  # fmt: skip
        if len(groups) < FEWEST_GROUPS:
            few = Finding(kind="few_groups", splits=(name,), count=len(frame), total=len(frame), groups=len(groups))
            findings.append(few)
    return findings
