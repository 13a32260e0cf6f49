"""A step that satisfies the strong Wolfe conditions

    φ(t) ≤ φ(0) + c₁ t φ'(0),        |φ'(t)| ≤ c₂ |φ'(0)|.

The bracket [left, right] keeps two facts: at the left end φ has fallen enough and still falls steeply; at the right end
φ has not fallen enough, or rises. Such a bracket always holds a step that satisfies both conditions, so it is enough to
shrink it. Near the minimum, where the values differ by no more than their rounding, the first condition is replaced by
the equivalent one on slopes of a parabola, φ'(t) ≤ (2c₁ − 1) φ'(0) (Hager and Zhang 2005).
"""

from __future__ import annotations

import math

from mlatlas.optimize.gradient_descent.descent import Line

FALL = 1e-4  # c₁
FLATTEN = 0.9  # c₂
ROUNDING = 1e-13  # of f, relative: how far two values that should be equal may lie apart
GROWTH = 10  # of the step while the slope stays steeper than c₂ of the first: a parabola's minimum is farther still
TRIALS = 50

End = tuple[float, float, float]  # t, φ(t), φ'(t)


def strong_wolfe(line: Line, t: float) -> bool:
    """Find an acceptable step, trying t first; False if rounding or an unbounded f leaves none."""
    value0, slope0 = line.fun, line.slope0
    noise = ROUNDING * abs(value0)
    left, right = (0.0, value0, slope0), (math.inf, math.inf, math.inf)
    width = math.inf
    for _ in range(TRIALS):
        value = line.value(t)
        slope = line.slope() if value < math.inf else math.inf
        fallen = value <= value0 + FALL * t * slope0 or (
            value <= value0 + noise and slope <= (2 * FALL - 1) * slope0
        )
        if fallen and abs(slope) <= -FLATTEN * slope0:
            return True
        if fallen and slope < 0:
            left = t, value, slope
        else:
            right = t, value, slope
        if right[0] == math.inf:
            t *= GROWTH
            continue
        before, width = width, right[0] - left[0]
        t = _between(left, right, noise) if width < before / 2 else left[0] + width / 2
        if not left[0] < t < right[0]:
            return False
    return False


def _between(left: End, right: End, noise: float) -> float:
    """The minimiser of the cubic through both ends, or of the parabola where the values are mere rounding."""
    (a, fun_a, slope_a), (b, fun_b, slope_b) = left, right
    t = math.nan
    if slope_b < math.inf:
        mean = slope_a + slope_b - 3 * (fun_b - fun_a) / (b - a)
        root = mean**2 - slope_a * slope_b
        if abs(fun_b - fun_a) <= noise < math.inf and slope_b > 0:
            t = a - slope_a * (b - a) / (slope_b - slope_a)
        elif root > 0:
            root = math.sqrt(root)
            t = b - (b - a) * (slope_b + root - mean) / (slope_b - slope_a + 2 * root)
    margin = (b - a) / 10
    return min(max(t, a + margin), b - margin) if math.isfinite(t) else (a + b) / 2
