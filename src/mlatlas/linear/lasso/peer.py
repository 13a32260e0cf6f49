"""Whom the lasso races: scikit-learn, to the same duality gap."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, objective, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "alpha",
            "alpha",
            Text(en="the same: both average the squares, ½ in front", zh="相同：两者都对平方取平均，前面带 ½"),
        ),
        Translation(
            "tol",
            "tol",
            Text(
                en="the same: the duality gap is at most tol·‖y‖²/n. The peer looks at the gap only once no coefficient moves by more than tol "
                "of the largest, so that it often ends closer",
                zh="相同：对偶间隙不超过 tol·‖y‖²/n。对方要等各系数的变化都小于最大系数的 tol 倍才检查间隙，因此常常停在更精确处",
            ),
        ),
        Translation("l1_ratio", "l1_ratio", Text(en="the same: ρ‖w‖₁ + ½(1 − ρ)‖w‖²", zh="相同：ρ‖w‖₁ + ½(1 − ρ)‖w‖²")),
        Translation("fit_intercept", "fit_intercept", Text(en="the same: b is not penalised", zh="相同：b 不受惩罚")),
        Translation(
            "max_iter", "max_iter", Text(en="the same: sweeps over the coordinates", zh="相同：坐标扫描的遍数")
        ),
        Translation("positive", "positive", Text(en="the same: w ≥ 0", zh="相同：w ≥ 0")),
        Translation(
            "",
            "selection",
            Text(
                en="the order of the coordinates: the same minimum, by another way",
                zh="坐标的次序：路径不同，最小值相同",
            ),
        ),
        Translation(
            "warm_start",
            "warm_start, precompute, copy_X, random_state",
            Text(en="changes no minimum", zh="不影响最小值"),
        ),
    ],
    typed={"Lasso": "sklearn.linear_model:Lasso", "ElasticNet": "sklearn.linear_model:ElasticNet"},
)
def scikit_learn():
    """The same names and parameters."""
    from sklearn.linear_model import ElasticNet, ElasticNetCV, Lasso, LassoCV, enet_path, lasso_path

    return {
        "Lasso": Lasso, "ElasticNet": ElasticNet, "LassoCV": LassoCV, "ElasticNetCV": ElasticNetCV,
        "lasso_path": lasso_path, "enet_path": enet_path,
    }  # fmt: skip


@objective(
    "Lasso", en="Σᵢ (yᵢ − xᵢᵀw − b)²/2n + alpha ‖w‖₁", zh="Σᵢ (yᵢ − xᵢᵀw − b)²/2n + alpha ‖w‖₁", strength="alpha"
)
def absolute(y, z, w, given):
    """Half the mean square, and the sum of absolute values."""
    return np.mean((y - z) ** 2) / 2, np.sum(np.abs(w))


@objective(
    "ElasticNet",
    en="Σᵢ (yᵢ − xᵢᵀw − b)²/2n + alpha (ρ‖w‖₁ + ½(1 − ρ)‖w‖²), ρ = l1_ratio",
    zh="Σᵢ (yᵢ − xᵢᵀw − b)²/2n + alpha (ρ‖w‖₁ + ½(1 − ρ)‖w‖²)，ρ = l1_ratio",
    strength="alpha",
)
def mixed(y, z, w, given):
    """Half the mean square, and both penalties."""
    ratio = given["l1_ratio"]
    return np.mean((y - z) ** 2) / 2, ratio * np.sum(np.abs(w)) + (1 - ratio) / 2 * np.sum(w**2)


def sparse_signal(rng: np.random.Generator, n: int, p: int, fraction: float):
    """Correlated columns, few of which matter, noise, and a penalty at a fraction of the least one that empties the model."""
    X, y, alpha = centred_signal(rng, n, p, fraction)
    X += rng.normal(size=p)
    return X, y + 3.0, alpha


def centred_signal(rng: np.random.Generator, n: int, p: int, fraction: float):
    """The same with X and y centred."""
    X = np.asfortranarray(rng.normal(size=(n, p)))
    X[:, 1:] += 0.5 * X[:, :-1]
    w = np.zeros(p)
    w[rng.permutation(p)[: max(2, p // 20)]] = rng.normal(size=max(2, p // 20))
    y = X @ w + rng.normal(size=n)
    X -= X.mean(0)
    y -= y.mean()
    return X, y, fraction * np.abs(X.T @ y).max() / n


def duality_gap(X: np.ndarray, y: np.ndarray, w: np.ndarray, alpha: float) -> float:
    """The gap over ‖y‖²/n on centred data: the dual point is the residual, scaled until it is feasible."""
    X, y, n = X - X.mean(0), y - y.mean(), len(y)
    r = y - X @ w
    scale = np.clip((y @ r) / (r @ r), -1, 1) if r @ r else 1.0
    largest = np.abs(X.T @ r).max()
    theta = r * min(scale, n * alpha / largest if largest else 1.0)
    primal = (r @ r) / (2 * n) + alpha * np.abs(w).sum()
    dual = ((y @ y) - ((y - theta) @ (y - theta))) / (2 * n)
    return float((primal - dual) / ((y @ y) / n))


CERTIFIES = Text(en="duality gap over ‖y‖²/n", zh="对偶间隙除以 ‖y‖²/n")
GAP = 1e-4
TOLERANCES = (3e-4, 1e-4, 5e-5, 2e-5, 1e-5, 1e-6, 1e-8)


@race(
    en="One penalty to a gap of 10⁻⁴·‖y‖²/n",
    zh="单个惩罚，间隙达到 10⁻⁴·‖y‖²/n",
    problem=sparse_signal,
    sizes={
        "tiny": (40, 6, 0.2),
        "small": (500, 50, 0.05),
        "middle": (50_000, 300, 0.01),
        "wide": (1_000, 5_000, 0.05),
        "dense signal": (2_000, 2_000, 0.002),
    },
    certificate=lambda problem, w: duality_gap(problem[0], problem[1], w, problem[2]),
    certifies=CERTIFIES,
    goal=GAP,
    tolerances=TOLERANCES,
)
def one_penalty(subject, problem, tolerance):
    """Fit one penalty with an intercept; the peer may use the Gram matrix where that is faster for it."""
    X, y, alpha = problem
    model = subject.Lasso(alpha=alpha, tol=tolerance, max_iter=10_000)
    if "precompute" in model.get_params() and X.shape[0] > 2 * X.shape[1]:
        model.set_params(precompute=True)
    return model.fit(X, y).coef_


def penalties(problem) -> np.ndarray:
    X, y, _ = problem
    return np.abs(X.T @ y).max() / len(y) * np.logspace(0, -3, 50)


@race(
    en="A path of 50 penalties to the same gap",
    zh="50 个惩罚的路径，间隙相同",
    problem=centred_signal,
    sizes={"tiny": (40, 6, 0.2), "small": (200, 100, 0.1), "middle": (1_000, 5_000, 0.1), "tall": (20_000, 200, 0.1)},
    certificate=lambda problem, path: max(
        duality_gap(problem[0], problem[1], w, alpha) for w, alpha in zip(path.T, penalties(problem), strict=True)
    ),
    certifies=CERTIFIES,
    goal=GAP,
    tolerances=TOLERANCES,
)
def path(subject, problem, tolerance):
    """Fit 50 penalties, each warm from the one before."""
    X, y, _ = problem
    return subject.lasso_path(X, y, alphas=penalties(problem), tol=tolerance, max_iter=10_000)[1]
