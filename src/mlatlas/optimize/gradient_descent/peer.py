"""Whom gradient descent races: SciPy has no gradient descent, so L-BFGS-B stands for what one would call instead."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import NotOffered, Subject, Translation, peer, race
from mlatlas.atlas.text import Text


@peer(
    "SciPy",
    requires="scipy",
    translation=[
        Translation(
            "gradient_descent(f, x0)",
            "minimize(f, x0, jac=True, method='L-BFGS-B')",
            Text(
                en="another method: scipy.optimize has no gradient descent. It is compared only where any minimiser must agree, "
                "and raced to the same minimum",
                zh="方法不同：scipy.optimize 没有梯度下降。只在任何极小化方法都应一致之处比较，比赛也只比谁先到达同一个极小点",
            ),
        ),
        Translation(
            "gtol", "options={'gtol': gtol, 'ftol': 0}", Text(en="only the gradient decides", zh="只由梯度决定何时停止")
        ),
    ],
    findings={
        "added_constant": Text(
            en="L-BFGS-B ends abnormally in its line search when the values of f no longer differ, short of gtol (as scipy issue 19024 reports of BFGS)",
            zh="当 f 的值已无法区分时，L-BFGS-B 的线搜索异常终止，达不到 gtol（SciPy issue 19024 报告 BFGS 也是如此）",
        )
    },
)
def scipy_optimize():
    """A minimiser under our name, without a fixed step, an exact search or a record of its steps."""
    from scipy.optimize import minimize

    def gradient_descent(f, x0, *, step="backtracking", gtol=1e-6, max_iter=1000, points=False):
        if step != "backtracking":
            raise NotOffered("scipy.optimize has no gradient descent with a fixed step or an exact search")
        path = [np.array(x0, dtype=float)]
        found = minimize(
            f,
            x0,
            jac=True,
            method="L-BFGS-B",
            callback=path.append if points else None,
            options={"gtol": gtol, "ftol": 0.0, "maxiter": max_iter, "maxfun": 10**9},
        )
        trace = {"x": np.array(path), "fun": np.array([f(x)[0] for x in path])} if points else {}
        norm = float(np.abs(found.jac).max())
        kept = {"x": found.x, "fun": found.fun, "grad": found.jac, "grad_norm": norm, "nit": found.nit}
        return Subject({**kept, "converged": norm <= gtol, "trace": Subject(trace)})

    return {"gradient_descent": gradient_descent}


def least_squares(rng: np.random.Generator, n: int, p: int, spread: float):
    """Least squares on n rows whose p columns differ in scale so that κ is about spread², and what to minimise."""
    X = rng.normal(size=(n, p)) * np.geomspace(1.0, spread, p)
    y = X @ rng.normal(size=p) + rng.normal(size=n)

    def f(w):
        r = X @ w - y
        return r @ r / (2 * n), X.T @ r / n

    return f, np.zeros(p)


def gradient_left(problem, answer) -> float:
    """The largest partial derivative at the answer, relative to the start."""
    f, start = problem
    return float(np.abs(f(answer)[1]).max() / np.abs(f(start)[1]).max())


@race(
    en="To the minimum of least squares",
    zh="到达最小二乘的极小点",
    problem=least_squares,
    sizes={
        "tiny": (50, 3, 1.0),
        "small": (500, 10, 1.0),
        "middle": (20_000, 50, 1.5),
        "large": (200_000, 50, 1.5),
        "ill-conditioned": (20_000, 50, 10.0),
    },
    certificate=gradient_left,
    certifies=Text(en="largest partial derivative, relative to the start", zh="最大偏导数，相对于起点"),
    goal=1e-6,
    tolerances=(1e-5, 1e-6, 1e-7, 1e-8),
)
def to_the_minimum(subject, problem, tolerance):
    """Minimise from zero until no partial derivative exceeds the tolerance, relative to the first gradient."""
    f, start = problem
    gtol = tolerance * float(np.abs(f(start)[1]).max())
    return subject.gradient_descent(f, start, gtol=gtol, max_iter=100_000).x
