"""The command `classify`: the emotions that finished runs find in a text, or in each text of a file."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from emocore.cli.output import find_output, print_json, print_line, print_note, print_rows, to_records
from emocore.cli.runs import named_runs
from emocore.data.spreadsheet import is_for_spreadsheets, to_csv, write_csv
from emocore.data.table import read_texts
from emocore.emotions import display_order
from emocore.errors import ConfigError, DataError
from emocore.evaluation.results import load_result
from emocore.system.libraries import prepare_libraries
from emocore.text import join_names, name_some

MOST_NAMED = 10  # emotions that are found; the table under them has all


def classify_texts(
    runs: Sequence[str],
    text: str | None,
    file: str | None,
    text_column: str | None,
    out: str | None,
    for_spreadsheets: bool,
    as_json: bool,
) -> None:
    """Loads torch after all other checks. Raises ConfigError, RunError, AdapterError or DataError."""
    given = [source for source in (text, file) if source is not None]
    if len(given) != 1:
        raise ConfigError("give the texts by either --text or --file")
    if out and not file:
        raise ConfigError("--out needs --file")
    if for_spreadsheets and not out:
        raise ConfigError("--for-spreadsheets needs --out")
    if text is not None and not text.strip():
        raise ConfigError("--text: the text is empty")
    folders = named_runs(runs)
    for run in folders:
        load_result(run)
    texts = given if file is None else read_texts(file, text_column)
    place = _find_out(out, for_spreadsheets) if out else None

    prepare_libraries()  # or bitsandbytes would print a note on kernels that nobody needs

    from emocore.inference.classify import ClassifierPool, classify, widen

    pool = ClassifierPool()
    answers = classify(pool, folders, texts)
    for run in folders:
        if note := pool.get(run).note:
            print_note(f"note: {run.id}: {note}")
    if text is not None:
        _print_answers(answers, text, as_json)
    else:
        _print_or_write(widen(answers, folders), place, for_spreadsheets, as_json)


def _find_out(name: str, for_spreadsheets: bool) -> Path:
    """The path to write to. Raises DataError if no CSV can be written there."""
    out = find_output("--out", name, takes_streams=True)
    if is_for_spreadsheets(out.name):
        raise DataError(f"--out {out}: only --for-spreadsheets gives a file such a name; choose another one")
    if for_spreadsheets and out.exists() and not out.is_file():
        raise DataError(f"--out {out}: this is not a file, so the file for spreadsheets cannot be put next to it")
    return out


def _print_answers(answers: pd.DataFrame, text: str, as_json: bool) -> None:
    by_run = answers.groupby("run", sort=False)
    if as_json:
        columns = ["emotion", "probability", "threshold", "predicted"]
        print_json([{"run": run, "text": text, "emotions": to_records(rows[columns])} for run, rows in by_run])
        return
    for run, rows in by_run:
        ordered = rows.set_index("emotion", drop=False).loc[display_order(rows["emotion"])]
        found = ordered.loc[ordered["predicted"], "emotion"]
        print_line(f"{run}: {name_some(found, most=MOST_NAMED) or 'no emotion'}")
        print_rows(to_records(ordered[["emotion", "probability", "threshold"]]))
        print_line()


def _print_or_write(table: pd.DataFrame, out: Path | None, for_spreadsheets: bool, as_json: bool) -> None:
    try:
        written = write_csv(out, table, for_spreadsheets) if out else []
    except OSError as error:
        raise DataError(f"--out {out}: cannot be written ({error.strerror}); free space there") from None
    if as_json:
        print_json(to_records(table))
    elif out:
        print_line(f"{len(table):,} texts classified, written to {join_names(map(str, written))}")
    else:
        sys.stdout.write(to_csv(table))
