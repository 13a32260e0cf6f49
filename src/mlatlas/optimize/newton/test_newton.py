"""Bad input, buffers, memory and hard places: what only a test can say of Newton, BFGS and L-BFGS."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from mlatlas.optimize import bfgs, lbfgs, newton

CURVES = np.array([1.0, 10.0])
START = np.array([3.0, -1.0])


def bowl(x):
    return 0.5 * CURVES @ x**2, CURVES * x


def bowl_hessian(x):
    return np.diag(CURVES)


def bent(x):
    """Convex, with its minimum at zero: Σ x⁴ + log cosh x."""
    return (x**4 + np.logaddexp(x, -x)).sum(), 4 * x**3 + np.tanh(x)


def bent_hessian(x):
    return np.diag(12 * x**2 + 1 / np.cosh(x) ** 2)


METHODS = {
    "newton": lambda f, x0, **options: newton(f, x0, hess=bent_hessian, **options),
    "newton-cg": lambda f, x0, **options: newton(f, x0, hessp=lambda x, p: bent_hessian(x) @ p, **options),
    "bfgs": bfgs,
    "lbfgs": lbfgs,
}
every_method = pytest.mark.parametrize("run", [pytest.param(run, id=name) for name, run in METHODS.items()])


# ---- what is refused ---------------------------------------------------------------------------------------


def test_newton_wants_exactly_one_kind_of_curvature():
    with pytest.raises(ValueError, match=r"exactly one of hess and hessp must be given.*use lbfgs"):
        newton(bowl, START)
    with pytest.raises(ValueError, match="exactly one of hess and hessp"):
        newton(bowl, START, hess=bowl_hessian, hessp=lambda x, p: p)


@pytest.mark.parametrize(
    ("curvature", "rule"),
    [
        ({"hess": lambda x: CURVES}, r"hess must return a matrix of shape \(2, 2\); got \(2,\)"),
        ({"hess": lambda x: np.eye(3)}, r"hess must return a matrix of shape \(2, 2\); got \(3, 3\)"),
        ({"hess": lambda x: np.full((2, 2), np.nan)}, "hess must return finite numbers"),
        ({"hess": lambda x: np.array([[np.inf, 0], [0, 1]])}, "hess must return finite numbers"),
        ({"hessp": lambda x, p: 1.0}, r"hessp must return a vector of shape \(2,\); got \(\)"),
        ({"hessp": lambda x, p: p * np.nan}, "hessp must return finite numbers"),
    ],
)
def test_a_curvature_of_another_shape_or_not_finite_is_refused(curvature, rule):
    with pytest.raises(ValueError, match=rule):
        newton(bowl, START, **curvature)


@pytest.mark.parametrize("memory", [0, -1, 1.5, True, None, "ten"])
def test_a_memory_that_is_none_is_refused(memory):
    with pytest.raises(ValueError, match="memory must be an integer of at least 1; got"):
        lbfgs(bowl, START, memory=memory)


@every_method
def test_options_and_starts_that_mean_nothing_are_refused(run):
    for options, rule in (
        ({"line_search": "armijo"}, "line_search must be 'wolfe' or 'exact'; got 'armijo'"),
        ({"gtol": -1.0}, "gtol must be at least 0"),
        ({"max_iter": 2.5}, "max_iter must be an integer of at least 0"),
    ):
        with pytest.raises(ValueError, match=rule):
            run(bent, START, **options)
    with pytest.raises(ValueError, match="x0 must be finite"):
        run(bent, [np.nan, 0.0])
    with pytest.raises(ValueError, match="the gradient must have the shape of x"):
        run(lambda x: (x @ x, np.ones(3)), START)
    with pytest.raises(TypeError, match="f must return a pair"):
        run(lambda x: x @ x, START)


# ---- how it ends -------------------------------------------------------------------------------------------


@every_method
@pytest.mark.parametrize("line_search", ["wolfe", "exact"])
def test_all_of_them_arrive_and_say_so(run, line_search):
    found = run(bent, START, line_search=line_search, gtol=1e-9)
    assert found.converged
    assert found.message == "No partial derivative exceeds gtol=1e-09."
    np.testing.assert_allclose(found.x, 0.0, atol=1e-8)


@every_method
def test_a_start_at_the_minimum_costs_one_evaluation(run):
    found = run(bent, [0.0, 0.0])
    assert (found.converged, found.nit, found.nfev) == (True, 0, 1)


@every_method
def test_value_and_gradient_apart_or_together_walk_the_same_path(run):
    together = run(bent, START, points=True)
    apart = run(lambda x: bent(x)[0], START, jac=lambda x: bent(x)[1], points=True)
    np.testing.assert_array_equal(together.trace.x, apart.trace.x)


@every_method
def test_a_callback_can_stop_and_an_interrupt_gets_through(run):
    assert run(bent, START, callback=lambda nit, x, fun, norm: nit == 2).nit == 2

    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(interrupted, START)


@every_method
def test_a_gradient_of_the_wrong_sign_is_told(run):
    found = run(lambda x: (bent(x)[0], -bent(x)[1]), START)
    assert not found.converged
    assert "the gradient is not its derivative" in found.message
    assert found.nfev < 200


@every_method
def test_rounding_of_a_large_value_does_not_stop_it(run):
    found = run(lambda x: (1e8 + bent(x)[0], bent(x)[1]), START, gtol=1e-8)
    assert found.converged
    np.testing.assert_allclose(found.x, 0.0, atol=1e-7)


@pytest.mark.parametrize("run", [bfgs, lbfgs])
def test_a_failed_search_starts_the_memory_afresh(run):
    """The gradient is replaced by that of another function for a while, so that what was learned points uphill."""
    calls = iter(range(10**6))

    def f(x):
        value, gradient = bent(x)
        return value, gradient * np.array([1.0, -3.0]) if 4 <= next(calls) < 6 else gradient

    found = run(f, START, gtol=1e-9)
    assert found.converged
    np.testing.assert_allclose(found.x, 0.0, atol=1e-8)


# ---- hard places -------------------------------------------------------------------------------------------


def barrier(x):
    with np.errstate(invalid="ignore", divide="ignore"):
        return (x - np.log(x)).sum(), 1 - 1 / x


def test_they_back_away_from_where_f_is_not_defined():
    for found in (
        newton(barrier, [30.0, 0.01], hess=lambda x: np.diag(1 / x**2)),
        newton(barrier, [30.0, 0.01], hessp=lambda x, p: p / x**2),
        bfgs(barrier, [30.0, 0.01]),
        lbfgs(barrier, [30.0, 0.01]),
    ):
        assert found.converged
        np.testing.assert_allclose(found.x, 1.0, rtol=1e-5)


def test_a_hessian_without_any_curvature_leaves_the_gradient():
    found = newton(bowl, START, hess=lambda x: np.zeros((2, 2)), max_iter=500)
    assert found.converged


def test_a_singular_hessian_is_survived():
    def f(x):
        return (x[0] - x[1]) ** 4 / 4, (x[0] - x[1]) ** 3 * np.array([1.0, -1.0])

    def hess(x):
        return 3 * (x[0] - x[1]) ** 2 * np.array([[1.0, -1.0], [-1.0, 1.0]])

    found = newton(f, [2.0, -1.0], hess=hess)
    assert found.converged
    assert found.x.sum() == pytest.approx(1.0)  # nothing pulls along the flat direction


def test_a_start_at_a_saddle_stays_and_a_nudge_leaves_it():
    def f(x):
        return x[0] ** 2 - x[1] ** 2 + x[1] ** 4, np.array([2 * x[0], -2 * x[1] + 4 * x[1] ** 3])

    def hess(x):
        return np.diag([2.0, -2 + 12 * x[1] ** 2])

    assert newton(f, [0.0, 0.0], hess=hess).nit == 0
    for found in (
        newton(f, [0.1, 1e-6], hess=hess),
        newton(f, [0.1, 1e-6], hessp=lambda x, p: hess(x) @ p),
        bfgs(f, [0.1, 1e-6]),
        lbfgs(f, [0.1, 1e-6]),
    ):
        np.testing.assert_allclose(np.abs(found.x), [0.0, 0.5**0.5], atol=1e-5)


def test_the_hessian_is_asked_for_where_f_was_evaluated_last():
    last = []

    def f(x):
        last[:] = [x.copy()]
        return bent(x)

    def hess(x):
        np.testing.assert_array_equal(x, last[0])
        return bent_hessian(x)

    assert newton(f, 5 * START, hess=hess).converged


def test_one_evaluation_a_step_near_the_end():
    found = lbfgs(bent, START, gtol=1e-10)
    assert found.nfev <= found.nit + 5
    found = newton(bent, START, hess=bent_hessian, gtol=1e-10)
    assert found.nfev == found.nit + 1


# ---- buffers and memory ------------------------------------------------------------------------------------


@every_method
def test_a_gradient_written_into_the_same_array_every_time_is_fine(run):
    buffer = np.empty(2)

    def f(x):
        buffer[:] = bent(x)[1]
        return bent(x)[0], buffer

    np.testing.assert_array_equal(run(f, START).x, run(bent, START).x)


def test_the_hessian_that_was_given_is_left_alone():
    H = np.asfortranarray(np.diag(CURVES))
    kept = H.copy()
    newton(bowl, START, hess=lambda x: H)
    np.testing.assert_array_equal(H, kept)


def test_the_same_call_gives_the_same_answer():
    np.testing.assert_array_equal(lbfgs(bent, START).x, lbfgs(bent, START).x)


@pytest.mark.parametrize("memory", [1, 2, 5, 40])
def test_any_memory_arrives_also_beyond_its_length(memory):
    curves = np.geomspace(1.0, 300.0, 30)
    found = lbfgs(lambda x: (0.5 * curves @ x**2, curves * x), np.ones(30), memory=memory, gtol=1e-8)
    assert found.converged
    assert found.nit > memory


def test_memory_is_that_of_the_pairs_and_a_few_vectors():
    n, m = 200_000, 5
    curves = np.geomspace(1.0, 100.0, n)
    gradient = np.empty(n)

    def f(x):
        np.multiply(curves, x, out=gradient)
        return 0.5 * float(x @ gradient), gradient

    lbfgs(f, np.ones(n), memory=m, max_iter=2)
    tracemalloc.start()
    found = lbfgs(f, np.ones(n), memory=m, gtol=1e-3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.converged
    assert peak < (2 * m + 8) * n * 8
