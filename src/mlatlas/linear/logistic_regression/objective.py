"""What is minimised: the mean loss of the scores Z = X W + b with a penalty on W,

    F(θ) + λ‖W‖₁,    F(θ) = Σᵢ sᵢ ℓ(zᵢ, yᵢ) + ½μ‖W‖²,    Σᵢ sᵢ = 1,    θ = (W, b).

For λ = 0 it is found where no |∂F/∂θⱼ| exceeds a tolerance, by the road that suits the shape of X:

- ``newton``: H d = −∇F with the Hessian H, as long as H costs no more than a thousand products X W do,
  n q² + q³/3 ≤ 1000 · k · entries, for q parameters and the numbers that X stores. Where the rows are many, it starts
  from its answer on every eighth of them. A step is a weighted least-squares problem, whence the name IRLS.
- ``newton-cg``: beyond that, for a sparse X, the same equation by conjugate gradients; for one column of W in
  variables that bring the diagonal of H near one: rare words and frequent ones differ in it by thousands.
- ``lbfgs``: beyond that, for a dense X.

For λ > 0 (``coordinate``) F is replaced by its Newton model until no component of the shortest subgradient exceeds the
tolerance. Where H is as cheap as above and rows are no fewer than features, that is the model in all of θ, and coordinates
descend on H. Else it is the model in one column of W after the other, which makes each step a weighted elastic net; the
last digits, which a gap does not show, come from Newton steps in the coefficients in use.

Shapes: n rows, p features, k columns of coefficients; W (p,) or (p, k), b (k,), θ (q,), q = pk + k or, without b, pk.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from mlatlas.linear.lasso.lasso import ElasticNet
from mlatlas.linear.linear_regression.linear_regression import LinearRegression
from mlatlas.linear.logistic_regression import kernels
from mlatlas.linear.logistic_regression.table import Table
from mlatlas.optimize.newton.newton import lbfgs, newton

Floats = NDArray[np.float64]

REPAID = 1000.0  # products X W for whose work the fewer iterations of Newton's method repay one H
STEP = 8  # every so many rows make the sample to start from,
SAMPLE = 16  # if it has so many rows for each parameter
KEEPS = 0.25  # to what the gradient must fall in a step for the sample's Hessian to be kept
BEND = 0.05  # what p(1 − p) is taken for in the diagonal of H: that of rows which the model is about sure of
TINY = 1e-9  # added to the diagonal of H, relative, so that directions without curvature stay as they are

LEFT = 0.1  # of the violation, what the steps on H may leave, and less where it has fallen
SWEEPS = 1000  # over the coordinates on one H, at most

FLAT = 1e-6  # the least curvature of a row in the model that an elastic net is fitted to
INNER = 1e-2  # the gap left by that fit, as a part of the decrease that the last one promised, or of its gap
ARMIJO = 1e-4  # of the promised decrease, what a step must bring
FINE = 1e-13  # of F, a gap or a fall that rounding hides: the last digits are found from the subgradient instead
MANY = 1000  # coefficients in use beyond which they are not

MOVES = 0.5  # what a Newton step adds to a score where there is no minimum: about 1; where there is one, nothing
AGAINST = 1e-2  # of that, what it may take away from another
FURTHER, NEAREST = 1e-4, 1e-9  # of tol, and at least: where the minimiser goes to before it is judged


class Answer(NamedTuple):
    """The parameters, the iterations it took, the road, and whether it ended at the tolerance."""

    theta: Floats
    n_iter: int
    solver: str
    converged: bool


class Objective:
    """F, its gradient and its Hessian. A loss says how to `respond` to scores, and how the response bends.

    `columns` is () for one column of coefficients, else (k,).
    """

    def __init__(
        self, table: Table, weights: Floats, mu: float, fit_intercept: bool, columns: tuple[int, ...] = ()
    ) -> None:
        self.table, self.s, self.mu, self.fit_intercept = table, weights, mu, fit_intercept
        self.shape = (table.X.shape[1], *columns)
        self.k = columns[0] if columns else 1
        self.coefficients = self.shape[0] * self.k
        self.size = self.coefficients + self.k * fit_intercept
        self.steepest = np.inf  # the largest derivative at the last θ

    # ---- what a loss must say

    def respond(self, rows: slice, Z: Floats) -> tuple[float, Floats]:
        """The weighted sum of the losses of these rows, and its derivative with respect to Z."""
        raise NotImplementedError

    def bend(self, rows: slice, dZ: Floats) -> tuple[float, Floats]:
        """Zero, and how that derivative changes with a change dZ of the scores."""
        raise NotImplementedError

    def hessian(self, theta: Floats) -> Floats:
        """H (q, q), at the θ at which F was asked for last."""
        raise NotImplementedError

    def parabola(self, column: int) -> tuple[Floats, Floats]:
        """Slope and curvature (n,) of each row's loss in one column of scores, at the θ at which F was asked for last."""
        raise NotImplementedError

    def lead(self, Z: Floats) -> Floats:
        """By how much each row's own class leads, (n,)."""
        raise NotImplementedError

    def every(self, step: int) -> Objective:
        """F on every step-th row of a dense X."""
        raise NotImplementedError

    # ---- what follows

    def split(self, theta: Floats) -> tuple[Floats, Floats]:
        """W and b as views of θ; without an intercept b is zero."""
        W, b = theta[: self.coefficients].reshape(self.shape), theta[self.coefficients :]
        return W, b if self.fit_intercept else np.zeros(self.k)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """F and ∇F."""
        W, b = self.split(theta)
        value, gradient = self._sweep(W, b, self.respond)
        self.steepest = float(np.abs(gradient).max())
        return value + 0.5 * self.mu * float(np.vdot(W, W)), gradient

    def product(self, theta: Floats, d: Floats) -> Floats:
        """H d, at the θ at which F was asked for last."""
        return self._sweep(*self.split(d), self.bend)[1]

    def _sweep(self, W: Floats, b: Floats, respond: Any) -> tuple[float, Floats]:
        total = np.zeros(self.size)
        G, c = self.split(total)
        np.multiply(W, self.mu, out=G)
        return self.table.sweep(W, b, respond, G, c), total

    def minimise(self, start: Floats, lam: float, tol: float, max_iter: int) -> Answer:
        """The θ at which F + λ‖W‖₁ is least. Warns with ConvergenceWarning where the tolerance was not reached."""
        if lam > 0:
            tall = self.table.X.shape[0] >= self.shape[0]
            road = self._by_hessian if tall and self._affordable else self._by_columns
            answer = road(start, lam, tol, max_iter)
        else:
            answer = self._smooth(start, tol, max_iter)
        if not answer.converged:
            warnings.warn(
                f"{answer.solver} did not reach tol={tol} in {answer.n_iter} iterations. Scale the features to comparable "
                "sizes, or raise max_iter or tol.",
                ConvergenceWarning,
                stacklevel=4,
            )
        return answer

    @property
    def _affordable(self) -> bool:
        """Whether H repays what it costs."""
        n, q = self.table.X.shape[0], self.size
        return bool(n * q**2 + q**3 / 3 <= REPAID * self.k * self.table.entries)

    def _smooth(self, start: Floats, tol: float, max_iter: int) -> Answer:
        if self._affordable:
            road, found = "newton", self._newton(start, tol, max_iter)
        elif self.table.is_sparse and self.k == 1:
            return self._by_products(start, tol, max_iter)
        elif self.table.is_sparse:  # with twenty classes the units below took more products, not fewer
            road, found = "newton-cg", newton(self, start, hessp=self.product, gtol=tol, max_iter=max_iter)
        else:
            road, found = "lbfgs", lbfgs(self, start, gtol=tol, max_iter=max_iter)
        return Answer(found.x, max(found.nit, 1), road, found.converged)

    def _newton(self, start: Floats, tol: float, max_iter: int) -> Any:
        kept, limit = None, np.inf  # the sample's Hessian, and where the gradient must be for it to be used again
        if not self.table.is_sparse and len(self.s) >= STEP * SAMPLE * self.size and self.s[::STEP].any():
            sample = self.every(STEP)
            sampled = sample._newton(start, tol, max_iter)
            if sampled.converged:
                start, kept = sampled.x, sample._invertible(sampled.x)

        def hessian(theta: Floats) -> Floats:
            nonlocal kept, limit
            kept = None if self.steepest > limit else kept
            limit = KEEPS * self.steepest
            return self._invertible(theta) if kept is None else kept

        return newton(self, start, hess=hessian, gtol=tol, max_iter=max_iter)

    def _by_products(self, start: Floats, tol: float, max_iter: int) -> Answer:
        """Newton's method by conjugate gradients for one column of W, in units that make features alike."""
        self(start)
        if self.steepest <= tol:
            return Answer(start, 1, "newton-cg", True)
        X, D = self.table.X, np.full(self.size, BEND)
        sums = np.bincount(
            X.indices, np.square(X.data, dtype=np.float64) * np.repeat(self.s, np.diff(X.indptr)), X.shape[1]
        )
        D[: self.coefficients] = BEND * sums + self.mu
        unit = 1 / np.sqrt(np.where(D > 0, D, 1.0))  # of each variable

        def f(u: Floats) -> tuple[float, Floats]:
            value, gradient = self(unit * u)
            return value, unit * gradient

        found = newton(
            f,
            start / unit,
            hessp=lambda u, d: unit * self.product(unit * u, unit * d),
            gtol=0.0,
            max_iter=max_iter,
            callback=lambda *_: self.steepest <= tol,
        )
        return Answer(unit * found.x, found.nit, "newton-cg", float(np.abs(found.grad / unit).max()) <= tol)

    def _invertible(self, theta: Floats) -> Floats:
        H = self.hessian(theta)
        diagonal = H.diagonal()
        H.flat[:: self.size + 1] += np.where(diagonal > 0, TINY * diagonal, 1.0)
        return H

    # ---- with absolute values

    def _by_hessian(self, start: Floats, lam: float, tol: float, max_iter: int) -> Answer:
        theta, (value, gradient) = start.copy(), self(start)
        violation = first = self._violation(theta, gradient, lam)
        n_iter = 0
        while violation > tol and n_iter < max_iter:
            enough = max(violation * min(LEFT, violation / first), tol / 2)
            d = self._descended(theta, gradient, lam, enough)
            theta, value, gradient, _ = self._along(d, theta, value, gradient, lam)
            violation, n_iter = self._violation(theta, gradient, lam), n_iter + 1
        return Answer(theta, max(n_iter, 1), "coordinate", violation <= tol)

    def _descended(self, theta: Floats, gradient: Floats, lam: float, enough: float) -> Floats:
        """The step to the minimum of the Newton model. Its intercepts follow from W, as those of centred features do."""
        m, H = self.coefficients, self.hessian(theta)
        inverse = np.linalg.pinv(H[m:, m:], rcond=TINY, hermitian=True)
        follow = inverse @ H[m:, :m]
        S = H[:m, :m] - H[:m, m:] @ follow
        S.flat[:: m + 1] += np.where(H.diagonal()[:m] > 0, TINY * H.diagonal()[:m], 1.0)
        dW = kernels.elastic_step(S, gradient[:m] - gradient[m:] @ follow, theta[:m], lam, enough, SWEEPS)
        return np.concatenate([dW, -inverse @ gradient[m:] - follow @ dW])

    def _along(
        self, d: Floats, theta: Floats, value: float, gradient: Floats, lam: float
    ) -> tuple[Floats, float, Floats, float]:
        """Go along d as far as the objective falls; returns θ, F, ∇F, and the fall that d promised."""
        before, after = (lam * float(np.abs(self.split(one)[0]).sum()) for one in (theta, theta + d))
        fall, t = before - after - float(gradient @ d), 1.0
        hidden = abs(fall) <= FINE * abs(value)  # by rounding: the model knows better
        if fall <= 0 and not hidden:
            return theta, value, gradient, 0.0
        while True:
            trial = theta + t * d
            new_value, gradient = self(trial)
            new = lam * float(np.abs(self.split(trial)[0]).sum())
            if new_value + new <= value + before - ARMIJO * t * fall or hidden or t < FLAT:
                return trial, new_value, gradient, fall
            t /= 2

    def _by_columns(self, start: Floats, lam: float, tol: float, max_iter: int) -> Answer:
        theta, (value, gradient) = start.copy(), self(start)
        gap = INNER * value
        for n_iter in range(max_iter):
            if self._violation(theta, gradient, lam) <= tol:
                return Answer(theta, max(n_iter, 1), "coordinate", True)
            promised = 0.0
            for column in range(self.k):
                d = self._elastic_step(theta, column, lam, gap / self.k)
                theta, value, gradient, fall = self._along(d, theta, value, gradient, lam)
                promised += fall
            gap = INNER * max(promised, gap)  # a fit within its gap moves little, and says nothing of what is left
            if gap <= FINE * abs(value):
                return self._polished(theta, lam, tol, n_iter + 1, max_iter)
        return Answer(theta, max_iter, "coordinate", self._violation(theta, gradient, lam) <= tol)

    def _polished(self, theta: Floats, lam: float, tol: float, n_iter: int, max_iter: int) -> Answer:
        """Take Newton steps in the coefficients in use as long as the violation falls."""
        violation = self._violation(theta, self(theta)[1], lam)
        while violation > tol and n_iter < max_iter:
            trial = theta.copy()
            for column in range(self.k):
                self._move_used(trial, column, lam)
            after = self._violation(trial, self(trial)[1], lam)
            if after >= violation:
                break
            theta, violation, n_iter = trial, after, n_iter + 1
        return Answer(theta, n_iter, "coordinate", violation <= tol)

    def _move_used(self, theta: Floats, column: int, lam: float) -> None:
        """Change θ by a Newton step in a column's coefficients that are not zero, or ought not to be; none changes sign."""
        (W, b), (G, c) = self.split(theta), self.split(self(theta)[1])
        w, g = W.reshape(len(W), -1)[:, column], G.reshape(len(W), -1)[:, column]
        used = np.flatnonzero((w != 0) | (np.abs(g) > lam))
        if len(used) > MANY:
            return
        sign = np.where(w == 0, -np.sign(g), np.sign(w))[used]
        _, h = self.parabola(column)
        A = self.table.X[:, used]
        A = np.column_stack([A.toarray() if self.table.is_sparse else A, np.full(len(h), float(self.fit_intercept))])
        H = (A.T * (self.s * h)) @ A + np.diag(np.r_[np.full(len(used), self.mu), 0.0])
        d = np.linalg.lstsq(H, -np.r_[g[used] + lam * sign, c[column]])[0]
        moved = w[used] + d[:-1]
        w[used] = np.where(moved * sign > 0, moved, 0.0)
        b[column] += d[-1]

    def _violation(self, theta: Floats, gradient: Floats, lam: float) -> float:
        """The largest component of the shortest subgradient: zero at the minimum."""
        w, g = theta[: self.coefficients], gradient[: self.coefficients]
        inside = np.where(w == 0, np.maximum(np.abs(g) - lam, 0), np.abs(g + lam * np.sign(w)))
        return float(max(inside.max(), np.abs(gradient[self.coefficients :]).max(initial=0.0)))

    def _elastic_step(self, theta: Floats, column: int, lam: float, gap: float) -> Floats:
        """The step to the minimum of the Newton model in one column: Σ h (ζ − Xw − b)²/2 with ζ = z − r/h, and penalties."""
        W, b = self.split(theta)
        w = W.reshape(len(W), -1)[:, column]
        r, h = self.parabola(column)
        h = np.maximum(h, FLAT)
        target = self.table.scores(w, b[column]) - r / h
        weights = self.s * h
        total = weights.sum()
        spread = weights @ (target - self.fit_intercept * (weights @ target / total)) ** 2
        net = ElasticNet(
            (lam + self.mu) / total,
            l1_ratio=lam / (lam + self.mu),
            fit_intercept=self.fit_intercept,
            tol=gap / spread,
            warm_start=True,
        )
        net.coef_ = w
        net.fit(self.table.X, target, weights)
        d = np.zeros(self.size)
        dW, db = self.split(d)
        dW.reshape(len(W), -1)[:, column] = net.coef_ - w
        db[column] = net.intercept_ - b[column]
        return d

    # ---- without a penalty

    def has_no_minimum(self, theta: Floats, tol: float, max_iter: int) -> bool:
        """Whether the loss falls for ever in some direction, judged from the θ where the minimiser stopped.

        It does if every row's own class leads, as scaling θ up lowers the loss. Else a Newton step tells: near a minimum
        it moves no lead by much. Where it does, the minimiser goes on, and if a step then still adds to some leads and
        takes from none, there is no minimum.
        """
        if self._all_lead(theta):
            return True
        if self._gains(theta).max() < MOVES:
            return False
        theta = self._smooth(theta, max(FURTHER * tol, NEAREST), max_iter).theta
        gains = self._gains(theta)
        return self._all_lead(theta) or bool(gains.max() > MOVES and gains.min() > -AGAINST * gains.max())

    def _all_lead(self, theta: Floats) -> bool:
        return bool((self._leads(theta) > 0).all())

    def _leads(self, theta: Floats) -> Floats:
        return self.lead(self.table.scores(*self.split(theta)))[self.s > 0]

    def _gains(self, theta: Floats) -> Floats:
        """What a Newton step in each column of W adds to the leads; a step is the weighted least-squares fit to −r/h."""
        self(theta)
        step = np.zeros(self.size)
        dW, db = self.split(step)
        for column in range(self.k):
            r, h = self.parabola(column)
            h = np.maximum(h, np.finfo(float).tiny)
            model = LinearRegression(fit_intercept=self.fit_intercept).fit(self.table.X, -r / h, self.s * h)
            dW.reshape(len(dW), -1)[:, column], db[column] = model.coef_, model.intercept_
        return self._leads(step)
