"""Newton's method and its quasi-Newton relatives: minimise f by x ← x + t d, where

    newton    H d = −∇f         with the Hessian H: d leads to the minimum of the parabola that touches f at x
    bfgs      d = −B ∇f         with B ≈ H⁻¹ learned from how the gradient changes: B y = s after every step
    lbfgs     the same B, never written down, from the last m pairs s = x⁺ − x, y = ∇f⁺ − ∇f

and t satisfies the strong Wolfe conditions, which give sᵀy > 0 and so keep B positive definite.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg.blas import dsymv, dsyr2
from scipy.linalg.lapack import dpotrf, dpotrs, dtrtrs

from mlatlas.optimize.gradient_descent.descent import (
    Callback,
    Floats,
    Function,
    Line,
    Minimum,
    Search,
    descend,
    largest,
)
from mlatlas.optimize.gradient_descent.line_search import exact, flattening

Product = Callable[[Floats, Floats], Any]

CURVATURE = 1e-12  # relative change of the slope along a step, below which the pair is rounding and is not learned
EPSILON = float(np.finfo(float).eps)  # n of them: a share of h_ii that elimination may leave by rounding alone
FLOOR = 1e-8  # of the largest |eigenvalue|: what any eigenvalue of an indefinite Hessian counts for at least
SEARCHES: dict[str, Search] = {"wolfe": flattening(0.9), "exact": exact}


def newton(
    f: Function,
    x0: ArrayLike,
    *,
    jac: Function | None = None,
    hess: Function | None = None,
    hessp: Product | None = None,
    line_search: Literal["wolfe", "exact"] = "wolfe",
    gtol: float = 1e-6,
    max_iter: int = 100,
    callback: Callback | None = None,
    points: bool = False,
) -> Minimum:
    """Minimise f by Newton's method from x0: x ← x + t d with H d = −∇f, trying t = 1 first.

    Near a minimum where H is positive definite the number of correct digits doubles at every step; where H is singular
    convergence is only linear (on x⁴ with ratio 2/3). The path does not depend on the units of f, nor on any invertible
    affine change of the variables.

    Where H is not positive definite the parabola has no minimum. With ``hess``, every eigenvalue is then replaced by its
    absolute value (at least 10⁻⁸ of the largest), which turns the step downhill and away from saddles. With ``hessp``,
    H d = −∇f is solved by conjugate gradients, which stop where they meet a direction of negative curvature; far from
    the minimum, as soon as the residual is half the gradient or less; and where it is below half of gtol.

    Args:
        f, jac, x0, gtol, max_iter, callback, points: as for `gradient_descent`; f returns the pair f(x), ∇f(x).
        hess: returns the Hessian, of shape (n, n); it is called once a step, at the point where f was evaluated last.
        hessp: hessp(x, p) returns H p, of shape (n,). Give one of the two.
        line_search: "wolfe" or "exact".

    Returns:
        A `Minimum`. ``converged`` says that the gradient is zero, not that the point is a minimum: a start at a saddle
        or a maximum is left where it is.

    Raises:
        ValueError: none or both of hess and hessp; a Hessian of the wrong shape or not finite; and as `gradient_descent`.

    A step takes n³/3 operations with ``hess`` (25 n³ where it is indefinite) and n² memory; with ``hessp`` a few products
    and O(n) memory.

    Source: Nocedal, Wright 2006, Numerical Optimization, sections 3.3, 3.4 and 7.1; Dauphin et al. 2014 for |H|.
    """
    if (hess is None) == (hessp is None):
        raise ValueError(
            "exactly one of hess and hessp must be given. Pass the Hessian, or its product with a vector; "
            "without either, use lbfgs."
        )
    method = Factored(hess) if hess is not None else Truncated(hessp, gtol)  # type: ignore[arg-type]
    line = Line(f, x0, jac)
    return descend(line, method, _search(line_search), gtol=gtol, max_iter=max_iter, callback=callback, points=points)


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
    """Minimise f by the method of Broyden, Fletcher, Goldfarb and Shanno from x0: x ← x − t B ∇f.

    B starts as sᵀy/yᵀy times the identity and is corrected after every step by a matrix of rank two, the smallest one
    that makes B y = s. With an exact line search, a strictly convex quadratic in n variables is finished in at most n
    steps. Convergence is superlinear, faster than any fixed ratio.

    Arguments, result and errors are those of `gradient_descent`, without ``step``; ``line_search`` is "wolfe" or "exact".

    A step takes O(n²) time and memory beside the evaluations of f. For more than a few hundred variables use `lbfgs`.

    Source: Nocedal, Wright 2006, Numerical Optimization, section 6.1.
    """
    line = Line(f, x0, jac)
    return descend(line, Dense(), _search(line_search), gtol=gtol, max_iter=max_iter, callback=callback, points=points)


def lbfgs(
    f: Function,
    x0: ArrayLike,
    *,
    jac: Function | None = None,
    memory: int = 10,
    line_search: Literal["wolfe", "exact"] = "wolfe",
    gtol: float = 1e-6,
    max_iter: int = 1000,
    callback: Callback | None = None,
    points: bool = False,
) -> Minimum:
    """Minimise f of many variables from x0 by BFGS that remembers only the last ``memory`` steps.

    Arguments, result and errors are those of `bfgs`; ``memory`` is the number m of pairs (s, y) that are kept.

    A step takes about 4 m n multiplications in two passes over 2 m n numbers, beside the evaluations of f: usually one,
    since the step 1 is tried first. Memory: (2 m + 5) n numbers.

    Source: Nocedal 1980, Updating Quasi-Newton Matrices with Limited Storage; Byrd, Nocedal, Schnabel 1994,
    Representations of quasi-Newton matrices and their use in limited memory methods.
    """
    if isinstance(memory, bool) or not (isinstance(memory, int | np.integer) and memory >= 1):
        raise ValueError(f"memory must be an integer of at least 1; got {memory!r}. Between 5 and 30 is usual.")
    line = Line(f, x0, jac)
    method = Limited(len(line.x), int(memory))
    return descend(line, method, _search(line_search), gtol=gtol, max_iter=max_iter, callback=callback, points=points)


def _search(name: str) -> Search:
    if name not in SEARCHES:
        raise ValueError(f"line_search must be 'wolfe' or 'exact'; got {name!r}. Choose one of them.")
    return SEARCHES[name]


class Factored:
    """H d = −g by Cholesky's factorisation; where H is not positive definite beyond rounding, |H| d = −g by its eigenvectors."""

    def __init__(self, hess: Function) -> None:
        self.hess = hess

    def aim(self, line: Line) -> float:
        """Solve for the direction; the first step to try is 1."""
        n = len(line.x)
        H = np.asarray(self.hess(line.x), dtype=np.float64)
        if H.shape != (n, n):
            raise ValueError(
                f"hess must return a matrix of shape {(n, n)}; got {H.shape}. Return all second derivatives."
            )
        L, failed = dpotrf(H, lower=True)
        if not failed and (L.diagonal() ** 2 > n * EPSILON * H.diagonal()).all():
            np.negative(dpotrs(L, line.g, lower=True)[0], out=line.d)  # (newton-step)
        elif np.isfinite(H).all():
            values, V = np.linalg.eigh(H)
            sizes = np.maximum(np.abs(values), FLOOR * np.abs(values).max() or 1.0)
            np.matmul(V, V.T @ line.g / -sizes, out=line.d)  # (absolute-hessian)
        else:
            raise ValueError("hess must return finite numbers; got NaN or infinities. Check its formula at this x.")
        return 1.0

    def learn(self, line: Line) -> None:
        """Nothing: the Hessian is computed anew."""

    def forget(self) -> bool:
        """There is nothing to drop."""
        return False


class Truncated:
    """H d = −g by conjugate gradients, which end early far from the minimum and where the curvature is not positive."""

    def __init__(self, hessp: Product, gtol: float) -> None:
        self.hessp, self.gtol = hessp, gtol
        self.first = math.nan  # ‖g‖² at the start

    def aim(self, line: Line) -> float:
        """Solve until ‖H d + g‖ ≤ ‖g‖ min(½, ‖g‖/‖g₀‖), or max |H d + g| ≤ gtol/2; the first step to try is 1.

        The residual is the gradient that the parabola promises: below gtol, more products would be spent for nothing.
        """
        g, d = line.g, line.d
        r, p = g.copy(), -g
        rr = start = float(g @ g)
        self.first = start if math.isnan(self.first) else self.first
        enough = start * min(0.25, start / self.first)
        d[:] = 0.0
        for k in range(10 * len(g)):
            Hp = self._product(line.x, p)
            curvature = float(p @ Hp)
            if curvature <= 0:
                if k == 0:
                    d[:] = p
                break
            a = rr / curvature
            d += a * p
            r += a * Hp
            rr, before = float(r @ r), rr
            if rr <= enough or largest(r) <= self.gtol / 2:
                break
            p *= rr / before
            p -= r
        return 1.0

    def _product(self, x: Floats, p: Floats) -> Floats:
        Hp = np.asarray(self.hessp(x, p), dtype=np.float64)
        if Hp.shape != p.shape:
            raise ValueError(f"hessp must return a vector of shape {p.shape}; got {Hp.shape}. Return the product H p.")
        if not np.isfinite(Hp).all():
            raise ValueError("hessp must return finite numbers; got NaN or infinities. Check its formula at this x.")
        return Hp

    def learn(self, line: Line) -> None:
        """Nothing: products are computed anew."""

    def forget(self) -> bool:
        """There is nothing to drop."""
        return False


class Dense:
    """B as a matrix, of which only the upper triangle is used."""

    def __init__(self) -> None:
        self.B: Floats | None = None

    def aim(self, line: Line) -> float:
        """d = −B g, with the step 1 first; at the start −g, by a unit of length."""
        if self.B is None:
            np.negative(line.g, out=line.d)
            return 1 / math.sqrt(float(line.g @ line.g))
        np.negative(dsymv(1.0, self.B, line.g), out=line.d)
        return 1.0

    def learn(self, line: Line) -> None:
        """B ← (I − ρ s yᵀ) B (I − ρ y sᵀ) + ρ s sᵀ, written as B + s wᵀ + w sᵀ."""
        if curved(line):
            s, y = line.new_x - line.x, line.new_g - line.g
            rho = 1 / float(s @ y)
            if self.B is None:
                self.B = np.asfortranarray(np.eye(len(s)) / (rho * float(y @ y)))
            By = dsymv(1.0, self.B, y)
            w = rho * ((1 + rho * float(y @ By)) / 2 * s - By)
            self.B = dsyr2(1.0, s, w, a=self.B, overwrite_a=True)  # (bfgs-update)

    def forget(self) -> bool:
        """Start again from the identity."""
        learned, self.B = self.B is not None, None
        return learned


class Limited:
    """B g from the last m pairs. Nocedal's two loops over the pairs are two triangular systems:

        R α = Sᵀg                                   from the newest pair to the oldest
        Rᵀβ = D α + γ (YᵀY α − Yᵀg)                 and back
        B g = γ (g − Y α) + S β

    with S = [s₁ … s_k] and Y = [y₁ … y_k], oldest first, R the upper triangle of SᵀY, D its diagonal, and B starting as
    γ I, γ = s_kᵀy_k / y_kᵀy_k. So the long arrays are read twice a step: for [S Y]ᵀg, and to combine their columns.
    Differences of [S Y]ᵀg from step to step are the new column of SᵀY and YᵀY.
    """

    def __init__(self, n: int, m: int) -> None:
        self.m, self.k, self.oldest = m, 0, 0
        self.pairs = np.empty((m, 2, n))  # s and y, the newest in the place of the oldest
        self.dots = np.zeros((2, m))  # Sᵀg and Yᵀg, oldest first, as all that follows
        self.gram = np.zeros((2, m, m))  # SᵀY and YᵀY

    def aim(self, line: Line) -> float:
        """d = −B g, with the step 1 first; at the start −g, by a unit of length."""
        g, d, k = line.g, line.d, self.k
        if k == 0:
            np.negative(g, out=d)
            return 1 / math.sqrt(float(g @ g))
        M = self.pairs[:k].reshape(2 * k, -1)
        places = np.arange(self.oldest, self.oldest + k) % k
        dots, (SY, YY), new = (M @ g).reshape(k, 2)[places].T, self.gram[:, :k, :k], k - 1
        self.gram[:, :new, new] = dots[:, :new] - self.dots[:, :new]
        YY[new, :new] = YY[:new, new]
        self.dots[:, :k] = Sg, Yg = dots

        gamma = SY[new, new] / YY[new, new]
        alpha = dtrtrs(SY, Sg)[0]
        beta = dtrtrs(SY, SY.diagonal() * alpha + gamma * (YY @ alpha - Yg), trans=1)[0]  # (two-loop)
        c = np.empty((k, 2))
        c[places, 0], c[places, 1] = -beta, gamma * alpha
        np.dot(c.ravel(), M, out=d)
        d -= np.multiply(g, gamma, out=line.new_g)  # new_g is free until the next trial
        return 1.0

    def learn(self, line: Line) -> None:
        """Keep s and y, in place of the oldest pair when there are m."""
        if not curved(line):
            return
        if self.k < self.m:
            s, y = self.pairs[self.k]
            self.k += 1
        else:
            s, y = self.pairs[self.oldest]
            self.oldest = (self.oldest + 1) % self.m
            self.gram[:, :-1, :-1] = self.gram[:, 1:, 1:]
            self.dots[:, :-1] = self.dots[:, 1:]
        np.multiply(line.d, line.t, out=s)
        np.subtract(line.new_g, line.g, out=y)
        self.gram[:, self.k - 1, self.k - 1] = s @ y, y @ y

    def forget(self) -> bool:
        """Start again from the identity."""
        learned, self.k, self.oldest = self.k > 0, 0, 0
        return learned


def curved(line: Line) -> bool:
    """Whether sᵀy > 0 beyond rounding: whether the slope has risen along the step."""
    return line.new_slope - line.slope0 > -CURVATURE * line.slope0
