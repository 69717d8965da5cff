"""The commands that look at runs and change them, which load no library for tables or models."""

import click

from emocore.cli import runs
from emocore.cli.group import add
from emocore.cli.options import JSON, RUN, RUNS, RUNS_OR_NONE, WAIT
from emocore.system.limits import MOST_RUNS

# fmt: off
add("app", runs.open_app, "Serve the app at http://127.0.0.1:8501.",
    click.Option(["--port"], type=int, default=8501, help="Port of the server; default: 8501."))
add("runs", runs.show_runs, "List the runs.", JSON)
add("show", runs.show_run, "Show one run: state, settings, results.", RUN, JSON)
add("uploads", runs.show_uploads, "List the files that were uploaded in the browser.",
    click.Option(["--remove-unused"], is_flag=True, help="Remove those over an hour old that no run uses."), JSON)
add("stop", runs.stop_runs, "Stop runs, queued or live; each keeps its last checkpoint.", RUNS)
add("resume", runs.resume_runs, "Queue ended runs again; each continues from its last checkpoint.", RUNS_OR_NONE,
    click.Option(["--imported"], is_flag=True, help="All queued runs that another installation launched."), WAIT)
add("delete", runs.delete_runs, "Delete runs with all their files; asks first.", RUNS,
    click.Option(["--yes"], is_flag=True, help="Do not ask."))
add("queue", runs.change_queue, "Show the queue; pause it, continue it, change its order.",
    click.Option(["--front"], metavar="RUN", help="Make this run the next to start."),
    click.Option(["--pause"], is_flag=True, help="Start no more runs; live runs continue."),
    click.Option(["--continue", "go_on"], is_flag=True, help="Start waiting runs again."),
    click.Option(
        ["--cpu-runs"], type=click.IntRange(1, MOST_RUNS),
        help="From now on, let up to this many runs share the CPU, each with an equal part of its cores, even alone.",
    ),
    click.Option(
        ["--gpu-runs"], type=click.IntRange(1, MOST_RUNS),
        help="From now on, let up to this many runs share a GPU, if its memory is known to be enough for all.",
    ))
# fmt: on
