"""Decoding a chain by its recursion in arrays, for one sequence, and a slip in it."""

import numpy as np
from scipy.special import logsumexp


def checked(start, transition, score):
    """Arrays of log-weights that fit, with a matrix for each step."""
    b, A, s = (np.asarray(one, float) for one in (start, transition, score))
    if not all((one < np.inf).all() for one in (b, A, s)):
        raise ValueError("log-weights must be numbers or -inf.")
    if s.ndim != 2 or 0 in s.shape or b.shape != s.shape[1:]:
        raise ValueError(f"score must have a row for each time and a column for each state; got {s.shape}.")
    n, K = s.shape
    if A.shape not in ((K, K), (n - 1, K, K)):
        raise ValueError(f"transition must be of {K} rows and columns, one matrix or one for each step; got {A.shape}.")
    return b, np.broadcast_to(A, (n - 1, K, K)), s


def viterbi(start, transition, score):
    """The best path and what it is worth."""
    b, A, s = checked(start, transition, score)
    best, came = b + s[0], []
    for step, row in zip(A, s[1:], strict=True):
        ways = best[:, None] + step
        came.append(ways.argmax(0))
        best = ways.max(0) + row
    if best.max() == -np.inf:
        raise ValueError("every path is forbidden.")
    path = [best.argmax()]
    for back in reversed(came):
        path.append(back[path[-1]])
    return best.max(), np.array(path[::-1])


def forward(start, transition, score):
    """The sums over all ways to each state."""
    b, A, s = checked(start, transition, score)
    rows = [b + s[0]]
    for step, row in zip(A, s[1:], strict=True):
        rows.append(logsumexp(rows[-1][:, None] + step, axis=0) + row)
    return np.array(rows)


def backward(start, transition, score):
    """The sums over all ways on from each state."""
    b, A, s = checked(start, transition, score)
    rows = [np.zeros(len(b))]
    for step, row in zip(A[::-1], s[:0:-1], strict=True):
        rows.append(logsumexp(step + row + rows[-1], axis=1))
    return np.array(rows[::-1])


def log_partition(start, transition, score):
    """The sum over all paths."""
    return logsumexp(forward(start, transition, score)[-1])


def marginals(start, transition, score):
    """The probability of each state at each time."""
    both = forward(start, transition, score) + backward(start, transition, score)
    return np.exp(both - logsumexp(both, axis=1, keepdims=True))


def posterior_decode(start, transition, score):
    """The likeliest state at each time, and how many are right on average."""
    P = marginals(start, transition, score)
    return P.max(1).sum(), P.argmax(1)


def by_columns(start, transition, score):
    """A slip: the transition matrix is read from its columns."""
    return viterbi(start, np.swapaxes(transition, -1, -2), score)
