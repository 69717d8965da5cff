"""Which method is the best over several datasets: ranks of the series that all comparisons share, and a test of them.

Scores on different datasets cannot be averaged, since one dataset is harder than another, but a series can be ranked on
each: 1 is the highest macro-F1, and equal scores share the mean of their ranks. A dataset counts once, however many
texts and seeds it has. As Demšar (2006) recommends, two series are compared by Wilcoxon's (1945) signed-rank test,
and more by Friedman's (1937), followed by Nemenyi's (1963) for the pairs. With few datasets the chi-square
approximation of Friedman's test is rough (for 5 datasets and perfect agreement on 3 series it gives p = 0.007 instead
of 0.0008), so p comes from permutations of the ranks within datasets: all of them, or RESAMPLES if there are more.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy

from emocore.errors import DataError
from emocore.evaluation.chosen_epochs import note_chosen_epochs
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.intervals import LEVEL
from emocore.evaluation.results import PredictedResult
from emocore.evaluation.series import as_scored, name_series
from emocore.run.settings import NOT_TOLD, with_role
from emocore.text import counted, join_names

# Tests of ranks on fewer datasets find only perfect agreement; Demšar (2006) asks for more than ten if there are few
# series.
FEWEST_DATASETS = 5
ALPHA = 1 - LEVEL
RESAMPLES = 9_999
SCORE_COLUMNS = ["dataset", "series", "method", "value", "low", "high", "seeds", "rank"]
APART_FROM_DATA = NOT_TOLD | frozenset(with_role("data"))

Recipe = tuple[str, str]
"""A method and its settings apart from the data."""


@dataclass(frozen=True)
class RankTest:
    """`distance` is by how much the mean ranks of two series that differ are apart at least; None if there are only two
    series, of which `p_value` says it."""

    name: str
    p_value: float
    distance: float | None

    @property
    def is_clear(self) -> bool:
        return self.p_value <= ALPHA


@dataclass(frozen=True)
class Ranking:
    """Shared series over datasets, the best mean rank first.

    Attributes:
        scores: One row per dataset and series: dataset, series, method, value (macro-F1), low, high, seeds, rank.
        f1_macro: One row per series, one column per dataset.
        mean_ranks: By series.
        test: None with fewer than FEWEST_DATASETS datasets.
        notes: Sentences on the series that are left out, and on those whose epoch was chosen on the scored texts.
    """

    scores: pd.DataFrame
    f1_macro: pd.DataFrame
    mean_ranks: pd.Series
    test: RankTest | None
    notes: list[str]


def rank_series(comparisons: Mapping[str, Comparison]) -> Ranking:
    """Rank the series that all comparisons share; they are by name of their dataset.

    Series are the same if their method and their settings apart from the data are. Runs of W&B are not ranked.

    Raises DataError if fewer than two series are shared, or if the comparisons are not of one dataset each.
    """
    _check_datasets(comparisons)
    found = {name: _find_recipes(comparison) for name, comparison in comparisons.items()}
    single = {
        name: {recipe: own[0] for recipe, own in recipes.items() if len(own) == 1} for name, recipes in found.items()
    }
    shared = [recipe for recipe in next(iter(single.values())) if all(recipe in own for own in single.values())]
    if len(shared) < 2:
        raise DataError(
            f"{join_names(comparisons)} share {'only one series' if shared else 'no series'} with the same settings "
            "apart from data; a ranking takes two or more, so launch the same methods on each dataset"
        )
    names = _name_shared(next(iter(comparisons.values())), shared)
    tables = {
        dataset: comparison.ranking().set_index("series").loc[[single[dataset][recipe] for recipe in shared]]
        for dataset, comparison in comparisons.items()
    }
    tables = {dataset: own.set_axis(pd.Index(names, name="series")) for dataset, own in tables.items()}
    f1_macro = pd.DataFrame({dataset: own["value"] for dataset, own in tables.items()})
    ranks = f1_macro.rank(ascending=False)
    mean_ranks = ranks.mean(axis=1).sort_values(kind="stable")
    chosen = [note for comparison in comparisons.values() for note in note_chosen_epochs(comparison)]
    parts = [own.assign(dataset=name, rank=ranks[name]).loc[mean_ranks.index] for name, own in tables.items()]
    return Ranking(
        scores=pd.concat(parts).reset_index()[SCORE_COLUMNS],
        f1_macro=f1_macro.loc[mean_ranks.index],
        mean_ranks=mean_ranks,
        test=_test(f1_macro, ranks) if len(comparisons) >= FEWEST_DATASETS else None,
        notes=[*_name_left_out(found, shared), *dict.fromkeys(chosen)],
    )


def describe_ranking(ranking: Ranking) -> str:
    """Which series rank best and what the test says, or why there is none."""
    ranks, count = ranking.mean_ranks, ranking.f1_macro.shape[1]
    best = ranks.index[ranks == ranks.iloc[0]].tolist()
    others = [f"{name} ({rank:.2f})" for name, rank in ranks.iloc[len(best) :].items()]
    said = (
        f"Over {counted(count, 'dataset')}, {join_names(best)} {'has' if len(best) == 1 else 'share'} the best mean "
        f"rank ({ranks.iloc[0]:.2f}){', before ' * bool(others)}{join_names(others)}."
    )
    return f"{said} {_describe_test(ranking, count)}"


def _describe_test(ranking: Ranking, count: int) -> str:
    test = ranking.test
    if test is None:
        return f"So few datasets allow no test, only ranks; from {FEWEST_DATASETS} on, there is one."
    told = f"{test.name} test (p = {test.p_value:.3f})" if test.p_value >= 0.001 else f"{test.name} test (p < 0.001)"
    if test.distance is None:
        least = 2 / 2**count
        if least > ALPHA:
            return f"{told} cannot find a difference of two series with {counted(count, 'dataset')}; it takes one more."
        return f"{told} finds {'a' if test.is_clear else 'no'} difference."
    if not test.is_clear:
        return f"{told} finds no difference."
    apart = []
    for place, (name, rank) in enumerate(ranking.mean_ranks.items()):
        below = [other for other, own in ranking.mean_ranks.iloc[place + 1 :].items() if own - rank >= test.distance]
        apart += [f"{name} ranks above {join_names(map(str, below))}"] if below else []
    rule = f"by Nemenyi's test, mean ranks {test.distance:.2f} or more apart differ"
    return f"{told} finds differences; {rule}: {'; '.join(apart) or 'no two of them are'}."


def _test(f1_macro: pd.DataFrame, ranks: pd.DataFrame) -> RankTest:
    series, count = ranks.shape
    if series == 2:
        first, second = f1_macro.to_numpy()
        p_value = scipy.stats.wilcoxon(first, second).pvalue if (first != second).any() else 1.0
        return RankTest("Wilcoxon's signed-rank", float(p_value), None)
    permuted = scipy.stats.permutation_test(
        tuple(ranks.to_numpy()), _friedman, permutation_type="samples", vectorized=True, n_resamples=RESAMPLES,
        alternative="greater", rng=0,
    )  # fmt: skip
    quantile = scipy.stats.studentized_range.ppf(LEVEL, series, np.inf) / np.sqrt(2)
    distance = quantile * np.sqrt(series * (series + 1) / (6 * count))
    return RankTest("Friedman's", float(permuted.pvalue), float(distance))


def _friedman(*ranks: np.ndarray, axis: int = -1) -> np.ndarray:
    """A value that rises with Friedman's statistic, whose other parts are the same in all permutations."""
    return np.asarray(sum(own.mean(axis=axis) ** 2 for own in ranks))


def _check_datasets(comparisons: Mapping[str, Comparison]) -> None:
    """Refuse comparisons that share a file or their texts, since one dataset would count twice."""
    owners: dict[str, str] = {}
    for name, comparison in comparisons.items():
        if len(comparison.groups) != 1:
            raise DataError(
                f"{name} was scored on {len(comparison.groups) or 'no'} sets of texts here, so it is not one dataset; "
                "name a study whose runs were all scored on the same texts"
            )
        files = {sha256 for result in comparison.local for sha256 in result.provenance.data_sha256.values()}
        for mark in (*files, comparison.local[0].hash_texts(comparison.split)):
            if owners.setdefault(mark, name) != name:
                raise DataError(
                    f"{owners[mark]} and {name} have data in common, so they are not two datasets; leave one out"
                )


def _find_recipes(comparison: Comparison) -> dict[Recipe, list[str]]:
    """Recipe -> the names of the series that follow it, several if they differ in their data."""
    names = name_series(comparison.scored)
    found: dict[Recipe, list[str]] = {}
    for result in comparison.scored:
        if isinstance(result, PredictedResult):
            own = found.setdefault(_identify(result), [])
            own += [names[result.id]] if names[result.id] not in own else []
    return found


def _identify(result: PredictedResult) -> Recipe:
    return result.method_title, as_scored(result).model_dump_json(exclude=set(APART_FROM_DATA))


def _name_shared(comparison: Comparison, shared: list[Recipe]) -> list[str]:
    """The shortest names that tell the shared series apart."""
    firsts = {
        _identify(result): result for result in reversed(comparison.scored) if isinstance(result, PredictedResult)
    }
    return list(name_series([firsts[recipe] for recipe in shared]).values())


def _name_left_out(found: Mapping[str, Mapping[Recipe, list[str]]], shared: list[Recipe]) -> list[str]:
    notes = []
    for dataset, recipes in found.items():
        if others := [name for recipe, own in recipes.items() if recipe not in shared for name in own]:
            notes.append(
                f"{dataset}: {join_names(others)} left out; not every dataset has just one series with these settings."
            )
    return notes
