"""The loops of a hidden Markov model: densities, the scaled recursions, and what the observations of each state add up to.

All work on a block of whole sequences. Sums over paths are kept as probabilities, divided by their total at each time, so
that a step costs no exponential and no logarithm. What would underflow is raised to FAINT, and so overestimated; the
posterior then tells how much of the sum went through such cells. Where that is more than NOTHING, a sequence is lost, and
must be done again on logarithms; elsewhere the error is below rounding. No denormal number, which would be slow, arises.

Shapes: n rows of the block, sequence s from row offsets[s] to offsets[s + 1] − 1, K states; densities B (n, K).
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mlatlas.numerics.exponential import exp
from mlatlas.sequential.viterbi.kernels import NO_NAN

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

FAINT = 1e-90  # its third power is still a normal number
NOTHING = 1e-30


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def log_gaussians(X: Floats, means: Floats, half: Floats, constant: Floats, B: Floats) -> None:
    """Set B[t, k] = constant[k] − Σ_d half[d, k] (X[t, d] − means[d, k])², half = 1/(2σ²)."""
    n, K = B.shape
    for t in range(n):
        for k in range(K):
            B[t, k] = constant[k]
        for d in range(X.shape[1]):
            x = X[t, d]
            for k in range(K):
                B[t, k] -= half[d, k] * (x - means[d, k]) ** 2


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def exponentials(B: Floats, top: Floats) -> None:
    """Set B[t] to exp(B[t] − top[t]) with the largest of the row in top[t]; FAINT at least."""
    n, K = B.shape
    for t in range(n):
        most = B[t, 0]
        for k in range(K):
            most = max(most, B[t, k])
        top[t] = most
        for k in range(K):
            B[t, k] = max(exp(B[t, k] - most), FAINT)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def combined(A: Floats, table: Floats, t: int, out: Floats) -> None:
    """Set out = table[t] @ A, four rows of A at a time."""
    K = len(out)
    whole = K - K % 4
    for k in range(K):
        out[k] = 0.0
    for j in range(0, whole, 4):
        x0, x1, x2, x3 = table[t, j], table[t, j + 1], table[t, j + 2], table[t, j + 3]
        for k in range(K):
            out[k] += x0 * A[j, k] + x1 * A[j + 1, k] + x2 * A[j + 2, k] + x3 * A[j + 3, k]
    for j in range(whole, K):
        x0 = table[t, j]
        for k in range(K):
            out[k] += x0 * A[j, k]


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def scaled_forward(
    start: Floats, A: Floats, B: Floats, offsets: Integers, alpha: Floats, scale: Floats, lost: Integers
) -> None:
    """Set alpha[t, k] = P(zₜ = k | x₁ … xₜ) and scale[t] = P(xₜ | x₁ … xₜ₋₁), in units of B.

    A sequence that is impossible is lost; its rows become 0, its scale 1.
    """
    K = B.shape[1]
    now = np.empty(K)
    for s in range(len(offsets) - 1):
        lost[s] = 0
        for t in range(offsets[s], offsets[s + 1]):
            if t == offsets[s]:
                for k in range(K):
                    now[k] = start[k]
            else:
                combined(A, alpha, t - 1, now)
            total = 0.0
            for k in range(K):
                now[k] *= B[t, k]
                total += now[k]
            if total == 0.0:
                alpha[offsets[s] : offsets[s + 1]] = 0.0
                scale[offsets[s] : offsets[s + 1]] = 1.0
                lost[s] = 1
                break
            scale[t] = total
            for k in range(K):
                alpha[t, k] = max(now[k] / total, FAINT) if now[k] > 0 else 0.0  # (filter)


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def scaled_backward(
    into: Floats, B: Floats, offsets: Integers, alpha: Floats, scale: Floats, gamma: Floats, lost: Integers
) -> None:
    """Set gamma[t, k] = P(zₜ = k | x) from the forward pass, and leave in B[t, k] what the step into k at t is worth.

    P(zₜ₋₁ = j, zₜ = k | x) = alpha[t − 1, j] A[j, k] B[t, k]; at the start of a sequence B becomes zero. `into` is Aᵀ.
    """
    K = B.shape[1]
    ahead = np.empty(K)
    for s in range(len(offsets) - 1):
        last, faint = offsets[s + 1] - 1, 0
        for t in range(last, offsets[s] - 1, -1):
            if t == last:
                for k in range(K):
                    ahead[k] = 1.0
            else:
                combined(into, B, t + 1, ahead)
            inverse = 1.0 / scale[t]
            for k in range(K):
                onward = ahead[k] if alpha[t, k] > 0 else 0.0
                gamma[t, k] = alpha[t, k] * onward
                faint += (gamma[t, k] > NOTHING) & ((B[t, k] <= FAINT) | (alpha[t, k] <= FAINT))
                worth = B[t, k] * onward * inverse
                B[t, k] = worth if worth > FAINT else 0.0
        B[offsets[s]] = 0.0
        lost[s] = max(lost[s], min(faint, 1))


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def moments(X: Floats, means: Floats, gamma: Floats, first: Floats, second: Floats) -> None:
    """Add Σₜ gamma (x − mean) and Σₜ gamma (x − mean)² of every feature and state; X (D, n), gamma (K, n), others (D, K)."""
    K, n = gamma.shape
    for d in range(len(X)):
        for k in range(K):
            mean, one, two = means[d, k], 0.0, 0.0
            for t in range(n):
                z = X[d, t] - mean
                weighted = gamma[k, t] * z
                one += weighted
                two += weighted * z
            first[d, k] += one
            second[d, k] += two


@njit(cache=True, nogil=True, fastmath=NO_NAN)  # type: ignore[untyped-decorator]
def counts(symbols: Integers, gamma: Floats, total: Floats) -> None:
    """Add gamma[t] to the row of the symbol at t."""
    for t in range(len(symbols)):
        for k in range(gamma.shape[1]):
            total[symbols[t], k] += gamma[t, k]
