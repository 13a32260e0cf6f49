"""Bad input to the filter, short and long runs, interruption, and what another implementation published."""

import io
import pickle
import tracemalloc

import numpy as np
import pytest
from sklearn.base import clone

from mlatlas.sequential.kalman_filter.kalman_filter import KalmanFilter
from mlatlas.sequential.kalman_filter.lab import shipped

A, C = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
Q, R = 0.1 * np.eye(2), [[0.5]]


def track(T=50, seed=0):
    return np.random.default_rng(seed).normal(size=(T, 1)).cumsum(axis=0)


def model(**changes):
    return KalmanFilter(**{**dict(zip(("transition_matrices", "observation_matrices", "transition_covariance", "observation_covariance"), (A, C, Q, R), strict=True)), **changes})  # fmt: skip


@pytest.mark.parametrize("method", ["filter", "smooth", "loglikelihood", "innovations", "em"])
@pytest.mark.parametrize(
    ("change", "X", "rule"),
    [
        ({}, np.zeros((0, 1)), r"X must have a row for each of one or more times .* got shape \(0, 1\)"),
        ({}, np.zeros((2, 2, 2)), r"X must have a row for each .* got shape \(2, 2, 2\)"),
        ({}, np.zeros((4, 3)), r"X must have a column for each of the 1 numbers .* got shape \(4, 3\)"),
        ({}, [[1.0], [np.inf]], "X must hold finite numbers, or NaN where one is missing; got inf"),
        ({}, [["a"], ["b"]], "X must hold real numbers"),
        ({"transition_matrices": np.eye(3)}, None, r"transition_covariance must have shape \(3, 3\); got \(2, 2\)"),
        ({"transition_matrices": np.zeros((9, 2, 2))}, None, r"transition_matrices must have shape \(3, 2, 2\); got \(9, 2, 2\)"),
        ({"transition_matrices": [[np.nan, 0], [0, 1]]}, None, "transition_matrices must hold finite numbers; got nan"),
        ({"transition_matrices": "walk"}, None, "transition_matrices must hold real numbers"),
        ({"observation_covariance": [[-1.0]]}, None, "observation_covariance must have no negative eigenvalue; got -1"),
        ({"transition_covariance": [[1, 2], [0, 1]]}, None, "transition_covariance must be symmetric; got entries that differ by 2"),
        ({"initial_state_mean": np.zeros(3)}, None, r"initial_state_mean must have shape \(2,\); got \(3,\)"),
        ({"control_matrices": np.eye(2)}, None, "control_matrices must come with controls; got control_matrices alone"),
    ],
)  # fmt: skip
def test_bad_input_is_refused(method, change, X, rule):
    with pytest.raises(ValueError, match=rule):
        getattr(model(**change), method)(np.zeros((4, 1)) if X is None else X)


@pytest.mark.parametrize(
    ("call", "rule"),
    [
        (lambda one: one.filter(track(4), np.zeros((3, 1))), "controls must come with control_matrices"),
        (lambda one: one.forecast(track(4), 0), "steps must be a whole number from 1 on; got 0"),
        (lambda one: one.forecast(track(4), 2, level=1.0), "level must lie between 0 and 1; got 1.0"),
        (lambda one: one.sample(0), "n_timesteps must be a whole number from 1 on; got 0"),
        (lambda one: one.em(track(4), n_iter=1.5), "n_iter must be a whole number from 1 on; got 1.5"),
        (lambda one: one.em(track(4), em_vars=["A"]), "em_vars must hold names among transition_matrices"),
        (lambda one: one.em(np.full((4, 1), np.nan)), "X must hold at least one observation for em"),
        (lambda one: one.set_params(transition_covariance=[Q] * 3).em(track(4), em_vars=["transition_matrices"]),
         "transition_covariance must not change with time when em learns"),
    ],
)  # fmt: skip
def test_a_bad_request_is_refused(call, rule):
    with pytest.raises(ValueError, match=rule):
        call(model())


def test_controls_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"controls must have shape \(3, 2\); got \(4, 2\)"):
        model(control_matrices=np.eye(2)).filter(track(4), np.zeros((4, 2)))


@pytest.mark.parametrize("square_root", [False, True])
def test_an_observation_that_cannot_vary_is_refused_with_its_time(square_root):
    one = KalmanFilter([[1.0]], [[1.0]], [[0.0]], [[0.0]], square_root=square_root)
    with pytest.raises(
        ValueError, match=r"variance of the observation at time 1 must be positive .* Raise observation_cov"
    ):
        one.filter(np.zeros((4, 1)))


@pytest.mark.parametrize("square_root", [False, True])
def test_an_exact_observation_and_a_state_known_exactly(square_root):
    exact = model(observation_covariance=[[0.0]], square_root=square_root)
    X = track(6)
    np.testing.assert_allclose(exact.smooth(X)[0][:, 0], X[:, 0], atol=1e-10)
    known = model(
        initial_state_covariance=np.zeros((2, 2)), transition_covariance=np.zeros((2, 2)), square_root=square_root
    )
    x, P = known.smooth(X)
    assert np.abs(x).max() == np.abs(P).max() == 0.0


@pytest.mark.parametrize("square_root", [False, True])
def test_one_time_and_nothing_seen(square_root):
    one = model(square_root=square_root)
    x, P = one.filter([[2.0]])
    np.testing.assert_allclose(x[0], [2 / 1.5, 0.0], rtol=1e-12)
    np.testing.assert_allclose(one.smooth([[2.0]])[1], P, rtol=1e-12)
    assert set(vars(one.em([[2.0]], n_iter=2))) == set(vars(model()))
    blind = model(square_root=square_root).smooth(np.full((3, 1), np.nan))
    np.testing.assert_allclose(blind[1][1], A @ A.T + Q, rtol=1e-12)
    assert model(square_root=square_root).loglikelihood(np.full((3, 1), np.nan)) == 0.0


def test_a_mask_and_a_line_of_numbers_mean_the_same_as_nan():
    X = track(20)
    X[3:5] = np.nan
    expected = model().smooth(X)[0]
    np.testing.assert_array_equal(model().smooth(X[:, 0])[0], expected)
    np.testing.assert_array_equal(model().smooth(np.ma.masked_invalid(X))[0], expected)


def test_one_step_at_a_time_is_the_filter():
    X = track(6)
    X[2] = np.nan
    means, covariances = model().filter(X)
    x, P = means[0], covariances[0]
    for t in range(1, 6):
        x, P = model().filter_update(x, P, None if np.isnan(X[t, 0]) else X[t])
        np.testing.assert_allclose(x, means[t], rtol=1e-10)
        np.testing.assert_allclose(P, covariances[t], rtol=1e-10)


def test_it_is_cloned_and_pickled():
    one = model(square_root=True)
    for twin in (clone(one), pickle.loads(pickle.dumps(one))):
        np.testing.assert_array_equal(twin.filter(track())[0], one.filter(track())[0])


def test_the_input_is_left_as_it_is():
    X, covariance = track(), Q.copy()
    X[4] = np.nan
    before = X.copy()
    model(transition_covariance=covariance).em(X, n_iter=2)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(covariance, Q)


def test_an_interrupted_em_keeps_its_last_whole_step(monkeypatch):
    X, whole, one, step = track(), model().em(track(), n_iter=2), model(), KalmanFilter._step
    done = []

    def interrupted(self, *args):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(1)
        return step(self, *args)

    monkeypatch.setattr(KalmanFilter, "_step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        one.em(X, n_iter=10)
    np.testing.assert_array_equal(one.transition_covariance, whole.transition_covariance)


def test_roots_stay_positive_definite_over_a_million_steps():
    T = 1_000_000
    turn = np.array([[np.cos(0.1), -np.sin(0.1)], [np.sin(0.1), np.cos(0.1)]])
    one = model(
        transition_matrices=turn, transition_covariance=[[0.0, 0.0], [0.0, 1e-14]], observation_covariance=[[1e-10]],
        initial_state_covariance=1e6 * np.eye(2), square_root=True,
    )  # fmt: skip
    X = 1e-5 * np.random.default_rng(0).normal(size=(T, 1))
    x, P = one.filter(X)
    assert np.linalg.eigvalsh(P[1:]).min() > 0.0
    assert np.isfinite(x).all()
    np.testing.assert_allclose(P[-1], P[T // 2], rtol=1e-9)  # it has settled, and does not drift


def test_a_million_times_keep_nothing_but_the_data():
    T, X = 1_000_000, track(1_000_000)
    model().loglikelihood(X[:10])
    tracemalloc.start()
    total = model().loglikelihood(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert np.isfinite(total)
    assert peak < 8 * T * 6  # copies of the data; the states alone would be six numbers a time more


def test_a_covariance_at_rest_is_the_one_that_is_computed():
    X = track(3000)
    resting, changing = model(), model(transition_matrices=np.tile(A, (2999, 1, 1)))
    for name in ("filter", "smooth"):
        for left, right in zip(getattr(resting, name)(X), getattr(changing, name)(X), strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9)
    assert resting.loglikelihood(X) == pytest.approx(changing.loglikelihood(X), rel=1e-12)


def test_forty_years_of_the_nile_are_forecast_with_growing_intervals():
    one = KalmanFilter([[1.0]], [[1.0]], [[1469.1]], [[15099.0]], initial_state_covariance=[[1e7]])
    found = one.forecast(1000 + 100 * track(60), 40, level=0.5)
    width = (found.upper - found.lower)[:, 0]
    assert (np.diff(width) > 0).all()
    assert width[0] == pytest.approx(2 * 0.6744897501960817 * np.sqrt(found.covariances[0, 0, 0]))
    np.testing.assert_array_equal(found.means, np.full((40, 1), found.means[0, 0]))


def test_matrices_that_change_must_reach_as_far_as_the_forecast():
    one = model(observation_matrices=np.tile(C, (12, 1, 1)))
    assert one.forecast(track(10), 2).means.shape == (2, 1)
    with pytest.raises(ValueError, match=r"observation_matrices must have shape \(13, 1, 2\); got \(12, 1, 2\)"):
        one.forecast(track(10), 3)


def test_the_robot_is_tracked_as_its_author_found():
    """Filter, smoother and fifty steps of EM beside a MATLAB implementation of 2011, which came with the data."""
    from scipy.io import loadmat

    pytest.importorskip("pykalman")
    data = loadmat(io.BytesIO(shipped("pykalman", "datasets", "data", "robot.mat")))
    X = np.vstack([np.full((1, 2), np.nan), data["y"].T])

    def made(Q, R):
        return KalmanFilter(data["A"], data["C"], Q, R, data["b"].T, data["d"][:, 0], data["x0"][:, 0], data["P_0"])

    one = made(data["Q"], data["R"])
    for method, x, P in (("filter", "xfilt", "Vfilt"), ("smooth", "xsmooth", "Vsmooth")):
        means, covariances = getattr(one, method)(X)
        np.testing.assert_allclose(means[:500], data[x].T[:500], rtol=1e-6, atol=1e-4)
        np.testing.assert_allclose(covariances[:500], np.stack(list(data[P][0]))[:500], rtol=1e-5, atol=1e-5)
    learner, climb = made(10 * np.eye(5), 10 * np.eye(2)), []
    for _ in range(50):
        climb.append(learner.loglikelihood(X))
        learner.em(X, n_iter=1, em_vars=["transition_covariance", "observation_covariance"])
    np.testing.assert_allclose(climb, data["ll"][0], rtol=1e-6)
