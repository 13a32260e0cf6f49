"""Logistic regression by SciPy's minimiser, and slips in it."""

import warnings

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_X_y


class MyLogisticRegression(ClassifierMixin, BaseEstimator):
    """The likelihood, and ‖w‖²/(2C) against it."""

    def __init__(self, C=1.0):
        self.C = C

    def fit(self, X, y):
        """Learn coef_, intercept_ and classes_."""
        X, y = check_X_y(X, y)
        check_classification_targets(y)
        if not self.C > 0:
            raise ValueError(f"C must be positive; got {self.C}.")
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(f"y must hold two classes; got {len(self.classes_)}.")
        theta = np.zeros(X.shape[1] + 1)
        for method, options in (("BFGS", {"gtol": 1e-8}), ("Newton-CG", {"xtol": 1e-13})):
            theta = minimize(self.value, theta, (X, code), method, self.slope, self.bend, options=options).x
        if np.inf == self.C and np.abs(X @ theta[:-1] + theta[-1]).max() > 15:
            warnings.warn(
                "the likelihood has no maximum: the classes can be separated", ConvergenceWarning, stacklevel=2
            )
        self.coef_, self.intercept_ = theta[None, :-1], theta[-1:]
        return self

    def value(self, theta, X, code):
        """What is minimised."""
        z = X @ theta[:-1] + theta[-1]
        return -log_expit((2 * code - 1) * z).sum() + self.penalty(theta, len(X)) @ theta**2 / 2

    def slope(self, theta, X, code):
        """Its gradient."""
        r = expit(X @ theta[:-1] + theta[-1]) - code
        return np.append(X.T @ r, r.sum()) + self.penalty(theta, len(X)) * theta

    def bend(self, theta, X, code):
        """Its second derivatives."""
        A, p = np.column_stack([X, np.ones(len(X))]), expit(X @ theta[:-1] + theta[-1])
        return (A.T * (p * (1 - p))) @ A + np.diag(self.penalty(theta, len(X)))

    def penalty(self, theta, n):
        """Of each coefficient."""
        return np.append(np.full(len(theta) - 1, 1 / self.C), 0.0)

    def decision_function(self, X):
        """X w + b."""
        return X @ self.coef_[0] + self.intercept_[0]

    def predict(self, X):
        """The likelier class."""
        return self.classes_[(self.decision_function(X) > 0).astype(int)]

    def predict_log_proba(self, X):
        """The logarithm of either probability."""
        z = self.decision_function(X)
        return log_expit(np.column_stack([-z, z]))

    def predict_proba(self, X):
        """Either probability."""
        z = self.decision_function(X)
        return expit(np.column_stack([-z, z]))


class PenalisedIntercept(MyLogisticRegression):
    """A slip: the intercept is penalised like the others."""

    def penalty(self, theta, n):
        """Of each coefficient, the intercept among them."""
        return np.full(len(theta), 1 / self.C)


class MeanLoss(MyLogisticRegression):
    """A slip: the penalty is set against the mean of the losses."""

    def penalty(self, theta, n):
        """Of each coefficient, n times as much."""
        return super().penalty(theta, n) * n
