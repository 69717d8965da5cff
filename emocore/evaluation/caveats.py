"""What makes the evidence of a comparison thin, in words, one sentence each."""

from collections.abc import Iterable, Iterator
from itertools import combinations

import numpy as np

from emocore.evaluation.comparison import Comparison
from emocore.evaluation.sweeps import find_swept_settings
from emocore.evaluation.verdicts import describe_spread
from emocore.run.settings import audit_name
from emocore.text import join_names

# Of a longer list of names so many are told.
NAMED = 3
# A tie whose interval reaches further than this many points has left the question open rather than answered it.
WIDE_POINTS = 2.0


def find_caveats(comparison: Comparison) -> list[str]:
    """The gravest first; those that a comparison brings along, last."""
    groups = comparison.verdicts.group(comparison.tested)
    return [
        *_doubt_single_seeds(comparison),
        *(caveat for tested in groups for caveat in _doubt_ties(comparison, tested)),
        *_doubt_rare_emotions(comparison),
        *_doubt_skill(comparison),
        *_doubt_choice(comparison),
        *_doubt_what_was_not_tested(comparison),
        *_doubt_equal_predictions(comparison),
        *comparison.notes,
    ]


def name_some(names: Iterable[str]) -> str:
    """A, B, C and 4 more."""
    every = list(names)
    return join_names([*every[:NAMED], *([f"{len(every) - NAMED} more"] if len(every) > NAMED else [])])


def _doubt_single_seeds(comparison: Comparison) -> Iterator[str]:
    local = comparison.ranking().query("source == 'here'")
    single = local.loc[local["seeds"] == 1, "series"].tolist()
    if not single:
        return
    assumed = comparison.verdicts.overall.dropna(subset="assumed_spread")
    who = "every method" if len(single) == len(local) > 1 else name_some(single)
    if len(assumed):
        spread = describe_spread(*assumed.iloc[0][["assumed_spread", "is_spread_of_others"]])
        yield (
            f"One seed of {who}, so how much chance there is in its training is not known here; the spread between "
            f"seeds is {spread}. Two more seeds would tell."
        )
    else:
        yield f"One seed of {who}: its interval counts chance in the texts alone, not in the training."


def _doubt_ties(comparison: Comparison, tested: list[str]) -> Iterator[str]:
    leader, overall = tested[0], comparison.verdicts.among(tested).overall
    ties = overall[(overall["first"] == leader) & (overall["verdict"] == "tie")]
    reach = 100 * np.maximum(-ties["low"], ties["high"]).max()  # not a number, and so not wide, where there is none
    if reach > WIDE_POINTS:
        yield f"A tie is not equality: a difference of up to {reach:.1f} points would fit these texts as well."
    if close := ties.loc[ties["low"] > 0, "second"].tolist():
        pairs = len(tested) * (len(tested) - 1) // 2
        yield (
            f"Compared alone, {leader} would beat {name_some(close)}: the interval leaves out 0; among {pairs} pairs "
            "a difference like that may be chance."
        )


def _doubt_rare_emotions(comparison: Comparison) -> Iterator[str]:
    emotions = comparison.emotions[comparison.emotions["source"] == "here"]
    if thin := list(dict.fromkeys(emotions.loc[emotions["low"].isna(), "emotion"])):
        yield (
            f"Too few texts have {name_some(thin)} for a verdict or an interval; macro-F1 rests on them too, so its "
            "interval is rough."
        )


def _doubt_skill(comparison: Comparison) -> Iterator[str]:
    """Against predicting every emotion for every text."""
    ranking, floor = comparison.ranking(), comparison.always_on
    is_worse = ranking["high"].fillna(ranking["value"]) < floor
    is_open = (ranking["low"].fillna(ranking["value"]) <= floor) & ~is_worse
    for found, words in ((is_worse, "worse"), (is_open, "not shown to be better")):
        if names := ranking.loc[found, "series"].tolist():
            yield f"{name_some(names)} {_be(names)} {words} than predicting every emotion for every text."


def _doubt_choice(comparison: Comparison) -> Iterator[str]:
    for setting in find_swept_settings(comparison.results):
        yield (
            f"These runs vary their {audit_name(setting)}: the highest of several values is chosen on the very "
            "texts that it is scored on, which flatters it."
        )
    if comparison.split == "validation":
        yield "Scored on the validation split; a figure to publish belongs on a test split that nothing was chosen on."


def _doubt_what_was_not_tested(comparison: Comparison) -> Iterator[str]:
    ranking = comparison.ranking()
    best = ranking.loc[ranking["series"].isin(comparison.tested), "value"].max()
    higher = ranking[(ranking["source"] == "W&B") & (ranking["value"] > best)]
    if len(higher):
        scores = join_names(f"{row.series} ({row.value:.3f})" for row in higher.head(NAMED).itertuples())
        yield f"Higher, but without predictions here to be tested with: {scores}."


def _doubt_equal_predictions(comparison: Comparison) -> Iterator[str]:
    for predictions in comparison.groups:
        answers = {name: predictions.predicted[places] for name, places in predictions.members.items()}
        alike = [name for name, given in answers.items() if len(given) > 1 and (given == given[0]).all()]
        if alike:
            yield f"All seeds of {name_some(alike)} predict the same: no chance in the training shows."
        for first, second in combinations(answers, 2):
            if np.array_equal(answers[first], answers[second]):
                yield f"{first} and {second} predict the same for every text."


def _be(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
