"""The content of `result.json`: scores of the held-out splits, and costs of the training."""

from pydantic import Field

from emocore.run.records import Amount, Count, Share, Strict
from emocore.text import counted

SHARED_NOTE = "other runs were on the same device for a part of the time, so this one took longer than alone"
CHOSEN_NOTE = "the epoch was chosen on these texts, so the scores are optimistic"  # of the validation split


class EmotionScores(Strict):
    """Scores of one emotion. `support` counts texts that have it, `predicted` texts predicted to have it; the average
    precision is None if no text has it."""

    precision: Share
    recall: Share
    f1: Share
    average_precision: Share | None
    support: Count
    predicted: Count


class MultilabelScores(Strict):
    """Scores in the field's convention; `per_emotion` is in the order of the labels."""

    f1_macro: Share
    f1_micro: Share
    f1_weighted: Share
    precision_micro: Share
    recall_micro: Share
    jaccard: Share
    exact_match: Share
    per_emotion: dict[str, EmotionScores] = Field(min_length=1)


class FlattenedScores(Strict):
    """Scores in the original study's convention."""

    f1_macro: Share
    f1_micro: Share


class SplitScores(Strict):
    """Scores of one split, from `emocore.metrics.score_logits`."""

    multilabel: MultilabelScores
    flattened: FlattenedScores


class Cost(Strict):
    """Costs; a cost that was not measured is None. `train_seconds` covers only optimisation, without loading and
    evaluations; `samples_per_second` is texts over that time. `peak_memory_bytes` is the allocator's peak on a GPU,
    otherwise the process's largest resident set until the end of training; latency is for one text at a time, by the
    adapter on its whole base.

    A head is trained on embeddings that its base computes once for all runs. The seconds that those of its training
    texts took are part of `train_seconds`, and the memory of `peak_memory_bytes`, as they were measured when they were
    computed, whichever run did that. So costs do not depend on which run came first, and are those of a run on its
    own."""

    train_seconds: Amount | None
    samples_per_second: Amount | None
    peak_memory_bytes: Count | None
    trainable_parameters: Count | None
    adapter_parameters: Count | None = None
    head_parameters: Count | None = None
    adapter_bytes: Count | None
    latency_seconds: Amount | None = None


class KeptEpoch(Strict):
    """The epoch that keep=best kept: the first whose validation `metric` had its best `value`. Epochs count from 1, and
    are fractions where `max_steps` ends one early. Fewer were trained than planned if patience ended the training."""

    metric: str
    value: float
    epoch: Amount
    trained_epochs: Amount
    planned_epochs: Amount

    def __str__(self) -> str:
        """One or two sentences."""
        from emocore.metrics import METRIC_TITLES  # it imports SciPy, which most commands do without

        metric = METRIC_TITLES.get(self.metric, self.metric)
        told = (
            f"Epoch {_epochs(self.epoch)} of {_epochs(self.planned_epochs)} was kept, which is the best by validation "
            f"{metric}: {self.value:.3f}."
        )
        if self.trained_epochs >= self.planned_epochs:
            return told
        since = counted(round(self.trained_epochs - self.epoch), "epoch")
        trained = _epochs(self.trained_epochs)
        return (
            f"{told} Patience ended the training after epoch {trained}, since {since} in a row brought nothing better."
        )


def _epochs(count: float) -> str:
    return f"{count:.2f}".rstrip("0").rstrip(".")


class RunScores(Strict):
    """`result.json`; `test` is None if there was no test split, and `kept` if the last epoch was kept.

    If other runs were on the same device for a part of the time, it is a `shared_device`, and the seconds and the speed
    of the costs say little. Runs of versions that started one run at a time had their device to themselves.
    """

    validation: SplitScores
    test: SplitScores | None
    cost: Cost
    shared_device: bool = Field(False, exclude_if=lambda is_shared: not is_shared)  # as earlier versions wrote it
    kept: KeptEpoch | None = Field(None, exclude_if=lambda kept: kept is None)

    @property
    def splits(self) -> dict[str, SplitScores]:
        """The splits that were scored, by name."""
        return {"validation": self.validation} | ({"test": self.test} if self.test else {})
