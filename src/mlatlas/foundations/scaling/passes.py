"""Single passes over a table, in blocks that stay in cache and by several threads: statistics of columns, and maps of them.

A table in C order with few columns is folded, k rows side by side, so that NumPy's inner loops are long; that costs no
copy. Blocks are combined in their order, so that the number of threads changes no bit of the answer.

Shapes: n rows, p features; X (n, p), a folded block (m, k p), weights (n,).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, pairwise
from typing import Any, NamedTuple

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[Any]
Floats = NDArray[np.float64]
Step = tuple[np.ufunc, Any]

WIDTH = 512  # entries in a row of a folded block
BLOCK = 2**16  # entries in a block: 512 kB, half of a usual second-level cache
ROWS = 64  # rows of a block at least whose statistics are kept: they are then small beside it
PARALLEL = 2**20  # entries from which threads repay their start
FEW = 16  # order statistics for which selecting is faster than sorting
EPS = float(np.finfo(np.float64).eps)
NOTHING: list[Step] = [(np.add, 0.0)]
SHARES = 4  # of a thread, so that one that is held up does not hold up the others


# ---- blocks ------------------------------------------------------------------------------------------------


class Piece(NamedTuple):
    """A range of rows, of which k stand side by side."""

    rows: slice
    k: int

    def of(self, X: Array) -> Array:
        """The piece as a view of X, folded to (m, k p)."""
        return X[self.rows].reshape(-1, self.k * X.shape[1])


def pieces(X: Array, least: int = 1) -> list[Piece]:
    """The rows of X in order, in pieces of about BLOCK entries and of at least so many rows, save for the last."""
    n, p = X.shape
    k = max(1, WIDTH // p) if X.flags.c_contiguous else 1
    step, whole = k * max(least, BLOCK // (k * p)), n - n % k
    found = [Piece(slice(at, min(at + step, whole)), k) for at in range(0, whole, step)]
    return found + [Piece(slice(whole, n), 1)] * (whole < n)


def each(work: Callable[[Any], Any], items: Sequence[Any], entries: int, n_jobs: int | None) -> list[Any]:
    """``work`` on every item, in order, by n_jobs threads where there are entries enough."""

    def share(part: Sequence[Any]) -> list[Any]:
        with np.errstate(all="ignore"):
            return [work(item) for item in part]

    threads = effective_n_jobs(n_jobs) if entries >= PARALLEL else 1
    if threads == 1:
        return share(items)
    bounds = np.linspace(0, len(items), SHARES * threads + 1).astype(int)
    parts = [items[low:high] for low, high in pairwise(bounds)]
    with ThreadPoolExecutor(threads) as pool:
        return list(chain.from_iterable(pool.map(share, parts)))


# ---- statistics --------------------------------------------------------------------------------------------


class Moments(NamedTuple):
    """Of each feature the total weight, the mean as ``mean + rest``, and the squares Σ v (x − mean − rest)²; shape (p,).

    ``rest`` is what rounding took from the mean. Far from zero it tells the means of two blocks apart.
    """

    n: Floats
    mean: Floats
    rest: Floats
    squares: Floats


def group(B: Array, V: Array | None, p: int) -> Moments:
    """The moments of a folded block with weights V of its shape, all one by default; zeros where there is no weight.

    The corrected two-pass algorithm of Chan, Golub and LeVeque 1983: the mean of the deviations, which would be zero in
    exact arithmetic, repairs both the mean and the squares.
    """

    def summed(A: Array) -> Floats:
        return np.asarray(np.add.reduce(A, axis=0, dtype=np.float64).reshape(-1, p).sum(0))

    k = B.shape[1] // p
    n = np.full(p, B.size / p) if V is None else summed(V)
    n_or_one = np.where(n > 0, n, 1.0)
    share = None if V is None else V / np.tile(n_or_one, k)

    def average(A: Array) -> Floats:
        return summed(A) / n_or_one if share is None else summed(A * share)

    mean = average(B)
    D = B - np.tile(mean, k)
    rest = average(D)
    return Moments(n, mean, rest, n * (average(np.square(D, out=D)) - rest * rest))


def pooled(groups: Sequence[Moments]) -> Moments:
    """The moments of all groups together: what varies within the groups, and what varies between their means."""
    if len(groups) == 1:
        return groups[0]
    n, mean, rest, within = (np.stack(parts) for parts in zip(*groups, strict=True))
    origin = np.take_along_axis(mean, np.argmax(n > 0, axis=0)[None], axis=0)[0]
    all_n, offset, more, between = group(mean - origin + rest, n, mean.shape[1])
    all_mean = origin + (offset + more)
    return Moments(all_n, all_mean, offset + more - (all_mean - origin), within.sum(0) + between)  # (merge)


def moments(X: Array, weights: Floats | None = None, n_jobs: int | None = None) -> Moments:
    """The moments of each feature without what is NaN; not finite where X holds infinities or its squares overflow.

    O(n p) time; a few blocks of memory for each thread.
    """
    p = X.shape[1]

    def work(piece: Piece) -> Moments:
        B = piece.of(X)
        V = None if weights is None else np.repeat(weights[piece.rows], p).reshape(B.shape)
        found = group(B, V, p)
        if np.isfinite(found.mean).all():
            return found
        missing = np.isnan(B)
        return group(np.where(missing, 0, B), np.where(missing, 0, 1.0 if V is None else V), p)

    return pooled(each(work, pieces(X, ROWS), X.size, n_jobs))


def sparse_moments(X: Any, weights: Floats | None = None) -> Moments:
    """The same of a sparse table, whose implicit zeros count; its entries are never made dense. O(nnz) time and memory."""
    s = np.ones(X.shape[0]) if weights is None else weights

    def total(entries: Array) -> Floats:
        summed: Floats = type(X)((entries, X.indices, X.indptr), shape=X.shape).T @ s
        return summed

    missing, columns = np.isnan(X.data), columns_of(X)
    stored, n = total((~missing).astype(float)), s.sum() - total(missing.astype(float))
    n_or_one, implicit = np.where(n > 0, n, 1.0), n - stored
    mean = total(np.where(missing, 0.0, X.data)) / n_or_one
    D = np.where(missing, 0.0, X.data - mean[columns])
    rest = (total(D) - implicit * mean) / n_or_one
    return Moments(n, mean, rest, total(D * D) + implicit * mean**2 - n * rest**2)


def is_sparse(X: Any) -> bool:
    """Whether X is a sparse matrix or array."""
    return bool(sparse.issparse(X))


def columns_of(X: Any) -> NDArray[Any]:
    """The column of each stored entry of a CSR or CSC table."""
    columns: NDArray[Any] = X.indices if X.format == "csr" else np.repeat(np.arange(X.shape[1]), np.diff(X.indptr))
    return columns


def extremes(X: Array, n_jobs: int | None = None) -> tuple[Array, Array]:
    """The smallest and the largest value of each feature, NaN only where there is no other. O(n p) time."""
    p = X.shape[1]

    def work(piece: Piece) -> Array:
        B = piece.of(X)
        ends = np.stack([np.fmin.reduce(B, axis=0), -np.fmax.reduce(B, axis=0)]).reshape(2, -1, p)
        return np.asarray(np.fmin.reduce(ends, axis=1))

    low, minus_high = np.fmin.reduce(each(work, pieces(X, ROWS), X.size, n_jobs), axis=0)
    return low, -minus_high


def quantiles(X: Array, levels: Floats, n_jobs: int | None = None) -> Array:
    """Quantiles (len(levels), p) of each feature without what is NaN, linear between the order statistics.

    The level q of n values x₍₀₎ ≤ … ≤ x₍ₙ₋₁₎ stands at position q (n − 1), as NumPy's default has it. O(n) time a
    feature for few levels, O(n log n) for many, and a copy of at most eight features for each thread.
    """
    n, p = X.shape

    def work(columns: slice) -> list[Array]:
        return [of_values(present(column), levels) for column in np.array(X[:, columns].T, order="C")]

    parts = each(work, [slice(at, at + 8) for at in range(0, p, 8)], n * p, n_jobs)
    return np.stack(list(chain.from_iterable(parts)), axis=1)


def sparse_quantiles(X: Any, levels: Floats, implicit_zeros: bool = True) -> Array:
    """The same of a sparse table in CSC format, whose implicit zeros count if so said. Only what is stored is sorted."""
    found = []
    for j in range(X.shape[1]):
        stored = X.data[X.indptr[j] : X.indptr[j + 1]]
        zeros = X.shape[0] - len(stored) if implicit_zeros else 0
        found.append(of_values(present(stored.copy()), levels, zeros))
    return np.stack(found, axis=1)


def present(values: Array) -> Array:
    """The values that are not NaN."""
    missing = np.isnan(values)
    return values[~missing] if missing.any() else values


def of_values(values: Array, levels: Floats, zeros: int = 0) -> Array:
    """Quantiles of values that hold no NaN, and of so many zeros besides; the values are reordered."""
    size = len(values) + zeros
    if size == 0:
        return np.full(len(levels), np.nan)
    position = levels * (size - 1)
    whole = np.rint(position)
    position = np.where(np.abs(position - whole) < EPS * size, whole, position)
    below = np.floor(position).astype(np.intp)
    low, high = order_statistics(values, zeros, np.stack([below, np.minimum(below + 1, size - 1)]))
    return np.maximum.accumulate(low + (high - low) * (position - below))


def order_statistics(values: Array, zeros: int, ranks: NDArray[np.intp]) -> Array:
    """What stands at these ranks of the sorted values and zeros; the values are reordered."""
    negative = np.count_nonzero(values < 0) if zeros else len(values)
    is_zero = (ranks >= negative) & (ranks < negative + zeros)
    stored = np.where(ranks < negative, ranks, ranks - zeros)
    wanted = np.unique(stored[~is_zero])
    if len(wanted) > FEW:
        values.sort()
    else:
        done = 0
        for rank in wanted:
            values[done:].partition(rank - done)
            done = rank + 1
    found = np.zeros(ranks.shape, values.dtype)
    found[~is_zero] = values[stored[~is_zero]]
    return found


# ---- maps --------------------------------------------------------------------------------------------------


def apply(X: Array, out: Array, steps: Sequence[Step], n_jobs: int | None = None) -> bool:
    """Write to ``out`` what the steps (ufunc, row or number) make of each row of X; out is X, or like it in layout.

    False where the answer may hold NaN or infinities. O(n p) time, no memory.
    """
    items = pieces(X)
    fitting = [step for ufunc, row in steps or NOTHING for step in in_precision(ufunc, np.asarray(row), X.dtype)]
    folded = {
        k: [(ufunc, np.tile(row, k) if k > 1 and row.ndim else row) for ufunc, row in fitting]
        for k in {piece.k for piece in items}
    }

    def work(piece: Piece) -> bool:
        B, O = piece.of(X), piece.of(out)  # noqa: E741
        for ufunc, row in folded[piece.k]:
            B = ufunc(B, row, out=O, casting="same_kind")
        return bool(np.isfinite(np.add.reduce(O, axis=None)))

    return all(each(work, items, X.size, n_jobs))


def in_precision(ufunc: np.ufunc, row: Array, dtype: Any) -> list[Step]:
    """The step with its row in this precision; what is to be taken off keeps its digits, as a second step."""
    near = row.astype(dtype)
    rest = [] if ufunc is not np.subtract or np.array_equal(near, row) else [(ufunc, (row - near).astype(dtype))]
    return [(ufunc, near), *rest]


def apply_to_columns(X: Array, out: Array, function: Callable[[Array, int], Array], n_jobs: int | None = None) -> None:
    """Write to ``out`` what function(values, j) makes of each feature j, a block of rows at a time; out may be X."""
    n, p = X.shape
    step = max(1, 4 * BLOCK // p)

    def work(at: int) -> None:
        rows = slice(at, at + step)
        for j, column in enumerate(np.ascontiguousarray(X[rows].T)):
            out[rows, j] = function(column, j)

    each(work, range(0, n, step), n * p, n_jobs)
