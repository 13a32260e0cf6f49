"""Whom the norms race: SciPy."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, peer, race
from mlatlas.atlas.text import Text


@peer(
    "SciPy",
    requires="scipy",
    translation=[
        Translation(
            "l1_norm(x)",
            "scipy.linalg.norm(x.ravel(), 1)",
            Text(en="on a matrix ord=1 would mean the largest column sum", zh="对矩阵而言 ord=1 是最大列和"),
        ),
        Translation(
            "spectral_norm(A), nuclear_norm(A)",
            "scipy.linalg.norm(A, 2), norm(A, 'nuc')",
            Text(en="the same", zh="相同"),
        ),
    ],
)
def scipy_linalg():
    """The norms; SciPy has no proximal operators."""
    from scipy.linalg import norm

    return {
        "l0_norm": lambda x: int(norm(np.ravel(x), 0)),
        "l1_norm": lambda x: norm(np.ravel(x), 1),
        "l2_norm": lambda x: norm(np.ravel(x), 2),
        "linf_norm": lambda x: norm(np.ravel(x), np.inf),
        "frobenius_norm": lambda A: norm(A, "fro"),
        "spectral_norm": lambda A: norm(A, 2),
        "nuclear_norm": lambda A: norm(A, "nuc"),
    }


def relative_error(truth):
    return lambda problem, answer: abs(answer / truth(problem) - 1)


@race(
    en="L1 norm of a vector",
    zh="向量的 L1 范数",
    problem=lambda rng, n: rng.normal(size=n),
    sizes={"tiny": (10,), "small": (1_000,), "middle": (1_000_000,), "large": (20_000_000,)},
    certificate=relative_error(lambda x: float(np.abs(x).sum(dtype=np.longdouble))),
    certifies=Text(en="relative error against extended precision", zh="与扩展精度结果的相对误差"),
    goal=1e-12,
)
def l1(subject, x, tolerance):
    """One norm."""
    return subject.l1_norm(x)


@race(
    en="Nuclear norm of a matrix",
    zh="矩阵的核范数",
    problem=lambda rng, n, p: rng.normal(size=(n, p)) * np.logspace(0, -6, p),
    sizes={"tiny": (6, 4), "small": (100, 20), "square": (500, 500), "middle": (20_000, 200)},
    certificate=relative_error(lambda A: float(np.linalg.svd(A, compute_uv=False).sum())),
    certifies=Text(en="relative error against LAPACK's singular values", zh="与 LAPACK 奇异值结果的相对误差"),
    goal=1e-12,
)
def nuclear(subject, A, tolerance):
    """One norm."""
    return subject.nuclear_norm(A)
