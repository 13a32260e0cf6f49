"""Tables as estimators receive them: checked once, weighted and centred without being copied.

The design of a linear model is A = √S (X − 1 x̄ᵀ), with S = diag(weights) and x̄ = Xᵀs / Σs, or x̄ = 0 without an
intercept. `Design` keeps X, x̄ and √s apart: a dense X is centred in blocks of rows that fit in cache, a sparse X is
never made dense.

Shapes: n rows, p features, k targets; X (n, p), y (n, k), weights s (n,), x̄ (p,).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.utils.validation import check_array, validate_data

Floats = NDArray[np.float64]

BLOCK_ENTRIES = 2**18  # numbers in a block of rows: 2 MB, what a core's second-level cache holds


def check_table(
    estimator: Any, X: Any, y: Any, sample_weight: ArrayLike | None = None
) -> tuple[Any, Floats, Floats | None]:
    """Check what `fit` was given, and record the features' number and names on the estimator.

    Returns X as float64 or float32 (integers become float64), dense or as a CSR or CSC matrix; y as float64 of shape
    (n,) or (n, k); the weights as float64 of shape (n,), or None where none were given.

    Raises:
        ValueError: missing or infinite values, no rows, unequal lengths, text, complex numbers, an X that is not 2-D,
            weights that are negative or all zero.
        TypeError: a sparse y, or an X in a sparse layout that cannot be converted.
    """
    if sparse.issparse(y):
        raise TypeError("y must be dense; got a sparse matrix. Pass y.toarray().")
    try:
        X, y = validate_data(
            estimator,
            X,
            y,
            accept_sparse=("csr", "csc"),
            dtype=(np.float64, np.float32),
            multi_output=True,
            y_numeric=True,
        )
    except ValueError as error:
        raise ValueError(_in_short(str(error))) from None
    if y.dtype.kind not in "biuf":
        raise ValueError(f"y must hold real numbers; got dtype {y.dtype}. Convert y to float.")
    return X, y.astype(np.float64, copy=False), check_weights(sample_weight, X.shape[0])


def check_features(X: Any) -> Any:
    """Check an X that comes without y, as `check_table` does."""
    try:
        return check_array(X, accept_sparse=("csr", "csc"), dtype=(np.float64, np.float32), input_name="X")
    except ValueError as error:
        raise ValueError(_in_short(str(error))) from None


def _in_short(message: str) -> str:
    """Put what scikit-learn says about a table into one or two sentences, with the remedy."""
    first = message.partition("\n")[0]
    if first.startswith("Complex data"):
        return "Complex data not supported in X or y. Pass the real and the imaginary parts as separate columns."
    if first.startswith("Expected 2D"):
        return f"X must have shape (rows, features): {first.rstrip(':')}. Use X.reshape(-1, 1) if it is one feature."
    if first.startswith("could not convert"):
        return f"X and y must hold numbers: {first}. Encode text columns as numbers or drop them."
    if first.startswith("Input "):
        return f"{first} Replace those entries or drop their rows."
    return message


def check_weights(sample_weight: ArrayLike | None, n: int) -> Floats | None:
    """Return the weights as a float64 array of shape (n,), or None where none were given; a number stands for n."""
    if sample_weight is None:
        return None
    if isinstance(sample_weight, Real):
        sample_weight = np.full(n, sample_weight)
    s: Floats = check_array(sample_weight, ensure_2d=False, dtype=np.float64, order="C", input_name="sample_weight")
    if s.shape != (n,):
        raise ValueError(f"sample_weight must be a number or have one entry a row, shape ({n},); got shape {s.shape}.")
    if s.min() < 0:
        raise ValueError(f"sample_weight must be non-negative; got {s.min()}. Drop the rows that should not count.")
    if not s.any():
        raise ValueError("sample_weight must be positive for at least one row; got only zeros.")
    return s


def weights_or_ones(sample_weight: ArrayLike | None, n: int) -> Floats:
    """Return the weights as `check_weights` does, or ones where none were given."""
    s = check_weights(sample_weight, n)
    return np.ones(n) if s is None else s


def check_whole(name: str, value: Any) -> None:
    """Refuse what is no whole number from 1 on."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} must be a whole number from 1 on; got {value!r}.")


def centre(y: Floats, weights: Floats | None, fit_intercept: bool) -> tuple[Floats, Floats]:
    """Return √S (y − ȳ) as a new array of shape (n, k), and ȳ of shape (k,), zero without an intercept."""
    Y = y.reshape(len(y), -1)
    mean = _mean(Y, weights) if fit_intercept else np.zeros(Y.shape[1])
    Y = Y - mean
    return (Y if weights is None else Y * np.sqrt(weights)[:, None]), mean


@dataclass(frozen=True)
class Design:
    """A = √S (X − 1 x̄ᵀ) of shape (n, p), in float64, held as its parts.

    `root` is √s, or None where every weight is one; `centred` says that x̄ was taken off, so that Aᵀ√s = 0. A product
    costs O(n p k) time, or O(nnz k) for a sparse X, and one block of rows of memory.
    """

    X: Any
    mean: Floats
    root: Floats | None
    centred: bool

    @classmethod
    def of(cls, X: Any, weights: Floats | None, fit_intercept: bool) -> Design:
        """Weight and centre a checked X."""
        mean = _mean(X, weights) if fit_intercept else np.zeros(X.shape[1])
        return cls(X, mean, None if weights is None else np.sqrt(weights), fit_intercept)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows and of features."""
        n, p = self.X.shape
        return n, p

    @property
    def is_sparse(self) -> bool:
        """Whether X is a sparse matrix."""
        return bool(sparse.issparse(self.X))

    @property
    def is_wide(self) -> bool:
        """Whether the columns of A can span all that is left of the rows' space: n ≤ p, or p + 1 after centring."""
        n, p = self.shape
        return n - self.centred <= p

    @property
    def weight(self) -> Floats:
        """√s as an array of shape (n,), ones where there are no weights."""
        return np.ones(self.shape[0]) if self.root is None else self.root

    @property
    def unit(self) -> Floats:
        """√s / ‖√s‖, of shape (n,), what the intercept alone can fit."""
        return self.weight / float(np.linalg.norm(self.weight))

    @property
    def rounding(self) -> Floats:
        """What rounding the entries of X can add to the length of each column of A, of shape (p,)."""
        return np.abs(self.mean) * (2 * np.finfo(np.float64).eps * np.linalg.norm(self.weight))

    def affords(self, m: int) -> bool:
        """Whether an (m, m) matrix of products is to be formed: for a sparse X, if no larger than X or than a block."""
        return not self.is_sparse or m * m <= max(self.X.nnz, BLOCK_ENTRIES)

    def blocks(self, width: int = 0, least: int = 1) -> Iterator[tuple[slice, Floats]]:
        """Yield the rows of A in order, as (rows, block) with block (m, p), centred; the next block overwrites it.

        `width` is how many numbers the caller makes of a row, where that is more than p, and `least` the least number
        of rows. Where neither a mean nor a weight is to be applied, the blocks are views of X, not to be written to.
        """
        n, p = self.shape
        X = self.X.tocsr() if self.is_sparse else self.X
        plain = self.root is None and not self.mean.any() and not self.is_sparse and X.dtype == np.float64
        buffer = np.empty((0, p))
        for rows in cut(n, max(p, width), least):
            if plain:
                yield rows, X[rows]
                continue
            m = rows.stop - rows.start
            buffer = buffer if len(buffer) else np.empty((m, p))
            block = np.subtract(X[rows].toarray() if self.is_sparse else X[rows], self.mean, out=buffer[:m])
            if self.root is not None:
                block *= self.root[rows, None]
            yield rows, block

    def dense(self, order: Literal["C", "F", "K"] = "F") -> Floats:
        """A as a new dense array, in Fortran order by default, which LAPACK takes; a sparse X is made dense."""
        A: Floats = np.subtract(self.X.toarray() if self.is_sparse else self.X, self.mean, order=order)
        if self.root is not None:
            A *= self.root[:, None]
        return A

    def times(self, W: Floats) -> Floats:
        """A W, for W of shape (p, k)."""
        if self.is_sparse:
            AW: Floats = self.X @ W - self.mean @ W
            return AW if self.root is None else AW * self.root[:, None]
        AW = np.empty((self.shape[0], W.shape[1]))
        for rows, A in self.blocks():
            np.matmul(A, W, out=AW[rows])
        return AW

    def adjoint(self, R: Floats) -> Floats:
        """Aᵀ R, for R of shape (n, k)."""
        if self.is_sparse:
            SR = R if self.root is None else R * self.root[:, None]
            AtR: Floats = self.X.T @ SR - np.outer(self.mean, SR.sum(axis=0))
            return AtR
        AtR = np.zeros((self.shape[1], R.shape[1]))
        for rows, A in self.blocks():
            AtR += A.T @ R[rows]
        return AtR

    def misfit(self, Y: Floats, W: Floats) -> Floats:
        """Aᵀ(Y − A W), half the negative gradient of ‖Y − A W‖², in one pass over X."""
        if self.is_sparse:
            return self.adjoint(Y - self.times(W))
        g = np.zeros(W.shape)
        for rows, A in self.blocks():
            g += A.T @ (Y[rows] - A @ W)
        return g

    def products(self, Y: Floats) -> tuple[Floats, Floats]:
        """AᵀA and AᵀY, of shapes (p, p) and (p, k), in one pass over X.

        O(n p (p + k)) time for a dense X. For a sparse X it takes the products of each row's non-zeros; columns that
        lose more than four digits when Σs x̄² is taken off are centred before they are multiplied.
        """
        if self.is_sparse:
            return self._sparse_gram(), self.adjoint(Y)
        p = self.shape[1]
        G, c = np.zeros((p, p)), np.zeros((p, Y.shape[1]))
        for rows, A in self.blocks(least=p // 2):
            G += A.T @ A
            c += A.T @ Y[rows]
        return G, c

    def gram(self, P: Floats) -> Floats:
        """(AP)ᵀ(AP), of shape (q, q), for P of shape (p, q). O(n p q) time, a sparse X being centred block by block."""
        G = np.zeros((P.shape[1], P.shape[1]))
        for _, A in self.blocks(least=self.shape[1] // 2):
            B = A @ P
            G += B.T @ B
        return G

    def _sparse_gram(self) -> Floats:
        total = self.weight @ self.weight
        SX: Any = self.X if self.root is None else sparse.diags_array(self.root) @ self.X
        G: Floats = (SX.T @ SX).toarray().astype(np.float64, copy=False)
        raw = G.diagonal().copy()
        G -= total * np.outer(self.mean, self.mean)
        (tight,) = np.nonzero(G.diagonal() < 1e-4 * raw)
        if len(tight):
            C = Design(self.X[:, tight], self.mean[tight], self.root, self.centred).dense()
            C -= self.weight[:, None] * (self.weight @ C / total)
            G[:, tight] = self.adjoint(C)
            G[tight] = G[:, tight].T
            G[np.ix_(tight, tight)] = C.T @ C
        return G

    def kernel(self) -> tuple[Floats, float]:
        """AAᵀ + c u uᵀ, of shape (n, n), and c. O(n² p) time; the dense case makes one centred copy of X.

        Centring makes u = √s / ‖√s‖ an eigenvector with eigenvalue zero; c, the mean eigenvalue, stands in for it, so
        that the matrix can be inverted. Without centring c is zero.
        """
        if self.is_sparse:
            K: Floats = (self.X @ self.X.T).toarray().astype(np.float64, copy=False)
            m = self.X @ self.mean
            K += self.mean @ self.mean - m[:, None] - m
            if self.root is not None:
                K *= np.outer(self.root, self.root)
        else:
            A = self.dense("K")
            K = A @ A.T
        if not self.centred:
            return K, 0.0
        c = float(np.trace(K)) / len(K)
        u = self.unit
        for rows in cut(len(u), len(u)):
            K[rows] += c * u[rows, None] * u
        return K, c

    def projected(self, V: Floats, width: int = 0) -> Iterator[tuple[slice, Floats]]:
        """Yield the rows of A V in order, as (rows, block), for V of shape (p, q); `width` as for `blocks`.

        O(n p q) time, or O(nnz q) for a sparse X.
        """
        if not self.is_sparse:
            for rows, A in self.blocks(width):
                yield rows, A @ V
            return
        X, centre = self.X.tocsr(), self.mean @ V
        for rows in cut(X.shape[0], max(V.shape[1], width)):
            yield rows, (X[rows] @ V - centre) * self.weight[rows, None]


def cut(n: int, width: int, least: int = 1) -> Iterator[slice]:
    """Cut n rows of so many numbers into blocks that fit in cache, of at least so many rows."""
    size = max(BLOCK_ENTRIES // width, least, 1)
    for start in range(0, n, size):
        yield slice(start, min(start + size, n))


def _mean(X: Any, weights: Floats | None) -> Floats:
    """x̄ = Xᵀs / Σs, summed as distances from one row so that the error is relative to the spread, not to the level.

    A constant column therefore has exactly its own value as its mean (Chan, Golub and LeVeque 1983).
    """
    n, p = X.shape
    s = np.ones(n) if weights is None else weights
    if not isinstance(X, np.ndarray):
        return np.asarray(X.T @ s / s.sum(), dtype=np.float64)
    origin = X[np.argmax(s > 0)].astype(np.float64)
    total = np.zeros(p)
    for rows, D in Design(X, origin, None, True).blocks():
        total += s[rows] @ D
    mean: Floats = origin + total / s.sum()
    return mean
