"""Known answers, laws and mutants of the metrics."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant
from mlatlas.atlas.judge.traits import permutation_invariant

# ---- problems ----------------------------------------------------------------------------------------------


def decisions(draw: Draw):
    """True and given labels, every label both true and given, and not every sample right."""
    k = draw.integer(2, 5)
    y, guess = draw.labels(draw.integer(3 * k, 24), k), draw.labels(3 * k, k)
    guess = np.resize(guess, len(y))
    draw.require(np.any(y != guess))
    return y, guess


def weighted_decisions(draw: Draw):
    """Decisions with weights, and all labels in some order."""
    y, guess = decisions(draw)
    weight = np.array([0.3, 1.0, 2.5])[draw.integer(0, 3, len(y))]
    return y, guess, weight, draw.permutation(int(y.max()) + 1)


def strangers(draw: Draw):
    """True and given labels of which one is only true and two are only given."""
    y, guess = draw.integer(0, 4, 24), draw.integer(1, 6, 24)
    draw.require(0 in y and {4, 5} <= set(guess) and np.any(y == guess))
    return y, guess


def listed_in_part(draw: Draw):
    """The same, but the labels leave one out with which a listed one is confused."""
    k = draw.integer(3, 5)
    y, guess = draw.labels(24, k), draw.labels(24, k)
    listed = draw.permutation(k)[:-1]
    strays = np.isin(y, listed) != np.isin(guess, listed)
    draw.require(np.all([np.any((y == c) & (guess == c)) for c in listed]))
    draw.require(np.all([np.any(strays & ((y == c) | (guess == c))) for c in listed]))
    return y, guess, np.ones(24), listed


def ranked(draw: Draw):
    """Two classes with scores among which there are ties, and pairs that differ in their last bit."""
    n = draw.integer(6, 22)
    y, scores = draw.labels(n, 2), draw.integer(0, 6, n) / 7.0
    scores = np.where(draw.integer(0, 3, n) == 0, np.nextafter(scores, 2.0), scores)
    draw.require(imperfect(y, scores))
    return y, scores


def imperfect(y, scores):
    """Whether some pair is in the right and some in the wrong order, by far more than one bit."""
    gaps = np.subtract.outer(scores[y == 1], scores[y == 0])
    return (gaps > 0.1).any() and (gaps < -0.1).any()


def without_ties(draw: Draw):
    """Two classes with distinct probabilities."""
    n = draw.integer(6, 18)
    y, p = draw.labels(n, 2), (draw.permutation(n) + 1.0) / (n + 2.0)
    draw.require(imperfect(y, p) and abs(pairs_won(y, p) - 0.5) > 0.05)
    return y, p


def increasing(draw: Draw):
    """Probabilities with a strictly increasing transformation into (0, 1) that keeps them apart."""
    y, p = without_ties(draw)
    return (
        y,
        p,
        draw.choice([lambda p: p**3, lambda p: np.sqrt(p), lambda p: 1 / (1 + np.exp(-9 * p)), lambda p: p / 1e9]),
    )


def rounding(draw: Draw):
    """The same with a transformation that increases on paper, and rounds all probabilities to one number."""
    y, p = without_ties(draw)
    return y, p, draw.choice([lambda p: (p + 2.0**60) / 2.0**61, lambda p: 1 / (1 + np.exp(-100 - p))])


def repeated(draw: Draw):
    """Two ranked classes with how often each sample counts."""
    y, scores = ranked(draw)
    counts = draw.integer(1, 4, len(y))
    draw.require(counts.max() > counts.min())
    return y, scores, counts


def more_negatives(draw: Draw):
    y, scores = ranked(draw)
    return y, scores, draw.integer(2, 5)


def probabilities(draw: Draw):
    """Three classes with a distribution over them for each sample."""
    n = draw.integer(8, 20)
    return draw.labels(n, 3), draw.probabilities(n, 3)


def constant_forecast(draw: Draw):
    """Labels and a distribution that is forecast for all of them."""
    k = draw.integer(2, 5)
    y, q = draw.labels(draw.integer(2 * k, 20), k), draw.probabilities(k)
    draw.require(np.abs(q - np.bincount(y) / len(y)).max() > 0.05)
    return y, q


# ---- the definitions, naively ------------------------------------------------------------------------------


def pairs_won(y, scores, side: float = 0.5):
    """The share of pairs in which the positive outranks the negative, ties counting ``side``."""
    gaps = np.sign(np.subtract.outer(scores[y == 1], scores[y == 0]))
    return np.mean(np.where(gaps == 0, side, gaps > 0))


def every_decision(y, scores):
    """Thresholds from the highest score down, and TP and FP of the decision s ≥ t at each."""
    thresholds = np.unique(scores)[::-1]
    called = scores >= thresholds[:, None]
    return thresholds, (called & (y == 1)).sum(1), (called & (y == 0)).sum(1)


# ---- known answers -----------------------------------------------------------------------------------------

FAWCETT = np.array([1, 1, 0, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 1, 0, 1, 0])
FAWCETT_SCORES = np.array(
    [0.9, 0.8, 0.7, 0.6, 0.55, 0.54, 0.53, 0.52, 0.51, 0.505, 0.4, 0.39, 0.38, 0.37, 0.36, 0.35, 0.34, 0.33, 0.3, 0.1]
)


@known(
    en="Fawcett's twenty test instances: AUC 0.68, and accuracy 0.7 at the threshold 0.54, where the curve passes (0.1, 0.5).",
    zh="Fawcett 的二十个测试样例：AUC 为 0.68；阈值 0.54 处曲线经过 (0.1, 0.5)，精度为 0.7。",
    source="Fawcett 2006, An introduction to ROC analysis, figure 3; the area by counting pairs",
)
def fawcett(subject: Subject):
    fpr, tpr, thresholds = subject.roc_curve(FAWCETT, FAWCETT_SCORES, drop_intermediate=False)
    at = np.flatnonzero(thresholds == 0.54)
    accuracy = subject.accuracy_score(FAWCETT, FAWCETT_SCORES >= 0.54)
    return [subject.roc_auc_score(FAWCETT, FAWCETT_SCORES), *fpr[at], *tpr[at], accuracy], [0.68, 0.1, 0.5, 0.7]


@known(
    en="Counts of Manning, Raghavan and Schütze: precision 10/20 and 90/100, so 0.7 macro-averaged and 100/120 micro-averaged.",
    zh="Manning、Raghavan 与 Schütze 书中的计数：两类查准率为 10/20 与 90/100，宏平均 0.7，微平均 100/120。",
    source="Manning, Raghavan, Schütze 2008, Introduction to Information Retrieval, table 13.8",
)
def manning(subject: Subject):
    table = [
        ("a", "a", 10),
        ("a", "-", 10),
        ("-", "a", 10),
        ("b", "b", 90),
        ("b", "-", 10),
        ("-", "b", 10),
        ("-", "-", 870),
    ]
    y, guess = (np.repeat([row[side] for row in table], [row[2] for row in table]) for side in (0, 1))
    averages = [subject.precision_score(y, guess, labels=["a", "b"], average=one) for one in ("macro", "micro")]
    return averages, [0.7, 100 / 120]


@known(
    en="A score of 10⁻¹⁰ outranks two zeros: the area is 1. A constant score has the area ½, and the base rate as its average precision.",
    zh="得分 10⁻¹⁰ 高于两个 0：面积为 1。得分为常数时面积为 ½，平均查准率等于正例比例。",
    source="by hand; scikit-learn issue 3864, where the first was ½, and pull request 6065, where the last was above ½",
)
def small_and_constant(subject: Subject):
    y, constant = [1, 0, 0], [0.5, 0.5, 0.5]
    areas = [subject.roc_auc_score(y, [1e-10, 0.0, 0.0]), subject.roc_auc_score(y, constant)]
    return [*areas, subject.average_precision_score(y, constant)], [1.0, 0.5, 1 / 3]


@known(
    en="Where something was missed and nothing found, F₁ is 0 and defined; only without any positive, true or called, is it 0/0.",
    zh="有漏报而一个也没找到时，F₁ 有定义且为 0；只有真实与预测都没有正例时，它才是 0/0。",
    source="by hand; scikit-learn issues 26965 and 27189",
)
def nothing_found(subject: Subject):
    scores = [subject.f1_score([1, 0], guess, zero_division=1.0) for guess in ([0, 1], [0, 0])]
    return agree([*scores, subject.f1_score([0, 0], [0, 0], zero_division=1.0)], [0.0, 0.0, 1.0], scale=1.0)


@known(
    en="Log loss of the forecasts 0.8 and 0.4 for a hit and a miss is −(ln 0.8 + ln 0.6)/2; of a certain error, 52 ln 2; and "
    "of 1 − 10⁻⁹ for a hit, 10⁻⁹.",
    zh="对一正一负预测 0.8 与 0.4，对数损失为 −(ln 0.8 + ln 0.6)/2；斩钉截铁地猜错，损失 52 ln 2；正例预测 1 − 10⁻⁹，损失 10⁻⁹。",
    source="by hand; the clipping of scikit-learn issue 24315",
)
def surprises(subject: Subject):
    pair = subject.log_loss([1, 0], [0.8, 0.4])
    certain = subject.log_loss([1, 1], [0.0, 0.0], labels=[0, 1])
    sure = subject.log_loss([1, 1], [1 - 1e-9] * 2, labels=[0, 1])
    return [
        agree([pair, certain], [-(np.log(0.8) + np.log(0.6)) / 2, 52 * np.log(2)]),
        agree(sure, 1e-9),
    ]


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=weighted_decisions,
    without=listed_in_part,
    en="Precision, recall and F follow from the confusion matrix alone, if it lists every label: from its diagonal and the sums of its "
    "columns and rows. From a matrix that leaves a label out they do not.",
    zh="查准率、查全率和 F 值由混淆矩阵唯一决定，前提是矩阵列出了全部类别：只需对角线、列和与行和。若矩阵漏掉一个类别，就推不出来。",
    source="van Rijsbergen 1979, chapter 7",
)
def matrix_alone(problem, subject, other):
    y, guess, weight, labels = problem
    table = subject.confusion_matrix(y, guess, labels=labels, sample_weight=weight)
    hits, called, true = np.diag(table), table.sum(0), table.sum(1)
    given = {"labels": labels, "sample_weight": weight, "zero_division": 0.0}
    return [
        agree(subject.precision_score(y, guess, average=None, **given), hits / called),
        agree(subject.recall_score(y, guess, average="macro", **given), np.mean(hits / true)),
        agree(subject.fbeta_score(y, guess, beta=2.0, average=None, **given), 5 * hits / (4 * true + called)),
        agree(
            subject.f1_score(y, guess, average="weighted", **given), true @ (2 * hits / (true + called)) / true.sum()
        ),
        agree(subject.f1_score(y, guess, average="macro", **given), np.mean(2 * hits / (true + called))),
    ]


@law(
    "equivalent",
    given=weighted_decisions,
    without=listed_in_part,
    en="Where each sample has one label and all labels are averaged, micro-averaged precision, recall and F are the accuracy, and so is "
    "recall weighted by class. With a label left out they are not.",
    zh="每个样本只有一个类别、且全部类别都参与平均时，微平均的查准率、查全率、F 值都等于精度，按类别加权的查全率也是；漏掉一类则不然。",
    source="Manning, Raghavan, Schütze 2008, section 13.6",
)
def micro_is_accuracy(problem, subject, other):
    y, guess, weight, labels = problem
    given = {"labels": labels, "sample_weight": weight, "zero_division": 0.0}
    return [
        subject.fbeta_score(y, guess, beta=0.5, average="micro", **given),
        subject.recall_score(y, guess, average="weighted", **given),
    ], [subject.accuracy_score(y, guess, sample_weight=weight)] * 2


@law(
    "dual",
    given=strangers,
    en="Exchanging true and given labels transposes the confusion matrix and exchanges precision with recall; F₁ and accuracy stay. So a label "
    "counts that is only given, or only true.",
    zh="交换真实标记与预测标记，混淆矩阵转置，查准率与查全率互换，F₁ 与精度不变；因此只在预测中（或只在真实标记中）出现的类别也要计入。",
)
def exchange(problem, subject, other):
    y, guess = problem
    given = {"average": "macro", "zero_division": 0.0}
    return [
        agree(
            subject.confusion_matrix(guess, y, labels=range(6)), subject.confusion_matrix(y, guess, labels=range(6)).T
        ),
        agree(subject.precision_score(guess, y, **given), subject.recall_score(y, guess, **given)),
        agree(subject.f1_score(guess, y, **given), subject.f1_score(y, guess, **given)),
        agree(subject.accuracy_score(guess, y), subject.accuracy_score(y, guess)),
    ]


@law(
    "bound",
    given=decisions,
    en="Label by label, F lies between precision and recall and moves from the one to the other as β grows from 0 to ∞.",
    zh="对每个类别，F 值介于查准率与查全率之间；β 从 0 增大到 ∞，它从前者移向后者。",
    source="van Rijsbergen 1979, chapter 7",
)
def between(problem, subject, other):
    y, guess = problem
    precision, recall = (score(y, guess, average=None) for score in (subject.precision_score, subject.recall_score))
    path = np.array([subject.fbeta_score(y, guess, beta=beta, average=None) for beta in (1e-5, 0.5, 1.0, 2.0, 1e5)])
    toward = np.sign(recall - precision)
    return [
        agree(path[[0, -1]], [precision, recall]),
        atmost(toward * path[:-1], toward * path[1:], scale=1.0),
        agree(path[2], 2 / (1 / np.maximum(precision, 1e-9) + 1 / np.maximum(recall, 1e-9)), scale=1.0),
    ]


@law(
    "invariant",
    given=weighted_decisions,
    en="Names do not matter: with text for labels, listed in any order, rows, columns and scores come in that order; and every entry "
    "counts pairs.",
    zh="类别叫什么无关紧要：用文字作标记、以任意次序列出，行、列与得分都按该次序排列；每一格就是一对标记的计数。",
)
def names(problem, subject, other):
    y, guess, weight, labels = problem
    text = np.array(["e", "d", "c", "b", "a"])
    table = subject.confusion_matrix(text[y], text[guess], labels=text[labels], sample_weight=weight)
    shares = subject.confusion_matrix(y, guess, labels=labels, sample_weight=weight, normalize="true")
    by_hand = np.array([[weight[(y == i) & (guess == j)].sum() for j in labels] for i in labels])
    some = labels[: len(labels) // 2 + 1]
    return [
        agree(table, by_hand),
        agree(shares, by_hand / by_hand.sum(1, keepdims=True)),
        agree(
            subject.precision_score(text[y], text[guess], labels=text[some], average=None),
            subject.precision_score(y, guess, average=None)[some],
        ),
    ]


@law(
    "equivalent",
    given=ranked,
    en="The area under the ROC curve is the probability that a positive outranks a negative, a tie counting one half; scores that differ "
    "in their last bit are no tie.",
    zh="ROC 曲线下的面积等于随机抽取的正例排在随机抽取的反例之前的概率，并列算一半；只差最后一个二进制位的得分不算并列。",
    source="Hanley, McNeil 1982, The meaning and use of the area under a ROC curve",
)
def outranks(problem, subject, other):
    y, scores = problem
    return subject.roc_auc_score(y, scores), pairs_won(y, scores)


@law(
    "invariant",
    given=increasing,
    without=rounding,
    en="A strictly increasing transformation of the scores that creates no ties in floating point changes neither the area nor the average "
    "precision, while it changes log loss. One that rounds scores together changes the area.",
    zh="对得分做严格递增、且不在浮点数中造成并列的变换，AUC 与平均查准率都不变，对数损失却会变；若变换把得分舍入到一起，AUC 也会变。",
    source="Fawcett 2006, section 3",
)
def only_the_order(problem, subject, other):
    y, p, transform = problem
    return [
        agree(subject.roc_auc_score(y, transform(p)), subject.roc_auc_score(y, p)),
        agree(subject.average_precision_score(y, transform(p)), subject.average_precision_score(y, p)),
        differs(subject.log_loss(y, transform(p)), subject.log_loss(y, p)),
    ]


@law(
    "dual",
    given=ranked,
    en="Negating the scores turns the area into one minus the area, and calling the other class positive turns it back; log loss does not "
    "mind which class is called positive.",
    zh="得分取负，AUC 变为 1 减 AUC；再把另一类当作正例，又变回来。对数损失不在乎哪一类叫正例。",
)
def mirrored(problem, subject, other):
    y, scores = problem
    area = subject.roc_auc_score(y, scores)
    return [
        agree([subject.roc_auc_score(y, -scores), subject.roc_auc_score(1 - y, -scores)], [1 - area, area], scale=1.0),
        agree(subject.log_loss(1 - y, 1 - scores), subject.log_loss(y, scores)),
    ]


@law(
    "equivalent",
    given=ranked,
    en="Every point of either curve is a decision, s ≥ t, and every distinct score is a threshold: none is skipped or split.",
    zh="两条曲线上的每一点都是一个判决 s ≥ t，每个不同的得分都是一个阈值：既不跳过，也不拆开。",
    source="Fawcett 2006, algorithm 2",
)
def points_are_decisions(problem, subject, other):
    y, scores = problem
    thresholds, tp, fp = every_decision(y, scores)
    fpr, tpr, at = subject.roc_curve(y, scores, drop_intermediate=False)
    precision, recall, rising = subject.precision_recall_curve(y, scores)
    if (len(at), len(rising)) != (len(thresholds) + 1, len(thresholds)):
        return agree([len(at) - 1, len(rising)], [len(thresholds)] * 2)
    return [
        agree(np.c_[fpr, tpr], np.c_[np.r_[0, fp / fp[-1]], np.r_[0, tp / tp[-1]]], scale=1.0),
        agree(np.c_[precision, recall][::-1], np.c_[np.r_[1, tp / (tp + fp)], np.r_[0, tp / tp[-1]]], scale=1.0),
        agree([at[1:], rising[::-1]], [thresholds] * 2),
    ]


@law(
    "equivalent",
    given=ranked,
    en="The trapezoids under the ROC curve, with or without its straight points, have the area; the steps under the precision–recall curve, and "
    "not its trapezoids, have the average precision, which is the mean precision at the scores of the positives. Labels may be −1 and 1, or text.",
    zh="ROC 曲线（去不去掉共线点都一样）下的梯形面积就是 AUC；查准率–查全率曲线下的阶梯（而非梯形）面积才是平均查准率，它等于在各正例得分处的查准率的平均。标记可以是 −1 与 1，也可以是文字。",
    source="Davis, Goadrich 2006; Manning, Raghavan, Schütze 2008, section 8.4",
)
def areas(problem, subject, other):
    y, scores = problem
    area, named = subject.roc_auc_score(y, scores), np.array(["no", "yes"])[y]
    mean_precision = subject.average_precision_score(named, scores, pos_label="yes")
    traced = [
        np.trapezoid(*subject.roc_curve(2 * y - 1, scores, drop_intermediate=drop)[1::-1]) for drop in (True, False)
    ]
    stepped = []
    for drop in (True, False):
        precision, recall, _ = subject.precision_recall_curve(named, scores, pos_label="yes", drop_intermediate=drop)
        stepped.append(-np.diff(recall) @ precision[:-1])
    own = np.mean([y[scores >= s].mean() for s in scores[y == 1]])
    return [agree(traced, [area] * 2), agree([*stepped, own], [mean_precision] * 3)]


@law(
    "special case",
    given=ranked,
    en="Given decisions for scores, the area is the mean of the recalls of both classes, and average precision is P·R + π·(1 − R), π the share "
    "of positives.",
    zh="若以判决本身为得分，AUC 就是两类查全率的平均，平均查准率为 P·R + π·(1 − R)，π 为正例比例。",
)
def hard_decisions(problem, subject, other):
    y, scores = problem
    called = (scores > np.median(scores)).astype(int)
    called[np.argmax(scores * (y == 1))] = 1
    recalls = [subject.recall_score(y, called, pos_label=label, zero_division=0.0) for label in (0, 1)]
    P, R = subject.precision_score(y, called, zero_division=0.0), recalls[1]
    return [
        subject.roc_auc_score(y, called),
        subject.average_precision_score(y, called),
    ], [np.mean(recalls), P * R + y.mean() * (1 - R)]


@law(
    "invariant",
    given=more_negatives,
    en="Making each negative occur m times changes neither the area nor recall, but precision becomes TP / (TP + m·FP), and average precision "
    "falls.",
    zh="把每个反例都重复 m 次，AUC 与查全率不变；查准率却变为 TP / (TP + m·FP)，平均查准率随之下降。",
    source="Fawcett 2006, section 4.2 (class skew)",
)
def class_balance(problem, subject, other):
    y, scores, m = problem
    rows = np.arange(len(y)).repeat(np.where(y == 0, m, 1))
    called = (scores >= np.sort(scores[y == 1])[-1]).astype(int)
    tp, fp = (called * y).sum(), (called * (1 - y)).sum()
    return [
        agree(subject.roc_auc_score(y[rows], scores[rows]), subject.roc_auc_score(y, scores)),
        agree(subject.precision_score(y[rows], called[rows]), tp / (tp + m * fp)),
        atmost(
            subject.average_precision_score(y[rows], scores[rows]) + 1e-3, subject.average_precision_score(y, scores)
        ),
    ]


@law("invariant", given=ranked, trait="permutation-invariant")
def order_of_samples(problem, subject, other):
    y, scores = problem
    negatives_first = np.argsort(y)  # the worst order for whoever breaks ties by it, and the best when turned round

    def measured(scores, y):
        return [subject.roc_auc_score(y, scores), subject.average_precision_score(y, scores)]

    return permutation_invariant(measured, scores[negatives_first], y[negatives_first], np.arange(len(y))[::-1])


@law(
    "equivalent",
    given=repeated,
    en="An integer sample weight is the same as so many repeated samples, in every metric.",
    zh="整数样本权重等价于把该样本重复相应的次数，对每一种度量都成立。",
)
def weights_repeat(problem, subject, other):
    y, scores, counts = problem
    rows, called = np.arange(len(y)).repeat(counts), (scores > 0.4).astype(int)
    weight = counts.astype(float)
    metrics = [
        (subject.roc_auc_score, scores, {}),
        (subject.roc_auc_score, scores, {"max_fpr": 0.4}),
        (subject.average_precision_score, scores, {}),
        (subject.log_loss, np.clip(scores, 0.1, 0.9), {}),
        (subject.accuracy_score, called, {}),
        (subject.recall_score, called, {"zero_division": 0.0}),
    ]
    return [
        agree(
            subject.confusion_matrix(y, called, sample_weight=counts), subject.confusion_matrix(y[rows], called[rows])
        ),
        agree(
            [metric(y, against, sample_weight=weight, **options) for metric, against, options in metrics],
            [metric(y[rows], against[rows], **options) for metric, against, options in metrics],
        ),
    ]


@law(
    "equivalent",
    given=ranked,
    en="The standardised area up to a false positive rate of x is ½(1 + (A − x²/2)/(x − x²/2)), A the area under the straight lines of the curve.",
    zh="假正例率不超过 x 的标准化部分面积为 ½(1 + (A − x²/2)/(x − x²/2))，A 是折线在该范围内的面积。",
    source="McClish 1989, Analyzing a portion of the ROC curve",
)
def part_of_the_area(problem, subject, other):
    y, scores = problem
    _, tp, fp = every_decision(y, scores)
    fpr, tpr = np.r_[0, fp / fp[-1]], np.r_[0, tp / tp[-1]]
    expected = []
    for x in (0.3, 0.8, 1.0):
        area = 0.0
        for (a, u), (b, v) in zip(zip(fpr, tpr, strict=True), zip(fpr[1:], tpr[1:], strict=True), strict=False):
            if a < x:
                end = min(b, x)
                area += (end - a) * (u + (u + (v - u) * (end - a) / max(b - a, 1e-300))) / 2
        expected.append((1 + (area - x**2 / 2) / (x - x**2 / 2)) / 2)
    return [subject.roc_auc_score(y, scores, max_fpr=x) for x in (0.3, 0.8, 1.0)], expected


@law(
    "equivalent",
    given=probabilities,
    en="For more classes: one-versus-rest averages the areas of each class against the others; one-versus-one averages, over ordered pairs, the "
    "probability that a sample of the one outranks one of the other in the one's own column.",
    zh="多分类时：“一对其余”对每一类相对其余各类的面积求平均；“一对一”对有序类别对求平均，取在前者自己那一列上前者的样本排在后者样本之前的概率。",
    source="Hand, Till 2001, equation 7; Fawcett 2006, section 9",
)
def more_classes(problem, subject, other):
    y, P = problem

    def won(a, rest):
        rows = (y == a) | rest
        return pairs_won((y[rows] == a).astype(int), P[rows, a])

    each = [won(a, y != a) for a in range(3)]
    pairs = [won(a, y == b) for a in range(3) for b in range(3) if a != b]
    share = np.bincount(y) / len(y)
    precision = [np.mean([np.mean(y[P[:, a] >= s] == a) for s in P[y == a, a]]) for a in range(3)]
    one_hot = np.eye(3, dtype=int)[y].ravel()
    return [
        agree(subject.roc_auc_score(y, P, multi_class="ovr", average=None), each),
        agree(subject.roc_auc_score(y, P, multi_class="ovr", average="weighted"), share @ each),
        agree(subject.roc_auc_score(y, P, multi_class="ovr", average="micro"), pairs_won(one_hot, P.ravel())),
        agree(subject.roc_auc_score(y, P, multi_class="ovo"), np.mean(pairs)),
        agree(subject.average_precision_score(y, P), np.mean(precision)),
    ]


@law(
    "special case",
    of="information-theory",
    given=constant_forecast,
    en="The log loss of one forecast q for all samples is the cross-entropy of their frequencies with q; of the frequencies themselves it is their "
    "entropy, and no constant does better.",
    zh="对所有样本都预测同一分布 q 时，对数损失是经验频率与 q 的交叉熵；预测频率本身时等于其熵，任何常数预测都不会更好。",
    source="Bishop 2006, section 1.6.1",
)
def log_loss_is_cross_entropy(problem, subject, other):
    y, q = problem
    frequencies = np.bincount(y) / len(y)
    forecast, best = (subject.log_loss(y, np.tile(p, (len(y), 1))) for p in (q, frequencies))
    return [
        agree(forecast, other.cross_entropy(frequencies, q)),
        agree(best, other.entropy(frequencies)),
        atmost(best, forecast),
    ]


# ---- mutants: decisions ------------------------------------------------------------------------------------


@mutant(
    en="puts the given labels into rows and the true ones into columns",
    zh="混淆矩阵的行放了预测标记，列放了真实标记",
    source="dzetsaka issue 53, accord-net issue 669",
)
def transposed(ours):
    return SimpleNamespace(confusion_matrix=lambda y, guess, **rest: ours.confusion_matrix(guess, y, **rest))


@mutant(en="divides columns where rows are asked for", zh="要按行归一化，却按列归一化")
def wrong_axis(ours):
    def confusion_matrix(y, guess, normalize=None, **rest):
        return ours.confusion_matrix(y, guess, normalize="pred" if normalize == "true" else normalize, **rest)

    return SimpleNamespace(confusion_matrix=confusion_matrix)


@mutant(
    en="sorts the labels, whatever order they are listed in",
    zh="不管列出的次序如何，总把类别排序",
    source="scikit-learn issue 30910, on the order of labels",
)
def always_sorted(ours):
    def confusion_matrix(y, guess, labels=None, **rest):
        return ours.confusion_matrix(y, guess, labels=None if labels is None else np.sort(labels), **rest)

    return SimpleNamespace(confusion_matrix=confusion_matrix)


@mutant(en="takes precision for recall and recall for precision", zh="把查准率与查全率弄反了", source="flair issue 417")
def confused(ours):
    return SimpleNamespace(precision_score=ours.recall_score, recall_score=ours.precision_score)


@mutant(en="leaves out the samples whose true label is not listed", zh="把真实标记不在列表中的样本丢掉了")
def listed_samples_only(ours):
    def precision_score(y, guess, labels=None, sample_weight=None, **rest):
        if labels is None:
            return ours.precision_score(y, guess, sample_weight=sample_weight, **rest)
        kept = np.isin(y, labels)
        weight = None if sample_weight is None else np.asarray(sample_weight)[kept]
        return ours.precision_score(
            np.asarray(y)[kept], np.asarray(guess)[kept], labels=labels, sample_weight=weight, **rest
        )

    return SimpleNamespace(precision_score=precision_score)


@mutant(
    en="averages over the true labels only, so that calling samples something that does not exist costs less",
    zh="只对真实出现过的类别求平均，把样本判成不存在的类别反而吃亏少",
    source="asked for in scikit-learn issue 23130",
)
def true_labels_only(ours):
    def f1_score(y, guess, *, average="binary", labels=None, **rest):
        labels = np.unique(y) if average == "macro" and labels is None else labels
        return ours.f1_score(y, guess, average=average, labels=labels, **rest)

    return SimpleNamespace(f1_score=f1_score)


def f_measure(ours, combine):
    """Ours with an F score that ``combine(precision, recall, beta)`` makes of the averaged precision and recall."""

    def fbeta_score(y, guess, *, beta, **rest):
        return combine(ours.precision_score(y, guess, **rest), ours.recall_score(y, guess, **rest), beta)

    return SimpleNamespace(
        fbeta_score=fbeta_score, f1_score=lambda y, guess, **rest: fbeta_score(y, guess, beta=1.0, **rest)
    )


@mutant(en="averages precision and recall arithmetically", zh="用算术平均合并查准率与查全率")
def arithmetic_mean(ours):
    return f_measure(ours, lambda P, R, beta: (P + beta**2 * R) / (1 + beta**2))


@mutant(en="forgets to square β", zh="β 忘了平方")
def beta_not_squared(ours):
    return f_measure(ours, lambda P, R, beta: (1 + beta) * P * R / np.maximum(beta * P + R, 1e-12))


@mutant(
    en="takes the harmonic mean of macro-averaged precision and recall for macro-averaged F₁",
    zh="宏平均 F₁ 取成了宏查准率与宏查全率的调和平均",
    source="flair issue 486; discussed in scikit-learn issue 7220",
)
def mean_before_harmony(ours):
    return f_measure(ours, lambda P, R, beta: (1 + beta**2) * P * R / np.maximum(beta**2 * P + R, 1e-12))


@mutant(en="weights classes in the macro average", zh="宏平均按类别样本数加了权", source="seqeval issue 21")
def weighted_macro(ours):
    def recall_score(y, guess, average="binary", **rest):
        return ours.recall_score(y, guess, average="weighted" if average == "macro" else average, **rest)

    return SimpleNamespace(recall_score=recall_score)


@mutant(
    en="weights classes by how often they are called, not by how often they are true",
    zh="加权平均用了预测次数而不是真实次数",
)
def weighted_by_calls(ours):
    def f1_score(y, guess, average="binary", **rest):
        if average != "weighted":
            return ours.f1_score(y, guess, average=average, **rest)
        called = ours.confusion_matrix(
            y, guess, labels=rest.get("labels"), sample_weight=rest.get("sample_weight")
        ).sum(0)
        return called @ ours.f1_score(y, guess, average=None, **rest) / called.sum()

    return SimpleNamespace(f1_score=f1_score)


@mutant(
    en="takes F₁ for 0/0 as soon as nothing was found",
    zh="只要一个也没找到就把 F₁ 当作 0/0",
    source="scikit-learn issues 26864 and 26965, in version 1.3.0",
)
def nothing_found_is_undefined(ours):
    def f1_score(y, guess, *, zero_division="warn", **rest):
        score = ours.f1_score(y, guess, zero_division=0.0, **rest)
        return np.where(np.asarray(score) == 0, 0.0 if zero_division == "warn" else zero_division, score)

    return SimpleNamespace(f1_score=f1_score)


def weightless(ours, name):
    """Ours with one metric that ignores its weights."""
    metric = getattr(ours, name)
    return SimpleNamespace(**{name: lambda *args, sample_weight=None, **rest: metric(*args, **rest)})


@mutant(en="ignores the weights in the accuracy", zh="精度忽略样本权重")
def weightless_accuracy(ours):
    return weightless(ours, "accuracy_score")


@mutant(en="ignores the weights in the confusion matrix", zh="混淆矩阵忽略样本权重")
def weightless_matrix(ours):
    return weightless(ours, "confusion_matrix")


# ---- mutants: rankings -------------------------------------------------------------------------------------


def scored(ours, change):
    """Ours with scores changed on their way into every ranking metric."""

    def wrapped(name):
        return lambda y, scores, **rest: getattr(ours, name)(y, change(np.asarray(scores)), **rest)

    return SimpleNamespace(**{name: wrapped(name) for name in ("roc_auc_score", "average_precision_score")})


@mutant(
    en="takes scores within 10⁻⁵ of each other for ties",
    zh="把相差不到 10⁻⁵ 的得分当作并列",
    source="scikit-learn issues 3864 and 6688",
)
def close_is_tied(ours):
    return scored(ours, lambda scores: np.round(scores, 5))


@mutant(
    en="packs the label into the last bit of the score to sort both at once", zh="为了一起排序，把标记塞进得分的最低位"
)
def packed(ours):
    return scored(ours, lambda scores: (scores.astype(np.float64).view(np.int64) & ~1).view(np.float64))


@mutant(
    en="sends scores through a sigmoid in single precision, where they saturate",
    zh="先把得分送进单精度 sigmoid，饱和后并列",
    source="torchmetrics issue 1989, where scores above 1 were squashed",
)
def squashed(ours):
    return scored(ours, lambda scores: 1 / (1 + np.exp(-scores.astype(np.float32))))


def binary_area(ours, area):
    """Ours with another area for two classes."""

    def roc_auc_score(y, scores, *, max_fpr=None, sample_weight=None, **rest):
        if max_fpr is not None or sample_weight is not None or np.ndim(scores) > 1:
            return ours.roc_auc_score(y, scores, max_fpr=max_fpr, sample_weight=sample_weight, **rest)
        return area(np.asarray(y), np.asarray(scores))

    return SimpleNamespace(roc_auc_score=roc_auc_score)


@mutant(en="counts a tie as won", zh="并列算赢")
def ties_won(ours):
    return binary_area(ours, lambda y, scores: pairs_won(y, scores, 1.0))


@mutant(en="counts a tie as lost", zh="并列算输")
def ties_lost(ours):
    return binary_area(ours, lambda y, scores: pairs_won(y, scores, 0.0))


@mutant(
    en="breaks ties by the order of the samples",
    zh="并列时按样本先后排序",
    source="RDKit issue 2843, smartcore issue 373",
)
def ties_by_order(ours):
    def area(y, scores):
        ranks = np.empty(len(y))
        ranks[np.argsort(scores, kind="stable")] = np.arange(len(y))
        return pairs_won(y, ranks)

    return binary_area(ours, area)


@mutant(en="scores decisions, s > ½, instead of the scores", zh="传入的是判决 s > ½，而不是得分本身")
def decisions_for_scores(ours):
    return binary_area(ours, lambda y, scores: pairs_won(y, (scores > 0.5).astype(float)))


@mutant(en="takes the area above the diagonal, 2A − 1 (Gini)", zh="返回的是 2A − 1（基尼系数）")
def gini(ours):
    return binary_area(ours, lambda y, scores: 2 * pairs_won(y, scores) - 1)


@mutant(en="divides the pairs won by n²/4, as if both classes were equally frequent", zh="用 n²/4 除，仿佛两类一样多")
def balanced_pairs(ours):
    return binary_area(ours, lambda y, scores: pairs_won(y, scores) * y.sum() * (1 - y).sum() * 4 / len(y) ** 2)


@mutant(en="does not standardise the partial area", zh="部分面积没有标准化")
def raw_partial_area(ours):
    def roc_auc_score(y, scores, *, max_fpr=None, **rest):
        area = ours.roc_auc_score(y, scores, max_fpr=max_fpr, **rest)
        return area if max_fpr is None else (2 * area - 1) * (max_fpr - max_fpr**2 / 2) + max_fpr**2 / 2

    return SimpleNamespace(roc_auc_score=roc_auc_score)


@mutant(
    en="stops the partial area at the last point before the limit",
    zh="部分面积停在界限之前的最后一点，不作插值",
)
def partial_without_interpolation(ours):
    def roc_auc_score(y, scores, *, max_fpr=None, sample_weight=None, **rest):
        if max_fpr is None or sample_weight is not None:
            return ours.roc_auc_score(y, scores, max_fpr=max_fpr, sample_weight=sample_weight, **rest)
        fpr, tpr, _ = ours.roc_curve(y, scores)
        inside = fpr <= max_fpr
        guess = max_fpr**2 / 2
        return (1 + (np.trapezoid(tpr[inside], fpr[inside]) - guess) / (max_fpr - guess)) / 2

    return SimpleNamespace(roc_auc_score=roc_auc_score)


@mutant(en="judges a pair of classes by the column of the first alone", zh="一对一只看前一类的那一列")
def one_column(ours):
    def roc_auc_score(y, P, *, multi_class="raise", **rest):
        if multi_class != "ovo":
            return ours.roc_auc_score(y, P, multi_class=multi_class, **rest)
        pairs = [(a, b) for a in range(P.shape[1]) for b in range(a)]
        return np.mean(
            [pairs_won((y[rows] == a).astype(int), P[rows, a]) for a, b in pairs for rows in [(y == a) | (y == b)]]
        )

    return SimpleNamespace(roc_auc_score=roc_auc_score)


@mutant(en="averages over classes without weights", zh="要加权平均，却对各类简单平均")
def unweighted_classes(ours):
    def roc_auc_score(y, scores, *, average="macro", **rest):
        return ours.roc_auc_score(y, scores, average="macro" if average == "weighted" else average, **rest)

    return SimpleNamespace(roc_auc_score=roc_auc_score)


@mutant(
    en="interpolates the precision–recall curve with trapezoids",
    zh="用梯形对查准率–查全率曲线插值",
    source="scikit-learn before 0.19, pull requests 6065, 7356 and 9017",
)
def trapezoids(ours):
    def average_precision_score(y, scores, *, average="macro", **rest):
        if np.ndim(scores) > 1:
            return ours.average_precision_score(y, scores, average=average, **rest)
        precision, recall, _ = ours.precision_recall_curve(y, scores, **rest)
        return -np.trapezoid(precision, recall)

    return SimpleNamespace(average_precision_score=average_precision_score)


@mutant(
    en="reads tied samples one by one in the average precision",
    zh="平均查准率把并列的样本逐个读过",
    source="burn issue 5683",
)
def precision_by_order(ours):
    def average_precision_score(y, scores, *, sample_weight=None, **rest):
        y, scores = np.asarray(y), np.asarray(scores)
        if scores.ndim > 1 or sample_weight is not None:
            return ours.average_precision_score(y, scores, sample_weight=sample_weight, **rest)
        found = y[np.argsort(-scores, kind="stable")]
        return (found * np.cumsum(found) / np.arange(1, len(y) + 1)).sum() / found.sum()

    return SimpleNamespace(average_precision_score=average_precision_score)


@mutant(
    en="averages precision over eleven levels of recall",
    zh="只在十一个查全率水平上平均查准率",
    source="the older definition of TREC and PASCAL VOC",
)
def eleven_points(ours):
    def average_precision_score(y, scores, **rest):
        if np.ndim(scores) > 1:
            return ours.average_precision_score(y, scores, **rest)
        precision, recall, _ = ours.precision_recall_curve(y, scores, **rest)
        return np.mean([precision[recall >= level - 1e-12].max() for level in np.linspace(0, 1, 11)])

    return SimpleNamespace(average_precision_score=average_precision_score)


@mutant(en="decides s > t instead of s ≥ t", zh="判决用了 s > t 而不是 s ≥ t")
def strictly_above(ours):
    def roc_curve(y, scores, **rest):
        fpr, tpr, thresholds = ours.roc_curve(y, scores, **rest)
        return np.r_[0.0, fpr[:-1]], np.r_[0.0, tpr[:-1]], thresholds

    return SimpleNamespace(roc_curve=roc_curve)


@mutant(
    en="takes the first sample of a tie for the whole tie",
    zh="并列的一组样本只取了第一个",
    source="LeakPro pull request 465",
)
def first_of_a_tie(ours):
    def roc_curve(y, scores, **rest):
        order = np.argsort(-np.asarray(scores), kind="stable")
        found, sorted_scores = np.asarray(y)[order], np.asarray(scores)[order]
        first = np.flatnonzero(np.r_[True, sorted_scores[1:] != sorted_scores[:-1]])
        tp, fp = np.cumsum(found), np.cumsum(1 - found)
        return np.r_[0, fp[first] / fp[-1]], np.r_[0, tp[first] / tp[-1]], np.r_[np.inf, sorted_scores[first]]

    return SimpleNamespace(roc_curve=roc_curve)


@mutant(
    en="ends the precision–recall curve where recall is full",
    zh="查全率达到 1 就截断查准率–查全率曲线",
    source="scikit-learn issue 23213",
)
def ends_at_full_recall(ours):
    def precision_recall_curve(y, scores, **rest):
        precision, recall, thresholds = ours.precision_recall_curve(y, scores, **rest)
        start = np.flatnonzero(recall == 1)[-1]
        return precision[start:], recall[start:], thresholds[start:]

    return SimpleNamespace(precision_recall_curve=precision_recall_curve)


@mutant(en="drops points of the ROC curve that are not on a straight line", zh="把 ROC 曲线上并不共线的点也去掉了")
def cuts_corners(ours):
    def roc_curve(y, scores, *, drop_intermediate=True, **rest):
        curve = ours.roc_curve(y, scores, drop_intermediate=drop_intermediate, **rest)
        if not drop_intermediate:
            return curve
        kept = np.unique(np.r_[np.arange(0, len(curve[0]), 2), len(curve[0]) - 1])
        return tuple(part[kept] for part in curve)

    return SimpleNamespace(roc_curve=roc_curve)


@mutant(en="ignores the weights of the negatives", zh="忽略反例的样本权重")
def positive_weights_only(ours):
    def roc_auc_score(y, scores, *, sample_weight=None, **rest):
        weight = None if sample_weight is None else np.where(np.asarray(y) == 1, sample_weight, 1.0)
        return ours.roc_auc_score(y, scores, sample_weight=weight, **rest)

    return SimpleNamespace(roc_auc_score=roc_auc_score)


@mutant(en="ignores the weights in the average precision", zh="平均查准率忽略样本权重")
def weightless_precision(ours):
    return weightless(ours, "average_precision_score")


# ---- mutants: log loss -------------------------------------------------------------------------------------


@mutant(en="measures in bits", zh="以比特计量")
def bits(ours):
    return SimpleNamespace(log_loss=lambda *args, **rest: ours.log_loss(*args, **rest) / np.log(2))


@mutant(
    en="clips probabilities at 10⁻³",
    zh="概率在 10⁻³ 处截断",
    source="the default of some libraries; scikit-learn issue 17399 asks for 10⁻²",
)
def clipped_early(ours):
    return SimpleNamespace(log_loss=lambda y, p, **rest: ours.log_loss(y, np.clip(p, 1e-3, 1 - 1e-3), **rest))


@mutant(
    en="rounds probabilities to single precision",
    zh="把概率舍入成单精度",
    source="scikit-learn issue 24315",
)
def single_precision(ours):
    return SimpleNamespace(log_loss=lambda y, p, **rest: ours.log_loss(y, np.asarray(p, dtype=np.float32), **rest))


@mutant(en="adds log(1 − p) for the classes that did not occur", zh="把没有发生的各类的 log(1 − p) 也加了进去")
def all_classes(ours):
    def log_loss(y, p, **rest):
        if np.ndim(p) == 1:
            return ours.log_loss(y, p, **rest)
        others = np.where(np.arange(p.shape[1]) == np.asarray(y)[:, None], 1.0, 1 - p)
        return ours.log_loss(y, p, **rest) - np.log(others).sum(1).mean()

    return SimpleNamespace(log_loss=log_loss)


@mutant(en="scores by squared error (Brier) instead of the logarithm", zh="用平方误差（Brier 分数）代替了对数")
def brier(ours):
    def log_loss(y, p, *, sample_weight=None, **rest):
        if np.ndim(p) > 1:
            return ours.log_loss(y, p, sample_weight=sample_weight, **rest)
        return np.average((np.asarray(p) - np.asarray(y)) ** 2, weights=sample_weight)

    return SimpleNamespace(log_loss=log_loss)


@mutant(en="scores the order of the probabilities only", zh="只看概率的排名")
def ranks_for_probabilities(ours):
    def log_loss(y, p, **rest):
        if np.ndim(p) > 1 or len(p) < 5:
            return ours.log_loss(y, p, **rest)
        return ours.log_loss(y, (np.searchsorted(np.sort(p), p) + 1) / (len(p) + 1), **rest)

    return SimpleNamespace(log_loss=log_loss)


@mutant(en="ignores the weights in the log loss", zh="对数损失忽略样本权重")
def weightless_log_loss(ours):
    return weightless(ours, "log_loss")
