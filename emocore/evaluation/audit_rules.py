"""The catalogue of what can make a comparison unfair: how grave each difference is, and what it does to the verdict.

A difference in a setting that is not named here counts as one in the recipe of the training.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from emocore.run.settings import audit_name, title, with_role

Severity = Literal["confounds", "may matter", "cosmetic"]
SEVERITIES: tuple[Severity, ...] = ("confounds", "may matter", "cosmetic")

# A "setting" is chosen and can be what a sweep varies; an "own" one has good values of its own for each method;
# an "origin" is what a run happened to have.
Kind = Literal["setting", "own", "origin"]


@dataclass(frozen=True)
class Rule:
    """One way to be unfair.

    It is compared among runs that agree in what is `given`: others differ in it anyway. Where a sweep varies something
    that it `follows` from, it is a part of that sweep.
    """

    severity: Severity
    effect: str
    kind: Kind = "setting"
    given: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()


# They act only through the rows and the split; where these are the same, they have had no effect.
SPLIT_SETTINGS = tuple(
    name for name in map(audit_name, with_role("data")) if name not in ("labels", "evaluation texts")
)
OWN = Rule(
    "may matter",
    "A method that is here with several values has had several tries: the best of them looks better than it is.",
    "own",
)
RECIPE = Rule("may matter", "A part of a difference in F1 may come from this setting instead of the method.")
OTHER_TEXTS = "They did not learn from and were not scored on the same texts: a lead may come from easier ones."
COSTS_ALONE = Rule("may matter", "Timings and memory cannot be compared; F1 is hardly touched.", "origin")
# In the order of the table; any other setting counts as a part of the recipe.
RULES: Mapping[str, Rule] = {
    "metric": Rule(
        "confounds", "These are values of different metrics: the difference between them means nothing.", "origin"
    ),
    "base": Rule(
        "confounds",
        "A difference in F1 may come from the base instead of the method; nothing here can tell the two apart.",
    ),
    "data": Rule("confounds", "A difference in F1 may come from the data instead of the method."),
    "labels": Rule(
        "confounds", "Macro-F1 is a mean over other emotions: the numbers are of different tasks.", "origin"
    ),
    "evaluation texts": Rule(
        "confounds",
        "The verdict is not paired: these runs saw other texts, so no test is made.",
        "origin",
        given=("labels",),
        follows=SPLIT_SETTINGS,
    ),
    "training rows": Rule("confounds", "More rows raise F1 whatever the method: a lead may come from them."),
    "rows or split": Rule("confounds", OTHER_TEXTS, "origin", given=(*SPLIT_SETTINGS, "labels")),
    **{name: Rule("confounds", OTHER_TEXTS) for name in SPLIT_SETTINGS if name not in ("data", "training rows")},
    # Also where each has its method's default: more training is more training, whoever chose it.
    "epochs": Rule(
        "confounds", "More passes over the rows are more training, chosen or by default: a lead may come from them."
    ),
    "optimizer steps": Rule(
        "confounds",
        "Fewer steps are less training: a lower F1 may come from that instead of the method.",
        follows=("data", "training rows", "epochs", "batch size"),
    ),
    "source": Rule(
        "may matter",
        "Runs of W&B were trained elsewhere and their predictions are not here: they are points without intervals, "
        "no verdict includes them, and their timings are of another machine.",
        "origin",
    ),
    "learning-rate trials": Rule("may matter", "", "origin", follows=("base", "data")),  # its effect names methods
    "threshold": Rule(
        "may matter",
        "F1 at the thresholds as launched is compared at different thresholds; tuned thresholds put that right.",
    ),
    "batch size": Rule(
        "may matter", "Larger batches mean fewer steps and less noise: a part of a difference may come from them."
    ),
    "max length": Rule("may matter", "Long texts were cut off earlier in some runs, which costs these F1."),
    **{title(name): OWN for name in with_role("method") if name not in ("epochs", "max_steps")},
    "device": COSTS_ALONE,
    "precision": Rule(
        "may matter", "Rounding moves F1 by a fraction of a point; timings and memory cannot be compared.", "origin"
    ),
    "base revision": Rule(
        "may matter", "The base was loaded at different revisions, whose weights may differ.", "origin", ("base",)
    ),
    "micro-batch": Rule(
        "may matter",
        "The same batch in smaller parts: timings and memory cannot be compared; F1 is hardly touched.",
        given=("batch size",),
    ),
    "gradient checkpointing": Rule(
        "may matter", "Timings and memory cannot be compared; F1 is not touched by this setting."
    ),
    "versions": Rule("may matter", "Other versions can compute or train a little differently.", "origin"),
    "code revision": Rule("may matter", "Emocore changed between these runs, perhaps in what it trains.", "origin"),
    "other versions": Rule("cosmetic", "These packages have no part in the numbers.", "origin"),
    "system": Rule("cosmetic", "Timings may differ a little; F1 does not depend on it.", "origin"),
}
