"""K-means by Lloyd's two steps in arrays."""

import numpy as np


class KMeans:
    """Least Σ w ‖x − c‖², from starts given or drawn."""

    def __init__(self, n_clusters=8, *, init="k-means++", n_init=10, max_iter=300, tol=0.0, random_state=None):
        self.n_clusters, self.init, self.n_init = n_clusters, init, n_init
        self.max_iter, self.tol, self.random_state = max_iter, tol, random_state

    def fit(self, X, y=None, sample_weight=None):
        """Learn cluster_centers_, labels_ and inertia_."""
        X = np.asarray(X, float)
        w = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight, float)
        if X.ndim != 2 or not np.isfinite(X).all() or not 1 <= self.n_clusters <= len(X):
            raise ValueError("X must be a finite table with at least n_clusters rows.")
        if w.shape != X.shape[:1] or not np.isfinite(w).all() or (w < 0).any():
            raise ValueError("sample_weight must be a non-negative number for each row.")
        random = np.random.default_rng(self.random_state)
        best = np.inf
        for _ in range(self.n_init):
            C = (
                X[random.permutation(len(X))[: self.n_clusters]]
                if isinstance(self.init, str)
                else np.array(self.init, float)
            )
            if C.shape != (self.n_clusters, X.shape[1]) or not np.isfinite(C).all():
                raise ValueError("init must be a finite row for each cluster.")
            C, z = self.lloyd(X, w, C)
            inertia = float(w @ ((X - C[z]) ** 2).sum(1))
            if inertia < best:
                best, self.cluster_centers_, self.labels_ = inertia, C, z
        self.inertia_ = best
        return self

    def lloyd(self, X, w, C):
        """Label, then average, until no label changes."""
        z = self.nearest(X, C)
        for _ in range(self.max_iter):
            C = self.averages(X, w, C, z)
            before, z = z, self.nearest(X, C)
            if np.array_equal(before, z):
                break
        return C, z

    def averages(self, X, w, C, z):
        """The weighted mean of each cluster; an empty one starts again at the row farthest from its centre."""
        z = z.copy()
        away = ((X - C[z]) ** 2).sum(1)
        for k in range(len(C)):
            if not w[z == k].sum():
                far = int(np.argmax(np.where(w > 0, away, -1.0)))
                z[far], away[far] = k, -1.0
        return np.array([w[z == k] @ X[z == k] / w[z == k].sum() for k in range(len(C))])

    def nearest(self, X, C):
        """The number of the nearest centre."""
        return self.distances(X, C).argmin(1)

    def distances(self, X, C):
        """To each centre."""
        return np.linalg.norm(X[:, None] - C[None], axis=2)

    def predict(self, X):
        """The number of the nearest centre."""
        return self.nearest(np.asarray(X, float), self.cluster_centers_)

    def transform(self, X):
        """Distances to the centres."""
        return self.distances(np.asarray(X, float), self.cluster_centers_)

    def score(self, X, y=None, sample_weight=None):
        """Minus the inertia."""
        least = self.transform(X).min(1) ** 2
        return -float(least.sum() if sample_weight is None else np.asarray(sample_weight) @ least)


class MeanInertia(KMeans):
    """A slip: the inertia is the mean of the squares."""

    def fit(self, X, y=None, sample_weight=None):
        """Learn, and divide by the number of rows."""
        super().fit(X, y, sample_weight)
        self.inertia_ /= len(X)
        return self
