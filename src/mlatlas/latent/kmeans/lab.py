"""Handwritten digits in K pictures: what a start is worth, and how many distances the bounds spare."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Heat, Knob, Learned, Line, Metric, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.latent.kmeans.kmeans import KMeans


@lab(en="Digits in K pictures", zh="把手写数字存成 K 张图", data="digits")
def pictures(
    clusters: Annotated[int, Knob(en="Clusters K", zh="簇数 K", low=2, high=30)] = 10,
    starts: Annotated[int, Knob(en="Starts of each kind", zh="每种初值的个数", low=2, high=50)] = 20,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Run from many random starts and from as many of k-means++, and look at the best ten pictures."""
    table = load("digits")
    X, runs = table.X, {}
    for share, init in ((0.0, "random"), (0.5, "k-means++")):
        yield Progress(share, en=f"{starts} starts: {init}", zh=f"{starts} 个初值：{init}")
        runs[init] = [
            KMeans(clusters, init=init, n_init=1, tol=0.0, random_state=seed + s).fit(X) for s in range(starts)
        ]
    best = min(runs["k-means++"], key=lambda model: model.inertia_)
    inertia, scanned = best.inertia_, best.n_scans_ / (len(X) * (best.n_iter_ + 1))
    ends = {init: np.sort([model.inertia_ for model in models]) for init, models in runs.items()}
    table_of_both = np.zeros((clusters, len(table.classes)))
    np.add.at(table_of_both, (best.labels_, table.y), 1)
    purity = table_of_both.max(axis=1).sum() / len(X)
    yield Metric("inertia", inertia, en="least sum of squares, k-means++", zh="k-means++ 的最小平方和")
    yield Metric(
        "purity", purity, en="share of the rows of their cluster's commonest digit", zh="属于所在簇最多数字的样本比例"
    )
    yield Metric("scanned", scanned, en="share of the rows compared with all centres", zh="与全部中心比较过的样本比例")
    rank = np.arange(1, starts + 1)
    yield Figure(
        name="starts",
        title=Text("Where a run ends depends on where it starts", "停在哪里，取决于从哪里出发"),
        x=Text("rank of the start", "初值的名次"),
        y=Text("sum of squares at rest, grey levels squared", "收敛时的平方和（灰度的平方）"),
        caption=Text(
            f"The sums of squares at which {starts} runs from each kind of start come to rest, sorted.",
            f"两种初值各 {starts} 次运行，收敛时的平方和，按大小排列。",
        ),
        series=[
            Line(rank, ends["random"], label=Text("random rows", "随机取样本")),
            Line(rank, ends["k-means++"], label=Text("k-means++", "k-means++")),
            Rule(float(inertia), axis="y"),
        ],
    )
    shown = np.argsort(-np.bincount(best.labels_, minlength=clusters))[:10]
    tiles = np.zeros((10, 8, 8))
    tiles[: len(shown)] = best.cluster_centers_[shown].reshape(-1, 8, 8).clip(0, 16)
    wall = tiles.reshape(2, 5, 8, 8).swapaxes(1, 2).reshape(16, 40)
    yield Figure(
        name="centres",
        title=Text("The centres are blurred digits", "中心是一个个模糊的数字"),
        x=Text("pixel; 8 × 8 for each centre, the largest clusters first", "像素；每个中心占 8 × 8 格，大簇在前"),
        y=Text("pixel", "像素"),
        caption=Text(
            f"The centres of the {len(shown)} largest clusters, grey levels from 0 to 16.",
            f"最大的 {len(shown)} 个簇的中心，灰度 0 到 16。",
        ),
        series=[Heat(np.arange(40), np.arange(16)[::-1], wall)],
        square=True,
    )
    yield Learned(
        en=f"The best of {starts} k-means++ starts ends at {inertia:,.0f}, the worst random one {100 * (ends['random'][-1] / inertia - 1):.1f}% above; "
        f"{100 * purity:.0f}% of the digits lie with their cluster's commonest digit, and bounds left {100 * scanned:.0f}% of the rows to compare with all centres.",
        zh=f"{starts} 个 k-means++ 初值中最好的停在 {inertia:,.0f}，最差的随机初值高出 {100 * (ends['random'][-1] / inertia - 1):.1f}%；"
        f"{100 * purity:.0f}% 的数字与所在簇最多的数字相同，有了界之后只有 {100 * scanned:.0f}% 的样本需要与全部中心比较。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.latent import KMeans

        table = load("digits")
        X = table.X
        runs = [KMeans({clusters}, n_init=1, tol=0.0, random_state={seed} + s).fit(X) for s in range({starts})]
        best = min(runs, key=lambda model: model.inertia_)
        inertia = best.inertia_
        scanned = best.n_scans_ / (len(X) * (best.n_iter_ + 1))
        both = np.zeros(({clusters}, 10))
        np.add.at(both, (best.labels_, table.y), 1)
        purity = both.max(axis=1).sum() / len(X)
        print(inertia, purity, scanned)
    """)
