"""Maps of a table to comparable scales. Each feature by two numbers of its own,

    StandardScaler   (x − mean) / standard deviation
    MinMaxScaler     (x − min) / (max − min)
    MaxAbsScaler     x / max|x|
    RobustScaler     (x − median) / (upper quartile − lower quartile)

and each row by one, Normalizer: x / ‖x‖. The maps that bend a feature are in `curves`.

A feature that does not vary keeps its unit: it is divided by 1. NaN counts as missing: it is left out of the statistics
and stays NaN. Shapes: n rows, p features; X (n, p), statistics (p,).
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import assert_all_finite, check_is_fitted, validate_data

from mlatlas.foundations.scaling.passes import (
    EPS,
    Array,
    Floats,
    Moments,
    Piece,
    Step,
    apply,
    columns_of,
    each,
    extremes,
    is_sparse,
    moments,
    pieces,
    pooled,
    quantiles,
    sparse_moments,
    sparse_quantiles,
)
from mlatlas.numerics.tables import check_weights

CONSTANT = 10 * EPS  # a standard deviation that is no larger, relative to the mean, is rounding
NORMS = ("l1", "l2", "max")


class Scaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What all scalers share: how a table comes in, and where the answer goes."""

    copy: bool
    n_jobs: int | None
    formats: ClassVar[tuple[str, ...]] = ()  # of sparse tables that are taken
    allow_nan: ClassVar[bool] = True

    def _read(self, X: Any, *, first: bool = False, writeable: bool = False) -> Any:
        """X checked, as float64 or float32; a dense one is not yet searched for infinities."""
        if is_plain(X) and (X.flags.writeable or not writeable):
            if first:
                self.n_features_in_ = X.shape[1]
                self.__dict__.pop("feature_names_in_", None)
            if X.shape[1] == self.__dict__.get("n_features_in_") and not hasattr(self, "feature_names_in_"):
                return X
        X = validate_data(
            self,
            X,
            reset=first,
            accept_sparse=self.formats or False,
            dtype=(np.float64, np.float32),
            force_writeable=writeable,
            ensure_all_finite=False,
        )
        if is_sparse(X):
            self._refuse_infinities(X.data)
            if not X.has_canonical_format:
                X = X.copy()
                X.sum_duplicates()
        return X

    def _refuse_infinities(self, X: Array) -> None:
        assert_all_finite(X, allow_nan=self.allow_nan, estimator_name=type(self).__name__, input_name="X")

    def _room(self, given: Any, copy: bool | None = None) -> tuple[Any, Any]:
        """The checked table, and where to write: over it, if that is asked for or nobody else has it."""
        check_is_fitted(self)
        copy = self.copy if copy is None else copy
        X = self._read(given, writeable=not copy)
        if is_sparse(X):
            return X, X.copy() if copy else X
        if copy and (not isinstance(given, np.ndarray) or np.may_share_memory(X, given)):
            return X, np.empty_like(X)
        self._refuse_infinities(X)
        return X, X

    def __sklearn_tags__(self) -> Any:
        """Say which tables are taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allow_nan
        tags.input_tags.sparse = bool(self.formats)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


class AffineScaler(Scaler):
    """A map of each feature by itself, x ↦ (x − a) / b, written as the steps that make it and those that undo it."""

    def _steps(self) -> list[Step]:
        raise NotImplementedError

    def _inverse_steps(self) -> list[Step]:
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """Return the scaled table, of the kind, shape and precision of X. O(n p) time, or O(nnz)."""
        return self._mapped(*self._room(X), self._steps())

    def inverse_transform(self, X: Any) -> Any:
        """Return the table that `transform` makes X of."""
        return self._mapped(*self._room(X), self._inverse_steps())

    def _mapped(self, X: Any, out: Any, steps: list[Step]) -> Any:
        """What the steps make of each row, or of the stored entries of a sparse table."""
        if any(ufunc is np.maximum for ufunc, _ in steps):  # clipping would hide an infinity
            self._refuse_infinities(X.data if is_sparse(X) else X)
        if is_sparse(X):
            for ufunc, row in steps:
                ufunc(out.data, row[columns_of(X)] if np.ndim(row) else row, out=out.data, casting="same_kind")
        elif not (apply(X, out, steps, self.n_jobs) or out is X):
            self._refuse_infinities(X)
        return out


class StandardScaler(AffineScaler):
    """Standardise each feature to mean 0 and variance 1: z = (x − μ) / σ, with σ² = Σ s (x − μ)² / Σ s.

    The variance divides by n, not by n − 1. Means and variances are those of blocks, merged by the formula of Chan,
    Golub and LeVeque, so that a large mean costs no digits and `partial_fit` gives what `fit` does. A feature whose σ
    is at most 10 ε |μ|, with ε = 2.2·10⁻¹⁶, is constant up to rounding, and is only centred.

    Parameters:
        copy: False writes over the table that `transform` is given, where it is of floats.
        with_mean: take off the mean. Refused for a sparse table, which would no longer be sparse.
        with_std: divide by the standard deviation.
        n_jobs: threads for large dense tables; None means 1 outside of a joblib context, -1 every core.

    Attributes:
        mean_: μ, shape (p,); None with neither with_mean nor with_std.
        var_: σ²; None without with_std.
        scale_: σ, but 1 where the feature is constant; None without with_std.
        n_samples_seen_: rows seen, or the sum of their weights; an array where some values were missing.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: O(n p) time, or O(nnz), and memory for a few blocks beside the answer.

    Source: Chan, Golub, LeVeque 1983, Algorithms for computing the sample variance, The American Statistician 37.
    """

    formats = ("csr", "csc")
    mean_: Floats | None
    var_: Floats | None
    scale_: Floats | None
    n_samples_seen_: Any
    _seen: Moments

    def __init__(
        self, *, copy: bool = True, with_mean: bool = True, with_std: bool = True, n_jobs: int | None = None
    ) -> None:
        """Store the parameters."""
        self.copy = copy
        self.with_mean = with_mean
        self.with_std = with_std
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from X (n, p) and weights s (n,), all ones by default; y is ignored.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X, a sparse X that is to be centred, weights
                that are negative or all zero, values so large that their squares overflow.
        """
        return self._learn(X, sample_weight, first=True)

    def partial_fit(self, X: Any, y: Any = None, sample_weight: ArrayLike | None = None) -> Self:
        """Learn from more rows, as if they had come with those before; errors are those of `fit`."""
        return self._learn(X, sample_weight, first=not hasattr(self, "n_samples_seen_"))

    def transform(self, X: Any, copy: bool | None = None) -> Any:
        """Return (X − mean_) / scale_, over X itself with copy=False; None means as the estimator says."""
        return self._mapped(*self._room(X, copy), self._steps())

    def inverse_transform(self, X: Any, copy: bool | None = None) -> Any:
        """Return X scale_ + mean_."""
        return self._mapped(*self._room(X, copy), self._inverse_steps())

    def _steps(self) -> list[Step]:
        centre: list[Step] = [(np.subtract, self.mean_)] * self.with_mean
        return centre + [(np.divide, self.scale_)] * self.with_std  # (standardise)

    def _inverse_steps(self) -> list[Step]:
        return [(np.multiply, self.scale_)] * self.with_std + [(np.add, self.mean_)] * self.with_mean

    def _read(self, X: Any, *, first: bool = False, writeable: bool = False) -> Any:
        X = super()._read(X, first=first, writeable=writeable)
        if self.with_mean and is_sparse(X):
            raise ValueError("X must be dense to be centred; got a sparse matrix. Pass with_mean=False or X.toarray().")
        return X

    def _learn(self, X: Any, sample_weight: ArrayLike | None, first: bool) -> Self:
        X = self._read(X, first=first)
        s = check_weights(sample_weight, X.shape[0])
        new = sparse_moments(X, s) if is_sparse(X) else moments(X, s, self.n_jobs)
        if not np.isfinite(new.squares if self.with_std else new.mean).all():
            self._refuse_infinities(X)
            raise ValueError(
                f"X must have squares below {np.finfo(float).max:.1e}; got larger ones. Divide X by a constant."
            )
        self._seen = new if first else pooled([self._seen, new])
        n, squares, mean = self._seen.n, self._seen.squares, self._seen.mean + self._seen.rest

        self.n_samples_seen_ = n.astype(np.int64) if np.array_equal(n, np.rint(n)) else n
        if n.min() == n.max():
            self.n_samples_seen_ = self.n_samples_seen_[0]
        var = np.maximum(squares, 0) / np.where(n > 0, n, np.nan)
        self.mean_ = np.where(n > 0, mean, np.nan) if self.with_mean or self.with_std else None
        self.var_ = var if self.with_std else None
        self.scale_ = np.where(var <= (CONSTANT * mean) ** 2, 1.0, np.sqrt(var)) if self.with_std else None
        return self

    def __sklearn_tags__(self) -> Any:
        """Say that a table that is to be centred cannot be sparse."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.with_mean
        return tags


class MinMaxScaler(AffineScaler):
    """Map each feature's range to another: y = lo + (hi − lo) (x − min) / (max − min).

    The smallest value is taken off first, so that the ends of the range are met however far it lies from zero.

    Parameters:
        feature_range: (lo, hi).
        copy, n_jobs: as in `StandardScaler`.
        clip: bring values that lie outside of the learnt range to its ends.

    Attributes:
        data_min_, data_max_, data_range_: of each feature, NaN aside, shape (p,).
        scale_, min_: the map as y = scale_ x + min_; scale_ is hi − lo where the feature is constant.
        n_samples_seen_: rows seen.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: O(n p) time, and memory for a few blocks beside the answer.
    """

    data_min_: Array
    data_max_: Array
    data_range_: Array
    scale_: Array
    min_: Array
    n_samples_seen_: int

    def __init__(
        self,
        feature_range: tuple[float, float] = (0, 1),
        *,
        copy: bool = True,
        clip: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.feature_range = feature_range
        self.copy = copy
        self.clip = clip
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the ranges of X (n, p); y is ignored.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X, a range that overflows, a feature_range
                that does not rise.
            TypeError: a sparse X, whose zeros would not stay zeros.
        """
        return self._learn(X, first=True)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from more rows, as if they had come with those before; errors are those of `fit`."""
        return self._learn(X, first=not hasattr(self, "n_samples_seen_"))

    def _learn(self, X: Any, first: bool) -> Self:
        low, high = self._range()
        X = self._read(X, first=first)
        smallest, largest = extremes(X, self.n_jobs)
        if np.isinf(smallest).any() or np.isinf(largest).any():
            self._refuse_infinities(X)
        seen = 0
        if not first:
            smallest, largest = np.fmin(self.data_min_, smallest), np.fmax(self.data_max_, largest)
            seen = self.n_samples_seen_
        with np.errstate(over="ignore"):
            width = largest - smallest
        if np.isinf(width).any():
            raise ValueError(
                f"X must have ranges below {np.finfo(X.dtype).max:.1e}; got a wider one. Divide X by a constant."
            )
        self.n_samples_seen_ = seen + X.shape[0]
        self.data_min_, self.data_max_, self.data_range_ = smallest, largest, width
        self.scale_ = np.asarray((high - low) / or_one(width), dtype=X.dtype)
        self.min_ = low - smallest * self.scale_
        return self

    def _range(self) -> tuple[float, float]:
        low, high = self.feature_range
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise ValueError(f"feature_range must rise; got {self.feature_range}. Give (lo, hi) with lo < hi.")
        return float(low), float(high)

    def _steps(self) -> list[Step]:
        low, high = self._range()
        steps: list[Step] = [(np.subtract, self.data_min_), (np.divide, or_one(self.data_range_))]  # (min-max)
        if (low, high) != (0, 1):
            steps += [(np.multiply, high - low), (np.add, low)]
        return [*steps, (np.maximum, low), (np.minimum, high)] if self.clip else steps

    def _inverse_steps(self) -> list[Step]:
        low, high = self._range()
        unit: list[Step] = [(np.subtract, low), (np.divide, high - low)]
        return [*unit, (np.multiply, or_one(self.data_range_)), (np.add, self.data_min_)]


class MaxAbsScaler(AffineScaler):
    """Divide each feature by its largest absolute value, y = x / max|x|: zeros and signs stay.

    Parameters:
        copy, n_jobs: as in `StandardScaler`.
        clip: bring values beyond the largest to -1 or 1.

    Attributes:
        max_abs_: the largest absolute value of each feature, NaN aside, shape (p,).
        scale_: the same, but 1 where it is 0.
        n_samples_seen_: rows seen.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: O(n p) time, or O(nnz), and memory for a few blocks beside the answer.
    """

    formats = ("csr", "csc")
    max_abs_: Array
    scale_: Array
    n_samples_seen_: int

    def __init__(self, *, copy: bool = True, clip: bool = False, n_jobs: int | None = None) -> None:
        """Store the parameters."""
        self.copy = copy
        self.clip = clip
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from X (n, p), dense or sparse; y is ignored.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X.
        """
        return self._learn(X, first=True)

    def partial_fit(self, X: Any, y: Any = None) -> Self:
        """Learn from more rows, as if they had come with those before; errors are those of `fit`."""
        return self._learn(X, first=not hasattr(self, "n_samples_seen_"))

    def _learn(self, X: Any, first: bool) -> Self:
        X = self._read(X, first=first)
        if is_sparse(X):
            largest = abs(X).nanmax(axis=0).toarray().ravel()
        else:
            largest = np.maximum(*np.abs(extremes(X, self.n_jobs)))
            if np.isinf(largest).any():
                self._refuse_infinities(X)
        seen = 0 if first else self.n_samples_seen_
        self.max_abs_ = largest if first else np.fmax(self.max_abs_, largest)
        self.scale_ = or_one(self.max_abs_)
        self.n_samples_seen_ = seen + X.shape[0]
        return self

    def _steps(self) -> list[Step]:
        steps: list[Step] = [(np.divide, self.scale_)]  # (max-abs)
        return [*steps, (np.maximum, -1.0), (np.minimum, 1.0)] if self.clip else steps

    def _inverse_steps(self) -> list[Step]:
        return [(np.multiply, self.scale_)]


class RobustScaler(AffineScaler):
    """Centre each feature at its median and divide by the distance between two quantiles: few outliers change nothing.

    Parameters:
        with_centering: take off the median. Refused for a sparse table, which would no longer be sparse.
        with_scaling: divide by the distance of the quantiles.
        quantile_range: the two quantiles, in per cent.
        copy, n_jobs: as in `StandardScaler`.
        unit_variance: divide by what the distance is for a standard normal variable too (1.349 for the quartiles), so
            that the result of normal data has variance 1.

    Attributes:
        center_: medians, NaN aside, shape (p,); None without with_centering.
        scale_: the divisors, 1 where the quantiles coincide; None without with_scaling.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: O(n p) time, or O(nnz), and a copy of eight features for each thread.

    Source: Huber, Ronchetti 2009, Robust Statistics, section 5.1.
    """

    formats = ("csc", "csr")
    center_: Array | None
    scale_: Array | None

    def __init__(
        self,
        *,
        with_centering: bool = True,
        with_scaling: bool = True,
        quantile_range: tuple[float, float] = (25.0, 75.0),
        copy: bool = True,
        unit_variance: bool = False,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.with_centering = with_centering
        self.with_scaling = with_scaling
        self.quantile_range = quantile_range
        self.copy = copy
        self.unit_variance = unit_variance
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn from X (n, p), dense or sparse; y is ignored.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X, a sparse X that is to be centred, a
                quantile_range that does not rise from 0 to 100.
        """
        low, high = np.asarray(self.quantile_range, dtype=float) / 100
        if not 0 <= low <= high <= 1 or (self.unit_variance and not 0 < low < high < 1):
            rule = "0 < low < high < 100 for unit_variance" if self.unit_variance else "0 ≤ low ≤ high ≤ 100"
            raise ValueError(
                f"quantile_range must satisfy {rule}; got {self.quantile_range}. The quartiles are (25, 75)."
            )
        X = self._read(X, first=True)
        levels = np.array([low, 0.5, high])
        if is_sparse(X):
            lower, centre, upper = sparse_quantiles(X.tocsc(), levels)
        else:
            self._refuse_infinities(X)
            lower, centre, upper = quantiles(X, levels, self.n_jobs)
        normal = ndtri(high) - ndtri(low) if self.unit_variance else 1.0
        self.center_ = centre if self.with_centering else None  # (median)
        self.scale_ = or_one(upper - lower) / X.dtype.type(normal) if self.with_scaling else None
        return self

    def _read(self, X: Any, *, first: bool = False, writeable: bool = False) -> Any:
        X = super()._read(X, first=first, writeable=writeable)
        if self.with_centering and is_sparse(X):
            raise ValueError(
                "X must be dense to be centred; got a sparse matrix. Pass with_centering=False or X.toarray()."
            )
        return X

    def _steps(self) -> list[Step]:
        return [(np.subtract, self.center_)] * self.with_centering + [(np.divide, self.scale_)] * self.with_scaling

    def _inverse_steps(self) -> list[Step]:
        return [(np.multiply, self.scale_)] * self.with_scaling + [(np.add, self.center_)] * self.with_centering

    def __sklearn_tags__(self) -> Any:
        """Say that a table that is to be centred cannot be sparse."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = not self.with_centering
        return tags


class Normalizer(Scaler):
    """Divide each row by its norm, y = x / ‖x‖: what is left of a sample is its direction. Rows of zeros stay.

    A row whose squares would overflow or underflow is divided by its largest entry first.

    Parameters:
        norm: ``l2`` √Σx², ``l1`` Σ|x| or ``max`` max|x|.
        copy, n_jobs: as in `StandardScaler`.

    Attributes:
        n_features_in_, feature_names_in_: as in scikit-learn. Nothing is learnt.

    Complexity: O(n p) time, or O(nnz), and memory for a few blocks beside the answer.
    """

    formats = ("csr",)
    allow_nan = False

    def __init__(self, norm: str = "l2", *, copy: bool = True, n_jobs: int | None = None) -> None:
        """Store the parameters."""
        self.norm = norm
        self.copy = copy
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Check X (n, p); y is ignored.

        Raises:
            ValueError: missing or infinite values, no rows, text, complex numbers, a 1-D X, an unknown norm.
        """
        self._check_norm()
        X = self._read(X, first=True)
        if not is_sparse(X):
            self._refuse_infinities(X)
        return self

    def transform(self, X: Any, copy: bool | None = None) -> Any:
        """Return X with rows of norm 1, over X itself with copy=False; errors are those of `fit`."""
        self._check_norm()
        X, out = self._room(X, copy)
        if is_sparse(X):
            normalise_sparse(out, self.norm)
            return out

        def work(piece: Piece) -> bool:
            B = X[piece.rows]
            normalise(B, self.norm, out[piece.rows])
            return bool(np.isfinite(np.add.reduce(out[piece.rows], axis=None)))

        if not (all(each(work, pieces(X), X.size, self.n_jobs)) or out is X):
            self._refuse_infinities(X)
        return out

    def _check_norm(self) -> None:
        if self.norm not in NORMS:
            raise ValueError(f"norm must be one of {', '.join(NORMS)}; got {self.norm!r}.")

    def __sklearn_tags__(self) -> Any:
        """Say that nothing is learnt."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def is_plain(X: Any) -> bool:
    """Whether X is an array of floats to which nothing has to be done, so that the rounds of checking can be spared."""
    return type(X) is np.ndarray and X.ndim == 2 and X.size > 0 and X.dtype in (np.float64, np.float32)


def or_one(divisor: Array) -> Array:
    """The divisor, but 1 where it is 0."""
    return np.where(divisor == 0, np.ones_like(divisor), divisor)


def row_norms(B: Array, norm: str) -> Array:
    """The norm of each row of B (m, p), shape (m,)."""
    if norm == "l2":
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", B, B)))
    return np.asarray(np.abs(B).sum(axis=1) if norm == "l1" else np.abs(B).max(axis=1))


def normalise(B: Array, norm: str, out: Array) -> None:
    """Write the rows of B (m, p), divided by their norms, to out, which may be B."""
    size = row_norms(B, norm)
    (odd,) = np.nonzero(~((size > np.sqrt(np.finfo(B.dtype).tiny / EPS)) & (size < np.inf)))
    tamed = B[odd] / or_one(np.abs(B[odd]).max(axis=1, initial=0))[:, None]
    size[odd] = 1
    np.divide(B, size[:, None], out=out)  # (directions)
    out[odd] = tamed / or_one(row_norms(tamed, norm))[:, None]


def normalise_sparse(X: Any, norm: str) -> None:
    """Divide the rows of a CSR table by their norms, in place."""
    lengths = np.diff(X.indptr)
    starts, lengths = X.indptr[:-1][lengths > 0], lengths[lengths > 0]

    def of_rows(reduce: np.ufunc, entries: Array) -> Array:
        return or_one(reduce.reduceat(entries, starts)).repeat(lengths) if len(starts) else entries

    X.data /= of_rows(np.maximum, np.abs(X.data))
    if norm == "l1":
        X.data /= of_rows(np.add, np.abs(X.data))
    elif norm == "l2":
        X.data /= np.sqrt(of_rows(np.add, np.square(X.data)))
