"""The data sets that come with scikit-learn: no download, fresh arrays at each call."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from mlatlas.data.table import Table, describe


def diabetes() -> Table:
    """442 × 10, unscaled: age in years, sex, body mass index in kg/m², blood pressure in mmHg, six blood values."""
    return _load("diabetes", scaled=False)


def breast_cancer() -> Table:
    """569 × 30 measurements of cell nuclei; classes malignant and benign."""
    return _load("breast_cancer")


def iris() -> Table:
    """150 × 4 lengths in centimetres; three species."""
    return _load("iris")


def wine() -> Table:
    """178 × 13 chemical measurements; three growers."""
    return _load("wine")


def digits() -> Table:
    """1,797 × 64 grey levels from 0 to 16; ten digits."""
    return _load("digits")


def _load(name: str, **options: Any) -> Table:
    bunch = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")(**options)
    classes = tuple(str(one) for one in bunch.get("target_names", ()))
    return describe(name).table(
        np.ascontiguousarray(bunch.data, dtype=np.float64),
        np.asarray(bunch.target, dtype=np.int64 if classes else np.float64),
        tuple(str(one) for one in bunch.feature_names),
        classes,
    )
