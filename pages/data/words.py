"""What is said about a dataset in one line, on each of the views."""

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from emocore.data.overview import ALL
from emocore.data.registry.manifest import Manifest
from emocore.text import counted, join_names, name_some
from pages.shared.plain import plain

MOST_LABELS_NAMED = 12
FEW_REMARKS = 4  # so many are shown at once


def describe_rows(rows: Mapping[str, int]) -> str:
    """1,200 texts, split by each run; 1,200 texts: 1,000 train, 200 test."""
    total = counted(sum(rows.values()), "text")
    if ALL in rows:
        return f"{total}, split by each run"
    return f"{total}: " + ", ".join(f"{count:,} {split}" for split, count in rows.items())


def describe_labels(labels: Sequence[str]) -> str:
    return f"{counted(len(labels), 'label')}: {name_some(labels, most=MOST_LABELS_NAMED)}"


def format_day(seconds: float) -> str:
    """2026-03-01 14:05, in the time of this machine."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def describe_origin(manifest: Manifest) -> str:
    """from train.csv and test.csv; from OWNER/DATASET on the Hugging Face Hub; corrected from tweets@0123456789ab."""
    if manifest.parent:
        return f"corrected from {manifest.parent}"
    if manifest.hub:
        return f"from {manifest.hub.repository} on the Hugging Face Hub"
    return f"from {join_names(source.name for source in manifest.sources)}"


def list_warnings(manifest: Manifest) -> list[str]:
    """What makes scores on a dataset doubtful, in sentences."""
    corrected = f"{counted(manifest.corrected_labels, 'label')} corrected after models had been seen"
    return [*([corrected] if manifest.corrected_labels else []), *manifest.describe_findings()]


def note_removal(removed_rows: int) -> list[str]:
    return [f"{counted(removed_rows, 'training row')} left out as doubtful"] if removed_rows else []


def count_remarks(warnings: Sequence[str], notes: Sequence[str]) -> str:
    """2 warnings and 1 note; empty if there are none."""
    told = [counted(len(remarks), what) for what, remarks in (("warning", warnings), ("note", notes)) if remarks]
    return join_names(told)


def show_remarks(warnings: Sequence[str], notes: Sequence[str], key: str) -> None:
    """What was found in the data, with row numbers, and how it was read: what a user should look at before training."""
    if not warnings and not notes:
        return
    icon = ":material/warning:" if warnings else ":material/info:"
    is_open = len(warnings) + len(notes) <= FEW_REMARKS
    with st.expander(count_remarks(warnings, notes), icon=icon, expanded=is_open, key=key):
        lines = [f":orange[:material/warning:] {plain(warning)}" for warning in warnings]
        lines += [f":gray[:material/info:] {plain(note)}" for note in notes]
        st.markdown("\n\n".join(lines))
