"""Known answers, laws and mutants of the Kalman filter: the joint Gaussian of the whole path, computed densely, is the oracle."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import mpmath
import numpy as np
from scipy.linalg import block_diag, solve_discrete_are
from scipy.stats import multivariate_normal, norm

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, known, law, moments, mutant
from mlatlas.atlas.judge.traits import em

A, b, Q = "transition_matrices", "transition_offsets", "transition_covariance"
C, d, R = "observation_matrices", "observation_offsets", "observation_covariance"
MEAN, START, B = "initial_state_mean", "initial_state_covariance", "control_matrices"
LEARNED = [
    (Q, R, MEAN, START), (A,), (C,), (b,), (d,), (A, b), (C, d), (A, Q), (C, R), (b, R), (d, Q), (A, b, Q, C, d, R, MEAN, START)
]  # fmt: skip

# ---- problems: a system is a dictionary of the estimator's parameters, all given ------------------------------


def constant(draw: Draw, n: int, p: int):
    """A system that does not change with time."""
    return {
        A: 0.8 * draw.normal(n, n), b: draw.normal(n), Q: draw.positive_definite(n),
        C: draw.normal(p, n), d: draw.normal(p), R: draw.positive_definite(p),
        MEAN: draw.normal(n), START: draw.positive_definite(n),
    }  # fmt: skip


def changing(draw: Draw, n: int, p: int, T: int):
    """A system all of whose matrices change with time."""
    return constant(draw, n, p) | {
        A: 0.8 * draw.normal(T - 1, n, n), b: draw.normal(T - 1, n),
        Q: np.stack([draw.positive_definite(n) for _ in range(T - 1)]),
        C: draw.normal(T, p, n), d: draw.normal(T, p), R: np.stack([draw.positive_definite(p) for _ in range(T)]),
    }  # fmt: skip


def still(draw: Draw):
    """A constant system, of which some numbers of state may move without noise, with its observations."""
    n, p, T = draw.integer(1, 4), draw.integer(1, 3), draw.integer(2, 7)
    system = constant(draw, n, p)
    noisy = draw.integer(0, 2, n)
    return system | {Q: system[Q] * np.outer(noisy, noisy)}, 2 * draw.normal(T, p)


def either(draw: Draw):
    """Constant, or with matrices and offsets that change; whole rows of observations may be missing."""
    system, X = still(draw)
    if draw.integer(0, 2):
        n, (T, p) = len(system[MEAN]), X.shape
        system |= {
            A: 0.8 * draw.normal(T - 1, n, n),
            b: draw.normal(T - 1, n),
            C: draw.normal(T, p, n),
            d: draw.normal(T, p),
        }
    gone = draw.uniform(0, 1, len(X)) < 0.25
    draw.require(not gone.all())
    return system, np.where(gone[:, None], np.nan, X)


def in_roots(draw: Draw):
    """The same, to be computed on square roots of covariances."""
    n, p, T = draw.integer(1, 4), draw.integer(1, 3), draw.integer(2, 6)
    return constant(draw, n, p) | {"square_root": True}, 2 * draw.normal(T, p)


def partly(draw: Draw):
    """Single entries of rows are missing, and the noise of the others tells of theirs."""
    T = draw.integer(2, 6)
    system = constant(draw, draw.integer(1, 4), 2) if draw.integer(0, 2) else changing(draw, draw.integer(1, 3), 2, T)
    gone = draw.uniform(0, 1, T, 2) < 0.3
    draw.require((gone.any(axis=1) & ~gone.all(axis=1)).any())
    return system, np.where(gone, np.nan, 2 * draw.normal(T, 2))


def controlled(draw: Draw):
    """Something acts on the state; its effect may change with time."""
    n, p, k, T = draw.integer(1, 4), draw.integer(1, 3), draw.integer(1, 3), draw.integer(3, 6)
    effect = draw.normal(T - 1, n, k) if draw.integer(0, 2) else draw.normal(n, k)
    return constant(draw, n, p) | {B: effect}, 2 * draw.normal(T, p), draw.normal(T - 1, k)


def drawn(draw: Draw):
    """A system and a seed."""
    return constant(draw, draw.integer(1, 3), draw.integer(1, 3)), draw.integer(0, 2**31 - 1)


def learning(draw: Draw):
    """A constant system, observations of which whole rows may be missing, and what is to be learned."""
    n, p, T = draw.integer(1, 3), draw.integer(1, 3), draw.integer(4, 8)
    gone = draw.uniform(0, 1, T) < 0.2
    draw.require((~gone).sum() > 1)
    return constant(draw, n, p), np.where(gone[:, None], np.nan, 2 * draw.normal(T, p)), draw.choice(LEARNED)


def learning_partly(draw: Draw):
    """The same, where single entries are missing."""
    T = draw.integer(4, 7)
    gone = draw.uniform(0, 1, T, 2) < 0.3
    draw.require((gone.any(axis=1) & ~gone.all(axis=1)).any() and (~gone).any(axis=1).sum() > 1)
    X = np.where(gone, np.nan, 2 * draw.normal(T, 2))
    chosen = LEARNED[-1] if draw.integer(0, 2) else draw.choice(LEARNED)
    return constant(draw, draw.integer(2, 4), 2), X, chosen, draw.integer(0, 1000)


def scalar(draw: Draw):
    """One number of state, seen through one; every standard deviation is between 0.8 and 1.4."""
    system = {
        A: draw.uniform(0.3, 0.95, 1, 1), b: 0.3 * draw.normal(1), Q: draw.uniform(0.7, 2.0, 1, 1),
        C: draw.uniform(0.6, 1.2, 1, 1), d: 0.3 * draw.normal(1), R: draw.uniform(0.7, 2.0, 1, 1),
        MEAN: 0.3 * draw.normal(1), START: draw.uniform(0.7, 2.0, 1, 1),
    }  # fmt: skip
    return system, draw.normal(draw.integer(1, 4), 1)


def regression(draw: Draw, moving: float = 0.0):
    """Rows of features and a target; the coefficients stand still, or take random steps."""
    n, p = draw.integer(3, 8), draw.integer(1, 4)
    return draw.normal(n, p), draw.normal(n), 0.2 + draw.positive(), 0.2 + draw.positive(), moving


def drifting(draw: Draw):
    problem = regression(draw, 0.3)
    draw.require(np.abs(problem[0]).max() > 0.3 and np.abs(problem[1]).max() > 0.3)
    return problem


def settling(draw: Draw):
    """Detectable and stabilisable with a margin; A may be unstable, the noise may act on one direction alone."""
    n = draw.integer(1, 4)
    system = constant(draw, n, 1)
    radius = np.abs(np.linalg.eigvals(system[A])).max()
    draw.require(radius > 0.1)
    a = system[A] * draw.uniform(0.3, 1.2) / radius
    g = draw.normal(n)
    system |= {A: a, Q: system[Q] if draw.integer(0, 2) else np.outer(g, g)}
    for value in np.linalg.eigvals(a):
        off = value * np.eye(n) - a
        draw.require(abs(value) < 0.9 or np.linalg.svd(np.vstack([off, system[C]]), compute_uv=False)[-1] > 0.1)
        draw.require(abs(value) < 0.9 or np.linalg.svd(np.hstack([off, system[Q]]), compute_uv=False)[-1] > 0.1)
    P = solve_discrete_are(a.T, system[C].T, system[Q], system[R])
    gain = a @ P @ system[C].T / (system[C] @ P @ system[C].T + system[R])
    draw.require(np.abs(np.linalg.eigvals(a - gain @ system[C])).max() < 0.9)
    return system


def undisturbed(draw: Draw):
    """Detectable, but no noise reaches a number of state that grows by itself and is known exactly at the start."""
    grows, n = 1.0 + draw.uniform(0.1, 1.0), draw.integer(1, 3)
    system = constant(draw, n, 1)
    quiet = np.arange(n) > 0
    return system | {
        A: np.diag([grows, 0.5][:n]), C: np.ones((1, n)), Q: system[Q] * np.outer(quiet, quiet), START: system[START] * np.outer(quiet, quiet)
    }  # fmt: skip


def precise(draw: Draw):
    """Nearly parallel views of two numbers at once, each with noise of deviation 10⁻⁸: C (3, 2) and z."""
    c = np.array([[1.0, draw.uniform(0.5, 2.0)]] * 3)
    c[1:, 1] += 1e-7 * draw.integer(-3, 4, 2)
    state = draw.integer(-3, 4, 2) / 4
    return c, c @ state + 1e-8 * draw.normal(3)


# ---- the definition ------------------------------------------------------------------------------------------


def at(system, name, t):
    """The value of a parameter at one time."""
    value = system[name]
    return value[t] if value.ndim > (1 if name in (b, d) else 2) else value


def path(system, T, controls=None):
    """Mean (T n,) and covariance of the whole path of states, from the independent x[0] and noises."""
    n = len(system[MEAN])
    mean, spread = [system[MEAN]], np.zeros((T * n, T * n))
    spread[:n, :n] = np.eye(n)
    for t in range(T - 1):
        here, after = slice(t * n, (t + 1) * n), slice((t + 1) * n, (t + 2) * n)
        push = 0.0 if controls is None else (at(system, B, t) @ controls[t])
        mean.append(at(system, A, t) @ mean[-1] + at(system, b, t) + push)
        spread[after] = at(system, A, t) @ spread[here]
        spread[after, after] = np.eye(n)
    noise = block_diag(system[START], *(at(system, Q, t) for t in range(T - 1)))
    return np.concatenate(mean), spread @ noise @ spread.T


def path_and_sight(system, T, controls=None):
    """The same of states and observations together, (T (n + p),)."""
    mean, S = path(system, T, controls)
    H = block_diag(*(at(system, C, t) for t in range(T)))
    noise = block_diag(*(at(system, R, t) for t in range(T)))
    sight = H @ mean + np.concatenate([at(system, d, t) for t in range(T)])
    return np.r_[mean, sight], np.block([[S, S @ H.T], [H @ S, H @ S @ H.T + noise]])


def conditioned(system, X, upto=None, controls=None):
    """Mean and covariance of states and observations given what is seen until a time, and log p of that."""
    T, n = len(X), len(system[MEAN])
    mean, S = path_and_sight(system, T, controls)
    until = np.arange(T) < (T if upto is None else upto + 1)
    seen = T * n + np.flatnonzero((~np.isnan(X) & until[:, None]).ravel())
    z = X.ravel()[seen - T * n]
    gain = np.linalg.solve(S[np.ix_(seen, seen)], S[seen]).T
    total = multivariate_normal.logpdf(z, mean[seen], S[np.ix_(seen, seen)]) if len(seen) else 0.0
    return mean + gain @ (z - mean[seen]), S - gain @ S[seen], float(total)


def states(system, X, upto=None, controls=None):
    """Means (T, n) and covariances (T, n, n) of the states, and log p."""
    T, n = len(X), len(system[MEAN])
    mean, S, total = conditioned(system, X, upto, controls)
    return mean[: T * n].reshape(T, n), np.stack([S[t * n : (t + 1) * n, t * n : (t + 1) * n] for t in range(T)]), total


def against_the_definition(subject, system, X, controls=None):
    """Filter, smoother and likelihood beside conditioning."""
    one = subject.KalmanFilter(**system)
    more = () if controls is None else (controls,)
    x, P = one.filter(X, *more)
    smooth_x, smooth_P = one.smooth(X, *more)
    past = [states(system, X, t, controls) for t in range(len(X))]
    mean, S, total = states(system, X, None, controls)
    return [
        agree(x, np.stack([m[t] for t, (m, _, _) in enumerate(past)])),
        agree(P, np.stack([v[t] for t, (_, v, _) in enumerate(past)])),
        agree(smooth_x, mean),
        agree(smooth_P, S),
        agree(one.loglikelihood(X, *more), total, scale=1.0),
    ]


def expected(system, X, mean, S):
    """E log p of a constant system's states and of the rows that are seen at all, where all have this mean and covariance."""
    (T, p), n = X.shape, len(system[MEAN])
    x, z = np.eye(T * (n + p))[: T * n].reshape(T, n, -1), np.eye(T * (n + p))[T * n :].reshape(T, p, -1)
    off = [(x[0], system[MEAN], system[START])]
    off += [(x[t + 1] - system[A] @ x[t], system[b], system[Q]) for t in range(T - 1)]
    off += [(z[t] - system[C] @ x[t], system[d], system[R]) for t in range(T) if not np.isnan(X[t]).all()]
    total = 0.0
    for G, c, V in off:
        away = G @ mean - c
        total -= 0.5 * (
            np.linalg.slogdet(2 * np.pi * V)[1] + np.trace(np.linalg.solve(V, G @ S @ G.T + np.outer(away, away)))
        )
    return total


def entropy(X, n, S):
    """Of what is not seen: all states, and what is missing of rows that are seen in part."""
    gone = np.isnan(X) & ~np.isnan(X).all(axis=1, keepdims=True)
    free = np.r_[np.arange(len(X) * n), len(X) * n + np.flatnonzero(gone.ravel())]
    return 0.5 * np.linalg.slogdet(2 * np.pi * np.e * S[np.ix_(free, free)])[1]


def stepped(subject, system, X, chosen):
    """The system after one step of EM."""
    one = subject.KalmanFilter(**system).em(X, n_iter=1, em_vars=list(chosen))
    return {name: np.asarray(getattr(one, name)) for name in system}


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="A random walk with unit variances, seen at 2 and then at 4: filtered 1 and 14/5 with variances 1/2 and 3/5, smoothed 8/5 "
    "with variance 2/5.",
    zh="各方差均为 1 的随机游走，先看到 2，再看到 4：滤波值 1 与 14/5，方差 1/2 与 3/5；第一个时刻平滑为 8/5，方差 2/5。",
    source="by hand",
)
def two_steps(subject: Subject):
    one = subject.KalmanFilter(*[[[1.0]]] * 4, initial_state_mean=[0.0], initial_state_covariance=[[1.0]])
    X = np.array([[2.0], [4.0]])
    x, P = one.filter(X)
    smooth_x, smooth_P = one.smooth(X)
    return [
        agree(np.r_[x.ravel(), P.ravel()], [1, 14 / 5, 1 / 2, 3 / 5]),
        agree(np.r_[smooth_x[0], smooth_P[0, 0]], [8 / 5, 2 / 5]),
        agree(one.loglikelihood(X), norm.logpdf(2, 0, 2**0.5) + norm.logpdf(4, 1, 2.5**0.5)),
    ]


@known(
    en="The variance of a random walk seen with noise of the variance of its steps tends to the golden section, 0.618….",
    zh="随机游走的观测噪声与步长方差相等时，滤波方差趋于黄金分割 0.618…。",
    source="P + 1 − (P + 1)²/(P + 2) = P has the root (√5 − 1)/2",
)
def golden_section(subject: Subject):
    one = subject.KalmanFilter(*[[[1.0]]] * 4, initial_state_mean=[0.0], initial_state_covariance=[[9.0]])
    return one.filter(np.zeros((60, 1)))[1][-1, 0, 0], (5**0.5 - 1) / 2


# ---- laws: inference ---------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=either,
    en="Filter, smoother and likelihood are those of the joint Gaussian of the whole path, conditioned; matrices may change with time "
    "and rows be missing.",
    zh="滤波、平滑与似然，都等于对整条路径的联合高斯分布取条件的结果；矩阵可随时间变化，观测可整行缺失。",
    source="Kalman 1960; Rauch, Tung, Striebel 1965",
)
def conditioning(problem, subject, other):
    return against_the_definition(subject, *problem)


@law(
    "equivalent",
    given=partly,
    en="Where single entries of a row are missing, the others still count, with the correlation of their noise.",
    zh="一行里只缺几个数时，其余的数仍然有用，它们噪声之间的相关也照算。",
    source="Durbin, Koopman 2012, Time Series Analysis by State Space Methods, section 4.10",
)
def part_of_a_row(problem, subject, other):
    return against_the_definition(subject, *problem)


@law(
    "equivalent",
    given=controlled,
    en="A control moves the mean of the path and nothing else.",
    zh="控制输入只移动路径的均值，别的都不变。",
)
def controls_move_the_mean(problem, subject, other):
    return against_the_definition(subject, *problem)


@law(
    "equivalent",
    given=in_roots,
    en="On triangular roots of the covariances the answers are the same.",
    zh="改用协方差的三角平方根来算，答案不变。",
    source="Kaminski, Bryson, Schmidt 1971, Discrete square root filtering",
)
def roots_agree(problem, subject, other):
    return against_the_definition(subject, *problem)


@law(
    "property",
    given=precise,
    en="On square roots, noise of deviation 10⁻⁸ beside a state of deviation 1 is not lost: likelihood and mean are those of "
    "fifty-digit arithmetic.",
    zh="用平方根形式，状态标准差为 1、噪声标准差为 10⁻⁸ 时噪声也不会丢：似然与均值同五十位精度的计算一致。",
    source="Kaminski, Bryson, Schmidt 1971, section V; Bierman 1977, chapter 5",
)
def precise_views(problem, subject, other):
    c, z = problem
    X = np.stack([z, np.full(3, np.nan)])
    one = subject.KalmanFilter(
        np.eye(2), c, np.eye(2), 1e-16 * np.eye(3),
        initial_state_mean=np.zeros(2), initial_state_covariance=np.eye(2), square_root=True,
    )  # fmt: skip
    with mpmath.workdps(50):
        H, y = mpmath.matrix(c.tolist()), mpmath.matrix(z.tolist())
        V = H * H.T + mpmath.mpf(1e-16) * mpmath.eye(3)
        away = mpmath.lu_solve(V, y)
        total = float(-((y.T * away)[0] + mpmath.log(mpmath.det(V)) + 3 * mpmath.log(2 * mpmath.pi)) / 2)
        x = [float(value) for value in H.T * away]
    found = one.filter(X)[0][0]
    return [
        agree(one.loglikelihood(X), total, scale=1.0, tolerance=1e-5),
        agree(c[0] @ found, c[0] @ x, scale=1e-2, tolerance=1e-5),
    ]


@law(
    "equivalent",
    given=lambda draw: partly(draw) if draw.integer(0, 2) else either(draw),
    en="The innovations are L⁻¹ (z − E z), with L the Cholesky factor of the covariance of everything that is seen: the filter "
    "factors that matrix without writing it down.",
    zh="标准化新息就是 L⁻¹ (z − E z)，L 是全部观测的协方差的楚列斯基因子：滤波器分解了这个矩阵，却从不把它写出来。",
    source="Kailath 1968, An innovations approach to least-squares estimation",
)
def innovations_are_cholesky(problem, subject, other):
    system, X = problem
    T, n = len(X), len(system[MEAN])
    mean, S = path_and_sight(system, T)
    seen = T * n + np.flatnonzero(~np.isnan(X).ravel())
    L = np.linalg.cholesky(S[np.ix_(seen, seen)])
    found = subject.KalmanFilter(**system).innovations(X)
    return found.ravel()[seen - T * n], np.linalg.solve(L, X.ravel()[seen - T * n] - mean[seen])


@law(
    "equivalent",
    given=lambda draw: (*still(draw), draw.integer(1, 4), draw.uniform(0.5, 0.99)),
    en="Forecasts are observations that are missing at the end, and their intervals the quantiles of their Gaussians.",
    zh="预测就是末尾缺失的观测；区间就是它们高斯分布的分位点。",
    source="Durbin, Koopman 2012, section 4.11",
)
def forecasts_are_missing(problem, subject, other):
    system, X, steps, level = problem
    T, n, p = len(X), len(system[MEAN]), X.shape[1]
    mean, S, _ = conditioned(system, np.vstack([X, np.full((steps, p), np.nan)]))
    first = (T + steps) * n + T * p
    z, sd = mean[first:].reshape(steps, p), np.sqrt(np.diag(S)[first:]).reshape(steps, p)
    found = subject.KalmanFilter(**system).forecast(X, steps, level)
    return [
        agree(found.means, z),
        agree(found.covariances[-1], S[-p:, -p:]),
        agree(found.lower, norm.ppf((1 - level) / 2, z, sd)),
        agree(found.upper, norm.ppf((1 + level) / 2, z, sd)),
    ]


@law(
    "property",
    given=drawn,
    en="Paths that are drawn have the means and variances that the system states, states and observations alike.",
    zh="抽出的路径，状态与观测的均值和方差都与系统所说的一致。",
)
def drawn_as_stated(problem, subject, other):
    system, seed = problem
    random, one = np.random.RandomState(seed), subject.KalmanFilter(**system)
    draws = [one.sample(3, random_state=random) for _ in range(300)]
    mean, S = path_and_sight(system, 3)
    return moments(np.stack([np.r_[np.ravel(x), np.ravel(z)] for x, z in draws]), mean, np.diag(S))


# ---- laws: relations to other concepts -----------------------------------------------------------------------


def on_a_grid(other, system, X, x, start, step):
    """Likelihood and filtered means of the hidden Markov model with these states."""
    model = other.GaussianHMM(len(x), "spherical", init_params="", n_iter=1, covars_prior=0.0, min_covar=0.0)
    model.startprob_, model.transmat_ = start / start.sum(), step / step.sum(axis=1, keepdims=True)
    model.means_, model.covars_ = (system[C][0, 0] * x + system[d])[:, None], np.full(len(x), system[R][0, 0])
    return np.r_[model.score(X), [model.predict_proba(X[: t + 1])[-1] @ x for t in range(len(X))]]


def by_filter(subject, system, X):
    one = subject.KalmanFilter(**system)
    return np.r_[one.loglikelihood(X), one.filter(X)[0].ravel()]


def around(system, T, h):
    """A grid that leaves out nothing that could be told from zero."""
    mean, S = path(system, T)
    far = 9 * np.sqrt(np.diag(S).max()) + np.abs(mean).max()
    return h * np.arange(-np.ceil(far / h), np.ceil(far / h) + 1)


@law(
    "limit",
    of="hmm",
    given=scalar,
    en="It is the forward pass of a hidden Markov model with Gaussians for tables. With the probabilities of the cells of a grid, "
    "likelihood and filtered means converge at second order.",
    zh="它就是把表格换成高斯的隐马尔可夫前向算法。用网格单元的概率来近似，似然与滤波均值以二阶收敛。",
    source="Bucy, Senne 1971, Digital synthesis of non-linear filters",
)
def cells(problem, subject, other):
    system, X = problem

    def grid(h):
        x = around(system, len(X), h)
        edges = np.r_[-np.inf, (x[1:] + x[:-1]) / 2, np.inf]
        start = np.diff(norm.cdf(edges, system[MEAN], np.sqrt(system[START][0])))
        step = np.diff(norm.cdf(edges, system[A] * x[:, None] + system[b], np.sqrt(system[Q][0])), axis=1)
        return on_a_grid(other, system, X, x, start, step)

    exact, coarse, fine = by_filter(subject, system, X), grid(0.3), grid(0.15)
    return [
        agree((4 * fine - coarse) / 3, exact, scale=1.0, tolerance=1e-4),  # what is left when h² is taken off
        atmost(np.abs(fine - exact), 0.15**2 * (1 + np.abs(exact)), scale=1.0),
    ]


@law(
    "limit",
    of="hmm",
    given=scalar,
    en="With the densities at the points of a grid, they converge faster than any power: half a standard deviation is fine enough.",
    zh="改用网格点上的密度，收敛快过任何幂次：间距只要半个标准差就够了。",
    source="Trefethen, Weideman 2014, The exponentially convergent trapezoidal rule",
)
def points(problem, subject, other):
    system, X = problem
    narrow = np.sqrt(1 / (1 / system[START][0, 0] + 1 / system[Q][0, 0] + 2 / system[R][0, 0]))
    x = around(system, len(X), 0.5 * narrow)
    start = norm.pdf(x, system[MEAN], np.sqrt(system[START][0]))
    step = norm.pdf(x, system[A] * x[:, None] + system[b], np.sqrt(system[Q][0]))
    return agree(by_filter(subject, system, X), on_a_grid(other, system, X, x, start, step), scale=1.0)


@law(
    "special case",
    of="ridge",
    given=regression,
    without=drifting,
    en="Recursive least squares is the filter of a state that stands still, with no forgetting: after each row its mean is the "
    "ridge solution, with σ²/τ² as the penalty where P₀ = τ² I.",
    zh="递推最小二乘就是状态静止、没有遗忘时的滤波：每看一行，均值就是岭回归的解；P₀ = τ² I 时惩罚为 σ²/τ²。",
    source="Ljung, Söderström 1983, Theory and Practice of Recursive Identification, section 2.2",
)
def recursive_least_squares(problem, subject, other):
    X, y, noise, prior, moving = problem
    n, p = X.shape
    one = subject.KalmanFilter(
        np.eye(p), X[:, None, :], moving * np.eye(p), [[noise]],
        initial_state_mean=np.zeros(p), initial_state_covariance=prior * np.eye(p),
    )  # fmt: skip
    batch = [other.Ridge(alpha=noise / prior, fit_intercept=False).fit(X[:t], y[:t]).coef_ for t in (n // 2, n)]
    return one.filter(y[:, None])[0][[n // 2 - 1, n - 1]], np.stack(batch)


@law(
    "limit",
    given=settling,
    without=undisturbed,
    en="The covariance of a time-invariant, detectable and stabilisable system tends to the stabilising solution of the Riccati equation, "
    "whatever it was at the start. Where no noise reaches a growing number of the state it need not.",
    zh="时不变系统若可检测且可稳，协方差不论从何处出发都趋于里卡蒂方程的镇定解；若噪声触及不到某个会增长的状态分量，则未必。",
    source="Anderson, Moore 1979, Optimal Filtering, section 4.4; de Souza, Gevers, Goodwin 1986",
)
def riccati(problem, subject, other):
    P = solve_discrete_are(problem[A].T, problem[C].T, problem[Q], problem[R])
    seen = problem[C] @ P
    limit = P - seen.T @ np.linalg.solve(problem[C] @ P @ problem[C].T + problem[R], seen)
    starts = problem[START], 10 * problem[START]
    ends = [subject.KalmanFilter(**problem | {START: P0}).filter(np.zeros((300, 1)))[1][-1] for P0 in starts]
    return [agree(ends[0], limit, scale=1e-3), agree(ends[1], limit, scale=1e-3)]


# ---- laws: learning ----------------------------------------------------------------------------------------


@law("property", trait="em", given=learning, source="Shumway, Stoffer 1982; Dempster, Laird, Rubin 1977")
def climbs(problem, subject, other):
    system, X, chosen = problem
    values = [states(system, X)[2]]
    for _ in range(4):
        system = stepped(subject, system, X, chosen)
        values.append(states(system, X)[2])
    return em(values)


@law(
    "equivalent",
    given=learning_partly,
    en="EM is coordinate ascent on the lower bound: it touches the likelihood after the E-step, no values of what is learned make it "
    "larger than those of the M-step, and it stays below the new likelihood; single entries may be missing.",
    zh="EM 是对下界的坐标上升：E 步之后下界与似然相接；要学的参数取什么值都不会使它比 M 步所得更大；它也不超过新的似然。观测可以只缺几个数。",
    source="Neal, Hinton 1998; Shumway, Stoffer 2017, section 6.3–6.4",
)
def coordinate_ascent(problem, subject, other):
    system, X, chosen, seed = problem
    n, rng = len(system[MEAN]), np.random.default_rng(seed)
    mean, S, _ = conditioned(system, X)
    H, new = entropy(X, n, S), stepped(subject, system, X, chosen)
    best = expected(new, X, mean, S) + H
    sides = [
        agree(expected(system, X, mean, S) + H, subject.KalmanFilter(**system).loglikelihood(X)),
        atmost(expected(system, X, mean, S) + H, best),
        atmost(best, subject.KalmanFilter(**new).loglikelihood(X)),
    ]
    for name in chosen:
        for size in (-0.05, 0.05):
            if name in (Q, R, START):
                rival = new[name] * np.exp(size)
            else:
                rival = new[name] + size * rng.normal(size=new[name].shape)
            sides.append(atmost(expected(new | {name: rival}, X, mean, S) + H, best))
    return sides


# ---- mutants -----------------------------------------------------------------------------------------------


def changed(ours: Subject, **methods):
    """The estimator with some methods replaced."""
    one = type("KalmanFilter", (ours.KalmanFilter,), {"__init__": ours.KalmanFilter.__init__, **methods})
    return SimpleNamespace(KalmanFilter=one)


def with_system(ours: Subject, change):
    """Everything computed with another system: ``change(system)`` gives the stacks that are changed."""

    def _system(self, *args):
        system = ours.KalmanFilter._system(self, *args)
        return replace(system, **change(system))

    return changed(ours, _system=_system)


def with_data(ours: Subject, change):
    """Everything computed from other observations."""

    def _observations(self, X):
        return change(ours.KalmanFilter._observations(self, X))

    return changed(ours, _observations=_observations)


def after_em(ours: Subject, change):
    """Steps of EM after which ``change(new, X)`` spoils what was learned."""

    def _step(self, X, system, known_b, chosen):
        new = ours.KalmanFilter._step(self, X, system, known_b, chosen)
        return change(new, X)

    return changed(ours, _step=_step)


@mutant(en="takes a missing observation for a zero", zh="把缺失的观测当作零")
def missing_is_zero(ours):
    return with_data(ours, np.nan_to_num)


@mutant(
    en="throws a row away of which anything is missing",
    zh="一行里只要缺一个数，就把整行丢掉",
    source="pykalman 0.11.2, _filter_correct",
)
def whole_rows(ours):
    return with_data(ours, lambda X: np.where(np.isnan(X).any(axis=1, keepdims=True), np.nan, X))


@mutant(en="forgets the correlations of the noise of the observations", zh="忽略观测噪声之间的相关")
def diagonal_noise(ours):
    return with_system(ours, lambda s: {"R": s.R * np.eye(s.R.shape[1])})


@mutant(en="takes standard deviations for variances", zh="把标准差当成方差")
def deviations(ours):
    return with_system(ours, lambda s: {"R": s.R @ s.R})


@mutant(en="reads the transition matrix by columns", zh="把转移矩阵转置了")
def transposed(ours):
    return with_system(ours, lambda s: {"A": np.ascontiguousarray(np.swapaxes(s.A, 1, 2))})


@mutant(
    en="moves the state once before the first observation",
    zh="在第一个观测之前先走了一步",
    source="FilterPy and many textbooks, whose x₀ is the state before the first step",
)
def one_step_early(ours):
    def start(s):
        return {"mean": s.A[0] @ s.mean + s.b[0], "covariance": s.A[0] @ s.covariance @ s.A[0].T + s.Q[0]}

    return with_system(ours, start)


@mutant(en="takes the matrices of the next time", zh="随时间变化的矩阵错用了下一时刻的")
def late(ours):
    return with_system(ours, lambda s: {"A": np.roll(s.A, -1, axis=0), "C": np.roll(s.C, -1, axis=0)})


@mutant(en="lets controls act one step late", zh="控制输入晚一步才起作用")
def late_controls(ours):
    def _system(self, T, n, p, controls):
        return ours.KalmanFilter._system(self, T, n, p, controls if controls is None else np.roll(controls, 1, axis=0))

    return changed(ours, _system=_system)


@mutant(en="gives what was predicted for what was filtered", zh="把预测值当作滤波值交出来")
def predictions(ours):
    def _forward(self, X, system, **options):
        found = ours.KalmanFilter._forward(self, X, system, **options)
        return replace(found, x=found.ahead, P=found.ahead_cov)

    return changed(ours, _forward=_forward)


@mutant(en="gives the filtered states for the smoothed ones", zh="把滤波结果当作平滑结果交出来")
def no_looking_back(ours):
    return changed(ours, smooth=ours.KalmanFilter.filter)


@mutant(en="forgets the factor (2π)^{p/2} of the density", zh="漏掉密度里的因子 (2π)^{p/2}")
def no_constant(ours):
    def loglikelihood(self, X, controls=None):
        return ours.KalmanFilter.loglikelihood(self, X, controls) + 0.5 * np.sum(~np.isnan(X)) * np.log(2 * np.pi)

    return changed(ours, loglikelihood=loglikelihood)


@mutant(
    en="counts a missing observation in the likelihood",
    zh="把缺失的观测也计入似然",
)
def missing_counted(ours):
    def loglikelihood(self, X, controls=None):
        return ours.KalmanFilter.loglikelihood(self, X, controls) - 0.5 * np.sum(np.isnan(X)) * np.log(2 * np.pi)

    return changed(ours, loglikelihood=loglikelihood)


@mutant(en="carries covariances where it says square roots", zh="号称平方根形式，实际上仍在传递协方差")
def no_roots(ours):
    class KalmanFilter(ours.KalmanFilter):
        __init__ = ours.KalmanFilter.__init__

        def _forward(self, X, system, **options):
            self.square_root = False  # and a little is added to R, without which the variance would not be positive
            return super()._forward(X, replace(system, R=system.R + 1e-15 * np.eye(system.R.shape[1])), **options)

    return SimpleNamespace(KalmanFilter=KalmanFilter)


@mutant(
    en="divides innovations by their own deviation, as if they were not correlated",
    zh="新息各自除以自己的标准差，不管彼此相关",
)
def not_whitened(ours):
    def innovations(self, X, controls=None):
        X, system = self._ready(X, controls)
        bare = replace(system, R=system.R * np.eye(system.R.shape[1]))
        self.observation_covariance = bare.R[0] if len(bare.R) == 1 else bare.R
        return ours.KalmanFilter.innovations(self, X, controls)

    return changed(ours, innovations=innovations)


@mutant(en="forgets the noise of the observation in the interval", zh="预测区间漏了观测噪声")
def narrow_intervals(ours):
    def forecast(self, X, steps, level=0.95, controls=None):
        found = ours.KalmanFilter.forecast(self, X, steps, level, controls)
        spread = np.diagonal(found.covariances - np.asarray(self.observation_covariance), axis1=1, axis2=2)
        width = norm.ppf((1 + level) / 2) * np.sqrt(np.maximum(spread, 0))
        return replace(found, lower=found.means - width, upper=found.means + width)

    return changed(ours, forecast=forecast)


@mutant(en="takes the quantile of one side for an interval", zh="把单侧分位数当成区间")
def one_sided(ours):
    def forecast(self, X, steps, level=0.95, controls=None):
        return ours.KalmanFilter.forecast(self, X, steps, max(2 * level - 1, 1e-3), controls)

    return changed(ours, forecast=forecast)


@mutant(en="draws the noise with the covariance for its root", zh="抽样时用协方差代替了它的平方根")
def covariance_for_root(ours):
    def sample(self, n_timesteps, initial_state=None, random_state=None, controls=None):
        squared = {name: getattr(self, name) @ getattr(self, name) for name in (Q, R, START)}
        one = ours.KalmanFilter(**self.get_params() | squared)
        return one.sample(n_timesteps, initial_state, random_state, controls)

    return changed(ours, sample=sample)


@mutant(en="learns from the smoothed means as if they were the states", zh="M 步把平滑均值当作真实状态，忘了它们的方差")
def means_for_states(ours):
    def _smoothed(self, X, system, pairs):
        total, x, P, pair = ours.KalmanFilter._smoothed(self, X, system, pairs=pairs)
        return (total, x, 0.02 * P, 0 * pair) if pairs else (total, x, P, pair)

    return changed(ours, _smoothed=_smoothed)


@mutant(en="takes the covariance of neighbours transposed", zh="相邻时刻的互协方差转置了")
def pair_transposed(ours):
    def _smoothed(self, X, system, pairs):
        total, x, P, pair = ours.KalmanFilter._smoothed(self, X, system, pairs=pairs)
        return total, x, P, np.swapaxes(pair, 1, 2)

    return changed(ours, _smoothed=_smoothed)


@mutant(
    en="divides the covariance of the steps by T, of which there are T − 1", zh="步噪声协方差除以了 T，而步数只有 T − 1"
)
def divided_by_T(ours):
    return after_em(ours, lambda new, X: new | ({Q: new[Q] * (len(X) - 1) / len(X)} if Q in new else {}))


@mutant(
    en="adds the same to every learned variance so that none collapses", zh="给学到的方差都加上一个数，以防它们塌缩"
)
def additive_floor(ours):
    return after_em(
        ours, lambda new, X: new | {name: new[name] + 0.3 * np.eye(len(new[name])) for name in {Q, R} & set(new)}
    )


@mutant(
    en="learns an offset beside a matrix without looking at the matrix that was learned",
    zh="偏置用旧矩阵算，没有用新学到的矩阵",
)
def stale_matrix(ours):
    def _step(self, X, system, known_b, chosen):
        both = ours.KalmanFilter._step(self, X, system, known_b, chosen)
        alone = {name: ours.KalmanFilter._step(self, X, system, known_b, {name}) for name in {b, d} & chosen}
        return both | {name: new[name] for name, new in alone.items()}

    return changed(ours, _step=_step)
