"""Has done the imports, which take longest, and forks a process for each order: `python -P forks.py ORDERS ANSWERS`.

A forked process is as good as a fresh one: a session, working directory, environment, standard input and output of
its own, and limits on memory and file size. What it does is what `python -m emocore` does. Nothing was computed
before the fork, so no thread is missing in it. Some cases are repeated in a process that is really fresh, and must
end the same (see campaign.py).

An order is a line of JSON: `argv` of the command (or `page`, see pages_in_fork.py, or `execute`, a run's folder, or
`code`), `env`, `cwd`, `out` and `err` to write to, `seconds` it may take, and `terminal`: whether it is on a
pseudo-terminal where somebody answers "y" to everything. The answer is the exit status, the seconds, and whether it
had to be killed.
"""

import fcntl
import importlib
import json
import os
import pty
import resource
import signal
import sys
import termios
import time
from functools import partial
from pathlib import Path

from emocore.system.forks import import_for_forks, leave

PRELOADED = (
    "emocore.cli.main",
    "emocore.inference.classify",
    "emocore.export.gather",
    "emocore.training.neural",
    "emocore.training.process",
    "streamlit.testing.v1",
    "wandb.apis.public",
)
MOST_MEMORY, MOST_WRITTEN = 8 << 30, 1 << 30  # bytes
YES = b"y\n" * 20


def serve(orders: int, answers: int) -> dict | None:
    """Carry out orders until there are no more. Returns the order, in the process that was forked for it."""
    with os.fdopen(orders, "r", encoding="utf-8") as lines:
        for line in iter(lines.readline, ""):
            order = json.loads(line)
            terminal = pty.openpty() if order.get("terminal") else None
            started = time.monotonic()
            child = os.fork()
            if not child:
                become(order, terminal)
                return order
            if terminal:
                os.close(terminal[1])
                os.write(terminal[0], YES)
            status, was_killed = wait_or_kill(child, order["seconds"])
            if terminal:
                os.close(terminal[0])
            answer = {"status": status, "seconds": time.monotonic() - started, "killed": was_killed}
            os.write(answers, json.dumps(answer).encode() + b"\n")
    return None


def wait_or_kill(child: int, seconds: float) -> tuple[int, bool]:
    """The exit status, and whether the time was up; nothing of its session is left then. Time in which it only waited
    for a free core does not count, or a busy machine would look like a hang."""
    started = time.monotonic()
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status), False
        passed = time.monotonic() - started
        if passed > seconds and passed - starved_seconds(child) > seconds:
            os.killpg(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), True
        time.sleep(0.005)


def starved_seconds(pid: int) -> float:
    """How long the process was ready to run and got no core; of several threads, the one that waited longest."""
    try:
        tasks = [(task / "schedstat").read_text().split() for task in Path(f"/proc/{pid}/task").iterdir()]
    except OSError:
        return 0.0
    return max(int(waited) for _, waited, _ in tasks) / 1e9


def become(order: dict, terminal: tuple[int, int] | None) -> None:
    """Turn the forked process into the one that was ordered."""
    os.setsid()
    if terminal:
        os.close(terminal[0])
        fcntl.ioctl(terminal[1], termios.TIOCSCTTY, 0)
        os.dup2(terminal[1], 0)
    else:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), number)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    time.tzset()
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, MOST_WRITTEN))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def carry_out(order: dict) -> int:
    """In the forked process. Whatever is raised ends it as it would end Python."""
    if "page" in order:
        return importlib.import_module("tests.support.fuzzing.pages_in_fork").look(order["page"])
    if "execute" in order:
        from emocore.training.process import execute

        return execute(Path(order["execute"]))
    if "code" in order:
        exec(order["code"], {})
        return 0
    from emocore.cli.main import main

    sys.argv = ["python -m emocore", *order["argv"]]
    return main()


if __name__ == "__main__":
    for pipe in sys.argv[1:]:
        os.set_inheritable(int(pipe), False)
    import_for_forks(PRELOADED)
    os.write(int(sys.argv[2]), b"ready\n")
    ordered = serve(int(sys.argv[1]), int(sys.argv[2]))
    if ordered:
        leave(partial(carry_out, ordered))
