"""Known answers, laws and mutants of Newton's method, BFGS and L-BFGS."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, falls, known, law, mutant

# ---- functions ---------------------------------------------------------------------------------------------


def slopes(A: np.ndarray, b: np.ndarray):
    """Σ log(1 + exp(A x − b)) + ½ ‖x‖²: strictly convex, with third derivatives; value and gradient, and the Hessian."""

    def f(x):
        z = A @ x - b
        return float(np.logaddexp(0, z).sum() + x @ x / 2), A.T @ (1 / (1 + np.exp(-z))) + x

    def hess(x):
        q = 1 / (1 + np.exp(b - A @ x))
        return (A.T * (q * (1 - q))) @ A + np.eye(len(x))

    return f, hess


def quartic(a: np.ndarray, centre: np.ndarray, curvature: float):
    """Σ aᵢ (xᵢ − cᵢ)⁴ + ½ curvature ‖x − c‖²."""

    def f(x):
        e = x - centre
        return float(a @ e**4 + curvature * e @ e / 2), 4 * a * e**3 + curvature * e

    return f, lambda x: np.diag(12 * a * (x - centre) ** 2 + curvature)


def wells(A: np.ndarray):
    """¼ Σ (xᵢ² − 1)² + ½ xᵀA x with a small A: hollows near the corners ±1, a hill near zero, saddles between."""

    def f(x):
        return float(((x**2 - 1) ** 2).sum() / 4 + x @ A @ x / 2), x**3 - x + A @ x

    return f, lambda x: np.diag(3 * x**2 - 1) + A


def minimum_of(f, hess, x):
    """Where the gradient of a strictly convex function vanishes, by Newton steps that are halved while the gradient grows."""
    for _ in range(60):
        g = f(x)[1]
        if np.abs(g).max() < 1e-13:
            break
        d, t = np.linalg.solve(hess(x), -g), 1.0
        while t > 1e-6 and np.linalg.norm(f(x + t * d)[1]) > np.linalg.norm(g):
            t /= 2
        x = x + t * d
    return x


def hessian_product(hess):
    return lambda x, p: hess(x) @ p


# ---- problems ----------------------------------------------------------------------------------------------


def convex(draw: Draw):
    n = draw.integer(2, 6)
    A, b, start = draw.normal(n + 2, n), draw.normal(n + 2), 3 * draw.normal(n)
    f, _ = slopes(A, b)
    draw.require(np.abs(f(start)[1]).max() > 0.5)
    return A, b, start


def near_the_minimum(draw: Draw):
    """A convex function, a start within the region where the theory speaks, and the theory's constant M/2μ."""
    A, b, start = convex(draw)
    f, hess = slopes(A, b)
    best = minimum_of(f, hess, np.zeros(len(start)))
    constant = (np.linalg.norm(A, axis=1) ** 3).sum() / (6 * np.sqrt(3)) / 2
    return "slopes", A, b, best + 0.5 / constant * start / np.linalg.norm(start), best, constant


def degenerate(draw: Draw):
    n = draw.integer(1, 5)
    a, centre, start = draw.uniform(0.5, 3.0, n), draw.normal(n), draw.normal(n)
    draw.require(np.abs(start - centre).min() > 0.2)
    return "quartic", a, centre, start, centre, 1.0


def only_fourth_powers(draw: Draw):
    _, a, centre, start, _, _ = degenerate(draw)
    return a, centre, start, 0.0


def with_curvature(draw: Draw):
    a, centre, start, _ = only_fourth_powers(draw)
    return a, centre, start, 1.0


def quadratic(draw: Draw):
    n = draw.integer(2, 6)
    values = draw.uniform(0.4, 6.0, n)
    V = draw.orthogonal(n, n)
    start = draw.normal(n)
    draw.require(np.abs(np.diff(np.sort(values))).min() > 0.05 and np.abs(V.T @ start).min() > 0.1)
    return V * values @ V.T, start, "exact", 0.0


def no_quadratic_or_no_exact_search(draw: Draw):
    A, start, _, _ = quadratic(draw)
    bend = draw.choice([0.0, 1.0])
    return A, 2 * start, "exact" if bend else "wolfe", bend


def transformed(draw: Draw):
    """A convex function and an invertible change of variables x = M u + c that stretches."""
    A, b, start = convex(draw)
    n = len(start)
    M = draw.orthogonal(n, n) * np.geomspace(0.5, 3.0, n) @ draw.orthogonal(n, n)
    return A, b, start, M, draw.normal(n)


def scaled(draw: Draw):
    A, b, start = convex(draw)
    return A, b, start, float(draw.choice([1000.0, 0.02]))


def nonconvex(draw: Draw):
    """A start at which the Hessian has eigenvalues of both signs or negative ones only, and the gradient says something."""
    n = draw.integer(2, 5)
    A, start = 0.2 * draw.symmetric(n), draw.uniform(-0.6, 0.6, n)
    f, hess = wells(A)
    values = np.linalg.eigvalsh(hess(start))
    draw.require(values[0] < -0.1 and np.abs(f(start)[1]).max() > 0.05)
    return A, start


def table(draw: Draw):
    n, p = draw.integer(8, 20), draw.integer(1, 5)
    X, y = draw.normal(n, p), draw.normal(n)
    draw.require(np.linalg.svd(X, compute_uv=False)[-1] > 0.3)
    return X, y, 3 * draw.normal(p)


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="Newton on x − log x is the iteration x(2 − x), which finds the reciprocal of one without dividing: from ½ come ¾, 15/16, 255/256.",
    zh="对 x − log x 用牛顿法，就是不做除法而求 1 的倒数的迭代 x(2 − x)：从 ½ 出发依次得 ¾、15/16、255/256。",
    source="by hand; the division algorithm of early computers",
)
def reciprocal(subject: Subject):
    found = subject.newton(
        lambda x: (float(x[0] - np.log(x[0])), 1 - 1 / x),
        [0.5],
        hess=lambda x: np.diag(1 / x**2),
        gtol=0.0,
        max_iter=3,
        points=True,
    )
    return found.trace.x[:, 0], [1 / 2, 3 / 4, 15 / 16, 255 / 256]


@known(
    en="All three find the minimum of Rosenbrock's function, (1, 1), from (−1.2, 1).",
    zh="三种方法都从 (−1.2, 1) 找到 Rosenbrock 函数的极小点 (1, 1)。",
    source="Rosenbrock 1960, An automatic method for finding the greatest or least value of a function",
    tolerance=1e-5,
)
def rosenbrock(subject: Subject):
    def f(x):
        r = x[1] - x[0] ** 2
        return float(100 * r**2 + (1 - x[0]) ** 2), np.array([-400 * r * x[0] - 2 * (1 - x[0]), 200 * r])

    def hess(x):
        return np.array([[1200 * x[0] ** 2 - 400 * x[1] + 2, -400 * x[0]], [-400 * x[0], 200.0]])

    start = np.array([-1.2, 1.0])
    ends = [
        subject.newton(f, start, hess=hess, gtol=1e-8).x,
        subject.newton(f, start, hessp=hessian_product(hess), gtol=1e-8).x,
        subject.bfgs(f, start, gtol=1e-8).x,
        subject.lbfgs(f, start, gtol=1e-8).x,
    ]
    return ends, np.ones((4, 2))


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "bound",
    given=near_the_minimum,
    without=degenerate,
    en="Near a minimum with a positive definite Hessian Newton converges quadratically: the new error is at most M/2μ times the "
    "square of the old one, with M the Lipschitz constant of the Hessian and μ its smallest eigenvalue. On fourth powers no such constant exists.",
    zh="在海森矩阵正定的极小点附近，牛顿法二次收敛：新误差至多是旧误差平方的 M/2μ 倍，M 是海森矩阵的利普希茨常数，μ 是其最小特征值；对四次幂则不存在这样的常数。",
    source="Nocedal, Wright 2006, theorem 3.5",
)
def quadratic_convergence(problem, subject, other):
    kind, A, b, start, best, constant = problem
    f, hess = slopes(A, b) if kind == "slopes" else quartic(A, b, 0.0)
    found = subject.newton(f, start, hess=hess, gtol=0.0, max_iter=8, points=True)
    errors = np.linalg.norm(found.trace.x - best, axis=1)
    errors = errors[: np.flatnonzero(errors > 3e-7)[-1] + 2]
    return atmost(errors[1:] / (constant * errors[:-1] ** 2 + 1e-15), np.ones(len(errors) - 1))


@law(
    "property",
    given=only_fourth_powers,
    without=with_curvature,
    en="On fourth powers Newton is only linear: every step leaves two thirds of the error. With any curvature at the minimum it is not so.",
    zh="对四次幂，牛顿法只线性收敛：每步都剩下误差的三分之二；极小点处只要有曲率就不是这样。",
    source="Nocedal, Wright 2006, chapter 3; by hand",
)
def two_thirds(problem, subject, other):
    a, centre, start, curvature = problem
    f, hess = quartic(a, centre, curvature)
    found = subject.newton(f, start, hess=hess, gtol=0.0, max_iter=6, points=True)
    errors = found.trace.x - centre
    return errors[1:] / errors[0], np.outer((2 / 3) ** np.arange(1, len(errors)), np.ones(len(start)))


@law(
    "special case",
    of="linear-regression",
    given=table,
    en="On least squares one step of Newton, from anywhere, is the closed form.",
    zh="在最小二乘上，从任何起点走一步牛顿法就得到闭式解。",
    source="Hastie, Tibshirani, Friedman 2009, section 4.4.1",
)
def one_step(problem, subject, other):
    X, y, start = problem

    def f(w):
        r = X @ w - y
        return 0.5 * float(r @ r), X.T @ r

    found = subject.newton(f, start, hess=lambda w: X.T @ X, gtol=0.0, max_iter=1)
    return found.x, other.LinearRegression(fit_intercept=False).fit(X, y).coef_


@law(
    "invariant",
    of="gradient-descent",
    given=transformed,
    en="Newton is invariant to affine changes of the variables, x = M u + c: the path in u is the path in x. Gradient descent is not.",
    zh="牛顿法对变量的仿射变换 x = M u + c 不变：在 u 中走的就是在 x 中的那条路；梯度下降不具有这一性质。",
    source="Boyd, Vandenberghe 2004, section 9.5.1",
)
def affine(problem, subject, other):
    A, b, start, M, c = problem
    f, hess = slopes(A, b)

    def g(u):
        value, gradient = f(M @ u + c)
        return value, M.T @ gradient

    start_u = np.linalg.solve(M, start - c)
    plain, moved = (
        subject.newton(*run, max_iter=4, gtol=0.0, hess=h, points=True).trace.x
        for run, h in (((f, start), hess), ((g, start_u), lambda u: M.T @ hess(M @ u + c) @ M))
    )
    down, down_moved = (
        other.gradient_descent(*run, max_iter=4, gtol=0.0, points=True).trace.x for run in ((f, start), (g, start_u))
    )
    return [agree(moved @ M.T + c, plain), differs(down_moved @ M.T + c, down)]


@law(
    "property",
    given=quadratic,
    without=no_quadratic_or_no_exact_search,
    en="BFGS and L-BFGS with an exact line search walk the points of conjugate gradients on a strictly convex quadratic, and so "
    "end in at most n steps in n dimensions. Without the exact search, or off the quadratic, they do not.",
    zh="在严格凸二次函数上，采用精确线搜索的 BFGS 与 L-BFGS 走的就是共轭梯度法的点，所以在 n 维中至多 n 步结束；没有精确线搜索，或函数不是二次的，则不然。",
    source="Nocedal, Wright 2006, theorem 6.4 and section 7.2",
)
def n_steps(problem, subject, other):
    A, start, search, bend = problem
    n = len(start)

    def f(x):
        return float(x @ A @ x / 2 + bend * (x**4).sum()), A @ x + 4 * bend * x**3

    x, g = start, A @ start
    d, walk = -g, [start]
    for _ in range(n):
        x = x + g @ g / (d @ A @ d) * d
        new = A @ x
        d, g = new @ new / (g @ g) * d - new, new
        walk.append(x)
    return [
        agree(run(f, start, line_search=search, gtol=1e-9, max_iter=n).x, walk[n], scale=float(np.abs(start).max()))
        for run in (subject.bfgs, subject.lbfgs)
    ] + [
        agree(run(f, start, line_search=search, gtol=0.0, max_iter=2).x, walk[2], scale=float(np.abs(start).max()))
        for run in (subject.bfgs, subject.lbfgs)
    ]


def inverse_hessian(pairs, gamma):
    """BFGS as it is defined, from γ I: B ← (I − ρ s yᵀ) B (I − ρ y sᵀ) + ρ s sᵀ for each pair."""
    n = len(pairs[0][0])
    B = gamma * np.eye(n)
    for s, y in pairs:
        left = np.eye(n) - np.outer(s, y) / (s @ y)
        B = left @ B @ left.T + np.outer(s, s) / (s @ y)
    return B


def scale_of(s, y):
    return s @ y / (y @ y)


def directions(f, points, memory):
    """The directions that the definition prescribes at the points of a path, and those that were taken; of unit length."""
    gradients = [f(x)[1] for x in points]
    pairs = list(zip(np.diff(points, axis=0), np.diff(gradients, axis=0), strict=True))
    prescribed, taken = [], []
    for k in range(1, len(pairs)):
        kept = pairs[max(0, k - memory) : k] if memory else pairs[:k]
        d = -inverse_hessian(kept, scale_of(*(kept[-1] if memory else kept[0]))) @ gradients[k]
        prescribed.append(d / np.linalg.norm(d))
        taken.append(pairs[k][0] / np.linalg.norm(pairs[k][0]))
    return agree(taken, prescribed, tolerance=1e-5)


@law(
    "equivalent",
    given=convex,
    en="L-BFGS with memory m goes where the last m updates of BFGS, written out from sᵀy/yᵀy times the identity, point.",
    zh="记忆为 m 的 L-BFGS 所走的方向，就是从 sᵀy/yᵀy 倍单位阵出发、把最近 m 次 BFGS 更新写出来所指的方向。",
    source="Nocedal 1980; Nocedal, Wright 2006, algorithm 7.4",
)
def last_pairs(problem, subject, other):
    A, b, start = problem
    f, _ = slopes(A, b)
    return [
        directions(f, subject.lbfgs(f, start, memory=m, gtol=1e-2, max_iter=9, points=True).trace.x, m)
        for m in (1, 3, 10)
    ]


@law(
    "equivalent",
    given=convex,
    en="BFGS goes where all its updates, written out from the scaled identity, point.",
    zh="BFGS 所走的方向，就是从缩放的单位阵出发、把全部更新写出来所指的方向。",
    source="Nocedal, Wright 2006, equations 6.17 and 6.20",
)
def all_pairs(problem, subject, other):
    A, b, start = problem
    f, _ = slopes(A, b)
    return directions(f, subject.bfgs(f, start, gtol=1e-2, max_iter=9, points=True).trace.x, 0)


@law(
    "property",
    given=nonconvex,
    en="Every step of every method satisfies the strong Wolfe conditions, also where the function is not convex, so the slope along "
    "it rises: sᵀy > 0.",
    zh="每种方法的每一步都满足强 Wolfe 条件，函数非凸时也是如此，因此沿该步坡度上升：sᵀy > 0。",
    source="Nocedal, Wright 2006, section 3.1",
)
def wolfe(problem, subject, other):
    f, hess = wells(problem[0])
    start = problem[1]
    gaps = []
    for found in (
        subject.newton(f, start, hess=hess, gtol=1e-4, points=True, max_iter=30),
        subject.newton(f, start, hessp=hessian_product(hess), gtol=1e-4, points=True, max_iter=30),
        subject.bfgs(f, start, gtol=1e-4, points=True),
        subject.lbfgs(f, start, gtol=1e-4, points=True),
    ):
        x = found.trace.x
        moved = np.abs(np.diff(x, axis=0)).max(1) > 1e-5
        before, after = x[:-1][moved], x[1:][moved]
        slope0 = np.array([f(a)[1] @ (c - a) for a, c in zip(before, after, strict=True)])
        slope1 = np.array([f(c)[1] @ (c - a) for a, c in zip(before, after, strict=True)])
        fall = np.array([f(c)[0] - f(a)[0] for a, c in zip(before, after, strict=True)])
        gaps += [
            atmost(fall / -slope0, np.full(len(fall), -1e-4)),
            atmost(np.abs(slope1) / -slope0, np.full(len(fall), 0.9)),
        ]
    return gaps


@law(
    "property",
    given=nonconvex,
    en="Started where the Hessian is not positive definite, Newton still goes down at every step and ends where it is: not at a "
    "saddle, nor at the top.",
    zh="从海森矩阵不正定之处出发，牛顿法依然步步下降，并停在海森矩阵半正定之处：既不是鞍点，也不是山顶。",
    source="Nocedal, Wright 2006, section 3.4; Dauphin et al. 2014, Identifying and attacking the saddle point problem",
)
def no_saddle(problem, subject, other):
    A, start = problem
    f, hess = wells(A)
    results = [
        subject.newton(f, start, hess=hess, gtol=1e-8, points=True),
        subject.newton(f, start, hessp=hessian_product(hess), gtol=1e-8, points=True),
    ]
    return [
        *(falls(found.trace.fun, tolerance=1e-9) for found in results),
        *(atmost(0.0, np.linalg.eigvalsh(hess(found.x))[0], scale=1e-2) for found in results),
        *(agree(f(found.x)[1], np.zeros(len(start)), scale=1.0) for found in results),
    ]


@law(
    "invariant",
    given=scaled,
    en="The unit of f does not matter: c·f is minimised along the same path, by all three.",
    zh="f 的单位无关紧要：三种方法最小化 c·f 时走的都是同一条路。",
)
def unit_of_f(problem, subject, other):
    A, b, start, c = problem
    f, hess = slopes(A, b)

    def g(x):
        value, gradient = f(x)
        return c * value, c * gradient

    return [
        agree(run(g, h(c)).trace.x[:4], run(f, h(1.0)).trace.x[:4], tolerance=1e-5)
        for run, h in (
            (
                lambda f, h: subject.newton(f, start, hess=h, gtol=0.0, max_iter=3, points=True),
                lambda c: lambda x: c * hess(x),
            ),
            (lambda f, h: subject.bfgs(f, start, gtol=0.0, max_iter=3, points=True), lambda c: None),
            (lambda f, h: subject.lbfgs(f, start, gtol=0.0, max_iter=3, points=True), lambda c: None),
        )
    ]


@law(
    "equivalent",
    given=convex,
    en="All of them end at the one minimum of a strictly convex function, and what they report is so.",
    zh="在严格凸函数上它们都到达唯一的极小点，报告的也都属实。",
)
def same_minimum(problem, subject, other):
    A, b, start = problem
    f, hess = slopes(A, b)
    best = minimum_of(f, hess, np.zeros(len(start)))
    found = [
        subject.newton(f, start, hess=hess, gtol=1e-8),
        subject.newton(f, start, hessp=hessian_product(hess), gtol=1e-8),
        subject.bfgs(f, start, gtol=1e-8),
        subject.lbfgs(f, start, gtol=1e-8),
    ]
    return [
        *(agree(one.x, best, scale=1.0) for one in found),
        *(agree(one.fun, f(one.x)[0]) for one in found),
        *(agree(one.grad, f(one.x)[1], scale=1e-3) for one in found),
        *(atmost(one.grad_norm, 1e-6, scale=1.0) for one in found),
    ]


# ---- mutants -----------------------------------------------------------------------------------------------


def with_hessian(ours, change):
    """Ours, with the Hessian changed: ``change(H, x, x0)``."""

    def newton(f, x0, *, hess=None, hessp=None, **options):
        if hess is None:
            return ours.newton(f, x0, hessp=hessp, **options)
        return ours.newton(f, x0, hess=lambda x: change(hess(x), hess, np.asarray(x0, dtype=float)), **options)

    return SimpleNamespace(newton=newton)


@mutant(
    en="doubles the Hessian: forgets the ½ of the parabola, so that Newton takes half a step",
    zh="海森矩阵多乘了二：忘了抛物线里的 ½，牛顿步只走一半",
)
def forgets_the_half(ours):
    return with_hessian(ours, lambda H, hess, x0: 2 * H)


@mutant(
    en="computes the Hessian once, at the start, and keeps it",
    zh="只在起点算一次海森矩阵，以后一直沿用",
    source="the chord method",
)
def stale_hessian(ours):
    return with_hessian(ours, lambda H, hess, x0: hess(x0))


@mutant(en="uses the diagonal of the Hessian only", zh="只用海森矩阵的对角线")
def diagonal(ours):
    return with_hessian(ours, lambda H, hess, x0: np.diag(np.diag(H)))


@mutant(
    en="adds one to the diagonal everywhere, not only where it is needed", zh="处处给对角线加一，而不只在需要时才加"
)
def always_damped(ours):
    return with_hessian(ours, lambda H, hess, x0: H + np.eye(len(H)))


def unguarded(f, x0, hess, max_iter, gtol):
    """Newton's iteration as the first page of a textbook has it: no search, no safeguard."""
    walk = [np.asarray(x0, dtype=float)]
    while len(walk) <= max_iter and np.abs(f(walk[-1])[1]).max() > gtol:
        walk.append(walk[-1] - np.linalg.solve(hess(walk[-1]), f(walk[-1])[1]))
    return told(f, walk)


@mutant(
    en="inverts an indefinite Hessian like any other and walks to the saddle",
    zh="海森矩阵不定时照样求逆，一直走到鞍点",
    source="mathnet-numerics issue 1067",
)
def no_safeguard(ours):
    def newton(f, x0, *, hess=None, hessp=None, max_iter=100, gtol=1e-6, **options):
        if hess is None:
            return ours.newton(f, x0, hessp=hessp, max_iter=max_iter, gtol=gtol, **options)
        return unguarded(f, x0, hess, max_iter, gtol)

    return SimpleNamespace(newton=newton)


def told(f, walk):
    """A result with the trace of a walk."""
    value, gradient = f(walk[-1])
    trace = SimpleNamespace(x=np.array(walk), fun=np.array([f(x)[0] for x in walk]))
    norm = float(np.abs(gradient).max())
    return SimpleNamespace(x=walk[-1], fun=value, grad=gradient, grad_norm=norm, nit=len(walk) - 1, trace=trace)


@mutant(
    en="ends the inner conjugate gradients after one product, which leaves steepest descent",
    zh="内层共轭梯度只做一次乘积就停，剩下的就是最速下降",
)
def one_product(ours):
    def newton(f, x0, *, hess=None, hessp=None, max_iter=100, **options):
        if hess is not None:
            return ours.newton(f, x0, hess=hess, max_iter=max_iter, **options)
        return ours.newton(f, x0, hessp=lambda x, p: (p @ hessp(x, p)) / (p @ p) * p, max_iter=12, **options)

    return SimpleNamespace(newton=newton)


@mutant(
    en="solves on through directions of negative curvature, and walks to the saddle",
    zh="共轭梯度遇到负曲率仍继续求解，于是走向鞍点",
    source="what scipy issue 6165 guards against, by a loop that then never ended",
)
def curvature_ignored(ours):
    def newton(f, x0, *, hess=None, hessp=None, max_iter=100, gtol=1e-6, **options):
        if hess is not None:
            return ours.newton(f, x0, hess=hess, max_iter=max_iter, gtol=gtol, **options)
        return unguarded(f, x0, lambda x: np.array([hessp(x, e) for e in np.eye(len(x))]), max_iter, gtol)

    return SimpleNamespace(newton=newton)


def searched(f, x, d, enough):
    """A step along d by doubling and bisection until ``enough(old, new, slope0, slope1, t)`` says neither short nor long."""
    value, g = f(x)
    low, high, t = 0.0, np.inf, 1.0
    for _ in range(60):
        new, gradient = f(x + t * d)
        verdict = enough(value, new, g @ d, gradient @ d, t)
        if verdict == 0:
            break
        low, high = (t, high) if verdict < 0 else (low, t)
        t = 2 * t if high == np.inf else (low + high) / 2
    return t


def strong(old, new, slope0, slope1, t):
    if new > old + 1e-4 * t * slope0 or slope1 > 0.9 * abs(slope0):
        return 1
    return -1 if slope1 < -0.9 * abs(slope0) else 0


def armijo_only(old, new, slope0, slope1, t):
    return 1 if new > old + 1e-4 * t * slope0 else 0


def quasi_newton(matrix, enough=strong):
    """A minimiser with B from ``matrix(pairs, memory)``, for what a wrapper around ours cannot get wrong."""

    def run(f, x0, *, memory=10, line_search="wolfe", gtol=1e-6, max_iter=1000, points=False):
        x, pairs, walk = np.asarray(x0, dtype=float), [], [np.asarray(x0, dtype=float)]
        while len(walk) <= min(max_iter, 60):
            g = f(x)[1]
            if np.abs(g).max() <= gtol:
                break
            d = -matrix(pairs, memory) @ g if pairs else -g / np.linalg.norm(g)
            new = x + searched(f, x, d if g @ d < 0 else -g, enough) * (d if g @ d < 0 else -g)
            pairs.append((new - x, f(new)[1] - g))
            walk.append(new)
            x = new
        return told(f, walk)

    return run


@mutant(en="updates by the formula of Davidon, Fletcher and Powell", zh="用了 DFP 的更新公式")
def dfp(ours):
    def matrix(pairs, memory):
        B = scale_of(*pairs[0]) * np.eye(len(pairs[0][0]))
        for s, y in pairs:
            B = B - np.outer(B @ y, B @ y) / (y @ B @ y) + np.outer(s, s) / (s @ y)
        return B

    return SimpleNamespace(bfgs=quasi_newton(matrix))


@mutant(
    en="starts from the identity as it is, so that the first steps depend on the unit of f",
    zh="从未经缩放的单位阵出发，最初几步取决于 f 的单位",
    source="scipy's BFGS; the remedy is Nocedal, Wright 2006, equation 6.20",
)
def unscaled(ours):
    run = quasi_newton(lambda pairs, memory: inverse_hessian(pairs, 1.0))
    return SimpleNamespace(bfgs=run)


@mutant(
    en="exchanges s and y, and so learns the Hessian where its inverse is meant",
    zh="把 s 与 y 弄反，学到的是海森矩阵而不是它的逆",
)
def exchanged(ours):
    def matrix(pairs, memory):
        return inverse_hessian([(y, s) for s, y in pairs[-memory:]], 1 / scale_of(*pairs[-1]))

    return SimpleNamespace(bfgs=quasi_newton(matrix), lbfgs=quasi_newton(matrix))


@mutant(en="applies the pairs from the newest to the oldest", zh="更新次序弄反，从最新的一对到最旧的一对")
def newest_first(ours):
    run = quasi_newton(lambda pairs, memory: inverse_hessian(pairs[-memory:][::-1], scale_of(*pairs[-1])))
    return SimpleNamespace(lbfgs=run)


@mutant(en="keeps the first m pairs for ever instead of the last", zh="一直保留最初的 m 对，而不是最近的 m 对")
def first_pairs(ours):
    run = quasi_newton(lambda pairs, memory: inverse_hessian(pairs[:memory], scale_of(*pairs[-1])))
    return SimpleNamespace(lbfgs=run)


@mutant(en="takes the scale γ from the oldest pair it remembers", zh="尺度 γ 取自记忆中最旧的一对")
def old_scale(ours):
    run = quasi_newton(lambda pairs, memory: inverse_hessian(pairs[-memory:], scale_of(*pairs[-memory:][0])))
    return SimpleNamespace(lbfgs=run)


@mutant(en="remembers one pair too many", zh="多记了一对")
def one_more(ours):
    return SimpleNamespace(lbfgs=lambda f, x0, *, memory=10, **options: ours.lbfgs(f, x0, memory=memory + 1, **options))


@mutant(en="forgets everything after each step", zh="每走一步就忘掉一切")
def forgetful(ours):
    def run(f, x0, *, max_iter=1000, points=False, gtol=1e-6, **options):
        walk = [np.asarray(x0, dtype=float)]
        while len(walk) <= min(max_iter, 60) and np.abs(f(walk[-1])[1]).max() > gtol:
            walk.append(ours.lbfgs(f, walk[-1], max_iter=1, gtol=gtol, **options).x)
        return told(f, walk)

    return SimpleNamespace(bfgs=run, lbfgs=run)


@mutant(
    en="accepts a step as soon as f has fallen enough, however steep it still is",
    zh="f 下降足够就接受，不管沿途还有多陡",
    source="Wolfe's second condition left out; scipy issue 20340 is about a wrong test in the same place",
)
def no_second_condition(ours):
    def matrix(pairs, memory):
        kept = [(s, y) for s, y in pairs[-memory:] if s @ y > 0]
        return inverse_hessian(kept, scale_of(*kept[-1])) if kept else np.eye(len(pairs[0][0])) * 1e-3

    run = quasi_newton(matrix, armijo_only)
    return SimpleNamespace(bfgs=run, lbfgs=run)


@mutant(en="searches inexactly where an exact search is asked for", zh="要精确线搜索时却做了非精确的")
def inexact(ours):
    def wrap(run):
        return lambda f, x0, *, line_search="wolfe", **options: run(f, x0, **options)

    return SimpleNamespace(bfgs=wrap(ours.bfgs), lbfgs=wrap(ours.lbfgs))


@mutant(
    en="stops as soon as a step lowers f by less than a thousandth",
    zh="某一步使 f 的下降不足千分之一就停",
    source="the reduction of f in one step as the only test: nlmixr2est pull request 928",
)
def stops_on_value(ours):
    def wrap(run):
        def stopping(f, x0, **options):
            last = [f(np.asarray(x0, dtype=float))[0]]

            def still(nit, x, fun, norm):
                small = abs(last[0] - fun) < 1e-3 * max(abs(fun), 1.0)
                last[0] = fun
                return bool(small)

            return run(f, x0, callback=still, **options)

        return stopping

    return SimpleNamespace(newton=wrap(ours.newton), bfgs=wrap(ours.bfgs), lbfgs=wrap(ours.lbfgs))


@mutant(
    en="keeps the same array at every step, so that the whole trace shows the last point",
    zh="每一步存的都是同一个数组，整条轨迹显示的全是最后一点",
    source="scipy issue 8419, about L-BFGS-B",
)
def same_array(ours):
    def newton(f, x0, **options):
        found = ours.newton(f, x0, **options)
        if found.trace.x is None:
            return found
        return replace(found, trace=replace(found.trace, x=np.tile(found.x, (len(found.trace.x), 1))))

    return SimpleNamespace(newton=newton)


@mutant(
    en="reports the value of the point before the last", zh="报告的是倒数第二个点的函数值", source="scipy issue 11484"
)
def late_value(ours):
    def wrap(run):
        def late(f, x0, **options):
            found = run(f, x0, **options)
            at = max(len(found.trace.fun) - 3, 0)
            return replace(found, fun=found.trace.fun[at])

        return late

    return SimpleNamespace(newton=wrap(ours.newton), bfgs=wrap(ours.bfgs), lbfgs=wrap(ours.lbfgs))
