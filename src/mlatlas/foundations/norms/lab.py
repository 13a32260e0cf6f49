"""A picture with missing pixels, completed by the price of rank; and the unit balls side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Heat, Knob, Learned, Line, Metric, Progress, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.foundations.norms.norms import prox_nuclear


@lab(en="Missing measurements, guessed by low rank", zh="用低秩补全缺失的测量值", data="breast_cancer")
def completion(
    missing: Annotated[float, Knob(en="Fraction of entries hidden", zh="隐藏的比例", low=0.05, high=0.8)] = 0.3,
    steps: Annotated[int, Knob(en="Proximal steps for each price", zh="每个价格的近端步数", low=5, high=60)] = 25,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Hide entries of a standardised table and fill them in by repeated singular value thresholding."""
    table = load("breast_cancer")
    Z = ((table.X - table.X.mean(0)) / table.X.std(0))[:150]
    hidden = np.random.default_rng(seed).random(Z.shape) < missing
    prices = np.geomspace(40.0, 0.5, 16)
    W = np.zeros_like(Z)
    errors, ranks = np.empty(len(prices)), np.empty(len(prices), dtype=int)
    for i, price in enumerate(prices):
        yield Progress(i / len(prices), en=f"price {price:.2g}", zh=f"价格 {price:.2g}")
        for _ in range(steps):
            W = prox_nuclear(np.where(hidden, W, Z), price)
        errors[i] = np.sqrt(np.mean((W - Z)[hidden] ** 2))
        ranks[i] = np.linalg.matrix_rank(W)
    guess = float(np.sqrt(np.mean(Z[hidden] ** 2)))
    simplest = int(np.flatnonzero(errors <= 1.05 * errors.min())[0])  # prices fall, so ranks grow
    error, rank = float(errors[simplest]), int(ranks[simplest])
    yield Metric(
        "error",
        error,
        en="error of the simplest completion within 5 % of the best",
        zh="与最佳误差相差不到 5% 的最简补全的误差",
        unit=Text("standard deviations", "个标准差"),
    )
    yield Metric("rank", rank, en="its rank, of 30", zh="它的秩（满秩为 30）")
    yield Figure(
        name="completion",
        title=Text("A price on rank fills in what is missing", "给秩定价，就能补上缺失的值"),
        x=Text("price of the nuclear norm", "核范数的价格"),
        y=Text("error on hidden entries, standard deviations", "隐藏值的误差（标准差）"),
        caption=Text(
            f"150 patients × 30 measurements with {missing:.0%} of the entries hidden; the proximal operator of the nuclear norm fills them in.",
            f"150 名患者 × 30 项测量，隐藏 {missing:.0%} 的数值，由核范数的近端算子补全。",
        ),
        series=[
            Line(prices, errors, label=Text("low rank", "低秩补全")),
            Line(prices, np.full(len(prices), guess), label=Text("guessing the mean", "用均值猜"), faint=True),
        ],
        log_x=True,
    )
    angle = np.linspace(0, 2 * np.pi, 401)
    circle = np.array([np.cos(angle), np.sin(angle)])
    balls = {
        Text("L1", "L1"): circle / np.abs(circle).sum(0),
        Text("L2", "L2"): circle,
        Text("L∞", "L∞"): circle / np.abs(circle).max(0),
    }
    yield Figure(
        name="balls",
        title=Text(
            "The unit balls: corners on the axes, none, corners off the axes",
            "单位球：尖角在轴上、没有尖角、尖角不在轴上",
        ),
        x=Text("first entry", "第一个分量"),
        y=Text("second entry", "第二个分量"),
        caption=Text("All vectors of length one in three norms.", "三种范数下长度为一的全部向量。"),
        series=[Line(x, y, label=name) for name, (x, y) in balls.items()],
        square=True,
    )
    correlation = W.T @ W / len(W)
    yield Figure(
        name="structure",
        title=Text("What the last fill-in believes about the measurements", "最后一次补全所认定的测量值关系"),
        x=Text("measurement", "测量项"),
        y=Text("measurement", "测量项"),
        caption=Text(
            "Inner products of the completed columns: groups of measurements of size move together.",
            "补全后各列的内积：与大小有关的几组测量一起变化。",
        ),
        series=[Heat(range(1, 31), range(1, 31), correlation, label=Text("inner product", "内积"))],
        square=True,
    )
    yield Learned(
        en=f"With {missing:.0%} hidden, a completion of rank {rank} guesses the hidden values with an error of {error:.2f} standard deviations; guessing the mean errs by {guess:.2f}.",
        zh=f"隐藏 {missing:.0%} 时，秩为 {rank} 的补全以 {error:.2f} 个标准差的误差猜出隐藏值；用均值猜的误差是 {guess:.2f}。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.foundations import prox_nuclear

        table = load("breast_cancer")
        Z = ((table.X - table.X.mean(0)) / table.X.std(0))[:150]
        hidden = np.random.default_rng({seed}).random(Z.shape) < {missing!r}
        W, found = np.zeros_like(Z), []
        for price in np.geomspace(40.0, 0.5, 16):
            for _ in range({steps}):
                W = prox_nuclear(np.where(hidden, W, Z), price)
            found.append((np.sqrt(np.mean((W - Z)[hidden] ** 2)), np.linalg.matrix_rank(W)))
        error, rank = next((e, r) for e, r in found if e <= 1.05 * min(found)[0])
        print(error, rank)
    """)
