"""What the metrics are given: labels, scores and weights, checked once; a score is compared, never converted."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[Any]
Indices = NDArray[np.int64]
Floats = NDArray[np.float64]

SMALLEST_LOOKUP = 1024  # a table of labels may always be this long, and as long as the column that it serves


def label_column(value: ArrayLike, name: str) -> Array:
    """One label a sample: whole numbers as int64, or text."""
    labels = _column(value, name)
    kind = labels.dtype.kind
    if kind in "OT" and all(isinstance(one, str) for one in labels):
        return labels.astype(str)
    if kind == "S":
        raise TypeError(f"{name} must hold text or whole numbers; got bytes. Decode them: labels.astype(str).")
    if kind == "f" and np.isfinite(labels).all():
        if np.any(broken := labels != np.floor(labels)):
            raise ValueError(
                f"{name} must hold labels; got {labels[broken][0]:g}, which is no whole number. "
                "Turn scores into labels first, such as y_score >= 0.5."
            )
    elif kind not in "biuU":
        held = "a number that is not finite" if kind == "f" else f"dtype {labels.dtype}"
        raise ValueError(f"{name} must hold text or whole numbers, without gaps; got {held}. Convert or drop it.")
    if kind in "fu" and np.abs(labels).max() >= 2**63:
        raise ValueError(f"{name} must hold labels below 2**63; got {labels.max():g}. Number the classes from 0.")
    return labels if kind == "U" else labels.astype(np.int64, copy=False)


def score_array(value: ArrayLike, name: str, dimensions: tuple[int, ...] = (1,)) -> Array:
    """Real numbers in their own type, so that no two of them are made equal."""
    scores = np.asarray(value)
    if 2 not in dimensions or (scores.ndim == 2 and scores.shape[1] == 1):
        scores = _column(scores, name)
    if scores.ndim not in dimensions or 0 in scores.shape:
        raise ValueError(f"{name} must have one row a sample; got shape {scores.shape}. Pass (n,) or (n, classes).")
    if scores.dtype.kind not in "biuf":
        raise ValueError(f"{name} must hold real numbers; got dtype {scores.dtype}. Convert it to float.")
    return scores


def weight_column(value: ArrayLike | None, n: int) -> Array | None:
    """Weights of n samples as int64 or float64; None where none were given."""
    if value is None:
        return None
    weight = np.asarray(value)
    if weight.shape != (n,):
        raise ValueError(f"sample_weight must hold one weight for each of the {n} samples; got shape {weight.shape}.")
    if weight.dtype.kind not in "biuf":
        raise ValueError(f"sample_weight must hold real numbers; got dtype {weight.dtype}. Convert it to float.")
    weight = weight.astype(np.float64 if weight.dtype.kind == "f" else np.int64)
    if not (np.isfinite(weight).all() and weight.min() >= 0):
        broken = weight[~(np.isfinite(weight) & (weight >= 0))][0]
        raise ValueError(f"sample_weight must be finite and not negative; got {broken:g}. Drop or mend such samples.")
    if not weight.any():
        raise ValueError("sample_weight must hold a positive weight; all are zero. Give at least one sample a weight.")
    return weight


def same_length(**columns: Array) -> None:
    """Refuse columns of unequal lengths."""
    if len({len(column) for column in columns.values()}) > 1:
        got = " and ".join(str(len(column)) for column in columns.values())
        raise ValueError(f"{' and '.join(columns)} must have the same length; got {got}. Give one of each a sample.")


def same_kind(**columns: Array) -> None:
    """Refuse to compare text with numbers."""
    if len({column.dtype.kind for column in columns.values()}) > 1:
        got = " and ".join("text" if column.dtype.kind == "U" else "numbers" for column in columns.values())
        raise ValueError(f"{' and '.join(columns)} must hold labels of one kind; got {got}. Convert one of them.")


def distinct(*columns: Array) -> Array:
    """The labels that occur in any of the columns, in order."""
    low, span = _span(*columns)
    if span:
        seen = sum(np.bincount(_shifted(column, low), minlength=span) for column in columns)
        return np.flatnonzero(seen) + low
    return np.unique(np.concatenate([np.unique(column) for column in columns]))


def positions(column: Array, labels: Array) -> Indices:
    """Where each sample's label stands in ``labels``; one that is not listed stands behind the last."""
    low, span = _span(column)
    if span:
        lookup, wanted = np.full(span, len(labels)), labels - low
        inside = (wanted >= 0) & (wanted < span)
        lookup[wanted[inside]] = np.flatnonzero(inside)
        at = _shifted(column, low)
        return at if np.array_equal(lookup, np.arange(span)) else lookup[at]
    order = np.argsort(labels)
    at = np.minimum(np.searchsorted(labels, column, sorter=order), len(labels) - 1)
    return np.where(labels[order[at]] == column, order[at], len(labels))


def given_labels(labels: ArrayLike, like: Array) -> Array:
    """The labels that a caller lists, distinct and of the same kind as those of the samples."""
    listed = label_column(labels, "labels")
    same_kind(labels=listed, y_true=like)
    if len(np.unique(listed)) < len(listed):
        raise ValueError(f"labels must be distinct; got {listed.tolist()}. List each once.")
    return listed


def warn_undefined(message: str) -> None:
    """Warn as the peer does, so that a filter on its category serves here too."""
    from sklearn.exceptions import UndefinedMetricWarning

    warnings.warn(message, UndefinedMetricWarning, stacklevel=2)


def _column(value: ArrayLike, name: str) -> Array:
    column = np.asarray(value)
    if column.ndim == 2 and column.shape[1] == 1:
        column = column[:, 0]
    if column.ndim != 1 or len(column) == 0:
        raise ValueError(f"{name} must hold one entry a sample; got shape {column.shape}. Pass one column at a time.")
    return column


def _span(*columns: Array) -> tuple[int, int]:
    """The smallest label and the number of labels that a table from it to the largest holds; 0 where it is too long."""
    if columns[0].dtype.kind != "i":
        return 0, 0
    low, high = min(int(column.min()) for column in columns), max(int(column.max()) for column in columns)
    span = high - low + 1
    return low, span if span <= max(SMALLEST_LOOKUP, len(columns[0])) else 0


def _shifted(column: Array, low: int) -> Indices:
    return column - low if low else column
