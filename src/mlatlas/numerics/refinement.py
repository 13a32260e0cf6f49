"""Linear systems solved through a Cholesky factor, and the digits that the factor lost brought back by refinement."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dlange, dpocon, dpotrf

Floats = NDArray[np.float64]
Solve = Callable[[Floats], Floats]

EPS = float(np.finfo(np.float64).eps)


def cholesky(G: Floats, least_rcond: float) -> Solve | None:
    """Factor a symmetric positive definite G (m, m); None where its reciprocal condition number is below the bound.

    G is scaled to a unit diagonal first, which is within a factor m of the best scaling (van der Sluis 1969). The
    answer maps g (m, k) to G⁻¹g. O(m³) time, one copy of G in memory.
    """
    diagonal = G.diagonal()
    if not (np.isfinite(G).all() and (diagonal > 0).all()):
        return None
    d = 1 / np.sqrt(diagonal)
    scaled = (G * d).T
    scaled *= d
    norm = dlange("1", scaled)
    R, failed = dpotrf(scaled, overwrite_a=True)
    if failed or dpocon(R, norm)[0] < least_rcond:
        return None
    return lambda g: d[:, None] * cho_solve((R, False), d[:, None] * g, check_finite=False)


def refined(
    misfit: Callable[[Floats], Floats],
    solve: Solve,
    first: Floats,
    scale: Floats | None = None,
    stalled: float = 1e-6,
) -> Floats | None:
    """Solve misfit(W) = 0 by W ← W + solve(misfit(W)), until the steps no longer matter; `first` is misfit(0).

    `misfit` is g − H W for a positive definite H, and `solve` an approximation of H⁻¹. A step d is measured by its
    energy √(gᵀd), column by column, against `scale`, by default the first step's; for H = AᵀA the energy is ‖A d‖, and
    the lengths of the columns of Y are the scale. A column is done when a step is below 10⁻¹³ of its scale, after which
    little can follow, or when the steps no longer halve, because rounding is all that is left. A last step longer than
    `stalled` times the scale was no rounding, and then None is returned.

    Björck 1987, Stability analysis of the method of seminormal equations; Higham 2002, section 20.6.
    """
    W = solve(first)
    step = np.sqrt(np.abs(np.sum(first * W, axis=0)))
    scale = step if scale is None else scale
    for _ in range(12):
        g = misfit(W)
        d = solve(g)
        W += d
        last, step = step, np.sqrt(np.abs(np.sum(g * d, axis=0)))
        if np.all((step <= 1e-13 * scale) | (step > 0.5 * last)):
            break
    return W if np.all(step <= stalled * scale) else None
