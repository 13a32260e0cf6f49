"""Orthant-wise limited-memory quasi-Newton: minimise f(x) + Σ lᵢ|xᵢ| for a smooth f.

Within an orthant, where no xᵢ changes its sign, the absolute values are linear, and their sum is smooth. So each step

    takes the subgradient that is shortest,   ◇ᵢ = ∂ᵢf + lᵢ sign xᵢ, and where xᵢ = 0, ∂ᵢf shortened by lᵢ towards zero
    turns it by what L-BFGS has learned of f, d = −B ◇, and drops the dᵢ that do not go against ◇ᵢ
    goes along d and stops every xᵢ at zero that would leave the orthant of x, or of −◇ᵢ where xᵢ = 0

until the sum has fallen enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Smooth = Callable[[Floats], tuple[float, Floats]]
Stop = Callable[[Floats, float, Floats], bool]

ENOUGH = 1e-4  # the share of the promised fall that is asked for
HALVINGS = 40
ROUNDING = 4 * float(np.finfo(np.float64).eps)


def owlqn(f: Smooth, x: Floats, l1: Floats, memory: int, stop: Stop) -> None:
    """Go down from x until `stop(x, f(x) + Σ l|x|, ◇)` says so, or no step falls; it is asked at the start too.

    Source: Andrew, Gao 2007, Scalable training of L1-regularized log-linear models.
    """
    pairs: deque[tuple[Floats, Floats, float]] = deque(maxlen=memory)
    value, g = f(x)
    value += float(l1 @ np.abs(x))
    slope = shortest(x, g, l1)
    ended = stop(x, value, slope)
    while not ended:
        d = -turned(slope, pairs)
        d[d * slope >= 0] = 0.0
        orthant = np.where(x != 0, np.sign(x), -np.sign(slope))
        t = 1.0 if pairs else 1 / max(float(np.linalg.norm(d)), 1e-300)
        for _ in range(HALVINGS):
            new = x + t * d
            new[new * orthant < 0] = 0.0
            new_value, new_g = f(new)
            new_value += float(l1 @ np.abs(new))
            if new_value <= value + ENOUGH * float(slope @ (new - x)):
                break
            t /= 2
        if value - new_value <= ROUNDING * abs(value):  # no fall that numbers can show
            if not pairs:
                return
            pairs.clear()
            continue
        s, y = new - x, new_g - g
        if (sy := float(s @ y)) > 1e-12 * float(y @ y):
            pairs.append((s, y, sy))
        x, value, g = new, new_value, new_g
        slope = shortest(x, g, l1)
        ended = stop(x, value, slope)


def shortest(x: Floats, g: Floats, l1: Floats) -> Floats:
    """The shortest subgradient ◇ of f + Σ l|x|, where g = ∇f(x)."""
    at_zero = np.sign(g) * np.maximum(np.abs(g) - l1, 0.0)
    return np.where(x != 0, g + l1 * np.sign(x), at_zero)


def turned(g: Floats, pairs: deque[tuple[Floats, Floats, float]]) -> Floats:
    """B g from the last pairs s, y by Nocedal's two loops."""
    q, shares = g.copy(), []
    for s, y, sy in reversed(pairs):
        shares.append(float(s @ q) / sy)
        q -= shares[-1] * y
    if pairs:
        _, y, sy = pairs[-1]
        q *= sy / float(y @ y)
    for (s, y, sy), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(y @ q) / sy) * s
    return q
