"""Ridge regression by the singular values of the centred table."""

import numpy as np


class Ridge:
    """‖y − Xw − b‖² + alpha ‖w‖², with weights, several targets and a penalty for each."""

    def __init__(self, alpha=1.0, fit_intercept=True):
        self.alpha, self.fit_intercept = alpha, fit_intercept

    def fit(self, X, y, sample_weight=None):
        """Learn coef_ and intercept_."""
        X, y, alpha = np.asarray(X, float), np.asarray(y, float), np.asarray(self.alpha, float)
        if X.ndim != 2 or len(X) != len(y) or not len(y):
            raise ValueError(f"X must have a row for each y, and some; got {X.shape} and {y.shape}.")
        if not (np.isfinite(X).all() and np.isfinite(y).all() and np.isfinite(alpha).all() and (alpha >= 0).all()):
            raise ValueError("X, y and alpha must be finite, and alpha not negative.")
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        if w.shape != (len(y),) or not np.isfinite(w).all() or (w < 0).any():
            raise ValueError("sample_weight must be a non-negative number for each row.")
        Y = y.reshape(len(y), -1)
        mean, target = np.zeros(X.shape[1]), np.zeros(Y.shape[1])
        if self.fit_intercept:
            mean, target = w @ X / w.sum(), w @ Y / w.sum()
        root = np.sqrt(w)[:, None]
        U, s, Vt = np.linalg.svd(root * (X - mean), full_matrices=False)
        shrunk = s[:, None] / (s[:, None] ** 2 + np.broadcast_to(alpha, Y.shape[1]))
        coef = (Vt.T @ (shrunk * (U.T @ (root * (Y - target))))).T
        intercept = target - coef @ mean
        self.coef_, self.intercept_ = (coef, intercept) if y.ndim > 1 else (coef[0], intercept[0])
        return self

    def predict(self, X):
        """X w + b."""
        return np.asarray(X, float) @ self.coef_.T + self.intercept_
