"""Bad input and extreme numbers: what only a test can say of the norms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from mlatlas import foundations as f

VECTORS = hnp.arrays(float, st.integers(1, 12), elements=st.floats(-1e3, 1e3))


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda: f.l1_norm([]), "x must hold at least one number"),
        (lambda: f.l2_norm([1.0, np.nan]), "x must be finite; got nan"),
        (lambda: f.linf_norm([1.0, -np.inf]), "x must be finite; got -inf"),
        (lambda: f.l0_norm(["a"]), "x must hold real numbers; got dtype <U1"),
        (lambda: f.l1_norm([1j]), "x must hold real numbers; got dtype complex128"),
        (lambda: f.nuclear_norm([1.0, 2.0]), "A must be a matrix with two axes; got 1"),
        (lambda: f.prox_nuclear(np.ones(3), 1.0), "Z must be a matrix"),
        (lambda: f.prox_l1([1.0], -1.0), "t must be a finite number from 0 on; got -1.0"),
        (lambda: f.prox_l2([1.0], np.inf), "t must be a finite number from 0 on"),
        (lambda: f.project_l1_ball([1.0], -2), "radius must be a finite number from 0 on; got -2"),
    ],
)
def test_bad_input_names_parameter_rule_and_value(call, rule):
    with pytest.raises(ValueError, match=rule):
        call()


def test_squares_neither_overflow_nor_vanish():
    assert f.l2_norm([3e200, 4e200]) == pytest.approx(5e200)
    assert f.l2_norm([3e-200, 4e-200]) == pytest.approx(5e-200)
    assert f.l1_norm(np.array([-128, 127], dtype=np.int8)) == 255.0
    assert f.linf_norm(np.array([-128, 100], dtype=np.int8)) == 128.0


def test_strided_input_is_read_in_its_own_order():
    A = np.arange(12.0).reshape(3, 4)
    assert f.l1_norm(A[:, ::2]) == A[:, ::2].sum()
    assert f.frobenius_norm(A.T) == pytest.approx(f.frobenius_norm(A))


@given(VECTORS, st.floats(0, 100))
def test_what_comes_back_has_the_shape_of_what_went_in_and_is_no_longer(z, t):
    for prox in (f.prox_l0, f.prox_l1, f.prox_l2, f.prox_squared_l2, f.prox_linf):
        w = prox(z, t)
        assert w.shape == z.shape
        assert np.isfinite(w).all()
        assert f.l2_norm(w) <= f.l2_norm(z) * (1 + 1e-12) + 1e-9


@given(VECTORS, st.floats(0, 100))
def test_a_projection_lies_in_the_ball(z, radius):
    assert f.l1_norm(f.project_l1_ball(z, radius)) <= radius * (1 + 1e-9) + 1e-9


def test_nothing_of_the_callers_is_changed():
    z = np.array([3.0, -1.0])
    f.project_l1_ball(z, 10.0)[0] = 7.0
    f.prox_l1(z, 0.5)[0] = 7.0
    assert z.tolist() == [3.0, -1.0]
