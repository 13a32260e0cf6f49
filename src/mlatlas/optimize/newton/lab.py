"""Four methods on the logistic loss of real tumours: how many steps each needs, and which way they go."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Points, Progress, Script, Table, lab, shown
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.optimize.gradient_descent.descent import Minimum
from mlatlas.optimize.gradient_descent.gradient_descent import gradient_descent
from mlatlas.optimize.newton.newton import bfgs, lbfgs, newton

Floats = NDArray[np.float64]
NAMES = {
    "gradient_descent": Text("gradient descent", "梯度下降"),
    "lbfgs": Text("L-BFGS", "L-BFGS"),
    "bfgs": Text("BFGS", "BFGS"),
    "newton": Text("Newton", "牛顿法"),
}
GTOL = 1e-8
PAIR = ("mean radius", "mean texture")


@lab(en="Four ways down the logistic loss", zh="沿对数损失下山的四种走法", data="breast_cancer")
def four_ways(
    penalty: Annotated[float, Knob(en="L2 penalty λ", zh="L2 惩罚 λ", low=1e-5, high=1.0, log=True)] = 1e-3,
    memory: Annotated[int, Knob(en="Pairs that L-BFGS keeps", zh="L-BFGS 保留的对数", low=1, high=30)] = 10,
    stretch: Annotated[
        float,
        Knob(
            en="Stretch between the first and the last column", zh="首列与末列的尺度之比", low=1.0, high=30.0, log=True
        ),
    ] = 1.0,
    steps: Annotated[int, Knob(en="Steps allowed", zh="允许的步数", low=20, high=1000)] = 400,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Minimise the penalised logistic loss of 569 tumours by four methods from the same random start."""
    data = load("breast_cancer")
    Z = (data.X - data.X.mean(0)) / data.X.std(0)
    y = np.where(data.y == data.y[0], 1.0, -1.0)
    start = 0.1 * np.random.default_rng(seed).normal(size=Z.shape[1])
    scales = np.geomspace(1.0, stretch, Z.shape[1])
    f, hess = logistic(Z * scales, y, penalty)
    runs: dict[str, Minimum] = {}
    for name, run in methods(f, hess, memory, steps).items():
        yield Progress(len(runs) / 5, en=NAMES[name].en, zh=NAMES[name].zh)
        runs[name] = run(start)
    lowest = min(found.fun for found in runs.values())
    yield Metric("steps_newton", runs["newton"].nit, en="steps of Newton", zh="牛顿法的步数")
    yield Metric("steps_bfgs", runs["bfgs"].nit, en="steps of BFGS", zh="BFGS 的步数")
    yield Metric("steps_lbfgs", runs["lbfgs"].nit, en="steps of L-BFGS", zh="L-BFGS 的步数")
    slope = runs["gradient_descent"].grad_norm
    yield Metric("slope_left", slope, en="slope left by gradient descent", zh="梯度下降剩下的坡度")
    yield Figure(
        name="values",
        title=Text(
            "Newton's digits double at each step near the end; those of gradient descent come one by one",
            "接近终点时，牛顿法的正确位数步步翻倍，梯度下降则一位一位地增加",
        ),
        x=Text("steps", "步数"),
        y=Text("excess of the mean loss, nats", "平均损失的超出量（奈特）"),
        caption=Text(
            f"Mean logistic loss of 569 tumours, 30 measurements, λ = {penalty:g}, above the lowest value found.",
            f"569 例肿瘤、30 项测量的平均对数损失，λ = {penalty:g}，减去找到的最低值。",
        ),
        series=[Line(*above(found, lowest), label=NAMES[name]) for name, found in runs.items()],
        log_x=True,
        log_y=True,
    )
    yield Progress(0.8, en="two measurements", zh="两项测量")
    columns = [data.feature_names.index(name) for name in PAIR]
    g, hess2 = logistic(Z[:, columns] * np.array([1.0, 3.0]), y, penalty)
    far = np.array([0.0, 1.5])
    plane = {name: run(far) for name, run in methods(g, hess2, memory, 60).items() if name != "bfgs"}
    best = plane["newton"].x
    yield Figure(
        name="paths",
        title=Text(
            "Newton ignores the shape of the valley, gradient descent obeys it",
            "牛顿法不理会山谷的形状，梯度下降则受制于它",
        ),
        x=Text("weight of the mean radius, nats per standard deviation", "平均半径的权重（奈特/标准差）"),
        y=Text("weight of the mean texture, nats per third of one", "平均纹理的权重（奈特/三分之一标准差）"),
        caption=Text(
            "Two of the thirty measurements, the second stretched three times: lines of equal loss, and the ways of three methods from "
            "the same start.",
            "三十项测量中的两项，第二项拉伸三倍：等损失线，以及三种方法从同一起点出发的路径。",
        ),
        series=[
            *(
                Line(*contour(g, best, g(best)[0] + share * (g(far)[0] - g(best)[0])), faint=True)
                for share in (0.12, 0.05, 0.015, 0.003)
            ),
            *(Line(*walked(found), label=NAMES[name]) for name, found in plane.items()),
            Points([best[0]], [best[1]], label=Text("minimum", "极小点")),
        ],
    )
    yield Table(
        en="What each method needed",
        zh="各方法的代价",
        columns=[
            Text("method", "方法"),
            Text("steps", "步数"),
            Text("evaluations of f", "函数计算次数"),
            Text("largest slope left", "剩下的最大坡度"),
            Text(f"below {shown(GTOL)}", f"小于 {shown(GTOL)}"),
        ],
        rows=[[NAMES[name], found.nit, found.nfev, found.grad_norm, found.converged] for name, found in runs.items()],
    )
    counts = {name: found.nit for name, found in runs.items()}
    yield Learned(
        en=f"Newton needs {counts['newton']} steps, BFGS {counts['bfgs']} and L-BFGS {counts['lbfgs']} for a slope below {shown(GTOL)}; after "
        f"{counts['gradient_descent']} steps gradient descent still stands on a slope of {shown(slope, digits=2)}.",
        zh=f"坡度降到 {shown(GTOL)} 以下，牛顿法要 {counts['newton']} 步，BFGS 要 {counts['bfgs']} 步，L-BFGS 要 {counts['lbfgs']} 步；"
        f"梯度下降走了 {counts['gradient_descent']} 步，脚下的坡度还有 {shown(slope, 'zh', 2)}。",
    )
    yield Script(f"""
        import numpy as np
        from scipy.special import expit
        from mlatlas.data import load
        from mlatlas.optimize import bfgs, gradient_descent, lbfgs, newton

        data = load("breast_cancer")
        Z = (data.X - data.X.mean(0)) / data.X.std(0)
        y = np.where(data.y == data.y[0], 1.0, -1.0)
        X = Z * np.geomspace(1.0, {stretch}, Z.shape[1])
        start = 0.1 * np.random.default_rng({seed}).normal(size=Z.shape[1])

        def f(w):
            z = y * (X @ w)
            loss = np.logaddexp(0, -z).mean() + {penalty} / 2 * w @ w
            return loss, -X.T @ (y * expit(-z)) / len(y) + {penalty} * w

        def hess(w):
            p = expit(X @ w)
            return (X.T * (p * (1 - p) / len(y))) @ X + {penalty} * np.eye(len(w))

        steps_newton = newton(f, start, hess=hess, gtol={GTOL}, max_iter={steps}).nit
        steps_bfgs = bfgs(f, start, gtol={GTOL}, max_iter={steps}).nit
        steps_lbfgs = lbfgs(f, start, memory={memory}, gtol={GTOL}, max_iter={steps}).nit
        slope_left = gradient_descent(f, start, gtol={GTOL}, max_iter={steps}).grad_norm
        print(steps_newton, steps_bfgs, steps_lbfgs, slope_left)
    """)


def logistic(X: Floats, y: Floats, penalty: float) -> tuple[Callable[..., tuple[float, Floats]], Callable[..., Floats]]:
    """Mean logistic loss for labels ±1 plus ½ λ ‖w‖²: value and gradient, and the Hessian."""

    def f(w: Floats) -> tuple[float, Floats]:
        z = y * (X @ w)
        loss = np.logaddexp(0, -z).mean() + penalty / 2 * w @ w
        return loss, -X.T @ (y * expit(-z)) / len(y) + penalty * w

    def hess(w: Floats) -> Floats:
        p = expit(X @ w)
        H: Floats = (X.T * (p * (1 - p) / len(y))) @ X + penalty * np.eye(len(w))
        return H

    return f, hess


def methods(
    f: Callable[..., tuple[float, Floats]], hess: Callable[..., Floats], memory: int, steps: int
) -> dict[str, Callable[[Floats], Minimum]]:
    """The four methods on one function."""
    return {
        "gradient_descent": lambda x: gradient_descent(f, x, gtol=GTOL, max_iter=steps, points=True),
        "lbfgs": lambda x: lbfgs(f, x, memory=memory, gtol=GTOL, max_iter=steps, points=True),
        "bfgs": lambda x: bfgs(f, x, gtol=GTOL, max_iter=steps, points=True),
        "newton": lambda x: newton(f, x, hess=hess, gtol=GTOL, max_iter=steps, points=True),
    }


def above(found: Minimum, lowest: float) -> tuple[Floats, Floats]:
    """Steps from the first on, and the excess over the lowest value as far as it can be told from zero."""
    excess: Floats = found.trace.fun[1:] - lowest
    clear = excess > 1e-14 * max(abs(lowest), 1.0)
    return np.flatnonzero(clear).astype(np.float64) + 1, excess[clear]


def walked(found: Minimum) -> tuple[Floats, Floats]:
    """The path in the plane."""
    assert found.trace.x is not None
    return found.trace.x[:, 0], found.trace.x[:, 1]


def contour(f: Callable[..., tuple[float, Floats]], centre: Floats, value: float) -> tuple[Floats, Floats]:
    """Where a convex function has this value, by bisection along rays from its minimum."""
    turn = np.linspace(0, 2 * np.pi, 181)
    rays = np.column_stack([np.cos(turn), np.sin(turn)])
    low, high = np.zeros(len(turn)), np.full(len(turn), 30.0)
    for _ in range(18):
        middle = (low + high) / 2
        below = np.array([f(centre + r * ray)[0] < value for r, ray in zip(middle, rays, strict=True)])
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    points = centre + low[:, None] * rays
    return points[:, 0], points[:, 1]
