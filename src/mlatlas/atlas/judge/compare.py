"""What a law or a known answer returns, and when two sides agree.

Every comparison is measured as a relative gap. It *holds* up to one tolerance, it is *apart* from a hundred tolerances on,
and in between it is neither: such a gap kills no mutant and is no counterexample. Statistical comparisons are judged by a
p-value instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

APART = 100.0  # tolerances between two sides that are said to differ
TOLERANCE = 1e-6
P_HOLDS, P_APART = 1e-4, 1e-8


@dataclass(frozen=True)
class Comparison:
    """A gap between two sides: ``holds`` within the tolerance, ``apart`` beyond a hundred; ``reason`` when it is no number.

    ``scale`` is what the gap is relative to, infinite where chance decides; ``parts`` are the comparisons of a list.
    """

    gap: float
    holds: bool
    apart: bool
    reason: str = ""
    left: Any = None
    right: Any = None
    scale: float = np.inf
    tolerance: float = TOLERANCE
    parts: tuple[Comparison, ...] = ()


def _broken(reason: str, left: Any, right: Any) -> Comparison:
    return Comparison(np.inf, False, False, reason, left, right)


def _sides(left: Any, right: Any) -> tuple[np.ndarray, np.ndarray, Comparison | None]:
    try:
        a, b = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    except (TypeError, ValueError):
        return np.empty(0), np.empty(0), _broken("a side is not numeric", left, right)
    if a.shape != b.shape:
        return a, b, _broken(f"shapes {a.shape} and {b.shape} differ", a, b)
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return a, b, _broken("a side is not finite", a, b)
    return a, b, None


def _measured(difference: float, left: Any, right: Any, scale: float, tolerance: float) -> Comparison:
    gap = difference / max(scale, np.finfo(float).tiny)
    return Comparison(gap, gap <= tolerance, gap >= APART * tolerance, "", left, right, scale, tolerance)


def _scale(a: np.ndarray, b: np.ndarray, scale: float) -> float:
    return max(float(np.max(np.abs(a), initial=0.0)), float(np.max(np.abs(b), initial=0.0)), scale)


def agree(left: Any, right: Any, *, scale: float = 0.0, tolerance: float = TOLERANCE) -> Comparison:
    """Both sides are equal: max|a - b| / max(|a|, |b|, scale) within the tolerance."""
    a, b, broken = _sides(left, right)
    return broken or _measured(float(np.max(np.abs(a - b), initial=0.0)), a, b, _scale(a, b, scale), tolerance)


def atmost(left: Any, right: Any, *, scale: float = 0.0, tolerance: float = TOLERANCE) -> Comparison:
    """The left side exceeds the right one nowhere: max(a - b, 0) / max(|a|, |b|, scale) within the tolerance."""
    a, b, broken = _sides(left, right)
    return broken or _measured(float(np.max(a - b, initial=0.0)), a, b, _scale(a, b, scale), tolerance)


def differs(left: Any, right: Any, *, scale: float = 0.0, tolerance: float = TOLERANCE) -> Comparison:
    """The sides are apart by at least a hundred tolerances; the gap is what is missing of that, from 0 to 1."""
    equal = agree(left, right, scale=scale, tolerance=tolerance)
    if equal.reason:
        return equal
    missing = max(0.0, 1.0 - equal.gap / (APART * tolerance))
    return replace(equal, gap=missing, holds=equal.apart, apart=equal.holds)


def falls(sequence: Sequence[float] | np.ndarray, *, scale: float = 0.0, tolerance: float = TOLERANCE) -> Comparison:
    """The sequence never rises: the largest rise from one value to the next, relative to the largest value."""
    values = np.asarray(sequence, dtype=float)
    return atmost(values[1:], values[:-1], scale=scale, tolerance=tolerance)


def moments(sample: np.ndarray, mean: Any, variance: Any | None = None) -> Comparison:
    """A sample (n, ...) has this mean and this variance: two-sided z tests on every component, Bonferroni-corrected."""
    from scipy.stats import norm

    x = np.asarray(sample, dtype=float)
    x = x.reshape(len(x), -1)
    if not np.isfinite(x).all():
        return _broken("the sample is not finite", x, mean)
    target = np.broadcast_to(np.asarray(mean, dtype=float).ravel(), x.shape[1:])
    spread = x.std(0, ddof=1) + np.finfo(float).tiny
    z = [(x.mean(0) - target) / (spread / np.sqrt(len(x)))]
    if variance is not None:
        squares = (x - target) ** 2
        z.append(
            (squares.mean(0) - np.ravel(variance)) / (squares.std(0, ddof=1) / np.sqrt(len(x)) + np.finfo(float).tiny)
        )
    scores = np.abs(np.concatenate(z))
    p = float(min(1.0, len(scores) * 2 * norm.sf(scores.max())))
    return Comparison(1 - p, p >= P_HOLDS, p <= P_APART, "", x.mean(0), target)


def compared(result: Any, tolerance: float) -> Comparison:
    """What a body returned, as one comparison: a pair, a comparison, or a list of comparisons that must all hold."""
    if isinstance(result, Comparison):
        return result
    if isinstance(result, list) and result and all(isinstance(one, Comparison) for one in result):
        several: list[Comparison] = result
        broken = [one for one in several if one.reason]
        worst = broken[0] if broken else max(several, key=lambda one: (one.apart, not one.holds, one.gap))
        return replace(worst, parts=tuple(several))
    if isinstance(result, tuple) and len(result) == 2:
        return agree(*result, tolerance=tolerance)
    raise TypeError(f"a law returns a pair, a comparison or a list of comparisons, not {type(result).__name__}")
