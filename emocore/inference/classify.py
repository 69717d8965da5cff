"""Classify texts with any finished runs, side by side on shared bases."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from emocore.evaluation.results import load_result
from emocore.metrics import sigmoid
from emocore.models.adapter import tune_thresholds
from emocore.models.classifier import BaseStore, Classifier, load_classifier
from emocore.run.folder import RunFolder


@dataclass
class ClassifierPool:
    """Loaded classifiers by run; they share their bases."""

    bases: BaseStore = field(default_factory=BaseStore)
    _classifiers: dict[Path, Classifier] = field(default_factory=dict)

    def get(self, run: RunFolder) -> Classifier:
        """The classifier of a run. Raises RunError if the run has not finished or its predictions are needed and
        damaged, AdapterError if its adapter is broken."""
        if run.path not in self._classifiers:
            result = load_result(run)
            classifier = load_classifier(run.adapter, self.bases)
            if classifier.info.thresholds_from == "highest F1":
                truth, logits = result.truth("validation"), result.logits("validation")
                classifier.info = tune_thresholds(classifier.info, result.labels, truth, logits)
            self._classifiers[run.path] = classifier
        return self._classifiers[run.path]


def classify(pool: ClassifierPool, runs: list[RunFolder], texts: list[str]) -> pd.DataFrame:
    """One row per run, text and emotion: run, text_index, text, emotion, probability, threshold, predicted (bool)."""
    parts = []
    for run in runs:
        classifier = pool.get(run)
        probabilities = sigmoid(classifier.logits(texts))
        for column, emotion in enumerate(classifier.info.labels):
            threshold = classifier.info.thresholds[emotion]
            part = pd.DataFrame({"run": run.id, "text_index": range(len(texts)), "text": texts, "emotion": emotion})
            probability = probabilities[:, column]
            parts.append(part.assign(probability=probability, threshold=threshold, predicted=probability >= threshold))
    return pd.concat(parts, ignore_index=True)


def widen(answers: pd.DataFrame, runs: list[RunFolder]) -> pd.DataFrame:
    """The table of `classify` with one row per text: its probabilities and, in `predicted`, the emotions found.

    With several runs, each column's name begins with the run's id.
    """
    texts = answers.drop_duplicates("text_index").sort_values("text_index")["text"]
    columns = {"text": texts.to_numpy()}
    for run in runs:
        own = answers[answers["run"] == run.id]
        prefix = f"{run.id} " if len(runs) > 1 else ""
        for emotion, rows in own.groupby("emotion", sort=False):
            columns[f"{prefix}{emotion}"] = rows["probability"].round(6).to_numpy()
        chosen = own[own["predicted"]].groupby("text_index")["emotion"].agg(" ".join)
        columns[f"{prefix}predicted"] = chosen.reindex(range(len(texts)), fill_value="").to_numpy()
    return pd.DataFrame(columns)
