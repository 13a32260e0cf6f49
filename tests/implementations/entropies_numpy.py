"""Entropy and its relatives in arrays, along an axis."""

import numpy as np
from scipy.special import entr


def checked(p, axis=-1):
    """An array of distributions."""
    p = np.asarray(p)
    if p.dtype.kind not in "fiu" or not p.size or np.any(p < 0) or not np.allclose(p.sum(axis), 1, atol=1e-6):
        raise ValueError("each distribution must be of non-negative numbers that sum to one.")
    return p.astype(float)


def unit(base):
    """Nats in a unit."""
    if base is not None and not (np.isfinite(base) and base > 0 and base != 1):
        raise ValueError(f"base must be positive, finite and not 1; got {base}.")
    return 1.0 if base is None else np.log(base)


def entropy(p, *, base=None, axis=-1):
    """−Σ p log p."""
    return entr(checked(p, axis)).sum(axis) / unit(base)


def cross_entropy(p, q, *, base=None, axis=-1):
    """H(p) + D(p ‖ q)."""
    return entropy(p, base=base, axis=axis) + kl_divergence(p, q, base=base, axis=axis)


def kl_divergence(p, q, *, base=None, axis=-1):
    """Σ p log(p/q) − p + q."""
    p, q = checked(p, axis), checked(q, axis)
    if p.shape != q.shape:
        raise ValueError(f"p and q must have one shape; got {p.shape} and {q.shape}.")
    with np.errstate(divide="ignore", invalid="ignore"):
        e = (q - p) / p
        terms = np.where(p > 0, p * (e - np.log1p(e)), q)
    return terms.sum(axis) / unit(base)


def conditional_entropy(joint, *, base=None):
    """H(X, Y) − H(X)."""
    joint = checked(joint, axis=None)
    return entropy(joint.ravel(), base=base) - entropy(joint.sum(1), base=base)


def mutual_information(joint, *, base=None):
    """The divergence from independence."""
    joint = checked(joint, axis=None)
    return kl_divergence(joint.ravel(), np.outer(joint.sum(1), joint.sum(0)).ravel(), base=base)


def mutual_info_score(x, y, *, base=None):
    """Of the counts of pairs of labels."""
    x, y = np.asarray(x), np.asarray(y)
    if (
        x.ndim != 1
        or x.shape != y.shape
        or not x.size
        or any(z.dtype.kind == "f" and not np.isfinite(z).all() for z in (x, y))
    ):
        raise ValueError("x and y must be two columns of labels of a length.")
    (_, i), (_, j) = np.unique(x, return_inverse=True), np.unique(y, return_inverse=True)
    joint = np.zeros((i.max() + 1, j.max() + 1))
    np.add.at(joint, (i, j), 1 / len(i))
    return mutual_information(joint, base=base)
