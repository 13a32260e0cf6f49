"""The lab: knobs, events, the rules of a run, and figures as SVG."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, Literal

import numpy as np
import pytest

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import (
    Band,
    Bars,
    Event,
    Figure,
    Heat,
    Knob,
    KnobError,
    Learned,
    Line,
    Metric,
    Points,
    Progress,
    Rule,
    RunResult,
    Script,
    Table,
    draw,
    lab,
    open_lab,
    shown,
)
from mlatlas.atlas.lab.events import decode, encode
from mlatlas.atlas.text import Text
from mlatlas.data import diabetes

WORD = Text("word", "字")


def figure(*series: Any, **options: Any) -> Figure:
    return Figure(**{"name": "f", "title": WORD, "x": WORD, "y": WORD, "caption": WORD, "series": series, **options})


class Sign(Enum):
    PLUS = "plus"
    MINUS = "minus"


@lab(en="How a penalty shrinks coefficients", zh="惩罚如何收缩系数", data="diabetes")
def shrinkage(
    alpha: Annotated[float, Knob(en="Penalty λ", zh="惩罚 λ", low=1e-4, high=1e4, log=True)] = 10.0,
    rows: Annotated[int, Knob(en="Rows", zh="行数", low=50, high=442)] = 442,
    centred: Annotated[bool, Knob(en="Centre the features", zh="特征中心化")] = True,
    solver: Annotated[
        Literal["svd", "normal"],
        Knob(en="Solver", zh="求解方法", labels={"svd": Text("singular values", "奇异值"), "normal": Text("normal equations", "正规方程")}),
    ] = "svd",
    sign: Annotated[Sign, Knob(en="Sign", zh="符号")] = Sign.PLUS,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Ridge coefficients of the diabetes data over the penalty."""
    table = diabetes()
    yield Progress(0.1, en="reading the patients", zh="读取病人数据")
    pick = np.random.default_rng(seed).permutation(len(table.y))[:rows]
    X, y = table.X[pick], table.y[pick] * (1 if sign is Sign.PLUS else -1)
    X, y = (X - X.mean(0) * centred) / X.std(0), y - y.mean()
    alphas = np.logspace(-2, 5, 60)

    def fit(penalty: float) -> np.ndarray:
        if solver == "svd":
            U, s, Vt = np.linalg.svd(X, full_matrices=False)
            return Vt.T @ (s / (s**2 + penalty) * (U.T @ y))
        return np.linalg.solve(X.T @ X + penalty * np.eye(X.shape[1]), X.T @ y)

    path = np.array([fit(one) for one in alphas])
    chosen = fit(alpha)
    fitted = X @ chosen
    yield Progress(0.8, en="drawing the path", zh="绘制路径")
    r2 = 1 - np.sum((y - fitted) ** 2) / np.sum(y**2)
    yield Metric("r2", r2, en="variance explained", zh="解释的方差")
    yield Metric("norm", np.linalg.norm(chosen), en="length of the coefficients", zh="系数的长度", unit="points")
    yield Figure(
        name="path",
        title=Text("Coefficients along the path", "系数随惩罚的变化"),
        x=Text("penalty λ", "惩罚 λ"),
        y=Text("coefficient (points per standard deviation)", "系数（每标准差的分数）"),
        caption=Text("Each line is a measurement; all shrink towards 0.", "每条线是一项测量；都收缩到 0。"),
        series=[
            *(Line(alphas, path[:, j], label=Text(name, name)) for j, name in enumerate(table.feature_names)),
            Rule(alpha, label=Text("chosen", "选定")),
        ],
        log_x=True,
    )
    yield Figure(
        name="fit",
        title=Text("Observed and fitted", "观测与拟合"),
        x=Text("observed (points)", "观测（分）"),
        y=Text("fitted (points)", "拟合（分）"),
        caption=Text("On the line the fit would be perfect.", "落在线上即为完美拟合。"),
        series=[
            Points(y, fitted, label=Text("patients", "病人")),
            Line([y.min(), y.max()], [y.min(), y.max()], label=Text("perfect", "完美"), faint=True),
        ],
    )
    yield Table(
        en="Coefficients",
        zh="系数",
        columns=[Text("feature", "特征"), Text("coefficient", "系数"), Text("positive", "为正")],
        rows=[[name, value, bool(value > 0)] for name, value in zip(table.feature_names, chosen, strict=True)],
    )
    yield Learned(
        en=f"With λ = {alpha:g} the fit explains {r2:.1%} of the variance.", zh=f"λ = {alpha:g} 时，拟合解释了 {r2:.1%} 的方差。"
    )
    yield Script(f"""
        from mlatlas.data import diabetes

        table = diabetes()
        alpha = {alpha!r}
    """)
