"""Whom decoding races: the compiled recursions inside hmmlearn, one call a sequence."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import NotOffered, Translation, peer, race
from mlatlas.atlas.text import Text

LOST = Text(
    en="hmmlearn takes start and transitions as probabilities; log-weights that differ by more than 745 cannot be given to it, "
    "because the smaller one becomes zero",
    zh="hmmlearn 的初始与转移只收概率；对数权重相差超过 745 时，小的那个变成零，无法传给它",
)


@peer(
    "hmmlearn",
    requires="hmmlearn",
    translation=[
        Translation(
            "start, transition",
            "exp(start − max), exp(transition − max)",
            Text(
                en="the peer takes the logarithms itself; what is taken off is added to the value again",
                zh="对方自己取对数；减去的量再加回结果",
            ),
        ),
        Translation(
            "lengths", "a loop over the sequences", Text(en="as its own decode does", zh="与它自己的 decode 相同")
        ),
    ],
    findings={"two_semirings": LOST},
)
def hmmlearn():
    """The functions that hmmlearn's models call for each sequence, under our names. It has no k best paths."""
    from hmmlearn import _hmmc

    def each(function, start, transition, score, lengths):
        if np.ndim(transition) == 3:
            raise NotOffered("hmmlearn has one transition matrix for all steps")
        b, A, s = np.max(start), np.max(transition), np.ascontiguousarray(score, dtype=float)
        weights = np.exp(start - b), np.exp(transition - A)
        ends = np.cumsum([len(s)] if lengths is None else lengths)
        for first, last in zip([0, *ends[:-1]], ends, strict=True):
            yield function(*weights, s[first:last]), b + (last - first - 1) * A, b, A

    def viterbi(start, transition, score, lengths=None):
        found = list(each(_hmmc.viterbi, start, transition, score, lengths))
        values = np.array([value + off for (value, _), off, _, _ in found])
        return (values[0] if lengths is None else values), np.concatenate([path for (_, path), *_ in found])

    def log_partition(start, transition, score, lengths=None):
        found = each(_hmmc.forward_log, start, transition, score, lengths)
        values = np.array([value + off for (value, _), off, _, _ in found])
        return values[0] if lengths is None else values

    def forward(start, transition, score, lengths=None):
        found = each(_hmmc.forward_log, start, transition, score, lengths)
        return np.concatenate([table + b + np.arange(len(table))[:, None] * A for (_, table), _, b, A in found])

    def backward(start, transition, score, lengths=None):
        found = each(_hmmc.backward_log, start, transition, score, lengths)
        return np.concatenate([table + np.arange(len(table))[::-1, None] * A for table, _, _, A in found])

    def marginals(*chain):
        product = forward(*chain) + backward(*chain)
        P = np.exp(product - product.max(axis=1, keepdims=True))
        return P / P.sum(axis=1, keepdims=True)

    def posterior_decode(*chain):
        P = marginals(*chain)
        return P.max(axis=1).sum(), P.argmax(axis=1)

    return {
        "viterbi": viterbi, "log_partition": log_partition, "forward": forward, "backward": backward,
        "marginals": marginals, "posterior_decode": posterior_decode,
    }  # fmt: skip


def chains(rng: np.random.Generator, K: int, sequences: int, length: int):
    """Sequences whose state stays with probability 0.7, seen through four numbers with unit noise."""
    A = np.where(np.eye(K, dtype=bool), 0.7, 0.3 / max(K - 1, 1))
    n = sequences * length
    fresh = (rng.random(n) > 0.7) | (np.arange(n) % length == 0)
    states = rng.integers(0, K, n)[np.maximum.accumulate(np.where(fresh, np.arange(n), 0))]
    means = 1.5 * rng.normal(size=(K, 4))
    X = means[states] + rng.normal(size=(n, 4))
    score = -0.5 * ((X[:, None, :] - means) ** 2).sum(2)
    return np.log(np.full(K, 1 / K)), np.log(A), score, np.full(sequences, length)


def below_the_best(problem, answer) -> float:
    """How much less the paths are worth than they could be by dynamic programming in NumPy, relatively."""
    start, transition, score, lengths = problem
    values, path = answer[: len(lengths)], answer[len(lengths) :].astype(int).reshape(len(lengths), -1)
    table = by_sequence(score, lengths)
    worth = start[path[:, 0]].sum() + np.take_along_axis(table, path[..., None], axis=2).sum()
    worth += transition[path[:, :-1], path[:, 1:]].sum()
    now = start + table[:, 0]
    for t in range(1, table.shape[1]):
        now = (now[:, :, None] + transition).max(axis=1) + table[:, t]
    best = now.max(axis=1).sum()
    return float(max(best - worth, abs(values.sum() - best)) / abs(best))


def off_the_posterior(problem, P) -> float:
    """The largest difference from scaled forward-backward in NumPy."""
    start, transition, score, lengths = problem
    table = by_sequence(score, lengths)
    A, B = np.exp(transition), np.exp(table - table.max(axis=2, keepdims=True))
    alpha, beta = np.empty_like(B), np.ones_like(B)
    alpha[:, 0] = np.exp(start) * B[:, 0]
    for t in range(1, B.shape[1]):
        alpha[:, t] = scaled(alpha[:, t - 1]) @ A * B[:, t]
    for t in range(B.shape[1] - 2, -1, -1):
        beta[:, t] = scaled(B[:, t + 1] * beta[:, t + 1]) @ A.T
    return float(np.abs(P.reshape(B.shape) - scaled(alpha * beta)).max())


def by_sequence(score, lengths):
    """The scores as (S, T, K): all sequences are of one length."""
    return score.reshape(len(lengths), -1, score.shape[1])


def scaled(x):
    return x / x.sum(axis=-1, keepdims=True)


SIZES = {
    "tiny": (3, 4, 12),
    "small": (4, 50, 30),
    "middle": (8, 500, 100),
    "many states": (32, 200, 200),
    "one long sequence": (8, 1, 100_000),
}


@race(
    en="Best paths",
    zh="最优路径",
    problem=chains,
    sizes=SIZES,
    certificate=below_the_best,
    certifies=Text(en="relative distance of the paths from the best value", zh="所得路径与最优值的相对差距"),
    goal=1e-9,
)
def best_paths(subject, problem, tolerance):
    """Decode all sequences."""
    values, path = subject.viterbi(*problem)
    return np.r_[values, path]


@race(
    en="Posterior marginals",
    zh="后验边缘概率",
    problem=chains,
    sizes=SIZES,
    certificate=off_the_posterior,
    certifies=Text(en="largest difference from scaled sums in NumPy", zh="与 NumPy 缩放求和结果的最大差"),
    goal=1e-7,
)
def posterior_marginals(subject, problem, tolerance):
    """Sum over all paths, forward and backward."""
    return subject.marginals(*problem)
