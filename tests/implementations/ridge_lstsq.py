"""Ridge regression as least squares on a longer table."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_X_y


class MyRidge(RegressorMixin, BaseEstimator):
    """‖y − Xw − b‖² + alpha ‖w‖²."""

    def __init__(self, alpha=1.0, fit_intercept=True):
        self.alpha = alpha
        self.fit_intercept = fit_intercept

    def fit(self, X, y):
        """Learn coef_ and intercept_."""
        X, y = check_X_y(X, y, y_numeric=True)
        if not 0 <= self.alpha < np.inf:
            raise ValueError(f"alpha must be non-negative and finite; got {self.alpha}.")
        p = X.shape[1]
        mean, target = (X.mean(0), y.mean()) if self.fit_intercept else (np.zeros(p), 0.0)
        longer = np.vstack([X - mean, np.sqrt(self.alpha) * np.eye(p)])
        self.coef_ = np.linalg.lstsq(longer, np.append(y - target, np.zeros(p)), rcond=None)[0]
        self.intercept_ = target - mean @ self.coef_
        return self

    def predict(self, X):
        """X w + b."""
        return X @ self.coef_ + self.intercept_


class PerSample(MyRidge):
    """A slip: the penalty is set against the mean of the squares, not their sum."""

    def fit(self, X, y):
        """Learn with a penalty n times too small."""
        smaller = MyRidge(self.alpha / len(y), self.fit_intercept).fit(X, y)
        self.coef_, self.intercept_ = smaller.coef_, smaller.intercept_
        return self


class Uncentred(MyRidge):
    """A slip: a column of ones is appended, and penalised like the others."""

    def fit(self, X, y):
        """Learn with a penalised intercept."""
        X, y = check_X_y(X, y, y_numeric=True)
        if not self.fit_intercept:
            return super().fit(X, y)
        A = np.hstack([X, np.ones((len(X), 1))])
        w = np.linalg.solve(A.T @ A + self.alpha * np.eye(A.shape[1]), A.T @ y)
        self.coef_, self.intercept_ = w[:-1], w[-1]
        return self
