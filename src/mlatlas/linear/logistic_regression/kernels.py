"""Loops over the stored entries of a CSR matrix, for one column of coefficients or for several, and over coordinates.

Each of the former works on the rows from `start` on, as many as Z or R has, so that threads can share the rows.
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def add_product(data: Array, indices: Array, indptr: Array, start: int, w: Array, z: Array) -> None:
    """z += X w, for w (p,) and z (m,)."""
    for i in range(len(z)):
        total = z[i]
        for q in range(indptr[start + i], indptr[start + i + 1]):
            total += data[q] * w[indices[q]]
        z[i] = total


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def add_adjoint(data: Array, indices: Array, indptr: Array, start: int, r: Array, g: Array) -> None:
    """g += Xᵀ r, for r (m,) and g (p,)."""
    for i in range(len(r)):
        for q in range(indptr[start + i], indptr[start + i + 1]):
            g[indices[q]] += data[q] * r[i]


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def add_products(data: Array, indices: Array, indptr: Array, start: int, W: Array, Z: Array) -> None:
    """Z += X W, for W (p, k) and Z (m, k): four entries at a time, since the loop over k is short."""
    m, k = Z.shape
    for i in range(m):
        z, q, end = Z[i], indptr[start + i], indptr[start + i + 1]
        while q + 4 <= end:
            x0, x1, x2, x3 = data[q], data[q + 1], data[q + 2], data[q + 3]
            w0, w1, w2, w3 = W[indices[q]], W[indices[q + 1]], W[indices[q + 2]], W[indices[q + 3]]
            for j in range(k):
                z[j] += x0 * w0[j] + x1 * w1[j] + x2 * w2[j] + x3 * w3[j]
            q += 4
        for rest in range(q, end):
            x, w = data[rest], W[indices[rest]]
            for j in range(k):
                z[j] += x * w[j]


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def add_adjoints(data: Array, indices: Array, indptr: Array, start: int, R: Array, G: Array) -> None:
    """G += Xᵀ R, for R (m, k) and G (p, k)."""
    m, k = R.shape
    for i in range(m):
        r, q, end = R[i], indptr[start + i], indptr[start + i + 1]
        while q + 2 <= end:
            x0, x1 = data[q], data[q + 1]
            g0, g1 = G[indices[q]], G[indices[q + 1]]
            for j in range(k):
                g0[j] += x0 * r[j]
                g1[j] += x1 * r[j]
            q += 2
        for rest in range(q, end):
            x, g = data[rest], G[indices[rest]]
            for j in range(k):
                g[j] += x * r[j]


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def elastic_step(H: Array, g: Array, w: Array, lam: float, enough: float, sweeps: int) -> Array:
    """The d with the least gᵀd + ½dᵀHd + λ‖w + d‖₁, by coordinate descent.

    It ends when no component of the shortest subgradient is above `enough`, or after so many sweeps.
    """
    q = len(g)
    d, slope = np.zeros(q), g.copy()  # slope = g + H d
    for _ in range(sweeps):
        for j in range(q):
            x, h = w[j] + d[j], H[j, j]
            free = x - slope[j] / h
            step = max(free - lam / h, 0.0) + min(free + lam / h, 0.0) - x
            if step != 0:
                d[j] += step
                for i in range(q):
                    slope[i] += step * H[j, i]
        worst = 0.0
        for j in range(q):
            x = w[j] + d[j]
            off = max(abs(slope[j]) - lam, 0.0) if x == 0 else abs(slope[j] + (lam if x > 0 else -lam))
            worst = max(worst, off)
        if worst <= enough:
            break
    return d
