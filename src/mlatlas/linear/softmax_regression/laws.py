"""Known answers, laws and mutants of softmax regression."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
from scipy import sparse
from scipy.special import expit, log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant
from mlatlas.atlas.judge.traits import permutation_invariant, probabilistic_classifier, weights_repeat

TIGHT = {"tol": 1e-10, "max_iter": 100_000}

# ---- definitions -------------------------------------------------------------------------------------------


def optimum(X, y, C=np.inf, s=1.0, intercept=True):
    """W (p, k) and b (k,) by Newton's method on the definition, with steps that change no score by more than 2."""
    k, Y = y.max() + 1, np.eye(y.max() + 1)[y]
    A = np.column_stack([X, np.ones(len(y))]) if intercept else X
    penalty = np.repeat(np.r_[np.full(X.shape[1], 1 / C), np.zeros(int(intercept))], k)
    theta = np.zeros((A.shape[1], k))
    for _ in range(60):
        P = softmax(A @ theta, axis=1)
        V = P[:, :, None] * (np.eye(k) - P[:, None, :]) * np.reshape(s, (-1, 1, 1))
        gradient = (A.T @ (np.reshape(s, (-1, 1)) * (P - Y))).ravel() + penalty * theta.ravel()
        hessian = np.einsum("ia,ijl,ib->ajbl", A, V, A).reshape(theta.size, -1) + np.diag(penalty)
        step = np.linalg.lstsq(hessian, gradient, rcond=1e-12)[0].reshape(theta.shape)
        theta = theta - step * min(1.0, 2.0 / max(np.abs(A @ step).max(), 1e-300))
    return (theta[:-1], theta[-1]) if intercept else (theta, np.zeros(k))


def c_min(X, y):
    """With absolute values in the penalty: the C up to which every coefficient is zero."""
    Y = np.eye(y.max() + 1)[y]
    return 1 / float(np.abs(X.T @ (Y - Y.mean(0))).max())


def fitted(model, X, y, weights=None):
    """Coefficients and intercepts, those centred, since a number added to all of them says nothing."""
    model.fit(X, y) if weights is None else model.fit(X, y, sample_weight=weights)
    return np.c_[model.coef_, model.intercept_ - model.intercept_.mean()]


def slopes(f, theta, h=1e-3):
    """The partial derivatives of f at theta, from four values each."""
    moves = np.eye(theta.size).reshape(-1, *theta.shape) * h
    return np.array(
        [(8 * (f(theta + d) - f(theta - d)) - f(theta + 2 * d) + f(theta - 2 * d)) / (12 * h) for d in moves]
    ).reshape(theta.shape)


# ---- problems ----------------------------------------------------------------------------------------------


def labelled(draw: Draw, k: int | None = None):
    """Features off the origin, and labels that they tell something about."""
    k = draw.integer(3, 5) if k is None else k
    n, p = draw.integer(8 * k, 12 * k), draw.integer(1, 4)
    X = draw.normal(n, p) + 0.5
    noise = -np.log(-np.log(draw.uniform(0.001, 0.999, n, k)))
    y = ((X - 0.5) @ draw.normal(p, k) + noise).argmax(1)
    draw.require(np.bincount(y, minlength=k).min() >= 3 and np.linalg.matrix_rank(X - X.mean(0)) == p)
    return X, y


def overlapping(draw: Draw, k: int | None = None):
    """No class can be separated from another, so that the likelihood has a maximum."""
    X, y = labelled(draw, k)
    W, b = optimum(X, y)
    Z = X @ W + b
    P = softmax(Z, axis=1)
    draw.require(np.abs(X.T @ (P - np.eye(P.shape[1])[y])).max() < 1e-9 and np.ptp(Z, axis=1).max() < 10)
    return X, y


def separable(draw: Draw):
    """A plane that parts one class, or the first two, from the others; among those nothing need be separable."""
    X, y = overlapping(draw)
    apart = y < draw.integer(1, 3)
    X[:, 0] = np.where(apart, 1, -1) * (0.1 + np.abs(X[:, 0]))
    return X, y


def penalised(draw: Draw):
    X, y = labelled(draw)
    return X, y, float(draw.choice([1.0, 0.1, 10.0]))


def two_classes(times):
    """Two classes, C, and by how much C is multiplied for logistic regression."""

    def draw_two(draw: Draw):
        X, y = labelled(draw, 2)
        C = float(draw.choice([1.0, 0.1, 10.0]))
        draw.require(np.abs(np.subtract(*(optimum(X, y, c)[0] for c in (C, C / 2)))).max() > 1e-2)
        return X, y, C, times

    return draw_two


def absolute(draw: Draw):
    """A penalty with a share ρ of absolute values, which leaves some coefficients."""
    X, y = labelled(draw)
    ratio = draw.choice([1.0, 0.5])
    return X, y, draw.choice([3.0, 10.0]) * ratio * c_min(X, y), ratio


def only_absolute(draw: Draw):
    X, y = labelled(draw)
    return X, y, draw.choice([3.0, 10.0]) * c_min(X, y), 1.0


def only_squares(draw: Draw):
    """A penalty of squares, under which some feature has fewer or more positive coefficients than half of them."""
    X, y, C = penalised(draw)
    W = optimum(X, y, C)[0]
    draw.require((np.maximum((W > 0.01).sum(1), (W < -0.01).sum(1)) > W.shape[1] // 2).any())
    return X, y, C, 0.0


def empty(draw: Draw):
    X, y = labelled(draw)
    return X, y, c_min(X, y) * float(draw.uniform(0.3, 0.999))


def not_empty(draw: Draw):
    X, y = labelled(draw)
    return X, y, c_min(X, y) * float(draw.uniform(1.05, 3.0))


def without_intercept(draw: Draw):
    """The same data, on which planes through the origin predict other shares of the classes."""
    X, y, C = penalised(draw)
    P = softmax(X @ optimum(X, y, C, intercept=False)[0], axis=1)
    draw.require(np.abs(P.mean(0) - np.bincount(y) / len(y)).max() > 1e-2)
    return X, y, C, False


def units_matter(draw: Draw):
    """A penalty that the unit of the first feature makes dear or cheap."""
    X, y, C = penalised(draw)
    c = np.r_[100.0, np.ones(X.shape[1] - 1)]
    before, after = (softmax(A @ W + b, axis=1) for A in (X, X * c) for W, b in [optimum(A, y, C)])
    draw.require(np.abs(before - after).max() > 1e-2)
    return X, y, C


def shifted(among):
    """What is added to the coefficients and intercepts of all classes, or of the first alone."""

    def draw_shift(draw: Draw):
        X, y = labelled(draw)
        shift, number = draw.normal(X.shape[1]), float(draw.choice([1.0, -3.0, 900.0]))
        draw.require(np.abs(X @ shift + number).min() > 0.1)
        rows = np.arange(y.max() + 1)[:, None] < (1 if among == "one" else y.max() + 1)
        return X, y, rows * shift, rows[:, 0] * number

    return draw_shift


def weighted(draw: Draw):
    X, y = labelled(draw)
    counts = np.array([draw.integer(1, 4) for _ in range(len(y))])
    draw.require(min(len(set(counts[y == c])) for c in range(y.max() + 1)) > 1)
    return X, y, counts


def shuffled(draw: Draw):
    X, y = labelled(draw)
    return X, y, draw.permutation(len(y))


def groups(direction):
    """A few values of one feature, and at each so many rows of each of three classes."""

    def draw_groups(draw: Draw):
        g = draw.integer(3, 5)
        x, counts = np.arange(g) + 0.3 * draw.normal(g), draw.integer(1, 7, g, 3)
        share, empirical = counts.sum(1) / counts.sum(), counts / counts.sum(1, keepdims=True)
        W, b = optimum(*rows_of(x, counts))
        Q = softmax(x[:, None] * W + b, axis=1)
        log_ratio = np.log(Q / empirical)
        backward = share[:, None] * Q * (log_ratio - (Q * log_ratio).sum(1, keepdims=True))
        draw.require(np.abs(np.column_stack([x, x**0]).T @ backward).max() > 1e-2)
        return x, counts, direction

    return draw_groups


def rows_of(x, counts):
    group, y = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    return x[group, None], y


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="Of the rows with x = 0 one, two and three are of the classes 0, 1, 2, and of those with x = 1 three, two and one. Nothing is penalised, so the "
    "probabilities are these shares, and z₁ − z₀ and z₂ − z₀ are ln 2 and ln 3 at x = 0 and fall by ln 3 and ln 9 to x = 1.",
    zh="x = 0 的样本中类 0、1、2 各有一、二、三个，x = 1 的样本中各有三、二、一个。不加惩罚时，概率就是这些比例；z₁ − z₀ 与 z₂ − z₀ 在 x = 0 处是 ln 2 和 ln 3，"
    "到 x = 1 处各下降 ln 3 和 ln 9。",
    source="by hand",
)
def two_tables(subject: Subject):
    X, y = rows_of(np.array([0.0, 1.0]), np.array([[1, 2, 3], [3, 2, 1]]))
    model = subject.SoftmaxRegression(C=np.inf, **TIGHT).fit(X, y)
    both = np.c_[model.coef_, model.intercept_]
    return [
        agree(both[1:] - both[0], [[-np.log(3), np.log(2)], [-np.log(9), np.log(3)]]),
        agree(model.predict_proba(np.array([[0.0], [1.0]])), [[1 / 6, 1 / 3, 1 / 2], [1 / 2, 1 / 3, 1 / 6]]),
    ]


@known(
    en="Three rows, one on each axis, each of its own class, without an intercept: by symmetry W = w(3I − 11ᵀ)/3 with w = 3Cp, where "
    "p = 1/(e^w + 2) is the probability of each other class. C = (e + 2)/3 gives w = 1.",
    zh="三个样本各在一条坐标轴上、各属一类，不含截距：由对称性 W = w(3I − 11ᵀ)/3，而 w = 3Cp，其中 p = 1/(e^w + 2) 是其他每一类的概率。C = (e + 2)/3 给出 w = 1。",
    source="by hand",
)
def three_axes(subject: Subject):
    model = subject.SoftmaxRegression(C=(np.e + 2) / 3, fit_intercept=False, **TIGHT).fit(np.eye(3), np.arange(3))
    return model.coef_, np.eye(3) - 1 / 3


@known(
    en="The same with absolute values: only the diagonal is left, with C(1 − p) = 1 for the own class, p = e^w/(e^w + 2): C = 2 gives w = ln 2.",
    zh="同样的数据，惩罚取绝对值：只剩对角线，而 C(1 − p) = 1，p = e^w/(e^w + 2) 是所属类的概率；C = 2 给出 w = ln 2。",
    source="by hand",
)
def three_axes_absolute(subject: Subject):
    model = subject.SoftmaxRegression(C=2.0, l1_ratio=1.0, fit_intercept=False, **TIGHT).fit(np.eye(3), np.arange(3))
    return model.coef_, np.log(2) * np.eye(3)


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "special case",
    of="logistic-regression",
    given=two_classes(2),
    without=two_classes(1),
    en="Two-class softmax with a penalty λ of squares on both rows is logistic regression with λ/2, so that C corresponds to 2C: same probabilities, and w "
    "is the difference of the rows. Without halving it is not.",
    zh="两类的 softmax 回归若对两行都加平方惩罚 λ，就是惩罚为 λ/2 的逻辑回归，即 C 对应 2C：概率相同，w 是两行之差。不减半则不然。",
    source="Bishop 2006, section 4.3.4; by ½λ(‖u + w/2‖² + ‖u − w/2‖²), which is least at u = 0, where it is ¼λ‖w‖²",
)
def half_the_penalty(problem, subject, other):
    X, y, C, times = problem
    model = subject.SoftmaxRegression(C=C, **TIGHT).fit(X, y)
    logistic = other.LogisticRegression(C=times * C, **TIGHT).fit(X, y)
    rows = np.c_[model.coef_, model.intercept_]
    return [
        agree(rows[1] - rows[0], np.r_[logistic.coef_[0], logistic.intercept_]),
        agree(model.predict_proba(X), logistic.predict_proba(X)),
    ]


@law(
    "special case",
    of="logistic-regression",
    given=lambda draw: (*overlapping(draw, 2), np.inf),
    without=lambda draw: two_classes(1)(draw)[:3],
    en="Unpenalised, the difference of the two rows is the w of logistic regression with the same C = ∞, and the probabilities agree. With one finite C "
    "for both they do not.",
    zh="不加惩罚（两边 C = ∞）时，两行之差就是逻辑回归的 w，概率也一致。两边取同一个有限的 C 则不然。",
    source="Bishop 2006, section 4.3.4",
)
def difference_of_rows(problem, subject, other):
    X, y, C = problem
    model = subject.SoftmaxRegression(C=C, **TIGHT).fit(X, y)
    logistic = other.LogisticRegression(C=C, **TIGHT).fit(X, y)
    rows = np.c_[model.coef_, model.intercept_]
    return [
        agree(rows[1] - rows[0], np.r_[logistic.coef_[0], logistic.intercept_]),
        agree(model.predict_proba(X), logistic.predict_proba(X)),
    ]


@law(
    "property",
    given=lambda draw: (*overlapping(draw), np.inf),
    without=penalised,
    en="Unpenalised, single rows are not identified: a fit that starts with 1 added to all coefficients ends at other rows and the same probabilities. "
    "With a penalty it ends at the same rows.",
    zh="不加惩罚时，单独各行不可辨识：起点的所有系数都加 1，拟合停在另一组行上，概率却完全一样。有惩罚时则回到同一组行。",
    source="Hastie, Tibshirani, Wainwright 2015, section 3.3",
)
def rows_not_identified(problem, subject, other):
    X, y, C = problem
    here = subject.SoftmaxRegression(C=C, **TIGHT).fit(X, y)
    there = subject.SoftmaxRegression(C=C, warm_start=True, **TIGHT)
    there.coef_, there.intercept_ = here.coef_ + 1.0, here.intercept_.copy()
    there.classes_ = here.classes_
    there.fit(X, y)
    return [agree(there.predict_proba(X), here.predict_proba(X)), differs(there.coef_, here.coef_)]


@law(
    "invariant",
    given=shifted("all"),
    without=shifted("one"),
    en="Adding a constant to all scores of a row changes no probability, however large the constant; adding it to one score does.",
    zh="给一个样本的所有得分加上同一个常数，不论多大，概率都不变；只加到一个得分上则会变。",
    source="Bishop 2006, section 4.3.4",
)
def constant_added(problem, subject, other):
    X, y, shift, number = problem
    model = subject.SoftmaxRegression(C=0.1).fit(X, y)
    before = model.predict_proba(X)
    model.coef_, model.intercept_ = model.coef_ + shift, model.intercept_ + number
    return before, model.predict_proba(X)


@law(
    "property",
    given=penalised,
    en="The gradient of the loss is Xᵀ(P − Y), and the column sums of P − Y for the intercepts: the probabilities, moved numerically, tell the same.",
    zh="损失的梯度是 Xᵀ(P − Y)，对截距则是 P − Y 的列和：对输出的概率做数值微分，结果一致。",
    source="Bishop 2006, equation 4.109",
)
def gradient(problem, subject, other):
    X, y, C = problem
    model = subject.SoftmaxRegression(C=C).fit(X, y)
    A, R = np.column_stack([X, np.ones(len(y))]), model.predict_proba(X) - np.eye(y.max() + 1)[y]

    def loss(theta):
        model.coef_, model.intercept_ = theta[:, :-1], theta[:, -1]
        return -model.predict_log_proba(X)[np.arange(len(y)), y].sum()

    return agree(slopes(loss, np.c_[model.coef_, model.intercept_]), R.T @ A, scale=1.0)


@law(
    "property",
    given=penalised,
    en="With squares in the penalty the answer is W = C Xᵀ(Y − P), which is where the gradient of the objective is zero.",
    zh="平方惩罚下，解满足 W = C Xᵀ(Y − P)，也就是目标函数的梯度为零之处。",
    source="Bishop 2006, equation 4.109",
)
def stationary(problem, subject, other):
    X, y, C = problem
    model = subject.SoftmaxRegression(C=C, **TIGHT).fit(X, y)
    P = softmax(X @ model.coef_.T + model.intercept_, axis=1)
    return agree(model.coef_, C * (np.eye(y.max() + 1)[y] - P).T @ X, scale=0.1)


@law(
    "property",
    given=lambda draw: (*penalised(draw), True),
    without=without_intercept,
    en="With unpenalised intercepts the mean probability of each class is its share of the rows. Without intercepts it is not.",
    zh="截距不受惩罚时，每一类的预测概率均值等于它在样本中的比例；没有截距则不然。",
    source="Murphy 2022, Probabilistic Machine Learning, section 10.3.2",
)
def balance(problem, subject, other):
    X, y, C, intercept = problem
    model = subject.SoftmaxRegression(C=C, fit_intercept=intercept, **TIGHT).fit(X, y)
    return model.predict_proba(X).mean(0), np.bincount(y) / len(y)


@law(
    "property",
    given=penalised,
    en="Penalised squares fix what the loss leaves open: the coefficients of each feature sum to zero over the classes.",
    zh="平方惩罚定下了损失不管的那部分：每个特征的系数对各类求和为零。",
    source="Hastie, Tibshirani, Wainwright 2015, section 3.3.1",
)
def sum_of_rows(problem, subject, other):
    X, y, C = problem
    W = subject.SoftmaxRegression(C=C, **TIGHT).fit(X, y).coef_
    return agree(W.sum(0), 0.0 * W[0], scale=np.abs(W).max())


@law(
    "property",
    given=only_absolute,
    without=only_squares,
    en="Penalised absolute values fix it by the median: of the coefficients of a feature at most half are positive, and at most half negative. With "
    "squares it may be more.",
    zh="绝对值惩罚则由中位数来定：一个特征的各类系数中，为正的至多一半，为负的也至多一半。换成平方就可以更多。",
    source="Friedman, Hastie, Tibshirani 2010, section 4.1",
)
def median_of_rows(problem, subject, other):
    X, y, C, ratio = problem
    W = subject.SoftmaxRegression(C=C, l1_ratio=ratio, **TIGHT).fit(X, y).coef_
    half = np.full(W.shape[1], len(W) // 2)
    return [atmost((W > 0).sum(0), half), atmost((W < 0).sum(0), half)]


@law(
    "equivalent",
    of="information-theory",
    given=groups("from the data"),
    without=groups("to the data"),
    en="Minimising the log loss of the rows, the cross-entropy of the empirical conditional distribution, and its KL divergence from the model has one "
    "and the same answer. The divergence in the other direction has another.",
    zh="极小化各样本的对数损失、经验条件分布的交叉熵、经验条件分布到模型的相对熵，得到同一个解。方向反过来的相对熵则另有其解。",
    source="Murphy 2022, Probabilistic Machine Learning, section 4.2.2",
)
def one_minimiser(problem, subject, other):
    x, counts, direction = problem
    share, empirical = counts.sum(1) / counts.sum(), counts / counts.sum(1, keepdims=True)
    loss = fitted(subject.SoftmaxRegression(C=np.inf, **TIGHT), *rows_of(x, counts))
    every, labels = np.repeat(x, 3)[:, None], np.tile([0, 1, 2], len(x))
    soft = (share[:, None] * empirical).ravel()  # the joint frequencies as weights
    cross = fitted(subject.SoftmaxRegression(C=np.inf, **TIGHT), every, labels, soft)

    def divergence(theta):
        Q = softmax(np.outer(x, theta[:, 0]) + theta[:, 1], axis=1)
        pair = (empirical, Q) if direction == "from the data" else (Q, empirical)
        return share @ [other.kl_divergence(p / p.sum(), q / q.sum()) for p, q in zip(*pair, strict=True)]

    P, model = (
        softmax(np.outer(x, loss[:, 0]) + loss[:, 1], axis=1),
        softmax(np.outer(x, cross[:, 0]) + cross[:, 1], axis=1),
    )
    return [agree(P, model), agree(slopes(divergence, loss, h=1e-2), 0.0 * loss, scale=0.1)]


@law(
    "property",
    given=absolute,
    en="The KKT conditions certify the answer with absolute values: C Xᵀ(Y − P) = ρ sign W + (1 − ρ)W where W ≠ 0, and at most ρ in size elsewhere.",
    zh="绝对值惩罚下，KKT 条件是最优性的证书：W ≠ 0 处 C Xᵀ(Y − P) = ρ sign W + (1 − ρ)W，其余处绝对值不超过 ρ。",
    source="Hastie, Tibshirani, Wainwright 2015, section 3.3",
)
def kkt(problem, subject, other):
    X, y, C, ratio = problem
    model = subject.SoftmaxRegression(C=C, l1_ratio=ratio, **TIGHT).fit(X, y)
    W = model.coef_
    slope = C * (np.eye(y.max() + 1)[y] - softmax(X @ W.T + model.intercept_, axis=1)).T @ X
    return [
        agree(slope[W != 0], (ratio * np.sign(W) + (1 - ratio) * W)[W != 0], scale=ratio),
        atmost(np.abs(slope)[W == 0], np.full((W == 0).sum(), ratio)),
    ]


@law(
    "property",
    given=empty,
    without=not_empty,
    en="With absolute values in the penalty every coefficient is exactly zero up to C = 1/max|Xᵀ(Y − Ȳ)|, and beyond it some is not.",
    zh="惩罚取绝对值时，C ≤ 1/max|Xᵀ(Y − Ȳ)| 则所有系数恰好为零；超过它则不然。",
    source="Friedman, Hastie, Tibshirani 2010, section 4.1",
)
def empty_model(problem, subject, other):
    X, y, C = problem
    W = subject.SoftmaxRegression(C=C, l1_ratio=1.0, **TIGHT).fit(X, y).coef_
    return agree(W, 0.0 * W, scale=1e-3)


@law(
    "special case",
    given=weighted,
    en="Without features to go by, all columns being zero, the probabilities are the shares of the classes whatever the penalty, weighted where there "
    "are weights.",
    zh="各列全为零，即没有特征可用时，不论惩罚如何，概率就是各类的比例；有样本权重时是加权比例。",
)
def base_rates(problem, subject, other):
    X, y, counts = problem
    model = subject.SoftmaxRegression(**TIGHT).fit(0.0 * X, y, sample_weight=counts.astype(float))
    share = np.bincount(y, counts) / counts.sum()
    return [agree(model.predict_proba(0.0 * X[:1])[0], share), agree(model.coef_, 0.0 * model.coef_, scale=0.1)]


@law(
    "property",
    given=separable,
    without=overlapping,
    en="Where a class, or a group of classes, can be separated from the others and nothing is penalised, the likelihood has no maximum, and the fit ends "
    "in a warning. Where all overlap it does not.",
    zh="若某一类或某几类能与其余各类分开，而又没有惩罚，则似然没有最大值，拟合会给出警告；各类都有重叠则没有警告。",
    source="Albert, Anderson 1984, On the existence of maximum likelihood estimates in logistic regression models, Biometrika 71",
)
def separation_is_told(problem, subject, other):
    X, y = problem
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        subject.SoftmaxRegression(C=np.inf).fit(X, y)
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
    model = subject.SoftmaxRegression(C=C, **TIGHT)
    return model.fit(X, y).predict_proba(X), model.fit(X * c, y).predict_proba(X * c)


@law(
    "invariant",
    given=lambda draw: (*penalised(draw), True),
    without=without_intercept,
    en="With unpenalised intercepts, shifting the features changes no coefficient.",
    zh="截距不受惩罚时，平移特征不改变任何系数。",
)
def shifts(problem, subject, other):
    X, y, C, intercept = problem
    model = subject.SoftmaxRegression(C=C, fit_intercept=intercept, **TIGHT)
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
    once = fitted(subject.SoftmaxRegression(C=factor * C, **TIGHT), X, y)
    return once, fitted(subject.SoftmaxRegression(C=C, **TIGHT), np.tile(X, (3, 1)), np.tile(y, 3))


@law(
    "equivalent",
    given=weighted,
    en="A class weight is a weight of each of its rows; “balanced” is Σs/(k Σs of the class), with the weights s that the rows have already.",
    zh="类别权重就是该类每个样本的权重；“balanced” 即 Σs/(k × 该类的 Σs)，其中 s 是样本原有的权重，k 是类别数。",
    source="King, Zeng 2001, Logistic Regression in Rare Events Data, section 4.2",
)
def class_weights(problem, subject, other):
    X, y, counts = problem
    s, k = counts.astype(float), y.max() + 1
    even = s.sum() / (k * np.bincount(y, s))[y]
    some = {c: 0.5 + c for c in range(k)}
    balanced, by_class = (subject.SoftmaxRegression(class_weight=one, **TIGHT) for one in ("balanced", some))
    plain = subject.SoftmaxRegression(**TIGHT)
    return [
        agree(fitted(by_class, X, y), fitted(plain, X, y, 0.5 + y)),
        agree(fitted(balanced, X, y, s), fitted(plain, X, y, s * even)),
    ]


@law("property", given=shuffled, trait="probabilistic-classifier")
def probabilities(problem, subject, other):
    X, y, order = problem

    def fit(X, y):
        return subject.SoftmaxRegression(**TIGHT).fit(X, y).predict_proba(X)

    return probabilistic_classifier(fit, X, y, names=np.argsort(order[: y.max() + 1]))


@law(
    "property",
    given=labelled,
    en="The predicted class is the most probable one.",
    zh="预测的类别就是概率最大的那一类。",
)
def likeliest_class(problem, subject, other):
    X, y = problem
    model = subject.SoftmaxRegression().fit(X, y)
    return model.predict(X), model.predict_proba(X).argmax(1)


@law(
    "property",
    given=labelled,
    en="The logarithm of a probability is accurate however close the probability is to zero: zⱼ − ln Σ exp z.",
    zh="概率再小，其对数也是准确的：zⱼ − ln Σ exp z。",
    source="Blanchard, Higham, Higham 2021, Accurately Computing the Log-Sum-Exp and Softmax Functions",
    tolerance=1e-9,
)
def small_probabilities(problem, subject, other):
    X, y = problem
    model = subject.SoftmaxRegression(C=0.1).fit(X, y)
    model.coef_, model.intercept_ = 0.0 * model.coef_, -400.0 * np.arange(y.max() + 1)
    return model.predict_log_proba(X[:1])[0], log_softmax(model.intercept_)


@law("invariant", given=shuffled, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    return permutation_invariant(lambda X, y: fitted(subject.SoftmaxRegression(**TIGHT), X, y), *problem)


@law("equivalent", given=weighted, trait="weights-repeat")
def weights(problem, subject, other):
    return weights_repeat(lambda X, y, s: fitted(subject.SoftmaxRegression(**TIGHT), X, y, s), *problem)


@law(
    "equivalent",
    given=penalised,
    en="A sparse matrix gives the same coefficients as a dense one.",
    zh="稀疏矩阵与稠密矩阵给出相同的系数。",
)
def storage(problem, subject, other):
    X, y, C = problem
    X = np.where(X > 0.2, X, 0.0)
    model = subject.SoftmaxRegression(C=C, **TIGHT)
    return fitted(model, sparse.csr_matrix(X), y), fitted(model, X, y)


# ---- mutants -----------------------------------------------------------------------------------------------


def with_fit(ours: Subject, change):
    """Ours whose ``fit`` runs with what ``change(self, X, y, s)`` returns: parameters that differ, X, y and weights."""

    class SoftmaxRegression(ours.SoftmaxRegression):
        def fit(self, X, y, sample_weight=None):
            given = self.get_params()
            parameters, *table = change(self, X, y, sample_weight)
            self.set_params(**parameters)
            super().fit(*table)
            self.set_params(**given)
            return self

    return SimpleNamespace(SoftmaxRegression=SoftmaxRegression)


def with_answer(ours: Subject, change):
    """Ours whose rows and intercepts go through ``change(self, X, y)`` after each fit."""

    class SoftmaxRegression(ours.SoftmaxRegression):
        def fit(self, X, y, sample_weight=None):
            super().fit(X, y, sample_weight)
            self.coef_, self.intercept_ = change(self, X, y)
            return self

    return SimpleNamespace(SoftmaxRegression=SoftmaxRegression)


def with_probabilities(ours: Subject, from_scores):
    """Ours whose probabilities are another function of the scores (n, k)."""

    class SoftmaxRegression(ours.SoftmaxRegression):
        def predict_proba(self, X):
            return from_scores(X @ self.coef_.T + self.intercept_)

    return SimpleNamespace(SoftmaxRegression=SoftmaxRegression)


def shares(A):
    return A / A.sum(1, keepdims=True)


@mutant(
    en="fits two classes as logistic regression with the same C, and splits w between the rows",
    zh="两类时直接用同一个 C 做逻辑回归，再把 w 分给两行",
    source="scikit-learn since 1.7, whose multinomial model of two classes is the binary one",
)
def binary_for_two(ours):
    return with_fit(ours, lambda self, X, y, s: ({"C": self.C / (2 if len(np.unique(y)) == 2 else 1)}, X, y, s))


@mutant(
    en="fits each class against the rest and divides by the sum",
    zh="逐类对其余各类拟合，再除以总和",
    source="scikit-learn's default before 0.22",
)
def one_against_rest(ours):
    def change(self, X, y):
        rows = []
        for c in self.classes_:
            model = ours.SoftmaxRegression(**{**self.get_params(), "warm_start": False, "class_weight": None})
            model.fit(X, (np.asarray(y) == c).astype(int))
            rows.append(np.r_[model.coef_[1] - model.coef_[0], model.intercept_[1] - model.intercept_[0]])
        rows = np.array(rows)
        return rows[:, :-1], rows[:, -1]

    fits = with_answer(ours, change)
    return with_probabilities(fits, lambda Z: shares(expit(Z)))


@mutant(
    en="divides sigmoids by their sum where softmax is meant",
    zh="该用 softmax 的地方，用 S 形函数再除以总和",
    source="a slip of those who extend the binary model class by class",
)
def shares_of_sigmoids(ours):
    return with_probabilities(ours, lambda Z: shares(expit(Z)))


@mutant(
    en="cuts scores off at 500, so that their exponentials do not overflow",
    zh="把得分截断在 500，免得指数溢出",
    source="the wrong cure for the overflow that every textbook warns of",
)
def cut_scores(ours):
    return with_probabilities(ours, lambda Z: shares(np.exp(np.clip(Z, -500, 500))))


@mutant(
    en="applies softmax to probabilities once more",
    zh="对已经是概率的输出再做一次 softmax",
    source="networks that end in a softmax layer and are given to PyTorch's CrossEntropyLoss",
)
def softmax_twice(ours):
    return with_probabilities(ours, lambda Z: softmax(softmax(Z, axis=1), axis=1))


@mutant(
    en="sums over the rows and not over the classes",
    zh="沿样本（而不是沿类别）求和归一化",
    source="PyTorch's softmax with its old implicit dim",
)
def wrong_axis(ours):
    return with_probabilities(ours, lambda Z: softmax(Z, axis=0))


@mutant(en="doubles the scores, a temperature of one half", zh="得分加倍，即温度为二分之一")
def cold(ours):
    return with_probabilities(ours, lambda Z: softmax(2 * Z, axis=1))


@mutant(
    en="cuts probabilities off at 10⁻¹⁵ before it takes their logarithm",
    zh="先把概率截断在 10⁻¹⁵，再取对数",
    source="scikit-learn's log_loss before 1.5, Keras' epsilon",
)
def clipped(ours):
    class SoftmaxRegression(ours.SoftmaxRegression):
        def predict_log_proba(self, X):
            return np.log(np.maximum(self.predict_proba(X), 1e-15))

    return SimpleNamespace(SoftmaxRegression=SoftmaxRegression)


@mutant(
    en="moves a tenth of each label to the other classes",
    zh="把每个标签的十分之一匀给其他各类",
    source="label smoothing, on by mistake: Szegedy et al. 2016",
)
def smoothed_labels(ours):
    def change(self, X, y, s):
        if sparse.issparse(X):
            return {}, X, y, s
        classes, s = np.unique(y), np.ones(len(y)) if s is None else s
        share = np.where(classes[:, None] == y, 0.9, 0.0) + 0.1 / len(classes)
        k = len(classes)
        return {}, np.tile(X, (k, 1)), np.repeat(classes, len(y)), (share * s).ravel()

    return with_fit(ours, change)


@mutant(
    en="holds the last class at zero, which the penalty then treats unlike the others",
    zh="把最后一类固定为零，惩罚对它便与别的类不同",
    source="statsmodels' MNLogit, and textbooks on unpenalised models",
)
def reference_class(ours):
    return with_answer(ours, lambda self, X, y: (self.coef_ - self.coef_[-1], self.intercept_ - self.intercept_[-1]))


@mutant(
    en="centres every row of coefficients whatever the penalty",
    zh="不论惩罚是什么，都把系数减去各类的均值",
)
def always_centred(ours):
    return with_answer(ours, lambda self, X, y: (self.coef_ - self.coef_.mean(0), self.intercept_))


@mutant(en="starts from zero when told to start from the last answer", zh="要求从上次的解出发，却仍从零开始")
def no_warm_start(ours):
    return with_fit(ours, lambda self, X, y, s: ({"warm_start": False}, X, y, s))


@mutant(
    en="penalises the intercepts, as one more feature of ones",
    zh="把截距当作全为一的特征一并惩罚",
    source="LIBLINEAR",
)
def penalised_intercepts(ours):
    def change(self, X, y):
        if not self.fit_intercept or np.isinf(self.C):
            return self.coef_, self.intercept_
        A = sparse.csr_matrix(X).toarray() if sparse.issparse(X) else X
        model = ours.SoftmaxRegression(**{**self.get_params(), "fit_intercept": False, "warm_start": False})
        rows = model.fit(np.column_stack([A, np.ones(len(y))]), y).coef_
        return rows[:, :-1], rows[:, -1]

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


@mutant(
    en="sees separation only where every row is classified rightly",
    zh="只有全部样本都判对时才认出可分",
    source="the textbook's case alone; Albert and Anderson call others quasi-complete",
)
def only_perfect(ours):
    class SoftmaxRegression(ours.SoftmaxRegression):
        def fit(self, X, y, sample_weight=None):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                super().fit(X, y, sample_weight)
            if np.isinf(self.C) and (self.predict(X) == y).all():
                warnings.warn("separable", ConvergenceWarning, stacklevel=2)
            return self

    return SimpleNamespace(SoftmaxRegression=SoftmaxRegression)


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
        classes, counts = np.unique(y, return_counts=True)
        return {"class_weight": dict(zip(classes.tolist(), len(y) / (len(classes) * counts), strict=True))}, X, y, s

    return with_fit(ours, change)


@mutant(en="sets small coefficients to zero when it is done", zh="收敛后把小系数一律清零")
def rounded_off(ours):
    def change(self, X, y):
        W = self.coef_
        return np.where(np.abs(W) < 0.3 * np.abs(W).max(), 0.0, W), self.intercept_

    return with_answer(ours, change)


@mutant(en="never sets a coefficient exactly to zero", zh="从不把系数恰好设为零")
def never_zero(ours):
    return with_answer(ours, lambda self, X, y: (np.where(self.coef_ == 0, 1e-3, self.coef_), self.intercept_))


@mutant(en="exchanges l1_ratio and 1 − l1_ratio", zh="把 l1_ratio 与 1 − l1_ratio 弄反了")
def exchanged_ratio(ours):
    return with_fit(ours, lambda self, X, y, s: ({"l1_ratio": 1 - self.l1_ratio}, X, y, s))


@mutant(
    en="numbers the classes in the order in which they come",
    zh="按出现的先后给类别编号",
    source="pandas.factorize, where LabelEncoder sorts",
)
def order_of_appearance(ours):
    def change(self, X, y):
        first = np.argsort([np.flatnonzero(y == c)[0] for c in self.classes_])
        return self.coef_[first], self.intercept_[first]

    return with_answer(ours, change)


@mutant(en="leaves out the last sample", zh="漏掉最后一个样本")
def off_by_one(ours):
    def change(self, X, y, s):
        return ({}, X, y, s) if s is not None or len(y) < 10 else ({}, X[:-1], y[:-1], None)

    return with_fit(ours, change)


@mutant(
    en="gives a sparse matrix no intercepts",
    zh="稀疏矩阵不配截距",
    source="centring it would fill it in, so that some leave the intercepts out",
)
def sparse_without_intercepts(ours):
    return with_fit(
        ours, lambda self, X, y, s: ({"fit_intercept": self.fit_intercept and not sparse.issparse(X)}, X, y, s)
    )


@mutant(
    en="predicts the class that gains most over its share",
    zh="预测相对于自身比例增幅最大的那一类",
    source="a threshold moved to the base rate, for several classes",
)
def gains_over_share(ours):
    class SoftmaxRegression(ours.SoftmaxRegression):
        def fit(self, X, y, sample_weight=None):
            self.share = np.unique(y, return_counts=True)[1] / len(y)
            return super().fit(X, y, sample_weight)

        def predict(self, X):
            return self.classes_[(self.predict_proba(X) / self.share).argmax(1)]

    return SimpleNamespace(SoftmaxRegression=SoftmaxRegression)
