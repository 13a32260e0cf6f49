"""Gaussian mixtures: the interface, bad input, threads, precision, interruption, collapse and memory."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture as Peer
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.latent.em_gaussian_mixture import em_gaussian_mixture
from mlatlas.latent.em_gaussian_mixture.em_gaussian_mixture import KINDS, GaussianMixture

RANDOM_STARTS = "starts are drawn at random, and repeated rows draw other ones than weighted rows"


@parametrize_with_checks(
    [GaussianMixture(2, max_iter=5)],
    expected_failed_checks=lambda estimator: {"check_sample_weight_equivalence_on_dense_data": RANDOM_STARTS},
)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_estimator_checks(estimator, check):
    check(estimator)


def clouds(n=600, d=3, K=3, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 4 * rng.normal(size=(K, d))[rng.integers(K, size=n)]


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"n_components": 0}, "n_components must be a whole number from 1 on; got 0"),
        ({"n_components": 700}, "n_samples=600 should be >= n_components=700"),
        ({"max_iter": 0}, "max_iter must be a whole number from 1 on"),
        ({"n_init": True}, "n_init must be a whole number"),
        ({"tol": -1.0}, "tol must be a number from 0 on; got -1.0. Take 0"),
        ({"reg_covar": np.inf}, "reg_covar must be a number from 0 on; got inf"),
        (
            {"covariance_type": "round"},
            "covariance_type must be one of 'full', 'tied', 'diag', 'spherical'; got 'round'",
        ),
        ({"init_params": "random"}, "init_params must be one of .* got 'random'"),
        ({"weights_init": [0.5, 0.2]}, "weights_init must be probabilities that sum to one"),
        ({"means_init": np.ones((2, 4))}, r"means_init must have shape \(2, 3\); got \(2, 4\)"),
        ({"precisions_init": -np.stack([np.eye(3)] * 2)}, "precisions_init must be symmetric and positive definite"),
    ],
)
def test_bad_parameters_are_refused(options, rule):
    with pytest.raises(ValueError, match=rule):
        GaussianMixture(**{"n_components": 2, **options}).fit(clouds())


def test_bad_tables_and_weights_are_refused():
    with pytest.raises(ValueError, match="NaN"):
        GaussianMixture().fit([[np.nan], [1.0]])
    with pytest.raises(TypeError, match="dense data is required"):
        GaussianMixture().fit(sparse.eye_array(4).tocsr())
    with pytest.raises(ValueError, match="sample_weight must be non-negative"):
        GaussianMixture().fit([[0.0], [1.0]], sample_weight=[1, -1])
    with pytest.raises(ValueError, match="X must have a spread whose square is a finite number"):
        GaussianMixture().fit([[1e200], [-1e200]])
    with pytest.raises(ValueError, match="n_samples must be a whole number from 1 on"):
        GaussianMixture().fit(clouds()).sample(0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_collapse_is_held_up_and_said(kind):
    X = np.repeat([[0.0, 0.0], [5.0, 1.0]], 10, axis=0)
    with pytest.warns(ConvergenceWarning, match=r"reg_covar = 0.01 holds up the covariance of component \[0"):
        model = GaussianMixture(2, covariance_type=kind, reg_covar=0.01, random_state=0).fit(X)
    variances = np.linalg.eigvalsh(model.covariances_) if kind in ("full", "tied") else model.covariances_
    np.testing.assert_allclose(variances, 0.01)
    with pytest.raises(ValueError, match="reg_covar must be above 0 here; got 0, and component"):
        GaussianMixture(2, covariance_type=kind, reg_covar=0.0, random_state=0).fit(X)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_answer_is_the_peers_far_from_the_origin_too(kind, dtype):
    X = (clouds() + 1000).astype(dtype)
    options = {"covariance_type": kind, "means_init": X[[0, 200, 400]], "tol": 1e-10, "max_iter": 2000}
    model = GaussianMixture(3, **options).fit(X)
    peer = Peer(3, **options, reg_covar=1e-9).fit(X.astype(np.float64))  # of single precision it says that it collapses
    np.testing.assert_allclose(model.lower_bound_, peer.lower_bound_, rtol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_threads_do_not_change_the_answer(kind):
    X = clouds(60_000)
    one, two = (GaussianMixture(3, covariance_type=kind, random_state=0, n_jobs=n).fit(X) for n in (1, 2))
    np.testing.assert_array_equal(one.covariances_, two.covariances_)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_a_fit_goes_on_where_it_stopped():
    X = clouds()
    options = {"random_state": 0, "tol": 0.0}
    whole = GaussianMixture(3, max_iter=6, **options).fit(X)
    parts = GaussianMixture(3, max_iter=3, warm_start=True, **options).fit(X).fit(X)
    np.testing.assert_allclose(parts.means_, whole.means_)


def test_an_interrupted_fit_keeps_the_best(monkeypatch):
    X, passes, kept = clouds(), [], em_gaussian_mixture._pass

    def interrupted(*args):
        passes.append(1)
        if len(passes) == 4:
            raise KeyboardInterrupt
        return kept(*args)

    monkeypatch.setattr(em_gaussian_mixture, "_pass", interrupted)
    model = GaussianMixture(3, random_state=0, tol=0.0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    assert model.n_iter_ == 2
    np.testing.assert_allclose(model.score(X), model.lower_bound_)


def test_a_copy_says_the_same_and_samples_follow_the_model():
    model = GaussianMixture(3, random_state=0).fit(clouds())
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(clouds()), model.predict(clouds()))
    np.testing.assert_allclose(model.precisions_ @ model.covariances_, np.stack([np.eye(3)] * 3), atol=1e-9)
    X, components = model.sample(20_000)
    np.testing.assert_allclose(np.bincount(components) / len(X), model.weights_, atol=0.02)
    np.testing.assert_allclose(X.mean(axis=0), model.weights_ @ model.means_, atol=0.1)


def test_memory_does_not_grow_with_the_posteriors():
    X = clouds(100_000, 4)
    model = GaussianMixture(50, init_params="random_from_data", random_state=0, max_iter=2, tol=0.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X)
        tracemalloc.start()
        model.fit(X)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 0.5 * 50 * 8 * len(X)  # of what all posteriors would take
