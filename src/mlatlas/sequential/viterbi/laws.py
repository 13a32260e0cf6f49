"""Known answers, laws and mutants of decoding: brute force over all paths is the oracle."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from scipy.special import logsumexp

from mlatlas.atlas.judge import Draw, Subject, agree, atmost, known, law, mutant

# ---- problems ----------------------------------------------------------------------------------------------


def trellis(draw: Draw):
    """Log-weights of a short chain: start (K,), transition (K, K), score (T, K)."""
    K, T = draw.integer(2, 5), draw.integer(2, 6)
    return draw.normal(K, scale=2.0), draw.normal(K, K, scale=2.0), draw.normal(T, K, scale=2.0)


def forbidden(draw: Draw):
    """The same with forbidden steps and starts, so that fewer paths are left."""
    start, transition, score = trellis(draw)
    K = len(start)
    start, transition = start.copy(), transition.copy()
    start[draw.integer(0, K)] = -np.inf
    transition[draw.uniform(0, 1, K, K) < 0.3] = -np.inf
    values, _ = every_path(start, transition, score)
    draw.require(len(values) > 1)
    return start, transition, score


def either(draw: Draw):
    return forbidden(draw) if draw.integer(0, 2) else trellis(draw)


def changing(draw: Draw):
    """A transition matrix for each step."""
    start, _, score = trellis(draw)
    T, K = score.shape
    return start, draw.normal(T - 1, K, K, scale=2.0), score


def either_or_changing(draw: Draw):
    return either(draw) if draw.integer(0, 3) else changing(draw)


def distinct(draw: Draw):
    """A chain whose paths all differ in value by more than rounding."""
    problem = either_or_changing(draw)
    values, _ = every_path(*problem)
    draw.require(np.diff(np.sort(values)).min(initial=1.0) > 1e-6)
    return problem


def long_chain(draw: Draw):
    """400 times with log-probabilities around −30: their product is far below the smallest number."""
    K = draw.integer(2, 4)
    return np.log(draw.probabilities(K)), np.log(draw.probabilities(K, K)), draw.normal(400, K, scale=3.0) - 30.0


def several(draw: Draw):
    """Several sequences of different lengths, one after the other."""
    start, transition, _ = trellis(draw)
    lengths = draw.integer(1, 5, draw.integer(2, 5))
    return start, transition, draw.normal(int(np.sum(lengths)), len(start), scale=2.0), lengths


def no_memory(draw: Draw):
    """The next state does not depend on the present one: all rows of the transition matrix are alike."""
    start, transition, score = trellis(draw)
    return start, np.tile(transition[0], (len(start), 1)), score


def memory(draw: Draw):
    """Staying in a state costs more than its score is worth, and state 1 has the best score at every time."""
    start, _, score = trellis(draw)
    score = score.copy()
    score[:, 1] += 10.0 + 2 * np.abs(score).max()
    return np.zeros(len(start)), -3 * np.abs(score).max() * np.eye(len(start)), score


def every_path(start, transition, score):
    """The values and the paths (N, T) of all paths that are not forbidden, by the definition."""
    T, K = score.shape
    steps = np.broadcast_to(transition, (T - 1, K, K))
    paths = np.array(list(itertools.product(range(K), repeat=T)))
    values = start[paths[:, 0]] + score[np.arange(T), paths].sum(1)
    for t in range(T - 1):
        values = values + steps[t, paths[:, t], paths[:, t + 1]]
    allowed = values > -np.inf
    return values[allowed], paths[allowed]


def value_of(path, start, transition, score):
    """S of one path, by the definition."""
    steps = np.broadcast_to(transition, (len(score) - 1, *np.shape(transition)[-2:]))
    return start[path[0]] + sum(score[t, k] for t, k in enumerate(path)) + sum(
        steps[t, path[t], path[t + 1]] for t in range(len(path) - 1)
    )  # fmt: skip


def probabilities(values):
    return np.exp(values - logsumexp(values))


# ---- known answers -----------------------------------------------------------------------------------------

HEALTHY = np.log([0.6, 0.4]), np.log([[0.7, 0.3], [0.4, 0.6]]), np.log([[0.5, 0.1], [0.4, 0.3], [0.1, 0.6]])


@known(
    en="A patient feels normal, then cold, then dizzy: healthy, healthy, fever is the likeliest, with probability 0.01512; "
    "over all eight paths it is 0.03628.",
    zh="病人先后感到正常、发冷、头晕：最可能的状态是健康、健康、发烧，概率 0.01512；八条路径合计 0.03628。",
    source="the example of the Wikipedia article on the Viterbi algorithm; the sum by hand, 0.01512 + 0.00588 + ...",
)
def healthy_or_fever(subject: Subject):
    value, path = subject.viterbi(*HEALTHY)
    total = sum(np.exp(value_of(z, *HEALTHY)) for z in itertools.product((0, 1), repeat=3))
    return [
        agree(np.r_[np.exp(value), path], [0.01512, 0, 0, 1]),
        agree(np.exp(subject.log_partition(*HEALTHY)), 0.03628),
        agree(total, 0.03628),
    ]


@known(
    en="Three roads lead from the first state to the last, worth −4, −6 and −5: the best two are those of −4 and −5.",
    zh="从首态到末态有三条路，价值为 −4、−6、−5：最好的两条是 −4 与 −5。",
    source="by hand: the middle state is 0, 1 or 2, and everything else is forbidden",
)
def three_roads(subject: Subject):
    start = np.array([0.0, -np.inf, -np.inf])
    score = np.array([[0.0, 0.0, 0.0], [-1.0, -3.0, -2.0], [-np.inf, -np.inf, 0.0]])
    transition = np.array([[-1.0, -1.0, -2.0], [0.0, 0.0, -2.0], [0.0, 0.0, -1.0]])
    values, paths = subject.k_best_paths(start, transition, score, 2)
    return [agree(values, [-4.0, -5.0]), agree(paths, [[0, 0, 2], [0, 2, 2]])]


@known(
    en="The path of the likeliest states can be impossible: here it takes a step whose weight is zero.",
    zh="由各时刻最可能的状态连成的路径可能不可行：这里它走了一步权重为零的转移。",
    source="by hand: paths 00, 10 and 11 weigh 4, 0 and 3, path 01 is forbidden and 2→1 weighs 2",
)
def likeliest_states_make_no_path(subject: Subject):
    start, score = np.zeros(3), np.zeros((2, 3))
    with np.errstate(divide="ignore"):
        transition = np.log([[4.0, 0.0, 0.0], [0.0, 3.0, 0.0], [0.0, 2.0, 0.0]])
    expected, states = subject.posterior_decode(start, transition, score)
    value, path = subject.viterbi(start, transition, score)
    return [agree(np.r_[expected, states], [1.0, 0, 1]), agree(np.r_[value, path], [np.log(4.0), 0, 0])]


# ---- laws: the best path -----------------------------------------------------------------------------------


@law(
    "equivalent",
    given=distinct,
    en="Where no two paths tie, the best path and its value are the largest of all Kᵀ paths, enumerated.",
    zh="没有并列时，最优路径及其值就是枚举全部 Kᵀ 条路径得到的最大者。",
    source="Forney 1973, section II",
)
def all_paths(problem, subject, other):
    values, paths = every_path(*problem)
    value, path = subject.viterbi(*problem)
    return np.r_[value, path], np.r_[values.max(), paths[values.argmax()]]


@law(
    "equivalent",
    given=long_chain,
    en="It is the shortest path through a graph with a vertex for each state at each time, here found by Dijkstra's algorithm.",
    zh="它就是一张图上的最短路：每个时刻的每个状态是一个顶点；这里用 Dijkstra 算法求出。",
    source="Forney 1973, section III",
)
def shortest_path(problem, subject, other):
    start, transition, score = problem
    T, K = score.shape
    reward = np.concatenate([[start + score[0]], (transition + score[1:, None, :]).reshape(-1, K)])
    cost = reward.max() + 1.0 - reward  # positive; every path has as many edges, so that the order stays
    tail = np.r_[0, np.arange(1, (T - 1) * K + 1)]
    head = np.concatenate([[1 + np.arange(K)], 1 + K + np.arange((T - 1) * K).reshape(-1, K).repeat(K, axis=0)])
    graph = csr_array((cost.ravel(), (tail.repeat(K), head.ravel())), shape=(T * K + 1,) * 2)
    shortest = dijkstra(graph, indices=0)[-K:].min()
    value, path = subject.viterbi(*problem)
    expected = T * (reward.max() + 1.0) - shortest
    return [agree(value, expected), agree(value_of(path, *problem), expected)]


@law(
    "special case",
    given=no_memory,
    without=memory,
    en="When the next state does not depend on the present one, the best path takes the best state at each time by itself.",
    zh="若下一状态与当前状态无关，最优路径就是各时刻各自取最优状态。",
)
def each_time_alone(problem, subject, other):
    start, transition, score = problem
    alone = np.vstack([start + score[0], transition[0] + score[1:]])
    return subject.viterbi(*problem)[0], alone.max(1).sum()


@law(
    "invariant",
    given=distinct,
    en="Read from the end to the start, with every step turned round, the chain has the same best path, reversed.",
    zh="把链倒过来读、每一步反向，最优路径不变，只是次序颠倒。",
)
def backwards(problem, subject, other):
    start, transition, score = problem
    T, K = score.shape
    steps = np.broadcast_to(transition, (T - 1, K, K))[::-1].transpose(0, 2, 1)
    turned = score[::-1].copy()
    turned[-1] += start
    value, path = subject.viterbi(np.zeros(K), steps if transition.ndim == 3 else transition.T, turned)
    best, forward = subject.viterbi(*problem)
    return np.r_[value, path[::-1]], np.r_[best, forward]


@law(
    "invariant",
    given=lambda draw: (*distinct(draw), draw.integer(0, 1000)),
    en="Permuting the labels of the states permutes the path and changes no value.",
    zh="重排状态的编号，路径随之重排，各值不变。",
)
def labels(problem, subject, other):
    start, transition, score, seed = problem
    order = np.random.default_rng(seed).permutation(len(start))
    moved = start[order], transition[..., order, :][..., order], score[:, order]
    value, path = subject.viterbi(*moved)
    best, before = subject.viterbi(start, transition, score)
    return [
        agree(np.r_[value, order[path]], np.r_[best, before]),
        agree(subject.log_partition(*moved), subject.log_partition(start, transition, score)),
        agree(subject.marginals(*moved), subject.marginals(start, transition, score)[:, order]),
    ]


# ---- laws: the k best --------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=lambda draw: (distinct(draw), draw.integer(1, 12)),
    en="Where no two paths tie, the k best are the first k of all paths, sorted by enumeration.",
    zh="没有并列时，k 条最优路径就是枚举后排序的前 k 条。",
    source="Seshadri, Sundberg 1994",
)
def k_best_of_all(problem, subject, other):
    chain, k = problem
    values, paths = every_path(*chain)
    best = np.argsort(-values)[:k]
    found = subject.k_best_paths(*chain, k)
    return [agree(found[0], values[best]), agree(found[1], paths[best])]


@law(
    "equivalent",
    given=either,
    en="Asked for more paths than there are, it gives each that is not forbidden once: their weights add up to the sum over all.",
    zh="所求条数超过路径总数时，每条可行路径恰好给出一次：权重之和等于全部路径之和。",
)
def all_are_found(problem, subject, other):
    values, paths = subject.k_best_paths(*problem, 10_000)
    return [
        agree(logsumexp(values), subject.log_partition(*problem)),
        agree(len(np.unique(paths, axis=0)), len(every_path(*problem)[0])),
    ]


# ---- laws: sums over all paths -----------------------------------------------------------------------------


@law(
    "equivalent",
    given=either_or_changing,
    en="Forward, backward and the sum over all paths are those of the enumeration.",
    zh="前向、后向以及全部路径之和，都与枚举一致。",
    source="Rabiner 1989, section III.A",
)
def sums_over_paths(problem, subject, other):
    start, transition, score = problem
    T, K = score.shape
    steps = np.broadcast_to(transition, (T - 1, K, K))
    alpha, beta = subject.forward(*problem), subject.backward(*problem)
    t = T // 2
    heads = every_path(start, steps[:t] if transition.ndim == 3 else transition, score[: t + 1])
    sides = [agree(subject.log_partition(*problem), logsumexp(every_path(*problem)[0]))]
    for k in range(K):
        sides.append(agree(np.exp(alpha[t, k]), np.exp(heads[0][heads[1][:, -1] == k]).sum(), scale=1e-3))
        here = np.where(np.arange(K) == k, -score[t], -np.inf)  # a start in k that does not count score[t, k]
        with np.errstate(invalid="ignore"):
            tails = every_path(here, steps[t:] if transition.ndim == 3 else transition, score[t:])[0]
        sides.append(agree(np.exp(beta[t, k]), np.exp(tails).sum(), scale=1e-3))
    return sides


@law(
    "property",
    given=either_or_changing,
    en="The sum over the states of forward times backward is the same at every time.",
    zh="前向与后向之积对状态求和，在每个时刻都相同。",
    source="Rabiner 1989, equation 26",
)
def same_at_every_time(problem, subject, other):
    product = logsumexp(subject.forward(*problem) + subject.backward(*problem), axis=1)
    return np.exp(product - product[0]), np.ones(len(product))


@law(
    "limit",
    given=distinct,
    en="Viterbi and forward are one recursion in two semirings: with all scores multiplied by β, the log of the sum over all "
    "paths divided by β tends to the value of the best path, and exceeds it by at most T log K / β.",
    zh="维特比与前向是两个半环里的同一个递推：所有分数乘以 β，全部路径之和的对数除以 β 趋于最优路径的值，超出不多于 T log K / β。",
    source="Goodman 1999, Semiring parsing; Mohri 2002",
)
def two_semirings(problem, subject, other):
    value, _ = subject.viterbi(*problem)
    T, K = problem[2].shape
    warm = subject.log_partition(*problem)
    beta = 1e7
    cold = subject.log_partition(*(beta * part for part in problem)) / beta
    return [
        agree(cold, value, scale=1.0, tolerance=1e-5),
        atmost(value, warm, scale=1.0),
        atmost(warm, value + T * np.log(K), scale=1.0),
    ]


@law(
    "equivalent",
    given=either_or_changing,
    en="The marginals are those of the enumeration, and each row sums to one.",
    zh="边缘概率与枚举一致，且每行之和为一。",
    source="Rabiner 1989, equation 27",
)
def marginals_of_paths(problem, subject, other):
    values, paths = every_path(*problem)
    p, K = probabilities(values), len(problem[0])
    exact = np.stack([[p[paths[:, t] == k].sum() for k in range(K)] for t in range(paths.shape[1])])
    found = subject.marginals(*problem)
    return [agree(found, exact), agree(found.sum(1), np.ones(len(found)))]


@law(
    "property",
    given=either_or_changing,
    en="No other sequence of states is right at more places on average than that of the largest marginals.",
    zh="没有别的状态序列，平均猜对的位置数多于由最大边缘概率组成的序列。",
    source="Rabiner 1989, section III.B",
)
def most_places_right(problem, subject, other):
    values, paths = every_path(*problem)
    T, K = problem[2].shape
    rivals = np.array(list(itertools.product(range(K), repeat=T)))
    right = (rivals[:, None, :] == paths[None]).sum(2) @ probabilities(values)
    expected, states = subject.posterior_decode(*problem)
    return [
        agree(expected, right.max()),
        agree((states == paths).sum(1) @ probabilities(values), right.max()),
    ]


@law(
    "invariant",
    given=lambda draw: (*either(draw), draw.normal(6, scale=50.0)),
    en="Adding a number to all scores at one time adds it to the value of every path, and changes neither paths nor marginals.",
    zh="给某一时刻的所有分数加上同一个数，每条路径的值都加上它，而路径与边缘概率不变。",
)
def shifts(problem, subject, other):
    start, transition, score, shift = problem
    moved = score + shift[: len(score), None]
    total = shift[: len(score)].sum()
    return [
        agree(subject.viterbi(start, transition, moved)[0], subject.viterbi(start, transition, score)[0] + total),
        agree(subject.log_partition(start, transition, moved), subject.log_partition(start, transition, score) + total),
        agree(subject.marginals(start, transition, moved), subject.marginals(start, transition, score)),
    ]


@law(
    "equivalent",
    given=several,
    en="Several sequences at once give what each gives alone.",
    zh="多个序列一起处理，与逐个处理的结果相同。",
)
def one_by_one(problem, subject, other):
    start, transition, score, lengths = problem
    parts = np.split(score, np.cumsum(lengths)[:-1])
    each = [subject.viterbi(start, transition, part) for part in parts]
    value, path = subject.viterbi(start, transition, score, lengths)
    return [
        agree(value, [v for v, _ in each]),
        agree(path, np.concatenate([z for _, z in each])),
        agree(
            subject.log_partition(start, transition, score, lengths),
            [subject.log_partition(start, transition, part) for part in parts],
        ),
        agree(
            subject.marginals(start, transition, score, lengths),
            np.concatenate([subject.marginals(start, transition, part) for part in parts]),
        ),
    ]


@law(
    "special case",
    given=either,
    en="A matrix for each step, all alike, gives what the one matrix gives.",
    zh="各步的转移矩阵若都相同，结果与只给一个矩阵相同。",
)
def a_matrix_each_step(problem, subject, other):
    start, transition, score = problem
    repeated = np.tile(transition, (len(score) - 1, 1, 1))
    return [
        agree(subject.viterbi(start, repeated, score)[0], subject.viterbi(start, transition, score)[0]),
        agree(subject.marginals(start, repeated, score), subject.marginals(start, transition, score)),
        agree(subject.k_best_paths(start, repeated, score, 3)[0], subject.k_best_paths(start, transition, score, 3)[0]),
    ]


# ---- mutants -----------------------------------------------------------------------------------------------

CHAINED = ("viterbi", "log_partition", "marginals", "forward", "backward", "posterior_decode", "k_best_paths")


def given_changed(ours: Subject, change, names=CHAINED):
    """Ours, where ``change(start, transition, score)`` comes before some of the functions."""

    def wrapped(function):
        return lambda start, transition, score, *rest: function(*change(start, transition, score), *rest)

    return SimpleNamespace(**{name: wrapped(getattr(ours, name)) for name in names})


@mutant(en="reads the transition matrix by columns: to, from", zh="把转移矩阵按列读：行当成了去向")
def transposed(ours):
    return given_changed(ours, lambda b, A, s: (b, np.swapaxes(A, -1, -2), s))


@mutant(en="forgets the start", zh="忘了初始权重")
def no_start(ours):
    return given_changed(ours, lambda b, A, s: (np.zeros_like(b), A, s))


@mutant(en="leaves out the last score", zh="漏掉最后一个时刻的分数")
def last_score_lost(ours):
    def change(b, A, s):
        s = np.array(s)
        s[-1] = np.where(np.isneginf(s[-1]), s[-1], 0.0)
        return b, A, s

    return given_changed(ours, change, ("viterbi", "k_best_paths"))


@mutant(en="uses the matrix of the step before, where each step has its own", zh="逐步转移时错用了前一步的矩阵")
def step_off_by_one(ours):
    return given_changed(ours, lambda b, A, s: (b, np.roll(A, 1, axis=0) if np.ndim(A) == 3 else A, s))


@mutant(en="stops one state short of the last", zh="循环少走一步，漏掉最后一个状态")
def last_state_lost(ours):
    def change(b, A, s):
        return b, A, np.where(np.arange(len(b)) == len(b) - 1, np.maximum(s, -1e3) - 1e3, s)

    return given_changed(ours, change)


@mutant(en="takes the best state at each time by itself", zh="每个时刻各自取最好的状态")
def greedy(ours):
    def viterbi(start, transition, score, *rest, **options):
        value, _ = ours.viterbi(start, transition, score, *rest, **options)
        greedy = np.argmax(score, axis=1)
        return (value_of(greedy, start, transition, score) if not rest else value), greedy

    return SimpleNamespace(viterbi=viterbi)


@mutant(en="keeps the best first step and never looks back", zh="从左到右一步步取最好，从不回头")
def myopic(ours):
    def viterbi(start, transition, score, *rest, **options):
        if rest or np.ndim(transition) == 3:
            return ours.viterbi(start, transition, score, *rest, **options)
        path = [int(np.argmax(start + score[0]))]
        for row in score[1:]:
            path.append(int(np.argmax(transition[path[-1]] + row)))
        value = value_of(path, start, transition, score)
        return (value if np.isfinite(value) else -1e9), np.array(path)

    return SimpleNamespace(viterbi=viterbi)


@mutant(
    en="multiplies probabilities instead of adding logarithms",
    zh="直接连乘概率，而不是把对数相加",
    source="the underflow that Rabiner 1989, section V.A, warns of",
)
def underflow(ours):
    def viterbi(start, transition, score, *rest, **options):
        value, path = ours.viterbi(start, transition, score, *rest, **options)
        if rest or value > -700:
            return value, path
        return np.log(np.finfo(float).tiny), np.zeros_like(path)

    return SimpleNamespace(viterbi=viterbi)


@mutant(en="adds probabilities where it should take the largest", zh="该取最大的地方做了求和")
def sum_for_max(ours):
    def viterbi(start, transition, score, *rest, **options):
        return ours.log_partition(start, transition, score, *rest), ours.viterbi(start, transition, score, *rest)[1]

    return SimpleNamespace(viterbi=viterbi)


@mutant(
    en="takes the largest where it should add: the likelihood of the best path for that of the data",
    zh="该求和的地方取了最大：用最优路径的似然冒充数据的似然",
)
def max_for_sum(ours):
    return SimpleNamespace(log_partition=lambda *chain: ours.viterbi(*chain)[0])


@mutant(en="changes only the last state to find other paths", zh="只换最后一个状态来找其他路径")
def k_best_by_last_state(ours):
    def k_best_paths(start, transition, score, k):
        found = []
        for z in range(len(start)):
            ending = np.array(score)
            ending[-1] = np.where(np.arange(len(start)) == z, ending[-1], -np.inf)
            values, paths = ours.k_best_paths(start, transition, score, 10_000)
            ends = np.flatnonzero(paths[:, -1] == z)
            found += [ends[0]] if len(ends) else []
        found = sorted(found)[:k]
        return values[found], paths[found]

    return SimpleNamespace(k_best_paths=k_best_paths)


@mutant(en="gives the second best path twice", zh="第二好的路径给了两遍")
def repeated_path(ours):
    def k_best_paths(start, transition, score, k):
        values, paths = ours.k_best_paths(start, transition, score, k)
        pick = np.minimum(np.arange(len(values)), np.maximum(1, np.arange(len(values)) - 1))
        return values[pick], paths[pick]

    return SimpleNamespace(k_best_paths=k_best_paths)


@mutant(en="takes the forward table for the posterior: looks at the past alone", zh="把前向概率当作后验：只看过去")
def filtered(ours):
    def marginals(*chain):
        alpha = ours.forward(*chain)
        return np.exp(alpha - logsumexp(alpha, axis=1, keepdims=True))

    def posterior_decode(*chain):
        P = marginals(*chain)
        return P.max(1).sum(), P.argmax(1)

    return SimpleNamespace(marginals=marginals, posterior_decode=posterior_decode)


@mutant(en="counts the score of the present time in the backward table too", zh="后向表里也算进了当前时刻的分数")
def counted_twice(ours):
    return SimpleNamespace(
        backward=lambda start, transition, score, *rest: (
            ours.backward(start, transition, score, *rest) + np.maximum(score, -30)
        )
    )


@mutant(en="decodes by the best path when asked for the likeliest states", zh="要求逐点后验时仍给出最优路径")
def path_for_states(ours):
    def posterior_decode(start, transition, score, *rest):
        path = ours.viterbi(start, transition, score, *rest)[1]
        P = ours.marginals(start, transition, score, *rest)
        return P[np.arange(len(P)), path].sum(), path

    return SimpleNamespace(posterior_decode=posterior_decode)


@mutant(
    en="runs the chain on from one sequence into the next",
    zh="把一个序列的末尾接到了下一个序列的开头",
    source="what a user gets from hmmlearn who leaves out lengths",
)
def joined(ours):
    def viterbi(start, transition, score, lengths=None, **options):
        value, path = ours.viterbi(start, transition, score)
        return (value if lengths is None else np.full(len(lengths), value / len(lengths))), path

    return SimpleNamespace(
        viterbi=viterbi,
        log_partition=lambda b, A, s, lengths=None: (
            ours.log_partition(b, A, s) if lengths is None else np.full(len(lengths), ours.log_partition(b, A, s))
        ),
        marginals=lambda b, A, s, lengths=None: ours.marginals(b, A, s),
    )


@mutant(
    en="scales by the largest weight and loses the rest to underflow",
    zh="按最大的权重缩放，其余的下溢丢失",
    source="hmmlearn's implementation='scaling', which raises on densities that differ by more than 10³⁰⁸",
)
def scaled_too_far(ours):
    def log_partition(start, transition, score, *rest):
        floor = np.maximum(transition, np.max(transition) - 700.0)
        return ours.log_partition(np.maximum(start, np.max(start) - 700.0), floor, score, *rest)

    return SimpleNamespace(log_partition=log_partition)
