"""What the command line prints: plain tables for people, JSON for programs."""

import json
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from emocore.data.uploads import Upload
from emocore.errors import DataError, RunError
from emocore.jobs.overview import RunOverview, describe_run
from emocore.models.bases import BASES
from emocore.models.methods import METHODS
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import list_damaged_runs
from emocore.run.settings import bounds, describe, use
from emocore.text import CONTROL, format_bytes, format_count, format_seconds, show_controls


def print_line(text: str = "") -> None:
    """All that is not JSON goes through here or `print_note`: a terminal shows what files hold, obeying none."""
    print(show_controls(text), flush=True)


def print_note(text: str) -> None:
    """On stderr, so that it does not stand between results."""
    print(show_controls(text), file=sys.stderr)


def print_problem(message: str) -> None:
    """One line on stderr, whatever stood in the user's input."""
    print_note("emocore: " + " ".join(message.split()))


def print_damaged(root: Path) -> None:
    """A note on stderr for each run that can be neither listed nor used."""
    for problem in list_damaged_runs(root):
        print_note(f"note: {problem}")


def print_json(content: Any) -> None:
    """Raises RunError for what is nested too deeply, as a damaged file may be."""
    try:
        text = json.dumps(content, indent=2, ensure_ascii=False)
    except RecursionError:
        raise RunError("a file of the run is nested too deeply to be printed, so it is damaged") from None
    print(CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def print_rows(rows: list[dict[str, Any]], as_json: bool = False) -> None:
    """A left-aligned table whose columns are the rows' keys."""
    if as_json:
        print_json(rows)
        return
    print_table([[*rows[0]], *([_cell(value) for value in row.values()] for row in rows)])


def print_table(cells: list[list[str]]) -> None:
    """Left-aligned; the first line is the head."""
    shown = [[show_controls(" ".join(cell.splitlines())) for cell in line] for line in cells]
    widths = [max(len(line[column]) for line in shown) for column in range(len(shown[0]))]
    for line in shown:
        print_line("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def base_rows() -> list[dict[str, Any]]:
    return [
        {
            "name": base.name,
            "source": base.source,
            "parameters": base.parameters,
            "context_length": base.context_length,
            "pooling": base.pooling,
            "lora_targets": list(base.family.lora_targets),
            "ia3_targets": list(base.family.ia3_targets),
            "licence": base.licence,
            "gated": base.gated,
        }
        for base in BASES.values()
    ]


def method_rows() -> list[dict[str, Any]]:
    """Learning rates and epochs are those of a mean-pooled and of a last-token base."""
    rows = []
    for method in METHODS.values():
        tuned = "learning_rate" in method.settings
        rates = [method.default("learning_rate", pooling) if tuned else None for pooling in ("mean", "last")]
        rows.append(
            {
                "name": method.name,
                "title": method.title,
                "learning_rate_mean": rates[0],
                "learning_rate_last": rates[1],
                "settings": sorted(method.settings),
                "summary": method.summary,
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
        "Written by `make docs` from the fields of `RunConfig`. Where there is no default, the method or the base has",
        "one. A setting that is varied may take several values in one study.",
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
    """Everything stored of a run, but for its curves and predictions."""
    scores, provenance, place = run.scores, run.provenance, run.wandb_place
    return {
        **describe_run(run).as_dict(),
        "folder": str(run.path),
        "config": run.config.model_dump(),
        "result": scores.model_dump() if scores else None,
        "provenance": provenance.model_dump() if provenance else None,
        "wandb": place.model_dump() if place else None,
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
        for split, scores in stored.splits.items():
            print_line(f"\n{split}:")
            emotions = scores.multilabel.per_emotion
            print_rows([{"emotion": name} | emotion.model_dump() for name, emotion in emotions.items()])
        cost, speed = stored.cost, stored.cost.samples_per_second
        print_line(
            f"\ntrained in {format_seconds(cost.train_seconds)}, "
            f"{'-' if speed is None else f'{speed:.1f}'} samples/s, "
            f"peak memory {format_bytes(cost.peak_memory_bytes)}, "
            f"{format_count(cost.trainable_parameters)} trainable parameters, "
            f"adapter {format_bytes(cost.adapter_bytes)}"
        )
    elif log := run.tail_log(8):
        print_line(f"\nlog:\n{log}")


def find_output(option: str, name: str, takes_streams: bool = False) -> Path:
    """Where a command is to write. Raises DataError for a place where no file can be, and for a pipe or a device unless
    it `takes_streams`: a file is put in its place in one step, and that place is no file's."""
    path = Path(name)
    try:
        is_place = not path.is_dir() and path.resolve().parent.is_dir()
        is_place = is_place and (takes_streams or not path.exists() or path.is_file())
    except (OSError, RuntimeError, ValueError):  # too long, a loop of links, or no path at all
        is_place = False
    if not is_place:
        raise DataError(f"{option} {name[:200]}: cannot be written; name a file in a folder that exists")
    return path


def to_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as plain Python values; not-a-number becomes None."""
    return json.loads(table.to_json(orient="records", double_precision=12))


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 and (value == 0 or abs(value) >= 1e-3) else f"{value:,.5g}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
