"""Emocore from a notebook or a script; every name here can be imported from `emocore`.

    >>> import emocore
    >>> runs = emocore.study(methods=["lora", "ia3"], seeds=[1, 2, 3], base="minilm-l6", data="tweets.csv")
    >>> comparison = emocore.compare(run.wait() for run in runs)
    >>> print(comparison.verdict)
    >>> comparison.figures["F1 by emotion"].show()
    >>> emocore.load(runs[0]).classify(["I did not expect you to remember!"])

Runs are the same as in the app and on the command line: they train in the background, are stored in `runs/` or
EMOCORE_RUNS, and continue when Python ends. `emocore settings` lists the settings. A call that cannot succeed raises an
EmocoreError, which says what to do next.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import pandas as pd
import plotly.graph_objects as go

from emocore.errors import ConfigError, RunError
from emocore.evaluation.audit import audit
from emocore.evaluation.comparison import Comparison as Comparisons
from emocore.evaluation.comparison import compare as compare_results
from emocore.evaluation.departures import list_differences
from emocore.evaluation.predictions import ThresholdPolicy
from emocore.evaluation.results import load_result
from emocore.evaluation.tries import count_tries
from emocore.export.content import ComparisonContent
from emocore.export.gather import gather
from emocore.jobs import launch as launching
from emocore.jobs.presets import STUDY_METHODS
from emocore.jobs.studies import keep_split
from emocore.jobs.waiting import wait_until_final
from emocore.run.config import RunConfig, build
from emocore.run.folder import RunFolder
from emocore.run.listing import find_run, runs_root
from emocore.run.state import RunState, RunStatus
from emocore.run.study import StudyConfig
from emocore.run.study_record import name_by_time
from emocore.system.libraries import prepare_libraries

if TYPE_CHECKING:
    from emocore.inference.classify import ClassifierPool


class Run:
    """One run, in any state.

    Attributes:
        id: Its name, as the app and the command line show it.
        folder: Where its files are.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self.id = folder.id

    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.state.status}>"

    @property
    def config(self) -> RunConfig:
        """The settings of the run, with every default filled in."""
        return self.folder.config

    @property
    def state(self) -> RunState:
        """Its current status and, in one line, why it ended."""
        return self.folder.state

    def wait(self, timeout_seconds: float | None = None) -> "Run":
        """Wait until the run has finished, and return it.

        Raises:
            RunError: The run failed or was stopped, or the time is up.
        """
        if not wait_until_final([self.folder], timeout_seconds):
            raise RunError(f"run {self.id} has not ended within {timeout_seconds:g} s; it continues, so wait again")
        if self.state.status != RunStatus.FINISHED:
            raise RunError(f"run {self.id} is {self.state.status} ({self.state.reason}); see {self.folder.log}")
        return self


class Comparison:
    """A comparison of finished runs.

    Attributes:
        scores: One row per series and metric, with its 95 % interval.
        emotions: One row per series and emotion.
        verdicts: One row per pair of series and emotion; the emotion is empty for macro-F1.
        audit: One row per difference between the runs other than method and seed; empty for a fair comparison.
    """

    def __init__(
        self, comparison: Comparisons, differences: pd.DataFrame, at: Callable[[ThresholdPolicy], Comparisons]
    ) -> None:
        self.scores = comparison.scores
        self.emotions = comparison.emotions
        self.verdicts = comparison.verdicts.to_table()
        self.audit = list_differences(comparison, differences)
        self._gather = partial(gather, comparison, differences, "Chosen runs", at)

    @property
    def verdict(self) -> str:
        """One line that can be said aloud: which methods are better or equal, and what is open."""
        return self._content.sentence

    @property
    def caveats(self) -> list[str]:
        """What makes the evidence thin, one sentence each, the most serious first."""
        return self._content.caveats

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Further tables by title: costs, calibration, thresholds and others that the runs allow."""
        return self._content.tables

    @property
    def figures(self) -> dict[str, go.Figure]:
        """The figures of the app, by title."""
        return self._content.figures

    @cached_property
    def _content(self) -> ComparisonContent:
        return self._gather()


class TrainedClassifier:
    """The trained adapter of a finished run, on its base."""

    def __init__(self, run: RunFolder, pool: "ClassifierPool") -> None:
        self._run, self._pool = run, pool

    def classify(self, texts: Sequence[str]) -> pd.DataFrame:
        """One row per text: `text`, the probability of each emotion, and in `predicted` the emotions found."""
        from emocore.inference.classify import classify, widen

        return widen(classify(self._pool, [self._run], list(texts)), [self._run])


def launch(**settings: Any) -> Run:
    """Queue one run and return at once; it trains in the background.

        >>> run = emocore.launch(method="lora", base="minilm-l6", data="tweets.csv", epochs=4)

    Raises:
        ConfigError: A setting is wrong.
        DataError: The data cannot be used.
        BaseModelError: The base is not there.
    """
    settings = keep_split(runs_root(), settings.get("study"), settings)
    [run] = launching.launch(launching.plan_runs([build(RunConfig, settings)]), runs_root(), allow_repeats=True)
    return Run(run)


def study(
    methods: Sequence[str] = STUDY_METHODS,
    seeds: Sequence[int] = (42,),
    replicates: int = 1,
    name: str | None = None,
    vary: Mapping[str, Sequence[Any]] | None = None,
    method_settings: Mapping[str, Mapping[str, Any]] | None = None,
    margin_points: float = 1.0,
    **settings: Any,
) -> list[Run]:
    """Queue one run per method, replicate, seed and varied value; they differ in nothing else.

        >>> runs = emocore.study(methods=["lora", "ia3"], seeds=[1, 2, 3], vary={"rows": [250, 500, 1000]})

    Args:
        replicates: How often every method is trained, each time on other training rows; needs `rows`.
        name: The study's name; by default it contains the time.
        vary: One setting and the values to try.
        method_settings: Settings of single methods, such as `{"ia3": {"learning_rate": 5e-3}}`.
        margin_points: Methods that surely differ by less than this many points of macro-F1 are called equal. The first
            launch of a study fixes it.
        settings: Settings that all runs share.

    Raises:
        ConfigError: A setting is wrong, or the study has one of these runs or another margin already.
        DataError: The data cannot be used.
        BaseModelError: The base is not there.
    """
    values = {
        "name": name or name_by_time(runs_root()),
        "methods": list(methods),
        "seeds": list(seeds),
        "replicates": replicates,
        "margin_points": margin_points,
        "settings": keep_split(runs_root(), name, settings),
        "method_settings": dict(method_settings or {}),
        "vary": dict(vary or {}),
    }
    plan = launching.plan_study(build(StudyConfig, values))
    return [Run(run) for run in launching.launch(plan, runs_root())]


def compare(
    runs: Iterable[Run | str],
    split: str | None = None,
    thresholds: ThresholdPolicy | None = None,
    together: Sequence[Sequence[str]] = (),
) -> Comparison:
    """Compare finished runs, given as `Run` objects or ids.

        >>> emocore.compare(runs, together=[["lora", "ia3"]]).scores

    Args:
        split: `validation` or `test`; by default the test split if all runs have one.
        thresholds: `tuned` for thresholds tuned by emotion on the validation split, `fixed` for the threshold of the
            launch or 0.5; by default fixed if all runs were launched with one, otherwise tuned.
        together: Lists of methods or names of series; the mean of the probabilities of each list is one more series.

    Raises:
        RunError: A run has not finished, or its files are damaged.
        DataError: A run lacks the split, or there is no mean of what `together` names.
    """
    if any(isinstance(choice, str) for choice in together):
        raise ConfigError("together: give lists of names, such as [['lora', 'ia3']]")
    folders = [_folder(run) for run in runs]
    if not folders:
        raise RunError("there is no run to compare; name at least one")
    at = lru_cache(partial(compare_results, [load_result(folder) for folder in folders], split, together=together))
    comparison = at(thresholds)
    trials = count_tries(folders[0].path.parent)
    return Comparison(comparison, audit(comparison.results, comparison.split, trials), at)


def load(run: Run | str) -> TrainedClassifier:
    """The trained classifier of a finished run, given as a `Run` or an id. Loads PyTorch.

        >>> emocore.load("20261123-172928-lora-minilm-l6-42").classify(["What a day!"])

    Raises:
        RunError: The run has not finished.
        AdapterError: Its adapter is missing or damaged.
    """
    prepare_libraries()
    from emocore.inference.classify import ClassifierPool

    folder, pool = _folder(run), ClassifierPool()
    pool.get(folder)
    return TrainedClassifier(folder, pool)


def _folder(run: Run | str) -> RunFolder:
    return find_run(runs_root(), run) if isinstance(run, str) else run.folder
