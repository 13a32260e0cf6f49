"""Statements that many concepts share. A law that names a trait inherits its statement and its body from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    import numpy as np

    from mlatlas.atlas.judge.compare import Comparison

TRAITS: dict[str, Text] = {
    "permutation-invariant": Text(
        en="The order of the samples does not matter.",
        zh="样本的先后次序不影响结果。",
    ),
    "weights-repeat": Text(
        en="For a fixed penalty, an integer sample weight is the same as so many repeated rows.",
        zh="惩罚固定时，整数样本权重等价于把该样本重复相应的次数。",
    ),
    "convex": Text(
        en="The duality gap certifies: no coefficients have an objective lower by more than the gap.",
        zh="对偶间隙就是证书：任何系数的目标值都不会比它低出一个间隙以上。",
    ),
    "em": Text(
        en="A step of EM never lowers the log-likelihood, or with priors the sum of it and the logarithm of the prior.",
        zh="EM 的每一步都不会降低对数似然；有先验时，不会降低对数似然与先验对数之和。",
    ),
    "probabilistic-classifier": Text(
        en="The probabilities of a row are not negative and sum to one, and relabelling the classes permutes them.",
        zh="每个样本的各类概率非负且和为一；给类别改名，概率随之置换。",
    ),
}

Fit = Callable[..., Any]


def permutation_invariant(fit: Fit, X: np.ndarray, y: np.ndarray, order: np.ndarray) -> tuple[Any, Any]:
    """``fit(X, y)`` on the samples as they come and in another order."""
    return fit(X, y), fit(X[order], y[order])


def weights_repeat(fit: Fit, X: np.ndarray, y: np.ndarray, counts: np.ndarray) -> tuple[Any, Any]:
    """``fit(X, y, weights)`` with integer weights, and on the repeated rows without weights."""
    return fit(X, y, counts.astype(float)), fit(X.repeat(counts, axis=0), y.repeat(counts, axis=0), None)


def convex(objective: Callable[[Any], float], answer: Any, gap: float, rivals: list[Any]) -> Comparison:
    """The answer's objective, less its gap, is at most that of every rival."""
    from mlatlas.atlas.judge.compare import atmost

    best = min(objective(rival) for rival in rivals)
    return atmost(objective(answer) - gap, best)


def em(objectives: list[float]) -> Comparison:
    """What EM climbs, before the first step and after each."""
    from mlatlas.atlas.judge.compare import falls

    return falls([-value for value in objectives])


def probabilistic_classifier(
    probabilities: Callable[[np.ndarray, np.ndarray], np.ndarray], X: np.ndarray, y: np.ndarray, names: np.ndarray
) -> list[Comparison]:
    """``probabilities(X, y)`` of shape (n, k), with y in 0 ... k−1, and again with class j called ``names[j]``."""
    from mlatlas.atlas.judge.compare import agree, atmost

    P, renamed = probabilities(X, y), probabilities(X, names[y])
    return [agree(P.sum(axis=1), 1.0 + 0.0 * P[:, 0]), atmost(0.0 * P, P, scale=1.0), agree(renamed[:, names], P)]
