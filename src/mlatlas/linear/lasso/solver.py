"""Coordinate descent, until the duality gap certifies the answer.

For a weighted and centred design A (n, p) and λ, β ≥ 0 the problem is to minimise

    P(w) = ½‖y − A w‖² + λ‖w‖₁ + ½β‖w‖².

Write r = y − A w and g = Aᵀr − β w. Stacking √β I under A and zeros under y makes the problem a lasso, whose dual is

    D(θ) = θᵀ(y, 0) − ½‖θ‖²  subject to  |(A, √β I)ᵀθ| ≤ λ,

and θ = s (r, −√β w) with s = min(1, λ/‖g‖∞) is feasible. There the gap P(w) − D(θ) ≥ P(w) − min P equals

    ½ (1 − s)² (‖r‖² + β‖w‖²) + λ‖w‖₁ − s gᵀw,

a sum without negative terms, as s|g| ≤ λ, so that nothing cancels when it is small (`columns.Penalty.gap`).

Descent runs on the few features that may be in use, or, where there are many more rows than features, on AᵀA or a model
of it (`columns`). Products with A then give the gap over all features and rows, and say how to go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from mlatlas.linear.lasso.columns import (
    SAMPLE,
    AllColumns,
    Columns,
    GatheredColumns,
    Indices,
    Penalty,
    SampledColumns,
    SparseColumns,
)
from mlatlas.linear.lasso.kernels import Floats
from mlatlas.numerics.tables import Design

FEW = 4  # sweeps over the features in use to one over all of W
PATIENCE = 15  # features at which a sweep costs as much as a leap
LARGEST = 300  # features in use up to which leaps are made
RUN = 2000  # features in use times leaps in a row
NUDGE = 1e-12  # of ‖aⱼ‖², which keeps a singular matrix from being inverted
PART = 0.1  # the part of the present gap to which a model is solved,
SLACK = 0.9  # but of the allowed gap no less than this
ROUND = 100  # features that may join W at once, and a quarter of W
BALANCE = 8  # with one feature in so many, joining an empty W costs as much as a product with A
CHEAP = 16  # features for which AᵀA costs as much as a product with A
SMALL = 2e7  # n p² up to which AᵀA costs nothing to speak of
CROWD = 4  # a model takes over from a working set of one feature in so many


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
    m, (n, p) = len(penalties), design.shape
    path = Path(np.zeros((p, m), design.X.dtype, order="F"), np.empty(m), np.zeros(m, np.intp))
    if not m:
        return path
    if n >= p and not design.is_sparse and (n * p * p <= SMALL or p <= CHEAP * (4 + m)):
        columns: Columns = AllColumns(design, y)
    else:
        columns = SparseColumns(design, y) if design.is_sparse else GatheredColumns(design, y)
        columns.extend(np.flatnonzero(start))
    tall = m == 1 and n >= 4 * SAMPLE * p and design.X.dtype == np.float64
    w = start[columns.W]
    x, square = columns.move(w, penalties[0])
    for i, penalty in enumerate(penalties):
        while True:
            g = x.copy()
            g[columns.W] -= penalty.beta * w
            pull = penalty.pull(g)
            path.gaps[i] = penalty.gap(w, g[columns.W], pull, square, columns.rounding)
            left = max_sweeps - int(path.sweeps[i])
            if path.gaps[i] <= gap or left <= 0:
                break
            joining = _joining(columns.W, pull, penalty.lam) if len(w) < p else columns.W[:0]
            if tall and isinstance(columns, GatheredColumns) and CROWD * (len(w) + len(joining)) > p:
                everywhere = np.zeros(p)
                everywhere[columns.W] = w
                w, columns = everywhere, SampledColumns(design, y, everywhere, columns.r, x)
            elif len(joining):
                columns.extend(joining)
                w = np.append(w, np.zeros(len(joining)))
            state = columns.start(w, x[columns.W], square)
            path.sweeps[i] += descend(columns, w, state, penalty, max(PART * path.gaps[i], SLACK * gap), left)
            x, square = columns.move(w, penalty)
        path.coefs[columns.W, i] = w
    return path


def _joining(W: Indices, pull: Floats, lam: float) -> Indices:
    """Return the features that join W: no more than cost about as much to take in as a product with A."""
    threshold = min(lam, 2.0 * lam - pull.max())
    pull[W] = -np.inf
    joining = np.flatnonzero(pull > threshold)
    room = min(ROUND + len(W) // 4, max(20, len(pull) // (BALANCE + len(W) // 8)))
    return joining if len(joining) <= room else joining[np.argpartition(-pull[joining], room)[:room]]


def descend(columns: Columns, w: Floats, state: Floats, penalty: Penalty, tol: float, limit: int) -> int:
    """Minimise over the features of W, changing w, until the gap on W is at most `tol`; return the number of sweeps.

    A sweep over all of W, which may bring features into use, is followed by a few over those in use. Where sweeps are
    slow, a leap follows whenever they have cost as much.
    """
    everything, patience = np.arange(len(w)), PATIENCE + len(w) // PATIENCE
    rounding = columns.rounding
    sweeps, leaps = 0, 0
    while True:
        columns.sweep(state, w, everything, penalty)
        sweeps += 1
        g = columns.slope(state) - penalty.beta * w
        square = columns.square(state, w)
        if sweeps >= limit or penalty.gap(w, g, penalty.pull(g), square, rounding) <= tol:
            return sweeps
        used = np.flatnonzero(w)
        for _ in range(min(FEW, limit - sweeps)):
            columns.sweep(state, w, used, penalty)
            sweeps += 1
        if sweeps > (leaps + 1) * patience:
            leaps += leap(columns, w, state, penalty)


def leap(columns: Columns, w: Floats, state: Floats, penalty: Penalty) -> int:
    """Minimise over the features in use at once, as long as none changes sign; those that would are set to zero.

    P is quadratic there. Where setting several to zero does not lower P, only the first to change sign is, and it
    begins again. Returns how often it began.
    """
    leaps = 0
    while True:
        used = np.flatnonzero(w)
        leaps += 1
        if not 0 < len(used) <= LARGEST or leaps * len(used) > RUN:
            return leaps
        H = columns.products(used)
        H[np.diag_indices(len(used))] += penalty.beta + NUDGE * columns.squares[used]
        before = w[used]
        try:
            g = columns.slope(state)[used] - penalty.beta * before
            step = cho_solve(cho_factor(H), g - penalty.lam * np.sign(before))
        except LinAlgError:
            return leaps
        with np.errstate(divide="ignore"):
            reach = np.where(step * before < 0.0, -before / step, np.inf)  # (used,), the part of the step to zero
        first = min(1.0, float(reach.min()))
        if not (_lower(columns, w, state, used, np.where(reach <= 1.0, 0.0, before + step), penalty) or first == 1.0):
            _lower(columns, w, state, used, np.where(reach <= first, 0.0, before + first * step), penalty)
        if first == 1.0:
            return leaps


def _lower(columns: Columns, w: Floats, state: Floats, used: Indices, after: Floats, penalty: Penalty) -> bool:
    """Set w[used] to `after` if that lowers P; return whether it does."""
    w1, state1 = w.copy(), columns.shifted(state, used, after - w[used])
    w1[used] = after
    P, P1 = (0.5 * columns.square(at, v) + penalty.of(v) for at, v in ((state, w), (state1, w1)))
    if P1 < P:
        w[:], state[:] = w1, state1
    return P1 < P
