"""Entropy, cross-entropy, Kullback–Leibler divergence and mutual information of discrete distributions.

    H(p)      = −Σ p log p                       how surprising a draw from p is on average
    H(p, q)   = −Σ p log q                       the same, to somebody who believes q
    D(p ‖ q)  = Σ p log(p/q)                     what the wrong belief costs: H(p, q) − H(p)
    I(X; Y)   = D(p(x, y) ‖ p(x) p(y))           what one variable tells about the other

with 0 log 0 = 0. Answers are in nats, or in units of log(base). All cost O(size) time and a fixed amount of memory beside
the input: sums run over blocks that fit into cache.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

BLOCK = 2**14  # entries summed at a time
SUM_TOLERANCE = 1e-8  # how far from 1 the probabilities of a distribution may sum
LARGEST_TABLE = 50_000_000  # cells of a contingency table: 400 MB
NEAR = 0.05  # |q/p − 1| below which log(p/q) is computed by log1p, without cancellation


def entropy(p: ArrayLike, *, base: float | None = None, axis: int = -1) -> Any:
    """Shannon entropy H(p) = −Σ p log p along an axis.

    Args:
        p: probabilities; non-negative, summing to one along ``axis``.
        base: of the logarithm: 2 for bits, None for nats.
        axis: the axis that holds a distribution; the others are kept.

    Returns:
        A float, or an array with ``axis`` removed. Between 0 and log of the number of outcomes.

    Raises:
        ValueError: p holds negative numbers, NaN or infinities, is empty or does not sum to one; or a base that is not
            positive or is 1.

    Source: Shannon 1948, A Mathematical Theory of Communication, section 6.
    """
    (p,) = _distributions(axis, p=p)
    return _unit(_sum_over_blocks(_surprise, p, p), base)


def cross_entropy(p: ArrayLike, q: ArrayLike, *, base: float | None = None, axis: int = -1) -> Any:
    """Cross-entropy H(p, q) = −Σ p log q along an axis: the average surprise of q's believer at draws from p.

    Infinite where q excludes an outcome that p allows. Arguments, errors and units are those of `entropy`; p and q have the
    same shape.

    Source: Cover, Thomas 2006, Elements of Information Theory, section 2.3.
    """
    p, q = _distributions(axis, p=p, q=q)
    return _unit(_sum_over_blocks(_surprise, p, q), base)


def kl_divergence(p: ArrayLike, q: ArrayLike, *, base: float | None = None, axis: int = -1) -> Any:
    """Kullback–Leibler divergence (relative entropy) D(p ‖ q) = Σ p log(p/q) along an axis.

    Summed as Σ [p log(p/q) − p + q], which is the same for distributions and has no negative term: the result is never
    below zero, and keeps its relative accuracy when p and q nearly agree, where the plain sum cancels. Infinite where q
    excludes an outcome that p allows. Arguments, errors and units are those of `entropy`.

    Source: Kullback, Leibler 1951; Cover, Thomas 2006, section 2.3.
    """
    p, q = _distributions(axis, p=p, q=q)
    return _unit(_sum_over_blocks(_divergence, p, q), base)


def conditional_entropy(joint: ArrayLike, *, base: float | None = None) -> float:
    """H(Y | X) = Σ_x p(x) H(Y | X=x) of a joint distribution p(x, y), given as a table with a row for each x.

    Errors and units are those of `entropy`.

    Source: Cover, Thomas 2006, section 2.2.
    """
    pxy = _joint(joint)
    px = pxy.sum(1)
    seen = px > 0
    p_given_x = pxy[seen] / px[seen, None]
    return float(_unit(px[seen] @ _sum_over_blocks(_surprise, p_given_x, p_given_x), base))  # (conditional-entropy)


def mutual_information(joint: ArrayLike, *, base: float | None = None) -> float:
    """I(X; Y) = Σ p(x, y) log[p(x, y) / (p(x) p(y))] of a joint distribution, given as a table with a row for each x.

    Never negative, and zero only for independent variables. For two columns of labels see `mutual_info_score`. Errors and
    units are those of `entropy`.

    Source: Shannon 1948; Cover, Thomas 2006, section 2.3.
    """
    pxy = _joint(joint)
    independent = np.outer(pxy.sum(1), pxy.sum(0))
    return float(_unit(_sum_over_blocks(_divergence, pxy.ravel(), independent.ravel()), base))  # (mutual-information)


def mutual_info_score(x: ArrayLike, y: ArrayLike, *, base: float | None = None) -> float:
    """Mutual information of the empirical distribution of two columns of labels, one pair a sample.

    Too large on average, by about (r−1)(c−1)/(2n) nats for r and c distinct labels and n samples. Errors are those of
    `contingency`, units those of `entropy`.
    """
    counts = contingency(x, y)
    return mutual_information(counts / counts.sum(), base=base)


def contingency(x: ArrayLike, y: ArrayLike) -> NDArray[np.int64]:
    """Counts of label pairs: entry (i, j) is how often the i-th distinct x meets the j-th distinct y, both sorted.

    O(n) time for integer labels whose range is at most a few times n, otherwise O(n log n).

    Raises:
        ValueError: labels that are not one-dimensional, of unequal lengths, empty, or NaN; a table of more than fifty
            million cells.
    """
    x, y = _labels(x, "x"), _labels(y, "y")
    if len(x) != len(y):
        raise ValueError(
            f"x and y must have the same length; got {len(x)} and {len(y)}. Give one label of each a sample."
        )
    (a, rows), (b, columns) = _codes(x), _codes(y)
    if rows * columns > max(LARGEST_TABLE, 4 * len(x)):
        (a, rows), (b, columns) = _dense_codes(x), _dense_codes(y)
    if rows * columns > LARGEST_TABLE:
        raise ValueError(
            f"x and y must have at most {LARGEST_TABLE:,} pairs of distinct labels; got {rows:,} × {columns:,}. "
            "Group rare labels."
        )
    counts = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns)
    return counts[counts.any(1)][:, counts.any(0)]


# ---- sums ------------------------------------------------------------------------------------------------


def _surprise(p: Floats, q: Floats) -> Floats:
    """−Σ p log q along the last axis, with 0 log 0 = 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = p * np.log(q)
    if not (q > 0).all():
        terms[p == 0] = 0.0
    return np.asarray(0.0 - terms.sum(-1))  # (cross-entropy)


def _divergence(p: Floats, q: Floats) -> Floats:
    """Σ [p log(p/q) − p + q] along the last axis; every term is non-negative."""
    with np.errstate(divide="ignore", invalid="ignore"):
        excess = (q - p) / p
        terms = q - p - p * np.log(q / p)
        near = np.abs(excess) < NEAR
        terms[near] = p[near] * (excess[near] - np.log1p(excess[near]))
    terms[p == 0] = q[p == 0]
    return np.asarray(np.maximum(terms, 0.0).sum(-1))  # (divergence)


def _sum_over_blocks(kernel: Callable[[Floats, Floats], Floats], p: Floats, q: Floats) -> Any:
    """The kernel's sum along the last axis, a block of entries at a time."""
    size, rows = p.shape[-1], math.prod(p.shape[:-1])
    if size > BLOCK:
        starts = range(0, size, BLOCK)
        return sum(kernel(p[..., at : at + BLOCK], q[..., at : at + BLOCK]) for at in starts)
    flat_p, flat_q, step = p.reshape(rows, size), q.reshape(rows, size), max(1, BLOCK // size)
    sums = [kernel(flat_p[at : at + step], flat_q[at : at + step]) for at in range(0, rows, step)]
    return np.concatenate(sums).reshape(p.shape[:-1])


def _unit(nats: Any, base: float | None) -> Any:
    """Nats in units of log(base); a 0-d array becomes a float."""
    if base is not None:
        if not (np.isreal(base) and 0 < base < np.inf and base != 1):
            raise ValueError(
                f"base must be positive, finite and not 1; got {base!r}. Pass 2 for bits or None for nats."
            )
        nats = nats / math.log(base)
    return float(nats) if np.ndim(nats) == 0 else nats


# ---- input -----------------------------------------------------------------------------------------------


def _distributions(axis: int, **given: ArrayLike) -> list[Floats]:
    """The arrays with their distributions along the last axis, each checked."""
    checked = [np.moveaxis(_probabilities(name, value, axis), axis, -1) for name, value in given.items()]
    if len({one.shape for one in checked}) > 1:
        shapes = " and ".join(str(np.shape(value)) for value in given.values())
        raise ValueError(
            f"{' and '.join(given)} must have the same shape; got {shapes}. List the same outcomes in both."
        )
    return checked


def _joint(joint: ArrayLike) -> Floats:
    table = np.asarray(joint)
    if table.ndim != 2:
        raise ValueError(f"joint must be a table p(x, y) with two axes; got {table.ndim}. Pass a 2-D array.")
    return _probabilities("joint", table.ravel(), -1).reshape(table.shape)


def _probabilities(name: str, value: ArrayLike, axis: int) -> Floats:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers; got dtype {array.dtype}. Convert it to float.")
    p = array.astype(np.float64, copy=False)
    if p.ndim == 0 or p.size == 0:
        raise ValueError(f"{name} must hold at least one probability along an axis; got shape {p.shape}.")
    if not -p.ndim <= axis < p.ndim:
        raise ValueError(f"axis must lie between {-p.ndim} and {p.ndim - 1} for {name} of shape {p.shape}; got {axis}.")
    totals = p.sum(axis)
    if not np.all(np.abs(totals - 1.0) <= SUM_TOLERANCE):
        total = float(np.ravel(totals)[np.argmax(~(np.abs(np.ravel(totals) - 1.0) <= SUM_TOLERANCE))])
        remedy = (
            "Remove what is not finite."
            if not np.isfinite(total)
            else f"Divide the counts by their sum along axis {axis}."
        )
        raise ValueError(f"{name} must sum to 1 along axis {axis}; got {total:.10g}. {remedy}")
    if p.min() < 0:
        raise ValueError(f"{name} must not be negative; got {p.min():.3g}. Probabilities lie between 0 and 1.")
    return p


def _labels(value: ArrayLike, name: str) -> NDArray[Any]:
    labels = np.asarray(value)
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(f"{name} must be a one-dimensional list of labels; got shape {labels.shape}.")
    if labels.dtype.kind == "f" and np.isnan(labels).any():
        raise ValueError(
            f"{name} must not hold NaN; got one at position {int(np.isnan(labels).argmax())}. Drop such samples."
        )
    return labels


def _codes(labels: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Labels as numbers 0 ... k−1 in sorted order, and k; small integers may leave unused numbers."""
    if labels.dtype.kind in "iu":
        low, high = int(labels.min()), int(labels.max())
        if high - low < 2 * len(labels):
            return labels.astype(np.int64) - low, high - low + 1
    return _dense_codes(labels)


def _dense_codes(labels: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Labels as numbers 0 ... k−1 in sorted order, all of them used, and k."""
    values, codes = np.unique(labels, return_inverse=True)
    return codes.astype(np.int64), len(values)
