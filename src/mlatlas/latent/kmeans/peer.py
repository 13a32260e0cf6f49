"""Whom k-means races: scikit-learn, from the same starts, to the same inertia."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "algorithm='hamerly'",
            "algorithm='elkan'",
            Text(
                en="both spare distances by the triangle inequality; Elkan keeps K lower bounds a row, Hamerly one",
                zh="两者都用三角不等式省去距离计算；Elkan 为每个样本保存 K 个下界，Hamerly 只保存一个",
            ),
        ),
        Translation(
            "MiniBatchKMeans(...)",
            "MiniBatchKMeans(..., reassignment_ratio=0)",
            Text(
                en="scikit-learn also throws away centres that got few rows and draws them anew; ours keeps every centre",
                zh="scikit-learn 还会丢弃分到样本很少的中心并重新抽取；本库保留每个中心",
            ),
        ),
    ],
)
def scikit_learn():
    """The same names; bounds are Elkan's."""
    from sklearn.cluster import KMeans as Peer, MiniBatchKMeans as Stream, kmeans_plusplus

    class KMeans(Peer):
        def fit(self, X, y=None, sample_weight=None):
            if self.algorithm == "hamerly":
                self.algorithm = "elkan"
            return super().fit(X, y, sample_weight)

    class MiniBatchKMeans(Stream):
        def __init__(self, n_clusters=8, *, init="k-means++", n_init="auto", batch_size=1024, random_state=None):
            super().__init__(
                n_clusters,
                init=init,
                n_init=n_init,
                batch_size=batch_size,
                random_state=random_state,
                reassignment_ratio=0.0,
            )

    return {"KMeans": KMeans, "MiniBatchKMeans": MiniBatchKMeans, "kmeans_plusplus": kmeans_plusplus}


def inertia(problem, centres) -> float:
    """Σ‖x − c‖² with the nearest of these centres, to ten digits: what lies beyond them is rounding."""
    X, total = problem[0], 0.0
    for start in range(0, len(X), 10_000):
        rows = X[start : start + 10_000] - X[0]
        C = centres - X[0]
        total += float(np.sum((rows**2).sum(1) + ((C**2).sum(1) - 2 * rows @ C.T).min(1)))
    return float(f"{total:.9e}")


CERTIFIES = Text(en="inertia of the centres, no worse than the peer's", zh="所得中心的目标值，不比对方差")


def separated(rng: np.random.Generator, n: int, d: int, K: int):
    """K clouds well apart, and K rows as starts: several in one cloud, so that Lloyd has a way to go."""
    X = 4.0 * rng.normal(size=(K, d))[rng.integers(K, size=n)] + rng.normal(size=(n, d))
    return X, X[:K].copy(), "elkan"


def blurred(rng: np.random.Generator, n: int, d: int, K: int):
    """Four times as many clouds as centres, which run into one another; here scikit-learn is faster without bounds."""
    X = 1.2 * rng.normal(size=(4 * K, d))[rng.integers(4 * K, size=n)] + rng.normal(size=(n, d))
    return X, X[:K].copy(), "lloyd"


def lloyd(subject, problem):
    """Twenty steps from the same starts; the peer's algorithm is the faster of its two, measured."""
    X, C, theirs = problem
    model = subject.KMeans(len(C), init=C, n_init=1, max_iter=20, tol=0.0)
    if model.get_params()["algorithm"] != "hamerly":
        model.set_params(algorithm=theirs)
    return model.fit(X).cluster_centers_


SIZES = {
    "tiny": (60, 2, 3),
    "small": (2_000, 8, 8),
    "middle": (200_000, 32, 64),
    "large": (100_000, 100, 200),
}


@race(
    en="Twenty steps on clouds well apart",
    zh="相互分开的团块上走二十步",
    problem=separated,
    sizes=SIZES,
    certificate=inertia,
    certifies=CERTIFIES,
    goal=None,
)
def twenty_steps_apart(subject, problem, tolerance):
    """Fit from the given starts."""
    return lloyd(subject, problem)


@race(
    en="Twenty steps on clouds that run into one another",
    zh="相互重叠的团块上走二十步",
    problem=blurred,
    sizes=SIZES,
    certificate=inertia,
    certifies=CERTIFIES,
    goal=None,
)
def twenty_steps_blurred(subject, problem, tolerance):
    """Fit from the given starts."""
    return lloyd(subject, problem)


@race(
    en="A stream in batches of 1024, on clouds well apart",
    zh="数据流，每批 1024 行，团块相互分开",
    problem=separated,
    sizes=SIZES,
    certificate=inertia,
    certifies=CERTIFIES,
    goal=None,
)
def stream(subject, problem, tolerance):
    """Learn every batch once, from the given starts; labels of each batch are part of it on both sides."""
    X, C, _ = problem
    model = subject.MiniBatchKMeans(len(C), init=C, n_init=1)
    for start in range(0, len(X), 1024):
        model.partial_fit(X[start : start + 1024])
    return model.cluster_centers_
