"""Bad input, interruption, buffers and rounding: what only a test can say of gradient descent."""

from __future__ import annotations

import numpy as np
import pytest

from mlatlas.optimize import Minimum, gradient_descent

CURVES = np.array([1.0, 10.0])
START = np.array([3.0, -1.0])


def bowl(x):
    return 0.5 * CURVES @ x**2, CURVES * x


def bowl_value(x):
    return 0.5 * CURVES @ x**2


def bowl_gradient(x):
    return CURVES * x


# ---- what is refused ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [0, -0.1, np.nan, np.inf, True, 1j, [0.1], None])
def test_a_step_that_is_none_is_refused(step):
    with pytest.raises(ValueError, match=r"step must be positive and finite; got .*Try 1 over the largest curvature"):
        gradient_descent(bowl, START, step=step)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"step": "wolfe"}, "step must be a number, 'backtracking' or 'exact'; got 'wolfe'"),
        ({"gtol": -1.0}, "gtol must be at least 0; got -1.0"),
        ({"gtol": np.nan}, "gtol must be at least 0; got nan"),
        ({"max_iter": -1}, "max_iter must be an integer of at least 0; got -1"),
        ({"max_iter": 1.5}, "max_iter must be an integer of at least 0; got 1.5"),
    ],
)
def test_options_that_mean_nothing_are_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        gradient_descent(bowl, START, **options)


@pytest.mark.parametrize(
    ("x0", "rule"),
    [
        (3.0, r"x0 must be a vector with at least one entry; got shape \(\)"),
        ([], r"got shape \(0,\)"),
        ([[1.0, 2.0]], r"got shape \(1, 2\)"),
        ([1.0, np.nan], "x0 must be finite"),
        ([1.0, np.inf], "x0 must be finite"),
        (["a", "b"], "x0 must hold real numbers; got dtype <U1"),
        ([1j, 0], "x0 must hold real numbers; got dtype complex128"),
    ],
)
def test_a_start_that_is_no_point_is_refused(x0, rule):
    with pytest.raises(ValueError, match=rule):
        gradient_descent(bowl, x0)


@pytest.mark.parametrize(
    ("f", "error", "rule"),
    [
        (lambda x: x @ x, TypeError, r"f must return a pair \(value, gradient\); got float64.*jac"),
        (lambda x: (x @ x, 2.0), ValueError, r"the gradient must have the shape of x, \(2,\); got \(\)"),
        (lambda x: (x @ x, np.ones(3)), ValueError, r"got \(3,\). Return one partial derivative"),
        (lambda x: (x @ x, 2 * x[:, None]), ValueError, r"got \(2, 1\)"),
        (lambda x: (x @ x, 2j * x), ValueError, "the gradient must hold real numbers; got dtype complex128"),
        (lambda x: (x @ x, ["a", "b"]), ValueError, "the gradient must hold real numbers"),
        (lambda x: (x * x, 2 * x), ValueError, "f must return one real number.*Add up the terms"),
        (lambda x: (1j, 2 * x), ValueError, "f must return one real number"),
        (lambda x: (np.nan, 2 * x), ValueError, "f must be finite at x0"),
        (lambda x: (np.inf, 2 * x), ValueError, "f must be finite at x0"),
        (lambda x: (-np.inf, 2 * x), ValueError, "f must be bounded below"),
        (lambda x: (x @ x, x * np.array([1, np.nan])), ValueError, "component 1 is nan. Check its formula"),
        (lambda x: (x @ x, x * np.array([np.inf, 1])), ValueError, "component 0 is inf"),
    ],
)
def test_a_function_that_returns_something_else_is_refused(f, error, rule):
    with pytest.raises(error, match=rule):
        gradient_descent(f, START)


def test_a_gradient_that_turns_nan_on_the_way_is_refused():
    def f(x):
        return x @ x, 2 * x if x @ x > 1 else x * np.nan

    for step in (0.1, "backtracking", "exact"):
        with pytest.raises(ValueError, match="the gradient must be finite where f is"):
            gradient_descent(f, START, step=step)


def test_a_step_that_explodes_says_which_and_what_to_do():
    with pytest.raises(
        FloatingPointError, match=r"step=0.3 diverges: f rose from 9.5 to .*2 over the largest curvature"
    ):
        gradient_descent(bowl, START, step=0.3)
    assert not gradient_descent(bowl, START, step=0.3, max_iter=5).converged


# ---- how it ends -------------------------------------------------------------------------------------------


def test_every_end_is_told():
    assert gradient_descent(bowl, START).message == "No partial derivative exceeds gtol=1e-06."
    assert "Stopped after max_iter=3 steps" in gradient_descent(bowl, START, max_iter=3).message
    at_once = gradient_descent(bowl, [0.0, 0.0])
    assert (at_once.converged, at_once.nit, at_once.nfev, len(at_once.trace.step)) == (True, 0, 1, 0)
    assert gradient_descent(bowl, START, max_iter=0).nit == 0
    wrong_sign = gradient_descent(lambda x: (bowl_value(x), -bowl_gradient(x)), START)
    assert not wrong_sign.converged
    assert "the gradient is not its derivative" in wrong_sign.message
    assert wrong_sign.nfev < 100


def test_a_callback_sees_every_step_and_can_stop():
    seen = []

    def callback(nit, x, fun, grad_norm):
        seen.append((nit, fun, grad_norm, bowl_value(x)))
        return nit == 4

    found = gradient_descent(bowl, START, callback=callback)
    assert found.message == "Stopped by the callback."
    assert [nit for nit, *_ in seen] == [1, 2, 3, 4]
    np.testing.assert_allclose([fun for _, fun, _, _ in seen], found.trace.fun[1:])
    np.testing.assert_allclose([norm for _, _, norm, _ in seen], found.trace.grad_norm[1:])
    np.testing.assert_allclose([value for *_, value in seen], found.trace.fun[1:])


def test_an_interrupt_gets_through():
    calls = iter(range(10))

    def f(x):
        if next(calls) == 5:
            raise KeyboardInterrupt
        return bowl(x)

    with pytest.raises(KeyboardInterrupt):
        gradient_descent(f, START)


def test_an_unbounded_function_is_told():
    with pytest.raises(ValueError, match="f must be bounded below"), np.errstate(over="ignore"):
        gradient_descent(lambda x: (-np.exp(x[0]), -np.exp(x)), [0.0], step="exact", max_iter=10**4)


def test_it_backs_away_from_where_f_is_not_defined():
    def f(x):
        with np.errstate(invalid="ignore", divide="ignore"):
            return (x - np.log(x)).sum(), 1 - 1 / x

    for step in ("backtracking", "exact"):
        found = gradient_descent(f, [8.0, 0.01], step=step)
        assert found.converged
        np.testing.assert_allclose(found.x, 1.0, rtol=1e-5)


@pytest.mark.parametrize("step", ["backtracking", "exact"])
def test_rounding_of_a_large_value_does_not_stop_it(step):
    found = gradient_descent(lambda x: (1e6 + bowl_value(x), bowl_gradient(x)), START, step=step, gtol=1e-7)
    assert found.converged
    np.testing.assert_allclose(found.x, 0.0, atol=1e-6)


def test_a_kink_ends_in_words():
    found = gradient_descent(lambda x: (np.abs(x).sum(), np.sign(x)), [0.7, 0.3], step="exact", max_iter=50)
    assert isinstance(found, Minimum)
    assert found.fun <= 1.0


# ---- what it is given and gives back -----------------------------------------------------------------------


@pytest.mark.parametrize("step", [0.05, "backtracking", "exact"])
def test_value_and_gradient_apart_or_together_walk_the_same_path(step):
    together = gradient_descent(bowl, START, step=step, points=True)
    apart = gradient_descent(bowl_value, START, jac=bowl_gradient, step=step, points=True)
    np.testing.assert_array_equal(together.trace.x, apart.trace.x)
    assert together.nfev == apart.nfev


def test_backtracking_asks_for_one_gradient_a_step():
    gradients = []

    def jac(x):
        gradients.append(x.copy())
        return bowl_gradient(x)

    found = gradient_descent(bowl_value, START, jac=jac)
    assert len(gradients) == found.nit + 1
    assert found.nfev > found.nit + 1


def test_a_fixed_step_costs_one_evaluation():
    found = gradient_descent(bowl, START, step=0.1)
    assert found.nfev == found.nit + 1
    np.testing.assert_array_equal(found.trace.step, np.full(found.nit, 0.1))


def test_a_gradient_written_into_the_same_array_every_time_is_fine():
    buffer = np.empty(2)

    def f(x):
        np.multiply(CURVES, x, out=buffer)
        return bowl_value(x), buffer

    np.testing.assert_array_equal(gradient_descent(f, START).x, gradient_descent(bowl, START).x)


def test_the_start_is_left_alone_and_whole_numbers_will_do():
    start = np.array([3, -1])
    found = gradient_descent(bowl, start)
    assert start.tolist() == [3, -1]
    np.testing.assert_array_equal(found.x, gradient_descent(bowl, START).x)
    frozen = START.copy()
    frozen.flags.writeable = False
    assert gradient_descent(bowl, frozen).converged


def test_the_trace_is_that_of_the_points():
    found = gradient_descent(bowl, START, points=True)
    trace = found.trace
    assert trace.x.shape == (found.nit + 1, 2)
    np.testing.assert_allclose(trace.fun, [bowl_value(x) for x in trace.x])
    np.testing.assert_allclose(trace.grad_norm, [np.abs(bowl_gradient(x)).max() for x in trace.x])
    np.testing.assert_allclose(
        np.diff(trace.x, axis=0), [-t * bowl_gradient(x) for t, x in zip(trace.step, trace.x, strict=False)], atol=1e-15
    )
    np.testing.assert_array_equal(trace.x[-1], found.x)
    assert gradient_descent(bowl, START).trace.x is None


def test_float32_values_and_integers_are_numbers():
    found = gradient_descent(
        lambda x: (np.float32(bowl_value(x)), bowl_gradient(x).astype(np.float32)), START, step=0.1
    )
    assert found.converged
    assert gradient_descent(lambda x: (0, np.zeros(2, dtype=int)), START).converged
