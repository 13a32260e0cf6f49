"""Whom logistic regression races: scikit-learn, with the solver that is fastest there, to the same gradient."""

from __future__ import annotations

from mlatlas.atlas.judge import peer


@peer("scikit-learn", requires="sklearn")
def scikit_learn():
    from sklearn.linear_model import LogisticRegression as Theirs

    class LogisticRegression(Theirs):
        def __init__(
            self,
            *,
            C=1.0,
            l1_ratio=0.0,
            fit_intercept=True,
            class_weight=None,
            tol=1e-4,
            max_iter=1000,
            warm_start=False,
        ):
            super().__init__(
                C=C,
                l1_ratio=l1_ratio,
                fit_intercept=fit_intercept,
                class_weight=class_weight,
                tol=tol,
                max_iter=max_iter,
                warm_start=warm_start,
            )

        def fit(self, X, y, sample_weight=None):
            self.solver = "saga" if self.l1_ratio > 0 else "newton-cholesky"
            return super().fit(X, y, sample_weight)

    return {"LogisticRegression": LogisticRegression}
