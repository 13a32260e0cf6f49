"""Maps of each feature that bend it: along straight pieces, along its own distribution, or along half a bell.

    PiecewiseLinearScaler   straight between knots (xᵢ, yᵢ), level beyond the outermost
    QuantileTransformer     F(x), with F the feature's distribution function; or Φ⁻¹(F(x)), to a normal distribution
    HalfNormalScaler        1 − exp(−k (x − a)²) for x > a, else 0

All rise, so that they keep the order of a feature's values, but not their distances. NaN counts as missing: it is left
out of the statistics and stays NaN. Shapes: n rows, p features, k knots; X (n, p), knots (k, p).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri
from sklearn.utils import check_random_state, resample

from mlatlas.foundations.scaling.passes import (
    EPS,
    FEW,
    ROWS,
    Array,
    Floats,
    Piece,
    apply_to_columns,
    each,
    extremes,
    is_sparse,
    pieces,
    quantiles,
    sparse_quantiles,
)
from mlatlas.foundations.scaling.scaling import Scaler

TAIL = 1e-7  # probabilities that are nearer to 0 or 1 count as that much, so that the normal output stays finite
Curve = Callable[[Array, int], Array]


class CurveScaler(Scaler):
    """A map of each feature by itself along a curve, and back."""

    def _curve(self, x: Array, j: int) -> Array:
        raise NotImplementedError

    def _inverse_curve(self, y: Array, j: int) -> Array:
        raise NotImplementedError

    def transform(self, X: Any) -> Any:
        """Return the table with each feature taken along its curve, of the kind, shape and precision of X."""
        return self._drawn(*self._room(X), self._curve)

    def inverse_transform(self, X: Any) -> Any:
        """Return the table that `transform` makes X of; what no value is mapped to is brought to the nearest that is."""
        return self._drawn(*self._room(X), self._inverse_curve)

    def _drawn(self, X: Any, out: Any, curve: Curve) -> Any:
        if is_sparse(X):
            for j in range(X.shape[1]):
                entries = slice(X.indptr[j], X.indptr[j + 1])
                out.data[entries] = curve(X.data[entries], j)
        else:
            self._refuse_infinities(X)
            apply_to_columns(X, out, curve, self.n_jobs)
        return out


class PiecewiseLinearScaler(CurveScaler):
    """Map each feature along straight pieces: from knot xᵢ to value yᵢ, straight between, level beyond the outermost.

    With two knots this is the three-piece line of index making: 0 below, 1 above, straight between. Where knots coincide
    the curve is a step, and its foot and head are averaged on it.

    Parameters:
        knots: positions x in the features' own units, rising, shape (k,) for all features or (k, p); None places them at
            quantiles of each feature.
        values: the k values y that the knots are mapped to; None spreads them evenly from 0 to 1.
        quantiles: the levels of the quantiles, rising from 0 to 1; they matter where knots is None.
        copy, n_jobs: as in `StandardScaler`.

    Attributes:
        knots_: x, shape (k, p).
        values_: y, shape (k,).
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: `fit` O(n p) time and a copy of eight features for each thread, where it looks for quantiles; `transform`
    O(n p log k).

    Source: 邱东 1991, 多指标综合评价方法的系统分析, where scores by indicator are straight, broken or curved.
    """

    knots_: Array
    values_: Floats

    def __init__(
        self,
        knots: ArrayLike | None = None,
        values: ArrayLike | None = None,
        *,
        quantiles: ArrayLike = (0.05, 0.95),
        copy: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.knots = knots
        self.values = values
        self.quantiles = quantiles
        self.copy = copy
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Place the knots; y is ignored.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X; knots that do not rise or are fewer than two,
                as many values as there are not knots, levels that do not rise from 0 to 1.
            TypeError: a sparse X, whose zeros would not stay zeros.
        """
        X = self._read(X, first=True)
        self._refuse_infinities(X)
        if self.knots is None:
            levels = rising("quantiles", self.quantiles)
            if levels.ndim != 1 or levels[0] < 0 or levels[-1] > 1:
                raise ValueError(
                    f"quantiles must be a list of levels from 0 to 1; got {self.quantiles!r}. Divide per cent by 100."
                )
            self.knots_ = quantiles(X, levels, self.n_jobs)
        else:
            knots = rising("knots", self.knots)
            if knots.ndim == 2 and knots.shape[1] != X.shape[1]:
                raise ValueError(
                    f"knots must have a column for each of {X.shape[1]} features; got shape {knots.shape}."
                )
            self.knots_ = np.broadcast_to(knots.reshape(len(knots), -1), (len(knots), X.shape[1])).copy()
        k = len(self.knots_)
        self.values_ = np.linspace(0, 1, k) if self.values is None else np.asarray(self.values, dtype=np.float64)
        if self.values_.shape != (k,) or not np.isfinite(self.values_).all():
            raise ValueError(f"values must be {k} finite numbers, one a knot; got {self.values!r}.")
        return self

    def inverse_transform(self, X: Any) -> Any:
        """Return the table that `transform` makes X of, where the values rise or fall strictly."""
        steps = np.diff(self.values_)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise ValueError(
                f"values must rise or fall strictly to be inverted; got {self.values_}. Give others to fit."
            )
        return super().inverse_transform(X)

    def _curve(self, x: Array, j: int) -> Array:
        return interpolate(x, self.knots_[:, j], self.values_)  # (piecewise)

    def _inverse_curve(self, y: Array, j: int) -> Array:
        turn = slice(None, None, 1 if self.values_[0] < self.values_[-1] else -1)
        return np.interp(y, self.values_[turn], self.knots_[turn, j])


class QuantileTransformer(CurveScaler):
    """Map each feature to ranks, F(x) in [0, 1], or to a normal variable, Φ⁻¹(F(x)).

    F is the feature's empirical distribution function, straight between n_quantiles quantiles. Any increasing change of
    a feature's unit, bent or not, is undone. Values that are repeated get the mean of the ranks they take up.

    Parameters:
        n_quantiles: knots of F; at most the rows.
        output_distribution: ``uniform`` or ``normal``. The normal output is cut at ±5.2, where 10⁻⁷ is left.
        ignore_implicit_zeros: leave the zeros of a sparse table out of the quantiles.
        subsample: how many rows of a dense table the quantiles are taken of, drawn at random; None for all. Of a sparse
            table all entries are used, since only those that are stored are sorted.
        random_state: of the drawing.
        copy, n_jobs: as in `StandardScaler`.

    Attributes:
        n_quantiles_: k, the knots of F.
        references_: their levels, evenly from 0 to 1, shape (k,).
        quantiles_: the quantiles, shape (k, p).
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: `fit` O(m log m) a feature for m rows used, `transform` O(log k) a value.

    Source: Bolstad et al. 2003, A comparison of normalization methods, Bioinformatics 19; Van der Waerden 1952 for the
    normal scores.
    """

    formats = ("csc",)
    n_quantiles_: int
    references_: Floats
    quantiles_: Array

    def __init__(
        self,
        *,
        n_quantiles: int = 1000,
        output_distribution: str = "uniform",
        ignore_implicit_zeros: bool = False,
        subsample: int | None = 10_000,
        random_state: Any = None,
        copy: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.n_quantiles = n_quantiles
        self.output_distribution = output_distribution
        self.ignore_implicit_zeros = ignore_implicit_zeros
        self.subsample = subsample
        self.random_state = random_state
        self.copy = copy
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find the quantiles of X (n, p); y is ignored. Warns where n_quantiles exceeds the rows.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X; n_quantiles below 1 or above subsample, an
                unknown output_distribution; a sparse X with negative entries, or for normal output, unless
                ignore_implicit_zeros is set.
        """
        if self.output_distribution not in ("uniform", "normal"):
            raise ValueError(f"output_distribution must be 'uniform' or 'normal'; got {self.output_distribution!r}.")
        most = np.inf if self.subsample is None else self.subsample
        if not 1 <= self.n_quantiles <= most:
            raise ValueError(f"n_quantiles must lie between 1 and subsample={self.subsample}; got {self.n_quantiles}.")
        X = self._read(X, first=True)
        n = X.shape[0]
        if self.n_quantiles > n:
            warnings.warn(
                f"n_quantiles={self.n_quantiles} exceeds the {n} rows; {n} is used.", UserWarning, stacklevel=2
            )
        self.n_quantiles_ = min(self.n_quantiles, n)
        self.references_ = np.linspace(0, 1, self.n_quantiles_)
        rng = check_random_state(self.random_state)
        if is_sparse(X):
            self.quantiles_ = np.nan_to_num(sparse_quantiles(X, self.references_, not self.ignore_implicit_zeros))
            return self
        self._refuse_infinities(X)
        if n > most:
            X = resample(X, replace=False, n_samples=self.subsample, random_state=rng)
        self.quantiles_ = quantiles(X, self.references_, self.n_jobs)
        return self

    def _read(self, X: Any, *, first: bool = False, writeable: bool = False) -> Any:
        X = super()._read(X, first=first, writeable=writeable)
        if is_sparse(X) and not self.ignore_implicit_zeros:
            remedy = "Set ignore_implicit_zeros=True, or pass X.toarray()."
            if self.output_distribution == "normal":
                raise ValueError(
                    f"output_distribution 'normal' does not map zero to zero, as a sparse X needs. {remedy}"
                )
            if first and (X.data < 0).any():
                raise ValueError(f"X must be non-negative to be sparse; got {np.nanmin(X.data)}. {remedy}")
        return X

    def _curve(self, x: Array, j: int) -> Array:
        knots = self.quantiles_[:, j]
        rank = interpolate(x, knots, self.references_)  # (rank)
        rank[x == knots[-1]] = 1.0
        rank[x == knots[0]] = 0.0
        return rank if self.output_distribution == "uniform" else ndtri(np.clip(rank, TAIL, 1 - TAIL))

    def _inverse_curve(self, y: Array, j: int) -> Array:
        if self.output_distribution == "normal":
            rank = ndtr(y)
            y = np.where(rank <= TAIL, 0.0, np.where(rank >= 1 - TAIL, 1.0, rank))
        return np.interp(y, self.references_, self.quantiles_[:, j])


class HalfNormalScaler(CurveScaler):
    """Map each feature along the rising half of a bell: y = 1 − exp(−k (x − a)²) for x > a, and 0 up to a.

    The S-shaped score of index making: it starts level, is steepest at x = a + 1/√(2k), and saturates at 1, so that no
    value, however large, takes over. It is the distribution function of a Rayleigh variable; that of a half-normal one,
    erf(√k (x − a)), starts steep.

    Parameters:
        a: where the curve leaves 0, a number or one for each feature; None takes the smallest value.
        k: how fast it rises, a positive number or one for each feature; None takes 1 / mean (x − a)² over the values
            above a: what maximum likelihood makes of x − a as a Rayleigh variable.
        copy, n_jobs: as in `StandardScaler`.

    Attributes:
        a_, k_: of each feature, shape (p,); k_ is 1 where no value is above a.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Complexity: O(n p) time.

    Source: 邱东 1991, 多指标综合评价方法的系统分析 (升半正态型); Johnson, Kotz, Balakrishnan 1994, chapter 18.
    """

    a_: Floats
    k_: Floats

    def __init__(
        self,
        a: ArrayLike | None = None,
        k: ArrayLike | None = None,
        *,
        copy: bool = True,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.a = a
        self.k = k
        self.copy = copy
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any = None) -> Self:
        """Find a and k where they are not given; y is ignored.

        Raises:
            ValueError: infinities, no rows, text, complex numbers, a 1-D X, a k that is not positive, as many numbers as
                there are not features, values whose squared distances from a overflow or underflow.
            TypeError: a sparse X, whose zeros would not stay zeros.
        """
        X = self._read(X, first=True)
        self._refuse_infinities(X)
        p = X.shape[1]
        self.a_ = extremes(X, self.n_jobs)[0].astype(np.float64) if self.a is None else for_each("a", self.a, p)
        self.k_ = self._steepness(X) if self.k is None else for_each("k", self.k, p)
        if not ((self.k_ > 0) & (self.k_ < np.inf)).all():
            if self.k is None:
                raise ValueError(
                    "X must have distances from a whose squares are finite and not 0. Divide X by a constant."
                )
            raise ValueError(
                f"k must be positive; got {self.k!r}. It is 1 over a squared distance in the feature's unit."
            )
        return self

    def _steepness(self, X: Array) -> Floats:
        """1 / mean (x − a)² over the values above a, and 1 where there is none."""

        def work(piece: Piece) -> Floats:
            above = np.fmax(X[piece.rows] - self.a_, 0.0)
            return np.stack([np.count_nonzero(above, axis=0), np.square(above).sum(axis=0)])

        count, squares = np.sum(each(work, pieces(X, ROWS), X.size, self.n_jobs), axis=0)
        with np.errstate(all="ignore"):
            k: Floats = np.where(count > 0, count / squares, 1.0)  # (steepness)
        return k

    def _curve(self, x: Array, j: int) -> Array:
        y: Array = -np.expm1(-self.k_[j] * np.square(np.maximum(x - self.a_[j], 0.0)))  # (half-bell)
        return y

    def _inverse_curve(self, y: Array, j: int) -> Array:
        x: Array = self.a_[j] + np.sqrt(-np.log1p(-np.clip(y, 0.0, 1 - EPS / 2)) / self.k_[j])
        return x


def interpolate(x: Array, knots: Array, values: Floats) -> Array:
    """The curve through (knots, values), straight between; where knots coincide, the mean of its foot and head."""
    if len(knots) > FEW:  # sorted values find their knots by walking, which is faster than searching for each
        order = np.argsort(x)
        y = np.empty(len(x))
        y[order] = walk(x[order], knots, values)
        return y
    return walk(x, knots, values)


def walk(x: Array, knots: Array, values: Floats) -> Array:
    """The same, for x in an order that suits np.interp."""
    head = np.interp(x, knots, values)
    if not (knots[1:] == knots[:-1]).any():
        return head
    foot = -np.interp(-x, -knots[::-1], -values[::-1])
    return (foot + head) / 2


def rising(name: str, values: ArrayLike) -> Floats:
    """The parameter as an array that rises strictly along its first axis."""
    rows: Floats = np.asarray(values, dtype=np.float64)
    if rows.ndim not in (1, 2) or len(rows) < 2 or not np.isfinite(rows).all() or not (np.diff(rows, axis=0) > 0).all():
        raise ValueError(
            f"{name} must be two or more finite numbers that rise strictly; got {values!r}. Sort them, without repeats."
        )
    return rows


def for_each(name: str, value: ArrayLike, p: int) -> Floats:
    """The parameter as one number for each of p features."""
    numbers: Floats = np.asarray(value, dtype=np.float64)
    if numbers.shape not in ((), (p,)) or not np.isfinite(numbers).all():
        raise ValueError(f"{name} must be a finite number or one for each of {p} features; got {value!r}.")
    return np.broadcast_to(numbers, (p,)).copy()
