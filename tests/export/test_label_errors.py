"""Lists of suspected labels: the open one, the blind one with its key, and both read back after they were filled in."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from emocore.data.changes import LabelChange, apply_changes, hash_text
from emocore.data.corrections import read_corrections
from emocore.data.source import DataFile
from emocore.data.spreadsheet import defuse_table, to_csv
from emocore.evaluation.label_errors import LabelErrors, suspect_labels
from emocore.export.label_errors import blind_list, open_list
from tests.support.simulated import World

TEXTS = ["@ada so happy", "=1+1", 'a "b", c', "two\nlines", "carriage\rreturn", "plain", "'tis", "-"]


@pytest.fixture(scope="module")
def errors() -> LabelErrors:
    """Of two splits with 400 texts each, whose row ids are the same."""
    random, world = np.random.default_rng(3), World(texts=400)
    by_split = {}
    for split in ("validation", "test"):
        drawn = world.draw(random, [(*world.draw_seeds(random, 1), 1.0) for _ in range(2)])
        truth = drawn.truth ^ (random.random(drawn.truth.shape) < 0.05)
        texts = tuple(f"{TEXTS[row % len(TEXTS)]} {split} {row}" for row in range(400))
        by_split[split] = replace(drawn, truth=truth, texts=texts)
    return suspect_labels(by_split)


def frame_of(errors: LabelErrors, split: str) -> pd.DataFrame:
    """The table that the labels of a split are stored in."""
    predictions = errors.predictions[split]
    names = pd.DataFrame({"row_id": predictions.row_ids, "text": predictions.texts})
    return names.join(pd.DataFrame(predictions.truth.astype(np.int8), columns=list(predictions.labels)))


def test_the_open_list_has_an_empty_column_for_corrections_next_to_what_is_suggested(errors: LabelErrors) -> None:
    listed = open_list(errors)
    assert list(listed)[:8] == ["rank", "split", "row_id", "text", "label", "stored", "suggested", "corrected"]
    assert set(listed["corrected"]) == {""} and "corrected" not in errors.suspects
    pd.testing.assert_frame_equal(listed.drop(columns="corrected"), errors.suspects)


def test_the_blind_list_tells_only_text_and_label(errors: LabelErrors) -> None:
    listed, key = blind_list(errors)
    assert list(listed) == ["cell", "text", "label", "corrected"]
    assert len(listed) == len(key) == 2 * len(errors.suspects) > 100
    assert listed["cell"].tolist() == [*range(1, len(listed) + 1)]
    pd.testing.assert_frame_equal(listed[["cell", "text", "label"]], key[["cell", "text", "label"]])
    halves = key["suspected"].to_numpy().reshape(2, -1).mean(axis=1)
    assert abs(halves - 0.5).max() < 0.1, "the order says nothing"


def test_the_others_in_the_blind_list_are_as_the_suspected_ones(errors: LabelErrors) -> None:
    _, key = blind_list(errors)
    places = ["split", "row_id", "label"]
    assert not key.duplicated(places).any()
    counts = key.groupby(["split", "label", "stored", "suspected"]).size().unstack("suspected")
    assert (counts[0] == counts[1]).all()
    told = key.merge(errors.suspects[[*places, "stored", "suggested"]], on=places, how="left", suffixes=("", "_known"))
    assert (told["suggested_known"].notna() == (told["suspected"] == 1)).all()
    assert told["suggested"].equals(told["suggested_known"].astype("Int64"))
    for row in key.to_dict("records"):
        predictions = errors.predictions[row["split"]]
        place = int(row["row_id"])
        assert predictions.truth[place, predictions.labels.index(row["label"])] == row["stored"]
        assert predictions.texts[place] == row["text"]


def test_a_list_that_is_made_again_is_the_same(errors: LabelErrors) -> None:
    for first, second in zip(blind_list(errors), blind_list(errors), strict=True):
        pd.testing.assert_frame_equal(first, second)


def test_where_others_run_out_there_are_fewer(errors: LabelErrors) -> None:
    every = {split: np.ones_like(own) for split, own in errors.is_suspected.items()}
    _, key = blind_list(replace(errors, is_suspected=every))
    assert len(key) == len(errors.suspects) and key["suspected"].all()


@pytest.mark.parametrize("for_spreadsheets", [True, False])
@pytest.mark.parametrize("is_blind", [True, False])
def test_a_list_that_was_filled_in_changes_the_table(
    errors: LabelErrors, is_blind: bool, for_spreadsheets: bool
) -> None:
    """Whoever judges calls every second label wrong, and leaves out the last ten."""
    listed, key = blind_list(errors) if is_blind else (open_list(errors), open_list(errors))
    wanted = np.where(np.arange(len(key)) % 2, key["stored"], 1 - key["stored"])
    listed["corrected"] = [str(value) for value in wanted[:-10]] + [""] * 10

    def write(table: pd.DataFrame, name: str) -> DataFile:
        content = to_csv(defuse_table(table) if for_spreadsheets else table)
        return DataFile(f"{name}.for-spreadsheets.csv" if for_spreadsheets else f"{name}.csv", content.encode())

    changes = read_corrections(write(listed, "errors"), write(key, "key") if is_blind else None)
    changed = key[:-10:2]
    assert sum(map(len, changes.values())) == len(changed)
    for split, own in changes.items():
        rows = changed[changed["split"] == split]
        known = zip(rows["row_id"], rows["text"], rows["label"], rows["stored"], strict=True)
        assert own == tuple(
            LabelChange(row_id=row_id, text_hash=hash_text(text), label=label, old=stored, new=1 - stored)
            for row_id, text, label, stored in known
        )
        before = frame_of(errors, split)
        after = apply_changes(before, own, "table.csv")
        assert (after != before).sum().sum() == len(own)
