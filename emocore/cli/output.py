"""Output of the command line: plain tables for people, JSON for programs."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emocore.data.uploads import Upload
from emocore.emotions import display_order
from emocore.errors import DataError, RunError
from emocore.jobs.overview import RunOverview, describe_run
from emocore.models.bases import BASES
from emocore.models.methods.catalogue import METHODS
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.result import CHOSEN_NOTE, SHARED_NOTE
from emocore.run.settings import bounds, describe, use
from emocore.text import CONTROL, format_bytes, format_count, format_seconds, show_controls

if TYPE_CHECKING:
    import pandas as pd


def print_line(text: str = "") -> None:
    """Print a line that is safe for a terminal. Everything but JSON is printed by this, `print_note` or
    `print_problem`."""
    print(show_controls(text), flush=True)


def print_note(text: str) -> None:
    """Print a line on stderr, so that it does not mix with results."""
    print(show_controls(text), file=sys.stderr)


def print_problem(message: str) -> None:
    """Print an error as one line on stderr, even if the user's input had several."""
    print_note("emocore: " + " ".join(message.split()))


def confirm(question: str) -> bool:
    """Ask whoever sits at the terminal; nobody there means no."""
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def print_damaged(problems: Iterable[str]) -> None:
    """Print a note on stderr for each run that cannot be listed or used."""
    for problem in problems:
        print_note(f"note: {problem}")


def print_json(content: Any) -> None:
    """Print JSON. Raises RunError if the content is nested too deeply, as in a damaged file."""
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False)
    except RecursionError:
        raise RunError("a file of the run is nested too deeply to be printed, so it is damaged") from None
    print(CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_rows(rows: list[dict[str, Any]], as_json: bool = False) -> None:
    """Print a left-aligned table; its columns are the keys of the rows."""
    if as_json:
        print_json(rows)
        return
    print_table([[*rows[0]], *([_cell(value) for value in row.values()] for row in rows)])


def print_table(cells: list[list[str]]) -> None:
    """Print left-aligned cells; the first row is the header."""
    shown = [[show_controls(" ".join(cell.splitlines())) for cell in line] for line in cells]
    widths = [max(len(line[column]) for line in shown) for column in range(len(shown[0]))]
    for line in shown:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def base_rows() -> list[dict[str, Any]]:
    fields = ("name", "source", "parameters", "context_length", "pooling", "licence", "gated", "note")
    return [{name: getattr(base, name) for name in fields} for base in BASES.values()]


def method_rows() -> list[dict[str, Any]]:
    """One row per method. Learning rates and epochs are given for a mean-pooled and for a last-token base."""
    rows = []
    for method in METHODS.values():
        tuned = "learning_rate" in method.settings
        rates = [method.default("learning_rate", pooling) if tuned else None for pooling in ("mean", "last")]
        rows.append(
            {
                "name": method.name,
                "title": method.title,
                "family": method.family.title,
                "learning_rate_mean": rates[0],
                "learning_rate_last": rates[1],
                "settings": sorted(method.settings),
                "summary": method.summary,
                "paper": method.paper,
            }
        )
    return rows


def setting_rows() -> list[dict[str, Any]]:
    """Every setting of a run, in the order of the config."""
    signs = {"ge": ">=", "gt": ">", "le": "<=", "lt": "<"}
    return [
        {
            "name": name,
            "role": use(name).role,
            "default": field.default,
            "bounds": ", ".join(f"{signs[kind]} {value:,}" for kind, value in bounds(name).items()),
            "varied": use(name).varied,
            "description": describe(name),
        }
        for name, field in RunConfig.model_fields.items()
    ]


def settings_markdown() -> str:
    """The page `docs/settings.md`."""
    rows = [
        f"| `{row['name']}` | {row['role']} | {'' if row['default'] is None else row['default']} | {row['bounds']} "
        f"| {'yes' if row['varied'] else ''} | {row['description']} |".replace("  |", " |")
        for row in setting_rows()
    ]
    head = [
        "# Settings of a run",
        "",
        "`make docs` writes this page from the fields of `RunConfig`. A setting without a default here gets one from",
        "the method or the base. A study may give several values to a setting that can be varied.",
        "",
        "| setting | role | default | bounds | varied | description |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*head, *rows, ""])


def overview_row(overview: RunOverview) -> dict[str, Any]:
    return {
        "run": overview.id,
        "study": overview.study,
        "state": overview.status,
        "progress": f"{overview.progress:.0%}",
        "left": format_seconds(overview.remaining_seconds),
        "macro-F1": overview.f1_macro,
        "micro-F1": overview.f1_micro,
        "disk": format_bytes(overview.disk_bytes),
    }


def upload_row(upload: Upload) -> dict[str, Any]:
    return {
        "file": upload.path.name,
        "disk": format_bytes(upload.bytes),
        "age": format_seconds(upload.age_seconds),
        "runs": list(upload.runs),
    }


def run_details(run: RunFolder) -> dict[str, Any]:
    """Everything stored about a run, except its curves and predictions."""
    records = {"result": run.scores, "provenance": run.provenance, "wandb": run.wandb_place}
    return {
        **asdict(describe_run(run)),
        "folder": str(run.path),
        "config": run.config.model_dump(),
        **{name: record.model_dump() if record else None for name, record in records.items()},
    }


def print_run(run: RunFolder) -> None:
    overview, stored = describe_run(run), run.scores
    print_rows([overview_row(overview)])
    if overview.reason:
        print_line(f"\n{overview.reason}")
    print_line(f"\nfolder: {run.path}\n\nsettings:")
    for name, value in run.config.model_dump(exclude_none=True).items():
        print_line(f"  {name} = {value}")
    if stored:
        if stored.kept:
            print_line(f"\n{stored.kept}")
        for split, scores in stored.splits.items():
            print_line(f"\n{split}: {CHOSEN_NOTE}" if split == "validation" and stored.kept else f"\n{split}:")
            emotions = scores.multilabel.per_emotion
            print_rows([{"emotion": name} | emotions[name].model_dump() for name in display_order(emotions)])
        cost, speed = stored.cost, stored.cost.samples_per_second
        print_line(
            f"\ntrained in {format_seconds(cost.train_seconds)}, "
            f"{'-' if speed is None else f'{speed:.1f}'} texts/s, "
            f"peak memory {format_bytes(cost.peak_memory_bytes)}, "
            f"{format_count(cost.trainable_parameters)} trainable parameters, "
            f"adapter {format_bytes(cost.adapter_bytes)}" + (f"; {SHARED_NOTE}" if stored.shared_device else "")
        )
    elif log := run.tail_log(8):
        print_line(f"\nlog:\n{log}")


def find_output(option: str, name: str, takes_streams: bool = False) -> Path:
    """The path that a command writes to. Raises DataError if no file can be there. A pipe or a device is also refused
    unless the command `takes_streams`, because it cannot be replaced in one step as a file is."""
    path = Path(name)
    try:
        is_place = not path.is_dir() and path.resolve().parent.is_dir()
        is_place = is_place and (takes_streams or not path.exists() or path.is_file())
    except (OSError, RuntimeError, ValueError):  # too long, a loop of links, or not a path
        is_place = False
    if not is_place:
        raise DataError(f"{option} {name[:200]}: cannot be written; name a file in a folder that exists")
    return path


def to_records(table: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows as plain Python values; NaN becomes None."""
    return json.loads(table.to_json(orient="records", double_precision=12))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 and (value == 0 or abs(value) >= 1e-3) else f"{value:,.5g}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
