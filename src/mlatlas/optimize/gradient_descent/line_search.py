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
GROWTH = 10.0  # of the step while φ is as steep as at the start: a parabola's minimum is farther still
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
    """Halve t until f falls by a quarter of what the slope promises; False when rounding drowns the fall."""
    for _ in range(TRIALS):
        if line.value(t) <= line.fun + ARMIJO * t * line.slope0:  # (armijo)
            line.slope()
            return True
        t *= SHRINK
    return False


def flattening(c2: float) -> Search:
    """A search for the strong Wolfe conditions |φ'(t)| ≤ c₂ |φ'(0)| and φ(t) ≤ φ(0) + c₁ t φ'(0), with c₁ = 10⁻⁴ c₂.

    The bracket [left, right] keeps two facts: at its left end φ has fallen enough and still falls too steeply; at its
    right end φ has not fallen enough, or rises. Such a bracket holds a step that satisfies both conditions, so it is
    only to be shrunk. Where values differ by no more than their rounding, the first condition is replaced by what it
    says of the slopes of a parabola, φ'(t) ≤ (2c₁ - 1) φ'(0) (Hager and Zhang 2005).
    """
    c1 = 1e-4 * c2

    def search(line: Line, t: float) -> bool:
        noise = ROUNDING * abs(line.fun)
        left, right = (0.0, line.fun, line.slope0), (math.inf, math.inf, math.inf)
        width = math.inf
        for _ in range(TRIALS):
            value = line.value(t)
            slope = line.slope() if value < math.inf else math.inf
            fallen = value <= line.fun + c1 * t * line.slope0 or (
                value <= line.fun + noise and slope <= (2 * c1 - 1) * line.slope0
            )
            if fallen and abs(slope) <= -c2 * line.slope0:
                return True
            if fallen and slope < 0:
                left = t, value, slope
            else:
                right = t, value, slope
            if right[0] == math.inf:
                t *= GROWTH
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
