"""Gradient descent: minimise f by walking against its gradient,

    x ← x − t ∇f(x)

where the step t is fixed, halved until f falls enough (backtracking), or chosen to reach the lowest point of the line
(exact).
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from mlatlas.optimize.gradient_descent.descent import Callback, Function, Line, Minimum, Search, descend
from mlatlas.optimize.gradient_descent.line_search import backtracking, exact, fixed

SEARCHES: dict[str, Search] = {"backtracking": backtracking, "exact": exact}


def gradient_descent(
    f: Function,
    x0: ArrayLike,
    *,
    jac: Function | None = None,
    step: float | Literal["backtracking", "exact"] = "backtracking",
    gtol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callback | None = None,
    points: bool = False,
) -> Minimum:
    """Minimise f by x ← x − t ∇f(x) from x0.

    Near a minimum with curvatures between μ and L, the step 2/(μ + L) shrinks the error by (κ − 1)/(κ + 1) at every
    step, κ = L/μ, and a step above 2/L diverges. For a convex f whose gradient is Lipschitz with constant L, any step up
    to 1/L gives f(x_k) − min f ≤ ‖x_0 − x*‖²/(2 t k).

    Args:
        f: returns the pair f(x), ∇f(x) for a vector x of shape (n,); with ``jac`` it returns f(x) alone. The array x is
            used again after the call: copy it to keep it.
        x0: where to start, of shape (n,).
        jac: returns ∇f(x), of shape (n,).
        step: a number for a fixed step, in units of x²/f; "backtracking" halves a step until f falls by a quarter of what
            the slope promises, and tries twice the last one next time; "exact" goes to where the slope along the line
            is zero.
        gtol: stop when no |∂f/∂x_i| exceeds it.
        max_iter: stop after so many steps, with ``converged=False``.
        callback: called as callback(nit, x, fun, grad_norm) after every step; True stops.
        points: keep every point in ``trace.x``.

    Returns:
        A `Minimum` with x, fun, grad_norm, nit, converged, message and the trace of every step.

    Raises:
        ValueError: a step that is not positive, an x0 that is no finite vector, an f that is not finite there, a gradient
            of another shape or not finite.
        TypeError: f does not return a pair, and there is no ``jac``.
        FloatingPointError: a fixed step with which f explodes.

    A step takes O(n) time beside the evaluations of f: one for a fixed step. Memory: five vectors of n numbers.

    Source: Nocedal, Wright 2006, Numerical Optimization, chapter 3; Boyd, Vandenberghe 2004, Convex Optimization,
    sections 9.2 and 9.3.
    """
    search = SEARCHES.get(step) if isinstance(step, str) else _fixed(step)
    if search is None:
        raise ValueError(f"step must be a number, 'backtracking' or 'exact'; got {step!r}. Choose one of them.")
    line = Line(f, x0, jac)
    return descend(line, Steepest(), search, gtol=gtol, max_iter=max_iter, callback=callback, points=points)


def _fixed(step: Any) -> Search:
    if isinstance(step, bool) or not (isinstance(step, Real) and 0 < float(step) < math.inf):
        raise ValueError(
            f"step must be positive and finite; got {step!r}. Try 1 over the largest curvature of f, or 'backtracking'."
        )
    return fixed(float(step))


class Steepest:
    """d = −∇f. The first trial moves by a unit of length, later ones go twice as far as the step before."""

    def aim(self, line: Line) -> float:
        """Point against the gradient."""
        np.negative(line.g, out=line.d)  # (bargain)
        return 2 * line.t if line.t > 0 else 1 / math.sqrt(float(line.g @ line.g))

    def learn(self, line: Line) -> None:
        """Nothing: the method has no memory."""

    def forget(self) -> bool:
        """There is nothing to drop."""
        return False
