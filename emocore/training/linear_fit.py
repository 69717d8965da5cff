"""Fit the linear model of one label: with the cross-entropy scikit-learn's logistic regression, otherwise the same
objective with another loss, whose minimum L-BFGS finds."""

import logging

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

MOST_ITERATIONS = 1000
GRADIENT_TOLERANCE = 1e-6  # of the mean loss over texts

logger = logging.getLogger(__name__)


def fit_label(
    features: csr_matrix, truth: np.ndarray, loss: str, positive_weight: float, inverse_regularization: float
) -> tuple[np.ndarray, float]:
    """(features,) weights and the intercept that minimise the sum over texts of the loss, times
    `inverse_regularization`, plus half the squared norm of the weights. `truth` is 0/1, (texts,), with both values."""
    if loss != "bce":
        return minimise_loss(features, truth, loss, positive_weight, inverse_regularization)
    regression = LogisticRegression(
        C=inverse_regularization, class_weight={0: 1.0, 1: positive_weight}, max_iter=MOST_ITERATIONS
    ).fit(features, truth)
    return regression.coef_[0], float(regression.intercept_[0])


def minimise_loss(
    features: csr_matrix, truth: np.ndarray, loss: str, positive_weight: float, inverse_regularization: float
) -> tuple[np.ndarray, float]:
    """The same for any loss of `emocore.training.loss`. Those other than the cross-entropy are not convex: this is the
    minimum that is reached from weights of 0."""
    import torch  # TF-IDF with the usual loss does without it

    from emocore.training.loss import MultiLabelLoss

    mean_loss = MultiLabelLoss(loss, np.array([positive_weight]))
    labels = torch.from_numpy(truth.astype(np.float64)).unsqueeze(1)
    decay = 1 / (inverse_regularization * len(truth))

    def evaluate(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercept = parameters[:-1], parameters[-1]
        logits = torch.from_numpy(features @ weights + intercept).unsqueeze(1).requires_grad_()
        value = mean_loss(logits, labels)
        [gradient_of_logits] = torch.autograd.grad(value, logits)
        slope = gradient_of_logits.numpy()[:, 0]
        gradient = np.append(features.T @ slope + decay * weights, slope.sum())
        return float(value.detach()) + decay * float(weights @ weights) / 2, gradient

    found = minimize(
        evaluate,
        np.zeros(features.shape[1] + 1),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": MOST_ITERATIONS, "gtol": GRADIENT_TOLERANCE, "ftol": 1e-12},
    )
    if not found.success:
        logger.warning("The fit ended before its minimum was reached: %s", found.message)
    return found.x[:-1], float(found.x[-1])
