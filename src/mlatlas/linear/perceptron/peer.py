"""Whom the perceptron races: scikit-learn, through the same samples in the same order, to the same weights."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import NotOffered, Translation, objective, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "n_iter_no_change",
            "tol, n_iter_no_change",
            Text(
                en="ours stops when no sample is wrong or the mistakes of a pass fall no longer; the peer when the mean loss falls by less than tol, "
                "which depends on the unit of X and may come before separation. Told not to, both go on",
                zh="我们在没有错分、或一遍里的错误数不再下降时停止；对方在平均损失的下降小于 tol 时停止，这取决于 X 的单位，可能还没分开就停了。两边都可以要求不提前停",
            ),
            equal=({"n_iter_no_change": None}, {"tol": None}),
        ),
        Translation(
            "shuffle, random_state",
            "shuffle, random_state",
            Text(
                en="each shuffles the samples by a generator of its own before every pass, and the last samples weigh most; without shuffling both "
                "take them as they come",
                zh="两者各用自己的随机数发生器在每一遍之前打乱样本，而最后的样本影响最大；不打乱时都按原来的次序",
            ),
            equal=({"shuffle": False}, {"shuffle": False}),
        ),
        Translation(
            "fit_intercept",
            "fit_intercept",
            Text(en="the same: a one beside every sample", zh="相同：每个样本补一个 1"),
        ),
        Translation(
            "max_iter",
            "max_iter",
            Text(en="the same: passes over the samples", zh="相同：遍数"),
            equal=({"max_iter": 1000}, {"max_iter": 1000}),
        ),
        Translation(
            "",
            "eta0",
            Text(
                en="multiplies all weights and no decision; ours takes 1", zh="只把全部权重放大，不改变判决；我们取 1"
            ),
            equal=({}, {"eta0": 1.0}),
        ),
        Translation(
            "",
            "penalty, alpha, l1_ratio",
            Text(
                en="none by default; a perceptron has no penalty, and ours offers none",
                zh="默认没有；感知机没有惩罚项，我们不提供",
            ),
        ),
        Translation(
            "",
            "early_stopping, validation_fraction",
            Text(
                en="stops by the score on a tenth of the samples, which it then does not learn from",
                zh="按留出的十分之一样本的得分停止，这些样本不参加学习",
            ),
        ),
        Translation(
            "",
            "class_weight",
            Text(en="steps of other lengths for a class; ours offers none", zh="按类别改变步长；我们不提供"),
        ),
        Translation("n_jobs", "n_jobs, verbose, warm_start", Text(en="changes no answer", zh="不影响结果")),
        Translation(
            "AveragedPerceptron",
            "SGDClassifier(loss='perceptron', learning_rate='constant', eta0=1, penalty=None, average=True)",
            Text(en="the peer's Perceptron does not average", zh="对方的 Perceptron 不做平均"),
        ),
    ],
    typed={"Perceptron": "sklearn.linear_model:Perceptron"},
    findings={
        "goes_on": Text(
            en="with average=True, scikit-learn's SGDClassifier goes on from the wrong bias at a second partial_fit: the bias before averaging is not kept "
            "(two classes), or is written over the averaged one (more); without an intercept the passes agree",
            zh="average=True 时，scikit-learn 的 SGDClassifier 从第二次 partial_fit 起偏置就不对：两类时没有留下平均之前的偏置，多类时又用它覆盖了平均值；不带截距则各遍一致",
        ),
        "storage": Text(
            en="on sparse input scikit-learn moves the intercept by 0.01 at a mistake, on dense input by 1 (issue 25198): the same samples end at other weights",
            zh="遇到稀疏输入，scikit-learn 在犯错时偏置只动 0.01，稠密输入则动 1（issue 25198）：同样的样本得到不同的权重",
        ),
    },
)
def scikit_learn():
    """The same names and parameters, with `n_iter_no_change` as `tol`; the peer does not count mistakes."""
    from sklearn.linear_model import Perceptron as Last, SGDClassifier

    class NoCount:
        @property
        def mistakes_(self):
            raise NotOffered("scikit-learn does not count mistakes")

    class Perceptron(NoCount, Last):
        pass

    class AveragedPerceptron(NoCount, SGDClassifier):
        pass

    def options(n_iter_no_change=5, **rest):
        return rest | ({"tol": None} if n_iter_no_change is None else {"n_iter_no_change": n_iter_no_change})

    plain = {"loss": "perceptron", "learning_rate": "constant", "eta0": 1.0, "penalty": None, "average": True}
    return {
        "Perceptron": lambda **given: Perceptron(**options(**given)),
        "AveragedPerceptron": lambda **given: AveragedPerceptron(**plain, **options(**given)),
    }


@objective("Perceptron", en="the number of samples that are misclassified", zh="错分的样本数")
def mistakes(y, z, w, given):
    """The samples on the wrong side; none is penalised."""
    return np.sum(y != (z > 0 if z.ndim == 1 else z.argmax(axis=1))), 0.0


def noisy(rng: np.random.Generator, n: int, p: int):
    """A plane through normal samples, and labels that noise makes inseparable."""
    X = rng.normal(size=(n, p))
    return X, (X @ rng.normal(size=p) + np.sqrt(p) / 2 * rng.normal(size=n) > 0.5).astype(int)


def classes(rng: np.random.Generator, n: int, p: int, k: int):
    """k overlapping clouds."""
    y = rng.permutation(np.arange(n) % k)
    return rng.normal(size=(n, p)) + rng.normal(size=(k, p))[y], y


def scattered(rng: np.random.Generator, n: int, p: int, density: float):
    """A sparse table of counts, as of words."""
    X = sparse.random(
        n, p, density, format="csr", random_state=rng, data_rvs=lambda m: rng.integers(1, 4, m).astype(float)
    )
    return X, (X @ rng.normal(size=p) + rng.normal(size=n) > 0).astype(int)


def replayed(X, signs, *, average=False, bias=True) -> np.ndarray:
    """One pass by the definition: look ahead over a block for the next mistake, move, and go on behind it."""
    n, p = X.shape
    w, late, at = np.zeros(p + 1), np.zeros(p + 1), 0
    while at < n:
        block = X[at : at + 48]
        wrong = signs[at : at + 48] * (block @ w[:-1] + w[-1]) <= 0
        if not wrong.any():
            at += 48
            continue
        at += int(wrong.argmax())
        x = signs[at] * np.r_[X[at].toarray().ravel() if sparse.issparse(X) else X[at], float(bias)]
        w += x
        late += at * x
        at += 1
    return w - late / n if average else w


def distance(answer, rows) -> float:
    """The largest difference from the replayed weights, relative to the largest weight."""
    rows = np.array(rows)
    return float(np.max(np.abs(answer - rows)) / np.max(np.abs(rows)))


def off_two_classes(problem, answer) -> float:
    X, y = problem
    return distance(answer, [replayed(X, 2 * y - 1)])


def off_average(problem, answer) -> float:
    X, y = problem
    return distance(answer, [replayed(X, 2 * y - 1, average=True)])


def off_several_classes(problem, answer) -> float:
    X, y = problem
    return distance(answer, [replayed(X, 2 * (y == c) - 1) for c in range(y.max() + 1)])


def off_sparse(problem, answer) -> float:
    X, y = problem
    return distance(answer, [replayed(X, 2 * y - 1, bias=False)])


CERTIFIES = Text(
    en="relative distance from the weights of a replay by the definition", zh="与按定义重放所得权重的相对距离"
)


def one_pass(kind, X, y, **options):
    """Weights and bias after one pass in the order given."""
    model = kind(max_iter=1, n_iter_no_change=None, shuffle=False, **options).fit(X, y)
    return np.column_stack([model.coef_, model.intercept_])


@race(
    en="One pass, two classes",
    zh="走一遍，两类",
    problem=noisy,
    sizes={"tiny": (30, 3), "small": (1_000, 20), "wide": (2_000, 2_000), "large": (1_000_000, 20)},
    certificate=off_two_classes,
    certifies=CERTIFIES,
    goal=1e-9,
)
def two_classes(subject, problem, tolerance):
    """One pass."""
    return one_pass(subject.Perceptron, *problem)


@race(
    en="One pass with the average",
    zh="走一遍并取平均",
    problem=noisy,
    sizes={"tiny": (30, 3), "small": (1_000, 20), "wide": (2_000, 2_000), "large": (1_000_000, 20)},
    certificate=off_average,
    certifies=CERTIFIES,
    goal=1e-9,
)
def average(subject, problem, tolerance):
    """One pass."""
    return one_pass(subject.AveragedPerceptron, *problem)


@race(
    en="One pass, ten classes",
    zh="走一遍，十类",
    problem=classes,
    sizes={"tiny": (30, 3, 3), "small": (1_000, 20, 10), "middle": (20_000, 64, 10), "large": (100_000, 20, 10)},
    certificate=off_several_classes,
    certifies=CERTIFIES,
    goal=1e-9,
)
def ten_classes(subject, problem, tolerance):
    """One pass, with two threads on either side."""
    return one_pass(subject.Perceptron, *problem, n_jobs=2)


@race(
    en="One pass, sparse",
    zh="走一遍，稀疏数据",
    problem=scattered,
    sizes={
        "tiny": (30, 8, 0.4),
        "small": (1_000, 500, 0.02),
        "middle": (20_000, 30_000, 0.003),
        "long rows": (2_000, 30_000, 0.1),
    },
    certificate=off_sparse,
    certifies=CERTIFIES,
    goal=1e-9,
)
def sparse_pass(subject, problem, tolerance):
    """One pass without a bias, which the peer moves differently on sparse samples."""
    return one_pass(subject.Perceptron, *problem, fit_intercept=False)
