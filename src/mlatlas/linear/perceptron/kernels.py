"""One pass of the perceptron over the samples, dense and sparse.

Both go through the samples in `order` with x̃ = (x, one), and change the weights w = (w₁ … w_p, b) in place:

    if yᵢ wᵀx̃ᵢ ≤ 0:   w ← w + yᵢ x̃ᵢ,      yᵢ = 1 for the samples of class `positive`, −1 for the others.

At a mistake in step t = step, step + 1, … they add t yᵢ x̃ᵢ to `late` where averages are wanted. Returned is the number
of mistakes.
"""

from typing import Any

from numba import njit
from numpy.typing import NDArray

Vector = NDArray[Any]

SUMS = {"nsz", "reassoc", "contract"}  # sums in any order, but NaN and infinities as they are: they must be noticed


@njit(cache=True, nogil=True, fastmath=SUMS)  # type: ignore[untyped-decorator]
def pass_dense(
    X: Vector, code: Vector, positive: int, order: Vector, one: float, w: Vector, late: Vector, step: int, average: bool
) -> int:
    """Go once over the rows of X (n, p), in C order, with the classes `code` (n,)."""
    p = X.shape[1]
    mistakes = 0
    for i in order:
        y = 1.0 if code[i] == positive else -1.0
        score = one * w[p]
        for j in range(p):
            score += w[j] * X[i, j]
        if y * score <= 0.0:
            mistakes += 1  # (tight)
            for j in range(p):
                w[j] += y * X[i, j]  # (update)
            w[p] += y * one
            if average:
                for j in range(p):
                    late[j] += step * y * X[i, j]
                late[p] += step * y * one
        step += 1
    return mistakes


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def pass_sparse(
    data: Vector,
    indices: Vector,
    indptr: Vector,
    code: Vector,
    positive: int,
    order: Vector,
    one: float,
    w: Vector,
    late: Vector,
    step: int,
    average: bool,
) -> int:
    """Go once over the rows of a CSR matrix, with the classes `code` (n,).

    Unsigned `indices` need no test for one that counts from the end. Sums are taken in order: gathering eight weights
    at once, as sums in any order invite to, is slower than reading them one by one.
    """
    p = len(w) - 1
    mistakes = 0
    for i in order:
        y = 1.0 if code[i] == positive else -1.0
        score = one * w[p]
        for q in range(indptr[i], indptr[i + 1]):
            score += w[indices[q]] * data[q]
        if y * score <= 0.0:
            mistakes += 1
            for q in range(indptr[i], indptr[i + 1]):
                w[indices[q]] += y * data[q]
            w[p] += y * one
            if average:
                for q in range(indptr[i], indptr[i + 1]):
                    late[indices[q]] += step * y * data[q]
                late[p] += step * y * one
        step += 1
    return mistakes
