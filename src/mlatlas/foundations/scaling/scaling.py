"""Maps of a table to comparable scales. Each feature by itself, by two numbers of its own,

    StandardScaler   (x − mean) / standard deviation
    MinMaxScaler     (x − min) / (max − min)
    MaxAbsScaler     x / max|x|
    RobustScaler     (x − median) / (upper quartile − lower quartile)

and each row by itself, Normalizer: x / ‖x‖. The maps that bend a feature are in `curves`.

A feature that does not vary keeps its unit: its divisor is 1. NaN counts as missing: it is left out of the statistics and
stays NaN. Shapes: n rows, p features; X (n, p).
"""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from scipy.special import ndtri
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import assert_all_finite, check_array, check_is_fitted, validate_data

from mlatlas.foundations.scaling.passes import (
    EPS,
    Array,
    Floats,
    Moments,
    Step,
    apply,
    each,
    extremes,
    group,
    moments,
    of_values,
    pieces,
    pooled,
    quantiles,
)
from mlatlas.numerics.tables import check_weights

CONSTANT = 10 * EPS  # a spread that is no larger, relative to the mean, is rounding
SAFE_SQUARES = (1e-280, 1e300)  # sums of squares that neither underflow nor overflow


class Scaler(OneToOneFeatureMixin, TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """What all scalers share: how a table comes in, and where the answer goes."""

    copy: bool
    n_jobs: int | None
    formats: ClassVar[tuple[str, ...]] = ()  # of sparse tables that are taken
    allow_nan: ClassVar[bool] = True

    def _read(self, X: Any, *, first: bool = False, writeable: bool = False) -> Any:
        """X checked, as float64 or float32, dense or in one of the sparse formats.

        A dense table that is not to be overwritten is not searched for infinities: whoever passes over it does that.
        """
        X = validate_data(
            self,
            X,
            reset=first,
            accept_sparse=self.formats or False,
            dtype=(np.float64, np.float32),
            force_writeable=writeable,
            ensure_all_finite=self._finite if writeable or sparse.issparse(X) else False,
        )
        if sparse.issparse(X) and not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
        return X

    @property
    def _finite(self) -> str | bool:
        return "allow-nan" if self.allow_nan else True

    def _refuse_infinities(self, X: Any) -> None:
        assert_all_finite(X, allow_nan=self.allow_nan, estimator_name=type(self).__name__, input_name="X")

    def _room(self, given: Any, copy: bool | None = None) -> tuple[Any, Any]:
        """The checked table, and where to write: over it when that is asked for or nobody else has it."""
        copy = self.copy if copy is None else copy
        X = self._read(given, writeable=not copy)
        ours = isinstance(given, np.ndarray) and not np.may_share_memory(X, given)
        if sparse.issparse(X):
            return X, X.copy() if copy else X
        return X, np.empty_like(X) if copy and not ours else X

    def _map(self, given: Any, steps: list[Step], copy: bool | None = None) -> Any:
        """What the steps make of each row; of the stored entries alone where the table is sparse."""
        check_is_fitted(self)
        X, out = self._room(given, copy)
        if sparse.issparse(X):
            for ufunc, row in steps:
                ufunc(out.data, row[columns_of(X)], out=out.data, casting="same_kind")
            return out
        if not steps:
            self._refuse_infinities(X)
            np.copyto(out, X)
        elif not apply(X, out, [(ufunc, fitting(row, ufunc, X.dtype)) for ufunc, row in steps], self.n_jobs):
            self._refuse_infinities(X)
        return out

    def __sklearn_tags__(self) -> Any:
        """Say which tables are taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.allow_nan
        tags.input_tags.sparse = bool(self.formats)
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
