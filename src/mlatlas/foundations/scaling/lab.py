"""What each scaler does to the bowl that gradient descent walks in, and to the shape of a column."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Progress, Rule, Script, Table, lab, shown
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.foundations.scaling.curves import QuantileTransformer
from mlatlas.foundations.scaling.scaling import MinMaxScaler, Normalizer, RobustScaler, StandardScaler

Name = Literal["wine", "breast_cancer", "iris", "diabetes", "digits"]
DATA = {
    "wine": Text("wine, 13 chemical measurements", "葡萄酒，13 项化学测量"),
    "breast_cancer": Text("breast cancer, 30 measurements", "乳腺癌，30 项测量"),
    "iris": Text("iris, 4 lengths", "鸢尾花，4 项长度"),
    "diabetes": Text("diabetes, 10 measurements", "糖尿病，10 项测量"),
    "digits": Text("handwritten digits, 61 pixels that vary", "手写数字，61 个有变化的像素"),
}
SCALERS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Text]] = {
    "none": (lambda X: X, Text("as it is", "原样")),
    "standard": (StandardScaler().fit_transform, Text("StandardScaler", "StandardScaler")),
    "min_max": (MinMaxScaler().fit_transform, Text("MinMaxScaler", "MinMaxScaler")),
    "robust": (RobustScaler().fit_transform, Text("RobustScaler", "RobustScaler")),
    "ranks": (
        lambda X: QuantileTransformer(n_quantiles=min(100, len(X))).fit_transform(X),
        Text("QuantileTransformer", "QuantileTransformer"),
    ),
    "rows": (Normalizer().fit_transform, Text("Normalizer", "Normalizer")),
}
NEAR = 0.01  # of the excess loss at the start
ROUNDING = 1e-14  # a curvature that is no larger, relative to the largest, is rounding


@lab(
    en="Round and flat bowls", zh="圆碗与扁碗", data=Text("five real tables, one at a time", "五张真实数据表，每次一张")
)
def bowls(
    data: Annotated[Name, Knob(en="Data", zh="数据", labels=DATA)] = "wine",
    steps: Annotated[int, Knob(en="Steps of gradient descent", zh="梯度下降步数", low=10, high=5000, log=True)] = 2000,
    wild: Annotated[
        float,
        Knob(
            en="Factor on the largest value of each column", zh="每列最大值放大的倍数", low=1.0, high=1000.0, log=True
        ),
    ] = 1.0,
    rows: Annotated[float, Knob(en="Share of the rows used", zh="使用的样本比例", low=0.3, high=1.0)] = 1.0,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Least squares by gradient descent with its best fixed step, on the table scaled in six ways."""
    table = load(data)
    chosen = np.random.default_rng(seed).permutation(len(table.y))[: round(rows * len(table.y))]
    X, y = table.X[chosen], (table.y[chosen] == 0 if table.classes else table.y[chosen]).astype(float)
    X = X[:, np.ptp(X, axis=0) > 0]
    X[np.abs(X).argmax(0), np.arange(X.shape[1])] *= wild
    scaled = {name: scale(X) for name, (scale, _) in SCALERS.items()}
    kappa = {name: condition(Z) for name, Z in scaled.items()}
    losses = {}
    for i, (name, Z) in enumerate(scaled.items()):
        yield Progress(
            0.9 * i / len(scaled), en=f"gradient descent: {SCALERS[name][1].en}", zh=f"梯度下降：{SCALERS[name][1].zh}"
        )
        losses[name] = descent(Z, y, steps)
    kept = {name: abs(float(np.corrcoef(X[:, 0], Z[:, 0])[0, 1])) for name, Z in scaled.items()}
    first = {name: int(np.argmax(loss <= NEAR)) if (loss <= NEAR).any() else None for name, loss in losses.items()}
    yield Metric("kappa_none", kappa["none"], en="condition number κ, as it is", zh="条件数 κ，原样")
    yield Metric("kappa_standard", kappa["standard"], en="κ, StandardScaler", zh="κ，StandardScaler")
    yield Metric("kappa_min_max", kappa["min_max"], en="κ, MinMaxScaler", zh="κ，MinMaxScaler")
    yield Metric("kappa_rows", kappa["rows"], en="κ, Normalizer", zh="κ，Normalizer")
    yield Table(
        en="Six ways to scale one table",
        zh="同一张表的六种缩放",
        columns=[
            Text("scaler", "缩放"),
            Text("condition number κ", "条件数 κ"),
            Text("steps to 1 % of the excess loss", "超额损失降到 1% 的步数"),
            Text("correlation of the first column before and after", "第一列缩放前后的相关系数"),
        ],
        rows=[[SCALERS[name][1], kappa[name], first[name], kept[name]] for name in SCALERS],
    )
    yield Figure(
        name="descent",
        title=Text("The rounder the bowl, the shorter the walk", "碗越圆，路越短"),
        x=Text("steps", "步数"),
        y=Text("excess loss, share of that at the start", "超额损失，相对于起点"),
        caption=Text(
            "Least squares from zero with the best fixed step, 2/(ℓ+L) for curvatures from ℓ to L, on centred columns. Every curve is measured against its own minimum.",
            "各列中心化后，从零出发、取最佳固定步长 2/(ℓ+L)（曲率从 ℓ 到 L）做最小二乘。每条曲线都以各自的最小值为准。",
        ),
        series=[
            *(
                Line(np.arange(1, steps + 1), np.maximum(losses[name][1:], 1e-8), label=SCALERS[name][1])
                for name in SCALERS
            ),
            Rule(NEAR, axis="y"),
        ],
        log_x=True,
        log_y=True,
    )
    yield Figure(
        name="shape",
        title=Text(
            "Straight maps keep the shape of a column, the others do not", "直线映射保留一列的形状，其余的不保留"
        ),
        x=Text("z-score after scaling", "缩放后的 z 分数"),
        y=Text("density", "密度"),
        caption=Text(
            "The first column of the table, smoothed. As it is and by StandardScaler, MinMaxScaler or RobustScaler it is the same curve.",
            "表的第一列，经平滑。原样与经 StandardScaler、MinMaxScaler、RobustScaler 缩放后是同一条曲线。",
        ),
        series=[
            density(scaled["min_max"][:, 0], Text("MinMaxScaler, and as it is", "MinMaxScaler，以及原样")),
            density(scaled["ranks"][:, 0], SCALERS["ranks"][1]),
            density(scaled["rows"][:, 0], SCALERS["rows"][1]),
        ],
    )
    when = {
        name: Text(f"more than {steps:,}", f"{steps:,} 以上") if step is None else Text(f"{step:,}", f"{step:,}")
        for name, step in first.items()
    }
    kappas = {name: shown(value, digits=3) for name, value in kappa.items()}
    yield Learned(
        en=f"Standardising takes κ from {kappas['none']} to {kappas['standard']}, min–max to {kappas['min_max']}. Steps of gradient "
        f"descent to within 1 % of the optimum: {when['standard'].en} on standardised columns, {when['none'].en} on the table as it is. What "
        f"Normalizer makes of the first column correlates with it at {kept['rows']:.2f}.",
        zh=f"标准化把 κ 从 {kappas['none']} 变为 {kappas['standard']}，极值法变为 {kappas['min_max']}。梯度下降走到离最优只差 1% 所需步数："
        f"标准化后 {when['standard'].zh}，原样 {when['none'].zh}。第一列经 Normalizer 之后，与原来的自己的相关系数为 {kept['rows']:.2f}。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.foundations import MinMaxScaler, Normalizer, StandardScaler

        table = load("{data}")
        rows = np.random.default_rng({seed}).permutation(len(table.y))[:{len(chosen)}]
        X = table.X[rows]
        X = X[:, np.ptp(X, axis=0) > 0]
        X[np.abs(X).argmax(0), np.arange(X.shape[1])] *= {wild}

        def condition(Z):
            Z = Z - Z.mean(0)
            curvature = np.linalg.eigvalsh(Z.T @ Z / len(Z))
            return curvature[-1] / curvature[curvature > {ROUNDING} * curvature[-1]][0]

        kappa_none = condition(X)
        kappa_standard = condition(StandardScaler().fit_transform(X))
        kappa_min_max = condition(MinMaxScaler().fit_transform(X))
        kappa_rows = condition(Normalizer().fit_transform(X))
        print(kappa_none, kappa_standard, kappa_min_max, kappa_rows)
    """)


def condition(Z: np.ndarray) -> float:
    """The largest curvature of least squares on centred columns over the smallest that is not rounding."""
    Z = Z - Z.mean(0)
    curvature = np.linalg.eigvalsh(Z.T @ Z / len(Z))
    return float(curvature[-1] / curvature[curvature > ROUNDING * curvature[-1]][0])


def descent(Z: np.ndarray, y: np.ndarray, steps: int) -> np.ndarray:
    """The excess loss after 0 ... steps steps of 2/(ℓ+L) from zero, as a share of that at the start."""
    Z, y = Z - Z.mean(0), y - y.mean()
    curvature, V = np.linalg.eigh(Z.T @ Z / len(Z))
    real = curvature > ROUNDING * curvature[-1]
    curvature, V = curvature[real], V[:, real]
    error = V.T @ (Z.T @ y / len(Z)) / curvature  # at zero, in the directions of the bowl's axes
    shrinks = 1 - 2 / (curvature[0] + curvature[-1]) * curvature
    losses = ((error * shrinks ** np.arange(steps + 1)[:, None]) ** 2 * curvature).sum(1)
    return np.asarray(losses / losses[0])


def walk(losses: np.ndarray, label: Text) -> Line:
    """The losses after the first step and on, down to where nothing more is to be seen."""
    last = max(2, int(np.argmax(losses < 1e-8)) or len(losses))
    return Line(np.arange(1, last), losses[1:last], label=label)


def density(x: np.ndarray, label: Text) -> Any:
    """A smooth density of the z-scores of a column."""
    from scipy.stats import gaussian_kde

    z = (x - x.mean()) / x.std()
    at = np.linspace(-4, 4, 161)
    return Line(at, gaussian_kde(z, bw_method=0.2)(at), label=label)
