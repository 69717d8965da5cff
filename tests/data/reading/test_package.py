"""An Excel file that is damaged, none, or built to fill memory or to read other files is refused in a line, at once."""

import io
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.chart import BarChart

from emocore.data.reading import package
from emocore.data.source import DataFile
from emocore.errors import DataError
from tests.support.forms import MAIN, change_part, read_form, save_workbook, to_xlsx

ROWS = [["text", "joy", "fear"], ["so happy", 1, 0], ["so afraid", 0, 1]]
GOOD = to_xlsx(ROWS)
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))


def declare(entities: str, use: str) -> Callable[[str], str]:
    return lambda _: f'<!DOCTYPE sst [{entities}]><sst xmlns="{MAIN}"><si><t>{use}</t></si></sst>'


def insert(before: str, added: str) -> Callable[[str], str]:
    return lambda part: part.replace(before, added + before, 1)


def zip_of(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "<a/>")
    return stream.getvalue()


def lie(content: bytes, name: str, size: int) -> bytes:
    """The ZIP with another size of a part in its directory and before the part."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.getinfo(name)
    old, new = struct.pack("<II", part.compress_size, part.file_size), struct.pack("<II", part.compress_size, size)
    assert content.count(old) == 2
    return content.replace(old, new)


REFUSED: dict[str, tuple[str, bytes, str]] = {
    "no workbook": ("a.xlsx", zip_of("a.csv", "b.csv"), "this is a ZIP or an Excel file; unpack it"),
    "Word": ("a.xlsx", zip_of("[Content_Types].xml", "word/document.xml"), "this is a ZIP or an Excel file"),
    "binary workbook": ("a.xlsb", zip_of("xl/workbook.bin"), "a ZIP or an Excel file; .* save the sheet as CSV"),
    "old or encrypted": ("a.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "or one with a password"),
    "a CSV": ("a.xlsx", b"text,joy,fear\na b,1,0\n", "not an Excel file, which begins with PK"),
    "cut": ("a.xlsx", GOOD[:-40], "not a readable Excel file; it may be cut off or damaged"),
    "cut, of another name": ("a.csv", GOOD[:-40], "this is a ZIP or an Excel file"),
    "only the name": ("a.xlsx", zip_of("xl/workbook.xml"), "not a readable Excel file"),
    "a byte changed": ("a.xlsx", GOOD.replace(b"\x00\x00xl/worksheets", b"\x00\x00xl/worksheetz"), "not a readable"),
    "broken XML": ("a.xlsx", change_part(GOOD, SHEET, lambda part: part[:-60]), "not a readable Excel file"),
    "no number": ("a.xlsx", change_part(GOOD, SHEET, lambda part: part.replace("<v>1<", "<v>x<")), "not a"),
    "no such text": ("a.xlsx", change_part(GOOD, SHEET, lambda part: part.replace("<v>4<", "<v>99<")), "not a"),
    "bzip2": ("a.xlsx", change_part(GOOD, "x.bin", str, compression=zipfile.ZIP_BZIP2), "not a readable Excel file"),
    "laughs": ("a.xlsx", change_part(GOOD, STRINGS, declare('<!ENTITY e0 "ha">' + LAUGHS, "&e9;")), "declares"),
    "other file": (
        "a.xlsx",
        change_part(GOOD, STRINGS, declare('<!ENTITY e SYSTEM "file:///etc/passwd">', "&e;")),
        "declares entities or a document type, which no Excel file needs",
    ),
    "entities in UTF-16": (
        "a.xlsx",
        change_part(GOOD, "xl/extra.bin", lambda _: "<!DOCTYPE a><a/>".encode("utf-16")),
        "declares entities",
    ),
    "a smaller size than is true": ("a.xlsx", lie(GOOD, SHEET, 200), "not a readable Excel file"),
    "a larger size than is true": ("a.xlsx", lie(GOOD, SHEET, 4_000_000_000), "unpacks to more than the 200 MB"),
    "a wide row": ("a.xlsx", change_part(GOOD, SHEET, insert("</row>", "<c/>" * 16_385)), "more cells, texts"),
    "nested": ("a.xlsx", change_part(GOOD, STYLES, insert("<fonts", "<a>" * 60 + "</a>" * 60)), "more cells"),
    "runs": ("a.xlsx", change_part(GOOD, STRINGS, insert("</si>", "<r/>" * 100_001)), "more cells, texts or styles"),
    "rows": ("a.xlsx", change_part(GOOD, SHEET, insert("</sheetData>", '<row r="2000000000"/>')), "not a readable"),
    "a column far away": ("a.xlsx", change_part(GOOD, SHEET, insert("</row>", '<c r="ZZZZZZZZ1"/>')), "not a readable"),
    "a column too far": ("a.xlsx", change_part(GOOD, SHEET, insert("</row>", '<c r="XFE1"/>')), "not a readable"),
    "1,001 columns": ("a.xlsx", to_xlsx([["text", *map(str, range(1_000))], ["a b"]]), "1,001 columns; at most 1,000"),
    "only a header": ("a.xlsx", to_xlsx([["text", "joy", "fear"]]), "only a header; the sheet needs rows below it"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.timeout(30)
def test_it_is_refused_in_a_line(case: str) -> None:
    name, content, words = REFUSED[case]
    with pytest.raises(DataError) as caught:
        read_form(name, content)
    message = str(caught.value)
    assert message.startswith(f"{name}") and "\n" not in message and re.search(words, message)


def test_empty_cells_far_to_the_right_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f'<row r="{row}"><c r="XFD{row}"/></row>' for row in range(4, 20))
    content = change_part(GOOD, SHEET, insert("</sheetData>", rows))
    assert len(read_form("a.xlsx", content).frame) == 2
    monkeypatch.setattr("emocore.data.cells.MOST_CELLS", 100_000)
    with pytest.raises(DataError, match="more than 100,000 cells are not read"):
        read_form("a.xlsx", content)


def test_the_part_of_styles_may_have_fewer_elements_than_a_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    content = change_part(GOOD, STYLES, insert("</cellXfs>", "<xf/>" * 600))
    assert len(read_form("a.xlsx", content).frame) == 2
    monkeypatch.setattr(package, "MOST_WHOLE_ELEMENTS", 500)
    with pytest.raises(DataError, match="more cells, texts or styles than are read"):
        read_form("a.xlsx", content)


def test_a_sheet_of_more_elements_is_refused_before_openpyxl_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package, "MOST_ELEMENTS", 30)
    monkeypatch.setattr("emocore.data.reading.excel.load_workbook", None)
    with pytest.raises(DataError, match="more cells, texts or styles than are read"):
        read_form("a.xlsx", to_xlsx([*ROWS, *ROWS]))


def test_a_warning_of_openpyxl_is_no_matter() -> None:
    extension = '<extLst><ext uri="{05C60535-1F16-4fd2-B633-F4F36F0B64E0}"/></extLst>'
    content = change_part(GOOD, SHEET, insert("</worksheet>", extension))
    content = change_part(content, STYLES, lambda part: re.sub("<cellStyles.*</cellStyles>", "", part))
    assert len(read_form("a.xlsx", content).frame) == 2


def test_pictures_and_other_parts_are_no_matter() -> None:
    content = change_part(GOOD, "xl/media/image1.png", lambda _: "\x89PNG no XML")
    assert len(read_form("a.xlsx", content).frame) == 2


def test_no_message_shows_what_a_file_holds(tmp_path: Path) -> None:
    secret = "s3cr3t-value-of-mine"
    for rows in (
        [["text", "joy", "fear"], [secret, 1, 0], ["", 0, 1]],
        [[secret]],
        [["text", secret], ["a b", secret]],
    ):
        with pytest.raises(DataError) as caught:
            read_form("notes", to_xlsx(rows))
        assert secret not in str(caught.value)


@pytest.mark.parametrize("part", [SHEET, STRINGS])
def test_an_element_that_openpyxl_holds_as_a_whole_has_few_parts(part: str) -> None:
    end = "</c>" if part == SHEET else "</si>"
    content = change_part(GOOD, part, insert(end, "<x/>" * 2_000))
    with pytest.raises(DataError, match=r"has more cells, texts or styles than are read"):
        read_form("a.xlsx", content)


def test_sheets_are_listed_in_their_order_without_charts() -> None:
    workbook = Workbook()
    workbook.active.title, workbook.active.sheet_state = "notes & more", "hidden"
    workbook.create_chartsheet("chart").add_chart(BarChart())
    workbook.create_sheet("été <2>")
    listed = package.list_sheets(DataFile("a.xlsx", save_workbook(workbook)))
    assert listed == ("notes & more", "été <2>")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (GOOD[:900], "not a readable Excel file"),
        (zip_of("xl/workbook.xml"), "not a readable Excel file"),
        (change_part(GOOD, "xl/workbook.xml", declare(LAUGHS, "&e9;")), "it declares entities or a document type"),
    ],
)
def test_sheets_of_a_damaged_file_are_refused(content: bytes, words: str) -> None:
    with pytest.raises(DataError, match=words):
        package.list_sheets(DataFile("a.xlsx", content))
