"""The lasso and the elastic net: the interface, bad input, every road to the same certified answer, and its limits."""

import pickle
import tracemalloc
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import linear_model as peer
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.linear.lasso import columns, solver
from mlatlas.linear.lasso.lasso import ElasticNet, ElasticNetCV, Lasso, LassoCV, enet_path, lasso_path

TIGHT = {"tol": 1e-12, "max_iter": 100_000}
STORAGE = [np.ascontiguousarray, np.asfortranarray, sparse.csr_array, sparse.csc_matrix]


@parametrize_with_checks(
    [
        Lasso(),
        Lasso(alpha=0.01, positive=True),
        ElasticNet(alpha=0.01, l1_ratio=0.1, fit_intercept=False),
        ElasticNet(l1_ratio=0.0),
        LassoCV(cv=3),
        ElasticNetCV(cv=3, l1_ratio=[0.5, 0.9], alphas=10, positive=True),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


def problem(n, p, seed=0, zeros=0.4, noise=1.0):
    rng = np.random.default_rng(seed)
    X = (rng.normal(size=(n, p)) + 1) * (rng.random((n, p)) > zeros)
    w = np.zeros(p)
    w[: min(p, 5)] = [3.0, -2.0, 1.0, 0.0, 0.5][: min(p, 5)]
    return X, X @ w + noise * rng.normal(size=n) + 5.0, rng.integers(0, 4, n).astype(float)


def objective(model, X, y, alpha, l1_ratio, s):
    w = model.coef_
    loss = np.average((y - X @ w - model.intercept_) ** 2, weights=s) / 2
    return loss + alpha * (l1_ratio * np.abs(w).sum() + (1 - l1_ratio) / 2 * (w @ w))


def gap_by_definition(model, X, y, alpha, l1_ratio, s):
    """P − D over n, with the residual scaled until it is feasible, on data with √β I appended."""
    n, p = X.shape
    s = np.ones(n) if s is None else s * n / s.sum()
    intercept = bool(model.fit_intercept)
    A, b = (v - intercept * np.average(v, axis=0, weights=s) for v in (X, y))
    A, b = np.sqrt(s)[:, None] * A, np.sqrt(s) * b
    A, b = np.vstack([A, np.sqrt(n * alpha * (1 - l1_ratio)) * np.eye(p)]), np.r_[b, np.zeros(p)]
    r, lam = b - A @ model.coef_, n * alpha * l1_ratio
    pull = (A.T @ r).max() if model.positive else np.abs(A.T @ r).max()
    theta = r * min(1.0, lam / pull)
    primal = r @ r / 2 + lam * np.abs(model.coef_).sum()
    return (primal - theta @ b + theta @ theta / 2) / n


# ---- one answer by every road ------------------------------------------------------------------------------

ROADS = {
    "all columns": ((60, 7), columns.AllColumns, 0.5),
    "gathered": ((30, 200), columns.GatheredColumns, 0.5),
    "gathered, more than rows": ((40, 900), columns.GatheredColumns, 0.01),
    "sampled": ((5000, 100), columns.SampledColumns, 0.5),
}


@pytest.fixture
def taken(monkeypatch):
    """The classes of columns that were descended on."""
    seen = []
    descend = solver.descend
    monkeypatch.setattr(solver, "descend", lambda c, *rest: seen.append(c) or descend(c, *rest))
    return seen


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("road", ROADS)
def test_every_road_reaches_a_certified_minimum(road, intercept, weighted, positive, taken):
    (n, p), kind, l1_ratio = ROADS[road]
    X, y, s = problem(n, p)
    s = s if weighted else None
    alpha = 0.02 if road != "gathered, more than rows" else 1.0
    parameters = {"alpha": alpha, "l1_ratio": l1_ratio, "fit_intercept": intercept, "positive": positive}
    parameters["max_iter"] = 100_000
    best = ElasticNet(**parameters, tol=1e-9).fit(X, y, s)
    lowest = objective(best, X, y, alpha, l1_ratio, s)
    for storage in STORAGE:
        taken.clear()
        table = storage(X)
        model = ElasticNet(**parameters).fit(table, y, s)
        assert isinstance(taken[-1], columns.SparseColumns if sparse.issparse(table) else kind)
        value = objective(model, X, y, alpha, l1_ratio, s)
        gap = gap_by_definition(model, X, y, alpha, l1_ratio, s)
        allowed = 1e-4 * np.average((y - intercept * np.average(y, weights=s)) ** 2, weights=s)
        assert model.dual_gap_ == pytest.approx(gap, rel=1e-6, abs=1e-12)
        assert model.dual_gap_ <= allowed
        assert -1e-9 <= value - lowest <= model.dual_gap_ + 1e-9
    if road == "gathered, more than rows":
        assert positive or np.count_nonzero(best.coef_) > n


@pytest.mark.parametrize("shape", [(50, 6), (20, 80)])
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("l1_ratio", [1.0, 0.6])
def test_the_peer_finds_the_same(shape, intercept, positive, l1_ratio):
    X, y, s = problem(*shape)
    parameters = {"alpha": 0.1, "l1_ratio": l1_ratio, "fit_intercept": intercept, "positive": positive}
    for weights in (None, s):
        theirs = peer.ElasticNet(**parameters, **TIGHT).fit(X, y, weights)
        for storage in STORAGE:
            ours = ElasticNet(**parameters, **TIGHT).fit(storage(X), y, weights)
            np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
            np.testing.assert_allclose(ours.intercept_, theirs.intercept_, atol=1e-5)
            assert (ours.sparse_coef_.toarray() == ours.coef_).all()


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize(("alpha", "l1_ratio"), [(0.0, 1.0), (0.3, 0.0)])
def test_without_an_l1_penalty_it_is_ridge_or_least_squares(storage, alpha, l1_ratio, positive):
    X, y, s = problem(40, 5)
    model = ElasticNet(alpha, l1_ratio=l1_ratio, positive=positive, **TIGHT).fit(storage(X), y, s)
    keep = model.coef_ > 0 if positive else np.ones(5, bool)
    assert model.coef_.min() >= 0 or not positive
    A, b = np.sqrt(s)[:, None] * (X - s @ X / s.sum()), np.sqrt(s) * (y - s @ y / s.sum())
    slope = A.T @ (b - A @ model.coef_) - alpha * s.sum() * model.coef_
    np.testing.assert_allclose(slope[keep], 0, atol=1e-4)
    assert (slope[~keep] <= 1e-4).all()
    assert model.dual_gap_ < 1e-8


def test_nearly_dependent_columns_are_no_obstacle():
    rng = np.random.default_rng(0)
    x = rng.uniform(0.9, 1.1, size=(60, 3))
    X = PolynomialFeatures(3, include_bias=False).fit_transform(x)  # (60, 19)
    assert np.linalg.cond(X - X.mean(0)) > 1e4
    y = np.exp(x.sum(1)) + 0.01 * rng.normal(size=60)
    for storage in STORAGE:
        model = Lasso(1e-6, tol=1e-9).fit(storage(X), y)
        assert model.dual_gap_ <= 1e-9 * y.var()
    with pytest.warns(ConvergenceWarning):
        peer.Lasso(1e-6, tol=1e-9).fit(X, y)


@pytest.mark.parametrize("positive", [False, True])
@pytest.mark.parametrize("storage", [np.asfortranarray, sparse.csc_array])
def test_a_penalty_below_rounding_is_certified(storage, positive):
    for seed in range(20):
        X, y, _ = problem(30, 3, seed=seed)
        for alpha in (1e-15, 1e-17):  # the gradient at the minimum is no smaller
            assert Lasso(alpha=alpha, positive=positive).fit(storage(X), y).dual_gap_ <= 1e-4 * y.var()


def test_a_feature_that_is_constant_in_the_sample_is_found():
    X, y, _ = problem(5000, 100)
    rare = np.arange(5000) % 5 == 2  # the sample takes every fifth row from the first
    X = np.column_stack([X, rare])
    model = Lasso(0.001).fit(X, y + 7.0 * rare)
    assert model.coef_[-1] == pytest.approx(7.0, abs=0.3)
    assert model.dual_gap_ <= 1e-4 * (y + 7.0 * rare).var()


def test_a_misleading_sample_costs_time_only(taken):
    X, y, _ = problem(5000, 100)
    X[::5] *= 0.01  # the rows of the sample
    y = X @ np.r_[3.0, -2.0, 1.0, np.full(97, 0.2)] + np.random.default_rng(1).normal(size=5000)
    model = Lasso(0.01, tol=1e-8).fit(X, y)
    assert isinstance(taken[-1], columns.SampledColumns)
    assert taken[-1].exact
    assert model.dual_gap_ <= 1e-8 * y.var()


# ---- scale, level, storage ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(50, 6), (20, 80), (5000, 90)])
def test_levels_and_constant_columns_do_not_matter(shape):
    X, y, _ = problem(*shape, zeros=0.0)
    plain = Lasso(0.05, tol=1e-6).fit(X, y).coef_
    for storage in STORAGE:
        level = 1e6 if storage in STORAGE[:2] else 1e3  # a sparse column is not centred, and loses digits to its level
        moved = Lasso(0.05, tol=1e-6).fit(storage(np.column_stack([X + level, np.full(len(X), 0.1)])), y + level).coef_
        np.testing.assert_allclose(moved[:-1], plain, atol=1e-2)
        assert moved[-1] == 0.0


def test_the_table_is_neither_changed_nor_copied_nor_filled_in():
    rng = np.random.default_rng(0)
    for order in "CF":
        X, y, _ = problem(4000, 300, zeros=0.0)
        X = np.asarray(X, order=order)
        before = X.copy()
        X.flags.writeable = False
        Lasso(0.5).fit(X[:50], y[:50])  # compiles
        tracemalloc.start()
        Lasso(0.5).fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert (before == X).all()
        assert peak < X.nbytes / 2
    X = sparse.random(20_000, 30_000, 1e-4, format="csc", random_state=0)  # 4.8 GB if it were dense
    y = X @ rng.normal(size=30_000) + rng.normal(size=20_000)
    model = Lasso(1e-4, tol=1e-6).fit(X, y)
    assert np.count_nonzero(model.coef_) > 100
    assert model.dual_gap_ <= 1e-6 * y.var()


def test_entries_stored_twice_add_up():
    rows, cols = np.array([0, 0, 1, 2, 3, 3]), np.array([0, 0, 1, 0, 1, 1])
    X = sparse.csc_matrix((np.arange(1.0, 7.0), np.array([0, 0, 2, 1, 3, 3]), np.array([0, 3, 6])), shape=(4, 2))
    dense = np.zeros((4, 2))
    np.add.at(dense, (rows, cols), [1.0, 2.0, 4.0, 3.0, 5.0, 6.0])
    y = np.array([1.0, 2.0, -1.0, 4.0])
    np.testing.assert_allclose(Lasso(0.1, **TIGHT).fit(X, y).coef_, Lasso(0.1, **TIGHT).fit(dense, y).coef_, rtol=1e-6)
    assert X.nnz == 6


@pytest.mark.parametrize("shape", [(50, 6), (20, 80), (5000, 90)])
@pytest.mark.parametrize("storage", STORAGE)
def test_single_precision_is_kept(shape, storage):
    X, y, _ = problem(*shape)
    single = Lasso(0.1).fit(storage(X.astype(np.float32)), y.astype(np.float32))
    double = Lasso(0.1).fit(storage(X.astype(np.float32).astype(float)), y.astype(np.float32).astype(float))
    assert single.coef_.dtype == single.intercept_.dtype == single.predict(storage(X.astype(np.float32))).dtype == "f4"
    np.testing.assert_allclose(single.coef_, double.coef_, atol=2e-3)
    assert single.dual_gap_ <= 1e-4 * y.var()


@pytest.mark.parametrize("storage", STORAGE)
@pytest.mark.parametrize("shape", [(50, 6), (20, 80), (5000, 90)])
def test_integer_weights_are_repeated_rows(storage, shape):
    X, y, s = problem(*shape)
    rows = np.arange(len(y)).repeat(s.astype(int))
    weighted = ElasticNet(0.1, l1_ratio=0.8, **TIGHT).fit(storage(X), y, s)
    repeated = ElasticNet(0.1, l1_ratio=0.8, **TIGHT).fit(storage(X[rows]), y[rows])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, atol=1e-5)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-5)


# ---- paths and cross-validation ----------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(60, 7), (20, 80), (40, 900)])
@pytest.mark.parametrize("positive", [False, True])
def test_a_path_is_a_fit_for_each_penalty(shape, positive):
    X, y, _ = problem(*shape)
    X, y = X - X.mean(0), y - y.mean()
    for storage in STORAGE:
        alphas, coefs, gaps, sweeps = enet_path(
            storage(X), y, l1_ratio=0.9, alphas=9, eps=0.01, positive=positive, return_n_iter=True
        )
        assert alphas.shape == gaps.shape == sweeps.shape == (9,)
        assert coefs.shape == (shape[1], 9)
        assert (gaps <= 1e-4 * y.var()).all()
        assert not coefs[:, 0].any()
        for alpha, w, gap in zip(alphas, coefs.T, gaps, strict=True):
            model = ElasticNet(alpha, l1_ratio=0.9, fit_intercept=False, positive=positive)
            model.coef_, model.intercept_ = w, 0.0
            assert gap == pytest.approx(gap_by_definition(model, X, y, alpha, 0.9, None), rel=1e-6, abs=1e-12)
    theirs = peer.enet_path(X, y, l1_ratio=0.9, alphas=9, eps=0.01, positive=positive)
    np.testing.assert_allclose(alphas, theirs[0], rtol=1e-12)


def test_a_path_takes_its_penalties_in_any_order_down_to_none():
    X, y, _ = problem(50, 4)
    alphas, coefs, gaps = lasso_path(X, y, alphas=[0.0, 0.5, 0.1], **TIGHT)
    assert alphas.tolist() == [0.5, 0.1, 0.0]
    np.testing.assert_allclose(coefs[:, 2], np.linalg.lstsq(X, y)[0], rtol=1e-9)
    alone = Lasso(0.1, fit_intercept=False, **TIGHT).fit(X, y)
    np.testing.assert_allclose(coefs[:, 1], alone.coef_, atol=1e-6)
    ridge = np.linalg.solve(X.T @ X + 50 * np.eye(4), X.T @ y)
    np.testing.assert_allclose(enet_path(X, y, l1_ratio=0.0, alphas=[1.0])[1][:, 0], ridge, rtol=1e-9)
    assert (gaps < 1e-8).all()
    warm = lasso_path(X, y, alphas=[0.1], coef_init=coefs[:, 1], return_n_iter=True)
    assert warm[3].tolist() == [0]


@pytest.mark.parametrize("storage", STORAGE)
def test_the_penalty_chosen_by_folds_is_the_peers(storage):
    X, y, s = problem(60, 12)
    folds = [(np.arange(60) % 3 != k, np.arange(60) % 3 == k) for k in range(3)]
    splits = [tuple(np.flatnonzero(part) for part in fold) for fold in folds]
    for weights in (None, s + 1):
        ours = LassoCV(alphas=8, eps=0.01, cv=folds, **TIGHT).fit(storage(X), y, weights)
        theirs = peer.LassoCV(alphas=8, eps=0.01, cv=splits, **TIGHT).fit(X, y, weights)
        np.testing.assert_allclose(ours.alphas_, theirs.alphas_, rtol=1e-10)
        np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-4)
        np.testing.assert_allclose(ours.coef_, theirs.coef_, atol=1e-5)
        assert ours.alpha_ == pytest.approx(theirs.alpha_)
        ours = ElasticNetCV(l1_ratio=[0.3, 1.0], alphas=5, cv=splits, n_jobs=2, **TIGHT).fit(storage(X), y, weights)
        theirs = peer.ElasticNetCV(l1_ratio=[0.3, 1.0], alphas=5, cv=splits, **TIGHT).fit(X, y, weights)
        assert ours.mse_path_.shape == theirs.mse_path_.shape == (2, 5, 3)
        assert ours.alphas_.shape == theirs.alphas_.shape == (2, 5)
        np.testing.assert_allclose(ours.mse_path_, theirs.mse_path_, rtol=1e-4)
        assert (ours.alpha_, ours.l1_ratio_) == pytest.approx((theirs.alpha_, theirs.l1_ratio_))
    given = ElasticNetCV(alphas=[0.1, 1.0], cv=2).fit(storage(X), y)
    assert given.alphas_.tolist() == [1.0, 0.1]
    assert given.mse_path_.shape == (2, 2)


def test_a_fold_may_repeat_rows():
    X, y, _ = problem(40, 5)
    drawn = np.random.default_rng(0).integers(0, 40, 60)
    out = np.setdiff1d(np.arange(40), drawn)
    model = LassoCV(alphas=[0.1], cv=[(drawn, out)], **TIGHT).fit(X, y)
    alone = Lasso(0.1, **TIGHT).fit(X[drawn], y[drawn])
    assert model.mse_path_[0, 0] == pytest.approx(np.mean((y[out] - alone.predict(X[out])) ** 2))


def test_targets_are_problems_of_their_own():
    X, y, _ = problem(40, 6)
    Y = np.column_stack([y, -2 * y + X[:, 4], np.ones(40)])
    for storage in STORAGE:
        model = Lasso(0.1).fit(storage(X), Y)
        assert model.coef_.shape == (3, 6)
        assert model.dual_gap_.shape == model.n_iter_.shape == model.intercept_.shape == (3,)
        for j in range(3):
            alone = Lasso(0.1).fit(storage(X), Y[:, j])
            np.testing.assert_allclose(model.coef_[j], alone.coef_, rtol=1e-12)
            assert model.dual_gap_[j] == pytest.approx(alone.dual_gap_, rel=1e-6)
        assert model.predict(X).shape == (40, 3)


# ---- the interface -----------------------------------------------------------------------------------------


def test_frames_pipelines_searches_copies_and_files():
    X, y, _ = problem(60, 4)
    names = list("abcd")
    for frame in (pd.DataFrame(X, columns=names), pl.DataFrame(X, schema=names)):
        model = Lasso(0.1).fit(frame, y)
        assert model.feature_names_in_.tolist() == names
        np.testing.assert_allclose(model.predict(frame), Lasso(0.1).fit(X, y).predict(X), rtol=1e-12)
    search = GridSearchCV(
        make_pipeline(StandardScaler(), ElasticNet()),
        {"elasticnet__alpha": [0.01, 10.0], "elasticnet__l1_ratio": [0.2, 1.0]},
        cv=KFold(3),
    ).fit(X, y)
    assert search.best_params_["elasticnet__alpha"] == 0.01
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(frame), model.predict(frame))
    assert clone(model).get_params() == model.get_params()
    assert isinstance(model, ElasticNet)
    assert model.l1_ratio == 1.0


def test_a_warm_start_starts_where_the_last_fit_ended():
    X, y, _ = problem(30, 100)
    model = Lasso(0.05, warm_start=True).fit(X, y)
    cold = model.n_iter_
    assert cold > 0
    assert model.fit(X, y).n_iter_ == 0
    assert Lasso(0.05).fit(X, y).n_iter_ == cold


def test_a_gap_that_is_not_reached_is_said():
    X, y, _ = problem(30, 100)
    with pytest.warns(ConvergenceWarning, match=r"gap is .*max_iter = 1 .*Raise max_iter"):
        model = Lasso(0.001, max_iter=1).fit(X, y)
    assert model.dual_gap_ == pytest.approx(gap_by_definition(model, X, y, 0.001, 1.0, None), rel=1e-9)
    assert model.n_iter_ == 1


def test_one_row_gets_the_peers_answer():
    for intercept in (True, False):
        ours = Lasso(0.1, fit_intercept=intercept).fit([[1.0, 2.0]], [3.0])
        theirs = peer.Lasso(0.1, fit_intercept=intercept).fit([[1.0, 2.0]], [3.0])
        np.testing.assert_allclose(ours.predict([[1.0, 2.0]]), theirs.predict([[1.0, 2.0]]), atol=1e-2)
        assert ours.intercept_ == pytest.approx(theirs.intercept_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"alpha": -1.0}, "alpha must be non-negative and finite; got -1.0"),
        ({"alpha": np.nan}, "alpha must be non-negative and finite; got nan"),
        ({"alpha": "big"}, "alpha must be a number"),
        ({"alpha": [0.1, 0.2]}, "alpha must be one number; got 2"),
        ({"l1_ratio": 1.5}, "l1_ratio must be a number from 0 .* to 1 .*; got 1.5"),
        ({"tol": -1e-4}, "tol must be a finite number from 0 on.*; got -0.0001"),
        ({"tol": None}, "tol must be .*; got None"),
        ({"max_iter": 0}, "max_iter must be a whole number from 1 on.*; got 0"),
        ({"max_iter": 10.5}, "max_iter must be .*; got 10.5"),
    ],
)
def test_a_parameter_out_of_its_range_is_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        ElasticNet(**parameters).fit([[1.0], [2.0]], [1.0, 2.0])


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        ([[1.0], [np.nan]], [1.0, 2.0], "X contains NaN"),
        ([[1.0], [np.inf]], [1.0, 2.0], "X contains infinity"),
        (sparse.csr_array([[1.0], [np.nan]]), [1.0, 2.0], "X contains NaN"),
        (np.array([[1.0], [np.inf]], dtype=np.float32), [1.0, 2.0], "X contains infinity"),
        ([[1.0], [2.0]], [1.0, np.nan], "y contains NaN"),
        ([1.0, 2.0], [1.0, 2.0], "Expected 2D array"),
        (np.empty((0, 2)), [], "minimum of 1 is required"),
        ([[1.0], [2.0]], [1.0], "inconsistent numbers of samples"),
        (np.array([[1j], [2.0]]), [1.0, 2.0], "Complex data not supported"),
        ([["a"], ["b"]], [1.0, 2.0], "convert string to float"),
        ([[1e200], [-1e200]], [1.0, 2.0], "X must have squares that do not overflow"),
        ([[1.7e308], [1.7e308]], [1.0, 2.0], "X must have column sums that do not overflow"),
        ([[1.0], [2.0]], [1e200, -1e200], "y must have squares that do not overflow"),
    ],
)
@pytest.mark.parametrize("estimator", [Lasso(0.1), LassoCV(alphas=[0.1], cv=2)])
def test_bad_tables_are_refused(estimator, X, y, message):
    with pytest.raises(ValueError, match=message):
        estimator.fit(X, y)


def test_wide_integers_become_floats_and_do_not_wrap():
    X = np.array([[2**62, 1], [2**62 + 2**60, 5], [-(2**62), 2], [2**61, 0]], dtype=np.int64)
    for table in (X, sparse.csr_array(X)):
        ours, want = Lasso(0.1).fit(table, [1, 2, 3, 5]), Lasso(0.1).fit(X.astype(float), [1, 2, 3, 5])
        np.testing.assert_allclose(ours.coef_, want.coef_, rtol=1e-9)


def test_what_paths_and_folds_refuse():
    X, y, s = problem(20, 3)
    for message, call in [
        ("l1_ratio", lambda: enet_path(X, y, l1_ratio=-0.1)),
        ("alphas must be the penalties themselves if l1_ratio is 0", lambda: enet_path(X, y, l1_ratio=0.0)),
        ("alphas must be a number of penalties from 1 on", lambda: lasso_path(X, y, alphas=0)),
        ("alphas must be non-negative", lambda: lasso_path(X, y, alphas=[-1.0])),
        ("alphas must hold at least one", lambda: lasso_path(X, y, alphas=[])),
        ("eps must be a number above 0", lambda: lasso_path(X, y, eps=0)),
        ("y must be one target", lambda: lasso_path(X, np.column_stack([y, y]))),
        ("coef_init must have one entry a feature", lambda: lasso_path(X, y, coef_init=[1.0])),
        ("should be a 1d array", lambda: LassoCV().fit(X, np.column_stack([y, y]))),
        ("cv must give folds", lambda: LassoCV(cv=[([0, 1], [2])], alphas=[1.0]).fit(X, y, np.arange(20) > 2)),
        ("sample_weight must be non-negative", lambda: Lasso().fit(X, y, -s - 1)),
        ("sample_weight contains NaN", lambda: Lasso().fit(X, y, np.full(20, np.nan))),
    ]:
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=message):
            call()
