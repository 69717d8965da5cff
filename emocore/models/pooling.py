"""Mean pooling for BERT encoders whose own pooler was never trained."""

from typing import Any

import torch
from transformers import BertConfig, BertForSequenceClassification, BertModel
from transformers.modeling_outputs import SequenceClassifierOutput


class MeanPooledBert(BertForSequenceClassification):
    """`BertForSequenceClassification` with the mean of the token states instead of its pooler.

    Parameter names are those of the stock class, so an adapter trained here fits that class too; the
    adapter's model card shows the two lines that pool by hand.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__(config)
        self.bert = BertModel(config, add_pooling_layer=False)
        self.post_init()

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput:
        """`input_ids` and `attention_mask` are (batch, tokens), `labels` (batch, labels) float 0/1."""
        states = self.bert(input_ids, attention_mask=attention_mask, **kwargs).last_hidden_state
        logits = self.classifier(mean_of_tokens(states, attention_mask))
        loss = None
        if labels is not None:
            loss = torch.nn.functional.binary_cross_entropy_with_logits(logits.float(), labels.float())
        return SequenceClassifierOutput(loss=loss, logits=logits)


def mean_of_tokens(states: torch.Tensor, attention_mask: torch.Tensor | None) -> torch.Tensor:
    """(batch, tokens, hidden) -> (batch, hidden): the mean over the tokens that are not padding."""
    if attention_mask is None:
        return states.mean(dim=1)
    mask = attention_mask.unsqueeze(-1).to(torch.float32)
    return ((states.float() * mask).sum(dim=1) / mask.sum(dim=1).clamp(min=1)).to(states.dtype)
