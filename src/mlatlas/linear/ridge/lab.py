"""A penalty chosen by leave-one-out, against the error on rows that nobody has seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from mlatlas.atlas.lab import Event, Figure, Knob, Learned, Line, Metric, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.data import load
from mlatlas.linear.ridge.ridge import RidgeCV, effective_degrees_of_freedom, ridge_path

UNIT = Text("points of progression", "病情指数分")


@lab(en="The price of long coefficients", zh="长系数的价格", data="diabetes")
def price(
    train_rows: Annotated[int, Knob(en="Rows to fit", zh="用于拟合的行数", low=30, high=400)] = 150,
    products: Annotated[bool, Knob(en="Add squares and products", zh="加入平方与乘积项")] = True,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Fit 100 penalties, choose one by leave-one-out, and hold the choice against held-out rows."""
    table = load("diabetes")
    X = expanded(table.X) if products else table.X
    order = np.random.default_rng(seed).permutation(len(table.y))
    fitted, held_out = order[:train_rows], order[train_rows:]
    mean, spread = X[fitted].mean(0), X[fitted].std(0)
    A, B = (X[fitted] - mean) / spread, (X[held_out] - mean) / spread
    y = table.y[fitted]
    alphas = np.logspace(-3, 5, 100)
    yield Progress(0.1, en="one decomposition for 100 penalties", zh="一次分解，一百个惩罚")
    model = RidgeCV(alphas=alphas, store_cv_results=True).fit(A, y)
    left_out = np.sqrt(model.cv_results_.mean(0))
    path = ridge_path(A, y, alphas)
    yield Progress(0.6, en="held-out rows", zh="在留出的行上评估")
    errors = np.sqrt(((table.y[held_out] - y.mean() - path @ B.T) ** 2).mean(1))
    chosen, best = int(np.argmin(left_out)), int(np.argmin(errors))
    freedom = effective_degrees_of_freedom(A, alphas)
    yield Metric("alpha", model.alpha_, en="penalty chosen by leave-one-out", zh="留一法选出的惩罚")
    yield Metric("degrees_of_freedom", freedom[chosen], en="effective degrees of freedom", zh="有效自由度")
    yield Metric("rmse", errors[chosen], en="error on held-out rows", zh="留出行上的误差", unit=UNIT)
    yield Metric(
        "rmse_no_penalty", errors[0], en="the same with almost no penalty", zh="几乎不加惩罚时的误差", unit=UNIT
    )
    yield Figure(
        name="errors",
        title=Text("Leave-one-out finds the valley without seeing the held-out rows", "留一法不看留出行也能找到谷底"),
        x=Text("penalty λ", "惩罚 λ"),
        y=Text("root mean squared error, points of progression", "均方根误差（病情指数）"),
        caption=Text(
            f"Error over the penalty: read off one fit by the leave-one-out formula, and measured on {len(held_out)} held-out rows.",
            f"误差随惩罚的变化：由一次拟合按留一公式读出，以及在 {len(held_out)} 个留出行上实测。",
        ),
        series=[
            Line(alphas, left_out, label=Text("leave-one-out", "留一法")),
            Line(alphas, errors, label=Text("held-out rows", "留出行")),
            Rule(float(model.alpha_), label=Text("chosen", "所选")),
        ],
        log_x=True,
    )
    large, shown = np.argsort(-np.abs(path[chosen]))[:6], alphas >= 3.0
    yield Figure(
        name="path",
        title=Text("Coefficients shrink together; none becomes exactly zero", "系数一起收缩，没有一个恰好为零"),
        x=Text("penalty λ", "惩罚 λ"),
        y=Text("coefficient per standard deviation", "每标准差的系数"),
        caption=Text(
            f"The path of all {path.shape[1]} coefficients from one decomposition; the six largest at the chosen penalty stand out.",
            f"一次分解得到的全部 {path.shape[1]} 个系数的路径；所选惩罚处最大的六个加粗。",
        ),
        series=[
            *(Line(alphas[shown], path[shown, j], faint=True) for j in range(path.shape[1]) if j not in large),
            *(Line(alphas[shown], path[shown, j]) for j in large),
            Rule(float(model.alpha_), label=Text("chosen", "所选")),
        ],
        log_x=True,
    )
    yield Learned(
        en=f"Leave-one-out chooses λ = {model.alpha_:.3g}, worth {freedom[chosen]:.1f} of {path.shape[1]} coefficients; held-out error "
        f"{errors[chosen]:.1f} against {errors[0]:.1f} with almost no penalty, and {errors[best]:.1f} at the best penalty in hindsight.",
        zh=f"留一法选出 λ = {model.alpha_:.3g}，相当于 {path.shape[1]} 个系数中的 {freedom[chosen]:.1f} 个；留出误差 {errors[chosen]:.1f}，"
        f"几乎不加惩罚时为 {errors[0]:.1f}，事后看最好的惩罚为 {errors[best]:.1f}。",
    )
    features = "expanded(table.X)" if products else "table.X"
    need = "from mlatlas.linear.ridge.lab import expanded\n        " if products else ""
    yield Script(f"""
        import numpy as np
        from mlatlas.data import load
        from mlatlas.linear import RidgeCV
        {need}
        table = load("diabetes")
        X = {features}
        order = np.random.default_rng({seed}).permutation(len(table.y))
        fitted, held_out = order[:{train_rows}], order[{train_rows}:]
        mean, spread = X[fitted].mean(0), X[fitted].std(0)
        model = RidgeCV(alphas=np.logspace(-3, 5, 100)).fit((X[fitted] - mean) / spread, table.y[fitted])
        alpha = model.alpha_
        residual = table.y[held_out] - model.predict((X[held_out] - mean) / spread)
        rmse = np.sqrt(np.mean(residual ** 2))
        print(alpha, rmse)
    """)


def expanded(X: np.ndarray) -> np.ndarray:
    """The standardised columns with their squares and pairwise products; the square of a column with two values is left out."""
    Z = (X - X.mean(0)) / X.std(0)
    p = Z.shape[1]
    pairs = [(i, j) for i in range(p) for j in range(i, p) if i != j or len(np.unique(Z[:, i])) > 2]
    return np.column_stack([Z, *(Z[:, i] * Z[:, j] for i, j in pairs)])
