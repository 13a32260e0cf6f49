"""Hidden Markov models: a chain of states that nobody sees, each of which emits what is seen.

    p(x, z) = π[z₁] Πₜ A[zₜ, zₜ₊₁] Πₜ p(xₜ | zₜ)

`fit` is Baum and Welch's EM. Each step takes the posterior of the states, from one pass forward and one backward, and sets
every parameter to what is best for the expected counts:

    γ[t, k] = P(zₜ = k | x)      ξ[j, k] = Σₜ P(zₜ = j, zₜ₊₁ = k | x)
    π ∝ γ[1] + a − 1             A[j] ∝ ξ[j] + a − 1          emissions: see `emissions`

Shapes: n rows of all sequences one after the other, S sequences of `lengths` (S,), K states, D features, V symbols.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import pairwise
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.vq import kmeans2
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from mlatlas.numerics.tables import check_whole
from mlatlas.numerics.threads import Team, team
from mlatlas.sequential.hmm import kernels
from mlatlas.sequential.hmm.emissions import Gaussians, Prior, Sums, Symbols, log_dirichlet, shares
from mlatlas.sequential.viterbi.kernels import best_paths, normalise
from mlatlas.sequential.viterbi.viterbi import Chain, offsets_of

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Emission = Symbols | Gaussians

BLOCK = 2**15  # densities that are worked on at once: they stay in the cache of a core
KINDS = ("spherical", "diag", "full", "tied")
START_ROWS = 20_000  # observations from which the first means are found


@dataclass
class Monitor:
    """How a fit went: the log-likelihood before each step of EM, the steps, and whether the last gain was below tol."""

    history: list[float] = field(default_factory=list)
    converged: bool = False

    @property
    def iter(self) -> int:
        """The steps taken."""
        return len(self.history)


@dataclass(frozen=True)
class _Observations:
    """What is seen: vectors (n, D) with zeros where a row is missing, or symbols (n,) with −1; the sequences' offsets."""

    rows: Any
    missing: NDArray[np.bool_] | None
    offsets: Integers

    def blocks(self, K: int) -> list[tuple[int, int]]:
        """Runs of whole sequences a … b − 1 of about BLOCK densities each."""
        cuts, ends = [0], self.offsets
        while cuts[-1] < len(ends) - 1:
            after = int(np.searchsorted(ends, ends[cuts[-1]] + BLOCK // K, side="right")) - 1
            cuts.append(max(after, cuts[-1] + 1))
        return list(pairwise(cuts))


@dataclass(frozen=True)
class _Model:
    """The parameters of one moment, as arrays: start π (K,), transitions A (K, K), and the emissions."""

    start: Floats
    A: Floats
    emission: Emission

    def posterior(self, seen: _Observations, a: int, b: int) -> tuple[Floats, Floats, Floats]:
        """Of sequences a … b − 1: log-likelihoods (b − a,), γ (rows, K) and ξ (K, K)."""
        here = slice(seen.offsets[a], seen.offsets[b])
        offsets = seen.offsets[a : b + 1] - seen.offsets[a]
        B, unit = self.emission.densities(seen.rows[here])
        if seen.missing is not None:
            B[seen.missing[here]], unit[seen.missing[here]] = 1.0, 0.0
        (alpha, gamma), scale, lost = np.empty((2, *B.shape)), np.empty(len(B)), np.empty(b - a, np.int64)
        kernels.scaled_forward(self.start, self.A, B, offsets, alpha, scale, lost)
        kernels.scaled_backward(np.ascontiguousarray(self.A.T), B, offsets, alpha, scale, gamma, lost)
        again = np.flatnonzero(lost if self.regular else np.ones(b - a))
        for s in again:
            B[offsets[s] : offsets[s + 1]] = 0.0
        xi = self.A * (alpha[:-1].T @ B[1:])
        total = np.add.reduceat(np.log(scale) + unit, offsets[:-1])
        for s in again:
            rows = slice(offsets[s], offsets[s + 1])
            total[s], gamma[rows], more = self._by_logarithms(seen, int(a + s))
            xi += more
        return total, gamma, xi

    @cached_property
    def regular(self) -> bool:
        """Whether every probability is zero or large enough for the scaled passes."""
        tables = [self.start, self.A, *([self.emission.P] if isinstance(self.emission, Symbols) else [])]
        return not any(((p > 0) & (p < kernels.FAINT)).any() for p in tables)

    def viterbi(self, seen: _Observations, a: int, b: int) -> tuple[float, Integers]:
        """Of sequences a … b − 1: log p(x, z) of the best paths, summed, and the paths (rows,)."""
        offsets = seen.offsets[a : b + 1] - seen.offsets[a]
        score = self.log_densities(seen, slice(seen.offsets[a], seen.offsets[b]))
        path, total = np.empty(len(score), np.int64), np.empty(b - a)
        with np.errstate(divide="ignore"):
            start, into = np.log(self.start), np.log(np.ascontiguousarray(self.A.T))[None]
        best_paths(start, into, score, offsets, 0, b - a, path, total)
        if np.isneginf(total).any():
            raise impossible(a + int(np.argmin(total)))
        return float(total.sum()), path

    def map(self, seen: _Observations, a: int, b: int) -> tuple[float, Integers]:
        """Of sequences a … b − 1: how many likeliest states are right on average, and those states (rows,)."""
        gamma = self.posterior(seen, a, b)[1]
        return float(gamma.max(axis=1).sum()), gamma.argmax(axis=1)

    def log_densities(self, seen: _Observations, here: slice) -> Floats:
        """log p(xₜ | k) of some rows, 0 where the observation is missing."""
        logs = self.emission.log_densities(seen.rows[here])
        if seen.missing is not None:
            logs[seen.missing[here]] = 0.0
        return logs

    def _by_logarithms(self, seen: _Observations, s: int) -> tuple[float, Floats, Floats]:
        """The same for one sequence, where densities differ by more than a number can hold."""
        a, b = seen.offsets[s : s + 2]
        score = self.log_densities(seen, slice(a, b))
        with np.errstate(divide="ignore"):
            chain = Chain.of(np.log(self.start), np.log(self.A), score, None)
        try:
            alpha, scale = chain.forward(1)
        except ValueError:
            raise impossible(s) from None
        beta, _ = chain.backward(1)
        total, gamma = float(chain.totals(alpha, scale)[0]), alpha.copy()
        normalise(gamma, beta)
        xi, few = np.zeros(self.A.shape), max(1, BLOCK // self.A.size)
        for t in range(1, b - a, few):
            now = slice(t, t + few)
            step = alpha[t - 1 : b - a - 1][:few, :, None] + chain.out_of + (score[now] + beta[now])[:, None, :]
            weight = np.exp(step - step.max(axis=(1, 2), keepdims=True))
            xi += (weight / weight.sum(axis=(1, 2), keepdims=True)).sum(axis=0)
        return total, gamma, xi


class _HiddenMarkov(BaseEstimator):  # type: ignore[misc]
    """What both estimators share."""

    n_components: int
    startprob_prior: Any
    transmat_prior: Any
    algorithm: str
    random_state: Any
    n_iter: int
    tol: float
    params: str
    init_params: str
    n_jobs: int | None

    startprob_: Floats
    transmat_: Floats
    monitor_: Monitor
    n_features: int | None
    _letters: str

    # ---- what a kind of emission says for itself

    def _read(self, X: Any, lengths: ArrayLike | None, fitting: bool = False) -> _Observations:
        raise NotImplementedError

    def _emission(self) -> Emission:
        raise NotImplementedError

    def _begin(self, seen: _Observations, random: np.random.RandomState) -> None:
        raise NotImplementedError

    def _best(self, emission: Any, sums: Sums) -> tuple[dict[str, Any], list[int]]:
        raise NotImplementedError

    def _emission_prior(self, emission: Any) -> float:
        raise NotImplementedError

    def _emission_size(self) -> int:
        raise NotImplementedError

    # ---- learning

    def fit(self, X: Any, lengths: ArrayLike | None = None) -> Self:
        """Climb from a start to a local maximum of log p(x) + log prior by EM.

        Args:
            X: the sequences one after the other; a row of NaN is an observation that is missing.
            lengths: how many rows each has, (S,); None for one sequence.

        What `init_params` names is started afresh, the rest begins where it stands; what `params` names is learned. A fit that
        is interrupted keeps the parameters of its last whole step, and lets the KeyboardInterrupt go on.

        Raises:
            ValueError: a parameter out of its range, shapes that do not fit, a length below 1 or lengths that do not add up, no
                observation at all, a covariance that collapses with min_covar = 0, a sequence of probability zero.

        Complexity: a step takes O(n K²) and the densities; memory is a block of sequences, or the longest one.
        """
        self._check()
        seen = self._read(X, lengths, fitting=True)
        if seen.missing is not None and seen.missing.all():
            raise ValueError("X must hold at least one observation; got only missing ones. Use `sample` to draw some.")
        self._begin_chain(seen)
        self.monitor_ = Monitor()
        model, before, held = self._model(), -np.inf, list[int]()
        with team(self.n_jobs) as each:
            for _ in range(self.n_iter):
                total, start, xi, sums = self._expected(model, seen, each)
                objective = total + self._log_prior(model)
                learned, held = self._best(model.emission, sums)
                model = self._put({**learned, **self._best_chain(start, xi)})
                self.monitor_.history.append(total)
                if objective - before < self.tol:
                    self.monitor_.converged = True
                    break
                before = objective
        if held:
            warnings.warn(
                f"the covariance of state {', '.join(map(str, held))} collapsed and is held up by min_covar. Ask for fewer states, "
                "or raise covars_prior.",
                ConvergenceWarning,
                stacklevel=2,
            )
        return self

    def _expected(self, model: _Model, seen: _Observations, each: Team) -> tuple[float, Floats, Floats, Sums]:
        """The E-step: log-likelihood, Σ over sequences of γ at their start, ξ, and what the emissions need."""

        def block(a: int, b: int) -> tuple[float, Floats, Floats, Sums]:
            total, gamma, xi = model.posterior(seen, a, b)
            here = slice(seen.offsets[a], seen.offsets[b])
            start = gamma[seen.offsets[a:b] - here.start].sum(axis=0)
            if seen.missing is not None:
                gamma[seen.missing[here]] = 0.0
            return float(total.sum()), start, xi, model.emission.sums(seen.rows[here], gamma)

        totals, starts, steps, sums = zip(*each(block, seen.blocks(len(model.A))), strict=True)
        return (
            sum(totals),
            np.sum(starts, axis=0),
            np.sum(steps, axis=0),
            tuple(np.sum(one, axis=0) for one in zip(*sums, strict=True)),
        )

    def _best_chain(self, start: Floats, xi: Floats) -> dict[str, Any]:
        """The M-step of π and A; what is forbidden stays so, and a state that is never left keeps its row."""
        new: dict[str, Any] = {}
        if "s" in self.params:
            weights = np.where(self.startprob_ > 0, start + self.startprob_prior - 1.0, 0.0)
            new["startprob_"] = shares(weights, self.startprob_)
        if "t" in self.params:
            weights = np.where(self.transmat_ > 0, xi + self.transmat_prior - 1.0, 0.0)
            new["transmat_"] = shares(weights, self.transmat_)  # (m-step-transition)
        return new

    def _put(self, new: dict[str, Any]) -> _Model:
        """Put new parameters in place of the old, all or none."""
        old = {name: getattr(self, name) for name in new}
        self.__dict__.update(new)
        try:
            model = self._model()
        except BaseException:
            self.__dict__.update(old)
            raise
        return model

    def _begin_chain(self, seen: _Observations) -> None:
        random, K = check_random_state(self.random_state), self.n_components
        if "s" in self.init_params:
            self.startprob_ = np.full(K, 1 / K)
        if "t" in self.init_params:
            self.transmat_ = random.dirichlet(np.ones(K), K)
        self._begin(seen, random)

    def _log_prior(self, model: _Model) -> float:
        chain = ((model.start, self.startprob_prior), (model.A, self.transmat_prior))
        allowed = (log_dirichlet(np.where(p > 0, p, 1.0), prior) for p, prior in chain)
        return sum(allowed) + self._emission_prior(model.emission)

    # ---- inference

    def score(self, X: Any, lengths: ArrayLike | None = None) -> float:
        """log p(x), summed over the sequences; 0 where every observation is missing. Arguments and errors as for `fit`."""
        model, seen = self._ready(X, lengths)
        with team(self.n_jobs) as each:
            parts = each(lambda a, b: model.posterior(seen, a, b)[0].sum(), seen.blocks(len(model.A)))
        return float(sum(parts))

    def score_samples(self, X: Any, lengths: ArrayLike | None = None) -> tuple[float, Floats]:
        """log p(x), and P(zₜ = k | x), (n, K), whose rows sum to one."""
        model, seen = self._ready(X, lengths)
        with team(self.n_jobs) as each:
            parts = each(lambda a, b: model.posterior(seen, a, b)[:2], seen.blocks(len(model.A)))
        return float(sum(part[0].sum() for part in parts)), np.concatenate([part[1] for part in parts])

    def predict_proba(self, X: Any, lengths: ArrayLike | None = None) -> Floats:
        """P(zₜ = k | x), (n, K)."""
        return self.score_samples(X, lengths)[1]

    def decode(self, X: Any, lengths: ArrayLike | None = None, algorithm: str | None = None) -> tuple[float, Integers]:
        """The states (n,), and what they are worth.

        'viterbi' finds the path with the largest log p(x, z), and returns that; 'map' the likeliest state at each time, and
        returns how many of them are right on average. None takes the one that the model was made with.
        """
        model, seen = self._ready(X, lengths)
        algorithm = algorithm or self.algorithm
        if algorithm not in ("viterbi", "map"):
            raise ValueError(f"algorithm must be 'viterbi' or 'map'; got {algorithm!r}.")
        with team(self.n_jobs) as each:
            parts = each(partial(getattr(model, algorithm), seen), seen.blocks(len(model.A)))
        return sum(value for value, _ in parts), np.concatenate([states for _, states in parts])

    def predict(self, X: Any, lengths: ArrayLike | None = None) -> Integers:
        """The states (n,) that `decode` finds."""
        return self.decode(X, lengths)[1]

    def sample(
        self, n_samples: int = 1, random_state: Any = None, currstate: int | None = None
    ) -> tuple[Any, Integers]:
        """Draw one sequence: observations (n, D) or symbols (n, 1), and its states (n,).

        With `currstate` the sequence goes on from there: that is the first state. None for random_state goes on with the
        model's own.
        """
        model = self._ready()
        check_whole("n_samples", n_samples)
        if currstate is not None and currstate not in range(len(model.A)):
            raise ValueError(f"currstate must be a state from 0 to {len(model.A) - 1}, or None; got {currstate!r}.")
        random = check_random_state(self.random_state if random_state is None else random_state)
        start, upto = model.start.cumsum(), model.A.cumsum(axis=1)
        start, upto = start / start[-1], upto / upto[:, -1:]
        u, states = random.uniform(size=n_samples), np.empty(n_samples, np.int64)
        states[0] = np.searchsorted(start, u[0], "right") if currstate is None else currstate
        for t in range(1, n_samples):
            states[t] = np.searchsorted(upto[states[t - 1]], u[t], "right")
        return model.emission.draw(states, random), states

    def aic(self, X: Any, lengths: ArrayLike | None = None) -> float:
        """2 p − 2 log p(x) with p free parameters; the smaller the better."""
        return 2 * self._size() - 2 * self.score(X, lengths)

    def bic(self, X: Any, lengths: ArrayLike | None = None) -> float:
        """p log n − 2 log p(x) with p free parameters and n rows that are not missing; the smaller the better."""
        _, seen = self._ready(X, lengths)
        n = len(seen.rows) - (0 if seen.missing is None else int(seen.missing.sum()))
        return float(self._size() * np.log(max(n, 1)) - 2 * self.score(X, lengths))

    def _size(self) -> int:
        K = self.n_components
        return K - 1 + K * (K - 1) + self._emission_size()

    # ---- checks

    def _ready(self, X: Any = None, lengths: ArrayLike | None = None) -> Any:
        check_is_fitted(self, "startprob_")
        model = self._model()
        return model if X is None else (model, self._read(X, lengths))

    def _model(self) -> _Model:
        """The present parameters, checked."""
        K = self.n_components
        start = _probabilities("startprob_", self.startprob_, (K,))
        return _Model(start, _probabilities("transmat_", self.transmat_, (K, K)), self._emission())

    def _check(self) -> None:
        check_whole("n_components", self.n_components)
        check_whole("n_iter", self.n_iter)
        tol: Any = self.tol
        if not isinstance(tol, Real) or np.isnan(float(tol)):
            raise ValueError(f"tol must be a number; got {tol!r}. Take -inf to take every step.")
        for name in ("params", "init_params"):
            letters = getattr(self, name)
            if not isinstance(letters, str) or set(letters) - set(self._letters):
                raise ValueError(f"{name} must hold letters of {self._letters!r} only; got {letters!r}.")
        for name in ("startprob_prior", "transmat_prior"):
            _concentration(name, getattr(self, name), (self.n_components,) * (1 + (name == "transmat_prior")))


class CategoricalHMM(_HiddenMarkov):
    """A hidden Markov model whose states each draw one of V symbols, 0 … V − 1.

    Parameters:
        n_components: K.
        startprob_prior, transmat_prior, emissionprob_prior: Dirichlet priors, from 1 (none) on: numbers, or arrays of the shape
            of what they are a prior of. A prior of 1 + c is the same as having seen each possibility c times.
        n_features: V; None takes the largest symbol of `fit` plus one.
        algorithm: what `decode` and `predict` find: 'viterbi' the best path, 'map' the likeliest state at each time.
        random_state: seed or generator of the start and of `sample`.
        n_iter: the most steps of EM. tol: stop when a step has gained less than this in log p(x) + log prior.
        params, init_params: what EM learns, and what `fit` starts afresh: 's' start, 't' transitions, 'e' emissions. What is not
            started afresh begins as it was set: `model.transmat_ = …` with init_params='se'.
        n_jobs: threads; None for as many as Numba is set to, -1 for one a core. The answer does not depend on it.

    Attributes:
        startprob_ (K,), transmat_ (K, K) from row to column, emissionprob_ (K, V): each row sums to one.
        monitor_: `history`, the log-likelihood before each step; `converged`; `iter`.

    X is a column of whole numbers, (n, 1) or (n,), NaN where one is missing. Zeros in startprob_ and transmat_ stay zero.

    Sources: Baum, Petrie, Soules, Weiss 1970; Rabiner 1989, A tutorial on hidden Markov models.
    """

    emissionprob_: Floats
    _letters = "ste"

    def __init__(
        self,
        n_components: int = 1,
        startprob_prior: Any = 1.0,
        transmat_prior: Any = 1.0,
        *,
        emissionprob_prior: Any = 1.0,
        n_features: int | None = None,
        algorithm: str = "viterbi",
        random_state: Any = None,
        n_iter: int = 10,
        tol: float = 1e-2,
        params: str = "ste",
        init_params: str = "ste",
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.n_components = n_components
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.emissionprob_prior = emissionprob_prior
        self.n_features = n_features
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_iter = n_iter
        self.tol = tol
        self.params = params
        self.init_params = init_params
        self.n_jobs = n_jobs

    def _read(self, X: Any, lengths: ArrayLike | None, fitting: bool = False) -> _Observations:
        values = _numbers(X)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if values.ndim != 1:
            raise ValueError(f"X must hold one symbol a row; got shape {values.shape}. Number the combinations.")
        offsets = offsets_of(len(values), lengths)
        missing: NDArray[np.bool_] = np.isnan(values)
        seen = values[~missing]
        wrong = (seen != np.floor(seen)) | (seen < 0)
        if wrong.any():
            raise ValueError(
                f"X must hold whole numbers from 0 on; got {seen[wrong][0]:g}. Number the symbols; NaN is a missing one."
            )
        V = self._symbols(seen, fitting)
        if len(seen) and seen.max() >= V:
            raise ValueError(
                f"X must hold symbols below {V}, the number that the model knows; got {seen.max():g}. Set n_features, or map what "
                "was never seen to a symbol of its own."
            )
        symbols = np.where(missing, -1, values).astype(np.int64)
        return _Observations(symbols, missing if missing.any() else None, offsets)

    def _symbols(self, seen: Floats, fitting: bool) -> int:
        if not fitting or "e" not in self.init_params:
            if not hasattr(self, "emissionprob_"):
                raise ValueError("emissionprob_ must be set where init_params leaves out 'e'; it is not.")
            return int(np.shape(self.emissionprob_)[-1])
        if self.n_features is not None:
            check_whole("n_features", self.n_features)
            return self.n_features
        return int(seen.max(initial=0)) + 1

    def _emission(self) -> Symbols:
        V = np.shape(self.emissionprob_)[-1] if np.ndim(self.emissionprob_) else 0
        return Symbols(_probabilities("emissionprob_", self.emissionprob_, (self.n_components, V)))

    def _begin(self, seen: _Observations, random: np.random.RandomState) -> None:
        if "e" in self.init_params:
            V = self._symbols(seen.rows[seen.rows >= 0].astype(float), True)
            self.emissionprob_ = random.dirichlet(np.ones(V), self.n_components)

    def _best(self, emission: Any, sums: Sums) -> tuple[dict[str, Any], list[int]]:
        learn = "e" in self.params
        return ({"emissionprob_": emission.maximised(sums, self.emissionprob_prior)} if learn else {}), []

    def _emission_prior(self, emission: Any) -> float:
        return log_dirichlet(emission.P, self.emissionprob_prior)

    def _emission_size(self) -> int:
        K, V = self.emissionprob_.shape
        return int(K * (V - 1))

    def _check(self) -> None:
        super()._check()
        _concentration("emissionprob_prior", self.emissionprob_prior, None)


class GaussianHMM(_HiddenMarkov):
    """A hidden Markov model whose states each draw a Gaussian vector, N(μₖ, Σₖ).

    Parameters:
        n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, n_jobs: as for `CategoricalHMM`.
        covariance_type: 'spherical', one variance a state; 'diag', one for each feature; 'full'; 'tied', one full Σ for all.
        min_covar: what no eigenvalue of Σ may fall below, in squared units of X; EM climbs within that constraint.
        means_prior, means_weight: m₀ and w of the normal prior N(m₀, Σ/w) on each mean; with w = 0 there is none.
        covars_prior, covars_weight: Ψ and v of the prior |Σ|^{−c/2} exp(−½ tr ΨΣ⁻¹). Ψ is a number that multiplies the
            identity, or an array of the shape of `covars_`; c is v − 1, or v − D for 'full' and 'tied', and 0 at least.
        params, init_params: as for `CategoricalHMM`, with 'm' means and 'c' covariances.

    Attributes:
        startprob_ (K,), transmat_ (K, K), monitor_: as for `CategoricalHMM`.
        means_ (K, D); covars_ (K,), (K, D), (K, D, D) or (D, D), in the order of the types above.

    X is (n, D). A row of NaN is an observation that is missing; a row that is missing in part is refused.

    Sources: Rabiner 1989; Huang, Acero, Hon 2001, Spoken language processing, section 8.4.
    """

    means_: Floats
    covars_: Floats
    _letters = "stmc"

    def __init__(
        self,
        n_components: int = 1,
        covariance_type: str = "diag",
        min_covar: float = 1e-6,
        startprob_prior: Any = 1.0,
        transmat_prior: Any = 1.0,
        means_prior: Any = 0.0,
        means_weight: float = 0.0,
        covars_prior: Any = 1e-2,
        covars_weight: float = 1.0,
        algorithm: str = "viterbi",
        random_state: Any = None,
        n_iter: int = 10,
        tol: float = 1e-2,
        params: str = "stmc",
        init_params: str = "stmc",
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.min_covar = min_covar
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.means_prior = means_prior
        self.means_weight = means_weight
        self.covars_prior = covars_prior
        self.covars_weight = covars_weight
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_iter = n_iter
        self.tol = tol
        self.params = params
        self.init_params = init_params
        self.n_jobs = n_jobs

    def _read(self, X: Any, lengths: ArrayLike | None, fitting: bool = False) -> _Observations:
        values = _numbers(X)
        if values.ndim != 2 or not values.shape[1]:
            raise ValueError(
                f"X must be 2-D, a row for each time; got shape {values.shape}. Pass X.reshape(-1, 1) for one number each."
            )
        set_before = not fitting or "m" not in self.init_params
        D = np.shape(self.means_)[-1] if set_before and hasattr(self, "means_") else values.shape[1]
        if values.shape[1] != D:
            raise ValueError(f"X must have {D} columns, as means_ has; got {values.shape[1]}.")
        offsets = offsets_of(len(values), lengths)
        if np.isinf(values).any():
            raise ValueError(
                "X must hold finite numbers, or NaN where one is missing; got infinity. Clip or remove it."
            )
        absent: NDArray[np.bool_] = np.isnan(values)
        if not absent.any():
            return _Observations(values, None, offsets)
        missing = np.asarray(absent.all(axis=1))
        part = absent.any(axis=1) & ~missing
        if part.any():
            t = int(np.argmax(part))
            raise ValueError(
                f"a row of X must be there or missing as a whole; row {t} has {absent[t].sum()} of {D} numbers missing. Set all of "
                "it to NaN, or fill it in."
            )
        return _Observations(np.where(missing[:, None], 0.0, values), missing, offsets)

    def _emission(self) -> Gaussians:
        K, kind = self.n_components, self.covariance_type
        means = np.ascontiguousarray(self.means_, dtype=np.float64)
        if means.ndim != 2 or len(means) != K or not np.isfinite(means).all():
            raise ValueError(f"means_ must hold {K} rows of finite numbers; got shape {means.shape}.")
        D = means.shape[1]
        shape = {"spherical": (K,), "diag": (K, D), "full": (K, D, D), "tied": (D, D)}[kind]
        covars = np.ascontiguousarray(self.covars_, dtype=np.float64)
        if covars.shape != shape:
            raise ValueError(f"covars_ must have shape {shape} for covariance_type={kind!r}; got {covars.shape}.")
        if not np.isfinite(covars).all():
            raise ValueError("covars_ must hold finite numbers; got NaN or infinity.")
        if kind in ("full", "tied"):
            scale = np.abs(covars).max(initial=0.0)
            if not np.allclose(covars, covars.swapaxes(-1, -2), rtol=0, atol=1e-8 * scale):
                raise ValueError("covars_ must be symmetric; it is not. Average it with its transpose.")
            values = np.linalg.eigvalsh(covars).reshape(-1, D)
            singular = values[:, 0] <= D * np.finfo(np.float64).eps * values[:, -1]
        else:
            rounding = (4 * np.finfo(np.float64).eps * means) ** 2  # no data lie nearer to their mean, unless upon it
            singular = (covars <= (rounding if kind == "diag" else rounding.max(axis=1))).reshape(K, -1).any(axis=1)
        if singular.any():
            raise ValueError(
                f"covars_ must be positive definite; that of state {int(np.argmax(singular))} is singular. Raise min_covar or "
                "covars_prior, leave out features that repeat others, or take fewer states."
            )
        return Gaussians(means, covars, kind)

    def _begin(self, seen: _Observations, random: np.random.RandomState) -> None:
        rows = seen.rows if seen.missing is None else seen.rows[~seen.missing]
        K, D = self.n_components, rows.shape[1]
        if "m" in self.init_params:
            if len(rows) < K:
                raise ValueError(f"X must hold at least n_components = {K} observations; got {len(rows)}.")
            few = rows if len(rows) <= START_ROWS else rows[random.choice(len(rows), START_ROWS, replace=False)]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of an empty cluster, whose centre is as good a start as any
                self.means_ = kmeans2(few, K, minit="++", rng=np.random.default_rng(random.randint(2**31)))[0]
        if "c" in self.init_params:
            spread = np.cov(rows.T, bias=True).reshape(D, D) + max(self.min_covar, 1e-3) * np.eye(D)
            diagonal = np.diag(spread)
            self.covars_ = {
                "spherical": np.full(K, diagonal.mean()),
                "diag": np.tile(diagonal, (K, 1)),
                "full": np.tile(spread, (K, 1, 1)),
                "tied": spread,
            }[self.covariance_type]

    def _prior(self) -> Prior:
        unit = 1 if self.covariance_type in ("spherical", "diag") else self.means_.shape[1]
        degrees = max(self.covars_weight - unit, 0.0)
        scale = self.covars_prior
        if self.covariance_type == "spherical" and np.ndim(scale):
            scale = np.asarray(scale)[:, None]
        return Prior(self.means_prior, self.means_weight, scale, degrees, self.min_covar)

    def _best(self, emission: Any, sums: Sums) -> tuple[dict[str, Any], list[int]]:
        best, held = emission.maximised(sums, self._prior(), self.params)
        return {"means_": best.means, "covars_": best.covars}, held

    def _emission_prior(self, emission: Any) -> float:
        return float(emission.log_prior(self._prior()))

    def _emission_size(self) -> int:
        K, D = self.means_.shape
        own = {"spherical": K, "diag": K * D, "full": K * D * (D + 1) // 2, "tied": D * (D + 1) // 2}
        return int(K * D + own[self.covariance_type])

    def _check(self) -> None:
        super()._check()
        if self.covariance_type not in KINDS:
            raise ValueError(
                f"covariance_type must be one of {', '.join(map(repr, KINDS))}; got {self.covariance_type!r}."
            )
        for name in ("min_covar", "means_weight", "covars_weight"):
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 <= float(value) < np.inf:
                raise ValueError(f"{name} must be a number from 0 on; got {value!r}.")
        if not np.isfinite(self.means_prior).all():
            raise ValueError(f"means_prior must be finite; got {self.means_prior!r}.")
        if (
            not np.isfinite(self.covars_prior).all()
            or np.min(np.diagonal(np.atleast_2d(self.covars_prior), 0, -2, -1)) < 0
        ):
            raise ValueError(f"covars_prior must be finite and not negative; got {self.covars_prior!r}.")


# ---- checks ----------------------------------------------------------------------------------------------------


def _numbers(X: Any) -> Floats:
    try:
        values: Floats = np.ascontiguousarray(X, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"X must hold numbers; got {X!r:.60}. Number what is no number.") from None
    if not len(values):
        raise ValueError("X must hold at least one row; got none. Leave empty sequences out.")
    return values


def impossible(s: int) -> ValueError:
    """The error that sequence s has probability zero."""
    return ValueError(
        f"sequence {s} must be possible under the model; it has probability zero. Allow more transitions, or give symbols that "
        "a state has not emitted a small probability, as with emissionprob_prior above 1."
    )


def _probabilities(name: str, values: Any, shape: tuple[int, ...]) -> Floats:
    p: Floats = np.ascontiguousarray(values, dtype=np.float64)
    if p.shape != shape:
        raise ValueError(f"{name} must have shape {shape}; got {p.shape}.")
    if not (p >= 0).all():
        raise ValueError(f"{name} must hold probabilities, from 0 on; got {p.min():g}. Divide counts by their sum.")
    total = p.sum(axis=-1)
    if not np.allclose(total, 1.0, rtol=0, atol=1e-6):
        worst = np.ravel(total)[np.argmax(np.abs(np.ravel(total) - 1.0))]
        rule = "must sum to one" if p.ndim == 1 else "must sum to one in every row"
        raise ValueError(f"{name} {rule}; got a sum of {worst:g}. Divide by the sum.")
    return p


def _concentration(name: str, value: Any, shape: tuple[int, ...] | None) -> None:
    array = np.asarray(value)
    if array.dtype.kind not in "iuf" or not (np.isfinite(array).all() and (array >= 1).all()):
        raise ValueError(f"{name} must be 1 or more, which is no prior or a count less one; got {value!r}.")
    if shape is not None and array.shape not in ((), shape):
        raise ValueError(f"{name} must be a number or have shape {shape}; got {array.shape}.")
