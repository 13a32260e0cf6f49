"""Bad input, shapes and memory: what only a test can say of the measures of information."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from mlatlas.foundations import (
    conditional_entropy,
    contingency,
    cross_entropy,
    entropy,
    kl_divergence,
    mutual_info_score,
    mutual_information,
)


@pytest.mark.parametrize(
    ("p", "rule"),
    [
        ([1, 2, 3], r"p must sum to 1 along axis -1; got 6\. Divide the counts"),
        ([0.5, np.nan], "p must sum to 1 along axis -1; got nan. Remove what is not finite"),
        ([np.inf, 1.0], "Remove what is not finite"),
        ([1.5, -0.5], "p must not be negative; got -0.5"),
        ([], "p must hold at least one probability"),
        (1.0, "p must hold at least one probability"),
        ([0.5 + 0j, 0.5], "p must hold real numbers; got dtype complex128"),
        (["a", "b"], "p must hold real numbers; got dtype <U1"),
        ([[0.5, 0.5], [0.2, 0.2]], r"got 0.4\."),
    ],
)
def test_what_is_no_distribution_is_refused(p, rule):
    with pytest.raises(ValueError, match=rule):
        entropy(p)


@pytest.mark.parametrize("base", [0, 1, -2, np.inf, np.nan])
def test_a_base_that_is_none_is_refused(base):
    with pytest.raises(ValueError, match="base must be positive, finite and not 1"):
        entropy([0.5, 0.5], base=base)


def test_other_rules_name_what_broke_them():
    with pytest.raises(ValueError, match=r"p and q must have the same shape; got \(2,\) and \(3,\)"):
        kl_divergence([0.5, 0.5], [0.2, 0.3, 0.5])
    with pytest.raises(ValueError, match="axis must lie between -1 and 0"):
        entropy([0.5, 0.5], axis=1)
    with pytest.raises(ValueError, match="joint must be a table"):
        mutual_information([0.5, 0.5])
    with pytest.raises(ValueError, match="joint must sum to 1"):
        conditional_entropy([[1, 0], [0, 1]])
    with pytest.raises(ValueError, match="x and y must have the same length; got 2 and 3"):
        mutual_info_score([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="y must not hold NaN; got one at position 1"):
        contingency([0, 1], [0.0, np.nan])
    with pytest.raises(ValueError, match="x must be a one-dimensional list of labels"):
        contingency([[0], [1]], [0, 1])


def test_counts_of_whole_numbers_do_not_overflow():
    assert entropy(np.array([0, 1, 0], dtype=np.int8)) == 0.0
    far = np.array([-(2**62), 2**62], dtype=np.int64)
    assert contingency(far, far).tolist() == [[1, 0], [0, 1]]


def test_a_table_that_does_not_fit_is_refused_before_memory_is_taken():
    labels = np.arange(20_000)
    with pytest.raises(ValueError, match="Group rare labels"):
        contingency(labels, labels)


def test_an_excluded_outcome_costs_infinitely_much():
    assert kl_divergence([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert cross_entropy([0.5, 0.5], [1.0, 0.0]) == np.inf
    assert kl_divergence([1.0, 0.0], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert str(entropy([1.0, 0.0])) == "0.0"  # not minus zero


@given(hnp.arrays(float, st.integers(1, 40), elements=st.floats(1e-3, 1.0)), st.integers(2, 9))
def test_blocks_do_not_change_the_sum(weights, copies):
    p = np.tile(weights, 700 * copies)
    p /= p.sum()
    q = np.sort(p)
    assert entropy(p) == pytest.approx(-(p * np.log(p)).sum(), rel=1e-10)
    assert kl_divergence(p, q) == pytest.approx((p * np.log(p / q)).sum(), rel=1e-6, abs=1e-12)


def test_axes_are_kept():
    p = np.random.default_rng(0).dirichlet(np.ones(5), size=(3, 4))
    assert entropy(p).shape == (3, 4)
    assert entropy(np.moveaxis(p, -1, 0), axis=0) == pytest.approx(entropy(p))
