"""What a state emits: a Gaussian vector or a symbol. Each knows its density and what maximises its share of EM's objective.

With the posterior weights γ of a state, N = Σₜ γₜ, EM asks each family for the largest of Σₜ γₜ log p(xₜ) + log prior:

    symbols     p(v) ∝ Σₜ γₜ 1[xₜ = v] + a − 1                               Dirichlet prior Π p(v)^{a−1}
    Gaussians   μ = (Σₜ γₜ xₜ + w m₀) / (N + w)
                Σ = (Σₜ γₜ (xₜ−μ)(xₜ−μ)ᵀ + w (μ−m₀)(μ−m₀)ᵀ + Ψ) / (N + c)    normal prior on μ, inverse Wishart on Σ

and the eigenvalues of Σ are clipped from below, which is the best that the constraint allows.

Shapes: n rows, D features, V symbols, K states; γ (n, K); μ (K, D); Σ as `covariance_type` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.special import xlogy

from mlatlas.sequential.hmm import kernels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Sums = tuple[Floats, ...]

# ---- symbols ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Symbols:
    """Each state draws one of V symbols, P (K, V); the number −1 stands for a missing one."""

    P: Floats

    @cached_property
    def _rows(self) -> Floats:
        """P(symbol | state) by symbol, (V + 1, K); the last row, which −1 picks, is that of a missing one."""
        return np.vstack([self.P.T, np.ones(len(self.P))])

    def densities(self, symbols: Integers) -> tuple[Floats, Floats]:
        """P(xₜ | k), (n, K), and zeros, (n,): they are in units of one."""
        return self._rows[symbols], np.zeros(len(symbols))

    def log_densities(self, symbols: Integers) -> Floats:
        """log P(xₜ | k), (n, K)."""
        with np.errstate(divide="ignore"):
            return np.log(self._rows)[symbols]

    def sums(self, symbols: Integers, gamma: Floats) -> Sums:
        """How often each symbol is expected from each state, (V + 1, K)."""
        total = np.zeros(self._rows.shape)
        kernels.counts(symbols, gamma, total)
        return (total,)

    def maximised(self, sums: Sums, prior: Any) -> Floats:
        """The P that is best for these sums under Dirichlet priors; the row of a state that emits nothing stays."""
        return shares(sums[0][:-1].T + (prior - 1.0), self.P)  # (m-step-symbols)

    def draw(self, states: Integers, random: np.random.RandomState) -> Any:
        """A symbol for each state, (n, 1)."""
        upto = np.cumsum(self.P, axis=1)
        u = random.uniform(size=len(states)) * upto[states, -1]
        return (upto[states] <= u[:, None]).sum(axis=1)[:, None]


def shares(weights: Floats, old: Floats) -> Floats:
    """The weights of each row divided by their sum, 0 for less than FAINT; a row without any keeps its old shares."""
    total = weights.sum(axis=-1, keepdims=True)
    some = total > 0
    new = np.where(some, weights / np.where(some, total, 1.0), old)
    return np.where(new < kernels.FAINT, 0.0, new)


def log_dirichlet(p: Floats, prior: Any) -> float:
    """Σ (a − 1) log p, up to a constant."""
    return float(np.sum(xlogy(np.broadcast_to(np.subtract(prior, 1.0), p.shape), p)))


# ---- Gaussian vectors ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Prior:
    """A normal prior N(m₀, Σ/w) on each mean and an inverse Wishart one on Σ, with |Σ|^{−c/2} exp(−½ tr Ψ Σ⁻¹)."""

    mean: Any
    weight: float
    scale: Any  # Ψ: a number times the identity, or what adds to Σ
    degrees: float  # c, for a Σ of D × D
    floor: float


@dataclass(frozen=True)
class Gaussians:
    """Each state draws N(μ, Σ): 'spherical' σ² (K,), 'diag' (K, D), 'full' (K, D, D), 'tied' (D, D) for all states."""

    means: Floats
    covars: Floats
    kind: str

    @property
    def axes(self) -> bool:
        """Whether the features are independent within a state."""
        return self.kind in ("spherical", "diag")

    @cached_property
    def variances(self) -> Floats:
        """σ² of every state and feature, (K, D), for independent features."""
        return np.broadcast_to(self.covars if self.kind == "diag" else self.covars[:, None], self.means.shape)

    @cached_property
    def matrices(self) -> Floats:
        """Σ of every state, (K, D, D)."""
        K, D = self.means.shape
        if self.axes:
            return self.variances[:, :, None] * np.eye(D)
        return np.broadcast_to(self.covars, (K, D, D))

    @cached_property
    def _factors(self) -> Floats:
        """L⁻¹ᵀ of Σ = L Lᵀ for every state, (K, D, D)."""
        few = np.linalg.cholesky(self.covars if self.kind == "full" else self.covars[None])
        inverse = np.stack([solve_triangular(L, np.eye(len(L)), lower=True).T for L in few])
        return np.broadcast_to(inverse, self.matrices.shape)

    @cached_property
    def _log_det(self) -> Floats:
        if self.axes:
            return np.asarray(np.log(self.variances).sum(axis=1))
        return np.asarray(-2 * np.log(np.diagonal(self._factors, axis1=1, axis2=2)).sum(axis=1))

    @cached_property
    def _constant(self) -> Floats:
        """The logarithm of each density at its mean, (K,)."""
        return np.asarray(-0.5 * (self.means.shape[1] * np.log(2 * np.pi) + self._log_det))

    @cached_property
    def _columns(self) -> tuple[Floats, Floats]:
        """Means and 1/(2σ²) with a column for each state, (D, K)."""
        return np.ascontiguousarray(self.means.T), np.ascontiguousarray(0.5 / self.variances.T)

    def log_densities(self, X: Floats) -> Floats:
        """log N(xₜ; μₖ, Σₖ), (n, K)."""
        logs = np.empty((len(X), len(self.means)))
        if self.axes:
            kernels.log_gaussians(X, *self._columns, self._constant, logs)
            return logs
        for k, factor in enumerate(self._factors):
            logs[:, k] = self._constant[k] - 0.5 * np.square((X - self.means[k]) @ factor).sum(axis=1)  # (gaussian)
        return logs

    def densities(self, X: Floats) -> tuple[Floats, Floats]:
        """N(xₜ; μₖ, Σₖ) divided by the largest of its row, (n, K), and the logarithm of that, (n,)."""
        B, top = self.log_densities(X), np.empty(len(X))
        kernels.exponentials(B, top)
        return B, top

    def sums(self, X: Floats, gamma: Floats) -> Sums:
        """N (K,), and Σ γ (x − μ) and Σ γ (x − μ)² about the present means: (D, K) twice, or (K, D) and (K, D, D)."""
        K, D = self.means.shape
        by_state = np.ascontiguousarray(gamma.T)
        N = by_state.sum(axis=1)
        if self.axes:
            first, second = np.zeros((D, K)), np.zeros((D, K))
            kernels.moments(np.ascontiguousarray(X.T), self._columns[0], by_state, first, second)
            return N, first, second
        first, second = np.empty((K, D)), np.empty((K, D, D))
        for k in range(K):
            Z = X - self.means[k]
            weighted = by_state[k, :, None] * Z
            first[k], second[k] = weighted.sum(axis=0), weighted.T @ Z
        return N, first, second

    def maximised(self, sums: Sums, prior: Prior, learn: str) -> tuple[Gaussians, list[int]]:
        """The Gaussians that are best for these sums, and the states whose covariance the floor has held up."""
        K, D = self.means.shape
        N, first, second = sums
        if self.axes:
            first, second = first.T, second.T
        means = self.means
        if "m" in learn:
            total = (N + prior.weight)[:, None]
            pull = first + prior.weight * (prior.mean - self.means)
            means = self.means + np.divide(pull, total, out=np.zeros((K, D)), where=total > 0)  # (m-step-mean)
        if "c" not in learn:
            return Gaussians(means, self.covars, self.kind), []
        move, off = means - self.means, means - prior.mean
        if self.axes:
            scatter = second - 2 * move * first + N[:, None] * move**2 + prior.weight * off**2 + prior.scale
        else:
            cross = np.einsum("ki,kj->kij", move, first)
            scatter = second - cross - cross.swapaxes(1, 2) + np.einsum("k,ki,kj->kij", N, move, move)
            scatter += prior.weight * np.einsum("ki,kj->kij", off, off)
        covars, held = self._covariances(scatter, N, prior)
        return Gaussians(means, covars, self.kind), held

    def _covariances(self, scatter: Floats, N: Floats, prior: Prior) -> tuple[Floats, list[int]]:
        """Scatter divided by the counts, in the shape of the kind, with the eigenvalues clipped."""
        if self.axes:
            total, old = (N + prior.degrees)[:, None], self.variances
            best = np.where(total > 0, scatter / np.where(total > 0, total, 1.0), old)  # (m-step-covariance)
            best = best if self.kind == "diag" else best.mean(axis=1)
            low = best < prior.floor
            held = np.flatnonzero(low if low.ndim == 1 else low.any(axis=1)).tolist()
            return np.maximum(best, prior.floor), held
        psi = prior.scale * np.eye(scatter.shape[1]) if np.ndim(prior.scale) == 0 else np.asarray(prior.scale)
        if self.kind == "tied":
            best, raised = clipped((scatter.sum(axis=0) + psi) / (N.sum() + prior.degrees), prior.floor)
            return best, [0] if raised else []
        total = N + prior.degrees
        psi, covars, held = np.broadcast_to(psi, scatter.shape), self.covars.copy(), []
        for k in np.flatnonzero(total > 0):
            covars[k], raised = clipped((scatter[k] + psi[k]) / total[k], prior.floor)
            held += [int(k)] if raised else []
        return covars, held

    def log_prior(self, prior: Prior) -> float:
        """The logarithm of the prior density, up to a constant."""
        off = self.means - prior.mean
        if self.axes:
            spread = (prior.weight * off**2 + prior.scale) / self.variances
            return float(-0.5 * np.sum(spread + prior.degrees * np.log(self.variances)))
        D = off.shape[1]
        precision = np.einsum("kij,klj->kil", self._factors, self._factors)
        psi = prior.scale * np.eye(D) if np.ndim(prior.scale) == 0 else prior.scale
        states = slice(None) if self.kind == "full" else slice(1)
        spread = prior.weight * np.einsum("ki,kij,kj->", off, precision, off) + np.sum(psi * precision[states])
        return float(-0.5 * (spread + prior.degrees * np.sum(self._log_det[states])))

    def draw(self, states: Integers, random: np.random.RandomState) -> Any:
        """A vector for each state, (n, D)."""
        roots = np.linalg.cholesky(self.matrices)
        noise = random.standard_normal((len(states), self.means.shape[1]))
        return self.means[states] + np.einsum("tij,tj->ti", roots[states], noise)


def clipped(S: Floats, floor: float) -> tuple[Floats, bool]:
    """A symmetric matrix with its eigenvalues raised to the floor, and whether any was below it."""
    S = (S + S.T) / 2
    values, vectors = np.linalg.eigh(S)
    if values[0] >= floor:
        return S, False
    raised: Floats = (vectors * np.maximum(values, floor)) @ vectors.T
    return (raised + raised.T) / 2, True
