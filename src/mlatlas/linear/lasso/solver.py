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
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from mlatlas.linear.lasso.kernels import Floats, gather, sweep_dense, sweep_sparse
from mlatlas.numerics.tables import Design

Indices = NDArray[np.intp]

ROUND = 100  # features that may join W at once, and a quarter of W
FEW = 4  # sweeps over the features in use to one over all of W
PATIENCE = 15  # features at which a sweep costs as much as a leap
LARGEST = 2000  # features in use, times leaps, that are made in a row
NUDGE = 1e-12  # of the greatest ‖aⱼ‖², which keeps a singular G_AA from being inverted
PART = 0.1  # the part of the present gap to which a model is solved,
SLACK = 0.9  # but of the allowed gap no less than this
CHEAP = 16  # features for which AᵀA costs as much as a product with A
SAMPLE = 10  # rows for each feature in a sample
STEPS = 30  # steps on a sampled model before all rows are taken


@dataclass(frozen=True)
class Penalty:
    """λ‖w‖₁ + ½β‖w‖², with w ≥ 0 if `positive`."""

    lam: float
    beta: float
    positive: bool = False

    def of(self, w: Floats) -> float:
        """Return its value at w."""
        return float(self.lam * np.abs(w).sum() + 0.5 * self.beta * (w @ w))

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


def gradient(design: Design, r: Floats) -> Floats:
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
    G: Floats
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

    def products(self, used: Indices) -> Floats:
        """Return A_UᵀA_U, for members U of W, as an array that may be written to."""
        return self.G[np.ix_(used, used)]

    def shifted(self, state: Floats, used: Indices, step: Floats) -> Floats:
        """Return the state after a step of the members U of W."""
        return state - self.G[: len(self.W), used] @ step


class _Gathered(_Columns):
    """A_W gathered from a dense X in Fortran order, with G while k ≤ n. Afterwards the state is r, at O(n) a coordinate."""

    def __init__(self, design: Design, y: Floats) -> None:
        super().__init__(design, y)
        self.root = design.weight
        self.W, self.squares = np.empty(0, np.intp), np.empty(0)
        self.store: Floats = np.empty((len(y), 0), order="F")
        self.G, self.multiplied = np.empty((0, 0), order="F"), True

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
        if self.multiplied and len(self.W) > max(n, 4 * ROUND):
            self.G, self.multiplied = np.empty((0, 0), order="F"), False
        if not self.multiplied:
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
        x = gradient(self.design, self.r)
        x[self.W] = self.A.T @ self.r  # centred and in double precision, whatever X is
        return w, x, float(self.r @ self.r)

    def start(self, w: Floats, x: Floats, square: float) -> Floats:
        return super().start(w, x, square) if self.multiplied else self.r.copy()

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        if self.multiplied:
            super().sweep(state, w, order, penalty)
            return
        sweep_dense(self.store, False, self.squares, state, w, order, penalty.lam, penalty.beta, penalty.positive)

    def slope(self, state: Floats) -> Floats:
        return state if self.multiplied else self.A.T @ state

    def square(self, state: Floats, w: Floats) -> float:
        return super().square(state, w) if self.multiplied else float(state @ state)

    def products(self, used: Indices) -> Floats:
        if self.multiplied:
            return super().products(used)
        A = self.A[:, used]
        return A.T @ A

    def shifted(self, state: Floats, used: Indices, step: Floats) -> Floats:
        return super().shifted(state, used, step) if self.multiplied else state - self.A[:, used] @ step


class _Products(_Columns):
    """All features of a dense X, with G = AᵀA from all rows, or a multiple of A_SᵀA_S from a sample S of them.

    With all rows no product with A is needed any more. With a sample, G errs by about √(k/|S|) of itself for k features
    in use: it is a model, from which x = Aᵀr is told by two products with A a step. They also tell AᵀA d for the step d,
    and G is made to agree (the update of Broyden, Fletcher, Goldfarb and Shanno).
    """

    def __init__(self, design: Design, y: Floats, every: int = 1) -> None:
        super().__init__(design, y)
        self.sampled, self.steps = every > 1, 0
        self.W = np.arange(design.shape[1])
        self.w, self.r = np.zeros(len(self.W)), y
        self._multiply(every)
        self.x = gradient(design, y) if self.sampled else self.c

    def _multiply(self, every: int) -> None:
        """Set G from every so many rows; features that are constant in a sample get their ‖aⱼ‖² from all rows."""
        n, rows = len(self.y), slice(None, None, every)
        root = None if self.design.root is None else self.design.root[rows]
        part = Design(self.design.X[rows], self.design.mean, root, self.design.centred)
        G, c = part.products(self.y[rows, None])
        self.G = np.asfortranarray(G * (n / part.shape[0]))
        self.c = c[:, 0]
        self.squares = _checked(self.G.diagonal(), self.design.mean, n)
        if self.sampled and (constant := np.flatnonzero(self.squares == 0.0)).size:
            columns = _Gathered(self.design, self.y)
            columns.extend(constant)
            self.G[constant, constant] = self.squares[constant] = columns.squares

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, Floats, float]:
        if not self.sampled:
            x = self.c - self.G @ w
            return w, x, max(float(self.y @ self.y - w @ (self.c + x)), 0.0)
        d = w - self.w
        z = times(self.design, d)
        r = self.r - z
        before, after = (0.5 * float(e @ e) + penalty.of(v) for e, v in ((self.r, self.w), (r, w)))
        self.steps += 1
        if self.steps > STEPS or (self.steps > 1 and after >= before):
            self.sampled = False
            self._multiply(1)
            return self.move(w, penalty)
        if d.any():
            x = gradient(self.design, r)
            told, modelled = self.x - x, self.G @ d  # (p,), AᵀA d and G d
            self.G += np.outer(told, told / (z @ z)) - np.outer(modelled, modelled / (d @ modelled))
            self.squares = self.G.diagonal().copy()
            self.w, self.r, self.x = w.copy(), r, x
        return w, self.x, float(r @ r)


class _Sparse(_Columns):
    """√s X_W in CSC layout with the means apart: the state is (ρ, c) with r = ρ + c√s, so that nothing is filled in."""

    def __init__(self, design: Design, y: Floats) -> None:
        super().__init__(design, y)
        self.root = design.weight
        self.W, self.squares = np.empty(0, np.intp), np.empty(0)
        self.A: Any = sparse.csc_array((len(y), 0))

    def extend(self, features: Indices) -> None:
        new = sparse.csc_array(self.design.X[:, features], dtype=np.float64)
        column = np.repeat(np.arange(len(features)), np.diff(new.indptr))
        root, mean = self.root[new.indices], self.design.mean[features]
        new.data *= root

        def total(values: Floats) -> Floats:
            return np.bincount(column, values, minlength=len(features)).astype(np.float64)

        zeros = np.where(np.diff(new.indptr) < len(self.root), self.root @ self.root - total(root**2), 0.0)
        squares = total((new.data - mean[column] * root) ** 2) + mean**2 * np.maximum(zeros, 0.0)
        self.squares = np.append(self.squares, _checked(squares, mean, len(self.root)))
        self.A = sparse.hstack((self.A, new), format="csc")
        self.W = np.append(self.W, features)

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, Floats, float]:
        self.r = self.y - (self.A @ w - self.root * (self.design.mean[self.W] @ w))
        return w, gradient(self.design, self.r), float(self.r @ self.r)

    def start(self, w: Floats, x: Floats, square: float) -> Floats:
        return np.append(self.r, 0.0)

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        A, mean, total = self.A, self.design.mean[self.W], float(self.root @ self.root)
        sweep_sparse(
            A.data, A.indices, A.indptr, mean, total, self.squares, state, w, order,
            penalty.lam, penalty.beta, penalty.positive,
        )  # fmt: skip

    def slope(self, state: Floats) -> Floats:
        r = state[:-1] + state[-1] * self.root
        return np.asarray(self.A.T @ r - self.design.mean[self.W] * (self.root @ r))

    def square(self, state: Floats, w: Floats) -> float:
        r = state[:-1] + state[-1] * self.root
        return float(r @ r)

    def products(self, used: Indices) -> Floats:
        A, mean = self.A[:, used], self.design.mean[self.W[used]]
        return np.asarray((A.T @ A).toarray() - (self.root @ self.root) * np.outer(mean, mean))

    def shifted(self, state: Floats, used: Indices, step: Floats) -> Floats:
        moved: Floats = np.append(self.A[:, used] @ step, -(self.design.mean[self.W[used]] @ step))
        return state - moved


def descend(columns: _Columns, w: Floats, state: Floats, penalty: Penalty, tol: float, limit: int) -> int:
    """Minimise over the features of W, changing w, until the gap on W is at most `tol`; return the number of sweeps.

    A sweep over all of W, which may bring features into use, is followed by a few over those in use. Where sweeps are
    slow, a leap follows whenever they have cost as much.
    """
    everything, patience = np.arange(len(w)), PATIENCE + len(w) // PATIENCE
    sweeps, leaps = 0, 0
    while True:
        columns.sweep(state, w, everything, penalty)
        sweeps += 1
        g = columns.slope(state) - penalty.beta * w
        if sweeps >= limit or penalty.gap(w, g, penalty.pull(g), columns.square(state, w)) <= tol:
            return sweeps
        used = np.flatnonzero(w)
        for _ in range(min(FEW, limit - sweeps)):
            columns.sweep(state, w, used, penalty)
            sweeps += 1
        if sweeps > (leaps + 1) * patience:
            leaps += leap(columns, w, state, penalty)


def leap(columns: _Columns, w: Floats, state: Floats, penalty: Penalty) -> int:
    """Minimise over the features in use at once, as long as none changes sign; those that would are set to zero.

    P is quadratic there. Where setting several to zero does not lower P, only the first to change sign is, and it
    begins again. Returns how often it began.
    """
    leaps = 0
    while True:
        used = np.flatnonzero(w)
        leaps += 1
        if not 0 < len(used) <= LARGEST or leaps * len(used) > LARGEST:
            return leaps
        H = columns.products(used)
        H[np.diag_indices(len(used))] += penalty.beta + NUDGE * columns.squares.max()
        before = w[used]
        try:
            g = columns.slope(state)[used] - penalty.beta * before
            step = cho_solve(cho_factor(H), g - penalty.lam * np.sign(before))
        except LinAlgError:
            return leaps
        with np.errstate(divide="ignore"):
            reach = np.where(step * before < 0.0, -before / step, np.inf)  # (used,), the part of the step to zero
        first = min(1.0, float(reach.min()))
        if not (_go(columns, w, state, used, np.where(reach <= 1.0, 0.0, before + step), penalty) or first == 1.0):
            _go(columns, w, state, used, np.where(reach <= first, 0.0, before + first * step), penalty)
        if first == 1.0:
            return leaps


def _go(columns: _Columns, w: Floats, state: Floats, used: Indices, after: Floats, penalty: Penalty) -> bool:
    """Set w[used] to `after` if that lowers P; return whether it does."""
    w1, state1 = w.copy(), columns.shifted(state, used, after - w[used])
    w1[used] = after
    P, P1 = (0.5 * columns.square(at, v) + penalty.of(v) for at, v in ((state, w), (state1, w1)))
    if P1 < P:
        w[:], state[:] = w1, state1
    return P1 < P


@dataclass(frozen=True)
class Path:
    """The answers for m penalties: coefficients (p, m), duality gaps (m,) and numbers of sweeps (m,)."""

    coefs: NDArray[Any]
    gaps: Floats
    sweeps: NDArray[np.intp]

    def then(self, w: Floats, gap: float) -> Path:
        """Return the path with one more answer, found otherwise, which counts as one sweep."""
        coefs = np.column_stack([self.coefs, w.astype(self.coefs.dtype)])
        return Path(coefs, np.append(self.gaps, gap), np.append(self.sweeps, 1))


def solve(
    design: Design, y: Floats, start: Floats, penalties: Sequence[Penalty], *, gap: float, max_sweeps: int
) -> Path:
    """Minimise P under each penalty in turn, from `start` (p,), until its duality gap is at most `gap`.

    W grows by the features drawn most strongly from zero: at first by those within the sequential strong rule's
    2λ − ‖g‖∞ (Tibshirani et al. 2012), in the end by those that violate |g| ≤ λ. As the gap is measured over all
    features, none is missed.
    """
    m, p = len(penalties), len(start)
    path = Path(np.zeros((p, m), design.X.dtype, order="F"), np.empty(m), np.zeros(m, np.intp))
    if not m:
        return path
    columns, start = _columns(design, y, start, penalties, gap)
    w, x, square = columns.move(start[columns.W], penalties[0])
    for i, penalty in enumerate(penalties):
        while True:
            g = x.copy()
            g[columns.W] -= penalty.beta * w
            pull = penalty.pull(g)
            path.gaps[i] = penalty.gap(w, g[columns.W], pull, square)
            left = max_sweeps - int(path.sweeps[i])
            if path.gaps[i] <= gap or left <= 0:
                break
            if len(w) < p:
                threshold = min(penalty.lam, 2.0 * penalty.lam - pull.max())
                pull[columns.W] = -np.inf
                joining = np.flatnonzero(pull > threshold)
                room = min(ROUND + len(w) // 4, max(20, 4 * p // (CHEAP + len(w))))
                if len(joining) > room:
                    joining = joining[np.argpartition(-pull[joining], room)[:room]]
                columns.extend(joining)
                w = np.append(w, np.zeros(len(joining)))
            state = columns.start(w, x[columns.W], square)
            goal = max(PART * path.gaps[i], SLACK * gap)
            path.sweeps[i] += descend(columns, w, state, penalty, goal, left)
            w, x, square = columns.move(w, penalty)
        path.coefs[columns.W, i] = w
    return path


def _columns(
    design: Design, y: Floats, start: Floats, penalties: Sequence[Penalty], gap: float
) -> tuple[_Columns, Floats]:
    """Choose what to descend on, with the features of `start` in W, and perhaps find a better start.

    AᵀA is worth having where it costs no more than the products with A that it saves. For one penalty on very many rows
    a sample of them gives a model, and its answer with the exact Aᵀy a first W, unless that would be most features.
    """
    n, p = design.shape
    if not design.is_sparse and n >= p and p <= CHEAP * (CHEAP + len(penalties)):
        return _Products(design, y), start
    large = n >= 4 * SAMPLE * p and CHEAP * n >= p * p and design.X.dtype == np.float64
    if large and not design.is_sparse and len(penalties) == 1 and not start.any():
        model = _Products(design, y, n // (SAMPLE * p))
        guess = start.copy()
        descend(model, guess, model.start(guess, model.x, float(y @ y)), penalties[0], SLACK * gap, FEW * CHEAP)
        if 4 * np.count_nonzero(guess) > p:
            return model, start
        start = guess
    columns = _Sparse(design, y) if design.is_sparse else _Gathered(design, y)
    columns.extend(np.flatnonzero(start))
    return columns, start


def _checked(squares: Floats, mean: Floats, n: int) -> Floats:
    """Set to zero the ‖aⱼ‖² of columns that are constant but for rounding, and refuse those that overflow."""
    if not np.isfinite(squares).all():
        raise ValueError("X must have squares that do not overflow; rescale the features.")
    rounding = n * (4.0 * np.finfo(np.float64).eps * np.sqrt(n) * mean) ** 2
    return np.where(squares > rounding, squares, 0.0)


def _enlarged(a: Floats, shape: tuple[int, int]) -> Floats:
    larger = np.empty(shape, order="F")
    larger[: a.shape[0], : a.shape[1]] = a
    return larger
