"""The loops of k-means: the nearest of K centres, with Hamerly's bounds and without, and what k-means++ draws from.

A block of rows is multiplied with all centres at once, ‖x − c‖² = ‖x‖² + 2(½‖c‖² − x·c), by BLAS; what follows it runs
along the rows of the block. Shapes: rows x (d,) of X (n, d), centres C (K, d), weights w (n,), labels (n,).
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[Any]  # float32 or float64, all alike
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NO_NAN = {"nnan", "nsz", "reassoc", "contract", "arcp"}  # the caller has excluded NaN; +∞ may occur
BLOCK = 256  # rows multiplied at once: what lies in the cache of a core beside the centres


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def nearest_two(D: Array, half: Array, best: Array, second: Array, which: Array) -> None:
    """For each column of −C Yᵀ + ½‖c‖², (K, BLOCK): the least, the second least, and the first row of the least."""
    for t in range(BLOCK):
        best[t], second[t], which[t] = D[0, t] + half[0], np.inf, 0
    for k in range(1, len(D)):
        for t in range(BLOCK):
            value, least = D[k, t] + half[k], best[t]
            second[t] = min(second[t], max(least, value))
            which[t] = k if value < least else which[t]
            best[t] = min(least, value)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def gather(X: Array, rows: Integers, m: int, Y: Array, squares: Array) -> None:
    """Copy m rows of X into Y, with their squared lengths."""
    for r in range(m):
        i, total = rows[r], Y.dtype.type(0)
        for j in range(X.shape[1]):
            Y[r, j] = X[i, j]
            total += X[i, j] * X[i, j]
        squares[r] = total


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def squared_distance(x: Array, c: Array) -> float:
    """‖x − c‖², from the differences."""
    total = x.dtype.type(0)
    for j in range(len(x)):
        total += (x[j] - c[j]) ** 2
    return float(total)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def move(x: Array, weight: float, k: int, sums: Floats, weights: Floats, members: Integers) -> None:
    """Add a row to cluster k; with a negative weight take it out."""
    for j in range(len(x)):
        sums[k, j] += weight * x[j]
    weights[k] += weight
    members[k] += 1 if weight > 0 else -1 if weight < 0 else 0


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def assign(
    X: Array,
    w: Floats,
    C: Array,
    bounds: tuple[Floats, Floats, Floats, Floats, Floats],
    bounded: bool,
    a: int,
    b: int,
    label: Integers,
) -> tuple[Floats, Floats, Integers, int]:
    """Give rows a … b − 1 the label of their nearest centre, the lower one in a tie.

    `bounds` are upper and lower (n,), and for each cluster ahead, behind and apart (K,): a row of cluster k is at most
    upper + ahead from its centre, and at least max(lower − behind, apart) from any other or nearer to its own than that.
    Where the first is the smaller, no other centre can be nearer and none is looked at. A label of −1 has no bounds.

    Returns what changed in the sums of w x, the sums of w and the members of positive weight of each cluster, and the
    number of rows that were compared with all centres.
    """
    K, d = C.shape
    upper, lower, ahead, behind, apart = bounds
    sums, weights, members = np.zeros((K, d)), np.zeros(K), np.zeros(K, np.int64)
    minus, half = -C, np.empty(K, C.dtype)
    longest = 0.0
    for k in range(K):
        half[k] = squared_distance(C[k], np.zeros_like(C[k])) / 2
        longest = max(longest, 2.0 * half[k])
    Y, D, squares = np.zeros((BLOCK, d), X.dtype), np.empty((K, BLOCK), X.dtype), np.empty(BLOCK, X.dtype)
    best, second, which = np.empty(BLOCK, X.dtype), np.empty(BLOCK, X.dtype), np.empty(BLOCK, X.dtype)
    rows, m, scans = np.empty(BLOCK, np.int64), 0, 0
    rounding = (d + 8) * np.finfo(X.dtype).eps
    for i in range(a, b):
        skip = False
        if bounded and label[i] >= 0:
            k = label[i]
            low = max(lower[i] - behind[k], apart[k])
            skip = upper[i] + ahead[k] < low
            if not skip:
                u = math.sqrt(squared_distance(X[i], C[k])) * (1 + rounding)
                upper[i] = u - ahead[k]
                skip = u < low
        if not skip:
            rows[m] = i
            m += 1
        if m == BLOCK or (m > 0 and i == b - 1):
            gather(X, rows, m, Y, squares)
            np.dot(minus, Y.T, D)
            nearest_two(D, half, best, second, which)
            for r in range(m):
                row, new = rows[r], int(which[r])
                old = label[row]
                error = rounding * (squares[r] + longest)
                upper[row] = math.sqrt(max(0.0, squares[r] + 2 * best[r]) + error) - ahead[new]
                lower[row] = math.sqrt(max(0.0, squares[r] + 2 * second[r] - error)) + behind[new]
                if new != old:
                    label[row] = new
                    move(Y[r], w[row], new, sums, weights, members)
                    if old >= 0:
                        move(Y[r], -w[row], old, sums, weights, members)
            scans += m
            m = 0
    return sums, weights, members, scans


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def to_own(X: Array, C: Array, label: Integers, a: int, b: int, squares: Floats) -> None:
    """Set the squared distance of rows a … b − 1 to the centre of their label."""
    for i in range(a, b):
        squares[i] = squared_distance(X[i], C[label[i]])


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def nearer(X: Array, w: Floats, candidates: Array, closest: Floats, a: int, b: int, result: Floats) -> Floats:
    """Set result[t, i] to the squared distance of row i to the nearest centre if candidate t joined them.

    `closest` (n,) is that without one. Returns Σᵢ wᵢ result[t, i] over the part for each of the t candidates, (t,).
    """
    count, d = candidates.shape
    Y, D, squares = np.zeros((BLOCK, d), X.dtype), np.empty((count, BLOCK), X.dtype), np.empty(BLOCK, X.dtype)
    potential, rows = np.zeros(count), np.empty(BLOCK, np.int64)
    rounding = (d + 8) * np.finfo(X.dtype).eps
    length = np.empty(count, X.dtype)
    for t in range(count):
        length[t] = squared_distance(candidates[t], np.zeros_like(candidates[t]))
    for s in range(a, b, BLOCK):
        m = min(BLOCK, b - s)
        for r in range(m):
            rows[r] = s + r
        gather(X, rows, m, Y, squares)
        np.dot(candidates, Y.T, D)
        for t in range(count):
            for r in range(m):
                square = squares[r] + length[t] - 2 * D[t, r]
                square = square if square > rounding * (squares[r] + length[t]) else 0.0
                result[t, s + r] = min(closest[s + r], square)
                potential[t] += w[s + r] * result[t, s + r]
    return potential
