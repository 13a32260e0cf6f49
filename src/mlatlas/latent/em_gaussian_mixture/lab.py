"""The petals of irises without their species: the climb of EM, what it finds, and how BIC chooses."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Points, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.latent.em_gaussian_mixture.em_gaussian_mixture import KINDS, GaussianMixture

MOST = 6  # components that BIC is asked about
FLOOR = 1e-3  # cm²: petals are measured to a millimetre
SHAPES = {
    "full": Text("full", "完整"),
    "tied": Text("tied", "共享"),
    "diag": Text("diagonal", "对角"),
    "spherical": Text("spherical", "球形"),
}


def ellipse(mean: NDArray[np.float64], S: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points two standard deviations away from the mean, (2, 100)."""
    angle = np.linspace(0, 2 * np.pi, 100)
    ring: NDArray[np.float64] = mean[:, None] + 2 * np.linalg.cholesky(S) @ np.array([np.cos(angle), np.sin(angle)])
    return ring


@lab(en="Irises without their names", zh="不知品种的鸢尾花", data="iris")
def irises(
    components: Annotated[int, Knob(en="Components K", zh="分量数 K", low=1, high=6)] = 3,
    starts: Annotated[int, Knob(en="Starts", zh="初值的个数", low=1, high=20)] = 5,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Fit petals by full covariances, follow the likelihood, and ask BIC for the number and the shape."""
    table = load("iris")
    X = table.X[:, 2:]
    options: dict[str, Any] = {"init_params": "random_from_data", "reg_covar": FLOOR, "max_iter": 300, "tol": 1e-6}
    bics: dict[str, list[float]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # components held up by the floor are counted below
        yield Progress(0.0, en=f"{starts} starts", zh=f"{starts} 个初值")
        runs = [GaussianMixture(components, random_state=seed + s, **options).fit(X) for s in range(starts)]
        for i, kind in enumerate(KINDS):
            yield Progress(0.2 + 0.2 * i, en=f"BIC, {SHAPES[kind].en}", zh=f"BIC，{SHAPES[kind].zh}")
            bics[kind] = [
                GaussianMixture(K, covariance_type=kind, n_init=starts, random_state=seed, **options).fit(X).bic(X)
                for K in range(1, MOST + 1)
            ]
    best = max(runs, key=lambda model: model.lower_bound_)
    z = best.predict(X)
    both = np.zeros((components, len(table.classes)))
    np.add.at(both, (z, table.y), 1)
    purity = both.max(axis=1).sum() / len(X)
    kind = min(bics, key=lambda kind: min(bics[kind]))
    chosen = int(np.argmin(bics[kind])) + 1
    yield Metric("likelihood", best.lower_bound_, en="mean log-likelihood", zh="平均对数似然", unit="nat")
    yield Metric(
        "purity",
        purity,
        en="share of flowers in their component's commonest species",
        zh="属于所在分量最多品种的花的比例",
    )
    yield Metric("held", len(best.held_), en="components held up by the floor", zh="靠下限撑住的分量数")
    clouds = [
        Points(X[table.y == c, 0], X[table.y == c, 1], label=Text(str(name), str(name)))
        for c, name in enumerate(table.classes)
    ]
    rings = [ellipse(m, S) for m, S in zip(best.means_, best.covariances_, strict=True)]
    yield Figure(
        name="petals",
        title=Text("What EM finds, and the species it was not told", "EM 找到的分量，以及没有告诉它的品种"),
        x=Text("petal length, cm", "花瓣长度（厘米）"),
        y=Text("petal width, cm", "花瓣宽度（厘米）"),
        caption=Text(
            "Each ring lies two standard deviations from a component's mean; colours are the species.",
            "每个圈距所属分量的均值两个标准差；颜色表示品种。",
        ),
        series=[
            *clouds,
            *(
                Line(ring[0], ring[1], label=Text(f"component {k + 1}", f"分量 {k + 1}"))
                for k, ring in enumerate(rings)
            ),
        ],
    )
    yield Figure(
        name="climb",
        title=Text(
            "No step goes down, but not all starts reach the same summit", "每一步都不下降，但并非都登上同一座山峰"
        ),
        x=Text("step of EM", "EM 的步数"),
        y=Text("mean log-likelihood, nats", "平均对数似然（奈特）"),
        caption=Text(
            f"The log-likelihood of a flower after each step, from {starts} random starts.",
            f"从 {starts} 个随机初值出发，每一步之后平均每朵花的对数似然。",
        ),
        series=[
            Line(np.arange(len(m.lower_bounds_)), m.lower_bounds_, label=Text(f"start {s + 1}", f"初值 {s + 1}"))
            for s, m in enumerate(runs)
        ],
    )
    yield Figure(
        name="bic",
        title=Text("BIC weighs likelihood against parameters", "BIC 在似然与参数个数之间权衡"),
        x=Text("components K", "分量数 K"),
        y=Text("BIC, nats (smaller is better)", "BIC（奈特，越小越好）"),
        caption=Text(
            "For each shape of covariance and number of components; the vertical line marks the least.",
            "各种协方差形状与分量数的 BIC；竖线标出最小者。",
        ),
        series=[
            *(Line(np.arange(1, MOST + 1), bics[one], label=SHAPES[one]) for one in KINDS),
            Rule(float(chosen), axis="x"),
        ],
    )
    yield Learned(
        en=f"The best of {starts} starts took {best.n_iter_} steps; {100 * purity:.0f}% of the flowers lie with their component's commonest species. "
        f"BIC prefers {chosen} components of the shape '{SHAPES[kind].en}'.",
        zh=f"{starts} 个初值中最好的走了 {best.n_iter_} 步；{100 * purity:.0f}% 的花与所在分量最多的品种相同。"
        f"BIC 选中 {chosen} 个“{SHAPES[kind].zh}”协方差的分量。",
    )
    yield Script(f"""
        import warnings
        import numpy as np
        from mlatlas.data import load
        from mlatlas.latent import GaussianMixture

        warnings.simplefilter("ignore")
        table = load("iris")
        X = table.X[:, 2:]
        options = dict(init_params="random_from_data", reg_covar={FLOOR}, max_iter=300, tol=1e-6)
        runs = [GaussianMixture({components}, random_state={seed} + s, **options).fit(X) for s in range({starts})]
        best = max(runs, key=lambda model: model.lower_bound_)
        likelihood, held = best.lower_bound_, len(best.held_)
        both = np.zeros(({components}, 3))
        np.add.at(both, (best.predict(X), table.y), 1)
        purity = both.max(axis=1).sum() / len(X)
        print(likelihood, purity, held)
    """)
