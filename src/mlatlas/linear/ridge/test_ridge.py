"""Ridge: the interface, bad input, and the digits of coefficients, paths and leave-one-out errors."""

import pickle
import tracemalloc

import mpmath
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import linear_model as peer
from sklearn.metrics import make_scorer, mean_absolute_error
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.linear.linear_regression.linear_regression import LinearRegression
from mlatlas.linear.ridge import ridge
from mlatlas.linear.ridge.ridge import Ridge, RidgeCV, effective_degrees_of_freedom, ridge_path

GRID = [0.1, 1.0, 10.0, 100.0]
STORAGE = [np.asarray, sparse.csr_array, sparse.csc_matrix]


@parametrize_with_checks([Ridge(), Ridge(alpha=0.0, fit_intercept=False), RidgeCV(), RidgeCV(cv=2)])
def test_estimator_checks(estimator, check):
    check(estimator)


@pytest.fixture(params=["small", "large"])
def road(request, monkeypatch):
    """Both the singular values that small tables get and the products that large ones get."""
    if request.param == "large":
        monkeypatch.setattr(ridge, "CHEAP", 0)
    return request.param


def problem(n, p, k=None, seed=0):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, p)) + 2) * (rng.random((n, p)) < 0.8)
    return X, rng.normal(size=n if k is None else (n, k)) + 1, rng.integers(0, 4, n).astype(float)


def by_definition(X, y, alpha, s, intercept=True):
    """Coefficients (p,) and intercept, by the closed form on the centred table."""
    mean = (s @ X / s.sum(), s @ y / s.sum()) if intercept else (0.0, 0.0)
    A, b = X - mean[0], y - mean[1]
    w = np.linalg.solve(A.T @ (s[:, None] * A) + alpha * np.eye(X.shape[1]), A.T @ (s * b))
    return w, mean[1] - np.sum(mean[0] * w)


def left_out_by_definition(X, y, alpha, s, intercept=True):
    """The error of each row from a fit to all others."""
    errors = np.empty(len(y))
    for i in range(len(y)):
        w, b = by_definition(np.delete(X, i, 0), np.delete(y, i), alpha, np.delete(s, i), intercept)
        errors[i] = y[i] - X[i] @ w - b
    return errors


# ---- one penalty -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("shape", [(50, 6), (10, 25), (12, 12), (1, 3)])
@pytest.mark.parametrize("intercept", [True, False])
def test_ridge_is_the_closed_form(road, storage, shape, intercept):
    X, y, s = problem(*shape)
    s = s + (s.sum() == 0)
    for alpha in (1e-3, 1.0, 1e4):
        for weights in (None, s):
            model = Ridge(alpha, fit_intercept=intercept).fit(storage(X), y, weights)
            w, b = by_definition(X, y, alpha, np.ones(len(y)) if weights is None else s, intercept)
            np.testing.assert_allclose(model.coef_, w, rtol=1e-8, atol=1e-10)
            np.testing.assert_allclose(model.intercept_, b, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("storage", STORAGE)
def test_a_penalty_for_each_target(road, storage):
    X, Y, s = problem(40, 5, k=3)
    model = Ridge(alpha=[0.5, 7.0, 100.0]).fit(storage(X), Y, s)
    assert model.coef_.shape == (3, 5)
    for j, alpha in enumerate([0.5, 7.0, 100.0]):
        alone = Ridge(alpha).fit(storage(X), Y[:, j], s)
        np.testing.assert_allclose(model.coef_[j], alone.coef_, rtol=1e-9)
        np.testing.assert_allclose(model.intercept_[j], alone.intercept_, rtol=1e-9)


def test_integer_weights_are_repeated_rows(road):
    X, y, s = problem(30, 4)
    rows = np.arange(30).repeat(s.astype(int))
    weighted, repeated = Ridge(2.0).fit(X, y, s), Ridge(2.0).fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-11)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-11)


@pytest.mark.parametrize("storage", STORAGE)
def test_no_penalty_is_least_squares_of_minimum_norm(road, storage):
    X, y, _ = problem(30, 4)
    twice = storage(np.column_stack([X, X]))
    np.testing.assert_allclose(Ridge(0.0).fit(twice, y).coef_, LinearRegression().fit(twice, y).coef_, rtol=1e-12)
    half = np.tile(LinearRegression().fit(X, y).coef_ / 2, 2)
    np.testing.assert_allclose(Ridge(0.0).fit(twice, y).coef_, half, rtol=1e-8)
    np.testing.assert_allclose(ridge_path(twice, y, [0.0, 1e-13])[0], half, rtol=1e-8)


def test_a_small_penalty_on_nearly_dependent_columns_keeps_its_digits(road):
    rng = np.random.default_rng(0)
    base = rng.normal(size=(60, 4))
    X, y = np.column_stack([base, base[:, 0] + 1e-7 * rng.normal(size=60)]), rng.normal(size=60)
    for alpha in (1e-16, 1e-12, 1e-6, 1.0):
        A = np.vstack([X - X.mean(0), np.sqrt(alpha) * np.eye(5)]).astype(np.longdouble)
        w = Ridge(alpha).fit(X, y).coef_
        gradient = A.T @ (np.r_[y - y.mean(), np.zeros(5)] - A @ w)
        assert np.linalg.norm(gradient) < 1e-13 * np.linalg.norm(X) * max(np.linalg.norm(y), np.linalg.norm(w))


def test_units_cost_no_digits(road):
    X, y, _ = problem(50, 3)
    units = np.array([1e12, 1.0, 1e-3])
    wanted = np.linalg.lstsq(X - X.mean(0), y - y.mean())[0] / units
    np.testing.assert_allclose(Ridge(1e-18).fit(X * units, y).coef_, wanted, rtol=1e-9)
    np.testing.assert_allclose(ridge_path(X * units, y, [1e-18])[0], wanted, rtol=1e-9)


def test_units_cost_no_digits_in_a_wide_table():
    A = np.random.default_rng(0).normal(size=(4, 6)) * [1e18, 1.0, 1.0, 1e-3, 1.0, 1e4]
    y, alpha = np.arange(4.0), mpmath.mpf(1) / 100
    with mpmath.workdps(50):
        rows = mpmath.matrix(A)
        dual = mpmath.lu_solve(rows * rows.T + alpha * mpmath.eye(4), mpmath.matrix(y))
        wanted = np.array([float(w) for w in rows.T * dual])
    model = RidgeCV([0.01], fit_intercept=False).fit(A, y)
    np.testing.assert_allclose(model.coef_, wanted, rtol=1e-9)


def test_one_row_and_constant_columns_get_the_peers_answer():
    for X, y in [([[1.0, 2.0]], [3.0]), (np.full((5, 1), 0.1), np.arange(5.0)), (np.eye(5)[:, :2], np.full(5, 0.3))]:
        ours, theirs = Ridge().fit(X, y), peer.Ridge().fit(X, y)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-12)
        np.testing.assert_allclose(ours.intercept_, theirs.intercept_, rtol=1e-12)


def test_wide_integers_become_floats_and_do_not_wrap():
    X = np.array([[2**62, 1], [2**62 + 2**60, 5], [-(2**62), 2], [2**61, 0]], dtype=np.int64)
    for table in (X, sparse.csr_array(X)):
        ours, want = Ridge().fit(table, [1, 2, 3, 5]), Ridge().fit(X.astype(float), [1, 2, 3, 5])
        np.testing.assert_allclose(ours.coef_, want.coef_, rtol=1e-9)


def test_float32_in_float32_out():
    X, y, _ = problem(40, 3)
    X = X.astype(np.float32)
    for model in (Ridge().fit(X, y), RidgeCV(store_cv_results=True).fit(X, y)):
        assert model.coef_.dtype == model.intercept_.dtype == np.float32
    assert model.cv_results_.dtype == np.float32


def test_a_wide_sparse_table_goes_through_lsqr():
    X = sparse.random_array((600, 700), density=0.01, rng=np.random.default_rng(0), format="csr")
    y = np.random.default_rng(1).normal(size=600)
    model = Ridge(0.3).fit(X, y)
    assert model.solver_ == "lsqr"
    np.testing.assert_allclose(model.coef_, by_definition(X.toarray(), y, 0.3, np.ones(600))[0], rtol=1e-7, atol=1e-9)


def test_memory_grows_no_more_than_the_peers():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20_000, 20)), rng.normal(size=20_000)

    def growth(model):
        model.fit(X, y)
        tracemalloc.start()
        model.fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert growth(Ridge()) <= 1.1 * growth(peer.Ridge())
    assert growth(RidgeCV(np.logspace(-2, 4, 20))) <= 1.1 * growth(peer.RidgeCV(np.logspace(-2, 4, 20)))


# ---- paths and degrees of freedom --------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("shape", [(40, 5), (9, 20)])
def test_the_path_is_a_fit_for_each_penalty_in_the_order_given(road, storage, shape):
    X, Y, s = problem(*shape, k=2)
    s = s + 1
    for intercept in (True, False):
        many = ridge_path(storage(X), Y, [10.0, 0.1, 1.0], fit_intercept=intercept, sample_weight=s)
        one = ridge_path(storage(X), Y[:, 0], 10.0, fit_intercept=intercept, sample_weight=s)
        assert many.shape == (3, 2, shape[1])
        np.testing.assert_allclose(one, many[:1, 0], rtol=1e-12)
        for coefficients, alpha in zip(many, [10.0, 0.1, 1.0], strict=True):
            fit = Ridge(alpha, fit_intercept=intercept).fit(X, Y, s)
            np.testing.assert_allclose(coefficients, fit.coef_, rtol=1e-8, atol=1e-11)


def test_dependent_columns_share_a_path(road):
    X, y, _ = problem(30, 4)
    path = ridge_path(np.column_stack([X, X, np.ones(30)]), y, GRID)
    half = ridge_path(X, y, np.divide(GRID, 2)) / 2
    np.testing.assert_allclose(path, np.column_stack([half, half, np.zeros(4)]), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("shape", [(40, 5), (9, 20), (6, 5)])
def test_degrees_of_freedom_are_the_trace_of_the_hat_matrix(road, shape):
    X, _, s = problem(*shape)
    s = s + 1
    for intercept in (True, False):
        A = np.sqrt(s)[:, None] * (X - (s @ X / s.sum() if intercept else 0))
        squares = np.linalg.svd(A, compute_uv=False) ** 2
        wanted = [np.sum(squares / (squares + alpha)) for alpha in (0.5, 30.0)]
        for table in (X, sparse.csr_array(X)):
            got = effective_degrees_of_freedom(table, [0.5, 30.0], fit_intercept=intercept, sample_weight=s)
            np.testing.assert_allclose(got, wanted, rtol=1e-9)
        assert effective_degrees_of_freedom(X, 0, fit_intercept=intercept) == np.linalg.matrix_rank(A)


# ---- leave-one-out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("shape", [(30, 4), (8, 20), (8, 8), (8, 7)])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_leave_one_out_equals_refits(road, storage, shape, intercept, weighted):
    X, y, _ = problem(*shape)
    s = np.arange(shape[0]) % 3 + 1.0 if weighted else np.ones(shape[0])
    model = RidgeCV(GRID, fit_intercept=intercept, store_cv_results=True)
    model.fit(storage(X), y, s if weighted else None)
    errors = np.array([left_out_by_definition(X, y, alpha, s, intercept) for alpha in GRID]).T
    np.testing.assert_allclose(model.cv_results_, s[:, None] * errors**2, rtol=1e-8, atol=1e-12)
    scores = -np.mean(s[:, None] * errors**2, axis=0)
    assert model.alpha_ == GRID[np.argmax(scores)]
    np.testing.assert_allclose(model.best_score_, scores.max(), rtol=1e-9)
    w, b = by_definition(X, y, model.alpha_, s, intercept)
    np.testing.assert_allclose(model.coef_, w, rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(model.intercept_, b, rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("shape", [(10, 12), (10, 10), (11, 10)])
def test_interpolation_keeps_its_digits_where_every_leverage_is_one(road, shape):
    X, y, _ = problem(*shape)
    A = X - X.mean(0)  # as the penalty vanishes, 1 − h and the residual do too, but not their ratio
    limit = [y[i] - np.delete(y, i).mean() - (X[i] - np.delete(X, i, 0).mean(0)) @ v
             for i in range(len(y)) for v in [_shortest(np.delete(X, i, 0), np.delete(y, i))]]  # fmt: skip
    errors = RidgeCV([1e-13], store_cv_results=True).fit(X, y).cv_results_[:, 0]
    np.testing.assert_allclose(errors, np.square(limit), rtol=1e-7)
    assert np.linalg.matrix_rank(A) == shape[0] - 1


def _shortest(X, y):
    return np.linalg.pinv(X - X.mean(0), rcond=1e-12) @ (y - y.mean())


def test_a_row_that_fits_itself_alone_gives_a_finite_error():
    X, y, _ = problem(30, 3)
    X[:, 0] = np.eye(30)[0]
    model = RidgeCV([1e-20, 1e-17, 1.0], store_cv_results=True).fit(X, y)
    assert np.isfinite(model.cv_results_).all()


def test_a_small_penalty_on_ill_conditioned_columns_leaves_squares_alone():
    rng = np.random.default_rng(1)
    U, _ = np.linalg.qr(rng.normal(size=(3000, 30)))
    V, _ = np.linalg.qr(rng.normal(size=(30, 30)))
    X, y = U * np.logspace(0, -6, 30) @ V.T, rng.normal(size=3000)
    for alphas, expected in ((GRID, "gram"), ([1e-10, 1e-8], "svd")):
        model = RidgeCV(alphas, store_cv_results=True).fit(X, y)
        assert model.solver_ == expected
    h = 1 / 3000 + np.sum(((X - X.mean(0)) @ V) ** 2 / (np.logspace(0, -6, 30) ** 2 + 1e-8), axis=1)
    A = X - X.mean(0)
    augmented = np.linalg.lstsq(np.vstack([A, 1e-4 * np.eye(30)]), np.r_[y - y.mean(), np.zeros(30)])[0]
    np.testing.assert_allclose(model.coef_, augmented, rtol=1e-7)
    np.testing.assert_allclose(model.cv_results_[:, 1], ((y - y.mean() - A @ augmented) / (1 - h)) ** 2, rtol=2e-3)


@pytest.mark.parametrize("per_target", [True, False])
@pytest.mark.parametrize("scoring", [None, "r2", make_scorer(mean_absolute_error, greater_is_better=False)])
@pytest.mark.parametrize("k", [None, 3])
def test_choice_and_stored_results_are_the_peers(road, per_target, scoring, k):
    if k is None and scoring is not None and per_target:
        pytest.skip("the peer fails on a y of shape (n,)")
    X, y, s = problem(40, 6, k)
    options = {"scoring": scoring, "store_cv_results": True, "alpha_per_target": per_target}
    for weights in (None, s + 1):
        ours = RidgeCV(GRID, **options).fit(X, y, weights)
        theirs = peer.RidgeCV(GRID, **options).fit(X, y, weights)
        for name in ("alpha_", "best_score_", "cv_results_", "coef_", "intercept_"):
            assert np.shape(getattr(ours, name)) == np.shape(getattr(theirs, name)), name
            np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-8, atol=1e-11)


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("cv", [4, KFold(3, shuffle=True, random_state=0), [(range(20), range(20, 40))]])
def test_cross_validation_equals_the_grid_search(storage, cv):
    X, Y, _ = problem(40, 6, k=2)
    for y in (Y, Y[:, 0]):
        ours = RidgeCV(GRID, cv=cv).fit(storage(X), y)
        search = GridSearchCV(peer.Ridge(), {"alpha": GRID}, cv=cv).fit(X, y)
        assert ours.alpha_ == search.best_params_["alpha"]
        np.testing.assert_allclose(ours.best_score_, search.best_score_, rtol=1e-8)
        np.testing.assert_allclose(ours.coef_, search.best_estimator_.coef_, rtol=1e-8)


def test_a_row_of_weight_zero_takes_no_part_in_the_choice():
    X, y, _ = problem(20, 3)
    s = np.r_[np.zeros(2), np.ones(18)]
    wild = np.r_[1e6, -1e6, y[2:]]
    for scoring in (None, "neg_mean_squared_error"):
        model = RidgeCV(GRID, scoring=scoring, store_cv_results=True).fit(X, wild, s)
        assert model.alpha_ == RidgeCV(GRID, scoring=scoring).fit(X[2:], y[2:]).alpha_
        assert np.isfinite(model.cv_results_).all()
    np.testing.assert_array_equal(model.cv_results_[:2], wild[:2, None].repeat(4, axis=1))


# ---- interface ---------------------------------------------------------------------------------------------


def test_frames_pickle_pipeline_and_grid():
    X, y, _ = problem(40, 3)
    columns = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}
    for model in (Ridge(3.0), RidgeCV(GRID)):
        plain = model.fit(X, y).coef_
        for frame, target in ((pd.DataFrame(columns), pd.Series(y)), (pl.DataFrame(columns), pl.Series(y))):
            model.fit(frame, target)
            assert list(model.feature_names_in_) == ["a", "b", "c"]
            np.testing.assert_allclose(model.coef_, plain)
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    grid = GridSearchCV(make_pipeline(StandardScaler(), Ridge()), {"ridge__alpha": GRID}).fit(X, y)
    assert grid.best_params_["ridge__alpha"] in GRID


X, Y, _ = problem(5, 2, k=1)
y = Y[:, 0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Ridge(-1).fit(X, y), r"alpha must be non-negative and finite; got -1\.0"),
        (lambda: Ridge(np.nan).fit(X, y), "alpha must be non-negative and finite; got nan"),
        (lambda: Ridge("big").fit(X, y), "alpha must be a number or an array of numbers; got 'big'"),
        (lambda: Ridge(1j).fit(X, y), "alpha must be a number"),
        (lambda: Ridge(None).fit(X, y), "alpha must hold at least one penalty; got None"),
        (lambda: Ridge([1.0, 2.0]).fit(X, y), "alpha must be one number, or one a target, here 1; got 2"),
        (lambda: RidgeCV([]).fit(X, y), "alphas must hold at least one penalty"),
        (lambda: RidgeCV([1.0, 0.0]).fit(X, y), "alphas must be positive and finite for leave-one-out; got 0"),
        (lambda: RidgeCV([-1.0], cv=2).fit(X, y), "alphas must be non-negative"),
        (lambda: RidgeCV(cv=2, store_cv_results=True).fit(X, y), "need leave-one-out.*cv=None"),
        (lambda: RidgeCV(cv=2, alpha_per_target=True).fit(X, y), "need leave-one-out"),
        (lambda: RidgeCV().fit(X[:1], y[:1]), "at least 2 rows of positive weight"),
        (lambda: RidgeCV().fit(X, y, [0, 0, 1, 0, 0]), "at least 2 rows of positive weight"),
        (lambda: ridge_path(X, y, [-1.0]), "alphas must be non-negative"),
        (lambda: effective_degrees_of_freedom(X, -1.0), "alpha must be non-negative"),
        (lambda: effective_degrees_of_freedom(X * np.nan, 1.0), "X contains NaN"),
        *(
            (lambda model=model, arguments=arguments: model.fit(*arguments), message)
            for model in (Ridge(), RidgeCV())
            for arguments, message in [
                ((X * np.nan, y), "Input X contains NaN. Replace"),
                ((X, np.r_[np.inf, y[1:]]), "Input y contains infinity"),
                ((y, y), "X must have shape"),
                ((X[:0], y[:0]), "0 sample"),
                ((X, y[:3]), "inconsistent numbers of samples"),
                ((X * 1j, y), "Complex data not supported"),
                (([["a"], ["b"]], [1, 2]), "must hold numbers"),
                ((X, list("abcde")), "y must hold real numbers"),
                ((X, y, -np.ones(5)), "sample_weight must be non-negative"),
            ]
        ),
    ],
)
def test_bad_input_is_refused_in_a_sentence_or_two(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)


def test_unknown_parameters_and_unfitted_models():
    with pytest.raises(TypeError, match="penalty"):
        Ridge(penalty=1.0)
    with pytest.raises(ValueError, match="not fitted"):
        Ridge().predict(X)
