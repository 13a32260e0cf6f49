"""What is minimised: the mean loss of the scores Z = X W + b and half a squared norm,

    F(θ) = Σᵢ sᵢ ℓ(zᵢ, yᵢ) + ½μ‖W‖²,    Σᵢ sᵢ = 1,    θ = (W, b),

and by which road. Every road ends where no |∂F/∂θⱼ| exceeds a tolerance:

- ``newton``: Hd = −∇F with the Hessian H, while H costs no more than a thousand numbers' worth of a pass for each number
  that X stores: (n q² + q³/3) ≤ 1000 · entries, with q parameters. Each step is a weighted least-squares problem, which
  gives the method its other name, IRLS. Where rows are many, it starts from its answer on every eighth row.
- ``newton-cg``: the same equation by conjugate gradients, for a sparse X beyond that;
- ``lbfgs``: for a dense X beyond that, where one pass an iteration repays the worse direction.

Shapes: n rows, p features, k columns of coefficients, q = pk + k parameters (pk without an intercept).
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from mlatlas.linear.logistic_regression.table import Table
from mlatlas.optimize.newton.newton import lbfgs, newton

Floats = NDArray[np.float64]

REPAID = 1000.0  # multiplications for the Hessian, for each stored number, that Newton's fewer passes repay
STEP = 8  # every so many rows make a sample
SAMPLE = 16  # rows for each parameter that a sample must have
TINY = 1e-9  # what is added to the diagonal of H, relative, so that directions without curvature stay where they are


class Objective:
    """F with its gradient and Hessian; `columns` is () for one column of coefficients, else (k,)."""

    def __init__(
        self, table: Table, weights: Floats, mu: float, fit_intercept: bool, columns: tuple[int, ...] = ()
    ) -> None:
        self.table, self.s, self.mu, self.fit_intercept = table, weights, mu, fit_intercept
        self.shape = (table.X.shape[1], *columns)
        self.coefficients = int(np.prod(self.shape))
        self.k = columns[0] if columns else 1

    @property
    def size(self) -> int:
        """The number q of parameters."""
        return self.coefficients + self.k * self.fit_intercept

    def split(self, theta: Floats) -> tuple[Floats, Floats]:
        """W and b as views of θ; b is zero without an intercept."""
        W, b = theta[: self.coefficients].reshape(self.shape), theta[self.coefficients :]
        return W, b if self.fit_intercept else np.zeros(self.k)

    def __call__(self, theta: Floats) -> tuple[float, Floats]:
        """F and ∇F."""
        W, b = self.split(theta)
        value, gradient = self._sweep(W, b, self.respond)
        return value + 0.5 * self.mu * float(np.vdot(W, W)), gradient

    def product(self, theta: Floats, d: Floats) -> Floats:
        """H d, at the θ at which F was asked for last."""
        return self._sweep(*self.split(d), self.bend)[1]

    def _sweep(self, W: Floats, b: Floats, respond: Any) -> tuple[float, Floats]:
        theta = np.zeros(self.size)
        G, c = self.split(theta)
        np.multiply(W, self.mu, out=G)
        return self.table.sweep(W, b, respond, G, c), theta

    def respond(self, rows: slice, Z: Floats) -> tuple[float, Floats]:
        """The weighted sum of the losses of these rows, and its derivative with respect to Z."""
        raise NotImplementedError

    def bend(self, rows: slice, dZ: Floats) -> tuple[float, Floats]:
        """How that derivative changes with a change dZ of the scores; the number is of no use."""
        raise NotImplementedError

    def hessian(self, theta: Floats) -> Floats:
        """H, at the θ at which F was asked for last."""
        raise NotImplementedError

    def every(self, step: int) -> Objective:
        """F on every step-th row."""
        raise NotImplementedError

    def minimise(self, start: Floats, tol: float, max_iter: int) -> tuple[Floats, int, str]:
        """The θ at which F is least, the number of iterations, and the road taken.

        Warns:
            ConvergenceWarning: the tolerance was not reached.
        """
        n, q, entries = self.table.X.shape[0], self.size, self.table.entries
        if n * q * q + q**3 / 3 <= REPAID * entries:
            road, found = "newton", self._newton(start, tol, max_iter)
        elif self.table.is_sparse:
            road, found = "newton-cg", newton(self, start, hessp=self.product, gtol=tol, max_iter=max_iter)
        else:
            road, found = "lbfgs", lbfgs(self, start, gtol=tol, max_iter=max_iter)
        if not found.converged:
            warnings.warn(
                f"{road} stopped where a derivative of the mean loss is {found.grad_norm:.1e}, above tol={tol}: "
                f"{found.message} Scale the features to comparable sizes, or raise max_iter.",
                ConvergenceWarning,
                stacklevel=3,
            )
        return found.x, max(found.nit, 1), road

    def _newton(self, start: Floats, tol: float, max_iter: int) -> Any:
        n, q = self.table.X.shape[0], self.size
        if n >= STEP * SAMPLE * q and not self.table.is_sparse:
            sampled = self.every(STEP)._newton(start, tol, max_iter)
            start = sampled.x if sampled.converged else start
        return newton(self, start, hess=self._invertible, gtol=tol, max_iter=max_iter)

    def _invertible(self, theta: Floats) -> Floats:
        H = self.hessian(theta)
        diagonal = H.diagonal()
        H.flat[:: self.size + 1] += np.where(diagonal > 0, TINY * diagonal, 1.0)
        return H
