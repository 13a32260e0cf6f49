"""Newton's method and two quasi-Newton methods: minimise f by x ← x + t d, where

    newton    H d = −∇f,             H the Hessian: the minimum of the parabola that touches f at x
    bfgs      d = −B ∇f,             B ≈ H⁻¹ learned from how the gradient changed, B y = s at every step
    lbfgs     the same B, never written down, from the last m pairs  s = x⁺ − x,  y = ∇f⁺ − ∇f

and t satisfies the strong Wolfe conditions, so that sᵀy > 0 and B stays positive definite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg.blas import dsymv, dsyr2
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtrs

from mlatlas.optimize.gradient_descent.descent import Callback, Function, Line, Minimum, check_limits, descend
from mlatlas.optimize.newton.wolfe import strong_wolfe

Floats = NDArray[np.float64]

CURVATURE = 1e-12  # change of the slope along a step, relative, below which it is rounding and is not learned
FLOOR = 1e-8  # of the largest |eigenvalue|: what an eigenvalue of an indefinite Hessian is taken for at least


def newton(
    f: Function,
    x0: ArrayLike,
    *,
    jac: Function | None = None,
    hess: Function | None = None,
    hessp: Callable[[Floats, Floats], Any] | None = None,
    gtol: float = 1e-6,
    max_iter: int = 100,
    callback: Callback | None = None,
    points: bool = False,
) -> Minimum:
    """Minimise f by Newton's method."""
    check_limits(gtol, max_iter)
    if (hess is None) == (hessp is None):
        raise ValueError("exactly one of hess and hessp must be given. Pass the Hessian, or its product with a vector.")
    line = Line(f, x0, jac)
    method = Factored(hess) if hess is not None else Truncated(hessp)
    return descend(line, method, strong_wolfe, gtol=gtol, max_iter=max_iter, callback=callback, points=points)


def bfgs(
    f: Function,
    x0: ArrayLike,
    *,
    jac: Function | None = None,
    line_search: Literal["wolfe", "exact"] = "wolfe",
    gtol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callback | None = None,
    points: bool = False,
) -> Minimum:
    """Minimise f by the method of Broyden, Fletcher, Goldfarb and Shanno."""
    check_limits(gtol, max_iter)
    line = Line(f, x0, jac)
    return descend(line, Dense(), strong_wolfe, gtol=gtol, max_iter=max_iter, callback=callback, points=points)


def lbfgs(
    f: Function,
    x0: ArrayLike,
    *,
    jac: Function | None = None,
    memory: int = 10,
    gtol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callback | None = None,
    points: bool = False,
) -> Minimum:
    """Minimise f of many variables by BFGS with a limited memory."""
    check_limits(gtol, max_iter)
    line = Line(f, x0, jac)
    method = Limited(len(line.x), memory)
    return descend(line, method, strong_wolfe, gtol=gtol, max_iter=max_iter, callback=callback, points=points)


class Factored:
    """H d = −g by Cholesky's factorisation; an indefinite H is replaced by |H|, its eigenvalues made positive."""

    def __init__(self, hess: Function) -> None:
        self.hess = hess

    def aim(self, line: Line) -> float:
        n = len(line.x)
        H = np.asarray(self.hess(line.x), dtype=np.float64)
        if H.shape != (n, n):
            raise ValueError(
                f"hess must return a matrix of shape {(n, n)}; got {H.shape}. Return all second derivatives."
            )
        L, failed = dpotrf(H, lower=True)
        if failed:
            if not np.isfinite(H).all():
                raise ValueError("hess must return finite numbers; got NaN or infinities. Check its formula at x.")
            values, V = np.linalg.eigh(H)
            values = np.maximum(np.abs(values), FLOOR * np.abs(values).max() or 1.0)
            np.matmul(V, (V.T @ line.g) / -values, out=line.d)
        else:
            np.negative(dpotrs(L, line.g, lower=True)[0], out=line.d)  # (newton-step)
        return 1.0

    def learn(self, line: Line) -> None:
        pass

    def forget(self) -> bool:
        return False


class Truncated:
    """H d = −g by conjugate gradients, ended early: far from the minimum, or where dᵀH d ≤ 0."""

    def __init__(self, hessp: Callable[[Floats, Floats], Any]) -> None:
        self.hessp = hessp

    def aim(self, line: Line) -> float:
        g, d = line.g, line.d
        d[:] = 0.0
        r, p = g.copy(), -g
        rr = rr0 = float(r @ r)
        enough = rr0 * min(0.25, math.sqrt(rr0))
        for k in range(20 * len(g)):
            Hp = np.asarray(self.hessp(line.x, p), dtype=np.float64)
            if Hp.shape != g.shape:
                raise ValueError(f"hessp must return a vector of shape {g.shape}; got {Hp.shape}. Return H p.")
            pHp = float(p @ Hp)
            if pHp != pHp:
                raise ValueError("hessp must return finite numbers; got NaN. Check its formula at x.")
            if pHp <= 0:
                if k == 0:
                    d[:] = p
                break
            a = rr / pHp
            d += a * p
            r += a * Hp
            rr, before = float(r @ r), rr
            if rr <= enough:
                break
            p *= rr / before
            p -= r
        return 1.0

    def learn(self, line: Line) -> None:
        pass

    def forget(self) -> bool:
        return False


class Dense:
    """B as a matrix, of which only the upper triangle is kept."""

    def __init__(self) -> None:
        self.B: Floats | None = None

    def aim(self, line: Line) -> float:
        if self.B is None:
            np.negative(line.g, out=line.d)
            return 1.0 / max(float(np.linalg.norm(line.g)), np.finfo(float).tiny)
        np.negative(dsymv(1.0, self.B, line.g), out=line.d)
        return 1.0

    def learn(self, line: Line) -> None:
        s, y = line.new_x - line.x, line.new_g - line.g
        if line.new_slope - line.slope0 <= CURVATURE * -line.slope0:
            return
        sy, yy = float(s @ y), float(y @ y)
        if self.B is None:
            self.B = np.asfortranarray(np.eye(len(s)) * (sy / yy))
        By = dsymv(1.0, self.B, y)
        w = ((1 + float(y @ By) / sy) / 2 * s - By) / sy
        self.B = dsyr2(1.0, s, w, a=self.B, overwrite_a=True)  # (bfgs-update)

    def forget(self) -> bool:
        learned, self.B = self.B is not None, None
        return learned


class Limited:
    """B g from the last m pairs. The two loops of Nocedal, written as what they are: two triangular systems.

    With S = [s₁ … s_k] and Y = [y₁ … y_k], oldest first, R the upper triangle of SᵀY and D its diagonal,

        R α = Sᵀg                                                    the first loop, from the newest pair to the oldest
        Rᵀ β = D α + γ YᵀY α − γ Yᵀg                                 the second, from the oldest to the newest
        B g = γ (g − Y α) + S β,          γ = s_kᵀy_k / y_kᵀy_k

    so the long arrays are read twice: for [S Y]ᵀg and for the combination of the columns. SᵀY and YᵀY gain a row and a
    column a step, from differences of [S Y]ᵀg (Byrd, Nocedal and Schnabel 1994, section 3.2).
    """

    def __init__(self, n: int, m: int) -> None:
        if not (isinstance(m, (int, np.integer)) and m >= 1):
            raise ValueError(f"memory must be an integer of at least 1; got {m!r}. Between 5 and 30 is usual.")
        self.m, self.k, self.oldest = int(m), 0, 0
        self.pairs = np.empty((self.m, 2, n))  # s and y, the newest in the place of the oldest
        self.SY, self.YY = np.zeros((2, self.m, self.m))  # oldest first
        self.dots = np.zeros((2, self.m))  # Sᵀg and Yᵀg, oldest first

    def aim(self, line: Line) -> float:
        g, d, k = line.g, line.d, self.k
        if k == 0:
            np.negative(g, out=d)
            return 1.0 / math.sqrt(float(g @ g))
        M = self.pairs[:k].reshape(2 * k, -1)
        order = (np.arange(k) + self.oldest) % k
        Sg, Yg = (M @ g).reshape(k, 2)[order].T
        new = k - 1
        self.SY[:new, new] = Sg[:new] - self.dots[0, :new]
        self.YY[new, :new] = self.YY[:new, new] = Yg[:new] - self.dots[1, :new]
        self.dots[:, :k] = Sg, Yg

        R, D, gamma = self.SY[:k, :k], self.SY.diagonal()[:k], self.SY[new, new] / self.YY[new, new]
        alpha = dtrtrs(R, Sg)[0]  # (first-loop)
        beta = dtrtrs(R, D * alpha + gamma * (self.YY[:k, :k] @ alpha - Yg), trans=1)[0]  # (second-loop)
        c = np.empty((k, 2))
        c[order, 0], c[order, 1] = -beta, gamma * alpha
        np.dot(c.ravel(), M, out=d)
        d -= np.multiply(g, gamma, out=line.new_g)
        return 1.0

    def learn(self, line: Line) -> None:
        yd = line.new_slope - line.slope0
        if yd <= CURVATURE * -line.slope0:
            return
        if self.k < self.m:
            s, y = self.pairs[self.k]
            self.k += 1
        else:
            s, y = self.pairs[self.oldest]
            self.oldest = (self.oldest + 1) % self.m
            self.SY[:-1, :-1], self.YY[:-1, :-1] = self.SY[1:, 1:].copy(), self.YY[1:, 1:].copy()
            self.dots[:, :-1] = self.dots[:, 1:].copy()
        np.multiply(line.d, line.t, out=s)
        np.subtract(line.new_g, line.g, out=y)
        new = self.k - 1
        self.SY[new, new], self.YY[new, new] = s @ y, y @ y

    def forget(self) -> bool:
        learned, self.k, self.oldest = self.k > 0, 0, 0
        return learned
