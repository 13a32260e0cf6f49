"""Hidden Markov models: bad input, missing observations, long chains, collapse, interruption, pickling and sampling."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from mlatlas.sequential.hmm.hmm import CategoricalHMM, GaussianHMM

START, STEP = np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]])
EMIT = np.array([[0.5, 0.4, 0.1], [0.1, 0.3, 0.6]])


def symbols(**options):
    """Healthy or fever; normal, cold or dizzy."""
    model = CategoricalHMM(2, **options)
    model.startprob_, model.transmat_, model.emissionprob_ = START.copy(), STEP.copy(), EMIT.copy()
    return model


def vectors(kind="diag", **options):
    """Two clouds in the plane, four apart."""
    model = GaussianHMM(2, kind, **options)
    model.startprob_, model.transmat_, model.means_ = START.copy(), STEP.copy(), np.array([[0.0, 0.0], [4.0, 0.0]])
    shapes = {"diag": (2, 2), "spherical": (2,)}
    model.covars_ = np.ones(shapes[kind]) if kind in shapes else np.tile(np.eye(2), (2, 1, 1))[: 1 + (kind == "full")]
    model.covars_ = model.covars_[0] if kind == "tied" else model.covars_
    return model


def observed(model, n, seed=0):
    return np.asarray(model.sample(n, random_state=seed)[0], dtype=float)


# ---- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [symbols(), vectors()])
@pytest.mark.parametrize(
    ("lengths", "rule"),
    [
        ([3, 3], "lengths must add up to the number of rows, 4; got 6"),
        ([4, 0], "lengths must be at least 1; got 0 for sequence 1"),
        ([2.0, 2.0], "lengths must be a list of whole numbers"),
        ([], "lengths must be a list of whole numbers"),
    ],
)
def test_bad_lengths_are_refused(model, lengths, rule):
    X = np.zeros((4, 1 if isinstance(model, CategoricalHMM) else 2))
    for method in ("fit", "score", "decode", "predict_proba"):
        with pytest.raises(ValueError, match=rule):
            getattr(model, method)(X, lengths)


@pytest.mark.parametrize(
    ("model", "X", "rule"),
    [
        (symbols(), np.zeros((0, 1)), "X must hold at least one row; got none"),
        (symbols(), [[0.5]], "X must hold whole numbers from 0 on; got 0.5"),
        (symbols(), [[-1]], "X must hold whole numbers from 0 on; got -1"),
        (symbols(), [[0], [3]], "X must hold symbols below 3, the number that the model knows; got 3"),
        (symbols(), [[np.inf]], "X must hold symbols below 3"),
        (symbols(), [["a"]], "X must hold numbers"),
        (symbols(), np.zeros((2, 2)), r"X must hold one symbol a row; got shape \(2, 2\)"),
        (vectors(), np.zeros((0, 2)), "X must hold at least one row; got none"),
        (vectors(), np.zeros(4), r"X must be 2-D, a row for each time; got shape \(4,\)"),
        (vectors(), np.zeros((4, 3)), "X must have 2 columns, as means_ has; got 3"),
        (vectors(), [[0.0, np.inf]], "X must hold finite numbers, or NaN where one is missing; got infinity"),
        (vectors(), [[0.0, 0.0], [0.0, np.nan]], "row 1 has 1 of 2 numbers missing"),
    ],
)
def test_bad_observations_are_refused(model, X, rule):
    with pytest.raises(ValueError, match=rule):
        model.score(X)


@pytest.mark.parametrize(
    ("model", "change", "rule"),
    [
        (symbols(), {"startprob_": [0.5, 0.6]}, "startprob_ must sum to one; got a sum of 1.1. Divide by the sum"),
        (symbols(), {"transmat_": [[0.5, 0.5], [0.0, 0.0]]}, "transmat_ must sum to one in every row; got a sum of 0"),
        (symbols(), {"transmat_": [[1.5, -0.5], [0.5, 0.5]]}, "transmat_ must hold probabilities, from 0 on; got -0.5"),
        (symbols(), {"transmat_": np.ones((2, 3))}, r"transmat_ must have shape \(2, 2\); got \(2, 3\)"),
        (symbols(), {"emissionprob_": EMIT * 2}, "emissionprob_ must sum to one in every row; got a sum of 2"),
        (symbols(), {"emissionprob_": EMIT * np.nan}, "emissionprob_ must hold probabilities, from 0 on; got nan"),
        (vectors(), {"startprob_": [0.5, 0.6]}, "startprob_ must sum to one"),
        (vectors(), {"means_": np.zeros((3, 2))}, "means_ must hold 2 rows of finite numbers"),
        (vectors(), {"covars_": np.ones(2)}, r"covars_ must have shape \(2, 2\) for covariance_type='diag'"),
        (vectors(), {"covars_": [[1.0, 1.0], [1.0, 0.0]]}, "positive definite; that of state 1 is singular"),
        (vectors("full"), {"covars_": [np.eye(2), np.ones((2, 2))]}, "positive definite; that of state 1 is singular"),
        (vectors("tied"), {"covars_": [[1.0, 0.5], [0.2, 1.0]]}, "covars_ must be symmetric"),
        (vectors("spherical"), {"covars_": [1.0, np.nan]}, "covars_ must hold finite numbers"),
    ],
)
def test_bad_parameters_are_refused(model, change, rule):
    model = pickle.loads(pickle.dumps(model))
    for name, value in change.items():
        setattr(model, name, value)
    with pytest.raises(ValueError, match=rule):
        model.score(np.zeros((3, 1 if isinstance(model, CategoricalHMM) else 2)))


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        (CategoricalHMM(0), "n_components must be a whole number from 1 on; got 0"),
        (CategoricalHMM(2, n_iter=0), "n_iter must be a whole number from 1 on; got 0"),
        (CategoricalHMM(2, n_features=0), "n_features must be a whole number from 1 on; got 0"),
        (CategoricalHMM(2, n_features=1), "X must hold symbols below 1"),
        (CategoricalHMM(2, tol=np.nan), "tol must be a number; got nan"),
        (CategoricalHMM(2, params="stm"), "params must hold letters of 'ste' only; got 'stm'"),
        (CategoricalHMM(2, init_params="st"), "emissionprob_ must be set where init_params leaves out 'e'"),
        (CategoricalHMM(2, transmat_prior=0.5), "transmat_prior must be 1 or more"),
        (CategoricalHMM(2, startprob_prior=[1, 2, 3]), r"startprob_prior must be a number or have shape \(2,\)"),
        (CategoricalHMM(2, emissionprob_prior="a"), "emissionprob_prior must be 1 or more"),
        (GaussianHMM(2, "round"), "covariance_type must be one of 'spherical', 'diag', 'full', 'tied'; got 'round'"),
        (GaussianHMM(2, min_covar=-1), "min_covar must be a number from 0 on; got -1"),
        (GaussianHMM(2, means_prior=np.inf), "means_prior must be finite"),
        (GaussianHMM(2, covars_prior=-1.0), "covars_prior must be finite and not negative"),
        (GaussianHMM(9), "X must hold at least n_components = 9 observations; got 4"),
    ],
)
def test_bad_settings_are_refused(model, rule):
    with pytest.raises(ValueError, match=rule):
        model.fit(np.arange(4.0)[:, None])


def test_what_only_a_method_can_refuse():
    with pytest.raises(NotFittedError):
        CategoricalHMM(2).score([[0]])
    with pytest.raises(ValueError, match="algorithm must be 'viterbi' or 'map'; got 'best'"):
        symbols().decode([[0]], algorithm="best")
    with pytest.raises(ValueError, match="n_samples must be a whole number from 1 on; got 0"):
        symbols().sample(0)
    with pytest.raises(ValueError, match="currstate must be a state from 0 to 1, or None; got 2"):
        symbols().sample(1, currstate=2)


def test_a_sequence_that_cannot_be_is_named():
    model = symbols()
    model.startprob_, model.transmat_ = np.array([1.0, 0.0]), np.eye(2)
    model.emissionprob_ = np.array([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]])
    assert model.score([[0], [0]]) == 0.0
    for method in ("score", "fit", "decode"):
        with pytest.raises(ValueError, match="sequence 1 must be possible under the model; it has probability zero"):
            getattr(model.set_params(init_params=""), method)([[0], [0], [0], [1]], [2, 2])


# ---- missing observations --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [symbols(), vectors(), vectors("full")])
def test_what_is_missing_at_the_ends_is_as_if_it_had_not_been_asked_for(model):
    X = observed(model, 8)
    longer = np.vstack([X, np.full((3, X.shape[1]), np.nan)])
    assert model.score(longer) == pytest.approx(model.score(X), rel=1e-12)
    np.testing.assert_allclose(model.predict_proba(longer)[:8], model.predict_proba(X), atol=1e-12)
    ahead = model.predict_proba(X)[-1] @ np.linalg.matrix_power(model.transmat_, 3)
    np.testing.assert_allclose(model.predict_proba(longer)[-1], ahead, atol=1e-12)


@pytest.mark.parametrize("model", [symbols(), vectors(), vectors("tied")])
def test_all_missing(model):
    X = np.full((4, 1 if isinstance(model, CategoricalHMM) else 2), np.nan)
    assert model.score(X, [1, 3]) == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(model.predict_proba(X)[1], START @ STEP, atol=1e-12)
    assert model.predict(X).tolist() == [0, 0, 0, 0]
    with pytest.raises(ValueError, match="X must hold at least one observation; got only missing ones"):
        model.fit(X)


@pytest.mark.parametrize("kind", ["diag", "spherical", "full", "tied"])
def test_learning_skips_what_is_missing(kind):
    X = observed(vectors("diag"), 400)
    X[::3] = np.nan
    model = vectors(kind, init_params="", n_iter=30, tol=1e-6).fit(X)
    assert model.monitor_.converged
    np.testing.assert_allclose(model.means_, [[0.0, 0.0], [4.0, 0.0]], atol=0.35)


# ---- lengths, long runs, threads -------------------------------------------------------------------------------


def test_sequences_of_one_row_are_a_mixture():
    X = observed(vectors(), 60)
    model = vectors(init_params="", n_iter=5, tol=-np.inf).fit(X, np.ones(60, int))
    np.testing.assert_array_equal(model.transmat_, STEP)  # no step was seen
    assert model.startprob_.sum() == pytest.approx(1.0)
    assert model.predict(X[:1]).shape == (1,)


@pytest.mark.parametrize("model", [symbols(), vectors()])
def test_a_million_times_neither_underflow_nor_fill_the_memory(model):
    n = 1_000_000
    X = observed(model, n)
    model.set_params(init_params="", n_iter=1, n_jobs=1)
    tracemalloc.start()
    total = model.score(X)
    path_value, _ = model.decode(X)
    before = model.monitor_.history if hasattr(model, "monitor_") else []
    model.fit(X)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert before == []
    assert path_value < total < path_value + n * np.log(2)
    assert model.monitor_.history == [pytest.approx(total, rel=1e-12)]
    assert peak < 8 * n * 14  # numbers a time; K = 2, and D is 1 or 2
    np.testing.assert_allclose(model.transmat_, STEP, atol=0.02)


def test_observations_far_from_every_state_are_done_on_logarithms():
    model = vectors()
    X = np.array([[0.0, 0.0], [500.0, 0.0], [0.0, -900.0], [4.0, 0.0]])
    gap = -0.5 * (((X[:, None] - model.means_) ** 2).sum(axis=2) + 2 * np.log(2 * np.pi))
    alpha = np.log(START) + gap[0]
    for row in gap[1:]:
        alpha = np.logaddexp.reduce(alpha[:, None] + np.log(STEP), axis=0) + row
    assert model.score(X) == pytest.approx(np.logaddexp.reduce(alpha), rel=1e-13)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1.0)


@pytest.mark.parametrize("kind", ["diag", "spherical", "full", "tied"])
def test_threads_do_not_change_the_answer(kind):
    lengths = np.random.default_rng(0).integers(1, 400, 200)
    X = observed(vectors("diag"), int(lengths.sum()))
    one, two = (vectors(kind, init_params="", n_iter=3, tol=-np.inf, n_jobs=jobs).fit(X, lengths) for jobs in (1, 2))
    for name in ("startprob_", "transmat_", "means_", "covars_"):
        np.testing.assert_array_equal(getattr(one, name), getattr(two, name))
    assert one.score(X, lengths) == two.score(X, lengths)


# ---- learning --------------------------------------------------------------------------------------------------


def test_what_is_forbidden_stays_forbidden():
    model = symbols(init_params="", n_iter=20, tol=-np.inf, transmat_prior=2.0, startprob_prior=2.0)
    model.startprob_, model.transmat_ = np.array([1.0, 0.0]), np.array([[0.9, 0.1], [0.0, 1.0]])
    model.fit(observed(symbols(), 200))
    assert model.startprob_.tolist() == [1.0, 0.0]
    assert model.transmat_[1].tolist() == [0.0, 1.0]


@pytest.mark.parametrize("kind", ["diag", "spherical", "full", "tied"])
def test_a_collapsing_covariance_is_held_up_and_said(kind):
    X = np.vstack([observed(vectors(), 40), np.tile([50.0, 50.0], (20, 1))])
    X = X if kind != "tied" else np.c_[X[:, 0], X[:, 0]]
    model = GaussianHMM(3, kind, covars_prior=0.0, covars_weight=0.0, n_iter=30, random_state=0)
    with pytest.warns(ConvergenceWarning, match=r"the covariance of state \d.* collapsed and is held up by min_covar"):
        model.fit(X)
    assert np.isfinite(model.score(X))
    with pytest.raises(ValueError, match=r"covars_ must be positive definite; that of state \d is singular"):
        model.set_params(min_covar=0.0).fit(X)
    assert np.isfinite(model.score(X))  # the last good parameters are still there


def test_an_interrupted_fit_keeps_its_last_whole_step():
    X = observed(symbols(), 300)
    whole = symbols(init_params="", n_iter=3, tol=-np.inf).fit(X)

    class Interrupted(CategoricalHMM):
        def _expected(self, *args):
            if len(self.monitor_.history) == 3:
                raise KeyboardInterrupt
            return super()._expected(*args)

    model = Interrupted(2, init_params="", n_iter=50, tol=-np.inf)
    model.startprob_, model.transmat_, model.emissionprob_ = START.copy(), STEP.copy(), EMIT.copy()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.monitor_.history == whole.monitor_.history
    for name in ("startprob_", "transmat_", "emissionprob_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(whole, name))
    assert model.score(X) > symbols().score(X)


def test_tolerance_ends_a_fit():
    X = observed(vectors(), 300)
    model = GaussianHMM(2, n_iter=200, random_state=0).fit(X)
    assert model.monitor_.converged
    assert model.monitor_.iter < 200
    assert np.diff(model.monitor_.history)[-1] < 0.01
    assert not GaussianHMM(2, n_iter=2, tol=-np.inf, random_state=0).fit(X).monitor_.converged


def test_params_says_what_is_learned():
    X = observed(vectors(), 100)
    model = vectors(init_params="", params="m").fit(X)
    np.testing.assert_array_equal(model.transmat_, STEP)
    np.testing.assert_array_equal(model.covars_, np.ones((2, 2)))
    assert not np.array_equal(model.means_, [[0.0, 0.0], [4.0, 0.0]])


def test_a_prior_is_what_was_counted_before():
    seen = np.array([[4, 1], [2, 3]])
    model = symbols(init_params="", params="t", n_iter=1, transmat_prior=1 + seen)
    model.transmat_ = np.full((2, 2), 0.5)
    model.emissionprob_ = np.array([[1.0, 0.0], [0.0, 1.0]])
    model.fit([[0], [1], [1], [0], [0]])
    np.testing.assert_allclose(model.transmat_, [[5 / 7, 2 / 7], [3 / 7, 4 / 7]])


def test_free_parameters_are_counted():
    X = observed(vectors(), 100)
    free = {"spherical": 1 + 2 + 4 + 2, "diag": 1 + 2 + 4 + 4, "full": 1 + 2 + 4 + 6, "tied": 1 + 2 + 4 + 3}
    for kind, p in free.items():
        model = vectors(kind)
        assert model.aic(X) == pytest.approx(2 * p - 2 * model.score(X))
        assert model.bic(X) == pytest.approx(p * np.log(100) - 2 * model.score(X))
    assert symbols().aic([[0]]) == pytest.approx(2 * (1 + 2 + 4) - 2 * symbols().score([[0]]))


# ---- sampling, pickling, cloning -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["diag", "spherical", "full", "tied"])
def test_a_long_sample_has_the_moments_of_the_model(kind):
    model = vectors(kind)
    X, states = model.sample(20_000, random_state=0)
    pairs = np.zeros((2, 2))
    np.add.at(pairs, (states[:-1], states[1:]), 1)
    np.testing.assert_allclose(pairs / pairs.sum(axis=1, keepdims=True), STEP, atol=0.02)
    for k in (0, 1):
        np.testing.assert_allclose(X[states == k].mean(axis=0), model.means_[k], atol=0.05)
        np.testing.assert_allclose(np.cov(X[states == k].T), np.eye(2), atol=0.06)


def test_a_sample_goes_on_from_a_state_and_repeats_with_its_seed():
    model = symbols(random_state=3)
    X, states = model.sample(50, currstate=1)
    again, _ = model.sample(50, currstate=1)
    assert X.shape == (50, 1)
    assert states[0] == 1
    np.testing.assert_array_equal(X, again)


@pytest.mark.parametrize("model", [symbols(), vectors("full")])
def test_models_can_be_pickled_and_cloned(model):
    X = observed(model, 50)
    back = pickle.loads(pickle.dumps(model))
    assert back.score(X) == model.score(X)
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert fresh.set_params(random_state=0).fit(X).score(X) == clone(fresh).fit(X).score(X)
