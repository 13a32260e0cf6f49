"""The recursions of the Kalman filter and of the smoother, on covariances and on their square roots.

T times, n numbers of state, p of observation. A step from time t to t + 1 takes A[t % len(A)] and so on, so that tables of one
entry are those of a system that does not change. What is seen at time t is prepared by the caller: z[t, :m], with C[g, :m] and
independent noise of variances r[g, :m], where g = which[t] and m = count[g]; g = −1 where nothing is seen.

Results are kept for each time, or in arrays of one entry where the caller does not need them.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Flags = NDArray[np.bool_]

LOG_2_PI = math.log(2.0 * math.pi)
STILL = 4.0 * 2.220446049250313e-16  # a covariance whose entries move by less, relatively, has come to rest
EXACT = {"contract", "nsz", "reassoc"}


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def predict_mean(A: Floats, b: Floats, x: Floats, ahead: Floats) -> None:
    """Set ahead = A x + b."""
    for i in range(len(x)):
        s = b[i]
        for k in range(len(x)):
            s += A[i, k] * x[k]
        ahead[i] = s


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def times(A: Floats, B: Floats, C: Floats) -> None:
    """Set C = A B, square or not."""
    for i in range(A.shape[0]):
        for j in range(B.shape[1]):
            C[i, j] = 0.0
        for k in range(A.shape[1]):
            for j in range(B.shape[1]):
                C[i, j] += A[i, k] * B[k, j]


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def add_symmetric(W: Floats, A: Floats, Q: Floats, P: Floats) -> None:
    """Set P = W Aᵀ + Q, which is known to be symmetric."""
    for i in range(len(A)):
        for j in range(i + 1):
            s = Q[i, j]
            for k in range(len(A)):
                s += W[i, k] * A[j, k]  # (predict)
            P[i, j] = P[j, i] = s


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def update(C: Floats, r: Floats, z: Floats, x: Floats, P: Floats, gain: Floats, scale: Floats, e: Floats) -> float:
    """Take in the numbers z one after the other: x, P and e change; return their log-density, NaN where a variance is not positive.

    The i-th has standard deviation scale[i] given those before, moves x by gain[i] e[i], and takes gain[i] gain[i]ᵀ off P.
    """
    n, total = len(x), 0.0
    for i in range(len(z)):
        s = r[i]
        for j in range(n):
            g = 0.0
            for k in range(n):
                g += P[j, k] * C[i, k]
            gain[i, j] = g
            s += C[i, j] * g
        if not s > 0.0:
            return np.nan
        scale[i] = math.sqrt(s)
        for j in range(n):
            gain[i, j] /= scale[i]  # (gain)
        for j in range(n):
            for k in range(n):
                P[j, k] -= gain[i, j] * gain[i, k]  # (update)
        total += move(C, z, x, gain, scale, e, i)
    return total


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def move(C: Floats, z: Floats, x: Floats, gain: Floats, scale: Floats, e: Floats, i: int) -> float:
    """Move x for the i-th number seen, and return its log-density."""
    v = z[i]
    for j in range(len(x)):
        v -= C[i, j] * x[j]
    e[i] = v / scale[i]
    for j in range(len(x)):
        x[j] += gain[i, j] * e[i]
    log_density: float = -0.5 * (LOG_2_PI + e[i] * e[i]) - math.log(scale[i])  # (density)
    return log_density


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def rests(P: Floats, before: Floats) -> bool:
    """Whether a covariance is, to rounding, the one before."""
    for i in range(len(P)):
        for j in range(i + 1):
            if abs(P[i, j] - before[i, j]) > STILL * math.sqrt(abs(P[i, i] * P[j, j])):
                return False
    return True


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def copy(source: Floats, target: Floats) -> None:
    """Set a matrix to another."""
    for i in range(source.shape[0]):
        for j in range(source.shape[1]):
            target[i, j] = source[i, j]


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def covariance_filter(
    A: Floats,
    b: Floats,
    Q: Floats,
    C: Floats,
    r: Floats,
    count: Integers,
    which: Integers,
    z: Floats,
    ahead: Floats,
    ahead_P: Floats,
    x: Floats,
    P: Floats,
    e: Floats,
    same: Flags,
) -> tuple[float, int]:
    """Set predictions `ahead` (from ahead[0]) and filtered x with their covariances; return log p(z), and the time of a failure or −1.

    Where neither the system nor what is seen of it changes, the covariances come to rest; from there on they are copied, which
    `same` marks.
    """
    T, n, p = len(z), x.shape[1], z.shape[1]
    work, last, gain, scale = np.empty((n, n)), np.empty((n, n)), np.empty((p, n)), np.empty(p)
    constant, resting, total = len(A) == 1 and len(Q) == 1, False, 0.0
    for t in range(T):
        a, f, g = t % len(ahead), t % len(x), which[t]
        if t > 0:
            f1, q = (t - 1) % len(x), t - 1
            predict_mean(A[q % len(A)], b[q % len(b)], x[f1], ahead[a])
            resting = resting and g == which[t - 1]
            if resting:
                copy(last, ahead_P[a])
            else:
                times(A[q % len(A)], P[f1], work)
                add_symmetric(work, A[q % len(A)], Q[q % len(Q)], ahead_P[a])
                resting = constant and g >= 0 and g == which[t - 1] and rests(ahead_P[a], last)
            if resting:
                copy(P[f1], P[f])
        x[f] = ahead[a]
        same[t % len(same)] = resting
        m = count[g] if g >= 0 else 0
        if resting:
            for i in range(m):
                total += move(C[g], z[t], x[f], gain, scale, e[t % len(e)], i)
            continue
        copy(ahead_P[a], last)
        copy(last, P[f])
        total += update(C[g, :m], r[g], z[t, :m], x[f], P[f], gain, scale, e[t % len(e)])
        if not abs(total) < np.inf:
            return total, t
    return total, -1


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def factor(P: Floats, L: Floats) -> None:
    """Set L to the lower triangle with P = L Lᵀ; a pivot that is rounding alone gives a column of zeros."""
    n = len(P)
    for j in range(n):
        s = P[j, j]
        for k in range(j):
            s -= L[j, k] * L[j, k]
        L[j, j] = math.sqrt(s) if s > n * STILL * P[j, j] else 0.0
        for i in range(j + 1, n):
            s = P[i, j]
            for k in range(j):
                s -= L[i, k] * L[j, k]
            L[i, j] = s / L[j, j] if L[j, j] > 0.0 else 0.0


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def divide(X: Floats, L: Floats) -> None:
    """Set the rows of X to those of X L⁻¹, with zeros where L has a column of zeros."""
    for i in range(len(X)):
        for k in range(len(L) - 1, -1, -1):
            X[i, k] = X[i, k] / L[k, k] if L[k, k] > 0.0 else 0.0
            for j in range(k):
                X[i, j] -= X[i, k] * L[k, j]


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def divide_transposed(X: Floats, L: Floats) -> None:
    """Set the rows of X to those of X L⁻ᵀ, with zeros where L has a column of zeros."""
    for i in range(len(X)):
        for j in range(len(L)):
            s = X[i, j]
            for k in range(j):
                s -= X[i, k] * L[j, k]
            X[i, j] = s / L[j, j] if L[j, j] > 0.0 else 0.0


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def look_back(J: Floats, ahead: Floats, x: Floats, t: int) -> None:
    """Set x[t] ← x[t] + J (x[t + 1] − ahead[t + 1]), where x[t + 1] is smoothed already."""
    n = len(J)
    for i in range(n):
        s = x[t, i]
        for k in range(n):
            s += J[i, k] * (x[t + 1, k] - ahead[t + 1, k])
        x[t, i] = s


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def covariance_smoother(
    A: Floats,
    ahead: Floats,
    ahead_P: Floats,
    same: Flags,
    x: Floats,
    P: Floats,
    pair: Floats,
) -> None:
    """Turn the filtered means and covariances into smoothed ones; set pair[t] = Cov(x[t + 1], x[t]) where it has entries."""
    T, n = x.shape
    J, D, W, L = np.empty((n, n)), np.empty((n, n)), np.empty((n, n)), np.zeros((n, n))
    resting = False
    for t in range(T - 2, -1, -1):
        again = t + 2 < T and same[t + 1] and same[t + 2]  # J is the one before
        resting = again and (resting or rests(P[t + 1], P[t + 2]))
        if not again:
            factor(ahead_P[t + 1], L)
            for i in range(n):
                for j in range(n):
                    s = 0.0
                    for k in range(n):
                        s += P[t, i, k] * A[t % len(A), j, k]
                    J[i, j] = s
            divide_transposed(J, L)
            divide(J, L)
        look_back(J, ahead, x, t)
        if resting:
            copy(P[t + 1], P[t])
        else:
            for i in range(n):
                for j in range(n):
                    D[i, j] = P[t + 1, i, j] - ahead_P[t + 1, i, j]
            times(J, D, W)
            add_symmetric(W, J, P[t], P[t])  # (smooth)
        if len(pair) > 0:
            for i in range(n):
                for j in range(n):
                    s = 0.0
                    for k in range(n):
                        s += P[t + 1, i, k] * J[j, k]
                    pair[t, i, j] = s


# ---- square roots: everything is a rotation of the columns of a matrix until it is a lower triangle -----------------


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def to_lower(M: Floats) -> None:
    """Turn the columns of M until M is a lower triangle with no negative diagonal; M Mᵀ stays what it is."""
    rows, columns = M.shape
    for i in range(min(rows, columns)):
        tail = 0.0
        for k in range(i + 1, columns):
            tail = max(tail, abs(M[i, k]))
        top = max(tail, abs(M[i, i]))
        if top == 0.0:
            continue
        if tail == 0.0:
            if M[i, i] < 0.0:
                for j in range(i, rows):
                    M[j, i] = -M[j, i]
            continue
        s = 0.0
        for k in range(i, columns):
            s += (M[i, k] / top) ** 2
        norm = top * math.sqrt(s)
        if M[i, i] > 0.0:  # reflect onto minus the axis, and turn the sign afterwards: no cancellation
            norm = -norm
        M[i, i] -= norm
        beta = 1.0 / (-norm * M[i, i])
        for j in range(i + 1, rows):
            s = 0.0
            for k in range(i, columns):
                s += M[j, k] * M[i, k]
            s *= beta
            for k in range(i, columns):
                M[j, k] -= s * M[i, k]
            if norm < 0.0:
                M[j, i] = -M[j, i]
        M[i, i] = abs(norm)
        for k in range(i + 1, columns):
            M[i, k] = 0.0


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def root_filter(
    A: Floats,
    b: Floats,
    Q: Floats,
    C: Floats,
    r: Floats,
    count: Integers,
    which: Integers,
    z: Floats,
    ahead: Floats,
    ahead_L: Floats,
    x: Floats,
    L: Floats,
    e: Floats,
) -> tuple[float, int]:
    """The same as `covariance_filter`, where Q, ahead_L and L are lower triangles, and r standard deviations."""
    T, n = len(z), x.shape[1]
    step, work, total = np.empty((n, 2 * n)), np.empty((n, n)), 0.0
    for t in range(T):
        a, f, g = t % len(ahead), t % len(x), which[t]
        if t > 0:
            f1, q = (t - 1) % len(x), t - 1
            predict_mean(A[q % len(A)], b[q % len(b)], x[f1], ahead[a])
            times(A[q % len(A)], L[f1], work)
            step[:, :n] = work
            step[:, n:] = Q[q % len(Q)]
            to_lower(step)  # (root)
            ahead_L[a] = step[:, :n]
        x[f] = ahead[a]
        L[f] = ahead_L[a]
        m = count[g] if g >= 0 else 0
        if m == 0:
            continue
        M = np.zeros((m + n, m + n))
        times(C[g, :m], ahead_L[a], M[:m, m:])
        for i in range(m):
            M[i, i] = r[g, i]
        M[m:, m:] = ahead_L[a]
        to_lower(M)
        L[f] = M[m:, m:]
        for i in range(m):
            if not M[i, i] > 0.0:
                return np.nan, t
            v = z[t, i]
            for k in range(n):
                v -= C[g, i, k] * ahead[a, k]
            for k in range(i):
                v -= M[i, k] * e[t % len(e), k]
            e[t % len(e), i] = v / M[i, i]
            total -= 0.5 * (LOG_2_PI + e[t % len(e), i] ** 2) + math.log(M[i, i])
            for j in range(n):
                x[f, j] += M[m + j, i] * e[t % len(e), i]
        if not abs(total) < np.inf:
            return total, t
    return total, -1


@njit(cache=True, nogil=True, fastmath=EXACT)  # type: ignore[untyped-decorator]
def root_smoother(A: Floats, Q: Floats, ahead: Floats, x: Floats, L: Floats, pair: Floats) -> None:
    """The same as `covariance_smoother`, where Q and L are lower triangles."""
    T, n = x.shape
    M, N, J, work = np.empty((2 * n, 2 * n)), np.empty((n, 2 * n)), np.empty((n, n)), np.empty((n, n))
    for t in range(T - 2, -1, -1):
        times(A[t % len(A)], L[t], work)
        M[:n, :n] = work
        M[:n, n:] = Q[t % len(Q)]
        M[n:, :n] = L[t]
        M[n:, n:] = 0.0
        to_lower(M)
        copy(M[n:, :n], J)
        divide(J, M[:n, :n])
        look_back(J, ahead, x, t)
        times(J, L[t + 1], work)
        if len(pair) > 0:
            for i in range(n):
                for j in range(n):
                    s = 0.0
                    for k in range(n):
                        s += L[t + 1, i, k] * work[j, k]
                    pair[t, i, j] = s
        N[:, :n] = M[n:, n:]
        N[:, n:] = work
        to_lower(N)
        L[t] = N[:, :n]
