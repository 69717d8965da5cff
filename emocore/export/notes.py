"""Sentences on how a comparison was computed, for a report, a README and the caption of a table."""

from collections.abc import Collection

from emocore.evaluation.bootstrap import RESAMPLES
from emocore.evaluation.comparison import Comparison
from emocore.evaluation.departures import describe_family
from emocore.evaluation.intervals import FEWEST_POSITIVES
from emocore.evaluation.predictions import POLICY_DESCRIPTIONS, POLICY_TITLES
from emocore.evaluation.together import describe_joint
from emocore.export.grids import Mark
from emocore.text import counted, join_names

SIGNS: dict[Mark, str] = {"equal": "†", "open": "§", "untested": "‡"}
MARKS: dict[Mark, str] = {
    "best": "The best is in bold.",
    "equal": f"{SIGNS['equal']} Equals the best within {{margin}}.",
    "open": f"{SIGNS['open']} Open: neither shown to be worse than the best nor to equal it.",
    "untested": f"{SIGNS['untested']} Not tested against the best, since the texts differ or predictions are missing.",
}


def describe_setting(comparison: Comparison) -> str:
    """One line: split, texts, thresholds, seeds."""
    return (
        f"{comparison.split.capitalize()} split ({describe_texts(comparison)}), "
        f"thresholds {POLICY_TITLES[comparison.policy]}, {describe_series_seeds(comparison)}"
    )


def describe_texts(comparison: Comparison) -> str:
    """886 texts; 886 texts in 90 groups; 886 and 120 texts if runs were scored on different texts; an unknown number of
    texts."""
    counts = [len(predictions.row_ids) for predictions in comparison.groups]
    if not counts:
        counts = sorted({rows for result in comparison.results if (rows := result.rows(comparison.split))})
    told = f"{join_names([f'{count:,}' for count in counts])} texts" if counts else "an unknown number of texts"
    groups = [counted(own.units, "group") for own in comparison.groups if own.groups is not None]
    return f"{told} in {join_names(groups)}" if groups else told


def describe_series_seeds(comparison: Comparison) -> str:
    """3 seeds each; 3 seeds of LoRA and 1 of IA3."""
    seeds = comparison.ranking()[["series", "seeds"]].to_numpy().tolist()
    counts = {count for _, count in seeds}
    if len(counts) == 1:
        return f"{counted(seeds[0][1], 'seed')}{' each' if len(seeds) > 1 else ''}"
    by_count = {
        count: join_names([name for name, own in seeds if own == count]) for count in sorted(counts, reverse=True)
    }
    return join_names([f"{counted(count, 'seed')} of {names}" for count, names in by_count.items()])


def describe_method(comparison: Comparison) -> list[str]:
    """How the numbers were computed, one paragraph per kind of number."""
    thresholds = POLICY_DESCRIPTIONS[comparison.policy]
    if comparison.policy == "tuned" and comparison.split == "validation":
        thresholds += " On that split itself, each fifth of the texts has thresholds tuned on the other four fifths."
    paragraphs = [
        f"Scores are those of the {comparison.split} split, {describe_texts(comparison)}; a series is the mean over "
        f"its runs ({describe_series_seeds(comparison)}). Thresholds {POLICY_TITLES[comparison.policy]}: {thresholds}",
        f"Intervals are 95 % confidence intervals. They count chance in the texts, by a bootstrap of {RESAMPLES:,} "
        "resamples, and between runs with other seeds and, in a study with replicates, other draws of the training "
        "texts; for a series with one run, only in the texts. F1 of one emotion has "
        f"Wilson's (1927) interval, or none if fewer than {FEWEST_POSITIVES} texts have the emotion.",
        "Two series are compared by a paired bootstrap over texts, widened by the spread between seeds (for a single "
        "seed, that of the other series or an assumed one) or, if both learned from the same draws of the training "
        "texts, by that of their differences between draws, overall and for each emotion. p-values are corrected by "
        f"Holm (1979), overall for {describe_family(comparison)} and by emotion for all emotions of these pairs. "
        "Chance in tuned thresholds is not counted.",
        describe_words(comparison.verdicts.margin_text),
        "No-skill scores are those of predictors that ignore the text: silence predicts nothing, frequency predicts "
        "each emotion at random as often as it occurs, and always-on predicts every emotion for every text.",
    ]
    if any(predictions.halves for predictions in comparison.groups):
        paragraphs.append(
            "Scores are those of runs on all training texts. Other runs learned from random halves of them, the same "
            "for all methods, and only show what other training texts would do: the variance between halves is that "
            "between draws of all texts (the delete-d jackknife, Shao and Wu 1989), and is counted in the intervals of "
            "series that have halves and of their differences."
        )
    if any(predictions.groups is not None for predictions in comparison.groups):
        paragraphs.insert(
            2,
            "Texts of one group, such as those of one author, are alike and tell less than as many texts of different "
            "groups. So groups are resampled whole, the degrees of freedom follow from their number and sizes, and an "
            f"emotion gets an interval if at least {FEWEST_POSITIVES} groups have it.",
        )
    if comparison.joint:
        paragraphs.append(" ".join(describe_joint(comparison.joint)))
    if len(comparison.local) < len(comparison.results):
        paragraphs.append(
            "Runs of W&B were trained elsewhere and their predictions are not here: they have neither intervals nor "
            "verdicts."
        )
    return paragraphs


def describe_words(margin: str) -> str:
    """What the verdicts mean; `margin` is the largest difference between equals, in words."""
    return (
        "Better (or worse): the 95 % interval of the difference, corrected for all pairs, leaves out 0. Equal: not "
        f"that, and the pair's own 90 % interval lies within {margin} on both sides of 0 (two one-sided tests at 5 %). "
        "Leans: neither, but the pair's own 95 % interval leaves out 0; among several pairs that may be chance, so it "
        "is no verdict. Open: anything else. The interval next to a word is the one that decided."
    )


def describe_marks(marks: Collection[Mark], margin: str) -> str:
    """One sentence per mark of a grid, on what it means; `margin` as in `describe_words`."""
    return " ".join(text.format(margin=margin) for mark, text in MARKS.items() if mark in marks)
