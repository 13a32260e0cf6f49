"""A river and a robot of which some times are hidden: what the filter, the smoother and a forecast say about them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from scipy.io import loadmat

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.lab import Band, Event, Figure, Knob, Learned, Line, Metric, Points, Progress, Rule, Script, lab
from mlatlas.atlas.text import Text
from mlatlas.sequential.kalman_filter.kalman_filter import KalmanFilter

SERIES = {
    "nile": Text("flow of the Nile, 1871–1970", "尼罗河年流量，1871—1970"),
    "robot": Text("track of a robot in the plane", "机器人的平面轨迹"),
}
GUESSES = {
    "carried": Text("last number seen", "最近一次读数"),
    "filtered": Text("filter", "滤波"),
    "smoothed": Text("smoother", "平滑"),
}
SHOWN = 100  # times in the picture of a series
COVARIANCES = ("transition_covariance", "observation_covariance")


def shipped(package: str, *names: str) -> bytes:
    """A file that an installed package carries; the package is not imported."""
    found = find_spec(package)
    if found is None or found.origin is None:
        raise AtlasError(f"{package} carries this data and is not installed; pip install 'mlatlas[peers]'")
    return Path(found.origin).parent.joinpath(*names).read_bytes()


@dataclass(frozen=True)
class Task:
    """Times, what was seen at them (T, p), a system whose covariances are to be learned, and what stands at the axes."""

    times: np.ndarray
    X: np.ndarray
    model: KalmanFilter
    x: Text
    y: Text
    unit: str = ""

    @classmethod
    def of(cls, series: str) -> Task:
        """The series by its name."""
        return NAMED[series]()

    def hide(self, share: float, ahead: int, seed: int) -> np.ndarray:
        """Which rows are kept from the filter, (T,): a share at random, and the last ones."""
        gone = np.random.default_rng(seed).random(len(self.X)) < share
        gone[-ahead:] = True
        gone[:2] = False
        return gone

    def learn(self, gone: np.ndarray, steps: int) -> Iterator[float]:
        """Take steps of EM on what is left, and give the log-likelihood before the first and after each."""
        X = self.left(gone)
        yield self.model.loglikelihood(X)
        for _ in range(steps):
            yield self.model.em(X, n_iter=1, em_vars=COVARIANCES).loglikelihood(X)

    def left(self, gone: np.ndarray) -> np.ndarray:
        """The observations without the hidden rows."""
        return np.where(gone[:, None], np.nan, self.X)

    def sight(self, x: np.ndarray, P: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and deviation of what would be seen of these states, (T, p)."""
        C, R = np.asarray(self.model.observation_matrices), np.asarray(self.model.observation_covariance)
        d = self.model.observation_offsets
        spread = np.diagonal(C @ P @ C.T + R, axis1=1, axis2=2)
        return x @ C.T + (0.0 if d is None else d), np.sqrt(spread)

    def miss(self, guess: np.ndarray, gone: np.ndarray, ahead: int) -> float:
        """Root of the mean square by which a guess misses the hidden rows before the last ones."""
        inner = gone & (np.arange(len(gone)) < len(gone) - ahead)
        return float(np.sqrt(np.nanmean((guess - self.X)[inner] ** 2)))

    def inside(self, mean: np.ndarray, sd: np.ndarray, gone: np.ndarray) -> float:
        """How many of the hidden numbers lie within 1.96 deviations, in per cent."""
        return float(100 * np.mean((np.abs(mean - self.X) <= 1.96 * sd)[gone]))


def nile() -> Task:
    """A level that takes random steps; nearly nothing is known of the first."""
    rows = list(csv.reader(io.StringIO(shipped("statsmodels", "datasets", "nile", "nile.csv").decode())))[1:]
    years, flow = np.array(rows, dtype=float).T
    half = [[float(np.var(flow)) / 2]]
    model = KalmanFilter([[1.0]], [[1.0]], half, half, initial_state_mean=[1000.0], initial_state_covariance=[[1e7]])
    x, y = Text("years after 1870", "1870 年以来的年数"), Text("flow in a year, 10⁸ m³", "年流量，10⁸ m³")
    return Task(years - 1870, flow[:, None], model, x, y, "10⁸ m³")


def robot() -> Task:
    """Five numbers of state, of which two are seen with noise; the first time has no observation."""
    data = loadmat(io.BytesIO(shipped("pykalman", "datasets", "data", "robot.mat")))
    model = KalmanFilter(
        data["A"],
        data["C"],
        10 * np.eye(5),
        10 * np.eye(2),
        data["b"].T,
        data["d"][:, 0],
        data["x0"][:, 0],
        data["P_0"],
    )
    X = np.vstack([np.full((1, 2), np.nan), data["y"].T])
    return Task(
        np.arange(len(X)),
        X,
        model,
        Text("time step", "时间步"),
        Text("first coordinate seen, without unit", "观测的第一个坐标，无单位"),
    )


def carried(X: np.ndarray) -> np.ndarray:
    """The last number that was seen, at every time."""
    seen = np.maximum.accumulate(np.where(np.isnan(X).any(axis=1), 0, np.arange(len(X))))
    last: np.ndarray = X[seen]
    return last


NAMED = {"nile": nile, "robot": robot}


@lab(
    en="What was seen, what was hidden, and what comes",
    zh="看到的、藏起的与将来的",
    data=Text("the Nile, or a robot", "尼罗河，或一台机器人"),
)
def hidden(
    series: Annotated[Literal["nile", "robot"], Knob(en="Series", zh="序列", labels=SERIES)] = "nile",
    share: Annotated[float, Knob(en="Share of times hidden", zh="随机藏起的时刻比例", low=0.05, high=0.8)] = 0.2,
    ahead: Annotated[int, Knob(en="Last times hidden too", zh="末尾另藏起多少个时刻", low=2, high=40)] = 20,
    steps: Annotated[int, Knob(en="Steps of EM", zh="EM 步数", low=1, high=300)] = 60,
    *,
    seed: int = 0,
) -> Iterator[Event]:
    """Hide times at random and at the end, learn both covariances from the rest, and look what was hidden."""
    yield Progress(0.0, en="reading", zh="读数据")
    task = Task.of(series)
    gone = task.hide(share, ahead, seed)
    X, climb = task.left(gone), []
    for step, value in enumerate(task.learn(gone, steps)):
        climb.append(value)
        yield Progress(step / (steps + 1), en=f"step {step} of EM", zh=f"EM 第 {step} 步")
    filtered, smoothed = task.sight(*task.model.filter(X)), task.sight(*task.model.smooth(X))
    errors = {
        "carried": task.miss(carried(X), gone, ahead),
        "filtered": task.miss(filtered[0], gone, ahead),
        "smoothed": task.miss(smoothed[0], gone, ahead),
    }
    within = task.inside(*smoothed, gone)
    for name, text in GUESSES.items():
        yield Metric(
            f"error_{name}",
            errors[name],
            en=f"error at hidden times, {text.en}",
            zh=f"在藏起时刻的误差：{text.zh}",
            unit=task.unit,
        )
    yield Metric(
        "inside", within, en="hidden numbers within their 95% interval", zh="藏起的数落在 95% 区间内的比例", unit="%"
    )
    yield Metric("gain", climb[-1] - climb[0], en="gain in log-likelihood by EM", zh="EM 使对数似然提高")
    mean, sd, kept, late = smoothed[0][:, 0], smoothed[1][:, 0], ~gone, np.arange(len(X)) >= len(X) - SHOWN
    yield Figure(
        name="series",
        title=Text("The band is narrow where there is something to see", "有东西可看的地方，带子就窄"),
        x=task.x,
        y=task.y,
        caption=Text(
            f"Smoothed mean and 95% interval of an observation, from {int(kept.sum())} of {len(X)} times, of which the last {SHOWN} are shown; the last {ahead} are a forecast.",
            f"用 {len(X)} 个时刻中的 {int(kept.sum())} 个算出的平滑均值与观测的 95% 区间，图中是最后 {SHOWN} 个时刻，其中末尾 {ahead} 个是预测。",
        ),
        series=[
            Band(
                task.times[late],
                (mean - 1.96 * sd)[late],
                (mean + 1.96 * sd)[late],
                label=Text("95% interval", "95% 区间"),
            ),
            Points(task.times[gone & late], task.X[gone & late, 0], label=Text("hidden", "藏起的")),
            Points(task.times[kept & late], task.X[kept & late, 0], faint=True),
            Line(task.times[late], mean[late], label=Text("smoothed", "平滑")),
            Rule(float(task.times[-ahead]), label=Text("forecast", "预测")),
        ],
    )
    surprise = task.model.innovations(X)[:, 0]
    seen = ~np.isnan(surprise)
    yield Figure(
        name="surprises",
        title=Text("If the model is right, this is white noise", "模型若正确，这就是白噪声"),
        x=task.x,
        y=Text("innovation, in standard deviations", "新息，以标准差为单位"),
        caption=Text(
            f"One in twenty should lie beyond ±1.96; here {int((np.abs(surprise[seen]) > 1.96).sum())} of {int(seen.sum())} do.",
            f"应有二十分之一落在 ±1.96 之外；这里 {int(seen.sum())} 个中有 {int((np.abs(surprise[seen]) > 1.96).sum())} 个。",
        ),
        series=[Points(task.times[seen], surprise[seen]), Rule(1.96, axis="y"), Rule(-1.96, axis="y")],
    )
    yield Figure(
        name="learning",
        title=Text("EM climbs, ever more slowly", "EM 一直上升，越走越慢"),
        x=Text("step of EM", "EM 步数"),
        y=Text("log-likelihood", "对数似然"),
        caption=Text(
            f"Log-likelihood of the {int(kept.sum())} times that were left, while both covariances are learned.",
            f"学习两个协方差的过程中，留下的 {int(kept.sum())} 个时刻的对数似然。",
        ),
        series=[Line(list(range(steps + 1)), climb)],
    )
    yield Learned(
        en=f"At hidden times the smoother misses by {errors['smoothed']:.3g}, the filter by {errors['filtered']:.3g}, the last number seen by "
        f"{errors['carried']:.3g}. Of all hidden numbers, {within:.0f}% lie in their 95% interval.",
        zh=f"在藏起的时刻，平滑的误差为 {errors['smoothed']:.3g}，滤波为 {errors['filtered']:.3g}，沿用最近一次读数为 "
        f"{errors['carried']:.3g}。藏起的数有 {within:.0f}% 落在 95% 区间内。",
    )
    yield Script(f"""
        from mlatlas.sequential.kalman_filter.lab import Task, carried

        task = Task.of("{series}")
        gone = task.hide({share}, {ahead}, {seed})
        climb = list(task.learn(gone, {steps}))
        X = task.left(gone)
        filtered, smoothed = task.sight(*task.model.filter(X)), task.sight(*task.model.smooth(X))
        error_carried = task.miss(carried(X), gone, {ahead})
        error_filtered = task.miss(filtered[0], gone, {ahead})
        error_smoothed = task.miss(smoothed[0], gone, {ahead})
        inside = task.inside(*smoothed, gone)
        gain = climb[-1] - climb[0]
        print(error_carried, error_filtered, error_smoothed, inside, gain)
    """)
