"""Tables as `emocore.evaluation` makes them, with easy numbers, for any number of emotions and series."""

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from emocore.evaluation.verdicts import COLUMNS, FURTHER_COLUMNS, Verdicts

SERIES = (("LoRA", "lora"), ("IA3", "ia3"), ("LoRA (rows 250)", "lora"), ("QLoRA", "qlora"), ("TF-IDF", "tfidf"))


def traces(figure: go.Figure, kind: str) -> list[Any]:
    return [trace for trace in figure.data if trace.type == kind]


def named(figure: go.Figure, name: str) -> Any:
    (trace,) = [trace for trace in figure.data if trace.name == name]
    return trace


def ends(trace: Any, axis: str = "y") -> list[list[float]]:
    """[low, high] of each point as the error bars draw them."""
    bars, values = trace[f"error_{axis}"], np.array(trace[axis], float)
    return np.stack([values - np.array(bars.arrayminus, float), values + np.array(bars.array, float)], axis=1).tolist()


def emotion_rows(labels: tuple[str, ...] = ("joy", "anger", "trust"), series: int = 3) -> pd.DataFrame:
    """By support; F1 falls by 0.2 per emotion of three and by 0.1 per series, intervals are 0.05 down and 0.04 up."""
    rows = [
        {"series": name, "method": method, "source": "here", "emotion": emotion,
         "f1": round(0.9 - 0.6 * rank / len(labels) - 0.1 * place, 3), "precision": 0.5, "recall": 0.25,
         "average_precision": 0.75, "support": 1000 // (rank + 1), "seeds": 3,
         "no_skill_f1": round(0.4 - 0.3 * rank / len(labels), 3), "note": ""}
        for rank, emotion in enumerate(labels)
        for place, (name, method) in enumerate(SERIES[:series])
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return table.assign(low=table["f1"] - 0.05, high=table["f1"] + 0.04)


def score_rows(series: int = 3) -> pd.DataFrame:
    rows = [
        {"series": name, "method": method, "source": "here", "base": "minilm-l6", "seeds": 3, "metric": metric,
         "value": 0.5 + 0.05 * place, "low": 0.47 + 0.05 * place, "high": 0.52 + 0.05 * place}
        for place, (name, method) in enumerate(SERIES[:series])
        for metric in ("f1_macro", "jaccard")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def verdicts_of(labels: tuple[str, ...] = ("joy", "trust"), series: int = 3) -> Verdicts:
    """In each pair the first leads by 6 points overall and in the first emotion; the others are open, without interval
    in the last."""
    rows = []
    for (first, first_method), (second, second_method) in combinations(SERIES[:series], 2):
        for rank, emotion in enumerate(("", *labels)):
            is_clear, is_thin = rank < 2, rank == len(labels)
            difference = 0.06 if is_clear else -0.02
            rows.append(
                {"first": first, "second": second, "first_method": first_method, "second_method": second_method,
                 "emotion": emotion, "difference": difference, "low": np.nan if is_thin else difference - 0.03,
                 "high": np.nan if is_thin else difference + 0.03, "evidence": "", "low_95": np.nan, "high_95": np.nan,
                 "low_90": np.nan, "high_90": np.nan, "p_value": 0.0001 if is_clear else 0.4,
                 "p_adjusted": 0.0002 if is_clear else 0.8, "verdict": "better" if is_clear else "open",
                 "interval": "corrected 95 %" if is_clear else "95 %", "probability": np.nan if is_thin else 0.97,
                 "note": "only 4 texts have it" if is_thin else "", "support": 1000 // (rank + 1)}
            )  # fmt: skip
    return Verdicts(pd.DataFrame(rows, columns=[*COLUMNS, *FURTHER_COLUMNS]))


def threshold_rows(series: int = 3) -> pd.DataFrame:
    rows = [
        {"series": name, "method": method, "policy": policy, "metric": metric, "value": 0.4 + 0.05 * rank,
         "low": 0.37 + 0.05 * rank, "high": 0.42 + 0.05 * rank}
        for name, method in SERIES[:series]
        for rank, policy in enumerate(("tuned", "fixed"))
        for metric in ("f1_macro", "jaccard")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def reliability_rows(series: int = 3) -> pd.DataFrame:
    rows = [
        {"series": name, "method": method, "bin_low": low, "bin_high": low + 0.5, "confidence": low + 0.2,
         "observed": low + 0.1, "low": low + 0.05, "high": low + 0.2, "count": 1234}
        for name, method in SERIES[:series]
        for low in (0.0, 0.5)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def calibration_rows(series: int = 3) -> pd.DataFrame:
    rows = [
        {"series": name, "method": method, "ece": 0.043 + 0.01 * place, "brier": 0.1}
        for place, (name, method) in enumerate(SERIES[:series])
    ]
    return pd.DataFrame(rows)


def precision_recall_rows(series: int = 3) -> pd.DataFrame:
    rows = [
        {"series": name, "method": method, "emotion": "joy", "recall": recall, "precision": 0.9 - 0.5 * recall,
         "average_precision": 0.65, "no_skill": 0.2}
        for name, method in SERIES[:series]
        for recall in (0.0, 0.5, 1.0)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def cost_rows(series: int = 3) -> pd.DataFrame:
    rows = [
        {"series": name, "method": method, "source": "here", "seeds": 3, "f1_macro": round(0.4 + 0.02 * place, 3),
         "f1_macro_low": 0.37 + 0.02 * place, "f1_macro_high": 0.42 + 0.02 * place, "train_seconds": 60.0 * (place + 1),
         "peak_memory_bytes": 2e9 + 1e8 * place, "adapter_bytes": 1e4 * 10**place}
        for place, (name, method) in enumerate(SERIES[:series])
    ]  # fmt: skip
    return pd.DataFrame(rows)


def agreement_square(series: int = 3) -> pd.DataFrame:
    names = [name for name, _ in SERIES[:series]]
    values = np.full((series, series), 0.62)
    np.fill_diagonal(values, 0.91)
    return pd.DataFrame(values, names, names)


def co_occurrence_rows(labels: tuple[str, ...] = ("joy", "anger", "trust")) -> pd.DataFrame:
    """A share of 20 % of the first emotion with the second, of 1 % elsewhere; half of it instead."""
    rows = [
        {"series": "LoRA", "method": "lora", "true_emotion": true, "other_emotion": other, "kind": kind, "count": 7.5,
         "share": (0.2 if (true, other) == labels[:2] else 0.01) * (1 if kind == "with" else 0.5)}
        for true in labels
        for other in labels
        if true != other
        for kind in ("with", "instead")
    ]  # fmt: skip
    return pd.DataFrame(rows)


def sweep_rows(values: tuple[float, ...] = (250, 500, 1000), series: int = 2) -> pd.DataFrame:
    methods = {method: name for name, method in reversed(SERIES[:series])}
    rows = [
        {"method": method, "method_title": name, "setting": "rows", "value": float(value),
         "f1_macro": 0.3 + 0.05 * rank, "low": 0.27 + 0.05 * rank, "high": 0.32 + 0.05 * rank, "seeds": 1,
         "no_skill": 0.31}
        for method, name in methods.items()
        for rank, value in enumerate(values)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def dataset_rows(datasets: tuple[str, ...] = ("tweets", "forum"), series: int = 3) -> pd.DataFrame:
    """The first series has the best mean rank, but on the last dataset the order is reversed."""
    rows = [
        {"dataset": dataset, "series": name, "method": method, "value": 0.6 - 0.05 * rank, "low": 0.57 - 0.05 * rank,
         "high": 0.62 - 0.05 * rank, "seeds": 3, "rank": rank + 1.0}
        for number, dataset in enumerate(datasets)
        for place, (name, method) in enumerate(SERIES[:series])
        for rank in [place if number < len(datasets) - 1 else series - 1 - place]
    ]  # fmt: skip
    return pd.DataFrame(rows)
