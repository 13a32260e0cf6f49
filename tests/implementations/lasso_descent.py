"""The lasso and the elastic net by coordinate descent."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_X_y, validate_data


class ElasticNet(RegressorMixin, BaseEstimator):
    """‖y − Xw − b‖²/(2n) + alpha (l1_ratio ‖w‖₁ + (1 − l1_ratio) ‖w‖²/2)."""

    def __init__(self, alpha=1.0, l1_ratio=0.5, *, fit_intercept=True, positive=False, max_iter=1000):
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.positive = positive
        self.max_iter = max_iter

    def fit(self, X, y):
        """Learn coef_ and intercept_."""
        X, y = check_X_y(X, y, y_numeric=True)
        if not (0 <= self.alpha < np.inf and 0 <= self.l1_ratio <= 1):
            raise ValueError("alpha must be non-negative and finite, l1_ratio between 0 and 1.")
        n, p = X.shape
        mean, target = (X.mean(0), y.mean()) if self.fit_intercept else (np.zeros(p), 0.0)
        A, r = X - mean, y - target
        l1, l2 = n * self.alpha * self.l1_ratio, n * self.alpha * (1 - self.l1_ratio)
        w, squares = np.zeros(p), (A**2).sum(0)
        for _ in range(self.max_iter):
            moved = 0.0
            for j in np.flatnonzero(squares):
                z = A[:, j] @ r + squares[j] * w[j]
                new = np.sign(z) * max(abs(z) - l1, 0.0) / (squares[j] + l2)
                if self.positive:
                    new = max(new, 0.0)
                r -= (new - w[j]) * A[:, j]
                moved, w[j] = max(moved, abs(new - w[j])), new
            if moved <= 1e-15 * np.abs(w).max():
                break
        self.coef_, self.intercept_ = w, target - mean @ w
        return self

    def predict(self, X):
        """X w + b."""
        return validate_data(self, X, reset=False, skip_check_array=True) @ self.coef_ + self.intercept_


class Lasso(ElasticNet):
    """The elastic net with nothing but absolute values."""

    def __init__(self, alpha=1.0, *, fit_intercept=True, positive=False, max_iter=1000):
        super().__init__(alpha, 1.0, fit_intercept=fit_intercept, positive=positive, max_iter=max_iter)
