"""Logistic regression: for two classes coded y = 0 and 1, the log-odds of class 1 are linear in the features,

    ln p/(1 − p) = z = xᵀw + b,    p = σ(z) = 1/(1 + e⁻ᶻ),

and w, b minimise, for C > 0 and 0 ≤ ρ ≤ 1,

    C Σᵢ sᵢ (ln(1 + e^zᵢ) − yᵢ zᵢ) + ρ‖w‖₁ + ½(1 − ρ)‖w‖².

Over C Σ s it is the mean loss with the penalties λ = ρ/(C Σ s) and μ = (1 − ρ)/(C Σ s). The gradient of the loss is
Xᵀ(p − y), its Hessian XᵀVX with V = diag p(1 − p). For ρ = 0 `objective` says by which road it is minimised. For ρ > 0
each Newton step is a weighted elastic net. Without a penalty a minimum need not exist: where some combination of the
features separates the classes, one more Newton step, a weighted least-squares problem, tells.

Shapes: n rows, p features; X (n, p), y, z and weights s (n,).
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from mlatlas.foundations.losses.losses import logistic_loss
from mlatlas.linear.lasso.lasso import ElasticNet
from mlatlas.linear.linear_regression.linear_regression import LinearRegression
from mlatlas.linear.logistic_regression.objective import Objective
from mlatlas.linear.logistic_regression.table import Table
from mlatlas.numerics.tables import check_weights

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

FLAT = 1e-6  # the least curvature p(1 − p) that a step of the elastic net is given
ARMIJO = 1e-4  # of the promised decrease, what a step must bring
INNER = 1e-2  # the gap left in a step's elastic net, as a part of the last decrease
MOVES = 0.5  # what a Newton step adds to some score where there is no minimum: about 1, and where there is one, nothing
AGAINST = 1e-2  # of that, what it may take from any sample


class LinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Parameters, checks and predictions that classifiers with scores X W + b share."""

    C: float
    l1_ratio: float
    fit_intercept: bool
    class_weight: Any
    tol: float
    max_iter: int
    warm_start: bool
    classes_: NDArray[Any]
    coef_: NDArray[Any]
    intercept_: NDArray[Any]
    n_iter_: int
    solver_: str

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return the scores X W + b, of shape (n, k), or for two classes (n,), positive for `classes_[1]`."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        Z = np.asarray(X @ self.coef_.T + self.intercept_)
        return Z[:, -1] - (Z[:, 0] if Z.shape[1] == 2 else 0) if Z.shape[1] <= 2 else Z

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class with the highest score for each row, the first of equals, of shape (n,)."""
        Z = self.decision_function(X)
        best: Labels = (Z > 0).astype(np.intp) if Z.ndim == 1 else Z.argmax(axis=1)
        return self.classes_[best]

    def _check(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> tuple[Any, Labels, Floats]:
        """Check parameters and data; return X, the classes' numbers (n,), and the rows' weights (n,), class weights in."""
        _check_number("C", self.C, self.C > 0 if isinstance(self.C, Real) else False, "positive, or inf for no penalty")
        within = isinstance(self.l1_ratio, Real) and 0 <= self.l1_ratio <= 1
        _check_number("l1_ratio", self.l1_ratio, within, "from 0 (squares) to 1 (absolute values)")
        _check_number("tol", self.tol, isinstance(self.tol, Real) and 0 <= self.tol < np.inf, "non-negative and finite")
        whole = isinstance(self.max_iter, Integral) and self.max_iter >= 1
        _check_number("max_iter", self.max_iter, whole, "a whole number, at least 1")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=(np.float64, np.float32))
        check_classification_targets(y)
        self.classes_, labels = np.unique(column_or_1d(y, warn=True), return_inverse=True)
        weights = check_weights(sample_weight, len(labels))
        s = np.ones(len(labels)) if weights is None else weights
        counted = np.bincount(labels, s)
        if np.count_nonzero(counted) < 2:
            only = self.classes_[counted.argmax()]
            raise ValueError(
                f"y must hold at least two classes of positive weight; got one class, {only!r}. Add rows of another."
            )
        if self.class_weight is not None:
            s = s * compute_class_weight(self.class_weight, classes=self.classes_, y=y, sample_weight=weights)[labels]
        return X, labels, s

    def _start(self, W: Floats, b: Floats) -> None:
        """Fill W (p, k) and b (k,) with the last coefficients, if there are any of these shapes to start from."""
        if self.warm_start and hasattr(self, "coef_") and self.coef_.T.shape == W.shape:
            W[:] = self.coef_.T
            b[:] = self.intercept_

    def __sklearn_tags__(self) -> Any:
        """Say that sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _check_number(name: str, value: Any, right: bool, rule: str) -> None:
    if not right or isinstance(value, bool):
        raise ValueError(f"{name} must be {rule}; got {value!r}.")
