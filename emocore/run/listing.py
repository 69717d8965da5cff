"""List the runs of a runs folder, and create new ones."""

import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from emocore.errors import ConfigError, RunError
from emocore.run.config import RunConfig
from emocore.run.environment import environment_to_keep
from emocore.run.folder import RunFolder
from emocore.run.index import MOST_ROOTS, open_index
from emocore.run.records import write_record
from emocore.run.state import RunState, RunStatus
from emocore.system.faults import reach
from emocore.system.files import NO_FILE, FileVersion, file_version, remove_folder, sync
from emocore.text import first_line

DRAFT, DELETED = ".draft-", ".deleted-"  # prefixes of folders that are being created or deleted
ABANDONED_SECONDS = 60

ListedRun = tuple[RunFolder, RunState]  # a run with its stored state
# By runs folder and name: the ended runs that the last look found, with the versions of state.json and config.json.
_ended_runs: dict[str, dict[str, tuple[tuple[FileVersion, FileVersion], ListedRun]]] = {}


def runs_root() -> Path:
    """The runs folder: EMOCORE_RUNS, or `runs` in the working directory. Raises RunError if it cannot be made."""
    configured = os.environ.get("EMOCORE_RUNS") or "runs"
    try:
        root = Path(configured).expanduser()
        root.mkdir(parents=True, exist_ok=True)
        return root.resolve()
    except (OSError, RuntimeError) as error:
        raise RunError(f"the runs folder {configured} cannot be used ({error}); name another in EMOCORE_RUNS") from None


@dataclass(frozen=True)
class RunsFound:
    """One look at a runs folder. `runs` are the readable runs with their stored states, in the order of their launch;
    `damaged` has one sentence for the user per run that cannot be read."""

    runs: list[ListedRun]
    damaged: list[str]

    @property
    def latest_first(self) -> list[ListedRun]:
        """Active runs first, then the others; each group with the latest first."""
        return sorted(self.runs, key=lambda item: (not item[1].status.is_active, -item[1].created_at))

    @property
    def finished(self) -> list[RunFolder]:
        """The runs with a result."""
        return [run for run, state in self.runs if state.status == RunStatus.FINISHED]

    @property
    def waiting(self) -> list[RunFolder]:
        """Queued runs in the order in which they will start."""
        return [run for run, _ in sorted(self.queued, key=lambda item: item[1].queue_order)]

    @property
    def queued(self) -> list[ListedRun]:
        """The same in the order of their launch, with their states."""
        return [(run, state) for run, state in self.runs if state.status == RunStatus.QUEUED]

    @property
    def imported(self) -> list[RunFolder]:
        """Runs that another installation queued, which wait until a user resumes them here."""
        return [run for run, state in self.runs if state.status == RunStatus.IMPORTED]


def look_at_runs(root: Path) -> RunsFound:
    """All runs as they are now. Of an ended run, only the versions of its files are read, unless one has changed."""
    index, before, ended, looks = open_index(root), _ended_runs.get(str(root), {}), {}, []
    for name, state_version in _run_names(root):
        versions = state_version, file_version(f"{root}/{name}/config.json")
        if (known := before.get(name)) and known[0] == versions:
            look: ListedRun | str = known[1]
        else:
            is_config_known = index.find(name, "config.json", versions[1]) is not None
            look = _look_at(root / name, is_config_known)
        if not isinstance(look, str) and look[1].status.is_final and look[1].status != RunStatus.IMPORTED:
            ended[name] = versions, look
        looks.append(look)
    for other in [other for other in _ended_runs if other != str(root)][: 1 - MOST_ROOTS]:
        _ended_runs.pop(other, None)
    _ended_runs[str(root)] = ended
    index.ended = ended
    index.save()
    found = [look for look in looks if not isinstance(look, str)]
    return RunsFound(
        runs=sorted(found, key=lambda item: item[1].created_at),
        damaged=[look for look in looks if isinstance(look, str)],
    )


def list_runs(root: Path) -> list[RunFolder]:
    """All readable runs in the order of their launch; `look_at_runs` names the others."""
    return [run for run, _ in look_at_runs(root).runs]


def has_study(root: Path, study: str) -> bool:
    """Whether a readable run of this study is there."""
    return any(run.config.study == study for run in list_runs(root))


def _look_at(path: Path, is_config_known: bool) -> ListedRun | str:
    """The run in `path` with its state, or a sentence why it cannot be used. A folder may hold anything, and none may
    prevent the others from being listed. A config of which the index knows that it can be read is not read."""
    run = RunFolder(path)
    if not run.id.isprintable():
        return f"run {run.id!a}: the folder has a name that cannot be shown; rename it"
    try:
        state = run.stored_state
        _ = is_config_known or run.config, state.status.is_active and run.is_locked
    except RunError as error:
        return str(error)
    except Exception as error:
        return f"run {run.id} cannot be read ({first_line(error)}); repair or delete the folder {path}"
    return run, state


def _run_names(root: Path) -> Iterator[tuple[str, FileVersion]]:
    """Names of the folders with a state file, and its version. Folders that may not be read are ignored, since they
    belong to somebody else."""
    try:
        names = [name for name in os.listdir(root) if not name.startswith(".")]  # noqa: PTH208 - no Path for each
    except FileNotFoundError:
        return
    except OSError as error:
        raise RunError(f"the runs in {root} cannot be listed ({error.strerror}); make the folder readable") from None
    for name in names:
        version = file_version(f"{root}/{name}/state.json")
        if version != NO_FILE or os.path.lexists(f"{root}/{name}/state.json"):  # such as a link to nowhere
            yield name, version


def find_run(root: Path, run_id: str) -> RunFolder:
    """The run with this id. Raises RunError, with a hint how to list the runs, if there is none."""
    is_name = bool(run_id) and "/" not in run_id and not run_id.startswith(".")
    if not is_name or not os.path.lexists(f"{root}/{run_id}/state.json"):
        raise RunError(f"no run '{run_id[:100]}' in {root}", hint="`python -m emocore runs` lists them")
    return RunFolder(root / run_id)


def next_queue_position(root: Path) -> int:
    """A position after all waiting runs."""
    return 1 + max((state.queue_position for _, state in look_at_runs(root).queued), default=0)


def create_run(root: Path, config: RunConfig) -> RunFolder:
    """Create a queued run. Its folder appears complete or not at all, because it is filled under another name first.

    Raises RunError if it cannot be written, ConfigError if it cannot be marked as this installation's own.
    """
    now = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(now))
    names = (config.method, Path(config.base).name.lower())
    method, base = ("".join(letter if letter.isalnum() or letter in "-." else "-" for letter in name) for name in names)
    run_id = f"{stamp}-{method[:40]}-{base[:40]}-{secrets.token_hex(4)}"
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
