"""Coordinate descent on a model of the problem, until the duality gap certifies the answer to the problem itself.

Shapes: n rows, p features, k of them in the working set W; A (n, p) is the weighted and centred design, A_W (n, k).
For λ, β ≥ 0 the problem is to minimise

    P(w) = ½‖y − A w‖² + λ‖w‖₁ + ½β‖w‖².

Write r = y − A w and g = Aᵀr − β w. Stacking √β I under A and zeros under y makes the problem a lasso, whose dual is

    D(θ) = θᵀ(y, 0) − ½‖θ‖²  subject to  |(A, √β I)ᵀθ| ≤ λ,

and θ = s (r, −√β w) with s = min(1, λ/‖g‖∞) is feasible. There the gap P(w) − D(θ) ≥ P(w) − min P equals

    ½ (1 − s)² (‖r‖² + β‖w‖²) + λ‖w‖₁ − s gᵀw,

a sum without negative terms, as s|g| ≤ λ, so that nothing cancels when it is small.

The model is the problem on the few features that may be in use (`_Gathered`, `_Sparse`), or, for many more rows than
features, one with AᵀA from some of the rows (`_Products`). Either is cheap to descend on; a product with A then gives
the gap over all features and rows, and says how to improve the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlatlas.linear.lasso.kernels import Floats, gather, sweep_dense, sweep_sparse
from mlatlas.numerics.tables import Design

Indices = NDArray[np.intp]

ROUND = 100  # features that may join W at once, and a quarter of W
FEW = 4  # sweeps over the features in use to one over all of W
PART = 0.1  # the part of the present gap to which a model is solved,
SLACK = 0.9  # but of the allowed gap no less than this
CHEAP = 16  # features for which AᵀA costs as much as a product with A
SAMPLE = 20  # rows for each feature in a sample
MOVES = 30  # steps on a sampled model before all rows are taken


@dataclass(frozen=True)
class Penalty:
    """λ‖w‖₁ + ½β‖w‖², with w ≥ 0 if `positive`."""

    lam: float
    beta: float
    positive: bool = False

    def pull(self, g: Floats) -> Floats:
        """Return how strongly g draws each feature from zero: one at zero stays there up to λ."""
        return g if self.positive else np.abs(g)

    def gap(self, w: Floats, g: Floats, pull: Floats, square: float) -> float:
        """Return the duality gap at w, given g at the features of w, the pull on every feature, and ‖r‖².

        Without λ only a slope that does not draw towards w ≥ 0 counts: ‖g‖²/2β, the gap of the dual that has no
        constraints, or for β = 0, where none is known, ‖g‖².
        """
        strongest = max(float(pull.max()), 0.0)
        if self.lam == 0.0:
            away, back = np.maximum(pull, 0.0), np.minimum(g[w > 0.0], 0.0) if self.positive else np.zeros(0)
            return float(away @ away + back @ back) / (2.0 * self.beta if self.beta > 0.0 else 1.0)
        s = self.lam / max(strongest, self.lam)
        short = 0.5 * (1.0 - s) ** 2 * (square + self.beta * (w @ w))
        return float(short + self.lam * np.abs(w).sum() - s * (g @ w))  # (duality-gap)


def times(design: Design, w: Floats) -> Floats:
    """Return A w (n,): one product with X, in the precision of X."""
    z = np.asarray(design.X @ w.astype(design.X.dtype, copy=False) - design.mean @ w, dtype=np.float64)
    return z if design.root is None else design.root * z


def adjoint(design: Design, r: Floats) -> Floats:
    """Return Aᵀr (p,): one product with X, in the precision of X."""
    sr = r if design.root is None else design.root * r
    x = design.X.T @ sr.astype(design.X.dtype, copy=False)
    return np.asarray(x - design.mean * sr.sum(), dtype=np.float64)


class _Columns:
    """The features W that are descended on, with G = A_WᵀA_W or a model of it.

    A `state` stands for the residual as w changes, and is affine in w: here it is x = A_Wᵀr. With G a coordinate that
    moves costs O(k) and one that stays O(1).
    """

    W: Indices
    G: Floats | None
    squares: Floats  # the diagonal of G

    def __init__(self, design: Design, y: Floats) -> None:
        self.design, self.y = design, y

    def extend(self, features: Indices) -> None:
        """Append features to W."""
        raise NotImplementedError

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, Floats, float]:
        """Go to w, or on the way there as far as is good; return the place, Aᵀr for all p features, and ‖r‖²."""
        raise NotImplementedError

    def start(self, w: Floats, x: Floats, square: float) -> Floats:
        """Return the state at w, where x = A_Wᵀr and square = ‖r‖²."""
        self.origin = w.copy(), x, square
        return x.copy()

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        """Minimise over each coordinate in `order` in turn, changing w and the state."""
        sweep_dense(self.G, True, self.squares, state, w, order, penalty.lam, penalty.beta, penalty.positive)

    def slope(self, state: Floats) -> Floats:
        """Return A_Wᵀr."""
        return state

    def square(self, state: Floats, w: Floats) -> float:
        """Return ‖r‖²."""
        w0, x0, square = self.origin
        return float(square - (w - w0) @ (x0 + state))


class _Gathered(_Columns):
    """A_W gathered from a dense X in Fortran order, with G while k ≤ n. Afterwards the state is r, at O(n) a coordinate."""

    def __init__(self, design: Design, y: Floats) -> None:
        super().__init__(design, y)
        self.root = design.weight
        self.W, self.squares = np.empty(0, np.intp), np.empty(0)
        self.store: Floats = np.empty((len(y), 0), order="F")
        self.G = np.empty((0, 0), order="F")

    @property
    def A(self) -> Floats:
        return self.store[:, : len(self.W)]

    def extend(self, features: Indices) -> None:
        (n, k), p = self.A.shape, self.design.shape[1]
        self.W = np.append(self.W, features)
        size = min(p, len(self.W) * 5 // 4)
        if len(self.W) > self.store.shape[1]:
            self.store = _enlarged(self.store, (n, size))
        old, new = self.A[:, :k], self.A[:, k:]
        mean = self.design.mean[features]
        gather(self.design.X, features, mean, self.root, new)
        if len(self.W) > max(n, ROUND):
            self.G = None
        if self.G is None:
            squares = np.einsum("ij,ij->j", new, new)
        else:
            if len(self.W) > len(self.G):
                self.G = _enlarged(self.G, (size, size))
            both = slice(k, len(self.W))
            self.G[both, both] = new.T @ new
            self.G[:k, both] = old.T @ new
            self.G[both, :k] = self.G[:k, both].T
            squares = self.G.diagonal()[both]
        self.squares = np.append(self.squares, _checked(squares, mean, n))

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, Floats, float]:
        self.r = self.y - self.A @ w
        x = adjoint(self.design, self.r)
        x[self.W] = self.A.T @ self.r  # centred and in double precision, whatever X is
        return w, x, float(self.r @ self.r)

    def start(self, w: Floats, x: Floats, square: float) -> Floats:
        return super().start(w, x, square) if self.G is not None else self.r.copy()

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        if self.G is not None:
            super().sweep(state, w, order, penalty)
            return
        sweep_dense(self.store, False, self.squares, state, w, order, penalty.lam, penalty.beta, penalty.positive)

    def slope(self, state: Floats) -> Floats:
        return state if self.G is not None else self.A.T @ state

    def square(self, state: Floats, w: Floats) -> float:
        return super().square(state, w) if self.G is not None else float(state @ state)


class _Products(_Columns):
    """All features of a dense X, with G = AᵀA from all rows, or a multiple of A_SᵀA_S from a sample S of them.

    With all rows no product with A is needed any more. With a sample, Ĝ errs by about √(k/|S|) of itself for k features
    in use, and a step on its model is taken as far as it lowers a bound on P; the two products with A that this takes
    tell AᵀA d for the step d, which Ĝ is made to agree with (the update of Broyden, Fletcher, Goldfarb and Shanno).
    """

    def __init__(self, design: Design, y: Floats, every: int) -> None:
        super().__init__(design, y)
        p = design.shape[1]
        self.W = np.arange(p)
        self.w, self.r, self.x = np.zeros(p), y, adjoint(design, y)
        self.c, self.moves, self.sampled = self.x, 0, every > 1
        self._multiply(every)

    def _multiply(self, every: int) -> None:
        """Set G from every so many rows."""
        n, rows = len(self.y), slice(None, None, every)
        part = Design(self.design.X[rows], self.design.mean, self.design.weight[rows], self.design.centred)
        self.G = np.asfortranarray(part.gram() * (n / part.shape[0]))
        ...

    def extend(self, features: Indices) -> None:
        """Nothing is outside W."""

