"""Logistic regression by Newton's method, halving steps that go uphill."""

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning


class LogisticRegression:
    """Σ ln(1 + exp(−t z)) + ‖w‖²/(2C) with t = ±1; the intercept is free."""

    def __init__(self, *, C=1.0, fit_intercept=True):
        self.C, self.fit_intercept = C, fit_intercept

    def fit(self, X, y, sample_weight=None):
        """Learn coef_, intercept_ and classes_."""
        X, y = np.asarray(X, float), np.asarray(y)
        if X.ndim != 2 or y.shape != X.shape[:1] or not np.isfinite(X).all():
            raise ValueError("X must be a finite table with a row for each label.")
        if not self.C > 0:
            raise ValueError(f"C must be positive; got {self.C}.")
        if y.dtype.kind == "f" and not (np.isfinite(y).all() and (y == np.round(y)).all()):
            raise ValueError("y must hold labels.")
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y must hold two classes; got {len(self.classes_)}.")
        s = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        if s.shape != y.shape or not np.isfinite(s).all() or (s < 0).any():
            raise ValueError("sample_weight must be a non-negative number for each row.")
        A = np.hstack([X, np.ones((len(X), 1))]) if self.fit_intercept else X
        ridge = np.append(np.full(X.shape[1], 1 / self.C), [0.0] * self.fit_intercept)
        t, theta = 2.0 * code - 1, np.zeros(A.shape[1])

        def value(theta):
            return s @ np.logaddexp(0, -t * (A @ theta)) + ridge @ theta**2 / 2

        for _ in range(100):
            p = 1 / (1 + np.exp(-A @ theta))
            gradient = A.T @ (s * (p - code)) + ridge * theta
            step = np.linalg.lstsq((A.T * (s * p * (1 - p))) @ A + np.diag(ridge), gradient, rcond=1e-13)[0]
            size = 1.0
            while value(theta - size * step) > value(theta) + 1e-12 * abs(value(theta)) and size > 1e-9:
                size /= 2
            theta = theta - size * step
            if np.abs(size * step).max() <= 1e-14 * max(1.0, np.abs(theta).max()):
                break
        if np.inf == self.C and np.abs(A @ theta).max() > 15:
            warnings.warn(
                "the likelihood has no maximum: the classes can be separated", ConvergenceWarning, stacklevel=2
            )
        self.coef_ = theta[None, : X.shape[1]]
        self.intercept_ = theta[X.shape[1] :] if self.fit_intercept else np.zeros(1)
        return self

    def decision_function(self, X):
        """X w + b."""
        return np.asarray(X, float) @ self.coef_[0] + self.intercept_[0]

    def predict(self, X):
        """The likelier class."""
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def predict_log_proba(self, X):
        """The logarithm of either probability."""
        z = self.decision_function(X)
        return -np.logaddexp(0, np.column_stack([z, -z]))

    def predict_proba(self, X):
        """Either probability."""
        return np.exp(self.predict_log_proba(X))
