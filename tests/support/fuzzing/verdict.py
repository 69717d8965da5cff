"""The checks of one step and of one case. Each problem has a kind and a line about it."""

import json
import os
import re
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.fuzzing.box import Box, Step

# In the order of the summary.
KINDS = {
    "traceback": "tracebacks",
    "hang": "hangs",
    "leak": "leaks",
    "signal": "foreign processes signalled",
    "left": "left behind",
    "code": "code run",
    "queue": "queues stuck",
    "markup": "links or escapes from input",
    "wrong": "wrong answers",
}
# But for newlines and tabs: what a terminal would act upon.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
MARKUP = re.compile(r"(?<!\\)(?:<a href=|<script>|<img src=|\]\(https?://evil)", re.IGNORECASE)
# Markdown makes a link of an address that stands in a text, though its signs are escaped, but not of one in code.
CODE, ESCAPED, ADDRESS = (
    re.compile(r"(?<!\\)`[^`]*`"),
    re.compile(r"\\(.)"),
    re.compile(r"(?<![a-z0-9])(?:https?://|www\.)evil\.example"),
)
HUGE = 50_000_000  # bytes; no file that Emocore writes is so large


@dataclass(frozen=True)
class Problem:
    kind: str
    text: str


@dataclass(frozen=True)
class Outcome:
    """How a step ended. `status` is negative for a signal; `was_killed` after its time was up."""

    status: int
    output: str
    errors: str
    seconds: float
    was_killed: bool

    @property
    def is_refusal(self) -> bool:
        return self.status == 2


def judge(step: Step, outcome: Outcome, before: set[str], box: Box) -> list[Problem]:
    """Check one step: its output, its exit, and what it left behind."""
    problems = [*_words(step, outcome, box)]
    if outcome.was_killed:
        return [*problems, Problem("hang", f"{step}: no end after {outcome.seconds:.0f} s")]
    if "Traceback (most recent" in outcome.errors + outcome.output or outcome.status not in (0, 2):
        return [*problems, Problem("traceback", f"{step}: status {outcome.status}: {_last_line(outcome.errors)}")]
    problems += _page(step, outcome) if step.page else _command(step, outcome)
    if outcome.is_refusal and (left := lasting(box.listing() - before)):
        problems.append(Problem("left", f"{step}: refused, but left {left[:3]}"))
    return problems


def _words(step: Step, outcome: Outcome, box: Box) -> Iterator[Problem]:
    """What texts a user has classified by naming their file is what they asked for, and no leak."""
    for canary in box.canaries:
        for text in (
            (outcome.errors,) if prints_texts(step) and canary == box.secret else (outcome.output, outcome.errors)
        ):
            if canary in text:
                at = text.index(canary)
                yield Problem("leak", f"{step}: in the output: {text[max(0, at - 60) : at + 30]!r}")


def lasting(names: set[str]) -> list[str]:
    """Files that really remain: a scheduler may be replacing a file at this moment, so they are checked again later."""
    if names:
        time.sleep(0.5)
    return [name for name in sorted(names) if os.path.lexists(name)]


def prints_texts(step: Step) -> bool:
    """Texts of a file go through byte for byte."""
    return any(argument.startswith("--file") for argument in step.argv) and "--out" not in step.argv


def _command(step: Step, outcome: Outcome) -> Iterator[Problem]:
    lines = [line for line in outcome.errors.splitlines() if not line.startswith(("note: ", "written: "))]
    if outcome.is_refusal and (len(lines) != 1 or not lines[0].startswith("emocore: ")):
        yield Problem("wrong", f"{step}: refused in {len(lines)} lines: {lines[:3]}")
    if not outcome.is_refusal and lines and not step.terminal:
        yield Problem("wrong", f"{step}: accepted with noise: {lines[:3]}")
    if outcome.is_refusal and step.must_accept:
        yield Problem("wrong", f"{step}: refused: {lines[:1]}")
    if not outcome.is_refusal and step.must_refuse:
        yield Problem("wrong", f"{step}: accepted")
    if not outcome.is_refusal and step.must_say and step.must_say not in outcome.output + outcome.errors:
        yield Problem("wrong", f"{step}: accepted without a word of {step.must_say}")
    for text in (outcome.errors,) if prints_texts(step) else (outcome.output, outcome.errors):
        if found := CONTROL.search(text):
            yield Problem("markup", f"{step}: control sign in {text[max(0, found.start() - 30) : found.end() + 20]!r}")
    if not outcome.is_refusal and "--json" in step.argv:
        yield from _json(step, outcome.output)


def _json(step: Step, output: str) -> Iterator[Problem]:
    try:
        content = json.loads(output)
    except (ValueError, RecursionError):
        yield Problem("wrong", f"{step}: what it prints is no JSON: {output[:60]!r}")
        return
    if step.argv[0] == "classify":
        for answer in content:
            for row in answer.get("emotions", [answer]):
                for name in ("probability", "threshold"):
                    if not isinstance(row.get(name, 0.5), float | int) or not 0 <= row.get(name, 0.5) <= 1:
                        yield Problem("wrong", f"{step}: accepted, with {name} {row[name]!r}")
                        return


def _page(step: Step, outcome: Outcome) -> Iterator[Problem]:
    shown = json.loads(outcome.output)
    for text in shown["markdown"]:
        if MARKUP.search(text) or ADDRESS.search(ESCAPED.sub(r"\1", CODE.sub("", text))):
            yield Problem("markup", f"{step}: shown as a link or as HTML: {text[:200]!r}")
            return
    for text in shown["charts"]:
        if found := re.search(r"<a href=.{0,40}", text):
            yield Problem("markup", f"{step}: a link in a chart: {found[0]!r}")
            return


def judge_case(box: Box) -> list[Problem]:
    """What all steps of a case, and the processes that they started, have done together."""
    problems = []
    sent = b"\n".join(box.attacker.heard)
    problems += [
        Problem("leak", f"sent to another server: {_around(sent, c)}") for c in box.canaries if c.encode() in sent
    ]
    if not box.bystanders.are_alive:
        problems.append(Problem("signal", "a process of somebody else was killed"))
    if ran := sorted(path.name for path in box.evidence.iterdir()):
        problems.append(Problem("code", f"code of a folder ran: {ran}"))
    for path, is_file in _walk(box.runs):
        if path.name.startswith((".draft-", ".deleted-")) or path.name.endswith(".tmp"):
            problems += [Problem("left", f"left {path.name}") for _ in lasting({str(path)})]
        elif is_file and path.stat().st_size < HUGE:
            content = path.read_bytes()
            keys = (box.wandb_key, box.hub_token)
            problems += [
                Problem("leak", f"in {path.name}: {_around(content, k)}") for k in keys if k.encode() in content
            ]
    return problems


def _walk(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Each name below, and whether it is a regular file."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(place) / name
            yield path, stat.S_ISREG(path.lstat().st_mode)


def _around(content: bytes, canary: str) -> str:
    at = content.index(canary.encode())
    return repr(content[max(0, at - 100) : at + 20])


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip() and "^" not in line[:40]]
    return lines[-1][:300] if lines else "no words"
