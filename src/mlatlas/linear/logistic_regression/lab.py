"""Whether what is called a probability is one: tumours of which 30 in 100 turn out malignant where 30 per cent was said."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from mlatlas.atlas.lab import (
    Bars,
    Event,
    Figure,
    Knob,
    Learned,
    Line,
    Metric,
    Points,
    Progress,
    Rule,
    Script,
    Table,
    lab,
    shown,
)
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.linear.logistic_regression.logistic_regression import LogisticRegression

Floats = NDArray[np.float64]

GRID = 10.0 ** np.arange(-4, 5)
FOLDS = 5
NATS = Text("nats", "奈特")


@lab(en="Thirty per cent, said and seen", zh="说三成，真有三成吗", data="breast_cancer")
def calibration(
    C: Annotated[float, Knob(en="C, the weight of the data", zh="C（数据的分量）", low=1e-4, high=1e4, log=True)] = 1.0,
    l1_ratio: Annotated[
        float, Knob(en="Share of absolute values in the penalty", zh="惩罚中绝对值的份额", low=0.0, high=1.0)
    ] = 0.0,
    balanced: Annotated[bool, Knob(en="Weigh both classes alike", zh="让两类的总权重相等")] = False,
    bins: Annotated[int, Knob(en="Bins of the diagram", zh="可靠性图的分箱数", low=3, high=10)] = 5,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Predict every tumour by a model that has not seen it, for many penalties, and count what came true."""
    table = load("breast_cancer")
    y = (table.y == table.classes.index("malignant")).astype(int)
    fold = np.random.default_rng(seed).permutation(len(y)) % FOLDS
    options = {"l1_ratio": l1_ratio, "class_weight": "balanced" if balanced else None}
    path = []
    for k, one in enumerate(GRID):
        yield Progress(0.9 * k / len(GRID), en=f"C = {one:g}", zh=f"C = {one:g}")
        path.append(held_out(table.X, y, fold, C=float(one), **options))
    yield Progress(0.9, en=f"C = {C:g}", zh=f"C = {C:g}")
    mine = held_out(table.X, y, fold, C=C, **options)
    diagram = reliability(mine.p, y, bins)
    gap = float(diagram.number @ np.abs(diagram.said - diagram.seen) / len(y))
    yield Metric("log_loss", mine.loss, en="log loss, held out", zh="留出样本上的对数损失", unit=NATS)
    yield Metric("error", mine.error, en="errors at one half, held out", zh="以二分之一为界的留出错误率", unit="%")
    yield Metric("gap", gap, en="mean distance between said and seen", zh="预测概率与实际比例的平均差距")
    yield Metric("used", mine.used, en="measurements in use, of 30", zh="用到的测量数（共 30）")
    timid, bold = (reliability(one.p, y, bins) for one in (path[2], path[-2]))
    yield Figure(
        name="reliability",
        title=Text(
            "Too strong a penalty is timid, too weak a one is overconfident", "惩罚太强则畏首畏尾，太弱则过分自信"
        ),
        x=Text("probability of malignancy that was predicted", "预测为恶性的概率"),
        y=Text("share that was malignant", "其中确为恶性的比例"),
        caption=Text(
            f"569 tumours, each predicted by a model that has not seen it, in {bins} bins of predicted probability; bars are 95 % intervals of "
            f"the shares at C = {C:g}. Where the model holds, points lie on the diagonal.",
            f"569 例肿瘤，各由没见过它的模型预测，按预测概率分成 {bins} 箱；竖线是 C = {C:g} 时比例的 95% 区间。模型成立时，点都落在对角线上。",
        ),
        series=[
            Line([0, 1], [0, 1], faint=True),
            *(
                Line([s, s], [low, high], faint=True)
                for s, low, high in zip(diagram.said, diagram.low, diagram.high, strict=True)
            ),
            Points(timid.said, timid.seen, label=Text(f"C = {GRID[2]:g}", f"C = {GRID[2]:g}")),
            Points(bold.said, bold.seen, label=Text(f"C = {GRID[-2]:g}", f"C = {GRID[-2]:g}")),
            Points(diagram.said, diagram.seen, label=Text(f"C = {C:g}", f"C = {C:g}")),
        ],
    )
    yield Figure(
        name="confidence",
        title=Text("Confidence overtakes success", "把握超过了胜算"),
        x=Text("C, the weight of the data against the penalty", "C，数据相对于惩罚的分量"),
        y=Text("held-out rows, %", "留出样本（%）"),
        caption=Text(
            "How many of the held-out tumours are classified rightly, and how many the models expect: the mean probability of the class they predict.",
            "留出的肿瘤中判对的比例，以及模型自己预期的比例，即它对所判类别给出的概率的均值。",
        ),
        series=[
            Line(GRID, [one.confidence for one in path], label=Text("expected", "预期")),
            Line(GRID, [100 - one.error for one in path], label=Text("right", "判对")),
            Rule(C, label=Text("chosen", "所选")),
        ],
        log_x=True,
    )
    yield Figure(
        name="loss",
        title=Text("Fitted ever better, predicted ever worse", "拟合越来越好，预测却越来越差"),
        x=Text("C, the weight of the data against the penalty", "C，数据相对于惩罚的分量"),
        y=Text("mean log loss, nats", "平均对数损失（奈特）"),
        caption=Text(
            f"Log loss over C on the rows that were fitted and on those held out, means of {FOLDS} folds.",
            f"拟合样本与留出样本上的对数损失随 C 的变化，{FOLDS} 折平均。",
        ),
        series=[
            Line(GRID, [one.loss for one in path], label=Text("held out", "留出")),
            Line(GRID, [one.fitted_loss for one in path], label=Text("fitted", "拟合")),
            Rule(C, label=Text("chosen", "所选")),
        ],
        log_x=True,
    )
    order = np.argsort(-np.abs(mine.w))[:10]
    names = [table.feature_names[j] for j in order]
    yield Figure(
        name="coefficients",
        title=Text("What speaks for a malignant tumour", "哪些测量支持恶性的判断"),
        x=Text("measurement", "测量"),
        y=Text("change of the log-odds per standard deviation", "每标准差引起的对数几率变化"),
        caption=Text(
            f"The ten largest coefficients at C = {C:g}, means of {FOLDS} folds; e to their power is the ratio of the odds.",
            f"C = {C:g} 时最大的十个系数，{FOLDS} 折平均；以 e 为底取幂就是几率之比。",
        ),
        series=[Bars(names, mine.w[order])],
    )
    yield Table(
        en="The ranking is right long before the probabilities are",
        zh="排序早就对了，概率却还没有",
        columns=[
            Text("C", "C"),
            Text("log loss, nats", "对数损失（奈特）"),
            Text("right, %", "判对（%）"),
            Text("expected, %", "预期（%）"),
            Text("pairs ranked rightly, %", "排序正确的样本对（%）"),
            Text("in use", "所用测量"),
        ],
        rows=[
            [f"{one:g}", found.loss, 100 - found.error, found.confidence, found.ranked, found.used]
            for one, found in zip(GRID, path, strict=True)
        ],
    )
    best = int(np.argmin([one.loss for one in path]))
    yield Learned(
        en=f"At C = {C:g} said and seen differ by {shown(gap, digits=2)} on average, with a log loss of {shown(mine.loss, digits=3)} and "
        f"{shown(mine.error, digits=2)} % errors. The log loss is least at C = {GRID[best]:g}, {shown(path[best].loss, digits=3)}; at C = {GRID[2]:g} it "
        f"is {shown(path[2].loss, digits=3)}, although {shown(path[2].ranked, digits=3)} % of the pairs are ranked rightly.",
        zh=f"C = {C:g} 时，预测概率与实际比例平均相差 {shown(gap, 'zh', 2)}，对数损失 {shown(mine.loss, 'zh', 3)}，错误率 {shown(mine.error, 'zh', 2)} %。"
        f"对数损失在 C = {GRID[best]:g} 处最小，为 {shown(path[best].loss, 'zh', 3)}；C = {GRID[2]:g} 时已有 {shown(path[2].ranked, 'zh', 3)} % "
        f"的样本对排序正确，对数损失却还有 {shown(path[2].loss, 'zh', 3)}。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.linear import LogisticRegression

        table = load("breast_cancer")
        y = (table.y == table.classes.index("malignant")).astype(int)
        fold = np.random.default_rng({seed}).permutation(len(y)) % {FOLDS}
        log_p = np.empty((len(y), 2))
        for k in range({FOLDS}):
            fitted = fold != k
            mean, spread = table.X[fitted].mean(0), table.X[fitted].std(0)
            model = LogisticRegression(C={C!r}, l1_ratio={l1_ratio!r}, class_weight={options["class_weight"]!r})
            model.fit((table.X[fitted] - mean) / spread, y[fitted])
            log_p[~fitted] = model.predict_log_proba((table.X - mean) / spread)[~fitted]
        p = np.exp(log_p[:, 1])
        log_loss = -log_p[np.arange(len(y)), y].mean()
        error = 100 * np.mean((p > 0.5) != y)
        box = np.minimum((p * {bins}).astype(int), {bins - 1})
        gap = sum(abs((p - y)[box == b].sum()) for b in range({bins})) / len(y)
        print(log_loss, error, gap)
    """)


class HeldOut(NamedTuple):
    """What models say about rows that they have not seen, and the means of their coefficients and fitted losses."""

    p: Floats
    loss: float
    error: float  # per cent
    confidence: float  # per cent that it expects to be right
    ranked: float  # per cent of the pairs
    fitted_loss: float
    w: Floats
    used: float


def held_out(X: Floats, y: NDArray[np.int64], fold: NDArray[np.int64], **options: object) -> HeldOut:
    """Fit without each fold in turn, on features in standard deviations, and predict the fold."""
    log_p, losses, coefs = np.empty((len(y), 2)), [], []
    for k in range(FOLDS):
        fitted = fold != k
        Z = (X - X[fitted].mean(0)) / X[fitted].std(0)
        model = LogisticRegression(**options).fit(Z[fitted], y[fitted])  # type: ignore[arg-type]
        told = model.predict_log_proba(Z)
        log_p[~fitted] = told[~fitted]
        losses.append(-told[fitted, y[fitted]].mean())
        coefs.append(model.coef_[0])
    p, z = np.exp(log_p[:, 1]), log_p[:, 1] - log_p[:, 0]
    above = z[y == 1][:, None] - z[y == 0]
    return HeldOut(
        p,
        float(-log_p[np.arange(len(y)), y].mean()),
        float(100 * np.mean((p > 0.5) != y)),
        float(100 * np.maximum(p, 1 - p).mean()),
        float(100 * np.mean((above > 0) + 0.5 * (above == 0))),
        float(np.mean(losses)),
        np.mean(coefs, axis=0),
        float(np.mean([np.count_nonzero(w) for w in coefs])),
    )


class Reliability(NamedTuple):
    """For each bin that holds any: the mean prediction, the share that came true with its 95 % interval, and the number."""

    said: Floats
    seen: Floats
    low: Floats
    high: Floats
    number: Floats


def reliability(p: Floats, true: NDArray[Any], bins: int) -> Reliability:
    """Predictions (m,) and whether each came true, in bins of equal width; the intervals are Clopper's and Pearson's."""
    box = np.minimum((p * bins).astype(int), bins - 1)
    count, ones, said = (np.bincount(box, v, bins).astype(float) for v in (np.ones(len(p)), true, p))
    some = count > 0
    count, ones, said = count[some], ones[some], said[some]
    low = np.where(ones == 0, 0.0, beta.ppf(0.025, np.maximum(ones, 1), count - ones + 1))
    high = np.where(ones == count, 1.0, beta.ppf(0.975, ones + 1, np.maximum(count - ones, 1)))
    return Reliability(said / count, ones / count, low, high, count)
