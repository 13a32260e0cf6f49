"""Whom logistic regression races: scikit-learn, with the solver that is fastest there, to the same subgradient."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.special import expit

from mlatlas.atlas.judge import Translation, objective, peer, race
from mlatlas.atlas.text import Text

ALIKE = (
    Translation("fit_intercept", "fit_intercept", Text(en="the same: b is not penalised", zh="相同：b 不受惩罚")),
    Translation("class_weight", "class_weight", Text(en="the same; “balanced” too", zh="相同，“balanced”也相同")),
    Translation(
        "max_iter",
        "max_iter",
        Text(
            en="both count iterations, ours at most 1000 by default, the peer 100, which its lbfgs often uses up on columns that are not scaled",
            zh="两者都是迭代次数；默认值我们是 1000，对方是 100，列未缩放时对方的 lbfgs 常常用完",
        ),
    ),
)
IDLE = Translation(
    "warm_start",
    "warm_start, dual, n_jobs, random_state, verbose",
    Text(en="changes no minimum", zh="不影响最小值"),
)


def theirs(solver):
    """scikit-learn's class with our parameters, and the solver that ``solver(model, X, y)`` names for each table."""
    from sklearn.linear_model import LogisticRegression

    class Theirs(LogisticRegression):
        def __init__(
            self,
            *,
            C=1.0,
            l1_ratio=0.0,
            fit_intercept=True,
            class_weight=None,
            tol=1e-4,
            max_iter=1000,
            warm_start=False,
        ):
            super().__init__(
                C=C,
                l1_ratio=l1_ratio,
                fit_intercept=fit_intercept,
                class_weight=class_weight,
                tol=tol,
                max_iter=max_iter,
                warm_start=warm_start,
                random_state=0,
            )

        def fit(self, X, y, sample_weight=None):
            self.solver = solver(self, X, y)
            return super().fit(X, y, sample_weight)

    return Theirs


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "C", "C", Text(en="the same: the sum of the losses is multiplied by C", zh="相同：C 乘在损失之和上")
        ),
        Translation("l1_ratio", "l1_ratio", Text(en="the same, with its solver saga", zh="相同，对方用 saga 求解")),
        Translation(
            "tol",
            "tol",
            Text(
                en="ours, and its solvers but saga, bound the derivatives of the mean loss; its saga bounds the change of the coefficients in a pass",
                zh="我们以及对方除 saga 之外的解法限制平均损失的偏导数；对方的 saga 限制一遍之内系数的变化",
            ),
        ),
        *ALIKE,
        Translation(
            "",
            "solver",
            Text(
                en="all but liblinear have one minimum; lbfgs comes no nearer to it than the units of the columns let it, newton-cholesky does",
                zh="除 liblinear 外各解法的最小值相同；lbfgs 能多接近它取决于各列的单位，newton-cholesky 则不受影响",
            ),
            equal=({}, {"solver": "newton-cholesky"}),
        ),
        Translation(
            "",
            "intercept_scaling",
            Text(
                en="of liblinear alone, which penalises the intercept as the coefficient of a column that holds this number",
                zh="只用于 liblinear：它把截距当作一个常数列的系数来惩罚，该列的值就是这个参数",
            ),
        ),
        Translation(
            "", "penalty", Text(en="an older way to say l1_ratio, and C for none", zh="l1_ratio 与不惩罚（C）的旧写法")
        ),
        IDLE,
    ],
    typed={"LogisticRegression": "sklearn.linear_model:LogisticRegression"},
    findings={
        "empty_model": Text(
            en="scikit-learn's saga stops when no coefficient moves in a pass, although the intercept still does: if all are zero after the first pass "
            "it stays there, even where the optimum has others",
            zh="scikit-learn 的 saga 只要一遍之内系数不动就停，不管截距还在动：第一遍之后系数若全为零，就停在那里，哪怕最优解的系数并不全为零",
        ),
        "separation_is_told": Text(
            en="scikit-learn's newton-cholesky ends on separable data without a warning, as its gradient falls below tol",
            zh="数据可分时，scikit-learn 的 newton-cholesky 因梯度低于 tol 而结束，没有警告",
        ),
        "small_probabilities": Text(
            en="scikit-learn takes the logarithm of the rounded probability, so that ln p keeps no digits near p = 1",
            zh="scikit-learn 对已经舍入的概率取对数，p 接近 1 时 ln p 的有效数字全部丢失",
        ),
    },
)
def scikit_learn():
    """The same names and parameters; for squares the solver that measured fastest on such a table, for absolute values saga."""

    def solver(model, X, y):
        squares = "newton-cg" if sparse.issparse(X) else "newton-cholesky" if X.shape[1] <= 1000 else "lbfgs"
        return "saga" if model.l1_ratio > 0 else squares

    return {"LogisticRegression": theirs(solver)}


def elastic(w, ratio):
    """ρ‖w‖₁ + ½(1 − ρ)‖w‖²."""
    return ratio * np.sum(np.abs(w)) + (1 - ratio) / 2 * np.sum(w**2)


def class_weights(y, given):
    """The weight of every row by its class."""
    chosen, count = given["class_weight"], np.bincount(y)
    if chosen is None:
        return np.ones(len(y))
    if isinstance(chosen, str):
        return (len(y) / len(count) / count)[y]
    return np.array([chosen.get(k, 1.0) for k in range(len(count))])[y]


@objective(
    "LogisticRegression",
    en="Σᵢ ln(1 + exp(−tᵢ(xᵢᵀw + b))) + (1/C) ½‖w‖², tᵢ = ±1; with l1_ratio ρ the penalty is ρ‖w‖₁ + ½(1 − ρ)‖w‖²",
    zh="Σᵢ ln(1 + exp(−tᵢ(xᵢᵀw + b))) + (1/C) ½‖w‖²，tᵢ = ±1；l1_ratio 为 ρ 时惩罚是 ρ‖w‖₁ + ½(1 − ρ)‖w‖²",
    strength="1/C",
)
def log_loss(y, z, w, given):
    """The sum of the log losses, and the penalty; the documented objective, divided by C."""
    return np.sum(class_weights(y, given) * np.logaddexp(0, np.where(y == 1, -z, z))), elastic(w, given["l1_ratio"])


def dense(rng: np.random.Generator, n: int, p: int):
    """Correlated features off the origin, and labels drawn from a logistic model in which they all count."""
    X = rng.normal(size=(n, p))
    X[:, 1:] += 0.5 * X[:, :-1]
    X += rng.normal(size=p)
    z = (X - X.mean(0)) @ rng.normal(size=p) * (2 / np.sqrt(p)) - 0.5
    return X, (rng.random(n) < expit(z)).astype(int)


def scattered(rng: np.random.Generator, n: int, p: int, fraction: float):
    """Counts of words in documents: few of many features in a row, some features frequent and most rare."""
    rows = np.repeat(np.arange(n), max(2, int(p * fraction)))
    words = np.minimum(rng.zipf(1.3, size=len(rows)) - 1, p - 1) if p > 1000 else rng.integers(0, p, len(rows))
    X = sparse.csr_array((np.ones(len(rows)), (rows, words)), shape=(n, p))
    X.sum_duplicates()
    z = X @ rng.normal(size=p) / np.sqrt(X.nnz / n)
    return X, (rng.random(n) < expit(2 * (z - np.median(z)))).astype(int)


def steepness(problem, answer: np.ndarray, ratio: float = 0.0) -> float:
    """The largest component of the shortest subgradient of the mean loss with its penalty, for C = 1."""
    X, y = problem
    n, w, b = len(y), answer[:-1], answer[-1]
    r = (expit(X @ w + b) - y) / n
    g, lam = X.T @ r + (1 - ratio) * w / n, ratio / n
    g = np.where(w == 0, np.maximum(np.abs(g) - lam, 0), np.abs(g + lam * np.sign(w)))
    return float(max(g.max(), abs(r.sum())))


CERTIFIES = Text(
    en="largest component of the shortest subgradient of the mean loss with its penalty",
    zh="平均损失加惩罚的最短次梯度的最大分量",
)
TOLERANCES = (1e-4, 3e-5, 1e-5, 3e-6, 1e-6, 1e-7, 1e-8)
GOAL = 1e-5


def fitted(subject, problem, tolerance, **options):
    """Coefficients and intercept."""
    model = subject.LogisticRegression(tol=tolerance, max_iter=10_000, **options).fit(*problem)
    return np.r_[model.coef_[0], model.intercept_]


@race(
    en="Squares in the penalty, C = 1, every derivative below 10⁻⁵",
    zh="平方惩罚，C = 1，各偏导数小于 10⁻⁵",
    problem=dense,
    sizes={"tiny": (60, 3), "small": (1_000, 50), "large": (100_000, 50), "many features": (2_000, 2_000)},
    certificate=steepness,
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=TOLERANCES,
)
def squares(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance)


@race(
    en="The same on sparse data",
    zh="同上，稀疏数据",
    problem=scattered,
    sizes={
        "tiny": (60, 20, 0.2),
        "small": (1_000, 3_000, 0.01),
        "middle": (20_000, 30_000, 0.003),
        "long rows": (2_000, 3_000, 0.1),
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
    en="Absolute values in the penalty, C = 1, the subgradient below 10⁻⁵",
    zh="绝对值惩罚，C = 1，次梯度小于 10⁻⁵",
    problem=dense,
    sizes={"tiny": (60, 3), "small": (1_000, 50), "middle": (20_000, 50), "few rows": (200, 50)},
    certificate=lambda problem, answer: steepness(problem, answer, ratio=1.0),
    certifies=CERTIFIES,
    goal=GOAL,
    tolerances=TOLERANCES,
)
def absolute_values(subject, problem, tolerance):
    """Fit once."""
    return fitted(subject, problem, tolerance, l1_ratio=1.0)
