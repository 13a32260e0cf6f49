"""Where in a picture of a digit the information about the digit is, and how much of it is an illusion of small samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Heat, Knob, Learned, Line, Metric, Progress, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.foundations.information_theory.information_theory import entropy, mutual_info_score


@lab(en="Where a picture keeps its information", zh="一张图的信息藏在哪里", data="digits")
def where_information_is(
    levels: Annotated[int, Knob(en="Grey levels kept", zh="保留的灰度级数", low=2, high=17)] = 5,
    samples: Annotated[int, Knob(en="Pictures used", zh="使用的图片数", low=100, high=1797)] = 1797,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Mutual information of every pixel with the digit, in bits, and the same after shuffling the digits."""
    table = load("digits")
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(table.y))[:samples]
    X, y = grey(table.X[rows], levels), table.y[rows].astype(int)
    yield Progress(0.1, en="information of 64 pixels", zh="64 个像素的信息量")
    bits = np.array([mutual_info_score(pixel, y, base=2) for pixel in X.T])
    unknown = float(entropy(np.bincount(y) / len(y), base=2))
    best = int(bits.argmax())
    yield Metric("best_pixel", bits[best], en="information of the best pixel", zh="信息量最大的像素", unit="bit")
    yield Metric("digit_entropy", unknown, en="entropy of the digit", zh="数字本身的熵", unit="bit")
    yield Figure(
        name="pixels",
        title=Text("The edges of the strokes tell, the margins say nothing", "笔画边缘最有信息，边角什么也没说"),
        x=Text("column of the picture, pixels", "图中的列（像素）"),
        y=Text("row of the picture, pixels", "图中的行（像素）"),
        caption=Text(
            f"Mutual information of each of the 8×8 pixels with the digit, from {samples} handwritten digits at {levels} grey levels.",
            f"8×8 个像素各自与数字的互信息，取自 {samples} 张手写数字，{levels} 级灰度。",
        ),
        series=[Heat(list("12345678"), list("12345678"), bits.reshape(8, 8), label=Text("bits", "比特"))],
        square=True,
    )
    sizes = np.unique(np.geomspace(20, samples, 12).astype(int))
    shuffled, expected = np.empty(len(sizes)), np.empty(len(sizes))
    for i, n in enumerate(sizes):
        yield Progress(0.3 + 0.6 * i / len(sizes), en=f"shuffled digits, {n} pictures", zh=f"打乱标签，{n} 张图")
        shuffles = [
            (X[pick, best], rng.permutation(y[pick])) for pick in (rng.permutation(samples)[:n] for _ in range(40))
        ]
        shuffled[i] = np.mean([mutual_info_score(a, b, base=2) for a, b in shuffles])
        cells = [(len(np.unique(a)) - 1) * (len(np.unique(b)) - 1) for a, b in shuffles]
        expected[i] = np.mean(cells) / (2 * n * np.log(2))
    yield Figure(
        name="bias",
        title=Text("Independent columns look informative when samples are few", "样本少时，独立的两列也显得有信息"),
        x=Text("pictures", "图片数"),
        y=Text("estimated information, bits", "估计的互信息（比特）"),
        caption=Text(
            "The digits are shuffled, so the true information is zero; the mean of 40 estimates follows (r−1)(c−1)/(2n).",
            "标签已打乱，真实的互信息为零；40 次估计的平均值遵循 (r−1)(c−1)/(2n)。",
        ),
        series=[
            Line(sizes, shuffled, label=Text("estimate on shuffled digits", "打乱标签后的估计")),
            Line(sizes, expected, label=Text("(r−1)(c−1)/(2n)", "(r−1)(c−1)/(2n)")),
        ],
        log_x=True,
        log_y=True,
    )
    row, column = divmod(best, 8)
    yield Learned(
        en=f"The pixel in row {row + 1}, column {column + 1} alone tells {bits[best]:.2f} of the digit's {unknown:.2f} bits; "
        f"at {sizes[0]} pictures a shuffled label seems to tell {shuffled[0]:.2f} bits, where the truth is 0.",
        zh=f"第 {row + 1} 行第 {column + 1} 列的像素独自提供了数字 {unknown:.2f} 比特中的 {bits[best]:.2f} 比特；"
        f"只有 {sizes[0]} 张图时，打乱的标签看上去也有 {shuffled[0]:.2f} 比特，而真值是 0。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.foundations import entropy, mutual_info_score

        table = load("digits")
        rows = np.random.default_rng({seed}).permutation(len(table.y))[:{samples}]
        X = np.floor(table.X[rows] * {levels} / 17).astype(int)
        y = table.y[rows].astype(int)
        bits = np.array([mutual_info_score(pixel, y, base=2) for pixel in X.T])
        best_pixel = bits.max()
        digit_entropy = entropy(np.bincount(y) / len(y), base=2)
        print(best_pixel, digit_entropy)
    """)


def grey(X: np.ndarray, levels: int) -> np.ndarray:
    """The 17 grey levels 0 ... 16 merged into fewer."""
    return np.floor(X * levels / 17).astype(int)
