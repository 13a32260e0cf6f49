"""Whom the Gaussian mixture races: scikit-learn, so many steps from the same start, to the same likelihood."""

from __future__ import annotations

import warnings

import numpy as np
from scipy.special import logsumexp

from mlatlas.atlas.judge import NotOffered, Translation, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "reg_covar=c",
            "reg_covar=c",
            Text(
                en="scikit-learn adds c to the diagonal in every step, ours raises eigenvalues below c to it; with c = 0 they are equal",
                zh="scikit-learn 每一步都把 c 加到对角线上，本库则把低于 c 的特征值提到 c；c = 0 时两者相同",
            ),
        ),
        Translation(
            "init_params='k-means++'",
            "init_params='k-means++'",
            Text(
                en="scikit-learn starts from covariances of reg_covar alone, as each group is its one drawn row; ours gives each row to the nearest",
                zh="scikit-learn 的每一组只有抽到的那一个样本，起始协方差仅为 reg_covar；本库先把每个样本归到最近的一个",
            ),
        ),
    ],
    typed={"GaussianMixture": "sklearn.mixture:GaussianMixture"},
    findings={
        "floor_climbs": Text(
            en="scikit-learn adds reg_covar to every variance in every step, even to those far above it, and so leaves the maximum: from the best "
            "parameters a step lowers the likelihood",
            zh="scikit-learn 每一步都给每个方差加上 reg_covar，连远高于它的也加，于是离开了最大值点：从最优参数出发，走一步似然反而下降",
        ),
    },
)
def scikit_learn():
    """The same names; parameters set by hand bring the factors that scikit-learn computes while it fits."""
    from sklearn.mixture import GaussianMixture as Peer
    from sklearn.mixture._gaussian_mixture import _compute_precision_cholesky

    class GaussianMixture(Peer):
        @property
        def covariances_(self):
            return self.__dict__["covariances_"]

        @covariances_.setter
        def covariances_(self, value):
            self.__dict__["covariances_"] = value
            self.precisions_cholesky_ = _compute_precision_cholesky(value, self.covariance_type)

        def fit(self, X, y=None, sample_weight=None):
            if sample_weight is not None:
                raise NotOffered("scikit-learn's GaussianMixture takes no sample weights")
            return super().fit(X)

    return {"GaussianMixture": GaussianMixture}


def clouds(rng: np.random.Generator, n: int, d: int, K: int):
    """K overlapping clouds, K rows as means to start from, and the kind of covariance."""
    X = (1.5 * rng.normal(size=(K, d)))[rng.integers(K, size=n)] + rng.normal(size=(n, d))
    return X, X[:K].copy(), "full"


def plain_clouds(rng: np.random.Generator, n: int, d: int, K: int):
    """The same for independent features."""
    X, means, _ = clouds(rng, n, d, K)
    return X, means, "diag"


def surprise(problem, answer) -> float:
    """The mean −log p(x) of the parameters by NumPy, to eight digits: beyond them lies the floor of 1e-9 and rounding."""
    X, first, kind = problem
    K, d = first.shape
    pi, means, S = np.split(answer, [K, K + K * d])
    logs = np.empty((len(X), K))
    for k, m in enumerate(means.reshape(K, d)):
        matrix = S.reshape(K, d, d)[k] if kind == "full" else np.diag(S.reshape(K, d)[k])
        L = np.linalg.cholesky(matrix)
        z = np.linalg.solve(L, (X - m).T)
        logs[:, k] = np.log(pi[k]) - 0.5 * (z**2).sum(axis=0) - np.log(np.diag(L)).sum() - 0.5 * d * np.log(2 * np.pi)
    return float(f"{-logsumexp(logs, axis=1).mean():.7e}")


def twenty_steps(subject, problem):
    """Shares, means and covariances after twenty steps, one after the other."""
    X, means, kind = problem
    K, spread = len(means), X.var(axis=0)
    precision = np.diag(1 / spread) if kind == "full" else 1 / spread
    model = subject.GaussianMixture(
        K,
        covariance_type=kind,
        max_iter=20,
        tol=0.0,
        reg_covar=1e-9,
        weights_init=np.full(K, 1 / K),
        means_init=means,
        precisions_init=np.stack([precision] * K),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a run that is stopped on purpose
        model.fit(X)
    return np.concatenate([model.weights_, model.means_.ravel(), model.covariances_.ravel()])


SIZES = {"tiny": (60, 2, 2), "small": (2_000, 8, 5), "middle": (100_000, 16, 10), "many features": (20_000, 100, 5)}
CERTIFIES = Text(
    en="mean −log p(x) of what was learned, no worse than the peer's", zh="所学参数的平均负对数密度，不比对方差"
)


@race(
    en="Twenty steps of EM, full covariances",
    zh="二十步 EM，完整协方差",
    problem=clouds,
    sizes=SIZES,
    certificate=surprise,
    certifies=CERTIFIES,
    goal=None,
)
def full(subject, problem, tolerance):
    """Fit from the given start."""
    return twenty_steps(subject, problem)


@race(
    en="Twenty steps of EM, diagonal covariances",
    zh="二十步 EM，对角协方差",
    problem=plain_clouds,
    sizes=SIZES,
    certificate=surprise,
    certifies=CERTIFIES,
    goal=None,
)
def diagonal(subject, problem, tolerance):
    """Fit from the given start."""
    return twenty_steps(subject, problem)
