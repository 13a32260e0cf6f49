"""Why two estimators answer differently on one table: reasons that were tried out, never guessed.

An answer is a linear function of the columns, z = Xw + b. Two are compared in units that no column chose: each
coefficient times the standard deviation of its column, and the intercept at the mean row; the length of the difference
is given as a share of the length of the larger answer's coefficients.

A *change* takes one possible reason away. Most are made to our problem, to see whether it then has their answer: columns
standardised, the intercept penalised, the penalty stronger or weaker, a parameter as theirs. How strong theirs is can be
read off their answer: at the minimum of loss + λ penalty nothing is gained by stretching w, so that λ = −(∂loss/∂t) /
(∂penalty/∂t) along (1 + t)w. The others are made to their settings: run on for longer, take a default back. After
each change both are fitted anew.

The reasons are the fewest changes that bring the answers together: one more counts only if it makes the difference three
times smaller. What can be undone without harm is undone. Each of the rest explains what the difference loses when it is
made, on average over the orders in which they can be made (Shapley 1953); where two do the same service, the one that
says more goes first.
"""

from __future__ import annotations

import copy
import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations, product
from time import perf_counter
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from mlatlas.atlas.errors import AtlasError
from mlatlas.atlas.judge.peers import Objective, Translation
from mlatlas.atlas.lab.events import shown
from mlatlas.atlas.text import Text

Floats: TypeAlias = NDArray[np.float64]
Settings: TypeAlias = Mapping[str, Any]
Intercept = Literal["free", "penalised", "none"]

SAME = 1e-8  # a difference that is none: rounding
REACHED = 1e-6  # a difference beyond which iterations need not agree for a reason to be found
WORTH = 3.0  # how many times smaller a reason must make the difference
TRIFLE = 1e-4  # the share of the difference that no reason is given for
OVERLAP = 0.5  # the share of its effect that a reason has in common with another that does the same service
NEAR = 0.03  # the relative error at which a ratio of strengths is recognised
TIGHT, LONG, LONGER = 1e-10, 10_000, 100  # a tolerance, a number of steps, and how many times as many as before
LINEAR = 1e-6  # the relative error at which scores count as linear

TOLERANCES = ("tol", "tolerance", "eps", "epsilon", "rtol", "atol")
STEPS = ("max_iter", "n_iter", "n_iterations", "iterations", "epochs", "n_epochs", "max_epochs", "steps", "n_steps")
STOPPING = (*TOLERANCES, *STEPS, "early_stopping")
IDLE = (
    "n_jobs",
    "verbose",
    "copy_X",
    "warm_start",
    "random_state",
    "precompute",
)  # they change no answer, or by chance


# ---- estimators ------------------------------------------------------------------------------------------------------


def last_step(estimator: Any) -> Any:
    """The estimator at the end of a pipeline, or the estimator itself."""
    return last_step(estimator.steps[-1][1]) if hasattr(estimator, "steps") else estimator


def parameters(estimator: Any) -> dict[str, Any]:
    """The parameters of the last step; of a class that does not tell, the attributes that its ``__init__`` names."""
    last = last_step(estimator)
    if hasattr(last, "get_params"):
        return dict(last.get_params(deep=False))
    names = list(inspect.signature(type(last).__init__).parameters)[1:]
    return {name: vars(last)[name] for name in names if name in vars(last)}


def with_settings(estimator: Any, settings: Settings) -> Any:
    """A fresh copy whose last step has these parameters."""
    fresh = copy.deepcopy(estimator)
    last = last_step(fresh)
    if hasattr(last, "set_params"):
        last.set_params(**settings)
    else:
        vars(last).update(settings)
    return fresh


def defaults(estimator: Any) -> dict[str, Any]:
    """The defaults of the parameters of the last step."""
    found = inspect.signature(type(last_step(estimator)).__init__).parameters
    return {name: one.default for name, one in found.items() if one.default is not one.empty}


# ---- answers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Answer:
    """z = X Wᵀ + b with a row of W (k, p) for each class, or one; and what the fit warned of."""

    W: Floats
    b: Floats
    notes: tuple[str, ...] = ()

    def scores(self, X: Floats) -> Floats:
        """(n, k)."""
        return np.asarray(X @ self.W.T + self.b)


@dataclass(frozen=True)
class Data:
    """The table that both are given: columns X (n, p), and y (n,), numbers or the codes 0, 1, … of classes."""

    X: Floats
    y: NDArray[Any]
    classes: int  # 0 where the target is a number

    def __post_init__(self) -> None:
        object.__setattr__(self, "mean", self.X.mean(axis=0))
        object.__setattr__(self, "spread", self.X.std(axis=0))

    mean: Floats = field(init=False)
    spread: Floats = field(init=False)


def answer_of(model: Any, data: Data, notes: Iterable[str] = ()) -> Answer:
    """The linear function that a fitted model computes: its own coefficients, or found from its scores."""
    rows = np.linspace(0, len(data.X) - 1, min(len(data.X), 1000)).astype(int)
    some, name = data.X[rows], type(last_step(model)).__name__
    seen = _scores(model, some)
    if model is last_step(model) and hasattr(model, "coef_"):
        W = np.atleast_2d(np.asarray(model.coef_, dtype=float))
        b = np.broadcast_to(np.asarray(getattr(model, "intercept_", 0.0), dtype=float).ravel(), len(W))
        told = Answer(W, b.copy(), tuple(notes))
        if W.shape[1] == data.X.shape[1] and (seen is None or _alike(told.scores(some), seen)):
            return _finite(told, name)
    if seen is None:
        raise AtlasError(f"{name} has neither decision_function nor predict_proba; add one, since scores are compared")
    # from the mean row, one step along each column
    step = np.where(data.spread > 0, data.spread, 1.0)
    at = _scores(model, data.mean + np.vstack([np.zeros(len(step)), np.diag(step)]))
    assert at is not None
    W = ((at[1:] - at[0]) / step[:, None]).T
    found = Answer(W, at[0] - W @ data.mean, tuple(notes))
    if not _alike(found.scores(some), seen):
        raise AtlasError(
            f"{name} predicts what no linear function of the columns does; diff compares coefficients. Compare the "
            "errors of such models on rows held out, with mlatlas run"
        )
    return _finite(found, name)


def _finite(answer: Answer, name: str) -> Answer:
    if not (np.isfinite(answer.W).all() and np.isfinite(answer.b).all()):
        raise AtlasError(f"{name} has coefficients that are not finite; rescale the columns with the largest numbers")
    return answer


def _scores(model: Any, X: Floats) -> Floats | None:
    """Scores (n, k): what is predicted, or log-odds up to what all classes share; None where a classifier has none."""
    if hasattr(model, "decision_function"):
        scores = np.asarray(model.decision_function(X), dtype=float)
    elif hasattr(model, "predict_proba"):
        with np.errstate(divide="ignore"):
            logs = np.log(np.asarray(model.predict_proba(X), dtype=float))
        scores = logs[:, 1] - logs[:, 0] if logs.shape[1] == 2 else logs - logs.mean(axis=1, keepdims=True)
    elif hasattr(model, "classes_"):
        return None
    else:
        scores = np.asarray(model.predict(X), dtype=float)
    return scores.reshape(len(X), -1)


def _alike(told: Floats, seen: Floats) -> bool:
    """Whether two tables of scores agree, up to a number added to all classes where there are several."""
    if told.shape[1] == 2 and seen.shape[1] == 1:  # a row for each of two classes, and one score
        told = told[:, 1:] - told[:, :1]
    if told.shape != seen.shape:
        return False
    if told.shape[1] > 1:
        told, seen = (one - one.mean(axis=1, keepdims=True) for one in (told, seen))
    good = np.isfinite(seen)
    size = np.abs(seen[good]).max(initial=0.0)
    return bool(good.any() and np.abs(told - seen)[good].max() <= LINEAR * max(size, 1e-12))


# ---- our problem, varied ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variation:
    """Our problem as it is posed, and the settings of both sides, where they are not as at the start."""

    columns: str = "as they are"
    intercept: Intercept = "free"
    strength: float | None = None
    ours: tuple[tuple[str, Any], ...] = ()
    theirs: tuple[tuple[str, Any], ...] = ()


COLUMNS: dict[str, tuple[Callable[[Floats], Any], Callable[[Floats], Floats]]] = {  # what is taken off, and the unit
    "as they are": (lambda X: np.zeros(X.shape[1]), lambda X: np.ones(X.shape[1])),
    "standardised": (lambda X: X.mean(axis=0), lambda X: X.std(axis=0)),
    "ddof": (lambda X: X.mean(axis=0), lambda X: X.std(axis=0, ddof=1)),
    "length": (lambda X: X.mean(axis=0), lambda X: X.std(axis=0) * np.sqrt(len(X))),
    "range": (lambda X: X.min(axis=0), lambda X: np.ptp(X, axis=0)),
    "largest": (lambda X: np.zeros(X.shape[1]), lambda X: np.abs(X).max(axis=0)),
}
COLUMN_REASONS = {
    "standardised": Text(
        "theirs divides the columns by their standard deviations first, so that the penalty does not see their units",
        "对方先把各列除以标准差，惩罚因此不受单位影响",
    ),
    "ddof": Text(
        "theirs divides the columns by their standard deviations first, with n − 1 (ddof = 1) and not n",
        "对方先把各列除以标准差，而且分母用 n − 1（ddof = 1），不是 n",
    ),
    "length": Text(
        "theirs centres the columns and divides them by their lengths first (what normalize=True once did); with squares in the penalty, "
        "that is also standard deviations and a loss divided by n",
        "对方先把各列中心化并除以长度（旧版 normalize=True 的做法）；惩罚是平方时，也等价于除以标准差且损失再除以 n",
    ),
    "range": Text("theirs maps each column to 0 … 1 first", "对方先把各列线性映射到 0 … 1"),
    "largest": Text("theirs divides each column by its largest absolute value first", "对方先把各列除以其最大绝对值"),
}
COLUMN_CHANGES = {
    "standardised": Text("ours on columns standardised", "我们也用标准化的列"),
    "ddof": Text("ours on columns standardised, ddof = 1", "我们也用标准化的列，ddof = 1"),
    "length": Text("ours on columns of mean 0 and length 1", "我们也用均值 0、长度 1 的列"),
    "range": Text("ours on columns from 0 to 1", "我们也用 0 到 1 的列"),
    "largest": Text("ours on columns divided by their largest absolute value", "我们也把各列除以最大绝对值"),
}
INTERCEPT_REASONS: dict[Intercept, Text] = {
    "penalised": Text(
        "theirs penalises the intercept like a coefficient; ours leaves it free",
        "对方把截距当作系数一样惩罚；我们不惩罚截距",
    ),
    "none": Text("theirs fits no intercept", "对方不拟合截距"),
}
INTERCEPT_CHANGES: dict[Intercept, Text] = {
    "penalised": Text("ours with a column of ones for an intercept", "我们改用全 1 列代替截距"),
    "none": Text("ours: fit_intercept = False", "我们：fit_intercept = False"),
}


@dataclass(frozen=True, eq=False)
class Change:
    """One possible reason, how it is taken away, and the variation without it; ``rank`` prefers what explains more."""

    reason: Text
    how: Text
    make: Callable[[Variation], Variation]
    rank: int
    cost: float = 1.0  # how many times over it must be worth it


@dataclass(frozen=True)
class Cause:
    """A reason that was found: the shares of the difference that it explains and that is gone without it alone, and what
    is left without it and those before."""

    change: Change
    explains: float
    alone: float
    left: float


@dataclass(frozen=True)
class Found:
    """The difference at the start, its causes in the order of what they explain, and the variation without them."""

    start: float
    causes: tuple[Cause, ...]
    end: Variation

    @property
    def rest(self) -> float:
        """The difference that is left."""
        return self.causes[-1].left if self.causes else self.start


class Comparison:
    """Ours and theirs on one table, to be fitted under any variation."""

    def __init__(
        self,
        objective: Objective,
        ours: Any,
        theirs: Any,
        data: Data,
        translation: Sequence[Translation] = (),
        tick: Callable[[Text], None] = lambda said: None,
        seconds: float = 120.0,
    ) -> None:
        self.objective, self.ours, self.theirs, self.data, self.tick = objective, ours, theirs, data, tick
        self.translation, self.seconds = translation, seconds
        self.begun, self.ended = perf_counter(), False
        self._took = dict.fromkeys(("ours", "theirs"), 0.0)  # seconds of the first fit
        self._kept: dict[str, Answer | None] = {}
        self._failed = AtlasError("nothing was fitted")
        self.shifts = data.classes > 2 and hasattr(
            ours, "predict_proba"
        )  # one number added to all intercepts says nothing

    # ---- fits --------------------------------------------------------------------------------------------------------

    def our_answer(self, at: Variation) -> Answer | None:
        """Ours; None where it cannot be fitted."""
        return self._once(f"ours {replace(at, theirs=())!r}", lambda: self._fit_ours(at))

    def their_answer(self, at: Variation) -> Answer | None:
        """Theirs; None where it cannot be fitted."""
        return self._once(
            f"theirs {at.theirs!r}", lambda: self._fit(with_settings(self.theirs, dict(at.theirs)), self.data)
        )

    def both(self, at: Variation) -> tuple[Answer, Answer]:
        """Both answers, with a row for each class where one of them has; AtlasError where one cannot be fitted."""
        ours, theirs = self.our_answer(at), self.their_answer(at)
        if ours is None or theirs is None:
            raise self._failed
        return ours, self._lifted(theirs, ours)

    def _once(self, key: str, fit: Callable[[], Answer]) -> Answer | None:
        if key not in self._kept:
            self.tick(Text(f"fit {len(self._kept) + 1}", f"第 {len(self._kept) + 1} 次拟合"))
            try:
                begun = perf_counter()
                self._kept[key] = fit()
                side = key.partition(" ")[0]
                self._took[side] = self._took[side] or perf_counter() - begun
            except AtlasError as error:
                self._failed, self._kept[key] = error, None
        return self._kept[key]

    def _fit(self, model: Any, data: Data) -> Answer:
        name = type(last_step(model)).__name__
        try:
            with warnings.catch_warnings(record=True) as caught, np.errstate(all="ignore"):
                warnings.simplefilter("always")
                fitted = model.fit(data.X, data.y)
                told = dict.fromkeys(" ".join(str(one.message).split()) for one in caught)
                return answer_of(model if fitted is None else fitted, data, told)
        except (AtlasError, MemoryError):
            raise
        except Exception as error:  # theirs may do anything
            said = " ".join(str(error).split())[:300]
            raise AtlasError(f"{name} cannot be fitted to this table: {type(error).__name__}: {said}") from error

    def _fit_ours(self, at: Variation) -> Answer:
        settings, (shift, scale) = dict(at.ours), self._units(at)
        if at.strength is not None:
            settings |= self.strength_settings(at.strength)
        X = (self.data.X - shift) / scale
        if at.intercept == "penalised":
            X = np.hstack([X, np.ones((len(X), 1))])
        if at.intercept != "free":
            settings["fit_intercept"] = False
        found = self._fit(with_settings(self.ours, settings), Data(X, self.data.y, self.data.classes))
        W, b = found.W, found.b
        if at.intercept == "penalised":
            W, b = W[:, :-1], W[:, -1]
        W = W / scale
        return Answer(W, b - W @ shift, found.notes)

    def _units(self, at: Variation) -> tuple[Floats, Floats]:
        shift, scale = (one(self.data.X) for one in COLUMNS[at.columns])
        return shift, np.where(scale > 0, scale, 1.0)

    def _lifted(self, answer: Answer, like: Answer) -> Answer:
        """One row for two classes as two: half of it for one class, and less that for the other."""
        if len(answer.W) == len(like.W):
            return answer
        if len(answer.W) == 1 and len(like.W) == 2:
            return Answer(np.vstack([-answer.W, answer.W]) / 2, np.r_[-answer.b, answer.b] / 2, answer.notes)
        raise AtlasError(
            f"{type(last_step(self.theirs)).__name__} has {len(answer.W)} rows of coefficients where ours has {len(like.W)}; "
            "compare estimators of one kind"
        )

    # ---- measures ----------------------------------------------------------------------------------------------------

    def gap(self, at: Variation) -> float:
        """The difference of the answers, as a share of the larger answer at the start; infinite without two answers."""
        try:
            ours, theirs = self.both(at)
        except AtlasError:
            return np.inf
        return float(np.linalg.norm(self.in_units(ours) - self.in_units(theirs)) / self._size)

    def in_units(self, answer: Answer) -> Floats:
        """Coefficients per standard deviation of their columns, and the intercept at the mean row: (k, p + 1)."""
        level = answer.b + answer.W @ self.data.mean
        if self.shifts:
            level = level - level.mean()
        return np.hstack([answer.W * self.data.spread, level[:, None]])

    @property
    def _size(self) -> float:
        sizes = [float(np.linalg.norm(self.in_units(one)[:, :-1])) for one in self.both(Variation())]
        spread = 1.0 if self.data.classes else float(np.std(self.data.y))
        return max(sizes) or spread or 1.0

    def value(self, answer: Answer, at: Variation) -> tuple[float, float]:
        """The loss, and the penalty times its strength, of an answer in the problem as it is varied."""
        loss, penalty = self._parts(answer.scores(self.data.X), self._penalised(answer, at), at)
        strength = self.strength(at)
        return loss, strength * penalty if strength else 0.0

    def _parts(self, Z: Floats, W: Floats, at: Variation) -> tuple[float, float]:
        single = len(W) == 1
        settings = parameters(self.ours) | dict(at.ours)
        loss, penalty = self.objective.parts(self.data.y, Z[:, 0] if single else Z, W[0] if single else W, settings)
        return float(loss), float(penalty)

    def _penalised(self, answer: Answer, at: Variation) -> Floats:
        """The coefficients that the penalty sees."""
        shift, scale = self._units(at)
        W = answer.W * scale
        return np.hstack([W, (answer.b + answer.W @ shift)[:, None]]) if at.intercept == "penalised" else W

    def strength(self, at: Variation) -> float:
        """λ, which multiplies the penalty; zero where nothing is penalised."""
        if at.strength is not None:
            return at.strength
        settings = parameters(self.ours) | dict(at.ours)
        name = self.objective.strength
        return 0.0 if not name else 1 / settings["C"] if name == "1/C" else float(settings[name])

    def strength_settings(self, strength: float) -> dict[str, float]:
        """The parameter of ours for a λ."""
        name = self.objective.strength
        return {"C": 1 / strength if strength else np.inf} if name == "1/C" else {name: strength}

    def their_strength(self, at: Variation) -> float | None:
        """The λ under which nothing is gained by stretching their coefficients; None where there is no such."""
        ours, theirs = self.our_answer(at), self.their_answer(at)
        if ours is None or theirs is None or not self.objective.strength:
            return None
        theirs = self._lifted(theirs, ours)
        W, Z, t = self._penalised(theirs, at), theirs.scores(self.data.X), 1e-4
        if at.intercept == "penalised":
            along = Z
        elif at.intercept == "none":
            along = (self.data.X - self._units(at)[0]) @ theirs.W.T
        else:
            along = (self.data.X - self.data.mean) @ theirs.W.T
        (more, wide), (less, narrow) = (self._parts(Z + step * along, (1 + step) * W, at) for step in (t, -t))
        with np.errstate(all="ignore"):
            found = float(-np.divide(more - less, wide - narrow))
        return found if np.isfinite(found) and found > 0 else None

    # ---- changes that are tried --------------------------------------------------------------------------------------

    def same_settings(self) -> Iterator[Change]:
        """Parameters of one name and two values: ours as theirs."""
        mine, yours = parameters(self.ours), parameters(self.theirs)
        strength = self.objective.strength.removeprefix("1/")
        declared = {name for row in self.translation if row.equal for side in row.equal for name in side}
        for name in mine.keys() & yours.keys() - {strength, *IDLE, *STOPPING, *declared}:
            if repr(mine[name]) != repr(yours[name]):
                yield _setting(
                    Text(f"theirs has {name} = {yours[name]!r}, ours {mine[name]!r}", f"对方的 {name} = {yours[name]!r}，我们是 {mine[name]!r}"),
                    {name: yours[name]}, {}, 0,
                )  # fmt: skip

    def stopping(self) -> Iterator[Change]:
        """Either side that goes on until it can get no further."""
        declared = [{name for row in self.translation if row.equal for name in row.equal[side]} for side in (0, 1)]
        ours, theirs = (
            {
                name: value
                for name, value in _run_on(parameters(one), self.seconds / 4 / took).items()
                if name not in known
            }
            for one, known, took in zip((self.ours, self.theirs), declared, self._took.values(), strict=True)
        )
        if theirs:
            now = _told({name: parameters(self.theirs)[name] for name in theirs})
            yield _setting(Text(f"theirs stops before it is there: {now}", f"对方没收敛就停了：{now}"), {}, theirs, 4)
        if ours:
            now = _told({name: parameters(self.ours)[name] for name in ours})
            yield _setting(Text(f"ours stops before it is there: {now}", f"我们没收敛就停了：{now}"), ours, {}, 5)

    def posed(self, at: Variation) -> Iterator[tuple[Change, ...]]:
        """Our problem posed in other ways: units of the columns, the intercept, the strength of the penalty."""
        mine = parameters(self.ours)
        columns: list[tuple[Change, ...]] = [()]
        if self.objective.strength:
            columns += [(_columns(name),) for name in COLUMN_REASONS]
        intercepts: list[tuple[Change, ...]] = [()]
        if mine.get("fit_intercept") is True and parameters(self.theirs).get("fit_intercept", True):
            intercepts += [
                (_intercept(name),) for name in INTERCEPT_REASONS if name == "none" or self.objective.strength
            ]
        for one, other in product(columns, intercepts):
            yield one + other
            if (strength := self._strength(made(at, one + other))) is not None:
                yield (*one, *other, strength)

    def _strength(self, at: Variation) -> Change | None:
        """The strength of the penalty as theirs, where it is not ours."""
        theirs, mine = self.their_strength(at), self.strength(at)
        if theirs is None or not mine or abs(np.log(theirs / mine)) < NEAR / 10:
            return None
        ratio = theirs / mine
        named = [(value, why) for value, why in self._ratios(mine) if abs(np.log(ratio / value)) < NEAR]
        value, why = min(named, key=lambda one: abs(np.log(ratio / one[0])), default=(ratio, None))
        if abs(np.log(value)) < NEAR and why is not None:
            return None
        setting = _told(self.strength_settings(value * mine))
        name, times = self.objective.strength.removeprefix("1/"), shown(value)
        reason = Text(
            f"theirs penalises {times} times as strongly as ours" + (f": {why.en}" if why else f" at this {name}"),
            f"对方的惩罚强度是我们的 {times} 倍" + (f"：{why.zh}" if why else f"（{name} 不变）"),
        )
        return Change(
            reason,
            Text(f"ours: {setting}", f"我们：{setting}"),
            lambda at: replace(at, strength=value * mine),
            3 if why else 8,
            1.0 if why else 2.0,
        )

    def _ratios(self, strength: float) -> Iterator[tuple[float, Text]]:
        """Ratios of strengths that conventions bring about."""
        n = len(self.data.y)
        name = self.objective.strength.removeprefix("1/")
        mean = Text(
            f"as if its loss were divided by n = {n:,}, a mean and no sum",
            f"相当于损失除以 n = {n:,}：取平均，不是求和",
        )
        total = Text(
            f"as if its loss were a sum, and no mean of n = {n:,}", f"相当于损失是求和，不是除以 n = {n:,} 的平均"
        )
        more = Text(
            "as if its loss had a ½ in front that ours has not, or its penalty a 2",
            "相当于损失前多一个 ½，或惩罚前多一个 2",
        )
        less = Text(
            "as if its penalty had a ½ in front that ours has not, or its loss a 2",
            "相当于惩罚前多一个 ½，或损失前多一个 2",
        )
        half = Text(f"as if its loss were divided by 2n = {2 * n:,}", f"相当于损失除以 2n = {2 * n:,}")
        twice = Text(f"as if its loss were multiplied by 2n = {2 * n:,}", f"相当于损失乘以 2n = {2 * n:,}")
        known = [(2.0, more), (0.5, less), (float(n), mean), (1 / n, total), (2.0 * n, half), (0.5 / n, twice)]
        yield 1.0, Text("as ours", "与我们相同")
        yield from known
        if self.objective.strength == "1/C":
            other = Text(f"it takes {name} for λ, and not for 1/λ", f"它把 {name} 当作 λ，而不是 1/λ")
        else:
            other = Text(f"it takes {name} for 1/λ (as C), and not for λ", f"它把 {name} 当作 1/λ（即 C），而不是 λ")
        yield strength**-2, other
        for value, why in known:
            yield strength**-2 * value, Text(f"{other.en}; and {why.en}", f"{other.zh}；并且{why.zh}")
        if not self.data.classes and (spread := float(np.std(self.data.y))):
            scaled = Text("it divides the target by its standard deviation first", "它先把目标除以标准差")
            yield spread, scaled

    def others(self) -> Iterator[Change]:
        """What the room declares, and what theirs has that is not its default."""
        mine, yours, default = parameters(self.ours), parameters(self.theirs), defaults(self.theirs)
        known: set[str] = set()
        for row in self.translation:
            if row.equal:
                ours, theirs = (
                    {n: v for n, v in side.items() if n in has}
                    for side, has in zip(row.equal, (mine, yours), strict=True)
                )
                known |= theirs.keys()
                if any(mine[n] != v for n, v in ours.items()) or any(yours[n] != v for n, v in theirs.items()):
                    yield _setting(row.why, ours, theirs, 6)
        for name in yours.keys() & default.keys() - mine.keys() - {*IDLE, *STOPPING, *known}:
            if repr(yours[name]) != repr(default[name]):
                said = Text(
                    f"theirs has {name} = {yours[name]!r}, not its default",
                    f"对方的 {name} = {yours[name]!r}，不是默认值",
                )
                yield _setting(said, {}, {name: default[name]}, 7)

    # ---- the search --------------------------------------------------------------------------------------------------

    def find(self) -> Found:
        """The causes of the difference, and what is left of it without them."""
        self.both(Variation())
        start = self.gap(Variation())
        if start <= SAME:
            return Found(start, (), Variation())
        changes = self._needed(self._chosen())
        gaps = {
            some: self.gap(made(Variation(), some))
            for k in range(len(changes) + 1)
            for some in combinations(changes, k)
        }

        def gone(*some: Change) -> float:
            """The share of the difference that is gone without these."""
            return 1 - gaps[tuple(one for one in changes if one in some)] / start

        def first(one: Change, other: Change) -> bool:
            """Whether one does the other's service, and says more."""
            both = gone(one) + gone(other) - gone(one, other)
            return one.rank < other.rank and both > OVERLAP * min(gone(one), gone(other)) > 0

        orders = [
            order
            for order in permutations(changes)
            if not any(first(late, early) for early, late in combinations(order, 2))
        ]
        explains = {
            one: float(
                np.mean([gone(*order[: order.index(one) + 1]) - gone(*order[: order.index(one)]) for order in orders])
            )
            for one in changes
        }
        at, causes = Variation(), []
        for one in sorted(changes, key=lambda one: -explains[one]):
            at = one.make(at)
            causes.append(Cause(one, explains[one], gone(one), self.gap(at)))
        return Found(start, tuple(causes), at)

    def _chosen(self) -> list[Change]:
        """The changes that are worth it, with those that are made anyway: equal settings, and both run on."""
        anyway = [*self.same_settings(), *self.stopping()]
        others = list(self.others())
        sets = [(), *((one,) for one in others), *([tuple(others)] if len(others) > 1 else [])]
        best: tuple[float, int, tuple[Change, ...]] | None = None
        for some in sets:
            basis = made(Variation(), (*anyway, *some))
            if self.gap(basis) == np.inf:
                continue
            for posed in self.posed(basis):
                if best is not None and perf_counter() - self.begun > self.seconds:
                    self.ended = True
                    return [*anyway, *best[2]]
                changes = (*some, *posed)
                left = max(self.gap(made(basis, posed)), REACHED)
                if left == np.inf:
                    continue
                worth = np.log(left) + np.log(WORTH) * sum(one.cost for one in changes)
                rank = sum(one.rank for one in changes)
                if (
                    best is None
                    or (worth, rank) < (best[0] - 1e-9, best[1])
                    or (abs(worth - best[0]) < 1e-9 and rank < best[1])
                ):
                    best = worth, rank, changes
            if best is not None and best[0] <= np.log(REACHED) + np.log(WORTH) * len(best[2]) + 1e-9:
                break
        return [*anyway, *(best[2] if best else ())]

    def _needed(self, changes: list[Change]) -> list[Change]:
        """Without those that can be undone and the answers stay together, unless they help by themselves."""
        at, helps = Variation(), set()
        for one in sorted(changes, key=lambda one: one.rank):
            before, at = self.gap(at), one.make(at)
            if self.gap(at) * WORTH < before:
                helps.add(id(one))
        for one in sorted(changes, key=lambda one: -one.rank):
            kept = [other for other in changes if other is not one]
            together = max(SAME, TRIFLE * self.gap(Variation()), 1.5 * self.gap(made(Variation(), changes)))
            if id(one) not in helps and self.gap(made(Variation(), kept)) <= together:
                changes = kept
        return changes


def made(at: Variation, changes: Iterable[Change]) -> Variation:
    """The variation with all these changes."""
    for one in changes:
        at = one.make(at)
    return at


def _columns(name: str) -> Change:
    return Change(COLUMN_REASONS[name], COLUMN_CHANGES[name], lambda at: replace(at, columns=name), 1)


def _intercept(name: Intercept) -> Change:
    return Change(INTERCEPT_REASONS[name], INTERCEPT_CHANGES[name], lambda at: replace(at, intercept=name), 2)


def _setting(reason: Text, ours: Settings, theirs: Settings, rank: int) -> Change:
    told = [
        (who, _told(settings))
        for who, settings in ((Text("ours", "我们"), ours), (Text("theirs", "对方"), theirs))
        if settings
    ]
    how = Text(
        "; ".join(f"{who.en}: {said}" for who, said in told), "；".join(f"{who.zh}：{said}" for who, said in told)
    )
    return Change(
        reason,
        how,
        lambda at: replace(at, ours=(*at.ours, *ours.items()), theirs=(*at.theirs, *theirs.items())),
        rank,
    )


def _told(settings: Settings) -> str:
    return ", ".join(
        f"{name} = {value if isinstance(value, str) else _short(value)}" for name, value in settings.items()
    )


def _short(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else repr(value)


def _run_on(settings: Settings, most: float) -> dict[str, Any]:
    """The settings with which an iteration goes on until it can get no further, or for ``most`` times as many steps."""
    found: dict[str, Any] = {}
    for name, value in settings.items():
        if name in TOLERANCES and isinstance(value, int | float) and value > TIGHT:
            found[name] = TIGHT
        elif name in STEPS and isinstance(value, int) and not isinstance(value, bool):
            found[name] = int(min(max(LONG, LONGER * value), max(most, 2.0) * value))
        elif name == "early_stopping" and value:
            found[name] = False
    return found
