"""Runs as they were launched before configs told the version of the split."""

from emocore.models.resolve import resolve
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import create_run, runs_root
from tests.support.records import edit, read_raw, write_raw

# What a launch says that goes on with one of them.
NOTE = "validation and test texts are drawn by version 1 of the split"


def queue_earlier_run(data: str, study: str = "s") -> RunFolder:
    """A queued TF-IDF run on a data file."""
    config, _ = resolve(RunConfig(method="tfidf", data=data, study=study))
    run = create_run(runs_root(), config)
    content = read_raw(run, "config.json")
    del content["split_version"]
    write_raw(run, "config.json", content)
    edit(run, "state.json", mark=run.make_mark(run.id))
    return run
