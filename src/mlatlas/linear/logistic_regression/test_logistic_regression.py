"""Logistic regression: the interface, bad input, every road to the same answer, separable data, weights and limits."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as Peer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from mlatlas.data import load
from mlatlas.linear import LogisticRegression
from mlatlas.linear.logistic_regression import objective
from mlatlas.optimize.newton import newton as optimizers

TIGHT = {"tol": 1e-9, "max_iter": 10_000}
STORAGE = [np.ascontiguousarray, np.asfortranarray, sparse.csr_array, sparse.csc_matrix]


BLIND = "without an intercept, class weights do not move the threshold at the origin; the peer fails as well"


@parametrize_with_checks(
    [
        LogisticRegression(),
        LogisticRegression(C=0.1, class_weight="balanced"),
        LogisticRegression(fit_intercept=False),
        LogisticRegression(l1_ratio=1.0),
        LogisticRegression(l1_ratio=0.5, C=10.0),
    ],
    expected_failed_checks=lambda model: {} if model.fit_intercept else {"check_class_weight_classifiers": BLIND},
)
def test_estimator_checks(estimator, check):
    check(estimator)


def problem(n, p, seed=0, zeros=0.4):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, p)) + 0.5) * (rng.random((n, p)) > zeros)
    z = X @ (rng.normal(size=p) * 2 / np.sqrt(p)) - 0.3
    return X, (rng.random(n) < expit(z)).astype(int), rng.integers(0, 4, n).astype(float)


def steepness(model, X, y, s=None):
    """The largest component of the shortest subgradient of the mean loss with its penalty."""
    w, s = model.coef_[0], np.ones(len(y)) if s is None else s
    lam, mu = (share / (model.C * s.sum()) for share in (model.l1_ratio, 1 - model.l1_ratio))
    r = s * (expit(X @ w + model.intercept_) - y) / s.sum()
    g = X.T @ r + mu * w
    g = np.where(w == 0, np.maximum(np.abs(g) - lam, 0), np.abs(g + lam * np.sign(w)))
    return max(g.max(), abs(r.sum()) if model.fit_intercept else 0.0)


def answer(model):
    return np.r_[model.coef_.ravel(), model.intercept_]


# ---- one answer by every road ------------------------------------------------------------------------------

ROADS = {  # the shape, and the roads for dense and for sparse input
    "newton": ((80, 6), "newton", "newton"),
    "newton from a sample": ((3000, 5), "newton", "newton"),
    "many features": ((60, 2000), "lbfgs", "newton-cg"),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("road", ROADS)
def test_squares_by_every_road(road, storage, intercept, weighted):
    shape, dense, scattered = ROADS[road]
    X, y, s = problem(*shape)
    s = s if weighted else None
    model = LogisticRegression(C=0.5, fit_intercept=intercept, **TIGHT).fit(storage(X), y, s)
    assert model.solver_ == (scattered if sparse.issparse(storage(X)) else dense)
    assert steepness(model, X, y, s) <= 1.01e-9
    theirs = Peer(C=0.5, fit_intercept=intercept, tol=1e-9, max_iter=10_000).fit(X, y, s)
    np.testing.assert_allclose(answer(model), answer(theirs), atol=2e-5)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize(("shape", "C"), [((80, 6), 1.0), ((60, 200), 0.5), ((60, 200), 100.0)])
@pytest.mark.parametrize("ratio", [0.3, 1.0])
def test_absolute_values_are_certified(ratio, shape, C, storage, intercept, weighted):
    X, y, s = problem(*shape)
    s = s if weighted else None
    model = LogisticRegression(C=C, l1_ratio=ratio, fit_intercept=intercept, tol=1e-7).fit(storage(X), y, s)
    assert model.solver_ == "coordinate"
    assert steepness(model, X, y, s) <= 1.01e-7
    assert np.count_nonzero(model.coef_) < shape[1] or ratio < 1 or shape[1] < 10


def test_the_last_digits_are_found_with_absolute_values():
    for seed in range(100):
        X, y, _ = problem(20, 1 + seed % 4, seed)
        model = LogisticRegression(l1_ratio=1.0, fit_intercept=bool(seed % 2), tol=1e-11).fit(X, y)
        assert steepness(model, X, y) <= 1.01e-11


def test_without_a_penalty_l1_ratio_is_nothing():
    X, y, s = problem(200, 4)
    plain, other = (LogisticRegression(C=np.inf, l1_ratio=ratio, **TIGHT).fit(X, y, s) for ratio in (0.0, 1.0))
    np.testing.assert_allclose(answer(other), answer(plain), rtol=1e-9)
    assert steepness(plain, X, y, s) <= 1e-9


@pytest.mark.parametrize("name", ["newton", "lbfgs"])
def test_the_minimisers_are_those_of_the_atlas(name, monkeypatch):
    assert getattr(objective, name) is getattr(optimizers, name)
    called = []
    monkeypatch.setattr(objective, name, lambda *a, **k: called.append(name) or getattr(optimizers, name)(*a, **k))
    X, y, _ = problem(*((80, 6) if name == "newton" else (60, 2000)))
    LogisticRegression().fit(X, y)
    assert called == [name]


def test_a_misleading_sample_costs_time_only():
    X, y, s = problem(4000, 5)
    X[::8] *= 1e-3  # the rows of the sample
    y[::8] = 1
    for weights in (None, s):
        model = LogisticRegression(**TIGHT).fit(X, y, weights)
        assert steepness(model, X, y, weights) <= 1.01e-9
    s[::8] = 0.0
    assert steepness(LogisticRegression(**TIGHT).fit(X, y, s), X, y, s) <= 1.01e-9


def test_threads_change_nothing_but_rounding():
    rng = np.random.default_rng(0)
    dense, y, _ = problem(6000, 60)
    scattered = sparse.random(20_000, 2_000, 0.01, format="csr", random_state=rng)
    labels = (rng.random(20_000) < expit(scattered @ rng.normal(size=2_000))).astype(int)
    for X, labels_of in ((dense, y), (scattered, labels)):
        found = []
        for threads in (1, 2):
            with threadpool_limits(threads):
                found.append(answer(LogisticRegression(tol=1e-8).fit(X, labels_of)))
        np.testing.assert_allclose(found[0], found[1], atol=1e-7)


# ---- separable data ----------------------------------------------------------------------------------------

MESSAGE = r"the likelihood has no maximum: a combination of the features separates the classes.*Set a finite C\."


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("shape", [(80, 6), (3000, 5), (60, 200), (60, 2000)])
def test_separable_data_end_in_a_message_when_nothing_is_penalised(shape, storage):
    X, y, _ = problem(*shape)
    X[:, 0] = (2 * y - 1) * (0.1 + np.abs(X[:, 0]))
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        model = LogisticRegression(C=np.inf).fit(storage(X), y)
    assert np.isfinite(answer(model)).all()
    assert (model.predict(storage(X)) == y).all()
    LogisticRegression(C=1e3).fit(storage(X), y)  # warns of nothing


def test_a_value_that_only_one_class_takes_is_told_and_rows_of_no_weight_are_not_asked():
    X, y, _ = problem(200, 3)
    X[:, 0] = (y == 1) & (np.arange(200) < 40)
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        LogisticRegression(C=np.inf).fit(X, y)
    X, y, s = problem(200, 3)
    X[:, 0] = 2 * y - 1
    X[:9, 0] = 1 - 2 * y[:9]
    LogisticRegression(C=np.inf).fit(X, y)
    s[:] = 1
    s[:9] = 0
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        LogisticRegression(C=np.inf).fit(X, y, s)


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("p", [1, 3, 8])
def test_data_that_overlap_are_not_called_separable(p, intercept):
    for seed in range(30):
        X, y, _ = problem(25 * p, p, seed)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model = LogisticRegression(C=np.inf, fit_intercept=intercept).fit(X, y)
        certified = np.abs(answer(model)).max() < 50 and steepness(model, X, y) <= 1e-4
        assert certified != any("no maximum" in str(one.message) for one in told)


def test_the_tumours_are_separable_by_thirty_measurements_and_not_by_four():
    table = load("breast_cancer")
    Z = StandardScaler().fit_transform(table.X)
    with pytest.warns(ConvergenceWarning, match=MESSAGE):
        LogisticRegression(C=np.inf).fit(Z, table.y)
    model = LogisticRegression(C=np.inf, **TIGHT).fit(Z[:, :4], table.y)
    theirs = Peer(C=np.inf, tol=1e-10, max_iter=10_000).fit(Z[:, :4], table.y)
    np.testing.assert_allclose(answer(model), answer(theirs), rtol=1e-4)


# ---- classes and weights -----------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [np.array(["no", "yes"]), np.array([True, False]), np.array([-1.0, 1.0])])
def test_classes_are_sorted_whatever_they_are(labels):
    X, y, _ = problem(80, 3)
    model = LogisticRegression().fit(X, labels[y])
    assert model.classes_.tolist() == sorted(labels.tolist())
    assert set(model.predict(X)) <= set(labels.tolist())
    assert model.score(X, labels[y]) > 0.6
    np.testing.assert_allclose(model.predict_proba(X).sum(1), 1, rtol=1e-15)


def test_class_weights_are_the_peers():
    X, y, s = problem(80, 3)
    for chosen in ("balanced", {0: 0.2, 1: 3.0}, {1: 2.0}):
        ours = LogisticRegression(class_weight=chosen, **TIGHT).fit(X, y)
        theirs = Peer(class_weight=chosen, tol=1e-10, max_iter=10_000).fit(X, y)
        np.testing.assert_allclose(answer(ours), answer(theirs), atol=1e-5)
    names = np.array(["no", "yes"])[y]
    named = LogisticRegression(class_weight={"yes": 2.0}, **TIGHT).fit(X, names, s)
    np.testing.assert_allclose(
        answer(named), answer(LogisticRegression(class_weight={1: 2.0}, **TIGHT).fit(X, y, s)), rtol=1e-9
    )


# ---- scale, storage, memory --------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("ratio", [0.0, 1.0])
def test_single_precision_is_kept(storage, ratio):
    X, y, _ = problem(80, 6)
    single = LogisticRegression(l1_ratio=ratio).fit(storage(X.astype(np.float32)), y)
    double = LogisticRegression(l1_ratio=ratio).fit(storage(X.astype(np.float32).astype(float)), y)
    assert single.coef_.dtype == single.intercept_.dtype == "f4"
    np.testing.assert_allclose(single.coef_, double.coef_, atol=2e-3)


def test_the_table_is_neither_changed_nor_copied_nor_filled_in():
    for order in "CF":
        X, y, _ = problem(20_000, 100, zeros=0.0)
        X = np.asarray(X, order=order)
        before = X.copy()
        X.flags.writeable = False
        LogisticRegression().fit(X[:50], y[:50])
        tracemalloc.start()
        LogisticRegression().fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (before == X).all()
        assert peak < X.nbytes / 2
    rng = np.random.default_rng(0)
    X = sparse.random(20_000, 30_000, 1e-3, format="csr", random_state=rng)  # 4.8 GB if it were dense
    y = (rng.random(20_000) < expit(3 * (X @ rng.normal(size=30_000)))).astype(int)
    model = LogisticRegression(tol=1e-6).fit(X, y)
    assert model.solver_ == "newton-cg"
    assert steepness(model, X, y) <= 1e-6


def test_entries_stored_twice_add_up():
    X = sparse.csr_matrix((np.arange(1.0, 7.0), np.array([0, 0, 1, 0, 1, 1]), np.array([0, 2, 3, 4, 6])), shape=(4, 2))
    y = np.array([0, 1, 0, 1])
    np.testing.assert_allclose(
        answer(LogisticRegression(**TIGHT).fit(X, y)),
        answer(LogisticRegression(**TIGHT).fit(X.toarray(), y)),
        rtol=1e-7,
    )
    assert X.nnz == 6


def test_large_features_and_large_scores_do_not_overflow():
    X, y, _ = problem(200, 3)
    plain = LogisticRegression(C=np.inf, tol=1e-8).fit(X, y)
    for scale in (1e-6, 1e6):
        model = LogisticRegression(C=np.inf, tol=1e-8 * scale).fit(X * scale, y)
        np.testing.assert_allclose(model.predict_proba(X * scale), plain.predict_proba(X), atol=1e-6)
    assert np.isfinite(plain.predict_log_proba(1e300 * X)).all()


# ---- the interface -----------------------------------------------------------------------------------------


def test_frames_pipelines_searches_copies_and_files():
    X, y, _ = problem(90, 4)
    names = list("abcd")
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        model = LogisticRegression().fit(frame, y)
        assert model.feature_names_in_.tolist() == names
        np.testing.assert_allclose(model.predict_proba(frame), LogisticRegression().fit(X, y).predict_proba(X))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [1e-6, 1.0], "logisticregression__l1_ratio": [0.0, 1.0]},
        scoring="neg_log_loss",
        cv=3,
    ).fit(X, y)
    assert search.best_params_["logisticregression__C"] == 1.0
    assert (cross_val_score(LogisticRegression(), X, y, cv=3, scoring="roc_auc") > 0.5).all()
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    assert clone(model).get_params() == model.get_params()


@pytest.mark.parametrize("options", [{}, {"l1_ratio": 1.0}])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("shape", [(90, 4), (60, 2000)])
def test_a_warm_start_starts_where_the_last_fit_ended(shape, storage, options):
    X, y, _ = problem(*shape)
    X = storage(X)
    model = LogisticRegression(warm_start=True, **options).fit(X, y)
    cold, before = model.n_iter_, answer(model)
    assert cold > 1
    assert model.fit(X, y).n_iter_ == 1
    np.testing.assert_array_equal(answer(model), before)
    assert LogisticRegression(**options).fit(X, y).n_iter_ == cold
    model.fit(X[:, :3], y)  # other features: it starts from zero
    assert model.coef_.shape == (1, 3)


@pytest.mark.parametrize(
    ("road", "shape", "options"),
    [
        ("newton", (90, 4), {}),
        ("lbfgs", (60, 2000), {}),
        ("newton-cg", (60, 2000), {}),
        ("coordinate", (90, 4), {"l1_ratio": 1.0}),
    ],
)
def test_a_tolerance_that_is_not_reached_is_said(road, shape, options):
    X, y, _ = problem(*shape)
    X = sparse.csr_array(X) if road == "newton-cg" else X
    with pytest.warns(ConvergenceWarning, match=rf"{road} did not reach tol=1e-06 in 1 iterations\. Scale the feat"):
        model = LogisticRegression(max_iter=1, tol=1e-6, **options).fit(X, y)
    assert model.n_iter_ == 1


def test_it_speaks_of_two_classes_only():
    X, _, _ = problem(60, 3)
    with pytest.raises(ValueError, match=r"Only binary classification.*3 classes\. Use SoftmaxRegression"):
        LogisticRegression().fit(X, np.arange(60) % 3)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"C": 0.0}, r"C must be positive; got 0.0\. Pass inf for no penalty"),
        ({"C": -1}, "C must be positive; got -1"),
        ({"C": np.nan}, "C must be positive; got nan"),
        ({"C": "big"}, "C must be positive; got 'big'"),
        ({"C": True}, "C must be positive; got True"),
        ({"l1_ratio": 1.5}, r"l1_ratio must be from 0 to 1; got 1.5\. Pass 0 for squares"),
        ({"l1_ratio": None}, "l1_ratio must be from 0 to 1; got None"),
        ({"tol": -1e-4}, "tol must be non-negative and finite; got -0.0001"),
        ({"tol": np.inf}, "tol must be non-negative and finite; got inf"),
        ({"max_iter": 0}, r"max_iter must be an integer of at least 1; got 0\. Pass 1000"),
        ({"max_iter": 10.5}, "max_iter must be an integer of at least 1; got 10.5"),
        ({"fit_intercept": 1}, r"fit_intercept must be True or False; got 1\."),
        ({"warm_start": "no"}, r"warm_start must be True or False; got 'no'\."),
        ({"class_weight": "even"}, r"class_weight must be a dict.*got 'even'\. Pass one of them"),
        ({"class_weight": {0: -1.0}}, r"class_weight must hold non-negative, finite weights; got -1.0\."),
        ({"class_weight": {0: np.nan}}, "class_weight must hold non-negative, finite weights; got nan"),
        ({"class_weight": {"no": 1.0, "yes": 2.0}}, r"class_weight must have classes of y as its keys; got .*Correct"),
        ({"class_weight": {0: 0.0}}, r"y must hold two classes or more, of positive weight; got one class, 1\."),
    ],
)
def test_a_parameter_out_of_its_range_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        LogisticRegression(**parameters).fit([[1.0], [2.0]], [0, 1])


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0], [np.nan]], [0, 1], "X contains NaN"),
        ([[1.0], [np.inf]], [0, 1], "X contains infinity"),
        (sparse.csr_array([[1.0], [np.nan]]), [0, 1], "X contains NaN"),
        ([1.0, 2.0], [0, 1], "Expected 2D array"),
        (np.empty((0, 2)), [], "minimum of 1 is required"),
        ([[1.0], [2.0]], [0], "inconsistent numbers of samples"),
        ([[1.0], [2.0]], [1, 1], r"y must hold two classes or more.*got one class, 1\. Add rows of another"),
        ([[1.0], [2.0]], [0.3, 0.7], "Unknown label type: continuous"),
        ([[1.0], [2.0]], [0, np.nan], "contains NaN"),
        ([[1.0], [2.0]], [[0, 1], [1, 0]], "should be a 1d array"),
        (np.array([[1j], [2.0]]), [0, 1], "Complex data not supported"),
        ([["a"], ["b"]], [0, 1], "convert string to float"),
        ([[1e200], [-1e200]], [0, 1], "X must have squares that do not overflow"),
    ],
)
def test_bad_tables_are_refused(X, y, message):
    with pytest.raises(ValueError, match=message):
        LogisticRegression().fit(X, y)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1.0, -1.0, 1.0, 1.0], "sample_weight must be non-negative"),
        ([1.0, np.nan, 1.0, 1.0], "sample_weight contains NaN"),
        ([1.0, 1.0], "sample_weight"),
        ([0.0, 0.0, 0.0, 0.0], "sample_weight"),
        ([1.0, 0.0, 1.0, 0.0], "two classes or more, of positive weight; got one class, 0"),
        ([1e308, 1e308, 1e308, 1e308], "sample_weight must have a finite sum"),
    ],
)
def test_bad_weights_are_refused(weights, message):
    for chosen in (None, "balanced"):
        with pytest.raises(ValueError, match=message):
            LogisticRegression(class_weight=chosen).fit([[1.0], [2.0], [3.0], [4.0]], [0, 1, 0, 1], weights)


def test_predicting_needs_a_fit_and_the_same_features():
    X, y, _ = problem(60, 3)
    with pytest.raises(Exception, match="not fitted yet"):
        LogisticRegression().predict(X)
    with pytest.raises(ValueError, match="X has 2 features, but LogisticRegression is expecting 3"):
        LogisticRegression().fit(X, y).predict_proba(X[:, :2])
