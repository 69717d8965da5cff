"""The bundle: a ZIP with everything about a comparison, for a colleague, a paper's supplement or an archive.

The same comparison gives the same bytes as long as plotly.js and the browser stay the same. Private content is left
out: texts, predictions, and the folders of this machine.
"""

import io
import json
import platform
import re
import zipfile
from collections.abc import Iterable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from textwrap import fill
from typing import Any

from emocore import __version__
from emocore.data.spreadsheet import MARK, defuse_table, name_for_spreadsheets, to_csv
from emocore.errors import EmocoreError
from emocore.evaluation.results import Result
from emocore.export.content import ComparisonContent
from emocore.export.figures import PLOTLY_FILE, Picture, plotly_script, to_html, to_images, to_slug
from emocore.export.latex import latex_emotion_table, latex_table
from emocore.export.notes import describe_method, describe_setting
from emocore.export.origins import (
    environment,
    file_names,
    hashes,
    shared_address,
    shared_config,
    without_paths,
)
from emocore.export.repeat import corrected_lists, repeat_command
from emocore.export.report import html_report
from emocore.export.tables import with_index
from emocore.system.files import write_atomically

TEXT_COLUMN = "text"
OLDEST_TIME = (1980, 1, 1, 0, 0, 0)  # the earliest time in a ZIP; real times would differ between bundles
PLAN_FILE = "study.json"
PLAN_LINE = f"\n  {PLAN_FILE}         what was planned when the study was launched, and what was added later"
EXPORTERS = ("numpy", "pandas", "scipy", "plotly", "kaleido")

README = """\
{title}
{line}
{setting}

{sentences}

WHAT IS HERE
  report.html        everything to read in any browser, without a network
  tables/            the numbers as CSV{copies}
  figures/           each figure as a web page (it needs {plotly} in the same folder){pictures}
  latex/             tables for a paper (booktabs, longtable){plan}
  runs/              for each run: config.json, result.json, provenance.json, and wandb.json with its address on W&B
  environment.txt    the versions that the runs used
  hashes.json        hashes of the data files and of the split, to check that yours are the same

WHAT IS NOT
  There are no texts and no predictions. Files and local bases have only their names, without folders.
{notes}
REPEAT IT
  Run this in a folder with the data files (compare them with hashes.json). If a study of this name already has these
  runs, choose another name. A dataset NAME@HASH may also be its folder, copied there.

{command}

HOW IT WAS COMPUTED
{method}
"""


def write_bundle(path: Path, content: ComparisonContent, for_spreadsheets: bool = False) -> list[str]:
    """Write the ZIP in one step; returns notes for the user on what it lacks and why. With `for_spreadsheets`, it has a
    second copy of each table that is safe to open in a spreadsheet.

    Raises EmocoreError and keeps an older file if the ZIP cannot be written.
    """
    kept = {title: table for title, table in content.tables.items() if TEXT_COLUMN not in table.columns}
    notes = [f"The table '{title}' contains texts and is left out." for title in content.tables if title not in kept]
    names = file_names(content.comparison.results)
    content = without_paths(replace(content, tables=kept), names)
    files = {
        "report.html": html_report(content),
        **_tables(content, for_spreadsheets),
        **_web_figures(content),
        "latex/scores.tex": latex_table(content.comparison),
        "latex/emotions.tex": latex_emotion_table(content.comparison),
        **_runs(content, names),
        "environment.txt": _environment(content.comparison.results),
        "hashes.json": _to_json(hashes(content.comparison.results, names)),
    }
    files |= corrected_lists(content.comparison.results)
    if plan := content.comparison.plan:
        files[PLAN_FILE] = _to_json(plan.record.model_dump(mode="json"))
    pictures: dict[str, bytes] = {}
    try:
        pictures = _pictures(content)
    except EmocoreError as error:
        notes.append(f"The figures are only web pages, without pictures: {error}.")
    files["README.txt"] = _readme(content, notes, bool(pictures), for_spreadsheets, PLAN_FILE in files)
    try:
        write_atomically(path, _zip({name: text.encode() for name, text in files.items()} | pictures))
    except OSError as error:
        raise EmocoreError(
            f"the bundle cannot be written ({error.strerror}: {path}); free space, or name a file in a folder "
            "that exists and can be written"
        ) from None
    return notes


def _readme(
    content: ComparisonContent, notes: Iterable[str], has_pictures: bool, for_spreadsheets: bool, has_plan: bool
) -> str:
    return README.format(
        title=content.title,
        line="=" * len(content.title),
        setting=f"{describe_setting(content.comparison)}.",
        sentences="\n".join(
            [
                _wrap(content.sentence),
                *(_wrap(line, "  ") for line in content.numbers),
                *map(_wrap, content.remarks),
                *(_wrap(caveat, "- ") for caveat in content.caveats),
            ]
        ),
        plotly=PLOTLY_FILE,
        copies=f", and as *{MARK}.csv that is safe to open in a spreadsheet" if for_spreadsheets else "",
        pictures=", SVG and PNG" if has_pictures else "",
        plan=PLAN_LINE if has_plan else "",
        notes="".join(f"{_wrap(note, '  ')}\n" for note in notes),
        command=repeat_command(content.comparison.results),
        method="\n".join(_wrap(paragraph, "  ") for paragraph in describe_method(content.comparison)),
    )


def _wrap(text: str, indent: str = "") -> str:
    return fill(text, 100, initial_indent=indent, subsequent_indent=" " * len(indent), break_long_words=False)


def _tables(content: ComparisonContent, for_spreadsheets: bool) -> dict[str, str]:
    comparison = content.comparison
    tables = {
        "scores": comparison.scores,
        "emotions": comparison.emotions,
        "verdicts": comparison.verdicts.to_table(),
        "no skill": comparison.no_skill,
        "audit": content.audit,
        **content.tables,
    }
    slugs = _unique_slugs(tables)
    files = {}
    for title, table in tables.items():
        name = f"{slugs[title]}.csv"
        files[f"tables/{name}"] = to_csv(with_index(table))
        if for_spreadsheets:
            files[f"tables/{name_for_spreadsheets(name)}"] = to_csv(defuse_table(with_index(table)))
    return files


def _web_figures(content: ComparisonContent) -> dict[str, str]:
    slugs = _unique_slugs(content.figures)
    pages = {
        f"figures/{slugs[title]}.html": to_html(figure, title, "beside") for title, figure in content.figures.items()
    }
    return pages | ({f"figures/{PLOTLY_FILE}": str(plotly_script())} if pages else {})


def _pictures(content: ComparisonContent) -> dict[str, bytes]:
    """The figures as SVG and PNG. Raises EmocoreError if there is no browser to draw them."""
    if not content.figures:
        return {}
    slugs = _unique_slugs(content.figures)
    wanted = [Picture(figure, title, kind) for title, figure in content.figures.items() for kind in ("svg", "png")]
    drawn = to_images(wanted)
    return {
        f"figures/{slugs[picture.title]}.{picture.format}": file for picture, file in zip(wanted, drawn, strict=True)
    }


def _runs(content: ComparisonContent, names: dict[str, str]) -> dict[str, str]:
    files = {}
    for result in content.comparison.results:
        folder = f"runs/{re.sub(r'[^A-Za-z0-9._-]', '-', result.id).lstrip('.-')}"
        files[f"{folder}/config.json"] = _to_json(shared_config(result, names))
        files[f"{folder}/result.json"] = _to_json(result.scores.model_dump())
        files[f"{folder}/provenance.json"] = _to_json(result.provenance.model_dump())
        if address := shared_address(result):
            files[f"{folder}/wandb.json"] = _to_json(address)
    return files


def _environment(results: Iterable[Result]) -> str:
    """The environments as text, with runs of the same environment together."""
    groups: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for result in results:
        groups.setdefault(tuple(environment(result).items()), []).append(result.id)
    exporters = (("python", platform.python_version()), ("emocore", __version__))
    blocks = [(f"Runs {', '.join(ids)}", facts) for facts, ids in groups.items()]
    blocks.append(("This bundle", (*exporters, *((name, version(name)) for name in EXPORTERS))))
    texts = ["\n".join([f"# {head}", *(f"{name} {value}" for name, value in facts), ""]) for head, facts in blocks]
    return "\n".join(texts)


def _unique_slugs(titles: Iterable[str]) -> dict[str, str]:
    """Title -> file name without suffix; names that would be the same get a number."""
    slugs: dict[str, str] = {}
    for title in titles:
        slug, number = to_slug(title), 2
        while slug in slugs.values():
            slug, number = f"{to_slug(title)}-{number}", number + 1
        slugs[title] = slug
    return slugs


def _to_json(content: Any) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _zip(files: dict[str, bytes]) -> bytes:
    """The ZIP's bytes, with the README first and the other files by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(files, key=lambda name: (name != "README.txt", name)):
            entry = zipfile.ZipInfo(name, OLDEST_TIME)
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name], zipfile.ZIP_DEFLATED)
    return buffer.getvalue()
