"""Whom the measures of information race: SciPy and scikit-learn."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, peer, race
from mlatlas.atlas.text import Text

CANCELS = Text(
    en="scipy adds up p log(p/q) term by term; when p and q agree to six digits the terms cancel and few digits are left",
    zh="SciPy 逐项相加 p log(p/q)；当 p 与 q 有六位相同时各项相消，所剩有效数字无几",
)


@peer(
    "SciPy",
    requires="scipy",
    translation=[
        Translation(
            "entropy(p)", "scipy.stats.entropy(p)", Text(en="scipy divides by the sum", zh="SciPy 会先除以总和")
        ),
        Translation(
            "kl_divergence(p, q)",
            "scipy.stats.entropy(p, q)",
            Text(en="one function, told apart by its second argument", zh="同一个函数，靠第二个参数区分"),
        ),
    ],
    findings={"near_equality": CANCELS},
)
def scipy_stats():
    """The entropies that SciPy has."""
    from scipy.stats import entropy

    return {
        "entropy": lambda p, *, base=None, axis=-1: entropy(p, base=base, axis=axis),
        "kl_divergence": lambda p, q, *, base=None, axis=-1: entropy(p, q, base=base, axis=axis),
    }


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "base=2",
            "divide by ln 2",
            Text(en="the peer answers in nats only", zh="对方只给出奈特"),
        ),
        Translation(
            "mutual_information(joint)",
            "mutual_info_score(None, None, contingency=counts)",
            Text(
                en="the peer wants integer counts; probabilities are multiplied by 10⁹ and rounded",
                zh="对方要求整数频数；概率先乘 10⁹ 再取整",
            ),
        ),
    ],
)
def scikit_learn():
    """Mutual information and the contingency table."""
    from sklearn.metrics import mutual_info_score
    from sklearn.metrics.cluster import contingency_matrix

    def unit(base):
        return 1.0 if base is None else np.log(base)

    def mutual_information(joint, *, base=None):
        counts = np.rint(np.asarray(joint) * 1e9).astype(np.int64)
        return mutual_info_score(None, None, contingency=counts) / unit(base)

    return {
        "mutual_information": mutual_information,
        "mutual_info_score": lambda x, y, *, base=None: mutual_info_score(x, y) / unit(base),
        "contingency": contingency_matrix,
    }


def distributions(rng: np.random.Generator, k: int):
    """Two distributions on k outcomes."""
    return rng.dirichlet(np.ones(k)), rng.dirichlet(np.ones(k))


def label_pairs(rng: np.random.Generator, n: int, k: int):
    """n dependent pairs of labels out of k."""
    x = rng.integers(0, k, n)
    return x, (x + rng.integers(0, max(2, k // 4), n)) % k


def long_double(p: np.ndarray, q: np.ndarray) -> float:
    """The divergence in extended precision."""
    p, q = p.astype(np.longdouble), q.astype(np.longdouble)
    seen = p > 0
    return float((p[seen] * np.log(p[seen] / q[seen])).sum() / p.sum() - np.log(p.sum()) + np.log(q.sum()))


ERROR = Text(en="relative error against extended precision", zh="与扩展精度结果的相对误差")


@race(
    en="Divergence of two distributions",
    zh="两个分布的相对熵",
    problem=distributions,
    sizes={"tiny": (8,), "small": (100,), "middle": (100_000,), "large": (5_000_000,)},
    certificate=lambda problem, answer: abs(answer / long_double(*problem) - 1),
    certifies=ERROR,
    goal=1e-9,
)
def divergence(subject, problem, tolerance):
    """One divergence."""
    return subject.kl_divergence(*problem)


@race(
    en="Entropy of one distribution",
    zh="一个分布的熵",
    problem=distributions,
    sizes={"tiny": (8,), "small": (100,), "middle": (100_000,), "large": (5_000_000,)},
    certificate=lambda problem, answer: abs(
        answer / -float((problem[0] * np.log(problem[0])).sum(dtype=np.longdouble)) - 1
    ),
    certifies=ERROR,
    goal=1e-9,
)
def entropy(subject, problem, tolerance):
    """One entropy."""
    return subject.entropy(problem[0])


@race(
    en="Mutual information of label columns",
    zh="两列标签的互信息",
    problem=label_pairs,
    sizes={"tiny": (50, 3), "small": (1_000, 10), "middle": (1_000_000, 20), "large": (5_000_000, 200)},
    certificate=lambda problem, answer: abs(answer / _information(*problem) - 1),
    certifies=ERROR,
    goal=1e-9,
)
def mutual_information(subject, problem, tolerance):
    """Count the pairs and measure."""
    return subject.mutual_info_score(*problem)


def _information(x: np.ndarray, y: np.ndarray) -> float:
    table = np.zeros((x.max() + 1, y.max() + 1), dtype=np.longdouble)
    np.add.at(table, (x, y), 1)
    table = table / len(x)
    independent = np.outer(table.sum(1), table.sum(0))
    seen = table > 0
    return float((table[seen] * np.log(table[seen] / independent[seen])).sum())
