"""Train the TF-IDF floor, which needs no base, no GPU and only a few seconds."""

import time

from emocore.data.split import Splits
from emocore.models.adapter import Precision, describe_adapter, write_info
from emocore.models.card import write_card
from emocore.models.linear import LinearClassifier
from emocore.run.config import RunConfig
from emocore.run.folder import RunFolder
from emocore.run.result import Cost
from emocore.tracking.tracker import Tracker
from emocore.training.cost import peak_memory_bytes
from emocore.training.trained import Trained


def train(
    run: RunFolder, config: RunConfig, splits: Splits, tracker: Tracker, device: str, precision: Precision
) -> Trained:
    """Fit on the training split and save to `run.adapter`. This counts as one step."""
    info = describe_adapter(run.id, config, splits.labels)
    tracker.begin(total_steps=1)
    began = time.monotonic()
    classifier = LinearClassifier.fit(splits.frames["train"], config.inverse_regularization or 1.0, config.seed, info)
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
