"""Logistic regression: for two classes coded y = 0 and 1, the log-odds of class 1 are linear in the features,

    ln p/(1 − p) = z = xᵀw + b,    p = σ(z) = 1/(1 + e⁻ᶻ),

and w, b minimise, for C > 0 and 0 ≤ ρ ≤ 1,

    C Σᵢ sᵢ (ln(1 + e^zᵢ) − yᵢ zᵢ) + ρ‖w‖₁ + ½(1 − ρ)‖w‖².

Divided by C Σ s this is the mean loss with penalties λ = ρ/(C Σ s) and μ = (1 − ρ)/(C Σ s), which `objective` minimises.
The gradient of the loss is Xᵀ(p − y), its Hessian XᵀVX with V = diag p(1 − p).

Shapes: n rows, p features; X (n, p), y, z and weights s (n,).
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from mlatlas.foundations.losses.losses import logistic_loss
from mlatlas.linear.logistic_regression.objective import Objective
from mlatlas.linear.logistic_regression.table import Table
from mlatlas.numerics.tables import check_weights

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

RULES: dict[str, tuple[type, Any, str]] = {  # of parameters: type, condition, and both in words with the remedy
    "C": (Real, lambda value: value > 0, "positive; got {!r}. Pass inf for no penalty."),
    "l1_ratio": (
        Real,
        lambda value: 0 <= value <= 1,
        "from 0 to 1; got {!r}. Pass 0 for squares, 1 for absolute values.",
    ),
    "tol": (Real, lambda value: 0 <= value < np.inf, "non-negative and finite; got {!r}. Pass 1e-4 or less."),
    "max_iter": (Integral, lambda value: value >= 1, "an integer of at least 1; got {!r}. Pass 1000."),
}


class LinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """What classifiers by scores X W + b share: parameters, checks, fitting, and the class with the highest score."""

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
        """Return the scores, of shape (n, k), or for two classes (n,), positive for `classes_[1]`."""
        raise NotImplementedError

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class of the highest score for each row, the first of equals, of shape (n,)."""
        Z = self.decision_function(X)
        best = (Z > 0).astype(np.intp) if Z.ndim == 1 else Z.argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _scores(self, X: Any) -> NDArray[Any]:
        """X W + b, of shape (n, k)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def _check(self, X: Any, y: Any, sample_weight: ArrayLike | None) -> tuple[Any, Labels, Floats]:
        """Check parameters and data; return X, the number (n,) of each row's class, and the weights (n,) of the rows."""
        for name, (kind, holds, rule) in RULES.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, kind) or not holds(value):
                raise ValueError(f"{name} must be {rule.format(value)}")
        for name in ("fit_intercept", "warm_start"):
            if not isinstance(getattr(self, name), bool | np.bool_):
                raise ValueError(f"{name} must be True or False; got {getattr(self, name)!r}. Pass one of them.")
        X, y = validate_data(self, X, y, accept_sparse="csr", dtype=(np.float64, np.float32))
        if not _squares_are_finite(X):
            raise ValueError("X must have squares that do not overflow; got larger numbers. Rescale the features.")
        if y.dtype.kind in "fO":
            check_classification_targets(y)
        self.classes_ = np.unique(y)
        labels = np.searchsorted(self.classes_, y)
        s = self._weights(labels, check_weights(sample_weight, len(y)))
        present = np.bincount(labels, s) > 0
        if present.sum() < 2:
            only = self.classes_[present].tolist()
            raise ValueError(
                f"y must hold two classes or more, of positive weight; got one class, {only[0]!r}. Add rows of another."
            )
        return X, labels, s

    @np.errstate(over="ignore", invalid="ignore")
    def _weights(self, labels: Labels, given: Floats | None) -> Floats:
        """The weights (n,) of the rows: what was given, times the weight of the row's class."""
        s, weights = np.ones(len(labels)) if given is None else given, self.class_weight
        if isinstance(weights, str) and weights == "balanced":
            present = np.bincount(labels, s)
            even = s.sum() / len(present)
            s = s * np.divide(even, present, out=np.zeros(len(present)), where=present > 0)[labels]
        elif isinstance(weights, dict):
            classes = self.classes_.tolist()
            unknown, missing = set(weights) - set(classes), set(classes) - set(weights)
            if unknown and missing:
                raise ValueError(
                    f"class_weight must have classes of y as its keys; got {unknown} but not {missing}. Correct the keys."
                )
            s = s * np.array([_class_weight(weights.get(one, 1.0)) for one in classes])[labels]
        elif weights is not None:
            raise ValueError(
                f"class_weight must be a dict from classes to weights, 'balanced' or None; got {weights!r}. Pass one of them."
            )
        if not np.isfinite(s.sum()):
            raise ValueError("sample_weight must have a finite sum; got larger numbers. Rescale the weights.")
        return s

    def _minimise(self, objective: Objective, total: float) -> None:
        """Find the coefficients from an objective whose weights were divided by their `total`, and keep them."""
        theta = np.zeros(objective.size)
        W, b = objective.split(theta)
        columns = W.reshape(len(W), -1)
        if self.warm_start and hasattr(self, "coef_") and self.coef_.T.shape == columns.shape:
            columns[:], b[:] = self.coef_.T, self.intercept_
        answer = objective.minimise(theta, self.l1_ratio / (self.C * total), self.tol, self.max_iter)
        if np.inf == self.C and objective.has_no_minimum(answer.theta, self.tol, self.max_iter):
            warnings.warn(
                "the likelihood has no maximum: a combination of the features separates the classes, so the coefficients "
                "would grow for ever, and those given are where tol stopped them. Set a finite C.",
                ConvergenceWarning,
                stacklevel=3,
            )
        W, b = objective.split(answer.theta)
        dtype = objective.table.X.dtype
        self.coef_ = np.ascontiguousarray(W.reshape(len(W), -1).T, dtype=dtype)
        self.intercept_ = b.astype(dtype)
        self.n_iter_, self.solver_ = answer.n_iter, answer.solver

    def __sklearn_tags__(self) -> Any:
        """Say that sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class LogisticRegression(LinearClassifier):
    """Logistic regression of two classes, min over w, b of C Σᵢ sᵢ ln(1 + exp(−tᵢ(xᵢᵀw + b))) + penalty, tᵢ = ±1.

    The penalty is ½‖w‖² for l1_ratio = 0, ‖w‖₁ for 1, and l1_ratio ‖w‖₁ + ½(1 − l1_ratio)‖w‖² between. The intercept b
    is not penalised. The predicted probabilities are those of the model; where it holds they are calibrated.

    Parameters:
        C: how much the data count against the penalty, 1/λ; positive. With ``inf`` there is no penalty.
        l1_ratio: ρ in [0, 1], the share of absolute values in the penalty.
        fit_intercept: whether b is fitted; zero otherwise.
        class_weight: a dict from classes to weights, "balanced" for Σs/(2 Σs of the class), or None for ones. A row's
            weight is that of its class times its `sample_weight`.
        tol: stop when no derivative of the mean loss with its penalty exceeds this.
        max_iter: the most iterations.
        warm_start: whether to start from the last `coef_` and `intercept_`, and not from zero.

    Attributes:
        classes_: the two labels in sorted order; y = 1 stands for the second.
        coef_: w, of shape (1, p); float32 if X is, else float64.
        intercept_: b, of shape (1,); zero without an intercept.
        n_iter_: the iterations made, at least 1.
        solver_: the road taken, ``newton``, ``newton-cg``, ``lbfgs``, or ``coordinate`` for l1_ratio > 0: see `objective`.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Warns:
        ConvergenceWarning: `tol` was not reached in `max_iter` iterations; or there is no penalty and the classes can be
            separated, perfectly or but for ties, so that the likelihood has no maximum.

    Threads: as many as BLAS is set to. Complexity: O(n p²) time an iteration for ``newton``, O(n p) or O(nnz) a pass
    otherwise. Memory beyond X is O(n + p²) for ``newton``, else O(n + p), in float64.

    Sources: Hastie, Tibshirani, Friedman 2009, section 4.4; Friedman, Hastie, Tibshirani 2010 for l1_ratio > 0.
    """

    def __init__(
        self,
        *,
        C: float = 1.0,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        class_weight: Any = None,
        tol: float = 1e-4,
        max_iter: int = 1000,
        warm_start: bool = False,
    ) -> None:
        """Store the parameters."""
        self.C = C
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (n, p), labels y (n,) of two classes, and weights s (n,), all ones by default.

        Raises:
            ValueError: a parameter out of its range; one class, or more than two; missing or infinite values, no rows,
                unequal lengths, text or complex numbers in X, weights that are negative or all zero.
        """
        X, labels, s = self._check(X, y, sample_weight)
        if len(self.classes_) > 2:
            raise ValueError(
                f"Only binary classification is supported. The type of the target is multiclass: y has "
                f"{len(self.classes_)} classes. Use SoftmaxRegression."
            )
        total = float(s.sum())
        with Table.of(X) as table:
            mu = (1 - self.l1_ratio) / (self.C * total)
            self._minimise(
                LogLoss(np.asarray(2.0 * labels - 1.0, dtype=np.float64), table, s / total, mu, self.fit_intercept),
                total,
            )
        return self

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return the log-odds z of `classes_[1]`, of shape (n,)."""
        return self._scores(X)[:, 0]

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the probabilities 1 − p and p of the two classes, of shape (n, 2)."""
        z = self.decision_function(X)
        return np.stack([expit(-z), expit(z)], axis=1)  # (sigmoid)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithms of the probabilities, accurate however small they are, of shape (n, 2)."""
        z = self.decision_function(X)
        return np.stack([log_expit(-z), log_expit(z)], axis=1)

    def __sklearn_tags__(self) -> Any:
        """Say that there are two classes."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags


class LogLoss(Objective):
    """Σᵢ sᵢ ln(1 + exp(−tᵢ zᵢ)) and ½μ‖w‖², for labels t = ±1."""

    def __init__(self, t: Floats, table: Table, weights: Floats, mu: float, fit_intercept: bool) -> None:
        super().__init__(table, weights, mu, fit_intercept)
        self.t = t
        self.r = np.empty(len(t))  # p − y at the last θ

    def respond(self, rows: slice, Z: Floats) -> tuple[float, Floats]:
        """Σ s ℓ, and s (p − y)."""
        t, s = self.t[rows], self.s[rows]
        loss, slope = logistic_loss(t * Z)
        np.multiply(t, slope, out=self.r[rows])
        return float(s @ loss), s * self.r[rows]  # (gradient)

    def bend(self, rows: slice, dZ: Floats) -> tuple[float, Floats]:
        """s p(1 − p) dz."""
        return 0.0, self.s[rows] * self._curvature(rows) * dZ

    def hessian(self, theta: Floats) -> Floats:
        """Xᵀ V X + μI, with V = diag s p(1 − p)."""
        H = self.table.gram(lambda rows: self.s[rows] * self._curvature(rows))[
            : self.size, : self.size
        ]  # (newton-step)
        H.flat[: self.coefficients * (self.size + 1) : self.size + 1] += self.mu
        return H

    def parabola(self, column: int) -> tuple[Floats, Floats]:
        """p − y and p(1 − p)."""
        return self.r, self._curvature(slice(None))

    def _curvature(self, rows: slice) -> Floats:
        q = np.abs(self.r[rows])
        return np.asarray(q * (1 - q))

    def lead(self, Z: Floats) -> Floats:
        """t z."""
        return self.t * Z

    def every(self, step: int) -> LogLoss:
        """F on every step-th row, weighed to a sum of one."""
        s = self.s[::step]
        return LogLoss(self.t[::step], self.table.every(step), s / s.sum(), self.mu, self.fit_intercept)


def _class_weight(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < np.inf:
        raise ValueError(f"class_weight must hold non-negative, finite weights; got {value!r}. Pass 1 for no change.")
    return float(value)


def _squares_are_finite(X: Any) -> bool:
    values = (X.data if sparse.issparse(X) else X).ravel(order="K")
    with np.errstate(over="ignore"):
        return bool(values.dtype == np.float32 or np.isfinite(values @ values))
