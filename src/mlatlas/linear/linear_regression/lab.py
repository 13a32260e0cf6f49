"""What columns of noise do to the fit, on the rows that were fitted and on rows that were not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Bars, Event, Figure, Knob, Learned, Line, Metric, Progress, Rule, Script, lab, shown
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.linear.linear_regression.linear_regression import LinearRegression


@lab(en="How noise columns flatter a fit", zh="噪声列如何美化拟合", data="diabetes")
def noise_columns(
    columns: Annotated[int, Knob(en="Columns of noise added", zh="加入的噪声列数", low=0, high=180)] = 120,
    train_rows: Annotated[int, Knob(en="Rows to fit", zh="用于拟合的行数", low=40, high=400)] = 221,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Fit with ever more columns of noise, and compare R² on fitted and on held-out rows."""
    table = load("diabetes")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(table.y))
    fitted, held_out = order[:train_rows], order[train_rows:]
    X = np.column_stack([table.X, rng.normal(size=(len(table.y), columns))])
    p = table.X.shape[1]
    counts = np.unique(np.linspace(0, columns, min(columns, 60) + 1).astype(int))
    scores = np.empty((len(counts), 2))
    for i, k in enumerate(counts):
        model = LinearRegression().fit(X[fitted, : p + k], table.y[fitted])
        scores[i] = [model.score(X[rows, : p + k], table.y[rows]) for rows in (fitted, held_out)]
        if i % 10 == 0:
            yield Progress(0.9 * i / len(counts), en=f"{k} columns of noise", zh=f"{k} 列噪声")
    yield Metric("r2_fitted", scores[-1, 0], en="R² on fitted rows, all columns", zh="全部列时拟合行上的 R²")
    yield Metric("r2_held_out", scores[-1, 1], en="R² on held-out rows, all columns", zh="全部列时留出行上的 R²")
    yield Figure(
        name="noise",
        title=Text("More columns always fit better, and soon predict worse", "列越多拟合越好，预测却很快变差"),
        x=Text("columns of noise added", "加入的噪声列数"),
        y=Text("R², share of variance explained", "R²，解释的方差比例"),
        caption=Text(
            "R² of least squares on the rows that were fitted, which never falls, and on rows that were held out.",
            "最小二乘的 R²：在参与拟合的行上从不下降；在留出的行上则不然。",
        ),
        series=[
            Line(counts, scores[:, 0], label=Text("fitted rows", "拟合的行")),
            Line(counts, np.maximum(scores[:, 1], -1.0), label=Text("held-out rows", "留出的行")),
            Rule(0.0, axis="y", label=Text("predicting the mean", "只预测均值")),
        ],
    )
    model = LinearRegression().fit(table.X, table.y)
    effects = model.coef_ * table.X.std(0)
    yield Figure(
        name="coefficients",
        title=Text("What each measurement adds, the others held fixed", "其余不变时每项指标的作用"),
        x=Text("measurement", "指标"),
        y=Text("change of progression per standard deviation", "每变动一个标准差时病情指数的变化"),
        caption=Text(
            "Coefficients times the standard deviation of their column, all 442 patients. Two blood measurements (s1, s2) are nearly "
            "copies of each other and get large coefficients of opposite sign.",
            "系数乘以该列的标准差，全部 442 名患者。两项血清指标（s1、s2）几乎是彼此的翻版，得到的系数很大而符号相反。",
        ),
        series=[Bars(list(table.feature_names), effects)],
    )
    (fit0, out0), (fit1, out1) = ([shown(float(score), digits=3) for score in scores[at]] for at in (0, -1))
    yield Learned(
        en=f"{columns} columns of noise raise R² on fitted rows from {fit0} to {fit1} and change it on "
        f"held-out rows from {out0} to {out1}.",
        zh=f"加入 {columns} 列噪声，拟合行上的 R² 从 {fit0} 升到 {fit1}，留出行上的 R² 从 {out0} 变为 {out1}。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.linear import LinearRegression

        table = load("diabetes")
        rng = np.random.default_rng({seed})
        order = rng.permutation(len(table.y))
        fitted, held_out = order[:{train_rows}], order[{train_rows}:]
        X = np.column_stack([table.X, rng.normal(size=(len(table.y), {columns}))])
        model = LinearRegression().fit(X[fitted], table.y[fitted])
        r2_fitted = model.score(X[fitted], table.y[fitted])
        r2_held_out = model.score(X[held_out], table.y[held_out])
        print(r2_fitted, r2_held_out)
    """)
