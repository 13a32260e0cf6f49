"""k-means: K centres c and a label z for every row, to minimise the inertia

    J(z, c) = Σᵢ wᵢ ‖xᵢ − c_{zᵢ}‖².

Lloyd's two steps lower it in turn: each row goes to its nearest centre, each centre to the mean of its rows. Hamerly's
bounds spare most of the first step without changing what it finds: centres that have hardly moved cannot have taken a
row from a centre that was much nearer. k-means++ draws the starts, each next one with a chance in proportion to its
squared distance from those drawn so far. In mini-batches a centre is the running mean of all rows it was ever given.

Shapes: n rows, d features, K clusters; X (n, d), weights w (n,), centres C (K, d), labels z (n,).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, ClusterMixin, TransformerMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from mlatlas.latent.kmeans import kernels
from mlatlas.numerics.tables import check_whole, weights_or_ones
from mlatlas.numerics.threads import Team, cut_in_parts, team

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Array = NDArray[Any]
Starts = str | ArrayLike | Callable[..., ArrayLike]

SMALL = 4e6  # multiplications, which BLAS does so fast that a second thread costs more than it brings


class _Clusters(ClassNamePrefixFeaturesOutMixin, TransformerMixin, ClusterMixin, BaseEstimator):  # type: ignore[misc]
    """What both estimators do once there are centres."""

    n_clusters: int
    init: Starts
    n_init: int | str
    max_iter: int
    tol: float
    random_state: Any
    n_jobs: int | None

    cluster_centers_: Array
    labels_: Integers
    inertia_: float
    n_iter_: int

    @property
    def _n_features_out(self) -> int:
        return len(self.cluster_centers_)

    def predict(self, X: Any) -> Integers:
        """The label (m,) of the nearest centre for each row of X (m, d), the lower one in a tie."""
        X = self._seen(X)
        with team(self.n_jobs) as each:
            return nearest(X, np.ones(len(X)), self.cluster_centers_.astype(X.dtype), each)[0]

    def transform(self, X: Any) -> Array:
        """The distance of each row of X (m, d) to each centre, (m, K)."""
        X = self._seen(X)
        distances: Array = cdist(X, self.cluster_centers_).astype(X.dtype)
        return distances

    def score(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> float:
        """Minus the inertia of X (m, d) with these centres; the larger the better."""
        X = self._seen(X)
        w = weights_or_ones(sample_weight, len(X))
        with team(self.n_jobs) as each:
            return -nearest(X, w, self.cluster_centers_.astype(X.dtype), each)[1]

    def _seen(self, X: Any) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=(np.float64, np.float32), order="C")
        return np.asarray(X)

    def _checked(self, X: Any, sample_weight: ArrayLike | None) -> tuple[Array, Floats]:
        """X and the weights, with the parameters that both estimators share checked."""
        X = validate_data(self, X, dtype=(np.float64, np.float32), order="C")
        check_whole("n_clusters", self.n_clusters)
        check_whole("max_iter", self.max_iter)
        tol: Any = self.tol
        if not isinstance(tol, Real) or not 0 <= float(tol) < np.inf:
            raise ValueError(
                f"tol must be a number from 0 on; got {self.tol!r}. Take 0 to go on until no label changes."
            )
        if self.n_init != "auto":
            check_whole("n_init", self.n_init)
        _enough(X, self.n_clusters)
        return X, weights_or_ones(sample_weight, len(X))

    def _runs(self) -> int:
        """How many starts are tried."""
        if self.n_init != "auto":
            return int(self.n_init)
        return 10 if isinstance(self.init, str) and self.init == "random" else 1

    def _start(self, X: Array, w: Floats, mean: Floats, random: np.random.RandomState, each: Team) -> Array:
        """K starts (K, d) for an X from which the mean was taken off."""
        if isinstance(self.init, str):
            if self.init == "k-means++":
                return X[_spread(X, w, self.n_clusters, random, None, each)]
            if self.init == "random":
                rows = np.flatnonzero(w)
                few = min(self.n_clusters, len(rows))
                chosen = random.choice(rows, few, replace=False, p=w[rows] / w[rows].sum())
                return X[np.resize(chosen, self.n_clusters)]
        given = (
            self.init(X + mean.astype(X.dtype), self.n_clusters, random_state=random)
            if callable(self.init)
            else self.init
        )
        if isinstance(given, str):
            raise ValueError(
                f"init must be 'k-means++', 'random', an array of starts or a function that returns one; got {given!r}."
            )
        C = check_array(given, dtype=np.float64, input_name="init")
        if C.shape != (self.n_clusters, X.shape[1]):
            raise ValueError(
                f"init must hold n_clusters = {self.n_clusters} starts of {X.shape[1]} features; got shape {C.shape}. "
                "Pass one row a cluster."
            )
        return np.ascontiguousarray(C - mean, dtype=X.dtype)


class KMeans(_Clusters):
    """k-means, min over centres and labels of Σᵢ wᵢ ‖xᵢ − c_{zᵢ}‖², by Lloyd's steps from one or several starts.

    Parameters:
        n_clusters: K, at most n.
        init: 'k-means++'; 'random' for K rows; the starts (K, d); or a function of (X, K, random_state) that returns
            them. Rows are drawn in proportion to their weights.
        n_init: how many starts are tried, of which the one with the least inertia stays; 'auto' is 10 for 'random', else 1.
        max_iter: the most steps from each start.
        tol: stop when Σₖ ‖change of centre k‖² is at most tol times the mean variance of a feature. With 0 the run ends
            when no label changes: then no centre can move.
        algorithm: 'hamerly' leaves out rows whose bounds say that their centre is still the nearest; 'lloyd' compares
            every row with every centre. Both give the same labels.
        random_state: seed or generator of the starts.
        n_jobs: threads; None for as many as Numba is set to, -1 for one a core. The answer does not depend on it.

    Attributes:
        cluster_centers_: (K, d), float32 if X is, else float64.
        labels_: of the nearest centre, (n,), the lower one in a tie.
        inertia_: J of these two.
        n_iter_: steps taken from the start that stayed.
        n_scans_: how often, in that run, a row was compared with all K centres; n (n_iter_ + 1) at most.
        n_features_in_, feature_names_in_: as in scikit-learn.

    A cluster that loses all its rows starts again at the row that is farthest from its centre. Fewer distinct rows than
    clusters leave some empty, of which a ConvergenceWarning tells. A fit that is interrupted keeps the best centres it
    had, with their labels and inertia, and lets the KeyboardInterrupt go on.

    Complexity: O(n K d) time a step at most, O(n d) where the bounds decide. Memory is one copy of X and 5 numbers a row.

    Sources: Lloyd 1982; Hamerly 2010, Making k-means even faster; Arthur, Vassilvitskii 2007.
    """

    n_scans_: int

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Starts = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        algorithm: str = "hamerly",
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (n, d) with weights (n,), all ones by default; y is ignored.

        Raises:
            ValueError: a parameter out of its range; missing or infinite values, fewer rows than clusters, a 1-D X,
                starts of the wrong shape, weights that are negative or all zero.
            TypeError: a sparse X.
        """
        X, w = self._checked(X, sample_weight)
        if self.algorithm not in ("hamerly", "lloyd"):
            raise ValueError(
                f"algorithm must be 'hamerly' or 'lloyd'; got {self.algorithm!r}. Both give the same labels."
            )
        random = check_random_state(self.random_state)
        mean = X.mean(axis=0, dtype=np.float64)
        A = np.subtract(X, mean, dtype=X.dtype, casting="same_kind")
        best: _Run | None = None
        with team(self.n_jobs) as each:
            enough = self.tol * float(np.vdot(A, A)) / A.size
            for _ in range(self._runs()):
                start = self._start(A, w, mean, random, each)
                run = _lloyd(A, w, start, self.max_iter, enough, self.algorithm == "hamerly", each)
                if best is None or run.inertia < best.inertia:
                    best = run
                    self._keep(run, mean)
                if run.interrupted:
                    raise KeyboardInterrupt
        found = int(np.count_nonzero(np.bincount(self.labels_)))
        if found < self.n_clusters:
            warnings.warn(
                f"X has rows for only {found} distinct clusters, fewer than n_clusters = {self.n_clusters}; the others are "
                "empty. Ask for fewer clusters.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _keep(self, run: _Run, mean: Floats) -> None:
        self.cluster_centers_ = (run.centres + mean).astype(run.centres.dtype)
        self.labels_, self.inertia_, self.n_iter_, self.n_scans_ = run.labels, run.inertia, run.steps, run.scans


class MiniBatchKMeans(_Clusters):
    """k-means on a stream of batches: after each, a centre is the weighted mean of all rows it was ever given.

    Parameters:
        n_clusters, init, random_state, n_jobs: as for `KMeans`; starts are drawn from 3 batches' rows.
        n_init: how many starts are tried; the one with the least inertia on 3 batches' rows stays. 'auto' as for `KMeans`.
        max_iter: the most passes, in number of rows, over X.
        batch_size: rows of a batch, drawn with replacement.
        tol: stop when the smoothed Σₖ ‖change of centre k‖² of a batch is at most tol times the mean variance of a
            feature; 0 turns this off.
        max_no_improvement: stop after so many batches without a new least smoothed inertia; None turns this off.

    Attributes:
        cluster_centers_, labels_, inertia_, n_features_in_: as for `KMeans`.
        n_steps_: batches seen. n_iter_: passes, rounded up.
        counts_: the sum of the weights that each centre has been given, (K,).

    Complexity: O(K d) time a row drawn, and one pass over X for the labels at the end. It ends near a solution of
    `KMeans`, not at one.

    Source: Sculley 2010, Web-scale k-means clustering.
    """

    counts_: Floats
    n_steps_: int

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: Starts = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 100,
        batch_size: int = 1024,
        tol: float = 0.0,
        max_no_improvement: int | None = 10,
        random_state: Any = None,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.tol = tol
        self.max_no_improvement = max_no_improvement
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to batches drawn from X (n, d) with weights (n,); y is ignored. Errors are those of `KMeans.fit`."""
        X, w = self._checked(X, sample_weight)
        check_whole("batch_size", self.batch_size)
        if self.max_no_improvement is not None:
            check_whole("max_no_improvement", self.max_no_improvement)
        random, n = check_random_state(self.random_state), len(X)
        enough = self.tol * float(np.mean(np.var(X, axis=0, dtype=np.float64)))
        memory = min(1.0, 2 * self.batch_size / (n + 1))  # the share of the newest batch in what is smoothed
        with team(self.n_jobs) as each:
            self._begin(X, w, random, each)
            try:
                smooth = change = least = np.inf
                waited = 0
                for step in range(-(-self.max_iter * n // self.batch_size)):
                    rows = random.randint(0, n, self.batch_size)
                    inertia, moved = self._learn(X[rows], w[rows], each)
                    first = step == 0
                    smooth = inertia if first else smooth + memory * (inertia - smooth)
                    change = moved if first else change + memory * (moved - change)
                    waited = 0 if smooth < least else waited + 1
                    least = min(least, smooth)
                    if waited == self.max_no_improvement or (enough > 0 and change <= enough):
                        break
            finally:
                self.n_iter_ = -(-self.n_steps_ * self.batch_size // n)
                self.labels_, self.inertia_ = nearest(X, w, self.cluster_centers_, each)
        return self

    def partial_fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from X as one batch; the first call draws the starts from it, and so needs K rows. Errors are those of `fit`."""
        fresh = not hasattr(self, "counts_")
        if fresh:
            X, w = self._checked(X, sample_weight)
        else:
            X = self._seen(X).astype(self.cluster_centers_.dtype, copy=False)
            w = weights_or_ones(sample_weight, len(X))
        with team(self.n_jobs) as each:
            if fresh:
                self._begin(X, w, check_random_state(self.random_state), each)
            self._learn(X, w, each)
            self.labels_, self.inertia_ = nearest(X, w, self.cluster_centers_, each)
        return self

    def _begin(self, X: Array, w: Floats, random: np.random.RandomState, each: Team) -> None:
        """Draw the starts."""
        size = max(3 * int(getattr(self, "batch_size", 0)), 3 * self.n_clusters)
        rows = random.choice(len(X), size, replace=False) if size < len(X) else np.arange(len(X))
        if int(np.count_nonzero(w[rows])) < min(self.n_clusters, int(np.count_nonzero(w))):
            rows = np.arange(len(X))
        A, s, least = X[rows], w[rows], np.inf
        for _ in range(self._runs()):
            C = self._start(A, s, np.zeros(X.shape[1]), random, each)
            inertia = nearest(A, s, C, each)[1]
            if inertia < least:
                least, self.cluster_centers_ = inertia, C.copy()
        self.counts_, self.n_steps_ = np.zeros(self.n_clusters), 0

    def _learn(self, X: Array, w: Floats, each: Team) -> tuple[float, float]:
        """Move the centres by one batch. Returns its inertia per unit of weight before, and how far they moved, squared."""
        C = self.cluster_centers_.astype(np.float64)
        state = _State.fresh(X, w, self.cluster_centers_)
        state.assign(self.cluster_centers_, each, bounded=False)
        before = float(w @ state.to_own(self.cluster_centers_, each)) / max(float(w.sum()), np.finfo(float).tiny)
        self.counts_ = self.counts_ + state.weights
        rate = np.divide(1.0, self.counts_, out=np.zeros(len(C)), where=self.counts_ > 0)
        step = rate[:, None] * (state.sums - state.weights[:, None] * C)  # (running-mean)
        self.cluster_centers_ = (C + step).astype(self.cluster_centers_.dtype)
        self.n_steps_ += 1
        return before, float(np.sum(step**2))


def kmeans_plusplus(
    X: Any,
    n_clusters: int,
    *,
    sample_weight: ArrayLike | None = None,
    random_state: Any = None,
    n_local_trials: int | None = None,
    n_jobs: int | None = None,
) -> tuple[Array, Integers]:
    """Rows of X (n, d) as starts: each next one is drawn in proportion to w times the squared distance from those before.

    Parameters:
        sample_weight: w, (n,), all ones by default. The first row is drawn in proportion to it.
        n_local_trials: candidates drawn for each start, of which the one that lowers Σᵢ wᵢ Dᵢ² most is taken;
            2 + ⌊log K⌋ by default. With 1 the expected inertia is at most 8 (log K + 2) times the least one.
        random_state, n_jobs: as for `KMeans`.

    Returns:
        The starts (K, d) and their rows (K,).

    Raises:
        ValueError: as for `KMeans.fit`.

    Complexity: O(n d K trials) time, O(n trials) memory.

    Source: Arthur, Vassilvitskii 2007, k-means++: the advantages of careful seeding.
    """
    X = check_array(X, dtype=(np.float64, np.float32), order="C", input_name="X")
    check_whole("n_clusters", n_clusters)
    if n_local_trials is not None:
        check_whole("n_local_trials", n_local_trials)
    _enough(X, n_clusters)
    w = weights_or_ones(sample_weight, len(X))
    A = np.subtract(X, X.mean(axis=0, dtype=np.float64), dtype=X.dtype, casting="same_kind")
    with team(n_jobs) as each:
        rows = _spread(A, w, n_clusters, check_random_state(random_state), n_local_trials, each)
    return X[rows], rows


# ---- the steps -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    """Where one start led."""

    centres: Array
    labels: Integers
    inertia: float
    steps: int
    scans: int
    interrupted: bool


@dataclass
class _State:
    """Labels with their bounds, and what the clusters of these labels add up to."""

    X: Array
    w: Floats
    label: Integers
    upper: Floats
    lower: Floats
    ahead: Floats  # how far each centre can have moved since the bounds of its rows were stored, (K,)
    behind: Floats  # how far any other can have moved since then, (K,)
    apart: Floats  # half the distance from each centre to the next, (K,)
    sums: Floats
    weights: Floats
    members: Integers
    scans: int = 0

    @classmethod
    def fresh(cls, X: Array, w: Floats, C: Array) -> _State:
        """No row has a label."""
        n, (K, d) = len(X), C.shape
        rows, clusters = (np.empty(n), np.empty(n)), (np.zeros(K), np.zeros(K), np.zeros(K))
        return cls(X, w, np.full(n, -1), *rows, *clusters, np.zeros((K, d)), np.zeros(K), np.zeros(K, np.int64))

    def assign(self, C: Array, each: Team, *, bounded: bool) -> int:
        """Give every row its nearest centre; returns how many rows were compared with all of them."""
        bounds = (self.upper, self.lower, self.ahead, self.behind, self.apart)

        def part(a: int, b: int) -> Any:
            return kernels.assign(self.X, self.w, C, bounds, bounded, a, b, self.label)

        row = self.X.shape[1] * len(C)
        changes = each(part, cut_in_parts(len(self.X), len(self.X) * row, max(SMALL, kernels.BLOCK * row)))
        for sums, weights, members, _ in changes:
            self.sums += sums
            self.weights += weights
            self.members += members
        scans = sum(int(one[-1]) for one in changes)
        self.scans += scans
        return scans

    def to_own(self, C: Array, each: Team) -> Floats:
        """The squared distance of every row to the centre of its label, (n,)."""
        squares = np.empty(len(self.X))
        each(
            lambda a, b: kernels.to_own(self.X, C, self.label, a, b, squares),
            cut_in_parts(len(self.X), self.X.size),
        )
        return squares

    def means(self, C: Array, each: Team) -> Array:
        """The mean of each cluster; an empty one takes the row that is farthest from its centre."""
        empty = np.flatnonzero(self.members == 0)
        if len(empty):
            self._fill(empty, C, each)
        some = self.members > 0
        new = C.astype(np.float64)
        new[some] = self.sums[some] / self.weights[some, None]  # (mean)
        return new.astype(C.dtype)

    def _fill(self, empty: Integers, C: Array, each: Team) -> None:
        self.sums[empty] = self.weights[empty] = 0.0
        squares = np.where(self.w > 0, self.to_own(C, each), 0.0)
        farthest = iter(np.argsort(-squares, kind="stable"))
        for k in empty:
            row = next((i for i in farthest if squares[i] == 0 or self.members[self.label[i]] > 1), None)
            if row is None or squares[row] == 0:
                return
            kernels.move(self.X[row], -self.w[row], self.label[row], self.sums, self.weights, self.members)
            kernels.move(self.X[row], self.w[row], k, self.sums, self.weights, self.members)
            self.label[row], self.upper[row], self.lower[row] = k, np.inf, -np.inf

    def moved(self, old: Array, new: Array) -> float:
        """Widen the bounds by how far the centres moved; returns the sum of the squares of that."""
        far = np.sqrt(np.sum((new.astype(np.float64) - old) ** 2, axis=1))
        self.ahead += far
        top = np.sort(np.r_[0.0, far])[-2:]
        self.behind += np.where(far == top[1], top[0], top[1])
        between = cdist(new, new)
        np.fill_diagonal(between, np.inf)
        self.apart = between.min(axis=1) / 2
        return float(far @ far)


def _lloyd(X: Array, w: Floats, C: Array, most: int, enough: float, bounded: bool, each: Team) -> _Run:
    """Assign and average in turn until no label changes, or the centres hardly move, or `most` steps were taken."""
    state, steps, settled, interrupted = _State.fresh(X, w, C), 0, False, False
    try:
        while steps < most:
            steps += 1
            before = state.label.copy()
            state.assign(C, each, bounded=bounded)
            if np.array_equal(before, state.label):
                settled = True
                break
            new = state.means(C, each)
            change = state.moved(C, new)
            C = new
            if change <= enough:
                break
        if not settled:
            state.assign(C, each, bounded=bounded)
    except KeyboardInterrupt:
        interrupted = True
        state = _State.fresh(X, w, C)
        state.assign(C, each, bounded=False)
    inertia = float(w @ state.to_own(C, each))
    return _Run(C, state.label, inertia, steps, state.scans, interrupted)


def nearest(X: Array, w: Floats, C: Array, each: Team) -> tuple[Integers, float]:
    """The label of each row's nearest centre, (n,), and the inertia."""
    state = _State.fresh(X, w, C)
    state.assign(C, each, bounded=False)
    return state.label, float(w @ state.to_own(C, each))


def _spread(X: Array, w: Floats, K: int, random: np.random.RandomState, trials: int | None, each: Team) -> Integers:
    """The rows that k-means++ draws, (K,)."""
    trials = trials or 2 + int(np.log(K))
    parts = cut_in_parts(len(X), X.size * trials)
    closest, rows = np.full(len(X), np.inf), np.empty(K, np.int64)

    def join(candidates: Integers) -> tuple[Floats, Floats]:
        """The squared distances to the nearest centre if each candidate joined, (t, n), and their weighted sums, (t,)."""
        result, chosen = np.empty((len(candidates), len(X))), X[candidates]
        return result, sum(each(lambda a, b: kernels.nearer(X, w, chosen, closest, a, b, result), parts))

    for k in range(K):
        chance = np.cumsum(w if k == 0 else w * closest)
        if k and not chance[-1] > 0:
            chance = np.cumsum(w)
        few = 1 if k == 0 else trials
        drawn = np.searchsorted(chance, random.uniform(size=few) * chance[-1], side="right")
        drawn = np.minimum(drawn, np.flatnonzero(w)[-1])
        result, potential = join(drawn)
        winner = int(np.argmin(potential))
        closest, rows[k] = result[winner], drawn[winner]
    return rows


# ---- checks ----------------------------------------------------------------------------------------------------


def _enough(X: Array, K: int) -> None:
    if len(X) < K:
        raise ValueError(
            f"n_samples={len(X)} should be >= n_clusters={K}: a cluster needs a row. Ask for fewer clusters."
        )
