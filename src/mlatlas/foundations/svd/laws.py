"""Known answers, laws and mutants of the singular value decomposition."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, known, law, mutant

# ---- problems ----------------------------------------------------------------------------------------------


def matrix(draw: Draw):
    """A matrix whose singular values are apart, and a rank below the full one."""
    n, p = draw.integer(3, 8), draw.integer(3, 7)
    A = draw.normal(n, p)
    s = np.linalg.svd(A, compute_uv=False)
    draw.require(s[-1] > 0.05 * s[0] and np.diff(-s).min() > 0.05 * s[0])
    return A, draw.integer(1, min(n, p))


def rival_starts(draw: Draw):
    A, k = matrix(draw)
    return A, k, draw.rng.normal(size=(250, A.shape[1], k))


def turned(draw: Draw):
    A, k = matrix(draw)
    return A, k, draw.orthogonal(len(A), len(A)), draw.orthogonal(A.shape[1], A.shape[1])


def stretched(draw: Draw):
    A, k, Q, W = turned(draw)
    return A, k, np.diag(np.linspace(1.5, 3.0, len(A))) @ Q, W


def perturbed(draw: Draw):
    A, k = matrix(draw)
    return A, k, draw.normal(*A.shape) * float(draw.choice([0.01, 0.3, 3.0]))


def of_rank(draw: Draw):
    """A matrix of rank r, and r."""
    n, p, r = draw.integer(4, 8), draw.integer(4, 7), draw.integer(2, 4)
    A = draw.normal(n, r) @ draw.normal(r, p)
    s = np.linalg.svd(A, compute_uv=False)
    draw.require(s[r - 1] > 0.05 * s[0])
    return A, r


def of_rank_cut(draw: Draw):
    A, r = of_rank(draw)
    return A, r - 1


def spectrum(draw: Draw, s: np.ndarray, n: int = 70):
    """A matrix of n rows with these singular values."""
    U, V = (np.linalg.qr(draw.rng.normal(size=(m, len(s))))[0] for m in (n, len(s)))
    return U * s @ V.T


def slow_decay(draw: Draw):
    """Singular values 1, 1/2, 1/3, …: small enough a space that a randomised method does not see all of it."""
    p, n = draw.integer(30, 45), draw.integer(45, 80)
    A = spectrum(draw, 1.0 / np.arange(1, p + 1), n)
    return (A.T.copy() if draw.integer(2) else A), draw.integer(2, 5), draw.integer(0, 2)


def many_products(draw: Draw):
    """So many power iterations q that what the power method leaves, (σ_{k+3}/σ_k)^(2q+1), is below 10⁻¹².

    The space is kept smaller than A all the same: 26 blocks of k + 2 ≤ 6 vectors in 200 dimensions.
    """
    p, n = draw.integer(200, 220), draw.integer(220, 240)
    return spectrum(draw, 1.0 / np.arange(1, p + 1), n), draw.integer(2, 5), 25


def no_iterations(draw: Draw):
    A, k, _ = slow_decay(draw)
    return A, k, 0


def steep_decay(draw: Draw):
    """Singular values that fall by seven powers of ten within the rank asked for."""
    p = draw.integer(24, 36)
    k = draw.integer(4, 6)
    return spectrum(draw, np.r_[np.logspace(0, -7, k), 1e-9 * np.linspace(1, 0.5, p - k)]), k


def wide_range(draw: Draw):
    """Singular values that fall by eight powers of ten: their squares span more digits than a double has."""
    n, p, k = draw.integer(8, 14), draw.integer(6, 9), draw.integer(3, 6)
    return spectrum(draw, np.r_[np.logspace(0, -8, k), 1e-11 * np.linspace(1, 0.5, p - k)], max(n, p)), k


def low_rank_tall(draw: Draw):
    k = draw.integer(2, 5)
    A = draw.rng.normal(size=(60, k)) @ draw.rng.normal(size=(k, 30))
    return A + draw.normal(), k + 1


def full_rank_tall(draw: Draw):
    A, k = low_rank_tall(draw)
    return A + draw.rng.normal(size=A.shape), k


def table(draw: Draw):
    """A table of samples with a mean far from zero, and a number of components."""
    n, p = draw.integer(8, 20), draw.integer(4, 7)
    X = draw.normal(n, p) * np.arange(1, p + 1) + 2.0
    return X, draw.integer(1, p)


def centred(draw: Draw):
    X, k = table(draw)
    return X - X.mean(axis=0), k


def uncentred(draw: Draw):
    X, k = table(draw)
    return X + 10.0, k


def counts(draw: Draw):
    """A sparse table of counts."""
    n, p = draw.integer(10, 25), draw.integer(4, 8)
    X = np.maximum(draw.integer(-3, 4, n, p), 0).astype(float)
    s = np.linalg.svd(X, compute_uv=False)
    draw.require(np.diff(-s).min() > 0.02 * s[0] and s[-1] > 0.02 * s[0])
    return X, draw.integer(1, p - 1)


def singular_values(A: np.ndarray) -> np.ndarray:
    """By the definition that needs no decomposition of A: the largest eigenvalues of [[0, A], [Aᵀ, 0]]."""
    n, p = A.shape
    both = np.block([[np.zeros((n, n)), A], [A.T, np.zeros((p, p))]])
    return np.linalg.eigvalsh(both)[::-1][: min(n, p)]


def product(answer) -> np.ndarray:
    return (answer.U * answer.s) @ answer.Vt


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="[[3, 0], [4, 5]] stretches (1, 1) to (3, 9), by √45, and (1, −1) to (3, −1), by √5.",
    zh="[[3, 0], [4, 5]] 把 (1, 1) 变成 (3, 9)，伸长 √45 倍；把 (1, −1) 变成 (3, −1)，伸长 √5 倍。",
    source="by hand",
)
def two_by_two(subject: Subject):
    U, s, Vt = subject.truncated_svd(np.array([[3.0, 0.0], [4.0, 5.0]]), 2)[:3]
    got = np.concatenate([s, np.abs(U).ravel(), np.abs(Vt).ravel()])
    return got, np.concatenate([np.sqrt([45, 5]), np.sqrt([0.1, 0.9, 0.9, 0.1]), np.sqrt([0.5] * 4)])


@known(
    en="The matrix of rank 1 nearest to diag(2, 1) is diag(2, 0): the larger number is kept as it is.",
    zh="离 diag(2, 1) 最近的秩 1 矩阵是 diag(2, 0)：大的那个数原样保留。",
    source="by hand",
)
def nearest_to_a_diagonal(subject: Subject):
    return subject.low_rank(np.diag([2.0, 1.0]), 1), np.diag([2.0, 0.0])


@known(
    en="Läuchli's matrix [[1, 1], [e, 0], [0, e]] has the singular values √(2 + e²) and e; for e = 10⁻⁹ AᵀA in double "
    "precision no longer knows e.",
    zh="Läuchli 矩阵 [[1, 1], [e, 0], [0, e]] 的奇异值是 √(2 + e²) 与 e；e = 10⁻⁹ 时，双精度下的 AᵀA 里已经找不到 e。",
    source="Läuchli 1961; Björck 1996, Numerical Methods for Least Squares Problems, example 2.2.1",
)
def lauchli(subject: Subject):
    e = 1e-9
    s = subject.truncated_svd(np.array([[1.0, 1.0], [e, 0.0], [0.0, e]]), 2).s
    return [s[0] / np.sqrt(2), s[1] / e], [1.0, 1.0]


@known(
    en="Of the three documents (1, 1, 0), (1, 1, 0), (0, 0, 1) the first component holds 2/3 of the variance, the second 1/3.",
    zh="三篇文档 (1, 1, 0)、(1, 1, 0)、(0, 0, 1)：第一个成分占方差的 2/3，第二个占 1/3。",
    source="by hand: total variance 2/9 + 2/9 + 2/9, of the coordinates (√2, √2, 0) and (0, 0, 1) 4/9 and 2/9",
)
def three_documents(subject: Subject):
    X = np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    model = subject.TruncatedSVD(2, random_state=0).fit(X)
    return np.r_[model.singular_values_, model.explained_variance_ratio_], [2.0, 1.0, 2 / 3, 1 / 3]


# ---- the best approximation --------------------------------------------------------------------------------


def rivals(A: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Matrices of the rank of the starts (…, p, k): with random rows, and improved by alternating least squares."""
    V, _ = np.linalg.qr(starts)
    found = [A @ V @ np.swapaxes(V, -1, -2)]  # the best columns for those rows
    for _ in range(3):
        U, _ = np.linalg.qr(A @ V)
        rows = np.swapaxes(U, -1, -2) @ A  # the best rows for these columns
        found.append(U @ rows)
        V, _ = np.linalg.qr(np.swapaxes(rows, -1, -2))
    return np.concatenate(found)


def least_spectral_error(A: np.ndarray, starts: np.ndarray) -> float:
    """The least ‖A − L Vᵀ‖₂ that subgradient steps on L (n, k) and V (p, k) come by, aiming two per cent below the theorem.

    The length of a step is Polyak's for that aim, so a rival better than the theorem allows would be walked towards.
    """
    k = starts.shape[-1]
    V, _ = np.linalg.qr(starts)
    L, aim, least = A @ V, 0.98 * np.append(singular_values(A), 0.0)[k], np.inf
    for _ in range(40):
        U, s, Wt = np.linalg.svd(A - L @ np.swapaxes(V, -1, -2), full_matrices=False)
        least = min(least, float(s[:, 0].min()))
        u, w = U[:, :, :1], np.swapaxes(Wt[:, :1], -1, -2)
        uphill = u @ (np.swapaxes(w, -1, -2) @ V), w @ (np.swapaxes(u, -1, -2) @ L)
        slope = sum(np.sum(part**2, axis=(1, 2)) for part in uphill)
        step = ((s[:, 0] - aim) / np.maximum(slope, 1e-12))[:, None, None]
        L, V = L + step * uphill[0], V + step * uphill[1]
    return least


@law(
    "property",
    given=rival_starts,
    en="Eckart–Young: no matrix of rank k is nearer to A in the Frobenius norm, be it random or improved by alternating least "
    "squares.",
    zh="Eckart–Young 定理：在 Frobenius 范数下，没有秩为 k 的矩阵比截断 SVD 离 A 更近，无论是随机的还是经交替最小二乘优化过的。",
    source="Eckart, Young 1936, The approximation of one matrix by another of lower rank, Psychometrika 1",
)
def nearest_in_frobenius_norm(problem, subject, other):
    A, k, starts = problem
    best = np.linalg.norm(A - rivals(A, starts), axis=(1, 2)).min()
    B = subject.low_rank(A, k)
    return [atmost(np.linalg.norm(A - B), best), agree(np.linalg.matrix_rank(B, tol=1e-9), k)]


@law(
    "property",
    given=rival_starts,
    en="Mirsky: nor is any in the spectral norm, be it random, or improved by subgradient steps from afar or from nearby.",
    zh="Mirsky 定理：在谱范数下也没有，无论是随机的，还是从远处或最优解附近出发、用次梯度法优化过的。",
    source="Mirsky 1960, Symmetric gauge functions and unitarily invariant norms",
)
def nearest_in_spectral_norm(problem, subject, other):
    A, k, starts = problem
    few = starts[:20]
    near = np.linalg.svd(A)[2][:k].T + few * np.logspace(-4, 0, len(few))[:, None, None]
    best = min(
        np.linalg.norm(A - rivals(A, starts), 2, axis=(1, 2)).min(),
        least_spectral_error(A, np.concatenate([few, near])),
    )
    return atmost(np.linalg.norm(A - product(subject.truncated_svd(A, k)), 2), best)


@law(
    "property",
    given=matrix,
    en="What is left of A after its best approximation of rank k measures σ_{k+1} in the spectral norm, and the root of the "
    "later squares in the Frobenius norm.",
    zh="A 减去秩 k 的最佳逼近之后，剩余部分的谱范数等于 σ_{k+1}，Frobenius 范数等于其后各奇异值平方和的平方根。",
    source="Golub, Van Loan 2013, theorem 2.4.8",
)
def error_is_what_was_left_out(problem, subject, other):
    A, k = problem
    left = A - subject.low_rank(A, k)
    s = singular_values(A)
    rest = s[k:] if k < len(s) else np.zeros(1)
    return agree([np.linalg.norm(left, 2), np.linalg.norm(left)], [rest[0], np.sqrt(rest @ rest)], scale=s[0])


# ---- singular values ---------------------------------------------------------------------------------------


@law(
    "invariant",
    given=turned,
    without=stretched,
    en="Turning A from the left and from the right changes no singular value, and turns the best approximation along; "
    "stretching it changes both.",
    zh="从左、从右对 A 作旋转，奇异值不变，最佳逼近随之旋转；若是拉伸，则两者都变。",
    source="Horn, Johnson 2013, Matrix Analysis, section 7.3",
)
def turning(problem, subject, other):
    A, k, Q, W = problem
    turned = Q @ A @ W
    r = min(A.shape)
    return [
        agree(subject.truncated_svd(turned, r).s, subject.truncated_svd(A, r).s),
        agree(product(subject.truncated_svd(turned, k)), Q @ product(subject.truncated_svd(A, k)) @ W),
    ]


@law(
    "property",
    given=matrix,
    en="The squares of the singular values sum to those of the entries, and the singular values fall.",
    zh="奇异值的平方和等于各元素的平方和，而且奇异值从大到小排列。",
    source="Golub, Van Loan 2013, corollary 2.4.3",
)
def energy(problem, subject, other):
    A, _ = problem
    s = subject.truncated_svd(A, min(A.shape)).s
    return [agree(s @ s, np.sum(A**2)), agree(s, np.sort(s)[::-1])]


@law(
    "property",
    given=matrix,
    en="A vᵢ = σᵢ uᵢ and Aᵀ uᵢ = σᵢ vᵢ, with both sets of vectors orthonormal.",
    zh="A vᵢ = σᵢ uᵢ，Aᵀ uᵢ = σᵢ vᵢ，且两组向量各自标准正交。",
    source="Golub, Van Loan 2013, section 2.4",
)
def pairs(problem, subject, other):
    A, k = problem
    U, s, Vt = subject.truncated_svd(A, k)[:3]
    return [
        agree(A @ Vt.T, U * s, scale=np.linalg.norm(A)),
        agree(A.T @ U, Vt.T * s, scale=np.linalg.norm(A)),
        agree(np.stack([U.T @ U, Vt @ Vt.T]), np.stack([np.eye(k)] * 2)),
    ]


@law(
    "property",
    given=wide_range,
    en="A singular value of 10⁻⁸ beside one of 1 keeps its digits: the error is a rounding of the largest, not of its square.",
    zh="最大的奇异值为 1 时，10⁻⁸ 的奇异值仍保有有效数字：误差只是最大奇异值的舍入误差，而不是其平方的舍入误差。",
    source="Golub, Van Loan 2013, section 8.6.1",
)
def small_values_are_seen(problem, subject, other):
    A, k = problem
    return subject.truncated_svd(A, k).s * np.logspace(0, 8, k), np.ones(k)


@law(
    "bound",
    given=perturbed,
    en="Adding E to A moves no singular value by more than ‖E‖₂ (Weyl), and all of them together by no more than ‖E‖_F (Mirsky).",
    zh="给 A 加上 E，任何奇异值的变动不超过 ‖E‖₂（Weyl），全部变动合起来不超过 ‖E‖_F（Mirsky）。",
    source="Horn, Johnson 2013, Matrix Analysis, corollary 7.3.5",
)
def perturbation(problem, subject, other):
    A, _, E = problem
    r = min(A.shape)
    moved = subject.truncated_svd(A + E, r).s - subject.truncated_svd(A, r).s
    return atmost([np.abs(moved).max(), np.linalg.norm(moved)], [np.linalg.norm(E, 2), np.linalg.norm(E)])


@law(
    "property",
    given=of_rank,
    without=of_rank_cut,
    en="Σ vᵢ uᵢᵀ/σᵢ over the rank of A is its pseudo-inverse: it meets Penrose's four conditions. Over fewer terms it does not.",
    zh="对 A 的秩以内各项求 Σ vᵢ uᵢᵀ/σᵢ，得到 A 的伪逆：它满足 Penrose 的四个条件。少取几项就不满足。",
    source="Penrose 1955, A generalized inverse for matrices",
)
def pseudo_inverse(problem, subject, other):
    A, k = problem
    U, s, Vt = subject.truncated_svd(A, k)[:3]
    X = Vt.T / s @ U.T
    return [agree(A @ X @ A, A), agree(X @ A @ X, X), agree((A @ X).T, A @ X), agree((X @ A).T, X @ A)]


@law(
    "invariant",
    given=matrix,
    en="Transposing A exchanges U and V: the same singular values, and the best approximation is transposed.",
    zh="把 A 转置，U 与 V 互换：奇异值相同，最佳逼近也随之转置。",
)
def transposition(problem, subject, other):
    A, k = problem
    straight, across = subject.truncated_svd(A, k), subject.truncated_svd(A.T, k)
    return [
        agree(across.s, straight.s),
        agree(product(across), product(straight).T),
        agree(np.abs(across.Vt), np.abs(straight.U.T)),
    ]


@law(
    "property",
    given=matrix,
    en="Signs are settled: in every right singular vector the entry of largest size is positive.",
    zh="符号是确定的：每个右奇异向量中绝对值最大的元素为正。",
    source="Bro, Acar, Kolda 2008, Resolving the sign ambiguity in the singular value decomposition, for the problem",
)
def signs(problem, subject, other):
    A, k = problem
    Vt = subject.truncated_svd(A, k).Vt
    return Vt.max(axis=1), np.abs(Vt).max(axis=1)


# ---- randomised --------------------------------------------------------------------------------------------


def sampled(subject: Subject, A, k, n_iter, seed=0):
    return subject.randomised_svd(A, k, n_oversamples=2, n_iter=n_iter, random_state=seed)


@law(
    "bound",
    given=slow_decay,
    en="The randomised decomposition lies within the bound it returns, and the bound is no larger than the Frobenius error, which "
    "is returned as it is.",
    zh="随机化分解的误差不超过它给出的界；这个界不超过 Frobenius 误差，而 Frobenius 误差如实给出。",
    source="Halko, Martinsson, Tropp 2011, section 4.3; Dixon 1983",
)
def within_its_bound(problem, subject, other):
    A, k, n_iter = problem
    answer = sampled(subject, A, k, n_iter)
    left = A - product(answer)
    return [
        atmost(np.linalg.norm(left, 2), answer.spectral_bound),
        atmost(answer.spectral_bound, answer.frobenius_error),
        agree(answer.frobenius_error, np.linalg.norm(left)),
    ]


@law(
    "limit",
    given=low_rank_tall,
    without=full_rank_tall,
    en="Where the random space holds all of A, the bound is the error itself, σ_{k+1}; where it does not, the bound is larger.",
    zh="若随机子空间装得下整个 A，误差界就等于误差本身，即 σ_{k+1}；装不下时，界比它大。",
    source="Halko, Martinsson, Tropp 2011, theorem 9.1 and section 9.4",
)
def bound_is_sharp(problem, subject, other):
    A, k = problem
    return sampled(subject, A, k - 2, 0).spectral_bound, np.linalg.svd(A, compute_uv=False)[k - 2]


@law(
    "bound",
    given=slow_decay,
    en="No approximate singular value exceeds the true one, and the factors are orthonormal.",
    zh="近似奇异值都不超过真值，且两个因子的列各自标准正交。",
    source="Horn, Johnson 2013, Matrix Analysis, corollary 7.3.6 (interlacing)",
)
def from_below(problem, subject, other):
    A, k, n_iter = problem
    U, s, Vt = sampled(subject, A, k, n_iter)[:3]
    return [
        atmost(s, np.linalg.svd(A, compute_uv=False)[:k]),
        agree(np.stack([U.T @ U, Vt @ Vt.T]), np.stack([np.eye(k)] * 2)),
    ]


@law(
    "limit",
    given=many_products,
    without=no_iterations,
    en="With many power iterations the randomised decomposition is the truncated one, if the singular values fall; without any it is not.",
    zh="奇异值递减时，幂迭代次数足够多，随机化分解就等于截断 SVD；一次不做则不然。",
    source="Halko, Martinsson, Tropp 2011, corollary 10.10",
)
def power(problem, subject, other):
    A, k, n_iter = problem
    U, s, Vt = np.linalg.svd(A, full_matrices=False)
    return [
        agree(sampled(subject, A, k, n_iter).s, s[:k]),
        agree(product(sampled(subject, A, k, n_iter)), U[:, :k] * s[:k] @ Vt[:k]),
    ]


@law(
    "property",
    given=steep_decay,
    en="Products are made orthonormal on the way, so that singular values of 10⁻⁷ survive beside 1 through many of them.",
    zh="连乘途中反复正交化，因此大小为 10⁻⁷ 的奇异值与 1 并存，经过多次相乘也不会丢失。",
    source="Halko, Martinsson, Tropp 2011, remark 4.3 and algorithm 4.4",
)
def small_values_survive(problem, subject, other):
    A, k = problem
    return sampled(subject, A, k, 5).s * np.logspace(0, 7, k), np.ones(k)


@law(
    "property",
    given=low_rank_tall,
    without=full_rank_tall,
    en="A matrix of rank at most k is recovered exactly, with no power iteration; one of full rank is not.",
    zh="秩不超过 k 的矩阵，不做幂迭代也能精确恢复；满秩矩阵则不能。",
    source="Halko, Martinsson, Tropp 2011, theorem 9.1",
)
def low_rank_is_recovered(problem, subject, other):
    A, k = problem
    return product(sampled(subject, A, k, 0)), A


@law(
    "invariant",
    given=lambda draw: (*slow_decay(draw)[:2], 7),
    without=lambda draw: (*slow_decay(draw)[:2], None),
    en="The same seed gives the same answer, signs included; without a seed the next answer differs.",
    zh="种子相同，答案就相同，符号也一样；不给种子，下一次的答案就不同。",
)
def seeded(problem, subject, other):
    A, k, seed = problem
    return sampled(subject, A, k, 0, seed).Vt, sampled(subject, A, k, 0, seed).Vt


# ---- the estimator -----------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=lambda draw: (*table(draw), draw.choice(["exact", "randomized"])),
    en="TruncatedSVD maps X to X V and back to X V Vᵀ, the best approximation of its rank; nothing is centred or rescaled.",
    zh="TruncatedSVD 把 X 变为 X V，再变回 X V Vᵀ，即该秩的最佳逼近；既不中心化，也不缩放。",
    source="Deerwester et al. 1990, Indexing by latent semantic analysis",
)
def there_and_back(problem, subject, other):
    X, k, algorithm = problem
    k = min(k, X.shape[1] - 1)
    model = subject.TruncatedSVD(k, algorithm=algorithm, random_state=0).fit(X)
    U, s, Vt = np.linalg.svd(X, full_matrices=False)
    Z = model.transform(X)
    return [
        agree(np.abs(Z), np.abs(U[:, :k] * s[:k])),
        agree(model.inverse_transform(Z), U[:, :k] * s[:k] @ Vt[:k]),
        agree(model.fit_transform(X), Z),
    ]


@law(
    "property",
    given=centred,
    without=uncentred,
    en="On centred data the share of the variance that a component holds is its σ² over the sum of all σ²; on data with a mean it is not.",
    zh="数据中心化之后，每个成分所占的方差比例等于它的 σ² 除以全部 σ² 之和；均值不为零时则不是。",
    source="Jolliffe 2002, Principal Component Analysis, section 3.5",
)
def share_of_variance(problem, subject, other):
    X, k = problem
    share = subject.TruncatedSVD(k, random_state=0).fit(X).explained_variance_ratio_
    return share, np.linalg.svd(X, compute_uv=False)[:k] ** 2 / np.sum(X**2)


@law(
    "property",
    given=uncentred,
    en="On any data the share is the variance of the coordinate over the summed variance of the features; it need not fall.",
    zh="对任意数据，该比例都是坐标的方差除以各特征方差之和；它不一定递减。",
    source="scikit-learn issue 8702 asks why they rise",
)
def variance_of_coordinates(problem, subject, other):
    X, k = problem
    model = subject.TruncatedSVD(k, random_state=0).fit(X)
    return model.explained_variance_ratio_, (X @ model.components_.T).var(axis=0) / X.var(axis=0).sum()


@law(
    "equivalent",
    given=counts,
    en="A sparse matrix has the decomposition of the dense one with the same entries.",
    zh="稀疏矩阵的分解与元素相同的稠密矩阵一致。",
)
def sparse_as_dense(problem, subject, other):
    X, k = problem
    dense, thin = (subject.TruncatedSVD(k, random_state=0).fit(one) for one in (X, sparse.csr_array(X)))
    return [
        agree(thin.components_, dense.components_),
        agree(thin.singular_values_, dense.singular_values_),
        agree(thin.explained_variance_ratio_, dense.explained_variance_ratio_),
    ]


# ---- mutants: singular triplets ----------------------------------------------------------------------------


def answering(U, s, Vt, **rest):
    """An answer that unpacks and has names, as the real ones."""

    class Answer(tuple):
        pass

    answer = Answer((U, s, Vt))
    answer.__dict__.update(U=U, s=s, Vt=Vt, **rest)
    return answer


def altered(ours: Subject, change, *names: str):
    """The named functions, with (U, s, Vt) put through ``change``; errors stay as they were."""

    def wrap(function):
        def decompose(A, rank, **options):
            answer = function(A, rank, **options)
            return answering(*change(*answer[:3]), **{name: getattr(answer, name) for name in answer._fields[3:]})

        return decompose

    return SimpleNamespace(**{name: wrap(getattr(ours, name)) for name in names})


@mutant(
    en="returns the singular values in rising order",
    zh="奇异值按从小到大返回",
    source="scipy.sparse.linalg.svds: SciPy issues 9643 and 12627",
)
def ascending(ours):
    return altered(ours, lambda U, s, Vt: (U[:, ::-1], s[::-1], Vt[::-1]), "truncated_svd")


@mutant(
    en="keeps the smallest k instead of the largest, as eigh lists them first",
    zh="保留了最小的 k 个：eigh 把小的排在前面",
)
def smallest(ours):
    def truncated_svd(A, rank):
        U, s, Vt = ours.truncated_svd(A, min(A.shape))
        return answering(U[:, -rank:], s[-rank:], Vt[-rank:])

    return SimpleNamespace(truncated_svd=truncated_svd)


@mutant(en="returns the eigenvalues of AᵀA for singular values", zh="把 AᵀA 的特征值当成奇异值，忘了开方")
def squared(ours):
    return altered(ours, lambda U, s, Vt: (U, s**2, Vt), "truncated_svd")


@mutant(
    en="always goes through AᵀA, and loses singular values below 10⁻⁸ of the largest",
    zh="一律经由 AᵀA 计算，丢掉小于最大值 10⁻⁸ 倍的奇异值",
    source="scipy.sparse.linalg.svds before SciPy pull request 11829",
)
def through_the_gram_matrix(ours):
    def truncated_svd(A, rank):
        squares, V = np.linalg.eigh(A.T @ A)
        s, V = np.sqrt(np.maximum(squares[::-1][:rank], 1e-18)), V[:, ::-1][:, :rank]
        V = V * np.where(V[np.abs(V).argmax(axis=0), np.arange(rank)] < 0, -1, 1)
        return answering(A @ V / s, s, V.T)

    return SimpleNamespace(truncated_svd=truncated_svd)


@mutant(
    en="settles the signs by the left singular vectors",
    zh="按左奇异向量来定符号",
    source="scikit-learn issue 28826: the signs of PCA changed when the side that decides them did",
)
def signs_by_the_left(ours):
    def flip(U, s, Vt):
        sign = np.sign(U[np.abs(U).argmax(axis=0), np.arange(len(s))])
        return U * sign, s, Vt * sign[:, None]

    return altered(ours, flip, "truncated_svd")


@mutant(en="settles the signs of V and forgets those of U", zh="只翻转了 V 的符号，忘了 U")
def signs_of_one_side(ours):
    return altered(ours, lambda U, s, Vt: (-U, s, Vt), "truncated_svd", "randomised_svd")


@mutant(en="centres A first, as PCA does", zh="先把 A 中心化，像 PCA 那样")
def centres(ours):
    return SimpleNamespace(truncated_svd=lambda A, rank: ours.truncated_svd(A - A.mean(axis=0), rank))


@mutant(
    en="scales A by its largest entry and forgets to scale back",
    zh="先除以最大元素，事后忘了乘回来",
)
def unscaled(ours):
    return SimpleNamespace(truncated_svd=lambda A, rank: ours.truncated_svd(A / np.abs(A).max(), rank))


@mutant(en="is content with vectors that are orthonormal to a part in a thousand", zh="向量的正交性只做到千分之一")
def nearly_orthonormal(ours):
    def blur(U, s, Vt):
        return U, s, Vt + 1e-3 * np.roll(Vt, 1, axis=0)

    return altered(ours, blur, "truncated_svd", "randomised_svd")


# ---- mutants: low-rank approximation -----------------------------------------------------------------------


@mutant(
    en="subtracts σ_{k+1} from every singular value, as the nuclear norm does",
    zh="每个奇异值都减去 σ_{k+1}，像核范数那样做软阈值",
)
def soft_threshold(ours):
    def low_rank(A, rank):
        U, s, Vt = np.linalg.svd(A, full_matrices=False)
        rest = s[rank] if rank < len(s) else 0.0
        return U * np.maximum(s - rest, 0) @ Vt if rank < len(s) else A.copy()

    return SimpleNamespace(low_rank=low_rank)


@mutant(en="stretches the approximation until it has the energy of A", zh="把逼近放大到与 A 等能量")
def keeps_the_energy(ours):
    def low_rank(A, rank):
        B = ours.low_rank(A, rank)
        return B * np.linalg.norm(A) / np.linalg.norm(B)

    return SimpleNamespace(low_rank=low_rank)


@mutant(en="truncates a pivoted QR instead", zh="截断的是列主元 QR，而不是 SVD")
def pivoted_qr(ours):
    from scipy.linalg import qr

    def low_rank(A, rank):
        Q, _, _ = qr(A, mode="economic", pivoting=True)
        return Q[:, :rank] @ (Q[:, :rank].T @ A)

    return SimpleNamespace(low_rank=low_rank)


@mutant(en="keeps the longest rows of A instead of its largest directions", zh="保留 A 中最长的几行，而不是最强的方向")
def largest_rows(ours):
    def low_rank(A, rank):
        keep = np.argsort(-np.linalg.norm(A, axis=1))[:rank]
        B = np.zeros_like(A)
        B[keep] = A[keep]
        return B

    return SimpleNamespace(low_rank=low_rank)


@mutant(en="keeps one term fewer", zh="少保留了一项")
def one_term_fewer(ours):
    def low_rank(A, rank):
        return ours.low_rank(A, rank - 1) if rank > 1 else np.zeros_like(A)

    return SimpleNamespace(low_rank=low_rank)


# ---- mutants: randomised -----------------------------------------------------------------------------------


@mutant(
    en="ignores the number of power iterations",
    zh="忽略幂迭代次数",
    source="scikit-learn pull request 7311: an explicit n_iter was overruled",
)
def no_power(ours):
    def randomised_svd(A, rank, *, n_iter=2, **options):
        return ours.randomised_svd(A, rank, n_iter=0, **options)

    return SimpleNamespace(randomised_svd=randomised_svd)


@mutant(
    en="multiplies again and again without making the products orthonormal",
    zh="一味连乘，途中不做正交化",
    source="scikit-learn's power_iteration_normalizer='none'",
)
def unnormalised(ours):
    def randomised_svd(A, rank, *, n_oversamples=10, n_iter=2, random_state=None):
        Y = A @ np.random.default_rng(random_state).normal(size=(A.shape[1], rank + n_oversamples))
        for _ in range(n_iter):
            Y = A @ (A.T @ Y)
        Q, _ = np.linalg.qr(Y)
        W, s, Vt = np.linalg.svd(Q.T @ A, full_matrices=False)
        exact = ours.randomised_svd(A, rank, n_oversamples=n_oversamples, n_iter=n_iter, random_state=random_state)
        return answering(Q @ W[:, :rank], s[:rank], Vt[:rank], **dict(zip(exact._fields[3:], exact[3:], strict=True)))

    return SimpleNamespace(randomised_svd=randomised_svd)


def misjudged(ours: Subject, change):
    """Ours, with its two errors put through ``change(answer, A, rank, options)``."""

    def randomised_svd(A, rank, **options):
        answer = ours.randomised_svd(A, rank, **options)
        return answer._replace(**change(answer, A, rank, options))

    return SimpleNamespace(randomised_svd=randomised_svd)


@mutant(
    en="bounds what the random space misses and forgets σ_{k+1}, which truncation leaves out",
    zh="误差界只算了随机子空间漏掉的部分，忘了截断舍去的 σ_{k+1}",
)
def forgets_truncation(ours):
    def change(answer, A, rank, options):
        true = np.linalg.svd(A, compute_uv=False)[rank]
        return {"spectral_bound": np.sqrt(max(answer.spectral_bound**2 - true**2, 0))}

    return misjudged(ours, change)


@mutant(
    en="takes for the bound the most that ten random unit vectors are stretched by the error",
    zh="取十个随机单位向量，把误差对它们的最大伸长倍数当作误差界",
    source="Halko, Martinsson, Tropp 2011, equation 4.3, whose factor 10√(2/π) it leaves out",
)
def bound_of_the_trials(ours):
    def change(answer, A, rank, options):
        trials = np.random.default_rng(0).normal(size=(A.shape[1], 10))
        trials /= np.linalg.norm(trials, axis=0)
        return {"spectral_bound": float(np.linalg.norm((A - product(answer)) @ trials, axis=0).max())}

    return misjudged(ours, change)


@mutant(
    en="gives the whole of ‖A‖ as its bound, which is never wrong and never of use",
    zh="拿整个 ‖A‖ 当误差界：永远不错，也永远没用",
)
def idle_bound(ours):
    return misjudged(ours, lambda answer, A, rank, options: {"spectral_bound": float(np.linalg.norm(A))})


@mutant(
    en="reports the error of the random space before it was cut to rank k",
    zh="报告的是截到秩 k 之前、整个随机子空间的误差",
)
def error_before_truncation(ours):
    def change(answer, A, rank, options):
        width = min(rank + options["n_oversamples"], *A.shape)
        whole = ours.randomised_svd(A, width, **options | {"n_oversamples": 0})
        return {"frobenius_error": whole.frobenius_error}

    return misjudged(ours, change)


@mutant(
    en="takes the singular values of the sketch A Ω for those of A",
    zh="把草图 A Ω 的奇异值当成 A 的奇异值",
)
def values_of_the_sketch(ours):
    def randomised_svd(A, rank, *, n_oversamples=10, random_state=None, **options):
        answer = ours.randomised_svd(A, rank, n_oversamples=n_oversamples, random_state=random_state, **options)
        sketch = A @ np.random.default_rng(random_state).normal(size=(A.shape[1], rank + n_oversamples))
        return answer._replace(s=np.linalg.svd(sketch, compute_uv=False)[:rank])

    return SimpleNamespace(randomised_svd=randomised_svd)


@mutant(en="ignores the seed", zh="忽略随机种子")
def unseeded(ours):
    def randomised_svd(A, rank, *, random_state=None, **options):
        return ours.randomised_svd(A, rank, random_state=None, **options)

    return SimpleNamespace(randomised_svd=randomised_svd)


@mutant(en="forgets the vectors beyond the rank", zh="忘了秩以外多取的向量")
def no_oversampling(ours):
    def randomised_svd(A, rank, *, n_oversamples=10, **options):
        return ours.randomised_svd(A, rank, n_oversamples=0, **options)

    return SimpleNamespace(randomised_svd=randomised_svd)


# ---- mutants: the estimator --------------------------------------------------------------------------------


@mutant(
    en="computes the explained variance as σ²/n, as if the data were centred",
    zh="把解释方差算成 σ²/n，仿佛数据已经中心化",
    source="h2o4gpu issue 416 and cuML pull request 4: explained variances that differ from scikit-learn's",
)
def assumes_centred(ours):
    class TruncatedSVD(ours.TruncatedSVD):
        def fit_transform(self, X, y=None):
            Z = super().fit_transform(X, y)
            self.explained_variance_ratio_ = self.singular_values_**2 / (X * X).sum()
            return Z

    return SimpleNamespace(TruncatedSVD=TruncatedSVD)


@mutant(
    en="divides by the variance of the kept components, so that the shares sum to one",
    zh="除以保留成分的方差，于是比例之和总为一",
)
def shares_of_the_kept(ours):
    class TruncatedSVD(ours.TruncatedSVD):
        def fit_transform(self, X, y=None):
            Z = super().fit_transform(X, y)
            self.explained_variance_ratio_ = self.explained_variance_ / self.explained_variance_.sum()
            return Z

    return SimpleNamespace(TruncatedSVD=TruncatedSVD)


@mutant(en="centres what it transforms", zh="变换时先中心化")
def centres_in_transform(ours):
    class TruncatedSVD(ours.TruncatedSVD):
        def transform(self, X):
            return super().transform(X) - super().transform(X).mean(axis=0)

    return SimpleNamespace(TruncatedSVD=TruncatedSVD)


@mutant(en="whitens: divides each coordinate by its singular value", zh="做了白化：每个坐标都除以对应的奇异值")
def whitens(ours):
    class TruncatedSVD(ours.TruncatedSVD):
        def transform(self, X):
            return super().transform(X) / self.singular_values_

    return SimpleNamespace(TruncatedSVD=TruncatedSVD)


@mutant(
    en="takes the variance of a sparse column over its stored entries only", zh="稀疏列的方差只在已存储的元素上计算"
)
def variance_of_stored_entries(ours):
    class TruncatedSVD(ours.TruncatedSVD):
        def fit_transform(self, X, y=None):
            Z = super().fit_transform(X, y)
            if sparse.issparse(X):
                self.explained_variance_ratio_ = self.explained_variance_ / (X.data.var() * X.shape[1])
            return Z

    return SimpleNamespace(TruncatedSVD=TruncatedSVD)
