"""How good a model is on rows that it has not seen: figures with intervals, beside those of a baseline.

The baseline knows the target alone: it predicts the mean, or the most frequent class with the shares of the classes as
probabilities. Shares have the exact interval of Clopper and Pearson, everything else that of the bootstrap over rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from mlatlas.atlas.text import Text

Floats: TypeAlias = NDArray[np.float64]

RESAMPLES = 2000
ENOUGH = 5 * 10**7  # rows drawn in all, beyond which there are fewer resamples, but at least 200
LEVEL = 0.95


class Estimate(NamedTuple):
    """A figure and its 95 % interval; None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Score:
    """One measure of the model and, where it says something, of the baseline; ``less`` says that less is better."""

    name: str
    title: Text
    model: Estimate
    baseline: Estimate | None
    less: bool = True
    unit: str = ""


@dataclass(frozen=True)
class Judgement:
    """All measures, and by how much the first is better than the baseline's: above zero where it is."""

    scores: tuple[Score, ...]
    gain: Estimate

    @property
    def better(self) -> bool:
        """Whether the interval of the gain leaves no doubt that the model beats the baseline."""
        return self.gain.low is not None and self.gain.low > 0


def share(count: int, of: int) -> Estimate:
    """A share in per cent with its exact interval (Clopper, Pearson 1934)."""
    tail = (1 - LEVEL) / 2
    low = beta.ppf(tail, count, of - count + 1) if count else 0.0
    high = beta.ppf(1 - tail, count + 1, of - count) if count < of else 1.0
    return Estimate(100 * count / of, 100 * float(low), 100 * float(high))


def bootstrap(
    rows: Floats, statistics: list[Callable[[Floats], Floats]], seed: int, resamples: int = RESAMPLES
) -> list[Estimate]:
    """Statistics of the means of columns ``rows`` (n, m): each maps means (…, m) to numbers (…), which may be nan.

    The interval holds the middle 95 % of the statistic over samples of n rows drawn with replacement; of large tables there are fewer samples.
    """
    n = len(rows)
    random = np.random.default_rng(seed)
    count = int(np.clip(ENOUGH // n, min(200, resamples), resamples))
    drawn_means = np.array([np.bincount(random.integers(n, size=n), minlength=n) @ rows for _ in range(count)]) / n
    estimates = []
    for statistic in statistics:
        with np.errstate(divide="ignore", invalid="ignore"):
            value, drawn = float(statistic(rows.mean(axis=0))), statistic(drawn_means)
        drawn = drawn[np.isfinite(drawn)]
        ends = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist() if len(drawn) else [None, None]
        estimates.append(Estimate(value, *ends))
    return estimates


def judge_numbers(y: Floats, predicted: Floats, mean: float, seed: int, resamples: int = RESAMPLES) -> Judgement:
    """Predictions of numbers (n,) against the mean of the fitted rows."""
    scale = float(np.abs(y - mean).max()) or 1.0  # so that squares cannot overflow
    e, b, t = (y - predicted) / scale, (y - mean) / scale, (y - y.mean()) / scale
    rows = np.stack([e**2, np.abs(e), b**2, np.abs(b), t, t**2], axis=1)

    def root(column: int) -> Callable[[Floats], Floats]:
        return lambda m: scale * np.sqrt(m[..., column])

    def mean_of(column: int) -> Callable[[Floats], Floats]:
        return lambda m: scale * m[..., column]

    def explained(m: Floats) -> Floats:
        return 1 - m[..., 0] / (m[..., 5] - m[..., 4] ** 2)

    def gain(m: Floats) -> Floats:
        return 100 * (1 - np.sqrt(m[..., 0] / m[..., 2]))

    rmse, mae, r2, rmse_b, mae_b, better = bootstrap(
        rows, [root(0), mean_of(1), explained, root(2), mean_of(3), gain], seed, resamples
    )
    scores = [
        Score("rmse", Text("root mean square error", "均方根误差"), rmse, rmse_b),
        Score("mae", Text("mean absolute error", "平均绝对误差"), mae, mae_b),
    ]
    if np.isfinite(r2.value):
        scores.append(Score("r2", Text("R², share of variance explained", "R²，解释的方差比例"), r2, None, less=False))
    return Judgement(tuple(scores), better)


def judge_classes(
    y: NDArray[np.intp],
    predicted: NDArray[np.intp],
    p: Floats | None,
    shares: Floats,
    seed: int,
    resamples: int = RESAMPLES,
) -> Judgement:
    """Predicted classes (n,) and probabilities (n, k), against the ``shares`` (k,) of the classes in the fitted rows."""
    n, usual = len(y), int(shares.argmax())
    right, right_b = predicted == y, y == usual
    rows = [right.astype(float), right_b.astype(float)]
    title = Text("classified rightly", "分类正确率")
    scores = [Score("accuracy", title, share(int(right.sum()), n), share(int(right_b.sum()), n), less=False, unit="%")]
    statistics: list[Callable[[Floats], Floats]] = [lambda m: 100 * (m[..., 0] - m[..., 1])]
    if p is not None:
        least = np.finfo(float).tiny
        rows += [-np.log(np.maximum(p[np.arange(n), y], least)), -np.log(np.maximum(shares[y], least))]
        statistics += [lambda m: m[..., 2], lambda m: m[..., 3]]
    gain, *losses = bootstrap(np.stack(rows, axis=1), statistics, seed, resamples)
    if losses:
        scores.append(Score("log_loss", Text("mean log loss, nats", "平均对数损失（奈特）"), losses[0], losses[1]))
    return Judgement(tuple(scores), gain)


class Bin(NamedTuple):
    """Rows of similar predicted probability: its mean, the share that came true with its interval, their number."""

    said: float
    seen: float
    low: float
    high: float
    rows: int


def reliability(p: Floats, true: NDArray[Any], most: int = 10) -> list[Bin]:
    """Probabilities (n,) in bins of about as many rows each, at most ``most`` and no fewer than ten rows where possible."""
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, int(np.clip(len(p) // 10, 1, most)))
    bins = []
    for rows in parts:
        came = share(int(true[rows].sum()), len(rows))
        assert came.low is not None
        assert came.high is not None
        bins.append(Bin(float(p[rows].mean()), came.value / 100, came.low / 100, came.high / 100, len(rows)))
    return bins
