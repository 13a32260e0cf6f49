"""Coordinate descent on a growing working set, until the duality gap certifies the answer.

Shapes: n rows, p features, k features in the working set W; A (n, p) is the weighted and centred design, A_W (n, k).
Every routine minimises, for λ, β ≥ 0,

    P(w) = ½‖y − A w‖² + λ‖w‖₁ + ½β‖w‖².

Write r = y − A w and g = Aᵀr − β w. Stacking √β I under A and zeros under y makes the problem a lasso, whose dual is

    D(θ) = θᵀ(y, 0) − ½‖θ‖²  subject to  |(A, √β I)ᵀθ| ≤ λ,

and θ = s (r, −√β w) with s = min(1, λ/‖g‖∞) is feasible. At this θ the gap P(w) − D(θ) ≥ P(w) − min P is

    ½ (1 − s)² (‖r‖² + β‖w‖²) + λ‖w‖₁ − s gᵀw,

which has no term below zero, so that nothing cancels as it falls.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from mlatlas.linear.lasso.kernels import Floats, sweep_dense, sweep_sparse

Indices = NDArray[np.intp]

ROUND = 100  # features that may join W at once, or half of those in use if these are more
MEMORY = 5  # iterates from which the next one is extrapolated
SLACK = 0.9  # the part of the tolerated gap to which the problem on W is solved


@dataclass(frozen=True)
class Penalty:
    """λ‖w‖₁ + ½β‖w‖², on w ≥ 0 only if `positive`."""

    lam: float
    beta: float
    positive: bool = False

    def of(self, w: Floats) -> float:
        """Its value at w."""
        return float(self.lam * np.abs(w).sum() + 0.5 * self.beta * (w @ w))

    def reach(self, g: Floats) -> Floats:
        """How far the constraint |g| ≤ λ, or g ≤ λ if w ≥ 0, is used up by each feature."""
        return g if self.positive else np.abs(g)

    def gap(self, w: Floats, g_w: Floats, norm: float, square: float) -> float:
        """The duality gap, from g at the features of w, ‖g‖∞ over all features, and ‖r‖²."""
        s = 1.0 if norm <= self.lam else self.lam / norm
        short = 0.5 * (1.0 - s) ** 2 * (square + self.beta * (w @ w))
        return float(short + self.lam * np.abs(w).sum() - s * (g_w @ w))  # (duality-gap)


class Columns(Protocol):
    """The columns A_W = √S (X_W − 1 x̄ᵀ) of a growing working set W."""

    members: Indices

    def extend(self, features: Indices) -> None:
        """Append features to W."""

    def keep(self, chosen: NDArray[np.bool_]) -> None:
        """Drop the members that are not chosen."""

    def gradient(self, r: Floats) -> Floats:
        """Aᵀr for every feature."""

    def times(self, w: Floats) -> Floats:
        """A_W w."""

    def start(self, w: Floats, r: Floats) -> Floats:
        """Return a state that stands for the residual r at w and changes with w, affinely."""

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        """Minimise over the coordinates in `order`, one after the other, changing w and the state."""

    def square(self, state: Floats, w: Floats) -> float:
        """‖r‖²."""

    def slope(self, state: Floats) -> Floats:
        """A_Wᵀr."""


class DenseColumns:
    """A_W gathered from a dense X, with G = A_WᵀA_W as long as |W| ≤ n; the state is then A_Wᵀr, and r otherwise.

    With G a coordinate that stays at zero costs O(1) and one that moves O(k); without, O(n) each.
    """

    def __init__(self, X: Any, mean: Floats, root: Floats | None) -> None:
        self.X, self.mean, self.root = X, mean, root
        n, self.p = X.shape
        self.members: Indices = np.empty(0, np.intp)
        self.squares: Floats = np.empty(0)
        self.buffer: Floats = np.empty((n, 0), order="F")
        self.G: Floats | None = np.empty((0, 0), order="F")

    @property
    def A(self) -> Floats:
        return self.buffer[:, : len(self.members)]

    def extend(self, features: Indices) -> None:
        old = self.A
        n, k = old.shape
        self.members = np.concatenate([self.members, features])
        if len(self.members) > self.buffer.shape[1]:
            self.buffer = np.empty((n, min(self.p, len(self.members) * 5 // 4)), order="F")
            self.buffer[:, :k] = old
        new = self.A[:, k:]
        if self.X.flags.f_contiguous:
            for column, j in zip(new.T, features, strict=True):
                np.subtract(self.X[:, j], self.mean[j], out=column)
        else:
            for rows in (slice(i, i + 256) for i in range(0, n, 256)):
                np.subtract(self.X[rows].take(features, axis=1), self.mean[features], out=new[rows])
        if self.root is not None:
            new *= self.root[:, None]
        self.squares = np.append(self.squares, _squares(new, self.mean[features]))
        if len(self.members) > max(n, ROUND):
            self.G = None
        if self.G is not None:
            G, self.G = self.G, np.empty((self.buffer.shape[1],) * 2, order="F")
            self.G[:k, :k] = G[:k, :k]
            ...

    def keep(self, chosen: NDArray[np.bool_]) -> None:
        pass
