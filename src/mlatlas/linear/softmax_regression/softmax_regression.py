"""Softmax regression: for k classes the logarithms of the probabilities are linear in the features, up to a constant,

    pⱼ = exp zⱼ / Σₗ exp zₗ,    z = Wᵀx + b,

and W, b minimise, for C > 0 and 0 ≤ ρ ≤ 1, with yᵢ in 0 … k − 1,

    C Σᵢ sᵢ (ln Σⱼ exp zᵢⱼ − zᵢ,yᵢ) + ρ‖W‖₁ + ½(1 − ρ)‖W‖².

Divided by C Σ s this is the mean loss with penalties λ = ρ/(C Σ s) and μ = (1 − ρ)/(C Σ s), which the `Objective` of
logistic regression minimises. The gradient of the loss is Xᵀ(P − Y), and the block of its Hessian for the classes j and l
is Xᵀ diag(pⱼ(δⱼₗ − pₗ)) X. It does not change when one vector is added to all columns of W, or one number to all of b.
What starts at zero stays, in every road for ρ = 0, where the columns sum to zero.

Shapes: n rows, p features, k classes; X (n, p), W (p, k), Z, P and Y (n, k), weights s (n,).
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import log_softmax, softmax

from mlatlas.foundations.losses.losses import cross_entropy_loss
from mlatlas.linear.logistic_regression.logistic_regression import LinearClassifier
from mlatlas.linear.logistic_regression.objective import Objective
from mlatlas.linear.logistic_regression.table import Table

Floats = NDArray[np.float64]
Labels = NDArray[np.intp]

AFFORDABLE = 1000  # parameters up to which the search for a separation solves with the whole Hessian


class SoftmaxRegression(LinearClassifier):
    """Softmax regression of k ≥ 2 classes, min over W, b of C Σᵢ sᵢ (ln Σⱼ exp zᵢⱼ − zᵢ,yᵢ) + penalty, Z = XW + b.

    The penalty is ½‖W‖² for l1_ratio = 0, ‖W‖₁ for 1, and l1_ratio ‖W‖₁ + ½(1 − l1_ratio)‖W‖² between, over all entries of
    W; the intercepts b are not penalised. Each class has a row of coefficients, also of two classes: C = 1 here is then
    C = 2 for `LogisticRegression`. A number added to all intercepts changes no probability; they are given with the sum 0.
    With squares alone in the penalty the coefficients of each feature sum to 0 too; unpenalised, they do unless a warm
    start began elsewhere.

    Parameters:
        C: how much the data count against the penalty, 1/λ; positive. With ``inf`` there is no penalty.
        l1_ratio: ρ in [0, 1], the share of absolute values in the penalty.
        fit_intercept: whether b is fitted; zero otherwise.
        class_weight: a dict from classes to weights, "balanced" for Σs/(k Σs of the class), or None for ones. A row's
            weight is that of its class times its `sample_weight`.
        tol: stop when no derivative of the mean loss with its penalty exceeds this.
        max_iter: the most iterations.
        warm_start: whether to start from the last `coef_` and `intercept_`, and not from zero.

    Attributes:
        classes_: the k labels in sorted order.
        coef_: Wᵀ, of shape (k, p); float32 if X is, else float64.
        intercept_: b, of shape (k,); zero without an intercept.
        n_iter_: the iterations made, at least 1.
        solver_: the road taken, ``newton``, ``newton-cg``, ``lbfgs``, or ``coordinate`` for l1_ratio > 0: see `Objective`.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Warns:
        ConvergenceWarning: `tol` was not reached in `max_iter` iterations; or there is no penalty and classes can be
            separated from others, so that the likelihood has no maximum. Where W and b have more than 1000 entries,
            this is told if every class parts from all others, and not always if some do.

    Threads: as many as BLAS is set to. Complexity: O(n p² k²) time an iteration for ``newton``, O(n p k) or O(nnz k) a pass
    otherwise. Memory beyond X is O(n k + p² k²) for ``newton``, else O((n + p) k), in float64; ``newton-cg`` adds X again
    in float32.

    Sources: Bishop 2006, section 4.3.4; Friedman, Hastie, Tibshirani 2010 for l1_ratio > 0.
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
        """Fit to X (n, p), labels y (n,) of two classes or more, and weights s (n,), all ones by default.

        Raises:
            ValueError: a parameter out of its range; one class; missing or infinite values, no rows, unequal lengths, text
                or complex numbers in X, weights that are negative or all zero.
        """
        X, labels, s = self._check(X, y, sample_weight)
        total = float(s.sum())
        with Table.of(X) as table:
            mu = (1 - self.l1_ratio) / (self.C * total)
            self._minimise(CrossEntropy(labels, len(self.classes_), table, s / total, mu, self.fit_intercept), total)
        self.intercept_ -= self.intercept_.mean()
        return self

    def decision_function(self, X: Any) -> NDArray[Any]:
        """Return the scores Z, of shape (n, k), or for two classes the second less the first, (n,)."""
        Z = self._scores(X)
        return Z[:, 1] - Z[:, 0] if Z.shape[1] == 2 else Z

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Return the probabilities P of the classes, of shape (n, k)."""
        return np.asarray(softmax(self._scores(X), axis=1))  # (softmax)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Return the logarithms of the probabilities, accurate however small they are, of shape (n, k)."""
        return np.asarray(log_softmax(self._scores(X), axis=1))


class CrossEntropy(Objective):
    """Σᵢ sᵢ (ln Σⱼ exp zᵢⱼ − zᵢ,yᵢ) and ½μ‖W‖²."""

    def __init__(self, y: Labels, k: int, table: Table, weights: Floats, mu: float, fit_intercept: bool) -> None:
        super().__init__(table, weights, mu, fit_intercept, (k,))
        self.y = y
        self.P = np.empty((len(y), k))  # at the last θ

    def respond(self, rows: slice, Z: Floats) -> tuple[float, Floats]:
        """Σ s ℓ, and s (P − Y)."""
        y, s = self.y[rows], self.s[rows]
        loss, R = cross_entropy_loss(Z, y)
        P = self.P[rows]
        P[:] = R
        P[np.arange(len(y)), y] += 1
        return float(s @ loss), s[:, None] * R  # (gradient)

    def bend(self, rows: slice, dZ: Any) -> tuple[float, Any]:
        """s (P ∘ dZ − P (P ∘ dZ) 1), in the precision of dZ."""
        P = self.P[rows].astype(dZ.dtype, copy=False)
        R = P * dZ
        R -= P * R.sum(axis=1, keepdims=True)
        R *= self.s[rows, None]
        return 0.0, R

    def product(self, theta: Floats, d: Floats) -> Floats:
        """H d. Over a sparse X in single precision, half the memory to move: d points the way, ∇F says where to stop."""
        if not self.table.is_sparse:
            return super().product(theta, d)
        W, b = self.split(d)
        largest, X = self._single
        size = np.float64(max(largest * float(np.abs(W).max()), float(np.abs(b).max(initial=0.0))) or 1.0)
        G, c = np.zeros(W.shape, np.float32), np.zeros(self.k, np.float32)
        X.sweep((W * (largest / size)).astype(np.float32), (b / size).astype(np.float32), self.bend, G, c)
        total = np.empty(self.size)
        into_W, into_b = self.split(total)
        np.multiply(W, self.mu, out=into_W)
        into_W += G * (largest * size)
        into_b[:] = c * size
        return total

    @cached_property
    def _single(self) -> tuple[float, Table]:
        """The largest |x|, and X divided by it, in single precision."""
        X = self.table.X
        largest = float(np.abs(X.data).max(initial=0.0)) or 1.0
        single = type(X)(((X.data / largest).astype(np.float32), X.indices, X.indptr), shape=X.shape)
        return largest, Table(single, self.table.shares, self.table.map)

    def hessian(self, theta: Floats) -> Floats:
        """Blocks Xᵀ diag(s pⱼ(δⱼₗ − pₗ)) X, and μI; ordered as θ is, by features and then by classes."""
        k, p = self.k, self.shape[0]
        H = np.empty((p + 1, k, p + 1, k))
        for j in range(k):
            for m in range(j + 1):
                H[:, j, :, m] = H[:, m, :, j] = self._block(j, m)
        H = H.reshape((p + 1) * k, -1)[: self.size, : self.size]
        H.flat[: self.coefficients * (self.size + 1) : self.size + 1] += self.mu
        return H

    def _invertible(self, theta: Floats) -> Floats:
        """H, stiff where an unpenalised shift common to all classes would let the rounding of ∇F move θ."""
        H = super()._invertible(theta)
        for at in range(0 if self.mu == 0 else self.coefficients, self.size, self.k):
            block = H[at : at + self.k, at : at + self.k]
            block += block.diagonal().mean()
        return H

    def _block(self, j: int, m: int) -> Floats:
        """The Hessian's block for the classes j and m, with the intercept as one more feature."""
        s, P = self.s, self.P
        if j == m:
            return self.table.gram(lambda rows: s[rows] * P[rows, j] * (1 - P[rows, j]))
        return -self.table.gram(lambda rows: s[rows] * P[rows, j] * P[rows, m])  # (newton-step)

    def parabola(self, column: int) -> tuple[Floats, Floats]:
        """pⱼ − yⱼ and pⱼ(1 − pⱼ)."""
        p = self.P[:, column]
        return p - (self.y == column), p * (1 - p)

    def lead(self, Z: Floats) -> Floats:
        """The own class's score less that of each other class, (n, k − 1)."""
        others = np.arange(self.k) != self.y[:, None]
        margins = Z[~others][:, None] - Z
        return np.asarray(margins[others].reshape(len(Z), -1))

    def _gains(self, theta: Floats) -> Floats:
        """What a Newton step adds to the leads: one step in all columns, while H is affordable.

        Steps in each column for itself, which are left beyond, are blind where a group of classes parts from the others.
        """
        if self.size > AFFORDABLE:
            return super()._gains(theta)
        _, gradient = self(theta)
        step: Floats = np.asarray(np.linalg.solve(self._invertible(theta), -gradient), dtype=np.float64)
        return self._leads(step)

    def every(self, step: int) -> CrossEntropy:
        """F on every step-th row, weighed to a sum of one."""
        s = self.s[::step]
        return CrossEntropy(self.y[::step], self.k, self.table.every(step), s / s.sum(), self.mu, self.fit_intercept)
