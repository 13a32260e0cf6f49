"""Whom ridge races: scikit-learn, to the same gradient of the objective."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Translation, objective, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "alpha",
            "alpha",
            Text(
                en="the same: both add alpha‖w‖² to a sum of squares, not to a mean",
                zh="相同：两者都把 alpha‖w‖² 加到平方和（而非平均）上",
            ),
        ),
        Translation("fit_intercept", "fit_intercept", Text(en="the same: b is not penalised", zh="相同：b 不受惩罚")),
        Translation(
            "",
            "solver, tol, max_iter",
            Text(
                en="on a dense table both solve the equations at once; where the peer's solver iterates (sag, saga, sparse_cg, lsqr, lbfgs), "
                "tol ends it, and means something else for each",
                zh="稠密数据两者都直接解方程；对方选用迭代解法（sag、saga、sparse_cg、lsqr、lbfgs）时由 tol 决定何时停，各解法的 tol 含义不同",
            ),
            equal=({}, {"solver": "auto"}),
        ),
        Translation("", "positive", Text(en="w ≥ 0, which ours does not offer", zh="要求 w ≥ 0；我们不提供")),
        Translation(
            "",
            "copy_X, random_state",
            Text(en="changes no answer, but for sag and saga", zh="除 sag、saga 外不影响结果"),
        ),
        Translation(
            "ridge_path(X, y, alphas)",
            "one Ridge(alpha) for each penalty",
            Text(en="the peer has no path", zh="对方不提供路径"),
        ),
    ],
    typed={"Ridge": "sklearn.linear_model:Ridge"},
    findings={
        "storage": Text(
            en="on sparse input scikit-learn's Ridge changes to conjugate gradients and stops at tol=1e-4, so its coefficients "
            "differ from those on the same dense input in the fifth digit",
            zh="遇到稀疏输入，scikit-learn 的 Ridge 改用共轭梯度，并在 tol=1e-4 时停止，所以系数从第五位起与稠密输入的结果不同",
        )
    },
)
def scikit_learn():
    """The same names and parameters; the path is a fit for each penalty."""
    from sklearn.linear_model import Ridge, RidgeCV

    def ridge_path(X, y, alphas):
        return np.array([Ridge(alpha=alpha).fit(X, y).coef_ for alpha in alphas])

    return {"Ridge": Ridge, "RidgeCV": RidgeCV, "ridge_path": ridge_path}


@objective("Ridge", en="Σᵢ (yᵢ − xᵢᵀw − b)² + alpha ‖w‖²", zh="Σᵢ (yᵢ − xᵢᵀw − b)² + alpha ‖w‖²", strength="alpha")
def squares(y, z, w, given):
    """The sum of squares, and the square of the length."""
    return np.sum((y - z) ** 2), np.sum(w**2)


def gradient_left(problem, answer) -> float:
    """‖Xᵀ(y - Xw) - αw‖ / ‖Xᵀy‖ on centred data: zero at the minimum of the objective with the penalty that was chosen."""
    X, y, _ = problem
    alpha, w = answer[0], answer[1:]
    if sparse.issparse(X):
        X = X.toarray()
    X, y = X - X.mean(0), y - y.mean()
    return float(np.linalg.norm(X.T @ (y - X @ w) - alpha * w) / np.linalg.norm(X.T @ y))


CERTIFIES = Text(en="relative norm of the gradient at the answer", zh="所得解处梯度的相对范数")


def correlated(rng: np.random.Generator, n: int, p: int, penalties: int):
    """Correlated columns, noise as large as the signal, and a grid of penalties around the mean squared singular value."""
    X = rng.normal(size=(n, p)) @ (np.eye(p) + rng.normal(size=(p, p)) / np.sqrt(p)) + rng.normal(size=p)
    y = X @ rng.normal(size=p) / np.sqrt(p) + rng.normal(size=n)
    return X, y, n * np.logspace(-4, 2, penalties)


def scattered(rng: np.random.Generator, n: int, p: int, density: float):
    """A sparse table."""
    X = sparse.random(n, p, density, format="csr", random_state=rng)
    return X, X @ rng.normal(size=p) + rng.normal(size=n), np.array([1.0])


@race(
    en="A penalty chosen by leave-one-out from a grid",
    zh="用留一法从网格中挑选惩罚",
    problem=correlated,
    sizes={"tiny": (40, 4, 5), "small": (500, 20, 100), "middle": (20_000, 200, 100), "wide": (400, 2_000, 100)},
    certificate=gradient_left,
    certifies=CERTIFIES,
    goal=1e-9,
)
def chosen_by_leave_one_out(subject, problem, tolerance):
    """Choose and fit."""
    X, y, alphas = problem
    model = subject.RidgeCV(alphas=alphas).fit(X, y)
    return np.r_[model.alpha_, model.coef_]


@race(
    en="One penalty",
    zh="单个惩罚",
    problem=correlated,
    sizes={"tiny": (40, 4, 1), "small": (1_000, 10, 1), "middle": (100_000, 100, 1), "wide": (1_000, 5_000, 1)},
    certificate=gradient_left,
    certifies=CERTIFIES,
    goal=1e-9,
)
def one_penalty(subject, problem, tolerance):
    """Fit with one penalty."""
    X, y, alphas = problem
    return np.r_[alphas[0], subject.Ridge(alpha=alphas[0]).fit(X, y).coef_]


@race(
    en="One penalty, sparse",
    zh="单个惩罚，稀疏数据",
    problem=scattered,
    sizes={
        "tiny": (60, 8, 0.5),
        "small": (2_000, 100, 0.05),
        "middle": (50_000, 300, 0.02),
        "wide": (2_000, 20_000, 0.005),
    },
    certificate=gradient_left,
    certifies=CERTIFIES,
    goal=1e-4,
    tolerances=(1e-4, 1e-6, 1e-8, 1e-10),
)
def one_penalty_sparse(subject, problem, tolerance):
    """Fit with one penalty to a sparse table; the tolerance is the peer's, ours is direct."""
    X, y, alphas = problem
    model = subject.Ridge(alpha=alphas[0])
    if "tol" in model.get_params():
        model.set_params(tol=tolerance)
    return np.r_[alphas[0], model.fit(X, y).coef_]
