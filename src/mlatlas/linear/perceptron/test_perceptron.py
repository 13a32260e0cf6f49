"""Perceptrons: the interface, bad input, stopping, threads and what is not offered."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import Perceptron as Peer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.linear import AveragedPerceptron, Perceptron

KINDS = [Perceptron, AveragedPerceptron]


@parametrize_with_checks([Perceptron(), AveragedPerceptron(), Perceptron(fit_intercept=False, shuffle=False, n_jobs=2)])
def test_estimator_checks(estimator, check):
    check(estimator)


def clouds(n=120, p=4, k=2, apart=0.7, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % k)
    return rng.normal(size=(n, p)) + apart * rng.normal(size=(k, p))[y], y


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("X", "y", "rule"),
    [
        ([[1.0], [np.nan]], [0, 1], "NaN"),
        ([[1.0], [np.inf]], [0, 1], "infinity"),
        ([1.0, 2.0], [0, 1], "Expected 2D array"),
        (np.empty((0, 2)), [], "0 sample"),
        ([[1.0], [2.0]], [0, 1, 1], "inconsistent numbers of samples"),
        (np.array([[1j], [2.0]]), [0, 1], "Complex data not supported"),
        ([["a"], ["b"]], [0, 1], "could not convert string"),
        ([[1.0], [2.0]], [1, 1], r"y must hold at least 2 classes; got 1 class, \[1\]. Add another"),
        ([[1.0], [2.0]], [0.3, 0.7], "Unknown label type: continuous"),
        ([[1.7e308, 1.7e308], [1.7e308, -1.7e308]], [0, 1], "X must not hold numbers so large"),
    ],
)
def test_bad_tables_are_refused(kind, X, y, rule):
    with pytest.raises(ValueError, match=rule):
        kind().fit(X, y)


@pytest.mark.parametrize("value", [0, -3, 2.5, True, "10"])
@pytest.mark.parametrize("name", ["max_iter", "n_iter_no_change"])
def test_numbers_of_passes_are_checked(name, value):
    with pytest.raises(ValueError, match=f"{name} must be an integer of at least 1; got {value!r}"):
        Perceptron(**{name: value}).fit(*clouds())


def test_partial_fit_says_what_it_needs():
    X, y = clouds()
    with pytest.raises(ValueError, match=r"classes must be given at the first call of partial_fit; got None"):
        Perceptron().partial_fit(X, y)
    model = Perceptron().partial_fit(X, y, classes=[1, 0])
    with pytest.raises(ValueError, match=r"classes must stay \[0, 1\]; got \[0, 2\]"):
        model.partial_fit(X, y, classes=[0, 2])
    with pytest.raises(ValueError, match=r"y must hold the classes \[0, 1\]; got \[7\]"):
        model.partial_fit(X, np.where(np.arange(len(y)) == 3, 7, y))
    with pytest.raises(ValueError, match="X has 2 features, but Perceptron is expecting 4"):
        model.partial_fit(X[:, :2], y)
    with pytest.raises(ValueError, match="at least 2 classes"):
        Perceptron().partial_fit(X, y, classes=[1])


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_no_probabilities(kind):
    assert not hasattr(kind().fit(*clouds()), "predict_proba")


def test_it_stops_once_a_pass_makes_no_mistake():
    X, y = clouds(apart=20.0)
    model = Perceptron(n_iter_no_change=None, max_iter=10**6).fit(X, y)
    assert model.n_iter_ < 20
    assert model.score(X, y) == 1.0


def test_it_stops_when_mistakes_fall_no_longer():
    X, y = clouds(apart=0.0)
    assert 5 < Perceptron().fit(X, y).n_iter_ < 200
    longer = Perceptron(n_iter_no_change=50).fit(X, y)
    assert longer.n_iter_ > 50
    assert Perceptron(n_iter_no_change=None, max_iter=77).fit(X, y).n_iter_ == 77


def test_too_few_passes_are_reported():
    X, y = clouds(apart=0.0)
    with pytest.warns(ConvergenceWarning, match="still falling after max_iter=3 passes. Raise max_iter"):
        Perceptron(max_iter=3).fit(X, y)


def test_each_class_stops_for_itself():
    X, y = clouds(n=90, k=3, apart=0.0)
    X = np.column_stack([X, 50.0 * (y == 2)])
    model = Perceptron().fit(X, y)
    alone = Perceptron().fit(X, y == 2)
    assert alone.n_iter_ < model.n_iter_
    assert model.mistakes_[2] == alone.mistakes_
    assert np.array_equal(model.coef_[2], alone.coef_[0])


@pytest.mark.parametrize("kind", KINDS)
def test_threads_change_nothing(kind):
    X, y = clouds(n=300, k=5)
    one, two = (kind(n_jobs=n_jobs).fit(X, y) for n_jobs in (1, 2))
    assert np.array_equal(one.coef_, two.coef_)
    assert np.array_equal(one.intercept_, two.intercept_)
    assert np.array_equal(one.mistakes_, two.mistakes_)


def test_the_seed_decides_the_order():
    X, y = clouds(apart=0.3)
    one, same, other = (Perceptron(random_state=seed).fit(X, y).coef_ for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_every_layout_gives_the_same(kind):
    X, y = clouds(k=3)
    X = X * (np.abs(X) > 0.5)
    truth = kind().fit(X, y)
    layouts = [np.asfortranarray(X), X[::1, :], sparse.csr_array(X), sparse.csc_matrix(X), sparse.coo_array(X)]
    for table in (*layouts, pd.DataFrame(X), pl.DataFrame(X)):
        model = kind().fit(table, y)
        assert model.coef_ == pytest.approx(truth.coef_)
        assert np.array_equal(model.predict(table), truth.predict(X))


def test_single_precision_and_integers_are_taken():
    rng = np.random.default_rng(0)
    X, y = rng.integers(-3, 4, size=(80, 3)), rng.integers(0, 2, 80)
    truth = Perceptron().fit(X.astype(float), y)
    for dtype in (np.int8, np.float32):
        assert np.array_equal(Perceptron().fit(X.astype(dtype), y).coef_, truth.coef_)


@pytest.mark.parametrize("names", [["no", "yes"], [False, True], [-1.0, 1.0], ["a", "b", "c"]])
def test_labels_of_any_kind_come_back(names):
    X, y = clouds(k=len(names))
    labels = np.array(names)[y]
    model = Perceptron().fit(X, labels)
    assert model.classes_.tolist() == sorted(names)
    assert model.predict(X).dtype == labels.dtype
    assert np.array_equal(model.coef_, Perceptron().fit(X, y).coef_)


def test_it_equals_the_peer_pass_by_pass():
    X, y = clouds(n=400, p=6, k=4)
    for passes in (1, 2, 7):
        ours = Perceptron(max_iter=passes, n_iter_no_change=None, shuffle=False).fit(X, y)
        theirs = Peer(max_iter=passes, tol=None, shuffle=False).fit(X, y)
        assert ours.coef_ == pytest.approx(theirs.coef_, rel=1e-12)
        assert np.array_equal(ours.intercept_, theirs.intercept_)


@pytest.mark.parametrize("kind", KINDS)
def test_a_pickled_model_goes_on(kind):
    X, y = clouds(k=3)
    model = kind().partial_fit(X, y, classes=np.unique(y))
    copy = pickle.loads(pickle.dumps(model))
    for one in (model, copy):
        one.partial_fit(X, y)
    assert np.array_equal(model.coef_, copy.coef_)
    assert copy.n_iter_ == 2


def test_fit_forgets_what_came_before():
    X, y = clouds(k=3)
    model = AveragedPerceptron().partial_fit(X, y, classes=np.unique(y)).fit(X[:, :2], y > 0)
    assert np.array_equal(model.coef_, AveragedPerceptron().fit(X[:, :2], y > 0).coef_)


def test_it_works_in_a_pipeline_and_a_grid():
    X, y = clouds()
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), AveragedPerceptron()), {"averagedperceptron__max_iter": [20, 50]}
    )
    assert grid.fit(X, y).score(X, y) > 0.6
