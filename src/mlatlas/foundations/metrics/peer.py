"""Whom the metrics race: scikit-learn, to the same number."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import peer, race
from mlatlas.atlas.text import Text

RANKINGS = {
    "tiny": (60, "distinct"),
    "small": (1_000, "distinct"),
    "middle": (100_000, "distinct"),
    "large": (5_000_000, "distinct"),
    "tied": (5_000_000, "tied"),
    "sorted": (5_000_000, "sorted"),
    "weighted": (2_000_000, "weighted"),
}


@peer("scikit-learn", requires="sklearn")
def scikit_learn():
    """The same names and parameters."""
    from sklearn import metrics

    names = """accuracy_score average_precision_score confusion_matrix f1_score fbeta_score log_loss precision_recall_curve
    precision_score recall_score roc_auc_score roc_curve"""
    return {name: getattr(metrics, name) for name in names.split()}


# ---- rankings ----------------------------------------------------------------------------------------------


def ranking(rng: np.random.Generator, n: int, kind: str):
    """Two overlapping classes: with distinct scores, with 1,001 or fewer, with scores that come sorted, or with weights."""
    y = rng.integers(0, 2, n)
    y[:2] = 0, 1
    scores = rng.normal(size=n) + y
    if kind == "tied":
        scores = np.round(scores, 2)
    if kind == "sorted":
        order = np.argsort(scores)
        y, scores = y[order], scores[order]
    return y, scores, {"sample_weight": rng.random(n)} if kind == "weighted" else {}


def counted(problem) -> tuple[np.ndarray, np.ndarray]:
    """Weights of positives and negatives at each distinct score, ascending, in extended precision."""
    y, scores, options = problem
    weight = options.get("sample_weight", np.ones(len(y)))
    _, at = np.unique(scores, return_inverse=True)
    return tuple(np.bincount(at, weights=weight * (y == c)).astype(np.longdouble) for c in (1, 0))  # type: ignore[return-value]


def area_error(problem, answer) -> float:
    """The difference from the share of pairs won, counted score by score."""
    positives, negatives = counted(problem)
    won = positives * (np.cumsum(negatives) - negatives / 2)
    return float(abs(won.sum() / positives.sum() / negatives.sum() - answer))


def precision_error(problem, answer) -> float:
    """The difference from the mean precision at the scores of the positives, counted score by score."""
    positives, negatives = counted(problem)
    tp, fp = (np.cumsum(one[::-1])[::-1] for one in (positives, negatives))
    return float(abs((positives * (tp / (tp + fp))).sum() / positives.sum() - answer))


@race(
    en="Area under the ROC curve",
    zh="ROC 曲线下面积",
    problem=ranking,
    sizes=RANKINGS,
    certificate=area_error,
    certifies=Text(en="difference from the counted share of pairs", zh="与逐对计数所得比例之差"),
    goal=1e-12,
)
def roc_auc(subject, problem, tolerance):
    """One area."""
    y, scores, options = problem
    return subject.roc_auc_score(y, scores, **options)


@race(
    en="Average precision",
    zh="平均查准率",
    problem=ranking,
    sizes=RANKINGS,
    certificate=precision_error,
    certifies=Text(en="difference from the counted mean of precision", zh="与逐个计数所得平均之差"),
    goal=1e-12,
)
def average_precision(subject, problem, tolerance):
    """One average precision."""
    y, scores, options = problem
    return subject.average_precision_score(y, scores, **options)


@race(
    en="The whole ROC curve",
    zh="整条 ROC 曲线",
    problem=ranking,
    sizes={size: RANKINGS[size] for size in ("tiny", "small", "middle", "large", "tied", "weighted")},
    certificate=lambda problem, answer: area_error(problem, np.trapezoid(answer[1], answer[0])),
    certifies=Text(en="error of the area under the points", zh="各点所围面积的误差"),
    goal=1e-12,
)
def curve(subject, problem, tolerance):
    """Both rates at every corner."""
    y, scores, options = problem
    return np.array(subject.roc_curve(y, scores, **options)[:2])


# ---- decisions ---------------------------------------------------------------------------------------------


def decisions(rng: np.random.Generator, n: int, k: int, text: bool = False):
    """True labels, and given ones of which a third is right."""
    y = rng.integers(0, k, n)
    guess = np.where(rng.random(n) < 0.3, y, rng.integers(0, k, n))
    names = np.array([f"class {i}" for i in range(k)])
    return (names[y], names[guess]) if text else (y, guess)


def miscounted(problem, answer) -> float:
    """The share of samples in the wrong cell, by sorting pairs of labels and measuring the runs."""
    y, guess = (np.unique(side, return_inverse=True)[1] for side in problem)
    order = np.lexsort((guess, y))
    first = np.flatnonzero(np.r_[True, (np.diff(y[order]) != 0) | (np.diff(guess[order]) != 0)])
    table = np.zeros(np.shape(answer))
    table[y[order][first], guess[order][first]] = np.diff(np.r_[first, len(y)])
    return float(np.abs(table - answer).sum() / len(y))


@race(
    en="Confusion matrix",
    zh="混淆矩阵",
    problem=decisions,
    sizes={
        "tiny": (60, 3),
        "small": (1_000, 10),
        "middle": (100_000, 10),
        "large": (5_000_000, 10),
        "two": (5_000_000, 2),
        "many": (50_000, 2_000),
        "text": (1_000_000, 10, True),
    },
    certificate=miscounted,
    certifies=Text(en="share of samples in the wrong cell", zh="落在错误格子里的样本比例"),
    goal=0.0,
)
def confusion(subject, problem, tolerance):
    """Count every pair."""
    return subject.confusion_matrix(*problem)


def macro_error(problem, answer) -> float:
    """The difference from F₁ counted class by class."""
    y, guess = problem
    classes = [(y == c, guess == c) for c in np.unique(y)]
    return float(abs(np.mean([2 * (t & p).sum() / (t.sum() + p.sum()) for t, p in classes]) - answer))


@race(
    en="Macro-averaged F₁",
    zh="宏平均 F₁",
    problem=decisions,
    sizes={
        "tiny": (60, 3),
        "small": (1_000, 10),
        "middle": (100_000, 10),
        "large": (5_000_000, 10),
        "text": (1_000_000, 10, True),
    },
    certificate=macro_error,
    certifies=Text(en="difference from F₁ counted class by class", zh="与逐类计数所得 F₁ 之差"),
    goal=1e-12,
)
def macro_f1(subject, problem, tolerance):
    """One average of F₁."""
    return subject.f1_score(*problem, average="macro")


def forecasts(rng: np.random.Generator, n: int, k: int):
    """Labels and probabilities: of the greater label for two, of all for more."""
    P = rng.dirichlet(np.ones(k), n)
    y = np.minimum((rng.random(n)[:, None] > np.cumsum(P, 1)).sum(1), k - 1)
    y[:k] = np.arange(k)
    return y, P[:, 1] if k == 2 else P


def surprise_error(problem, answer) -> float:
    """The relative difference from the mean of logarithms in extended precision."""
    y, P = problem
    own = np.where(y == 1, P, 1 - P) if P.ndim == 1 else np.take_along_axis(P, y[:, None], 1)[:, 0]
    eps = np.finfo(float).eps
    return float(abs(-np.log(np.clip(own, eps, 1 - eps).astype(np.longdouble)).mean() / answer - 1))


@race(
    en="Log loss",
    zh="对数损失",
    problem=forecasts,
    sizes={
        "tiny": (60, 3),
        "small": (1_000, 10),
        "middle": (100_000, 2),
        "large": (5_000_000, 2),
        "columns": (1_000_000, 10),
    },
    certificate=surprise_error,
    certifies=Text(en="relative error against extended precision", zh="与扩展精度结果的相对误差"),
    goal=1e-12,
)
def surprise(subject, problem, tolerance):
    """One log loss."""
    return subject.log_loss(*problem)
