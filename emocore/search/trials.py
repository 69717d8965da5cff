"""The trials of one method: each is proposed, runs as an ordinary run, and is told to have ended.

Everything is on disk: Optuna's journal says what was proposed and how it ended, and a run is recognised as a trial's by
the texts that it reads, its method and its seed. So this may be killed at any moment, and is begun anew from there.
"""

import logging
from collections.abc import Callable
from pathlib import Path

import optuna
from optuna.trial import TrialState

from emocore.data.split import Splits
from emocore.errors import RunError
from emocore.jobs.launch import launch, plan_runs
from emocore.jobs.queue import resume_run
from emocore.jobs.stop import request_stop
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.listing import list_runs
from emocore.run.search_record import FIRST_TRIAL_SEED, MOST_TRIALS, TEXTS, SearchRecord
from emocore.run.state import RunState, RunStatus
from emocore.search.journal import ask, count_begun
from emocore.search.space import find_space, suggest
from emocore.search.texts import trial_config
from emocore.tracking.metrics_file import read_metrics

OBJECTIVE = "validation/f1_macro"
PRUNED_AT = "pruned at epoch"  # attributes of a trial in the journal
RUN, SECONDS = "run", "seconds"
MOST_ATTEMPTS = 3  # at a trial whose process dies, before it counts as failed

logger = logging.getLogger(__name__)


class MethodTrials:
    """The trials of one method in a search whose folder this process holds. `given` are the settings that are not
    searched; `load` gives the texts of the trials."""

    def __init__(
        self,
        folder: Path,
        record: SearchRecord,
        given: RunConfig,
        study: optuna.Study,
        load: Callable[[RunConfig], Splits],
    ) -> None:
        self._root = folder.parents[1]
        self._folder, self._record, self._given, self._study, self._load = folder, record, given, study, load
        self._space, defaults = find_space(given)
        if not study.get_trials(deepcopy=False):
            study.enqueue_trial(defaults)  # so that what is found is never worse than the defaults, on these texts
        self._runs = self._find_runs()
        self._may_resume_stopped = True

    def advance(self) -> bool:
        """Begin the next trial, or look after the one that has begun. Returns False once the budget is spent."""
        is_begun = bool(self._study.get_trials(deepcopy=False, states=[TrialState.RUNNING]))
        if not is_begun and self._is_spent():
            return False
        trial = ask(self._study, self._record.sampler_seed)
        values = suggest(trial, self._space)
        if trial.number not in self._runs:
            config = trial_config(self._folder, self._record, self._given, trial.number, values)
            plan = plan_runs([config], self._load)
            self._runs[trial.number] = launch(plan, self._root, allow_repeats=True)[0]
        self._look_after(trial, self._runs[trial.number])
        self._may_resume_stopped = False
        return True

    def _find_runs(self) -> dict[int, RunFolder]:
        """The run of each trial by its number; of several, such as a clone, the first."""
        found: dict[int, RunFolder] = {}
        for run in list_runs(self._root):
            config = run.config
            is_own = config.data == str(self._folder / TEXTS) and config.method == self._given.method
            if is_own and config.seed >= FIRST_TRIAL_SEED:
                found.setdefault(config.seed - FIRST_TRIAL_SEED, run)
        return found

    def _is_spent(self) -> bool:
        count = count_begun(self._study)
        if self._record.trials is not None:
            return count >= self._record.trials
        spent = sum(trial.user_attrs.get(SECONDS, 0.0) for trial in self._study.get_trials(deepcopy=False))
        return count >= MOST_TRIALS or spent >= 60 * (self._record.minutes or 0)

    def _look_after(self, trial: optuna.Trial, run: RunFolder) -> None:
        """Tell how the trial stands or has ended. A weak one counts as pruned even if it finishes before it is stopped:
        otherwise a quick method would have more trials that end than a slow one, and chance would have a part in it."""
        state = run.state
        weak_at = trial.user_attrs.get(PRUNED_AT) or self._judge(trial, run)
        if weak_at and state.status == RunStatus.FINISHED:
            self._end(trial, run, state, TrialState.PRUNED)
        elif weak_at and state.status.is_final:
            if not run.is_locked:  # otherwise its process is still exiting
                mark_pruned(run, weak_at)
                self._end(trial, run, state, TrialState.PRUNED)
        elif weak_at:
            if not run.stop_request.exists():
                request_stop(run)
        elif state.status == RunStatus.FINISHED:
            scores = run.scores
            if scores is None:
                raise RunError(f"run {run.id}: result.json is missing; delete the run, and its trial is run again")
            self._end(trial, run, state, TrialState.COMPLETE, scores.validation.multilabel.f1_macro)
        elif state.status == RunStatus.FAILED:
            self._fail(trial, run, state)
        elif state.status.is_resumable:
            self._resume(trial, run, state)

    def _judge(self, trial: optuna.Trial, run: RunFolder) -> int | None:
        """Report the epochs that have been scored since the last look, up to the first after which the trial is too
        weak to go on; returns that, which is kept with the trial. After the last epoch there is nothing to save."""
        begun = self._study.get_trials(deepcopy=False, states=[TrialState.RUNNING])
        known = set(begun[0].intermediate_values)
        for row in read_metrics(run.metrics):
            epoch = round(row["epoch"])
            if OBJECTIVE not in row or epoch in known:
                continue
            trial.report(row[OBJECTIVE], epoch)
            if trial.should_prune() and row["step"] < row["total_steps"]:
                trial.set_user_attr(PRUNED_AT, epoch)
                return epoch
        return None

    def _resume(self, trial: optuna.Trial, run: RunFolder, state: RunState) -> None:
        if state.status == RunStatus.STOPPED and not self._may_resume_stopped:
            raise RunError(f"trial run {run.id} was stopped, so the search stops, too; start it again to go on")
        if state.status == RunStatus.INTERRUPTED and state.attempts >= MOST_ATTEMPTS:
            self._fail(trial, run, state)
        else:
            resume_run(run)

    def _fail(self, trial: optuna.Trial, run: RunFolder, state: RunState) -> None:
        logger.warning("note: trial %d of %s failed: %s", trial.number, self._given.method, state.reason)
        self._end(trial, run, state, TrialState.FAIL)

    def _end(
        self, trial: optuna.Trial, run: RunFolder, state: RunState, end: TrialState, value: float | None = None
    ) -> None:
        trial.set_user_attr(RUN, run.id)
        trial.set_user_attr(SECONDS, state.elapsed_seconds or 0.0)
        self._study.tell(trial, value, end)


def mark_pruned(run: RunFolder, epoch: int) -> None:
    """Say of a stopped run why it was stopped. Raises RunError if its folder cannot be changed."""
    reason = f"pruned after epoch {epoch}: other trials of the search were better by then"
    with run.lock():
        state = run.state_of_holder
        run.change_state(RunStatus.STOPPED, reason=reason, failure=None, ended_at=state.ended_at)
