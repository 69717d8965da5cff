"""A comparison in words: what the data supports, and how thin it is. Every word is written from the numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import pandas as pd

from emocore.evaluation.comparison import Comparison
from emocore.text import join_names

# Of how many emotions a difference is said to be mostly made.
EMOTIONS_NAMED = 2
# With more series than this the sentence names the best and NAMED of those that tie with it, not every pair.
MOST_TOLD = 6
NAMED = 3
# A tie whose interval reaches further than this many points has left the question open rather than answered it.
WIDE_POINTS = 2.0
# How verdicts say in their notes what is taken for the spread of a single seed.
SPREAD = "its spread between seeds is "


@dataclass(frozen=True)
class Headline:
    """`sentence` says what the verdicts are, `caveats` how thin the evidence is, one sentence each."""

    sentence: str
    caveats: list[str]


def describe(comparison: Comparison) -> Headline:
    """The sentence on top of a comparison, with its doubts."""
    ranking = comparison.ranking()
    tested = comparison.tested
    sentence = _describe_order(comparison, tested) if tested else _describe_values(ranking)
    return Headline(sentence, _find_caveats(comparison, tested))


def find_pair(verdicts: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """The rows of a pair, turned round if need be so that `first` comes first; empty where they were not tested."""
    straight = verdicts[(verdicts["first"] == first) & (verdicts["second"] == second)]
    if len(straight):
        return straight
    turned = verdicts[(verdicts["first"] == second) & (verdicts["second"] == first)]
    return turned.assign(
        first=first,
        second=second,
        first_method=turned["second_method"],
        second_method=turned["first_method"],
        difference=-turned["difference"],
        low=-turned["high"],
        high=-turned["low"],
        verdict=turned["verdict"].map({"better": "worse", "worse": "better", "tie": "tie"}),
    )


def find_ties(comparison: Comparison, series: str) -> list[str]:
    """The series that were tested against `series` and tie with it overall, the best first."""
    return [name for name in comparison.ranking()["series"] if _verdict(comparison, series, name) == "tie"]


def _describe_values(ranking: pd.DataFrame) -> str:
    best = ranking.iloc[0]
    interval = "" if pd.isna(best["low"]) else f" (95 % CI {best['low']:.3f} to {best['high']:.3f})"
    sentence = f"{best['series']}: macro-F1 {best['value']:.3f}{interval}"
    if len(ranking) == 1:
        return sentence + "."
    return f"{sentence}, the highest of {len(ranking)}; no two of them could be tested against each other."


def _describe_order(comparison: Comparison, tested: Sequence[str]) -> str:
    leader = tested[0]
    ties = [name for name in tested[1:] if _verdict(comparison, leader, name) == "tie"]
    beaten = [name for name in tested[1:] if _verdict(comparison, leader, name) == "better"]
    if len(tested) > MOST_TOLD:
        return _describe_many(comparison, leader, ties, beaten)
    front = [leader, *ties]
    apart = [pair for pair in combinations(ties, 2) if _verdict(comparison, *pair) == "better"]
    parts = [_describe_tie(comparison, front, not apart)] if ties else []
    parts += [f"{winner} beats {_describe_defeat(comparison, winner, loser)}" for winner, loser in apart]
    for winners, losers in _group_by_winners(comparison, front, beaten):
        told = [_describe_defeat(comparison, leader, loser) for loser in losers]
        parts.append(f"{_name_winners(winners, front)} {', and '.join(told)}")
    sentence = "; ".join(parts)
    return sentence[0].upper() + sentence[1:] + "."


def _describe_many(comparison: Comparison, leader: str, ties: Sequence[str], beaten: Sequence[str]) -> str:
    """Too many for every pair of them to be told."""
    best = comparison.ranking().set_index("series").loc[leader]
    told = f"{leader} has the highest macro-F1 of {len(ties) + len(beaten) + 1}: {best['value']:.3f}"
    if ties:
        more = [f"{len(ties) - NAMED} more"] if len(ties) > NAMED else []
        told += f"; {join_names([*ties[:NAMED], *more])} {'ties' if len(ties) == 1 else 'tie'} with it"
    if beaten:
        leads = [find_pair(comparison.verdicts, leader, name)["difference"].iloc[0] for name in beaten]
        span = " to ".join(dict.fromkeys((_points(min(leads)), _points(max(leads)))))
        told += f"; it beats {'all' if not ties else 'the other'} {len(beaten)} by {span} points"
    return told + "."


def _describe_tie(comparison: Comparison, front: Sequence[str], all_tie: bool) -> str:
    """That the first of the front ties with each of the others; `all_tie` says that these tie with each other too."""
    differences = []
    for name in front[1:]:
        row = find_pair(comparison.verdicts, front[0], name).iloc[0]
        interval = "too few texts for an interval" if pd.isna(row["low"]) else f"CI {_range(row, sign=True)}"
        differences.append(f"{_points(row['difference'], sign=True)}, {interval}")
    if len(front) == 2:
        return f"{join_names(front)} tie (macro-F1 {differences[0]})"
    against = "; ".join(f"{told} against {name}" for told, name in zip(differences, front[1:], strict=True))
    if all_tie:
        return f"{join_names(front)} tie (macro-F1 of {front[0]}: {against})"
    return f"{front[0]} ties with {join_names(front[1:])} (macro-F1 {against})"


def _describe_defeat(comparison: Comparison, winner: str, loser: str) -> str:
    rows = find_pair(comparison.verdicts, winner, loser)
    overall, emotions = rows.iloc[0], rows[(rows["emotion"] != "") & (rows["verdict"] == "better")]
    told = f"{loser} by {_points(overall['difference'])} (CI {_range(overall)})"
    clearest = emotions.sort_values("difference", ascending=False)["emotion"].tolist()[:EMOTIONS_NAMED]
    return f"{told}, mostly in {join_names(clearest)}" if clearest else told


def _group_by_winners(
    comparison: Comparison, front: Sequence[str], beaten: Sequence[str]
) -> list[tuple[list[str], list[str]]]:
    """(those of the front that beat them, losers) for losers of the same winners, in the order of the losers."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for loser in beaten:
        winners = tuple(name for name in front if _verdict(comparison, name, loser) == "better")
        groups.setdefault(winners, []).append(loser)
    return [(list(winners), losers) for winners, losers in groups.items()]


def _name_winners(winners: Sequence[str], front: Sequence[str]) -> str:
    if len(front) == 1:
        return f"{winners[0]} beats"
    if len(winners) == len(front):
        return "both beat" if len(front) == 2 else f"all {len(front)} beat"
    return f"only {join_names(winners)} {'beats' if len(winners) == 1 else 'beat'}"


def _find_caveats(comparison: Comparison, tested: Sequence[str]) -> list[str]:
    caveats = []
    overall = comparison.verdicts[comparison.verdicts["emotion"] == ""]
    if notes := [note for note in overall["note"] if SPREAD in note]:
        caveats.append(_describe_single_seeds(comparison, notes[0].rpartition(SPREAD)[2]))
    ties = [
        find_pair(overall, tested[0], name).iloc[0]
        for name in tested[1:]
        if _verdict(comparison, tested[0], name) == "tie"
    ]
    reach = 100 * max((max(-row["low"], row["high"]) for row in ties), default=0.0)
    if reach > WIDE_POINTS:
        caveats.append(
            f"A tie is not equality: a difference of up to {reach:.1f} points would fit these texts as well."
        )
    if close := [row["second"] for row in ties if row["low"] > 0]:
        caveats.append(
            f"Compared alone, {tested[0]} would beat {join_names(close)}, whose interval leaves out 0; among "
            f"{len(overall)} pairs a difference like that may be chance."
        )
    emotions = comparison.emotions[comparison.emotions["source"] == "here"]
    if thin := list(dict.fromkeys(emotions.loc[emotions["low"].isna(), "emotion"])):
        caveats.append(
            f"Too few texts have {join_names(thin)} for a verdict or an interval; macro-F1 rests on them too, so its "
            "interval is rough."
        )
    if weak := _find_unskilled(comparison):
        verb = "is" if len(weak) == 1 else "are"
        caveats.append(
            f"{join_names(weak)} {verb} not shown to be better than predicting every emotion for every text."
        )
    return [*caveats, *comparison.notes]


def _describe_single_seeds(comparison: Comparison, spread: str) -> str:
    macro = comparison.ranking()
    single = macro.loc[(macro["seeds"] == 1) & (macro["source"] == "here"), "series"].tolist()
    who = "every method" if len(single) == len(macro) else join_names(single)
    return (
        f"One seed of {who}, so how much chance there is in its training is not known here; the spread between seeds "
        f"is {spread}. Two more seeds would tell."
    )


def _find_unskilled(comparison: Comparison) -> list[str]:
    """Series whose interval of macro-F1 reaches down to that of always-on."""
    ranking = comparison.ranking()
    return ranking.loc[ranking["low"].fillna(ranking["value"]) <= comparison.always_on, "series"].tolist()


def _verdict(comparison: Comparison, first: str, second: str) -> str | None:
    """The overall verdict seen from `first`; None where they were not tested."""
    rows = find_pair(comparison.verdicts, first, second)
    return None if rows.empty else str(rows.iloc[0]["verdict"])


def _points(difference: float, sign: bool = False) -> str:
    return f"{100 * difference:+.1f}" if sign else f"{100 * difference:.1f}"


def _range(row: pd.Series, sign: bool = False) -> str:
    return f"{_points(row['low'], sign)} to {_points(row['high'], sign)}"
