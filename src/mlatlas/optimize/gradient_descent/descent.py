"""The loop that all descent methods share, x ← x + t d, and what it returns.

A method chooses the direction d and a search the step t along it. Everything of length n is allocated once: x and its
gradient g, the direction d, and the trial point x + t d with its gradient.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Function = Callable[[Floats], Any]
Callback = Callable[[int, Floats, float, float], object]


@dataclass(frozen=True)
class Trace:
    """What happened: entry k belongs to the point after k steps, entry 0 to the start.

    Attributes:
        fun: f(x_k), of shape (nit + 1,).
        grad_norm: the largest |∂f/∂x_i| at x_k, of shape (nit + 1,).
        step: the t of x_{k+1} = x_k + t d_k, of shape (nit,).
        x: the points x_k, of shape (nit + 1, n); None unless ``points=True`` was asked for.
    """

    fun: Floats
    grad_norm: Floats
    step: Floats
    x: Floats | None


@dataclass(frozen=True)
class Minimum:
    """Where a minimiser stopped, and why.

    Attributes:
        x: the last point, of shape (n,).
        fun: f(x).
        grad: the gradient at x, of shape (n,).
        grad_norm: its largest |component|.
        nit: steps taken.
        nfev: evaluations of f.
        converged: whether grad_norm ≤ gtol.
        message: why it stopped, in a sentence.
        trace: what happened at each step.
    """

    x: Floats = field(repr=False)
    fun: float
    grad: Floats = field(repr=False)
    grad_norm: float
    nit: int
    nfev: int
    converged: bool
    message: str
    trace: Trace = field(repr=False)


class Objective:
    """f and its gradient, checked at every call."""

    def __init__(self, f: Function, jac: Function | None) -> None:
        self.f, self.jac, self.calls = f, jac, 0

    def value(self, x: Floats, gradient: Floats) -> float:
        """f(x), with NaN as +∞; the gradient is filled in too where it comes with the value."""
        self.calls += 1
        found = self.f(x)
        if self.jac is not None:
            return _number(found)
        if not (isinstance(found, tuple) and len(found) == 2):
            raise TypeError(
                f"f must return a pair (value, gradient); got {type(found).__name__}. "
                "Return both, or pass a function for the gradient as jac."
            )
        _keep(found[1], gradient)
        return _number(found[0])

    def gradient(self, x: Floats, gradient: Floats) -> float:
        """Fill in the gradient at x, the point whose value was asked for last; returns its largest |component|."""
        if self.jac is not None:
            _keep(self.jac(x), gradient)
        size = largest(gradient)
        if not math.isfinite(size):
            at = int(np.flatnonzero(~np.isfinite(gradient))[0])
            raise ValueError(
                f"the gradient must be finite where f is; component {at} is {gradient[at]}. Check its formula at this x."
            )
        return size


class Line:
    """The current point with f and its gradient, and φ(t) = f(x + t d) along a direction d."""

    def __init__(self, f: Function, x0: ArrayLike, jac: Function | None) -> None:
        self.objective = Objective(f, jac)
        self.x = _start(x0)
        self.g, self.d, self.new_x, self.new_g = (np.empty_like(self.x) for _ in range(4))
        self.fun = self.objective.value(self.x, self.g)
        if not math.isfinite(self.fun):
            raise ValueError("f must be finite at x0; it is NaN or infinite there. Start from another point.")
        self.grad_norm = self.objective.gradient(self.x, self.g)
        self.t = self.slope0 = self.new_fun = self.new_slope = self.new_norm = math.nan

    def aim(self) -> float:
        """φ'(0) = gᵀd, once the direction stands in d."""
        self.slope0 = float(self.g @ self.d)
        return self.slope0

    def value(self, t: float) -> float:
        """φ(t), with NaN as +∞."""
        self.t = t
        np.multiply(self.d, t, out=self.new_x)
        self.new_x += self.x  # (step)
        self.new_fun = self.objective.value(self.new_x, self.new_g)
        return self.new_fun

    def slope(self) -> float:
        """φ'(t) at the t whose value was asked for last."""
        self.new_norm = self.objective.gradient(self.new_x, self.new_g)
        self.new_slope = float(self.new_g @ self.d)
        return self.new_slope

    def move(self) -> None:
        """Make the trial point the current one."""
        self.x, self.new_x, self.g, self.new_g = self.new_x, self.x, self.new_g, self.g
        self.fun, self.grad_norm = self.new_fun, self.new_norm


class Method(Protocol):
    """How a descent method chooses its direction."""

    def aim(self, line: Line) -> float:
        """Write the direction into ``line.d`` and return the first step to try along it."""

    def learn(self, line: Line) -> None:
        """Take note of the step from ``line.x`` to ``line.new_x``, while both gradients are at hand."""

    def forget(self) -> bool:
        """Drop what was learned, because a search failed; False if there was nothing to drop."""


Search = Callable[[Line, float], bool]  # leaves an acceptable trial point in the line, or returns False

FAILED = (
    "No step along the direction lowers f: it is as low as rounding allows, or falls without end, "
    "or the gradient is not its derivative."
)


def descend(
    line: Line, method: Method, search: Search, *, gtol: float, max_iter: int, callback: Callback | None, points: bool
) -> Minimum:
    """Repeat x ← x + t d until no partial derivative exceeds gtol."""
    if not gtol >= 0:
        raise ValueError(f"gtol must be at least 0; got {gtol!r}. Pass the largest partial derivative to accept.")
    if not (isinstance(max_iter, int | np.integer) and max_iter >= 0):
        raise ValueError(f"max_iter must be an integer of at least 0; got {max_iter!r}. Pass the most steps to take.")
    fun, norms, steps, visited = [line.fun], [line.grad_norm], list[float](), [line.x.copy()]
    message = ""
    while not message:
        if line.grad_norm <= gtol:
            message = f"No partial derivative exceeds gtol={gtol:g}."
        elif len(steps) == max_iter:
            message = f"Stopped after max_iter={max_iter} steps. Allow more, or bring the variables to one scale."
        else:
            first = method.aim(line)
            if line.aim() < 0 and search(line, first):
                method.learn(line)
                line.move()
                steps.append(line.t)
                fun.append(line.fun)
                norms.append(line.grad_norm)
                if points:
                    visited.append(line.x.copy())
                if callback is not None and callback(len(steps), line.x, line.fun, line.grad_norm) is True:
                    message = "Stopped by the callback."
            elif not method.forget():
                message = FAILED
    trace = Trace(np.array(fun), np.array(norms), np.array(steps), np.array(visited) if points else None)
    return Minimum(
        x=line.x,
        fun=line.fun,
        grad=line.g,
        grad_norm=line.grad_norm,
        nit=len(steps),
        nfev=line.objective.calls,
        converged=line.grad_norm <= gtol,
        message=message,
        trace=trace,
    )


def largest(g: Floats) -> float:
    """The largest |component|, without a temporary array; NaN if there is one."""
    return float(max(np.maximum.reduce(g), -np.minimum.reduce(g)))


def _number(value: Any) -> float:
    if not isinstance(value, float) and (np.ndim(value) or not np.isreal(value)):
        raise ValueError(
            f"f must return one real number; got {np.asarray(value)!r}. Add up the terms of the objective."
        )
    value = float(value)
    if value == -math.inf:
        raise ValueError("f must be bounded below; it is -inf at a trial point. Add a penalty or a bound.")
    return math.inf if math.isnan(value) else value


def _keep(found: Any, gradient: Floats) -> None:
    g = np.asarray(found)
    if g.shape != gradient.shape:
        raise ValueError(
            f"the gradient must have the shape of x, {gradient.shape}; got {g.shape}. "
            "Return one partial derivative for each variable."
        )
    if g.dtype.kind not in "fiu":
        raise ValueError(f"the gradient must hold real numbers; got dtype {g.dtype}. Return an array of floats.")
    np.copyto(gradient, g)


def _start(x0: ArrayLike) -> Floats:
    x = np.asarray(x0)
    if x.ndim != 1 or x.size == 0:
        raise ValueError(f"x0 must be a vector with at least one entry; got shape {x.shape}. Pass a 1-D array.")
    if x.dtype.kind not in "iuf":
        raise ValueError(f"x0 must hold real numbers; got dtype {x.dtype}. Convert it to floats.")
    x = x.astype(np.float64)
    if not np.isfinite(x).all():
        raise ValueError("x0 must be finite; it holds NaN or infinities. Start from a finite point.")
    return x
