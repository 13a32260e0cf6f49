"""Which columns the lasso keeps as the penalty grows, when most of them are noise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.linear.lasso.lasso import Lasso, lasso_path


@lab(en="Ten columns among many", zh="众多列中的十列", data="diabetes")
def selection(
    alpha: Annotated[float, Knob(en="Penalty α", zh="惩罚 α", low=0.01, high=60.0, log=True)] = 4.0,
    noise_columns: Annotated[int, Knob(en="Columns of noise added", zh="加入的噪声列数", low=0, high=500)] = 100,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Add columns of noise to the ten measurements, follow the path, and look at one penalty."""
    table = load("diabetes")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(table.y))
    fitted, held_out = order[:300], order[300:]
    X = np.column_stack([table.X, rng.normal(size=(len(table.y), noise_columns))])
    A, B = ((X[rows] - X[fitted].mean(0)) / X[fitted].std(0) for rows in (fitted, held_out))
    y, mean, p = table.y[fitted], table.y[fitted].mean(), table.X.shape[1]
    yield Progress(0.2, en="the path of 80 penalties", zh="80 个惩罚的路径")
    alphas, coefs, _ = lasso_path(A, y - mean, eps=1e-3, alphas=80)
    errors = np.sqrt(((table.y[held_out] - mean - (B @ coefs).T) ** 2).mean(1))
    true, false = (coefs[:p] != 0).sum(0), (coefs[p:] != 0).sum(0)
    yield Progress(0.8, en=f"α = {alpha:g}", zh=f"α = {alpha:g}")
    model = Lasso(alpha=alpha).fit(A, y)
    kept, kept_noise = int((model.coef_[:p] != 0).sum()), int((model.coef_[p:] != 0).sum())
    rmse = float(np.sqrt(np.mean((table.y[held_out] - model.predict(B)) ** 2)))
    yield Metric("kept", kept, en="measurements kept, of 10", zh="保留的指标数（共 10）")
    yield Metric("kept_noise", kept_noise, en="columns of noise kept", zh="误留的噪声列数")
    yield Metric(
        "rmse", rmse, en="error on held-out rows", zh="留出行上的误差", unit=Text("points of progression", "病情指数分")
    )
    chosen = Rule(alpha, label=Text(f"α = {alpha:g}", f"α = {alpha:g}"))
    strongest = np.argsort(-np.abs(coefs[:p]).max(1))[:5]
    yield Figure(
        name="path",
        title=Text("Coefficients leave zero one after another as the price falls", "价钱下降，系数一个接一个离开零"),
        x=Text("penalty α", "惩罚 α"),
        y=Text("coefficient per standard deviation", "每标准差的系数"),
        caption=Text(
            f"The lasso path on 300 patients: ten measurements, five of them named, and {noise_columns} columns of noise in grey.",
            f"300 名患者上的 Lasso 路径：十项指标（标出五项）与 {noise_columns} 列噪声（灰色）。",
        ),
        series=[
            *(Line(alphas, row, faint=True) for row in coefs[p:]),
            *(Line(alphas, coefs[j], faint=True) for j in range(p) if j not in strongest),
            *(Line(alphas, coefs[j], label=Text(table.feature_names[j], table.feature_names[j])) for j in strongest),
            chosen,
        ],
        log_x=True,
    )
    yield Figure(
        name="count",
        title=Text("The true columns come first; then noise pours in", "先进来的是真列，随后噪声蜂拥而入"),
        x=Text("penalty α", "惩罚 α"),
        y=Text("columns with a non-zero coefficient", "系数非零的列数"),
        caption=Text(
            "How many measurements and how many columns of noise are in use along the path.",
            "沿路径有多少项指标、多少列噪声被选用。",
        ),
        series=[
            Line(alphas, true, label=Text("measurements", "指标")),
            Line(alphas, false, label=Text("noise", "噪声")),
            chosen,
        ],
        log_x=True,
    )
    yield Figure(
        name="error",
        title=Text("The error on unseen rows has a valley", "未见样本上的误差有一个谷底"),
        x=Text("penalty α", "惩罚 α"),
        y=Text("root mean squared error, points of progression", "均方根误差（病情指数）"),
        caption=Text("Error on 142 held-out patients along the path.", "沿路径在 142 名留出患者上的误差。"),
        series=[Line(alphas, errors), chosen],
        log_x=True,
    )
    best = int(errors.argmin())
    yield Learned(
        en=f"At α = {alpha:g} the lasso keeps {kept} of 10 measurements and {kept_noise} of {noise_columns} columns of noise, error {rmse:.1f}; "
        f"the best held-out error, {errors[best]:.1f}, is at α = {alphas[best]:.2g} with {false[best]} columns of noise.",
        zh=f"α = {alpha:g} 时 Lasso 保留 10 项指标中的 {kept} 项和 {noise_columns} 列噪声中的 {kept_noise} 列，误差 {rmse:.1f}；"
        f"留出误差最小为 {errors[best]:.1f}，在 α = {alphas[best]:.2g} 处，此时混入 {false[best]} 列噪声。",
    )
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.linear import Lasso

        table = load("diabetes")
        rng = np.random.default_rng({seed})
        order = rng.permutation(len(table.y))
        fitted, held_out = order[:300], order[300:]
        X = np.column_stack([table.X, rng.normal(size=(len(table.y), {noise_columns}))])
        X = (X - X[fitted].mean(0)) / X[fitted].std(0)
        model = Lasso(alpha={alpha!r}).fit(X[fitted], table.y[fitted])
        kept = np.count_nonzero(model.coef_[:10])
        kept_noise = np.count_nonzero(model.coef_[10:])
        rmse = np.sqrt(np.mean((table.y[held_out] - model.predict(X[held_out])) ** 2))
        print(kept, kept_noise, rmse)
    """)
