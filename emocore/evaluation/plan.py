"""The plan that the runs of a comparison share: what their study fixed at launch."""

from collections.abc import Sequence

from emocore.errors import RunError
from emocore.evaluation.results import Result, RunResult
from emocore.run.study_record import StudyRecord, read_study_record


def find_plan(results: Sequence[Result]) -> tuple[StudyRecord | None, list[str]]:
    """The record of the study that all runs of this machine belong to; None if they belong to several or to none, or if
    it has none. Then the sentences that say why a record cannot be read, for which a comparison must not fail."""
    studies = {(result.run.path.parent, result.config.study) for result in results if isinstance(result, RunResult)}
    if len(studies) != 1:
        return None, []
    [(root, study)] = studies
    if study is None:
        return None, []
    try:
        return read_study_record(root, study), []
    except RunError as error:
        return None, [f"The plan is not known: {error.message}."]
