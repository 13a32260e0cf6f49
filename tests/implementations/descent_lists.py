"""Gradient descent on lists, one coordinate after the other."""

import math
from dataclasses import dataclass


@dataclass
class Trace:
    """Points and values."""

    x: object
    fun: object


@dataclass
class Found:
    """Where it ended."""

    x: object
    fun: float
    grad_norm: float
    nit: int
    converged: bool
    trace: Trace


def my_gradient_descent(f, x0, step=None, gtol=1e-6, max_iter=1000, points=True):
    """A fixed step only."""
    import numpy as np

    if step is None or step in ("backtracking", "exact"):
        raise NotImplementedError("a line search")
    x = [float(one) for one in x0]
    if not x or not all(map(math.isfinite, x)):
        raise ValueError(f"x0 must be finite; got {x}.")
    if not 0 < step < math.inf:
        raise ValueError(f"step must be positive; got {step}.")
    path = []
    for nit in range(max_iter + 1):
        value, gradient = f(np.array(x))
        path.append((x, value))
        steepest = max(abs(one) for one in gradient)
        if steepest <= gtol or nit == max_iter:
            break
        x = [one - step * slope for one, slope in zip(x, gradient, strict=True)]
    trace = Trace(np.array([at for at, _ in path]), np.array([value for _, value in path]))
    return Found(np.array(x), value, steepest, nit, steepest <= gtol, trace)
