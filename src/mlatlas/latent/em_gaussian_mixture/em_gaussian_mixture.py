"""EM for a mixture of K Gaussians, p(x) = Σₖ πₖ N(x; μₖ, Σₖ), to maximise Σᵢ wᵢ log p(xᵢ) with every eigenvalue of Σₖ at least c.

    E   rᵢₖ = πₖ N(xᵢ; μₖ, Σₖ) / p(xᵢ)
    M   Nₖ = Σᵢ wᵢ rᵢₖ,   πₖ = Nₖ / Σᵢ wᵢ,   μₖ = Σᵢ wᵢ rᵢₖ xᵢ / Nₖ,   Σₖ = Σᵢ wᵢ rᵢₖ (xᵢ − μₖ)(xᵢ − μₖ)ᵀ / Nₖ,
        with the eigenvalues of Σₖ that are below c raised to c.

Raised eigenvalues are the best that the constraint allows, so the likelihood still never falls. One pass over X does both:
a block of rows gets its posteriors, and is added up with them at once, about the means before the step.

Shapes: n rows, d features, K components; X (n, d), weights w (n,), r (n, K), μ (K, d); Σ is (K, d, d) for 'full', (d, d) for
'tied', (K, d) for 'diag', (K,) for 'spherical'.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.linalg import solve_triangular
from sklearn.base import BaseEstimator, DensityMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from mlatlas.latent.em_gaussian_mixture import kernels
from mlatlas.latent.kmeans.kmeans import KMeans, kmeans_plusplus
from mlatlas.numerics.tables import check_whole, weights_or_ones
from mlatlas.numerics.threads import Team, cut_in_parts, team

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Array = NDArray[Any]

KINDS = ("full", "tied", "diag", "spherical")
STARTS = ("kmeans", "k-means++", "random_from_data")


class GaussianMixture(DensityMixin, BaseEstimator):  # type: ignore[misc]
    """A mixture of Gaussians, p(x) = Σₖ πₖ N(x; μₖ, Σₖ), fitted by EM to Σᵢ wᵢ log p(xᵢ) with eigenvalues of Σₖ ≥ reg_covar.

    Parameters:
        n_components: K, at most n.
        covariance_type: 'full'; 'tied' for one matrix that all share; 'diag'; 'spherical' for one variance each.
        tol: stop when a step adds less than this to the mean log-likelihood of a row, in nats. With 0, max_iter decides.
        reg_covar: the least eigenvalue of a covariance, in squared units of X. Lower ones are raised to it, not added to;
            of components that end so a ConvergenceWarning tells.
        max_iter: the most steps from each start.
        n_init: how many starts are tried, of which the one with the largest likelihood stays.
        init_params: where the means start: 'kmeans', 'k-means++', or 'random_from_data' for K rows. Each row goes to the
            nearest; shares and covariances are those of the groups.
        weights_init, means_init, precisions_init: π (K,), μ (K, d), and the inverse of Σ, in its shape, to start from.
        random_state: seed or generator of the starts and of `sample`.
        warm_start: whether `fit` goes on from the last fit.
        n_jobs: threads; None for as many as Numba is set to, -1 for one a core. The answer does not depend on it.

    Attributes:
        weights_, means_, covariances_: π (K,), μ (K, d), Σ.
        precisions_cholesky_: P with P Pᵀ = Σ⁻¹, upper triangular; 1/σ for 'diag' and 'spherical'. precisions_: Σ⁻¹.
        lower_bounds_: the mean log-likelihood before the first step and after each, in nats a row, (n_iter_ + 1,).
        lower_bound_: the last of them. n_iter_: steps taken. converged_: whether tol stopped them.
        held_: the components whose covariance reg_covar holds up; [0] for 'tied'.
        n_features_in_, feature_names_in_: as in scikit-learn.

    An interrupted fit keeps the best parameters it had, and lets the KeyboardInterrupt go on.

    Complexity: O(n K d²) time a step, O(n K d) for 'diag' and 'spherical'; memory beyond X is O(K d²).

    Sources: Dempster, Laird, Rubin 1977; Bishop 2006, section 9.2; Ingrassia, Rocci 2007, on bounded eigenvalues.
    """

    weights_: Floats
    means_: Floats
    covariances_: Floats
    lower_bounds_: list[float]
    lower_bound_: float
    n_iter_: int
    converged_: bool
    held_: list[int]

    def __init__(
        self,
        n_components: int = 1,
        *,
        covariance_type: str = "full",
        tol: float = 1e-3,
        reg_covar: float = 1e-6,
        max_iter: int = 100,
        n_init: int = 1,
        init_params: str = "kmeans",
        weights_init: ArrayLike | None = None,
        means_init: ArrayLike | None = None,
        precisions_init: ArrayLike | None = None,
        random_state: Any = None,
        warm_start: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (n, d) with weights (n,), all ones by default; y is ignored.

        Raises:
            ValueError: a parameter out of its range; missing or infinite values, fewer rows than components, a spread
                whose square is no number, starts of the wrong shape, π that do not sum to one, precisions that are not
                positive definite, weights that are negative or all zero.
            TypeError: a sparse X.
        """
        self._check_parameters()
        X = validate_data(self, X, dtype=(np.float64, np.float32), order="C", ensure_min_samples=2)
        n, K = len(X), self.n_components
        if n < K:
            raise ValueError(f"n_samples={n} should be >= n_components={K}. Ask for fewer components.")
        w = weights_or_ones(sample_weight, n)
        origin = X.mean(axis=0, dtype=np.float64)
        with np.errstate(over="ignore"):
            if not np.isfinite(np.square(np.ptp(X, axis=0).astype(np.float64)).sum() * w.sum()):
                raise ValueError(
                    "X must have a spread whose square is a finite number; divide its columns by their scale."
                )
        random, going_on = check_random_state(self.random_state), self.warm_start and hasattr(self, "means_")
        self.lower_bound_ = -np.inf
        with team(self.n_jobs) as each:
            for _ in range(1 if going_on else self.n_init):
                start = self._mixture if going_on else self._start(X, w, random)
                self._climb(X, w, origin, start, each)
        if self.held_:
            warnings.warn(
                f"reg_covar = {self.reg_covar:g} holds up the covariance of component {self.held_}, which would be narrower. "
                "Ask for fewer components or another covariance_type, or look for repeated rows and dependent columns.",
                ConvergenceWarning,
                stacklevel=2,
            )
        if not self.converged_ and self.tol > 0:
            warnings.warn(
                f"EM stopped after max_iter = {self.max_iter} steps, with steps that still add more than tol = {self.tol:g}. "
                "Raise max_iter or tol.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def fit_predict(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Integers:
        """Fit, and return the most probable component (n,) of each row."""
        return self.fit(X, y, sample_weight).predict(X)

    def predict(self, X: Any) -> Integers:
        """The most probable component (m,) of each row of X (m, d), the lower one in a tie."""
        return np.asarray(self.predict_proba(X).argmax(axis=1))

    def predict_proba(self, X: Any) -> Floats:
        """The posterior probability r (m, K) of each component for each row of X (m, d)."""
        return self._rows(X)[0]

    def score_samples(self, X: Any) -> Floats:
        """log p(x), (m,), of each row of X (m, d), in nats."""
        return self._rows(X)[1]

    def score(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """The mean of log p(x) over the rows of X (m, d), in nats; weighted by (m,)."""
        logs = self.score_samples(X)
        return float(np.average(logs, weights=weights_or_ones(sample_weight, len(logs))))

    def bic(self, X: Any) -> float:
        """Bayes' information criterion −2 Σ log p(x) + m log n, with m free parameters; the smaller the better."""
        logs = self.score_samples(X)
        return float(-2 * logs.sum() + self._n_parameters() * np.log(len(logs)))

    def aic(self, X: Any) -> float:
        """Akaike's information criterion −2 Σ log p(x) + 2 m, with m free parameters; the smaller the better."""
        return float(-2 * self.score_samples(X).sum() + 2 * self._n_parameters())

    def sample(self, n_samples: int = 1) -> tuple[Floats, Integers]:
        """Draw rows (m, d) and the components (m,) that they come from, sorted by component."""
        check_is_fitted(self)
        check_whole("n_samples", n_samples)
        random, mixture = check_random_state(self.random_state), self._mixture
        counts = random.multinomial(n_samples, self.weights_ / self.weights_.sum())
        components = np.repeat(np.arange(len(counts)), counts)
        noise = random.standard_normal((n_samples, self.means_.shape[1]))
        roots = np.linalg.cholesky(mixture.matrices)
        X = np.concatenate([noise[components == k] @ roots[k].T + self.means_[k] for k in range(len(counts))])
        return X, components

    @property
    def precisions_cholesky_(self) -> Floats:
        """P with P Pᵀ = Σ⁻¹, upper triangular, in the shape of Σ; 1/σ for independent features."""
        return self._mixture.factors

    @property
    def precisions_(self) -> Floats:
        """Σ⁻¹, in the shape of Σ."""
        P = self._mixture.factors
        return P**2 if self.covariance_type in ("diag", "spherical") else np.asarray(P @ np.swapaxes(P, -1, -2))

    @property
    def _mixture(self) -> _Mixture:
        try:
            return _Mixture(self.weights_, self.means_, self.covariances_, self.covariance_type)
        except AttributeError:
            raise AttributeError("this GaussianMixture is not fitted; call fit first.") from None

    def _rows(self, X: Any) -> tuple[Floats, Floats]:
        """Posteriors (m, K) and log p(x) (m,)."""
        check_is_fitted(self)
        X = np.asarray(validate_data(self, X, reset=False, dtype=(np.float64, np.float32), order="C"))
        origin = self.weights_ @ self.means_
        what = self._mixture.scaled(origin)
        R, logs = np.empty((len(X), len(self.means_))), np.empty(len(X))
        with team(self.n_jobs) as each:
            each(
                lambda a, b: kernels.posterior_rows(X, origin, *what, a, b, R, logs),
                cut_in_parts(len(X), X.size * len(self.means_)),
            )
        return R, logs

    def _n_parameters(self) -> int:
        K, d = self.means_.shape
        matrix: dict[str, int] = {"full": K * d * (d + 1) // 2, "tied": d * (d + 1) // 2, "diag": K * d, "spherical": K}
        return int(K - 1 + K * d + matrix[self.covariance_type])

    def _climb(self, X: Array, w: Floats, origin: Floats, mixture: _Mixture, each: Team) -> None:
        """EM from one start; what it reaches is kept if it is the best so far."""
        bounds: list[float] = []
        held: list[int] = []
        converged, best = False, mixture
        try:
            for step in range(self.max_iter + 1):
                value, sums = _pass(X, w, origin, mixture, each)
                bounds.append(value)
                best, best_held = mixture, held
                converged = step > 0 and self.tol > 0 and bounds[-1] - bounds[-2] < self.tol
                if converged or step == self.max_iter:
                    break
                mixture, held = mixture.maximised(sums, self.reg_covar)
        finally:
            if bounds and bounds[-1] > self.lower_bound_:
                self.weights_, self.means_, self.covariances_ = best.weights, best.means, best.covariances
                self.lower_bounds_, self.lower_bound_, self.n_iter_ = bounds, bounds[-1], len(bounds) - 1
                self.converged_, self.held_ = converged, best_held

    def _start(self, X: Array, w: Floats, random: np.random.RandomState) -> _Mixture:
        """What one run of EM starts from."""
        K, d, kind = self.n_components, X.shape[1], self.covariance_type
        given = [self.weights_init, self.means_init, self.precisions_init]
        weights, means, precisions = (
            None
            if value is None
            else check_array(value, dtype=np.float64, ensure_2d=False, allow_nd=True, input_name=name)
            for name, value in zip(("weights_init", "means_init", "precisions_init"), given, strict=True)
        )
        shapes = {"full": (K, d, d), "tied": (d, d), "diag": (K, d), "spherical": (K,)}
        _shaped("weights_init", weights, (K,))
        _shaped("means_init", means, (K, d))
        _shaped("precisions_init", precisions, shapes[kind])
        if weights is not None and (weights.min() < 0 or abs(weights.sum() - 1) > 1e-8):
            raise ValueError(
                f"weights_init must be probabilities that sum to one; got {weights}, whose sum is {weights.sum():g}. "
                "Divide them by their sum."
            )
        covariances = None if precisions is None else _inverted(precisions, kind)
        if weights is None or means is None or covariances is None:
            grouped = self._grouped(X, w, self._centres(X, w, random) if means is None else means)
            weights = grouped.weights if weights is None else weights
            means = grouped.means if means is None else means
            covariances = grouped.covariances if covariances is None else covariances
        return _Mixture(weights, means, covariances, kind)

    def _centres(self, X: Array, w: Floats, random: np.random.RandomState) -> Floats:
        K = self.n_components
        if self.init_params == "kmeans":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ConvergenceWarning)  # of repeated rows, which EM bears
                centres = KMeans(K, random_state=random, n_jobs=self.n_jobs).fit(X, sample_weight=w).cluster_centers_
        elif self.init_params == "k-means++":
            centres = kmeans_plusplus(X, K, sample_weight=w, random_state=random, n_jobs=self.n_jobs)[0]
        else:
            rows = np.flatnonzero(w)
            centres = X[np.resize(random.choice(rows, min(K, len(rows)), replace=False), K)]
        return np.asarray(centres, dtype=np.float64)

    def _grouped(self, X: Array, w: Floats, centres: Floats) -> _Mixture:
        """The M-step after each row went wholly to the nearest centre; an empty group has the spread of all rows."""
        K, d = centres.shape
        labels = KMeans(K, init=centres, max_iter=1, n_jobs=self.n_jobs)
        labels.cluster_centers_, labels.n_features_in_ = centres, d
        z = labels.predict(np.asarray(X))
        N, means, scatter = np.zeros(K), centres.copy(), np.empty((K, d, d))
        middle = np.average(X, axis=0, weights=w)
        everything = ((X - middle) * w[:, None]).T @ (X - middle) / w.sum()
        for k in range(K):
            rows, v = X[z == k], w[z == k]
            N[k] = v.sum()
            if N[k] > 0:
                means[k] = np.average(rows, axis=0, weights=v)
                scatter[k] = ((rows - means[k]) * v[:, None]).T @ (rows - means[k])
            else:
                scatter[k] = 0.0
        covariances, _ = _covariances(
            scatter, N, np.broadcast_to(everything, scatter.shape), self.covariance_type, self.reg_covar
        )
        return _Mixture(N / N.sum(), means, covariances, self.covariance_type)

    def _check_parameters(self) -> None:
        for name in ("n_components", "max_iter", "n_init"):
            check_whole(name, getattr(self, name))
        for name, remedy in (("tol", "Take 0 to go on to max_iter."), ("reg_covar", "Take 0 for no floor.")):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < np.inf:
                raise ValueError(f"{name} must be a number from 0 on; got {value!r}. {remedy}")
        for name, options in (("covariance_type", KINDS), ("init_params", STARTS)):
            if getattr(self, name) not in options:
                raise ValueError(f"{name} must be one of {', '.join(map(repr, options))}; got {getattr(self, name)!r}.")


# ---- the two steps ---------------------------------------------------------------------------------------------

Sums = tuple[Floats, Floats, Floats]  # N (K,), Σ r (x − μ) (K, d), Σ r (x − μ)(x − μ)ᵀ (K, d, d) or its diagonal (K, d)


@dataclass(frozen=True)
class _Mixture:
    """π, μ and Σ of a kind."""

    weights: Floats
    means: Floats
    covariances: Floats
    kind: str

    @property
    def axes(self) -> bool:
        """Whether the features are independent within a component."""
        return self.kind in ("diag", "spherical")

    @property
    def matrices(self) -> Floats:
        """Σ of every component, (K, d, d)."""
        K, d = self.means.shape
        if self.axes:
            variances = self.covariances if self.kind == "diag" else self.covariances[:, None]
            return np.asarray(np.broadcast_to(variances, (K, d))[:, :, None] * np.eye(d))
        return np.broadcast_to(self.covariances, (K, d, d))

    @property
    def factors(self) -> Floats:
        """P with P Pᵀ = Σ⁻¹, in the shape of Σ; 1/σ for independent features."""
        if self.axes:
            return np.asarray(1 / np.sqrt(self.covariances))
        d = self.means.shape[1]
        few = np.linalg.cholesky(self.covariances.reshape(-1, d, d))
        P = np.stack([solve_triangular(L, np.eye(d), lower=True).T for L in few])
        return P.reshape(self.covariances.shape)

    def scaled(self, origin: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """A, centres, scale and constants of the kernels."""
        (K, d), P = self.means.shape, self.factors
        off = self.means - origin
        if self.axes:
            inverse = np.broadcast_to(P if self.kind == "diag" else P[:, None], (K, d))
            A, centres, scale = np.empty((0, d, d)), off, inverse**2
            log_root = np.log(inverse).sum(axis=1)
        else:
            A = np.ascontiguousarray(P.reshape(-1, d, d).swapaxes(1, 2))
            centres, scale = (A @ off[:, :, None])[:, :, 0], np.ones((K, d))
            log_root = np.log(np.diagonal(A, axis1=1, axis2=2)).sum(axis=1)
        with np.errstate(divide="ignore"):
            constant = np.log(self.weights) + log_root - 0.5 * d * np.log(2 * np.pi)
        return A, centres, scale, constant

    def maximised(self, sums: Sums, floor: float) -> tuple[_Mixture, list[int]]:
        """The mixture that is best for these posteriors, and the components that the floor holds up.

        A component that no row belongs to keeps its mean and covariance, with π = 0.
        """
        N, first, second = sums
        some = N > 0
        move = np.divide(first, N[:, None], out=np.zeros_like(first), where=some[:, None])
        means = self.means + move  # (means)
        if self.axes:
            scatter = second - N[:, None] * move**2
            old = np.broadcast_to(self.covariances if self.kind == "diag" else self.covariances[:, None], scatter.shape)
        else:
            scatter = second - N[:, None, None] * move[:, :, None] * move[:, None, :]
            old = np.broadcast_to(self.covariances, scatter.shape)
        covariances, held = _covariances(scatter, N, old, self.kind, floor)
        return _Mixture(N / N.sum(), means, covariances, self.kind), held  # (shares)


def _pass(X: Array, w: Floats, origin: Floats, mixture: _Mixture, each: Team) -> tuple[float, Sums]:
    """The mean log-likelihood, and what the posteriors add up to about the present means."""
    A, centres, scale, constant = mixture.scaled(origin)
    K, d = mixture.means.shape
    about, rows = mixture.means - origin, 1 if mixture.axes else d

    def part(a: int, b: int) -> tuple[float, Sums]:
        sums = np.zeros(K), np.zeros((K, d)), np.zeros((K, rows, d))
        return kernels.expected(X, w, origin, A, centres, scale, constant, about, a, b, *sums), sums

    parts = each(part, cut_in_parts(len(X), X.size * K * rows))
    N, first, second = (np.sum([sums[i] for _, sums in parts], axis=0) for i in range(3))
    value = sum(value for value, _ in parts) / float(w.sum())
    return value, (N, first, second[:, 0] if mixture.axes else second)


def _covariances(scatter: Floats, N: Floats, old: Floats, kind: str, floor: float) -> tuple[Floats, list[int]]:
    """Scatter (K, d, d), or (K, d) for independent features, divided by N, in the shape of the kind, and who was held up."""
    some = N > 0
    if kind in ("diag", "spherical"):
        if scatter.ndim == 3:
            scatter, old = np.diagonal(scatter, axis1=1, axis2=2), np.diagonal(old, axis1=1, axis2=2)
        best = np.where(some[:, None], scatter / np.where(some, N, 1.0)[:, None], old)
        best = best if kind == "diag" else best.mean(axis=1)
        held = np.flatnonzero((best < floor).reshape(len(best), -1).any(axis=1)).tolist()
        return _invertible(np.maximum(best, floor), best.reshape(len(best), -1).min(axis=1), floor), held
    best = scatter.sum(axis=0)[None] / N.sum() if kind == "tied" else scatter / np.where(some, N, 1.0)[:, None, None]
    if kind == "full":
        best = np.where(some[:, None, None], best, old)
    values, vectors = np.linalg.eigh(best)
    held = np.flatnonzero(values[:, 0] < floor).tolist()
    for k in held:
        raised = (vectors[k] * np.maximum(values[k], floor)) @ vectors[k].T
        best[k] = (raised + raised.T) / 2
    _invertible(best, values[:, 0], floor)
    return (best[0] if kind == "tied" else best), held


def _invertible(covariances: Floats, least: Floats, floor: float) -> Floats:
    """The covariances, unless there is no floor and one has an eigenvalue of zero: there the likelihood has no bound."""
    if floor == 0 and least.min() <= 0:
        raise ValueError(
            f"reg_covar must be above 0 here; got 0, and component {int(least.argmin())} has shrunk to rows that coincide in some "
            "direction, where the likelihood grows without bound. Give it the square of the least spread that you believe in."
        )
    return covariances


# ---- checks ----------------------------------------------------------------------------------------------------


def _inverted(precisions: Floats, kind: str) -> Floats:
    """Σ from Σ⁻¹."""
    symmetric = kind in ("diag", "spherical") or np.allclose(precisions, np.swapaxes(precisions, -1, -2))
    values = precisions if kind in ("diag", "spherical") else np.linalg.eigvalsh(precisions)
    if not symmetric or values.min() <= 0:
        raise ValueError(
            f"precisions_init must be symmetric and positive definite; its least eigenvalue is {values.min():g}. "
            "Pass the inverse of a covariance."
        )
    return np.asarray(1 / precisions if kind in ("diag", "spherical") else np.linalg.inv(precisions))


def _shaped(name: str, value: Array | None, shape: tuple[int, ...]) -> None:
    if value is not None and value.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {value.shape}. Give one entry a component.")
