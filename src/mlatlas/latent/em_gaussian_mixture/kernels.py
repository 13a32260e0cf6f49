"""The loops of EM on a Gaussian mixture: posteriors of a block of rows, and what they add up to.

A block x is (d, BLOCK), one row a feature, less the origin; columns beyond the table are zero and have no weight. With a
triangular matrix A_k for each component, or one for all, or none, and z = A_k x or x,

    log (π_k N(x; μ_k, Σ_k)) = constant_k − ½ Σ_j scale_kj (z_j − centre_kj)².

Matrix products are BLAS's. Shapes: rows X (n, d), weights w (n,); K components; A (K or 1 or 0, d, d); centres and scale (K, d).
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mlatlas.numerics.exponential import exp

Array = NDArray[Any]  # float32 or float64
Floats = NDArray[np.float64]

NO_NAN = {"nnan", "nsz", "reassoc", "contract", "arcp"}  # the caller has excluded NaN; −∞ may occur
BLOCK = 256  # rows: with 16 features a block and what is made of it stay in a core's cache


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def gather(X: Array, origin: Floats, a: int, m: int, x: Floats) -> None:
    """Set a block to rows a … a + m − 1."""
    for j in range(len(x)):
        row, o = x[j], origin[j]
        for t in range(m):
            row[t] = X[a + t, j] - o
        for t in range(m, BLOCK):
            row[t] = 0.0


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def log_density(z: Floats, centre: Floats, scale: Floats, constant: float, out: Floats) -> None:
    """Set out[t] = constant − ½ Σ_j scale_j (z_j − centre_j)²."""
    for t in range(BLOCK):
        out[t] = constant
    for j in range(len(z)):
        row, c, s = z[j], centre[j], 0.5 * scale[j]
        for t in range(BLOCK):
            out[t] -= s * (row[t] - c) * (row[t] - c)  # (gaussian)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def posteriors(R: Floats, total: Floats, logs: Floats) -> None:
    """Replace log densities (K, BLOCK) by posterior probabilities; the logarithm of their sum goes to `logs`."""
    for t in range(BLOCK):
        logs[t] = R[0, t]
        total[t] = 0.0
    for k in range(1, len(R)):
        for t in range(BLOCK):
            logs[t] = max(logs[t], R[k, t])
    for k in range(len(R)):
        for t in range(BLOCK):
            R[k, t] = exp(R[k, t] - logs[t])
            total[t] += R[k, t]
    for k in range(len(R)):
        for t in range(BLOCK):
            R[k, t] /= total[t]  # (posterior)
    for t in range(BLOCK):
        logs[t] += math.log(total[t])


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def weighted(x: Floats, centre: Floats, r: Floats, y: Floats, u: Floats, first: Floats) -> float:
    """Set y = x − centre and u = r y, add Σ_t u to `first`, and return Σ_t r."""
    N = 0.0
    for t in range(BLOCK):
        N += r[t]
    for j in range(len(x)):
        xj, yj, uj, c, s = x[j], y[j], u[j], centre[j], 0.0
        for t in range(BLOCK):
            yj[t] = xj[t] - c
            uj[t] = r[t] * yj[t]
            s += uj[t]
        first[j] += s
    return N


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def add_squares(u: Floats, y: Floats, second: Floats) -> None:
    """Add Σ_t u_j y_j to second[j]."""
    for j in range(len(u)):
        uj, yj, s = u[j], y[j], 0.0
        for t in range(BLOCK):
            s += uj[t] * yj[t]
        second[j] += s


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def add(products: Floats, second: Floats) -> None:
    """Add one matrix to another."""
    for i in range(len(products)):
        for j in range(len(products)):
            second[i, j] += products[i, j]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def block_posteriors(
    A: Floats, centres: Floats, scale: Floats, constant: Floats, x: Floats, z: Floats, R: Floats, logs: Floats
) -> None:
    """Set R (K, BLOCK) to the posteriors of a block, and `logs` to the logarithms of its densities; z is overwritten."""
    for k in range(len(R)):
        if k < len(A):
            np.dot(A[k], x, z)
        log_density(z if len(A) else x, centres[k], scale[k], constant[k], R[k])
    posteriors(R, z[0], logs)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def expected(
    X: Array,
    w: Floats,
    origin: Floats,
    A: Floats,
    centres: Floats,
    scale: Floats,
    constant: Floats,
    about: Floats,
    a: int,
    b: int,
    N: Floats,
    first: Floats,
    second: Floats,
) -> float:
    """Rows a … b − 1: add their weighted posteriors to N, with x − about to `first`, with its products to `second`.

    `second` is (K, d, d), or (K, 1, d) for the squares alone. Returns the weighted sum of the log densities.
    """
    K, d = centres.shape
    x, y, u, z, products = (
        np.empty((d, BLOCK)),
        np.empty((d, BLOCK)),
        np.empty((d, BLOCK)),
        np.empty((d, BLOCK)),
        np.empty((d, d)),
    )
    R, logs, value = np.empty((K, BLOCK)), np.empty(BLOCK), 0.0
    for start in range(a, b, BLOCK):
        m = min(BLOCK, b - start)
        gather(X, origin, start, m, x)
        block_posteriors(A, centres, scale, constant, x, z, R, logs)
        for t in range(m):
            value += w[start + t] * logs[t]
        for k in range(K):
            r = R[k]
            for t in range(m):
                r[t] *= w[start + t]
            for t in range(m, BLOCK):
                r[t] = 0.0
            N[k] += weighted(x, about[k], r, y, u, first[k])
            if second.shape[1] == 1:
                add_squares(u, y, second[k, 0])
            else:
                np.dot(u, y.T, products)
                add(products, second[k])
    return value


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def posterior_rows(
    X: Array,
    origin: Floats,
    A: Floats,
    centres: Floats,
    scale: Floats,
    constant: Floats,
    a: int,
    b: int,
    P: Floats,
    logs: Floats,
) -> None:
    """Set P[i] to the posteriors of row i and logs[i] to its log density, for rows a … b − 1."""
    K, d = centres.shape
    x, z, R, block = np.empty((d, BLOCK)), np.empty((d, BLOCK)), np.empty((K, BLOCK)), np.empty(BLOCK)
    for start in range(a, b, BLOCK):
        m = min(BLOCK, b - start)
        gather(X, origin, start, m, x)
        block_posteriors(A, centres, scale, constant, x, z, R, block)
        for t in range(m):
            logs[start + t] = block[t]
            for k in range(K):
                P[start + t, k] = R[k, t]
