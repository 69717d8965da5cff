"""Sentences that say what makes the evidence of a comparison thin."""

from collections.abc import Iterator
from itertools import combinations

import numpy as np

from emocore.evaluation.chosen_epochs import note_chosen_epochs
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.departures import THRESHOLDS, describe_family, find_departures
from emocore.evaluation.intervals import is_macro_rough
from emocore.evaluation.seed_spread import describe_spread
from emocore.evaluation.sweeps import find_swept_settings
from emocore.evaluation.verdicts import UNDECIDED
from emocore.run.settings import audit_name
from emocore.text import join_names, name_some
from emocore.thresholds import FEWEST_TEXTS

# At most this many scores are listed.
SCORES_NAMED = 3
# An open pair whose interval reaches further than this many points is warned of.
WIDE_POINTS = 2.0
# So many warnings about the data are told.
MOST_WARNINGS = 3


def find_caveats(comparison: Comparison) -> list[str]:
    """The caveats, the most serious first; notes of the comparison itself come last."""
    groups = comparison.verdicts.group(comparison.tested)
    return [
        *_doubt_plan(comparison),
        *_doubt_single_seeds(comparison),
        *(caveat for tested in groups for caveat in _doubt_open_pairs(comparison, tested)),
        *_doubt_rare_emotions(comparison),
        *_doubt_thresholds(comparison),
        *_doubt_skill(comparison),
        *_doubt_choice(comparison),
        *_doubt_what_was_not_tested(comparison),
        *_doubt_draws(comparison),
        *_doubt_equal_predictions(comparison),
        *_doubt_data(comparison),
        *comparison.notes,
    ]


def _doubt_plan(comparison: Comparison) -> Iterator[str]:
    departures = find_departures(comparison)
    for row in departures[departures["what"] != THRESHOLDS].to_dict("records"):
        yield f"Not as planned: {row['what']} ({row['values']}); the audit says what this does to the verdict."
    if comparison.plan is None and comparison.local and not comparison.verdicts.overall.empty:
        yield (
            "No plan of these runs as one study is known, so verdicts are corrected only for "
            f"{describe_family(comparison)} here."
        )


def _doubt_single_seeds(comparison: Comparison) -> Iterator[str]:
    local = comparison.ranking().query("source == 'here'")
    halved = {
        name
        for predictions in comparison.groups
        for name in predictions.members
        if predictions.halves and predictions.halves.has_several_draws(name)
    }
    single = [name for name in local.loc[local["seeds"] == 1, "series"] if name not in halved]
    if not single:
        return
    assumed = comparison.verdicts.overall.dropna(subset="assumed_spread")
    if len(single) == len(local) > 1:
        said = "Every method has only one seed"
    else:
        said = f"There is only one seed {'each ' * (len(single) > 1)}of {name_some(single)}"
    if len(assumed):
        spread = describe_spread(*assumed.iloc[0][["assumed_spread", "is_spread_of_others"]])
        yield f"{said}, so the chance in training is not known here; the spread between seeds is {spread}."
    else:
        yield f"{said}, so intervals count only chance in the texts, not in the training."


def _doubt_open_pairs(comparison: Comparison, tested: list[str]) -> Iterator[str]:
    leader = comparison.verdicts.find_leader(tested)
    overall = comparison.verdicts.among([leader, *(name for name in tested if name != leader)]).overall
    undecided = overall[(overall["first"] == leader) & overall["verdict"].isin(UNDECIDED)]
    reach = 100 * np.maximum(-undecided["low"], undecided["high"]).max()  # NaN, and so not wide, if none is open
    if reach > WIDE_POINTS:
        yield f"Open does not mean equal: a difference of up to {reach:.1f} points also fits these texts."


def _doubt_rare_emotions(comparison: Comparison) -> Iterator[str]:
    emotions = comparison.emotions[comparison.emotions["source"] == "here"]
    if thin := list(dict.fromkeys(emotions.loc[emotions["low"].isna(), "emotion"])):
        is_rough = any(is_macro_rough(rows["low"].isna().to_numpy()) for _, rows in emotions.groupby("series"))
        yield (
            f"Too few texts have {name_some(thin)} for a verdict or an interval; macro-F1 includes them"
            f"{', so its interval is rough' * is_rough}."
        )


def _doubt_thresholds(comparison: Comparison) -> Iterator[str]:
    if comparison.policy != "tuned" or not comparison.local:
        return
    truths = [(result.labels, result.truth("validation")) for result in comparison.local]
    fewest = min(len(truth) for _, truth in truths)
    if fewest < FEWEST_TEXTS:
        yield f"The thresholds were tuned on only {fewest} validation texts, so they are rough."
    absent = {label for labels, truth in truths for place, label in enumerate(labels) if not truth[:, place].any()}
    if absent:
        tuned = "its tuned threshold is" if len(absent) == 1 else "their tuned thresholds are"
        yield f"No validation text has {name_some(sorted(absent))}, so {tuned} hardly more than a guess."


def _doubt_skill(comparison: Comparison) -> Iterator[str]:
    """Doubts from the comparison with predicting every emotion for every text."""
    ranking, floor = comparison.ranking(), comparison.always_on
    is_worse = ranking["high"].fillna(ranking["value"]) < floor
    is_open = (ranking["low"].fillna(ranking["value"]) <= floor) & ~is_worse
    for found, words in ((is_worse, "worse"), (is_open, "not shown to be better")):
        if names := ranking.loc[found, "series"].tolist():
            yield (
                f"{name_some(names)} {_be(names)} {words} than predicting every emotion for every text, at "
                f"{comparison.policy} thresholds."
            )


def _doubt_choice(comparison: Comparison) -> Iterator[str]:
    for setting in find_swept_settings(comparison.whole):
        yield (
            f"These runs vary their {audit_name(setting)}: the best of several values is chosen on the same texts that "
            "it is scored on, so its score is too high."
        )
    yield from note_chosen_epochs(comparison)
    if comparison.split == "validation":
        yield "Scores are on the validation split; publish scores on a test split on which nothing was chosen."


def _doubt_what_was_not_tested(comparison: Comparison) -> Iterator[str]:
    ranking = comparison.ranking()
    best = ranking.loc[ranking["series"].isin(comparison.tested), "value"].max()
    higher = ranking[(ranking["source"] == "W&B") & (ranking["value"] > best)]
    if len(higher):
        scores = join_names(f"{row.series} ({row.value:.3f})" for row in higher.head(SCORES_NAMED).itertuples())
        yield f"These scores are higher but cannot be tested, since their predictions are not here: {scores}."


def _doubt_draws(comparison: Comparison) -> Iterator[str]:
    for predictions in comparison.groups:
        one = [name for name, draws in predictions.draws_of.items() if len(draws) == 1]
        several = [name for name in predictions.members if name not in one]
        if one and several:
            yield (
                f"{name_some(one)} learned from one draw of the training texts and {name_some(several)} from several, "
                "so they are not compared with each other."
            )


def _doubt_equal_predictions(comparison: Comparison) -> Iterator[str]:
    for predictions in comparison.groups:
        answers = {name: predictions.predicted[places] for name, places in predictions.members.items()}
        alike = [name for name, given in answers.items() if len(given) > 1 and (given == given[0]).all()]
        if alike:
            yield f"All seeds of {name_some(alike)} predict the same, so they show no chance in the training."
        for first, second in combinations(answers, 2):
            if np.array_equal(answers[first], answers[second]):
                yield f"{first} and {second} predict the same for every text."


def _doubt_data(comparison: Comparison) -> Iterator[str]:
    """What the checks found in the data of the first run on each file. Other runs on it have other training rows, and
    so other numbers of the same texts."""
    first = {str(result.provenance.data_sha256): result for result in reversed(comparison.whole)}
    warnings = list(dict.fromkeys(text for r in reversed(first.values()) for text in r.provenance.data_warnings))
    for text in warnings[:MOST_WARNINGS]:
        yield f"About the data: {text}."
    if len(warnings) > MOST_WARNINGS:
        yield f"The checks of the data found {len(warnings) - MOST_WARNINGS:,} more; the page of a run lists them."


def _be(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"
