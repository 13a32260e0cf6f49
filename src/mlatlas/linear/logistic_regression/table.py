"""Passes over a table: what becomes of every row once it is scored, summed up over the features.

A pass computes the scores Z = X W + b of some rows, asks what to answer to them, R, and adds up Xᵀ R and the sum of R
while the rows are still in cache. A gradient is one such pass, a product with the Hessian another. Threads share the
rows; BLAS is held to one thread meanwhile, since its threads and ours would wait for each other.

Shapes: n rows, p features, k columns of coefficients; X (n, p), W and XᵀR (p,) or (p, k), b and ΣR (1,) or (k,),
Z and R (m,) or (m, k) for m rows at a time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import ThreadpoolController

from mlatlas.linear.logistic_regression.kernels import add_adjoint, add_adjoints, add_product, add_products

Floats = NDArray[np.float64]
Array = NDArray[Any]  # float64, or float32 where X, W and G are
Respond = Callable[[slice, Floats], tuple[float, Floats]]  # (rows, Z) to a number that is added up, and R

BLOCK = 2**17  # entries of X in a block of rows: 1 MB, what a core's second-level cache holds
ROWS = 256  # in a block at least, so that adding to XᵀR does not cost more than computing it
PARALLEL = 2**18  # stored entries from which a second thread repays its start


@dataclass(frozen=True)
class Table:
    """The rows of X, dense in any order or CSR, float64 or float32; the work is in float64."""

    X: Any
    shares: tuple[slice, ...]  # the rows, in a range for each thread
    map: Callable[..., Any]
    scratch: dict[int, Floats] = field(default_factory=dict)  # a buffer for each share, kept from pass to pass

    @classmethod
    @contextmanager
    def of(cls, X: Any) -> Iterator[Table]:
        """X with as many threads as BLAS is allowed to use, or with one where that is enough."""
        blas = _blas()
        threads = max((library.num_threads for library in blas.lib_controllers), default=1)
        with blas.limit(limits=1):
            if threads == 1 or _stored(X) < PARALLEL:
                yield cls(X, _shares(X, 1), map)
                return
            with ThreadPoolExecutor(threads) as pool:
                yield cls(X, _shares(X, threads), pool.map)

    @property
    def entries(self) -> int:
        """How many numbers X stores."""
        return _stored(self.X)

    @property
    def is_sparse(self) -> bool:
        """Whether X is in CSR layout."""
        return bool(sparse.issparse(self.X))

    def every(self, step: int) -> Table:
        """Every step-th row of a dense X, as a view."""
        X = self.X[::step]
        return Table(X, _shares(X, len(self.shares) if _stored(X) >= PARALLEL else 1), self.map)

    def scores(self, W: Floats, b: Floats) -> Floats:
        """X W + b."""
        Z: Floats = self.X @ W + b
        return Z

    def sweep(self, W: Array, b: Array, respond: Respond, G: Array, c: Array) -> float:
        """Add Xᵀ R to G and Σ R to c, and return the sum of the numbers. O(entries k) time in one pass."""
        work = self._sparse_sweep if self.is_sparse else self._dense_sweep
        sums = [(G, c), *((np.zeros_like(G), np.zeros_like(c)) for _ in self.shares[1:])]
        totals = list(self.map(lambda rows, sums: work(rows, W, b, respond, *sums), self.shares, sums))
        for more_G, more_c in sums[1:]:
            G += more_G
            c += more_c
        return float(sum(totals))

    def gram(self, curvature: Callable[[slice], Floats]) -> Floats:
        """Σᵢ hᵢ (xᵢ, 1)(xᵢ, 1)ᵀ, of shape (p + 1, p + 1), where the curvature of rows gives their hᵢ ≥ 0.

        O(n p²) time; a sparse X is filled in, a block at a time.
        """
        p = self.X.shape[1]

        def work(rows: slice) -> Floats:
            H = np.zeros((p + 1, p + 1))
            for block, B in self._blocks(rows):
                A = self._buffer(rows.start, len(B))
                A[:, p] = np.sqrt(curvature(block))
                np.multiply(B, A[:, p, None], out=A[:, :p])
                H += A.T @ A
            return H

        return np.asarray(np.sum(list(self.map(work, self.shares)), axis=0))

    def _buffer(self, share: int, m: int) -> Floats:
        """A block of m rows and p + 1 columns to write to. A fresh one costs more, in page faults, than the product."""
        if len(self.scratch.get(share, ())) < m:
            self.scratch[share] = np.empty((m, self.X.shape[1] + 1))
        return self.scratch[share][:m]

    def _blocks(self, rows: slice) -> Iterator[tuple[slice, Floats]]:
        """The rows in order, as (rows, block of X in float64)."""
        for block in _steps(rows, BLOCK // self.X.shape[1]):
            B = self.X[block]
            yield block, (B.toarray() if self.is_sparse else B).astype(np.float64, copy=False)

    def _dense_sweep(self, rows: slice, W: Array, b: Array, respond: Respond, G: Array, c: Array) -> float:
        total = 0.0
        for block, B in self._blocks(rows):
            value, R = respond(block, B @ W + b)
            total += value
            G += B.T @ R
            c += R.sum(0)
        return total

    def _sparse_sweep(self, rows: slice, W: Array, b: Array, respond: Respond, G: Array, c: Array) -> float:
        X = self.X.data, self.X.indices, self.X.indptr
        product, adjoint = (add_product, add_adjoint) if W.ndim == 1 else (add_products, add_adjoints)
        total = 0.0
        for block in _steps(rows, BLOCK // (4 * b.size)):
            Z = np.empty((block.stop - block.start, *W.shape[1:]), W.dtype)
            Z[:] = b
            product(*X, block.start, W, Z)
            value, R = respond(block, Z)
            total += value
            adjoint(*X, block.start, R, G)
            c += R.sum(0)
        return total


def _shares(X: Any, threads: int) -> tuple[slice, ...]:
    """The rows of X in as many ranges as there are threads, with about as many stored entries each."""
    n, parts = X.shape[0], np.arange(1, threads) / threads
    inner = np.searchsorted(X.indptr, parts * X.nnz) if sparse.issparse(X) else parts * n
    bounds = [0, *inner.astype(int), n]
    return tuple(slice(low, high) for low, high in itertools.pairwise(bounds))


def _steps(rows: slice, step: int) -> Iterator[slice]:
    """The rows in blocks of `step`, or of ROWS where that is fewer."""
    step = max(step, ROWS)
    for at in range(rows.start, rows.stop, step):
        yield slice(at, min(at + step, rows.stop))


def _stored(X: Any) -> int:
    return int(X.nnz if sparse.issparse(X) else X.size)


@cache
def _blas() -> Any:
    """The BLAS libraries of this process: to find them takes milliseconds, to set their threads does not."""
    return ThreadpoolController().select(user_api="blas")
