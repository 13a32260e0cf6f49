"""Known answers, laws and mutants of the lasso and the elastic net."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant
from mlatlas.atlas.judge.traits import convex, permutation_invariant, weights_repeat

TIGHT = {"tol": 1e-13, "max_iter": 100_000}

# ---- problems ----------------------------------------------------------------------------------------------


def regression(draw: Draw):
    """Full column rank after centring, so that the solution is unique."""
    n, p = draw.integer(10, 24), draw.integer(2, 5)
    X, y = draw.normal(n, p) + 1.0, draw.normal(n) + 2.0
    A = X - X.mean(0)
    draw.require(np.linalg.matrix_rank(A) == p and np.abs(A.T @ (y - y.mean())).min() > 0.05 * n)
    return X, y


def penalised(draw: Draw):
    """A penalty at a fraction of the least one that empties the model."""
    X, y = regression(draw)
    return X, y, float(draw.choice([0.3, 0.1, 0.6])) * alpha_max(X, y)


def alpha_max(X, y):
    return float(np.abs((X - X.mean(0)).T @ (y - y.mean())).max() / len(y))


def above(draw: Draw):
    X, y = regression(draw)
    return X, y, alpha_max(X, y) * float(draw.uniform(1.0001, 2.0))


def below(draw: Draw):
    X, y = regression(draw)
    return X, y, alpha_max(X, y) * float(draw.uniform(0.3, 0.9))


def orthonormal(draw: Draw):
    """Centred orthonormal columns."""
    n, p = draw.integer(6, 12), draw.integer(1, 4)
    U, _ = np.linalg.qr(np.column_stack([np.ones(n), draw.orthogonal(n, p)]))
    X, y = U[:, 1 : p + 1], draw.normal(n) * 3.0
    draw.require(np.linalg.matrix_rank(X) == p and np.abs(X.T @ y).min() > 0.2)
    return X, y, 0.4 * float(np.abs(X.T @ y).max()) / n


def not_orthonormal(draw: Draw):
    """Two of the columns overlap, and both matter."""
    n = draw.integer(6, 12)
    U, _ = np.linalg.qr(np.column_stack([np.ones(n), draw.orthogonal(n, 2)]))
    draw.require(np.linalg.matrix_rank(U) == 3)
    X = np.column_stack([U[:, 1] + 0.8 * U[:, 2], U[:, 2]])
    return X, X @ [4.0, 4.0] + 0.1 * draw.normal(n), 1.0 / n


def shuffled(draw: Draw):
    X, y = regression(draw)
    return X, y, draw.permutation(len(y))


def weighted(draw: Draw):
    X, y = regression(draw)
    counts = np.array([draw.integer(1, 4) for _ in range(len(y))])
    draw.require(counts.max() > counts.min())
    return X, y, counts


def wide(draw: Draw):
    """More features than samples: the objective is unique, the coefficients need not be."""
    n, p = draw.integer(6, 12), draw.integer(14, 30)
    X, y = draw.normal(n, p), draw.normal(n)
    return X, y, 0.2 * alpha_max(X, y)


# ---- definitions -------------------------------------------------------------------------------------------


def objective(w, b, X, y, alpha, l1_ratio=1.0):
    residual = y - X @ w - b
    penalty = alpha * (l1_ratio * np.abs(w).sum() + (1 - l1_ratio) / 2 * (w @ w))
    return residual @ residual / (2 * len(y)) + penalty


def enumerated(X, y, alpha):
    """The lasso by enumeration: every pattern of signs, solved and checked against its own signs."""
    n, p = X.shape
    A, b = X - X.mean(0), y - y.mean()
    best, lowest = np.zeros(p), objective(np.zeros(p), 0.0, A, b, alpha)
    for code in range(3**p):
        signs = np.array([code // 3**j % 3 - 1 for j in range(p)])
        active = signs != 0
        if active.any():
            w = np.zeros(p)
            w[active] = np.linalg.solve(A[:, active].T @ A[:, active], A[:, active].T @ b - n * alpha * signs[active])
            value = objective(w, 0.0, A, b, alpha)
            if value < lowest and (np.sign(w) == signs).all():
                best, lowest = w, value
    return best


def soft(z, t):
    return np.sign(z) * np.maximum(np.abs(z) - t, 0.0)


def fitted(model, X, y, weights=None):
    model.fit(X, y) if weights is None else model.fit(X, y, sample_weight=weights)
    return np.r_[model.coef_, model.intercept_]


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="For x = (−1, 0, 1), y = (−1, 0, 1) and α = ⅓ the slope is S(⅔, ⅓)/⅔ = ½.",
    zh="x = (−1, 0, 1)、y = (−1, 0, 1)、α = ⅓ 时，斜率为 S(⅔, ⅓)/⅔ = ½。",
    source="by hand",
)
def three_points(subject: Subject):
    x, y = np.array([[-1.0], [0.0], [1.0]]), np.array([-1.0, 0.0, 1.0])
    return fitted(subject.Lasso(alpha=1 / 3, **TIGHT), x, y), [0.5, 0.0]


@known(
    en="The elastic net of the same points with α = ⅓ and l1_ratio = ½: S(⅔, ⅙)/(⅔ + ⅙) = 3/5.",
    zh="同样三点，α = ⅓、l1_ratio = ½ 的弹性网：S(⅔, ⅙)/(⅔ + ⅙) = 3/5。",
    source="by hand",
)
def three_points_elastic(subject: Subject):
    x, y = np.array([[-1.0], [0.0], [1.0]]), np.array([-1.0, 0.0, 1.0])
    return fitted(subject.ElasticNet(alpha=1 / 3, l1_ratio=0.5, **TIGHT), x, y), [0.6, 0.0]


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=penalised,
    en="Where the solution is unique it is the one found by trying every pattern of signs.",
    zh="解唯一时，它就是枚举所有符号组合所得到的解。",
)
def every_sign_pattern(problem, subject, other):
    X, y, alpha = problem
    return agree(subject.Lasso(alpha=alpha, **TIGHT).fit(X, y).coef_, enumerated(X, y, alpha), scale=1e-2)


@law(
    "property",
    given=above,
    without=below,
    en="From α = max|Xᵀy|/n on, with X and y centred, every coefficient is exactly zero; below it some is not.",
    zh="X 与 y 中心化后，从 α = max|Xᵀy|/n 起所有系数恰好为零；低于它则不然。",
    source="Friedman, Hastie, Tibshirani 2010, section 2.5",
)
def empty_model(problem, subject, other):
    X, y, alpha = problem
    return agree(subject.Lasso(alpha=alpha, **TIGHT).fit(X, y).coef_, np.zeros(X.shape[1]), scale=1e-3)


@law(
    "property",
    given=penalised,
    en="The KKT conditions certify: xⱼᵀr/n is α·sign(wⱼ) where wⱼ ≠ 0, and at most α in size elsewhere.",
    zh="KKT 条件是最优性的证书：wⱼ ≠ 0 处 xⱼᵀr/n = α·sign(wⱼ)，其余处绝对值不超过 α。",
    source="Hastie, Tibshirani, Wainwright 2015, section 5.2.2",
)
def optimality(problem, subject, other):
    X, y, alpha = problem
    model = subject.Lasso(alpha=alpha, **TIGHT).fit(X, y)
    slope = (X - X.mean(0)).T @ (y - model.predict(X)) / len(y)
    active = model.coef_ != 0
    return [
        agree(slope[active], alpha * np.sign(model.coef_[active]), scale=alpha, tolerance=1e-5),
        atmost(np.abs(slope), np.full(X.shape[1], alpha), tolerance=1e-5),
    ]


@law(
    "special case",
    of="linear-regression",
    given=orthonormal,
    without=not_orthonormal,
    en="On a centred design with XᵀX = I, the lasso is the soft threshold of least squares at n·α.",
    zh="中心化且 XᵀX = I 的设计下，Lasso 就是把最小二乘解在 n·α 处做软阈值。",
    source="Tibshirani 1996, section 2.2",
)
def soft_threshold(problem, subject, other):
    X, y, alpha = problem
    plain = other.LinearRegression().fit(X, y).coef_
    return agree(subject.Lasso(alpha=alpha, **TIGHT).fit(X, y).coef_, soft(plain, len(y) * alpha), scale=1e-2)


@law(
    "special case",
    given=penalised,
    en="The elastic net with l1_ratio = 1 is the lasso; with less it is the lasso on data with √(nα(1−l1_ratio))·I appended.",
    zh="l1_ratio = 1 的弹性网就是 Lasso；小于 1 时，它是在数据下方接上 √(nα(1−l1_ratio))·I 之后的 Lasso。",
    source="Zou, Hastie 2005, lemma 1",
)
def elastic_net_is_a_lasso(problem, subject, other):
    X, y, alpha = problem
    n, p = X.shape
    A, b = X - X.mean(0), y - y.mean()
    longer = np.vstack([A, np.sqrt(n * alpha * 0.4) * np.eye(p)])
    appended = subject.Lasso(alpha=alpha * 0.6 * n / (n + p), fit_intercept=False, **TIGHT).fit(
        longer, np.r_[b, np.zeros(p)]
    )
    return [
        agree(
            fitted(subject.ElasticNet(alpha=alpha, l1_ratio=1.0, **TIGHT), X, y),
            fitted(subject.Lasso(alpha=alpha, **TIGHT), X, y),
        ),
        agree(subject.ElasticNet(alpha=alpha, l1_ratio=0.6, **TIGHT).fit(X, y).coef_, appended.coef_, scale=1e-2),
    ]


@law(
    "special case",
    of="ridge",
    given=penalised,
    en="The elastic net with l1_ratio = 0 is ridge with λ = n·α.",
    zh="l1_ratio = 0 的弹性网就是 λ = n·α 的岭回归。",
    source="Zou, Hastie 2005",
)
def elastic_net_is_ridge(problem, subject, other):
    X, y, alpha = problem
    ridge = other.Ridge(alpha=len(y) * alpha).fit(X, y)
    net = subject.ElasticNet(alpha=alpha, l1_ratio=0.0, **TIGHT)
    return fitted(net, X, y), np.r_[ridge.coef_, ridge.intercept_]


@law(
    "equivalent",
    given=lambda draw: (*penalised(draw), 3.0 * 2.0),
    without=lambda draw: (*penalised(draw), 1.0),
    en="Scaling X by c and y by d multiplies the coefficients by d/c, provided that α is multiplied by c·d.",
    zh="X 乘 c、y 乘 d 时，只要 α 同时乘 c·d，系数就乘 d/c。",
)
def scaled_penalty(problem, subject, other):
    X, y, alpha, factor = problem
    plain = subject.Lasso(alpha=alpha, **TIGHT).fit(X, y).coef_
    scaled = subject.Lasso(alpha=factor * alpha, **TIGHT).fit(3.0 * X, 2.0 * y).coef_
    return scaled * 3.0 / 2.0, plain


@law(
    "invariant",
    given=lambda draw: (*penalised(draw), True),
    without=lambda draw: (*penalised(draw), False),
    en="With an unpenalised intercept, shifting features and target changes no coefficient.",
    zh="截距不受惩罚时，平移特征与目标不改变任何系数。",
)
def shifts(problem, subject, other):
    X, y, alpha, intercept = problem
    model = subject.Lasso(alpha=alpha, fit_intercept=intercept, **TIGHT)
    return agree(model.fit(X + 5.0, y + 7.0).coef_.copy(), model.fit(X, y).coef_.copy(), scale=1e-2)


@law("bound", given=wide, trait="convex")
def gap_certifies(problem, subject, other):
    X, y, alpha = problem
    loose = subject.Lasso(alpha=alpha, tol=1e-2).fit(X, y)
    tight = subject.Lasso(alpha=alpha, **TIGHT).fit(X, y)
    rivals = [(tight.coef_, tight.intercept_), (np.zeros(X.shape[1]), y.mean())]

    def value(answer):
        return objective(*answer, X, y, alpha)

    certified = convex(value, (loose.coef_, loose.intercept_), float(loose.dual_gap_), rivals)
    promised = atmost(tight.dual_gap_, 1e-12 * (y - y.mean()) @ (y - y.mean()) / len(y), scale=1e-9)
    return [certified, promised]


@law(
    "bound",
    given=penalised,
    en="Stopped at a tolerance, the objective is above the minimum by at most tol·‖y‖²/n.",
    zh="按容差停止时，目标值比最小值高出不超过 tol·‖y‖²/n。",
    source="scikit-learn 1.9, documentation of Lasso(tol)",
)
def tolerance_means_gap(problem, subject, other):
    X, y, alpha = problem
    stopped = subject.Lasso(alpha=alpha, tol=1e-5).fit(X, y)
    best = enumerated(X, y, alpha)
    excess = objective(stopped.coef_, stopped.intercept_, X, y, alpha)
    excess -= objective(best, y.mean() - X.mean(0) @ best, X, y, alpha)
    allowed = 1e-5 * (y - y.mean()) @ (y - y.mean()) / len(y)
    return atmost(excess / allowed, 1.0)


@law(
    "equivalent",
    given=wide,
    en="The path is a fit for each penalty: the objectives agree, whether or not the coefficients are unique.",
    zh="整条路径就是逐个惩罚分别拟合：无论系数是否唯一，目标值一致。",
)
def path_of_fits(problem, subject, other):
    X, y, alpha = problem
    X, y = X - X.mean(0), y - y.mean()
    grid = [4 * alpha, 2 * alpha, alpha]
    alphas, coefs, _ = subject.lasso_path(X, y, alphas=grid, tol=1e-13, max_iter=100_000)
    alone = [subject.Lasso(alpha=a, fit_intercept=False, **TIGHT).fit(X, y).coef_ for a in grid]
    _, net, _ = subject.enet_path(X, y, l1_ratio=0.5, alphas=[alpha], tol=1e-13, max_iter=100_000)
    single = subject.ElasticNet(alpha=alpha, l1_ratio=0.5, fit_intercept=False, **TIGHT).fit(X, y).coef_
    return [
        agree(alphas, grid),
        agree(
            [objective(w, 0.0, X, y, a) for w, a in zip(coefs.T, grid, strict=True)],
            [objective(w, 0.0, X, y, a) for w, a in zip(alone, grid, strict=True)],
        ),
        agree(net[:, 0], single, scale=1e-2, tolerance=1e-5),
    ]


@law("invariant", given=shuffled, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    X, y, order = problem
    alpha = 0.3 * alpha_max(X, y)
    return permutation_invariant(lambda X, y: fitted(subject.Lasso(alpha=alpha, **TIGHT), X, y), X, y, order)


@law("equivalent", given=weighted, trait="weights-repeat")
def weights(problem, subject, other):
    X, y, counts = problem
    alpha = 0.3 * alpha_max(X, y)
    return weights_repeat(lambda X, y, w: fitted(subject.Lasso(alpha=alpha, **TIGHT), X, y, w), X, y, counts)


@law(
    "equivalent",
    given=penalised,
    en="A sparse matrix is centred without being made dense, and gives the same coefficients.",
    zh="稀疏矩阵无须稠密化即可中心化，所得系数相同。",
)
def storage(problem, subject, other):
    X, y, alpha = problem
    return (
        fitted(subject.Lasso(alpha=alpha, **TIGHT), sparse.csc_matrix(X), y),
        fitted(subject.Lasso(alpha=alpha, **TIGHT), X, y),
    )


@law(
    "property",
    given=penalised,
    en="The penalty chosen by cross-validation is the one with the smallest mean error over the folds, and the model is the lasso with it.",
    zh="交叉验证所选的惩罚使各折平均误差最小，所得模型就是用该惩罚的 Lasso。",
)
def chosen_by_folds(problem, subject, other):
    X, y, alpha = problem
    grid = np.array([2.0, 0.7, 0.2]) * alpha
    folds = [(np.delete(np.arange(len(y)), part), part) for part in np.array_split(np.arange(len(y)), 3)]
    chosen = subject.LassoCV(alphas=grid, cv=folds, **TIGHT).fit(X, y)
    errors = [
        np.mean(
            [
                np.mean((y[out] - subject.Lasso(alpha=a, **TIGHT).fit(X[fit], y[fit]).predict(X[out])) ** 2)
                for fit, out in folds
            ]
        )
        for a in grid
    ]
    best = grid[int(np.argmin(errors))]
    return np.r_[chosen.alpha_, chosen.coef_, chosen.intercept_], np.r_[
        best, fitted(subject.Lasso(alpha=best, **TIGHT), X, y)
    ]


@law(
    "property",
    given=penalised,
    en="With two copies of a column many coefficients are optimal: only their sum and the objective are determined.",
    zh="同一列出现两次时最优系数不唯一：确定的只有它们的和与目标值。",
    source="Tibshirani 2013, The lasso problem and uniqueness",
)
def copies_share(problem, subject, other):
    X, y, alpha = problem
    doubled = np.column_stack([X, X[:, 0]])
    w = subject.Lasso(alpha=alpha, **TIGHT).fit(doubled, y)
    plain = subject.Lasso(alpha=alpha, **TIGHT).fit(X, y)
    return [
        agree(np.r_[w.coef_[0] + w.coef_[-1], w.coef_[1:-1]], plain.coef_, scale=1e-2),
        agree(
            objective(w.coef_, w.intercept_, doubled, y, alpha), objective(plain.coef_, plain.intercept_, X, y, alpha)
        ),
    ]


@law(
    "property",
    given=penalised,
    en="With positive=True the solution is the best one without negative coefficients.",
    zh="positive=True 时，解是不含负系数的解中最好的一个。",
)
def no_negative(problem, subject, other):
    X, y, alpha = problem
    model = subject.Lasso(alpha=alpha, positive=True, **TIGHT).fit(X, y)
    slope = (X - X.mean(0)).T @ (y - model.predict(X)) / len(y) - alpha
    return [
        atmost(0.0, model.coef_.min(), scale=1e-3),
        agree(slope * model.coef_, np.zeros_like(slope), scale=alpha * (1e-3 + np.abs(model.coef_).max())),
        atmost(slope, np.zeros_like(slope), scale=alpha, tolerance=1e-5),
    ]


@law(
    "property",
    given=penalised,
    en="Ridge keeps every coefficient; the lasso at six tenths of its largest penalty drops at least one.",
    zh="岭回归保留所有系数；Lasso 在其最大惩罚的六成处至少剔除一个。",
    of="ridge",
)
def drops_features(problem, subject, other):
    X, y, _ = problem
    noise = np.column_stack([X, np.sin(np.arange(len(y)) ** 2)])
    alpha = 0.95 * alpha_max(noise, y)
    lasso = subject.Lasso(alpha=alpha, **TIGHT).fit(noise, y).coef_
    ridge = other.Ridge(alpha=len(y) * alpha).fit(noise, y).coef_
    return [agree(np.abs(lasso).min(), 0.0, scale=1e-3), differs(np.abs(ridge).min(), 0.0)]


# ---- mutants -----------------------------------------------------------------------------------------------


def with_fit(ours: Subject, change):
    """Ours with a Lasso and an ElasticNet whose penalty or data ``change(self, X, y, w)`` replaces while fitting."""

    def wrapped(base):
        def fit(self, X, y, sample_weight=None, **rest):
            keep = self.get_params()
            X, y, sample_weight, parameters = change(self, X, y, sample_weight)
            self.set_params(**parameters)
            base.fit(self, X, y, sample_weight=sample_weight, **rest)
            self.set_params(**keep)
            return self

        return type(base.__name__, (base,), {"fit": fit})

    return SimpleNamespace(Lasso=wrapped(ours.Lasso), ElasticNet=wrapped(ours.ElasticNet))


def scaled(factor):
    return lambda ours: with_fit(ours, lambda self, X, y, w: (X, y, w, {"alpha": self.alpha * factor(self, X, y, w)}))


@mutant(
    en="uses a sum of squares without 1/n",
    zh="平方和前面漏了 1/n",
    source="the scale of glmnet and scikit-learn against that of most textbooks",
)
def no_mean(ours):
    return scaled(lambda self, X, y, w: 1 / X.shape[0])(ours)


@mutant(en="uses ‖·‖²/n, not ‖·‖²/(2n)", zh="用了 ‖·‖²/n 而不是 ‖·‖²/(2n)")
def no_half(ours):
    return scaled(lambda self, X, y, w: 0.5)(ours)


@mutant(
    en="weights rescale the penalty: they are not normalised to a mean",
    zh="权重没有归一化，连带缩放了惩罚",
    source="scikit-learn issue 29248, where ElasticNetCV ignored weights in its grid of penalties",
)
def weights_scale_penalty(ours):
    return scaled(lambda self, X, y, w: 1.0 if w is None else float(np.mean(w)))(ours)


@mutant(en="forgets to centre before penalising", zh="惩罚之前忘了中心化")
def uncentred(ours):
    def change(self, X, y, w):
        return X, y, w, {"fit_intercept": False}

    return with_fit(ours, change)


@mutant(en="standardises the features and keeps the penalty", zh="先标准化特征，惩罚却照旧")
def standardised(ours):
    def change(self, X, y, w):
        return (X if sparse.issparse(X) else X / X.std(0)), y, w, {}

    return with_fit(ours, change)


def changed_coefficients(ours: Subject, change, names=("Lasso",)):
    """Ours with coefficients that go through ``change(self, X, y, coef)`` after fitting; the intercept follows."""

    def wrapped(base):
        def fit(self, X, y, *args, **rest):
            base.fit(self, X, y, *args, **rest)
            self.coef_ = change(self, X, y, self.coef_)
            if self.fit_intercept and not sparse.issparse(X):
                self.intercept_ = np.mean(y) - np.mean(X, 0) @ self.coef_
            return self

        return type(base.__name__, (base,), {"fit": fit})

    return SimpleNamespace(**{name: wrapped(getattr(ours, name)) for name in names})


@mutant(
    en="takes the hard threshold for the soft one: keeps what survives at full size",
    zh="把软阈值做成硬阈值：留下的系数不收缩",
)
def hard_threshold(ours):
    def refitted(self, X, y, w):
        active = w != 0
        if not active.any() or sparse.issparse(X):
            return w
        A = X[:, active] - X[:, active].mean(0)
        new = np.zeros_like(w)
        new[active] = np.linalg.lstsq(A, y - np.mean(y), rcond=None)[0]
        return new

    return changed_coefficients(ours, refitted)


@mutant(en="never sets a coefficient exactly to zero", zh="从不把系数恰好设为零")
def never_zero(ours):
    return changed_coefficients(ours, lambda self, X, y, w: np.where(w == 0, 1e-3, w))


@mutant(en="sets small coefficients to zero when it is done", zh="收敛后把小系数一律清零")
def rounded_off(ours):
    return changed_coefficients(ours, lambda self, X, y, w: np.where(np.abs(w) < 0.3 * np.abs(w).max(), 0.0, w))


@mutant(
    en="stops when the coefficients hardly move, whatever the gap",
    zh="系数几乎不动就停，不看间隙",
    source="scikit-learn before the gap was checked: a small step says nothing on slow problems",
)
def stops_early(ours):
    def change(self, X, y, w):
        return X, y, w, {"tol": 0.3}

    return with_fit(ours, change)


@mutant(en="claims a smaller gap than it has", zh="报出的间隙比真实的小")
def false_certificate(ours):
    class Lasso(ours.Lasso):
        def fit(self, X, y, *args, **rest):
            super().fit(X, y, *args, **rest)
            if self.tol > 1e-3:
                self.coef_ = self.coef_ * 0.5
                self.dual_gap_ = 0.0
            return self

    return SimpleNamespace(Lasso=Lasso)


@mutant(en="gives the L2 part of the elastic net its whole weight, without ½", zh="弹性网的 L2 部分漏了 ½")
def whole_square(ours):
    class ElasticNet(ours.ElasticNet):
        def fit(self, X, y, *args, **rest):
            keep = self.alpha, self.l1_ratio
            l1, l2 = self.alpha * self.l1_ratio, 2 * self.alpha * (1 - self.l1_ratio)
            self.alpha, self.l1_ratio = l1 + l2, l1 / (l1 + l2)
            super().fit(X, y, *args, **rest)
            self.alpha, self.l1_ratio = keep
            return self

    return SimpleNamespace(ElasticNet=ElasticNet)


@mutant(en="exchanges l1_ratio and 1 − l1_ratio", zh="把 l1_ratio 与 1 − l1_ratio 弄反了")
def exchanged_ratio(ours):
    class ElasticNet(ours.ElasticNet):
        def fit(self, X, y, *args, **rest):
            keep, self.l1_ratio = self.l1_ratio, 1 - self.l1_ratio
            super().fit(X, y, *args, **rest)
            self.l1_ratio = keep
            return self

    return SimpleNamespace(ElasticNet=ElasticNet)


@mutant(en="does not centre a sparse matrix", zh="不对稀疏矩阵做中心化")
def sparse_uncentred(ours):
    class Lasso(ours.Lasso):
        def fit(self, X, y, *args, **rest):
            keep = self.fit_intercept
            self.fit_intercept = keep and not sparse.issparse(X)
            super().fit(X, y, *args, **rest)
            self.fit_intercept = keep
            return self

    return SimpleNamespace(Lasso=Lasso)


@mutant(en="clips negative coefficients after an unrestricted fit", zh="先不加约束地拟合，再把负系数截成零")
def clipped(ours):
    class Lasso(ours.Lasso):
        def fit(self, X, y, *args, **rest):
            keep, self.positive = self.positive, False
            super().fit(X, y, *args, **rest)
            self.positive = keep
            if keep:
                self.coef_ = np.maximum(self.coef_, 0.0)
            return self

    return SimpleNamespace(Lasso=Lasso)


@mutant(en="reuses the first penalty along the path", zh="整条路径都用第一个惩罚")
def stuck_path(ours):
    def lasso_path(X, y, *, alphas, **rest):
        found, coefs, gaps = ours.lasso_path(X, y, alphas=alphas, **rest)
        return found, np.repeat(coefs[:, :1], coefs.shape[1], axis=1), gaps

    return SimpleNamespace(lasso_path=lasso_path)


@mutant(en="sees the last sample only in the intercept", zh="最后一个样本只参与截距")
def order_dependent(ours):
    class Lasso(ours.Lasso):
        def fit(self, X, y, sample_weight=None, **rest):
            if sample_weight is not None or sparse.issparse(X) or not self.fit_intercept:
                return super().fit(X, y, sample_weight=sample_weight, **rest)
            super().fit(X[:-1], y[:-1], **rest)
            self.intercept_ = np.mean(y) - X.mean(0) @ self.coef_
            return self

    return SimpleNamespace(Lasso=Lasso)


@mutant(en="chooses the largest penalty of the grid", zh="总选网格里最大的惩罚")
def lazy_choice(ours):
    class LassoCV(ours.LassoCV):
        def fit(self, X, y, *args, **rest):
            keep, self.alphas = self.alphas, np.max(self.alphas, keepdims=True)
            super().fit(X, y, *args, **rest)
            self.alphas = keep
            return self

    return SimpleNamespace(LassoCV=LassoCV)
