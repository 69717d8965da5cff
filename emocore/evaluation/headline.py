"""A comparison in words: one line that can be said aloud, and the numbers under it. All are derived from the tables.

The line has only verdicts and what is open. The numbers have one line per series, with the interval that decided on
each word; emocore.evaluation.caveats says how thin the evidence is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from emocore.evaluation.caveats import find_caveats
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.results import RunResult
from emocore.evaluation.verdicts import UNDECIDED, Verdicts
from emocore.run.study import FEWEST_HALVES
from emocore.text import format_probability, join_names, name_some

# How many emotions to name as the main contributors.
EMOTIONS_NAMED = 2
# With more series than this, the line names only some of them, and the numbers are summed up.
MOST_TOLD = 6
# A smaller spread between draws, of macro-F1, is not told.
LITTLE = 0.0005


@dataclass(frozen=True)
class Headline:
    """`sentence` is the line, `numbers` and `caveats` are sentences under it."""

    sentence: str
    numbers: list[str]
    caveats: list[str]


def describe(comparison: Comparison) -> Headline:
    """The line at the top of a comparison, with its numbers and caveats."""
    groups = comparison.verdicts.group(comparison.tested)
    orders = [_Order.of(comparison.verdicts, tested) for tested in groups]
    sentences = [order.describe() for order in orders] or [_describe_values(comparison.ranking())]
    if len(groups) > 1:
        own = ("", "Apart, ") if len(comparison.groups) == 1 else ("On the texts that they share, ", "On other texts, ")
        places = [own[0], *[own[1]] * (len(groups) - 1)]
        sentences = [place + sentence for place, sentence in zip(places, sentences, strict=True)]
    sentences = [sentence[0].upper() + sentence[1:] for sentence in sentences]
    numbers = [line for order in orders for line in _list_numbers(comparison, order)] + _describe_draws(comparison)
    return Headline(" ".join([*sentences, *_describe_training_texts(comparison)]), numbers, find_caveats(comparison))


def _describe_training_texts(comparison: Comparison) -> list[str]:
    """A sentence that says whether the runs learned from one draw of training texts, for which alone their scores then
    hold, or from several; none if series differ in that."""
    draws = {frozenset(own) for predictions in comparison.groups for own in predictions.draws_of.values()}
    rows = {result.provenance.rows.get("train") for result in comparison.whole if isinstance(result, RunResult)}
    if len(draws) != 1 or len(rows) != 1 or not all(rows):
        return []
    [own], [count] = draws, rows
    halves = {
        len(predictions.halves.draws_of.get(name, {})) if predictions.halves else 0
        for predictions in comparison.groups
        for name in predictions.members
    }
    if len(halves) == 1 and (drawn := halves.pop()) >= FEWEST_HALVES:
        return [f"Trained on these {count:,} texts, and on {drawn} halves of them to see what others would change."]
    return [f"Trained on {f'{len(own)} draws of' if len(own) > 1 else 'these'} {count:,} texts."]


def _describe_draws(comparison: Comparison) -> list[str]:
    """By how much a score depends on the draw of the training texts, if that is known."""
    moves = max((spread for spread in comparison.between_draws if not np.isnan(spread)), default=0.0)
    if moves <= LITTLE:
        return []
    return [f"Another draw of the training texts moves a score by about {100 * moves:.1f} points"]


def _describe_values(ranking: pd.DataFrame) -> str:
    best = ranking.iloc[0]
    interval = "" if pd.isna(best["low"]) else f" (95 % CI {best['low']:.3f} to {best['high']:.3f})"
    sentence = f"{best['series']}: macro-F1 {best['value']:.3f}{interval}"
    if len(ranking) == 1:
        return sentence + "."
    return f"{sentence}, the highest of {len(ranking)}; no two of them could be tested against each other."


@dataclass(frozen=True)
class _Order:
    """How the best of series with the same texts compares with the others: `equals` equal it, it beats `beaten`, and
    the rest is `undecided`; each in the order of the scores."""

    verdicts: Verdicts
    leader: str
    equals: list[str]
    undecided: list[str]
    beaten: list[str]

    @classmethod
    def of(cls, verdicts: Verdicts, tested: Sequence[str]) -> "_Order":
        leader = verdicts.find_leader(tested)
        words = {name: verdicts.find(leader, name) for name in tested if name != leader}
        return cls(
            verdicts,
            leader,
            equals=[name for name, word in words.items() if word == "equal"],
            # Among many pairs, each may be worse than another one; then nothing is said of who is best.
            undecided=[name for name, word in words.items() if word in UNDECIDED or word == "worse"],
            beaten=[name for name, word in words.items() if word == "better"],
        )

    @property
    def front(self) -> list[str]:
        return [self.leader, *self.equals, *self.undecided]

    @property
    def others(self) -> list[str]:
        return [*self.equals, *self.undecided, *self.beaten]

    @property
    def is_long(self) -> bool:
        return len(self.others) >= MOST_TOLD

    @property
    def too_few_texts(self) -> str | None:
        """How many texts or groups of them there are, if they are too few for any verdict."""
        own = self.verdicts.among([self.leader, *self.others]).overall
        return str(own["evidence"].iloc[0]) if own["low"].isna().all() else None

    def describe(self) -> str:
        """The line, without a capital letter of its own."""
        if self.too_few_texts is not None:
            few = f"{self.too_few_texts} are too few for a verdict on {name_some([self.leader, *self.others])}"
            return f"{self.leader} has the highest macro-F1, but {few}."
        parts = (self._tell_equals(), self._tell_undecided(), self._tell_behind(), self._tell_beaten())
        return "; ".join(clause for part in parts for clause in part) + "."

    def _tell_equals(self) -> Iterator[str]:
        if not self.equals:
            return
        together = [self.leader, *self.equals]
        if all(self.verdicts.find(*pair) == "equal" for pair in combinations(together, 2)):
            yield f"{name_some(together)} are equal within {self.verdicts.margin_text}"
        else:
            yield f"{self.leader} equals {name_some(self.equals)} within {self.verdicts.margin_text}"

    def _tell_undecided(self) -> Iterator[str]:
        if not self.undecided:
            return
        together = [self.leader, *self.undecided]
        if len(together) == 2 and not self.equals:
            yield f"whether {together[0]} or {together[1]} is better is open"
        elif all(self.verdicts.find(*pair) in UNDECIDED for pair in combinations(together, 2)) and not self.equals:
            yield f"which of {name_some(together)} is best is open"
        else:
            yield f"whether {self.leader} is better than {name_some(self.undecided, 'or')} is open"

    def _tell_behind(self) -> Iterator[str]:
        """Of those that the leader does not beat, which beats which."""
        for pair in combinations([*self.equals, *self.undecided], 2):
            for winner, loser in (pair, pair[::-1]):
                if self.verdicts.find(winner, loser) == "better" and not self.is_long:
                    yield f"{winner} beats {loser}{self._limit([winner], [loser])}"

    def _tell_beaten(self) -> Iterator[str]:
        if self.is_long and self.beaten:
            yield f"{self.leader} beats {'all' if len(self.front) == 1 else 'the other'} {len(self.beaten)}"
            return
        losers_of: dict[tuple[str, ...], list[str]] = {}
        for loser in self.beaten:
            losers_of.setdefault(tuple(self.winners_over(loser)), []).append(loser)
        for winners, losers in losers_of.items():
            yield f"{self._name_winners(winners)} {join_names(losers)}{self._limit(winners, losers)}"

    def winners_over(self, loser: str) -> list[str]:
        """The series of the front that beat one that the leader beats."""
        return [name for name in self.front if self.verdicts.find(name, loser) == "better"]

    def _name_winners(self, winners: Sequence[str]) -> str:
        if len(self.front) == 1:
            return f"{self.leader} beats"
        if len(winners) == len(self.front):
            return "both beat" if len(self.front) == 2 else f"all {len(self.front)} beat"
        return f"only {join_names(winners)} {'beats' if len(winners) == 1 else 'beat'}"

    def _limit(self, winners: Sequence[str], losers: Sequence[str]) -> str:
        """Says so if all these leads are surely smaller than the margin."""
        leads = [self.verdicts.between(winner, loser)["high"] for winner in winners for loser in losers]
        return f", by less than {self.verdicts.margin_text}" if max(leads) < self.verdicts.margin else ""


def _list_numbers(comparison: Comparison, order: _Order) -> Iterator[str]:
    best = comparison.ranking().set_index("series").loc[order.leader]
    ends: str = "" if pd.isna(best["low"]) else f" (95 % interval {best['low']:.3f} to {best['high']:.3f})"
    yield f"{order.leader}: macro-F1 {best['value']:.3f}{ends}"
    if order.too_few_texts is not None:
        return
    if order.is_long:
        yield from _sum_up(order)
        return
    for name in order.others:
        winners = order.winners_over(name) if name in order.beaten else [order.leader]
        told = _compare_numbers(order.verdicts, winners, name)
        yield f"{name}: {told}{_name_emotions(order.verdicts, winners, name)}"


def _compare_numbers(verdicts: Verdicts, winners: Sequence[str], name: str) -> str:
    """By how much a series is below each of `winners`, with the interval of the smallest lead."""
    rows = sorted((verdicts.between(winner, name) for winner in winners), key=lambda row: float(row["difference"]))
    row, winner = rows[0], rows[0]["first"]
    leads = [f"{abs(100 * lead['difference']):.1f}" for lead in rows]
    points = (
        f"{' to '.join(dict.fromkeys((leads[0], leads[-1])))} points {'below' if row['difference'] >= 0 else 'above'}"
    )
    of_what = "" if len(rows) == 1 else f", for {winner}"
    interval = f"{row['interval']} interval {100 * row['low']:.1f} to {100 * row['high']:.1f}{of_what}"
    leaning = "; this leans, but is no verdict" if row["verdict"].startswith("leans") else ""
    likely = f"P({winner} is better) {format_probability(row['probability'])}"
    return f"{points} {join_names(winners)} ({interval}; {likely}{leaning})"


def _sum_up(order: _Order) -> Iterator[str]:
    for names, words in ((order.equals, "It equals"), (order.undecided, "Open against"), (order.beaten, "It beats")):
        if names:
            leads = [100 * order.verdicts.between(order.leader, name)["difference"] for name in names]
            span = " to ".join(dict.fromkeys((f"{min(leads):.1f}", f"{max(leads):.1f}")))
            yield f"{words} {len(names)} series, which are {span} points lower"


def _name_emotions(verdicts: Verdicts, winners: Sequence[str], loser: str) -> str:
    """In which emotions a series loses to all winners, and which it wins against one of them."""
    emotions = pd.concat([verdicts.among([winner, loser]).by_emotion for winner in winners])
    better, worse = {}, []
    for emotion, rows in emotions.groupby("emotion", sort=False):
        if (rows["verdict"] == "better").all():
            better[str(emotion)] = float(rows["difference"].min())
        if (rows["verdict"] == "worse").any():
            worse.append(str(emotion))
    clearest = sorted(better, key=lambda emotion: -better[emotion])[:EMOTIONS_NAMED]
    told = f", mostly in {join_names(clearest)}" if clearest else ""
    return told + (f", though better in {name_some(worse)}" if worse else "")
