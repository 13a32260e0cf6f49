"""Known answers, laws and mutants of ridge regression."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Draw, Subject, agree, differs, known, law, mutant
from mlatlas.atlas.judge.traits import permutation_invariant, weights_repeat

# ---- problems ----------------------------------------------------------------------------------------------


def regression(draw: Draw):
    n, p = draw.integer(8, 24), draw.integer(1, 5)
    X, y = draw.normal(n, p) + 2.0, draw.normal(n) + 3.0
    draw.require(np.linalg.matrix_rank(X - X.mean(0)) == p and np.abs((X - X.mean(0)).T @ (y - y.mean())).min() > 0.1)
    return X, y


def penalised(draw: Draw):
    return (*regression(draw), float(draw.choice([0.3, 2.0, 15.0])))


def many_features(draw: Draw):
    n, p = draw.integer(30, 45), draw.integer(8, 16)
    X, y = draw.normal(n, p) + 2.0, draw.normal(n) + 3.0
    draw.require(np.linalg.matrix_rank(X - X.mean(0)) == p)
    return X, y, 0.3


def full_rank(draw: Draw):
    return (*regression(draw), "least squares")


def rank_deficient(draw: Draw):
    X, y = regression(draw)
    draw.require(np.abs(X[:, 0] - X[:, 0].mean()).max() > 0.1)
    return np.column_stack([X, X[:, 0]]), y


def no_penalty(draw: Draw):
    return (*regression(draw), 1e-11)


def some_penalty(draw: Draw):
    X, y = regression(draw)
    return X, y, float(len(y))


def shuffled(draw: Draw):
    X, y = regression(draw)
    return X, y, draw.permutation(len(y))


def weighted(draw: Draw):
    X, y = regression(draw)
    counts = np.array([draw.integer(1, 4) for _ in range(len(y))])
    draw.require(counts.max() > counts.min())
    return X, y, counts


def one_feature(draw: Draw):
    n = draw.integer(3, 9)
    x, y, noise, prior = draw.normal(n), draw.normal(n), draw.uniform(0.5, 2.0), draw.uniform(0.3, 2.0)
    draw.require(np.abs(x @ y) > 0.1)
    return x, y, float(noise), float(prior)


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="For x = (−1, 0, 1), y = (−1, 0, 1) and λ = 2 the slope halves from 1 to 2/(2+2) = ½.",
    zh="x = (−1, 0, 1)、y = (−1, 0, 1)、λ = 2 时，斜率由 1 减半为 2/(2+2) = ½。",
    source="by hand",
)
def three_points(subject: Subject):
    model = subject.Ridge(alpha=2.0).fit(np.array([[-1.0], [0.0], [1.0]]), np.array([-1.0, 0.0, 1.0]))
    return [model.coef_[0], model.intercept_], [0.5, 0.0]


@known(
    en="Leave-one-out errors of the mean of (0, 3, 6): each guess is the mean of the other two.",
    zh="对 (0, 3, 6) 只拟合均值时的留一误差：每个预测都是其余两个的均值。",
    source="by enumeration",
)
def leave_one_out_of_a_mean(subject: Subject):
    X, y = np.zeros((3, 1)), np.array([0.0, 3.0, 6.0])
    model = subject.RidgeCV(alphas=[1.0], store_cv_results=True).fit(X, y)
    return model.cv_results_[:, 0], [20.25, 0.0, 20.25]


# ---- laws --------------------------------------------------------------------------------------------------


def coefficients(subject: Subject, X, y, alpha, weights=None, **options):
    model = subject.Ridge(alpha=alpha, **options).fit(X, y, sample_weight=weights)
    return np.r_[model.coef_, model.intercept_]


@law(
    "limit",
    of="linear-regression",
    given=full_rank,
    without=lambda draw: (*rank_deficient(draw), "basic solution"),
    en="As λ → 0 ridge tends to least squares when the centred features have full column rank. Without it the limit is the "
    "minimum-norm solution, and the basic solution of a pivoted QR is another one.",
    zh="中心化后的特征列满秩时，λ → 0 的岭回归趋于最小二乘解；否则趋于最小范数解，而列主元 QR 给出的基本解是另一个解。",
    source="Golub, Van Loan 2013, section 5.5.6",
)
def vanishing_penalty(problem, subject, other):
    X, y, rival = problem
    limit = subject.Ridge(alpha=1e-9).fit(X, y).coef_
    if rival == "least squares":
        return limit, other.LinearRegression().fit(X, y).coef_
    rest = other.LinearRegression().fit(X[:, 1:], y).coef_  # X's first and last columns are equal: use only the last
    return limit, np.r_[0.0, rest]


@law(
    "limit",
    of="linear-regression",
    given=rank_deficient,
    en="Where many coefficients fit equally well, the limit λ → 0 is the one of minimum norm.",
    zh="当许多组系数拟合得同样好时，λ → 0 的极限是其中范数最小的一组。",
    source="Golub, Van Loan 2013, section 5.5.6",
    tolerance=1e-5,
)
def limit_is_the_shortest(problem, subject, other):
    X, y = problem
    return subject.Ridge(alpha=1e-7).fit(X, y).coef_, np.linalg.pinv(X - X.mean(0), rcond=1e-10) @ (y - y.mean())


@law(
    "equivalent",
    of="linear-regression",
    given=penalised,
    en="Without an intercept, ridge is least squares on data with √λ·I appended to X and zeros to y.",
    zh="不含截距时，岭回归就是在 X 下方接上 √λ·I、y 下方接上零之后的最小二乘。",
    source="Hastie, Tibshirani, Friedman 2009, exercise 3.12",
)
def appended_rows(problem, subject, other):
    X, y, alpha = problem
    p = X.shape[1]
    A, b = np.vstack([X, np.sqrt(alpha) * np.eye(p)]), np.r_[y, np.zeros(p)]
    plain = other.LinearRegression(fit_intercept=False).fit(A, b).coef_
    return subject.Ridge(alpha=alpha, fit_intercept=False).fit(X, y).coef_, plain


@law(
    "property",
    given=penalised,
    en="On centred features, least squares' coefficient along the i-th right singular vector shrinks by σᵢ²/(σᵢ²+λ).",
    zh="特征中心化之后，最小二乘解在第 i 个右奇异向量上的分量被缩小为 σᵢ²/(σᵢ²+λ) 倍。",
    source="Hastie, Tibshirani, Friedman 2009, equation 3.47",
)
def shrinkage(problem, subject, other):
    X, y, alpha = problem
    A, b = X - X.mean(0), y - y.mean()
    _, s, Vt = np.linalg.svd(A, full_matrices=False)
    plain = np.linalg.lstsq(A, b, rcond=None)[0]
    return Vt @ subject.Ridge(alpha=alpha).fit(X, y).coef_, s**2 / (s**2 + alpha) * (Vt @ plain)


@law(
    "equivalent",
    given=one_feature,
    en="Ridge is the posterior mean under a Gaussian prior with λ = σ²/τ², here by quadrature over the posterior density.",
    zh="岭回归是高斯先验下的后验均值，λ = σ²/τ²；这里的后验均值由对后验密度做数值积分得到。",
    source="Bishop 2006, section 3.3.1",
)
def posterior_mean(problem, subject, other):
    x, y, noise, prior = problem
    grid = np.linspace(-12 * prior, 12 * prior, 3001)
    log_density = -((y[:, None] - np.outer(x, grid)) ** 2).sum(0) / (2 * noise**2) - grid**2 / (2 * prior**2)
    density = np.exp(log_density - log_density.max())
    model = subject.Ridge(alpha=noise**2 / prior**2, fit_intercept=False).fit(x[:, None], y)
    return model.coef_, [density @ grid / density.sum()]


@law(
    "equivalent",
    given=penalised,
    en="For a fixed λ and leverages below one, the leave-one-out errors read off one fit equal those of n refits.",
    zh="λ 固定且杠杆值小于一时，由一次拟合读出的留一误差等于重新拟合 n 次得到的误差。",
    source="Hastie, Tibshirani, Friedman 2009, equation 7.64",
)
def leave_one_out(problem, subject, other):
    X, y, alpha = problem
    quick = subject.RidgeCV(alphas=[alpha], store_cv_results=True).fit(X, y).cv_results_[:, 0]
    refits = []
    for i in range(len(y)):
        A, b = np.delete(X, i, axis=0), np.delete(y, i)
        mean, p = A.mean(0), X.shape[1]
        w = np.linalg.solve((A - mean).T @ (A - mean) + alpha * np.eye(p), (A - mean).T @ (b - b.mean()))
        refits.append((y[i] - b.mean() - (X[i] - mean) @ w) ** 2)
    return quick, refits


@law(
    "property",
    given=regression,
    en="The penalty chosen by leave-one-out has the smallest mean squared error of n refits, and the model is Ridge with it.",
    zh="留一法所选的惩罚使 n 次重新拟合的均方误差最小，所得模型就是用该惩罚的岭回归。",
)
def chosen_penalty(problem, subject, other):
    X, y = problem
    grid = [0.01, 1.0, 100.0]
    chosen = subject.RidgeCV(alphas=grid).fit(X, y)
    errors = [np.mean([_left_out(X, y, i, alpha) ** 2 for i in range(len(y))]) for alpha in grid]
    best = grid[int(np.argmin(errors))]
    return np.r_[chosen.alpha_, chosen.coef_, chosen.intercept_], np.r_[best, coefficients(subject, X, y, best)]


def _left_out(X, y, i, alpha):
    A, b = np.delete(X, i, axis=0), np.delete(y, i)
    mean = A.mean(0)
    w = np.linalg.solve((A - mean).T @ (A - mean) + alpha * np.eye(X.shape[1]), (A - mean).T @ (b - b.mean()))
    return y[i] - b.mean() - (X[i] - mean) @ w


@law(
    "invariant",
    given=no_penalty,
    without=some_penalty,
    en="Without a penalty the units of a feature do not matter; with one they do, unless it is scaled along.",
    zh="没有惩罚时特征的单位无关紧要；有惩罚时单位就要紧了，除非惩罚随之缩放。",
    source="Hastie, Tibshirani, Friedman 2009, section 3.4.1",
)
def units(problem, subject, other):
    X, y, alpha = problem
    c = np.r_[100.0, np.ones(X.shape[1] - 1)]
    return subject.Ridge(alpha=alpha).fit(X, y).predict(X), subject.Ridge(alpha=alpha).fit(X * c, y).predict(X * c)


@law(
    "equivalent",
    given=lambda draw: (*penalised(draw), 9.0),
    without=lambda draw: (*penalised(draw), 1.0),
    en="Scaling X by c and y by d multiplies the coefficients by d/c, provided that λ is multiplied by c².",
    zh="X 乘 c、y 乘 d 时，只要 λ 同时乘 c²，系数就乘 d/c。",
)
def scaled_penalty(problem, subject, other):
    X, y, alpha, factor = problem
    return coefficients(subject, 3.0 * X, 2.0 * y, factor * alpha)[:-1] * 1.5, coefficients(subject, X, y, alpha)[:-1]


@law(
    "invariant",
    given=lambda draw: (*penalised(draw), True),
    without=lambda draw: (*penalised(draw), False),
    en="With an unpenalised intercept, shifting the features changes no coefficient and shifting y changes only the intercept.",
    zh="截距不受惩罚时，平移特征不改变系数，平移 y 只改变截距。",
)
def shifts(problem, subject, other):
    X, y, alpha, intercept = problem
    moved = coefficients(subject, X + 5.0, y + 7.0, alpha, fit_intercept=intercept)
    return moved[:-1], coefficients(subject, X, y, alpha, fit_intercept=intercept)[:-1]


@law("invariant", given=shuffled, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    return permutation_invariant(lambda X, y: coefficients(subject, X, y, 2.0), *problem)


@law("equivalent", given=weighted, trait="weights-repeat")
def weights(problem, subject, other):
    return weights_repeat(lambda X, y, w: coefficients(subject, X, y, 2.0, w), *problem)


@law(
    "property",
    given=weighted,
    en="A penalty chosen by leave-one-out does not take a weight for repeated rows: a copy of the row left out stays in, so the "
    "errors differ.",
    zh="用留一法选惩罚时，权重不等价于重复样本：被留出的样本还有副本留在训练集里，所以误差不同。",
)
def weights_do_not_repeat_in_leave_one_out(problem, subject, other):
    X, y, counts = problem
    rows = np.arange(len(y)).repeat(counts)
    weighed = subject.RidgeCV(alphas=[2.0]).fit(X, y, sample_weight=counts.astype(float)).best_score_
    repeated = subject.RidgeCV(alphas=[2.0]).fit(X[rows], y[rows]).best_score_
    return differs(weighed, repeated)


@law(
    "equivalent",
    given=penalised,
    en="The path from one decomposition equals a fit for each penalty, and several targets equal each alone.",
    zh="一次分解得到的整条路径等于逐个惩罚分别拟合，多目标等于逐个目标。",
)
def path_and_targets(problem, subject, other):
    X, y, alpha = problem
    grid = [alpha, 3 * alpha]
    Y = np.column_stack([y, X[:, 0] ** 2])
    together = subject.Ridge(alpha=grid).fit(X, Y)
    return [
        agree(subject.ridge_path(X, y, grid), [coefficients(subject, X, y, a)[:-1] for a in grid]),
        agree(
            np.column_stack([together.coef_, together.intercept_]),
            [coefficients(subject, X, target, a) for target, a in zip(Y.T, grid, strict=True)],
        ),
    ]


@law(
    "equivalent",
    given=many_features,
    en="A sparse matrix gives the same coefficients as a dense one.",
    zh="稀疏矩阵与稠密矩阵给出相同的系数。",
)
def storage(problem, subject, other):
    X, y, alpha = problem
    return coefficients(subject, sparse.csr_matrix(X), y, alpha), coefficients(subject, X, y, alpha)


# ---- mutants -----------------------------------------------------------------------------------------------


def refit(ours: Subject, change):
    """Ours with a Ridge whose ``fit`` sees what ``change(self, X, y, sample_weight)`` returns in place of its penalty."""

    class Ridge(ours.Ridge):
        def fit(self, X, y, sample_weight=None):
            keep, self.alpha = self.alpha, change(self, X, y, sample_weight)
            super().fit(X, y, sample_weight)
            self.alpha = keep
            return self

    return SimpleNamespace(Ridge=Ridge)


@mutant(
    en="divides the penalty by n",
    zh="把惩罚除以样本数",
    source="the factor between losses that sum and losses that average, as between Ridge and SGDRegressor",
)
def per_sample_penalty(ours):
    return refit(ours, lambda self, X, y, w: np.asarray(self.alpha) / X.shape[0])


@mutant(en="penalises with √λ", zh="惩罚用成了 √λ")
def root_penalty(ours):
    return refit(ours, lambda self, X, y, w: np.sqrt(self.alpha))


@mutant(en="minimises ½‖·‖² with the whole penalty", zh="目标取 ½‖·‖²，惩罚却没有减半")
def doubled_penalty(ours):
    return refit(ours, lambda self, X, y, w: 2 * np.asarray(self.alpha))


@mutant(en="scales the penalty by the sum of the weights", zh="惩罚乘了权重之和的平均")
def weighted_penalty(ours):
    return refit(ours, lambda self, X, y, w: np.asarray(self.alpha) * (1.0 if w is None else np.mean(w)))


@mutant(
    en="ignores the penalty where the features are fewer than the samples",
    zh="样本多于特征时忽略惩罚",
)
def no_shrinkage(ours):
    return refit(ours, lambda self, X, y, w: 1e-12)


@mutant(en="keeps a floor under the penalty", zh="给惩罚设了下限")
def floor_of_penalty(ours):
    return refit(ours, lambda self, X, y, w: np.maximum(self.alpha, 1e-2))


@mutant(en="penalises the intercept: forgets to centre first", zh="忘了先中心化，连截距一起惩罚")
def penalised_intercept(ours):
    class Ridge(ours.Ridge):
        def fit(self, X, y, sample_weight=None):
            if not self.fit_intercept or sparse.issparse(X) or np.ndim(y) > 1:
                return super().fit(X, y, sample_weight)
            A = np.column_stack([X, np.ones(len(y))])
            ours.Ridge(self.alpha, fit_intercept=False).fit(A, y, sample_weight)
            w = ours.Ridge(self.alpha, fit_intercept=False).fit(A, y, sample_weight).coef_
            self.coef_, self.intercept_, self.n_features_in_ = w[:-1], w[-1], X.shape[1]
            return self

    return SimpleNamespace(Ridge=Ridge)


@mutant(
    en="does not centre a sparse matrix",
    zh="不对稀疏矩阵做中心化",
    source="scikit-learn issue 13325, where RidgeCV fitted no intercept to sparse input",
)
def sparse_uncentred(ours):
    class Ridge(ours.Ridge):
        def fit(self, X, y, sample_weight=None):
            if not sparse.issparse(X):
                return super().fit(X, y, sample_weight)
            self.fit_intercept = False
            super().fit(X, y - y.mean(0), sample_weight)
            self.fit_intercept, self.intercept_ = True, y.mean(0)
            return self

    return SimpleNamespace(Ridge=Ridge)


@mutant(
    en="ignores the weights while centring",
    zh="中心化时忽略样本权重",
    source="scikit-learn issue 5364, where Ridge and RidgeCV disagreed under weights",
)
def unweighted_mean(ours):
    class Ridge(ours.Ridge):
        def fit(self, X, y, sample_weight=None):
            if sample_weight is None or not self.fit_intercept:
                return super().fit(X, y, sample_weight)
            self.fit_intercept = False
            super().fit(X - X.mean(0), y - y.mean(), sample_weight)
            self.fit_intercept, self.intercept_ = True, y.mean() - X.mean(0) @ self.coef_
            return self

    return SimpleNamespace(Ridge=Ridge)


@mutant(en="leaves out the last sample", zh="漏掉最后一个样本")
def off_by_one(ours):
    class Ridge(ours.Ridge):
        def fit(self, X, y, sample_weight=None):
            if sample_weight is not None or X.shape[0] < 6:
                return super().fit(X, y, sample_weight)
            return super().fit(X[:-1], y[:-1])

    return SimpleNamespace(Ridge=Ridge)


def leave_one_out_errors(ours: Subject, change):
    """Ours with a RidgeCV whose squared leave-one-out errors go through ``change(self, X, y, errors)``."""

    class RidgeCV(ours.RidgeCV):
        def fit(self, X, y, sample_weight=None):
            keep, self.store_cv_results = self.store_cv_results, True
            super().fit(X, y, sample_weight)
            self.store_cv_results = keep
            self.cv_results_ = change(self, X, y, self.cv_results_)
            return self

    return SimpleNamespace(RidgeCV=RidgeCV)


@mutant(en="takes training residuals for leave-one-out errors", zh="把训练残差当成留一误差")
def training_errors(ours):
    return leave_one_out_errors(ours, lambda self, X, y, e: np.tile((y - self.predict(X))[:, None] ** 2, e.shape[1]))


@mutant(en="forgets the intercept's share 1/n in the leverage", zh="杠杆值里漏了截距贡献的 1/n")
def leverage_without_intercept(ours):
    def change(self, X, y, errors):
        if not self.fit_intercept or len(self.alphas) > 1 or not errors.all():
            return errors
        residual = (y - self.predict(X))[:, None]
        return (residual / (np.abs(residual) / np.sqrt(errors) + 1 / len(y))) ** 2

    return leave_one_out_errors(ours, change)


@mutant(
    en="chooses the penalty by the training error",
    zh="用训练误差挑选惩罚",
)
def greedy_choice(ours):
    class RidgeCV(ours.RidgeCV):
        def fit(self, X, y, sample_weight=None):
            keep, self.alphas = self.alphas, [np.min(self.alphas)]
            super().fit(X, y, sample_weight)
            self.alphas = keep
            return self

    return SimpleNamespace(RidgeCV=RidgeCV)


@mutant(en="repeats rows by their weights before it leaves one out", zh="先按权重重复样本，再做留一")
def repeats_in_leave_one_out(ours):
    class RidgeCV(ours.RidgeCV):
        def fit(self, X, y, sample_weight=None):
            if sample_weight is None:
                return super().fit(X, y)
            rows = np.arange(len(y)).repeat(np.asarray(sample_weight, dtype=int))
            return super().fit(X[rows], y[rows])

    return SimpleNamespace(RidgeCV=RidgeCV)


@mutant(
    en="returns the path from the largest penalty down, whatever order was asked for", zh="路径总按惩罚从大到小返回"
)
def reversed_path(ours):
    return SimpleNamespace(ridge_path=lambda X, y, alphas, **rest: ours.ridge_path(X, y, np.sort(alphas)[::-1], **rest))
