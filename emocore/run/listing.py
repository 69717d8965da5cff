"""List the runs of a runs folder, and create new ones."""

import os
import secrets
import time
from pathlib import Path

from emocore.errors import ConfigError, RunError
from emocore.run.config import RunConfig
from emocore.run.environment import environment_to_keep
from emocore.run.folder import RunFolder
from emocore.run.records import write_record
from emocore.run.state import RunState, RunStatus
from emocore.system.faults import reach
from emocore.system.files import remove_folder, sync
from emocore.text import first_line

DRAFT, DELETED = ".draft-", ".deleted-"  # prefixes of folders that are being created or deleted
ABANDONED_SECONDS = 60


def runs_root() -> Path:
    """The runs folder: EMOCORE_RUNS, or `runs` in the working directory. Raises RunError if it cannot be made."""
    configured = os.environ.get("EMOCORE_RUNS") or "runs"
    try:
        root = Path(configured).expanduser()
        root.mkdir(parents=True, exist_ok=True)
        return root.resolve()
    except (OSError, RuntimeError) as error:
        raise RunError(f"the runs folder {configured} cannot be used ({error}); name another in EMOCORE_RUNS") from None


def list_runs(root: Path) -> list[RunFolder]:
    """All readable runs in the order of their launch; `list_damaged_runs` names the others."""
    return [run for run, _ in list_stored_states(root)]


def list_stored_states(root: Path) -> list[tuple[RunFolder, RunState]]:
    """As `list_runs`, with the stored state of each run, since the run may be deleted before a second read."""
    looks = [_look_at(path) for path in _run_paths(root)]
    found = [look for look in looks if not isinstance(look, str)]
    return sorted(found, key=lambda item: item[1].created_at)


def list_finished(root: Path) -> list[RunFolder]:
    """The runs with a result, in the order of their launch."""
    return [run for run, state in list_stored_states(root) if state.status == RunStatus.FINISHED]


def has_study(root: Path, study: str) -> bool:
    """Whether a readable run of this study is there."""
    looks = map(_look_at, _run_paths(root))
    return any(not isinstance(look, str) and look[0].config.study == study for look in looks)


def list_damaged_runs(root: Path) -> list[str]:
    """One sentence for the user per run that cannot be read."""
    return [look for look in map(_look_at, _run_paths(root)) if isinstance(look, str)]


def _look_at(path: Path) -> tuple[RunFolder, RunState] | str:
    """The run in `path` with its state, or a sentence why it cannot be used. A folder may hold anything, and none may
    prevent the others from being listed."""
    run = RunFolder(path)
    if not run.id.isprintable():
        return f"run {run.id!a}: the folder has a name that cannot be shown; rename it"
    try:
        state = run.stored_state
        _ = run.config, state.status.is_active and run.is_locked
    except RunError as error:
        return str(error)
    except Exception as error:
        return f"run {run.id} cannot be read ({first_line(error)}); repair or delete the folder {path}"
    return run, state


def _run_paths(root: Path) -> list[Path]:
    """Folders with a state file. Folders that may not be read are ignored, since they belong to somebody else."""
    try:
        paths = [path for path in root.iterdir() if not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise RunError(f"the runs in {root} cannot be listed ({error.strerror}); make the folder readable") from None
    return [path for path in paths if os.path.lexists(path / "state.json")]


def find_run(root: Path, run_id: str) -> RunFolder:
    """The run with this id. Raises RunError, with a hint how to list the runs, if there is none."""
    known = {path.name: path for path in _run_paths(root)}
    if run_id not in known:
        raise RunError(f"no run '{run_id[:100]}' in {root}", hint="`python -m emocore runs` lists them")
    return RunFolder(known[run_id])


def next_queue_position(root: Path) -> int:
    """A position after all waiting runs."""
    states = [state for _, state in list_stored_states(root)]
    return 1 + max((state.queue_position for state in states if state.status == RunStatus.QUEUED), default=0)


def create_run(root: Path, config: RunConfig) -> RunFolder:
    """Create a queued run. Its folder appears complete or not at all, because it is filled under another name first.

    Raises RunError if it cannot be written, ConfigError if it cannot be marked as this installation's own.
    """
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    base = "".join(letter if letter.isalnum() or letter in "-." else "-" for letter in Path(config.base).name)
    run_id = f"{stamp}-{config.method}-{base.lower()[:40]}-{secrets.token_hex(4)}"
    draft, position = RunFolder(root / f"{DRAFT}{run_id}"), next_queue_position(root)
    try:
        draft.path.mkdir()
        reach("launch.draft")
        write_record(draft.path / "config.json", config)
        write_record(draft.path / "environment.json", environment_to_keep())
        mark = draft.make_mark(run_id)
        state = RunState(status=RunStatus.QUEUED, created_at=now, queue_position=position, mark=mark)
        write_record(draft.path / "state.json", state)
        reach("launch.filled")
        draft.path.rename(root / run_id)
        sync(root)
    except ConfigError:  # this installation has no identity and cannot create one
        remove_folder(draft.path)
        raise
    except OSError as error:
        remove_folder(draft.path)
        raise RunError(
            f"no run could be written to {root} ({error.strerror}); free space, make it writable, "
            "or choose another EMOCORE_RUNS"
        ) from None
    reach("launch.queued")
    return RunFolder(root / run_id)
