"""Known answers, laws and mutants of hidden Markov models: brute force over all paths is the oracle."""

from __future__ import annotations

import itertools
import warnings
from types import SimpleNamespace

import numpy as np
from scipy.special import logsumexp, xlogy
from scipy.stats import multivariate_normal

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, falls, known, law, moments, mutant
from mlatlas.atlas.judge.traits import em

FLOOR = 0.5  # under the eigenvalues of covariances, in one law

# ---- problems: a model is (kind, start, A, emission), a problem a model with sequences ----------------------


def symbols(draw: Draw):
    """A categorical model: start (K,), A (K, K), P (K, V)."""
    K, V = draw.integer(2, 4), draw.integer(2, 4)
    return "symbols", draw.probabilities(K), draw.probabilities(K, K), draw.probabilities(K, V)


def gaussians(draw: Draw):
    """A Gaussian model of any kind of covariance: the emission is (means, covars)."""
    K, D = draw.integer(2, 4), draw.integer(1, 3)
    kind = draw.choice(["diag", "spherical", "full", "tied"])
    start, A, means = draw.probabilities(K), draw.probabilities(K, K), 2 * draw.normal(K, D)
    if kind in ("diag", "spherical"):
        return kind, start, A, (means, 0.3 + draw.positive(*((K, D) if kind == "diag" else (K,))))
    matrices = np.stack([draw.positive_definite(D) for _ in range(K)])
    return kind, start, A, (means, matrices if kind == "full" else matrices[0])


def model(draw: Draw):
    return gaussians(draw) if draw.integer(0, 2) else symbols(draw)


def sequences(draw: Draw, of, most: int = 4, least: int = 1):
    """Some short sequences for a model: X, lengths."""
    lengths = draw.integer(least, most + 1, draw.integer(2, 5))
    n = int(np.sum(lengths))
    if of[0] == "symbols":
        return draw.integer(0, of[3].shape[1], n)[:, None].astype(float), lengths
    return 2 * draw.normal(n, of[3][0].shape[1]), lengths


def problem(draw: Draw):
    one = model(draw)
    return one, *sequences(draw, one)


def distinct(draw: Draw):
    """A problem whose best paths are unique."""
    one, X, lengths = problem(draw)
    for x in split(X, lengths):
        values = np.sort(every_path(one, x)[0])
        draw.require(len(values) < 2 or values[-1] - values[-2] > 1e-4)
    return one, X, lengths


def with_gaps(draw: Draw):
    """Some observations are missing, not all."""
    one, X, lengths = problem(draw)
    gone = draw.uniform(0, 1, len(X)) < 0.4
    draw.require(gone.any() and not gone.all())
    X = X.copy()
    X[gone] = np.nan
    return one, X, lengths


def far_away(draw: Draw):
    """States that go one way only, and observations a thousand standard deviations from where the chain has to be."""
    one = gaussians(draw)
    kind, start, A, (means, covars) = one
    start = np.eye(len(A))[0]
    A = np.triu(A) / np.triu(A).sum(axis=1, keepdims=True)
    X = means[draw.integer(0, len(A), 5)] + 300 * draw.normal(5, means.shape[1])
    return (kind, start, A, (means, covars)), X, np.array([2, 3])


def telling(draw: Draw):
    """A categorical model whose symbols nearly give the state away, and whose second state is not drawn like its first."""
    K = draw.integer(2, 4)
    start, A, P = draw.probabilities(K), draw.probabilities(K, K), 0.9 * np.eye(K) + 0.1 * draw.probabilities(K, K)
    draw.require(np.abs(start[:, None] * (A - start)).max() > 0.1)
    return start, A, P


def fitted(draw: Draw):
    """A problem with more data, for a step of EM."""
    one = model(draw)
    lengths = draw.integer(2, 5, 6)
    n = int(np.sum(lengths))
    X = draw.integer(0, one[3].shape[1], n)[:, None].astype(float) if one[0] == "symbols" else 2 * draw.normal(n, one[3][0].shape[1])  # fmt: skip
    return one, X, lengths


def with_priors(draw: Draw):
    """The same with priors on everything."""
    options = {"startprob_prior": 1 + draw.positive(), "transmat_prior": 1 + draw.positive()}
    one, X, lengths = fitted(draw)
    if one[0] == "symbols":
        options["emissionprob_prior"] = 1 + draw.positive()
    else:
        options |= {
            "means_prior": draw.normal(),
            "means_weight": draw.positive(),
            "covars_prior": 0.2 + draw.positive(),
        }
        options["covars_weight"] = 1.0 + one[3][0].shape[1] + draw.positive()
    return one, X, lengths, options


def nearly_flat(draw: Draw):
    """Gaussians whose first feature hardly varies, started with every eigenvalue at a floor far above that, or higher."""
    kind, start, A, (means, _) = one = gaussians(draw)
    K, D = means.shape
    X, lengths = sequences(draw, one, most=4, least=2)
    flat, spread = np.r_[0.02, np.ones(D - 1)], np.r_[FLOOR, np.full(D - 1, 4.0)]
    covars = {
        "spherical": np.full(K, FLOOR),
        "diag": np.tile(spread, (K, 1)),
        "full": np.tile(np.diag(spread), (K, 1, 1)),
    }
    return (kind, start, A, (means * flat, covars.get(kind, np.diag(spread)))), X * flat, lengths


def no_memory(draw: Draw):
    """The next state is drawn as the first was, whatever the present one."""
    (kind, start, A, emission), X, lengths = problem(draw)
    return (kind, start, np.tile(start, (len(A), 1)), emission), X, lengths


def memory(draw: Draw):
    """States that stay, each of which has its own symbol or place."""
    kind, start, A, emission = one = model(draw)
    K = len(A)
    A = 0.05 / (K - 1) * (1 - np.eye(K)) + 0.95 * np.eye(K)
    lengths = np.array([4, 4])
    X, _ = sequences(draw, one, most=4, least=4)
    X = np.resize(X, (8, X.shape[1]))
    if kind == "symbols":
        emission = np.full((K, emission.shape[1]), 0.3) + draw.uniform(0, 1, *emission.shape) * 3
        emission = emission / emission.sum(axis=1, keepdims=True)
        draw.require(np.ptp(emission, axis=0).max() > 0.3)
    else:
        draw.require(np.ptp(emission[0], axis=0).max() > 1)
    return (kind, start, A, emission), X, lengths


# ---- the definition --------------------------------------------------------------------------------------------


def split(X, lengths):
    return np.split(X, np.cumsum(lengths)[:-1])


def covariance(kind, covars, k, D):
    """Σ of one state."""
    return {
        "spherical": lambda: covars[k] * np.eye(D), "diag": lambda: np.diag(covars[k]), "full": lambda: covars[k], "tied": lambda: covars
    }[kind]()  # fmt: skip


def log_densities(of, x):
    """log p(xₜ | k) of one sequence, (T, K), by the definition; 0 where x is missing."""
    kind, _, A, emission = of
    if kind == "symbols":
        with np.errstate(divide="ignore"):
            logs = np.log(emission).T[np.nan_to_num(x[:, 0]).astype(int)]
    else:
        means, covars = emission
        D = means.shape[1]
        logs = np.stack(
            [multivariate_normal.logpdf(np.nan_to_num(x), m, covariance(kind, covars, k, D)) for k, m in enumerate(means)], axis=-1
        ).reshape(len(x), len(A))  # fmt: skip
    return np.where(np.isnan(x).all(axis=1)[:, None], 0.0, logs)


def every_path(of, x):
    """log p(x, z) and z of all paths of one sequence."""
    _, start, A, _ = of
    logs = log_densities(of, x)
    T, K = logs.shape
    paths = np.array(list(itertools.product(range(K), repeat=T)))
    with np.errstate(divide="ignore"):
        values = np.log(start)[paths[:, 0]] + logs[np.arange(T), paths].sum(1)
        for t in range(T - 1):
            values = values + np.log(A)[paths[:, t], paths[:, t + 1]]
    return values, paths


def log_likelihood(of, X, lengths):
    return float(sum(logsumexp(every_path(of, x)[0]) for x in split(X, lengths)))


def posterior(of, X, lengths):
    """P(zₜ = k | x), (n, K)."""
    rows = []
    for x in split(X, lengths):
        values, paths = every_path(of, x)
        q = np.exp(values - logsumexp(values))
        rows += [[q[paths[:, t] == k].sum() for k in range(len(of[2]))] for t in range(len(x))]
    return np.array(rows)


def expected(of, under, X, lengths):
    """Σ over paths of P(z | x) under one model times log p(x, z) of another."""
    total = 0.0
    for x in split(X, lengths):
        values, _ = every_path(under, x)
        q = np.exp(values - logsumexp(values))
        joint, _ = every_path(of, x)
        total += q @ np.where(q > 0, joint, 0.0)
    return float(total)


def entropy(under, X, lengths):
    """Of P(z | x)."""
    total = 0.0
    for x in split(X, lengths):
        values, _ = every_path(under, x)
        q = np.exp(values - logsumexp(values))
        total -= float(xlogy(q, q).sum())
    return total


def log_prior(of, options):
    """The priors' logarithm up to a constant, as the estimators state them."""
    kind, start, A, emission = of
    total = (options["startprob_prior"] - 1) * np.log(start).sum() + (options["transmat_prior"] - 1) * np.log(A).sum()
    if kind == "symbols":
        return total + (options["emissionprob_prior"] - 1) * np.log(emission).sum()
    means, covars = emission
    K, D = means.shape
    degrees = options["covars_weight"] - (1 if kind in ("diag", "spherical") else D)
    for k in range(K):
        S = covariance(kind, covars, k, D)
        off = means[k] - options["means_prior"]
        total -= 0.5 * options["means_weight"] * off @ np.linalg.solve(S, off)
        if kind != "tied" or k == 0:
            total -= 0.5 * (degrees * np.linalg.slogdet(S)[1] + options["covars_prior"] * np.trace(np.linalg.inv(S)))
    return total


def made(subject, of, **options):
    """An estimator with the parameters of the model."""
    kind, start, A, emission = of
    if kind == "symbols":
        one = subject.CategoricalHMM(len(A), **{"init_params": "", "n_iter": 1, **options})
        one.emissionprob_ = np.array(emission)
    else:
        defaults = {"init_params": "", "n_iter": 1, "covars_prior": 0.0, "min_covar": 0.0}
        one = subject.GaussianHMM(len(A), kind, **{**defaults, **options})
        one.means_, one.covars_ = np.array(emission[0]), np.array(emission[1])
    one.startprob_, one.transmat_ = np.array(start), np.array(A)
    return one


def parameters(one, kind):
    """The model that an estimator holds."""
    emission = one.emissionprob_ if kind == "symbols" else (one.means_.copy(), np.array(one.covars_))
    return kind, one.startprob_, one.transmat_, emission


def stepped(subject, of, X, lengths, **options):
    """The model after one step of EM."""
    one = made(subject, of, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        one.fit(X, lengths)
    return parameters(one, of[0])


# ---- known answers -----------------------------------------------------------------------------------------

FEVER = (
    "symbols",
    np.array([0.6, 0.4]),
    np.array([[0.7, 0.3], [0.4, 0.6]]),
    np.array([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]]),
)


@known(
    en="Normal, cold, dizzy has the probability 0.03628, and healthy, healthy, fever, the best explanation, 0.01512.",
    zh="“正常、发冷、头晕”的概率是 0.03628；最好的解释“健康、健康、发烧”的概率是 0.01512。",
    source="the example of the Wikipedia article on the Viterbi algorithm; the sum by hand",
)
def fever(subject: Subject):
    one, X = made(subject, FEVER), [[0], [1], [2]]
    value, states = one.decode(X)
    return [agree(np.exp([one.score(X), value]), [0.03628, 0.01512]), agree(states, [0, 0, 1])]


@known(
    en="States that can be read off the symbols make Baum–Welch count: 0 0 1 0 1 1 gives the steps 1/3, 2/3 and 1/2, 1/2.",
    zh="若由符号就能读出状态，鲍姆–韦尔奇就是计数：0 0 1 0 1 1 得到转移 1/3、2/3 与 1/2、1/2。",
    source="by hand: one step 0→0, two 0→1, one 1→0, one 1→1",
)
def visible_states(subject: Subject):
    of = "symbols", np.array([0.5, 0.5]), np.full((2, 2), 0.5), np.eye(2)
    _, start, A, P = stepped(subject, of, np.c_[[0, 0, 1, 0, 1, 1]], [6])
    return [agree(A, [[1 / 3, 2 / 3], [1 / 2, 1 / 2]]), agree(start, [1.0, 0.0]), agree(P, np.eye(2))]


@known(
    en="With one state a step of EM gives the mean and the variance, divided by n: 3 and 8/3 of 1, 3, 5.",
    zh="只有一个状态时，EM 一步就得到均值和（除以 n 的）方差：1、3、5 的均值 3、方差 8/3。",
    source="by hand",
)
def one_state(subject: Subject):
    of = "diag", np.ones(1), np.ones((1, 1)), (np.zeros((1, 1)), np.ones((1, 1)))
    *_, (means, covars) = stepped(subject, of, np.c_[[1.0, 3.0, 5.0]], [3])
    return [agree(means, [[3.0]]), agree(np.ravel(covars), [8 / 3])]


# ---- laws: inference ---------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=distinct,
    en="Likelihood, posterior probabilities and best path are those of all Kᵀ paths, enumerated; sequences are independent.",
    zh="似然、后验概率与最优路径，都与枚举全部 Kᵀ 条路径的结果一致；各序列相互独立。",
    source="Rabiner 1989, section III",
)
def all_paths(problem, subject, other):
    of, X, lengths = problem
    one = made(subject, of)
    best = [every_path(of, x) for x in split(X, lengths)]
    value, states = one.decode(X, lengths)
    return [
        agree(one.score(X, lengths), log_likelihood(of, X, lengths)),
        agree(one.predict_proba(X, lengths), posterior(of, X, lengths)),
        agree(value, sum(values.max() for values, _ in best)),
        agree(states, np.concatenate([paths[values.argmax()] for values, paths in best])),
        agree(one.decode(X, lengths, "map")[0], posterior(of, X, lengths).max(axis=1).sum()),
    ]


@law(
    "equivalent",
    of="viterbi",
    given=distinct,
    en="It is a trellis: with the logarithms of its probabilities as scores, the sum over all paths is the likelihood and the best "
    "path the decoded one.",
    zh="它就是一张网格图：以各概率的对数为分数，全部路径之和是似然，最优路径就是解码结果。",
    source="Rabiner 1989, section III; Forney 1973",
)
def a_trellis(problem, subject, other):
    of, X, lengths = problem
    one = made(subject, of)
    chain = np.log(of[1]), np.log(of[2]), np.concatenate([log_densities(of, x) for x in split(X, lengths)])
    value, states = one.decode(X, lengths)
    total, path = other.viterbi(*chain, lengths)
    return [
        agree(one.score(X, lengths), np.sum(other.log_partition(*chain, lengths))),
        agree(one.predict_proba(X, lengths), other.marginals(*chain, lengths)),
        agree(np.r_[value, states], np.r_[np.sum(total), path]),
    ]


@law(
    "equivalent",
    given=far_away,
    en="However far an observation lies from every state that can be reached, likelihood and posterior are those of the enumeration.",
    zh="不论观测离所有可达的状态多远，似然与后验仍与枚举一致。",
)
def nothing_underflows(problem, subject, other):
    of, X, lengths = problem
    one = made(subject, of)
    return [
        agree(one.score(X, lengths), log_likelihood(of, X, lengths)),
        agree(one.predict_proba(X, lengths), posterior(of, X, lengths), scale=1.0),
    ]


@law(
    "special case",
    given=no_memory,
    without=memory,
    en="When every row of transitions is the start distribution, it is a mixture: observations are independent.",
    zh="若转移矩阵的每一行都等于初始分布，它就是混合模型：各观测相互独立。",
    source="Bishop 2006, section 13.2",
)
def a_mixture(problem, subject, other):
    of, X, lengths = problem
    joint = log_densities(of, X) + np.log(of[1])
    total = logsumexp(joint, axis=1, keepdims=True)
    one = made(subject, of)
    return np.r_[one.score(X, lengths), one.predict_proba(X, lengths).ravel()], np.r_[
        total.sum(), np.exp(joint - total).ravel()
    ]


@law(
    "invariant",
    given=lambda draw: (*fitted(draw), draw.integer(0, 1000)),
    en="Permuting the labels of the states changes no likelihood, and permutes what EM learns.",
    zh="重排状态的编号，似然不变，EM 学到的参数随之重排。",
)
def labels(problem, subject, other):
    of, X, lengths, seed = problem
    order = np.random.default_rng(seed).permutation(len(of[1]))
    kind, start, A, emission = of

    def moved(part):
        return part if kind == "tied" and part.ndim == 2 and len(part) == part.shape[1] else part[order]

    if kind == "symbols":
        turned = emission[order]
    else:
        turned = emission[0][order], emission[1] if kind == "tied" else emission[1][order]
    there = kind, start[order], A[order][:, order], turned
    ours, theirs = stepped(subject, of, X, lengths), stepped(subject, there, X, lengths)
    first = (lambda p: p[3]) if kind == "symbols" else (lambda p: p[3][0])
    return [
        agree(made(subject, of).score(X, lengths), made(subject, there).score(X, lengths)),
        agree(ours[2][order][:, order], theirs[2]),
        agree(first(ours)[order], first(theirs)),
    ]


@law(
    "equivalent",
    given=with_gaps,
    en="What is missing is summed out: likelihood and posterior are those of all paths, each judged by what was seen.",
    zh="缺失的观测被求和消去：似然与后验等于所有路径只凭看到的观测计算的结果。",
)
def missing_is_summed_out(problem, subject, other):
    of, X, lengths = problem
    one = made(subject, of)
    return [
        agree(one.score(X, lengths), log_likelihood(of, X, lengths), scale=1.0),
        agree(one.predict_proba(X, lengths), posterior(of, X, lengths)),
    ]


@law(
    "property",
    given=lambda draw: (draw.integer(0, 2**31 - 1), *telling(draw)),
    en="First states, steps and symbols are drawn with the frequencies that the model states.",
    zh="抽样得到的首个状态、转移与符号，频率与模型所说的一致。",
)
def drawn_as_stated(problem, subject, other):
    seed, start, A, P = problem
    one = made(subject, ("symbols", start, A, P))
    random, (K, V) = np.random.RandomState(seed), P.shape
    first = np.array([one.sample(1, random)[1][0] for _ in range(200)])
    x, z = one.sample(3000, random)
    x, weights = np.ravel(x), np.random.default_rng(seed).normal(size=(4, K, K + V))
    to, seen = (
        weights[:, :, :K],
        weights[:, :, K:],
    )  # all that is drawn has a weight; what it is beyond its mean has mean zero
    steps = to[:, z[:-1], z[1:]] - np.einsum("ijk,jk->ij", to, A)[:, z[:-1]]
    symbols = seen[:, z, x] - np.einsum("ijv,jv->ij", seen, P)[:, z]
    return [
        moments(to[:, 0, first].T, to[:, 0] @ start),
        moments(steps.T, np.zeros(4)),
        moments(symbols.T, np.zeros(4)),
    ]


# ---- laws: learning ----------------------------------------------------------------------------------------


@law("property", trait="em", given=with_priors, source="Dempster, Laird, Rubin 1977; Baum et al. 1970")
def climbs(problem, subject, other):
    of, X, lengths, options = problem
    values = [log_likelihood(of, X, lengths) + log_prior(of, options)]
    for _ in range(4):
        of = stepped(subject, of, X, lengths, **options)
        values.append(log_likelihood(of, X, lengths) + log_prior(of, options))
    return em(values)


@law(
    "property",
    given=nearly_flat,
    en="With the eigenvalues of the covariances clipped from below, EM never lowers the likelihood within that constraint.",
    zh="协方差的特征值从下方截断时，EM 在该约束内从不降低似然。",
    source="the best Σ ⪰ εI for Gaussian data clips the eigenvalues of the scatter matrix",
)
def climbs_above_a_floor(problem, subject, other):
    of, X, lengths = problem
    values = [log_likelihood(of, X, lengths)]
    for _ in range(4):
        of = stepped(subject, of, X, lengths, min_covar=FLOOR)
        values.append(log_likelihood(of, X, lengths))
    lowest = min(np.linalg.eigvalsh(covariance(of[0], of[3][1], k, X.shape[1]))[0] for k in range(len(of[2])))
    return [falls(-np.array(values)), atmost(FLOOR, lowest)]


@law(
    "equivalent",
    given=fitted,
    en="The lower bound of EM touches the likelihood after each E-step, rises in the M-step and stays below the new likelihood.",
    zh="EM 的下界在每次 E 步之后与似然相等，在 M 步上升，且不超过新的似然。",
    source="Neal, Hinton 1998, A view of the EM algorithm",
)
def coordinate_ascent(problem, subject, other):
    of, X, lengths = problem
    new = stepped(subject, of, X, lengths)
    H = entropy(of, X, lengths)
    before, after = expected(of, of, X, lengths) + H, expected(new, of, X, lengths) + H
    return [
        agree(before, made(subject, of).score(X, lengths)),
        atmost(before, after),
        atmost(after, made(subject, new).score(X, lengths)),
    ]


@law(
    "property",
    given=lambda draw: (*with_priors(draw), draw.integer(0, 1000)),
    en="No parameters have a larger expected log p(x, z) + log prior under the old posterior than those of the M-step.",
    zh="在旧的后验下，没有别的参数能使 log p(x, z) + log 先验 的期望大于 M 步所得。",
    source="Rabiner 1989, section III.C",
)
def m_step_is_best(problem, subject, other):
    of, X, lengths, options, seed = problem
    rng = np.random.default_rng(seed)
    new = stepped(subject, of, X, lengths, **options)
    best = expected(new, of, X, lengths) + log_prior(new, options)
    sides = []
    for size in (0.3, 0.03):
        rival = nearby(new, rng, size)
        sides.append(atmost(expected(rival, of, X, lengths) + log_prior(rival, options), best))
    for size in (-0.04, 0.04):
        for part in range(4):
            rival = scaled(new, part, size)
            sides.append(atmost(expected(rival, of, X, lengths) + log_prior(rival, options), best))
    return sides


def nearby(of, rng, size):
    """Other parameters, drawn around these."""
    kind, start, A, emission = of

    def rows(p):
        p = p * np.exp(size * rng.normal(size=p.shape))
        return p / p.sum(axis=-1, keepdims=True)

    if kind == "symbols":
        return kind, rows(start), rows(A), rows(emission)
    means, covars = emission
    return (
        kind,
        rows(start),
        rows(A),
        (means + size * rng.normal(size=means.shape), covars * np.exp(size * rng.normal())),
    )


def scaled(of, part, size):
    """The parameters with one of them moved a little."""
    kind, start, A, emission = of

    def tilted(p):
        p = p * np.exp(size * np.arange(p.shape[-1]))
        return p / p.sum(axis=-1, keepdims=True)

    if part == 0:
        return kind, tilted(start), A, emission
    if part == 1:
        return kind, start, tilted(A), emission
    if kind == "symbols":
        return kind, start, A, tilted(emission)
    means, covars = emission
    return kind, start, A, ((means + size, covars) if part == 2 else (means, covars * (1 + size)))


@law(
    "special case",
    given=lambda draw: gaussian_line(draw),
    en="With one feature, spherical, diagonal and full covariances are the same model and learn the same.",
    zh="只有一个特征时，球形、对角与完全协方差是同一个模型，学到的也相同。",
)
def one_feature(problem, subject, other):
    start, A, means, variances, X, lengths = problem
    shapes = {"spherical": variances, "diag": variances[:, None], "full": variances[:, None, None]}
    found = [stepped(subject, (kind, start, A, (means, shape)), X, lengths) for kind, shape in shapes.items()]
    flat = [np.r_[np.ravel(of[2]), np.ravel(of[3][0]), np.ravel(of[3][1])] for of in found]
    return [agree(flat[0], flat[1]), agree(flat[1], flat[2])]


def gaussian_line(draw: Draw):
    K, lengths = draw.integer(2, 4), draw.integer(2, 6, 5)
    return (
        draw.probabilities(K), draw.probabilities(K, K), draw.normal(K, 1), 0.5 + draw.positive(K),
        2 * draw.normal(int(np.sum(lengths)), 1), lengths,
    )  # fmt: skip


@law(
    "property",
    given=lambda draw: dead_end(draw),
    en="A state that no path leaves keeps a row of transitions that sums to one.",
    zh="没有路径离开的状态，它的转移行之和仍为一。",
)
def rows_sum_to_one(problem, subject, other):
    of, X = problem
    _, start, A, _ = stepped(subject, of, X, [len(X)])
    return [agree(A.sum(axis=1), np.ones(len(A))), agree(start.sum(), 1.0)]


def dead_end(draw: Draw):
    """The last symbol, which comes once and at the end, is that of a state of its own."""
    V = draw.integer(2, 4)
    X = np.r_[draw.integer(0, V - 1, draw.integer(2, 6)), V - 1][:, None]
    return ("symbols", draw.probabilities(V), draw.probabilities(V, V), np.eye(V)), X


# ---- mutants -----------------------------------------------------------------------------------------------


def both(ours: Subject, mixin):
    """Both estimators with some of their methods replaced."""
    return SimpleNamespace(
        CategoricalHMM=type("CategoricalHMM", (mixin, ours.CategoricalHMM), {"__init__": ours.CategoricalHMM.__init__}),
        GaussianHMM=type("GaussianHMM", (mixin, ours.GaussianHMM), {"__init__": ours.GaussianHMM.__init__}),
    )


def around(change):
    """Inference with parameters or data changed: ``change(model, X, lengths)`` gives those that are used."""

    class Changed:
        def _seen(self, X, lengths):
            X, lengths = np.array(X, dtype=float), [len(X)] if lengths is None else lengths
            return change(self, X, lengths)

        def score(self, X, lengths=None):
            return super().score(*self._seen(X, lengths))

        def score_samples(self, X, lengths=None):
            return super().score_samples(*self._seen(X, lengths))

        def decode(self, X, lengths=None, algorithm=None):
            return super().decode(*self._seen(X, lengths), algorithm)

        def fit(self, X, lengths=None):
            return super().fit(*self._seen(X, lengths))

    return Changed


@mutant(
    en="runs the chain on from one sequence into the next",
    zh="把一个序列的末尾接到了下一个序列的开头",
    source="what a user of hmmlearn gets who leaves out lengths",
)
def joined(ours):
    return both(ours, around(lambda one, X, lengths: (X, [len(X)])))


@mutant(en="takes a missing observation for a zero", zh="把缺失的观测当作零")
def missing_is_zero(ours):
    return both(ours, around(lambda one, X, lengths: (np.nan_to_num(X), lengths)))


@mutant(en="cuts observations off at thirty to avoid underflow", zh="为避免下溢，把观测截断在三十以内")
def clipped_data(ours):
    return both(ours, around(lambda one, X, lengths: (np.clip(X, -30, 30), lengths)))


@mutant(en="reads the transition matrix by columns: to, from", zh="把转移矩阵按列读：行当成了去向")
def transposed(ours):
    class Transposed:
        def _model(self):
            model = super()._model()
            A = model.A.T / model.A.sum(axis=0)[:, None]
            return type(model)(model.start, A, model.emission)

    return both(ours, Transposed)


@mutant(en="starts in every state alike", zh="初始分布一律取均匀")
def uniform_start(ours):
    class Uniform:
        def _model(self):
            model = super()._model()
            return type(model)(np.full_like(model.start, 1 / len(model.start)), model.A, model.emission)

    return both(ours, Uniform)


@mutant(
    en="takes standard deviations for variances",
    zh="把标准差当成方差",
    source="the argument of NumPy's normal, which is σ, beside that of multivariate_normal, which is Σ",
)
def deviations(ours):
    class GaussianHMM(ours.GaussianHMM):
        __init__ = ours.GaussianHMM.__init__

        def _emission(self):
            one = super()._emission()
            return type(one)(one.means, one.covars**2, one.kind) if one.axes else one

    return SimpleNamespace(GaussianHMM=GaussianHMM)


@mutant(en="forgets the factor (2π)^{D/2} of the density", zh="漏掉密度里的因子 (2π)^{D/2}")
def no_constant(ours):
    class GaussianHMM(ours.GaussianHMM):
        __init__ = ours.GaussianHMM.__init__

        def score(self, X, lengths=None):
            return super().score(X, lengths) + 0.5 * np.size(X) * np.log(2 * np.pi)

    return SimpleNamespace(GaussianHMM=GaussianHMM)


@mutant(en="gives the mean over the sequences for the sum", zh="把各序列对数似然的平均当作总和")
def averaged(ours):
    class Averaged:
        def score(self, X, lengths=None):
            return super().score(X, lengths) / (1 if lengths is None else len(lengths))

    return both(ours, Averaged)


@mutant(en="looks at each observation alone for the posterior", zh="算后验时只看当前的观测")
def alone(ours):
    class Alone:
        def predict_proba(self, X, lengths=None):
            return super().predict_proba(X, np.ones(len(X), int))

    return both(ours, Alone)


@mutant(en="goes from the first state by the start distribution again", zh="抽样时第二步仍按初始分布抽取")
def forgetful_sample(ours):
    class Forgetful:
        def sample(self, n_samples=1, random_state=None, currstate=None):
            draws = [super(Forgetful, self).sample(1, random_state, currstate) for _ in range(n_samples)]
            return tuple(map(np.concatenate, zip(*draws, strict=True)))

    return both(ours, Forgetful)


def after(change):
    """A step of EM after which ``change(model, old)`` spoils what was learned."""

    class After:
        def fit(self, X, lengths=None):
            names = ("startprob_", "transmat_", "means_", "covars_", "emissionprob_")
            old = {name: np.array(getattr(self, name)) for name in names if hasattr(self, name)}
            super().fit(X, lengths)
            change(self, old, len(X))
            return self

    return After


@mutant(en="measures the variance about the old mean", zh="方差绕着旧的均值计算")
def about_the_old_mean(ours):
    def change(one, old, n):
        if hasattr(one, "means_") and one.covariance_type == "diag":
            one.covars_ = one.covars_ + (one.means_ - old["means_"]) ** 2

    return both(ours, after(change))


@mutant(
    en="adds the floor to every covariance instead of clipping",
    zh="给每个协方差都加上下限，而不是截断",
    source="reg_covar of scikit-learn's GaussianMixture, with which the likelihood can fall",
)
def additive_floor(ours):
    def change(one, old, n):
        if hasattr(one, "means_") and one.min_covar:
            D = one.means_.shape[1]
            one.covars_ = one.covars_ + one.min_covar * (
                1 if one.covariance_type in ("diag", "spherical") else np.eye(D)
            )

    return both(ours, after(change))


@mutant(
    en="sorts the states after each step so that their numbers mean something, but not the rows of the transitions",
    zh="每步之后给状态排序，好让编号有含义，却没有同样重排转移矩阵的行",
)
def sorted_states(ours):
    def change(one, old, n):
        for name in ("means_", "emissionprob_"):
            if hasattr(one, name):
                setattr(one, name, getattr(one, name)[np.argsort(getattr(one, name)[:, 0])])

    return both(ours, after(change))


@mutant(en="divides by n − 1", zh="方差除以 n − 1")
def unbiased(ours):
    def change(one, old, n):
        if hasattr(one, "means_"):
            one.covars_ = one.covars_ * n / (n - 1)

    return both(ours, after(change))


@mutant(
    en="takes the mean of the Dirichlet posterior for its mode: adds a, not a − 1",
    zh="用后验均值代替众数：加了 a，而不是 a − 1",
)
def posterior_mean(ours):
    class Mean:
        def fit(self, X, lengths=None):
            self.transmat_prior = self.transmat_prior + 1.0
            super().fit(X, lengths)
            self.transmat_prior = self.transmat_prior - 1.0
            return self

    return both(ours, Mean)


@mutant(en="forgets the prior of the means", zh="忘了均值的先验")
def no_mean_prior(ours):
    class Forgets:
        def fit(self, X, lengths=None):
            weight, self.means_weight = getattr(self, "means_weight", 0.0), 0.0
            super().fit(X, lengths)
            self.means_weight = weight
            return self

    return both(ours, Forgets)


@mutant(
    en="leaves a row of zeros to a state that is never left",
    zh="从未被离开的状态，转移行全部变成零",
    source="hmmlearn 0.3.3, normalize in _do_mstep",
)
def row_of_zeros(ours):
    class Zeros:
        def _best_chain(self, start, xi):
            new = super()._best_chain(start, xi)
            never = xi.sum(axis=1) == 0
            if never.any():
                new["transmat_"][never] = 0.0
            return new

        def _put(self, new):
            self.__dict__.update(new)
            self.monitor_.converged = True
            return None

    return both(ours, Zeros)


@mutant(en="takes every step as if all states had been occupied alike", zh="更新转移时忘了用后验加权：各状态同等对待")
def soft_steps(ours):
    class Soft:
        def _best_chain(self, start, xi):
            return super()._best_chain(start, xi + 0.3 * xi.mean())

    return both(ours, Soft)


@mutant(en="counts each symbol once in the state that is likeliest there", zh="每个符号只计入最可能的状态一次")
def hard_counts(ours):
    class Hard:
        def _expected(self, model, seen, each):
            total, start, xi, _ = super()._expected(model, seen, each)
            gamma = np.concatenate([model.posterior(seen, a, a + 1)[1] for a in range(len(seen.offsets) - 1)])
            hard = np.eye(len(model.A))[gamma.argmax(axis=1)]
            return total, start, xi, model.emission.sums(seen.rows, hard)

    return both(ours, Hard)
