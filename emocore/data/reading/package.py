"""Looks through an Excel file, which is a ZIP of XML parts, before openpyxl opens it.

A small ZIP can unpack to gigabytes, and openpyxl makes about a kilobyte of each element of a part that it reads as a
whole. So the sizes in the ZIP's directory are added up (Python's `zipfile` never gives more of a part than these say),
the elements of the parts that openpyxl reads are counted, and a part that declares entities is refused. Parts are known
by their usual names.
"""

import io
import re
import zipfile
import zlib
from xml.parsers import expat

from emocore.data.source import MOST_DATA_BYTES, DataFile
from emocore.errors import DataError
from emocore.text import format_bytes

WORKBOOK, RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
ROWS_PART = re.compile(r"xl/(worksheets/[^/]+|sharedStrings)\.xml")  # which openpyxl reads row by row
WHOLE_PART = re.compile(r"\[Content_Types\]\.xml|xl/(styles|workbook)\.xml|docProps/.+|.+\.rels")
MOST_ELEMENTS, MOST_WHOLE_ELEMENTS = 20_000_000, 500_000  # of a part
# Of an element, by its name. Excel has 1,048,576 rows of 16,384 cells, and can have more texts than rows.
MOST_CHILDREN = {"sheetData": 1_048_576, "sst": 2_000_000, "row": 16_384, "c": 10, "si": 1_000, "is": 1_000, "r": 10}
USUAL_CHILDREN, MOST_DEPTH = 100_000, 50
PIECE_BYTES = 2**16
COORDINATE = re.compile(r"[A-Z]{1,3}[0-9]{1,7}")  # openpyxl makes as many cells as a row has columns up to the last one
ZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError)


def is_workbook(content: bytes) -> bool | None:
    """Whether a ZIP has the parts of an Excel file; None if it is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return WORKBOOK in package.namelist()
    except ZIP_ERRORS:
        return None


def check_parts(file: DataFile) -> bool:
    """Whether a sheet has formulas. Raises DataError if the file is damaged, or more than is read."""
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as package:
            parts = package.infolist()
            if sum(part.file_size for part in parts) > MOST_DATA_BYTES:
                raise DataError(
                    f"{file.name}: unpacks to more than the {format_bytes(MOST_DATA_BYTES)} that are read; leave out "
                    "columns or rows that are not used, or save the sheet as CSV"
                )
            has_formulas = [_check_part(file, package, part) for part in parts]
    except ZIP_ERRORS:
        raise unreadable(file) from None
    return any(has_formulas)


def list_sheets(file: DataFile) -> tuple[str, ...]:
    """The names of the sheets with cells in their order, also of those that are hidden. Only the workbook's list is
    read, which is quick. Raises DataError if the file is damaged."""
    finder = _SheetFinder()
    try:
        with zipfile.ZipFile(io.BytesIO(file.content)) as package:
            for name, parser in ((RELATIONS, finder.relations), (WORKBOOK, finder.workbook)):
                part = package.getinfo(name)
                _check_part(file, package, part)
                _parse(package, part, parser)
    except (*ZIP_ERRORS, KeyError):
        raise unreadable(file) from None
    return tuple(finder.names)


def find_unstored_formula(file: DataFile, name: str) -> str | None:
    """The place of the first cell of a part, such as "cell C5", with a formula but without its result."""
    with zipfile.ZipFile(io.BytesIO(file.content)) as package:
        finder = _FormulaFinder()
        _parse(package, package.getinfo(name), finder.parser)
        return finder.found


def unreadable(file: DataFile) -> DataError:
    return DataError(
        f"{file.name}: not a readable Excel file; it may be cut off or damaged, so save it again, or the sheet as CSV"
    )


def _check_part(file: DataFile, package: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether it has formulas."""
    if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise zipfile.BadZipFile  # which no program writes, and whose unpacking may take any memory
    counter = _ElementCounter(file, part.filename)
    _parse(package, part, counter.parser)
    return counter.has_formulas


def _parse(package: zipfile.ZipFile, part: zipfile.ZipInfo, parser: expat.XMLParserType) -> None:
    """Stops where a part is no XML, as a picture is not."""
    with package.open(part) as stream:
        try:
            while piece := stream.read(PIECE_BYTES):
                parser.Parse(piece, False)
        except expat.ExpatError:
            return


class _ElementCounter:
    """Raises DataError in the midst of a part if it declares entities or has too many elements."""

    def __init__(self, file: DataFile, part: str) -> None:
        self._file = file
        self.has_formulas = False
        self.parser = expat.ParserCreate()
        self.parser.StartDoctypeDeclHandler = self._refuse
        is_rows = ROWS_PART.fullmatch(part) is not None
        if is_rows or WHOLE_PART.fullmatch(part):
            self._left = MOST_ELEMENTS if is_rows else MOST_WHOLE_ELEMENTS
            self._children_left = [1]
            self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        own = name.rpartition(":")[2]
        if own == "f":
            self.has_formulas = True
        if own == "c" and "r" in attributes and not COORDINATE.fullmatch(attributes["r"]):
            raise unreadable(self._file)
        self._left -= 1
        self._children_left[-1] -= 1
        if self._left < 0 or self._children_left[-1] < 0 or len(self._children_left) > MOST_DEPTH:
            raise DataError(
                f"{self._file.name}: has more cells, texts or styles than are read; leave out columns or rows that are "
                "not used, or save the sheet as CSV"
            )
        self._children_left.append(MOST_CHILDREN.get(own, USUAL_CHILDREN))

    def _end(self, _: str) -> None:
        self._children_left.pop()

    def _refuse(self, *_: object) -> None:
        raise DataError(
            f"{self._file.name}: it declares entities or a document type, which no Excel file needs; save it again, or "
            "the sheet as CSV"
        )


class _SheetFinder:
    """Finds the names of sheets that are no charts; `relations` is to parse its part before `workbook` does."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._charts: set[str] = set()
        self.relations, self.workbook = expat.ParserCreate(), expat.ParserCreate(namespace_separator=" ")
        self.relations.StartElementHandler, self.workbook.StartElementHandler = self._relate, self._find

    def _relate(self, _: str, attributes: dict[str, str]) -> None:
        if attributes.get("Type", "").endswith("/chartsheet"):
            self._charts.add(attributes.get("Id", ""))

    def _find(self, name: str, attributes: dict[str, str]) -> None:
        own = {attribute.rpartition(" ")[2]: value for attribute, value in attributes.items()}
        if name.endswith(" sheet") and own.get("id") not in self._charts:
            self.names.append(own.get("name", ""))


class _FormulaFinder:
    """Finds a cell with a formula and without a value. A result that is an empty text has no value, but a type."""

    def __init__(self) -> None:
        self.found: str | None = None
        self._cell, self._has_formula, self._has_value, self._is_value = "", False, False, False
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler, self.parser.EndElementHandler = self._start, self._end
        self.parser.CharacterDataHandler = self._read

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        own = name.rpartition(":")[2]
        if own == "c":
            self._cell = attributes.get("r", "")
            self._has_formula, self._has_value = False, attributes.get("t") == "str"
        self._has_formula = self._has_formula or own == "f"
        self._is_value = own == "v"

    def _read(self, _: str) -> None:
        self._has_value = self._has_value or self._is_value

    def _end(self, name: str) -> None:
        self._is_value = False
        if name.rpartition(":")[2] == "c" and self._has_formula and not self._has_value and self.found is None:
            self.found = f"cell {self._cell}" if COORDINATE.fullmatch(self._cell) else "a cell"
