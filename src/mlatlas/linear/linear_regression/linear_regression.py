"""Least squares: minimise over w and b

    Σᵢ sᵢ (yᵢ − xᵢᵀw − b)²  =  ‖Y − A w‖²,    A = √S (X − 1 x̄ᵀ),    Y = √S (y − ȳ),    b = ȳ − x̄ᵀw.

Where w is not unique, the one of minimum norm ‖w‖ is meant.

The road is chosen by the condition κ of A with its columns scaled to unit length:

- ``cholesky``: AᵀA w = AᵀY, half the work of anything else. It squares κ, but w ← w + (AᵀA)⁻¹Aᵀ(Y − A w) contracts
  the error by about κ²ε a step and its limit does not depend on the factor's error: the two roundings in Aᵀ(Y − A w)
  are one small change of A (Kiełbasiński and Schwetlick; Higham 2002, lemma 20.6). Taken while κ < 10⁷.
- ``preconditioned``: the eigenvectors of that AᵀA give a P for which A P is nearly orthonormal, and one more pass gives
  (A P)ᵀ(A P) to full accuracy. Directions no longer than the rounding of the data are told apart there and dropped.
- ``dual``: for n ≤ p, w = Aᵀa with AAᵀa = Y is the interpolant of minimum norm. Taken while κ < 10⁷.
- ``svd``: LAPACK's gelsd on a copy of A, where the dual is singular or squares overflow.
- ``lsqr``: a sparse X whose matrix of products would be larger than itself and 2 MB.

Shapes: n rows, p features, k targets; A (n, p), Y (n, k), W (p, k).
"""

from __future__ import annotations

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import lstsq, orth
from scipy.sparse.linalg import LinearOperator, lsqr
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data
from threadpoolctl import threadpool_limits

from mlatlas.numerics.refinement import cholesky, refined
from mlatlas.numerics.tables import Design, centre, check_table

Floats = NDArray[np.float64]

LEAST_RCOND = 1e-14  # of AᵀA: refinement then gains two digits a step or more
FLOOR = 1e-13  # what the eigenvalues of AᵀA are worth, relative to the largest; also the least relative length in A
TIGHT = 1e-12  # the relative residual at which lsqr stops


class LinearModel(MultiOutputMixin, RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A prediction Xw + b from ``coef_`` and ``intercept_``."""

    fit_intercept: bool
    coef_: NDArray[Any]
    intercept_: Any

    def predict(self, X: Any) -> NDArray[Any]:
        """Return X w + b, of shape (n,), or (n, k) for k targets. O(n p k) time."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=(np.float64, np.float32), reset=False)
        return np.asarray(X @ self.coef_.T + self.intercept_)

    def _keep(self, W: Floats, x_mean: Floats, y_mean: Floats, like: tuple[Any, Any]) -> None:
        """Store W (p, k) and its intercepts in the dtype of X and with the dimensions of y, for like=(X, y)."""
        X, y = like
        b = y_mean - x_mean @ W  # (intercept)
        self.coef_ = np.ascontiguousarray(W.T if y.ndim == 2 else W[:, 0], dtype=X.dtype)
        self.intercept_ = 0.0
        if self.fit_intercept:
            self.intercept_ = b.astype(X.dtype) if y.ndim == 2 else X.dtype.type(b[0])

    def __sklearn_tags__(self) -> Any:
        """Say that sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class LinearRegression(LinearModel):
    """Least squares, min over w, b of Σᵢ sᵢ (yᵢ − xᵢᵀw − b)², by a factorisation that is chosen to suit the problem.

    Among several minimisers it returns the one of minimum ‖w‖. A direction u in the space of the features counts as
    null, and the rank is one less, when ‖A u‖ is at most 10⁻¹³ of the largest or no more than the rounding of the
    entries of X, both measured with the columns of A scaled to unit length: units do not matter. (scikit-learn 1.9
    cuts unscaled singular values below 10⁻⁶ of the largest.) A column that is constant up to rounding, or
    shorter than 10⁻¹⁵⁰ once centred, gets zero.

    Parameters:
        fit_intercept: whether b is fitted; zero otherwise.
        n_jobs: threads for the matrix products; None leaves BLAS as it is set, -1 takes every core.

    Attributes:
        coef_: w of shape (p,), or (k, p) when y has shape (n, k); float32 if X is, else float64.
        intercept_: b, a number, or shape (k,) when y has shape (n, k); 0.0 without an intercept.
        rank_: the rank of A, or None where ``lsqr`` ran, which does not find it.
        solver_: which road was taken, ``cholesky``, ``preconditioned``, ``dual``, ``svd`` or ``lsqr``: see the module.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: O(n p²) time for n > p and O(n² p) for n ≤ p, O(nnz) a step for ``lsqr``. Memory beyond X is O(p²) and a
    block of rows for n > p, one copy of X for n ≤ p. Work is in float64 whatever the input.

    Sources: Golub, Van Loan 2013, sections 5.3 to 5.5; Björck 1987 on corrected seminormal equations; Fukaya et al.
    2020, Shifted Cholesky QR.
    """

    rank_: int | None
    solver_: str

    def __init__(self, *, fit_intercept: bool = True, n_jobs: int | None = None) -> None:
        """Store the parameters."""
        self.fit_intercept = fit_intercept
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (n, p), y (n,) or (n, k), and weights s (n,), all ones by default.

        Raises:
            ValueError: missing or infinite values, no rows, unequal lengths, text, complex numbers, a 1-D X, or weights
                that are negative or all zero.
        """
        X, y, s = check_table(self, X, y, sample_weight)
        with threads(self.n_jobs):
            A = Design.of(X, s, self.fit_intercept)
            Y, y_mean = centre(y, s, self.fit_intercept)
            W, self.rank_, self.solver_ = least_squares(A, Y)
        self._keep(W, A.mean, y_mean, like=(X, y))
        return self


def threads(n_jobs: int | None) -> AbstractContextManager[Any]:
    """Hold BLAS to n_jobs threads within the context; None leaves it alone, and -1 means every core."""
    return nullcontext() if n_jobs is None else threadpool_limits(effective_n_jobs(n_jobs), user_api="blas")


class Solution(NamedTuple):
    """Coefficients (p, k), the rank of A where it is known, and the road taken."""

    W: Floats
    rank: int | None
    solver: str


def least_squares(A: Design, Y: Floats) -> Solution:
    """The W of minimum norm that minimises ‖Y − A W‖², by the cheapest road that keeps the digits."""
    n, p = A.shape
    if not A.affords(min(n, p)):
        return iterative(A, Y)
    with np.errstate(over="ignore", invalid="ignore"):
        return (primal(A, Y) if n > p else dual(A, Y)) or decomposed(A, Y)


def primal(A: Design, Y: Floats) -> Solution | None:
    """For n > p: the normal equations, in better coordinates if the condition of A asks for them."""
    G, c = A.products(Y)
    if not np.isfinite(G).all():
        return None
    length = np.sqrt(np.maximum(G.diagonal(), 0))
    live = length > np.maximum(5 * A.rounding, 1e-150)
    if not live.any():
        return Solution(np.zeros(c.shape), 0, "cholesky")
    G = G if live.all() else G[np.ix_(live, live)]
    scale = np.linalg.norm(Y, axis=0)

    inverse = cholesky(G, LEAST_RCOND)
    if inverse:

        def solve(g: Floats) -> Floats:
            W = np.zeros(g.shape)
            W[live] = inverse(g[live])  # (normal-equations)
            return W

        W = refined(lambda W: A.misfit(Y, W), solve, c, scale)
        if W is not None:
            return Solution(W, int(live.sum()), "cholesky")

    P = orthonormal(A, G, live)
    W = refined(lambda W: A.misfit(Y, W), lambda g: P @ (P.T @ g), c, scale, stalled=1e-2)
    return None if W is None else Solution(W, P.shape[1], "preconditioned")


def orthonormal(A: Design, G: Floats, live: NDArray[np.bool_]) -> Floats:
    """Coordinates P (p, r) with (AP)ᵀ(AP) = I nearly, r the rank, orthogonal to the null directions of A.

    G = AᵀA for the columns that are live. With those scaled to unit length its eigenvalues are worth 10⁻¹³ of the
    largest, so after the first change of coordinates no direction of A that exists is shorter than 10⁻⁶, and the second
    Gram matrix sees each to three digits or more.
    """
    length = np.sqrt(G.diagonal())
    eigenvalues, V = np.linalg.eigh(G / length / length[:, None])
    V /= np.sqrt(np.maximum(eigenvalues, FLOOR * eigenvalues[-1]))
    P: Floats = np.zeros((len(live), len(V)))
    P[live] = V / length[:, None]
    squares, Q = np.linalg.eigh(A.gram(P))
    P, V, size = P @ Q, V @ Q, np.sqrt(np.maximum(squares, 0))  # size is ‖A u‖ for each column u of P
    least = FLOOR * np.sqrt(eigenvalues[-1]) * np.linalg.norm(V, axis=0)
    null = size <= np.maximum(least, np.linalg.norm(A.rounding[:, None] * P, axis=0))
    N = orth(P[:, null] / np.linalg.norm(P[:, null], axis=0))
    P = P[:, ~null] / size[~null]
    return np.asarray(P - N @ (N.T @ P))


def dual(A: Design, Y: Floats) -> Solution | None:
    """For n ≤ p: w = Aᵀa with AAᵀa = Y. Y has no part along √s, the direction that centring takes from the rank."""
    K, _ = A.kernel()
    inverse = cholesky(K, LEAST_RCOND)
    if not inverse:
        return None
    a = refined(lambda a: Y - A.times(A.adjoint(a)), inverse, Y)
    return None if a is None else Solution(A.adjoint(a), len(K) - A.centred, "dual")


def decomposed(A: Design, Y: Floats) -> Solution:
    """The singular value decomposition of a copy of A; a sparse A is not made dense but solved by iteration."""
    if A.is_sparse:
        return iterative(A, Y)
    copy = A.dense()
    least = max(FLOOR, float(np.linalg.norm(A.rounding) / (np.linalg.norm(copy) + 1e-300)))
    W, _, rank, _ = lstsq(copy, Y, cond=least, overwrite_a=True, check_finite=False)
    return Solution(W, int(rank), "svd")


def iterative(A: Design, Y: Floats, damp: Floats | float = 0.0) -> Solution:
    """LSQR from zero on ‖Y − A W‖² + damp²‖W‖², which stays in the row space and so ends at the minimum norm."""
    n, p = A.shape
    operator = LinearOperator(
        (n, p),
        matvec=lambda w: A.times(w.reshape(p, 1))[:, 0],
        rmatvec=lambda r: A.adjoint(r.reshape(n, 1))[:, 0],
        dtype=np.float64,
    )
    W = np.empty((p, Y.shape[1]))
    for j, damping in enumerate(np.broadcast_to(damp, Y.shape[1])):
        W[:, j], stopped, steps, *_ = lsqr(
            operator, Y[:, j], damping, atol=TIGHT, btol=TIGHT, conlim=1 / FLOOR, iter_lim=4 * (n + p)
        )
        if stopped == 7:
            warnings.warn(
                f"lsqr did not reach the tolerance {TIGHT} in {steps} steps on target {j}: the columns of X are nearly "
                "dependent. Scale them to comparable lengths or drop some.",
                ConvergenceWarning,
                stacklevel=2,
            )
    return Solution(W, None, "lsqr")
