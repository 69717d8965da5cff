"""What `result.json` holds: the scores of the splits that were held out, and what the training cost."""

from pydantic import Field

from emocore.run.records import Amount, Count, Share, Strict


class EmotionScores(Strict):
    """Of one emotion. `support` is how many texts have it, `predicted` how many are said to; the average precision is
    None where no text has it."""

    precision: Share
    recall: Share
    f1: Share
    average_precision: Share | None
    support: Count
    predicted: Count


class MultilabelScores(Strict):
    """In the field's convention; `per_emotion` is in the order of the labels."""

    f1_macro: Share
    f1_micro: Share
    f1_weighted: Share
    precision_micro: Share
    recall_micro: Share
    jaccard: Share
    exact_match: Share
    per_emotion: dict[str, EmotionScores] = Field(min_length=1)


class FlattenedScores(Strict):
    """In the study's convention."""

    f1_macro: Share
    f1_micro: Share


class SplitScores(Strict):
    """What `emocore.metrics.score_logits` makes of a split."""

    multilabel: MultilabelScores
    flattened: FlattenedScores


class Cost(Strict):
    """None where it was not measured. `train_seconds` is optimisation only, without loading and without evaluations;
    `samples_per_second` counts texts over that time. `peak_memory_bytes` is the GPU's allocator peak on a GPU,
    otherwise the process's largest resident set up to the end of training; latency is that of one text at a time."""

    train_seconds: Amount | None
    samples_per_second: Amount | None
    peak_memory_bytes: Count | None
    trainable_parameters: Count | None
    adapter_parameters: Count | None = None
    head_parameters: Count | None = None
    adapter_bytes: Count | None
    latency_seconds: Amount | None = None


class RunScores(Strict):
    """`result.json`; `test` is None where there was no test split."""

    validation: SplitScores
    test: SplitScores | None
    cost: Cost

    @property
    def splits(self) -> dict[str, SplitScores]:
        """The splits that were scored, by name."""
        return {"validation": self.validation} | ({"test": self.test} if self.test else {})
