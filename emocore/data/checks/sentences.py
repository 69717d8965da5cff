"""One sentence for each finding: where it is, what it is, in which rows, what it does to scores, and what to do."""

from collections.abc import Callable, Mapping

from emocore.data.checks.findings import WHOLE_FILE, Finding, FindingKind
from emocore.data.rows import list_rows
from emocore.text import counted, join_names, name_some

MOST_LABELS_NAMED = 5


def describe_finding(finding: Finding, file_names: Mapping[str, str]) -> str:
    """A sentence such as "dev.csv, validation split: 1 text ..." that names rows by their number in this file.
    `file_names` has the names of files by split, as far as they are known."""
    if finding.kind == "labels_equal":
        where = join_names(dict.fromkeys(file_names[split] for split in finding.splits if split in file_names))
    else:
        split = finding.splits[0]
        parts = file_names.get(split), None if split == WHOLE_FILE else name_split(split)
        where = ", ".join(part for part in parts if part)
    sentence = SENTENCES[finding.kind](finding)
    return f"{where}: {sentence}" if where else sentence


def name_split(split: str) -> str:
    """training split; validation split; test split."""
    return f"{'training' if split == 'train' else split} split"


def _shared_texts(finding: Finding) -> str:
    own, other = map(name_split, finding.splits)
    return (
        f"{_texts(finding)} {_one(finding, 'is', 'are')} the same or nearly the same as {finding.matching:,} of the "
        f"{counted(finding.total, 'text')} of the {other}, so its scores may be too high; remove "
        f"{_one(finding, 'it', 'them')} from the {own}"
    )


def _shared_groups(finding: Finding) -> str:
    own, other = map(name_split, finding.splits)
    is_one = finding.groups == 1
    return (
        f"{counted(finding.groups, 'group')} {'is' if is_one else 'are'} also in the {other} ({finding.matching:,} of "
        f"its {counted(finding.total, 'text')}), so its scores may be too high for texts of other groups; remove "
        f"{_texts(finding)} of {'this group' if is_one else 'these groups'} from the {own}"
    )


def _few_groups(finding: Finding) -> str:
    return (
        f"there are only {counted(finding.groups, 'group')}, so intervals are rough; take more texts, or name a column "
        "with smaller groups in the setting group_column"
    )


def _contradicting_labels(finding: Finding) -> str:
    if len(finding.splits) == 1:
        return (
            f"{_texts(finding)} {_one(finding, 'is', 'are')} the same as others with other labels, so no model can be "
            "right about all of them; correct the labels, or keep one row of each text"
        )
    own, other = map(name_split, finding.splits)
    return (
        f"{_texts(finding)} {_one(finding, 'is', 'are')} also in the {other}, with other labels, so no model can be "
        f"right in both splits; correct the labels, or remove {_one(finding, 'it', 'them')} from the {own}"
    )


def _repeated_texts(finding: Finding) -> str:
    return (
        f"{_texts(finding)} {_one(finding, 'repeats', 'repeat')} an earlier one with the same labels, so some texts "
        f"count more than once; remove {_one(finding, 'this copy', 'these copies')}"
    )


def _label_absent(finding: Finding) -> str:
    split, is_one = finding.splits[0], len(finding.labels) == 1
    if split == "train":
        effect = f"{'it' if is_one else 'they'} cannot be learned"
    elif split == WHOLE_FILE:
        effect = f"{'it' if is_one else 'they'} can be neither learned nor scored with this file"
    else:
        effect = f"F1 of {'it' if is_one else 'each'} is 0 there and macro-F1 is lower than it would be"
    return f"no text has {_labels(finding, 'or')}, so {effect}; {_more_texts(finding, 'with')}"


def _label_constant(finding: Finding) -> str:
    return f"every text has {_labels(finding)}, so there is nothing to tell apart; {_more_texts(finding, 'without')}"


def _label_rare(finding: Finding) -> str:
    purpose = {"train": "learn", WHOLE_FILE: "learn or to score"}.get(finding.splits[0], "score")
    counts = [
        f"{count} {'has' if count == 1 else 'have'} {label}"
        for label, count in zip(finding.labels, finding.positives, strict=True)
    ]
    named = name_some(counts, most=MOST_LABELS_NAMED)
    return (
        f"of {counted(finding.total, 'text')}, only {named} ({_rows(finding)}), too few to {purpose}; "
        f"{_more_texts(finding, 'with')}"
    )


def _labels_equal(finding: Finding) -> str:
    return (
        f"the labels {_labels(finding)} are equal in every row, so they are copies; keep one of them "
        "by naming the labels in the setting label_columns"
    )


def _unlabelled_texts(finding: Finding) -> str:
    share = finding.count / finding.total
    return (
        f"{finding.count:,} of {counted(finding.total, 'text')} ({share:.0%}; {_rows(finding)}) "
        "have no label; check that all labels were read, and leave out texts that nobody has labelled"
    )


def _long_texts(finding: Finding) -> str:
    return (
        f"{finding.count:,} of {counted(finding.total, 'text')} ({_rows(finding)}) {_one(finding, 'has', 'have')} more "
        f"than {counted(finding.max_length, 'token')}, and the rest is not read; set max_length higher if the base "
        "allows it, or shorten the texts"
    )


def _control_characters(finding: Finding) -> str:
    return (
        f"{_texts(finding)} {_one(finding, 'has', 'have')} control characters ({join_names(finding.characters)}), as "
        "if read in a wrong encoding; save the file in UTF-8, or take them out"
    )


def _invisible_characters(finding: Finding) -> str:
    return (
        f"{_texts(finding)} {_one(finding, 'has', 'have')} invisible characters ({join_names(finding.characters)}), "
        "which a base may take for parts of words; take them out"
    )


def _texts(finding: Finding) -> str:
    """3 texts (rows 4, 7 and 9)."""
    return f"{counted(finding.count, 'text')} ({_rows(finding)})"


def _rows(finding: Finding) -> str:
    """row 4; rows 4, 7 and 9."""
    return f"{_one(finding, 'row', 'rows')} {list_rows(finding.row_numbers, finding.count)}"


def _one(finding: Finding, singular: str, plural: str) -> str:
    return singular if finding.count == 1 else plural


def _labels(finding: Finding, word: str = "and") -> str:
    return name_some(finding.labels, word, MOST_LABELS_NAMED)


def _more_texts(finding: Finding, word: str) -> str:
    them, labels = ("it", "this label") if len(finding.labels) == 1 else ("them", "these labels")
    return f"add texts {word} {them}, or leave {labels} out"


SENTENCES: dict[FindingKind, Callable[[Finding], str]] = {
    "shared_texts": _shared_texts,
    "shared_groups": _shared_groups,
    "few_groups": _few_groups,
    "contradicting_labels": _contradicting_labels,
    "repeated_texts": _repeated_texts,
    "label_absent": _label_absent,
    "label_constant": _label_constant,
    "label_rare": _label_rare,
    "labels_equal": _labels_equal,
    "unlabelled_texts": _unlabelled_texts,
    "long_texts": _long_texts,
    "control_characters": _control_characters,
    "invisible_characters": _invisible_characters,
}
