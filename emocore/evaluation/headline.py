"""A comparison in words: what the data supports and how thin it is. All sentences are derived from the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from emocore.evaluation.caveats import find_caveats, name_some
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.verdicts import Verdicts
from emocore.text import join_names

# How many emotions to name as the main contributors.
EMOTIONS_NAMED = 2
# With more series than this, the sentence summarises them instead of naming every pair.
MOST_TOLD = 6


@dataclass(frozen=True)
class Headline:
    """`sentence` has the verdicts; `caveats` say, one sentence each, how thin the evidence is."""

    sentence: str
    caveats: list[str]


def describe(comparison: Comparison) -> Headline:
    """The sentence at the top of a comparison, with its caveats."""
    groups = comparison.verdicts.group(comparison.tested)
    sentences = [_describe_order(comparison, tested) for tested in groups] or [_describe_values(comparison.ranking())]
    if len(groups) > 1:
        own = ("", "Apart, ") if len(comparison.groups) == 1 else ("On the texts that they share, ", "On other texts, ")
        places = [own[0], *[own[1]] * (len(groups) - 1)]
        sentences = [place + sentence for place, sentence in zip(places, sentences, strict=True)]
    return Headline(" ".join([*sentences, *_describe_training_texts(comparison)]), find_caveats(comparison))


def _describe_training_texts(comparison: Comparison) -> list[str]:
    """A sentence that says whether the runs learned from one draw of training texts, for which alone their scores then
    hold, or from several; none if series differ in that."""
    draws = {frozenset(own) for predictions in comparison.groups for own in predictions.draws_of.values()}
    rows = {result.provenance.rows.get("train") for result in comparison.local}
    if len(draws) != 1 or len(rows) != 1 or not all(rows):
        return []
    [own], [count] = draws, rows
    return [f"Trained on {f'{len(own)} draws of' if len(own) > 1 else 'these'} {count:,} texts."]


def _describe_values(ranking: pd.DataFrame) -> str:
    best = ranking.iloc[0]
    interval = "" if pd.isna(best["low"]) else f" (95 % CI {best['low']:.3f} to {best['high']:.3f})"
    sentence = f"{best['series']}: macro-F1 {best['value']:.3f}{interval}"
    if len(ranking) == 1:
        return sentence + "."
    return f"{sentence}, the highest of {len(ranking)}; no two of them could be tested against each other."


def _describe_order(comparison: Comparison, tested: Sequence[str]) -> str:
    leader, verdicts = tested[0], comparison.verdicts
    ties = [name for name in tested[1:] if verdicts.find(leader, name) == "tie"]
    beaten = [name for name in tested[1:] if verdicts.find(leader, name) == "better"]
    own = verdicts.among(tested).overall
    if own["low"].isna().all():
        best = float(comparison.ranking().set_index("series")["value"][leader])
        few = f"{own['support'].iloc[0]:,} texts are too few for a verdict on {name_some(tested)}"
        return f"{leader} has the highest macro-F1 ({best:.3f}), but {few}."
    if len(tested) > MOST_TOLD:
        return _describe_many(comparison, leader, ties, beaten)
    front = [leader, *ties]
    apart = [pair for pair in combinations(ties, 2) if verdicts.find(*pair) == "better"]
    parts = [_describe_tie(verdicts, front, not apart)] if ties else []
    parts += [f"{winner} beats {_describe_defeat(verdicts, [winner], loser)}" for winner, loser in apart]
    for winners, losers in _group_by_winners(verdicts, front, beaten):
        told = [_describe_defeat(verdicts, winners, loser) for loser in losers]
        parts.append(f"{_name_winners(winners, front)} {', and '.join(told)}")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _describe_many(comparison: Comparison, leader: str, ties: Sequence[str], beaten: Sequence[str]) -> str:
    """The sentence for series that are too many to name every pair."""
    best = comparison.ranking().set_index("series").loc[leader]
    told = f"{leader} has the highest macro-F1 of {len(ties) + len(beaten) + 1}: {best['value']:.3f}"
    if ties:
        told += f"; {name_some(ties)} {'ties' if len(ties) == 1 else 'tie'} with it"
    if beaten:
        leads = [comparison.verdicts.between(leader, name)["difference"] for name in beaten]
        span = " to ".join(dict.fromkeys((_points(min(leads)), _points(max(leads)))))
        told += f"; it beats {'all' if not ties else 'the other'} {len(beaten)} by {span} points"
    return told + "."


def _describe_tie(verdicts: Verdicts, front: Sequence[str], all_tie: bool) -> str:
    """Says that the first of the front ties with each of the others; `all_tie` says that those also tie with each
    other."""
    differences = []
    for name in front[1:]:
        row = verdicts.between(front[0], name)
        differences.append(f"{_points(row['difference'], sign=True)}, CI {_range(row, sign=True)}")
    if len(front) == 2:
        return f"{join_names(front)} tie (macro-F1 {differences[0]})"
    against = "; ".join(f"{told} against {name}" for told, name in zip(differences, front[1:], strict=True))
    if all_tie:
        return f"{join_names(front)} tie (macro-F1 of {front[0]}: {against})"
    return f"{front[0]} ties with {join_names(front[1:])} (macro-F1 {against})"


def _describe_defeat(verdicts: Verdicts, winners: Sequence[str], loser: str) -> str:
    """By how much a series loses, and mostly in which emotions: what holds for all winners, with their smallest
    lead."""
    pairs = [verdicts.among([winner, loser]) for winner in winners]
    overall = min((pair.overall.iloc[0] for pair in pairs), key=lambda row: float(row["difference"]))
    leads = {_points(pair.overall.iloc[0]["difference"]) for pair in pairs}
    least = " or more" if len(leads) > 1 else ""
    told = f"{loser} by {_points(overall['difference'])}{least} (CI {_range(overall)})"
    emotions = pd.concat([pair.by_emotion for pair in pairs])
    better, worse = {}, []
    for emotion, rows in emotions.groupby("emotion", sort=False):
        if (rows["verdict"] == "better").all():
            better[str(emotion)] = float(rows["difference"].min())
        if (rows["verdict"] == "worse").any():
            worse.append(str(emotion))
    if clearest := sorted(better, key=lambda emotion: -better[emotion])[:EMOTIONS_NAMED]:
        told += f", mostly in {join_names(clearest)}"
    return told + (f", though worse in {name_some(worse)}" if worse else "")


def _group_by_winners(
    verdicts: Verdicts, front: Sequence[str], beaten: Sequence[str]
) -> list[tuple[list[str], list[str]]]:
    """(winners of the front, losers) for losers with the same winners, in the order of the losers."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for loser in beaten:
        winners = tuple(name for name in front if verdicts.find(name, loser) == "better")
        groups.setdefault(winners, []).append(loser)
    return [(list(winners), losers) for winners, losers in groups.items()]


def _name_winners(winners: Sequence[str], front: Sequence[str]) -> str:
    if len(front) == 1:
        return f"{winners[0]} beats"
    if len(winners) == len(front):
        return "both beat" if len(front) == 2 else f"all {len(front)} beat"
    return f"only {join_names(winners)} {'beats' if len(winners) == 1 else 'beat'}"


def _points(difference: float, sign: bool = False) -> str:
    return f"{100 * difference:+.1f}" if sign else f"{100 * difference:.1f}"


def _range(row: pd.Series, sign: bool = False) -> str:
    return f"{_points(row['low'], sign)} to {_points(row['high'], sign)}"
