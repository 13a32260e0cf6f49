"""What a conditional random field minimises, with its derivatives, over a corpus of integers.

    F(w) = − Σ log p(y | x) + c₂‖w‖² + c₁‖w‖₁,    log p(y | x) = S(x, y) − log Σ_z exp S(x, z),
    S(x, y) = Σₜ Σ over the attributes a of token t of value × w[a, yₜ] + Σₜ A[yₜ, yₜ₊₁]

The derivative of − log p by a weight is how often its feature is expected less how often it is observed.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from mlatlas.numerics.threads import Parts, Team
from mlatlas.sequential.crf import kernels
from mlatlas.sequential.crf.features import Corpus
from mlatlas.sequential.viterbi.kernels import normalise
from mlatlas.sequential.viterbi.viterbi import Chain, shares

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Shorts = NDArray[np.int32]

BLOCK = 2**14  # scores that are worked on at once: they stay in the cache of a core
WIDEST = 600.0  # nats between two labels up to which no product of a step leaves the range of numbers


@dataclass(frozen=True)
class Features:
    """Which weights there are: those of attribute–label pairs, packed by attributes, then those of label pairs.

    Attribute a has the labels label[first[a]:first[a + 1]]; the transition i leads from left[i] to right[i]. L labels.
    """

    first: Integers
    label: Shorts
    left: Integers
    right: Integers
    L: int

    @property
    def states(self) -> int:
        """The number of attribute–label pairs."""
        return len(self.label)

    @property
    def size(self) -> int:
        """The number of weights."""
        return len(self.label) + len(self.left)

    def transitions(self, w: Floats) -> Floats:
        """A, (L, L), with zeros where a pair has no weight."""
        A = np.zeros((self.L, self.L))
        A[self.left, self.right] = w[self.states :]
        return A

    def attribute(self) -> Integers:
        """The attribute of every attribute–label pair."""
        return np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))

    def kept(self, chosen: NDArray[np.bool_]) -> Features:
        """Those that are chosen, (size,)."""
        states, pairs = chosen[: self.states], chosen[self.states :]
        first = np.concatenate([[0], np.cumsum(states)])[self.first]
        return Features(first, self.label[states], self.left[pairs], self.right[pairs], self.L)


def features_of(
    corpus: Corpus, y: Integers, attributes: int, L: int, min_freq: float, all_states: bool, all_transitions: bool
) -> tuple[Features, Floats, Floats]:
    """The features of a labelled corpus, how often each is observed, and Σ value² over all tokens of its attribute.

    Those that occur together at least min_freq times have weights; all that are possible have, where that is asked for.
    """
    shape, token = (attributes, L), np.repeat(np.arange(len(y)), np.diff(corpus.indptr))
    at = corpus.indices, y[token]
    often = sparse.coo_array((np.ones(len(token)), at), shape).tocsr()
    total = sparse.coo_array((corpus.values, at), shape).tocsr()  # in the same places
    inner = np.ones(len(y), dtype=bool)
    inner[corpus.offsets[1:] - 1] = False
    left = np.flatnonzero(inner)
    pairs = np.bincount(y[left] * L + y[left + 1], minlength=L * L).astype(np.float64)
    if all_states:
        first, label = np.arange(attributes + 1) * L, np.tile(np.arange(L), attributes)
        observed, count = total.toarray().ravel(), often.toarray().ravel()
    else:
        first, label, observed, count = often.indptr.astype(np.int64), often.indices, total.data, often.data
    features = Features(first, label.astype(np.int32), *np.divmod(np.arange(L * L), L), L)
    occurrences = np.concatenate([count, pairs])
    chosen = occurrences >= min_freq
    if not all_transitions:
        chosen[features.states :] &= pairs > 0
    by_attribute = np.bincount(corpus.indices, corpus.values**2, minlength=attributes)
    squares: Floats = np.concatenate([by_attribute[features.attribute()], np.full(L * L, len(left) / L)])
    total_observed: Floats = np.concatenate([observed, pairs])
    return features.kept(chosen), total_observed[chosen], squares[chosen]


class Expectations:
    """log Z of all sentences and the expected count of every feature, by one pass over the corpus on some threads."""

    def __init__(self, corpus: Corpus, features: Features, each: Team) -> None:
        self.corpus, self.features, self.each = corpus, features, each
        n, L = int(corpus.offsets[-1]), features.L
        self.parts: Parts = shares(corpus.offsets, 5.0 * n * L * L)
        self.blocks = [self._blocks(a, b) for a, b in self.parts]
        self.counts = np.empty((len(self.parts), features.size))

    def __call__(self, w: Floats) -> tuple[float, Floats]:
        """Σ log Z, and the expected counts (size,)."""
        A = self.features.transitions(w)
        run = Pass(self.corpus, self.features, w, A, float(np.ptp(A)))
        totals = self.each(lambda p, _: self._part(run, p), [(p, p + 1) for p in range(len(self.parts))])
        return sum(totals), self.counts.sum(axis=0)

    def _part(self, run: Pass, p: int) -> float:
        g, total, pair = self.counts[p], 0.0, np.zeros(run.A.shape)
        g[:] = 0.0
        for a, b in self.blocks[p]:
            value, between = run.block(a, b, g)
            total += value
            pair += between
        g[self.features.states :] = pair[self.features.left, self.features.right]
        return total

    def _blocks(self, a: int, b: int) -> Parts:
        """Runs of whole sentences of about BLOCK scores each."""
        cuts, ends = [a], self.corpus.offsets
        while cuts[-1] < b:
            upto = int(np.searchsorted(ends, ends[cuts[-1]] + BLOCK // self.features.L, side="right")) - 1
            cuts.append(min(max(upto, cuts[-1] + 1), b))
        return list(pairwise(cuts))


@dataclass(frozen=True)
class Pass:
    """One pass with the weights w, whose transitions are A, (L, L), with the range `spread`."""

    corpus: Corpus
    features: Features
    w: Floats
    A: Floats
    spread: float

    def scores(self, a: int, b: int) -> Floats:
        """The scores of the labels at every token of sentences a … b − 1."""
        c, begin = self.corpus, int(self.corpus.offsets[a])
        E = np.empty((int(c.offsets[b]) - begin, self.features.L))
        kernels.scores(c.indptr, c.indices, c.values, self.features.first, self.features.label, self.w, begin, E)
        return E

    def block(self, a: int, b: int, g: Floats) -> tuple[float, Floats]:
        """Σ log Z and the expected label pairs (L, L) of sentences a … b − 1; g gains the expected attribute–label pairs."""
        c, E = self.corpus, self.scores(a, b)
        offsets = c.offsets[a : b + 1] - c.offsets[a]
        top, scale = np.empty((2, len(E)))
        widest = kernels.exponentials(E, top)
        if widest + self.spread > WIDEST:
            total, P, pair = self._by_logarithms(self.scores(a, b), offsets)
        else:
            alpha, P = np.empty((2, *E.shape))
            step, above = np.exp(self.A - self.A.max()), float(self.A.max())
            kernels.sums(np.ascontiguousarray(step.T)[None], step[None], E, offsets, alpha, P, scale)
            total = kernels.log_sum(scale, top) + above * (len(E) - (b - a))
            pair = step * (alpha[:-1].T @ E[1:])
        begin = int(c.offsets[a])
        kernels.spread(c.indptr, c.indices, c.values, self.features.first, self.features.label, P, begin, g)
        return total, pair

    def _by_logarithms(self, score: Floats, offsets: Integers) -> tuple[float, Floats, Floats]:
        """The same where weights of paths differ by more than a number can hold."""
        chain = Chain.of(np.zeros(self.features.L), self.A, score, np.diff(offsets))
        alpha, scale = chain.forward(1)
        beta, _ = chain.backward(1)
        total, pair = float(chain.totals(alpha, scale).sum()), np.zeros(self.A.shape)
        ends = set((offsets[1:] - 1).tolist())
        for t in range(len(score) - 1):
            if t not in ends:
                step = alpha[t, :, None] + self.A + score[t + 1] + beta[t + 1]
                weight = np.exp(step - step.max())
                pair += weight / weight.sum()
        normalise(alpha, beta)
        return total, alpha, pair
