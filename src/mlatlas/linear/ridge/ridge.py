"""Ridge regression: minimise over w and b, for a penalty λ ≥ 0,

    Σᵢ sᵢ (yᵢ − xᵢᵀw − b)² + λ‖w‖²  =  ‖Y − A w‖² + λ‖w‖²,    A = √S (X − 1 x̄ᵀ),    Y = √S (y − ȳ).

In the singular basis A = U Σ Vᵀ every direction is on its own, w = V σ/(σ²+λ) Uᵀ Y, so that one decomposition serves
every penalty, the degrees of freedom and the leave-one-out errors. It is found

- from A itself (``svd``) where that is cheap, and wherever squares would lose the digits asked for;
- from AᵀA = V Σ² Vᵀ for n > p (``gram``), or AAᵀ = U Σ² Uᵀ where A is wide (``dual``), at a fraction of the work. An
  eigenvalue is then known to about ε‖A‖², and a coefficient to about ε‖A‖²/(σ²+λ) of itself: done while the smallest
  σ²+λ is at least 10⁻⁶ ‖A‖², which leaves nine digits.

One penalty on a large table needs no basis: (AᵀA + λI) w = AᵀY, or its dual (AAᵀ + λI) a = Y with w = Aᵀa, by Cholesky
and refinement (``cholesky``, ``dual-cholesky``), to full accuracy while the condition of the matrix is below 10¹⁴. A
sparse X whose matrix of products would be larger than itself and 2 MB goes to LSQR (``lsqr``).

Shapes: n rows, p features, k targets, q penalties, m = min(n, p); A (n, p), Y (n, k), U (n, m), σ (m,), V (p, m).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.lapack import dgejsv
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import check_scoring
from sklearn.model_selection import check_cv

from mlatlas.linear.linear_regression.linear_regression import (
    FLOOR,
    LEAST_RCOND,
    LinearModel,
    iterative,
    least_squares,
)
from mlatlas.numerics.refinement import EPS, cholesky, refined
from mlatlas.numerics.tables import Design, centre, check_features, check_table, check_weights, cut

Floats = NDArray[np.float64]
Rows = Iterator[tuple[slice, Floats]]

CHEAP = 2e6  # n p min(n, p) up to which the singular value decomposition takes a few milliseconds at most
NINE_DIGITS = 1e-6  # the least (σ²+λ)/‖A‖² for which squares keep nine digits


class Ridge(LinearModel):
    """Ridge regression, min over w, b of Σᵢ sᵢ (yᵢ − xᵢᵀw − b)² + alpha‖w‖², the intercept b unpenalised.

    Parameters:
        alpha: the penalty λ ≥ 0, a number, or one for each target. Zero gives least squares, of minimum norm.
        fit_intercept: whether b is fitted; zero otherwise.

    Attributes:
        coef_: w of shape (p,), or (k, p) when y has shape (n, k); float32 if X is, else float64.
        intercept_: b, a number, or shape (k,) when y has shape (n, k); 0.0 without an intercept.
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
        A, Y, y_mean = centred(X, y, s, self.fit_intercept)
        penalties = check_penalties("alpha", self.alpha)
        if penalties.shape not in {(1,), (Y.shape[1],)}:
            raise ValueError(
                f"alpha must be one number, or one a target, here {Y.shape[1]}; got {len(penalties)} numbers."
            )
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
        scoring: None, the name of a scorer, or a callable scorer(estimator, X, y), which is given `sample_weight` too
            where there are weights. None means −mean(sᵢ eᵢ²) for leave-one-out, and R² for cross-validation.
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
        penalties = check_penalties("alphas", self.alphas, positive=self.cv is None)
        A, Y, y_mean = centred(X, y, s, self.fit_intercept)
        if self.cv is None and self.fit_intercept and np.count_nonzero(A.weight) < 2:
            raise ValueError("leave-one-out needs at least 2 rows of positive weight; got 1 sample. Fit Ridge instead.")
        basis = singular_basis(A, Y, penalties.min())
        scores = self._left_one_out(A, Y, basis, y, penalties) if self.cv is None else self._fold(X, y, s, penalties)
        best = np.argmax(scores, axis=0)
        self.alpha_, self.best_score_ = penalties[best], np.take_along_axis(scores, best[None], axis=0)[0]
        self.solver_ = basis.solver
        W = basis.coefficients(np.reshape(self.alpha_, (1, -1)))[0]
        self._keep(W, A.mean, y_mean, like=(X, y))
        return self

    def _left_one_out(self, A: Design, Y: Floats, basis: Basis, y: Floats, penalties: Floats) -> Floats:
        """Score the penalties (q,) by leave-one-out: shape (q,), or (q, k) with a penalty for each target."""
        (n, k), q = Y.shape, len(penalties)
        scorer = None if self.scoring is None else check_scoring(self, self.scoring)
        kept = np.empty((n, q, k) if scorer or self.store_cv_results else 0)
        total = np.zeros((q, k))
        for rows, e in leave_one_out(A, Y, basis, penalties):
            total += np.sum(e**2, axis=0)
            if kept.size:
                kept[rows] = e
        if scorer:
            root = A.weight
            kept = y.reshape(n, 1, k) - kept / np.where(root > 0, root, 1)[:, None, None]
        elif self.store_cv_results:
            kept = kept**2
        if self.store_cv_results:
            self.cv_results_ = (np.moveaxis(kept, 1, 2) if y.ndim == 2 else kept[:, :, 0]).astype(A.X.dtype, copy=False)
        by_target = self.alpha_per_target and y.ndim == 2
        if not scorer:
            scores: Floats = -total / n
            return scores if by_target else np.mean(scores, axis=1)
        s = None if A.root is None else A.root**2
        if by_target:
            return np.array([[score(scorer, kept[:, j, t], y[:, t], s) for t in range(k)] for j in range(q)])
        return np.array([score(scorer, kept[:, j].reshape(y.shape), y, s) for j in range(q)])

    def _fold(self, X: Any, y: Floats, s: Floats | None, penalties: Floats) -> Floats:
        """Score the penalties (q,) by cross-validation, with one decomposition a fold."""
        scorer = check_scoring(self, self.scoring or "r2")
        scores = []
        for train, test in check_cv(self.cv, y).split(X, y):
            learn, judge = (None, None) if s is None else (s[train], s[test])
            A, Y, y_mean = centred(X[train], y[train], learn, self.fit_intercept)
            path = singular_basis(A, Y, penalties.min()).coefficients(penalties[:, None])
            guesses = ((X[test] @ W + (y_mean - A.mean @ W)).reshape(y[test].shape) for W in path)
            scores.append([score(scorer, guess, y[test], judge) for guess in guesses])
        mean: Floats = np.mean(scores, axis=0)
        return mean


def score(scorer: Any, guesses: Floats, y: Floats, weights: Floats | None) -> float:
    """Score predictions that are already there, with the weights where there are any."""
    return float(scorer(Given(), guesses, y, **({} if weights is None else {"sample_weight": weights})))


class Given(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The estimator that a scorer sees where the predictions are already there: it hands them back."""

    def predict(self, X: Floats) -> Floats:
        """Return the predictions that were passed as X."""
        return X

    def __sklearn_is_fitted__(self) -> bool:
        """Nothing is left to fit."""
        return True


def ridge_path(
    X: Any, y: Any, alphas: ArrayLike, *, fit_intercept: bool = True, sample_weight: ArrayLike | None = None
) -> Floats:
    """Coefficients of `Ridge` for each of q penalties from one decomposition, in the order given.

    Returns shape (q, p), or (q, k, p) when y has shape (n, k), in float64. O(n p min(n, p) + p min(n, p) q k) time.
    Raises as `Ridge.fit`, and for an empty `alphas`.
    """
    X, y, s = check_table(Ridge(), X, y, sample_weight)
    penalties = check_penalties("alphas", alphas)
    A, Y, _ = centred(X, y, s, fit_intercept)
    path = singular_basis(A, Y, penalties.min()).coefficients(penalties[:, None])
    return path[:, :, 0] if y.ndim == 1 else path.transpose(0, 2, 1)


def effective_degrees_of_freedom(
    X: Any, alpha: ArrayLike, *, fit_intercept: bool = True, sample_weight: ArrayLike | None = None
) -> Any:
    """The trace of ∂ŷ/∂y, Σᵢ σᵢ²/(σᵢ²+alpha): how many free coefficients ridge with this penalty is worth.

    A number, or shape (q,) for q penalties. The intercept's one is not counted. With alpha zero it is the rank of A.
    O(n p min(n, p)) time. Raises as `Ridge.fit`.

    Source: Hastie, Tibshirani, Friedman 2009, equation 3.50.
    """
    X = check_features(X)
    penalties = check_penalties("alpha", alpha)
    A, Y, _ = centred(X, np.zeros(X.shape[0]), check_weights(sample_weight, X.shape[0]), fit_intercept)
    basis = singular_basis(A, Y, penalties.min())
    squares = np.r_[basis.s**2, basis.fill][:, None]
    df = np.divide(squares, squares + penalties, out=np.zeros((len(squares), penalties.size)), where=squares > 0)
    total = df[:-1].sum(axis=0) - df[-1]  # (degrees-of-freedom)
    return float(total[0]) if np.ndim(alpha) == 0 else total


@dataclass(frozen=True)
class Basis:
    """The singular basis A = U Σ Vᵀ with Uᵀ Y; U or V need not be at hand, since A has the other.

    Where A is wide and centred, u = √s/‖√s‖ stands beside A as one more column of length √fill, because centring has
    taken that direction from A. It takes part in no w.
    """

    s: Floats  # (m,)
    UtY: Floats  # (m, k)
    left: Callable[[int], Rows]  # yields U in blocks of rows, smaller ones where so many numbers come of a row
    right: Callable[[Floats], Floats]  # maps Z (m, c) to V Z (p, c)
    fill: float
    solver: str

    def coefficients(self, penalties: Floats) -> Floats:
        """W = V Σ/(Σ²+λ) Uᵀ Y of shape (q, p, k), for penalties λ of shape (q, k), or (q, 1) for all targets."""
        s, q, k = self.s[:, None, None], len(penalties), self.UtY.shape[1]
        shrunk = np.divide(s, s**2 + penalties, out=np.zeros((len(s), *penalties.shape)), where=s > 0)
        Z = shrunk * self.UtY[:, None, :]  # (shrinkage)
        return np.moveaxis(self.right(Z.reshape(len(s), q * k)).reshape(-1, q, k), 0, 1)


def centred(X: Any, y: Floats, weights: Floats | None, fit_intercept: bool) -> tuple[Design, Floats, Floats]:
    """A, Y of shape (n, k), and ȳ of shape (k,)."""
    return Design.of(X, weights, fit_intercept), *centre(y, weights, fit_intercept)


def check_penalties(name: str, value: ArrayLike, *, positive: bool = False) -> Floats:
    """Return the penalties as a float64 array of shape (q,)."""
    try:
        penalties = np.ravel(np.asarray([] if value is None else value, dtype=np.float64))
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be a number or an array of numbers; got {value!r}.") from None
    if not len(penalties):
        raise ValueError(f"{name} must hold at least one penalty; got {value!r}.")
    wrong = ~np.isfinite(penalties) | (penalties < 0) | (positive & (penalties == 0))
    if wrong.any():
        rule = "positive and finite for leave-one-out" if positive else "non-negative and finite"
        raise ValueError(f"{name} must be {rule}; got {penalties[wrong][0]}.")
    return penalties


def penalised(A: Design, Y: Floats, penalties: Floats) -> tuple[Floats, str]:
    """W of shape (p, k) for a penalty for each target (k,), and the road taken."""
    n, p = A.shape
    if not penalties.any():
        plain = least_squares(A, Y)
        return plain.W, plain.solver
    if not A.affords(min(n, p)):
        return iterative(A, Y, np.sqrt(penalties)).W, "lsqr"
    if np.all(penalties == penalties[0]) and (A.is_sparse or n * p * min(n, p) > CHEAP):
        with np.errstate(over="ignore", invalid="ignore"):
            W = factored(A, Y, penalties[0])
        if W is not None:
            return W, "cholesky" if n > p else "dual-cholesky"
        if A.is_sparse:
            return iterative(A, Y, np.sqrt(penalties)).W, "lsqr"
    basis = singular_basis(A, Y, penalties.min())
    return basis.coefficients(penalties[None])[0], basis.solver


def factored(A: Design, Y: Floats, penalty: float) -> Floats | None:
    """W for one penalty, by Cholesky and refinement; None where the condition forbids it."""
    n, p = A.shape
    H, first = A.products(Y) if n > p else (A.kernel()[0], Y)
    H.flat[:: len(H) + 1] += penalty
    inverse = cholesky(H, LEAST_RCOND)
    if inverse is None:
        return None
    if n > p:
        return refined(lambda W: A.misfit(Y, W) - penalty * W, inverse, first, np.linalg.norm(Y, axis=0))
    a = refined(lambda a: Y - A.times(A.adjoint(a)) - penalty * a, inverse, first)
    return None if a is None else A.adjoint(a)


def singular_basis(A: Design, Y: Floats, least: float) -> Basis:
    """The singular basis of A with digits enough for penalties from `least` on."""
    n, p = A.shape
    if not A.is_sparse and n * p * min(n, p) <= CHEAP:
        return decomposed(A, Y)
    with np.errstate(over="ignore", invalid="ignore"):
        if A.is_wide:
            H, fill = A.kernel()
        else:
            H, AtY = A.products(Y)
    if not np.isfinite(H).all():
        return decomposed(A, Y)
    squares, Q = np.linalg.eigh(H)
    if squares[0] + least < NINE_DIGITS * squares[-1] and not (A.is_wide and A.is_sparse):
        return decomposed(A, Y)
    s = np.sqrt(np.maximum(squares, max(4 * EPS * squares[-1], 1e-300)))
    if A.is_wide:
        return Basis(
            s,
            Q.T @ Y,
            lambda width: ((rows, Q[rows]) for rows in cut(n, width)),
            lambda Z: A.adjoint(Q @ (Z / s[:, None])),
            fill,
            "dual",
        )
    return Basis(s, Q.T @ AtY / s[:, None], lambda width: A.projected(Q / s, width), lambda Z: Q @ Z, 0.0, "gram")


def decomposed(A: Design, Y: Floats) -> Basis:
    """The singular basis from a copy of A, by one-sided Jacobi rotations: units of features cost no digits.

    A direction v counts as null, and gets σ = 0, when ‖A v‖ is at most 10⁻¹³ of what the lengths of A's columns allow,
    ‖length ∘ v‖, or no more than the rounding of the entries of X. Drmač, Veselić 2008, LAPACK's dgejsv.
    """
    n, p = A.shape
    copy, fill = A.dense(), 0.0
    length = np.linalg.norm(copy, axis=0)
    if A.centred and A.is_wide:
        fill = float(length @ length) / n
        copy = np.column_stack((copy, np.sqrt(fill) * A.unit))
    if len(copy) < copy.shape[1]:
        s, V, U, work, _, failed = dgejsv(copy.T, joba=2)
    else:
        s, U, V, work, _, failed = dgejsv(np.asfortranarray(copy), joba=0, overwrite_a=True)
    if failed:
        raise np.linalg.LinAlgError("the singular value decomposition did not converge; scale the columns of X.")
    s, V = s * (work[0] / work[1]), V[:p]
    s[s <= np.linalg.norm(np.hypot(FLOOR * length, A.rounding)[:, None] * V, axis=0)] = 0
    return Basis(s, U.T @ Y, lambda width: ((rows, U[rows]) for rows in cut(n, width)), lambda Z: V @ Z, fill, "svd")


def leave_one_out(A: Design, Y: Floats, basis: Basis, penalties: Floats) -> Rows:
    """Yield √sᵢ eᵢ in order of the rows, as (rows, block of shape (rows, q, k)), for penalties (q,).

    Of the part of Y along a column of U the penalty leaves λ/(σ²+λ) in the residual, and of the rest all. The same
    shares of Uᵢ² add up to 1 − hᵢ, row i's freedom, less what the intercept takes, sᵢ/Σs. Where A is wide the columns
    of U span everything, and no difference of nearly equal numbers is formed.
    """
    (n, k), q = Y.shape, len(penalties)
    left_over = penalties / (basis.s[:, None] ** 2 + penalties)  # (m, q)
    Z = (left_over[:, :, None] * basis.UtY[:, None, :]).reshape(-1, q * k)
    intercept = A.unit**2 if A.centred else np.zeros(n)
    for rows, U in basis.left(len(basis.s) + 4 * q * k):
        residual = (U @ Z).reshape(-1, q, k)
        freedom = U**2 @ left_over - intercept[rows, None] * penalties / (basis.fill + penalties)
        if not A.is_wide:
            residual += (Y[rows] - U @ basis.UtY)[:, None, :]
            freedom = np.maximum(freedom + 1 - np.sum(U**2, axis=1, keepdims=True), EPS)
        yield rows, residual / freedom[:, :, None]  # (leave-one-out)
