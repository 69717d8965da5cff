"""Train the TF-IDF floor, which needs no base, no GPU and only a few seconds."""

import time

import numpy as np
import pandas as pd
from scipy import sparse

from emocore.data.positive_weights import weigh_positives
from emocore.data.split import Splits
from emocore.errors import DataError
from emocore.models.adapter import AdapterInfo, Precision, describe_adapter, write_info
from emocore.models.card import write_card
from emocore.models.linear import LinearClassifier, make_vectorizers
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
from emocore.tracking.tracker import Tracker
from emocore.training.cost import peak_memory_bytes
from emocore.training.linear_fit import fit_label
from emocore.training.trained import Trained


def train(
    run: RunFolder, config: RunConfig, splits: Splits, tracker: Tracker, device: str, precision: Precision
) -> Trained:
    """Fit on the training split and save to `run.adapter`. This counts as one step."""
    info = describe_adapter(run.id, config, splits.labels)
    tracker.begin(total_steps=1)
    began = time.monotonic()
    classifier = fit(splits.frames["train"], config, info)
    seconds = time.monotonic() - began
    classifier.save(run.adapter)
    write_card(run.adapter, info, base=None)
    write_info(run.adapter, info)
    cost = Cost(
        train_seconds=seconds,
        samples_per_second=len(splits.frames["train"]) / seconds,
        peak_memory_bytes=peak_memory_bytes("cpu"),
        trainable_parameters=classifier.weights.size + classifier.intercept.size,
        adapter_parameters=0,
        head_parameters=classifier.weights.size + classifier.intercept.size,
        adapter_bytes=None,
    )
    return Trained(cost, steps=1, epochs=1.0)


def fit(frame: pd.DataFrame, config: RunConfig, info: AdapterInfo) -> LinearClassifier:
    """Train on a split's frame. A label with only one value gets the log-odds of its share. Raises DataError if texts
    share no term."""
    vectorizers = make_vectorizers()
    try:
        features = sparse.hstack([v.fit_transform(frame["text"]) for v in vectorizers]).tocsr()
    except ValueError as error:
        raise DataError(f"TF-IDF found no term that several training texts share ({error}); use more rows") from None
    truth = frame[info.labels].to_numpy()
    positive_weights = weigh_positives(config.positive_weight, truth, info.labels)
    weights = np.zeros((features.shape[1], len(info.labels)))
    share = (truth.sum(axis=0) + 0.5) / (len(truth) + 1)
    intercept = np.log(share / (1 - share))
    for column in np.flatnonzero((truth == 0).any(axis=0) & (truth == 1).any(axis=0)):
        positive_weight = 1.0 if positive_weights is None else float(positive_weights[column])
        weights[:, column], intercept[column] = fit_label(
            features, truth[:, column], config.loss, positive_weight, config.inverse_regularization or 1.0
        )
    return LinearClassifier(vectorizers, weights, intercept, info)
