"""Known answers, laws and mutants of least squares."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant
from mlatlas.atlas.judge.traits import permutation_invariant, weights_repeat

# ---- problems ----------------------------------------------------------------------------------------------


def regression(draw: Draw):
    n, p = draw.integer(8, 30), draw.integer(1, 5)
    X, y = draw.normal(n, p) + 2.0, draw.normal(n) + 3.0
    draw.require(np.linalg.matrix_rank(X - X.mean(0)) == p and np.abs(y.mean()) > 0.1)
    return X, y


def with_intercept(draw: Draw):
    return (*regression(draw), True)


def without_intercept(draw: Draw):
    X, y = regression(draw)
    draw.require(np.abs(X.mean(0)).min() > 0.1)
    return X, y + 10.0, False


def rank_deficient(draw: Draw):
    n, p = draw.integer(3, 8), draw.integer(2, 5)
    X = draw.normal(n, p)
    draw.require(np.linalg.matrix_rank(X - X.mean(0)) == min(n - 1, p))
    return np.column_stack([X, X @ draw.normal(p, 2)]), draw.normal(n)


def shuffled(draw: Draw):
    X, y = regression(draw)
    return X, y, draw.permutation(len(y))


def weighted(draw: Draw):
    X, y = regression(draw)
    counts = np.array([draw.integer(1, 5) for _ in range(len(y))])
    draw.require(counts.max() > counts.min())
    return X, y, counts


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="The line through (1, 1) and (3, 5) is y = 2x − 1.",
    zh="过 (1, 1) 与 (3, 5) 的直线是 y = 2x − 1。",
    source="by hand",
)
def two_points(subject: Subject):
    line = subject.LinearRegression().fit(np.array([[1.0], [3.0]]), np.array([1.0, 5.0]))
    return [line.coef_[0], line.intercept_], [2.0, -1.0]


@known(
    en="Longley's employment data, κ ≈ 5·10⁹ with its intercept: NIST's certified coefficients to eight digits.",
    zh="Longley 就业数据，含截距时条件数约 5·10⁹：与 NIST 认证系数吻合到八位有效数字。",
    source="NIST Statistical Reference Datasets, Longley; J. W. Longley 1967, JASA 62, 819–841",
    tolerance=1e-8,
)
def longley(subject: Subject):
    X, y = longley_data()
    model = subject.LinearRegression().fit(X, y)
    certified = np.array([
        -3482258.63459582, 15.0618722713733, -0.358191792925910e-01, -2.02022980381683,
        -1.03322686717359, -0.511041056535807e-01, 1829.15146461355,
    ])  # fmt: skip
    return np.r_[model.intercept_, model.coef_] / certified, np.ones(7)


def longley_data() -> tuple[np.ndarray, np.ndarray]:
    """Price deflator, gross national product, unemployed, armed forces, population, year; and total employment."""
    deflator = [83, 88.5, 88.2, 89.5, 96.2, 98.1, 99, 100, 101.2, 104.6, 108.4, 110.8, 112.6, 114.2, 115.7, 116.9]
    product = [234289, 259426, 258054, 284599, 328975, 346999, 365385, 363112,
               397469, 419180, 442769, 444546, 482704, 502601, 518173, 554894]  # fmt: skip
    unemployed = [2356, 2325, 3682, 3351, 2099, 1932, 1870, 3578, 2904, 2822, 2936, 4681, 3813, 3931, 4806, 4007]
    forces = [1590, 1456, 1616, 1650, 3099, 3594, 3547, 3350, 3048, 2857, 2798, 2637, 2552, 2514, 2572, 2827]
    population = [107608, 108632, 109773, 110929, 112075, 113270, 115094, 116219,
                  117388, 118734, 120445, 121950, 123366, 125368, 127852, 130081]  # fmt: skip
    employed = [60323, 61122, 60171, 61187, 63221, 63639, 64989, 63761,
                66019, 67857, 68169, 66513, 68655, 69564, 69331, 70551]  # fmt: skip
    columns = [deflator, product, unemployed, forces, population, range(1947, 1963)]
    return np.column_stack(columns).astype(float), np.array(employed, dtype=float)


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "property",
    given=with_intercept,
    without=without_intercept,
    en="With an intercept the residuals sum to zero.",
    zh="有截距时残差之和为零。",
    source="Hastie, Tibshirani, Friedman 2009, section 3.2",
)
def residuals_sum_to_zero(problem, subject, other):
    X, y, intercept = problem
    residual = y - subject.LinearRegression(fit_intercept=intercept).fit(X, y).predict(X)
    return agree(residual.sum(), 0.0, scale=np.abs(y).sum())


@law(
    "property",
    given=regression,
    en="The residual is orthogonal to every feature: the fit is the projection of y on their span.",
    zh="残差与每个特征正交：拟合值就是 y 在特征张成空间上的投影。",
    source="Golub, Van Loan 2013, section 5.3",
)
def residual_is_orthogonal(problem, subject, other):
    X, y = problem
    residual = y - subject.LinearRegression(fit_intercept=False).fit(X, y).predict(X)
    return agree(X.T @ residual, np.zeros(X.shape[1]), scale=float(np.abs(X.T @ y).max()))


@law(
    "invariant",
    given=with_intercept,
    without=without_intercept,
    en="With an intercept, shifting the features changes no coefficient.",
    zh="有截距时，平移特征不改变任何系数。",
)
def shift_of_features(problem, subject, other):
    X, y, intercept = problem
    model = subject.LinearRegression(fit_intercept=intercept)
    return model.fit(X, y).coef_.copy(), model.fit(X + 5.0, y).coef_.copy()


@law(
    "invariant",
    given=regression,
    en="Measuring feature j in units c times smaller divides its coefficient by c; scaling y by d multiplies all by d.",
    zh="把特征 j 的数值放大 c 倍，其系数缩小 c 倍；把 y 放大 d 倍，所有系数放大 d 倍。",
    source="Hastie, Tibshirani, Friedman 2009, section 3.4.1",
)
def units(problem, subject, other):
    X, y = problem
    c = np.array([100.0, *[1.0] * (X.shape[1] - 1)])
    plain = subject.LinearRegression().fit(X, y)
    scaled = subject.LinearRegression().fit(X * c, 3.0 * y)
    return np.r_[scaled.coef_ * c, scaled.intercept_], 3.0 * np.r_[plain.coef_, plain.intercept_]


@law(
    "property",
    given=rank_deficient,
    en="Where many coefficients fit equally well, it returns those of minimum norm; the basic solution of a pivoted QR, with "
    "no more non-zeros than the rank, is another one.",
    zh="当许多组系数拟合得同样好时，返回范数最小的那一组；列主元 QR 给出的基本解（非零系数不多于秩）是另一组。",
    source="Golub, Van Loan 2013, section 5.5",
)
def minimum_norm(problem, subject, other):
    X, y = problem
    A, b = X - X.mean(0), y - y.mean()
    w = subject.LinearRegression().fit(X, y).coef_
    return [agree(w, np.linalg.pinv(A, rcond=1e-10) @ b), differs(w, basic_solution(A, b))]


def basic_solution(A: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The least-squares solution that a QR factorisation with column pivoting gives: zeros beyond the rank."""
    from scipy.linalg import qr, solve_triangular

    Q, R, pivots = qr(A, mode="economic", pivoting=True)
    rank = int((np.abs(np.diag(R)) > 1e-10 * np.abs(R[0, 0])).sum())
    w = np.zeros(A.shape[1])
    w[pivots[:rank]] = solve_triangular(R[:rank, :rank], (Q.T @ b)[:rank])
    return w


@law(
    "property",
    given=regression,
    en="A coefficient is the slope between what the other features leave of y and what they leave of that feature.",
    zh="一个系数等于：y 与该特征分别去掉其余特征的影响之后，两个残差之间的斜率。",
    source="Frisch, Waugh 1933; Lovell 1963",
)
def partial_regression(problem, subject, other):
    X, y = problem
    rest = np.column_stack([np.ones(len(y)), X[:, 1:]])
    left_of = lambda target: target - rest @ np.linalg.lstsq(rest, target, rcond=None)[0]  # noqa: E731
    feature, remainder = left_of(X[:, 0]), left_of(y)
    return agree(subject.LinearRegression().fit(X, y).coef_[0], feature @ remainder / (feature @ feature), scale=1e-3)


@law("invariant", given=shuffled, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    return permutation_invariant(lambda X, y: subject.LinearRegression().fit(X, y).coef_, *problem)


@law("equivalent", given=weighted, trait="weights-repeat")
def weights(problem, subject, other):
    def fit(X, y, w):
        model = subject.LinearRegression().fit(X, y, sample_weight=w)
        return np.r_[model.coef_, model.intercept_]

    return weights_repeat(fit, *problem)


@law(
    "equivalent",
    given=regression,
    en="Several targets at once are the same as each alone, and a sparse matrix is the same as a dense one.",
    zh="多个目标一起拟合与分别拟合相同；稀疏矩阵与稠密矩阵结果相同。",
)
def targets_and_storage(problem, subject, other):
    X, y = problem
    Y = np.column_stack([y, np.abs(y), X[:, 0] ** 2])
    together = subject.LinearRegression().fit(X, Y)
    alone = [subject.LinearRegression().fit(sparse.csr_matrix(X), target) for target in Y.T]
    return (
        np.column_stack([together.coef_, together.intercept_]),
        np.array([np.r_[one.coef_, one.intercept_] for one in alone]),
    )


@law(
    "bound",
    given=regression,
    en="No other coefficients have a smaller sum of squares.",
    zh="没有别的系数能使残差平方和更小。",
)
def nothing_is_lower(problem, subject, other):
    X, y = problem
    model = subject.LinearRegression().fit(X, y)
    A = np.column_stack([np.ones(len(y)), X])
    best = np.sum((y - A @ np.linalg.lstsq(A, y, rcond=None)[0]) ** 2)
    return atmost(np.sum((y - model.predict(X)) ** 2), best, scale=float(y @ y))


# ---- mutants -----------------------------------------------------------------------------------------------


def wrapped(ours: Subject, fit):
    """Ours with another ``fit(self, X, y, sample_weight)``, which may call ours through ``super``."""
    return SimpleNamespace(LinearRegression=type("LinearRegression", (ours.LinearRegression,), {"fit": fit}))


@mutant(en="forgets the intercept", zh="忘了截距")
def no_intercept(ours):
    def fit(self, X, y, sample_weight=None):
        keep, self.fit_intercept = self.fit_intercept, False
        ours.LinearRegression.fit(self, X, y, sample_weight)
        self.fit_intercept = keep
        return self

    return wrapped(ours, fit)


@mutant(en="always fits an intercept", zh="总是拟合截距")
def always_intercept(ours):
    def fit(self, X, y, sample_weight=None):
        keep, self.fit_intercept = self.fit_intercept, True
        ours.LinearRegression.fit(self, X, y, sample_weight)
        self.fit_intercept, self.intercept_ = keep, self.intercept_ if keep else 0.0
        return self

    return wrapped(ours, fit)


@mutant(en="multiplies the rows by the weights, not by their square roots", zh="用权重而不是权重的平方根去乘各行")
def squared_weights(ours):
    def fit(self, X, y, sample_weight=None):
        return ours.LinearRegression.fit(self, X, y, None if sample_weight is None else np.asarray(sample_weight) ** 2)

    return wrapped(ours, fit)


@mutant(en="centres a weighted problem with the unweighted mean", zh="加权时仍用不加权的均值做中心化")
def unweighted_mean(ours):
    def fit(self, X, y, sample_weight=None):
        if sample_weight is None or not self.fit_intercept:
            return ours.LinearRegression.fit(self, X, y, sample_weight)
        self.fit_intercept = False
        ours.LinearRegression.fit(self, X - X.mean(0), y - y.mean(), sample_weight)
        self.fit_intercept, self.intercept_ = True, y.mean() - X.mean(0) @ self.coef_
        return self

    return wrapped(ours, fit)


@mutant(en="adds a small ridge to make the matrix invertible", zh="为使矩阵可逆悄悄加了一点岭惩罚")
def hidden_ridge(ours):
    def fit(self, X, y, sample_weight=None):
        ours.LinearRegression.fit(self, X, y, sample_weight)
        self.coef_ = self.coef_ * (1 - 1e-3)
        return self

    return wrapped(ours, fit)


@mutant(
    en="returns a basic solution when the rank is deficient",
    zh="秩亏时返回基本解而非最小范数解",
    source="MATLAB's backslash and R's lm do so by design; scipy.linalg.lstsq does not",
)
def basic(ours):
    def fit(self, X, y, sample_weight=None):
        ours.LinearRegression.fit(self, X, y, sample_weight)
        if not sparse.issparse(X) and np.ndim(y) == 1 and sample_weight is None and self.fit_intercept:
            self.coef_ = basic_solution(X - X.mean(0), y - y.mean())
            self.intercept_ = y.mean() - X.mean(0) @ self.coef_
        return self

    return wrapped(ours, fit)


@mutant(
    en="does not centre a sparse matrix",
    zh="不对稀疏矩阵做中心化",
    source="scikit-learn issue 13325, where RidgeCV fitted no intercept to sparse input",
)
def sparse_uncentred(ours):
    def fit(self, X, y, sample_weight=None):
        if not sparse.issparse(X):
            return ours.LinearRegression.fit(self, X, y, sample_weight)
        self.fit_intercept = False
        ours.LinearRegression.fit(self, X, y - y.mean(), sample_weight)
        self.fit_intercept, self.intercept_ = True, float(y.mean())
        return self

    return wrapped(ours, fit)


@mutant(en="standardises the features and forgets to undo it", zh="标准化了特征却忘了还原系数")
def scaled_coefficients(ours):
    def fit(self, X, y, sample_weight=None):
        ours.LinearRegression.fit(self, X, y, sample_weight)
        if not sparse.issparse(X):
            self.coef_ = self.coef_ * np.asarray(X).std(0)
        return self

    return wrapped(ours, fit)


@mutant(en="leaves out the last sample", zh="漏掉最后一个样本")
def off_by_one(ours):
    def fit(self, X, y, sample_weight=None):
        if sample_weight is not None or X.shape[0] < 3:
            return ours.LinearRegression.fit(self, X, y, sample_weight)
        return ours.LinearRegression.fit(self, X[:-1], y[:-1])

    return wrapped(ours, fit)
