"""The Kalman filter: a state that nobody sees moves linearly, and what is seen of it is linear too; all noise is Gaussian.

    x[0] ~ N(μ₀, Σ₀)        x[t+1] = A x[t] + b + B u[t] + N(0, Q)        z[t] = C x[t] + d + N(0, R)

`filter` gives the state at each time as the past and the present tell it, `smooth` as all times tell it:

    predict   x ← A x + b,  P ← A P Aᵀ + Q
    update    x ← x + K (z − C x − d),  P ← P − K C P,      K = P Cᵀ (C P Cᵀ + R)⁻¹
    look back xₛ[t] = x[t] + J (xₛ[t+1] − A x[t] − b),      J = P Aᵀ (A P Aᵀ + Q)⁻¹

Shapes: T times, n numbers of state, p of observation, k of control. A (n, n), b (n,), Q (n, n), B (n, k), u (T−1, k), C (p, n),
d (p,), R (p, p); each may change with time: T − 1 of those of the steps, T of those of the observations, along a first axis.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from mlatlas.numerics.tables import check_whole
from mlatlas.sequential.kalman_filter import kernels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

STEP = ("transition_matrices", "transition_offsets", "transition_covariance")
SEEN = ("observation_matrices", "observation_offsets", "observation_covariance")
START = ("initial_state_mean", "initial_state_covariance")
DEFAULT = ("transition_covariance", "observation_covariance", *START)


@dataclass(frozen=True)
class Forecast:
    """What is expected after the last observation: of the state, and of the observations with their intervals."""

    state_means: Floats  # (steps, n)
    state_covariances: Floats  # (steps, n, n)
    means: Floats  # (steps, p)
    covariances: Floats  # (steps, p, p)
    lower: Floats  # (steps, p)
    upper: Floats  # (steps, p)


@dataclass(frozen=True)
class _System:
    """The parameters as stacks: a first axis of one entry where they do not change. b holds B u already."""

    A: Floats
    b: Floats
    Q: Floats
    C: Floats
    d: Floats
    R: Floats
    mean: Floats
    covariance: Floats


@dataclass(frozen=True)
class _Seen:
    """The observations with independent noise, and in each row those that are there first; see `kernels`."""

    C: Floats
    r: Floats
    count: Integers
    which: Integers
    z: Floats

    @classmethod
    def of(cls, X: Floats, system: _System) -> _Seen:
        """Sort the rows by what is missing in them, and take the correlations out of R, by elimination."""
        (T, p), there = X.shape, ~np.isnan(X)
        changing = max(len(system.C), len(system.R)) > 1
        if changing:
            pattern, which = there, np.arange(T)
        elif there.all():
            pattern, which = there[:1], np.zeros(T, np.int64)
        else:
            code = there @ 2.0 ** np.arange(p) if p < 50 else np.unique(there, axis=0, return_inverse=True)[1]
            _, first, which = np.unique(code, return_index=True, return_inverse=True)
            pattern = there[first]
        count = pattern.sum(axis=1)
        which = np.where(count[which] > 0, which, -1)
        order = np.argsort(~pattern, axis=1, kind="stable")
        kept = np.arange(p) < count[:, None]
        G = len(pattern)
        C = np.take_along_axis(np.broadcast_to(system.C, (G, p, system.C.shape[2])), order[:, :, None], axis=1)
        R = np.broadcast_to(system.R, (G, p, p))
        R = np.take_along_axis(np.take_along_axis(R, order[:, :, None], axis=1), order[:, None, :], axis=2)
        M = np.concatenate([R * kept[:, :, None] * kept[:, None, :], np.broadcast_to(np.eye(p), (G, p, p))], axis=2)
        z = np.where(there, X - system.d, 0.0)
        if (order != np.arange(p)).any():
            z = np.take_along_axis(z, order[which if not changing else slice(None)], axis=1)
        if any((M[:, i, j] != 0).any() for i in range(p) for j in range(i)):
            for j in range(p):
                pivot = np.where(M[:, j, j] > 1e-14 * np.max(np.abs(R), axis=(1, 2)), M[:, j, j], np.inf)
                for i in range(j + 1, p):
                    M[:, i] -= (M[:, i, j] / pivot)[:, None] * M[:, j]
            W = M[:, :, p:]
            C = W @ C
            z = (W[which] @ z[:, :, None])[:, :, 0]
        r = np.maximum(np.diagonal(M[:, :, :p], axis1=1, axis2=2), 0.0)
        return cls(*map(np.ascontiguousarray, (C, r, count, which, z)))


@dataclass(frozen=True)
class _Pass:
    """One pass of the filter: predictions and filtered states with covariances or their roots, innovations, log p(z)."""

    ahead: Floats
    ahead_cov: Floats
    x: Floats
    P: Floats
    e: Floats
    same: NDArray[np.bool_]
    total: float


class KalmanFilter(BaseEstimator):  # type: ignore[misc]
    """Filter, smoother, likelihood, forecast and EM of a linear Gaussian state-space model; the names are pykalman's.

    Parameters:
        transition_matrices: A, (n, n) or (T−1, n, n); the identity if None.
        observation_matrices: C, (p, n) or (T, p, n); the identity if None.
        transition_covariance: Q, (n, n) or (T−1, n, n), positive semidefinite; the identity if None.
        observation_covariance: R, (p, p) or (T, p, p), positive semidefinite; the identity if None.
        transition_offsets: b, (n,) or (T−1, n); zero if None.
        observation_offsets: d, (p,) or (T, p); zero if None.
        initial_state_mean: μ₀ (n,), zero if None. initial_state_covariance: Σ₀ (n, n), the identity if None.
        random_state: seed or generator of `sample`.
        em_vars: names of what `em` learns, or 'all'; None for the covariances and the start.
        n_dim_state, n_dim_obs: n and p, needed only where no parameter tells them.
        control_matrices: B, (n, k) or (T−1, n, k); the inputs u are given to the methods as `controls` (T−1, k).
        square_root: carry triangular roots of the covariances instead of the covariances, several times the work. They
            stay positive definite where rounding makes the others fail: precise observations of a vague state, long runs.

    X is (T, p), or (T,) if p = 1. NaN or a mask marks what is missing: a row, or single entries of it.

    Complexity: O(T (n³ + p n²)) time; the smoother keeps 2 T n² numbers, `loglikelihood` nothing that grows with T.

    Sources: Kalman 1960; Rauch, Tung, Striebel 1965; Shumway, Stoffer 1982; Kaminski, Bryson, Schmidt 1971 (square roots).
    """

    def __init__(
        self,
        transition_matrices: ArrayLike | None = None,
        observation_matrices: ArrayLike | None = None,
        transition_covariance: ArrayLike | None = None,
        observation_covariance: ArrayLike | None = None,
        transition_offsets: ArrayLike | None = None,
        observation_offsets: ArrayLike | None = None,
        initial_state_mean: ArrayLike | None = None,
        initial_state_covariance: ArrayLike | None = None,
        random_state: Any = None,
        em_vars: Collection[str] | str | None = None,
        n_dim_state: int | None = None,
        n_dim_obs: int | None = None,
        *,
        control_matrices: ArrayLike | None = None,
        square_root: bool = False,
    ) -> None:
        self.transition_matrices = transition_matrices
        self.observation_matrices = observation_matrices
        self.transition_covariance = transition_covariance
        self.observation_covariance = observation_covariance
        self.transition_offsets = transition_offsets
        self.observation_offsets = observation_offsets
        self.initial_state_mean = initial_state_mean
        self.initial_state_covariance = initial_state_covariance
        self.random_state = random_state
        self.em_vars = em_vars
        self.n_dim_state = n_dim_state
        self.n_dim_obs = n_dim_obs
        self.control_matrices = control_matrices
        self.square_root = square_root

    # ---- inference

    def filter(self, X: ArrayLike, controls: ArrayLike | None = None) -> tuple[Floats, Floats]:
        """E[x[t] | z[0 … t]], (T, n), and its covariances (T, n, n).

        Raises:
            ValueError: no time at all, shapes that do not fit, NaN in a parameter, an infinite observation, a covariance that
                is not symmetric or has a negative eigenvalue, an observation whose variance is not positive.
        """
        X, system = self._ready(X, controls)
        found = self._forward(X, system, states=True)
        return found.x, self._covariances(found.P)

    def smooth(self, X: ArrayLike, controls: ArrayLike | None = None) -> tuple[Floats, Floats]:
        """E[x[t] | all of z], (T, n), and its covariances (T, n, n). Errors as for `filter`."""
        X, system = self._ready(X, controls)
        return self._smoothed(X, system, pairs=False)[1:3]

    def loglikelihood(self, X: ArrayLike, controls: ArrayLike | None = None) -> float:
        """log p(z) of what is seen; 0 where everything is missing. Errors as for `filter`."""
        X, system = self._ready(X, controls)
        return self._forward(X, system).total

    def innovations(self, X: ArrayLike, controls: ArrayLike | None = None) -> Floats:
        """L⁻¹ (z − E[z | the past]), (T, p), with L Lᵀ the covariance of that difference: white if the model is right; NaN where missing."""
        X, system = self._ready(X, controls)
        there = ~np.isnan(X)
        e = self._forward(X, system, innovations=True).e
        whole = np.full(X.shape, np.nan)
        whole[there] = e[np.arange(X.shape[1]) < there.sum(axis=1)[:, None]]
        return whole

    def forecast(self, X: ArrayLike, steps: int, level: float = 0.95, controls: ArrayLike | None = None) -> Forecast:
        """The next `steps` states and observations, the latter with intervals that hold each with probability `level`.

        Parameters and controls that change with time must reach T + steps. Errors as for `filter`.
        """
        check_whole("steps", steps)
        if not 0.0 < level < 1.0:
            raise ValueError(f"level must lie between 0 and 1; got {level!r}. Take 0.95.")
        rows = self._observations(X)
        T, p = rows.shape
        X, system = self._ready(np.concatenate([rows, np.full((steps, p), np.nan)]), controls)
        found = self._forward(X, system, states=True)
        x, P = found.x[T:], self._covariances(found.P[T:])
        C, d, R = (_at(stack, T, steps) for stack in (system.C, system.d, system.R))
        means, covariances = (C @ x[:, :, None])[:, :, 0] + d, C @ P @ np.swapaxes(C, 1, 2) + R
        width = ndtri(0.5 + level / 2) * np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
        return Forecast(x, P, means, covariances, means - width, means + width)

    def filter_update(
        self,
        filtered_state_mean: ArrayLike,
        filtered_state_covariance: ArrayLike,
        observation: ArrayLike | None = None,
        control: ArrayLike | None = None,
    ) -> tuple[Floats, Floats]:
        """One step of a system that does not change: from the state at t and what is seen at t + 1 to the state at t + 1."""
        one = KalmanFilter(**self.get_params(deep=False)).set_params(
            initial_state_mean=filtered_state_mean, initial_state_covariance=filtered_state_covariance
        )
        p = one._sizes()[1]
        missing = np.full(p, np.nan)
        row = missing if observation is None else np.ma.filled(np.ma.asarray(observation, dtype=float), np.nan).ravel()
        means, covariances = one.filter([missing, row], None if control is None else [np.ravel(control)])
        return means[1], covariances[1]

    def sample(
        self,
        n_timesteps: int,
        initial_state: ArrayLike | None = None,
        random_state: Any = None,
        controls: ArrayLike | None = None,
    ) -> tuple[Floats, Floats]:
        """Draw states (T, n) and observations (T, p); the first state is `initial_state`, or drawn."""
        check_whole("n_timesteps", n_timesteps)
        T, (n, p) = n_timesteps, self._sizes()
        system = self._system(T, n, p, controls)
        random = check_random_state(self.random_state if random_state is None else random_state)
        noise, more = random.standard_normal((T, n)), random.standard_normal((T, p))
        Q, R = _at(_roots(system.Q), 0, T - 1), _at(_roots(system.R), 0, T)
        steps = (Q @ noise[1:, :, None])[:, :, 0] + _at(system.b, 0, T - 1)
        x = np.empty((T, n))
        if initial_state is None:
            x[0] = system.mean + _roots(system.covariance[None])[0] @ noise[0]
        else:
            x[0] = _numbers("initial_state", initial_state, (n,))
        for t in range(T - 1):
            x[t + 1] = system.A[t % len(system.A)] @ x[t] + steps[t]
        C, d = _at(system.C, 0, T), _at(system.d, 0, T)
        return x, (C @ x[:, :, None] + R @ more[:, :, None])[:, :, 0] + d

    # ---- learning

    def em(
        self,
        X: ArrayLike,
        n_iter: int = 10,
        em_vars: Collection[str] | str | None = None,
        controls: ArrayLike | None = None,
    ) -> Self:
        """Take n_iter steps of EM: each puts the parameters that `em_vars` names at what is best for the smoothed states.

        What is learned becomes constant in time. A run that is interrupted keeps the parameters of its last whole step.

        Raises:
            ValueError: as for `filter`; a name that is no parameter; a matrix or offset to be learned beside a covariance that
                changes with time and is not; nothing seen.
        """
        check_whole("n_iter", n_iter)
        X, system = self._ready(X, controls)
        chosen = self._chosen(em_vars)
        if np.isnan(X).all():
            raise ValueError("X must hold at least one observation for em; got only missing ones.")
        for relation, stack in ((STEP, system.Q), (SEEN, system.R)):
            if chosen & set(relation[:2]) and len(stack) > 1 and relation[2] not in chosen:
                raise ValueError(
                    f"{relation[2]} must not change with time when em learns {sorted(chosen & set(relation[:2]))}; "
                    f"got {len(stack)} of them. Learn it too, or give one."
                )
        known_b = system.b - (_at(self._offsets(len(X), system), 0, len(X) - 1) if STEP[1] in chosen else 0.0)
        for _ in range(n_iter):
            new = self._step(X, system, known_b, chosen)
            self.__dict__.update(new)
            system = self._system(len(X), system.A.shape[1], X.shape[1], controls)
        return self

    def _offsets(self, T: int, system: _System) -> Floats:
        n = system.A.shape[1]
        return _stack("transition_offsets", self.transition_offsets, (n,), np.zeros(n), T - 1)

    def _step(self, X: Floats, system: _System, known_b: Floats, chosen: set[str]) -> dict[str, Floats]:
        """The M-step after the smoother: regressions whose variables are known up to a covariance."""
        _, x, P, pair = self._smoothed(X, system, pairs=True)
        T = len(X)
        new: dict[str, Floats] = {}
        if T > 1:
            offset = system.b if STEP[1] not in chosen else known_b
            found = _regression(
                (x[1:] - offset, x[:-1]), (P[1:], pair, P[:-1]), system.A, system.Q, [name in chosen for name in STEP]
            )
            new.update({name: value for name, value in zip(STEP, found, strict=True) if name in chosen})
        rows = np.flatnonzero(~np.isnan(X).all(axis=1))
        C, d, R = (_at(stack, 0, T)[rows] for stack in (system.C, system.d, system.R))
        x_seen, P_seen = x[rows], P[rows]
        Z, c, E = _completed(X[rows], C, d, R)
        offset = np.zeros_like(d) if SEEN[1] in chosen else d
        found = _regression(
            ((Z @ x_seen[:, :, None])[:, :, 0] + c - offset, x_seen),
            (Z @ P_seen @ np.swapaxes(Z, 1, 2) + E, Z @ P_seen, P_seen),
            C,
            system.R,
            [name in chosen for name in SEEN],
        )
        new.update({name: value for name, value in zip(SEEN, found, strict=True) if name in chosen})
        if START[0] in chosen:
            new[START[0]] = x[0]
        if START[1] in chosen:
            off = x[0] - new.get(START[0], system.mean)
            new[START[1]] = P[0] + np.outer(off, off)
        return new

    def _chosen(self, em_vars: Collection[str] | str | None) -> set[str]:
        names = self.em_vars if em_vars is None else em_vars
        if names is None:
            names = DEFAULT
        chosen = {*STEP, *SEEN, *START} if names == "all" else set(names)
        unknown = chosen - {*STEP, *SEEN, *START}
        if unknown or (isinstance(names, str) and names != "all"):
            raise ValueError(
                f"em_vars must hold names among {', '.join((*STEP, *SEEN, *START))}, or be 'all'; got {names!r}."
            )
        return chosen

    # ---- passes

    def _forward(self, X: Floats, system: _System, *, states: bool = False, innovations: bool = False) -> _Pass:
        """Filter; keep the states or the innovations of all times, or of the last alone."""
        (T, p), n = X.shape, len(system.mean)
        seen = _Seen.of(X, system)
        kept = T if states else 1
        ahead, ahead_P, x, P = (np.empty((kept, n, *more)) for more in ((), (n,), (), (n,)))
        e, same = np.zeros((T if innovations else 1, p)), np.zeros(kept, np.bool_)
        ahead[0] = system.mean
        if self.square_root:
            ahead_P[0] = _roots(system.covariance[None])[0]
            total, at = kernels.root_filter(
                system.A, system.b, _roots(system.Q), seen.C, np.sqrt(seen.r), seen.count, seen.which, seen.z,
                ahead, ahead_P, x, P, e,
            )  # fmt: skip
        else:
            ahead_P[0] = system.covariance
            total, at = kernels.covariance_filter(
                system.A, system.b, system.Q, seen.C, seen.r, seen.count, seen.which, seen.z, ahead, ahead_P, x, P, e, same
            )  # fmt: skip
        if at >= 0:
            raise ValueError(
                f"the variance of the observation at time {at} must be positive and finite; it is not, given the past. "
                + (
                    "Raise observation_covariance."
                    if self.square_root
                    else "Raise observation_covariance, or set square_root=True."
                )
            )
        return _Pass(ahead, ahead_P, x, P, e, same, total)

    def _smoothed(self, X: Floats, system: _System, *, pairs: bool) -> tuple[float, Floats, Floats, Floats]:
        """log p(z), smoothed means and covariances, and Cov(x[t+1], x[t])."""
        found = self._forward(X, system, states=True)
        T, n = found.x.shape
        pair = np.empty((T - 1 if pairs else 0, n, n))
        if self.square_root:
            kernels.root_smoother(system.A, _roots(system.Q), found.ahead, found.x, found.P, pair)
        else:
            kernels.covariance_smoother(system.A, found.ahead, found.ahead_cov, found.same, found.x, found.P, pair)
        return found.total, found.x, self._covariances(found.P), pair

    def _covariances(self, P: Floats) -> Floats:
        return P @ np.swapaxes(P, 1, 2) if self.square_root else P

    # ---- checks

    def _observations(self, X: Any) -> Floats:
        try:
            rows: Floats = np.array(np.ma.filled(np.ma.asarray(X, dtype=float), np.nan), ndmin=1)
        except (TypeError, ValueError) as error:
            raise ValueError(f"X must hold real numbers, NaN where one is missing; got {error}.") from None
        rows = rows[:, None] if rows.ndim == 1 else rows
        if rows.ndim != 2 or 0 in rows.shape:
            raise ValueError(
                f"X must have a row for each of one or more times and a column for each number; got shape {rows.shape}."
            )
        if np.isinf(rows).any():
            raise ValueError("X must hold finite numbers, or NaN where one is missing; got inf.")
        return rows

    def _ready(self, X: ArrayLike, controls: ArrayLike | None) -> tuple[Floats, _System]:
        X = self._observations(X)
        n, p = self._sizes(X.shape[1])
        if X.shape[1] != p:
            raise ValueError(
                f"X must have a column for each of the {p} numbers that the parameters see; got shape {X.shape}."
            )
        return X, self._system(len(X), n, p, controls)

    def _sizes(self, columns: int | None = None) -> tuple[int, int]:
        """n and p, from the first parameter that tells them."""
        shapes = {
            name: np.shape(value)
            for name, value in self.__dict__.items()
            if value is not None and name in (*STEP, *SEEN, *START)
        }
        state = [shapes[name][-1] for name in (STEP[0], STEP[2], *START, STEP[1], SEEN[0]) if shapes.get(name)]
        seen = [shapes[name][-2] for name in SEEN[:1] if len(shapes.get(name, ())) > 1]
        seen += [shapes[name][-1] for name in (SEEN[2], SEEN[1]) if shapes.get(name)]
        n = self.n_dim_state or (state[0] if state else None)
        p = self.n_dim_obs or (seen[0] if seen else None)
        return int(n or p or columns or 1), int(p or columns or n or 1)

    def _system(self, T: int, n: int, p: int, controls: ArrayLike | None) -> _System:
        step, seen, square = T - 1, T, (n, n)
        b = _stack(STEP[1], self.transition_offsets, (n,), np.zeros(n), step)
        if (controls is None) != (self.control_matrices is None):
            given, lacks = ("controls", "control_matrices")[:: 1 if controls is not None else -1]
            raise ValueError(f"{given} must come with {lacks}; got {given} alone. Give both or neither.")
        if controls is not None:
            u = np.asarray(controls, dtype=float)
            shape = np.shape(np.asarray(self.control_matrices))
            if len(shape) not in (2, 3):
                raise ValueError(
                    f"control_matrices must have shape ({n}, k), or ({step}, {n}, k); got {shape}. One column is k = 1."
                )
            k = shape[-1]
            u = _numbers("controls", u[:, None] if u.ndim == 1 and k == 1 else u, (step, k))
            B = _stack("control_matrices", self.control_matrices, (n, k), np.zeros((n, k)), step)
            b = b + (B @ u[:, :, None])[:, :, 0]
        return _System(
            _stack(STEP[0], self.transition_matrices, square, np.eye(n), step),
            b if len(b) else np.zeros((1, n)),
            _covariance(STEP[2], self.transition_covariance, n, step),
            _stack(SEEN[0], self.observation_matrices, (p, n), np.eye(p, n), seen),
            _stack(SEEN[1], self.observation_offsets, (p,), np.zeros(p), seen),
            _covariance(SEEN[2], self.observation_covariance, p, seen),
            _numbers(START[0], np.zeros(n) if self.initial_state_mean is None else self.initial_state_mean, (n,)),
            _covariance(START[1], self.initial_state_covariance, n, 1)[0],
        )


def _completed(z: Floats, C: Floats, d: Floats, R: Floats) -> tuple[Floats, Floats, Floats]:
    """Rows as the state and what is seen of them tell: Z x + c with covariance E, where Z and E are zero for what is seen."""
    there = ~np.isnan(z)
    if there.all():
        return np.zeros_like(C), z, np.zeros_like(R)
    seen, across = there[:, :, None], there[:, None, :]
    G = R @ np.linalg.pinv(np.where(seen & across, R, 0.0), hermitian=True)
    G = np.where(seen, np.eye(z.shape[1]), G)
    c = d + (G @ np.where(there, z - d, 0.0)[:, :, None])[:, :, 0]
    return C - G @ C, c, np.where(seen | across, 0.0, R - G @ R)


def _regression(
    means: tuple[Floats, Floats], covariances: tuple[Floats, Floats, Floats], M: Floats, S: Floats, learned: list[bool]
) -> tuple[Floats, Floats, Floats]:
    """The best M, c and S of y = M x + c + N(0, S), where y and x are known by their means and their covariances yy, yx, xx."""
    (y, x), (yy, yx, xx), N = means, covariances, len(means[0])
    c = np.zeros(y.shape[1])
    if learned[0]:
        if learned[1]:
            y_mean, x_mean = y.mean(axis=0), x.mean(axis=0)
        else:
            y_mean, x_mean = c, np.zeros(x.shape[1])
        dy, dx = y - y_mean, x - x_mean
        M = (np.linalg.pinv(dx.T @ dx + xx.sum(axis=0), hermitian=True) @ (dy.T @ dx + yx.sum(axis=0)).T).T  # (m-step)
        c = y_mean - M @ x_mean if learned[1] else c
    off = y - (M @ x[:, :, None])[:, :, 0]
    c = off.mean(axis=0) if learned[1] and not learned[0] else c
    off = off - c
    cross = M @ np.swapaxes(yx, 1, 2)
    spread = (yy - cross - np.swapaxes(cross, 1, 2) + M @ xx @ np.swapaxes(M, -1, -2)).sum(axis=0)
    S = (off.T @ off + spread) / N if learned[2] else S
    return M, c, (S + np.swapaxes(S, -1, -2)) / 2


def _at(stack: Floats, first: int, count: int) -> Floats:
    """Entries first … first + count − 1 of a stack that may have one entry for all times."""
    if len(stack) == 1:
        return np.broadcast_to(stack, (count, *stack.shape[1:]))
    return stack[first : first + count]


def _roots(P: Floats) -> Floats:
    """Lower triangles L with L Lᵀ = P, of a stack of positive semidefinite matrices."""
    L = np.zeros_like(P)
    for one, root in zip(P, L, strict=True):
        w, V = np.linalg.eigh(one)
        root[:] = V * np.sqrt(np.maximum(w, 0.0))
        kernels.to_lower(root)
    return L


def _numbers(name: str, value: Any, shape: tuple[int, ...]) -> Floats:
    try:
        array = np.ascontiguousarray(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold real numbers; got {value!r}.") from None
    array = array.reshape(shape) if array.size == 1 and np.prod(shape) == 1 else array
    if array.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {array.shape}. The other parameters and X say so.")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers; got {array[~np.isfinite(array)][0]}.")
    return array


def _stack(name: str, value: Any, shape: tuple[int, ...], default: Floats, times: int) -> Floats:
    """The parameter as (1, *shape), or (times, *shape) if it changes with time."""
    if value is None:
        return default[None]
    if np.ndim(value) == len(shape) + 1:
        if times == 0 and len(np.atleast_1d(value)) == 0:
            return default[None]
        return _numbers(name, value, (times, *shape))
    return _numbers(name, value, shape)[None]


def _covariance(name: str, value: Any, n: int, times: int) -> Floats:
    stack = (
        _stack(name, value, (n, n), np.eye(n), times or 0)
        if times is not None
        else _stack(name, value, (n, n), np.eye(n), 1)
    )
    top = np.abs(stack).max(axis=(1, 2))
    skew = np.abs(stack - np.swapaxes(stack, 1, 2)).max(axis=(1, 2))
    if (skew > 1e-8 * top).any():
        raise ValueError(f"{name} must be symmetric; got entries that differ by {skew.max():.3g}. Take (P + Pᵀ)/2.")
    stack = (stack + np.swapaxes(stack, 1, 2)) / 2
    least = np.linalg.eigvalsh(stack)[:, 0]
    if (least < -1e-10 * top).any():
        raise ValueError(f"{name} must have no negative eigenvalue; got {least.min():.3g}. A variance is not negative.")
    return np.ascontiguousarray(stack)
