"""Ten probabilities for a digit: whether they come true, where they come from, and what is said when the answer is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mlatlas.atlas.lab import (
    Event,
    Figure,
    Heat,
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
from mlatlas.linear.logistic_regression.lab import Reliability, reliability
from mlatlas.linear.softmax_regression.softmax_regression import SoftmaxRegression

Floats = NDArray[np.float64]
Labels = NDArray[np.int64]

GRID = 10.0 ** np.arange(-3, 4)
TIMID, BOLD = 0, -1  # of the grid, shown beside the chosen C
TOL = 1e-6  # well below the penalties 1/(C n) of the mean loss
NATS = Text("nats", "奈特")


@lab(en="Ten probabilities that sum to one", zh="和为一的十个概率", data="digits")
def ten_probabilities(
    C: Annotated[float, Knob(en="C, the weight of the data", zh="C（数据的分量）", low=1e-3, high=1e3, log=True)] = 1.0,
    absolute: Annotated[bool, Knob(en="Penalise absolute values", zh="惩罚取绝对值")] = False,
    train_rows: Annotated[int, Knob(en="Pictures to fit", zh="用于拟合的图片数", low=100, high=1200)] = 400,
    digit: Annotated[int, Knob(en="Digit whose coefficients are shown", zh="展示哪个数字的系数", low=0, high=9)] = 3,
    bins: Annotated[int, Knob(en="Bins of the diagram", zh="可靠性图的分箱数", low=4, high=12)] = 8,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Fit many penalties, predict the pictures held out, and count what came true of all ten probabilities."""
    table = load("digits")
    X, y = table.X / 16, table.y
    order = np.random.default_rng(seed).permutation(len(y))
    fitted, held_out = order[:train_rows], order[train_rows:]
    n, l1_ratio = len(held_out), float(absolute)
    path = []
    for at, one in enumerate(GRID):
        yield Progress(0.9 * at / len(GRID), en=f"C = {one:g}", zh=f"C = {one:g}")
        path.append(predicted(X, y, fitted, held_out, float(one), l1_ratio))
    yield Progress(0.9, en=f"C = {C:g}", zh=f"C = {C:g}")
    mine = predicted(X, y, fitted, held_out, C, l1_ratio)
    diagram = pairs(mine.P, y[held_out], bins)
    gap = float(diagram.number @ np.abs(diagram.said - diagram.seen) / diagram.number.sum())
    used = int(np.count_nonzero(mine.W))
    yield Metric("log_loss", mine.loss, en="log loss, held out", zh="留出样本上的对数损失", unit=NATS)
    yield Metric("error", mine.error, en="errors, held out", zh="留出样本上的错误率", unit="%")
    yield Metric("confidence", mine.confidence, en="right, as the model expects", zh="模型自己预期的正确率", unit="%")
    yield Metric("gap", gap, en="mean distance between said and seen", zh="预测概率与实际比例的平均差距")
    yield Metric("used", used, en="coefficients in use, of 640", zh="用到的系数（共 640）")
    timid, bold = (pairs(path[at].P, y[held_out], bins) for at in (TIMID, BOLD))
    yield Figure(
        name="reliability",
        title=Text("What was given thirty per cent, and how often it came", "说三成的，来了几成"),
        x=Text("probability that a picture shows a digit, as predicted", "预测图片是某个数字的概率"),
        y=Text("share that showed it", "其中确实是的比例"),
        caption=Text(
            f"Ten probabilities for each of {n} held-out pictures, {10 * n} in all, in {bins} bins; bars are 95 % intervals of the shares at C = {C:g}. "
            "Where the model holds, points lie on the diagonal.",
            f"{n} 张留出图片，每张十个概率，共 {10 * n} 个，分成 {bins} 箱；竖线是 C = {C:g} 时比例的 95% 区间。模型成立时，点都落在对角线上。",
        ),
        series=[
            Line([0, 1], [0, 1], faint=True),
            *(
                Line([said, said], [low, high], faint=True)
                for said, low, high in zip(diagram.said, diagram.low, diagram.high, strict=True)
            ),
            Points(timid.said, timid.seen, label=Text(f"C = {GRID[TIMID]:g}", f"C = {GRID[TIMID]:g}")),
            Points(bold.said, bold.seen, label=Text(f"C = {GRID[BOLD]:g}", f"C = {GRID[BOLD]:g}")),
            Points(diagram.said, diagram.seen, label=Text(f"C = {C:g}, chosen", f"C = {C:g}（所选）")),
        ],
    )
    yield Figure(
        name="confidence",
        title=Text("Confidence catches up with success, and overtakes it", "把握先追上胜算，再超过它"),
        x=Text("C, the weight of the data against the penalty", "C，数据相对于惩罚的分量"),
        y=Text("held-out pictures, %", "留出的图片（%）"),
        caption=Text(
            "How many of the held-out pictures are read rightly, and how many the models expect: the mean of the largest of the ten probabilities.",
            "留出的图片中读对的比例，以及模型自己预期的比例，即十个概率中最大者的均值。",
        ),
        series=[
            Line(GRID, [one.confidence for one in path], label=Text("expected", "预期")),
            Line(GRID, [100 - one.error for one in path], label=Text("right", "读对")),
            Rule(C, label=Text("chosen", "所选")),
        ],
        log_x=True,
    )
    yield Figure(
        name="loss",
        title=Text("Fitted ever better, predicted best in between", "拟合越来越好，预测则在中间最好"),
        x=Text("C, the weight of the data against the penalty", "C，数据相对于惩罚的分量"),
        y=Text("mean log loss, nats", "平均对数损失（奈特）"),
        caption=Text(
            f"Log loss over C on the {train_rows} pictures that were fitted and on the {n} held out. Without any feature it is ln 10 = 2.3.",
            f"{train_rows} 张拟合图片与 {n} 张留出图片上的对数损失随 C 的变化。没有任何特征时是 ln 10 = 2.3。",
        ),
        series=[
            Line(GRID, [one.loss for one in path], label=Text("held out", "留出")),
            Line(GRID, [one.fitted_loss for one in path], label=Text("fitted", "拟合")),
            Rule(C, label=Text("chosen", "所选")),
        ],
        log_x=True,
    )
    yield Figure(
        name="coefficients",
        title=Text(f"What speaks for a {digit}", f"什么支持它是 {digit}"),
        x=Text("column of the picture, pixels", "图中的列（像素）"),
        y=Text("row of the picture, pixels", "图中的行（像素）"),
        caption=Text(
            f"The coefficients of the digit {digit}: what full ink in a pixel adds to its score, compared with the other digits.",
            f"数字 {digit} 的系数：某个像素全黑时，它的得分比别的数字多加多少。",
        ),
        series=[
            Heat(
                list("12345678"),
                list("12345678"),
                mine.W[digit].reshape(8, 8).round(2),
                label=Text("coefficient", "系数"),
            )
        ],
        square=True,
    )
    yield worst(mine.P, y[held_out], held_out)
    best = int(np.argmin([one.loss for one in path]))
    yield Learned(
        en=f"At C = {C:g} the model expects to read {shown(mine.confidence, digits=3)} % rightly and reads {shown(100 - mine.error, digits=3)} %; its log "
        f"loss is {shown(mine.loss, digits=3)}. The log loss is least at C = {GRID[best]:g}, {shown(path[best].loss, digits=3)}. At C = {GRID[TIMID]:g}, "
        f"{shown(100 - path[TIMID].error, digits=3)} % are right where {shown(path[TIMID].confidence, digits=3)} % were expected.",
        zh=f"C = {C:g} 时，模型预期读对 {shown(mine.confidence, 'zh', 3)} %，实际读对 {shown(100 - mine.error, 'zh', 3)} %，对数损失为 "
        f"{shown(mine.loss, 'zh', 3)}。对数损失在 C = {GRID[best]:g} 处最小，为 {shown(path[best].loss, 'zh', 3)}。C = {GRID[TIMID]:g} 时，预期只有 "
        f"{shown(path[TIMID].confidence, 'zh', 3)} %，实际却读对 {shown(100 - path[TIMID].error, 'zh', 3)} %。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.linear import SoftmaxRegression

        table = load("digits")
        X, y = table.X / 16, table.y
        order = np.random.default_rng({seed}).permutation(len(y))
        fitted, held_out = order[:{train_rows}], order[{train_rows}:]
        model = SoftmaxRegression(C={C!r}, l1_ratio={l1_ratio!r}, tol={TOL}, max_iter=10_000).fit(X[fitted], y[fitted])
        log_P = model.predict_log_proba(X[held_out])
        P, truth = np.exp(log_P), y[held_out]
        log_loss = -log_P[np.arange(len(truth)), truth].mean()
        error = 100 * np.mean(P.argmax(1) != truth)
        confidence = 100 * P.max(1).mean()
        used = np.count_nonzero(model.coef_)
        print(log_loss, error, confidence, used)
    """)


class Predicted(NamedTuple):
    """What a model says about rows that it has not seen, and its coefficients (k, p)."""

    P: Floats
    loss: float
    fitted_loss: float
    error: float  # per cent
    confidence: float  # per cent that it expects to be right
    W: Floats


def predicted(X: Floats, y: Labels, fitted: Labels, held_out: Labels, C: float, l1_ratio: float) -> Predicted:
    """Fit some rows and predict the others."""
    model = SoftmaxRegression(C=C, l1_ratio=l1_ratio, tol=TOL, max_iter=10_000).fit(X[fitted], y[fitted])
    log_P = model.predict_log_proba(X)
    losses, P = -log_P[np.arange(len(y)), y], np.exp(log_P[held_out])
    return Predicted(
        P,
        float(losses[held_out].mean()),
        float(losses[fitted].mean()),
        float(100 * np.mean(P.argmax(1) != y[held_out])),
        float(100 * P.max(1).mean()),
        model.coef_,
    )


def pairs(P: Floats, y: Labels, bins: int) -> Reliability:
    """The reliability of all pairs of row and class."""
    return reliability(P.ravel(), (np.arange(P.shape[1]) == y[:, None]).ravel(), bins)


def worst(P: Floats, y: Labels, rows: Labels) -> Table:
    """The pictures to whose digit the least probability was given."""
    given = P[np.arange(len(y)), y]
    return Table(
        en="The pictures that surprised most",
        zh="最出乎意料的图片",
        columns=[
            Text("picture", "图片编号"),
            Text("is", "实为"),
            Text("probability of that", "它的概率"),
            Text("read as", "读作"),
            Text("probability of that", "它的概率"),
            Text("surprise, nats", "意外程度（奈特）"),
        ],
        rows=[
            [rows[i], y[i], given[i], P[i].argmax(), P[i].max(), -np.log(max(given[i], 1e-300))]
            for i in np.argsort(given)[:8]
        ],
    )
