"""The lasso by proximal gradient steps with momentum, and learners' slips in it."""

import numpy as np


class MyLasso:
    """‖y − Xw − b‖²/(2n) + alpha ‖w‖₁."""

    def __init__(self, alpha=1.0):
        self.alpha = alpha

    def fit(self, X, y):
        """Learn coef_ and intercept_."""
        X, y = self.checked(X, y)
        self.coef_ = self.minimum(X - X.mean(0), y - y.mean())
        self.intercept_ = y.mean() - X.mean(0) @ self.coef_
        return self

    def checked(self, X, y):
        """Finite arrays of a size."""
        X, y = np.asarray(X, float), np.asarray(y, float)
        if X.ndim != 2 or y.shape != X.shape[:1] or not y.size or not np.isfinite(X).all() or not np.isfinite(y).all():
            raise ValueError("X must be a finite table with a row for each entry of y.")
        if not 0 <= self.alpha < np.inf:
            raise ValueError(f"alpha must be non-negative and finite; got {self.alpha}.")
        return X, y

    def minimum(self, X, y):
        """Of the objective without an intercept."""
        n, p = X.shape
        bound = max(np.linalg.norm(X, 2) ** 2 / n, 1e-300)
        w = v = np.zeros(p)
        t = 1.0
        for _ in range(20_000):
            z = v - X.T @ (X @ v - y) / (n * bound)
            new = self.prox(z, self.alpha / bound)
            again = (1 + np.sqrt(1 + 4 * t * t)) / 2
            v = new + (t - 1) / again * (new - w) if (v - new) @ (new - w) <= 0 else new
            still = np.abs(new - w).max() <= 1e-14 * np.abs(new).max()
            w, t = new, again
            if still:
                break
        return w

    def prox(self, z, t):
        """The soft threshold."""
        return np.sign(z) * np.maximum(np.abs(z) - t, 0.0)

    def predict(self, X):
        """X w + b."""
        return np.asarray(X) @ self.coef_ + self.intercept_


class Uncentred(MyLasso):
    """A slip: the data are taken as they come."""

    def fit(self, X, y):
        """Learn without an intercept."""
        self.coef_, self.intercept_ = self.minimum(*self.checked(X, y)), 0.0
        return self


class NoHalf(MyLasso):
    """A slip: the derivative of a square without its 2 is the gradient of half of it."""

    def fit(self, X, y):
        """Learn with the penalty against ‖·‖²/n."""
        half = MyLasso(self.alpha / 2).fit(X, y)
        self.coef_, self.intercept_ = half.coef_, half.intercept_
        return self
