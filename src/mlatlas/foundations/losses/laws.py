"""Known answers, laws and mutants of losses and their gradients."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant

LN2 = np.log(2)
STEP = 1e-5  # of central differences, good to ten digits on losses of size one

# ---- problems ----------------------------------------------------------------------------------------------


def away_from_kinks(draw: Draw):
    """Numbers of either sign, more than a step of differences from 0, ±1 and ±2."""
    x = 2.0 * draw.normal(draw.integer(2, 9))
    draw.require(np.abs(np.abs(x)[:, None] - [0.0, 1.0, 2.0]).min() > 1e-3)
    return x


def numbers(draw: Draw):
    return 3.0 * draw.normal(draw.integer(1, 9)), draw.choice([0.5, 1.0, 2.5])


def margins_over(divisor: float):
    """Margins, among them 0, and what the log loss is to be divided by."""
    return lambda draw: (np.r_[3.0 * draw.normal(draw.integer(1, 9)), 0.0, 1e-9], divisor)


def segments(cap: float):
    """Ends of segments that cross the kinks, points between them, and the height at which losses are cut off."""

    def problem(draw: Draw):
        k = draw.integer(1, 5)
        return draw.uniform(-6.0, -4.0, k), draw.uniform(2.0, 5.0, k), draw.uniform(0.45, 0.6, k), cap

    return problem


def coin(*thresholds: float):
    """The probability of the label +1, away from ½, and the threshold of the hinge."""

    def problem(draw: Draw):
        eta = draw.uniform(0.02, 0.98)
        draw.require(abs(eta - 0.5) > 0.02)
        return eta, draw.choice(thresholds)

    return problem


def targets(draw: Draw):
    y = np.sort(draw.normal(2 * draw.integer(1, 6) + 1))
    draw.require(np.diff(y).min() > 1e-3)
    return y, draw.normal(4)


def scores(draw: Draw):
    n, k = draw.integer(1, 7), draw.integer(2, 6)
    return 2.0 * draw.normal(n, k), draw.labels(n, k)


def far_ahead(draw: Draw):
    """How far the label's score leads: the loss is a tiny number."""
    return draw.uniform(20.0, 600.0, draw.integer(1, 7))


def groups(direction: str):
    """Few distinct inputs with both labels at each, a slope and an offset, and a direction of the divergence."""

    def problem(draw: Draw):
        x = np.arange(draw.integer(2, 5)) + draw.uniform(-0.3, 0.3)
        counts = draw.integer(1, 9, len(x), 2)
        draw.require(np.ptp(counts[:, 1] / counts.sum(1)) > 0.1)
        return x, counts, direction

    return problem


def embeddings(draw: Draw):
    n, d = draw.integer(1, 6), draw.integer(2, 5)
    return draw.normal(3, n, d), draw.choice([0.5, 2.0, 8.0])


def moved_by(scale: float):
    """Embeddings that are all active under both losses, a rotation, a shift, and a factor."""

    def problem(draw: Draw):
        points, margin = embeddings(draw)
        gap = squares(points[0] - points[1]) - squares(points[0] - points[2]) + 3 * margin
        draw.require(gap.min() > 0.1)
        return points, 3 * margin, draw.orthogonal(points.shape[2], points.shape[2]), draw.normal(), scale

    return problem


def squares(v):
    return np.sum(v**2, axis=-1)


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="Where the margin is zero the log loss is ln 2, and hinge, squared hinge and exponential loss are one; "
    "their slopes are −½, −1, −2 and −1.",
    zh="间隔为零时，对数损失为 ln 2，合页损失、平方合页损失与指数损失都是 1；导数依次为 −½、−1、−2、−1。",
    source="by hand",
)
def undecided(subject: Subject):
    names = ("logistic_loss", "hinge_loss", "squared_hinge_loss", "exponential_loss")
    both = [getattr(subject, name)(np.zeros(1)) for name in names]
    return [np.ravel(one) for one in both], [[LN2, -0.5], [1, -1], [1, -2], [1, -1]]


@known(
    en="A residual of 3 costs 9 squared, 3 absolute, and by Huber with δ = 1 it costs 2½; a residual of ½ costs ¼, ½ and ⅛.",
    zh="残差 3 的平方损失为 9，绝对损失为 3，δ = 1 的 Huber 损失为 2½；残差 ½ 的三种损失为 ¼、½、⅛。",
    source="by hand",
)
def residuals(subject: Subject):
    r = np.array([3.0, 0.5])
    losses = [subject.squared_loss(r), subject.absolute_loss(r), subject.huber_loss(r, delta=1.0)]
    return [np.ravel(one) for one in losses], [[9, 0.25, 6, 1], [3, 0.5, 1, 1], [2.5, 0.125, 1, 0.5]]


@known(
    en="Scores ln 1, ln 2, ln 5 are probabilities ⅛, ¼, ⅝: labels 0, 1, 2 cost ln 8, ln 4 and ln 8/5.",
    zh="分数 ln 1、ln 2、ln 5 对应概率 ⅛、¼、⅝：类别 0、1、2 的损失为 ln 8、ln 4、ln 8/5。",
    source="by hand",
)
def three_classes(subject: Subject):
    value, gradient = subject.cross_entropy_loss(np.tile(np.log([1.0, 2.0, 5.0]), (3, 1)), np.arange(3))
    return np.c_[value, gradient], np.c_[np.log([8, 4, 8 / 5]), np.array([[1, 2, 5]] * 3) / 8 - np.eye(3)]


@known(
    en="With γ = 2, the default, a sample that is right with probability 0.9 weighs a hundred times less than under the log loss, one with "
    "0.968 about a thousand times less.",
    zh="γ 取默认值 2 时，以 0.9 的概率分对的样本，损失只有对数损失的百分之一；概率约 0.968 时只有千分之一。",
    source="Lin, Goyal, Girshick, He, Dollár 2017, section 3.2",
)
def lin(subject: Subject):
    p = np.array([0.9, 1 - 1 / np.sqrt(1000)])
    return subject.focal_loss(np.log(p / (1 - p)))[0] / -np.log(p), [1 / 100, 1 / 1000]


@known(
    en="Anchor (0, 0), positive (1, 0), negative (0, 2): with μ = 4 the triplet costs 1 − 4 + 4 = 1. A pair 5 apart costs 12½ if it "
    "belongs together, and ½ if it does not and μ = 6. Where all points are one, a triplet costs μ and a pair apart ½μ², with μ = 1 unless said otherwise.",
    zh="锚点 (0, 0)、正例 (1, 0)、负例 (0, 2)，μ = 4 时三元组损失为 1 − 4 + 4 = 1。相距 5 的一对：同类时损失 12½，异类且 μ = 6 时损失 ½。各点重合时，三元组损失为 μ，异类对为 ½μ²，默认 μ = 1。",
    source="by hand",
)
def points_in_the_plane(subject: Subject):
    a, p, n, b = np.zeros(2), np.array([1.0, 0.0]), np.array([0.0, 2.0]), np.array([3.0, 4.0])
    pairs = [subject.contrastive_loss(a, b, same, margin=6.0)[0] for same in (True, False)]
    by_default = [subject.triplet_loss(a, a, a)[0], subject.contrastive_loss(a, a, False)[0]]
    return [subject.triplet_loss(a, p, n, margin=4.0)[0], *pairs, *by_default], [1, 12.5, 0.5, 1, 0.5]


# ---- laws --------------------------------------------------------------------------------------------------


def slopes(loss, x, **parameters):
    """Gradient and central differences of a loss that takes every entry on its own."""
    above, below = loss(x + STEP, **parameters)[0], loss(x - STEP, **parameters)[0]
    return agree(loss(x, **parameters)[1], (above - below) / (2 * STEP))


@law(
    "property",
    given=away_from_kinks,
    en="Away from kinks the gradient of a loss of a residual is its derivative.",
    zh="在不可导点之外，残差损失的梯度就是它的导数。",
)
def derivative_in_the_residual(problem, subject, other):
    huber = [slopes(subject.huber_loss, problem, delta=delta) for delta in (1.0, 2.0)]
    return [slopes(subject.squared_loss, problem), slopes(subject.absolute_loss, problem), *huber]


@law(
    "property",
    given=away_from_kinks,
    en="Away from kinks the gradient of a loss of a margin is its derivative with respect to the margin.",
    zh="在不可导点之外，间隔损失的梯度就是它对间隔的导数。",
)
def derivative_in_the_margin(problem, subject, other):
    hinges = [
        slopes(hinge, problem, threshold=threshold)
        for hinge in (subject.hinge_loss, subject.squared_hinge_loss)
        for threshold in (0.0, 1.0)
    ]
    return [slopes(subject.logistic_loss, problem), slopes(subject.exponential_loss, problem), *hinges]


@law(
    "property",
    given=away_from_kinks,
    en="The gradient of the focal loss is its derivative: both factors, the weight and the log loss, vary with the margin.",
    zh="焦点损失的梯度就是它的导数：权重与对数损失两个因子都随间隔变化。",
)
def derivative_of_the_focal_loss(problem, subject, other):
    return [slopes(subject.focal_loss, problem, gamma=gamma) for gamma in (0.5, 1.0, 2.0, 5.0)]


@law(
    "property",
    given=scores,
    en="The gradient of the cross-entropy is its derivative with respect to each score.",
    zh="交叉熵的梯度就是它对各个分数的导数。",
)
def derivative_in_the_scores(problem, subject, other):
    z, y = problem
    steps = STEP * np.eye(z.shape[1])
    value = subject.cross_entropy_loss
    differences = [(value(z + step, y)[0] - value(z - step, y)[0]) / (2 * STEP) for step in steps]
    return value(z, y)[1], np.transpose(differences)


@law(
    "property",
    given=embeddings,
    en="The gradients of triplet and contrastive loss are their derivatives with respect to each vector.",
    zh="三元组损失与对比损失的梯度就是它们对每个向量的导数。",
    tolerance=1e-5,
)
def derivative_in_the_embeddings(problem, subject, other):
    points, margin = problem
    n = points.shape[1]
    same = np.arange(n) % 2 == 0
    result = []
    for loss, vectors, rest in (
        (subject.triplet_loss, points, ()),
        (subject.contrastive_loss, points[:2], (same,)),
    ):
        differences = np.empty_like(vectors)
        for which, axis in np.ndindex(len(vectors), points.shape[2]):
            step = np.zeros_like(vectors)
            step[which, :, axis] = STEP
            above, below = (loss(*(vectors + s), *rest, margin=margin)[0] for s in (step, -step))
            differences[which, :, axis] = (above - below) / (2 * STEP)
        value, gradient = loss(*vectors, *rest, margin=margin)
        smooth = (value > 1e-3) | (value == 0)  # not next to the kink
        result.append(agree(gradient[:, smooth], differences[:, smooth], scale=1e-3, tolerance=1e-5))
    return result


@law(
    "bound",
    given=margins_over(LN2),
    without=margins_over(1.0),
    en="Hinge, squared hinge, exponential loss and the log loss divided by ln 2 bound the 0–1 loss from above. The log loss undivided does "
    "not: at margin 0 it is ln 2 < 1.",
    zh="合页损失、平方合页损失、指数损失，以及除以 ln 2 的对数损失，都是 0–1 损失的上界。不除就不是：间隔为零处对数损失为 ln 2 < 1。",
    source="Bartlett, Jordan, McAuliffe 2006, Convexity, Classification, and Risk Bounds, JASA 101",
)
def above_the_error(problem, subject, other):
    m, divisor = problem
    error = (m <= 0).astype(float)
    bounds = [subject.hinge_loss(m)[0], subject.squared_hinge_loss(m)[0], subject.exponential_loss(m)[0]]
    return [atmost(error, bound) for bound in (*bounds, subject.logistic_loss(m)[0] / divisor)]


@law(
    "property",
    given=segments(np.inf),
    without=segments(1.0),
    en="Log, hinge, squared hinge and exponential loss are convex: on a segment they lie below the chord. Cut off at height 1 "
    "(the ramp loss), none of them is.",
    zh="对数损失、合页损失、平方合页损失与指数损失都是凸的：线段上的函数值不高于弦。在高度 1 处截断（斜坡损失）就不再是凸函数。",
    source="Boyd, Vandenberghe 2004, section 3.1",
)
def below_the_chord(problem, subject, other):
    a, b, t, cap = problem
    losses = (subject.logistic_loss, subject.hinge_loss, subject.squared_hinge_loss, subject.exponential_loss)
    cut = [lambda m, loss=loss: np.minimum(loss(m)[0], cap) for loss in losses]
    return [atmost(f(t * a + (1 - t) * b), t * f(a) + (1 - t) * f(b)) for f in cut]


@law(
    "property",
    given=numbers,
    en="A convex loss lies above each of its tangents, at its kinks too: the gradient given there is a subgradient.",
    zh="凸损失处处位于自己的切线之上，不可导点也不例外：在那里给出的是一个次梯度。",
    source="Boyd, Vandenberghe 2004, section 3.1.3",
)
def above_the_tangents(problem, subject, other):
    x, _ = problem
    ends = np.r_[x, -1.0, 0.0, 1.0]
    losses = (subject.absolute_loss, subject.huber_loss, subject.hinge_loss, subject.squared_hinge_loss)
    result = []
    for loss in losses:
        value, gradient = loss(ends)
        result.append(
            atmost(value + gradient * (ends[:, None] - ends), np.broadcast_to(value[:, None], 2 * ends.shape))
        )
    return result


@law(
    "property",
    given=numbers,
    en="A hinge lets go: beyond its threshold loss and slope are zero. The log loss never does; its slope is never zero.",
    zh="合页会松手：间隔超过阈值后，损失与导数都为零。对数损失从不松手，导数永不为零。",
    source="Hastie, Tibshirani, Friedman 2009, section 12.3.2",
)
def lets_go(problem, subject, other):
    x, threshold = problem
    beyond = threshold + np.abs(x) + 1e-3
    hinges = (subject.hinge_loss, subject.squared_hinge_loss)
    zero = np.zeros((2, len(x)))
    return [
        *(agree(np.array(hinge(beyond, threshold=threshold)), zero, scale=1.0) for hinge in hinges),
        differs(subject.logistic_loss(beyond)[1] * np.exp(beyond), zero[0]),
    ]


@law(
    "property",
    given=coin(1.0),
    without=coin(0.0),
    en="Whoever minimises the expected log, exponential, squared hinge or hinge loss at a point ends on the side of the likelier label. "
    "With its threshold moved to 0 a hinge ends at 0, on neither side.",
    zh="在一点处最小化期望的对数损失、指数损失、平方合页损失或合页损失，都会落在更可能的类别一侧。把合页损失的阈值移到 0，极小点就是 0，哪一侧都不是。",
    source="Bartlett, Jordan, McAuliffe 2006, theorem 2; Lin 2004, A note on margin-based loss functions",
)
def likelier_side(problem, subject, other):
    eta, threshold = problem
    losses = [
        subject.logistic_loss,
        subject.exponential_loss,
        lambda m: subject.hinge_loss(m, threshold=threshold),
        lambda m: subject.squared_hinge_loss(m, threshold=threshold),
    ]
    sides = [np.sign(np.round(least(lambda f, loss=loss: risk_slope(loss, f, eta)), 6)) for loss in losses]
    return sides[: 2 if threshold == 1.0 else 0] + sides[2:], [np.sign(eta - 0.5)] * (4 if threshold == 1.0 else 2)


def risk_slope(loss, f, eta):
    """The slope in f of the expected loss η φ(f) + (1−η) φ(−f), where the label is +1 with probability η."""
    slope = loss(np.array([f, -f]))[1]
    return eta * slope[0] - (1 - eta) * slope[1]


def least(slope, low=-30.0, high=30.0):
    """Where a convex function of one number is least, by halving on the sign of its slope."""
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (low, middle) if slope(middle) > 0 else (middle, high)
    return (low + high) / 2


@law(
    "property",
    given=coin(1.0),
    en="From the minimiser of the expected loss the probability can be read off: f* = ln η/(1−η) for the log loss, half of it for the "
    "exponential, 2η − 1 for the squared hinge.",
    zh="由期望损失的极小点可以读出概率：对数损失的 f* = ln η/(1−η)，指数损失是它的一半，平方合页损失是 2η − 1。",
    source="Friedman, Hastie, Tibshirani 2000, lemma 1; Zhang 2004, Annals of Statistics 32",
)
def probability_read_off(problem, subject, other):
    eta, _ = problem
    losses = (subject.logistic_loss, subject.exponential_loss, subject.squared_hinge_loss)
    logit = np.log(eta / (1 - eta))
    found = [least(lambda f, loss=loss: risk_slope(loss, f, eta)) for loss in losses]
    return found, [logit, logit / 2, 2 * eta - 1]


@law(
    "property",
    given=targets,
    en="Of all constants the mean has the smallest sum of squares and the median the smallest sum of absolute errors; Huber's loss tends to "
    "the one for a large δ and, divided by δ, to the other for a small one.",
    zh="在所有常数里，均值的平方损失之和最小，中位数的绝对损失之和最小；δ 很大时 Huber 损失趋于前者，除以 δ 后在 δ 很小时趋于后者。",
    source="Hastie, Tibshirani, Friedman 2009, section 10.6; Huber 1964",
)
def mean_and_median(problem, subject, other):
    y, rivals = problem
    squared = [subject.squared_loss(c - y)[0].sum() for c in (y.mean(), *rivals)]
    absolute = [subject.absolute_loss(c - y)[0].sum() for c in (np.median(y), *rivals)]
    r = rivals[0] - y
    return [
        atmost(squared[0], min(squared)),
        atmost(absolute[0], min(absolute)),
        agree(subject.huber_loss(r, delta=1e6)[0], subject.squared_loss(r)[0] / 2),
        agree(subject.huber_loss(r, delta=1e-9)[0] / 1e-9, subject.absolute_loss(r)[0]),
    ]


@law(
    "bound",
    given=numbers,
    en="Huber's loss lies below half the squared and below δ times the absolute loss, and above the latter less ½δ²; no sample pulls "
    "harder than δ.",
    zh="Huber 损失不超过平方损失的一半，也不超过 δ 倍的绝对损失，且不低于后者减去 ½δ²；任何一个样本的拉力都不超过 δ。",
    source="Huber 1964",
)
def between_squared_and_absolute(problem, subject, other):
    r, delta = problem
    value, gradient = subject.huber_loss(r, delta=delta)
    absolute = delta * subject.absolute_loss(r)[0]
    return [
        atmost(value, np.minimum(subject.squared_loss(r)[0] / 2, absolute)),
        atmost(absolute - delta**2 / 2, value),
        atmost(np.abs(gradient), np.full_like(r, delta)),
    ]


@law(
    "special case",
    given=scores,
    en="With two classes the cross-entropy is the log loss of the difference of the scores, signed by the label, and so is its gradient.",
    zh="只有两类时，交叉熵就是两分数之差（按标签取正负号）的对数损失，梯度也是。",
    source="Bishop 2006, section 4.3.4",
)
def two_classes(problem, subject, other):
    z, y = problem[0][:, :2], problem[1] % 2
    sign = 2 * y - 1
    margin = sign * (z[:, 1] - z[:, 0])
    value, gradient = subject.cross_entropy_loss(z, y)
    log_loss, slope = subject.logistic_loss(margin)
    return [agree(value, log_loss), agree(gradient, np.outer(sign * slope, [-1, 1]) * 1.0)]


@law(
    "invariant",
    given=lambda draw: (*scores(draw), True),
    without=lambda draw: (*scores(draw), False),
    en="Adding a constant to all scores of a sample changes neither its cross-entropy nor the gradient; adding it to all but one does.",
    zh="给一个样本的所有分数加上同一常数，交叉熵与梯度都不变；漏加一个就会变。",
    source="Goodfellow, Bengio, Courville 2016, section 6.2.2.3",
)
def shifted_scores(problem, subject, other):
    z, y, all_of_them = problem
    shifted = z + 2.0 * (np.arange(z.shape[1]) >= (0 if all_of_them else 1))
    return [
        agree(a, b)
        for a, b in zip(subject.cross_entropy_loss(shifted, y), subject.cross_entropy_loss(z, y), strict=True)
    ]


@law(
    "invariant",
    given=scores,
    en="Renaming the classes permutes the gradient and changes nothing else.",
    zh="给类别改名只会相应地置换梯度，别无影响。",
)
def renamed_classes(problem, subject, other):
    z, y = problem
    k = z.shape[1]
    new = np.roll(np.arange(k), 1)  # class j is called new[j]
    renamed = np.empty_like(z)
    renamed[:, new] = z
    value, gradient = subject.cross_entropy_loss(renamed, new[y])
    plain = subject.cross_entropy_loss(z, y)
    return [agree(value, plain[0]), agree(gradient[:, new], plain[1])]


@law(
    "equivalent",
    of="information-theory",
    given=groups("from the data"),
    without=groups("to the data"),
    en="Cross-entropy, log loss and the divergence of the model from the empirical conditional distribution have one minimiser: they differ "
    "by a constant. The divergence in the other direction has another.",
    zh="交叉熵、对数损失、经验条件分布到模型的相对熵有同一个极小点：三者只差一个常数。方向反过来的相对熵则另有极小点。",
    source="Murphy 2022, Probabilistic Machine Learning, section 4.2.2",
)
def one_minimiser(problem, subject, other):
    x, counts, direction = problem
    share, empirical = counts.sum(1) / counts.sum(), counts / counts.sum(1, keepdims=True)
    X = np.column_stack([x, np.ones(len(x))])
    w = logistic_fit(X, counts)
    rows, labels = np.repeat(np.indices(counts.shape).reshape(2, -1), counts.ravel(), axis=1)
    rivals = [w, *(w + 0.3 * d for d in np.array([[1, 0], [0, 1], [-1, 0], [0, -1]]))]

    def three(v):
        f = X @ v
        z = np.column_stack([np.zeros(len(x)), f])
        q = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        pair = (empirical, q) if direction == "from the data" else (q, empirical)
        divergence = share @ [other.kl_divergence(one, two) for one, two in zip(*pair, strict=True)]
        entropy = share @ [other.entropy(p) for p in empirical]
        softmax = subject.cross_entropy_loss(z[rows], labels)[0].mean()
        return softmax, subject.logistic_loss((2 * labels - 1) * f[rows])[0].mean(), divergence + entropy

    table = np.array([three(v) for v in rivals])
    slope = subject.cross_entropy_loss(np.column_stack([np.zeros(len(rows)), X[rows] @ w]), labels)[1][:, 1]
    return [
        agree(table, np.repeat(table[:, :1], 3, axis=1)),
        atmost(table[0], table[1:].min(0)),
        agree(X[rows].T @ slope / len(rows), np.zeros(2), scale=1.0),
    ]


def logistic_fit(X, counts):
    """Newton's method on the likelihood, written out: the minimiser of the log loss on grouped data."""
    w, n = np.zeros(X.shape[1]), counts.sum(1)
    for _ in range(30):
        p = 1 / (1 + np.exp(-X @ w))
        w = w + np.linalg.solve((X.T * (n * p * (1 - p))) @ X, X.T @ (counts[:, 1] - n * p))
    return w


@law(
    "special case",
    given=numbers,
    en="With γ = 0 the focal loss is the log loss, and with a larger γ it is nowhere larger.",
    zh="γ = 0 时焦点损失就是对数损失；γ 越大，处处不增。",
    source="Lin, Goyal, Girshick, He, Dollár 2017, section 3.2",
)
def focal_and_log_loss(problem, subject, other):
    m, gamma = problem
    focal = [subject.focal_loss(m, gamma=g) for g in (0.0, gamma, gamma + 1)]
    value, slope = subject.logistic_loss(m)
    return [
        agree(focal[0][0], value),
        agree(focal[0][1], slope),
        atmost(focal[1][0], focal[0][0]),
        atmost(focal[2][0], focal[1][0]),
    ]


@law(
    "property",
    given=lambda draw: (coin(1.0)(draw)[0], draw.choice([0.5, 1.0, 2.0, 3.0])),
    en="Minimising the expected focal loss ends on the likelier side, but short of the odds: σ(f*) is not η. The probability is read off from the "
    "slopes instead, η = φ′(−f*) / (φ′(f*) + φ′(−f*)).",
    zh="最小化期望的焦点损失会落在更可能的一侧，却到不了对数几率：σ(f*) 不等于 η。概率要由两侧的导数还原：η = φ′(−f*) / (φ′(f*) + φ′(−f*))。",
    source="Charoenphakdee, Vongkulbhisal, Chairatanakul, Sugiyama 2021, theorems 4 and 11",
)
def focal_probability(problem, subject, other):
    eta, gamma = problem
    at = least(lambda f: risk_slope(lambda m: subject.focal_loss(m, gamma=gamma), f, eta))
    ahead, behind = subject.focal_loss(np.array([at, -at]), gamma=gamma)[1]
    claimed = 1 / (1 + np.exp(-at))
    return [
        agree(behind / (ahead + behind), eta),
        atmost(abs(claimed - 0.5), abs(eta - 0.5)),
        differs(claimed, eta),
        agree(np.sign(at), np.sign(eta - 0.5)),
    ]


@law(
    "approximates",
    given=far_ahead,
    en="A label far ahead costs e⁻ᵐ, however small that is, and a label far behind costs |m|: log loss and its slope lose no digits and do not overflow.",
    zh="遥遥领先的标签，损失是 e⁻ᵐ，再小也保有精度；远远落后的标签，损失是 |m|：对数损失及其导数既不丢失有效数字，也不溢出。",
    source="Mächler 2012, Accurately computing log(1 − exp(−|a|))",
)
def far_margins(problem, subject, other):
    value, slope = subject.logistic_loss(problem)
    behind, steep = subject.logistic_loss(-20 * problem)
    return [
        agree(value * np.exp(problem), np.ones_like(problem)),
        agree(-slope * np.exp(problem), np.ones_like(problem)),
        agree(behind, 20 * problem),
        agree(steep, -np.ones_like(problem)),
    ]


@law(
    "approximates",
    given=far_ahead,
    en="The same for the cross-entropy of scores up to ten thousand apart: nothing cancels and nothing overflows.",
    zh="相差上万的分数，其交叉熵同样如此：不相消，也不溢出。",
    source="Blanchard, Higham, Higham 2021, Accurately computing the log-sum-exp and softmax functions",
)
def far_scores(problem, subject, other):
    z = np.column_stack([problem, np.zeros_like(problem), np.zeros_like(problem)])
    value, gradient = subject.cross_entropy_loss(z, np.zeros(len(z), dtype=int))
    behind, steep = subject.cross_entropy_loss(20 * z, np.ones(len(z), dtype=int))
    relative = np.exp(problem)[:, None]
    return [
        agree(value * np.exp(problem), np.full_like(problem, 2.0)),
        agree(gradient * relative, np.tile([-2.0, 1.0, 1.0], (len(z), 1))),
        agree(behind, 20 * problem),
        agree(steep, np.tile([1.0, -1.0, 0.0], (len(z), 1))),
    ]


@law(
    "property",
    given=lambda draw: draw.uniform(5.0, 700.0, draw.integer(1, 5)),
    en="The exponential loss turns a sum of margins into a product of losses: φ(m) φ(−m) = 1.",
    zh="指数损失把间隔之和变成损失之积：φ(m) φ(−m) = 1。",
    source="Freund, Schapire 1997: the weights of AdaBoost are such products",
)
def reciprocal(problem, subject, other):
    ahead, behind = subject.exponential_loss(problem)[0], subject.exponential_loss(-problem)[0]
    return ahead * behind, np.ones_like(problem)


@law(
    "invariant",
    given=moved_by(1.0),
    without=moved_by(1.5),
    en="Triplet and contrastive loss see distances only: rotating and shifting the embedding changes neither and rotates the gradients, which "
    "sum to zero. Stretching it is no such motion.",
    zh="三元组损失与对比损失只看距离：嵌入整体旋转、平移，损失不变，梯度随之旋转，且各向量的梯度之和为零。拉伸则会改变损失。",
)
def rigid_motions(problem, subject, other):
    points, margin, Q, shift, scale = problem
    moved = scale * points @ Q + shift
    same = np.arange(points.shape[1]) % 2 == 0
    result = []
    for before, after in (
        (subject.triplet_loss(*points, margin=margin), subject.triplet_loss(*moved, margin=margin)),
        (
            subject.contrastive_loss(*points[:2], same, margin=9.0),
            subject.contrastive_loss(*moved[:2], same, margin=9.0),
        ),
    ):
        result += [
            agree(after[0], before[0]),
            agree(after[1], before[1] @ Q),
            agree(after[1].sum(0), np.zeros(points.shape[1:]), scale=1.0),
        ]
    return result


# ---- mutants -----------------------------------------------------------------------------------------------


def replaced(name, change):
    """Ours with one loss whose value and gradient, and its arguments, go through ``change(loss, *arguments, **parameters)``."""

    def wrap(ours):
        loss = getattr(ours, name)
        return SimpleNamespace(**{name: lambda *args, **rest: change(loss, *args, **rest)})

    return wrap


@mutant(en="halves the squared loss but not its gradient", zh="平方损失减半，梯度却没有")
def half_a_square(ours):
    return replaced("squared_loss", lambda loss, r: (loss(r)[0] / 2, loss(r)[1]))(ours)


@mutant(
    en="halves the squared loss and its gradient, as many libraries do",
    zh="平方损失与梯度都减半，许多库如此",
    source="the ½ of sklearn._loss.HalfSquaredError",
)
def half_square(ours):
    return replaced("squared_loss", lambda loss, r: (loss(r)[0] / 2, loss(r)[1] / 2))(ours)


@mutant(en="takes residuals the wrong way round", zh="残差取反")
def residual_reversed(ours):
    return replaced("absolute_loss", lambda loss, r: (loss(r)[0], -loss(r)[1]))(ours)


@mutant(
    en="Huber's linear part forgets δ, so the pieces do not meet unless δ = 1",
    zh="Huber 损失的线性段漏了 δ，除非 δ = 1，否则两段接不上",
    source="keras-cv issue 920 and the first form of pytorch pull request 17447",
)
def pieces_apart(ours):
    def change(loss, r, delta=1.0):
        r = np.asarray(r)
        value = np.where(np.abs(r) < delta, r**2 / 2, np.abs(r) - 0.5)
        return value, loss(r, delta=delta)[1]

    return replaced("huber_loss", change)(ours)


@mutant(en="does not cut off Huber's gradient", zh="Huber 损失的梯度没有截断")
def uncut(ours):
    return replaced("huber_loss", lambda loss, r, delta=1.0: (loss(r, delta=delta)[0], np.asarray(r)))(ours)


@mutant(en="divides Huber's loss by δ, as the smooth L1 loss does", zh="像 smooth L1 那样把 Huber 损失除以 δ")
def smooth_l1(ours):
    return replaced("huber_loss", lambda loss, r, delta=1.0: tuple(part / delta for part in loss(r, delta=delta)))(ours)


@mutant(en="takes logarithms to base 2", zh="取了以 2 为底的对数")
def bits(ours):
    return replaced("logistic_loss", lambda loss, m: tuple(part / LN2 for part in loss(m)))(ours)


@mutant(
    en="doubles the log loss, as the deviance does",
    zh="像偏差（deviance）那样把对数损失加倍",
    source="scikit-learn issue 25206: train_score_ is twice the log loss",
)
def deviance(ours):
    return replaced("logistic_loss", lambda loss, m: tuple(2 * part for part in loss(m)))(ours)


@mutant(
    en="clips probabilities at 10⁻¹⁵ instead of computing with margins",
    zh="不在间隔上计算，而是把概率截断在 10⁻¹⁵",
    source="sklearn.metrics.log_loss before version 1.5, eps=1e-15",
)
def clipped(ours):
    def change(loss, m):
        with np.errstate(over="ignore"):
            p = np.clip(1 / (1 + np.exp(-np.asarray(m))), 1e-15, 1 - 1e-15)
        return -np.log(p), p - 1

    return replaced("logistic_loss", change)(ours)


@mutant(en="loses the tail: ln(1 + e⁻ᵐ) without log1p", zh="不用 log1p 计算 ln(1 + e⁻ᵐ)，丢掉了尾部")
def without_log1p(ours):
    def change(loss, m):
        m = np.asarray(m)
        return np.maximum(-m, 0) + np.log(1 + np.exp(-np.abs(m))), loss(m)[1]

    return replaced("logistic_loss", change)(ours)


@mutant(en="gives the slope σ(m) − ½ of the symmetric part only", zh="导数只取了 σ(m) − ½")
def centred_slope(ours):
    return replaced("logistic_loss", lambda loss, m: (loss(m)[0], loss(m)[1] + 0.5))(ours)


@mutant(en="the hinge starts at 0: the perceptron's loss", zh="合页从 0 开始：成了感知机的损失")
def hinge_at_zero(ours):
    return replaced("hinge_loss", lambda loss, m, threshold=1.0: loss(m, threshold=0.0))(ours)


@mutant(en="a hinge without a hinge: 1 − m, negative for large margins", zh="没有“合页”的合页：1 − m，间隔大时为负")
def unhinged(ours):
    return replaced(
        "hinge_loss", lambda loss, m, threshold=1.0: (threshold - np.asarray(m), -np.ones_like(m, dtype=float))
    )(ours)


@mutant(en="at its kink the hinge gives the slope +1", zh="合页损失在折点处给出导数 +1")
def kink(ours):
    def change(loss, m, threshold=1.0):
        value, gradient = loss(m, threshold=threshold)
        return value, np.where(np.asarray(m) == threshold, 1.0, gradient)

    return replaced("hinge_loss", change)(ours)


@mutant(en="forgets to cut the squared hinge off: (1 − m)²", zh="平方合页忘了截断，成了 (1 − m)²")
def parabola(ours):
    def change(loss, m, threshold=1.0):
        short = threshold - np.asarray(m, dtype=float)
        return short**2, -2 * short

    return replaced("squared_hinge_loss", change)(ours)


@mutant(
    en="cuts the hinge off at 1 too, against outliers: the ramp loss",
    zh="为防离群点，把合页损失在高度 1 处也截断：斜坡损失",
    source="Collobert, Sinz, Weston, Bottou 2006, Trading Convexity for Scalability",
)
def ramp(ours):
    def change(loss, m, threshold=1.0):
        value, slope = loss(m, threshold=threshold)
        return np.minimum(value, 1.0), np.where(value < 1.0, slope, 0.0)

    return replaced("hinge_loss", change)(ours)


@mutant(en="halves the squared hinge", zh="平方合页损失减半", source="the ½ in some derivations of the L2-loss SVM")
def half_hinge(ours):
    return replaced("squared_hinge_loss", lambda loss, m, **rest: tuple(part / 2 for part in loss(m, **rest)))(ours)


@mutant(
    en="the exponential loss with half the margin",
    zh="指数损失用了一半的间隔",
    source="half a margin, f = ½ logit, is the other usual parametrisation of boosting",
)
def half_margin(ours):
    def change(loss, m):
        value, slope = loss(np.asarray(m) / 2)
        return value, slope / 2

    return replaced("exponential_loss", change)(ours)


@mutant(en="keeps the exponent below 50, for fear of overflow", zh="怕溢出，把指数限制在 50 以内")
def clipped_exponent(ours):
    return replaced("exponential_loss", lambda loss, m: loss(np.maximum(m, -50)))(ours)


@mutant(
    en="multiplies by γ(1 − p) where (1 − p)^γ is meant",
    zh="该乘 (1 − p)^γ，却乘了 γ(1 − p)",
    source="fudannlp16/focal-loss issue 2",
)
def factor_for_power(ours):
    def change(loss, m, gamma=2.0):
        value, slope = loss(m, gamma=1.0)
        return gamma * value, gamma * slope

    return replaced("focal_loss", change)(ours)


@mutant(
    en="weighs with p^γ, so that easy samples count",
    zh="权重用成 p^γ，容易的样本反而更重",
    source="yqyao/SSD_Pytorch issue 32",
)
def weighs_the_easy(ours):
    def change(loss, m, gamma=2.0):
        p = 1 / (1 + np.exp(-np.asarray(m)))
        value, slope = ours.logistic_loss(m)
        return p**gamma * value, p**gamma * (slope + gamma * (1 - p) * value)

    return replaced("focal_loss", change)(ours)


@mutant(
    en="treats the weight (1 − p)^γ as a constant when differentiating",
    zh="求导时把权重 (1 − p)^γ 当成常数",
)
def constant_weight(ours):
    def change(loss, m, gamma=2.0):
        slope = ours.logistic_loss(m)[1]
        return loss(m, gamma=gamma)[0], (-slope) ** gamma * slope

    return replaced("focal_loss", change)(ours)


@mutant(
    en="gets the gradient right and the value without γ",
    zh="梯度对了，损失值里却没有 γ",
    source="dlib pull request 2552",
)
def value_without_gamma(ours):
    return replaced("focal_loss", lambda loss, m, gamma=2.0: (ours.logistic_loss(m)[0], loss(m, gamma=gamma)[1]))(ours)


@mutant(
    en="takes scores for probabilities that are still to be normalised: applies softmax twice",
    zh="softmax 做了两次",
    source="the usual slip with losses that want scores, such as torch.nn.CrossEntropyLoss",
)
def softmax_twice(ours):
    def change(loss, z, y):
        e = np.exp(z - np.max(z, axis=1, keepdims=True))
        return loss(e / e.sum(1, keepdims=True), y)

    return replaced("cross_entropy_loss", change)(ours)


@mutant(en="forgets to subtract one at the label", zh="梯度在标签处忘了减一")
def probabilities_for_gradient(ours):
    def change(loss, z, y):
        value, gradient = loss(z, y)
        return value, gradient + np.eye(np.shape(z)[1])[y]

    return replaced("cross_entropy_loss", change)(ours)


@mutant(en="divides the gradient by the number of samples, but not the loss", zh="梯度除以样本数，损失却没有")
def mean_gradient(ours):
    def change(loss, z, y):
        value, gradient = loss(z, y)
        return value, gradient / len(value)

    return replaced("cross_entropy_loss", change)(ours)


@mutant(en="takes classes to be sorted by score", zh="误以为类别按分数排序")
def sorted_classes(ours):
    def change(loss, z, y):
        order = np.argsort(z[:, -1] > z[:, 0])
        value, gradient = loss(z, y)
        return value[np.argsort(order)] if len(order) > 1 else value, gradient[:, ::-1]

    return replaced("cross_entropy_loss", change)(ours)


@mutant(en="leaves the last class out of the sum: a sigmoid for all others", zh="求和时漏掉最后一类")
def reference_class(ours):
    return replaced("cross_entropy_loss", lambda loss, z, y: loss(np.c_[z[:, :-1], 0 * z[:, -1]], y))(ours)


@mutant(
    en="ln Σ exp(z) − z_y, which cancels where the label leads",
    zh="直接算 ln Σ exp(z) − z_y，标签领先时相消",
    source="sklearn._loss.HalfMultinomialLoss",
)
def cancelling(ours):
    def change(loss, z, y):
        own = np.arange(len(z)), y
        most = z.max(1)
        e = np.exp(z - most[:, None])
        return np.log(e.sum(1)) + most - z[own], e / e.sum(1, keepdims=True) - np.eye(z.shape[1])[y]

    return replaced("cross_entropy_loss", change)(ours)


@mutant(
    en="distances that are not squared",
    zh="距离没有平方",
    source="torch.nn.functional.triplet_margin_loss, another convention",
)
def plain_distances(ours):
    def change(loss, a, p, n, margin=1.0):
        near, far = np.linalg.norm(a - p, axis=-1), np.linalg.norm(a - n, axis=-1)
        return np.maximum(near - far + margin, 0), loss(a, p, n, margin=margin)[1]

    return replaced("triplet_loss", change)(ours)


@mutant(
    en="adds ε to each coordinate of a difference, so that moved embeddings cost something else",
    zh="给差向量的每个坐标都加上 ε，嵌入一旋转损失就变",
    source="eps in torch's pairwise_distance, enlarged to 0.1",
)
def shifted_difference(ours):
    return replaced("triplet_loss", lambda loss, a, p, n, **rest: loss(a, np.asarray(p) - 0.1, n, **rest))(ours)


@mutant(en="exchanges positive and negative", zh="正例与负例弄反了")
def exchanged(ours):
    return replaced("triplet_loss", lambda loss, a, p, n, **rest: loss(a, n, p, **rest))(ours)


@mutant(en="forgets that the anchor is pulled by both", zh="忘了锚点同时受两边的拉力")
def anchor_fixed(ours):
    def change(loss, a, p, n, **rest):
        value, gradient = loss(a, p, n, **rest)
        return value, gradient * [[[0.0]], [[1.0]], [[1.0]]]

    return replaced("triplet_loss", change)(ours)


@mutant(
    en="pushes with μ − d² instead of (μ − d)²",
    zh="推力用了 μ − d²，而不是 (μ − d)²",
    source="the second of the two forms in use",
)
def margin_of_squares(ours):
    def change(loss, a, b, same, margin=1.0):
        value, gradient = loss(a, b, same, margin=margin)
        push = np.maximum(margin - np.sum((np.asarray(a) - b) ** 2, axis=-1), 0) / 2
        return np.where(same, value, push), gradient

    return replaced("contrastive_loss", change)(ours)


@mutant(
    en="reads 1 as “different”, as the paper does",
    zh="像原论文那样把 1 当成“不同”",
    source="Hadsell, Chopra, LeCun 2006, where Y = 1 is dissimilar",
)
def label_reversed(ours):
    return replaced("contrastive_loss", lambda loss, a, b, same, **rest: loss(a, b, ~np.asarray(same), **rest))(ours)
