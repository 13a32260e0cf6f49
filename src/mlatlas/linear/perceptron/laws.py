"""Known answers, laws and mutants of the perceptron and its average."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant

# ---- the definition, step by step --------------------------------------------------------------------------


def steps(X, y, passes, *, wrong=lambda score, y: y * score <= 0, bias=1.0, pull=1.0, start=0.0):
    """The weights (w, b) after every step, for signs y: the rule of the first page, and what may go wrong with it."""
    A = np.column_stack([X, np.ones(len(y))])
    rate = np.r_[np.full(X.shape[1], pull), bias]
    use = np.r_[np.ones(X.shape[1]), float(bias != 0)]
    w, every = np.full(A.shape[1], start) * use, []
    for x, sign in zip(np.tile(A, (passes, 1)), np.tile(y, passes), strict=True):
        if wrong(w @ (x * use), sign):
            w = w + rate * sign * x
        every.append(w)
    return np.array(every)


def signs(labels):
    return 2.0 * labels - 1


# ---- problems ----------------------------------------------------------------------------------------------


def separable(draw: Draw):
    """Samples, labels 0 and 1, and a bound on the mistakes: (R/γ)² for some u that separates x̃ = (x, 1)."""
    n, p = draw.integer(4, 12), draw.integer(1, 4)
    X, u = draw.normal(n, p), draw.normal(p + 1)
    A = np.column_stack([X, np.ones(n)])
    draw.require(np.linalg.norm(u) > 0.1)
    margin = A @ u / np.linalg.norm(u)
    bound = float(np.max(np.sum(A**2, axis=1)) / np.abs(margin).min() ** 2)
    draw.require(bound < 150 and np.ptp(np.sign(margin)) == 2)
    return X, (margin > 0).astype(int), bound


def inseparable(draw: Draw):
    """The same with one sample more, between two of a class (at times, upon one of them) and labelled as the other."""
    X, y, bound = separable(draw)
    one, two = (X[y == y[0]][place] for place in (0, -1))
    share = draw.choice([0.0, 0.3, 0.5])
    return np.vstack([X, (1 - share) * one + share * two]), np.r_[y, 1 - y[0]], bound


def mixed(draw: Draw):
    """Samples with labels that no plane separates, away from decisions that rounding could turn."""
    n, p = draw.integer(6, 16), draw.integer(1, 5)
    X, y = draw.normal(n, p), draw.labels(n, 2)
    draw.require(np.abs(X).min() > 1e-6 and _clear(X, y) and _clear(X, y, bias=0.0))
    return X, y


def _clear(X, y, passes=4, **rule):
    """Whether no score on the way is nearly, but not exactly, zero."""
    every = steps(X, signs(y), passes, **rule)
    before = np.vstack([np.zeros(every.shape[1]), every[:-1]])
    A = np.tile(np.column_stack([X, np.ones(len(y))]), (passes, 1))
    scores = np.abs(np.sum(before * A, axis=1))[np.any(before, axis=1)]
    return scores.min(initial=1.0) > 1e-9 and not _separated(every, X, y)


def _separated(every, X, y):
    return np.all(signs(y) * (X @ every[-1, :-1] + every[-1, -1]) > 0)


def two_orders(draw: Draw):
    """Samples and an order of them under which the rule ends elsewhere."""
    X, y = mixed(draw)
    order = draw.permutation(len(y))
    one, two = (steps(X[rows], signs(y[rows]), 3)[-1] for rows in (np.arange(len(y)), order))
    draw.require(np.abs(one - two).max() > 0.05 * np.abs(one).max())
    return X, y, order


def independent(draw: Draw):
    """No more samples than features, so that weights tell how often each sample was added."""
    n = draw.integer(2, 6)
    X, y = draw.normal(n, n + draw.integer(0, 3)), draw.labels(n, 2)
    draw.require(np.linalg.svd(X, compute_uv=False).min() > 0.3)
    return X, y


def several(draw: Draw):
    n, p, k = draw.integer(9, 20), draw.integer(2, 5), draw.integer(3, 5)
    X, y = draw.normal(n, p), draw.labels(n, k)
    draw.require(all(_clear(X, (y == c).astype(int)) for c in range(k)))
    return X, y


def scaled_by(factor: float, intercept: bool):
    def problem(draw: Draw):
        X, y = mixed(draw)
        bias = float(intercept)
        draw.require(_clear(factor * X, y, bias=bias))
        one, two = (steps(c * X, signs(y), 3, bias=bias)[-1, :-1] / c for c in (1.0, factor))
        draw.require(not intercept or np.abs(one - two).max() > 0.01 * np.abs(one).max())
        return X, y, factor, intercept

    return problem


def fitted(model, X, y, passes=3, **options):
    """The learner after so many passes in the order given."""
    return model(max_iter=passes, n_iter_no_change=None, shuffle=False, **options).fit(X, y)


def weights(model):
    return np.column_stack([model.coef_, model.intercept_])


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="The example of 李航: (3, 3) and (4, 3) against (1, 1) ends after seven mistakes at w = (1, 1), b = −3.",
    zh="李航书中的例子：正例 (3, 3)、(4, 3)，负例 (1, 1)，更新七次后得到 w = (1, 1)，b = −3。",
    source="李航 2019，《统计学习方法》（第 2 版），例 2.1",
)
def li_hang(subject: Subject):
    model = fitted(subject.Perceptron, np.array([[3.0, 3.0], [4.0, 3.0], [1.0, 1.0]]), np.array([1, 1, 0]), 20)
    return weights(model)[0], [1.0, 1.0, -3.0]


@known(
    en="On (1) with label + and (0) with label −, the weights after each step of three passes are known by hand; their mean is (4/3, −1/6).",
    zh="对正例 (1) 与负例 (0) 走三遍，每一步之后的权重可以手算，平均为 (4/3, −1/6)。",
    source="by hand: (1,1), (1,0), (1,0), (1,−1), (2,0), (2,−1)",
)
def two_samples(subject: Subject):
    X, y = np.array([[1.0], [0.0]]), np.array([1, 0])
    last, mean = fitted(subject.Perceptron, X, y), fitted(subject.AveragedPerceptron, X, y)
    return [*weights(last)[0], *weights(mean)[0]], [2.0, -1.0, 4 / 3, -1 / 6]


@known(
    en="OR is learned from its four rows, and XOR is not: on XOR every pass makes a mistake.",
    zh="由四行真值表可以学会“或”，学不会“异或”：在“异或”上每一遍都有错。",
    source="Minsky, Papert 1969, Perceptrons; OR is the case of neuroph issue 48",
)
def gates(subject: Subject):
    X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    right = [np.mean(fitted(subject.Perceptron, X, y, 50).predict(X) == y) for y in (X.any(1), X[:, 0] != X[:, 1])]
    return agree([right[0], float(right[1] <= 0.75)], [1.0, 1.0])


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "bound",
    given=separable,
    without=inseparable,
    en="Started at zero on samples augmented with the bias, the perceptron makes at most (R/γ)² mistakes, and then separates, if some plane "
    "separates them with margin γ. Where none does, the mistakes exceed that number.",
    zh="从零出发、样本增广了偏置时，只要存在间隔为 γ 的分离超平面，感知机至多犯 (R/γ)² 次错，随后便把样本全部分开；不存在时，错误次数会超过这个数。",
    source="Novikoff 1962, On convergence proofs for perceptrons",
)
def few_mistakes(problem, subject, other):
    X, y, bound = problem
    model = fitted(subject.Perceptron, X, y, int(bound) + 2)
    return atmost(model.mistakes_, bound)


@law(
    "property",
    given=separable,
    without=inseparable,
    en="After (R/γ)² + 1 passes over separable samples every one is on its side; inseparable samples never are.",
    zh="样本线性可分时，走 (R/γ)² + 1 遍之后全部分对；线性不可分的样本永远做不到。",
    source="Novikoff 1962",
)
def separates(problem, subject, other):
    X, y, bound = problem
    model = fitted(subject.Perceptron, X, y, int(bound) + 1)
    return np.mean((model.decision_function(X) > 0) == (y == 1)), 1.0


@law(
    "property",
    given=inseparable,
    without=separable,
    en="Without separability it never stops: every pass, however many, makes a mistake.",
    zh="线性不可分时它永远不会停：不论走多少遍，每一遍都有错。",
    source="Minsky, Papert 1969, section 11.2",
)
def never_stops(problem, subject, other):
    X, y, bound = problem
    passes = int(bound) + 2
    model = fitted(subject.Perceptron, X, y, passes)
    return [agree(model.n_iter_, passes), atmost(passes, model.mistakes_)]


@law(
    "equivalent",
    of="losses",
    given=mixed,
    en="A pass of the perceptron is stochastic subgradient descent with step one on the hinge loss with its threshold at 0, (−y wᵀx̃)₊.",
    zh="感知机走一遍，就是对阈值为 0 的合页损失 (−y wᵀx̃)₊ 做一遍步长为一的随机次梯度下降。",
    source="李航 2019，《统计学习方法》（第 2 版），2.2 节",
)
def descends_a_hinge(problem, subject, other):
    X, y = problem
    A, w = np.column_stack([X, np.ones(len(y))]), np.zeros(X.shape[1] + 1)
    for x, sign in zip(np.tile(A, (3, 1)), np.tile(signs(y), 3), strict=True):
        w = w - other.hinge_loss(sign * (w @ x), threshold=0.0).gradient * sign * x
    return weights(fitted(subject.Perceptron, X, y))[0], w


@law(
    "property",
    given=two_orders,
    en="The order of the samples matters: there are orders of the same samples that end at different weights.",
    zh="样本的次序要紧：同一批样本换个次序，就可能得到不同的权重。",
    source="Freund, Schapire 1999, section 2",
)
def order_matters(problem, subject, other):
    X, y, order = problem
    one, two = (weights(fitted(subject.Perceptron, X[rows], y[rows])) for rows in (np.arange(len(y)), order))
    return differs(one, two)


@law(
    "dual",
    given=independent,
    en="The weights are the sum of y x̃ over the mistakes: each sample enters a whole number of times, and these numbers add up to the mistakes.",
    zh="权重等于所有错误处 y x̃ 之和：每个样本恰好计入整数次，这些次数之和就是错误次数。",
    source="李航 2019，《统计学习方法》（第 2 版），2.3.3 节",
)
def counts_mistakes(problem, subject, other):
    X, y = problem
    model = fitted(subject.Perceptron, X, y, 8, fit_intercept=False)
    times = np.linalg.lstsq((signs(y)[:, None] * X).T, model.coef_[0], rcond=None)[0]
    return [
        agree(times, np.round(times), scale=1.0),
        atmost(np.zeros(len(y)), times, scale=1.0),
        agree(times.sum(), model.mistakes_),
    ]


@law(
    "equivalent",
    given=mixed,
    en="The bias is the weight of a further feature that is always one.",
    zh="偏置就是一个恒为一的特征的权重。",
    source="Bishop 2006, section 4.1.7",
)
def bias_is_a_weight(problem, subject, other):
    X, y = problem
    A = np.column_stack([X, np.ones(len(y))])
    return [
        agree(weights(fitted(kind, X, y))[0], fitted(kind, A, y, fit_intercept=False).coef_[0])
        for kind in (subject.Perceptron, subject.AveragedPerceptron)
    ]


@law(
    "invariant",
    given=scaled_by(7.0, intercept=False),
    without=scaled_by(7.0, intercept=True),
    en="Without a bias the unit of all features does not matter: weights scale along and no decision changes. With a bias it does, since the one "
    "beside them keeps its size.",
    zh="没有偏置时，所有特征共用的单位无关紧要：权重随之缩放，判断不变。有偏置时就要紧了，因为增广的那个一不会跟着缩放。",
)
def common_unit(problem, subject, other):
    X, y, factor, intercept = problem
    plain, scaled = (fitted(subject.Perceptron, c * X, y, fit_intercept=intercept) for c in (1.0, factor))
    return scaled.coef_ / factor, plain.coef_


@law(
    "invariant",
    given=mixed,
    en="Exchanging the two classes turns every sign: a score of zero is a mistake for either class.",
    zh="交换两个类别，所有符号随之反转：得分为零对哪一类都算错。",
)
def exchanged_classes(problem, subject, other):
    X, y = problem
    return [
        agree(weights(fitted(kind, X, 1 - y)), -weights(fitted(kind, X, y)))
        for kind in (subject.Perceptron, subject.AveragedPerceptron)
    ]


@law(
    "equivalent",
    given=several,
    en="With more than two classes there is one learner for each, against the rest, and the largest score decides.",
    zh="类别多于两个时，每一类各有一个“一对其余”的学习器，得分最大者胜出。",
)
def one_against_the_rest(problem, subject, other):
    X, y = problem
    result = []
    for kind in (subject.Perceptron, subject.AveragedPerceptron):
        model = fitted(kind, X, y)
        alone = np.vstack([weights(fitted(kind, X, (y == c).astype(int))) for c in range(y.max() + 1)])
        scores = X @ alone[:, :-1].T + alone[:, -1]
        result += [agree(weights(model), alone), agree(model.predict(X), scores.argmax(1))]
    return result


@law(
    "equivalent",
    given=mixed,
    en="The averaged perceptron has the mean of the weights that the perceptron leaves after each of its steps, those without a mistake included.",
    zh="平均感知机的权重，是感知机每一步之后的权重的平均，没有犯错的步也计算在内。",
    source="Freund, Schapire 1999; Collins 2002, Discriminative Training Methods for Hidden Markov Models",
)
def mean_of_all_steps(problem, subject, other):
    X, y = problem
    with_bias, without = (steps(X, signs(y), 3, bias=bias).mean(0) for bias in (1.0, 0.0))
    return [
        agree(weights(fitted(subject.AveragedPerceptron, X, y))[0], with_bias),
        agree(fitted(subject.AveragedPerceptron, X, y, fit_intercept=False).coef_[0], without[:-1]),
    ]


@law(
    "equivalent",
    given=several,
    en="Passes by partial_fit, one after another, are the passes of fit: it goes on where it stopped, the average too.",
    zh="用 partial_fit 一遍遍地走，与 fit 走同样多遍完全一样：它从停下的地方继续，平均也是。",
    source="scikit-learn issue 5246, where a second partial_fit of an averaged model failed",
)
def goes_on(problem, subject, other):
    X, y = problem
    result = []
    for kind in (subject.Perceptron, subject.AveragedPerceptron):
        model = kind(shuffle=False)
        for _ in range(3):
            model.partial_fit(X, y, classes=np.unique(y))
        result.append(agree(weights(model), weights(fitted(kind, X, y))))
    return result


@law(
    "equivalent",
    given=mixed,
    en="A sparse matrix gives the same weights as a dense one, the bias included.",
    zh="稀疏矩阵与稠密矩阵给出相同的权重，偏置也不例外。",
)
def storage(problem, subject, other):
    X, y = problem
    holes = X * (np.abs(X) > 0.4)
    return [
        agree(weights(fitted(kind, sparse.csr_matrix(holes), y)), weights(fitted(kind, holes, y)))
        for kind in (subject.Perceptron, subject.AveragedPerceptron)
    ]


# ---- mutants -----------------------------------------------------------------------------------------------


def following(average=False, **rule):
    """Ours, where two classes in a dense table are learned by the step-by-step rule with something changed."""

    def wrap(ours):
        name = "AveragedPerceptron" if average else "Perceptron"

        class Learner(getattr(ours, name)):
            def fit(self, X, y):
                super().fit(X, y)
                if sparse.issparse(X) or len(self.classes_) > 2:
                    return self
                y = signs(y == self.classes_[1])
                every = steps(X, y, self.max_iter, **{"bias": float(self.fit_intercept), **rule})
                w = every.mean(0) if average else every[-1]
                self.coef_, self.intercept_ = w[None, :-1], w[-1:]
                moved = np.any(np.diff(every, axis=0, prepend=np.zeros((1, len(w)))), axis=1)
                self.mistakes_ = int(moved.sum())
                return self

        return SimpleNamespace(**{name: Learner})

    return wrap


@mutant(
    en="takes a score of zero for right, and never leaves the start",
    zh="把得分为零当作分对，于是永远停在起点",
    source="ufal/npfl129 pull request 10",
)
def strict(ours):
    return following(wrong=lambda score, y: y * score < 0)(ours)


@mutant(en="takes a score of zero for the second class", zh="得分为零时当作第二类")
def zero_is_a_side(ours):
    return following(wrong=lambda score, y: (1.0 if score >= 0 else -1.0) != y)(ours)


@mutant(
    en="moves the bias the wrong way",
    zh="偏置往反方向更新",
    source="neuroph issue 48, where OR was never learned",
)
def bias_reversed(ours):
    return following(bias=-1.0)(ours)


@mutant(
    en="updates the bias once for each feature instead of once for each sample",
    zh="每个特征都更新一次偏置，而不是每个样本一次",
    source="trustyai-explainability pull request 26",
)
def bias_for_each_feature(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            if not self.fit_intercept or sparse.issparse(X):
                return super().fit(X, y)
            learner = following(bias=float(X.shape[1]) + 1.0)(ours).Perceptron
            vars(self).update(vars(learner(**self.get_params()).fit(X, y)))
            return self

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(en="has no bias", zh="没有偏置")
def no_bias(ours):
    return following(bias=0.0)(ours)


@mutant(en="moves by a tenth, and the bias by one", zh="权重每次只动十分之一，偏置却动一")
def two_rates(ours):
    return following(pull=0.1)(ours)


@mutant(en="starts at ten instead of zero", zh="不从零而从十出发")
def elsewhere(ours):
    return following(start=10.0)(ours)


@mutant(
    en="updates until the margin is one, as a support vector machine would",
    zh="间隔不到一就更新，像支持向量机那样",
)
def wants_a_margin(ours):
    return following(wrong=lambda score, y: y * score < 1)(ours)


@mutant(
    en="adds up the mistakes of a pass and moves once",
    zh="攒齐一遍里的所有错误再更新一次",
    source="the batch perceptron of Duda, Hart, Stork 2001, section 5.5.1, under the same name",
)
def batch(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            super().fit(X, y)
            if sparse.issparse(X) or len(self.classes_) > 2:
                return self
            A = np.column_stack([X, np.full(len(y), float(self.fit_intercept))])
            sign, w = signs(y == self.classes_[1]), np.zeros(A.shape[1])
            for _ in range(self.max_iter):
                wrong = sign * (A @ w) <= 0
                w = w + sign[wrong] @ A[wrong]
            self.coef_, self.intercept_ = w[None, :-1], w[-1:]
            return self

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(en="brings all rows to length one first", zh="先把每一行缩放到长度一")
def normalised(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            return super().fit(X if sparse.issparse(X) else X / np.linalg.norm(X, axis=1, keepdims=True), y)

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(en="counts the passes in which it erred for mistakes", zh="把犯过错的遍数当成错误次数")
def counts_passes(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            super().fit(X, y)
            if np.ndim(self.mistakes_) == 0:
                self.mistakes_ = min(self.mistakes_, self.n_iter_)
            return self

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(en="gives up after five passes, whatever it was told", zh="不管怎么要求，五遍之后就放弃")
def gives_up(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            keep, self.max_iter = self.max_iter, min(self.max_iter, 5)
            super().fit(X, y)
            self.max_iter = keep
            return self

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(en="sorts the samples first, so that their order does not matter", zh="先给样本排序，于是次序不再有影响")
def sorts(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            order = np.arange(X.shape[0]) if sparse.issparse(X) else np.argsort(X[:, 0])
            return super().fit(X[order], y[order])

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(
    en="moves the right class and the class that was guessed, together",
    zh="同时更新正确的类与猜中的类",
    source="the multiclass rule of Crammer and Singer 2003, as in nltk.tag.perceptron",
)
def moves_two_classes(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            super().fit(X, y)
            if len(self.classes_) == 2:
                return self
            A, codes = np.column_stack([X, np.ones(len(y))]), np.searchsorted(self.classes_, y)
            W = np.zeros((len(self.classes_), A.shape[1]))
            for x, code in zip(np.tile(A, (self.max_iter, 1)), np.tile(codes, self.max_iter), strict=True):
                guess = (W @ x).argmax()
                W[code] += (guess != code) * x
                W[guess] -= (guess != code) * x
            self.coef_, self.intercept_ = W[:, :-1], W[:, -1]
            return self

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(
    en="gives every class the same bias",
    zh="所有类别共用一个偏置",
    source="scikit-learn pull request 5282: a single element of the intercept was taken for all",
)
def shared_bias(ours):
    class AveragedPerceptron(ours.AveragedPerceptron):
        def fit(self, X, y):
            super().fit(X, y)
            self.intercept_ = np.full_like(self.intercept_, self.intercept_[0])
            return self

        def partial_fit(self, X, y, classes=None):
            super().partial_fit(X, y, classes)
            self.intercept_ = np.full_like(self.intercept_, self.intercept_[0])
            return self

    return SimpleNamespace(AveragedPerceptron=AveragedPerceptron)


@mutant(
    en="updates the bias of sparse samples a hundred times more slowly",
    zh="稀疏样本的偏置更新慢一百倍",
    source="scikit-learn issue 25198: SPARSE_INTERCEPT_DECAY = 0.01",
)
def slow_bias(ours):
    class Perceptron(ours.Perceptron):
        def fit(self, X, y):
            if not sparse.issparse(X):
                return super().fit(X, y)
            super().fit(X, y)
            w = steps(X.toarray(), signs(y == self.classes_[1]), self.max_iter, bias=0.01)[-1]
            self.coef_, self.intercept_ = w[None, :-1], w[-1:]
            return self

    return SimpleNamespace(Perceptron=Perceptron)


@mutant(en="averages over the mistakes only, not over the steps", zh="只对犯错的步取平均，而不是对所有步")
def mean_of_updates(ours):
    class AveragedPerceptron(ours.AveragedPerceptron):
        def fit(self, X, y):
            super().fit(X, y)
            if not sparse.issparse(X) and len(self.classes_) == 2:
                every = steps(X, signs(y == self.classes_[1]), self.max_iter, bias=float(self.fit_intercept))
                moved = np.any(np.diff(every, axis=0, prepend=np.zeros((1, every.shape[1]))), axis=1)
                w = every[moved].mean(0)
                self.coef_, self.intercept_ = w[None, :-1], w[-1:]
            return self

    return SimpleNamespace(AveragedPerceptron=AveragedPerceptron)


@mutant(en="returns the last weights for the mean", zh="该返回平均，却返回了最后的权重")
def no_average(ours):
    return SimpleNamespace(AveragedPerceptron=ours.Perceptron)


@mutant(
    en="averages the weights and keeps the last bias",
    zh="权重取了平均，偏置却用最后的",
    source="gt-nlp-class pull request 7 mends such an average",
)
def bias_not_averaged(ours):
    class AveragedPerceptron(ours.AveragedPerceptron):
        def fit(self, X, y):
            super().fit(X, y)
            self.intercept_ = ours.Perceptron(**self.get_params()).fit(X, y).intercept_
            return self

    return SimpleNamespace(AveragedPerceptron=AveragedPerceptron)


@mutant(en="forgets at each partial_fit how many steps went before", zh="每次 partial_fit 都忘了之前走过多少步")
def forgets_the_steps(ours):
    class AveragedPerceptron(ours.AveragedPerceptron):
        def partial_fit(self, X, y, classes=None):
            if hasattr(self, "_steps"):
                self._steps[:] = 0
            return super().partial_fit(X, y, classes)

    return SimpleNamespace(AveragedPerceptron=AveragedPerceptron)


@mutant(en="starts anew at each partial_fit", zh="每次 partial_fit 都从头开始")
def starts_anew(ours):
    class Perceptron(ours.Perceptron):
        def partial_fit(self, X, y, classes=None):
            if hasattr(self, "classes_"):
                del self.classes_
            return super().partial_fit(X, y, classes)

    return SimpleNamespace(Perceptron=Perceptron)
