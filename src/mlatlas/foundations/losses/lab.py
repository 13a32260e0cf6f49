"""What wrong labels do to a linear classifier, under each of the losses of the margin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from mlatlas.atlas.lab import Bars, Event, Figure, Knob, Learned, Line, Metric, Progress, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.foundations.losses.losses import (
    Loss,
    exponential_loss,
    focal_loss,
    hinge_loss,
    logistic_loss,
    squared_hinge_loss,
)

Floats = NDArray[np.float64]

NAMES = {
    "exponential": Text("exponential", "指数"),
    "squared_hinge": Text("squared hinge", "平方合页"),
    "log": Text("log", "对数"),
    "hinge": Text("hinge", "合页"),
    "focal": Text("focal", "焦点"),
}
TRAIN = 300  # rows to fit
REPEATS = 5  # sets of flipped labels at each share


@lab(en="Which loss believes a wrong label?", zh="哪种损失会轻信错误的标签？", data="breast_cancer")
def wrong_labels(
    flipped: Annotated[
        float, Knob(en="Share of training labels flipped", zh="翻转的训练标签比例", low=0.02, high=0.4)
    ] = 0.1,
    penalty: Annotated[float, Knob(en="Penalty λ", zh="惩罚 λ", low=1e-3, high=1.0, log=True)] = 0.003,
    gamma: Annotated[float, Knob(en="γ of the focal loss", zh="焦点损失的 γ", low=0.0, high=5.0)] = 2.0,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Flip some training labels, fit with five losses, and count errors on clean rows."""
    losses: dict[str, Callable[[Floats], Loss]] = {
        "exponential": exponential_loss,
        "squared_hinge": squared_hinge_loss,
        "log": logistic_loss,
        "hinge": hinge_loss,
        "focal": lambda m: focal_loss(m, gamma=gamma),
    }
    yield from curves(losses)
    table = load("breast_cancer")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(table.y))
    fitted, held_out = order[:TRAIN], order[TRAIN:]
    X = (table.X - table.X[fitted].mean(0)) / table.X[fitted].std(0)
    y = 2.0 * table.y - 1
    ranks = [rng.permutation(TRAIN) for _ in range(REPEATS)]
    shares = np.unique(np.r_[0.0, 0.05, 0.1, 0.2, 0.3, flipped])
    errors = {name: np.zeros(len(shares)) for name in losses}
    pull = {}
    for i, share in enumerate(shares):
        yield Progress(0.1 + 0.8 * i / len(shares), en=f"{share:.0%} of labels flipped", zh=f"翻转 {share:.0%} 的标签")
        for rank in ranks:
            wrong = rank < round(share * TRAIN)
            labels = np.where(wrong, -y[fitted], y[fitted])
            for name, loss in losses.items():
                w = fit(loss, X[fitted], labels, penalty)
                errors[name][i] += np.mean(y[held_out] * (X[held_out] @ w[:-1] + w[-1]) <= 0) / REPEATS
                if share == flipped and rank is ranks[0]:
                    force = np.abs(loss(labels * (X[fitted] @ w[:-1] + w[-1])).gradient)
                    pull[name] = 100 * force[wrong].sum() / force.sum()
    at = int(np.flatnonzero(shares == flipped)[0])
    for name, title in NAMES.items():
        yield Metric(
            f"error_{name}",
            100 * errors[name][at],
            en=f"errors on clean rows, {title.en}",
            zh=f"干净数据上的错误率（{title.zh}）",
            unit="%",
        )
    yield Figure(
        name="flipped",
        title=Text("What wrong labels cost, loss by loss", "错误标签的代价，逐个损失来看"),
        x=Text("training labels flipped, %", "翻转的训练标签（%）"),
        y=Text("errors on clean rows, %", "干净数据上的错误率（%）"),
        caption=Text(
            f"Error on {len(held_out)} rows with their true labels, for linear classifiers fitted to {TRAIN} rows of which some labels are "
            f"flipped; λ = {penalty:g}, mean of {REPEATS} sets of flips.",
            f"线性分类器在 {TRAIN} 行上拟合，其中一部分标签被翻转；在另外 {len(held_out)} 行（标签正确）上的错误率，λ = {penalty:g}，取 {REPEATS} 次翻转的平均。",
        ),
        series=[Line(100 * shares, 100 * errors[name], label=title) for name, title in NAMES.items()],
    )
    yield Figure(
        name="pull",
        title=Text("How much of the force comes from wrong labels", "总拉力中有多少来自错误标签"),
        x=Text("loss", "损失"),
        y=Text("share of the sum of |slopes|, %", "占导数绝对值之和的比例（%）"),
        caption=Text(
            f"At the fit to {flipped:.0%} flipped labels: the share of all the pulling that the flipped samples do.",
            f"在翻转 {flipped:.0%} 标签后的拟合解处，被翻转的样本占全部拉力的比例。",
        ),
        series=[Bars(list(NAMES.values()), [pull[name] for name in NAMES])],
    )
    best, worst = (choose(errors, key=lambda name: errors[name][at]) for choose in (min, max))
    yield Learned(
        en=f"With {flipped:.0%} of the labels flipped the {NAMES[best].en} loss errs on {100 * errors[best][at]:.1f} % of clean rows and the "
        f"{NAMES[worst].en} loss on {100 * errors[worst][at]:.1f} %; wrong labels do {pull[worst]:.0f} % of the pulling under the latter, "
        f"{pull[best]:.0f} % under the former.",
        zh=f"翻转 {flipped:.0%} 的标签后，{NAMES[best].zh}损失在干净数据上错 {100 * errors[best][at]:.1f} %，{NAMES[worst].zh}损失错 "
        f"{100 * errors[worst][at]:.1f} %；后者有 {pull[worst]:.0f} % 的拉力来自错误标签，前者为 {pull[best]:.0f} %。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.foundations import exponential_loss, focal_loss, hinge_loss, logistic_loss, squared_hinge_loss
        from mlatlas.foundations.losses.lab import fit

        table = load("breast_cancer")
        rng = np.random.default_rng({seed})
        order = rng.permutation(len(table.y))
        fitted, held_out = order[:{TRAIN}], order[{TRAIN}:]
        X = (table.X - table.X[fitted].mean(0)) / table.X[fitted].std(0)
        y = 2.0 * table.y - 1
        wrong = [rng.permutation({TRAIN}) < round({flipped} * {TRAIN}) for _ in range({REPEATS})]

        def error(loss):
            fits = [fit(loss, X[fitted], np.where(some, -y[fitted], y[fitted]), {penalty}) for some in wrong]
            return 100 * np.mean([np.mean(y[held_out] * (X[held_out] @ w[:-1] + w[-1]) <= 0) for w in fits])

        error_exponential, error_squared_hinge = error(exponential_loss), error(squared_hinge_loss)
        error_log, error_hinge = error(logistic_loss), error(hinge_loss)
        error_focal = error(lambda m: focal_loss(m, gamma={gamma}))
        print(error_exponential, error_squared_hinge, error_log, error_hinge, error_focal)
    """)


def fit(loss: Callable[[Floats], Loss], X: Floats, y: Floats, penalty: float) -> Floats:
    """The weights, and last the intercept, that minimise the mean loss of the margins y (Xw + b) plus ½ penalty ‖w‖²."""
    A = np.column_stack([X, np.ones(len(X))])

    def objective(w: Floats) -> tuple[float, Floats]:
        value, slope = loss(y * (A @ w))
        shrunk = penalty * np.r_[w[:-1], 0.0]
        return float(value.mean() + shrunk @ w / 2), A.T @ (y * slope) / len(y) + shrunk

    return np.asarray(minimize(objective, np.zeros(A.shape[1]), jac=True, method="BFGS", options={"maxiter": 60}).x)


def curves(losses: dict[str, Callable[[Floats], Loss]]) -> Iterator[Event]:
    """The losses over the margin, and their slopes."""
    m = np.linspace(-2.5, 3.0, 221)
    drawn = {name: loss(m) for name, loss in losses.items()}
    error = (m <= 0).astype(float)
    axis = Text("margin y f, no unit", "间隔 y f（无单位）")
    yield Figure(
        name="losses",
        title=Text("Curves that stand in for the count of errors", "替代错误计数的曲线"),
        x=axis,
        y=Text("loss of one sample", "单个样本的损失"),
        caption=Text(
            "Losses of the margin, cut off at 4, and the 0–1 loss in grey. The log loss is divided by ln 2, so that it meets it at 0; only the focal loss "
            "with γ > 0 does not stay above it.",
            "各种间隔损失（在 4 处截断），灰色为 0–1 损失。对数损失除以 ln 2，使之在零处与 0–1 损失相接；只有 γ > 0 的焦点损失不总在它之上。",
        ),
        series=[
            *(
                Line(m[shown], height[shown], label=NAMES[name])
                for name, one in drawn.items()
                for height in [one.value / (np.log(2) if name == "log" else 1.0)]
                for shown in [height <= 4]
            ),
            Line(m, error, label=Text("0–1", "0–1"), faint=True),
        ],
    )
    yield Figure(
        name="slopes",
        title=Text("How hard a sample pulls", "一个样本拉得有多用力"),
        x=axis,
        y=Text("slope of the loss", "损失的导数"),
        caption=Text(
            "The derivatives: the exponential loss pulls without limit, log and hinge with a force of at most one, and the hinge lets go at margin 1.",
            "各损失的导数：指数损失的拉力没有上限，对数损失与合页损失至多为一，合页损失在间隔到 1 时松手。",
        ),
        series=[
            Line(m[one.gradient >= -4], one.gradient[one.gradient >= -4], label=NAMES[name])
            for name, one in drawn.items()
        ],
    )
