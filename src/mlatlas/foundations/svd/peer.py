"""Whom the singular value decomposition races: SciPy where it is exact, scikit-learn where it is randomised."""

from __future__ import annotations

import inspect

import numpy as np
from scipy import sparse

from mlatlas.atlas.judge import Subject, Translation, peer, race
from mlatlas.atlas.text import Text

SIGNS = Translation(
    "signs by the rows of Vt",
    "sklearn.utils.extmath.svd_flip(U, Vt, u_based_decision=False)",
    Text(
        en="SciPy leaves the signs to LAPACK, and scikit-learn's function settles them by U",
        zh="SciPy 的符号由 LAPACK 随意决定，scikit-learn 的函数则按 U 来定",
    ),
)


@peer(
    "SciPy",
    requires="scipy",
    translation=[
        Translation(
            "truncated_svd(A, rank)",
            "scipy.linalg.svd(A), cut to rank; for a sparse A scipy.sparse.linalg.svds(A, rank), reversed",
            Text(
                en="the dense function has no rank; the sparse one returns the smallest first",
                zh="稠密函数没有秩参数；稀疏函数从小到大返回",
            ),
        ),
        SIGNS,
    ],
)
def scipy_linalg():
    """The exact decomposition, and the approximation made from it."""
    from scipy.linalg import svd
    from scipy.sparse.linalg import svds
    from sklearn.utils.extmath import svd_flip

    def truncated_svd(A, rank):
        if sparse.issparse(A):
            U, s, Vt = svds(A, rank)
            U, s, Vt = U[:, ::-1], s[::-1], Vt[::-1]
        else:
            U, s, Vt = svd(A, full_matrices=False)
        U, Vt = svd_flip(U[:, :rank], Vt[:rank], u_based_decision=False)
        return Triplets(U, s[:rank], Vt)

    def low_rank(A, rank):
        U, s, Vt = truncated_svd(A, rank)
        return (U * s) @ Vt

    return {"truncated_svd": truncated_svd, "low_rank": low_rank}


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        SIGNS,
        Translation(
            "algorithm='exact'",
            "algorithm='arpack'",
            Text(
                en="the peer's exact road is Lanczos iteration whatever the shape, and takes fewer components than features",
                zh="对方的精确算法不论形状一律用 Lanczos 迭代，成分数必须小于特征数",
            ),
        ),
        Translation(
            "n_iter",
            "n_iter",
            Text(
                en="as many products, but the peer keeps the last block alone, so for the same accuracy it needs more",
                zh="乘法次数相当，但对方只保留最后一块，所以同样的精度要更多次",
            ),
        ),
    ],
)
def scikit_learn():
    """The randomised decomposition and the estimator."""
    from sklearn.decomposition import TruncatedSVD
    from sklearn.utils.extmath import randomized_svd, svd_flip

    def randomised_svd(A, rank, *, n_oversamples=10, n_iter=4, random_state=None, power_iteration_normalizer="auto"):
        U, s, Vt = randomized_svd(
            A,
            rank,
            n_oversamples=n_oversamples,
            n_iter=n_iter,
            random_state=random_state,
            power_iteration_normalizer=power_iteration_normalizer,
            flip_sign=False,
        )
        U, Vt = svd_flip(U, Vt, u_based_decision=False)
        return Triplets(U, s, Vt)

    def truncated(n_components=2, *, algorithm="randomized", **options):
        algorithm = {"exact": "arpack"}.get(algorithm, algorithm)
        return TruncatedSVD(n_components, algorithm=algorithm, **options)

    return {"randomised_svd": randomised_svd, "TruncatedSVD": truncated}


class Triplets(Subject):
    """An answer with U, s and Vt; whatever else is asked of it, the peer does not offer."""

    def __init__(self, U, s, Vt):
        super().__init__({"U": U, "s": s, "Vt": Vt})

    def __iter__(self):
        return iter((self.U, self.s, self.Vt))

    def __getitem__(self, part):
        return (self.U, self.s, self.Vt)[part]


# ---- problems ----------------------------------------------------------------------------------------------


def best_energy(A, k: int) -> float:
    """σ₁² + … + σ_k² from the Gram matrix of the shorter side."""
    G = A.T @ A if A.shape[0] >= A.shape[1] else A @ A.T
    return float(np.linalg.eigvalsh(G.toarray() if sparse.issparse(G) else G)[-k:].sum())


def energy(A) -> float:
    """‖A‖_F²."""
    entries = A.data if sparse.issparse(A) else A
    return float(np.vdot(entries, entries))


def with_decay(rng: np.random.Generator, n: int, p: int, k: int, decay: float):
    """Singular values that fall like i to the power −decay over p/5 directions, and noise below; decay 0 is noise alone."""
    r = max(p // 5, 2)
    A = rng.normal(size=(n, p))
    if decay:
        A *= 0.3
        A += rng.normal(size=(n, r)) * np.arange(1, r + 1) ** -decay @ rng.normal(size=(r, p))
    return A, k, best_energy(A, k)


def word_counts(rng: np.random.Generator, n: int, p: int, k: int, density: float, popularity: float):
    """Logarithms of word counts: n documents, p words of which the i-th is as frequent as i to the power −popularity."""
    weight = np.arange(1, p + 1) ** -popularity
    words = int(density * p * (1.3 if popularity else 1.0))
    cells = np.repeat(np.arange(n), words), rng.choice(p, n * words, p=weight / weight.sum())
    A = sparse.csr_array((np.ones(n * words), cells), shape=(n, p))
    A.sum_duplicates()
    A.data = np.log1p(A.data)
    return A, k, best_energy(A, k)


def with_condition(rng: np.random.Generator, n: int, p: int, k: int, exponent: int):
    """Singular values that fall evenly from 1 to 10^−exponent."""
    U, V = (np.linalg.qr(rng.normal(size=(m, min(n, p))))[0] for m in (n, p))
    return U * np.logspace(0, -exponent, min(n, p)) @ V.T, k


# ---- certificates ------------------------------------------------------------------------------------------


def packed(answer) -> np.ndarray:
    return np.concatenate([np.ravel(part) for part in answer[:3]])


def unpacked(A, k: int, answer: np.ndarray):
    n, p = A.shape
    return answer[: n * k].reshape(n, k), answer[n * k : n * k + k], answer[n * k + k :].reshape(k, p)


def excess(problem, answer) -> float:
    """‖A − U diag(s) Vt‖_F² over the least that rank k allows, less one."""
    A, k, best = problem
    U, s, Vt = unpacked(A, k, answer)
    fit = 2 * np.sum((A @ Vt.T) * U * s) - np.sum((U.T @ U) * (Vt @ Vt.T) * np.outer(s, s))
    return float((best - fit) / (energy(A) - best))


def excess_of_components(problem, answer) -> float:
    """‖X − X V Vᵀ‖_F² over the least that rank k allows, less one."""
    X, _, best = problem
    V, _ = np.linalg.qr(answer.T)
    return float((best - np.sum((X @ V) ** 2)) / (energy(X) - best))


def residual(problem, answer) -> float:
    """The largest of ‖Avᵢ − σᵢuᵢ‖ and ‖Aᵀuᵢ − σᵢvᵢ‖, over σ₁."""
    A, k = problem
    U, s, Vt = unpacked(A, k, answer)
    return float(
        max(np.linalg.norm(A @ Vt.T - U * s, axis=0).max(), np.linalg.norm(A.T @ U - Vt.T * s, axis=0).max()) / s[0]
    )


EXCESS = Text(en="squared error over the least possible, less one", zh="平方误差与最小可能值之比减一")
THOUSANDTH = 1e-3  # the squared error is within a thousandth of the least possible

# Power iterations, and how the peer normalises between them, from cheap to dear. It does best without normalising as long
# as that is accurate enough; ours has one way and tries the numbers alone.
EFFORTS = (
    *((n_iter, "none") for n_iter in range(8)),
    *((n_iter, how) for n_iter in (8, 10, 13, 17, 22, 30, 40) for how in ("none", "LU")),
)


# ---- races -------------------------------------------------------------------------------------------------


def normalised(parameters, how: str) -> dict[str, str]:
    """The peer's setting, for a subject that has it."""
    return {"power_iteration_normalizer": how} if "power_iteration_normalizer" in parameters else {}


@race(
    en="Randomised, dense",
    zh="随机化，稠密矩阵",
    problem=with_decay,
    sizes={
        "tiny": (60, 40, 3, 0.5),
        "small": (500, 100, 10, 0.5),
        "middle": (5_000, 500, 20, 0.5),
        "large": (20_000, 2_000, 50, 0.5),
        "wide": (500, 10_000, 20, 0.5),
        "flat": (4_000, 800, 20, 0.0),
    },
    certificate=excess,
    certifies=EXCESS,
    goal=THOUSANDTH,
    tolerances=EFFORTS,
)
def randomised_dense(subject, problem, tolerance):
    """The first k triplets to within a thousandth of the least squared error."""
    A, k, _ = problem
    n_iter, how = tolerance
    options = normalised(inspect.signature(subject.randomised_svd).parameters, how)
    return packed(subject.randomised_svd(A, k, n_iter=n_iter, random_state=0, **options))


@race(
    en="Randomised, sparse",
    zh="随机化，稀疏矩阵",
    problem=word_counts,
    sizes={
        "tiny": (80, 40, 3, 0.2, 1.0),
        "small": (1_000, 300, 10, 0.05, 1.0),
        "large": (20_000, 2_000, 50, 0.01, 1.0),
        "wide": (1_500, 20_000, 20, 0.005, 1.0),
        "flat": (20_000, 2_000, 50, 0.01, 0.0),
    },
    certificate=excess,
    certifies=EXCESS,
    goal=THOUSANDTH,
    tolerances=EFFORTS,
)
def randomised_sparse(subject, problem, tolerance):
    """The same for a sparse matrix; ``flat`` has no word more frequent than another, the worst case there is."""
    return randomised_dense.work(subject, problem, tolerance)


@race(
    en="TruncatedSVD, sparse",
    zh="TruncatedSVD，稀疏矩阵",
    problem=word_counts,
    sizes={
        "tiny": (80, 40, 3, 0.2, 1.0),
        "small": (1_000, 300, 10, 0.05, 1.0),
        "large": (20_000, 2_000, 50, 0.01, 1.0),
        "flat": (20_000, 2_000, 50, 0.01, 0.0),
    },
    certificate=excess_of_components,
    certifies=EXCESS,
    goal=THOUSANDTH,
    tolerances=EFFORTS,
)
def estimator_sparse(subject, problem, tolerance):
    """Fit and transform; the certificate judges the components alone."""
    X, k, _ = problem
    n_iter, how = tolerance
    model = subject.TruncatedSVD(k, n_iter=n_iter, random_state=0)
    model.set_params(**normalised(model.get_params(), how)).fit_transform(X)
    return model.components_


@race(
    en="TruncatedSVD, dense",
    zh="TruncatedSVD，稠密矩阵",
    problem=with_decay,
    sizes={
        "tiny": (60, 40, 3, 0.5),
        "small": (500, 100, 10, 0.5),
        "middle": (5_000, 500, 20, 0.5),
        "large": (20_000, 2_000, 50, 0.5),
    },
    certificate=excess_of_components,
    certifies=EXCESS,
    goal=THOUSANDTH,
    tolerances=EFFORTS,
)
def estimator_dense(subject, problem, tolerance):
    """Fit and transform; the certificate judges the components alone."""
    return estimator_sparse.work(subject, problem, tolerance)


@race(
    en="Exact",
    zh="精确分解",
    problem=with_condition,
    sizes={
        "tiny": (20, 6, 2, 1),
        "small": (300, 50, 10, 2),
        "tall": (20_000, 200, 20, 2),
        "square": (800, 800, 20, 2),
        "graded": (5_000, 300, 300, 8),
    },
    certificate=residual,
    certifies=Text(en="largest residual of a pair, over σ₁", zh="各对奇异向量的最大残差与 σ₁ 之比"),
    goal=1e-11,
)
def exact(subject, problem, tolerance):
    """The first k triplets to rounding error; ``graded`` asks for what the Gram matrix does not know, and it is tried in vain."""
    return packed(subject.truncated_svd(*problem))
