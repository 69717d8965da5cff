"""The losses are those of the papers and of torch, and differ from each other as the papers say."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits

from emocore.data.split import load_splits
from emocore.errors import ConfigError
from emocore.run.config import RunConfig
from emocore.training.loss import MultiLabelLoss, build_loss
from tests.support.live_runs import quick_settings

RANDOM = np.random.default_rng(0)
LOGITS = RANDOM.normal(0, 3, (40, 3))
LABELS = (RANDOM.random((40, 3)) < 0.3).astype(float)
WEIGHTS = np.array([0.5, 1, 8])
NAMES = ("bce", "focal", "asymmetric")


def compute(name: str, weights: np.ndarray | None = None, logits: np.ndarray = LOGITS) -> float:
    return float(MultiLabelLoss(name, weights)(torch.from_numpy(logits), torch.from_numpy(LABELS)))


def by_the_paper(name: str, weights: np.ndarray) -> float:
    """Written out for each cell, with the probabilities and constants of the papers."""
    total = 0.0
    for text in range(len(LOGITS)):
        for label in range(3):
            p = 1 / (1 + np.exp(-LOGITS[text, label]))
            if name == "focal":
                p_t = p if LABELS[text, label] else 1 - p
                alpha_t = weights[label] if LABELS[text, label] else 1
                total += -alpha_t * (1 - p_t) ** 2 * np.log(p_t)
            elif LABELS[text, label]:
                total += -weights[label] * (1 - p) ** 0 * np.log(p)
            else:
                p_m = max(p - 0.05, 0)
                total += -(p_m**4) * np.log(1 - p_m)
    return total / LOGITS.size


@pytest.mark.parametrize("name", ["focal", "asymmetric"])
def test_it_is_the_paper_s_formula(name: str) -> None:
    assert compute(name) == pytest.approx(by_the_paper(name, np.ones(3)), rel=1e-12)
    assert compute(name, WEIGHTS) == pytest.approx(by_the_paper(name, WEIGHTS), rel=1e-12)


def test_cross_entropy_is_torch_s_with_its_positive_weights() -> None:
    logits, labels = torch.from_numpy(LOGITS).float(), torch.from_numpy(LABELS).float()
    own = torch.nn.BCEWithLogitsLoss(pos_weight=torch.from_numpy(WEIGHTS).float())
    assert torch.equal(MultiLabelLoss("bce", WEIGHTS)(logits, labels), own(logits, labels))


def test_without_weights_it_is_bit_for_bit_the_plain_cross_entropy() -> None:
    logits, labels = torch.from_numpy(LOGITS).float(), torch.from_numpy(LABELS).float()
    found = []
    for loss in (MultiLabelLoss("bce"), binary_cross_entropy_with_logits):
        own = logits.clone().requires_grad_()
        value = loss(own, labels)
        found.append((value, *torch.autograd.grad(value, own)))
    assert all(torch.equal(ours, torch_s) for ours, torch_s in zip(*found, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_its_gradient_is_that_of_its_values(name: str) -> None:
    loss, labels = MultiLabelLoss(name, WEIGHTS), torch.from_numpy(LABELS[:5])
    assert torch.autograd.gradcheck(lambda x: loss(x, labels), torch.from_numpy(LOGITS[:5]).requires_grad_())


@pytest.mark.parametrize("name", NAMES)
def test_weights_of_one_change_nothing(name: str) -> None:
    assert compute(name, np.ones(3)) == pytest.approx(compute(name), rel=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_extreme_logits_have_finite_losses_and_gradients(name: str, weights: np.ndarray | None) -> None:
    logits = torch.tensor([[-500.0, 0, 500], [500, 0, -500], [-90, 90, 0]]).requires_grad_()
    for labels in (torch.zeros(3, 3), torch.ones(3, 3)):
        value = MultiLabelLoss(name, weights)(logits, labels)
        [gradient] = torch.autograd.grad(value, logits)
        assert torch.isfinite(value) and torch.isfinite(gradient).all()


def cost(name: str, logit: float, label: float) -> float:
    return float(MultiLabelLoss(name)(torch.tensor([[logit]]), torch.tensor([[label]])))


def test_focal_counts_easy_labels_less_and_asymmetric_only_absent_ones() -> None:
    for logit, label in ((3.0, 1.0), (-3.0, 0.0)):
        assert 0 < cost("focal", logit, label) < 0.01 * cost("bce", logit, label)
    assert cost("asymmetric", 3.0, 1.0) == pytest.approx(cost("bce", 3.0, 1.0))
    assert cost("asymmetric", -3.0, 0.0) == 0, "its probability of 0.047 is within the margin"
    assert 0 < cost("asymmetric", 0.0, 0.0) < 0.1 * cost("bce", 0.0, 0.0)


def test_a_run_counts_its_training_rows_only(small_csv: Path) -> None:
    config = RunConfig(**quick_settings(small_csv, positive_weight="balanced", rows=30))
    splits = load_splits(config)
    positives = splits.frames["train"][list(splits.labels)].to_numpy().sum(axis=0)
    weights = build_loss(config, splits).positive_weight
    assert weights is not None and len(splits.frames["train"]) == 30
    np.testing.assert_allclose(weights.numpy(), (30 - positives) / positives, rtol=1e-6)


def test_a_run_without_weights_has_none_and_one_with_unknown_emotions_is_refused(small_csv: Path) -> None:
    config = RunConfig(**quick_settings(small_csv))
    splits = load_splits(config)
    assert build_loss(config, splits).positive_weight is None
    with pytest.raises(ConfigError, match="the data has no emotion 'envy'"):
        build_loss(config.model_copy(update={"positive_weight": "envy:2"}), splits)
