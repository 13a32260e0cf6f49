"""Known answers, laws and mutants of entropy and its relatives."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, differs, known, law, mutant

# ---- problems ----------------------------------------------------------------------------------------------


def joint(draw: Draw):
    return draw.probabilities(draw.integer(2, 5) * draw.integer(2, 5)).reshape(draw.tape[0].value, -1)


def two(draw: Draw):
    k = draw.integer(2, 7)
    p, q = draw.probabilities(k), draw.probabilities(k)
    draw.require(np.abs(p - q).max() > 0.02)
    return p, q


def with_zeros(draw: Draw):
    p, q = two(draw)
    return np.r_[p, 0.0], np.r_[q * 0.9, 0.1]


def nearly_equal(draw: Draw):
    p, q = two(draw)
    return p, p + 1e-6 * (q - p)


def markov_chain(draw: Draw):
    """p(x, y) and the channel p(z | y): Z depends on X through Y alone."""
    n, m, k = draw.integer(2, 4), draw.integer(2, 4), draw.integer(2, 4)
    pxy, channel = draw.probabilities(n * m).reshape(n, m), draw.probabilities(m, k)
    return pxy, np.einsum("xy,yz->xyz", pxy, channel)


def no_markov_chain(draw: Draw):
    """Z is a copy of X, and Y is independent of both."""
    px, py = draw.probabilities(draw.integer(2, 4)), draw.probabilities(draw.integer(2, 4))
    return np.outer(px, py), np.einsum("x,y,xz->xyz", px, py, np.eye(len(px)))


def sample(draw: Draw):
    k = draw.integer(2, 5)
    return draw.labels(draw.integer(k + 2, 30), k), k


# ---- known answers -----------------------------------------------------------------------------------------


@known(
    en="A fair coin carries one bit, a fair die log₂ 6 bits, and a certain event none.",
    zh="一枚公平硬币含一比特，一颗公平骰子含 log₂ 6 比特，必然事件含零比特。",
    source="by hand",
)
def coin_die_certainty(subject: Subject):
    entropies = [subject.entropy(p, base=2) for p in (np.full(2, 1 / 2), np.full(6, 1 / 6), np.array([1.0, 0.0]))]
    return agree(entropies, [1.0, np.log2(6), 0.0])


@known(
    en="The table of Cover and Thomas, example 2.2.1: H(X) = 7/4, H(Y) = 2, H(X|Y) = 11/8, H(Y|X) = 13/8, I = 3/8 bits.",
    zh="Cover 与 Thomas 例 2.2.1 的联合分布：H(X) = 7/4，H(Y) = 2，H(X|Y) = 11/8，H(Y|X) = 13/8，I = 3/8 比特。",
    source="Cover, Thomas 2006, example 2.2.1",
)
def cover_and_thomas(subject: Subject):
    pyx = np.array([[1 / 8, 1 / 16, 1 / 32, 1 / 32], [1 / 16, 1 / 8, 1 / 32, 1 / 32], [1 / 16] * 4, [1 / 4, 0, 0, 0]])
    computed = [
        subject.entropy(pyx.sum(0), base=2),
        subject.entropy(pyx.sum(1), base=2),
        subject.conditional_entropy(pyx, base=2),
        subject.conditional_entropy(pyx.T, base=2),
        subject.mutual_information(pyx, base=2),
    ]
    return computed, [7 / 4, 2, 11 / 8, 13 / 8, 3 / 8]


@known(
    en="Mutual information of (0, 0, 1) with (0, 1, 1), in bits, is log₂ 3 − 4/3.",
    zh="(0, 0, 1) 与 (0, 1, 1) 的互信息是 log₂ 3 − 4/3 比特。",
    source="by enumeration; the labels of scikit-learn issue 10778, where nats were taken for bits",
)
def three_labels(subject: Subject):
    return subject.mutual_info_score([0, 0, 1], [0, 1, 1], base=2), np.log2(3) - 4 / 3


# ---- laws --------------------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=joint,
    en="I(X; Y) = H(Y) − H(Y | X) = H(X) − H(X | Y) = H(X) + H(Y) − H(X, Y).",
    zh="I(X; Y) = H(Y) − H(Y | X) = H(X) − H(X | Y) = H(X) + H(Y) − H(X, Y)。",
    source="Cover, Thomas 2006, theorem 2.4.1",
)
def three_forms(problem, subject, other):
    px, py, information = problem.sum(1), problem.sum(0), subject.mutual_information(problem)
    return [
        agree(information, subject.entropy(py) - subject.conditional_entropy(problem), scale=1e-3),
        agree(information, subject.entropy(px) - subject.conditional_entropy(problem.T), scale=1e-3),
        agree(information, subject.entropy(px) + subject.entropy(py) - subject.entropy(problem.ravel()), scale=1e-3),
    ]


@law(
    "equivalent",
    given=joint,
    en="The chain rule: H(X, Y) = H(X) + H(Y | X).",
    zh="链式法则：H(X, Y) = H(X) + H(Y | X)。",
    source="Cover, Thomas 2006, theorem 2.2.1",
)
def chain_rule(problem, subject, other):
    return subject.entropy(problem.ravel()), subject.entropy(problem.sum(1)) + subject.conditional_entropy(problem)


@law(
    "bound",
    given=two,
    en="D(p ‖ q) ≥ 0, and it is zero only for p = q.",
    zh="D(p ‖ q) ≥ 0，且仅当 p = q 时为零。",
    source="Cover, Thomas 2006, theorem 2.6.3 (Gibbs' inequality)",
)
def never_negative(problem, subject, other):
    p, q = problem
    return [
        atmost(0.0, subject.kl_divergence(p, q), scale=1e-3),
        agree(subject.kl_divergence(p, p), 0.0, scale=1e-3),
        differs(subject.kl_divergence(p, q), 0.0, scale=1e-3),
    ]


@law(
    "bound",
    given=two,
    en="Pinsker: D(p ‖ q) is at least half the squared L1 distance.",
    zh="Pinsker 不等式：D(p ‖ q) 不小于 L1 距离平方的一半。",
    source="Cover, Thomas 2006, lemma 11.6.1",
)
def pinsker(problem, subject, other):
    p, q = problem
    return atmost(np.abs(p - q).sum() ** 2 / 2, subject.kl_divergence(p, q))


@law(
    "approximates",
    given=nearly_equal,
    en="Near equality D(p ‖ p + δ) is ½ Σ δ²/p, so it falls to 10⁻¹² and below without losing its digits.",
    zh="p 与 q 非常接近时 D(p ‖ p + δ) 约为 ½ Σ δ²/p：即使小到 10⁻¹² 以下，也不应丢失有效数字。",
    source="Cover, Thomas 2006, section 11.10 (Fisher information as the second-order term)",
    tolerance=1e-4,
)
def near_equality(problem, subject, other):
    p, q = problem
    return subject.kl_divergence(p, q), np.sum((q - p) ** 2 / p) / 2


@law(
    "equivalent",
    given=with_zeros,
    en="Cross-entropy is entropy plus divergence, H(p, q) = H(p) + D(p ‖ q), also where p has zeros.",
    zh="交叉熵等于熵加相对熵：H(p, q) = H(p) + D(p ‖ q)，p 含零时也成立。",
    source="Cover, Thomas 2006, theorem 5.4.3",
)
def cross_entropy_splits(problem, subject, other):
    p, q = problem
    return subject.cross_entropy(p, q), subject.entropy(p) + subject.kl_divergence(p, q)


@law(
    "bound",
    given=markov_chain,
    without=no_markov_chain,
    en="Data processing: if X → Y → Z is a Markov chain, I(X; Z) ≤ I(X; Y). If it is not, Z can know more about X than Y does.",
    zh="数据处理不等式：若 X → Y → Z 构成马尔可夫链，则 I(X; Z) ≤ I(X; Y)；否则 Z 可能比 Y 更了解 X。",
    source="Cover, Thomas 2006, theorem 2.8.1",
)
def data_processing(problem, subject, other):
    pxy, pxyz = problem
    return atmost(subject.mutual_information(pxyz.sum(1)), subject.mutual_information(pxy), scale=1e-3)


@law(
    "bound",
    given=joint,
    en="No distribution on k outcomes has more entropy than the uniform one, log k; and conditioning never adds any.",
    zh="k 个结果上的分布以均匀分布的熵 log k 为最大；加条件不会使熵增加。",
    source="Cover, Thomas 2006, theorems 2.6.4 and 2.6.5",
)
def largest_entropy(problem, subject, other):
    p, k = problem.ravel(), problem.size
    return [
        atmost(subject.entropy(p), np.log(k)),
        agree(subject.entropy(np.full(k, 1 / k)), np.log(k)),
        atmost(subject.conditional_entropy(problem), subject.entropy(problem.sum(0))),
    ]


@law(
    "equivalent",
    given=sample,
    en="Maximum likelihood and minimum divergence from the empirical distribution have the same minimiser on a discrete support: "
    "the two objectives differ by a constant.",
    zh="在离散支撑集上，极大似然与“到经验分布的相对熵最小”有同一个极小点：两个目标只差一个常数。",
    source="Bishop 2006, section 1.6.1",
)
def likelihood_is_divergence(problem, subject, other):
    labels, k = problem
    empirical = np.bincount(labels, minlength=k) / len(labels)
    rivals = [empirical * (1 - t) + t / k for t in (0.0, 0.25, 0.5, 1.0)]
    negative_log_likelihood = np.array([-np.log(q[labels]).mean() for q in rivals])
    divergence = np.array([subject.kl_divergence(empirical, q) for q in rivals])
    constant = subject.entropy(empirical)
    return [
        agree(negative_log_likelihood, divergence + constant),
        agree(divergence[0], 0.0, scale=1e-3),
        atmost(divergence[0], divergence[1:].min(), scale=1e-3),
    ]


@law(
    "invariant",
    given=joint,
    en="Another base changes only the unit: bits are nats divided by ln 2.",
    zh="换底只改变单位：比特数等于奈特数除以 ln 2。",
    source="Shannon 1948, introduction",
)
def units(problem, subject, other):
    p = problem.ravel()
    q = p[::-1]
    measures = [
        lambda **base: subject.entropy(p, **base),
        lambda **base: subject.cross_entropy(p, q, **base),
        lambda **base: subject.kl_divergence(p, q, **base),
        lambda **base: subject.conditional_entropy(problem, **base),
        lambda **base: subject.mutual_information(problem, **base),
    ]
    return [measure(base=2) for measure in measures], [measure() / np.log(2) for measure in measures]


@law(
    "equivalent",
    given=joint,
    en="A stack of distributions is measured row by row, along whichever axis is named.",
    zh="一叠分布沿指定的轴逐个计算。",
)
def row_by_row(problem, subject, other):
    p = problem / problem.sum(1, keepdims=True)
    q = np.full_like(p, 1 / p.shape[1])
    alone = [[subject.entropy(a), subject.kl_divergence(a, b)] for a, b in zip(p, q, strict=True)]
    return np.column_stack([subject.entropy(p.T, axis=0), subject.kl_divergence(p, q, axis=1)]), alone


@law(
    "property",
    given=sample,
    en="A contingency table counts every pair once, whatever the labels are called.",
    zh="列联表对每一对标签恰好计数一次，与标签叫什么无关。",
)
def counts_pairs(problem, subject, other):
    labels, _ = problem
    names = np.array(["e", "d", "c", "b", "a"])[labels]
    by_hand = [[np.sum((names == a) & (labels == b)) for b in np.unique(labels)] for a in np.unique(names)]
    far_apart = labels * 10**9 - 7
    return [
        agree(subject.contingency(names, labels), by_hand),
        agree(subject.contingency(names, far_apart), by_hand),
    ]


# ---- mutants -----------------------------------------------------------------------------------------------


@mutant(
    en="uses bits where nats are asked for",
    zh="要奈特却给了比特",
    source="the reverse of scikit-learn issue 10778",
)
def always_bits(ours):
    return SimpleNamespace(entropy=lambda p, *, base=None, axis=-1: ours.entropy(p, base=2, axis=axis))


@mutant(en="exchanges p and q in the divergence", zh="相对熵里 p 与 q 弄反了")
def exchanged(ours):
    return SimpleNamespace(kl_divergence=lambda p, q, **rest: ours.kl_divergence(q, p, **rest))


@mutant(en="uses the symmetric mean of both directions", zh="用了两个方向的平均")
def symmetrised(ours):
    def kl_divergence(p, q, **rest):
        forward = ours.kl_divergence(p, q, **rest)
        allowed = np.all((np.asarray(p) > 0) | (np.asarray(q) == 0))
        return (forward + ours.kl_divergence(q, p, **rest)) / 2 if allowed else forward

    return SimpleNamespace(kl_divergence=kl_divergence)


@mutant(en="forgets to normalise q", zh="忘了把 q 归一化")
def unnormalised(ours):
    def kl_divergence(p, q, base=None, axis=-1):
        return ours.kl_divergence(p, q, base=base, axis=axis) - np.log(1.5) / (1.0 if base is None else np.log(base))

    return SimpleNamespace(kl_divergence=kl_divergence)


@mutant(
    en="measures the divergence from the mixture (p + q)/2, as the Jensen–Shannon divergence does",
    zh="量的是 p 到混合分布 (p + q)/2 的散度，像 Jensen–Shannon 散度那样",
)
def mixture(ours):
    def kl_divergence(p, q, **rest):
        return ours.kl_divergence(p, (np.asarray(p) + np.asarray(q)) / 2, **rest)

    return SimpleNamespace(kl_divergence=kl_divergence)


@mutant(en="adds 10⁻³ inside the logarithm", zh="在对数里加了 10⁻³")
def smoothed(ours):
    def kl_divergence(p, q, base=None, axis=-1):
        p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
        return (p * np.log((p + 1e-3) / (q + 1e-3))).sum(axis) / (1.0 if base is None else np.log(base))

    return SimpleNamespace(kl_divergence=kl_divergence)


@mutant(
    en="sums p log(p/q) term by term, and cancels near equality",
    zh="逐项相加 p log(p/q)，在 p ≈ q 时相消",
    source="scipy.stats.entropy and most textbook code",
)
def cancelling(ours):
    def kl_divergence(p, q, base=None, axis=-1):
        p, q = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            terms = np.where(p > 0, p * np.log(p / q), 0.0)
        return np.asarray(terms, dtype=np.float32).sum(axis) / (1.0 if base is None else np.log(base))

    return SimpleNamespace(kl_divergence=kl_divergence)


@mutant(en="clips small divergences to zero", zh="把小的相对熵截成零")
def clipped(ours):
    def kl_divergence(p, q, **rest):
        value = ours.kl_divergence(p, q, **rest)
        return np.where(np.asarray(value) < 1e-9, 0.0, value)

    return SimpleNamespace(kl_divergence=kl_divergence)


@mutant(en="forgets the entropy of p: takes the divergence for the cross-entropy", zh="把相对熵当成交叉熵，漏了 p 的熵")
def divergence_for_cross_entropy(ours):
    return SimpleNamespace(cross_entropy=lambda p, q, **rest: ours.kl_divergence(p, q, **rest))


@mutant(en="conditions on the wrong variable", zh="条件取错了变量")
def wrong_condition(ours):
    return SimpleNamespace(
        conditional_entropy=lambda joint, **rest: ours.conditional_entropy(np.asarray(joint).T, **rest)
    )


@mutant(en="averages the rows' entropies without weights", zh="对各行的熵做不加权的平均")
def unweighted_rows(ours):
    def conditional_entropy(joint, base=None):
        joint = np.asarray(joint, dtype=float)
        seen = joint[joint.sum(1) > 0]
        return float(np.mean([ours.entropy(row / row.sum(), base=base) for row in seen]))

    return SimpleNamespace(conditional_entropy=conditional_entropy)


@mutant(
    en="returns the upper bound min(H(X), H(Y)) for the mutual information",
    zh="返回的是互信息的上界 min(H(X), H(Y))",
)
def upper_bound(ours):
    def mutual_information(joint, **rest):
        joint = np.asarray(joint)
        return min(ours.entropy(joint.sum(1), **rest), ours.entropy(joint.sum(0), **rest))

    return SimpleNamespace(mutual_information=mutual_information)


@mutant(en="sums the whole stack, ignoring the axis", zh="忽略轴参数，把整叠分布加在一起")
def ignores_axis(ours):
    def entropy(p, *, base=None, axis=-1):
        value = ours.entropy(p, base=base, axis=axis)
        return value if np.ndim(value) == 0 else np.full_like(value, value.mean())

    return SimpleNamespace(entropy=entropy)


@mutant(en="adds a little for every outcome of probability zero", zh="每遇到一个零概率就多加一点")
def zeros_counted(ours):
    def entropy(p, **rest):
        p = np.asarray(p, dtype=float)
        return ours.entropy(p, **rest) + 1e-2 * (p == 0).sum()

    return SimpleNamespace(entropy=entropy)


@mutant(en="smooths the joint table towards its diagonal", zh="把联合分布向对角线平滑")
def inflated_information(ours):
    def mutual_information(joint, **rest):
        joint = np.asarray(joint, dtype=float)
        n, m = joint.shape
        diagonal = np.eye(n, m)
        return ours.mutual_information(0.7 * joint + 0.3 * diagonal / diagonal.sum(), **rest)

    return SimpleNamespace(mutual_information=mutual_information)


@mutant(en="merges the last two labels of a table", zh="列联表把最后两个标签并在一起")
def merged_labels(ours):
    def contingency(x, y):
        counts = ours.contingency(x, y)
        merged = counts.copy()
        merged[-1] += merged[-2]
        merged[-2] = 0
        return merged

    return SimpleNamespace(contingency=contingency)
