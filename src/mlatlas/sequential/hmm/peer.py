"""Whom hidden Markov models race: hmmlearn, in the faster of its two implementations and in its default."""

from __future__ import annotations

import logging

import numpy as np

from mlatlas.atlas.judge import NotOffered, Translation, peer, race
from mlatlas.atlas.text import Text

ZEROS = Text(
    en="hmmlearn divides only rows that have a sum: a state that is never left gets a row of zeros, and the model cannot be used",
    zh="hmmlearn 只对和不为零的行做归一化：从未被离开的状态得到一行零，模型随即不可用",
)
FLOOR = Text(
    en="hmmlearn uses min_covar for the first covariances only; in the steps of EM nothing holds them up",
    zh="hmmlearn 的 min_covar 只用于初始协方差；EM 的各步中没有任何东西托住它",
)
UNDERFLOW = Text(
    en="where every state that can be reached has a density below the smallest number, implementation='scaling' raises an "
    "error and asks for 'log'",
    zh="若所有可达状态的密度都小于能表示的最小数，implementation='scaling' 会报错，要求改用 'log'",
)
FINDINGS = {"rows_sum_to_one": ZEROS, "climbs_above_a_floor": FLOOR}

TRANSLATION = [
    Translation(
        "covars_",
        "_covars_",
        Text(
            en="ours reads as it is set, (K, D) for 'diag'; hmmlearn's covars_ reads as full matrices whatever the type",
            zh="本库读出来与设进去的形状一致，'diag' 为 (K, D)；hmmlearn 的 covars_ 不论类型，读出来都是完整矩阵",
        ),
    ),
    Translation(
        "covars_prior = Ψ",
        "Ψ·I for 'full' and 'tied'",
        Text(
            en="hmmlearn adds a number to every entry of the matrix, off the diagonal too; ours to the diagonal",
            zh="hmmlearn 把一个数加到矩阵的每个元素上，非对角元也不例外；本库只加到对角线上",
        ),
    ),
    Translation(
        "NaN",
        "not offered",
        Text(en="hmmlearn has no missing observations", zh="hmmlearn 不支持缺失的观测"),
    ),
    Translation(
        "n_jobs",
        "one thread",
        Text(en="hmmlearn works through the sequences one after the other", zh="hmmlearn 逐个处理序列"),
    ),
]


def hmmlearn_with(implementation: str):
    """hmmlearn's two models under our names."""
    from hmmlearn import hmm

    logging.getLogger("hmmlearn").setLevel(logging.ERROR)  # it logs that a problem is small

    class Shared:
        def fit(self, X, lengths=None):
            return super().fit(self._plain(X), lengths)

        def score(self, X, lengths=None):
            return super().score(self._plain(X), lengths)

        def score_samples(self, X, lengths=None):
            return super().score_samples(self._plain(X), lengths)

        def decode(self, X, lengths=None, algorithm=None):
            return super().decode(self._plain(X), lengths, algorithm)

        def _plain(self, X):
            if np.isnan(np.asarray(X, dtype=float)).any():
                raise NotOffered("hmmlearn has no missing observations")
            return X

    class CategoricalHMM(Shared, hmm.CategoricalHMM):
        def __init__(self, n_components=1, emissionprob_prior=1.0, startprob_prior=1.0, transmat_prior=1.0, **options):
            super().__init__(
                n_components,
                startprob_prior,
                transmat_prior,
                emissionprob_prior=emissionprob_prior,
                implementation=implementation,
                **options,
            )

        def _plain(self, X):
            return np.asarray(super()._plain(X)).astype(int)

    class GaussianHMM(Shared, hmm.GaussianHMM):
        def __init__(self, n_components=1, covariance_type="diag", min_covar=1e-3, covars_prior=1e-2, **options):
            super().__init__(
                n_components,
                covariance_type,
                min_covar,
                covars_prior=covars_prior,
                implementation=implementation,
                **options,
            )

        @property
        def covars_(self):
            spherical = self.covariance_type == "spherical" and np.ndim(self._covars_) == 2
            return self._covars_[:, 0] if spherical else self._covars_

        @covars_.setter
        def covars_(self, covars):
            hmm.GaussianHMM.covars_.fset(self, np.array(covars, copy=True))

        def fit(self, X, lengths=None):
            number = self.covars_prior
            if self.covariance_type in ("full", "tied") and np.ndim(number) == 0:
                self.covars_prior = number * np.eye(np.shape(X)[1])
            try:
                return super().fit(X, lengths)
            finally:
                self.covars_prior = number

    return {"CategoricalHMM": CategoricalHMM, "GaussianHMM": GaussianHMM}


@peer(
    "hmmlearn, scaled",
    requires="hmmlearn",
    translation=TRANSLATION,
    findings={**FINDINGS, "nothing_underflows": UNDERFLOW},
)
def hmmlearn_scaled():
    """implementation='scaling', the faster one."""
    return hmmlearn_with("scaling")


@peer("hmmlearn", requires="hmmlearn", translation=TRANSLATION, findings=FINDINGS)
def hmmlearn():
    """implementation='log', the default."""
    return hmmlearn_with("log")


# ---- races: EM and decoding ------------------------------------------------------------------------------------


def gaussian_chains(rng: np.random.Generator, K: int, sequences: int, length: int):
    """Sequences whose state stays with probability 0.7, seen through K/4 + 2 numbers with unit noise; means to start from."""
    states, A = walk(rng, K, sequences, length)
    D = K // 4 + 2
    X = (1.5 * rng.normal(size=(K, D)))[states] + rng.normal(size=(len(states), D))
    first = X[rng.choice(len(X), K, replace=False)]
    return "GaussianHMM", X, np.full(sequences, length), A, {"means_": first, "covars_": np.full((K, D), 2.0)}


def symbol_chains(rng: np.random.Generator, K: int, sequences: int, length: int):
    """The same, seen through one of fifty symbols; emissions to start from."""
    states, A = walk(rng, K, sequences, length)
    upto = rng.dirichlet(np.full(50, 0.3), K).cumsum(axis=1)
    X = (rng.random((len(states), 1)) > upto[states]).sum(axis=1).clip(max=49)[:, None]
    return "CategoricalHMM", X, np.full(sequences, length), A, {"emissionprob_": rng.dirichlet(np.ones(X.max() + 1), K)}


def walk(rng: np.random.Generator, K: int, sequences: int, length: int):
    """States, and the transition matrix that they follow."""
    n = sequences * length
    fresh = (rng.random(n) > 0.7) | (np.arange(n) % length == 0)
    states = rng.integers(0, K, n)[np.maximum.accumulate(np.where(fresh, np.arange(n), 0))]
    return states, np.full((K, K), 0.3 / K) + 0.7 * np.eye(K)


def model_of(subject, problem, steps: int):
    """A model that begins where the problem says, and is to take so many steps."""
    kind, _, _, A, emission = problem
    options = {"covars_prior": 0.0, "covars_weight": 0.0, "min_covar": 0.0} if kind == "GaussianHMM" else {}
    model = getattr(subject, kind)(len(A), n_iter=steps, tol=-np.inf, init_params="", **options)
    for name, value in {"startprob_": np.full(len(A), 1 / len(A)), "transmat_": A, **emission}.items():
        setattr(model, name, value.copy())
    return model


def learned(subject, problem):
    """All parameters after ten steps of EM, one after the other."""
    _, X, lengths, _, emission = problem
    model = model_of(subject, problem, 10).fit(X, lengths)
    return np.concatenate([np.ravel(getattr(model, name)) for name in ("startprob_", "transmat_", *emission)])


def surprise(problem, answer) -> float:
    """−log p(x) of the parameters by scaled sums in NumPy, to ten digits: what lies beyond them is rounding."""
    kind, X, lengths, A, emission = problem
    K = len(A)
    pi, rest = np.split(answer, [K])
    A, rest = rest[: K * K].reshape(K, K), rest[K * K :]
    parts = dict(zip(emission, np.split(rest, np.cumsum([e.size for e in emission.values()])[:-1]), strict=True))
    parts = {name: part.reshape(emission[name].shape) for name, part in parts.items()}
    score = log_densities(kind, X, parts).reshape(len(lengths), -1, K)
    top = score.max(axis=2, keepdims=True)
    B, total = np.exp(score - top), top.sum()
    alpha = pi * B[:, 0]
    for t in range(B.shape[1]):
        alpha = alpha if t == 0 else alpha @ A * B[:, t]
        here = alpha.sum(axis=1, keepdims=True)
        total, alpha = total + np.log(here).sum(), alpha / here
    return float(f"{-total:.9e}")


def log_densities(kind, X, emission):
    """log p(xₜ | k), (n, K)."""
    if kind == "CategoricalHMM":
        with np.errstate(divide="ignore"):
            return np.log(emission["emissionprob_"]).T[X[:, 0]]
    means, variances = emission["means_"], emission["covars_"]
    logs = [((X - m) ** 2 / v + np.log(2 * np.pi * v)).sum(axis=1) for m, v in zip(means, variances, strict=True)]
    return -0.5 * np.stack(logs, axis=1)


def below_the_best(problem, answer) -> float:
    """How much less the decoded paths are worth than they could be by dynamic programming in NumPy, relatively."""
    kind, X, lengths, A, emission = problem
    K, value, path = len(A), answer[0], answer[1:].astype(int).reshape(len(lengths), -1)
    score = log_densities(kind, X, emission).reshape(len(lengths), -1, K)
    worth = np.take_along_axis(score, path[..., None], axis=2).sum() + np.log(A)[path[:, :-1], path[:, 1:]].sum()
    worth -= len(lengths) * np.log(K)
    now = score[:, 0] - np.log(K)
    for t in range(1, score.shape[1]):
        now = (now[:, :, None] + np.log(A)).max(axis=1) + score[:, t]
    best = now.max(axis=1).sum()
    return float(max(best - worth, abs(value - best)) / abs(best))


SIZES = {
    "tiny": (3, 4, 12),
    "small": (4, 50, 30),
    "middle": (8, 500, 100),
    "many states": (32, 200, 200),
    "one long sequence": (8, 1, 50_000),
}
UNLIKELY = Text(
    en="−log-likelihood of what was learned, no worse than the peer's", zh="所学参数的负对数似然，不比对方差"
)


@race(
    en="Ten steps of EM, Gaussians with diagonal covariances",
    zh="十步 EM，对角协方差的高斯发射",
    problem=gaussian_chains,
    sizes=SIZES,
    certificate=surprise,
    certifies=UNLIKELY,
    goal=None,
)
def ten_steps_gaussian(subject, problem, tolerance):
    """Fit from the given start."""
    return learned(subject, problem)


@race(
    en="Ten steps of EM, symbols",
    zh="十步 EM，离散符号",
    problem=symbol_chains,
    sizes=SIZES,
    certificate=surprise,
    certifies=UNLIKELY,
    goal=None,
)
def ten_steps_symbols(subject, problem, tolerance):
    """Fit from the given start."""
    return learned(subject, problem)


@race(
    en="Best paths under a Gaussian model",
    zh="高斯模型下的最优路径",
    problem=gaussian_chains,
    sizes=SIZES,
    certificate=below_the_best,
    certifies=Text(en="relative distance of the paths from the best value", zh="所得路径与最优值的相对差距"),
    goal=1e-9,
)
def best_paths(subject, problem, tolerance):
    """Decode all sequences with the parameters that the problem starts from."""
    _, X, lengths, _, _ = problem
    value, states = model_of(subject, problem, 1).decode(X, lengths)
    return np.r_[value, states]
