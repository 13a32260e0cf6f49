"""Known answers, laws and mutants of logistic regression."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
from scipy import sparse
from scipy.special import expit, ndtr
from sklearn.exceptions import ConvergenceWarning

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, known, law, mutant
from mlatlas.atlas.judge.traits import permutation_invariant, probabilistic_classifier, weights_repeat

TIGHT = {"tol": 1e-10, "max_iter": 100_000}

# ---- definitions -------------------------------------------------------------------------------------------


def optimum(X, y, C=np.inf, s=1.0, intercept=True):
    """w, and b where there is one, by Newton's method on the definition with steps that change no score by more than 2."""
    A = np.column_stack([X, np.ones(len(y))]) if intercept else X
    penalty = np.r_[np.full(X.shape[1], 1 / C), np.zeros(int(intercept))]
    theta = np.zeros(A.shape[1])
    for _ in range(60):
        p = expit(A @ theta)
        gradient = A.T @ (s * (p - y)) + penalty * theta
        hessian = (A.T * (s * p * (1 - p))) @ A + np.diag(penalty)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0]
        theta -= step * min(1.0, 2.0 / max(np.abs(A @ step).max(), 1e-300))
    return theta


def c_min(X, y):
    """With absolute values in the penalty: the C up to which every coefficient is zero."""
    return 1 / float(np.abs(X.T @ (y - y.mean())).max())


def fitted(model, X, y, weights=None):
    model.fit(X, y) if weights is None else model.fit(X, y, sample_weight=weights)
    return np.r_[model.coef_.ravel(), model.intercept_]


def slopes(f, theta, h=1e-3):
    """The partial derivatives of f at theta, from four values each."""
    moves = np.eye(len(theta)) * h
    return np.array(
        [(8 * (f(theta + d) - f(theta - d)) - f(theta + 2 * d) + f(theta - 2 * d)) / (12 * h) for d in moves]
    )


# ---- problems ----------------------------------------------------------------------------------------------


def labelled(draw: Draw):
    """Features off the origin, and labels that they tell something about."""
    n, p = draw.integer(14, 28), draw.integer(1, 4)
    X = draw.normal(n, p) + 0.5
    y = (X.sum(1) + 1.5 * draw.normal(n) > 0.5 * p + 0.5).astype(int)
    draw.require(3 <= y.sum() <= n - 3 and np.linalg.matrix_rank(X - X.mean(0)) == p)
    return X, y


def overlapping(draw: Draw):
    """No plane separates the classes, so that the likelihood has a maximum."""
    X, y = labelled(draw)
    theta = optimum(X, y)
    p = expit(X @ theta[:-1] + theta[-1])
    draw.require(np.abs(X.T @ (p - y)).max() < 1e-9 and np.abs(X @ theta[:-1] + theta[-1]).max() < 10)
    return X, y


def separable(draw: Draw):
    """A plane between the classes; or a feature that is 1 only in rows of one class, some of which have 0 too."""
    X, y = overlapping(draw)
    if draw.choice(["a plane", "one value"]) == "a plane":
        X[:, 0] = (2 * y - 1) * (0.1 + np.abs(X[:, 0]))
    else:
        X[:, 0] = (y == 1) & (np.cumsum(y == 1) <= 2)
    return X, y


def penalised(draw: Draw):
    X, y = labelled(draw)
    return X, y, float(draw.choice([1.0, 0.1, 10.0]))


def absolute(draw: Draw):
    """A penalty with a share ρ of absolute values, which leaves some coefficients."""
    X, y = labelled(draw)
    ratio = draw.choice([1.0, 0.5])
    return X, y, draw.choice([3.0, 10.0]) * ratio * c_min(X, y), ratio


def empty(draw: Draw):
    X, y = labelled(draw)
    return X, y, c_min(X, y) * float(draw.uniform(0.3, 0.999))


def not_empty(draw: Draw):
    X, y = labelled(draw)
    return X, y, c_min(X, y) * float(draw.uniform(1.05, 3.0))


def without_intercept(draw: Draw):
    """The same data, on which the plane through the origin errs more often in one direction."""
    X, y, C = penalised(draw)
    draw.require(abs(np.mean(expit(X @ optimum(X, y, C, intercept=False)) - y)) > 1e-2)
    return X, y, C, False


def units_matter(draw: Draw):
    """A penalty that the unit of the first feature makes dear or cheap."""
    X, y, C = penalised(draw)
    c = np.r_[100.0, np.ones(X.shape[1] - 1)]
    before, after = (A @ theta[:-1] + theta[-1] for A in (X, X * c) for theta in [optimum(A, y, C)])
    draw.require(np.abs(before - after).max() > 1e-2)
    return X, y, C


def weighted(draw: Draw):
    X, y = labelled(draw)
    counts = np.array([draw.integer(1, 4) for _ in range(len(y))])
    draw.require(len(set(counts[y == 0])) > 1 and len(set(counts[y == 1])) > 1)
    return X, y, counts


def shuffled(draw: Draw):
    X, y = labelled(draw)
    return X, y, draw.permutation(len(y))


def step_from(draw: Draw):
    """A point from where the whole Newton step is taken: it lowers the loss, and the slope along it by a tenth or more."""
    X, y = overlapping(draw)
    w, b = 0.3 * draw.normal(X.shape[1]), 0.3 * draw.normal()
    A, t = np.column_stack([X, np.ones(len(y))]), 2 * y - 1
    before = expit(A @ np.r_[w, b])
    step = np.linalg.solve((A.T * (before * (1 - before))) @ A, A.T @ (y - before))
    z = A @ np.r_[w, b]
    slope, after = (A @ step) @ (before - y), (A @ step) @ (expit(z + A @ step) - y)
    falls = np.logaddexp(0, -t * (z + A @ step)).sum() <= np.logaddexp(0, -t * z).sum() + 1e-3 * slope
    draw.require(slope < -1e-3 and abs(after) <= 0.8 * abs(slope) and falls)
    return X, y, w, b


def groups(direction):
    """A few values of one feature, and at each so many rows of either class."""

    def draw_groups(draw: Draw):
        k = draw.integer(3, 6)
        x, counts = np.arange(k) + 0.3 * draw.normal(k), draw.integer(1, 7, k, 2)
        share = counts[:, 1] / counts.sum(1)
        w, b = optimum(*rows_of(x, counts))
        q = expit(w * x + b)
        draw.require(np.abs(share - q).max() > 0.05)
        log_odds = np.log(counts[:, 1] / counts[:, 0])
        backward = (counts.sum(1) / counts.sum() * q * (1 - q) * (w * x + b - log_odds)) @ np.column_stack([x, x**0])
        draw.require(np.abs(backward).max() > 1e-2)
        return x, counts, direction

    return draw_groups


def rows_of(x, counts):
    group, y = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    return x[group, None], y


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="Three of four rows with x = 0 are of class 0, and three of four with x = 1 of class 1: b = −ln 3 and w = ln 9, the logarithm of the "
    "ratio of the odds.",
    zh="x = 0 的四个样本中三个属于类 0，x = 1 的四个样本中三个属于类 1：b = −ln 3，w = ln 9，即几率之比的对数。",
    source="by hand",
)
def odds_ratio(subject: Subject):
    x, y = np.repeat([0.0, 1.0], 4)[:, None], np.array([0, 0, 0, 1, 1, 1, 1, 0])
    return fitted(subject.LogisticRegression(C=np.inf, **TIGHT), x, y), [np.log(9), -np.log(3)]


@known(
    en="For x = ±1 with y the sign of x and no intercept, w = 2C σ(−w): C = (1 + e)/2 gives w = 1.",
    zh="x = ±1、y 为 x 的符号、不含截距时，w = 2C σ(−w)：C = (1 + e)/2 给出 w = 1。",
    source="by hand",
)
def two_points(subject: Subject):
    x, y = np.array([[1.0], [-1.0]]), np.array([1, 0])
    return fitted(subject.LogisticRegression(C=(1 + np.e) / 2, fit_intercept=False, **TIGHT), x, y)[:1], [1.0]


@known(
    en="The same points with |w| in the penalty: 2C σ(−w) = 1, so that C = 2 gives w = ln 3.",
    zh="同样两点，惩罚为 |w|：2C σ(−w) = 1，于是 C = 2 给出 w = ln 3。",
    source="by hand",
)
def two_points_absolute(subject: Subject):
    x, y = np.array([[1.0], [-1.0]]), np.array([1, 0])
    model = subject.LogisticRegression(C=2.0, l1_ratio=1.0, fit_intercept=False, **TIGHT)
    return fitted(model, x, y)[:1], [np.log(3)]


@known(
    en="Damage to O-rings of the space shuttle on 23 flights over the temperature at launch: −0.2322 a degree Fahrenheit, and 15.0429.",
    zh="航天飞机 23 次飞行中 O 形环是否受损，对发射时的气温（华氏度）：斜率 −0.2322，截距 15.0429。",
    source="Dalal, Fowlkes, Hoadley 1989, Risk Analysis of the Space Shuttle, Journal of the American Statistical Association 84; "
    "the figures are those of R's glm",
    tolerance=2e-4,
)
def o_rings(subject: Subject):
    damaged = [70, 57, 63, 70, 53, 75, 58]
    intact = [66, 69, 68, 67, 72, 73, 70, 78, 67, 67, 75, 70, 81, 76, 79, 76]
    x, y = np.array(damaged + intact, dtype=float)[:, None], np.repeat([1, 0], [len(damaged), len(intact)])
    w, b = fitted(subject.LogisticRegression(C=np.inf, **TIGHT), x, y)
    return [agree(w, -0.2322, tolerance=5e-4), agree(b, 15.0429, tolerance=1e-5)]


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "equivalent",
    of="linear-regression",
    given=step_from,
    en="The Newton step of logistic regression is a weighted least-squares problem: one iteration from w, b gives the linear regression on the "
    "working response z + (y − p)/v with weights v = p(1 − p).",
    zh="逻辑回归的一步牛顿法是一个加权最小二乘问题：从 w、b 出发迭代一次，得到的是以 v = p(1 − p) 为权重、对工作响应 z + (y − p)/v 的线性回归。",
    source="Hastie, Tibshirani, Friedman 2009, equations 4.26 to 4.28",
)
def newton_step(problem, subject, other):
    X, y, w, b = problem
    model = subject.LogisticRegression(C=np.inf, tol=1e-12, max_iter=1, warm_start=True)
    model.coef_, model.intercept_ = w[None, :].copy(), np.array([b])
    z = X @ w + b
    p = expit(z)
    v = p * (1 - p)
    line = other.LinearRegression().fit(X, z + (y - p) / v, sample_weight=v)
    return fitted(model, X, y), np.r_[line.coef_, line.intercept_]


@law(
    "property",
    given=penalised,
    en="The gradient of the log loss is Xᵀ(p − y), and Σ(p − y) for the intercept: the probabilities, moved numerically, tell the same.",
    zh="对数损失的梯度是 Xᵀ(p − y)，对截距是 Σ(p − y)：对输出的概率做数值微分，结果一致。",
    source="Bishop 2006, equation 4.91",
)
def gradient(problem, subject, other):
    X, y, C = problem
    model = subject.LogisticRegression(C=C).fit(X, y)
    A, p = np.column_stack([X, np.ones(len(y))]), model.predict_proba(X)[:, 1]

    def loss(theta):
        model.coef_, model.intercept_ = theta[None, :-1], theta[-1:]
        return -model.predict_log_proba(X)[np.arange(len(y)), y].sum()

    return agree(slopes(loss, np.r_[model.coef_[0], model.intercept_]), A.T @ (p - y), scale=1.0)


@law(
    "property",
    given=penalised,
    en="With squares in the penalty the answer is w = C Xᵀ(y − p), which is where the gradient of the objective is zero.",
    zh="平方惩罚下，解满足 w = C Xᵀ(y − p)，也就是目标函数的梯度为零之处。",
    source="Hastie, Tibshirani, Friedman 2009, section 4.4.4",
)
def stationary(problem, subject, other):
    X, y, C = problem
    model = subject.LogisticRegression(C=C, **TIGHT).fit(X, y)
    p = expit(X @ model.coef_[0] + model.intercept_)
    return agree(model.coef_[0], C * X.T @ (y - p), scale=0.1)


@law(
    "property",
    given=lambda draw: (*penalised(draw), True),
    without=without_intercept,
    en="At the optimum with an unpenalised intercept the mean prediction equals the mean label. Without an intercept it does not.",
    zh="截距不受惩罚时，最优解处预测概率的均值等于标签的均值；没有截距则不然。",
    source="Murphy 2022, Probabilistic Machine Learning, section 10.2.3",
)
def balance(problem, subject, other):
    X, y, C, intercept = problem
    model = subject.LogisticRegression(C=C, fit_intercept=intercept, **TIGHT).fit(X, y)
    return model.predict_proba(X)[:, 1].mean(), y.mean()


@law(
    "equivalent",
    of="information-theory",
    given=groups("from the data"),
    without=groups("to the data"),
    en="Minimising the log loss of the rows, the cross-entropy of the empirical conditional distribution, and its KL divergence from the model has "
    "one and the same answer. The divergence in the other direction has another.",
    zh="极小化各样本的对数损失、经验条件分布的交叉熵、经验条件分布到模型的相对熵，得到同一个解。方向反过来的相对熵则另有其解。",
    source="Murphy 2022, Probabilistic Machine Learning, section 4.2.2",
)
def one_minimiser(problem, subject, other):
    x, counts, direction = problem
    share, empirical = counts.sum(1) / counts.sum(), counts / counts.sum(1, keepdims=True)
    loss = fitted(subject.LogisticRegression(C=np.inf, **TIGHT), *rows_of(x, counts))
    both, labels = np.tile(x, 2)[:, None], np.repeat([0, 1], len(x))
    soft = (share[:, None] * empirical).T.ravel()  # the joint frequencies as weights
    cross = fitted(subject.LogisticRegression(C=np.inf, **TIGHT), both, labels, soft)

    def divergence(theta):
        q = expit(np.outer([-1, 1], theta[0] * x + theta[1])).T
        pair = (empirical, q) if direction == "from the data" else (q, empirical)
        return share @ [other.kl_divergence(p / p.sum(), q / q.sum()) for p, q in zip(*pair, strict=True)]

    return [agree(loss, cross, scale=0.1), agree(slopes(divergence, loss, h=1e-2), np.zeros(2), scale=0.1)]


@law(
    "property",
    given=absolute,
    en="The KKT conditions certify the answer with absolute values: C xⱼᵀ(y − p) = ρ sign(wⱼ) + (1 − ρ)wⱼ where wⱼ ≠ 0, and at most ρ in size "
    "elsewhere.",
    zh="绝对值惩罚下，KKT 条件是最优性的证书：wⱼ ≠ 0 处 C xⱼᵀ(y − p) = ρ sign(wⱼ) + (1 − ρ)wⱼ，其余处绝对值不超过 ρ。",
    source="Hastie, Tibshirani, Wainwright 2015, section 3.2",
)
def kkt(problem, subject, other):
    X, y, C, ratio = problem
    model = subject.LogisticRegression(C=C, l1_ratio=ratio, **TIGHT).fit(X, y)
    w = model.coef_[0]
    slope = C * X.T @ (y - expit(X @ w + model.intercept_))
    return [
        agree(slope[w != 0], (ratio * np.sign(w) + (1 - ratio) * w)[w != 0], scale=ratio),
        atmost(np.abs(slope)[w == 0], np.full((w == 0).sum(), ratio)),
    ]


@law(
    "property",
    given=empty,
    without=not_empty,
    en="With absolute values in the penalty every coefficient is exactly zero up to C = 1/max|Xᵀ(y − ȳ)|, and beyond it some is not.",
    zh="惩罚取绝对值时，C ≤ 1/max|Xᵀ(y − ȳ)| 则所有系数恰好为零；超过它则不然。",
    source="Koh, Kim, Boyd 2007, section 2.1",
)
def empty_model(problem, subject, other):
    X, y, C = problem
    model = subject.LogisticRegression(C=C, l1_ratio=1.0, **TIGHT).fit(X, y)
    return agree(model.coef_[0], np.zeros(X.shape[1]), scale=1e-3)


@law(
    "special case",
    given=weighted,
    en="Without features to go by, all columns being zero, the model is the base rate whatever the penalty: w = 0 and b = ln(ȳ/(1 − ȳ)), with ȳ "
    "weighted where there are weights.",
    zh="各列全为零，即没有特征可用时，不论惩罚如何，模型就是基准率：w = 0，b = ln(ȳ/(1 − ȳ))；有样本权重时，ȳ 是加权均值。",
)
def base_rate(problem, subject, other):
    X, y, counts = problem
    rate = np.average(y, weights=counts)
    answer = fitted(subject.LogisticRegression(**TIGHT), 0.0 * X, y, counts.astype(float))
    return agree(answer, np.r_[0.0 * X[0], np.log(rate / (1 - rate))], scale=0.1)


@law(
    "property",
    given=separable,
    without=overlapping,
    en="Where a combination of the features separates the classes, perfectly or but for ties, and nothing is penalised, the likelihood has no "
    "maximum, and the fit ends in a warning. Where the classes overlap it does not.",
    zh="若某个特征组合能把两类分开（完全分开，或仅有平局），而又没有惩罚，则似然没有最大值，拟合会给出警告；两类有重叠则没有警告。",
    source="Albert, Anderson 1984, On the existence of maximum likelihood estimates in logistic regression models, Biometrika 71",
)
def separation_is_told(problem, subject, other):
    X, y = problem
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        subject.LogisticRegression(C=np.inf).fit(X, y)
    return agree(any(issubclass(one.category, ConvergenceWarning) for one in told), 1.0)


@law(
    "invariant",
    given=lambda draw: (*overlapping(draw), np.inf),
    without=units_matter,
    en="Without a penalty the units of a feature do not matter; with one they do.",
    zh="没有惩罚时特征的单位无关紧要；有惩罚时单位就要紧了。",
    source="Hastie, Tibshirani, Friedman 2009, section 3.4.1",
)
def units(problem, subject, other):
    X, y, C = problem
    c = np.r_[100.0, np.ones(X.shape[1] - 1)]
    model = subject.LogisticRegression(C=C, **TIGHT)
    return model.fit(X, y).predict_proba(X), model.fit(X * c, y).predict_proba(X * c)


@law(
    "invariant",
    given=lambda draw: (*penalised(draw), True),
    without=without_intercept,
    en="With an unpenalised intercept, shifting the features changes no coefficient.",
    zh="截距不受惩罚时，平移特征不改变任何系数。",
)
def shifts(problem, subject, other):
    X, y, C, intercept = problem
    model = subject.LogisticRegression(C=C, fit_intercept=intercept, **TIGHT)
    return agree(model.fit(X + 2.0, y).coef_.copy(), model.fit(X, y).coef_.copy(), scale=0.1)


@law(
    "equivalent",
    given=lambda draw: (*penalised(draw), 3),
    without=lambda draw: (*penalised(draw), 1),
    en="C counts each row: three copies of the data are the same as three times C.",
    zh="C 是对每个样本计的：把数据抄三份，等于把 C 乘三。",
)
def copies(problem, subject, other):
    X, y, C, factor = problem
    once = fitted(subject.LogisticRegression(C=factor * C, **TIGHT), X, y)
    return once, fitted(subject.LogisticRegression(C=C, **TIGHT), np.tile(X, (3, 1)), np.tile(y, 3))


@law(
    "equivalent",
    given=weighted,
    en="A class weight is a weight of each of its rows; “balanced” is Σs/(2 Σs of the class), with the weights s that the rows have already.",
    zh="类别权重就是该类每个样本的权重；“balanced” 即 Σs/(2 × 该类的 Σs)，其中 s 是样本原有的权重。",
    source="King, Zeng 2001, Logistic Regression in Rare Events Data, section 4.2",
)
def class_weights(problem, subject, other):
    X, y, counts = problem
    s = counts.astype(float)
    chosen = np.where(y == 1, 3.0, 0.5)
    even = s.sum() / (2 * np.bincount(y, s))[y]
    balanced, by_class = (
        subject.LogisticRegression(class_weight=one, **TIGHT) for one in ("balanced", {0: 0.5, 1: 3.0})
    )
    plain = subject.LogisticRegression(**TIGHT)
    return [
        agree(fitted(by_class, X, y), fitted(plain, X, y, chosen)),
        agree(fitted(balanced, X, y, s), fitted(plain, X, y, s * even)),
    ]


@law(
    "invariant",
    given=penalised,
    en="Exchanging the two labels changes the sign of every coefficient and of the intercept.",
    zh="把两个标签互换，所有系数和截距都只变号。",
)
def exchanged_labels(problem, subject, other):
    X, y, C = problem
    model = subject.LogisticRegression(C=C, **TIGHT)
    return fitted(model, X, 1 - y), -fitted(model, X, y)


@law("property", given=labelled, trait="probabilistic-classifier")
def probabilities(problem, subject, other):
    def fit(X, y):
        return subject.LogisticRegression(**TIGHT).fit(X, y).predict_proba(X)

    return probabilistic_classifier(fit, *problem, names=np.array([1, 0]))


@law(
    "property",
    given=labelled,
    en="The predicted class is the one whose probability exceeds one half.",
    zh="预测的类别就是概率超过二分之一的那一类。",
)
def likelier_class(problem, subject, other):
    X, y = problem
    model = subject.LogisticRegression().fit(X, y)
    return model.predict(X), model.predict_proba(X)[:, 1] > 0.5


@law(
    "property",
    given=labelled,
    en="The logarithm of a probability is accurate however close the probability is to zero: −ln(1 + e⁻ᶻ) for class 1, −ln(1 + eᶻ) for class 0.",
    zh="概率再小，其对数也是准确的：类 1 为 −ln(1 + e⁻ᶻ)，类 0 为 −ln(1 + eᶻ)。",
    source="Mächler 2012, Accurately Computing log(1 − exp(−|a|))",
    tolerance=1e-9,
)
def small_probabilities(problem, subject, other):
    model = subject.LogisticRegression().fit(*problem)
    w, b, z = model.coef_[0], model.intercept_[0], np.array([-30.0, -10.0, 10.0, 30.0])
    far = np.outer(z - b, w / (w @ w))
    return model.predict_log_proba(far)[:, 0], -np.logaddexp(0.0, z)


@law("invariant", given=shuffled, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    return permutation_invariant(lambda X, y: fitted(subject.LogisticRegression(**TIGHT), X, y), *problem)


@law("equivalent", given=weighted, trait="weights-repeat")
def weights(problem, subject, other):
    return weights_repeat(lambda X, y, s: fitted(subject.LogisticRegression(**TIGHT), X, y, s), *problem)


@law(
    "equivalent",
    given=penalised,
    en="A sparse matrix gives the same coefficients as a dense one.",
    zh="稀疏矩阵与稠密矩阵给出相同的系数。",
)
def storage(problem, subject, other):
    X, y, C = problem
    X = np.where(X > 0.2, X, 0.0)
    model = subject.LogisticRegression(C=C, **TIGHT)
    return fitted(model, sparse.csr_matrix(X), y), fitted(model, X, y)


# ---- mutants -----------------------------------------------------------------------------------------------


def with_fit(ours: Subject, change):
    """Ours whose ``fit`` runs with what ``change(self, X, y, s)`` returns: parameters that differ, X, y and weights."""

    class LogisticRegression(ours.LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            given = self.get_params()
            parameters, *table = change(self, X, y, sample_weight)
            self.set_params(**parameters)
            super().fit(*table)
            self.set_params(**given)
            return self

    return SimpleNamespace(LogisticRegression=LogisticRegression)


def with_answer(ours: Subject, change):
    """Ours whose coefficients go through ``change(self, X, y)`` after each fit; it returns w and b."""

    class LogisticRegression(ours.LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            started = vars(self).copy()
            super().fit(X, y, sample_weight)
            w, b = change(self, X, y, started)
            self.coef_, self.intercept_ = np.reshape(w, (1, -1)), np.reshape(b, (1,))
            return self

    return SimpleNamespace(LogisticRegression=LogisticRegression)


def with_method(ours: Subject, **methods):
    return SimpleNamespace(LogisticRegression=type("LogisticRegression", (ours.LogisticRegression,), methods))


@mutant(
    en="penalises the intercept, as one more feature of ones",
    zh="把截距当作全为一的特征一并惩罚",
    source="LIBLINEAR, and so scikit-learn's solver of that name",
)
def penalised_intercept(ours):
    def change(self, X, y, started):
        if not self.fit_intercept or np.isinf(self.C):
            return self.coef_, self.intercept_
        A = (
            sparse.hstack([X, np.ones((len(y), 1))]).tocsr()
            if sparse.issparse(X)
            else np.column_stack([X, np.ones(len(y))])
        )
        w = ours.LogisticRegression(**{**self.get_params(), "fit_intercept": False}).fit(A, y).coef_[0]
        return w[:-1], w[-1]

    return with_answer(ours, change)


@mutant(
    en="weighs the mean of the losses against the penalty, not their sum",
    zh="拿损失的平均（而不是总和）与惩罚相比",
    source="the factor n between C and the λ of glmnet and of most deep-learning code",
)
def mean_against_penalty(ours):
    return with_fit(ours, lambda self, X, y, s: ({"C": self.C / X.shape[0]}, X, y, s))


@mutant(en="penalises with the whole square, without ½", zh="平方惩罚漏了 ½")
def whole_square(ours):
    def change(self, X, y, s):
        share = self.l1_ratio + 2 * (1 - self.l1_ratio)
        return {"C": self.C / share, "l1_ratio": self.l1_ratio / share}, X, y, s

    return with_fit(ours, change)


@mutant(
    en="penalises a little though nothing was to be penalised",
    zh="说好不惩罚，却还是惩罚了一点",
    source="scikit-learn before 0.21, which had no way to switch the penalty off",
)
def hidden_penalty(ours):
    return with_fit(ours, lambda self, X, y, s: ({"C": min(self.C, 100.0)}, X, y, s))


@mutant(en="says nothing where the likelihood has no maximum", zh="似然没有最大值时一声不吭")
def silent(ours):
    class LogisticRegression(ours.LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return super().fit(X, y, sample_weight)

    return SimpleNamespace(LogisticRegression=LogisticRegression)


@mutant(
    en="sees separation only where it is perfect",
    zh="只认得完全可分，认不出有平局的可分",
    source="the textbook's case alone; Albert and Anderson call the other quasi-complete",
)
def only_perfect(ours):
    class LogisticRegression(ours.LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                super().fit(X, y, sample_weight)
            if np.isinf(self.C) and ((self.decision_function(X) > 0) == (y == self.classes_[1])).all():
                warnings.warn("separable", ConvergenceWarning, stacklevel=2)
            return self

    return SimpleNamespace(LogisticRegression=LogisticRegression)


@mutant(en="forgets to divide y − p by p(1 − p) in the working response", zh="工作响应里的 y − p 忘了除以 p(1 − p)")
def undivided_response(ours):
    return with_answer(ours, one_step(lambda z, p, y: (z + y - p, p * (1 - p))))


@mutant(
    en="takes ¼ for every p(1 − p) in the Hessian, its bound",
    zh="海森矩阵里的 p(1 − p) 一律取上界 ¼",
    source="Böhning, Lindsay 1988; also a fixed step, as for least squares",
)
def bound_for_hessian(ours):
    return with_answer(ours, one_step(lambda z, p, y: (z + 4 * (y - p), np.full(len(z), 0.25))))


def one_step(response):
    """Where one iteration from given coefficients was asked for: least squares on another response with other weights."""

    def change(self, X, y, started):
        if self.max_iter > 1:
            return self.coef_, self.intercept_
        z = X @ started["coef_"][0] + started["intercept_"]
        target, v = response(z, expit(z), y)
        A = np.column_stack([X, np.ones(len(y))]) * np.sqrt(v)[:, None]
        theta = np.linalg.lstsq(A, np.sqrt(v) * target, rcond=None)[0]
        return theta[:-1], theta[-1]

    return change


@mutant(en="stops after a few digits", zh="只算准几位就停")
def stops_early(ours):
    return with_fit(ours, lambda self, X, y, s: ({"tol": max(self.tol, 1e-3)}, X, y, s))


@mutant(en="ignores the weights", zh="忽略样本权重")
def no_weights(ours):
    return with_fit(ours, lambda self, X, y, s: ({}, X, y, None))


@mutant(
    en="divides the weights by their mean, which changes what they count against the penalty",
    zh="把权重除以均值，于是改变了它们与惩罚的比例",
    source="scikit-learn issue 11316, on class weights that do and do not act as sample weights",
)
def normalised_weights(ours):
    return with_fit(ours, lambda self, X, y, s: ({}, X, y, None if s is None else s / np.mean(s)))


@mutant(
    en="counts rows for “balanced”, and not their weights",
    zh="“balanced” 数的是样本个数，而不是样本权重",
    source="scikit-learn's compute_class_weight before it had a sample_weight",
)
def balanced_by_count(ours):
    def change(self, X, y, s):
        if not isinstance(self.class_weight, str):
            return {}, X, y, s
        return {"class_weight": dict(enumerate(len(y) / (2 * np.bincount(y))))}, X, y, s

    return with_fit(ours, change)


@mutant(en="takes the class weight for a multiple of the probability", zh="把类别权重乘到概率上，而不是损失上")
def weighted_probability(ours):
    def change(self, X, y, started):
        return self.coef_, self.intercept_ + (np.log(6.0) if isinstance(self.class_weight, dict) else 0.0)

    inner = with_fit(
        ours, lambda self, X, y, s: ({"class_weight": None} if isinstance(self.class_weight, dict) else {}, X, y, s)
    )
    return with_answer(inner, change)


@mutant(
    en="moves the labels towards one half, as Platt scaling does",
    zh="像 Platt 缩放那样，把标签往二分之一挪",
    source="Platt 1999, for calibrating the scores of another model",
)
def smoothed_labels(ours):
    def change(self, X, y, s):
        if sparse.issparse(X):
            return {}, X, y, s
        s = np.ones(len(y)) if s is None else s
        n0, n1 = (s[y == c].sum() for c in (0, 1))
        t = np.where(y == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
        return {}, np.vstack([X, X]), np.repeat([0, 1], len(y)), np.r_[s * (1 - t), s * t]

    return with_fit(ours, change)


@mutant(en="sets small coefficients to zero when it is done", zh="收敛后把小系数一律清零")
def rounded_off(ours):
    def change(self, X, y, started):
        w = self.coef_[0]
        return np.where(np.abs(w) < 0.3 * np.abs(w).max(), 0.0, w), self.intercept_

    return with_answer(ours, change)


@mutant(en="never sets a coefficient exactly to zero", zh="从不把系数恰好设为零")
def never_zero(ours):
    return with_answer(ours, lambda self, X, y, started: (np.where(self.coef_ == 0, 1e-3, self.coef_), self.intercept_))


@mutant(en="exchanges l1_ratio and 1 − l1_ratio", zh="把 l1_ratio 与 1 − l1_ratio 弄反了")
def exchanged_ratio(ours):
    return with_fit(ours, lambda self, X, y, s: ({"l1_ratio": 1 - self.l1_ratio}, X, y, s))


@mutant(
    en="numbers the classes in the order in which they come",
    zh="按出现的先后给类别编号",
    source="pandas.factorize, where LabelEncoder sorts",
)
def order_of_appearance(ours):
    def change(self, X, y, started):
        return (self.coef_, self.intercept_) if y[0] == self.classes_[0] else (-self.coef_, -self.intercept_)

    return with_answer(ours, change)


@mutant(en="leaves out the last sample", zh="漏掉最后一个样本")
def off_by_one(ours):
    def change(self, X, y, s):
        return ({}, X, y, s) if s is not None or len(y) < 10 else ({}, X[:-1], y[:-1], None)

    return with_fit(ours, change)


@mutant(
    en="gives a sparse matrix no intercept",
    zh="稀疏矩阵不配截距",
    source="centring it would fill it in, so that some leave the intercept out",
)
def sparse_without_intercept(ours):
    return with_fit(
        ours, lambda self, X, y, s: ({"fit_intercept": self.fit_intercept and not sparse.issparse(X)}, X, y, s)
    )


@mutant(en="takes the normal distribution function for the sigmoid", zh="用正态分布函数代替 S 形函数")
def probit(ours):
    def predict_proba(self, X):
        z = self.decision_function(X)
        return np.column_stack([ndtr(-z), ndtr(z)])

    return with_method(ours, predict_proba=predict_proba)


@mutant(en="returns the probability of class 1 in the first column", zh="把类 1 的概率放在第一列")
def reversed_columns(ours):
    return with_method(ours, predict_proba=lambda self, X: ours.LogisticRegression.predict_proba(self, X)[:, ::-1])


@mutant(
    en="takes the logarithm of a probability that has been rounded",
    zh="先把概率舍入，再取对数",
    source="scikit-learn, whose predict_log_proba is the logarithm of predict_proba",
)
def log_of_rounded(ours):
    def predict_log_proba(self, X):
        p = expit(self.decision_function(X))
        return np.log(np.column_stack([1 - p, p]))

    return with_method(ours, predict_log_proba=predict_log_proba)


@mutant(en="cuts at the base rate and not at one half", zh="以基准率（而不是二分之一）为界")
def cut_at_base_rate(ours):
    class LogisticRegression(ours.LogisticRegression):
        def fit(self, X, y, sample_weight=None):
            self.rate = np.mean(np.asarray(y) == np.max(y))
            return super().fit(X, y, sample_weight)

        def predict(self, X):
            return self.classes_[(self.predict_proba(X)[:, 1] > self.rate).astype(int)]

    return SimpleNamespace(LogisticRegression=LogisticRegression)
