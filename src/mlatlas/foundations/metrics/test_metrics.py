"""Bad input, ties to the bit, every option against the peer, and what is undefined: what only a test can say of the metrics."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings, strategies as st
from sklearn import metrics as peer
from sklearn.exceptions import UndefinedMetricWarning

from mlatlas import foundations as ours
from mlatlas.foundations import (
    accuracy_score,
    average_precision_score,
    confusion_matrix,
    f1_score,
    fbeta_score,
    log_loss,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
    roc_curve,
)

# ---- bad input ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("true", "predicted", "rule"),
    [
        ([], [], r"y_true must hold one entry a sample; got shape \(0,\)"),
        (1, 1, r"y_true must hold one entry a sample; got shape \(\)"),
        ([[0, 1], [1, 0]], [0, 1], r"got shape \(2, 2\)\. Pass one column at a time"),
        ([0, 1], [0, 1, 1], "y_true and y_pred must have the same length; got 2 and 3"),
        ([0, 1], [0.2, 0.7], r"y_pred must hold labels; got 0\.2, which is no whole number.*y_score >= 0\.5"),
        ([0, np.nan], [0, 1], "y_true must hold text or whole numbers, without gaps; got a number that is not finite"),
        ([0, 1], [0, np.inf], "y_pred must hold text or whole numbers, without gaps"),
        ([0, 1], [0, 1e19], "y_pred must hold labels below"),
        ([0, 1], np.array([0, 2**63], dtype=np.uint64), "y_pred must hold labels below"),
        ([0, 1], [0, 1j], "y_pred must hold text or whole numbers, without gaps; got dtype complex128"),
        ([0, 1], ["a", "b"], "y_true and y_pred must hold labels of one kind; got numbers and text"),
        (
            np.array(["a", None], dtype=object),
            ["a", "b"],
            "y_true must hold text or whole numbers, without gaps; got dtype object",
        ),
        (np.array([1, "a"], dtype=object), [1, 1], "got dtype object"),
        (np.array(["2020-01-01"], dtype="M8[D]"), [1], "got dtype datetime64"),
    ],
)
@pytest.mark.parametrize("metric", [confusion_matrix, accuracy_score, f1_score])
def test_what_are_no_labels_is_refused(metric, true, predicted, rule):
    with pytest.raises(ValueError, match=rule):
        metric(true, predicted)


@pytest.mark.parametrize(
    ("weight", "rule"),
    [
        ([1.0], r"one weight for each of the 2 samples; got shape \(1,\)"),
        (1.0, r"one weight for each of the 2 samples; got shape \(\)"),
        ([1.0, -0.5], r"sample_weight must be finite and not negative; got -0\.5"),
        ([1.0, np.nan], "sample_weight must be finite and not negative; got nan"),
        ([1.0, np.inf], "sample_weight must be finite and not negative; got inf"),
        ([0, 0], "sample_weight must hold a positive weight; all are zero"),
        (["a", "b"], "sample_weight must hold real numbers; got dtype <U1"),
    ],
)
@pytest.mark.parametrize("metric", [confusion_matrix, accuracy_score, recall_score, log_loss, roc_auc_score, roc_curve])
def test_what_are_no_weights_is_refused(metric, weight, rule):
    with pytest.raises(ValueError, match=rule):
        metric([0, 1], [0, 1], sample_weight=weight)


@pytest.mark.parametrize(
    ("scores", "rule"),
    [
        ([0.1, np.nan], "y_score must be finite; got nan"),
        ([-np.inf, 0.1], "y_score must be finite; got -inf"),
        ([0.1], "y_true and y_score must have the same length; got 2 and 1"),
        (["a", "b"], "y_score must hold real numbers; got dtype <U1"),
        ([0.1, 0.2j], "y_score must hold real numbers; got dtype complex128"),
        (0.5, "y_score must"),
        (np.zeros((2, 2, 2)), "y_score must"),
    ],
)
@pytest.mark.parametrize("metric", [roc_auc_score, average_precision_score, roc_curve, precision_recall_curve])
def test_what_are_no_scores_is_refused(metric, scores, rule):
    with pytest.raises(ValueError, match=rule):
        metric([0, 1], scores)


THREE = np.full((3, 3), 1 / 3)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: confusion_matrix([0, 1], [0, 1], normalize="rows"), "normalize must be None, 'true', 'pred' or 'all'; got 'rows'"),
        (lambda: confusion_matrix([0, 1], [0, 1], labels=[7, 8]), "labels must hold at least one that occurs in y_true"),
        (lambda: confusion_matrix([0, 1], [0, 1], labels=[1, 1]), r"labels must be distinct; got \[1, 1\]"),
        (lambda: confusion_matrix([0, 1], [0, 1], labels=["a"]), "labels and y_true must hold labels of one kind"),
        (lambda: confusion_matrix(range(8000), range(8000)), "at most 7,071 labels; got 8,000"),
        (lambda: f1_score([0, 1, 2], [0, 1, 2]), "average must not be 'binary' for 3 labels"),
        (lambda: f1_score([0, 1], [0, 1], average="samples"), "average must be one of 'binary', 'micro', 'macro', 'weighted', None"),
        (lambda: f1_score([0, 1], [0, 1], zero_division=0.5), "zero_division must be 'warn', 0, 1 or NaN; got 0.5"),
        (lambda: f1_score([0, 1], [0, 1], zero_division="nan"), "zero_division must be 'warn', 0, 1 or NaN; got 'nan'"),
        (lambda: f1_score([0, 2], [0, 2]), r"pos_label must be one of the labels \[0, 2\]; got 1"),
        (lambda: f1_score(["a", "a"], ["a", "a"]), r"pos_label must be one of the labels \['a'\]; got 1"),
        (lambda: fbeta_score([0, 1], [0, 1], beta=-1), "beta must not be negative; got -1"),
        (lambda: fbeta_score([0, 1], [0, 1], beta=np.nan), "beta must not be negative; got nan"),
        (lambda: log_loss([0, 1], [0.2, 1.1]), "y_proba must lie between 0 and 1; got values from 0.2 to 1.1"),
        (lambda: log_loss([0, 1], [-0.1, 0.2]), "y_proba must lie between 0 and 1"),
        (lambda: log_loss([0, 1], [np.nan, 0.2]), "y_proba must lie between 0 and 1; got values from nan to nan"),
        (lambda: log_loss([1, 1], [0.2, 0.3]), r"y_proba must have a column for each label; got 2 for \[1\]"),
        (lambda: log_loss([0, 1, 2], [0.2, 0.3, 0.1]), "y_proba must have a column for each label; got 2"),
        (lambda: log_loss([0, 1, 1], THREE), r"got 3 for \[0, 1\]\. List all in labels"),
        (lambda: log_loss([0, 5], [0.2, 0.3], labels=[0, 1]), "y_true must hold listed labels only; got .*5"),
        (lambda: roc_curve([0, 2], [0.1, 0.2]), r"pos_label must be given unless the labels are 0 and 1 or -1 and 1; got \[0, 2\]"),
        (lambda: roc_curve(["a", "b"], [0.1, 0.2], pos_label=1), "pos_label must be of the kind of the labels; got 1"),
        (lambda: average_precision_score([0, 2], [0.1, 0.2]), r"pos_label must be one of the labels \[0, 2\]; got 1"),
        (lambda: average_precision_score([0, 1, 2], THREE, pos_label=2), "pos_label must be 1 for more than two labels; got 2"),
        (lambda: average_precision_score([0, 1, 2], [0.1, 0.2, 0.3]), r"a column for each label; got shape \(3,\)"),
        (lambda: average_precision_score([0, 1], [0.1, 0.2], average="binary"), "average must be one of 'micro'"),
        (lambda: roc_auc_score([0, 1], [0.1, 0.2], max_fpr=0), "max_fpr must lie above 0 and not above 1; got 0"),
        (lambda: roc_auc_score([0, 1], [0.1, 0.2], max_fpr=1.5), "max_fpr must lie above 0 and not above 1; got 1.5"),
        (lambda: roc_auc_score([0, 1], [0.1, 0.2], average="binary"), "average must be one of 'micro'"),
        (lambda: roc_auc_score([0, 1, 2], THREE), "multi_class must be 'ovr' or 'ovo' for more than two labels; got 'raise'"),
        (lambda: roc_auc_score([0, 1, 2], THREE, multi_class="ovr", max_fpr=0.5), "max_fpr must be None for more than two labels"),
        (lambda: roc_auc_score([0, 1, 2], THREE, multi_class="ovo", average="micro"), "average must be one of 'macro', 'weighted'"),
        (lambda: roc_auc_score([0, 1, 2], THREE, multi_class="ovo", sample_weight=[1, 1, 1]), "sample_weight must be None with"),
        (lambda: roc_auc_score([0, 1, 2], 2 * THREE, multi_class="ovr"), "y_score must hold probabilities that sum to 1"),
        (lambda: roc_auc_score([0, 1, 2], THREE, multi_class="ovr", labels=[2, 1, 0]), "labels must be sorted"),
        (lambda: roc_auc_score([0, 1, 2], THREE, multi_class="ovr", labels=[0, 1, 3]), "a column for each label; got shape"),
        (lambda: roc_auc_score([0, 1, 2], THREE[:, :2], multi_class="ovr"), r"a column for each label; got shape \(3, 2\) for \[0, 1, 2\]"),
        (lambda: roc_auc_score(range(12), np.full((12, 3), 1 / 3), multi_class="ovr"), r"got shape \(12, 3\) for 12 labels"),
    ],
)  # fmt: skip
def test_each_option_names_its_rule(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


def test_bytes_are_refused_with_a_remedy():
    with pytest.raises(TypeError, match="y_true must hold text or whole numbers; got bytes"):
        accuracy_score([b"a", b"b"], [b"a", b"b"])


# ---- ties --------------------------------------------------------------------------------------------------


def test_scores_tie_if_and_only_if_they_are_equal_numbers():
    one = 1.0
    assert roc_auc_score([1, 0], [np.nextafter(one, 2), one]) == 1.0
    assert roc_auc_score([1, 0], [one, np.nextafter(one, 2)]) == 0.0
    assert roc_auc_score([1, 0], [-0.0, 0.0]) == roc_auc_score([0, 1], [-0.0, 0.0]) == 0.5
    assert roc_auc_score([1, 0], [5e-324, 0.0]) == 1.0
    assert len(roc_curve([1, 0, 1], [-0.0, 0.0, 0.0])[2]) == 2


@pytest.mark.parametrize("dtype", [np.int64, np.uint64, np.int8, np.float16, np.float32, np.longdouble, bool])
def test_scores_are_compared_in_their_own_type(dtype):
    top = np.array(
        1 if dtype is bool else np.iinfo(dtype).max if np.issubdtype(dtype, np.integer) else 2.0, dtype=dtype
    )
    below = (
        np.array(0, dtype=dtype)
        if dtype is bool
        else top - 1
        if top.dtype.kind in "iu"
        else np.nextafter(top, np.array(0, dtype))
    )
    scores = np.stack([top, below])
    assert scores.dtype == dtype
    for weight in (None, [0.5, 0.5]):
        assert roc_auc_score([1, 0], scores, sample_weight=weight) == 1.0
        assert average_precision_score([0, 1], scores, sample_weight=weight) == 0.5
    thresholds = precision_recall_curve([1, 0], scores)[2]
    assert thresholds.dtype == dtype
    assert list(thresholds) == [below, top]


def test_the_count_of_pairs_does_not_overflow_and_is_rounded_once():
    y, scores = np.arange(200_001) % 2, np.arange(200_001, dtype=np.int8)
    negatives, positives = scores[y == 0].astype(int), scores[y == 1].astype(int)
    below = np.cumsum(np.bincount(negatives + 128, minlength=256))
    twice = int((below[positives + 128] + np.r_[0, below][positives + 128]).sum())
    assert roc_auc_score(y, scores) == twice / (2 * len(positives) * len(negatives))


def test_a_sample_without_weight_has_no_threshold():
    curve = roc_curve([0, 1, 0], [0.1, 0.5, 0.9], sample_weight=[1, 1, 0])
    assert curve[2].tolist() == [np.inf, 0.5, 0.1]


# ---- every option, against the peer ------------------------------------------------------------------------

NAMES = np.array(["b", "a", "d", "cc"])
LABELS = st.sampled_from(["numbers", "text", "far", "negative", "whole floats", "bool"])


def as_labels(values: np.ndarray, kind: str) -> np.ndarray:
    """0 ... 3 as labels of another kind."""
    return {
        "numbers": values,
        "text": NAMES[values],
        "far": values * 10**15 - 7,
        "negative": values - 1,
        "whole floats": values.astype(float),
        "bool": values > 1,
    }[kind]


def draw_weight(rng: np.random.Generator, n: int):
    weight = [None, rng.integers(0, 3, n), rng.random(n), rng.integers(0, 3, n) / 3][rng.integers(4)]
    return None if weight is not None and not weight.any() else weight


def same(mine, theirs, *args, **options):
    """Both answers agree to twelve digits in value, shape and type, or both refuse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answers = []
        for metric in (mine, theirs):
            try:
                answers.append(metric(*args, **options))
            except (ValueError, NotImplementedError) as error:
                answers.append(type(error))
    left, right = answers
    if isinstance(right, type) or isinstance(left, type):
        assert isinstance(left, type), (args, options, answers)
        assert isinstance(right, type), (args, options, answers)
        return
    for a, b in zip(*(one if isinstance(one, tuple) else (one,) for one in answers), strict=True):
        assert np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), LABELS)
def test_decisions_are_judged_as_the_peer_does(seed, kind):
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 25), rng.integers(1, 5)
    y, guess = (as_labels(rng.integers(0, k, n), kind) for _ in range(2))
    every, weight = np.unique(as_labels(np.arange(4), kind)), draw_weight(rng, n)
    labels = None if rng.random() < 0.5 else rng.permutation(every)[: rng.integers(1, len(every) + 1)]
    same(
        confusion_matrix,
        peer.confusion_matrix,
        y,
        guess,
        labels=labels,
        sample_weight=weight,
        normalize=[None, "true", "pred", "all"][rng.integers(4)],
    )
    same(accuracy_score, peer.accuracy_score, y, guess, sample_weight=weight, normalize=bool(rng.integers(2)))
    options = {
        "labels": labels,
        "average": ["binary", "micro", "macro", "weighted", None][rng.integers(5)],
        "pos_label": every[rng.integers(len(every))].item(),
        "sample_weight": weight,
        "zero_division": ["warn", 0, 1, np.nan][rng.integers(4)],
    }
    same(fbeta_score, peer.fbeta_score, y, guess, beta=[0, 0.5, 2, np.inf][rng.integers(4)], **options)
    for name in ("precision_score", "recall_score", "f1_score"):
        same(getattr(ours, name), getattr(peer, name), y, guess, **options)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), LABELS)
def test_rankings_are_judged_as_the_peer_does(seed, kind):
    rng = np.random.default_rng(seed)
    n, k = rng.integers(1, 25), rng.integers(1, 5)
    y = as_labels(rng.integers(0, k, n), kind)
    every, weight = np.unique(as_labels(np.arange(4), kind)), draw_weight(rng, n)
    scores = [rng.normal(size=n), rng.integers(0, 4, n), rng.integers(0, 4, n) / 3, rng.random(n).astype(np.float32)][
        rng.integers(4)
    ]
    positive = every[rng.integers(len(every))].item()
    for name in ("roc_curve", "precision_recall_curve"):
        options = {"sample_weight": weight, "drop_intermediate": bool(rng.integers(2))}
        same(
            getattr(ours, name), getattr(peer, name), y, scores, pos_label=[None, positive][rng.integers(2)], **options
        )
    same(average_precision_score, peer.average_precision_score, y, scores, sample_weight=weight, pos_label=positive)
    if weight is None or len(np.unique(y[weight > 0])) == len(np.unique(y)):  # otherwise the peer fails in the middle
        same(
            roc_auc_score,
            peer.roc_auc_score,
            y,
            scores,
            sample_weight=weight,
            max_fpr=[None, 0.3, 1.0][rng.integers(3)],
        )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), LABELS)
def test_probabilities_of_more_classes_are_judged_as_the_peer_does(seed, kind):
    rng = np.random.default_rng(seed)
    n = rng.integers(3, 25)
    y, every = as_labels(rng.integers(0, 4, n), kind), np.unique(as_labels(np.arange(4), kind))
    listed = bool(rng.integers(2))
    k, labels, weight = len(every if listed else np.unique(y)), every if listed else None, draw_weight(rng, n)
    P = rng.integers(1, 4, (n, k)).astype([np.float64, np.float32][rng.integers(2)])
    P /= P.sum(1, keepdims=True)
    average = ["micro", "macro", "weighted", None][rng.integers(4)]
    if k > 2 and len(np.unique(y)) > 1:  # with one class the peer divides by zero
        same(
            roc_auc_score,
            peer.roc_auc_score,
            y,
            P,
            multi_class=["ovr", "ovo"][rng.integers(2)],
            average=average,
            labels=labels,
        )
        same(
            roc_auc_score,
            peer.roc_auc_score,
            y,
            P,
            multi_class="ovr",
            average=average,
            labels=labels,
            sample_weight=weight,
        )
    if len(np.unique(y)) > 2:
        same(average_precision_score, peer.average_precision_score, y, P, average=average, sample_weight=weight)
    P = P.astype(np.float64) / P.astype(np.float64).sum(1, keepdims=True)
    same(log_loss, peer.log_loss, y, P, labels=labels, sample_weight=weight, normalize=bool(rng.integers(2)))
    same(log_loss, peer.log_loss, y, rng.integers(0, 3, n) / 2, labels=labels, sample_weight=weight)


# ---- what is undefined -------------------------------------------------------------------------------------


def test_what_is_undefined_warns_as_the_peer_does():
    with pytest.warns(UndefinedMetricWarning, match="Only one class occurs in y_true"):
        assert np.isnan(roc_auc_score([1, 1], [0.1, 0.2]))
    with pytest.warns(UndefinedMetricWarning, match="Only one class occurs in y_true"):
        assert np.isnan(roc_auc_score([0, 0, 0], THREE, multi_class="ovo", labels=[0, 1, 2]))
    with pytest.warns(UndefinedMetricWarning, match="No negative sample occurs"):
        fpr, tpr, _ = roc_curve([1, 1], [0.1, 0.2])
    assert np.isnan(fpr).all()
    assert tpr[-1] == 1.0
    with pytest.warns(UserWarning, match="No positive sample occurs in y_true"):
        assert average_precision_score([0, 0], [0.1, 0.2]) == 0.0
    with pytest.warns(UserWarning, match="No positive sample occurs in y_true"):
        assert precision_recall_curve([0, 0], [0.1, 0.2])[1].tolist() == [1.0, 1.0, 0.0]
    with pytest.warns(UndefinedMetricWarning, match="precision is 0/0, and taken for 0, for 1 of 1 labels"):
        assert precision_score([0, 1], [0, 0]) == 0.0
    with pytest.warns(UserWarning, match="Only one label occurs, so the matrix is 1 × 1"):
        assert confusion_matrix([3, 3], [3, 3]).tolist() == [[2]]
    with pytest.warns(UserWarning, match="pos_label=2 is ignored with average='macro'"):
        f1_score([1, 2], [1, 2], pos_label=2, average="macro")
    with pytest.warns(UserWarning, match="labels should be sorted"):
        assert log_loss(["a", "b"], [[1.0, 0.0], [0.0, 1.0]], labels=["b", "a"]) < 1e-15
    with pytest.warns(UserWarning, match="do not all sum to 1"):
        log_loss([0, 1], [[0.5, 0.4], [0.5, 0.5]])


def test_undefined_labels_are_left_out_of_averages():
    options = {"zero_division": np.nan, "labels": [0, 1, 2]}
    assert recall_score([0, 1], [0, 0], average="macro", **options) == 0.5
    assert np.isnan(f1_score([0], [0], average="macro", zero_division=np.nan, labels=[5]))
    assert recall_score([0, 1], [0, 1], average="weighted", labels=[7], zero_division=1) == 1.0


# ---- what is accepted --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "column", [list, tuple, np.array, pd.Series, pl.Series, lambda values: np.array(values)[:, None]]
)
def test_columns_come_in_many_forms(column):
    y, guess, scores = [0, 1, 1, 0], [0, 1, 0, 0], [0.1, 0.9, 0.4, 0.4]
    assert confusion_matrix(column(y), column(guess)).tolist() == [[2, 0], [1, 1]]
    assert roc_auc_score(column(y), column(scores)) == 0.875
    text = [["no", "yes"][i] for i in y]
    assert f1_score(column(text), column(text), pos_label="yes") == 1.0
    assert average_precision_score(column(text), column(scores), pos_label="yes") == pytest.approx(5 / 6)


def test_input_is_left_alone_and_may_be_read_only():
    y, scores, weight = np.array([0, 1, 1, 0]), np.array([0.3, 0.2, 0.9, 0.2])[::-1], np.ones(4)
    for array in (y, scores, weight):
        array.flags.writeable = False
    roc_auc_score(y, scores, sample_weight=weight)
    confusion_matrix(y, y, sample_weight=weight)
    log_loss(y, scores)
    assert scores.tolist() == [0.2, 0.9, 0.2, 0.3]


def test_labels_far_apart_take_no_table():
    far = np.array([-(2**62), 2**62, 2**62])
    assert confusion_matrix(far, far[::-1]).tolist() == [[0, 1], [1, 1]]
    assert confusion_matrix(np.array([-128, 127], np.int8), np.array([127, 127], np.int8)).tolist() == [[0, 1], [0, 1]]


def test_integer_weights_stay_integers():
    assert confusion_matrix([0, 1], [0, 1], sample_weight=[2, 3]).dtype == np.int64
    assert confusion_matrix([0, 1], [0, 1], sample_weight=[2.0, 3.0]).dtype == np.float64


def test_single_precision_probabilities_are_summed_in_double():
    p = np.full(1000, 0.1, dtype=np.float32)
    assert log_loss(np.arange(1000) % 2, p) == pytest.approx(
        -(np.log(float(p[0])) + np.log1p(-float(p[0]))) / 2, rel=1e-14
    )
    assert log_loss([0, 1], np.array([1.0, 0.0], dtype=np.float32)) == pytest.approx(23 * np.log(2))
