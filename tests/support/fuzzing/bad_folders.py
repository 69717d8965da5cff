"""Damaged and hostile run folders: each file of a run x each kind of damage, next to healthy runs.

Some are next to a queued run, which a real scheduler must finish soon after. Others are only viewed by commands and
pages, which must still list the healthy runs.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from emocore.run.state import RunStatus
from emocore.system.processes import current_boot_id
from tests.support.damaged_folders import FOLDERS, JSON_FILES, OTHER_FILES, remove
from tests.support.fuzzing.box import Box, Step
from tests.support.fuzzing.harms import change_json, damage_bytes, put_instead, read_json, write_json
from tests.support.fuzzing.nasty import ESCAPE, JSON_VALUES, MARKUP, pick_text

FILES = (*JSON_FILES, *OTHER_FILES, *FOLDERS)
BAD = "damaged"
STATUSES = (*RunStatus, "imported", "x", "")
Harm = Callable[[Path, Random, Box], None]


def make(random: Random, box: Box) -> list[Step]:
    chosen = random.choices(list(SCENES), list(SCENES.values()))[0]
    return chosen(random, box)


def looked_at(random: Random, box: Box) -> list[Step]:
    """Any damage, viewed in any way."""
    healthy = box.add_run("tfidf_again")
    harm(random, box, HARMS)
    listed, *others = command_steps(healthy, random)
    overview = Step(page={"name": random.choice(("start", "runs")), "query": {}})
    return [listed, *random.sample(others, 2), overview, page_step(random, healthy)]


def beside_a_queue(random: Random, box: Box) -> list[Step]:
    """The queue is continued, and its waiting run must end."""
    queued = harmed_queue(random, box)
    must_list = Step(["runs"], must_accept=True, must_say=queued.name, waits_for=queued.name)
    return [Step(["queue", "--continue"]), must_list]


def without_scheduler(random: Random, box: Box) -> list[Step]:
    """A queue with a dead scheduler: any command or page starts another."""
    queued = harmed_queue(random, box)
    (box.runs / ".queue.paused").unlink()
    look = random.choice((["runs"], ["queue"], ["show", queued.name]))
    return [Step(look, must_accept=True, must_say=queued.name, waits_for=queued.name)]


def on_another_server(random: Random, box: Box) -> list[Step]:
    """A finished run that names its server, viewed for long enough to ask that server."""
    name_server(harm(random, box, {}), random, box)
    page: dict[str, Any] = {"name": "run", "query": {"run": BAD}, "stay_seconds": 3}
    return [random.choice((Step(["sync", BAD]), Step(page=page)))]


def named_like_a_link(random: Random, box: Box) -> list[Step]:
    """Names of a run in charts and tables contain markup."""
    box.add_run("tfidf_again")
    run = harm(random, box, {})
    rewrite(run / "config.json", **{name: random.choice(MARKUP[1:3]) for name in ("base", "data")})
    page = random.choice(("compare", "runs", "playground"))
    return [Step(page={"name": page, "query": {"study": "s"}})]


def harmed_queue(random: Random, box: Box) -> Path:
    """Damaged runs, and a healthy waiting one."""
    harm(random, box, QUEUE_HARMS)
    return box.add_run("queued")


def harm(random: Random, box: Box, harms: dict[Harm, int]) -> Path:
    """A run of any kind, damaged once or twice."""
    run = box.add_run(random.choice(("tfidf", "tfidf", "queued", "lora")) if harms else "tfidf", BAD)
    if harms and random.random() < 0.35:
        rewrite(run / "state.json", status=random.choice(STATUSES))
    for _ in range(random.choice((1, 1, 1, 2)) if harms else 0):
        if not run.is_symlink():  # to what may be no folder
            random.choices(list(harms), list(harms.values()))[0](run, random, box)
    return run


def command_steps(healthy: Path, random: Random) -> list[Step]:
    pair = [BAD, healthy.name]
    return [
        Step(["runs"], must_accept=True, must_say=healthy.name),
        Step(["runs", "--json"], must_accept=True, must_say=healthy.name),
        Step(["show", BAD]),
        Step(["show", BAD, "--json"]),
        Step(["compare", *random.sample(pair, 2)]),
        Step(["compare", "--study", "s"]),
        Step(["queue"], must_accept=True),
        Step(["queue", "--front", BAD]),
        Step(["sync", BAD]),
        Step(["classify", BAD, "--text", "so happy", "--json"]),
        Step(["stop", BAD]),
        Step(["resume", BAD]),
        Step(["clone", BAD]),
        Step(["delete", "--yes", BAD]),
        Step(["launch", "--method", "tfidf", "--set", "wandb_mode=offline", "--set", "rows=50"], must_accept=True),
    ]


def page_step(random: Random, healthy: Path) -> Step:
    pages: tuple[tuple[str, dict[str, Any]], ...] = (
        ("runs", {"study": "s"}),
        ("run", {"run": BAD}),
        ("run", {"run": BAD}),
        ("run", {"run": healthy.name}),
        ("compare", {"runs": [BAD, healthy.name]}),
        ("compare", {"study": "s"}),
        ("playground", {"runs": [BAD]}),
        ("launch", {"clone": BAD}),
    )
    name, query = random.choice(pages)
    return Step(page={"name": name, "query": query})


def read_or_empty(path: Path) -> dict[str, Any]:
    try:
        content = read_json(path) if path.is_file() and path.stat().st_size < 10**6 else {}
    except (ValueError, RecursionError, OSError):
        return {}
    return content if isinstance(content, dict) else {}


def rewrite(path: Path, **changes: object) -> None:
    """Write the changed content into a new file, even if there was a link."""
    content = read_or_empty(path) | changes
    remove(path)
    write_json(path, content)


def replace_file(run: Path, random: Random, box: Box) -> None:
    put_instead(run / random.choice(FILES), random, random.choice(box.secret_files))


def replace_vital_file(run: Path, random: Random, box: Box) -> None:
    name = random.choice(("state.json", "config.json", "metrics.jsonl", "run.lock"))
    put_instead(run / name, random, box.secret_files[1])


def change_field(run: Path, random: Random, box: Box) -> None:
    whole = [name for name in JSON_FILES if (run / name).is_file() and not (run / name).is_symlink()]
    try:
        change_json(run / random.choice(whole), random)
    except (OSError, ValueError, LookupError, RecursionError):  # an earlier harm was there first
        replace_file(run, random, box)


def cut_file(run: Path, random: Random, box: Box) -> None:
    path = run / random.choice(FILES)
    if path.is_file() and not path.is_symlink():
        damage_bytes(path, random)


def spoil_metrics(run: Path, random: Random, box: Box) -> None:
    """Change values in one line of the metrics."""
    name = random.choice(("train/loss", "train/epoch", "validation/f1_macro", "max_steps", "seconds"))
    row = {"train/global_step": random.choice(JSON_VALUES), name: random.choice(JSON_VALUES)}
    remove(run / "metrics.jsonl")
    lines = [json.dumps(row), json.dumps({"train/global_step": 3, "train/epoch": 1.0, "validation/f1_macro": 10**400})]
    (run / "metrics.jsonl").write_text("\n".join(random.sample(lines, random.choice((1, 2)))) + "\n")


def spoil_words(run: Path, random: Random, box: Box) -> None:
    """Put markup and terminal escapes into texts that are shown."""
    words = random.choice((ESCAPE, *MARKUP, pick_text(random)))
    place = random.choice(("base", "study", "data", "reason", "log", "labels", "device"))
    if place == "log":
        remove(run / "run.log")
        (run / "run.log").write_text(f"{words}\n" * 4, encoding="utf-8", errors="replace")
    elif place == "labels":
        text = json.dumps(read_or_empty(run / "result.json"))
        rewrite(run / "result.json", **json.loads(text.replace('"anger"', json.dumps(words))))
    else:
        rewrite(run / ("state.json" if place in ("reason", "device") else "config.json"), **{place: words})


def name_server(run: Path, random: Random, box: Box) -> None:
    """Name a server in the folder to which keys should be sent."""
    place = {"mode": "online", "reason": None, "entity": "e", "project": "p", "id": "r1"}
    place |= {"url": f"{box.attacker.url}/e/p/r1", "base_url": box.attacker.url}
    rewrite(run / "wandb.json", **place, complete=random.choice((True, False)))
    if random.random() < 0.3:
        rewrite(run / "config.json", wandb_base_url=box.attacker.url)


def name_server_for_hub(run: Path, random: Random, box: Box) -> None:
    """A queued run with its own environment, which any command or page would start."""
    url = box.attacker.url
    odd: dict[str, Any] = {}
    if random.random() < 0.3:
        odd = {
            "CUDA_VISIBLE_DEVICES": random.choice((5, ["x"], "\0", {})),
            "OMP_NUM_THREADS": random.choice((["x"], "\0")),
        }
    rewrite(run / "environment.json", WANDB_BASE_URL=url, HF_ENDPOINT=url, HF_HUB_OFFLINE="0", **odd)
    rewrite(run / "state.json", status="queued", created_at=1)
    if random.random() < 0.5:
        rewrite(run / "config.json", method="lora", base="owner/private-model", wandb_mode="offline")


def name_process(run: Path, random: Random, box: Box) -> None:
    """Store a foreign process of this boot as that of the run."""
    leader, lost = box.bystanders.leader_pid, box.bystanders.lost_leader_pid
    pid = random.choice((leader, lost, lost, 0, 10**30, -5))
    try:
        ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (OSError, ValueError):
        ticks = 1
    process = {"pid": pid, "start_ticks": ticks, "boot_id": current_boot_id(), "oom_kills": 0}
    status = random.choice(("finished", "running", "stopped", "starting"))
    rewrite(run / "state.json", status=status, created_at=time.time(), started_at=time.time(), process=process)
    if random.random() < 0.3:
        (run / "stop.request").touch()


def spoil_numbers(run: Path, random: Random, box: Box) -> None:
    """Put impossible times, counts and scores into a run."""
    number = random.choice((float("nan"), float("inf"), float("-inf"), 10**400, -(10**400), -1, 10**30, 1e308, "1"))
    name = random.choice(("earlier_seconds", "ended_at", "started_at", "created_at", "queue_position", "attempts"))
    if random.random() < 0.6:
        rewrite(run / "state.json", **{name: number})
    else:
        cost = read_or_empty(run / "result.json").get("cost", {"x": 1})
        rewrite(run / "result.json", cost=cost | {random.choice(list(cost)): random.choice((number, None))})


def link_run(run: Path, random: Random, box: Box) -> None:
    """Make the run's folder a link: to itself, to nothing, or to a run elsewhere."""
    elsewhere = box.outside / "elsewhere"
    if not elsewhere.exists() and not run.is_symlink():
        run.rename(elsewhere)
        run.symlink_to(random.choice((elsewhere, elsewhere, run, "nothing", "..", ".")))


HARMS: dict[Harm, int] = {
    replace_file: 8, replace_vital_file: 8, change_field: 10, cut_file: 2, spoil_metrics: 5, spoil_words: 4,
    spoil_numbers: 5, name_server: 3, name_server_for_hub: 3, name_process: 4, link_run: 1,
}  # fmt: skip
QUEUE_HARMS: dict[Harm, int] = {
    replace_file: 3, replace_vital_file: 3, change_field: 3, spoil_numbers: 1, name_server_for_hub: 4, name_process: 4,
}  # fmt: skip
SCENES: dict[Callable[[Random, Box], list[Step]], int] = {
    looked_at: 75, beside_a_queue: 13, without_scheduler: 2, on_another_server: 6, named_like_a_link: 4,
}  # fmt: skip
