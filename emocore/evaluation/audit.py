"""Is a comparison fair? Every difference between its runs other than method and seed, and what it does to the verdict.

`audit` reads results; `audit_subjects` works on covariates in words, so that a table from a paper is judged by the same
rules. Covered: what runs store about themselves. Not covered: what no run stores, such as how often somebody looked at
the test split.

A setting with the same values in every method is not a difference between methods but the design of a sweep, and is
reported as such. Settings whose good values differ between methods (learning rate, rank) count only within one method.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Literal

import pandas as pd

from emocore.evaluation.audit_rules import RECIPE, RULES, SEVERITIES, SPLIT_SETTINGS, Rule, Severity
from emocore.evaluation.results import Result
from emocore.evaluation.run_descriptions import TRIES, Subject, TrialPlace, describe_results
from emocore.run.settings import audit_name
from emocore.text import join_names

COLUMNS = ["what", "values", "severity", "effect"]
Draws = Literal["unknown", "shared", "apart"]
# What a setting that only chooses texts has led to where the evaluation texts are the same, by what is known of the
# draws of the training texts. Records of earlier versions know only that all texts are the same.
SAME_TEXTS: Mapping[Draws, str] = {
    "unknown": "It led to the same rows and the same split, so it has no effect.",
    "shared": "It led to the same evaluation texts, and series are compared by the training texts that they share.",
    "apart": "It led to the same evaluation texts; what it did to the training texts is said of the training draws.",
}
SAME_TEXTS_IN_GROUPS = "It led to the same texts; all series are resampled in the groups that any of them knows."


def audit(
    results: Sequence[Result], split: str = "validation", trials: Mapping[TrialPlace, int] | None = None
) -> pd.DataFrame:
    """One row per difference between the runs other than method and seed, the most serious first.

    A fair comparison has none. Columns: `what`, `values` (which series or methods have which), `severity`
    ("confounds" | "may matter" | "cosmetic"), `effect` (a sentence on the effect on the verdict) and `by_design`
    (whether a sweep varies it).
    `split`, which all results have, is the scored split. `trials` comes from `count_tries`; without it,
    only trials among the results count. Raises RunError if predictions are missing or damaged.
    Runs on halves of the training rows are compared only with each other.
    """
    parts = []
    for are_halves in (False, True):
        part = [result for result in results if result.config.learns_half == are_halves]
        table = audit_subjects(describe_results(part, split, trials)) if part else audit_subjects([])
        parts.append(table.assign(what=table["what"] + " (of runs on halves)") if are_halves else table)
    found = [table for table in parts if len(table)] or parts[:1]
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    joined = pd.concat(found, ignore_index=True)
    return joined.sort_values("severity", key=lambda column: column.map(order), kind="stable", ignore_index=True)


def audit_subjects(subjects: Sequence[Subject]) -> pd.DataFrame:
    """The same for runs with known covariates only, in words."""
    known = list(dict.fromkeys([*RULES, *(what for subject in subjects for what in subject.covariates)]))
    shared_design, own_design = _find_design(subjects, known)
    splits = {subject.covariates.get("rows or split") for subject in subjects}
    is_same_split = len(splits) == 1 and None not in splits
    draws = _find_draws(subjects)
    rows: list[tuple[str, str, Severity, str, bool]] = []
    for what in known:
        rule = RULES.get(what, RECIPE)
        having = [subject for subject in subjects if what in subject.covariates]
        if not _differ(what, rule, having):
            continue
        if what in shared_design or what in own_design:
            rows.append((what, _describe_values(what, having), "cosmetic", _explain_design(rule), True))
        elif set(shared_design) & set(rule.follows) and _is_same_in_methods([*shared_design, what], having):
            continue  # the design already covers it
        elif what in SPLIT_SETTINGS and is_same_split:
            effect = SAME_TEXTS_IN_GROUPS if what == audit_name("group_column") else SAME_TEXTS[draws]
            rows.append((what, _describe_values(what, having), "cosmetic", effect, False))
        else:
            effect = _explain_trials(having) if what == TRIES else rule.effect
            rows.append((what, _describe_values(what, having), rule.severity, effect, False))
    rows.sort(key=lambda row: SEVERITIES.index(row[2]))
    return pd.DataFrame(rows, columns=[*COLUMNS, "by_design"]).astype({"by_design": bool})


def name_differences(audit_table: pd.DataFrame) -> pd.DataFrame:
    """The audit for readers: COLUMNS, in which names of differences that a sweep varies say so."""
    endings = audit_table["by_design"].map({True: ", by design", False: ""})
    return audit_table.assign(what=audit_table["what"] + endings)[COLUMNS]


def has_confound(audit_table: pd.DataFrame) -> bool:
    """Whether a difference in score may have a cause other than the method that cannot be ruled out."""
    return bool((audit_table["severity"] == "confounds").any())


def describe_audit(audit_table: pd.DataFrame) -> str:
    """One sentence on the whole table."""
    others = audit_table[~audit_table["by_design"]]
    named = {severity: join_names(others.loc[others["severity"] == severity, "what"]) for severity in SEVERITIES}
    if named["confounds"]:
        return (
            f"These runs differ in more than method and seed: they also differ in {named['confounds']}, "
            "so a difference in F1 has more than one possible cause."
        )
    design = join_names(audit_table.loc[audit_table["by_design"], "what"])
    fair = f"Fair between series of the same {design}" if design else "A fair comparison"
    if named["may matter"]:
        return f"{fair} in what matters most; the runs also differ in {named['may matter']}, which may matter."
    if named["cosmetic"]:
        return f"{fair}: the runs also differ in {named['cosmetic']}, which does not affect the verdict."
    return f"{fair}: the runs differ only in method and seed."


def _find_draws(subjects: Sequence[Subject]) -> Draws:
    values = {subject.covariates.get("training draws") for subject in subjects}
    return "unknown" if None in values else "shared" if values == {"shared"} else "apart"


def _differ(what: str, rule: Rule, having: Sequence[Subject]) -> bool:
    groups: dict[object, set[str]] = {}
    for subject in having:
        place = subject.method if rule.kind == "own" else tuple(subject.covariates.get(name) for name in rule.given)
        groups.setdefault(place, set()).add(subject.covariates[what])
    return any(len(values) > 1 for values in groups.values())


def _find_design(subjects: Sequence[Subject], known: Sequence[str]) -> tuple[list[str], list[str]]:
    """Settings that every method varies over the same grid, and per-method settings varied over equally many values.

    With only one method, the former must form a full grid. A per-method setting that only one of several methods varies
    is not a design, because only that method had several tries.
    """
    shared: list[str] = []
    own: list[str] = []
    count = len(_group_for_design(subjects))
    for what in known:
        rule = RULES.get(what, RECIPE)
        methods = _group_for_design([subject for subject in subjects if what in subject.covariates])
        values = [{subject.covariates[what] for subject in members} for members in methods]
        if not values or min(map(len, values)) < 2:
            continue
        is_same = all(other == values[0] for other in values)
        if rule.kind == "setting" and is_same and not set(rule.follows) & set(shared):
            shared.append(what)
        elif rule.kind == "own" and len(set(map(len, values))) == 1 and (len(values) > 1 or count == 1):
            own.append(what)
    combinations = {_project(subject, shared) for subject in subjects}
    is_grid = len(combinations) == prod(len(set(values)) for values in zip(*combinations, strict=True))
    return shared if (is_grid or count > 1) and _is_same_in_methods(shared, subjects) else [], own


def _group_for_design(subjects: Sequence[Subject]) -> list[list[Subject]]:
    """Subjects by method. Runs of one method from here and from elsewhere are compared, so they are two groups."""
    groups: dict[tuple[str, str | None], list[Subject]] = {}
    for subject in subjects:
        groups.setdefault((subject.method, subject.covariates.get("source")), []).append(subject)
    return list(groups.values())


def _is_same_in_methods(whats: Sequence[str], subjects: Sequence[Subject]) -> bool:
    """Whether every method has the same combinations of those settings that it has."""
    methods = _group_for_design(subjects)
    held = [[what for what in whats if all(what in subject.covariates for subject in members)] for members in methods]
    reference = max(zip(held, methods, strict=True), key=lambda pair: len(pair[0]))[1]
    return all(
        {_project(subject, names) for subject in members} == {_project(subject, names) for subject in reference}
        for names, members in zip(held, methods, strict=True)
    )


def _project(subject: Subject, whats: Sequence[str]) -> tuple[str | None, ...]:
    return tuple(subject.covariates.get(what) for what in whats)


def _explain_design(rule: Rule) -> str:
    if rule.kind == "own":
        return "Every method of the sweep has equally many values, so the best of each had equally many tries."
    return "Every method of the sweep has the same values; compare series with the same value."


def _explain_trials(having: Sequence[Subject]) -> str:
    counts = {int(value): names for value, names in _name_groups(TRIES, having).items()}
    most, least = max(counts), min(counts)
    return (
        f"{counts[most]} had {most} settings to choose from, {counts[least]} {least}: "
        "the best of several tries looks better than it is."
    )


def _describe_values(what: str, having: Sequence[Subject]) -> str:
    """ "minilm-l6 (LoRA, IA3) against smollm2-135m (QLoRA)"."""
    return " against ".join(f"{value} ({names})" for value, names in _name_groups(what, having).items())


def _name_groups(what: str, having: Sequence[Subject]) -> dict[str, str]:
    """Value -> its owners: a method if all its runs have it, else a series, else the number of runs of a series."""
    names: dict[str, list[str]] = {subject.covariates[what]: [] for subject in having}
    for method in dict.fromkeys(subject.method for subject in having):
        members = [subject for subject in having if subject.method == method]
        values = [subject.covariates[what] for subject in members]
        for value in dict.fromkeys(values):
            names[value] += [method] if len(set(values)) == 1 else _name_series(what, value, members)
    return {value: ", ".join(parts) for value, parts in names.items()}


def _name_series(what: str, value: str, members: Sequence[Subject]) -> list[str]:
    parts = []
    for series in dict.fromkeys(subject.series for subject in members):
        own = [subject.covariates[what] for subject in members if subject.series == series]
        if count := own.count(value):
            parts.append(series if count == len(own) else f"{count} of {len(own)} runs of {series}")
    return parts
