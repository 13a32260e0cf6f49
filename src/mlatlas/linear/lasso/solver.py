"""Coordinate descent on a growing working set, until the duality gap certifies the answer.

Shapes: n rows, p features, k of them in the working set W; A (n, p) is the weighted and centred design, A_W (n, k).
For λ, β ≥ 0 the problem is to minimise

    P(w) = ½‖y − A w‖² + λ‖w‖₁ + ½β‖w‖².

Write r = y − A w and g = Aᵀr − β w. Stacking √β I under A and zeros under y makes the problem a lasso, whose dual is

    D(θ) = θᵀ(y, 0) − ½‖θ‖²  subject to  |(A, √β I)ᵀθ| ≤ λ,

and θ = s (r, −√β w) with s = min(1, λ/‖g‖∞) is feasible. There the gap P(w) − D(θ) ≥ P(w) − min P equals

    ½ (1 − s)² (‖r‖² + β‖w‖²) + λ‖w‖₁ − s gᵀw,

a sum without negative terms, as s|g| ≤ λ, so that nothing cancels when it is small.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlatlas.linear.lasso.kernels import Floats, gather, sweep_dense, sweep_sparse
from mlatlas.numerics.tables import Design

Indices = NDArray[np.intp]

ROUND = 100  # features that may join W at once, or a quarter of those in use if that is more
PASS = 4
GUESS = True
FEW = 4  # sweeps over the features in use to one over all of W
SLACK = 0.9  # the part of the allowed gap to which the problem on W is solved
SAMPLE = 10  # rows for each feature on which a first guess is made, where there are four times as many


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


def gradient(design: Design, r: Floats) -> Floats:
    """Return Aᵀr (p,): one product with X, in the precision of X."""
    sr = r if design.root is None else design.root * r
    x = design.X.T @ sr.astype(design.X.dtype, copy=False)
    return np.asarray(x - design.mean * sr.sum(), dtype=np.float64)


class Columns(ABC):
    """The columns of a design A that are in a growing working set W."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self.W: Indices = np.empty(0, np.intp)
        self.squares: Floats = np.empty(0)  # ‖aⱼ‖² of the members

    @abstractmethod
    def extend(self, features: Indices) -> None:
        """Append features to W."""

    @abstractmethod
    def start(self, w: Floats, r: Floats, x: Floats) -> Floats:
        """Return a state: an array that stands for the residual r at w, given x = A_Wᵀr."""

    @abstractmethod
    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        """Minimise over each coordinate in `order` in turn, changing w and the state."""

    @abstractmethod
    def square(self, state: Floats, w: Floats) -> float:
        """Return ‖r‖²."""

    @abstractmethod
    def slope(self, state: Floats) -> Floats:
        """Return A_Wᵀr."""

    @abstractmethod
    def times(self, w: Floats) -> Floats:
        """Return A_W w."""

    def gradient(self, r: Floats) -> Floats:
        """Return Aᵀr for all p features, in one pass over X."""
        return gradient(self.design, r)


class _DenseColumns(Columns):
    """A_W gathered in Fortran order, and G = A_WᵀA_W while k ≤ n: then the state is A_Wᵀr, and r itself afterwards.

    With G a coordinate that moves costs O(k) and one that stays O(1); without, both cost O(n).
    """

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.root = design.weight
        self.store: Floats = np.empty((design.shape[0], 0), order="F")
        self.G: Floats | None = np.empty((0, 0), order="F")

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
        self.squares = np.append(self.squares, _squares(squares, mean, n))

    def start(self, w: Floats, r: Floats, x: Floats) -> Floats:
        self.origin = w.copy(), x, float(r @ r)
        return r.copy() if self.G is None else x.copy()

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        gram = self.G is not None
        A = self.store if self.G is None else self.G
        sweep_dense(A, gram, self.squares, state, w, order, penalty.lam, penalty.beta, penalty.positive)

    def square(self, state: Floats, w: Floats) -> float:
        if self.G is None:
            return float(state @ state)
        w0, x0, square = self.origin
        return float(square - (w - w0) @ (x0 + state))

    def slope(self, state: Floats) -> Floats:
        return self.A.T @ state if self.G is None else state

    def times(self, w: Floats) -> Floats:
        return self.A @ w

    def gradient(self, r: Floats) -> Floats:
        x = super().gradient(r)
        x[self.W] = self.A.T @ r  # centred and in double precision, whatever X is
        return x


class _SparseColumns(Columns):
    """√s X_W in CSC layout with the means apart: the state is (ρ, c) with r = ρ + c√s, so that nothing is filled in."""

    def __init__(self, design: Design) -> None:
        super().__init__(design)
        self.roots = design.weight
        self.scaled: Any = sparse.csc_array((len(self.roots), 0))

    def extend(self, features: Indices) -> None:
        new = sparse.csc_array(self.design.X[:, features], dtype=np.float64)
        column = np.repeat(np.arange(len(features)), np.diff(new.indptr))
        roots, mean = self.roots[new.indices], self.design.mean[features]
        new.data *= roots

        def total(values: Floats) -> Floats:
            return np.bincount(column, values, minlength=len(features)).astype(np.float64)

        zeros = np.where(np.diff(new.indptr) < len(self.roots), self.roots @ self.roots - total(roots**2), 0.0)
        squares = total((new.data - mean[column] * roots) ** 2) + mean**2 * np.maximum(zeros, 0.0)
        self.squares = np.append(self.squares, _squares(squares, mean, len(self.roots)))
        self.scaled = sparse.hstack((self.scaled, new), format="csc")
        self.W = np.append(self.W, features)

    def start(self, w: Floats, r: Floats, x: Floats) -> Floats:
        return np.append(r, 0.0)

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        A, mean, total = self.scaled, self.design.mean[self.W], float(self.roots @ self.roots)
        sweep_sparse(
            A.data, A.indices, A.indptr, mean, total, self.squares, state, w, order,
            penalty.lam, penalty.beta, penalty.positive,
        )  # fmt: skip

    def residual(self, state: Floats) -> Floats:
        """Return r = ρ + c√s."""
        r: Floats = state[:-1] + state[-1] * self.roots
        return r

    def square(self, state: Floats, w: Floats) -> float:
        r = self.residual(state)
        return float(r @ r)

    def slope(self, state: Floats) -> Floats:
        r = self.residual(state)
        return np.asarray(self.scaled.T @ r - self.design.mean[self.W] * (self.roots @ r))

    def times(self, w: Floats) -> Floats:
        return np.asarray(self.scaled @ w - self.roots * (self.design.mean[self.W] @ w))


def descend(columns: Columns, w: Floats, state: Floats, penalty: Penalty, tol: float, limit: int) -> int:
    """Minimise over the members of W, changing w, until the gap on W is at most `tol`; return the number of sweeps.

    A sweep over all members, which may bring some into use, is followed by a few over those in use.
    """
    members = np.arange(len(w))
    sweeps = 0
    while True:
        columns.sweep(state, w, members, penalty)
        sweeps += 1
        g = columns.slope(state) - penalty.beta * w
        if sweeps >= limit or penalty.gap(w, g, penalty.pull(g), columns.square(state, w)) <= tol:
            return sweeps
        used = np.flatnonzero(w)
        for _ in range(min(FEW, limit - sweeps)):
            columns.sweep(state, w, used, penalty)
            sweeps += 1


@dataclass(frozen=True)
class Path:
    """The answers for m penalties: coefficients (p, m), duality gaps (m,) and numbers of sweeps (m,)."""

    coefs: NDArray[Any]
    gaps: Floats
    sweeps: NDArray[np.intp]

    def then(self, w: Floats, gap: float) -> Path:
        """Return the path with one more answer, found without sweeping: one, by name."""
        coefs = np.column_stack([self.coefs, w.astype(self.coefs.dtype)])
        return Path(coefs, np.append(self.gaps, gap), np.append(self.sweeps, 1))


def solve(
    design: Design, y: Floats, start: Floats, penalties: Sequence[Penalty], *, gap: float, max_sweeps: int
) -> Path:
    """Minimise P under each penalty in turn, from `start` (p,), until its duality gap is at most `gap`.

    W grows by the features drawn most strongly from zero: at first by those within the sequential strong rule's
    2λ − ‖g‖∞ (Tibshirani et al. 2012), in the end by those that violate |g| ≤ λ. As the gap is measured over all
    features, no feature is missed.
    """
    m, p = len(penalties), len(start)
    columns = _SparseColumns(design) if design.is_sparse else _DenseColumns(design)
    path = Path(np.zeros((p, m), design.X.dtype, order="F"), np.empty(m), np.zeros(m, np.intp))
    if GUESS and m == 1 and not design.is_sparse and len(y) >= 4 * SAMPLE * p and not start.any():
        start = _guess(design, y, penalties[0], gap)
    columns.extend(np.flatnonzero(start))
    w = start[columns.W]
    r = y - columns.times(w)
    x = columns.gradient(r)
    for i, penalty in enumerate(penalties):
        while True:
            g = x.copy()
            g[columns.W] -= penalty.beta * w
            pull = penalty.pull(g)
            path.gaps[i] = penalty.gap(w, g[columns.W], pull, float(r @ r))
            if path.gaps[i] <= gap or path.sweeps[i] >= max_sweeps:
                break
            threshold = min(penalty.lam, 2.0 * penalty.lam - pull.max())
            pull[columns.W] = -np.inf
            joining = np.flatnonzero(pull > threshold)
            room = min(ROUND + len(w) // 4, max(10, p // (PASS + len(w) // 10)))
            if len(joining) > room:
                joining = joining[np.argpartition(-pull[joining], room)[:room]]
            if len(joining):
                columns.extend(joining)
                w = np.append(w, np.zeros(len(joining)))
            limit = max_sweeps - int(path.sweeps[i])
            state = columns.start(w, r, x[columns.W])
            path.sweeps[i] += descend(columns, w, state, penalty, SLACK * gap, limit)
            r = y - columns.times(w)
            x = columns.gradient(r)
        path.coefs[columns.W, i] = w
    return path


def _guess(design: Design, y: Floats, penalty: Penalty, gap: float) -> Floats:
    """Return the answer (p,) for every so many rows."""
    p = design.shape[1]
    every = slice(None, None, len(y) // (SAMPLE * p))
    part = len(y[every]) / len(y)
    rows = Design(np.asfortranarray(design.X[every]), design.mean, design.weight[every], design.centred)
    lighter = replace(penalty, lam=part * penalty.lam, beta=part * penalty.beta)
    guess = solve(rows, y[every], np.zeros(p), [lighter], gap=part * gap, max_sweeps=100)
    return np.asarray(guess.coefs[:, 0], dtype=np.float64)


def _squares(sums: Floats, mean: Floats, n: int) -> Floats:
    """Set to zero the squares of columns that are constant but for rounding, and refuse those that overflow."""
    if not np.isfinite(sums).all():
        raise ValueError("X must have squares that do not overflow; rescale the features.")
    rounding = n * (4.0 * np.finfo(np.float64).eps * np.sqrt(n) * mean) ** 2
    return np.where(sums > rounding, sums, 0.0)


def _enlarged(a: Floats, shape: tuple[int, int]) -> Floats:
    larger = np.empty(shape, order="F")
    larger[: a.shape[0], : a.shape[1]] = a
    return larger
