"""The loops over a trellis: best paths, sums over all paths, posterior marginals, and the k best paths.

Scores are logarithms of weights, −∞ for what is forbidden. Steps have scores of shape (1, K, K) where all are alike, else
(T−1, K, K) with step m from time m to m + 1: out_of[m, j, k] = into[m, k, j] is that of the step from state j to k.
"""

import math
from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload
from numpy.typing import NDArray

from mlatlas.numerics.exponential import exp

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

NO_NAN = {"nnan", "nsz", "reassoc", "contract", "arcp"}  # the caller has excluded NaN and +∞; −∞ may occur
TINY = 1e-280  # a sum of numbers in [0, 1] above it has lost nothing that matters to underflow


@intrinsic  # type: ignore[untyped-decorator]
def maxnum(typing: Any, a: Any, b: Any) -> Any:
    """LLVM's maximum of two numbers: a loop over it vectorises, and one over Python's max does not."""
    double = ir.DoubleType()

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        maximum = builder.module.declare_intrinsic("llvm.maxnum", [double], ir.FunctionType(double, [double, double]))
        return builder.call(maximum, arguments, fastmath=("nnan", "nsz"))

    return types.float64(types.float64, types.float64), generate


def larger(a: float, b: float) -> float:
    """Return the larger of two numbers that are no NaN."""
    return max(a, b)


@overload(larger, strict=False)  # type: ignore[untyped-decorator]
def compiled_larger(a: Any, b: Any) -> Any:
    """What `larger` is within a kernel."""
    return lambda a, b: maxnum(a, b)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def max_plus(A: Floats, m: int, table: Floats, score: Floats, t: int, row: int) -> None:
    """Set table[t, k] = score[row, k] + max over j of A[m, k, j] + table[t − 1, j], four k at a time."""
    K = table.shape[1]
    last = K - 1
    for k in range(0, K, 4):
        k1, k2, k3 = min(k + 1, last), min(k + 2, last), min(k + 3, last)
        v0 = v1 = v2 = v3 = -np.inf
        for j in range(K):
            x = table[t - 1, j]
            v0 = larger(v0, A[m, k, j] + x)  # (bellman)
            v1 = larger(v1, A[m, k1, j] + x)
            v2 = larger(v2, A[m, k2, j] + x)
            v3 = larger(v3, A[m, k3, j] + x)
        table[t, k], table[t, k1] = v0 + score[row, k], v1 + score[row, k1]
        table[t, k2], table[t, k3] = v2 + score[row, k2], v3 + score[row, k3]


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def plus_times(A: Floats, m: int, x: Floats, table: Floats, t: int) -> None:
    """Set table[t, k] = Σⱼ A[m, k, j] x[j], four k at a time."""
    K = len(x)
    last = K - 1
    for k in range(0, K, 4):
        k1, k2, k3 = min(k + 1, last), min(k + 2, last), min(k + 3, last)
        v0 = v1 = v2 = v3 = 0.0
        for j in range(K):
            v0 += A[m, k, j] * x[j]  # (forward)
            v1 += A[m, k1, j] * x[j]
            v2 += A[m, k2, j] * x[j]
            v3 += A[m, k3, j] * x[j]
        table[t, k], table[t, k1], table[t, k2], table[t, k3] = v0, v1, v2, v3


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def log_plus_times(
    A: Floats, weight: Floats, shift: Floats, m: int, x: Floats, power: Floats, table: Floats, t: int
) -> None:
    """Set table[t, k] = log Σⱼ exp(A[m, k, j] + x[j]), with weight = exp(A − shift) and room for K powers.

    It takes K exponentials and K logarithms, because the product is one of numbers; where nearly all of a sum has
    underflown, the sum is taken once more, on logarithms.
    """
    K = len(x)
    top = -np.inf
    for j in range(K):
        top = max(top, x[j])
    for j in range(K):
        power[j] = exp(x[j] - top) if top > -np.inf else 0.0
    plus_times(weight, m, power, table, t)
    for k in range(K):
        if table[t, k] > TINY:
            table[t, k] = top + shift[m] + math.log(table[t, k])
            continue
        most, total = -np.inf, 0.0
        for j in range(K):
            most = max(most, A[m, k, j] + x[j])
        if most > -np.inf:
            for j in range(K):
                total += exp(A[m, k, j] + x[j] - most)
            most += math.log(total)
        table[t, k] = most


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def best_paths(
    start: Floats, into: Floats, score: Floats, offsets: Integers, first: int, last: int, path: Integers, total: Floats
) -> None:
    """Of sequences first … last − 1, set the best `path` (n,) and its `total` score; the lower state wins a tie."""
    K, steps = score.shape[1], len(into)
    longest = 0
    for s in range(first, last):
        longest = max(longest, offsets[s + 1] - offsets[s])
    best = np.empty((longest, K))  # best[t, k]: the best score of a path that ends in state k at time t
    for s in range(first, last):
        a, T = offsets[s], offsets[s + 1] - offsets[s]
        for k in range(K):
            best[0, k] = start[k] + score[a, k]
        for t in range(1, T):
            max_plus(into, min(t, steps) - 1, best, score, t, a + t)
        z = 0
        for k in range(1, K):
            z = k if best[T - 1, k] > best[T - 1, z] else z
        total[s] = best[T - 1, z]
        path[a + T - 1] = z
        for t in range(T - 1, 0, -1):
            m, top, came = min(t, steps) - 1, -np.inf, 0
            for j in range(K):
                top = larger(top, into[m, z, j] + best[t - 1, j])
            while into[m, z, came] + best[t - 1, came] < top:
                came += 1
            z = came
            path[a + t - 1] = z


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def sums(
    first: Floats,
    A: Floats,
    weight: Floats,
    shift: Floats,
    score: Floats,
    offsets: Integers,
    a: int,
    b: int,
    order: int,
    table: Floats,
    scale: Floats,
) -> None:
    """Set table[t, k] + scale[t] to the log of the summed weights of all ways to k at t; the largest table[t] is 0.

    That of sequences a … b − 1. With order = 1 the ways come from the start, A is `into` and first = start. With
    order = −1 they come from the end, A is `out_of`, first = 0, and they do not count score[t, k] itself.
    """
    K, steps = score.shape[1], len(A)
    power, x = np.empty(K), np.empty(K)
    for s in range(a, b):
        T, total = offsets[s + 1] - offsets[s], 0.0
        for i in range(T):
            t = i if order > 0 else T - 1 - i
            row = offsets[s] + t
            if i == 0:
                table[row] = first
            else:
                log_plus_times(A, weight, shift, min(t, t - order, steps - 1), x, power, table, row)
            top = -np.inf
            for k in range(K):
                if order > 0:
                    table[row, k] += score[row, k]
                top = max(top, table[row, k])
            total += top
            scale[row] = total
            for k in range(K):
                table[row, k] -= top if top > -np.inf else 0.0
                x[k] = table[row, k] + (0.0 if order > 0 else score[row, k])


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def normalise(alpha: Floats, beta: Floats) -> None:
    """Set alpha[t, k] to the posterior probability of state k at t: alpha and beta up to a factor for each t."""
    T, K = alpha.shape
    for t in range(T):
        top = -np.inf
        for k in range(K):
            alpha[t, k] += beta[t, k]
            top = max(top, alpha[t, k])
        total = 0.0
        for k in range(K):
            alpha[t, k] = exp(alpha[t, k] - top)
            total += alpha[t, k]
        for k in range(K):
            alpha[t, k] /= total  # (marginal)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def k_best(start: Floats, into: Floats, score: Floats, n: int, paths: Integers, totals: Floats) -> int:
    """Set the rows of `paths` (n, T) and `totals` (n,) to the best paths, best first; return how many there are.

    Every state keeps its n best ways in. The n best into k at t are the n largest of K sorted lists, one for each j.
    """
    T, K = score.shape
    steps = len(into)
    origin = np.empty((T, K, n), np.int32)  # the state and the rank that a way came from, as state · n + rank
    before, now, taken = np.full((K, n), -np.inf), np.empty((K, n)), np.empty(K, np.int64)
    for k in range(K):
        before[k, 0] = start[k] + score[0, k]
    for t in range(1, T):
        A = into[min(t, steps) - 1]
        for k in range(K):
            taken[:] = 0
            for r in range(n):
                top, came = -np.inf, 0
                for j in range(K):
                    if taken[j] < n:
                        value = A[k, j] + before[j, taken[j]]
                        if value > top:
                            top, came = value, j
                now[k, r] = top + score[t, k]
                origin[t, k, r] = came * n + taken[came]
                if top == -np.inf:
                    now[k, r:] = -np.inf
                    break
                taken[came] += 1
        before, now = now, before
    taken[:] = 0
    for found in range(n):
        top, k = -np.inf, 0
        for j in range(K):
            if taken[j] < n and before[j, taken[j]] > top:
                top, k = before[j, taken[j]], j
        if top == -np.inf:
            return found
        totals[found] = top
        r = taken[k]
        taken[k] += 1
        for t in range(T - 1, 0, -1):
            paths[found, t] = k
            k, r = divmod(origin[t, k, r], n)
        paths[found, 0] = k
    return n
