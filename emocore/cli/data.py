"""The commands `data ...`: data files before any run uses them."""

from typing import Any, get_args

import click
from pydantic import ValidationError

from emocore.cli.options import FILE
from emocore.cli.output import print_line, print_table
from emocore.data.checks.sentences import describe_finding
from emocore.data.notes import check_file
from emocore.data.reading.label_names import read_label_names
from emocore.data.reading.record import (
    DELIMITER_TITLES,
    SEPARATOR_TITLES,
    FileFormat,
    LabelCells,
    LabelForm,
    Reading,
    describe_reading,
    note_reading,
)
from emocore.data.source import quote_columns, read_source
from emocore.data.table import EmotionTable, open_sheet, take_table
from emocore.emotions import describe_label_set
from emocore.errors import ConfigError
from emocore.run.parse import parse_list
from emocore.run.records import describe_problem
from emocore.text import counted

CHARACTERS: dict[str, dict[str, str]] = {
    "delimiter": {title: character for character, title in DELIMITER_TITLES.items()},
    "separator": {title: character for character, title in SEPARATOR_TITLES.items()},
}
KINDS: dict[str, Any] = {
    "file_format": click.Choice(get_args(FileFormat)),
    "label_form": click.Choice(get_args(LabelForm)),
    "label_cells": click.Choice(get_args(LabelCells)),
    **{name: click.Choice(list(titles)) for name, titles in CHARACTERS.items()},
    "cut": float,
    "label_names": FILE,
    "labels": parse_list,
}


def check_data(file: str, **options: Any) -> None:
    """Print how the file is read, its labels, what is doubtful in it and that it can be used. Raises DataError if it
    cannot, ConfigError if the options contradict each other."""
    sheet = open_sheet(read_source(file), read_wishes(options))
    print_reading(sheet.reading)
    table = take_table(sheet)
    print_labels(table)
    for finding in check_file(table):
        print_line(f"warning: {describe_finding(finding, dict.fromkeys(finding.splits, table.name))}")
    unlabelled = int((table.frame[list(table.labels)].sum(axis=1) == 0).sum())
    texts = counted(len(table.frame), "text")
    print_line(f"fine: {texts} with {len(table.labels)} labels; {unlabelled:,} have no label")


def print_reading(reading: Reading) -> None:
    """Print how a file was read, and what a user should confirm."""
    print_table([["part", "read as"], *map(list, describe_reading(reading))])
    for note in note_reading(reading):
        print_line(f"note: {note}")
    print_line()


def read_wishes(options: dict[str, Any]) -> Reading:
    """The part of a reading that options name. Raises ConfigError, or DataError if the file of names cannot be read."""
    wishes = {name: value for name, value in options.items() if value is not None}
    for name, characters in CHARACTERS.items():
        if name in wishes:
            wishes[name] = characters[wishes[name]]
    if "label_names" in wishes:
        wishes["label_names"] = read_label_names(wishes["label_names"])
    try:
        return Reading.model_validate(wishes)
    except ValidationError as error:
        raise ConfigError(f"{describe_problem(error)}; leave one of them out") from None


def reading_options() -> list[click.Option]:
    """An option for each part of a reading."""
    options = []
    for name, field in Reading.model_fields.items():
        option = f"--{name.replace('_', '-')}"
        declared = f"{option}/--no-{option[2:]}" if name in ("quotes", "header") else option
        metavar = "LIST" if name == "labels" else None
        options.append(
            click.Option([declared, name], type=KINDS.get(name), metavar=metavar, default=None, help=field.description)
        )
    return options


def print_labels(table: EmotionTable) -> None:
    """Print the labels with their counts, and what is not used."""
    counts, texts = table.frame[list(table.labels)].sum(), len(table.frame)
    rows = [[label, f"{counts[label]:,}", f"{counts[label] / texts:.1%}"] for label in table.labels]
    print_table([["label", "texts", "share"], *rows])
    print_line()
    if known := describe_label_set(table.labels):
        print_line(known)
    for thing, names in (("columns", table.ignored_columns), ("labels", table.ignored_labels)):
        if names:
            print_line(f"{thing} that are not used: {quote_columns(table.name, names)}")
