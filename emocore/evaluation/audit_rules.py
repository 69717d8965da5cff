"""The catalogue of differences that can make a comparison unfair, with their severity and effect on the verdict.

A setting that is not named here counts as a part of the training recipe.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from emocore.run.settings import audit_name, title, with_role

Severity = Literal["confounds", "may matter", "cosmetic"]
SEVERITIES: tuple[Severity, ...] = ("confounds", "may matter", "cosmetic")

# A "setting" is chosen, and a sweep can vary it. An "own" setting has different good values for each method. An
# "origin" is not chosen but a circumstance of the run.
Kind = Literal["setting", "own", "origin"]


@dataclass(frozen=True)
class Rule:
    """One way in which a comparison can be unfair.

    The difference is checked among runs with the same `given` covariates, since others differ in it anyway. If a sweep
    varies something that it `follows` from, it is part of that sweep.
    """

    severity: Severity
    effect: str
    kind: Kind = "setting"
    given: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()


# Settings that act only through the rows and the split; if those are the same, the settings had no effect.
SPLIT_SETTINGS = tuple(
    name for name in map(audit_name, with_role("data")) if name not in ("labels", "evaluation texts")
)
OWN = Rule(
    "may matter",
    "A method with several values has had several tries, so the best of them looks better than it is.",
    "own",
)
RECIPE = Rule("may matter", "A part of a difference in F1 may come from this setting instead of the method.")
OTHER_TEXTS = "The runs were not trained and scored on the same texts, so a lead may come from easier texts."
COSTS_ALONE = Rule("may matter", "Timings and memory cannot be compared; F1 hardly changes.", "origin")
# In the order of the table; any other setting counts as a part of the recipe.
RULES: Mapping[str, Rule] = {
    "metric": Rule(
        "confounds", "These are values of different metrics: the difference between them means nothing.", "origin"
    ),
    "base": Rule(
        "confounds",
        "A difference in F1 may come from the base instead of the method; this comparison cannot separate the two.",
    ),
    "data": Rule("confounds", "A difference in F1 may come from the data instead of the method."),
    "labels": Rule(
        "confounds", "Macro-F1 is a mean over different emotions, so the numbers belong to different tasks.", "origin"
    ),
    "evaluation texts": Rule(
        "confounds",
        "These runs were scored on different texts, so no paired test is made.",
        "origin",
        given=("labels",),
        follows=SPLIT_SETTINGS,
    ),
    "training rows": Rule("confounds", "More rows raise F1 for any method, so a lead may come from them."),
    "rows or split": Rule("confounds", OTHER_TEXTS, "origin", given=(*SPLIT_SETTINGS, "labels")),
    "training draws": Rule(
        "confounds",
        "These series have no draw of the training texts in common, so a lead may come from easier texts.",
        "origin",
        given=("data", "training rows", "labels"),
        follows=("data", "training rows"),
    ),
    **{name: Rule("confounds", OTHER_TEXTS) for name in SPLIT_SETTINGS if name not in ("data", "training rows")},
    title("split_version"): Rule(
        "confounds",
        "Each version of the split draws other texts: what one run was scored on, another one may have learned from. "
        "Compare runs of one version; clones and later runs of a study keep theirs.",
    ),
    # This holds for methods' defaults, too: more training counts, whether it was chosen or not.
    "epochs": Rule(
        "confounds", "More epochs are more training, whether chosen or by default, so a lead may come from them."
    ),
    "optimizer steps": Rule(
        "confounds",
        "Fewer steps are less training, so a lower F1 may come from that instead of the method.",
        follows=("data", "training rows", "epochs", "batch size"),
    ),
    "loss": Rule(
        "confounds",
        "Each loss puts probabilities elsewhere, which moves F1 at fixed thresholds by many points for any method, and "
        "F1 at tuned ones a little.",
    ),
    title("positive_weight"): Rule(
        "confounds",
        "More weight on positives raises probabilities, which moves F1 at fixed thresholds by many points for any "
        "method (TF-IDF's by 22), and F1 at tuned ones a little.",
    ),
    "source": Rule(
        "may matter",
        "Runs of W&B were trained elsewhere and have no predictions here: they have no intervals and no verdicts, "
        "and their timings are from another machine.",
        "origin",
    ),
    "settings tried": Rule("may matter", "", "origin", follows=("base", "data")),  # its effect names methods
    "threshold": Rule(
        "may matter",
        "The stored scores are at different thresholds. A comparison scores all runs anew, with tuned thresholds or "
        "with fixed ones; fixed ones differ if the runs were launched with different thresholds.",
    ),
    "keep": Rule(
        "may matter",
        "Runs that kept their best epoch had as many tries as epochs, so a part of a difference may come from that. On "
        "the validation split, where the epoch was chosen, their scores are also optimistic.",
    ),
    "batch size": Rule(
        "may matter", "Larger batches mean fewer steps and less noise, so a part of a difference may come from them."
    ),
    "max length": Rule("may matter", "Long texts were cut off earlier in some runs, which lowers their F1."),
    **{title(name): OWN for name in with_role("method") if name not in ("epochs", "max_steps")},
    "device": COSTS_ALONE,
    "CPU threads": Rule(
        "may matter",
        "Timings cannot be compared; with other threads sums are rounded differently, which hardly changes F1.",
        "origin",
        given=("device",),
    ),
    "precision": Rule(
        "may matter", "Rounding moves F1 by a fraction of a point; timings and memory cannot be compared.", "origin"
    ),
    "base revision": Rule(
        "may matter", "The base was loaded at different revisions, whose weights may differ.", "origin", ("base",)
    ),
    "micro-batch": Rule(
        "may matter",
        "The same batch was split differently: timings and memory cannot be compared; F1 hardly changes.",
        given=("batch size",),
    ),
    "gradient checkpointing": Rule(
        "may matter", "Timings and memory cannot be compared; this setting does not change F1."
    ),
    "versions": Rule("may matter", "Different versions can compute or train slightly differently.", "origin"),
    "code revision": Rule("may matter", "Emocore changed between these runs, which may affect training.", "origin"),
    "other versions": Rule("cosmetic", "These packages do not affect the numbers.", "origin"),
    "system": Rule("cosmetic", "Timings may differ a little; F1 does not depend on it.", "origin"),
}
