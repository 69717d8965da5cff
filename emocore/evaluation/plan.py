"""The plan that the runs of a comparison share: what their study fixed at launch."""

from collections.abc import Sequence
from dataclasses import dataclass

from emocore.errors import RunError
from emocore.evaluation.results import Result, RunResult, finished_configs
from emocore.run.study_record import StudyRecord, read_study_record


@dataclass(frozen=True)
class Plan:
    """The record of a study, and how many of the runs that it plans have finished."""

    record: StudyRecord
    finished: int

    @property
    def unfinished(self) -> int:
        return self.record.runs - self.finished


def find_record(results: Sequence[Result]) -> StudyRecord | None:
    """The record of the study that all runs of this machine belong to; None if they belong to several or to none, or if
    it has no record. Raises RunError if that cannot be read."""
    studies = {(result.run.path.parent, result.config.study) for result in results if isinstance(result, RunResult)}
    [(root, study)] = studies if len(studies) == 1 else [(None, None)]
    return read_study_record(root, study) if root and study else None


def find_plan(results: Sequence[Result]) -> tuple[Plan | None, list[str]]:
    """The plan of that study, and the sentences that say why it cannot be read, for which a comparison must not
    fail."""
    try:
        record = find_record(results)
    except RunError as error:
        return None, [f"The plan is not known: {error.message}."]
    if record is None:
        return None, []
    [root] = {result.run.path.parent for result in results if isinstance(result, RunResult)}
    planned = {
        (record.place_of(config), config.seed, config.replicate)
        for config in finished_configs(root)
        if record.plans(config)
    }
    return Plan(record, min(len(planned), record.runs)), []
