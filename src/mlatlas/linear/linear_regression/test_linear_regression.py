"""Least squares: the interface, bad input, the choice of road, and the digits that each road keeps."""

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression as Peer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.linear.linear_regression.linear_regression import LinearRegression
from mlatlas.numerics.tables import Design


@parametrize_with_checks([LinearRegression(), LinearRegression(fit_intercept=False, n_jobs=1)])
def test_estimator_checks(estimator, check):
    check(estimator)


def problem(n, p, exponent=0, seed=0, noise=1.0, offset=0.0):
    """Columns with singular values from 1 to 10^-exponent, and a noisy y."""
    rng = np.random.default_rng(seed)
    U, _ = np.linalg.qr(rng.normal(size=(n, p)))
    V, _ = np.linalg.qr(rng.normal(size=(p, p)))
    X = U * np.logspace(0, -exponent, p) @ V.T * np.sqrt(n)
    return X + offset, X @ rng.normal(size=p) + noise * rng.normal(size=n) + offset


def backward_error(X, y, w):
    """Karlson and Waldén's estimate, with the residual in extended precision, relative to the Frobenius norm of X."""
    wide = X.astype(np.longdouble)
    r = y - wide @ w
    _, s, Vt = np.linalg.svd(X, full_matrices=False)
    gradient = (Vt @ (wide.T @ r)).astype(float)
    return np.linalg.norm(gradient / np.hypot(s * np.linalg.norm(w), float(np.linalg.norm(r)))) / np.linalg.norm(s)


def least_squares_by_definition(X, y, s, intercept=True):
    mean = (s @ X / s.sum(), s @ y / s.sum()) if intercept else (np.zeros(X.shape[1]), np.zeros(y.shape[1:]))
    root = np.sqrt(s)[:, None]
    Y = (y - mean[1]).reshape(len(y), -1)
    w = (np.linalg.pinv(root * (X - mean[0]), rcond=1e-12) @ (root * Y)).T.reshape(*y.shape[1:], -1)
    return w, mean[1] - w @ mean[0]


# ---- answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("shape", [(60, 7), (8, 20), (12, 12), (1, 3), (9, 8)])
@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array, sparse.csc_matrix, sparse.coo_array])
def test_equals_the_definition(storage, shape, intercept):
    rng = np.random.default_rng(3)
    X = (rng.normal(size=shape) + 1) * (rng.random(shape) < 0.7)
    for y in (rng.normal(size=shape[0]) + 2, rng.normal(size=(shape[0], 3)) + 2):
        for weights in (None, rng.integers(1, 4, shape[0]), 2.5, (np.arange(shape[0]) % 3 != 1).astype(float)):
            model = LinearRegression(fit_intercept=intercept).fit(storage(X), y, sample_weight=weights)
            s = np.ones(shape[0]) if weights is None else weights * np.ones(shape[0])
            w, b = least_squares_by_definition(X, y, s, intercept)
            np.testing.assert_allclose(model.coef_, w, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(np.broadcast_to(model.intercept_, y.shape[1:]), b, rtol=1e-7, atol=1e-8)
            np.testing.assert_allclose(model.predict(storage(X)), (X @ w.T + b), rtol=1e-6, atol=1e-7)


def test_integer_weights_are_repeated_rows_and_zero_drops_the_row():
    X, y = problem(30, 4, offset=2.0)
    counts = np.arange(30) % 4
    rows = np.arange(30).repeat(counts)
    X[0], y[0] = 1e17, -1e17  # of weight zero
    weighted, repeated = LinearRegression().fit(X, y, counts), LinearRegression().fit(X[rows], y[rows])
    np.testing.assert_allclose(weighted.coef_, repeated.coef_, rtol=1e-12)
    np.testing.assert_allclose(weighted.intercept_, repeated.intercept_, rtol=1e-12)


def test_one_row_and_constant_columns_get_the_peers_answer():
    for X, y in [
        ([[1.0, 2.0]], [3.0]),
        (np.full((7, 2), 0.5), np.arange(7.0)),
        (np.column_stack([np.arange(7.0) ** 2, np.full(7, 0.1)]), np.arange(7.0)),
        (np.arange(14.0).reshape(7, 2), np.full(7, 0.3)),
    ]:
        ours, peer = LinearRegression().fit(X, y), Peer().fit(X, y)
        np.testing.assert_allclose(ours.coef_, peer.coef_, atol=1e-12)
        np.testing.assert_allclose(ours.intercept_, peer.intercept_, rtol=1e-12)


def test_constant_columns_far_from_zero_get_zero_in_a_long_table():
    rng = np.random.default_rng(0)
    levels = 1e9 / np.arange(3.0, 9.0)
    X = np.column_stack([rng.normal(size=50_000), np.tile(levels, (50_000, 1))])
    for table in (X, sparse.csr_array(X)):
        model = LinearRegression().fit(table, 2 * X[:, 0] + 1)
        np.testing.assert_allclose(model.coef_, [2, *np.zeros(6)], rtol=1e-12)
        assert model.rank_ == 1


def test_a_column_that_varies_by_its_rounding_alone_is_constant():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    noise = np.where(rng.random(200) < 0.5, 1 / 3, np.nextafter(1 / 3, 1))
    for X in (np.column_stack([x, noise]), sparse.csr_array(np.column_stack([x, noise]))):
        model = LinearRegression().fit(X, x + rng.normal(size=200))
        assert model.coef_[1] == 0
        assert model.rank_ == 1


def test_wide_integers_become_floats_and_do_not_wrap():
    X = np.array([[2**62, 1], [2**62 + 2**60, 5], [-(2**62), 2], [2**61, 0]], dtype=np.int64)
    y = np.array([2**61, 2**62, 3, 5], dtype=np.int64)
    for table in (X, sparse.csr_array(X)):
        got = LinearRegression().fit(table, y)
        want = LinearRegression().fit(X.astype(float), y.astype(float))
        np.testing.assert_allclose(got.coef_, want.coef_, rtol=1e-12)
    bytes_ = LinearRegression().fit(np.array([[0], [200], [250]], dtype=np.uint8), np.array([0, 200, 250], np.uint8))
    np.testing.assert_allclose(bytes_.coef_, 1)


def test_float32_in_float32_out_with_float64_inside():
    X, y = problem(500, 5, exponent=4, offset=100.0)
    X = X.astype(np.float32)
    model = LinearRegression().fit(X, y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32
    np.testing.assert_allclose(model.coef_, LinearRegression().fit(X.astype(float), y).coef_, rtol=1e-6)


def test_squares_that_overflow_go_through_the_singular_values():
    X, y = problem(50, 3)
    model = LinearRegression().fit(1e200 * X, y)
    assert model.solver_ == "svd"
    np.testing.assert_allclose(1e200 * model.coef_, LinearRegression().fit(X, y).coef_, rtol=1e-12)


# ---- roads and digits --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exponent", "road"),
    [(0, "cholesky"), (2, "cholesky"), (4, "cholesky"), (6, "cholesky"), (8, "preconditioned"), (10, "preconditioned"),
     (12, "preconditioned")],
)  # fmt: skip
@pytest.mark.parametrize("noise", [1.0, 1e-8])
def test_backward_error_is_no_worse_than_the_peers_at_any_condition(exponent, road, noise):
    X, y = problem(1500, 20, exponent, noise=noise)
    ours = LinearRegression(fit_intercept=False).fit(X, y)
    peer = Peer(fit_intercept=False, tol=0.0).fit(X, y)
    assert ours.solver_ == road
    assert ours.rank_ == 20
    assert backward_error(X, y, ours.coef_) <= backward_error(X, y, peer.coef_)


@pytest.mark.parametrize("exponent", [0, 5, 10])
def test_units_of_features_cost_no_digits(exponent):
    X, y = problem(400, 12, exponent, noise=1e-3, offset=1.0)
    units = 2.0 ** np.random.default_rng(1).integers(-40, 40, 12)
    plain, scaled = LinearRegression().fit(X, y), LinearRegression().fit(X * units, y)
    assert plain.solver_ == scaled.solver_
    np.testing.assert_allclose(scaled.coef_ * units, plain.coef_, rtol=1e-16 * 10 ** (exponent + 4))


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_dependent_columns_are_found_and_the_minimum_norm_returned(offset):
    X, y = problem(300, 6, exponent=3, offset=offset)
    mix = np.random.default_rng(5).normal(size=(6, 3))
    wide = np.column_stack([X, X @ mix, np.full(300, 7.3)])
    model = LinearRegression().fit(wide, y)
    assert model.rank_ == 6
    w = LinearRegression().fit(X, y).coef_  # all solutions: M v = w with M = [I mix 0]; the shortest is M⁺ w
    np.testing.assert_allclose(
        model.coef_, np.linalg.pinv(np.column_stack([np.eye(6), mix, np.zeros(6)])) @ w, rtol=1e-6
    )


def test_more_features_than_rows_interpolate_with_the_minimum_norm():
    X, y = problem(40, 15, offset=1.0)
    model = LinearRegression().fit(X.T, y[:15])
    assert (model.solver_, model.rank_) == ("dual", 14)
    np.testing.assert_allclose(model.predict(X.T), y[:15], rtol=1e-10)
    repeated = LinearRegression().fit(np.vstack([X.T, X.T[:3]]), np.r_[y[:15], y[:3]])
    assert (repeated.solver_, repeated.rank_) == ("svd", 14)
    np.testing.assert_allclose(repeated.coef_, model.coef_, rtol=1e-8, atol=1e-10)


def test_a_wide_sparse_table_goes_through_lsqr():
    X = sparse.random_array((600, 700), density=0.01, rng=np.random.default_rng(0), format="csr")
    y = np.random.default_rng(1).normal(size=600)
    model = LinearRegression().fit(X, y)
    assert (model.solver_, model.rank_) == ("lsqr", None)
    w, _ = least_squares_by_definition(X.toarray(), y, np.ones(600))
    np.testing.assert_allclose(model.coef_, w, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("level", [1e6, 2.0**30])
def test_a_sparse_column_of_large_mean_keeps_its_digits(level):
    rng = np.random.default_rng(2)
    X = sparse.random_array((400, 5), density=0.3, rng=rng, format="csc").toarray()
    X[:, 0] = level + rng.integers(-5, 5, 400)
    y = X @ np.arange(5.0) + rng.normal(size=400)
    np.testing.assert_allclose(
        LinearRegression().fit(sparse.csc_array(X), y).coef_, LinearRegression().fit(X, y).coef_, rtol=1e-6
    )


def test_memory_grows_no_more_than_the_peers():
    X, y = problem(20_000, 20, offset=1.0)

    def growth(model):
        model.fit(X, y)
        tracemalloc.start()
        model.fit(X, y)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    assert growth(LinearRegression()) <= 1.1 * growth(Peer())


def test_threads_change_nothing_but_rounding():
    X, y = problem(3000, 30, exponent=3)
    one, all_ = LinearRegression(n_jobs=1).fit(X, y), LinearRegression(n_jobs=-1).fit(X, y)
    np.testing.assert_allclose(one.coef_, all_.coef_, rtol=1e-9)


def test_blocks_do_not_write_to_the_users_table():
    X, y = problem(50, 3)
    kept = X.copy()
    for intercept in (True, False):
        LinearRegression(fit_intercept=intercept).fit(X, y, np.arange(50))
    np.testing.assert_array_equal(X, kept)
    X.flags.writeable = y.flags.writeable = False
    LinearRegression().fit(X, y)


@pytest.mark.parametrize("storage", [np.asarray, sparse.csr_array, sparse.csc_array])
@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("intercept", [True, False])
def test_design_is_the_matrix_that_it_stands_for(storage, weighted, intercept, monkeypatch):
    monkeypatch.setattr("mlatlas.numerics.tables.BLOCK_ENTRIES", 50)
    rng = np.random.default_rng(0)
    X, s = rng.normal(size=(40, 6)) + 3, rng.integers(0, 3, 40).astype(float)
    s = s if weighted else np.ones(40)
    A = np.sqrt(s)[:, None] * (X - (s @ X / s.sum() if intercept else 0))
    D = Design.of(storage(X), s if weighted else None, intercept)
    Y, W, P = rng.normal(size=(40, 2)), rng.normal(size=(6, 2)), rng.normal(size=(6, 4))
    K, c = D.kernel()
    for got, want in [
        (D.dense(), A),
        (D.times(W), A @ W),
        (D.adjoint(Y), A.T @ Y),
        (D.misfit(Y, W), A.T @ (Y - A @ W)),
        (D.products(Y)[0], A.T @ A),
        (D.products(Y)[1], A.T @ Y),
        (D.gram(P), P.T @ A.T @ A @ P),
        (K, A @ A.T + c * np.outer(s**0.5, s**0.5) / s.sum()),
        (np.vstack([block for _, block in D.projected(P)]), A @ P),
        (np.vstack([block.copy() for _, block in D.blocks()]), A),
    ]:
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


# ---- interface ---------------------------------------------------------------------------------------------


def test_frames_give_names_and_the_same_answer():
    X, y = problem(40, 3)
    columns = {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2]}
    plain = LinearRegression().fit(X, y)
    for frame, target in ((pd.DataFrame(columns), pd.Series(y)), (pl.DataFrame(columns), pl.Series(y))):
        model = LinearRegression().fit(frame, target)
        assert list(model.feature_names_in_) == ["a", "b", "c"]
        np.testing.assert_allclose(model.coef_, plain.coef_)
        np.testing.assert_allclose(model.predict(frame), plain.predict(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(pd.DataFrame(columns).rename(columns={"a": "z"}))


def test_pickle_clone_pipeline_and_grid():
    X, y = problem(40, 3, offset=1.0)
    model = LinearRegression().fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), model.predict(X))
    assert clone(LinearRegression(fit_intercept=False)).fit_intercept is False
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), LinearRegression()), {"linearregression__fit_intercept": [True, False]}
    )
    np.testing.assert_allclose(grid.fit(X, y).predict(X), model.predict(X))


X, y = problem(5, 2)
BAD = [
    ((X * np.nan, y), {}, "Input X contains NaN. Replace"),
    ((X + np.inf, y), {}, "Input X contains infinity"),
    ((X, y * np.nan), {}, "Input y contains NaN. Replace"),
    ((y, y), {}, r"X must have shape \(rows, features\).*reshape"),
    ((np.zeros((0, 2)), []), {}, "0 sample"),
    ((np.zeros((3, 0)), [1, 2, 3]), {}, "0 feature"),
    ((X, y[:3]), {}, r"inconsistent numbers of samples: \[5, 3\]"),
    ((X * 1j, y), {}, "Complex data not supported"),
    ((X, y * 1j), {}, "Complex data not supported"),
    (([["a"], ["b"]], [1, 2]), {}, "must hold numbers.*'a'.*Encode"),
    ((X, list("abcde")), {}, "y must hold real numbers; got dtype <U1"),
    ((X, np.arange(5).astype("datetime64[D]")), {}, "y must hold real numbers"),
    ((X, y.reshape(5, 1, 1)), {}, "dim 3"),
    ((X, y), {"sample_weight": [1, 2]}, r"sample_weight must be .* shape \(5,\); got shape \(2,\)"),
    ((X, y), {"sample_weight": np.ones((5, 1))}, r"got shape \(5, 1\)"),
    ((X, y), {"sample_weight": [1, 2, -1, 1, 1]}, "sample_weight must be non-negative; got -1"),
    ((X, y), {"sample_weight": np.zeros(5)}, "sample_weight must be positive for at least one row"),
    ((X, y), {"sample_weight": y * np.nan}, "sample_weight contains NaN"),
]


@pytest.mark.parametrize(("arguments", "options", "message"), BAD)
def test_bad_input_is_refused_in_a_sentence_or_two(arguments, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        LinearRegression().fit(*arguments, **options)
    assert "\n" not in str(caught.value)


def test_a_sparse_target_and_an_unknown_parameter_are_type_errors():
    with pytest.raises(TypeError, match=r"y must be dense.*toarray"):
        LinearRegression().fit(X, sparse.csr_array(y[:, None]))
    with pytest.raises(TypeError, match="positive"):
        LinearRegression(positive=True)


def test_lsqr_says_when_it_stops_short():
    nearly_dependent = sparse.diags_array(np.logspace(0, -5, 600)).tocsr()
    with pytest.warns(ConvergenceWarning, match=r"lsqr did not reach .* on target 0.*Scale"):
        LinearRegression(fit_intercept=False).fit(nearly_dependent, np.ones(600))
