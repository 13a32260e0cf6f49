"""Known answers, laws and mutants of EM and Gaussian mixtures; densities by SciPy are the oracle."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
from scipy.special import logsumexp, xlogy
from scipy.stats import multivariate_normal

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, known, law, moments, mutant
from mlatlas.atlas.judge.traits import em

# ---- the definition: a model is (kind, π, μ, Σ) ------------------------------------------------------------


def matrices(of):
    """Σ of every component, (K, d, d)."""
    kind, _, means, S = of
    K, d = means.shape
    if kind in ("diag", "spherical"):
        return np.reshape(S, (K, -1, 1)) * np.eye(d)
    return np.broadcast_to(S, (K, d, d))


def log_joint(of, X):
    """log p(x, k), (n, K)."""
    return np.stack(
        [
            np.log(p) + multivariate_normal(m, S).logpdf(X).reshape(len(X))
            for p, m, S in zip(of[1], of[2], matrices(of), strict=True)
        ],
        axis=1,
    )


def log_likelihood(of, X):
    return float(logsumexp(log_joint(of, X), axis=1).sum())


def posterior(of, X):
    joint = log_joint(of, X)
    return np.exp(joint - logsumexp(joint, axis=1, keepdims=True))


def elbo(of, X, r):
    """Σ r log p(x, k) and the entropy of r."""
    return float(np.sum(r * log_joint(of, X)) - xlogy(r, r).sum())


def shaped(kind, scatter, N):
    """Covariances from scatter matrices (K, d, d) and counts, as the kind says."""
    if kind == "tied":
        return scatter.sum(0) / N.sum()
    full = scatter / N[:, None, None]
    if kind == "full":
        return full
    variances = np.diagonal(full, axis1=1, axis2=2)
    return variances.copy() if kind == "diag" else variances.mean(1)


def maximised(kind, X, r, about=None):
    """The M-step by its definition, with the scatter about the new means or others."""
    N = r.sum(0)
    means = r.T @ X / N[:, None]
    about = means if about is None else about
    scatter = np.stack([(r[:, k, None] * (X - about[k])).T @ (X - about[k]) for k in range(len(N))])
    return kind, N / N.sum(), means, shaped(kind, scatter, N)


def made(subject, of, **options):
    """An estimator with the parameters of the model."""
    kind, pi, means, S = of
    one = subject.GaussianMixture(len(pi), covariance_type=kind, **options)
    one.weights_, one.means_, one.covariances_ = pi, means, S
    return one


def stepped(subject, of, X, w=None, floor=0.0):
    """The model after one step of EM."""
    kind, pi, means, S = of
    one = subject.GaussianMixture(
        len(pi),
        covariance_type=kind,
        reg_covar=floor,
        max_iter=1,
        tol=0.0,
        weights_init=pi,
        means_init=means,
        precisions_init=np.linalg.inv(S) if kind in ("full", "tied") else 1 / S,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one.fit(X) if w is None else one.fit(X, sample_weight=w)
    return kind, one.weights_, one.means_, np.array(one.covariances_)


def same(one, other):
    """Two models agree, part by part."""
    return [agree(a, b, scale=1.0) for a, b in zip(one[1:], other[1:], strict=True)]


# ---- problems ----------------------------------------------------------------------------------------------

KINDS = ["full", "tied", "diag", "spherical"]


def model(draw: Draw, kinds=KINDS, least=1):
    kind, K, d = draw.choice(kinds), draw.integer(least, 4), draw.integer(least, 4)
    pi, means = draw.probabilities(K), 2 * draw.normal(K, d)
    draw.require(pi.min() > 0.02)
    if kind in ("diag", "spherical"):
        return kind, pi, means, 0.3 + draw.positive(*((K, d) if kind == "diag" else (K,)))
    S = np.stack([draw.positive_definite(d) + 0.1 * np.eye(d) for _ in range(K)])
    return kind, pi, means, S if kind == "full" else S[0]


def problem(draw: Draw, kinds=KINDS, least=1):
    """A model, and rows near its means; enough that no component becomes flat in a few steps."""
    of = model(draw, kinds, least)
    n = draw.integer(40, 80)
    X = of[2][draw.labels(n, len(of[1]))] + draw.normal(n, of[2].shape[1])
    draw.require(posterior(of, X).sum(0).min() > 3 * of[2].shape[1])
    return of, X


def every_kind(draw: Draw):
    """A problem for each kind of covariance, of two features at least."""
    return tuple(problem(draw, [kind], least=2) for kind in KINDS)


def held_up(draw: Draw):
    """A floor under which the rows are narrower than it in some direction and wider in others, and a start that respects it."""
    kind, K, d = draw.choice(KINDS), draw.integer(1, 3), draw.integer(1, 4)
    floor = 0.5
    means, pi = 3 * draw.normal(K, d), np.full(K, 1 / K)
    X = means.repeat(20, axis=0) + np.sqrt(0.6) * draw.normal(20 * K, d)
    X[:, -1] = 0.2 * X[:, -1]
    S = {
        "full": 0.6 * np.stack([np.eye(d)] * K),
        "tied": 0.6 * np.eye(d),
        "diag": np.full((K, d), 0.6),
        "spherical": np.full(K, 0.6),
    }
    return (kind, pi, means * np.r_[np.ones(d - 1), 0.2], S[kind]), X, floor


def counted(draw: Draw):
    """Whole weights that matter."""
    of, X = problem(draw)
    counts = draw.integer(0, 4, len(X))
    draw.require(np.ptp(counts) > 0 and posterior(of, X[counts > 0]).sum(0).min() > 3 * X.shape[1])
    return of, X, counts


def moved(draw: Draw):
    """A rotation, which full, tied and spherical covariances can follow."""
    of, X = problem(draw, ["full", "tied", "spherical"], least=2)
    return of, X, draw.orthogonal(X.shape[1], X.shape[1])


def turned(draw: Draw):
    """A rotation by an eighth of a turn, and correlated rows with independent features in the model."""
    of, X = problem(draw, ["diag"], least=2)
    X = X + 2 * draw.normal(len(X), 1)
    Q = np.eye(X.shape[1])
    Q[:2, :2] = np.sqrt(0.5) * np.array([[1, 1], [-1, 1]])
    draw.require(posterior(of, X).sum(0).min() > 6)
    return (of[0], of[1], of[2], np.full(of[3].shape, 9.0)), X, Q


def started(draw: Draw):
    """Clouds and starts from which k-means meets no tie and no empty cluster."""
    n, K, d = draw.integer(12, 40), draw.integer(2, 5), draw.integer(1, 4)
    X = draw.normal(n, d) + 2 * draw.normal(K, d)[draw.labels(n, K)]
    C = first = X[draw.permutation(n)[:K]] + 0.1 * draw.normal(K, d)
    for _ in range(4):
        D = np.sort(((X[:, None] - C) ** 2).sum(2), axis=1)
        z = ((X[:, None] - C) ** 2).sum(2).argmin(1)
        draw.require(len(np.unique(z)) == K and (D[:, 1] - D[:, 0]).min() > 1e-2)
        C = np.stack([X[z == k].mean(0) for k in range(K)])
    return X, first, 1e-4


def wide(draw: Draw):
    """The same with a variance as large as the clouds, so that some rows are shared."""
    X, C, _ = started(draw)
    r = posterior(("spherical", np.full(len(C), 1 / len(C)), C, np.ones(len(C))), X)
    draw.require(np.median(r.max(1)) < 0.9)
    return X, C, 1.0


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="Two equal components N(−1, 1) and N(1, 1): at 0 each has ½, at 1 the right one 1/(1 + e⁻²).",
    zh="两个等权分量 N(−1, 1) 与 N(1, 1)：在 0 处各占 ½，在 1 处右边的占 1/(1 + e⁻²)。",
    source="by hand: the ratio of the densities at x is e²ˣ",
)
def two_bells(subject: Subject):
    of = "spherical", np.full(2, 0.5), np.array([[-1.0], [1.0]]), np.ones(2)
    return made(subject, of).predict_proba([[0.0], [1.0]])[:, 1], [0.5, 1 / (1 + np.exp(-2))]


@known(
    en="One component is the mean and the variance divided by n: 1, 3, 5 give 3 and 8/3.",
    zh="只有一个分量时，就是均值与除以 n 的方差：1、3、5 得 3 与 8/3。",
    source="by hand",
)
def one_component(subject: Subject):
    of = "full", np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1))
    _, pi, means, S = stepped(subject, of, np.c_[[1.0, 3.0, 5.0]])
    return np.r_[pi, means.ravel(), S.ravel()], [1, 3, 8 / 3]


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=problem,
    en="Posteriors, log densities and labels are those of Bayes' rule on the densities as they are defined.",
    zh="后验概率、对数密度与标记，都与直接按定义的密度用贝叶斯公式算出的一致。",
    source="Bishop 2006, section 9.2",
)
def bayes_rule(problem, subject, other):
    of, X = problem
    one, r = made(subject, of), posterior(of, X)
    return [
        agree(one.predict_proba(X), r),
        agree(one.score_samples(X), logsumexp(log_joint(of, X), axis=1)),
        agree(one.score(X), log_likelihood(of, X) / len(X)),
        agree(np.take_along_axis(r, one.predict(X)[:, None], 1)[:, 0], r.max(1)),
    ]


@law(
    "equivalent",
    given=every_kind,
    en="A step of EM is posteriors, then weighted shares, means and covariances, of every kind.",
    zh="EM 的一步就是先求后验，再求加权的比例、均值与协方差；四种协方差都如此。",
    source="Dempster, Laird, Rubin 1977; Bishop 2006, section 9.2.2",
)
def step_by_definition(problem, subject, other):
    return [part for of, X in problem for part in same(stepped(subject, of, X), maximised(of[0], X, posterior(of, X)))]


@law("property", trait="em", given=problem, source="Dempster, Laird, Rubin 1977")
def climbs(problem, subject, other):
    of, X = problem
    values = [log_likelihood(of, X)]
    for _ in range(4):
        of = stepped(subject, of, X)
        values.append(log_likelihood(of, X))
    return em(values)


@law(
    "property",
    given=held_up,
    en="With the eigenvalues of the covariances clipped from below, a step still never lowers the likelihood, and no eigenvalue is below the floor.",
    zh="把协方差的特征值从下方截断，每一步仍不会降低似然，且没有特征值低于下限。",
    source="Ingrassia, Rocci 2007, Constrained monotone EM algorithms for finite mixture of multivariate Gaussians",
)
def floor_climbs(problem, subject, other):
    of, X, floor = problem
    values, low = [log_likelihood(of, X)], []
    for _ in range(4):
        of = stepped(subject, of, X, floor=floor)
        values.append(log_likelihood(of, X))
        low.append(np.linalg.eigvalsh(matrices(of)).min())
    return [em(values), atmost(np.full(4, floor), low)]


@law(
    "bound",
    given=problem,
    en="EM is coordinate ascent on the ELBO: the E-step makes it touch the likelihood, and after the M-step no other parameters have a larger one.",
    zh="EM 是对 ELBO 的坐标上升：E 步使它与似然相切，M 步之后没有别的参数能使它更大。",
    source="Neal, Hinton 1998, A view of the EM algorithm",
)
def coordinate_ascent(problem, subject, other):
    of, X = problem
    one = made(subject, of)
    r, new = one.predict_proba(X), stepped(subject, of, X)
    kind, pi, means, S = new
    tilted = pi * np.linspace(0.9, 1.1, len(pi))
    rivals = [
        of,
        (kind, tilted / tilted.sum(), means, S),
        (kind, pi, means + 0.05, S),
        (kind, pi, means - 0.05, S),
        (kind, pi, means, 1.05 * S),
        (kind, pi, means, 0.95 * S),
    ]
    best = elbo(new, X, r)
    return [
        agree(elbo(of, X, r), len(X) * one.score(X)),
        atmost(max(elbo(rival, X, r) for rival in rivals), best),
        atmost(best, log_likelihood(new, X)),
    ]


@law(
    "limit",
    of="kmeans",
    given=started,
    without=wide,
    en="Of spherical components with one fixed shared variance σ², EM's means become those of k-means as σ² → 0.",
    zh="若各分量是球形的、共用一个固定的方差 σ²，则 σ² → 0 时 EM 的均值就成为 k 均值的中心。",
    source="Bishop 2006, section 9.3.2",
)
def kmeans_in_the_limit(problem, subject, other):
    X, C, variance = problem
    of = "spherical", np.full(len(C), 1 / len(C)), C, np.full(len(C), variance)
    for _ in range(3):
        _, pi, means, _ = stepped(subject, of, X, floor=1e-12)
        of = "spherical", pi, means, np.full(len(C), variance)
    return of[2], other.KMeans(len(C), init=C, n_init=1, max_iter=3, tol=0.0).fit(X).cluster_centers_


@law(
    "equivalent",
    given=counted,
    en="From a given start a whole weight is the same as so many copies of the row.",
    zh="初值给定时，整数权重等价于把该样本重复相应的次数。",
)
def weights_repeat(problem, subject, other):
    of, X, counts = problem
    return same(stepped(subject, of, X, counts.astype(float)), stepped(subject, of, X.repeat(counts, axis=0)))


@law(
    "invariant",
    given=moved,
    without=turned,
    en="Where the covariances are full, tied or spherical, rotating the space only rotates the mixture; with independent features it does not.",
    zh="协方差为完整、共享或球形时，旋转空间只是把混合随之旋转；各特征独立的对角协方差则不然。",
    source="Celeux, Govaert 1995, Gaussian parsimonious clustering models",
)
def rotations(problem, subject, other):
    (kind, pi, means, S), X, Q = problem
    one = stepped(subject, (kind, pi, means, S), X)
    turned = Q.T @ S @ Q if kind in ("full", "tied") else S
    two = stepped(subject, (kind, pi, means @ Q, turned), X @ Q)
    return [
        agree(two[2], one[2] @ Q),
        agree(matrices(two), Q.T @ matrices(one) @ Q),
    ]


@law(
    "invariant",
    given=lambda draw: (*problem(draw), draw.permutation(4)),
    en="The order of the components only names them.",
    zh="分量的次序只是给它们编号。",
)
def names(problem, subject, other):
    (kind, pi, means, S), X, order = problem
    order = order[order < len(pi)]

    def renamed(pi, means, S):
        return kind, pi[order], means[order], S if kind == "tied" else S[order]

    return same(stepped(subject, renamed(pi, means, S), X), renamed(*stepped(subject, (kind, pi, means, S), X)[1:]))


@law(
    "property",
    given=lambda draw: (model(draw, least=2), draw.integer(0, 1000)),
    en="Samples have the mean and the covariance of the mixture: Σ π μ, and Σ π (Σₖ + μμᵀ) less its square.",
    zh="样本的均值与协方差就是混合分布的均值与协方差：Σ π μ，以及 Σ π (Σₖ + μμᵀ) 减去均值的外积。",
    source="Bishop 2006, exercise 9.13",
)
def samples(problem, subject, other):
    of, seed = problem
    _, pi, means, _ = of
    X, z = made(subject, of, random_state=seed).sample(20_000)
    mean = pi @ means
    S = np.einsum("k,kij->ij", pi, matrices(of) + means[:, :, None] * means[:, None, :]) - np.outer(mean, mean)
    off = X - mean
    return [
        moments(X, mean),
        moments(off[:, :, None] * off[:, None, :], S),
        *(moments(X[z == k], means[k], np.diag(matrices(of)[k])) for k in range(len(pi))),
        agree(np.bincount(z, minlength=len(pi)) / len(z), pi, tolerance=0.05),
    ]


@law(
    "equivalent",
    given=problem,
    en="BIC and AIC charge K − 1 shares, K d means, and the free entries of the covariances.",
    zh="BIC 与 AIC 计入的参数：K − 1 个比例、K d 个均值，以及协方差中自由的元素。",
    source="Schwarz 1978; Akaike 1974; Fraley, Raftery 2002",
)
def criteria(problem, subject, other):
    of, X = problem
    K, d = of[2].shape
    free = (
        K
        - 1
        + K * d
        + {"full": K * (d + d * (d - 1) / 2), "tied": d + d * (d - 1) / 2, "diag": K * d, "spherical": K}[of[0]]
    )
    one, value = made(subject, of), log_likelihood(of, X)
    return [one.bic(X), one.aic(X)], [-2 * value + free * np.log(len(X)), -2 * value + 2 * free]


# ---- mutants -----------------------------------------------------------------------------------------------


def after(ours, change):
    """Ours, with ``change(kind, X, w, r, start, end)`` made to the parameters of a step; what it returns is kept."""

    class GaussianMixture(ours.GaussianMixture):
        def fit(self, X, y=None, sample_weight=None):
            super().fit(X, y, sample_weight)
            kind, S = self.covariance_type, np.asarray(self.precisions_init)
            S = np.linalg.inv(S) if kind in ("full", "tied") else 1 / S
            start = kind, self.weights_init, self.means_init, S
            end = kind, self.weights_, self.means_, self.covariances_
            w = np.ones(len(X)) if sample_weight is None else sample_weight
            r = posterior(start, X) * w[:, None]
            _, self.weights_, self.means_, self.covariances_ = change(self, X, r, start, end)
            return self

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(
    en="adds the floor to the diagonal",
    zh="把下限加到对角线上，而不是截断特征值",
    source="scikit-learn's reg_covar",
)
def additive_floor(ours):
    def change(self, X, r, start, end):
        kind, pi, means, S = maximised(end[0], X, r)
        eye = np.eye(X.shape[1]) if kind in ("full", "tied") else 1.0
        return kind, pi, means, S + self.reg_covar * eye

    return after(ours, change)


@mutant(
    en="over-relaxes: moves the means three times as far as the M-step says, and never looks back",
    zh="过度松弛：均值移动到 M 步所说的三倍远，而且从不回头检查",
    source="Salakhutdinov, Roweis 2003, Adaptive overrelaxed bound optimization methods, without its test of the likelihood",
)
def overrelaxed(ours):
    return after(ours, lambda self, X, r, start, end: (*end[:2], start[2] + 3 * (end[2] - start[2]), end[3]))


@mutant(en="divides the scatter by N − 1", zh="散布矩阵除以 N − 1")
def unbiased(ours):
    def change(self, X, r, start, end):
        N = r.sum() / len(r[0])
        return *end[:3], end[3] * N / (N - 1)

    return after(ours, change)


@mutant(en="takes the scatter about the old means", zh="绕旧均值计算散布矩阵")
def old_means(ours):
    return after(ours, lambda self, X, r, start, end: maximised(end[0], X, r, start[2]))


@mutant(en="assigns each row wholly to one component", zh="把每个样本整个归给一个分量（硬指派）")
def hard_assignment(ours):
    def change(self, X, r, start, end):
        hard = np.eye(r.shape[1])[r.argmax(1)] + 1e-3 * r
        return maximised(end[0], X, hard)

    return after(ours, change)


@mutant(en="leaves the shares as they were", zh="不更新混合比例")
def fixed_shares(ours):
    return after(ours, lambda self, X, r, start, end: (end[0], start[1], *end[2:]))


@mutant(en="averages tied covariances without their counts", zh="共享协方差时不按样本数加权平均")
def plain_average(ours):
    def change(self, X, r, start, end):
        return *end[:3], maximised("full", X, r)[3].mean(0) if end[0] == "tied" else end[3]

    return after(ours, change)


@mutant(en="adds up the variances of a spherical component", zh="球形分量的方差取了各特征方差之和而非平均")
def summed_variances(ours):
    def change(self, X, r, start, end):
        return *end[:3], end[3] * X.shape[1] if end[0] == "spherical" else end[3]

    return after(ours, change)


@mutant(en="drops the correlations of a tied covariance", zh="共享协方差丢掉了相关项")
def no_correlations(ours):
    def change(self, X, r, start, end):
        return *end[:3], np.diag(np.diag(end[3])) if end[0] == "tied" else end[3]

    return after(ours, change)


@mutant(en="sorts the components by their first coordinate", zh="擅自按第一个坐标给分量排序")
def sorted_components(ours):
    def change(self, X, r, start, end):
        order = np.argsort(end[2][:, 0])
        return end[0], end[1][order], end[2][order], end[3] if end[0] == "tied" else end[3][order]

    return after(ours, change)


@mutant(en="ignores the sample weights", zh="忽略样本权重")
def unweighted(ours):
    class GaussianMixture(ours.GaussianMixture):
        def fit(self, X, y=None, sample_weight=None):
            return super().fit(X, y)

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(en="leaves the shares out of the posterior", zh="后验里漏了混合比例")
def no_prior(ours):
    class GaussianMixture(ours.GaussianMixture):
        def predict_proba(self, X):
            r = super().predict_proba(X) / self.weights_
            return r / r.sum(1, keepdims=True)

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(en="returns the sum, not the mean, as the score", zh="score 返回的是总和而不是平均")
def summed_score(ours):
    class GaussianMixture(ours.GaussianMixture):
        def score(self, X, y=None):
            return super().score(X) * len(X)

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(
    en="charges K shares, though they sum to one",
    zh="把 K 个混合比例都算作自由参数，忘了它们之和为一",
)
def one_parameter_more(ours):
    class GaussianMixture(ours.GaussianMixture):
        def bic(self, X):
            return super().bic(X) + np.log(len(X))

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(en="charges d² entries for a symmetric matrix", zh="对称矩阵算了 d² 个自由元素")
def every_entry(ours):
    class GaussianMixture(ours.GaussianMixture):
        def aic(self, X):
            d, matrices = X.shape[1], {"full": self.n_components, "tied": 1}
            return super().aic(X) + d * (d - 1) * matrices.get(self.covariance_type, 0)

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(en="draws as often from every component", zh="每个分量抽取同样多的样本")
def equal_shares(ours):
    class GaussianMixture(ours.GaussianMixture):
        def sample(self, n_samples=1):
            keep, self.weights_ = self.weights_, np.full(len(self.weights_), 1 / len(self.weights_))
            drawn = super().sample(n_samples)
            self.weights_ = keep
            return drawn

    return SimpleNamespace(GaussianMixture=GaussianMixture)


@mutant(en="scales the noise by the covariance, not by its root", zh="噪声乘的是协方差而不是它的平方根")
def unrooted(ours):
    class GaussianMixture(ours.GaussianMixture):
        def sample(self, n_samples=1):
            X, z = super().sample(n_samples)
            of = self.covariance_type, self.weights_, self.means_, self.covariances_
            roots = np.linalg.cholesky(matrices(of))
            return self.means_[z] + np.einsum("nij,nj->ni", roots[z], X - self.means_[z]), z

    return SimpleNamespace(GaussianMixture=GaussianMixture)
