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
TRIALS = 50


def strong_wolfe(line: Line, t: float) -> bool:
    """Find an acceptable step, trying t first; False if rounding or an unbounded f leaves none."""
    value0, slope0 = line.fun, line.slope0
    noise = ROUNDING * abs(value0)
    left, right = (0.0, value0, slope0), (math.inf, math.inf, math.inf)
    width = math.inf
    for _ in range(TRIALS):
        value = line.value(t)
        slope = line.slope() if math.isfinite(value) else math.inf
        fallen = value <= value0 + FALL * t * slope0 or (
            value <= value0 + noise and slope <= (2 * FALL - 1) * slope0
        )
        if fallen and abs(slope) <= FLATTEN * -slope0:
            return True
        if fallen and slope < 0:
            left = t, value, slope
        else:
            right = t, value, slope
        if math.isinf(right[0]):
            t = _beyond(left, t)
            continue
        t = _cubic(left, right)
        old, width = width, right[0] - left[0]
        if not math.isfinite(t) or width > 0.66 * old:
            t = left[0] + width / 2
        t = min(max(t, left[0] + width / 10), right[0] - width / 10)
        if not left[0] < t < right[0]:
            return False
    return False


def _beyond(left: tuple[float, float, float], t: float) -> float:
    raise NotImplementedError
