"""What coordinate descent runs on: some columns of the design, or the products of all of them.

Shapes: n rows, p features, k of them in the working set W; A (n, p) is the weighted and centred design, A_W (n, k),
w (k,), and r = y − A_W w the residual. A `state` stands for r as w changes, and is affine in w.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlatlas.linear.lasso.kernels import Floats, gather, sweep_dense, sweep_sparse
from mlatlas.numerics.tables import Design

Indices = NDArray[np.intp]

FEW_COLUMNS = 400  # columns whose products are kept even if there are fewer rows
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

    def gap(self, w: Floats, g: Floats, pull: Floats, square: float, rounding: float = 0.0) -> float:
        """Return the duality gap at w, given g at the features of w, the pull on every feature, and ‖r‖².

        A pull above λ by no more than `rounding` counts as λ: of a λ near the rounding of g nothing else can be told.
        Without λ only a slope that does not draw towards w ≥ 0 counts: ‖g‖²/2β, the gap of the dual that has no
        constraints, or for β = 0, where none is known, ‖g‖².
        """
        strongest = max(float(pull.max()) - rounding, 0.0)
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


class Columns:
    """The features W that are descended on, with G = A_WᵀA_W or a model of it; the state is x = A_Wᵀr.

    With G a coordinate that moves costs O(k) and one that stays O(1).
    """

    W: Indices
    G: Floats
    squares: Floats  # ‖aⱼ‖², the diagonal of G

    def __init__(self, design: Design, y: Floats) -> None:
        self.design, self.y = design, y

    @property
    def rounding(self) -> float:
        """How far the pull on a feature of W may be off: √n ε ‖aⱼ‖ ‖y‖ for the largest of them."""
        largest = self.squares.max(initial=0.0)
        return float(np.finfo(np.float64).eps * np.sqrt(len(self.y) * largest) * np.linalg.norm(self.y))

    def extend(self, features: Indices) -> None:
        """Append features to W."""
        raise NotImplementedError

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, float]:
        """Go to w; return Aᵀr for all p features, and ‖r‖²."""
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
        """Return A_UᵀA_U for members U of W, as a new array."""
        return self.G[np.ix_(used, used)]

    def shifted(self, state: Floats, used: Indices, step: Floats) -> Floats:
        """Return the state after a step of the members U of W."""
        return state - self.G[: len(self.W), used] @ step


class GatheredColumns(Columns):
    """A_W gathered from a dense X in Fortran order, with G while k ≤ n. Then the state is r, at O(n) a coordinate."""

    def __init__(self, design: Design, y: Floats) -> None:
        """Begin with an empty W."""
        super().__init__(design, y)
        self.root = design.weight
        self.W, self.squares = np.empty(0, np.intp), np.empty(0)
        self.store: Floats = np.empty((len(y), 0), order="F")
        self.G, self.multiplied = np.empty((0, 0), order="F"), True

    @property
    def A(self) -> Floats:
        """A_W (n, k)."""
        return self.store[:, : len(self.W)]

    def extend(self, features: Indices) -> None:
        """Gather the columns, and multiply them with all in W."""
        (n, k), p = self.A.shape, self.design.shape[1]
        self.W = np.append(self.W, features)
        size = min(p, len(self.W) * 5 // 4)
        if len(self.W) > self.store.shape[1]:
            self.store = _enlarged(self.store, (n, size))
        old, new = self.A[:, :k], self.A[:, k:]
        mean = self.design.mean[features]
        gather(self.design.X, features, mean, self.root, new)
        if self.multiplied and len(self.W) > max(n, FEW_COLUMNS):
            self.G, self.multiplied = np.empty((0, 0), order="F"), False
        if self.multiplied:
            if len(self.W) > len(self.G):
                self.G = _enlarged(self.G, (size, size))
            both = slice(k, len(self.W))
            self.G[both, both] = new.T @ new
            self.G[:k, both] = old.T @ new
            self.G[both, :k] = self.G[:k, both].T
            squares = self.G.diagonal()[both]
        else:
            squares = np.einsum("ij,ij->j", new, new)
        self.squares = np.append(self.squares, _checked(squares, mean, n))

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, float]:
        """One product with A_W and one with X."""
        self.r = self.y - self.A @ w
        x = gradient(self.design, self.r)
        x[self.W] = self.A.T @ self.r  # centred and in double precision, whatever X is
        return x, float(self.r @ self.r)

    def start(self, w: Floats, x: Floats, square: float) -> Floats:
        """Return x with G, else r."""
        return super().start(w, x, square) if self.multiplied else self.r.copy()

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        """Sweep over G, else over A_W."""
        A = self.G if self.multiplied else self.store
        sweep_dense(A, self.multiplied, self.squares, state, w, order, penalty.lam, penalty.beta, penalty.positive)

    def slope(self, state: Floats) -> Floats:
        """Return A_Wᵀr."""
        return state if self.multiplied else self.A.T @ state

    def square(self, state: Floats, w: Floats) -> float:
        """Return ‖r‖²."""
        return super().square(state, w) if self.multiplied else float(state @ state)

    def products(self, used: Indices) -> Floats:
        """Return A_UᵀA_U."""
        if self.multiplied:
            return super().products(used)
        A = self.A[:, used]
        return A.T @ A

    def shifted(self, state: Floats, used: Indices, step: Floats) -> Floats:
        """Return the state after a step."""
        return super().shifted(state, used, step) if self.multiplied else state - self.A[:, used] @ step


class AllColumns(Columns):
    """All features of a dense X, with G = AᵀA from all rows, so that no product with A is needed any more."""

    def __init__(self, design: Design, y: Floats) -> None:
        """Multiply all rows."""
        super().__init__(design, y)
        self.W = np.arange(design.shape[1])
        self._multiply(1)

    def _multiply(self, every: int) -> None:
        """Set G from every so many rows, as if they were all."""
        n, rows = len(self.y), slice(None, None, every)
        root = None if self.design.root is None else self.design.root[rows]
        part = Design(self.design.X[rows], self.design.mean, root, self.design.centred)
        G, c = part.products(self.y[rows, None])
        self.G, self.c = np.asfortranarray(G * (n / part.shape[0])), c[:, 0]
        self.squares = _checked(self.G.diagonal(), self.design.mean, n)

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, float]:
        """Aᵀr = Aᵀy − G w."""
        x = self.c - self.G @ w
        return x, max(float(self.y @ self.y - w @ (self.c + x)), 0.0)


class SampledColumns(AllColumns):
    """All features of a dense X, with G a multiple of A_SᵀA_S from a sample S of the rows: a model of AᵀA.

    G errs by about √(k/|S|) of itself for k features in use. Two products with A a step give the exact Aᵀr. They tell
    AᵀA d for the step d as well, and G is made to agree (the update of Broyden, Fletcher, Goldfarb and Shanno). If a
    step does not lower P, or there were many, all rows are taken after all.
    """

    def __init__(self, design: Design, y: Floats, w: Floats, r: Floats, x: Floats) -> None:
        """Multiply some rows, to go on from w (p,), where r = y − A w and x = Aᵀr."""
        Columns.__init__(self, design, y)
        n, p = design.shape
        self.W = np.arange(p)
        self.w, self.r, self.x = w.copy(), r, x
        self.steps, self.exact = 0, False
        self._multiply(n // (SAMPLE * p))
        constant = np.flatnonzero(self.squares == 0.0)  # in the sample, perhaps not elsewhere
        if len(constant):
            columns = GatheredColumns(design, y)
            columns.extend(constant)
            self.G[constant, constant] = self.squares[constant] = columns.squares

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, float]:
        """Two products with X, and the update of G."""
        if self.exact:
            return super().move(w, penalty)
        d = w - self.w
        z = times(self.design, d)
        r = self.r - z
        self.steps += 1
        if self.steps > STEPS or r @ r / 2 + penalty.of(w) >= self.r @ self.r / 2 + penalty.of(self.w):
            self.exact = True
            self._multiply(1)
            return super().move(w, penalty)
        x = gradient(self.design, r)
        told, modelled = self.x - x, self.G @ d  # (p,), AᵀA d and G d
        self.G += np.outer(told, told / (z @ z)) - np.outer(modelled, modelled / (d @ modelled))
        self.squares = self.G.diagonal().copy()
        self.w, self.r, self.x = w.copy(), r, x
        return x, float(r @ r)


class SparseColumns(Columns):
    """√s X_W in CSC layout with the means apart: the state is (ρ, c) with r = ρ + c√s, so that nothing is filled in."""

    def __init__(self, design: Design, y: Floats) -> None:
        """Begin with an empty W."""
        super().__init__(design, y)
        self.root = design.weight
        self.total = float(self.root @ self.root)
        self.W, self.squares, self.mean = np.empty(0, np.intp), np.empty(0), np.empty(0)
        self.A: Any = sparse.csc_array((len(y), 0))

    def extend(self, features: Indices) -> None:
        """Slice and weight the columns; ‖aⱼ‖² is summed as squares of distances from the mean."""
        new = sparse.csc_array(self.design.X[:, features], dtype=np.float64)
        column = np.repeat(np.arange(len(features)), np.diff(new.indptr))
        root, mean = self.root[new.indices], self.design.mean[features]
        new.data *= root

        def total(values: Floats) -> Floats:
            return np.bincount(column, values, minlength=len(features)).astype(np.float64)

        zeros = np.where(np.diff(new.indptr) < len(self.y), self.total - total(root**2), 0.0)
        squares = total((new.data - mean[column] * root) ** 2) + mean**2 * np.maximum(zeros, 0.0)
        self.squares = np.append(self.squares, _checked(squares, mean, len(self.y)))
        self.A = sparse.hstack((self.A, new), format="csc")
        self.W, self.mean = np.append(self.W, features), np.append(self.mean, mean)

    def move(self, w: Floats, penalty: Penalty) -> tuple[Floats, float]:
        """One product with A_W and one with X."""
        self.r = self.y - (self.A @ w - self.root * (self.mean @ w))
        return gradient(self.design, self.r), float(self.r @ self.r)

    def start(self, w: Floats, x: Floats, square: float) -> Floats:
        """Return (r, 0)."""
        return np.append(self.r, 0.0)

    def sweep(self, state: Floats, w: Floats, order: Indices, penalty: Penalty) -> None:
        """Sweep over the non-zeros."""
        A, lam, beta = self.A, penalty.lam, penalty.beta
        layout = A.data, A.indices, A.indptr, self.mean, self.total
        sweep_sparse(*layout, self.squares, state, w, order, lam, beta, penalty.positive)

    def slope(self, state: Floats) -> Floats:
        """Return A_Wᵀr."""
        r = self._residual(state)
        return np.asarray(self.A.T @ r - self.mean * (self.root @ r))

    def square(self, state: Floats, w: Floats) -> float:
        """Return ‖r‖²."""
        r = self._residual(state)
        return float(r @ r)

    def _residual(self, state: Floats) -> Floats:
        r: Floats = state[:-1] + state[-1] * self.root
        return r

    def products(self, used: Indices) -> Floats:
        """Return A_UᵀA_U."""
        A, mean = self.A[:, used], self.mean[used]
        return np.asarray((A.T @ A).toarray() - self.total * np.outer(mean, mean))

    def shifted(self, state: Floats, used: Indices, step: Floats) -> Floats:
        """Return the state after a step."""
        moved: Floats = np.append(self.A[:, used] @ step, -(self.mean[used] @ step))
        return state - moved


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
