"""The content of `result.json`: scores of the held-out splits, and costs of the training."""

from pydantic import Field

from emocore.run.records import Amount, Count, Share, Strict

SHARED_NOTE = "other runs were on the same device for a part of the time, so this one took longer than alone"


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


class RunScores(Strict):
    """`result.json`; `test` is None if there was no test split.

    If other runs were on the same device for a part of the time, it is a `shared_device`, and the seconds and the speed
    of the costs say little. Runs of versions that started one run at a time had their device to themselves.
    """

    validation: SplitScores
    test: SplitScores | None
    cost: Cost
    shared_device: bool = Field(False, exclude_if=lambda is_shared: not is_shared)  # as earlier versions wrote it

    @property
    def splits(self) -> dict[str, SplitScores]:
        """The splits that were scored, by name."""
        return {"validation": self.validation} | ({"test": self.test} if self.test else {})
