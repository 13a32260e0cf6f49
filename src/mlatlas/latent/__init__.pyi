from .kmeans.kmeans import (
    KMeans as KMeans,
    MiniBatchKMeans as MiniBatchKMeans,
    kmeans_plusplus as kmeans_plusplus,
)
