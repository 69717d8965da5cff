"""The command `compare` with several studies: a ranking of the series that they share, each study being a dataset."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from emocore.cli.output import print_json, print_line, print_table
from emocore.cli.runs import finished_of_study
from emocore.evaluation.comparison import compare, primary_policy
from emocore.evaluation.datasets import Ranking, describe_ranking, rank_series
from emocore.evaluation.predictions import POLICY_TITLES, ThresholdPolicy
from emocore.evaluation.results import load_result, shared_splits


def compare_studies(
    studies: Sequence[str],
    split: str | None,
    thresholds: ThresholdPolicy | None,
    together: Sequence[Sequence[str]],
    as_json: bool,
) -> None:
    """All studies are scored on the same kind of split, with the same policy of thresholds."""
    results = {study: [load_result(run) for run in finished_of_study(study)] for study in studies}
    every = [result for own in results.values() for result in own]
    split, policy = split or shared_splits(every)[-1], thresholds or primary_policy(every)
    ranking = rank_series({study: compare(own, split, policy, together) for study, own in results.items()})
    if as_json:
        print_json({"split": split, "thresholds": policy} | _to_content(ranking))
        return
    print_line(describe_ranking(ranking))
    for note in ranking.notes:
        print_line(f"  {note}")
    print_line(f"\nmacro-F1 on the {split} split, thresholds {POLICY_TITLES[policy]}\n")
    values = ranking.f1_macro.to_numpy().tolist()
    rows = [
        [str(name), *(f"{value:.3f}" for value in own), f"{rank:.2f}"]
        for (name, rank), own in zip(ranking.mean_ranks.items(), values, strict=True)
    ]
    print_table([["series", *map(str, ranking.f1_macro), "mean rank"], *rows])


def _to_content(ranking: Ranking) -> dict[str, Any]:
    scores = ranking.f1_macro.to_dict("index")
    return {
        "sentence": describe_ranking(ranking),
        "notes": ranking.notes,
        "ranking": [
            {"series": name, "mean_rank": rank, "f1_macro": scores[name]} for name, rank in ranking.mean_ranks.items()
        ],
        "test": asdict(ranking.test) if ranking.test else None,
    }
