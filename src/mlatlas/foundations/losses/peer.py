"""Whom the losses race: those that scikit-learn trains its own models with."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, peer, race
from mlatlas.atlas.text import Text

PARALLEL = 1_000_000  # numbers from which a second thread pays for the peer


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "squared_loss(r)",
            "2 · HalfSquaredError(y, f)",
            Text(en="the peer takes half the square, so that the gradient is r", zh="对方取平方的一半，使梯度恰为 r"),
        ),
        Translation(
            "logistic_loss(m)",
            "HalfBinomialLoss(1, m)",
            Text(
                en="the peer wants labels 0 and 1 and a score; label 1 makes the score the margin. It is half the deviance, not half the log loss",
                zh="对方要求标签为 0、1，另给分数；取标签 1，分数就是间隔。Half 是偏差的一半，不是对数损失的一半",
            ),
        ),
        Translation(
            "hinge_loss(m), squared_hinge_loss(m)",
            "Hinge and SquaredHinge of SGDClassifier, label 1",
            Text(en="one number at a time from Python", zh="从 Python 只能逐个数调用"),
        ),
    ],
    findings={
        "far_scores": Text(
            en="HalfMultinomialLoss computes ln Σ exp(z) − z_y, which cancels: a label that leads by 40 costs 0 instead of 4·10⁻¹⁸, "
            "and its own gradient is 0 while the others' are not",
            zh="HalfMultinomialLoss 直接算 ln Σ exp(z) − z_y，会相消：领先 40 的标签损失为 0 而不是 4·10⁻¹⁸，自身的梯度也是 0，其余类别的却不是",
        ),
    },
)
def scikit_learn():
    """The losses behind scikit-learn's boosting, linear and stochastic-gradient models."""
    from sklearn._loss import AbsoluteError, HalfBinomialLoss, HalfMultinomialLoss, HalfSquaredError, HuberLoss
    from sklearn._loss.loss import ExponentialLoss
    from sklearn.linear_model._sgd_fast import Hinge, SquaredHinge

    def of_truth(truth, loss, factor=1.0):
        def both(x):
            x = np.asarray(x, dtype=float)
            threads = 2 if x.size >= PARALLEL else 1
            value, gradient = loss.loss_gradient(np.full(x.size, truth), x.ravel(), n_threads=threads)
            return factor * value.reshape(x.shape), factor * gradient.reshape(x.shape)

        return both

    def one_by_one(kind):
        def both(m, *, threshold=1.0):
            loss = kind(threshold)
            return np.array([[loss.py_loss(one, 1.0) for one in m], [loss.py_dloss(one, 1.0) for one in m]])

        return both

    def cross_entropy_loss(z, y):
        threads = 2 if z.size >= PARALLEL else 1
        return HalfMultinomialLoss(n_classes=z.shape[1]).loss_gradient(y.astype(float), z, n_threads=threads)

    return {
        "squared_loss": of_truth(0.0, HalfSquaredError(), 2.0),
        "absolute_loss": of_truth(0.0, AbsoluteError()),
        "huber_loss": lambda r, *, delta=1.0: of_truth(0.0, HuberLoss(delta=delta))(r),
        "logistic_loss": of_truth(1.0, HalfBinomialLoss()),
        "hinge_loss": one_by_one(Hinge),
        "squared_hinge_loss": one_by_one(SquaredHinge),
        "exponential_loss": of_truth(1.0, ExponentialLoss()),
        "cross_entropy_loss": cross_entropy_loss,
    }


def margins(rng: np.random.Generator, n: int):
    """n margins of either sign."""
    return 3 * rng.normal(size=n)


def table_of_scores(rng: np.random.Generator, n: int, k: int):
    """n rows of scores for k classes, in which the label leads by a little."""
    z, y = 2 * rng.normal(size=(n, k)), rng.integers(0, k, n)
    z[np.arange(n), y] += 2
    return z, y


def log_loss_error(m: np.ndarray, answer) -> float:
    """The largest relative error of value and slope on a thousand of the margins, against extended precision."""
    some = slice(None, None, max(1, len(m) // 1000))
    exact = m[some].astype(np.longdouble)
    truth = np.log1p(np.exp(-exact)), -1 / (1 + np.exp(exact))
    return float(max(np.max(np.abs(a[some] / b - 1)) for a, b in zip(answer, truth, strict=True)))


def cross_entropy_error(problem, answer) -> float:
    """The largest error of loss and gradient on a thousand of the samples, against extended precision."""
    z, y = problem
    some = slice(None, None, max(1, len(z) // 1000))
    z, y = z[some].astype(np.longdouble), y[some]
    e = np.exp(z)
    value = np.log(e.sum(1)) - z[np.arange(len(z)), y]
    gradient = e / e.sum(1, keepdims=True) - np.eye(z.shape[1])[y]
    given, slopes = answer[: len(problem[1])][some], answer[len(problem[1]) :].reshape(problem[0].shape)[some]
    return float(max(np.max(np.abs(given - value)), np.max(np.abs(slopes - gradient))))


@race(
    en="Log loss and its slope",
    zh="对数损失及其导数",
    problem=margins,
    sizes={"tiny": (8,), "small": (1_000,), "middle": (100_000,), "large": (5_000_000,)},
    certificate=log_loss_error,
    certifies=Text(en="relative error against extended precision", zh="与扩展精度结果的相对误差"),
    goal=1e-12,
)
def log_loss(subject, problem, tolerance):
    """Value and slope for every margin."""
    return tuple(subject.logistic_loss(problem))


@race(
    en="Cross-entropy and its gradient",
    zh="交叉熵及其梯度",
    problem=table_of_scores,
    sizes={"tiny": (8, 3), "small": (1_000, 10), "middle": (100_000, 10), "many classes": (2_000, 1_000)},
    certificate=cross_entropy_error,
    certifies=Text(en="error against extended precision", zh="与扩展精度结果的误差"),
    goal=1e-12,
)
def cross_entropy(subject, problem, tolerance):
    """Value and gradient for every sample, in one array."""
    value, gradient = subject.cross_entropy_loss(*problem)
    return np.concatenate([value, gradient.ravel()])
