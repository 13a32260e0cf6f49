"""The singular value decomposition, and the matrix of rank k that is nearest to A.

    A = Σᵢ σᵢ uᵢ vᵢᵀ,  σ₁ ≥ σ₂ ≥ … ≥ 0,        Aₖ = Σ_{i ≤ k} σᵢ uᵢ vᵢᵀ = arg min { ‖A − B‖ : rank B ≤ k }

for the Frobenius norm, for the spectral norm ‖·‖₂, and for every other norm that rotations leave alone.

`truncated_svd` computes the first k terms to rounding error, by one of four roads:

- ``lapack``: bidiagonalisation of all of A. Its answer is exact for a matrix within a few ε‖A‖₂ of A.
- ``gram``: the eigenvectors of AᵀA, then the singular values of A on their span. AᵀA is only known to ε σ₁², so vᵢ
  solves its equation with an error of ε σ₁²/σᵢ in place of ε σ₁. Where σ₁/σ_k ≤ 10³, no more than three digits are lost
  that way, none in Aₖ unless its error is below 10⁻⁶ σ₁, and it costs a quarter of LAPACK's road or less. The rest goes
  to LAPACK; a sparse A stays.
- ``arpack``: the same equation by Lanczos iteration, where AᵀA would be too large.
- a sparse A that is no larger than the answer is made dense.

`randomised_svd` looks at A only through a few products with blocks of vectors.

Shapes: n rows, p columns, rank k; A (n, p), U (n, k), s (k,), Vt (k, p). Inside, A is tall, n ≥ p; a wide one is transposed.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.linalg import eigh
from scipy.sparse.linalg import svds
from scipy.special import gammaincinv
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.sparsefuncs import mean_variance_axis
from sklearn.utils.validation import check_is_fitted, validate_data

Floats = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
TYPES = (np.float64, np.float32)
LEAST_RATIO = 1e-3  # σ_k/σ₁ down to which the Gram matrix keeps the digits
SMALL = 10_000  # entries up to which LAPACK is as fast as the Gram matrix
LARGEST_GRAM = 4_000_000  # entries of the Gram matrix of a sparse A: 32 MB
TESTS = 10  # vectors on which the error of a randomised decomposition is tried
FAILURE = 1e-6  # the probability that the bound on that error fails
LEAST_LENGTH = float(np.sqrt(2 * gammaincinv(TESTS / 2, FAILURE)))  # a Gaussian vector of TESTS entries is longer
ROUNDING = 2**12  # units of ε σ₁ that rounding may add to an error
LEAST_PIVOT = 1e-5  # of a Gram matrix of unit columns, for two rounds of Cholesky to suffice
TIE = 1e-6  # entries of a singular vector that differ by less are of one size when its sign is chosen


class SVD(NamedTuple):
    """The first k singular triplets: A ≈ U diag(s) Vt."""

    U: NDArray[Any]
    s: NDArray[Any]
    Vt: NDArray[Any]


class RandomisedSVD(NamedTuple):
    """Approximate singular triplets, with how far U diag(s) Vt is from A."""

    U: NDArray[Any]
    s: NDArray[Any]
    Vt: NDArray[Any]
    frobenius_error: float
    spectral_bound: float


def truncated_svd(A: Any, rank: int) -> SVD:
    """The first terms of A = Σ σᵢ uᵢ vᵢᵀ, to rounding error.

    Args:
        A: a matrix (n, p), dense or sparse. A sparse one is made dense only where that is no larger than the answer.
        rank: how many terms, k, from 1 to min(n, p).

    Returns:
        U (n, k) and Vt (k, p) with orthonormal columns and rows, and s (k,), largest first; float32 if A is, else
        float64. Of the largest entries in a row of Vt the first is positive, which fixes the signs.

    Raises:
        ValueError: A is empty, not 2-D, complex, or holds text, NaN or infinities; or a rank outside 1 … min(n, p).
        TypeError: a rank that is no integer.

    Complexity: for n ≥ p, O(n p²) time and O(p²) memory beyond A where the Gram matrix serves, O(n p) where it does not.
    For a sparse A the accuracy of small singular values is absolute: an error of up to ε σ₁²/σᵢ, and 10⁻⁸ σ₁ at most.

    Sources: Golub, Van Loan 2013, sections 2.4 and 8.6; Parlett 1998, The Symmetric Eigenvalue Problem, chapter 11.
    """
    A, scale = _scaled(_table(A))
    U, s, Vt = _exact(A, _rank(rank, A))
    return SVD(*_finished(U, s * scale, Vt, A.dtype))


def low_rank(A: Any, rank: int) -> NDArray[Any]:
    """The matrix of rank at most k that is nearest to A, Aₖ = Σ_{i ≤ k} σᵢ uᵢ vᵢᵀ, as a dense array (n, p).

    ‖A − Aₖ‖₂ = σ_{k+1} and ‖A − Aₖ‖_F² = Σ_{i > k} σᵢ². Unique if σ_k > σ_{k+1}. Arguments, errors and costs are those of
    `truncated_svd`; k + 1 numbers a row and a column hold the same, so keep the factors where memory matters.

    Sources: Eckart, Young 1936; Mirsky 1960, Symmetric gauge functions and unitarily invariant norms.
    """
    U, s, Vt = truncated_svd(A, rank)
    nearest: NDArray[Any] = (U * s) @ Vt  # (nearest)
    return nearest


def randomised_svd(
    A: Any, rank: int, *, n_oversamples: int = 10, n_iter: int = 2, random_state: Any = None
) -> RandomisedSVD:
    """The first terms of A = Σ σᵢ uᵢ vᵢᵀ from products of A with 2 (n_iter + 1) random blocks, and a bound on the error.

    A block of rank + n_oversamples Gaussian vectors is multiplied by A and Aᵀ in turn. Every block on the way is kept,
    and U diag(s) Vt is the best approximation of A on the span of them all: at the same number of products it is never
    worse than the power method, which keeps the last block alone.

    Args:
        A: a matrix (n, p), dense or sparse; it is only multiplied.
        rank: how many terms, k, from 1 to min(n, p).
        n_oversamples: vectors in a block beyond k.
        n_iter: power iterations; each costs two products and as many more vectors to keep.
        random_state: seed or generator of the Gaussian vectors.

    Returns:
        U, s, Vt as `truncated_svd` returns them, and with them
        frobenius_error: ‖A − U diag(s) Vt‖_F = √(‖A‖_F² − Σ sᵢ²); below 10⁻⁷ ‖A‖_F it drowns in rounding.
        spectral_bound: at least ‖A − U diag(s) Vt‖₂, with probability 1 − 10⁻⁶ over the random vectors.
        sᵢ ≤ σᵢ always. Returned as float64.

    Raises:
        ValueError, TypeError: as `truncated_svd`, and for n_oversamples or n_iter that are no integers from 0 on.

    Complexity: with m = (n_iter + 1) (k + n_oversamples), O(nnz m + (n + p) m²) time and O((n + p) m) memory.

    Sources: Halko, Martinsson, Tropp 2011, Finding structure with randomness, SIAM Review 53, sections 4.3 to 4.5; Musco,
    Musco 2015, Randomized block Krylov methods; Dixon 1983, Estimating extremal eigenvalues, for the bound.
    """
    A, scale = _scaled(_table(A))
    k = _rank(rank, A)
    block = k + _whole("n_oversamples", n_oversamples, 0)
    sides = _sampled(A, k, block, _whole("n_iter", n_iter, 0), random_state)
    U, s, Vt = _finished(sides.U, sides.s * scale, sides.Vt, A.dtype)
    return RandomisedSVD(U, s, Vt, sides.frobenius_error * scale, sides.spectral_bound * scale)


class TruncatedSVD(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Replace p features by their coordinates X vᵢ along the first k right singular vectors, without centring X.

    Also called latent semantic analysis where X counts words. With X centred beforehand it is PCA.

    Parameters:
        n_components: k, from 1 to min(n, p).
        algorithm: ``randomized`` as in `randomised_svd`, or ``exact`` as in `truncated_svd`.
        n_iter, n_oversamples, random_state: as in `randomised_svd`; not used by ``exact``.

    Attributes:
        components_: v₁, …, v_k as the rows of an array (k, p); of the largest entries in a row the first is positive.
        singular_values_: σ₁ ≥ … ≥ σ_k.
        explained_variance_: the variance of each column of X vᵢ, by 1/n. Since X is not centred these need not fall.
        explained_variance_ratio_: the same, over the summed variances of the features; zero if those are.
        reconstruction_err_: ‖X − X V Vᵀ‖_F, what the k coordinates do not hold.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Takes dense and sparse X, and keeps float32. Complexity and sources are those of the two functions.
    """

    def __init__(
        self,
        n_components: int = 2,
        *,
        algorithm: str = "randomized",
        n_iter: int = 2,
        n_oversamples: int = 10,
        random_state: Any = None,
    ) -> None:
        """Store the parameters."""
        self.n_components = n_components
        self.algorithm = algorithm
        self.n_iter = n_iter
        self.n_oversamples = n_oversamples
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit to X (n, p); y is ignored.

        Raises:
            ValueError: what `randomised_svd` refuses, or an unknown algorithm.
        """
        self.fit_transform(X)
        return self

    def fit_transform(self, X: Any, y: Any = None) -> NDArray[Any]:
        """Fit to X (n, p) and return X V, of shape (n, k)."""
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=TYPES)
        n, p = X.shape
        if self.algorithm not in ("randomized", "exact"):
            raise ValueError(f"algorithm must be 'randomized' or 'exact'; got {self.algorithm!r}.")
        k = _whole("n_components", self.n_components, 1, min(n, p), f" = min(n_samples = {n}, n_features = {p})")
        block = k + _whole("n_oversamples", self.n_oversamples, 0)
        n_iter = _whole("n_iter", self.n_iter, 0)
        A, scale = _scaled(X)
        if self.algorithm == "exact":
            U, s, Vt = _exact(A, k)
        else:
            U, s, Vt, *_ = _sampled(A, k, block, n_iter, self.random_state)
        _, s, self.components_ = _finished(U, s * scale, Vt, X.dtype)
        self.singular_values_ = s
        Z: NDArray[Any] = X @ self.components_.T  # (coordinates)
        scaled = Z / scale
        variance, total = scaled.var(axis=0), _total_variance(A)
        self.explained_variance_ratio_ = variance / total if total > 0 else np.zeros_like(s)
        with np.errstate(over="ignore", under="ignore"):
            self.explained_variance_ = variance * scale * scale
        self.reconstruction_err_ = scale * _root(_squares(A) - _squares(scaled))
        return Z

    def transform(self, X: Any) -> NDArray[Any]:
        """Return the coordinates X V, of shape (n, k)."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=TYPES, reset=False)
        return np.asarray(X @ self.components_.T)

    def inverse_transform(self, X: ArrayLike) -> NDArray[Any]:
        """Return Z Vᵀ, of shape (n, p), for coordinates Z (n, k): the point nearest to the original that they can say."""
        check_is_fitted(self)
        Z = check_array(X, dtype=TYPES)
        if Z.shape[1] != len(self.components_):
            raise ValueError(
                f"X must have one column for each of the {len(self.components_)} components; got {Z.shape[1]}. "
                "Pass what transform returned."
            )
        return np.asarray(Z @ self.components_)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        """Say that sparse input is taken and float32 kept."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


# ---- exact -----------------------------------------------------------------------------------------------


def _exact(A: Any, k: int, G: Floats | None = None) -> SVD:
    """The first k triplets by the cheapest road that keeps the digits; G = AᵀA where it is at hand."""
    n, p = A.shape
    if n < p:
        U, s, Vt = _exact(A.T, k)
        return SVD(Vt.T, s, U.T)
    if sparse.issparse(A):
        if n * p <= 2 * (n + p) * k:
            return _exact(A.toarray(), k)
        A = A.astype(np.float64)
        V = _gram_vectors((A.T @ A).toarray(), k)[1] if p * p <= LARGEST_GRAM else _lanczos_vectors(A, k)
        return _on_span(A, V)
    if G is not None or (n * p > SMALL and A.dtype == np.float64 and (n >= 2 * p or 4 * k <= p)):
        squares, V = _gram_vectors(A.T @ A if G is None else G, k)  # (gram)
        if squares[-1] > LEAST_RATIO**2 * squares[0]:
            return _on_span(A, V)
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return SVD(U[:, :k], s[:k], Vt[:k])


def _gram_vectors(G: Floats, k: int) -> tuple[Floats, Floats]:
    """The k largest eigenvalues of G = AᵀA, whose lower triangle is read, and their eigenvectors (p, k)."""
    p = len(G)
    if p > 500 and 4 * k < p:
        squares, V = eigh(G, subset_by_index=(p - k, p - 1), overwrite_a=True, check_finite=False)
    else:
        squares, V = np.linalg.eigh(G)
    return squares[: -k - 1 : -1], V[:, : -k - 1 : -1]


def _lanczos_vectors(A: Any, k: int) -> Floats:
    """The first k right singular vectors (p, k) of a sparse A by Lanczos iteration on AᵀA, for k < p."""
    if not A.data.any():
        return np.eye(A.shape[1], k)
    start = np.random.default_rng(0).standard_normal(A.shape[1])
    _, _, Vt = svds(A, k, v0=start, return_singular_vectors="vh")
    return np.asarray(Vt[::-1].T)


def _on_span(A: Any, V: Floats) -> SVD:
    """The triplets of A V Vᵀ, for V (p, k) with orthonormal columns: the best that their span can say of A."""
    Y = A @ V
    R = _factor(Y)
    if R is not None:
        _, s, Zt = np.linalg.svd(R)
        if s[-1] > LEAST_RATIO * s[0]:
            return SVD(Y @ (Zt.T / s), s, Zt @ V.T)
    U, s, Zt = np.linalg.svd(Y, full_matrices=False)
    return SVD(U, s, Zt @ V.T)


# ---- randomised ------------------------------------------------------------------------------------------


def _sampled(A: Any, k: int, block: int, n_iter: int, random_state: Any) -> RandomisedSVD:
    """The first k triplets of A P Pᵀ for a P of (n_iter + 1) block columns, or of A where that fills the space."""
    n, p = A.shape
    random = check_random_state(random_state)
    if n < p:
        U, s, Vt, *errors = _sampled(A.T, k, block, n_iter, random)
        return RandomisedSVD(Vt.T, s, U.T, *errors)
    m = min((n_iter + 1) * block, p)
    more = min(k + 1, m)
    total = _squares(A)
    if m == p and not sparse.issparse(A):
        (U, s, Vt), unseen = _exact(A, more), 0.0
    else:
        P, Z, G, unseen = _krylov(A, m, (block + 1) // 2, np.random.default_rng(random.randint(2**31)))
        unseen = min(unseen, _root(total - _squares(Z)))
        U, s, Wt = _exact(Z, more, G)
        Vt = Wt @ P.T
    frobenius_error = _root(total - float(s[:k] @ s[:k]))  # (error)
    rounding = ROUNDING * float(np.finfo(A.dtype).eps) * s[0]
    spectral_bound = float(np.hypot(s[k] if k < len(s) else 0.0, unseen) + rounding)
    return RandomisedSVD(U[:, :k], s[:k], Vt[:k], frobenius_error, spectral_bound)


def _krylov(A: Any, m: int, width: int, rng: np.random.Generator) -> tuple[Floats, Floats, Floats | None, float]:
    """P (p, m) with orthonormal columns, from the blocks AᵀAΩ, (AᵀA)²Ω, … of a Gaussian Ω (p, width); and what it says.

    Returns P; Z = A P; the lower triangle of ZᵀZ, or None where A is too ill-conditioned to have it for nothing; and a
    bound on ‖E‖₂, E = A − A P Pᵀ, that fails with probability 10⁻⁶. The bound comes from Gaussian vectors T (n, 10) that
    took no part in finding P: for the first left singular vector x of E, both ‖EᵀT‖₂ ≥ ‖E‖₂ ‖xᵀT‖ and
    ‖EEᵀT‖₂ ≥ ‖E‖₂² ‖xᵀT‖, and ‖xᵀT‖² is distributed as χ² with 10 degrees of freedom.
    """
    n, p = A.shape
    width = min(width, m)
    Y = _conditioned(_times(A, rng.standard_normal((p, width))))
    S = _times(A.T, np.hstack([Y, rng.standard_normal((n, TESTS))]))
    S, tried = S[:, :width], S[:, width:]
    P, Z, images = np.empty((p, 0)), np.empty((n, m)), [np.empty((p, 0))]
    raw = True  # whether images hold AᵀA P, but for its last block
    for done in range(0, m, width):
        Q = _beside(P, S[:, : m - done], float(np.finfo(A.dtype).eps), rng)
        P = np.hstack([P, Q])
        if P.shape[1] < m:
            Z[:, done : done + width] = Y = _times(A, Q)
            X = _conditioned(Y)
            raw &= X is Y
            S = _times(A.T, X)
            images.append(S)
    tried -= P @ (P.T @ tried)  # EᵀT
    Y = _times(A, np.hstack([Q, tried]))
    Z[:, done:], twice = Y[:, : m - done], Y[:, m - done :]  # and EEᵀT
    G = np.zeros((m, m))
    G[:, :done] = P.T @ np.hstack(images)
    G[done:, done:] = Z[:, done:].T @ Z[:, done:]
    bound = min(_norm(tried) / LEAST_LENGTH, np.sqrt(_norm(twice) / LEAST_LENGTH))
    return P, Z, G if raw else None, bound


def _beside(P: Floats, S: Floats, eps: float, rng: np.random.Generator) -> Floats:
    """As many orthonormal columns beside P as S has: what S spans there beyond rounding, and random ones for the rest."""
    Q = _orthonormal(S - P @ (P.T @ S), ROUNDING * eps * float(np.linalg.norm(S)))
    Q = np.hstack([Q, rng.standard_normal((len(P), S.shape[1] - Q.shape[1]))])
    return _orthonormal(Q - P @ (P.T @ Q))


def _orthonormal(Y: Floats, least: float = -1.0) -> Floats:
    """Orthonormal columns with the span of Y (n, k), n ≥ k, without directions in which Y is no longer than ``least``.

    Cholesky's QR, a few matrix products, and once more if that moved much; LAPACK's SVD for nearly dependent columns.
    """
    Q = Y
    for _ in range(2):
        R = _factor(Q)
        if R is None or R.diagonal().min(initial=np.inf) <= least:
            U, s, _ = np.linalg.svd(Y, full_matrices=False)
            return U[:, s > least]
        Q = Q @ np.linalg.inv(R)
    return Q


def _conditioned(Y: Floats) -> Floats:
    """Y, or orthonormal columns with its span where the weaker directions would drown in a product with Y."""
    return _orthonormal(Y) if _factor(Y) is None else Y


def _factor(Y: Floats) -> Floats | None:
    """R with YᵀY = RᵀR, or None where the columns of Y, scaled to unit length, are nearly dependent."""
    G = Y.T @ Y
    length = np.sqrt(G.diagonal())
    if not (length > 0).all():
        return None
    try:
        L = np.linalg.cholesky(G / np.outer(length, length))
    except np.linalg.LinAlgError:
        return None
    return L.T * length if L.diagonal().min(initial=1.0) > LEAST_PIVOT else None


# ---- small parts -----------------------------------------------------------------------------------------


def _times(A: Any, X: Floats) -> Floats:
    """A X, multiplied in the precision of A."""
    return np.asarray(A @ X.astype(A.dtype, copy=False), dtype=np.float64)


def _norm(X: Floats) -> float:
    """The spectral norm of a matrix of a few columns."""
    return float(np.linalg.norm(X, 2))


def _root(square: float) -> float:
    """The root of a sum of squares that rounding may have made negative."""
    return float(np.sqrt(max(square, 0.0)))


def _squares(A: Any) -> float:
    """‖A‖_F² in float64."""
    if sparse.issparse(A):
        A = A.data[None]
    A = A.T if A.flags.f_contiguous else A
    return float(np.einsum("ij,ij->i", A, A, dtype=np.float64).sum())


def _total_variance(X: Any) -> float:
    """The sum of the columns' variances, by 1/n."""
    if sparse.issparse(X):
        return float(mean_variance_axis(X, axis=0)[1].sum())
    return float(X.var(axis=0).sum())


def _finished(U: Any, s: Any, Vt: Any, dtype: Any) -> SVD:
    """In the dtype of the input, with the first of the largest entries in each row of Vt positive."""
    size = np.abs(Vt)
    first = np.argmax(size >= (1 - TIE) * size.max(axis=1, keepdims=True), axis=1)
    sign = np.where(Vt[np.arange(len(Vt)), first] < 0, -1.0, 1.0)
    return SVD(*(np.ascontiguousarray(part, dtype=dtype) for part in (U * sign, s, Vt * sign[:, None])))


def _table(A: Any) -> Any:
    A = A if hasattr(A, "shape") else np.asarray(A)  # of nested lists, so that complex numbers are seen as such
    return check_array(A, accept_sparse=("csr", "csc"), dtype=TYPES, input_name="A")


def _scaled(A: Any) -> tuple[Any, float]:
    """A with entries whose squares neither overflow nor vanish, and the number it was divided by."""
    with np.errstate(over="ignore", under="ignore"):
        norm = np.sqrt(_squares(A))
    kind = np.finfo(A.dtype)
    if norm == 0 or np.sqrt(kind.tiny) / kind.eps < norm < np.sqrt(kind.max) * kind.eps:
        return A, 1.0
    largest = float(abs(A).max())
    return A / largest, largest


def _rank(value: Any, A: Any) -> int:
    n, p = A.shape
    return _whole("rank", value, 1, min(n, p), f" = min of {n} rows and {p} columns")


def _whole(name: str, value: Any, low: int, high: int | None = None, where: str = "") -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(f"{name} must be an integer; got {value!r}.")
    if value < low or (high is not None and value > high):
        bounds = f"at least {low}" if high is None else f"between {low} and {high}{where}"
        raise ValueError(f"{name} must be {bounds}; got {value}.")
    return int(value)
