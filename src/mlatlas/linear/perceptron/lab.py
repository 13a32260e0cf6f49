"""Ten perceptrons read digits: what the last weights owe to the order of the samples, and what averaging mends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Band, Event, Figure, Heat, Knob, Learned, Line, Metric, Progress, Script, Table, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.linear.perceptron.perceptron import AveragedPerceptron, Perceptron

TRAIN = 1000  # pictures to learn from
LEARNERS = {
    "last": (Perceptron, Text("last weights", "最后的权重")),
    "mean": (AveragedPerceptron, Text("mean of all weights", "所有权重的平均")),
}


@lab(en="The last weights, or their mean", zh="最后的权重，还是平均的权重", data="digits")
def last_or_mean(
    passes: Annotated[int, Knob(en="Passes over the pictures", zh="走多少遍", low=2, high=40)] = 15,
    orders: Annotated[int, Knob(en="Orders tried", zh="尝试的次序数", low=2, high=20)] = 8,
    digit: Annotated[int, Knob(en="Digit whose weights are shown", zh="展示哪个数字的权重", low=0, high=9)] = 3,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Learn ten digits, one against the rest, in several orders; count errors on pictures that were held out."""
    table = load("digits")
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(table.y))
    fitted, held_out = rows[:TRAIN], rows[TRAIN:]
    X, y, classes = table.X / 16, table.y, np.arange(10)
    errors = {name: np.empty((orders, passes)) for name in LEARNERS}
    mistakes = np.empty(passes)
    models = {}
    for k in range(orders):
        yield Progress(0.8 * k / orders, en=f"order {k + 1} of {orders}", zh=f"第 {k + 1} 种次序，共 {orders} 种")
        models = {name: kind() for name, (kind, _) in LEARNERS.items()}
        for t in range(passes):
            order = rng.permutation(fitted)
            before = 0 if t == 0 else models["last"].mistakes_.sum()
            for name, model in models.items():
                model.partial_fit(X[order], y[order], classes=classes)
                errors[name][k, t] = 100 * np.mean(model.predict(X[held_out]) != y[held_out])
            mistakes[t] = models["last"].mistakes_.sum() - before
        yield curves({name: error[: k + 1] for name, error in errors.items()})
    final = {name: error[:, -1] for name, error in errors.items()}
    for name, (_, title) in LEARNERS.items():
        yield Metric(
            f"error_{name}", final[name].mean(), en=f"errors, {title.en}", zh=f"错误率（{title.zh}）", unit="%"
        )
        yield Metric(
            f"spread_{name}",
            final[name].max() - final[name].min(),
            en=f"worst less best order, {title.en}",
            zh=f"最坏与最好次序之差（{title.zh}）",
            unit="%",
        )
    yield Progress(0.85, en="to separation", zh="走到完全分开为止")
    yield bounds(X[fitted], y[fitted])
    pictures = models["mean"].coef_[digit].reshape(8, 8)
    yield Figure(
        name="weights",
        title=Text(f"What speaks for a {digit}", f"什么支持它是 {digit}"),
        x=Text("column of the picture, pixels", "图中的列（像素）"),
        y=Text("row of the picture, pixels", "图中的行（像素）"),
        caption=Text(
            f"The averaged weights of the digit {digit} against the rest: ink in pixels of positive weight speaks for it.",
            f"数字 {digit} 对其余各数字的平均权重：正权重处有墨迹，就支持它是 {digit}。",
        ),
        series=[Heat(list("12345678"), list("12345678"), pictures, label=Text("weight", "权重"))],
        square=True,
    )
    low, high = final["last"].min(), final["last"].max()
    yield Learned(
        en=f"After {passes} passes the last weights err on {final['last'].mean():.1f} % of the held-out digits, from {low:.1f} to {high:.1f} % depending on "
        f"the order; their mean errs on {final['mean'].mean():.1f} %, from {final['mean'].min():.1f} to {final['mean'].max():.1f} %. "
        f"The last pass still made {mistakes[-1]:.0f} mistakes, the first {mistakes[0]:.0f}.",
        zh=f"走 {passes} 遍之后，最后的权重在留出的数字上错 {final['last'].mean():.1f} %，因次序不同在 {low:.1f} % 到 {high:.1f} % 之间；平均权重错 "
        f"{final['mean'].mean():.1f} %，在 {final['mean'].min():.1f} % 到 {final['mean'].max():.1f} % 之间。最后一遍仍有 {mistakes[-1]:.0f} 次错误，第一遍有 {mistakes[0]:.0f} 次。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.linear import AveragedPerceptron, Perceptron

        table = load("digits")
        rng = np.random.default_rng({seed})
        rows = rng.permutation(len(table.y))
        fitted, held_out = rows[:{TRAIN}], rows[{TRAIN}:]
        X, y = table.X / 16, table.y
        errors = []
        for k in range({orders}):
            last, mean = Perceptron(), AveragedPerceptron()
            for t in range({passes}):
                order = rng.permutation(fitted)
                for model in (last, mean):
                    model.partial_fit(X[order], y[order], classes=np.arange(10))
            errors.append([100 * np.mean(model.predict(X[held_out]) != y[held_out]) for model in (last, mean)])
        error_last, error_mean = np.mean(errors, axis=0)
        spread_last, spread_mean = np.ptp(errors, axis=0)
        print(error_last, spread_last, error_mean, spread_mean)
    """)


def curves(errors: dict[str, np.ndarray]) -> Figure:
    """Errors over the passes, of shape (orders, passes) for each learner."""
    orders, passes = errors["last"].shape
    x = np.arange(1, passes + 1)
    return Figure(
        name="errors",
        title=Text("The last weights jump, their mean settles", "最后的权重跳来跳去，平均值安定下来"),
        x=Text("passes over the pictures", "遍数"),
        y=Text("errors on held-out pictures, %", "留出图片上的错误率（%）"),
        caption=Text(
            f"Mean over {orders} orders of the same {TRAIN} pictures, and the range from the best order to the worst.",
            f"同样的 {TRAIN} 张图片按 {orders} 种次序学习：线为平均，带为最好到最坏的范围。",
        ),
        series=[
            one
            for name, (_, title) in LEARNERS.items()
            for one in (
                Band(x, errors[name].min(0), errors[name].max(0)),
                Line(x, errors[name].mean(0), label=title),
            )
        ],
    )


def bounds(X: np.ndarray, y: np.ndarray) -> Table:
    """For each digit against the rest: mistakes up to separation, and the bound from the margin of the plane that was found."""
    A = np.column_stack([X, np.ones(len(X))])
    R = np.linalg.norm(A, axis=1).max()
    rows: list[tuple[int | float | None, ...]] = []
    for digit in range(10):
        sign = np.where(y == digit, 1.0, -1.0)
        model = Perceptron(n_iter_no_change=None, max_iter=300).fit(X, sign)
        u = np.r_[model.coef_[0], model.intercept_]
        margin = float((sign * (A @ u)).min() / np.linalg.norm(u))
        reached = margin > 0
        rows.append(
            (digit, model.n_iter_, model.mistakes_, margin if reached else None, (R / margin) ** 2 if reached else None)
        )
    return Table(
        en="Each digit against the rest, until no picture is wrong (300 passes at most)",
        zh="每个数字对其余数字，直到没有错分为止（至多 300 遍）",
        columns=(
            Text("digit", "数字"),
            Text("passes", "遍数"),
            Text("mistakes", "错误次数"),
            Text("margin γ of the plane found", "所得超平面的间隔 γ"),
            Text("(R/γ)²", "(R/γ)²"),
        ),
        rows=tuple(rows),
    )
