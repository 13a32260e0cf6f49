"""Ridge regression: minimise over w and b, for a penalty λ ≥ 0,

    Σᵢ sᵢ (yᵢ − xᵢᵀw − b)² + λ‖w‖²  =  ‖Y − A w‖² + λ‖w‖²,    A = √S (X − 1 x̄ᵀ),    Y = √S (y − ȳ).

In the singular basis A = U Σ Vᵀ every direction is on its own, w = V σ/(σ²+λ) Uᵀ Y, so that one decomposition serves
every penalty, the degrees of freedom and the leave-one-out errors. It is found

- from A itself (``svd``) where that is cheap, and wherever squares would lose the digits asked for;
- from AᵀA = V Σ² Vᵀ for n > p (``gram``), or AAᵀ = U Σ² Uᵀ for n ≤ p (``dual``), at a fraction of the work. An
  eigenvalue is then known to about ε‖A‖², and a coefficient to about ε‖A‖²/(σ²+λ) of itself: done while the smallest
  σ²+λ is at least 10⁻⁶ ‖A‖², which leaves nine digits.

One penalty on a large table needs no basis: (AᵀA + λI) w = AᵀY, or its dual (AAᵀ + λI) a = Y with w = Aᵀa, by Cholesky
and refinement (``cholesky``, ``dual-cholesky``), to full accuracy while the condition of the matrix is below 10¹⁴. A
sparse X whose matrix of products would be larger than itself goes to LSQR (``lsqr``).

Shapes: n rows, p features, k targets, q penalties, m = min(n, p); A (n, p), Y (n, k), U (n, m), σ (m,), V (p, m).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import svd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv
from sklearn.utils.validation import check_array

from mlatlas.linear.linear_regression.linear_regression import (
    FLOOR,
    LEAST_RCOND,
    LinearModel,
    iterative,
    least_squares,
)
from mlatlas.numerics.refinement import EPS, cholesky, refined
from mlatlas.numerics.tables import Design, centre, check_table, check_weights

Floats = NDArray[np.float64]

CHEAP = 2e6  # n p min(n, p) up to which the singular value decomposition takes a few milliseconds at most
NINE_DIGITS = 1e-6  # the least (σ²+λ)/‖A‖² for which squares keep nine digits


class Ridge(LinearModel):
    """Ridge regression, min over w, b of Σᵢ sᵢ (yᵢ − xᵢᵀw − b)² + alpha‖w‖², the intercept b unpenalised.

    Parameters:
        alpha: the penalty λ ≥ 0, a number, or one for each target. Zero gives least squares, of minimum norm.
        fit_intercept: whether b is fitted; zero otherwise.

    Attributes:
        coef_: w of shape (p,), or (k, p) when y has shape (n, k); float32 if X is, else float64.
        intercept_: b, a number, or shape (k,).
        solver_: the road taken, ``svd``, ``gram``, ``dual``, ``cholesky``, ``dual-cholesky`` or ``lsqr``: see the module.
        n_features_in_, feature_names_in_: as in scikit-learn.

    An integer weight is the same as that many copies of the row.

    Complexity: O(n p min(n, p)) time, O(nnz) a step for ``lsqr``. Memory beyond X is O(p²) and a block of rows for
    n > p, one copy of X for n ≤ p, two copies of X for ``svd``. Work is in float64 whatever the input.

    Sources: Hoerl, Kennard 1970; Hastie, Tibshirani, Friedman 2009, section 3.4.1.
    """

    solver_: str

    def __init__(self, alpha: float | ArrayLike = 1.0, *, fit_intercept: bool = True) -> None:
        """Store the parameters."""
        self.alpha = alpha
        self.fit_intercept = fit_intercept

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (n, p), y (n,) or (n, k), and weights s (n,), all ones by default.

        Raises:
            ValueError: a penalty that is negative, not finite or not one for each target; missing or infinite values,
                no rows, unequal lengths, text, complex numbers, a 1-D X, weights that are negative or all zero.
        """
        X, y, s = check_table(self, X, y, sample_weight)
        A = Design.of(X, s, self.fit_intercept)
        Y, y_mean = centre(y, s, self.fit_intercept)
        penalties = check_penalties("alpha", self.alpha)
        if penalties.shape not in {(1,), (Y.shape[1],)}:
            raise ValueError(f"alpha must be one number or one for each of {Y.shape[1]} targets; got {penalties.size}.")
        W, self.solver_ = penalised(A, Y, np.broadcast_to(penalties, Y.shape[1]))
        self._keep(W, A.mean, y_mean, like=(X, y))
        return self


class RidgeCV(LinearModel):
    """Ridge regression with the penalty chosen from a grid, by leave-one-out from one fit, or by cross-validation.

    Leaving row i out of a fit with a fixed penalty gives the error eᵢ = (yᵢ − ŷᵢ) / (1 − hᵢ), with the leverage
    hᵢ = ∂ŷᵢ/∂yᵢ: no refit is needed. The penalty with the largest score wins, the first of equals.

    Parameters:
        alphas: the penalties to try; positive for leave-one-out, non-negative otherwise.
        fit_intercept: whether b is fitted; zero otherwise.
        scoring: None, the name of a scorer, or a callable scorer(estimator, X, y). None means −mean(sᵢ eᵢ²) for
            leave-one-out, and R² for cross-validation.
        cv: None for leave-one-out; a number of folds, a splitter, or an iterable of (train, test) indices.
        store_cv_results: whether the leave-one-out errors of every row are kept; not with a `cv`.
        alpha_per_target: whether each target gets a penalty of its own; not with a `cv`.

    Attributes:
        alpha_: the chosen penalty, or shape (k,) with `alpha_per_target`.
        best_score_: its score, or shape (k,) with `alpha_per_target`.
        cv_results_: with `store_cv_results`, sᵢ eᵢ² of shape (n, q), or (n, k, q) when y has shape (n, k); the
            left-out predictions instead where there is a `scoring`.
        coef_, intercept_, n_features_in_, feature_names_in_: as in `Ridge`, refitted to all rows with `alpha_`.
        solver_: the decomposition used, ``svd``, ``gram`` or ``dual``: see the module.

    A row of weight zero is in no fit; its error counts zero, and its left-out prediction is given as its yᵢ. A weight
    of two is not the same as two rows here, since leaving one of two equal rows out leaves the other in.

    Complexity: O(n p min(n, p) + n min(n, p) q k) time for leave-one-out. Memory as for `Ridge`, and the errors that are
    kept. A sparse X is made dense only where squares would lose digits and n > p: then A and U are two dense (n, p)
    arrays, as in scikit-learn. For n ≤ p a sparse X stays sparse, with an error of about ε‖A‖²/(σ²+λ).

    Sources: Golub, Heath, Wahba 1979; Hastie, Tibshirani, Friedman 2009, section 7.10; Rifkin, Lippert 2007.
    """

    alpha_: Any
    best_score_: Any
    cv_results_: NDArray[Any]
    solver_: str

    def __init__(
        self,
        alphas: ArrayLike = (0.1, 1.0, 10.0),
        *,
        fit_intercept: bool = True,
        scoring: Any = None,
        cv: Any = None,
        store_cv_results: bool = False,
        alpha_per_target: bool = False,
    ) -> None:
        """Store the parameters."""
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.scoring = scoring
        self.cv = cv
        self.store_cv_results = store_cv_results
        self.alpha_per_target = alpha_per_target

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Choose a penalty and fit to X (n, p), y (n,) or (n, k), and weights s (n,), all ones by default.

        Raises:
            ValueError: an empty grid, or a penalty that is not finite, negative, or zero for leave-one-out;
                `store_cv_results` or `alpha_per_target` with a `cv`; and the same input as for `Ridge`.
        """
        if self.cv is not None and (self.store_cv_results or self.alpha_per_target):
            raise ValueError("store_cv_results and alpha_per_target need leave-one-out; got a cv. Set cv=None.")
        X, y, s = check_table(self, X, y, sample_weight)
        alphas = check_penalties("alphas", self.alphas, positive=self.cv is None)
        A = Design.of(X, s, self.fit_intercept)
        Y, y_mean = centre(y, s, self.fit_intercept)
        basis = singular_basis(A, Y, alphas.min())
        scores = self._left_one_out(A, Y, basis, alphas, y) if self.cv is None else self._folded(X, y, s, alphas)
        best = np.argmax(scores, axis=0)  # scores (q,), or (q, k) for a penalty for each target
        self.alpha_, self.best_score_ = alphas[best], np.take_along_axis(scores, best[None], axis=0)[0]
        W = basis.coefficients(np.broadcast_to(self.alpha_, Y.shape[1]))
        self.solver_ = basis.solver
        self._keep(W, A.mean, y_mean, like=(X, y))
        return self
