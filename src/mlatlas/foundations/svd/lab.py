"""Handwritten digits from a few patterns: what a low rank keeps of them, and what it is rid of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Heat, Knob, Learned, Line, Metric, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.foundations.svd.svd import truncated_svd

SHOWN = (0, 11, 22, 36, 47, 59)  # rows of the table that are drawn


@lab(en="Digits from a few patterns", zh="用几个图案拼出手写数字", data="digits")
def patterns(
    rank: Annotated[int, Knob(en="Rank", zh="秩", low=1, high=60)] = 16,
    noise: Annotated[float, Knob(en="Added noise, grey levels", zh="加入的噪声（灰度级）", low=0.0, high=10.0)] = 4.0,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Write 1,797 digits as mixtures of a few patterns; with noise on them, the mixture is nearer to the truth than the data."""
    clean = load("digits").X
    n, p = clean.shape
    noisy = clean + noise * np.random.default_rng(seed).normal(size=clean.shape)
    yield Progress(0.1, en="one decomposition for every rank", zh="一次分解，得到所有的秩")
    U, s, Vt = truncated_svd(noisy, p)
    yield Progress(0.4, en="errors for every rank", zh="计算每个秩的误差")
    left, errors = clean.copy(), []
    for i in range(p):
        left -= s[i] * np.outer(U[:, i], Vt[i])
        errors.append(float(np.sqrt(np.mean(left**2))))
    nearest = (U[:, :rank] * s[:rank]) @ Vt[:rank]
    energy = float(np.sum(s[:rank] ** 2) / np.sum(s**2))
    numbers = rank * (n + p + 1) / (n * p)
    error, best = errors[rank - 1], int(np.argmin(errors)) + 1
    yield Metric("energy", energy, en="energy kept", zh="保留的能量")
    yield Metric("numbers", numbers, en="numbers kept, of those in the table", zh="保留的数占原表的比例")
    yield Metric("error", error, en="error against the digits without noise", zh="与无噪声数字的误差", unit=GREY)
    yield Metric("best", best, en="rank with the smallest error", zh="误差最小的秩")
    ranks = np.arange(1, p + 1)
    yield Figure(
        name="error",
        title=Text("Too few patterns blur, too many copy the noise", "图案太少则模糊，太多则照抄噪声"),
        x=Text("rank", "秩"),
        y=Text("root mean squared error, grey levels", "均方根误差（灰度级）"),
        caption=Text(
            f"Error of the approximation over its rank: against the digits without noise, and against the data it was made from. "
            f"Noise of {noise:g} grey levels was added.",
            f"近似误差随秩的变化：与无噪声数字相比，以及与用来分解的数据相比。所加噪声为 {noise:g} 个灰度级。",
        ),
        series=[
            Line(ranks, errors, label=Text("digits without noise", "无噪声数字")),
            Line(
                ranks, np.sqrt(np.maximum(np.sum(s**2) - np.cumsum(s**2), 0) / (n * p)), label=Text("the data", "数据")
            ),
            Rule(rank, label=Text("rank chosen", "所选的秩")),
        ],
    )
    visible = s > 1e-6 * s[0]
    yield Figure(
        name="spectrum",
        title=Text("Noise lifts every singular value to a floor", "噪声把所有奇异值抬到同一层地板"),
        x=Text("i", "序号 i"),
        y=Text("singular value σᵢ, grey levels", "奇异值 σᵢ（灰度级）"),
        caption=Text(
            "Singular values with and without the noise. Pure noise of this size would hardly reach above the dashed line, "
            "noise · (√n + √p); directions below it are lost.",
            "加噪声与不加噪声的奇异值。同样大小的纯噪声，奇异值几乎不会高过虚线“噪声 · (√n + √p)”；低于它的方向已无从分辨。",
        ),
        series=[
            Line(ranks[visible], s[visible], label=Text("with noise", "加噪声")),
            *_spectrum_of(clean, ranks),
            *(
                [Rule(noise * (np.sqrt(n) + np.sqrt(p)), axis="y", label=Text("most that noise reaches", "噪声的上限"))]
                if noise
                else []
            ),
        ],
        log_y=True,
    )
    yield Figure(
        name="components",
        title=Text("The first twelve patterns", "前十二个图案"),
        x=Text("pixel", "像素"),
        y=Text("pixel", "像素"),
        caption=Text(
            "The right singular vectors v₁ to v₁₂ as pictures, row by row. The first is the mean digit, since nothing was centred; "
            "the later ones add and take away strokes.",
            "右奇异向量 v₁ 到 v₁₂ 画成图像，逐行排列。因为没有中心化，第一个就是平均的数字；后面的则添上或抹去笔画。",
        ),
        series=[_montage([Vt[:4], Vt[4:8], Vt[8:12]])],
        square=True,
    )
    yield Figure(
        name="digits",
        title=Text(f"As given, and from {rank} patterns", f"原样，以及用 {rank} 个图案拼出来的"),
        x=Text("pixel", "像素"),
        y=Text("pixel", "像素"),
        caption=Text(
            "Six digits: without noise (top), with it (middle), and their approximation of the chosen rank (bottom).",
            "六个数字：无噪声（上）、加噪声（中）、所选秩的近似（下）。",
        ),
        series=[_montage([np.clip(rows[list(SHOWN)], 0, 16) for rows in (clean, noisy, nearest)])],
        square=True,
    )
    yield Learned(
        en=f"{rank} patterns hold {100 * energy:.1f} % of the energy in {100 * numbers:.0f} % of the numbers, with an error of {error:.2f} grey "
        f"levels against the digits without noise, where the data themselves are {noise:.2f} away; the best rank is {best}, with {min(errors):.2f}.",
        zh=f"{rank} 个图案用 {100 * numbers:.0f} % 的数保住了 {100 * energy:.1f} % 的能量；与无噪声数字相差 {error:.2f} 个灰度级，而数据本身相差 "
        f"{noise:.2f}；最好的秩是 {best}，误差 {min(errors):.2f}。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.foundations import low_rank, truncated_svd

        clean = load("digits").X
        noisy = clean + {noise} * np.random.default_rng({seed}).normal(size=clean.shape)
        energy = np.sum(truncated_svd(noisy, {rank}).s ** 2) / np.sum(noisy ** 2)
        error = np.sqrt(np.mean((clean - low_rank(noisy, {rank})) ** 2))
        print(energy, error)
    """)


GREY = Text("grey levels", "灰度级")


def _spectrum_of(clean: np.ndarray, ranks: np.ndarray) -> list[Line]:
    s = np.linalg.svd(clean, compute_uv=False)
    visible = s > 1e-6 * s[0]
    return [Line(ranks[visible], s[visible], label=Text("without", "不加噪声"))]


def _montage(rows: list[np.ndarray], side: int = 8) -> Heat:
    """Rows of square pictures (each a row of side² numbers) as one picture with a line of zeros between."""
    height, width = len(rows) * (side + 1) - 1, len(rows[0]) * (side + 1) - 1
    z = np.zeros((height, width))
    for i, row in enumerate(rows):
        for j, picture in enumerate(row):
            z[i * (side + 1) :, j * (side + 1) :][:side, :side] = picture.reshape(side, side)
    return Heat(np.arange(width), np.arange(height)[::-1], z)
