"""The losses of the training: what is minimised over all texts and labels, for every method.

Each label of a text is a decision of its own. Of its logit x and probability p = sigmoid(x), a label that the text has
costs w P(x), and one that it lacks N(x), where w is the label's positive weight:

- bce: P = -log p, N = -log(1 - p).
- focal (Lin et al. 2017, "Focal Loss for Dense Object Detection", arXiv:1708.02002): P = -(1 - p)^g log p,
  N = -p^g log(1 - p), with their g = 2. Their alpha weighs positives against negatives, as w does.
- asymmetric (Ridnik et al. 2021, "Asymmetric Loss For Multi-Label Classification", arXiv:2009.14119): P = -log p,
  N = -q^g log(1 - q), where q = max(p - m, 0), with their g = 4 and m = 0.05; the gamma of their positives is 0.

The constants are the papers', and no settings. The factors in front of the logarithms are differentiated, too.
"""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid

from emocore.data.positive_weights import weigh_positives
from emocore.data.split import Splits
from emocore.run.config import RunConfig

FOCAL_GAMMA = 2
ASYMMETRIC_GAMMA, ASYMMETRIC_MARGIN = 4, 0.05  # of labels that a text lacks

Costs = Callable[[torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
"""Logits of any shape -> P and N of each, in the same shape."""


def _focal(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    present, absent = logits.sigmoid(), (-logits).sigmoid()
    return -(absent**FOCAL_GAMMA) * logsigmoid(logits), -(present**FOCAL_GAMMA) * logsigmoid(-logits)


def _asymmetric(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    shifted = (logits.sigmoid() - ASYMMETRIC_MARGIN).clamp(min=0)
    return -logsigmoid(logits), -(shifted**ASYMMETRIC_GAMMA) * torch.log1p(-shifted)


COSTS: Mapping[str, Costs] = {"focal": _focal, "asymmetric": _asymmetric}


class MultiLabelLoss(torch.nn.Module):
    """The mean of a loss over texts and labels. `name` is a value of the setting `loss`; `positive_weight`, (labels,),
    are the weights w, which are 1 if it is None."""

    positive_weight: torch.Tensor | None

    def __init__(self, name: str, positive_weight: np.ndarray | None = None) -> None:
        super().__init__()
        self._costs = COSTS.get(name)
        weights = None if positive_weight is None else torch.from_numpy(positive_weight).float()
        self.register_buffer("positive_weight", weights)

    def forward(self, logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """A scalar from logits and labels, 0.0 or 1.0, both (texts, labels) and of one type."""
        if self._costs is None:
            return binary_cross_entropy_with_logits(logits, labels, pos_weight=self.positive_weight)
        present, absent = self._costs(logits)
        weighted = present if self.positive_weight is None else self.positive_weight * present
        return (labels * weighted + (1 - labels) * absent).mean()


def build_loss(config: RunConfig, splits: Splits) -> MultiLabelLoss:
    """The loss of a run, with weights that are counted in its training rows. Raises ConfigError."""
    truth = splits.frames["train"][list(splits.labels)].to_numpy()
    return MultiLabelLoss(config.loss, weigh_positives(config.positive_weight, truth, splits.labels))
