"""A draft tells how files are read, and after an error as much as is known."""

from pathlib import Path

from emocore.data.reading.record import Reading
from emocore.data.registry.drafts import STEPS, Draft, read_draft
from emocore.data.source import DataFile
from tests.support.forms import to_xlsx
from tests.support.tables import LABELS, make_table


def read(content: bytes, wishes: Reading | None = None, **others: bytes) -> tuple[Draft, list[int]]:
    steps: list[int] = []
    files = {"train": DataFile("a.csv", content)} | {part: DataFile(f"{part}.csv", own) for part, own in others.items()}
    draft = read_draft(files, wishes or Reading(), {"train": Path("/a.csv")}, False, lambda step, _: steps.append(step))  # type: ignore[arg-type]
    return draft, steps


def as_csv(rows: int = 200, seed: int = 0, separator: str = ",") -> bytes:
    return make_table(rows, seed).to_csv(index=False, sep=separator).encode()


def test_a_draft_without_an_error_can_be_registered_and_is_counted() -> None:
    draft, steps = read(as_csv(separator=";"), test=as_csv(seed=1, separator=";"))
    assert draft.found and draft.counts and draft.error is None
    assert draft.columns == ("ID", "Tweet", *LABELS) and draft.reading.delimiter == ";"
    assert draft.counts.texts == {"train": 200, "test": 200}
    assert len(draft.first_cells) == 8 and draft.first_cells.index[0] == 2
    assert [source.path for source in draft.found.sources] == ["/a.csv", None]
    assert list(dict.fromkeys(steps)) == list(range(1, 1 + STEPS))


def test_after_an_error_in_the_labels_the_whole_reading_is_known() -> None:
    draft, _ = read(as_csv().replace(b",0,0,0,0", b",0,0,maybe,0", 2))
    assert draft.found is None and draft.error and "'maybe' where a label is 0 or 1" in draft.error
    assert draft.reading.labels == LABELS and draft.reading.text_column == "Tweet"


def test_where_no_text_is_found_the_cells_are_shown_and_the_column_can_be_set() -> None:
    content = as_csv().replace(b"Tweet", b"line").replace(b"ID", b"said")
    content = b"\n".join(line + (b",by" if not n else b",so me") for n, line in enumerate(content.splitlines()))
    draft, _ = read(content)
    assert draft.error and "no text column found" in draft.error
    assert draft.columns[:2] == ("said", "line") and draft.reading.encoding == "utf-8"
    draft, _ = read(content, Reading(text_column="line", id_column="said"))
    assert draft.error is None and draft.reading.text_column == "line"


def test_a_file_without_readable_cells_has_nothing_to_show() -> None:
    draft, _ = read(b"PK\x03\x04")
    assert draft.error and draft.columns == () and draft.first_cells.empty


def test_an_error_in_another_part_is_told_too() -> None:
    draft, _ = read(as_csv(), test=as_csv().replace(b"anger", b"rage"))
    assert draft.error and "test.csv" in draft.error and draft.found is None


def test_the_sheets_of_an_excel_file_are_told_also_where_the_guess_cannot_be_read() -> None:
    rows = [list(make_table()), *make_table().to_numpy().tolist()]
    content = to_xlsx([["nothing", "here"], ["to", "read"]], rows)
    draft, _ = read(content)
    assert (draft.sheets, draft.reading.sheet, draft.found) == (("Sheet1", "Sheet2"), "Sheet1", None) and draft.error
    draft, _ = read(content, Reading(sheet="Sheet2"))
    assert draft.sheets == ("Sheet1", "Sheet2") and draft.found and draft.reading.sheet == "Sheet2"
    assert read(as_csv())[0].sheets == read(content[:900])[0].sheets == ()


def test_a_sheet_of_one_file_is_not_demanded_of_one_that_has_only_another() -> None:
    rows, more = ([list(make_table()), *make_table(seed=seed).to_numpy().tolist()] for seed in (0, 1))
    about = [["nothing", "here"], ["to", "read"]]
    several, single, wishes = to_xlsx(about, rows), to_xlsx(more), Reading(sheet="Sheet2")
    for train, others in [
        (several, {"test": single}),
        (single, {"test": several}),
        (several, {"test": as_csv(seed=1)}),
    ]:
        draft, _ = read(train, wishes, **others)
        assert draft.error is None and draft.found and draft.found.wishes == wishes
        assert {len(table.frame) for table in draft.found.tables.values()} == {200}
        name = "a.csv" if train is single else "test.csv"
        assert f"{name}: it has no sheet 'Sheet2', so the only table in it was read" in draft.found.notes
    for train, others in [(single, {}), (single, {"test": single}), (several, {"test": to_xlsx(more, about)})]:
        wanted = wishes if train is single else Reading(sheet="Sheet3")
        draft, _ = read(train, wanted, **others)
        assert draft.error and draft.error.startswith(f"a.csv: no sheet '{wanted.sheet}'; it has 'Sheet1'")
    draft, _ = read(to_xlsx(about, about, rows), Reading(sheet="Sheet3"), test=to_xlsx(more, about))
    assert draft.error == "test.csv: no sheet 'Sheet3'; it has 'Sheet1', 'Sheet2'; name one of them"
