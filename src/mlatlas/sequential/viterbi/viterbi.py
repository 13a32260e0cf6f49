"""Decoding a chain: the best path through a trellis, the k best, and sums over all paths.

A trellis has K states at each of T times. A path z costs nothing but is worth

    S(z) = start[z₁] + Σₜ score[t, zₜ] + Σₜ transition[zₜ, zₜ₊₁],

where the numbers are any log-weights: log-probabilities of a hidden Markov model, potentials of a conditional random
field, negative costs of a road. −∞ forbids. All that is asked of the Kᵀ paths is computed by one recursion,

    m[t+1, k] = score[t+1, k] + ⨁ⱼ (m[t, j] + transition[j, k]),

with ⨁ = max for the best path and ⨁ = log Σ exp for the sum of exp S(z) over all paths.

Shapes: K states; score (n, K), the times of one sequence, or of several one after the other with `lengths` (S,), Σ = n;
start (K,); transition (K, K), or (T−1, K, K) when each step of a single sequence has its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlatlas.numerics.threads import Parts, cut_in_parts, team
from mlatlas.sequential.viterbi import kernels

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

SMALL = 3e5  # additions below which a second thread costs more than it brings


def viterbi(
    start: ArrayLike,
    transition: ArrayLike,
    score: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_jobs: int | None = None,
) -> tuple[Any, Integers]:
    """The path with the largest S(z), and its value; of equals, the one with the lower state, decided from the end.

    Args:
        start: log-weights of the first state, (K,).
        transition: log-weights of the steps from a state (row) to the next (column), (K, K) or (T−1, K, K).
        score: log-weight of each state at each time, (n, K).
        lengths: how many rows each sequence has; None for one sequence.
        n_jobs: threads over the sequences; None for as many as Numba is set to, -1 for one a core.

    Returns:
        S of the best path, a float, or (S,) with `lengths`; and the paths (n,), states counted from 0.

    Raises:
        ValueError: NaN or +∞; shapes that do not fit; a length below 1, or lengths that do not add up to n; a sequence
            all of whose paths are forbidden.

    Complexity: O(n K²) time, O(longest · K) memory for each thread.

    Source: Viterbi 1967; Forney 1973, The Viterbi algorithm, Proceedings of the IEEE 61.
    """
    chain = Chain.of(start, transition, score, lengths)
    path, total = np.empty(len(chain.score), np.int64), np.empty(len(chain.offsets) - 1)
    with team(n_jobs) as each:
        each(
            lambda a, b: kernels.best_paths(chain.start, chain.into, chain.score, chain.offsets, a, b, path, total),
            chain.parts,
        )
    chain.possible(total)
    return (float(total[0]) if lengths is None else total), path


def k_best_paths(start: ArrayLike, transition: ArrayLike, score: ArrayLike, k: int) -> tuple[Floats, Integers]:
    """The k paths of one sequence with the largest S(z), best first; all paths that are not forbidden if those are fewer.

    Returns:
        Their values (m,) and the paths (m, T), m ≤ k. Arguments and errors are those of `viterbi`, and k ≥ 1.

    Complexity: O(k T K²) time, 4 k T K bytes.

    Source: Seshadri, Sundberg 1994, List Viterbi decoding algorithms with applications.
    """
    chain = Chain.of(start, transition, score, None)
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise ValueError(f"k must be a whole number from 1 on; got {k!r}. Ask for at least one path.")
    T, K = chain.score.shape
    n = int(min(k, K ** min(T, 64), np.iinfo(np.int32).max // K))
    paths, totals = np.empty((n, T), np.int64), np.empty(n)
    found = kernels.k_best(chain.start, chain.into, chain.score, n, paths, totals)
    chain.possible(np.array([totals[0] if found else -np.inf]))
    return totals[:found], paths[:found]


def forward(
    start: ArrayLike,
    transition: ArrayLike,
    score: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_jobs: int | None = None,
) -> Floats:
    """The table α (n, K): the log of Σ exp S over all paths that end in state k at time t, times after t left out.

    Arguments and errors are those of `viterbi`. Complexity: O(n K²) time with n K exponentials and logarithms.

    Source: Baum, Petrie, Soules, Weiss 1970; Rabiner 1989, A tutorial on hidden Markov models, section III.A.
    """
    chain = Chain.of(start, transition, score, lengths)
    alpha, scale = chain.forward(n_jobs)
    return alpha + scale[:, None]


def backward(
    start: ArrayLike,
    transition: ArrayLike,
    score: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_jobs: int | None = None,
) -> Floats:
    """The table β (n, K): the log of Σ exp S over all ways on from state k at time t; what lies at t or before left out.

    The sum over k of exp(α[t, k] + β[t, k]) is the same at every t. Arguments, errors and cost are those of `forward`.
    """
    chain = Chain.of(start, transition, score, lengths)
    beta, scale = chain.backward(n_jobs)
    first = chain.offsets[:-1]
    chain.possible((chain.start + chain.score[first] + beta[first]).max(axis=1) + scale[first])
    return beta + scale[:, None]


def log_partition(
    start: ArrayLike,
    transition: ArrayLike,
    score: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_jobs: int | None = None,
) -> Any:
    """log Σ exp S(z) over all paths: a float, or (S,) with `lengths`. For a hidden Markov model, its log-likelihood.

    Arguments, errors and cost are those of `forward`.
    """
    chain = Chain.of(start, transition, score, lengths)
    total = chain.totals(*chain.forward(n_jobs))
    return float(total[0]) if lengths is None else total


def marginals(
    start: ArrayLike,
    transition: ArrayLike,
    score: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_jobs: int | None = None,
) -> Floats:
    """P(zₜ = k) for every t and k, (n, K), when a path has the probability exp S(z) / Σ exp S; each row sums to one.

    Arguments, errors and cost are those of `forward`.

    Source: Rabiner 1989, section III.B (γ); Lafferty, McCallum, Pereira 2001 for potentials that are no probabilities.
    """
    chain = Chain.of(start, transition, score, lengths)
    alpha, _ = chain.forward(n_jobs)
    beta, _ = chain.backward(n_jobs)
    kernels.normalise(alpha, beta)
    return alpha


def posterior_decode(
    start: ArrayLike,
    transition: ArrayLike,
    score: ArrayLike,
    lengths: ArrayLike | None = None,
    *,
    n_jobs: int | None = None,
) -> tuple[Any, Integers]:
    """At every time the state with the largest marginal: the path that is right at most places on average.

    It may be a path that is forbidden as a whole. Arguments, errors and cost are those of `forward`.

    Returns:
        How many places are right on average, Σₜ maxₖ P(zₜ = k), a float, or (S,) with `lengths`; and the states (n,),
        the lower one in a tie.
    """
    P = marginals(start, transition, score, lengths, n_jobs=n_jobs)
    path = P.argmax(axis=1)
    sure = P.max(axis=1)
    if lengths is None:
        return float(sure.sum()), path
    return np.add.reduceat(sure, offsets_of(len(P), lengths)[:-1]), path


# ---- a chain, checked ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chain:
    """The arrays of a trellis as the kernels take them: steps (1, K, K) or (T−1, K, K), the sequences' `offsets` (S+1,)."""

    start: Floats
    out_of: Floats
    score: Floats
    offsets: Integers

    @classmethod
    def of(cls, start: ArrayLike, transition: ArrayLike, score: ArrayLike, lengths: ArrayLike | None) -> Chain:
        """Check what the user gave."""
        b, A, s = log_weights("start", start), log_weights("transition", transition), log_weights("score", score)
        if s.ndim != 2 or 0 in s.shape:
            raise ValueError(
                f"score must have a row for each time and a column for each state, at least one of each; got shape "
                f"{s.shape}. Pass score.reshape(n, K)."
            )
        n, K = s.shape
        if b.shape != (K,):
            raise ValueError(f"start must have one entry for each of the {K} columns of score; got shape {b.shape}.")
        offsets = offsets_of(n, lengths)
        if A.ndim == 3 and len(offsets) > 2:
            raise ValueError(
                "transition must have shape (K, K) when there are several sequences; got one matrix a step. Decode the "
                "sequences one by one."
            )
        if A.shape != (K, K) and not (A.ndim == 3 and A.shape == (n - 1, K, K)):
            raise ValueError(
                f"transition must have shape {(K, K)}, or {(n - 1, K, K)} with a matrix for each step; got {A.shape}. "
                "Rows are the states that a step leaves."
            )
        return cls(b, A.reshape(-1, K, K) if A.size else np.zeros((1, K, K)), s, offsets)

    @cached_property
    def parts(self) -> Parts:
        """Runs of sequences for threads."""
        return shares(self.offsets, self.score.size * len(self.start))

    @cached_property
    def into(self) -> Floats:
        """The steps with a row for each state that is entered."""
        return np.ascontiguousarray(self.out_of.transpose(0, 2, 1))

    def forward(self, n_jobs: int | None) -> tuple[Floats, Floats]:
        """The forward table with its largest entry at each time taken off, (n, K), and what was taken off, (n,)."""
        alpha, scale = self._sums(self.start, self.into, 1, n_jobs)
        self.possible(scale[self.offsets[1:] - 1])
        return alpha, scale

    def backward(self, n_jobs: int | None) -> tuple[Floats, Floats]:
        """The backward table in the same form."""
        return self._sums(np.zeros(len(self.start)), self.out_of, -1, n_jobs)

    def _sums(self, first: Floats, A: Floats, order: int, n_jobs: int | None) -> tuple[Floats, Floats]:
        shift = A.max(axis=(1, 2))
        shift[np.isneginf(shift)] = 0.0
        steps = A, np.exp(A - shift[:, None, None]), shift
        table, scale = np.empty(self.score.shape), np.empty(len(self.score))
        with team(n_jobs) as each:
            each(
                lambda a, b: kernels.sums(first, *steps, self.score, self.offsets, a, b, order, table, scale),
                self.parts,
            )
        return table, scale

    def totals(self, alpha: Floats, scale: Floats) -> Floats:
        """log Σ exp S of each sequence, (S,), from its forward table."""
        last = self.offsets[1:] - 1
        total: Floats = scale[last] + np.log(np.exp(alpha[last]).sum(axis=1))
        return total

    def possible(self, total: Floats) -> None:
        """Refuse a sequence whose paths are all forbidden."""
        if np.isneginf(total).any():
            s = int(np.argmax(np.isneginf(total)))
            raise ValueError(
                f"sequence {s} must have a path of finite score; got −∞ for every one. Allow more transitions, or give the "
                "states that fit no symbol a small weight instead of zero."
            )


def log_weights(name: str, values: ArrayLike) -> Floats:
    """As float64 in C order, checked: numbers or −∞."""
    try:
        array: Floats = np.ascontiguousarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold real numbers; got {values!r:.60}. Pass logarithms of weights.") from None
    top = array.max(initial=-np.inf)
    if not top < np.inf:
        raise ValueError(
            f"{name} must hold numbers or -inf; got {top}. Take np.log of the probabilities under np.errstate(divide='ignore')."
        )
    return array


def offsets_of(n: int, lengths: ArrayLike | None) -> Integers:
    """Where each sequence begins in n rows, and n at the end, (S+1,)."""
    if lengths is None:
        return np.array([0, n])
    sizes = np.asarray(lengths)
    if sizes.ndim != 1 or sizes.dtype.kind not in "iu" or not len(sizes):
        raise ValueError(
            f"lengths must be a list of whole numbers; got {lengths!r:.60}. Give the rows of each sequence."
        )
    if sizes.min() < 1:
        s = int(np.argmin(sizes))
        raise ValueError(f"lengths must be at least 1; got {sizes[s]} for sequence {s}. Leave empty sequences out.")
    if sizes.sum() != n:
        raise ValueError(
            f"lengths must add up to the number of rows, {n}; got {int(sizes.sum())}. Check that no sequence is missing."
        )
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)


def shares(offsets: Integers, work: float) -> Parts:
    """Cut the sequences into runs a … b − 1 of about as many rows each; the cuts do not depend on the threads."""
    parts = cut_in_parts(int(offsets[-1]), work, SMALL)
    cuts = np.unique(np.r_[np.searchsorted(offsets, [a for a, _ in parts]), len(offsets) - 1]).tolist()
    return list(pairwise(cuts))
