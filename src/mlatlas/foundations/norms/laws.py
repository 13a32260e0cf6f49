"""Known answers, laws and mutants of norms and their proximal operators."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant

# ---- problems ----------------------------------------------------------------------------------------------


def vectors(draw: Draw):
    n = draw.integer(2, 7)
    x, y = draw.normal(n, scale=2.0), draw.normal(n, scale=2.0)
    draw.require(np.abs(x).min() > 0.01 and np.abs(y).min() > 0.01)
    return x, y


def vector_and_step(draw: Draw):
    x, _ = vectors(draw)
    t = 0.5 * float(np.sort(np.abs(x))[-2] + np.sort(np.abs(x))[-1]) * float(draw.uniform(0.4, 0.9))
    draw.require(np.abs(np.abs(x) - t).min() > 0.01 and np.abs(np.abs(x) - np.sqrt(2 * t)).min() > 0.01)
    return x, t


def matrices(draw: Draw):
    n, p = draw.integer(2, 6), draw.integer(2, 6)
    A, B = draw.normal(n, p), draw.normal(n, p)
    s = np.linalg.svd(A, compute_uv=False)
    draw.require(s[-1] > 0.05 and np.abs(np.diff(s)).min() > 0.05)
    return A, B


def tall(draw: Draw):
    """Many more rows than columns, or the reverse."""
    n, p = draw.integer(12, 20), draw.integer(2, 5)
    A = draw.normal(n, p)
    draw.require(np.linalg.matrix_rank(A) == p)
    return A


def rotated(draw: Draw):
    A, _ = matrices(draw)
    n, p = A.shape
    return A, draw.orthogonal(n, n), draw.orthogonal(p, p)


def rotated_vector(draw: Draw):
    """One entry stands out, so that turning it changes what L1 and L∞ measure."""
    n = draw.integer(2, 6)
    x = np.r_[4.0, 0.1 * draw.normal(n)]
    angle = draw.uniform(0.5, 1.0)
    turn = np.eye(n + 1)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return x, turn


def straddling(draw: Draw):
    """Two vectors that differ a little, in an entry on either side of the hard threshold."""
    t, rest = draw.uniform(0.3, 1.0), draw.normal(3)
    cut = np.sqrt(2 * t)
    return np.r_[1.02 * cut, rest], np.r_[0.98 * cut, rest], t, ("prox_l0",)


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="The vector (3, −4, 0): two non-zeros, ‖·‖₁ = 7, ‖·‖₂ = 5, ‖·‖∞ = 4.",
    zh="向量 (3, −4, 0)：两个非零元，‖·‖₁ = 7，‖·‖₂ = 5，‖·‖∞ = 4。",
    source="by hand",
)
def three_four(subject: Subject):
    x = np.array([3.0, -4.0, 0.0])
    return [subject.l0_norm(x), subject.l1_norm(x), subject.l2_norm(x), subject.linf_norm(x)], [2, 7, 5, 4]


@known(
    en="The matrix [[1, 1], [1, −1]] has the singular values √2, √2: nuclear 2√2, spectral √2, Frobenius 2.",
    zh="矩阵 [[1, 1], [1, −1]] 的奇异值是 √2、√2：核范数 2√2，谱范数 √2，Frobenius 范数 2。",
    source="by hand",
)
def hadamard(subject: Subject):
    A = np.array([[1.0, 1.0], [1.0, -1.0]])
    return [subject.nuclear_norm(A), subject.spectral_norm(A), subject.frobenius_norm(A)], [
        2 * np.sqrt(2),
        np.sqrt(2),
        2.0,
    ]


@known(
    en="Projecting (3, 1) on the L1 ball of radius 2 gives (2, 0), so the proximal operator of 2‖·‖∞ gives (1, 1).",
    zh="(3, 1) 在半径 2 的 L1 球上的投影是 (2, 0)，所以 2‖·‖∞ 的近端算子给出 (1, 1)。",
    source="by hand",
)
def corner(subject: Subject):
    z = np.array([3.0, 1.0])
    return np.r_[subject.project_l1_ball(z, 2.0), subject.prox_linf(z, 2.0)], [2.0, 0.0, 1.0, 1.0]


# ---- laws: norms -------------------------------------------------------------------------------------------

VECTOR = ("l1_norm", "l2_norm", "linf_norm")
MATRIX = ("frobenius_norm", "spectral_norm", "nuclear_norm")


@law(
    "property",
    given=lambda draw: (*vectors(draw), VECTOR),
    without=lambda draw: (*vectors(draw), ("l0_norm",)),
    en="A norm scales with its vector, ‖cx‖ = |c|‖x‖. The number of non-zeros does not, so “L0” is no norm.",
    zh="范数随向量成比例缩放：‖cx‖ = |c|‖x‖。非零元个数做不到，所以“L0 范数”并不是范数。",
    source="Boyd, Vandenberghe 2004, appendix A.1.2",
)
def scales(problem, subject, other):
    x, _, names = problem
    return [agree(getattr(subject, name)(-3.0 * x), 3.0 * getattr(subject, name)(x)) for name in names]


@law(
    "bound",
    given=vectors,
    en="The triangle inequality: no detour is shorter than the straight way; for parallel vectors the two are equal.",
    zh="三角不等式：绕路不会更短；方向相同时两者相等。",
    source="Boyd, Vandenberghe 2004, appendix A.1.2",
)
def triangle(problem, subject, other):
    x, y = problem
    norms = [getattr(subject, name) for name in VECTOR]
    return [
        *(atmost(norm(x + y), norm(x) + norm(y)) for norm in norms),
        *(agree(norm(x + 2.0 * x), norm(x) + norm(2.0 * x)) for norm in norms),
    ]


@law(
    "bound",
    given=vectors,
    en="‖x‖∞ ≤ ‖x‖₂ ≤ ‖x‖₁ ≤ √n ‖x‖₂ ≤ n ‖x‖∞ and ‖x‖₁ ≤ ‖x‖₀ ‖x‖∞; the ends are reached by an axis and by a diagonal.",
    zh="‖x‖∞ ≤ ‖x‖₂ ≤ ‖x‖₁ ≤ √n ‖x‖₂ ≤ n ‖x‖∞，且 ‖x‖₁ ≤ ‖x‖₀ ‖x‖∞；等号分别在坐标轴与对角线方向取到。",
    source="Golub, Van Loan 2013, section 2.2.2",
)
def order_of_norms(problem, subject, other):
    x, n = problem[0], len(problem[0])
    axis, diagonal = np.eye(n)[0] * 2.0, np.ones(n) * 2.0

    def chain(v):
        return [
            subject.linf_norm(v),
            subject.l2_norm(v),
            subject.l1_norm(v),
            np.sqrt(n) * subject.l2_norm(v),
            n * subject.linf_norm(v),
        ]

    return [
        atmost(chain(x)[:-1], chain(x)[1:]),
        atmost(subject.l1_norm(x), subject.l0_norm(x) * subject.linf_norm(x)),
        agree(chain(axis)[:3], [2.0, 2.0, 2.0]),
        agree(chain(diagonal)[2:], [2.0 * n] * 3),
    ]


@law(
    "dual",
    given=vectors,
    en="L1 and L∞ are dual: the largest xᵀy over ‖x‖∞ ≤ 1 is ‖y‖₁, found among the sign patterns; L2 is its own dual.",
    zh="L1 与 L∞ 互为对偶：‖x‖∞ ≤ 1 时 xᵀy 的最大值是 ‖y‖₁，在符号向量处取到；L2 与自身对偶。",
    source="Boyd, Vandenberghe 2004, appendix A.1.6",
)
def dual_vectors(problem, subject, other):
    x, y = problem
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * len(y))).reshape(len(y), -1).T
    axes = np.vstack([np.eye(len(y)), -np.eye(len(y))])
    return [
        agree((corners @ y).max(), subject.l1_norm(y)),
        agree((axes @ y).max(), subject.linf_norm(y)),
        atmost(x @ y, subject.l2_norm(x) * subject.l2_norm(y)),
        agree(y @ y, subject.l2_norm(y) ** 2),
    ]


@law(
    "dual",
    given=matrices,
    en="The nuclear norm is the dual of the spectral norm: ⟨A, B⟩ ≤ ‖A‖_* ‖B‖₂, with equality at B = UVᵀ.",
    zh="核范数是谱范数的对偶：⟨A, B⟩ ≤ ‖A‖_* ‖B‖₂，在 B = UVᵀ 处取等号。",
    source="Fazel 2002, section 5.1.1",
)
def dual_matrices(problem, subject, other):
    A, B = problem
    U, _, Vt = np.linalg.svd(A, full_matrices=False)
    return [
        atmost(np.sum(A * B), subject.nuclear_norm(A) * subject.spectral_norm(B)),
        agree(np.sum(A * (U @ Vt)), subject.nuclear_norm(A)),
        agree(subject.spectral_norm(U @ Vt), 1.0),
    ]


@law(
    "invariant",
    given=rotated,
    en="Rotations from either side change no norm of a matrix that depends on singular values alone.",
    zh="只依赖奇异值的矩阵范数，在左右乘正交矩阵时都不变。",
    source="Golub, Van Loan 2013, section 2.3.5",
)
def rotations_of_a_matrix(problem, subject, other):
    A, Q, P = problem
    return [agree(getattr(subject, name)(Q @ A @ P), getattr(subject, name)(A)) for name in MATRIX]


@law(
    "invariant",
    given=lambda draw: (*rotated_vector(draw), ("l2_norm",)),
    without=lambda draw: (*rotated_vector(draw), ("l1_norm", "linf_norm")),
    en="L2 does not see a rotation of the axes; L1 and L∞ do, and that is why L1 can prefer some axes to others.",
    zh="旋转坐标轴不改变 L2 范数，却会改变 L1 与 L∞；正因如此，L1 才会偏爱坐标轴。",
    source="Ng 2004, Feature selection, L1 vs. L2 regularization, and rotational invariance",
)
def rotation_of_the_axes(problem, subject, other):
    x, turn, names = problem
    return [agree(getattr(subject, name)(turn @ x), getattr(subject, name)(x)) for name in names]


@law(
    "equivalent",
    given=tall,
    en="The norms of a matrix are those of its singular values, whatever its shape, and those of its transpose.",
    zh="无论矩阵形状如何，其范数就是奇异值向量的范数，也等于转置的范数。",
)
def of_singular_values(problem, subject, other):
    s = np.sqrt(np.linalg.eigvalsh(problem.T @ problem))
    by_hand = [np.sqrt(np.sum(s**2)), s.max(), s.sum()]
    return [agree([getattr(subject, name)(A) for name in MATRIX], by_hand) for A in (problem, problem.T)]


# ---- laws: proximal operators --------------------------------------------------------------------------------


def penalty(subject, name):
    return {
        "prox_l0": lambda w: np.count_nonzero(w),
        "prox_l1": lambda w: np.abs(w).sum(),
        "prox_l2": lambda w: np.sqrt(np.sum(w**2)),
        "prox_squared_l2": lambda w: np.sum(w**2),
        "prox_linf": lambda w: np.abs(w).max(),
        "prox_nuclear": lambda w: np.linalg.svd(w, compute_uv=False).sum(),
    }[name]


def no_rival_is_better(subject, name, z, t, rivals):
    value = penalty(subject, name)

    def objective(w):
        return 0.5 * np.sum((w - z) ** 2) + t * value(w)

    return atmost(objective(getattr(subject, name)(z, t)), min(objective(rival) for rival in rivals), tolerance=1e-9)


@law(
    "bound",
    given=vector_and_step,
    en="A proximal point has a smaller objective than every rival: thresholded, shrunk and slightly moved ones.",
    zh="近端点的目标值比一切对手都小：阈值化的、收缩的、略微移动的。",
    source="Parikh, Boyd 2014, section 1.1",
)
def proximal_points_are_minima(problem, subject, other):
    z, t = problem
    names = ("prox_l0", "prox_l1", "prox_l2", "prox_squared_l2", "prox_linf")
    rng = np.random.default_rng(0)
    found = []
    for name in names:
        own = getattr(subject, name)(z, t)
        moved = [own + scale * rng.normal(size=len(z)) for scale in (1e-3, 1e-2, 0.1) for _ in range(20)]
        kept = [np.where(np.abs(z) > level, z, 0.0) for level in np.abs(z)]
        shrunk = [z * factor for factor in np.linspace(0, 1, 41)]
        soft = [np.sign(z) * np.maximum(np.abs(z) - level, 0) for level in np.linspace(0, np.abs(z).max(), 41)]
        clipped = [np.clip(z, -level, level) for level in np.linspace(0, np.abs(z).max(), 41)]
        found.append(no_rival_is_better(subject, name, z, t, [*moved, *kept, *shrunk, *soft, *clipped]))
    far = 1.5 * float(np.sqrt(z @ z))  # a price at which the whole group goes
    found.append(no_rival_is_better(subject, "prox_l2", z, far, [0 * z, 0.1 * z, z]))
    return found


@law(
    "equivalent",
    given=lambda draw: (matrices(draw)[0], draw.uniform(0.1, 1.0)),
    en="The proximal operator of the nuclear norm is the soft threshold on singular values; no moved matrix does better.",
    zh="核范数的近端算子就是对奇异值做软阈值；稍加移动的矩阵都不会更好。",
    source="Cai, Candès, Shen 2010, theorem 2.1",
)
def singular_value_threshold(problem, subject, other):
    Z, t = problem
    W = subject.prox_nuclear(Z, t)
    rng = np.random.default_rng(1)
    moved = [W + scale * rng.normal(size=Z.shape) for scale in (1e-3, 1e-2, 0.1) for _ in range(20)]
    s = np.linalg.svd(Z, compute_uv=False)
    return [
        no_rival_is_better(subject, "prox_nuclear", Z, t, [*moved, 0 * Z, Z]),
        agree(np.linalg.svd(W, compute_uv=False), subject.prox_l1(s, t), scale=1e-2),
        agree(subject.prox_nuclear(np.diag(s), t), np.diag(subject.prox_l1(s, t)), scale=1e-2),
    ]


@law(
    "dual",
    given=vector_and_step,
    en="Moreau: a vector is its proximal point plus its projection on the ball of the dual norm.",
    zh="Moreau 分解：向量等于它的近端点加上它在对偶范数球上的投影。",
    source="Moreau 1965; Parikh, Boyd 2014, section 2.5",
)
def moreau(problem, subject, other):
    z, t = problem
    on_l2_ball = z * min(1.0, t / np.sqrt(z @ z))
    return [
        agree(subject.prox_l1(z, t) + np.clip(z, -t, t), z),
        agree(subject.prox_linf(z, t) + subject.project_l1_ball(z, t), z),
        agree(subject.prox_l2(z, t) + on_l2_ball, z),
    ]


@law(
    "property",
    given=vector_and_step,
    en="A projection on the L1 ball lies on it, and the way back to z makes an obtuse angle with every point of the ball.",
    zh="L1 球上的投影落在球上，而且它到 z 的方向与指向球内任一点的方向夹角不小于直角。",
    source="Boyd, Vandenberghe 2004, section 8.1",
)
def projection(problem, subject, other):
    z, _ = problem
    radius = 0.6 * np.abs(z).sum()
    w = subject.project_l1_ball(z, radius)
    corners = radius * np.vstack([np.eye(len(z)), -np.eye(len(z))])
    return [
        agree(np.abs(w).sum(), radius),
        atmost((corners - w) @ (z - w), np.zeros(len(corners)), scale=float(z @ z)),
        agree(subject.project_l1_ball(0.5 * w, radius), 0.5 * w),
    ]


@law(
    "bound",
    given=lambda draw: (*vectors(draw), 0.7, ("prox_l1", "prox_l2", "prox_squared_l2", "prox_linf")),
    without=straddling,
    en="The proximal operator of a convex function brings points no further apart; the hard threshold can.",
    zh="凸函数的近端算子不会使两点相距更远；硬阈值却可能。",
    source="Parikh, Boyd 2014, section 2.3",
)
def non_expansive(problem, subject, other):
    x, y, t, names = problem
    return [
        atmost(
            np.sqrt(np.sum((getattr(subject, name)(x, t) - getattr(subject, name)(y, t)) ** 2)),
            np.sqrt(np.sum((x - y) ** 2)),
        )
        for name in names
    ]


@law(
    "property",
    given=vector_and_step,
    en="L1 sets entries exactly to zero, the squared L2 norm never does.",
    zh="L1 会把分量恰好变成零，L2 的平方从不如此。",
    source="Tibshirani 1996, section 2.3",
)
def exact_zeros(problem, subject, other):
    z, _ = problem
    t = float(np.sort(np.abs(z))[0]) * 1.01
    return [
        agree(np.abs(subject.prox_l1(z, t)).min(), 0.0, scale=1e-3),
        differs(np.abs(subject.prox_squared_l2(z, t)).min(), 0.0),
    ]


# ---- mutants -----------------------------------------------------------------------------------------------


def replaced(**functions):
    return SimpleNamespace(**functions)


@mutant(en="forgets the square root", zh="忘了开方")
def no_root(ours):
    return replaced(l2_norm=lambda x: ours.l2_norm(x) ** 2)


@mutant(
    en="approximates the length by the largest entry plus half the others",
    zh="用“最大分量加其余之半”近似长度",
    source="the alpha max plus beta min approximation",
)
def alpha_max_beta_min(ours):
    def l2_norm(x):
        size = np.abs(x)
        return float(size.max() + 0.5 * (size.sum() - size.max()))

    return replaced(l2_norm=l2_norm)


@mutant(
    en="smooths the corner of |w|, so that nothing becomes exactly zero", zh="把 |w| 的尖角磨圆了，于是没有分量恰好为零"
)
def smooth_corner(ours):
    def prox_l1(z, t):
        w = ours.prox_l1(z, t)
        return np.where(w == 0, 1e-2 * np.asarray(z), w)

    return replaced(prox_l1=prox_l1)


@mutant(en="sums the entries with their signs", zh="求和时没取绝对值")
def signed_sum(ours):
    return replaced(l1_norm=lambda x: abs(float(np.sum(x))))


@mutant(en="takes the largest entry, not the largest size", zh="取了最大的分量，而不是最大的绝对值")
def largest_entry(ours):
    return replaced(linf_norm=lambda x: float(np.max(x)))


@mutant(
    en="takes the entrywise largest value for the spectral norm",
    zh="把最大元素当成谱范数",
    source="numpy.linalg.norm(A, inf) and (A, 1) are row and column sums: the same names for other norms",
)
def entrywise(ours):
    return replaced(spectral_norm=lambda A: float(np.abs(A).max()))


@mutant(en="takes row sums for the spectral norm", zh="把行和当成谱范数")
def row_sums(ours):
    return replaced(spectral_norm=lambda A: float(np.abs(A).sum(1).max()))


@mutant(en="sums the diagonal for the nuclear norm", zh="把迹当成核范数")
def trace(ours):
    return replaced(nuclear_norm=lambda A: float(np.abs(np.trace(A))))


@mutant(en="sums squared singular values for the nuclear norm", zh="核范数里对奇异值取了平方")
def squared_values(ours):
    return replaced(nuclear_norm=lambda A: ours.frobenius_norm(A) ** 2)


@mutant(en="averages the squares for the Frobenius norm", zh="Frobenius 范数里取了平均")
def mean_square(ours):
    return replaced(frobenius_norm=lambda A: ours.frobenius_norm(A) / np.sqrt(np.size(A)))


@mutant(en="is wrong for tall matrices: forgets rows beyond the square", zh="对高瘦矩阵只看最上面的方阵")
def top_square(ours):
    def nuclear_norm(A):
        k = min(np.shape(A))
        return ours.nuclear_norm(np.asarray(A)[:k, :k])

    return replaced(nuclear_norm=nuclear_norm)


@mutant(en="thresholds at 2t", zh="阈值取成了 2t", source="the slip of forgetting the ½ in front of the square")
def double_threshold(ours):
    return replaced(prox_l1=lambda z, t: ours.prox_l1(z, 2 * t))


@mutant(en="keeps survivors at full size: the hard threshold", zh="幸存的分量不收缩：做成了硬阈值")
def hard_for_soft(ours):
    return replaced(prox_l1=lambda z, t: np.where(np.abs(z) > t, z, 0.0))


@mutant(en="cuts at t, not at √(2t)", zh="硬阈值在 t 而不是 √(2t) 处截断")
def wrong_cut(ours):
    return replaced(prox_l0=lambda z, t: np.where(np.abs(z) > t, z, 0.0))


@mutant(en="shrinks by 1/(1+t): the penalty ½‖w‖²", zh="收缩因子用了 1/(1+t)：那是 ½‖w‖² 的")
def half_square(ours):
    return replaced(prox_squared_l2=lambda z, t: np.asarray(z) / (1 + t))


@mutant(en="subtracts t from every entry of a group", zh="对整组的每个分量都减 t")
def entrywise_block(ours):
    return replaced(prox_l2=lambda z, t: ours.prox_l1(z, t))


@mutant(en="lets a short group turn round", zh="短的组被减过了头，方向反了")
def turned_round(ours):
    def prox_l2(z, t):
        z = np.asarray(z, dtype=float)
        return z * (1 - t / np.sqrt(z @ z))

    return replaced(prox_l2=prox_l2)


@mutant(en="clips at t for the L∞ norm", zh="L∞ 的近端算子做成了在 t 处截断")
def clipped(ours):
    return replaced(prox_linf=lambda z, t: np.clip(z, -t, t))


@mutant(en="rescales z to the L1 ball, without projecting it", zh="只把 z 缩放到 L1 球上，没有做投影")
def rescaled(ours):
    def project_l1_ball(z, radius):
        z = np.asarray(z, dtype=float)
        return z * min(1.0, radius / np.abs(z).sum())

    return replaced(project_l1_ball=project_l1_ball)


@mutant(en="pushes points out to the surface of the ball", zh="把球内的点也推到球面上")
def always_on_surface(ours):
    def project_l1_ball(z, radius):
        z = np.asarray(z, dtype=float)
        return z * radius / np.abs(z).sum() if np.abs(z).sum() < radius else ours.project_l1_ball(z, radius)

    return replaced(project_l1_ball=project_l1_ball)


@mutant(en="thresholds the entries of a matrix, not its singular values", zh="对矩阵元素而非奇异值做软阈值")
def entries_of_a_matrix(ours):
    return replaced(prox_nuclear=lambda Z, t: ours.prox_l1(Z, t))


@mutant(en="counts what is larger than one", zh="“非零”数成了大于一的个数")
def rounded_count(ours):
    return replaced(l0_norm=lambda x: int((np.abs(x) > 1).sum()))
