"""Three ways to choose the step, on a gorge made of two real columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Points, Progress, Script, Table, lab, shown
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.optimize.gradient_descent.descent import Minimum
from mlatlas.optimize.gradient_descent.gradient_descent import gradient_descent

Floats = NDArray[np.float64]
PAIRS = {
    "bmi_bp": Text("body mass index and blood pressure, r = 0.40", "体重指数与血压，r = 0.40"),
    "s1_s2": Text("two cholesterol values, r = 0.90", "两项胆固醇指标，r = 0.90"),
}
DIGIT = np.log(10) / 2  # steps that one more digit of the error costs, in units of κ


@lab(en="Down a gorge of two columns", zh="在两列数据的峡谷里下山", data="diabetes")
def gorge(
    step: Annotated[
        float, Knob(en="Fixed step t, in units of 1/L", zh="固定步长 t，以 1/L 为单位", low=0.05, high=2.2)
    ] = 1.0,
    standardise: Annotated[bool, Knob(en="Standardise the columns", zh="标准化各列")] = False,
    pair: Annotated[Literal["bmi_bp", "s1_s2"], Knob(en="Columns", zh="数据列", labels=PAIRS)] = "bmi_bp",
    steps: Annotated[int, Knob(en="Steps", zh="步数", low=3, high=100)] = 30,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Least squares with two weights, started at zero and at a random angle: fixed, backtracking and exact steps."""
    table = load("diabetes")
    names = pair.split("_")
    X = table.X[:, [table.feature_names.index(name) for name in names]]
    X, y = X - X.mean(0), table.y - table.y.mean()
    spread = X.std(0)
    X = X / spread if standardise else X
    A = X.T @ X / len(y)
    best = np.linalg.solve(A, X.T @ y / len(y))
    (mu, L), V = np.linalg.eigh(A)
    angle = np.random.default_rng(seed).uniform(0.06, 0.2)
    start = best + V @ (np.array([np.cos(angle), np.sin(angle)]) * np.abs(best).max())

    def f(w: Floats) -> tuple[float, Floats]:
        Ae = A @ (w - best)
        return float((w - best) @ Ae) / 2, Ae

    yield Progress(0.2, en="three descents", zh="三种下山方式")
    ways: dict[str, tuple[Text, Any]] = {
        "fixed": (Text(f"fixed, t = {step:g}/L", f"固定步长 t = {step:g}/L"), step / L),
        "backtracking": (Text("backtracking", "回溯法"), "backtracking"),
        "exact": (Text("exact search", "精确线搜索"), "exact"),
    }
    runs = {
        name: (label, gradient_descent(f, start, step=how, max_iter=steps, gtol=0.0, points=True))
        for name, (label, how) in ways.items()
    }
    left = {name: found.fun / found.trace.fun[0] for name, (_, found) in runs.items()}
    kappa, cured = L / mu, np.linalg.cond(np.corrcoef(X.T))
    yield Metric("kappa", kappa, en="κ, largest over smallest curvature", zh="κ，最大曲率与最小曲率之比")
    yield Metric("left_fixed", left["fixed"], en="excess left by the fixed step", zh="固定步长剩下的超出量")
    yield Metric("left_backtracking", left["backtracking"], en="excess left by backtracking", zh="回溯法剩下的超出量")
    yield Metric("left_exact", left["exact"], en="excess left by the exact search", zh="精确线搜索剩下的超出量")
    radius = 1.6 * np.sqrt(2 * f(start)[0] / np.array([mu, L]))
    yield Figure(
        name="paths",
        title=Text("The same gorge, three ways down", "同一条峡谷，三条下山的路"),
        x=Text(f"weight of {names[0]}, points per unit", f"{names[0]} 的权重（分/单位）"),
        y=Text(f"weight of {names[1]}, points per unit", f"{names[1]} 的权重（分/单位）"),
        caption=Text(
            f"Ellipses of equal squared error for two columns of the diabetes data, κ = {kappa:.2g}, and the way of each method from the "
            "same start. The exact search turns at right angles.",
            f"糖尿病数据中两列的等误差椭圆，κ = {kappa:.2g}，以及各方法从同一起点走出的路径。精确线搜索每次都直角转弯。",
        ),
        series=[
            *(Line(*ellipse(best, V, (mu, L), f(start)[0] * share), faint=True) for share in (1.0, 0.4, 0.1, 0.02)),
            *(Line(*inside(found, best, V, radius), label=label) for label, found in runs.values()),
            Points([best[0]], [best[1]], label=Text("minimum", "极小点")),
        ],
        square=True,
    )
    yield Progress(0.7, en="value against steps", zh="函数值随步数的变化")
    rate = ((kappa - 1) / (kappa + 1)) ** 2
    k = np.arange(steps + 1)
    yield Figure(
        name="values",
        title=Text("A straight line here is a fixed share lost at every step", "这里的直线表示每步失去固定的比例"),
        x=Text("steps", "步数"),
        y=Text("excess squared error, share of the start", "超出的平方误差（占起点的比例）"),
        caption=Text(
            f"Squared error above its minimum. Grey: the worst case of the best fixed step 2/(μ + L) and of the exact search, "
            f"((κ − 1)/(κ + 1))² = {rate:.3f} a step.",
            f"高出最小值的平方误差。灰线：最佳固定步长 2/(μ + L) 与精确线搜索的最坏情形，每步 ((κ − 1)/(κ + 1))² = {rate:.3f} 倍。",
        ),
        series=[
            Line(k[rate**k > 1e-14], rate ** k[rate**k > 1e-14], faint=True),
            *(Line(*above(found), label=label) for label, found in runs.values()),
        ],
        log_y=True,
    )
    all_ten = table.X - table.X.mean(0)
    rows = [
        (
            Text("these two columns, as they are", "这两列，原样"),
            np.linalg.cond((X * spread).T @ (X * spread)) if standardise else kappa,
        ),
        (Text("these two, standardised", "这两列，标准化"), cured),
        (Text("all ten columns, as they are", "全部十列，原样"), np.linalg.cond(all_ten.T @ all_ten)),
        (Text("all ten, standardised", "全部十列，标准化"), np.linalg.cond(np.corrcoef(all_ten.T))),
    ]
    yield Table(
        en="What a digit costs",
        zh="每多一位数字的代价",
        columns=[
            Text("table", "数据"),
            Text("κ", "κ"),
            Text("steps for one digit of the weights", "权重每多一位所需步数"),
        ],
        rows=[[name, float(value), float(np.ceil(DIGIT * value))] for name, value in rows],
    )
    yield Learned(
        en=f"At κ = {kappa:.3g} a fixed step of {step:g}/L leaves {shown(float(left['fixed']), digits=2)} of the excess after {steps} steps, "
        f"backtracking {shown(float(left['backtracking']), digits=2)} and the exact search {shown(float(left['exact']), digits=2)}; "
        f"standardised, κ is {cured:.3g}.",
        zh=f"κ = {kappa:.3g} 时，走 {steps} 步之后，固定步长 {step:g}/L 还剩 {shown(float(left['fixed']), 'zh', 2)} 的超出量，"
        f"回溯法剩 {shown(float(left['backtracking']), 'zh', 2)}，精确线搜索剩 {shown(float(left['exact']), 'zh', 2)}；标准化之后 κ 为 {cured:.3g}。",
    )
    scaling = "X = X / X.std(0)" if standardise else ""
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.optimize import gradient_descent

        table = load("diabetes")
        X = table.X[:, [table.feature_names.index(name) for name in {names}]]
        X, y = X - X.mean(0), table.y - table.y.mean()
        {scaling}
        A = X.T @ X / len(y)
        best = np.linalg.solve(A, X.T @ y / len(y))
        (mu, L), V = np.linalg.eigh(A)
        angle = np.random.default_rng({seed}).uniform(0.06, 0.2)
        start = best + V @ (np.array([np.cos(angle), np.sin(angle)]) * np.abs(best).max())

        def f(w):
            Ae = A @ (w - best)
            return (w - best) @ Ae / 2, Ae

        def left(step):
            return gradient_descent(f, start, step=step, max_iter={steps}, gtol=0.0).fun / f(start)[0]

        kappa = L / mu
        left_fixed, left_backtracking, left_exact = left({step} / L), left("backtracking"), left("exact")
        print(kappa, left_fixed, left_backtracking, left_exact)
    """)


def ellipse(centre: Floats, V: Floats, curvatures: tuple[float, float], value: float) -> tuple[Floats, Floats]:
    """The points at which the quadratic has this value."""
    turn = np.linspace(0, 2 * np.pi, 200)
    axes = np.sqrt(2 * value / np.array(curvatures))
    points = centre[:, None] + V @ (axes[:, None] * np.array([np.cos(turn), np.sin(turn)]))
    return points[0], points[1]


def inside(found: Minimum, centre: Floats, V: Floats, radius: Floats) -> tuple[Floats, Floats]:
    """The points of a path up to the first that leaves the picture."""
    path = found.trace.x
    assert path is not None
    out = (np.abs((path - centre) @ V) > radius).any(1)
    path = path[: int(out.argmax())] if out.any() else path
    return path[:, 0], path[:, 1]


def above(found: Minimum) -> tuple[Floats, Floats]:
    """Steps and the share of the excess that is left, as far as it can be told from zero."""
    share = found.trace.fun / found.trace.fun[0]
    k = np.flatnonzero(share > 1e-14).astype(float)
    return k, share[share > 1e-14]
