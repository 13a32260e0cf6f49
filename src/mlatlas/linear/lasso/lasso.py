"""The lasso and the elastic net: minimise over w and b, for α ≥ 0 and 0 ≤ ρ ≤ 1,

    Σᵢ sᵢ (yᵢ − xᵢᵀw − b)² / 2n + αρ‖w‖₁ + ½α(1−ρ)‖w‖²,    Σᵢ sᵢ = n.

The lasso is ρ = 1. With A = √S (X − 1 x̄ᵀ), λ = nαρ and β = nα(1−ρ), n times this is

    P(w) = ½‖y − A w‖² + λ‖w‖₁ + ½β‖w‖².

With r = y − A w and g = Aᵀr − β w, w is a minimum where g = λ sign(w) on w ≠ 0 and |g| ≤ λ elsewhere. Coordinate
descent (`kernels`) finds it on the few features that may be in use, and a duality gap over all features (`solver`)
proves it. At ρ = 0 or α = 0 there is nothing to select, and ridge regression gives the answer.

The scale of the gap is that of the mean square above, and the same as scikit-learn's: w is accepted when its gap is at
most tol · Σᵢ sᵢ(yᵢ − ȳ)²/n, with ȳ = 0 without an intercept. (scikit-learn looks at the gap only once no coefficient
moves by more than tol; here it is looked at after every sweep or few, so that a `tol` means the same gap in fewer.)

Shapes: n rows, p features, k targets, m penalties; X (n, p), y (n,) or (n, k), coefficients (p,) or (k, p).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from joblib import Parallel, delayed, effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn import config_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import check_cv
from sklearn.utils import assert_all_finite
from sklearn.utils.validation import column_or_1d

from mlatlas.linear.lasso.columns import Penalty, gradient
from mlatlas.linear.lasso.solver import Path, solve
from mlatlas.linear.linear_regression.linear_regression import LinearModel, threads
from mlatlas.linear.ridge.ridge import check_penalties, penalised
from mlatlas.numerics.tables import Design, centre, check_table, check_weights

Floats = NDArray[np.float64]


class ElasticNet(LinearModel):
    """The elastic net, min over w, b of Σᵢ sᵢ(yᵢ − xᵢᵀw − b)²/2n + alpha (l1_ratio ‖w‖₁ + ½(1 − l1_ratio) ‖w‖²).

    Here Σᵢ sᵢ = n: weights count only relative to each other, and an integer weight is the same as that many copies of
    the row. Several targets are as many problems of their own.

    Parameters:
        alpha: the penalty α ≥ 0. Zero gives least squares, of minimum norm unless `positive`.
        l1_ratio: ρ in [0, 1]. One is the lasso; zero is ridge regression with the penalty nα.
        fit_intercept: whether b is fitted; zero otherwise.
        max_iter: the most sweeps over coordinates for a target.
        tol: the duality gap at which to stop, as a part of Σᵢ sᵢ(yᵢ − ȳ)²/n.
        warm_start: whether to start from the last `coef_`, and not from zero.
        positive: whether w ≥ 0.

    Attributes:
        coef_: w of shape (p,), or (k, p) when y has shape (n, k); float32 if X is, else float64.
        sparse_coef_: the same as a sparse array of shape (1, p) or (k, p).
        intercept_: b, a number, or shape (k,).
        dual_gap_: the objective at `coef_` is above its minimum by at most this; a number, or shape (k,). With
            alpha (1 − l1_ratio) = 0 and alpha l1_ratio = 0 it is ‖Aᵀr‖²/n: see the module.
        n_iter_: the sweeps made, a number, or shape (k,); one where ridge regression gave the answer.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Warns:
        ConvergenceWarning: the gap was not reached in `max_iter` sweeps.

    Complexity: O(n p) time for each enlargement of the working set; with f features in it, O(n f²) for their products
    and O(f²) a sweep while f ≤ n, O(n f) a sweep beyond; for a sparse X O(nnz) and O(nnz of the f features). Memory
    beyond X is O(n f + f²) while f ≤ n, O(n f) beyond. X is neither copied nor changed, nor is a sparse X filled in.

    Sources: Zou, Hastie 2005; Friedman, Hastie, Tibshirani 2010 on coordinate descent; Fercoq, Gramfort, Salmon 2015
    on the gap; Massias, Gramfort, Salmon 2018 on working sets; Bertrand, Massias 2021 on extrapolation.
    """

    dual_gap_: Any
    n_iter_: Any

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        l1_ratio: float = 0.5,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
    ) -> None:
        """Store the parameters."""
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Fit to X (n, p), y (n,) or (n, k), and weights s (n,), all ones by default.

        Raises:
            ValueError: a parameter out of its range; missing or infinite values, no rows, unequal lengths, text,
                complex numbers, a 1-D X, weights that are negative or all zero, numbers whose squares overflow.
        """
        check(l1_ratio=self.l1_ratio, tol=self.tol, max_iter=self.max_iter)
        alpha = check_penalties("alpha", self.alpha)
        if len(alpha) > 1:
            raise ValueError(f"alpha must be one number; got {len(alpha)}. Use lasso_path or enet_path for several.")
        X, y, s = tables(self, X, y, sample_weight)
        A = design(X, s, self.fit_intercept)
        Y, y_mean = centre(y, s, self.fit_intercept)
        k, p = Y.shape[1], X.shape[1]
        start = np.zeros((k, p))
        if self.warm_start and hasattr(self, "coef_") and self.coef_.size == k * p:
            start[:] = self.coef_.reshape(k, p)
        paths = [descend(self, A, Y[:, j], alpha, self.l1_ratio, start[j]) for j in range(k)]
        self._keep(np.concatenate([path.coefs for path in paths], axis=1), A.mean, y_mean, like=(X, y))
        gaps, sweeps = np.concatenate([path.gaps for path in paths]), np.concatenate([path.sweeps for path in paths])
        self.dual_gap_, self.n_iter_ = (gaps, sweeps) if y.ndim == 2 else (float(gaps[0]), int(sweeps[0]))
        return self

    @property
    def sparse_coef_(self) -> Any:
        """`coef_` as a sparse array of shape (1, p) or (k, p)."""
        return sparse.csr_array(np.atleast_2d(self.coef_))


class Lasso(ElasticNet):
    """The lasso, min over w, b of Σᵢ sᵢ(yᵢ − xᵢᵀw − b)²/2n + alpha ‖w‖₁.

    It is zero exactly from alpha = max |Xᵀ(y − ȳ)|/n on, with X centred, and has as many zeros as the penalty asks for.
    All that is said of `ElasticNet` holds, with l1_ratio = 1.

    Parameters:
        alpha: the penalty α ≥ 0. Zero gives least squares, of minimum norm unless `positive`.
        fit_intercept: whether b is fitted; zero otherwise.
        max_iter: the most sweeps over coordinates for a target.
        tol: the duality gap at which to stop, as a part of Σᵢ sᵢ(yᵢ − ȳ)²/n.
        warm_start: whether to start from the last `coef_`, and not from zero.
        positive: whether w ≥ 0.

    Sources: Tibshirani 1996; and those of `ElasticNet`.
    """

    l1_ratio = 1.0

    def __init__(
        self,
        alpha: float = 1.0,
        *,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        warm_start: bool = False,
        positive: bool = False,
    ) -> None:
        """Store the parameters."""
        self.alpha = alpha
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.warm_start = warm_start
        self.positive = positive


class ElasticNetCV(LinearModel):
    """The elastic net with alpha, and l1_ratio if several are given, chosen by cross-validation.

    Each fold's training rows give a path over all penalties, whose mean squared errors on the rows left out are
    averaged over the folds; the penalty with the least average is fitted to all rows. A fold is a weighting of the
    rows of X, so that no rows are copied to train on.

    Parameters:
        l1_ratio: ρ in [0, 1], or several to choose from.
        eps: the least alpha of a path, as a part of the greatest.
        alphas: how many penalties to try for each ρ, from the least that makes w zero, in equal ratios; or the penalties.
        fit_intercept, max_iter, tol, positive: as in `ElasticNet`.
        cv: a number of folds, a splitter, or an iterable of (train, test) indices; None for five folds.
        n_jobs: folds that run at once, in threads; None for one, -1 for one a core.

    Attributes:
        alpha_, l1_ratio_: the chosen penalty and ρ.
        alphas_: the penalties tried, in descending order, (m,), or (number of ρ, m) if several ρ have grids of their own.
        mse_path_: the mean squared errors of each fold, (m, folds), or (number of ρ, m, folds) for several ρ.
        coef_, intercept_, dual_gap_, n_iter_, n_features_in_, feature_names_in_: as in `ElasticNet`.

    Complexity: that of a path for each fold and ρ.

    Sources: Friedman, Hastie, Tibshirani 2010; Hastie, Tibshirani, Friedman 2009, section 7.10.
    """

    alpha_: float
    l1_ratio_: float
    alphas_: Floats
    mse_path_: Floats
    dual_gap_: float
    n_iter_: int

    def __init__(
        self,
        *,
        l1_ratio: float | Sequence[float] = 0.5,
        eps: float = 1e-3,
        alphas: int | ArrayLike = 100,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        n_jobs: int | None = None,
        positive: bool = False,
    ) -> None:
        """Store the parameters."""
        self.l1_ratio = l1_ratio
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.n_jobs = n_jobs
        self.positive = positive

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> Self:
        """Choose a penalty and fit to X (n, p), y (n,), and weights s (n,), all ones by default.

        The weights count in training and in the errors of the rows left out; the average over folds is not weighted.

        Raises:
            ValueError: a parameter out of its range, several targets, a fold whose rows all have weight zero, and the
                same input as for `ElasticNet`.
        """
        ratios = np.atleast_1d(self.l1_ratio)
        for ratio in ratios:
            check(l1_ratio=ratio, tol=self.tol, max_iter=self.max_iter)
        X, y, s = tables(self, X, y, sample_weight)
        y = column_or_1d(y, warn=True)
        A = design(X, s, self.fit_intercept)
        Y, _ = centre(y, s, self.fit_intercept)
        grids = [grid(A, Y[:, 0], ratio, self.eps, self.alphas, self.positive) for ratio in ratios]
        folds = list(check_cv(self.cv).split(X, y))
        with threads(1 if effective_n_jobs(self.n_jobs) > 1 else None):
            errors = Parallel(self.n_jobs, prefer="threads")(
                delayed(self._errors)(X, y, s, fold, alphas, ratio)
                for ratio, alphas in zip(ratios, grids, strict=True)
                for fold in folds
            )
        mse = np.reshape(errors, (len(ratios), len(folds), -1)).transpose(0, 2, 1)  # (ratios, m, folds)
        best = np.unravel_index(np.argmin(mse.mean(axis=2)), mse.shape[:2])
        self.alpha_, self.l1_ratio_ = float(grids[best[0]][best[1]]), float(ratios[best[0]])
        several = len(ratios) > 1
        self.mse_path_ = mse if several else mse[0]
        self.alphas_ = np.array(grids) if several and isinstance(self.alphas, Integral) else grids[0]
        final = ElasticNet(
            self.alpha_,
            l1_ratio=self.l1_ratio_,
            fit_intercept=self.fit_intercept,
            max_iter=self.max_iter,
            tol=self.tol,
            positive=self.positive,
        ).fit(X, y, s)
        self.coef_, self.intercept_ = final.coef_, final.intercept_
        self.dual_gap_, self.n_iter_ = final.dual_gap_, final.n_iter_
        return self

    @np.errstate(over="ignore", invalid="ignore")
    def _errors(self, X: Any, y: Floats, s: Floats | None, fold: Any, alphas: Floats, ratio: float) -> Floats:
        """Return the mean squared error (m,) on the rows of the fold left out, for the path fitted to the others."""
        train, test = (np.arange(len(y))[rows] for rows in fold)
        ones = np.ones(len(y)) if s is None else s
        counted = ones * np.bincount(train, minlength=len(y))
        if not counted.any() or not ones[test].any():
            raise ValueError("cv must give folds with rows of positive weight on both sides; got one without any.")
        s = relative(counted)
        A = design(X, s, self.fit_intercept)
        Y, y_mean = centre(y, s, self.fit_intercept)
        coefs = descend(self, A, Y[:, 0], alphas, ratio, np.zeros(X.shape[1])).coefs
        E = X[test] @ coefs + (y_mean - A.mean @ coefs) - y[test, None]  # (rows left out, m)
        return np.average(E**2, axis=0, weights=ones[test])

    def __sklearn_tags__(self) -> Any:
        """Say that there is one target."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = False
        return tags


class LassoCV(ElasticNetCV):
    """The lasso with alpha chosen by cross-validation: `ElasticNetCV` with l1_ratio = 1.

    Parameters:
        eps: the least alpha of the path, as a part of the greatest.
        alphas: how many penalties to try, from the least that makes w zero, in equal ratios; or the penalties.
        fit_intercept, max_iter, tol, positive: as in `Lasso`.
        cv: a number of folds, a splitter, or an iterable of (train, test) indices; None for five folds.
        n_jobs: folds that run at once, in threads; None for one, -1 for one a core.

    Attributes:
        alpha_: the chosen penalty.
        alphas_: the penalties tried, in descending order, (m,).
        mse_path_: the mean squared errors of each fold, (m, folds).
        coef_, intercept_, dual_gap_, n_iter_, n_features_in_, feature_names_in_: as in `Lasso`.

    Sources: Friedman, Hastie, Tibshirani 2010; Hastie, Tibshirani, Friedman 2009, section 7.10.
    """

    l1_ratio = 1.0

    def __init__(
        self,
        *,
        eps: float = 1e-3,
        alphas: int | ArrayLike = 100,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        tol: float = 1e-4,
        cv: Any = None,
        n_jobs: int | None = None,
        positive: bool = False,
    ) -> None:
        """Store the parameters."""
        self.eps = eps
        self.alphas = alphas
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.n_jobs = n_jobs
        self.positive = positive


def enet_path(
    X: Any,
    y: Any,
    *,
    l1_ratio: float = 0.5,
    eps: float = 1e-3,
    alphas: int | ArrayLike = 100,
    coef_init: ArrayLike | None = None,
    positive: bool = False,
    max_iter: int = 1000,
    tol: float = 1e-4,
    return_n_iter: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Return the elastic net's coefficients along a path of penalties, each fit starting from the one before.

    The objective is ‖y − Xw‖²/2n + alpha (l1_ratio ‖w‖₁ + ½(1 − l1_ratio) ‖w‖²), without an intercept: centre X and y
    for one.

    Parameters:
        X: (n, p), dense or sparse.
        y: (n,).
        l1_ratio: ρ in [0, 1].
        eps: the least alpha, as a part of the greatest.
        alphas: how many penalties, from the least that makes w zero, in equal ratios; or the penalties themselves.
        coef_init: where the first fit starts, (p,); zero by default.
        positive, max_iter, tol: as in `ElasticNet`, for each penalty.
        return_n_iter: whether the numbers of sweeps are returned too.

    Returns:
        The m penalties in descending order (m,), the coefficients (p, m), the duality gaps (m,), and the numbers of
        sweeps (m,) if asked for.

    Raises:
        ValueError: as for `ElasticNet`; several targets; a number of alphas with l1_ratio = 0, as no penalty then makes
            w zero.

    Complexity: as for `ElasticNet`, with the working set kept along the path.

    Source: Friedman, Hastie, Tibshirani 2010.
    """
    check(l1_ratio=l1_ratio, tol=tol, max_iter=max_iter)
    model = ElasticNet(max_iter=max_iter, tol=tol, positive=positive)
    X, y, _ = tables(model, X, y, None)
    if y.ndim == 2 and y.shape[1] > 1:
        raise ValueError(
            f"y must be one target of shape (n,) for a path; got shape {y.shape}. Call it for each column."
        )
    A, y = design(X, None, fit_intercept=False), y.reshape(-1)
    penalties = grid(A, y, l1_ratio, eps, alphas, positive)
    start = np.zeros(X.shape[1]) if coef_init is None else np.array(coef_init, dtype=np.float64)
    if start.shape != (X.shape[1],):
        raise ValueError(f"coef_init must have one entry a feature, shape ({X.shape[1]},); got shape {start.shape}.")
    path = descend(model, A, y, penalties, l1_ratio, start)
    return (penalties, path.coefs, path.gaps, *((path.sweeps,) if return_n_iter else ()))


def lasso_path(
    X: Any,
    y: Any,
    *,
    eps: float = 1e-3,
    alphas: int | ArrayLike = 100,
    coef_init: ArrayLike | None = None,
    positive: bool = False,
    max_iter: int = 1000,
    tol: float = 1e-4,
    return_n_iter: bool = False,
) -> tuple[NDArray[Any], ...]:
    """Return the lasso's coefficients along a path of penalties: `enet_path` with l1_ratio = 1, which says the rest.

    The objective is ‖y − Xw‖²/2n + alpha ‖w‖₁, without an intercept: centre X and y for one.

    Returns:
        The m penalties in descending order (m,), the coefficients (p, m), the duality gaps (m,), and the numbers of
        sweeps (m,) if asked for.

    Source: Friedman, Hastie, Tibshirani 2010.
    """
    return enet_path(
        X,
        y,
        l1_ratio=1.0,
        eps=eps,
        alphas=alphas,
        coef_init=coef_init,
        positive=positive,
        max_iter=max_iter,
        tol=tol,
        return_n_iter=return_n_iter,
    )


RULES: dict[str, tuple[str, type, Callable[[Any], bool]]] = {
    "l1_ratio": ("a number from 0 (ridge) to 1 (lasso)", Real, lambda value: 0 <= value <= 1),
    "tol": ("a finite number from 0 on, such as 1e-4", Real, lambda value: 0 <= value < np.inf),
    "max_iter": ("a whole number from 1 on, such as 1000", Integral, lambda value: value >= 1),
    "eps": ("a number above 0 and below 1, such as 1e-3", Real, lambda value: 0 < value < 1),
}


def duality_gap(
    X: Any,
    y: Any,
    coef: ArrayLike,
    alpha: float,
    *,
    l1_ratio: float = 1.0,
    fit_intercept: bool = True,
    sample_weight: ArrayLike | None = None,
) -> float:
    """The duality gap of any coefficients: their objective is above the minimum of `ElasticNet`'s by at most this.

    The intercept is the best one for the coefficients, b = ȳ − x̄ᵀw, if it is fitted. Here λ = nαρ > 0, y has shape (n,)
    and `coef` shape (p,), from whatever library. O(n p) time. Raises as `ElasticNet.fit`, and for a penalty αρ of zero,
    where the gap is not known.

    Source: Fercoq, Gramfort, Salmon 2015.
    """
    check(l1_ratio=l1_ratio)
    lam = float(check_penalties("alpha", alpha)[0]) * l1_ratio
    if lam == 0.0:
        raise ValueError("alpha * l1_ratio must be above 0; got 0. Without an L1 part compare the gradient with zero.")
    X, y, s = tables(ElasticNet(), X, y, sample_weight)
    w = np.asarray(coef, dtype=np.float64)
    if w.shape != (X.shape[1],) or y.ndim != 1:
        raise ValueError(f"coef must have shape ({X.shape[1]},) and y one axis; got {w.shape} and {y.ndim} axes.")
    A, n = design(X, s, fit_intercept), len(y)
    penalty = Penalty(n * lam, n * float(alpha) * (1 - l1_ratio))
    r = centre(y, s, fit_intercept)[0][:, 0] - A.times(w[:, None])[:, 0]
    g = gradient(A, r) - penalty.beta * w
    return penalty.gap(w, g, penalty.pull(g), float(r @ r)) / n


def check(**settings: Any) -> None:
    """Refuse a setting that breaks its rule."""
    for name, value in settings.items():
        rule, kind, holds = RULES[name]
        if not (isinstance(value, kind) and holds(value)):
            raise ValueError(f"{name} must be {rule}; got {value!r}.")


def tables(estimator: Any, X: Any, y: Any, sample_weight: ArrayLike | None) -> tuple[Any, Floats, Floats | None]:
    """Check what `fit` was given; return X contiguous, or in CSC layout, y, and weights with mean one or None.

    Whether a dense X is finite is left to `design`.
    """
    with config_context(assume_finite=True):
        X, y, _ = check_table(estimator, X, y)
    assert_all_finite(y, input_name="y", estimator_name=type(estimator).__name__)
    if sparse.issparse(X):
        assert_all_finite(X, input_name="X", estimator_name=type(estimator).__name__)
        X = sparse.csc_array(X)
        if not X.has_canonical_format:
            X = X.copy()
            X.sum_duplicates()
    elif not X.flags.forc:
        X = np.asfortranarray(X)
    return X, y, relative(check_weights(sample_weight, X.shape[0]))


def relative(s: Floats | None) -> Floats | None:
    """Scale weights to the mean one."""
    return None if s is None else s * (len(s) / s.sum())


@np.errstate(over="ignore", invalid="ignore")  # overflow is refused where it shows
def design(X: Any, s: Floats | None, fit_intercept: bool) -> Design:
    """Weight and centre X, refusing a dense one that is not finite: its column sums would not be."""
    n, p = X.shape
    if X.dtype == np.float64:
        mean = np.asarray(X.T @ (np.ones(n) if s is None else s)) / n
    else:
        mean = Design.of(X, s, fit_intercept=True).mean
    if not np.isfinite(mean).all():
        assert_all_finite(X, input_name="X")
        raise ValueError("X must have column sums that do not overflow; rescale the features.")
    return Design(X, mean if fit_intercept else np.zeros(p), None if s is None else np.sqrt(s), fit_intercept)


@np.errstate(over="ignore", invalid="ignore")
def grid(A: Design, y: Floats, l1_ratio: float, eps: float, alphas: Any, positive: bool) -> Floats:
    """Return the penalties in descending order; so many, from the least that makes w zero, where `alphas` is a number."""
    if not isinstance(alphas, Integral):
        return np.sort(check_penalties("alphas", alphas))[::-1]
    check(eps=eps)
    if alphas < 1:
        raise ValueError(f"alphas must be a number of penalties from 1 on, or the penalties themselves; got {alphas}.")
    if l1_ratio == 0:
        raise ValueError(
            "alphas must be the penalties themselves if l1_ratio is 0, as none makes w zero; got a number."
        )
    pull = Penalty(0.0, 0.0, positive).pull(gradient(A, y))
    alpha_max = max(float(pull.max()), 0.0) / len(y)  # (alpha-max)
    alpha_max = max(alpha_max / l1_ratio, float(np.finfo(np.float64).resolution))
    return np.geomspace(alpha_max, alpha_max * eps, int(alphas))


@np.errstate(over="ignore", invalid="ignore")
def descend(model: Any, A: Design, y: Floats, alphas: Iterable[float], l1_ratio: float, start: Floats) -> Path:
    """Minimise under penalties in descending order, with the model's `positive`, `tol` and `max_iter`; gaps over n.

    Warns:
        ConvergenceWarning: a gap that is above the tolerance.
    """
    n = len(y)
    penalties = [Penalty(n * alpha * l1_ratio, n * alpha * (1.0 - l1_ratio), model.positive) for alpha in alphas]
    allowed = model.tol * float(y @ y)
    if not np.isfinite(allowed):
        raise ValueError("y must have squares that do not overflow; rescale it.")
    selecting = [penalty for penalty in penalties if penalty.lam > 0.0 or penalty.positive]
    path = solve(A, y, start, selecting, gap=allowed, max_sweeps=model.max_iter)
    for penalty in penalties[len(selecting) :]:
        path = path.then(*ridge(A, y, penalty))
    if (path.gaps > allowed).any():
        warnings.warn(
            f"the duality gap is {path.gaps.max() / n:.3g}, above tol ‖y‖²/n = {allowed / n:.3g}, after max_iter = "
            f"{model.max_iter} sweeps. Raise max_iter, tol or alpha, or bring the features to one scale.",
            ConvergenceWarning,
            stacklevel=3,
        )
    return Path(path.coefs, path.gaps / n, path.sweeps)


def ridge(A: Design, y: Floats, penalty: Penalty) -> tuple[Floats, float]:
    """Return the coefficients (p,) without an L1 penalty, by ridge regression or least squares, and their gap."""
    W, _ = penalised(A, y[:, None], np.array([penalty.beta]))
    r = y[:, None] - A.times(W)
    w, g = W[:, 0], (A.adjoint(r) - penalty.beta * W)[:, 0]
    return w, penalty.gap(w, g, penalty.pull(g), float(np.sum(r**2)))
