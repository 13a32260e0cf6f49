"""Whom linear regression races: scikit-learn, to the smallest backward error."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, objective, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    typed={"LinearRegression": "sklearn.linear_model:LinearRegression"},
    translation=[
        Translation("fit_intercept", "fit_intercept", Text(en="the same", zh="相同")),
        Translation(
            "",
            "tol",
            Text(
                en="on a dense table the peer drops directions shorter than tol times the longest, ours those within the rounding of the data; "
                "on a sparse one tol ends its iterations",
                zh="稠密数据：对方丢弃奇异值小于最大值 tol 倍的方向，我们只丢弃数据舍入误差以内的方向；稀疏数据：tol 决定何时停止迭代",
            ),
            equal=({}, {"tol": float(np.finfo(float).eps)}),
        ),
        Translation("", "positive", Text(en="w ≥ 0, which ours does not offer", zh="要求 w ≥ 0；我们不提供")),
        Translation("n_jobs", "n_jobs, copy_X", Text(en="changes no answer", zh="不影响结果")),
    ],
)
def scikit_learn():
    """The same names and parameters."""
    from sklearn.linear_model import LinearRegression

    return {"LinearRegression": LinearRegression}


@objective("LinearRegression", en="Σᵢ (yᵢ − xᵢᵀw − b)²", zh="Σᵢ (yᵢ − xᵢᵀw − b)²")
def squares(y, z, w, given):
    """The sum of squares, without a penalty."""
    return np.sum((y - z) ** 2), 0.0


def backward_error(problem, answer) -> float:
    """The smallest relative change ‖δX‖/‖X‖ of the centred X for which the coefficients are an exact least-squares solution.

    Estimated after Karlson and Waldén (1997): ‖(‖w‖² XᵀX + ‖r‖² I)^(-1/2) Xᵀ r‖ / ‖X‖, exact within a factor of 1.5 or so.
    """
    X, y = problem
    X, y, w = X - X.mean(0), y - y.mean(), np.asarray(answer)
    r = y - X @ w
    U, s, _ = np.linalg.svd(X, full_matrices=False)
    return float(np.linalg.norm(s * (U.T @ r) / np.sqrt((w @ w) * s**2 + r @ r)) / np.linalg.norm(s))


CERTIFIES = Text(en="relative backward error of the coefficients", zh="系数的相对后向误差")


def gaussian(rng: np.random.Generator, n: int, p: int):
    """A well-conditioned problem with noise as large as the signal."""
    X = rng.normal(size=(n, p)) + rng.normal(size=p)
    return X, X @ rng.normal(size=p) + np.sqrt(p) * rng.normal(size=n)


def conditioned(rng: np.random.Generator, n: int, p: int, exponent: int):
    """Centred columns whose singular values fall geometrically from 1 to 10^-exponent, and a small residual."""
    A = rng.normal(size=(n, p))
    U, _ = np.linalg.qr(A - A.mean(0))
    V, _ = np.linalg.qr(rng.normal(size=(p, p)))
    X = U * np.logspace(0, -exponent, p) @ V.T
    return X, X @ rng.normal(size=p) + 1e-3 * rng.normal(size=n) / np.sqrt(n)


@race(
    en="One fit, well conditioned",
    zh="一次拟合，条件良好",
    problem=gaussian,
    sizes={
        "tiny": (60, 4),
        "small": (1_000, 10),
        "middle": (100_000, 100),
        "large": (500_000, 50),
        "wide": (300, 1_500),
    },
    certificate=backward_error,
    certifies=CERTIFIES,
    goal=None,
)
def well_conditioned(subject, problem, tolerance):
    """Fit with an intercept."""
    return subject.LinearRegression().fit(*problem).coef_


@race(
    en="Condition numbers from 10² to 10¹²",
    zh="条件数从 10² 到 10¹²",
    problem=conditioned,
    sizes={"tiny": (80, 5, 6), **{f"κ=1e{k}": (20_000, 100, k) for k in (2, 4, 6, 8, 10, 12)}},
    certificate=backward_error,
    certifies=CERTIFIES,
    goal=None,
)
def conditioning(subject, problem, tolerance):
    """Fit with an intercept, whatever the condition number; the peer is told to keep every direction, ours needs no telling."""
    model = subject.LinearRegression()
    if "tol" in model.get_params():
        model.set_params(tol=float(np.finfo(float).eps))
    return model.fit(*problem).coef_
