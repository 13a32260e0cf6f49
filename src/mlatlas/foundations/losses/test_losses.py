"""Bad input, shapes, types and extremes: what only a test can say of the losses."""

from __future__ import annotations

import numpy as np
import pytest

from mlatlas.foundations import (
    absolute_loss,
    contrastive_loss,
    cross_entropy_loss,
    exponential_loss,
    focal_loss,
    hinge_loss,
    huber_loss,
    logistic_loss,
    squared_hinge_loss,
    squared_loss,
    triplet_loss,
)

ENTRYWISE = [
    squared_loss, absolute_loss, huber_loss, logistic_loss, hinge_loss, squared_hinge_loss, exponential_loss, focal_loss,
]  # fmt: skip


@pytest.mark.parametrize("loss", ENTRYWISE)
@pytest.mark.parametrize(
    ("given", "rule"),
    [
        ([0.0, np.nan], "must be finite; got nan. Drop"),
        ([-np.inf, 0.0], "must be finite; got -inf"),
        ([1j], "must hold real numbers; got dtype complex128"),
        (["a"], "must hold real numbers; got dtype <U1"),
        ([None], "must hold real numbers; got dtype object"),
    ],
)
def test_what_is_no_number_is_refused(loss, given, rule):
    with pytest.raises(ValueError, match=rule):
        loss(given)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: huber_loss(1.0, delta=0.0), "delta must be positive; got 0.0"),
        (lambda: huber_loss(1.0, delta=np.nan), "delta must be a finite number; got nan"),
        (lambda: huber_loss(1.0, delta="1"), "delta must be a finite number; got '1'"),
        (lambda: focal_loss(1.0, gamma=-1), "gamma must be at least zero; got -1"),
        (lambda: hinge_loss(1.0, threshold=np.inf), "threshold must be a finite number; got inf"),
        (lambda: squared_hinge_loss(1.0, threshold=[1.0, 2.0]), r"threshold must be a finite number; got \[1.0, 2.0\]"),
        (lambda: triplet_loss([1.0], [1.0], [1.0], margin=-2.0), "margin must be positive; got -2.0"),
        (lambda: cross_entropy_loss([1.0, 2.0], [0]), r"scores must have shape \(n, k\).*got \(2,\)"),
        (lambda: cross_entropy_loss(np.zeros((2, 0)), [0, 0]), r"scores must have shape .*got \(2, 0\)"),
        (lambda: cross_entropy_loss([[1.0, np.nan]], [0]), "scores must be finite; got nan"),
        (lambda: cross_entropy_loss([[1.0, 2.0]], [0, 1]), r"labels must hold one integer for each of 1 rows.*\(2,\)"),
        (lambda: cross_entropy_loss([[1.0, 2.0]], [0.0]), "labels must hold one integer.*got dtype float64"),
        (lambda: cross_entropy_loss([[1.0, 2.0]], [2]), "labels must lie from 0 to 1.*got 2"),
        (lambda: cross_entropy_loss([[1.0, 2.0]], [-1]), "labels must lie from 0 to 1.*got -1"),
        (lambda: triplet_loss([1.0, 2.0], [1.0], [1.0, 2.0]), r"arrays of one shape; got \(2,\) and \(1,\) and \(2,\)"),
        (lambda: triplet_loss(1.0, 2.0, 3.0), "must hold vectors"),
        (lambda: contrastive_loss([[1.0]], [[2.0]], [1]), "same must hold a boolean for each pair.*got dtype int64"),
        (
            lambda: contrastive_loss([[1.0]], [[2.0]], True),
            r"same must hold a boolean .*shape \(1,\); got .*shape \(\)",
        ),
    ],
)
def test_errors_name_parameter_rule_value_and_remedy(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


@pytest.mark.parametrize("loss", ENTRYWISE)
def test_shapes_types_and_layouts_are_kept(loss):
    x = np.random.default_rng(0).normal(size=(3, 4, 5))
    value, gradient = loss(x)
    assert value.shape == gradient.shape == x.shape
    assert value.dtype == np.float64
    turned = loss(np.asfortranarray(x.transpose(2, 0, 1)))
    assert np.array_equal(turned.value, value.transpose(2, 0, 1))
    assert np.array_equal(turned.gradient, gradient.transpose(2, 0, 1))
    assert {part.dtype for part in loss(x.astype(np.float32))} == {np.dtype(np.float32)}
    alone = loss(x[0, 0, 0])
    assert isinstance(alone.value, float)
    assert alone == (value[0, 0, 0], gradient[0, 0, 0])
    assert loss([]).value.shape == (0,)


@pytest.mark.parametrize("loss", ENTRYWISE)
def test_integers_do_not_overflow(loss):
    m = np.array([-120, 120], dtype=np.int8)
    assert np.array_equal(loss(m), loss(m.astype(float)))


@pytest.mark.parametrize("loss", [logistic_loss, hinge_loss, squared_hinge_loss, focal_loss])
def test_margins_of_ten_thousand_stay_finite(loss):
    m = np.array([-1e4, 1e4])
    value, gradient = loss(m)
    assert value.tolist() == [{hinge_loss: 10_001, squared_hinge_loss: 10_001.0**2}.get(loss, 1e4), 0.0]
    assert gradient.tolist() == [-20_002 if loss is squared_hinge_loss else -1, 0.0]


def test_what_exceeds_the_largest_number_is_infinite():
    assert exponential_loss(-1e4) == (np.inf, -np.inf)
    assert exponential_loss(1e4) == (0.0, 0.0)
    assert squared_loss(1e200).value == np.inf
    assert huber_loss(1e200, delta=2.0).value == 2e200


def test_scores_of_ten_thousand_stay_finite():
    value, gradient = cross_entropy_loss([[1e4, -1e4], [1e4, -1e4]], [0, 1])
    assert value.tolist() == [0.0, 2e4]
    assert gradient.tolist() == [[0.0, 0.0], [1.0, -1.0]]


def test_blocks_do_not_change_anything():
    rng = np.random.default_rng(0)
    m = rng.normal(size=70_000)
    assert np.array_equal(focal_loss(m), np.concatenate([focal_loss(m[:9]), focal_loss(m[9:])], axis=1))
    z, y = rng.normal(size=(400, 900)), rng.integers(0, 900, 400)
    value, gradient = cross_entropy_loss(z, y)
    assert np.allclose(value[-3:], cross_entropy_loss(z[-3:], y[-3:]).value, rtol=1e-14)
    assert np.allclose(gradient[-3:], cross_entropy_loss(z[-3:], y[-3:]).gradient, rtol=1e-12)


def test_arguments_are_left_as_they_were():
    z, y = np.arange(6.0).reshape(2, 3), np.array([0, 2])
    cross_entropy_loss(z, y)
    assert np.array_equal(z, np.arange(6.0).reshape(2, 3))


def test_equal_points_that_do_not_belong_together_get_no_direction():
    value, gradient = contrastive_loss([[1.0, 2.0]], [[1.0, 2.0]], [False], margin=3.0)
    assert value.tolist() == [4.5]
    assert not gradient.any()


def test_an_easy_triplet_pulls_nothing():
    value, gradient = triplet_loss([0.0, 0.0], [0.1, 0.0], [5.0, 0.0])
    assert value == 0.0
    assert not gradient.any()


def test_conventions_at_the_kinks():
    assert absolute_loss(0.0).gradient == 0.0
    assert hinge_loss(1.0).gradient == -1.0
    assert hinge_loss(0.0, threshold=0.0) == (0.0, -1.0)
