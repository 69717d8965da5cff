"""The optimiser finds what scikit-learn finds where both minimise the same, and a minimum where only it does."""

import subprocess
import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from emocore.training.linear_fit import fit_label, minimise_loss
from tests.support.repository import REPOSITORY

RANDOM = np.random.default_rng(0)
FEATURES = sparse.random(300, 60, density=0.2, random_state=0, format="csr")
TRUTH = (FEATURES @ RANDOM.normal(0, 2, 60) + RANDOM.normal(0, 0.5, 300) > 1.0).astype(int)


@pytest.mark.parametrize("c", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("weight", [0.3, 1.0, 6.0])
def test_with_cross_entropy_it_finds_the_coefficients_of_logistic_regression(c: float, weight: float) -> None:
    exact = LogisticRegression(C=c, class_weight={0: 1, 1: weight}, tol=1e-9, max_iter=10_000).fit(FEATURES, TRUTH)
    largest = np.abs(exact.coef_).max()
    for find, precision in ((minimise_loss, 1e-3), (fit_label, 3e-2)):  # scikit-learn stops earlier by default
        weights, intercept = find(FEATURES, TRUTH, "bce", weight, c)
        np.testing.assert_allclose(weights, exact.coef_[0], atol=precision * largest)
        assert intercept == pytest.approx(exact.intercept_[0], abs=precision * largest)


@pytest.mark.parametrize("loss", ["focal", "asymmetric"])
def test_with_another_loss_no_step_aside_is_lower(loss: str) -> None:
    weights, intercept = fit_label(FEATURES, TRUTH, loss, 2.0, 1.0)

    def objective(weights: np.ndarray, intercept: float) -> float:
        p = 1 / (1 + np.exp(-(FEATURES @ weights + intercept)))
        q = np.maximum(p - 0.05, 0)
        costs = {
            "focal": (-((1 - p) ** 2) * np.log(p), -(p**2) * np.log(1 - p)),
            "asymmetric": (-np.log(p), -(q**4) * np.log(1 - q)),
        }[loss]
        return float(np.where(TRUTH == 1, 2.0 * costs[0], costs[1]).sum() + (weights @ weights) / 2)

    lowest = objective(weights, intercept)
    assert lowest < objective(np.zeros(60), 0.0) - 1
    for _ in range(200):
        step = RANDOM.normal(0, 0.02, 61)
        assert objective(weights + step[:-1], intercept + step[-1]) > lowest


def test_the_usual_loss_does_not_load_torch() -> None:
    code = (
        "import sys, numpy, scipy.sparse; from emocore.training.linear_fit import fit_label; "
        "fit_label(scipy.sparse.eye(4, format='csr'), numpy.array([0, 1, 0, 1]), 'bce', 1.0, 1.0); "
        "print('torch' in sys.modules)"
    )
    child = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=120)
    assert (child.stdout.strip(), child.stderr) == ("False", "")
