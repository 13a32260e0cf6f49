"""Scalers in arrays with missing values and weights."""

import numpy as np


def table(X):
    """Rows of numbers, some of which may be missing."""
    X = np.asarray(X, float)
    if X.ndim != 2 or not X.size or np.isinf(X).any():
        raise ValueError("X must be a table of finite numbers, NaN where they are missing.")
    return X


class Affine:
    """(x − centre) / scale for each feature."""

    def fit_transform(self, X, y=None):
        """Learn from a table and map it."""
        return self.fit(X).transform(X)

    def transform(self, X):
        """Map a table."""
        return (table(X) - self.centre) / self.scale_

    def inverse_transform(self, X):
        """Map it back."""
        return table(X) * self.scale_ + self.centre


class StandardScaler(Affine):
    """The mean and the standard deviation; a feature that does not vary keeps its unit."""

    def fit(self, X, y=None, sample_weight=None):
        """Learn mean_, var_ and scale_."""
        X = table(X)
        w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        if w.shape != X.shape[:1] or not np.isfinite(w).all() or (w < 0).any() or not w.any():
            raise ValueError("sample_weight must be a non-negative number for each row.")
        W = np.where(np.isnan(X), 0.0, w[:, None])
        X, total = np.nan_to_num(X), W.sum(0)
        mean = (W * X).sum(0) / total
        rest = (W * (X - mean)).sum(0) / total  # of the rounding
        self.mean_ = self.centre = mean + rest
        self.var_ = (W * (X - mean - rest) ** 2).sum(0) / total
        spread = np.sqrt(self.var_)
        self.scale_ = np.where(spread <= 10 * np.finfo(float).eps * np.abs(mean), 1.0, spread)
        return self


class MaxAbsScaler(Affine):
    """The largest absolute value."""

    centre = 0.0

    def fit(self, X, y=None):
        """Learn scale_."""
        largest = np.nanmax(np.abs(table(X)), axis=0)
        self.scale_ = np.where(largest > 0, largest, 1.0)
        return self
