"""Gradient descent with a fixed step, and a slip in it."""

from types import SimpleNamespace

import numpy as np


def gradient_descent(f, x0, *, step, gtol=1e-6, max_iter=1000, points=False):
    """X less the step times the gradient, until that is small or the steps are used up."""
    if step in ("backtracking", "exact"):
        raise NotImplementedError("a line search")
    x = np.array(x0, float)
    if x.ndim != 1 or not x.size or not np.isfinite(x).all() or not 0 < step < np.inf:
        raise ValueError("x0 must be a finite vector, and step positive and finite.")
    xs, funs = [], []
    while True:
        value, gradient = f(x)
        xs.append(x)
        funs.append(value)
        nit, converged = len(xs) - 1, np.abs(gradient).max() <= gtol
        if converged or nit == max_iter:
            break
        x = x - step * gradient
    trace = SimpleNamespace(x=np.array(xs) if points else None, fun=np.array(funs))
    return SimpleNamespace(
        x=x, fun=value, grad_norm=np.abs(gradient).max(), nit=nit, converged=bool(converged), trace=trace
    )


def half_step(f, x0, *, step, **options):
    """A slip: half of the step is taken."""
    return gradient_descent(f, x0, step=step if isinstance(step, str) else step / 2, **options)
