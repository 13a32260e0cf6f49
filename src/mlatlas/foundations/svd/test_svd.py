"""Bad input, memory, threads and extremes: what only a test can say of the singular value decomposition."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import chi2
from sklearn.utils.estimator_checks import parametrize_with_checks
from threadpoolctl import threadpool_limits

from mlatlas.foundations import TruncatedSVD, low_rank, randomised_svd, truncated_svd
from mlatlas.foundations.svd import svd as room

RNG = np.random.default_rng(0)
A = RNG.normal(size=(30, 20))
FUNCTIONS = (truncated_svd, low_rank, randomised_svd)


@parametrize_with_checks(
    [TruncatedSVD(n_components=1), TruncatedSVD(n_components=1, algorithm="exact"), TruncatedSVD()]
)
def test_estimator_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("matrix", "rule"),
    [
        ([[1.0, np.nan], [0.0, 1.0]], "A contains NaN"),
        ([[1.0, np.inf], [0.0, 1.0]], "A contains infinity"),
        ([1.0, 2.0], "Expected 2D array, got 1D array"),
        (np.zeros((0, 3)), "Found array with 0 sample"),
        (np.zeros((3, 0)), "Found array with 0 feature"),
        ([[1j, 0], [0, 1]], "Complex data not supported"),
        ([["a", "b"], ["c", "d"]], "could not convert string to float"),
        (sparse.csr_array([[np.nan, 1.0]]), "A contains NaN"),
    ],
)
def test_what_is_no_matrix_is_refused(function, matrix, rule):
    with pytest.raises(ValueError, match=rule):
        function(matrix, 1)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    ("rank", "error", "rule"),
    [
        (0, ValueError, "rank must be between 1 and 20 = min of 30 rows and 20 columns; got 0"),
        (21, ValueError, "rank must be between 1 and 20 = min of 30 rows and 20 columns; got 21"),
        (-1, ValueError, "rank must be between 1 and 20"),
        (2.0, TypeError, "rank must be an integer; got 2.0"),
        (True, TypeError, "rank must be an integer; got True"),
        ("two", TypeError, "rank must be an integer; got 'two'"),
        (None, TypeError, "rank must be an integer; got None"),
    ],
)
def test_a_rank_that_cannot_be_is_refused(function, rank, error, rule):
    with pytest.raises(error, match=rule):
        function(A, rank)


def test_other_parameters_are_refused_by_name():
    with pytest.raises(ValueError, match="n_oversamples must be at least 0; got -1"):
        randomised_svd(A, 2, n_oversamples=-1)
    with pytest.raises(TypeError, match=r"n_iter must be an integer; got 1\.5"):
        randomised_svd(A, 2, n_iter=1.5)
    with pytest.raises(ValueError, match="cannot be used to seed"):
        randomised_svd(A, 2, random_state="seed")
    with pytest.raises(ValueError, match="algorithm must be 'randomized' or 'exact'; got 'arpack'"):
        TruncatedSVD(algorithm="arpack").fit(A)
    limit = r"n_components must be between 1 and 20 = min\(n_samples = 30, n_features = 20\); got 40"
    with pytest.raises(ValueError, match=limit):
        TruncatedSVD(40).fit(A)
    with pytest.raises(ValueError, match="n_oversamples must be at least 0"):
        TruncatedSVD(n_oversamples=-2).fit(A)
    with pytest.raises(ValueError, match=r"each of the 2 components; got 3\. Pass what transform returned"):
        TruncatedSVD(2).fit(A).inverse_transform(np.ones((4, 3)))


def test_the_roads_agree(monkeypatch):
    tall = RNG.normal(size=(300, 60)) * np.linspace(1, 2, 60)
    thin = sparse.random_array((300, 60), density=0.2, rng=1, format="csr")
    for matrix in (tall, tall.T.copy(), thin, thin.T.tocsr()):
        dense = matrix.toarray() if sparse.issparse(matrix) else matrix
        plain = np.linalg.svd(dense, compute_uv=False)
        answers = [truncated_svd(matrix, 5)]
        monkeypatch.setattr(room, "SMALL", 10**9)
        monkeypatch.setattr(room, "LARGEST_GRAM", 0)
        answers.append(truncated_svd(matrix, 5))
        monkeypatch.undo()
        for answer in answers:
            np.testing.assert_allclose(answer.s, plain[:5], rtol=1e-12)
            np.testing.assert_allclose(answer.Vt, answers[0].Vt, atol=1e-9)
            np.testing.assert_allclose(answer.U.T @ answer.U, np.eye(5), atol=1e-12)


def test_small_singular_values_are_not_lost_in_a_square(monkeypatch):
    U, V = np.linalg.qr(RNG.normal(size=(400, 30)))[0], np.linalg.qr(RNG.normal(size=(30, 30)))[0]
    s = np.logspace(0, -13, 30)
    graded = U * s @ V.T
    np.testing.assert_allclose(truncated_svd(graded, 30).s, s, atol=1e-15)
    np.testing.assert_allclose(randomised_svd(graded, 8, n_oversamples=2, random_state=0).s, s[:8], rtol=1e-3)


@pytest.mark.parametrize("make", [np.asarray, sparse.csr_array, sparse.csc_array], ids=["dense", "csr", "csc"])
@pytest.mark.parametrize("shape", [(40, 25), (25, 40), (1, 7), (7, 1), (1, 1)])
@pytest.mark.parametrize("n_iter", [0, 2])
def test_matrices_of_low_rank_have_orthonormal_factors_of_the_rank_asked_for(make, shape, n_iter):
    k = min(min(shape), 6)
    for low in (np.zeros(shape), np.ones(shape), np.eye(*shape), np.outer(np.arange(shape[0]), np.arange(shape[1]))):
        matrix = make(low.astype(float))
        for answer in (
            truncated_svd(matrix, k),
            randomised_svd(matrix, k, n_oversamples=1, n_iter=n_iter, random_state=0),
        ):
            np.testing.assert_allclose(answer.U.T @ answer.U, np.eye(k), atol=1e-11)
            np.testing.assert_allclose(answer.Vt @ answer.Vt.T, np.eye(k), atol=1e-11)
            np.testing.assert_allclose(answer.s, np.linalg.svd(low, compute_uv=False)[:k], atol=1e-9)


def test_equal_singular_values_more_than_a_block_is_wide():
    answer = randomised_svd(sparse.eye_array(80, format="csr"), 10, n_oversamples=0, n_iter=1, random_state=0)
    np.testing.assert_allclose(answer.s, 1.0)
    assert answer.spectral_bound >= 1.0 - 1e-12


def test_signs_of_ties_are_settled_by_the_first_entry():
    V = truncated_svd(np.array([[3.0, 0.0], [4.0, 5.0]]), 2).Vt
    np.testing.assert_allclose(V, np.array([[1, 1], [1, -1]]) / np.sqrt(2))


@pytest.mark.parametrize("power", [-200, 200])
def test_squares_neither_overflow_nor_vanish(power):
    huge = A * 10.0**power
    plain, scaled = randomised_svd(A, 3, random_state=0), randomised_svd(huge, 3, random_state=0)
    np.testing.assert_allclose(scaled.s / 10.0**power, plain.s)
    assert scaled.spectral_bound / 10.0**power == pytest.approx(plain.spectral_bound)
    tall = np.vstack([huge] * 30)
    np.testing.assert_allclose(truncated_svd(tall, 3).s / 10.0**power, plain.s * np.sqrt(30))
    model = TruncatedSVD(3).fit(huge[:, ::-1])
    np.testing.assert_allclose(model.singular_values_ / 10.0**power, plain.s)


def test_single_precision_is_kept():
    single = RNG.normal(size=(200, 90)).astype(np.float32)
    exact = np.linalg.svd(single.astype(float), compute_uv=False)
    for answer in (truncated_svd(single, 4), randomised_svd(single, 4, n_iter=6, n_oversamples=2, random_state=0)):
        assert {part.dtype for part in answer[:3]} == {np.dtype(np.float32)}
        np.testing.assert_allclose(answer.s, exact[:4], rtol=2e-3)
    answer = randomised_svd(single, 4, n_iter=0, random_state=0)
    left = single - (answer.U * answer.s) @ answer.Vt
    assert np.linalg.norm(left, 2) <= answer.spectral_bound
    assert np.linalg.norm(left) == pytest.approx(answer.frobenius_error, rel=1e-4)


def test_the_bound_holds_for_every_seed_and_fails_once_in_a_million_by_design():
    assert chi2.cdf(room.LEAST_LENGTH**2, room.TESTS) == pytest.approx(room.FAILURE)
    U, V = np.linalg.qr(RNG.normal(size=(60, 40)))[0], np.linalg.qr(RNG.normal(size=(40, 40)))[0]
    matrix = U / np.arange(1, 41) @ V.T
    for seed in range(150):
        answer = randomised_svd(matrix, 3, n_oversamples=1, n_iter=seed % 3, random_state=seed)
        assert np.linalg.norm(matrix - (answer.U * answer.s) @ answer.Vt, 2) <= answer.spectral_bound


def test_the_same_seed_gives_the_same_answer_on_any_number_of_threads():
    matrix = RNG.normal(size=(900, 300))
    answers = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            answers.append(randomised_svd(matrix, 5, random_state=3))
    for one, two in zip(*answers, strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("algorithm", ["randomized", "exact"])
def test_a_sparse_table_is_not_made_dense(algorithm):
    table = sparse.random_array((30_000, 3_000), density=2e-4, rng=0, format="csr")  # 720 MB if it were dense
    tracemalloc.start()
    model = TruncatedSVD(2, algorithm=algorithm, random_state=0).fit(table)
    model.transform(table)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60e6
    assert model.components_.shape == (2, 3_000)


def test_the_estimator_says_what_it_left_out():
    model = TruncatedSVD(4, random_state=0)
    Z = model.fit_transform(A)
    assert model.reconstruction_err_ == pytest.approx(np.linalg.norm(A - model.inverse_transform(Z)))
    assert model.get_feature_names_out().tolist() == [f"truncatedsvd{i}" for i in range(4)]
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(A), model.transform(A))
    wide = TruncatedSVD(2, random_state=0, n_iter=0, n_oversamples=0).fit(A.T)
    np.testing.assert_allclose(wide.fit_transform(A.T), wide.transform(A.T), rtol=1e-12, atol=1e-12)


def test_constant_rows_explain_no_variance():
    model = TruncatedSVD(2, random_state=0).fit(np.ones((5, 3)))
    np.testing.assert_array_equal(model.explained_variance_ratio_, [0.0, 0.0])
