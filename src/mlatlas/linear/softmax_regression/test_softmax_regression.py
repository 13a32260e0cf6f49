"""Softmax regression: the interface, bad input, every road to the same answer, separable data, weights and limits."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.optimize import linprog
from scipy.special import log_softmax, softmax
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from mlatlas.data import load
from mlatlas.linear import LogisticRegression, SoftmaxRegression
from mlatlas.linear.logistic_regression.table import Table
from mlatlas.linear.softmax_regression import softmax_regression
from mlatlas.linear.softmax_regression.softmax_regression import CrossEntropy

TIGHT = {"tol": 1e-9, "max_iter": 10_000}
STORAGE = [np.ascontiguousarray, np.asfortranarray, sparse.csr_array, sparse.csc_matrix]


@parametrize_with_checks(
    [
        SoftmaxRegression(),
        SoftmaxRegression(C=0.1, class_weight="balanced"),
        SoftmaxRegression(l1_ratio=1.0),
        SoftmaxRegression(l1_ratio=0.5, C=10.0),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


def problem(n, p, k=3, seed=0, zeros=0.4):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, p)) + 0.5) * (rng.random((n, p)) > zeros)
    Z = X @ (rng.normal(size=(p, k)) * 2 / np.sqrt(p)) + rng.normal(size=k) / 2
    y = (Z + rng.gumbel(size=(n, k))).argmax(1)
    assert len(np.unique(y)) == k
    return X, y, rng.integers(0, 4, n).astype(float)


def steepness(model, X, y, s=None):
    """The largest component of the shortest subgradient of the mean loss with its penalty."""
    W, s = model.coef_, np.ones(len(y)) if s is None else s
    lam, mu = (share / (model.C * s.sum()) for share in (model.l1_ratio, 1 - model.l1_ratio))
    R = (softmax(X @ W.T + model.intercept_, axis=1) - np.eye(len(W))[y]) * s[:, None] / s.sum()
    G = R.T @ X + mu * W
    G = np.where(W == 0, np.maximum(np.abs(G) - lam, 0), np.abs(G + lam * np.sign(W)))
    return max(G.max(), np.abs(R.sum(0)).max() if model.fit_intercept else 0.0)


def answer(model):
    return np.c_[model.coef_, model.intercept_ - model.intercept_.mean()]


# ---- one answer by every road ------------------------------------------------------------------------------

ROADS = {  # the shape, and the roads for dense and for sparse input
    "newton": ((80, 6), "newton", "newton"),
    "newton from a sample": ((3000, 4), "newton", "newton"),
    "many features": ((60, 1500), "lbfgs", "newton-cg"),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("road", ROADS)
def test_squares_by_every_road(road, storage, intercept, weighted):
    shape, dense, scattered = ROADS[road]
    X, y, s = problem(*shape)
    s = s if weighted else None
    model = SoftmaxRegression(C=0.5, fit_intercept=intercept, **TIGHT).fit(storage(X), y, s)
    assert model.solver_ == (scattered if sparse.issparse(storage(X)) else dense)
    assert steepness(model, X, y, s) <= 1.01e-9
    np.testing.assert_allclose(model.coef_.sum(0), 0.0, atol=1e-7)
    np.testing.assert_allclose(model.intercept_.sum(), 0.0, atol=1e-12)
    theirs = Peer(C=0.5, fit_intercept=intercept, tol=1e-9, max_iter=10_000, solver="newton-cg").fit(X, y, s)
    np.testing.assert_allclose(answer(model), answer(theirs), atol=2e-5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize(("shape", "C"), [((80, 6), 1.0), ((60, 100), 0.5), ((60, 100), 20.0)])
@pytest.mark.parametrize("ratio", [0.3, 1.0])
def test_absolute_values_are_certified(ratio, shape, C, storage, intercept, weighted):
    X, y, s = problem(*shape)
    s = s if weighted else None
    model = SoftmaxRegression(C=C, l1_ratio=ratio, fit_intercept=intercept, tol=1e-7).fit(storage(X), y, s)
    assert model.solver_ == "coordinate"
    assert steepness(model, X, y, s) <= 1.01e-7
    assert np.count_nonzero(model.coef_) < model.coef_.size or ratio < 1


def test_without_a_penalty_l1_ratio_is_nothing():
    X, y, s = problem(300, 3)
    plain, other = (SoftmaxRegression(C=np.inf, l1_ratio=ratio, **TIGHT).fit(X, y, s) for ratio in (0.0, 1.0))
    np.testing.assert_allclose(answer(other), answer(plain), rtol=1e-9)
    assert steepness(plain, X, y, s) <= 1e-9


def test_the_hessian_is_how_the_gradient_changes_and_products_are_its_rows():
    X, y, s = problem(40, 5, 4)
    d = np.random.default_rng(1).normal(size=24)
    for storage, digits in ((np.asarray, 1e-12), (sparse.csr_array, 1e-6)):  # sparse products are in single precision
        with Table.of(storage(X)) as table:
            F = CrossEntropy(y, 4, table, s / s.sum(), 0.1, True)
            theta, h = d[::-1] / 3, 1e-6
            change = (F(theta + h * d)[1] - F(theta - h * d)[1]) / (2 * h)
            F(theta)
            H = F.hessian(theta)
            np.testing.assert_allclose(H @ d, change, atol=1e-7)
            np.testing.assert_allclose(F.product(theta, d), H @ d, atol=digits)
            np.testing.assert_array_equal(F.product(theta, 0 * d), 0)


@pytest.mark.parametrize("unit", [1e-25, 1e25])
def test_sparse_products_survive_units_beyond_single_precision(unit):
    X, y, _ = problem(60, 1500)
    plain = SoftmaxRegression(fit_intercept=False, **TIGHT).fit(sparse.csr_array(X), y)
    model = SoftmaxRegression(C=1 / unit**2, fit_intercept=False, tol=1e-9 * unit).fit(sparse.csr_array(unit * X), y)
    assert model.solver_ == "newton-cg"
    np.testing.assert_allclose(unit * model.coef_, plain.coef_, atol=1e-6)


def test_threads_change_nothing_but_rounding():
    rng = np.random.default_rng(0)
    dense, y, _ = problem(6000, 60)
    scattered = sparse.random(20_000, 2_000, 0.01, format="csr", random_state=rng)
    labels = (scattered @ rng.normal(size=(2_000, 4)) + rng.gumbel(size=(20_000, 4))).argmax(1)
    for X, labels_of in ((dense, y), (scattered, labels)):
        found = []
        for threads in (1, 2):
            with threadpool_limits(threads):
                found.append(answer(SoftmaxRegression(tol=1e-10).fit(X, labels_of)))  # off by tol · n at most
        np.testing.assert_allclose(found[0], found[1], atol=1e-6)


# ---- separable data ----------------------------------------------------------------------------------------

MESSAGE = r"the likelihood has no maximum: a combination of the features separates the classes.*Set a finite C\."


def separation(X, y):
    """Whether some direction lets every row's own class gain on all others, and one really gain: a linear program."""
    k, A = y.max() + 1, np.column_stack([X, np.ones(len(y))])
    gains = [
        np.outer(a, np.eye(k)[own] - np.eye(k)[other]).ravel()
        for a, own in zip(A, y, strict=True)
        for other in range(k)
        if other != own
    ]
    M = np.array(gains)
    return -linprog(-M.sum(0), A_ub=-M, b_ub=np.zeros(len(M)), bounds=(-1, 1)).fun > 1e-7


@pytest.mark.parametrize("seed", range(60))
def test_separable_data_end_in_a_message_when_nothing_is_penalised(seed):
    rng = np.random.default_rng(seed)
    n, p, k = rng.integers(8, 30), rng.integers(1, 4), rng.integers(2, 5)
    X = rng.normal(size=(n, p)).round(int(rng.integers(0, 3)))
    Z = X @ rng.normal(size=(p, k)) * rng.choice([0.3, 2.0, 6.0])
    y = np.unique(np.r_[0, 1, (Z + rng.gumbel(size=(n, k))).argmax(1)[2:]], return_inverse=True)[1]
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        model = SoftmaxRegression(C=np.inf).fit(X, y)
    assert np.isfinite(answer(model)).all()
    assert any("no maximum" in str(one.message) for one in told) == separation(X, y)


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("shape", [(80, 6), (60, 100), (60, 1500)])
def test_every_class_apart_is_told_by_every_road(shape, storage):
    X, y, _ = problem(*shape)
    X[:, :3] = np.eye(3)[y] * (0.1 + np.abs(X[:, :3]))
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        model = SoftmaxRegression(C=np.inf).fit(storage(X), y)
    assert (model.predict(storage(X)) == y).all()
    SoftmaxRegression(C=1e3).fit(storage(X), y)  # warns of nothing


def test_large_models_tell_one_class_apart_and_are_silent_on_data_that_overlap(monkeypatch):
    monkeypatch.setattr(softmax_regression, "AFFORDABLE", 0)
    X, y, _ = problem(400, 4)
    SoftmaxRegression(C=np.inf).fit(X, y)
    X[:, 0] = np.where(y == 2, 1, -1) * (0.1 + np.abs(X[:, 0]))
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        SoftmaxRegression(C=np.inf).fit(X, y)


def test_rows_of_no_weight_are_not_asked():
    X, y, s = problem(200, 3)
    X[:, 0] = np.where(y == 1, 1, -1)
    X[:40, 0] *= -1
    SoftmaxRegression(C=np.inf).fit(X, y)
    s[:] = 1
    s[:40] = 0
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        SoftmaxRegression(C=np.inf).fit(X, y, s)


def test_the_wines_are_separable_by_thirteen_measurements_and_not_by_two():
    table = load("wine")
    Z = StandardScaler().fit_transform(table.X)
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        SoftmaxRegression(C=np.inf).fit(Z, table.y)
    model = SoftmaxRegression(C=np.inf, **TIGHT).fit(Z[:, :2], table.y)
    theirs = Peer(C=np.inf, tol=1e-9, max_iter=10_000, solver="newton-cg").fit(Z[:, :2], table.y)
    np.testing.assert_allclose(answer(model), answer(theirs), rtol=1e-4)


def test_too_few_iterations_are_told():
    X, y, _ = problem(100, 4)
    with pytest.warns(ConvergenceWarning, match="newton did not reach tol=1e-09 in 1 iterations. Scale the features"):
        SoftmaxRegression(tol=1e-9, max_iter=1).fit(X, y)


# ---- classes, weights, scores ------------------------------------------------------------------------------


def test_two_classes_are_logistic_regression_with_twice_the_C():
    X, y, s = problem(90, 4, 2)
    for C in (0.1, 1.0, np.inf):
        model, logistic = (
            kind(C=c, **TIGHT).fit(X, y, s) for kind, c in ((SoftmaxRegression, C), (LogisticRegression, 2 * C))
        )
        assert model.coef_.shape == (2, 4)
        np.testing.assert_allclose(model.decision_function(X), logistic.decision_function(X), atol=1e-6)
        np.testing.assert_allclose(model.predict_proba(X), logistic.predict_proba(X), atol=1e-7)
        np.testing.assert_array_equal(model.predict(X), logistic.predict(X))


@pytest.mark.parametrize("labels", [np.array(["a", "b", "c"]), np.array([-1.0, 5.0, 7.0]), np.array([2, 30, 400])])
def test_labels_of_any_kind(labels):
    X, y, _ = problem(80, 3)
    model = SoftmaxRegression().fit(X, labels[y])
    np.testing.assert_array_equal(model.classes_, labels)
    np.testing.assert_array_equal(model.predict(X), labels[SoftmaxRegression().fit(X, y).predict(X)])
    assert model.decision_function(X).shape == model.predict_proba(X).shape == (80, 3)


def test_class_weights_and_a_class_without_weight():
    X, y, s = problem(120, 3)
    for given, factor in (({0: 2.0, 2: 0.5}, np.array([2.0, 1.0, 0.5])), ({1: 0.0}, np.array([1.0, 0.0, 1.0]))):
        model = SoftmaxRegression(class_weight=given, **TIGHT).fit(X, y, s)
        assert steepness(model, X, y, s * factor[y]) <= 1.01e-9
    share = np.bincount(y, s)
    model = SoftmaxRegression(class_weight="balanced", **TIGHT).fit(X, y, s)
    assert steepness(model, X, y, s * (s.sum() / 3 / share)[y]) <= 1.01e-9


def test_logarithms_of_small_probabilities():
    X, y, _ = problem(80, 3)
    model = SoftmaxRegression().fit(X, y)
    far = 1e4 * X[:5]
    Z = far @ model.coef_.T + model.intercept_
    np.testing.assert_allclose(model.predict_log_proba(far), log_softmax(Z, axis=1), rtol=1e-12)
    assert np.isfinite(model.predict_log_proba(far)).all()
    assert model.predict_proba(far).min() == 0.0
    np.testing.assert_allclose(model.predict_proba(far).sum(1), 1.0)


def test_a_warm_start_is_used_where_the_shape_fits():
    X, y, _ = problem(200, 5)
    model = SoftmaxRegression(warm_start=True, **TIGHT).fit(X, y)
    once = answer(model)
    assert model.n_iter_ > 1
    assert model.fit(X, y).n_iter_ == 1
    np.testing.assert_allclose(answer(model), once, atol=1e-8)
    assert model.fit(X[:, :2], y).coef_.shape == (3, 2)


def test_float32_in_float32_out():
    X, y, _ = problem(90, 4)
    for storage in (np.asarray, sparse.csr_array):
        model = SoftmaxRegression().fit(storage(X.astype(np.float32)), y)
        assert model.coef_.dtype == model.intercept_.dtype == np.float32
        np.testing.assert_allclose(answer(model), answer(SoftmaxRegression().fit(X, y)), atol=1e-5)


def test_frames_pickle_pipeline_and_grid():
    X, y, _ = problem(90, 3)
    columns = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}
    model = SoftmaxRegression()
    plain = answer(model.fit(X, y))
    for frame, target in ((pd.DataFrame(columns), pd.Series(y)), (pl.DataFrame(columns), pl.Series(y))):
        model.fit(frame, target)
        assert list(model.feature_names_in_) == ["a", "b", "c"]
        np.testing.assert_allclose(answer(model), plain)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict_proba(frame), model.predict_proba(frame))
    pipe, grid = make_pipeline(StandardScaler(), SoftmaxRegression()), {"softmaxregression__C": [0.1, 1.0]}
    assert GridSearchCV(pipe, grid, scoring="neg_log_loss").fit(X, y).best_params_["softmaxregression__C"] in (0.1, 1.0)


def test_memory_grows_no_more_than_the_peers():
    X, y, _ = problem(150_000, 5, 10)

    def growth(model):
        model.fit(X, y)
        tracemalloc.start()
        model.fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert growth(SoftmaxRegression()) <= 1.1 * growth(Peer())


# ---- bad input ---------------------------------------------------------------------------------------------

X, Y, _ = problem(30, 2)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 0.0}, r"C must be positive; got 0\.0\. Pass inf for no penalty"),
        ({"C": np.nan}, "C must be positive; got nan"),
        ({"C": "big"}, "C must be positive; got 'big'"),
        ({"l1_ratio": 1.5}, r"l1_ratio must be from 0 to 1; got 1\.5\. Pass 0 for squares"),
        ({"tol": -1.0}, r"tol must be non-negative and finite; got -1\.0"),
        ({"max_iter": 0}, "max_iter must be an integer of at least 1; got 0"),
        ({"max_iter": 2.5}, r"max_iter must be an integer of at least 1; got 2\.5"),
        ({"fit_intercept": "no"}, "fit_intercept must be True or False; got 'no'"),
        (
            {"class_weight": "even"},
            "class_weight must be a dict from classes to weights, 'balanced' or None; got 'even'",
        ),
        ({"class_weight": {0: -1.0}}, r"class_weight must hold non-negative, finite weights; got -1\.0"),
    ],
)
def test_bad_parameters_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression(**parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ((X * np.nan, Y), "contains NaN"),
        ((X + np.inf, Y), "contains infinity"),
        ((X * 1e300, Y), "X must have squares that do not overflow"),
        ((X[:0], Y[:0]), "0 sample"),
        ((X, Y[:3]), "inconsistent numbers of samples"),
        ((X[:, 0], Y), "Expected 2D array"),
        ((X * 1j, Y), "Complex data not supported"),
        ((X, Y + 0.5), "Unknown label type: continuous"),
        ((X, np.ones(30)), r"y must hold two classes or more, of positive weight; got one class, 1\.0\. Add rows"),
        ((X, Y, (Y == 1).astype(float)), "y must hold two classes or more, of positive weight; got one class, 1"),
        ((X, Y, -np.ones(30)), "sample_weight must be non-negative"),
    ],
)
def test_bad_tables_are_refused(table, message):
    with pytest.raises(ValueError, match=message):
        SoftmaxRegression().fit(*table)


def test_unfitted_models_and_other_numbers_of_features():
    with pytest.raises(ValueError, match="not fitted"):
        SoftmaxRegression().predict(X)
    with pytest.raises(ValueError, match="X has 1 features, but SoftmaxRegression is expecting 2 features"):
        SoftmaxRegression().fit(X, Y).predict(X[:, :1])
