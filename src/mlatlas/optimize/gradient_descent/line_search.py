"""How far to go along a direction d: searches on φ(t) = f(x + t d), which starts downhill, φ'(0) < 0.

    fixed          t as it was given
    backtracking   the first of t, t/2, t/4, … with   φ(t) ≤ φ(0) + c t φ'(0)                       (Armijo)
    flattening     any t where φ has fallen so far and is flat:   |φ'(t)| ≤ c₂ |φ'(0)|      (strong Wolfe conditions)

Flattening with a c₂ near zero is the exact search: it ends where φ'(t) = 0.
"""

from __future__ import annotations

import math

from mlatlas.optimize.gradient_descent.descent import Line, Search

ARMIJO = 0.25  # c of backtracking: the share of the promised fall that is asked for
SHRINK = 0.5
EXACT = 1e-8  # the c₂ that counts as zero
DIVERGED = 1e100  # f, relative to its start, that no descent reaches
ROUNDING = 1e-13  # of f, relative: how far two values that should be equal may lie apart
DIGITS = 1e3  # a fall of so many roundings can be measured
GROWTH = 10.0  # of the step from one trial to the next, at most
TRIALS = 60


def fixed(step: float) -> Search:
    """The same step every time; an f that explodes is an error."""
    start = math.nan

    def search(line: Line, t: float) -> bool:
        nonlocal start
        start = line.fun if math.isnan(start) else start
        if not line.value(step) <= DIVERGED * max(1.0, abs(start)):
            raise FloatingPointError(
                f"step={step:g} diverges: f rose from {start:.3g} to {line.new_fun:.3g}. It must stay below 2 over the "
                "largest curvature of f; pass a smaller one, or step='backtracking'."
            )
        line.slope()
        return True

    return search


def backtracking(line: Line, t: float) -> bool:
    """Halve t until f falls by a quarter of what the slope promises; False when no trial does."""
    noise = _noise(line, t)
    for _ in range(TRIALS):
        if not (noise or _measurable(line, t)):
            break
        if _fallen(line, line.value(t), ARMIJO, noise):
            line.slope()
            return True
        t *= SHRINK
    return False


def flattening(c2: float) -> Search:
    """A search for the strong Wolfe conditions |φ'(t)| ≤ c₂ |φ'(0)| and φ(t) ≤ φ(0) + c₁ t φ'(0), with c₁ = 10⁻⁴ c₂.

    The bracket [left, right] keeps two facts: at its left end φ has fallen enough and still falls too steeply; at its
    right end φ has not fallen enough, or rises. Such a bracket holds a step that satisfies both conditions, so it is
    only to be shrunk.
    """
    c1 = 1e-4 * c2

    def search(line: Line, t: float) -> bool:
        noise = _noise(line, t)
        left, right = (0.0, line.fun, line.slope0), (math.inf, math.inf, math.inf)
        width = math.inf
        for _ in range(TRIALS):
            if not (noise or left[0] or _measurable(line, t)):
                return False
            value = line.value(t)
            low = _fallen(line, value, c1, noise)
            slope = line.slope() if value < math.inf else math.inf
            if low and abs(slope) <= -c2 * line.slope0:
                return True
            if low and slope < 0:
                left = t, value, slope
            else:
                right = t, value, slope
            if right[0] == math.inf:
                t = _beyond(line.slope0, left)
                continue
            before, width = width, right[0] - left[0]
            t = _between(left, right, noise) if width <= before / 2 else left[0] + width / 2
            if not left[0] < t < right[0]:
                break
        if left[0] == 0.0:
            return False
        line.value(left[0])  # the bracket has shrunk to nothing: take the end at which f is lower than at the start
        line.slope()
        return True

    return search


exact = flattening(EXACT)

End = tuple[float, float, float]  # t, φ(t), φ'(t)


def _noise(line: Line, t: float) -> float:
    """The rounding of f, where the first trial promises a fall of no more than a few digits of it; otherwise zero."""
    return 0.0 if _measurable(line, t, DIGITS) else ROUNDING * abs(line.fun)


def _measurable(line: Line, t: float, digits: float = 1.0) -> bool:
    """Whether the fall that the slope promises is more than so many roundings of f."""
    return -t * line.slope0 > digits * ROUNDING * abs(line.fun)


def _fallen(line: Line, value: float, c: float, noise: float) -> bool:
    """Armijo's condition φ(t) ≤ φ(0) + c t φ'(0).

    Where rounding drowns it, what it says of the slopes of a parabola is asked instead: φ'(t) ≤ (2c − 1) φ'(0) (Hager
    and Zhang 2005).
    """
    if noise:
        return value <= line.fun + noise and line.slope() <= (2 * c - 1) * line.slope0
    return value <= line.fun + c * line.t * line.slope0  # (armijo)


def _beyond(slope0: float, left: End) -> float:
    """Where the slope would be zero if it rose as it has done so far, at most ten times as far."""
    t, _, slope = left
    growth = slope0 / (slope0 - slope) if slope > slope0 else GROWTH  # (exact-step)
    return t * min(max(growth, 1.1), GROWTH)


def _between(left: End, right: End, noise: float) -> float:
    """The minimum of the cubic through both ends, or of the parabola with their slopes where values are mere rounding."""
    (a, fun_a, slope_a), (b, fun_b, slope_b) = left, right
    t = math.nan
    if slope_b < math.inf:
        mean = slope_a + slope_b - 3 * (fun_b - fun_a) / (b - a)
        root = mean * mean - slope_a * slope_b
        if slope_b > 0 and abs(fun_b - fun_a) <= noise:
            t = a - slope_a * (b - a) / (slope_b - slope_a)
        elif 0 < root < math.inf:
            root = math.sqrt(root)
            t = b - (b - a) * (slope_b + root - mean) / (slope_b - slope_a + 2 * root)
    margin = 1e-3 * (b - a)
    return min(max(t, a + margin), b - margin) if math.isfinite(t) else (a + b) / 2
