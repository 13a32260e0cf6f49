"""Whom the scalers race: scikit-learn, and SciPy for the curves that scikit-learn lacks."""

from __future__ import annotations

import numpy as np

from mlatlas.atlas.judge import Translation, peer, race
from mlatlas.atlas.text import Text


@peer(
    "scikit-learn",
    requires="sklearn",
    translation=[
        Translation(
            "n_jobs",
            "–",
            Text(en="the peer's scalers use one thread", zh="对方的缩放器只用一个线程"),
        ),
    ],
    findings={
        "any_unit": Text(
            en="scales and norms below 10 ε count as zero, rows are squared as they are, and the normal scores of values within 10⁻⁷ "
            "of the smallest, in the feature's own unit, are cut: all of these depend on the unit",
            zh="小于 10 ε 的尺度与范数被当作零，行直接平方，离最小值不足 10⁻⁷（按特征自身单位）的值的正态得分被截断：这些都与单位有关",
        ),
        "ends_are_met": Text(
            en="MinMaxScaler computes x · scale_ + min_, a difference of two large numbers where the range lies far from zero",
            zh="MinMaxScaler 计算 x · scale_ + min_，区间远离零点时是两个大数之差",
        ),
        "above_rounding": Text(
            en="a column is taken for constant below a spread of n ε |mean|, the bound of a worse summation than the one it uses",
            zh="离散程度低于 n ε |均值| 的列被当作常数列，这个界对应的求和方法比它实际使用的要差",
        ),
        "single_precision": Text(
            en="the mean is rounded to float32 before it is taken off a float32 table",
            zh="对 float32 表，先把均值舍入到 float32 再相减",
        ),
        "repeated_entries": Text(
            en="repeated entries of a sparse table are taken for separate ones in means, variances and norms",
            zh="计算均值、方差与范数时，把稀疏表中重复写入的元素当成不同元素",
        ),
    },
)
def scikit_learn():
    """The same names and parameters."""
    from sklearn import preprocessing

    names = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "Normalizer", "QuantileTransformer")
    return {name: getattr(preprocessing, name) for name in names}


class Curve:
    """A curve of SciPy for each feature, with the verbs of a scaler; ``fitted(x, j)`` gives it and its inverse."""

    def fit(self, X, y=None):
        self.curves = [self.fitted(x, j) for j, x in enumerate(np.asarray(X, dtype=float).T)]
        return self

    def transform(self, X):
        return np.column_stack(
            [forth(x) for (forth, _), x in zip(self.curves, np.asarray(X, dtype=float).T, strict=True)]
        )

    def inverse_transform(self, X):
        return np.column_stack(
            [back(x) for (_, back), x in zip(self.curves, np.asarray(X, dtype=float).T, strict=True)]
        )

    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X)


@peer(
    "SciPy",
    requires="scipy",
    translation=[
        Translation(
            "PiecewiseLinearScaler(knots, values)",
            "scipy.interpolate.interp1d(knots, values, bounds_error=False, fill_value=ends)",
            Text(
                en="a curve a feature; quantile knots from scipy.stats.mstats.mquantiles",
                zh="每个特征一条曲线；分位结点取自 scipy.stats.mstats.mquantiles",
            ),
        ),
        Translation(
            "HalfNormalScaler(a, k)",
            "scipy.stats.rayleigh(loc=a, scale=1/√(2k)).cdf",
            Text(
                en="1 − exp(−k (x − a)²) is the distribution function of a Rayleigh variable whose scale σ has k = 1/(2σ²)",
                zh="1 − exp(−k (x − a)²) 是 Rayleigh 变量的分布函数，其尺度 σ 满足 k = 1/(2σ²)",
            ),
        ),
    ],
)
def scipy_curves():
    """Linear interpolation and the Rayleigh distribution."""
    from scipy.interpolate import interp1d
    from scipy.stats import rayleigh
    from scipy.stats.mstats import mquantiles

    class PiecewiseLinearScaler(Curve):
        def __init__(self, knots=None, values=None, *, quantiles=(0.05, 0.95)):
            self.knots, self.values, self.quantiles = knots, values, quantiles

        def fitted(self, x, j):
            knots = mquantiles(x, self.quantiles, 1, 1) if self.knots is None else np.asarray(self.knots, dtype=float)
            knots = knots if knots.ndim == 1 else knots[:, j]
            values = np.linspace(0, 1, len(knots)) if self.values is None else np.asarray(self.values, dtype=float)

            def line(a, b):
                return interp1d(a, b, bounds_error=False, fill_value=(b[np.argmin(a)], b[np.argmax(a)]))

            return line(knots, values), line(values, knots)

    class HalfNormalScaler(Curve):
        def __init__(self, a=None, k=None):
            self.a, self.k = a, k

        def fitted(self, x, j):
            a = x.min() if self.a is None else self.a
            if self.k is None:
                scale = rayleigh.fit(x[x > a], floc=a)[1]
            else:
                k = np.ravel(self.k)
                scale = 1 / np.sqrt(2 * k[j % len(k)])
            curve = rayleigh(loc=a, scale=scale)
            return curve.cdf, curve.ppf

    return {"PiecewiseLinearScaler": PiecewiseLinearScaler, "HalfNormalScaler": HalfNormalScaler}


# ---- races ---------------------------------------------------------------------------------------------------

SIZES = {
    "tiny": (60, 4, 1),
    "small": (1_000, 20, 1),
    "middle": (100_000, 20, 2),
    "large": (1_000_000, 20, 2),
    "large, one thread": (1_000_000, 20, 1),
    "wide": (1_000, 20_000, 2),
}


def columns(rng: np.random.Generator, n: int, p: int, n_jobs: int):
    """Skewed columns of unlike units and levels."""
    X = rng.standard_normal((n, p))
    np.exp(X, out=X)
    X += rng.uniform(-3, 30, p)
    X *= 10.0 ** rng.uniform(-2, 4, p)
    return X, n_jobs


def scale(subject, problem, name, **options):
    """Fit to the table and transform it; only ours has threads to be told."""
    X, n_jobs = problem
    scaler = getattr(subject, name)(**options)
    if hasattr(scaler, "n_jobs"):
        scaler.n_jobs = n_jobs
    return scaler.fit_transform(X)


def exactly(X, j: int, name: str):
    """A feature scaled by sorting and by sums in extended precision."""
    x = X[:, j].astype(np.longdouble)
    ordered = np.sort(X[:, j]).astype(np.longdouble)

    def quantile(level):
        at = level * (len(x) - 1)
        low = int(at)
        return ordered[low] + (ordered[min(low + 1, len(x) - 1)] - ordered[low]) * np.longdouble(at - low)

    if name == "StandardScaler":
        mean = x.mean()
        return (x - mean) / np.sqrt(np.square(x - mean).mean())
    if name == "RobustScaler":
        return (x - quantile(0.5)) / (quantile(0.75) - quantile(0.25))
    if name == "MinMaxScaler":
        return (x - ordered[0]) / (ordered[-1] - ordered[0])
    return x / max(abs(ordered[0]), abs(ordered[-1]))


def error_of(name: str):
    """The largest error of the first and the last feature."""

    def certificate(problem, answer) -> float:
        X, _ = problem
        return float(max(np.abs(answer[:, j] - exactly(X, j, name)).max() for j in (0, -1)))

    return certificate


ERROR = Text(
    en="largest error of the first and last feature against extended precision",
    zh="首末两个特征与扩展精度结果的最大误差",
)


@race(
    en="Standardise: fit and transform",
    zh="标准化：拟合并变换",
    problem=columns,
    sizes=SIZES,
    certificate=error_of("StandardScaler"),
    certifies=ERROR,
    goal=1e-9,
)
def standardise(subject, problem, tolerance):
    """StandardScaler().fit_transform(X)."""
    return scale(subject, problem, "StandardScaler")


@race(
    en="To the range [0, 1]: fit and transform",
    zh="映到 [0, 1]：拟合并变换",
    problem=columns,
    sizes=SIZES,
    certificate=error_of("MinMaxScaler"),
    certifies=ERROR,
    goal=1e-9,
)
def min_max(subject, problem, tolerance):
    """MinMaxScaler().fit_transform(X)."""
    return scale(subject, problem, "MinMaxScaler")


@race(
    en="By the largest absolute value: fit and transform",
    zh="除以最大绝对值：拟合并变换",
    problem=columns,
    sizes=SIZES,
    certificate=error_of("MaxAbsScaler"),
    certifies=ERROR,
    goal=1e-9,
)
def max_abs(subject, problem, tolerance):
    """MaxAbsScaler().fit_transform(X)."""
    return scale(subject, problem, "MaxAbsScaler")


@race(
    en="By median and quartiles: fit and transform",
    zh="用中位数与四分位数：拟合并变换",
    problem=columns,
    sizes=SIZES,
    certificate=error_of("RobustScaler"),
    certifies=ERROR,
    goal=1e-9,
)
def robust(subject, problem, tolerance):
    """RobustScaler().fit_transform(X)."""
    return scale(subject, problem, "RobustScaler")


def row_length_error(problem, answer) -> float:
    """How far the rows' lengths are from one, and the first rows from their direction."""
    X, _ = problem
    rows = X[:1000].astype(np.longdouble)
    directions = np.abs(answer[:1000] - rows / np.sqrt(np.square(rows).sum(1, keepdims=True))).max()
    return float(max(directions, np.abs(np.sqrt(np.square(answer).sum(1)) - 1).max()))


@race(
    en="Rows to unit length: fit and transform",
    zh="把每行化为单位长度：拟合并变换",
    problem=columns,
    sizes=SIZES,
    certificate=row_length_error,
    certifies=Text(
        en="largest error of a row's length, or of an entry of the first rows",
        zh="行长度的最大误差，或前若干行元素的最大误差",
    ),
    goal=1e-9,
)
def unit_rows(subject, problem, tolerance):
    """Normalizer().fit_transform(X)."""
    return scale(subject, problem, "Normalizer")


def rank_error(problem, answer) -> float:
    """The distance of the first feature's images from its ranks: with 1,000 quantiles of 10,000 rows, a few per cent."""
    X, _ = problem
    ranks = np.argsort(np.argsort(X[:, 0])) / max(len(X) - 1, 1)
    return float(np.abs(answer[:, 0] - ranks).max())


@race(
    en="To ranks: fit and transform, with 1,000 quantiles",
    zh="化为秩：1,000 个分位点，拟合并变换",
    problem=columns,
    sizes={"tiny": (60, 4, 1), "small": (1_000, 20, 1), "middle": (100_000, 20, 2), "large": (1_000_000, 20, 2)},
    certificate=rank_error,
    certifies=Text(en="largest distance from the ranks of the first feature", zh="第一个特征与其秩的最大差"),
    goal=0.05,
)
def to_ranks(subject, problem, tolerance):
    """QuantileTransformer(random_state=0).fit_transform(X)."""
    quantiles = min(1000, len(problem[0]))
    return scale(subject, problem, "QuantileTransformer", n_quantiles=quantiles, random_state=0)


def bell_error(problem, answer) -> float:
    """The largest error of the first feature against the formula in extended precision."""
    x = problem[0][:, 0].astype(np.longdouble)
    squares = np.square(x - x.min())
    return float(np.abs(answer[:, 0] + np.expm1(-squares * np.sum(squares > 0) / squares.sum())).max())


@race(
    en="Along half a bell: fit and transform",
    zh="升半正态曲线：拟合并变换",
    problem=columns,
    sizes={"tiny": (60, 4, 1), "small": (1_000, 20, 1), "middle": (100_000, 20, 2), "large": (1_000_000, 20, 2)},
    certificate=bell_error,
    certifies=Text(
        en="largest error of the first feature against extended precision", zh="第一个特征与扩展精度结果的最大误差"
    ),
    goal=1e-9,
)
def half_a_bell(subject, problem, tolerance):
    """HalfNormalScaler().fit_transform(X)."""
    return scale(subject, problem, "HalfNormalScaler")
