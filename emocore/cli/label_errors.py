"""The option `--label-errors` of `compare`: the list of suspected labels as a CSV, open, or blind with its key."""

from pathlib import Path

from emocore.cli.output import find_output, print_note
from emocore.data.spreadsheet import is_for_spreadsheets, write_csv
from emocore.errors import DataError
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.label_errors import describe_label_errors, find_label_errors
from emocore.export.label_errors import blind_list, open_list
from emocore.text import join_names

OPTION = "--label-errors"


def find_list(name: str, blind: bool) -> Path:
    """The path of the list. Raises DataError if it or its key cannot be written there."""
    path = find_output(OPTION, name)
    if is_for_spreadsheets(path.name):
        raise DataError(f"{OPTION} {path}: only --for-spreadsheets gives a file such a name; choose another one")
    if blind:
        find_output(OPTION, str(_key_of(path)))
    return path


def write_label_errors(comparison: Comparison, path: Path, blind: bool, for_spreadsheets: bool) -> None:
    """Raises DataError if no run has predictions or a file cannot be written."""
    errors = find_label_errors(comparison)
    if blind:
        listed, key = blind_list(errors)
        tables = {path: listed, _key_of(path): key}
    else:
        tables = {path: open_list(errors)}
    written: list[Path] = []
    for place, table in tables.items():
        try:
            written += write_csv(place, table, for_spreadsheets)
        except OSError as error:
            raise DataError(f"{OPTION} {place}: cannot be written ({error.strerror}); free space there") from None
    for sentence in describe_label_errors(errors):
        print_note(f"note: {sentence}")
    print_note(f"written: {join_names(map(str, written))}")


def _key_of(path: Path) -> Path:
    """errors-key.csv of errors.csv"""
    return path.with_name(f"{path.stem}-key{path.suffix}")
