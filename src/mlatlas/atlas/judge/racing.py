"""Run a race: time and memory to the same answer, alternating, with the spread; losses are printed like wins."""

from __future__ import annotations

import ctypes
import gc
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlatlas.atlas.judge.peers import Peer, Race
from mlatlas.atlas.judge.subject import NotOffered, Subject

SPREAD = (0.1, 0.9)  # quantiles of the ratio over the pairs, between which it is said to lie
EPSILON = float(np.finfo(float).eps)


@dataclass(frozen=True)
class Side:
    """One side of a race at one size."""

    seconds: float  # median
    certificate: float
    tolerance: Any  # the loosest that reached the goal
    memory: float | None  # bytes of growth at the peak after warm-up; None where the system does not tell
    first: float  # seconds of the first call less the median: compilation and other first-time work


@dataclass(frozen=True)
class Outcome:
    """The result of one race against one peer at one size: ratio = peer / ours, the median over pairs; above 1 we win."""

    race: str
    peer: str
    size: str
    shape: tuple[Any, ...]
    threads: int
    ours: Side
    theirs: Side
    ratio: float
    low: float
    high: float
    repeats: int
    agreement: float  # largest relative difference between the two answers
    reason: str = ""  # why the race does not count

    @property
    def counts(self) -> bool:
        """Whether both sides reached an equal certificate."""
        return not self.reason

    @property
    def result(self) -> str:
        """Won, lost or even: even when the spread of the ratio contains 1."""
        if not self.counts:
            return "void"
        return "won" if self.low > 1 else "lost" if self.high < 1 else "even"


def run_race(
    race: Race, ours: Subject, peer: Peer, size: str, *, threads: int = 2, seconds: float = 1.0, seed: int = 0
) -> Outcome | None:
    """Time both sides alternately until each has run for about ``seconds``, three pairs at least.

    None when the peer does not offer what the race asks for.
    """
    theirs = peer.subject()
    problem = race.problem(np.random.default_rng(seed), *race.sizes[size])
    with held_threads(threads):
        try:
            sides = [_prepare(race, subject, problem) for subject in (ours, theirs)]
        except NotOffered:
            return None
        pairs = _paired([side.call for side in sides], seconds)
        memory = [_growth(side.call) for side in sides]
    certificates = [race.certificate(problem, side.answer) for side in sides]
    ratios = pairs[:, 1] / pairs[:, 0]
    low, high = np.quantile(ratios, SPREAD)
    medians = np.median(pairs, axis=0)
    first, second = (
        Side(
            float(medians[i]),
            float(certificates[i]),
            side.tolerance,
            memory[i],
            max(0.0, side.first - float(medians[i])),
        )
        for i, side in enumerate(sides)
    )
    return Outcome(
        race.name, peer.name, size, race.sizes[size], threads, first, second,
        float(np.median(ratios)), float(low), float(high), len(ratios),
        _agreement(sides[0].answer, sides[1].answer), _unequal(race, certificates),
    )  # fmt: skip


@dataclass(frozen=True)
class _Prepared:
    call: Callable[[], Any]
    answer: Any
    tolerance: Any
    first: float


def _prepare(race: Race, subject: Subject, problem: Any) -> _Prepared:
    """Warm up, and find the loosest tolerance that reaches the goal."""
    started = time.perf_counter()
    answer = race.work(subject, problem, race.tolerances[0])
    first = time.perf_counter() - started
    chosen = race.tolerances[0]
    for chosen in race.tolerances:
        answer = race.work(subject, problem, chosen)
        if race.goal is None or race.certificate(problem, answer) <= race.goal:
            break
    return _Prepared(lambda: race.work(subject, problem, chosen), answer, chosen, first)


def _paired(calls: list[Callable[[], Any]], seconds: float) -> np.ndarray:
    """Times (pairs, 2) of alternating calls; a call shorter than 2 ms is repeated within its turn."""
    inner = [max(1, int(2e-3 / max(_timed(call, 1), 1e-6))) for call in calls]
    times: list[list[float]] = []
    while len(times) < 3 or (sum(map(sum, times)) < 2 * seconds and len(times) < 25):
        times.append([_timed(call, repeat) for call, repeat in zip(calls, inner, strict=True)])
    return np.array(times)


def _timed(call: Callable[[], Any], repeats: int) -> float:
    started = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - started) / repeats


def _unequal(race: Race, certificates: list[float]) -> str:
    ours, theirs = certificates
    if not np.isfinite(certificates).all():
        return f"a certificate is not finite: ours {ours:.1e}, the peer's {theirs:.1e}"
    if race.goal is None:
        return (
            "" if ours <= max(theirs, EPSILON) else f"our certificate {ours:.1e} is worse than the peer's {theirs:.1e}"
        )
    missed = [f"{who} {c:.1e}" for who, c in (("ours", ours), ("the peer's", theirs)) if c > race.goal]
    return f"certificate above the goal {race.goal:.1e}: {', '.join(missed)}" if missed else ""


def _agreement(left: Any, right: Any) -> float:
    a, b = np.asarray(left, dtype=float), np.asarray(right, dtype=float)
    if a.shape != b.shape:
        return float("inf")
    return float(
        np.max(np.abs(a - b), initial=0.0) / max(np.abs(a).max(initial=0.0), np.abs(b).max(initial=0.0), 1e-300)
    )


@contextmanager
def held_threads(threads: int) -> Iterator[None]:
    """Give BLAS, OpenMP and Numba the same number of threads."""
    from threadpoolctl import threadpool_limits

    numba = sys.modules.get("numba")
    before = numba.get_num_threads() if numba else 0
    with threadpool_limits(threads):
        if numba:
            numba.set_num_threads(min(threads, numba.config.NUMBA_NUM_THREADS))
        try:
            yield
        finally:
            if numba:
                numba.set_num_threads(before)


def _growth(call: Callable[[], Any]) -> float | None:
    """Bytes by which the peak of resident memory grows during one warm call; Linux tells, other systems do not."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    try:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)
        reset.write_text("5")
        before = _kilobytes(status, "VmRSS")
        result = call()
        peak = _kilobytes(status, "VmHWM")
    except (OSError, AttributeError, KeyError):
        return None
    del result
    return max(0.0, (peak - before) * 1024.0)


def _kilobytes(status: Path, key: str) -> float:
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
    return float(fields[key].split()[0])
