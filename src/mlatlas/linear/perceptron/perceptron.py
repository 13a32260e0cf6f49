"""The perceptron, and its average.

Samples x̃ = (x, 1), augmented with the bias, and labels y = ±1 are gone through one after another, from w = 0:

    if y wᵀx̃ ≤ 0:   w ← w + y x̃

until a pass makes no mistake. If some unit vector u has y uᵀx̃ ≥ γ > 0 on all samples, and ‖x̃‖ ≤ R, there are at most
(R/γ)² mistakes in all (Novikoff 1962). Otherwise every pass makes one, and the averaged perceptron predicts with the
mean of the w that all steps left behind,

    w̄ = 1/T Σₜ wₜ = w_T − 1/T Σ (t−1) yₜ x̃ₜ,      the second sum over the mistakes, t = 1 … T.

No step size is to be chosen: another one multiplies w, and changes no decision. More than two classes are learned one
against the rest.

Shapes: n samples, p features, K classes; one row of weights for two classes, otherwise one for each class.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from typing import Any, Self

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import ArrayLike, NDArray
from scipy import sparse
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from mlatlas.linear.perceptron.kernels import pass_dense, pass_sparse

Floats = NDArray[np.float64]
Pass = Callable[[int, NDArray[np.intp]], int]


class Perceptron(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Rosenblatt's perceptron: w ← w + y x̃ at every sample with y wᵀx̃ ≤ 0, from w = 0, pass after pass.

    Parameters:
        fit_intercept: whether samples are augmented with a one, whose weight is the bias.
        max_iter: the largest number of passes over the samples.
        n_iter_no_change: a class stops learning after so many passes that bring its mistakes in a pass to no new
            low; None goes on to separation or `max_iter`.
        shuffle: whether each pass takes the samples in a new random order, or all in the order given. Either way a
            pass without a mistake ends the learning: all samples are separated.
        random_state: seed or generator of the orders.
        n_jobs: threads, of which each takes a class; None means 1, and -1 every core.

    Attributes:
        classes_: the K classes, sorted.
        coef_, intercept_: the weights, of shape (1, p) and (1,) for two classes, (K, p) and (K,) for more.
        n_iter_: the number of passes, of the class that took the most.
        mistakes_: the mistakes made while learning, a number for two classes, of shape (K,) for more.
        n_features_in_, feature_names_in_: as in scikit-learn.

    The order of the samples matters: another one may give another answer. There is no `predict_proba`: scores are sums
    of samples, not log-odds.

    Complexity: O(n p) time a pass, or O(nnz), times K for K > 2 classes; memory O(n + K p) beside X, plus a copy of an X
    that is neither in C order nor in CSR format.

    Sources: Rosenblatt 1958; Novikoff 1962, On convergence proofs for perceptrons.
    """

    classes_: NDArray[Any]
    coef_: Floats
    intercept_: Floats
    n_iter_: int
    mistakes_: Any
    _average = False

    def __init__(
        self,
        *,
        fit_intercept: bool = True,
        max_iter: int = 1000,
        n_iter_no_change: int | None = 5,
        shuffle: bool = True,
        random_state: Any = 0,
        n_jobs: int | None = None,
    ) -> None:
        """Store the parameters."""
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.n_iter_no_change = n_iter_no_change
        self.shuffle = shuffle
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: ArrayLike) -> Self:
        """Learn from X (n, p), dense or sparse, and labels y (n,), from zero.

        Raises:
            ValueError: missing or infinite values, no rows, unequal lengths, text or complex numbers in X, a 1-D X,
                targets that are no classes or of one class only, numbers so large that the weights overflow, a
                `max_iter` or `n_iter_no_change` below 1.

        Warns:
            ConvergenceWarning: `max_iter` passes were not enough for `n_iter_no_change` to stop it.
        """
        passes, patience = _at_least_one("max_iter", self.max_iter), np.inf
        if self.n_iter_no_change is not None:
            patience = _at_least_one("n_iter_no_change", self.n_iter_no_change)
        X, y = self._checked(X, y, reset=True)
        self.classes_ = np.unique(y)
        self._start(X.shape[1])
        code, n = self._codes(y), X.shape[0]
        random, order = check_random_state(self.random_state), np.arange(n)
        active = np.arange(len(self._weights))
        lowest, idle = np.full(len(active), n + 1), np.zeros(len(active))
        workers = min(effective_n_jobs(self.n_jobs), len(active))
        with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
            for _ in range(passes):
                if self.shuffle:
                    order = random.permutation(n)
                self.n_iter_ += 1
                made = self._pass(X, code, order, active, map if pool is None else pool.map)
                idle[active] = np.where(made < lowest[active], 0, idle[active] + 1)
                lowest[active] = np.minimum(made, lowest[active])
                active = active[(made > 0) & (idle[active] < patience)]
                if not active.size:
                    break
        if active.size and self.n_iter_no_change is not None:
            warnings.warn(
                f"the mistakes in a pass were still falling after max_iter={passes} passes. Raise max_iter.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self._finish()
        return self

    def partial_fit(self, X: Any, y: ArrayLike, classes: ArrayLike | None = None) -> Self:
        """Go once over X (n, p) and y (n,) in the order given, on from the present weights.

        `classes` lists all classes, at the first call at least. `n_iter_` and `mistakes_` count on.

        Raises:
            ValueError: as `fit`; no `classes` at the first call, others later, or labels that are not among them.
        """
        first = not hasattr(self, "classes_")
        if first and classes is None:
            raise ValueError("classes must be given at the first call of partial_fit; got None. List all classes.")
        given = self.classes_ if classes is None else np.unique(column_or_1d(classes))
        if not first and not np.array_equal(given, self.classes_):
            raise ValueError(f"classes must stay {self.classes_.tolist()}; got {given.tolist()}. Leave it out.")
        X, y = self._checked(X, y, reset=first)
        if first:
            self.classes_ = given
            self._start(X.shape[1])
        if len(strange := np.setdiff1d(y, self.classes_)):
            raise ValueError(
                f"y must hold the classes {self.classes_.tolist()}; got {strange.tolist()}. Drop those rows."
            )
        self._pass(X, self._codes(y), np.arange(X.shape[0]), np.arange(len(self._weights)), map)
        self.n_iter_ += 1
        self._finish()
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return the scores X w + b: shape (n,) for two classes, positive for the second; else (n, K). O(n p K) time."""
        check_is_fitted(self)
        X = validate_data(self, X, accept_sparse=("csr", "csc"), dtype=(np.float64, np.float32), reset=False)
        scores = np.asarray(X @ self.coef_.T + self.intercept_)
        return scores.ravel() if len(self.coef_) == 1 else scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the class with the largest score, of shape (n,); the first one in a tie. Time as `decision_function`."""
        scores = self.decision_function(X)
        best = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[best])

    def _checked(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, NDArray[Any]]:
        X, y = validate_data(
            self, X, y, accept_sparse="csr", dtype=(np.float64, np.float32), order="C", y_numeric=False, reset=reset
        )
        if y.dtype.kind not in "biuU":
            check_classification_targets(y)
        return X, y

    def _start(self, p: int) -> None:
        """Weights zero, for the classes in `classes_`."""
        k = len(self.classes_)
        if k < 2:
            raise ValueError(f"y must hold at least 2 classes; got 1 class, {self.classes_.tolist()}. Add another.")
        rows = 1 if k == 2 else k
        self._weights, self._late = np.zeros((rows, p + 1)), np.zeros((rows, p + 1))
        self._steps, self._mistakes = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64)
        self.n_iter_ = 0

    def _codes(self, y: NDArray[Any]) -> NDArray[np.int32]:
        """The place of each label in `classes_`."""
        places = y == self.classes_[1] if len(self.classes_) == 2 else np.searchsorted(self.classes_, y)
        return places.astype(np.int32)

    def _pass(
        self, X: Any, code: NDArray[np.int32], order: NDArray[np.intp], active: NDArray[np.intp], run: Any
    ) -> NDArray[np.int64]:
        """Go once over the samples for each of the active rows of weights; the mistakes of each."""
        table: tuple[Any, ...]
        if sparse.issparse(X):
            kernel, table = pass_sparse, (X.data, X.indices.view(f"u{X.indices.itemsize}"), X.indptr)
        else:
            kernel, table = pass_dense, (X,)
        one = 1.0 if self.fit_intercept else 0.0

        def learn(row: int) -> int:
            positive = 1 if len(self._weights) == 1 else row
            w, late, step = self._weights[row], self._late[row], self._steps[row]
            return int(kernel(*table, code, positive, order, one, w, late, step, self._average))

        made = np.array(list(run(learn, active)))
        if not np.isfinite(self._weights[active]).all():
            raise ValueError("X must not hold numbers so large that sums of its rows overflow. Scale its columns.")
        self._steps[active] += len(order)
        self._mistakes[active] += made
        return made

    def _finish(self) -> None:
        """Put the weights where users look for them."""
        w = self._weights
        if self._average:
            w = w - self._late / self._steps[:, None]  # (average)
        self.coef_, self.intercept_ = np.ascontiguousarray(w[:, :-1]), w[:, -1].copy()
        self.mistakes_ = int(self._mistakes[0]) if len(w) == 1 else self._mistakes.copy()

    def __sklearn_tags__(self) -> Any:
        """Say that sparse input is taken."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


class AveragedPerceptron(Perceptron):
    """The averaged perceptron: it learns as `Perceptron` does, and predicts with the mean of the weights of all steps.

    The mean weighs each w by the samples that it survived. On data that cannot be separated it hardly depends on where
    learning stops, whereas the last w is as good as the last few samples made it. Averaging costs O(p) a mistake.

    Parameters, methods, errors and complexity are those of `Perceptron`. `coef_` and `intercept_` are the means, and
    `mistakes_` counts those of the weights that were learned.

    Sources: Freund, Schapire 1999, Large Margin Classification Using the Perceptron Algorithm; Collins 2002.
    """

    _average = True


def _at_least_one(name: str, value: Any) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be an integer of at least 1; got {value!r}. Pass 1 for a single pass.")
    return int(value)
