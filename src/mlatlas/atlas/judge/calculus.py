"""The operators that define things: what a derivative, an integral, an expectation or a minimum *is*, computed.

The ``truth`` of a check is written with them, from the definition and never with our own code. They are made for small
problems and many digits, not for speed.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Function = Callable[..., Any]
LEVELS = 5  # of Richardson extrapolation: the error falls with the tenth power of the step


# ---- derivatives ---------------------------------------------------------------------------------------------


def derivative(f: Function, x: Any) -> Any:
    """Every partial derivative of f at x, to about ten digits: shape of f(x) followed by the shape of x.

    Central differences extrapolated to step zero; the step is reduced where the extrapolation does not settle, as near
    the edge of f's domain.
    """
    x = np.asarray(x, dtype=float)
    at: Function = (lambda flat: f(float(flat[0]))) if x.ndim == 0 else (lambda flat: f(flat.reshape(x.shape)))
    with np.errstate(all="ignore"):
        columns = [_partial(at, x.ravel(), j) for j in range(x.size)]
    jacobian = np.stack(columns, axis=-1)
    result = jacobian.reshape(jacobian.shape[:-1] + x.shape)
    return result if result.ndim else float(result)


def _partial(f: Function, x: Array, j: int) -> Array:
    best, smallest = np.asarray(np.nan), np.inf
    for shrink in (1.0, 0.1, 1e-2, 1e-3, 1e-4):
        value, error = _extrapolated(f, x, j, shrink * min(0.1 * max(abs(x[j]), 0.1), 0.5))
        if not smallest < np.inf or error < smallest:
            best, smallest = value, error
        if error <= 1e-9 * (1.0 + float(np.max(np.abs(value), initial=0.0))):
            break
    return best


def _extrapolated(f: Function, x: Array, j: int, step: float) -> tuple[Array, float]:
    """Richardson's table of central differences with halved steps: the last entry, and how far it moved."""
    row: list[Array] = []
    error = np.inf
    for level in range(LEVELS):
        h = step / 2**level
        above, below = x.copy(), x.copy()
        above[j], below[j] = x[j] + h, x[j] - h
        new = [(np.asarray(f(above), dtype=float) - np.asarray(f(below), dtype=float)) / (above[j] - below[j])]
        for k, old in enumerate(row, start=1):
            new.append(new[-1] + (new[-1] - old) / (4**k - 1))
        if row:
            error = float(np.max(np.abs(new[-1] - row[-1]), initial=0.0))
        row = new
    return row[-1], error if np.isfinite(error) else np.inf


def hessian(f: Function, x: Any) -> Any:
    """The matrix of second derivatives of a scalar f at x."""
    return derivative(lambda z: derivative(f, z), x)


# ---- integrals, sums, samples --------------------------------------------------------------------------------


def integral(f: Function, *limits: Any) -> Any:
    """The integral of f from a to b (either may be infinite): ``integral(f, a, b)``.

    Over a rectangle, f takes one argument a side: ``integral(f, (a1, b1), (a2, b2))``. f may return an array.
    """
    from scipy.integrate import quad_vec

    sides = [limits] if np.ndim(limits[0]) == 0 else list(limits)
    (low, high), inner = sides[0], sides[1:]
    g = f if not inner else lambda x: integral(lambda *rest: f(x, *rest), *inner)
    value, error = quad_vec(g, low, high, epsabs=1e-13, epsrel=1e-11, norm="max")
    if not error <= 1e-7 * (1.0 + float(np.max(np.abs(value)))):
        raise ArithmeticError(f"the integral does not converge: {value} with an error of {error:.1e}")
    return value if np.ndim(value) else float(value)


def expectation(f: Function, probabilities: Any) -> Any:
    """The sum of f(i) over all outcomes i, weighted by their probabilities; for a table of them, f(i, j)."""
    table = np.asarray(probabilities, dtype=float)
    return sum(table[index] * np.asarray(f(*index), dtype=float) for index in np.ndindex(*table.shape))


class Estimate(NamedTuple):
    """What a simulation yields: the mean and its standard error."""

    mean: Any
    error: Any


def simulate(f: Function, n: int, draw: Any) -> Estimate:
    """The mean of f(rng) over n independent runs, or of the n rows that f(rng, n) returns; rng is NumPy's generator."""
    rng = draw.rng
    if len(signature(f).parameters) > 1:
        sample = np.asarray(f(rng, n), dtype=float)
    else:
        sample = np.stack([np.asarray(f(rng), dtype=float) for _ in range(n)])
    return Estimate(sample.mean(0), sample.std(0, ddof=1) / np.sqrt(len(sample)))


def subsets(n: int) -> Iterator[list[int]]:
    """All subsets of 0 ... n-1, the empty one first."""
    for size in range(n + 1):
        yield from (list(chosen) for chosen in itertools.combinations(range(n), size))


def signs(n: int) -> Iterator[Array]:
    """All vectors of n entries from -1, 0 and 1: the sign patterns that a minimiser with an l1 penalty may have."""
    return (np.array(pattern, dtype=float) for pattern in itertools.product((-1, 0, 1), repeat=n))


def permutations(n: int) -> Iterator[Array]:
    """All orders of 0 ... n-1."""
    return (np.array(order) for order in itertools.permutations(range(n)))


# ---- minima --------------------------------------------------------------------------------------------------


def minimise(f: Function, x0: Any) -> Array:
    """Where the smooth function f is smallest, near x0: BFGS, then Newton steps until the gradient vanishes."""
    from scipy import optimize

    bfgs: Function = optimize.minimize
    shape = np.shape(x0)

    def at(flat: Array) -> float:
        return float(np.asarray(f(flat.reshape(shape) if shape else float(flat[0]))).reshape(()))

    with np.errstate(all="ignore"):
        x = bfgs(at, np.ravel(np.asarray(x0, dtype=float)), jac=lambda z: derivative(at, z), method="BFGS").x
        x, left = _polished(at, x)
    if not left < 1e-6:
        raise ArithmeticError(f"the minimum was not reached: the gradient is still {left:.1e}")
    return np.asarray(x.reshape(shape)) if shape else x[0]


def _polished(f: Function, x: Array) -> tuple[Array, float]:
    """Newton steps while they lower the gradient, which is returned relative to the curvature."""
    gradient = derivative(f, x)
    scale = 1.0
    for _ in range(8):
        curvature = hessian(f, x)
        if not (np.isfinite(curvature).all() and np.isfinite(gradient).all()):
            return x, np.inf
        scale = 1.0 + float(np.max(np.abs(curvature)))
        step = x - np.linalg.lstsq(curvature, gradient, rcond=1e-10)[0]
        after = derivative(f, step)
        if not np.max(np.abs(after)) < np.max(np.abs(gradient)):
            break
        x, gradient = step, after
    return x, float(np.max(np.abs(gradient))) / scale


def minimise_scalar(f: Function, low: float, high: float) -> float:
    """Where the convex function f of one number is smallest in [low, high]; it may have kinks."""
    from scipy.optimize import minimize_scalar

    x = float(minimize_scalar(f, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x)
    x = min((x, float(low), float(high)), key=f)
    if low < x < high:
        polished = float(_polished(lambda z: f(float(z[0])), np.array([x]))[0][0])
        if low < polished < high and abs(polished - x) < 1e-6 * (1 + abs(x)):
            return polished
    return x
