"""How good an order of samples is: ROC and precision–recall curves, the areas that sum them up.

A score says how much a sample looks positive; every threshold t makes a decision, s ≥ t, and a curve shows them all.
Sort the scores of the two classes *apart*. Then for any t two binary searches count

    TP(t) = #{positives with s ≥ t},   FP(t) = #{negatives with s ≥ t},

and both areas are means over the positives i, at their own scores sᵢ:

    AUC = mean of (#{negatives below sᵢ} + ½ #{negatives at sᵢ}) / #{negatives}
    AP  = mean of TP(sᵢ) / (TP(sᵢ) + FP(sᵢ))

Scores are compared as they came and nothing is packed, rounded or converted: two samples tie if and only if their
scores are equal numbers (so −0.0 ties with 0.0, and 1.0 with its neighbour does not). Without weights all counts are
integers, so AUC is rounded once. Time O(n log n), memory a few columns. Parameters are those of scikit-learn.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mlatlas.foundations.metrics.inputs import (
    Array,
    Floats,
    Indices,
    distinct,
    given_labels,
    label_column,
    positions,
    same_length,
    score_array,
    warn_undefined,
    weight_column,
)

Average = Literal["micro", "macro", "weighted"] | None
Metric = Callable[["_Ranking"], float]

AVERAGES: tuple[Average, ...] = ("micro", "macro", "weighted", None)
ONE_CLASS = "Only one class occurs in y_true, so there are no pairs to rank: the area is undefined, NaN."
USUAL_LABELS = ((0, 1), (-1, 1), (0,), (-1,), (1,))  # those of which 1 is positive without saying


def roc_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    drop_intermediate: bool = True,
) -> tuple[Floats, Floats, Floats]:
    """The receiver operating characteristic: false and true positive rates FP/(FP+TN), TP/(TP+FN) at every threshold.

    Args:
        y_true: the labels, (n,).
        y_score: larger for samples that look more positive, (n,).
        pos_label: the positive label; may be left out if the labels are 0 and 1 or −1 and 1. All others are negative.
        sample_weight: non-negative weights, (n,).
        drop_intermediate: leave out points at which neither rate bends, which the curve does not need.

    Returns:
        fpr, tpr, thresholds: from (0, 0) at the threshold ∞ to (1, 1) at the lowest score; NaN, with a warning, for a
        rate of a class that does not occur.

    Raises:
        ValueError: scores that are not finite real numbers; labels, weights or lengths that do not fit; a ``pos_label``
            that is missing or of another kind than the labels.

    Source: Fawcett 2006, An introduction to ROC analysis.
    """
    fps, tps, thresholds = _ranking(y_true, y_score, pos_label, sample_weight).curve()
    if drop_intermediate and len(fps) > 2:
        bends = np.r_[True, (np.diff(fps, 2) != 0) | (np.diff(tps, 2) != 0), True]
        fps, tps, thresholds = fps[bends], tps[bends], thresholds[bends]
    rates = [_rate(np.r_[0.0, counts], name) for counts, name in ((fps, "negative"), (tps, "positive"))]
    return rates[0], rates[1], np.r_[np.inf, thresholds.astype(np.float64)]


def precision_recall_curve(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    pos_label: Any = None,
    sample_weight: ArrayLike | None = None,
    drop_intermediate: bool = False,
) -> tuple[Floats, Floats, Array]:
    """Precision and recall at every threshold, thresholds increasing, and at the end the point (1, 0) that has none.

    ``drop_intermediate`` leaves out thresholds at which neither neighbour has another recall. Without positive samples
    recall is 1, with a warning. Other arguments and errors are those of `roc_curve`.

    Source: Davis, Goadrich 2006, The relationship between precision–recall and ROC curves.
    """
    fps, tps, thresholds = _ranking(y_true, y_score, pos_label, sample_weight).curve()
    if drop_intermediate and len(fps) > 2:
        rises = np.diff(tps) != 0
        kept = np.r_[True, rises[:-1] | rises[1:], True]
        fps, tps, thresholds = fps[kept], tps[kept], thresholds[kept]
    recall = tps / tps[-1] if _some_positive(tps[-1]) else np.ones(len(tps))
    return np.r_[(tps / (tps + fps))[::-1], 1.0], np.r_[recall[::-1], 0.0], thresholds[::-1]


def roc_auc_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: Average = "macro",
    sample_weight: ArrayLike | None = None,
    max_fpr: float | None = None,
    multi_class: Literal["raise", "ovr", "ovo"] = "raise",
    labels: ArrayLike | None = None,
) -> Any:
    """The area under the ROC curve: the probability that a positive outranks a negative, a tie counting one half.

    Args:
        y_true: the labels, (n,); of two, the greater is positive.
        y_score: larger for samples that look more positive, (n,); for more than two labels their probabilities, (n, k).
        average: for more than two labels: "macro" for the mean over labels, "weighted" for the mean weighted by how
            often each is true, "micro" for the area of all n·k decisions taken together, None for one area a label; for
            "ovo" only the first two.
        sample_weight: non-negative weights, (n,); not for "ovo".
        max_fpr: the area up to this false positive rate, standardised so that guessing has ½ and a perfect order 1; two
            labels only.
        multi_class: each label against the rest ("ovr"), or all pairs of labels ("ovo"), which ignores how frequent
            they are.
        labels: the sorted labels of the columns, where y_true does not show them all.

    Returns:
        A float, or an array (k,); NaN, with a warning, where only one class occurs.

    Raises:
        ValueError: what `roc_curve` refuses; rows that do not sum to one, columns that do not fit the labels, or an
            option that does not go with the number of labels.

    Source: Hanley, McNeil 1982; McClish 1989 for ``max_fpr``; Hand, Till 2001 for "ovo".
    """
    _check_average(average, AVERAGES)
    if max_fpr is not None and not 0 < max_fpr <= 1:
        raise ValueError(f"max_fpr must lie above 0 and not above 1; got {max_fpr!r}. Pass None for the whole area.")
    true, scores = label_column(y_true, "y_true"), score_array(y_score, "y_score", (1, 2))
    same_length(y_true=true, y_score=scores)
    weight, present = weight_column(sample_weight, len(true)), distinct(true)
    if len(present) <= 2 and (scores.ndim == 1 or scores.shape[1] == 2):
        return _area(_Ranking.of(true == present[-1], score_array(scores, "y_score"), weight), max_fpr)
    if max_fpr not in (None, 1):
        raise ValueError(
            f"max_fpr must be None for more than two labels; got {max_fpr!r}. Score one label against the rest."
        )
    if multi_class not in ("ovr", "ovo"):
        raise ValueError(
            f"multi_class must be 'ovr' or 'ovo' for more than two labels; got {multi_class!r}. Choose one."
        )
    _check_average(average, AVERAGES if multi_class == "ovr" else ("macro", "weighted"))
    classes = present if labels is None else given_labels(labels, true)
    if np.any(classes[1:] <= classes[:-1]):
        raise ValueError(f"labels must be sorted, as the columns of y_score are; got {classes.tolist()}. Sort both.")
    at = positions(true, classes)
    _check_columns(scores, classes, bool(at.max() == len(classes)))
    if not np.allclose(scores.sum(1), 1.0):
        raise ValueError("y_score must hold probabilities that sum to 1 in each row. Divide each row by its sum.")
    if multi_class == "ovr":
        return _one_versus_rest(_area, at, scores, average, weight)
    if weight is not None:
        raise ValueError("sample_weight must be None with multi_class='ovo'. Pass multi_class='ovr' to use weights.")
    return _one_versus_one(at, scores, average)


def average_precision_score(
    y_true: ArrayLike,
    y_score: ArrayLike,
    *,
    average: Average = "macro",
    pos_label: Any = 1,
    sample_weight: ArrayLike | None = None,
) -> Any:
    """Average precision Σ (Rₙ − Rₙ₋₁) Pₙ: the mean, over the positives, of the precision at their own scores.

    Nothing is interpolated: between two thresholds there is no decision to speak of.

    Args:
        y_true: the labels, (n,).
        y_score: larger for samples that look more positive, (n,); for more than two labels one column for each, sorted,
            (n, k).
        average: for more than two labels, as in `roc_auc_score`.
        pos_label: the positive one of two labels.
        sample_weight: non-negative weights, (n,).

    Returns:
        A float, or an array (k,); 0, with a warning, where no sample is positive.

    Raises:
        ValueError: what `roc_curve` refuses; a ``pos_label`` that is none of two labels; columns that do not fit the
            labels.

    Source: Manning, Raghavan, Schütze 2008, Introduction to Information Retrieval, section 8.4.
    """
    _check_average(average, AVERAGES)
    true, scores = label_column(y_true, "y_true"), score_array(y_score, "y_score", (1, 2))
    same_length(y_true=true, y_score=scores)
    weight, present = weight_column(sample_weight, len(true)), distinct(true)
    if len(present) <= 2:
        if len(present) == 2 and pos_label not in present.tolist():
            raise ValueError(
                f"pos_label must be one of the labels {present.tolist()}; got {pos_label!r}. Name the positive one."
            )
        return _average_precision(_Ranking.of(_is(true, pos_label), score_array(scores, "y_score"), weight))
    if pos_label != 1:
        raise ValueError(f"pos_label must be 1 for more than two labels; got {pos_label!r}. Leave it out.")
    _check_columns(scores, present)
    return _one_versus_rest(_average_precision, positions(true, present), scores, average, weight)


# ---- one positive class ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Sorted:
    """The samples of one class in order of their scores, and without weights all of weight 1."""

    scores: Array  # (m,), ascending
    weight: Floats | None  # (m,)
    tail: Floats | None  # (m + 1,), the weight from each position on

    @classmethod
    def of(cls, scores: Array, weight: Array | None) -> _Sorted:
        if weight is None:
            ordered = np.sort(scores)
        else:  # from the highest score down, equal ones in their own order: sums come out as the peer's do, bit by bit
            order = _stable_order(scores[::-1])
            ordered, weight = scores[::-1][order], weight[::-1][order].astype(np.float64)
        if ordered.dtype.kind == "f" and len(ordered) and not np.isfinite(ordered[[0, -1]]).all():
            raise ValueError(
                f"y_score must be finite; got {scores[~np.isfinite(scores)][0]}. Drop or mend such samples."
            )
        return cls(ordered, weight, None if weight is None else np.r_[np.cumsum(weight[::-1])[::-1], 0.0])

    @property
    def total(self) -> float:
        """The weight of all."""
        return float(len(self.scores) if self.tail is None else self.tail[0])

    def reaching(self, thresholds: Array) -> Floats | Indices:
        """For each t the weight of the samples with a score s ≥ t."""
        at = np.searchsorted(self.scores, thresholds)
        return len(self.scores) - at if self.tail is None else self.tail[at]

    def below(self, thresholds: Array) -> Floats | Indices:
        """For each t twice the weight of the samples with s < t, and once that of those with s = t."""
        first, last = (np.searchsorted(self.scores, thresholds, side) for side in ("left", "right"))
        return first + last if self.tail is None else 2 * self.tail[0] - self.tail[first] - self.tail[last]


@dataclass(frozen=True)
class _Ranking:
    """The positive and the negative samples, each sorted."""

    positives: _Sorted
    negatives: _Sorted

    @classmethod
    def of(cls, positive: NDArray[np.bool_], scores: Array, weight: Array | None) -> _Ranking:
        if weight is not None and not weight.all():  # a sample without weight has no threshold of its own
            seen = weight > 0
            positive, scores, weight = positive[seen], scores[seen], weight[seen]
        return cls(*(_Sorted.of(scores[own], None if weight is None else weight[own]) for own in (positive, ~positive)))

    def curve(self) -> tuple[Floats, Floats, Array]:
        """False and true positives at each distinct score, from the highest down, and these scores."""
        thresholds = np.unique(np.concatenate([self.positives.scores, self.negatives.scores]))[::-1]
        fps, tps = self.negatives.reaching(thresholds), self.positives.reaching(thresholds)
        return fps.astype(np.float64, copy=False), tps.astype(np.float64, copy=False), thresholds


def _stable_order(scores: Array) -> Indices:
    """What sorts the scores and leaves equal ones in their order: by score, and then by score and place as one number.

    Two sorts with vector instructions take less time than a stable one without.
    """
    order = np.argsort(scores)
    ordered = scores[order]
    group = len(scores) * np.cumsum(np.r_[False, ordered[1:] != ordered[:-1]][: len(scores)])
    place: Indices = np.sort(group + order) - group
    return place


def _area(ranking: _Ranking, max_fpr: float | None = None) -> float:
    """The probability that a positive outranks a negative."""
    positives, negatives = ranking.positives, ranking.negatives
    if not (len(positives.scores) and len(negatives.scores)):
        warn_undefined(ONE_CLASS)
        return float("nan")
    if max_fpr is not None and max_fpr < 1:
        fps, tps, _ = ranking.curve()
        return _partial_area(np.r_[0.0, fps / fps[-1]], np.r_[0.0, tps / tps[-1]], max_fpr)
    wins = negatives.below(positives.scores)
    won = wins.sum() if positives.weight is None else wins @ positives.weight
    return float(won / (2 * positives.total * negatives.total))  # (auc)


def _partial_area(fpr: Floats, tpr: Floats, limit: float) -> float:
    """The area up to a false positive rate, from ½ for guessing to 1 (McClish 1989)."""
    inside = fpr <= limit
    x, y = np.r_[fpr[inside], limit], np.r_[tpr[inside], np.interp(limit, fpr, tpr)]
    area, guessing = np.trapezoid(y, x), limit**2 / 2
    return float((1 + (area - guessing) / (limit - guessing)) / 2)  # (partial-auc)


def _average_precision(ranking: _Ranking) -> float:
    """The mean of the precision at the scores of the positives."""
    positives = ranking.positives
    if not _some_positive(positives.total):
        return 0.0
    tps, fps = positives.reaching(positives.scores), ranking.negatives.reaching(positives.scores)
    return float(np.average(tps / (tps + fps), weights=positives.weight))  # (average-precision)


def _ranking(y_true: ArrayLike, y_score: ArrayLike, pos_label: Any, sample_weight: ArrayLike | None) -> _Ranking:
    true, scores = label_column(y_true, "y_true"), score_array(y_score, "y_score")
    same_length(y_true=true, y_score=scores)
    weight, present = weight_column(sample_weight, len(true)), distinct(true)
    if pos_label is None:
        if tuple(present.tolist()) not in USUAL_LABELS:
            raise ValueError(
                f"pos_label must be given unless the labels are 0 and 1 or -1 and 1; got {present.tolist()[:5]}."
            )
        pos_label = 1
    return _Ranking.of(_is(true, pos_label), scores, weight)


def _is(true: Array, pos_label: Any) -> NDArray[np.bool_]:
    if isinstance(pos_label, str) != (true.dtype.kind == "U"):
        raise ValueError(
            f"pos_label must be of the kind of the labels; got {pos_label!r} for {true[0]!r}. Name one of them."
        )
    positive: NDArray[np.bool_] = true == pos_label
    return positive


def _rate(counts: Floats, name: str) -> Floats:
    """Counts as a share of the last of them."""
    if counts[-1] > 0:
        return counts / float(counts[-1])
    warn_undefined(f"No {name} sample occurs in y_true, so the {name} rate is undefined, NaN.")
    return np.full(len(counts), np.nan)


def _some_positive(total: float) -> bool:
    """Whether there are positives; a warning where there are none."""
    if total == 0:
        warnings.warn("No positive sample occurs in y_true, so recall is 0/0, and taken for 1.", stacklevel=2)
    return total > 0


# ---- more classes ----------------------------------------------------------------------------------------


def _one_versus_rest(metric: Metric, at: Indices, scores: Array, average: Average, weight: Array | None) -> Any:
    """The metric of every class against all others, averaged; ``at`` says which column is each sample's own."""
    k = scores.shape[1]
    member = at[:, None] == np.arange(k)
    if average == "micro":
        return metric(_Ranking.of(member.ravel(), scores.ravel(), None if weight is None else np.repeat(weight, k)))
    each = np.array([metric(_Ranking.of(member[:, c], scores[:, c], weight)) for c in range(k)])
    if average is None:
        return each
    if average == "macro":
        return float(each.mean())
    share = np.bincount(at, weights=weight, minlength=k)
    return float(np.average(np.where(share > 0, each, 0.0), weights=share))


def _one_versus_one(at: Indices, scores: Array, average: Average) -> float:
    """The mean area over pairs of classes, each pair judged by the columns of both (Hand, Till 2001)."""
    areas, share = [], []
    if len(present := np.unique(at)) < 2:
        warn_undefined(ONE_CLASS)
        return float("nan")
    for a, b in itertools.combinations(present, 2):
        pair = (at == a) | (at == b)
        both = [_area(_Ranking.of(at[pair] == own, scores[pair, own], None)) for own in (a, b)]
        areas.append(sum(both) / 2)  # (hand-till)
        share.append(pair.mean())
    return float(np.average(areas, weights=share if average == "weighted" else None))


def _check_average(average: Average, allowed: tuple[Average, ...]) -> None:
    if average not in allowed:
        raise ValueError(
            f"average must be one of {', '.join(map(repr, allowed))} here; got {average!r}. Choose one of them."
        )


def _check_columns(scores: Array, classes: Array, unlisted: bool = False) -> None:
    if scores.ndim != 2 or scores.shape[1] != len(classes) or unlisted:
        listed = classes.tolist() if len(classes) <= 10 else f"{len(classes)} labels"
        raise ValueError(
            f"y_score must have a column for each label; got shape {scores.shape} for {listed}. List all in labels."
        )
