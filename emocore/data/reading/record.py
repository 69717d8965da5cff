"""How a file is read: one record, which can be stored so that the file is read in the same way again."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from emocore.run.records import Strict
from emocore.text import join_names

FileFormat = Literal["delimited", "jsonl", "json", "parquet", "xlsx"]
Delimiter = Literal[",", "\t", ";", "|"]
LabelForm = Literal["columns", "names", "one"]
LabelCells = Literal["0/1", "yes/no", "intensities"]
Separator = Literal[",", ";", "|", "list"]
Names = Annotated[tuple[str, ...], Field(strict=False)]  # JSON has no tuples

USUAL_ENCODING, USUAL_CUT = "utf-8", 1.0
FORMAT_TITLES: dict[FileFormat, str] = {
    "delimited": "rows of cells",
    "jsonl": "a JSON object in each line",
    "json": "a JSON list of objects",
    "parquet": "parquet",
    "xlsx": "an Excel sheet",
}
DELIMITER_TITLES: dict[Delimiter, str] = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar"}
SEPARATOR_TITLES: dict[Separator, str] = {",": "comma", ";": "semicolon", "|": "bar", "list": "list"}


class Reading(Strict):
    """How a file is read. In a wish, None is left to the guess, and `NO_SPLIT_COLUMN` stands for no such column; in the
    reading of a table, None means that the file has no such part, or that rows are numbered (`id_column`)."""

    file_format: FileFormat | None = Field(None, description="What the file is; by default, its content tells.")
    sheet: str | None = Field(None, description="Sheet of an Excel file; by default, the first that is not hidden.")
    encoding: str | None = Field(
        None, max_length=40, description="Encoding of the characters, such as utf-8, utf-16 or windows-1252."
    )
    delimiter: Delimiter | None = Field(None, description="What separates cells.")
    quotes: bool | None = Field(None, description="Whether quotation marks enclose cells, or are part of the texts.")
    header: bool | None = Field(None, description="Whether the first row has names; columns without are 'column 1' ...")
    text_column: str | None = Field(None, description="Column with the texts.")
    id_column: str | None = Field(None, description="Column with the IDs, which differ in every row.")
    group_column: str | None = Field(None, description="Column that says which texts belong together; never guessed.")
    split_column: str | None = Field(
        None,
        description="Column that says which split a text belongs to: train, validation or test; by default, one named "
        "split.",
    )
    label_form: LabelForm | None = Field(
        None,
        description="columns: one column per label. names: one column with the names or numbers of all labels of a "
        "text. one: one column with the only label of a text.",
    )
    label_cells: LabelCells | None = Field(None, description="What the cells of label columns hold.")
    cut: float | None = Field(None, description="With intensities: a label is on from this value.")
    label_column: str | None = Field(None, description="Column with the labels, for the forms names and one.")
    separator: Separator | None = Field(
        None, description="What separates labels in a cell; list: it holds a list in brackets."
    )
    label_names: Names | None = Field(None, description="Names of the labels whose numbers the cells hold, from 0 on.")
    labels: Names | None = Field(None, description="Labels in their order; others are not used.")

    @model_validator(mode="after")
    def _check_form(self) -> Self:
        of_columns = self.label_form == "columns" or self.label_cells is not None or self.cut is not None
        of_names = [name for name in ("label_column", "separator", "label_names") if getattr(self, name) is not None]
        if of_columns and (of_names or self.label_form in ("names", "one")):
            named = join_names(of_names) or f"form {self.label_form}"
            raise ValueError(f"labels with a column each have no {named}, and names have no cells and no cut")
        if self.label_form == "one" and self.separator:
            raise ValueError("one label per text needs no separator")
        if self.cut is not None and self.label_cells not in (None, "intensities"):
            raise ValueError("only intensities have a cut")
        return self


def describe_reading(reading: Reading) -> list[tuple[str, str]]:
    """Each part of the reading of a table as a title and words."""
    file_format, delimiter = reading.file_format, reading.delimiter
    parts = [
        ("file", FORMAT_TITLES[file_format] if file_format else None),
        ("sheet", reading.sheet),
        ("encoding", reading.encoding),
        ("delimiter", DELIMITER_TITLES[delimiter] if delimiter else None),
        ("quotation marks", _choose(reading.quotes, "enclose cells", "belong to the texts")),
        ("header", _choose(reading.header, "the first row", "none")),
        ("texts", reading.text_column),
        ("IDs", reading.id_column or "the numbers of the rows"),
        ("groups", reading.group_column),
        ("splits", reading.split_column),
        ("labels", _describe_labels(reading)),
    ]
    return [(title, words) for title, words in parts if words is not None]


def note_reading(reading: Reading) -> list[str]:
    """What a user should confirm, since a wrong guess would not be seen in the numbers."""
    notes = []
    if reading.encoding not in (None, USUAL_ENCODING):
        notes.append(f"the file is not in UTF-8; it was read as {reading.encoding}, so look at its special characters")
    if reading.label_cells == "intensities":
        notes.append(f"the label columns hold intensities; a label is on from {reading.cut:g}")
    if reading.label_form != "columns" and all(label.isdecimal() for label in reading.labels or ()):
        notes.append("the labels are numbers; a file of label names, one per line, would name them")
    return notes


def _describe_labels(reading: Reading) -> str:
    if reading.label_form == "columns":
        cells = reading.label_cells if reading.cut is None else f"intensities, on from {reading.cut:g}"
        return f"{len(reading.labels or ())} columns of {cells}"
    if reading.label_form == "one":
        return f"one per text, in {reading.label_column}"
    if reading.separator == "list":
        return f"a list of names in {reading.label_column}"
    return f"names in {reading.label_column}, separated by {SEPARATOR_TITLES[reading.separator or ',']}"


def _choose(value: bool | None, if_true: str, if_false: str) -> str | None:
    return None if value is None else if_true if value else if_false
