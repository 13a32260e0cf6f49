"""Known answers, laws and mutants of conditional random fields: enumeration of all labellings is the oracle."""

from __future__ import annotations

import itertools
from types import SimpleNamespace

import numpy as np
from scipy.special import log_softmax, logsumexp

from mlatlas.atlas.judge import Draw, Subject, agree, known, law, mutant

TIGHT = {"epsilon": 1e-9, "delta": 0.0, "max_iterations": 2_000}
PRINTED = 1e-5  # the peer prints its weights with six decimals

# ---- definitions -------------------------------------------------------------------------------------------------
# A corpus is F (n, p), the value of each attribute at each token, y (n,), and the lengths of the sentences.


def cut(rows, lengths):
    return [list(part) for part in np.split(np.asarray(rows, dtype=object), np.cumsum(lengths)[:-1])]


def sentences(F, lengths):
    """Tokens as dicts; an attribute whose value is zero is left out."""
    return cut([{f"a{i}": float(v) for i, v in enumerate(row) if v} for row in F], lengths)


def labels(y, lengths):
    return cut([f"k{label}" for label in y], lengths)


def weights(model, p, L):
    """W (p, L) and A (L, L) as the model tells them."""
    W, A = np.zeros((p, L)), np.zeros((L, L))
    for (a, k), w in model.state_features_.items():
        W[int(a[1:]), int(k[1:])] = w
    for (j, k), w in model.transition_features_.items():
        A[int(j[1:]), int(k[1:])] = w
    return W, A


def every_path(W, A, F):
    """All labellings of one sentence, (N, T), and log p of each, by the definition."""
    T = len(F)
    paths = np.array(list(itertools.product(range(len(A)), repeat=T)))
    worth = (F @ W)[np.arange(T), paths].sum(1) + A[paths[:, :-1], paths[:, 1:]].sum(1)
    return paths, worth - logsumexp(worth)


def counts(path, F, L):
    """How often each feature occurs in one labelling: (p, L) and (L, L)."""
    Y = np.eye(L)[path]
    return F.T @ Y, Y[:-1].T @ Y[1:]


def surplus(W, A, F, y, lengths):
    """How often every feature is observed, less how often it is expected, by enumeration: (p + L, L)."""
    total, ends = np.zeros((len(W) + len(A), len(A))), np.cumsum([0, *lengths])
    for a, b in itertools.pairwise(ends):
        paths, log_p = every_path(W, A, F[a:b])
        total += np.vstack(counts(y[a:b], F[a:b], len(A)))
        for path, p in zip(paths, np.exp(log_p), strict=True):
            total -= p * np.vstack(counts(path, F[a:b], len(A)))
    return total


# ---- problems ----------------------------------------------------------------------------------------------------


def corpus(draw: Draw):
    """A few short sentences of tokens with one to three attributes, in which all labels and all attributes occur."""
    L, p, S = draw.integer(2, 4), draw.integer(2, 4), draw.integer(4, 8)
    lengths = draw.integer(1, 5, S)
    n = int(lengths.sum())
    draw.require(n >= 2 * L)
    F = np.round(draw.uniform(0.5, 2.0, n, p), 1) * (draw.uniform(0, 1, n, p) < 0.6)
    draw.require((F != 0).any(0))
    return F, draw.labels(n, L), lengths


def penalised(draw: Draw):
    """With penalties; an absolute one in half of them."""
    return *corpus(draw), draw.choice([0.0, 0.3]), draw.choice([1.0, 0.2, 0.05])


def chosen(draw: Draw):
    """With weights of our choice, all of them positive or negative."""
    F, y, lengths = corpus(draw)
    L = y.max() + 1
    W, A = draw.normal(F.shape[1], L, scale=1.5), draw.normal(L, L, scale=1.5)
    draw.require(np.abs(W).min() > 1e-3 and np.abs(A).min() > 1e-3)
    return F, y, lengths, W, A


def alone(draw: Draw):
    """Tokens by themselves, the last attribute always one; and whether it is the other model's free intercept."""
    L, p = draw.integer(3, 5), draw.integer(1, 4)
    n = draw.integer(8 * L, 12 * L)
    X = draw.normal(n, p) + 0.5
    y = (X @ draw.normal(p, L) - np.log(-np.log(draw.uniform(0.001, 0.999, n, L)))).argmax(1)
    draw.require(np.bincount(y, minlength=L).min() >= 3)
    return np.c_[X, np.ones(n)], y, np.ones(n, int), draw.choice([0.0, 0.3]), draw.choice([1.0, 0.2]), False


def free_bias(draw: Draw):
    """The bias attribute is penalised here and not there, where that matters: one label is much more frequent."""
    F, y, lengths, *_ = alone(draw)
    often = np.arange(len(y)) % 4 > 0
    y = np.where(often & (y != 2), 0, y)
    draw.require(np.bincount(y, minlength=3)[:3].min() >= 1)
    _, y = np.unique(y, return_inverse=True)
    return F, y, lengths, 0.0, 1.0, True


def in_pairs(draw: Draw):
    """Sentences of two tokens, in which one label is followed by another."""
    F, y, _, *_ = alone(draw)
    n = len(y) // 2 * 2
    y = y[:n].copy()
    y[1::2] = (y[::2] + 1) % (y.max() + 1)
    draw.require(len(np.unique(y)) == y.max() + 1 >= 3)
    return F[:n], y, np.full(n // 2, 2), 0.0, 0.2, False


def longer_or_free(draw: Draw):
    return (free_bias if draw.integer(0, 2) else in_pairs)(draw)


def hidden(draw: Draw):
    """An HMM of categories with positive probabilities, and sentences."""
    K, V, S = draw.integer(2, 4), draw.integer(2, 4), draw.integer(1, 4)
    lengths = draw.integer(1, 5, S)
    x = draw.integer(0, V, int(lengths.sum()))
    return draw.probabilities(K), draw.probabilities(K, K), draw.probabilities(K, V), x, lengths


def observed(looks_back):
    """Symbols x (S, 3) and labels that follow the symbol before, and which attributes a token has."""

    def draw_observed(draw: Draw):
        x = np.vstack([draw.integer(0, 2, 30, 3), list(itertools.product((0, 1), repeat=3))])
        noise = draw.uniform(0, 1, 38, 3) < 0.1
        y = np.c_[x[:, :1], x[:, :-1]] ^ noise
        draw.require(min(y.mean(), 1 - y.mean()) > 0.2)
        return x, y, looks_back

    return draw_observed


# ---- known answers -----------------------------------------------------------------------------------------------


@known(
    en="Two sentences of one token: a is P, b is Q; all pairs have weights. By symmetry they are ±v with c₂ = (1 − σ(2v))/(2v), and "
    "c₂ = 1/(1 + e) gives v = ½ and probabilities of σ(1).",
    zh="两个单词句：a 标为 P，b 标为 Q，所有“属性–标签”对都有权重。由对称性权重为 ±v，而 c₂ = (1 − σ(2v))/(2v)；c₂ = 1/(1 + e) 时 v = ½，概率为 σ(1)。",
    source="by hand: dF/dv = −2(1 − σ(2v)) + 4c₂v for each token",
    tolerance=PRINTED,
)
def two_tokens(subject: Subject):
    model = subject.LinearChainCRF(c2=1 / (1 + np.e), all_possible_states=True, **TIGHT).fit(
        [[["a"]], [["b"]]], [["P"], ["Q"]]
    )
    found = model.state_features_
    sure = model.predict_marginals([[["a"]]])[0][0]
    return [
        agree([found[a, k] for a in "ab" for k in "PQ"], [0.5, -0.5, -0.5, 0.5]),
        agree([sure["P"], sure["Q"]], [np.e / (1 + np.e), 1 / (1 + np.e)]),
    ]


@known(
    en="The same with c₁ = ¼ alone and weights only for pairs that occur: 1 − σ(w) = ¼ gives w = ln 3 for both, and F = 2 ln(4/3) + ½ ln 3.",
    zh="同样的数据，只用 c₁ = ¼，且只有出现过的对才有权重：1 − σ(w) = ¼，故两个权重都是 ln 3，F = 2 ln(4/3) + ½ ln 3。",
    source="by hand",
    tolerance=PRINTED,
)
def two_tokens_absolute(subject: Subject):
    model = subject.LinearChainCRF(c1=0.25, c2=0.0, **TIGHT).fit([[["a"]], [["b"]]], [["P"], ["Q"]])
    found = model.state_features_
    least = 2 * np.log(4 / 3) + 0.5 * np.log(3)
    return [
        agree([found["a", "P"], found["b", "Q"]], [np.log(3)] * 2, tolerance=1e-4),
        agree(float(len(found)), 2.0),
        agree(model.objective_, least),
    ]


# ---- laws --------------------------------------------------------------------------------------------------------


@law(
    "equivalent",
    given=penalised,
    en="Marginals, the probability of a labelling and of the best one are those of all Lᵀ labellings, enumerated with the model's own weights.",
    zh="边缘概率、某个标注的概率、最优标注的概率，都与用模型自己的权重枚举全部 Lᵀ 种标注所得相同。",
    source="Lafferty, McCallum, Pereira 2001, section 3; Sutton, McCallum 2012, section 3",
    tolerance=PRINTED,
)
def all_labellings(problem, subject, other):
    F, y, lengths, c1, c2 = problem
    X, L = sentences(F, lengths), y.max() + 1
    model = subject.LinearChainCRF(c1=c1, c2=c2, max_iterations=8).fit(X, labels(y, lengths))
    W, A = weights(model, F.shape[1], L)
    P, best, found, ends = [], [], [], np.cumsum([0, *lengths])
    right = []
    for a, b in itertools.pairwise(ends):
        paths, log_p = every_path(W, A, F[a:b])
        P += list(np.einsum("n,ntl->tl", np.exp(log_p), np.eye(L)[paths]))
        best.append(log_p.max())
        right.append(log_p[(paths == y[a:b]).all(1)][0])
    for sentence, path in zip(X, model.predict(X), strict=True):
        found.append(float(model.log_likelihood([sentence], [path])[0]))
    told = [[row[f"k{k}"] for k in range(L)] for one in model.predict_marginals(X) for row in one]
    return [
        agree(told, P, tolerance=PRINTED),
        agree(found, best, scale=1.0, tolerance=PRINTED),
        agree(model.log_likelihood(X, labels(y, lengths)), right, scale=1.0, tolerance=PRINTED),
    ]


@law(
    "equivalent",
    of="viterbi",
    given=chosen,
    en="As a trellis it has, by the recursions of Viterbi's room, the k best labellings and the forward and backward sums of the enumeration.",
    zh="写成网格图，用维特比一节的递推得到的前 k 个最优标注、前向与后向的和，都与枚举相同。",
    source="Sutton, McCallum 2012, section 4.1",
)
def as_a_trellis(problem, subject, other):
    F, _, lengths, W, A = problem
    T = int(lengths.max())
    F = F[np.arange(T) % len(F)]
    model = made(subject, W, A)
    chain = model.trellis(sentences(F, [T])[0])
    order = [int(name[1:]) for name in model.classes_]
    paths, log_p = every_path(W, A, F)
    k = min(5, len(paths))
    best = np.sort(log_p)[::-1][:k]
    values, found = other.k_best_paths(*chain, k)
    total = other.log_partition(*chain)
    S, t = F @ W, T // 2
    worth = S[np.arange(T), paths].sum(1) + A[paths[:, :-1], paths[:, 1:]].sum(1)
    through = [logsumexp(worth[paths[:, t] == j]) for j in order]
    index = {tuple(path): value for path, value in zip(paths.tolist(), log_p, strict=True)}
    return [
        agree(values - total, best, scale=1.0),
        agree([index[tuple(order[j] for j in path)] for path in found.tolist()], best, scale=1.0),
        agree(total, logsumexp(worth), scale=1.0),
        agree((other.forward(*chain) + other.backward(*chain))[t], through, scale=1.0),
    ]


def made(subject, W, A):
    """The model with these weights."""
    state = {(f"a{i}", f"k{k}"): float(w) for (i, k), w in np.ndenumerate(W)}
    steps = {(f"k{j}", f"k{k}"): float(w) for (j, k), w in np.ndenumerate(A)}
    return subject.LinearChainCRF.of_features(state, steps)


@law(
    "property",
    given=chosen,
    en="The derivative of Σ log p(y | x) by a weight is how often its feature is observed, less how often it is expected.",
    zh="Σ log p(y | x) 对一个权重的导数，等于该特征的观测次数减去期望次数。",
    source="Lafferty, McCallum, Pereira 2001, section 4",
    tolerance=1e-5,
)
def observed_less_expected(problem, subject, other):
    F, y, lengths, W, A = problem
    X, Y, p, L = sentences(F, lengths), labels(y, lengths), *W.shape

    def value(theta):
        return float(np.sum(made(subject, *np.split(theta, [p])).log_likelihood(X, Y)))

    theta, h = np.vstack([W, A]), 1e-3
    slopes = np.zeros_like(theta)
    for at in np.ndindex(*theta.shape):
        d = np.zeros_like(theta)
        d[at] = h
        slopes[at] = (8 * (value(theta + d) - value(theta - d)) - value(theta + 2 * d) + value(theta - 2 * d)) / (
            12 * h
        )
    state, steps = made(subject, W, A).expected_features(X)
    expected, seen = np.zeros_like(theta), np.zeros_like(theta)
    for (a, k), count in state.items():
        expected[int(a[1:]), int(k[1:])] = count
    for (j, k), count in steps.items():
        expected[p + int(j[1:]), int(k[1:])] = count
    for a, b in itertools.pairwise(np.cumsum([0, *lengths])):
        seen += np.vstack(counts(y[a:b], F[a:b], L))
    return agree(slopes, seen - expected, scale=1.0, tolerance=1e-5)


@law(
    "property",
    given=penalised,
    en="At the minimum every feature is observed 2c₂w + c₁ sign w times more often than expected; where w = 0, the two differ by at most c₁.",
    zh="在最小点，每个特征的观测次数比期望次数多 2c₂w + c₁ sign w；w = 0 处，二者之差不超过 c₁。",
    source="Andrew, Gao 2007, section 3; the subgradient of a convex function",
    tolerance=1e-4,
)
def balanced(problem, subject, other):
    F, y, lengths, c1, c2 = problem
    model = subject.LinearChainCRF(c1=c1, c2=c2, all_possible_states=True, all_possible_transitions=True, **TIGHT)
    W, A = weights(model.fit(sentences(F, lengths), labels(y, lengths)), F.shape[1], y.max() + 1)
    theta, excess = np.vstack([W, A]), surplus(W, A, F, y, lengths)
    pulled = 2 * c2 * theta + np.clip(excess - 2 * c2 * theta, -c1, c1) if c1 else 2 * c2 * theta
    pulled = np.where(theta == 0, pulled, 2 * c2 * theta + c1 * np.sign(theta))
    return agree(excess, pulled, scale=1.0, tolerance=1e-4)


@law(
    "special case",
    of="softmax-regression",
    given=alone,
    without=longer_or_free,
    en="On sentences of one token, with all attribute–label pairs, it is softmax regression with the same penalty, the bias attribute penalised "
    "alike: c₁ = ρ/C and c₂ = (1 − ρ)/(2C). With a free intercept, or with longer sentences, it is not.",
    zh="若每句只有一个词，且所有“属性–标签”对都有权重，它就是惩罚相同的 softmax 回归（偏置属性同样受罚）：c₁ = ρ/C，c₂ = (1 − ρ)/(2C)。截距不受罚，或句子更长，则不然。",
    source="Sutton, McCallum 2012, section 2.2",
    tolerance=1e-5,
)
def one_token(problem, subject, other):
    F, y, lengths, c1, c2, free = problem
    X, L = F[:, :-1] if free else F, y.max() + 1
    model = subject.LinearChainCRF(c1=c1, c2=c2, all_possible_states=True, **TIGHT)
    W, _ = weights(model.fit(sentences(F, lengths), labels(y, lengths)), F.shape[1], L)
    C = 1 / (c1 + 2 * c2)
    softmax = other.SoftmaxRegression(C=C, l1_ratio=c1 * C, fit_intercept=free, tol=1e-10, max_iter=100_000).fit(X, y)
    coef = np.vstack([softmax.coef_.T, softmax.intercept_[None] if free else np.zeros((0, L))])
    return agree(log_softmax(F @ W, axis=1), log_softmax(F @ coef, axis=1), tolerance=1e-5)


@law(
    "special case",
    of="hmm",
    given=hidden,
    en="The conditional of an HMM with positive probabilities is that of a CRF whose weights are their logarithms: same posteriors and paths.",
    zh="概率全为正的 HMM，其条件分布就是一个 CRF，权重取这些概率的对数：后验与路径都相同。",
    source="Sutton, McCallum 2012, section 2.3",
)
def conditional_of_an_hmm(problem, subject, other):
    pi, A, E, x, lengths = problem
    K, V = E.shape
    first = np.zeros(len(x), int)
    first[np.cumsum([0, *lengths[:-1]])] = 1
    F = np.c_[np.eye(V)[x], first]
    model = made(subject, np.vstack([np.log(E).T, np.log(pi)]), np.log(A))
    hmm = other.CategoricalHMM(K, n_features=V)
    hmm.startprob_, hmm.transmat_, hmm.emissionprob_ = pi, A, E
    joint, paths = hmm.decode(x[:, None], lengths)
    X, Y = sentences(F, lengths), labels(paths, lengths)
    P = [[row[f"k{k}"] for k in range(K)] for one in model.predict_marginals(X) for row in one]
    return [
        agree(P, hmm.predict_proba(x[:, None], lengths)),
        agree(np.sum(model.log_likelihood(X, Y)), joint - hmm.score(x[:, None], lengths), scale=1.0),
    ]


@law(
    "special case",
    of="hmm",
    given=observed(False),
    without=observed(True),
    en="With a table of symbol–label weights and a fixed length, an inhomogeneous HMM has the same conditional. With features that look at the "
    "neighbouring symbol it need not: here none has.",
    zh="特征只是“符号–标签”的权重表、长度固定时，有一个非齐次 HMM 与它的条件分布相同。特征若看相邻的符号，就未必有：这里一个也没有。",
    source="an HMM's log p(y | x) is a sum of functions of (xₜ, yₜ), of (yₜ, yₜ₊₁), and of x; and each such sum is that of an HMM",
    tolerance=1e-4,
)
def an_hmm_has_it(problem, subject, other):
    x, y, looks_back = problem
    T = x.shape[1]

    def tokens(row):
        return [[f"now{row[t]}", *([f"before{row[t - 1]}"] if looks_back and t else [])] for t in range(T)]

    Y = [[f"k{k}" for k in row] for row in y]
    model = subject.LinearChainCRF(c2=0.1, max_iterations=50).fit([tokens(row) for row in x], Y)
    both = np.array(list(itertools.product((0, 1), repeat=2 * T)))
    seen, path = both[:, :T], both[:, T:]
    log_p = model.log_likelihood([tokens(row) for row in seen], [[f"k{k}" for k in row] for row in path])
    return agree(conditional(*nearest_hmm(seen, path, log_p), seen, path), log_p, scale=1.0, tolerance=1e-4)


def nearest_hmm(x, y, log_p):
    """Start, steps and emissions of the HMM whose log-conditional is the least-squares fit to log_p(y | x)."""
    T = x.shape[1]
    one = np.eye(2)
    tables = [np.einsum("na,nb->nab", one[x[:, t]], one[y[:, t]]).reshape(-1, 4) for t in range(T)]
    tables += [np.einsum("na,nb->nab", one[y[:, t]], one[y[:, t + 1]]).reshape(-1, 4) for t in range(T - 1)]
    tables.append(np.eye(2**T)[x @ 2 ** np.arange(T)])
    found = np.linalg.lstsq(np.hstack(tables), log_p, rcond=1e-12)[0][: 4 * (2 * T - 1)].reshape(-1, 2, 2)
    emission, step = np.exp(found[:T]), np.exp(found[T:])
    mass = emission.sum(1)  # of every label, over the symbols
    beta = [mass[-1]]
    for t in range(T - 2, -1, -1):
        beta.insert(0, mass[t] * (step[t] @ beta[0]))
    steps = [step[t] * beta[t + 1] / (step[t] @ beta[t + 1])[:, None] for t in range(T - 1)]
    return beta[0] / beta[0].sum(), np.array(steps), emission / mass[:, None, :]


def conditional(start, steps, emission, x, y):
    """log p(y | x) of an inhomogeneous HMM, with all x and y given."""
    T = x.shape[1]
    joint = np.log(start)[y[:, 0]] + sum(np.log(emission[t])[x[:, t], y[:, t]] for t in range(T))
    joint = joint + sum(np.log(steps[t])[y[:, t], y[:, t + 1]] for t in range(T - 1))
    code = x @ 2 ** np.arange(T)
    return joint - np.array([logsumexp(joint[code == c]) for c in range(2**T)])[code]


# ---- mutants -----------------------------------------------------------------------------------------------------


def changed(ours, **methods):
    """Ours with some methods in place of its own."""
    return SimpleNamespace(LinearChainCRF=type("LinearChainCRF", (ours.LinearChainCRF,), methods))


@mutant(en="halves the penalty of squares", zh="把平方惩罚减半", source="the ½ of ridge regression, carried over to c2")
def half_a_penalty(ours):
    def fit(self, X, y):
        return self.set_params(c2=self.c2 / 2), ours.LinearChainCRF.fit(self, X, y)

    return changed(ours, fit=lambda self, X, y: fit(self, X, y)[1])


@mutant(en="ignores the absolute values in the penalty", zh="忽略绝对值惩罚")
def only_squares(ours):
    return changed(ours, fit=lambda self, X, y: ours.LinearChainCRF.fit(self.set_params(c1=0.0), X, y))


@mutant(en="divides the loss by the number of sentences", zh="把损失除以句子数", source="trainers that minimise a mean")
def mean_loss(ours):
    def fit(self, X, y):
        return ours.LinearChainCRF.fit(self.set_params(c1=self.c1 * len(X), c2=self.c2 * len(X)), X, y)

    return changed(ours, fit=fit)


@mutant(en="takes every attribute for present, whatever its value", zh="不管取值，一律当作 1")
def values_lost(ours):
    def fit(self, X, y):
        return ours.LinearChainCRF.fit(self, [[list(token) for token in one] for one in X], y)

    return changed(ours, fit=fit)


@mutant(
    en="runs the sentences together, so that the last label leads to the next sentence's first",
    zh="把各句首尾相接，一句的末尾标签连到下一句的开头",
    source="what a reader of CoNLL columns does that overlooks the empty lines",
)
def run_together(ours):
    def fit(self, X, y):
        return ours.LinearChainCRF.fit(self, [list(itertools.chain(*X))], [list(itertools.chain(*y))])

    return changed(ours, fit=fit)


@mutant(en="stops after five steps", zh="走五步就停")
def hasty(ours):
    return changed(ours, fit=lambda self, X, y: ours.LinearChainCRF.fit(self.set_params(max_iterations=5), X, y))


@mutant(
    en="lets the bias attribute go unpenalised",
    zh="偏置属性不受惩罚",
    source="the intercepts of scikit-learn's logistic regression",
)
def bias_goes_free(ours):
    large = 1e3

    def stretch(X):
        def one(token):
            last = max(token, default="") if isinstance(token, dict) else ""
            return {a: v * large if a == last and v == 1.0 else v for a, v in token.items()} if last else token

        return [[one(token) for token in sentence] for sentence in X]

    def told(self):
        last = max(a for a, _ in ours.LinearChainCRF.state_features_.fget(self))
        found = ours.LinearChainCRF.state_features_.fget(self)
        return {(a, k): w * large if a == last else w for (a, k), w in found.items()}

    fit = ours.LinearChainCRF.fit
    return changed(ours, fit=lambda self, X, y: fit(self, stretch(X), y), state_features_=property(told))


@mutant(en="tells transitions from the label that is entered to the one that is left", zh="转移的起点与终点说反了")
def turned_round(ours):
    def told(self):
        return {(k, j): w for (j, k), w in ours.LinearChainCRF.transition_features_.fget(self).items()}

    def trellis(self, xseq):
        start, A, score = ours.LinearChainCRF.trellis(self, xseq)
        return start, A.T.copy(), score

    return changed(ours, transition_features_=property(told), trellis=trellis)


@mutant(
    en="normalises every step by itself, as a maximum-entropy Markov model does",
    zh="每一步各自归一化，像最大熵马尔可夫模型那样",
    source="Lafferty, McCallum, Pereira 2001, section 2: the label bias problem",
)
def step_by_step(ours):
    def log_likelihood(self, X, y):
        index = {label: k for k, label in enumerate(self.classes_)}

        def one(sentence, names):
            start, A, score = self.trellis(sentence)
            path = [index[name] for name in names]
            rows = np.vstack([start + score[0], A[path[:-1]] + score[1:]])
            return log_softmax(rows, axis=1)[np.arange(len(path)), path].sum()

        return np.array([one(*pair) for pair in zip(X, y, strict=True)])

    return changed(ours, log_likelihood=log_likelihood)


@mutant(en="gives for marginals what each token says by itself", zh="边缘概率只看本词的得分")
def alone_in_the_world(ours):
    def predict_marginals(self, X):
        rows = [np.exp(log_softmax(self.trellis(one)[2], axis=1)) for one in X]
        return [[dict(zip(self.classes_, row, strict=True)) for row in one] for one in rows]

    return changed(ours, predict_marginals=predict_marginals)


@mutant(en="decides from left to right and never looks back", zh="从左到右逐个决定，从不回头")
def greedy(ours):
    def one(self, sentence):
        start, A, score = self.trellis(sentence)
        path = [int((start + score[0]).argmax())]
        for row in score[1:]:
            path.append(int((A[path[-1]] + row).argmax()))
        return [self.classes_[k] for k in path]

    return changed(ours, predict=lambda self, X: [one(self, sentence) for sentence in X])


@mutant(
    en="expects what the best labelling has, as a perceptron does",
    zh="期望次数取最优标注中的次数，像感知机那样",
    source="Collins 2002, which is another method",
)
def expects_the_best(ours):
    def expected_features(self, X):
        state, steps = (dict.fromkeys(pairs, 0.0) for pairs in (self.state_features_, self.transition_features_))
        for sentence, path in zip(X, self.predict(X), strict=True):
            for token, label in zip(sentence, path, strict=True):
                for a, v in token.items():
                    state[a, label] += v
            for pair in itertools.pairwise(path):
                steps[pair] += 1
        return state, steps

    return changed(ours, expected_features=expected_features)


@mutant(en="keeps no weight below −1", zh="小于 −1 的权重都截成 −1")
def cut_off(ours):
    @classmethod
    def of_features(cls, *tables, **options):
        kept = [{name: max(w, -1.0) for name, w in table.items()} for table in tables]
        return ours.LinearChainCRF.of_features(*kept, **options)

    return changed(ours, of_features=of_features)
