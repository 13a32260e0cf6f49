"""Whom Newton's method, BFGS and L-BFGS race: the methods of the same names in scipy.optimize.minimize."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import NotOffered, Subject, Translation, peer, race
from mlatlas.atlas.text import Text


@peer(
    "SciPy",
    requires="scipy",
    translation=[
        Translation(
            "newton(f, x0, hess=H, gtol=g)",
            "minimize(f, x0, jac=True, hess=H, method='trust-exact', options={'gtol': g, 'initial_trust_radius': 1e3})",
            Text(
                en="the peer's best with a Hessian; it bounds the step where ours searches along it, and a wide bound lets Newton's step through",
                zh="对方在有海森矩阵时最好的方法；它限制步长，而我们沿步方向搜索；把界放宽，牛顿步就能照常走",
            ),
        ),
        Translation(
            "newton(f, x0, hessp=P)",
            "minimize(f, x0, jac=True, hessp=P, method='Newton-CG', options={'xtol': 1e-14})",
            Text(
                en="it stops by the length of the step and has no tolerance on the gradient, so the length is set to nothing",
                zh="它按步长停止，没有对梯度的容限，因此把步长容限设为几乎为零",
            ),
        ),
        Translation(
            "lbfgs(f, x0, memory=m, gtol=g)",
            "minimize(f, x0, jac=True, method='L-BFGS-B', options={'maxcor': m, 'gtol': g, 'ftol': 0})",
            Text(en="without ftol=0 it stops when f changes little", zh="若不设 ftol=0，f 变化很小时它就停"),
        ),
        Translation(
            "bfgs(f, x0, gtol=g)",
            "minimize(f, x0, jac=True, method='BFGS', options={'gtol': g})",
            Text(en="the same: the largest partial derivative", zh="相同：最大的偏导数"),
        ),
    ],
    findings={
        "all_pairs": Text(
            en="scipy's BFGS starts from the identity and does not scale it after the first step (Nocedal, Wright 2006, equation 6.20)",
            zh="SciPy 的 BFGS 从单位阵出发，第一步之后也不按 Nocedal、Wright 式 (6.20) 缩放",
        ),
        "unit_of_f": Text(
            en="for the same reason the path of scipy's BFGS changes when f is multiplied by a number; Newton and L-BFGS-B pass",
            zh="同一原因：f 乘以常数后，SciPy 的 BFGS 走的路就变了；牛顿法与 L-BFGS-B 通过",
        ),
        "wolfe": Text(
            en="L-BFGS-B ends its search once the bracket is narrower than a tenth (xtol = 0.1), even if the slope is still too steep, "
            "and trust-exact does not search along a line at all",
            zh="L-BFGS-B 在区间相对宽度小于十分之一（xtol = 0.1）时就结束搜索，哪怕坡度仍然太陡；trust-exact 则根本不沿直线搜索",
        ),
    },
)
def scipy_optimize():
    """The three methods, without an exact line search."""
    from scipy.optimize import minimize

    def run(method, f, x0, line_search, points, **options):
        if line_search != "wolfe":
            raise NotOffered("scipy.optimize has no exact line search")
        path = [np.array(x0, dtype=float)]
        given = {name: value for name in ("hess", "hessp") if (value := options.pop(name, None)) is not None}
        found = minimize(
            f, x0, jac=True, method=method, callback=path.append if points else None, options=options, **given
        )
        trace = {"x": np.array(path), "fun": np.array([f(x)[0] for x in path])} if points else {}
        norm = float(np.abs(found.jac).max())
        kept = {"x": found.x, "fun": found.fun, "grad": found.jac, "grad_norm": norm, "nit": found.nit}
        return Subject({**kept, "trace": Subject(trace)})

    def newton(f, x0, *, hess=None, hessp=None, line_search="wolfe", gtol=1e-6, max_iter=100, points=False):
        if hess is None:
            return run("Newton-CG", f, x0, line_search, points, hessp=hessp, xtol=1e-14, maxiter=max_iter)
        radius = {"initial_trust_radius": 1e3, "max_trust_radius": 1e6}
        return run("trust-exact", f, x0, line_search, points, hess=hess, gtol=gtol, maxiter=max_iter, **radius)

    def bfgs(f, x0, *, line_search="wolfe", gtol=1e-6, max_iter=1000, points=False):
        return run("BFGS", f, x0, line_search, points, gtol=gtol, maxiter=max_iter)

    def lbfgs(f, x0, *, memory=10, line_search="wolfe", gtol=1e-6, max_iter=1000, points=False):
        options = {"maxcor": memory, "gtol": gtol, "ftol": 0.0, "maxiter": max_iter, "maxfun": 10**9}
        return run("L-BFGS-B", f, x0, line_search, points, **options)

    return {"newton": newton, "bfgs": bfgs, "lbfgs": lbfgs}


def logistic(rng: np.random.Generator, n: int, p: int):
    """Penalised logistic loss on n rows and p correlated columns: the pair (value, gradient), the Hessian, and a start."""
    X = rng.normal(size=(n, p)) @ (np.eye(p) + rng.normal(size=(p, p)) / np.sqrt(p))
    y = np.where(X @ rng.normal(size=p) / np.sqrt(p) + rng.logistic(size=n) > 0, 1.0, -1.0)
    penalty = 1e-3

    def f(w):
        z = y * (X @ w)
        return np.logaddexp(0, -z).mean() + penalty / 2 * w @ w, X.T @ (-y / (1 + np.exp(z))) / n + penalty * w

    def hess(w):
        q = 1 / (1 + np.exp(-X @ w))
        return (X * (q * (1 - q) / n)[:, None]).T @ X + penalty * np.eye(p)

    return f, hess, np.zeros(p)


def chain(rng: np.random.Generator, n: int):
    """n variables tied to their neighbours by log cosh and to random values by a parabola: cheap to evaluate, hence a race of the method's own cost."""
    target = rng.normal(size=n)
    curves = np.exp(rng.uniform(0.0, 5.0, n))

    def f(x):
        pull = curves * (x - target)
        bend = np.diff(x)
        tied = np.tanh(bend)
        gradient = pull.copy()
        gradient[1:] += tied
        gradient[:-1] -= tied
        return pull @ (x - target) / 2 + (np.abs(bend) + np.log1p(np.exp(-2 * np.abs(bend)))).sum(), gradient

    return f, None, np.zeros(n)


def gradient_left(problem, answer) -> float:
    """The largest partial derivative at the answer, relative to the start."""
    f, _, start = problem
    return float(np.abs(f(answer)[1]).max() / np.abs(f(start)[1]).max())


CERTIFIES = Text(en="largest partial derivative, relative to the start", zh="最大偏导数，相对于起点")
TOLERANCES = (1e-4, 1e-5, 1e-6, 1e-7, 1e-8)


@race(
    en="L-BFGS on many variables",
    zh="变量很多时的 L-BFGS",
    problem=chain,
    sizes={"tiny": (5,), "small": (100,), "middle": (10_000,), "large": (600_000,)},
    certificate=gradient_left,
    certifies=CERTIFIES,
    goal=1e-5,
    tolerances=TOLERANCES,
)
def many_variables(subject, problem, tolerance):
    """Minimise from zero with ten pairs."""
    f, _, start = problem
    return subject.lbfgs(f, start, gtol=tolerance * float(np.abs(f(start)[1]).max()), max_iter=10_000).x


@race(
    en="BFGS on logistic loss",
    zh="对数损失上的 BFGS",
    problem=logistic,
    sizes={"tiny": (60, 3), "small": (500, 20), "middle": (5_000, 100), "large": (2_000, 500)},
    certificate=gradient_left,
    certifies=CERTIFIES,
    goal=1e-5,
    tolerances=TOLERANCES,
)
def logistic_bfgs(subject, problem, tolerance):
    """Minimise from zero."""
    f, _, start = problem
    return subject.bfgs(f, start, gtol=tolerance * float(np.abs(f(start)[1]).max()), max_iter=10_000).x


@race(
    en="Newton on logistic loss",
    zh="对数损失上的牛顿法",
    problem=logistic,
    sizes={"tiny": (60, 3), "small": (500, 20), "middle": (20_000, 100), "large": (3_000, 800)},
    certificate=gradient_left,
    certifies=CERTIFIES,
    goal=1e-8,
    tolerances=(1e-6, 1e-7, 1e-8, 1e-9),
)
def logistic_newton(subject, problem, tolerance):
    """Minimise from zero with the Hessian."""
    f, hess, start = problem
    return subject.newton(f, start, hess=hess, gtol=tolerance * float(np.abs(f(start)[1]).max())).x
