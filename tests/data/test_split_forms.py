"""Splits of files in other forms than CSV with 0/1 columns, and what is told of how they were read."""

from pathlib import Path

from emocore.data.split import load_splits
from emocore.run.config import RunConfig
from tests.support.forms import to_lines
from tests.support.tables import write_text


def test_json_lines_with_names_are_split_like_any_file(tmp_path: Path) -> None:
    rows = [{"text": f"words {row}", "labels": [["joy"], ["fear"], ["fear", "joy"], []][row % 4]} for row in range(100)]
    train = write_text(tmp_path / "train.jsonl", to_lines(rows))
    test = write_text(tmp_path / "test.jsonl", to_lines([row | {"labels": ["joy", "awe"]} for row in rows[:20]]))
    splits = load_splits(RunConfig(data=train, test_data=test))
    assert splits.labels == ("fear", "joy") and len(splits.frames["test"]) == 20
    assert any("test.jsonl: labels that are not used" in note and "'awe'" in note for note in splits.notes)
    assert any("no text has fear" in note for note in splits.notes)


def test_a_guessed_cut_is_told(tmp_path: Path) -> None:
    rows = [{"text": f"words {row}", "anger": row % 4, "joy": row // 4 % 4} for row in range(100)]
    splits = load_splits(RunConfig(data=write_text(tmp_path / "train.jsonl", to_lines(rows))))
    assert "train.jsonl: the label columns hold intensities; a label is on from 1" in splits.notes
