"""Known answers, laws and mutants of gradient descent."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, falls, known, law, mutant

# ---- functions, each returning value and gradient -----------------------------------------------------------


def bowl(A: np.ndarray, centre: np.ndarray | float = 0.0):
    """½ (x − c)ᵀA(x − c)."""

    def f(x):
        Ae = A @ (x - centre)
        return 0.5 * float((x - centre) @ Ae), Ae

    return f


def valley(A: np.ndarray):
    """Σ log cosh(A x) + ¼ ‖x‖²: strictly convex, curved differently everywhere."""

    def f(x):
        z = A @ x
        return float((np.logaddexp(z, -z) - np.log(2)).sum() + x @ x / 4), A.T @ np.tanh(z) + x / 2

    return f


def contraction_rate(A: np.ndarray) -> float:
    values = np.linalg.eigvalsh(A)
    return float((values[-1] - values[0]) / (values[-1] + values[0]))


# ---- problems ----------------------------------------------------------------------------------------------


def quadratic(draw: Draw):
    """A matrix with eigenvalues between 0.3 and 10 of which the ends are apart, its eigenvectors, and a centre."""
    n = draw.integer(2, 6)
    values = np.sort(draw.uniform(0.3, 10.0, n))
    draw.require(values[-1] / values[0] > 2.0)
    V = draw.orthogonal(n, n)
    return V * values @ V.T, V, values, draw.normal(n)


def worst_start(draw: Draw):
    """The best fixed step, from a start in the plane of the flattest and the steepest direction."""
    A, V, values, centre = quadratic(draw)
    start = centre + draw.uniform(1.0, 3.0) * V[:, 0] + draw.uniform(1.0, 3.0) * V[:, -1]
    return A, centre, start, 2 / (values[0] + values[-1])


def another_step(draw: Draw):
    A, centre, start, best = worst_start(draw)
    values = np.linalg.eigvalsh(A)
    return A, centre, start, draw.choice([0.5 * best, 1 / values[-1]])


def too_long_a_step(draw: Draw):
    """A step above 2/L, and a start that may have any component along the steepest direction but none too small to see."""
    A, V, values, centre = quadratic(draw)
    draw.require(values[-2] < 0.7 * values[-1])
    along = draw.normal(len(values))
    draw.require(abs(along[-1]) > 0.05)
    return A, centre, centre + V @ along, 2 * draw.uniform(1.05, 1.15) / values[-1]


def no_steepest_component(draw: Draw):
    A, centre, start, step = too_long_a_step(draw)
    steepest = np.linalg.eigh(A)[1][:, -1]
    start = start - steepest * (steepest @ (start - centre))
    draw.require(np.abs(start - centre).max() > 0.1)
    return A, centre, start, step


def columns(draw: Draw, correlation: np.ndarray, scales: np.ndarray):
    """Centred columns whose correlations and standard deviations are exactly these."""
    p = len(scales)
    Z = draw.normal(p + draw.integer(4, 9), p)
    Q, R = np.linalg.qr(Z - Z.mean(0))
    draw.require(np.abs(np.diag(R)).min() > 0.1)
    return np.sqrt(len(Z)) * Q @ np.linalg.cholesky(correlation).T * scales


def uncorrelated_scales(draw: Draw):
    p = draw.integer(2, 5)
    small = np.triu(draw.uniform(-0.1, 0.1, p, p), 1)
    scales = np.exp(draw.uniform(-2.0, 2.0, p))
    draw.require(scales.max() > 3 * scales.min())
    return columns(draw, np.eye(p) + small + small.T, scales)


def balanced_by_their_scales(draw: Draw):
    """Four correlated columns, with scales that happen to suit the correlations: κ = 2 + √3 as they are, 4.5 standardised."""
    G = np.array([[4.0, -2, 0, -2], [-2, 6, 2, 2], [0, 2, 8, -2], [-2, 2, -2, 6]])
    scales = np.sqrt(np.diag(G))
    return columns(draw, G / np.outer(scales, scales), scales * draw.uniform(0.97, 1.03, 4) * draw.choice([1.0, 20.0]))


def other_units(draw: Draw):
    """A function, a start, a step; then units of x, units of f, and the step in those units."""
    n = draw.integer(1, 5)
    A, start = draw.normal(n, n), draw.normal(n)
    draw.require(np.abs(valley(A)(start)[1]).min() > 0.05)
    s, c = float(draw.choice([3.0, 0.25])), float(draw.choice([5.0, 0.1]))
    return A, start, 0.1, s, c, 0.1 * s**2 / c


def same_step(draw: Draw):
    A, start, step, s, c, _ = other_units(draw)
    return A, start, step, s, c, step


def rotated(draw: Draw):
    n = draw.integer(2, 5)
    A, start, Q = draw.normal(n, n), 3 * draw.normal(n), draw.orthogonal(n, n)
    draw.require(np.abs(start).max() > 1.0)
    return A, start, Q


def stretched(draw: Draw):
    A, start, Q = rotated(draw)
    return A, start, Q * np.geomspace(1.0, 4.0, len(start))


def underdetermined(draw: Draw):
    """More columns than rows, well conditioned, and a start of zero."""
    n = draw.integer(2, 5)
    p = n + draw.integer(1, 4)
    X = draw.orthogonal(p, n).T * draw.uniform(0.7, 1.5, n)[:, None]
    y = draw.normal(n)
    draw.require(np.abs(y).max() > 0.2)
    return X, y, np.zeros(p)


def started_elsewhere(draw: Draw):
    X, y, zero = underdetermined(draw)
    start = draw.normal(len(zero))
    draw.require(np.abs(start - np.linalg.pinv(X) @ X @ start).max() > 0.05)
    return X, y, start


def curved(draw: Draw):
    n = draw.integer(2, 6)
    A, start = draw.normal(n, n, scale=1 / np.sqrt(n)), 2 * draw.normal(n)
    draw.require(np.abs(start).max() > 0.5)
    return A, start, "exact"


def backtracked(draw: Draw):
    A, start, _ = curved(draw)
    return A, start, "backtracking"


def flat_directions(draw: Draw):
    """Convex, with curvatures down to a thousandth of the largest, and the longest step that the bound allows."""
    n = draw.integer(2, 5)
    values = np.exp(draw.uniform(np.log(1e-3), 0.0, n))
    values[-1] = 1.0
    V = draw.orthogonal(n, n)
    return V * values @ V.T, 3 * draw.normal(n)


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="On x² with the step ¼ every step halves x: from 1 to 1/2, 1/4, 1/8.",
    zh="对 x² 取步长 ¼，每步把 x 减半：从 1 到 1/2、1/4、1/8。",
    source="by hand",
)
def halving(subject: Subject):
    found = subject.gradient_descent(
        lambda x: (float(x @ x), 2 * x), [1.0], step=0.25, max_iter=3, gtol=0.0, points=True
    )
    return [*found.trace.x[:, 0], found.fun, found.grad_norm, found.nit], [1, 1 / 2, 1 / 4, 1 / 8, 1 / 64, 1 / 4, 3]


@known(
    en="On ½(x² + γy²) from (γ, 1) the exact search zigzags along x = γρᵏ, y = (−ρ)ᵏ with ρ = (γ − 1)/(γ + 1).",
    zh="对 ½(x² + γy²)，从 (γ, 1) 出发的精确线搜索走“之”字：x = γρᵏ，y = (−ρ)ᵏ，其中 ρ = (γ − 1)/(γ + 1)。",
    source="Boyd, Vandenberghe 2004, section 9.3.2",
)
def zigzag(subject: Subject):
    gamma, k = 10.0, np.arange(6)
    found = subject.gradient_descent(
        bowl(np.diag([1.0, gamma])), [gamma, 1.0], step="exact", max_iter=5, gtol=0.0, points=True
    )
    rho = (gamma - 1) / (gamma + 1)
    return agree(found.trace.x, np.column_stack([gamma * rho**k, (-rho) ** k]))


@known(
    en="Backtracking finds the lowest point of (x − 3)² + 10(y + 1)², and says that it is there.",
    zh="回溯法找到 (x − 3)² + 10(y + 1)² 的最低点，并报告已收敛。",
    source="by hand",
)
def lowest_point(subject: Subject):
    found = subject.gradient_descent(bowl(np.diag([2.0, 20.0]), np.array([3.0, -1.0])), [0.0, 0.0], gtol=1e-9)
    return [*found.x, found.converged, found.grad_norm <= 1e-9], [3.0, -1.0, True, True]


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "property",
    given=worst_start,
    without=another_step,
    en="On a strictly convex quadratic the step 2/(μ + L) contracts the error by exactly (κ − 1)/(κ + 1) from the worst start. "
    "Half that step, or 1/L, does not.",
    zh="在严格凸二次函数上，步长 2/(μ + L) 从最坏的起点出发，每步恰好把误差缩小到 (κ − 1)/(κ + 1) 倍；步长减半或取 1/L 则不然。",
    source="Polyak 1987, Introduction to Optimization, section 1.4.1",
)
def contraction(problem, subject, other):
    A, centre, start, step = problem
    found = subject.gradient_descent(bowl(A, centre), start, step=step, max_iter=8, gtol=0.0, points=True)
    errors = np.linalg.norm(found.trace.x - centre, axis=1)
    return agree(errors[1:] / errors[:-1], np.full(8, contraction_rate(A)))


@law(
    "bound",
    given=quadratic,
    en="From any other start that step contracts the error at least as fast, and the function value by the square of the rate.",
    zh="从其他任何起点出发，该步长使误差至少以这一速率收缩，函数值则以其平方收缩。",
    source="Polyak 1987, section 1.4.1",
)
def no_start_is_worse(problem, subject, other):
    A, V, values, centre = problem
    start, rate = centre + V @ np.ones(len(values)), contraction_rate(A)
    best = 2 / (values[0] + values[-1])
    found = subject.gradient_descent(bowl(A, centre), start, step=best, max_iter=12, gtol=0.0, points=True)
    errors = np.linalg.norm(found.trace.x - centre, axis=1)
    return [atmost(errors[1:], rate * errors[:-1]), atmost(found.trace.fun[1:], rate**2 * found.trace.fun[:-1])]


@law(
    "property",
    given=too_long_a_step,
    without=no_steepest_component,
    en="Above 2/L gradient descent diverges on a quadratic from any start with a component along the steepest direction; "
    "from one without, it need not.",
    zh="步长超过 2/L 时，只要起点在最陡方向上有分量，梯度下降在二次函数上就发散；没有该分量则未必。",
    source="Polyak 1987, section 1.4.1",
)
def divergence(problem, subject, other):
    A, centre, start, step = problem
    found = subject.gradient_descent(bowl(A, centre), start, step=step, max_iter=60, gtol=0.0)
    return atmost(np.linalg.norm(start - centre), np.linalg.norm(found.x - centre))


@law(
    "property",
    of="scaling",
    given=uncorrelated_scales,
    without=balanced_by_their_scales,
    en="Standardising speeds gradient descent up when features differ in scale and are nearly uncorrelated. With strong "
    "correlations it can slow it down: four columns whose κ rises from 2 + √3 to 4.5.",
    zh="特征尺度相差大而几乎不相关时，标准化使梯度下降加快；相关性强时反而可能变慢：有四列的例子，κ 从 2 + √3 升到 4.5。",
    source="van der Sluis 1969, Condition Numbers and Equilibration of Matrices",
)
def standardising(problem, subject, other):
    X = problem

    def rate(X):
        A = X.T @ X / len(X)
        values, V = np.linalg.eigh(A)
        step = 2 / (values[0] + values[-1])
        run = subject.gradient_descent(bowl(A), V[:, 0] + V[:, -1], step=step, max_iter=6, gtol=0.0)
        return (np.linalg.norm(run.x) / np.sqrt(2)) ** (1 / 6)

    return atmost(rate(X / X.std(0)), rate(X))


@law(
    "invariant",
    given=other_units,
    without=same_step,
    en="The step carries the unit x²/f: measure x in units s times smaller and f in units c times smaller, and the path is the "
    "same if the step is multiplied by s²/c, and only then.",
    zh="步长带有量纲 x²/f：x 的数值放大 s 倍、f 的数值放大 c 倍之后，只有把步长乘以 s²/c，走出的才是同一条路。",
)
def units(problem, subject, other):
    A, start, step, s, c, scaled_step = problem
    f = valley(A)

    def scaled(u):
        value, gradient = f(u / s)
        return c * value, c / s * gradient

    path = subject.gradient_descent(f, start, step=step, max_iter=6, gtol=0.0, points=True).trace.x
    other_path = subject.gradient_descent(
        scaled, s * start, step=scaled_step, max_iter=6, gtol=0.0, points=True
    ).trace.x
    return other_path, s * path


@law(
    "invariant",
    given=rotated,
    without=stretched,
    en="Rotating the axes rotates the path. Stretching them changes it: gradient descent is not invariant to the choice of "
    "variables.",
    zh="旋转坐标轴，路径随之旋转；拉伸坐标轴，路径就变了：梯度下降依赖于变量的选取。",
    source="Boyd, Vandenberghe 2004, section 9.4.1",
)
def rotation(problem, subject, other):
    A, start, M = problem
    f = valley(A)

    def turned(u):
        value, gradient = f(M @ u)
        return value, M.T @ gradient

    path = subject.gradient_descent(f, start, max_iter=4, gtol=0.0, points=True).trace.x
    turned_path = subject.gradient_descent(turned, np.linalg.solve(M, start), max_iter=4, gtol=0.0, points=True).trace.x
    return agree(turned_path @ M.T, path, tolerance=1e-5)


@law(
    "limit",
    of="linear-regression",
    given=underdetermined,
    without=started_elsewhere,
    en="Started at zero, gradient descent on least squares ends at the solution of minimum norm, that of the closed form, "
    "where there are many. Started elsewhere it ends at another one.",
    zh="最小二乘有许多解时，从零出发的梯度下降停在最小范数解，与闭式解一致；从别处出发则停在另一个解。",
    source="Hastie, Montanari, Rosset, Tibshirani 2022, Surprises in high-dimensional ridgeless least squares, proposition 1",
    tolerance=1e-5,
)
def least_squares(problem, subject, other):
    X, y, start = problem

    def f(w):
        r = X @ w - y
        return 0.5 * float(r @ r), X.T @ r

    found = subject.gradient_descent(f, start, gtol=1e-8, max_iter=300)
    return found.x, other.LinearRegression(fit_intercept=False).fit(X, y).coef_


@law(
    "property",
    given=backtracked,
    en="With backtracking no step raises f.",
    zh="采用回溯法时，没有一步使 f 上升。",
    source="Nocedal, Wright 2006, section 3.1",
)
def never_rises(problem, subject, other):
    A, start, _ = problem
    return falls(subject.gradient_descent(valley(A), start, max_iter=30, points=True).trace.fun)


@law(
    "bound",
    given=backtracked,
    en="Backtracking lowers f at each step by at least a quarter of t‖∇f‖², and no step is shorter than ¾/L, or than the first "
    "trial, a unit of length.",
    zh="回溯法每步至少使 f 下降 t‖∇f‖² 的四分之一；步长不会短于 ¾/L，除非首次试探的一个单位长度更短。",
    source="Nocedal, Wright 2006, algorithm 3.1; Boyd, Vandenberghe 2004, section 9.3.1",
)
def sufficient_fall(problem, subject, other):
    A, start, _ = problem
    f = valley(A)
    found = subject.gradient_descent(f, start, max_iter=15, gtol=1e-4, points=True)
    steps, squares = found.trace.step, np.array([f(x)[1] @ f(x)[1] for x in found.trace.x])
    L = np.linalg.norm(A, 2) ** 2 + 0.5
    return [
        atmost(found.trace.fun[1:], found.trace.fun[:-1] - steps * squares[:-1] / 4),
        atmost(min(0.75 / L, squares[0] ** -0.5), steps.min()),
        atmost(found.trace.step[0], squares[0] ** -0.5),
    ]


@law(
    "property",
    given=curved,
    without=backtracked,
    en="After an exact search the new gradient stands at a right angle to the old one; after backtracking it does not.",
    zh="精确线搜索之后，新梯度与旧梯度正交；回溯之后则不然。",
    source="Nocedal, Wright 2006, section 3.3",
)
def right_angles(problem, subject, other):
    A, start, step = problem
    f = valley(A)
    found = subject.gradient_descent(f, start, step=step, max_iter=4, gtol=1e-3, points=True)
    unit = np.array([f(x)[1] / np.linalg.norm(f(x)[1]) for x in found.trace.x])
    return agree((unit[1:] * unit[:-1]).sum(1), np.zeros(len(unit) - 1), scale=1.0)


@law(
    "bound",
    given=quadratic,
    en="The exact search on a quadratic lowers f to at most ((κ − 1)/(κ + 1))² of it at every step, and to just that from the "
    "worst start, V(1/μ, 0, …, 0, 1/L).",
    zh="在二次函数上，精确线搜索每步至多保留 f 的 ((κ − 1)/(κ + 1))²；从最坏的起点 V(1/μ, 0, …, 0, 1/L) 出发恰好达到。",
    source="Nocedal, Wright 2006, theorem 3.3 (Kantorovich's inequality)",
)
def exact_rate(problem, subject, other):
    A, V, values, centre = problem
    ends = np.zeros(len(values))
    ends[0], ends[-1] = 1 / values[0], 1 / values[-1]
    worst, usual = (
        subject.gradient_descent(bowl(A, centre), centre + V @ start, step="exact", max_iter=5, gtol=1e-7).trace.fun
        for start in (ends, np.ones(len(values)))
    )
    bound = contraction_rate(A) ** 2
    return [
        agree(worst[1:] / worst[:-1], np.full(len(worst) - 1, bound)),
        atmost(usual[1:] / usual[:-1], np.full(len(usual) - 1, bound)),
    ]


@law(
    "property",
    given=quadratic,
    en="An exact search on a quadratic needs few trials, since the parabola through a value and two slopes is exact: with κ below 35, "
    "four a step at most.",
    zh="在二次函数上，由一个值和两个斜率定出的抛物线就是精确的，所以精确线搜索只需少数几次试探：κ 小于 35 时每步至多四次。",
)
def few_trials(problem, subject, other):
    A, V, values, centre = problem
    calls = []

    def counted(x):
        calls.append(x)
        return bowl(A, centre)(x)

    start = centre + V @ np.ones(len(values))
    found = subject.gradient_descent(counted, start, step="exact", max_iter=10, gtol=1e-6)
    return atmost(len(calls), 1 + 4 * found.nit)


@law(
    "invariant",
    given=backtracked,
    en="A constant added to f changes nothing, even one so large that the values no longer differ near the minimum: the slopes still do.",
    zh="给 f 加一个常数不改变什么；哪怕常数大到极小点附近的函数值已无法区分，坡度仍能区分。",
    source="Hager, Zhang 2005, A new conjugate gradient method with guaranteed descent, section 4",
)
def added_constant(problem, subject, other):
    A, start, _ = problem
    f = valley(A)

    def raised(x):
        value, gradient = f(x)
        return value + 1e7, gradient

    low, high = (subject.gradient_descent(g, start, gtol=1e-7, max_iter=300) for g in (f, raised))
    return [atmost(high.grad_norm, 1e-7), agree(high.x, low.x, scale=1.0)]


@law(
    "bound",
    given=flat_directions,
    en="On a convex function with gradient Lipschitz constant L the step 1/L leaves at most L‖x₀ − x*‖²/2k after k steps.",
    zh="若 f 为凸且梯度的 Lipschitz 常数为 L，步长 1/L 在 k 步之后至多剩下 L‖x₀ − x*‖²/2k。",
    source="Nesterov 2004, Introductory Lectures on Convex Optimization, corollary 2.1.2",
)
def sublinear(problem, subject, other):
    A, start = problem
    found = subject.gradient_descent(bowl(A), start, step=1.0, max_iter=250, gtol=0.0)
    k = np.arange(1, len(found.trace.fun))
    return atmost(found.trace.fun[1:], start @ start / (2 * k))


@law(
    "property",
    given=backtracked,
    en="What is reported is so: fun and grad are those of x, and converged means that no partial derivative exceeds gtol.",
    zh="报告的就是事实：fun 与 grad 是 x 处的值，converged 表示没有一个偏导数超过 gtol。",
)
def honest(problem, subject, other):
    A, start, _ = problem
    f = valley(A)
    found = subject.gradient_descent(f, start, gtol=1e-5, max_iter=300)
    value, gradient = f(found.x)
    return [
        agree(found.fun, value, scale=1e-3),
        agree(found.grad_norm, np.abs(gradient).max(), scale=1e-3),
        atmost(np.abs(gradient).max(), 1e-5),
        agree(float(found.converged), 1.0),
    ]


# ---- mutants -----------------------------------------------------------------------------------------------


def altered(ours, change):
    """Ours, with the gradient changed on its way to the method."""

    def gradient_descent(f, x0, **options):
        def g(x):
            value, gradient = f(x)
            return value, change(x, gradient, f, options)

        return ours.gradient_descent(g, x0, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(en="walks up the gradient", zh="沿梯度上升")
def ascent(ours):
    return altered(ours, lambda x, g, f, options: -g)


@mutant(
    en="steps a fixed length: divides the gradient by its norm, so that the slope no longer sets the stride",
    zh="每步走固定长度：梯度除以自身范数，步幅不再随坡度变化",
    source="the slip behind the question why the step is multiplied by the derivative",
)
def fixed_length(ours):
    return altered(ours, lambda x, g, f, options: g / max(np.linalg.norm(g), 1e-300))


@mutant(en="uses only the signs of the partial derivatives", zh="只用偏导数的符号")
def signs(ours):
    return altered(ours, lambda x, g, f, options: np.abs(g).max() * np.sign(g))


@mutant(
    en="updates the variables one after another instead of at once",
    zh="逐个更新变量，而不是同时更新",
    source="the slip that Andrew Ng's course warns of as a non-simultaneous update",
)
def in_turn(ours):
    def sequential(x, gradient, f, options):
        step = options.get("step")
        if not isinstance(step, float):
            return gradient
        moved = x.copy()
        for j in range(len(x)):
            moved[j] -= step * f(moved)[1][j]
        return (x - moved) / step

    return altered(ours, sequential)


@mutant(en="clips the gradient to norm one", zh="把梯度裁剪到范数一以内")
def clipped(ours):
    return altered(ours, lambda x, g, f, options: g / max(1.0, np.linalg.norm(g)))


@mutant(en="adds a weight decay of one per cent", zh="偷偷加了百分之一的权重衰减")
def decayed(ours):
    return altered(ours, lambda x, g, f, options: g + 0.01 * x)


@mutant(en="lets the step decay as 1/√k", zh="步长按 1/√k 衰减")
def decaying_step(ours):
    def gradient_descent(f, x0, **options):
        count = iter(range(1, 10**9))
        return altered(ours, lambda x, g, f, options: g / np.sqrt(next(count))).gradient_descent(f, x0, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(en="adds momentum", zh="加了动量")
def momentum(ours):
    def gradient_descent(f, x0, **options):
        if not isinstance(options.get("step"), float):
            return ours.gradient_descent(f, x0, **options)
        velocity = [np.zeros(len(x0))]

        def heavy(x, g, f, options):
            velocity.append(0.5 * velocity[-1] + g)
            return velocity[-1]

        return altered(ours, heavy).gradient_descent(f, x0, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(en="takes half the step that was given", zh="只走给定步长的一半")
def half_step(ours):
    def gradient_descent(f, x0, *, step="backtracking", **options):
        return ours.gradient_descent(f, x0, step=step / 2 if isinstance(step, float) else step, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(en="ignores the fixed step and searches", zh="不理会固定步长，自行搜索")
def always_searches(ours):
    def gradient_descent(f, x0, *, step="backtracking", **options):
        return ours.gradient_descent(f, x0, step=step if step == "exact" else "backtracking", **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


def searching(f, x0, enough, max_iter, first, gtol=0.0):
    """Gradient descent with a backtracking rule of one's own: ``enough(new, old, promised)`` accepts a trial."""
    x = np.asarray(x0, dtype=float)
    xs, funs, steps = [x], [f(x)[0]], []
    for _ in range(max_iter):
        value, g = f(x)
        if np.abs(g).max() <= gtol:
            break
        t = first(g)
        while not enough(f(x - t * g)[0], value, t * float(g @ g)):
            t /= 2
        x = x - t * g
        xs, funs, steps = [*xs, x], [*funs, f(x)[0]], [*steps, t]
    value, g = f(x)
    norm = float(np.abs(g).max())
    trace = SimpleNamespace(x=np.array(xs), fun=np.array(funs), step=np.array(steps))
    return SimpleNamespace(
        x=x, fun=value, grad=g, grad_norm=norm, nit=len(steps), converged=norm <= gtol, message="", trace=trace
    )


@mutant(
    en="backtracks until f falls at all, without Armijo's condition",
    zh="只要 f 有所下降就停止回溯，没有用 Armijo 条件",
    source="the example against it is Nocedal, Wright 2006, section 3.1",
)
def any_fall(ours):
    def gradient_descent(f, x0, *, step="backtracking", max_iter=1000, **options):
        if step != "backtracking":
            return ours.gradient_descent(f, x0, step=step, max_iter=max_iter, **options)
        return searching(
            f, x0, lambda new, old, fall: new <= old, min(max_iter, 300), lambda g: 16.0, options.get("gtol", 1e-6)
        )

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(
    en="starts backtracking from a tiny step, and never tries a longer one", zh="从极小的步长开始回溯，从不尝试更长的"
)
def timid(ours):
    def gradient_descent(f, x0, *, step="backtracking", max_iter=1000, **options):
        if step != "backtracking":
            return ours.gradient_descent(f, x0, step=step, max_iter=max_iter, **options)
        gtol = options.get("gtol", 1e-6)
        return searching(f, x0, lambda new, old, fall: True, min(max_iter, 300), lambda g: 1e-3, gtol)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(
    en="takes any step that is long enough: the first trial, whatever f does",
    zh="不论 f 如何变化，都接受首次试探的步长",
)
def no_search(ours):
    def gradient_descent(f, x0, *, step="backtracking", max_iter=1000, **options):
        if step != "backtracking":
            return ours.gradient_descent(f, x0, step=step, max_iter=max_iter, **options)
        gtol = options.get("gtol", 1e-6)
        return searching(f, x0, lambda new, old, fall: True, min(max_iter, 300), lambda g: 1 / np.linalg.norm(g), gtol)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(en="looks for the lowest point of the line by bisection alone", zh="只用二分法找直线上的最低点")
def bisects(ours):
    def gradient_descent(f, x0, *, step="backtracking", **options):
        if step != "exact":
            return ours.gradient_descent(f, x0, step=step, **options)

        def bisected(x):
            value, g = f(x)
            low, high = 0.0, 1.0
            while f(x - high * g)[1] @ g > 0:
                high *= 2
            for _ in range(30):
                middle = (low + high) / 2
                low, high = (middle, high) if f(x - middle * g)[1] @ g > 0 else (low, middle)
            return value, high * g

        return ours.gradient_descent(bisected, x0, step=1.0, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(
    en="gives up as soon as a step no longer lowers the value that f prints",
    zh="函数值不再变小就放弃",
    source="scipy issue 19024: rounding errors prevent progress",
)
def gives_up(ours):
    def gradient_descent(f, x0, *, callback=None, **options):
        last = [np.inf]

        def still(nit, x, fun, norm):
            stuck = fun >= last[0]
            last[0] = fun
            return bool(stuck)

        return ours.gradient_descent(f, x0, callback=still, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(en="backtracks when an exact search is asked for", zh="要精确线搜索时却用了回溯")
def inexact(ours):
    def gradient_descent(f, x0, *, step="backtracking", **options):
        return ours.gradient_descent(f, x0, step="backtracking" if step == "exact" else step, **options)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(
    en="stops as soon as f changes by less than a thousandth, and calls it converged",
    zh="f 的变化小于千分之一就停，并声称已收敛",
    source="the reduction of f in one step as the only test: nlmixr2est pull request 928",
)
def stops_on_value(ours):
    def gradient_descent(f, x0, *, callback=None, **options):
        last = [f(np.asarray(x0, dtype=float))[0]]

        def still(nit, x, fun, norm):
            small = abs(last[0] - fun) < 1e-3 * max(abs(fun), 1.0)
            last[0] = fun
            return bool(small)

        return replace(ours.gradient_descent(f, x0, callback=still, **options), converged=True)

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(
    en="keeps the same array at every step, so that the whole trace shows the last point",
    zh="每一步存的都是同一个数组，整条轨迹显示的全是最后一点",
    source="scipy issue 8419",
)
def same_array(ours):
    def gradient_descent(f, x0, **options):
        found = ours.gradient_descent(f, x0, **options)
        if found.trace.x is None:
            return found
        return replace(found, trace=replace(found.trace, x=np.tile(found.x, (len(found.trace.x), 1))))

    return SimpleNamespace(gradient_descent=gradient_descent)


@mutant(
    en="takes one more step after fun and grad were computed, so that they belong to the point before",
    zh="算出 fun 与 grad 之后又多走一步，它们属于前一个点",
    source="the same mismatch: scipy issue 11484",
)
def out_of_step(ours):
    def gradient_descent(f, x0, **options):
        found = ours.gradient_descent(f, x0, **options)
        return replace(found, x=found.x - 10 * found.trace.step[-1] * found.grad)

    return SimpleNamespace(gradient_descent=gradient_descent)
