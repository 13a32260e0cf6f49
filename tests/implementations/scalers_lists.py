"""A scaler on lists."""

import math


class MyStandardScaler:
    """Each feature less its mean, over its standard deviation."""

    def fit(self, X):
        """Learn the mean and the standard deviation of each column."""
        columns = list(zip(*_rows(X), strict=True))
        self.mean_ = [math.fsum(x) / len(x) for x in columns]
        self.scale_ = [
            _spread([one - mean for one in x]) if max(x) > min(x) else 1.0
            for x, mean in zip(columns, self.mean_, strict=True)
        ]
        return self

    def transform(self, X):
        """Map each row."""
        return _array([[(a - b) / c for a, b, c in zip(row, self.mean_, self.scale_, strict=True)] for row in _rows(X)])

    def fit_transform(self, X):
        """Learn from rows and map them."""
        return self.fit(X).transform(X)

    def inverse_transform(self, X):
        """Map each row back."""
        return _array([[a * c + b for a, b, c in zip(row, self.mean_, self.scale_, strict=True)] for row in _rows(X)])


def _spread(x):
    rest = math.fsum(x) / len(x)  # of the rounding of the mean
    return math.hypot(*(one - rest for one in x)) / math.sqrt(len(x))


def _rows(X):
    rows = [[float(one) for one in row] for row in X]
    if any(math.isnan(one) for row in rows for one in row):
        raise NotImplementedError("missing values")
    if not rows or not rows[0] or any(math.isinf(one) for row in rows for one in row):
        raise ValueError("X must be a table of finite numbers.")
    return rows


def _array(rows):
    import numpy as np

    return np.array(rows)
