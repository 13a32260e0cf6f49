"""The loops of coordinate descent: over dense columns or their Gram matrix, over sparse columns, and what gathers columns.

For w of shape (k,) the first two sweep once over the coordinates in `order`, minimising over one at a time

    ½‖r‖² + λ‖w‖₁ + ½β‖w‖²,   r = r₀ − A (w − w₀),

and change w and `state`, which stands for r, in place. Feature j needs only x = aⱼᵀr and ‖aⱼ‖².
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FINITE = {"nnan", "ninf", "nsz", "reassoc", "contract", "arcp"}  # the caller has excluded NaN and infinities


@njit(cache=True, nogil=True, fastmath=FINITE)  # type: ignore[untyped-decorator]
def minimiser(z: float, square: float, lam: float, beta: float, positive: bool) -> float:
    """Return argmin over v of ½ square v² − z v + λ|v| + ½βv², with v ≥ 0 if `positive`: z = aᵀr + ‖a‖²w."""
    if positive and z < 0.0:
        return 0.0
    return (max(z - lam, 0.0) - max(-z - lam, 0.0)) / (square + beta)  # (coordinate-update)


@njit(cache=True, nogil=True, fastmath=FINITE)  # type: ignore[untyped-decorator]
def sweep_dense(
    A: Floats,
    gram: bool,
    squares: Floats,
    state: Floats,
    w: Floats,
    order: NDArray[np.intp],
    lam: float,
    beta: float,
    positive: bool,
) -> None:
    """Sweep once, with A in Fortran order: AᵀA and the gradient x = Aᵀr as `state` if `gram`, else A and r itself."""
    m = len(state)
    for j in order:
        if squares[j] == 0.0:
            continue
        x = state[j]
        if not gram:
            x = 0.0
            for i in range(m):
                x += A[i, j] * state[i]
        new = minimiser(x + squares[j] * w[j], squares[j], lam, beta, positive)
        step = new - w[j]
        if step != 0.0:
            w[j] = new
            for i in range(m):
                state[i] -= step * A[i, j]


@njit(cache=True, nogil=True, fastmath=FINITE)  # type: ignore[untyped-decorator]
def sweep_sparse(
    data: Floats,
    indices: NDArray[np.int32],
    indptr: NDArray[np.int32],
    mean: Floats,
    total: float,
    squares: Floats,
    state: Floats,
    w: Floats,
    order: NDArray[np.intp],
    lam: float,
    beta: float,
    positive: bool,
) -> None:
    """Sweep once over the columns aⱼ − mⱼ√s of which only the sparse aⱼ (CSC) is stored.

    `state` is (ρ, c) with r = ρ + c√s, so that a step costs the non-zeros of aⱼ. As r is centred, √sᵀr = 0, and
    aⱼᵀ√s = `total` mⱼ: the gradient is aⱼᵀρ + c `total` mⱼ.
    """
    last = len(state) - 1
    for j in order:
        if squares[j] == 0.0:
            continue
        x = state[last] * total * mean[j]
        for q in range(indptr[j], indptr[j + 1]):
            x += data[q] * state[indices[q]]
        new = minimiser(x + squares[j] * w[j], squares[j], lam, beta, positive)
        step = new - w[j]
        if step != 0.0:
            w[j] = new
            for q in range(indptr[j], indptr[j + 1]):
                state[indices[q]] -= step * data[q]
            state[last] += step * mean[j]


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def gather(X: NDArray[Any], features: NDArray[np.intp], mean: Floats, root: Floats, out: Floats) -> None:
    """Set `out` (n, k), in Fortran order, to the columns √s (xⱼ − mⱼ); a few rows at a time, for an X in C order."""
    for start in range(0, len(X), 64):
        for t in range(len(features)):
            for i in range(start, min(start + 64, len(X))):
                out[i, t] = (X[i, features[t]] - mean[t]) * root[i]
