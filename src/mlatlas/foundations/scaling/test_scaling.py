"""Bad input, layouts, copies, threads, memory and company: what only a test can say of the scalers."""

from __future__ import annotations

import pickle
import tracemalloc

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import preprocessing as peers
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlatlas.foundations import (
    HalfNormalScaler,
    MaxAbsScaler,
    MinMaxScaler,
    Normalizer,
    PiecewiseLinearScaler,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from mlatlas.foundations.scaling import passes

OF_COLUMNS = [
    StandardScaler(),
    MinMaxScaler((-1, 2), clip=True),
    MaxAbsScaler(),
    RobustScaler(),
    PiecewiseLinearScaler(quantiles=(0, 0.2, 0.9)),
    QuantileTransformer(n_quantiles=20),
    QuantileTransformer(n_quantiles=50, output_distribution="normal"),
    HalfNormalScaler(),
]
ALL = [*OF_COLUMNS, Normalizer(), Normalizer("l1"), Normalizer("max")]
every = pytest.mark.parametrize("scaler", ALL, ids=str)
of_columns = pytest.mark.parametrize("scaler", OF_COLUMNS, ids=str)


def table(n=60, p=3, seed=0):
    return np.random.default_rng(seed).normal(size=(n, p)) + 2


@parametrize_with_checks(
    [
        StandardScaler(),
        StandardScaler(with_mean=False),
        MinMaxScaler(),
        MaxAbsScaler(),
        RobustScaler(),
        RobustScaler(with_centering=False),
        Normalizer(),
        PiecewiseLinearScaler(),
        QuantileTransformer(n_quantiles=10),
        HalfNormalScaler(),
    ]
)
def test_estimator_checks(estimator, check):
    check(estimator)


# ---- bad input -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scaler", "rule"),
    [
        (MinMaxScaler((1, 1)), r"feature_range must rise; got \(1, 1\)"),
        (MinMaxScaler((0, np.inf)), "feature_range must rise"),
        (RobustScaler(quantile_range=(75, 25)), r"quantile_range must satisfy 0 ≤ low ≤ high ≤ 100; got \(75, 25\)"),
        (RobustScaler(quantile_range=(0, 100), unit_variance=True), "0 < low < high < 100 for unit_variance"),
        (Normalizer("l3"), "norm must be one of l1, l2, max; got 'l3'"),
        (PiecewiseLinearScaler([1, 1, 2]), "knots must be two or more finite numbers that rise strictly"),
        (PiecewiseLinearScaler([1]), "knots must be two or more"),
        (PiecewiseLinearScaler([[0, 0], [1, 1]]), "knots must have a column for each of 3 features"),
        (PiecewiseLinearScaler([0, 1], [0, 1, 2]), "values must be 2 finite numbers, one a knot"),
        (PiecewiseLinearScaler([0, 1], [0, np.nan]), "values must be 2 finite numbers"),
        (PiecewiseLinearScaler(quantiles=(5, 95)), r"levels from 0 to 1; got \(5, 95\). Divide per cent by 100"),
        (PiecewiseLinearScaler(quantiles=[[0.1, 0.2], [0.8, 0.9]]), "quantiles must be a list of levels"),
        (PiecewiseLinearScaler(quantiles=(0.9, 0.1)), "quantiles must be two or more finite numbers that rise"),
        (QuantileTransformer(n_quantiles=0), "n_quantiles must lie between 1 and subsample=10000; got 0"),
        (QuantileTransformer(n_quantiles=30, subsample=20), "between 1 and subsample=20; got 30"),
        (QuantileTransformer(output_distribution="gauss"), "must be 'uniform' or 'normal'; got 'gauss'"),
        (HalfNormalScaler(k=-1.0), r"k must be positive; got -1\.0"),
        (HalfNormalScaler(a=[1, 2]), "a must be a finite number or one for each of 3 features"),
        (HalfNormalScaler(k=np.nan), "k must be a finite number"),
    ],
)
def test_a_parameter_that_breaks_its_rule_is_named(scaler, rule):
    with pytest.raises(ValueError, match=rule):
        scaler.fit(table())


@every
def test_infinities_are_refused_wherever_they_stand(scaler):
    fitted = clone(scaler).fit(table())
    for where in (0, 59):
        X = table()
        X[where, 1] = np.inf
        for copy in (True, False):
            with pytest.raises(ValueError, match="contains infinity"):
                clone(scaler).set_params(copy=copy).fit(X)
            untouched = X.copy()
            with pytest.raises(ValueError, match="contains infinity"):
                clone(fitted).set_params(copy=copy).fit(table()).transform(X)
            assert np.array_equal(X, untouched)


@of_columns
def test_missing_values_stay_where_they_are(scaler):
    X = table()
    X[::7, 1] = np.nan
    assert np.array_equal(np.isnan(scaler.fit_transform(X)), np.isnan(X))
    assert np.array_equal(np.isnan(scaler.inverse_transform(scaler.transform(X))), np.isnan(X))


def test_rows_with_missing_values_have_no_length():
    X = table()
    X[3, 1] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        Normalizer().fit_transform(X)


def test_a_column_of_nothing_but_missing_values_teaches_nothing_and_does_not_spoil_the_rest():
    X = np.column_stack([table()[:, 0], np.full(60, np.nan)])
    for scaler in (
        StandardScaler(),
        MinMaxScaler(),
        MaxAbsScaler(),
        RobustScaler(),
        QuantileTransformer(n_quantiles=9),
    ):
        answer = scaler.fit_transform(X)
        assert np.isnan(answer[:, 1]).all()
        assert np.isfinite(answer[:, 0]).all()
    late = StandardScaler().fit(X).partial_fit(table(60, 2))
    assert late.n_samples_seen_.tolist() == [120, 60]
    assert late.mean_[1] == pytest.approx(table(60, 2)[:, 1].mean())


def test_what_overflows_is_told():
    with pytest.raises(ValueError, match=r"squares below 1\.8e\+308; got larger ones. Divide X by a constant"):
        StandardScaler().fit([[1e200], [-1e200]])
    assert StandardScaler(with_std=False).fit([[1e200], [-1e200]]).mean_ == [0.0]
    with pytest.raises(ValueError, match=r"ranges below 1\.8e\+308"):
        MinMaxScaler().fit([[1.5e308], [-1.5e308]])
    with pytest.raises(ValueError, match="distances from a whose squares are finite and not 0"):
        HalfNormalScaler().fit([[0.0], [1e-170]])


def test_a_stream_of_large_values_does_not_overflow():
    """scikit-learn issue 5602, where the running sum did."""
    scaler = StandardScaler(with_std=False)
    for _ in range(300):
        scaler.partial_fit(np.full((1000, 1), 1e303))
    assert scaler.mean_ == pytest.approx([1e303])


@every
def test_as_many_features_as_were_fitted(scaler):
    fitted = clone(scaler).fit(table())
    for verb in ("transform", "inverse_transform"):
        if hasattr(fitted, verb):
            with pytest.raises(ValueError, match=r"X has 2 features, but .* is expecting 3"):
                getattr(fitted, verb)(table(5, 2))


def test_weights_are_checked():
    with pytest.raises(ValueError, match="sample_weight must be non-negative"):
        StandardScaler().fit(table(3), sample_weight=[1, -1, 1])
    with pytest.raises(ValueError, match="sample_weight must be positive for at least one row"):
        StandardScaler().fit(table(3), sample_weight=[0, 0, 0])


def test_more_quantiles_than_rows_are_warned_of():
    with pytest.warns(UserWarning, match="n_quantiles=1000 exceeds the 60 rows; 60 is used"):
        assert QuantileTransformer().fit(table()).n_quantiles_ == 60


def test_a_flat_or_crooked_line_is_not_inverted():
    for values in ([0, 1, 1], [0, 2, 1]):
        with pytest.raises(ValueError, match="values must rise or fall strictly to be inverted"):
            PiecewiseLinearScaler([0, 1, 2], values).fit([[0.0]]).inverse_transform([[0.5]])


def test_saturated_scores_come_back_finite():
    scaler = HalfNormalScaler(a=0.0, k=1.0).fit([[1.0]])
    assert scaler.inverse_transform(scaler.transform([[-3.0], [2.0], [50.0]])).ravel() == pytest.approx(
        [0, 2, 6.06], abs=0.01
    )


# ---- layouts, copies, threads, memory -----------------------------------------------------------------------


@every
def test_layout_and_precision_do_not_matter(scaler):
    X = table(3000, 7)
    expected = clone(scaler).fit_transform(X)
    strided = np.zeros((6000, 14))
    strided[::2, ::2] = X
    for same in (np.asfortranarray(X), strided[::2, ::2], X.tolist(), X.astype(">f8")):
        answer = clone(scaler).fit_transform(same)
        assert answer.dtype == np.float64
        np.testing.assert_allclose(answer, expected, rtol=1e-12, atol=1e-12)
    single = clone(scaler).fit_transform(X.astype(np.float32))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, expected, rtol=1e-3, atol=1e-4)
    whole = np.rint(10 * X).astype(np.int16)
    assert np.array_equal(clone(scaler).fit_transform(whole), clone(scaler).fit_transform(whole.astype(float)))


@every
def test_in_place_means_in_place_and_a_copy_means_a_copy(scaler):
    X = table()
    before = X.copy()
    expected = clone(scaler).fit(X).transform(X)
    assert np.array_equal(X, before)
    in_place = clone(scaler).set_params(copy=False).fit(X)
    assert np.array_equal(X, before)
    assert in_place.transform(X) is X
    assert np.array_equal(X, expected)
    locked = before.copy()
    locked.flags.writeable = False
    assert np.array_equal(clone(scaler).fit(locked).transform(locked), expected)


@every
def test_threads_change_no_bit(scaler, monkeypatch):
    monkeypatch.setattr(passes, "PARALLEL", 100)
    monkeypatch.setattr(passes, "BLOCK", 1000)
    X = table(5000, 3)
    alone, together = (clone(scaler).set_params(n_jobs=n).fit(X) for n in (1, 3))
    assert np.array_equal(alone.transform(X), together.transform(X))
    assert np.array_equal(alone.transform(X), clone(scaler).set_params(n_jobs=-1).fit(X).transform(X))


@pytest.mark.parametrize("shape", [(20_011, 3), (5_003, 17), (200, 1200), (1, 4), (70, 1)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_agree_with_the_peer(shape, order):
    rng = np.random.default_rng(1)
    X = np.asarray(rng.normal(size=shape) * rng.uniform(0.1, 9, shape[1]) + 5, order=order)
    weights = rng.uniform(size=len(X))
    for name in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer"):
        ours, theirs = globals()[name]().fit(X), getattr(peers, name)().fit(X)
        np.testing.assert_allclose(ours.transform(X), theirs.transform(X), rtol=1e-9, atol=1e-9, err_msg=name)
    ours, theirs = (
        one.StandardScaler().fit(X, sample_weight=weights)
        for one in (__import__("mlatlas.foundations", fromlist=["_"]), peers)
    )
    np.testing.assert_allclose(ours.var_, theirs.var_, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(ours.mean_, theirs.mean_, rtol=1e-12)


def test_a_fit_takes_memory_for_blocks_only():
    X = table(200_000, 20)
    for scaler in (StandardScaler(), MinMaxScaler(), MaxAbsScaler(), HalfNormalScaler()):
        tracemalloc.start()
        scaler.fit(X)
        assert tracemalloc.get_traced_memory()[1] < X.nbytes / 4, scaler
        tracemalloc.stop()


# ---- sparse tables -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["csr_matrix", "csc_matrix", "csr_array", "coo_matrix"])
def test_sparse_tables_are_copied_or_not_as_asked(layout):
    X = getattr(sparse, layout)(sparse.random(50, 6, density=0.4, random_state=np.random.default_rng(0)))
    before = X.toarray()
    for scaler in (
        StandardScaler(with_mean=False),
        MaxAbsScaler(clip=True),
        RobustScaler(with_centering=False),
        Normalizer("l1"),
    ):
        answer = scaler.fit(X).transform(X)
        assert sparse.issparse(answer)
        assert answer.nnz == X.nnz
        assert np.array_equal(X.toarray(), before)
        assert answer.toarray() == pytest.approx(clone(scaler).fit_transform(before))
        if hasattr(scaler, "inverse_transform"):
            assert scaler.inverse_transform(answer).toarray() == pytest.approx(before)
    if X.format == "csr":
        again = X.copy()
        assert Normalizer(copy=False).fit(again).transform(again) is again
        assert not np.array_equal(again.toarray(), before)


def test_missing_values_of_a_sparse_table_are_left_out():
    X = sparse.random(50, 3, density=0.5, random_state=np.random.default_rng(0), format="csc")
    X.data[[0, 30, 40, 70, 71]] = np.nan
    for scaler in (StandardScaler(with_mean=False), MaxAbsScaler(), RobustScaler(with_centering=False)):
        assert scaler.fit(X).scale_ == pytest.approx(clone(scaler).fit(X.toarray()).scale_)
    assert StandardScaler(with_mean=False).fit(X).n_samples_seen_.tolist() == (~np.isnan(X.toarray())).sum(0).tolist()


def test_what_a_sparse_table_cannot_be_is_refused_with_a_remedy():
    X = sparse.csr_matrix([[0.0, -1.0], [2.0, 0.0]])
    for scaler, rule in (
        (StandardScaler(), "Pass with_mean=False"),
        (RobustScaler(), "Pass with_centering=False"),
        (QuantileTransformer(n_quantiles=2), r"X must be non-negative to be sparse; got -1\.0"),
        (QuantileTransformer(n_quantiles=2, output_distribution="normal"), "does not map zero to zero"),
    ):
        with pytest.raises(ValueError, match=rule):
            scaler.fit(X)
    for scaler in (MinMaxScaler(), PiecewiseLinearScaler(), HalfNormalScaler()):
        with pytest.raises(TypeError, match=r"[Ss]parse data was passed"):
            scaler.fit(X)
    infinite = sparse.csr_matrix([[np.inf, 0.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="contains infinity"):
        MaxAbsScaler().fit(infinite)


def test_quantiles_of_stored_entries_alone():
    X = sparse.csc_matrix([[0.0, 1.0], [3.0, 0.0], [-1.0, 0.0], [1.0, 0.0]])
    ranks = QuantileTransformer(n_quantiles=3, ignore_implicit_zeros=True).fit(X)
    assert ranks.quantiles_[:, 0].tolist() == [-1, 1, 3]
    assert ranks.transform(X).toarray()[:, 0].tolist() == [0, 1, 0, 0.5]
    normal = QuantileTransformer(n_quantiles=3, ignore_implicit_zeros=True, output_distribution="normal")
    assert normal.fit_transform(X).toarray()[3, 0] == 0.0


def test_a_sparse_column_of_few_entries_is_not_thinned_out():
    """scikit-learn issue 34857: with 10,000 of 100,000 rows drawn, only a tenth of the entries was used."""
    entries = np.arange(1.0, 51.0)
    X = sparse.csc_matrix((entries, (np.arange(50) * 2000, np.zeros(50, int))), shape=(100_000, 1))
    ranks = QuantileTransformer(n_quantiles=10_000, subsample=10_000).fit(X)
    assert len(np.unique(ranks.transform(X).data)) > 4


# ---- company -------------------------------------------------------------------------------------------------


@every
def test_a_pickled_scaler_does_the_same_and_learns_on(scaler):
    X = table()
    fitted = clone(scaler).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.transform(X), fitted.transform(X))
    if hasattr(again, "partial_fit"):
        assert np.array_equal(again.partial_fit(X + 1).transform(X), fitted.partial_fit(X + 1).transform(X))


@every
@pytest.mark.parametrize("library", [pd, pl])
def test_data_frames_keep_their_names(scaler, library):
    X = table()
    frame = (
        library.DataFrame(X, columns=["a", "b", "c"]) if library is pd else library.DataFrame(X, schema=["a", "b", "c"])
    )
    fitted = clone(scaler).set_output(transform="pandas" if library is pd else "polars").fit(frame)
    assert list(fitted.get_feature_names_out()) == ["a", "b", "c"]
    answer = fitted.transform(frame)
    assert list(answer.columns) == ["a", "b", "c"]
    assert answer.to_numpy() == pytest.approx(clone(scaler).fit_transform(X), rel=1e-12)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        fitted.set_output(transform="default").transform(X)


def test_in_a_pipeline_under_a_grid():
    X = table(80)
    y = (X[:, 0] > 2).astype(int)
    pipeline = make_pipeline(StandardScaler(), LogisticRegression())
    grid = GridSearchCV(pipeline, {"standardscaler__with_std": [True, False]}, cv=3).fit(X, y)
    assert grid.best_score_ > 0.9


def test_the_same_rows_are_drawn_as_by_the_peer():
    X = table(3000)
    options = {"n_quantiles": 50, "subsample": 500, "random_state": 3}
    ours, theirs = (kind(**options).fit(X) for kind in (QuantileTransformer, peers.QuantileTransformer))
    assert ours.quantiles_ == pytest.approx(theirs.quantiles_, rel=1e-9, abs=1e-12)
    whole = QuantileTransformer(n_quantiles=3, subsample=None).fit(X)
    assert whole.quantiles_[1] == pytest.approx(np.median(X, axis=0))


def test_quantiles_at_the_rows_are_the_rows():
    """A level such as 43/49 times 49 is not quite 43 in floating point; no neighbour may leak in."""
    X = np.sort(np.random.default_rng(0).integers(0, 5, (50, 2)) * 1e6, axis=0)
    assert np.array_equal(QuantileTransformer(n_quantiles=50).fit(X).quantiles_, X)


def test_attributes_are_the_peers():
    X = table()
    for name in ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler"):
        ours, theirs = globals()[name]().fit(X), getattr(peers, name)().fit(X)
        for attribute, value in vars(theirs).items():
            if attribute.endswith("_") and not attribute.startswith("_"):
                assert getattr(ours, attribute) == pytest.approx(value), (name, attribute)
    for options in ({"with_mean": False}, {"with_std": False}, {"with_mean": False, "with_std": False}):
        ours, theirs = StandardScaler(**options).fit(X), peers.StandardScaler(**options).fit(X)
        for attribute in ("mean_", "var_", "scale_"):
            mine, other = getattr(ours, attribute), getattr(theirs, attribute)
            assert (mine is None) == (other is None)
            assert mine is None or mine == pytest.approx(other)
        assert ours.inverse_transform(ours.transform(X)) == pytest.approx(X)


def test_few_numbers_fit_where_they_are_given():
    X = table()
    scaler = HalfNormalScaler(a=[0, 1, 2], k=[1, 2, 3]).fit(X)
    assert scaler.a_.tolist() == [0, 1, 2]
    assert scaler.k_.tolist() == [1, 2, 3]
    assert HalfNormalScaler().fit(np.ones((4, 2))).transform(np.ones((4, 2))).tolist() == np.zeros((4, 2)).tolist()
    assert QuantileTransformer(n_quantiles=1).fit(X).transform(X).shape == X.shape
