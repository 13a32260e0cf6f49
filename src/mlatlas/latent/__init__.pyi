from .em_gaussian_mixture.em_gaussian_mixture import GaussianMixture as GaussianMixture
from .kmeans.kmeans import (
    KMeans as KMeans,
    MiniBatchKMeans as MiniBatchKMeans,
    kmeans_plusplus as kmeans_plusplus,
)
