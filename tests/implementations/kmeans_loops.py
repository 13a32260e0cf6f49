"""K-means in plain loops, from given starts only."""

import math


class PlainKMeans:
    """Lloyd's steps on lists."""

    def __init__(self, n_clusters, init, n_init=1, max_iter=300):
        self.n_clusters, self.init, self.n_init, self.max_iter = n_clusters, init, n_init, max_iter

    def fit(self, X):
        """Learn cluster_centers_, labels_ and inertia_."""
        rows, centres = _rows(X), _rows(self.init)
        if self.n_init != 1:
            raise ValueError(f"n_init must be 1 where the starts are given; got {self.n_init!r}.")
        if len(centres) != self.n_clusters or len(rows) < self.n_clusters or len(rows[0]) != len(centres[0]):
            raise ValueError("init must have a row for each cluster, and X at least as many.")
        labels = [_nearest(row, centres) for row in rows]
        for _ in range(self.max_iter):
            for k in range(len(centres)):
                if k not in labels:
                    labels[max(range(len(rows)), key=lambda i: math.dist(rows[i], centres[labels[i]]))] = k
                mine = [row for row, label in zip(rows, labels, strict=True) if label == k]
                centres[k] = [math.fsum(column) / len(mine) for column in zip(*mine, strict=True)]
            before, labels = labels, [_nearest(row, centres) for row in rows]
            if before == labels:
                break
        self.cluster_centers_, self.labels_ = _array(centres), _array(labels)
        self.inertia_ = math.fsum(math.dist(row, centres[k]) ** 2 for row, k in zip(rows, labels, strict=True))
        return self

    def predict(self, X):
        """The number of the nearest centre."""
        return _array([_nearest(row, self.cluster_centers_) for row in X])

    def transform(self, X):
        """Distances to the centres."""
        return _array([[math.dist(row, centre) for centre in self.cluster_centers_] for row in X])


def _rows(table):
    rows = [[float(one) for one in row] for row in table]
    if not rows or not all(math.isfinite(one) for row in rows for one in row):
        raise ValueError("a table must have rows of finite numbers.")
    return rows


def _nearest(row, centres):
    return min(range(len(centres)), key=lambda k: math.dist(row, centres[k]))


def _array(values):
    import numpy as np

    return np.array(values)
