"""k-means: the interface, bad input, threads, precision, interruption and rows that coincide."""

import pickle

import numpy as np
import pytest
from scipy import sparse
from sklearn.cluster import KMeans as Peer
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.latent.kmeans import kmeans
from mlatlas.latent.kmeans.kmeans import KMeans, MiniBatchKMeans, kmeans_plusplus

RANDOM_STARTS = "starts are drawn at random, and repeated rows draw other ones than weighted rows"


def exceptions(estimator):
    return dict.fromkeys(
        ("check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"),
        RANDOM_STARTS,
    )


@parametrize_with_checks([KMeans(n_clusters=3), MiniBatchKMeans(n_clusters=3)], expected_failed_checks=exceptions)
def test_estimator_checks(estimator, check):
    check(estimator)


def clouds(n=3000, d=6, K=9, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) + 2 * rng.normal(size=(K, d))[rng.integers(K, size=n)]


@pytest.mark.parametrize("kind", [KMeans, MiniBatchKMeans])
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"n_clusters": 0}, "n_clusters must be a whole number from 1 on; got 0"),
        ({"n_clusters": 5000}, "n_samples=3000 should be >= n_clusters=5000"),
        ({"max_iter": 2.5}, "max_iter must be a whole number"),
        ({"n_init": "many"}, "n_init must be a whole number"),
        ({"tol": -1.0}, "tol must be a number from 0 on; got -1.0"),
        ({"init": "spread"}, r"init must be 'k-means\+\+', 'random', an array .* got 'spread'"),
        ({"init": np.ones((2, 6))}, r"init must hold n_clusters = 8 starts of 6 features; got shape \(2, 6\)"),
    ],
)
def test_bad_parameters_are_refused(kind, options, rule):
    with pytest.raises(ValueError, match=rule):
        kind(**options).fit(clouds())


def test_bad_tables_and_weights_are_refused():
    with pytest.raises(ValueError, match="algorithm must be 'hamerly' or 'lloyd'; got 'fast'"):
        KMeans(algorithm="fast").fit(clouds())
    with pytest.raises(ValueError, match="NaN"):
        KMeans(1).fit([[np.nan]])
    with pytest.raises(TypeError, match="dense data is required"):
        KMeans(1).fit(sparse.eye_array(4).tocsr())
    with pytest.raises(ValueError, match="sample_weight must be non-negative"):
        KMeans(1).fit([[0.0], [1.0]], sample_weight=[1, -1])
    with pytest.raises(ValueError, match="n_local_trials must be a whole number"):
        kmeans_plusplus(clouds(), 3, n_local_trials=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("algorithm", ["hamerly", "lloyd"])
def test_the_answer_is_the_peers_far_from_the_origin_too(dtype, algorithm):
    X = (clouds() + 50).astype(dtype)
    model = KMeans(9, init=X[:9], tol=0.0, algorithm=algorithm).fit(X)
    peer = Peer(9, init=X[:9], n_init=1, tol=0.0).fit(X)
    assert model.cluster_centers_.dtype == dtype
    np.testing.assert_allclose(model.inertia_, peer.inertia_, rtol=1e-4 if dtype == np.float32 else 1e-12)


def test_threads_do_not_change_the_answer():
    X = clouds(60_000)
    one, two = (KMeans(9, random_state=0, n_jobs=n).fit(X) for n in (1, 2))
    np.testing.assert_array_equal(one.cluster_centers_, two.cluster_centers_)
    np.testing.assert_array_equal(one.labels_, two.labels_)


def test_bounds_spare_most_comparisons():
    X = clouds(20_000, K=9)
    model = KMeans(9, init=X[:9], tol=0.0).fit(X)
    assert model.n_scans_ < 0.5 * len(X) * model.n_iter_


def test_fewer_distinct_rows_than_clusters_are_told():
    X = np.repeat([[0.0], [1.0]], 5, axis=0)
    with pytest.warns(ConvergenceWarning, match="rows for only 2 distinct clusters"):
        model = KMeans(4, random_state=0).fit(X)
    assert model.inertia_ == 0


def test_weights_of_a_cluster_that_cancel_leave_no_residue():
    X = np.r_[0.0, 0.1, 5.0, 5.1, 9.0][:, None]
    w = np.r_[0.1, 0.2, 0.3, 0.7, 0.0]
    model = KMeans(2, init=[[0.0], [5.0]], tol=0.0).fit(X, sample_weight=w)
    np.testing.assert_allclose(model.cluster_centers_.ravel(), [0.02 / 0.3, 5.07])


def test_an_interrupted_fit_keeps_its_centres(monkeypatch):
    X, calls = clouds(), []
    plain = kmeans._State.means

    def means(self, C, each):
        calls.append(C)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return plain(self, C, each)

    monkeypatch.setattr(kmeans._State, "means", means)
    model = KMeans(9, init=X[:9], tol=0.0)
    with pytest.raises(KeyboardInterrupt):
        model.fit(X)
    monkeypatch.undo()
    after = KMeans(9, init=X[:9], tol=0.0, max_iter=3).fit(X)
    np.testing.assert_allclose(model.cluster_centers_, after.cluster_centers_)
    np.testing.assert_allclose(model.inertia_, after.inertia_)


def test_mini_batches_end_near_the_solution():
    X = clouds(20_000, K=5)
    full = KMeans(5, n_init=5, random_state=0).fit(X)
    model = MiniBatchKMeans(5, n_init=5, random_state=0).fit(X)
    assert model.inertia_ < 1.05 * full.inertia_
    assert model.n_steps_ < 2000


def test_starts_from_a_function_and_pickling():
    X = clouds()
    model = KMeans(3, init=lambda X, K, random_state: X[:K], tol=0.0).fit(X)
    np.testing.assert_allclose(model.inertia_, KMeans(3, init=X[:3], tol=0.0).fit(X).inertia_)
    fitted = KMeans(3, random_state=0).fit(X)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(fitted)).predict(X), fitted.labels_)
