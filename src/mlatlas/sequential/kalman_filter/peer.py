"""Whom the Kalman filter races: statsmodels, whose loops are compiled, and pykalman, whose names we use."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
from scipy.stats import norm

from mlatlas.atlas.judge import NotOffered, Translation, peer, race
from mlatlas.atlas.text import Text

PARTLY = Text(
    en="pykalman throws a row away of which anything is masked, in the filter, the likelihood and the steps of EM",
    zh="一行里只要有一个数被掩码，pykalman 就丢掉整行；滤波、似然与 EM 都如此",
)
REBUILT = Text(
    en="pykalman filters on roots but evaluates the density from covariances multiplied out, in which the noise is lost",
    zh="pykalman 的滤波用平方根，算密度时却用乘开之后的协方差，噪声就丢在里面了",
)

TIMES_LAST = Translation(
    "(T, n, n)",
    "(n, n, T)",
    Text(
        en="statsmodels has time last, and an entry for the step after the last time too, which changes nothing",
        zh="statsmodels 把时间放在最后一维，且末时刻之后的那一步也要有一项，它不影响结果",
    ),
)


@peer(
    "statsmodels",
    requires="statsmodels",
    translation=[
        TIMES_LAST,
        Translation(
            "controls",
            "state_intercept = b + B u",
            Text(en="a control adds to the offset", zh="控制输入就是加在偏置上的项"),
        ),
        Translation(
            "initial_state_mean",
            "initialize_known",
            Text(en="both are of the state at the first observation", zh="两边都指第一个观测时刻的状态"),
        ),
        Translation(
            "filter, smooth",
            "smoother_output = states and covariances",
            Text(
                en="otherwise it also smooths the disturbances, which is more work than is asked",
                zh="否则它还会平滑扰动项，比要求的多做了事",
            ),
        ),
        Translation(
            "memory",
            "tolerance = 1e-19, kept",
            Text(
                en="it, too, stops updating a covariance that has come to rest",
                zh="它同样会在协方差静止之后停止更新",
            ),
        ),
    ],
)
def statsmodels():
    """`KalmanSmoother` under our names. It has no EM, and no square roots."""
    from statsmodels.tsa.statespace.kalman_smoother import SMOOTHER_STATE, SMOOTHER_STATE_COV, KalmanSmoother

    class KalmanFilter:
        def __init__(
            self,
            transition_matrices,
            observation_matrices,
            transition_covariance,
            observation_covariance,
            transition_offsets=None,
            observation_offsets=None,
            initial_state_mean=None,
            initial_state_covariance=None,
            *,
            control_matrices=None,
            square_root=False,
        ):
            if square_root:
                raise NotOffered("statsmodels has no square-root filter")
            self.A, self.C = np.asarray(transition_matrices, float), np.asarray(observation_matrices, float)
            self.Q, self.R = np.asarray(transition_covariance, float), np.asarray(observation_covariance, float)
            p, n = self.C.shape[-2:]
            self.b = np.zeros(n) if transition_offsets is None else transition_offsets
            self.d = np.zeros(p) if observation_offsets is None else observation_offsets
            self.mean = np.zeros(n) if initial_state_mean is None else np.asarray(initial_state_mean, float)
            self.P = np.eye(n) if initial_state_covariance is None else np.asarray(initial_state_covariance, float)
            self.B = control_matrices

        def _bound(self, X, controls):
            T, n, b = len(X), len(self.mean), self.b
            if controls is not None:
                b = b + (np.broadcast_to(self.B, (T - 1, *np.shape(self.B)[-2:])) @ controls[:, :, None])[:, :, 0]
            one = KalmanSmoother(
                k_endog=X.shape[1], k_states=n, k_posdef=n, smoother_output=SMOOTHER_STATE | SMOOTHER_STATE_COV
            )
            one.bind(np.asarray(X, float))
            one["selection"] = np.eye(n)
            for name, value, rank in (
                ("transition", self.A, 2), ("state_cov", self.Q, 2), ("state_intercept", b, 1),
                ("design", self.C, 2), ("obs_cov", self.R, 2), ("obs_intercept", self.d, 1),
            ):  # fmt: skip
                if np.ndim(value) > rank:
                    value = np.concatenate([value, value[-1:]])[:T]
                    one[name] = np.moveaxis(value, 0, -1)
                else:
                    one[name] = value[:, None] if rank == 1 else value
            one.initialize_known(self.mean, self.P)
            return one

        def filter(self, X, controls=None):
            found = self._bound(X, controls).filter()
            return found.filtered_state.T, np.moveaxis(found.filtered_state_cov, -1, 0)

        def smooth(self, X, controls=None):
            found = self._bound(X, controls).smooth()
            return found.smoothed_state.T, np.moveaxis(found.smoothed_state_cov, -1, 0)

        def loglikelihood(self, X, controls=None):
            return float(self._bound(X, controls).loglike())

        def forecast(self, X, steps, level=0.95, controls=None):
            missing = np.full((steps, np.shape(X)[1]), np.nan)
            found = self._bound(np.concatenate([X, missing]), controls).filter()
            means = found.forecasts.T[len(X) :]
            covariances = np.moveaxis(found.forecasts_error_cov, -1, 0)[len(X) :]
            width = norm.ppf((1 + level) / 2) * np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
            return SimpleNamespace(means=means, covariances=covariances, lower=means - width, upper=means + width)

        def innovations(self, X, controls=None):
            return self._bound(X, controls).filter().standardized_forecasts_error.T

        def em(self, *args, **options):
            raise NotOffered("statsmodels has no EM for a general state-space model")

        def sample(self, *args, **options):
            raise NotOffered("statsmodels simulates through a model, with its own start")

    return {"KalmanFilter": KalmanFilter}


@peer(
    "pykalman",
    requires="pykalman",
    translation=[
        Translation("NaN", "masked", Text(en="pykalman reads masked arrays", zh="pykalman 用掩码数组表示缺失")),
        Translation(
            "square_root=True",
            "CholeskyKalmanFilter",
            Text(en="a class of its own there", zh="在对方是单独的一个类"),
        ),
    ],
    findings={"part_of_a_row": PARTLY, "coordinate_ascent": PARTLY, "precise_views": REBUILT},
)
def pykalman():
    """Its `KalmanFilter`; it has no controls, forecasts or innovations."""
    from pykalman.sqrt.cholesky import CholeskyKalmanFilter
    from pykalman.standard import KalmanFilter as Theirs

    class KalmanFilter:
        def __new__(cls, *args, square_root=False, control_matrices=None, **options):
            if control_matrices is not None:
                raise NotOffered("pykalman has no control inputs")
            one = masked(CholeskyKalmanFilter if square_root else Theirs)
            return one(*args, **options)

    def masked(base):
        class Masked(base):
            __init__ = base.__init__

            def filter(self, X):
                return super().filter(np.ma.masked_invalid(X))

            def smooth(self, X):
                return super().smooth(np.ma.masked_invalid(X))

            def loglikelihood(self, X):
                return float(super().loglikelihood(np.ma.masked_invalid(X)))

            def em(self, X, n_iter=10, em_vars=None):
                return super().em(np.ma.masked_invalid(X), n_iter=n_iter, em_vars=em_vars)

            def forecast(self, *args, **options):
                raise NotOffered("pykalman has no forecasts")

            def innovations(self, *args, **options):
                raise NotOffered("pykalman has no innovations")

        return Masked

    return {"KalmanFilter": KalmanFilter}


# ---- races -------------------------------------------------------------------------------------------------


def tracks(rng: np.random.Generator, T: int, n: int, missing: float):
    """A point in n/2 dimensions that keeps its velocity for a while, seen with noise, not at all in a share of the times."""
    one = 0.99 * np.array([[1.0, 1.0], [0.0, 0.98]])
    A, C = np.kron(np.eye(n // 2), one), np.kron(np.eye(n // 2), [[1.0, 0.0]])
    Q, R = 0.05 * np.eye(n), 0.5 * np.eye(n // 2)
    x, X = np.zeros(n), np.empty((T, n // 2))
    for t, (w, v) in enumerate(zip(rng.normal(size=(T, n)), rng.normal(size=(T, n // 2)), strict=True)):
        x = A @ x + 0.05**0.5 * w
        X[t] = C @ x + 0.5**0.5 * v
    X[rng.random(T) < missing] = np.nan
    return X, (A, C, Q, R), (np.zeros(n), np.eye(n))


def made(subject, problem):
    _, system, (mean, P) = problem
    return subject.KalmanFilter(*system, initial_state_mean=mean, initial_state_covariance=P)


def plainly(problem):
    """Filtered and smoothed means and covariances by the textbook's matrix formulas in NumPy, one time after the other."""
    X, (A, C, Q, R), (x, P) = problem
    ahead, filtered = [], []
    for t, z in enumerate(X):
        if t:
            x, P = A @ x, A @ P @ A.T + Q
        ahead.append((x, P))
        if not np.isnan(z).any():
            K = np.linalg.solve(C @ P @ C.T + R, C @ P).T
            x, P = x + K @ (z - C @ x), P - K @ C @ P
        filtered.append((x, P))
    smoothed = [filtered[-1]]
    for (x, P), (m, V) in zip(filtered[-2::-1], ahead[:0:-1], strict=True):
        J = np.linalg.solve(V, A @ P).T
        later, S = smoothed[-1]
        smoothed.append((x + J @ (later - m), P + J @ (S - V) @ J.T))
    return flat(filtered), flat(smoothed[::-1])


def flat(pairs):
    return np.concatenate([np.concatenate([x, P.ravel()]) for x, P in pairs])


@dataclass(frozen=True)
class States:
    """Means and covariances, put together only where they are compared, so that this is not timed."""

    x: np.ndarray
    P: np.ndarray

    def __array__(self, dtype=None, copy=None):
        return np.concatenate([self.x, self.P.reshape(len(self.P), -1)], axis=1).ravel()


def off_the_filter(problem, answer) -> float:
    """The largest difference from the plain formulas, relative to the largest number."""
    exact = plainly(problem)[0]
    return float(np.abs(np.asarray(answer) - exact).max() / np.abs(exact).max())


def off_the_smoother(problem, answer) -> float:
    """The same of the smoothed states."""
    exact = plainly(problem)[1]
    return float(np.abs(np.asarray(answer) - exact).max() / np.abs(exact).max())


SIZES = {
    "tiny": (12, 4, 0.2),
    "small": (200, 2, 0.0),
    "middle": (5000, 4, 0.0),
    "middle, a fifth missing": (5000, 4, 0.2),
    "many numbers of state": (1000, 24, 0.2),
}
OFF = Text(
    en="largest difference from the textbook's formulas in NumPy, relative to the largest number",
    zh="与教科书公式（NumPy 实现）的最大差，相对于最大的数",
)


@race(
    en="Filtered states",
    zh="滤波",
    problem=tracks,
    sizes=SIZES,
    certificate=off_the_filter,
    certifies=OFF,
    goal=1e-8,
)
def filtered_states(subject, problem, tolerance):
    """Means and covariances of all times, given the past."""
    return States(*made(subject, problem).filter(problem[0]))


@race(
    en="Smoothed states",
    zh="平滑",
    problem=tracks,
    sizes=SIZES,
    certificate=off_the_smoother,
    certifies=OFF,
    goal=1e-8,
)
def smoothed_states(subject, problem, tolerance):
    """Means and covariances of all times, given everything."""
    return States(*made(subject, problem).smooth(problem[0]))
