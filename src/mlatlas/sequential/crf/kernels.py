"""The loops of a conditional random field: scores of tokens, sums over all paths, and what they say of every weight.

Weights of attribute–label pairs are packed: attribute a has those of the labels label[first[a]:first[a + 1]], which are all
of them in order where there are L.

Shapes: n tokens of a block of whole sentences, L labels; sentence s has the rows offsets[s] … offsets[s + 1] − 1.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mlatlas.numerics.exponential import exp
from mlatlas.sequential.viterbi.kernels import NO_NAN, plus_times

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shorts = NDArray[np.int32]


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def scores(
    indptr: Integers, indices: Shorts, values: Floats, first: Integers, label: Shorts, w: Floats, begin: int, E: Floats
) -> None:
    """Set E[t, k] to the sum of value × weight over the attributes of token begin + t, with label k."""
    n, L = E.shape
    for t in range(n):
        row = E[t]
        row[:] = 0.0
        for i in range(indptr[begin + t], indptr[begin + t + 1]):
            v, a, z = values[i], first[indices[i]], first[indices[i] + 1]
            if z - a == L:
                for k in range(L):
                    row[k] += v * w[a + k]
            else:
                for j in range(a, z):
                    row[label[j]] += v * w[j]


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def exponentials(E: Floats, top: Floats) -> float:
    """Set E[t] to exp(E[t] − top[t]) with the largest of the row in top[t]; return the widest range of a row."""
    n, L = E.shape
    widest = 0.0
    for t in range(n):
        row = E[t]
        most, least = row[0], row[0]
        for k in range(L):
            most, least = max(most, row[k]), min(least, row[k])
        for k in range(L):
            row[k] = exp(row[k] - most)
        top[t] = most
        widest = max(widest, most - least)
    return widest


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def sums(into: Floats, out_of: Floats, E: Floats, offsets: Integers, alpha: Floats, P: Floats, scale: Floats) -> None:
    """Set P[t, k] = P(yₜ = k | x), and E so that αᵀE over neighbouring rows, times out_of, is that of the pairs.

    into and out_of (1, L, L) are exp A, transposed and not; E is exp of the scores. The rows of alpha sum to one before they
    meet what comes after them; scale[t] is what they were divided by, so that Σ log scale is log Z.
    """
    L = E.shape[1]
    for s in range(len(offsets) - 1):
        a, z = offsets[s], offsets[s + 1]
        for t in range(a, z):
            if t == a:
                alpha[t] = E[t]
            else:
                plus_times(into, 0, alpha[t - 1], alpha, t)
                for k in range(L):
                    alpha[t, k] *= E[t, k]
            total = 0.0
            for k in range(L):
                total += alpha[t, k]
            scale[t] = total
            for k in range(L):
                alpha[t, k] /= total
        P[z - 1] = 1.0
        for t in range(z - 1, a, -1):
            for k in range(L):
                E[t, k] *= P[t, k] / scale[t]
            plus_times(out_of, 0, E[t], P, t - 1)
            for k in range(L):
                P[t, k] *= alpha[t, k]
        E[a] = 0.0
        for k in range(L):
            P[a, k] *= alpha[a, k]


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def spread(
    indptr: Integers, indices: Shorts, values: Floats, first: Integers, label: Shorts, P: Floats, begin: int, g: Floats
) -> None:
    """Add to g the expected counts of the attribute–label pairs: value × P(yₜ = k | x), summed over the tokens."""
    n, L = P.shape
    for t in range(n):
        row = P[t]
        for i in range(indptr[begin + t], indptr[begin + t + 1]):
            v, a, z = values[i], first[indices[i]], first[indices[i] + 1]
            if z - a == L:
                for k in range(L):
                    g[a + k] += v * row[k]  # (gradient)
            else:
                for j in range(a, z):
                    g[j] += v * row[label[j]]


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def log_sum(scale: Floats, top: Floats) -> float:
    """Return Σₜ (log scale[t] + top[t])."""
    total = 0.0
    for t in range(len(scale)):
        total += math.log(scale[t]) + top[t]
    return total
