"""Whom softmax regression races: scikit-learn, with the solver that is fastest there, to the same subgradient."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import logsumexp, softmax

from mlatlas.atlas.judge import NotOffered, Translation, objective, peer, race
from mlatlas.atlas.text import Text
from mlatlas.linear.logistic_regression.peer import (
    ALIKE,
    CERTIFIES,
    GOAL,
    IDLE,
    TOLERANCES,
    class_weights,
    elastic,
    theirs,
)

SMALL = 2**15  # entries of a dense X, up to which the peer's Newton steps by conjugate gradients beat its lbfgs


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "C", "C", Text(en="the same: the sum of the losses is multiplied by C", zh="相同：C 乘在损失之和上")
        ),
        Translation(
            "two classes",
            "not offered",
            Text(
                en="the peer fits the binary model then: for the same probabilities its C would be twice ours",
                zh="两类时对方拟合的是二分类模型；要得到相同的概率，它的 C 须取我们的两倍",
            ),
        ),
        Translation("l1_ratio", "l1_ratio", Text(en="the same, with its solver saga", zh="相同，对方用 saga 求解")),
        Translation(
            "tol",
            "tol",
            Text(
                en="ours, and its lbfgs and newton-cg, bound the derivatives of the mean loss; its saga bounds the change of the coefficients in a pass",
                zh="我们以及对方的 lbfgs、newton-cg 限制平均损失的偏导数；对方的 saga 限制一遍之内系数的变化",
            ),
        ),
        *ALIKE,
        Translation(
            "",
            "solver",
            Text(
                en="one minimum for all; lbfgs comes no nearer to it than the units of the columns let it, newton-cholesky does",
                zh="各解法的最小值相同；lbfgs 能多接近它取决于各列的单位，newton-cholesky 则不受影响",
            ),
            equal=({}, {"solver": "newton-cholesky"}),
        ),
        Translation(
            "",
            "intercept_scaling, penalty",
            Text(
                en="of liblinear, for two classes; and an older way to say l1_ratio",
                zh="前者只用于两类的 liblinear；后者是 l1_ratio 的旧写法",
            ),
        ),
        IDLE,
    ],
    typed={"SoftmaxRegression": "sklearn.linear_model:LogisticRegression"},
    findings={
        "separation_is_told": Text(
            en="scikit-learn's newton-cg ends on separable data without a warning, as its gradient falls below tol",
            zh="数据可分时，scikit-learn 的 newton-cg 因梯度低于 tol 而结束，没有警告",
        ),
        "small_probabilities": Text(
            en="scikit-learn takes the logarithm of the probability, which is −∞ where a class trails by more than 745",
            zh="scikit-learn 先算概率再取对数，某类的得分落后超过 745 时得到 −∞",
        ),
    },
)
def scikit_learn():
    """The same names and parameters, three classes or more."""

    def solver(model, X, y):
        if len(np.unique(y)) == 2:
            raise NotOffered("scikit-learn fits two classes by the binary model")
        steps = sparse.issparse(X) or X.size <= SMALL
        return "saga" if model.l1_ratio > 0 else "newton-cg" if steps else "lbfgs"

    return {"SoftmaxRegression": theirs(solver)}


@objective(
    "SoftmaxRegression",
    en="Σᵢ (ln Σⱼ exp zᵢⱼ − zᵢ,yᵢ) + (1/C) ½‖W‖², z = Wᵀx + b; with l1_ratio ρ the penalty is ρ‖W‖₁ + ½(1 − ρ)‖W‖²",
    zh="Σᵢ (ln Σⱼ exp zᵢⱼ − zᵢ,yᵢ) + (1/C) ½‖W‖²，z = Wᵀx + b；l1_ratio 为 ρ 时惩罚是 ρ‖W‖₁ + ½(1 − ρ)‖W‖²",
    strength="1/C",
)
def cross_entropy(y, z, w, given):
    """The sum of the cross-entropies, and the penalty; the documented objective, divided by C."""
    losses = logsumexp(z, axis=1) - z[np.arange(len(y)), y]
    return np.sum(class_weights(y, given) * losses), elastic(w, given["l1_ratio"])


def texts(rng: np.random.Generator, n: int, p: int, k: int):
    """Documents of words as frequent as in a language, a seventh of them from the class's own ranking; rows of length one."""
    shares = 1 / np.arange(1, p + 1)
    up_to = (shares / shares.sum()).cumsum()
    y, lengths = rng.integers(0, k, n), rng.integers(30, 150, n)
    rank = np.minimum(np.searchsorted(up_to, rng.random(lengths.sum())), p - 1)
    rows, own = np.repeat(np.arange(n), lengths), rng.random(lengths.sum()) < 1 / 7
    rankings = np.array([rng.permutation(p) for _ in range(k)])
    words = np.where(own, rankings[y[rows], rank], rank)
    X = sparse.csr_array((np.ones(len(rows)), (rows, words)), shape=(n, p))
    X.sum_duplicates()
    X.data /= np.sqrt(np.repeat(np.add.reduceat(X.data**2, X.indptr[:-1]), np.diff(X.indptr)))
    return X, y, 10.0


def dense(rng: np.random.Generator, n: int, p: int, k: int):
    """Correlated features off the origin, and labels drawn from a softmax model in which they all count."""
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    X += rng.normal(size=p)
    Z = (X - X.mean(0)) @ rng.normal(size=(p, k)) * (2 / np.sqrt(p))
    return X, (Z + rng.gumbel(size=(n, k))).argmax(1), 1.0


def steepness(problem, answer: np.ndarray, ratio: float = 0.0) -> float:
    """The largest component of the shortest subgradient of the mean loss with its penalty."""
    X, y, C = problem
    n, W, b = len(y), answer[:, :-1], answer[:, -1]
    R = softmax(X @ W.T + b, axis=1)
    R[np.arange(n), y] -= 1
    G, lam = (X.T @ R).T / n + (1 - ratio) / (C * n) * W, ratio / (C * n)
    G = np.where(W == 0, np.maximum(np.abs(G) - lam, 0), np.abs(G + lam * np.sign(W)))
    return float(max(G.max(), np.abs(R.mean(0)).max()))


def fitted(subject, problem, tolerance, **options):
    """A row of coefficients and the intercept for each class, those centred: a number added to all of them says nothing."""
    X, y, C = problem
    model = subject.SoftmaxRegression(C=C, tol=tolerance, max_iter=10_000, **options).fit(X, y)
    return np.c_[model.coef_, model.intercept_ - model.intercept_.mean()]


@race(
    en="Sparse texts, squares in the penalty, C = 10, every derivative below 10⁻⁵",
    zh="稀疏文本，平方惩罚，C = 10，各偏导数小于 10⁻⁵",
    problem=texts,
    sizes={
        "tiny": (60, 40, 3),
        "small": (2_000, 5_000, 5),
        "middle": (20_000, 30_000, 20),
        "few words": (20_000, 300, 20),
    },
    certificate=steepness,
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=TOLERANCES,
)
def squares_sparse(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance)


@race(
    en="Dense data, squares in the penalty, C = 1, every derivative below 10⁻⁵",
    zh="稠密数据，平方惩罚，C = 1，各偏导数小于 10⁻⁵",
    problem=dense,
    sizes={
        "tiny": (60, 3, 3),
        "small": (500, 10, 3),
        "middle": (50_000, 30, 10),
        "many features": (1_000, 2_000, 10),
    },
    certificate=steepness,
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=TOLERANCES,
)
def squares(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance)


@race(
    en="Dense data, absolute values in the penalty, C = 1, the subgradient below 10⁻⁵",
    zh="稠密数据，绝对值惩罚，C = 1，次梯度小于 10⁻⁵",
    problem=dense,
    sizes={"tiny": (60, 3, 3), "small": (500, 10, 3), "middle": (5_000, 50, 10), "few rows": (200, 50, 5)},
    certificate=lambda problem, answer: steepness(problem, answer, ratio=1.0),
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=TOLERANCES,
)
def absolute_values(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance, l1_ratio=1.0)
