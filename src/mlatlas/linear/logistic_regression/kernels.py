"""The two loops over the stored entries of a CSR matrix, for one column of coefficients or for several.

Each works on the rows from `start` on, as many as Z or R has, so that threads can share the rows.
"""

from typing import Any

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
    """Z += X W, for W (p, k) and Z (m, k)."""
    m, k = Z.shape
    for i in range(m):
        for q in range(indptr[start + i], indptr[start + i + 1]):
            x, w, z = data[q], W[indices[q]], Z[i]
            for j in range(k):
                z[j] += x * w[j]


@njit(cache=True, nogil=True, fastmath={"contract"})  # type: ignore[untyped-decorator]
def add_adjoints(data: Array, indices: Array, indptr: Array, start: int, R: Array, G: Array) -> None:
    """G += Xᵀ R, for R (m, k) and G (p, k)."""
    m, k = R.shape
    for i in range(m):
        for q in range(indptr[start + i], indptr[start + i + 1]):
            x, g, r = data[q], G[indices[q]], R[i]
            for j in range(k):
                g[j] += x * r[j]
