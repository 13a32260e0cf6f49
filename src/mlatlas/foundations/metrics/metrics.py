"""How good decisions and probabilities are: the confusion matrix and what follows from it, and log loss.

Of the samples of a class, the true positives TP were given its label; the false positives FP were given it wrongly, the
false negatives FN were denied it. Then

    precision P = TP / (TP + FP)          of what was called positive, the share that is
    recall    R = TP / (TP + FN)          of what is positive, the share that was found
    F_β = (1 + β²) P R / (β² P + R)       their weighted harmonic mean

Each needs three sums of weights for each label, TP, TP + FP and TP + FN, and nothing else. Functions of labels cost
O(n) time where labels are whole numbers in a range of at most n, O(n log n) otherwise, and a few columns of memory.
Parameters are those of scikit-learn.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from mlatlas.foundations.metrics.inputs import (
    Array,
    Floats,
    distinct,
    given_labels,
    label_column,
    positions,
    same_kind,
    same_length,
    score_array,
    warn_undefined,
    weight_column,
)

Average = Literal["binary", "micro", "macro", "weighted"] | None
ZeroDivision = Literal["warn"] | float

AVERAGES = ("binary", "micro", "macro", "weighted", None)
LARGEST_TABLE = 50_000_000  # cells of a confusion matrix: 400 MB


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    normalize: Literal["true", "pred", "all"] | None = None,
) -> Array:
    """Count how often each label was given to each: entry (i, j) is the weight of samples of class i called j.

    Args:
        y_true: the labels, (n,), whole numbers, bool or text.
        y_pred: the labels that were given, (n,).
        labels: which labels to count, in which order; by default all that occur, sorted. Samples with another label on
            either side are left out.
        sample_weight: non-negative weights, (n,).
        normalize: divide by the sum of each row ("true"), of each column ("pred") or of everything ("all"); what would
            be 0/0 is 0.

    Returns:
        A table (labels, labels): integers, unless weights or ``normalize`` make it fractions.

    Raises:
        ValueError: columns that are empty or of unequal lengths, labels that are fractions, missing, mixed or repeated,
            weights that are negative or all zero, a table of more than fifty million cells.
    """
    if normalize not in (None, "true", "pred", "all"):
        raise ValueError(f"normalize must be None, 'true', 'pred' or 'all'; got {normalize!r}. Choose one of them.")
    true, predicted, weight = _columns(y_true, y_pred, sample_weight)
    listed = distinct(true, predicted) if labels is None else given_labels(labels, true)
    k = len(listed)
    if k * k > LARGEST_TABLE:
        raise ValueError(f"y_true and y_pred must have at most 7,071 labels; got {k:,}. List those wanted in labels.")
    rows, columns = positions(true, listed), positions(predicted, listed)
    if labels is not None and rows.min() == k:
        raise ValueError(f"labels must hold at least one that occurs in y_true; got {listed.tolist()}. Mend the list.")
    if k == 1:
        warnings.warn("Only one label occurs, so the matrix is 1 × 1. List all of them in labels.", stacklevel=2)
    side = k + (labels is not None)  # a row and a column more for what is not listed
    table = np.bincount(rows * side + columns, weights=weight, minlength=side * side).reshape(side, side)[:k, :k]
    if weight is not None and weight.dtype.kind == "i":
        table = table.astype(np.int64)
    if normalize is None:
        return np.ascontiguousarray(table)
    sums = table.sum(axis={"true": 1, "pred": 0, "all": None}[normalize], keepdims=True)
    return table / np.where(sums == 0, 1, sums)


def accuracy_score(
    y_true: ArrayLike, y_pred: ArrayLike, *, normalize: bool = True, sample_weight: ArrayLike | None = None
) -> float:
    """Share of samples that were given their own label, or with ``normalize=False`` their weight.

    Errors are those of `confusion_matrix`.
    """
    true, predicted, weight = _columns(y_true, y_pred, sample_weight)
    hits = true == predicted
    return float(np.average(hits, weights=weight) if normalize else hits.sum() if weight is None else hits @ weight)


def precision_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: ZeroDivision = "warn",
) -> Any:
    """Precision TP / (TP + FP): of the samples that were called positive, the share that is. O(n).

    Args:
        y_true: the labels, (n,), whole numbers, bool or text.
        y_pred: the labels that were given, (n,).
        labels: with an average other than "binary", the labels that are averaged and their order; all by default.
            Samples with other labels still count as negatives of these.
        pos_label: with "binary", the label that is positive.
        average: "binary" for the positive label alone, None for an array with a score for each label, "macro" for their
            mean, "weighted" for their mean weighted by how often each label is true, "micro" for the score of the
            summed counts.
        sample_weight: non-negative weights, (n,).
        zero_division: what 0/0 is: 0, 1 or NaN, which averages leave out; "warn" is 0 with a warning.

    Raises:
        ValueError: what `confusion_matrix` refuses; "binary" with more than two labels, or with a ``pos_label`` that is
            none of two; an unknown ``average`` or ``zero_division``.

    Source: van Rijsbergen 1979, Information Retrieval, chapter 7.
    """
    counts = _counts(y_true, y_pred, labels, pos_label, average, sample_weight)
    return _averaged(_ratio(counts.hits, counts.predicted, "precision", zero_division), counts, average)  # (precision)


def recall_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: ZeroDivision = "warn",
) -> Any:
    """Recall TP / (TP + FN), also sensitivity or true positive rate: of the positive samples, the share that was found.

    Arguments, errors and cost are those of `precision_score`.
    """
    counts = _counts(y_true, y_pred, labels, pos_label, average, sample_weight)
    return _averaged(_ratio(counts.hits, counts.true, "recall", zero_division), counts, average)  # (recall)


def fbeta_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    beta: float,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: ZeroDivision = "warn",
) -> Any:
    """F_β = (1 + β²) TP / ((1 + β²) TP + β² FN + FP), the weighted harmonic mean of precision and recall.

    ``beta`` from 0 (precision) to infinity (recall) says how many times as important recall is. Computed from the
    counts, so that it is 0, and defined, where nothing was found. Other arguments, errors and cost are those of
    `precision_score`.

    Source: van Rijsbergen 1979, Information Retrieval, chapter 7; Chinchor 1992, MUC-4 evaluation metrics.
    """
    if not beta >= 0:
        raise ValueError(f"beta must not be negative; got {beta!r}. Pass 1 for the harmonic mean.")
    counts = _counts(y_true, y_pred, labels, pos_label, average, sample_weight)
    if np.isinf(beta):
        return _averaged(_ratio(counts.hits, counts.true, "F-score", zero_division), counts, average)
    found, sought = (1 + beta**2) * counts.hits, beta**2 * counts.true + counts.predicted
    return _averaged(_ratio(found, sought, "F-score", zero_division), counts, average)  # (f-measure)


def f1_score(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    *,
    labels: ArrayLike | None = None,
    pos_label: Any = 1,
    average: Average = "binary",
    sample_weight: ArrayLike | None = None,
    zero_division: ZeroDivision = "warn",
) -> Any:
    """F₁ = 2 TP / (2 TP + FN + FP), the harmonic mean of precision and recall: `fbeta_score` with β = 1."""
    return fbeta_score(
        y_true,
        y_pred,
        beta=1.0,
        labels=labels,
        pos_label=pos_label,
        average=average,
        sample_weight=sample_weight,
        zero_division=zero_division,
    )


def log_loss(
    y_true: ArrayLike,
    y_proba: ArrayLike,
    *,
    normalize: bool = True,
    sample_weight: ArrayLike | None = None,
    labels: ArrayLike | None = None,
) -> float:
    """Log loss −(1/n) Σ log p(yᵢ), in nats: the mean surprise at the true labels. O(n).

    Args:
        y_true: the labels, (n,).
        y_proba: probabilities of the sorted labels, (n, k), or of the greater of two labels, (n,). They are clipped to
            [ε, 1−ε], ε the spacing of their type at 1, so that a certain error costs 36 nats in double precision and
            not infinitely many.
        normalize: whether to divide by the sum of the weights.
        sample_weight: non-negative weights, (n,).
        labels: all labels, where y_true does not show them all.

    Raises:
        ValueError: probabilities outside [0, 1] or missing, a number of columns that is not that of the labels, only
            one label, a label that is not listed; and what `confusion_matrix` refuses.

    Warns:
        UserWarning: rows that do not sum to one, or labels that are not listed in order.
    """
    true, p = label_column(y_true, "y_true"), score_array(y_proba, "y_proba", (1, 2))
    same_length(y_true=true, y_proba=p)
    weight = weight_column(sample_weight, len(true))
    if not (p.min() >= 0 and p.max() <= 1):
        raise ValueError(
            f"y_proba must lie between 0 and 1; got values from {p.min():g} to {p.max():g}. Pass probabilities."
        )
    listed = distinct(true) if labels is None else given_labels(labels, true)
    if np.any(listed[1:] < listed[:-1]):
        warnings.warn(f"labels should be sorted, as the columns of y_proba are; got {listed.tolist()}.", stacklevel=2)
        listed = np.sort(listed)
    at = positions(true, listed)
    if at.max() == len(listed):
        raise ValueError(f"y_true must hold listed labels only; got {true[at.argmax()]!r}. Add it to labels.")
    if len(listed) != (columns := 2 if p.ndim == 1 else p.shape[1]) or len(listed) < 2:
        raise ValueError(
            f"y_proba must have a column for each label; got {columns} for {listed.tolist()}. List all in labels."
        )
    spacing = np.finfo(np.float32 if p.dtype == np.float32 else np.float64).eps
    p = p.astype(np.float64, copy=False)
    if p.ndim == 2 and not np.allclose(p.sum(1), 1.0, rtol=np.sqrt(spacing), atol=0.0):
        warnings.warn("The rows of y_proba do not all sum to 1. Pass probabilities.", stacklevel=2)
    given_to_truth = np.where(at == 1, p, 1 - p) if p.ndim == 1 else p[np.arange(len(p)), at]
    losses = -np.log(np.clip(given_to_truth, spacing, 1 - spacing))  # (log-loss)
    return float(
        np.average(losses, weights=weight) if normalize else losses.sum() if weight is None else losses @ weight
    )


# ---- counts ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Counts:
    """For each label: TP, TP + FP and TP + FN, as sums of weights."""

    labels: Array
    hits: Array
    predicted: Array
    true: Array


def _counts(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    labels: ArrayLike | None,
    pos_label: Any,
    average: Average,
    sample_weight: ArrayLike | None,
) -> _Counts:
    if average not in AVERAGES:
        raise ValueError(
            f"average must be one of {', '.join(map(repr, AVERAGES))}; got {average!r}. Choose one of them."
        )
    true, predicted, weight = _columns(y_true, y_pred, sample_weight)
    if average == "binary":
        listed = _positive(distinct(true, predicted), pos_label)
    else:
        if pos_label not in (None, 1):
            warnings.warn(
                f"pos_label={pos_label!r} is ignored with average={average!r}. List it in labels.", stacklevel=2
            )
        listed = distinct(true, predicted) if labels is None else given_labels(labels, true)
    i, j = positions(true, listed), positions(predicted, listed)
    hit = i == j

    def summed(at: Array, weights: Array | None) -> Array:
        sums = np.bincount(at, weights=weights, minlength=len(listed) + 1)[: len(listed)]
        return sums.sum(keepdims=True) if average == "micro" else sums

    return _Counts(
        listed, summed(i[hit], None if weight is None else weight[hit]), summed(j, weight), summed(i, weight)
    )


def _positive(present: Array, pos_label: Any) -> Array:
    """The positive label, alone; it may be missing only where a single label occurs."""
    if len(present) > 2:
        raise ValueError(
            f"average must not be 'binary' for {len(present)} labels; choose 'micro', 'macro', 'weighted' or None."
        )
    if pos_label not in present.tolist() and (
        len(present) == 2 or isinstance(pos_label, str) != (present.dtype.kind == "U")
    ):
        raise ValueError(
            f"pos_label must be one of the labels {present.tolist()}; got {pos_label!r}. Name the positive one."
        )
    return np.asarray([pos_label]).astype(present.dtype.kind if present.dtype.kind == "U" else np.int64)


def _ratio(part: Array, whole: Array, name: str, zero_division: ZeroDivision) -> Floats:
    """The part of the whole, label by label, with ``zero_division`` where the whole is zero."""
    if not (zero_division == "warn" or zero_division in (0, 1) or zero_division != zero_division):
        raise ValueError(f"zero_division must be 'warn', 0, 1 or NaN; got {zero_division!r}. Choose one of them.")
    empty = whole == 0
    if zero_division == "warn" and empty.any():
        warn_undefined(f"{name} is 0/0, and taken for 0, for {empty.sum()} of {len(empty)} labels. Set zero_division.")
    return np.where(empty, 0.0 if zero_division == "warn" else zero_division, part / np.where(empty, 1, whole))


def _averaged(scores: Floats, counts: _Counts, average: Average) -> Any:
    """The scores of the labels, or their average without those that are NaN."""
    if average is None:
        return scores
    defined = ~np.isnan(scores)
    if not defined.any():
        return float("nan")
    weights = counts.true[defined] if average == "weighted" and counts.true[defined].any() else None
    return float(np.average(scores[defined], weights=weights))


def _columns(
    y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[Array, Array, Array | None]:
    true, predicted = label_column(y_true, "y_true"), label_column(y_pred, "y_pred")
    same_length(y_true=true, y_pred=predicted)
    same_kind(y_true=true, y_pred=predicted)
    return true, predicted, weight_column(sample_weight, len(true))
