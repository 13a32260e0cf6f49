"""Random problems that can be made smaller: what the generators of laws and the lines of checks draw from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
Array = np.ndarray[Any, np.dtype[Any]]
Mend = Callable[[Array], Array | None]  # an edited value as a legal one, or None where there is none
DENOMINATORS = (*range(1, 21), 100)  # of the fractions that count as simpler than a decimal expansion
ENTRIES = 60  # larger arrays are simplified by whole slices only


class Rejected(Exception):
    """The draw does not satisfy the hypothesis that the problem needs."""


@dataclass(frozen=True)
class Drawn:
    """One entry of the tape: what was drawn, and how to make an edited value legal."""

    kind: str
    value: Array
    mend: Mend

    @property
    def counts(self) -> bool:
        """Whether it is a single integer: a size or a choice, which is shrunk before any array."""
        return self.value.ndim == 0 and self.value.dtype.kind == "i"

    def cost(self, value: Array) -> float:
        """How far a value is from a simple one: digits count most, then size, then sign."""
        if self.kind == "permutation":
            return float(np.sum(value != np.arange(len(value))))
        cost = np.full(value.shape, 2000.0)
        for denominator in reversed(DENOMINATORS):
            scaled = value * denominator
            cost[np.abs(scaled - np.round(scaled)) < 1e-9 * denominator] = 10.0 * (denominator - 1)
        return float(np.sum(cost + np.abs(value) + 0.5 * (value < 0)))


class Draw:
    """Draws numbered from 0, each with its own randomness: changing one leaves the others as they are.

    ``edits`` replaces the value of the k-th draw. An edit is cut to a smaller shape; one that does not fit is ignored.
    A matrix that is drawn with fewer rows is the top of the one with more.
    """

    def __init__(self, seed: int, edits: Mapping[int, Array] | None = None) -> None:
        self.seed, self.edits = seed, dict(edits or {})
        self.tape: list[Drawn] = []
        self._rng: np.random.Generator | None = None

    def integer(self, low: int, high: int | None = None, *shape: int) -> Any:
        """An integer in [low, high), in [0, low) when given one bound, or an array of them."""
        low, high = (0, low) if high is None else (low, high)
        return self._record("integer", self._next.integers(low, high, shape), _within(low, high - 1))

    def normal(self, *shape: int, scale: float = 1.0) -> Any:
        """Independent normal numbers with mean zero and standard deviation ``scale``; a float without a shape."""
        return self._record("normal", scale * self._next.standard_normal(shape), _as_it_is)

    def uniform(self, low: float, high: float, *shape: int) -> Any:
        """Independent uniform numbers in [low, high)."""
        return self._record("uniform", low + (high - low) * self._next.random(shape), _within(low, high))

    def positive(self, *shape: int) -> Any:
        """Independent positive numbers, log-normal."""
        return self._record("positive", np.exp(self._next.standard_normal(shape)), lambda v: np.where(v > 0, v, 1.0))

    def sign(self, *shape: int) -> Any:
        """Independent fair signs, -1.0 or 1.0."""
        return self._record("sign", self._next.choice([-1.0, 1.0], shape), lambda v: np.where(v < 0, -1.0, 1.0))

    def probabilities(self, *shape: int) -> Array:
        """Positive numbers, well away from zero, that sum to one along the last axis."""
        weights = 0.15 + self._next.standard_exponential(shape)
        return np.asarray(self._record("probabilities", weights / weights.sum(-1, keepdims=True), _tenths))

    def choice(self, options: Sequence[T]) -> T:
        """One of the options; the first is the simplest."""
        index: int = self._record("choice", self._next.integers(0, len(options), ()), _within(0, len(options) - 1))
        return options[index]

    def permutation(self, n: int) -> Array:
        """The numbers 0 ... n-1 in random order."""

        def mend(value: Array) -> Array | None:
            return value if np.array_equal(np.sort(value), np.arange(n)) else None

        return np.asarray(self._record("permutation", self._next.permutation(n), mend))

    def labels(self, n: int, k: int) -> Array:
        """n class labels 0 ... k-1; every class occurs when n is at least k."""
        value = self._next.integers(0, k, n)
        if n >= k:
            value[self._next.permutation(n)[:k]] = np.arange(k)

        def mend(value: Array) -> Array | None:
            value = np.clip(value, 0, k - 1)
            return value if n < k or len(np.unique(value)) == k else None

        return np.asarray(self._record("labels", value, mend))

    def orthogonal(self, n: int, p: int) -> Array:
        """An n×p matrix with orthonormal columns, p at most n."""
        Q, R = np.linalg.qr(self._next.standard_normal((n, p)))

        def mend(value: Array) -> Array | None:
            return value if np.allclose(value.T @ value, np.eye(p), atol=1e-9) else None

        return np.asarray(self._record("orthogonal", Q * np.where(np.diag(R) < 0, -1.0, 1.0), mend))

    def symmetric(self, n: int) -> Array:
        """A symmetric n×n matrix with normal entries."""
        return np.asarray(self._record("symmetric", _mirrored(self._next.standard_normal((n, n))), _mirrored))

    def positive_definite(self, n: int) -> Array:
        """A symmetric n×n matrix whose eigenvalues are at least a fifth."""
        A = self._next.standard_normal((n, n))

        def mend(value: Array) -> Array | None:
            value = _mirrored(value)
            return value if np.linalg.eigvalsh(value)[0] >= 0.2 - 1e-9 else None

        return np.asarray(self._record("positive_definite", _mirrored(A @ A.T / n) + 0.2 * np.eye(n), mend))

    @property
    def rng(self) -> np.random.Generator:
        """A generator for anything else; what it draws is not shrunk."""
        if self._rng is None:
            self._rng = np.random.default_rng([self.seed])
        return self._rng

    def require(self, condition: Any) -> None:
        """Reject this draw where a hypothesis does not hold on it."""
        if not np.all(condition):
            raise Rejected

    @property
    def _next(self) -> np.random.Generator:
        return np.random.default_rng([self.seed, len(self.tape) + 1])

    def _record(self, kind: str, value: Any, mend: Mend) -> Any:
        value = np.asarray(value)
        edit = self.edits.get(len(self.tape))
        if edit is not None and edit.ndim == value.ndim and np.all(np.array(edit.shape) >= value.shape):
            mended = mend(edit[tuple(map(slice, value.shape))].astype(value.dtype))
            value = value if mended is None else mended + 0  # and no negative zero
        self.tape.append(Drawn(kind, value.copy(), mend))
        return value if value.ndim else value.item()


def _as_it_is(value: Array) -> Array:
    return value


def _within(low: float, high: float) -> Mend:
    return lambda value: np.clip(value, low, high)


def _tenths(value: Array) -> Array:
    if (value > 0).all() and np.allclose(value.sum(-1), 1.0, atol=1e-12):
        return value
    weights = np.maximum(np.round(10 * value), 1.0)
    return np.asarray(weights / weights.sum(-1, keepdims=True))


def _mirrored(value: Array) -> Array:
    return np.triu(value) + np.triu(value, 1).T


# ---- shrinking -----------------------------------------------------------------------------------------------


def shrink(fails: Callable[[Draw], bool], seed: int, budget_seconds: float = 2.0, budget_tries: int = 400) -> Draw:
    """The smallest problem found that still fails, as a fresh draw: integers first, then simpler numbers, repeatedly.

    A draw that is rejected or raises an exception does not count as failing; where nothing fails, nothing is edited.
    """
    deadline = time.monotonic() + budget_seconds
    best, tries = _attempt(fails, seed, {}), 1
    improved = best is not None
    while best is not None and improved:
        improved = False
        for k in sorted(range(len(best.tape)), key=lambda k, tape=best.tape: not tape[k].counts):  # type: ignore[misc]
            shape = best.tape[k].value.shape if k < len(best.tape) else None
            for simpler in _simplifications(best.tape[k]) if shape is not None else ():
                if k >= len(best.tape) or best.tape[k].value.shape != shape:
                    break  # an earlier edit has changed what is drawn here
                entry = best.tape[k]
                value = entry.mend(simpler(entry.value))
                if value is None or entry.cost(value) >= entry.cost(entry.value):
                    continue
                if tries >= budget_tries or time.monotonic() > deadline:
                    return Draw(seed, best.edits)
                tries += 1
                trial = _attempt(fails, seed, {**best.edits, k: value})
                if trial is not None and _size(trial) < _size(best):
                    best, improved = trial, True
    return Draw(seed, best.edits if best else {})


def _attempt(fails: Callable[[Draw], bool], seed: int, edits: Mapping[int, Array]) -> Draw | None:
    draw = Draw(seed, edits)
    try:
        return draw if fails(draw) else None
    except Exception:
        return None


def _size(draw: Draw) -> tuple[float, float]:
    """What shrinking lowers: the integers, and only then the arrays."""
    costs = [(entry.counts, entry.cost(entry.value)) for entry in draw.tape]
    return sum(cost for counts, cost in costs if counts), sum(cost for counts, cost in costs if not counts)


def _simplifications(entry: Drawn) -> Iterator[Callable[[Array], Array]]:
    """Edits to try on one entry of the tape, from the boldest to the most careful."""
    shape, size = entry.value.shape, entry.value.size
    yield np.zeros_like
    if entry.counts:
        yield lambda value: value // 2
        yield lambda value: value - 1
        return
    yield np.ones_like
    if len(shape) == 2:
        yield lambda value: np.eye(*shape)
    if entry.kind == "permutation":
        yield np.sort
        yield from (partial(_put_home, k) for k in range(size))
        return
    yield np.sign
    yield np.round
    yield _tenth
    places: list[Any] = [(slice(None),) * axis + (i,) for axis in range(len(shape)) for i in range(shape[axis])]
    if len(shape) > 1 and size <= ENTRIES:
        places += list(np.ndindex(*shape))
    for place in reversed(places) if len(shape) > 1 or size <= ENTRIES else ():
        for change in (np.zeros_like, np.ones_like, np.sign, np.round, _tenth):
            yield partial(_changed, place, change)


def _tenth(value: Array) -> Array:
    return np.asarray(np.round(value, 1))


def _changed(place: Any, change: Callable[[Array], Array], value: Array) -> Array:
    value = value.copy()
    value[place] = change(value[place])
    return value


def _put_home(k: int, value: Array) -> Array:
    value, where = value.copy(), int(np.flatnonzero(value == k)[0])
    value[k], value[where] = value[where], value[k]
    return value
